"""The claims about generators: their distances have closed forms, and their figures notice."""

import math
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from engines import claims
from engines.claims import Lab, _small, ddpm, wgan_gp
from engines.data import points
from engines.recipe import Draw, ImageBatch
from engines.samplers import Schedule


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    return Lab(tmp_path_factory.mktemp("lab"), seeds=(0, 1), quick=True, say=lambda text: None)


def test_w1_of_a_shift_is_its_length() -> None:
    plane = np.random.default_rng(0).normal(size=(60, 2))
    assert _small.wasserstein(plane, plane[::-1]) == 0
    assert _small.wasserstein(plane, plane[::-1] + np.array([3, -4])) == pytest.approx(5)


def test_energy_distance_of_two_places_is_twice_how_far_they_are_apart() -> None:
    here, there = np.zeros((30, 2)), np.full((50, 2), [3.0, 4.0])
    assert _small.energy(here, there) == pytest.approx(10)
    same = [np.random.default_rng(i).normal(size=(500, 2)) for i in range(2)]
    assert abs(_small.energy(*same)) < 0.02 < _small.energy(same[0], same[1] * 2)


def test_the_eye_tells_landscapes_from_noise_and_from_one_landscape(lab: Lab) -> None:
    eye = _small.eye(lab)
    real = _small._draws(_small.picture_set(lab, "val"), 24, 3)
    noise = torch.rand(real.shape, generator=torch.Generator().manual_seed(0)) * 2 - 1
    assert eye(real) < 0.1 * eye(real[:1].expand_as(real)) < eye(noise)
    assert eye.floor < 0.1 * eye(noise)


class Linear(nn.Module):
    """Its slope is `k` everywhere."""

    def __init__(self, k: float) -> None:
        super().__init__()
        self.k = k

    def forward(self, x: Tensor) -> Tensor:
        return self.k * x.flatten(1)[:, :1]


@pytest.mark.parametrize("k", [0.1, 1.0, 7.0])
def test_the_best_critic_of_a_shift_finds_all_of_the_distance(k: float) -> None:
    fake = _small.as_pictures(np.random.default_rng(0).normal(size=(80, 2)))
    real = fake + torch.tensor([2.0, 0.0])[:, None, None]
    found = wgan_gp.slopes(Linear(k), real, fake)
    assert found.off == pytest.approx(abs(k - 1), abs=1e-6)
    assert found.share == pytest.approx(1, abs=1e-5)
    backwards = wgan_gp.slopes(Linear(k), fake, real)
    assert backwards.share == pytest.approx(-1, abs=1e-5)
    aslant = fake + torch.tensor([0.0, 2.0])[:, None, None]
    assert wgan_gp.slopes(Linear(k), aslant, fake).share == pytest.approx(0, abs=1e-5)


@pytest.mark.parametrize("limit", [None, 0.01, 0.1])
def test_no_critic_finds_more_than_there_is(lab: Lab, limit: float | None) -> None:
    found = wgan_gp.held_critic(lab, "grid25", 0, limit)
    assert -1 < found.share < 1
    assert found.off > 0


def test_clipping_holds_the_critic_and_nothing_else(lab: Lab) -> None:
    kinds = {limit: wgan_gp.clipped(wgan_gp.Plane, limit) for limit in (None, 0.01)}
    widest = {}
    for limit, kind in kinds.items():
        nets = wgan_gp._fit_plane(kind, "ring8", 0, 6, turns=2).recipe.nets
        widest[limit] = {
            name: max(float(p.detach().abs().max()) for p in net.parameters())
            for name, net in nets.items()
        }
    assert widest[0.01]["critic"] == pytest.approx(0.01)
    assert min(widest[None]["critic"], widest[0.01]["generator"]) > 0.05
    assert kinds[None] is wgan_gp.Plane


def test_the_held_generator_is_the_data_and_noise() -> None:
    generator = wgan_gp.Blurred("ring8")
    z = torch.zeros(4000, 3)
    z[:, 2] = torch.randn(4000, generator=torch.Generator().manual_seed(0))
    z[:2, 2] = torch.tensor([-40.0, 40.0])
    plane = _small.as_points(generator(z))
    assert wgan_gp.covered(plane) == 8
    z[:, :2] = 5
    assert np.allclose(_small.as_points(generator(z)), plane + 5, atol=1e-5)


def test_modes_are_counted() -> None:
    ring = points.modes("ring8")
    assert wgan_gp.covered(np.repeat(ring[:3], 50, 0)) == 3
    lopsided = np.repeat(ring, [100] * 7 + [30], 0)  # the last has a third of its share
    assert wgan_gp.covered(lopsided) == 7
    assert wgan_gp.covered(np.repeat(ring * 1.2, 50, 0)) == 0


def test_a_blind_gan_critic_sees_no_divergence() -> None:
    recipe = wgan_gp.PlaneGan(_small.POINT, latent=2, **wgan_gp.PLANE)
    batch = cast(ImageBatch, _small.point_batches("ring8", 128, 0)(0))
    draw = Draw((0, 0, 0), 128, slice(0, 128), torch.device("cpu"))
    for parameter in recipe.nets["critic"].parameters():
        nn.init.zeros_(parameter)
    with torch.no_grad():
        terms = recipe.critic_loss(batch, draw) | recipe.generator_loss(batch, draw)
    assert float(terms["_divergence"]) == pytest.approx(0, abs=1e-6)
    assert float(terms["generator"]) == pytest.approx(math.log(2))


def test_the_critic_has_the_first_quarter_and_all_of_a_held_one() -> None:
    settings = wgan_gp.PLANE | {"latent": 3, "steps": 100}
    for kind, wanted in (
        (wgan_gp.Plane, [(25, 1), (75, 2)]),
        (wgan_gp.PlaneGan, [(25, 1), (75, 2)]),
        (wgan_gp.clipped(wgan_gp.Plane, 0.1), [(25, 1), (75, 2)]),
        (wgan_gp.Held, [(100, 1)]),
    ):
        stages = kind(replace(_small.POINT, fingerprint="ring8"), **settings).stages()
        assert [(stage.steps, len(stage.phases)) for stage in stages] == wanted


def test_a_look_takes_the_losses_since_the_last_one_and_leaves_the_generator_alone() -> None:
    generator = nn.BatchNorm1d(1)
    trainer = cast(Any, SimpleNamespace(recipe=SimpleNamespace(nets={"generator": generator})))
    distances = iter([9.0, 8.0, 7.0])

    def distance(net: nn.Module) -> float:
        net(torch.ones(3, 1))
        return next(distances)

    looks = wgan_gp.Looks(16 + 48, 2, distance)  # the first quarter is the critic's
    for step in range(1, 16 + 13):
        looks(step, trainer, {"critic": float(step)} | ({"rare": 1.0} if step % 4 == 0 else {}))
    assert looks.curve.distances == [9, 8, 7]
    assert looks.curve.terms == {"critic": [18.5, 22.5, 26.5], "rare": [1, 1, 1]}
    assert generator.num_batches_tracked == 0


def test_a_loss_that_goes_the_other_way_is_seen() -> None:
    falling = [5.0, 4.0, 2.0, 1.0]
    curve = wgan_gp.Curve(
        falling, defaultdict(list, a=[9, 8, 7, 6], b=[6, 7, 8, 9], c=[1, 1, 1, 1])
    )
    assert wgan_gp.correlation(curve, "a") == pytest.approx(1)
    assert wgan_gp.correlation(curve, "b") == pytest.approx(-1)
    assert math.isnan(wgan_gp.correlation(curve, "c"))


def exact(place: float, schedule: Schedule) -> nn.Module:
    """The true denoiser of data that lie in one place."""

    class Exact(nn.Module):
        def forward(self, x: Tensor, t: Tensor) -> Tensor:
            bar = torch.tensor(schedule.alphas_bar.tolist())[t][:, None, None, None]
            return ((x - bar.sqrt() * place) / (1 - bar).sqrt()).float()

    return Exact()


@pytest.mark.parametrize("sampler", ["ancestral", "ddim"])
def test_samples_of_a_true_denoiser_are_the_data(sampler: str) -> None:
    schedule = Schedule("linear", 50, "eps")
    model = ddpm.Model(exact(0.7, schedule), schedule, (5, 2, 1, 1), 2.5, lambda x: float(x.mean()))
    for steps in (1, 5, 50):
        made = model.samples(steps, sampler)
        assert made.shape == (5, 2, 1, 1)
        assert torch.allclose(made, torch.full_like(made, 0.7), atol=1e-3)
    assert model.distance(5, sampler) == pytest.approx(0.7, abs=1e-3)
    beyond = replace(model, denoiser=exact(4.0, schedule), known={})
    assert float(beyond.samples(50, sampler).max()) == pytest.approx(2.5, abs=1e-3)


def test_the_two_losses_train_two_denoisers_of_one_start(lab: Lab) -> None:
    ours, theirs = (ddpm.trained(lab, "swissroll", 0, loss) for loss in ("simple", "vlb"))
    assert ddpm.trained(lab, "swissroll", 0, "simple") is ours
    apart = ours.samples(5, "ddim") - theirs.samples(5, "ddim")
    assert 0 < float(apart.abs().mean()) < 2


@pytest.mark.parametrize(
    ("name", "rows"),
    [("wgan-tracks", 4), ("wgan-gp-penalty", 6), ("ddpm-simple", 3), ("ddpm-steps", 9)],
)
def test_a_quick_look_at_each_claim(lab: Lab, name: str, rows: int) -> None:
    shown: list[claims.Row] = []
    result = claims.measure(name, claims.known()[name], lab, shown.append)
    assert len(result.rows) == rows
    assert result.verdict == "not judged"
    assert len({(row.figure, row.name, row.baseline_name) for row in shown}) == rows
    for row in shown:
        assert len(row.ours) == len(lab.seeds)
        assert np.isfinite([row.ours, row.baseline]).all()


def test_seeds_differ(lab: Lab) -> None:
    first, second = (wgan_gp.ring(lab, seed, wgan_gp.Plane)[0].distances for seed in lab.seeds)
    assert first != second
    walks = [ddpm.trained(lab, "grid25", seed, "simple").samples(5, "ddim") for seed in lab.seeds]
    assert not torch.equal(*walks)


def test_scratch_is_the_labs_own(lab: Lab) -> None:
    _small.eye(lab)
    assert {path.name for path in Path(lab.folder).iterdir()} <= {"landscapes"}
