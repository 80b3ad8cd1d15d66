"""What the claims about generators share: small pictures, points as pictures, and distances.

Pictures are painted landscapes of 8 pixels. A point is a picture of one pixel and two channels,
so a recipe trains on points with its own losses, phases and samplers, and other networks only.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

import numpy as np
import torch
from PIL import Image
from scipy.optimize import linear_sum_assignment  # type: ignore[import-untyped]
from scipy.spatial.distance import cdist  # type: ignore[import-untyped]
from torch import Tensor
from torch.nn.functional import interpolate

from engines import files, measures
from engines.claims import Lab
from engines.data import points
from engines.data.kinds import DataSet
from engines.data.sets import open_data
from engines.data.spec import DataSpec
from engines.features import features
from engines.feed import Feed, collate
from engines.measures import Numbers
from engines.recipe import ImageBatch, Recipe
from engines.trainer import Trainer
from engines.worlds import vista

SIDE = 8
LEARNT, KEPT = 300, 150  # landscapes to learn from, and to judge with
JUDGED = 200  # pictures a side of a kernel distance
SEEN = 64  # pixels at which the features look
POINT = DataSpec("image", (1, 1), 1, channels=2)

Batches = Callable[[int], Any]
Watch = Callable[[int, Trainer, dict[str, float]], None]


# Pictures -----------------------------------------------------------------------------------------


@cache
def landscapes(count: int) -> tuple[measures.Picture, ...]:
    """Painted landscapes, twice as wide and high as what is learnt."""
    return tuple(vista.paint(vista.scene(i), 2 * SIDE, 2 * SIDE)[0] for i in range(count))


def picture_set(lab: Lab, split: str = "train") -> DataSet:
    """A folder of landscapes, written on first use; its samples are crops of 8 pixels."""
    folder = lab.folder / "landscapes"
    if not folder.exists():
        folder.mkdir()
        learnt, kept = (12, 12) if lab.quick else (LEARNT, KEPT)
        for i, picture in enumerate(landscapes(learnt + kept)):
            Image.fromarray(picture).save(folder / f"{i:04d}.png")
        rows = [f"{i:04d},{'train' if i < learnt else 'val'}" for i in range(learnt + kept)]
        files.write_text(folder / "splits.csv", "\n".join(["name,split", *rows]) + "\n")
    return open_data(folder, "image", (SIDE, SIDE), split)


@contextmanager
def picture_batches(lab: Lab, batch: int, seed: int) -> Iterator[tuple[DataSpec, Batches]]:
    """What `fit` needs to train on landscapes."""
    data = picture_set(lab)
    feed = Feed(data, range(batch), seed, torch.device("cpu"))
    yield data.spec, feed
    feed.close()


def judged(lab: Lab) -> int:
    """How many pictures to make for a figure."""
    return 24 if lab.quick else JUDGED


class Eye:
    """Kernel distance to pictures that were not learnt from.

    Features are the means of the perceptual network's maps at 64 pixels, in units of their
    deviation over real pictures: a twentieth of the cost of the usual 224 pixels.
    """

    def __init__(self, lab: Lab) -> None:
        count = judged(lab)
        raw = _look(_draws(picture_set(lab, "val"), count, 1))
        self._mean, self._deviation = raw.mean(0), raw.std(0) + 1e-6
        self._real = (raw - self._mean) / self._deviation
        self.floor = self(_draws(picture_set(lab), count, 2))

    def __call__(self, pictures: Tensor) -> float:
        """KID of pictures (N, 3, 8, 8) in [-1, 1], times 1000."""
        made = (_look(pictures) - self._mean) / self._deviation
        rng = np.random.default_rng(0)
        return 1000 * measures.kid(self._real, made, rng, resamplings=1).mean


_eyes: dict[bool, Eye] = {}


def eye(lab: Lab) -> Eye:
    """The one of this start of the program."""
    if lab.quick not in _eyes:
        _eyes[lab.quick] = Eye(lab)
        lab.say(f"  KID x 1000 of real pictures {_eyes[lab.quick].floor:.1f}")
    return _eyes[lab.quick]


def _draws(data: DataSet, count: int, seed: int) -> Tensor:
    rng = np.random.default_rng(seed)
    drawn = [data.draw(i % len(data), rng) for i in range(count)]
    batch = collate("image", drawn, torch.device("cpu"))
    assert isinstance(batch, ImageBatch)
    return batch.image


def _look(pictures: Tensor) -> Numbers:
    """(N, 3, H, W) in [-1, 1] -> (N, 512)."""
    rows = []
    with torch.no_grad():
        for part in pictures.clamp(-1, 1).split(50):
            enlarged = interpolate(part, (SEEN, SEEN), mode="bilinear", align_corners=False)
            rows.append(torch.cat([m.mean((2, 3)) for m in features(enlarged)], 1).numpy())
    return np.concatenate(rows).astype(np.float64)


# Points -------------------------------------------------------------------------------------------


def point_batches(name: str, batch: int, seed: int) -> Batches:
    """Fresh points of a toy distribution for every step."""

    def make(step: int) -> ImageBatch:
        return ImageBatch(
            as_pictures(points.sample(name, batch, np.random.default_rng([seed, step])))
        )

    return make


def as_pictures(plane: Numbers) -> Tensor:
    """(N, 2) -> (N, 2, 1, 1)."""
    return torch.from_numpy(plane).float()[:, :, None, None]


def as_points(pictures: Tensor) -> Numbers:
    """(N, 2, 1, 1) -> (N, 2)."""
    return pictures.detach().flatten(1).double().numpy()


def held_out(name: str, count: int) -> Numbers:
    """Points that judge, the same for every seed."""
    return points.sample(name, count, np.random.default_rng([count, 7])).astype(np.float64)


def wasserstein(a: Numbers, b: Numbers) -> float:
    """Exact W1 between as many points on both sides: the best assignment's mean length."""
    costs = cdist(a, b)
    return float(costs[linear_sum_assignment(costs)].mean())


def energy(a: Numbers, b: Numbers) -> float:
    """2 E|x - y| - E|x - x'| - E|y - y'|, unbiased; Szekely and Rizzo 2013, Energy statistics."""
    within = [cdist(each, each).sum() / (len(each) * (len(each) - 1)) for each in (a, b)]
    return float(2 * cdist(a, b).mean() - sum(within))


# Training -----------------------------------------------------------------------------------------


def fit(
    kind: type[Recipe],
    spec: DataSpec,
    batches: Batches,
    seed: int,
    steps: int,
    watch: Watch | None = None,
    **settings: Any,
) -> Trainer:
    """Train a recipe through the project's loop on one thread; `watch` sees every step's losses."""
    torch.set_num_threads(1)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        recipe = kind(spec, steps=steps, **settings)
    trainer = Trainer(recipe, {"device": "cpu", "precision": "float32", "seed": seed})
    for step in range(steps):
        losses = trainer.advance(batches(step))
        if watch is not None:
            watch(step + 1, trainer, losses)
    return trainer


def mean(values: Sequence[float]) -> float:
    """Their mean."""
    return float(np.mean(values))
