"""A slim encoder and decoder whose maps at three sizes can be given other statistics in between.

What AdaIN (Huang 2017) and whitening and colouring (Li 2017, 2018) share. Deviations from both: the
encoder is small and learns with the decoder, while VGG only judges; statistics are exchanged at
three sizes, finer ones through skips, instead of the coarsest alone or in a cascade of passes.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, pixel_shuffle, pixel_unshuffle, relu

from engines.networks.layers import convolution, scaled, upsample
from engines.networks.residual import ResidualBlock

HALVINGS = 3  # sizes are multiples of 2 ** HALVINGS


class Levels(nn.Module, ABC):
    """`encode` a picture, exchange statistics, `decode`. Subclasses say which statistics."""

    def __init__(self, width: int, blocks: int) -> None:
        super().__init__()
        fine, middle, coarse = self.widths = scaled(width, [1 / 6, 1 / 2, 1])
        self.told = self.widths  # of the maps that moments are taken of
        self.first = _layer(12, fine)
        self.second = _layer(fine, middle, stride=2)
        self.third = _layer(middle, coarse, stride=2)
        self.inner = _block(coarse)
        self.blocks = nn.Sequential(*(_block(coarse) for _ in range(blocks)))
        self.up2 = _layer(coarse, middle)
        self.block2 = _block(middle)
        self.up1 = _layer(middle, fine)
        self.picture = _layer(fine, 12)
        self.last = _layer(3, 3)
        _begin_alike(self.picture)

    def encode(self, picture: Tensor) -> list[Tensor]:
        """Maps at a half, a quarter and an eighth of (N, 3, H, W), finest first."""
        fine = relu(self.first(pixel_unshuffle(picture, 2)))
        middle = relu(self.second(fine))
        return [fine, middle, self.inner(self.third(middle))]

    def decode(self, maps: Sequence[Tensor]) -> Tensor:
        """The picture (N, 3, H, W) in [-1, 1] of maps as `encode` gives them."""
        fine, middle, coarse = maps
        x = self.block2(relu(self.up2(upsample(self.blocks(coarse)))) + middle)
        x = relu(self.up1(upsample(x))) + fine
        whole = pixel_shuffle(self.picture(x), 2)
        return torch.tanh((whole + self.last(whole)).float())

    @abstractmethod
    def moments(self, maps: Sequence[Tensor], mask: Tensor) -> Tensor:
        """One row for the chosen pixels (N, 1, H, W); a whole's are the mean of its parts'."""

    @abstractmethod
    def exchanged(
        self,
        maps: Sequence[Tensor],
        own: Tensor,
        own_regions: Tensor,
        style: Tensor,
        style_regions: Tensor,
        strength: Tensor,
    ) -> list[Tensor]:
        """The maps with the style's moments instead of their own, each by the row that rules the
        pixel in its map of regions (N, H, W), as far as `strength` (N,) wants. A row of zeros says
        no style, and leaves its pixels as they were.
        """

    def painted(self, picture: Tensor, *exchange: Tensor) -> Tensor:
        """(N, 3, H, W) with its statistics exchanged, as `exchanged` is told."""
        return self.decode(self.exchanged(self.encode(picture), *exchange))

    def styled(self, source: Tensor, style: Tensor, strength: Tensor) -> Tensor:
        """Pictures (N, 3, H, W) in the style of others, by `strength` (N,) in [0, 1]."""
        maps, everything = self.encode(source), torch.ones_like(source[:, :1])
        own = self.moments(maps, everything)
        theirs = self.moments(self.encode(style), everything)
        everywhere = torch.zeros_like(source[:, 0], dtype=torch.uint8)
        return self.decode(self.exchanged(maps, own, everywhere, theirs, everywhere, strength))


class Reading(nn.Module):
    """A picture and a choice of its pixels -> their moments as a table of one row, (N, 1, D)."""

    def __init__(self, network: Levels) -> None:
        super().__init__()
        self.network = network

    def forward(self, picture: Tensor, mask: Tensor) -> Tensor:
        return self.network.moments(self.network.encode(picture), mask)


def masks_of(mask: Tensor) -> list[Tensor]:
    """Shares (N, 1, h, w) of the chosen pixels of (N, 1, H, W) at the three sizes."""
    halves = [avg_pool2d(mask, 2)]
    for _ in range(HALVINGS - 1):
        halves.append(avg_pool2d(halves[-1], 2))
    return halves


def mean_of(x: Tensor, weight: Tensor) -> Tensor:
    """Mean of (N, C, H, W) over the pixels by their weight (N, 1, H, W): (N, C)."""
    total = weight.sum((2, 3)).clamp(min=1e-6)
    return (x.float() * weight).sum((2, 3)) / total


def _layer(inputs: int, outputs: int, stride: int = 1) -> nn.Module:
    return convolution(inputs, outputs, stride=stride, mirrored=True)


def _block(channels: int) -> ResidualBlock:
    return ResidualBlock(channels, norm=False, mirrored=True)


def _begin_alike(layer: nn.Module) -> None:
    """The four pixels that each number becomes are alike at first, or they leave a grid (Aitken
    2017, arXiv:1707.02937).
    """
    with torch.no_grad():
        for name in ("weight", "bias"):
            value = layer.get_parameter(name)
            value.copy_(value[::4].repeat_interleave(4, dim=0))
