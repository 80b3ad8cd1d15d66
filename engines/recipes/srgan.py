"""SRResNet and SRGAN: a picture larger, with the detail that it might have had.

Ledig et al. 2017, Photo-Realistic Single Image Super-Resolution Using a Generative Adversarial
Network, arXiv:1609.04802. The first stage is SRResNet (mean squared error), the second SRGAN, which
starts from it. Deviations: the content loss is taken in EfficientNet-lite's features instead of
VGG's, the critic judges patches instead of the whole, and its weight is 5e-3 of a loss of another
scale than the paper's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from torch import Tensor, nn
from torch.nn.functional import interpolate, mse_loss

from engines.features import PERCEPTUAL_WEIGHTS, features
from engines.losses import l1, nonsaturating_critic, nonsaturating_generator, perceptual, told_apart
from engines.networks.patch import PatchCritic
from engines.networks.residual import Upscaler
from engines.ports import Image
from engines.recipe import (
    Draw,
    Graph,
    ImageBatch,
    OneOf,
    Phase,
    Range,
    Recipe,
    Settings,
    Stage,
    Terms,
    register,
)


@dataclass(frozen=True, kw_only=True)
class SrganSettings(Settings):
    """Section 3.2 of the paper, slimmer: it has 16 blocks of 64 channels."""

    batch: Annotated[int, Range(1, 4096), "Pictures a step, over all processes"] = 16
    size: Annotated[int, Range(8, 1024), "Side of the training crop in pixels"] = 96
    scale: Annotated[str, OneOf(("2", "4")), "How many times larger"] = "4"
    width: Annotated[int, Range(8, 256), "Channels of the residual blocks"] = 48
    blocks: Annotated[int, Range(1, 64), "Residual blocks"] = 8
    critic: Annotated[int, Range(4, 256), "Channels of the critic's first layer"] = 32
    faithful: Annotated[
        float, Range(0, 1), "Share of the steps that learn to be true before any detail is invented"
    ] = 0.5
    true: Annotated[float, Range(0, 100), "Weight of the absolute difference beside the critic"] = (
        1.0
    )
    perceptual: Annotated[float, Range(0, 100), "Weight of the perceptual distance"] = 1.0
    adversarial: Annotated[float, Range(0, 100), "Weight of the critic's opinion"] = 0.02
    lr: Annotated[float, Range(1e-6, 1e-1), "Learning rate, a quarter of it beside the critic"] = (
        4e-4
    )


@register
class SrganRecipe(Recipe):
    """The generator alone on squared error (section 2.2.1), then against a critic (eq. 2 and 3)."""

    id = "srgan"
    title = "Make pictures larger and sharper"
    paper = (
        "Ledig et al. 2017, Photo-Realistic Single Image Super-Resolution Using a Generative "
        "Adversarial Network, arXiv:1609.04802"
    )
    kind = "detail"
    learns = (
        "It learns to make pictures two or four times as large and to invent the detail, "
        "from a folder of sharp pictures."
    )
    settings_type = SrganSettings
    settings: SrganSettings
    averaged: ClassVar[tuple[str, ...]] = ("upscaler",)
    presets: ClassVar[dict[str, dict[str, Any]]] = {
        "tiny": {
            "batch": 2,
            "steps": 4,
            "size": 32,
            "width": 8,
            "blocks": 1,
            "critic": 4,
            "ema": 0.5,
        },
        "quick": {"steps": 5_000},
        "overnight": {"steps": 60_000},
        "best": {"steps": 300_000, "width": 64, "blocks": 16},
    }

    def build(self) -> dict[str, nn.Module]:
        s = self.settings
        return {
            "upscaler": Upscaler(s.width, s.blocks, int(s.scale)),
            "critic": PatchCritic(3, s.critic, 3),
        }

    def stages(self) -> Sequence[Stage]:
        s, betas = self.settings, (0.9, 0.999)
        upscaler, critic = (self.nets["upscaler"],), (self.nets["critic"],)
        true = round(s.faithful * s.steps)
        return [
            Stage("true", (Phase("upscaler", upscaler, self.true_loss, s.lr, betas),), true),
            Stage(
                "detailed",
                (
                    Phase("painter", upscaler, self.detail_loss, s.lr / 4, betas),
                    Phase("critic", critic, self.critic_loss, s.lr / 4, betas),
                ),
                s.steps - true,
            ),
        ]

    def shrunk(self, picture: Tensor) -> Tensor:
        """What the picture would be, were it smaller: bicubic, antialiased (section 3.1)."""
        small = interpolate(
            picture.float(), scale_factor=1 / int(self.settings.scale), mode="bicubic",
            antialias=True,
        )  # fmt: skip
        return small.clamp(-1, 1)

    def true_loss(self, batch: ImageBatch, draw: Draw) -> Terms:
        """Eq. 4."""
        return {"true": mse_loss(self.nets["upscaler"](self.shrunk(batch.image)), batch.image)}

    def detail_loss(self, batch: ImageBatch, draw: Draw) -> Terms:
        """Eq. 3: content in features (eq. 5) and the critic's opinion (eq. 6)."""
        s = self.settings
        fake = self.nets["upscaler"](self.shrunk(batch.image))
        self.shown[draw.first] = fake.detach()  # The critic sees these very pictures next.
        return {
            "true": s.true * l1(fake, batch.image),
            "perceptual": s.perceptual
            * perceptual(lambda x: features(x, 16), fake, batch.image, PERCEPTUAL_WEIGHTS[:4]),
            "adversarial": s.adversarial * nonsaturating_generator(self.nets["critic"](fake)[-1]),
        }

    def critic_loss(self, batch: ImageBatch, draw: Draw) -> Terms:
        """Eq. 2."""
        critic, fake = self.nets["critic"], self.shown[draw.first]
        scores = critic(batch.image)[-1], critic(fake)[-1]
        return {"critic": nonsaturating_critic(*scores), "_told": told_apart(*scores)}

    def restored(self, nets: nn.ModuleDict, picture: Tensor) -> Tensor:
        """A picture made small and large again."""
        large: Tensor = nets["upscaler"](self.shrunk(picture))
        return large

    def preview(self, nets: nn.ModuleDict, batch: ImageBatch, draw: Draw) -> Tensor:
        """Each picture made small and large again."""
        return self.restored(nets, batch.image)

    def validate(self, nets: nn.ModuleDict, batch: ImageBatch) -> dict[str, Tensor]:
        """Squared error, (N,)."""
        error = (self.restored(nets, batch.image).clamp(-1, 1) - batch.image).square()
        return {"error": error.flatten(1).mean(1)}

    def graphs(self, nets: nn.ModuleDict) -> Sequence[Graph]:
        scale = int(self.settings.scale)
        photo = Image("photo", "Picture", minimum=8, maximum=8192)
        large = Image("picture", "Larger picture", minimum=8, maximum=8192, scale=scale)
        return [
            Graph(
                "upscale", nets["upscaler"], (photo,), (large,), f"Make it {scale} times as large"
            )
        ]
