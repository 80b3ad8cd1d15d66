"""Everything by the keyboard: each command has a place and a key that a German keyboard has too,
each control is reached with Tab, and the command palette and the shortcuts do what they say.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QDialog,
    QKeySequenceEdit,
    QLabel,
    QLineEdit,
    QListWidget,
    QMenu,
    QPlainTextEdit,
    QPushButton,
    QSlider,
    QTabBar,
    QToolBar,
    QToolButton,
    QTreeWidget,
    QWidget,
)

from studio.models.coloured import coloured
from studio.views.actions import Actions
from studio.views.canvas import Canvas
from studio.views.chooser import ModelDialog
from studio.views.coloured import ColouredDialog
from studio.views.mapping import MappingDialog
from studio.views.newdocument import NewDialog
from studio.views.older import OlderDialog
from studio.views.palette_dialog import PaletteDialog
from studio.views.shortcuts import ShortcutsDialog
from studio.views.slowstyle import SlowWindow
from tests.hands import Hands

CONTROLS = (QAbstractButton, QSlider, QComboBox, QLineEdit, QAbstractSpinBox, QAbstractItemView,
            QPlainTextEdit, Canvas)  # fmt: skip
NO_KEYS = Qt.KeyboardModifier.NoModifier
SHIFT, CTRL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier
ALT, ALT_GR = Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.GroupSwitchModifier

# What a German keyboard sends: on its first level; with Shift; with AltGr. Dead keys send nothing
# of their own.
FIRST = "1234567890ßqwertzuiopü+asdfghjklöä#<yxcvbnm,.-"
SECOND = "!\"§$%&/()=?QWERTZUIOPÜ*ASDFGHJKLÖÄ'>YXCVBNM;:_°"
THIRD = "²³{[]}\\@€~|µ"


# Commands and their keys --------------------------------------------------------------------------


def sent(key: str) -> tuple[Qt.Key, Qt.KeyboardModifier, str] | None:
    """The event of a German keyboard for a shortcut; None where a symbol needs another level."""
    combination = QKeySequence(key)[0]
    code, held = combination.key(), combination.keyboardModifiers()
    if code > 0xFFFF:  # Keys that are no letters: F1, Del, the arrows.
        return code, held, ""
    symbol = chr(code).lower()
    if symbol not in FIRST:
        return None
    text = symbol.upper() if held == SHIFT and symbol.isalpha() else symbol
    if held & SHIFT and not symbol.isalpha():
        return None  # Shift makes another symbol of it.
    if held & CTRL and held & ALT and symbol in "237890ßqem+<":
        return None  # Together they are AltGr, which has a symbol there.
    return code, held, "" if held & (CTRL | ALT) else text


def recorded(actions: Actions) -> list[str]:
    """Let every command do nothing but say its name."""
    said: list[str] = []
    for name, command in actions.commands.items():
        command.action.triggered.disconnect()
        command.action.triggered.connect(lambda on=False, name=name: said.append(name))
        command.action.setEnabled(True)
    return said


def commands_in(menu: QMenu) -> Iterator[QAction]:
    menu.aboutToShow.emit()
    for action in menu.actions():
        if action.menu() is not None:
            yield from commands_in(action.menu())
        elif not action.isSeparator():
            yield action


def test_every_command_is_in_the_menus_and_has_a_key_of_its_own(hands: Hands) -> None:
    actions, bar = hands.window.actions_, hands.window.menuBar()
    there = {a for top in bar.actions() for a in commands_in(top.menu())}
    missing = [name for name, c in actions.commands.items() if c.action not in there]
    assert missing == []
    assert [name for name, c in actions.commands.items() if not c.place] == []
    letters = [QKeySequence.mnemonic(top.text()).toString() for top in bar.actions()]
    assert "" not in letters
    assert len(set(letters)) == len(letters), letters
    keys = Counter(key for name in actions.shortcuts.names for key in actions.shortcuts[name])
    assert [key for key, count in keys.items() if count > 1] == []
    others = [a for a in hands.window.findChildren(QAction) if not a.shortcut().isEmpty()]
    known = {command.action for command in actions.commands.values()}
    assert [a.text() for a in others if a not in known] == []


def test_a_german_keyboard_reaches_every_command_that_has_keys(hands: Hands) -> None:
    actions, canvas = hands.window.actions_, hands.canvas()
    canvas.setFocus()
    said = recorded(actions)
    for name in actions.shortcuts.names:
        keys = actions.shortcuts[name]
        events = [event for key in keys if (event := sent(key)) is not None]
        assert events or not keys, f"{name} has only {keys}"
        for code, held, text in events:
            QTest.sendKeyEvent(QTest.KeyAction.Click, canvas, code, text, held)
            assert said == [name], (name, code, held, text)
            said.clear()


def test_what_a_german_keyboard_types_on_other_levels_does_no_harm(hands: Hands) -> None:
    actions, canvas = hands.window.actions_, hands.canvas()
    canvas.setFocus()
    said = recorded(actions)
    symbols = {"/": Qt.Key.Key_Slash, "=": Qt.Key.Key_Equal, "?": Qt.Key.Key_Question,
               ";": Qt.Key.Key_Semicolon, ":": Qt.Key.Key_Colon, "_": Qt.Key.Key_Underscore,
               "*": Qt.Key.Key_Asterisk, "!": Qt.Key.Key_Exclam}  # fmt: skip
    for symbol, code in symbols.items():
        assert symbol in SECOND
        QTest.sendKeyEvent(QTest.KeyAction.Click, canvas, code, symbol, SHIFT)
    for symbol, code in (("@", Qt.Key.Key_At), ("{", Qt.Key.Key_BraceLeft)):
        assert symbol in THIRD
        QTest.sendKeyEvent(QTest.KeyAction.Click, canvas, code, symbol, ALT_GR)
    assert said == []


def test_letters_typed_into_a_field_are_no_commands(hands: Hands) -> None:
    said = recorded(hands.window.actions_)
    seed = hands.window.findChild(QAbstractSpinBox)
    assert seed is not None
    line = QLineEdit(hands.window)
    line.show()
    line.setFocus()
    QTest.keyClicks(line, "big x1,.")
    assert line.text() == "big x1,."
    assert said == []


def test_tab_reaches_every_control(hands: Hands) -> None:
    window = hands.window
    for dock in window.docks.by_name.values():
        dock.show()
        QApplication.processEvents()
        hands.canvas().setFocus()
        lost = [_told(widget) for widget in unreached(hands, window)]
        assert lost == [], dock.windowTitle()


def test_tab_reaches_every_control_of_the_dialogs(hands: Hands) -> None:
    window, palette = hands.window, hands.window.studio.palette
    palette.rename(0, "qwxyz")
    rgb = np.zeros((8, 8, 3), np.uint8)
    makers: list[Callable[[], QDialog]] = [
        lambda: PaletteDialog(palette, window),
        lambda: MappingDialog(palette, window),
        lambda: ColouredDialog(coloured(rgb, (), "x"), "x", (8, 8), window),
        lambda: ShortcutsDialog(window.actions_, window),
        lambda: ModelDialog(window.studio.session, window),
        lambda: NewDialog(window),
        lambda: OlderDialog(window.studio.older, window),
        lambda: SlowWindow(window.studio.slow, window),
    ]
    for make in makers:
        dialog = make()
        dialog.show()
        hands.wait(dialog.isActiveWindow, "the dialog")
        if dialog.focusWidget() is None:
            QTest.keyClick(dialog, Qt.Key.Key_Tab)
        assert [_told(widget) for widget in unreached(hands, dialog)] == [], dialog
        dialog.close()
        dialog.deleteLater()
        window.activateWindow()


def unreached(hands: Hands, window: QWidget) -> list[QWidget]:
    """Visible, enabled controls of a window that neither Tab nor a command reaches."""
    reached: set[QWidget] = set()
    for _ in range(1000):
        now = QApplication.focusWidget()
        if now is None or now in reached:
            break
        reached.add(now)
        QTest.keyClick(now, Qt.Key.Key_Tab)
    commands = {c.action for c in hands.window.actions_.commands.values()}
    controls = [w for kind in CONTROLS for w in window.findChildren(kind) if w.window() is window]
    return [
        widget
        for widget in dict.fromkeys(controls)
        if widget.isVisible()
        and widget.isEnabled()
        and widget not in reached
        and not _reached_otherwise(widget, reached, commands)
    ]


def _reached_otherwise(widget: QWidget, reached: set[QWidget], commands: set[QAction]) -> bool:
    if isinstance(widget, QToolButton) and isinstance(widget.parentWidget(), QToolBar):
        return widget.defaultAction() in commands or widget.defaultAction() is None
    if isinstance(widget, QAbstractButton) and widget.group() is not None:
        # The arrows walk within a group, of which Tab reaches the one that is chosen.
        return any(button in reached for button in widget.group().buttons())
    if any(widget.isAncestorOf(other) for other in reached):
        return True  # A table of controls, which have the keyboard.
    inside = widget.parentWidget()
    # The line of a spin box, the button in a line, the buttons of a list's header.
    return isinstance(
        inside, QAbstractSpinBox | QComboBox | QLineEdit | QAbstractItemView | QTabBar
    )


def _told(widget: QWidget) -> str:
    return f"{type(widget).__name__} {widget.accessibleName() or widget.objectName()!r}"


# The command palette ------------------------------------------------------------------------------


def search(hands: Hands, words: str) -> QListWidget:
    hands.keys("Ctrl+K", hands.canvas())
    line = hands.find("What do you want to do?", QLineEdit)
    QTest.keyClicks(line, words)
    found = hands.find("Found", QListWidget)
    assert isinstance(found, QListWidget)
    return found


def enter(hands: Hands, key: Qt.Key = Qt.Key.Key_Return) -> None:
    QTest.keyClick(hands.find("What do you want to do?", QLineEdit), key)
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def titles(found: QListWidget) -> list[str]:
    return [found.item(row).text() for row in range(found.count())]


def test_a_command_is_found_by_other_words_and_done(hands: Hands) -> None:
    found = search(hands, "rubber")
    assert titles(found) == ["Eraser"]
    told = found.item(0).data(Qt.ItemDataRole.AccessibleTextRole)
    assert told == "Eraser, Tools, E"
    enter(hands)
    assert hands.window.actions_["tool-eraser"].isChecked()
    found = search(hands, "")
    assert titles(found)[0] == "Eraser"  # used last
    enter(hands, Qt.Key.Key_Escape)


def test_classes_examples_models_and_files_are_found(hands: Hands, tmp_path: Path) -> None:
    studio = hands.window.studio
    assert titles(search(hands, "paint moun"))[0] == "Paint with Mountain"
    enter(hands)
    assert studio.session.scene.palette[studio.tools.class_id].name == "mountain"
    assert titles(search(hands, studio.session.bundle.title))[0].startswith("Paint with the model")
    enter(hands, Qt.Key.Key_Escape)
    assert all("example" in title for title in titles(search(hands, "example")))
    enter(hands, Qt.Key.Key_Escape)
    studio.files.recent.add(tmp_path / "Gone away.ora")
    found = search(hands, "gone away")
    assert titles(found) == ["Open Gone away.ora"]
    assert "is not there at the moment" in found.item(0).data(Qt.ItemDataRole.AccessibleTextRole)
    enter(hands, Qt.Key.Key_Escape)


def test_what_cannot_be_done_says_why_and_stays(hands: Hands) -> None:
    found = search(hands, "redo")
    assert titles(found)[0] == "Redo"
    enter(hands)
    assert found.isVisible()
    labels = [w.text() for w in found.parentWidget().findChildren(QLabel)]
    assert "Nothing was undone." in labels
    enter(hands, Qt.Key.Key_Escape)
    found = search(hands, "xyzzyx")
    assert found.count() == 0
    enter(hands)
    enter(hands, Qt.Key.Key_Escape)


def test_the_arrows_walk_the_list_while_letters_are_typed(hands: Hands) -> None:
    found = search(hands, "zoom")
    line = hands.find("What do you want to do?", QLineEdit)
    names = titles(found)
    QTest.keyClick(line, Qt.Key.Key_Down)
    assert found.currentRow() == 1
    QTest.keyClick(line, Qt.Key.Key_PageDown)
    assert found.currentRow() == len(names) - 1
    QTest.keyClick(line, Qt.Key.Key_Up)
    assert found.currentRow() == len(names) - 2
    enter(hands, Qt.Key.Key_Escape)


# Shortcuts ----------------------------------------------------------------------------------------


@pytest.fixture
def dialog(hands: Hands) -> Iterator[ShortcutsDialog]:
    made = ShortcutsDialog(hands.window.actions_, hands.window)
    made.show()
    hands.wait(made.isActiveWindow, "the dialog")
    yield made
    hands.window.actions_.shortcuts.reset_all()
    made.close()
    made.deleteLater()


def choose(hands: Hands, title: str) -> None:
    line = hands.find("Search", QLineEdit)
    line.setFocus()
    QTest.keySequence(line, "Ctrl+A")
    QTest.keyClicks(line, title)
    tree = hands.find("Commands", QTreeWidget)
    assert isinstance(tree, QTreeWidget)
    found = tree.findItems(title, Qt.MatchFlag.MatchExactly | Qt.MatchFlag.MatchRecursive)
    command = next(item for item in found if item.parent() is not None)
    QTest.mouseClick(
        tree.viewport(), Qt.MouseButton.LeftButton, pos=tree.visualItemRect(command).center()
    )


def record(hands: Hands, keys: Qt.Key, held: Qt.KeyboardModifier = NO_KEYS) -> None:
    QTest.keyClick(hands.find("Press the new keys", QKeySequenceEdit), keys, held)
    QApplication.processEvents()


def test_a_key_is_recorded_and_works_at_once(hands: Hands, dialog: ShortcutsDialog) -> None:
    actions, canvas = hands.window.actions_, hands.canvas()
    choose(hands, "Eraser")
    hands.click("Change")
    record(hands, Qt.Key.Key_F12)
    assert actions.shortcuts["tool-eraser"] == ("F12",)
    assert actions["tool-eraser"].toolTip() == "Eraser (F12)"
    dialog.hide()
    hands.window.activateWindow()
    hands.wait(hands.window.isActiveWindow, "the window")
    hands.keys("G", canvas)
    hands.keys("E", canvas)
    assert actions["tool-fill"].isChecked()
    assert not actions["tool-eraser"].isChecked()
    hands.keys("F12", canvas)
    assert actions["tool-eraser"].isChecked()
    dialog.show()
    hands.click("Reset")
    assert actions.shortcuts["tool-eraser"] == ("E",)


def test_a_conflict_is_named_and_settled(hands: Hands, dialog: ShortcutsDialog) -> None:
    shortcuts = hands.window.actions_.shortcuts
    choose(hands, "Eraser")
    hands.click("Add another")
    record(hands, Qt.Key.Key_B)
    assert (
        hands.find("What the keys do", QLabel).text() == "B belongs to “Brush”. Take it away there?"
    )
    hands.click("Leave them there")
    assert shortcuts["tool-eraser"] == ("E",)
    hands.click("Add another")
    record(hands, Qt.Key.Key_B)
    hands.click("Take them")
    assert shortcuts["tool-eraser"] == ("E", "B")
    assert shortcuts["tool-brush"] == ()
    choose(hands, "Brush")
    hands.click("Reset")
    assert shortcuts["tool-brush"] == ("B",)
    assert shortcuts["tool-eraser"] == ("E",)
    assert "taken from “Eraser”" in hands.find("What the keys do", QLabel).text()
    hands.click("No keys")
    assert shortcuts["tool-brush"] == ()


def test_keys_with_a_meaning_of_their_own_are_refused(
    hands: Hands, dialog: ShortcutsDialog
) -> None:
    choose(hands, "Eraser")
    hands.click("Change")
    record(hands, Qt.Key.Key_Space)
    assert "has a fixed meaning" in hands.find("What the keys do", QLabel).text()
    record(hands, Qt.Key.Key_F, ALT)
    assert "opens the menu File" in hands.find("What the keys do", QLabel).text()
    record(hands, Qt.Key.Key_Escape)
    assert dialog.isVisible()
    assert not dialog.edit.isVisible()
    assert hands.window.actions_.shortcuts["tool-eraser"] == ("E",)


def test_commands_are_found_by_their_keys(hands: Hands, dialog: ShortcutsDialog) -> None:
    line = hands.find("Search", QLineEdit)
    QTest.keyClicks(line, "ctrl+k")
    tree = hands.find("Commands", QTreeWidget)
    assert isinstance(tree, QTreeWidget)
    shown = [item.text(0) for item in dialog._items.values() if not item.isHidden()]
    assert shown == ["Find a command"]
    QTest.keyClick(line, Qt.Key.Key_Return)
    assert dialog.isVisible()  # Enter in the search is no button
    assert isinstance(dialog, QDialog)
    assert all(not b.isDefault() for b in dialog.findChildren(QPushButton))
