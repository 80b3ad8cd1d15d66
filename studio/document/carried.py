"""PNG that carries what it was made from: Request, passport and the whole document.

Dropped back, it restores the document; whoever else opens it sees a picture.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from engines import files
from engines.data.pictures import resize_picture
from engines.errors import UserError
from engines.request import Request
from engines.runtime.passport import PASSPORT, REQUEST, texts
from studio.document import png
from studio.document.document import MOST_SIDE, Document
from studio.document.layers import LAYOUT, Kind, removed, walk
from studio.document.scene import Picture, Scene
from studio.document.styles import Styles

Pixels = npt.NDArray[np.uint8]
FORMAT = 2  # 1 had a single layer
DOCUMENT = "pentimento:document"
MOST_FILE = 1_000_000_000  # bytes
_SIDES = (2048, 1024, 512, 256)  # to which the scene's pictures are shrunk until all fits
_MOST_PICTURES = 100


@dataclass(frozen=True, eq=False)
class Result:
    """A finished picture, uint8 (H, W, 3), and what made it: the document as it was then."""

    pixels: Pixels
    request: Request
    passport: Mapping[str, Any] = field(default_factory=dict)
    document: Document | None = None

    @cached_property
    def png(self) -> bytes:
        """As a PNG with all of it inside; made once, for results are saved again and again."""
        if self.document is None:
            return png.encode(self.pixels, texts(self.request, self.passport))
        return png_bytes(self.pixels, self.request, self.passport, self.document)


@dataclass(frozen=True)
class Carried:
    """What a PNG carries; pictures of the command line have no document."""

    document: Document | None
    request: Request | None
    passport: Mapping[str, Any]


def png_bytes(
    pixels: Pixels, request: Request, passport: Mapping[str, Any], document: Document
) -> bytes:
    """The picture, uint8 (H, W, 3), as a PNG; for the clipboard and for dragging."""
    carried = texts(request, passport)
    room = png.MOST_TEXT - sum(len(text.encode()) for text in carried.values())
    return png.encode(pixels, {**carried, DOCUMENT: _document_text(document, room)})


def write_png(
    path: Path, pixels: Pixels, request: Request, passport: Mapping[str, Any], document: Document
) -> None:
    """Write `png_bytes`, whole or not at all; UserError where it cannot be written."""
    files.write_bytes(path, png_bytes(pixels, request, passport, document))


def read_png(source: Path | bytes) -> Carried | None:
    """What a PNG carries, None where that is nothing or it is no PNG; UserError if garbled."""
    data = source if isinstance(source, bytes) else _read(source)
    if not data.startswith(png.SIGNATURE):
        return None
    found = png.texts(data, "pentimento:")
    if not found:
        return None
    return Carried(
        document=_document(found[DOCUMENT]) if DOCUMENT in found else None,
        request=Request.from_json(found[REQUEST]) if REQUEST in found else None,
        passport=_passport(found[PASSPORT]) if PASSPORT in found else {},
    )


def read_result(data: bytes) -> Result:
    """A `Result.png` again; UserError when it is none."""
    carried = read_png(data)
    if carried is None or carried.request is None:
        raise UserError("A result carries no request; render it anew.")
    pixels = png.rgb(png.decode(data, "result"))
    return Result(pixels, carried.request, carried.passport, carried.document)


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > MOST_FILE:
            raise UserError(f"{path.name} is larger than a gigabyte; choose a smaller picture.")
        with open(path, "rb") as file:
            start = file.read(len(png.SIGNATURE))
            return start + file.read() if start == png.SIGNATURE else start
    except OSError as error:
        raise UserError(f"{path.name} cannot be opened: {error.strerror or error}.") from error


def _passport(text: str) -> Mapping[str, Any]:
    try:
        plain = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UserError(f"The passport of this picture cannot be read ({error}).") from error
    if not isinstance(plain, dict):
        raise UserError("The passport of this picture cannot be read (it is no JSON object).")
    return plain


# The document ------------------------------------------------------------------------------------


def _document_text(document: Document, room: int) -> str:
    """The document as JSON of at most so many bytes: smaller pictures, then no picture layers."""
    for whole, side in ((document, _SIDES[0]), *((without_pictures(document), s) for s in _SIDES)):
        scene = _shrunk(whole.scene, side)
        plain = {
            "format": FORMAT,
            "scene": scene.to_json(),
            "pictures": {sha: _base64(p.pixels) for sha, p in scene.pictures.items()},
            "size": list(whole.size),
            "planes": {n: _base64(p, flat=p.ndim == 2) for n, p in whole.planes.items()},
        }
        text = json.dumps(plain, ensure_ascii=True, separators=(",", ":"))
        if len(text) <= room:
            return text
    raise UserError(
        "The picture cannot carry its document, for the pictures in that are too many; "
        "take some out, or save the document itself."
    )


def without_pictures(document: Document) -> Document:
    """The document but for its picture layers: all that the model's picture depends on."""
    layers = document.scene.layers
    for layer in walk(layers):
        if layer.kind is Kind.PICTURE:
            layers = removed(layers, layer.id)
    scene = replace(document.scene, layers=layers)
    return Document.of(document.size, document.planes, scene)


def _shrunk(scene: Scene, side: int) -> Scene:
    """The scene with its pictures at most `side` pixels high and wide."""

    def shrink(value: Any) -> Any:
        if isinstance(value, Styles):
            return value.each(shrink)
        if not isinstance(value, Picture) or max(value.pixels.shape) <= side:
            return value
        height, width = value.pixels.shape[:2]
        factor = side / max(height, width)
        size = max(round(height * factor), 1), max(round(width * factor), 1)
        return Picture(resize_picture(value.pixels, size), value.name)

    values = {name: shrink(value) for name, value in scene.values.items()}
    traced = scene.traced
    if traced is not None:
        traced = replace(traced, sure=shrink(traced.sure))
    return replace(scene, values=values, underlay=shrink(scene.underlay), traced=traced)


def _document(text: str) -> Document:
    try:
        plain = json.loads(text)
        if plain["format"] not in range(1, FORMAT + 1):
            raise UserError(
                "The document in this picture is of a newer Pentimento; update this one."
            )
        if len(plain["pictures"]) > _MOST_PICTURES:
            raise ValueError("too many pictures")
        pictures, left = {}, png.MOST_PIXELS
        for sha, packed in plain["pictures"].items():
            image = _image(packed, left)
            left -= image.width * image.height
            pictures[sha] = Picture(png.rgb(image))
        scene = Scene.from_json(plain["scene"], pictures)
        if plain["format"] == 1:
            planes = {LAYOUT: _plane(plain["layout"], 1)}
        else:
            kinds = {layer.id: layer.channels for layer in walk(scene.layers) if layer.channels}
            planes = {int(n): _plane(p, kinds[int(n)]) for n, p in plain["planes"].items()}
        sizes = {(plane.shape[0], plane.shape[1]) for plane in planes.values()}
        if "size" in plain:
            sizes.add((int(plain["size"][0]), int(plain["size"][1])))
        (size,) = sizes
        if not 0 < min(size) <= max(size) <= MOST_SIDE:
            raise ValueError("it has no size that a document can have")
        return Document.of(size, planes, scene)
    except UserError:
        raise
    except Exception as error:  # A stranger's text can be wrong in more ways than can be named.
        raise UserError(f"The document in this picture cannot be read ({error}).") from error


def _image(packed: str, most: int) -> Image.Image:
    return png.decode(base64.b64decode(packed, validate=True), "document in this picture", most)


def _plane(packed: str, channels: int) -> Pixels:
    image = _image(packed, MOST_SIDE * MOST_SIDE)
    if image.mode != ("L" if channels == 1 else "RGBA"):
        raise ValueError("a layer is of another kind")
    return np.array(image)


def _base64(pixels: Pixels, flat: bool = False) -> str:
    return base64.b64encode(png.encode(pixels, flat=flat)).decode()
