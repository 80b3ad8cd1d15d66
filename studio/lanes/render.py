"""The render lane: one thread, the newest order wins, and every result says what it answers.

A draft (low size, pen down) is let finish even when a newer order waits: ending each would leave
the picture standing still for as long as the brush moves. Anything else is ended at once. Spare
orders (thumbnails) are rendered once nothing else was wanted for a moment, and step aside when
something is: between two drafts of a stroke they would only be in the painter's way.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QObject, Signal

from engines.errors import UserError
from engines.request import Request

if TYPE_CHECKING:
    from engines.runtime.bundle import Bundle
    from engines.runtime.render import Cache, Frame
    from engines.runtime.sessions import Provider, Sessions, Stop

CACHE_BYTES = 32_000_000
REST_SECONDS = 0.3  # from the last order to the next spare one
_LOG = logging.getLogger(__name__)


class Way(Protocol):
    """Another way to a picture than one render of all of it."""

    def frames(
        self, bundle: "Bundle", request: Request, sessions: "Sessions", cache: "Cache", stop: "Stop"
    ) -> "Iterator[Frame]":
        """As `engines.runtime.render.render`, in the lane's thread."""


@dataclass(frozen=True)
class Order:
    """A render that is wanted, in another `way` where there is one; `serial` grows from order to
    order.
    """

    bundle: "Bundle"
    request: Request
    draft: bool = False
    serial: int = 0
    way: Way | None = None


class RenderLane(QObject):
    """Renders orders on a thread of its own; signals arrive in the thread that owns the lane."""

    framed = Signal(object, object)  # Order, Frame
    asked = Signal()  # An order came: whoever computes in the background steps aside.
    failed = Signal(object, str)  # Order, a sentence
    spared = Signal(object, object)  # Order, Frame of a spare order
    idle = Signal()  # Nothing runs and nothing waits.
    computed_on = Signal(object)  # Provider: asked, got, why; after the first render

    def __init__(self, provider: str = "auto", parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._asked = provider
        self._change = threading.Condition()
        self._next: Order | None = None
        self._spare: deque[Order] = deque()
        self._running: Order | None = None
        self._end: Callable[[], None] = lambda: None
        self._closed = self._forget = False
        self._thread = threading.Thread(target=self._work, name="render", daemon=True)
        self._thread.start()

    def ask(self, order: Order) -> None:
        """Render this next, in place of what waits and of what need not be finished."""
        with self._change:
            self._next = order
            if self._running is not None and not (self._running.draft and order.draft):
                self._end()
            self._change.notify()
        self.asked.emit()

    def spare(self, orders: Iterable[Order]) -> None:
        """Render these when nothing else is to do, in place of the spare orders before."""
        with self._change:
            self._spare = deque(orders)
            self._change.notify()

    def cancel(self) -> None:
        """Drop what waits and end what runs."""
        with self._change:
            self._next = None
            self._spare.clear()
            self._end()

    @property
    def busy(self) -> bool:
        """Whether something runs or waits."""
        with self._change:
            return self._running is not None or self._next is not None

    def release(self) -> None:
        """Give the models' memory back before the next render."""
        with self._change:
            self._forget = True
            self._change.notify()

    def close(self) -> None:
        """End the thread; nothing is emitted afterwards."""
        with self._change:
            self._closed, self._next = True, None
            self._spare.clear()
            self._end()
            self._change.notify()
        self._thread.join(10)

    def _work(self) -> None:
        # Imported here, so that the window need not wait for it.
        from engines.runtime.render import Cache
        from engines.runtime.sessions import Sessions

        sessions, cache = Sessions(self._asked), Cache(CACHE_BYTES)
        told: Provider | None = None
        rested = 0.0  # when spare orders may begin
        while True:
            with self._change:
                while not (self._next or self._closed or self._forget):
                    rest = rested - time.monotonic() if self._spare else None
                    if rest is not None and rest <= 0:
                        break
                    self._change.wait(rest)
                if self._closed:
                    return
                if self._forget:
                    sessions.release()
                    cache, self._forget = Cache(CACHE_BYTES), False
                order, self._next = self._next, None
                spare = order is None and bool(self._spare) and time.monotonic() >= rested
                if spare:
                    order = self._spare.popleft()
                self._running = order
            if order is not None and not self._one(order, sessions, cache, spare) and spare:
                with self._change:
                    self._spare.appendleft(order)
            if order is not None and not spare:
                rested = time.monotonic() + REST_SECONDS
            with self._change:
                self._running, self._end = None, lambda: None
            if told != sessions.provider:
                told = sessions.provider
                self.computed_on.emit(told)
            if not self.busy and not self._closed:
                self.idle.emit()

    def _one(self, order: Order, sessions: "Sessions", cache: "Cache", spare: bool) -> bool:
        """Render one order; False where it was ended for a newer one."""
        from engines.runtime.render import render
        from engines.runtime.sessions import Stale, Stop

        stop = Stop()
        with self._change:
            if self._closed or (self._next is not None and not order.draft):
                return False
            self._end = stop.stop
        sentence = ""
        try:
            frames = render if order.way is None else order.way.frames
            for frame in frames(order.bundle, order.request, sessions, cache, stop):
                if stop.stopped:
                    return False
                (self.spared if spare else self.framed).emit(order, frame)
        except Stale:
            return False
        except UserError as error:
            sentence = str(error)
        except MemoryError:
            sentence = "There is not enough memory for this picture; choose a smaller size."
        except Exception:
            _LOG.exception("a render failed")
            sentence = (
                "This picture could not be rendered; the log has the details. Your work is "
                "untouched: try another size or model."
            )
        if sentence and not spare:
            self.failed.emit(order, sentence)
        return True
