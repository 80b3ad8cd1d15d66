"""The options of the tool in hand: only what it uses is shown."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from math import log

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap
from PySide6.QtWidgets import (
    QButtonGroup,
    QColorDialog,
    QHBoxLayout,
    QLabel,
    QMenu,
    QSpinBox,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from studio.document.brush import Tip
from studio.document.selecting import How
from studio.models.pen import DRAWN, SELECTING, SHAPED, Tool
from studio.models.tools import LARGEST, SMALLEST, Tools
from studio.views import theme
from studio.views.icons import icon
from studio.views.placing import Placing
from studio.views.sliders import ValueSlider

USUAL_SIZE = 40.0
MOST_GAP, MOST_MARGIN = 100, 500  # pixels
SWATCH = 18  # pixels a side of the colour on its button
DRAGGED = (*DRAWN, Tool.LINE)  # tools with a tip
MIRRORED = (Tool.BRUSH, Tool.ERASER, *SHAPED)
COLORED = (Tool.BRUSH, Tool.FILL, *SHAPED)


class ToolOptions(QWidget):
    """Rows of controls; those that the tool in hand has no use for are hidden."""

    def __init__(self, tools: Tools, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.tools = tools
        tr = self.tr
        # Sizes go by proportion, so the slider's steps are in powers of two.
        self.size_slider = ValueSlider(tr("Brush size"), parent=self)
        self.size_slider.track.setToolTip(tr("Double-click resets it"))
        self.size_slider.moved.connect(lambda share: tools.resize(_size(share)))
        self.size_slider.reset.connect(lambda: tools.resize(USUAL_SIZE))
        self.steady = self._slider(tr("Steady hand"), "steady", 1.0, 0.0)
        self.angle = self._slider(tr("Angle of the tip"), "angle", 360.0, 0.0)
        self.tolerance = self._slider(tr("Tolerance"), "tolerance", 255.0, 24.0)
        self.tip = self._menu_button(tr("Tip"), _tips(tr))
        self.color = _button(tr("Colour"), QIcon(), self._choose_color)
        self.pressure = self._toggle(tr("Pen pressure sets the size"), "pressure")
        self.follow = self._toggle(tr("The tip turns with the stroke"), "follow")
        self.across = self._mirror(tr("Mirror left and right"), "mirror-across", "across")
        self.down = self._mirror(tr("Mirror up and down"), "mirror-down", "down")
        self.axis = _button(tr("Place the mirror's axes"), icon("axis"), tools.place_mirror)
        self.axis.setCheckable(True)
        self.brush_row = _row(self, self.color, self.tip, self.pressure, self.follow)
        self.mirror_row = _row(self, self.across, self.down, self.axis)
        self.contiguous = self._toggle(tr("Only what hangs together"), "contiguous")
        self.gap = self._spin(tr("Close gaps up to"), MOST_GAP)
        self.gap.setToolTip(tr("A fill does not run through openings so many pixels wide"))
        self.gap.valueChanged.connect(lambda value: tools.set(gap=value))
        gap_name = QLabel(tr("Gaps"), self)
        gap_name.setBuddy(self.gap)
        self.fill_row = _row(self, self.contiguous, gap_name, self.gap)
        self.hows = self._hows()
        self.how_row = _row(self, *self.hows.values())
        self.margin = self._spin(tr("Pixels to grow or shrink by"), MOST_MARGIN)
        self.margin.setMinimum(1)
        self.margin.valueChanged.connect(lambda value: tools.set(margin=value))
        self.margin_row = _row(self, *self._margins())
        self.placing = Placing(tools, self)
        self.hint = QLabel(self)
        self.hint.setWordWrap(True)
        self.hint.setObjectName("hint")
        top = QHBoxLayout()
        top.setContentsMargins(0, 0, 0, 0)
        top.setSpacing(0)
        for row in (self.brush_row, self.mirror_row):
            top.addWidget(row)
        top.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 0, 12, 0)
        column.setSpacing(6)
        column.addWidget(self.size_slider)
        column.addWidget(self.steady)
        column.addWidget(self.angle)
        column.addLayout(top)
        for row in (self.how_row, self.fill_row, self.tolerance, self.margin_row):
            column.addWidget(row)
        column.addWidget(self.placing)
        column.addWidget(self.hint)
        tools.changed.connect(self.refresh)
        tools.session.active_changed.connect(self.refresh)
        tools.session.replaced.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show what is in hand."""
        tools, tool, options = self.tools, self.tools.tool, self.tools.options
        picture = tools.on_picture
        for widget, used in (
            (self.size_slider, tool in DRAGGED),
            (self.steady, tool in (Tool.BRUSH, Tool.ERASER)),
            (self.angle, tool in DRAGGED and options.tip is not Tip.ROUND),
            (self.color, picture and tool in COLORED),
            (self.tip, tool in DRAGGED),
            (self.pressure, tool in DRAWN),
            (self.follow, tool in DRAGGED),
            (self.brush_row, tool in DRAGGED or (picture and tool in COLORED)),
            (self.mirror_row, tool in MIRRORED),
            (self.fill_row, tool in (Tool.FILL, Tool.WAND)),
            (self.tolerance, picture and tool in (Tool.FILL, Tool.WAND)),
            (self.how_row, tool in SELECTING),
            (self.margin_row, tool in SELECTING),
            (self.placing, tool is Tool.MOVE),
            (self.hint, bool(self._hint())),
        ):
            widget.setVisible(used)
        self.size_slider.show_value(_share(tools.size))
        size = tools.size
        self.size_slider.shown.setText(f"{size:.0f} px" if size >= 10 else f"{size:.1f} px")
        self.steady.show_value(options.steady)
        self.angle.show_value(options.angle)
        self.angle.shown.setText(f"{options.angle:.0f}°")
        self.tolerance.show_value(options.tolerance)
        self.tolerance.shown.setText(str(options.tolerance))
        self.tip.setIcon(icon(f"tip-{options.tip.value}"))
        self.tip.setAccessibleDescription(_tips(self.tr)[options.tip])
        self.follow.setEnabled(options.tip is not Tip.ROUND)
        for button, on in (
            (self.pressure, options.pressure),
            (self.follow, options.follow),
            (self.contiguous, options.contiguous),
            (self.across, options.mirror.across),
            (self.down, options.mirror.down),
            (self.axis, tools.placing),
            (self.hows[options.how], True),
        ):
            button.setChecked(on)
        self.axis.setEnabled(options.mirror.on)
        for spin, value in ((self.gap, options.gap), (self.margin, options.margin)):
            spin.blockSignals(True)
            spin.setValue(value)
            spin.blockSignals(False)
        self.gap.setEnabled(options.contiguous)
        self.color.setIcon(_swatch(QColor(*options.color)))
        self.color.setAccessibleDescription(QColor(*options.color).name())
        self.hint.setText(self._hint())
        self.placing.refresh()

    def _hint(self) -> str:
        """What cannot be seen of a tool."""
        if self.tools.placing:
            return self.tr("Click where the axes shall cross.")
        moves = self.tr("Drag inside the selection to move its outline.")
        return {
            Tool.SELECT: moves,
            Tool.SELECT_LASSO: moves,
            Tool.POLYGON: self.tr(
                "Click corner by corner; Enter or a click on the first fills it."
            ),
            Tool.LASSO: self.tr("Draw an outline; it is filled when the pen goes up."),
            Tool.CLONE: self.tr("Alt-click where to copy from, then paint elsewhere."),
        }.get(self.tools.tool, "")

    # Controls -----------------------------------------------------------------------------------

    def _slider(self, name: str, option: str, most: float, usual: float) -> ValueSlider:
        slider = ValueSlider(name, 0.0, most, parent=self)
        whole = most > 1

        def put(value: float) -> None:
            self.tools.set(**{option: round(value) if whole else value})

        slider.track.setToolTip(self.tr("Double-click resets it"))
        slider.moved.connect(put)
        slider.reset.connect(partial(put, usual))
        return slider

    def _toggle(self, name: str, option: str) -> QToolButton:
        button = _button(name, icon(option), lambda: None)
        button.setCheckable(True)
        button.toggled.connect(lambda on: self._put(option, on))
        return button

    def _put(self, option: str, on: bool) -> None:
        if vars(self.tools.options)[option] != on:
            self.tools.set(**{option: on})

    def _mirror(self, name: str, picture: str, side: str) -> QToolButton:
        button = _button(name, icon(picture), lambda: None)
        button.setCheckable(True)

        def put(on: bool) -> None:
            mirror = replace(self.tools.options.mirror, **{side: on})
            if mirror != self.tools.options.mirror:
                self.tools.set(mirror=mirror)

        button.toggled.connect(put)
        return button

    def _menu_button(self, name: str, tips: dict[Tip, str]) -> QToolButton:
        button = _button(name, icon("tip-round"), lambda: None)
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(button)
        for tip, text in tips.items():
            action = menu.addAction(icon(f"tip-{tip.value}"), text)
            action.triggered.connect(partial(self._take_tip, tip))
        button.setMenu(menu)
        return button

    def _take_tip(self, tip: Tip, checked: bool = False) -> None:
        self.tools.set(tip=tip)

    def _spin(self, name: str, most: int) -> QSpinBox:
        spin = QSpinBox(self)
        spin.setRange(0, most)
        spin.setSuffix(self.tr(" px"))
        spin.setAccessibleName(name)
        spin.setToolTip(name)
        return spin

    def _hows(self) -> dict[How, QToolButton]:
        names = {
            How.REPLACE: self.tr("Select anew"),
            How.ADD: self.tr("Add to the selection (Shift)"),
            How.SUBTRACT: self.tr("Subtract from the selection (Alt)"),
            How.INTERSECT: self.tr("Intersect with the selection (Shift+Alt)"),
        }
        group = QButtonGroup(self)
        made = {}
        for how, name in names.items():
            put = partial(self.tools.set, how=how)
            made[how] = _button(name, icon(f"how-{how.value}"), put)
            made[how].setCheckable(True)
            group.addButton(made[how])
        return made

    def _margins(self) -> list[QWidget]:
        selection, options = self.tools.selection, self.tools
        grow = _button(
            self.tr("Grow"), icon("plus"), lambda: selection.grow(options.options.margin)
        )
        shrink = _button(
            self.tr("Shrink"), icon("minus"), lambda: selection.shrink(options.options.margin)
        )
        invert = _button(self.tr("Invert"), icon("invert"), selection.invert)
        return [invert, grow, shrink, self.margin]

    def _choose_color(self) -> None:
        now = QColor(*self.tools.options.color)
        found = QColorDialog.getColor(now, self, self.tr("Colour"))
        if found.isValid():
            self.tools.set(color=(found.red(), found.green(), found.blue()))


def _button(name: str, picture: QIcon, do: Callable[[], object]) -> QToolButton:
    button = QToolButton()
    button.setAutoRaise(True)
    button.setIcon(picture)
    button.setIconSize(QSize(16, 16))
    button.setAccessibleName(name.split(" (")[0])
    button.setToolTip(name)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    button.clicked.connect(lambda on=False: do())
    return button


def _row(parent: QWidget, *widgets: QWidget) -> QWidget:
    row = QWidget(parent)
    line = QHBoxLayout(row)
    line.setContentsMargins(0, 0, 0, 0)
    line.setSpacing(0)
    for widget in widgets:
        line.addWidget(widget)
    line.addStretch(1)
    return row


def _swatch(color: QColor) -> QIcon:
    pixmap = QPixmap(2 * SWATCH, 2 * SWATCH)
    pixmap.fill(color)
    painter = QPainter(pixmap)
    painter.setPen(QColor(theme.current().outline))
    painter.drawRect(0, 0, 2 * SWATCH - 1, 2 * SWATCH - 1)
    painter.end()
    return QIcon(pixmap)


def _tips(tr: Callable[[str], str]) -> dict[Tip, str]:
    return {
        Tip.ROUND: tr("Round"),
        Tip.SQUARE: tr("Square"),
        Tip.CHALK: tr("Chalk"),
        Tip.BRISTLES: tr("Bristles"),
        Tip.SPRAY: tr("Spray"),
        Tip.LEAVES: tr("Leaves"),
    }


def _size(share: float) -> float:
    """The brush size at a place of the slider: each step multiplies."""
    return float(SMALLEST * (LARGEST / SMALLEST) ** share)


def _share(size: float) -> float:
    return log(size / SMALLEST) / log(LARGEST / SMALLEST)
