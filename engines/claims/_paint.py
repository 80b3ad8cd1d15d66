"""What the claims about painters of layouts share: small landscapes, a reader, and training.

Landscapes are painted 128 pixels wide, all in the clear light of noon, so that a few hundred steps
learn something, and cut into quarters of 64. Painters learn on quarters and are judged on those of
other landscapes. What is painted or trained once serves every claim of one start of the program.
"""

import itertools
import time
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, interpolate

from engines import measures
from engines.claims import Lab
from engines.data.spec import DataSpec, PaletteClass
from engines.features import network_form
from engines.measures import Ids, Picture
from engines.recipe import LayoutBatch, PairedBatch, Recipe
from engines.references import levels
from engines.trainer import Trainer
from engines.worlds import vista
from engines.worlds.vista_easel import CLASSES

Pair = tuple[Picture, Ids]  # a picture and its layout
Model = Callable[[Ids], Picture]

WIDE, SIDE = 128, 64
LEARNT, JUDGED = 90, 30  # landscapes
QUICK_LEARNT, QUICK_JUDGED = 6, 3
READER_STEPS, READER_BATCH, READER_WIDTH = 500, 8, 32
COMMON = 0.01  # of the judged pixels: a class with fewer has no say in an mIoU
NOON = {
    "time_of_day": 0.3,
    "cloudiness": 0.2,
    "fog": 0.0,
    "snow": 0.0,
    "autumn": 0.0,
    "rain": 0.0,
    "warmth": 0.5,
}


# Data ---------------------------------------------------------------------------------------------


@cache
def vistas(first: int, count: int) -> tuple[Pair, ...]:
    """Painted landscapes, 128 pixels wide and high."""
    return tuple(vista.paint(vista.scene(first + i, **NOON), WIDE, WIDE) for i in range(count))


def cut(pairs: Sequence[Pair]) -> list[Pair]:
    """The four quarters of each landscape, at their own scale."""
    halves = slice(0, SIDE), slice(SIDE, WIDE)
    return [
        (picture[rows, columns], ids[rows, columns])
        for picture, ids in pairs
        for rows, columns in itertools.product(halves, halves)
    ]


def learnt(lab: Lab) -> list[Pair]:
    """The quarters that painters and the reader learn from."""
    return cut(vistas(0, QUICK_LEARNT if lab.quick else LEARNT))


def judged(lab: Lab) -> tuple[Pair, ...]:
    """Landscapes that nothing has learnt from."""
    return vistas(LEARNT, QUICK_JUDGED if lab.quick else JUDGED)


def quarters(lab: Lab) -> tuple[list[Picture], list[Ids]]:
    """The pictures and the layouts that judge, 64 pixels wide."""
    pairs = cut(judged(lab))
    return [picture for picture, _ in pairs], [ids for _, ids in pairs]


def common(layouts: Sequence[Ids]) -> list[int]:
    """The classes that cover at least a hundredth of the layouts."""
    counts = np.bincount(np.concatenate([ids.ravel() for ids in layouts]), minlength=len(CLASSES))
    return [int(i) for i in np.flatnonzero(counts >= COMMON * counts.sum())]


def in_colours(ids: Ids) -> Picture:
    """A layout (..., H, W) in the colours of its classes: pix2pix's source."""
    coloured: Picture = vista.palette()[ids]
    return coloured


def picture_form(made: Tensor) -> Picture:
    """A batch of one picture (1, 3, H, W) in [-1, 1] as uint8 (H, W, 3)."""
    picture: Picture = levels(made)[0]
    return picture


# Training -----------------------------------------------------------------------------------------

Prepare = Callable[[Recipe], None]


class Training:
    """A recipe in training on the quarters, on one thread; `seconds` is its processor time.

    `prepare` may exchange networks before the optimisers are made.
    """

    def __init__(
        self,
        lab: Lab,
        kind: type[Recipe],
        seed: int,
        prepare: Prepare | None = None,
        **settings: Any,
    ) -> None:
        torch.set_num_threads(1)
        pictures, layouts = (np.stack(each) for each in zip(*learnt(lab), strict=True))
        self._pictures, self._layouts, self._seed = pictures, layouts, seed
        classes = tuple(PaletteClass(name, color) for name, color in CLASSES)
        spec = DataSpec(kind.kind, (SIDE, SIDE), len(pictures), classes=classes)
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            recipe = kind(spec, size=SIDE, ema=0.98, **settings)
            if prepare is not None:
                prepare(recipe)
        self._trainer = Trainer(recipe, {"device": "cpu", "precision": "float32", "seed": seed})
        self.steps, self.seconds = 0, 0.0

    @property
    def nets(self) -> nn.ModuleDict:
        """The averaged networks as they are now; later steps move them."""
        return self._trainer.average

    def advance(self) -> None:
        """Train one step on a batch that follows from the seed and the number of the step."""
        start = time.process_time()
        self._trainer.advance(self._batch())
        self.steps += 1
        self.seconds += time.process_time() - start

    def _batch(self) -> PairedBatch | LayoutBatch:
        rng = np.random.default_rng([self._seed, self.steps])
        rows = self._trainer.rows
        chosen = rng.integers(0, len(self._pictures), rows)
        flipped = rng.random(rows) < 0.5
        # Every other picture is seen in a mirror, with its layout.
        pictures, layouts = self._pictures[chosen], self._layouts[chosen]
        pictures[flipped], layouts[flipped] = pictures[flipped, :, ::-1], layouts[flipped, :, ::-1]
        target = network_form(pictures)
        if self._trainer.recipe.kind == "paired":
            return PairedBatch(network_form(in_colours(layouts)), target)
        return LayoutBatch(target, torch.from_numpy(layouts), torch.empty(rows, 0))


def translator(nets: nn.ModuleDict) -> Model:
    """pix2pix's averaged network as a function of a layout."""

    @torch.no_grad()
    def paint(ids: Ids) -> Picture:
        return picture_form(nets["translator"](network_form(in_colours(ids)[None])))

    return paint


# The reader ---------------------------------------------------------------------------------------


class Reader(nn.Module):
    """A picture (N, 3, H, W) -> class scores (N, C, H, W), by dilated convolutions at half size."""

    def __init__(self, width: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for inputs, stride, dilation in ((3, 2, 1), *((width, 1, d) for d in (1, 2, 4, 8))):
            layers += [
                nn.Conv2d(inputs, width, 3, stride, dilation, dilation, bias=False),
                nn.BatchNorm2d(width),
                nn.ReLU(),
            ]
        self.layers = nn.Sequential(*layers, nn.Conv2d(width, len(CLASSES), 1))

    def forward(self, picture: Tensor) -> Tensor:
        scores = self.layers(picture)
        return interpolate(scores, scale_factor=2.0, mode="bilinear", align_corners=False)


_readers: dict[bool, Reader] = {}


def reader(lab: Lab) -> Reader:
    """Reads layouts off pictures; taught by real quarters alone, those that painters learn from."""
    if lab.quick not in _readers:
        _readers[lab.quick] = _taught(learnt(lab), lab.steps(READER_STEPS))
    return _readers[lab.quick]


def _taught(pairs: Sequence[Pair], steps: int) -> Reader:
    torch.set_num_threads(1)
    pictures, layouts = (np.stack(each) for each in zip(*pairs, strict=True))
    with torch.random.fork_rng():
        torch.manual_seed(0)
        made = Reader(READER_WIDTH)
    optimizer = torch.optim.Adam(made.parameters(), 5e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    rng = np.random.default_rng(0)
    for _ in range(steps):
        chosen = rng.integers(0, len(pairs), READER_BATCH)
        x, y = network_form(pictures[chosen]), torch.from_numpy(layouts[chosen]).long()
        if rng.random() < 0.5:
            x, y = x.flip(3), y.flip(2)
        optimizer.zero_grad()
        cross_entropy(made(x), y).backward()
        optimizer.step()
        schedule.step()
    return made.eval()


def read(lab: Lab, picture: Picture) -> Ids:
    """The layout (H, W) that the reader sees in a picture."""
    taught = reader(lab)
    with torch.no_grad():
        scores = taught(network_form(picture[None]))
    ids: Ids = scores[0].argmax(0).to(torch.uint8).numpy()
    return ids


def miou(lab: Lab, made: Sequence[Picture], layouts: Sequence[Ids]) -> float:
    """Mean intersection over union, over common classes, of what is read with what was asked."""
    table = np.zeros((len(CLASSES), len(CLASSES) + 1), np.int64)
    for picture, ids in zip(made, layouts, strict=True):
        table += measures.confusion(ids, read(lab, picture), len(CLASSES))
    return float(np.mean(measures.iou(table)[common(layouts)]))


def class_colours(lab: Lab) -> Picture:
    """The mean colour (256, 3) of each class in the pictures that are learnt from."""
    return measures.class_mean_colours(*zip(*learnt(lab), strict=True))


@cache
def _shown() -> set[bool]:
    """Whether the ceilings were told already, quick or not."""
    return set()


def tell_ceilings(lab: Lab) -> None:
    """Say what the mIoU of real pictures is, of flat fills, and of pictures of other layouts."""
    if lab.quick in _shown():
        return
    _shown().add(lab.quick)
    real, layouts = quarters(lab)
    flat = [measures.flat_fill(ids, class_colours(lab)) for ids in layouts]
    lab.say(
        f"  layout mIoU over {len(common(layouts))} classes: real pictures "
        f"{miou(lab, real, layouts):.3f}, each class in its mean colour "
        f"{miou(lab, flat, layouts):.3f}, pictures of other layouts "
        f"{miou(lab, real[::-1], layouts):.3f}"
    )
