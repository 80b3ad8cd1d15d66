"""How much of the layout each class covers: counted by tiles, and only while nobody paints."""

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject, QTimer, Signal

from studio.document.changes import TILE
from studio.document.document import Pixels
from studio.document.raster import Area
from studio.models.session import Session
from studio.models.tools import Tools

PAUSE_MS = 250  # after the last stroke
AT_ONCE = 24  # tiles that are counted before events are seen to
Place = tuple[int, int]


class Shares(QObject):
    """`changed` once all is counted. A stroke costs here only the names of the tiles it touched."""

    changed = Signal()

    def __init__(self, session: Session, tools: Tools, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.session, self.tools = session, tools
        self.counts = np.zeros(256, np.int64)
        self._tiles: dict[Place, npt.NDArray[np.int64]] = {}
        self._stale: set[Place] = set()
        self._pause = QTimer(self, singleShot=True, interval=PAUSE_MS)
        self._pause.timeout.connect(self._count_some)
        session.painted.connect(self.touch)
        session.replaced.connect(self.restart)
        session.resized.connect(self.restart)
        self.restart()

    def share(self, number: int) -> float:
        """The share of the layout's pixels that a class covers, as last counted."""
        height, width = self.session.document.size
        return float(self.counts[number]) / (height * width)

    @property
    def used(self) -> set[int]:
        """The ids that are painted, as last counted."""
        return {int(number) for number in np.flatnonzero(self.counts[:255])}

    @property
    def pending(self) -> bool:
        """Whether something is not counted yet."""
        return bool(self._stale)

    def restart(self) -> None:
        """Count all of it anew."""
        self._tiles.clear()
        self._stale.clear()
        self.counts = np.zeros(256, np.int64)
        height, width = self.session.document.size
        self.touch(Area(0, 0, height, width))

    def touch(self, area: Area) -> None:
        """Those pixels changed."""
        rows = range(area.top // TILE, -(-area.bottom // TILE))
        columns = range(area.left // TILE, -(-area.right // TILE))
        self._stale.update((row, column) for row in rows for column in columns)
        self._pause.start(PAUSE_MS)

    def count(self) -> None:
        """Count all that changed, now."""
        while self._stale:
            self._one(self._stale.pop())
        self._pause.stop()
        self.changed.emit()

    def _count_some(self) -> None:
        if self.tools.down:
            self._pause.start(PAUSE_MS)
            return
        for _ in range(min(AT_ONCE, len(self._stale))):
            self._one(self._stale.pop())
        if self._stale:
            self._pause.start(0)
        else:
            self.changed.emit()

    def _one(self, place: Place) -> None:
        row, column = place
        ids = self.session.document.ids
        part = ids[row * TILE : (row + 1) * TILE, column * TILE : (column + 1) * TILE]
        now = counted(part)
        if place in self._tiles:
            self.counts -= self._tiles[place]
        self.counts += now
        self._tiles[place] = now


def counted(ids: Pixels) -> npt.NDArray[np.int64]:
    """How many pixels have each id, (256,)."""
    return np.bincount(ids.ravel(), minlength=256)
