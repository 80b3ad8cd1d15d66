"""Hands that also answer dialogs: a file is named by typing its path, a question by pressing a
button. All by events.
"""

import traceback
from pathlib import Path

from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QDialog,
    QFileDialog,
    QLineEdit,
    QMessageBox,
    QWidget,
)

from studio.views.export import ExportDialog
from studio.views.training import TrainingDialog
from studio.views.window import Window
from tests.hands import LEFT, Hands

LOOK_MS = 20


class Traveller(Hands):
    """Hands with a butler: what a dialog asks is answered as was said beforehand.

    `path` is what is typed into the next file dialog, `factor` the size of an export, `unsaved`
    the button that is pressed where changes would be lost. `seen` lists the dialogs' titles.
    """

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self.path: Path | None = None
        self.factor = "×1"
        self.unsaved = "Discard"
        self.seen: list[str] = []
        self.troubles: list[str] = []
        self.served = True
        self._look()

    def leave(self) -> None:
        """The butler goes."""
        self.served = False

    def _look(self) -> None:
        if not self.served:
            return
        # A new timer each time: one that is being served does not fire in the loop of a dialog.
        QTimer.singleShot(LOOK_MS, self._look)
        dialog = QApplication.activeModalWidget()
        if dialog is None or not dialog.isVisible():
            return
        try:
            self._answer(dialog)
        except BaseException:
            self.troubles.append(traceback.format_exc())
            self.escape(dialog)

    def _answer(self, dialog: QWidget) -> None:
        if isinstance(dialog, TrainingDialog):
            return  # It waits; the journey itself works in it.
        self.seen.append(dialog.windowTitle())
        if isinstance(dialog, QFileDialog):
            path, self.path = self.path, None
            if path is None:  # It did not take what was typed.
                self.escape(dialog)
                return
            line = next(w for w in dialog.findChildren(QLineEdit) if w.isVisible())
            self.write(line, str(path))
            QTest.keyClick(line, Qt.Key.Key_Return)
        elif isinstance(dialog, ExportDialog):
            self.press(dialog, self.factor)
            self.press(dialog, "Export …")
        elif isinstance(dialog, QMessageBox):
            known = [self.unsaved, "Yes", "OK"]
            self.press(dialog, next(word for word in known if self.buttons(dialog, word)))
        else:
            raise AssertionError(f"nobody knows {dialog}")

    def escape(self, dialog: QWidget) -> None:
        """Close a dialog without an answer."""
        QTest.keyClick(dialog, Qt.Key.Key_Escape)

    def write(self, line: QLineEdit, text: str) -> None:
        """Paste into a line, in place of what was there: no keyboard has every letter."""
        QTest.mouseClick(line, LEFT)
        QTest.keySequence(line, "Ctrl+A")
        QApplication.clipboard().setText(text)
        QTest.keySequence(line, "Ctrl+V")

    def buttons(self, dialog: QWidget, word: str) -> list[QAbstractButton]:
        """The buttons of a dialog that say this."""
        found = dialog.findChildren(QAbstractButton)
        return [b for b in found if b.isVisible() and b.text().replace("&", "").startswith(word)]

    def press(self, dialog: QWidget, word: str) -> None:
        """Press the button that says this."""
        (button,) = self.buttons(dialog, word)
        assert button.isEnabled(), f"{word!r} is not enabled"
        spot = button.rect().center()
        spot.setX(min(spot.x(), 12))  # A round button is pressed at its mark.
        QTest.mouseClick(button, LEFT, Qt.KeyboardModifier.NoModifier, spot)

    # What an artist does with files -------------------------------------------------------------

    def name_file(self, keys: str, path: Path) -> None:
        """Press a command's keys and type the path that its dialog asks for."""
        self.path = path
        self.keys(keys)
        self.wait(lambda: QApplication.activeModalWidget() is None, f"the dialog of {keys}")
        assert self.path is None, f"{keys} asked for no file"
        self.window.activateWindow()  # As a window manager does when a dialog goes.
        QApplication.processEvents()
        assert not self.troubles, self.troubles

    def told(self, words: str, seconds: float = 60) -> None:
        """Wait for a sentence in the window."""
        text = self.window.notice.text

        def said() -> bool:
            return text.isVisible() and words in text.text().replace("\u200b", "")

        self.wait(said, f"the words {words!r}, not {text.text()!r}", seconds)

    def hush(self) -> None:
        """Close the sentence that is shown."""
        if self.window.notice.isVisible():
            self.click("Close the message")

    def rest(self) -> None:
        """Until all jobs are done, and the picture follows no more."""
        self.wait(lambda: not self.window.studio.work.jobs, "the jobs")
        self.settle()

    def dialog(self, kind: type[QDialog]) -> QDialog:
        """The open dialog of a kind."""
        found = [w for w in QApplication.topLevelWidgets() if isinstance(w, kind) and w.isVisible()]
        assert len(found) == 1, found
        return found[0]
