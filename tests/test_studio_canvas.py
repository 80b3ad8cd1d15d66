"""The canvas by events: strokes in a turned and mirrored view, fingers, pens, outlines, edges."""

import math
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, QSize, Qt
from PySide6.QtGui import (
    QFocusEvent,
    QImage,
    QInputDevice,
    QMouseEvent,
    QNativeGestureEvent,
    QPainter,
    QPointingDevice,
    QTabletEvent,
    QTransform,
)
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from engines.data.spec import PaletteClass
from engines.ports import UNPAINTED
from studio.models.view import Look
from studio.views import overlays
from studio.views.canvas import Canvas
from studio.views.window import Window
from tests.hands import LEFT, NONE, Hands

MIDDLE = Qt.MouseButton.MiddleButton
SHIFT, CONTROL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier
NO_KEYS = Qt.KeyboardModifier.NoModifier


@pytest.fixture
def hands(window: Window) -> Hands:
    """A studio with an empty document and no model."""
    session = window.studio.session
    palette = (PaletteClass("rock", "#c81e1e"), PaletteClass("snow", "#fafafa"))
    session.change_scene(replace(session.scene, palette=palette), "palette")
    window.studio.tools.resize(8)
    return Hands(window)


def painted(hands: Hands) -> np.ndarray:
    """(row, column) of all that is painted."""
    return np.argwhere(hands.window.studio.session.document.ids != UNPAINTED)


def drag(
    canvas: Canvas, *places: tuple[float, float], button: Qt.MouseButton = LEFT, keys: object = None
) -> None:
    """Press at the first place of the screen, move over the others, release."""
    held_keys = keys if isinstance(keys, Qt.KeyboardModifier) else NO_KEYS
    kinds = [QEvent.Type.MouseButtonPress, *[QEvent.Type.MouseMove] * (len(places) - 1)]
    for kind, place in zip(
        [*kinds, QEvent.Type.MouseButtonRelease], [*places, places[-1]], strict=True
    ):
        spot = QPointF(*place)
        moved = kind is QEvent.Type.MouseMove
        held = NONE if kind is QEvent.Type.MouseButtonRelease else button
        event = QMouseEvent(
            kind, spot, canvas.mapToGlobal(spot), NONE if moved else button, held, held_keys
        )
        QApplication.sendEvent(canvas, event)


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("angle", [0.0, 90.0, 37.0, -165.0])
def test_a_stroke_lands_under_the_pen_however_it_is_looked_at(
    hands: Hands, angle: float, mirrored: bool
) -> None:
    canvas, view = hands.canvas(), hands.window.studio.view
    view.take(Look(1.7, (230.0, 260.0), angle, mirrored))
    start = (canvas.width() / 2 - 60.0, canvas.height() / 2 + 20.0)
    end = (start[0] + 90.0, start[1] - 70.0)
    drag(canvas, start, end)
    spots = np.array([view.to_screen((x + 0.5, y + 0.5), canvas.room) for y, x in painted(hands)])
    assert len(spots) > 200
    # Every painted pixel is within the brush's reach of the line that the pen drew on the screen.
    line = np.subtract(end, start)
    along = np.clip((spots - start) @ line / (line @ line), 0, 1)
    away = np.hypot(*(spots - start - along[:, None] * line).T)
    assert away.max() <= (4 + 0.75) * view.scale
    assert along.min() == 0
    assert along.max() == 1
    # And what is seen on the screen is that stroke, not its mirror image.
    image = canvas.grab().toImage()
    hands.keys("Ctrl+Z")
    without = canvas.grab().toImage()
    differ = np.array(
        [
            (x, y)
            for x in range(0, canvas.width(), 3)
            for y in range(0, canvas.height(), 3)
            if image.pixel(x, y) != without.pixel(x, y)
        ]
    )
    assert len(differ) > 100
    share = np.clip((differ - start) @ line / (line @ line), 0, 1)
    assert np.hypot(*(differ - start - share[:, None] * line).T).max() <= (4 + 2) * view.scale


def test_keys_turn_mirror_and_straighten_the_view(hands: Hands) -> None:
    view = hands.window.studio.view
    hands.keys("Alt+Right")
    hands.keys("Alt+Right")
    assert view.angle == 30
    hands.keys("H")
    assert (view.angle, view.mirrored) == (-30, True)
    assert "mirrored" in hands.window.status.zoom.text()
    assert "-30°" in hands.window.status.zoom.text()
    hands.keys("Alt+Left")
    assert view.angle == -45
    hands.keys("0")
    assert (view.angle, view.mirrored) == (0, True)
    hands.menu("View", "Mirror the view")
    assert view.upright


def test_the_pen_turns_the_view_about_the_middle(hands: Hands) -> None:
    canvas, view = hands.canvas(), hands.window.studio.view
    middle = (canvas.width() / 2, canvas.height() / 2)
    before = view.to_document(*middle, canvas.room)
    right, below = (middle[0] + 100, middle[1]), (middle[0], middle[1] + 100)
    drag(canvas, right, below, button=MIDDLE, keys=SHIFT)
    assert view.angle == pytest.approx(90)
    assert view.to_document(*middle, canvas.room) == pytest.approx(before)
    slightly = (middle[0] + 100, middle[1] + 40)
    drag(canvas, right, slightly, button=MIDDLE, keys=SHIFT | CONTROL)
    assert view.angle == pytest.approx(105)  # 111.8 to the next 15
    assert not len(painted(hands))


def test_space_turns_and_pans_and_is_forgotten_with_the_focus(hands: Hands) -> None:
    canvas, view = hands.canvas(), hands.window.studio.view
    canvas.setFocus()
    QTest.keyPress(canvas, Qt.Key.Key_Space)
    x, y = view.to_screen((100.0, 100.0), canvas.room)
    drag(canvas, (200.0, 200.0), (250.0, 210.0))
    assert view.to_screen((100.0, 100.0), canvas.room) == pytest.approx((x + 50, y + 10))
    QApplication.sendEvent(canvas, QFocusEvent(QEvent.Type.FocusOut))
    drag(canvas, (200.0, 200.0), (250.0, 210.0))
    assert len(painted(hands))


# Fingers ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def screen() -> QPointingDevice:
    return QTest.createTouchDevice()


def touch(
    canvas: Canvas, device: QPointingDevice, *steps: list[tuple[float, float] | None]
) -> None:
    """Fingers by their places at each step; None lifts one, and the last step lifts all."""
    down: dict[int, QPoint] = {}
    for step in [*steps, [None] * 5]:
        sequence = QTest.touchEvent(canvas, device)
        for finger, place in enumerate(step):
            if place is None:
                if finger in down:
                    sequence.release(finger, down.pop(finger), canvas)
                continue
            spot = QPoint(round(place[0]), round(place[1]))
            move = sequence.move if finger in down else sequence.press
            move(finger, spot, canvas)
            down[finger] = spot
        sequence.commit()


def test_one_finger_paints(hands: Hands, screen: QPointingDevice) -> None:
    canvas = hands.canvas()
    middle = canvas.width() / 2, canvas.height() / 2
    touch(canvas, screen, [middle], [(middle[0] + 40, middle[1])])
    assert np.ptp(painted(hands)[:, 1]) > 30
    assert len(hands.window.studio.session.history.done) == 2  # the palette and the stroke


def test_two_fingers_move_zoom_and_turn_and_paint_nothing(
    hands: Hands, screen: QPointingDevice
) -> None:
    canvas, view = hands.canvas(), hands.window.studio.view
    one, other = (200.0, 300.0), (400.0, 300.0)
    held = view.to_document(*one, canvas.room), view.to_document(*other, canvas.room)
    scale = view.scale
    turns = [math.radians(turn) for turn in range(5, 95, 5)]
    middle = [(300 + 2 * step, 300 + step) for step in range(1, len(turns) + 1)]
    reach = np.linspace(100, 150, len(turns))
    steps: list[list[tuple[float, float] | None]] = [[one], [one, other]]
    for turn, (x, y), r in zip(turns, middle, reach, strict=True):
        dx, dy = r * math.cos(turn), r * math.sin(turn)
        steps.append([(x - dx, y - dy), (x + dx, y + dy)])
    touch(canvas, screen, *steps)
    assert view.scale == pytest.approx(1.5 * scale, rel=0.02)
    assert view.angle == pytest.approx(90 - 8, abs=2)  # the first degrees do not count
    between = np.mean(held, axis=0)
    assert view.to_screen((between[0], between[1]), canvas.room) == pytest.approx(
        middle[-1], abs=12
    )
    assert not len(painted(hands))
    assert not hands.window.studio.tools.down


def test_the_hand_that_pinches_does_not_turn_a_little(
    hands: Hands, screen: QPointingDevice
) -> None:
    canvas, view = hands.canvas(), hands.window.studio.view
    scale = view.scale
    touch(
        canvas,
        screen,
        [(200, 300), (400, 300)],
        [(180, 295), (420, 305)],
        [(150, 290), (450, 310), None],
        [(150, 290), None],
        [(170, 290), None],
    )
    assert view.angle == 0
    assert view.scale > 1.3 * scale
    assert not len(painted(hands))  # the finger that stays behind paints nothing


def test_a_finger_beside_the_pen_is_the_hand_that_rests(
    hands: Hands, screen: QPointingDevice
) -> None:
    canvas, view = hands.canvas(), hands.window.studio.view
    before = view.look()
    tablet(canvas, QEvent.Type.TabletPress, (200, 200), LEFT)
    touch(canvas, screen, [(300, 400)], [(340, 420), (400, 300)], [(320, 300), (500, 200)])
    tablet(canvas, QEvent.Type.TabletMove, (220, 200), NONE)
    tablet(canvas, QEvent.Type.TabletRelease, (220, 200), LEFT)
    assert view.look() == before
    assert len(hands.window.studio.session.history.done) == 2


def test_fingers_on_a_touch_pad_do_not_paint(hands: Hands) -> None:
    can = QInputDevice.Capability.Position | QInputDevice.Capability.MouseEmulation
    pad = QTest.createTouchDevice(QInputDevice.DeviceType.TouchPad, can)
    look = hands.window.studio.view.look()
    two = [(260, 300), (400, 300)], [(200, 310), (460, 290)]
    touch(hands.canvas(), pad, [(200, 300)], [(260, 300)], *two)
    assert not len(painted(hands))
    assert hands.window.studio.view.look() == look


def test_a_touch_pad_zooms_and_turns_at_its_place(hands: Hands) -> None:
    canvas, view = hands.canvas(), hands.window.studio.view
    pad = QPointingDevice.primaryPointingDevice()
    place = QPointF(250, 200)
    kept, scale = view.to_document(250, 200, canvas.room), view.scale
    kinds = Qt.NativeGestureType
    for kind, value in (
        (kinds.BeginNativeGesture, 0.0),
        (kinds.ZoomNativeGesture, 0.25),
        (kinds.RotateNativeGesture, 20.0),
        (kinds.EndNativeGesture, 0.0),
    ):
        spot = canvas.mapToGlobal(place)
        event = QNativeGestureEvent(kind, pad, 2, place, place, spot, value, QPointF())
        QApplication.sendEvent(canvas, event)
    assert view.scale == pytest.approx(1.25 * scale)
    assert view.angle == pytest.approx(12)
    assert view.to_screen(kept, canvas.room) == pytest.approx((250, 200))


# The pen of a tablet ----------------------------------------------------------------------------


def tablet(
    canvas: Canvas, kind: QEvent.Type, place: tuple[float, float], button: Qt.MouseButton
) -> QTabletEvent:
    """A pen that is tilted, turned and squeezed as it can be."""
    device = QPointingDevice(
        "pen",
        7,
        QInputDevice.DeviceType.Stylus,
        QPointingDevice.PointerType.Pen,
        QInputDevice.Capability.Position | QInputDevice.Capability.Pressure,
        1,
        3,
    )
    spot = QPointF(*place)
    held = NONE if kind is QEvent.Type.TabletRelease else LEFT
    event = QTabletEvent(
        kind,
        device,
        spot,
        canvas.mapToGlobal(spot),
        0.7,
        60,
        -50,
        0.9,
        270,
        3,
        NO_KEYS,
        button,
        held,
    )
    QApplication.sendEvent(canvas, event)
    return event


def test_a_button_of_the_barrel_does_not_disturb_a_stroke(hands: Hands) -> None:
    canvas, tools = hands.canvas(), hands.window.studio.tools
    right = Qt.MouseButton.RightButton
    tablet(canvas, QEvent.Type.TabletPress, (300, 300), LEFT)
    assert tablet(canvas, QEvent.Type.TabletPress, (310, 300), right).isAccepted()
    assert tools.down
    tablet(canvas, QEvent.Type.TabletRelease, (310, 300), right)
    assert tools.down
    tablet(canvas, QEvent.Type.TabletMove, (350, 300), NONE)
    tablet(canvas, QEvent.Type.TabletRelease, (350, 300), LEFT)
    assert not tools.down
    assert len(hands.window.studio.session.history.done) == 2
    # Without a stroke it is a button of the mouse, which Qt makes of what nobody took.
    assert not tablet(canvas, QEvent.Type.TabletPress, (310, 300), right).isAccepted()


# Layout and picture apart -----------------------------------------------------------------------


def test_layout_and_picture_are_zoomed_apart_when_unlinked(hands: Hands) -> None:
    first, second = hands.canvas(), hands.canvas("Picture")
    view = hands.window.studio.view
    assert second.view is view
    hands.menu("View", "Linked zoom")
    before = view.look()
    assert second.view.look() == before
    hands.keys("Ctrl++")  # The picture was turned to last.
    assert (view.look(), second.view.scale) == (before, pytest.approx(1.25 * before.scale))
    first.setFocus()
    QApplication.sendEvent(first, QFocusEvent(QEvent.Type.FocusIn))
    hands.keys("H")
    assert view.mirrored
    assert not second.view.mirrored
    hands.menu("View", "Linked zoom")
    assert second.view is view


def test_each_document_is_looked_at_in_its_own_way(hands: Hands) -> None:
    studio = hands.window.studio
    view = studio.view
    studio.files.new((100, 200))
    studio.session.change_scene(replace(studio.session.scene, seed=3), "seed")  # not untouched
    assert view.fitted
    assert view.document == (100, 200)
    view.take(Look(3.0, (20.0, 30.0), 45.0, True))
    first = studio.session.document
    studio.files.new((300, 300))
    assert view.upright
    assert view.fitted
    studio.session.show(first)
    assert view.look() == Look(3.0, (20.0, 30.0), 45.0, True)


def test_another_size_is_shown_whole_and_still_turned(hands: Hands) -> None:
    studio, view = hands.window.studio, hands.window.studio.view
    view.take(Look(9.0, (20.0, 30.0), 45.0, True))
    plane = studio.session.document.plane(1)[:100, :300].copy()
    studio.session.resize((100, 300), {1: plane}, "crop")
    assert (view.document, view.angle, view.mirrored, view.fitted) == ((100, 300), 45, True, True)
    hands.canvas().grab()
    hands.keys("Ctrl+Z")
    assert view.document == (512, 512)
    hands.canvas().grab()


def test_full_screen_and_back(hands: Hands) -> None:
    hands.keys("F11")
    assert hands.window.isFullScreen()
    assert hands.window.actions_["full-screen"].isChecked()
    hands.keys("F11")
    assert not hands.window.isFullScreen()
    assert not hands.window.actions_["full-screen"].isChecked()


# What lies over the page ------------------------------------------------------------------------


def test_a_brush_s_outline_turns_with_the_view_and_small_ones_are_a_cross() -> None:
    square = [(-10.0, -10.0), (10.0, -10.0), (10.0, 10.0), (-10.0, 10.0)]
    at = QPointF(100, 100)
    straight = overlays.outline_on_screen(at, square, 0, QTransform.fromScale(2, 2))
    assert straight.boundingRect().width() == pytest.approx(40)
    turned = overlays.outline_on_screen(at, square, 0, QTransform().rotate(45).scale(2, 2))
    assert turned.boundingRect().width() == pytest.approx(40 * math.sqrt(2))
    ring = overlays.outline_on_screen(at, None, 10, QTransform().rotate(45).scale(2, -2))
    assert ring.boundingRect().width() == pytest.approx(40, abs=0.5)
    for scale, cross in ((1.0, False), (0.1, True)):
        small = overlays.outline_on_screen(at, None, 10, QTransform.fromScale(scale, scale))
        image = QImage(200, 200, QImage.Format.Format_RGB32)
        image.fill(0xFF808080)
        painter = QPainter(image)
        overlays.paint_outline(painter, at, small)
        painter.end()
        bounds = overlays.outline_bounds(small, at).toAlignedRect()
        drawn = np.argwhere(np.array(image.constBits()).reshape(200, 200, 4)[..., 0] != 0x80)
        assert len(drawn)
        assert all(bounds.contains(int(x), int(y)) for y, x in drawn)
        assert (image.pixel(100 + 6, 100) != 0xFF808080) == cross


@pytest.mark.parametrize("angle", [0, 30, 90])
@pytest.mark.parametrize("scale", [0.13, 1.0, 7.3])
def test_a_selection_s_edge_is_one_pixel_wide_and_where_it_ends(scale: float, angle: int) -> None:
    mask = np.zeros((400, 300), np.bool_)
    mask[100:250, 80:200] = True
    edge = overlays.SelectionEdge()
    edge.set_mask(mask)
    transform = QTransform().translate(750, 750).rotate(angle).scale(scale, scale)
    transform.translate(-140, -175)
    size = QSize(1500, 1500)
    image = edge.image(transform, size, 1.0)
    assert image is not None
    seen = np.argwhere(np.array(image.constBits()).reshape(1500, 1500, 4)[..., 3])
    assert len(seen)
    back = transform.inverted()[0]
    for y, x in seen[:: max(len(seen) // 300, 1)]:
        at = back.map(QPointF(x + 0.5, y + 0.5))
        inside = abs(at.x() - 140) - 60, abs(at.y() - 175) - 75
        reach = 1.5 / scale + 2 ** max(math.ceil(math.log2(1 / scale)), 0) - 1
        assert abs(max(inside)) <= reach
    if angle == 0:
        around = 2 * (120 + 150) * scale
        assert len(seen) == pytest.approx(around, abs=12)
    assert edge.image(transform, size, 1.0) is image  # made once
    edge.set_mask(None)
    assert edge.image(transform, size, 1.0) is None


def test_a_single_selected_pixel_is_seen_from_far() -> None:
    mask = np.zeros((3001, 2003), np.bool_)
    mask[1501, 999] = True
    edge = overlays.SelectionEdge()
    edge.set_mask(mask)
    image = edge.image(QTransform.fromScale(0.11, 0.11), QSize(300, 400), 1.0)
    assert image is not None
    seen = np.argwhere(np.array(image.constBits()).reshape(400, 300, 4)[..., 3])
    assert 2 <= len(seen) <= 8
    assert np.abs(seen.mean(0) - (1501 * 0.11, 999 * 0.11)).max() < 3


@pytest.mark.parametrize("angle", [0, 90, 20])
@pytest.mark.parametrize("mirrored", [1, -1])
def test_grid_lines_are_where_pixels_meet(angle: int, mirrored: int) -> None:
    transform = QTransform().translate(150, 130).rotate(angle).scale(9.7 * mirrored, 9.7)
    transform.translate(-10, -8)
    grid = overlays.PixelGrid()
    grid.set_document((16, 20))
    image = grid.image(transform, QSize(300, 260), 1.0)
    assert image is not None
    drawn = np.array(image.constBits()).reshape(260, 300, 4)[..., 3] > 0
    back = transform.inverted()[0]
    away = np.full(drawn.shape, np.inf)
    inside = np.zeros(drawn.shape, np.bool_)
    for y in range(260):
        for x in range(300):
            at = back.map(QPointF(x + 0.5, y + 0.5))
            away[y, x] = 9.7 * min(abs(at.x() - round(at.x())), abs(at.y() - round(at.y())))
            inside[y, x] = -0.12 < at.x() < 20.12 and -0.12 < at.y() < 16.12
    assert away[drawn].max() <= 1.5  # within a screen pixel or so of a border
    assert not drawn[~inside].any()
    well_inside = inside & (away < 0.01)
    assert well_inside.sum() > 5
    near = drawn | np.roll(drawn, 1, 0) | np.roll(drawn, 1, 1)
    near |= np.roll(drawn, -1, 0) | np.roll(drawn, -1, 1)
    assert near[well_inside].mean() > 0.9


def test_the_grid_is_shown_where_pixels_are_large(hands: Hands) -> None:
    canvas, view = hands.canvas(), hands.window.studio.view

    def lines() -> int:
        image = canvas.grab().toImage()
        row = [image.pixelColor(x, 40).lightness() for x in range(canvas.width())]
        return int((np.abs(np.diff(row)) > 12).sum())

    hands.keys("B")
    view.take(Look(7.9, (256.0, 256.0)))
    few = lines()
    view.take(Look(8.0, (256.0, 256.0)))
    many = lines()
    hands.keys("F8")
    assert lines() < many
    assert few < many
