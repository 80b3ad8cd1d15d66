"""Differentiable augmentation: the critic sees real and fake pictures changed by the same kinds of
change, gradients pass through, and a small data set no longer gets memorised.

Zhao 2020, arXiv:2006.10738. Training only; every random number comes from the `Draws` passed in.
"""

from collections.abc import Callable
from typing import Protocol

import torch
from torch import Tensor
from torch.nn.functional import pad

from engines.errors import UserError

_SHIFT = 1 / 8  # of a side, either way
_HOLE = 1 / 2  # of a side


class Draws(Protocol):
    """Seeded random numbers on the CPU, for the whole batch at once (first entry of shape)."""

    def uniform(self, shape: tuple[int, ...]) -> Tensor:
        """In [0, 1)."""

    def normal(self, shape: tuple[int, ...]) -> Tensor:
        """Mean 0, deviation 1."""

    def integers(self, low: int, high: int, shape: tuple[int, ...]) -> Tensor:
        """low <= n < high."""


def differentiable_augment(
    x: Tensor,
    draw: Draws,
    policy: str = "color,translation,cutout",
    picture_channels: int = 3,
) -> Tensor:
    """(N, C, H, W) in [-1, 1] -> same shape, dtype and memory format, each changed at random.

    Colour touches the first `picture_channels` only; translation and cutout also move what is
    concatenated behind them (a layout). UserError where `policy` names an unknown change.
    """
    names = [name.strip() for name in policy.split(",") if name.strip()]
    for name in names:
        if name not in _CHANGES:
            raise UserError(
                f"There is no augmentation {name!r}; choose from {', '.join(_CHANGES)}, "
                "separated by commas."
            )
    for name in names:
        x = _CHANGES[name](x, draw, picture_channels)
    return x


def _color(x: Tensor, draw: Draws, picture_channels: int) -> Tensor:
    """Brightness +-0.5, saturation x 0..2, contrast x 0.5..1.5, as in the paper's code."""
    picture, rest = x[:, :picture_channels], x[:, picture_channels:]
    brightness, saturation, contrast = (
        draw.uniform((x.shape[0], 1, 1, 1)).to(x.device, x.dtype) for _ in range(3)
    )
    picture = picture + (brightness - 0.5)
    grey = picture.mean(1, keepdim=True)
    picture = torch.lerp(grey, picture, 2 * saturation)
    level = picture.mean((1, 2, 3), keepdim=True)
    picture = torch.lerp(level, picture, contrast + 0.5)
    return torch.cat([picture, rest], 1) if rest.shape[1] else picture


def _translation(x: Tensor, draw: Draws, picture_channels: int) -> Tensor:
    """Shift by whole pixels, up to an eighth of a side either way; what comes in is 0."""
    count, _, height, width = x.shape
    most_down, most_right = int(height * _SHIFT + 0.5), int(width * _SHIFT + 0.5)
    down = draw.integers(-most_down, most_down + 1, (count,)).tolist()
    right = draw.integers(-most_right, most_right + 1, (count,)).tolist()
    # Padding by a negative amount crops: a slice per sample is far cheaper backwards than indexing.
    moved = [
        pad(sample, (dx, -dx, dy, -dy))
        for sample, dy, dx in zip(x.split(1), down, right, strict=True)
    ]
    return _formatted(torch.cat(moved), x)


def _cutout(x: Tensor, draw: Draws, picture_channels: int) -> Tensor:
    """Blank (0) a rectangle of half the sides, centred anywhere: it may hang over the border."""
    count, _, height, width = x.shape
    rows = _inside(draw, count, height)[:, None, :, None]
    columns = _inside(draw, count, width)[:, None, None, :]
    kept = ~(rows & columns)
    return x * kept.to(x.device, x.dtype)


def _inside(draw: Draws, count: int, side: int) -> Tensor:
    """(N, side) bool: which positions lie in the hole along one axis."""
    hole = int(side * _HOLE + 0.5)
    start = draw.integers(0, side + 1 - hole % 2, (count,)) - hole // 2
    position = torch.arange(side)
    return (position >= start[:, None]) & (position < start[:, None] + hole)


def _formatted(x: Tensor, like: Tensor) -> Tensor:
    """`x` in the memory format of `like`."""
    if like.is_contiguous(memory_format=torch.channels_last):
        return x.contiguous(memory_format=torch.channels_last)
    return x.contiguous()


_CHANGES: dict[str, Callable[[Tensor, Draws, int], Tensor]] = {
    "color": _color,
    "translation": _translation,
    "cutout": _cutout,
}
