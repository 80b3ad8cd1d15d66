"""DDPM (Ho 2020, arXiv:2006.11239): the simple loss against the bound's, and the number of steps.

Denoisers learn small landscapes, and points in the plane, where the whole chain of a thousand steps
is cheap. What is trained once serves every claim of one start of the program.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, cast

import torch
from torch import Tensor, nn

from engines.claims import Lab, Row, _small, claim
from engines.networks.dcgan import Perceptron
from engines.networks.unet import TimeEmbedding
from engines.recipe import recipe_type
from engines.recipes.ddpm import DdpmRecipe
from engines.samplers import SAMPLERS, Schedule

SHARED: dict[str, Any] = {"lr": 2e-3, "ema": 0.99}
PICTURES: dict[str, Any] = {"size": _small.SIDE, "width": 16, "levels": 2, "batch": 32} | SHARED
PLANE: dict[str, Any] = {"size": 8, "width": 128, "batch": 256} | SHARED
STEPS = {"grid25": 1500, "swissroll": 1500, "pictures": 800}  # of training
LONGEST = {"grid25": 1000, "swissroll": 1000, "pictures": 100}  # walk from noise, of T
T, QUICK_T = 1000, 40
LADDER, FEW = (20, 5), 10
COMPARED = 2000  # points a side of an energy distance
BOUNDS = 2.5  # wider than the toys, as 1 is for pictures
FIGURES = {
    "grid25": "energy distance x 1000, grid25",
    "swissroll": "energy distance x 1000, swissroll",
    "pictures": "KID x 1000 on pictures",
}


@claim(
    id="ddpm-simple",
    recipe="ddpm",
    statement="Training on L_simple gives better samples than on the variational bound's weights.",
)
def simple(lab: Lab) -> Iterator[Row]:
    """Section 3.4 and table 2, whose two losses are eqs. 14 and 12."""
    for what, figure in FIGURES.items():
        ours, theirs = (
            distances(lab, what, longest(lab, what), "ancestral", loss)
            for loss in ("simple", "vlb")
        )
        yield Row(figure, "L_simple", ours, "L_vlb", theirs, "lower")


@claim(
    id="ddpm-steps",
    recipe="ddpm",
    statement="More steps give better samples, and where steps are few DDIM is above Algorithm 2.",
)
def steps(lab: Lab) -> Iterator[Row]:
    """Song 2021, arXiv:2010.02502, table 1: eta 0 against eta 1, and ever more steps."""
    for what, figure in FIGURES.items():
        more = longest(lab, what)
        for fewer in LADDER:
            ours, theirs = (distances(lab, what, n, "ancestral") for n in (more, fewer))
            yield Row(figure, f"{more} steps", ours, f"{fewer} steps", theirs, "lower")
            more = fewer
        ours, theirs = (distances(lab, what, FEW, sampler) for sampler in ("ddim", "ancestral"))
        yield Row(f"{figure}, {FEW} steps", "DDIM", ours, "Algorithm 2", theirs, "lower")


# Systems ------------------------------------------------------------------------------------------


class PlaneDenoiser(nn.Module):
    """(N, 2, 1, 1) and t (N,) -> the prediction (N, 2, 1, 1)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.time, self.body = TimeEmbedding(32, 32), Perceptron(2 + 32, 2, width)

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        result: Tensor = self.body(torch.cat([x.flatten(1), self.time(t)], dim=1))
        return result[:, :, None, None]


class Plane(DdpmRecipe):
    """The recipe on points: a perceptron for its network."""

    def build(self) -> dict[str, nn.Module]:
        """Points as pictures of one pixel."""
        return {"denoiser": PlaneDenoiser(self.settings.width)}


@dataclass
class Model:
    """A trained denoiser and how far its samples are from what it learnt."""

    denoiser: nn.Module
    schedule: Schedule
    shape: tuple[int, ...]  # of all samples
    clip: float
    measure: Callable[[Tensor], float]
    known: dict[tuple[int, str], float] = field(default_factory=dict)

    def distance(self, steps: int, sampler: str) -> float:
        """The figure of samples from the same noise."""
        if (steps, sampler) not in self.known:
            self.known[steps, sampler] = self.measure(self.samples(steps, sampler))
        return self.known[steps, sampler]

    @torch.no_grad()
    def samples(self, steps: int, sampler: str) -> Tensor:
        """All of `shape`, in so many steps."""
        source = torch.Generator().manual_seed(21)

        def noise(_: int = 0) -> Tensor:
            return torch.randn(self.shape, generator=source)

        def denoise(x: Tensor, t: Any) -> Tensor:
            return cast(Tensor, self.denoiser(x, torch.as_tensor(t)))

        walk = SAMPLERS[sampler](denoise, noise(), self.schedule, steps, noise, clip=self.clip)
        *_, (_, x, _) = walk
        return cast(Tensor, x)


_models: dict[tuple[Any, ...], Model] = {}


def distances(lab: Lab, what: str, steps: int, sampler: str, loss: str = "simple") -> list[float]:
    """The figure of a problem, a seed."""
    return [trained(lab, what, seed, loss).distance(steps, sampler) for seed in lab.seeds]


def longest(lab: Lab, what: str) -> int:
    """The longest walk from noise that a problem has time for."""
    return min(QUICK_T, LONGEST[what]) if lab.quick else LONGEST[what]


def trained(lab: Lab, what: str, seed: int, loss: str) -> Model:
    """A denoiser of landscapes ("pictures") or of a toy distribution."""
    key = (what, seed, loss, lab.quick)
    if key not in _models:
        train = _train_pictures if what == "pictures" else _train_plane
        settings = {"noises": QUICK_T if lab.quick else T, "loss": loss}
        _models[key] = train(lab, what, seed, settings)
    return _models[key]


def _train_pictures(lab: Lab, what: str, seed: int, settings: dict[str, Any]) -> Model:
    eye = _small.eye(lab)
    with _small.picture_batches(lab, PICTURES["batch"], seed) as (spec, batches):
        kind, steps = recipe_type("ddpm"), lab.steps(STEPS[what])
        trainer = _small.fit(kind, spec, batches, seed, steps, **PICTURES, **settings)
    shape = (_small.judged(lab), 3, _small.SIDE, _small.SIDE)
    recipe = cast(DdpmRecipe, trainer.recipe)
    return Model(trainer.average["denoiser"], recipe.schedule, shape, 1.0, eye)


def _train_plane(lab: Lab, what: str, seed: int, settings: dict[str, Any]) -> Model:
    count = 100 if lab.quick else COMPARED
    real = _small.held_out(what, count)
    if not any(what in key for key in _models):
        floor = 1000 * _small.energy(real, _small.held_out(what, count + 1))
        lab.say(f"  energy distance x 1000 of {what} to itself {floor:.2f}")
    spec = replace(_small.POINT, fingerprint=what)
    batches = _small.point_batches(what, PLANE["batch"], seed)
    trainer = _small.fit(Plane, spec, batches, seed, lab.steps(STEPS[what]), **PLANE, **settings)
    recipe = cast(DdpmRecipe, trainer.recipe)

    def measure(made: Tensor) -> float:
        return 1000 * _small.energy(real, _small.as_points(made))

    return Model(trainer.average["denoiser"], recipe.schedule, (count, 2, 1, 1), BOUNDS, measure)
