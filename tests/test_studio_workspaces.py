"""Docks, workspaces and the navigator, by events and through a restart."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QPointF, QSettings, Qt
from PySide6.QtGui import QAction, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDockWidget, QLineEdit, QListWidget, QMenu, QSlider
from pytestqt.qtbot import QtBot

from engines.errors import UserError
from studio.models.studio import Studio
from studio.models.view import Look
from studio.models.workspaces import KEY, Workspace, Workspaces
from studio.views import theme
from studio.views.desktop import Arrangement
from studio.views.docks import LEFT, PLANS, RIGHT
from studio.views.navigator import Navigator, Overview
from studio.views.window import Window
from tests.hands import LEFT as BUTTON
from tests.hands import NONE, Hands


@pytest.fixture(autouse=True)
def own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing of one test is found by another, nor the user's own."""
    for name in ("DATA", "CONFIG", "STATE", "CACHE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name.lower()))
    QSettings().clear()
    yield
    QSettings().clear()


@pytest.fixture
def studios(qtbot: QtBot, qapp: QApplication) -> Iterator[list[Window]]:
    """A list of windows that are cleared up afterwards; see `opened`."""
    windows: list[Window] = []
    yield windows
    for window in windows:
        window.studio.close(forget=True)
        window.hide()
        window.deleteLater()
        window.studio.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    qapp.setStyleSheet("")


def opened(windows: list[Window], width: int = 1400) -> Hands:
    """A window of that width, without a model."""
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    window = Window(Studio("cpu"), theme.apply(app, "dark"))
    windows.append(window)
    window.resize(width, 900)
    window.show()
    QApplication.processEvents()
    return Hands(window)


def workspace_menu(hands: Hands) -> list[QAction]:
    """What the menu of workspaces offers."""
    view = next(a.menu() for a in hands.window.menuBar().actions() if a.text() == "&View")
    menu = next(a.menu() for a in view.actions() if a.text() == "&Workspace")
    assert isinstance(menu, QMenu)
    menu.aboutToShow.emit()
    return [action for action in menu.actions() if action.text()]


# Docks ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("plan", PLANS)
def test_a_plan_puts_every_dock_where_it_says(studios: list[Window], plan: str) -> None:
    hands = opened(studios, 3000 if plan == "wide" else 1400)
    docks = hands.window.docks
    hands.menu("View", "Workspace", plan.capitalize())
    QApplication.processEvents()
    known = PLANS[plan]
    for area, columns in ((LEFT, known.left), (RIGHT, known.right)):
        before = -1
        for column in columns:
            names = [name for stack in column for name in stack if name in docks.by_name]
            for name in names:
                assert hands.window.dockWidgetArea(docks[name]) is area, name
                assert docks[name].isHidden() == (name in known.away), name
            shown = [docks[name] for name in names if not docks[name].visibleRegion().isEmpty()]
            assert bool(shown) == any(name not in known.away for name in names), column
            for stack in column:
                heads = [name for name in stack if name not in known.away and name in docks.by_name]
                assert not heads or docks[heads[0]] in shown, stack
            if shown:
                assert shown[0].x() > before  # each column is beside the one before
                before = max(dock.x() + dock.width() - 1 for dock in shown)
    assert docks.put_away == (plan == "focus")


def test_a_wide_window_has_two_columns_unless_the_artist_moved_a_dock(
    studios: list[Window],
) -> None:
    hands = opened(studios, 3000)
    docks, window = hands.window.docks, hands.window
    assert docks.plan == "wide"
    assert docks["layers"].x() > docks["paint"].x() + 100
    assert docks["layers"].y() == docks["paint"].y()
    window.resize(1400, 900)
    QApplication.processEvents()
    assert docks.plan == "paint"
    assert docks["navigator"].isHidden()
    hands.keys("F7")
    assert not docks["navigator"].isHidden()
    window.resize(3000, 900)
    QApplication.processEvents()
    assert docks.plan == "paint"  # the artist opened one: leave them


def test_f9_brings_back_what_was_there(studios: list[Window]) -> None:
    hands = opened(studios)
    docks = hands.window.docks
    hands.click("Close Results")
    before = docks.shape()
    hands.keys("F9")
    assert docks.put_away
    hands.keys("F9")
    assert docks.shape() == before
    assert docks["results"].isHidden()


def test_docks_are_opened_from_the_menu(studios: list[Window]) -> None:
    hands = opened(studios)
    hands.click("Close Paint")
    assert hands.window.docks["paint"].isHidden()
    hands.menu("View", "Docks", "Paint")
    assert not hands.window.docks["paint"].isHidden()
    hands.menu("View", "Docks", "Layers")  # it was behind a tab
    QApplication.processEvents()
    assert not hands.window.docks["layers"].visibleRegion().isEmpty()
    for dock in hands.window.findChildren(QDockWidget):
        assert dock.objectName() in hands.window.docks.by_name


# Workspaces -------------------------------------------------------------------------------------


def test_a_workspace_is_saved_chosen_and_deleted(
    studios: list[Window], monkeypatch: pytest.MonkeyPatch
) -> None:
    hands = opened(studios)
    window = hands.window
    hands.click("Close Results")
    hands.keys("F4")
    hands.menu("View", "Theme", "Light")
    hands.menu("View", "Docks", "Navigator")
    shape = window.docks.shape()
    answers = iter([("Ink & wash", True), ("Paint", True), ("", True), ("x", False)])
    monkeypatch.setattr("studio.views.workspaces.QInputDialog.getText", lambda *_: next(answers))
    hands.menu("View", "Workspace", "Save workspace …")
    for _ in range(3):  # a built-in name, none, and Cancel
        workspace_menu(hands)
        hands.menu("View", "Workspace", "Save workspace …")
    assert [w.name for w in window.workspaces.saved.all()] == ["Ink & wash"]
    hands.menu("View", "Workspace", "Focus")
    hands.menu("View", "Theme", "Dark")
    assert window.docks.shape() != shape
    texts = [action.text() for action in workspace_menu(hands)]
    assert texts[:5] == ["Paint", "Wide", "Train", "Focus", "Ink && wash"]
    workspace_menu(hands)[4].trigger()
    assert window.docks.shape() == shape
    assert window.desktop.arrangement is Arrangement.SPLIT
    assert theme.current() is theme.LIGHT
    monkeypatch.setattr(
        "studio.views.workspaces.QInputDialog.getItem", lambda *_: ("Ink & wash", True)
    )
    hands.menu("View", "Workspace", "Delete workspace …")
    assert window.workspaces.saved.all() == ()


def test_a_workspace_of_ones_own_is_found_by_its_name(studios: list[Window]) -> None:
    hands = opened(studios)
    window = hands.window
    window.arrange(Arrangement.OVERLAY)
    window.workspaces.save_as("Evening light")
    window.arrange(Arrangement.SPLIT)
    hands.keys("Ctrl+K", hands.canvas())
    line = hands.find("What do you want to do?", QLineEdit)
    QTest.keyClicks(line, "evening")
    found = hands.find("Found", QListWidget)
    assert isinstance(found, QListWidget)
    assert found.item(0).text() == "Workspace Evening light"
    QTest.keyClick(line, Qt.Key.Key_Return)
    assert window.desktop.arrangement is Arrangement.OVERLAY


def test_the_window_comes_back_as_it_was_left(studios: list[Window]) -> None:
    hands = opened(studios)
    hands.click("Close Results")
    hands.keys("F7")
    hands.keys("F3")
    shape = hands.window.docks.shape()
    hands.window.workspaces.keep()
    again = opened(studios)
    assert again.window.docks.shape() == shape
    assert again.window.desktop.arrangement is Arrangement.OVERLAY
    assert again.window.docks.plan == ""  # the artist's own: it follows no width


def test_a_workspace_that_was_chosen_outlives_a_kill(studios: list[Window]) -> None:
    hands = opened(studios)
    assert not hands.window.training.isVisible()
    hands.menu("View", "Workspace", "Train")
    again = opened(studios)  # The first one was never closed.
    assert again.window.training.isVisible()


@pytest.mark.parametrize(
    "found",
    [
        "",
        "no json",
        "{}",
        "[1, null, []]",
        '[{"name": "a"}]',
        '[{"name": "a", "state": "***", "arrangement": "", "theme": ""}]',
        '[{"name": 3, "state": "", "arrangement": "", "theme": ""}]',
    ],
)
def test_broken_settings_hold_no_workspace(found: str) -> None:
    QSettings().setValue(KEY, found)
    assert Workspaces().all() == ()
    Workspaces().save(Workspace("mine", b"\0\xff", "overlay", "dark"))
    assert Workspaces().all() == (Workspace("mine", b"\0\xff", "overlay", "dark"),)


def test_a_workspace_that_cannot_be_read_is_told(studios: list[Window]) -> None:
    hands = opened(studios)
    shape = hands.window.docks.shape()
    hands.window.workspaces.saved.save(Workspace("odd", b"rubbish", "nowhere", "pink"))
    next(a for a in workspace_menu(hands) if a.text() == "odd").trigger()
    assert "odd" in hands.window.notice.text.text()
    assert hands.window.docks.shape() == shape


def test_there_are_only_so_many_workspaces() -> None:
    saved = Workspaces(("Paint",))
    for name in ("", "n" * 61, "two\nlines", "PAINT"):
        with pytest.raises(UserError):
            saved.save(Workspace(name, b"", "", ""))
    for number in range(50):
        saved.save(Workspace(f"w{number}", b"", "", ""))
    with pytest.raises(UserError, match="delete one"):
        saved.save(Workspace("one more", b"", "", ""))
    saved.save(Workspace("w3", b"new", "", ""))
    assert len(saved.all()) == 50


# The navigator ----------------------------------------------------------------------------------


@pytest.fixture
def navigated(studios: list[Window]) -> Hands:
    """A window with its navigator open."""
    hands = opened(studios)
    hands.keys("F7")
    QApplication.processEvents()
    return hands


def drag(overview: Overview, start: QPointF, end: QPointF) -> None:
    keys = Qt.KeyboardModifier.NoModifier
    for kind, at, button, held in (
        (QEvent.Type.MouseButtonPress, start, BUTTON, BUTTON),
        (QEvent.Type.MouseMove, (start + end) / 2, NONE, BUTTON),
        (QEvent.Type.MouseMove, end, NONE, BUTTON),
        (QEvent.Type.MouseButtonRelease, end, BUTTON, NONE),
    ):
        QApplication.sendEvent(
            overview, QMouseEvent(kind, at, overview.mapToGlobal(at), button, held, keys)
        )


def test_the_frame_is_dragged_and_a_press_beside_it_goes_there(navigated: Hands) -> None:
    overview = navigated.find("Navigator", Overview)
    assert isinstance(overview, Overview)
    view = navigated.window.studio.view
    for angle, mirrored in ((0.0, False), (40.0, True)):
        view.take(Look(6.0, (200.0, 300.0), angle, mirrored))
        start = overview.transform.map(QPointF(203, 298))  # within the frame
        end = start + QPointF(20, -10)
        drag(overview, start, end)
        moved = overview.transform.map(QPointF(*view.centre)) - overview.transform.map(
            QPointF(200, 300)
        )
        assert (moved.x(), moved.y()) == pytest.approx((20, -10), abs=0.01)
    beside = overview.transform.map(QPointF(50, 60))
    drag(overview, beside, beside)
    assert view.centre == pytest.approx((50, 60), abs=0.01)
    assert view.scale == 6


def test_zoom_and_turn_are_shown_and_set(navigated: Hands) -> None:
    panel = navigated.window.navigator
    assert isinstance(panel, Navigator)
    view = navigated.window.studio.view
    view.take(Look(2.5, (200.0, 300.0), -45.0, True))
    assert (panel.percent.value(), panel.degrees.value()) == (250, -45)
    assert panel.mirror.isChecked()
    navigated.slide("Turn of the view, slider", 0.75)
    assert view.angle == pytest.approx(90, abs=25)
    navigated.double_click("Turn of the view, slider")
    assert view.angle == 0
    navigated.slide("Zoom, slider", 0.9)
    assert 10 < view.scale <= 64
    assert view.centre == (200, 300)
    navigated.click("Mirror the view")
    assert not view.mirrored
    field = navigated.find("Turn of the view")
    QTest.keyClick(field, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClicks(field, "33")
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert view.angle == 33
    navigated.click("Turn upright")
    assert view.angle == 0
    navigated.click("Fit the document")
    assert view.fitted


def test_showing_a_look_does_not_change_it(navigated: Hands) -> None:
    view = navigated.window.studio.view
    look = Look(1 / 3, (123.4, 321.9), 12.34, True)
    view.take(look)
    assert view.look() == look


def test_the_navigator_is_worked_by_keys(navigated: Hands) -> None:
    overview = navigated.find("Navigator", Overview)
    view = navigated.window.studio.view
    view.take(Look(4.0, (200.0, 300.0)))
    overview.setFocus()
    QTest.keyClick(overview, Qt.Key.Key_Right)
    assert view.centre[0] > 200
    assert view.centre[1] == 300
    QTest.keyClick(overview, Qt.Key.Key_Plus)
    assert view.scale == 5
    for slider in navigated.window.navigator.findChildren(QSlider):
        assert slider.accessibleName()
        assert slider.focusPolicy() & Qt.FocusPolicy.TabFocus
