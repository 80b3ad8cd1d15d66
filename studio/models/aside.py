"""Work that nobody waits for: it steps aside for the pen, and for the picture that follows it."""

from PySide6.QtCore import QObject, QTimer

from studio.lanes.render import RenderLane
from studio.lanes.work import Job


class Aside(QObject):
    """Things done one after the other on the work lane while the render lane rests.

    Who is one has `_next`, which begins another thing unless it is `held`, and `_step_aside`,
    which gives up the one in hand, to be begun anew. It starts `_look` when there may be more.
    """

    def __init__(self, lane: RenderLane, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.lane = lane
        self.running = False
        self._job: Job | None = None
        self._pen = False
        self._look = QTimer(self, singleShot=True, interval=0)
        self._look.timeout.connect(self._next)
        lane.asked.connect(self._step_aside)
        lane.idle.connect(self._look.start)

    def set_pen(self, down: bool) -> None:
        """The pen went down, and everything waits; or up."""
        self._pen = down
        if down:
            self._step_aside()
        else:
            self._look.start()

    @property
    def held(self) -> bool:
        """Whether somebody else has the processor; the pen or `idle` looks again."""
        return self._pen or self.lane.busy

    @property
    def waiting(self) -> bool:
        """Whether it stands still for the painter."""
        return self.running and self._job is None and self.held

    def _next(self) -> None:
        raise NotImplementedError

    def _step_aside(self) -> None:
        raise NotImplementedError
