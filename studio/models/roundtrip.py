"""The round trip of a photo: what was painted otherwise than it was read is rendered, and nothing
else of the photo is touched.
"""

import functools
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject

from engines.data.pictures import resize_picture, shrink_layout
from engines.ports import UNPAINTED, Layout, Size
from engines.request import Request
from engines.runtime.fit import nearest_size
from studio.document.document import Document, Pixels
from studio.document.layers import Kind, find
from studio.document.raster import Area, Bools, bounds
from studio.document.scene import Scene
from studio.models.compose import compose
from studio.models.live import Live
from studio.models.session import Session

if TYPE_CHECKING:
    from engines.runtime.bundle import Bundle
    from engines.runtime.render import Cache, Frame
    from engines.runtime.sessions import Sessions, Stop

LEAST = 320  # pixels a side of what is rendered around a region, where the photo has them
AROUND = 0.35  # of a region's longer side that is rendered beside it
PAPER = 255  # where there is no photo
Floats = npt.NDArray[np.floating[Any]]


@dataclass(frozen=True, eq=False)
class RoundTrip:
    """A photo (H, W, 3), the classes (H, W) that were read, and those that are painted now, which
    the scene numbers. Where these say nothing, the photo stays.
    """

    photo: Pixels
    read: Pixels
    ids: Pixels
    scene: Scene

    @property
    def size(self) -> Size:
        """Of the photo, and of the picture that comes."""
        return self.ids.shape[0], self.ids.shape[1]

    @property
    def changed(self) -> Bools:
        """What was painted otherwise than it was read, (H, W)."""
        return np.asarray((self.ids != self.read) & (self.ids != UNPAINTED))

    @property
    def seam(self) -> int:
        """How far around what changed the photo may be touched, in pixels: less than so many."""
        return min(max(max(self.size) // 80, 6), 24)

    def frames(
        self, bundle: "Bundle", request: Request, sessions: "Sessions", cache: "Cache", stop: "Stop"
    ) -> "Iterator[Frame]":
        """The photo with each changed region rendered and blended in."""
        from engines.runtime.render import Frame

        start, result = time.perf_counter(), self.photo.copy()
        port, changed = bundle.picture, self.changed
        assert port is not None
        usual = functools.cache(partial(self._usual, changed))
        for mask in regions(changed, self.seam):
            if stop.stopped:
                return
            self._paint(result, bundle, mask, changed, usual, sessions, cache, stop)
        yield Frame(request, {port.name: result}, 1.0, time.perf_counter() - start, True)

    def _paint(
        self,
        result: Pixels,
        bundle: "Bundle",
        region: Bools,
        changed: Bools,
        usual: Callable[[int], Floats | None],
        sessions: "Sessions",
        cache: "Cache",
        stop: "Stop",
    ) -> None:
        """Render one region with what is around it, and put it into the photo."""
        from engines import seams  # It brings SciPy, which no window waits for.
        from engines.runtime.render import render

        area = around(bounds(region), self.size, self.seam)
        ids, part = self.ids[area.slices], self.photo[area.slices]
        size = nearest_size(bundle, (ids.shape[0], ids.shape[1]))
        wanted = compose(bundle, self.scene, shrink_layout(ids, size))
        for frame in render(bundle, wanted, sessions, cache, stop):
            made = frame.picture
        if made.shape[2] == 1:
            made = made.repeat(3, 2)
        made = resize_picture(made, (ids.shape[0], ids.shape[1]))
        mask, known = region[area.slices], ~changed[area.slices]
        blended = seams.blend(part, made, ids, mask, self.seam, known, usual)
        # Another region's pixels may lie in this area: only this one's are put in.
        own = seams.grown(mask, self.seam)
        result[area.slices][own] = blended[own]

    def _usual(self, changed: Bools, number: int) -> Floats | None:
        """The mean colour (3,) of a class in all of the photo; None where it hardly has it."""
        from engines.seams import ENOUGH

        seen = (self.ids == number) & ~changed
        if np.count_nonzero(seen) < ENOUGH * seen.size:
            return None
        return np.asarray(self.photo[seen].mean(0), np.float32)


class RoundTrips(QObject):
    """Makes the live picture of a document whose photo was read a round trip."""

    def __init__(self, session: Session, live: Live, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.session, self.live = session, live
        live.ways = self.way
        session.coloured.connect(lambda area: self._coloured())

    def way(self) -> Callable[[], RoundTrip] | None:
        """What makes the document's; None where it has no photo, or the model paints no layouts."""
        bundle = self.session.bundle
        if bundle is None or bundle.picture is None or bundle.picture.scale > 1:
            return None
        if not any(isinstance(port, Layout) for port in bundle.ports):
            return None
        document = self.session.document
        planes = planes_of(document)
        return None if planes is None else partial(_trip, document, *planes)

    def _coloured(self) -> None:
        if self.session.scene.traced is not None:
            self.live.refresh()


def trip_of(document: Document) -> RoundTrip | None:
    """A document's round trip as it is now; None where it has none."""
    planes = planes_of(document)
    return None if planes is None else _trip(document, *planes)


def planes_of(document: Document) -> tuple[Pixels, Pixels] | None:
    """The photo and what was read off it; None where none was, or a layer of both is gone."""
    traced = document.scene.traced
    if traced is None:
        return None
    photo = find(document.scene.layers, traced.photo)
    read = find(document.scene.layers, traced.read)
    if photo is None or photo.kind is not Kind.PICTURE or photo.id not in document.planes:
        return None
    if read is None or read.kind is not Kind.LAYOUT or read.id not in document.planes:
        return None
    return document.plane(photo.id), document.plane(read.id)


def _trip(document: Document, photo: Pixels, read: Pixels) -> RoundTrip:
    shown = np.where(photo[..., 3:] > 0, photo[..., :3], np.uint8(PAPER))
    return RoundTrip(shown, read.copy(), document.ids.copy(), document.scene)


def regions(changed: Bools, seam: int) -> Iterator[Bools]:
    """The changed pixels by region, each (H, W); regions whose seams might meet are one. One mask
    at a time: a large photo painted over in many places would fill the memory.
    """
    from scipy import ndimage  # type: ignore[import-untyped]

    cell = 2 * seam
    height, width = changed.shape
    padded = np.pad(changed, ((0, -height % cell), (0, -width % cell)))
    rows, columns = padded.shape[0] // cell, padded.shape[1] // cell
    coarse = padded.reshape(rows, cell, columns, cell).any((1, 3))
    near = ndimage.binary_dilation(coarse, np.ones((3, 3), np.bool_))
    labels, count = ndimage.label(near, np.ones((3, 3), np.int8))
    fine = labels.repeat(cell, 0).repeat(cell, 1)[:height, :width]
    return ((fine == number) & changed for number in range(1, count + 1))


def around(area: Area, size: Size, seam: int) -> Area:
    """An area with what a model should see beside it, inside a picture of `size`."""
    longer = max(area.bottom - area.top, area.right - area.left)
    margin = max(2 * seam, round(AROUND * longer))
    least = max(LEAST, max(size) // 4)
    top, bottom = _wide(area.top - margin, area.bottom + margin, least, size[0])
    left, right = _wide(area.left - margin, area.right + margin, least, size[1])
    return Area(top, left, bottom, right)


def _wide(start: int, end: int, least: int, most: int) -> tuple[int, int]:
    """A span at least so long, from 0 to `most`."""
    missing = max(least - (end - start), 0)
    start, end = start - missing // 2, end + missing - missing // 2
    start, end = start - max(end - most, 0), end - min(start, 0)
    return max(start, 0), min(end, most)
