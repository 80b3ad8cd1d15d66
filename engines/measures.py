"""Measures of results, on numpy arrays; none imports torch.

Pictures are uint8 (H, W, 3); features (N, D) come from `engines.features.embed_pictures`. A
figure on few pictures lies: print its interval, the real-real floor (`kid_floor`) and the flat-fill
ceiling (`class_mean_colours`, `flat_fill`) beside it.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata, sem, t  # type: ignore[import-untyped]
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from engines.data.pictures import LUMA
from engines.errors import UserError

Numbers = npt.NDArray[np.floating]
Ids = npt.NDArray[np.uint8]
Picture = npt.NDArray[np.uint8]

UNPAINTED = 255
FEWEST_FOR_FRECHET = 5000
_RESAMPLINGS = 1000


@dataclass(frozen=True)
class Figure:
    """A measured value and the ends of its 95 % interval."""

    mean: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.mean:.4g} [{self.low:.4g}, {self.high:.4g}]"


def kid(
    real: Numbers, fake: Numbers, rng: np.random.Generator, resamplings: int = _RESAMPLINGS
) -> Figure:
    """Kernel distance of two feature sets, unbiased, so it may fall below 0 where they are alike.

    Squared MMD with k(x, y) = (x.y / D + 1)^3; Binkowski 2018, arXiv:1801.01401, section 4. The
    interval is a bootstrap over pictures of both sets (a picture drawn twice is not compared with
    itself); near 0 it is wider than 95 %. Memory is 8 (N + M)^2 bytes. ValueError under 2 pictures.
    """
    if min(len(real), len(fake)) < 2:
        raise ValueError("a kernel distance needs two pictures or more on each side")
    within_real, within_fake = _kernel(real, real), _kernel(fake, fake)
    np.fill_diagonal(within_real, 0)
    np.fill_diagonal(within_fake, 0)
    across = _kernel(real, fake)

    def distances(weights_real: Numbers, weights_fake: Numbers) -> Numbers:
        """(B, N) and (B, M) picture counts -> (B,) squared MMD."""
        cross = ((weights_real @ across) * weights_fake).sum(1)
        cross /= weights_real.sum(1) * weights_fake.sum(1)
        apart: Numbers = (
            _pair_mean(within_real, weights_real)
            + _pair_mean(within_fake, weights_fake)
            - 2 * cross
        )
        return apart

    value = distances(np.ones((1, len(real))), np.ones((1, len(fake))))[0]
    draws = distances(_counts(rng, resamplings, len(real)), _counts(rng, resamplings, len(fake)))
    return Figure(float(value), *_ends(draws))


def kid_floor(real: Numbers, rng: np.random.Generator, resamplings: int = _RESAMPLINGS) -> Figure:
    """`kid` between two random halves of the real features: what a perfect model would score."""
    order = rng.permutation(len(real))
    half = len(real) // 2
    return kid(real[order[:half]], real[order[half:]], rng, resamplings)


def precision_recall(real: Numbers, fake: Numbers, nearest: int = 3) -> tuple[Figure, Figure]:
    """Share of made pictures among the real ones, and of real ones among the made.

    Among: no farther from some picture of a set than that one's `nearest`-th neighbour in its set;
    Kynkaanniemi 2019, arXiv:1904.06991, eq. 1 and 2. Intervals are of the share alone (`share`).
    ValueError where a set has no such neighbour.
    """
    if min(len(real), len(fake)) <= nearest:
        raise ValueError(f"a neighbourhood of {nearest} needs more pictures than that")
    across = distances(real, fake)
    reach_real = np.partition(distances(real, real), nearest, axis=1)[:, nearest]
    reach_fake = np.partition(distances(fake, fake), nearest, axis=1)[:, nearest]
    precise, recalled = across <= reach_real[:, None], across <= reach_fake
    return share(np.any(precise, axis=0)), share(np.any(recalled, axis=1))


def diversity(
    real: Numbers, fake: Numbers, rng: np.random.Generator, resamplings: int = _RESAMPLINGS
) -> Figure:
    """Mean distance between two made pictures over that between two real ones: 1 is as diverse,
    0 one picture again and again. Bootstrap over pictures of both sets, as in `kid`.
    """
    if min(len(real), len(fake)) < 2:
        raise ValueError("diversity needs two pictures or more on each side")
    apart_real, apart_fake = distances(real, real), distances(fake, fake)

    def ratio(weights_real: Numbers, weights_fake: Numbers) -> Numbers:
        below = _pair_mean(apart_real, weights_real)
        above = _pair_mean(apart_fake, weights_fake)
        quotient: Numbers = np.divide(
            above, below, out=np.full_like(above, np.nan), where=below > 0
        )
        return quotient

    value = ratio(np.ones((1, len(real))), np.ones((1, len(fake))))[0]
    draws = ratio(_counts(rng, resamplings, len(real)), _counts(rng, resamplings, len(fake)))
    return Figure(float(value), *_ends(draws))


def variation(groups: Numbers, real: Numbers, rng: np.random.Generator) -> Figure:
    """(C, K, D) features of K pictures of each of C conditions: mean distance within a condition
    over that between two real pictures. Bootstrap over conditions.
    """
    if groups.shape[1] < 2 or len(real) < 2:
        raise ValueError("variation needs two pictures or more of a condition, and of the real")
    within, whole = np.array([mean_distance(group) for group in groups]), mean_distance(real)
    return bootstrap_ci(within / whole, rng) if whole > 0 else Figure(*[float("nan")] * 3)


def lone_neighbours(pictures: Numbers, known: Numbers, itself: bool = False) -> Numbers:
    """(N, D), (M, D) -> (N,) distance to the nearest of `known` over that to the second nearest.

    Near 1 for a picture that lies between several, near 0 for a copy of one. `itself`: row i of
    `pictures` is row i of `known` and is not compared with it. ValueError under 2 to compare with.
    """
    apart = distances(pictures, known)
    if itself:
        np.fill_diagonal(apart, np.inf)
    if len(known) - itself < 2:
        raise ValueError("a lone neighbour needs two pictures to choose from")
    first, second = np.partition(apart, 1, axis=1)[:, :2].T
    # Two equal neighbours, such as frames of a film, single out none.
    ratio: Numbers = np.divide(first, second, out=np.ones_like(first), where=second > 0)
    return ratio


def copies(fake: Numbers, train: Numbers, unseen: Numbers | None) -> Figure:
    """Share of made pictures that are as near to one training picture and as far from the others
    as no more than one in twenty unseen ones are: about 0.05 where nothing is copied, or less.

    Without unseen pictures, the training pictures among themselves tell what is usual.
    """
    usual = (
        lone_neighbours(train, train, itself=True)
        if unseen is None
        else lone_neighbours(unseen, train)
    )
    return share(lone_neighbours(fake, train) < np.quantile(usual, 0.05))


def distances(a: Numbers, b: Numbers) -> npt.NDArray[np.float64]:
    """(N, D), (M, D) -> (N, M) Euclidean distances; exactly 0 for a row and itself."""
    # Centred, so that the squares are not large beside what they differ by.
    centre = b.mean(0, dtype=np.float64)
    a, b = a - centre, b - centre
    squares = np.square(a).sum(1)[:, None] + np.square(b).sum(1) - 2 * a @ b.T
    # What rounding leaves of equal rows is no distance.
    squares[squares < 1e-12 * squares.max(initial=0)] = 0
    apart: npt.NDArray[np.float64] = np.sqrt(squares)
    return apart


def mean_distance(points: Numbers) -> float:
    """(N, D) -> the mean Euclidean distance between two of them; N is 2 at least."""
    return float(distances(points, points).sum()) / (len(points) * (len(points) - 1))


def share(hits: npt.NDArray[Any]) -> Figure:
    """The share of True with Wilson's 95 % interval, which a share of 0 or 1 has too."""
    count, z = len(hits), 1.959964
    found = float(hits.mean())
    middle = (found + z**2 / (2 * count)) / (1 + z**2 / count)
    half = z * np.sqrt(found * (1 - found) / count + (z / (2 * count)) ** 2) / (1 + z**2 / count)
    return Figure(found, max(0.0, float(middle - half)), min(1.0, float(middle + half)))


def class_mean_colours(pictures: Iterable[Picture], layouts: Iterable[Ids]) -> Picture:
    """(256, 3) uint8: each class's mean colour; ids that do not occur have the whole's mean."""
    sums, counts = np.zeros((256, 3)), np.zeros(256)
    for picture, layout in zip(pictures, layouts, strict=True):
        ids = layout.ravel()
        counts += np.bincount(ids, minlength=256)
        for channel in range(3):
            sums[:, channel] += np.bincount(ids, picture[..., channel].ravel(), minlength=256)
    if not counts.any():
        raise ValueError("mean colours need at least one picture")
    overall = sums.sum(0) / counts.sum()
    seen = counts[:, None] > 0
    means = np.where(seen, sums / np.maximum(counts, 1)[:, None], overall)
    return np.rint(means).astype(np.uint8)


def flat_fill(layout: Ids, colours: Picture) -> Picture:
    """Ids (..., H, W) -> (..., H, W, 3): each class in its mean colour, the least to beat."""
    filled: Picture = colours[layout]
    return filled


def frechet(real: Numbers, fake: Numbers) -> float:
    """Frechet distance of Gaussians fitted to both sets; Heusel 2017, arXiv:1706.08500, eq. 6.

    UserError under 5,000 pictures a side: its bias then exceeds what it should tell.
    """
    fewest = min(len(real), len(fake))
    if fewest < FEWEST_FOR_FRECHET:
        raise UserError(
            f"A Frechet distance on {fewest:,} pictures would mislead; it needs "
            f"{FEWEST_FOR_FRECHET:,} on each side: use the kernel distance instead."
        )
    fits = [(each.mean(0), np.cov(each, rowvar=False)) for each in (real, fake)]
    return frechet_gaussians(*fits[0], *fits[1])


def frechet_gaussians(mean_a: Numbers, cov_a: Numbers, mean_b: Numbers, cov_b: Numbers) -> float:
    """|m_a - m_b|^2 + tr(C_a + C_b - 2 (C_a C_b)^(1/2)); means (D,), covariances (D, D).

    The last trace is the sum of the roots of the eigenvalues of C_a^(1/2) C_b C_a^(1/2).
    """
    cov_a, cov_b = np.atleast_2d(cov_a), np.atleast_2d(cov_b)
    values, vectors = np.linalg.eigh(cov_a)
    root = (vectors * np.sqrt(values.clip(min=0))) @ vectors.T
    shared = np.sqrt(np.linalg.eigvalsh(root @ cov_b @ root).clip(min=0)).sum()
    apart = np.square(mean_a - mean_b).sum()
    return float(apart + np.trace(cov_a) + np.trace(cov_b) - 2 * shared)


def psnr(true: Picture, result: Picture) -> float:
    """Peak signal to noise in dB over all channels, peak 255; infinite where they are equal."""
    if np.array_equal(true, result):
        return float("inf")
    return float(peak_signal_noise_ratio(true, result, data_range=255))  # type: ignore[no-untyped-call]


def ssim(true: Picture, result: Picture) -> float:
    """Structural similarity, 1 where equal, Gaussian window of 1.5, mean over channels; Wang 2004.

    ValueError where a side is under 11 pixels.
    """
    value = structural_similarity(  # type: ignore[no-untyped-call]
        true,
        result,
        data_range=255,
        channel_axis=-1,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
    )
    return float(value)


def edges_kept(true: Picture, result: Picture) -> float:
    """Structural similarity of the lengths of brightness gradients: 1 where every edge is in its
    place and as strong, whatever the colours. ValueError where a side is under 12 pixels.
    """
    value = structural_similarity(  # type: ignore[no-untyped-call]
        _gradient(true), _gradient(result), data_range=255.0, gaussian_weights=True, sigma=1.5,
        use_sample_covariance=False,
    )  # fmt: skip
    return float(value)


def sharpness(picture: Picture) -> float:
    """Mean length of the brightness gradient, in grey levels a pixel; blur lowers, noise raises it.

    Forward differences of Rec. 601 luma.
    """
    return float(_gradient(picture).mean())


def _gradient(picture: Picture) -> Numbers:
    luma = picture.astype(np.float64) @ np.array(LUMA)
    down, right = np.diff(luma, axis=0)[:, :-1], np.diff(luma, axis=1)[:-1]
    found: Numbers = np.hypot(down, right)
    return found


def confusion(true: Ids, predicted: Ids, classes: int) -> npt.NDArray[np.int64]:
    """(classes, classes + 1) pixel counts [true, predicted]; the last column is "none of them".

    Pixels whose true id is 255 are left out. Add the tables of several pictures. ValueError on a
    true id outside the classes.
    """
    known = true != UNPAINTED
    rows, columns = true[known].astype(np.int64), predicted[known].astype(np.int64)
    if rows.size and rows.max() >= classes:
        raise ValueError(f"id {rows.max()} in a layout of {classes} classes")
    cells = rows * (classes + 1) + np.minimum(columns, classes)
    counts = np.bincount(cells, minlength=classes * (classes + 1))
    return counts.reshape(classes, classes + 1)


def iou(table: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """A `confusion` table -> (classes,) intersection over union; NaN for a class in neither.

    Its `np.nanmean` is the mIoU.
    """
    hits = np.diagonal(table).astype(np.float64)
    union = table.sum(1) + table[:, :-1].sum(0) - hits
    ratios: npt.NDArray[np.float64] = np.full(len(hits), np.nan)
    np.divide(hits, union, out=ratios, where=union > 0)
    return ratios


def spearman(a: Numbers, b: Numbers) -> float:
    """Rank correlation in [-1, 1], ties at their mean rank; NaN where one of them is constant."""
    ranks = np.stack([rankdata(a), rankdata(b)])
    centred = ranks - ranks.mean(1, keepdims=True)
    spread = np.sqrt(np.square(centred).sum(1).prod())
    return float(centred[0] @ centred[1] / spread) if spread > 0 else float("nan")


def bootstrap_ci(
    values: Numbers,
    rng: np.random.Generator,
    statistic: Callable[[Numbers], float] = lambda values: float(np.mean(values)),
    resamplings: int = _RESAMPLINGS,
) -> Figure:
    """`statistic` of `values` (N, ...) with the percentile interval over resampled rows.

    Too narrow under some 20 rows: use `t_interval` for a handful of seeds.
    """
    values = np.asarray(values)
    picks = rng.integers(0, len(values), (resamplings, len(values)))
    return Figure(statistic(values), *_ends([statistic(values[pick]) for pick in picks]))


def t_interval(values: Numbers) -> Figure:
    """Mean of two or more values with Student's 95 % interval: the one for a few seeds."""
    values = np.asarray(values, np.float64)
    if len(values) < 2:
        raise ValueError("an interval needs two values or more")
    mean = float(values.mean())
    half = float(t.ppf(0.975, len(values) - 1) * sem(values))
    return Figure(mean, mean - half, mean + half)


def _ends(draws: Numbers | list[float]) -> tuple[float, float]:
    """The middle 95 % of resampled values; what no pair was drawn for says nothing."""
    known = np.asarray(draws, np.float64)
    known = known[~np.isnan(known)]
    low, high = np.quantile(known, [0.025, 0.975]) if len(known) else (np.nan, np.nan)
    return float(low), float(high)


def _kernel(a: Numbers, b: Numbers) -> npt.NDArray[np.float64]:
    """(N, D), (M, D) -> (N, M): (x.y / D + 1)^3."""
    products = a.astype(np.float64) @ b.astype(np.float64).T
    kernel: npt.NDArray[np.float64] = (products / a.shape[1] + 1) ** 3
    return kernel


def _pair_mean(kernel: Numbers, weights: Numbers) -> Numbers:
    """Mean of a zero-diagonal kernel over pairs of different pictures; `weights` (B, N) counts."""
    pairs = weights.sum(1) ** 2 - np.square(weights).sum(1)
    total: Numbers = ((weights @ kernel) * weights).sum(1)
    # A resampling of a handful may hold one picture only; it has no pair and says nothing.
    mean: Numbers = np.divide(total, pairs, out=np.full_like(total, np.nan), where=pairs > 0)
    return mean


def _counts(rng: np.random.Generator, resamplings: int, count: int) -> npt.NDArray[np.float64]:
    """(B, N): how often each picture is drawn in each of B resamplings of N."""
    return rng.multinomial(count, np.full(count, 1 / count), resamplings).astype(np.float64)
