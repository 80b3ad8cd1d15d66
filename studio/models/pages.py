"""What is done to the whole page; each is one step of the history."""

from dataclasses import replace

from PySide6.QtCore import QObject

from engines.ports import Size
from studio.document import doubt, page
from studio.document.document import MOST_SIDE
from studio.document.page import Change
from studio.document.raster import NOTHING, bounds
from studio.models.selection import Selection
from studio.models.session import Session


class Pages(QObject):
    """Crops, resizes, turns and mirrors the open document."""

    def __init__(
        self, session: Session, selection: Selection, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.session, self.selection = session, selection

    def crop_to_selection(self) -> None:
        """Only what is selected stays, to its bounds."""
        if self.selection.mask is None:
            self.session.problem.emit(
                self.tr("Nothing is selected to crop to; select a part of the page first.")
            )
            return
        area = bounds(self.selection.mask)
        self._take(lambda sheet: page.cropped(sheet, area), self.tr("Crop to selection"))

    def resize(self, size: Size) -> None:
        """Scale the page and all that is on it."""
        self._take(lambda sheet: page.resized(sheet, size), self.tr("Resize document"))

    def extend(self, size: Size, x: float, y: float) -> None:
        """Another room around what is painted, which is anchored at (x, y); see `page.extended`."""
        area = page.extended(self.session.document.size, size, x, y)
        self._take(lambda sheet: page.cropped(sheet, area), self.tr("Resize canvas"))

    def trim(self) -> None:
        """Without the empty margins of all layers."""
        document = self.session.document
        found = NOTHING
        for plane in document.planes.values():
            painted = plane != 255 if plane.ndim == 2 else plane[..., 3] > 0
            found = found.union(bounds(painted))
        if found.empty:
            self.session.problem.emit(self.tr("There is nothing on the page to trim to."))
            return
        self._take(lambda sheet: page.cropped(sheet, found), self.tr("Trim page"))

    def turn(self, quarters: int) -> None:
        """Turn the page clockwise by quarters."""
        self._take(lambda sheet: page.turned(sheet, quarters), self.tr("Turn page"))

    def mirror(self, across: bool) -> None:
        """Exchange left and right, or up and down."""
        text = self.tr("Mirror page") if across else self.tr("Flip page upside down")
        self._take(lambda sheet: page.mirrored(sheet, across), text)

    def _take(self, change: Change, label: str) -> None:
        document = self.session.document
        size, planes = change(document)
        if not (0 < size[0] <= MOST_SIDE and 0 < size[1] <= MOST_SIDE):
            self.session.problem.emit(
                self.tr("A page has 1 to {0} pixels a side.").format(MOST_SIDE)
            )
            return
        scene, traced = document.scene, document.scene.traced
        if traced is not None and traced.sure is not None:
            sure = doubt.moved(traced.sure, document.size, change)
            scene = replace(scene, traced=replace(traced, sure=sure))
        self.session.resize(size, planes, label, scene)
