"""Pictures from strangers, further: damage at every place, rare kinds of pixels and layouts."""

import contextlib
import io
import os
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from engines.data import pictures
from engines.data.pictures import (
    read_layout,
    read_picture,
    shrink_layout,
    size_of,
    write_layout,
    write_picture,
)
from engines.data.samples import LabelledSample
from engines.data.sets import open_data
from engines.data.spec import DataSpec, PaletteClass
from engines.errors import UserError
from engines.worlds import vista

CLASSES = (
    PaletteClass("sky", "#87cefa"),
    PaletteClass("tree", "#146e1e"),
    PaletteClass("water", "#1450c8"),
)
WATER = (0x14, 0x50, 0xC8)
RAMP = np.arange(4 * 6 * 3, dtype=np.uint8).reshape(4, 6, 3) * 3
Ids = npt.NDArray[np.uint8]


def as_layout(path: Path) -> Ids:
    return read_layout(path, CLASSES)


def said(path: Path, read: Callable[[Path], object] = read_picture) -> str:
    with pytest.raises(UserError) as caught:
        read(path)
    text = str(caught.value)
    assert path.name in text
    assert text.endswith(".")
    assert "\n" not in text
    return text


def saved(path: Path, image: Image.Image, **options: object) -> Path:
    image.save(path, **options)
    return path


# Damage


@pytest.mark.parametrize("ending", ["PNG", "JPEG", "GIF", "TIFF", "WEBP", "BMP"])
def test_a_file_cut_anywhere_gives_one_sentence(tmp_path: Path, ending: str) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (40, 40, 3), np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(noise).save(buffer, ending)
    whole = buffer.getvalue()
    path = tmp_path / f"part.{ending.lower()}"
    for end in range(0, len(whole) * 9 // 10, max(1, len(whole) // 12)):
        path.write_bytes(whole[:end])
        said(path)


@pytest.mark.filterwarnings("ignore")
def test_flipped_bytes_raise_nothing_else(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    buffer = io.BytesIO()
    Image.fromarray(RAMP).save(buffer, "PNG")
    refused = 0
    for _ in range(100):
        data = bytearray(buffer.getvalue())
        for place in rng.integers(0, len(data), 3):
            data[place] ^= int(rng.integers(1, 256))
        (tmp_path / "x.png").write_bytes(data)
        for read in (read_picture, size_of, as_layout):
            with contextlib.suppress(UserError):
                read(tmp_path / "x.png")
                refused -= 1
            refused += 1
    assert refused > 100


def test_the_limit_of_pixels_is_exact(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "MAX_PIXELS", 24)
    write_picture(tmp_path / "fits.png", RAMP)
    write_picture(tmp_path / "over.png", np.zeros((5, 5, 3), np.uint8))
    assert read_picture(tmp_path / "fits.png").shape == (4, 6, 3)
    # Nothing is decoded on the way to the refusal.
    monkeypatch.setattr(Image.Image, "load", lambda self: pytest.fail("decoded"))
    for read in (read_picture, size_of, as_layout):
        assert "5 x 5" in said(tmp_path / "over.png", read)


def test_formats_that_start_programs_or_hide_pictures_are_not_opened(tmp_path: Path) -> None:
    saved(tmp_path / "a.eps", Image.fromarray(RAMP)).rename(tmp_path / "script.png")
    saved(tmp_path / "icon.ico", Image.fromarray(RAMP).resize((16, 16)))
    for name in ("script.png", "icon.ico"):
        Image.open(tmp_path / name).close()  # Pillow itself would open it.
        assert "known format" in said(tmp_path / name)


def test_all_formats_exist() -> None:
    Image.init()
    assert set(pictures.FORMATS) <= set(Image.OPEN)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
@pytest.mark.parametrize("junk", [b"junk", b"II*\0\xff\xff\xff\xff", b"II*\0\x08\0\0\0\xff\xff1"])
def test_broken_exif_does_not_lose_the_picture(tmp_path: Path, junk: bytes) -> None:
    path = saved(tmp_path / "a.png", Image.fromarray(RAMP), exif=b"Exif\0\0" + junk)
    np.testing.assert_array_equal(read_picture(path), RAMP)
    assert size_of(path) == (4, 6)


def test_no_warning_filter_is_left_behind(tmp_path: Path) -> None:
    write_picture(tmp_path / "a.png", RAMP)
    with pictures.opened(tmp_path / "a.png"), pytest.raises(UserWarning, match="heard"):
        warnings.warn("heard", UserWarning, stacklevel=1)  # Tests make errors of warnings.


# Pixels


def test_lab_and_cmyk_tiffs(tmp_path: Path) -> None:
    white = saved(tmp_path / "lab.tif", Image.new("LAB", (2, 2), (255, 128, 128)))
    assert read_picture(white)[0, 0].min() > 250
    red = saved(tmp_path / "ink.tif", Image.new("CMYK", (2, 2), (0, 255, 255, 0)))
    assert read_picture(red)[0, 0].tolist() == [255, 0, 0]


def test_deep_grey_is_rounded_not_cut(tmp_path: Path) -> None:
    values = np.arange(0, 65536, 77, dtype=np.uint16)[None]
    path = saved(tmp_path / "deep.png", Image.fromarray(values))
    np.testing.assert_array_equal(read_picture(path)[..., 2], np.rint(values / 257))


def test_fine_stripes_melt_into_grey() -> None:
    stripes = np.zeros((33, 40, 3), np.uint8)
    stripes[::2] = 200  # Taking some of the lines would give a moire of black and 200.
    small = pictures.resize_picture(stripes, (16, 20))
    np.testing.assert_allclose(small[2:-2], 100, atol=12)


def test_grey_with_alpha_and_palette_with_several_clear_colours(tmp_path: Path) -> None:
    grey = saved(tmp_path / "la.png", Image.new("LA", (1, 1), (0, 128)))
    assert read_picture(grey)[0].tolist() == [[127, 127, 127]]
    image = Image.frombytes("P", (3, 1), bytes([0, 1, 2]))
    image.putpalette([255, 0, 0, 0, 255, 0, 0, 0, 255])
    path = saved(tmp_path / "p.png", image, transparency=bytes([255, 0, 255]))
    assert read_picture(path)[0].tolist() == [[255, 0, 0], [255, 255, 255], [0, 0, 255]]


# Layouts


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_unpainted_survives_another_program(tmp_path: Path, mode: str) -> None:
    ids = np.array([[0, 1, 2, 255]], np.uint8)
    write_layout(tmp_path / "a.png", ids, CLASSES)
    with Image.open(tmp_path / "a.png") as image:
        saved(tmp_path / "b.png", image.convert(mode))
    np.testing.assert_array_equal(as_layout(tmp_path / "b.png"), ids)


def test_transparent_is_unpainted(tmp_path: Path) -> None:
    image = Image.new("RGBA", (2, 1), (*WATER, 255))
    image.putpixel((1, 0), (9, 9, 9, 0))
    assert as_layout(saved(tmp_path / "a.png", image)).tolist() == [[2, 255]]


def test_shared_colours_are_the_lowest_id_and_magenta_may_be_a_class(tmp_path: Path) -> None:
    classes = (*CLASSES, PaletteClass("lake", "#1450C8"), PaletteClass("flower", "#ff00ff"))
    colors = np.array([[WATER, (255, 0, 255)]], np.uint8)
    path = saved(tmp_path / "a.png", Image.fromarray(colors))
    assert read_layout(path, classes).tolist() == [[2, 4]]


def test_lossy_layouts_are_refused(tmp_path: Path) -> None:
    path = saved(tmp_path / "lossy.jpg", Image.new("L", (8, 8)))
    assert "PNG" in said(path, as_layout)


def ballot(ids: Ids, size: tuple[int, int]) -> npt.NDArray[np.int64]:
    """Each pixel votes in the cell where its centre lies; the lowest of equals wins."""
    votes = np.zeros((*size, 256), int)
    for y, x in np.ndindex(ids.shape):
        row = (2 * y + 1) * size[0] // (2 * ids.shape[0])
        column = (2 * x + 1) * size[1] // (2 * ids.shape[1])
        votes[row, column, ids[y, x]] += 1
    assert votes.sum(-1).min() > 0
    return votes.argmax(-1)


@given(
    hnp.arrays(np.uint8, hnp.array_shapes(min_dims=2, max_dims=2, max_side=11),
               elements=st.sampled_from([0, 1, 7, 255])),
    st.data(),
)  # fmt: skip
@settings(max_examples=60)
def test_majority_at_any_factor_and_in_bands(ids: Ids, data: st.DataObject) -> None:
    size = (data.draw(st.integers(1, ids.shape[0])), data.draw(st.integers(1, ids.shape[1])))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pictures, "BAND_PIXELS", data.draw(st.sampled_from([1, 30, 4_000_000])))
        small = shrink_layout(ids, size)
    assert small.dtype == np.uint8
    np.testing.assert_array_equal(small, ballot(ids, size))


def test_a_line_that_nearest_would_hit_is_outvoted() -> None:
    ids = np.zeros((12, 12), np.uint8)
    ids[1::3] = 1  # the middle row of every three
    assert not shrink_layout(ids, (4, 4)).any()


# Facts


@pytest.mark.parametrize("name", ["", " ", 3, ["sky"], None])
def test_a_class_needs_a_name(name: object) -> None:
    with pytest.raises(UserError, match="name"):
        PaletteClass(name, "#123456")  # type: ignore[arg-type]


def test_colours_with_blanks_and_endless_counts() -> None:
    with pytest.raises(UserError, match="colour"):
        PaletteClass("sky", "#1 2345")
    with pytest.raises(UserError, match="colour"):
        PaletteClass("sky", "#1234567")
    broken = {**DataSpec("image", (8, 8), 1).to_json(), "count": float("inf")}
    with pytest.raises(UserError, match="data facts"):
        DataSpec.from_json(broken)


def test_nothing_half_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(UserError):
        write_picture(tmp_path / "file" / "a.png", RAMP)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_the_fingerprint_covers_layouts_and_tables(tmp_path: Path) -> None:
    ids = np.zeros((4, 6), np.uint8)
    (tmp_path / "classes.json").write_text('[{"id": 0, "name": "sky", "color": "#87cefa"}]')
    (tmp_path / "attributes.csv").write_text("name,fog\na,0.25\n")
    (tmp_path / "splits.csv").write_text("name,split\na,train\n")
    write_picture(tmp_path / "photos" / "a.png", RAMP)
    write_layout(tmp_path / "layouts" / "a.png", ids, CLASSES)

    def mark() -> str:
        return open_data(tmp_path, "layout", (4, 4)).spec.fingerprint

    seen = {mark()}
    assert mark() in seen
    for name in ("classes.json", "attributes.csv", "splits.csv", "layouts/a.png", "photos/a.png"):
        time = (tmp_path / name).stat().st_mtime_ns + 1_000_000_000
        os.utime(tmp_path / name, ns=(time, time))
        assert mark() not in seen, name
        seen.add(mark())


def test_pairs_have_both_sides_in_their_fingerprint(tmp_path: Path) -> None:
    for side in ("source", "target"):
        write_picture(tmp_path / side / "a.png", RAMP)
    (tmp_path / "splits.csv").write_text("name,split\na,train\n")
    seen = {open_data(tmp_path, "paired", (4, 4)).spec.fingerprint}
    for side in ("source", "target"):
        os.utime(tmp_path / side / "a.png", ns=(1, 1))
        seen.add(open_data(tmp_path, "paired", (4, 4)).spec.fingerprint)
    assert len(seen) == 3


def test_a_class_that_one_split_lacks_is_an_attribute_of_both(tmp_path: Path) -> None:
    for group in ("cat", "dog"):
        write_picture(tmp_path / group / "a.png", RAMP)
    (tmp_path / "splits.csv").write_text("name,split\ncat/a,train\ndog/a,val\n")
    for split, expected in (("train", [1, 0]), ("val", [0, 1])):
        data = open_data(tmp_path, "labelled", (4, 4), split)
        assert data.spec.attributes == ("cat", "dog")
        sample = data.fixed(0)
        assert isinstance(sample, LabelledSample)
        assert sample.attributes.tolist() == expected


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
@pytest.mark.parametrize("name", ["classes.json", "attributes.csv", "splits.csv"])
def test_a_pipe_in_place_of_a_table_is_refused_at_once(name: str, tmp_path: Path) -> None:
    vista.make(tmp_path / "set", 2, (32, 32), seed=1)
    table = tmp_path / "set" / name
    table.unlink(missing_ok=True)
    os.mkfifo(table)
    with pytest.raises(UserError, match=f"{name} is no file"):
        open_data(tmp_path / "set", "layout", (32, 32))
