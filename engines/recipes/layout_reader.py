"""A scene parser: photo to layout, by torchvision's LR-ASPP on MobileNetV3.

Howard et al. 2019, Searching for MobileNetV3, arXiv:1905.02244, section 6.4. Trained here from
scratch; other systems are measured, and some trained, by what it reads.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torchvision.models.segmentation import lraspp_mobilenet_v3_large

from engines.calibration import calibration_error
from engines.ports import UNPAINTED, Image, Layout
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

SPARSE = 7  # Of pixels so far apart a temperature is found as well as of all.
HOTTEST = 8.0  # of the temperatures that are tried, and the coolest is its inverse
TRIES = 161


@dataclass(frozen=True, kw_only=True)
class LayoutReaderSettings(Settings):
    """One network, one loss."""

    steps: Annotated[int, Range(1, 10_000_000), "Steps to train"] = 4_000
    size: Annotated[int, Range(32, 1024), "Side of the training crop in pixels"] = 256
    lr: Annotated[float, Range(1e-6, 1e-1), "Learning rate"] = 1e-3


class Reader(nn.Module):
    """A picture (N, 3, H, W) in [-1, 1] -> class scores (N, C, H, W)."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.network = lraspp_mobilenet_v3_large(
            weights=None, weights_backbone=None, num_classes=classes
        )
        # No weight: it is found anew for every export.
        self.register_buffer("temperature", torch.ones(()), persistent=False)
        self.temperature: Tensor

    def forward(self, picture: Tensor) -> Tensor:
        scores: Tensor = self.network(picture)["out"].float()
        return scores


class Decision(nn.Module):
    """The likeliest class of each pixel as uint8 (N, H, W), and its probability (N, 1, H, W)."""

    def __init__(self, reader: Reader) -> None:
        super().__init__()
        self.reader = reader

    def forward(self, picture: Tensor) -> tuple[Tensor, Tensor]:
        scores = self.reader(picture) / self.reader.temperature
        confidence, ids = torch.softmax(scores, dim=1).max(dim=1)
        return ids.to(torch.uint8), confidence[:, None] * 2 - 1


@register
class LayoutReaderRecipe(Recipe):
    """Per-pixel cross-entropy; unpainted pixels do not count."""

    id = "layout_reader"
    title = "Read the layout of a photo"
    paper = "Howard et al. 2019, Searching for MobileNetV3, arXiv:1905.02244 (LR-ASPP)"
    kind = "layout"
    learns = (
        "It learns to tell what is where in a photo, and makes a layout of it, from photos "
        "and their layouts."
    )
    settings_type = LayoutReaderSettings
    settings: LayoutReaderSettings
    averaged: ClassVar[tuple[str, ...]] = ("reader",)
    presets: ClassVar[dict[str, dict[str, Any]]] = {
        "tiny": {"batch": 2, "steps": 3, "size": 64, "ema": 0.5},
        "quick": {"steps": 1_000, "size": 128, "batch": 16},
        "overnight": {"steps": 20_000},
        "best": {"steps": 60_000},
    }

    def build(self) -> dict[str, nn.Module]:
        """The reader."""
        return {"reader": Reader(len(self.data.classes))}

    def stages(self) -> Sequence[Stage]:
        """One phase."""
        reader = self.nets["reader"]
        phase = Phase("reader", (reader,), self.loss, self.settings.lr, (0.9, 0.999))
        return [Stage("read", (phase,), self.settings.steps)]

    def loss(self, batch: LayoutBatch, draw: Draw) -> Terms:
        """Cross-entropy of the true class."""
        return {"class": _error(self.nets["reader"](batch.image), batch.layout).mean()}

    def validate(self, nets: nn.ModuleDict, batch: LayoutBatch) -> dict[str, Tensor]:
        """Cross-entropy and the share of wrong pixels, per picture."""
        scores = nets["reader"](batch.image)
        known = (batch.layout != UNPAINTED).float()
        wrong = (scores.argmax(1) != batch.layout).float() * known
        return {
            "class": _error(scores, batch.layout).mean((1, 2)),
            "wrong": wrong.sum((1, 2)) / known.sum((1, 2)).clamp(min=1),
        }

    def calibrate(self, nets: nn.ModuleDict, batches: Iterator[LayoutBatch]) -> dict[str, Any]:
        """Find the temperature at which probabilities are what they say: the least cross-entropy on
        validation pictures (Guo et al. 2017, arXiv:1706.04599, section 4.2).
        """
        reader, scores, true = _reader(nets), [], []
        for batch in batches:
            layout = batch.layout.flatten()[::SPARSE]
            known = layout != UNPAINTED
            found = reader(batch.image).movedim(1, -1).flatten(0, 2)[::SPARSE]
            scores.append(found[known])
            true.append(layout[known].long())
        every, right = torch.cat(scores), torch.cat(true)
        if not len(right):
            return {}
        tried = torch.logspace(-1, 1, TRIES, base=HOTTEST)
        errors = [float(cross_entropy(every / heat, right)) for heat in tried]
        best = float(tried[int(np.argmin(errors))])

        def error(heat: float) -> float:
            sure, ids = torch.softmax(every / heat, dim=1).max(dim=1)
            return calibration_error(sure.numpy(), (ids == right).numpy())

        if error(best) >= error(1.0):  # They are what they say already.
            best = 1.0
        reader.temperature.fill_(best)
        return {
            "temperature": best,
            "error_before": error(1.0),
            "error_after": error(best),
            "pixels": len(right),
        }

    def graphs(self, nets: nn.ModuleDict) -> Sequence[Graph]:
        """Photo in; layout and confidence out."""
        limits: dict[str, Any] = {"multiple": 8, "minimum": 32, "maximum": 4096}
        names = tuple(c.name for c in self.data.classes)
        colors = tuple(c.color for c in self.data.classes)
        photo = Image("photo", "Photo", **limits)
        layout = Layout("layout", "Layout", **limits, classes=names, colors=colors)
        confidence = Image("confidence", "Confidence", **limits, channels=1)
        return [Graph("read", Decision(_reader(nets)), (photo,), (layout, confidence))]


def _reader(nets: nn.ModuleDict) -> Reader:
    reader = nets["reader"]
    assert isinstance(reader, Reader)
    return reader


def _error(scores: Tensor, layout: Tensor) -> Tensor:
    """Cross-entropy per pixel (N, H, W); 0 where the layout is unpainted."""
    return cross_entropy(scores, layout.long(), ignore_index=UNPAINTED, reduction="none")
