"""Journeys through the whole studio, by events only. Run as a program, this file is the studio:

    python -m tests.journey LEG FOLDER [KEY=VALUE ...]

It opens as `main.py` opens it, and an artist's hands go through one leg of a journey.
"""

import hashlib
import json
import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QDialog,
    QFileDialog,
    QLineEdit,
    QMessageBox,
    QWidget,
)

import studio.app
from studio.views.export import ExportDialog
from studio.views.newdocument import NewDialog
from studio.views.training import TrainingDialog
from studio.views.window import Window
from tests.hands import LEFT, Hands
from tests.test_studio_kills import seen

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
        self.heard: list[str] = []  # sentences that the window showed
        window.notice.said.connect(self.heard.append)
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
        elif isinstance(dialog, NewDialog):
            self.press(dialog, "Create")
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

    def keys(self, text: str, widget: QWidget | None = None) -> None:
        """Press a shortcut; a window manager gives the window the keys when a dialog went."""
        if QApplication.activeModalWidget() is None and not self.window.isActiveWindow():
            self.window.activateWindow()
            self.wait(self.window.isActiveWindow, "the keys")
        super().keys(text, widget)

    def find(self, name: str, kind: type[QWidget] = QWidget) -> QWidget:
        """The one visible, enabled widget of that accessible name that can be reached now."""
        dialog = QApplication.activeModalWidget()
        if dialog is None:
            return super().find(name, kind)
        named = [w for w in dialog.findChildren(kind) if w.accessibleName() == name]
        found = [w for w in named if w.isVisible()]
        assert len(found) == 1, f"{len(found)} widgets are called {name!r}"
        assert found[0].isEnabled(), f"{name!r} is not enabled"
        return found[0]

    # What an artist does with files -------------------------------------------------------------

    def name_file(self, keys: str, path: Path) -> None:
        """Press a command's keys and type the path that its dialog asks for."""
        self.path = path
        self.keys(keys)
        self.wait(lambda: QApplication.activeModalWidget() is None, f"the dialog of {keys}")
        assert self.path is None, f"{keys} asked for no file"
        self.rest_eyes()
        assert not self.troubles, self.troubles

    def choose(self, name: str, text: str) -> None:
        """Choose an entry of a box by keys."""
        box = self.find(name, QComboBox)
        assert isinstance(box, QComboBox)
        QTest.keyClick(box, Qt.Key.Key_Home)
        for _ in range(box.count()):
            if box.currentText() == text:
                return
            QTest.keyClick(box, Qt.Key.Key_Down)
        assert box.currentText() == text, f"{name} has no {text}"

    def told(self, words: str, seconds: float = 60) -> None:
        """Wait for a sentence in the window; on a busy machine it may have gone again."""
        self.wait(lambda: any(words in s for s in self.heard), f"{words!r}", seconds)
        self.heard.clear()

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

    # What is seen -------------------------------------------------------------------------------

    def picture(self) -> np.ndarray:
        """The finished picture."""
        self.settle()
        found = self.window.studio.live.picture
        assert found is not None, "there is no picture"
        return found.copy()

    def differs(self, before: np.ndarray, share: float = 0.002) -> np.ndarray:
        """The finished picture, which differs from an earlier one in so many of its pixels."""
        now = self.picture()
        assert now.shape == before.shape
        moved = np.abs(now.astype(int) - before).max(2) > 8
        assert moved.mean() > share, f"only {moved.mean():.2%} of the picture changed"
        return now

    def strip(self, count: int) -> list[str]:
        """The last results by their pixels, once there are so many and they outlive the studio."""
        studio = self.window.studio
        results, lasting = studio.results, studio.files.lasting
        picture = self.picture()

        def there() -> bool:
            found = results.items
            return len(found) >= count and np.array_equal(found[0].pixels, picture)

        self.wait(there, "the results")
        self.wait(lambda: not (lasting.due or studio.work.jobs), "the results on the disk")
        return [hashlib.sha256(result.pixels.tobytes()).hexdigest() for result in results.items]

    def state(self) -> dict[str, Any]:
        """All that must outlive the process."""
        files, history = self.window.studio.files, self.window.studio.session.history
        return {
            "path": str(files.path),
            "unsaved": files.unsaved,
            "seen": hashlib.sha256(seen(history).encode()).hexdigest(),
            "steps": [change.label for change in history.done],
        }


# The legs of a journey ---------------------------------------------------------------------------


def paint(hands: Traveller, folder: Path) -> None:
    """From a blank sheet to a saved document, and on; then it waits for its death."""
    hands.keys("Ctrl+N")
    hands.hush()
    hands.click("Sky")
    hands.keys("G")
    hands.stroke((0.5, 0.5), (0.5, 0.5))
    sky = hands.picture()
    hands.click("Mountain")
    hands.keys("B")
    hands.stroke((0.1, 0.6), (0.5, 0.3), (0.9, 0.6))
    mountain = hands.differs(sky)
    hands.click("Meadow")
    hands.keys("R")
    hands.stroke((0.0, 0.62), (1.0, 0.8))
    meadow = hands.differs(mountain)
    hands.click("Water")
    hands.keys("B")
    hands.pen((0.1, 0.9, 0.3), (0.5, 0.92, 1.0), (0.9, 0.9, 0.3))
    water = hands.differs(meadow)
    hands.keys("Ctrl+Z")
    assert np.array_equal(hands.picture(), meadow)
    hands.keys("Ctrl+Shift+Z")
    assert np.array_equal(hands.picture(), water)
    hands.slide("Fog", 0.9)
    fog = hands.differs(water)
    Image.new("RGB", (300, 200), (200, 60, 20)).save(folder / "Abendröte.png")
    hands.drop("Style picture", folder / "Abendröte.png")
    hands.differs(fog)
    hands.rest()
    hands.name_file("Ctrl+S", folder / "Mein Bild.ora")
    hands.told("Saved Mein Bild.ora")
    assert not hands.window.isWindowModified()
    saved = hands.state()
    hands.click("House")
    hands.stroke((0.3, 0.7), (0.4, 0.7))
    hands.slide("Cloudiness", 0.8)
    hands.click("Sun")
    hands.keys("O")
    hands.stroke((0.7, 0.1), (0.8, 0.2))
    Image.fromarray(hands.picture()).save(folder / "seen.png")
    left = {"saved": saved, "left": hands.state(), "strip": hands.strip(2)}
    (folder / "left.json").write_text(json.dumps(left))
    say("ready")
    hands.wait(lambda: False, "its death", 600)


def come_back(hands: Traveller, folder: Path) -> None:
    """All is there again; it leaves as a picture, and comes back out of it."""
    known = json.loads((folder / "left.json").read_text())
    hands.told("was recovered")
    hands.hush()
    assert hands.state() == known["left"]
    assert hands.window.windowTitle().startswith("Mein Bild")
    assert hands.window.isWindowModified()
    left = np.asarray(Image.open(folder / "seen.png"))
    assert np.array_equal(hands.picture(), left)
    assert hands.strip(len(known["strip"])) == known["strip"]
    for _ in range(3):
        hands.keys("Ctrl+Z")
    assert hands.state()["steps"] == known["saved"]["steps"]
    hands.keys("Ctrl+Z")
    hands.keys("Ctrl+Z")
    assert "photo" not in hands.window.studio.session.scene.values
    for _ in range(5):
        hands.keys("Ctrl+Y")
    assert np.array_equal(hands.picture(), left)
    hands.factor = "×2"
    hands.name_file("Ctrl+E", folder / "Bild groß.png")
    hands.told("Exported Bild groß.png (")
    with Image.open(folder / "Bild groß.png") as large:
        assert large.size == (2 * left.shape[1], 2 * left.shape[0])
    document = hands.window.studio.session.document
    ids, scene = document.ids.copy(), document.scene
    hands.keys("Ctrl+N")
    hands.click("Water")
    hands.keys("G")
    hands.stroke((0.5, 0.5), (0.5, 0.5))
    assert len(np.unique(hands.window.studio.session.document.ids)) == 1
    hands.hush()
    hands.drop("Picture", folder / "Bild groß.png")
    hands.told("is open again")
    document = hands.window.studio.session.document
    assert np.array_equal(document.ids, ids)
    assert document.scene == scene
    assert np.array_equal(hands.picture(), left)
    assert "Unsaved changes" not in hands.seen  # Documents are opened beside each other.


def train(hands: Traveller, folder: Path) -> None:
    """A model of one's own, from the folder of data to the brush."""
    hands.hush()
    before = hands.window.studio.session.bundle
    hands.keys("Ctrl+T")
    dialog = hands.dialog(TrainingDialog)
    line = hands.find("Folder of pictures", QLineEdit)
    assert isinstance(line, QLineEdit)
    hands.write(line, str(folder / "data"))
    QTest.keyClick(line, Qt.Key.Key_Return)
    hands.wait(lambda: not dialog.plan.scanning, "the look at the data")
    painting = next(e for e in dialog.plan.recipes if e.kind == "layout" and "layout" not in e.id)
    hands.choose("What it learns", painting.title)
    hands.choose("How thoroughly", "Rehearsal")
    name = hands.find("Name of the model", QLineEdit)
    assert isinstance(name, QLineEdit)
    hands.write(name, "Eigene Welt")
    assert dialog.start.isEnabled(), dialog.reason.text()
    QTest.mouseClick(dialog.start, LEFT)
    training = hands.window.studio.training
    run = training.runs[0]
    hands.wait(lambda: training.status(run) in ("done", "failed"), "the training", 280)
    assert training.status(run) == "done", run.last_word
    QTest.mouseClick(hands.window.training.detail.use, LEFT)
    hands.told("Eigene Welt paints now", 200)
    assert hands.window.studio.session.bundle is not before
    assert hands.window.model_button.accessibleName() == "Model: Eigene Welt"
    first = hands.picture()
    hands.click("Mountain")
    hands.keys("R")
    hands.stroke((0.1, 0.1), (0.9, 0.9))
    hands.wait(lambda: not hands.window.studio.live.pen_down, "the pen")
    now = hands.picture()
    assert not np.array_equal(now, first), "the new model does not follow the brush"
    hands.keys("Ctrl+Z")
    assert np.array_equal(hands.picture(), first)


LEGS: dict[str, Callable[[Traveller, Path], None]] = {
    "paint": paint,
    "come-back": come_back,
    "train": train,
}


def say(word: str) -> None:
    """Tell the parent."""
    os.write(1, f"{word}\n".encode())


def travel(leg: Callable[[Traveller, Path], None], folder: Path) -> None:
    """Go through a leg in the window that is open, and close it; else end with a traceback."""
    window = next(w for w in QApplication.topLevelWidgets() if isinstance(w, Window))
    try:
        hands = Traveller(window)
        hands.wait(lambda: window.studio.live.picture is not None, "the first picture")
        leg(hands, folder)
        assert not hands.troubles, hands.troubles
        assert not [name for name in sys.modules if name.split(".")[0] in ("torch", "torchvision")]
        hands.keys("Ctrl+Q")
        hands.wait(lambda: not window.isVisible(), "the window to close")
        hands.leave()
        say("arrived")
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)


def main(arguments: list[str]) -> int:
    """Open the studio as ever, with hands at it."""
    leg, folder = LEGS[arguments[0]], Path(arguments[1])
    made = studio.app.application

    def application(names: list[str]) -> QApplication:
        app = made(names)
        QTimer.singleShot(0, lambda: travel(leg, folder))
        return app

    studio.app.application = application
    return studio.app.main([])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
