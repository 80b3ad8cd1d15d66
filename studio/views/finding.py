"""What the command palette finds: commands, classes, examples, models, workspaces, files."""

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtGui import QKeySequence

from studio.models.finder import Findable
from studio.models.pictures import examples
from studio.views.actions import Actions, plain
from studio.views.classcommands import NINE
from studio.views.control import worded
from studio.views.finder import Finder

if TYPE_CHECKING:
    from studio.views.window import Window

BETWEEN = " › "


def find(window: "Window", actions: Actions) -> None:
    """Open the command palette over a window."""
    Finder(lambda: [*findables(window, actions)], window).show_over(window)


def findables(window: "Window", actions: Actions) -> Iterator[Findable]:
    """All that can be found, commands first."""
    yield from _commands(window, actions)
    yield from _classes(window, actions)
    yield from _others(window)


def shown_keys(actions: Actions, name: str) -> str:
    """The first key of a command as this system writes it."""
    keys = actions.shortcuts[name]
    if not keys:
        return ""
    return QKeySequence(keys[0]).toString(QKeySequence.SequenceFormat.NativeText)


def _commands(window: "Window", actions: Actions) -> Iterator[Findable]:
    for name, command in actions.commands.items():
        if name in NINE:  # They are found by the names of the classes.
            continue
        why_not = ""
        if not command.action.isEnabled():
            why_not = command.why_not or window.tr("This is not possible at the moment.")
        yield Findable(
            key=name,
            title=plain(command.action.text()),
            do=command.action.trigger,
            place=BETWEEN.join(command.place),
            shortcut=shown_keys(actions, name),
            words=command.words,
            why_not=why_not,
        )


def _classes(window: "Window", actions: Actions) -> Iterator[Findable]:
    session, tools = window.studio.session, window.studio.tools
    for place, number in enumerate(session.shown_classes()):
        name, key = session.scene.palette[number].name, f"class-{place}"
        yield Findable(
            key=f"paint {name}",
            title=window.tr("Paint with {0}").format(worded(name)),
            do=partial(tools.choose, number),
            place=window.tr("Palette"),
            shortcut=shown_keys(actions, key) if key in actions.commands else "",
            words=window.tr("class colour color"),
        )


def _others(window: "Window") -> Iterator[Findable]:
    tr, studio = window.tr, window.studio
    file = tr("File")
    for path in examples():
        yield Findable(
            key=f"example {path.stem}",
            title=tr("Open the example {0}").format(worded(path.stem)),
            do=partial(window.open_example, path),
            place=BETWEEN.join((file, tr("Examples"))),
            words=tr("sample demo start"),
        )
    for entry in studio.library.entries:
        yield Findable(
            key=f"model {entry.name}",
            title=tr("Paint with the model {0}").format(entry.title),
            do=partial(studio.session.choose, entry),
            place=BETWEEN.join((tr("Model"), tr("Choose a model"))),
            words=tr("style network bundle"),
        )
    for workspace in window.workspaces.saved.all():
        yield Findable(
            key=f"workspace {workspace.name}",
            title=tr("Workspace {0}").format(workspace.name),
            do=partial(window.workspaces.choose, workspace.name),
            place=BETWEEN.join((tr("View"), tr("Workspace"))),
            words=tr("layout arrangement panels docks own"),
        )
    for path in studio.files.recent.paths():
        gone = tr("{0} is not there at the moment.").format(path)
        yield Findable(
            key=f"file {path}",
            title=tr("Open {0}").format(path.name),
            do=partial(window.open_path, path),
            place=BETWEEN.join((file, tr("Open recent"))),
            words=f"{tr('recent document')} {path.parent}",
            why_not="" if path.exists() else gone,
        )
