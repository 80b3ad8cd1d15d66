"""The last results: each a picture with all it was made from, to go back to or compare with."""

import zlib
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal

from engines.ports import Size
from engines.request import Request
from studio.document.document import Pixels
from studio.document.scene import Scene
from studio.models.live import Live
from studio.models.session import Session

MOST = 10
STILL_MS = 900  # a picture that stands so long is a result


@dataclass(frozen=True, eq=False)
class Result:
    """A picture, uint8 (H, W, 3), the scene and the layout (compressed) that it was made from."""

    pixels: Pixels
    request: Request
    scene: Scene
    layout: bytes
    size: Size

    @property
    def ids(self) -> Pixels:
        """The layout, uint8 (H, W)."""
        return np.frombuffer(zlib.decompress(self.layout), np.uint8).reshape(self.size)

    def same(self, other: "Result") -> bool:
        """Whether both were made from the same."""
        return (self.scene, self.size, self.layout) == (other.scene, other.size, other.layout)


class Results(QObject):
    """The last ten, newest first. A picture that stands still for a moment joins by itself."""

    changed = Signal()

    def __init__(self, session: Session, live: Live, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.session, self.live = session, live
        self.items: list[Result] = []
        self._timer = QTimer(self, singleShot=True, interval=STILL_MS)
        self._timer.timeout.connect(self.keep)
        live.settled.connect(lambda order, frame: self._timer.start())
        live.pictured.connect(self._timer.stop)
        session.replaced.connect(self._replaced)

    def now(self) -> Result | None:
        """The picture as it stands; None where it is not there, or behind."""
        live = self.live
        if live.picture is None or live.order is None or live.busy:
            return None
        document = self.session.document
        layout = zlib.compress(document.ids.tobytes(), 1)
        return Result(live.picture, live.order.request, document.scene, layout, document.size)

    def keep(self) -> None:
        """Let the picture as it stands join the results."""
        result = self.now()
        if result is None:
            return
        self.items = [result, *(r for r in self.items if not r.same(result))][:MOST]
        self.changed.emit()

    def put(self, items: list[Result]) -> None:
        """Show the results that came with a document."""
        self.items = items[:MOST]
        self.changed.emit()

    def restore(self, result: Result) -> None:
        """Go back to what a result was made from; it can be undone."""
        self.session.replace_layout(result.ids, result.scene, self.tr("Back to a result"))

    def _replaced(self) -> None:
        self._timer.stop()
        self.put([])
