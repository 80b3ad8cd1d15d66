"""The docks of styles and of what was made before: variations, gallery, history; and what leads
out of them.
"""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QDockWidget

from studio.document.carried import Result
from studio.document.document import Pixels
from studio.models.batch import Item
from studio.models.variations import Variation
from studio.views.batch import BatchDialog
from studio.views.compare import CompareDialog
from studio.views.docks import BOTTOM
from studio.views.gallery import GalleryPanel
from studio.views.historypanel import HistoryPanel
from studio.views.shelf import ShelfPanel
from studio.views.slowly import show_slow
from studio.views.variations import VariationsPanel

if TYPE_CHECKING:
    from studio.views.window import Window

LOW = 150  # logical pixels of the strip
HIGH, SHARE = 640, 0.43  # of a dock of many pictures: at most so many, or this share of the window
Shown = tuple[Pixels, str]  # a picture and what it is called


class Shelves(QObject):
    """Makes the panels of a window and puts them into its docks."""

    def __init__(self, window: "Window") -> None:
        super().__init__(window)
        self.window = window
        studio = window.studio
        self.variations = VariationsPanel(studio.variations, studio.gallery.add, window)
        self.gallery = GalleryPanel(studio.gallery, window)
        self.history = HistoryPanel(studio.timeline, studio.tools.finish, window)
        self.styles = ShelfPanel(studio.shelf, studio.pad, window)
        docks = window.docks
        docks.add("styles", self.tr("Styles"), self.styles)
        docks.add("history", self.tr("History"), self.history)
        tall = (
            docks.add("gallery", self.tr("Gallery"), self.gallery),
            docks.add("variations", self.tr("Variations"), self.variations),
        )
        for dock in tall:
            dock.visibilityChanged.connect(lambda seen, dock=dock: self._size(dock, seen, True))
        low = docks["results"]
        low.visibilityChanged.connect(lambda seen: self._size(low, seen, False))
        self.variations.compared.connect(window.paper.compare)
        window.strip.keep_asked.connect(studio.gallery.keep_now)
        self.gallery.problem.connect(window.notice.complain)
        self.styles.slowly_asked.connect(partial(show_slow, window))
        for source in (studio.shelf, studio.pad):
            source.problem.connect(window.notice.complain)
            source.told.connect(window.notice.tell)
        for panel in (self.variations, self.gallery):
            panel.compare_asked.connect(self.compare)
        self.gallery.export_asked.connect(self.export)
        self.variations.export_asked.connect(self._export_cells)

    def _size(self, dock: QDockWidget, seen: bool, tall: bool) -> None:
        """Each tab at the bottom has a height of its own: a strip is low, a grid is not."""
        window = self.window
        if not seen or dock.isFloating() or window.dockWidgetArea(dock) is not BOTTOM:
            return
        height = min(HIGH, round(window.height() * SHARE)) if tall else LOW
        if tall and dock.height() >= height:
            return
        window.resizeDocks([dock], [height], Qt.Orientation.Vertical)

    def compare(self, chosen: list[Shown]) -> None:
        """Two pictures beside each other, or one and the picture as it is."""
        live = self.window.studio.live.picture
        if len(chosen) == 1 and live is not None:
            chosen = [*chosen, (live, self.tr("The picture as it is"))]
        if len(chosen) < 2:
            self.window.notice.complain(self.tr("Choose two pictures to compare."))
            return
        dialog = CompareDialog(chosen[0], chosen[1], self.window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.show()

    def export(self, items: list[Item]) -> None:
        """Ask how pictures shall leave, and let them, while painting goes on."""
        studio = self.window.studio
        dialog = BatchDialog(studio.batch, items, studio.files.name, self.window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.show()

    def _export_cells(self, cells: list[Variation]) -> None:
        items = []
        for cell in cells:
            if cell.result is not None:
                title = " ".join(step.label for step in cell.steps)
                items.append(Item(title, cell.made, _had(cell.result)))
        self.export(items)


def _had(result: Result) -> Callable[[], Result]:
    return lambda: result
