"""DDPM: pictures by removing noise step by step (Ho, Jain, Abbeel 2020, arXiv:2006.11239)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, cast

import torch
from torch import Tensor, nn

from engines.losses import l_simple, vlb_weighted
from engines.networks.unet import DenoiserUNet
from engines.ports import Image, Noise, NoiseLevel
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
from engines.samplers import SAMPLERS, Kind, Prediction, Schedule

PREVIEW_STEPS = 20


@dataclass(frozen=True, kw_only=True)
class DdpmSettings(Settings):
    """Section 4 of the paper; `loss` chooses between eq. 14 and the weights of eq. 12."""

    batch: Annotated[int, Range(1, 4096), "Pictures a step, over all processes"] = 32
    size: Annotated[int, Range(8, 256), "Side of the training crop in pixels"] = 32
    width: Annotated[int, Range(8, 256), "Channels of the finest level"] = 64
    levels: Annotated[int, Range(1, 6), "Sizes that the denoiser works at"] = 3
    noises: Annotated[int, Range(2, 10_000), "T, the steps from a picture to noise"] = 1000
    schedule: Annotated[str, OneOf(("linear", "cosine")), "How the noise grows"] = "linear"
    predicts: Annotated[str, OneOf(("eps", "x0", "v")), "What the denoiser says"] = "eps"
    loss: Annotated[
        str, OneOf(("simple", "vlb")), "L_simple or the variational bound's weights"
    ] = "simple"
    lr: Annotated[float, Range(1e-6, 1e-1), "Learning rate"] = 2e-4
    clip: Annotated[float, Range(0, 1e9), "Greatest gradient norm; 0 does not clip"] = 1.0


@register
class DdpmRecipe(Recipe):
    """Algorithm 1; Algorithm 2 and DDIM live in `engines.samplers`, outside the graph."""

    id = "ddpm"
    title = "New pictures out of noise, step by step"
    paper = "Ho, Jain, Abbeel 2020, Denoising Diffusion Probabilistic Models, arXiv:2006.11239"
    kind = "image"
    learns = (
        "It learns to bring new pictures of the same sort out of noise, in many small steps, "
        "from a folder of pictures."
    )
    settings_type = DdpmSettings
    settings: DdpmSettings
    averaged: ClassVar[tuple[str, ...]] = ("denoiser",)
    presets: ClassVar[dict[str, dict[str, Any]]] = {
        "tiny": {
            "batch": 2,
            "steps": 4,
            "size": 16,
            "width": 8,
            "levels": 2,
            "noises": 20,
            "ema": 0.5,
        },
        "quick": {"steps": 5_000, "width": 32},
        "overnight": {"steps": 50_000},
        "best": {"steps": 500_000, "width": 128, "levels": 4},
    }

    def build(self) -> dict[str, nn.Module]:
        """The U-Net of appendix B, slimmer."""
        s = self.settings
        return {"denoiser": DenoiserUNet(self.data.channels, s.width, s.levels)}

    @property
    def schedule(self) -> Schedule:
        """The noise schedule that the settings name."""
        s = self.settings
        return Schedule(cast(Kind, s.schedule), s.noises, cast(Prediction, s.predicts))

    def stages(self) -> Sequence[Stage]:
        """One phase."""
        s = self.settings
        return [
            Stage(
                "denoise",
                (Phase("denoiser", (self.nets["denoiser"],), self.loss, s.lr, (0.9, 0.999)),),
                s.steps,
            )
        ]

    def loss(self, batch: ImageBatch, draw: Draw) -> Terms:
        """Lines 2 to 5 of Algorithm 1."""
        x_0, s, schedule = batch.image, self.settings, self.schedule
        t = draw.integers(1, s.noises + 1, (len(x_0),))
        noise = draw.normal(x_0.shape)
        prediction = self.nets["denoiser"](schedule.noised(x_0, noise, t), t)
        if s.loss == "vlb":
            return {
                "vlb": vlb_weighted(
                    schedule.to_eps(prediction, schedule.noised(x_0, noise, t), t),
                    noise,
                    t,
                    schedule,
                )
            }
        return {"simple": l_simple(prediction, schedule.target(x_0, noise, t))}

    def preview(self, nets: nn.ModuleDict, batch: ImageBatch, draw: Draw) -> Tensor:
        """New pictures by DDIM in 20 steps."""
        shape = batch.image.shape

        def denoise(x: Tensor, t: Any) -> Tensor:
            result: Tensor = nets["denoiser"](x, torch.as_tensor(t, device=x.device))
            return result

        steps = min(PREVIEW_STEPS, self.settings.noises)
        frames = SAMPLERS["ddim"](
            denoise,
            draw.normal(shape),
            self.schedule,
            steps,
            lambda _: draw.normal(shape),
            clip=1.0,
        )
        *_, (_, x, _) = frames
        return cast(Tensor, x)

    def graphs(self, nets: nn.ModuleDict) -> Sequence[Graph]:
        """The denoiser; the runtime drives it with a sampler."""
        multiple = 2 ** (self.settings.levels - 1)
        noise = Noise("noise", "Noise", channels=self.data.channels, scale=1, multiple=multiple)
        level = NoiseLevel("level", "Noise level", schedule=self.schedule, noisy="noise")
        picture = Image(
            "picture",
            "Picture",
            multiple=multiple,
            minimum=2 * multiple,
            channels=self.data.channels,
        )
        return [Graph("denoise", nets["denoiser"], (noise, level), (picture,))]
