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

from engines.data.pictures import LUMA
from engines.losses import l1
from engines.losses.style import adain, practice, style_distance
from engines.networks.adain import StyleNetwork
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

WORDS = Words("Picture", "Style picture", "Take a picture's style", "Measure the picture")


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
    learns = (
        "It learns to paint any picture in the manner of any other, from photos in one "
        "folder and paintings in another."
    )
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
        style, strength, other = practice(batch.source, batch.target, draw.first)
        same, made = ~other, styled(self.nets, batch.source, style, strength)
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
        return styled(nets, batch.source, batch.target, torch.ones_like(batch.source[:, 0, 0, 0]))

    def graphs(self, nets: nn.ModuleDict) -> Sequence[Graph]:
        network = nets["network"]
        assert isinstance(network, StyleNetwork)
        read = readings(network, WORDS, minimum=32)
        colour = Scalar("colour", "Keep the colours")
        return [
            *read.graphs,
            Graph(
                "restyle", _Restyle(network), (*read.inputs, colour), (read.picture,),
                "Paint the picture in that style",
            ),
        ]  # fmt: skip


def styled(nets: nn.ModuleDict, source: Tensor, style: Tensor, strength: Tensor) -> Tensor:
    """Pictures in the style of others, as `StyleNetwork.styled` has it."""
    network = nets["network"]
    assert isinstance(network, StyleNetwork)
    return network.styled(source, style, strength)


def _steps(picture: Tensor, axis: int) -> Tensor:
    return picture.diff(dim=axis).square().mean()


class _Restyle(nn.Module):
    """The picture in its new style; its colours kept by the share `colour`: only the brightness is
    then the style's (Gatys 2016, arXiv:1606.05897, section 4.1).
    """

    def __init__(self, network: StyleNetwork) -> None:
        super().__init__()
        self.network = network
        self.register_buffer("luma", torch.tensor(LUMA).view(1, 3, 1, 1), persistent=False)
        self.luma: Tensor

    def forward(self, photo: Tensor, *said: Tensor) -> Tensor:
        *exchange, colour = said
        made = self.network.painted(photo, *exchange)
        brighter = ((made - photo) * self.luma).sum(1, keepdim=True)
        kept = (photo + brighter).clamp(-1, 1)
        return made + colour.view(-1, 1, 1, 1) * (kept - made)
