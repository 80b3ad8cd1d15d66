"""Reading and writing pictures and layouts; a stranger's broken file gives one clear sentence."""

import contextlib
import io
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageCms, ImageOps, PngImagePlugin, UnidentifiedImageError

from engines import files
from engines.data import pieces
from engines.data.spec import PaletteClass, palette
from engines.errors import UserError

Pixels = npt.NDArray[np.uint8]
UNPAINTED = 255
LUMA = (0.299, 0.587, 0.114)  # brightness by red, green and blue: Rec. 601
UNPAINTED_COLOR = (255, 0, 255)
MAX_PIXELS = 120_000_000  # As float32 RGB this is 1.4 GB; larger pictures come in tiles some day.
# Not all that Pillow knows: EPS would start Ghostscript, ICO and the like hide a second picture.
LOSSLESS = ["PNG", "BMP", "GIF", "TIFF", "PPM", "TGA", "QOI"]
FORMATS = [*LOSSLESS, "JPEG", "WEBP", "AVIF", "JPEG2000", "PSD"]
BAND_PIXELS = 65_536  # of a layout in which a vote is held at once
Cells = npt.NDArray[np.intp]
WORDS = frozenset((b"eXIf", b"iTXt", b"tEXt", b"zTXt"))  # pieces of a PNG that may hold EXIF

Image.MAX_IMAGE_PIXELS = None  # Our own limit is checked before anything is decoded.
# A stranger's untidy metadata is no news. Set once: catch_warnings is not safe between threads.
warnings.filterwarnings("ignore", module=r"PIL\.")


class NotExact(UserError):  # noqa: N818 - as UserError, it is a sentence
    """A layout that can be opened, and has pixels that are of no class."""


@contextlib.contextmanager
def opened(path: Path) -> Iterator[Image.Image]:
    """A picture whose header is read and whose size is sane; UserError otherwise."""
    try:
        if path.exists() and not (path.is_file() or path.is_dir()):
            # A pipe keeps its reader waiting for ever, and with it all that waits behind.
            raise UserError(f"{path.name} is a pipe or a device, not a picture; leave it out.")
        if pieces.crumbled(path):
            raise UserError(
                f"{path.name} is made of far too many pieces, as no program writes them; open it "
                "elsewhere and save it anew."
            )
        with Image.open(path, formats=FORMATS) as image:
            width, height = image.size
            if width * height > MAX_PIXELS:
                raise UserError(
                    f"{path.name} is {width} x {height} pixels, more than the "
                    f"{MAX_PIXELS // 1_000_000} million that can be opened; make it smaller."
                )
            yield image
    except UserError:
        raise
    except FileNotFoundError as error:
        raise UserError(f"There is no file {path}; check the name.") from error
    except IsADirectoryError as error:
        raise UserError(f"{path} is a folder, not a picture; choose a file in it.") from error
    except PermissionError as error:
        raise UserError(f"{path.name} may not be read; change its permissions.") from error
    except MemoryError as error:
        raise UserError(
            f"There is not enough memory to open {path.name}; make it smaller or close programs."
        ) from error
    except UnidentifiedImageError as error:
        raise UserError(
            f"{path.name} is not a picture in a known format; save it as PNG or JPEG."
        ) from error
    except Exception as error:  # Pillow's decoders raise what they like on broken files.
        raise UserError(
            f"{path.name} is broken and cannot be read ({error}); restore it or leave it out."
        ) from error


def size_of(path: Path) -> tuple[int, int]:
    """(height, width) from the header alone, as the picture stands after its EXIF orientation."""
    with opened(path) as image:
        return image.size if _orientation(image) in (5, 6, 7, 8) else (image.height, image.width)


def read_picture(path: Path, most: int | None = None) -> Pixels:
    """Any picture as sRGB, uint8 (H, W, 3): upright, alpha over white, the first frame of many.

    At most `most` pixels a side, by Lanczos; a large picture is then shrunk before all else.
    """
    with opened(path) as image:
        if most is None:
            image.load()
            return np.asarray(srgb(upright(image)))
        height, width = _within((image.height, image.width), most)
        image.draft(None, (width, height))  # A JPEG is decoded at a half, a quarter or an eighth.
        image.load()
        pixels = np.asarray(srgb(_shrunk(upright(image), most)))
        return resize_picture(pixels, _within(pixels.shape, most))


def _shrunk(image: Image.Image, most: int) -> Image.Image:
    """A picture of at most so many pixels a side, where its mode can be shrunk as it is."""
    height, width = _within((image.height, image.width), most)
    if (height, width) == (image.height, image.width):
        return image
    if image.mode == "P":
        image = image.convert("RGBA" if "transparency" in image.info else "RGB")
    if image.mode not in ("L", "LA", "RGB", "RGBA", "CMYK") or "transparency" in image.info:
        return image
    small = image.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=2.0)
    small.info = image.info
    return small


def _within(size: tuple[int, ...], most: int) -> tuple[int, int]:
    """(height, width) in the shape of a picture's size, at most so many pixels a side."""
    height, width = size[:2]
    scale = min(1.0, most / max(height, width))
    return max(round(height * scale), 1), max(round(width * scale), 1)


def upright(image: Image.Image) -> Image.Image:
    """A picture turned as its EXIF orientation says."""
    return ImageOps.exif_transpose(image) if _orientation(image) > 1 else image


def _orientation(image: Image.Image) -> int:
    """The EXIF orientation, 1 to 8; 1 where there is none or the metadata is broken."""
    try:
        # Pillow would decode all of a PNG, only to look behind its pixels.
        late = _ends_with_words(image)
        value = (image.getexif() if late else Image.Image.getexif(image)).get(0x0112)
    except Exception:  # The picture itself may still be fine.
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _ends_with_words(image: Image.Image) -> bool:
    """Whether a picture not yet decoded is a PNG that may have EXIF behind its pixels."""
    file = image.fp if isinstance(image, PngImagePlugin.PngImageFile) else None
    if file is None:
        return False
    place = file.tell()
    kinds = [kind for kind, _ in pieces.of_png(file)]
    file.seek(place)
    pixels = kinds.index(b"IDAT") if b"IDAT" in kinds else len(kinds)
    return not WORDS.isdisjoint(kinds[pixels:])


def srgb(image: Image.Image) -> Image.Image:
    """A loaded picture as 8-bit RGB: by its colour profile if it has one, alpha over white."""
    profile = image.info.get("icc_profile")
    if image.mode.startswith(("I", "F")):
        return _grey(np.asarray(image), image.mode).convert("RGB")
    if image.mode in ("P", "LA", "PA", "RGBA", "La", "RGBa") or "transparency" in image.info:
        layered = image.convert("RGBA")
        # Pasted, and not composed: that holds Python's lock, for a second where it is large.
        image = Image.new("RGB", layered.size, "white")
        image.paste(layered, mask=layered)
    if profile and image.mode in ("RGB", "CMYK", "L"):
        # A profile that does not fit its picture is common; the plain conversion is then best.
        with contextlib.suppress(ImageCms.PyCMSError, OSError, ValueError):
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            converted = ImageCms.profileToProfile(
                image, source, ImageCms.createProfile("sRGB"), outputMode="RGB"
            )
            if converted is not None:
                return converted
    return image.convert("RGB")


def _grey(values: npt.NDArray[Any], mode: str) -> Image.Image:
    """Grey of more than 8 bits: integers reach to 65535 (or 255, if none is above), floats to 1, of
    which a hundredth may be brighter than white, as lights are, or no numbers.
    """
    values = values.astype(np.float32)
    known = values.ravel()[:: max(values.size // 1_000_000, 1)]
    known = known[np.isfinite(known)]
    values = np.nan_to_num(values, nan=0.0)
    if mode.startswith("I;16"):
        top = 65535.0
    elif mode == "F" and (not known.size or np.percentile(known, 99) <= 1):
        top = 1.0
    else:
        top = 65535.0 if known.max(initial=0) > 255 else 255.0
    scaled = values.clip(0, top) * np.float32(255 / top)
    return Image.fromarray(np.rint(scaled).astype(np.uint8))


def read_layout(path: Path, classes: tuple[PaletteClass, ...]) -> Pixels:
    """A layout as ids, uint8 (H, W): 8-bit indexed or grey is ids, RGB is exact class colours.

    What is transparent or has UNPAINTED_COLOR is unpainted.
    """
    with opened(path) as image:
        if image.format not in LOSSLESS:
            raise NotExact(
                f"The layout {path.name} is a {image.format}, which blurs class borders; save it "
                "as PNG."
            )
        if image.mode in ("P", "L", "1"):
            ids = np.asarray(image, np.uint8)
        elif image.mode in ("RGB", "RGBA"):
            ids = by_color(np.asarray(image.convert("RGBA")), classes, path)
        else:
            raise NotExact(
                f"The layout {path.name} is {image.mode}, but must be an 8-bit indexed or grey PNG "
                "(class ids) or RGB with exact class colours; save it so."
            )
    wrong = (ids >= len(classes)) & (ids != UNPAINTED)
    if wrong.any():
        y, x = np.argwhere(wrong)[0]
        raise NotExact(
            f"The layout {path.name} holds class id {ids[y, x]} at ({x}, {y}), but there are only "
            f"the ids 0 to {len(classes) - 1}; repaint it or add the class to classes.json."
        )
    return ids


def by_color(pixels: Pixels, classes: tuple[PaletteClass, ...], path: Path) -> Pixels:
    """Ids (H, W) of RGBA (H, W, 4); where classes share a colour, the lowest id."""
    codes = codes_of(np.vstack([palette(classes), [UNPAINTED_COLOR]]).astype(np.uint8))
    ids_of = np.append(np.arange(len(classes)), UNPAINTED).astype(np.uint8)
    order = np.argsort(codes, kind="stable")
    keys = codes_of(pixels)
    place = np.searchsorted(codes[order], keys).clip(max=len(codes) - 1)
    clear = pixels[..., 3] == 0
    wrong = (codes[order][place] != keys) & ~clear
    if wrong.any():
        y, x = np.argwhere(wrong)[0]
        raise NotExact(
            f"The layout {path.name} has the colour #{keys[y, x]:06x} at ({x}, {y}), which is no "
            "class's; repaint it with exact class colours and without smoothing."
        )
    return np.where(clear, np.uint8(UNPAINTED), ids_of[order][place])


def codes_of(colors: Pixels) -> npt.NDArray[np.uint32]:
    """0xrrggbb of colours (..., 3 or 4)."""
    red, green, blue = (colors[..., i].astype(np.uint32) for i in range(3))
    return np.asarray((red << 16) | (green << 8) | blue, np.uint32)


def write_layout(path: Path, ids: Pixels, classes: tuple[PaletteClass, ...]) -> None:
    """Write ids (H, W) as an 8-bit indexed PNG in the class colours."""
    table = np.full((256, 3), UNPAINTED_COLOR, np.uint8)
    table[: len(classes)] = palette(classes)
    image = Image.frombytes("P", (ids.shape[1], ids.shape[0]), np.ascontiguousarray(ids).tobytes())
    image.putpalette(table.ravel().tolist())
    _save(image, path)


def write_picture(path: Path, rgb: Pixels) -> None:
    """Write uint8 (H, W, 3) as PNG."""
    _save(Image.fromarray(rgb), path)


def _save(image: Image.Image, path: Path) -> None:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    files.write_bytes(path, buffer.getvalue())


def shrink_layout(ids: Pixels, size: tuple[int, int]) -> Pixels:
    """Ids (H, W) at another size (height, width): each pixel takes the class that most of it shows.

    Growing repeats pixels. A tie goes to the lower id.
    """
    if ids.shape == size:
        return ids
    return shrink_area(ids, size, (0, 0, ids.shape[0], ids.shape[1]))[1]


def shrink_area(
    ids: Pixels, size: tuple[int, int], area: tuple[int, int, int, int]
) -> tuple[tuple[int, int, int, int], Pixels]:
    """The part of `shrink_layout(ids, size)` in which pixels of an area have a say, and its place.

    Areas are (top, left, bottom, right), ends excluded; the one given is not empty.
    """
    if size[0] > ids.shape[0] or size[1] > ids.shape[1]:
        sources = [np.arange(new) * old // new for new, old in zip(size, ids.shape, strict=True)]
        (top, bottom), (left, right) = (
            np.searchsorted(source, (area[axis], area[axis + 2])).tolist()
            for axis, source in enumerate(sources)
        )
        grown: Pixels = ids[sources[0][top:bottom]][:, sources[1][left:right]]
        return (top, left, bottom, right), grown
    rows, columns = (_cells(old, new) for old, new in zip(ids.shape, size, strict=True))
    top, left = int(rows[area[0]]), int(columns[area[1]])
    bottom, right = int(rows[area[2] - 1]) + 1, int(columns[area[3] - 1]) + 1
    down, across = (
        np.searchsorted(cells, np.arange(first, last + 1))
        for cells, first, last in ((rows, top, bottom), (columns, left, right))
    )
    part = ids[down[0] : down[-1], across[0] : across[-1]]
    down, across = down - down[0], across - across[0]
    low, high = (_pooled(part, extreme, down, across) for extreme in (np.minimum, np.maximum))
    mixed = low != high  # Most cells show one class, and need no vote.
    column = np.repeat(np.arange(right - left), np.diff(across))
    # In bands, since what a vote needs is some 30 bytes a pixel, and borders run here and there.
    step = max(1, BAND_PIXELS * len(low) // part.size)
    for start in range(0, len(low), step):
        stop = min(start + step, len(low))
        voting = mixed[start:stop].any(0)
        if not voting.any():
            continue
        band = part[down[start] : down[stop]][:, voting[column]]
        row = np.repeat(np.arange(stop - start), np.diff(down[start : stop + 1]))
        number = np.cumsum(voting) - 1
        cells = row[:, None] * (number[-1] + 1) + number[column[voting[column]]]
        low[start:stop, voting] = _majority(band, cells, (stop - start, int(number[-1]) + 1))
    return (top, left, bottom, right), low


def _pooled(part: Pixels, ufunc: np.ufunc, down: Cells, across: Cells) -> Pixels:
    """A ufunc's reduction of each cell; cells lie between neighbouring places. A row of cells at a
    time, which is many times as fast as `reduceat` over rows.
    """
    found = np.empty((len(down) - 1, part.shape[1]), np.uint8)
    for row in range(len(found)):
        ufunc.reduce(part[down[row] : down[row + 1]], 0, out=found[row])
    pooled: Pixels = ufunc.reduceat(found, across[:-1], 1)
    return pooled


def _cells(old: int, new: int) -> Cells:
    """The cell of `new` in which the centre of each of `old` pixels lies; none is empty."""
    return (2 * np.arange(old) + 1) * new // (2 * old)


def _majority(ids: Pixels, cells: Cells, size: tuple[int, int]) -> Pixels:
    """The commonest id of each cell, the lowest of equals."""
    present = np.flatnonzero(np.bincount(ids.ravel(), minlength=256))
    code = np.zeros(256, np.intp)
    code[present] = np.arange(len(present))
    ballots = (cells * len(present) + code[ids]).ravel()
    votes = np.bincount(ballots, minlength=size[0] * size[1] * len(present))
    winners: Pixels = present[votes.reshape(*size, -1).argmax(2)].astype(np.uint8)
    return winners


def resize_picture(rgb: Pixels, size: tuple[int, int], *, quick: bool = False) -> Pixels:
    """Uint8 (H, W, 3) at another size (height, width), by Lanczos; where it is `quick` and nothing
    grows, by Hamming's filter, which is a third as wide.
    """
    if rgb.shape[:2] == size:
        return rgb
    shrinks = quick and size[0] <= rgb.shape[0] and size[1] <= rgb.shape[1]
    kind = Image.Resampling.HAMMING if shrinks else Image.Resampling.LANCZOS
    return np.asarray(Image.fromarray(rgb).resize((size[1], size[0]), kind))
