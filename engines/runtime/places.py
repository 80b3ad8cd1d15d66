"""Where models are: those that ship with the program, and the user's own."""

from pathlib import Path

from platformdirs import user_data_path

from engines import files

SHIPPED = Path(__file__).resolve().parents[2] / "assets" / "models"
_MOST_BYTES = 1_000_000  # of order.txt


def own_models() -> Path:
    """The user's folder of installed models."""
    return Path(user_data_path("pentimento")) / "models"


def installed() -> list[Path]:
    """Folders of the user's and the shipped models; the user's come first and hide shipped
    namesakes. A home's order.txt names those that come first in it.
    """
    found: dict[str, Path] = {}
    for home in (own_models(), SHIPPED):
        if home.is_dir():
            first = _first(home)
            for folder in sorted(home.iterdir(), key=lambda f: (first.get(f.name, len(first)), f)):
                if not folder.name.startswith(".") and (folder / "model.json").is_file():
                    found.setdefault(folder.name, folder)
    return list(found.values())


def _first(home: Path) -> dict[str, int]:
    """Name -> place of the folders that order.txt lists, a line each."""
    try:
        lines = files.read_text(home / "order.txt", _MOST_BYTES).splitlines()
    except (OSError, ValueError):
        return {}
    return {name: place for place, name in enumerate(lines)}
