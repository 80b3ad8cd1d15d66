"""Whitening and colouring at three levels (Li 2017, arXiv:1705.08086), and smoothing after it (He
2013).

ONNX has no eigenvalues: square roots come from Newton-Schulz iterations (Higham 2008, chapter 6),
which are nothing but products. Deviation: a share RIDGE of the mean variance is added to every
variance, so that a handful of iterations will do and dead channels stay dead.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, interpolate, pad

from engines.networks.levels import Levels, masks_of

RIDGE = 0.01
ITERATIONS = 14


class ColourNetwork(Levels):
    """Moments are rows (N, R, D): the means of all channels of all levels, and then each level's
    C x C means of products.
    """

    def moments(self, maps: Sequence[Tensor], mask: Tensor) -> Tensor:
        with torch.autocast(maps[0].device.type, enabled=False):  # Roots need all their digits.
            means, products = [], []
            for x, weight in zip(maps, masks_of(mask), strict=True):
                share = (weight / weight.sum((2, 3), keepdim=True).clamp(min=1e-6)).flatten(2)
                flat = x.float().flatten(2)
                means.append((flat * share).sum(2))
                products.append(((flat * share) @ flat.transpose(1, 2)).flatten(1))
            return torch.cat(means + products, dim=1)[:, None]

    def exchanged(
        self,
        maps: Sequence[Tensor],
        own: Tensor,
        own_regions: Tensor,
        style: Tensor,
        style_regions: Tensor,
        strength: Tensor,
    ) -> list[Tensor]:
        """Whitened by their own covariance and coloured by the style's (Li 2017, eq. 2 and 3)."""
        with torch.autocast(maps[0].device.type, enabled=False):  # Roots need all their digits.
            said = (style.abs().amax(2) > 0).float() * strength[:, None]
            found = []
            split = list(zip(maps, self._rows(own), self._rows(style), strict=True))
            for step, (x, (mean, _root, inverse), (other_mean, other_root, _)) in enumerate(
                split, 1
            ):
                here = _one_hot(own_regions[:, :: 2**step, :: 2**step], mean.shape[1])
                there = _one_hot(style_regions[:, :: 2**step, :: 2**step], other_mean.shape[1])
                y = x.float()
                white = _apply(inverse, y - _spread(mean, here), here)
                taken = _apply(other_root, white, there) + _spread(other_mean, there)
                amount = _spread(said[..., None], there)
                found.append((y + amount * (taken - y)).to(x.dtype))
            return found

    def _rows(self, moments: Tensor) -> list[tuple[Tensor, Tensor, Tensor]]:
        """Per level: means (N, R, C), roots of the covariances and their inverses (N, R, C, C)."""
        total = sum(self.widths)
        means, products = moments[..., :total].float(), moments[..., total:].float()
        found, place, start = [], 0, 0
        for width in self.widths:
            mean = means[..., place : place + width]
            product = products[..., start : start + width * width].unflatten(2, (width, width))
            place, start = place + width, start + width * width
            covariance = product - mean[..., :, None] * mean[..., None, :]
            found.append((mean, *roots(covariance)))
        return found


def roots(covariance: Tensor) -> tuple[Tensor, Tensor]:
    """The square root of (..., C, C), and its inverse, by the coupled Newton-Schulz iteration."""
    size = covariance.shape[-1]
    eye = torch.eye(size, device=covariance.device)
    trace = (covariance * eye).sum((-2, -1), keepdim=True).clamp(min=1e-6)
    ridged = covariance + RIDGE / size * trace * eye
    norm = ridged.square().sum((-2, -1), keepdim=True).sqrt()
    y, z = ridged / norm, eye.expand_as(ridged)
    for _ in range(ITERATIONS):
        t = 1.5 * eye - 0.5 * z @ y
        y, z = y @ t, t @ z
    return y * norm.sqrt(), z / norm.sqrt()


def smoothed(picture: Tensor, guide: Tensor, radius: int = 8, epsilon: float = 1e-3) -> Tensor:
    """A picture (N, 3, H, W) with the edges of the guide alone: the guided filter, He 2013, eq. 5
    to 8, guided by brightness, at half size (He 2015, arXiv:1505.00996).

    Deviation from Li 2018 (section 3.2), who smooth by a closed form over the whole picture.
    """
    light = guide.float().mean(1, keepdim=True)
    small, p = avg_pool2d(light, 2), avg_pool2d(picture.float(), 2)
    mean, mean_p = _box(small, radius), _box(p, radius)
    variance = _box(small * small, radius) - mean * mean
    a = (_box(small * p, radius) - mean * mean_p) / (variance + epsilon)
    b = mean_p - a * mean
    a, b = _box(a, radius), _box(b, radius)
    large = [interpolate(t, scale_factor=2.0, mode="bilinear", align_corners=False) for t in (a, b)]
    return large[0] * light + large[1]


def _box(x: Tensor, radius: int) -> Tensor:
    edge = pad(x, (radius,) * 4, mode="replicate")
    rows = avg_pool2d(edge, (2 * radius + 1, 1), stride=1)
    return avg_pool2d(rows, (1, 2 * radius + 1), stride=1)


def _one_hot(regions: Tensor, rows: int) -> Tensor:
    """(N, R, h, w) of 0 and 1."""
    numbers = torch.arange(rows, device=regions.device).view(1, -1, 1, 1)
    return (regions[:, None].to(torch.int64) == numbers).float()


def _spread(table: Tensor, chosen: Tensor) -> Tensor:
    """Rows (N, R, C) over their pixels (N, R, h, w): (N, C, h, w)."""
    flat = table.transpose(1, 2) @ chosen.flatten(2)
    return flat.reshape(*flat.shape[:2], *chosen.shape[2:])


def _apply(matrices: Tensor, x: Tensor, chosen: Tensor) -> Tensor:
    """Each pixel of (N, C, h, w) by the matrix (N, R, C, C) of its row."""
    flat = x.flatten(2)[:, None]  # (N, 1, C, P)
    moved = (matrices @ flat) * chosen.flatten(2)[:, :, None]
    return moved.sum(1).reshape(x.shape)
