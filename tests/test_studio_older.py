"""The window of older versions, by events: listed, opened beside the document, put back."""

import os
from pathlib import Path

import numpy as np
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QDialog,
    QLabel,
    QLineEdit,
    QListWidget,
    QMessageBox,
    QPushButton,
)

from studio.document import ora
from tests.hands import LEFT, Hands


def paint_and_save(hands: Hands, path: Path, y: float, at: int) -> np.ndarray:
    """A stroke at such a height, and a save at such a second; the ids that were saved."""
    files = hands.window.studio.files
    hands.click("Rock")
    hands.stroke((0.2, y), (0.8, y))
    files.save(path) if files.path is None else hands.menu("File", "Save")
    hands.wait(lambda: not files.unsaved and not hands.window.studio.work.jobs, "the save")
    os.utime(path, (at, at))
    return files.session.document.ids.copy()


def opened(hands: Hands) -> QDialog:
    hands.menu("File", "Older versions …")
    hands.rest_eyes()
    dialogs = [w for w in QApplication.topLevelWidgets() if isinstance(w, QDialog)]
    (dialog,) = (w for w in dialogs if w.isVisible())
    return dialog


def listed(hands: Hands) -> list[str]:
    found = hands.find("Versions", QListWidget)
    assert isinstance(found, QListWidget)
    assert all(not found.item(row).icon().isNull() for row in range(found.count()))
    return [found.item(row).text() for row in range(found.count())]


def press(dialog: QDialog, words: str) -> None:
    (button,) = (b for b in dialog.findChildren(QPushButton) if b.text().replace("&", "") == words)
    assert button.isEnabled()
    QTest.mouseClick(button, LEFT)


def answer(words: str, said: list[str]) -> None:
    """Press a button of the question that comes next."""

    def look() -> None:
        box = QApplication.activeModalWidget()
        assert isinstance(box, QMessageBox)
        said.append(box.text() + " " + box.informativeText())
        (button,) = (b for b in box.buttons() if b.text().replace("&", "") == words)
        QTest.mouseClick(button, LEFT)

    QTimer.singleShot(50, look)


def test_versions_are_listed_and_one_is_opened_beside(hands: Hands, tmp_path: Path) -> None:
    studio, path = hands.window.studio, tmp_path / "hill.ora"
    dialog = opened(hands)
    assert any("is in no file yet" in w.text() for w in dialog.findChildren(QLabel))
    assert not any(b.isEnabled() for b in dialog.findChildren(QPushButton) if "Open" in b.text())
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    first = paint_and_save(hands, path, 0.2, 1_700_000_000)
    dialog = opened(hands)
    assert any("There are none yet" in w.text() for w in dialog.findChildren(QLabel))
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    for number in range(1, 5):
        last = paint_and_save(hands, path, 0.2 + number / 8, 1_700_000_000 + 86_400 * number)
    dialog = opened(hands)
    texts = listed(hands)
    assert len(texts) == 3
    assert all("kB" in text or "KiB" in text or "MiB" in text for text in texts), texts
    days = [text.split()[0] for text in texts]
    assert len(set(days)) == 3
    # By keys: down to the oldest of the three, which was saved second.
    versions = hands.find("Versions", QListWidget)
    QTest.keyClick(versions, Qt.Key.Key_End)
    QTest.keyClick(versions, Qt.Key.Key_Return)
    hands.wait(lambda: len(studio.files.tabs.items) == 2, "the version")
    hands.settle()
    beside = studio.session.document.ids
    assert not np.array_equal(beside, last)
    assert not np.array_equal(beside, first)
    assert np.array_equal(beside[: int(0.3 * 512)], last[: int(0.3 * 512)])
    assert studio.files.path is None
    assert studio.files.unsaved
    assert np.array_equal(ora.read(path).history.document.ids, last)
    assert "in no file yet" in hands.window.notice.text.text()


def test_a_version_is_put_back_and_what_was_there_is_one(hands: Hands, tmp_path: Path) -> None:
    studio, path = hands.window.studio, tmp_path / "hill.ora"
    files = studio.files
    first = paint_and_save(hands, path, 0.2, 1_700_000_000)
    last = paint_and_save(hands, path, 0.6, 1_700_086_400)
    said: list[str] = []
    dialog = opened(hands)
    answer("Cancel", said)
    press(dialog, "Put back …")
    assert dialog.isVisible()
    assert np.array_equal(ora.read(path).history.document.ids, last)
    hands.stroke((0.2, 0.9), (0.8, 0.9))
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    dialog = opened(hands)
    answer("Put back", said)
    press(dialog, "Put back …")
    hands.wait(lambda: np.array_equal(studio.session.document.ids, first), "the version")
    assert "not saved" not in said[0]
    assert "not saved" in said[1]
    assert len(files.tabs.items) == 1
    assert files.path == path
    assert not files.unsaved
    assert np.array_equal(ora.read(path).history.document.ids, first)
    hands.settle()
    opened(hands)
    assert len(listed(hands)) == 2
    (newest, *_) = files.desk.versions.of(path)
    assert np.array_equal(ora.read(newest.path).history.document.ids, last)


def test_a_broken_version_is_told_and_changes_nothing(hands: Hands, tmp_path: Path) -> None:
    studio, path = hands.window.studio, tmp_path / "hill.ora"
    paint_and_save(hands, path, 0.2, 1_700_000_000)
    last = paint_and_save(hands, path, 0.6, 1_700_086_400)
    (version,) = studio.files.desk.versions.of(path)
    version.path.write_bytes(b"broken")
    dialog = opened(hands)
    answer("Put back", [])
    press(dialog, "Put back …")
    hands.wait(lambda: not studio.work.jobs and hands.window.notice.isVisible(), "the sentence")
    QApplication.processEvents()
    assert "cannot be read; choose another" in hands.window.notice.text.text()
    assert np.array_equal(ora.read(path).history.document.ids, last)
    assert np.array_equal(studio.session.document.ids, last)


def test_the_command_is_found_by_what_was_lost(hands: Hands) -> None:
    hands.keys("Ctrl+K", hands.canvas())
    QTest.keyClicks(hands.find("What do you want to do?", QLineEdit), "earlier backup")
    found = hands.find("Found", QListWidget)
    assert isinstance(found, QListWidget)
    assert found.item(0).text() == "Older versions"
    QTest.keyClick(hands.find("What do you want to do?", QLineEdit), Qt.Key.Key_Return)
    hands.rest_eyes()
    assert any(
        w.isVisible() and w.windowTitle().startswith("Older versions")
        for w in QApplication.topLevelWidgets()
    )
