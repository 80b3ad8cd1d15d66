"""Documents as OpenRaster files, which Krita and GIMP open too.

They see every layer as a picture, layouts in class colours. What only we understand is in
`pentimento/`. Where another program repainted a layout's colours, these win.
https://www.openraster.org
"""

import hashlib
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from engines import files
from engines.data.spec import PaletteClass
from engines.errors import UserError
from studio.document import png
from studio.document.archive import Archive, put
from studio.document.carried import Result, read_result
from studio.document.changes import Both, Change, tile_count
from studio.document.colors import fingerprint, reread
from studio.document.document import Document
from studio.document.edit import Edit
from studio.document.keepsakes import Keepsake, put_keepsakes, take_keepsakes
from studio.document.layers import FIRST, LAYOUT, MOST_NAME, RENDER, Kind, Layer, Layers, find, walk
from studio.document.members import (
    DOCUMENT,
    MOST_MEMBER,
    MOST_PLANES,
    Plain,
    put_document,
    put_history,
    take_document,
    take_history,
    take_plain,
)
from studio.document.others import (
    MERGED,
    MOST_XML,
    STACK,
    Known,
    Others,
    canvas,
    marked,
    merged_picture,
    told,
)
from studio.document.packing import TILE_BYTES, fits, nearest, pictures_in
from studio.document.raster import whole
from studio.document.scene import Picture, Scene
from studio.document.showing import Showing
from studio.document.stack import Entries, Entry, Stack, op_of, read_stack
from studio.history import History

Pixels = npt.NDArray[np.uint8]
MIMETYPE = b"image/openraster"
THUMBNAIL = "Thumbnails/thumbnail.png"
HISTORY_BYTES = 64_000_000
HISTORY_CHANGES = 2000
MOST_RESULTS = 10
_MOST_HISTORY = 2 * HISTORY_BYTES
_MOST_TILES = HISTORY_BYTES // TILE_BYTES
_MOST_PICTURES = 1000
_MOST_PIXELS = 300_000_000  # of all pictures
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
    """Write the document with its history, the last picture (H, W, 3) of any size as what the live
    layer shows, and the results, newest first; whole or not at all. UserError where it cannot be
    written.

    Any thread may call it with a `History.copy()`.
    """
    kept = nearest(history, HISTORY_BYTES, HISTORY_CHANGES)
    document, results = history.document, results[:MOST_RESULTS]
    needed = pictures_in(kept)
    if sum(entry.pixels.size for entry in needed.values()) > 3 * _MOST_PIXELS:
        raise UserError(
            f"{path.name} was not saved: its style pictures and underlay are too large together; "
            "use smaller ones."
        )
    if sum(plane.nbytes for plane in document.planes.values()) > MOST_PLANES:
        raise UserError(
            f"{path.name} was not saved: its layers are too large together; merge some."
        )
    more: Plain = {"pictures": list(needed), "results": [_result(i) for i in range(len(results))]}
    showing = Showing(document, picture)
    stack = Stack(document.size, _entries(document.scene.layers, showing)).to_xml()
    more["stack"] = hashlib.sha256(stack).hexdigest()
    with files.writing(path) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        put(archive, "mimetype", MIMETYPE)
        put(archive, STACK, stack)
        about = _put_layers(archive, document, showing, more)
        merged = showing.merged()
        put(archive, MERGED, png.encode(_opaque(merged), flat=not showing.colourful))
        put(archive, THUMBNAIL, _thumbnail(merged))
        put_document(archive, document, about, more)
        put_history(archive, kept)
        for sha, entry in needed.items():
            put(archive, _picture(sha), png.encode(entry.pixels))
        for i, result in enumerate(results):
            put(archive, _result(i), result.png)
        put_keepsakes(archive, keepsakes)


def read(path: Path, classes: tuple[PaletteClass, ...] = ()) -> Opened:
    """The document in an .ora file; UserError in one sentence if it is none or broken.

    The layers of another program's file become picture layers; if a layout of ours went through
    that program, its colours are read as `classes`.
    """
    with Archive(path) as archive:
        if "mimetype" in archive and archive.read("mimetype", 1000).strip() != MIMETYPE:
            raise UserError(f"{path.name} is no OpenRaster document; open it as a picture.")
        if DOCUMENT in archive:
            return _ours(archive)
        if STACK in archive or MERGED in archive:
            return _foreign(archive, classes)
        raise UserError(f"{path.name} is no OpenRaster document; choose another file.")


# Writing -----------------------------------------------------------------------------------------


def _entries(tree: Layers, showing: Showing) -> Entries:
    """What other programs are told of the layers."""
    entries = []
    for layer in tree:
        if layer.kind is Kind.RENDER and showing.picture is None:
            continue
        entry = Entry(marked(layer), _member(layer), visible=layer.visible, locked=layer.locked)
        if layer.kind is Kind.GROUP:
            entry = replace(entry, src="", children=_entries(layer.children, showing))
        if layer.kind is not Kind.LAYOUT:
            entry = replace(entry, opacity=layer.opacity, op=op_of(layer.blend))
        entries.append(entry)
    return tuple(entries)


def _put_layers(
    archive: zipfile.ZipFile, document: Document, showing: Showing, more: Plain
) -> dict[int, Plain]:
    """Write each layer's picture; what document.json is to say of it. The live one's goes to
    `more`.
    """
    about: dict[int, Plain] = {}
    for layer in walk(document.scene.layers):
        member = _member(layer)
        if layer.kind is Kind.GROUP or (layer.kind is Kind.RENDER and showing.picture is None):
            continue
        pixels = showing(layer, whole(document.size))
        if pixels is None:
            put(archive, member, png.encode(np.zeros((1, 1, 4), np.uint8)))
            continue
        written = _opaque(pixels) if layer.kind is Kind.RENDER else pixels
        put(archive, member, png.encode(written, flat=layer.kind is Kind.LAYOUT))
        if layer.kind is Kind.PICTURE:
            about[layer.id] = {"plane": member, "hash": fingerprint(pixels)}
        else:
            entry = {"image": member, "hash": fingerprint(pixels)}
            if layer.kind is Kind.LAYOUT:
                about[layer.id] = entry
            else:
                more["live"] = entry
    return about


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
    try:
        keepsakes = take_keepsakes(archive)
    except UserError:
        keepsakes = ()
        warnings.append("The gallery in the file is broken and was left out.")
    history = _changed_elsewhere(archive, plain, history, warnings)
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


def _changed_elsewhere(
    archive: Archive, plain: Plain, history: History, warnings: list[str]
) -> History:
    """The history, with what another program did to the layouts' colours as its last change; a
    new one where that program changed the layers themselves.
    """
    document = history.document
    try:
        data = archive.read(STACK, MOST_XML)
        stack, known = read_stack(data, archive.path.name), _known(plain, document)
    except (UserError, KeyError, TypeError, ValueError):
        warnings.append(_KEPT)
        return history
    written = plain.get("stack", hashlib.sha256(data).hexdigest())
    if stack.size != document.size or written != hashlib.sha256(data).hexdigest():
        others = Others(archive, stack, document.scene.palette, known)
        try:
            changed = History(others.document(document.scene))
        except UserError:
            warnings.append(_KEPT)
            return history
        warnings += (*others.warnings, "Another program changed the layers; undo begins anew.")
        return changed
    if any(_repainted(document, was) for was in known.values()):
        warnings.append("Another program painted on a picture layer; undo begins anew.")
        history = History(document)  # What it painted is in no step.
    parts: list[Change] = []
    total = 0
    for entry in stack.layers:
        if entry.src not in known or known[entry.src].ids is None:
            continue
        try:
            pixels = canvas(archive, stack.size, entry)
        except UserError:
            warnings.append(_KEPT)
            continue
        was = known[entry.src]
        if fingerprint(pixels) == was.hash:
            continue
        ids, strange = reread(pixels, document.scene.palette, was.ids)
        total += strange
        edit = Edit(document, "Repainted elsewhere", was.layer.id)
        edit.replace(ids)
        if (change := edit.finish()) is not None:
            parts.append(change)
    if parts:
        warnings.append(told(total))
        history.add(parts[0] if len(parts) == 1 else Both("Repainted elsewhere", parts))
    return history


def _repainted(document: Document, was: Known) -> bool:
    """Whether a picture layer is not as it was written."""
    plane = document.planes.get(was.layer.id) if was.layer.kind is Kind.PICTURE else None
    return plane is not None and was.hash not in ("", fingerprint(plane))


_KEPT = (
    "A layer's picture in the file is missing or broken; what Pentimento wrote beside it was kept."
)


def _known(plain: Plain, document: Document) -> dict[str, Known]:
    """Our layers by the member with their picture; KeyError and the like where told wrong."""
    found = {}
    entries = [dict(entry) for entry in plain["layers"]]
    if "live" in plain:
        entries.append({"id": RENDER, **plain["live"]})
    for entry in entries:
        layer = find(document.scene.layers, int(entry.get("id", LAYOUT)))  # Format 1 has one.
        member = entry.get("image", entry.get("plane"))
        if layer is not None and member is not None:
            ids = document.planes.get(layer.id) if layer.kind is Kind.LAYOUT else None
            found[str(member)] = Known(layer, str(entry.get("hash", "")), ids)
    return found


# Others' -----------------------------------------------------------------------------------------


def _foreign(archive: Archive, classes: tuple[PaletteClass, ...]) -> Opened:
    """Another program's layers as ours, or its merged picture where they cannot be read."""
    scene, trouble = Scene(palette=classes), ""
    if STACK in archive:
        try:
            others = Others(
                archive, read_stack(archive.read(STACK, MOST_XML), archive.path.name), classes
            )
            return Opened(History(others.document(scene)), (), tuple(others.warnings))
        except UserError as error:
            if MERGED not in archive:
                raise
            trouble = str(error)
    pixels = merged_picture(archive)
    number = max(LAYOUT, RENDER) + 1
    layer = Layer(number, Kind.PICTURE, archive.path.stem[:MOST_NAME])
    scene = replace(scene, layers=(layer, *FIRST))
    document = Document.of((pixels.shape[0], pixels.shape[1]), {number: pixels}, scene)
    said = f"Its layers could not be read, so that all is in one. {trouble}" if trouble else ""
    return Opened(History(document), (), (said,) if said else ())


# Members -----------------------------------------------------------------------------------------


def _member(layer: Layer) -> str:
    return f"data/layer{layer.id}.png"


def _picture(sha: str) -> str:
    return f"pentimento/pictures/{sha}.png"


def _result(index: int) -> str:
    return f"pentimento/results/{index}.png"


def _opaque(pixels: Pixels) -> Pixels:
    """RGBA without alpha where nothing is clear: a quarter less to pack."""
    return pixels[..., :3] if pixels[..., 3].min() == 255 else pixels


def _thumbnail(pixels: Pixels) -> bytes:
    """At most 256 pixels a side, as OpenRaster asks."""
    step = max(-(-max(pixels.shape[:2]) // 256), 1)
    return png.encode(np.ascontiguousarray(pixels[::step, ::step]))
