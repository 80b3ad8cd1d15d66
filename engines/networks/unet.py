"""U-Nets: pix2pix's translator (Isola 2017) and DDPM's denoiser (Ho 2020)."""

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import leaky_relu, relu, silu

from engines.networks.layers import convolution, upsample


class TranslatorUNet(nn.Module):
    """A picture (N, C, H, W) -> a picture (N, 3, H, W) in [-1, 1]; sides are multiples of 2 **
    depth.

    The paper's 256 x 256 network has depth 8 and 64 channels. Deviation: bilinear upsampling and a
    convolution for the transposed convolution, which leaves a checkerboard. Dropout as in the
    paper is left out where `dropout` is 0.
    """

    def __init__(self, channels: int, width: int, depth: int) -> None:
        super().__init__()
        widths = [min(width * 2**i, 8 * width) for i in range(depth)]
        self.down = nn.ModuleList(
            convolution(a, b, 4, 2) for a, b in zip([channels, *widths[:-1]], widths, strict=True)
        )
        self.norms = nn.ModuleList(nn.BatchNorm2d(w) for w in widths[1:-1])
        inner = [*reversed(widths[:-1]), width]
        inputs = [widths[-1], *(2 * w for w in inner[:-1])]
        self.up = nn.ModuleList(convolution(a, b) for a, b in zip(inputs, inner, strict=True))
        self.up_norms = nn.ModuleList(nn.BatchNorm2d(w) for w in inner)
        self.picture = convolution(inner[-1], 3)

    def forward(self, x: Tensor) -> Tensor:
        skips: list[Tensor] = []
        for i, layer in enumerate(self.down):
            x = layer(x if i == 0 else leaky_relu(x, 0.2))
            if 0 < i < len(self.down) - 1:
                x = self.norms[i - 1](x)
            skips.append(x)
        skips.pop()
        for layer, norm in zip(self.up, self.up_norms, strict=True):
            x = norm(layer(upsample(relu(x))))
            if skips:
                x = torch.cat([x, skips.pop()], dim=1)
        return torch.tanh(self.picture(relu(x)).float())


class TimeEmbedding(nn.Module):
    """Step numbers (N,) -> vectors (N, out): sinusoids and two layers (Ho 2020, appendix B)."""

    def __init__(self, width: int, out: int) -> None:
        super().__init__()
        half = width // 2
        frequencies = torch.exp(-math.log(10_000) * torch.arange(half) / half)
        self.register_buffer("frequencies", frequencies, persistent=False)
        self.frequencies: Tensor
        self.first, self.second = nn.Linear(2 * half, out), nn.Linear(out, out)

    def forward(self, t: Tensor) -> Tensor:
        angles = t.float()[:, None] * self.frequencies
        embedded = torch.cat([angles.sin(), angles.cos()], dim=1)
        result: Tensor = self.second(silu(self.first(embedded)))
        return result


class DenoiserBlock(nn.Module):
    """GroupNorm, SiLU, convolution, twice, with the step's embedding added in between."""

    def __init__(self, inputs: int, outputs: int, embedding: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.GroupNorm(8, inputs), nn.GroupNorm(8, outputs)
        self.convolution1 = convolution(inputs, outputs)
        self.convolution2 = convolution(outputs, outputs)
        self.time = nn.Linear(embedding, outputs)
        self.shortcut = convolution(inputs, outputs, 1) if inputs != outputs else nn.Identity()
        nn.init.zeros_(self.convolution2.weight)  # type: ignore[arg-type]

    def forward(self, x: Tensor, embedded: Tensor) -> Tensor:
        y = self.convolution1(silu(self.norm1(x))) + self.time(silu(embedded))[:, :, None, None]
        y = self.convolution2(silu(self.norm2(y)))
        result: Tensor = self.shortcut(x) + y
        return result


class SelfAttention(nn.Module):
    """One head over all places of a coarse map (Ho 2020: at 16 x 16)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(8, channels)
        self.triple, self.out = (
            nn.Conv2d(channels, 3 * channels, 1),
            nn.Conv2d(channels, channels, 1),
        )
        nn.init.zeros_(self.out.weight)

    def forward(self, x: Tensor) -> Tensor:
        query, key, value = (part.flatten(2) for part in self.triple(self.norm(x)).chunk(3, dim=1))
        weights = torch.softmax(query.transpose(1, 2) @ key / math.sqrt(x.shape[1]), dim=-1)
        attended = (value @ weights.transpose(1, 2)).view_as(x)
        result: Tensor = x + self.out(attended)
        return result


class DenoiserUNet(nn.Module):
    """x_t (N, C, H, W) and t (N,) -> the prediction (N, C, H, W); sides are multiples of 2 **
    (levels - 1).
    """

    def __init__(self, channels: int, width: int, levels: int) -> None:
        super().__init__()
        widths = [width * min(2**i, 4) for i in range(levels)]
        embedding = 4 * width
        self.time = TimeEmbedding(width, embedding)
        self.first = convolution(channels, width)
        self.down = nn.ModuleList(
            DenoiserBlock(a, b, embedding)
            for a, b in zip([width, *widths[:-1]], widths, strict=True)
        )
        self.smaller = nn.ModuleList(convolution(w, w, 3, 2) for w in widths[:-1])
        self.middle = DenoiserBlock(widths[-1], widths[-1], embedding)
        self.attention = SelfAttention(widths[-1])
        self.up = nn.ModuleList(
            DenoiserBlock(2 * a, b, embedding)
            for a, b in zip(reversed(widths), [*reversed(widths[:-1]), width], strict=True)
        )
        self.norm, self.last = nn.GroupNorm(8, width), convolution(width, channels)
        nn.init.zeros_(self.last.weight)  # type: ignore[arg-type]

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        embedded = self.time(t)
        x = self.first(x)
        skips: list[Tensor] = []
        for i, block in enumerate(self.down):
            x = block(x, embedded)
            skips.append(x)
            if i < len(self.smaller):
                x = self.smaller[i](x)
        x = self.attention(self.middle(x, embedded))
        for i, block in enumerate(self.up):
            x = block(torch.cat([upsample(x) if i else x, skips.pop()], dim=1), embedded)
        result: Tensor = self.last(silu(self.norm(x))).float()
        return result
