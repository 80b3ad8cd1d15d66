"""Kills of a studio that paints and saves: what it had acknowledged must be there again.

The same steps are taken in memory here. After each death what the documents' folders and the
artist's files hold is compared with that: every acknowledged step is there, the one in hand as a
whole or not at all, and each file holds a document that was saved, as it was then.
"""

import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from studio.document import ora
from studio.document.desk import Desk
from studio.document.kept import Kept
from studio.document.packing import nearest
from studio.history import History
from studio.soak.painting import FLAGS, file_of
from studio.soak.steps import Journey, seen

ROOT = Path(__file__).resolve().parents[2]
LONGEST = 0.8  # seconds from a child's first step to its latest death
EACH = 10  # kills of the same documents


class LostError(AssertionError):
    """Something acknowledged is not there, or something is that never was."""


@dataclass(frozen=True)
class Death:
    """A kill: how many steps were acknowledged before it, and which writes it fell into."""

    steps: int
    inside: tuple[str, ...]


@dataclass
class Known:
    """What must be true of a document's file. `saving` is what it holds once the save under way is
    done; `since` whether the document changed after that save was asked for.
    """

    path: Path | None = None
    unsaved: bool = True
    file: str = ""
    saving: str = ""
    since: bool = False

    def saved(self, path: Path) -> "Known":
        """Once the save under way is done."""
        return Known(path, self.since, self.saving)

    def may_be(self, path: Path) -> "list[Known]":
        """What may be found after a death: the save was done or not, or the file is ahead of what
        the journal knows.
        """
        still = Known(self.path, self.unsaved, self.file)
        if not self.saving:
            return [still]
        return [still, Known(self.path, self.unsaved, self.saving), self.saved(path)]


@dataclass
class Memory:
    """The documents as they must be."""

    folder: Path
    seed: int
    known: dict[int, Known] = field(default_factory=dict)
    first: int = 0  # the next step

    def __post_init__(self) -> None:
        self.journey = Journey(
            self.seed, {}, self._opened, self._closed, self._saving, self._changed
        )

    @property
    def tabs(self) -> dict[int, History]:
        """The open documents."""
        return self.journey.tabs

    def hear(self, told: bytes) -> None:
        """Follow what a child acknowledged."""
        for byte in told:
            if byte == ord("."):
                self.step()
                continue
            for number, known in self.known.items():
                if known.saving:
                    self.known[number] = known.saved(file_of(self.folder, number))

    def step(self) -> None:
        """The next step was taken."""
        self.journey.step(self.first)
        self.first += 1

    def _opened(self, number: int, history: History) -> None:
        self.known[number] = Known()

    def _closed(self, number: int) -> None:
        del self.known[number]

    def _changed(self, number: int) -> None:
        self.known[number].unsaved = self.known[number].since = True

    def _saving(self, number: int) -> None:
        known = self.known[number]
        known.saving, known.since = saved_as(self.tabs[number]), False


def saved_as(history: History) -> str:
    """What a file of it shows."""
    return seen(nearest(history, ora.HISTORY_BYTES, ora.HISTORY_CHANGES))


def rounds(folder: Path, seed: int, kills: int) -> Iterator[Death]:
    """Kill the studio of the same documents again and again; LostError."""
    rng, memory = np.random.default_rng(seed), Memory(folder, seed)
    for _ in range(kills):
        told, inside = kill_one(folder, seed, memory.first, float(rng.uniform(0, LONGEST)))
        memory.hear(told)
        compare(memory)
        yield Death(told.count(b"."), inside)


def kill_one(folder: Path, seed: int, first: int, delay: float) -> tuple[bytes, tuple[str, ...]]:
    """A child's death: what it had acknowledged, and the writes that it was in."""
    (folder / "flags").write_bytes(bytes(len(FLAGS)))
    words = [sys.executable, "-m", "studio.soak.painting", str(folder), str(seed), str(first)]
    child = subprocess.Popen(words, stdout=subprocess.PIPE, bufsize=0, cwd=ROOT)
    assert child.stdout is not None
    with child.stdout as pipe, selectors.DefaultSelector() as ready:
        ready.register(pipe, selectors.EVENT_READ)
        told = pipe.read(1)
        until = time.monotonic() + delay
        while told and (left := until - time.monotonic()) > 0:
            if ready.select(left):
                more = pipe.read(65536)
                if not more:
                    break
                told += more
        if child.poll() is not None or not told:
            raise LostError(f"the studio ended by itself with {child.wait()} at step {first}")
        child.send_signal(signal.SIGKILL)
        child.wait()
        told += pipe.read()
    flags = (folder / "flags").read_bytes()
    return told, tuple(name for name, flag in zip(FLAGS, flags, strict=True) if flag)


def compare(memory: Memory) -> None:
    """Recover all as a studio does and compare; the memory then knows what became of the step in
    hand and of the save under way. LostError.
    """
    desk = Desk(memory.folder / "open")
    found = [desk.adopt(left.folder) for left in desk.abandoned()]
    try:
        for kept in found:
            if kept.warnings:
                raise LostError(f"before step {memory.first}: {kept.warnings[0]}")
        by_number = {kept.history.document.scene.seed: kept for kept in found}
        now = {number: seen(kept.history) for number, kept in by_number.items()}
        kind, tab, _ = memory.journey.plan(memory.first)
        if len(found) != len(now) or now != _all(memory):
            memory.step()  # The step in hand is there, as a whole.
            if len(found) != len(now) or now != _all(memory):
                raise LostError(f"the documents differ at step {memory.first - 1} ({kind} {tab})")
            kind = ""
        for number, kept in by_number.items():
            begun = kind == "save" and tab == number  # It may have, and will be taken again.
            memory.known[number] = _file(memory, number, kept, begun)
    finally:
        for kept in found:
            kept.leave()
    for history in memory.tabs.values():
        history.settle()


def _all(memory: Memory) -> dict[int, str]:
    return {number: seen(history) for number, history in memory.tabs.items()}


def _file(memory: Memory, number: int, kept: Kept, begun: bool) -> Known:
    """What the artist's file of a document holds, and what is known of it; LostError."""
    path = file_of(memory.folder, number)
    file = seen(ora.read(path).history) if path.exists() else ""
    found = Known(kept.path, kept.unsaved, file)
    allowed = memory.known[number].may_be(path)
    if begun:
        saving = saved_as(memory.tabs[number])
        allowed += [
            end
            for start in list(allowed)
            for end in Known(start.path, start.unsaved, start.file, saving).may_be(path)
        ]
    if not any(
        (one.path, one.unsaved, one.file) == (found.path, found.unsaved, found.file)
        for one in allowed
    ):
        raise LostError(f"document {number} at step {memory.first}: {found}, allowed {allowed}")
    return found
