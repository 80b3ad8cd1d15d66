"""What a conversion converts: the pictures and videos of a folder."""

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from engines.data.listing import MOVING, PICTURES, UNREAD, is_folder
from engines.errors import UserError

FILMS = MOVING | {".3gp", ".mpeg", ".mpg", ".mts", ".ogv", ".ts", ".wmv"}
STILLS = PICTURES | (UNREAD - MOVING)
MOST_ITEMS = 1_000_000  # beyond this it is a mistake: a whole disk


@dataclass(frozen=True)
class Item:
    """One file: its name inside the folder, with `/`, and where it is."""

    name: str
    path: Path

    @property
    def moving(self) -> bool:
        """Whether it is a video, by its ending."""
        return self.path.suffix.lower() in FILMS

    @property
    def fingerprint(self) -> list[int]:
        """What changes with the file: bytes and time. UserError where it is gone."""
        return fingerprint(self.path)


def fingerprint(path: Path) -> list[int]:
    """Bytes and nanoseconds of a regular file; UserError else."""
    try:
        found = path.stat()
    except OSError as error:
        raise UserError(
            f"{path.name} cannot be read: {error.strerror or error}; check its permissions."
        ) from error
    if not stat.S_ISREG(found.st_mode):
        raise UserError(f"{path.name} is a pipe, a device or a folder, and no file; leave it out.")
    return [found.st_size, found.st_mtime_ns]


def listed(source: Path, out: Path) -> list[Item]:
    """The pictures and videos of a folder and of the folders in it, by name, or the one file.

    Hidden ones, what ends like neither, and the results themselves are left out. UserError.
    """
    if source.is_file():
        return [Item(source.name, source)]
    if not source.is_dir():
        raise UserError(f"There is no file or folder {source}; check the path.")
    found: list[Item] = []
    seen: set[tuple[int, int]] = set()
    waiting = [(source, "")]
    skipped = out.resolve()
    while waiting:
        folder, before = waiting.pop()
        try:
            status = os.stat(folder)
            if (status.st_dev, status.st_ino) in seen or folder.resolve() == skipped:
                continue
            seen.add((status.st_dev, status.st_ino))
            with os.scandir(folder) as entries:
                for entry in entries:
                    if entry.name.startswith("."):
                        continue
                    name = before + entry.name
                    if os.path.splitext(entry.name)[1].lower() in STILLS | FILMS:
                        found.append(Item(name, folder / entry.name))
                    elif is_folder(entry):
                        waiting.append((folder / entry.name, f"{name}/"))
        except OSError as error:
            raise UserError(
                f"The folder {folder} cannot be read: {error.strerror or error}; change its "
                "permissions or take it out."
            ) from error
        if len(found) > MOST_ITEMS:
            raise UserError(
                f"{source} leads to more than {MOST_ITEMS:,} files; choose a folder with fewer."
            )
    if not found:
        raise UserError(f"There are no pictures or videos in {source}; choose another folder.")
    return sorted(found, key=lambda item: item.name)
