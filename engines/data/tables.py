"""The small text files of a data set: classes.json, attributes.csv, splits.csv."""

import csv
import io
import json
import math
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from engines.data.spec import PaletteClass
from engines.data.splitting import share_of
from engines.errors import UserError

SPLITS = ("train", "val", "test")
MOST_BAD = 10_000  # lines, after which the rest is not read
MAX_BYTES = 64_000_000  # of a table: a million rows are some 50 MB


Fault = Callable[[UserError], None]  # hears of a bad line, which is then left out


def stop(error: UserError) -> None:
    """The `Fault` that raises."""
    raise error


def ignore(error: UserError) -> None:
    """The `Fault` that passes over the line."""


def read_classes(folder: Path) -> tuple[PaletteClass, ...]:
    """The classes of classes.json in the order of their ids, which run from 0 without a gap."""
    path = folder / "classes.json"
    try:
        entries = json.loads(_text(path))
        by_id = {int(e["id"]): PaletteClass(e["name"], e["color"]) for e in entries}
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise UserError(
            f"{path} is not a list of classes with id, name and color ({error}); mend it."
        ) from error
    if sorted(by_id) != list(range(len(entries))) or not 1 <= len(by_id) <= 255:
        raise UserError(f"The ids in {path} must run from 0 without gap or repeat; renumber them.")
    names = [c.name for c in by_id.values()]
    if len(set(names)) != len(names):
        raise UserError(f"Two classes in {path} have the same name; rename one.")
    return tuple(by_id[i] for i in range(len(by_id)))


def csv_text(rows: Iterable[Iterable[str]]) -> str:
    """Rows as the text of a .csv."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def read_attributes(
    folder: Path, fault: Fault = stop
) -> tuple[tuple[str, ...], dict[str, npt.NDArray[np.float32]]]:
    """Attribute names, and name -> values (A,) in [0, 1] with NaN where the cell is empty."""
    path = folder / "attributes.csv"
    rows: dict[str, npt.NDArray[np.float32]] = {}
    lines = _rows(path)
    _, first = next(lines, (1, [""]))
    header = tuple(name.strip() for name in first[1:])
    patience = _Patience(path, fault)
    if first[0] != "name" or len(set(header)) != len(header) or "" in header:
        raise UserError(
            f"{path.name} must begin with a line name,ATTRIBUTE,... of different names; mend its "
            "first line."
        )
    for number, row in lines:
        try:
            if len(row) != len(header) + 1:
                raise UserError(
                    f"Line {number} of {path.name} has {len(row)} cells instead of "
                    f"{len(header) + 1}; mend it."
                )
            values = [_number(cell, path, number) for cell in row[1:]]
            if row[0] in rows:
                raise UserError(f"{path.name} has two lines for {_short(row[0])}; delete one.")
            rows[row[0]] = np.array(values, np.float32)
        except UserError as error:
            patience.told(error)
    return header, rows


class _Patience:
    """Passes on what is wrong with lines, until it is the table that is wrong."""

    def __init__(self, path: Path, fault: Fault) -> None:
        self._path, self._fault, self._count = path, fault, 0

    def told(self, error: UserError) -> None:
        self._fault(error)
        self._count += 1
        if self._count >= MOST_BAD:
            raise UserError(
                f"{self._path.name} has {MOST_BAD:,} lines that cannot be followed, and more may "
                "come; mend or replace it."
            )


def _short(text: str) -> str:
    """What a cell says, as far as it can be shown in a sentence."""
    return repr(text if len(text) <= 60 else f"{text[:60]} ...")


def _number(cell: str, path: Path, line: int) -> float:
    if not cell.strip():
        return math.nan
    try:
        value = float(cell)
    except ValueError:
        value = math.nan
    if not 0 <= value <= 1:
        raise UserError(
            f"Line {line} of {path.name} says {_short(cell)}, but attributes lie between 0 and 1 "
            f"(empty "
            "is unknown); mend it."
        )
    return value


def read_splits(folder: Path, fault: Fault = stop) -> tuple[dict[str, str], dict[str, float]]:
    """Name -> split, and name -> sampling weight (column `weight`, 1 where there is none)."""
    path = folder / "splits.csv"
    splits: dict[str, str] = {}
    weights: dict[str, float] = {}
    lines = _rows(path)
    columns = {name: i for i, name in enumerate(next(lines, (1, []))[1])}
    patience = _Patience(path, fault)
    if "name" not in columns or "split" not in columns:
        raise UserError(f"{path.name} needs the columns name and split; mend its first line.")
    for number, row in lines:
        try:
            name, split, weight = _split_line(row, columns, path, number)
            if name in splits:
                raise UserError(f"{path.name} has two lines for {_short(name)}; delete one.")
            splits[name], weights[name] = split, weight
        except UserError as error:
            patience.told(error)
    return splits, weights


def _split_line(
    row: list[str], columns: dict[str, int], path: Path, line: int
) -> tuple[str, str, float]:
    try:
        name, split = row[columns["name"]], row[columns["split"]]
        weight = float(row[columns["weight"]]) if "weight" in columns else 1.0
    except (IndexError, ValueError) as error:
        raise UserError(f"Line {line} of {path.name} cannot be read; mend it.") from error
    if split not in SPLITS or not 0 <= weight < math.inf:
        raise UserError(
            f"Line {line} of {path.name} says {_short(split)} with weight {weight:g}, but a "
            f"split is "
            "train, val or test and a weight is at least 0; mend it."
        )
    return name, split, weight


def split_by_name(name: str) -> str:
    """A split fixed by the name alone: 90 % train, 5 % val, 5 % test."""
    share = share_of(name)
    return "train" if share < 0.9 else "val" if share < 0.95 else "test"


def usual_splits(names: Collection[str]) -> dict[str, str]:
    """Name -> split, by the name alone; where none would be learnt from, the first is."""
    splits = {name: split_by_name(name) for name in names}
    if splits and "train" not in splits.values():
        splits[min(names)] = "train"
    return splits


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Line number, from 1, and cells of the lines that are not blank."""
    try:
        rows = csv.reader(io.StringIO(_text(path), newline=""), strict=True)
        for row in rows:
            if row:
                yield rows.line_num, row
    except csv.Error as error:
        raise UserError(
            f"{path.name} is not a table that can be read ({error}); mend it."
        ) from error


def _text(path: Path) -> str:
    try:
        if path.exists() and not path.is_file():  # Reading a pipe would wait for ever.
            raise UserError(f"{path} is no file; put a text file in its place.")
        if path.stat().st_size > MAX_BYTES:
            raise UserError(f"{path} is over {MAX_BYTES // 1_000_000} MB; that is no such table.")
        return path.read_text("utf-8-sig")
    except FileNotFoundError as error:
        raise UserError(f"{path} is missing; a data set of this kind needs it.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be read as text ({error}); mend or replace it.") from error
