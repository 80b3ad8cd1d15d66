"""Where in a data set's folder its pictures and their mates lie."""

import os
import re
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from engines.data.listing import HERE, Lister, Listing, copied, is_folder, without_ending
from engines.data.mends import NONE, Mends
from engines.errors import UserError

# Names of folders that say what is in them, in any case; the first of each is what is asked for.
PHOTOS = (
    "photos",
    "images",
    "pictures",
    "photo",
    "image",
    "img",
    "imgs",
    "jpegimages",
    "originals",
)
LAYOUTS = (
    *("layouts", "masks", "labels", "segmentations", "annotations", "layout", "mask", "label"),
    *("labelmaps", "segmentation", "segmentationclass", "seg", "gt"),
)
PAIRS = (
    *(("source", "target"), ("a", "b"), ("input", "output"), ("before", "after")),
    *(("sources", "targets"), ("inputs", "outputs"), ("sketches", "photos"), ("edges", "photos")),
)
_KNOWN = frozenset({*PHOTOS, *LAYOUTS, *(name for pair in PAIRS for name in pair)})
_ENDING = re.compile(r"(?<=.)[_\-. ]?[A-Za-z]+$")


@dataclass(frozen=True)
class Places:
    """The folders of pictures and of their mates, and what names in them end in beside the name.

    `layered` means that the mates are layouts.
    """

    first: str
    second: str | None = None
    layered: bool = False
    endings: tuple[str, str] = ("", "")


def places_of(folder: Path, kind: str, mends: Mends = NONE) -> Places:
    """Where the pictures of a set lie when it is read as this kind; UserError where it is not one.

    Mends name the folders where their names do not say which is which.
    """
    layered = _named(folder, mends) if mends.folders else layer_names(folder)
    painted = layered is not None and (
        not mends.folders or bool(mends.palette) or (folder / "classes.json").exists()
    )
    endings = mends.endings if len(mends.endings) == 2 else ("", "")
    if kind == "layout":
        if layered is None:
            raise UserError(
                f"{folder} is no layout set: it needs the folders photos and layouts and a "
                "classes.json."
            )
        return Places(layered[0], layered[1], True, endings)
    if kind in ("paired", "unpaired") and not (kind == "paired" and mends.source):
        names = layered if mends.folders or painted else pair_names(folder)
        if names is None:
            raise UserError(
                f"{folder} holds no pairs: it needs the folders source and target (or a and b)."
            )
        return Places(names[0], names[1], painted, endings)
    if layered is not None:
        return Places(layered[0], None, False, endings)
    return Places(HERE)


def _named(folder: Path, mends: Mends) -> tuple[str, str]:
    """The two folders that mends name; UserError where there are none in the set."""
    if len(mends.folders) != 2:
        raise UserError("The mends of the data name other than two folders; choose it anew.")
    first, second = mends.folders
    for name in (first, second):
        outside = os.path.isabs(name) or ".." in Path(name).parts
        if outside or not (folder / name).is_dir():
            raise UserError(f"There is no folder {name} in {folder}; choose the data set anew.")
    return first, second


def layer_names(folder: Path) -> tuple[str, str] | None:
    """The names of a layout set's two folders as names alone tell them; None where they do not."""
    known = folders_by_name(folder)
    photos = [known[name] for name in PHOTOS if name in known]
    layouts = [known[name] for name in LAYOUTS if name in known]
    return (photos[0], layouts[0]) if photos and layouts else None


def pair_names(folder: Path) -> tuple[str, str] | None:
    """The names of a pair set's two folders as names alone tell them; None where they do not."""
    known = folders_by_name(folder)
    for first, second in PAIRS:
        if first in known and second in known:
            return known[first], known[second]
    return None


def folders_by_name(folder: Path) -> dict[str, str]:
    """Name in small letters -> name of the folders in a folder that have a name known here; of
    several spellings the first by the alphabet. OSError.
    """
    with os.scandir(folder) as entries:
        names = sorted(e.name for e in entries if e.name.lower() in _KNOWN and is_folder(e))
    return {name.lower(): name for name in reversed(names)}


def listings(lister: Lister, places: Places) -> tuple[Listing, Listing]:
    """The pictures and their mates by name. Both may lie in one folder, told apart by ending.

    What is left out takes its mate along.
    """
    here, there = places.endings
    if places.second is None:
        return without_ending(lister.pictures(places.first), here), Listing()
    first, second = _both(lister, places)
    first, second = without_ending(first, here), without_ending(second, there)
    for own, other in ((first, second), (second, first)):
        for name in own.out:
            other.paths.pop(name, None)
    return first, second


def _both(lister: Lister, places: Places) -> tuple[Listing, Listing]:
    first, there = lister.pictures(places.first), places.endings[1]
    assert places.second is not None
    if places.second == places.first:
        paths = first.paths.items()
        mates = Listing({name: path for name, path in paths if name.endswith(there)})
        mates.out = {name for name in first.out if name.endswith(there)}
        photos = {name: path for name, path in paths if name not in mates.paths}
        return Listing(photos, first.doubles, first.unread, first.out - mates.out), mates
    mates = lister.pictures(places.second)
    return copied(first), copied(mates)


def sorts_of(
    places: Places, first: Mapping[str, Path], second: Mapping[str, Path]
) -> dict[str, Path]:
    """Folder/name -> path of two sorts of pictures that have nothing to do with each other."""
    both = ((places.first, first), (places.second or HERE, second))
    return {f"{at}/{name}": path for at, its in both for name, path in its.items()}


def usual_ending(names: Collection[str]) -> str:
    """What nearly all names end in, such as _mask; nothing where they do not."""
    found = Counter(match[0] for name in names if (match := _ENDING.search(name)))
    ending, count = found.most_common(1)[0] if found else ("", 0)
    return ending if count >= 0.8 * len(names) else ""
