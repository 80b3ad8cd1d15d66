"""What painting on a large page costs: dabs, undo, panning, and the memory of a long day.

The same strokes are painted, in turn and in one run, by our tools, by the labels of napari where
that is installed (its data level: no window on either side), and by bare slice writes of numpy.
Then all goes by events through the real window.
"""

import gc
import json
import os
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from engines.bench import Comparison, Timings, bench
from engines.commands.terminal import say
from engines.errors import UserError
from studio.bench.paint import Desk, p95
from studio.bench.start import ROOT, Memory, resident

if TYPE_CHECKING:
    from studio.document.document import Document

SIDE, BRUSH = 4096, 200.0
DAB_SECONDS, STEP_SECONDS, FRAME_SECONDS = 0.006, 0.020, 1 / 60
HISTORY_MEGABYTES = 200.0
PICTURES = 3  # picture layers of the document whose memory is looked at
CLASSES = 8
WINDOW_LIMITS = {  # and whether they are judged
    "a dab": (DAB_SECONDS, False),
    "undo": (STEP_SECONDS, True),
    "redo": (STEP_SECONDS, True),
    "panning": (FRAME_SECONDS, True),
}
OURS, NAPARI, FLOOR = "Pentimento", "napari's labels", "slice writes of numpy"
LIMIT = "the limit"
Points = npt.NDArray[np.int64]
Stroke = tuple[int, Points]  # a class, and the (row, column) of each dab
Pixels = npt.NDArray[np.uint8]


@bench(
    id="canvas",
    statement="On 4096 x 4096 a dab takes 6 ms, undo 20 ms, and panning keeps 60 frames a second.",
)
def canvas(quick: bool) -> Iterator[Comparison]:
    """Strokes without a window, their history, and the window; a quick look judges nothing."""
    scale = Scale(1024, 2, 2, 12, 60, 6) if quick else Scale(SIDE, 9, 10, 60, 1000, 40)
    yield from _strokes(scale)
    yield from _window(scale)
    yield from _memory(scale)


@dataclass(frozen=True)
class Scale:
    """How much is done: page, rounds, strokes a round, dabs a stroke, steps of history, moves."""

    side: int
    rounds: int
    strokes: int
    dabs: int
    steps: int
    moves: int

    @property
    def page(self) -> str:
        """The page and the brush in words."""
        return f"{self.side} x {self.side}, brush {BRUSH:g}"

    def limit(self, what: str, seconds: Sequence[float], most: float) -> Comparison:
        """Our seconds of each round beside what they may be at most."""
        timings = Timings({OURS: tuple(seconds), LIMIT: (most,) * len(seconds)})
        return Comparison(what, OURS, LIMIT, timings, self.wanted)

    @property
    def wanted(self) -> float:
        """Nothing is judged by a quick look."""
        return 1.0 if self.side == SIDE else 0.0


# Strokes without a window ------------------------------------------------------------------------


def page(side: int) -> Pixels:
    """Class ids (side, side) in wavy fields, as layouts have them."""
    y, x = np.mgrid[:side, :side].astype(np.float32) * np.float32(4096 / side)
    fields = (x + 200 * np.sin(y / 300)) // 300 + y // 250
    return np.asarray(fields % CLASSES, np.uint8)


def strokes(rng: np.random.Generator, side: int, count: int, dabs: int) -> Iterator[Stroke]:
    """Winding strokes whose dabs lie a quarter of the brush apart, as napari spaces its own."""
    for number in range(count):
        turn, place = rng.uniform(0, 2 * np.pi), rng.uniform(0.1, 0.9, 2) * side
        points = np.empty((dabs, 2), np.int64)
        for dab in range(dabs):
            turn += rng.normal(0, 0.3)
            place = place + BRUSH / 4 * np.array([np.sin(turn), np.cos(turn)])
            place = side - np.abs(side - np.abs(place))  # It turns back at the edges.
            points[dab] = np.clip(place, 0, side - 1)
        yield number % CLASSES, points


class Painter(Protocol):
    """Whoever paints strokes. `ids` (H, W) is what is painted so far."""

    @property
    def ids(self) -> Pixels:
        """Class ids."""

    def paint(self, stroke: Stroke) -> tuple[list[float], float]:
        """Seconds of each dab, and of what follows when the pen goes up."""

    def undo(self) -> None:
        """Take the last stroke back."""

    def redo(self) -> None:
        """Paint it again."""


class Ours:
    """Our tools with a session, a history and its journal on disk, as the studio has them."""

    def __init__(self, ids: Pixels, folder: Path) -> None:
        from studio.document.desk import Desk as Kept
        from studio.document.document import Document
        from studio.history import History
        from studio.lanes.work import WorkLane
        from studio.models.library import Library
        from studio.models.session import Session
        from studio.models.tools import Tools

        self.work = WorkLane()
        self.session = Session(Library(self.work))
        self.tools = Tools(self.session)
        self.tools.resize(BRUSH)
        self.kept = Kept(folder / "open").open_new(History(Document(ids.copy())))
        self.history = self.kept.history
        self.history.heard = self.kept.hear
        self.session.show(self.history.document, self.history)

    @property
    def ids(self) -> Pixels:
        return self.history.document.ids

    def paint(self, stroke: Stroke) -> tuple[list[float], float]:
        number, points = stroke
        self.tools.choose(number)
        places = [(float(column) + 0.5, float(row) + 0.5) for row, column in points]
        self.tools.press(places[0])
        seconds = [_timed(self.tools.move, place) for place in places[1:]]
        return seconds, _timed(self.tools.release)

    def undo(self) -> None:
        self.session.undo()

    def redo(self) -> None:
        self.session.redo()

    @property
    def bytes(self) -> int:
        """What its history holds."""
        return self.history.bytes

    def close(self) -> None:
        """Let go of the document and of its folder."""
        self.kept.close()
        self.work.close()


class Napari:
    """napari's labels; its class 0 is unpainted, so ours are one higher there."""

    def __init__(self, ids: Pixels) -> None:
        from napari.layers import Labels

        self.labels = Labels(ids + 1)
        self.labels.brush_size = BRUSH

    @property
    def ids(self) -> Pixels:
        return np.asarray(self.labels.data - 1, np.uint8)

    def paint(self, stroke: Stroke) -> tuple[list[float], float]:
        number, points = stroke
        paint = self.labels.paint
        with self.labels.block_history():  # One step of its history, as its mouse does it.
            paint(points[0], number + 1)
            seconds = [_timed(paint, at, number + 1) for at in points[1:]]
            start = time.perf_counter()
        return seconds, time.perf_counter() - start

    def undo(self) -> None:
        self.labels.undo()

    def redo(self) -> None:
        self.labels.redo()

    @property
    def bytes(self) -> float:
        """What its history holds a step, by the arrays in it (it keeps a hundred steps)."""
        steps = self.labels._undo_history
        arrays = [part for step in steps for atom in step for part in atom]
        return sum(part.nbytes for part in arrays if isinstance(part, np.ndarray)) / len(steps)


class Floor:
    """The least that painting can be: a square of the brush's width, written into an array."""

    def __init__(self, ids: Pixels) -> None:
        self.ids = ids.copy()

    def paint(self, stroke: Stroke) -> tuple[list[float], float]:
        number, points = stroke
        half = int(BRUSH / 2)

        def write(row: int, column: int) -> None:
            rows = slice(max(row - half, 0), row + half)
            self.ids[rows, max(column - half, 0) : column + half] = number

        return [_timed(write, *at) for at in points[1:].tolist()], 0.0


@dataclass
class Figures:
    """The 95th percentiles of each round, by who painted."""

    dab: dict[str, list[float]] = field(default_factory=dict)
    up: dict[str, list[float]] = field(default_factory=dict)
    undo: dict[str, list[float]] = field(default_factory=dict)
    redo: dict[str, list[float]] = field(default_factory=dict)


def _strokes(scale: Scale) -> Iterator[Comparison]:
    from PySide6.QtCore import QCoreApplication

    from studio.app import application

    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    app = QCoreApplication.instance() or application(["bench"])
    with tempfile.TemporaryDirectory(prefix="pentimento-") as folder:
        ids = page(scale.side)
        ours, floor, peer = Ours(ids, Path(folder)), Floor(ids), _napari(ids)
        try:
            figures = _alternate(scale, {OURS: ours, FLOOR: floor, NAPARI: peer})
            yield from _rows(scale, figures)
            yield from _history(scale, ours, peer)
        finally:
            ours.close()
    del app


def _napari(ids: Pixels) -> Napari | None:
    """napari, if it is here; else say how to get it."""
    try:
        return Napari(ids)
    except ImportError:
        listed = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
        (wanted,) = listed["project"]["optional-dependencies"]["bench"]
        say(
            "napari is not installed, so nothing stands beside our strokes; get it with: "
            f"{sys.executable} -m pip install '{wanted}'"
        )
        return None


def _alternate(scale: Scale, painters: dict[str, Any]) -> Figures:
    """Everybody paints the same strokes, in an order that turns; the first round is not counted."""
    found, rng = Figures(), np.random.default_rng(0)
    present = {name: painter for name, painter in painters.items() if painter is not None}
    for number in range(-1, scale.rounds):
        given = list(strokes(rng, scale.side, scale.strokes, scale.dabs))
        names = list(present)[number % len(present) :] + list(present)[: number % len(present)]
        for name in names:
            gc.collect()
            times = _round(present[name], given)
            for figure, seconds in zip(
                (found.dab, found.up, found.undo, found.redo), times, strict=True
            ):
                if number >= 0 and seconds:
                    figure.setdefault(name, []).append(p95(seconds))
    return found


def _round(painter: Painter, given: Sequence[Stroke]) -> tuple[list[float], ...]:
    """Seconds of dabs, of the pen going up, of undoing and of redoing each stroke."""
    dabs, ups, undone, redone = [], [], [], []
    for stroke in given:
        seconds, up = painter.paint(stroke)
        dabs += seconds
        if isinstance(painter, Floor):
            continue
        ups.append(up)
        undone.append(_timed(painter.undo))
        redone.append(_timed(painter.redo))
    return dabs, ups, undone, redone


def _rows(scale: Scale, figures: Figures) -> Iterator[Comparison]:
    for what, seconds, most in (
        ("a dab, tool to pixels", figures.dab, DAB_SECONDS),
        ("undo of a stroke", figures.undo, STEP_SECONDS),
        ("redo of a stroke", figures.redo, STEP_SECONDS),
    ):
        words = f"{what}, p95, {scale.page}"
        yield scale.limit(words, seconds[OURS], most)
        for peer in (NAPARI, FLOOR):
            if peer in seconds:
                both = {name: tuple(seconds[name]) for name in (OURS, peer)}
                yield Comparison(words, OURS, peer, Timings(both))
    up = scale.limit(f"the pen goes up, p95, {scale.page}", figures.up[OURS], STEP_SECONDS)
    yield Comparison(up.what, up.name, up.peer, up.timings)


def _history(scale: Scale, ours: Ours, peer: Napari | None) -> Iterator[Comparison]:
    """The bytes of many strokes; ours are painted until so many are there."""
    from studio.history import MOST_BYTES

    more = scale.steps - len(ours.history.done)
    for stroke in strokes(np.random.default_rng(1), scale.side, more, scale.dabs):
        ours.paint(stroke)
    kept = len(ours.history.done)
    what = f"history of {scale.steps} strokes, {kept} of them kept, {scale.page}"
    megabytes = ours.bytes / 1e6
    others = {"the bound": MOST_BYTES / 1e6, LIMIT: HISTORY_MEGABYTES}
    for name, limit in others.items():
        wanted = scale.wanted if kept == scale.steps else scale.wanted * 1e9
        yield _megabytes(what, megabytes, name, limit, wanted)
    if peer is not None:
        yield _megabytes(what, megabytes, NAPARI, peer.bytes * scale.steps / 1e6)


def _megabytes(what: str, ours: float, peer: str, theirs: float, wanted: float = 0.0) -> Memory:
    return Memory(what, OURS, peer, Timings({OURS: (ours,), peer: (theirs,)}), wanted)


# In the window ------------------------------------------------------------------------------------


class Table(Desk):
    """A window with a large page, and hands that pan and undo as well."""

    def sent(self, canvases: Sequence[Any], times: int, send: Callable[[int], None]) -> list[float]:
        """Seconds from each event until all those canvases have been painted after it."""
        found = []
        for number in range(times):
            start = time.perf_counter()
            send(number)
            after = [self._seen(canvas, start) for canvas in canvases]
            self.until(partial(_all, after), "no paint")
            found.append(max(self._painted[c] for c in canvases) - start)
        self.rest()
        return found

    def dabs(self, moves: int) -> list[float]:
        """Seconds from each move of the pen to paint on the layout's canvas."""
        return self._strokes(self.window.desktop.first, moves)

    def keys(self, text: str, times: int) -> list[float]:
        """Seconds from each press of a shortcut to paint on the layout's canvas."""
        from PySide6.QtTest import QTest

        first = self.window.desktop.first
        first.setFocus()
        return self.sent([first], times, lambda number: QTest.keySequence(first, text))

    def pan(self, moves: int) -> list[float]:
        """Seconds from each move of a dragged view to paint on both canvases."""
        from PySide6.QtCore import QPointF, Qt

        canvas = self.window.desktop.first
        middle, none = Qt.MouseButton.MiddleButton, Qt.MouseButton.NoButton
        centre = QPointF(canvas.width() / 2, canvas.height() / 2)

        def send(number: int) -> None:
            turn = number / 6
            off = QPointF(60 * np.sin(turn), 45 * (1 - np.cos(turn)))
            self.mouse(canvas, "MouseMove", centre + off, none, middle)

        self.mouse(canvas, "MouseButtonPress", centre, middle, middle)
        try:
            send(0)
            return self.sent(
                [canvas, self.window.desktop.second], moves, lambda number: send(number + 1)
            )
        finally:
            self.mouse(canvas, "MouseButtonRelease", centre, middle, none)

    def mouse(self, canvas: Any, kind: str, place: Any, button: Any, held: Any) -> None:
        """Send a mouse event to a canvas."""
        from PySide6.QtCore import QEvent, Qt
        from PySide6.QtGui import QMouseEvent

        spot, keys = canvas.mapToGlobal(place), Qt.KeyboardModifier.NoModifier
        event = QMouseEvent(QEvent.Type[kind], place, spot, button, held, keys)
        self.app.sendEvent(canvas, event)


@contextmanager
def table(side: int) -> Iterator[Table]:
    """A window with a page of that side, cleared up afterwards."""
    with tempfile.TemporaryDirectory(prefix="pentimento-") as folder:
        made = Table(Path(folder), side, BRUSH)
        try:
            yield made
        finally:
            made.close()


def _window(scale: Scale) -> Iterator[Comparison]:
    steps = max(scale.moves // 10, 1)  # strokes that are undone and redone, a round
    with table(scale.side) as hands:
        view = hands.studio.view
        for how in ("fitted", "1:1"):
            if how == "fitted":
                view.fit()
            else:
                view.zoom_to(1.0)
            hands.rest()
            found: dict[str, list[float]] = {name: [] for name in WINDOW_LIMITS}
            for number in range(-1, scale.rounds):
                drawn = [t for _ in range(steps) for t in hands.dabs(scale.moves // steps)]
                times = {"a dab": drawn}
                times["undo"] = hands.keys("Ctrl+Z", steps)
                times["redo"] = hands.keys("Ctrl+Y", steps)
                times["panning"] = hands.pan(scale.moves)
                for name in found if number >= 0 else ():
                    found[name].append(p95(times[name]))
            for name, (most, judged) in WINDOW_LIMITS.items():
                what = f"{name}, event to painted canvas, p95, {scale.page}, {how}"
                row = scale.limit(what, found[name], most)
                yield row if judged else Comparison(row.what, row.name, row.peer, row.timings)


# In a process of its own --------------------------------------------------------------------------


def _memory(scale: Scale) -> Iterator[Comparison]:
    """What a document with picture layers takes in a studio, beside its bare pixels."""
    count = max(scale.steps // 5, 12)
    code = f"from studio.bench.canvas import memory; memory({scale.side}, {count})"
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    environment.setdefault("QT_QPA_PLATFORM", "offscreen")
    words = [sys.executable, "-P", "-c", code]
    done = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=900)
    try:
        told: dict[str, float] = json.loads(done.stdout)
    except ValueError as error:
        raise UserError(f"The studio did not start: {done.stderr.strip()[-500:]}") from error
    what = f"{scale.side} x {scale.side}, {PICTURES} picture layers, {count} strokes"
    beyond = f"resident beyond an empty page: {what}"
    yield _megabytes(beyond, told["more"], "its pixels", told["pixels"])
    yield _megabytes(f"history: {what}", told["history"], "its pixels", told["pixels"])
    for name in ("empty", "whole", "peak"):
        say(f"{what}: resident {name} {told[name]:.0f} MB")


def memory(side: int, count: int) -> None:
    """Tell on stdout, in megabytes, what a studio holds before and after such a document."""
    with table(16) as hands:
        hands.rest()
        gc.collect()
        empty = resident()
        document = photographic(side, hands.studio.session.scene)
        pixels = sum(plane.nbytes for plane in document.planes.values())
        hands.studio.files.show(document)
        del document
        hands.rest()
        session, tools = hands.studio.session, hands.studio.tools
        layers = [session.active, *(n for n in session.document.planes if n != session.active)]
        rng, most = np.random.default_rng(2), 0.0
        for number, (kind, points) in enumerate(strokes(rng, side, count, 40)):
            session.activate(layers[number % len(layers)])
            tools.choose(kind)
            tools.press((float(points[0, 1]), float(points[0, 0])))
            for row, column in points[1:].tolist():
                tools.move((column + 0.5, row + 0.5))
            tools.release()
            hands.app.processEvents()
            most = max(most, resident())
        hands.rest()
        gc.collect()
        whole, history = resident(), session.history.bytes / 1e6
        told = {"empty": empty, "whole": whole, "peak": most, "history": history}
        print(json.dumps(told | {"more": whole - empty, "pixels": pixels / 1e6}), flush=True)
    os._exit(0)


def photographic(side: int, scene: Any) -> "Document":
    """A page with picture layers that are as hard to compress as photographs."""
    from dataclasses import replace

    from studio.document.document import Document
    from studio.document.layers import LAYOUT, Kind, Layer

    rng = np.random.default_rng(3)
    planes = {LAYOUT: page(side)}
    shown = []
    for number in range(10, 10 + PICTURES):
        plane = np.full((side, side, 4), 255, np.uint8)
        light = np.linspace(40, 200, side, dtype=np.float32)[:, None, None]
        plane[..., :3] = light + rng.integers(-9, 10, (side, side, 3), np.int8)
        planes[number] = plane
        shown.append(Layer(number, Kind.PICTURE, f"Photo {number}", opacity=0.5))
    layers = (*shown, *scene.layers)
    return Document.of((side, side), planes, replace(scene, layers=layers))


def _all(facts: Sequence[Callable[[], bool]]) -> bool:
    return all(fact() for fact in facts)


def _timed(call: Callable[..., object], *given: object) -> float:
    start = time.perf_counter()
    call(*given)
    return time.perf_counter() - start
