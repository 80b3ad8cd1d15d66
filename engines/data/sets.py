"""Opening data sets: folders of pictures as samples, read as their mends say.

`open_data` opens the train and validation splits; the test split opens through `open_test` alone,
which the trainer does not import.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from engines.data import points, tables
from engines.data.kinds import (
    DataSet,
    DerivedSet,
    DetailSet,
    Entries,
    ImageSet,
    LabelledSet,
    LayoutSet,
    PaintedSet,
    PairedSet,
    PointsSet,
    UnpairedSet,
)
from engines.data.layouts import Reading
from engines.data.listing import Lister, Listing
from engines.data.mends import NONE, Mends
from engines.data.places import Places, listings, places_of, sorts_of
from engines.data.report import KINDS as TOLD
from engines.data.samples import Floats
from engines.data.spec import DataSpec
from engines.data.splitting import assign
from engines.errors import UserError

CACHE_BYTES = 2_000_000_000
KINDS = (*TOLD, "detail")


def open_data(
    folder: Path | str,
    kind: str,
    size: tuple[int, int],
    split: str = "train",
    cache_bytes: int = CACHE_BYTES,
    mends: Mends = NONE,
) -> DataSet:
    """The train or val split of a folder as `kind`; `size` is (height, width) of a crop.

    A layout set also serves as image, detail, labelled, paired and unpaired data. UserError when
    the folder is something else, or has faults that mends do not cover.
    """
    if split not in ("train", "val"):
        raise ValueError(f"open_data opens train and val, not {split!r}")
    return _open(Path(folder), kind, size, split, cache_bytes, mends)


def open_test(folder: Path | str, kind: str, size: tuple[int, int], mends: Mends = NONE) -> DataSet:
    """The test split, for final figures only: the trainer never calls this."""
    return _open(Path(folder), kind, size, "test", CACHE_BYTES, mends)


def pictures_in(folder: Path) -> dict[str, Path]:
    """Name without ending -> path of every picture in a folder, sorted; UserError where two share
    a name.
    """
    if not folder.is_dir():
        raise UserError(f"There is no folder {folder}; check the path.")
    return _single(Lister(folder).pictures(), folder, NONE)


def _single(listing: Listing, folder: Path, mends: Mends) -> dict[str, Path]:
    """The pictures of a listing; UserError where two share a name and may not."""
    if listing.doubles and not mends.doubles:
        second, first = listing.doubles[0]
        raise UserError(
            f"{folder} holds both {first.name} and {second.name}; names without their endings must "
            "differ, so rename one."
        )
    return listing.paths


def _open(
    folder: Path, kind: str, size: tuple[int, int], split: str, cache: int, mends: Mends
) -> DataSet:
    if kind == "points" or str(folder).startswith("points:"):
        name = str(folder).removeprefix("points:")
        points.check(name)
        return PointsSet(name, DataSpec("points", size, 1, 2, fingerprint=name))
    if not folder.is_dir():
        raise UserError(f"There is no data folder {folder}; check the path.")
    if kind not in KINDS:
        raise UserError(f"There is no kind of data called {kind!r}.")
    try:
        places = places_of(folder, kind, mends)
        first, second = listings(Lister(folder, mends.files), places)
    except OSError as error:
        raise UserError(f"{folder} cannot be read ({error}); check its permissions.") from error
    pictures = _single(first, folder / places.first, mends)
    mates: dict[str, Path] | None = None
    if places.second is not None:
        mates = _single(second, folder / places.second, mends)
    if (
        kind == "paired" and mates is not None and not places.layered
    ):  # The target says where a pair belongs.
        pictures, mates = mates, pictures
    if not pictures:
        raise UserError(f"There are no pictures in {folder / places.first}; choose another folder.")
    if kind == "unpaired" and not places.layered:
        assert mates is not None
        return _apart(folder, pictures, mates, places, size, split, cache, mends)
    if mends.mates and mates is not None:
        pictures = {name: path for name, path in pictures.items() if name in mates}
        mates = {name: path for name, path in mates.items() if name in pictures}
    names, weights = _chosen(folder, pictures, split, mends)
    if mates is not None and (missing := [name for name in names if name not in mates]):
        raise UserError(_unmated(folder, places, kind, missing))
    entries = Entries(names, [pictures[name] for name in names], weights)
    every = [*pictures.values(), *(mates.values() if mates is not None else ())]
    spec = DataSpec(kind, size, len(names), fingerprint=_fingerprint(folder, every, mends))
    return _as(kind, folder, entries, spec, cache, pictures, mates, places, mends)


def _as(
    kind: str,
    folder: Path,
    entries: Entries,
    spec: DataSpec,
    cache: int,
    pictures: dict[str, Path],
    mates: dict[str, Path] | None,
    places: Places,
    mends: Mends,
) -> DataSet:
    """The data set of a kind."""
    if kind == "detail":
        return DetailSet(entries, spec, cache)
    if kind == "image":
        return ImageSet(entries, spec, cache)
    if kind == "paired" and mends.source:
        return DerivedSet(entries, replace(spec, source=mends.source), cache)
    if kind == "labelled":
        header, values = _values(folder, entries.names, pictures, mends)
        return LabelledSet(entries, replace(spec, attributes=header), cache, values)
    assert mates is not None
    beside = [mates[name] for name in entries.names]
    if not places.layered:
        return PairedSet(entries, spec, cache, beside, mends.resize)
    reading = Reading.of(folder, mends)
    if kind == "paired":
        return PaintedSet(entries, spec, cache, beside, reading)
    if kind == "unpaired":
        painted = PaintedSet(entries, spec, cache // 2, beside, reading)
        return UnpairedSet(painted, ImageSet(entries, spec, cache // 2), spec)
    header, values = (), [np.empty(0, np.float32)] * len(entries.names)
    if (folder / "attributes.csv").exists():
        header, values = _values(folder, entries.names, pictures, mends)
    spec = replace(spec, attributes=header, classes=reading.classes)
    return LayoutSet(entries, spec, cache, values, beside, reading)


def _apart(
    folder: Path,
    sources: dict[str, Path],
    targets: dict[str, Path],
    places: Places,
    size: tuple[int, int],
    split: str,
    cache: int,
    mends: Mends,
) -> DataSet:
    """Two sorts of pictures; both may use the same names, so each is named with its folder."""
    assert places.second is not None
    if not targets:
        raise UserError(f"There are no pictures in {folder / places.second}; add some.")
    both = sorts_of(places, sources, targets)
    names, weights = _chosen(folder, both, split, mends)
    found = []
    for place in (places.first, places.second):
        rows = [i for i, name in enumerate(names) if both[name].is_relative_to(folder / place)]
        if not rows and split == "train":
            raise UserError(
                f"No picture in {folder / place} belongs to the training split; mend splits.csv."
            )
        mine = [names[i] for i in rows]
        found.append(Entries(mine, [both[n] for n in mine], [weights[i] for i in rows]))
    if not found[1].names:  # What has no counterpart of its split cannot be shown beside one.
        found[0] = Entries([], [], [])
    mark = _fingerprint(folder, both.values(), mends)
    spec = DataSpec("unpaired", size, len(found[0].names), fingerprint=mark)
    first, second = (ImageSet(entries, spec, cache // 2) for entries in found)
    return UnpairedSet(first, second, spec)


def _unmated(folder: Path, places: Places, kind: str, missing: Sequence[str]) -> str:
    if places.layered:
        return (
            f"{len(missing)} photos in {folder} have no layout, {missing[0]} first; add them or "
            "leave the photos out (data scan lists them all)."
        )
    return (
        f"{len(missing)} pictures in {folder / (places.second or places.first)} have no mate in "
        f"{places.first}, {missing[0]} first; add them or leave the others out."
    )


def _chosen(
    folder: Path, pictures: dict[str, Path], split: str, mends: Mends
) -> tuple[list[str], list[float]]:
    """Names of the split and their weights."""
    names = list(pictures)
    splits, weights = splits_of(folder, names, mends)
    # The weight 0 leaves a picture out of every split, so validation never sees it either.
    chosen = [n for n in names if splits.get(n) == split and (not weights or weights[n] > 0)]
    if not chosen and split == "train":
        raise UserError(
            f"No picture in {folder} belongs to the training split with a weight above 0; mend "
            "splits.csv."
        )
    return chosen, [weights[name] if weights else 1.0 for name in chosen]


def splits_of(
    folder: Path, names: Sequence[str], mends: Mends, fault: tables.Fault = tables.stop
) -> tuple[dict[str, str], dict[str, float]]:
    """Name -> split, and name -> weight (empty where there are none), as mends, splits.csv or else
    the names say.
    """
    if (folder / "splits.csv").exists():
        splits, weights = tables.read_splits(folder, tables.ignore if mends.lines else fault)
        if mends.split is None:
            return splits, weights
        named = [name for name in names if name in splits]  # Weights still count.
        return assign(named, mends.split), weights
    if mends.split is not None:
        return assign(names, mends.split), {}
    return tables.usual_splits(names), {}


def _values(
    folder: Path, chosen: Sequence[str], names: Iterable[str], mends: Mends
) -> tuple[tuple[str, ...], list[Floats]]:
    """Attribute names and the values of the chosen; without attributes.csv a folder per class, of
    whatever split, is one attribute a class.
    """
    if (folder / "attributes.csv").exists():
        fault = tables.ignore if mends.lines else tables.stop
        header, table = tables.read_attributes(folder, fault)
        unknown = np.full(len(header), np.nan, np.float32)
        return header, [table.get(name, unknown) for name in chosen]
    groups = sorted({name.partition("/")[0] for name in names if "/" in name})
    if not groups:
        raise UserError(
            f"{folder} has neither attributes.csv nor a folder for each class; add one."
        )
    return tuple(groups), [
        np.array([name.partition("/")[0] == group for group in groups], np.float32)
        for name in chosen
    ]


def _fingerprint(folder: Path, paths: Iterable[Path], mends: Mends) -> str:
    """Hash over names, sizes and times of change of these files and of the set's tables, and over
    the mends.
    """
    digest = hashlib.sha256()
    if mends != NONE:
        digest.update(json.dumps(mends.to_json(), sort_keys=True).encode())
    small = (folder / name for name in ("classes.json", "attributes.csv", "splits.csv"))
    for path in [*paths, *(path for path in small if path.exists())]:
        try:
            stat = path.stat()
        except OSError as error:
            raise UserError(
                f"{path} cannot be read ({error.strerror}); restore it or leave it out."
            ) from error
        place = os.fsencode(path.relative_to(folder))
        digest.update(place + f" {stat.st_size} {stat.st_mtime_ns}\n".encode())
    return digest.hexdigest()[:16]
