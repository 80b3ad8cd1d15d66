"""Zip files of strangers, read by exact names only: nothing is unpacked to disk, nothing unbounded.

And our own, written so that the work is done outside Python's lock.
"""

import io
import json
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any

from engines.errors import UserError

MOST_DIRECTORY = 1_000_000  # bytes of the list of members: some ten thousand
MOST_RATIO = 300  # Deflate reaches 1032 on zeros; our JSON some 20.
_SMALL = 1_000_000


class _Bounded(io.FileIO):
    """A file that hands out at most so much at once while the list of members is read."""

    most: int | None = MOST_DIRECTORY

    def read(self, size: int | None = -1, /) -> bytes:
        if self.most is not None:
            data = super().read(self.most + 1 if size is None or size < 0 else size)
            if data is not None and len(data) > self.most:
                raise zipfile.BadZipFile("its list of files is too long")
            return data or b""
        return super().read(-1 if size is None else size) or b""


class Archive:
    """A zip file open for reading. Everything wrong with it is a UserError of one sentence."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._file = _Bounded(path)
            try:
                self._zip = zipfile.ZipFile(self._file)
            except BaseException:
                self._file.close()
                raise
        except FileNotFoundError as error:
            raise UserError(f"There is no file {path}; check the name.") from error
        except OSError as error:
            raise UserError(f"{path.name} cannot be opened: {error.strerror or error}.") from error
        except Exception as error:  # zipfile raises what it likes on broken files.
            raise self.broken(error) from error
        self._file.most = None

    def __enter__(self) -> "Archive":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._zip.close()
        self._file.close()

    def __contains__(self, name: str) -> bool:
        return name in self._zip.NameToInfo

    def read(self, name: str, most: int) -> bytes:
        """A member of at most so many bytes."""
        try:
            info = self._zip.getinfo(name)
        except KeyError as error:
            raise self.broken(f"it has no {name}") from error
        if info.file_size > most:
            raise self.broken(f"{name} in it is larger than {most // 1_000_000} MB")
        if info.file_size > max(_SMALL, info.compress_size * MOST_RATIO):
            raise self.broken(f"{name} in it unpacks to far too much")
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise self.broken(f"{name} in it is packed in an unknown way")
        try:
            return self._zip.read(info)
        except Exception as error:  # As above: BadZipFile, RuntimeError, zlib.error, EOFError ...
            raise self.broken(error) from error

    def json(self, name: str, most: int) -> dict[str, Any]:
        """A member that holds a JSON object."""
        data = self.read(name, most)
        try:
            value = json.loads(data)
        except (ValueError, RecursionError) as error:
            raise self.broken(f"{name} in it is no JSON") from error
        if not isinstance(value, dict):
            raise self.broken(f"{name} in it is no JSON object")
        return value

    def broken(self, why: object) -> UserError:
        """The sentence for a file that is not what it should be."""
        return UserError(
            f"{self.path.name} is broken and cannot be read ({why}); restore it from a copy."
        )


def put(archive: zipfile.ZipFile, name: str, data: bytes | Iterable[bytes]) -> None:
    """Store a member as it is, for what is compressed already."""
    info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    info.external_attr = 0o644 << 16
    with archive.open(info, "w") as member:
        for part in (data,) if isinstance(data, bytes) else data:
            member.write(part)


def put_json(archive: zipfile.ZipFile, name: str, value: Any) -> None:
    """Write a member as compressed JSON."""
    info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    info.external_attr = 0o644 << 16
    info.compress_type = zipfile.ZIP_DEFLATED
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"))
    archive.writestr(info, text, compresslevel=zlib.Z_BEST_SPEED)
