"""Themes and icons: contrast, neutrality, focus that can be seen, and a change of theme."""

import gc
import re
from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Any
from xml.etree import ElementTree

import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor, QFont, QIcon, QImage, QPixmap
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QComboBox,
    QDockWidget,
    QLineEdit,
    QListWidget,
    QMainWindow,
    QPlainTextEdit,
    QPushButton,
    QRadioButton,
    QSlider,
    QSpinBox,
    QTabBar,
    QTableWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)
from pytestqt.qtbot import QtBot

from studio.views import icons, parts, theme
from studio.views.docktitle import DockTitle

THEMES = pytest.mark.parametrize("look", [theme.DARK, theme.LIGHT], ids=lambda look: look.name)
SURFACES = ("window", "field", "raised", "hover", "pressed", "overlay", "surround", "page")
# What is read, on what it is read.
READ = {
    "text": (*SURFACES, "selection"),
    "muted": ("window", "field", "raised", "hover", "overlay"),
    "danger": ("window", "field", "overlay"),
    "warning": ("window", "field", "overlay"),
    "good": ("window", "field", "overlay"),
    "accent": ("window", "field"),
    "on_accent": ("accent", "accent_hover"),
}
# What is found by its form: icons, borders, tracks, rings.
FOUND = {
    "outline": ("window", "field", "overlay"),
    "accent": ("window", "field", "overlay", "selection", "surround"),
    "focus": ("window", "field", "raised", "hover", "overlay", "surround", "selection"),
    "text": ("window", "overlay"),  # also the ring of a default button
}
ASKED = """
brush eraser fill line rectangle ellipse polygon picker select move undo redo save open new export
copy paste dice lock unlock reset photo underlay side-by-side overlay split picture-only
layout-only fit one-to-one zoom-in zoom-out train pause play stop cancel model example compare eye
eye-off plus minus close warning info check sun-moon full-screen gallery settings folder trash seed
arrow-down pentimento
"""


@pytest.fixture
def app(qapp: QApplication) -> Iterator[QApplication]:
    theme.apply(qapp, "dark")
    yield qapp
    theme.apply(qapp, "dark")
    qapp.setStyleSheet("")


def luminance(color: str) -> float:
    """Relative luminance, WCAG 2.2."""
    parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_contrast_is_that_of_wcag() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.005)


@THEMES
def test_all_that_is_read_can_be_read(look: theme.Theme) -> None:
    colors = asdict(look)
    for ink, grounds in READ.items():
        for ground in grounds:
            assert contrast(colors[ink], colors[ground]) >= 4.5, (ink, ground)


@THEMES
def test_controls_and_rings_can_be_found(look: theme.Theme) -> None:
    colors = asdict(look)
    for ink, grounds in FOUND.items():
        for ground in grounds:
            assert contrast(colors[ink], colors[ground]) >= 3, (ink, ground)


@THEMES
def test_every_rule_that_sets_ink_and_ground_can_be_read(look: theme.Theme) -> None:
    checked = 0
    for selector, body in re.findall(r"([^{}]+)\{([^{}]*)\}", theme.style_sheet(look)):
        ink = re.search(r"(?<![-\w])color: (#\w{6})", body)
        ground = re.search(r"(?<![-\w])background: (#\w{6})", body)
        if ink and ground and ":disabled" not in selector:
            assert contrast(ink[1], ground[1]) >= 4.5, selector
            checked += 1
    assert checked > 8


@THEMES
def test_surfaces_are_pure_greys(look: theme.Theme) -> None:
    colors = asdict(look)
    for name in (*SURFACES, "hatch", "edge", "outline", "text", "muted", "disabled"):
        color = QColor(colors[name])
        assert color.red() == color.green() == color.blue(), name


@THEMES
def test_the_style_sheet_has_its_pictures(look: theme.Theme) -> None:
    names = set(re.findall(r'url\("look:(.*?)"\)', theme.style_sheet(look)))
    assert names == {f"{look.name}/{name}.svg" for name in parts.STROKES}
    for name in parts.STROKES:
        shipped = (theme.PARTS / look.name / f"{name}.svg").read_text(encoding="utf-8")
        assert shipped == parts.drawn(name, look), "run python -m studio.views.parts"


def test_qt_understands_the_style_sheet(app: QApplication, qtlog: Any, qtbot: QtBot) -> None:
    theme.apply(app, "light")
    window = shown(qtbot, *(make() for make in KINDS.values()))
    assert window.isVisible()
    assert [r.message for r in qtlog.records if "plugin does not support" not in r.message] == []


def test_a_theme_can_be_changed_at_any_time(app: QApplication, qtbot: QtBot) -> None:
    switch = theme.apply(app, "dark")
    button = QToolButton()
    button.setIcon(icons.icon("plus"))
    window = shown(qtbot, button)
    before = button.grab().toImage()
    with qtbot.waitSignal(switch.changed):
        assert theme.apply(app, "light") is switch
    assert theme.current() is theme.LIGHT
    assert app.palette().window().color().name() == theme.LIGHT.window
    after = button.grab().toImage()
    assert ink(before) == theme.DARK.text
    assert ink(after) == theme.LIGHT.text
    assert window.isVisible()


def test_the_system_s_theme_is_followed(app: QApplication) -> None:
    switch = theme.apply(app, "system")
    changed = app.styleHints().colorSchemeChanged
    changed.emit(Qt.ColorScheme.Light)
    assert theme.current() is switch.theme is theme.LIGHT
    changed.emit(Qt.ColorScheme.Dark)
    assert theme.current() is theme.DARK
    theme.apply(app, "light")
    changed.emit(Qt.ColorScheme.Dark)
    assert theme.current() is theme.LIGHT


def test_digits_have_one_width(app: QApplication) -> None:
    assert app.font().featureValue(QFont.Tag("tnum")) == 1


# Icons ------------------------------------------------------------------------------------------


def ink(image: QImage) -> str:
    """The colour in the middle."""
    return image.pixelColor(image.width() // 2, image.height() // 2).name()


def ink_share(image: QImage) -> float:
    seen = [image.pixelColor(x, y).alphaF() for x in range(24) for y in range(24)]
    return sum(seen) / len(seen)


def test_every_icon_that_was_asked_for_is_there() -> None:
    assert set(ASKED.split()) <= icons.names()
    with pytest.raises(KeyError):
        icons.icon("no-such-icon")


@pytest.mark.parametrize("name", sorted(icons.names()))
def test_an_icon_keeps_to_the_grid_and_the_pen(name: str, app: QApplication) -> None:
    source = (icons.FOLDER / f"{name}.svg").read_text(encoding="utf-8")
    root = ElementTree.fromstring(source)
    assert root.get("viewBox") == "0 0 24 24"
    assert root.get("stroke") == "currentColor"
    assert root.get("stroke-width") == "1.75"
    assert root.get("stroke-linecap") == root.get("stroke-linejoin") == "round"
    assert not re.search(r"#[0-9a-fA-F]{3}|rgb\(|<style|<image|href", source)
    image = icons.icon(name).pixmap(24, 24).toImage()
    assert 0.02 < ink_share(image) < 0.5
    for i in range(24):
        for x, y in ((i, 0), (i, 23), (0, i), (23, i)):
            assert image.pixelColor(x, y).alpha() == 0, "it touches the border"


def test_no_two_icons_are_the_same(app: QApplication) -> None:
    images = [icons.icon(name).pixmap(24, 24).toImage() for name in icons.names()]
    assert all(one != other for i, one in enumerate(images) for other in images[:i])


@THEMES
def test_an_icon_wears_the_theme(look: theme.Theme, app: QApplication) -> None:
    icon = icons.icon("stop")
    solid = icons.icon("plus", "warning")
    theme.apply(app, "light" if look is theme.LIGHT else "dark")
    size = QSize(48, 48)

    def center(mode: QIcon.Mode, state: QIcon.State, of: QIcon) -> str:
        return ink(of.pixmap(size, 1.0, mode, state).toImage())

    off, on = QIcon.State.Off, QIcon.State.On
    assert center(QIcon.Mode.Normal, off, solid) == look.warning
    assert center(QIcon.Mode.Normal, on, solid) == look.accent
    assert center(QIcon.Mode.Disabled, on, solid) == look.disabled
    edge = icon.pixmap(size, 1.0).toImage().pixelColor(11, 24)
    assert edge.name() == look.text


def test_an_icon_is_sharp_on_every_screen(app: QApplication) -> None:
    for ratio in (1.0, 1.5, 2.0):
        pixmap = icons.icon("brush").pixmap(QSize(24, 24), ratio)
        assert pixmap.size() == QSize(24, 24) * ratio
        assert pixmap.devicePixelRatio() == ratio


def test_copies_of_an_icon_outlive_it(app: QApplication) -> None:
    icon = icons.icon("lock")
    kept = QIcon(icon)
    kept.setIsMask(False)
    kept.addPixmap(QPixmap(4, 4))  # Qt clones the engine here
    del icon
    gc.collect()
    assert not kept.pixmap(24, 24).isNull()


def test_a_picture_in_a_list_keeps_its_colours_when_chosen(app: QApplication) -> None:
    pixmap = QPixmap(8, 8)
    pixmap.fill(QColor("#336699"))
    icon = icons.picture(pixmap)
    for mode in (QIcon.Mode.Normal, QIcon.Mode.Selected, QIcon.Mode.Active, QIcon.Mode.Disabled):
        assert ink(icon.pixmap(QSize(8, 8), 1.0, mode).toImage()) == "#336699"


def test_the_program_has_an_icon_in_every_size(app: QApplication) -> None:
    made = icons.app_icon()
    assert {size.width() for size in made.availableSizes()} == set(icons.APP_SIZES)
    hues = {made.pixmap(64, 64).toImage().pixelColor(32, y).hue() for y in range(10, 60)}
    assert len(hues) > 5


# Focus ------------------------------------------------------------------------------------------


def combo() -> QComboBox:
    box = QComboBox()
    box.addItems(["one", "two"])
    return box


def listed() -> QListWidget:
    made = QListWidget()
    made.addItems(["one", "two"])
    made.setCurrentRow(0)
    return made


def tabs() -> QTabBar:
    bar = QTabBar()
    bar.addTab("one")
    bar.addTab("two")
    return bar


def tool_button() -> QToolButton:
    button = QToolButton()
    button.setIcon(icons.icon("brush"))
    button.setAutoRaise(True)
    return button


def default_button() -> QPushButton:
    button = QPushButton("Paint")
    button.setDefault(True)
    return button


KINDS: dict[str, Callable[[], QWidget]] = {
    "push button": lambda: QPushButton("Paint"),
    "default button": default_button,
    "tool button": tool_button,
    "slider": lambda: QSlider(Qt.Orientation.Horizontal),
    "spin box": QSpinBox,
    "combo box": combo,
    "line edit": QLineEdit,
    "text": QPlainTextEdit,
    "list": listed,
    "table": lambda: QTableWidget(2, 2),
    "tabs": tabs,
    "check box": lambda: QCheckBox("Patterns"),
    "radio button": lambda: QRadioButton("Quick"),
}


def shown(qtbot: QtBot, *widgets: QWidget) -> QWidget:
    """A window with these widgets."""
    window = QWidget()
    qtbot.addWidget(window)
    column = QVBoxLayout(window)
    for widget in widgets:
        column.addWidget(widget)
    window.show()
    qtbot.waitExposed(window)
    return window


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["dark", "light"])
def test_what_has_the_keyboard_wears_a_ring(
    kind: str, name: theme.Name, app: QApplication, qtbot: QtBot
) -> None:
    theme.apply(app, name)
    other, widget = QPushButton("Other"), KINDS[kind]()
    app.setCursorFlashTime(0)
    window = shown(qtbot, other, widget)
    window.activateWindow()
    other.setFocus()
    app.processEvents()
    assert other.hasFocus()
    size, without = widget.size(), count(widget, theme.current())
    widget.setFocus(Qt.FocusReason.TabFocusReason)
    app.processEvents()
    assert widget.hasFocus()
    assert count(widget, theme.current()) - without > 30
    assert widget.sizeHint().width() <= size.width()  # nothing moves


def count(widget: QWidget, look: theme.Theme) -> int:
    """How many pixels have the colour of the ring; on the accent it is the text's colour."""
    image = widget.grab().toImage()
    ring = look.text if isinstance(widget, QPushButton) and widget.isDefault() else look.focus
    wanted = QColor(ring).rgb()
    return sum(
        image.pixel(x, y) == wanted for x in range(image.width()) for y in range(image.height())
    )


# Docks ------------------------------------------------------------------------------------------


def test_a_dock_is_floated_and_closed_by_keys(app: QApplication, qtbot: QtBot) -> None:
    window = QMainWindow()
    qtbot.addWidget(window)
    dock = QDockWidget("Model", window)
    title = DockTitle(dock)
    window.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, dock)
    window.show()
    assert title.float.accessibleName() == "Float or dock Model"
    qtbot.keyClick(title.float, Qt.Key.Key_Space)
    assert dock.isFloating()
    qtbot.keyClick(title.float, Qt.Key.Key_Space)
    assert not dock.isFloating()
    dock.setWindowTitle("Results")
    assert title.close_.accessibleName() == "Close Results"
    qtbot.keyClick(title.close_, Qt.Key.Key_Space)
    assert not dock.isVisible()
    dock.setFeatures(QDockWidget.DockWidgetFeature.DockWidgetClosable)
    dock.show()
    assert title.close_.isVisible()
    assert not title.float.isVisible()
