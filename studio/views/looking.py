"""The commands of looking: turn, mirror, grid, docks and workspaces."""

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QMenu

from studio.views.actions import Actions

if TYPE_CHECKING:
    from studio.views.window import Window

DOCK_KEYS = {
    "navigator": "F7",
    "styles": "Ctrl+Alt+S",
    "history": "Ctrl+H",
    "gallery": "Ctrl+Shift+G",
    "variations": "Ctrl+Shift+R",
}


def looking_commands(window: "Window", actions: Actions) -> None:
    """Make them."""
    add, tr, desktop = actions.add, window.tr, window.desktop
    add("turn-left", tr("Turn &left"), lambda: desktop.looked.turn(-1), "Alt+Left")
    add("turn-right", tr("Turn &right"), lambda: desktop.looked.turn(1), "Alt+Right")
    add("upright", tr("&Upright"), lambda: desktop.looked.straighten(), "0")
    add("mirror-view", tr("&Mirror the view"), window.mirror_view, "H", check=True)
    grid = add("grid", tr("Pixel &grid"), window.show_grid, "F8", check=True)
    grid.setChecked(True)
    linked = add("linked", tr("L&inked zoom"), window.link_views, "Ctrl+L", check=True)
    linked.setChecked(True)
    for name, dock in window.docks.by_name.items():
        toggle = partial(window.docks.toggle, name)
        keys = [DOCK_KEYS[name]] if name in DOCK_KEYS else []
        add(f"dock-{name}", dock.windowTitle(), toggle, *keys)
    for plan, text in window.workspaces.names.items():
        add(f"workspace-{plan}", text, partial(window.workspaces.choose_plan, plan))
    add("workspace-save", tr("&Save workspace …"), window.workspaces.save)
    add("workspace-delete", tr("&Delete workspace …"), window.workspaces.delete)


def looking_menus(window: "Window", actions: Actions, view: QMenu) -> None:
    """Put them into the menu View."""
    tr = window.tr
    actions.fill(view, "turn-left", "turn-right", "upright", "mirror-view", "linked", "grid", "-")
    docks = QMenu(tr("D&ocks"), view)
    view.addMenu(docks)
    actions.fill(docks, *(f"dock-{name}" for name in window.docks.by_name))
    workspaces = QMenu(tr("&Workspace"), view)
    view.addMenu(workspaces)
    window.workspaces.fill(workspaces)
    workspaces.aboutToShow.connect(partial(window.workspaces.fill, workspaces))
