"""WGAN-GP: pictures or points from noise (Gulrajani et al. 2017, arXiv:1704.00028)."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from torch import Tensor, nn

from engines.losses import (
    gradient_penalty,
    told_apart,
    wasserstein_critic,
    wasserstein_generator,
)
from engines.networks.dcgan import Critic, Generator
from engines.ports import Image, Latent
from engines.recipe import (
    Draw,
    Graph,
    ImageBatch,
    Phase,
    Range,
    Recipe,
    Settings,
    Stage,
    Terms,
    register,
)


@dataclass(frozen=True, kw_only=True)
class WganGpSettings(Settings):
    """Algorithm 1's constants, and the size of the networks."""

    batch: Annotated[int, Range(1, 4096), "Pictures a step, over all processes"] = 64
    size: Annotated[int, Range(8, 256), "Side of the pictures, a power of two"] = 64
    width: Annotated[int, Range(4, 256), "Channels of the finest level"] = 32
    latent: Annotated[int, Range(1, 1024), "Numbers that a picture is made from"] = 128
    penalty: Annotated[float, Range(0, 1000), "Weight of the gradient penalty, lambda"] = 10.0
    turns: Annotated[int, Range(1, 100), "Critic updates to one of the generator"] = 5
    lr: Annotated[float, Range(1e-6, 1e-1), "Learning rate"] = 1e-4


@register
class WganGpRecipe(Recipe):
    """Algorithm 1. A step is one update of the critic; the generator moves every `turns` steps."""

    id = "wgan_gp"
    title = "New pictures like those in a folder"
    paper = "Gulrajani et al. 2017, Improved Training of Wasserstein GANs, arXiv:1704.00028"
    kind = "image"
    learns = "It learns to make new pictures of the same sort, from a folder of pictures."
    usual = "It makes a new picture in one go, so that a slider can be followed."
    settings_type = WganGpSettings
    settings: WganGpSettings
    averaged: ClassVar[tuple[str, ...]] = ("generator",)
    presets: ClassVar[dict[str, dict[str, Any]]] = {
        "tiny": {
            "batch": 4,
            "steps": 6,
            "size": 16,
            "width": 4,
            "latent": 8,
            "ema": 0.5,
            "turns": 2,
        },
        "quick": {"steps": 5_000, "size": 32},
        "overnight": {"steps": 60_000},
        "best": {"steps": 400_000, "width": 64},
    }

    def build(self) -> dict[str, nn.Module]:
        """Residual networks of appendix C, slimmer."""
        s = self.settings
        levels = int(math.log2(s.size)) - 2
        return {
            "generator": Generator(s.latent, self.data.channels, s.width, levels),
            "critic": Critic(self.data.channels, s.width, levels),
        }

    def stages(self) -> Sequence[Stage]:
        """Critic every step, generator every few."""
        s, nets, betas = self.settings, self.nets, (0.0, 0.9)
        critic = Phase("critic", (nets["critic"],), self.critic_loss, s.lr, betas)
        generator = Phase(
            "generator", (nets["generator"],), self.generator_loss, s.lr, betas, every=s.turns
        )
        return [Stage("adversarial", (critic, generator), s.steps)]

    def critic_loss(self, batch: ImageBatch, draw: Draw) -> Terms:
        """Eq. 3; "wasserstein" is the critic's estimate of the distance, which tracks quality."""
        real = batch.image
        fake = self._sample(len(real), draw).detach()
        critic = self.nets["critic"]
        scores = critic(real), critic(fake)
        loss = wasserstein_critic(*scores)
        uniform = draw.uniform((len(real), 1, 1, 1))
        penalty = self.settings.penalty * gradient_penalty(critic, real, fake, uniform)
        told = told_apart(*scores)
        return {"critic": loss, "penalty": penalty, "_wasserstein": -loss, "_told": told}

    def generator_loss(self, batch: ImageBatch, draw: Draw) -> Terms:
        """The critic's mean score, raised."""
        return {
            "generator": wasserstein_generator(
                self.nets["critic"](self._sample(len(batch.image), draw))
            )
        }

    def _sample(self, count: int, draw: Draw) -> Tensor:
        picture: Tensor = self.nets["generator"](draw.normal((count, self.settings.latent)))
        return picture

    def preview(self, nets: nn.ModuleDict, batch: ImageBatch, draw: Draw) -> Tensor:
        """New pictures."""
        picture: Tensor = nets["generator"](draw.normal((len(batch.image), self.settings.latent)))
        return picture

    def graphs(self, nets: nn.ModuleDict) -> Sequence[Graph]:
        """One graph: a latent in, a picture out."""
        side = self.settings.size
        picture = Image("picture", "Picture", channels=self.data.channels, fixed=(side, side))
        latent = Latent("latent", "Latent", dimensions=self.settings.latent)
        return [Graph("generate", nets["generator"], (latent,), (picture,))]
