"""What an .ora and the studio's own backup have in common: the members in `pentimento/`.

`document.json` (format, size, scene, layers), the ids of each layout layer, and the history.
"""

import zipfile
from collections.abc import Mapping
from typing import Any

import numpy as np

from engines.errors import UserError
from studio.document import png
from studio.document.archive import Archive, put, put_json
from studio.document.document import MOST_SIDE, Document
from studio.document.packing import pack_history, unpack_history
from studio.document.scene import Picture, Scene
from studio.history import History

FORMAT = 1
DOCUMENT = "pentimento/document.json"
IDS = "pentimento/ids/0.png"
HISTORY = "pentimento/history.json"
TILES = "pentimento/history.bin"
MOST_JSON = 16_000_000  # bytes
MOST_MEMBER = 512_000_000

Plain = dict[str, Any]


def put_document(
    archive: zipfile.ZipFile, document: Document, layer: Plain, layers: list[Plain], more: Plain
) -> None:
    """Write document.json and the ids. `layer` is what else is said of the layout layer, `layers`
    are the others, from the bottom up.
    """
    plain = {
        "format": FORMAT,
        "made_with": "Pentimento",
        "size": list(document.size),
        "scene": document.scene.to_json(),
        "layers": [{"kind": "layout", "ids": IDS, **layer}, *layers],
        **more,
    }
    put_json(archive, DOCUMENT, plain)
    put(archive, IDS, png.encode(document.ids, flat=True))


def put_history(archive: zipfile.ZipFile, history: History) -> None:
    """Write all done and undone changes."""
    plain, blobs = pack_history(history)
    put_json(archive, HISTORY, plain)
    put(archive, TILES, blobs)


def take_plain(archive: Archive) -> Plain:
    """document.json; UserError where a newer Pentimento wrote it."""
    plain = archive.json(DOCUMENT, MOST_JSON)
    written = plain.get("format")
    if not isinstance(written, int) or written < 1:
        raise archive.broken("its format has no number")
    if written > FORMAT:
        raise UserError(
            f"{archive.path.name} was saved by a newer Pentimento; update this one to open it."
        )
    return plain


def take_document(archive: Archive, plain: Plain, pictures: Mapping[str, Picture]) -> Document:
    """The document that document.json and the ids describe; UserError where they do not."""
    try:
        height, width = (int(side) for side in plain["size"])
        scene, ids = Scene.from_json(plain["scene"], pictures), layout_layer(plain)["ids"]
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise archive.broken(f"{DOCUMENT} in it is wrong: {error!r}") from error
    if not (0 < height <= MOST_SIDE and 0 < width <= MOST_SIDE):
        raise archive.broken(f"it is {width} x {height} pixels, not 1 to {MOST_SIDE} a side")
    data = archive.read(str(ids), MOST_MEMBER)
    image = png.decode(data, f"layout in {archive.path.name}", height * width)
    if image.mode != "L" or image.size != (width, height):
        raise archive.broken("its layout is of another size or kind")
    return Document(np.array(image), scene)


def layout_layer(plain: Plain) -> Plain:
    """What document.json says of the layout layer; KeyError, ValueError and the like."""
    (layer,) = (dict(layer) for layer in plain["layers"] if layer["kind"] == "layout")
    return layer


def take_history(
    archive: Archive, document: Document, pictures: Mapping[str, Picture], most: int = MOST_MEMBER
) -> History:
    """The history of the document from members of at most so many bytes; UserError if wrong."""
    plain = archive.json(HISTORY, most)
    blob = archive.read(TILES, most)
    try:
        return unpack_history(document, plain, blob, pictures)
    except UserError:
        raise
    except Exception as error:  # A stranger's JSON can be wrong in more ways than can be named.
        raise archive.broken(f"its history is wrong: {error!r}") from error
