"""SPADE (Park 2019, arXiv:1903.07291), small: what its normalisation keeps, and against pix2pix.

The perceptual loss is left out on either side, and no style is given: what is compared is how the
layout enters the networks.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from engines.claims import Lab, Row, _paint, claim
from engines.claims._paint import Model, Training
from engines.measures import Ids, Picture, flat_fill
from engines.networks.spade import Spade, SpadeBlock, SpadeGenerator
from engines.recipe import Draw, Recipe, recipe_type
from engines.recipes.spade import paint as paint_layout

STEPS = 220
SETTINGS: dict[str, Any] = {
    "batch": 4,
    "width": 16,
    "critic": 16,
    "style": 8,
    "early": 0.0,
    "perceptual": 0.0,
    "augment": "",
    "lr": 1e-3,
}
PIX2PIX: dict[str, Any] = {
    "batch": SETTINGS["batch"],
    "width": 16,
    "depth": 5,
    "critic": 16,
    "patch": "16",
    "lr": 1e-3,
}
WIDESPREAD = 0.03  # of the judged pixels: the classes that a uniform layout is made of


@claim(
    id="spade-uniform",
    recipe="spade",
    statement="A layout of one class keeps its class under SPADE; plain instance norm after the "
    "layout has entered washes it out.",
)
def uniform(lab: Lab) -> Iterator[Row]:
    """Section 3.1 and figure 3; the baseline has the layout at every level, before the norm."""
    ours, theirs = ([painter(lab, seed, p) for seed in lab.seeds] for p in (False, True))
    _, layouts = _paint.quarters(lab)
    _paint.tell_ceilings(lab)
    classes = widespread(layouts)
    colours = _paint.class_colours(lab)
    flat = kept(lab, lambda ids: flat_fill(ids, colours), classes)
    lab.say(
        f"  of {len(classes)} classes, read off layouts filled with their mean colour {flat:.3f}"
    )
    for name, models in (("SPADE", ours), ("instance norm", theirs)):
        values = [_paint.miou(lab, [model(ids) for ids in layouts], layouts) for model in models]
        lab.say(f"  layout mIoU of {name} on layouts as they are: {np.round(values, 3)}")
    figure = "share of a uniform layout read as its class"
    kept_both = ([kept(lab, model, classes) for model in models] for models in (ours, theirs))
    yield Row(figure, "SPADE", next(kept_both), "instance norm", next(kept_both), "higher")
    figure = "colour of a uniform layout off its class's, levels"
    off_both = ([off(model, classes, colours) for model in models] for models in (ours, theirs))
    yield Row(figure, "SPADE", next(off_both), "instance norm", next(off_both), "lower")


@claim(
    id="spade-layout",
    recipe="spade",
    statement="The pictures follow their layouts more closely than pix2pix's at equal budget.",
)
def layout(lab: Lab) -> Iterator[Row]:
    """Table 1's mIoU; the budget is seconds of one processor core, and pictures seen."""
    _paint.tell_ceilings(lab)
    ours, by_time, by_pictures = [], [], []
    for seed in lab.seeds:
        ours.append(followed(lab, painter(lab, seed, False)))
        seconds, steps = _spent[lab.quick, seed, False], lab.steps(STEPS)
        theirs = Training(lab, recipe_type("pix2pix"), seed, steps=steps, **PIX2PIX)
        while theirs.steps < steps:
            theirs.advance()
        by_pictures.append(followed(lab, _paint.translator(theirs.nets)))
        while theirs.seconds < seconds:
            theirs.advance()
        by_time.append(followed(lab, _paint.translator(theirs.nets)))
        lab.say(f"  {seconds:.1f} s are {steps} steps of SPADE and {theirs.steps} of pix2pix")
    yield Row("layout mIoU after equal time", "SPADE", ours, "pix2pix", by_time, "higher")
    yield Row("layout mIoU after equal pictures", "SPADE", ours, "pix2pix", by_pictures, "higher")


# The baseline -------------------------------------------------------------------------------------


class Washed(nn.Module):
    """What figure 3 warns of: the condition is added first, and instance norm comes after."""

    def __init__(self, channels: int, hidden: int) -> None:
        super().__init__()
        self.entrance = nn.Conv2d(hidden, channels, 1)
        self.norm = nn.InstanceNorm2d(channels, affine=True)

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        normed: Tensor = self.norm(x + self.entrance(condition))
        return normed


def wash(recipe: Recipe) -> None:
    """Put `Washed` in the place of every SPADE norm of a recipe's generator."""

    def plain(norm: Spade) -> Washed:
        return Washed(norm.modulation.out_channels // 2, norm.modulation.in_channels)

    generator = recipe.nets["generator"]
    assert isinstance(generator, SpadeGenerator)
    for block in generator.modules():
        if isinstance(block, SpadeBlock):
            block.spade1, block.spade2 = plain(block.spade1), plain(block.spade2)  # type: ignore[assignment]
    generator.spade = plain(generator.spade)  # type: ignore[assignment]


# Training -----------------------------------------------------------------------------------------

_trained: dict[tuple[bool, int, bool], Model] = {}
_spent: dict[tuple[bool, int, bool], float] = {}  # seconds that training took


def painter(lab: Lab, seed: int, washed: bool) -> Model:
    """The trained generator as a function of a layout, with its own norms or washed."""
    key = lab.quick, seed, washed
    if key not in _trained:
        steps = lab.steps(STEPS)
        prepare = wash if washed else None
        training = Training(lab, recipe_type("spade"), seed, prepare, steps=steps, **SETTINGS)
        while training.steps < steps:
            training.advance()
        _trained[key], _spent[key] = as_model(training.nets), training.seconds
    return _trained[key]


def as_model(nets: nn.ModuleDict) -> Model:
    """The averaged generator in the mean style."""

    @torch.no_grad()
    def paint(ids: Ids) -> Picture:
        layout = torch.from_numpy(np.ascontiguousarray(ids)[None])
        style, unsaid = torch.zeros(1, SETTINGS["style"]), torch.zeros(1, 0)
        draw = Draw((0,), 1, slice(0, 1), torch.device("cpu"))
        return _paint.picture_form(paint_layout(nets, layout, style, unsaid, draw))

    return paint


# Figures ------------------------------------------------------------------------------------------


def followed(lab: Lab, model: Model) -> float:
    """The mIoU over all layouts that judge."""
    _, layouts = _paint.quarters(lab)
    return _paint.miou(lab, [model(ids) for ids in layouts], layouts)


def widespread(layouts: list[Ids]) -> list[int]:
    """The classes that cover at least three hundredths of the layouts."""
    shares = np.bincount(np.concatenate([ids.ravel() for ids in layouts])) / np.stack(layouts).size
    return [int(i) for i in np.flatnonzero(shares >= WIDESPREAD)]


def only(label: int) -> Ids:
    """A layout of one class."""
    return np.full((_paint.SIDE, _paint.SIDE), label, np.uint8)


def kept(lab: Lab, model: Model, classes: list[int]) -> float:
    """Mean share of a uniform layout's pixels that are read as its class."""
    return float(np.mean([(_paint.read(lab, model(only(c))) == c).mean() for c in classes]))


def off(model: Model, classes: list[int], colours: Picture) -> float:
    """Mean absolute difference of a uniform layout's mean colour to the class's, in levels."""
    made = np.array([model(only(c)).mean((0, 1)) for c in classes])
    return float(np.abs(made - colours[classes]).mean())
