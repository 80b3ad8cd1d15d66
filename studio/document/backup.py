"""The folder in which an open document is kept: bases, journals and pictures.

`base-N.zip` is the whole document before record N, `journal-N` the records from N on. The newest
base and the records that follow it without a gap are the document.
"""

import glob
import os
import re
import shutil
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from engines import files
from engines.errors import UserError
from studio.document.archive import Archive
from studio.document.journal import records
from studio.document.members import (
    put_document,
    put_history,
    take_document,
    take_history,
    take_plain,
)
from studio.document.packing import Unpacker
from studio.document.scene import Picture
from studio.history import History

Plain = dict[str, Any]
_SHA = re.compile("[0-9a-f]{64}")
_BASE = re.compile(r"base-(\d{12})\.zip")
_JOURNAL = re.compile(r"journal-(\d{12})")


@dataclass
class State:
    """What is known of a document besides its history.

    `path` is the artist's file and `saved` the number of the first record that is not in it (-1:
    it was never written); `changed` is the number of the last change, `number` of the next record.
    """

    path: Path | None = None
    saved: int = 0
    changed: int = -1
    number: int = 0

    @property
    def unsaved(self) -> bool:
        """Whether the document has what the artist's file has not."""
        return self.changed >= self.saved

    def to_json(self) -> Plain:
        """Plain JSON that `from_json` reads."""
        return {**asdict(self), "path": None if self.path is None else str(self.path)}

    @classmethod
    def from_json(cls, plain: Plain) -> "State":
        """Read what `to_json` wrote."""
        path = plain["path"]
        numbers = (int(plain[name]) for name in ("saved", "changed", "number"))
        return cls(None if path is None else Path(path), *numbers)

    def take(self, number: int, record: Plain) -> None:
        """Follow a record."""
        self.number = number + 1
        if record["step"] == "saved":
            self.path, self.saved = Path(record["path"]), int(record["at"])
        else:
            self.changed = number


class Pictures(Mapping[str, Picture]):
    """Pictures in a folder by hash, unpacked: a dropped photo must not be felt."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._known: dict[str, Picture] = {}
        self._there: set[str] = set()

    def put(self, picture: Picture) -> Path | None:
        """Write it if it is not there yet, and say where; OSError where the disk refuses."""
        if picture.sha in self._there:
            return None
        self.folder.mkdir(exist_ok=True)
        path = self.folder / picture.sha
        if path.exists():  # It was put there whole.
            self._there.add(picture.sha)
            return None
        part = path.with_suffix(".part")
        with open(part, "wb") as file:
            file.write(b"%d %d\n" % picture.pixels.shape[:2])
            file.write(picture.pixels.data)
        part.replace(path)
        self._there.add(picture.sha)
        return path

    def keep_only(self, needed: set[str]) -> None:
        """Remove all others."""
        for path in self.folder.iterdir() if self.folder.is_dir() else ():
            if path.name not in needed:
                self._there.discard(path.name)
                path.unlink(missing_ok=True)

    def __getitem__(self, sha: str) -> Picture:
        if sha not in self._known:
            self._known[sha] = self._read(sha)
        return self._known[sha]

    def __iter__(self) -> Iterator[str]:
        return iter(p.name for p in self.folder.iterdir() if _SHA.fullmatch(p.name))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def forget(self) -> None:
        """Free the memory of what was read."""
        self._known.clear()

    def _read(self, sha: str) -> Picture:
        try:
            size, _, data = (self.folder / sha).read_bytes().partition(b"\n")
            height, width = map(int, size.split())
            pixels = np.frombuffer(data, np.uint8).reshape(height, width, 3)
        except (OSError, ValueError) as error:
            raise KeyError(sha) from error
        picture = Picture(pixels)
        if picture.sha != sha:
            raise KeyError(sha)
        self._there.add(sha)
        return picture


class Folder:
    """One document's folder."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.pictures = Pictures(path / "pictures")

    def journal_path(self, number: int) -> Path:
        """Where the records from a number on go."""
        return self.path / f"journal-{number:012d}"

    def journal_bytes(self) -> int:
        """The bytes of all journals."""
        return sum(path.stat().st_size for _, path in self._found(_JOURNAL))

    def remove(self) -> None:
        """Remove it all; a kill in between leaves nothing that looks like a document."""
        gone = self.path.with_name(f".closed-{self.path.name}")
        with suppress(OSError):
            self.path.rename(gone)
            shutil.rmtree(gone, ignore_errors=True)

    def write_base(self, history: History, state: State) -> int:
        """Write the whole document and its size in bytes; it is on the disk when this returns.

        UserError where that fails. Its pictures must be there.
        """
        path = self.path / f"base-{state.number:012d}.zip"
        with files.writing(path) as temporary, zipfile.ZipFile(temporary, "w") as archive:
            put_document(archive, history.document, {}, {"state": state.to_json()})
            put_history(archive, history)
        return path.stat().st_size

    def tidy(self, number: int, needed: Iterable[str]) -> None:
        """Remove what the base of that number made useless, and pictures that are not needed."""
        for start, path in (*self._found(_BASE), *self._found(_JOURNAL)):
            if start < number:
                path.unlink(missing_ok=True)
        self.pictures.keep_only(set(needed))

    def glance(self) -> State:
        """The state alone, which is quick; UserError where there is no sound base."""
        archive, plain = self._base()
        with archive:
            state = _state(archive, plain)
        for number, record, _ in self._records(state.number):
            state.take(number, record)
        return state

    def recover(self) -> tuple[History, State, tuple[str, ...]]:
        """The document as it was when its studio died, and warnings; UserError where there is none.

        Only who holds the lock may call it: remains of unfinished writes are removed.
        """
        archive, plain = self._base()
        with archive:
            state = _state(archive, plain)
            document = take_document(archive, plain, self.pictures)
            history = take_history(archive, document, self.pictures)
        warnings: tuple[str, ...] = ()
        for number, record, blob in self._records(state.number):
            try:
                self._replay(history, record, blob)
            except (UserError, ValueError, KeyError, TypeError) as error:
                warnings = (f"The last steps could not be recovered ({error}).",)
                break
            state.take(number, record)
        history.settle()
        self.pictures.forget()
        self._sweep(state)
        return history, state, warnings

    def _replay(self, history: History, record: Plain, blob: bytes) -> None:
        if record["step"] == "saved":
            return
        change = None
        if "change" in record:
            unpacker = Unpacker(history.document.scene, self.pictures, blob)
            change = unpacker.change(record["change"])
            if not change.fits(history.document.size):
                raise ValueError("a change does not fit")
        history.replay(record["step"], change)

    def _base(self) -> tuple[Archive, Plain]:
        """The newest base that can be read."""
        trouble = UserError(f"There is no document in {self.path}.")
        for _, path in reversed(self._found(_BASE)):
            try:
                archive = Archive(path)
                return archive, take_plain(archive)
            except UserError as error:
                trouble = error
        raise trouble

    def _records(self, number: int) -> Iterator[tuple[int, Plain, bytes]]:
        """The records from a number on, until one is missing."""
        for _, path in self._found(_JOURNAL):
            for found, record, blob in records(path):
                if found == number:
                    yield found, record, blob
                    number += 1

    def _sweep(self, state: State) -> None:
        """Remove unfinished files, ours and beside the artist's, and records beyond a gap."""
        remains = [*self.path.glob(".*.part"), *self.pictures.folder.glob("*.part")]
        remains += [path for start, path in self._found(_JOURNAL) if start >= state.number]
        if state.path is not None:
            remains += state.path.parent.glob(f".{glob.escape(state.path.name[:80])}.*.part")
        for path in remains:
            with suppress(OSError):
                path.unlink()

    def _found(self, pattern: re.Pattern[str]) -> list[tuple[int, Path]]:
        matches = ((pattern.fullmatch(name), name) for name in os.listdir(self.path))
        return sorted((int(match[1]), self.path / name) for match, name in matches if match)


def _state(archive: Archive, plain: Plain) -> State:
    try:
        return State.from_json(plain["state"])
    except (KeyError, TypeError, ValueError) as error:
        raise archive.broken(f"its state is wrong: {error!r}") from error
