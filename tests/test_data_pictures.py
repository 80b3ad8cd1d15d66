"""Pictures and layouts: strangers' files, exact ids, majority votes."""

import io
import struct
import tempfile
import zlib
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image, ImageCms, ImageFile

from engines.data.pictures import (
    UNPAINTED,
    read_layout,
    read_picture,
    resize_picture,
    shrink_area,
    shrink_layout,
    size_of,
    write_layout,
    write_picture,
)
from engines.data.spec import DataSpec, PaletteClass, palette
from engines.errors import UserError

CLASSES = (
    PaletteClass("sky", "#87cefa"),
    PaletteClass("water", "#1450c8"),
    PaletteClass("sand", "#e8d28c"),
)
Ids = npt.NDArray[np.uint8]


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png_header(width: int, height: int) -> bytes:
    """A PNG that promises so many grey pixels and holds a few bytes."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(100)))
    return b"\x89PNG\r\n\x1a\n" + body + chunk(b"IEND", b"")


def noise(height: int, width: int) -> Ids:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)


# What cannot be read gives one sentence that names the file.


@pytest.mark.parametrize("read", [size_of, read_picture, lambda p: read_layout(p, CLASSES)])
@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("text.png", b"dear diary, " * 50, "not a picture"),
        ("empty.png", b"", "not a picture"),
        ("bomb.png", png_header(30_000, 30_000), "30000 x 30000"),
        ("half.png", b"\x89PNG\r\n\x1a\n" + b"\0" * 9, "half.png"),
    ],
)
def test_hostile_headers(tmp_path: Path, read, name: str, content: bytes, says: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(UserError, match=says) as caught:
        read(path)
    assert name in str(caught.value)
    assert str(caught.value).count("\n") == 0


def test_a_truncated_picture_has_a_size_but_cannot_be_read(tmp_path: Path) -> None:
    for ending in ("png", "jpg", "webp"):
        path = tmp_path / f"torn.{ending}"
        Image.fromarray(noise(64, 48)).save(path)
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
        with pytest.raises(UserError, match=f"torn.{ending} is broken"):
            read_picture(path)
        if ending != "webp":  # Its decoder wants the whole file for the header.
            assert size_of(path) == (64, 48)


def test_a_promise_of_pixels_that_are_not_there(tmp_path: Path) -> None:
    path = tmp_path / "lies.png"
    path.write_bytes(png_header(2000, 2000))
    with pytest.raises(UserError, match=r"lies\.png"):
        read_picture(path)


def test_missing_files_and_folders(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no file"):
        read_picture(tmp_path / "nothing.png")
    with pytest.raises(UserError, match="a folder"):
        read_picture(tmp_path)
    (tmp_path / "gone.png").symlink_to(tmp_path / "nowhere")
    with pytest.raises(UserError, match="no file"):
        size_of(tmp_path / "gone.png")
    with pytest.raises(UserError, match="broken"):
        read_picture(tmp_path / ("x" * 300 + ".png"))


def test_forbidden_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **options: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Image, "open", refuse)
    (tmp_path / "secret.png").touch()
    with pytest.raises(UserError, match="may not be read"):
        read_picture(tmp_path / "secret.png")


def crumbs(kind: str, count: int) -> bytes:
    """A small picture before whose pixels so many empty pieces stand."""
    buffer = io.BytesIO()
    Image.new("RGB", (6, 4), "red").save(buffer, "PNG" if kind in ("abCd", "IDAT") else "JPEG")
    data = buffer.getvalue()
    if kind in ("abCd", "IDAT"):
        place = data.index(b"IDAT") - 4
        return data[:place] + chunk(kind.encode(), b"") * count + data[place:]
    return data[:2] + {"segments": b"\xff\xe5\x00\x02", "fill": b"\xff"}[kind] * count + data[2:]


@pytest.mark.parametrize("kind", ["abCd", "IDAT", "segments", "fill"])
def test_a_heap_of_empty_pieces_is_refused_unread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    path = tmp_path / "heap.picture"
    path.write_bytes(crumbs(kind, 9_000))
    assert size_of(path) == (4, 6)
    assert read_picture(path).shape == (4, 6, 3)
    path.write_bytes(crumbs(kind, 9_000) + bytes(1_000_000))  # Nobody reads what follows.
    assert size_of(path) == (4, 6)
    path.write_bytes(crumbs(kind, 100_000))
    looked: list[object] = []
    monkeypatch.setattr(Image, "open", lambda *args, **options: looked.append(args))
    for read in (size_of, read_picture):
        with pytest.raises(UserError, match=r"heap\.picture is made of far too many pieces"):
            read(path)
    assert not looked


def test_a_torn_jpeg_is_broken_and_no_heap(tmp_path: Path) -> None:
    path = tmp_path / "torn.jpg"
    path.write_bytes(b"\xff\xd8\xff\xe5\x00\x02\xff")
    with pytest.raises(UserError, match=r"not a picture|broken"):
        read_picture(path)


# What can be read comes as upright sRGB.


def test_sixteen_bit_grey_keeps_its_brightness(tmp_path: Path) -> None:
    values = np.array([[0, 257, 32896, 65535]], np.uint16)
    Image.fromarray(values).save(tmp_path / "deep.png")
    assert read_picture(tmp_path / "deep.png")[0, :, 0].tolist() == [0, 1, 128, 255]
    Image.fromarray(np.array([[0, 200]], np.uint16)).save(tmp_path / "dark.png")
    assert read_picture(tmp_path / "dark.png").max() <= 1  # 200 of 65535 is nearly black.


def test_float_grey_reaches_to_one_and_nan_is_no_trap(tmp_path: Path) -> None:
    Image.fromarray(np.array([[0, 0.5, 1, np.nan]], np.float32)).save(tmp_path / "f.tif")
    grey = read_picture(tmp_path / "f.tif")[0, :, 1]
    assert grey[0] == 0
    assert abs(int(grey[1]) - 128) <= 1
    assert grey[2] == 255


def test_cmyk_jpeg(tmp_path: Path) -> None:
    Image.new("CMYK", (8, 8), (0, 255, 255, 0)).save(tmp_path / "ink.jpg", quality=95)
    picture = read_picture(tmp_path / "ink.jpg")
    assert picture.shape == (8, 8, 3)
    assert picture[4, 4, 0] > 230
    assert picture[4, 4, 1] < 25


def test_palette_with_transparency_lies_on_white(tmp_path: Path) -> None:
    image = Image.frombytes("P", (2, 1), bytes([0, 1]))
    image.putpalette([200, 0, 0, 0, 0, 200])
    image.save(tmp_path / "p.png", transparency=0)
    assert read_picture(tmp_path / "p.png").tolist() == [[[255, 255, 255], [0, 0, 200]]]
    Image.new("RGBA", (1, 1), (255, 0, 0, 51)).save(tmp_path / "a.png")
    assert read_picture(tmp_path / "a.png")[0, 0].tolist() == [255, 204, 204]


@pytest.mark.parametrize("ending", ["gif", "webp", "png"])
def test_the_first_frame_of_many(tmp_path: Path, ending: str) -> None:
    frames = [Image.new("RGB", (6, 4), color) for color in ("red", "lime", "blue")]
    path = tmp_path / f"moving.{ending}"
    options = {"lossless": True} if ending == "webp" else {}
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=50, **options)
    picture = read_picture(path)
    assert picture.shape == (4, 6, 3)
    assert (picture == [255, 0, 0]).all()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation(tmp_path: Path, orientation: int) -> None:
    upright = np.zeros((4, 6, 3), np.uint8)
    upright[0, 0] = 255  # The mark belongs into the upper left corner.
    turns = {
        1: lambda a: a, 2: lambda a: a[:, ::-1], 3: lambda a: a[::-1, ::-1],
        4: lambda a: a[::-1], 5: lambda a: a.transpose(1, 0, 2),
        6: lambda a: np.rot90(a, 1), 7: lambda a: np.rot90(a, 2).transpose(1, 0, 2),
        8: lambda a: np.rot90(a, -1),
    }  # fmt: skip
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = np.ascontiguousarray(turns[orientation](upright))
    path = tmp_path / "turned.png"
    Image.fromarray(stored).save(path, exif=exif)
    assert size_of(path) == (4, 6)
    assert np.array_equal(read_picture(path), upright)


def test_exif_behind_the_pixels_turns_both_size_and_picture(tmp_path: Path) -> None:
    path = tmp_path / "late.png"
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (6, 4)).save(path, exif=exif)
    data = path.read_bytes()
    start = data.index(b"eXIf") - 4
    end = start + 12 + int.from_bytes(data[start : start + 4])
    late = data.index(b"IEND") - 4
    path.write_bytes(data[:start] + data[end:late] + data[start:end] + data[late:])
    assert size_of(path) == (6, 4)
    assert read_picture(path).shape == (6, 4, 3)


def test_a_size_is_read_without_the_pixels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_picture(tmp_path / "p.png", noise(5, 7))
    monkeypatch.setattr(ImageFile.ImageFile, "load", lambda image: pytest.fail("it was decoded"))
    assert size_of(tmp_path / "p.png") == (5, 7)


@pytest.mark.parametrize(
    ("ending", "mode"),
    [("png", "RGB"), ("png", "RGBA"), ("png", "P"), ("png", "I;16"), ("jpg", "RGB"), ("jpg", "L")],
)
def test_a_bound_gives_the_picture_made_smaller(tmp_path: Path, ending: str, mode: str) -> None:
    path = tmp_path / f"large.{ending}"
    y, x = np.mgrid[:600, :1000].astype(np.float32)
    waves = np.stack([np.sin(x / 70), np.cos(y / 50), np.sin((x + y) / 90)], 2)
    image = Image.fromarray(((waves + 1) * 127).astype(np.uint8))
    if mode == "RGBA":
        image.putalpha(Image.fromarray((y / 600 * 255).astype(np.uint8)))
    elif mode == "I;16":
        image = Image.fromarray(((waves[..., 0] + 1) * 32767).astype(np.uint16))
    else:
        image = image.convert(mode)
    image.save(path)
    whole = read_picture(path)
    assert np.array_equal(read_picture(path, 1000), whole)
    small = read_picture(path, 200)
    assert small.shape == (120, 200, 3)
    apart = np.abs(small.astype(int) - resize_picture(whole, (120, 200)))
    assert apart.mean() < 2
    assert apart.max() < 30


def test_a_colour_profile_is_applied_and_a_broken_one_ignored(tmp_path: Path) -> None:
    grey = Image.new("RGB", (4, 4), (100, 100, 100))
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for name, profile in (("same", srgb), ("unfit", lab), ("broken", b"no profile")):
        grey.save(tmp_path / f"{name}.png", icc_profile=profile)
        assert read_picture(tmp_path / f"{name}.png")[0, 0].tolist() == [100, 100, 100], name
    # Red and blue change places: the profile's colorant tags are swapped.
    swapped = srgb.replace(b"rXYZ", b"tmp!").replace(b"bXYZ", b"rXYZ").replace(b"tmp!", b"bXYZ")
    Image.new("RGB", (4, 4), (255, 0, 0)).save(tmp_path / "swap.png", icc_profile=swapped)
    red, _, blue = read_picture(tmp_path / "swap.png")[0, 0].tolist()
    assert blue > 200 > 60 > red


@pytest.mark.parametrize("name", ["a" * 196 + ".png", "海の絵 — größe.png", "with space .png"])
def test_one_pixel_and_odd_names(tmp_path: Path, name: str) -> None:
    write_picture(tmp_path / name, np.full((1, 1, 3), 7, np.uint8))
    assert size_of(tmp_path / name) == (1, 1)
    assert read_picture(tmp_path / name).tolist() == [[[7, 7, 7]]]


# Layouts.


@settings(max_examples=20)
@given(hnp.arrays(np.uint8, hnp.array_shapes(min_dims=2, max_dims=2, max_side=9),
                  elements=st.sampled_from([0, 1, 2, UNPAINTED])))  # fmt: skip
def test_layouts_come_back_as_written(ids: Ids) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "layout.png"
        write_layout(path, ids, CLASSES)
        assert np.array_equal(read_layout(path, CLASSES), ids)
        image = Image.open(path)
        assert image.mode == "P"
        shown = np.asarray(image.convert("RGB"))
        painted = ids != UNPAINTED
        assert np.array_equal(shown[painted], palette(CLASSES)[ids[painted]])
        assert (shown[~painted] == [255, 0, 255]).all()


def test_grey_ids_and_exact_colours_are_the_same_layout(tmp_path: Path) -> None:
    ids = np.array([[0, 1, 2], [2, 2, 1]], np.uint8)
    Image.fromarray(ids).save(tmp_path / "grey.png")
    Image.fromarray(palette(CLASSES)[ids]).save(tmp_path / "rgb.png")
    Image.fromarray(palette(CLASSES)[ids]).convert("RGBA").save(tmp_path / "rgba.png")
    for name in ("grey", "rgb", "rgba"):
        assert np.array_equal(read_layout(tmp_path / f"{name}.png", CLASSES), ids), name


def test_an_unknown_id_is_named_with_its_place(tmp_path: Path) -> None:
    ids = np.zeros((4, 5), np.uint8)
    ids[3, 2] = 3
    Image.fromarray(ids).save(tmp_path / "bad.png")
    with pytest.raises(UserError, match=r"bad\.png holds class id 3 at \(2, 3\)"):
        read_layout(tmp_path / "bad.png", CLASSES)


def test_an_unknown_colour_is_named_with_its_place(tmp_path: Path) -> None:
    shown = palette(CLASSES)[np.zeros((4, 5), np.uint8)]
    shown[1, 4] = 0x87, 0xCE, 0xFB  # one off in blue, as smoothing would leave it
    Image.fromarray(shown).save(tmp_path / "soft.png")
    with pytest.raises(UserError, match=r"#87cefb at \(4, 1\)"):
        read_layout(tmp_path / "soft.png", CLASSES)


def test_sixteen_bits_are_no_layout(tmp_path: Path) -> None:
    Image.fromarray(np.zeros((2, 2), np.uint16)).save(tmp_path / "deep.png")
    with pytest.raises(UserError, match="8-bit"):
        read_layout(tmp_path / "deep.png", CLASSES)


# Sizes.


def test_majority_by_hand() -> None:
    ids = np.array([[0, 0, 1, 2], [0, 1, 2, 2], [2, 1, 1, 0], [1, 2, 0, 1]], np.uint8)
    # Blocks: 0 0 0 1 -> 0; 1 2 2 2 -> 2; 2 1 1 2 -> a tie, 1; 1 0 0 1 -> a tie, 0.
    assert shrink_layout(ids, (2, 2)).tolist() == [[0, 2], [1, 0]]


@settings(max_examples=50)
@given(st.integers(1, 4), st.integers(1, 4), st.integers(1, 4), st.integers(1, 4), st.data())
def test_majority_by_brute_force(
    high: int, wide: int, down: int, across: int, data: st.DataObject
) -> None:
    ids = data.draw(hnp.arrays(np.uint8, (high * down, wide * across),
                               elements=st.sampled_from([0, 1, 2, 3, 255])))  # fmt: skip
    expected = np.zeros((high, wide), np.uint8)
    for y in range(high):
        for x in range(wide):
            block = ids[y * down : (y + 1) * down, x * across : (x + 1) * across]
            expected[y, x] = np.bincount(block.ravel(), minlength=256).argmax()
    assert np.array_equal(shrink_layout(ids, (high, wide)), expected)


@settings(max_examples=50)
@given(
    hnp.arrays(np.uint8, hnp.array_shapes(min_dims=2, max_dims=2, max_side=12),
               elements=st.integers(0, 4)),
    st.tuples(st.integers(1, 15), st.integers(1, 15)),
)  # fmt: skip
def test_any_other_size_invents_no_class(ids: Ids, size: tuple[int, int]) -> None:
    result = shrink_layout(ids, size)
    assert result.shape == size
    assert set(np.unique(result)) <= set(np.unique(ids))


def test_growing_repeats_pixels() -> None:
    ids = np.array([[0, 1], [2, 3]], np.uint8)
    assert shrink_layout(ids, (4, 6)).tolist() == [
        [0, 0, 0, 1, 1, 1], [0, 0, 0, 1, 1, 1], [2, 2, 2, 3, 3, 3], [2, 2, 2, 3, 3, 3],
    ]  # fmt: skip


def test_resized_pictures_keep_flat_colours() -> None:
    flat = np.full((10, 7, 3), (9, 99, 199), np.uint8)
    for size in ((3, 3), (20, 30), (10, 7)):
        result = resize_picture(flat, size)
        assert result.shape == (*size, 3)
        assert (result == (9, 99, 199)).all()


# Facts.


@pytest.mark.parametrize("color", ["#12345", "123456", "#gg0000", "", None, 7, ["#", "0"]])
def test_colours_that_are_none(color: str) -> None:
    with pytest.raises(UserError, match="colour"):
        PaletteClass("sky", color)


def test_facts_survive_json() -> None:
    spec = DataSpec("layout", (32, 48), 5, 3, CLASSES, ("fog", "snow"), "abc")
    assert DataSpec.from_json(spec.to_json()) == spec
    broken = spec.to_json()
    del broken["size"]
    with pytest.raises(UserError, match="data facts"):
        DataSpec.from_json(broken)


def test_written_pictures_are_whole_pngs(tmp_path: Path) -> None:
    rgb = noise(5, 9)
    write_picture(tmp_path / "p.png", rgb)
    assert np.array_equal(read_picture(tmp_path / "p.png"), rgb)
    assert Image.open(io.BytesIO((tmp_path / "p.png").read_bytes())).format == "PNG"
    assert [p.name for p in tmp_path.iterdir()] == ["p.png"]


@given(
    st.tuples(*[st.integers(1, 60)] * 2),
    st.tuples(*[st.integers(1, 60)] * 2),
    st.integers(0, 2**32 - 1),
)
def test_a_changed_area_is_all_that_needs_to_be_shrunk_again(
    old: tuple[int, int], new: tuple[int, int], seed: int
) -> None:
    rng = np.random.default_rng(seed)
    ids = rng.integers(0, 4, old).astype(np.uint8)
    small = shrink_layout(ids, new).copy()
    top, left = (int(rng.integers(0, side)) for side in old)
    bottom, right = (
        int(rng.integers(a + 1, side + 1)) for a, side in zip((top, left), old, strict=True)
    )
    ids[top:bottom, left:right] = rng.integers(0, 4, (bottom - top, right - left))
    place, part = shrink_area(ids, new, (top, left, bottom, right))
    small[place[0] : place[2], place[1] : place[3]] = part
    assert (small == shrink_layout(ids, new)).all()
