"""PNG files: written fast and outside Python's lock, read from strangers within limits.

Pillow's writer takes three times as long on flat colours, and a save must not be felt.
"""

import io
import struct
import zlib
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from engines.errors import UserError

Pixels = npt.NDArray[np.uint8]
SIGNATURE = b"\x89PNG\r\n\x1a\n"
MOST_PIXELS = 120_000_000
MOST_TEXT = 60_000_000  # bytes of all text; Pillow itself refuses pictures with more than 64 MiB
_COLOR_TYPES = {1: 0, 3: 2, 4: 6}


def encode(pixels: Pixels, texts: Mapping[str, str] | None = None, flat: bool = False) -> bytes:
    """Uint8 (H, W), (H, W, 3) or (H, W, 4) as PNG; `flat` where it is areas of few colours."""
    height, width = pixels.shape[:2]
    channels = 1 if pixels.ndim == 2 else pixels.shape[2]
    rows = np.ascontiguousarray(pixels).reshape(height, -1)
    lines = np.empty((height, rows.shape[1] + 1), np.uint8)
    if flat:
        lines[:, 0] = 0  # as it is
        lines[:, 1:] = rows
    else:
        lines[:, 0] = 1  # less its left neighbour
        lines[:, 1 : channels + 1] = rows[:, :channels]
        np.subtract(rows[:, channels:], rows[:, :-channels], out=lines[:, channels + 1 :])
    strategy = zlib.Z_DEFAULT_STRATEGY if flat else zlib.Z_RLE
    packer = zlib.compressobj(1, zlib.DEFLATED, 15, 9, strategy)
    data = packer.compress(lines.reshape(-1).data) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, 8, _COLOR_TYPES[channels], 0, 0, 0)
    chunks = [_chunk(b"IHDR", header)]
    if channels > 1:
        chunks.append(_chunk(b"sRGB", b"\0"))  # with the perceptual intent, for pictures
    for keyword, text in (texts or {}).items():
        chunks.append(_chunk(b"iTXt", keyword.encode("latin-1") + b"\0" * 5 + text.encode()))
    return b"".join([SIGNATURE, *chunks, _chunk(b"IDAT", data), _chunk(b"IEND", b"")])


def decode(data: bytes, what: str, most: int = MOST_PIXELS) -> Image.Image:
    """A PNG, decoded, of at most so many pixels; UserError otherwise."""
    try:
        with Image.open(io.BytesIO(data), formats=["PNG"]) as image:
            if image.width * image.height > most:
                raise ValueError(f"it has more than {most} pixels")
            image.load()
            return image
    except Exception as error:  # Pillow's decoders raise what they like on broken files.
        raise UserError(f"The {what} cannot be read ({error}); restore it from a copy.") from error


def rgb(image: Image.Image) -> Pixels:
    """Uint8 (H, W, 3), what is transparent over white."""
    if image.mode in ("P", "LA", "PA", "RGBA") or "transparency" in image.info:
        layered = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", layered.size, "white"), layered)
    return np.asarray(image.convert("RGB"))


def texts(data: bytes, prefix: str) -> dict[str, str]:
    """The international texts whose keyword starts with `prefix`; UserError where one is broken."""
    found: dict[str, str] = {}
    left = MOST_TEXT
    try:
        for kind, body in _chunks(data):
            if kind != b"iTXt" or not body.startswith(prefix.encode()):
                continue
            keyword, _, rest = body.partition(b"\0")
            packed, method = rest[0], rest[1]
            _language, _, rest = rest[2:].partition(b"\0")
            _translated, _, raw = rest.partition(b"\0")
            if packed:
                raw = _unpack(raw, method, left)
            left -= len(raw)
            if left < 0:
                raise ValueError("it is too long")
            found[keyword.decode("latin-1")] = raw.decode()
    except (ValueError, IndexError, struct.error, zlib.error) as error:
        raise UserError(
            f"What this picture says of its making cannot be read ({error})."
        ) from error
    return found


def _unpack(raw: bytes, method: int, most: int) -> bytes:
    unpacker = zlib.decompressobj()
    text = unpacker.decompress(raw, most + 1)
    if method or not unpacker.eof:
        raise ValueError("it is packed in an unknown way or too long")
    return text


def _chunk(kind: bytes, body: bytes) -> bytes:
    crc = zlib.crc32(body, zlib.crc32(kind))
    return b"".join([struct.pack(">I", len(body)), kind, body, struct.pack(">I", crc)])


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The kind and body of each chunk whose checksum is right; ValueError at a wrong one."""
    view: Any = memoryview(data)
    place = len(SIGNATURE)
    while place + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, place)
        end = place + 12 + length
        if end > len(data):
            raise ValueError("it ends too early")
        kind, body = data[place + 4 : place + 8], view[place + 8 : end - 4]
        if kind == b"iTXt":
            if zlib.crc32(view[place + 4 : end - 4]) != struct.unpack_from(">I", data, end - 4)[0]:
                raise ValueError("its checksum is wrong")
            yield kind, bytes(body)
        elif kind == b"IEND":
            return
        place = end
