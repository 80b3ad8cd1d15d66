"""The commands of layers, and their menu."""

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QMenu

from studio.models.layering import Layering
from studio.views.actions import Actions
from studio.views.enlarging import fill_enlarge

if TYPE_CHECKING:
    from studio.views.window import Window


def layer_commands(window: "Window", actions: Actions) -> None:
    """Make the commands that layers have."""
    add, tr = actions.add, window.tr
    layering: Layering = window.studio.layering
    session = window.studio.session
    add("layer-layout", tr("New la&yout layer"), layering.add_layout, picture="layout-layer")
    add(
        "layer-picture",
        tr("New &picture layer"),
        layering.add_picture,
        "Ctrl+Shift+N",
        picture="paint-layer",
    )
    add("layer-group", tr("&Group layer"), layering.add_group, "Ctrl+G", picture="group")
    add("layer-keep", tr("&Keep picture as layer"), layering.keep_render, "Ctrl+Alt+Return")
    add("layer-visible", tr("New layer from &visible"), layering.from_visible)
    add(
        "layer-duplicate",
        tr("D&uplicate layer"),
        lambda: layering.duplicate(session.active),
        "Ctrl+J",
        picture="duplicate",
    )
    add(
        "layer-merge",
        tr("&Merge down"),
        lambda: layering.merge_down(session.active),
        "Ctrl+Shift+E",
        picture="merge",
    )
    add("layer-clear", tr("&Clear layer"), lambda: layering.clear(session.active), "Shift+Del")
    add(
        "layer-delete",
        tr("&Delete layer"),
        lambda: layering.delete(session.active),
        "Ctrl+Shift+Del",
        picture="trash",
    )
    add("layer-show", tr("&Show or hide layer"), layering.flip_shown)
    add("layer-lock", tr("&Lock or unlock layer"), layering.flip_locked)
    add("layer-only", tr("Show &only this layer"), lambda: layering.show_only(session.active))
    add("layer-up", tr("Move layer up"), lambda: layering.step(up=True), "Ctrl+Shift+PgUp")
    add("layer-down", tr("Move layer down"), lambda: layering.step(up=False), "Ctrl+Shift+PgDown")
    add("layer-above", tr("Layer above"), lambda: layering.walk(up=True), "PgUp")
    add("layer-below", tr("Layer below"), lambda: layering.walk(up=False), "PgDown")


def layer_menu(window: "Window", actions: Actions) -> None:
    """The menu of layers."""
    made = ("layer-layout", "layer-picture", "layer-group", "layer-keep", "layer-visible")
    changed = ("layer-duplicate", "layer-merge", "layer-clear", "layer-delete")
    shown = ("layer-show", "layer-only", "layer-lock")
    moved = ("layer-up", "layer-down", "layer-above", "layer-below")
    names = (*made, "-", *changed, "-", *shown, "-", *moved)
    menu = actions.menu(window.tr("&Layer"), *names)
    larger = QMenu(window.tr("&Enlarge layer"), menu)
    menu.addMenu(larger)
    larger.aboutToShow.connect(partial(fill_enlarge, window, larger))
