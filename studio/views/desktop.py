"""The middle of the window: layout and picture side by side, overlaid, or split by a divider."""

from dataclasses import replace
from enum import Enum
from functools import partial
from weakref import WeakKeyDictionary

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget

from engines.ports import UNPAINTED
from studio.document.document import Document
from studio.models.live import LAYOUT, Live
from studio.models.pictures import Dropped
from studio.models.session import Session
from studio.models.tools import Tools
from studio.models.view import Look, Shown, View
from studio.views.canvas import Canvas
from studio.views.control import worded
from studio.views.handles import Handles
from studio.views.paper import Paper


class Arrangement(Enum):
    """How layout and picture share the room."""

    BESIDE = "side-by-side"
    OVERLAY = "overlay"
    SPLIT = "split"
    LAYOUT = "layout-only"
    PICTURE = "picture-only"


class Desktop(QWidget):
    """One canvas or two. `dropped` says what was dropped, and whether on the picture."""

    dropped = Signal(object, bool)  # QMimeData
    looked_changed = Signal(object)  # another View
    look_changed = Signal()  # that view moved, or it is another

    def __init__(
        self,
        session: Session,
        tools: Tools,
        view: View,
        live: Live,
        paper: Paper,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.session, self.live, self.view = session, live, view
        self.looked = view  # the view of the canvas that the artist turned to last
        self._own = View(self)  # of the second canvas while the two are not linked
        self._document: Document | None = None
        self._looks: WeakKeyDictionary[Document, tuple[Look, Look]] = WeakKeyDictionary()
        self.arrangement = Arrangement.BESIDE
        self.setAcceptDrops(True)
        self.first = Canvas(paper, tools, view, Shown.LAYOUT, self)
        self.second = Canvas(paper, tools, view, Shown.PICTURE, self)
        self.first.setAccessibleName(self.tr("Layout"))
        self.second.setAccessibleName(self.tr("Picture"))
        self.splitter = QSplitter(Qt.Orientation.Horizontal, self)
        self.splitter.addWidget(self.first)
        self.splitter.addWidget(self.second)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.setSizes([1000, 1000])
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.splitter)
        self.first.resized.connect(self._measure)
        self.second.resized.connect(self._measure)
        for canvas in self.canvases:
            Handles(tools, canvas)
            canvas.used.connect(partial(self._used, canvas))
        for each in (view, self._own):
            each.changed.connect(partial(self._moved, each))
        self.look_changed.connect(lambda: tools.look_closer(self.looked.scale))
        live.state_changed.connect(self.refresh)
        live.pictured.connect(self.refresh)
        session.painted.connect(lambda area: self.refresh())
        session.replaced.connect(self._show_document)
        session.resized.connect(self._resize_document)
        session.replaced.connect(self.refresh)
        session.model_opened.connect(lambda bundle: self.refresh())
        self._show_document()
        self.refresh()

    def arrange(self, arrangement: Arrangement) -> None:
        """Share the room otherwise."""
        self.arrangement = arrangement
        beside = arrangement is Arrangement.BESIDE
        shown = {
            Arrangement.OVERLAY: Shown.OVERLAY,
            Arrangement.SPLIT: Shown.SPLIT,
            Arrangement.PICTURE: Shown.PICTURE,
        }.get(arrangement, Shown.LAYOUT)
        self.first.show_as(shown)
        self.second.setVisible(beside)
        self._measure()
        self.refresh()

    def _measure(self) -> None:
        """The room that every canvas on the screen has."""
        if not self.linked:
            self._own.set_room(self.second.room)
        seen = [self.first] if self.second.isHidden() or not self.linked else self.canvases
        rooms = [canvas.room for canvas in seen]
        self.view.set_room((min(r[0] for r in rooms), min(r[1] for r in rooms)))

    # How both are looked at ---------------------------------------------------------------------

    @property
    def canvases(self) -> list[Canvas]:
        """Both, the layout's first."""
        return [self.first, self.second]

    @property
    def linked(self) -> bool:
        """Whether layout and picture are zoomed, moved and turned together."""
        return self.second.view is self.view

    def link(self, linked: bool) -> None:
        """Look at layout and picture together, or at each in its own way."""
        if linked == self.linked:
            return
        if not linked:
            self._own.set_document(self.view.document)
            self._own.take(self.view.look())
        self.second.look_through(self.view if linked else self._own)
        self._measure()
        self._used(self.first if linked else self.second)

    def _show_document(self) -> None:
        """Another document: all of it, or as it was looked at when it was left."""
        if self._document is not None:
            self._looks[self._document] = (self.view.look(), self._own.look())
        self._document = self.session.document
        for view in (self.view, self._own):
            view.set_document(self._document.size)
        if self._document in self._looks:
            for view, look in zip((self.view, self._own), self._looks[self._document], strict=True):
                view.take(look)

    def _resize_document(self) -> None:
        """It was cropped, say: show all of it, turned as before."""
        for view in (self.view, self._own):
            look = view.look()
            view.set_document(self.session.document.size)
            view.take(replace(look, fitted=True))

    def _used(self, canvas: Canvas) -> None:
        if canvas.view is not self.looked:
            self.looked = canvas.view
            self.looked_changed.emit(self.looked)
            self.look_changed.emit()

    def _moved(self, view: View) -> None:
        if view is self.looked:
            self.look_changed.emit()

    @property
    def picture_seen(self) -> bool:
        """Whether any part of the picture is on the screen."""
        return self.arrangement is not Arrangement.LAYOUT

    def refresh(self) -> None:
        """Say what to do where there is nothing yet."""
        self.first.set_hint("")
        self.second.set_hint("")
        canvas = self.second if self.arrangement is Arrangement.BESIDE else self.first
        bundle, live = self.session.bundle, self.live
        if bundle is None:
            if self.session.scene.model is None:
                canvas.set_hint(self.tr("Choose a model (Ctrl+M) and the picture appears here."))
            return
        port = self.session.layout_port
        if live.needs == LAYOUT or (live.picture is None and live.needs == ""):
            nothing = bool((self.session.document.ids[::8, ::8] == UNPAINTED).all())
            if port is not None and nothing:
                self.first.set_hint(
                    self.tr(
                        "Pick a class on the left, {0} say, and paint.\n"
                        "Or start from an example: File > Examples."
                    ).format(worded(port.classes[min(4, len(port.classes) - 1)]).lower())
                )
        elif live.needs:
            canvas.set_hint(
                self.tr("{0} needs: {1}. Set it on the right.").format(bundle.title, live.needs)
            )

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802
        if Dropped.possible(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802
        place = event.position().toPoint()
        on_picture = self.arrangement is Arrangement.PICTURE or (
            self.second.isVisible() and self.second.geometry().contains(place)
        )
        event.acceptProposedAction()
        self.dropped.emit(event.mimeData(), on_picture)
