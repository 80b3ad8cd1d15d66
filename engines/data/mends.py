"""How a data set is read in spite of its faults: a plan, kept with the run, never in the folder.

Nothing is ever changed, moved or deleted in an artist's folder. What an artist agrees to is
written into the run's order, and every reading of the pictures follows it.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

from engines import files
from engines.data.derive import WAYS
from engines.data.spec import PaletteClass
from engines.errors import UserError

MOST_BYTES = 4_000_000
STRETCHES = 24  # that one long sequence is cut into
By = Literal["name", "folder", "sequence"]


@dataclass(frozen=True)
class Split:
    """Which share of the pictures is learnt from, chosen by, and reported on; they sum to 1.

    A picture's place follows from its name, so that it stays when others are added. `by` "folder"
    and "sequence" keep together what is alike: folders, or frames whose names differ in their last
    number only; a long sequence is cut into stretches of so many numbers.
    """

    train: float = 0.9
    val: float = 0.05
    test: float = 0.05
    by: By = "name"
    stretch: int = 0

    def __post_init__(self) -> None:
        shares = (self.train, self.val, self.test)
        if not all(0 <= share <= 1 for share in shares):
            raise UserError("The shares of a split lie between 0 and 1; choose others.")
        if abs(sum(shares) - 1) > 1e-6 or self.train <= 0:
            raise UserError("The shares of a split sum to 1, and some is learnt from; mend them.")
        if self.by not in ("name", "folder", "sequence"):
            raise UserError(f"A split goes by name, folder or sequence, not by {self.by!r}.")
        if self.stretch < 0:
            raise UserError("A stretch of a sequence is a whole number of frames; choose one.")


def stretch_of(count: int) -> int:
    """How many numbers a stretch of so many frames has, so that each split gets some."""
    return max(8, -(-count // STRETCHES))


@dataclass(frozen=True)
class Mends:
    """What to do with faults, and how to understand the folder where its names do not say so."""

    folders: tuple[str, ...] = ()  # photos and layouts, or source and target, by name
    endings: tuple[str, ...] = ()  # what names of the first and the second end in beside the name
    palette: tuple[PaletteClass, ...] = ()  # in place of classes.json
    by_color: bool = False  # layouts in colours or greys of the classes, whatever their ids say
    nearest: bool = False  # pixels of no class take the class that is nearest in colour
    resize: bool = False  # layouts and sources take their picture's size
    mates: bool = False  # pictures without a mate are left out
    doubles: bool = False  # of several files of one name the first is taken
    unread: bool = False  # files of kinds that are not read are left out
    lines: bool = False  # lines of tables that cannot be followed are left out
    files: tuple[str, ...] = ()  # left out: paths inside the folder
    classes: tuple[tuple[str, str], ...] = ()  # name -> new name, another's (merged), or "" (none)
    split: Split | None = None  # in place of splits.csv and of the usual shares
    source: str = ""  # what the first of each pair is made to be of its picture: see `derive`

    def __or__(self, other: "Mends") -> "Mends":
        """Both; where both say something that cannot be joined, the other's word."""
        joined = dict(self.classes) | dict(other.classes)
        return Mends(
            source=other.source or self.source,
            folders=other.folders or self.folders,
            endings=other.endings or self.endings,
            palette=other.palette or self.palette,
            by_color=self.by_color or other.by_color,
            nearest=self.nearest or other.nearest,
            resize=self.resize or other.resize,
            mates=self.mates or other.mates,
            doubles=self.doubles or other.doubles,
            unread=self.unread or other.unread,
            lines=self.lines or other.lines,
            files=tuple(sorted({*self.files, *other.files})),
            classes=tuple(joined.items()),
            split=other.split or self.split,
        )

    def renamed(self, name: str, new: str) -> "Mends":
        """With a class called something else, merged into another, or ("") left out."""
        return replace(self, classes=tuple((dict(self.classes) | {name: new.strip()}).items()))

    def to_json(self) -> dict[str, Any]:
        """Plain JSON: only what differs from reading the folder as it is."""
        usual = asdict(NONE)
        return {k: v for k, v in json.loads(json.dumps(asdict(self))).items() if v != _as(usual[k])}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Mends":
        """Read what `to_json` wrote; UserError when it is something else."""
        try:
            return cls(**{name: _READ[name](given) for name, given in value.items()})
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise UserError(
                f"The mends of the data cannot be read ({error}); choose the folder anew."
            ) from error


def _as(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError(f"{value!r} is neither true nor false")
    return value


def _word(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value


def _way(value: Any) -> str:
    if value not in WAYS:
        raise ValueError(f"nothing called {value!r} can be made of a picture")
    return _word(value)


def _words(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list | tuple):
        raise TypeError(f"{value!r} is no list")
    return tuple(_word(each) for each in value)


def _pair(value: Any) -> tuple[str, str]:
    first, second = _words(value)
    return first, second


def _split(value: Any) -> Split | None:
    if value is None:
        return None
    for name, given in value.items():
        if name not in ("by", "stretch") and not isinstance(given, int | float):
            raise TypeError(f"{given!r} is no share")
    if not isinstance(value.get("stretch", 0), int):
        raise TypeError(f"{value['stretch']!r} is no whole number")
    return Split(**value)


_READ: dict[str, Any] = {
    **dict.fromkeys(
        ("by_color", "nearest", "resize", "mates", "doubles", "unread", "lines"), _flag
    ),
    "source": _way,
    "folders": _words,
    "endings": _words,
    "files": _words,
    "palette": lambda value: tuple(PaletteClass(**each) for each in value),
    "classes": lambda value: tuple(_pair(each) for each in value),
    "split": _split,
}
NONE = Mends()


def read_mends(path: Path) -> Mends:
    """Those of a file that `data mend` wrote; UserError."""
    try:
        value = json.loads(files.read_text(path, MOST_BYTES))
        if not isinstance(value, dict):
            raise ValueError("it is no list of mends")
    except (OSError, ValueError, RecursionError) as error:
        raise UserError(f"{path} cannot be read ({error}); make it with data mend.") from error
    return Mends.from_json(value)


def mends_of(config: Mapping[str, Any]) -> Mends:
    """The mends that a run's configuration names; none in runs made before there were any."""
    return Mends.from_json(config["mends"]) if "mends" in config else NONE
