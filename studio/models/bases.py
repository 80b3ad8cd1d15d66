"""Installed models that a training can start from, and why others cannot be."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engines import files
from engines.runtime.places import installed
from engines.runtime.tuning import why_not

_MOST_BYTES = 4_000_000  # of a model's description


@dataclass(frozen=True)
class Base:
    """A model; `reason` says why it cannot be started from and is empty where it can."""

    folder: Path
    title: str
    recipe: str
    data: str
    settings: Mapping[str, Any]
    reason: str

    @property
    def preview(self) -> Path:
        """A picture that it made, where it has one."""
        return self.folder / "preview.png"


def bases_for(recipe: str, beside: Path | None = None) -> list[Base]:
    """The installed models of this recipe and the one `beside` them, those that can be started from
    first.
    """
    folders = list(dict.fromkeys([*([] if beside is None else [beside]), *installed()]))
    found = [base for folder in folders if (base := read_base(folder)) is not None]
    return sorted((b for b in found if b.recipe == recipe), key=lambda base: bool(base.reason))


def read_base(folder: Path) -> Base | None:
    """What a model's description says of it; None where it cannot be read."""
    try:
        path = folder / "model.json"
        about = json.loads(files.read_text(path, _MOST_BYTES))
        settings, recipe = about.get("settings"), str(about.get("recipe", ""))
        return Base(
            folder,
            str(about.get("title") or folder.name),
            recipe,
            str(about.get("data", "")),
            settings if isinstance(settings, dict) else {},
            why_not(folder, recipe),
        )
    except (OSError, ValueError, AttributeError, RecursionError):
        return None
