"""Residual networks without bottlenecks: SRResNet (Ledig 2017) and CycleGAN's translator (Zhu
2017).
"""

from torch import Tensor, nn
from torch.nn.functional import instance_norm, interpolate, leaky_relu, relu

from engines.networks.layers import convolution, upsample

WITHIN = 0.97  # of full black and white, which would be infinitely far


class ResidualBlock(nn.Module):
    """x + convolution(relu(convolution(x))), each instance-normalised where `norm`."""

    def __init__(self, channels: int, norm: bool, mirrored: bool = False) -> None:
        super().__init__()
        self.norm = norm
        self.first, self.second = (
            convolution(channels, channels, mirrored=mirrored) for _ in range(2)
        )

    def forward(self, x: Tensor) -> Tensor:
        y = self.first(x)
        y = relu(instance_norm(y) if self.norm else y)
        y = self.second(y)
        return x + (instance_norm(y) if self.norm else y)


class Upscaler(nn.Module):
    """A picture (N, 3, H, W) in [-1, 1] -> (N, 3, scale H, scale W), by 2 or 4 (Ledig 2017, fig.
    4).

    Deviations: no batch norm, which blotches what it has not seen (Lim 2017, arXiv:1707.02921); 3
    x 3 kernels at both ends; what is learned is added to the bilinear enlargement.
    """

    def __init__(self, width: int, blocks: int, scale: int) -> None:
        super().__init__()
        self.scale = scale
        self.first = convolution(3, width)
        self.blocks = nn.Sequential(*(ResidualBlock(width, norm=False) for _ in range(blocks)))
        self.last = convolution(width, width)
        self.larger = nn.ModuleList(convolution(width, 4 * width) for _ in range(scale // 2))
        self.shuffle = nn.PixelShuffle(2)
        self.picture = convolution(width, 3)

    def forward(self, x: Tensor) -> Tensor:
        first = self.first(x)
        y = first + self.last(self.blocks(first))
        for layer in self.larger:
            y = leaky_relu(self.shuffle(layer(y)), 0.2)
        plain = interpolate(x, scale_factor=self.scale, mode="bilinear", align_corners=False)
        detail: Tensor = self.picture(y)
        return detail.float() + plain.float()


class ResidualTranslator(nn.Module):
    """A picture (N, 3, H, W) -> a picture (N, 3, H, W) in [-1, 1]; sides are multiples of 4 (Zhu
    2017, section 7.1, after Johnson 2016).

    `upsampling` "bilinear" enlarges and convolves; "transposed" is the paper's fractional stride,
    which leaves a checkerboard (Odena 2016). Where `added`, what is learned is added to the
    picture, at first nothing: what it shows need not be learned.
    """

    def __init__(self, width: int, blocks: int, upsampling: str, added: bool) -> None:
        super().__init__()
        self.first = convolution(3, width, 7, mirrored=True)
        self.down = nn.ModuleList(
            convolution(a, 2 * a, 3, 2, mirrored=True) for a in (width, 2 * width)
        )
        self.blocks = nn.Sequential(
            *(ResidualBlock(4 * width, norm=True, mirrored=True) for _ in range(blocks))
        )
        self.transposed = upsampling == "transposed"
        pairs = [(4 * width, 2 * width), (2 * width, width)]
        self.up = nn.ModuleList(
            nn.ConvTranspose2d(a, b, 3, 2, 1, output_padding=1)
            if self.transposed
            else convolution(a, b, mirrored=True)
            for a, b in pairs
        )
        self.picture = convolution(width, 3, 7, mirrored=True)
        self.added = added
        if added:
            for value in self.picture.parameters():
                nn.init.zeros_(value)

    def forward(self, x: Tensor) -> Tensor:
        y = relu(instance_norm(self.first(x)))
        for layer in self.down:
            y = relu(instance_norm(layer(y)))
        y = self.blocks(y)
        for layer in self.up:
            y = relu(instance_norm(layer(y if self.transposed else upsample(y))))
        made: Tensor = self.picture(y).float()
        if self.added:
            near = WITHIN * x.float()
            made = made + ((1 + near) / (1 - near)).log() / 2  # atanh: nothing learned is WITHIN x
        return made.tanh()
