"""Files that are there whole or not at all.

Everything is written beside its place, flushed to the disk, and moved over with `os.replace`, so a
kill at any moment leaves either the old file or the new one.
"""

import contextlib
import errno
import json
import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from engines.errors import UserError

# Windows has no pipes in folders, and needs to be told that bytes are meant.
_AT_ONCE = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


@contextlib.contextmanager
def writing(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; on a clean exit it replaces `path`, else it is removed.

    An OSError (full disk, read-only folder) becomes a UserError; what stood at `path` stays.
    """
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(
            prefix=f".{path.name[:80]}.", suffix=".part", dir=path.parent
        )
        os.close(handle)
        temporary = Path(name)
        os.chmod(temporary, 0o666 & ~_umask())
        yield temporary
        _flush(temporary)
        os.replace(temporary, path)
        temporary = None
        _flush(path.parent)
    except OSError as error:
        reason = error.strerror or str(error)
        raise UserError(
            f"Could not write {path}: {reason}. What was there before is untouched; "
            "free some space or choose another place."
        ) from error
    finally:
        if temporary is not None:
            with contextlib.suppress(OSError):
                temporary.unlink()


def reading(path: Path) -> BinaryIO:
    """A file, open to be read. OSError also for a pipe or a device, which would keep its reader
    waiting for ever.
    """
    handle = os.open(path, os.O_RDONLY | _AT_ONCE)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(errno.EINVAL, "it is no file", str(path))
    return os.fdopen(handle, "rb")


def read_text(path: Path, most: int) -> str:
    """The text of a file of at most so many bytes. OSError, ValueError."""
    with reading(path) as file:
        # Room is made for all that is asked for, before any of it is read.
        data = file.read(min(most, os.fstat(file.fileno()).st_size) + 1)
    if len(data) > most:
        raise ValueError("it is too long")
    return data.decode("utf-8")


def write_bytes(path: Path, data: bytes) -> None:
    """Write `data` to `path`, whole or not at all."""
    with writing(path) as temporary:
        temporary.write_bytes(data)


def write_text(path: Path, text: str) -> None:
    """Write `text` to `path` as UTF-8, whole or not at all."""
    write_bytes(path, text.encode("utf-8"))


def write_json(path: Path, value: Any) -> None:
    """Write `value` to `path` as indented JSON (NaN refused), whole or not at all."""
    write_text(path, json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n")


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock that this file is; others wait for it, and it dies with its holder. UserError
    where it cannot be made.
    """
    import fcntl  # Other systems shall still read and write files.

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise UserError(
            f"{path.parent} could not be locked: {error.strerror or error}; make the folder "
            "writable."
        ) from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def link(link: Path, target: Path) -> None:
    """Make `link` point at a file or a folder, or leave one there that does; UserError."""
    try:
        if link.is_symlink():
            link.unlink()
        link.symlink_to(target.resolve(), target_is_directory=target.is_dir())
    except OSError as error:
        raise UserError(
            f"Could not link {link} to {target} ({error.strerror}); choose an empty folder."
        ) from error


def _flush(path: Path) -> None:
    """Force a file's or folder's contents to the disk."""
    if path.is_dir() and os.name == "nt":  # Windows cannot open a folder for this.
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _umask() -> int:
    """The process's file-creation mask (reading it needs setting it)."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
