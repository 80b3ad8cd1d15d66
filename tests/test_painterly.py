"""The painter of manners."""

import csv
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from engines.cli import main
from engines.data.pictures import read_picture
from engines.data.scan import scan
from engines.errors import UserError
from engines.worlds import painterly, painterly_motif, painterly_theme
from engines.worlds.painterly_tools import cells, dots, lines, noise, ramp

SIZE = (96, 64)  # width, height


@pytest.fixture(scope="module")
def paintings() -> dict[str, np.ndarray]:
    """The same still life in the same colours in every manner."""
    return {
        name: painterly.paint(name, 7, SIZE, "lagoon", "still life") for name in painterly.MANNERS
    }


def test_there_are_many_manners_and_all_of_them_paint(paintings: dict[str, np.ndarray]) -> None:
    assert len(paintings) >= 24
    for name, picture in paintings.items():
        assert picture.shape == (64, 96, 3), name
        assert picture.dtype == np.uint8, name
        assert picture.astype(float).std() > 12, name


def test_no_two_manners_look_alike(paintings: dict[str, np.ndarray]) -> None:
    """Of one motif in one theme, in colour, in contrast, or in how the surface is broken up."""

    def look(picture: np.ndarray) -> np.ndarray:
        small = picture.astype(np.float64) / 255
        grey = small.mean(-1)
        steps = np.abs(np.diff(grey, axis=0)).mean(), np.abs(np.diff(grey, axis=1)).mean()
        leaps = np.abs(grey[4:] - grey[:-4]).mean() - steps[0]
        return np.array([*small.mean((0, 1)), *small.std((0, 1)), *(5 * np.array([*steps, leaps]))])

    looks = {name: look(picture) for name, picture in paintings.items()}
    apart = {
        (one, other): float(np.abs(looks[one] - looks[other]).max())
        for one, other in combinations(looks, 2)
    }
    nearest = min(apart, key=lambda pair: apart[pair])
    assert apart[nearest] > 0.03, (nearest, apart[nearest])


def test_a_picture_is_a_function_of_its_seed(paintings: dict[str, np.ndarray]) -> None:
    for name in ("impasto", "watercolour", "risograph", "mosaic"):
        again = painterly.paint(name, 7, SIZE, "lagoon", "still life")
        assert np.array_equal(again, paintings[name])
        other = painterly.paint(name, 8, SIZE, "lagoon", "still life").astype(float)
        assert np.abs(other - paintings[name]).mean() > 10


def test_themes_and_motifs_are_the_seeds_unless_given() -> None:
    drawn = [painterly.painting("pastel", seed) for seed in range(300)]
    assert {item.theme for item in drawn} == set(painterly_theme.THEMES)
    assert {item.motif for item in drawn} == set(painterly_motif.MOTIFS)
    assert painterly.painting("pastel", 3, "ember", "sea").theme == "ember"
    warm = painterly.paint("gouache", 5, SIZE, "ember", "sea").mean((0, 1))
    cold = painterly.paint("gouache", 5, SIZE, "nordic", "sea").mean((0, 1))
    assert warm[0] - warm[2] > 40 > cold[0] - cold[2]


@pytest.mark.parametrize("motif", painterly_motif.MOTIFS)
def test_every_motif_holds_several_things(motif: str) -> None:
    theme = painterly_theme.theme("reef", 1)
    subject = painterly_motif.drawn(motif, theme, np.random.default_rng(1), 112, 128)
    things, counts = np.unique(subject.region, return_counts=True)
    assert len(things) >= 5
    assert counts.max() < 0.9 * 112 * 128
    assert subject.colour.min() >= 0
    assert subject.colour.max() <= 1
    assert subject.outline(2).max() > 0.5 > subject.outline(2).mean()


def test_what_does_not_exist_is_refused() -> None:
    for wrong in ({"manner": "cubist"}, {"theme": "grey"}, {"motif": "horse"}, {"seed": -1}):
        asked = {"manner": "felt", "seed": 0, "size": SIZE, **wrong}
        with pytest.raises(ValueError, match="|".join(str(v) for v in wrong.values())):
            painterly.paint(**asked)
    with pytest.raises(ValueError, match="32 to 2048"):
        painterly.paint("felt", 0, (31, 64))


def test_lines_and_dots_cover_what_is_asked_for() -> None:
    y, x = (f.astype(np.float32) for f in np.mgrid[:120, :120])
    for dark in (0.2, 0.5, 0.8):
        wanted = np.full(x.shape, dark, np.float32)
        assert lines(x / 12, wanted, 12).mean() == pytest.approx(dark, abs=0.02)
        assert dots(y, x, wanted, 12, 0.0).mean() == pytest.approx(dark, abs=0.09)
    assert ramp(np.float32([0, 0.25, 0.5, 1, 1.5])).tolist() == [0, 0.5, 1, 0, 1]


def test_cells_are_what_lies_nearest_to_their_centres() -> None:
    cell, edge, y, x = cells(np.random.default_rng(3), (40, 50), 9, 0.8, 0.4)
    rows, columns = np.mgrid[:40, :50]
    apart = np.hypot(rows[..., None] - y, columns[..., None] - x)
    assert np.mean(apart.argmin(-1) == cell) > 0.995  # a centre two cells away is missed
    two = np.sort(apart, -1)
    assert np.abs(edge - (two[..., 1] - two[..., 0]) / 2).max() < 2.5


def test_noise_has_no_lean_and_keeps_its_range() -> None:
    field = noise(np.random.default_rng(0), (200, 200), 6, 3)
    assert abs(field.mean()) < 0.05
    assert 0.2 < field.std() < 0.6
    assert np.abs(field).max() <= 1


def test_a_set_is_written_completed_and_not_mixed(tmp_path: Path) -> None:
    main(["data", "make", "painterly", "--count", "5", "--size", "40x32", "--out", str(tmp_path)])
    pictures = sorted(tmp_path.glob("*.jpg"))
    assert [path.stem for path in pictures] == [f"{i:05d}" for i in range(5)]
    with (tmp_path / "paintings.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["manner"] for row in rows] == list(painterly.MANNERS[:5])
    painted = painterly.paint(rows[2]["manner"], int(rows[2]["seed"]), (40, 32)).astype(float)
    assert np.abs(read_picture(pictures[2]) - painted).mean() < 4
    report = scan(tmp_path, deep=True)
    assert report.kind == "image"
    assert report.pictures == 5
    assert not report.problems

    kept = pictures[0].stat().st_mtime_ns
    pictures[3].write_bytes(pictures[3].read_bytes()[:200])
    done: list[tuple[int, int]] = []
    painterly.make(tmp_path, 6, (40, 32), 0, lambda *at: done.append(at))
    assert done == [(i, 6) for i in range(1, 7)]
    assert pictures[0].stat().st_mtime_ns == kept
    assert read_picture(pictures[3]).shape == (32, 40, 3)
    with pytest.raises(UserError, match="already holds"):
        painterly.make(tmp_path, 6, (40, 32), 1)


def test_the_verb_refuses_sizes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["data", "make", "painterly", "--count", "1", "--out", str(tmp_path / "x")]
    assert main([*asked, "--size", "16x64"]) == 2
    assert "32 to 2048" in capsys.readouterr().err
    assert not (tmp_path / "x").exists()
