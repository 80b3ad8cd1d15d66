"""The gallery of a document: results that are kept, each packed as a PNG with all it was made from.

In an .ora they are members of `pentimento/gallery/`; beside an open document they are files in its
folder, written as they come, so that a kill takes none. Bounded: MOST_ITEMS and MOST_BYTES.
"""

import hashlib
import io
import json
import re
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from engines import files
from engines.data.pictures import resize_picture
from engines.errors import UserError
from engines.ports import Size
from studio.document.archive import Archive, put, put_json
from studio.document.carried import Result, read_result
from studio.document.document import Document, Pixels
from studio.document.layers import FIRST
from studio.document.scene import Picture
from studio.document.styles import Styles

MOST_ITEMS = 400
MOST_BYTES = 128_000_000  # of all keepsakes of a document, in memory, in its file and beside it
MOST_ONE = 60_000_000
THUMBNAIL = 256  # pixels of the longer side
STYLE_SIDE = 768  # of the pictures that a result was made with; a model looks at fewer pixels
INDEX = "pentimento/gallery.json"
_FOLDER = "pentimento/gallery"
_MOST_INDEX = 4_000_000
_MOST_SMALL = 200_000
_KEY = re.compile("[0-9a-f]{32}")


@dataclass(frozen=True, eq=False)
class Keepsake:
    """One kept result. `png` carries it whole, `small` is a JPEG to show; `made` is in seconds
    since 1970. What is `passing` fell out of the last results by itself and makes room first.
    """

    png: bytes
    small: bytes
    size: Size
    model: str
    made: float
    pinned: bool = False
    passing: bool = False

    @classmethod
    def of(cls, result: Result, made: float, passing: bool = False) -> "Keepsake":
        """Pack a result, in some 30 ms: the class map of its document, its style pictures at most
        STYLE_SIDE pixels a side, no photo to trace.
        """
        packed = lean(result)
        title = str(result.passport.get("title") or result.passport.get("model") or "")
        height, width = result.pixels.shape[:2]
        return cls(packed.png, _small(result.pixels), (height, width), title, made, False, passing)

    @cached_property
    def key(self) -> str:
        """What it is known by: equal pictures made from the same have the same."""
        return hashlib.sha256(self.png).hexdigest()[:32]

    @property
    def bytes(self) -> int:
        """What it takes."""
        return len(self.png) + len(self.small)

    def result(self) -> Result:
        """Unpack it; UserError where a stranger made it badly."""
        return read_result(self.png)

    def thumbnail(self) -> Pixels:
        """A small picture (h, w, 3); grey where it cannot be read."""
        try:
            with Image.open(io.BytesIO(self.small), formats=["JPEG"]) as image:
                if max(image.size) > 2 * THUMBNAIL:
                    raise ValueError("it is not small")
                return np.asarray(image.convert("RGB"))
        except Exception:  # Pillow's decoders raise what they like on broken files.
            return np.full((9, 16, 3), 128, np.uint8)

    def to_json(self) -> dict[str, Any]:
        """All but the pictures."""
        return {
            "key": self.key,
            "size": list(self.size),
            "model": self.model,
            "made": self.made,
            "pinned": self.pinned,
            "passing": self.passing,
        }


def lean(result: Result) -> Result:
    """The result without what a gallery can do without."""

    def shrink(pixels: Pixels) -> Pixels:
        height, width = pixels.shape[:2]
        factor = STYLE_SIDE / max(height, width)
        if factor >= 1:
            return pixels
        return resize_picture(
            pixels, (max(round(height * factor), 1), max(round(width * factor), 1))
        )

    def smaller(value: Any) -> Any:
        if isinstance(value, Styles):
            return value.each(smaller)
        if isinstance(value, Picture) and max(value.pixels.shape) > STYLE_SIDE:
            return Picture(shrink(value.pixels), value.name)
        if isinstance(value, np.ndarray) and value.dtype == np.uint8 and value.ndim == 3:
            return shrink(value)
        return value

    values = {name: smaller(value) for name, value in result.request.values.items()}
    document = result.document
    if document is not None:
        scene = document.scene
        bare = {name: smaller(value) for name, value in scene.values.items()}
        scene = replace(scene, values=bare, underlay=None, layers=FIRST, traced=None)
        document = Document(document.ids, scene)
    request = replace(result.request, values=values)
    return replace(result, request=request, document=document)


def bounded(items: Sequence[Keepsake]) -> list[Keepsake]:
    """The items that fit the bounds, in their order; those that pass go first, then the oldest,
    and what is pinned last.
    """
    worth = sorted(items, key=lambda e: (e.pinned, not e.passing, e.made), reverse=True)
    kept: set[str] = set()
    left = MOST_BYTES
    for item in worth:
        if len(kept) >= MOST_ITEMS or item.bytes > left:
            break
        left -= item.bytes
        kept.add(item.key)
    return [item for item in items if item.key in kept]


# In an .ora
# ----------------------------------------------------------------------------------------


def put_keepsakes(archive: zipfile.ZipFile, items: Sequence[Keepsake]) -> None:
    """Write them as members; none where there are none."""
    if not items:
        return
    put_json(archive, INDEX, {"items": [item.to_json() for item in items]})
    for item in items:
        put(archive, f"{_FOLDER}/{item.key}.png", item.png)
        put(archive, f"{_FOLDER}/{item.key}.jpg", item.small)


def take_keepsakes(archive: Archive) -> tuple[Keepsake, ...]:
    """The members again; UserError where they are not sound."""
    if INDEX not in archive:
        return ()
    plain = archive.json(INDEX, _MOST_INDEX)

    def read(key: str) -> tuple[bytes, bytes]:
        png = archive.read(f"{_FOLDER}/{key}.png", MOST_ONE)
        return png, archive.read(f"{_FOLDER}/{key}.jpg", _MOST_SMALL)

    try:
        return _items(plain, read)
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise archive.broken(f"its gallery is wrong: {error!r}") from error


# Beside an open document
# -----------------------------------------------------------------------------


class Shelf:
    """The gallery as files of a folder, so that it outlives the process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, items: Iterable[Keepsake]) -> None:
        """Have these there and no others; OSError where the disk refuses."""
        items = list(items)
        self.folder.mkdir(exist_ok=True)
        for item in items:
            for name, data in ((f"{item.key}.png", item.png), (f"{item.key}.jpg", item.small)):
                if not (self.folder / name).exists():
                    files.write_bytes(self.folder / name, data)
        files.write_json(self.folder / "index.json", {"items": [i.to_json() for i in items]})
        known = {item.key for item in items}
        for path in self.folder.iterdir():
            if path.stem not in known and path.name != "index.json":
                path.unlink(missing_ok=True)

    def read(self) -> tuple[Keepsake, ...]:
        """What is there; nothing where it cannot be read."""

        def read(key: str) -> tuple[bytes, bytes]:
            path = self.folder / f"{key}.png"
            return path.read_bytes(), path.with_suffix(".jpg").read_bytes()

        try:
            return _items(json.loads((self.folder / "index.json").read_bytes()), read)
        except (OSError, UserError, KeyError, TypeError, ValueError, OverflowError):
            return ()


def _items(plain: Any, read: Any) -> tuple[Keepsake, ...]:
    found: list[Keepsake] = []
    left = MOST_BYTES
    for entry in plain["items"][:MOST_ITEMS]:
        if not _KEY.fullmatch(str(entry["key"])):
            raise ValueError("a name is none")
        png, small = read(str(entry["key"]))
        left -= len(png) + len(small)
        if left < 0:
            break
        height, width = (int(side) for side in entry["size"])
        made, marks = float(entry["made"]), (entry["pinned"] is True, entry["passing"] is True)
        found.append(Keepsake(png, small, (height, width), str(entry["model"])[:200], made, *marks))
    return tuple(found)


def _small(pixels: Pixels) -> bytes:
    image = Image.fromarray(pixels)
    image.thumbnail((THUMBNAIL, THUMBNAIL), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=88)
    return buffer.getvalue()
