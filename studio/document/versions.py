"""What an artist's file held before it was saved over: up to three contents of each, in the user's
data folder.

A version is a copy, named by the second its content was saved and by its hash. Whatever goes wrong
with versions, a save goes on.
"""

import calendar
import hashlib
import io
import os
import re
import shutil
import tempfile
import threading
import time
import zipfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image
from platformdirs import user_data_path

from engines import files
from engines.errors import UserError

Pixels = npt.NDArray[np.uint8]
FOLDER = "versions"  # beside that of the open documents
MOST = 3  # of each file
MOST_BYTES = 4_000_000_000  # of all files together; the oldest go first
MOST_ONE = 1_000_000_000
_NAME = re.compile(r"(\d{14})-([0-9a-f]{64})")
_MOST_THUMBNAIL = 4_000_000
_BLOCK = 1 << 20


@dataclass(frozen=True)
class Version:
    """One content that a file had: where it is kept, when it was saved (seconds since 1970), its
    SHA-256, and its bytes.
    """

    path: Path
    saved: float
    sha: str
    bytes: int

    def thumbnail(self) -> Pixels | None:
        """The small picture (h, w, 4) in it; None where there is none that can be read."""
        try:
            with zipfile.ZipFile(self.path) as archive:
                info = archive.getinfo("Thumbnails/thumbnail.png")
                if info.file_size > _MOST_THUMBNAIL:
                    return None
                data = archive.read(info)
            with Image.open(io.BytesIO(data), formats=["PNG"]) as image:
                if max(image.size) > 1024:
                    return None
                return np.asarray(image.convert("RGBA"))
        except Exception:  # zipfile and Pillow raise what they like on broken files.
            return None


class Versions:
    """The versions of all files of this user."""

    def __init__(self, root: Path | None = None) -> None:
        self.root = root or Path(user_data_path("pentimento")) / FOLDER
        self._lock = threading.Lock()

    def of(self, path: Path) -> list[Version]:
        """The versions of the artist's file, newest first."""
        return _found(self._folder(path))

    def keep(self, path: Path) -> Version | None:
        """Keep what the file holds now, for it is about to be saved over. Never raises: None where
        there is nothing, or it cannot be kept.
        """
        with suppress(Exception), self._lock:
            return self._keep(path)
        return None

    def restore(self, version: Version, path: Path) -> None:
        """Have the file hold that version again; what it holds now is kept first. UserError."""
        try:
            with open(version.path, "rb") as source, files.writing(path) as temporary:
                digest = hashlib.sha256()
                with open(temporary, "wb") as target:
                    while block := source.read(_BLOCK):
                        digest.update(block)
                        target.write(block)
                if digest.hexdigest() != version.sha:
                    raise UserError("This version is damaged and was not restored; choose another.")
                self.keep(path)
        except OSError as error:
            raise UserError(
                f"This version cannot be read: {error.strerror or error}; choose another."
            ) from error

    def _keep(self, path: Path) -> Version | None:
        status = path.stat()
        if not path.is_file() or not 0 < status.st_size <= MOST_ONE:
            return None
        folder = self._folder(path)
        folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".new-", dir=folder)
        temporary = Path(name)
        try:
            digest = hashlib.sha256()
            with open(path, "rb") as source, os.fdopen(handle, "wb") as target:
                while block := source.read(_BLOCK):
                    digest.update(block)
                    target.write(block)
            stamp = time.strftime("%Y%m%d%H%M%S", time.gmtime(status.st_mtime))
            kept = folder / f"{stamp}-{digest.hexdigest()}"
            for other in _found(folder):
                if other.sha == digest.hexdigest():  # The same content, from another save.
                    other.path.unlink()
            temporary.replace(kept)
        finally:
            temporary.unlink(missing_ok=True)
        _note(folder, path)
        versions = _found(folder)
        for old in versions[MOST:]:
            old.path.unlink(missing_ok=True)
        self._bound()
        return next((v for v in versions if v.path == kept), None)

    def _bound(self) -> None:
        """Let the oldest versions of all files go, until all fit."""
        every = [v for folder in self.root.iterdir() for v in _found(folder)]
        left = MOST_BYTES
        for version in sorted(every, key=lambda v: -v.saved):
            left -= version.bytes
            if left < 0:
                version.path.unlink(missing_ok=True)
        for folder in self.root.iterdir():
            for remains in folder.glob(".new-*"):
                if time.time() - remains.stat().st_mtime > 3600:
                    remains.unlink(missing_ok=True)
            if not _found(folder) and not any(folder.glob(".new-*")):
                shutil.rmtree(folder, ignore_errors=True)

    def _folder(self, path: Path) -> Path:
        """Where a file's versions are: by its path, links followed."""
        return self.root / hashlib.sha256(os.fsencode(path.resolve())).hexdigest()[:32]


def _found(folder: Path) -> list[Version]:
    versions = []
    for path in folder.iterdir() if folder.is_dir() else ():
        if match := _NAME.fullmatch(path.name):
            with suppress(OSError, ValueError):
                saved = float(calendar.timegm(time.strptime(match[1], "%Y%m%d%H%M%S")))
                versions.append(Version(path, saved, match[2], path.stat().st_size))
    return sorted(versions, key=lambda v: (-v.saved, v.sha))


def _note(folder: Path, path: Path) -> None:
    """Say in the folder whose versions these are, for somebody who looks for them by hand."""
    note = folder / "path.txt"
    if not note.exists():
        files.write_text(note, f"{path.resolve()}\n")
