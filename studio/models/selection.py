"""The selection: where every tool may act. Each open document has its own; it is not saved."""

from collections.abc import Callable
from weakref import WeakKeyDictionary

import numpy as np
from PySide6.QtCore import QObject, Signal

from engines.ports import UNPAINTED
from studio.document import selecting
from studio.document.changes import Change
from studio.document.document import Document
from studio.document.layers import Kind, find
from studio.document.raster import Bools, Shape
from studio.document.selecting import How
from studio.document.styles import Packed
from studio.models.session import Session
from studio.models.trail import Choice, Trail


class Selection(QObject):
    """`mask` bool (H, W), read-only; None where nothing is selected and all may be painted on."""

    changed = Signal()

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.mask: Bools | None = None
        # Another tab may be turned to, and this one again.
        self._masks: WeakKeyDictionary[Document, Bools] = WeakKeyDictionary()
        self._trails: WeakKeyDictionary[Document, Trail] = WeakKeyDictionary()
        self._stepping = False
        session.replaced.connect(self._turned)
        session.resized.connect(lambda: self._show(None))
        session.stepped.connect(self._stepped)

    def take(self, mask: Bools | None, joined: bool = False) -> None:
        """Select other pixels; `joined`: as a part of the last step of the history."""
        if mask is None and self.mask is None:
            return
        choice = Choice(Packed.of(self.mask), Packed.of(mask), self._last, joined)
        self._trail.add(choice)
        self._show(mask)

    def show_draft(self, mask: Bools | None) -> None:
        """Show other pixels as selected while the pen is down: no step, so that what was there is
        to be shown again before another is taken.
        """
        self._show(mask)

    def _show(self, mask: Bools | None) -> None:
        if mask is not None:
            mask.setflags(write=False)
            self._masks[self.session.document] = mask
        else:
            self._masks.pop(self.session.document, None)
        self.mask = mask
        self.changed.emit()

    def _turned(self) -> None:
        self.mask = self._masks.get(self.session.document)
        self.changed.emit()

    # Undo ---------------------------------------------------------------------------------------

    @property
    def _trail(self) -> Trail:
        return self._trails.setdefault(self.session.document, Trail())

    @property
    def _last(self) -> Change | None:
        done = self.session.history.done
        return done[-1] if done else None

    @property
    def undo_label(self) -> str | None:
        """What `undo` takes back; None where there is nothing."""
        past, last = self._trail.past, self._last
        if past and past[-1].at is last and not past[-1].joined:
            return self.tr("Select")
        return None if last is None else last.label

    @property
    def redo_label(self) -> str | None:
        """What `redo` does again; None where there is nothing."""
        future, undone = self._trail.future, self.session.history.undone
        if future and future[-1].at is self._last and not future[-1].joined:
            return self.tr("Select")
        return undone[-1].label if undone else None

    def undo(self) -> None:
        """Take back the last selecting or the last step, whichever was later."""
        choice = self._trail.undo(self._last)
        if choice is None or choice.joined:
            self._step(self.session.undo)
        self._put(choice, choice.before if choice else None)

    def redo(self) -> None:
        """Do the next of them again."""
        choice = self._trail.redo(self._last, joined=False)
        if choice is None:
            self._step(self.session.redo)
            choice = self._trail.redo(self._last, joined=True)
        self._put(choice, choice.after if choice else None)

    def _step(self, step: Callable[[], None]) -> None:
        self._stepping = True
        step()
        self._stepping = False

    def _put(self, choice: Choice | None, packed: Packed | None) -> None:
        if choice is None:
            return
        if packed is None:
            self._show(None)
        elif packed.size == self.session.document.size:
            self._show(packed.mask)

    def _stepped(self) -> None:
        """Something new was done: what was undone before is gone."""
        if not self._stepping and not self.session.history.undone:
            self._trail.future.clear()

    def combine(self, shape: Shape, how: How) -> None:
        """Put a shape together with what is selected."""
        new = shape.over(self.session.document.size)
        self.take(selecting.combined(self.mask, new, how))

    def all(self) -> None:
        """Select everything."""
        self.take(np.ones(self.session.document.size, np.bool_))

    def none(self) -> None:
        """Select nothing, so that no pixel is out of reach."""
        self.take(None)

    def invert(self) -> None:
        """Select what is not selected."""
        if self.mask is None:
            self.all()
            return
        rest = ~self.mask
        self.take(rest if rest.any() else None)

    def grow(self, pixels: int) -> None:
        """Take in all around that is so near."""
        if self.mask is not None:
            self.take(selecting.grown(self.mask, pixels))

    def shrink(self, pixels: int) -> None:
        """Leave out all that is so near to the edge."""
        if self.mask is not None:
            self.take(selecting.shrunk(self.mask, pixels))

    def by_class(self, class_id: int, how: How = How.REPLACE) -> None:
        """Select all that shows a class."""
        found = np.asarray(self.session.document.ids == class_id)
        self.take(selecting.combined(self.mask, found, how))

    def painted(self) -> None:
        """Select all that is painted on the active layer."""
        layer = find(self.session.scene.layers, self.session.active)
        if layer is None or not layer.channels:
            return
        plane = self.session.document.plane(layer.id)
        mask = plane != UNPAINTED if layer.kind is Kind.LAYOUT else plane[..., 3] > 0
        self.take(mask if mask.any() else None)
