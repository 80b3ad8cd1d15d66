"""Runs that are elsewhere: a folder that is mounted here, kept in step with copies by a thread.

A mount may hang for minutes, and whoever reads it hangs with it. So one thread a folder reads it,
and the studio sees only the copies, also when the mount is gone. Nothing is written there but what
steers a run, and nothing is ever deleted there.
"""

import contextlib
import hashlib
import os
import stat
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from PySide6.QtCore import QCoreApplication

from engines import files
from engines.errors import UserError
from engines.orders import BACK, BUNDLE, LOG

LOOK_SECONDS = 2.0
HUNG_SECONDS = 20.0  # after which a mount that does not answer is told of
PIECE = 1 << 20
START = 512  # bytes that tell one log from another
MOST_RUNS = 200
MOST_EVENTS = 2 << 30
_MOST_FILES = 64  # of a model
_MOST = {".json": 16 << 20, ".png": 64 << 20, ".txt": 64 << 20}  # bytes; others:
_MOST_WEIGHTS = 8 << 30
_SMALL = ("order.json", "run.json", "control", LOG)
_PREVIEWS = ("[0-9]*.png", "canvas-*.png", "nearest-*.png", "[0-9]*.nearest.json")


class Far:
    """One run elsewhere and its copy; the studio asks, the thread of its folder does."""

    def __init__(self, source: Path, copy: Path) -> None:
        self.source, self.copy = source, copy
        self.snapshots: list[int] = []
        self.live = False  # whether there are graphs for its snapshots
        self.writable = True
        self._grew: float | None = None  # time.monotonic() of the last word from there
        self._began: float | None = None  # of the look under way
        self._failed = ""
        self._change = threading.Condition()
        self._puts: set[str] = set()
        self._wants: set[int] = set()
        self._taken: dict[str, tuple[int, int]] = {}  # mtime and size of what was copied

    # For the studio -----------------------------------------------------------------------------

    @property
    def quiet(self) -> float:
        """Seconds since its events grew, as far as is known here."""
        return time.monotonic() - self._grew if self._grew is not None else float("inf")

    @property
    def trouble(self) -> str:
        """Why it cannot be seen as it is now; empty where it can."""
        began = self._began
        if began is not None and time.monotonic() - began > HUNG_SECONDS:
            return _tr("{0} does not answer; shown is what was seen last.").format(self.source)
        return self._failed

    def put(self, name: str) -> None:
        """Carry this file of the copy over; it is small."""
        self._grew = time.monotonic()  # It is given its time to answer.
        with self._change:
            self._puts.add(name)
            self._change.notify_all()

    def fetch(self, step: int) -> bool:
        """Whether the snapshot of that step is in the copy; if not, it is brought there."""
        place = self.copy / "snapshots" / f"{step:09d}.safetensors"
        with self._change:
            if step in self._wants:
                return False
            if place.is_file():
                return True
            self._wants.add(step)
            self._change.notify_all()
        return False

    # For the thread -----------------------------------------------------------------------------

    def look(self, closed: Callable[[], bool]) -> None:
        """Bring the copy up to what is there."""
        self._began = time.monotonic()
        try:
            self._carry_over()
            self._look(closed)
            self._failed = ""
        except OSError as error:
            self._failed = _tr("{0} cannot be read ({1}); shown is what was seen last.").format(
                self.source, error.strerror or error
            )
        except UserError as error:
            self._failed = str(error)
        finally:
            self._began = None

    def rest(self, seconds: float) -> None:
        """Sleep until there is something to do."""
        with self._change:
            if not self._puts and not self._wants:
                self._change.wait(seconds)

    def wake(self) -> None:
        """End its rest."""
        with self._change:
            self._change.notify_all()

    def _carry_over(self) -> None:
        """Write what the studio asked for, whole or not at all."""
        with self._change:
            names, self._puts = sorted(self._puts), set()
        for name in names:
            place = self.source / name
            part = place.with_name(f".{place.name}.{os.getpid()}.part")
            try:
                place.parent.mkdir(exist_ok=True)
                part.write_bytes((self.copy / name).read_bytes())
                os.replace(part, place)
                self.writable = True
            except OSError as error:
                with contextlib.suppress(OSError):
                    part.unlink(missing_ok=True)
                self.writable = False
                raise UserError(
                    _tr(
                        "{0} cannot be written ({1}), so the run there cannot be steered from "
                        "here; mount it so that you may write."
                    ).format(self.source, error.strerror or error)
                ) from error

    def _look(self, closed: Callable[[], bool]) -> None:
        self.source.stat()  # Where even that fails, nothing is left to be read.
        self.writable = os.access(self.source, os.W_OK)
        for name in _SMALL:
            self._take(name)
        self._take_events(closed)
        for pattern in _PREVIEWS:
            for path in sorted((self.source / "previews").glob(pattern))[-1:]:
                self._take(f"previews/{path.name}")
        steps = (p.stem for p in (self.source / "snapshots").glob("[0-9]*.safetensors"))
        self.snapshots = sorted(int(stem) for stem in steps if stem.isdecimal())
        self.live = (self.source / "live" / "model.json").is_file()
        for model in (BACK, BUNDLE):
            self._take_model(model, "model.json")
        with self._change:
            wanted = sorted(self._wants)
        for step in wanted:
            self._take_model("live", "model.json")
            self._take(f"snapshots/{step:09d}.safetensors")
            with self._change:
                self._wants.discard(step)
                self._change.notify_all()

    def _take_model(self, folder: str, last: str) -> None:
        """All files of a model's folder, its description last, so that it is whole where it is."""
        try:
            inside = sorted(path.name for path in (self.source / folder).iterdir())
        except FileNotFoundError:
            return
        names = [n for n in inside if not n.startswith(".") and n != last][:_MOST_FILES]
        for name in (*names, *([last] if last in inside else [])):
            self._take(f"{folder}/{name}")

    def _take_events(self, closed: Callable[[], bool]) -> None:
        """Append what is new; anew where it is another log."""
        copy = self.copy / "events.jsonl"
        try:
            with files.reading(self.source / "events.jsonl") as log:
                size = min(log.seek(0, 2), MOST_EVENTS)
                have = copy.stat().st_size if copy.exists() else 0
                if have > size or (have and not _same_start(log, copy)):
                    # Another file, so that whoever reads it can tell.
                    anew = copy.with_name(".events.part")
                    anew.write_bytes(b"")
                    os.replace(anew, copy)
                    have = 0
                log.seek(have)
                while have < size and not closed():
                    piece = log.read(min(PIECE, size - have))
                    if not piece:
                        break
                    have += len(piece)
                    with open(copy, "ab") as out:
                        out.write(piece)
                    self._heard(os.fstat(log.fileno()).st_mtime)
                if self._grew is None:
                    self._heard(os.fstat(log.fileno()).st_mtime)
        except FileNotFoundError:
            return

    def _heard(self, when: float) -> None:
        # The first look may find an old log; afterwards what grows is new, whatever clocks say.
        age = max(0.0, time.time() - when) if self._grew is None else 0.0
        self._grew = time.monotonic() - age

    def _take(self, name: str) -> None:
        """Copy a plain file that is new or another one, whole or not at all."""
        source, copy = self.source / name, self.copy / name
        try:
            found = source.lstat()
        except (FileNotFoundError, NotADirectoryError):
            return
        most = _MOST.get(source.suffix, _MOST_WEIGHTS)
        if name == "control":
            most = _MOST[".json"]
            with self._change:
                if name in self._puts:  # What the studio asked for has yet to go there.
                    return
        seen = (found.st_mtime_ns, found.st_size)
        if not stat.S_ISREG(found.st_mode) or found.st_size > most:
            return
        if self._taken.get(name) == seen and copy.exists():
            return
        copy.parent.mkdir(parents=True, exist_ok=True)
        part = copy.with_name(f".{copy.name}.part")
        left = most
        with files.reading(source) as file, open(part, "wb") as out:
            while left > 0 and (piece := file.read(min(PIECE, left))):
                out.write(piece)
                left -= len(piece)
                self._began = time.monotonic()
        os.replace(part, copy)
        self._taken[name] = seen


class FarFolder:
    """A followed folder: a run directory, or one that holds run directories."""

    def __init__(self, source: Path, home: Path) -> None:
        self.source = source
        self.copies = home / hashlib.sha256(str(source).encode()).hexdigest()[:16]
        self.runs: tuple[Far, ...] = tuple(self._known())
        self.trouble = ""
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._work, name="faraway", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Look no more. A thread that hangs in a mount is left to it."""
        self._closed.set()
        for far in self.runs:
            far.wake()
        self._thread.join(0.2)

    def _known(self) -> list[Far]:
        """What was seen before, for the time that the mount is not there."""
        found = [self._far(".")] if (self.copies / "self").is_dir() else []
        with contextlib.suppress(OSError):
            found += [self._far(p.name) for p in sorted((self.copies / "runs").iterdir())]
        return found

    def _far(self, name: str) -> Far:
        if name == ".":
            return Far(self.source, self.copies / "self")
        return Far(self.source / name, self.copies / "runs" / name)

    def _work(self) -> None:
        while not self._closed.is_set():
            self._find()
            for far in self.runs:
                if self._closed.is_set():
                    return
                far.look(self._closed.is_set)
            if len(self.runs) == 1:
                self.runs[0].rest(LOOK_SECONDS)
            else:
                self._closed.wait(LOOK_SECONDS)

    def _find(self) -> None:
        """Note run directories that came."""
        try:
            if _is_run(self.source):
                names = ["."]
            else:
                inside = [e.name for e in os.scandir(self.source) if not e.name.startswith(".")]
                names = sorted(name for name in inside if _is_run(self.source / name))[:MOST_RUNS]
        except OSError as error:
            self.trouble = _tr("{0} cannot be read ({1}); is it mounted?").format(
                self.source, error.strerror or error
            )
            return
        self.trouble = ""
        known = {far.source for far in self.runs}
        wanted = [self._far(name) for name in names]
        new = [far for far in wanted if far.source not in known]
        for far in new:
            with contextlib.suppress(OSError):
                far.copy.mkdir(parents=True, exist_ok=True)
        if new:
            self.runs = (*self.runs, *new)


def _is_run(folder: Path) -> bool:
    return (folder / "order.json").is_file() or (folder / "run.json").is_file()


def _same_start(log: BinaryIO, copy: Path) -> bool:
    """Whether the copy is of this log: another run begins otherwise, with another time."""
    with open(copy, "rb") as file:
        mine = file.read(START)
    log.seek(0)
    return log.read(len(mine)) == mine


def _tr(text: str) -> str:
    return QCoreApplication.translate("faraway", text)
