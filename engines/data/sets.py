"""Data sets: folders of pictures as samples, cropped and flipped from a given random generator.

`open_data` opens the train and validation splits; the test split opens through `open_test` alone,
which the trainer does not import.
"""

import hashlib
import os
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from engines.data import points, tables
from engines.data.crops import Crop, central_crop, random_crop
from engines.data.pictures import (
    read_layout,
    read_picture,
)
from engines.data.samples import (
    Decoded,
    Floats,
    ImageSample,
    LabelledSample,
    LayoutSample,
    PairedSample,
    PointsSample,
    Sample,
)
from engines.data.spec import DataSpec, PaletteClass, palette
from engines.errors import UserError

PICTURES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff"})
CACHE_BYTES = 2_000_000_000


class DataSet(ABC):
    """Entries by name; `draw` augments, `fixed` does not. Decoded pictures are kept to a budget."""

    def __init__(
        self, names: Sequence[str], weights: Sequence[float], spec: DataSpec, cache_bytes: int
    ) -> None:
        self.names, self.weights, self.spec = list(names), [float(w) for w in weights], spec
        total = np.cumsum(np.asarray(weights, np.float64))
        self._shares = total / total[-1] if len(total) else total
        self._cache: dict[int, Decoded] = {}
        self._left = cache_bytes
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self.names)

    def pick(self, rng: np.random.Generator) -> int:
        """An index, as likely as its weight."""
        return int(
            np.searchsorted(self._shares, rng.random(), side="right").clip(max=len(self) - 1)
        )

    def draw(self, index: int, rng: np.random.Generator) -> Sample:
        """The entry in a random crop, mirrored or not: a function of `index` and the generator."""
        decoded = self._decoded(index)
        crop = random_crop(decoded[0].shape, self.spec.size, rng)
        return self._sample(index, decoded, crop)

    def fixed(self, index: int) -> Sample:
        """The entry in its largest central crop."""
        decoded = self._decoded(index)
        return self._sample(index, decoded, central_crop(decoded[0].shape, self.spec.size))

    @abstractmethod
    def _decode(self, index: int) -> Decoded:
        """Read the entry's files."""

    @abstractmethod
    def _sample(self, index: int, decoded: Decoded, crop: Crop) -> Sample:
        """Make the sample of a crop."""

    def _decoded(self, index: int) -> Decoded:
        with self._lock:
            if index in self._cache:
                return self._cache[index]
        decoded = self._decode(index)
        with self._lock:
            size = sum(array.nbytes for array in decoded)
            if size <= self._left and index not in self._cache:
                self._cache[index] = decoded
                self._left -= size
        return decoded


class ImageSet(DataSet):
    """Pictures of a folder."""

    def __init__(self, paths: Sequence[Path], weights: Sequence[float], spec: DataSpec, cache: int):
        super().__init__([path.stem for path in paths], weights, spec, cache)
        self._paths = list(paths)

    def _decode(self, index: int) -> Decoded:
        return (read_picture(self._paths[index]),)

    def _sample(self, index: int, decoded: Decoded, crop: Crop) -> Sample:
        return ImageSample(crop.picture(decoded[0], self.spec.size))


class LabelledSet(ImageSet):
    """Pictures with attributes; a picture without a line in the table has none known."""

    def __init__(
        self,
        paths: Sequence[Path],
        weights: Sequence[float],
        spec: DataSpec,
        cache: int,
        values: Sequence[Floats],
    ):
        super().__init__(paths, weights, spec, cache)
        self._values = list(values)

    def _sample(self, index: int, decoded: Decoded, crop: Crop) -> Sample:
        return LabelledSample(crop.picture(decoded[0], self.spec.size), self._values[index])


class LayoutSet(LabelledSet):
    """Pictures with a layout each."""

    def __init__(
        self,
        paths: Sequence[Path],
        weights: Sequence[float],
        spec: DataSpec,
        cache: int,
        values: Sequence[Floats],
        layouts: Sequence[Path],
    ):
        super().__init__(paths, weights, spec, cache, values)
        self._layouts = list(layouts)

    def _decode(self, index: int) -> Decoded:
        return self._read(index, self.spec.classes)

    def _read(self, index: int, classes: tuple[PaletteClass, ...]) -> Decoded:
        picture = read_picture(self._paths[index])
        ids = read_layout(self._layouts[index], classes)
        if ids.shape != picture.shape[:2]:
            raise UserError(
                f"The layout {self._layouts[index].name} is {ids.shape[1]} x {ids.shape[0]}, but "
                f"its photo is {picture.shape[1]} x {picture.shape[0]}; make them the same size."
            )
        return picture, ids

    def _sample(self, index: int, decoded: Decoded, crop: Crop) -> Sample:
        size = self.spec.size
        picture, layout = crop.picture(decoded[0], size), crop.layout(decoded[1], size)
        return LayoutSample(picture, layout, self._values[index])


class PairedSet(DataSet):
    """Two pictures of one name."""

    def __init__(
        self,
        sources: Sequence[Path],
        targets: Sequence[Path],
        weights: Sequence[float],
        spec: DataSpec,
        cache: int,
    ):
        super().__init__([path.stem for path in targets], weights, spec, cache)
        self._sources, self._targets = list(sources), list(targets)

    def _decode(self, index: int) -> Decoded:
        source, target = read_picture(self._sources[index]), read_picture(self._targets[index])
        if source.shape != target.shape:
            raise UserError(
                f"The pair {self.names[index]} has pictures of different sizes; make them the same."
            )
        return source, target

    def _sample(self, index: int, decoded: Decoded, crop: Crop) -> Sample:
        return PairedSample(*(crop.picture(array, self.spec.size) for array in decoded))


class PaintedSet(LayoutSet):
    """A layout set as pairs: the layout in its class colours is the source."""

    def __init__(
        self,
        paths: Sequence[Path],
        weights: Sequence[float],
        spec: DataSpec,
        cache: int,
        layouts: Sequence[Path],
        classes: tuple[PaletteClass, ...],
    ):
        super().__init__(paths, weights, spec, cache, [], layouts)
        self._classes = classes
        self._colors = np.concatenate(
            [palette(classes), np.zeros((256 - len(classes), 3), np.uint8)]
        )

    def _decode(self, index: int) -> Decoded:
        return self._read(index, self._classes)

    def _sample(self, index: int, decoded: Decoded, crop: Crop) -> Sample:
        ids = crop.layout(decoded[1], self.spec.size)
        source = np.ascontiguousarray(self._colors[ids].transpose(2, 0, 1))
        return PairedSample(source, crop.picture(decoded[0], self.spec.size))


class PointsSet(DataSet):
    """A toy distribution in the plane; every index is a fresh point."""

    def __init__(self, name: str, spec: DataSpec):
        super().__init__([name], [1.0], spec, 0)
        self._name = name

    def draw(self, index: int, rng: np.random.Generator) -> Sample:
        return PointsSample(points.sample(self._name, 1, rng)[0])

    def fixed(self, index: int) -> Sample:
        return self.draw(index, np.random.default_rng(index))

    def _decode(self, index: int) -> Decoded:
        return ()

    def _sample(self, index: int, decoded: Decoded, crop: Crop) -> Sample:
        return self.fixed(index)


def open_data(
    folder: Path | str,
    kind: str,
    size: tuple[int, int],
    split: str = "train",
    cache_bytes: int = CACHE_BYTES,
) -> DataSet:
    """The train or val split of a folder as `kind`; `size` is (height, width) of a crop.

    A layout set also serves as image, labelled and paired data. UserError when the folder is
    something else.
    """
    if split not in ("train", "val"):
        raise ValueError(f"open_data opens train and val, not {split!r}")
    return _open(Path(folder), kind, size, split, cache_bytes)


def open_test(folder: Path | str, kind: str, size: tuple[int, int]) -> DataSet:
    """The test split, for final figures only: the trainer never calls this."""
    return _open(Path(folder), kind, size, "test", CACHE_BYTES)


def pictures_in(folder: Path) -> dict[str, Path]:
    """Name without ending -> path of every picture in a folder, sorted; UserError where two share
    a name.
    """
    if not folder.is_dir():
        raise UserError(f"There is no folder {folder}; check the path.")
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() in PICTURES and not path.name.startswith("."):
            if path.stem in found:
                raise UserError(
                    f"{folder} holds both {found[path.stem].name} and {path.name}; names without "
                    "their endings must differ, so rename one."
                )
            found[path.stem] = path
    return found


def _open(folder: Path, kind: str, size: tuple[int, int], split: str, cache: int) -> DataSet:
    if kind == "points" or str(folder).startswith("points:"):
        name = str(folder).removeprefix("points:")
        points.check(name)
        return PointsSet(name, DataSpec("points", size, 1, 2, fingerprint=name))
    if not folder.is_dir():
        raise UserError(f"There is no data folder {folder}; check the path.")
    layered = (folder / "photos").is_dir() and (folder / "layouts").is_dir()
    if kind == "layout" and not layered:
        raise UserError(
            f"{folder} is no layout set: it needs the folders photos and layouts and a "
            f"classes.json."
        )
    if kind == "paired" and not layered:
        return _open_pairs(folder, size, split, cache)
    chosen, weights, paths = _split(folder, folder / "photos" if layered else folder, split)
    mates = pictures_in(folder / "layouts") if kind in ("layout", "paired") else {}
    mark = _fingerprint(folder, [*paths.values(), *mates.values()])
    spec = DataSpec(kind, size, len(chosen), fingerprint=mark)
    pictures = [paths[name] for name in chosen]
    if kind == "image":
        return ImageSet(pictures, weights, spec, cache)
    if kind == "labelled":
        names, values = _values(folder, chosen, paths)
        return LabelledSet(pictures, weights, _with(spec, attributes=names), cache, values)
    if kind not in ("layout", "paired"):
        raise UserError(f"There is no kind of data called {kind!r}.")
    classes = tables.read_classes(folder)
    if missing := [name for name in chosen if name not in mates]:
        raise UserError(
            f"{len(missing)} photos in {folder} have no layout, {missing[0]} first; add them or "
            f"leave "
            "the photos out (data scan lists them all)."
        )
    layouts = [mates[name] for name in chosen]
    if kind == "paired":
        return PaintedSet(pictures, weights, spec, cache, layouts, classes)
    names, values = (), [np.empty(0, np.float32)] * len(chosen)
    if (folder / "attributes.csv").exists():
        names, values = _values(folder, chosen, paths)
    spec = _with(spec, attributes=names, classes=classes)
    return LayoutSet(pictures, weights, spec, cache, values, layouts)


def _open_pairs(folder: Path, size: tuple[int, int], split: str, cache: int) -> DataSet:
    """Two folders, a and b or source and target, with the same names."""
    names = pair_names(folder)
    if names is None:
        raise UserError(
            f"{folder} holds no pairs: it needs the folders source and target (or a and b)."
        )
    first, second = names
    chosen, weights, targets = _split(folder, folder / second, split)
    sources = pictures_in(folder / first)
    if missing := [name for name in chosen if name not in sources]:
        raise UserError(
            f"{len(missing)} pictures in {folder / second} have no mate in {first}, "
            f"{missing[0]} first; add them or leave the others out."
        )
    mark = _fingerprint(folder, [*targets.values(), *sources.values()])
    spec = DataSpec("paired", size, len(chosen), fingerprint=mark)
    pairs = [sources[n] for n in chosen], [targets[n] for n in chosen]
    return PairedSet(*pairs, weights, spec, cache)


def pair_names(folder: Path) -> tuple[str, str] | None:
    """The names of a pair set's two folders; None where there are none."""
    for first, second in (("source", "target"), ("a", "b"), ("A", "B")):
        if (folder / first).is_dir() and (folder / second).is_dir():
            return first, second
    return None


def _split(
    folder: Path, pictures: Path, split: str
) -> tuple[list[str], list[float], dict[str, Path]]:
    """Names of the split, their weights, and all pictures by name."""
    paths = pictures_in(pictures)
    if not paths and pictures == folder:  # A folder of folders.
        for inner in sorted(path for path in folder.iterdir() if path.is_dir()):
            paths |= {f"{inner.name}/{k}": v for k, v in pictures_in(inner).items()}
    if not paths:
        raise UserError(f"There are no pictures in {pictures}; choose another folder.")
    splits, weights = tables.read_splits(folder) if (folder / "splits.csv").exists() else ({}, {})

    def belongs(name: str) -> bool:
        return (splits.get(name) if splits else tables.split_by_name(name)) == split

    # The weight 0 leaves a picture out of every split, so validation never sees it either.
    chosen = [n for n in paths if belongs(n) and (not weights or weights[n] > 0)]
    if not chosen and split == "train":
        raise UserError(
            f"No picture in {folder} belongs to the training split with a weight above 0; mend "
            "splits.csv."
        )
    return chosen, [weights[name] if weights else 1.0 for name in chosen], paths


def _values(
    folder: Path, chosen: Sequence[str], names: Iterable[str]
) -> tuple[tuple[str, ...], list[Floats]]:
    """Attribute names and the values of the chosen; without attributes.csv a folder per class, of
    whatever split, is one attribute a class.
    """
    if (folder / "attributes.csv").exists():
        header, table = tables.read_attributes(folder)
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


def _with(
    spec: DataSpec, attributes: tuple[str, ...] = (), classes: tuple[PaletteClass, ...] = ()
) -> DataSpec:
    return DataSpec(
        spec.kind, spec.size, spec.count, spec.channels, classes, attributes, spec.fingerprint
    )


def _fingerprint(folder: Path, paths: Iterable[Path]) -> str:
    """Hash over names, sizes and times of change of these files and of the set's tables."""
    digest = hashlib.sha256()
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
