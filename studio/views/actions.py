"""Every command of a window: its name, its keys, what it does; menus and bars made of them."""

from collections.abc import Callable

from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QMainWindow, QMenu, QToolBar, QWidget

from studio.models.pictures import examples
from studio.views.control import worded
from studio.views.desktop import Arrangement
from studio.views.icons import icon

Slot = Callable[[], object]


class Actions:
    """The commands of one window by name."""

    def __init__(self, window: QMainWindow, before: Slot = lambda: None) -> None:
        """`before` is called ahead of every command that is not part of a stroke."""
        self.window, self.before = window, before
        self.by_name: dict[str, QAction] = {}

    def add(
        self,
        name: str,
        text: str,
        do: Slot,
        *keys: str,
        picture: str = "",
        check: bool = False,
        within: bool = False,
    ) -> QAction:
        """Make a command; the first of its keys is shown in menus. `within`: also in a stroke."""
        action = QAction(text, self.window)
        if picture:
            action.setIcon(icon(picture))
        action.setShortcuts([QKeySequence(key) for key in keys])
        action.setCheckable(check)
        tip = text.replace("&", "").rstrip(" …")
        action.setToolTip(f"{tip} ({keys[0]})" if keys else tip)

        def triggered(on: bool = False) -> None:
            if not within:
                self.before()
            do()

        action.triggered.connect(triggered)
        self.by_name[name] = action
        self.window.addAction(action)
        return action

    def __getitem__(self, name: str) -> QAction:
        return self.by_name[name]

    def menu(self, title: str, *names: str) -> QMenu:
        """A menu of the menu bar; "-" is a line."""
        menu = self.window.menuBar().addMenu(title)
        self.fill(menu, *names)
        return menu

    def fill(self, menu: QMenu, *names: str) -> None:
        """Put commands into a menu."""
        for name in names:
            if name == "-":
                menu.addSeparator()
            else:
                menu.addAction(self.by_name[name])

    def bar(self, bar: QToolBar, *names: str) -> None:
        """Put commands into a bar; "-" is a line, "<>" pushes what follows to the right."""
        for name in names:
            if name == "-":
                bar.addSeparator()
            elif name == "<>":
                spring = QWidget(bar)
                policy = spring.sizePolicy()
                policy.setHorizontalPolicy(policy.Policy.Expanding)
                spring.setSizePolicy(policy)
                bar.addWidget(spring)
            else:
                action = self.by_name[name]
                bar.addAction(action)
                button = bar.widgetForAction(action)
                button.setAccessibleName(action.toolTip().split(" (")[0])

    def group(self, *names: str) -> None:
        """Of these commands one is on."""
        group = QActionGroup(self.window)
        for name in names:
            group.addAction(self.by_name[name])


def fill_examples(menu: QMenu, choose: Callable[[object], object]) -> None:
    """A command for each bundled example."""
    for path in examples():
        action = menu.addAction(worded(path.stem))
        action.triggered.connect(lambda on=False, path=path: choose(path))


ARRANGEMENTS = (
    (Arrangement.BESIDE, "F2"),
    (Arrangement.OVERLAY, "F3"),
    (Arrangement.SPLIT, "F4"),
    (Arrangement.LAYOUT, "F5"),
    (Arrangement.PICTURE, "F6"),
)


def arrangement_names(tr: Callable[[str], str]) -> dict[Arrangement, str]:
    """What the arrangements are called."""
    return {
        Arrangement.BESIDE: tr("Side by side"),
        Arrangement.OVERLAY: tr("Layout over picture"),
        Arrangement.SPLIT: tr("Split by a divider"),
        Arrangement.LAYOUT: tr("Layout only"),
        Arrangement.PICTURE: tr("Picture only"),
    }
