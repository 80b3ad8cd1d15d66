"""A studio's documents in a process that paints, saves and dies. Run as a program:

    python -m studio.soak.painting FOLDER SEED FIRST

It recovers what is in FOLDER, takes steps from FIRST on, and tells on stdout: `.` after each step,
`s` when the save that was under way is done. FOLDER/flags holds a byte that is not 0 while a
record, a base or the artist's file is being written.
"""

import mmap
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from engines.request import Request
from studio.document import kept as kept_module
from studio.document.carried import Result
from studio.document.changes import Change
from studio.document.desk import Desk
from studio.document.kept import Kept
from studio.history import History
from studio.soak.steps import Journey

FLAGS = ("a record", "a base", "a file")
JOURNAL_BYTES = 20_000  # Bases are due so often that kills fall into them.


class Studio:
    """Open documents on disk; saves go on beside the painting, as in the window."""

    def __init__(self, folder: Path, flags: mmap.mmap) -> None:
        self.folder, self.flags = folder, flags
        self.desk = Desk(folder / "open")
        self.kept: dict[int, Kept] = {}
        self.saver: threading.Thread | None = None
        for left in self.desk.abandoned():
            kept = self.desk.adopt(left.folder)
            self.keep(kept.history.document.scene.seed, kept)
        shown = np.zeros((60, 80, 3), np.uint8)
        self.shown = shown
        self.results = [Result(shown, Request("m", (60, 80), seed=i)) for i in range(3)]

    def keep(self, number: int, kept: Kept) -> None:
        """Follow a document, with a flag up while anything is written."""
        self.kept[number] = kept
        write = kept._write_base

        def hear(step: str, change: Change) -> None:
            self.flagged(0, lambda: kept.hear(step, change))

        def write_base(due: Any) -> None:
            self.flagged(1, lambda: write(due))

        kept.history.heard = hear
        kept._write_base = write_base  # type: ignore[method-assign]

    def flagged(self, place: int, do: Callable[[], object]) -> None:
        """Do it with its flag up."""
        self.flags[place] += 1  # Several documents may write a base at once.
        try:
            do()
        finally:
            self.flags[place] -= 1

    def opened(self, number: int, history: History) -> None:
        """Open another document."""
        self.keep(number, self.desk.open_new(history, unsaved=True))

    def closed(self, number: int) -> None:
        """Close one, and forget what its file lacks."""
        self.wait()
        self.kept.pop(number).close()

    def saving(self, number: int) -> None:
        """Begin to save, once the save before is done."""
        self.wait()
        kept = self.kept[number]
        copy, path = kept.copy(), file_of(self.folder, number)

        def save() -> None:
            self.flagged(2, lambda: kept.save(path, self.shown, self.results, copy))
            os.write(1, b"s")

        self.saver = threading.Thread(target=save)
        self.saver.start()

    def wait(self) -> None:
        """Until nothing is being saved."""
        if self.saver is not None:
            self.saver.join()


def file_of(folder: Path, number: int) -> Path:
    """Where an artist saves a document."""
    return folder / f"{number}.ora"


def paint(folder: Path, seed: int, first: int) -> None:
    """Take steps until killed."""
    kept_module.JOURNAL_BYTES = JOURNAL_BYTES
    with open(folder / "flags", "r+b") as file:
        studio = Studio(folder, mmap.mmap(file.fileno(), len(FLAGS)))
    tabs = {number: kept.history for number, kept in studio.kept.items()}
    journey = Journey(seed, tabs, studio.opened, studio.closed, studio.saving)
    for number in range(first, sys.maxsize):
        journey.step(number)
        os.write(1, b".")


if __name__ == "__main__":
    paint(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
