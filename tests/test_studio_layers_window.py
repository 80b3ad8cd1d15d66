"""Layers in the window, by events: made, painted on, seen, moved, kept in the file."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QTabBar

from studio.document.layers import LAYOUT, RENDER, Kind, find, walk
from studio.views.layers import EYE, NAME, LayerTree
from tests.hands import Hands

RING = 0.004  # of the picture that the brush's outline may take
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def hands(hands: Hands) -> Hands:
    """With the layers in front."""
    hands.window.docks["layers"].raise_()
    QApplication.processEvents()
    return hands


def tree(hands: Hands) -> LayerTree:
    found = hands.find("Layers", LayerTree)
    assert isinstance(found, LayerTree)
    return found


def spot(hands: Hands, name: str, column: int) -> QPoint:
    """The middle of a layer's cell in the tree."""
    layers = tree(hands)
    (item,) = layers.findItems(name, Qt.MatchFlag.MatchExactly | Qt.MatchFlag.MatchRecursive, NAME)
    index = layers.indexFromItem(item, column)
    return layers.visualRect(index).center()


def press(hands: Hands, name: str, column: int = NAME) -> None:
    QTest.mouseClick(tree(hands).viewport(), LEFT, pos=spot(hands, name, column))
    QApplication.processEvents()


def shown(hands: Hands) -> np.ndarray:
    """What the picture's canvas shows, RGB."""
    QApplication.processEvents()
    image = (
        hands.canvas("Picture")
        .grab()
        .toImage()
        .convertToFormat(hands.window.grab().toImage().Format.Format_RGB888)
    )
    data = np.frombuffer(image.constBits(), np.uint8)
    return data.reshape(image.height(), image.bytesPerLine())[:, : 3 * image.width()].copy()


def test_a_layer_is_made_painted_hidden_and_brought_back(hands: Hands) -> None:
    studio = hands.window.studio
    before = shown(hands)
    hands.click("New picture layer")
    layer = studio.session.active
    assert find(studio.session.scene.layers, layer).kind is Kind.PICTURE  # type: ignore[union-attr]
    hands.keys("B")
    hands.stroke((0.3, 0.3), (0.7, 0.6), name="Picture")
    assert studio.session.document.plane(layer)[..., 3].any()
    painted = shown(hands)
    assert (painted != before).mean() > 0.01
    press(hands, "Paint 1", EYE)
    hands.settle()
    assert not find(studio.session.scene.layers, layer).visible  # type: ignore[union-attr]
    assert (shown(hands) != before).mean() < RING
    hands.stroke((0.1, 0.1), (0.2, 0.1), name="Picture")  # Hidden: no paint, but a sentence.
    assert "hidden" in hands.window.notice.text.text()
    hands.click("Close the message")
    hands.keys("Ctrl+Z")
    hands.settle()
    assert (shown(hands) != painted).mean() < RING
    hands.keys("Ctrl+Z")
    hands.keys("Ctrl+Z")
    assert [e.id for e in walk(studio.session.scene.layers)] == [RENDER, LAYOUT]


def test_two_layouts_make_one_picture(hands: Hands) -> None:
    studio = hands.window.studio
    session = studio.session
    base = session.document.plane(LAYOUT).copy()
    hands.click("New layout layer")
    hands.click("Rock")
    hands.keys("B")
    hands.stroke((0.2, 0.2), (0.8, 0.2))
    hands.settle()
    assert np.array_equal(session.document.plane(LAYOUT), base)
    rock = [e.name for e in session.scene.palette].index("rock")
    assert session.document.ids[int(0.2 * 512), 256] == rock
    pictured = studio.live.picture
    press(hands, "Layout 1", EYE)
    hands.settle()
    assert np.array_equal(session.document.ids, base)
    assert pictured is not None
    assert studio.live.picture is not None
    assert (studio.live.picture != pictured).any()


def test_names_locks_and_keys(hands: Hands) -> None:
    session = hands.window.studio.session
    hands.keys("Ctrl+Alt+Return")
    assert session.scene.layers[0].name == "Kept picture 1"
    hands.keys("Ctrl+G")
    assert session.scene.layers[0].kind is Kind.GROUP
    layers = tree(hands)
    layers.setFocus()
    press(hands, "Layout")
    assert session.active == LAYOUT
    QTest.keyClick(layers, Qt.Key.Key_Space)
    assert not find(session.scene.layers, LAYOUT).visible  # type: ignore[union-attr]
    QTest.keyClick(layers, Qt.Key.Key_Space)
    QTest.keyClick(layers, Qt.Key.Key_Return)
    editor = layers.findChild(QLineEdit)
    assert editor is not None
    QTest.keyClicks(editor, "Ground")
    QTest.keyClick(editor, Qt.Key.Key_Return)
    QApplication.processEvents()
    assert find(session.scene.layers, LAYOUT).name == "Ground"  # type: ignore[union-attr]


def test_a_photo_dropped_on_the_layers_is_one(hands: Hands, tmp_path: Path) -> None:
    session = hands.window.studio.session
    Image.new("RGB", (300, 100), (200, 30, 90)).save(tmp_path / "red.png")
    hands.drop("Layers", tmp_path / "red.png")
    hands.wait(lambda: len(session.scene.layers) == 3, "the layer")
    assert session.scene.layers[0].name == "red"
    assert session.document.plane(session.active)[256, 256].tolist() == [200, 30, 90, 255]


def test_documents_stand_beside_each_other(hands: Hands, tmp_path: Path) -> None:
    files, session = hands.window.studio.files, hands.window.studio.session
    hands.click("Rock")
    hands.stroke((0.2, 0.2), (0.8, 0.2))
    first = session.document.ids.copy()
    files.save(tmp_path / "one.ora")
    hands.wait(lambda: not files.unsaved, "the save")
    hands.menu("File", "Examples", "River")
    hands.settle()
    assert len(files.tabs.items) == 2
    assert not np.array_equal(session.document.ids, first)
    bar = hands.find("Open documents", QTabBar)
    assert isinstance(bar, QTabBar)
    QTest.mouseClick(bar, LEFT, pos=bar.tabRect(0).center())
    hands.settle()
    assert np.array_equal(session.document.ids, first)
    assert files.name == "one"
    hands.keys("Ctrl+Z")
    assert not np.array_equal(session.document.ids, first)
    hands.keys("Ctrl+Tab")
    assert files.tabs.index == 1
    hands.keys("Ctrl+W")  # Nothing was changed here, so nothing is asked.
    assert len(files.tabs.items) == 1
    assert files.name == "one"
    assert not bar.isVisible()
