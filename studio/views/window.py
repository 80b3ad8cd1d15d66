"""The main window: it puts the parts together and carries commands to the models."""

from pathlib import Path

from PySide6.QtCore import QEvent, QSettings, Qt
from PySide6.QtGui import QCloseEvent, QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QApplication,
    QMainWindow,
    QMenu,
    QMessageBox,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from studio.document.document import Document
from studio.models import habits
from studio.models.starts import emptied
from studio.models.studio import Studio
from studio.views import dialogs, theme
from studio.views.actions import Actions
from studio.views.chooser import ModelButton, ModelDialog
from studio.views.classes import Classes
from studio.views.commands import make_commands
from studio.views.converting import Converting
from studio.views.desktop import Arrangement, Desktop
from studio.views.docks import Docks
from studio.views.enlarging import Progress
from studio.views.fitmeter import FitButton, OddPlace
from studio.views.layers import LayersPanel
from studio.views.mapping import MappingHint
from studio.views.navigator import Navigator
from studio.views.newdocument import NewDialog
from studio.views.notice import Notice
from studio.views.panel import Controls
from studio.views.paper import Paper
from studio.views.runs import TrainingPanel
from studio.views.shelves import Shelves
from studio.views.slowly import may_leave, slow_status
from studio.views.status import Status
from studio.views.strip import Strip
from studio.views.tabbar import DocumentTabs
from studio.views.toolbox import Toolbox
from studio.views.traffic import Traffic
from studio.views.workspaces import WorkspaceSwitch


class Window(QMainWindow):
    """One studio, one window."""

    def __init__(self, studio: Studio, switch: theme.Switch | None = None) -> None:
        super().__init__()
        self.studio, self.switch = studio, switch
        self.setObjectName("window")
        self.paper = Paper(studio.session, studio.live, self)
        self.desktop = Desktop(
            studio.session, studio.tools, studio.view, studio.live, self.paper, self
        )
        self.notice = Notice(self)
        middle = QWidget(self)
        column = QVBoxLayout(middle)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self.tab_bar = DocumentTabs(studio.files, self)
        self.tab_bar.asked_to_close.connect(self.close_tab)
        column.addWidget(self.tab_bar)
        column.addWidget(self.notice)
        column.addWidget(self.desktop, 1)
        self.setCentralWidget(middle)
        self.model_button = ModelButton(studio.session, self)
        self.controls = Controls(studio.session, self)
        self.classes = Classes(studio.palette, studio.swatches, self)
        self.toolbox = Toolbox(studio.session, studio.tools, self.classes, self)
        self.navigator = Navigator(self.paper, self.desktop, self)
        self.layers = LayersPanel(studio.session, studio.layering, self)
        self.training = TrainingPanel(studio.training, studio.work, self, studio.timeslider)
        self.strip = Strip(studio.results, studio.files.carry, self)
        self.status = Status(studio.session, studio.live, studio.view, self)
        self.status.addPermanentWidget(Progress(studio.enlarging, self))
        self.status.addPermanentWidget(slow_status(self))
        self.setStatusBar(self.status)
        self.traffic = Traffic(self)
        self.converting = Converting(self)
        self.actions_ = Actions(self, studio.tools.finish)
        self.actions_.pause = studio.tools.release
        self.docks = Docks(self)
        self.workspaces = WorkspaceSwitch(self)
        self._make_docks()
        make_commands(self, self.actions_)
        self._connect()
        self._settle_in()

    # Putting together ---------------------------------------------------------------------------

    def _make_docks(self) -> None:
        side = QWidget(self)
        column = QVBoxLayout(side)
        column.setContentsMargins(0, 8, 0, 0)
        column.setSpacing(0)
        inset = QVBoxLayout()
        inset.setContentsMargins(12, 0, 12, 4)
        inset.setSpacing(6)
        inset.addWidget(self.model_button)
        inset.addWidget(MappingHint(self.studio.palette, side))
        meter = self.studio.fit_meter
        inset.addWidget(FitButton(meter, OddPlace(meter, self.desktop.first), side))
        column.addLayout(inset)
        scroll = QScrollArea(side)
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setWidget(self.controls)
        column.addWidget(scroll, 1)
        self.docks.add("paint", self.tr("Paint"), self.toolbox)
        self.docks.add("navigator", self.tr("Navigator"), self.navigator)
        self.docks.add("model", self.tr("Model"), side)
        self.docks.add("layers", self.tr("Layers"), self.layers)
        self.docks.add("training", self.tr("Training"), self.training)
        self.docks.add("results", self.tr("Results"), self.strip)
        self.shelves = Shelves(self)

    def _connect(self) -> None:
        studio = self.studio
        for source in (
            *(studio.session, studio.live, studio.files, studio.leaving, studio.older),
            studio.enlarging,
            studio.reading,
            studio,
        ):
            source.problem.connect(self.notice.complain)
        for view in (self.controls, self.toolbox, self.strip, self.training):
            view.problem.connect(self.notice.complain)
        studio.files.told.connect(self.notice.tell)
        studio.told.connect(self.notice.tell)
        studio.older.told.connect(self.notice.tell)
        studio.reading.told.connect(self.notice.tell)
        studio.leaving.told.connect(self.notice.tell)
        studio.enlarging.told.connect(self.notice.tell)
        studio.files.changed.connect(self._title)
        studio.session.stepped.connect(self._title)
        studio.tools.pen.connect(lambda down: self._title())
        studio.tools.selection.changed.connect(self._title)
        studio.session.replaced.connect(self._title)
        studio.session.offered.connect(self._offered)
        self.model_button.clicked.connect(self.choose_model)
        self.strip.compared.connect(self.paper.compare)
        self.training.shown.connect(self.paper.compare)
        studio.palette.solo_changed.connect(lambda: self.paper.show_only(studio.palette.solo))
        self.desktop.dropped.connect(self.traffic.drop)
        for canvas in self.desktop.canvases:
            canvas.pointed.connect(self.status.point)
        self.desktop.looked_changed.connect(self.status.look_through)
        self.desktop.look_changed.connect(self._looks)
        self._title()

    # Documents ----------------------------------------------------------------------------------

    def new(self) -> None:
        """Ask for a size and begin anew."""
        dialog = NewDialog(self)
        dialog.show_open(self.studio.session.document.size)
        if dialog.exec():
            dialog.remember()
            if dialog.like:
                scene = emptied(self.studio.session.scene)
                self.studio.files.show(Document.blank(dialog.size_chosen, scene))
            else:
                self.studio.files.new(dialog.size_chosen)
        dialog.deleteLater()

    def open(self) -> None:
        """Ask for a file and open it."""
        kinds = self.tr("Documents and pictures ({0});;All files (*)").format(
            "*.ora *.png *.jpg *.jpeg *.webp *.tif *.tiff *.bmp"
        )
        path = dialogs.ask_open(self, self.tr("Open"), kinds, "documents")
        if path is not None:
            self.open_path(path)

    def open_path(self, path: Path) -> None:
        """Open a file beside this document."""
        self.studio.files.open(path)

    def save(self) -> None:
        """Save where it was saved before."""
        path = self.studio.files.path
        if path is None:
            self.save_as()
        else:
            self.studio.files.save(path)

    def save_as(self) -> None:
        """Ask where, and save."""
        path = dialogs.ask_save(
            self,
            self.tr("Save"),
            self.tr("OpenRaster (*.ora)"),
            "documents",
            f"{self.studio.files.name}.ora",
        )
        if path is not None:
            self.studio.files.save(path if path.suffix.lower() == ".ora" else Path(f"{path}.ora"))

    def may_leave(self) -> bool:
        """Whether the document that is shown may be left: saved, or the artist says so."""
        files = self.studio.files
        if not files.unsaved:
            return True
        answer = dialogs.ask_unsaved(self, files.name)
        if answer is QMessageBox.StandardButton.Cancel:
            return False
        if answer is QMessageBox.StandardButton.Save:
            self.save()
            files.finish()
            QApplication.processEvents()
            return not files.unsaved
        return True

    def close_tab(self, index: int = -1) -> None:
        """Close an open document, the one that is shown unless told."""
        tabs = self.studio.files.tabs
        if index >= 0:
            tabs.go(index)
        if self.may_leave():
            self.studio.files.close_tab(tabs.index)

    def turn_tab(self, step: int) -> None:
        """Show the next open document, or the one before."""
        tabs = self.studio.files.tabs
        if tabs.items:
            tabs.go((tabs.index + step) % len(tabs.items))

    # The view -----------------------------------------------------------------------------------

    def arrange(self, kind: Arrangement) -> None:
        """Share the room between layout and picture otherwise."""
        self.desktop.arrange(kind)
        self.actions_[kind.value].setChecked(True)
        self._watch()

    def choose_class(self, place: int) -> None:
        """Paint with the class at a place of the palette."""
        shown = self.studio.session.shown_classes()
        if place < len(shown):
            self.studio.tools.choose(shown[place])

    def show_actual(self) -> None:
        """A pixel of the layout is a pixel of the screen."""
        self.desktop.looked.zoom_to(1 / self.devicePixelRatioF())

    def show_patterns(self) -> None:
        """Show or hide the patterns of the classes."""
        self.paper.set_patterns(self.actions_["patterns"].isChecked())

    def mirror_view(self) -> None:
        """Swap left and right on the screen; the document stays as it is."""
        self.desktop.looked.mirror()

    def show_grid(self) -> None:
        """Show or hide the lines between large pixels."""
        for canvas in self.desktop.canvases:
            canvas.show_grid(self.actions_["grid"].isChecked())

    def link_views(self) -> None:
        """Look at layout and picture together, or at each in its own way."""
        self.desktop.link(self.actions_["linked"].isChecked())

    def _looks(self) -> None:
        self.actions_["mirror-view"].setChecked(self.desktop.looked.mirrored)

    def full_screen(self) -> None:
        """Take the whole screen, or give it back."""
        self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)

    def hide_docks(self) -> None:
        """Leave only the canvas, or bring all back."""
        self.docks.hide(self.actions_["docks"].isChecked())

    def wear(self, name: str) -> None:
        """Put another theme on."""
        if self.switch is not None and name in theme.NAMES:
            self.switch.wear(name)
            QSettings().setValue("theme", name)
            self.actions_[f"theme-{name}"].setChecked(True)

    # Models -------------------------------------------------------------------------------------

    def choose_model(self) -> None:
        """Show the models."""
        dialog = ModelDialog(self.studio.session, self)
        dialog.convert_asked.connect(self.converting.ask)
        dialog.exec()
        dialog.deleteLater()

    def train(self, folder: Path | None = None) -> None:
        """Ask for a training, and show those there are."""
        self.show_trainings()
        self.training.open_dialog(folder)

    def follow_folder(self) -> None:
        """Ask for a folder of runs on another computer, and show them with those here."""
        self.show_trainings()
        self.training.follow_folder()

    def show_trainings(self) -> None:
        """Bring the trainings to the front."""
        self.docks["training"].show()
        self.docks["training"].raise_()

    def about(self) -> None:
        """What this is."""
        text = self.tr(
            "<h3>Pentimento</h3><p>Paint a layout and see the picture follow the brush.</p>"
            "<p>Everything runs on this computer. Apache-2.0.</p>"
        )
        QMessageBox.about(self, self.tr("About Pentimento"), text)

    # What changed -------------------------------------------------------------------------------

    def _offered(self, document: Document) -> None:
        self.studio.files.show(document, unsaved=True)

    def _title(self) -> None:
        files, selection = self.studio.files, self.studio.tools.selection
        self.setWindowTitle(f"{files.name}[*] — Pentimento")
        self.setWindowModified(files.unsaved)
        nothing, undone = self.tr("Nothing was done yet."), self.tr("Nothing was undone.")
        for name, label, text, why_not in (
            ("undo", selection.undo_label, self.tr("Undo"), nothing),
            ("redo", selection.redo_label, self.tr("Redo"), undone),
        ):
            action = self.actions_[name]
            possible = label is not None or (name == "undo" and self.studio.tools.busy)
            self.actions_.allow(name, "" if possible else why_not)
            action.setText(f"{text} {label or ''}".strip())

    def open_example(self, path: object) -> None:
        """Open a bundled example beside this document."""
        if isinstance(path, Path):
            self.studio.files.open_example(path)

    def fill_recent(self, menu: QMenu) -> None:
        """List the files that were open lately."""
        menu.clear()
        paths = [path for path in self.studio.files.recent.paths() if path.exists()]
        for path in paths:
            action = menu.addAction(path.name)
            action.setToolTip(str(path))
            action.triggered.connect(lambda on=False, path=path: self.open_path(path))
        if not paths:
            menu.addAction(self.tr("Nothing yet")).setEnabled(False)

    def _settle_in(self) -> None:
        """Take the place, the arrangement and the theme of the last time."""
        self.workspaces.restore()
        habits.restore(self.studio.tools)
        self.actions_["docks"].setChecked(self.docks.put_away)
        if self.switch is not None:
            self.actions_[f"theme-{self.switch.wanted}"].setChecked(True)

    def _watch(self) -> None:
        """Render only what somebody can see."""
        seen = self.isVisible() and not self.isMinimized() and self.desktop.picture_seen
        self.studio.live.set_wanted(seen)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        super().resizeEvent(event)
        self.docks.follow(event.size().width())

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802
        super().showEvent(event)
        self._watch()

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802
        super().hideEvent(event)
        self._watch()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        super().changeEvent(event)
        if event.type() == QEvent.Type.WindowStateChange:
            self.actions_["full-screen"].setChecked(self.isFullScreen())
            self._watch()

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802
        tabs = self.studio.files.tabs
        for index in range(len(tabs.items)):
            if tabs.unsaved(tabs.items[index]):
                tabs.go(index)
                if not self.may_leave():
                    event.ignore()
                    return
        if not may_leave(self):
            event.ignore()
            return
        self.workspaces.keep()
        habits.keep(self.studio.tools)
        self.studio.close(forget=True)
        event.accept()
