"""The claims about painters of layouts: their figures have closed forms, and they notice."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from engines import claims
from engines.claims import Lab, _paint, cyclegan, pix2pix, spade
from engines.claims._paint import SIDE, Training
from engines.measures import Ids, Picture
from engines.networks.spade import Spade
from engines.recipe import LayoutBatch, PairedBatch, recipe_type
from engines.worlds import vista

CLAIMS = {
    n: c for n, c in claims.known().items() if c.words["recipe"] in ("spade", "pix2pix", "cyclegan")
}
FAST = ("pix2pix-sharp", "spade-layout")
SMALL = {"batch": 3, "steps": 2, "width": 4, "depth": 3, "critic": 4, "patch": "16"}


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    return Lab(tmp_path_factory.mktemp("lab"), seeds=(0, 1), quick=True, say=lambda text: None)


class ByColour(nn.Module):
    """Reads each pixel as the class whose colour is nearest, so class colours without mistake."""

    def forward(self, picture: Tensor) -> Tensor:
        colours = _paint.network_form(vista.palette()[None, None])[0, :, 0].T
        scores: Tensor = -(picture[:, None] - colours[None, :, :, None, None]).square().sum(2)
        return scores


@pytest.fixture
def exact(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(_paint._readers, True, ByColour())


def noise(seed: int, count: int = 3) -> list[Picture]:
    rng = np.random.default_rng(seed)
    return list(rng.integers(0, 120, (count, SIDE, SIDE, 3), dtype=np.uint8))


# Data ---------------------------------------------------------------------------------------------


def test_quarters_make_up_their_landscape(lab: Lab) -> None:
    pictures, layouts = _paint.quarters(lab)
    for i, (picture, ids) in enumerate(_paint.judged(lab)):
        for whole, parts in ((picture, pictures), (ids, layouts)):
            a, b, c, d = parts[4 * i : 4 * i + 4]
            joined = np.concatenate([np.concatenate([a, b], 1), np.concatenate([c, d], 1)])
            np.testing.assert_array_equal(joined, whole)


def test_nothing_that_judges_was_learnt(lab: Lab) -> None:
    learnt = {picture.tobytes() for picture, _ in _paint.learnt(lab)}
    assert not learnt & {picture.tobytes() for picture in _paint.quarters(lab)[0]}


def test_rare_classes_have_no_say() -> None:
    ids = np.zeros((100, 100), np.uint8)
    ids[0], ids[1, :99], ids[2:6] = 3, 5, 7  # 1 %, 0.99 % and 4 %
    assert _paint.common([ids]) == [0, 3, 7]
    assert spade.widespread([ids]) == [0, 7]


def test_batches_pair_a_picture_with_its_own_layout(lab: Lab) -> None:
    paired = Training(lab, recipe_type("pix2pix"), 1, **SMALL)._batch()
    layered = Training(lab, recipe_type("spade"), 1, **spade.SETTINGS | {"batch": 3})._batch()
    assert isinstance(paired, PairedBatch)
    assert isinstance(layered, LayoutBatch)
    source = _paint.network_form(_paint.in_colours(layered.layout.numpy()))
    torch.testing.assert_close(paired.source, source)
    torch.testing.assert_close(paired.target, layered.image)
    known = {}
    for picture, ids in _paint.learnt(lab):
        known[picture.tobytes()] = ids
        known[picture[:, ::-1].tobytes()] = ids[:, ::-1]
    for image, ids in zip(layered.image, layered.layout.numpy(), strict=True):
        np.testing.assert_array_equal(known[_paint.picture_form(image[None]).tobytes()], ids)


# Figures ------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("exact")
def test_the_miou_is_one_of_true_pictures_and_notices_other_layouts(lab: Lab) -> None:
    _, layouts = _paint.quarters(lab)
    made = [_paint.in_colours(ids) for ids in layouts]
    assert _paint.miou(lab, made, layouts) == 1
    assert _paint.miou(lab, made[::-1], layouts) < 0.5
    upper, lower = np.full((SIDE, SIDE), 2, np.uint8), np.full((SIDE, SIDE), 2, np.uint8)
    upper[: SIDE // 2], lower[: SIDE // 4] = 9, 9
    # Of class 9 a half is found; of class 2 all, and half as much again that is not.
    expected = (1 / 2 + 2 / 3) / 2
    assert _paint.miou(lab, [_paint.in_colours(lower)], [upper]) == pytest.approx(expected)


@pytest.mark.usefixtures("exact")
def test_a_uniform_layout_is_kept_or_not(lab: Lab) -> None:
    colours = vista.palette()

    def next_class(ids: Ids) -> Picture:
        return _paint.in_colours(ids + 1)

    def half(ids: Ids) -> Picture:
        picture = _paint.in_colours(ids)
        picture[:, ::2] = colours[12]
        return picture

    classes = [0, 3, 7]
    shares = [spade.kept(lab, m, classes) for m in (_paint.in_colours, half, next_class)]
    assert shares == [1, 0.5, 0]
    assert spade.off(_paint.in_colours, classes, colours) == 0
    apart = np.abs(colours[[1, 4, 8]].astype(float) - colours[classes]).mean()
    assert spade.off(next_class, classes, colours) == pytest.approx(apart)


def test_distances_of_pictures_to_themselves_are_zero_and_grow() -> None:
    real, other = noise(0), noise(1)
    for distance in (
        pix2pix.gradient_distance,
        pix2pix.spectrum_distance,
        pix2pix.colour_distance,
        pix2pix.off,
    ):
        assert distance(real, real) == 0 < distance(other, real)


def test_twice_the_contrast_is_six_decibels_and_twice_the_gradient() -> None:
    real = noise(2)
    twice = [2 * picture for picture in real]
    assert pix2pix.spectrum_distance(twice, real) == pytest.approx(20 * math.log10(2))
    assert pix2pix.gradient_distance(twice, real) == pytest.approx(pix2pix.gradient(real))


def test_colours_are_compared_by_their_common_share() -> None:
    black, white = np.zeros((8, 8, 3), np.uint8), np.full((8, 8, 3), 255, np.uint8)
    assert pix2pix.colour_distance([black], [white]) == 1
    assert pix2pix.colour_distance([black, white], [white]) == 0.5


# The baseline -------------------------------------------------------------------------------------


def test_instance_norm_washes_an_even_condition_out_and_spade_does_not() -> None:
    torch.manual_seed(0)
    x, conditions = torch.randn(2, 6, 8, 8), (torch.zeros(2, 4, 8, 8), torch.ones(2, 4, 8, 8))
    washed, kept = spade.Washed(6, 4), Spade(6, 4)
    torch.testing.assert_close(washed(x, conditions[0]), washed(x, conditions[1]))
    assert (kept(x, conditions[0]) - kept(x, conditions[1])).abs().mean() > 0.1
    uneven = conditions[1].clone()
    uneven[:, :, :4] = 0
    assert (washed(x, conditions[0]) - washed(x, uneven)).abs().mean() > 0.1


def test_every_norm_is_exchanged_and_the_average_has_it(lab: Lab) -> None:
    settings = spade.SETTINGS | {"steps": 1}
    own = Training(lab, recipe_type("spade"), 0, **settings)
    washed = Training(lab, recipe_type("spade"), 0, spade.wash, **settings)
    count = sum(isinstance(m, Spade) for m in own.nets.modules())
    assert count == sum(isinstance(m, spade.Washed) for m in washed.nets.modules()) > 0
    assert not any(isinstance(m, Spade) for m in washed.nets.modules())


# Training -----------------------------------------------------------------------------------------


def test_training_follows_from_its_seed(lab: Lab) -> None:
    def weights(seed: int) -> list[Tensor]:
        training = Training(lab, recipe_type("pix2pix"), seed, **SMALL)
        before = [p.clone() for p in training.nets.parameters()]
        training.advance()
        training.advance()
        assert training.steps == 2
        assert training.seconds > 0
        after = list(training.nets.parameters())
        assert all(not torch.equal(a, b) for a, b in zip(before, after, strict=True))
        return after

    first, again, other = weights(0), weights(0), weights(1)
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert not torch.equal(first[0], other[0])


@pytest.mark.parametrize(
    "name",
    [n if n in FAST else pytest.param(n, marks=pytest.mark.slow) for n in sorted(CLAIMS)],
)
def test_a_quick_look_has_a_value_a_seed(name: str, lab: Lab) -> None:
    result = claims.measure(name, CLAIMS[name], lab, lambda row: None)
    assert result.verdict == "not judged"
    assert result.rows
    for row in result.rows:
        assert np.isfinite([*row.ours, *row.baseline]).all()
        assert len(row.ours) == 2
        assert row.ours != row.baseline


# CycleGAN's figures -------------------------------------------------------------------------------


def test_a_grid_is_seen_and_texture_is_not_taken_for_one() -> None:
    rng = np.random.default_rng(0)
    plain = [rng.integers(0, 200, (64, 64, 3), dtype=np.uint8) for _ in range(8)]
    assert abs(cyclegan.grid(plain)) < 1
    for period in (2, 4):
        rows = (np.arange(64) % period == 0).astype(np.uint8) * 30
        assert cyclegan.grid([picture + rows[:, None, None] for picture in plain]) > 3
        assert cyclegan.grid([picture + rows[None, :, None] for picture in plain]) > 3


def test_scenes_are_found_again_by_their_own_truth() -> None:
    dusk = cyclegan.scenes(0, 4, True)
    assert cyclegan.found(dusk, dusk) == 1
    assert cyclegan.found(dusk[1:] + dusk[:1], dusk) == 0
    assert cyclegan.off(dusk, dusk) == 0
