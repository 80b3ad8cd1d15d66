"""Kills: a child paints and saves without end, dies at a random moment, and nothing acknowledged
is lost. Run as a program, this file is the child.
"""

import json
import mmap
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engines.data.spec import PaletteClass
from engines.request import Request
from studio.document import kept as kept_module
from studio.document import ora, raster
from studio.document.carried import Result
from studio.document.desk import Desk
from studio.document.document import Change, Document, Edit, SceneChange, TileChange
from studio.document.filling import fill
from studio.document.kept import Kept
from studio.document.scene import Picture, Scene
from studio.history import History

SIZE = (500, 700)
CLASSES = tuple(PaletteClass(f"class {i}", f"#{i:02x}50{200 - i:02x}") for i in range(12))
LONGEST = 0.8  # seconds from a child's first step to its latest death


@dataclass
class Journey:
    """A document and what is known of its file; step `i` does the same whoever takes it."""

    history: History
    path: Path | None = None
    unsaved: bool = False
    file: Callable[[History], object] = lambda history: None

    def step(self, seed: int, i: int) -> None:
        """At most one change, undo, redo or save: what is done is done as a whole or not at all."""
        rng = np.random.default_rng([seed, i])
        kinds = ["stroke", "fill", "fog", "let go", "photo", "undo", "redo", "save"]
        kind = rng.choice(kinds, p=[0.3, 0.06, 0.2, 0.04, 0.04, 0.14, 0.12, 0.1])
        if kind == "save":
            self.file(self.history)
            return
        if kind in ("undo", "redo"):
            changed = (self.history.undo if kind == "undo" else self.history.redo)() is not None
        elif kind == "let go":
            self.history.settle()
            changed = False
        else:
            changed = self._change(str(kind), rng)
        self.unsaved |= changed

    def _change(self, kind: str, rng: np.random.Generator) -> bool:
        document = self.history.document
        if kind in ("fog", "photo"):
            before = document.scene
            value: Any = float(rng.random())
            if kind == "photo":
                value = Picture(rng.integers(0, 256, (40, 50, 3)).astype(np.uint8), "a.jpg")
            document.scene = before.with_value(kind, value)
            self.history.add(SceneChange(kind, before, kind if kind == "fog" else ""))
            return True
        edit = Edit(document, kind)
        start, end = (tuple(rng.uniform(0, 500, 2)) for _ in range(2))
        shape = raster.segment(start, end, 9.0, 30.0, SIZE)
        edit.paint(fill(document.ids, start) if kind == "fill" else shape, int(rng.integers(12)))
        change = edit.finish()
        if change is not None:
            self.history.add(change)
        return change is not None

    def saved(self, path: Path) -> None:
        self.path, self.unsaved = path, False


def blank() -> History:
    return History(Document.blank(SIZE, Scene(palette=CLASSES)))


# The child ---------------------------------------------------------------------------------------


def child(folder: Path, seed: int, first: int) -> None:
    """Paint from step `first` on until killed; a byte on stdout acknowledges each step.

    `folder/flags` holds a byte that is 1 while this thread writes, one for the keeper's thread.
    """
    kept_module.JOURNAL_BYTES = 20_000
    with open(folder / "flags", "r+b") as file:
        flags = mmap.mmap(file.fileno(), 2)
    desk = Desk(folder / "open")
    left = desk.abandoned()
    kept = desk.adopt(left[0].folder) if first else desk.open_new(blank(), unsaved=True)
    flagged(kept, flags)
    shown = np.zeros((60, 80, 3), np.uint8)
    results = [Result(shown, Request("m", (60, 80), seed=i)) for i in range(3)]
    journey = Journey(kept.history)

    def save(history: History) -> None:
        flags[0] = 1
        kept.save(folder / "a.ora", shown, results)
        flags[0] = 0

    journey.file = save
    for i in range(first, sys.maxsize):
        journey.step(seed, i)
        os.write(1, b".")


def flagged(kept: Kept, flags: mmap.mmap) -> None:
    """Plug the document in, with a flag up while it is kept."""

    def hear(step: str, change: Change) -> None:
        flags[0] = 1
        kept.hear(step, change)
        flags[0] = 0

    write = kept._write_base

    def write_base(due: Any) -> None:
        flags[1] = 1
        write(due)
        flags[1] = 0

    kept.history.heard = hear
    kept._write_base = write_base  # type: ignore[method-assign]


# The parent --------------------------------------------------------------------------------------


def seen(history: History) -> str:
    """All that an artist can see now or by undo and redo, as a text to compare."""

    def told(change: Change) -> object:
        if isinstance(change, TileChange):
            return [change.label, sorted((k, v.hex()) for k, v in change.tiles.items())]
        assert isinstance(change, SceneChange)
        return [change.label, change.scene.to_json()]

    document = history.document
    changes = [[told(change) for change in part] for part in (history.done, history.undone)]
    return json.dumps([document.ids.tobytes().hex(), document.scene.to_json(), changes])


def kill_one(folder: Path, seed: int, first: int, delay: float) -> tuple[int, bytes]:
    """A child's death: how many steps it acknowledged, and its flags when it died."""
    (folder / "flags").write_bytes(b"\0\0")
    command = [sys.executable, __file__, str(folder), str(seed), str(first)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, bufsize=0)
    assert process.stdout is not None
    with process.stdout as pipe, selectors.DefaultSelector() as ready:
        ready.register(pipe, selectors.EVENT_READ)
        acknowledged = pipe.read(1)
        assert acknowledged, "the child did not start"
        until = time.monotonic() + delay
        while (left := until - time.monotonic()) > 0:
            if ready.select(left):
                more = pipe.read(65536)
                assert more, "the child died by itself"
                acknowledged += more
        process.send_signal(signal.SIGKILL)
        process.wait()
        acknowledged += pipe.read()
    return len(acknowledged), (folder / "flags").read_bytes()


def rounds(folder: Path, seed: int, kills: int) -> list[bytes]:
    """Kill one document's studio again and again; the flags of each death."""
    rng = np.random.default_rng(seed)
    desk, path = Desk(folder / "open"), folder / "a.ora"
    model = Journey(blank(), unsaved=True)
    file = ""  # what the artist's file must show

    def save(history: History) -> None:
        nonlocal file
        file = seen(history)
        model.saved(path)

    model.file = save
    found, first = [], 0
    for _ in range(kills):
        steps, flags = kill_one(folder, seed, first, float(rng.uniform(0, LONGEST)))
        found.append(flags)
        for i in range(first, first + steps):
            model.step(seed, i)
        first += steps
        (left,) = desk.abandoned()
        kept = desk.adopt(left.folder)
        assert kept.warnings == ()

        def matches(kept: Kept = kept) -> bool:
            return (kept.path, kept.unsaved, seen(kept.history)) == (
                model.path,
                model.unsaved,
                seen(model.history),
            )

        files, known = [file], (model.path, model.unsaved)
        if not matches() or (path.exists() and seen(ora.read(path).history) != file):
            model.step(seed, first)  # The step in hand may be there too, as a whole.
            files.append(file)
            if matches():
                first += 1
            else:  # Only the file may be ahead: a save that the journal does not know yet.
                model.path, model.unsaved = known
                assert matches()
        if path.exists():
            assert seen(ora.read(path).history) in files
        else:
            assert file == ""
        kept.leave()
        model.history.settle()
    return found


def test_a_killed_studio_loses_nothing(tmp_path: Path) -> None:
    assert len(rounds(tmp_path, 1, 5)) == 5


@pytest.mark.slow
@pytest.mark.timeout(3000)
def test_a_hundred_kills_lose_nothing(tmp_path: Path) -> None:
    flags = []
    for seed in range(10):
        (tmp_path / str(seed)).mkdir()
        flags += rounds(tmp_path / str(seed), 100 + seed, 10)
    inside = sum(any(pair) for pair in flags)
    based = sum(pair[1] for pair in flags)
    print(f"{len(flags)} kills, {inside} inside a write, {based} while a base was written")
    assert inside >= 30


if __name__ == "__main__":
    child(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
