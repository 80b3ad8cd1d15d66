"""pix2pix: a picture into its pair (Isola, Zhu, Zhou, Efros 2017, arXiv:1611.07004).

Deviations: no noise at all (the paper's dropout noise was ignored by its generator, section 3.2);
the critic is spectrally unnormalised as in the paper, but its steps are Adam (0.5, 0.999) without
batch norm in the critic.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import torch
from torch import Tensor, nn

from engines.losses import l1, nonsaturating_critic, nonsaturating_generator, told_apart
from engines.networks.patch import PatchCritic
from engines.networks.unet import TranslatorUNet
from engines.ports import Image
from engines.recipe import (
    Draw,
    Graph,
    OneOf,
    PairedBatch,
    Phase,
    Range,
    Recipe,
    Settings,
    Stage,
    Terms,
    register,
)


@dataclass(frozen=True, kw_only=True)
class Pix2pixSettings(Settings):
    """Sections 3.3 and 6 of the paper; `patch` is the critic's view in pixels (section 4.4)."""

    width: Annotated[int, Range(4, 256), "Channels of the translator's first layer"] = 64
    depth: Annotated[int, Range(2, 9), "Halvings in the translator"] = 7
    critic: Annotated[int, Range(4, 256), "Channels of the critic's first layer"] = 64
    patch: Annotated[str, OneOf(("1", "16", "70", "286")), "Pixels a side that a critic sees"] = (
        "70"
    )
    conditional: Annotated[bool, "Let the critic see the source: D(x, y) instead of D(y)"] = True
    adversarial: Annotated[
        float, Range(0, 100), "Weight of the critic's opinion; 0 leaves L1 alone"
    ] = 1.0
    l1: Annotated[float, Range(0, 1000), "Weight of the absolute difference"] = 100.0
    lr: Annotated[float, Range(1e-6, 1e-1), "Learning rate"] = 2e-4


SOURCES = {  # what an artist is asked for, by how the pairs were made
    "": "Source",
    "edges": "Lines, or a photo to draw them of",
    "sketch": "Sketch, or a photo to make one of",
    "grey": "Photo to colour",
    "small": "Small photo",
}

# A patch critic of this many layers sees that many pixels; 286 is the whole of a 256-pixel picture.
LAYERS = {"16": 2, "70": 4, "286": 6}


@register
class Pix2pixRecipe(Recipe):
    """Equation 4: arg min_G max_D of the conditional GAN's value plus lambda times L1."""

    id = "pix2pix"
    title = "Turn one kind of picture into its pair"
    paper = (
        "Isola et al. 2017, Image-to-Image Translation with Conditional Adversarial Networks, "
        "arXiv:1611.07004"
    )
    kind = "paired"
    learns = (
        "It learns to make one picture of a pair out of the other, from two folders of "
        "pictures that belong together."
    )
    usual = "It learns the way from the pictures of one folder to those of the other."
    settings_type = Pix2pixSettings
    settings: Pix2pixSettings
    averaged: ClassVar[tuple[str, ...]] = ("translator",)
    presets: ClassVar[dict[str, dict[str, Any]]] = {
        "tiny": {
            "batch": 2,
            "steps": 4,
            "size": 32,
            "width": 4,
            "depth": 3,
            "critic": 4,
            "ema": 0.5,
            "patch": "16",
        },
        "quick": {"steps": 3_000, "width": 32},
        "overnight": {"steps": 40_000},
        "best": {"steps": 200_000},
    }

    def build(self) -> dict[str, nn.Module]:
        """The U-Net of section 6.1.1 and the patch critic of 6.1.2."""
        s = self.settings
        seen = self.data.channels + (self.data.channels if s.conditional else 0)
        critic: nn.Module
        if s.patch == "1":
            critic = PixelCritic(seen, s.critic)
        else:
            critic = PatchCritic(seen, s.critic, LAYERS[s.patch], spectral=False)
        return {
            "translator": TranslatorUNet(self.data.channels, s.width, s.depth),
            "critic": critic,
        }

    def stages(self) -> Sequence[Stage]:
        """The critic and the translator in turn."""
        s, nets = self.settings, self.nets
        generator = Phase(
            "generator", (nets["translator"],), self.generator_loss, s.lr, (0.5, 0.999)
        )
        critic = Phase("critic", (nets["critic"],), self.critic_loss, s.lr / 2, (0.5, 0.999))
        return [Stage("translate", (generator, critic) if s.adversarial else (generator,), s.steps)]

    def generator_loss(self, batch: PairedBatch, draw: Draw) -> Terms:
        """Non-saturating form of eq. 1, and eq. 3."""
        fake = self.nets["translator"](batch.source)
        # The critic's turn comes next and sees these very pictures.
        self.shown[draw.first] = fake.detach()
        terms = {"l1": self.settings.l1 * l1(fake, batch.target)}
        if self.settings.adversarial:
            score = self._score(batch.source, fake)
            terms["adversarial"] = self.settings.adversarial * nonsaturating_generator(score)
        return terms

    def critic_loss(self, batch: PairedBatch, draw: Draw) -> Terms:
        """Eq. 1; its rate is halved, as the paper halves its objective (section 3.3)."""
        real = self._score(batch.source, batch.target)
        fake = self._score(batch.source, self.shown[draw.first])
        return {"critic": nonsaturating_critic(real, fake), "_told": told_apart(real, fake)}

    def _score(self, source: Tensor, picture: Tensor) -> Tensor:
        pair = torch.cat([source, picture], dim=1) if self.settings.conditional else picture
        score: Tensor = self.nets["critic"](pair)[-1]
        return score

    def preview(self, nets: nn.ModuleDict, batch: PairedBatch, draw: Draw) -> Tensor:
        """The translation of each source."""
        picture: Tensor = nets["translator"](batch.source)
        return picture

    def graphs(self, nets: nn.ModuleDict) -> Sequence[Graph]:
        """One graph: source in, target out."""
        limits: dict[str, Any] = {
            "multiple": 2**self.settings.depth,
            "minimum": 2**self.settings.depth,
            "maximum": 4096,
        }
        way = self.data.source
        source = Image("source", SOURCES[way], **limits, channels=self.data.channels, derived=way)
        return [
            Graph(
                "translate", nets["translator"], (source,), (Image("picture", "Picture", **limits),)
            )
        ]


class PixelCritic(nn.Module):
    """The paper's 1 x 1 critic (section 6.1.2), which sees colours and no shapes."""

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(channels, width, 1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(width, 2 * width, 1),
            nn.LeakyReLU(0.2),
        )
        self.score = nn.Conv2d(2 * width, 1, 1)

    def forward(self, x: Tensor) -> list[Tensor]:
        features = self.layers(x)
        return [features, self.score(features).float()]
