"""An attribute reader: photo to continuous attributes, on fixed ImageNet features.

A linear probe with one hidden layer over a pretrained network, as in transfer learning since
Donahue et al. 2014 (DeCAF, arXiv:1310.1531). Its readings measure what sliders do, so it never
sees made pictures in training.
"""

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, leaky_relu

from engines.errors import UserError
from engines.features import STRIDES, trunk
from engines.losses import masked_mse
from engines.ports import Attributes, Image
from engines.recipe import (
    Draw,
    Graph,
    LabelledBatch,
    Phase,
    Range,
    Recipe,
    Settings,
    Stage,
    Terms,
    register,
)

SIDE = 128  # pixels a side that pictures are read at


@dataclass(frozen=True, kw_only=True)
class AttributeReaderSettings(Settings):
    """The head's size."""

    steps: Annotated[int, Range(1, 10_000_000), "Steps to train"] = 1_500
    batch: Annotated[int, Range(1, 4096), "Pictures a step, over all processes"] = 16
    hidden: Annotated[int, Range(4, 4096), "Width of the hidden layer"] = 128
    lr: Annotated[float, Range(1e-6, 1e-1), "Learning rate"] = 1e-3


class AttributeReader(nn.Module):
    """A picture (N, 3, H, W) in [-1, 1] -> attributes (N, A) in [0, 1]."""

    def __init__(self, attributes: int, hidden: int) -> None:
        super().__init__()
        self.trunk = copy.deepcopy(trunk(torch.device("cpu")))
        with torch.no_grad():
            width = sum(
                2 * m.shape[1] for m in self.trunk.maps(torch.zeros(1, 3, 64, 64), STRIDES[-1])
            )
        self.norm = nn.LayerNorm(width)
        self.first, self.last = nn.Linear(width, hidden), nn.Linear(hidden, attributes)

    def forward(self, picture: Tensor) -> Tensor:
        small = interpolate(picture, (SIDE, SIDE), mode="bilinear", align_corners=False)
        pooled = []
        for maps in self.trunk.maps(small, STRIDES[-1]):
            places = maps.float().flatten(2)
            mean = places.mean(2)
            variance = places.square().mean(2) - mean.square()
            pooled += [mean, variance.clamp(min=1e-6).sqrt()]
        hidden = leaky_relu(self.first(self.norm(torch.cat(pooled, dim=1))), 0.2)
        return torch.sigmoid(self.last(hidden).float())


@register
class AttributeReaderRecipe(Recipe):
    """Squared error over the attributes that are known."""

    id = "attribute_reader"
    title = "Read the attributes of a photo"
    paper = "Donahue et al. 2014, DeCAF: A Deep Convolutional Activation Feature, arXiv:1310.1531"
    kind = "labelled"
    learns = (
        "It learns to tell how much of each attribute, fog or night say, a photo has, from "
        "photos and a table of attributes."
    )
    settings_type = AttributeReaderSettings
    settings: AttributeReaderSettings
    averaged: ClassVar[tuple[str, ...]] = ("reader",)
    presets: ClassVar[dict[str, dict[str, Any]]] = {
        "tiny": {"batch": 2, "steps": 3, "size": 64, "ema": 0.5, "hidden": 8},
        "quick": {"steps": 500},
        "overnight": {"steps": 10_000},
        "best": {"steps": 30_000},
    }

    def build(self) -> dict[str, nn.Module]:
        """The reader, of which only the head trains."""
        if not self.data.attributes:
            raise UserError("These pictures have no attributes to read; add an attributes.csv.")
        return {"reader": AttributeReader(len(self.data.attributes), self.settings.hidden)}

    def stages(self) -> Sequence[Stage]:
        """One phase over the head."""
        reader = self.nets["reader"]
        assert isinstance(reader, AttributeReader)
        head = (reader.norm, reader.first, reader.last)
        phase = Phase("reader", head, self.loss, self.settings.lr, (0.9, 0.999))
        return [Stage("read", (phase,), self.settings.steps)]

    def loss(self, batch: LabelledBatch, draw: Draw) -> Terms:
        """Mean squared error."""
        return {"error": masked_mse(self.nets["reader"](batch.image), batch.attributes)}

    def validate(self, nets: nn.ModuleDict, batch: LabelledBatch) -> dict[str, Tensor]:
        """Squared error per picture over what is known of it."""
        error = (nets["reader"](batch.image) - batch.attributes).square()
        return {"error": torch.nan_to_num(error).mean(1)}

    def graphs(self, nets: nn.ModuleDict) -> Sequence[Graph]:
        """Photo in, attributes out."""
        photo = Image("photo", "Photo", multiple=1, minimum=32, maximum=4096)
        attributes = Attributes("attributes", "Attributes", names=self.data.attributes)
        return [Graph("read", nets["reader"], (photo,), (attributes,))]
