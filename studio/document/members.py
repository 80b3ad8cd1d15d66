"""What an .ora and the studio's own backup have in common: the members in `pentimento/`.

`document.json` (format, size, scene, layers), the plane of each layer, and the history.
"""

import zipfile
from collections.abc import Mapping
from typing import Any

import numpy as np

from engines.errors import UserError
from studio.document import png
from studio.document.archive import Archive, put, put_json
from studio.document.document import MOST_SIDE, Document
from studio.document.layers import LAYOUT, Kind, walk
from studio.document.packing import pack_history, unpack_history
from studio.document.scene import Picture, Scene
from studio.history import History

FORMAT = 2  # 1 had a single layer
DOCUMENT = "pentimento/document.json"
HISTORY = "pentimento/history.json"
TILES = "pentimento/history.bin"
MOST_JSON = 16_000_000  # bytes
MOST_MEMBER = 512_000_000
MOST_PLANES = 4_000_000_000  # bytes of all layers

Plain = dict[str, Any]


def put_document(
    archive: zipfile.ZipFile, document: Document, about: Mapping[int, Plain], more: Plain
) -> None:
    """Write document.json and the planes, of layouts the blank ones too. `about` is what else is
    said of a layer, by its id; its "plane" is the member that holds the plane already.
    """
    layers = []
    for layer in walk(document.scene.layers):
        if layer.kind is Kind.LAYOUT or layer.id in document.planes:
            member = f"pentimento/layers/{layer.id}.png"
            entry: Plain = {"kind": layer.kind.value, "id": layer.id, "plane": member}
            entry |= about.get(layer.id, {})
            layers.append(entry)
            if entry["plane"] == member:
                plane = document.plane(layer.id)
                put(archive, member, png.encode(plane, flat=layer.kind is Kind.LAYOUT))
    plain = {
        "format": FORMAT,
        "made_with": "Pentimento",
        "size": list(document.size),
        "scene": document.scene.to_json(),
        "active": document.active,
        "layers": layers,
        **more,
    }
    put_json(archive, DOCUMENT, plain)


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
    """The document that document.json and the planes describe; UserError where they do not."""
    try:
        height, width = (int(side) for side in plain["size"])
        scene, members = Scene.from_json(plain["scene"], pictures), planes_in(plain)
        channels = {layer.id: layer.channels for layer in walk(scene.layers) if layer.channels}
        layouts = {number for number, count in channels.items() if count == 1}
        if not layouts <= members.keys() <= channels.keys():
            raise ValueError("its layers and their pixels do not match")
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise archive.broken(f"{DOCUMENT} in it is wrong: {error!r}") from error
    if not (0 < height <= MOST_SIDE and 0 < width <= MOST_SIDE):
        raise archive.broken(f"it is {width} x {height} pixels, not 1 to {MOST_SIDE} a side")
    planes = {}
    left = MOST_PLANES
    for number, member in members.items():
        data = archive.read(member, MOST_MEMBER)
        image = png.decode(data, f"layer in {archive.path.name}", height * width)
        mode = "L" if channels[number] == 1 else "RGBA"
        left -= height * width * channels[number]
        if image.mode != mode or image.size != (width, height) or left < 0:
            raise archive.broken("a layer in it is of another size or kind, or they are too large")
        planes[number] = np.array(image)
    document = Document.of((height, width), planes, scene)
    if isinstance(active := plain.get("active"), int):
        document.active = active
    return document


def planes_in(plain: Plain) -> dict[int, str]:
    """The member of each layer's plane; KeyError, ValueError and the like if it is wrong."""
    if plain["format"] == 1:
        (layer,) = (layer for layer in plain["layers"] if layer["kind"] == "layout")
        return {LAYOUT: str(layer["ids"])}
    return {int(layer["id"]): str(layer["plane"]) for layer in plain["layers"]}


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
