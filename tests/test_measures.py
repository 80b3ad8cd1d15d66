"""Every measure against a closed form, a hand example or brute force."""

import math

import numpy as np
import numpy.typing as npt
import pytest
import scipy.linalg
import scipy.stats

from engines import measures
from engines.errors import UserError
from engines.measures import Figure

Numbers = npt.NDArray[np.float64]


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def cubic(x: Numbers, y: Numbers) -> float:
    return (x @ y / len(x) + 1) ** 3


def test_kid_is_the_unbiased_mmd_by_brute_force() -> None:
    real, fake = rng(0).normal(size=(6, 3)), rng(1).normal(0.5, 2, size=(4, 3))
    expected = np.mean(
        [cubic(a, b) for i, a in enumerate(real) for j, b in enumerate(real) if i != j]
    )
    expected += np.mean(
        [cubic(a, b) for i, a in enumerate(fake) for j, b in enumerate(fake) if i != j]
    )
    expected -= 2 * np.mean([cubic(a, b) for a in real for b in fake])
    assert measures.kid(real, fake, rng(), 10).mean == pytest.approx(expected)


def kid_of_normals(shift: float) -> float:
    """In one dimension k = (xy + 1)^3, so MMD^2 = 3 dm1^2 + 3 dm2^2 + dm3^2 of the raw moments."""
    return 3 * shift**2 + 3 * (shift**2) ** 2 + (shift**3 + 3 * shift) ** 2


def test_kid_is_unbiased_and_its_interval_covers() -> None:
    shift, repeats = 0.7, 80
    generator = rng(2)
    figures = [
        measures.kid(
            generator.normal(size=(80, 1)), generator.normal(shift, 1, (90, 1)), generator, 200
        )
        for _ in range(repeats)
    ]
    means = np.array([figure.mean for figure in figures])
    expected = kid_of_normals(shift)
    assert means.mean() == pytest.approx(expected, abs=4 * means.std() / math.sqrt(repeats))
    covered = np.mean([figure.low <= expected <= figure.high for figure in figures])
    assert 0.86 <= covered <= 1
    # Not by being wide: the interval is about as wide as the estimates spread.
    widths = np.mean([figure.high - figure.low for figure in figures])
    assert 0.6 < widths / (2 * 1.96 * means.std()) < 1.6


def test_kid_of_alike_and_of_shifted_features() -> None:
    generator = rng(3)
    real, alike = generator.normal(size=(2, 150, 16))
    shifted = generator.normal(0.5, 1, (150, 16))
    same = measures.kid(real, alike, generator)
    assert same.low <= 0 <= same.high
    assert measures.kid(real, shifted, generator).low > same.high
    floor = measures.kid_floor(np.concatenate([real, alike]), generator)
    assert floor.low <= 0 <= floor.high


def test_kid_halves_are_shuffled() -> None:
    """A sorted folder (all sunsets first) must not look like two different sets."""
    drift = np.linspace(-2, 2, 400)[:, None] + np.zeros((1, 4))
    floor = measures.kid_floor(drift, rng())
    assert floor.low <= 0 <= floor.high
    assert measures.kid(drift[:200], drift[200:], rng()).low > floor.high


def test_kid_repeats_by_seed_and_needs_two() -> None:
    real, fake = rng(0).normal(size=(2, 20, 4))
    assert measures.kid(real, fake, rng(5)) == measures.kid(real, fake, rng(5))
    with pytest.raises(ValueError, match="two"):
        measures.kid(real[:1], fake, rng())


def test_frechet_of_gaussians() -> None:
    mean_a, mean_b = np.array([0.0, 1.0, 2.0]), np.array([1.0, 1.0, 0.0])
    deviations_a, deviations_b = np.array([1.0, 2.0, 3.0]), np.array([2.0, 0.5, 3.0])
    expected = 5 + 1 + 1.5**2
    distance = measures.frechet_gaussians(
        mean_a, np.diag(deviations_a**2), mean_b, np.diag(deviations_b**2)
    )
    assert distance == pytest.approx(expected)


def test_frechet_of_covariances_that_do_not_commute() -> None:
    a, b = rng(0).normal(size=(2, 5, 5))
    a, b, zero = a @ a.T, b @ b.T, np.zeros(5)
    expected = np.trace(a + b - 2 * scipy.linalg.sqrtm(a @ b).real)
    assert measures.frechet_gaussians(zero, a, zero, b) == pytest.approx(expected)
    assert measures.frechet_gaussians(zero, a, zero, a) == pytest.approx(0, abs=1e-6)
    flat = np.outer(a[0], a[0])  # rank one: fewer pictures than features
    assert measures.frechet_gaussians(zero, flat, zero, flat) == pytest.approx(0, abs=1e-4)


def test_frechet_of_samples_and_its_refusal() -> None:
    real, fake = rng(0).normal(size=(2, 5000, 3))
    assert measures.frechet(real, 2 * fake + 1) == pytest.approx(3 + 3, rel=0.05)
    with pytest.raises(UserError, match="4,999"):
        measures.frechet(real, fake[:-1])


def test_flat_fill_ceiling() -> None:
    layout = np.array([[0, 0], [2, 2]], np.uint8)
    picture = np.array([[[10, 0, 0], [20, 0, 0]], [[0, 0, 255], [0, 100, 255]]], np.uint8)
    colours = measures.class_mean_colours([picture, picture], [layout, layout])
    assert colours.shape == (256, 3)
    assert colours[0].tolist() == [15, 0, 0]
    assert colours[2].tolist() == [0, 50, 255]
    overall = np.rint(picture.reshape(-1, 3).mean(0)).astype(int).tolist()
    assert colours[1].tolist() == colours[255].tolist() == overall
    filled = measures.flat_fill(np.array([[2, 0, 255]], np.uint8), colours)
    assert filled.dtype == np.uint8
    assert filled.tolist() == [[[0, 50, 255], [15, 0, 0], overall]]
    with pytest.raises(ValueError, match="one picture"):
        measures.class_mean_colours([], [])


@pytest.mark.parametrize("difference", [1, 10, 200])
def test_psnr(difference: int) -> None:
    dark = np.full((16, 16, 3), 20, np.uint8)
    bright = dark + np.uint8(difference)
    expected = 20 * math.log10(255 / difference)
    assert measures.psnr(dark, bright) == pytest.approx(expected)
    assert measures.psnr(bright, dark) == pytest.approx(expected)
    assert measures.psnr(dark, dark) == math.inf


def test_ssim() -> None:
    noise = rng().integers(0, 256, (32, 32, 3), np.uint8)
    assert measures.ssim(noise, noise) == pytest.approx(1)
    # Flat pictures: only the luminance term is left, C1 = (0.01 x 255)^2.
    dark, bright = np.full((2, 32, 32, 3), 60, np.uint8)
    bright = bright + np.uint8(60)
    c1 = 2.55**2
    expected = (2 * 60 * 120 + c1) / (60**2 + 120**2 + c1)
    assert measures.ssim(dark, bright) == pytest.approx(expected)
    assert measures.ssim(noise, 255 - noise) < -0.5


def test_sharpness_of_ramps() -> None:
    ramp = np.arange(0, 60, 3, dtype=np.uint8)
    across = np.broadcast_to(ramp[None, :, None], (20, 20, 3))
    assert measures.sharpness(across) == pytest.approx(3)
    assert measures.sharpness(across.transpose(1, 0, 2)) == pytest.approx(3)
    slanted = (ramp[None, :] + 4 * (ramp[:, None] // 3))[..., None].repeat(3, 2).astype(np.uint8)
    assert measures.sharpness(slanted) == pytest.approx(5)
    green = np.zeros((20, 20, 3), np.uint8)
    green[..., 1] = ramp[None]
    assert measures.sharpness(green) == pytest.approx(3 * 0.587)


def test_iou_hand_example() -> None:
    true = np.array([[0, 0, 0, 1], [1, 1, 255, 255]], np.uint8)
    predicted = np.array([[0, 0, 1, 1], [1, 255, 0, 1]], np.uint8)
    table = measures.confusion(true, predicted, 3)
    assert table.tolist() == [[2, 1, 0, 0], [0, 2, 0, 1], [0, 0, 0, 0]]
    # 0: 2 of 3 true or said; 1: 2 of 3 true and 1 wrongly said; 2 is nowhere.
    ratios = measures.iou(table)
    assert ratios[:2].tolist() == [2 / 3, 2 / 4]
    assert math.isnan(ratios[2])
    assert measures.iou(table + table)[:2].tolist() == ratios[:2].tolist()
    said = measures.iou(measures.confusion(true, np.full_like(true, 2), 3))
    assert said.tolist() == [0, 0, 0], "a class only said counts as wrong"
    with pytest.raises(ValueError, match="id 1"):
        measures.confusion(true, predicted, 1)
    nothing = measures.confusion(np.full((2, 2), 255, np.uint8), predicted[:, :2], 3)
    assert not nothing.any()


def test_spearman() -> None:
    # Ranks 1 2 3 4 and 2 1 4 3: 1 - 6 (1 + 1 + 1 + 1) / (4 x 15)
    assert measures.spearman(np.array([1, 5, 9, 70]), np.array([3, 2, 8, 7])) == pytest.approx(0.6)
    assert measures.spearman(np.arange(5.0), np.exp(np.arange(5.0))) == pytest.approx(1)
    assert measures.spearman(np.arange(5.0), -np.arange(5.0)) == pytest.approx(-1)
    ties = rng().integers(0, 5, (2, 40)).astype(float)
    expected = scipy.stats.spearmanr(*ties).statistic
    assert measures.spearman(*ties) == pytest.approx(expected)
    assert math.isnan(measures.spearman(np.ones(4), np.arange(4.0)))


def test_bootstrap_interval_covers() -> None:
    generator = rng(4)
    figures = [
        measures.bootstrap_ci(generator.normal(3, 2, 60), generator, resamplings=200)
        for _ in range(150)
    ]
    covered = np.mean([figure.low <= 3 <= figure.high for figure in figures])
    assert 0.88 <= covered <= 0.99
    width = np.mean([figure.high - figure.low for figure in figures])
    assert width == pytest.approx(2 * 1.96 * 2 / math.sqrt(60), rel=0.08)


def test_bootstrap_resamples_rows_together() -> None:
    a = rng(0).normal(size=80)
    pairs = np.stack([a, 2 * a], 1)
    figure = measures.bootstrap_ci(pairs, rng(1), lambda rows: measures.spearman(*rows.T), 50)
    assert (figure.mean, figure.low, figure.high) == pytest.approx((1, 1, 1))
    assert measures.bootstrap_ci(a, rng(1)) == measures.bootstrap_ci(a, rng(1))


def test_t_interval() -> None:
    # Student's 97.5 % point with 2 degrees of freedom is 4.302653.
    figure = measures.t_interval(np.array([1.0, 2.0, 3.0]))
    half = 4.302653 / math.sqrt(3)
    assert (figure.mean, figure.low, figure.high) == pytest.approx((2, 2 - half, 2 + half))
    generator = rng(5)
    draws = [measures.t_interval(generator.normal(1, 3, 3)) for _ in range(600)]
    covered = np.mean([each.low <= 1 <= each.high for each in draws])
    assert 0.92 <= covered <= 0.98
    with pytest.raises(ValueError, match="two"):
        measures.t_interval(np.array([1.0]))


def test_a_figure_prints_with_its_interval() -> None:
    assert str(Figure(0.012345, 0.01, 0.0205)) == "0.01235 [0.01, 0.0205]"


def test_distances_by_hand_and_exactly_zero_for_itself() -> None:
    a = np.array([[0.0, 0], [3, 4]])
    assert measures.distances(a, a).tolist() == [[0, 5], [5, 0]]
    far = rng(1).normal(1e4, 1, (30, 8))
    assert (np.diagonal(measures.distances(far, far)) == 0).all()
    other = rng(2).normal(1e4, 1, (7, 8))
    brute = [[float(np.linalg.norm(x - y)) for y in other] for x in far]
    np.testing.assert_allclose(measures.distances(far, other), brute, rtol=1e-3)


def test_precision_and_recall_by_brute_force() -> None:
    real, fake = rng(0).normal(size=(15, 3)), rng(1).normal(0.8, 1.5, size=(12, 3))

    def among(x: Numbers, known: Numbers) -> bool:
        for centre in known:
            reach = sorted(float(np.linalg.norm(centre - other)) for other in known)[3]
            if np.linalg.norm(x - centre) <= reach:
                return True
        return False

    precision, recall = measures.precision_recall(real, fake)
    assert precision.mean == pytest.approx(np.mean([among(x, real) for x in fake]))
    assert recall.mean == pytest.approx(np.mean([among(x, fake) for x in real]))
    assert 0 < precision.mean < 1
    with pytest.raises(ValueError, match="more pictures"):
        measures.precision_recall(real, fake[:3])


def test_precision_and_recall_tell_what_is_wrong() -> None:
    """Made pictures that are all good but alike, and pictures that miss."""
    real = rng(0).normal(size=(200, 4))
    alike = real[:1] + rng(1).normal(0, 0.01, (200, 4))
    precision, recall = measures.precision_recall(real, alike)
    assert precision.mean == 1
    assert recall.mean < 0.05
    precision, recall = measures.precision_recall(real, rng(2).normal(50, 1, (200, 4)))
    assert (precision.mean, recall.mean) == (0, 0)
    assert 0 < precision.high < 0.05  # None of 200 is not never.


def test_diversity_is_the_ratio_of_mean_distances() -> None:
    real = rng(3).normal(size=(40, 6))
    assert measures.diversity(real, 0.25 * real + 9, rng()).mean == pytest.approx(0.25)
    same = np.repeat(real[:1], 20, axis=0)
    none = measures.diversity(real, same, rng())
    assert (none.mean, none.low, none.high) == (0, 0, 0)
    alike = measures.diversity(real, rng(4).normal(size=(40, 6)), rng())
    assert alike.low < 1 < alike.high


def test_variation_is_within_a_condition() -> None:
    """Conditions that are far apart do not count, what differs within one does."""
    real = np.array([[0.0, 0], [0, 2]])
    groups = np.array([[[100.0, 0], [101, 0]], [[0, 500], [0, 503]]])
    assert measures.variation(groups, real, rng()).mean == pytest.approx((0.5 + 1.5) / 2)
    assert measures.variation(groups[:, :1].repeat(2, 1), real, rng()).high == 0


def test_copies_are_near_one_picture_alone() -> None:
    train, unseen = rng(5).normal(size=(60, 16)), rng(6).normal(size=(50, 16))
    honest = rng(7).normal(size=(400, 16))
    copied = train[rng(8).integers(0, 60, 400)] + rng(9).normal(0, 0.2, (400, 16))
    middling = 0.1 * honest  # Timid pictures lie near to all of them and copy none.
    for reference in (unseen, None):
        assert measures.copies(honest, train, reference).mean < 0.15
        assert measures.copies(copied, train, reference).mean > 0.95
        assert measures.copies(middling, train, reference).mean < 0.15
    film = np.repeat(train[:5], 4, axis=0)
    assert (measures.lone_neighbours(film, film, itself=True) == 1).all()
    assert measures.lone_neighbours(np.array([[1.0]]), np.array([[0.0], [5]])) == 0.25
    with pytest.raises(ValueError, match="two pictures"):
        measures.lone_neighbours(train[:2], train[:2], itself=True)


def test_a_share_has_wilsons_interval() -> None:
    figure = measures.share(np.array([True] * 5 + [False] * 15))
    interval = scipy.stats.binomtest(5, 20).proportion_ci(method="wilson")
    assert (figure.mean, figure.low, figure.high) == pytest.approx(
        (0.25, interval.low, interval.high)
    )
    assert measures.share(np.zeros(10, bool)).low == 0


def test_two_pictures_may_have_no_interval() -> None:
    """A resampling that draws one of them twice has no pair to compare."""
    real, fake = rng(0).normal(size=(2, 2, 3))
    figures = [measures.kid(real, fake, rng(seed), 1) for seed in range(12)]
    assert all(math.isfinite(figure.mean) for figure in figures)
    assert {math.isnan(figure.low) for figure in figures} == {True, False}
