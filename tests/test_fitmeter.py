"""The layout-fit meter: real layouts are told from odd ones, and the odd place is found."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from engines.data.samples import LayoutSample
from engines.data.sets import open_data
from engines.errors import UserError
from engines.layoutfit import MOST, NAME, LayoutFit, coarse, smooth

Ids = npt.NDArray[np.uint8]
CLASSES = ("sky", "hill", "sea", "sun")


def scene(rng: np.random.Generator) -> Ids:
    """Sky above hills above the sea, and perhaps a sun in the sky."""
    ids = np.zeros((64, 64), np.uint8)
    shore, ridge = rng.integers(38, 50), rng.integers(20, 34)
    x = np.arange(64)
    line = ridge + 4 * np.sin(x / rng.uniform(5, 12) + rng.uniform(0, 6))
    ids[np.arange(64)[:, None] > line] = 1
    ids[shore:] = 2
    if rng.random() < 0.5:
        left = rng.integers(4, 54)
        ids[5:11, left : left + 6] = 3
    return ids


@pytest.fixture(scope="module")
def fit() -> LayoutFit:
    rng = np.random.default_rng(1)
    return LayoutFit.of(CLASSES, [scene(rng) for _ in range(150)])


def scores(fit: LayoutFit, layouts: list[Ids]) -> npt.NDArray[np.float64]:
    verdicts = [fit.judge(ids) for ids in layouts]
    return np.array([v.score for v in verdicts if v is not None])


def test_real_layouts_are_usual_and_odd_ones_are_not(fit: LayoutFit) -> None:
    rng = np.random.default_rng(2)
    real = [scene(rng) for _ in range(60)]
    found = scores(fit, real)
    assert 0.3 < found.mean() < 0.7, "a share of those seen"
    assert (found >= 0).all()
    assert (found <= 1).all()
    turned = scores(fit, [ids[::-1] for ids in real])
    assert np.mean(found[:, None] > turned[None]) > 0.98
    swapped = scores(fit, [np.array([2, 1, 0, 3], np.uint8)[ids] for ids in real])
    assert np.mean(found[:, None] > swapped[None]) > 0.98


def test_the_odd_place_is_the_one_that_was_planted(fit: LayoutFit) -> None:
    rng = np.random.default_rng(3)
    hits = 0
    for _ in range(40):
        ids = scene(rng)
        left = int(rng.integers(4, 44))
        planted = np.zeros(ids.shape, np.bool_)
        planted[2:16, left : left + 14] = True
        ids[planted] = 2  # a sea in the sky
        verdict = fit.judge(ids)
        assert verdict is not None
        hits += verdict.odd_class == 2 and bool(verdict.region[:5].any())
    assert hits >= 36


def test_the_nearest_of_a_known_layout_is_itself(fit: LayoutFit) -> None:
    for number in (0, 70, 149):
        verdict = fit.judge(fit.layouts[number].repeat(8, 0).repeat(8, 1))
        assert verdict is not None
        assert verdict.nearest[0] == number


def test_what_is_unpainted_says_nothing(fit: LayoutFit) -> None:
    assert fit.judge(np.full((64, 64), 255, np.uint8)) is None
    ids = scene(np.random.default_rng(4))
    half = ids.copy()
    half[:, 32:] = 255
    verdict = fit.judge(half)
    assert verdict is not None
    assert not verdict.oddness[:, 8:].any()
    assert not verdict.region[:, 8:].any()


def test_it_is_kept_and_read_again_and_what_is_none_is_refused(
    fit: LayoutFit, tmp_path: Path
) -> None:
    with pytest.raises(UserError, match="export it again"):
        LayoutFit.read(tmp_path)
    fit.write(tmp_path)
    again = LayoutFit.read(tmp_path)
    assert again.classes == fit.classes
    assert np.array_equal(again.layouts, fit.layouts)
    ids = scene(np.random.default_rng(5))
    one, other = fit.judge(ids), again.judge(ids)
    assert one is not None
    assert other is not None
    assert one.score == pytest.approx(other.score, abs=1e-3)
    text = (tmp_path / NAME).read_text("utf-8")
    for wrong in ("", "[]", text[:-40], text.replace('"format": 1', '"format": 9'), "{" * 5000):
        (tmp_path / NAME).write_text(wrong, "utf-8")
        with pytest.raises(UserError, match="export it again"):
            LayoutFit.read(tmp_path)
    with pytest.raises(UserError, match="8 are needed"):
        LayoutFit.of(CLASSES, [ids] * 3)


def test_a_full_file_is_small(tmp_path: Path) -> None:
    rng = np.random.default_rng(6)
    layouts = [rng.integers(0, 4, (16, 16), dtype=np.uint8) for _ in range(MOST)]
    LayoutFit.of(CLASSES, layouts).write(tmp_path)
    assert (tmp_path / NAME).stat().st_size < 300_000


def test_a_coarse_layout_grows_with_smooth_borders() -> None:
    ids = np.zeros((16, 16), np.uint8)
    ids[8:] = 2
    ids[np.arange(16), np.arange(16)] = 1
    large = smooth(ids, (96, 128))
    assert large.shape == (96, 128)
    assert set(np.unique(large)) == {0, 1, 2}
    assert np.mean(coarse(large) == ids) > 0.95
    straight = np.zeros((16, 16), np.uint8)
    straight[:, 8:] = 3
    assert (smooth(straight, (64, 64)) == straight.repeat(4, 0).repeat(4, 1)).all()


def test_a_painted_world_is_told_from_itself_upside_down(vistas: Path) -> None:
    train = open_data(vistas, "layout", (16, 16), "train")
    samples = [s for s in map(train.fixed, range(len(train))) if isinstance(s, LayoutSample)]
    layouts = [s.layout for s in samples]
    fit = LayoutFit.of([c.name for c in train.spec.classes], layouts[8:])
    real, odd = scores(fit, layouts[:8]), scores(fit, [ids[::-1] for ids in layouts[:8]])
    assert real.mean() > odd.mean() + 0.1
