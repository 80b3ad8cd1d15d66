"""CycleGAN (Zhu 2017, arXiv:1703.10593), small: painted landscapes from noon to dusk and back.

The noons and the dusks that are learnt from are of other scenes, so that there is no pair; those
that judge are of the same, so that the truth is known.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any

import numpy as np
import torch

from engines import measures
from engines.claims import Lab, Row, _paint, claim
from engines.data.spec import DataSpec
from engines.features import network_form
from engines.measures import Picture
from engines.recipe import UnpairedBatch, recipe_type
from engines.trainer import Trainer
from engines.worlds import vista

SIDE, STEPS = 64, 500
LEARNT, JUDGED = 60, 30  # scenes of each time
DUSK = {**_paint.NOON, "time_of_day": 0.75, "warmth": 0.9}
SETTINGS: dict[str, Any] = {
    "batch": 2, "width": 12, "blocks": 3, "critic": 16, "lr": 5e-4, "identity": 0.0, "added": False,
}  # fmt: skip

Model = Callable[[Picture], Picture]


@claim(
    id="cyclegan-cycle",
    recipe="cyclegan",
    statement="The cycle keeps what a picture shows: critics alone do not.",
)
def cycle(lab: Lab) -> Iterator[Row]:
    """Section 5.1.4 and table 4: CycleGAN against GAN alone."""
    noon, dusk = judged(lab)
    lab.say(f"  levels from dusk: untouched {off(noon, dusk):.1f}, other scenes "
            f"{off(dusk[1:] + dusk[:1], dusk):.1f}")  # fmt: skip
    made = {
        weight: [[model(x) for x in noon] for model in models(lab, cycle=weight)]
        for weight in (10.0, 0.0)
    }
    ours, theirs = ([off(m, dusk) for m in made[w]] for w in (10.0, 0.0))
    yield Row("levels from the same scene at dusk", "with", ours, "without", theirs, "lower")
    ours, theirs = ([found(m, dusk) for m in made[w]] for w in (10.0, 0.0))
    yield Row("share whose nearest dusk is its own", "with", ours, "without", theirs, "higher")


@claim(
    id="cyclegan-identity",
    recipe="cyclegan",
    statement="The identity loss leaves alone what is of the other world already.",
)
def identity(lab: Lab) -> Iterator[Row]:
    """Section 5.2 and figure 9."""
    _, dusk = judged(lab)
    ours, theirs = (
        [off([model(x) for x in dusk], dusk) for model in models(lab, identity=weight)]
        for weight in (5.0, 0.0)
    )
    yield Row("levels by which a dusk is changed", "with", ours, "without", theirs, "lower")


@claim(
    id="cyclegan-checkerboard",
    recipe="cyclegan",
    statement="Enlarging and convolving leaves less of a checkerboard than a fractional stride.",
)
def checkerboard(lab: Lab) -> Iterator[Row]:
    """Odena 2016, Deconvolution and Checkerboard Artifacts."""
    noon, dusk = judged(lab)
    lab.say(f"  grid in true dusks: {grid(dusk):.2f} dB")
    ours, theirs = (
        [grid([model(x) for x in noon]) for model in models(lab, upsampling=way)]
        for way in ("bilinear", "transposed")
    )
    figure = "power at a period of 2 or 4 pixels over that beside it, dB"
    yield Row(figure, "bilinear", ours, "fractional stride", theirs, "lower")


# Training -----------------------------------------------------------------------------------------


@cache
def scenes(first: int, count: int, dusk: bool) -> list[Picture]:
    """Landscapes, 64 pixels wide and high; the same number is the same scene at either time."""
    time = DUSK if dusk else _paint.NOON
    return [vista.paint(vista.scene(first + i, **time), SIDE, SIDE)[0] for i in range(count)]


def judged(lab: Lab) -> tuple[list[Picture], list[Picture]]:
    """The same scenes at noon and at dusk, which nothing has learnt from."""
    count = 3 if lab.quick else JUDGED
    noon, dusk = (scenes(2 * LEARNT, count, late) for late in (False, True))
    return noon, dusk


_trained: dict[tuple[Any, ...], Model] = {}


def models(lab: Lab, **settings: Any) -> list[Model]:
    """From noon to dusk, trained with these settings, one a seed."""
    found = []
    for seed in lab.seeds:
        asked = SETTINGS | settings
        key = (lab.quick, seed, *sorted(asked.items()))
        if key not in _trained:
            _trained[key] = _train(lab, seed, asked)
        found.append(_trained[key])
    return found


def _train(lab: Lab, seed: int, settings: dict[str, Any]) -> Model:
    torch.set_num_threads(1)
    steps, count = lab.steps(STEPS), 4 if lab.quick else LEARNT
    worlds = [np.stack(scenes(first, count, dusk)) for first, dusk in ((0, False), (LEARNT, True))]
    kind = recipe_type("cyclegan")
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        spec = DataSpec(kind.kind, (SIDE, SIDE), count)
        recipe = kind(spec, size=SIDE, steps=steps, ema=0.98, **settings)
    trainer = Trainer(recipe, {"device": "cpu", "precision": "float32", "seed": seed})
    for step in range(steps):
        rng = np.random.default_rng([seed, step])
        batch = [network_form(w[rng.integers(0, count, trainer.rows)]) for w in worlds]
        trainer.advance(UnpairedBatch(*batch))
    net = trainer.average["there"]

    @torch.no_grad()
    def paint(picture: Picture) -> Picture:
        return _paint.picture_form(net(network_form(picture[None])))

    return paint


# Figures ------------------------------------------------------------------------------------------


def off(made: Sequence[Picture], true: Sequence[Picture]) -> float:
    """Mean absolute difference, in levels."""
    return float(np.abs(np.stack(made).astype(np.float64) - np.stack(true)).mean())


def found(made: Sequence[Picture], true: Sequence[Picture]) -> float:
    """Share of the pictures that are nearer to their own truth than to that of any other."""
    each = [[off([picture], [other]) for other in true] for picture in made]
    return float((np.argmin(each, axis=1) == np.arange(len(made))).mean())


def grid(pictures: Sequence[Picture]) -> float:
    """Power at periods of 2 and 4 pixels along rows and columns over that at their neighbours, dB:
    0 where no grid stands out.
    """
    grey = np.stack(pictures).astype(np.float64).mean(3)
    tops, beside = [], []
    for axis in (1, 2):
        power = np.square(np.abs(np.fft.rfft(grey - grey.mean(axis, keepdims=True), axis=axis)))
        along: measures.Numbers = power.mean(axis=tuple(a for a in range(3) if a != axis))
        for place in (SIDE // 4, SIDE // 2):
            tops.append(along[place])
            beside.append(
                np.mean([along[place - 2], along[place - 1], *along[place + 1 : place + 3]])
            )
    return float(10 * np.log10(np.mean(np.array(tops) / np.array(beside))))
