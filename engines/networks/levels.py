"""A slim encoder and decoder whose maps at three sizes can be given other statistics in between.

What AdaIN (Huang 2017) and whitening and colouring (Li 2017, 2018) share. Deviations from both: the
encoder is small and learns with the decoder, while VGG only judges; statistics are exchanged at
three sizes, finer ones through skips, instead of the coarsest alone or in a cascade of passes.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, pixel_shuffle, pixel_unshuffle, relu

from engines.networks.layers import convolution, scaled, upsample
from engines.networks.residual import ResidualBlock

HALVINGS = 3  # sizes are multiples of 2 ** HALVINGS


class Levels(nn.Module):
    """`encode` a picture, exchange statistics, `decode`."""

    def __init__(self, width: int, blocks: int) -> None:
        super().__init__()
        fine, middle, coarse = self.widths = scaled(width, [1 / 6, 1 / 2, 1])
        self.first = convolution(12, fine)
        self.second = convolution(fine, middle, stride=2)
        self.third = convolution(middle, coarse, stride=2)
        self.inner = ResidualBlock(coarse, norm=False)
        self.blocks = nn.Sequential(*(ResidualBlock(coarse, norm=False) for _ in range(blocks)))
        self.up2 = convolution(coarse, middle)
        self.block2 = ResidualBlock(middle, norm=False)
        self.up1 = convolution(middle, fine)
        self.picture = convolution(fine, 12)

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
        return torch.tanh(pixel_shuffle(self.picture(x), 2).float())


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
