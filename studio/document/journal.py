"""An append-only log of what was done, of which a kill at any moment costs no finished record.

A record is its length, a checksum, its number, and then a line of JSON and bytes. A torn or wrong
record ends the log.
"""

import json
import os
import struct
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

Plain = dict[str, Any]
_HEAD = struct.Struct("<IIQ")  # length of what follows, CRC-32 of number and that, number
_MOST = 512_000_000  # bytes of a record


class Journal:
    """A log being written. OSError where the disk refuses."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.bytes = 0
        self._handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)

    def append(self, number: int, plain: Plain, blobs: Sequence[bytes] = ()) -> None:
        """Write a record. Once it returns, the record outlives the process; see `sync` for more."""
        line = json.dumps(plain, ensure_ascii=True, separators=(",", ":")).encode() + b"\n"
        body = b"".join([line, *blobs])
        record = memoryview(_HEAD.pack(len(body), _checksum(number, body), number) + body)
        done = 0
        try:
            while done < len(record):
                done += os.pwrite(self._handle, record[done:], self.bytes + done)
        except OSError:
            os.ftruncate(self._handle, self.bytes)
            raise
        self.bytes += done

    def sync(self) -> None:
        """Force what was written to the disk, against a loss of power."""
        os.fsync(self._handle)

    def close(self) -> None:
        """Write no more."""
        os.close(self._handle)


def records(path: Path) -> Iterator[tuple[int, Plain, bytes]]:
    """The whole records of a log: number, JSON, bytes. It ends before the first that is wrong."""
    with open(path, "rb") as file:
        while len(head := file.read(_HEAD.size)) == _HEAD.size:
            length, checksum, number = _HEAD.unpack(head)
            if length > _MOST or _checksum(number, body := file.read(length)) != checksum:
                return
            line, _, blob = body.partition(b"\n")
            yield number, json.loads(line), blob


def _checksum(number: int, body: bytes) -> int:
    return zlib.crc32(body, zlib.crc32(number.to_bytes(8, "little")))
