"""Three hundred odd pictures: each is read, or refused in one sentence, wherever one is read."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engines.errors import UserError
from studio.document.importing import read_image
from studio.models.opening import look_into
from studio.models.pictures import Dropped
from tests import oddities, oddities_more
from tests.oddities import photo

pytestmark = [
    pytest.mark.timeout(240),
    # The program ignores what Pillow finds untidy; tests would make errors of it.
    pytest.mark.filterwarnings("ignore::UserWarning:PIL"),
]
LEAST = 300


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All of them, in two folders."""
    home = tmp_path_factory.mktemp("odd")
    oddities.make(home / "good", oddities_more.MORE_PICTURES)
    oddities.make(home / "bad", oddities_more.MORE_REFUSED)
    return home


def test_there_are_three_hundred_and_no_two_alike(home: Path, tmp_path: Path) -> None:
    made = [*(home / "good").iterdir(), *(home / "bad").iterdir()]
    assert len(made) == len(oddities_more.MORE_PICTURES) + len(oddities_more.MORE_REFUSED)
    assert oddities_more.distinct(made) == len(made)
    earlier = oddities.PICTURES | oddities.REFUSED | oddities.FOLDERS
    names = {*earlier, *oddities_more.MORE_PICTURES, *oddities_more.MORE_REFUSED}
    assert len(names) == len(earlier) + len(made)  # None takes another's place.
    assert len(names) >= LEAST
    # They are the same each time, but for the time that a film carries.
    for name in ("turn 5.jpg", "worst.avif", "two views.mpo", "only begun.png"):
        make = (oddities_more.MORE_PICTURES | oddities_more.MORE_REFUSED)[name]
        make(tmp_path / name)
        kept = next(path for path in made if path.name == name)
        assert (tmp_path / name).read_bytes() == kept.read_bytes(), name


def sentence(said: str) -> str:
    """What is wrong with a sentence; "" where nothing is."""
    if not said.endswith(".") or "\n" in said or "Traceback" in said or len(said) > 500:
        return said or "nothing was said"
    return ""


def wrong(path: Path, good: bool) -> str:
    """What is wrong with how a file is read; "" where nothing is."""
    found = Dropped.read(path)
    if good != (found.picture is not None):
        return found.problem or "it was taken"
    if found.picture is not None:
        pixels = found.picture.pixels
        if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3:
            return f"it became {pixels.dtype} {pixels.shape}"
        if max(pixels.shape) > 2048:
            return f"it is kept at {pixels.shape}"
    elif fault := sentence(found.problem):
        return fault
    try:
        layer = read_image(path).pixels
        if not good:
            return "it became a layer"
        if layer.dtype != np.uint8 or layer.shape[2] not in (3, 4):
            return f"it became a layer {layer.dtype} {layer.shape}"
    except UserError as error:
        if good or sentence(str(error)):
            return str(error)
    seen = look_into(path, ())
    if good and seen.dropped.picture is None and seen.layout is None:
        return seen.dropped.problem or "nothing was seen in it"
    return ""


@pytest.mark.parametrize("kind", ["good", "bad"])
def test_each_is_read_or_refused_in_a_sentence(kind: str, home: Path) -> None:
    faults = {p.name: wrong(p, kind == "good") for p in sorted((home / kind).iterdir())}
    assert not {name: fault for name, fault in faults.items() if fault}


@pytest.mark.parametrize("ending", ["jpg", "png", "webp", "tif"])
@pytest.mark.parametrize("read", [
    lambda path: Dropped.read(path).picture.pixels,  # type: ignore[union-attr]
    lambda path: read_image(path).pixels[..., :3],
])  # fmt: skip
def test_turned_pictures_stand_upright(
    ending: str, read: Callable[[Path], "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]"],
    home: Path,
) -> None:  # fmt: skip
    upright = np.asarray(photo()).astype(int)
    for turn in oddities_more.TURNS:
        pixels = read(home / "good" / f"turn {turn}.{ending}")
        assert pixels.shape == upright.shape, turn
        assert np.abs(pixels.astype(int) - upright).mean() < 4, turn


def pixels_of(home: Path, name: str) -> "np.ndarray[tuple[int, ...], np.dtype[np.int64]]":
    found = Dropped.read(home / "good" / name).picture
    assert found is not None
    return found.pixels.astype(np.int64)


def test_what_they_show_is_what_was_meant(home: Path) -> None:
    # Inks as Adobe writes them, upside down, are no negative.
    expected = np.asarray(photo("CMYK").convert("RGB")).astype(int)
    assert np.abs(pixels_of(home, "progressive cmyk.jpg") - expected).mean() < 6
    dark, light = (pixels_of(home, f"{name}.tif")[..., 0] for name in ("little end", "big end"))
    assert np.array_equal(dark, light)
    assert np.array_equal(pixels_of(home, "white is nothing.tif")[..., 0], 255 - dark)
    # The first frame, where it lies, and the first page.
    first = np.asarray(photo("P").convert("RGB")).astype(int)
    for way in ("kept", "cleared", "brought back"):
        assert np.abs(pixels_of(home, f"{way}.gif") - first).mean() < 1
    assert pixels_of(home, "placed.gif").shape == (6, 6, 3)
    assert pixels_of(home, "many pages.tif").shape == (60, 90, 3)
    # What is beyond white is white, and what is no number is no matter.
    bright = pixels_of(home, "high dynamic range.tif")
    assert bright[0, :3].min() == 255
    ramp = pixels_of(home, "not a number.tif")[5, :, 0]
    assert (np.diff(ramp) >= 0).all()
    assert ramp[-1] - ramp[0] > 200
    # Sixteen bits lose the lower eight.
    with Image.open(home / "good" / "16 bits.pgm") as image:
        deep = np.asarray(image)
    assert np.abs(pixels_of(home, "16 bits.pgm")[..., 0] - deep // 257).max() <= 1
    assert (pixels_of(home, "mode RGBA png.png") >= 0).all()
    # What fades away shows white.
    faded = pixels_of(home, "mode LA png.png")
    with Image.open(home / "good" / "mode LA png.png") as image:
        grey, alpha = (np.asarray(band).astype(int) for band in image.split())
    assert np.abs(faded[..., 0] - (grey * alpha + 255 * (255 - alpha)) / 255).max() <= 1
