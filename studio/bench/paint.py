"""What the artist feels: from a move of the pen to paint on the canvas, and to the new picture.

Everything goes by events through the real window: a mouse move is sent, and the clock stops when
the canvas that shows its effect has been painted.
"""

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from engines.bench import Comparison, Timings, bench
from engines.catalog import load_catalog
from engines.errors import UserError
from engines.orders import Order
from engines.worlds import vista
from studio.lanes.runs import Follow

CANVAS_SECONDS = 0.008
SLOWER = 1.3  # than the bare call the whole way may be, at the 95th percentile
DISTURBED = 2.0  # times as long as alone the picture may take while a training runs
SIDES = (256, 512)
LAYOUT_SIDE = 2048
WINDOW = (1600, 1000)
BRUSH = 60.0


@bench(id="paint", statement="A stroke is seen within 8 ms, its picture within 1.3 bare calls.")
def paint(quick: bool) -> Iterator[Comparison]:
    """Canvas and picture, fitted and 1:1, alone and while a training runs."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    rounds, moves = (3, 6) if quick else (9, 40)
    with tempfile.TemporaryDirectory(prefix="pentimento-") as folder, desk(Path(folder)) as bench_:
        for side in SIDES[:1] if quick else SIDES:
            yield bench_.picture(side, rounds, moves)
        for fitted in (True, False):
            yield bench_.canvas(fitted, rounds, moves, "while it renders")
        with trainer(bench_, Path(folder)) as run:
            for fitted in (True, False):
                yield bench_.canvas(fitted, rounds, moves, "while a training runs")
            yield bench_.disturbed(run, rounds, moves)


class Desk:
    """A window with a large layout, and hands to paint with."""

    def __init__(self, folder: Path, side: int = LAYOUT_SIDE, brush: float = BRUSH) -> None:
        from PySide6.QtCore import QCoreApplication, QEvent, QEventLoop, QObject, QTimer
        from PySide6.QtWidgets import QApplication

        from studio.app import application
        from studio.document.desk import Desk as Kept
        from studio.document.recent import Recent
        from studio.models.studio import Studio
        from studio.views import theme
        from studio.views.window import Window

        running = QCoreApplication.instance()
        self.app = running if isinstance(running, QApplication) else application(["bench"])
        kept, recent = Kept(folder / "open"), Recent(folder / "recent.json")
        self.studio = Studio("cpu", kept, recent, runs=folder / "runs")
        self.window = Window(self.studio, theme.apply(self.app, "dark"))
        self.window.resize(*WINDOW)
        self.window.show()
        self._draft_seconds = self.studio.live.draft_seconds
        self.rng = np.random.default_rng(0)
        self._painted: dict[object, float] = {}
        painted = self._painted

        class Watch(QObject):
            def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
                if event.type() is QEvent.Type.Paint:
                    watched.removeEventFilter(self)
                    watched.event(event)
                    watched.installEventFilter(self)
                    painted[watched] = time.perf_counter()
                    return True
                return False

        self.watch = Watch()
        self.wait = QEventLoop.ProcessEventsFlag.WaitForMoreEvents
        self.pulse = QTimer(self.watch, interval=50)  # so that no wait is for ever
        self.pulse.start()
        desktop = self.window.desktop
        for canvas in (desktop.first, desktop.second):
            canvas.installEventFilter(self.watch)
        self._pictured_at = 0.0
        self.studio.live.pictured.connect(self._pictured)
        self._open_large(side, brush)

    def _pictured(self) -> None:
        self._pictured_at = time.perf_counter()

    def _open_large(self, side: int, brush: float) -> None:
        """The first example, grown to a large layout, with the first model."""
        studio = self.studio
        studio.start()
        self.until(lambda: studio.live.picture is not None, "no model painted")
        from studio.document.document import Document

        ids = studio.session.document.ids
        times = max(side // ids.shape[0], 1)
        large = ids.repeat(times, 0).repeat(times, 1)
        studio.files.show(Document(large, studio.session.scene))
        studio.tools.resize(brush)
        self.rest()

    def until(self, done: Callable[[], bool], trouble: str, seconds: float = 120.0) -> None:
        """Handle events until it is so."""
        end = time.perf_counter() + seconds
        while not done():
            # It sleeps, as the studio does, and leaves the processor to the model.
            self.app.processEvents(self.wait)
            if time.perf_counter() > end:
                raise UserError(f"The benchmark waited in vain: {trouble}.")

    def rest(self) -> None:
        """Until nothing is left to render or to paint."""
        live = self.studio.live
        self.until(lambda: not live.busy and not live.lane.busy, "the picture does not settle")
        self.app.processEvents()

    # Measuring ----------------------------------------------------------------------------------

    def picture(self, side: int, rounds: int, moves: int) -> Comparison:
        """From the move of the pen to the new picture painted, beside the bare call."""
        session, canvas = self.studio.session, self.window.desktop.second
        session.change_scene(replace(session.scene, side=side), "size")
        self.studio.live.draft_seconds = np.inf  # The picture shown has the stated size.
        self.studio.view.fit()
        self.rest()
        calls = {count: self._bare(count) for count in (1, 2)}
        ours, theirs = "pen to picture, p95", "bare ONNX Runtime call, p95"
        seconds: dict[str, list[float]] = {ours: [], theirs: []}
        for _ in range(rounds):
            seconds[theirs].append(min(p95(timed(call, moves)) for call in calls.values()))
            seconds[ours].append(p95(self._pictures(canvas, moves)))
        what = f"picture {side} x {side}, layout {LAYOUT_SIDE} x {LAYOUT_SIDE}"
        return Comparison(what, ours, theirs, _timings(seconds), wanted=1 / SLOWER)

    def disturbed(self, run: Follow, rounds: int, moves: int) -> Comparison:
        """From the move of the pen to the new picture, by turns with a run training and paused."""
        session, canvas, training = (
            self.studio.session,
            self.window.desktop.second,
            self.studio.training,
        )
        session.change_scene(replace(session.scene, side=SIDES[0]), "size")
        self.studio.live.draft_seconds = np.inf
        self.studio.view.fit()
        self.rest()
        beside, alone = "while a training runs, p95", "while it is paused, p95"
        seconds: dict[str, list[float]] = {beside: [], alone: []}
        first = run.step
        for _ in range(rounds):
            training.pause(run)
            self.until(lambda: training.status(run) == "paused", "the training does not pause")
            seconds[alone].append(p95(self._pictures(canvas, moves)))
            training.resume(run)
            self.until(self._further(run), "the training does not go on")
            seconds[beside].append(p95(self._pictures(canvas, moves)))
        what = f"picture {SIDES[0]} x {SIDES[0]}, a training of {run.step - first} steps beside it"
        return Comparison(what, beside, alone, _timings(seconds), wanted=1 / DISTURBED)

    def canvas(self, fitted: bool, rounds: int, moves: int, beside: str) -> Comparison:
        """From the move of the pen to paint on the layout's canvas, with the picture following."""
        canvas = self.window.desktop.first
        view = self.studio.view
        self.studio.live.draft_seconds = self._draft_seconds
        if fitted:
            view.fit()
        else:
            view.zoom_to(1.0)
        self.rest()
        ours, budget = "canvas, p95", f"{CANVAS_SECONDS * 1000:.0f} ms"
        seconds = {ours: [p95(self._strokes(canvas, moves)) for _ in range(rounds)]}
        seconds[budget] = [CANVAS_SECONDS] * rounds
        how = "fitted" if fitted else "1:1"
        what = f"canvas {LAYOUT_SIDE} x {LAYOUT_SIDE} {how}, {beside}"
        return Comparison(what, ours, budget, _timings(seconds), wanted=1.0)

    def _bare(self, count: int) -> Callable[[], object]:
        """The same model with the same input, called as directly as can be."""
        from engines.runtime.sessions import Sessions

        order = self.studio.live.order
        assert order is not None
        graph, size = order.bundle.target, order.request.size
        inputs: dict[str, Any] = {}
        for port in graph.inputs:
            value = order.request.values.get(port.name, port.default)
            inputs |= port.encode(value, size)
        sessions = Sessions("cpu", threads=count)
        return lambda: sessions.run(graph.path, graph.sha256, inputs)

    def _pictures(self, canvas: Any, moves: int) -> list[float]:
        """Seconds of each move until its picture stood on the canvas; one at a time."""
        live, found = self.studio.live, []
        with self._stroke() as move:
            for _ in range(moves):
                self.until(lambda: not live.busy, "a draft does not come")
                # Another class each time: a picture of the same layout would come from the cache.
                self.studio.tools.choose((self.studio.tools.class_id + 1) % 8)
                before, start = self._serial, time.perf_counter()
                move()
                self.until(self._followed(canvas, before), "the picture does not follow")
                found.append(self._painted[canvas] - start)
        self.rest()
        return found

    def _strokes(self, canvas: Any, moves: int) -> list[float]:
        found = []
        with self._stroke() as move:
            for _ in range(moves):
                start = time.perf_counter()
                move()
                self.until(self._seen(canvas, start), "no paint")
                found.append(self._painted[canvas] - start)
        self.rest()
        return found

    def _further(self, run: Follow) -> Callable[[], bool]:
        step = run.step
        return lambda: run.step > step

    @property
    def _serial(self) -> int:
        order = self.studio.live.order
        return order.serial if order is not None else 0

    def _seen(self, canvas: Any, start: float) -> Callable[[], bool]:
        return lambda: self._painted.get(canvas, 0.0) > start

    def _followed(self, canvas: Any, serial: int) -> Callable[[], bool]:
        """Whether a picture of a later order came, was the last, and was painted after it came."""
        live = self.studio.live
        return lambda: (
            self._serial > serial
            and not live.busy
            and self._painted.get(canvas, 0.0) > self._pictured_at
        )

    @contextmanager
    def _stroke(self) -> Iterator[Callable[[], None]]:
        """The pen down on the layout's canvas; yields what moves it a little further."""
        from PySide6.QtCore import QEvent, QPointF, Qt
        from PySide6.QtGui import QMouseEvent

        canvas = self.window.desktop.first
        place = np.array([canvas.width() / 2, canvas.height() / 2])
        left, none = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton

        def send(kind: QEvent.Type, button: Qt.MouseButton, held: Qt.MouseButton) -> None:
            at = QPointF(*place)
            spot = canvas.mapToGlobal(at)
            keys = Qt.KeyboardModifier.NoModifier
            self.app.sendEvent(canvas, QMouseEvent(kind, at, spot, button, held, keys))

        def move() -> None:
            step = self.rng.normal(0, 14, 2)
            room = np.array([canvas.width(), canvas.height()])
            place[:] = np.clip(place + step, room * 0.2, room * 0.8)
            send(QEvent.Type.MouseMove, none, left)

        self.studio.tools.choose((self.studio.tools.class_id + 1) % 8)
        send(QEvent.Type.MouseButtonPress, left, left)
        try:
            yield move
        finally:
            send(QEvent.Type.MouseButtonRelease, left, none)

    def close(self) -> None:
        """Let go of everything."""
        self.studio.close(forget=True)
        self.window.deleteLater()


@contextmanager
def desk(folder: Path) -> Iterator[Desk]:
    """A desk that is cleared up afterwards."""
    made = Desk(folder)
    try:
        yield made
    finally:
        made.close()


@contextmanager
def trainer(desk: Desk, folder: Path) -> Iterator[Follow]:
    """A training begun in the studio, which yields to the pen; gone afterwards."""
    training, data = desk.studio.training, folder / "data"
    vista.make(data, 24, (128, 128), seed=0)
    recipe = next(e.id for e in load_catalog().values() if e.kind == "layout" and e.usual)
    settings = {"size": 128, "steps": 1_000_000}
    run = training.start(Order(recipe, str(data), "bench", settings, device="cpu"))
    if run is None:
        raise UserError("The training beside the benchmark did not start; run doctor.")
    try:
        desk.until(lambda: run.step > 0, "the training does not begin")
        yield run
    finally:
        training.cancel(run)
        desk.until(lambda: run not in training.runs, "the training does not end")


def timed(call: Callable[[], object], times: int) -> list[float]:
    """Seconds of each call, after one that is not counted."""
    call()
    found = []
    for _ in range(times):
        start = time.perf_counter()
        call()
        found.append(time.perf_counter() - start)
    return found


def p95(values: list[float]) -> float:
    """The 95th percentile."""
    return float(np.quantile(values, 0.95))


def _timings(seconds: dict[str, list[float]]) -> Timings:
    return Timings({name: tuple(values) for name, values in seconds.items()})
