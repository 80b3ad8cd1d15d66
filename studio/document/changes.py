"""The changes of a document: tiles of a layer, another scene, another size. Each undoes itself."""

import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from engines.ports import Size
from studio.document.document import MOST_SIDE, Document, Pixels
from studio.document.layers import LAYOUT, layouts
from studio.document.raster import NOTHING, Area, whole
from studio.document.scene import Scene

TILE = 256  # pixels a side of what a change keeps


@dataclass(eq=False)
class TileChange:
    """Tiles of a layer by what differs in them (exclusive or) before and after: the same undoes
    and redoes, and what was not painted costs nothing.

    `tiles` maps (row, column) of a tile to those bytes, compressed; `channels` as a layer's.
    `states`: the bytes are the tile as it is not now, as in the first files that had histories.
    """

    label: str
    tiles: dict[tuple[int, int], bytes]
    layer: int = LAYOUT
    channels: int = 1
    states: bool = False

    def __post_init__(self) -> None:
        self._bytes = sum(len(tile) + 100 for tile in self.tiles.values())

    @property
    def bytes(self) -> int:
        """The memory that it takes."""
        return self._bytes

    def beyond(self, place: tuple[int, int], pixels: Pixels) -> Pixels:
        """A tile on the other side of the change, of what it is on this side."""
        found = np.frombuffer(zlib.decompress(self.tiles[place]), np.uint8).reshape(pixels.shape)
        return found if self.states else found ^ pixels

    def swap(self, document: Document) -> Area:
        """Undo or redo it in the document; the area touched."""
        touched = NOTHING
        plane = document.plane(self.layer, self.channels)
        differing = {}
        for place in self.tiles:
            area = tile_area(place, document.size)
            part = plane[area.slices]
            other = self.beyond(place, part)
            if self.states:
                differing[place] = packed_pixels(part ^ other)
            part[:] = other
            touched = touched.union(area)
        if self.states:
            self.tiles, self.states = differing, False
            self.__post_init__()
        document.touch(touched)
        return touched

    def seen_from(self, document: Document) -> "TileChange":
        """The same change as `swap` would leave it: for a journal, which tells what is new."""
        if not self.states:
            return self.copy()
        plane = document.plane(self.layer, self.channels)
        tiles = {}
        for place in self.tiles:
            part = plane[tile_area(place, document.size).slices]
            tiles[place] = packed_pixels(part ^ self.beyond(place, part))
        return TileChange(self.label, tiles, self.layer, self.channels)

    def copy(self) -> "TileChange":
        """One that stays as it is when this is swapped."""
        return TileChange(self.label, dict(self.tiles), self.layer, self.channels, self.states)

    def fits(self, size: Size) -> Size | None:
        """The document's size after it where it can be done to one of `size`: each tile is one of
        it, and whole. None where it cannot; for strangers' files.
        """
        rows, columns = (-(-side // TILE) for side in size)
        for (row, column), packed in self.tiles.items():
            if not (0 <= row < rows and 0 <= column < columns):
                return None
            area = tile_area((row, column), size)
            pixels = (area.bottom - area.top) * (area.right - area.left)
            if not _unpacks_to(packed, pixels * self.channels):
                return None
        return size


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
        """Exchange its scene with the document's; what the layout layers show may change."""
        self.scene, document.scene = document.scene, self.scene
        return shown_otherwise(self.scene, document)

    def seen_from(self, document: Document) -> "SceneChange":
        """The same change as `swap` would leave it."""
        return SceneChange(self.label, document.scene, self.merge)

    def copy(self) -> "SceneChange":
        """One that stays as it is when this is swapped."""
        return SceneChange(self.label, self.scene, self.merge)

    def fits(self, size: Size) -> Size | None:
        """The document's size after it."""
        return size


def shown_otherwise(before: Scene, document: Document) -> Area:
    """What of the class map may differ from under the scene before."""
    same = layouts(before.layers) == layouts(document.scene.layers)
    return NOTHING if same else whole(document.size)


@dataclass(eq=False)
class SizeChange:
    """Another size, and every plane at it, compressed: a crop, a resize, a turn of the page.

    `planes` maps a layer to its channels and bytes.
    """

    label: str
    size: Size
    planes: dict[int, tuple[int, bytes]]

    @classmethod
    def to(cls, label: str, size: Size, planes: Mapping[int, Pixels]) -> "SizeChange":
        """The change to these planes, each of `size`."""
        packed = {
            n: (1 if p.ndim == 2 else p.shape[2], packed_pixels(p)) for n, p in planes.items()
        }
        return cls(label, size, packed)

    @property
    def bytes(self) -> int:
        """The memory that it takes."""
        return sum(len(packed) + 100 for _, packed in self.planes.values())

    def unpacked(self) -> dict[int, Pixels]:
        """The planes, by layer."""
        planes = {}
        for number, (channels, packed) in self.planes.items():
            shape = self.size if channels == 1 else (*self.size, channels)
            planes[number] = np.frombuffer(zlib.decompress(packed), np.uint8).reshape(shape).copy()
        return planes

    def swap(self, document: Document) -> Area:
        """Exchange size and planes with the document's; the area touched, all of it."""
        now = SizeChange.to(self.label, document.size, document.planes)
        document.resize(self.size, self.unpacked())
        self.size, self.planes = now.size, now.planes
        return whole(document.size)

    def seen_from(self, document: Document) -> "SizeChange":
        """The same change as `swap` would leave it."""
        return SizeChange.to(self.label, document.size, document.planes)

    def copy(self) -> "SizeChange":
        """One that stays as it is when this is swapped."""
        return SizeChange(self.label, self.size, dict(self.planes))

    def fits(self, size: Size) -> Size | None:
        """The document's size after it; None where its planes are not whole."""
        height, width = self.size
        if not (0 < height <= MOST_SIDE and 0 < width <= MOST_SIDE):
            return None
        sound = all(_unpacks_to(p, height * width * c) for c, p in self.planes.values())
        return self.size if sound else None


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

    def fits(self, size: Size) -> Size | None:
        """The document's size after all; None where one cannot be done."""
        now: Size | None = size
        for part in self.parts:
            now = part.fits(now) if now is not None else None
        return now


Change = TileChange | SceneChange | SizeChange | Both


def tile_count(change: Change) -> int:
    """How many tiles a change keeps."""
    if isinstance(change, Both):
        return sum(map(tile_count, change.parts))
    if isinstance(change, SizeChange):
        height, width = change.size
        return len(change.planes) * (-(-height // TILE)) * (-(-width // TILE))
    return len(change.tiles) if isinstance(change, TileChange) else 0


def tiles_of(area: Area) -> Iterator[tuple[int, int]]:
    """The places (row, column) of the tiles that have part in an area."""
    for row in range(area.top // TILE, -(-area.bottom // TILE)):
        for column in range(area.left // TILE, -(-area.right // TILE)):
            yield row, column


def tile_area(place: tuple[int, int], size: Size) -> Area:
    """Where a tile lies on a document of that size."""
    row, column = place
    return Area(row * TILE, column * TILE, (row + 1) * TILE, (column + 1) * TILE).within(size)


def packed_pixels(part: Pixels) -> bytes:
    """Pixels, or what differs between them, compressed fast."""
    # Runs alone do for colours, in a third of the time: photographs hardly repeat themselves.
    strategy = zlib.Z_DEFAULT_STRATEGY if part.ndim == 2 else zlib.Z_RLE
    packer = zlib.compressobj(1, zlib.DEFLATED, 15, 9, strategy)
    return packer.compress(np.ascontiguousarray(part).data) + packer.flush()


def _unpacks_to(packed: bytes, expected: int) -> bool:
    unpacker = zlib.decompressobj()
    try:
        return len(unpacker.decompress(packed, expected + 1)) == expected and unpacker.eof
    except zlib.error:
        return False
