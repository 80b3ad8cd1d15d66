"""Choosing a model: previews, what it may be used for, adding and removing."""

from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QIcon, QPixmap
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QLabel,
    QListView,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from engines.errors import UserError
from studio.models.convert import converts
from studio.models.library import Entry
from studio.models.session import Session
from studio.views import dialogs
from studio.views.icons import icon, picture

PREVIEW = QSize(168, 168)


class ModelButton(QToolButton):
    """Shows the model in use; a click opens the chooser, and what is dropped on it is converted."""

    convert_asked = Signal(object)  # Path of a folder, a video or a picture

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setIconSize(QSize(40, 40))
        self.setObjectName("model")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setToolTip(
            self.tr("Choose the model that paints (Ctrl+M); drop a folder on it to convert it all")
        )
        self.setAcceptDrops(True)
        session.model_opened.connect(lambda bundle: self.refresh())
        session.replaced.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show the model in use."""
        bundle = self.session.bundle
        text = self.tr("Choose a model") if bundle is None else bundle.title
        self.setText(text)
        self.setAccessibleName(self.tr("Model: {0}").format(text))
        entry = None if bundle is None else self.session.library.find(bundle.name)
        preview = None if entry is None else _preview(entry, QSize(40, 40))
        self.setIcon(icon("model") if preview is None else preview)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802
        if self.session.bundle is not None and dropped(event) is not None:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802
        event.acceptProposedAction()
        self.convert_asked.emit(dropped(event))


class ModelDialog(QDialog):
    """All installed models with their previews."""

    problem = Signal(str)
    convert_asked = Signal(object, object)  # Path or None, Entry

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session, self.library = session, session.library
        self.setWindowTitle(self.tr("Models"))
        self.setAcceptDrops(True)
        self.resize(820, 560)
        self.list = QListWidget(self)
        self.list.setViewMode(QListView.ViewMode.IconMode)
        self.list.setResizeMode(QListView.ResizeMode.Adjust)
        self.list.setMovement(QListView.Movement.Static)
        self.list.setIconSize(PREVIEW)
        self.list.setGridSize(PREVIEW + QSize(24, 48))
        self.list.setWordWrap(True)
        self.list.setAccessibleName(self.tr("Installed models"))
        self.about = QLabel(self)
        self.about.setWordWrap(True)
        self.about.setTextFormat(Qt.TextFormat.PlainText)
        self.about.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.add = QPushButton(icon("plus"), self.tr("Add …"), self)
        self.add.setToolTip(
            self.tr("Add a model's folder or .onnx file; dropping it here does too")
        )
        menu = QMenu(self.add)
        menu.addAction(self.tr("A folder …"), self._add_folder)
        menu.addAction(self.tr("An .onnx file …"), self._add_file)
        self.add.setMenu(menu)
        self.remove = QPushButton(icon("trash"), self.tr("Remove"), self)
        self.convert = QPushButton(self.tr("Convert …"), self)
        self.convert.setToolTip(
            self.tr("Put a folder or a video through the model; dropping one on it does too")
        )
        buttons = QDialogButtonBox(self)
        self.use = buttons.addButton(
            self.tr("Paint with it"), QDialogButtonBox.ButtonRole.AcceptRole
        )
        buttons.addButton(QDialogButtonBox.StandardButton.Cancel)
        row = QHBoxLayout()
        row.addWidget(self.add)
        row.addWidget(self.remove)
        row.addWidget(self.convert)
        row.addStretch(1)
        row.addWidget(buttons)
        column = QVBoxLayout(self)
        column.addWidget(self.list, 1)
        column.addWidget(self.about)
        column.addLayout(row)
        buttons.accepted.connect(self._use)
        buttons.rejected.connect(self.reject)
        self.list.itemActivated.connect(lambda item: self._use())
        self.list.currentItemChanged.connect(lambda now, before: self._describe())
        self.remove.clicked.connect(self._remove)
        self.convert.clicked.connect(lambda: self._convert(None))
        self.library.changed.connect(self.rebuild)
        self.rebuild()

    def rebuild(self) -> None:
        """List the models."""
        current = self.session.bundle.name if self.session.bundle is not None else ""
        self.list.clear()
        for entry in self.library.entries:
            image = _preview(entry, PREVIEW) or icon("model")
            item = QListWidgetItem(image, entry.title)
            item.setData(Qt.ItemDataRole.UserRole, entry.name)
            item.setTextAlignment(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)
            self.list.addItem(item)
            if entry.name == current:
                self.list.setCurrentItem(item)
        if self.list.currentRow() < 0:
            self.list.setCurrentRow(0)
        self._describe()

    @property
    def entry(self) -> Entry | None:
        """The chosen model."""
        row = self.list.currentRow()
        if row < 0:
            return None
        return self.library.find(self.list.item(row).data(Qt.ItemDataRole.UserRole))

    def _describe(self) -> None:
        entry = self.entry
        self.use.setEnabled(entry is not None)
        self.remove.setEnabled(entry is not None and entry.own)
        self.convert.setEnabled(entry is not None)
        if entry is None:
            self.about.setText(
                self.tr("No model is installed. Add one, or train your own (Model > Train).")
            )
            return
        self.about.setText(
            self.tr("{0}\nMay be used: {1}\nTrained on: {2}").format(
                entry.title,
                entry.licence or self.tr("its maker does not say; ask before you sell pictures"),
                entry.data or self.tr("its maker does not say"),
            )
        )

    def _use(self) -> None:
        if self.entry is not None:
            self.session.choose(self.entry)
            self.accept()

    def _add_folder(self) -> None:
        path = dialogs.ask_folder(self, self.tr("The folder of a model"), "models")
        if path is not None:
            self._install(path)

    def _add_file(self) -> None:
        path = dialogs.ask_open(self, self.tr("A model"), self.tr("ONNX models (*.onnx)"), "models")
        if path is not None:
            self._install(path)

    def _install(self, path: Path) -> None:
        self.about.setText(
            self.tr("Trying {0} in a process of its own, in case it is broken …").format(path.name)
        )
        self.add.setEnabled(False)

        def done(name: str) -> None:
            self.add.setEnabled(True)
            for row in range(self.list.count()):
                if self.list.item(row).data(Qt.ItemDataRole.UserRole) == name:
                    self.list.setCurrentRow(row)

        def failed(sentence: str) -> None:
            self.add.setEnabled(True)
            self.about.setText(sentence)

        self.library.install(path, done, failed)

    def _remove(self) -> None:
        entry = self.entry
        if entry is None or not dialogs.ask_sure(
            self,
            self.tr("Remove {0}?").format(entry.title),
            self.tr("Its files are deleted. Documents painted with it keep their layouts."),
            self.tr("Remove"),
        ):
            return
        try:
            self.library.remove(entry)
        except UserError as error:
            self.about.setText(str(error))

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802
        paths = [Path(u.toLocalFile()) for u in event.mimeData().urls() if u.isLocalFile()]
        event.acceptProposedAction()
        if not converts(paths[0]):
            self._install(paths[0])
            return
        under = self.list.itemAt(self.list.viewport().mapFromGlobal(
            self.mapToGlobal(event.position().toPoint())))  # fmt: skip
        if under is not None:
            self.list.setCurrentItem(under)
        self._convert(paths[0])

    def _convert(self, source: Path | None) -> None:
        entry = self.entry
        if entry is not None:
            self.convert_asked.emit(source, entry)
            self.reject()


def dropped(event: QDropEvent) -> Path | None:
    """The file or folder that is dropped, if it is one."""
    paths = [Path(u.toLocalFile()) for u in event.mimeData().urls() if u.isLocalFile()]
    return paths[0] if paths else None


def _preview(entry: Entry, size: QSize) -> QIcon | None:
    """A model's preview, cut to a square; None where it has none that can be read."""
    pixmap = QPixmap(str(entry.preview))
    if pixmap.isNull():
        return None
    side = min(pixmap.width(), pixmap.height())
    left, top = (pixmap.width() - side) // 2, (pixmap.height() - side) // 2
    square = pixmap.copy(left, top, side, side)
    return picture(
        square.scaled(
            size * 2,
            Qt.AspectRatioMode.KeepAspectRatio,
            Qt.TransformationMode.SmoothTransformation,
        )
    )
