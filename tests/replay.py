"""A recipe with a replay pool and a lazy phase, for tests of resuming; run as `python replay.py
RUN`.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import torch
from torch import nn

from engines import train
from engines.losses import nonsaturating_critic, nonsaturating_generator, r1_penalty
from engines.networks.dcgan import Critic, Generator
from engines.networks.pool import ReplayPool
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
class ReplaySettings(Settings):
    """Small."""

    batch: Annotated[int, Range(1, 64), "Batch"] = 4
    size: Annotated[int, Range(16, 16), "Size"] = 16
    steps: Annotated[int, Range(1, 10**6), "Steps"] = 300


@register
class ReplayRecipe(Recipe):
    """A GAN whose critic sees replayed pictures and is penalised every fourth step."""

    id = "replay"
    title = "Replay"
    paper = "none, arXiv:0"
    kind = "image"
    settings_type = ReplaySettings
    averaged: ClassVar[tuple[str, ...]] = ("generator",)
    presets: ClassVar[dict[str, dict[str, Any]]] = {}

    def build(self) -> dict[str, nn.Module]:
        pool = ReplayPool(10, (3, 16, 16))
        return {"generator": Generator(8, 3, 4, 2), "critic": Critic(3, 4, 2), "pool": pool}

    def stages(self) -> Sequence[Stage]:
        critic = (self.nets["critic"],)
        return [
            Stage(
                "all",
                (
                    Phase("generator", (self.nets["generator"],), self.generator_loss),
                    Phase("critic", critic, self.critic_loss),
                    Phase("penalty", critic, self.penalty, every=4),
                ),
                self.settings.steps,
            )
        ]

    def generator_loss(self, batch: ImageBatch, draw: Draw) -> Terms:
        fake = self.nets["generator"](draw.normal((len(batch.image), 8)))
        return {"generator": nonsaturating_generator(self.nets["critic"](fake))}

    def critic_loss(self, batch: ImageBatch, draw: Draw) -> Terms:
        count = len(batch.image)
        with torch.no_grad():
            fake = self.nets["generator"](draw.normal((count, 8)))
        fake = self.nets["pool"](fake, draw.uniform((count,)), draw.uniform((count,)))
        critic = self.nets["critic"]
        return {"critic": nonsaturating_critic(critic(batch.image), critic(fake))}

    def penalty(self, batch: ImageBatch, draw: Draw) -> Terms:
        return {"penalty": r1_penalty(self.nets["critic"], batch.image)}

    def graphs(self, nets: nn.ModuleDict) -> Sequence[Graph]:
        return []


if __name__ == "__main__":
    train.main(sys.argv[1])
