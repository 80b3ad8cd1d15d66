"""The window of older versions: what a file held before it was saved over."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QLocale, QSize, Qt
from PySide6.QtGui import QIcon, QImage, QPixmap
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from studio.document.scene import Pixels
from studio.document.versions import MOST
from studio.models.older import Older, Seen
from studio.views import dialogs
from studio.views.gallery import dated
from studio.views.icons import icon, picture

if TYPE_CHECKING:
    from studio.views.window import Window

THUMBNAIL = QSize(128, 96)
WIDTH, HEIGHT = 460, 430


def show_older(window: "Window") -> None:
    """Open the window of older versions of the open document's file."""
    OlderDialog(window.studio.older, window).open()


class OlderDialog(QDialog):
    """Lists the versions, newest first; Enter opens one beside the document."""

    def __init__(self, older: Older, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.older = older
        self.seen: tuple[Seen, ...] = ()
        path = older.path
        self._name = path.name if path is not None else older.files.name
        self.setWindowTitle(self.tr("Older versions of {0}").format(self._name))
        self.setAccessibleName(self.windowTitle())
        self.list = QListWidget(self)
        self.list.setAccessibleName(self.tr("Versions"))
        self.list.setIconSize(THUMBNAIL)
        self.list.setUniformItemSizes(True)
        self.told = QLabel(self.tr("Looking …"), self)
        self.told.setObjectName("hint")
        self.told.setWordWrap(True)
        self.told.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.stack = QStackedWidget(self)
        self.stack.addWidget(self.told)
        self.stack.addWidget(self.list)
        self.kept = QLabel(
            self.tr("Each time the file is saved, what it held before is kept, up to {0}.").format(
                MOST
            ),
            self,
        )
        self.kept.setObjectName("hint")
        self.kept.setWordWrap(True)
        self.kept.hide()
        self.beside, self.back = (
            QPushButton(self.tr("Open &beside")),
            QPushButton(self.tr("Put bac&k …")),
        )
        self.beside.setToolTip(self.tr("As a copy that is in no file yet"))
        self.back.setToolTip(self.tr("In the place of what the file holds now"))
        buttons = QDialogButtonBox(self)
        buttons.addButton(self.beside, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.addButton(self.back, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.addButton(QDialogButtonBox.StandardButton.Close)
        column = QVBoxLayout(self)
        column.addWidget(self.stack, 1)
        column.addWidget(self.kept)
        column.addWidget(buttons)
        buttons.rejected.connect(self.reject)
        self.beside.clicked.connect(self._open)
        self.back.clicked.connect(self._restore)
        self.list.itemActivated.connect(lambda item: self._open())
        self.list.currentRowChanged.connect(lambda row: self._allow())
        self.finished.connect(self._leave)
        self.resize(WIDTH, HEIGHT)
        self._open_now = True
        self._allow()
        older.look(self._show)

    def _leave(self) -> None:
        self._open_now = False
        self.deleteLater()

    def _show(self, seen: tuple[Seen, ...]) -> None:
        if not self._open_now:  # It was closed while the disk was slow.
            return
        self.seen = seen
        for each in seen:
            size = QLocale().formattedDataSize(each.version.bytes, 1)
            item = QListWidgetItem(_thumbnail(each.thumbnail), f"{_when(each)}\n{size}")
            item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{_when(each)}, {size}")
            self.list.addItem(item)
        self.kept.setVisible(bool(seen))
        if seen:
            self.stack.setCurrentWidget(self.list)
            self.list.setCurrentRow(0)
            self.list.setFocus()
        elif self.older.path is None:
            self.told.setText(
                self.tr(
                    "{0} is in no file yet. Once it is saved, what the file held before is kept "
                    "here each time it is saved again, up to {1} versions."
                ).format(self._name, MOST)
            )
        else:
            self.told.setText(
                self.tr(
                    "There are none yet. Each time {0} is saved again, what it held before is "
                    "kept here, up to {1} versions."
                ).format(self._name, MOST)
            )
        self._allow()

    def _allow(self) -> None:
        for button in (self.beside, self.back):
            button.setEnabled(self.list.currentRow() >= 0)
        self.beside.setDefault(self.beside.isEnabled())

    def _chosen(self) -> Seen:
        return self.seen[self.list.currentRow()]

    def _open(self) -> None:
        seen = self._chosen()
        self.accept()
        self.older.open(seen.version, _when(seen))

    def _restore(self) -> None:
        seen = self._chosen()
        question = self.tr("Put {0} back as it was {1}?").format(self._name, _when(seen))
        consequence = self.tr(
            "What the file holds now is kept as a version. What is undone and done since is gone."
        )
        if self.older.files.unsaved:
            consequence = self.tr(
                "What the file holds now is kept as a version. The changes that are not saved yet "
                "are gone; save first to keep them as a version too."
            )
        if dialogs.ask_sure(self, question, consequence, self.tr("Put back")):
            self.accept()
            self.older.restore(seen.version, _when(seen))


def _when(seen: Seen) -> str:
    return dated(seen.version.saved)


def _thumbnail(pixels: Pixels | None) -> QIcon:
    if pixels is None:
        return icon("open")
    height, width = pixels.shape[:2]
    data = pixels.tobytes()
    image = QImage(data, width, height, 4 * width, QImage.Format.Format_RGBA8888).copy()
    fitted = image.scaled(
        THUMBNAIL * 2,
        Qt.AspectRatioMode.KeepAspectRatio,
        Qt.TransformationMode.SmoothTransformation,
    )
    return picture(QPixmap.fromImage(fitted))
