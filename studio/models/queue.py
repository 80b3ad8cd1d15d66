"""The queue as the studio sees it: what waits, in which order, and the start of the next one.

The trainer that ends starts the next one itself; the studio does where none could: after a kill or
a power cut, or when something is put into a queue while nothing trains.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QObject, Signal

from engines import waiting
from engines.orders import Order
from engines.waiting import Waiting
from studio.models.telling import Once

T = TypeVar("T")


class Queue(QObject):
    """Orders that wait in the folder `home`. `start` gets a new run directory, to launch its
    trainer; `problem` tells the same sentence once.
    """

    changed = Signal()
    problem = Signal(str)

    def __init__(
        self, home: Path, start: Callable[[Path], object], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.home = home
        self._start = start
        self._once = Once(self.problem.emit)
        self._seen = waiting.Queue()

    @property
    def waiting(self) -> tuple[Waiting, ...]:
        """What waits, the next one first."""
        return self._seen.waiting

    @property
    def held(self) -> bool:
        """Whether none starts by itself."""
        return self._seen.held

    def look(self) -> None:
        """Read it anew, and start the next one where nothing trains."""
        self._read()
        if self.waiting and not self.held:
            self._take("")

    def add(self, order: Order, key: str = "") -> bool:
        """Let an order wait behind the others, or in the place of the one of that key."""
        return self._do(lambda: waiting.add(self.home, order, key))

    def move(self, key: str, by: int) -> None:
        """Let one wait `by` places later; a negative number is earlier."""
        keys = [entry.key for entry in self.waiting]
        if key in keys:
            self.arrange(moved(keys, key, by))

    def arrange(self, keys: Sequence[str]) -> None:
        """Let them wait in this order."""
        self._do(lambda: waiting.arrange(self.home, keys))

    def remove(self, key: str) -> None:
        """Take one out of the queue."""
        self._do(lambda: waiting.remove(self.home, key))

    def hold(self, on: bool) -> None:
        """Let none start by itself, or let them again."""
        self._do(lambda: waiting.hold(self.home, on))

    def start_now(self, key: str) -> None:
        """Start this one at once, beside what trains."""
        self._take(key)

    def _take(self, key: str) -> None:
        taken: list[Path | None] = []
        if self._do(lambda: taken.append(waiting.take(self.home, key))) and taken[0] is not None:
            self._start(taken[0])

    def _do(self, do: Callable[[], object]) -> bool:
        """Whether it was done; else `problem` has told why not."""
        done = self._once.does(do)
        if done:
            self._read()
        return done

    def _read(self) -> None:
        seen = waiting.read(self.home)
        if seen != self._seen:
            self._seen = seen
            self._once.over()
            self.changed.emit()


def moved(items: Sequence[T], item: T, by: int) -> list[T]:
    """The items with one of them `by` places later, or earlier, as far as there are any."""
    others = [other for other in items if other != item]
    others.insert(max(items.index(item) + by, 0), item)
    return others
