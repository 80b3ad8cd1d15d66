"""Patch critics (Isola 2017, arXiv:1611.07004; several scales: Wang 2018, arXiv:1711.11585)."""

from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, instance_norm, leaky_relu

from engines.networks.layers import convolution, scaled


class PatchCritic(nn.Module):
    """A picture beside its condition (N, C, H, W) -> the maps of every layer, the last the score
    (N, 1, h, w).

    Instance norm after every layer but the first (Park 2019, appendix A): spectral norm alone lets
    the signal fade from layer to layer, and the critic learns nothing for a thousand steps.
    """

    def __init__(self, channels: int, width: int, layers: int = 4, spectral: bool = True) -> None:
        super().__init__()
        widths = [channels, *scaled(width, [2.0**i for i in range(layers)])]
        strides = [2] * (layers - 1) + [1]
        self.layers = nn.ModuleList(
            convolution(a, b, 4, s, spectral=spectral and i > 0)
            for i, (a, b, s) in enumerate(zip(widths[:-1], widths[1:], strides, strict=True))
        )
        self.score = convolution(widths[-1], 1, 4)

    def forward(self, x: Tensor) -> list[Tensor]:
        maps: list[Tensor] = []
        for layer in self.layers:
            x = layer(x)
            x = leaky_relu(instance_norm(x) if maps else x, 0.2)
            maps.append(x)
        return [*maps, self.score(x).float()]


class MultiScaleCritic(nn.Module):
    """Patch critics on the picture and on its halves; feature maps by scale, the last of each a
    score.
    """

    def __init__(self, channels: int, width: int, scales: int = 2, layers: int = 4) -> None:
        super().__init__()
        self.critics = nn.ModuleList(PatchCritic(channels, width, layers) for _ in range(scales))

    def forward(self, x: Tensor) -> list[list[Tensor]]:
        found = []
        for critic in self.critics:
            found.append(critic(x))
            x = avg_pool2d(x, 2)
        return found
