"""The small text files of a data set: classes.json, attributes.csv, splits.csv."""

import csv
import hashlib
import json
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from engines.data.spec import PaletteClass
from engines.errors import UserError

SPLITS = ("train", "val", "test")
MAX_BYTES = 64_000_000  # of a table: a million rows are some 50 MB


def read_classes(folder: Path) -> tuple[PaletteClass, ...]:
    """The classes of classes.json in the order of their ids, which run from 0 without a gap."""
    path = folder / "classes.json"
    try:
        entries = json.loads(_text(path))
        by_id = {int(e["id"]): PaletteClass(e["name"], e["color"]) for e in entries}
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise UserError(
            f"{path} is not a list of classes with id, name and color ({error}); mend it."
        ) from error
    if sorted(by_id) != list(range(len(entries))) or not 1 <= len(by_id) <= 255:
        raise UserError(f"The ids in {path} must run from 0 without gap or repeat; renumber them.")
    names = [c.name for c in by_id.values()]
    if len(set(names)) != len(names):
        raise UserError(f"Two classes in {path} have the same name; rename one.")
    return tuple(by_id[i] for i in range(len(by_id)))


def read_attributes(
    folder: Path,
) -> tuple[tuple[str, ...], dict[str, npt.NDArray[np.float32]]]:
    """Attribute names, and name -> values (A,) in [0, 1] with NaN where the cell is empty."""
    path = folder / "attributes.csv"
    rows: dict[str, npt.NDArray[np.float32]] = {}
    header: tuple[str, ...] = ()
    for number, row in enumerate(_rows(path), 1):
        if number == 1:
            header = tuple(name.strip() for name in row[1:])
            if not row or row[0] != "name" or len(set(header)) != len(header) or "" in header:
                raise UserError(
                    f"{path.name} must begin with a line name,ATTRIBUTE,... of different names; "
                    "mend its first line."
                )
            continue
        if len(row) != len(header) + 1:
            raise UserError(f"Line {number} of {path.name} has {len(row)} cells; mend it.")
        rows[row[0]] = np.array([_number(cell, path, number) for cell in row[1:]], np.float32)
    return header, rows


def _number(cell: str, path: Path, line: int) -> float:
    if not cell.strip():
        return math.nan
    try:
        value = float(cell)
    except ValueError:
        value = math.nan
    if not 0 <= value <= 1:
        raise UserError(
            f"Line {line} of {path.name} says {cell!r}, but attributes lie between 0 and 1 (empty "
            "is unknown); mend it."
        )
    return value


def read_splits(folder: Path) -> tuple[dict[str, str], dict[str, float]]:
    """Name -> split, and name -> sampling weight (column `weight`, 1 where there is none)."""
    path = folder / "splits.csv"
    splits: dict[str, str] = {}
    weights: dict[str, float] = {}
    columns: dict[str, int] = {}
    for number, row in enumerate(_rows(path), 1):
        if number == 1:
            columns = {name: i for i, name in enumerate(row)}
            if "name" not in columns or "split" not in columns:
                raise UserError(
                    f"{path.name} needs the columns name and split; mend its first line."
                )
            continue
        try:
            name, split = row[columns["name"]], row[columns["split"]]
            weight = float(row[columns["weight"]]) if "weight" in columns else 1.0
        except (IndexError, ValueError) as error:
            raise UserError(f"Line {number} of {path.name} cannot be read; mend it.") from error
        if split not in SPLITS or not 0 <= weight < math.inf:
            raise UserError(
                f"Line {number} of {path.name} says {split!r} with weight {weight:g}; a split is "
                "train, val or test and a weight at least 0."
            )
        splits[name], weights[name] = split, weight
    return splits, weights


def split_by_name(name: str) -> str:
    """A split fixed by the name alone: 90 % train, 5 % val, 5 % test."""
    share = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4]) / 2**32
    return "train" if share < 0.9 else "val" if share < 0.95 else "test"


def _rows(path: Path) -> Iterator[list[str]]:
    try:
        yield from csv.reader(_text(path).splitlines())
    except csv.Error as error:
        raise UserError(
            f"{path.name} is not a table that can be read ({error}); mend it."
        ) from error


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise UserError(f"{path} is over {MAX_BYTES // 1_000_000} MB; that is no such table.")
        return path.read_text("utf-8-sig")
    except FileNotFoundError as error:
        raise UserError(f"{path} is missing; a data set of this kind needs it.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be read as text ({error}); mend or replace it.") from error
