"""Every loss against its closed form."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from engines import losses
from engines.samplers import Schedule

REAL = torch.tensor([[2.0], [0.5], [-1.0]])
FAKE = torch.tensor([[-3.0], [0.0], [1.0]])


def log_sigmoid(x: Tensor) -> Tensor:
    return torch.log(1 / (1 + torch.exp(-x)))


CRITICS = {
    # max(0, 1 - real) = 0, 0.5, 2; max(0, 1 + fake) = 0, 1, 2
    "hinge": (losses.hinge_critic, 2.5 / 3 + 1),
    "nonsaturating": (
        losses.nonsaturating_critic,
        float(-log_sigmoid(REAL).mean() - log_sigmoid(-FAKE).mean()),
    ),
    # (real - 1)^2 = 1, 0.25, 4; fake^2 = 9, 0, 1
    "lsgan": (losses.lsgan_critic, (5.25 + 10) / 6),
    "wasserstein": (losses.wasserstein_critic, -2 / 3 - 0.5),
}
GENERATORS = {
    "hinge": (losses.hinge_generator, 2 / 3),
    "nonsaturating": (losses.nonsaturating_generator, float(-log_sigmoid(FAKE).mean())),
    "lsgan": (losses.lsgan_generator, (16 + 1 + 0) / 6),
    "wasserstein": (losses.wasserstein_generator, 2 / 3),
}


@pytest.mark.parametrize("name", CRITICS)
def test_critic_closed_form(name: str) -> None:
    loss, expected = CRITICS[name]
    assert loss(REAL, FAKE).item() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("name", GENERATORS)
def test_generator_closed_form(name: str) -> None:
    loss, expected = GENERATORS[name]
    assert loss(FAKE).item() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("name", CRITICS)
def test_real_is_the_high_side(name: str) -> None:
    real, fake = torch.tensor([0.1], requires_grad=True), torch.tensor([0.1], requires_grad=True)
    CRITICS[name][0](real, fake).backward()
    assert real.grad < 0 < fake.grad, "descent must raise real logits and lower fake ones"
    mine = torch.tensor([0.1], requires_grad=True)
    GENERATORS[name][0](mine).backward()
    assert mine.grad < 0, "descent must raise the generator's logits"


def test_hinge_has_no_gradient_beyond_its_margins() -> None:
    real = torch.tensor([1.001, 0.999], requires_grad=True)
    fake = torch.tensor([-1.001, -0.999], requires_grad=True)
    losses.hinge_critic(real, fake).backward()
    assert real.grad.tolist() == [0, -0.5]
    assert fake.grad.tolist() == [0, 0.5]


def test_nonsaturating_generator_learns_where_the_critic_is_sure() -> None:
    mine = torch.tensor([-20.0], requires_grad=True)
    losses.nonsaturating_generator(mine).backward()
    assert mine.grad.item() == pytest.approx(-1, abs=1e-6)
    assert torch.isfinite(losses.nonsaturating_critic(torch.tensor([-1e4]), torch.tensor([1e4])))


@pytest.mark.parametrize("name", CRITICS)
def test_scales_weigh_alike_whatever_their_size(name: str) -> None:
    critic, generator = CRITICS[name][0], GENERATORS[name][0]
    small, large = torch.full((2, 1, 2, 2), -0.3), torch.full((2, 1, 8, 8), 0.4)
    expected = (critic(small, -small) + critic(large, -large)) / 2
    torch.testing.assert_close(critic([small, large], [-small, -large]), expected)
    torch.testing.assert_close(generator([small, large]), (generator(small) + generator(large)) / 2)


def test_half_precision_logits_are_summed_in_full() -> None:
    logits = torch.full((1, 1, 64, 64), 1 / 3).bfloat16()
    loss = losses.hinge_generator(logits)
    assert loss.dtype == torch.float32
    assert loss.item() == pytest.approx(-logits[0, 0, 0, 0].item(), rel=1e-6)


def linear(weight: Tensor) -> losses.Critic:
    return lambda x: (x.flatten(1) * weight).sum(1, keepdim=True)


def test_gradient_penalty_of_a_linear_critic() -> None:
    weight = torch.randn(12, generator=torch.Generator().manual_seed(0))
    real, fake = torch.zeros(4, 3, 2, 2), torch.ones(4, 3, 2, 2)
    penalty = losses.gradient_penalty(linear(weight), real, fake, torch.rand(4, 1, 1, 1))
    torch.testing.assert_close(penalty, (weight.norm() - 1) ** 2)


def test_gradient_penalty_looks_between_real_and_fake() -> None:
    # D = sum x^2 / 2 has gradient x; on x = u real with fake = 0 its norm is u |real|.
    real, fake = torch.full((3, 1, 2, 2), 2.0), torch.zeros(3, 1, 2, 2)
    uniform = torch.tensor([0.0, 0.25, 1.0]).reshape(3, 1, 1, 1)
    penalty = losses.gradient_penalty(
        lambda x: x.square().flatten(1).sum(1) / 2, real, fake, uniform
    )
    expected = ((torch.tensor([0.0, 0.25, 1.0]) * 4 - 1) ** 2).mean()
    torch.testing.assert_close(penalty, expected)


def test_gradient_penalty_trains_the_critic_not_the_generator() -> None:
    weight = torch.tensor([3.0, 4.0], requires_grad=True)
    fake = torch.ones(2, 2, requires_grad=True)
    penalty = losses.gradient_penalty(linear(weight), torch.zeros(2, 2), fake, torch.rand(2, 1))
    penalty.backward()
    # d (|w| - 1)^2 / dw = 2 (|w| - 1) w / |w|
    torch.testing.assert_close(weight.grad, 2 * 4 * torch.tensor([0.6, 0.8]))
    # A curved critic, so that the penalty depends on where it is taken.
    scale = torch.tensor(2.0, requires_grad=True)
    curved = losses.gradient_penalty(
        lambda x: scale * x.square().sum(1), torch.zeros(2, 2), fake, torch.rand(2, 1)
    )
    curved.backward()
    assert scale.grad is not None
    assert fake.grad is None


def test_penalties_take_the_mean_of_patches_and_scales() -> None:
    weight = torch.tensor(3.0)

    def critic(x: Tensor) -> list[Tensor]:
        return [weight * x, weight * x[..., :1, :1]]

    # Scale 1 is a mean over 4 patches, scale 2 one patch; half of each counts.
    gradient = torch.full((2, 2), 3 / 4 / 2)
    gradient[0, 0] += 3 / 2
    x = torch.randn(5, 1, 2, 2)
    torch.testing.assert_close(losses.r1_penalty(critic, x), gradient.square().sum() / 2)
    torch.testing.assert_close(
        losses.gradient_penalty(critic, x, x, torch.rand(5, 1, 1, 1)), (gradient.norm() - 1) ** 2
    )


def test_penalties_of_half_precision_pictures_are_full() -> None:
    real, fake, uniform = (
        torch.ones(2, 8).bfloat16(),
        torch.zeros(2, 8).bfloat16(),
        torch.rand(2, 1),
    )
    for penalty in (
        losses.gradient_penalty(linear(torch.tensor(1.0)), real, fake, uniform),
        losses.r1_penalty(linear(torch.tensor(1.0)), real),
    ):
        assert penalty.dtype == torch.float32


def test_r1_is_half_the_squared_gradient() -> None:
    weight = torch.tensor([3.0, 4.0], requires_grad=True)
    penalty = losses.r1_penalty(linear(weight), torch.randn(7, 2))
    assert penalty.item() == pytest.approx(12.5)
    penalty.backward()
    torch.testing.assert_close(weight.grad, weight.detach())


def test_l1() -> None:
    a, b = torch.tensor([[1.0, -2.0]]), torch.tensor([[0.0, 1.0]])
    assert losses.l1(a, b).item() == 2


def test_feature_matching_sums_layers_and_averages_scales() -> None:
    def scale(*levels: float) -> list[Tensor]:
        return [torch.full((2, 3, 4, 4), float(level), requires_grad=True) for level in levels]

    assert losses.feature_matching(scale(0, 0), scale(1, 2)).item() == 3
    real, fake = [scale(0, 0), scale(5)], [scale(1, 2), scale(4)]
    loss = losses.feature_matching(real, fake)
    assert loss.item() == (3 + 1) / 2
    loss.backward()
    assert all(layer.grad is None for layers in real for layer in layers)
    assert fake[0][0].grad.sum().item() == pytest.approx(0.5)
    assert fake[1][0].grad.sum().item() == pytest.approx(-0.5)
    with pytest.raises(ValueError, match="zip"):
        losses.feature_matching(scale(0), scale(0, 0))


def test_kl_of_gaussians() -> None:
    """KL(N(m, s^2) || N(0, 1)) = log(1/s) + (s^2 + m^2) / 2 - 1/2, summed over entries."""
    mu, deviation = [[1.0, -2.0], [0.0, 0.5]], [[0.5, 3.0], [1.0, 2.0]]
    expected = 0.0
    for row_mu, row_deviation in zip(mu, deviation, strict=True):
        for m, s in zip(row_mu, row_deviation, strict=True):
            expected += (math.log(1 / s) + (s * s + m * m) / 2 - 0.5) / 2
    logvar = torch.tensor(deviation).log() * 2
    loss = losses.kl_standard_normal(torch.tensor(mu), logvar)
    assert loss.item() == pytest.approx(expected, rel=1e-6)
    # A table of styles (N, R, D) sums over regions too.
    three = losses.kl_standard_normal(
        torch.tensor(mu)[:, None].expand(2, 3, 2), logvar[:, None].expand(2, 3, 2)
    )
    assert three.item() == pytest.approx(3 * expected, rel=1e-6)


def test_kl_agrees_with_an_integral() -> None:
    m, s = 0.7, 0.6
    x = torch.linspace(-8, 8, 20001, dtype=torch.float64)
    p, q = torch.distributions.Normal(m, s), torch.distributions.Normal(0.0, 1.0)
    integral = torch.trapezoid(p.log_prob(x).exp() * (p.log_prob(x) - q.log_prob(x)), x)
    loss = losses.kl_standard_normal(torch.tensor([[m]]), torch.tensor([[2 * math.log(s)]]))
    assert loss.item() == pytest.approx(integral.item(), rel=1e-4)


def test_perceptual_weighs_maps() -> None:
    result = torch.full((1, 3, 4, 4), 2.0, requires_grad=True)
    target = torch.zeros(1, 3, 4, 4, requires_grad=True)
    loss = losses.perceptual(lambda x: [x, 3 * x], result, target, [1.0, 10.0])
    assert loss.item() == pytest.approx(2 + 10 * 6)
    loss.backward()
    assert result.grad.sum().item() == pytest.approx(1 + 30)
    assert target.grad is None
    with pytest.raises(ValueError, match="zip"):
        losses.perceptual(lambda x: [x, x], result, target, [1.0])


def test_masked_mse_leaves_the_unknown_out() -> None:
    unknown = float("nan")
    result = torch.tensor([[1.0, 5.0], [0.0, 2.0]], requires_grad=True)
    target = torch.tensor([[0.0, unknown], [unknown, 5.0]])
    loss = losses.masked_mse(result, target)
    assert loss.item() == (1 + 9) / 2
    loss.backward()
    assert result.grad.tolist() == [[1, 0], [0, -3]]
    nothing = losses.masked_mse(result, torch.full((2, 2), unknown))
    assert nothing.item() == 0


def test_l_simple() -> None:
    assert losses.l_simple(torch.tensor([1.0, 4.0]), torch.tensor([0.0, 2.0])).item() == 2.5


@pytest.mark.parametrize("schedule", [Schedule(), Schedule("cosine", 50)])
def test_vlb_term_is_a_kl_of_gaussians(schedule: Schedule) -> None:
    """Eq. 12 is eq. 5's KL between q(x_{t-1} | x_t, x_0) and p, up to what no network changes."""
    generator = np.random.default_rng(0)
    x_0, noise, guess = generator.normal(size=3)
    weights = losses.vlb_weights(schedule)
    assert weights[0] == 0
    for t in (1, 2, schedule.T // 2, schedule.T):
        x_t = schedule.noised(x_0, noise, t)
        beta, bar = schedule.betas[t], schedule.alphas_bar[t]

        def mean(eps: float, x: float = x_t, b: float = beta, a: float = bar) -> float:
            return (x - b / math.sqrt(1 - a) * eps) / math.sqrt(1 - b)

        kl = (mean(noise) - mean(guess)) ** 2 / (2 * beta)
        assert weights[t] * (noise - guess) ** 2 == pytest.approx(kl, rel=1e-9)


def test_vlb_weighted_picks_each_samples_weight() -> None:
    schedule = Schedule(T=10)
    weights = losses.vlb_weights(schedule)
    prediction = torch.zeros(2, 3, 2, 2)
    noise = torch.stack([torch.full((3, 2, 2), 1.0), torch.full((3, 2, 2), 2.0)])
    loss = losses.vlb_weighted(prediction, noise, torch.tensor([1, 10]), schedule)
    assert loss.item() == pytest.approx((weights[1] + 4 * weights[10]) / 2, rel=1e-6)


def test_told_apart_counts_pairs() -> None:
    # 2 beats -3, 0 and 1; 0.5 beats -3 and 0; -1 beats -3.
    assert losses.told_apart(REAL, FAKE).item() == pytest.approx(6 / 9)
    dead = torch.full((3, 1), 0.7)
    assert losses.told_apart(dead, dead).item() == 0.5
    # Patches and scales of a picture count as their mean: 1 and 3 against 1.5 and 2.5.
    real = [torch.tensor([[0.0, 2.0], [4.0, 6.0]]), torch.tensor([[1.0], [1.0]])]
    fake = [torch.tensor([[2.0, 2.0], [3.0, 3.0]]), torch.tensor([[1.0], [2.0]])]
    assert losses.told_apart(real, fake).item() == 0.5
    assert not losses.told_apart(REAL.requires_grad_(), FAKE).requires_grad
