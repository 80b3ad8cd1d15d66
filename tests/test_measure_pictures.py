"""Cards of models that take styles and of models that enlarge, from bundles as they are."""

import json
from pathlib import Path

import numpy as np
import pytest

from engines import cards, measure_larger, measure_style, measures, train
from engines.cli import main
from engines.data.pictures import read_picture, write_picture
from engines.errors import UserError
from engines.export import export_bundle
from engines.recipe import recipe_type
from engines.runtime.bundle import Bundle


def tiny(name: str, data: Path, home: Path) -> Bundle:
    """A model of that recipe that has hardly learnt anything."""
    settings = dict(recipe_type(name).presets["tiny"])
    run = train.new_run(
        home / "run", name, str(data), settings, precision="float32", threads=1, validate=0
    )
    list(train.train(train.build_recipe(run), run))
    export_bundle(run, home / name)
    return Bundle.open(home / name)


@pytest.fixture
def sorts(tmp_path: Path) -> Path:
    """Photos and paintings, four of each, two of each for the validation."""
    rng = np.random.default_rng(0)
    for part, tint in (("a", (1.0, 0.7, 0.4)), ("b", (0.3, 0.6, 1.0))):
        (tmp_path / "set" / part).mkdir(parents=True)
        for i in range(4):
            coarse = rng.integers(0, 256, (12, 12, 3)).astype(np.float64)
            picture = np.kron(coarse, np.ones((8, 8, 1))) * np.array(tint)
            write_picture(tmp_path / "set" / part / f"{i}.png", picture.astype(np.uint8))
    lines = [f"{part}/{i},{'val' if i > 1 else 'train'}" for part in "ab" for i in range(4)]
    (tmp_path / "set" / "splits.csv").write_text("\n".join(["name,split", *lines]))
    return tmp_path / "set"


def test_a_style_card_lies_between_untouched_and_gatys(sorts: Path, tmp_path: Path) -> None:
    bundle = tiny("adain", sorts, tmp_path)
    assert measure_style.takes_styles(bundle)
    assert measure_larger.enlarges(bundle) == 1
    card = measure_style.run(
        bundle, str(sorts), split="val", side=64, slow_steps=10, sheets_in=tmp_path / "sheets"
    )
    assert card == json.loads((bundle.path / "card.json").read_text())
    assert card["pictures"] == 2
    found = card["figures"]["style"]
    assert found["untouched"]["content"] == 0
    assert found["untouched"]["edges"] == pytest.approx(1)
    assert found["gatys"]["style"] < found["untouched"]["style"]
    # No strength and no style paint the same, whatever the style was.
    assert found["strength 0"] == pytest.approx(found["no style"], abs=1e-3)
    assert found["strength 1"]["style"] != found["strength 0"]["style"]
    assert found["strength 1"] != found["another's style"]
    sheet = read_picture(tmp_path / "sheets" / "adain-styles.png")
    assert sheet.shape == (2 * 64, 4 * 64, 3)
    with pytest.raises(UserError, match=r"test split.*too few"):
        measure_style.run(bundle, str(sorts), split="test", side=64)


def test_the_way_to_the_reference_is_a_share() -> None:
    row = {
        "untouched": {"style": 2.0},
        "gatys": {"style": 1.0},
        "strength 1": {"style": 1.25},
    }
    assert measure_style.summed([row, row])["way_to_gatys"] == pytest.approx(0.75)


def test_a_card_of_what_enlarges_is_beside_bicubic(
    sorts: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle = tiny("srgan", sorts / "a", tmp_path)
    assert measure_larger.enlarges(bundle) == 4
    sheets = str(tmp_path / "sheets")
    assert main(["measure", str(bundle.path), "--data", str(sorts / "b"), "--sheets", sheets]) == 0
    card = json.loads(capsys.readouterr().out)
    assert card == json.loads((bundle.path / "card.json").read_text())
    found = card["figures"]["larger"]
    assert found["scale"] == 4
    # Untrained detail is added to a bilinear enlargement, which no bicubic one falls far behind.
    assert found["bicubic"]["psnr"] > found["ours"]["psnr"] - 3
    assert 0 < found["bicubic"]["ssim"] < 1
    assert found["bicubic"]["perceptual"] > 0.01
    assert (tmp_path / "sheets" / "srgan-larger.png").is_file()
    write_picture(tmp_path / "few" / "a.png", np.zeros((40, 90, 3), np.uint8))
    with pytest.raises(UserError, match="under 48 pixels"):
        measure_larger.run(bundle, str(tmp_path / "few"))


def test_edges_are_kept_whatever_the_colours() -> None:
    rng = np.random.default_rng(0)
    picture = np.kron(rng.integers(60, 200, (8, 8, 1)), np.ones((8, 8, 3))).astype(np.uint8)
    lighter, moved = picture + 40, np.roll(picture, 4, axis=1)
    assert measures.edges_kept(picture, picture) == pytest.approx(1)
    assert measures.edges_kept(picture, lighter.astype(np.uint8)) == pytest.approx(1)
    assert measures.edges_kept(picture, moved) < 0.6


def test_what_has_no_figure_is_null_everywhere(sorts: Path, tmp_path: Path) -> None:
    bundle = tiny("srgan", sorts / "a", tmp_path)
    before = json.loads((bundle.path / "card.json").read_text())
    card = cards.write(
        bundle, None, split="test", pictures=1, size=(8, 8), hashes={"data": "x"},
        figures={"none": float("nan"), "list": [np.float32(2), float("inf")]},
    )  # fmt: skip
    assert card["figures"] == {"none": None, "list": [2.0, None]}
    assert card["sizes"] == before["sizes"]
    assert card == json.loads((bundle.path / "card.json").read_text())
