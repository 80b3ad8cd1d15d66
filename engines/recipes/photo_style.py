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
from engines.losses.style import practice, style_distance
from engines.networks.wct import ColourNetwork, smoothed
from engines.ports import Scalar
from engines.readings import Words, readings
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

WORDS = Words("Photo", "Style photo", "Take a photo's light", "Measure the photo")
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
    learns = (
        "It learns to give a photo the light and the colours of another with every edge in "
        "its place, from two folders of photos."
    )
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
        style, strength, other = practice(batch.source, batch.target, draw.first)
        same, made = ~other, styled(self.nets, batch.source, style, strength)
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
        made = styled(nets, batch.source, batch.target, torch.ones_like(batch.source[:, 0, 0, 0]))
        return smoothed(made, batch.source).clamp(-1, 1)

    def graphs(self, nets: nn.ModuleDict) -> Sequence[Graph]:
        network = nets["network"]
        assert isinstance(network, ColourNetwork)
        read = readings(network, WORDS, minimum=64, products=True)
        smooth = Scalar("smooth", "Keep the edges", initial=1.0)
        return [
            *read.graphs,
            Graph(
                "recolour", _Recolour(network), (*read.inputs, smooth), (read.picture,),
                "Paint the photo in that light",
            ),
        ]  # fmt: skip


def styled(nets: nn.ModuleDict, source: Tensor, style: Tensor, strength: Tensor) -> Tensor:
    """Photos in the light of others, as `ColourNetwork.styled` has it; not smoothed."""
    network = nets["network"]
    assert isinstance(network, ColourNetwork)
    return network.styled(source, style, strength)


class _Recolour(nn.Module):
    """The photo in its new light, smoothed by the share `smooth`."""

    def __init__(self, network: ColourNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, photo: Tensor, *said: Tensor) -> Tensor:
        *exchange, smooth = said
        made = self.network.painted(photo, *exchange)
        # Where nothing is asked for the photo itself is smoothed, by itself: it stays as it is.
        even = smoothed(made - photo, photo) + photo
        return (made + smooth.view(-1, 1, 1, 1) * (even - made)).clamp(-1, 1)
