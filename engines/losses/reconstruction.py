"""Losses between a result and what it should be."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from engines.distributed import crew

Features = Sequence[Tensor] | Sequence[Sequence[Tensor]]


def l1(result: Tensor, target: Tensor) -> Tensor:
    """Mean absolute difference; Isola 2017, arXiv:1611.07004, eq. 3."""
    return (result.float() - target.float()).abs().mean()


def feature_matching(real: Features, fake: Features) -> Tensor:
    """L1 between the critic's inner maps, real ones held fixed; Wang 2018, arXiv:1711.11585, eq. 4.

    `real` and `fake` are [layer] or [scale][layer]: the sum over layers of each layer's mean, and
    the mean over scales (the paper sums scales too). ValueError where their lengths differ.
    """
    scales = list(zip(_scales(real), _scales(fake), strict=True))
    return torch.stack([_layers(*layers) for layers in scales]).mean()


def kl_standard_normal(mu: Tensor, logvar: Tensor) -> Tensor:
    """KL(N(mu, e^logvar) || N(0, 1)): sum over a sample's entries, mean over samples, in nats.

    (N, ...) both; Kingma 2013, arXiv:1312.6114, appendix B.
    """
    mu, logvar = mu.float(), logvar.float()
    return (mu.square() + logvar.exp() - 1 - logvar).flatten(1).sum(1).mean() / 2


def perceptual(
    features: Callable[[Tensor], Sequence[Tensor]],
    result: Tensor,
    target: Tensor,
    weights: Sequence[float],
) -> Tensor:
    """Sum over maps of weight x L1 between a fixed network's maps of the two pictures.

    After Johnson 2016, arXiv:1603.08155, eq. 2, with L1 for L2 as Wang 2018 do. No gradient flows
    to the target. ValueError where there is not one weight a map.
    """
    with torch.no_grad():
        wanted = features(target.detach())
    terms = zip(features(result), wanted, weights, strict=True)
    return torch.stack([weight * l1(mine, theirs) for mine, theirs, weight in terms]).sum()


def masked_mse(result: Tensor, target: Tensor) -> Tensor:
    """Mean squared error over the known targets; NaN is unknown. 0 where none is known.

    Where processes share a batch, known ones count alike whichever process has them.
    """
    known = ~target.isnan()
    error = torch.where(known, result.float() - target.float().nan_to_num(), 0.0)
    return error.square().sum() / crew().count(known)


def _layers(real: Sequence[Tensor], fake: Sequence[Tensor]) -> Tensor:
    pairs = zip(real, fake, strict=True)
    return torch.stack([l1(mine, theirs.detach()) for theirs, mine in pairs]).sum()


def _scales(features: Features) -> list[list[Tensor]]:
    """[scale][layer], from that or from one scale's [layer]."""
    flat = [entry for entry in features if isinstance(entry, Tensor)]
    if flat:
        return [flat]
    return [list(entry) for entry in features]
