"""Variations, gallery, comparing, exporting and the history, by events only."""

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QComboBox,
    QLineEdit,
    QSpinBox,
    QTableView,
)

from studio.views.compare import Pair
from tests.hands import Hands

LEFT = Qt.MouseButton.LeftButton
NO_KEY = Qt.KeyboardModifier.NoModifier
CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def hands(hands: Hands) -> Hands:
    """With room for pictures."""
    hands.window.resize(1500, 1000)
    QApplication.processEvents()
    return hands


def tile(hands: Hands, name: str, place: int, keys: Qt.KeyboardModifier = NO_KEY) -> None:
    """Click a tile of a grid or a gallery, the first being 0."""
    view = hands.find(name, QAbstractItemView)
    assert isinstance(view, QAbstractItemView)
    model = view.model()
    columns = model.columnCount() if isinstance(view, QTableView) else 1
    index = model.index(place // columns, place % columns)
    view.scrollTo(index)
    QTest.mouseClick(view.viewport(), LEFT, keys, view.visualRect(index).center())
    QApplication.processEvents()


def pick(hands: Hands, name: str, text: str) -> None:
    """Choose from a list by the keyboard."""
    box = hands.find(name, QComboBox)
    assert isinstance(box, QComboBox)
    box.setFocus()
    for _ in range(box.count()):
        if box.currentText() == text:
            return
        hands.keys("Down", box)
    hands.keys("Home", box)
    for _ in range(box.count()):
        if box.currentText() == text:
            return
        hands.keys("Down", box)
    raise AssertionError(f"{name} has no {text}")


def type_in(hands: Hands, name: str, text: str, kind: type) -> None:
    field = hands.find(name, kind)
    field.setFocus()
    hands.keys("Ctrl+A", field)
    QTest.keyClicks(field, text)
    hands.keys("Return", field)


def render(hands: Hands, what: str, count: int) -> None:
    """Ask for variations and wait until all are there."""
    variations = hands.window.studio.variations
    pick(hands, "What varies", what)
    type_in(hands, "Steps", str(count), QSpinBox)
    hands.find("Grid of variations" if variations.grid else "What varies")
    QTest.mouseClick(hands.window.shelves.variations.go, LEFT)
    hands.wait(lambda: not variations.running, "the variations")


def test_a_grid_is_rendered_and_one_of_it_is_used(hands: Hands) -> None:
    studio = hands.window.studio
    before = studio.session.scene
    hands.keys("Ctrl+Shift+R")
    render(hands, "Fog", 3)
    assert studio.variations.grid is not None
    cells = studio.variations.grid.cells
    assert [cell.state for cell in cells] == ["done"] * 3
    tile(hands, "Grid of variations", 2)
    hands.click("Use this one")
    hands.settle()
    assert studio.session.scene.values["attributes"]["fog"] == 1.0
    assert studio.live.picture is not None
    assert cells[2].result is not None
    assert (studio.live.picture == cells[2].result.pixels).all()
    assert len(studio.session.history.done) == 1
    hands.keys("Ctrl+Z", hands.canvas())
    assert studio.session.scene == before


def test_a_matrix_by_keyboard(hands: Hands) -> None:
    studio = hands.window.studio
    hands.keys("Ctrl+Shift+R")
    pick(hands, "What varies as well", "Warmth")
    type_in(hands, "Steps of the second", "2", QSpinBox)
    render(hands, "Fog", 3)
    grid = hands.find("Grid of variations", QAbstractItemView)
    grid.setFocus()
    for key in ("Ctrl+Home", "Right", "Down", "Return"):
        hands.keys(key, grid)
    values = studio.session.scene.values["attributes"]
    assert (values["fog"], values["warmth"]) == (0.5, 1.0)


def test_two_are_compared_side_by_side_by_a_divider_and_swapped(hands: Hands) -> None:
    hands.keys("Ctrl+Shift+R")
    render(hands, "Time of day", 2)
    tile(hands, "Grid of variations", 0)
    tile(hands, "Grid of variations", 1, CTRL)
    hands.click("Compare two, or one with the picture")
    pair = hands.find("Compared pictures", Pair)
    assert isinstance(pair, Pair)

    def seen(x: float) -> np.ndarray:
        color = pair.grab().toImage().pixelColor(round(pair.width() * x), pair.height() // 2)
        return np.array([color.red(), color.green(), color.blue()], int)

    one, other = seen(0.25), seen(0.75)
    assert np.abs(one - other).max() > 20
    QTest.keyPress(pair, Qt.Key.Key_Space)
    # Both halves are no whole number of pixels wide, so it is the same place but for a pixel.
    assert np.abs(seen(0.25) - other).max() <= 4
    QTest.keyRelease(pair, Qt.Key.Key_Space)
    assert (seen(0.25) == one).all()
    hands.click("A and B at a divider")
    middle = pair.height() // 2
    line = round(pair._line())
    here = seen(0.5 + 0.05)
    QTest.mousePress(pair, LEFT, NO_KEY, QPoint(line, middle))
    QTest.mouseMove(pair, QPoint(line + pair.width() // 8, middle))
    QTest.mouseRelease(pair, LEFT, NO_KEY, QPoint(line + pair.width() // 8, middle))
    assert pair.divider > 0.55
    assert np.abs(seen(0.55) - here).max() > 20  # The first picture reaches here now.
    hands.click("One at a time; hold to swap")
    whole = seen(0.5)
    hold = hands.find("Hold to swap A and B (Space)")
    QTest.mousePress(hold, LEFT)
    assert np.abs(seen(0.5) - whole).max() > 20
    QTest.mouseRelease(hold, LEFT)
    assert (seen(0.5) == whole).all()
    pair.window().close()


def test_one_is_shown_in_the_picture_s_place_while_held(hands: Hands) -> None:
    hands.keys("Ctrl+Shift+R")
    render(hands, "Time of day", 2)
    tile(hands, "Grid of variations", 1)
    paper = hands.window.paper
    hold = hands.find("Hold to see it in the picture's place")
    QTest.mousePress(hold, LEFT)
    assert paper.compared is not None
    QTest.mouseRelease(hold, LEFT)
    assert paper.compared is None


def test_the_gallery_is_saved_with_the_document_and_goes_back(hands: Hands, tmp_path: Path) -> None:
    studio = hands.window.studio
    started = studio.live.picture
    assert started is not None
    started = started.copy()
    hands.keys("Ctrl+Return")
    hands.wait(lambda: len(studio.gallery.items) == 1, "the picture in the gallery")
    assert studio.files.unsaved
    hands.keys("Ctrl+Shift+R")
    render(hands, "Fog", 3)
    for place in (1, 2):
        tile(hands, "Grid of variations", place, CTRL if place == 2 else NO_KEY)
    hands.click("Send to the gallery")
    hands.wait(lambda: len(studio.gallery.items) == 3, "the variations in the gallery")
    hands.keys("Ctrl+Shift+G")
    tile(hands, "Gallery", 2)  # The one that was kept first.
    hands.click("Pin to the front")
    assert studio.gallery.items[0].pinned
    hands.click("Forest")
    hands.keys("B", hands.canvas())
    hands.stroke((0.2, 0.3), (0.6, 0.4))
    hands.settle()
    ids = studio.session.document.ids.copy()
    tile(hands, "Gallery", 0)
    hands.click("Go back to this one")
    hands.settle()
    assert studio.live.picture is not None
    assert (studio.live.picture == started).all()
    hands.keys("Ctrl+Z", hands.canvas())
    assert (studio.session.document.ids == ids).all()
    tile(hands, "Gallery", 1)
    hands.click("Take out of the gallery")
    kept = [item.key for item in studio.gallery.items]
    assert len(kept) == 2
    path = tmp_path / "a.ora"
    studio.files.save(path)
    hands.wait(lambda: not studio.files.unsaved, "the save")
    studio.files.new((64, 64))
    assert studio.gallery.items == []
    studio.files.open(path)
    assert [item.key for item in studio.gallery.items] == kept


def test_variations_leave_as_files_while_painting_goes_on(hands: Hands, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    hands.keys("Ctrl+Shift+R")
    render(hands, "Snow", 3)
    hands.click("Export …")
    type_in(hands, "File names", "{title} {nonsense}", QLineEdit)
    field = hands.find("Folder", QLineEdit)
    field.setFocus()
    hands.keys("Ctrl+A", field)
    QTest.keyClicks(field, str(folder))
    dialog = field.window()
    start = next(b for b in dialog.findChildren(type(dialog.start)) if b.text() == "Export")
    QTest.mouseClick(start, LEFT)
    assert "nonsense" in hands.find("State of the export").text()
    assert list(folder.iterdir()) == []
    names = hands.find("File names", QLineEdit)
    names.setFocus()
    hands.keys("Ctrl+A", names)
    QTest.keyClicks(names, "{number} {title}")
    pick(hands, "Kind of file", "WebP, the picture alone")
    QTest.mouseClick(start, LEFT)
    hands.wait(lambda: hands.window.studio.batch.round is None, "the export")
    found = sorted(path.name for path in folder.iterdir())
    assert found == ["01 0%.webp", "02 50%.webp", "03 100%.webp"]
    assert "3 of 3" in hands.find("State of the export").text()
    dialog.close()


def test_the_history_goes_to_any_state(hands: Hands) -> None:
    studio = hands.window.studio
    states = [studio.session.document.ids.copy()]
    hands.keys("B", hands.canvas())
    for name, y in (("Forest", 0.2), ("Rock", 0.5), ("Sand", 0.8)):
        hands.click(name)
        hands.stroke((0.2, y), (0.6, y))
        states.append(studio.session.document.ids.copy())
    if not hands.window.docks["history"].isVisible():
        hands.keys("Ctrl+H")
    hands.wait(
        lambda: studio.timeline.thumb(1) is not None and studio.timeline.thumb(3) is not None,
        "the small pictures",
    )
    for step in (1, 3, 0, 2):
        tile(hands, "History", step)
        assert (studio.session.document.ids == states[step]).all()
        assert studio.timeline.current == step
    view = hands.find("History", QAbstractItemView)
    assert view.model().data(view.model().index(2, 0), Qt.ItemDataRole.AccessibleTextRole)
    hands.stroke((0.1, 0.1), (0.2, 0.1))
    assert studio.timeline.count == 3
    hands.wait(lambda: view.model().rowCount() == 4, "the list to follow")
