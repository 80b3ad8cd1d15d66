"""A slim SPADE generator and its style encoder (Park 2019, arXiv:1903.07291), free in size.

Deviations from the paper, for live rendering on a CPU: one hidden map a level is shared by its
norms, and gamma and beta are read from it by 1 x 1 convolutions; style and attributes enter every
level as maps (so both may differ by region) instead of a fully connected first layer; noise joins
them, for inside one class everything else is the same at every pixel, and of the same nothing but
the same can be made; upsampling is bilinear.
"""

import itertools

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, leaky_relu, relu

from engines.networks.layers import by_region, convolution, one_hot, scaled, upsample

LEVELS = 5  # doublings from the coarsest map: sizes are multiples of 2 ** LEVELS
NOISE = 4  # channels of it, at half of the picture's size


class Spade(nn.Module):
    """Normalise, then scale and shift by maps read from the condition (eq. 1)."""

    def __init__(self, channels: int, hidden: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(channels, affine=False)
        self.modulation = nn.Conv2d(hidden, 2 * channels, 1)

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        gamma, beta = self.modulation(condition).chunk(2, dim=1)
        return torch.addcmul(beta, self.norm(x), 1 + gamma)


class SpadeBlock(nn.Module):
    """The residual block of figure 4: two SPADE convolutions and a learned shortcut."""

    def __init__(self, inputs: int, outputs: int, condition: int, hidden: int) -> None:
        super().__init__()
        self.shared = convolution(condition, hidden)
        self.spade1, self.spade2 = Spade(inputs, hidden), Spade(outputs, hidden)
        self.convolution1 = convolution(inputs, outputs, spectral=True)
        self.convolution2 = convolution(outputs, outputs, spectral=True)
        self.shortcut = (
            convolution(inputs, outputs, 1, bias=False) if inputs != outputs else nn.Identity()
        )

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        shared = relu(self.shared(condition))
        y = self.convolution1(leaky_relu(self.spade1(x, shared), 0.2))
        y = self.convolution2(leaky_relu(self.spade2(y, shared), 0.2))
        result: Tensor = self.shortcut(x) + y
        return result


class SpadeGenerator(nn.Module):
    """Layout ids, a style table and an attribute table -> a picture (N, 3, H, W) in [-1, 1].

    `noise` (N, NOISE, H / 2, W / 2), standard normal; `style` (N, R, D) with `style_regions` (N,
    H, W) uint8, `attributes` (N, R', A) in [0, 1] or -1 (not said) with `attribute_regions`; the
    last two are absent from the call where the data have no attributes.
    """

    def __init__(self, classes: int, style: int, attributes: int, width: int) -> None:
        super().__init__()
        self.classes, self.attributes = classes, attributes
        embedding = 32
        condition = classes + embedding + NOISE
        self.style = nn.Linear(style, embedding)
        self.attribute = nn.Linear(2 * attributes, embedding) if attributes else None
        first, *rest = scaled(width, [4, 4, 2, 1.25, 0.75])
        self.start = convolution(condition, first)
        self.head = SpadeBlock(first, first, condition, 64)
        self.blocks = nn.ModuleList(
            SpadeBlock(before, after, condition, min(64, after))
            for before, after in zip([first, *rest], rest, strict=False)
        )
        # At full size the layout alone modulates, once: style is already in the features.
        last = scaled(width, [0.375])[0]
        self.fine = convolution(rest[-1], last)
        self.edges = convolution(classes, 16)
        self.spade = Spade(last, 16)
        self.picture = convolution(last, 3)

    def looks(self, style: Tensor, style_regions: Tensor, *attributes: Tensor) -> Tensor:
        """Style and attributes embedded and spread over their regions, (N, 32, H, W)."""
        look = by_region(self.style(style), style_regions)
        if self.attribute is not None:
            table, regions = attributes
            said = (table >= 0).to(table.dtype)
            look = look + by_region(
                self.attribute(torch.cat([(2 * table - 1) * said, said], dim=2)), regions
            )
        return look

    def forward(
        self,
        layout: Tensor,
        noise: Tensor,
        style: Tensor,
        style_regions: Tensor,
        *attributes: Tensor,
    ) -> Tensor:
        classes = one_hot(layout, self.classes)
        halves = [
            maps[:, ::2, ::2] if maps.dtype == torch.uint8 else maps
            for maps in (style_regions, *attributes)
        ]
        look = self.looks(style, *halves)
        # Averaging the one-hot map gives the exact share of each class in a coarse pixel.
        known = [torch.cat([avg_pool2d(classes, 2).to(look.dtype), look], dim=1)]
        noises = [noise.to(look.dtype, memory_format=torch.channels_last)]
        for _ in range(LEVELS - 1):
            known.append(avg_pool2d(known[-1], 2))
            noises.append(2 * avg_pool2d(noises[-1], 2))  # A mean of four has half the deviation.
        conditions = [torch.cat(pair, dim=1) for pair in zip(known, noises, strict=True)]
        x = self.head(self.start(conditions[-1]), conditions[-1])
        for block, condition in zip(self.blocks, reversed(conditions[:-1]), strict=True):
            x = block(upsample(x), condition)
        x = self.fine(leaky_relu(upsample(x), 0.2))
        x = self.spade(x, relu(self.edges(classes)))
        return torch.tanh(self.picture(leaky_relu(x, 0.2)).float())


class StyleEncoder(nn.Module):
    """A photo (N, 3, H, W) -> mean and log variance (N, D) of its style (Park 2019, appendix A).

    Deviation: no instance norm, which would remove the very colours that style is; mean and
    deviation are pooled over the whole picture, so that any size will do.
    """

    def __init__(self, style: int, width: int) -> None:
        super().__init__()
        widths = [3, *scaled(width, [0.5, 1, 1.5, 2])]
        self.convolutions = nn.ModuleList(
            convolution(a, b, stride=2) for a, b in itertools.pairwise(widths)
        )
        self.hidden = nn.Linear(2 * widths[-1], 2 * widths[-1])
        self.moments = nn.Linear(2 * widths[-1], 2 * style)

    def forward(self, photo: Tensor) -> tuple[Tensor, Tensor]:
        x = avg_pool2d(photo, 2)
        for layer in self.convolutions:
            x = leaky_relu(layer(x), 0.2)
        flat = x.float().flatten(2)
        mean = flat.mean(2)
        deviation = (flat.square().mean(2) - mean.square()).clamp(min=1e-6).sqrt()
        y = leaky_relu(self.hidden(torch.cat([mean, deviation], dim=1)), 0.2)
        mu, logvar = self.moments(y).float().chunk(2, dim=1)
        return mu, logvar.clamp(-8, 4)
