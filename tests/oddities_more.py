"""More odd files, made by rule: every format, mode, turn, profile, squeeze and break that there is.

With those of `tests.oddities` they are over three hundred, no two alike, and none is shipped.
"""

import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageCms
from PIL.TiffImagePlugin import IFDRational, ImageFileDirectory_v2

from tests.oddities import SIGNATURE, SRGB, Make, bytes_of, chunk, encoded, photo, png, saved

TURNS = range(1, 9)
UPRIGHT = (90, 60)  # (width, height) of what all turned pictures show


def oriented(kind: str, turn: int, **options: Any) -> Make:
    """A picture stored turned, whose EXIF says how, so that it shows as `photo()` upright."""
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM, 5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90, 7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }  # fmt: skip
    image = photo()
    if turn in undo:
        image = image.transpose(undo[turn])
    exif = Image.Exif()
    exif[0x0112] = turn
    return saved(kind, image, exif=exif, **options)


def with_exif(data: bytes) -> Make:
    """A JPEG with just these bytes for its EXIF."""
    return saved("JPEG", exif=b"Exif\0\0" + data)


def packed_bits(depth: int, color: int, *before: bytes) -> bytes:
    """A PNG of 24 x 10 pixels of few bits."""
    row = bytes((i * 37 + 11) % 256 for i in range(24 * depth // 8))
    return png(24, 10, depth, color, b"".join(b"\0" + row for _ in range(10)), *before)


def palette(count: int) -> bytes:
    """The colours of a PNG."""
    return chunk(b"PLTE", bytes((i * 53) % 256 for i in range(3 * count)))


def interlaced() -> bytes:
    """A grey PNG of 8 x 8 in seven passes."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 8, 8, 8, 0, 0, 0, 1))
    passes = ((1, 1), (1, 1), (2, 1), (2, 2), (4, 2), (4, 4), (8, 4))
    rows = b"".join((b"\0" + bytes(range(40, 40 + width))) * height for width, height in passes)
    return SIGNATURE + header + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def floats(*edge: float) -> Image.Image:
    """A float picture from 0 to 1 with a few values that are none, or far beyond."""
    values = np.tile(np.linspace(0, 1, 60, dtype=np.float32), (40, 1))
    values.flat[: len(edge)] = edge
    return Image.fromarray(values)


def psd(channels: int, depth: int = 8, mode: int = 3, side: int = 6) -> bytes:
    """A Photoshop file with nothing but its flat picture."""
    head = b"8BPS" + struct.pack(">H6xHIIHH", 1, channels, side, side, depth, mode)
    plane = bytes((i * 5) % 256 for i in range(side * side * max(depth, 8) // 8))
    return head + b"\0\0\0\0" * 3 + b"\0\0" + plane * channels


def qoi(width: int, height: int, body: bytes) -> bytes:
    """A QOI file."""
    head = b"qoif" + struct.pack(">IIBB", width, height, 3, 0)
    return head + body + b"\0" * 7 + b"\1"


def tiff(values: dict[int, Any], kinds: dict[int, int], data: bytes, order: bytes) -> bytes:
    """A TIFF of one strip, byte for byte."""
    sign = b"II*\0" if order == b"II" else b"MM\0*"
    folder = ImageFileDirectory_v2(prefix=order)
    for tag, value in values.items():
        folder.tagtype[tag] = kinds.get(tag, 3)
        folder[tag] = value
    folder.tagtype[273], folder.tagtype[279] = 4, 4
    folder[273], folder[279] = 0, len(data)  # Pillow counts the strip from the folder's end.
    mark = "<" if order == b"II" else ">"
    return sign + struct.pack(mark + "I", 8) + folder.tobytes(8) + data


def plain_tiff(order: bytes, interpretation: int, bits: int = 8, **more: Any) -> bytes:
    """A grey TIFF of 16 x 8."""
    data = bytes((i * 3) % 256 for i in range(16 * 8 * bits // 8))
    values = {256: 16, 257: 8, 258: bits, 259: 1, 262: interpretation, 277: 1, 278: 8}
    values.update({int(tag[1:]): value for tag, value in more.items()})
    return tiff(values, {282: 5, 283: 5}, data, order)


def gif_frames(**options: Any) -> Make:
    """Frames of which each changes a part."""
    first = photo("P")
    second = first.copy()
    second.paste(9, (30, 20, 50, 40))
    third = second.copy()
    third.paste(3, (0, 0, 8, 8))
    return saved("GIF", first, save_all=True, append_images=[second, third], **options)


def gif_placed(canvas: tuple[int, int], place: tuple[int, int]) -> bytes:
    """A GIF of one colour whose only frame lies somewhere on its canvas."""
    data = encoded("GIF", Image.new("P", (2, 2), 1))
    frame = data.index(b",\0\0\0\0\2\0\2\0") + 1
    spot = struct.pack("<HH", *place)
    return data[:6] + struct.pack("<HH", *canvas) + data[10:frame] + spot + data[frame + 4 :]


def jpeg_with(*marks: bytes) -> bytes:
    """A JPEG with more segments right after its start."""
    data = encoded("JPEG")
    return data[:2] + b"".join(marks) + data[2:]


def segment(kind: int, body: bytes) -> bytes:
    """A segment of a JPEG."""
    return bytes((0xFF, kind)) + struct.pack(">H", len(body) + 2) + body


def profile(space: str) -> bytes:
    """A colour profile."""
    return ImageCms.ImageCmsProfile(ImageCms.createProfile(space)).tobytes()  # type: ignore[arg-type]


def pnm(text: str, data: bytes) -> bytes:
    """A portable map."""
    return text.encode() + data


def clearing(mode: str) -> Image.Image:
    """A picture that fades away, where its mode knows that."""
    image = photo(mode, (53, 37))
    if mode in ("LA", "RGBA"):
        image.putalpha(photo("L", (53, 37)))
    return image


def _modes() -> dict[str, Make]:
    """What each format can hold."""
    found: dict[str, Make] = {}
    modes = {
        "PNG": ("1", "L", "LA", "P", "RGB", "RGBA"),
        "TIFF": ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr"),
        "BMP": ("1", "L", "P", "RGB", "RGBA"),
        "GIF": ("1", "L", "P"),
        "TGA": ("L", "LA", "P", "RGB", "RGBA"),
        "PPM": ("1", "L", "RGB"),
        "WEBP": ("L", "RGB", "RGBA"),
        "AVIF": ("L", "RGB", "RGBA"),
        "JPEG2000": ("L", "LA", "RGB", "RGBA"),
        "QOI": ("RGB", "RGBA"),
        "JPEG": ("L", "RGB", "CMYK"),
    }
    for kind, each in modes.items():
        for mode in each:
            name = f"mode {mode} {kind.lower()}.{kind.lower()}"
            found[name] = saved(kind, clearing(mode))
    return found


def _sizes() -> dict[str, Make]:
    """From a pixel to very long."""
    found: dict[str, Make] = {}
    for width, height in ((1, 2), (2, 1), (3, 3), (7, 5), (1, 20_000), (20_000, 1), (20_000, 30)):
        found[f"size {width} x {height}.png"] = saved("PNG", photo(size=(width, height)))
    for width, height in ((1, 1), (2, 1), (65_000, 1), (20_000, 20), (17, 33)):
        found[f"size {width} x {height}.jpg"] = saved("JPEG", photo(size=(width, height)))
    found["size 16383 x 1.webp"] = saved("WEBP", photo(size=(16_383, 1)))
    found["size 1 x 1.gif"] = saved("GIF", photo("P", (1, 1)))
    found["size 1 x 1.tif"] = saved("TIFF", photo(size=(1, 1)))
    found["size 1 x 1.bmp"] = saved("BMP", photo(size=(1, 1)))
    found["large and flat.png"] = saved("PNG", Image.new("L", (3000, 3000), 80))
    return found


def _turns() -> dict[str, Make]:
    """Every way that a camera can be held, in each format that can say so."""
    found: dict[str, Make] = {}
    for turn in TURNS:
        found[f"turn {turn}.jpg"] = oriented("JPEG", turn, quality=95)
        found[f"turn {turn}.png"] = oriented("PNG", turn)
        found[f"turn {turn}.webp"] = oriented("WEBP", turn, lossless=True)
        found[f"turn {turn}.tif"] = oriented("TIFF", turn)
    for turn in (0, 9, 255, 65_535):
        found[f"turned by {turn}.jpg"] = oriented("JPEG", turn)
    return found


def _told() -> dict[str, Make]:
    """What files say of themselves, true or not."""
    end = struct.pack("<I", 0)
    loop = b"II*\0" + struct.pack("<IH", 8, 0) + struct.pack("<I", 8)
    far = b"II*\0" + struct.pack("<I", 0xFFFFFFF0)
    many = b"II*\0" + struct.pack("<IH", 8, 65_535)
    heavy = struct.pack("<IHHHII", 8, 1, 0x010E, 2, 0x7FFFFFFF, 26)
    found: dict[str, Make] = {
        "exif empty.jpg": with_exif(b""),
        "exif garbage.jpg": with_exif(bytes(range(200))),
        "exif torn.jpg": with_exif(b"MM\0*\0\0\0\x08\0\x05\x01\x12"),
        "exif loop.jpg": with_exif(loop),
        "exif far.jpg": with_exif(far),
        "exif many.jpg": with_exif(many),
        "exif heavy.jpg": with_exif(b"II*\0" + heavy + end),
        "exif garbage.png": saved("PNG", exif=b"Exif\0\0garbage"),
        "exif garbage.webp": saved("WEBP", exif=b"Exif\0\0garbage"),
        "profile of lab.jpg": saved("JPEG", icc_profile=profile("LAB")),
        "profile of xyz.jpg": saved("JPEG", icc_profile=profile("XYZ")),
        "profile srgb.png": saved("PNG", icc_profile=SRGB),
        "profile srgb.webp": saved("WEBP", icc_profile=SRGB),
        "profile srgb.tif": saved("TIFF", icc_profile=SRGB),
        "profile srgb.avif": saved("AVIF", icc_profile=SRGB),
        "profile of rgb on grey.jpg": saved("JPEG", photo("L"), icc_profile=SRGB),
        "profile of rgb on alpha.png": saved("PNG", photo("RGBA"), icc_profile=SRGB),
        "profile of rgb on palette.png": saved("PNG", photo("P"), icc_profile=SRGB),
        "profile of zeros.png": saved("PNG", icc_profile=bytes(5000)),
        "profile of zeros.jpg": saved("JPEG", icc_profile=bytes(70_000)),
        "profile torn.jpg": saved("JPEG", icc_profile=SRGB[:130]),
        "comment.jpg": bytes_of(jpeg_with(segment(0xFE, b"x" * 60_000))),
        "many segments.jpg": bytes_of(
            jpeg_with(*(segment(0xE0 + n, bytes(3000)) for n in range(3, 13)))
        ),
        "after the end.jpg": bytes_of(encoded("JPEG") + b"tail" * 1000),
        "after the end.gif": bytes_of(encoded("GIF") + b"tail" * 1000),
        "unknown chunk.png": bytes_of(packed_bits(8, 0, chunk(b"prVt", bytes(900)))),
        "gamma.png": bytes_of(packed_bits(8, 0, chunk(b"gAMA", struct.pack(">I", 45_455)))),
        "gamma of 0.png": bytes_of(packed_bits(8, 0, chunk(b"gAMA", bytes(4)))),
        "physical.png": bytes_of(packed_bits(8, 0, chunk(b"pHYs", struct.pack(">IIB", 9, 0, 1)))),
        "dots.jpg": saved("JPEG", dpi=(65_535, 1)),
    }
    return found


def _squeezed() -> dict[str, Make]:
    """How pixels are packed."""
    found: dict[str, Make] = {
        f"{way} {mode}.tif": saved("TIFF", photo(mode), compression=way)
        for way, mode in (
            ("tiff_lzw", "RGB"), ("tiff_adobe_deflate", "RGB"), ("packbits", "L"), ("jpeg", "RGB"),
            ("group3", "1"), ("group4", "1"), ("tiff_lzw", "CMYK"), ("tiff_deflate", "RGBA"),
        )
    }  # fmt: skip
    found |= {
        f"squeezed {q}, {s}.jpg": saved("JPEG", quality=q, subsampling=s)
        for q, s in ((1, 2), (100, 0), (50, 1), (10, 0))
    }
    found |= {
        "restarts.jpg": saved("JPEG", restart_marker_blocks=2),
        "progressive grey.jpg": saved("JPEG", photo("L"), progressive=True),
        "progressive cmyk.jpg": saved("JPEG", photo("CMYK"), progressive=True),
        "optimised.jpg": saved("JPEG", optimize=True),
        "lossless.webp": saved("WEBP", lossless=True),
        "worst.webp": saved("WEBP", quality=1),
        "clear and lossy.webp": saved("WEBP", photo("RGBA"), quality=20),
        "lossless.jp2": saved("JPEG2000", irreversible=False, num_resolutions=2),
        "lossy.jp2": saved("JPEG2000", irreversible=True, quality_layers=[40]),
        "in tiles.jp2": saved("JPEG2000", tile_size=(32, 32)),
        "bare.j2k": saved("JPEG2000", no_jp2=True),
        "worst.avif": saved("AVIF", quality=1),
        "best.avif": saved("AVIF", quality=100, subsampling="4:4:4"),
        "packed.tga": saved("TGA", compression="tga_rle"),
        "upside down.tga": saved("TGA", orientation=1),
        "stored.png": saved("PNG", compress_level=0),
        "seven passes.png": bytes_of(interlaced()),
        **{f"{depth} bits grey.png": bytes_of(packed_bits(depth, 0)) for depth in (1, 2, 4, 8)},
        **{
            f"{depth} bits of colours.png": bytes_of(packed_bits(depth, 3, palette(2**depth)))
            for depth in (1, 2, 4, 8)
        },
        "16 bits grey and clear.png": bytes_of(
            png(8, 8, 16, 4, b"".join(b"\0" + bytes(range(32)) for _ in range(8)))
        ),
        "16 bits and clear.png": bytes_of(
            png(4, 8, 16, 6, b"".join(b"\0" + bytes(range(32)) for _ in range(8)))
        ),
        "one grey is clear.png": bytes_of(packed_bits(8, 0, chunk(b"tRNS", b"\0\x0b"))),
        "few colours.png": bytes_of(packed_bits(8, 3, palette(4))),
    }
    return found


def _deep() -> dict[str, Make]:
    """More than eight bits, other than integers, other than RGB."""
    whole = np.arange(2400, dtype=np.int32).reshape(40, 60)
    return {
        "not a number.tif": saved("TIFF", floats(np.nan, np.inf, -np.inf)),
        "high dynamic range.tif": saved("TIFF", floats(50.0, 400.0, 65_504.0)),
        "below nothing.tif": saved("TIFF", floats(-3.0, -0.1)),
        "all the same float.tif": saved("TIFF", Image.fromarray(np.full((9, 9), 7, np.float32))),
        "all that is none.tif": saved("TIFF", Image.fromarray(np.full((9, 9), np.nan, np.float32))),
        "32 bits.tif": saved("TIFF", Image.fromarray(whole * 800_000)),
        "32 bits below nothing.tif": saved("TIFF", Image.fromarray(whole - 1200)),
        "16 bits dark.png": saved("PNG", Image.fromarray((whole // 40).astype(np.uint16))),
        "16 bits.pgm": bytes_of(
            pnm("P5 8 4 65535\n", (np.arange(32) * 2000).astype(">u2").tobytes())
        ),
        "10 bits.pgm": bytes_of(pnm("P5 8 4 1023\n", np.arange(32, dtype=">u2").tobytes())),
        "words.ppm": bytes_of(pnm("P3 2 2 255\n", b"1 2 3 40 50 60 7 8 9 100 200 250\n")),
        "words.pgm": bytes_of(pnm("P2 # a remark\n3 1\n9\n", b"0 5 9\n")),
        "floats.pfm": bytes_of(pnm("Pf 4 2 -1.0\n", np.linspace(0, 2, 8, dtype="<f4").tobytes())),
        "little end.tif": bytes_of(plain_tiff(b"II", 1)),
        "big end.tif": bytes_of(plain_tiff(b"MM", 1)),
        "white is nothing.tif": bytes_of(plain_tiff(b"II", 0)),
        "big end of 16.tif": bytes_of(plain_tiff(b"MM", 1, 16)),
        "four bits.tif": bytes_of(plain_tiff(b"II", 1, 4)),
        "odd dots.tif": bytes_of(plain_tiff(b"II", 1, t282=IFDRational(1, 0))),
        "flat.psd": bytes_of(psd(3)),
        "grey.psd": bytes_of(psd(1, mode=1)),
        "clear.psd": bytes_of(psd(4)),
        "cmyk.psd": bytes_of(psd(4, mode=4)),
        "plain.qoi": bytes_of(qoi(3, 1, b"\xfe\x0a\x14\x1e\xc1")),
    }


def _moving() -> dict[str, Make]:
    """Pictures that move show their first frame."""
    clear = [photo("RGBA").rotate(90 * n) for n in (1, 2)]
    return {
        "kept.gif": gif_frames(disposal=1),
        "cleared.gif": gif_frames(disposal=2),
        "brought back.gif": gif_frames(disposal=3),
        "for ever.gif": gif_frames(loop=0, duration=0),
        "clear.gif": gif_frames(transparency=3),
        "placed.gif": bytes_of(gif_placed((6, 6), (3, 3))),
        "placed beyond.gif": bytes_of(gif_placed((3, 3), (2, 2))),
        "clear and moving.webp": saved("WEBP", photo("RGBA"), save_all=True, append_images=clear),
        "lossless and moving.webp": saved(
            "WEBP", photo(), save_all=True, append_images=[photo().rotate(9)], lossless=True
        ),
        "moving.avif": saved("AVIF", photo(), save_all=True, append_images=[photo().rotate(9)]),
        "clear and moving.png": saved("PNG", photo("RGBA"), save_all=True, append_images=clear),
        "first is hidden.png": saved(
            "PNG", photo(), save_all=True, append_images=[photo().rotate(9)], default_image=True
        ),
        "many pages.tif": saved(
            "TIFF", photo("L"), save_all=True, append_images=[photo("RGB"), photo("1")]
        ),
        "two views.mpo": saved("MPO", photo(), save_all=True, append_images=[photo().rotate(9)]),
    }


def _misnamed() -> dict[str, Make]:
    """What a file is called says nothing of what it is."""
    pairs = (
        ("PNG", "jpg"), ("PNG", "tif"), ("JPEG", "webp"), ("WEBP", "png"), ("TIFF", "jpg"),
        ("GIF", "png"), ("BMP", "gif"), ("AVIF", "jpg"), ("JPEG2000", "png"), ("PPM", "bmp"),
    )  # fmt: skip
    return {
        f"{kind.lower()} called {ending}.{ending}": saved(kind, photo(size=(31, 17 + number)))
        for number, (kind, ending) in enumerate(pairs)
    }


def _cut() -> dict[str, Make]:
    """Every format, ended too soon."""
    found: dict[str, Make] = {}
    for kind in ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "PPM", "AVIF", "QOI"):
        data = encoded(kind, photo(size=(200, 150)))
        for share in (0.02, 0.5):
            name = f"cut at {share:.0%}.{kind.lower()}"
            found[name] = bytes_of(data[: max(int(len(data) * share), 13)])
    return found


def _signed() -> dict[str, Make]:
    """The first bytes of a format, and nothing of it."""
    signs = {
        "png": SIGNATURE, "jpg": b"\xff\xd8\xff\xe0", "gif": b"GIF89a", "tif": b"II*\0",
        "bmp": b"BM", "webp": b"RIFF\xff\xff\0\0WEBPVP8 ", "psd": b"8BPS\0\1", "qoi": b"qoif",
        "jp2": b"\0\0\0\x0cjP  \r\n\x87\n", "avif": b"\0\0\0\x1cftypavif", "ppm": b"P6 ",
    }  # fmt: skip
    noise = np.random.default_rng(7).integers(0, 256, 700, np.uint8).tobytes()
    return {f"only begun.{ending}": bytes_of(sign + noise) for ending, sign in signs.items()}


def _huge() -> dict[str, Make]:
    """More pixels than there is memory, in few bytes."""
    side = 60_000
    sizes = struct.pack(">II", side, side)
    webp = b"VP8X" + struct.pack("<I", 10) + b"\0" * 4 + struct.pack("<I", 16_382)[:3] * 2
    return {
        "huge.ppm": bytes_of(pnm(f"P6 {side} {side} 255\n", b"abc")),
        "huge.qoi": bytes_of(qoi(side, side, b"\xfe\1\2\3")),
        "huge.psd": bytes_of(
            b"8BPS" + struct.pack(">H6xHIIHH", 1, 3, 30_000, 30_000, 8, 3) + b"\0" * 14
        ),
        "huge.tga": bytes_of(struct.pack("<BBB5xHHHHBB", 0, 0, 2, 0, 0, side, side, 24, 0)),
        "huge.tif": bytes_of(plain_tiff(b"II", 1, t256=side, t257=side)),
        "huge.webp": bytes_of(b"RIFF" + struct.pack("<I", 22) + b"WEBP" + webp),
        "huge header.png": bytes_of(
            SIGNATURE + chunk(b"IHDR", sizes + bytes((8, 2, 0, 0, 0))) + chunk(b"IEND", b"")
        ),
        "huge.pgm": bytes_of(pnm("P5 99999999999 1 255\n", b"a")),
        "no size.ppm": bytes_of(pnm("P6 0 0 255\n", b"")),
        "no size.bmp": bytes_of(encoded("BMP")[:18] + bytes(8) + encoded("BMP")[26:]),
        "no size.png": bytes_of(png(0, 0, 8, 2, b"")),
    }


def _others() -> dict[str, Make]:
    """Files of other kinds, some of which a library here could open."""
    found: dict[str, Make] = {
        f"other.{kind.lower()}": saved(kind, photo("RGB" if kind != "XBM" else "1", (48, 48)))
        for kind in ("ICO", "PCX", "SGI", "DDS", "XBM", "EPS", "ICNS")
    }
    starts = {
        "page.html": b"<!DOCTYPE html><p>no picture</p>", "notes.json": b'{"a": [1, 2]}',
        "sound.wav": b"RIFF\x24\0\0\0WAVEfmt ", "sound.mp3": b"ID3\x04\0\0\0\0\0\0",
        "packed.gz": b"\x1f\x8b\x08\0\0\0\0\0", "packed.7z": b"7z\xbc\xaf\x27\x1c",
        "light.exr": b"\x76\x2f\x31\x01\x02\0\0\0", "light.hdr": b"#?RADIANCE\n\n-Y 1 +X 1\n",
        "letter.docx": b"PK\3\4\x14\0\6\0", "camera.cr3": b"\0\0\0\x18ftypcrx \0\0\0\1",
        "stars.fits": b"SIMPLE  =                    T", "font.ttf": b"\0\1\0\0\0\x0f\0\x80",
        "lone.json": b"[" * 5000, "zeros.jpg": bytes(5000), "spaces.png": b" " * 5000,
        "line ends.png": SIGNATURE.replace(b"\r\n", b"\n") + bytes(300),
        "mark before.jpg": b"\xef\xbb\xbf" + encoded(
            "JPEG"
        ), "zero before.png": b"\0" + encoded("PNG"),
        "text of a picture.png": encoded("PNG").hex().encode(),
    }  # fmt: skip
    return found | {name: bytes_of(data) for name, data in starts.items()}


MORE_PICTURES: dict[str, Make] = (
    _modes() | _sizes() | _turns() | _told() | _squeezed() | _deep() | _moving() | _misnamed()
)
MORE_REFUSED: dict[str, Make] = _cut() | _signed() | _huge() | _others()


def distinct(paths: list[Path]) -> int:
    """How many different contents there are."""
    return len({path.read_bytes() for path in paths})
