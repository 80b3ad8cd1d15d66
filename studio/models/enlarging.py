"""Larger pictures by models that invent the detail: on export, and for any picture layer.

A picture of any size is painted in tiles, so that memory is bounded and each tile is a step of the
progress, after which it can be cancelled.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, Signal

from engines.data.pictures import resize_picture
from engines.errors import UserError
from engines.ports import Image, Spatial
from engines.request import Request
from studio.document import page
from studio.document.carried import Result
from studio.document.document import MOST_SIDE, Document, Pixels
from studio.document.edit import Edit
from studio.document.importing import resize_rgba
from studio.document.layers import Kind, find
from studio.document.raster import bounds
from studio.lanes.work import Job, WorkLane
from studio.models.abilities import ability
from studio.models.files import MOST_EXPORTED, enlarged
from studio.models.library import Entry
from studio.models.session import Session

if TYPE_CHECKING:
    from engines.runtime.bundle import Bundle
    from engines.runtime.sessions import Sessions


class Enlarging(QObject):
    """Uses the installed models whose results are larger than what they are given."""

    changed = Signal()  # `job` or `share`
    problem = Signal(str)
    told = Signal(str)

    def __init__(
        self,
        session: Session,
        work: WorkLane,
        provider: str = "auto",
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.session, self.work, self._provider = session, work, provider
        self.job: Job | None = None  # what enlarges, and may be cancelled
        self.share = 0.0
        self._watched: list[Job] = []
        work.progressed.connect(self._heard)
        work.ended.connect(self._ended)

    def entries(self) -> list[tuple[Entry, int]]:
        """The models that enlarge, and how many times."""
        known = ((entry, ability(entry)) for entry in self.session.library.entries)
        return [(entry, can.scale) for entry, can in known if can.enlarges]

    # A picture ----------------------------------------------------------------------------------

    def larger(self, job: Job, pixels: Pixels, factor: int, name: str) -> Pixels:
        """On the work thread: a picture, uint8 (H, W, 3), at so many times its size by the model of
        that name, by Lanczos where that is empty; UserError.

        A model of another scale is asked again, or what it made is shrunk.
        """
        entry = self.session.library.find(name)
        if factor == 1 or not name:
            return enlarged(pixels, factor)
        if entry is None:
            raise UserError(self.tr("The model {0} is not installed any more.").format(name))
        wanted = pixels.shape[0] * factor, pixels.shape[1] * factor
        if max(wanted) > MOST_EXPORTED:
            return enlarged(pixels, factor)  # which says that it is too large
        from engines.runtime.bundle import Bundle
        from engines.runtime.sessions import Sessions

        bundle, sessions = Bundle.open(entry.folder), Sessions(self._provider)
        scale = bundle.picture.scale if bundle.picture is not None else 1
        rounds = 1
        while scale**rounds < factor:
            rounds += 1
        for number in range(rounds):
            pixels = _painted(bundle, sessions, pixels, job, (number / rounds, 1 / rounds))
        return resize_picture(pixels, wanted)

    def way(self, factor: int, name: str) -> Callable[[Job, Result], Result]:
        """How a result leaves at so many times its size; see `exported`."""
        return lambda job, result: self.exported(job, result, factor, name)

    def exported(self, job: Job, result: Result, factor: int, name: str) -> Result:
        """A result as it leaves, larger by that model, which its passport then names."""
        pixels = self.larger(job, result.pixels, factor, name)
        return replace(result, pixels=pixels, passport=self._said(result.passport, factor, name))

    def _said(self, passport: Mapping[str, object], factor: int, name: str) -> dict[str, object]:
        entry = self.session.library.find(name)
        if entry is None or factor == 1:
            return dict(passport)
        told = {"model": entry.name, "title": entry.title, "licence": entry.licence}
        return {**passport, "generated": True, "enlarged": told}

    # A layer ------------------------------------------------------------------------------------

    def why_not(self) -> str:
        """Why the active layer cannot be enlarged, in a sentence; "" where it can."""
        layer = find(self.session.scene.layers, self.session.active)
        if layer is None or layer.kind is Kind.RENDER:
            return self.tr("Keep the model's picture as a layer first; that can be enlarged.")
        if layer.kind is not Kind.PICTURE:
            return self.tr("Models enlarge pictures; choose a picture layer.")
        if reason := self.session.may_paint():
            return reason
        if not self.session.document.plane(layer.id)[..., 3].any():
            return self.tr("There is nothing on this layer to enlarge.")
        return ""

    def layer(self, entry: Entry, scale: int) -> None:
        """What is on the active layer, larger about its middle; where that has no room, the page
        grows with all that is on it. One step to undo.
        """
        if reason := self.why_not():
            self.problem.emit(reason)
            return
        document, number = self.session.document, self.session.active
        before = document.plane(number).copy()
        area = bounds(before[..., 3] > 0)
        part = before[area.slices]
        size = part.shape[0] * scale, part.shape[1] * scale
        grows = size[0] > document.size[0] or size[1] > document.size[1]
        if grows and max(document.size) * scale > MOST_SIDE:
            text = self.tr("A page {0} times as large would have more than {1} pixels a side.")
            self.problem.emit(text.format(scale, MOST_SIDE))
            return
        label = self.tr("Enlarge layer with {0}").format(entry.title)

        def run(job: Job) -> Pixels:
            color = self.larger(job, filled(part), scale, entry.name)
            alpha = resize_rgba(part, size)[..., 3:]
            return np.concatenate([color, alpha], 2)

        def done(made: Pixels) -> None:
            found = find(self.session.scene.layers, number)
            same = self.session.document is document and found is not None
            if not same or not np.array_equal(document.plane(number), before):
                text = self.tr(
                    "The layer has changed meanwhile, so it was not enlarged; try again."
                )
                self.problem.emit(text)
                return
            top, left = area.top * scale, area.left * scale
            if grows:
                self._grow(document, number, made, (top, left), scale, label)
            else:
                middle = (area.top + area.bottom) // 2, (area.left + area.right) // 2
                self._lay(document, number, made, middle, label)

        self.watch(self.work.add(Job(label, run, done, self.problem.emit)))

    def _grow(
        self,
        document: Document,
        number: int,
        made: Pixels,
        place: tuple[int, int],
        scale: int,
        label: str,
    ) -> None:
        size, planes = page.resized(document, (document.size[0] * scale, document.size[1] * scale))
        plane = np.zeros((*size, 4), np.uint8)
        plane[place[0] : place[0] + made.shape[0], place[1] : place[1] + made.shape[1]] = made
        self.session.resize(size, {**planes, number: plane}, label)

    def _lay(
        self, document: Document, number: int, made: Pixels, middle: tuple[int, int], label: str
    ) -> None:
        height, width = made.shape[:2]
        top = min(max(middle[0] - height // 2, 0), document.size[0] - height)
        left = min(max(middle[1] - width // 2, 0), document.size[1] - width)
        plane = np.zeros((*document.size, 4), np.uint8)
        plane[top : top + height, left : left + width] = made
        edit = Edit(document, label, number)
        edit.replace(plane)
        self.session.commit_with([edit], self.session.scene, label)

    # Progress -----------------------------------------------------------------------------------

    def watch(self, job: Job) -> None:
        """Tell how far this job is, and let it be cancelled."""
        self._watched.append(job)
        self.job, self.share = self._watched[0], 0.0
        self.changed.emit()

    def cancel(self) -> None:
        """End what enlarges, after the tile in work; nothing is changed or written."""
        if self.job is not None:
            self.job.cancel()

    def _heard(self, job: Job, share: float, text: str) -> None:
        if job is self.job:
            self.share = share
            self.changed.emit()

    def _ended(self, job: Job) -> None:
        if job in self._watched:
            self._watched.remove(job)
            self.job, self.share = (self._watched[0] if self._watched else None), 0.0
            self.changed.emit()
            if job.cancelled:
                self.told.emit(self.tr("Cancelled; nothing was changed."))


def _painted(
    bundle: "Bundle",
    sessions: "Sessions",
    pixels: Pixels,
    job: Job,
    share: tuple[float, float],
) -> Pixels:
    """A picture through a model once, its edges repeated where the model wants other sides;
    `share` is where the progress begins, and how much of it this is.
    """
    from engines.runtime.tiles import paint

    target = bundle.target
    free = [p for p in (*target.inputs, *target.outputs) if isinstance(p, Spatial) and p.free]
    port = next(p for p in target.inputs if isinstance(p, Image) and p.free)
    step = int(np.lcm.reduce([p.multiple for p in free]))
    least = max(p.minimum for p in free)
    height, width = pixels.shape[:2]
    sides = [-(-max(side, least) // step) * step for side in (height, width)]
    room = [(0, sides[0] - height), (0, sides[1] - width), (0, 0)]
    request = Request(bundle.hash, (sides[0], sides[1]), {port.name: np.pad(pixels, room, "edge")})
    job.tell(share[0])
    for frame in paint(bundle, request, sessions):
        job.tell(share[0] + share[1] * frame.progress)
    scale = bundle.picture.scale if bundle.picture is not None else 1
    return np.ascontiguousarray(frame.picture[: height * scale, : width * scale])


def filled(part: Pixels) -> Pixels:
    """The colours of RGBA, uint8 (H, W, 3), the mean of what is there where nothing is."""
    alpha = part[..., 3:].astype(np.float32) / 255
    mean = (part[..., :3] * alpha).sum((0, 1)) / max(float(alpha.sum()), 1.0)
    clear = part[..., 3] == 0
    color = part[..., :3].copy()
    color[clear] = np.round(mean).astype(np.uint8)
    return color
