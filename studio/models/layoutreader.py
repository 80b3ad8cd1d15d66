"""Reading the layout of a photo with an installed reader, and making it as fine as the photo."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from engines.data.pictures import resize_picture
from engines.ports import Image, Size
from engines.request import Request
from engines.runtime.fit import nearest_size
from studio.document.document import Pixels

if TYPE_CHECKING:
    from engines.runtime.bundle import Bundle
    from engines.runtime.sessions import Sessions

USUAL_SIDE = 256  # of what a reader learned from, where it does not say
FINE_SIDE = 512  # at which edges are drawn to those of the photo
REACH = 1 / 40  # of that side, within which an edge is drawn
EVEN = (
    1e-3  # the variance of brightness, in [0, 1], below which there is no edge: He 2013's epsilon
)
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Reading:
    """What a reader read: ids among its `classes` (H, W), how sure it is of each, 0 to 255, and
    their colours "#rrggbb".
    """

    ids: Pixels
    sure: Pixels
    classes: tuple[str, ...]
    colors: tuple[str, ...]


def read(bundle: "Bundle", photo: Pixels, sessions: "Sessions") -> Reading:
    """The layout of a photo, uint8 (H, W, 3), at its size; UserError."""
    from engines.runtime.render import render

    port, source = bundle.reads, bundle.target.inputs[0]
    assert port is not None
    size = reading_size(bundle, (photo.shape[0], photo.shape[1]))
    values = {source.name: resize_picture(photo, size)}
    (frame,) = render(bundle, Request(bundle.hash, size, values), sessions)
    doubt = next((p.name for p in bundle.target.outputs if isinstance(p, Image)), None)
    ids = frame.values[port.name]
    sure = np.full(ids.shape, 255, np.uint8) if doubt is None else frame.values[doubt][..., 0]
    fine, certain = refined(ids, sure, photo, len(port.classes))
    return Reading(fine, certain, port.classes, port.colors)


def reading_size(bundle: "Bundle", size: Size) -> Size:
    """At which a reader reads best: about as large as what it learned from."""
    settings = bundle.about.get("settings")
    usual = settings.get("size") if isinstance(settings, dict) else None
    side = usual if isinstance(usual, int) else USUAL_SIDE
    scale = side / max(min(size), 1)
    # A panorama would be too narrow else, or far too long.
    scale = min(scale, 2 * side / max(size))
    return nearest_size(bundle, (round(size[0] * scale), round(size[1] * scale)))


def refined(ids: Pixels, sure: Pixels, photo: Pixels, classes: int) -> tuple[Pixels, Pixels]:
    """Ids and sureness at the photo's size, edges drawn to the photo's by a guided filter on each
    class (He et al. 2013, Guided Image Filtering).
    """
    size = (photo.shape[0], photo.shape[1])
    scale = min(1.0, FINE_SIDE / max(size))
    fine = (max(round(size[0] * scale), 1), max(round(size[1] * scale), 1))
    guide = resize_picture(photo, fine).astype(np.float32).mean(2) / np.float32(255)
    drawn = _Guide(guide, max(round(REACH * max(fine)), 1))
    share = sure.astype(np.float32) / np.float32(255)
    rest = (1 - share) / max(classes - 1, 1)
    numbers = np.unique(ids)
    chances = [drawn.filtered(_grown(np.where(ids == n, share, rest), fine)) for n in numbers]
    best = _argmax(chances, size)
    certain = _grown(share, size) if len(numbers) > 1 else np.full(size, share.mean(), np.float32)
    return numbers[best].astype(np.uint8), np.rint(certain * 255).astype(np.uint8)


class _Guide:
    """A picture (H, W) in [0, 1] whose edges others get."""

    def __init__(self, guide: Floats, reach: int) -> None:
        self.guide, self.reach = guide, reach
        self.mean = self._boxed(guide)
        self.variance = self._boxed(guide * guide) - self.mean**2

    def filtered(self, values: Floats) -> Floats:
        """Values (H, W) as a line of the guide around each pixel."""
        mean = self._boxed(values)
        slope = (self._boxed(self.guide * values) - self.mean * mean) / (self.variance + EVEN)
        base = mean - slope * self.mean
        return np.asarray(self._boxed(slope) * self.guide + self._boxed(base), np.float32)

    def _boxed(self, values: Floats) -> Floats:
        from scipy import ndimage  # type: ignore[import-untyped]

        return np.asarray(ndimage.uniform_filter(values, 2 * self.reach + 1, mode="nearest"))


def _argmax(chances: list[Floats], size: Size) -> npt.NDArray[np.intp]:
    """Which is greatest at each pixel of `size`, one map at a time."""
    best = np.zeros(size, np.intp)
    most = _grown(chances[0], size).copy()  # Pillow keeps its own for reading
    for number, each in enumerate(chances[1:], 1):
        values = _grown(each, size)
        more = values > most
        best[more], most[more] = number, values[more]
    return best


def _grown(values: npt.NDArray[Any], size: Size) -> Floats:
    """(H, W) at another size, smoothly."""
    from PIL import Image as Pillow

    if values.shape == size:
        return np.asarray(values, np.float32)
    image = Pillow.fromarray(np.asarray(values, np.float32))
    return np.asarray(image.resize((size[1], size[0]), Pillow.Resampling.BILINEAR))
