"""The artist's own palettes: names and colours of classes, kept as files for other documents."""

import hashlib
import json
from pathlib import Path
from typing import Any

from platformdirs import user_data_path

from engines import files
from engines.data.spec import PaletteClass
from engines.errors import UserError
from studio.document.scene import palette_from_json

FORMAT = 1
MOST_BYTES = 1_000_000
MOST = 500
MOST_NAME = 100  # characters
Classes = tuple[PaletteClass, ...]


class Palettes:
    """Palettes by name, each a file in the user's data folder."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or Path(user_data_path("pentimento")) / "palettes"

    def names(self) -> list[str]:
        """Every palette that can be read, by name."""
        return sorted(self._paths(), key=str.casefold)

    def load(self, name: str) -> Classes:
        """The classes of a palette; UserError where it is gone."""
        path = self._paths().get(name)
        if path is None:
            raise UserError(f"The palette {name} is gone; choose another.")
        try:
            return _read(path)[1]
        except (OSError, ValueError, UserError) as error:
            raise UserError(f"The palette {name} cannot be read ({error}); delete it.") from error

    def save(self, name: str, classes: Classes) -> str:
        """Keep classes under a name, in place of what has it; the name as it is kept. UserError."""
        name = " ".join(name.split())
        if not name or len(name) > MOST_NAME:
            raise UserError(f"A palette needs a name of 1 to {MOST_NAME} letters; type one.")
        if not classes:
            raise UserError("There are no classes to keep; add one first.")
        plain = [{"name": entry.name, "color": entry.color} for entry in classes]
        path = self._paths().get(name) or self.folder / _file_name(name)
        files.write_json(path, {"format": FORMAT, "name": name, "classes": plain})
        return name

    def delete(self, name: str) -> None:
        """Delete a palette; UserError where the disk refuses."""
        path = self._paths().get(name)
        try:
            if path is not None:
                path.unlink(missing_ok=True)
        except OSError as error:
            raise UserError(
                f"{path} could not be deleted: {error.strerror or error}; change its permissions."
            ) from error

    def _paths(self) -> dict[str, Path]:
        found: dict[str, Path] = {}
        for path in sorted(self.folder.glob("*.json"))[:MOST]:
            try:
                found.setdefault(_read(path)[0], path)
            except (OSError, ValueError, UserError):
                continue  # Somebody else's file, or a spoilt one.
        return found


def write_classes(path: Path, classes: Classes) -> None:
    """Write classes.json as data sets have it: a list of id, name and colour. UserError."""
    files.write_json(
        path, [{"id": n, "name": c.name, "color": c.color} for n, c in enumerate(classes)]
    )


def _read(path: Path) -> tuple[str, Classes]:
    """A palette's name and classes; OSError, ValueError, UserError."""
    if path.stat().st_size > MOST_BYTES:
        raise ValueError("it is too large")
    try:
        plain: Any = json.loads(path.read_text("utf-8"))
        if plain["format"] != FORMAT:
            raise ValueError("it was written by another version")
        classes = palette_from_json(plain["classes"])
        name = str(plain["name"])
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"{type(error).__name__}: {error}") from error
    if len({entry.name for entry in classes}) != len(classes) or not classes or not name.strip():
        raise ValueError("it has no classes, or two of one name")
    return name, classes


def _file_name(name: str) -> str:
    """A file name that every system takes: readable letters, and a hash against clashes."""
    letters = "".join(c if c.isascii() and c.isalnum() else "-" for c in name.lower())[:40]
    return f"{letters}-{hashlib.sha256(name.encode()).hexdigest()[:8]}.json"
