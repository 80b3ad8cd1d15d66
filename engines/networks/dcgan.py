"""Small residual generator and critic for pictures, and a perceptron for points in the plane."""

import itertools

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, leaky_relu

from engines.networks.layers import convolution, upsample


class ResidualBlock(nn.Module):
    """Two convolutions and a shortcut (Gulrajani 2017, appendix C); `change` doubles or halves the
    sides.

    The critic has no batch norm: its penalty is on the gradient of each sample by itself.
    """

    def __init__(self, inputs: int, outputs: int, change: str, norm: bool) -> None:
        super().__init__()
        self.change = change
        self.norm1 = nn.BatchNorm2d(inputs) if norm else nn.Identity()
        self.norm2 = nn.BatchNorm2d(outputs) if norm else nn.Identity()
        self.convolution1, self.convolution2 = (
            convolution(inputs, outputs),
            convolution(outputs, outputs),
        )
        self.shortcut = convolution(inputs, outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        y = leaky_relu(self.norm1(x), 0.2)
        if self.change == "up":
            x, y = upsample(x), upsample(y)
        y = self.convolution2(leaky_relu(self.norm2(self.convolution1(y)), 0.2))
        result: Tensor = self.shortcut(x) + y
        return avg_pool2d(result, 2) if self.change == "down" else result


class Generator(nn.Module):
    """z (N, D) -> a picture (N, C, S, S) in [-1, 1], S = 4 * 2 ** levels."""

    def __init__(self, latent: int, channels: int, width: int, levels: int) -> None:
        super().__init__()
        widths = [width * 2 ** min(levels - i, 3) for i in range(levels + 1)]
        self.first = nn.Linear(latent, widths[0] * 16)
        self.blocks = nn.ModuleList(
            ResidualBlock(a, b, "up", True) for a, b in itertools.pairwise(widths)
        )
        self.norm = nn.BatchNorm2d(widths[-1])
        self.picture = convolution(widths[-1], channels)

    def forward(self, z: Tensor) -> Tensor:
        x = self.first(z).unflatten(1, (-1, 4, 4))
        for block in self.blocks:
            x = block(x)
        return torch.tanh(self.picture(leaky_relu(self.norm(x), 0.2)).float())


class Critic(nn.Module):
    """A picture (N, C, S, S) -> scores (N, 1)."""

    def __init__(self, channels: int, width: int, levels: int) -> None:
        super().__init__()
        widths = [width * 2 ** min(i, 3) for i in range(levels + 1)]
        self.first = convolution(channels, widths[0])
        self.blocks = nn.ModuleList(
            ResidualBlock(a, b, "down", False) for a, b in itertools.pairwise(widths)
        )
        self.score = nn.Linear(widths[-1] * 16, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(x)
        for block in self.blocks:
            x = block(x)
        score: Tensor = self.score(leaky_relu(x, 0.2).flatten(1)).float()
        return score


class Perceptron(nn.Sequential):
    """Vectors (N, inputs) -> (N, outputs) through three hidden layers, for points in the plane."""

    def __init__(self, inputs: int, outputs: int, width: int) -> None:
        sizes = [inputs, width, width, width]
        hidden = [
            layer
            for a, b in itertools.pairwise(sizes)
            for layer in (nn.Linear(a, b), nn.LeakyReLU(0.2))
        ]
        super().__init__(*hidden, nn.Linear(width, outputs))
