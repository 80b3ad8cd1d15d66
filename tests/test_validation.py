"""Watching a training: what is measured, when, with what kept; and that it costs and breaks
nothing.
"""

import ast
import json
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar

import numpy as np
import pytest
import torch
from PIL import Image as Pillow
from safetensors import safe_open
from torch import Tensor, nn

from engines import exam, references, validation, verdict
from engines.data.sets import open_data
from engines.errors import UserError
from engines.exam import Nature
from engines.ports import Image, Latent, Layout
from engines.purse import SHARE, Purse
from engines.recipe import Draw, Graph, LayoutBatch, Phase, Range, Recipe, Settings, Stage, registry
from engines.references import EMBEDDING, References, Shelf
from engines.runs import Run
from engines.trainer import Trainer
from engines.validation import Validation
from tests import blobs

CPU = torch.device("cpu")
Event = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class ParrotSettings(Settings):
    """Small."""

    batch: Annotated[int, Range(1, 64), "Batch"] = 4
    size: Annotated[int, Range(16, 16), "Size"] = 16
    steps: Annotated[int, Range(1, 1000), "Steps"] = 20


class Weight(nn.Module):
    """A number, at first 0.5: what is taken of the picture that is asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.share = nn.Parameter(torch.tensor(0.5))

    def forward(self, layout: Tensor, style: Tensor) -> Tensor:
        grey = layout[:, None].float().expand(-1, 3, -1, -1) / 4
        return grey + 0.3 * self.share * torch.tanh(style.mean((1, 2)))[:, None, None, None]


class Parrot(Recipe):
    """Gives the true picture, mixed with grey."""

    id = "parrot"
    title = "Parrot"
    paper = "none, arXiv:0"
    kind = "layout"
    settings_type = ParrotSettings
    averaged: ClassVar[tuple[str, ...]] = ("weight",)

    def build(self) -> dict[str, nn.Module]:
        return {"weight": Weight()}

    def stages(self) -> Sequence[Stage]:
        net = self.nets["weight"]
        phase = Phase("all", (net,), lambda batch, draw: {"loss": net.share.square()})
        return [Stage("all", (phase,), self.settings.steps)]

    def graphs(self, nets: nn.ModuleDict) -> Sequence[Graph]:
        names = tuple(c.name for c in self.data.classes)
        layout = Layout("layout", "Layout", classes=names)
        style = Latent("style", "Style", regional=True, dimensions=2)
        return [Graph("paint", _Painted(nets["weight"]), (layout, style), (Image("picture", ""),))]

    def preview(self, nets: nn.ModuleDict, batch: LayoutBatch, draw: Draw) -> Tensor:
        share = nets["weight"].share
        return share * batch.image


class _Painted(nn.Module):
    def __init__(self, weight: nn.Module) -> None:
        super().__init__()
        self.weight = weight

    def forward(self, layout: Tensor, table: Tensor, place: Tensor) -> Tensor:
        made: Tensor = self.weight(layout, table)
        return made


@pytest.fixture(autouse=True)
def _cheap_features(monkeypatch: pytest.MonkeyPatch) -> None:
    """Colours in 4 x 4 fields stand for what the network would see, which takes long."""

    def embed(x: Tensor, side: int) -> Tensor:
        pooled = nn.functional.adaptive_avg_pool2d(x.float(), 4).flatten(1)
        return nn.functional.pad(pooled, (0, EMBEDDING - pooled.shape[1]))

    monkeypatch.setattr(references, "embed", embed)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    counts = {"train": 60, "val": 24, "test": 12}
    return blobs.make(tmp_path_factory.mktemp("blobs") / "set", counts, 16)


class Setting:
    """A run directory with a parrot in it, and what it was told."""

    def __init__(self, path: Path, folder: Path, **config: Any) -> None:
        data = open_data(folder, "layout", (16, 16))
        said = {"data": str(folder), "seed": 0, "device": "cpu", "precision": "float32"}
        said |= {"recipe": "parrot", "validate": 5, "checkpoint": 100, "threads": 1, **config}
        path.mkdir(exist_ok=True)
        self.run = Run(path) if (path / "run.json").exists() else Run.create(path, said)
        self.recipe = Parrot(data.spec)
        self.trainer = Trainer(self.recipe, self.run.config)
        self.watch = Validation(self.run, self.trainer)

    def go_to(self, step: int, rate: float = 0.004) -> None:
        """Pretend to train; a step takes 1000 seconds."""
        while self.trainer.step < step:
            self.trainer.step += 1
            event = {"kind": "step", "step": self.trainer.step, "losses": {}, "rate": rate}
            self.run.append(event)
            self.watch.after(event)

    def heard(self, kind: str) -> list[dict[str, Any]]:
        return [e for e in self.run.events() if e["kind"] == kind]

    def take(self, share: float) -> None:
        """Set what is taken of the picture."""
        with torch.no_grad():
            self.trainer.average["weight"].share.fill_(share)


def test_figures_and_bounds_are_written_into_the_events(folder: Path, tmp_path: Path) -> None:
    setting = Setting(tmp_path / "run", folder)
    setting.go_to(20)
    measured = setting.heard("measure")
    assert [e["step"] for e in measured] == [5, 10, 15, 20]
    names = {"kid", "precision", "recall", "diversity", "variation", "distance", "copies"}
    for event in measured:
        figures = event["figures"]
        assert names | {"distance_train"} <= figures.keys()
        for name in names:
            assert figures[f"{name}_low"] <= figures[f"{name}_high"]
        assert event["seconds"] > 0
    (bounds,) = setting.heard("bounds")
    assert bounds["figures"].keys() >= {"kid", "precision", "recall", "diversity", "distance"}
    assert bounds["figures"]["kid"].keys() == {"floor", "ceiling"}
    assert bounds["figures"]["diversity"]["floor"] == 1
    assert bounds["figures"]["distance"]["ceiling"] > 0
    assert setting.heard("warning") == []


def test_a_perfect_model_measures_as_real_ones_do(folder: Path, tmp_path: Path) -> None:
    """And half of it half as far: closed forms of a model that repeats what it is shown."""
    setting = Setting(tmp_path / "run", folder)
    setting.take(1.0)
    figures = setting.watch.measure()
    assert figures["distance"] == figures["distance_train"] == 0
    assert (figures["precision"], figures["recall"], figures["diversity"]) == (1, 1, 1)
    setting.take(0.5)
    half = setting.watch.measure()
    assert half["diversity"] == pytest.approx(0.5, rel=1e-2)
    setting.take(0.0)
    nothing = setting.watch.measure()
    assert (nothing["diversity"], nothing["recall"]) == (0, 0)
    assert nothing["distance"] == pytest.approx(2 * half["distance"], rel=1e-2)
    assert nothing["kid"] > half["kid"] > figures["kid"]


def test_the_nearest_training_pictures_are_named_and_shown(folder: Path, tmp_path: Path) -> None:
    setting = Setting(tmp_path / "run", folder)
    setting.go_to(5)
    previews = tmp_path / "run" / "previews"
    told = json.loads((previews / "000000005.nearest.json").read_text())
    with Pillow.open(previews / "nearest-000000005.png") as strip:
        shown = np.asarray(strip)
    with Pillow.open(previews / "000000005.png") as sheet:
        assert sheet.size == (8 * 16, 2 * 16)
        made = np.asarray(sheet)[16:]
    train = {}
    for path in (folder / "photos").glob("train*.png"):
        train[path.stem] = np.asarray(Pillow.open(path)).astype(np.float64)
    assert len(told["nearest"]) == 8
    assert told["of"] == 60
    for place, name in enumerate(told["nearest"]):
        strip_picture = shown[:, 16 * place : 16 * place + 16]
        assert np.abs(strip_picture - train[Path(name).stem]).max() <= 1
        mine = made[:, 16 * place : 16 * place + 16].astype(np.float64)

        def pooled(x: Any) -> Any:
            return x.reshape(4, 4, 4, 4, 3).mean((1, 3))

        apart = {k: float(np.linalg.norm(pooled(v) - pooled(mine))) for k, v in train.items()}
        # The strip may only name those that were searched.
        closer = sum(d < apart[Path(name).stem] - 5 for d in apart.values())
        assert closer <= told["of"] - told["searched"]


def test_more_pictures_are_searched_as_time_allows(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(validation, "MOST", validation.LEAST)
    found = {}
    for name, rate in (("slow", 0.004), ("quick", 1e6)):
        setting = Setting(tmp_path / name, folder)
        setting.go_to(20, rate)
        told = (setting.run.path / "previews" / "000000020.nearest.json").read_text()
        found[name] = json.loads(told)["searched"]
    assert found == {"slow": 60, "quick": 40}


def test_the_best_weights_are_kept_and_said(folder: Path, tmp_path: Path) -> None:
    setting = Setting(tmp_path / "run", folder)
    for step, share in ((5, 0.5), (10, 0.9), (15, 0.6), (20, 0.4)):
        setting.take(share)
        setting.go_to(step)
    with safe_open(setting.run.best_path, "pt") as file:
        assert file.metadata()["step"] == "10"
        assert float(file.get_tensor("weight.share")) == pytest.approx(0.9)
    (advice,) = setting.heard("advice")
    assert (advice["step"], advice["best"]) == (20, 10)


def test_a_collapse_is_heard(folder: Path, tmp_path: Path) -> None:
    setting = Setting(tmp_path / "run", folder)
    setting.take(0.0)
    setting.go_to(10)
    (alarm,) = setting.heard("alarm")
    assert (alarm["alarm"], alarm["over"], alarm["step"]) == ("collapse", False, 10)


def test_a_resumed_run_measures_on_where_it_was(folder: Path, tmp_path: Path) -> None:
    first = Setting(tmp_path / "run", folder)
    first.take(0.0)
    first.go_to(10)
    again = Setting(tmp_path / "run", folder)
    again.run.append({"kind": "resumed", "step": 10})
    again.trainer.step = 10
    again.take(0.0)
    again.go_to(15)
    assert len(again.heard("bounds")) == 1
    assert len(again.heard("alarm")) == 1
    assert again.heard("measure")[-1]["pictures"] == first.heard("measure")[0]["pictures"]
    a, b = (e["figures"] for e in again.heard("measure")[-2:])
    assert a == b  # The same weights on the same pictures with the same chance.


def test_measuring_stays_within_its_share(folder: Path, tmp_path: Path) -> None:
    """Where a step takes no time, only the first and the last measure are made."""
    setting = Setting(tmp_path / "run", folder)
    setting.go_to(20, rate=1e6)
    assert [e["step"] for e in setting.heard("measure")] == [5, 20]
    assert setting.heard("measure")[0]["pictures"] == validation.LEAST


def test_the_purse() -> None:
    purse = Purse(rows=4, total=100)
    assert purse.affords(1)
    for _ in range(10):
        purse.hear({"kind": "step", "rate": 0.4})  # Ten seconds each.
    assert purse.trained == pytest.approx(100)
    assert purse.pace == pytest.approx(10)
    purse.hear({"kind": "bounds", "seconds": 20.0})
    purse.hear({"kind": "measure", "seconds": 1.5, "pictures": 30})
    assert purse.last == 1.5
    purse.hear({"kind": "measure", "seconds": 1.5, "pictures": 30, "searching": 0.3})
    assert (purse.last, purse.measured) == (1.5, pytest.approx(3.3))
    purse.measured = 1.5
    assert purse.a_picture == pytest.approx(0.05)
    # What is done but once is charged as the run goes on.
    assert purse.spare(10) == pytest.approx(SHARE * 100 - 1.5 - 20 * 0.1)
    assert not purse.affords(10)
    assert purse.affords(0)
    assert not purse.affords(100)
    purse.hear({"kind": "step", "rate": "odd"})
    purse.hear({"kind": "measure", "seconds": None})
    assert purse.trained == pytest.approx(100)


@pytest.mark.parametrize("cost", [0.1, 3.0, 30.0])
def test_all_measures_together_stay_under_a_twentieth(cost: float) -> None:
    """A step takes a second; a measure is due every twenty steps, and costs more or less."""
    purse, made = Purse(1, 10_000), 0
    for step in range(1, 10_001):
        purse.hear({"kind": "step", "rate": 1.0})
        if step % 20 == 0 and purse.affords(step):
            if not made:
                purse.hear({"kind": "bounds", "seconds": 2 * cost})
            purse.hear({"kind": "measure", "seconds": cost, "pictures": 40})
            made += 1
    spent = purse.measured + purse.once
    assert spent <= 0.05 * purse.trained
    # And what may be spent is, where there is use for it.
    assert made == 500 or spent >= 0.03 * purse.trained


def test_a_long_run_has_all_pictures() -> None:
    slow, quick = Purse(4, 1000), Purse(4, 1000)
    slow.hear({"kind": "step", "rate": 4.0})
    quick.hear({"kind": "step", "rate": 4000.0})
    slow.a_picture = quick.a_picture = 0.1
    assert slow.pictures(1000) == int(SHARE * 0.75 * 1000 / 0.1)
    assert quick.pictures(1000) < 1


def test_a_failed_measure_is_a_warning(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    setting = Setting(tmp_path / "run", folder)

    def broken(*_: Any) -> Tensor:
        raise MemoryError

    monkeypatch.setattr(setting.recipe, "preview", broken)
    setting.go_to(6)
    (warning,) = setting.heard("warning")
    assert "step 5" in warning["sentence"]
    assert setting.heard("measure") == []
    monkeypatch.undo()


def test_a_sheet_that_cannot_be_written_costs_no_figures(folder: Path, tmp_path: Path) -> None:
    setting = Setting(tmp_path / "run", folder)
    (tmp_path / "run" / "previews").write_text("in the way")
    (tmp_path / "run" / "checkpoints").write_text("in the way")
    setting.go_to(5)
    assert "kid" in setting.heard("measure")[0]["figures"]
    assert [e["step"] for e in setting.heard("warning")] == [5, 5]


def test_a_picture_that_vanished_is_passed_over(tmp_path: Path) -> None:
    own = blobs.make(tmp_path / "set", {"train": 20, "val": 10}, 16)
    setting = Setting(tmp_path / "run", own)
    setting.go_to(5)
    (own / "photos" / "val0003.png").unlink()
    (own / "photos" / "val0004.png").write_bytes(b"no picture")
    setting.go_to(10)
    (own / "photos" / "val0005.png").unlink()
    setting.watch = Validation(setting.run, setting.trainer)
    setting.go_to(15)
    assert len(setting.heard("measure")) == 3
    assert setting.heard("warning") == []


def test_a_reader_is_measured_by_its_scores_alone(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No picture is embedded for a model that makes none."""
    layout = Layout("layout", "Layout", classes=blobs.NAMES)
    graph = Graph("read", nn.Identity(), (Image("photo", ""),), (layout,))
    monkeypatch.setattr(Parrot, "graphs", lambda self, nets: [graph])
    monkeypatch.setattr(Parrot, "preview", lambda self, nets, batch, draw: None)
    score = lambda self, nets, batch: {"error": nets["weight"].share * batch.image[:, 0, 0, 0]}  # noqa: E731
    monkeypatch.setattr(Parrot, "validate", score)
    monkeypatch.setattr(references, "embed", None)
    setting = Setting(tmp_path / "run", folder)
    setting.go_to(10)
    first, second = setting.heard("measure")
    assert first["figures"] == second["figures"]
    data = open_data(folder, "layout", (16, 16), "val")
    corners = [data.fixed(i).image[0, 0, 0] / 127.5 - 1 for i in range(24)]  # type: ignore[union-attr]
    assert first["figures"]["error"] == pytest.approx(0.5 * np.mean(corners), rel=1e-4)
    assert {"error_low", "error_high", "error_train"} <= first["figures"].keys()
    assert setting.heard("bounds") == setting.heard("warning") == []
    assert setting.run.best_path.exists()
    card = verdict.final(setting.run, setting.recipe, setting.trainer.average, 10)
    assert card["figures"].keys() == {"error", "error_train"}
    assert card["pictures"] == 12


@pytest.mark.parametrize("apart", [0, 1])
def test_without_validation_pictures_it_says_so_and_shows_what_it_can(
    apart: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = blobs.make(tmp_path / "set", {"train": 20, "val": apart}, 16)
    score = lambda self, nets, batch: {"error": batch.image.mean((1, 2, 3))}  # noqa: E731
    monkeypatch.setattr(Parrot, "validate", score)
    setting = Setting(tmp_path / "run", own)
    setting.go_to(10)
    (warning,) = setting.heard("warning")
    assert "validation" in warning["sentence"]
    figures = setting.heard("measure")[0]["figures"]
    assert "kid" not in figures
    assert figures.keys().isdisjoint({"distance", "error"})
    assert "error_train" in figures
    assert {"diversity", "distance_train"} <= figures.keys()
    assert (tmp_path / "run" / "previews" / "000000005.png").exists()


def test_measuring_does_not_touch_the_training(folder: Path, tmp_path: Path) -> None:
    setting = Setting(tmp_path / "run", folder)
    torch.manual_seed(3)
    expected = torch.rand(1)
    before = {k: v.clone() for k, v in setting.trainer.tensors().items()}
    torch.manual_seed(3)
    setting.watch.measure()
    assert torch.equal(torch.rand(1), expected)
    after = setting.trainer.tensors()
    assert all(torch.equal(before[k], after[k]) for k in before)


@pytest.mark.parametrize("spoil", ["torn", "other", "names", "pipe", "none"])
def test_features_are_kept_and_taken_again(
    spoil: str, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def shelves(size: int = 16) -> tuple[Shelf, Shelf]:
        val, train = (open_data(folder, "layout", (size, size), s) for s in ("val", "train"))
        return Shelf(val, 0, CPU), Shelf(train, 0, CPU)

    kept = tmp_path / "features.safetensors"
    first = References(*shelves(), kept)
    first.unseen.grow(10)
    first.train.grow(12)
    first.keep()
    if spoil == "torn":
        kept.write_bytes(kept.read_bytes()[:500])
    elif spoil == "pipe":
        kept.unlink()
        os.mkfifo(kept)
    elif spoil == "names":
        kept.write_bytes(kept.read_bytes().replace(b"val00", b"xal00"))
    again = References(*shelves(24 if spoil == "other" else 16), kept)
    if spoil == "none":
        assert (len(again.unseen), len(again.train)) == (10, 12)
        np.testing.assert_array_equal(again.train.features(), first.train.features())
        assert again.unseen.rows == first.unseen.rows
    else:
        assert len(again.unseen) == 0
    again.unseen.grow(10)
    assert len(again.unseen) == 10


def test_natures() -> None:
    """By its ports alone a model tells what it is asked and whether it draws by chance."""
    found = {}
    for name in ("wgan_gp", "ddpm", "pix2pix", "spade", "layout_reader"):
        kind = registry()[name]
        from engines.data.spec import DataSpec, PaletteClass

        classes = (PaletteClass("sky", "#0000ff"), PaletteClass("land", "#00ff00"))
        side = kind.presets["tiny"]["size"]
        shown = classes if kind.kind == "layout" else ()
        recipe = kind(DataSpec(kind.kind, (side, side), 1, classes=shown), **kind.presets["tiny"])
        nets = nn.ModuleDict({n: recipe.nets[n] for n in recipe.averaged})
        found[name] = Nature.of(recipe, nets)
    assert found["wgan_gp"] == Nature(frozenset(), True, 8)
    assert found["ddpm"] == Nature(frozenset(), True, 0)
    assert found["pix2pix"] == Nature(frozenset({"image"}), False, 0)
    assert found["spade"] == Nature(frozenset({"layout"}), True, 4)
    assert not found["layout_reader"].paints


def test_a_style_that_does_nothing_has_no_variation(folder: Path, tmp_path: Path) -> None:
    setting = Setting(tmp_path / "run", folder)
    nets, nature = setting.trainer.average, Nature.of(setting.recipe, setting.trainer.average)
    shelf = Shelf(open_data(folder, "layout", (16, 16), "val"), 0, CPU)
    shelf.grow(10)
    groups = exam.varied(setting.recipe, nets, nature, shelf, shelf.rows)
    assert groups.shape == (exam.CONDITIONS, exam.STYLES, EMBEDDING)
    assert float(groups.std(1).max()) > 0.01
    setting.take(0.0)
    still = exam.varied(setting.recipe, nets, nature, shelf, shelf.rows)
    assert float(still.std(1).max()) == 0


def test_flat_fills_are_the_classes_mean_colours(folder: Path) -> None:
    val, train = (open_data(folder, "layout", (16, 16), s) for s in ("val", "train"))
    both = References(Shelf(val, 0, CPU), Shelf(train, 0, CPU))
    both.train.grow(60)
    ((_, batch),) = both.unseen.batches([0])
    (flat,) = both.flat([batch])
    assert isinstance(batch, LayoutBatch)
    colours = {}
    for id_ in np.unique(batch.layout):
        place = batch.layout[0] == int(id_)
        values = flat[0][:, place]
        assert float(values.std(1).max()) == 0
        colours[int(id_)] = (values[:, 0] + 1) * 127.5
        mean = (batch.image[0][:, place].mean(1) + 1) * 127.5
        assert torch.allclose(colours[int(id_)], mean, atol=25)
    assert len(colours) > 1


# The last word ----------------------------------------------------------------------------------


def test_the_last_word_is_said_once(folder: Path, tmp_path: Path) -> None:
    setting = Setting(tmp_path / "run", folder)
    setting.take(1.0)
    nets = setting.trainer.average
    card = verdict.final(setting.run, setting.recipe, nets, 20)
    assert (card["split"], card["pictures"], card["looks"]) == ("test", 12, 1)
    assert card["figures"]["distance"]["mean"] == 0
    assert card["figures"]["kid"].keys() == {"mean", "low", "high", "floor", "ceiling"}
    json.dumps(card, allow_nan=False)
    assert [e["step"] for e in setting.heard("tested")] == [20]
    # The same weights are not measured again; others are, and the card tells.
    assert verdict.final(setting.run, setting.recipe, nets, 20) == card
    assert len(setting.heard("tested")) == 1
    setting.take(0.7)
    other = verdict.final(setting.run, setting.recipe, nets, 25)
    assert other["looks"] == 2
    assert other["figures"]["distance"]["mean"] > 0
    setting.take(1.0)
    assert verdict.final(setting.run, setting.recipe, nets, 20) == card


def test_looks_are_counted_on_where_old_answers_are_forgotten(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verdict, "KEPT", 2)
    setting, looks = Setting(tmp_path / "run", folder), []
    for share in (1.0, 0.9, 0.8, 0.7):
        setting.take(share)
        card = verdict.final(setting.run, setting.recipe, setting.trainer.average, 20)
        looks.append(card["looks"])
    assert looks == [1, 2, 3, 4]
    assert len(json.loads((tmp_path / "run" / "tested.json").read_text())) == 2


def test_the_last_word_is_on_test_pictures(folder: Path, tmp_path: Path) -> None:
    """A model that is good on all but these is found out."""
    setting = Setting(tmp_path / "run", folder)
    seen = setting.recipe.preview

    def only_known(nets: nn.ModuleDict, batch: LayoutBatch, draw: Draw) -> Tensor:
        made = seen(nets, batch, draw)
        return torch.stack([
            m if any(torch.equal(m, k) for k in known) else torch.zeros_like(m) for m in made
        ])  # fmt: skip

    known = []
    for split in ("train", "val"):
        data = open_data(folder, "layout", (16, 16), split)
        for i in range(len(data)):
            picture = torch.from_numpy(data.fixed(i).image)  # type: ignore[union-attr]
            known.append(picture.float() / 127.5 - 1)
    setting.take(1.0)
    setting.recipe.preview = only_known  # type: ignore[method-assign]
    assert setting.watch.measure()["distance"] == 0
    card = verdict.final(setting.run, setting.recipe, setting.trainer.average, 20)
    assert card["figures"]["distance"]["mean"] > 0.3


@pytest.mark.parametrize("text", ["", "[]", "{", '{"a": 3}', "\x00"])
def test_a_spoilt_answer_is_measured_anew(text: str, folder: Path, tmp_path: Path) -> None:
    setting = Setting(tmp_path / "run", folder)
    (tmp_path / "run" / "tested.json").write_text(text, "latin-1")
    card = verdict.final(setting.run, setting.recipe, setting.trainer.average, 20)
    assert card["looks"] == 1
    assert math.isfinite(card["figures"]["kid"]["mean"])


def test_without_test_pictures_it_says_so(tmp_path: Path) -> None:
    own = blobs.make(tmp_path / "set", {"train": 12, "val": 6}, 16)
    setting = Setting(tmp_path / "run", own)
    card = verdict.final(setting.run, setting.recipe, setting.trainer.average, 20)
    assert card.keys() == {"said"}
    assert setting.heard("tested") == []


def test_nothing_that_a_training_imports_knows_the_test_pictures() -> None:
    """Whatever the trainer reaches, by way of any module of ours."""
    root = Path(verdict.__file__).parent
    reached, waiting = set(), {root / "train.py", *(root / "recipes").glob("*.py")}
    while waiting:
        path = waiting.pop()
        reached.add(path)
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names: list[str] = []
            if isinstance(node, ast.ImportFrom) and node.module:
                names = [node.module, *(f"{node.module}.{a.name}" for a in node.names)]
                if path != root / "data" / "sets.py":
                    assert "open_test" not in {a.name for a in node.names}, path
            elif isinstance(node, ast.Import):
                names = [a.name for a in node.names]
            elif isinstance(node, ast.Attribute):
                assert node.attr != "open_test", path
            for name in names:
                found = root.parent.joinpath(*name.split(".")).with_suffix(".py")
                if name.startswith("engines.") and found.is_file() and found not in reached:
                    waiting.add(found)
    assert {root / "validation.py", root / "exam.py", root / "data" / "sets.py"} <= reached
    assert root / "verdict.py" not in reached


def test_a_lost_folder_is_said_plainly(tmp_path: Path) -> None:
    own = blobs.make(tmp_path / "set", {"train": 12, "test": 6}, 16)
    setting = Setting(tmp_path / "run", own)
    own.rename(tmp_path / "elsewhere")
    with pytest.raises(UserError, match="no data folder"):
        verdict.final(setting.run, setting.recipe, setting.trainer.average, 20)
    setting.go_to(5)
    assert "no data folder" in setting.heard("warning")[0]["sentence"]
