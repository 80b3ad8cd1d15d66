"""An open document that a kill cannot take away: all that is heard is on its journal at once."""

import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from engines.errors import UserError
from studio.document import ora
from studio.document.backup import Folder, Plain, State
from studio.document.carried import Result
from studio.document.changes import Change
from studio.document.journal import Journal
from studio.document.keepsakes import Keepsake
from studio.document.packing import Packer, pictures_in
from studio.document.scene import Picture
from studio.document.versions import FOLDER as VERSIONS
from studio.document.versions import Versions
from studio.history import History

Pixels = npt.NDArray[np.uint8]
JOURNAL_BYTES = 16_000_000  # after so many, or as many as the base has, a new base is due
_SYNC_EVERY = 1.0  # seconds
_RETRY_EVERY = 2.0  # seconds between attempts after the disk refused


@dataclass(frozen=True, eq=False)
class Copy:
    """A document as it was before record `number`, for saving on another thread."""

    history: History
    number: int


class Kept:
    """A document and its folder, which is locked while this lives. Made by a `Desk`.

    Plug `hear` into `History.heard`. `troubled` is called, on any thread, when keeping fails.
    """

    def __init__(
        self,
        folder: Folder,
        lock: int,
        history: History,
        state: State,
        warnings: tuple[str, ...] = (),
    ) -> None:
        self.history, self.warnings = history, warnings
        self.troubled: Callable[[UserError], None] = lambda error: None
        self._folder, self._held, self._state = folder, lock, state
        self._scene = history.document.scene
        self._journal = Journal(folder.journal_path(state.number))
        self._gap = False  # Whether a record is missing, so that nothing after it counts.
        self._tried = 0.0  # when a base was last due
        self._grown, self._bound = folder.journal_bytes(), JOURNAL_BYTES
        self._fresh: list[Path] = []  # pictures not yet forced to the disk
        self._retired: list[Journal] = []
        self._due: _Due | None = None
        self._busy = False  # Whether a base is due or being written.
        self._since: set[str] = set()  # pictures that were set since it was due
        self._unsynced = self._ending = False
        self._lock = threading.Condition()
        self._thread = threading.Thread(target=self._tend, name="document keeper", daemon=True)
        self._thread.start()

    @property
    def folder(self) -> Path:
        """Where it is kept."""
        return self._folder.path

    @property
    def path(self) -> Path | None:
        """The artist's file, None before the first save."""
        return self._state.path

    @property
    def unsaved(self) -> bool:
        """Whether the artist's file lacks something."""
        return self._state.unsaved

    def hear(self, step: str, change: Change) -> None:
        """Keep a step: it outlives the process once this returns.

        Call it on the thread that paints, while no stroke is under way.
        """
        document = self.history.document
        plain: Plain = {"step": step}
        packer = Packer(self._scene)
        if step in ("do", "merge"):
            plain["change"] = packer.change(change.seen_from(document))
        self._scene = document.scene
        with self._lock:
            self._append(plain, packer.blobs)
            late = time.monotonic() - self._tried > _RETRY_EVERY
            if not self._busy and (late if self._gap else self._grown > self._bound):
                self._turn()

    def copy(self) -> Copy:
        """The document as it is now. Call it as `hear`."""
        return Copy(self.history.copy(), self._state.number)

    def save(
        self,
        path: Path,
        picture: Pixels | None = None,
        results: Sequence[Result] = (),
        copy: Copy | None = None,
        keepsakes: Sequence[Keepsake] = (),
    ) -> None:
        """Save to the artist's file; it is on the disk when this returns. UserError where not.

        On another thread than that which paints, give it a `copy`. See `ora.write`.
        """
        copy = copy or Copy(self.history, self._state.number)
        path = path.absolute()
        Versions(self.folder.parent.parent / VERSIONS).keep(path)
        ora.write(path, copy.history, picture, results, keepsakes)
        with self._lock:
            self._append({"step": "saved", "path": str(path), "at": copy.number})

    def close(self) -> None:
        """Let go of the document and remove what was kept: it is saved, or to be forgotten."""
        self._end()
        self._folder.remove()
        os.close(self._held)

    def leave(self) -> None:
        """Let go of the document but keep all, for a later studio to adopt."""
        self._end()
        with suppress(OSError):
            self._journal.sync()
        os.close(self._held)

    # On the painting thread -----------------------------------------------------------------------

    def _append(self, plain: Plain, blobs: Sequence[bytes] = ()) -> None:
        """Write a record, unless an earlier one is missing."""
        number = self._state.number
        self._state.take(number, plain)
        if self._gap:
            return
        try:
            self._put(self._scene.pictures)
            before = self._journal.bytes
            self._journal.append(number, plain, blobs)
            self._grown += self._journal.bytes - before
        except OSError as error:
            self._gap = True
            self._fail(error)
        if not self._unsynced:
            self._unsynced = True
            self._lock.notify_all()

    def _put(self, pictures: Mapping[str, Picture]) -> None:
        for sha, picture in pictures.items():
            self._since.add(sha)
            if (path := self._folder.pictures.put(picture)) is not None:
                self._fresh.append(path)

    def _turn(self) -> None:
        """Begin a new journal, and have the base that goes before it written."""
        self._tried = time.monotonic()
        try:
            self._put(pictures_in(self.history))
            journal = Journal(self._folder.journal_path(self._state.number))
        except OSError as error:
            self._fail(error)
            return
        self._retired.append(self._journal)
        self._journal, self._grown, self._since = journal, 0, set()
        self._due = _Due(self.history.copy(), replace(self._state), self._gap)
        self._gap, self._busy = False, True
        self._lock.notify_all()

    # On the keeper's thread -----------------------------------------------------------------------

    def _tend(self) -> None:
        """Force to the disk what was written, about once a second, and write bases."""
        while True:
            with self._lock:
                self._lock.wait_for(lambda: self._unsynced or self._due or self._ending)
                self._lock.wait_for(lambda: self._due or self._ending, _SYNC_EVERY)
                if self._ending:
                    return
                due, self._due, self._unsynced = self._due, None, False
                fresh, self._fresh = self._fresh, []
                retired, self._retired = self._retired, []
                journal = self._journal
            try:
                for path in fresh:
                    _sync(path)
                for written in (*retired, journal):
                    written.sync()
            except OSError as error:
                self._fail(error)
            for written in retired:
                written.close()
            if due is not None:
                self._write_base(due)
            due = None  # It holds a copy of the whole document, and the next is far off.

    def _write_base(self, due: "_Due") -> None:
        try:
            size = self._folder.write_base(due.history, due.state)
            with self._lock:
                self._folder.tidy(due.state.number, {*pictures_in(due.history), *self._since})
                self._bound = max(JOURNAL_BYTES, size)
        except (UserError, OSError) as error:
            with self._lock:
                self._gap = self._gap or due.gap  # Else the older base still leads up to here.
            self._fail(error)
        finally:
            with self._lock:
                self._busy = False
                self._lock.notify_all()

    def _fail(self, error: Exception) -> None:
        """Tell the artist, who can still save."""
        cause = error.__cause__ or error  # What `files` says besides is about another file.
        reason = (isinstance(cause, OSError) and cause.strerror) or error
        self.troubled(
            UserError(
                f"The document could not be backed up in {self.folder}: {reason}. It is still "
                "open; save it, and free some space."
            )
        )

    def _end(self) -> None:
        with self._lock:
            self._ending = True
            self._lock.notify_all()
        self._thread.join()
        for journal in self._retired:
            journal.close()
        self._journal.close()


@dataclass(frozen=True, eq=False)
class _Due:
    """A base to be written; `gap` where nothing else leads up to it."""

    history: History
    state: State
    gap: bool


def _sync(path: Path) -> None:
    """Force a picture to the disk, if it is still needed."""
    with suppress(FileNotFoundError):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
