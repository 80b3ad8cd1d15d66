"""Schedules and samplers against closed forms of Gaussians, in numpy and in torch."""

import json
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from math import sqrt

import numpy as np
import numpy.typing as npt
import pytest
import torch

from engines.errors import UserError
from engines.samplers import SAMPLERS, Schedule, ancestral, ddim

SCHEDULES = [Schedule(), Schedule("cosine"), Schedule("linear", 50), Schedule("cosine", 7)]
MEAN, DEVIATION = 0.6, 0.4
Numbers = npt.NDArray[np.float64]


def gaussian(schedule: Schedule) -> Callable[[Numbers, npt.NDArray[np.int64]], Numbers]:
    """The exact denoiser of N(MEAN, DEVIATION^2): E[x_0 | x_t], said in the schedule's way."""

    def denoise(x: Numbers, t: npt.NDArray[np.int64]) -> Numbers:
        assert t.shape == (len(x),)
        assert t.dtype == np.int64
        bar = schedule.alphas_bar[t].reshape(-1, *[1] * (x.ndim - 1))
        gain = np.sqrt(bar) * DEVIATION**2 / (bar * DEVIATION**2 + 1 - bar)
        x_0 = MEAN + gain * (x - np.sqrt(bar) * MEAN)
        eps = (x - np.sqrt(bar) * x_0) / np.sqrt(1 - bar)
        v = np.sqrt(bar) * eps - np.sqrt(1 - bar) * x_0
        return {"x0": x_0, "eps": eps, "v": v}[schedule.prediction]

    return denoise


def last(frames: object) -> Numbers:
    return list(frames)[-1][1]


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_closed_form_of_q_is_the_kernel_iterated(schedule: Schedule) -> None:
    signal, variance = 1.0, 0.0
    for t in range(1, schedule.T + 1):
        beta = schedule.betas[t]
        assert 0 < beta <= 0.999
        signal, variance = signal * sqrt(1 - beta), variance * (1 - beta) + beta
        assert schedule.noised(1.0, 0.0, t) == pytest.approx(signal, abs=1e-12)
        assert schedule.noised(0.0, 1.0, t) ** 2 == pytest.approx(variance, abs=1e-12)
    assert schedule.noised(1.0, 5.0, 0) == 1
    assert schedule.alphas_bar[-1] < 1e-3, "the last step must be all but pure noise"


def test_tables_of_the_papers() -> None:
    linear = Schedule()
    assert linear.betas[1] == pytest.approx(1e-4)
    assert linear.betas[1000] == pytest.approx(0.02)
    assert linear.betas[1:].mean() == pytest.approx(0.01005)
    cosine = Schedule("cosine")
    for t in (1, 300, 900):
        expected = np.cos((t / 1000 + 0.008) / 1.008 * np.pi / 2) ** 2
        expected /= np.cos(0.008 / 1.008 * np.pi / 2) ** 2
        assert cosine.alphas_bar[t] == pytest.approx(expected, rel=1e-9)
    with pytest.raises(ValueError, match="read-only"):
        linear.betas[1] = 0


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("stride", [1, 3])
def test_posterior_is_the_bayes_product(schedule: Schedule, stride: int) -> None:
    x_0, x_t = 0.3, -0.8
    for t in (stride + 1, schedule.T // 2 + 1, schedule.T):
        s = t - stride
        bar_t, bar_s = schedule.alphas_bar[t], schedule.alphas_bar[s]
        alpha = np.prod(1 - schedule.betas[s + 1 : t + 1])
        mean, variance = schedule.posterior(x_0, x_t, t, s)
        x_s = mean + sqrt(variance) * np.linspace(-9, 9, 4001)
        log_product = -((x_t - sqrt(alpha) * x_s) ** 2) / (2 * (1 - alpha))
        log_product -= (x_s - sqrt(bar_s) * x_0) ** 2 / (2 * (1 - bar_s))
        density = np.exp(log_product - log_product.max())
        density /= density.sum()
        assert (density * x_s).sum() == pytest.approx(mean, abs=1e-6)
        assert (density * (x_s - mean) ** 2).sum() == pytest.approx(variance, rel=1e-4)
        assert bar_t == pytest.approx(bar_s * alpha)


def test_posterior_mean_is_equation_11() -> None:
    """(x_t - beta_t / sqrt(1 - alpha_bar_t) eps) / sqrt(alpha_t): not alpha_bar_t in the root."""
    schedule = Schedule()
    x_0, eps = 0.4, -1.3
    for t in (2, 500, 1000):
        x_t = schedule.noised(x_0, eps, t)
        beta, bar = schedule.betas[t], schedule.alphas_bar[t]
        mean, variance = schedule.posterior(x_0, x_t, t, t - 1)
        assert mean == pytest.approx((x_t - beta / sqrt(1 - bar) * eps) / sqrt(1 - beta))
        assert variance == pytest.approx((1 - schedule.alphas_bar[t - 1]) / (1 - bar) * beta)


@pytest.mark.parametrize("kind", ["eps", "x0", "v"])
def test_predictions_convert_back(kind: str) -> None:
    schedule = Schedule("cosine", 20, kind)
    generator = np.random.default_rng(0)
    x_0, eps = generator.normal(size=(2, 20, 3, 2))
    t = np.arange(1, 21)
    x_t = schedule.noised(x_0, eps, t)
    for row, step in enumerate(t):
        np.testing.assert_allclose(x_t[row], schedule.noised(x_0[row], eps[row], int(step)))
    answer = schedule.target(x_0, eps, t)
    np.testing.assert_allclose(schedule.to_x0(answer, x_t, t), x_0, atol=1e-9)
    np.testing.assert_allclose(schedule.to_eps(answer, x_t, t), eps, atol=1e-9)


@pytest.mark.parametrize("kind", ["eps", "x0", "v"])
@pytest.mark.parametrize("name", SAMPLERS)
@pytest.mark.parametrize("steps", [1000, 100])
def test_the_exact_denoiser_gives_the_data_back(kind: str, name: str, steps: int) -> None:
    schedule = Schedule("cosine", 1000, kind)
    generator = np.random.default_rng(1)
    count = 4000
    x = generator.normal(size=(count, 1))
    result = last(
        SAMPLERS[name](
            gaussian(schedule), x, schedule, steps, lambda _: generator.normal(size=(count, 1))
        )
    )
    assert result.mean() == pytest.approx(MEAN, abs=4 * DEVIATION / sqrt(count))
    # The deviation's standard error is DEVIATION / sqrt(2 count); strides shrink it a little.
    slack = 4 / sqrt(2 * count) + 2 / steps
    assert result.std() == pytest.approx(DEVIATION, rel=slack)


def test_ancestral_moments_follow_their_recursion() -> None:
    """A Gaussian chain's mean and variance, step by step, without sampling error."""
    schedule = Schedule("linear", 40)
    mean, variance = 0.0, 1.0
    count = 200_000
    generator = np.random.default_rng(2)
    x = generator.normal(size=(count, 1))
    frames = ancestral(
        gaussian(schedule), x, schedule, 8, lambda _: generator.normal(size=(count, 1))
    )
    for (t, s), (_, x, _) in zip(pairwise(schedule.strided(8)), frames, strict=True):
        bar_t, bar_s = schedule.alphas_bar[[t, s]]
        alpha = bar_t / bar_s
        gain = sqrt(bar_t) * DEVIATION**2 / (bar_t * DEVIATION**2 + 1 - bar_t)
        # x_s = a x_0 + b x_t + noise with x_0 = MEAN + gain (x_t - sqrt(bar_t) MEAN)
        a = sqrt(bar_s) * (1 - alpha) / (1 - bar_t)
        b = sqrt(alpha) * (1 - bar_s) / (1 - bar_t)
        mean = (a * gain + b) * mean + a * MEAN * (1 - gain * sqrt(bar_t))
        variance = (a * gain + b) ** 2 * variance + (1 - bar_s) / (1 - bar_t) * (1 - alpha)
        assert x.mean() == pytest.approx(mean, abs=5 * sqrt(variance / count))
        assert x.var() == pytest.approx(variance, rel=5 * sqrt(2 / count))


def test_ddim_follows_the_probability_flow() -> None:
    """Every sample keeps its standard score, so noise z ends at MEAN + DEVIATION z."""
    schedule = Schedule()
    z = np.linspace(-2, 2, 9)[:, None]
    result = last(ddim(gaussian(schedule), z, schedule, 1000, lambda _: z))
    np.testing.assert_allclose(result, MEAN + DEVIATION * z, atol=0.01)


def test_ddim_is_deterministic_and_eta_one_is_ancestral() -> None:
    schedule = Schedule("linear", 100)
    generator = np.random.default_rng(3)
    x, noises = generator.normal(size=(5, 3, 2, 2)), generator.normal(size=(10, 5, 3, 2, 2))

    def never(step: int) -> Numbers:
        raise AssertionError("eta = 0 draws no noise")

    denoise = gaussian(schedule)
    assert np.array_equal(
        last(ddim(denoise, x, schedule, 10, never)), last(ddim(denoise, x, schedule, 10, never))
    )
    stochastic = list(ddim(denoise, x, schedule, 10, noises.__getitem__, eta=1))
    markov = list(ancestral(denoise, x, schedule, 10, noises.__getitem__))
    for (step, mine, mine_0), (other_step, theirs, theirs_0) in zip(
        stochastic, markov, strict=True
    ):
        assert step == other_step
        np.testing.assert_allclose(mine, theirs, atol=1e-9)
        np.testing.assert_allclose(mine_0, theirs_0, atol=1e-9)
    assert not np.allclose(stochastic[-1][1], last(ddim(denoise, x, schedule, 10, never)))


@pytest.mark.parametrize("name", SAMPLERS)
def test_frames_are_counted_and_end_at_the_prediction(name: str) -> None:
    schedule = Schedule("linear", 30)
    x = np.random.default_rng(4).normal(size=(2, 1, 4, 4))
    frames = list(SAMPLERS[name](gaussian(schedule), x, schedule, 7, lambda _: x))
    assert [step for step, _, _ in frames] == list(range(7))
    np.testing.assert_allclose(frames[-1][1], frames[-1][2], atol=1e-12)


@pytest.mark.parametrize("sampler", [ancestral, partial(ddim, eta=1)])
def test_noise_is_asked_once_a_step_and_not_for_the_last(sampler: Callable[..., object]) -> None:
    schedule = Schedule("linear", 30)
    x = np.random.default_rng(4).normal(size=(2, 3))
    asked: list[int] = []

    def noise(step: int) -> Numbers:
        asked.append(step)
        return x

    last(sampler(gaussian(schedule), x, schedule, 5, noise))
    assert asked == [0, 1, 2, 3]


@pytest.mark.parametrize("name", SAMPLERS)
def test_clip_bounds_the_prediction(name: str) -> None:
    schedule = Schedule("linear", 30, "x0")
    x = np.random.default_rng(4).normal(size=(2, 3))
    frames = list(SAMPLERS[name](lambda y, t: 3 * y, x, schedule, 5, lambda _: x, clip=0.5))
    assert max(np.abs(x_0).max() for _, _, x_0 in frames) == 0.5
    assert np.abs(frames[-1][1]).max() <= 0.5 + 1e-12


@pytest.mark.parametrize("kind", ["eps", "x0", "v"])
@pytest.mark.parametrize("sampler", [ancestral, ddim, partial(ddim, eta=0.5)])
def test_numpy_and_torch_agree(kind: str, sampler: Callable[..., object]) -> None:
    schedule = Schedule("linear", 100, kind)
    generator = np.random.default_rng(5)
    x = generator.normal(size=(3, 2, 4, 4)).astype(np.float32)
    noises = generator.normal(size=(20, 3, 2, 4, 4)).astype(np.float32)

    def denoise(y: object, t: npt.NDArray[np.int64]) -> object:
        return 0.3 * y + float(t[0]) / 200

    ours = last(sampler(denoise, x, schedule, 20, noises.__getitem__, clip=1.0))
    theirs = last(
        sampler(
            denoise,
            torch.from_numpy(x),
            schedule,
            20,
            lambda step: torch.from_numpy(noises[step]),
            clip=1.0,
        )
    )
    assert ours.dtype == np.float32
    assert isinstance(theirs, torch.Tensor)
    assert theirs.dtype == torch.float32
    np.testing.assert_allclose(ours, theirs.numpy(), atol=2e-5)


@pytest.mark.parametrize("kind", ["eps", "x0", "v"])
def test_a_step_per_sample_agrees_in_torch(kind: str) -> None:
    schedule = Schedule("cosine", 100, kind)
    generator = np.random.default_rng(6)
    x_0, eps = generator.normal(size=(2, 4, 3, 2, 2)).astype(np.float32)
    t = np.array([1, 30, 99, 100])
    tensor_0, tensor_eps, tensor_t = map(torch.from_numpy, (x_0, eps, t))
    x_t, tensor_x_t = schedule.noised(x_0, eps, t), schedule.noised(tensor_0, tensor_eps, tensor_t)
    assert x_t.dtype == np.float32
    assert tensor_x_t.dtype == torch.float32
    np.testing.assert_allclose(x_t, tensor_x_t.numpy(), atol=1e-6)
    np.testing.assert_allclose(
        schedule.target(x_0, eps, t),
        schedule.target(tensor_0, tensor_eps, tensor_t).numpy(),
        atol=1e-6,
    )
    ours = schedule.posterior(x_0, x_t, t, t - 1)
    theirs = schedule.posterior(tensor_0, tensor_x_t, tensor_t, tensor_t - 1)
    for mine, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(mine, other.numpy(), atol=1e-6)


@pytest.mark.parametrize(("T", "steps"), [(1000, 1000), (1000, 50), (1000, 7), (10, 1), (3, 2)])
def test_strides_run_from_pure_noise_to_the_picture(T: int, steps: int) -> None:
    walk = Schedule("linear", T).strided(steps)
    assert (walk[0], walk[-1], len(walk)) == (T, 0, steps + 1)
    gaps = [t - s for t, s in pairwise(walk)]
    assert min(gaps) >= 1
    assert max(gaps) - min(gaps) <= 1


@pytest.mark.parametrize("steps", [0, -1, 11])
def test_impossible_step_counts_are_refused(steps: int) -> None:
    with pytest.raises(UserError, match="1 to 10 steps"):
        Schedule("linear", 10).strided(steps)


@pytest.mark.parametrize("schedule", [*SCHEDULES, Schedule("cosine", 12, "v")])
def test_json_round_trip(schedule: Schedule) -> None:
    assert Schedule.from_json(schedule.to_json()) == schedule


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "[" * 100_000,
        "{}",
        json.dumps({"kind": "linear", "T": 10}),
        json.dumps({"kind": "linear", "T": 10, "prediction": "eps", "more": 1}),
        json.dumps({"kind": "square", "T": 10, "prediction": "eps"}),
        json.dumps({"kind": "x" * 10_000, "T": 10, "prediction": "eps"}),
        json.dumps({"kind": ["linear"], "T": 10, "prediction": "eps"}),
        json.dumps({"kind": "linear", "T": 10, "prediction": "score"}),
        json.dumps({"kind": "linear", "T": 0, "prediction": "eps"}),
        json.dumps({"kind": "linear", "T": 10**9, "prediction": "eps"}),
        json.dumps({"kind": "linear", "T": 10.0, "prediction": "eps"}),
        json.dumps({"kind": "linear", "T": True, "prediction": "eps"}),
    ],
)
def test_a_strangers_schedule_is_refused_in_one_sentence(text: str) -> None:
    with pytest.raises(UserError) as refusal:
        Schedule.from_json(text)
    assert len(str(refusal.value)) < 200


def test_torch_is_not_imported() -> None:
    code = "import engines.samplers, sys; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
