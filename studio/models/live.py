"""The live picture: it follows the layout and the scene, in drafts while the pen is down."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, Signal

from engines.ports import Image, Layout, Size
from studio.document.document import Pixels
from studio.document.raster import Area
from studio.lanes.render import Order, RenderLane, Way
from studio.models.compose import Small, compose, missing, painted, picture_size
from studio.models.session import Session

if TYPE_CHECKING:
    from engines.runtime.render import Frame
    from engines.runtime.sessions import Provider

DRAFT_SECONDS = 0.05  # what a draft may take, by what renders took before
LAYOUT = "layout"  # what is needed where nothing is painted yet
DRAFT_SIDES = (512, 384, 320, 256, 192, 128)


class Live(QObject):
    """Orders renders and keeps the newest result. `wanted` off while nobody can see it."""

    pictured = Signal()  # `picture` is new
    settled = Signal(object, object)  # Order, Frame: a full picture that nothing waits behind
    state_changed = Signal()  # busy, needs, provider or speed
    problem = Signal(str)

    def __init__(self, session: Session, lane: RenderLane, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.session, self.lane = session, lane
        self.picture: Pixels | None = None
        self.frame: Frame | None = None
        self.order: Order | None = None
        self.provider: Provider | None = None
        self.needs = ""
        self.wanted = True
        self.pen_down = False
        self._serial = 0
        self._asked = -1  # serial of the newest order
        self._behind = False  # the document changed since it was given
        self._full = True  # whether a full picture is still owed
        self._drafting = False  # what the newest order is
        self._pace: dict[str, float] = {}  # seconds a pixel, by model
        self._small: dict[Size, Small] = {}
        self._sent: dict[int, float] = {}
        # Where not all of it is to be rendered: what makes the way, which may copy a lot.
        self.ways: Callable[[], Callable[[], Way] | None] = lambda: None
        self.draft_seconds = DRAFT_SECONDS
        self.delay = 0.0  # seconds from the order to its picture
        lane.framed.connect(self._framed)
        lane.failed.connect(self._failed)
        lane.idle.connect(self._idle)
        lane.computed_on.connect(self._computed)
        session.painted.connect(self._painted)
        session.scene_changed.connect(lambda before, now: self.refresh())
        session.replaced.connect(self._replaced)
        session.resized.connect(self._replaced)
        session.model_opened.connect(lambda bundle: self._opened())

    # What changed -------------------------------------------------------------------------------

    def refresh(self) -> None:
        """The picture is behind: order another as soon as it makes sense."""
        self._behind = self._full = True
        self._order_if_free()

    def set_pen(self, down: bool) -> None:
        """The pen went down (drafts from now on) or up (a full picture)."""
        self.pen_down = down
        if not down:
            self._order_if_free()
            self._say_settled()

    def set_wanted(self, wanted: bool) -> None:
        """Whether anybody can see the picture; what was missed is rendered afterwards."""
        self.wanted = wanted
        if wanted:
            self._order_if_free()

    def _painted(self, area: Area) -> None:
        for small in self._small.values():
            small.touch(area)
        self.refresh()

    def _replaced(self) -> None:
        self._small.clear()
        self.lane.cancel()
        self.picture = self.frame = self.order = None
        self.pictured.emit()
        self.refresh()

    def _opened(self) -> None:
        self.lane.cancel()
        self.refresh()

    # Orders -------------------------------------------------------------------------------------

    @property
    def busy(self) -> bool:
        """Whether the picture shown is not yet the one that is due."""
        return self._behind or bool(self._sent)

    def _order_if_free(self) -> None:
        bundle, scene = self.session.bundle, self.session.scene
        if bundle is None or not self.wanted or not (self._behind or self._full):
            return
        if scene.model is None or scene.model.hash != bundle.hash:
            return  # Another model is being opened.
        needs = missing(bundle, scene)
        if needs:
            self._say_needs(", ".join(port.label or port.name for port in needs))
            return
        full = picture_size(bundle, self.session.document.size, scene.side)
        size = self._draft_size(full) if self.pen_down else full
        draft = self.pen_down
        if self._sent and self._drafting and draft:
            return  # It is nearly done, and is followed by the newest then.
        if draft and (not self._behind or bundle.target.level is not None):
            return  # A sampler waits for the pen to rest.
        small = self._small.get(size)
        if small is None or small.document is not self.session.document:
            small = self._small[size] = Small(self.session.document, size)
            for old in list(self._small)[:-3]:
                del self._small[old]
        if self.session.layout_port is not None and not painted(small.ids()):
            self._say_needs(LAYOUT)
            return
        self._say_needs("")
        make = self.ways()
        if make is not None and draft:
            return  # It is painted once the pen rests.
        way = None if make is None else make()
        self._serial += 1
        order = Order(bundle, compose(bundle, scene, small.ids()), draft, self._serial, way)
        self._behind, self._drafting = False, draft
        self._full = draft and size != full
        self._asked = order.serial
        self._sent = {order.serial: time.perf_counter()}
        self.lane.ask(order)
        self.state_changed.emit()

    def _draft_size(self, full: Size) -> Size:
        """The largest size that this model is known to paint quickly."""
        bundle = self.session.bundle
        assert bundle is not None
        pace = self._pace.get(bundle.hash)
        document = self.session.document.size
        sizes = [full, *(picture_size(bundle, document, side) for side in DRAFT_SIDES)]
        sizes = [size for size in sizes if size[0] * size[1] <= full[0] * full[1]]
        if pace is None:  # Not known yet.
            return next((s for s in sizes if max(s) <= 256), sizes[-1])
        return next((s for s in sizes if s[0] * s[1] * pace <= self.draft_seconds), sizes[-1])

    # Results ------------------------------------------------------------------------------------

    def _framed(self, order: Order, frame: "Frame") -> None:
        if order.bundle is not self.session.bundle or order.serial < self._asked - 1:
            return
        self.order, self.frame = order, frame
        self.picture = shown(order, frame)
        if frame.final and order.way is not None:
            self._sent.pop(order.serial, None)
        elif frame.final:
            pixels = order.request.size[0] * order.request.size[1]
            known = self._pace.get(order.bundle.hash)
            pace = frame.seconds / pixels
            # The first render of a size pays for memory and kernels; the quicker is the truer.
            self._pace[order.bundle.hash] = pace if known is None else min(pace, 1.1 * known)
            sent = self._sent.pop(order.serial, None)
            self.delay = time.perf_counter() - sent if sent is not None else self.delay
        self.pictured.emit()
        if frame.final:
            if self._behind or (self._full and not self.pen_down):
                self._order_if_free()
            self._say_settled()
            self.state_changed.emit()

    def _say_settled(self) -> None:
        if self.busy or self._full or self.pen_down or self.order is None or self.frame is None:
            return
        if self.frame.final and self.order.serial == self._asked:
            self.settled.emit(self.order, self.frame)

    def _failed(self, order: Order, sentence: str) -> None:
        self._sent.pop(order.serial, None)
        if order.serial == self._asked:
            self._full = False
            self.problem.emit(sentence)
        if self._behind:
            self._order_if_free()
        self.state_changed.emit()

    def _idle(self) -> None:
        self._sent.clear()
        if self._behind or (self._full and not self.pen_down):
            self._order_if_free()
        self.state_changed.emit()

    def _computed(self, provider: "Provider") -> None:
        self.provider = provider
        self.state_changed.emit()

    def _say_needs(self, needs: str) -> None:
        if needs:  # Nothing is owed until that is given, which is a change to follow.
            self._behind = self._full = False
        if needs and self.picture is not None:
            self.lane.cancel()
            self.picture = self.frame = self.order = None
            self.pictured.emit()
        if needs != self.needs:
            self.needs = needs
            self.state_changed.emit()


def shown(order: Order, frame: "Frame") -> Pixels | None:
    """A frame as a picture, uint8 (H, W, 3): a layout in class colours, a mask in grey."""
    port = order.bundle.target.outputs[0]
    value = frame.values[port.name]
    if isinstance(port, Image):
        picture: Pixels = value if value.shape[2] == 3 else value[..., :1].repeat(3, 2)
        return picture
    if isinstance(port, Layout):
        table = np.zeros((256, 3), np.uint8)
        colors = [bytes.fromhex(color[1:]) for color in port.colors]
        table[: len(colors)] = np.array([list(c) for c in colors], np.uint8)
        coloured: Pixels = table[value]
        return coloured
    if isinstance(value, np.ndarray) and value.ndim == 2:
        grey: Pixels = (value.astype(np.uint8) * 255)[..., None].repeat(3, 2)
        return grey
    return None
