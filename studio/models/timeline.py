"""The history as a line of steps to look at and to go along: names, small pictures, where we are.

A small picture shows what a step changed. It is put together from the few tiles that changes keep
anyway, without touching the document, one at a time while nothing else is to do.
"""

import weakref
from collections import OrderedDict, deque
from collections.abc import Collection, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject, QTimer, Signal

from engines.data.pictures import resize_picture
from engines.data.spec import palette
from engines.ports import UNPAINTED
from studio.document.changes import TILE, Both, Change, SceneChange, SizeChange, TileChange
from studio.document.document import Pixels, blank
from studio.document.raster import Area, bounds
from studio.document.scene import Picture, Scene
from studio.models.session import Session

HEIGHT, WIDTH = 42, 56  # of a small picture
MOST_KEPT = 400  # small pictures in memory: 3 MB
MOST_TILES = 36  # that one is made of; of more, some are looked at
CELLS = 256  # a side at most, before it is cut out and made small
DIM = 0.25  # of the colour of what stayed as it was
GREY, PALE = 128, 235
MOST_LOOKS = 80  # tiles of later steps to look through: some 10 ms; else the shape alone is shown
Place = tuple[int, int]
Part = TileChange | SceneChange | SizeChange


@dataclass(frozen=True, eq=False)
class Thumb:
    """What a step changed: a picture, uint8 (HEIGHT, WIDTH, 3), or the name of an icon."""

    pixels: Pixels | None
    icon: str = ""


class Timeline(QObject):
    """Step 0 is the beginning; step n the state after the nth change that is still known."""

    changed = Signal()  # the steps, or where we are
    thumbed = Signal(int)  # that step has its small picture

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self._kept: OrderedDict[int, tuple[weakref.ref[Change], Thumb]] = OrderedDict()
        self._wanted: deque[int] = deque(maxlen=60)  # what is seen now, not what was scrolled past
        self._timer = QTimer(self, singleShot=True, interval=0)
        self._timer.timeout.connect(self._make_one)
        session.stepped.connect(self._stepped)
        session.replaced.connect(self._replaced)

    # The steps ----------------------------------------------------------------------------------

    @property
    def steps(self) -> list[Change]:
        """All changes, the oldest first, undone ones at the end."""
        history = self.session.history
        return [*history.done, *reversed(history.undone)]

    @property
    def current(self) -> int:
        """The step that the document stands at."""
        return len(self.session.history.done)

    @property
    def count(self) -> int:
        """How many steps there are after the beginning."""
        return len(self.session.history.done) + len(self.session.history.undone)

    def label(self, step: int) -> str:
        """What a step is called."""
        return self.tr("Beginning") if step == 0 else self._change(step).label

    def go(self, step: int) -> None:
        """Undo or redo until the document stands at a step: the journal hears each."""
        step = min(max(step, 0), self.count)
        while self.current > step:
            self.session.undo()
        while self.current < step:
            self.session.redo()

    def _change(self, step: int) -> Change:
        done, undone = self.session.history.done, self.session.history.undone
        return done[step - 1] if step <= len(done) else undone[len(done) - step]

    def _stepped(self) -> None:
        if self.current:  # A slider that is dragged changes its step.
            self._kept.pop(id(self._change(self.current)), None)
        self.changed.emit()

    def _replaced(self) -> None:
        self._kept.clear()
        self._wanted.clear()
        self.changed.emit()

    # Small pictures -----------------------------------------------------------------------------

    def thumb(self, step: int) -> Thumb | None:
        """What a step changed; None where that is still being made, `thumbed` tells."""
        if step == 0:
            return Thumb(None, "new")
        change = self._change(step)
        found = self._kept.get(id(change))
        if found is not None and found[0]() is change:
            self._kept.move_to_end(id(change))
            return found[1]
        if step not in self._wanted:
            self._wanted.append(step)
            self._timer.start()
        return None

    def _make_one(self) -> None:
        if not self._wanted:
            return
        step = self._wanted.pop()
        if 0 < step <= self.count:
            change = self._change(step)
            self._kept[id(change)] = (weakref.ref(change), self._make(step))
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
            self.thumbed.emit(step)
        if self._wanted:
            self._timer.start()

    def _make(self, step: int) -> Thumb:
        parts = list(flat(self._change(step)))
        tiles = next((p for p in parts if isinstance(p, TileChange)), None)
        scene = next((p for p in parts if isinstance(p, SceneChange)), None)
        if any(isinstance(part, SizeChange) for part in parts):
            return Thumb(None, "fit")
        if tiles is not None and (pixels := self._painted(step, tiles)) is not None:
            return Thumb(pixels)
        if scene is not None:
            return seen(self._scene_at(step - 1), self._scene_at(step))
        return Thumb(None, "brush")

    def _painted(self, step: int, change: TileChange) -> Pixels | None:
        """What was painted, cut out, over the rest in grey; None where it cannot be told."""
        size = self.session.document.size
        outer = step - 1 if step <= self.current else step
        if any(isinstance(part, SizeChange) for part in self._between(outer)):
            return None
        places = sorted(change.tiles)
        places = places[:: -(-len(places) // MOST_TILES)]
        top, left = (min(place[axis] for place in places) * TILE for axis in (0, 1))
        bottom, right = ((max(place[axis] for place in places) + 1) * TILE for axis in (0, 1))
        area = Area(top, left, bottom, right).within(size)
        # A power of two, so that it divides a tile.
        stride = 1
        while max(area.bottom - area.top, area.right - area.left) / stride > CELLS:
            stride *= 2
        shown = self._plane(change)[area.slices][::stride, ::stride].copy()
        touched = np.zeros(shown.shape[:2], np.bool_)
        done = step <= self.current
        near = self._tiles_at(step if done else step - 1, change, places)
        for place in places:
            row, column = place
            at = Area(row * TILE, column * TILE, (row + 1) * TILE, (column + 1) * TILE).within(size)
            this = near[place] if near is not None else self._plane(change)[at.slices]
            far = change.beyond(place, this)
            pooled = pool(this != far, stride)
            y, x = (at.top - area.top) // stride, (at.left - area.left) // stride
            inner = np.s_[y : y + pooled.shape[0], x : x + pooled.shape[1]]
            touched[inner] = pooled
            if near is not None:
                shown[inner] = (this if done else far)[::stride, ::stride]
        cut = cut_out(touched)
        if cut is None:
            return np.full((HEIGHT, WIDTH, 3), GREY, np.uint8)
        colors = self._colors(shown[cut.rows, cut.columns])
        dim = (colors * DIM + GREY * (1 - DIM)).astype(np.uint8)
        dim[~cut.inside] = GREY
        if near is None:
            colors[:] = PALE
        return np.where(cut.painted[..., None], colors, dim)

    def _tiles_at(
        self, step: int, change: TileChange, places: Collection[Place]
    ) -> dict[Place, Pixels] | None:
        """Tiles of a layer after a step: as they are now, but for what changed in between. None
        where that were too much to look through.
        """
        plane = self._plane(change)
        found = {
            (row, column): plane[row * TILE : (row + 1) * TILE, column * TILE : (column + 1) * TILE]
            for row, column in places
        }
        over = [
            (part, place)
            for part in self._between(step)
            if isinstance(part, TileChange) and part.layer == change.layer
            for place in found.keys() & part.tiles.keys()
        ]
        if len(over) > MOST_LOOKS:
            return None
        for part, place in reversed(over):
            found[place] = part.beyond(place, found[place])
        return found

    def _between(self, step: int) -> list[Part]:
        """What changed between a step and now, the nearest to the step first."""
        done, undone = self.session.history.done, self.session.history.undone
        changes = done[step:] if step < len(done) else undone[len(undone) - step + len(done) :]
        return [part for change in changes for part in flat(change)]

    def _plane(self, change: TileChange) -> Pixels:
        """The layer as it is; nothing is put into the document for one that is gone."""
        document = self.session.document
        found = document.planes.get(change.layer)
        if found is None or found.ndim != (2 if change.channels == 1 else 3):
            return blank(document.size, change.channels)
        return found

    def _scene_at(self, step: int) -> Scene:
        """The scene after a step."""
        for part in self._between(step):
            if isinstance(part, SceneChange):
                return part.scene
        return self.session.scene

    def _colors(self, pixels: Pixels) -> Pixels:
        """Ids in their colours, RGBA over grey, as uint8 (H, W, 3)."""
        if pixels.ndim == 3:
            alpha = pixels[..., 3:].astype(np.float32) / 255
            return np.asarray(pixels[..., :3] * alpha + GREY * (1 - alpha), np.uint8)
        table = np.full((256, 3), GREY, np.uint8)
        classes = self.session.scene.palette
        table[: len(classes)] = palette(classes)
        table[UNPAINTED] = GREY
        return np.asarray(table[pixels])


def flat(change: Change) -> Iterator[Part]:
    """The parts of a change, none of which has parts."""
    if isinstance(change, Both):
        for part in change.parts:
            yield from flat(part)
    else:
        yield change


def pool(cells: npt.NDArray[np.bool_], stride: int) -> npt.NDArray[np.bool_]:
    """Whether anything is so in each square of `stride` pixels (and channels) of a tile."""
    found: npt.NDArray[np.bool_] = np.asarray(cells.any(2)) if cells.ndim == 3 else cells
    for axis in (0, 1):
        length = found.shape[axis]
        if length % stride:
            pad = [(0, 0), (0, 0)]
            pad[axis] = (0, -length % stride)
            found = np.pad(found, pad)
        first, *rest = (
            found[n::stride] if axis == 0 else found[:, n::stride] for n in range(stride)
        )
        found = first.copy()
        for part in rest:
            found |= part
    return found


@dataclass(frozen=True, eq=False)
class Cut:
    """Which cells a small picture shows, as rows and columns (HEIGHT, WIDTH); what of it was
    painted, and what lies on the page.
    """

    rows: npt.NDArray[np.intp]
    columns: npt.NDArray[np.intp]
    painted: npt.NDArray[np.bool_]
    inside: npt.NDArray[np.bool_]


def cut_out(touched: npt.NDArray[np.bool_]) -> Cut | None:
    """The part around what was touched, with a margin; None where nothing was."""
    area = bounds(touched)
    if area.empty:
        return None
    middle = (area.top + area.bottom) / 2, (area.left + area.right) / 2
    tall, wide = area.bottom - area.top, area.right - area.left
    height = max(tall * 1.3, wide * 1.3 * 0.75, 12.0)
    scale = height / HEIGHT
    y = np.floor(middle[0] + (np.arange(HEIGHT) + 0.5 - HEIGHT / 2) * scale).astype(np.intp)
    x = np.floor(middle[1] + (np.arange(WIDTH) + 0.5 - WIDTH / 2) * scale).astype(np.intp)
    on_page = [(at >= 0) & (at < side) for at, side in zip((y, x), touched.shape, strict=True)]
    inside = on_page[0][:, None] & on_page[1][None]
    down = np.repeat(y.clip(0, touched.shape[0] - 1)[:, None], WIDTH, 1)
    across = np.repeat(x.clip(0, touched.shape[1] - 1)[None], HEIGHT, 0)
    painted = touched[down, across] & inside
    if scale > 1:  # A thin line lies between the cells that were taken.
        found = np.nonzero(touched)
        at = tuple(
            ((cells + 0.5 - center) / scale + side / 2).astype(np.intp).clip(0, side - 1)
            for cells, center, side in zip(found, middle, (HEIGHT, WIDTH), strict=True)
        )
        down[at], across[at], painted[at] = found[0], found[1], True
    return Cut(down, across, painted, inside)


def seen(before: Scene, after: Scene) -> Thumb:
    """What two scenes differ in: a picture that came, or an icon for the kind of thing."""
    came = [p for sha, p in after.pictures.items() if sha not in before.pictures]
    if came:
        return Thumb(_fitted(came[0]))
    for differs, icon in (
        (before.model != after.model, "model"),
        (before.layers != after.layers, "layers"),
        (before.palette != after.palette, "palette"),
        (before.underlay != after.underlay, "underlay"),
        (before.seed != after.seed, "seed"),
        (before.locked != after.locked, "lock"),
    ):
        if differs:
            return Thumb(None, icon)
    return Thumb(None, "settings")


def _fitted(picture: Picture) -> Pixels:
    """A picture that covers the small size."""
    height, width = picture.pixels.shape[:2]
    scale = max(HEIGHT / height, WIDTH / width)
    size = max(round(height * scale), HEIGHT), max(round(width * scale), WIDTH)
    small = resize_picture(picture.pixels, size)
    top, left = (size[0] - HEIGHT) // 2, (size[1] - WIDTH) // 2
    return np.ascontiguousarray(small[top : top + HEIGHT, left : left + WIDTH])
