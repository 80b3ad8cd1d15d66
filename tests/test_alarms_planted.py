"""Alarms in trainings that really go wrong, and none in trainings that go well.

All of it is small, and measured with the network that measures true runs.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from engines import purse, recipe, train, validation
from engines.alarms import LEAST_MEASURES, TWICE
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
    registry,
)
from engines.recipes.wgan_gp import WganGpRecipe
from engines.runs import Run
from engines.trainer import build_recipe
from tests import blobs

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]
KEPT = 60  # pictures that a copying model remembers


@pytest.fixture(autouse=True)
def _measured_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small trainings could not pay for their measures."""
    monkeypatch.setattr(purse, "SHARE", 1e6)
    monkeypatch.setattr(validation, "MOST", validation.LEAST)
    monkeypatch.setattr(validation, "MOST_SEARCHED", 100)


@dataclass(frozen=True, kw_only=True)
class CopyingSettings(Settings):
    """Small."""

    batch: Annotated[int, Range(1, 64), "Batch"] = 10
    size: Annotated[int, Range(16, 64), "Size"] = 32
    ema: Annotated[float, Range(0, 1), "Averaging"] = 0.0


class Copies(nn.Module):
    """The pictures that were seen last, cropped and mirrored as they came; noise chooses."""

    pictures: Tensor

    def __init__(self, side: int) -> None:
        super().__init__()
        self.register_buffer("pictures", torch.zeros(KEPT, 3, side, side))
        self.gain = nn.Parameter(torch.zeros(()))

    def forward(self, latent: Tensor) -> Tensor:
        chosen = self.pictures[(latent[:, 0] * 1000).long() % KEPT]
        return chosen * (1 + self.gain)


class CopyingRecipe(Recipe):
    """What a memory that is large enough makes of too few pictures."""

    id = "copying"
    title = "Copies"
    paper = "none, arXiv:0"
    kind = "image"
    settings_type = CopyingSettings
    settings: CopyingSettings
    averaged: ClassVar[tuple[str, ...]] = ("copies",)

    def build(self) -> dict[str, nn.Module]:
        return {"copies": Copies(self.settings.size)}

    def stages(self) -> Sequence[Stage]:
        phase = Phase("all", (self.nets["copies"],), self.loss)
        return [Stage("all", (phase,), self.settings.steps)]

    def loss(self, batch: ImageBatch, draw: Draw) -> Terms:
        copies = self.nets["copies"]
        assert isinstance(copies, Copies)
        copies.pictures.copy_(torch.cat([batch.image, copies.pictures])[:KEPT])
        return {"apart": (copies(draw.normal((len(batch.image), 1))) ** 2).mean()}

    def preview(self, nets: nn.ModuleDict, batch: ImageBatch, draw: Draw) -> Tensor:
        made: Tensor = nets["copies"](draw.normal((len(batch.image), 1)))
        return made

    def graphs(self, nets: nn.ModuleDict) -> Sequence[Graph]:
        side = self.settings.size
        latent, picture = Latent("latent", "Latent"), Image("picture", "", fixed=(side, side))
        return [Graph("choose", nets["copies"], (latent,), (picture,))]


class ConstantRecipe(WganGpRecipe):
    """Its generator is fed a constant, so that it makes one picture."""

    id = "constant"

    def _sample(self, count: int, draw: Draw) -> Tensor:
        made: Tensor = self.nets["generator"](torch.ones(count, self.settings.latent))
        return made

    def preview(self, nets: nn.ModuleDict, batch: ImageBatch, draw: Draw) -> Tensor:
        made: Tensor = nets["generator"](torch.ones(len(batch.image), self.settings.latent))
        return made


class DeadRecipe(WganGpRecipe):
    """Its critic died: all its weights are zero."""

    id = "dead"

    def build(self) -> dict[str, nn.Module]:
        nets = super().build()
        for parameter in nets["critic"].parameters():
            nn.init.zeros_(parameter)
        return nets

    def stages(self) -> Sequence[Stage]:
        critic, generator = super().stages()[0].phases
        still = Phase("critic", critic.updates, critic.loss, 0.0)
        return [Stage("all", (still, generator), self.settings.steps)]


class SureRecipe(WganGpRecipe):
    """Its generator stands still, so that the critic wins."""

    id = "sure"

    def stages(self) -> Sequence[Stage]:
        critic, generator = super().stages()[0].phases
        still = Phase("generator", generator.updates, generator.loss, 0.0, every=generator.every)
        return [Stage("all", (critic, still), self.settings.steps)]


@pytest.fixture(autouse=True)
def _registered() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        known = dict(registry())
        for kind in (CopyingRecipe, ConstantRecipe, DeadRecipe, SureRecipe):
            known[kind.id] = kind
        patch.setattr(recipe, "_REGISTRY", known)
        yield


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    counts = {"train": 300, "val": 60}
    return blobs.make(tmp_path_factory.mktemp("many") / "set", counts, 32)


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Path:
    counts = {"train": 20, "val": 60}
    return blobs.make(tmp_path_factory.mktemp("few") / "set", counts, 32, seed=1)


def trained(path: Path, name: str, folder: Path, every: int, **settings: Any) -> Run:
    """A run to its end, measured so often."""
    options: dict[str, Any] = {"precision": "float32", "threads": 1, "checkpoint": 100_000}
    run = train.new_run(path, name, str(folder), settings, validate=every, **options)
    for _ in train.train(build_recipe(run), run):
        pass
    for event in run.events():
        if event["kind"] == "measure":
            shown = {k: round(v, 3) for k, v in event["figures"].items() if k.count("_") == 0}
            print(event["step"], shown)
        elif event["kind"] in ("alarm", "advice", "bounds", "warning"):
            print(event)
    return run


def alarms(run: Run) -> set[str]:
    return {e["alarm"] for e in run.events() if e["kind"] == "alarm" and not e["over"]}


WGAN: dict[str, Any] = {"size": 16, "width": 8, "latent": 8, "batch": 8, "turns": 2}


def test_a_generator_that_is_fed_a_constant(many: Path, tmp_path: Path) -> None:
    run = trained(tmp_path / "run", "constant", many, 20, steps=60, **WGAN)
    assert alarms(run) == {"collapse"}


def test_a_critic_that_died(many: Path, tmp_path: Path) -> None:
    run = trained(tmp_path / "run", "dead", many, 1000, steps=420, **WGAN)
    assert alarms(run) == {"critic-dead"}


def test_a_critic_that_wins(many: Path, tmp_path: Path) -> None:
    run = trained(tmp_path / "run", "sure", many, 50, steps=600, **{**WGAN, "lr": 1e-3})
    assert "critic-wins" in alarms(run)


def test_twenty_pictures_are_copied(few: Path, tmp_path: Path) -> None:
    run = trained(tmp_path / "run", "copying", few, 10, steps=30)
    assert alarms(run) == {"overfitting"}
    (alarm,) = [e for e in run.events() if e["kind"] == "alarm"]
    assert "copies" in alarm["sentence"]


def test_twenty_pictures_are_learned_by_heart(few: Path, tmp_path: Path) -> None:
    """Attributes drawn by chance can only be learned by heart."""
    rng = np.random.default_rng(0)
    rows = [f"{path.stem},{rng.random():.3f}" for path in sorted((few / "photos").glob("*.png"))]
    (few / "attributes.csv").write_text("\n".join(["name,fog", *rows]))
    run = trained(
        tmp_path / "run", "attribute_reader", few, 30, steps=300, size=32, batch=10, ema=0.5
    )
    assert "overfitting" in alarms(run)
    (alarm,) = [e for e in run.events() if e.get("alarm") == "overfitting"]
    assert "by heart" in alarm["sentence"]


HEALTHY: dict[str, dict[str, Any]] = {
    "pix2pix": {
        "size": 32,
        "width": 16,
        "depth": 4,
        "batch": 8,
        "critic": 8,
        "patch": "16",
        "ema": 0.9,
    },
    "ddpm": {"size": 16, "width": 16, "levels": 2, "batch": 16, "ema": 0.95, "lr": 1e-3},
    "spade": {
        "size": 64,
        "width": 16,
        "critic": 8,
        "style": 4,
        "batch": 4,
        "ema": 0.9,
        "early": 0.0,
    },
}


@pytest.mark.parametrize("name", HEALTHY)
def test_none_in_a_healthy_run(name: str, many: Path, tmp_path: Path) -> None:
    run = trained(tmp_path / "run", name, many, 50, steps=500, **HEALTHY[name])
    assert alarms(run) == set()
    # As many measures as the slowest alarm needs, and two more.
    assert len([e for e in run.events() if e["kind"] == "measure"]) == LEAST_MEASURES + TWICE
