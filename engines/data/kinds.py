"""Kinds of data sets: entries by name as samples, cropped and flipped from a given generator."""

import logging
import threading
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engines.data import points
from engines.data.crops import Crop, central_crop, central_detail, kept, random_crop, random_detail
from engines.data.derive import derive
from engines.data.layouts import Reading
from engines.data.listing import apart
from engines.data.pictures import read_picture, resize_picture, shrink_layout
from engines.data.samples import (
    Decoded,
    Floats,
    ImageSample,
    LabelledSample,
    LayoutSample,
    PairedSample,
    PointsSample,
    Sample,
    UnpairedSample,
)
from engines.data.spec import DataSpec, palette
from engines.errors import UserError

log = logging.getLogger(__name__)

_TRIES = 20  # partners that cannot be read before a draw gives up


@dataclass(frozen=True)
class Entries:
    """The pictures of a split: names, files, and how often each is drawn."""

    names: list[str]
    paths: list[Path]
    weights: list[float]


class DataSet(ABC):
    """Entries by name; `draw` augments, `fixed` does not."""

    def __init__(self, names: Sequence[str], weights: Sequence[float], spec: DataSpec) -> None:
        self.names, self.weights, self.spec = list(names), [float(w) for w in weights], spec
        total = np.cumsum(np.asarray(weights, np.float64))
        self._shares = total / total[-1] if len(total) else total

    def __len__(self) -> int:
        return len(self.names)

    def pick(self, rng: np.random.Generator) -> int:
        """An index, as likely as its weight."""
        return int(
            np.searchsorted(self._shares, rng.random(), side="right").clip(max=len(self) - 1)
        )

    @abstractmethod
    def draw(self, index: int, rng: np.random.Generator) -> Sample:
        """The entry in a random crop, mirrored or not: a function of `index` and the generator."""

    @abstractmethod
    def fixed(self, index: int) -> Sample:
        """The entry in its largest central crop."""

    @abstractmethod
    def decoded_bytes(self, index: int) -> int:
        """Bytes that the entry takes once its files are read and it is kept."""


class DecodedSet(DataSet):
    """Entries that are read from files. Decoded pictures are kept to a budget."""

    def __init__(self, entries: Entries, spec: DataSpec, cache_bytes: int) -> None:
        super().__init__(entries.names, entries.weights, spec)
        self._paths = entries.paths
        self._cache: dict[int, Decoded] = {}
        self._left = cache_bytes
        self._lock = threading.Lock()

    def draw(self, index: int, rng: np.random.Generator) -> Sample:
        decoded = self._decoded(index)
        return self._sample(index, decoded, self._look(decoded[0].shape, rng))

    def fixed(self, index: int) -> Sample:
        decoded = self._decoded(index)
        return self._sample(index, decoded, self._look(decoded[0].shape))

    def decoded_bytes(self, index: int) -> int:
        return sum(array.nbytes for array in self._decoded(index))

    def _look(self, shape: Sequence[int], rng: np.random.Generator | None = None) -> Crop:
        """The part that a draw shows, or without a generator the fixed one."""
        if rng is None:
            return central_crop(shape, self.spec.size)
        return random_crop(shape, self.spec.size, rng)

    def _keep(self, decoded: Decoded) -> Decoded:
        """What of an entry is kept."""
        return kept(decoded, self.spec.size)

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
        decoded = self._keep(self._decode(index))
        with self._lock:
            size = sum(array.nbytes for array in decoded)
            if size <= self._left and index not in self._cache:
                self._cache[index] = decoded
                self._left -= size
        return decoded


class ImageSet(DecodedSet):
    """Pictures of a folder."""

    def _decode(self, index: int) -> Decoded:
        return (read_picture(self._paths[index]),)

    def _sample(self, index: int, decoded: Decoded, crop: Crop) -> Sample:
        return ImageSample(crop.picture(decoded[0], self.spec.size))


class DetailSet(ImageSet):
    """Parts of pictures as they are: what learns of single pixels must not see them resized."""

    def _look(self, shape: Sequence[int], rng: np.random.Generator | None = None) -> Crop:
        if rng is None:
            return central_detail(shape, self.spec.size)
        return random_detail(shape, self.spec.size, rng)

    def _keep(self, decoded: Decoded) -> Decoded:
        return decoded


class LabelledSet(ImageSet):
    """Pictures with attributes; a picture without a line in the table has none known."""

    def __init__(self, entries: Entries, spec: DataSpec, cache: int, values: Sequence[Floats]):
        super().__init__(entries, spec, cache)
        self._values = list(values)

    def _sample(self, index: int, decoded: Decoded, crop: Crop) -> Sample:
        return LabelledSample(crop.picture(decoded[0], self.spec.size), self._values[index])


class LayoutSet(LabelledSet):
    """Pictures with a layout each."""

    def __init__(
        self,
        entries: Entries,
        spec: DataSpec,
        cache: int,
        values: Sequence[Floats],
        layouts: Sequence[Path],
        reading: Reading,
    ):
        super().__init__(entries, spec, cache, values)
        self._layouts, self._reading = list(layouts), reading

    def _decode(self, index: int) -> Decoded:
        path = self._layouts[index]
        picture, ids = read_picture(self._paths[index]), self._reading.read(path)
        size = (picture.shape[0], picture.shape[1])
        if ids.shape != size:
            if not self._reading.mends.resize or apart(ids.shape, size):
                raise UserError(
                    f"The layout {path.name} is {ids.shape[1]} x {ids.shape[0]}, but its photo is "
                    f"{size[1]} x {size[0]}; make them the same size."
                )
            ids = shrink_layout(ids, size)
        return picture, ids

    def _sample(self, index: int, decoded: Decoded, crop: Crop) -> Sample:
        size = self.spec.size
        picture, layout = crop.picture(decoded[0], size), crop.layout(decoded[1], size)
        return LayoutSample(picture, layout, self._values[index])


class PaintedSet(LayoutSet):
    """A layout set as pairs: the layout in its class colours is the source."""

    def __init__(
        self,
        entries: Entries,
        spec: DataSpec,
        cache: int,
        layouts: Sequence[Path],
        reading: Reading,
    ):
        super().__init__(entries, spec, cache, [], layouts, reading)
        classes = reading.classes
        self._colors = np.concatenate(
            [palette(classes), np.zeros((256 - len(classes), 3), np.uint8)]
        )

    def _sample(self, index: int, decoded: Decoded, crop: Crop) -> Sample:
        ids = crop.layout(decoded[1], self.spec.size)
        source = np.ascontiguousarray(self._colors[ids].transpose(2, 0, 1))
        return PairedSample(source, crop.picture(decoded[0], self.spec.size))


class PairedSet(ImageSet):
    """Two pictures of one name; the entries' own are the targets."""

    def __init__(
        self,
        entries: Entries,
        spec: DataSpec,
        cache: int,
        sources: Sequence[Path],
        resize: bool = False,
    ):
        super().__init__(entries, spec, cache)
        self._sources, self._resize = list(sources), resize

    def _decode(self, index: int) -> Decoded:
        source, target = read_picture(self._sources[index]), read_picture(self._paths[index])
        size = (target.shape[0], target.shape[1])
        if source.shape != target.shape:
            if not self._resize or apart(source.shape, size):
                raise UserError(
                    f"The pair {self.names[index]} has pictures of different sizes; make them the "
                    "same."
                )
            source = resize_picture(source, size)
        return source, target

    def _sample(self, index: int, decoded: Decoded, crop: Crop) -> Sample:
        return PairedSample(*(crop.picture(array, self.spec.size) for array in decoded))


class DerivedSet(ImageSet):
    """Pictures as targets, each with what is made of its crop as the source."""

    def _sample(self, index: int, decoded: Decoded, crop: Crop) -> Sample:
        target = crop.picture(decoded[0], self.spec.size)
        source = derive(target.transpose(1, 2, 0), self.spec.source)
        return PairedSample(np.ascontiguousarray(source.transpose(2, 0, 1)), target)


class UnpairedSet(DataSet):
    """Pictures of one sort, each with one of another that a draw chooses by its weight. Of both
    sets a sample's first part counts.
    """

    def __init__(self, sources: DataSet, targets: DataSet, spec: DataSpec):
        super().__init__(sources.names, sources.weights, spec)
        self._sources, self._targets = sources, targets

    def draw(self, index: int, rng: np.random.Generator) -> Sample:
        """The picture and another, cropped and mirrored each for itself."""
        return _beside(self._sources.draw(index, rng), self._met(rng, _TRIES))

    def _met(self, rng: np.random.Generator, tries: int) -> Sample:
        """One of the other sort; what cannot be read is passed over, but not for ever."""
        try:
            return self._targets.draw(self._targets.pick(rng), rng)
        except UserError as error:
            if tries == 0:
                raise
            log.warning("%s", error)
            return self._met(rng, tries - 1)

    def fixed(self, index: int) -> Sample:
        """The picture, and the one at its place among the others."""
        other = index % len(self._targets)
        return _beside(self._sources.fixed(index), self._targets.fixed(other))

    def decoded_bytes(self, index: int) -> int:
        other = index % len(self._targets)
        return self._sources.decoded_bytes(index) + self._targets.decoded_bytes(other)


def _beside(source: Sample, target: Sample) -> UnpairedSample:
    return UnpairedSample(np.asarray(source[0], np.uint8), np.asarray(target[0], np.uint8))


class PointsSet(DataSet):
    """A toy distribution in the plane; every index is a fresh point."""

    def __init__(self, name: str, spec: DataSpec):
        super().__init__([name], [1.0], spec)
        self._name = name

    def draw(self, index: int, rng: np.random.Generator) -> Sample:
        return PointsSample(points.sample(self._name, 1, rng)[0])

    def fixed(self, index: int) -> Sample:
        return self.draw(index, np.random.default_rng(index))

    def decoded_bytes(self, index: int) -> int:
        return 0
