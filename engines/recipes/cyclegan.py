"""CycleGAN: one world into another and back, without a single pair.

Zhu, Park, Isola, Efros 2017, Unpaired Image-to-Image Translation using Cycle-Consistent Adversarial
Networks, arXiv:1703.10593. Deviations: bilinear enlargement and a convolution for the fractional
stride, and what is learned is added to the picture (settings bring both back); six residual blocks
and half the channels by default.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import torch
from torch import Tensor, nn

from engines.augment import differentiable_augment
from engines.losses import l1, lsgan_critic, lsgan_generator, told_apart
from engines.networks.patch import PatchCritic
from engines.networks.pool import ReplayPool
from engines.networks.residual import ResidualTranslator
from engines.ports import Image
from engines.recipe import (
    Draw,
    Graph,
    OneOf,
    Phase,
    Range,
    Recipe,
    Settings,
    Stage,
    Terms,
    UnpairedBatch,
    register,
)


@dataclass(frozen=True, kw_only=True)
class CycleganSettings(Settings):
    """Section 4 and 7.2 of the paper."""

    batch: Annotated[int, Range(1, 4096), "Pictures a step, over all processes"] = 2
    size: Annotated[int, Range(8, 1024), "Side of the training crop in pixels"] = 128
    width: Annotated[int, Range(4, 256), "Channels of the translators' first layer"] = 32
    blocks: Annotated[int, Range(1, 16), "Residual blocks of a translator"] = 6
    critic: Annotated[int, Range(4, 256), "Channels of the critics' first layer"] = 64
    upsampling: Annotated[
        str,
        OneOf(("bilinear", "transposed")),
        "How a translator enlarges; the paper's is transposed",
    ] = "bilinear"
    added: Annotated[
        bool, "Add what is learned to the picture; the paper's make all of it anew"
    ] = True
    cycle: Annotated[float, Range(0, 1000), "Weight of coming back as it was, lambda"] = 10.0
    identity: Annotated[
        float, Range(0, 100), "Weight of leaving alone what is of the other world already"
    ] = 5.0
    pool: Annotated[int, Range(0, 1000), "Earlier pictures that a critic is shown again"] = 50
    augment: Annotated[str, "Differentiable augmentation"] = ""
    lr: Annotated[float, Range(1e-6, 1e-1), "Learning rate"] = 2e-4


@register
class CycleganRecipe(Recipe):
    """Equation 3: two adversarial losses and the cycle; section 5.2's identity loss."""

    id = "cyclegan"
    title = "Turn one world into another"
    paper = (
        "Zhu et al. 2017, Unpaired Image-to-Image Translation using Cycle-Consistent Adversarial "
        "Networks, arXiv:1703.10593"
    )
    kind = "unpaired"
    learns = (
        "It learns to turn pictures of one kind into another and back, from a folder of each, "
        "without pairs."
    )
    usual = "It learns what makes the pictures of one folder look like those of the other."
    settings_type = CycleganSettings
    settings: CycleganSettings
    averaged: ClassVar[tuple[str, ...]] = ("there", "back")
    turned: ClassVar[dict[str, str]] = {
        **{f"{part}there": f"{part}back" for part in ("", "critic_", "pool_")},
        **{f"{part}back": f"{part}there" for part in ("", "critic_", "pool_")},
    }
    presets: ClassVar[dict[str, dict[str, Any]]] = {
        "tiny": {
            "batch": 2,
            "steps": 4,
            "size": 32,
            "width": 4,
            "blocks": 1,
            "critic": 4,
            "pool": 2,
            "ema": 0.5,
        },
        "quick": {"steps": 5_000},
        "overnight": {"steps": 40_000},
        "best": {"steps": 200_000, "size": 256, "width": 64, "blocks": 9},
    }

    def build(self) -> dict[str, nn.Module]:
        s = self.settings
        nets: dict[str, nn.Module] = {}
        for way in ("there", "back"):
            nets[way] = ResidualTranslator(s.width, s.blocks, s.upsampling, s.added)
            nets[f"critic_{way}"] = PatchCritic(3, s.critic, 4, spectral=False)
            nets[f"pool_{way}"] = ReplayPool(s.pool, (3, s.size, s.size))
        return nets

    def stages(self) -> Sequence[Stage]:
        lr, betas = self.settings.lr, (0.5, 0.999)
        translators = (self.nets["there"], self.nets["back"])
        critics = (self.nets["critic_there"], self.nets["critic_back"])
        phases = (
            Phase("translators", translators, self.translator_loss, lr, betas),
            # The paper halves the critics' objective; half their rate is the same.
            Phase("critics", critics, self.critic_loss, lr / 2, betas),
        )
        return [Stage("cycle", phases, self.settings.steps)]

    def translator_loss(self, batch: UnpairedBatch, draw: Draw) -> Terms:
        """Eq. 1 in its least-squares form (section 4), eq. 2, and the identity loss."""
        s, there, back = self.settings, self.nets["there"], self.nets["back"]
        a, b = batch.source, batch.target
        fake_b, fake_a = there(a), back(b)
        # The critics see these very pictures next.
        self.shown[draw.first] = torch.cat([fake_a, fake_b]).detach()
        terms = {
            "there": lsgan_generator(self._judge("there", fake_b, draw)),
            "back": lsgan_generator(self._judge("back", fake_a, draw)),
        }
        if s.cycle:
            terms["cycle"] = s.cycle * (l1(back(fake_b), a) + l1(there(fake_a), b))
        if s.identity:
            terms["identity"] = s.identity * (l1(there(b), b) + l1(back(a), a))
        return terms

    def critic_loss(self, batch: UnpairedBatch, draw: Draw) -> Terms:
        """Least squares on real pictures, and on made ones of now or earlier."""
        found: Terms = {}
        told: list[Tensor] = []
        fakes = self.shown[draw.first].chunk(2)
        for way, real, fake in zip(
            ("back", "there"), (batch.source, batch.target), fakes, strict=True
        ):
            if self.settings.pool:
                count = (len(fake),)
                fake = self.nets[f"pool_{way}"](fake, draw.uniform(count), draw.uniform(count))
            scores = self._judge(way, real, draw), self._judge(way, fake, draw)
            found[f"critic_{way}"] = lsgan_critic(*scores)
            told.append(told_apart(*scores))
        found["_told"] = torch.stack(told).mean()
        return found

    def _judge(self, way: str, picture: Tensor, draw: Draw) -> Tensor:
        seen = differentiable_augment(picture, draw.fork(0), self.settings.augment)
        score: Tensor = self.nets[f"critic_{way}"](seen)[-1]
        return score

    def preview(self, nets: nn.ModuleDict, batch: UnpairedBatch, draw: Draw) -> Tensor:
        """Each source in the target's world."""
        picture: Tensor = nets["there"](batch.source)
        return picture

    def graphs(self, nets: nn.ModuleDict) -> Sequence[Graph]:
        limits: dict[str, Any] = {"multiple": 4, "minimum": 16, "maximum": 4096}
        source = Image("source", "Picture of the first world", **limits)
        return [
            Graph(
                "translate", nets["there"], (source,), (Image("picture", "Picture", **limits),),
                "Into the second world",
            )
        ]  # fmt: skip
