"""SPADE with a style encoder: paint a layout, take the light of a photo, slide attributes.

Park, Liu, Wang, Zhu 2019, Semantic Image Synthesis with Spatially-Adaptive Normalization,
arXiv:1903.07291. Attributes are an extension of ours: a reader beside the critics (after Odena
2017, arXiv:1610.09585) learns them on real pictures, and a quarter of every batch asks for the
attributes and the style of other pictures.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, ClassVar

import torch
from torch import Tensor, nn

from engines.augment import differentiable_augment
from engines.features import features
from engines.losses import (
    feature_matching,
    hinge_critic,
    hinge_generator,
    kl_standard_normal,
    masked_mse,
    perceptual,
    told_apart,
)
from engines.networks.layers import one_hot
from engines.networks.patch import MultiScaleCritic
from engines.networks.spade import LEVELS, NOISE, SpadeGenerator, StyleEncoder
from engines.ports import Attributes, Image, Latent, Layout, Noise
from engines.recipe import (
    Draw,
    Graph,
    LayoutBatch,
    Phase,
    Range,
    Recipe,
    Settings,
    Stage,
    Terms,
    register,
)

# What a row of a batch is asked for, by its number modulo 4; the fourth role is style and
# attributes both.
BY_STYLE, ASKING, BY_ATTRIBUTES = 0, 1, 3
# The paper has (0, 0.999). With momentum the critic learned to tell blur from paint three times
# sooner.
BETAS = (0.5, 0.999)
STYLE_SIDE = 256  # pixels a side of the photo that the exported encoder takes


@dataclass(frozen=True, kw_only=True)
class SpadeSettings(Settings):
    """Weights as in the paper's section 4; sizes and the attribute reader are ours."""

    width: Annotated[int, Range(16, 256), "Channels of the generator, a quarter of its widest"] = 48
    critic: Annotated[int, Range(8, 256), "Channels of the critics' first layer"] = 32
    style: Annotated[int, Range(1, 512), "Numbers that describe a style"] = 64
    early: Annotated[
        float, Range(0, 1), "Share of the steps at half size, where a step is four times as fast"
    ] = 0.5
    matching: Annotated[float, Range(0, 100), "Weight of feature matching"] = 10.0
    perceptual: Annotated[float, Range(0, 100), "Weight of the perceptual distance"] = 10.0
    kl: Annotated[float, Range(0, 10), "Weight of the style's divergence from its prior"] = 0.01
    reading: Annotated[
        float, Range(0, 100), "Weight of reading the asked attributes off the picture"
    ] = 12.0
    lr: Annotated[float, Range(1e-6, 1e-1), "Learning rate; the critics' is twice as high"] = 2e-4
    augment: Annotated[str, "Differentiable augmentation"] = "translation,cutout"


@register
class SpadeRecipe(Recipe):
    """The generator and the encoder against two patch critics (section 3)."""

    id = "spade"
    title = "Paint a layout, take a photo's light"
    paper = (
        "Park et al. 2019, Semantic Image Synthesis with Spatially-Adaptive Normalization, "
        "arXiv:1903.07291"
    )
    kind = "layout"
    learns = (
        "It learns to paint the picture that a layout describes, from photos and their layouts."
    )
    usual = "You paint the layout and it paints the picture, in the light of any photo."
    settings_type = SpadeSettings
    settings: SpadeSettings
    averaged: ClassVar[tuple[str, ...]] = ("generator", "encoder")
    together = 4
    presets: ClassVar = {
        "tiny": {
            "batch": 2,
            "steps": 4,
            "size": 64,
            "width": 16,
            "critic": 8,
            "style": 4,
            "ema": 0.5,
        },
        "quick": {"steps": 3_000, "early": 1.0},
        "overnight": {"steps": 30_000},
        "best": {"steps": 200_000, "ema": 0.9995},
    }

    def build(self) -> dict[str, nn.Module]:
        s, classes, attributes = self.settings, len(self.data.classes), len(self.data.attributes)
        nets: dict[str, nn.Module] = {
            "generator": SpadeGenerator(classes, s.style, attributes, s.width),
            "encoder": StyleEncoder(s.style, s.width),
            "critic": MultiScaleCritic(3 + classes, s.critic),
        }
        # What tells a photo's style tells its attributes too.
        return nets | ({"reader": StyleEncoder(attributes, s.width)} if attributes else {})

    def stages(self) -> Sequence[Stage]:
        s, nets = self.settings, self.nets
        painters, critic = (nets["generator"], nets["encoder"]), (nets["critic"],)
        phases = [
            Phase("generator", painters, self.generator_loss, s.lr, BETAS),
            Phase("critic", critic, self.critic_loss, 2 * s.lr, BETAS),
        ]
        if self.data.attributes:
            reader = (nets["reader"],)
            phases.append(Phase("reader", reader, self.reader_loss, 5 * s.lr, (0.9, 0.999)))
        early = round(s.early * s.steps)
        half = replace(self.data, size=(self.data.size[0] // 2, self.data.size[1] // 2))
        stages = (
            Stage("half size", tuple(phases), early, half),
            Stage("full size", tuple(phases), s.steps - early, self.data),
        )
        return [stage for stage in stages if stage.steps]

    def generator_loss(self, batch: LayoutBatch, draw: Draw) -> Terms:
        """Three rows of four rebuild their own photo: from its style, from its style and
        attributes, and from its attributes alone. The other is asked for the style and the
        attributes of two other photos.
        """
        s = self.settings
        mu, logvar = self.nets["encoder"](batch.image)
        role = (draw.first + torch.arange(len(mu), device=mu.device)) % 4
        asking, rebuilt = role == ASKING, role != ASKING
        own = mu + torch.exp(logvar / 2) * draw.normal(mu.shape)
        other = torch.where(draw.uniform((len(mu), 1)) < 0.5, earlier(mu, 1), draw.normal(mu.shape))
        style = torch.where(asking[:, None], other, own)
        asked = batch.attributes.nan_to_num(nan=Attributes.unset)
        asked = torch.where(asking[:, None], earlier(asked, 2), asked)
        asked = torch.where((role == BY_STYLE)[:, None], Attributes.unset, asked)
        if self.data.attributes:
            style = torch.where((role == BY_ATTRIBUTES)[:, None], 0.0, style)
        fake = paint(self.nets, batch.layout, style, asked, draw)
        # The critic's turn comes next and sees these very pictures.
        self.shown[draw.first] = fake.detach()

        terms = {"kl": s.kl * kl_standard_normal(mu, logvar)}
        fakes = self._judge(fake, batch.layout, draw)
        with torch.no_grad():
            reals = self._judge(batch.image, batch.layout, draw)
        terms["adversarial"] = hinge_generator([maps[-1] for maps in fakes])
        # Inner maps of the rows that rebuild.
        inner = [[[m[rebuilt] for m in maps[:-1]] for maps in side] for side in (reals, fakes)]
        terms["matching"] = s.matching * feature_matching(*inner)
        if s.perceptual:
            terms["perceptual"] = s.perceptual * perceptual(
                lambda x: features(x, stop=16), fake[rebuilt], batch.image[rebuilt], [1 / 32] * 4
            )
        if self.data.attributes and asking.any():
            wanted = torch.where(asked < 0, torch.nan, asked)[asking]
            terms["reading"] = s.reading * masked_mse(self._read(fake[asking]), wanted)
        return terms

    def critic_loss(self, batch: LayoutBatch, draw: Draw) -> Terms:
        """Hinge loss (section 3)."""
        fakes = self._judge(self.shown[draw.first], batch.layout, draw)
        reals = self._judge(batch.image, batch.layout, draw)
        scores = [[maps[-1] for maps in side] for side in (reals, fakes)]
        return {"critic": hinge_critic(*scores), "_told": told_apart(*scores)}

    def reader_loss(self, batch: LayoutBatch, draw: Draw) -> Terms:
        """Squared error on real pictures alone, so that made ones cannot teach it wrong."""
        return {"reader": masked_mse(self._read(batch.image), batch.attributes)}

    def _read(self, picture: Tensor) -> Tensor:
        read: Tensor = self.nets["reader"](picture)[0]
        return read

    def _judge(self, picture: Tensor, layout: Tensor, draw: Draw) -> list[list[Tensor]]:
        """The critics on a picture beside its layout; every call in a phase augments alike."""
        pair = torch.cat([picture, one_hot(layout, len(self.data.classes))], dim=1)
        judged: list[list[Tensor]] = self.nets["critic"](
            differentiable_augment(pair, draw.fork(0), self.settings.augment)
        )
        return judged

    def preview(self, nets: nn.ModuleDict, batch: LayoutBatch, draw: Draw) -> Tensor:
        """Each layout in its own photo's style, attributes not said."""
        mu, _ = nets["encoder"](batch.image)
        return paint(
            nets, batch.layout, mu, torch.full_like(batch.attributes, Attributes.unset), draw
        )

    def graphs(self, nets: nn.ModuleDict) -> Sequence[Graph]:
        limits = {"multiple": 2**LEVELS, "minimum": 4 * 2**LEVELS, "maximum": 1024}
        names = tuple(c.name for c in self.data.classes)
        layout = Layout(
            "layout",
            "Layout",
            **limits,
            classes=names,
            colors=tuple(c.color for c in self.data.classes),
        )
        style = Latent("style", "Style", regional=True, dimensions=self.settings.style)
        noise = Noise("noise", "Seed of the details", channels=NOISE, scale=2)
        inputs = [layout, noise, style]
        if self.data.attributes:
            inputs.append(
                Attributes("attributes", "Attributes", regional=True, names=self.data.attributes)
            )
        photo = Image("photo", "Style picture", fixed=(STYLE_SIDE, STYLE_SIDE))
        picture = Image("picture", "Picture", **limits)
        return [
            Graph(
                "encode", _Mean(nets["encoder"]), (photo,), (style,), "Take the style of a photo"
            ),
            Graph("generate", nets["generator"], tuple(inputs), (picture,), "Paint the layout"),
        ]


class _Mean(nn.Module):
    """The style's mean as a table of one row, (N, 1, D)."""

    def __init__(self, encoder: nn.Module) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, photo: Tensor) -> Tensor:
        mu: Tensor = self.encoder(photo)[0]
        return mu[:, None]


def earlier(x: Tensor, back: int) -> Tensor:
    """Each row (N, ...) replaced by the one `back` before it, round the end of their four."""
    row = torch.arange(len(x), device=x.device)
    first = row - row % SpadeRecipe.together
    count = (len(x) - first).clamp(max=SpadeRecipe.together)
    return x[first + (row - first - back) % count]


def paint(
    nets: nn.ModuleDict, layout: Tensor, style: Tensor, attributes: Tensor, draw: Draw
) -> Tensor:
    """Pictures (N, 3, H, W) in [-1, 1] of layouts (N, H, W), styles (N, D) and attributes (N, A)
    that hold for all of a picture, with fresh noise.
    """
    count, height, width = layout.shape
    noise = draw.normal((count, NOISE, height // 2, width // 2))[:count]
    everywhere = torch.zeros_like(layout)
    extra = (attributes[:, None], everywhere) if attributes.shape[1] else ()
    picture: Tensor = nets["generator"](layout, noise, style[:, None], everywhere, *extra)
    return picture
