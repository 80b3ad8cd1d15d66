"""The catalogue: what recipes there are and what can be set, read without torch.

`python -m engines.catalog [FILE]` imports the recipes and writes it as JSON (to stdout without
FILE). The shipped copy carries a hash of the sources it was made from. Where they have changed, a
recipe of one's own was added say, a child process makes a new copy, kept in the user's cache.
"""

import contextlib
import hashlib
import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, fields
from pathlib import Path
from typing import Any

from platformdirs import user_cache_path

from engines import files
from engines.errors import UserError

FORMAT = 1
ROOT = Path(__file__).resolve().parents[1]
SHIPPED = ROOT / "assets" / "catalog.json"
SOURCES = ("engines/recipe.py", "engines/recipes/*.py")


@dataclass(frozen=True)
class Setting:
    """One setting: `type` is int, float, bool or str; a number has limits, a word has options."""

    name: str
    type: str
    default: Any
    least: float | None
    greatest: float | None
    options: tuple[str, ...]
    label: str


@dataclass(frozen=True)
class RecipeEntry:
    """One recipe: what it learns, and from what, in a sentence; why to begin with it (empty where
    another is to be begun with), its settings, and its presets (name -> setting -> value).
    """

    id: str
    title: str
    paper: str
    kind: str
    learns: str
    usual: str
    settings: tuple[Setting, ...]
    presets: Mapping[str, Mapping[str, Any]]


def sources_hash(root: Path = ROOT) -> str:
    """A hash over the names and contents of the sources that decide what the catalogue says."""
    digest = hashlib.sha256()
    for pattern in SOURCES:
        for path in sorted(root.glob(pattern)):
            # Line ends differ between systems; the sources do not.
            text = path.read_bytes().replace(b"\r\n", b"\n")
            digest.update(f"{path.name} {len(text)}\n".encode() + text)
    return digest.hexdigest()[:16]


def load_catalog() -> dict[str, RecipeEntry]:
    """Every recipe by id: the shipped copy, or one made anew where the sources have changed.

    UserError when the recipes cannot be imported.
    """
    wanted = sources_hash()
    kept = user_cache_path("pentimento") / f"catalog-{wanted}.json"
    for path in (SHIPPED, kept):
        if (found := _read(path, wanted)) is not None:
            return found
    text = generate()
    with contextlib.suppress(UserError):  # A cache that cannot be written costs time, no more.
        files.write_text(kept, text)
    return _parse(json.loads(text))


def generate() -> str:
    """The catalogue of the sources as they are, made in a child process; UserError if it fails."""
    child = subprocess.run(
        [sys.executable, "-m", "engines.catalog"],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    if child.returncode:
        reason = (child.stderr.strip().splitlines() or ["it ended without a word"])[-1]
        raise UserError(
            f"The recipes in {ROOT / 'engines/recipes'} cannot be imported ({reason}); mend or "
            "remove the file at fault."
        )
    return child.stdout


def _read(path: Path, wanted: str) -> dict[str, RecipeEntry] | None:
    """The catalogue in a file, None where there is none of these sources."""
    try:
        value = json.loads(path.read_text("utf-8"))
        if value["format"] != FORMAT or value["sources"] != wanted:
            return None
        return _parse(value)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _parse(value: Any) -> dict[str, RecipeEntry]:
    entries = {}
    for entry in value["recipes"]:
        settings = tuple(
            Setting(**{**s, "options": tuple(s["options"])}) for s in entry["settings"]
        )
        entries[entry["id"]] = RecipeEntry(**{**entry, "settings": settings})
    return entries


def _build() -> str:
    """The catalogue as text. Imports every recipe, and torch with it."""
    from engines.recipe import OneOf, Range, describe, registry

    entries = []
    for name, recipe in registry().items():
        defaults = {f.name: f.default for f in fields(recipe.settings_type)}
        settings = []
        for key, (kind, limits, label) in describe(recipe.settings_type).items():
            if defaults[key] is MISSING:
                raise TypeError(f"the setting {key} of the recipe {name} has no default")
            least = limits.least if isinstance(limits, Range) else None
            greatest = limits.greatest if isinstance(limits, Range) else None
            options = limits.options if isinstance(limits, OneOf) else ()
            settings.append(
                Setting(key, kind.__name__, defaults[key], least, greatest, options, label)
            )
        presets = {k: dict(v) for k, v in recipe.presets.items()}
        about = (recipe.title, recipe.paper, recipe.kind, recipe.learns, recipe.usual)
        entry = RecipeEntry(name, *about, tuple(settings), presets)
        entries.append(asdict(entry))
    whole = {"format": FORMAT, "sources": sources_hash(), "recipes": entries}
    return json.dumps(whole, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def main(arguments: list[str]) -> None:
    """Write the catalogue to the file named, or to stdout."""
    text = _build()
    if arguments:
        files.write_text(Path(arguments[0]), text)
    else:
        sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
        sys.stdout.write(text)


if __name__ == "__main__":
    main(sys.argv[1:])
