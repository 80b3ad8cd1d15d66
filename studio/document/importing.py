"""Pictures of other programs as layers: straight RGBA in sRGB, upright, whatever they were.

What is wrong with one is a UserError of one sentence.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from engines.data.pictures import opened, srgb, upright
from engines.ports import Size

Pixels = npt.NDArray[np.uint8]
_ALPHA = ("P", "PA", "LA", "La", "RGBA", "RGBa")


@dataclass(frozen=True, eq=False)
class Imported:
    """A picture from a file: uint8 (H, W, 4), straight sRGB, and what to call it."""

    pixels: Pixels
    name: str


def read_image(path: Path) -> Imported:
    """PNG, JPEG, WebP, TIFF, BMP, the first frame of a GIF and more; an OpenRaster file merged.

    EXIF orientation and colour profiles are honoured; of 16 bits the upper 8 stay. UserError.
    """
    if path.suffix.lower() == ".ora":
        return Imported(_merged(path), path.stem)
    with opened(path) as image:
        image.load()
        return Imported(rgba(upright(image)), path.stem)


def rgba(image: Image.Image) -> Pixels:
    """A loaded picture as uint8 (H, W, 4), straight sRGB."""
    alpha = None
    if image.mode in _ALPHA or (
        "transparency" in image.info and not image.mode.startswith(("I", "F"))
    ):
        profile = image.info.get("icc_profile")
        grey = image.mode in ("L", "LA", "La")
        layered = image.convert("RGBA")
        alpha = np.asarray(layered.getchannel("A"))
        image = layered.convert("RGB")
        if grey:
            image = image.getchannel("R")  # A grey picture's profile is for grey.
        image.info = {"icc_profile": profile} if profile else {}
    result = np.full((image.height, image.width, 4), 255, np.uint8)
    result[..., :3] = np.asarray(srgb(image))
    if alpha is not None:
        result[..., 3] = alpha
    return result


def placed(pixels: Pixels, size: Size, grow: bool = False) -> Pixels:
    """RGBA in the middle of a clear sheet of `size`, made smaller where it does not fit; `grow`:
    made larger too, so that it just fits.
    """
    height, width = pixels.shape[:2]
    scale = min(size[0] / height, size[1] / width)
    if scale < 1 or grow:
        height, width = max(round(height * scale), 1), max(round(width * scale), 1)
        pixels = resize_rgba(pixels, (height, width))
    sheet = np.zeros((*size, 4), np.uint8)
    top, left = (size[0] - height) // 2, (size[1] - width) // 2
    sheet[top : top + height, left : left + width] = pixels
    return sheet


def resize_rgba(pixels: Pixels, size: Size) -> Pixels:
    """Straight RGBA (H, W, 4) at another size, by Lanczos; what is clear lends no colour."""
    # Pillow weighs colours by their alpha.
    image = Image.fromarray(pixels).resize((size[1], size[0]), Image.Resampling.LANCZOS)
    return np.asarray(image)


def _merged(path: Path) -> Pixels:
    """The merged picture of an OpenRaster file."""
    from studio.document.archive import Archive
    from studio.document.others import merged_picture

    with Archive(path) as archive:
        return merged_picture(archive)
