"""Adaptive instance normalisation at two levels (Huang 2017, arXiv:1703.06868, eq. 8).

The content's own statistics come from outside as well, so that a picture can be painted in tiles
and a region by its own. The finest map gives way as the style grows stronger: with a photograph's
own detail at hand a decoder changes colours and learns no strokes.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from engines.networks.layers import by_region
from engines.networks.levels import Levels, masks_of, mean_of

EPSILON = 1e-4


class StyleNetwork(Levels):
    """Moments are rows (N, R, 2 C) of the means and mean squares of all channels but the finest."""

    def __init__(self, width: int, blocks: int) -> None:
        super().__init__(width, blocks)
        self.told = self.widths[1:]

    def moments(self, maps: Sequence[Tensor], mask: Tensor) -> Tensor:
        pairs = list(zip(maps[1:], masks_of(mask)[1:], strict=True))
        means = [mean_of(x, weight) for x, weight in pairs]
        squares = [mean_of(x.float().square(), weight) for x, weight in pairs]
        return torch.cat(means + squares, dim=1)[:, None]

    def exchanged(
        self,
        maps: Sequence[Tensor],
        own: Tensor,
        own_regions: Tensor,
        style: Tensor,
        style_regions: Tensor,
        strength: Tensor,
    ) -> list[Tensor]:
        """Eq. 8 and 14."""
        mean, deviation = _spread(own)
        other_mean, other_deviation = _spread(style)
        said = (style.abs().amax(2, keepdim=True) > 0).to(style.dtype) * strength.view(-1, 1, 1)
        kept = 1 - by_region(said, style_regions[:, ::2, ::2])
        found, place = [(maps[0] * kept).to(maps[0].dtype)], 0
        for step, (x, width) in enumerate(zip(maps[1:], self.told, strict=True), 2):
            part = slice(place, place + width)
            place += width
            here, there = (r[:, :: 2**step, :: 2**step] for r in (own_regions, style_regions))
            normal = (x - by_region(mean[..., part], here)) / by_region(deviation[..., part], here)
            taken = normal * by_region(other_deviation[..., part], there)
            taken = taken + by_region(other_mean[..., part], there)
            found.append((x + by_region(said, there) * (taken - x)).to(x.dtype))
        return found


def _spread(moments: Tensor) -> tuple[Tensor, Tensor]:
    """Means and deviations (N, R, C) of moments (N, R, 2 C)."""
    mean, square = moments.chunk(2, dim=2)
    return mean, (square - mean.square()).clamp(min=EPSILON).sqrt()
