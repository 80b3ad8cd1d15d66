"""The selection: where every tool may act. Each open document has its own; it is not saved."""

from weakref import WeakKeyDictionary

import numpy as np
from PySide6.QtCore import QObject, Signal

from engines.ports import UNPAINTED
from studio.document import selecting
from studio.document.document import Document
from studio.document.layers import Kind, find
from studio.document.raster import Bools, Shape
from studio.document.selecting import How
from studio.models.session import Session


class Selection(QObject):
    """`mask` bool (H, W), read-only; None where nothing is selected and all may be painted on."""

    changed = Signal()

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.mask: Bools | None = None
        # Another tab may be turned to, and this one again.
        self._masks: WeakKeyDictionary[Document, Bools] = WeakKeyDictionary()
        session.replaced.connect(self._turned)
        session.resized.connect(self.none)

    def take(self, mask: Bools | None) -> None:
        """Select other pixels."""
        if mask is None and self.mask is None:
            return
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
