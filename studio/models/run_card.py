"""What the card of a run's model says: its size and speed by storage, and its final figures."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engines import files

MOST_BYTES = 4_000_000
MOST_ROWS = 12
LONGEST = 300


@dataclass(frozen=True)
class Form:
    """The model in one form: bytes on the disk, milliseconds of a picture by its size, or the
    reason why it was not made so; `kept` is the form that it has.
    """

    form: str
    bytes: int | None = None
    milliseconds: Mapping[str, float] = field(default_factory=dict)
    reason: str = ""
    kept: bool = False


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

    forms: tuple[Form, ...] = ()
    final: tuple[Final, ...] = ()
    pictures: int = 0  # that the figures are of
    said: str = ""  # why there are none
    processor: str = ""  # that the milliseconds were measured on


def read_card(bundle: Path | None) -> Card:
    """The card in a bundle's folder."""
    if bundle is None:
        return Card()
    path = bundle / "card.json"
    try:
        value = json.loads(files.read_text(path, MOST_BYTES))
    except (OSError, ValueError, RecursionError):
        return Card()
    if not isinstance(value, dict):
        return Card()
    sizes, figures = value.get("sizes"), value.get("figures")
    rows = [_form(row) for row in sizes[:MOST_ROWS]] if isinstance(sizes, list) else []
    named = list(figures.items())[:MOST_ROWS] if isinstance(figures, dict) else []
    final = [_final(str(name)[:60], entry) for name, entry in named]
    count, machine = value.get("pictures"), value.get("measured_on")
    return Card(
        tuple(row for row in rows if row is not None),
        tuple(figure for figure in final if figure is not None),
        count if isinstance(count, int) else 0,
        _text(value.get("said")),
        _text(machine.get("processor")) if isinstance(machine, dict) else "",
    )


def _form(row: Any) -> Form | None:
    if not isinstance(row, dict) or not isinstance(row.get("form"), str):
        return None
    size, taken = _number(row.get("bytes")), row.get("milliseconds")
    spans = (
        [(str(at)[:20], _number(span)) for at, span in taken.items()]
        if isinstance(taken, dict)
        else []
    )
    return Form(
        row["form"][:20],
        None if size is None else int(size),
        {at: span for at, span in spans[:MOST_ROWS] if span is not None},
        _text(row.get("reason")),
        row.get("kept") is True,
    )


def _text(value: Any) -> str:
    return value[:LONGEST] if isinstance(value, str) else ""


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
