"""Enlarging with a model: the menu of a layer, the choice on export, progress in the status bar."""

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QMenu, QProgressBar, QWidget

from studio.models.enlarging import Enlarging
from studio.views.control import tool

if TYPE_CHECKING:
    from studio.views.window import Window


class Progress(QWidget):
    """What enlarges, how far it is, and a button that ends it; hidden while nothing does."""

    def __init__(self, enlarging: Enlarging, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.enlarging = enlarging
        self.label = QLabel(self)
        self.bar = QProgressBar(self)
        self.bar.setRange(0, 1000)
        self.bar.setTextVisible(False)
        self.bar.setFixedSize(120, 8)
        self.bar.setAccessibleName(self.tr("Enlarging"))
        self.bar.setToolTip(self.tr("How much of the picture is enlarged"))
        self.end = tool(self, "cancel", self.tr("Cancel enlarging"))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        for widget in (self.label, self.bar, self.end):
            row.addWidget(widget)
        self.end.clicked.connect(enlarging.cancel)
        enlarging.changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show how far it is."""
        job = self.enlarging.job
        self.setVisible(job is not None)
        if job is not None:
            self.label.setText(job.label)
            self.bar.setValue(round(1000 * self.enlarging.share))
            self.end.setEnabled(not job.cancelled)


def fill_enlarge(window: "Window", menu: QMenu) -> None:
    """A command for each model that enlarges, or a line that says there is none."""
    enlarging = window.studio.enlarging
    menu.clear()
    menu.setToolTipsVisible(True)
    for entry, scale in enlarging.entries():
        title = entry.title.replace("&", "&&")
        action = menu.addAction(window.tr("×{0} with {1}").format(scale, title))
        reason = enlarging.why_not()
        action.setEnabled(not reason)
        action.setToolTip(reason or window.tr("Larger about its middle, or with the page"))
        action.triggered.connect(lambda on=False, e=entry, n=scale: enlarging.layer(e, n))
    if menu.isEmpty():
        menu.addAction(window.tr("No model that enlarges is installed")).setEnabled(False)


def ways_box(enlarging: Enlarging, parent: QWidget) -> QComboBox:
    """A choice of how a picture becomes larger; its data are names of models, "" for none."""
    box = QComboBox(parent)
    box.setAccessibleName(parent.tr("How to make it larger"))
    box.setToolTip(parent.tr("Resampling adds nothing; a model invents the detail"))
    box.addItem(parent.tr("Resampled (Lanczos)"), "")
    for entry, scale in enlarging.entries():
        box.addItem(parent.tr("With {0} (×{1})").format(entry.title, scale), entry.name)
    return box
