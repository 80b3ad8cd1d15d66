"""WGAN-GP (Gulrajani 2017, arXiv:1704.00028): a critic whose estimate can be read off, and why the
penalty and not clipped weights.

The baselines are subclasses of the recipe: the same networks, batches, turns and loop, another
loss. What is trained once serves every claim of one start of the program.
"""

import copy
import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from engines import measures
from engines.claims import Lab, Row, _small, claim
from engines.data import points
from engines.losses import (
    nonsaturating_critic,
    nonsaturating_generator,
    wasserstein_critic,
)
from engines.networks.dcgan import Perceptron
from engines.recipe import Draw, ImageBatch, Stage, Terms
from engines.recipes.wgan_gp import WganGpRecipe
from engines.trainer import Trainer

PICTURES: dict[str, Any] = {"size": _small.SIDE, "width": 16, "batch": 16, "lr": 2e-4}
PLANE: dict[str, Any] = {"size": 8, "width": 128, "batch": 128, "lr": 1e-3, "ema": 0.9}
LATENT = {"pictures": 32, "plane": 2}
TURNS = {"pictures": 5, "plane": 10}
PICTURE_STEPS, PLANE_STEPS, CRITIC_STEPS = 1200, 2500, 600
WARM = 4  # a part in so many of a training, that the critic has for itself
LOOKS = 12  # at a generator, in one training
LIMITS = (0.01, 0.1)  # of clipped weights; the first is Arjovsky 2017's
COMPARED = 500  # points a side of an exact distance


@claim(
    id="wgan-tracks",
    recipe="wgan_gp",
    statement="While it trains, the critic's estimate of the distance goes with the true distance "
    "of the results; the losses of a non-saturating GAN, trained alike, go with it less.",
)
def tracks(lab: Lab) -> Iterator[Row]:
    """Figures 3 and 4 of Arjovsky 2017, arXiv:1701.07875, with the penalty for clipping."""
    for figure, curve, ours_kind, gan in (
        ("rank correlation with exact W1 on the ring", plane_curve, Plane, PlaneGan),
        ("rank correlation with KID on pictures", picture_curve, Warmed, Gan),
    ):
        ours = [correlation(curve(lab, seed, ours_kind), "wasserstein") for seed in lab.seeds]
        theirs = [curve(lab, seed, gan) for seed in lab.seeds]
        for name, term in (("GAN critic's estimate", "divergence"), ("GAN's loss", "generator")):
            values = [correlation(each, term) for each in theirs]
            yield Row(figure, "WGAN-GP critic's estimate", ours, name, values, "higher")


@claim(
    id="wgan-gp-penalty",
    recipe="wgan_gp",
    statement="A critic held by the gradient penalty has slopes near 1 and finds more of the "
    "distance than one with clipped weights, and its generator comes nearer to the data.",
)
def penalty(lab: Lab) -> Iterator[Row]:
    """Section 3 and figure 1; the better of two limits is the baseline, figure by figure."""
    for name in ("swissroll", "grid25"):
        ours = [held_critic(lab, name, seed) for seed in lab.seeds]
        clipped = [[held_critic(lab, name, s, limit) for s in lab.seeds] for limit in LIMITS]
        figure = f"slopes' distance to 1, {name}"
        theirs = best([[c.off for c in each] for each in clipped], min)
        yield Row(figure, "penalty", [c.off for c in ours], "clipping", theirs, "lower")
        figure = f"share of W1 that a critic finds, {name}"
        theirs = best([[c.share for c in each] for each in clipped], max)
        yield Row(figure, "penalty", [c.share for c in ours], "clipping", theirs, "higher")
    real = _small.held_out("ring8", COMPARED)
    floor = _small.wasserstein(real, _small.held_out("ring8", COMPARED + 1)[1:])
    lab.say(f"  exact W1 of the ring with itself {floor:.3f}")
    made = [ring_points(lab, seed) for seed in lab.seeds]
    others = [[ring_points(lab, seed, limit) for seed in lab.seeds] for limit in LIMITS]
    ours_w1 = [_small.wasserstein(real, m) for m in made]
    theirs = best([[_small.wasserstein(real, m) for m in each] for each in others], min)
    yield Row("exact W1 to the ring", "penalty", ours_w1, "clipping", theirs, "lower")
    theirs = best([[covered(m) for m in each] for each in others], max)
    figure = "modes of eight with half their share of points"
    yield Row(figure, "penalty", [covered(m) for m in made], "clipping", theirs, "higher")


# Systems ------------------------------------------------------------------------------------------


class Warmed(WganGpRecipe):
    """The recipe, its critic alone at first: an estimate needs a critic near its best.

    Arjovsky 2017's own program gives it a hundred updates to one for a while.
    """

    def stages(self) -> Sequence[Stage]:
        """A stage of the critic's phase, then the recipe's."""
        (stage,) = super().stages()
        alone = replace(stage, name="alone", phases=stage.phases[:1], steps=stage.steps // WARM)
        return [alone, replace(stage, steps=stage.steps - alone.steps)]


class Plane(Warmed):
    """On points: perceptrons for networks.

    The generator has a quarter of the critic's width. One as wide moves as a whole, and faster than
    a critic follows within any fair number of turns.
    """

    def build(self) -> dict[str, nn.Module]:
        """Points as pictures of one pixel."""
        s = self.settings
        body, critic = Perceptron(s.latent, 2, s.width // 4), Perceptron(2, 1, s.width)
        return {
            "generator": nn.Sequential(body, nn.Unflatten(1, (2, 1, 1))),
            "critic": nn.Sequential(nn.Flatten(), critic),
        }


class Held(Plane):
    """Its critic alone, against a generator that stays: the data blurred by a unit Gaussian."""

    def build(self) -> dict[str, nn.Module]:
        """The distribution's name is the data's fingerprint."""
        return super().build() | {"generator": Blurred(self.data.fingerprint)}

    def stages(self) -> Sequence[Stage]:
        """The critic's phase."""
        return [replace(super().stages()[0], steps=self.settings.steps)]


class Blurred(nn.Module):
    """z (N, 3) -> one of 10,000 points, chosen by the third number, plus the first two."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.register_buffer(
            "bank", torch.from_numpy(points.sample(name, 10_000, np.random.default_rng(5)))
        )
        self.bank: Tensor

    def forward(self, z: Tensor) -> Tensor:
        share = torch.special.ndtr(z[:, 2])
        index = (share * len(self.bank)).long().clamp(max=len(self.bank) - 1)
        return (self.bank[index] + z[:, :2])[:, :, None, None]


class Clipped(WganGpRecipe):
    """Arjovsky 2017, algorithm 1: no penalty, weights within `limit`. Adam (0, 0.9) is RMSProp."""

    limit: ClassVar[float]

    def critic_loss(self, batch: ImageBatch, draw: Draw) -> Terms:
        """Eq. 3 alone."""
        critic, fake = self.nets["critic"], self._sample(len(batch.image), draw).detach()
        return {"critic": wasserstein_critic(critic(batch.image), critic(fake))}

    def stages(self) -> Sequence[Stage]:
        """Weights are clipped after every update of the critic."""
        return [
            replace(stage, phases=(replace(stage.phases[0], after=self.hold), *stage.phases[1:]))
            for stage in super().stages()
        ]

    @torch.no_grad()
    def hold(self) -> None:
        """Clip."""
        for parameter in self.nets["critic"].parameters():
            parameter.clamp_(-self.limit, self.limit)


class Gan(Warmed):
    """Goodfellow 2014, arXiv:1406.2661, section 3: the non-saturating GAN."""

    def critic_loss(self, batch: ImageBatch, draw: Draw) -> Terms:
        """Its value bounds the Jensen-Shannon divergence from below: log 2 - loss / 2."""
        critic, fake = self.nets["critic"], self._sample(len(batch.image), draw).detach()
        loss = nonsaturating_critic(critic(batch.image), critic(fake))
        return {"critic": loss, "_divergence": math.log(2) - loss / 2}

    def generator_loss(self, batch: ImageBatch, draw: Draw) -> Terms:
        """-log of the critic's belief."""
        scores = self.nets["critic"](self._sample(len(batch.image), draw))
        return {"generator": nonsaturating_generator(scores)}


class PlaneGan(Gan, Plane):
    """On points."""


def clipped(kind: type[WganGpRecipe], limit: float | None) -> type[WganGpRecipe]:
    """`kind` with clipped weights, or as it is where there is no limit."""
    return kind if limit is None else type("ClippedKind", (Clipped, kind), {"limit": limit})


# Curves -------------------------------------------------------------------------------------------


@dataclass
class Curve:
    """True distances of the results along a training, and the mean of each loss just before."""

    distances: list[float]
    terms: dict[str, list[float]]


def correlation(curve: Curve, term: str) -> float:
    """Spearman's, of a loss with the true distance."""
    return measures.spearman(np.array(curve.terms[term]), np.array(curve.distances))


class Looks:
    """Watches a training: measures the live generator, whom the critic judges, at even spaces.

    It begins where the generator does; every look has as many of its updates before it.
    """

    def __init__(self, steps: int, turns: int, distance: Callable[[nn.Module], float]) -> None:
        self.start, self.distance = steps // WARM, distance
        self.space = turns * max(1, (steps - self.start) // LOOKS // turns)
        self.curve = Curve([], defaultdict(list))
        self._recent: dict[str, list[float]] = defaultdict(list)

    def __call__(self, step: int, trainer: Trainer, losses: dict[str, float]) -> None:
        if step <= self.start:
            return
        for name, value in losses.items():
            self._recent[name].append(value)
        if (step - self.start) % self.space == 0:
            # A copy: batch norm's running means must not move with what is looked at.
            generator = copy.deepcopy(trainer.recipe.nets["generator"])
            self.curve.distances.append(self.distance(generator))
            for name, values in self._recent.items():
                self.curve.terms[name].append(_small.mean(values))
            self._recent.clear()


def picture_curve(lab: Lab, seed: int, kind: type[WganGpRecipe]) -> Curve:
    """Of a training on landscapes."""
    eye, steps, latent = _small.eye(lab), lab.steps(PICTURE_STEPS), LATENT["pictures"]
    turns = TURNS["pictures"]
    looks = Looks(steps, turns, lambda net: eye(made(net, latent, _small.judged(lab))))
    settings = PICTURES | {"latent": latent, "turns": turns}
    with _small.picture_batches(lab, PICTURES["batch"], seed) as (spec, batches):
        _small.fit(kind, spec, batches, seed, steps, looks, **settings)
    first, *_, last = looks.curve.distances
    lab.say(f"  {kind.__name__}, seed {seed}: KID x 1000 from {first:.0f} to {last:.0f}")
    return looks.curve


def plane_curve(lab: Lab, seed: int, kind: type[WganGpRecipe]) -> Curve:
    """Of a training on the ring."""
    return ring(lab, seed, kind)[0]


_rings: dict[tuple[Any, ...], tuple[Curve, nn.Module]] = {}


def ring(
    lab: Lab, seed: int, kind: type[WganGpRecipe], limit: float | None = None
) -> tuple[Curve, nn.Module]:
    """A training on the ring and its averaged generator."""
    key = (kind, limit, seed, lab.quick)
    if key not in _rings:
        real = _small.held_out("ring8", 100 if lab.quick else COMPARED)
        steps = lab.steps(PLANE_STEPS)
        chosen, turns = clipped(kind, limit), TURNS["plane"]
        looks = Looks(steps, turns, lambda net: _small.wasserstein(real, _plane(net, len(real))))
        trainer = _fit_plane(chosen, "ring8", seed, steps, looks, turns=turns)
        _rings[key] = looks.curve, trainer.average["generator"]
    return _rings[key]


@torch.no_grad()
def made(generator: nn.Module, latent: int, count: int) -> Tensor:
    """Pictures of a generator."""
    z = torch.randn(count, latent, generator=torch.Generator().manual_seed(11))
    picture: Tensor = generator(z)
    return picture


def _plane(generator: nn.Module, count: int) -> measures.Numbers:
    return _small.as_points(made(generator, LATENT["plane"], count))


# Critics ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Slopes:
    """How far a critic's slopes between data and generator are from 1 on the mean, and which share
    of the exact distance it finds once it is scaled to a steepest slope of 1 there.
    """

    off: float
    share: float


def held_critic(lab: Lab, name: str, seed: int, limit: float | None = None) -> Slopes:
    """Train a critic against the blurred data and look at it on other points."""
    kind = clipped(Held, limit)
    trainer = _fit_plane(kind, name, seed, lab.steps(CRITIC_STEPS), latent=3)
    nets = trainer.recipe.nets
    real = _small.as_pictures(_small.held_out(name, 100 if lab.quick else COMPARED))
    return slopes(nets["critic"], real, made(nets["generator"], 3, len(real)))


def slopes(critic: nn.Module, real: Tensor, fake: Tensor) -> Slopes:
    """Of a critic on points (N, 2, 1, 1)."""
    share = torch.rand(20, 1, 1, 1, 1, generator=torch.Generator().manual_seed(12))
    between = torch.lerp(fake, real, share).flatten(0, 1).requires_grad_()
    (gradient,) = torch.autograd.grad(critic(between).sum(), between)
    norms = gradient.flatten(1).norm(dim=1)
    with torch.no_grad():
        estimate = -wasserstein_critic(critic(real), critic(fake))
    exact = _small.wasserstein(_small.as_points(real), _small.as_points(fake))
    return Slopes(float((norms - 1).abs().mean()), float(estimate / norms.max()) / exact)


def ring_points(lab: Lab, seed: int, limit: float | None = None) -> measures.Numbers:
    """What a generator makes that learnt the ring."""
    return _plane(ring(lab, seed, Plane, limit)[1], COMPARED)


def covered(plane: measures.Numbers) -> float:
    """Modes of the ring that have half of their share of points within a tenth of the radius."""
    apart = np.linalg.norm(plane[:, None] - points.modes("ring8"), axis=2)
    return float(((apart < 0.2).mean(0) >= 0.5 / 8).sum())


def best(
    each: Sequence[Sequence[float]], choose: Callable[[Sequence[float]], float]
) -> list[float]:
    """The better limit, seed by seed: more than clipping could be given in practice."""
    return [choose(values) for values in zip(*each, strict=True)]


def _fit_plane(
    kind: type[WganGpRecipe],
    name: str,
    seed: int,
    steps: int,
    watch: _small.Watch | None = None,
    **settings: Any,
) -> Trainer:
    spec = replace(_small.POINT, fingerprint=name)
    chosen = PLANE | {"latent": LATENT["plane"]} | settings
    batches = _small.point_batches(name, PLANE["batch"], seed)
    return _small.fit(kind, spec, batches, seed, steps, watch, **chosen)
