"""One stack of changes for everything: strokes, sliders, style, seed, model."""

from collections.abc import Callable
from dataclasses import dataclass, field

from studio.document.changes import Change, SceneChange
from studio.document.document import Document
from studio.document.raster import Area

MOST_BYTES = 128_000_000


@dataclass
class History:
    """`done` and `undone` changes, newest last. Both hold what the document is not at present.

    `heard` is told of every step, so that a journal can follow: "do" with the change, "merge" when
    it went into the last one, "undo" and "redo".
    """

    document: Document
    done: list[Change] = field(default_factory=list)
    undone: list[Change] = field(default_factory=list)
    heard: Callable[[str, Change], None] = lambda step, change: None

    def add(self, change: Change) -> None:
        """Take in a change that the document already shows."""
        self.undone.clear()
        last = self.done[-1] if self.done else None
        if (
            isinstance(change, SceneChange)
            and isinstance(last, SceneChange)
            and change.merge
            and change.merge == last.merge
        ):
            self.heard("merge", last)
            return
        self.done.append(change)
        self._trim()
        self.heard("do", change)

    def settle(self) -> None:
        """End merging: what comes next is a step of its own, as when a slider is let go."""
        if self.done and isinstance(self.done[-1], SceneChange):
            self.done[-1].merge = ""

    def undo(self) -> Area | None:
        """Take the last change back; the area touched, None where there is nothing to undo."""
        return self._move("undo", self.done, self.undone)

    def redo(self) -> Area | None:
        """Do the last undone change again; None where there is none."""
        return self._move("redo", self.undone, self.done)

    def _move(self, step: str, source: list[Change], target: list[Change]) -> Area | None:
        if not source:
            return None
        self.settle()
        change = source.pop()
        area = change.swap(self.document)
        target.append(change)
        self.heard(step, change)
        return area

    def replay(self, step: str, change: Change | None = None) -> None:
        """Take a step that was heard again; a change is as `seen_from` the document after it.

        ValueError where the step cannot follow on the ones before.
        """
        last = self.done[-1] if self.done else None
        if step == "do" and change is not None:
            self.settle()
            change.swap(self.document)
            self.add(change)
        elif step == "merge" and isinstance(change, SceneChange) and isinstance(last, SceneChange):
            self.undone.clear()
            self.document.scene = change.scene
        elif step == "undo" and self.done:
            self.undo()
        elif step == "redo" and self.undone:
            self.redo()
        else:
            raise ValueError(f"a step {step!r} cannot follow here")

    def copy(self) -> "History":
        """One that stays as it is, document and all, so that another thread can save it."""
        done, undone = ([change.copy() for change in part] for part in (self.done, self.undone))
        return History(self.document.copy(), done, undone)

    @property
    def bytes(self) -> int:
        """The memory that all changes take."""
        return sum(change.bytes for change in (*self.done, *self.undone))

    def _trim(self) -> None:
        """Forget the oldest changes beyond the bound, but never the last."""
        total = self.bytes
        while total > MOST_BYTES and len(self.done) > 1:
            total -= self.done.pop(0).bytes
