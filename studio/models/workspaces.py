"""Saved workspaces: docks, arrangement and theme under a name, kept with the user's settings."""

import base64
import json
from dataclasses import dataclass

from PySide6.QtCore import QObject, QSettings, Signal

from engines.errors import UserError

KEY = "workspaces"
MOST = 50
LONGEST = 60  # characters of a name
HEAVIEST = 1 << 20  # bytes of a window's state


@dataclass(frozen=True)
class Workspace:
    """`state` is what the window says of its docks and bars; the others are names."""

    name: str
    state: bytes
    arrangement: str
    theme: str


class Workspaces(QObject):
    """The artist's own workspaces, in the order in which they were saved."""

    changed = Signal()

    def __init__(self, taken: tuple[str, ...] = (), parent: QObject | None = None) -> None:
        """`taken`: names that are built in."""
        super().__init__(parent)
        self._taken = {name.casefold() for name in taken}

    def all(self) -> tuple[Workspace, ...]:
        """Those there are; what cannot be read is left out."""
        try:
            found = json.loads(str(QSettings().value(KEY, "[]")))
        except ValueError:
            return ()
        if not isinstance(found, list):
            return ()
        return tuple(w for w in map(_read, found[:MOST]) if w is not None)

    def find(self, name: str) -> Workspace | None:
        """The one of that name."""
        return next((w for w in self.all() if w.name == name), None)

    def save(self, workspace: Workspace) -> None:
        """Keep one; it takes the place of one of the same name."""
        name = workspace.name
        if not name or len(name) > LONGEST or not name.isprintable():
            raise UserError(
                self.tr("A workspace needs a name of 1 to {0} characters.").format(LONGEST)
            )
        if name.casefold() in self._taken:
            raise UserError(
                self.tr("The workspace {0} is built in; choose another name.").format(name)
            )
        kept = [w for w in self.all() if w.name != name]
        if len(kept) >= MOST:
            raise UserError(
                self.tr("There are {0} workspaces already; delete one first.").format(MOST)
            )
        self._write([*kept, workspace])

    def delete(self, name: str) -> None:
        """Forget one."""
        self._write([w for w in self.all() if w.name != name])

    def _write(self, workspaces: list[Workspace]) -> None:
        rows = [
            {
                "name": w.name,
                "state": base64.b64encode(w.state).decode("ascii"),
                "arrangement": w.arrangement,
                "theme": w.theme,
            }
            for w in workspaces
        ]
        QSettings().setValue(KEY, json.dumps(rows))
        self.changed.emit()


def _read(row: object) -> Workspace | None:
    if not isinstance(row, dict):
        return None
    parts = [row.get(key) for key in ("name", "state", "arrangement", "theme")]
    if not all(isinstance(part, str) for part in parts):
        return None
    name, state, arrangement, theme = (str(part) for part in parts)
    if not name or len(name) > LONGEST or len(state) > HEAVIEST:
        return None
    try:
        return Workspace(name, base64.b64decode(state, validate=True), arrangement, theme)
    except ValueError:
        return None
