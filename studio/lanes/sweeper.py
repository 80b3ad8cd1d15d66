"""Python's garbage collector, in the GUI thread only.

A cycle that holds a QObject may be collected by whichever thread allocates next, and Qt crashes
when a thread deletes what lives in another. So collection by itself is off, and a timer does it.
"""

import gc

from PySide6.QtCore import QObject, QTimer

LOOK_MS = 1000


class Sweeper(QObject):
    """Collects in its own thread what Python would have collected anywhere, until it is deleted."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._thresholds = gc.get_threshold()
        gc.disable()
        self._timer = QTimer(self, interval=LOOK_MS)
        self._timer.timeout.connect(self.look)
        self._timer.start()
        self.destroyed.connect(gc.enable)

    def look(self) -> None:
        """Collect the oldest generation that is due, as Python's own rule has it."""
        counts = gc.get_count()
        due = [n for n in range(3) if counts[n] > self._thresholds[n]]
        if due:
            gc.collect(max(due))
