"""Which keys a command has: its own by default, others where the artist chose so."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QSettings, Signal
from PySide6.QtGui import QKeySequence

from engines import files
from engines.errors import UserError

FORMAT = 1
MOST_BYTES = 1_000_000
PLACE = "shortcuts"  # in the settings
# What has a meaning of its own on the canvas and in dialogs, wherever the focus is.
RESERVED = frozenset(
    (
        "Space",
        "Tab",
        "Shift+Tab",
        "Esc",
        "Return",
        "Enter",
        "Backspace",
        "Left",
        "Right",
        "Up",
        "Down",
    )
)
Keys = tuple[str, ...]


def canonical(key: str) -> str:
    """A key as it is written everywhere, "Ctrl+Shift+Z"; ValueError where it is none."""
    sequence = QKeySequence(key, QKeySequence.SequenceFormat.PortableText)
    text = sequence.toString(QKeySequence.SequenceFormat.PortableText)
    if sequence.count() != 1 or not text or not text.isprintable():
        raise ValueError(f"{key!r} is no key")
    return text


class Shortcuts(QObject):
    """The keys of every command, by the command's name. What was chosen is kept in the settings."""

    changed = Signal(str)  # a command has other keys

    def __init__(self, settings: QSettings | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._settings = settings or QSettings()
        self._usual: dict[str, Keys] = {}
        self._chosen: dict[str, Keys] = {}
        stored = self._settings.value(PLACE)
        if isinstance(stored, str):
            try:
                self._chosen = _parsed(stored)
            except ValueError:  # Spoilt settings cost the artist's keys, not the start.
                self._chosen = {}

    def add(self, name: str, keys: Iterable[str]) -> Keys:
        """Make a command known with its usual keys; those that it has come back."""
        self._usual[name] = tuple(canonical(key) for key in keys)
        return self[name]

    def __getitem__(self, name: str) -> Keys:
        """The keys of a command, the one to be shown first."""
        return self._chosen.get(name, self._usual[name])

    @property
    def names(self) -> list[str]:
        """Every command, in the order in which they were made."""
        return list(self._usual)

    def usual(self, name: str) -> Keys:
        """The keys that a command has where nothing else is chosen."""
        return self._usual[name]

    def is_changed(self, name: str) -> bool:
        """Whether the artist chose other keys."""
        return self[name] != self._usual[name]

    def owners(self, keys: Iterable[str], besides: str = "") -> dict[str, str]:
        """Which of those keys belong to which command other than `besides`."""
        wanted = {canonical(key) for key in keys}
        return {
            key: name
            for name in self._usual
            if name != besides
            for key in self[name]
            if key in wanted
        }

    def give(self, name: str, keys: Iterable[str]) -> None:
        """Give a command these keys and no others; every other command lets go of them."""
        wanted = tuple(dict.fromkeys(canonical(key) for key in keys))
        for other in set(self.owners(wanted, name).values()):
            self._set(other, tuple(key for key in self[other] if key not in wanted))
        self._set(name, wanted)
        self._store()

    def reset(self, name: str) -> None:
        """Give a command its usual keys, which others let go of."""
        self.give(name, self._usual[name])

    def reset_all(self) -> None:
        """Give every command its usual keys."""
        for name in self.names:
            self._set(name, self._usual[name])
        self._store()

    def save(self, path: Path) -> None:
        """Write what was chosen as JSON; UserError where the disk refuses."""
        files.write_text(path, self._text())

    def load(self, path: Path) -> int:
        """Take the keys of a file in place of those chosen; how many commands nobody knew here.

        UserError where it is not such a file; then nothing is changed.
        """
        try:
            if path.stat().st_size > MOST_BYTES:
                raise ValueError("it is too large")
            found = _parsed(path.read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise UserError(
                f"{path.name} holds no shortcuts that can be read ({error}); choose a file that "
                "was exported here."
            ) from error
        known = {name: keys for name, keys in found.items() if name in self._usual}
        self.reset_all()
        for name, keys in known.items():
            self.give(name, keys)
        return len(found) - len(known)

    def _set(self, name: str, keys: Keys) -> None:
        if keys == self[name]:
            return
        self._chosen.pop(name, None)
        if keys != self._usual[name]:
            self._chosen[name] = keys
        self.changed.emit(name)

    def _text(self) -> str:
        plain = {"format": FORMAT, "keys": {n: list(k) for n, k in sorted(self._chosen.items())}}
        return json.dumps(plain, indent=1, ensure_ascii=False)

    def _store(self) -> None:
        self._settings.setValue(PLACE, self._text())


def _parsed(text: str) -> dict[str, Keys]:
    """What `_text` wrote; ValueError where it is something else."""
    plain: Any = json.loads(text)
    try:
        if plain["format"] != FORMAT:
            raise ValueError("it was written by another version")
        found = {str(name): tuple(map(canonical, keys)) for name, keys in plain["keys"].items()}
        return {name: tuple(k for k in keys if k not in RESERVED) for name, keys in found.items()}
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"{type(error).__name__}: {error}") from error
