"""The commands for the selection, for what is in it, and for symmetry."""

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QInputDialog,
    QLabel,
    QMenu,
    QVBoxLayout,
    QWidget,
)

from engines.ports import UNPAINTED
from studio.document.transform import Placement
from studio.models.tools import Tools
from studio.views.actions import Actions
from studio.views.control import worded

if TYPE_CHECKING:
    from studio.views.window import Window

MOST_MARGIN = 500


def selecting_commands(window: "Window", actions: Actions) -> None:
    """Make the commands."""
    add, tr, tools = actions.add, window.tr, window.studio.tools
    selection = tools.selection
    add("select-all", tr("&All"), selection.all, "Ctrl+A")
    add("select-none", tr("&None"), selection.none, "Ctrl+Shift+A")
    add("select-invert", tr("&Invert"), selection.invert, "Ctrl+I", picture="invert")
    add("select-grow", tr("&Grow …"), partial(_ask_margin, window, grow=True))
    add("select-shrink", tr("&Shrink …"), partial(_ask_margin, window, grow=False))
    this = tr("All of the &class in hand")
    add("select-class", this, lambda: selection.by_class(tools.class_id), "Ctrl+Shift+C")
    add("select-painted", tr("What is &painted on the layer"), selection.painted)
    add("fill-selection", tr("&Fill it"), partial(tools.flood, False), "Shift+Backspace")
    add("clear-selection", tr("&Erase in it"), partial(tools.flood, True), "Del", picture="eraser")
    add("replace-class", tr("&Replace a class …"), partial(_replace, window), "Ctrl+Shift+H")
    across, down = partial(_flip, tools, True), partial(_flip, tools, False)
    add("flip-across", tr("Flip &left and right"), across, picture="flip-across")
    add("flip-down", tr("Flip &up and down"), down, picture="flip-down")
    add("selection-right", tr("Turn &right"), partial(_turn, tools, 90.0), picture="turn-right")
    add("selection-left", tr("Turn l&eft"), partial(_turn, tools, -90.0), picture="turn-left")
    across, down = partial(_mirror, tools, "across"), partial(_mirror, tools, "down")
    add(
        "symmetry-across",
        tr("Mirror left and right"),
        across,
        check=True,
        picture="mirror-across",
        within=True,
    )
    add(
        "symmetry-down",
        tr("Mirror up and down"),
        down,
        check=True,
        picture="mirror-down",
        within=True,
    )
    add("symmetry-place", tr("Place the mirror's axes"), tools.place_mirror, picture="axis")
    refresh = partial(_refresh, tools, actions)
    tools.changed.connect(refresh)
    selection.changed.connect(refresh)
    refresh()


def selecting_menu(window: "Window", actions: Actions) -> None:
    """The menu of the selection."""
    tr = window.tr
    menu = actions.menu(tr("&Select"), "select-all", "select-none", "select-invert", "-")
    actions.fill(menu, "select-grow", "select-shrink", "-", "select-class", "select-painted", "-")
    actions.fill(menu, "fill-selection", "clear-selection", "replace-class", "-")
    transform = QMenu(tr("&Transform"), menu)
    menu.addMenu(transform)
    actions.fill(transform, "flip-across", "flip-down", "selection-right", "selection-left")


def symmetry_menu(window: "Window", actions: Actions, brush: QMenu) -> None:
    """The part of another menu that is about symmetry."""
    actions.fill(brush, "-", "symmetry-across", "symmetry-down", "symmetry-place")


def _refresh(tools: Tools, actions: Actions) -> None:
    mirror, nothing = tools.options.mirror, tools.selection.mask is None
    for name, on in (("symmetry-across", mirror.across), ("symmetry-down", mirror.down)):
        with QSignalBlocker(actions[name]):
            actions[name].setChecked(on)
    why = tools.tr("Mirror painting first.") if not mirror.on else ""
    actions.allow("symmetry-place", why)
    why = tools.tr("Select something first.") if nothing else ""
    for name in ("select-none", "select-grow", "select-shrink"):
        actions.allow(name, why)


def _mirror(tools: Tools, side: str) -> None:
    mirror = tools.options.mirror
    tools.set(mirror=replace(mirror, **{side: not vars(mirror)[side]}))


def _flip(tools: Tools, across: bool) -> None:
    tools.place(lambda placement: placement.flipped(across))


def _turn(tools: Tools, degrees: float) -> None:
    def turned(placement: Placement) -> Placement:
        return placement.turned(degrees)

    tools.place(turned)


def _ask_margin(window: "Window", grow: bool) -> None:
    tr, tools = window.tr, window.studio.tools
    title = tr("Grow the selection") if grow else tr("Shrink the selection")
    now = tools.options.margin
    pixels, said = QInputDialog.getInt(window, title, tr("Pixels:"), now, 1, MOST_MARGIN)
    if said:
        tools.set(margin=pixels)
        (tools.selection.grow if grow else tools.selection.shrink)(pixels)


def _replace(window: "Window") -> None:
    dialog = ReplaceDialog(window.studio.tools, window)
    dialog.exec()
    dialog.deleteLater()


class ReplaceDialog(QDialog):
    """Every pixel of one class becomes another: of the layer, or of the selection in it."""

    def __init__(self, tools: Tools, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.tools = tools
        self.setWindowTitle(self.tr("Replace a class"))
        self.old = self._choice(self.tr("This class"), tools.other_id)
        self.new = self._choice(self.tr("Becomes"), tools.class_id)
        self.count = QLabel(self)
        self.count.setWordWrap(True)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel, self)
        self.go = buttons.addButton(self.tr("Replace"), QDialogButtonBox.ButtonRole.AcceptRole)
        self.go.setDefault(True)
        buttons.accepted.connect(self._go)
        buttons.rejected.connect(self.reject)
        form = QFormLayout()
        form.addRow(self.tr("This class"), self.old)
        form.addRow(self.tr("Becomes"), self.new)
        column = QVBoxLayout(self)
        column.addLayout(form)
        column.addWidget(self.count)
        column.addWidget(buttons)
        self.old.currentIndexChanged.connect(self._refresh)
        self.new.currentIndexChanged.connect(self._refresh)
        self._refresh()

    def _choice(self, name: str, number: int) -> QComboBox:
        box = QComboBox(self)
        box.setAccessibleName(name)
        palette = self.tools.session.scene.palette
        for shown in self.tools.session.shown_classes():
            box.addItem(worded(palette[shown].name), shown)
        box.addItem(self.tr("Unpainted"), UNPAINTED)
        box.setCurrentIndex(max(box.findData(number), 0))
        return box

    def _refresh(self) -> None:
        old, new = self.old.currentData(), self.new.currentData()
        count = self.tools.count(old)
        where = (
            self.tr("in the selection")
            if self.tools.selection.mask is not None
            else self.tr("on the layer")
        )
        self.count.setText(self.tr("{0:,} pixels {1}").format(count, where))
        self.go.setEnabled(bool(count) and old != new)

    def _go(self) -> None:
        self.tools.replace_class(self.old.currentData(), self.new.currentData())
        self.accept()
