"""What the card of a run's model says: its size and speed by storage, and its final figures."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MOST_BYTES = 4_000_000
MOST_ROWS = 12
LONGEST = 300


@dataclass(frozen=True)
class Kept:
    """The model in one storage: bytes on the disk, seconds for a picture of a side in pixels, or
    why it was not kept so.
    """

    storage: str
    bytes: int | None = None
    seconds: Mapping[int, float] | None = None
    said: str = ""
    used: bool = False


@dataclass(frozen=True)
class Final:
    """A figure on the test split, with its interval and bounds where they are known."""

    name: str
    mean: float
    low: float | None = None
    high: float | None = None
    floor: float | None = None
    ceiling: float | None = None


@dataclass(frozen=True)
class Card:
    """What is told of a model; empty where the card says nothing that can be read."""

    kept: tuple[Kept, ...] = ()
    final: tuple[Final, ...] = ()
    pictures: int = 0  # that the figures are of


def read_card(bundle: Path | None) -> Card:
    """The card in a bundle's folder."""
    if bundle is None:
        return Card()
    path = bundle / "card.json"
    try:
        if path.stat().st_size > MOST_BYTES:
            return Card()
        value = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return Card()
    if not isinstance(value, dict):
        return Card()
    sizes, figures = value.get("sizes"), value.get("figures")
    rows = [_kept(row) for row in sizes[:MOST_ROWS]] if isinstance(sizes, list) else []
    named = list(figures.items())[:MOST_ROWS] if isinstance(figures, dict) else []
    final = [_final(str(name)[:60], entry) for name, entry in named]
    count = value.get("pictures")
    return Card(
        tuple(row for row in rows if row is not None),
        tuple(figure for figure in final if figure is not None),
        count if isinstance(count, int) else 0,
    )


def _kept(row: Any) -> Kept | None:
    if not isinstance(row, dict) or not isinstance(row.get("storage"), str):
        return None
    size, seconds = _number(row.get("bytes")), row.get("seconds")
    taken = seconds.items() if isinstance(seconds, dict) else ()
    spans = {int(side): _number(span) for side, span in taken if str(side).isdecimal()}
    return Kept(
        row["storage"][:20],
        None if size is None else int(size),
        {side: span for side, span in spans.items() if span is not None},
        str(row.get("said") or "")[:LONGEST],
        row.get("used") is True,
    )


def _final(name: str, entry: Any) -> Final | None:
    if not isinstance(entry, dict):
        return None
    mean = _number(entry.get("mean"))
    if mean is None:
        return None
    ends = (_number(entry.get(end)) for end in ("low", "high", "floor", "ceiling"))
    return Final(name, mean, *ends)


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:
        return None
