"""Every command of a window: its name, its keys, what it does; menus and bars made of them."""

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QMainWindow, QMenu, QToolBar, QWidget

from studio.models.pictures import examples
from studio.models.shortcuts import Shortcuts
from studio.views.control import worded
from studio.views.desktop import Arrangement
from studio.views.icons import icon
from studio.views.synonyms import other_words

Slot = Callable[[], object]


@dataclass
class Command:
    """A command as it is listed: `title` never changes, `words` are other words for it."""

    name: str
    action: QAction
    title: str
    words: str = ""
    why_not: str = ""  # the reason where it is not enabled
    place: tuple[str, ...] = ()  # the menus that it is in, the outermost first
    looks: bool = False  # It changes nothing: what a tool has in hand stays there.


class Actions:
    """The commands of one window by name."""

    def __init__(
        self,
        window: QMainWindow,
        before: Slot = lambda: None,
        shortcuts: Shortcuts | None = None,
    ) -> None:
        """`before` is called ahead of every command that is not part of a stroke."""
        self.window, self.before = window, before
        self.pause: Slot = lambda: None  # in its place where a command only looks
        self.shortcuts = shortcuts or Shortcuts(parent=window)
        self.commands: dict[str, Command] = {}
        self.shortcuts.changed.connect(self._show_keys)

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
        """Make a command; the first of its keys is shown in menus. `within`: also in a stroke.

        These are its usual keys; it has those that the artist chose.
        """
        if name in self.commands:
            raise ValueError(f"there are two commands {name!r}")
        action = QAction(text, self.window)
        if picture:
            action.setIcon(icon(picture))
        action.setCheckable(check)

        def triggered(on: bool = False) -> None:
            if not within:
                (self.pause if self.commands[name].looks else self.before)()
            do()

        action.triggered.connect(triggered)
        self.commands[name] = Command(name, action, plain(text), other_words(name))
        self.shortcuts.add(name, keys)
        self._show_keys(name)
        self.window.addAction(action)
        return action

    def allow(self, name: str, why_not: str) -> None:
        """Enable a command, or disable it for a reason."""
        command = self.commands[name]
        command.why_not = why_not
        command.action.setEnabled(not why_not)

    def _show_keys(self, name: str) -> None:
        command = self.commands[name]
        keys = [QKeySequence(key) for key in self.shortcuts[name]]
        command.action.setShortcuts(keys)
        shown = f" ({keys[0].toString(QKeySequence.SequenceFormat.NativeText)})" if keys else ""
        command.action.setToolTip(command.title + shown)

    def __getitem__(self, name: str) -> QAction:
        return self.commands[name].action

    def menu(self, title: str, *names: str) -> QMenu:
        """A menu of the menu bar; "-" is a line."""
        menu = self.window.menuBar().addMenu(title)
        self.fill(menu, *names)
        return menu

    def menus(self) -> list[str]:
        """The titles of the menu bar."""
        return [plain(action.text()) for action in self.window.menuBar().actions()]

    def menu_opened_by(self, key: str) -> str:
        """The title of the menu that such a key opens, as Alt+F does; empty where it opens none."""
        for action in self.window.menuBar().actions():
            if QKeySequence.mnemonic(action.text()).toString() == key:
                return plain(action.text())
        return ""

    def fill(self, menu: QMenu, *names: str) -> None:
        """Put commands into a menu."""
        place: tuple[str, ...] = ()
        around: QWidget | None = menu
        while isinstance(around, QMenu):
            place = (plain(around.title()), *place)
            around = around.parentWidget()
        for name in names:
            if name == "-":
                menu.addSeparator()
            else:
                menu.addAction(self[name])
                self.commands[name].place = self.commands[name].place or place

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
                bar.addAction(self[name])
                button = bar.widgetForAction(self[name])
                button.setAccessibleName(self.commands[name].title)

    def group(self, *names: str) -> None:
        """Of these commands one is on."""
        group = QActionGroup(self.window)
        for name in names:
            group.addAction(self[name])


def plain(text: str) -> str:
    """A command's text without what is there for the keyboard and for the eye."""
    return text.replace("&", "").rstrip(" …")


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
