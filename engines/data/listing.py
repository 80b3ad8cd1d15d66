"""Which pictures a folder holds, by name: quickly, and the same for a scan as for a training."""

import os
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from engines.errors import UserError, printable

PICTURES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff"})
MOVING = frozenset({".avi", ".m4v", ".mkv", ".mov", ".mp4", ".webm"})
UNREAD = MOVING | {
    *(".avif", ".gif", ".heic", ".heif", ".jp2", ".jxl", ".psd", ".raw", ".svg", ".tga", ".xcf")
}
HERE = "."  # in place of a folder's name: the data set's own
DEEPEST = 3  # folders within folders that are looked into
MOST_PICTURES = 2_000_000  # a set beyond this is a mistake: a whole disk, or links in a circle


class Cancelled(Exception):  # noqa: N818 - no error: the user asked for it
    """The caller has asked to end."""


@dataclass
class Listing:
    """Name, without ending -> path of pictures, sorted; and the files that are left out of it."""

    paths: dict[str, Path] = field(default_factory=dict)
    doubles: list[tuple[Path, Path]] = field(default_factory=list)  # with the one that was taken
    unread: list[Path] = field(default_factory=list)
    out: set[str] = field(default_factory=set)  # names of files that were to be left out


class Lister:
    """Lists the folders of a data set, each of them once.

    Files in `out`, paths inside the set as `inside` writes them, count as not there. `cancelled` is
    asked at every file, and ends a listing with Cancelled.
    """

    def __init__(
        self,
        root: Path,
        out: Collection[str] = (),
        cancelled: Callable[[], bool] = lambda: False,
    ) -> None:
        self.root, self.cancelled = root, cancelled
        self._out = frozenset(out)
        self._found: dict[str, Listing] = {}

    def pictures(self, name: str = HERE) -> Listing:
        """The pictures of a folder of the set, or, where it has none of its own, of the folders in
        it, whose names then come first: folder/name. OSError where it cannot be read.
        """
        if name not in self._found:
            walk = _Walk(self.root, self._out, self.cancelled)
            walk.through(self.root / name, "", DEEPEST)
            self._found[name] = walk.listing
        return self._found[name]


class _Walk:
    def __init__(self, root: Path, out: frozenset[str], cancelled: Callable[[], bool]) -> None:
        self.root, self.out, self.cancelled = root, out, cancelled
        self.seen: set[tuple[int, int]] = set()
        self.listing = Listing()

    def through(self, folder: Path, before: str, deeper: int) -> None:
        status = os.stat(folder)
        if (status.st_dev, status.st_ino) in self.seen:  # A link to a folder that it lies in.
            return
        self.seen.add((status.st_dev, status.st_ino))
        files, inner = self._split(folder)
        listing, own = self.listing, False
        for file in files:
            stem, ending = os.path.splitext(file)
            path, name = folder / file, before + stem
            # Its doubles go with it: a copy of what is broken is broken too.
            if name in listing.out or (self.out and inside(path, self.root) in self.out):
                listing.out.add(name)
                continue
            if ending.lower() in UNREAD:
                listing.unread.append(path)
            elif name in listing.paths:
                listing.doubles.append((path, listing.paths[name]))
            else:
                listing.paths[name], own = path, True
        if len(listing.paths) > MOST_PICTURES:
            raise UserError(
                f"{folder} leads to more than {MOST_PICTURES:,} pictures; choose a folder with "
                "fewer."
            )
        if deeper and not own:
            for name in inner:
                self.through(folder / name, f"{before}{name}/", deeper - 1)

    def _split(self, folder: Path) -> tuple[list[str], list[str]]:
        """The names, sorted, of what ends like pictures, and of folders."""
        files: list[str] = []
        inner: list[str] = []
        with os.scandir(folder) as entries:
            for entry in entries:
                if self.cancelled():
                    raise Cancelled
                if entry.name.startswith("."):
                    continue
                ending = os.path.splitext(entry.name)[1].lower()
                if ending in PICTURES or ending in UNREAD:
                    files.append(entry.name)
                elif is_folder(entry):
                    inner.append(entry.name)
        return sorted(files), sorted(inner)


def is_folder(entry: os.DirEntry[str]) -> bool:
    """Whether it is a folder or leads to one; a link in a circle does not."""
    try:
        return entry.is_dir()
    except OSError:
        return False


def inside(path: Path, folder: Path) -> str:
    """A path as reports and mends name it: inside the data set, on one line, printable."""
    return printable(
        path.relative_to(folder).as_posix() if path.is_relative_to(folder) else str(path)
    )


def copied(listing: Listing) -> Listing:
    """One whose pictures can be taken away without changing the first."""
    return Listing(dict(listing.paths), listing.doubles, listing.unread, listing.out)


def without_ending(listing: Listing, ending: str) -> Listing:
    """With names shortened by what all of them have at their end; others are left out."""
    if not ending:
        return listing
    size = len(ending)
    cut = {n[:-size]: p for n, p in listing.paths.items() if n.endswith(ending) and len(n) > size}
    out = {name[:-size] for name in listing.out if name.endswith(ending)}
    return Listing(cut, listing.doubles, listing.unread, out)


def apart(first: Sequence[int], second: Sequence[int]) -> bool:
    """Whether two sizes (height, width, ...) are of different shapes, as if the pictures showed
    different things.
    """
    here, there = first[1] / first[0], second[1] / second[0]
    return max(here, there) > 1.05 * min(here, there)
