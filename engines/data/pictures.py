"""Reading and writing pictures and layouts; a stranger's broken file gives one clear sentence."""

import contextlib
import io
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from engines import files
from engines.data.spec import PaletteClass, palette
from engines.errors import UserError

Pixels = npt.NDArray[np.uint8]
UNPAINTED = 255
MAX_PIXELS = 120_000_000  # As float32 RGB this is 1.4 GB; larger pictures come in tiles some day.

Image.MAX_IMAGE_PIXELS = None  # Our own limit is checked before anything is decoded.


@contextlib.contextmanager
def opened(path: Path) -> Iterator[Image.Image]:
    """A picture whose header is read and whose size is sane; UserError otherwise."""
    try:
        with warnings.catch_warnings(), Image.open(path) as image:
            warnings.simplefilter("ignore")
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
        turned = image.getexif().get(0x0112) in (5, 6, 7, 8)
        return image.size if turned else (image.height, image.width)


def read_picture(path: Path) -> Pixels:
    """Any picture as sRGB, uint8 (H, W, 3): upright, alpha over white, the first frame of many."""
    with opened(path) as image:
        upright = ImageOps.exif_transpose(image)
        return np.asarray(_srgb(upright))


def _srgb(image: Image.Image) -> Image.Image:
    profile = image.info.get("icc_profile")
    if image.mode.startswith(("I", "F")):
        values = np.asarray(image, np.float64)
        top = 65535.0 if values.max(initial=0) > 255 else 255.0
        return Image.fromarray((values.clip(0, top) * 255 / top).astype(np.uint8)).convert("RGB")
    if image.mode in ("P", "LA", "PA", "RGBA", "La", "RGBa") or "transparency" in image.info:
        layered = image.convert("RGBA")
        white = Image.new("RGBA", layered.size, "white")
        image = Image.alpha_composite(white, layered)
    if profile and image.mode in ("RGB", "RGBA", "CMYK", "L"):
        flat = image.convert("RGB") if image.mode == "RGBA" else image
        # A profile that does not fit its picture is common; the plain conversion is then best.
        with contextlib.suppress(ImageCms.PyCMSError, OSError, ValueError):
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            converted = ImageCms.profileToProfile(
                flat, source, ImageCms.createProfile("sRGB"), outputMode="RGB"
            )
            if converted is not None:
                return converted
    return image.convert("RGB")


def read_layout(path: Path, classes: tuple[PaletteClass, ...]) -> Pixels:
    """A layout as ids, uint8 (H, W): 8-bit indexed or grey is ids, RGB is exact class colours."""
    with opened(path) as image:
        if image.mode in ("P", "L", "1"):
            ids = np.asarray(image, np.uint8)
        elif image.mode in ("RGB", "RGBA"):
            ids = _by_color(np.asarray(image.convert("RGB")), classes, path)
        else:
            raise UserError(
                f"The layout {path.name} is {image.mode}, but must be an 8-bit indexed or grey PNG "
                "(class ids) or RGB with exact class colours; save it so."
            )
    wrong = (ids >= len(classes)) & (ids != UNPAINTED)
    if wrong.any():
        y, x = np.argwhere(wrong)[0]
        raise UserError(
            f"The layout {path.name} holds class id {ids[y, x]} at ({x}, {y}), but there are only "
            f"the ids 0 to {len(classes) - 1}; repaint it or add the class to classes.json."
        )
    return ids


def _by_color(pixels: Pixels, classes: tuple[PaletteClass, ...], path: Path) -> Pixels:
    keys = pixels.astype(np.uint32) @ np.array([65536, 256, 1], np.uint32)
    known = palette(classes).astype(np.uint32) @ np.array([65536, 256, 1], np.uint32)
    order = np.argsort(known)
    place = np.searchsorted(known[order], keys).clip(max=len(known) - 1)
    wrong = known[order][place] != keys
    if wrong.any():
        y, x = np.argwhere(wrong)[0]
        color = "#{:02x}{:02x}{:02x}".format(*pixels[y, x])
        raise UserError(
            f"The layout {path.name} has the colour {color} at ({x}, {y}), which is no class's; "
            "repaint it with exact class colours and without smoothing."
        )
    ids: Pixels = order[place].astype(np.uint8)
    return ids


def write_layout(path: Path, ids: Pixels, classes: tuple[PaletteClass, ...]) -> None:
    """Write ids (H, W) as an 8-bit indexed PNG in the class colours; 255 is magenta."""
    table = np.full((256, 3), (255, 0, 255), np.uint8)
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
    if size[0] > ids.shape[0] or size[1] > ids.shape[1]:
        rows, columns = (
            (np.arange(new) * old // new) for new, old in zip(size, ids.shape, strict=True)
        )
        grown: Pixels = ids[rows][:, columns]
        return grown
    best = np.full(size, -1.0)
    result = np.zeros(size, np.uint8)
    for value in np.unique(ids):
        share = Image.fromarray((ids == value).astype(np.float32)).resize(
            (size[1], size[0]), Image.Resampling.BOX
        )
        votes = np.asarray(share)
        wins = votes > best
        result[wins], best[wins] = value, votes[wins]
    return result


def resize_picture(rgb: Pixels, size: tuple[int, int]) -> Pixels:
    """Uint8 (H, W, 3) at another size (height, width), by Lanczos."""
    if rgb.shape[:2] == size:
        return rgb
    image = Image.fromarray(rgb).resize((size[1], size[0]), Image.Resampling.LANCZOS)
    return np.asarray(image)
