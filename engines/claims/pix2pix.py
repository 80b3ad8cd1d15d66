"""pix2pix (Isola 2017, arXiv:1611.07004), small: layouts in class colours into landscapes.

A critic that sees 16 of 64 pixels stands for the paper's 70 of 256, and one that sees 70 for its
whole-picture critic. L1 weighs 10 and not the paper's 100: in a thousandth of the paper's steps the
critic would hardly be heard.
"""

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from engines import measures
from engines.claims import Lab, Row, _paint, claim
from engines.claims._paint import Model
from engines.data.pictures import LUMA, resize_picture, shrink_layout
from engines.measures import Picture
from engines.recipe import recipe_type

STEPS = 900
ADVERSARIAL_STEPS = 450  # where the critic alone teaches
SETTINGS: dict[str, Any] = {
    "batch": 2,
    "width": 16,
    "depth": 5,
    "critic": 16,
    "patch": "16",
    "l1": 10.0,
    "lr": 1e-3,
}


@claim(
    id="pix2pix-sharp",
    recipe="pix2pix",
    statement="L1 + cGAN has the sharpness of real pictures more nearly than L1 alone.",
)
def sharp(lab: Lab) -> Iterator[Row]:
    """Section 4.1 and figure 4, by gradients and by spectra."""
    both = [painted(lab, translator(lab, seed)) for seed in lab.seeds]
    alone = [painted(lab, translator(lab, seed, adversarial=0.0)) for seed in lab.seeds]
    real, _ = _paint.quarters(lab)
    lab.say(
        f"  gradient in levels a pixel: real {gradient(real):.2f}, L1 + cGAN "
        f"{listed(map(gradient, both))}, L1 alone {listed(map(gradient, alone))}"
    )
    for figure, of in (
        ("distance to the real gradient, levels a pixel", gradient_distance),
        ("distance to the real spectrum, dB", spectrum_distance),
    ):
        ours, theirs = ([of(made, real) for made in sets] for sets in (both, alone))
        yield Row(figure, "L1 + cGAN", ours, "L1 alone", theirs, "lower")


@claim(
    id="pix2pix-conditional",
    recipe="pix2pix",
    statement="Without L1, only a critic that sees the source, D(x, y), makes the picture follow "
    "it; D(y) does not.",
)
def conditional(lab: Lab) -> Iterator[Row]:
    """Table 1, cGAN against GAN."""
    told, blind = (
        [
            painted(lab, translator(lab, seed, ADVERSARIAL_STEPS, l1=0.0, conditional=sees))
            for seed in lab.seeds
        ]
        for sees in (True, False)
    )
    real, layouts = _paint.quarters(lab)
    _paint.tell_ceilings(lab)
    shuffled = [_paint.miou(lab, made, layouts[::-1]) for made in told]
    lab.say(f"  layout mIoU of D(x, y) against other layouts: {listed(shuffled, 3)}")
    ours, theirs = ([_paint.miou(lab, made, layouts) for made in sets] for sets in (told, blind))
    yield Row("layout mIoU read back", "D(x, y)", ours, "D(y)", theirs, "higher")
    ours, theirs = ([off(made, real) for made in sets] for sets in (told, blind))
    yield Row("L1 to the true picture, levels", "D(x, y)", ours, "D(y)", theirs, "lower")


@claim(
    id="pix2pix-patch",
    recipe="pix2pix",
    statement="A critic that sees 16 of 64 pixels (the paper's 70 of 256) is above one that sees "
    "single pixels, which brings colour and no sharpness, and above one that sees the whole.",
)
def patch(lab: Lab) -> Iterator[Row]:
    """Section 4.4, figure 6 and table 3."""
    made = {
        name: [painted(lab, translator(lab, seed, patch=name)) for seed in lab.seeds]
        for name in ("16", "1", "70")
    }
    alone = [painted(lab, translator(lab, seed, adversarial=0.0)) for seed in lab.seeds]
    real, layouts = _paint.quarters(lab)
    _paint.tell_ceilings(lab)
    for other, name in (("1", "pixel"), ("70", "whole")):
        ours, theirs = ([gradient_distance(m, real) for m in made[p]] for p in ("16", other))
        figure = "distance to the real gradient, levels a pixel"
        yield Row(figure, "patch", ours, name, theirs, "lower")
        ours, theirs = ([_paint.miou(lab, m, layouts) for m in made[p]] for p in ("16", other))
        yield Row("layout mIoU read back", "patch", ours, name, theirs, "higher")
    ours, theirs = ([colour_distance(m, real) for m in sets] for sets in (made["1"], alone))
    yield Row("distance to the real colours", "pixel", ours, "L1 alone", theirs, "lower")


@claim(
    id="pix2pix-any-size",
    recipe="pix2pix",
    statement="A translator that learnt on 64 pixels paints 128 as well: fully convolutional.",
)
def any_size(lab: Lab) -> Iterator[Row]:
    """Section 4.2: maps learnt at 256 pixels and painted at 512."""
    models = [translator(lab, seed) for seed in lab.seeds]
    real, layouts = _paint.quarters(lab)
    real_wide, wide = (list(each) for each in zip(*_paint.judged(lab), strict=True))
    best, best_wide = _paint.miou(lab, real, layouts), _paint.miou(lab, real_wide, wide)
    lab.say(f"  layout mIoU of real pictures: {best:.3f} at 64, {best_wide:.3f} at 128")
    direct, enlarged, least = [], [], []
    for model in models:
        direct.append(_paint.miou(lab, [model(ids) for ids in wide], wide))
        small = [model(shrink_layout(ids, (_paint.SIDE, _paint.SIDE))) for ids in wide]
        whole = [resize_picture(picture, (_paint.WIDE, _paint.WIDE)) for picture in small]
        enlarged.append(_paint.miou(lab, whole, wide))
        least.append(0.9 * _paint.miou(lab, painted(lab, model), layouts) / best)
    figure = "layout mIoU at 128 pixels"
    yield Row(figure, "painted whole", direct, "painted at 64 and enlarged", enlarged, "higher")
    figure = "layout mIoU as a share of real pictures'"
    shares = [value / best_wide for value in direct]
    yield Row(figure, "at 128", shares, "nine tenths of that at 64", least, "higher")


# Training -----------------------------------------------------------------------------------------

_trained: dict[tuple[Any, ...], Model] = {}


def translator(lab: Lab, seed: int, steps: int = STEPS, **settings: Any) -> Model:
    """pix2pix, trained with `settings`, as a function of a layout."""
    settings = SETTINGS | settings
    steps = lab.steps(steps)
    key = (lab.quick, seed, steps, *sorted(settings.items()))
    if key not in _trained:
        training = _paint.Training(lab, recipe_type("pix2pix"), seed, steps=steps, **settings)
        while training.steps < steps:
            training.advance()
        _trained[key] = _paint.translator(training.nets)
    return _trained[key]


def painted(lab: Lab, model: Model) -> list[Picture]:
    """Every layout that judges, painted."""
    return [model(ids) for ids in _paint.quarters(lab)[1]]


# Figures ------------------------------------------------------------------------------------------


def gradient(pictures: Sequence[Picture]) -> float:
    """Mean brightness gradient over pictures."""
    return float(np.mean([measures.sharpness(picture) for picture in pictures]))


def gradient_distance(made: Sequence[Picture], real: Sequence[Picture]) -> float:
    """How far the mean gradient is from the real one, to either side."""
    return abs(gradient(made) - gradient(real))


def spectrum_distance(made: Sequence[Picture], real: Sequence[Picture]) -> float:
    """Mean absolute difference in dB of the power by spatial frequency, from 1/16 a pixel on."""
    return float(np.abs(_spectrum(made) - _spectrum(real)).mean())


def _spectrum(pictures: Sequence[Picture]) -> measures.Numbers:
    """Power of brightness in dB in rings of spatial frequency, mean over pictures."""
    luma = np.stack(pictures).astype(np.float64) @ np.array(LUMA)
    window = np.hanning(luma.shape[1])
    luma = (luma - luma.mean((1, 2), keepdims=True)) * np.outer(window, window)
    power = np.square(np.abs(np.fft.fft2(luma))).mean(0)
    frequency = np.fft.fftfreq(luma.shape[1])
    ring = np.hypot(frequency[:, None], frequency)
    edges = np.linspace(1 / 16, 1 / 2, 9)
    rings = [power[(ring >= a) & (ring < b)].mean() for a, b in itertools.pairwise(edges)]
    decibels: measures.Numbers = 10 * np.log10(np.array(rings) + 1e-9)
    return decibels


def colour_distance(made: Sequence[Picture], real: Sequence[Picture]) -> float:
    """One minus the common share of colour histograms, 8 levels a channel."""
    counts = []
    for pictures in (made, real):
        levels = np.stack(pictures).reshape(-1, 3).astype(np.int64) // 32
        counts.append(np.bincount(levels @ np.array([64, 8, 1]), minlength=512) / len(levels))
    return float(1 - np.minimum(*counts).sum())


def off(made: Sequence[Picture], real: Sequence[Picture]) -> float:
    """Mean absolute difference, in levels."""
    return float(np.abs(np.stack(made).astype(np.float64) - np.stack(real)).mean())


def listed(values: Any, digits: int = 2) -> str:
    """Figures beside one another, for `Lab.say`."""
    return " ".join(f"{value:.{digits}f}" for value in values)
