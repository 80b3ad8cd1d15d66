"""Pictures in tiles: what one go would have painted, in bounded memory, without a seam."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from engines.errors import UserError
from engines.request import Request
from engines.runtime import tiles
from engines.runtime.bundle import Bundle
from engines.runtime.render import render
from engines.runtime.sessions import Sessions, Stale, Stop
from tests import large, untrained

SIZE = (384, 320)
Get = Callable[[str], Bundle]


@pytest.fixture(scope="module")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> Get:
    """Models with random weights by recipe; a number after it is the scale."""
    home, made = tmp_path_factory.mktemp("models"), dict[str, Bundle]()

    def get(name: str) -> Bundle:
        if name not in made:
            recipe, _, scale = name.partition(" ")
            made[name] = untrained.model(
                home / name.replace(" ", ""), recipe, **({"scale": scale} if scale else {})
            )
        return made[name]

    return get


def asked(bundle: Bundle, **more: Any) -> Request:
    return Request(bundle.hash, SIZE, {**large.values(bundle.ports, SIZE), **more}, seed=3)


def both(bundle: Bundle, request: Request) -> tuple[Any, Any]:
    """A request in one go, and in nine tiles."""
    sessions = Sessions(threads=1)
    frames = list(tiles.paint(bundle, request, sessions, whole=0, tile=128))
    assert len(frames) == 9
    assert [f.final for f in frames] == [False] * 8 + [True]
    shares = [f.progress for f in frames]
    assert shares == pytest.approx([n / 9 for n in range(1, 10)])
    return list(render(bundle, request, sessions))[-1].picture, frames[-1].picture


@pytest.mark.parametrize("name", ["srgan 2", "srgan 4", "adain", "photo_style", "spade", "pix2pix"])
def test_tiles_are_what_one_go_paints(name: str, bundles: Get) -> None:
    bundle = bundles(name)
    assert tiles.why_not(bundle) == ""
    one, parts = both(bundle, asked(bundle))
    assert one.std() > 5
    apart = np.abs(one.astype(int) - parts)
    assert apart.max() <= 1  # The overlap leaves half a grey level.
    assert apart.mean() < 0.05


def test_the_statistics_of_a_chosen_part_are_those_of_one_go(bundles: Get) -> None:
    bundle = bundles("adain")
    here = np.zeros(SIZE, bool)
    here[8:40, 8:300] = True  # In the upper tiles only, and more of one than of the next.
    one, parts = both(bundle, asked(bundle, here=here))
    everywhere = both(bundle, asked(bundle))[0]
    assert np.abs(one.astype(int) - everywhere).mean() > 0.5
    assert np.abs(one.astype(int) - parts).max() <= 1


def test_what_the_request_says_of_the_whole_is_taken(bundles: Get) -> None:
    bundle = bundles("adain")
    row = np.random.default_rng(0).uniform(0.5, 1, bundle.target.inputs[1].default.shape)
    one, parts = both(bundle, asked(bundle, moments=row.astype(np.float32)))
    assert np.abs(one.astype(int) - parts).max() <= 1


def test_small_pictures_are_rendered_in_one_go(bundles: Get) -> None:
    bundle = bundles("pix2pix")
    assert len(list(tiles.paint(bundle, asked(bundle), Sessions(threads=1)))) == 1


def test_what_is_made_counts_and_not_what_is_given(bundles: Get) -> None:
    bundle = bundles("srgan 4")
    size = (320, 320)  # which is 1280 x 1280 when it is done
    request = Request(bundle.hash, size, large.values(bundle.ports, size))
    frames = list(tiles.paint(bundle, request, Sessions(threads=1)))
    assert len(frames) == 4
    assert frames[-1].picture.shape == (1280, 1280, 3)


def test_a_model_paints_more_in_tiles_than_it_takes_at_once(bundles: Get) -> None:
    bundle = bundles("spade")
    size = (128, 1088)  # It takes 1024 a side.
    request = Request(bundle.hash, size, large.values(bundle.ports, size))
    with pytest.raises(UserError, match="between"):
        list(render(bundle, request, Sessions(threads=1)))
    picture = list(tiles.paint(bundle, request, Sessions(threads=1)))[-1].picture
    assert picture.shape == (128, 1088, 3)
    with pytest.raises(UserError, match="multiples of 32"):
        tiles.check(bundle, (128, 1100))
    with pytest.raises(UserError, match="smaller size"):
        tiles.check(bundle, (128, 40_000))


def test_what_cannot_be_tiled_says_so_in_a_sentence(bundles: Get) -> None:
    bundle = bundles("cyclegan")
    assert "whole picture" in tiles.why_not(bundle)
    for reason in (tiles.why_not(bundle), tiles.why_not(bundles("ddpm"))):
        assert reason.endswith(".")
        assert reason.count(". ") == 0
    with pytest.raises(UserError, match="choose at most 6 million"):
        list(tiles.paint(bundle, replace(asked(bundle), size=(4096, 4096)), Sessions(threads=1)))
    small = replace(asked(bundle), size=(64, 64))
    assert len(list(tiles.paint(bundle, small, Sessions(threads=1), whole=0))) == 1


def test_painting_ends_between_two_tiles(bundles: Get) -> None:
    bundle, stop = bundles("pix2pix"), Stop()
    frames = tiles.paint(bundle, asked(bundle), Sessions(threads=1), stop=stop, whole=0, tile=128)
    next(frames)
    stop.stop()
    with pytest.raises(Stale):
        next(frames)


@pytest.mark.parametrize(("side", "tile"), [(320, 128), (352, 100), (32, 512), (1056, 500)])
def test_tiles_cover_a_picture_once_and_are_no_larger_than_wanted(
    side: int, tile: int, bundles: Get
) -> None:
    bundle = bundles("spade")
    rows, _ = tiles.cuts(bundle, (side, 64), tile)
    edges = [0, *rows, side]
    sides = np.diff(edges)
    assert all(cut % 32 == 0 for cut in rows)
    assert sides.min() > 0
    assert sides.max() <= max(tile, 32)


def test_seam_energy_tells_a_seam() -> None:
    picture = large.photo((256, 256))
    assert large.seam_energy(picture, [128], [64, 192]) == pytest.approx(1, abs=0.03)
    seamed = picture.copy()
    seamed[128:] = np.clip(seamed[128:].astype(int) + 12, 0, 255)
    assert large.seam_energy(seamed, [128], [64, 192]) > 1.1


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize(("name", "side"), [("adain", 4096), ("srgan 4", 1024)])
def test_4096_pixels_in_bounded_memory_without_a_seam(
    name: str, side: int, bundles: Get, capsys: pytest.CaptureFixture[str]
) -> None:
    command = [sys.executable, "-m", "tests.large", str(bundles(name).path), str(side), str(side)]
    told = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    with capsys.disabled():
        print(
            f"\n{name}: 4096 x 4096 in {told['tiles']} tiles, {told['seconds']:.0f} s, memory grew "
            f"by {told['grown'] / 1e6:.0f} MB, seam energy {told['energy']:.4f} of elsewhere, "
            f"{told['apart']:.0f} of 255 from one go where four tiles meet"
        )
    assert told["tiles"] >= 16
    assert told["grown"] < 700_000_000  # The float32 picture alone would be 200 MB, its maps 8 GB.
    assert told["energy"] < 1.02
    assert told["apart"] <= 1
