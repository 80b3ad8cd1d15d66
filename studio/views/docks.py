"""The docks of a window: kept by name, put away together, and laid out by plans."""

from dataclasses import dataclass, field
from itertools import pairwise

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QDockWidget, QMainWindow, QWidget

from studio.views.docktitle import DockTitle

LEFT = Qt.DockWidgetArea.LeftDockWidgetArea
RIGHT = Qt.DockWidgetArea.RightDockWidgetArea
BOTTOM = Qt.DockWidgetArea.BottomDockWidgetArea
WIDE = 2200  # logical pixels of a window that has room for two columns a side
Stack = tuple[str, ...]  # docks in one place, one tab each
Column = tuple[Stack, ...]  # from top to bottom
Shape = dict[str, tuple[Qt.DockWidgetArea, bool, bool]]


@dataclass(frozen=True)
class Plan:
    """Where docks go: columns from left to right. Docks that no plan knows join `others`."""

    left: tuple[Column, ...]
    right: tuple[Column, ...]
    bottom: Stack
    others: str
    away: Stack  # closed until asked for
    widths: dict[str, int]
    heights: dict[str, int] = field(default_factory=dict)  # of docks above each other
    bars: bool = True  # whether the bar of commands is shown


PLANS = {
    "paint": Plan(
        left=((("paint",),),),
        right=((("navigator",), ("model", "styles", "layers", "history", "training")),),
        bottom=("results", "gallery", "variations"),
        others="model",
        away=("navigator", "training", "history", "gallery", "variations"),
        widths={"paint": 232, "model": 272},
    ),
    "wide": Plan(
        left=((("paint",),), (("layers",),)),
        right=((("model", "styles", "training"),), (("navigator",), ("history",))),
        bottom=("results", "gallery", "variations"),
        others="layers",
        away=("training", "gallery", "variations"),
        heights={"navigator": 440, "history": 800},
        widths={"paint": 260, "layers": 260, "model": 320, "navigator": 320},
    ),
    "train": Plan(
        left=((("paint",),),),
        right=((("navigator",), ("training", "model", "styles", "layers", "history")),),
        bottom=("results", "gallery", "variations"),
        others="model",
        away=("navigator", "styles", "history", "results", "gallery", "variations"),
        widths={"paint": 220, "training": 560},
    ),
    "focus": Plan(
        left=((("paint",),),),
        right=((("navigator",), ("model", "styles", "layers", "history", "training")),),
        bottom=("results", "gallery", "variations"),
        others="model",
        away=(
            *("paint", "navigator", "model", "styles", "layers", "history", "training", "results"),
            *("gallery", "variations"),
        ),
        widths={"paint": 232, "model": 272},
        bars=False,
    ),
}


class Docks(QObject):
    """All docks of one window."""

    def __init__(self, window: QMainWindow) -> None:
        super().__init__(window)
        self.window = window
        self.by_name: dict[str, QDockWidget] = {}
        self.plan = ""  # the plan that was laid out last
        self._laid: Shape = {}
        self._away: list[QDockWidget] = []
        window.setDockNestingEnabled(True)
        window.setCorner(Qt.Corner.BottomLeftCorner, LEFT)
        window.setCorner(Qt.Corner.BottomRightCorner, RIGHT)

    def __getitem__(self, name: str) -> QDockWidget:
        return self.by_name[name]

    def add(self, name: str, title: str, widget: QWidget) -> QDockWidget:
        """Make a dock; plans say where it goes."""
        dock = QDockWidget(title, self.window)
        dock.setObjectName(name)
        dock.setWidget(widget)
        DockTitle(dock)
        self.window.addDockWidget(RIGHT, dock)
        self.by_name[name] = dock
        return dock

    def toggle(self, name: str) -> None:
        """Open a dock and bring it to the front of its tabs, or close it."""
        dock = self[name]
        shown = open_(dock) and not dock.visibleRegion().isEmpty()
        dock.setVisible(not shown)
        if not shown:
            dock.raise_()

    # All at once --------------------------------------------------------------------------------

    @property
    def put_away(self) -> bool:
        """Whether none is open."""
        return not any(open_(dock) for dock in self.by_name.values())

    def hide(self, away: bool) -> None:
        """Leave only the canvas, or bring back what was there."""
        if away:
            self._away = [dock for dock in self.by_name.values() if open_(dock)]
            for dock in self._away:
                dock.hide()
            return
        if not self._away:
            plan = PLANS["paint"]
            self._away = [dock for name, dock in self.by_name.items() if name not in plan.away]
        for dock in self._away:
            dock.show()

    def lay_out(self, name: str) -> None:
        """Put every dock where a plan has it. KeyError: there is no such plan."""
        plan = PLANS[name]
        sides = ((LEFT, plan.left), (RIGHT, plan.right))
        stacks = [stack for _, columns in sides for column in columns for stack in column]
        known = {name for stack in stacks for name in stack}
        unknown = tuple(n for n in self.by_name if n not in known and n not in plan.bottom)
        for dock in self.by_name.values():
            dock.setFloating(False)
            self.window.removeDockWidget(dock)
        for area, columns in sides:
            self._lay_side(area, columns, plan.others, unknown)
        self._lay_side(BOTTOM, ((plan.bottom,),), plan.others, ())
        for name_, dock in self.by_name.items():
            hidden = name_ in plan.away or (name_ in unknown and plan.others in plan.away)
            dock.setVisible(not hidden)
        first = [stack[0] for stack in stacks]
        for dock in (self.by_name[n] for n in first if n in self.by_name and n not in plan.away):
            dock.raise_()
        for sizes, along in (
            (plan.widths, Qt.Orientation.Horizontal),
            (plan.heights, Qt.Orientation.Vertical),
        ):
            sized = {name_: size for name_, size in sizes.items() if name_ in self.by_name}
            docks = [self.by_name[name_] for name_ in sized]
            self.window.resizeDocks(docks, list(sized.values()), along)
        self.plan, self._laid, self._away = name, self.shape(), []

    def _lay_side(
        self, area: Qt.DockWidgetArea, columns: tuple[Column, ...], others: str, unknown: Stack
    ) -> None:
        """Columns first, then what is below their heads, then tabs: tabs take no neighbours."""
        piles = [[self._docks(stack, others, unknown) for stack in column] for column in columns]
        piles = [[docks for docks in pile if docks] for pile in piles]
        piles = [pile for pile in piles if pile]
        for number, pile in enumerate(piles):
            if number == 0:
                self.window.addDockWidget(area, pile[0][0])
            else:
                beside = piles[number - 1][0][0]
                self.window.splitDockWidget(beside, pile[0][0], Qt.Orientation.Horizontal)
        for pile in piles:
            for above, below in pairwise(pile):
                self.window.splitDockWidget(above[0], below[0], Qt.Orientation.Vertical)
        for docks in (docks for pile in piles for docks in pile):
            for dock in docks[1:]:
                self.window.tabifyDockWidget(docks[0], dock)

    def _docks(self, stack: Stack, others: str, unknown: Stack) -> list[QDockWidget]:
        """The docks of a stack that there are."""
        names = (*stack, *unknown) if others in stack else stack
        return [self.by_name[name] for name in names if name in self.by_name]

    # Wide and narrow windows --------------------------------------------------------------------

    def shape(self) -> Shape:
        """Where each dock is, whether it floats, and whether it is open."""
        return {
            name: (self.window.dockWidgetArea(dock), dock.isFloating(), open_(dock))
            for name, dock in self.by_name.items()
        }

    @property
    def untouched(self) -> bool:
        """Whether they still are as a plan had them."""
        return self._laid == self.shape()

    def keep_plan(self, name: str) -> None:
        """What was restored is this plan, or the artist's own where it is none."""
        self.plan = name if name in PLANS else ""
        self._laid = self.shape() if self.plan else {}

    def follow(self, width: int) -> None:
        """Two columns a side in a wide window, one in a narrow one, unless the artist moved any."""
        wanted = "wide" if width >= WIDE else "paint"
        if self.plan in ("paint", "wide") and self.plan != wanted and self.untouched:
            self.lay_out(wanted)


def open_(dock: QDockWidget) -> bool:
    """Whether a dock is open, be it behind another tab."""
    return not dock.isHidden()
