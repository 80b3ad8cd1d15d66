"""Odd files: what lands on a canvas in the life of a studio, and what never should."""

import io
import os
import socket
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngInfo

SIGNATURE = b"\x89PNG\r\n\x1a\n"
Make = Callable[[Path], object]


def photo(mode: str = "RGB", size: tuple[int, int] = (90, 60)) -> Image.Image:
    """A picture of soft colours, the same each time."""
    y, x = np.mgrid[: size[1], : size[0]]
    rgb = np.stack([x * 255 // size[0], y * 255 // size[1], (x + y) % 256], -1).astype(np.uint8)
    return Image.fromarray(rgb).convert(mode)


def saved(kind: str, image: Image.Image | None = None, **options: Any) -> Make:
    """Saves a picture in a format, whatever the file is called."""
    return lambda path: path.write_bytes(encoded(kind, image, **options))


def encoded(kind: str, image: Image.Image | None = None, **options: Any) -> bytes:
    """The bytes of a picture in a format."""
    buffer = io.BytesIO()
    (image or photo()).save(buffer, kind, **options)
    return buffer.getvalue()


def bytes_of(data: bytes) -> Make:
    """Writes just this."""
    return lambda path: path.write_bytes(data)


def chunk(kind: bytes, body: bytes) -> bytes:
    """A chunk of a PNG."""
    sum_ = struct.pack(">I", zlib.crc32(kind + body))
    return struct.pack(">I", len(body)) + kind + body + sum_


def png(width: int, height: int, depth: int, color: int, rows: bytes, *before: bytes) -> bytes:
    """A PNG by hand, for what Pillow does not write."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 0))
    data = chunk(b"IDAT", zlib.compress(rows))
    return SIGNATURE + header + b"".join(before) + data + chunk(b"IEND", b"")


def archive(**members: bytes) -> bytes:
    """A zip file; `mimetype` and `stack__xml` are the names mimetype and stack.xml."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in members.items():
            packed.writestr(name.replace("__", ".").replace("_-_", "/"), data)
    return buffer.getvalue()


def frames(kind: str) -> Make:
    """Three frames."""
    rest = [photo().rotate(90), photo().rotate(180)]
    return saved(kind, save_all=True, append_images=rest, duration=50)


def turned() -> Make:
    """A photo of a camera that was held upright."""
    exif = Image.Exif()
    exif[0x0112] = 6
    return saved("JPEG", exif=exif)


def text(keyword: str, value: str) -> Make:
    """A picture that says something of itself."""
    info = PngInfo()
    info.add_itxt(keyword, value)
    return saved("PNG", pnginfo=info)


def spoilt(data: bytes, place: int) -> bytes:
    """With one byte wrong."""
    return data[:place] + bytes([data[place] ^ 255]) + data[place + 1 :]


def sparse(start: bytes, size: int) -> Make:
    """So many bytes that take no room."""

    def make(path: Path) -> None:
        with open(path, "wb") as file:
            file.write(start)
            file.truncate(size)

    return make


def closed(path: Path) -> None:
    """A file that may not be read, except by root."""
    path.write_bytes(encoded("PNG"))
    path.chmod(0)


def listening(path: Path) -> None:
    """A socket."""
    here = Path.cwd()
    with socket.socket(socket.AF_UNIX) as server:
        os.chdir(path.parent)  # Its whole path may be too long for a socket.
        try:
            server.bind(path.name)
        finally:
            os.chdir(here)


def looped(path: Path) -> None:
    """A link to a link to it."""
    other = path.with_name("loop of " + path.name)
    other.symlink_to(path)
    path.symlink_to(other)


def to(target: str) -> Make:
    """A link."""
    return lambda path: path.symlink_to(target)


def missing(path: Path) -> None:
    """Nothing at all."""


def full_folder(path: Path) -> None:
    """A folder with a picture in it."""
    path.mkdir()
    photo().save(path / "a.png")


def folder_with_pipe(path: Path) -> None:
    """A folder that nobody can read to the end."""
    full_folder(path)
    os.mkfifo(path / "b.png")
    (path / "c.png").symlink_to("/dev/zero")


SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9"/></svg>'
BOMB = chunk(b"IHDR", struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0))
SECRET = chunk(b"iTXt", b"pentimento:document\0\0\0\0\0" + b"{" * 300)
GREY16 = b"".join(b"\0" + np.arange(64, dtype=">u2").tobytes() for _ in range(40))
RGB16 = b"".join(b"\0" + np.arange(192, dtype=">u2").tobytes() for _ in range(40))
SIXTEEN = np.arange(2400, dtype=np.uint16).reshape(40, 60)
ORA = b"image/openraster"
STACK = b'<image w="9" h="9"><stack/></image>'

# Those that are pictures, whatever they are called.
PICTURES: dict[str, Make] = {
    "cmyk.jpg": saved("JPEG", photo("CMYK")),
    "cmyk.tif": saved("TIFF", photo("CMYK")),
    "grey.jpg": saved("JPEG", photo("L")),
    "progressive.jpg": saved("JPEG", progressive=True),
    "grey16.png": bytes_of(png(64, 40, 16, 0, GREY16)),
    "rgb16.png": bytes_of(png(64, 40, 16, 2, RGB16)),
    "grey16.tif": saved("TIFF", Image.fromarray(SIXTEEN)),
    "float.tif": saved("TIFF", Image.fromarray(SIXTEEN.astype(np.float32))),
    "lab.tif": saved(
        "TIFF",
        ImageCms.profileToProfile(
            photo(), ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), outputMode="LAB"
        ),
    ),
    "pages.tif": frames("TIFF"),
    "animated.gif": frames("GIF"),
    "animated.webp": frames("WEBP"),
    "animated.png": frames("PNG"),
    "turned.jpg": turned(),
    "profile.jpg": saved("JPEG", icc_profile=SRGB),
    "profile of cmyk on rgb.jpg": saved("JPEG", photo("CMYK"), icc_profile=SRGB),
    "broken profile.png": saved("PNG", icc_profile=SRGB[:200]),
    "one.png": saved("PNG", photo(size=(1, 1))),
    "tall.png": saved("PNG", photo(size=(1, 8000))),
    "wide.png": saved("PNG", photo(size=(8000, 1))),
    "palette.png": saved("PNG", photo("P")),
    "palette with a hole.png": saved("PNG", photo("P"), transparency=3),
    "transparent.png": saved("PNG", photo("RGBA")),
    "all clear.png": saved("PNG", Image.new("RGBA", (50, 40))),
    "grey and clear.png": saved("PNG", photo("LA")),
    "bits.png": saved("PNG", photo("1")),
    "bitmap.bmp": saved("BMP"),
    "plain.ppm": saved("PPM"),
    "targa.tga": saved("TGA"),
    "next.avif": saved("AVIF"),
    "wavelet.jp2": saved("JPEG2000"),
    "Abendröte am Fjord – 夕焼け 🌄.png": saved("PNG"),
    "ab" * 98 + ".png": saved("PNG"),
    "line\nbreak.png": saved("PNG"),
    "100%20 #1 ?'\".png": saved("PNG"),
    "-o.png": saved("PNG"),
    ".png": saved("PNG"),
    "no ending": saved("PNG"),
    "LOUD.PNG": saved("PNG"),
    "a jpeg.png": saved("JPEG"),
    "a picture.txt": saved("PNG"),
    "linked.png": to("a jpeg.png"),
    "garbage in the request.png": text("pentimento:request", '{"size": "\\ud800"}'),
    "garbage in the document.png": text("pentimento:document", '{"format": 1}'),
    "deep garbage.png": text("pentimento:document", "[" * 100_000),
    "much after the end.png": lambda path: path.write_bytes(encoded("PNG") + b"\0" * 9_000_000),
}

# Those that are none.
REFUSED: dict[str, Make] = {
    "broken.jpg": bytes_of(encoded("JPEG")[:500]),
    "broken.png": bytes_of(encoded("PNG")[:200]),
    "wrong inside.png": bytes_of(spoilt(encoded("PNG"), 41)),
    "wrong sum.png": bytes_of(png(64, 40, 16, 2, RGB16, spoilt(SECRET, 100))),
    "broken.gif": bytes_of(encoded("GIF")[:100]),
    "broken.webp": bytes_of(encoded("WEBP")[:100]),
    "broken.tif": bytes_of(encoded("TIFF")[:200]),
    "bomb.png": bytes_of(SIGNATURE + BOMB + chunk(b"IDAT", b"") + chunk(b"IEND", b"")),
    "bomb.gif": bytes_of(b"GIF89a" + b"\xff" * 4 + b"\0\0\0," + b"\0" * 30),
    "bomb.bmp": bytes_of(
        b"BM" + struct.pack("<IHHIIiiHHIIiiII", 99, 0, 0, 54, 40, 60000, 60000, 1, 24, 0, *[0] * 5)
    ),
    "empty.png": bytes_of(b""),
    "empty.ora": bytes_of(b""),
    "empty.onnx": bytes_of(b""),
    "text.png": bytes_of("Grüße, ich bin kein Bild.\n".encode()),
    "text.ora": bytes_of(b"I am no document.\n"),
    "text.onnx": bytes_of(b"I am no model.\n"),
    "drawing.svg": bytes_of(SVG),
    "letter.pdf": bytes_of(b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n"),
    "film.mp4": bytes_of(b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + b"\x01" * 500),
    "film.webm": bytes_of(b"\x1a\x45\xdf\xa3" + b"\x42" * 500),
    "phone.heic": bytes_of(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0" * 500),
    "printer.eps": bytes_of(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EOF\n"),
    "program.png": bytes_of(b"\x7fELF" + bytes(range(256))),
    "archive.ora": bytes_of(archive(a=b"b")),
    "other kind.ora": bytes_of(archive(mimetype=b"application/zip", stack__xml=STACK)),
    "broken.ora": bytes_of(archive(mimetype=ORA, stack__xml=STACK)[:150]),
    "no picture.ora": bytes_of(archive(mimetype=ORA, stack__xml=STACK)),
    "billion laughs.ora": bytes_of(
        archive(
            mimetype=ORA,
            stack__xml=b'<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><image>&b;</image>',
        )
    ),
    "zeros.ora": bytes_of(archive(mimetype=ORA, stack__xml=STACK, mergedimage__png=bytes(10**8))),
    "garbage.ora": bytes_of(
        archive(**{"mimetype": ORA, "stack__xml": STACK, "pentimento_-_document__json": b"[1]"})
    ),
    "missing.png": missing,
    "missing.ora": missing,
    "missing" + "x" * 300 + ".png": missing,
    "missing" + "x" * 300 + ".ora": missing,
    "loop.png": looped,
    "loop.ora": looped,
    "dangling.png": to("nowhere"),
    "pipe.png": os.mkfifo,
    "pipe.ora": os.mkfifo,
    "pipe.onnx": os.mkfifo,
    "pipe": os.mkfifo,
    "linked pipe.png": to("pipe.png"),
    "zeros.png": to("/dev/zero"),
    "device.ora": to("/dev/zero"),
    "device.onnx": to("/dev/zero"),
    "dice.jpg": to("/dev/urandom"),
    "terminal.png": to("/dev/tty"),
    "socket.png": listening,
    "endless.png": sparse(b"", 3 << 30),
    "endless.ora": sparse(b"PK\3\4", 3 << 30),
    "endless.onnx": sparse(b"", 3 << 30),
    "hollow.png": sparse(SIGNATURE, 900_000_000),
}

FOLDERS: dict[str, Make] = {
    "folder": full_folder,
    "folder.png": full_folder,
    "folder.ora": full_folder,
    "folder.onnx": full_folder,
    "empty folder": Path.mkdir,
    "folder with a pipe": folder_with_pipe,
}


def make(home: Path, files: dict[str, Make]) -> list[Path]:
    """Lay out the files; those that this machine cannot have are left out."""
    home.mkdir(exist_ok=True)
    found = []
    for name, make in files.items():
        path = home / name
        try:
            make(path)
        except (KeyError, OSError) as error:  # A format or a kind of file that is not there.
            if isinstance(error, OSError) and not name.startswith(("next", "wavelet")):
                raise
            continue
        found.append(path)
    return found
