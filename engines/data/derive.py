"""Pictures that are made of a picture, so that any folder of photos is a folder of pairs.

What is lost on the way is what a translator learns to bring back: from lines or a sketch the
surfaces, from grey the colours, from small pictures the detail (Isola 2017, arXiv:1611.07004,
section 4, draws edges and takes colours away as well).
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from PIL import Image

from engines.data.pictures import LUMA, Pixels
from engines.errors import UserError, choose

_Luma = npt.NDArray[np.float64]
SMALLER = 4  # times, of small pictures
WHITE = 0.85  # of paper at least
_FINE = 1.0  # pixels: what is finer than this draws no line
_EDGES = (0.7, 0.88)  # shares of the pixels with a weaker slope than lines go on at, and begin at
_SOFT = 5.0  # pixels: a sketch shades what differs from its surroundings of this size


def edges(picture: Pixels) -> Pixels:
    """Dark lines, one pixel wide, on white (Canny 1986)."""
    from skimage.feature import canny  # It takes its time, and the studio reads the names alone.

    weak, strong = _EDGES
    luma = _luma(picture)
    if np.ptp(luma) < 1 / 255:  # Of an even picture rounding would draw lines.
        return np.full_like(picture, 255)
    lines = canny(luma, _FINE, weak, strong, use_quantiles=True)  # type: ignore[no-untyped-call]
    return _three(np.where(lines, 0.0, 1.0))


def sketch(picture: Pixels) -> Pixels:
    """Soft pencil: what is darker than its surroundings, on white."""
    from scipy.ndimage import gaussian_filter  # type: ignore[import-untyped]

    luma = _luma(picture) + 0.02  # Nearly black surroundings would make pencil of noise.
    return _three((luma / gaussian_filter(luma, _SOFT)).clip(0, 1) ** 2)


def grey(picture: Pixels) -> Pixels:
    """Brightness alone."""
    return _three(_luma(picture))


def small(picture: Pixels) -> Pixels:
    """As large as it was, with the detail of a picture a fourth as wide and high."""
    whole = Image.fromarray(picture)
    less = [max(1, side // SMALLER) for side in whole.size]
    shrunk = whole.resize((less[0], less[1]), Image.Resampling.BOX)
    return np.asarray(shrunk.resize(whole.size, Image.Resampling.BICUBIC))


WAYS: dict[str, Callable[[Pixels], Pixels]] = {
    way.__name__: way for way in (edges, sketch, grey, small)
}


def derive(picture: Pixels, way: str) -> Pixels:
    """What a picture (H, W, 3) becomes, in the same size; UserError for a way that is none."""
    if way not in WAYS:
        raise UserError(f"Nothing called {way!r} can be made of a picture; {choose(way, WAYS)}")
    return WAYS[way](picture)


def taken(picture: Pixels, way: str) -> Pixels:
    """A picture (H, W, 3) as a model takes it that was taught with what is made of pictures: a
    drawing, which is white for the most part, as it is, of a photo the drawing; UserError.

    A small picture is not made smaller still: it is there to be made sharp.
    """
    if not way or way == "small":
        return picture
    drawn = way in ("edges", "sketch") and float(np.median(_luma(picture))) > WHITE
    return picture if drawn else derive(picture, way)


def _luma(picture: Pixels) -> _Luma:
    found: _Luma = picture.astype(np.float64) @ np.array(LUMA) / 255
    return found


def _three(values: _Luma) -> Pixels:
    return np.repeat((values * 255).round().astype(np.uint8)[..., None], 3, axis=2)
