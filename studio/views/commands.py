"""The commands of the main window, and where they are found: menus, bars, keys."""

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMenu, QToolBar

from studio.models.tools import Tool
from studio.views.actions import ARRANGEMENTS, Actions, arrangement_names, fill_examples, plain
from studio.views.classcommands import class_commands, class_menu
from studio.views.finding import find
from studio.views.layercommands import layer_commands, layer_menu
from studio.views.looking import looking_commands, looking_menus
from studio.views.older import show_older
from studio.views.pagecommands import page_commands, page_menu
from studio.views.reading import reader_menu, reading_commands
from studio.views.selecting import selecting_commands, selecting_menu, symmetry_menu
from studio.views.shortcuts import change_shortcuts
from studio.views.slowly import show_slow
from studio.views.toolbox import ToolBar, tool_commands
from studio.views.wall import show_wall

if TYPE_CHECKING:
    from studio.views.window import Window


def make_commands(window: "Window", actions: Actions) -> None:
    """Make every command of a window, its menu bar and its tool bars."""
    _document(window, actions)
    _painting(window, actions)
    _looking(window, actions)
    layer_commands(window, actions)
    page_commands(window, actions)
    reading_commands(window, actions)
    _modelling(window, actions)
    _menus(window, actions)
    _bars(window, actions)
    for command in actions.commands.values():
        command.looks = command.place[:1] == (plain(window.tr("&View")),)


def _document(window: "Window", actions: Actions) -> None:
    add, tr = actions.add, window.tr
    add("new", tr("&New …"), window.new, "Ctrl+N", picture="new")
    add("open", tr("&Open …"), window.open, "Ctrl+O", picture="open")
    add("save", tr("&Save"), window.save, "Ctrl+S", picture="save")
    add("save-as", tr("Save &as …"), window.save_as, "Ctrl+Shift+S")
    add("versions", tr("Older &versions …"), partial(show_older, window))
    add("export", tr("&Export picture …"), window.traffic.export, "Ctrl+E", picture="export")
    add("close", tr("&Close"), window.close_tab, "Ctrl+W")
    add("next-document", tr("Next document"), partial(window.turn_tab, 1), "Ctrl+Tab")
    add("last-document", tr("Previous document"), partial(window.turn_tab, -1), "Ctrl+Shift+Tab")
    add("export-psd", tr("Export &layers …"), window.traffic.export_psd)
    add("convert", tr("Con&vert a folder or video …"), window.converting.open)
    add("import-layer", tr("&Import as layer …"), window.traffic.import_layer, "Ctrl+Shift+O")
    add("paste-layer", tr("Paste as &layer"), window.traffic.paste_layer, "Ctrl+Shift+V")
    add("quit", tr("&Quit"), window.close, "Ctrl+Q")
    selection = window.studio.tools.selection
    add("undo", tr("&Undo"), selection.undo, "Ctrl+Z", picture="undo")
    add("redo", tr("&Redo"), selection.redo, "Ctrl+Shift+Z", "Ctrl+Y", picture="redo")
    add("copy", tr("&Copy picture"), window.traffic.copy, "Ctrl+C", picture="copy")
    add("paste", tr("&Paste picture"), window.traffic.paste, "Ctrl+V", picture="paste")
    keep = window.studio.gallery.keep_now
    add("keep", tr("&Keep this picture"), keep, "Ctrl+Return", picture="plus")
    add("find", tr("&Find a command …"), partial(find, window, actions), "Ctrl+K")
    add("shortcuts", tr("Keyboard s&hortcuts …"), partial(change_shortcuts, window, actions))
    add("about", tr("&About Pentimento"), window.about)


def _painting(window: "Window", actions: Actions) -> None:
    add, tr, tools = actions.add, window.tr, window.studio.tools
    for kind, (name, key) in tool_commands(tr).items():
        take = partial(tools.take, kind)
        add(f"tool-{kind.value}", name, take, key, picture=kind.value, check=True)
    actions.group(*(f"tool-{kind.value}" for kind in Tool))
    # A German keyboard has brackets on its third level only, so there are other keys as well.
    add("larger", tr("Larger brush"), tools.grow, "]", ".", within=True)
    add("smaller", tr("Smaller brush"), tools.shrink, "[", ",", within=True)
    class_commands(window, actions)
    selecting_commands(window, actions)


def _looking(window: "Window", actions: Actions) -> None:
    add, tr, desktop = actions.add, window.tr, window.desktop
    names = arrangement_names(tr)
    for kind, key in ARRANGEMENTS:
        arrange = partial(window.arrange, kind)
        add(kind.value, names[kind], arrange, key, picture=kind.value, check=True)
    actions.group(*(kind.value for kind, _ in ARRANGEMENTS))
    add("fit", tr("&Fit"), lambda: desktop.looked.fit(), "Ctrl+0", picture="fit")
    add("actual", tr("&100 %"), window.show_actual, "Ctrl+1", picture="one-to-one")
    add(
        "closer",
        tr("Zoom &in"),
        lambda: desktop.looked.zoom(1),
        "Ctrl++",
        "Ctrl+=",
        picture="zoom-in",
    )
    add("farther", tr("Zoom &out"), lambda: desktop.looked.zoom(-1), "Ctrl+-", picture="zoom-out")
    add("patterns", tr("Class &patterns"), window.show_patterns, "Ctrl+P", check=True)
    full = partial(window.full_screen)
    add("full-screen", tr("Full &screen"), full, "F11", picture="full-screen", check=True)
    add("docks", tr("&Hide docks"), window.hide_docks, "F9", check=True)
    looking_commands(window, actions)
    for name, text in (("dark", tr("Dark")), ("light", tr("Light")), ("system", tr("System"))):
        add(f"theme-{name}", text, partial(window.wear, name), check=True)
    actions.group("theme-dark", "theme-light", "theme-system")


def _modelling(window: "Window", actions: Actions) -> None:
    add, tr = actions.add, window.tr
    add("models", tr("&Choose a model …"), window.choose_model, "Ctrl+M", picture="model")
    add("surprise", tr("&Surprise me"), window.controls.surprise, "Ctrl+R", picture="dice")
    add(
        "wall",
        tr("Compare mo&dels …"),
        partial(show_wall, window),
        "Ctrl+Shift+M",
        picture="compare",
    )
    add("slowly", tr("&Paint slowly in a style …"), partial(show_slow, window))
    add("train", tr("&Train your own …"), window.train, "Ctrl+T", picture="train")
    add("trainings", tr("&Show the trainings"), window.show_trainings)
    add("follow-folder", tr("&Follow a folder of trainings …"), window.follow_folder)
    add("memory", tr("&Free the models' memory"), window.studio.lane.release)


def _menus(window: "Window", actions: Actions) -> None:
    tr = window.tr
    file = actions.menu(tr("&File"), "new", "open")
    recent = QMenu(tr("Open &recent"), file)
    file.addMenu(recent)
    recent.aboutToShow.connect(partial(window.fill_recent, recent))
    examples = QMenu(tr("E&xamples"), file)
    file.addMenu(examples)
    fill_examples(examples, window.open_example)
    actions.fill(
        file,
        "-",
        "save",
        "save-as",
        "versions",
        "close",
        "next-document",
        "last-document",
        "-",
        "import-layer",
        "read-layout",
        "export",
        "export-psd",
        "convert",
        "-",
        "quit",
    )
    actions.menu(
        tr("&Edit"),
        "undo",
        "redo",
        "-",
        "copy",
        "paste",
        "paste-layer",
        "-",
        "keep",
        "-",
        "shortcuts",
    )
    selecting_menu(window, actions)
    kinds = [kind.value for kind, _ in ARRANGEMENTS]
    view = actions.menu(tr("&View"), *kinds, "-", "fit", "actual", "closer", "farther", "-")
    actions.fill(view, "patterns", "doubt", "docks", "full-screen", "-")
    looking_menus(window, actions, view)
    worn = QMenu(tr("&Theme"), view)
    view.addMenu(worn)
    actions.fill(worn, "theme-dark", "theme-light", "theme-system")
    brush = actions.menu(tr("&Brush"), "larger", "smaller")
    symmetry_menu(window, actions, brush)
    class_menu(window, actions)
    actions.menu(tr("&Tools"), *(f"tool-{kind.value}" for kind in Tool))
    layer_menu(window, actions)
    page_menu(window, actions)
    models = actions.menu(
        tr("&Model"),
        "models",
        "surprise",
        "wall",
        "slowly",
        "-",
        "train",
        "trainings",
        "follow-folder",
        "-",
        "memory",
    )
    reader_menu(window, models)
    actions.menu(tr("&Help"), "find", "-", "about")


def _bars(window: "Window", actions: Actions) -> None:
    kinds = [kind.value for kind, _ in ARRANGEMENTS]
    bar = QToolBar(window.tr("Commands"), window)
    bar.setObjectName("commands")
    bar.setMovable(False)
    actions.bar(bar, "new", "open", "save", "-", "undo", "redo", "-", *kinds, "-")
    actions.bar(bar, "fit", "actual", "<>", "surprise", "train", "-", "copy", "export")
    window.addToolBar(Qt.ToolBarArea.TopToolBarArea, bar)
    window.addToolBar(Qt.ToolBarArea.LeftToolBarArea, ToolBar(window.studio.tools, actions, window))
