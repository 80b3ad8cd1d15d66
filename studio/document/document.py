"""A document: a layout of class ids and a scene, and the only ways to change them."""

import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from engines.ports import UNPAINTED, Size
from studio.document.raster import NOTHING, Area, Shape, whole
from studio.document.scene import Scene

Pixels = npt.NDArray[np.uint8]
TILE = 256  # pixels a side of what a change keeps
MOST_SIDE = 8192


@dataclass(eq=False)
class Document:
    """`ids` uint8 (H, W), 255 where unpainted. Changed through `Edit` and `SceneChange` alone."""

    ids: Pixels
    scene: Scene = field(default_factory=Scene)

    @classmethod
    def blank(cls, size: Size, scene: Scene | None = None) -> "Document":
        """An unpainted document of (height, width) pixels."""
        return cls(np.full(size, UNPAINTED, np.uint8), scene or Scene())

    @property
    def size(self) -> Size:
        """(height, width) in pixels."""
        return self.ids.shape[0], self.ids.shape[1]

    def copy(self) -> "Document":
        """One that stays as it is when this is painted on."""
        return Document(self.ids.copy(), self.scene)


@dataclass(eq=False)
class TileChange:
    """Tiles of the layout as they are not now: the state before when it is done, else after.

    `tiles` maps (row, column) of a tile to its ids, compressed.
    """

    label: str
    tiles: dict[tuple[int, int], bytes]

    @property
    def bytes(self) -> int:
        """The memory that it takes."""
        return sum(len(tile) + 100 for tile in self.tiles.values())

    def swap(self, document: Document) -> Area:
        """Exchange its tiles with the document's, which undoes or redoes it; the area touched."""
        touched = NOTHING
        for place, packed in self.tiles.items():
            area = _tile(place, document.size)
            part = document.ids[area.slices]
            self.tiles[place] = _pack(part)
            part[:] = np.frombuffer(zlib.decompress(packed), np.uint8).reshape(part.shape)
            touched = touched.union(area)
        return touched

    def seen_from(self, document: Document) -> "TileChange":
        """The same change as `swap` would leave it: for a journal, which tells what is new."""
        areas = {place: _tile(place, document.size) for place in self.tiles}
        return TileChange(
            self.label, {p: _pack(document.ids[area.slices]) for p, area in areas.items()}
        )

    def copy(self) -> "TileChange":
        """One that stays as it is when this is swapped."""
        return TileChange(self.label, dict(self.tiles))

    def fits(self, size: Size) -> bool:
        """Whether each tile is one of a layout of that size, and whole; for strangers' files."""
        rows, columns = (-(-side // TILE) for side in size)
        for (row, column), packed in self.tiles.items():
            if not (0 <= row < rows and 0 <= column < columns):
                return False
            area, unpacker = _tile((row, column), size), zlib.decompressobj()
            expected = (area.bottom - area.top) * (area.right - area.left)
            try:
                found = len(unpacker.decompress(packed, expected + 1))
            except zlib.error:
                return False
            if found != expected or not unpacker.eof:
                return False
        return True


@dataclass(eq=False)
class SceneChange:
    """Another scene. Changes of one `merge` key in a row, a slider being dragged say, are one."""

    label: str
    scene: Scene
    merge: str = ""

    @property
    def bytes(self) -> int:
        """The memory that it takes, pictures left out: they are shared."""
        return 2000

    def swap(self, document: Document) -> Area:
        """Exchange its scene with the document's; no pixel of the layout is touched."""
        self.scene, document.scene = document.scene, self.scene
        return NOTHING

    def seen_from(self, document: Document) -> "SceneChange":
        """The same change as `swap` would leave it."""
        return SceneChange(self.label, document.scene, self.merge)

    def copy(self) -> "SceneChange":
        """One that stays as it is when this is swapped."""
        return SceneChange(self.label, self.scene, self.merge)

    def fits(self, size: Size) -> bool:
        """Whether it can be done to a document of that size."""
        return True


@dataclass(eq=False)
class Both:
    """Several changes that are undone together, as opening an example."""

    label: str
    parts: list["Change"]

    @property
    def bytes(self) -> int:
        """The memory that they take."""
        return sum(part.bytes for part in self.parts)

    def swap(self, document: Document) -> Area:
        """Exchange all, in the order that undoes; the same order redoes since none overlap."""
        touched = NOTHING
        for part in self.parts:
            touched = touched.union(part.swap(document))
        return touched

    def seen_from(self, document: Document) -> "Both":
        """The same change as `swap` would leave it."""
        return Both(self.label, [part.seen_from(document) for part in self.parts])

    def copy(self) -> "Both":
        """One that stays as it is when this is swapped."""
        return Both(self.label, [part.copy() for part in self.parts])

    def fits(self, size: Size) -> bool:
        """Whether it can be done to a document of that size."""
        return all(part.fits(size) for part in self.parts)


Change = TileChange | SceneChange | Both


def tile_count(change: Change) -> int:
    """How many tiles a change keeps."""
    if isinstance(change, Both):
        return sum(map(tile_count, change.parts))
    return len(change.tiles) if isinstance(change, TileChange) else 0


class Edit:
    """Painting in progress: it keeps what each tile was when it is first touched."""

    def __init__(self, document: Document, label: str) -> None:
        self.document, self.label = document, label
        self._before: dict[tuple[int, int], Pixels] = {}

    def paint(self, shape: Shape, value: int) -> Area:
        """Set the shape's pixels to a class id; the area touched comes back."""
        if shape.area.empty:
            return NOTHING
        self._keep(shape.area)
        part = self.document.ids[shape.area.slices]
        if shape.mask is None:
            part[:] = value
        else:
            part[shape.mask] = value
        return shape.area

    def replace(self, ids: Pixels) -> Area:
        """Put another layout of the same size in place."""
        area = whole(self.document.size)
        self._keep(area)
        self.document.ids[:] = ids
        return area

    def finish(self) -> TileChange | None:
        """The change that was made; None when every pixel is as it was."""
        tiles = {}
        for place, before in self._before.items():
            now = self.document.ids[_tile(place, self.document.size).slices]
            if not np.array_equal(before, now):
                tiles[place] = _pack(before)
        return TileChange(self.label, tiles) if tiles else None

    def cancel(self) -> Area:
        """Put everything back as it was; the area touched."""
        touched = NOTHING
        for place, before in self._before.items():
            area = _tile(place, self.document.size)
            self.document.ids[area.slices] = before
            touched = touched.union(area)
        self._before.clear()
        return touched

    def _keep(self, area: Area) -> None:
        for place in _tiles(area):
            if place not in self._before:
                part = self.document.ids[_tile(place, self.document.size).slices]
                self._before[place] = part.copy()


@contextmanager
def editing(document: Document, label: str) -> Iterator[Edit]:
    """An edit that is taken back where the code within fails."""
    edit = Edit(document, label)
    try:
        yield edit
    except BaseException:
        edit.cancel()
        raise


def translate(ids: Pixels, names: Mapping[int, int]) -> Pixels:
    """Ids under another numbering; those that it does not name are unpainted."""
    table = np.full(256, UNPAINTED, np.uint8)
    for old, new in names.items():
        table[old] = new
    result: Pixels = table[ids]
    return result


def _tiles(area: Area) -> Iterator[tuple[int, int]]:
    for row in range(area.top // TILE, -(-area.bottom // TILE)):
        for column in range(area.left // TILE, -(-area.right // TILE)):
            yield row, column


def _tile(place: tuple[int, int], size: Size) -> Area:
    row, column = place
    return Area(row * TILE, column * TILE, (row + 1) * TILE, (column + 1) * TILE).within(size)


def _pack(part: Pixels) -> bytes:
    return zlib.compress(part.tobytes(), 1)
