"""A picture for each class: the open model paints a piece of nothing but that class."""

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal

from engines.ports import UNPAINTED
from studio.document.document import Pixels
from studio.document.scene import Scene
from studio.lanes.render import Order, RenderLane
from studio.models.compose import compose, missing, picture_size
from studio.models.live import shown
from studio.models.session import Session

if TYPE_CHECKING:
    from engines.runtime.bundle import Bundle
    from engines.runtime.render import Frame

SIDE = 128
PAUSE_MS = 1500  # the scene stands still so long before its swatches are painted


class Swatches(QObject):
    """Pictures by class id, made while there is nothing else to render."""

    changed = Signal(int)

    def __init__(self, session: Session, lane: RenderLane, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.session, self.lane = session, lane
        self.pictures: dict[int, Pixels] = {}
        self._made_with: tuple[object, ...] = ()
        self._pause = QTimer(self, singleShot=True, interval=PAUSE_MS)
        self._pause.timeout.connect(self._order)
        lane.spared.connect(self._spared)
        session.model_opened.connect(lambda bundle: self._restart())
        session.scene_changed.connect(self._scene_changed)
        session.replaced.connect(self._pause.start)

    def _restart(self) -> None:
        for number in list(self.pictures):
            del self.pictures[number]
            self.changed.emit(number)
        self._made_with = ()
        self._pause.start()

    def _scene_changed(self, before: Scene, now: Scene) -> None:
        """Where ids mean other classes, what was painted for them is another's."""
        pairs = zip(before.palette, now.palette, strict=False)
        moved = any(one.name != other.name for one, other in pairs)
        if moved and len(before.palette) != len(now.palette):
            self._restart()
        self._pause.start()

    def _order(self) -> None:
        bundle, scene = self.session.bundle, self.session.scene
        port = self.session.layout_port
        if bundle is None or port is None or bundle.target.level is not None:
            return
        if missing(bundle, scene):
            return
        made_with = (bundle.hash, *_looks(scene))
        if made_with == self._made_with:
            return
        self._made_with = made_with
        self.lane.spare([self._one(bundle, n) for n in self.session.shown_classes()])

    def _one(self, bundle: "Bundle", number: int) -> Order:
        size = picture_size(bundle, (SIDE, SIDE), SIDE)
        ids = np.full(size, number, np.uint8)
        return Order(bundle, compose(bundle, self.session.scene, ids), serial=number)

    def _spared(self, order: Order, frame: "Frame") -> None:
        if order.bundle is not self.session.bundle or not frame.final:
            return
        picture = shown(order, frame)
        if picture is not None and order.serial != UNPAINTED:
            self.pictures[order.serial] = picture
            self.changed.emit(order.serial)


def _looks(scene: Scene) -> tuple[object, ...]:
    """What of a scene the swatches depend on."""
    return repr(scene.to_json()["values"]), tuple(c.name for c in scene.palette)
