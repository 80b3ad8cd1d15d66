"""What the verbs share: progress, sizes, tables, and refusing an output before the work."""

import argparse
import re
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from engines.errors import UserError

if TYPE_CHECKING:
    from engines.runtime.sessions import Sessions

PLAIN_SECONDS = 10.0  # between lines where the output is no terminal
REFRESH_SECONDS = 0.1

Verbs: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


class Progress:
    """One line on stderr that is refreshed on a terminal; elsewhere a line every ten seconds."""

    def __init__(self) -> None:
        self._live = sys.stderr.isatty()
        self._width = 0
        self._next = 0.0 if self._live else time.monotonic() + PLAIN_SECONDS

    def show(self, text: str) -> None:
        """Say how far the work is; most calls say nothing, for it is not yet time."""
        now = time.monotonic()
        if now < self._next:
            return
        if self._live:
            self._next = now + REFRESH_SECONDS
            print(f"\r{text:<{self._width}}", end="", file=sys.stderr, flush=True)
            self._width = len(text)
        else:
            self._next = now + PLAIN_SECONDS
            print(text, file=sys.stderr, flush=True)

    def count(self, what: str, done: int, total: int) -> None:
        """Say "what done/total"."""
        self.show(f"{what} {done}/{total}")

    def end(self) -> None:
        """Take the line away; what is said next starts on a fresh one."""
        if self._live and self._width:
            print(f"\r{'':<{self._width}}\r", end="", file=sys.stderr, flush=True)
            self._width = 0


def say(text: str) -> None:
    """A remark for the reader, on stderr: stdout is for results."""
    print(text, file=sys.stderr, flush=True)


def start_next(start: Callable[[], Path | None]) -> None:
    """Start what waits for this to end, be the studio open or not, and say so."""
    try:
        following = start()
    except UserError as error:
        say(str(error))
        return
    if following is not None:
        say(f"The next in the queue was started: {following}.")


def size(text: str) -> tuple[int, int]:
    """ "WIDTHxHEIGHT" as (height, width), for argparse."""
    found = re.fullmatch(r"(\d{1,5})[xX*](\d{1,5})", text)
    if found is None or not all(int(side) for side in found.groups()):
        raise argparse.ArgumentTypeError(f"{text!r} is no size; write it like 512x384")
    return int(found[2]), int(found[1])


def whole(text: str) -> int:
    """A whole number from 1, for argparse."""
    if not re.fullmatch(r"\d{1,12}", text) or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1")
    return int(text)


def seed(text: str) -> int:
    """A whole number from 0, for argparse."""
    if not re.fullmatch(r"\d{1,18}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is no seed; write a whole number from 0")
    return int(text)


def numbers(text: str) -> tuple[int, ...]:
    """Whole numbers from 0 with commas between them, each of them once, for argparse."""
    found = (
        tuple(int(n) for n in text.split(",")) if re.fullmatch(r"\d{1,4}(,\d{1,4})*", text) else ()
    )
    if not found or len(set(found)) < len(found):
        raise argparse.ArgumentTypeError(f"{text!r} are no numbers like 0,1")
    return found


def columns(rows: Sequence[Sequence[str]]) -> str:
    """Rows of words in aligned columns."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))] if rows else []
    padded = ("  ".join(f"{w:<{n}}" for w, n in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(line.rstrip() for line in padded)


def span(seconds: float) -> str:
    """A length of time in words."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"


def check_writable(path: Path) -> None:
    """UserError where a file or folder `path` could not be made; leaves nothing behind."""
    above = path.absolute().parent
    while not above.exists() and above != above.parent:
        above = above.parent
    try:
        with tempfile.TemporaryFile(dir=above):
            pass
    except OSError as error:
        raise UserError(
            f"Could not write {path}: {error.strerror or error} ({above}); choose another place."
        ) from error


def open_sessions(provider: str) -> "Sessions":
    """Sessions whose library keeps its own words to itself: what really runs is told by us."""
    import onnxruntime

    from engines.runtime.sessions import Sessions

    onnxruntime.set_default_logger_severity(4)
    return Sessions(provider)
