"""Losses on the statistics of feature maps: how a picture looks, apart from what is on it."""

from collections.abc import Sequence

import torch
from torch import Tensor

EPSILON = 1e-5


def statistics(x: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and deviation over the pixels of each channel of (N, C, H, W): (N, C) both."""
    flat = x.float().flatten(2)
    return flat.mean(2), (flat.var(2, unbiased=False) + EPSILON).sqrt()


def adain(content: Tensor, style: Tensor) -> Tensor:
    """Content maps with the means and deviations of style maps; Huang 2017, arXiv:1703.06868, eq.
    8.
    """
    (mean, deviation), (other_mean, other_deviation) = statistics(content), statistics(style)
    normal = (content.float() - mean[..., None, None]) / deviation[..., None, None]
    return normal * other_deviation[..., None, None] + other_mean[..., None, None]


def style_distance(made: Sequence[Tensor], style: Sequence[Tensor]) -> Tensor:
    """Squared differences of means and deviations, summed over layers; Huang 2017, eq. 13 (not Gram
    matrices, as a common caption has it).

    Each layer is divided by the mean square of its style's deviations, so that layers of large
    numbers do not rule.
    """
    terms = []
    for mine, theirs in zip(made, style, strict=True):
        (mean, deviation), (other_mean, other_deviation) = statistics(mine), statistics(theirs)
        apart = (mean - other_mean).square().mean() + (deviation - other_deviation).square().mean()
        terms.append(apart / other_deviation.square().mean())
    return torch.stack(terms).sum()


def gram(x: Tensor) -> Tensor:
    """Inner products of the channels of (N, C, H, W) over its pixels, by their number: (N, C, C);
    Gatys 2016, eq. 3.
    """
    flat = x.float().flatten(2)
    return flat @ flat.transpose(1, 2) / flat.shape[2]


def practice(source: Tensor, target: Tensor, first: int) -> tuple[Tensor, Tensor, Tensor]:
    """What rows (N, 3, H, W) are asked for, where the batch's first is number `first`: of four, one
    for nothing, one for its own style, two for another's. Styles; strengths (N,); whether it is
    another's (N,).
    """
    role = (first + torch.arange(len(source), device=source.device)) % 4
    style = torch.where((role == 1)[:, None, None, None], source, target)
    return style, (role > 0).to(source.dtype), role >= 2
