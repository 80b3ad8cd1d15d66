"""Readers of layouts: how sure they say they are, what their cards say."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from engines import train
from engines.calibration import calibration_error
from engines.cli import main
from engines.data.spec import DataSpec, PaletteClass
from engines.errors import UserError
from engines.export import export_bundle
from engines.measure_reader import run as measure
from engines.ports import Layout
from engines.recipe import LayoutBatch, recipe_type
from engines.recipes.layout_reader import Reader
from engines.request import Request
from engines.runtime.bundle import Bundle
from engines.runtime.render import render
from engines.runtime.sessions import Sessions


def test_the_calibration_error_is_how_far_words_are_from_deeds() -> None:
    sure = np.full(1000, 0.8)
    right = np.arange(1000) % 10 < 8
    assert calibration_error(sure, right) == pytest.approx(0, abs=1e-9)
    assert calibration_error(sure, np.arange(1000) % 2 == 0) == pytest.approx(0.3)
    half = np.concatenate([sure, np.full(1000, 0.4)])
    all_right = np.concatenate([right, np.ones(1000, np.bool_)])
    assert calibration_error(half, all_right) == pytest.approx(0.3)  # half of them by 0.6
    assert calibration_error(np.array([1.0, 0.0]), np.array([True, False])) == 0
    assert calibration_error(np.empty(0), np.empty(0, np.bool_)) == 0


class Told(nn.Module):
    """Scores that were drawn beforehand, so many times too loud."""

    def __init__(self, scores: Tensor, loudness: float) -> None:
        super().__init__()
        self.scores, self.loudness = scores, loudness

    def forward(self, picture: Tensor) -> dict[str, Tensor]:
        return {"out": self.scores * self.loudness}


@pytest.mark.parametrize("loudness", [0.5, 1.0, 3.0])
def test_the_temperature_is_how_much_too_loud_the_scores_are(loudness: float) -> None:
    classes = tuple(PaletteClass(name, "#102030") for name in ("sky", "sea", "land"))
    spec = DataSpec("layout", (64, 64), 2, classes=classes)
    recipe = recipe_type("layout_reader")(spec, **recipe_type("layout_reader").presets["tiny"])
    generator = torch.Generator().manual_seed(4)
    scores = 2 * torch.randn((4, 3, 64, 64), generator=generator)
    chances = torch.softmax(scores, 1).movedim(1, -1).reshape(-1, 3)
    drawn = torch.multinomial(chances, 1, generator=generator).reshape(4, 64, 64)
    layout = drawn.to(torch.uint8)
    layout[:, :8] = 255  # Nobody knows these.
    reader = recipe.nets["reader"]
    assert isinstance(reader, Reader)
    reader.network = Told(scores, loudness)
    batch = LayoutBatch(torch.zeros(4, 3, 64, 64), layout, torch.zeros(4, 0))
    with torch.no_grad():
        said = recipe.calibrate(recipe.nets, iter([batch]))
        assert said["temperature"] == pytest.approx(loudness, rel=0.15)
        assert float(reader.temperature) == pytest.approx(said["temperature"])
        assert said["error_after"] < 0.04
        assert said["error_after"] <= said["error_before"]
        _, confidence = recipe.graphs(recipe.nets)[0].module(batch.image)
    known = layout != 255
    sure = torch.softmax(scores, 1).amax(1)[known]
    assert float(((confidence[:, 0] + 1) / 2)[known].mean() - sure.mean()) < 0.03


@pytest.fixture(scope="module")
def model(vistas: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("reader")
    settings = dict(recipe_type("layout_reader").presets["tiny"])
    run = train.new_run(
        home / "run",
        "layout_reader",
        str(vistas),
        settings,
        precision="float32",
        threads=1,
        validate=0,
    )
    list(train.train(train.build_recipe(run), run))
    export_bundle(run, home / "model")
    return home / "model"


def test_a_reader_gives_classes_and_how_sure_it_is_and_no_picture(model: Path) -> None:
    bundle = Bundle.open(model)
    assert bundle.picture is None
    assert isinstance(bundle.reads, Layout)
    assert set(bundle.about["calibration"]) == {
        "temperature",
        "error_before",
        "error_after",
        "pixels",
    }
    photo = np.random.default_rng(0).integers(0, 255, (48, 64, 3), dtype=np.uint8)
    (frame,) = render(bundle, Request(bundle.hash, (48, 64), {"photo": photo}), Sessions("cpu"))
    assert frame.values["layout"].shape == (48, 64)
    assert int(frame.values["layout"].max()) < len(bundle.reads.classes)
    sure = frame.values["confidence"]
    assert sure.shape == (48, 64, 1)
    # The likeliest of so many classes is no less likely than the rest on average.
    assert int(sure.min()) >= 255 // len(bundle.reads.classes) - 1


def test_a_readers_card_has_every_class(
    model: Path, vistas: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(
        ["measure", str(model), "--data", str(vistas), "--side", "64", "--split", "val"]
    ) in (0, None)
    card = json.loads((model / "card.json").read_text("utf-8"))
    assert json.loads(capsys.readouterr().out) == card
    names = Bundle.open(model).reads
    assert names is not None
    figures = card["figures"]
    assert tuple(figures["iou"]) == names.classes
    known = [v for v in figures["iou"].values() if v is not None]
    assert figures["miou"] == pytest.approx(sum(known) / len(known))
    assert sum(figures["share"].values()) == pytest.approx(1)
    assert 0 <= figures["calibration_error"] <= 1
    assert card["sizes"], "what the export measured stays"


def test_a_set_of_other_classes_is_refused(model: Path, vistas: Path, tmp_path: Path) -> None:
    import shutil

    other = tmp_path / "other"
    shutil.copytree(vistas, other)
    text = (other / "classes.json").read_text("utf-8")
    (other / "classes.json").write_text(text.replace('"sky"', '"heaven"'), "utf-8")
    with pytest.raises(UserError, match="other classes"):
        measure(Bundle.open(model), str(other), split="val", side=64, count=2)
