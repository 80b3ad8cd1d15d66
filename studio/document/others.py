"""OpenRaster files as other programs leave them: their layers become ours.

A layer whose name bears a mark, or that we know by its member, was one of ours: a layout, read by
its colours, or the model's picture.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from PIL import Image

from engines.data.spec import PaletteClass
from engines.errors import UserError
from engines.ports import Size
from studio.document import png
from studio.document.archive import Archive
from studio.document.colors import fingerprint, reread
from studio.document.document import MOST_SIDE, Document
from studio.document.importing import rgba
from studio.document.layers import (
    FIRST,
    LAYOUT,
    MOST_NAME,
    RENDER,
    Kind,
    Layer,
    Layers,
    check,
    walk,
)
from studio.document.scene import Scene
from studio.document.stack import NORMAL, Entries, Entry, Stack, blend_of

Pixels = npt.NDArray[np.uint8]
STACK = "stack.xml"
MERGED = "mergedimage.png"
MOST_XML = 4_000_000
MOST_PNG = 512_000_000
MOST_BYTES = 2_000_000_000  # of all layers
MARKS = {Kind.LAYOUT: " [layout]", Kind.RENDER: " [model]"}  # Other programs keep a layer's name.


@dataclass(frozen=True, eq=False)
class Known:
    """One of our layers: as it was, its picture's fingerprint, and its ids if it is a layout."""

    layer: Layer
    hash: str
    ids: Pixels | None = None


def marked(layer: Layer) -> str:
    """What other programs are told that a layer is called."""
    mark = MARKS.get(layer.kind, "")
    return layer.name[: MOST_NAME - len(mark)] + mark


def told(strange: int) -> str:
    """What an artist is told of a layout that was read again by its colours."""
    text = "Another program changed the layout, so its colours were read as classes."
    if strange:
        text += f" {strange} pixels had no class's colour and took the nearest."
    return text


class Others:
    """Makes a document of a stack. `classes` are what layouts are read as."""

    def __init__(
        self,
        archive: Archive,
        stack: Stack,
        classes: tuple[PaletteClass, ...],
        known: Mapping[str, Known] | None = None,
    ) -> None:
        self.warnings: list[str] = []
        self._archive, self._stack, self._classes = archive, stack, classes
        self._known = dict(known or {})
        self._planes: dict[int, Pixels] = {}
        self._used: set[int] = set()
        self._reserved = {LAYOUT, RENDER, *(k.layer.id for k in self._known.values())}
        self._left = MOST_BYTES
        self._strange = self._modes = 0
        self._reread = self._painted = self._opened = False

    def document(self, scene: Scene) -> Document:
        """The document with that scene but for its layers; UserError where it cannot be read."""
        if not self._stack.layers:
            raise self._archive.broken("it has no layers")
        tree = self._tree(self._stack.entries)
        kinds = [layer.kind for layer in walk(tree)]
        if Kind.RENDER not in kinds:
            tree += (replace(FIRST[0], id=self._number(RENDER)),)
        if Kind.LAYOUT not in kinds:
            tree += (replace(FIRST[1], id=self._number(LAYOUT)),)
        try:
            check(tree)
        except ValueError as error:
            raise self._archive.broken(error) from error
        self._tell()
        return Document.of(self._stack.size, self._planes, replace(scene, layers=tree))

    def _tree(self, entries: Entries) -> Layers:
        found: list[Layer] = []
        for entry in entries:
            if not entry.group:
                found += self._layer(entry)
            elif not entry.isolated and entry.visible and _mixes(entry):
                # Our groups stand alone, and the picture is worth more than the group.
                self._opened = True
                found += self._tree(entry.children)
            else:
                layer = self._plain(entry, Kind.GROUP, self._number())
                found.append(replace(layer, children=self._tree(entry.children)))
        return tuple(found)

    def _layer(self, entry: Entry) -> list[Layer]:
        pixels = canvas(self._archive, self._stack.size, entry)
        known = self._known.pop(entry.src, None)
        kind = known.layer.kind if known else _kind(entry.name)
        same = known is not None and fingerprint(pixels) == known.hash
        if kind is Kind.LAYOUT and (known or self._classes):
            number = self._number(known.layer.id if known else LAYOUT)
            self._keep(number, self._ids(pixels, known, same))
            return [replace(self._plain(entry, kind, number), opacity=1.0, blend="normal")]
        if kind is Kind.RENDER and RENDER not in self._used:
            live = self._plain(entry, kind, self._number(RENDER))
            if same:
                return [live]
            # Somebody may have painted on it: it is a picture now, above the model's.
            self._painted = True
            return [*self._picture(entry, pixels, None), live]
        return self._picture(entry, pixels, known)

    def _picture(self, entry: Entry, pixels: Pixels, known: Known | None) -> list[Layer]:
        number = self._number(known.layer.id if known else 0)
        if pixels[..., 3].any():
            self._keep(number, pixels)
        return [self._plain(entry, Kind.PICTURE, number)]

    def _ids(self, pixels: Pixels, known: Known | None, same: bool) -> Pixels:
        ids = known.ids if known and known.ids is not None else None
        if ids is not None and ids.shape != pixels.shape[:2]:
            ids = None
        if same and ids is not None:
            return ids
        self._reread = True
        found, strange = reread(pixels, self._classes, ids)
        self._strange += strange
        return found

    def _plain(self, entry: Entry, kind: Kind, number: int) -> Layer:
        blend = blend_of(entry.op)
        if blend is None:
            self._modes += 1
        name = entry.name.removesuffix(MARKS.get(_kind(entry.name), ""))
        return Layer(
            number, kind, name, entry.visible, entry.opacity, blend or "normal", entry.locked
        )

    def _number(self, wanted: int = 0) -> int:
        """An id that is free: the wanted one if it is."""
        number = wanted
        if not wanted or wanted in self._used:
            number = max(self._reserved | self._used) + 1
        self._used.add(number)
        return number

    def _keep(self, number: int, plane: Pixels) -> None:
        self._left -= plane.nbytes
        if self._left < 0:
            raise UserError(
                f"{self._archive.path.name} has too many layers of that size; merge some."
            )
        self._planes[number] = plane

    def _tell(self) -> None:
        if self._reread:
            self.warnings.append(told(self._strange))
        if self._painted:
            self.warnings.append(
                "The model's picture came back as a layer of its own; hide it to see the model's."
            )
        if self._modes:
            self.warnings.append(
                f"{self._modes} layers have blend modes that are unknown here and are normal now."
            )
        if self._opened:
            self.warnings.append(
                "Groups whose layers blend with what is below them were taken apart, so that the "
                "picture stays the same."
            )


def merged_picture(archive: Archive) -> Pixels:
    """The merged picture of a file, uint8 (H, W, 4); UserError where it is missing or too large."""
    data = archive.read(MERGED, MOST_PNG)
    image = png.decode(data, f"picture in {archive.path.name}", MOST_SIDE * MOST_SIDE)
    if max(image.size) > MOST_SIDE:
        raise too_large(archive.path.name, (image.height, image.width))
    return _rgba(archive, image)


def canvas(archive: Archive, size: Size, entry: Entry) -> Pixels:
    """A layer's RGBA on a sheet of the file's size: other programs crop what is transparent."""
    if max(size) > MOST_SIDE:
        raise too_large(archive.path.name, size)
    data = archive.read(entry.src, MOST_PNG)
    image = png.decode(data, f"layer in {archive.path.name}", MOST_SIDE * MOST_SIDE)
    pixels = _rgba(archive, image)
    if entry.x == entry.y == 0 and pixels.shape[:2] == size:
        return pixels
    sheet = np.zeros((*size, 4), np.uint8)
    top, left = max(entry.y, 0), max(entry.x, 0)
    part = pixels[top - entry.y :, left - entry.x :][
        : max(size[0] - top, 0), : max(size[1] - left, 0)
    ]
    sheet[top : top + part.shape[0], left : left + part.shape[1]] = part
    return sheet


def too_large(name: str, size: Size) -> UserError:
    """The sentence for a file with too many pixels."""
    return UserError(
        f"{name} is {size[1]} x {size[0]} pixels, more than {MOST_SIDE} a side; make it smaller."
    )


def _rgba(archive: Archive, image: Image.Image) -> Pixels:
    try:
        return rgba(image)
    except Exception as error:  # Pillow raises what it likes on odd pictures.
        raise archive.broken(error) from error


def _kind(name: str) -> Kind:
    return next((kind for kind, mark in MARKS.items() if name.endswith(mark)), Kind.PICTURE)


def _mixes(group: Entry) -> bool:
    """Whether a group that is open below has layers that look at what is below."""
    return any(
        child.op != NORMAL or (child.group and not child.isolated and _mixes(child))
        for child in group.children
        if child.visible
    )
