"""Small layers that several networks share."""

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate
from torch.nn.utils.parametrizations import spectral_norm


def one_hot(ids: Tensor, classes: int) -> Tensor:
    """Class ids (N, H, W) uint8 -> float (N, classes, H, W) of 0 and 1, channels last in memory."""
    return torch.eye(classes, device=ids.device)[ids.to(torch.int64)].permute(0, 3, 1, 2)


def by_region(table: Tensor, regions: Tensor) -> Tensor:
    """Rows of a table (N, R, C) spread over a map of row numbers (N, H, W): (N, C, H, W), channels
    last.
    """
    batch, rows = table.shape[:2]
    offsets = rows * torch.arange(batch, device=table.device).view(-1, 1, 1)
    return table.flatten(0, 1)[regions.to(torch.int64) + offsets].permute(0, 3, 1, 2)


def upsample(x: Tensor) -> Tensor:
    """Twice the height and width, bilinearly: nearest neighbours leave a grid in smooth skies."""
    return interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)


def convolution(
    inputs: int,
    outputs: int,
    kernel: int = 3,
    stride: int = 1,
    *,
    spectral: bool = False,
    bias: bool = True,
    mirrored: bool = False,
) -> nn.Module:
    """A padded convolution, with spectral norm on request (Miyato 2018, arXiv:1802.05957).

    Sides are kept or divided by the stride; an even kernel at stride 1 adds one pixel. Outside the
    picture are zeros, or where `mirrored` what lies inside, for zeros leave a frame where
    statistics are exchanged.
    """
    padding = kernel // 2 if stride == 1 else (kernel - 1) // 2
    mode: Literal["reflect", "zeros"] = "reflect" if mirrored else "zeros"
    layer = nn.Conv2d(
        inputs, outputs, kernel, stride, padding=padding, bias=bias, padding_mode=mode
    )
    return spectral_norm(layer) if spectral else layer


def scaled(width: int, factors: Sequence[float], multiple: int = 16) -> list[int]:
    """Channel counts `width * factor`, rounded up to a multiple: blocks of 16 suit vector units."""
    return [max(multiple, -(-int(width * f) // multiple) * multiple) for f in factors]
