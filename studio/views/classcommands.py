"""The commands of classes and palettes: their keys, their menu, and the menu of a tile."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QMenu

from engines.errors import UserError
from studio.views.actions import Actions
from studio.views.coloured import import_picture
from studio.views.control import worded
from studio.views.mapping import show_mapping
from studio.views.palette_dialog import PaletteDialog, delete_class

if TYPE_CHECKING:
    from studio.views.window import Window

NINE = tuple(f"class-{place}" for place in range(9))


def class_commands(window: "Window", actions: Actions) -> None:
    """Make them."""
    add, tr, tools, palette = actions.add, window.tr, window.studio.tools, window.studio.palette
    add("swap", tr("Swap the two classes"), tools.exchange, "X", within=True)
    add("default", tr("The first two classes"), tools.reset, "D", within=True)
    for place, name in enumerate(NINE):
        choose = partial(window.choose_class, place)
        add(name, tr("Class {0}").format(place + 1), choose, str(place + 1), within=True)
    step = partial(_step, window)
    add("next-class", tr("Next class"), partial(step, 1), "N", within=True)
    add("last-class", tr("Class before"), partial(step, -1), "Shift+N", within=True)
    add("classes", tr("Classes and &palettes …"), partial(edit_classes, window), "Ctrl+Shift+P")
    lock = partial(_lock, window)
    add("class-lock", tr("&Lock this class"), lock, "K", check=True)
    add("class-solo", tr("Show &only this class"), partial(_solo, window), "J", check=True)
    add("class-add", tr("&Add a class …"), partial(edit_classes, window, new=True))
    add("class-rename", tr("&Rename this class …"), partial(edit_classes, window))
    deleted = partial(_try, window, lambda: delete_class(palette, tools.class_id, window))
    add("class-delete", tr("&Delete this class …"), deleted)
    imported = partial(import_picture, palette, window, window.notice.complain, window.notice.tell)
    add("classes-picture", tr("&Import from a coloured picture …"), imported)
    add("mapping", tr("Classes for the &model …"), lambda: show_mapping(palette, window))
    follow = partial(_follow, window, actions)
    tools.changed.connect(follow)
    palette.solo_changed.connect(follow)
    palette.session.scene_changed.connect(lambda before, now: follow())
    window.classes.asked.connect(partial(_ask, window, actions))
    follow()


def class_menu(window: "Window", actions: Actions) -> None:
    """Put them into a menu of their own."""
    tr = window.tr
    menu = actions.menu(tr("&Classes"), "classes", "class-add", "classes-picture", "mapping", "-")
    actions.fill(menu, "class-lock", "class-solo", "class-rename", "class-delete", "-")
    actions.fill(menu, "swap", "default", "next-class", "last-class", "-")
    choose = QMenu(tr("Paint &with"), menu)
    menu.addMenu(choose)
    actions.fill(choose, *NINE)


def edit_classes(window: "Window", new: bool = False) -> None:
    """Open the dialog, with one more class where that is wanted."""
    palette = window.studio.palette
    if new:
        _try(window, lambda: palette.tools.choose(palette.add()))
    dialog = PaletteDialog(palette, window)
    dialog.name.setFocus()
    dialog.name.selectAll()
    dialog.exec()
    dialog.deleteLater()


def _ask(window: "Window", actions: Actions, number: int, place: QPoint) -> None:
    """The menu of a tile, whose class is taken in hand first, as the commands are about it."""
    window.studio.tools.choose(number)
    menu = QMenu(window)
    name = window.studio.session.scene.palette[number].name
    menu.setAccessibleName(window.tr("Class {0}").format(worded(name)))
    for each in ("class-lock", "class-solo", "class-rename", "class-delete"):
        menu.addAction(actions[each])
    menu.addSeparator()
    menu.addAction(actions["class-add"])
    menu.addAction(actions["classes"])
    menu.aboutToHide.connect(menu.deleteLater)
    menu.popup(place)


def _step(window: "Window", step: int) -> None:
    tools, shown = window.studio.tools, window.studio.session.shown_classes()
    if shown:
        place = shown.index(tools.class_id) if tools.class_id in shown else -step
        tools.choose(shown[(place + step) % len(shown)])


def _lock(window: "Window") -> None:
    palette, number = window.studio.palette, window.studio.tools.class_id
    if number < len(palette.scene.palette):
        palette.protect(number, not palette.is_protected(number))


def _solo(window: "Window") -> None:
    palette, number = window.studio.palette, window.studio.tools.class_id
    palette.show_only(None if palette.solo == number else number)


def _follow(window: "Window", actions: Actions) -> None:
    """The marks are those of the class in hand; there may be none yet."""
    palette, number = window.studio.palette, window.studio.tools.class_id
    known = number < len(palette.scene.palette)
    why_not = "" if known else window.tr("There is no class yet; add one or choose a model.")
    for name in ("class-lock", "class-solo", "class-rename", "class-delete"):
        actions.allow(name, why_not)
    actions["class-lock"].setChecked(known and palette.is_protected(number))
    actions["class-solo"].setChecked(known and palette.solo == number)


def _try(window: "Window", do: Callable[[], object]) -> None:
    try:
        do()
    except UserError as error:
        window.notice.complain(str(error))
