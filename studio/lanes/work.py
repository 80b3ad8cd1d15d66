"""The work lane: jobs one after the other on a thread of its own, each with exactly one end."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, Signal

from engines.errors import UserError

REFRESH_SECONDS = 1 / 30
_LOG = logging.getLogger(__name__)


class Cancelled(Exception):  # noqa: N818 - it was asked for.
    """The job was cancelled; raised by `Job.tell` so that any job can be."""


class Job:
    """A piece of work: `run` is called with the job, so that it can tell and be cancelled."""

    def __init__(
        self,
        label: str,
        run: "Callable[[Job], Any]",
        done: Callable[[Any], None] = lambda result: None,
        failed: Callable[[str], None] = lambda sentence: None,
    ) -> None:
        self.label, self.run, self.done, self.failed = label, run, done, failed
        self.cancelled = False
        self._tell: Callable[[float, str], None] = lambda share, text: None
        self._next = 0.0

    def tell(self, share: float, text: str = "") -> None:
        """Say how far it is (0 to 1), at most 30 times a second; Cancelled where it was."""
        if self.cancelled:
            raise Cancelled
        now = time.monotonic()
        if now >= self._next or share >= 1:
            self._next = now + REFRESH_SECONDS
            self._tell(share, text)

    def cancel(self) -> None:
        """Ask it to end at its next word."""
        self.cancelled = True


class WorkLane(QObject):
    """Runs jobs in the order they came. `done` and `failed` of a job are called in the thread that
    owns the lane; `ended` is emitted exactly once a job, whatever is raised.
    """

    progressed = Signal(object, float, str)
    ended = Signal(object)
    _back = Signal(object, object, str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._change = threading.Condition()
        self._waiting: deque[Job] = deque()
        self._running: Job | None = None
        # The last to end lives on here: what it holds must not be let go of in the other thread.
        self._last: Job | None = None
        self._closed = False
        self._back.connect(self._finish)
        self._thread = threading.Thread(target=self._work, name="work", daemon=True)
        self._thread.start()

    def add(self, job: Job) -> Job:
        """Do it after all that wait already."""
        with self._change:
            self._waiting.append(job)
            self._change.notify()
        return job

    @property
    def jobs(self) -> list[Job]:
        """What runs and what waits."""
        with self._change:
            return [*([self._running] if self._running else []), *self._waiting]

    def close(self) -> None:
        """Cancel what runs, run nothing further, call nobody back."""
        with self._change:
            self._closed = True
            self._waiting.clear()
            if self._running is not None:
                self._running.cancel()
            self._change.notify()
        self._thread.join(10)

    def _work(self) -> None:
        while True:
            with self._change:
                while not self._waiting and not self._closed:
                    self._change.wait()
                if self._closed:
                    return
                job = self._running = self._waiting.popleft()
            job._tell = partial(self.progressed.emit, job)
            result, sentence = None, ""
            try:
                result = None if job.cancelled else job.run(job)
            except Cancelled:
                job.cancelled = True
            except UserError as error:
                sentence = str(error)
            except MemoryError:
                sentence = "There was not enough memory for this; close documents or programs."
            except Exception:
                _LOG.exception("the job %s failed", job.label)
                sentence = f"{job.label} went wrong; the log has the details. Nothing was lost."
            with self._change:  # Whoever sees that no job is left has its end in the queue.
                self._running = None
                if not self._closed:
                    self._back.emit(job, result, sentence)
            del job, result

    def _finish(self, job: Job, result: Any, sentence: str) -> None:
        self._last = job
        try:
            if sentence:
                job.failed(sentence)
            elif not job.cancelled:
                job.done(result)
        finally:
            self.ended.emit(job)
