"""card.json: the figures of a model on unseen pictures, with all that they depend on."""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engines import files
from engines.data.kinds import DataSet
from engines.data.sets import open_data, open_test
from engines.errors import UserError
from engines.ports import Size
from engines.runtime.bundle import Bundle, read_json

KEPT = ("sizes", "measured_on")  # What the export measured of size and speed stays true.


def unseen(folder: str, kind: str, size: Size, split: str, least: int = 2) -> DataSet:
    """The val or test split of a set, to measure on; UserError where it has too few pictures."""
    if split == "test":
        data = open_test(Path(folder), kind, size)
    else:
        data = open_data(Path(folder), kind, size, "val")
    if len(data) < least:
        raise UserError(
            f"The {split} split of {folder} has {len(data)} pictures, too few to measure on; "
            "choose another split or set."
        )
    return data


def write(
    bundle: Bundle,
    out: Path | None,
    *,
    split: str,
    pictures: int,
    size: Size,
    hashes: Mapping[str, str],
    figures: Mapping[str, Any],
) -> dict[str, Any]:
    """The card as it is written, into the bundle or to `out`; null is what has no figure."""
    card: dict[str, Any] = {
        "model": bundle.name,
        "title": bundle.title,
        **{key: bundle.about.get(key) for key in ("recipe", "steps", "data", "licence")},
        "split": split,
        "pictures": pictures,
        "size": list(size),
        "hashes": {**hashes, "model": bundle.hash},
        "figures": figures,
    }
    card = _finite(json.loads(json.dumps(card, default=float)))
    where = out or (bundle.path / "card.json" if bundle.path.is_dir() else None)
    if where is not None:
        try:
            before = read_json(where)
        except UserError:
            before = {}
        card |= {key: value for key, value in before.items() if key in KEPT}
        files.write_json(where, card)
    return card


def _finite(value: Any) -> Any:
    """JSON has no word for what is no number: null, where a figure cannot be."""
    if isinstance(value, dict):
        return {k: _finite(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_finite(v) for v in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
