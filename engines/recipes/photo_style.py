"""Photorealistic style: the light and the colours of another photo, and every edge in its place.

Li, Liu, Li, Yang, Kautz 2018, A Closed-form Solution to Photorealistic Image Stylization,
arXiv:1802.06474: whitening and colouring, then smoothing by the content. Deviations: one slim
network that learns with the transform in it, judged by VGG-16, for a cascade of fixed ones; the
guided filter for the closed form; statistics are exchanged in a quarter of every batch with
nothing, so that a photo in its own style comes back as it was.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import torch
from torch import Tensor, nn

from engines.losses import l1
from engines.losses.style import style_distance
from engines.networks.levels import HALVINGS
from engines.networks.wct import ColourNetwork, smoothed
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
SHALLOW = ("relu1_1", "relu2_1", "relu3_1")  # Deeper ones would ask for the style's shapes.


@dataclass(frozen=True, kw_only=True)
class PhotoStyleSettings(Settings):
    """Ours, but for the weights of section 3.1."""

    size: Annotated[int, Range(8, 1024), "Side of the training crop in pixels"] = 160
    width: Annotated[int, Range(16, 512), "Channels of the coarsest maps"] = 96
    blocks: Annotated[int, Range(0, 16), "Residual blocks of the decoder"] = 1
    style: Annotated[float, Range(0, 1000), "Weight of the style"] = 3.0
    content: Annotated[float, Range(0, 1000), "Weight of what is on the photo"] = 3.0
    same: Annotated[float, Range(0, 1000), "Weight of coming back as it was"] = 20.0
    lr: Annotated[float, Range(1e-6, 1e-1), "Learning rate"] = 5e-4


@register
class PhotoStyleRecipe(Recipe):
    """F2(F1(content, style), content) (eq. 1)."""

    id = "photo_style"
    title = "Take the light and the colours of a photo"
    paper = (
        "Li et al. 2018, A Closed-form Solution to Photorealistic Image Stylization, "
        "arXiv:1802.06474"
    )
    kind = "unpaired"
    settings_type = PhotoStyleSettings
    settings: PhotoStyleSettings
    averaged: ClassVar[tuple[str, ...]] = ("network",)
    presets: ClassVar[dict[str, dict[str, Any]]] = {
        "tiny": {"batch": 4, "steps": 4, "size": 32, "width": 16, "blocks": 0, "ema": 0.5},
        "quick": {"steps": 3_000},
        "overnight": {"steps": 30_000},
        "best": {"steps": 100_000, "batch": 16, "width": 128, "blocks": 3},
    }

    def build(self) -> dict[str, nn.Module]:
        return {"network": ColourNetwork(self.settings.width, self.settings.blocks)}

    def stages(self) -> Sequence[Stage]:
        network = (self.nets["network"],)
        phase = Phase("network", network, self.loss, self.settings.lr, (0.9, 0.999))
        return [Stage("style", (phase,), self.settings.steps)]

    def loss(self, batch: UnpairedBatch, draw: Draw) -> Terms:
        """Of four rows one is asked for nothing, one for its own style, two for another's."""
        s = self.settings
        role = (draw.first + torch.arange(len(batch.source), device=batch.source.device)) % 4
        same, other = role < 2, role >= 2
        style = torch.where((role == 1)[:, None, None, None], batch.source, batch.target)
        made = recoloured(self.nets, batch.source, style, (role > 0).to(batch.source.dtype))
        terms: Terms = {}
        if same.any():
            terms["same"] = s.same * l1(made[same], batch.source[same])
        if other.any():
            network = vgg(made.device)
            with torch.no_grad():
                wanted = network(batch.target[other], SHALLOW)
                content = network(batch.source[other], ("relu4_1",))[0].float()
            found = network(made[other], (*SHALLOW, "relu4_1"))
            terms["content"] = s.content * l1(found.pop(), content) / content.std()
            terms["style"] = s.style * style_distance(found, wanted)
        return terms

    def preview(self, nets: nn.ModuleDict, batch: UnpairedBatch, draw: Draw) -> Tensor:
        """Each source in the light of its target, smoothed."""
        made = recoloured(
            nets, batch.source, batch.target, torch.ones_like(batch.source[:, 0, 0, 0])
        )
        return smoothed(made, batch.source).clamp(-1, 1)

    def graphs(self, nets: nn.ModuleDict) -> Sequence[Graph]:
        network = nets["network"]
        assert isinstance(network, ColourNetwork)
        limits: dict[str, Any] = {"multiple": 2**HALVINGS, "minimum": 64, "maximum": 8192}
        fixed, channels = (STYLE_SIDE, STYLE_SIDE), tuple(network.widths)
        photo = Image("photo", "Photo", **limits)
        manner = Image("manner", "Style photo", fixed=fixed)
        here = Mask("here", "Only here", **limits, whole=True)
        there = Mask("there", "Only from there", fixed=fixed, whole=True)
        moments, style = (
            Moments(name, label, regional=True, channels=channels, products=True)
            for name, label in (("moments", "Statistics of the photo"), ("style", "Style"))
        )
        strength = Scalar("strength", "Strength", initial=1.0)
        smooth = Scalar("smooth", "Keep the edges", initial=1.0)
        return [
            Graph("encode", _Read(network), (manner, there), (style,), "Take a photo's light"),
            Graph("survey", _Read(network), (photo, here), (moments,), "Measure the photo"),
            Graph(
                "recolour",
                _Recolour(network),
                (photo, moments, style, strength, smooth),
                (Image("picture", "Picture", **limits),),
                "Paint the photo in that light",
            ),
        ]


def recoloured(nets: nn.ModuleDict, source: Tensor, style: Tensor, strength: Tensor) -> Tensor:
    """Photos (N, 3, H, W) in the light of others, by `strength` (N,) in [0, 1]; not smoothed."""
    network = nets["network"]
    assert isinstance(network, ColourNetwork)
    maps, everything = network.encode(source), torch.ones_like(source[:, :1])
    own = network.moments(maps, everything)
    theirs = network.moments(network.encode(style), everything)
    everywhere = torch.zeros_like(source[:, 0], dtype=torch.uint8)
    return network.decode(network.exchanged(maps, own, everywhere, theirs, everywhere, strength))


class _Read(nn.Module):
    """A picture and a choice of its pixels -> their moments as a table of one row, (N, 1, D)."""

    def __init__(self, network: ColourNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, picture: Tensor, mask: Tensor) -> Tensor:
        return self.network.moments(self.network.encode(picture), mask)


class _Recolour(nn.Module):
    """The photo in its new light, smoothed by the share `smooth`."""

    def __init__(self, network: ColourNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(
        self,
        photo: Tensor,
        moments: Tensor,
        own_regions: Tensor,
        style: Tensor,
        style_regions: Tensor,
        strength: Tensor,
        smooth: Tensor,
    ) -> Tensor:
        network = self.network
        maps = network.exchanged(
            network.encode(photo), moments, own_regions, style, style_regions, strength
        )
        made = network.decode(maps)
        # Where nothing is asked for the photo itself is smoothed, by itself: it stays as it is.
        even = smoothed(made - photo, photo) + photo
        return (made + smooth.view(-1, 1, 1, 1) * (even - made)).clamp(-1, 1)
