"""A studio in which hands paint and save without end, until it is killed. Run as a program:

    python -m tests.painting FOLDER SEED

It tells on stdout, a line each: `opened` with what it opened with, `did` after a step, `saving`
before a save is asked for and `saved` when the studio has told it. FOLDER/flags holds a byte that
is not 0 while a record (0), a base (1) or a save (2) is being written.
"""

import hashlib
import json
import mmap
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from studio.document import kept as kept_module
from studio.document.kept import Kept
from studio.history import History
from tests import journey
from tests.journey import Traveller, say

STEPS = ["stroke", "slide", "undo", "redo", "save"]
SHARES = [0.4, 0.06, 0.08, 0.06, 0.4]
CLASSES = ["Sky", "Mountain", "Forest", "Meadow", "Water", "Rock", "House"]


def fingerprint(history: History) -> str:
    """What an artist sees of a document."""
    scene = json.dumps(history.document.scene.to_json(), sort_keys=True)
    return hashlib.sha1(history.document.ids.tobytes() + scene.encode()).hexdigest()[:16]


def line_of(history: History) -> list[str]:
    """What was to be seen after each step, by undoing all in a copy; the first is the sheet."""
    copy = history.copy()
    found = [fingerprint(copy)]
    while copy.undo() is not None:
        found.append(fingerprint(copy))
    return found[::-1]


def flagged(flags: mmap.mmap) -> None:
    """Put a flag up while a document is being kept or saved."""

    def wrap(place: int, do: Callable[..., Any]) -> Callable[..., Any]:
        def flagged(*given: Any, **named: Any) -> Any:
            flags[place] = 1
            try:
                return do(*given, **named)
            finally:
                flags[place] = 0

        return flagged

    for place, name in enumerate(("hear", "_write_base", "save")):
        setattr(Kept, name, wrap(place, getattr(Kept, name)))


def step(hands: Traveller, folder: Path, rng: np.random.Generator) -> None:
    """One step, or a save."""
    studio = hands.window.studio
    kind = str(rng.choice(STEPS, p=SHARES))
    if kind == "save":
        say(f"saving {fingerprint(studio.session.history)}")
        if studio.files.path is None:
            hands.name_file("Ctrl+S", folder / "a.ora")
        else:
            hands.keys("Ctrl+S")
        return
    if kind == "stroke":
        hands.click(str(rng.choice(CLASSES)))
        hands.keys(str(rng.choice(["B", "B", "B", "R", "O", "L", "G"])))
        hands.stroke(*(tuple(rng.uniform(0.05, 0.95, 2)) for _ in range(3)), steps=3)
    elif kind == "slide":
        hands.slide(str(rng.choice(["Fog", "Cloudiness"])), float(rng.uniform(0.05, 0.95)))
    else:
        hands.keys("Ctrl+Z" if kind == "undo" else "Ctrl+Y", hands.canvas())
    history = studio.session.history
    say(f"did {len(history.done)} {fingerprint(history)}")


def paint(hands: Traveller, folder: Path, seed: int) -> None:
    """Paint and save until killed."""
    studio = hands.window.studio
    studio.told.connect(partial(_told))
    studio.files.told.connect(partial(_told))
    say(f"opened {json.dumps(line_of(studio.session.history))}")
    rng = np.random.default_rng(seed)
    while True:
        step(hands, folder, rng)
        notice = hands.window.notice
        assert notice.property("kind") != "warning" or notice.isHidden(), notice.text.text()


def _told(sentence: str) -> None:
    if sentence.startswith("Saved"):
        say("saved")


if __name__ == "__main__":
    kept_module.JOURNAL_BYTES = 20_000
    with open(Path(sys.argv[1]) / "flags", "r+b") as file:
        flagged(mmap.mmap(file.fileno(), 3))
    journey.LEGS["paint"] = lambda hands, folder: paint(hands, folder, int(sys.argv[2]))
    sys.exit(journey.main(["paint", sys.argv[1]]))
