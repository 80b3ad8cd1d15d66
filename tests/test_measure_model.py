"""A card is written from bundles, as they are, over a split of a data set."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from engines import measure_model, sheets, train
from engines.cli import main
from engines.errors import UserError
from engines.evaluate import Examples
from engines.export import export_bundle
from engines.layoutfit import NAME, LayoutFit
from engines.recipe import recipe_type


@pytest.fixture(scope="module")
def halved(vistas: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The vistas, half of them in the validation split."""
    folder = tmp_path_factory.mktemp("halved") / "set"
    shutil.copytree(vistas, folder)
    lines = (folder / "splits.csv").read_text().splitlines()
    rows = [
        f"{line.split(',')[0]},{'val' if i % 2 else 'train'}" for i, line in enumerate(lines[1:])
    ]
    (folder / "splits.csv").write_text("\n".join(["name,split", *rows]) + "\n")
    return folder


@pytest.fixture(scope="module")
def models(halved: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("models")
    for name in ("spade", "pix2pix", "layout_reader", "attribute_reader"):
        settings = dict(recipe_type(name).presets["tiny"])
        run = train.new_run(
            home / f"{name}-run",
            name,
            str(halved),
            settings,
            precision="float32",
            threads=1,
            validate=0,
        )
        list(train.train(train.build_recipe(run), run))
        export_bundle(run, home / name)
    return home


def test_a_card_holds_every_figure_with_what_it_is_worth(halved: Path, models: Path) -> None:
    said: list[str] = []
    card = measure_model.run(
        str(models / "spade"),
        str(halved),
        layout_reader=str(models / "layout_reader"),
        attribute_reader=str(models / "attribute_reader"),
        split="val",
        side=128,
        count=8,
        sheets_in=models / "sheets",
        progress=said.append,
    )
    figures = card["figures"]
    assert {"kid", "floor", "ceiling", "share_of_span"} <= set(figures["realism"])
    assert {"miou", "miou_true", "miou_shuffled", "ratio"} <= set(figures["faithfulness"])
    assert {"correlation", "shuffled"} <= set(figures["style"])
    assert set(figures["attributes"]) >= {"time_of_day", "fog", "snow"}
    assert all(np.isfinite(f["correlation"]) for f in figures["attributes"].values())
    written = json.loads((models / "spade" / "card.json").read_text())
    assert written["hashes"] == card["hashes"]
    assert [row["form"] for row in written["sizes"]] == ["float32", "float16"]  # by the export
    assert len(list((models / "sheets").glob("*.jpg"))) == 3
    assert said == ["painting", "realism", "faithfulness", "style", "attributes", "sheets"]


def test_a_translator_is_measured_on_coloured_layouts(halved: Path, models: Path) -> None:
    out, own = models / "pix2pix.json", models / "pix2pix" / "card.json"
    before = own.read_text()
    card = measure_model.run(
        str(models / "pix2pix"), str(halved), split="val", side=64, count=6, out=out
    )
    assert set(card["figures"]) == {"realism"}
    assert out.exists()
    assert own.read_text() == before


def test_a_model_that_paints_no_layouts_has_no_such_card(halved: Path, models: Path) -> None:
    with pytest.raises(UserError):
        measure_model.run(str(models / "attribute_reader"), str(halved), split="val", side=64)


def test_pictures_that_must_not_be_shown_are_on_no_sheet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret, made, flat = (np.full((8, 8, 3), level, np.uint8) for level in (200, 20, 90))
    examples = Examples([secret] * 4, [np.zeros((8, 8), np.uint8)] * 4, [{}] * 4)
    shown: list[int] = []

    def keep(rows: list[list[np.ndarray]], path: Path) -> None:
        shown.extend(int(p[0, 0, 0]) for row in rows for p in row if p.shape == secret.shape)

    monkeypatch.setattr(sheets, "sheet", keep)
    for withheld in (False, True):
        shown.clear()
        colours = np.broadcast_to(flat[0, 0], (256, 3))
        sheets.layouts(lambda *_: made, examples, colours, tmp_path / "a", withheld)
        sheets.styles(lambda *_: made, examples, colours, tmp_path / "b", withheld)
        assert {20, 90} <= set(shown)
        assert (200 in shown) is not withheld


@pytest.mark.parametrize("option", ["--out", "--sheets"])
def test_where_nothing_can_be_written_nothing_is_measured(
    option: str, vistas: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError("it was measured")

    monkeypatch.setattr(measure_model, "run", never)
    assert main(["measure", "vista", "--data", str(vistas), option, "/proc/none/here"]) == 2
    said = capsys.readouterr().err
    assert "Could not write /proc/none/here" in said
    assert said.count("\n") == 1


def test_a_painter_of_layouts_says_which_it_has_seen(models: Path) -> None:
    seen = LayoutFit.read(models / "spade")
    assert seen.layouts.shape == (20, 16, 16)
    assert "sky" in seen.classes
    for other in ("pix2pix", "layout_reader"):
        assert not (models / other / NAME).exists(), "it takes no layout"
