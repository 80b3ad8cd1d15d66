"""What a look through a data set found: what it is and why, its classes, and every fault."""

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from engines.data.mends import NONE, Mends

# How a folder is laid out. Several forms may be of one kind, which is what recipes ask for.
Form = Literal[
    "photos",  # pictures, and nothing said of them: kind image
    "picture",  # a single one: kind image
    "clips",  # frames of moving pictures, in folders or by number: kind image
    "layouts",  # photos and layouts: kind layout
    "pairs",  # two folders with the same names: kind paired
    "edges",  # pictures, of which lines are drawn to make pairs: kind paired
    "sketch",  # likewise sketches
    "grey",  # likewise grey ones
    "small",  # likewise small ones
    "unpaired",  # two folders with different names
    "folders",  # a folder for each class: kind labelled
    "attributes",  # an attributes.csv: kind labelled
]
# What is wrong with a file. "size": of its mate's shape in another size; "shape": of another shape;
# "double": two files of one name; "mate": none; "ids": pixels of no class, or a layout that is not
# exact; "line": a line of a table; "twin": the same picture twice; "table": a whole table;
# "colors": a layout whose colours are other classes than its numbers.
Fault = Literal[
    "broken",
    "unread",
    "double",
    "mate",
    "size",
    "shape",
    "ids",
    "line",
    "table",
    "folder",
    "twin",
    "colors",
]
KINDS = ("image", "layout", "paired", "labelled", "unpaired")
MOST = 10_000  # problems kept in a report; more are only counted
SHOWN = 50  # problems printed as text


@dataclass(frozen=True)
class Problem:
    """What is wrong with a file (a path inside the data set), and how to mend it."""

    file: str
    what: str
    mend: str
    fault: Fault = "broken"


@dataclass(frozen=True)
class Example:
    """Where a class shows well: a picture, its layout, and (left, top, right, bottom) in pixels."""

    picture: str
    layout: str
    box: tuple[int, int, int, int]


@dataclass(frozen=True)
class ClassShare:
    """How much of all painted pixels a class covers, in %, and in how many layouts it occurs."""

    id: int
    name: str
    percent: float
    layouts: int
    color: str = "#000000"
    example: Example | None = None


@dataclass(frozen=True)
class Range:
    """The known values of an attribute; NaN-free, all 0 when none is known."""

    name: str
    known: int
    low: float = 0.0
    mean: float = 0.0
    high: float = 0.0
    example: str = ""  # a picture that has much of it


@dataclass(frozen=True)
class Alternative:
    """What else a folder could be read as: `scan(folder, kind, mends=mends)` does so."""

    form: Form
    kind: str
    reason: str
    mends: Mends = NONE


@dataclass
class Report:
    """What a scan found; `cancelled` means that it did not look at everything.

    `mends` is what it takes to open the folder as it was read, before any fault is mended.
    """

    folder: str
    kind: str
    deep: bool
    cancelled: bool = False
    pictures: int = 0
    form: Form = "photos"
    reason: str = ""  # why it was recognised as this, a sentence
    alternatives: list[Alternative] = field(default_factory=list)
    mends: Mends = NONE
    splits: dict[str, int] = field(default_factory=dict)
    classes: list[ClassShare] = field(default_factory=list)
    counted: int = 0  # layouts that the shares of classes were counted in
    unpainted: float = 0.0  # in % of all pixels
    attributes: list[Range] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    faults: dict[Fault, int] = field(default_factory=dict)  # how many problems of each, all of them
    notes: list[Problem] = field(default_factory=list)  # odd, yet one can train all the same

    @property
    def count(self) -> int:
        """How many problems there are."""
        return sum(self.faults.values())

    def add(self, problem: Problem) -> None:
        """One more problem; beyond MOST it is only counted."""
        self.faults[problem.fault] = self.faults.get(problem.fault, 0) + 1
        if len(self.problems) < MOST:
            self.problems.append(problem)

    def note(self, problem: Problem) -> None:
        """Something odd; beyond MOST it is not kept."""
        if len(self.notes) < MOST:
            self.notes.append(problem)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return asdict(self)

    def text(self) -> str:
        """The report to read in a terminal."""
        depth = "every file decoded" if self.deep else "names, headers and tables only"
        lines = [f"{self.folder}: {self.kind} set, {self.pictures} pictures ({depth})"]
        if self.reason:
            lines.append(self.reason)
        if self.cancelled:
            lines.append("Cancelled before the end: what follows is incomplete.")
        if self.splits:
            lines.append("splits: " + ", ".join(f"{k} {v}" for k, v in self.splits.items()))
        if self.classes:
            wide = max(len(c.name) for c in self.classes)
            lines += ["", f"{'id':>3}  {'class':<{wide}}  {'share':>7}  {'in layouts':>10}"]
            lines += [
                f"{c.id:>3}  {c.name:<{wide}}  {c.percent:>6.2f}%  {c.layouts:>10}"
                for c in self.classes
            ]
            lines.append(f"unpainted: {self.unpainted:.2f} % of all pixels")
            if self.counted < self.pictures:
                lines.append(f"(counted in {self.counted:,} of {self.pictures:,} layouts)")
        if self.attributes:
            wide = max(9, *(len(a.name) for a in self.attributes))
            lines += [
                "",
                f"{'attribute':<{wide}}  {'known':>7}  {'low':>5} {'mean':>5} {'high':>5}",
            ]
            lines += [
                f"{a.name:<{wide}}  {a.known:>7}  {a.low:>5.2f} {a.mean:>5.2f} {a.high:>5.2f}"
                for a in self.attributes
            ]
        lines.append("")
        lines.append(f"{self.count} problems:" if self.count else "No problems found.")
        lines += [f"  {p.file}: {p.what} - {p.mend}" for p in self.problems[:SHOWN]]
        if self.count > SHOWN:
            lines.append(f"  ... and {self.count - SHOWN} more")
        if self.notes:
            lines += ["", "Odd, yet no obstacle:"]
            lines += [f"  {n.file}: {n.what} - {n.mend}" for n in self.notes[:SHOWN]]
        if len(self.notes) > SHOWN:
            lines.append(f"  ... and {len(self.notes) - SHOWN} more")
        return "\n".join(lines)
