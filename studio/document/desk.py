"""The open documents on disk: each in a folder of its own, locked while a studio has it open.

A folder holds bases (the whole document at one number) and journals (what was done from a number
on). The newest base and all that follows it without a gap is the document, so a kill at any moment
loses nothing that was heard. Pictures lie beside them once, by hash.
"""

import fcntl
import os
import shutil
import tempfile
import time
import uuid
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_data_path

from engines.errors import UserError
from studio.document.backup import Folder, State
from studio.document.kept import Kept
from studio.document.packing import pictures_in
from studio.document.versions import FOLDER, Versions
from studio.history import History

_PATIENCE = 1.0  # seconds that a lock may be held by another studio's glance at the folder
_STALE = 86_400.0  # seconds after which a folder that never came to be is swept


@dataclass(frozen=True)
class Left:
    """A document that a studio left behind: its folder, the artist's file if any, when last
    touched (seconds since 1970), and whether that file lacks something.
    """

    folder: Path
    path: Path | None
    touched: float
    unsaved: bool


class Desk:
    """All open documents of this user; several studios share it."""

    def __init__(self, root: Path | None = None) -> None:
        self.root = root or Path(user_data_path("pentimento")) / "open"

    @property
    def versions(self) -> Versions:
        """The older versions of what is saved from here."""
        return Versions(self.root.parent / FOLDER)

    def open_new(self, history: History, path: Path | None = None, unsaved: bool = False) -> Kept:
        """Keep a document that was just made or read, from the artist's file at `path` if any.

        UserError where the disk refuses.
        """
        state = State(path.absolute() if path else None, -1 if unsaved else 0)
        with ExitStack() as undo:
            try:
                self.root.mkdir(parents=True, exist_ok=True)
                # Nobody looks at it before it is locked and whole.
                folder = Folder(Path(tempfile.mkdtemp(prefix=".new-", dir=self.root)))
                undo.callback(folder.remove)
                lock = _lock(folder.path, fcntl.LOCK_EX, 0.0)
                undo.callback(os.close, lock)
                for picture in pictures_in(history).values():
                    folder.pictures.put(picture)
                folder.write_base(history, state)
                name = f"{time.strftime('%Y%m%d-%H%M%S')}-{uuid.uuid4().hex[:8]}"
                kept = Kept(Folder(folder.path.rename(self.root / name)), lock, history, state)
            except OSError as error:
                raise UserError(
                    f"The document could not be backed up in {self.root}: "
                    f"{error.strerror or error}; free some space."
                ) from error
            undo.pop_all()
            return kept

    def abandoned(self) -> list[Left]:
        """What dead studios left behind, the latest first. Documents never touched are removed."""
        found = []
        for folder in self._folders():
            with suppress(OSError, UserError):
                left = _glance(folder)
                if left is None:
                    self.discard(folder)
                else:
                    found.append(left)
        return sorted(found, key=lambda left: -left.touched)

    def adopt(self, folder: Path) -> Kept:
        """Open what a dead studio left, exactly as it was; UserError where a living one has it."""
        lock = _take(folder)
        try:
            left = Folder(folder)
            history, state, warnings = left.recover()
            return Kept(left, lock, history, state, warnings)
        except BaseException as error:
            os.close(lock)
            if isinstance(error, OSError):
                raise UserError(
                    f"The document in {folder} cannot be recovered: {error.strerror or error}."
                ) from error
            raise

    def discard(self, folder: Path) -> None:
        """Remove what a dead studio left; UserError where a living one has it."""
        lock = _take(folder)
        Folder(folder).remove()
        os.close(lock)

    def _folders(self) -> list[Path]:
        """The folders of documents. Remains of what was never finished or removed are swept."""
        found = []
        for folder in sorted(self.root.iterdir()) if self.root.is_dir() else []:
            if not folder.name.startswith("."):
                found.append(folder)
            elif folder.name.startswith(".closed-") or _age(folder) > _STALE:
                shutil.rmtree(folder, ignore_errors=True)
        return found


def _glance(folder: Path) -> Left | None:
    """What is in a folder that nobody has open; None where the document was never touched."""
    lock = _lock(folder, fcntl.LOCK_SH, 0.0)
    try:
        state = Folder(folder).glance()
        kept = any((folder / "gallery").glob("*.png"))  # on purpose, or after changes
        if state.path is None and state.changed < state.saved == 0 and not kept:
            return None
        touched = max(entry.stat().st_mtime for entry in os.scandir(folder))
        return Left(folder, state.path, touched, state.unsaved)
    finally:
        os.close(lock)


def _take(folder: Path) -> int:
    try:
        return _lock(folder, fcntl.LOCK_EX, _PATIENCE)
    except OSError as error:
        raise UserError(
            "This document is open in another studio, or was closed there; look there."
        ) from error


def _lock(folder: Path, how: int, patience: float) -> int:
    """A handle that holds the folder's lock; it dies with the process. OSError where taken."""
    handle = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o644)
    until = time.monotonic() + patience
    try:
        while True:
            try:
                fcntl.flock(handle, how | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= until:
                    raise
                time.sleep(0.01)
        (folder / "lock").stat()  # FileNotFoundError where it was closed and removed meanwhile
    except BaseException:
        os.close(handle)
        raise
    return handle


def _age(folder: Path) -> float:
    with suppress(OSError):
        return time.time() - folder.stat().st_mtime
    return 0.0
