"""Documents as OpenRaster files, which Krita and GIMP open too.

They see the layout in class colours and the last picture above it. What only we understand is in
`pentimento/`. Where another program repainted the layout's colours, these win.
https://www.openraster.org
"""

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from engines import files
from engines.data.pictures import resize_picture
from engines.data.spec import PaletteClass
from engines.errors import UserError
from engines.ports import Size
from studio.document import png
from studio.document.archive import Archive, put
from studio.document.carried import Result, read_result
from studio.document.colors import fingerprint, rendering, reread
from studio.document.document import MOST_SIDE, Document, Edit, base_layout, tile_count
from studio.document.keepsakes import Keepsake, put_keepsakes, take_keepsakes
from studio.document.layers import FIRST
from studio.document.members import (
    DOCUMENT,
    MOST_MEMBER,
    Plain,
    put_document,
    put_history,
    take_document,
    take_history,
    take_plain,
)
from studio.document.packing import TILE_BYTES, fits, nearest, pictures_in
from studio.document.scene import Picture, Scene
from studio.document.stack import Layer, Stack, read_stack
from studio.history import History

Pixels = npt.NDArray[np.uint8]
MIMETYPE = b"image/openraster"
STACK = "stack.xml"
MERGED = "mergedimage.png"
THUMBNAIL = "Thumbnails/thumbnail.png"
LAYOUT = Layer("Pentimento layout", "data/layout.png")  # Other programs keep a layer's name.
PICTURE = Layer("Pentimento picture", "data/picture.png")
HISTORY_BYTES = 64_000_000
HISTORY_CHANGES = 2000
MOST_RESULTS = 10
_MOST_HISTORY = 2 * HISTORY_BYTES
_MOST_TILES = HISTORY_BYTES // TILE_BYTES
_MOST_PICTURES = 1000
_MOST_PIXELS = 300_000_000  # of all pictures
_MOST_XML = 4_000_000
_MOST_RESULT = 100_000_000


@dataclass(frozen=True, eq=False)
class Opened:
    """A document from a file; `warnings` are sentences for the artist."""

    history: History
    results: tuple[Result, ...] = ()
    warnings: tuple[str, ...] = ()
    keepsakes: tuple[Keepsake, ...] = ()


def write(
    path: Path,
    history: History,
    picture: Pixels | None = None,
    results: Sequence[Result] = (),
    keepsakes: Sequence[Keepsake] = (),
) -> None:
    """Write the document with its history, the last picture (H, W, 3) of any size as a layer, the
    results, newest first, and the gallery; whole or not at all. UserError where that fails.

    Any thread may call it with a `History.copy()`.
    """
    kept = nearest(history, HISTORY_BYTES, HISTORY_CHANGES)
    document, results = history.document, results[:MOST_RESULTS]
    colored = rendering(document.ids, document.scene.palette)
    layout = png.encode(colored, flat=True)
    merged, small, layers = layout, colored, [LAYOUT]
    if picture is not None:
        small = resize_picture(picture, document.size)
        merged = png.encode(small)
        layers = [PICTURE, LAYOUT]
    needed = pictures_in(kept)
    if sum(entry.pixels.size for entry in needed.values()) > 3 * _MOST_PIXELS:
        raise UserError(
            f"{path.name} was not saved: its style pictures and underlay are too large together; "
            "use smaller ones."
        )
    more = {"pictures": list(needed), "results": [_result(i) for i in range(len(results))]}
    base = base_layout(document.scene.layers)
    with files.writing(path) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        put(archive, "mimetype", MIMETYPE)
        put(archive, STACK, Stack(document.size, tuple(layers)).to_xml())
        put(archive, LAYOUT.src, layout)
        if picture is not None:
            put(archive, PICTURE.src, merged)
        put(archive, MERGED, merged)
        put(archive, THUMBNAIL, _thumbnail(small))
        about = {base: {"image": LAYOUT.src, "hash": fingerprint(colored)}}
        put_document(archive, document, about, more)
        put_history(archive, kept)
        for sha, entry in needed.items():
            put(archive, _picture(sha), png.encode(entry.pixels))
        for i, result in enumerate(results):
            put(archive, _result(i), result.png)
        put_keepsakes(archive, keepsakes)


def read(path: Path, classes: tuple[PaletteClass, ...] = ()) -> Opened:
    """The document in an .ora file; UserError in one sentence if it is none or broken.

    A file of another program becomes a photo underlay; if our layout layer went through that
    program, its colours are read as `classes`.
    """
    with Archive(path) as archive:
        if "mimetype" in archive and archive.read("mimetype", 1000).strip() != MIMETYPE:
            raise UserError(f"{path.name} is no OpenRaster document; open it as a picture.")
        if DOCUMENT in archive:
            return _ours(archive)
        if STACK in archive or MERGED in archive:
            return _foreign(archive, classes)
        raise UserError(f"{path.name} is no OpenRaster document; choose another file.")


# Our own -----------------------------------------------------------------------------------------


def _ours(archive: Archive) -> Opened:
    plain = take_plain(archive)
    pictures = _pictures(archive, plain)
    document = take_document(archive, plain, pictures)
    warnings: list[str] = []
    try:
        history = take_history(archive, document, pictures, _MOST_HISTORY)
        _check(archive, history)
    except UserError:  # The picture is worth more than the way there.
        history = History(document)
        warnings.append("The undo history in the file is broken and was left out.")
    try:
        names = [str(name) for name in plain["results"]][:MOST_RESULTS]
        results = tuple(read_result(archive.read(name, _MOST_RESULT)) for name in names)
    except (UserError, KeyError, TypeError):
        results = ()
        warnings.append("The last results in the file are broken and were left out.")
    history = _repainted(archive, plain, history, warnings)
    try:
        keepsakes = take_keepsakes(archive)
    except UserError:
        keepsakes = ()
        warnings.append("The gallery in the file is broken and was left out.")
    return Opened(history, results, tuple(warnings), keepsakes)


def _pictures(archive: Archive, plain: Plain) -> dict[str, Picture]:
    """The pictures that the scene or the history name, each once."""
    found: dict[str, Picture] = {}
    left = _MOST_PIXELS
    try:
        names = [str(sha) for sha in plain["pictures"]]
    except (KeyError, TypeError) as error:
        raise archive.broken(f"{DOCUMENT} in it is wrong: {error!r}") from error
    if len(names) > _MOST_PICTURES:
        raise archive.broken(f"it has more than {_MOST_PICTURES} pictures")
    for sha in names:
        data = archive.read(_picture(sha), MOST_MEMBER)
        image = png.decode(data, f"style picture in {archive.path.name}", left)
        left -= image.width * image.height
        found[sha] = Picture(png.rgb(image))
    return found


def _check(archive: Archive, history: History) -> None:
    """Refuse a history that would unpack to too much, or not at all when it is undone."""
    changes = (*history.done, *history.undone)
    if sum(map(tile_count, changes)) > _MOST_TILES:
        raise archive.broken("its history is too long")
    if not fits(history):
        raise archive.broken("its history does not fit")


def _repainted(archive: Archive, plain: Plain, history: History, warnings: list[str]) -> History:
    """The history, with what another program did to the layout's colours as its last change."""
    document = history.document
    try:
        layer = next(dict(e) for e in plain["layers"] if "hash" in e)
        source, known = str(layer["image"]), str(layer["hash"])
        stack = read_stack(archive.read(STACK, _MOST_XML), archive.path.name)
        pixels = _canvas(archive, stack.size, next(e for e in stack.layers if e.src == source))
    except (UserError, KeyError, TypeError, StopIteration):
        warnings.append("The layout's picture in the file is missing or broken; the ids were kept.")
        return history
    if fingerprint(pixels) == known:
        return history
    same = stack.size == document.size
    ids, strange = reread(pixels, document.scene.palette, document.ids if same else None)
    warnings.append(_told(strange))
    if not same:
        return History(Document(ids, replace(document.scene, layers=FIRST)))
    edit = Edit(document, "Repainted elsewhere", base_layout(document.scene.layers))
    edit.replace(ids)
    if (change := edit.finish()) is not None:
        history.add(change)
    return history


def _told(strange: int) -> str:
    told = "Another program changed the layout, so its colours were read as classes."
    if strange:
        told += f" {strange} pixels had no class's colour and took the nearest."
    return told


# Others' -----------------------------------------------------------------------------------------


def _foreign(archive: Archive, classes: tuple[PaletteClass, ...]) -> Opened:
    """A blank document with the merged image to trace, or our layout as it came back."""
    name = archive.path.name
    if STACK in archive and classes:
        stack = read_stack(archive.read(STACK, _MOST_XML), name)
        layouts = [layer for layer in stack.layers if layer.name == LAYOUT.name]
        if layouts:
            ids, strange = reread(_canvas(archive, stack.size, layouts[0]), classes)
            return Opened(History(Document(ids, Scene(palette=classes))), (), (_told(strange),))
    data = archive.read(MERGED, MOST_MEMBER)
    image = png.decode(data, f"picture in {name}", MOST_SIDE * MOST_SIDE)
    if max(image.size) > MOST_SIDE:
        raise _too_large(name, (image.height, image.width))
    merged = Picture(png.rgb(image), name)
    scene = Scene(palette=classes, underlay=merged)
    return Opened(History(Document.blank((image.height, image.width), scene)))


def _canvas(archive: Archive, size: Size, layer: Layer) -> Pixels:
    """A layer's RGBA on a canvas of the file's size: other programs crop what is transparent."""
    if max(size) > MOST_SIDE:
        raise _too_large(archive.path.name, size)
    data = archive.read(layer.src, MOST_MEMBER)
    image = png.decode(data, f"layer in {archive.path.name}", MOST_SIDE * MOST_SIDE)
    pixels = np.asarray(image.convert("RGBA"))
    if layer.x == layer.y == 0 and pixels.shape[:2] == size:
        return pixels
    canvas = np.zeros((*size, 4), np.uint8)
    top, left = max(layer.y, 0), max(layer.x, 0)
    part = pixels[top - layer.y :, left - layer.x :][
        : max(size[0] - top, 0), : max(size[1] - left, 0)
    ]
    canvas[top : top + part.shape[0], left : left + part.shape[1]] = part
    return canvas


def _too_large(name: str, size: Size) -> UserError:
    return UserError(
        f"{name} is {size[1]} x {size[0]} pixels, more than {MOST_SIDE} a side; make it smaller."
    )


# Members -----------------------------------------------------------------------------------------


def _picture(sha: str) -> str:
    return f"pentimento/pictures/{sha}.png"


def _result(index: int) -> str:
    return f"pentimento/results/{index}.png"


def _thumbnail(pixels: Pixels) -> bytes:
    """At most 256 pixels a side, as OpenRaster asks."""
    step = max(-(-max(pixels.shape[:2]) // 256), 1)
    return png.encode(np.ascontiguousarray(pixels[::step, ::step]))
