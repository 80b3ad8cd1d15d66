"""The pieces that picture files are made of, looked at without reading what is in them.

A hundred megabytes of empty pieces keep a reader busy for half a minute, for one tiny picture.
"""

import io
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import IO

PNG, JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8"
CRUMB = 64  # bytes; no program writes many pieces that are shorter
MOST_CRUMBS = 10_000


def crumbled(path: Path) -> bool:
    """Whether a PNG or a JPEG is made of more crumbs than any program writes; OSError."""
    with open(path, "rb") as file:
        start = file.read(len(PNG))
        if start == PNG:
            sizes: Iterator[int] = (length for _, length in of_png(file))
        elif start.startswith(JPEG):
            sizes = of_jpeg(file)
        else:
            return False
        crumbs = (length for length in sizes if length < CRUMB)
        return next(islice(crumbs, MOST_CRUMBS, None), None) is not None


def of_png(file: IO[bytes]) -> Iterator[tuple[bytes, int]]:
    """Kind and length in bytes of the chunks of a PNG."""
    file.seek(len(PNG))
    while len(head := file.read(8)) == 8:
        length = int.from_bytes(head[:4])
        yield head[4:], length
        if head[4:] == b"IEND":
            return
        file.seek(length + 4, io.SEEK_CUR)


def of_jpeg(file: IO[bytes]) -> Iterator[int]:
    """Length in bytes of the segments of a JPEG up to its pixels; what is no segment counts 0."""
    file.seek(len(JPEG))
    while len(head := file.read(2)) == 2:
        if head[0] != 0xFF or head[1] in (0x00, 0xFF):
            file.seek(-1, io.SEEK_CUR)  # Readers look on from the next byte.
            yield 0
        elif head[1] in (0xD9, 0xDA):
            return
        elif head[1] == 0x01 or 0xD0 <= head[1] <= 0xD8:  # They have no length.
            yield 0
        else:
            length = int.from_bytes(file.read(2))
            yield length
            file.seek(max(length - 2, 0), io.SEEK_CUR)
