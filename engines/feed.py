"""From data sets (numpy) to batches (torch), one step ahead of the training."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np
import torch
from torch import Tensor

from engines.data.sets import DataSet
from engines.recipe import BATCHES, Batch


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
    trains.
    """

    def __init__(self, data: DataSet, rows: range, seed: int, device: torch.device) -> None:
        self._data, self._rows, self._seed, self._device = data, rows, seed, device
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="feed")
        self._ahead: tuple[int, Future[Batch]] | None = None

    def __call__(self, step: int) -> Batch:
        """The batch of `step`; starts on the next one."""
        if self._ahead is None or self._ahead[0] != step:
            batch = self._make(step)
        else:
            batch = self._ahead[1].result()
        self._ahead = (step + 1, self._worker.submit(self._make, step + 1))
        return batch

    def _make(self, step: int) -> Batch:
        samples = []
        for row in self._rows:
            rng = np.random.default_rng([self._seed, step, row])
            samples.append(self._data.draw(self._data.pick(rng), rng))
        return collate(self._data.spec.kind, samples, self._device)

    def close(self) -> None:
        """End the thread."""
        self._worker.shutdown(wait=True, cancel_futures=True)


def fixed_batches(data: DataSet, count: int, size: int, device: torch.device) -> Iterator[Batch]:
    """The first `count` samples without augmentation, in batches of `size`."""
    for first in range(0, min(count, len(data)), size):
        indices = range(first, min(first + size, count, len(data)))
        yield collate(data.spec.kind, [data.fixed(i) for i in indices], device)
