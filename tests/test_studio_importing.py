"""Pictures as layers: what is read of each format, and how they are placed."""

import io
import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from engines.errors import UserError
from studio.document import ora
from studio.document.document import Document
from studio.document.importing import placed, read_image, resize_rgba
from studio.history import History
from tests import oddities

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
# Red and blue change places: the profile's colorant tags are swapped.
SWAPPED = SRGB.replace(b"rXYZ", b"tmp!").replace(b"bXYZ", b"rXYZ").replace(b"tmp!", b"bXYZ")


def soft(height: int = 9, width: int = 14) -> np.ndarray:
    y, x = np.mgrid[:height, :width]
    planes = [x * 255 // width, y * 255 // height, (x + y) * 5, (x * y * 7) % 256]
    return np.stack(planes, 2).astype(np.uint8)


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP", "TGA", "QOI"])
def test_alpha_and_colour_are_read_apart(tmp_path: Path, kind: str) -> None:
    pixels = soft()
    exact = {"exact": True, "lossless": True} if kind == "WEBP" else {}
    Image.fromarray(pixels).save(tmp_path / "Blüte.x", kind, **exact)
    found = read_image(tmp_path / "Blüte.x")
    assert (found.pixels == pixels).all()
    assert found.name == "Blüte"


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "BMP", "PPM"])
def test_what_has_no_alpha_is_opaque(tmp_path: Path, kind: str) -> None:
    pixels = soft()[..., :3]
    Image.fromarray(pixels).save(tmp_path / "a", kind)
    found = read_image(tmp_path / "a").pixels
    assert (found[..., :3] == pixels).all()
    assert (found[..., 3] == 255).all()


@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
def test_lossy_pictures_are_near(tmp_path: Path, kind: str) -> None:
    pixels = soft(64, 64)[..., :3]
    Image.fromarray(pixels).save(tmp_path / "a", kind, quality=95)
    apart = np.abs(read_image(tmp_path / "a").pixels[..., :3].astype(int) - pixels)
    assert apart.mean() < 5


def test_the_first_frame_is_read(tmp_path: Path) -> None:
    frames = [Image.new("P", (5, 4), 0) for _ in range(2)]
    for frame, color in zip(frames, ((9, 200, 30), (255, 0, 0)), strict=True):
        frame.putpalette(color)
    for kind in ("GIF", "TIFF", "PNG"):
        images = frames if kind == "GIF" else [f.convert("RGB") for f in frames]
        images[0].save(tmp_path / "a", kind, save_all=True, append_images=images[1:])
        assert read_image(tmp_path / "a").pixels[1, 1].tolist() == [9, 200, 30, 255]


def test_every_orientation_is_turned_upright(tmp_path: Path) -> None:
    corner = np.zeros((8, 16, 3), np.uint8)
    corner[:4, :8] = 255  # the upper left of what the camera saw
    turns = {
        1: corner,
        2: corner[:, ::-1],
        3: corner[::-1, ::-1],
        4: corner[::-1],
        5: corner.transpose(1, 0, 2),
        6: np.rot90(corner, 1),
        7: corner.transpose(1, 0, 2)[::-1, ::-1],
        8: np.rot90(corner, -1),
    }
    for orientation, stored in turns.items():
        exif = Image.Exif()
        exif[0x0112] = orientation
        for kind in ("PNG", "TIFF", "WEBP"):
            options = {"lossless": True} if kind == "WEBP" else {}
            image = Image.fromarray(np.ascontiguousarray(stored))
            image.save(tmp_path / "a", kind, exif=exif, **options)
            found = read_image(tmp_path / "a").pixels[..., :3]
            assert (found == corner).all(), (orientation, kind)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P"])
@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_colour_profiles_are_converted(tmp_path: Path, mode: str, kind: str) -> None:
    pixels = np.zeros((4, 6, 4), np.uint8)
    pixels[:] = 255, 0, 0, 90
    image = Image.fromarray(pixels)
    image = image if mode == "RGBA" else image.convert("RGB").convert(mode)
    image.save(tmp_path / "a", kind, icc_profile=SWAPPED)
    red, _, blue, alpha = read_image(tmp_path / "a").pixels[0, 0].tolist()
    assert blue > 200 > 60 > red
    assert alpha == (90 if mode == "RGBA" else 255)
    image.save(tmp_path / "a", kind, icc_profile=SRGB)
    same = read_image(tmp_path / "a").pixels[0, 0, :3].astype(int)
    assert np.abs(same - [255, 0, 0]).max() <= 1


@pytest.mark.parametrize("profile", [SWAPPED[:90], b"none", SWAPPED])
def test_a_profile_that_does_not_fit_is_left_out(tmp_path: Path, profile: bytes) -> None:
    Image.new("LA", (3, 3), (77, 40)).save(tmp_path / "a.png", icc_profile=profile)
    assert read_image(tmp_path / "a.png").pixels[1, 1].tolist() == [77, 77, 77, 40]


def linear_grey() -> bytes:
    """A colour profile (ICC.1:2001-04) of grey that is as bright as its numbers."""
    curve = b"curv" + bytes(8)
    white = b"XYZ " + bytes(4) + struct.pack(">3i", 63190, 65536, 54061)
    place = 128 + 4 + 2 * 12
    tags = struct.pack(">I4sII4sII", 2, b"kTRC", place, 12, b"wtpt", place + 12, 20)
    body = tags + curve + white
    head = struct.pack(
        ">I4sI4s4s4s", 128 + len(body), b"lcms", 0x02100000, b"mntr", b"GRAY", b"XYZ "
    )
    head += bytes(12) + b"acsp" + bytes(28) + struct.pack(">3i", 63190, 65536, 54061)
    return head.ljust(128, b"\0") + body


@pytest.mark.parametrize("mode", ["L", "LA"])
def test_a_grey_picture_s_profile_is_for_grey(tmp_path: Path, mode: str) -> None:
    image = Image.new(mode, (3, 3), (55, 40) if mode == "LA" else 55)
    image.save(tmp_path / "a.png", icc_profile=linear_grey())
    found = read_image(tmp_path / "a.png").pixels[1, 1].tolist()
    # sRGB (IEC 61966-2-1) of 55 / 255: 255 (1.055 x^(1 / 2.4) - 0.055)
    assert found[:3] == pytest.approx([129] * 3, abs=2)
    assert found[3] == (40 if mode == "LA" else 255)


def png16(color: int, values: np.ndarray) -> bytes:
    """A 16-bit PNG by hand; values (H, W, C)."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        crc = zlib.crc32(kind + body)
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", crc)

    height, width = values.shape[:2]
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    head = struct.pack(">IIBBBBB", width, height, 16, color, 0, 0, 0)
    parts = chunk(b"IHDR", head), chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


@pytest.mark.parametrize(("color", "channels"), [(0, 1), (2, 3), (4, 2), (6, 4)])
def test_sixteen_bits_become_eight(tmp_path: Path, color: int, channels: int) -> None:
    values = np.random.default_rng(0).integers(0, 65536, (20, 30, channels))
    (tmp_path / "a.png").write_bytes(png16(color, values))
    found = read_image(tmp_path / "a.png").pixels.astype(int)
    exact = values / 257
    rgb = exact if channels >= 3 else exact[..., :1].repeat(3, 2)
    assert np.abs(found[..., :3] - rgb[..., :3]).max() <= 1
    alpha = exact[..., -1] if channels in (2, 4) else 255
    assert np.abs(found[..., 3] - alpha).max() <= 1


def test_sixteen_bit_tiffs_become_eight(tmp_path: Path) -> None:
    values = np.arange(600, dtype=np.uint16).reshape(20, 30) * 109
    Image.fromarray(values).save(tmp_path / "a.tif")
    found = read_image(tmp_path / "a.tif").pixels.astype(int)
    assert np.abs(found[..., 0] - values / 257).max() <= 1


@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_four_inks_become_three_lights(tmp_path: Path, kind: str) -> None:
    inks = np.zeros((16, 32, 4), np.uint8)
    inks[:, :16, 0] = 255  # cyan beside black
    inks[:, 16:, 3] = 255
    Image.fromarray(inks, "CMYK").save(tmp_path / "a", kind)
    found = read_image(tmp_path / "a").pixels.astype(int)
    assert np.abs(found[8, 4] - [0, 255, 255, 255]).max() <= 3
    assert np.abs(found[8, 28] - [0, 0, 0, 255]).max() <= 3


def test_indexed_pictures_keep_their_holes(tmp_path: Path) -> None:
    image = Image.new("P", (4, 2), 1)
    image.putpalette([0, 0, 0, 10, 20, 30])
    image.putpixel((0, 0), 0)
    for kind in ("PNG", "GIF"):
        image.save(tmp_path / "a", kind, transparency=0)
        found = read_image(tmp_path / "a").pixels
        assert found[0, 0, 3] == 0
        assert found[1, 1].tolist() == [10, 20, 30, 255]


def test_an_openraster_file_comes_merged(tmp_path: Path) -> None:
    shown = soft(20, 30)[..., :3]
    ora.write(tmp_path / "Wald.ora", History(Document.blank((20, 30))), shown)
    found = read_image(tmp_path / "Wald.ora")
    assert (found.pixels[..., :3] == shown).all()
    assert found.name == "Wald"
    (tmp_path / "b.ora").write_bytes(b"PK")
    with pytest.raises(UserError, match=r"^b\.ora is broken"):
        read_image(tmp_path / "b.ora")


def test_odd_pictures_come_as_layers_and_what_is_none_is_refused(tmp_path: Path) -> None:
    good, bad = tmp_path / "good", tmp_path / "bad"
    for folder in (good, bad):
        folder.mkdir()
    for path in oddities.make(good, oddities.PICTURES):
        pixels = read_image(path).pixels
        assert pixels.ndim == 3
        assert pixels.shape[2] == 4
        assert pixels.dtype == np.uint8
    kinds = {name: make for name, make in oddities.REFUSED.items() if name.endswith(".png")}
    for path in oddities.make(bad, kinds):
        if os.path.lexists(path) and not path.is_file():
            continue  # Pipes and devices are refused before anything is read.
        with pytest.raises(UserError, match=r"\.$"):
            read_image(path)


def test_a_picture_is_placed_in_the_middle_and_made_smaller_where_it_must() -> None:
    pixels = soft(4, 6)
    sheet = placed(pixels, (10, 10))
    assert (sheet[3:7, 2:8] == pixels).all()
    assert sheet.astype(int).sum() == pixels.astype(int).sum()
    large = np.full((40, 80, 4), 255, np.uint8)
    sheet = placed(large, (10, 10))
    assert (sheet[2:7] == 255).all()  # 5 of 10 rows: half as high as wide
    assert sheet[:2].sum() == sheet[7:].sum() == 0
    assert placed(np.full((1, 500, 4), 255, np.uint8), (3, 3)).any()


def test_clear_pixels_lend_no_colour_when_made_smaller() -> None:
    pixels = np.zeros((8, 8, 4), np.uint8)
    pixels[:] = 255, 0, 0, 0
    pixels[:, :4] = 0, 0, 255, 255
    small = resize_rgba(pixels, (3, 3))
    seen = small[small[..., 3] > 20]
    assert len(seen)
    assert (seen[:, 2] >= 250).all()
    assert (seen[:, 0] <= 5).all()


def test_exported_pngs_say_that_they_are_srgb() -> None:
    from studio.document import png

    with Image.open(io.BytesIO(png.encode(soft()))) as image:
        assert image.info["srgb"] == 0
        assert (np.asarray(image) == soft()).all()
    with Image.open(io.BytesIO(png.encode(soft()[..., 0]))) as image:
        assert "srgb" not in image.info  # Class ids have no colour.
