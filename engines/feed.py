"""From data sets (numpy) to batches (torch), one step ahead of the training."""

import logging
import os
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from engines.data.kinds import DataSet
from engines.data.samples import Sample
from engines.errors import UserError
from engines.recipe import BATCHES, Batch
from engines.roll import Roll

log = logging.getLogger(__name__)


class GoneError(UserError):
    """The whole folder of the data is out of reach, as where a disk was unplugged."""


def collate(kind: str, samples: list[Any], device: torch.device) -> Batch:
    """Stack samples (NamedTuples of arrays) into the batch of their kind; uint8 pictures become
    [-1, 1].
    """
    fields: dict[str, Tensor] = {}
    for name in samples[0]._fields:
        tensor = torch.from_numpy(np.stack([getattr(sample, name) for sample in samples])).to(
            device
        )
        if tensor.dtype == torch.uint8 and tensor.ndim == 4:
            tensor = (tensor.float() / 127.5 - 1).contiguous(memory_format=torch.channels_last)
        fields[name] = tensor
    return BATCHES[kind](**fields)


class Feed:
    """Batch number `step` as a function of (seed, step), made by a thread while the step before it
    trains. A picture that cannot be read is left out from then on, and the next one is drawn.

    `worker` lends it a thread: where memory is short none can be begun. `waited` are the seconds
    that were lost to waiting for it so far.
    """

    def __init__(
        self,
        data: DataSet,
        rows: range,
        seed: int,
        device: torch.device,
        roll: Roll | None = None,
        folder: Path | None = None,
        worker: ThreadPoolExecutor | None = None,
    ) -> None:
        self._data, self._rows, self._seed, self._device = data, rows, seed, device
        self._roll = Roll(data.names, data.weights, {}) if roll is None else roll
        self._places = {name: place for place, name in enumerate(data.names)}
        self._folder = folder
        self._worker = worker or ThreadPoolExecutor(1, "feed")
        self._lent = worker is not None
        self._ahead: tuple[int, Future[Batch]] | None = None
        self.waited = 0.0

    def __call__(self, step: int) -> Batch:
        """The batch of `step`; starts on the next one. GoneError, after which it may be asked
        again.
        """
        start = time.perf_counter()
        ahead, self._ahead = self._ahead, None
        if ahead is None or ahead[0] != step:
            batch = self._make(step)
        else:
            batch = ahead[1].result()
        self._ahead = (step + 1, self._worker.submit(self._make, step + 1))
        self.waited += time.perf_counter() - start
        return batch

    def _make(self, step: int) -> Batch:
        samples = []
        for row in self._rows:
            rng = np.random.default_rng([self._seed, step, row])
            samples.append(self._draw(rng, step))
        return collate(self._data.spec.kind, samples, self._device)

    def _draw(self, rng: np.random.Generator, step: int) -> Sample:
        while True:
            name = self._roll.pick(rng, step)
            place = self._places.get(name)
            try:
                if place is not None:
                    return self._data.draw(place, rng)
            except UserError as error:
                log.warning("%s", error)
            if self._folder is not None and not _holds_anything(self._folder):
                raise GoneError(
                    f"The folder of the data, {self._folder}, is out of reach. The run rests until "
                    "it is there again: plug the disk in, or connect to it."
                )
            self._roll.leave_out(name, step)

    def news(self) -> dict[str, int]:
        """What had to be left out since this was last asked: name -> the first step without it."""
        return self._roll.news()

    def know(self, left_out: Mapping[str, int]) -> None:
        """Do without these too, which could not be read elsewhere."""
        self._roll.know(left_out)

    def close(self) -> None:
        """Make nothing further; the thread ends, unless it was lent."""
        if self._ahead is not None and not self._ahead[1].cancel():
            wait([self._ahead[1]])
        self._ahead = None
        if not self._lent:
            self._worker.shutdown(wait=True, cancel_futures=True)


def _holds_anything(folder: Path) -> bool:
    """Whether there is a folder with something in it; where a disk is not mounted it is empty."""
    try:
        with os.scandir(folder) as inside:
            return any(True for _ in inside)
    except OSError:
        return False


def fixed_batches(data: DataSet, count: int, size: int, device: torch.device) -> Iterator[Batch]:
    """The first `count` samples without augmentation, in batches of `size`; what cannot be read is
    left out.
    """
    samples: list[Sample] = []
    for place in range(min(count, len(data))):
        try:
            samples.append(data.fixed(place))
        except UserError as error:
            log.warning("%s", error)
        if len(samples) == size:
            yield collate(data.spec.kind, samples, device)
            samples = []
    if samples:
        yield collate(data.spec.kind, samples, device)
