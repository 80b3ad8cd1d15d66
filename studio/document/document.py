"""A document: the planes of its layers and a scene, and the only ways to change them."""

import zlib
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from engines.ports import UNPAINTED, Size
from studio.document.layers import LAYOUT, Kind, Layers, find, layouts, walk
from studio.document.raster import NOTHING, Area, Bools, Shape, pixelwise, whole
from studio.document.scene import Scene

Pixels = npt.NDArray[np.uint8]
TILE = 256  # pixels a side of what a change keeps
MOST_SIDE = 8192


def blank(size: Size, channels: int) -> Pixels:
    """A plane with nothing on it: unpainted ids (H, W), or clear RGBA (H, W, 4)."""
    if channels == 1:
        return np.full(size, UNPAINTED, np.uint8)
    return np.zeros((*size, channels), np.uint8)


class Document:
    """Changed through `Edit` and the changes below alone.

    `planes` holds what is painted, by layer: uint8 ids (H, W), 255 where unpainted, or straight
    RGBA (H, W, 4). A layer without a plane is blank.
    """

    def __init__(self, ids: Pixels, scene: Scene | None = None) -> None:
        """One whose lowest layout layer shows `ids`, uint8 (H, W)."""
        scene = scene or Scene()
        self.size: Size = (ids.shape[0], ids.shape[1])
        self.planes: dict[int, Pixels] = {}
        self._active = 0
        self._shown: tuple[int, ...] = ()
        self._composed: Pixels | None = None
        self._stale = NOTHING
        self.scene = scene
        self.planes[base_layout(scene.layers)] = ids

    @classmethod
    def blank(cls, size: Size, scene: Scene | None = None) -> "Document":
        """An unpainted document of (height, width) pixels."""
        return cls(blank(size, 1), scene)

    @classmethod
    def of(cls, size: Size, planes: Mapping[int, Pixels], scene: Scene) -> "Document":
        """A document of these planes, each of that size and of its layer's channels; planes of no
        layer are left out.
        """
        document = cls.blank(size, scene)
        document.planes = dict(planes)
        document.scene = scene
        return document

    @property
    def scene(self) -> Scene:
        """Everything but the pixels."""
        return self._scene

    @scene.setter
    def scene(self, scene: Scene) -> None:
        self._scene = scene
        known = {layer.id for layer in walk(scene.layers)}
        self.planes = {number: p for number, p in self.planes.items() if number in known}
        shown = tuple(layer.id for layer in layouts(scene.layers))
        if shown != self._shown:
            self._shown, self._composed = shown, None

    @property
    def active(self) -> int:
        """The layer that is painted on; the lowest layout while the one that was chosen is gone."""
        there = find(self.scene.layers, self._active) is not None
        return self._active if there else base_layout(self.scene.layers)

    @active.setter
    def active(self, number: int) -> None:
        self._active = number

    @property
    def ids(self) -> Pixels:
        """The class map (H, W), to read: of all layout layers shown, the topmost painted class."""
        if len(self._shown) == 1:
            return self.plane(self._shown[0])
        if self._composed is None:
            self._composed, self._stale = blank(self.size, 1), whole(self.size)
        if not self._stale.empty:
            self._compose(self._stale.within(self.size))
            self._stale = NOTHING
        seen: Pixels = self._composed.view()
        seen.setflags(write=False)
        return seen

    def plane(self, number: int, channels: int = 0) -> Pixels:
        """What is painted on a layer. Channels are the layer's unless told, for one that is not in
        the scene at present.
        """
        if not channels:
            layer = find(self.scene.layers, number)
            if layer is None and number in self.planes:
                return self.planes[number]  # It was told its channels, and comes into the scene.
            channels = layer.channels if layer else 0
            if not channels:
                raise ValueError(f"layer {number} has no pixels")
        found = self.planes.get(number)
        if found is None or found.ndim != (2 if channels == 1 else 3):
            found = self.planes[number] = blank(self.size, channels)
        return found

    def touch(self, area: Area) -> None:
        """Say that a plane changed there."""
        self._stale = self._stale.union(area)

    def resize(self, size: Size, planes: Mapping[int, Pixels]) -> None:
        """Take planes of another size in place of all."""
        self.size, self.planes, self._composed = size, dict(planes), None

    def copy(self) -> "Document":
        """One that stays as it is when this is painted on."""
        planes = {number: plane.copy() for number, plane in self.planes.items()}
        document = Document.of(self.size, planes, self.scene)
        document.active = self._active
        return document

    def _compose(self, area: Area) -> None:
        assert self._composed is not None
        part = self._composed[area.slices]
        part[:] = UNPAINTED
        for number in reversed(self._shown):
            if number in self.planes:
                above = self.plane(number)[area.slices]
                np.copyto(part, above, where=above != UNPAINTED)


def base_layout(tree: Layers) -> int:
    """The lowest layout layer, one that is shown if any is."""
    shown = layouts(tree) or tuple(e for e in walk(tree) if e.kind is Kind.LAYOUT)
    return shown[-1].id


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
            area = _tile(place, document.size)
            part = plane[area.slices]
            other = self.beyond(place, part)
            if self.states:
                differing[place] = _pack(part ^ other)
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
            part = plane[_tile(place, document.size).slices]
            tiles[place] = _pack(part ^ self.beyond(place, part))
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
            area = _tile((row, column), size)
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
        packed = {n: (1 if p.ndim == 2 else p.shape[2], _pack(p)) for n, p in planes.items()}
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


class Edit:
    """Painting on one layer in progress: it keeps what each tile was when it is first touched."""

    def __init__(
        self,
        document: Document,
        label: str,
        layer: int | None = None,
        within: Bools | None = None,
        spared: Collection[int] | None = None,
    ) -> None:
        """On the active layer unless told. Only pixels `within` (H, W), a selection, are changed,
        and none that shows a class of `spared`: those that the scene protects unless told.
        """
        self.document, self.label = document, label
        self.layer = document.active if layer is None else layer
        self.plane = document.plane(self.layer)
        self.within = within
        self.spared = document.scene.spared if spared is None else tuple(spared)
        self._before: dict[tuple[int, int], Pixels] = {}

    @property
    def channels(self) -> int:
        """1 on a layout, 4 on a picture."""
        return 1 if self.plane.ndim == 2 else self.plane.shape[2]

    def paint(self, shape: Shape, value: Any) -> Area:
        """Set the shape's pixels to a class id or an RGBA colour, or to those of an array of the
        shape's area; the area touched comes back.
        """
        area = shape.area
        if area.empty:
            return NOTHING
        self._keep(area)
        part, mask = self.plane[area.slices], shape.mask
        if self.within is not None:
            inside = self.within[area.slices]
            mask = inside if mask is None else mask & inside
        if self.spared and self.plane.ndim == 2:
            free = ~np.isin(part, self.spared) & ~np.isin(
                self.document.ids[area.slices], self.spared
            )
            mask = free if mask is None else mask & free
        if part.ndim == 3:
            value = np.ascontiguousarray(value, np.uint8).view(np.uint32)[..., 0]
        np.copyto(pixelwise(part), value, where=True if mask is None else mask)
        self.document.touch(area)
        return area

    def replace(self, plane: Pixels) -> Area:
        """Put another plane of the same size in place, whatever is selected or spared."""
        area = whole(self.document.size)
        self._keep(area)
        self.plane[:] = plane
        self.document.touch(area)
        return area

    def finish(self) -> TileChange | None:
        """The change that was made; None when every pixel is as it was."""
        tiles = {}
        for place, before in self._before.items():
            differing = before ^ self.plane[_tile(place, self.document.size).slices]
            if differing.any():
                tiles[place] = _pack(differing)
        return TileChange(self.label, tiles, self.layer, self.channels) if tiles else None

    def cancel(self) -> Area:
        """Put everything back as it was; the area touched."""
        touched = NOTHING
        for place, before in self._before.items():
            area = _tile(place, self.document.size)
            self.plane[area.slices] = before
            touched = touched.union(area)
        self._before.clear()
        self.document.touch(touched)
        return touched

    def _keep(self, area: Area) -> None:
        for place in _tiles(area):
            if place not in self._before:
                part = self.plane[_tile(place, self.document.size).slices]
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
