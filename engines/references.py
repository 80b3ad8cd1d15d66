"""What made pictures are compared with: features of true ones, taken once and kept with the run."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file
from torch import Tensor

from engines import files, measures
from engines.data.kinds import DataSet
from engines.data.samples import Sample
from engines.errors import UserError
from engines.features import EMBEDDING, embed, network_form
from engines.feed import collate
from engines.recipe import Batch, LayoutBatch, PairedBatch, PointsBatch, UnpairedBatch

Features = npt.NDArray[np.float32]
ROWS = 8  # pictures at a time
_MOST_FILE_BYTES = 200_000_000
log = logging.getLogger(__name__)


class Shelf:
    """Some entries of a split in a fixed order, with the features of their true pictures.

    What cannot be read is passed over. The order is a shuffled one, since names often sort by kind.
    """

    def __init__(self, data: DataSet, seed: int, device: torch.device) -> None:
        size = data.spec.size
        self.data, self._device, self._side = data, device, embedding_side(max(size))
        self.mark = f"{data.spec.fingerprint} {size[0]}x{size[1]} {self._side} {seed} {len(data)}"
        self.order = [int(i) for i in np.random.default_rng(seed).permutation(len(data))]
        self.rows: list[int] = []  # entries whose features are known, in that order
        self._features: dict[int, Features] = {}

    def __len__(self) -> int:
        return len(self.rows)

    def features(self, count: int | None = None) -> Features:
        """(N, D) of the first `count` rows."""
        rows = self.rows[:count]
        return (
            np.stack([self._features[row] for row in rows])
            if rows
            else np.empty((0, EMBEDDING), np.float32)
        )

    def of(self, rows: Sequence[int]) -> list[Features | None]:
        """Features of these entries, where they are known."""
        return [self._features.get(row) for row in rows]

    def names(self, rows: Sequence[int]) -> list[str]:
        """File names of these entries."""
        return [self.data.names[row] for row in rows]

    def grow(self, count: int) -> None:
        """Take features until `count` entries have them, or all."""
        wanted = [row for row in self.order[:count] if row not in self._features]
        for rows, batch in self.batches(wanted):
            picture = truth(batch)
            if picture is not None:
                for row, feature in zip(rows, self.embed(picture), strict=True):
                    self._features[row] = feature
        self.rows = [row for row in self.order if row in self._features]

    def batches(self, rows: Sequence[int]) -> Iterator[tuple[list[int], Batch]]:
        """These entries without augmentation, some at a time; those that can be read."""
        for first in range(0, len(rows), ROWS):
            read: list[tuple[int, Sample]] = []
            for row in rows[first : first + ROWS]:
                try:
                    read.append((row, self.data.fixed(row)))
                except UserError as error:
                    log.warning("%s", error)
            if read:
                samples: list[Any] = [sample for _, sample in read]
                yield (
                    [row for row, _ in read],
                    collate(self.data.spec.kind, samples, self._device),
                )

    def picture(self, row: int) -> Tensor | None:
        """The true picture (3, H, W) in [-1, 1] of an entry; None where it cannot be read."""
        for _, batch in self.batches([row]):
            found = truth(batch)
            return None if found is None else rgb(found)[0].float().cpu()
        return None

    def embed(self, picture: Tensor) -> Features:
        """(N, C, H, W) in [-1, 1] -> (N, D), as exact as they are kept."""
        found: Features = embed(rgb(picture), self._side).half().float().cpu().numpy()
        return found

    def take(self, known: dict[str, Features]) -> None:
        """Features by the name of the entry, from an earlier start."""
        places = {name: row for row, name in enumerate(self.data.names)}
        self._features |= {places[name]: f for name, f in known.items() if name in places}
        self.rows = [row for row in self.order if row in self._features]

    def known(self) -> dict[str, Features]:
        """Features by the name of the entry."""
        return {self.data.names[row]: self._features[row] for row in self.rows}


class References:
    """Pictures that a model does not learn from (`unseen`) and its training pictures (`train`);
    their features are kept in the file `kept`, if any.
    """

    def __init__(self, unseen: Shelf, train: Shelf, kept: Path | None = None) -> None:
        self.unseen, self.train, self._path = unseen, train, kept
        self._mark = " ".join((unseen.mark, train.mark))
        for shelf, known in zip((unseen, train), self._read(), strict=True):
            shelf.take(known)

    def keep(self) -> None:
        """Write the features beside the run, whole or not at all; UserError."""
        if self._path is None:
            return
        tensors, names = {}, {}
        for key, shelf in (("unseen", self.unseen), ("train", self.train)):
            known = shelf.known()
            names[key] = list(known)
            tensors[key] = shelf.features().astype(np.float16)
        with files.writing(self._path) as temporary:
            save_file(tensors, temporary, {"mark": self._mark, "names": json.dumps(names)})

    def _read(self) -> tuple[dict[str, Features], dict[str, Features]]:
        """What was kept, where it belongs to the data as they are; else nothing."""
        if self._path is None:
            return {}, {}
        try:
            # Opening a pipe would wait for ever.
            if not self._path.is_file() or self._path.stat().st_size > _MOST_FILE_BYTES:
                return {}, {}
            with safe_open(self._path, "np") as file:
                said = file.metadata() or {}
                names = json.loads(said["names"])
                if said["mark"] != self._mark:
                    return {}, {}
                found = [_by_name(names[k], file.get_tensor(k)) for k in ("unseen", "train")]
        except (OSError, SafetensorError, ValueError, KeyError, TypeError, RecursionError):
            return {}, {}
        return found[0], found[1]

    def flat(self, batches: Sequence[Batch]) -> list[Tensor]:
        """What is least to beat: each class in its mean colour over training pictures; without
        layouts, each picture in its own mean colour; of two sorts, the first untouched.
        """
        colours: npt.NDArray[np.uint8] | None = None
        filled = []
        for batch in batches:
            picture = truth(batch)
            if picture is None:
                continue
            if isinstance(batch, LayoutBatch):
                if colours is None:
                    colours = self._class_colours()
                grey = measures.flat_fill(batch.layout.cpu().numpy(), colours)
                found = network_form(grey).to(picture)
            elif isinstance(batch, UnpairedBatch):
                found = batch.source
            else:
                found = picture.mean((2, 3), keepdim=True).expand_as(picture)
            filled.append(found)
        return filled

    def _class_colours(self) -> npt.NDArray[np.uint8]:
        pictures, layouts = [], []
        for _, batch in self.train.batches(self.train.rows[:64]):
            if isinstance(batch, LayoutBatch):
                pictures += list(levels(batch.image))
                layouts += list(batch.layout.cpu().numpy())
        return measures.class_mean_colours(pictures, layouts)


def truth(batch: Batch) -> Tensor | None:
    """The true picture of a batch: what a made one is compared with; None for points."""
    if isinstance(batch, PointsBatch):
        return None
    return batch.target if isinstance(batch, PairedBatch | UnpairedBatch) else batch.image


def rgb(picture: Tensor) -> Tensor:
    """Grey pictures as three equal channels."""
    return picture if picture.shape[1] == 3 else picture[:, :1].expand(-1, 3, -1, -1)


def levels(picture: Tensor) -> npt.NDArray[np.uint8]:
    """(N, C, H, W) in [-1, 1] -> (N, H, W, C) as files and canvases hold them."""
    grey = ((picture.float() + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)
    found: npt.NDArray[np.uint8] = grey.permute(0, 2, 3, 1).cpu().numpy()
    return found


def embedding_side(side: int) -> int:
    """Pixels at which pictures of `side` are looked at: small ones need not be blown up as far as
    the network's own 224, which takes most of the time.
    """
    return min(224, max(96, -(-2 * side // 32) * 32))


def _by_name(names: Any, tensor: Any) -> dict[str, Features]:
    rows = np.asarray(tensor, np.float32)
    if rows.shape != (len(names), EMBEDDING) or not np.isfinite(rows).all():
        raise ValueError("these are no features")
    return {str(name): row for name, row in zip(names, rows, strict=True)}
