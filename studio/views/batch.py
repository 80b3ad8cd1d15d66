"""How many pictures leave at once: where to, under which names, how large, as what."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QSettings, Qt
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from engines.errors import UserError
from studio.models.batch import FIELDS, FORMATS, PATTERN, Batch, Choice, Item, Round
from studio.models.files import FACTORS
from studio.views import dialogs
from studio.views.words import span_text

PLACE = "exports"


class BatchDialog(QDialog):
    """Asks, then shows how it goes, then tells what could not be written. It stands beside the
    window: painting goes on.
    """

    def __init__(
        self, batch: Batch, items: Sequence[Item], name: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.batch, self.items, self.name = batch, items, name
        title = self.tr("Export {0} pictures") if len(items) > 1 else self.tr("Export a picture")
        self.setWindowTitle(title.format(len(items)))
        self.setMinimumWidth(460)
        self.folder = QLineEdit(str(QSettings().value(f"places/{PLACE}", str(Path.home()))), self)
        self.folder.setAccessibleName(self.tr("Folder"))
        self.browse = QPushButton(self.tr("Choose …"), self)
        self.browse.setAutoDefault(False)
        self.pattern = QLineEdit(PATTERN, self)
        self.pattern.setAccessibleName(self.tr("File names"))
        self.fields = QLabel(" ".join(f"{{{field}}}" for field in FIELDS), self)
        self.fields.setObjectName("muted")
        self.fields.setWordWrap(True)
        self.factor, self.format = QComboBox(self), QComboBox(self)
        self.factor.setAccessibleName(self.tr("Enlarged"))
        self.format.setAccessibleName(self.tr("Kind of file"))
        for factor in FACTORS:
            self.factor.addItem(f"× {factor}", factor)
        texts = {
            "png": self.tr("PNG with everything inside"),
            "jpg": self.tr("JPEG, the picture alone"),
            "webp": self.tr("WebP, the picture alone"),
        }
        for kind in FORMATS:
            self.format.addItem(texts[kind], kind)
        self.progress = QProgressBar(self)
        self.progress.setAccessibleName(self.tr("Progress of the export"))
        self.progress.setRange(0, len(items))
        self.progress.hide()
        self.told = QLabel(self)
        self.told.setWordWrap(True)
        self.told.setAccessibleName(self.tr("State of the export"))
        self.troubles = QPlainTextEdit(self)
        self.troubles.setReadOnly(True)
        self.troubles.setAccessibleName(self.tr("What could not be exported"))
        self.troubles.hide()
        self.start = QPushButton(self.tr("Export"), self)
        self.start.setDefault(True)
        self.stop = QPushButton(self.tr("Cancel"), self)
        self.stop.setAutoDefault(False)
        self._put_together()
        self.browse.clicked.connect(self._browse)
        self.start.clicked.connect(self._start)
        self.stop.clicked.connect(self._stop)
        batch.progressed.connect(self._progressed)
        batch.ended.connect(self._ended)

    def _put_together(self) -> None:
        place = QHBoxLayout()
        place.addWidget(self.folder, 1)
        place.addWidget(self.browse)
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow(self.tr("Folder"), place)
        form.addRow(self.tr("File names"), self.pattern)
        form.addRow("", self.fields)
        form.addRow(self.tr("Enlarged"), self.factor)
        form.addRow(self.tr("Kind of file"), self.format)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.stop)
        buttons.addWidget(self.start)
        column = QVBoxLayout(self)
        column.setSpacing(10)
        column.addLayout(form)
        column.addWidget(self.progress)
        column.addWidget(self.told)
        column.addWidget(self.troubles)
        column.addLayout(buttons)

    def _browse(self) -> None:
        path = dialogs.ask_folder(self, self.tr("Choose a folder for the pictures"), PLACE)
        if path is not None:
            self.folder.setText(str(path))

    @property
    def choice(self) -> Choice:
        """What was set."""
        return Choice(
            Path(self.folder.text()).expanduser(),
            self.name,
            self.pattern.text().strip() or PATTERN,
            int(self.factor.currentData()),
            self.format.currentData(),
        )

    def _start(self) -> None:
        try:
            self.batch.start(self.items, self.choice)
        except UserError as error:
            self.told.setObjectName("danger")
            self.told.setText(str(error))
            self.told.style().polish(self.told)
            return
        QSettings().setValue(f"places/{PLACE}", str(self.choice.folder))

    def _stop(self) -> None:
        if self.batch.round is not None and self.batch.round.items == tuple(self.items):
            self.batch.cancel()
        else:
            self.close()

    def _progressed(self) -> None:
        now = self.batch.round
        if now is None or now.items != tuple(self.items):
            return
        self.start.setEnabled(False)
        self.progress.show()
        self.progress.setValue(now.done)
        left = self.batch.seconds_left
        text = self.tr("{0} of {1}").format(now.done, len(now.items))
        if left is not None and now.done < len(now.items):
            text += " · " + self.tr("{0} left").format(span_text(left))
        self.told.setObjectName("muted")
        self.told.style().polish(self.told)
        self.told.setText(text)

    def _ended(self, over: Round) -> None:
        if over.items != tuple(self.items):
            return
        text = self.tr("{0} of {1} pictures are in {2}.").format(
            len(over.written), len(over.items), over.choice.folder
        )
        if over.cancelled:
            text = self.tr("Cancelled.") + " " + text
        self.told.setText(text)
        self.troubles.setVisible(bool(over.troubles))
        self.troubles.setPlainText("\n".join(over.troubles))
        self.start.setEnabled(bool(over.troubles) or over.cancelled)
        self.stop.setText(self.tr("Close"))
        self.stop.setFocus(Qt.FocusReason.OtherFocusReason)

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802
        if self.batch.round is not None and self.batch.round.items == tuple(self.items):
            self.batch.cancel()
        super().closeEvent(event)
