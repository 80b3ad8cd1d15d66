"""AdaIN: any picture in the manner of any other, in one pass.

Huang, Belongie 2017, Arbitrary Style Transfer in Real-time with Adaptive Instance Normalization,
arXiv:1703.06868. Deviations: the network is small and all of it learns, VGG-16 only judges; each
layer's style loss is divided by the spread of its statistics; a row of four is asked for no style
and a row of four for its own, and both have to come back as they were.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn.functional import mse_loss

from engines.losses import l1
from engines.losses.style import adain, style_distance
from engines.networks.adain import StyleNetwork
from engines.networks.levels import HALVINGS
from engines.ports import Image, Mask, Moments, Scalar
from engines.recipe import (
    Draw,
    Graph,
    Phase,
    Range,
    Recipe,
    Settings,
    Stage,
    Terms,
    UnpairedBatch,
    register,
)
from engines.vgg import vgg

STYLE_SIDE = 256  # pixels a side of the picture that the exported encoder takes
LUMA = (0.299, 0.587, 0.114)


@dataclass(frozen=True, kw_only=True)
class AdainSettings(Settings):
    """Section 5 and 6 of the paper."""

    size: Annotated[int, Range(8, 1024), "Side of the training crop in pixels"] = 160
    width: Annotated[int, Range(16, 512), "Channels of the coarsest maps"] = 96
    blocks: Annotated[int, Range(0, 16), "Residual blocks of the decoder"] = 2
    style: Annotated[float, Range(0, 1000), "Weight of the style, lambda in the paper"] = 4.0
    same: Annotated[float, Range(0, 1000), "Weight of coming back as it was"] = 20.0
    smooth: Annotated[float, Range(0, 100), "Weight of differences between neighbours"] = 0.1
    lr: Annotated[float, Range(1e-6, 1e-1), "Learning rate"] = 5e-4


@register
class AdainRecipe(Recipe):
    """Equation 11: content plus lambda times style."""

    id = "adain"
    title = "Take the manner of any picture"
    paper = (
        "Huang, Belongie 2017, Arbitrary Style Transfer in Real-time with Adaptive Instance "
        "Normalization, arXiv:1703.06868"
    )
    kind = "unpaired"
    settings_type = AdainSettings
    settings: AdainSettings
    averaged: ClassVar[tuple[str, ...]] = ("network",)
    presets: ClassVar[dict[str, dict[str, Any]]] = {
        "tiny": {"batch": 4, "steps": 4, "size": 32, "width": 16, "blocks": 0, "ema": 0.5},
        "quick": {"steps": 3_000},
        "overnight": {"steps": 40_000},
        "best": {"steps": 160_000, "batch": 16, "width": 128, "blocks": 4},
    }

    def build(self) -> dict[str, nn.Module]:
        return {"network": StyleNetwork(self.settings.width, self.settings.blocks)}

    def stages(self) -> Sequence[Stage]:
        network = (self.nets["network"],)
        return [
            Stage(
                "style", (Phase("network", network, self.loss, self.settings.lr, (0.9, 0.999)),),
                self.settings.steps,
            )
        ]  # fmt: skip

    def loss(self, batch: UnpairedBatch, draw: Draw) -> Terms:
        """Of four rows one is asked for nothing, one for its own style, two for another's."""
        s = self.settings
        role = (draw.first + torch.arange(len(batch.source), device=batch.source.device)) % 4
        same, other = role < 2, role >= 2
        style = torch.where((role == 1)[:, None, None, None], batch.source, batch.target)
        strength = (role > 0).to(batch.source.dtype)
        made = restyled(self.nets, batch.source, style, strength)
        terms = {"smooth": s.smooth * (_steps(made, 2) + _steps(made, 3))}
        if same.any():
            terms["same"] = s.same * l1(made[same], batch.source[same])
        if other.any():
            network = vgg(made.device)
            with torch.no_grad():
                content = network(batch.source[other], ("relu4_1",))[0]
                wanted = network(batch.target[other])
                target = adain(content, wanted[-1])
            found = network(made[other])
            terms["content"] = mse_loss(found[-1].float(), target.float()) / target.float().var()
            terms["style"] = s.style * style_distance(found, wanted)
        return terms

    def preview(self, nets: nn.ModuleDict, batch: UnpairedBatch, draw: Draw) -> Tensor:
        """Each source in the style of its target."""
        return restyled(nets, batch.source, batch.target, torch.ones_like(batch.source[:, 0, 0, 0]))

    def graphs(self, nets: nn.ModuleDict) -> Sequence[Graph]:
        network = nets["network"]
        assert isinstance(network, StyleNetwork)
        limits: dict[str, Any] = {"multiple": 2**HALVINGS, "minimum": 32, "maximum": 8192}
        fixed = (STYLE_SIDE, STYLE_SIDE)
        photo = Image("photo", "Picture", **limits)
        manner = Image("manner", "Style picture", fixed=fixed)
        here = Mask("here", "Only here", **limits, whole=True)
        there = Mask("there", "Only from there", fixed=fixed, whole=True)
        channels = tuple(network.widths)
        moments = Moments("moments", "Statistics of the picture", regional=True, channels=channels)
        style = Moments("style", "Style", regional=True, channels=channels)
        strength = Scalar("strength", "Strength", initial=1.0)
        colour = Scalar("colour", "Keep the colours")
        return [
            Graph("encode", _Read(network), (manner, there), (style,), "Take a picture's style"),
            Graph("survey", _Read(network), (photo, here), (moments,), "Measure the picture"),
            Graph(
                "restyle",
                _Restyle(network),
                (photo, moments, style, strength, colour),
                (Image("picture", "Picture", **limits),),
                "Paint the picture in that style",
            ),
        ]


def restyled(nets: nn.ModuleDict, source: Tensor, style: Tensor, strength: Tensor) -> Tensor:
    """Pictures (N, 3, H, W) in the style of others, by `strength` (N,) in [0, 1]."""
    network = nets["network"]
    assert isinstance(network, StyleNetwork)
    maps, everything = network.encode(source), torch.ones_like(source[:, :1])
    own = network.moments(maps, everything)
    theirs = network.moments(network.encode(style), everything)
    everywhere = torch.zeros_like(source[:, 0], dtype=torch.uint8)
    return network.decode(network.exchanged(maps, own, everywhere, theirs, everywhere, strength))


def _steps(picture: Tensor, axis: int) -> Tensor:
    return picture.diff(dim=axis).square().mean()


class _Read(nn.Module):
    """A picture and a choice of its pixels -> their moments as a table of one row, (N, 1, D)."""

    def __init__(self, network: StyleNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, picture: Tensor, mask: Tensor) -> Tensor:
        return self.network.moments(self.network.encode(picture), mask)


class _Restyle(nn.Module):
    """The picture in its new style; its colours kept by the share `colour`: only the brightness is
    then the style's (Gatys 2016, arXiv:1606.05897, section 4.1).
    """

    def __init__(self, network: StyleNetwork) -> None:
        super().__init__()
        self.network = network
        self.register_buffer("luma", torch.tensor(LUMA).view(1, 3, 1, 1), persistent=False)
        self.luma: Tensor

    def forward(
        self,
        photo: Tensor,
        moments: Tensor,
        own_regions: Tensor,
        style: Tensor,
        style_regions: Tensor,
        strength: Tensor,
        colour: Tensor,
    ) -> Tensor:
        network = self.network
        maps = network.exchanged(
            network.encode(photo), moments, own_regions, style, style_regions, strength
        )
        made = network.decode(maps)
        brighter = ((made - photo) * self.luma).sum(1, keepdim=True)
        kept = (photo + brighter).clamp(-1, 1)
        return made + colour.view(-1, 1, 1, 1) * (kept - made)
