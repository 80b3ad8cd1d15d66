"""Which models can be trained further: those that carry the weights of all their networks."""

import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

from engines.errors import UserError
from engines.runtime.bundle import read_json

WEIGHTS = "weights.safetensors"  # in a model's folder; names as in `recipe.nets`
MOST_BYTES = 8_000_000_000


def why_not(model: Path, recipe: str) -> str:
    """Why a training of this recipe cannot start from that model, in a sentence; "" where it can.
    Reads descriptions only, so that it may be asked for every installed model.
    """
    try:
        about = read_json(model / "model.json")
    except UserError as error:
        return str(error)
    if about.get("recipe") != recipe:
        return "It was made by another way of learning; choose a model of this one."
    path = model / WEIGHTS
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode) or not 0 < found.st_size <= MOST_BYTES:
            return "Its weights for further training are broken; get the model again."
        with safe_open(path, "np") as file:
            file.keys()
    except FileNotFoundError:
        return (
            "It does not carry the weights that further training needs; export it again with them."
        )
    except (OSError, SafetensorError):
        return "Its weights for further training cannot be read; get the model again."
    return ""


def settings_of(model: Path) -> Mapping[str, Any]:
    """The settings that a model was made with, to begin with; UserError where it is none."""
    settings = read_json(model / "model.json").get("settings")
    return settings if isinstance(settings, dict) else {}
