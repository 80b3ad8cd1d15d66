"""Reading what may take long, hostile files say, without the window waiting for it."""

import logging
import threading
from collections import deque
from collections.abc import Callable
from typing import Any, TypeVar

from PySide6.QtCore import QObject, QTimer, Signal

PATIENCE = 0.08  # seconds; what is read in so long comes at once
LOOK_MS = 15
T = TypeVar("T")
_LOG = logging.getLogger(__name__)


class _Reading:
    """One thing being read. Its thread knows no QObject, so it may outlive them all."""

    def __init__(self, look: Callable[[], Any], then: Callable[[Any], None], name: str) -> None:
        self.then, self.name = then, name
        self.found: Any = None
        self.failed = False
        self.thread = threading.Thread(target=self._work, args=(look,), name="reader", daemon=True)
        self.thread.start()

    def _work(self, look: Callable[[], Any]) -> None:
        try:
            self.found = look()
        except Exception:
            _LOG.exception("reading %s failed", self.name)
            self.failed = True

    @property
    def done(self) -> bool:
        """Whether it ended."""
        return not self.thread.is_alive()


class Reader(QObject):
    """Calls `look` on a thread of its own and `then` with what it gave, in this thread and in the
    order of asking. `waits` with the name of what takes longer than `patience` seconds, in which
    this thread waits too; and with "" when all has come.
    """

    waits = Signal(str)
    problem = Signal(str)

    def __init__(self, parent: QObject | None = None, patience: float = PATIENCE) -> None:
        super().__init__(parent)
        self.patience = patience
        self._readings: deque[_Reading] = deque()
        self._timer = QTimer(self, interval=LOOK_MS)
        self._timer.timeout.connect(self._look)

    def read(self, look: Callable[[], T], then: Callable[[T], None], name: str) -> None:
        """Read something called so; `look` must be fit for any thread."""
        reading = _Reading(look, then, name)
        self._readings.append(reading)
        reading.thread.join(self.patience)
        self._look()
        if self._readings:
            self._timer.start()
            self.waits.emit(self._readings[-1].name)

    @property
    def busy(self) -> bool:
        """Whether something is still being read."""
        return bool(self._readings)

    def stop(self) -> None:
        """Forget what is being read."""
        self._readings.clear()
        self._timer.stop()

    def _look(self) -> None:
        waited = self._timer.isActive()
        while self._readings and self._readings[0].done:
            reading = self._readings.popleft()
            if reading.failed:
                text = self.tr("{0} could not be read; the log has the details.")
                self.problem.emit(text.format(reading.name))
            else:
                reading.then(reading.found)
        if waited and not self._readings:
            self._timer.stop()
            self.waits.emit("")
