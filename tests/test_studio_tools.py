"""The tools, by events in the window: what is painted, selected and moved, and that undo undoes."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QInputDialog,
    QToolButton,
)

from engines.data.spec import PaletteClass
from engines.ports import UNPAINTED
from studio.document.brush import Tip
from studio.document.document import Document
from studio.document.layers import Kind, Layer, find, inserted, replaced
from studio.document.raster import whole
from studio.document.scene import Scene
from studio.models.tools import Tool
from studio.views.selecting import ReplaceDialog
from studio.views.window import Window
from tests.hands import NO_KEYS, Hands

SHIFT, ALT = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.AltModifier
HEIGHT, WIDTH = 200, 300
PICTURE = 7  # id of a picture layer
Box = tuple[int, int, int, int]


@pytest.fixture
def hands(window: Window) -> Hands:
    """A studio with three classes, the lower half of the layout painted, and no model."""
    ids = np.full((HEIGHT, WIDTH), UNPAINTED, np.uint8)
    ids[100:] = 2
    colors = (("rock", "#c81e1e"), ("snow", "#fafafa"), ("sea", "#1e50c8"))
    scene = Scene(palette=tuple(PaletteClass(*entry) for entry in colors))
    window.studio.session.show(Document(ids, scene))
    window.studio.tools.resize(10)
    return Hands(window)


def ids(hands: Hands) -> np.ndarray:
    return hands.window.studio.session.document.ids.copy()


def mask(hands: Hands) -> np.ndarray:
    found = hands.window.studio.tools.selection.mask
    assert found is not None
    return found


def boxed(where: np.ndarray) -> Box:
    """top, left, bottom, right of what is meant."""
    rows, columns = np.flatnonzero(where.any(1)), np.flatnonzero(where.any(0))
    return int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1


def at(x: float, y: float) -> tuple[float, float]:
    """A point of the layout as shares of it."""
    return x / WIDTH, y / HEIGHT


def drag(hands: Hands, *points: tuple[float, float], keys: Qt.KeyboardModifier = NO_KEYS) -> None:
    hands.stroke(*(at(x, y) for x, y in points), keys=keys)


def click(hands: Hands, x: float, y: float, keys: Qt.KeyboardModifier = NO_KEYS) -> None:
    hands.stroke(at(x, y), steps=1, keys=keys)


def key(hands: Hands, text: str) -> None:
    """A key where the canvas has the focus."""
    hands.keys(text, hands.canvas())


def write(hands: Hands, name: str, text: str) -> None:
    """A number into its field."""
    spin = hands.find(name, QAbstractSpinBox)
    assert isinstance(spin, QAbstractSpinBox)
    QTest.keyClick(spin, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClicks(spin, text)
    QTest.keyClick(spin, Qt.Key.Key_Return)


def steps(hands: Hands) -> int:
    return len(hands.window.studio.session.history.done)


def picture_layer(hands: Hands) -> np.ndarray:
    """A picture layer on top, active: its left half red, the right half clear."""
    session = hands.window.studio.session
    layer = Layer(PICTURE, Kind.PICTURE, "Photo")
    session.change_layers(inserted(session.scene.layers, layer), "layer")
    session.activate(PICTURE)
    plane = session.document.plane(PICTURE)
    plane[:, :150] = (200, 20, 20, 255)
    plane[:, :150, 1] = np.arange(HEIGHT)[:, None]
    return plane


# Painting ----------------------------------------------------------------------------------------


def test_a_polygon_is_set_corner_by_corner(hands: Hands) -> None:
    before = ids(hands)
    key(hands, "P")
    for point in ((50, 20), (150, 20), (150, 80)):
        click(hands, *point)
    assert (ids(hands) == before).all()
    hands.hover(at(50, 80))
    click(hands, 250, 90)
    key(hands, "Backspace")
    click(hands, 50, 80)
    click(hands, 50, 20)
    changed = ids(hands) != before
    assert boxed(changed) == pytest.approx((20, 50, 80, 150), abs=2)
    assert changed.sum() == pytest.approx(6000, rel=0.05)
    assert steps(hands) == 1
    key(hands, "Ctrl+Z")
    assert (ids(hands) == before).all()
    for point in ((50, 20), (150, 20), (150, 80)):
        click(hands, *point)
    key(hands, "Return")
    assert (ids(hands) != before).sum() == pytest.approx(3000, rel=0.05)
    for point in ((50, 20), (150, 20), (150, 80)):
        click(hands, *point)
    key(hands, "Escape")
    assert steps(hands) == 1
    assert not hands.window.studio.tools.busy


def test_a_polygon_is_set_with_a_pen(hands: Hands) -> None:
    before = ids(hands)
    key(hands, "P")
    for x, y in ((50, 20), (150, 20), (150, 80)):
        hands.pen((*at(x, y), 0.4))
    hands.pen((*at(60, 70), 0.0), above=True)
    (line,) = hands.window.studio.tools.sketch().lines
    assert line[-1] == pytest.approx((60, 70), abs=1)
    hands.pen((*at(50, 20), 0.4))
    assert (ids(hands) != before).sum() == pytest.approx(3000, rel=0.05)


def test_looking_closer_leaves_what_is_in_hand(hands: Hands) -> None:
    before = ids(hands)
    key(hands, "P")
    for point in ((100, 60), (150, 60), (150, 90)):
        click(hands, *point)
    key(hands, "Ctrl++")
    key(hands, "F8")
    assert hands.window.studio.tools.busy
    click(hands, 100, 90)
    key(hands, "Return")
    assert (ids(hands) != before).sum() == pytest.approx(1500, rel=0.05)
    key(hands, "V")
    drag(hands, (150, 120), (150, 110))
    key(hands, "Ctrl+-")
    assert steps(hands) == 1
    key(hands, "Escape")


def test_escape_in_a_drag_takes_back_only_the_drag(hands: Hands) -> None:
    before = ids(hands)
    key(hands, "V")
    drag(hands, (150, 150), (150, 140))
    moved = ids(hands)
    hands.stroke(at(150, 140), at(100, 100), lift=False)
    key(hands, "Escape")
    assert (ids(hands) == moved).all()
    key(hands, "Escape")
    assert (ids(hands) == before).all()
    key(hands, "P")
    click(hands, 100, 60)
    hands.stroke(at(150, 60), at(180, 70), lift=False)
    key(hands, "Escape")
    assert len(hands.window.studio.tools.sketch().handles) == 1


def test_the_pens_other_end_erases_whatever_tool_is_in_hand(hands: Hands) -> None:
    for tool in ("G", "P", "M", "V"):
        before = ids(hands)
        key(hands, tool)
        hands.pen((0.2, 0.8, 1.0), (0.6, 0.8, 1.0), eraser=True)
        gone = (ids(hands) == UNPAINTED) & (before != UNPAINTED)
        assert boxed(gone) == pytest.approx((155, 55, 165, 185), abs=1)
        key(hands, "Ctrl+Z")
        assert (ids(hands) == before).all()


def test_a_lasso_is_filled_when_the_pen_lifts(hands: Hands) -> None:
    before = ids(hands)
    key(hands, "F")
    drag(hands, (100, 20), (200, 20), (200, 60), (100, 60))
    changed = ids(hands) != before
    assert changed.sum() == pytest.approx(4000, rel=0.05)
    assert changed[40, 150]


def test_painting_is_mirrored_about_axes_that_can_be_placed(hands: Hands) -> None:
    before = ids(hands)
    key(hands, "B")
    hands.click("Mirror left and right")
    drag(hands, (20, 20), (60, 50))
    changed = ids(hands) != before
    assert (changed == changed[:, ::-1]).all()
    key(hands, "Ctrl+Z")
    hands.click("Mirror up and down")
    hands.click("Place the mirror's axes")
    click(hands, 100, 50)
    assert steps(hands) == 0
    axes = hands.window.studio.tools.options.mirror
    drag(hands, (60, 20), (80, 40))
    changed = ids(hands) != before
    assert boxed(changed)[2] == 2 * axes.y - boxed(changed)[0]
    part = changed[: int(2 * axes.y), : int(2 * axes.x)]
    assert (part == part[::-1]).all()
    assert (part == part[:, ::-1]).all()
    assert part.sum() == changed.sum()
    assert steps(hands) == 1


def test_a_steady_stroke_ends_under_the_pen_and_shakes_less(hands: Hands) -> None:
    tools = hands.window.studio.tools
    before = ids(hands)
    key(hands, "B")
    shaky = [(20 + 4 * n, 50 + 6 * (-1) ** n) for n in range(50)]
    hands.stroke(*(at(*p) for p in shaky), steps=1)
    plain = boxed(ids(hands) != before)
    key(hands, "Ctrl+Z")
    hands.slide("Steady hand", 0.4)
    assert tools.options.steady > 0.2
    hands.stroke(*(at(*p) for p in shaky), steps=1)
    steady = boxed(ids(hands) != before)
    assert steady[3] == plain[3]
    middle = (ids(hands) != before)[:, 90:150]
    assert np.ptp(np.flatnonzero(middle.any(1))) + 1 < plain[2] - plain[0] - 4


def test_tips_are_chosen_from_their_menu(hands: Hands) -> None:
    before = ids(hands)
    key(hands, "B")
    button = hands.find("Tip", QToolButton)
    assert isinstance(button, QToolButton)
    for action in button.menu().actions():
        action.trigger()
        click(hands, 50, 50)
        found = (ids(hands) != before).sum()
        tip = hands.window.studio.tools.options.tip
        assert (found == 100) == (tip is Tip.SQUARE), tip
        assert 3 < found <= 140, tip
        key(hands, "Ctrl+Z")
    assert hands.window.studio.tools.options.tip is Tip.LEAVES


def test_a_fill_minds_gaps_and_what_hangs_together(hands: Hands) -> None:
    session = hands.window.studio.session
    session.document.planes[1][:100, 150:153] = 1
    session.document.planes[1][40:44, 150:153] = UNPAINTED
    session.touched(whole(session.document.size))
    key(hands, "G")
    click(hands, 20, 20)
    assert ids(hands)[20, 250] == 0
    key(hands, "Ctrl+Z")
    write(hands, "Close gaps up to", "4")
    assert hands.window.studio.tools.options.gap == 4
    click(hands, 20, 20)
    assert ids(hands)[20, 20] == 0
    assert ids(hands)[20, 250] == UNPAINTED
    key(hands, "Ctrl+Z")
    hands.click("Only what hangs together")
    click(hands, 20, 20)
    assert ids(hands)[20, 250] == 0
    assert ids(hands)[150, 150] == 2


def test_a_class_is_replaced(hands: Hands, monkeypatch: pytest.MonkeyPatch) -> None:
    key(hands, "M")
    drag(hands, (0, 0), (100, 200))

    def use(dialog: ReplaceDialog) -> int:
        dialog.show()
        for name, wanted in (("This class", "Sea"), ("Becomes", "Snow")):
            box = hands.find(name, QComboBox)
            assert isinstance(box, QComboBox)
            QTest.keyClick(box, Qt.Key.Key_Home)
            for _ in range(("Rock", "Snow", "Sea").index(wanted)):
                QTest.keyClick(box, Qt.Key.Key_Down)
            assert box.currentText() == wanted
        assert "10,000" in dialog.count.text()
        dialog.go.click()
        return 1

    monkeypatch.setattr(ReplaceDialog, "exec", use)
    key(hands, "Ctrl+Shift+H")
    assert (ids(hands)[100:, :100] == 1).all()
    assert (ids(hands)[100:, 100:] == 2).all()
    assert steps(hands) == 1


# Selecting ---------------------------------------------------------------------------------------


def test_selections_add_subtract_and_intersect(hands: Hands) -> None:
    key(hands, "M")
    drag(hands, (20, 20), (120, 80))
    assert boxed(mask(hands)) == (20, 20, 80, 120)
    assert mask(hands).sum() == 6000
    drag(hands, (120, 20), (140, 80), keys=SHIFT)
    assert mask(hands).sum() == 7200
    drag(hands, (20, 20), (40, 80), keys=ALT)
    assert boxed(mask(hands)) == (20, 40, 80, 140)
    drag(hands, (20, 20), (60, 40), keys=SHIFT | ALT)
    assert boxed(mask(hands)) == (20, 40, 40, 60)
    key(hands, "Ctrl+I")
    assert mask(hands).sum() == WIDTH * HEIGHT - 400
    key(hands, "Ctrl+A")
    assert mask(hands).all()
    key(hands, "Ctrl+Shift+A")
    assert hands.window.studio.tools.selection.mask is None
    drag(hands, (20, 20), (60, 40))
    click(hands, 200, 100)
    assert hands.window.studio.tools.selection.mask is None
    assert steps(hands) == 0


def test_lasso_wand_and_class_select(hands: Hands) -> None:
    tools = hands.window.studio.tools
    key(hands, "Q")
    drag(hands, (20, 20), (120, 20), (120, 80), (20, 80))
    assert mask(hands).sum() == pytest.approx(6000, rel=0.03)
    key(hands, "W")
    click(hands, 50, 150)
    assert boxed(mask(hands)) == (100, 0, 200, 300)
    click(hands, 50, 50, keys=SHIFT)
    assert mask(hands).all()
    tools.choose(2)
    key(hands, "Ctrl+Shift+C")
    assert (mask(hands) == (ids(hands) == 2)).all()


@pytest.mark.parametrize("tool", ["M", "Q"])
def test_a_drag_inside_the_selection_moves_its_outline_alone(hands: Hands, tool: str) -> None:
    before, selection = ids(hands), hands.window.studio.tools.selection
    key(hands, "M")
    drag(hands, (40, 60), (80, 120))
    key(hands, tool)
    drag(hands, (60, 90), (61, 90))  # Hardly moved: a click, which selects nothing.
    assert selection.mask is None
    key(hands, "Ctrl+Z")
    assert boxed(mask(hands)) == (60, 40, 120, 80)
    drag(hands, (60, 90), (100, 100), (90, 70))
    assert boxed(mask(hands)) == (40, 70, 100, 110)
    assert mask(hands).sum() == 60 * 40
    assert np.array_equal(ids(hands), before)
    key(hands, "Ctrl+Z")
    assert boxed(mask(hands)) == (60, 40, 120, 80)
    key(hands, "Ctrl+Shift+Z")
    assert boxed(mask(hands)) == (40, 70, 100, 110)
    # What goes over the edge and comes back is whole, until the pen goes up.
    hands.stroke(at(90, 70), at(-200, 70), at(20, 70), lift=False)
    assert boxed(mask(hands)) == (40, 0, 100, 40)
    key(hands, "Esc")
    assert boxed(mask(hands)) == (40, 70, 100, 110)
    drag(hands, (90, 70), (90, 10))
    assert boxed(mask(hands)) == (0, 70, 40, 110)
    drag(hands, (90, 20), (110, 21), keys=SHIFT)  # Adds, from inside too.
    assert boxed(mask(hands))[:2] == (0, 70)
    drag(hands, (200, 20), (240, 60))  # Outside it begins anew.
    if tool == "M":
        assert boxed(mask(hands)) == (20, 200, 60, 240)
    assert np.array_equal(ids(hands), before)


def test_selections_grow_and_shrink(hands: Hands, monkeypatch: pytest.MonkeyPatch) -> None:
    key(hands, "M")
    drag(hands, (100, 50), (120, 60))
    hands.click("Grow")
    assert boxed(mask(hands)) == (46, 96, 64, 124)
    assert not mask(hands)[46, 96]  # round corners
    hands.click("Shrink")
    assert boxed(mask(hands)) == (50, 100, 60, 120)
    monkeypatch.setattr(QInputDialog, "getInt", lambda *args: (3, True))
    hands.menu("Select", "Shrink …")
    assert boxed(mask(hands)) == (53, 103, 57, 117)
    hands.click("Shrink")
    assert hands.window.studio.tools.selection.mask is None


def test_selecting_is_undone_in_its_turn(hands: Hands) -> None:
    selection = hands.window.studio.tools.selection
    before = ids(hands)
    key(hands, "M")
    drag(hands, (20, 20), (120, 80))
    first = mask(hands)
    key(hands, "B")
    drag(hands, (30, 30), (90, 60))
    painted = ids(hands)
    key(hands, "Ctrl+I")
    second = mask(hands)
    assert hands.window.actions_["undo"].text() == "Undo Select"
    key(hands, "Ctrl+Z")
    assert (mask(hands) == first).all()
    assert (ids(hands) == painted).all()
    key(hands, "Ctrl+Z")
    assert (mask(hands) == first).all()
    assert (ids(hands) == before).all()
    key(hands, "Ctrl+Z")
    assert selection.mask is None
    assert not hands.window.actions_["undo"].isEnabled()
    key(hands, "Ctrl+Y")
    assert (mask(hands) == first).all()
    assert (ids(hands) == before).all()
    key(hands, "Ctrl+Y")
    assert (ids(hands) == painted).all()
    key(hands, "Ctrl+Y")
    assert (mask(hands) == second).all()
    assert not hands.window.actions_["redo"].isEnabled()


def test_a_new_step_ends_what_could_be_selected_again(hands: Hands) -> None:
    selection = hands.window.studio.tools.selection
    key(hands, "Ctrl+A")
    key(hands, "Ctrl+Z")
    key(hands, "B")
    drag(hands, (30, 30), (90, 60))
    painted = ids(hands)
    key(hands, "Ctrl+Z")
    key(hands, "Ctrl+Y")
    assert selection.mask is None
    assert (ids(hands) == painted).all()


@pytest.mark.parametrize("tool", ["B", "G", "L", "R", "O", "F", "E", "P"])
def test_every_painting_tool_is_confined_by_the_selection(hands: Hands, tool: str) -> None:
    key(hands, "M")
    drag(hands, (100, 60), (160, 140))
    before = ids(hands)
    key(hands, tool)
    if tool == "P":
        for point in ((20, 20), (280, 20), (280, 180), (20, 180)):
            click(hands, *point)
        key(hands, "Return")
    else:
        drag(hands, (110, 110), (240, 30), (240, 180), (40, 180), (40, 130))
    changed = ids(hands) != before
    assert changed.any()
    assert not changed[~mask(hands)].any()


def test_what_is_selected_is_filled_and_erased_by_keys(hands: Hands) -> None:
    key(hands, "M")
    drag(hands, (100, 60), (160, 140))
    key(hands, "Shift+Backspace")
    assert (ids(hands)[60:140, 100:160] == 0).all()
    assert (ids(hands) == 0).sum() == 4800
    key(hands, "Del")
    assert (ids(hands)[60:140, 100:160] == UNPAINTED).all()
    assert ids(hands)[150, 100] == 2


# Moving ------------------------------------------------------------------------------------------


def test_a_selection_is_moved_as_one_step_and_the_selection_goes_along(hands: Hands) -> None:
    before = ids(hands)
    before[10:30, 20:60] = 1
    hands.window.studio.session.document.planes[1][:] = before
    key(hands, "M")
    drag(hands, (20, 10), (60, 30))
    key(hands, "V")
    drag(hands, (40, 20), (140, 60))
    drag(hands, (140, 60), (150, 70))
    assert steps(hands) == 0  # still in hand
    key(hands, "Return")
    assert steps(hands) == 1
    after = ids(hands)
    assert (after[60:80, 130:170] == 1).all()
    assert (after == 1).sum() == 800
    assert (after[10:30, 20:60] == UNPAINTED).all()
    assert boxed(mask(hands)) == (60, 130, 80, 170)
    key(hands, "Ctrl+Z")
    assert (ids(hands) == before).all()
    assert boxed(mask(hands)) == (10, 20, 30, 60)
    key(hands, "Ctrl+Y")
    assert (ids(hands) == after).all()
    assert boxed(mask(hands)) == (60, 130, 80, 170)


def test_escape_takes_a_transform_back_and_another_tool_applies_it(hands: Hands) -> None:
    before = ids(hands)
    key(hands, "V")
    drag(hands, (100, 150), (100, 100))
    assert (ids(hands) != before).any()
    key(hands, "Escape")
    assert (ids(hands) == before).all()
    key(hands, "Up")
    key(hands, "Shift+Up")
    assert ids(hands)[89, 50] == 2
    assert ids(hands)[88, 50] == UNPAINTED
    key(hands, "B")
    assert steps(hands) == 1
    key(hands, "Ctrl+Z")
    assert (ids(hands) == before).all()
    key(hands, "V")
    drag(hands, (100, 150), (100, 100))
    key(hands, "Ctrl+Z")  # What is in hand is done, and undone.
    assert (ids(hands) == before).all()


def test_handles_scale_and_turn(hands: Hands) -> None:
    plane = hands.window.studio.session.document.planes[1]
    plane[:] = UNPAINTED
    plane[80:120, 100:200] = 1
    plane[80:120, 100:110] = 0
    key(hands, "V")
    drag(hands, (200, 120), (250, 140))
    key(hands, "Return")
    assert boxed(ids(hands) != UNPAINTED) == (80, 100, 140, 250)
    assert boxed(ids(hands) == 0) == (80, 100, 140, 115)
    drag(hands, (175, 80), (175, 20))
    key(hands, "Return")
    assert boxed(ids(hands) != UNPAINTED) == (20, 100, 140, 250)
    key(hands, "Ctrl+Z")
    drag(hands, (250, 140), (220, 200), keys=SHIFT)
    key(hands, "Return")
    top, left, bottom, right = boxed(ids(hands) != UNPAINTED)
    assert (right - left) / (bottom - top) == pytest.approx(150 / 60, rel=0.05)
    key(hands, "Ctrl+Z")
    knob = hands.window.studio.tools.sketch().handles[-1]
    drag(hands, knob, (300, 110), keys=SHIFT)
    key(hands, "Return")
    assert boxed(ids(hands) != UNPAINTED) == pytest.approx((35, 145, 185, 205), abs=1)
    assert boxed(ids(hands) == 0)[2] == pytest.approx(50, abs=1)


def test_numbers_flips_and_buttons(hands: Hands) -> None:
    plane = hands.window.studio.session.document.planes[1]
    plane[:] = UNPAINTED
    plane[80:120, 100:200] = 1
    plane[80:120, 100:110] = 0
    before = ids(hands)
    key(hands, "V")
    for name, text in (("Move right", "20"), ("Width", "50"), ("Turn", "90")):
        write(hands, name, text)
    assert boxed(ids(hands) != UNPAINTED) == (75, 150, 125, 190)
    hands.click("Flip up and down")
    assert boxed(ids(hands) == 0) == (120, 150, 125, 190)
    hands.click("Apply the transform")
    assert steps(hands) == 1
    key(hands, "Ctrl+Z")
    hands.click("Flip left and right")
    hands.click("Take the transform back")
    assert (ids(hands) == before).all()
    key(hands, "B")
    hands.menu("Select", "Transform", "Flip left and right")
    assert boxed(ids(hands) == 0) == (80, 190, 120, 200)
    hands.menu("Select", "Transform", "Turn right")
    assert boxed(ids(hands) == 0) == (140, 130, 150, 170)


def test_alt_leaves_a_copy(hands: Hands) -> None:
    plane = hands.window.studio.session.document.planes[1]
    plane[:] = UNPAINTED
    plane[20:40, 20:40] = 1
    key(hands, "V")
    drag(hands, (30, 30), (130, 30), keys=ALT)
    key(hands, "Return")
    assert (ids(hands)[20:40, 20:40] == 1).all()
    assert (ids(hands)[20:40, 120:140] == 1).all()


# Picture layers ----------------------------------------------------------------------------------


def test_a_picture_layer_takes_colour_and_the_eraser_makes_it_clear(hands: Hands) -> None:
    plane, before = picture_layer(hands), ids(hands)
    tools = hands.window.studio.tools
    key(hands, "I")
    click(hands, 50, 60)
    assert tools.options.color == (200, 60, 20)
    key(hands, "B")
    hands.find("Colour")
    drag(hands, (200, 50), (250, 50))
    assert plane[50, 220].tolist() == [200, 60, 20, 255]
    key(hands, "E")
    drag(hands, (50, 50), (100, 50))
    assert plane[50, 70].tolist() == [0, 0, 0, 0]
    assert (ids(hands) == before).all()
    key(hands, "Ctrl+Z")
    assert plane[50, 70].tolist() == [200, 50, 20, 255]
    key(hands, "G")
    click(hands, 250, 150)
    assert plane[150, 250].tolist() == [200, 60, 20, 255]
    assert plane[150, 50].tolist() == [200, 150, 20, 255]


def test_the_wand_takes_colours_by_tolerance(hands: Hands) -> None:
    picture_layer(hands)
    hands.window.studio.tools.set(tolerance=10)
    key(hands, "W")
    click(hands, 50, 100)
    assert boxed(mask(hands)) == (90, 0, 111, 150)


def test_clone_copies_from_where_alt_was_clicked(hands: Hands) -> None:
    plane = picture_layer(hands)
    before = plane.copy()
    key(hands, "C")
    click(hands, 250, 20)
    assert (plane == before).all()
    click(hands, 50, 150, keys=ALT)
    drag(hands, (200, 50), (240, 50))
    assert steps(hands) == 2
    changed = (plane != before).any(2)
    assert boxed(changed) == pytest.approx((45, 195, 55, 245), abs=1)
    rows, columns = np.nonzero(changed)
    shift = hands.window.studio.tools.sketch().marks[0]
    down, right = round(shift[1] - 50), round(shift[0] - 240)
    assert (down, right) == pytest.approx((100, -150), abs=1)
    assert (plane[rows, columns] == before[rows + down, columns + right]).all()
    key(hands, "Ctrl+Z")
    assert (plane == before).all()


def test_clone_on_a_layout_says_why_not(hands: Hands) -> None:
    said: list[str] = []
    hands.window.studio.session.problem.connect(said.append)
    before = ids(hands)
    key(hands, "C")
    click(hands, 50, 150)
    assert (ids(hands) == before).all()
    assert len(said) == 1
    assert "picture layers" in said[0]


def test_pictures_are_scaled_smoothly_and_leave_a_clear_hole(hands: Hands) -> None:
    plane = picture_layer(hands)
    key(hands, "V")
    drag(hands, (150, 200), (75, 100))
    key(hands, "Return")
    assert boxed(plane[..., 3] > 0) == (0, 0, 100, 75)
    inner = plane[10:90, 10:60, 1].astype(int)
    assert np.abs(inner - (2 * np.arange(10, 90) + 0.5)[:, None]).max() <= 2
    assert steps(hands) == 2


def test_a_locked_layer_takes_nothing_and_says_so(hands: Hands) -> None:
    session = hands.window.studio.session
    layer = find(session.scene.layers, session.active)
    assert layer is not None
    locked = replace(layer, locked=True)
    session.change_layers(replaced(session.scene.layers, layer.id, locked), "lock")
    said: list[str] = []
    session.problem.connect(said.append)
    before = ids(hands)
    for tool in ("B", "E", "G", "R", "P", "F", "V"):
        key(hands, tool)
        drag(hands, (100, 50), (150, 150))
        key(hands, "Return")
    key(hands, "Del")
    assert (ids(hands) == before).all()
    assert steps(hands) == 1
    assert len(said) == 8
    assert all("locked" in sentence for sentence in said)


# All of them -------------------------------------------------------------------------------------


def test_each_tool_shows_only_its_options_and_fits_a_small_window(hands: Hands) -> None:
    window = hands.window
    window.resize(1280, 720)
    QApplication.processEvents()
    for tool in Tool:
        window.studio.tools.take(tool)
        QApplication.processEvents()
        assert window.size().height() <= 720
        options = window.toolbox.options
        assert options.sizeHint().height() <= 190, tool
        assert options.minimumSizeHint().width() <= 240, tool
    button = hands.find("Move and transform", QToolButton)
    assert button.mapTo(window, button.rect().bottomRight()).y() < 700


def test_a_new_document_forgets_what_was_in_hand(hands: Hands) -> None:
    session = hands.window.studio.session
    key(hands, "M")
    drag(hands, (20, 20), (60, 60))
    key(hands, "P")
    click(hands, 50, 20)
    before, selected = session.document, mask(hands)
    session.show(Document.blank((50, 60)))
    tools = hands.window.studio.tools
    assert tools.selection.mask is None
    session.show(before)
    assert mask(hands) is selected
    session.show(Document.blank((50, 60)))
    assert not tools.busy
    assert (tools.options.mirror.x, tools.options.mirror.y) == (30.0, 25.0)
