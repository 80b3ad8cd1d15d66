"""Classes in the window, by events: locked, alone, renamed, deleted, imported, mapped, undone."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QComboBox,
    QFileDialog,
    QInputDialog,
    QLabel,
    QLineEdit,
    QListWidget,
    QMenu,
    QPushButton,
    QWidget,
)

from studio.views.classes import Tile
from studio.views.coloured import ColouredDialog
from studio.views.mapping import MappingDialog, MappingHint
from studio.views.palette_dialog import PaletteDialog
from tests.hands import Hands


@pytest.fixture
def dialog(hands: Hands) -> Iterator[PaletteDialog]:
    made = PaletteDialog(hands.window.studio.palette, hands.window)
    made.show()
    hands.wait(made.isActiveWindow, "the dialog")
    yield made
    made.close()
    made.deleteLater()


def ids(hands: Hands) -> np.ndarray:
    return hands.window.studio.session.document.ids.copy()


def number(hands: Hands, name: str) -> int:
    palette = hands.window.studio.session.scene.palette
    return next(n for n, entry in enumerate(palette) if entry.name == name)


def typed(hands: Hands, name: str, text: str) -> None:
    line = hands.find(name, QLineEdit)
    line.setFocus()
    QTest.keySequence(line, "Ctrl+A")
    QTest.keyClicks(line, text)
    QTest.keyClick(line, Qt.Key.Key_Return)


def choose(hands: Hands, name: str) -> None:
    classes = hands.find("Classes", QListWidget)
    assert isinstance(classes, QListWidget)
    rows = [row for row in range(classes.count()) if classes.item(row).text().startswith(name)]
    spot = classes.visualItemRect(classes.item(rows[0])).center()
    QTest.mouseClick(classes.viewport(), Qt.MouseButton.LeftButton, pos=spot)


def answering(kind: type[QWidget], answer: Callable[[QWidget], object]) -> None:
    """Answer the next dialog of that kind once it is there."""

    def look() -> None:
        found = QApplication.activeModalWidget()
        if isinstance(found, kind):
            answer(found)
        else:
            QTimer.singleShot(20, look)

    QTimer.singleShot(0, look)


def test_a_locked_class_cannot_be_painted_over(hands: Hands) -> None:
    before = ids(hands)
    sky = number(hands, "sky")
    hands.click("Sky")
    hands.keys("K", hands.canvas())
    tile = hands.find("Sky", Tile)
    assert "locked" in tile.accessibleDescription()
    assert hands.window.actions_["class-lock"].isChecked()
    hands.click("Rock")
    hands.keys("R", hands.canvas())
    hands.stroke((0.0, 0.0), (1.0, 1.0))
    now = ids(hands)
    assert (now[before == sky] == sky).all()
    assert (now[before != sky] == number(hands, "rock")).all()
    hands.keys("Ctrl+Z")
    hands.keys("Ctrl+Z")
    assert "locked" not in tile.accessibleDescription()
    assert (ids(hands) == before).all()


def test_solo_dims_all_other_classes_and_ends(hands: Hands) -> None:
    paper, canvas = hands.window.paper, hands.canvas()
    before = paper._argb.copy()
    hands.click("Water")
    hands.keys("J", canvas)
    water = ids(hands) == number(hands, "water")
    assert (paper._argb[water] == before[water]).all()
    assert ((paper._argb[~water] >> 24) < 64).all()
    assert "alone" in hands.find("Water", Tile).accessibleDescription()
    hands.keys("J", canvas)
    assert (paper._argb == before).all()


def test_tiles_say_how_much_their_classes_cover(hands: Hands) -> None:
    shares = hands.window.studio.palette.shares
    hands.wait(lambda: not shares.pending, "the shares")
    tile = hands.find("Moon", Tile)
    assert tile.accessibleDescription() == "not painted"
    hands.click("Moon")
    hands.keys("R", hands.canvas())
    hands.stroke((0.0, 0.0), (0.5, 0.5))
    hands.wait(lambda: "25 %" in tile.accessibleDescription(), "the share")


def test_the_menu_of_a_tile_is_about_its_class(hands: Hands) -> None:
    tile = hands.find("Rock", Tile)
    where = QPoint(20, 20)
    event = QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, where, tile.mapToGlobal(where))
    QApplication.sendEvent(tile, event)
    menu = hands.find("Class Rock", QMenu)
    assert isinstance(menu, QMenu)
    lock = next(a for a in menu.actions() if a.text().replace("&", "") == "Lock this class")
    QTest.mouseClick(menu, Qt.MouseButton.LeftButton, pos=menu.actionGeometry(lock).center())
    assert hands.window.studio.session.scene.protected == {"rock"}


def test_a_class_is_added_named_and_coloured(hands: Hands, dialog: PaletteDialog) -> None:
    session = hands.window.studio.session
    hands.click("Add a class")
    typed(hands, "Name of the class", "lava")
    typed(hands, "Colour of the class", "#ff4000")
    assert (session.scene.palette[-1].name, session.scene.palette[-1].color) == ("lava", "#ff4000")
    assert hands.find("Lava", Tile).isVisible()
    typed(hands, "Name of the class", "sky")
    assert "called sky already" in dialog.told.text()
    typed(hands, "Colour of the class", "red")
    assert "#1450c8" in dialog.told.text()
    typed(hands, "Colour of the class", session.scene.palette[0].color)
    assert "has the same colour" in dialog.told.text()
    for _ in range(4):
        session.undo()
    assert [entry.name for entry in session.scene.palette if entry.name == "lava"] == []


def test_a_deleted_class_asks_what_becomes_of_its_pixels(
    hands: Hands, dialog: PaletteDialog
) -> None:
    before, water = ids(hands), number(hands, "water")
    choose(hands, "Water")

    def answer(asked: QWidget) -> None:
        assert isinstance(asked, QInputDialog)
        assert "35 % of the layout" in asked.labelText()
        QTest.keyClicks(asked.findChild(QComboBox), "Sa")
        QTest.keyClick(asked, Qt.Key.Key_Return)

    answering(QInputDialog, answer)
    hands.click("Delete this class")
    now, sand = ids(hands), number(hands, "sand")
    assert (now[before == water] == sand).all()
    assert "water" not in {entry.name for entry in hands.window.studio.session.scene.palette}
    hands.window.studio.session.undo()
    assert (ids(hands) == before).all()


def test_classes_are_ordered_and_the_digits_follow(hands: Hands, dialog: PaletteDialog) -> None:
    choose(hands, "Cloud")
    hands.click("Move up")
    classes = hands.find("Classes", QListWidget)
    assert isinstance(classes, QListWidget)
    assert classes.item(0).text().startswith("Cloud")
    assert classes.currentRow() == 0
    dialog.hide()
    hands.window.activateWindow()
    hands.wait(hands.window.isActiveWindow, "the window")
    hands.keys("2", hands.canvas())
    assert hands.window.studio.tools.class_id == number(hands, "sky")
    hands.keys("N", hands.canvas())
    assert hands.window.studio.tools.class_id == number(hands, "sun")


def test_a_palette_of_ones_own_is_saved_and_used(hands: Hands, dialog: PaletteDialog) -> None:
    session = hands.window.studio.session

    def name_it(asked: QWidget) -> None:
        QTest.keyClicks(asked.findChild(QLineEdit), "Mein Land")
        QTest.keyClick(asked, Qt.Key.Key_Return)

    choose(hands, "Cloud")
    hands.click("Move up")
    answering(QInputDialog, name_it)
    hands.click("Save as")
    assert dialog.own.currentText() == "Mein Land"
    session.undo()
    choose(hands, "Cloud")
    assert dialog.list.currentRow() == 1
    hands.click("Use")
    choose(hands, "Cloud")
    assert dialog.list.currentRow() == 0


def test_a_coloured_picture_becomes_classes_and_layout(
    hands: Hands, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rgb = np.zeros((512, 512, 3), np.uint8)
    rgb[:256], rgb[256:] = (10, 90, 200), (200, 180, 90)
    rgb[255:257] = np.random.default_rng(0).integers(0, 256, (2, 512, 3))
    path = tmp_path / "Küste.png"
    Image.fromarray(rgb).save(path)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(path), ""))
    said: list[str] = []

    def answer(asked: QWidget) -> None:
        said.extend(label.text() for label in asked.findChildren(QLabel))
        boxes = {box.text().replace("&", ""): box for box in asked.findChildren(QCheckBox)}
        QTest.mouseClick(
            boxes["Leave pixels of other colours unpainted"], Qt.MouseButton.LeftButton
        )
        take = next(b for b in asked.findChildren(QPushButton) if b.text() == "&Take them")
        QTest.mouseClick(take, Qt.MouseButton.LeftButton)

    answering(ColouredDialog, answer)
    hands.menu("Classes", "Import from a coloured picture …")
    hands.rest_eyes()
    assert any("Warning: 1 024 pixels (0.4 %) have other colours" in text for text in said)
    now, palette = ids(hands), hands.window.studio.session.scene.palette
    assert palette[int(now[10, 10])].color == "#0a5ac8"
    assert palette[int(now[500, 10])].color == "#c8b45a"
    assert (now[255:257] == 255).mean() > 0.9
    hands.window.activateWindow()
    hands.wait(hands.window.isActiveWindow, "the window")
    hands.keys("Ctrl+Z", hands.canvas())
    assert len(hands.window.studio.session.scene.palette) < len(palette)


def test_a_class_that_the_model_does_not_know_is_told_and_mapped(hands: Hands) -> None:
    studio = hands.window.studio
    hint = hands.window.findChild(MappingHint)
    assert hint is not None
    assert not hint.isVisible()
    studio.palette.rename(number(hands, "water"), "qwxyz")
    hands.wait(hint.isVisible, "the hint")
    assert "Qwxyz" in hint.text()
    hands.settle()
    before = studio.live.picture.copy()
    dialog = MappingDialog(studio.palette, hands.window)
    dialog.show()
    hands.wait(dialog.isActiveWindow, "the dialog")
    choices = hands.find("Qwxyz is painted as", QComboBox)
    choices.setFocus()
    QTest.keyClicks(choices, "Water")
    QTest.keyClick(choices, Qt.Key.Key_Return)
    hands.settle()
    assert studio.session.scene.mappings == {studio.session.bundle.name: {"qwxyz": "water"}}
    assert np.abs(studio.live.picture.astype(int) - before).max() > 20
    hands.wait(lambda: not hint.isVisible(), "the hint to go")
    hands.click("All by their names")
    assert studio.session.scene.mappings == {}
    dialog.close()
    dialog.deleteLater()
