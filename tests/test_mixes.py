"""Styles mixed of pictures, whole and by region, in a request."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from engines.errors import UserError
from engines.mixes import Mix, Mixed
from engines.ports import Moments, Regional
from engines.request import Request
from engines.runtime import tiles
from engines.runtime.bundle import Bundle
from engines.runtime.places import SHIPPED
from engines.runtime.render import Cache, render, unmixed, wired
from engines.runtime.sessions import Sessions

SIZE = (128, 128)


@pytest.fixture(scope="module")
def sessions() -> Sessions:
    return Sessions("cpu")


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return Bundle.open(SHIPPED / "vista")


@pytest.fixture(scope="module")
def pictures() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    warm, cold = (
        np.zeros((256, 256, 3), np.uint8) + np.uint8(c) for c in ([220, 90, 20], [20, 60, 160])
    )
    return tuple(p + rng.integers(0, 30, p.shape, np.uint8) for p in (warm, cold))


def asked(bundle: Bundle, **values: Any) -> Request:
    layout = np.zeros(SIZE, np.uint8)
    layout[64:] = 4
    return Request(bundle.hash, SIZE, {"layout": layout, **values})


def made(bundle: Bundle, request: Request, sessions: Sessions) -> np.ndarray:
    return list(render(bundle, request, sessions))[-1].picture


def read(bundle: Bundle, sessions: Sessions, picture: np.ndarray) -> np.ndarray:
    port = next(p for p in bundle.target.inputs if p.name == "style")
    return wired(bundle, asked(bundle, photo=picture), port, sessions)


def test_what_is_read_off_a_picture_is_found_by_the_wires(bundle: Bundle) -> None:
    ports = {port.name: port for port in bundle.target.inputs}
    assert bundle.pictured(ports["style"]).name == "photo"
    assert bundle.pictured(ports["attributes"]) is None
    survey = replace(
        bundle.graphs[0],
        inputs=(*bundle.target.outputs,),
        outputs=(Moments("style", regional=True, channels=(2,)),),
    )
    alike = replace(
        bundle,
        graphs=(
            survey,
            replace(bundle.target, inputs=(*bundle.target.outputs, survey.outputs[0]), outputs=()),
        ),
    )
    # A picture that the target itself takes is what is painted anew, and no style.
    assert alike.pictured(survey.outputs[0]) is None


def test_one_picture_is_as_if_it_were_given_itself(
    bundle: Bundle, sessions: Sessions, pictures: tuple[np.ndarray, ...]
) -> None:
    warm, cold = pictures
    one = made(bundle, asked(bundle, style=Mixed((Mix((warm, cold), (3.0, 0.0)),))), sessions)
    assert np.array_equal(one, made(bundle, asked(bundle, photo=warm), sessions))
    none = made(bundle, asked(bundle, style=Mixed((Mix(),))), sessions)
    assert np.array_equal(none, made(bundle, asked(bundle), sessions))
    assert np.abs(one.astype(float) - none).mean() > 2


def test_a_mix_is_the_weighted_mean_of_vectors(
    bundle: Bundle, sessions: Sessions, pictures: tuple[np.ndarray, ...]
) -> None:
    a, b = (read(bundle, sessions, picture) for picture in pictures)
    assert np.abs(a - b).max() > 0.1
    mixed = Mixed((Mix(pictures, (1.0, 3.0)),))
    found = unmixed(bundle, asked(bundle, style=mixed), sessions).values["style"]
    assert isinstance(found, Regional)
    assert found.table == pytest.approx((0.25 * a + 0.75 * b)[None], abs=1e-5)
    assert not found.regions.any()


def test_each_region_has_its_own(
    bundle: Bundle, sessions: Sessions, pictures: tuple[np.ndarray, ...]
) -> None:
    regions = np.zeros((32, 32), np.uint8)  # of another size than the picture's
    regions[:, 16:] = 1
    rows = tuple(Mix((picture,), (1.0,)) for picture in pictures)
    request = asked(bundle, style=Mixed(rows, regions))
    found = unmixed(bundle, request, sessions).values["style"]
    a, b = (read(bundle, sessions, picture) for picture in pictures)
    assert found.table == pytest.approx(np.stack([a, b]), abs=1e-6)
    both = made(bundle, request, sessions).astype(float)
    one = made(bundle, asked(bundle, photo=pictures[0]), sessions)
    assert np.abs(both - one)[:, 80:].mean() > 2 * np.abs(both - one)[:, :48].mean()
    assert list(render(bundle, request, sessions))[-1].request is request


def test_encoders_run_once_while_shares_move(
    bundle: Bundle, sessions: Sessions, pictures: tuple[np.ndarray, ...]
) -> None:
    cache = Cache(64_000_000)
    for share in (0.2, 0.5, 0.8):
        request = asked(bundle, style=Mixed((Mix(pictures, (share, 1 - share)),)))
        list(render(bundle, request, sessions, cache))
    assert cache.hits == 4


def test_what_is_told_of_a_large_picture_is_told_of_mixes_too(
    bundle: Bundle, sessions: Sessions, pictures: tuple[np.ndarray, ...]
) -> None:
    request = asked(bundle, style=Mixed((Mix(pictures, (1.0, 1.0)),)))
    frame = list(tiles.paint(bundle, request, sessions))[-1]
    assert frame.request is request
    assert np.array_equal(frame.picture, made(bundle, request, sessions))
    assert "style" not in tiles.known(bundle, request, sessions)  # it was given


def test_a_request_carries_its_mixes(
    bundle: Bundle, sessions: Sessions, pictures: tuple[np.ndarray, ...]
) -> None:
    regions = np.zeros(SIZE, np.uint8)
    regions[:9] = 1
    request = asked(bundle, style=Mixed((Mix(pictures, (0.3, 0.7)), Mix()), regions))
    again = Request.from_json(request.to_json())
    assert again.to_json() == request.to_json()
    assert np.array_equal(made(bundle, again, sessions), made(bundle, request, sessions))


def test_strangers_mixes_are_refused(bundle: Bundle, pictures: tuple[np.ndarray, ...]) -> None:
    plain = json.loads(asked(bundle, style=Mixed((Mix(pictures, (0.3, 0.7)),))).to_json())
    mix = plain["values"]["style"]["mixes"][0]
    flat = {"png": json.loads(asked(bundle).to_json())["values"]["layout"]["png"]}
    for wrong in (
        {"mixes": []},
        {"mixes": [mix], "regions": flat},  # ids without a mix
        {"mixes": [{**mix, "shares": [1.0]}], "regions": None},
        {"mixes": [{**mix, "shares": [-1.0, 2.0]}], "regions": None},
        {"mixes": [{**mix, "shares": [0.0, 0.0]}], "regions": None},
        {"mixes": [{**mix, "shares": [float("nan"), 1.0]}], "regions": None},
        {"mixes": [{"pictures": [flat], "shares": [1.0]}], "regions": None},
        {"mixes": [{"pictures": mix["pictures"] * 9, "shares": [1.0] * 18}], "regions": None},
    ):
        plain["values"]["style"] = wrong
        with pytest.raises(UserError):
            Request.from_json(json.dumps(plain))


def test_a_model_that_reads_no_style_says_so(bundle: Bundle, sessions: Sessions) -> None:
    alone = replace(bundle, graphs=bundle.graphs[1:])
    request = replace(asked(alone, style=Mixed((Mix(),))), model=alone.hash)
    with pytest.raises(UserError, match="reads no style off pictures"):
        list(render(alone, request, sessions))
