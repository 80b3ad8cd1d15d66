"""Sentences for the artist above the canvas: what happened, what was kept, what to do."""

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QWidget

from studio.views.control import tool
from studio.views.icons import icon

TOLD_MS = 6000
LONGEST_WORD = 40  # letters


class Notice(QFrame):
    """One sentence at a time; a trouble stays until it is closed, news go by themselves."""

    said = Signal(str)  # what is shown from now on

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("notice")
        self._picture = QLabel(self)
        self.text = QLabel(self)
        self.text.setWordWrap(True)
        self.text.setTextFormat(Qt.TextFormat.PlainText)
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.text.setAccessibleName(self.tr("Message"))
        self.dismiss = tool(self, "close", self.tr("Close the message"))
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 6, 6, 6)
        row.setSpacing(10)
        row.addWidget(self._picture)
        row.addWidget(self.text, 1)
        row.addWidget(self.dismiss)
        self._timer = QTimer(self, singleShot=True, interval=TOLD_MS)
        self._timer.timeout.connect(self.hide)
        self.dismiss.clicked.connect(self.hide)
        self._icon = "info"
        self.hide()

    def tell(self, sentence: str) -> None:
        """News, for a few seconds. A trouble that is shown is not pushed aside by it."""
        if self.isVisible() and self._icon == "warning":
            return
        self._show(sentence, "info")
        self._timer.start()

    def complain(self, sentence: str) -> None:
        """A trouble, until it is closed."""
        self._timer.stop()
        self._show(sentence, "warning")

    def _show(self, sentence: str, name: str) -> None:
        self._icon = name
        self._picture.setPixmap(self._drawn().pixmap(18, 18))
        self.text.setText(breakable(sentence))
        self.setProperty("kind", name)
        self.style().polish(self)
        self.show()
        self.said.emit(sentence)

    def _drawn(self) -> QIcon:
        return icon(self._icon, "warning" if self._icon == "warning" else "text")

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._picture.setPixmap(self._drawn().pixmap(18, 18))


def breakable(sentence: str) -> str:
    """The sentence with a place to break in words that are too long for a line, such as names.

    A line break in a name would look like the end of the sentence.
    """
    words = " ".join(sentence.splitlines()).split(" ")
    return " ".join("\u200b".join(_pieces(word)) for word in words)


def _pieces(word: str) -> list[str]:
    return [word[i : i + LONGEST_WORD] for i in range(0, len(word), LONGEST_WORD)]
