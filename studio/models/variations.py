"""Variations: a grid of seeds, styles or steps of a slider over the layout as it stands.

Each cell is a job of its own on the work lane, so that a save waits for one picture at most; the
next is given only while nothing is wanted of the render lane and the pen is up, and the one under
way is ended (35 ms) as soon as something is. So painting never waits.
"""

import time
import weakref
from dataclasses import dataclass, field, replace
from itertools import product
from typing import TYPE_CHECKING, Literal

import numpy as np
from PySide6.QtCore import QObject, Signal

from engines.errors import UserError
from engines.ports import Size
from engines.runtime.passport import passport
from studio.document.carried import Result
from studio.document.document import Document, Pixels
from studio.document.layers import FIRST
from studio.document.scene import Scene
from studio.history import History
from studio.lanes.render import CACHE_BYTES, Order, RenderLane
from studio.lanes.work import Job, WorkLane
from studio.models.aside import Aside
from studio.models.axes import Step, steps
from studio.models.compose import Small, compose
from studio.models.live import shown
from studio.models.session import Session
from studio.models.variety import Variety

if TYPE_CHECKING:
    from engines.runtime.bundle import Bundle
    from engines.runtime.render import Cache
    from engines.runtime.sessions import Sessions, Stop

MOST_PINNED = 24
MOST_HELD = 3  # grids of documents that are not shown
State = Literal["waiting", "running", "done", "failed"]


@dataclass(eq=False)
class Variation:
    """One cell. `steps` are its places along the axes; `result` is there once it is done."""

    row: int
    column: int
    steps: tuple[Step, ...]
    title: str
    state: State = "waiting"
    sentence: str = ""
    result: Result | None = None
    pinned: bool = False
    made: float = 0.0  # seconds since 1970


@dataclass(eq=False)
class Grid:
    """What a round was made of: it stays as it was, whatever the document does."""

    bundle: "Bundle"
    document: Document
    size: Size
    titles: tuple[str, ...]  # of the axes
    across: tuple[str, ...]  # labels of the columns, where there are two axes
    down: tuple[str, ...]
    cells: list[Variation]
    small: Pixels | None = None
    seconds: list[float] = field(default_factory=list)

    @property
    def matrix(self) -> bool:
        """Whether rows and columns have a meaning."""
        return len(self.titles) == 2


@dataclass(frozen=True)
class _Made:
    """What a job brings."""

    result: Result
    seconds: float


@dataclass(frozen=True, eq=False)
class _Held:
    """What was rendered for a document that is open but not shown."""

    history: weakref.ref[History]
    grid: Grid | None
    pinned: list[Variation]
    behind: bool


class Variations(Aside):
    """What is to be varied, and the grid that comes of it."""

    changed = Signal()  # `behind`
    begun = Signal()  # another grid, or none
    cell_changed = Signal(object)  # Variation
    progressed = Signal()
    ended = Signal()

    def __init__(
        self,
        session: Session,
        lane: RenderLane,
        work: WorkLane,
        provider: str = "auto",
        parent: QObject | None = None,
    ) -> None:
        super().__init__(lane, parent)
        self.session, self.work = session, work
        self.variety = Variety(session, self)
        self.grid: Grid | None = None
        self.pinned: list[Variation] = []  # also those of earlier grids
        self.behind = False  # the layout changed since
        self._provider = provider
        self._queue: list[Variation] = []
        self._history: History | None = session.history
        self._held: list[_Held] = []
        self._share = 0.0
        self._stop: Stop | None = None
        self._tools: tuple[Sessions, Cache] | None = None
        work.progressed.connect(self._told)
        session.replaced.connect(self._replaced)
        session.painted.connect(lambda area: self._painted())

    # The grid -----------------------------------------------------------------------------------

    def start(self) -> None:
        """Render a grid over the layout as it is now; what is pinned stays."""
        variety, bundle = self.variety, self.session.bundle
        sizes = variety.sizes()
        if variety.reason or bundle is None or sizes is None:
            return
        self.cancel()
        # Only what the picture depends on: layers of pictures would be copied for nothing.
        scene = replace(self.session.scene, layers=FIRST)
        document = Document(self.session.document.ids.copy(), scene)
        chosen = variety.chosen
        seed = int(np.random.default_rng().integers(2**31))
        along = [
            steps(a, variety.counts[i], bundle, document.scene, variety.pictures(a), seed + i)
            for i, a in enumerate(chosen)
        ]
        titles = tuple(variety.title(axis) for axis in chosen)
        cells = []
        for places in product(*(range(len(s)) for s in along)):
            taken = tuple(along[i][place] for i, place in enumerate(places))
            row, column = (places[1], places[0]) if len(places) == 2 else (0, places[0])
            title = " · ".join(f"{t} {s.label}" for t, s in zip(titles, taken, strict=True))
            cells.append(Variation(row, column, taken, title))
        cells.sort(key=lambda cell: (cell.row, cell.column))
        labels = [tuple(step.label for step in s) for s in along]
        down = labels[1] if len(labels) == 2 else ()
        size = sizes[variety.full]
        self.grid = Grid(bundle, document, size, titles, labels[0], down, cells)
        self._queue, self.behind, self.running = list(cells), False, True
        self.begun.emit()
        self._look.start()

    def cancel(self) -> None:
        """Give up what is not rendered yet; what is there stays."""
        self._queue.clear()
        if self._stop is not None:
            self._stop.stop()
        if self._job is not None:
            self._job.cancel()
        self._finish()

    @property
    def share(self) -> float:
        """How much is done, 0 to 1."""
        if self.grid is None:
            return 0.0
        done = sum(cell.state in ("done", "failed") for cell in self.grid.cells)
        return (done + (self._share if self._job is not None else 0.0)) / len(self.grid.cells)

    @property
    def seconds_left(self) -> float | None:
        """How long the rest takes; None before one is done."""
        if self.grid is None or not self.grid.seconds:
            return None
        spent = self.grid.seconds
        left = len(self._queue) + (1 - self._share if self._job is not None else 0)
        return sum(spent) / len(spent) * left

    # What is done with a picture ------------------------------------------------------------------

    def pick(self, cell: Variation) -> None:
        """Take its values into the scene: the live picture follows. One step to undo."""
        if cell.result is None or cell.result.document is None:
            return
        scene = _taken(self.session.scene, cell.result.document.scene)
        self.session.change_scene(scene, self.tr("Variation {0}").format(cell.title))

    def used(self, cell: Variation) -> bool:
        """Whether the scene has its values now."""
        document = cell.result.document if cell.result is not None else None
        return document is not None and _taken(self.session.scene, document.scene) == (
            self.session.scene
        )

    def pin(self, cell: Variation, on: bool) -> None:
        """Keep it beside the next grids, or no more."""
        if cell.result is None or cell.pinned == on:
            return
        cell.pinned = on
        if on:
            self.pinned = [*self.pinned, cell][-MOST_PINNED:]
        else:
            self.pinned = [each for each in self.pinned if each is not cell]
        self.cell_changed.emit(cell)

    @property
    def earlier(self) -> list[Variation]:
        """What is pinned of earlier grids."""
        cells = self.grid.cells if self.grid is not None else []
        return [cell for cell in self.pinned if not any(cell is each for each in cells)]

    # One after the other ------------------------------------------------------------------------

    def _next(self) -> None:
        """Give the work lane another cell, if nobody else wants the processor."""
        if not self.running or self._job is not None or self.grid is None:
            return
        if not self._queue:
            self._finish()
            return
        if self.held:
            self.progressed.emit()
            return
        cell, grid = self._queue.pop(0), self.grid
        cell.state, self._share = "running", 0.0
        from engines.runtime.sessions import Stop

        stop = self._stop = Stop()

        def done(made: _Made | None) -> None:
            if made is None:
                self._put_back(cell)
            else:
                grid.seconds.append(made.seconds)
                cell.result, cell.made = made.result, time.time()
                self._took(cell, "done")

        def failed(sentence: str) -> None:
            cell.sentence = sentence
            self._took(cell, "failed")

        label = self.tr("Variations")
        self._job = Job(label, lambda job: self._make(job, cell, grid, stop), done, failed)
        self.cell_changed.emit(cell)
        self.work.add(self._job)

    def _make(self, job: Job, cell: Variation, grid: Grid, stop: "Stop") -> _Made | None:
        """On the work thread: render a cell. None where it has to step aside."""
        from engines.runtime.render import Cache, render
        from engines.runtime.sessions import Sessions, Stale

        start = time.perf_counter()
        if self._tools is None:
            self._tools = Sessions(self._provider), Cache(CACHE_BYTES)
        sessions, cache = self._tools
        if grid.small is None:
            grid.small = Small(grid.document, grid.size).ids()
        scene: Scene = grid.document.scene
        for step in cell.steps:
            scene = step.apply(scene)
        request = compose(grid.bundle, scene, grid.small)
        try:
            for frame in render(grid.bundle, request, sessions, cache, stop):
                job.tell(frame.progress)
                if not frame.final and len(self.work.jobs) > 1:
                    return None  # A save waits.
        except Stale:
            return None
        pixels = shown(Order(grid.bundle, request), frame)
        if pixels is None:
            raise UserError("This model makes no pictures that could be shown.")
        made = Document(grid.document.ids, scene)
        result = Result(pixels, request, passport(grid.bundle), made)
        return _Made(result, time.perf_counter() - start)

    def _took(self, cell: Variation, state: State) -> None:
        cell.state, self._job, self._stop = state, None, None
        self.cell_changed.emit(cell)
        self.progressed.emit()
        self._next()

    def _put_back(self, cell: Variation) -> None:
        cell.state, self._job, self._stop = "waiting", None, None
        if self.running and self.grid is not None and cell in self.grid.cells:
            self._queue.insert(0, cell)
        self.cell_changed.emit(cell)
        self._look.start()

    def _step_aside(self) -> None:
        if self._stop is not None:
            self._stop.stop()

    def _finish(self) -> None:
        if not self.running:
            return
        self.running, self._job, self._stop, self._tools = False, None, None, None
        for cell in self.grid.cells if self.grid is not None else ():
            if cell.state == "running":
                cell.state = "waiting"
        self.progressed.emit()
        self.ended.emit()

    def _told(self, job: Job, share: float, text: str) -> None:
        if job is self._job:
            self._share = share
            self.progressed.emit()

    def _painted(self) -> None:
        if self.grid is not None and not self.behind:
            self.behind = True
            self.changed.emit()

    def _replaced(self) -> None:
        """Another document is shown: its grid is, where it had one; what was begun is given up."""
        self.cancel()
        if self._history is not None and (self.grid is not None or self.pinned):
            held = _Held(weakref.ref(self._history), self.grid, self.pinned, self.behind)
            others = [
                h
                for h in self._held
                if not any(h.history() is other for other in (None, self._history))
            ]
            self._held = [*others, held][-MOST_HELD:]
        self._history = self.session.history
        mine = next((h for h in self._held if h.history() is self._history), None)
        self.grid, self.pinned, self.behind = None, [], False
        if mine is not None:
            self.grid, self.pinned, self.behind = mine.grid, mine.pinned, mine.behind
        self.begun.emit()


def _taken(scene: Scene, made: Scene) -> Scene:
    """The scene with all that a request is made of from another; what is painted with stays."""
    return replace(
        scene,
        model=made.model,
        values=made.values,
        seed=made.seed,
        sampler=made.sampler,
        steps=made.steps,
        guidance=made.guidance,
    )
