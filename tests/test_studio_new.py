"""The dialog of a new document, by events: presets, own sizes, a template, what is remembered."""

from collections.abc import Callable

import pytest
from PySide6.QtCore import QSettings, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QPushButton,
    QSpinBox,
    QToolButton,
    QWidget,
)
from pytestqt.qtbot import QtBot

from studio.document.layers import LAYOUT, Kind, walk
from studio.views.newdocument import NewDialog
from tests.hands import LEFT, Hands


def asked(hands: Hands, work: Callable[[NewDialog], None]) -> None:
    """Ask for a new document, and do this in the dialog."""
    wrong: list[BaseException] = []

    def look() -> None:
        dialog = QApplication.activeModalWidget()
        assert isinstance(dialog, NewDialog)
        try:
            work(dialog)
        except BaseException as error:
            wrong.append(error)
        if dialog.isVisible():
            QTest.keyClick(dialog, Qt.Key.Key_Escape)

    QTimer.singleShot(50, look)
    hands.menu("File", "New …")
    QApplication.processEvents()
    if wrong:
        raise wrong[0]


def part(dialog: QWidget, name: str) -> QWidget:
    (found,) = (w for w in dialog.findChildren(QWidget) if w.accessibleName() == name)
    return found


def text(dialog: QWidget) -> str:
    preset = part(dialog, "Size preset")
    assert isinstance(preset, QComboBox)
    return preset.currentText()


def write(dialog: QWidget, name: str, number: int) -> None:
    box = part(dialog, name)
    assert isinstance(box, QSpinBox)
    box.selectAll()
    QTest.keyClicks(box, str(number))
    QTest.keyClick(box, Qt.Key.Key_Tab)


def press(dialog: QWidget, words: str) -> None:
    buttons = dialog.findChildren(QPushButton)
    (button,) = (b for b in buttons if b.text().replace("&", "") == words)
    QTest.mouseClick(button, LEFT)


def sides(dialog: QWidget) -> tuple[int, int]:
    boxes = [part(dialog, f"{side} in pixels") for side in ("Width", "Height")]
    return tuple(box.value() for box in boxes if isinstance(box, QSpinBox))  # type: ignore[return-value]


def test_presets_and_own_sizes_keep_in_step_and_are_remembered(hands: Hands) -> None:
    session = hands.window.studio.session

    def first(dialog: NewDialog) -> None:
        assert text(dialog) == "Square — 512 × 512"
        preset = part(dialog, "Size preset")
        for _ in range(2):
            QTest.keyClick(preset, Qt.Key.Key_Down)
        assert text(dialog) == "Wide 16:9 — 1024 × 576"
        assert sides(dialog) == (1024, 576)
        write(dialog, "Width in pixels", 768)
        assert text(dialog) == "Own size"
        write(dialog, "Height in pixels", 512)
        assert text(dialog) == "Landscape 3:2 — 768 × 512"
        swap = part(dialog, "Swap width and height")
        assert isinstance(swap, QToolButton)
        QTest.mouseClick(swap, LEFT)
        assert sides(dialog) == (512, 768)
        assert text(dialog) == "Portrait 2:3 — 512 × 768"
        write(dialog, "Width in pixels", 333)
        press(dialog, "Create")

    asked(hands, first)
    assert session.document.size == (768, 333)

    def second(dialog: NewDialog) -> None:
        assert sides(dialog) == (333, 768)
        assert text(dialog) == "Own size"
        write(dialog, "Width in pixels", 777)  # Given up with Escape, so it is not remembered.

    asked(hands, second)
    assert session.document.size == (768, 333)
    asked(hands, lambda dialog: _same(sides(dialog), (333, 768)))


def _same(found: object, wanted: object) -> None:
    assert found == wanted


def test_a_document_like_the_open_one_has_its_layers_and_nothing_on_them(hands: Hands) -> None:
    session = hands.window.studio.session
    hands.click("New layout layer")
    hands.click("Rock")
    hands.stroke((0.2, 0.2), (0.8, 0.2))
    hands.keys("Ctrl+Alt+Return")
    layers, classes = session.scene.layers, session.scene.palette
    assert len(layers) == 4
    size = session.document.size

    def ask(dialog: NewDialog) -> None:
        write(dialog, "Width in pixels", 640)
        QTest.keyClick(part(dialog, "Begin with"), Qt.Key.Key_Down)
        assert sides(dialog) == size[::-1]
        write(dialog, "Width in pixels", 700)
        press(dialog, "Create")

    asked(hands, ask)
    assert session.document.size == (size[0], 700)
    assert session.scene.layers == layers
    assert session.scene.palette == classes
    assert (session.document.ids == 255).all()
    for layer in walk(layers):
        if layer.kind is Kind.PICTURE:
            assert not session.document.plane(layer.id).any()
    hands.stroke((0.2, 0.2), (0.8, 0.2))  # It can be painted on at once.
    assert (session.document.plane(session.active) != 255).any()
    assert session.active == LAYOUT or session.may_paint() == ""
    asked(hands, lambda dialog: _same(dialog.like, True))


@pytest.mark.parametrize("kept", ["", "x y", "99999999 2", "-3 40", "7", "40 40 40", "٣٣ ٤٤"])
def test_nonsense_that_is_remembered_is_forgotten(qtbot: QtBot, kept: str) -> None:
    QSettings().setValue("new/size", kept)
    dialog = NewDialog()
    qtbot.addWidget(dialog)
    assert dialog.size_chosen == (512, 512)
    QSettings().remove("new/size")
