"""Look through a data set before it is trained on: what it is, and every problem by name.

First quickly: names, mates, headers, sizes, tables, and some layouts. Then, if asked, deeply: every
file is decoded, one at a time. A bad file is never an exception: it becomes a line of the report.
"""

import contextlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from engines.data import tables
from engines.data.counting import Shares, Twins, ranges_of, shares_of_folders
from engines.data.layouts import Reading, says_otherwise
from engines.data.listing import HERE, MOVING, Cancelled, Lister, Listing, apart, inside
from engines.data.mends import NONE, Mends
from engines.data.palettes import spread
from engines.data.pictures import NotExact, read_picture, size_of
from engines.data.places import Places, listings, places_of, sorts_of
from engines.data.recognise import KIND_OF, Recognised, recognise
from engines.data.report import KINDS, Alternative, Fault, Problem, Report
from engines.data.sets import splits_of
from engines.errors import UserError, printable

LONGEST = 400  # characters of what is said of a file
SAMPLED = 24  # layouts that a quick look decodes


class Entry(NamedTuple):
    """A picture and, in layout and paired sets, its mate."""

    name: str
    picture: Path
    mate: Path | None


def scan(
    folder: Path | str,
    kind: str | None = None,
    deep: bool = False,
    cancelled: Callable[[], bool] = lambda: False,
    progress: Callable[[int, int], None] | None = None,
    mends: Mends = NONE,
) -> Report:
    """Look through a data set as its mends say; `kind` is recognised when None.

    `cancelled` is asked before each file; `progress` hears (done, all) after each: once over all
    for the headers, and once more when `deep`. UserError only for a kind that does not exist.
    """
    folder = Path(folder)
    kind = "image" if kind == "detail" else kind  # Any pictures can be looked at closely.
    if kind not in (None, *KINDS):
        raise UserError(f"There is no kind of data called {kind!r}; use {', '.join(KINDS)}.")
    report = Report(str(folder), kind or "image", deep, mends=mends)
    work = _Scan(folder, report, cancelled, progress or (lambda done, total: None))
    try:
        lister = Lister(folder, (), cancelled)
        _take(report, recognise(lister), kind, mends)
        work.run(Lister(folder, mends.files, cancelled) if mends.files else lister)
    except Cancelled:
        report.cancelled = True
    except OSError as error:
        work.problem(
            folder, f"cannot be read ({error.strerror})", "choose a folder with pictures", "folder"
        )
    except UserError as error:
        work.said(folder, error, "folder")
    return report


def _take(report: Report, found: Recognised, kind: str | None, mends: Mends) -> None:
    """What was recognised, or the other thing that was asked for, with its reason."""
    every = [Alternative(found.form, found.kind, found.reason, found.mends), *found.others]
    fitting = [each for each in every if kind in (None, each.kind)]
    if kind is not None:  # Of several of a kind, the one that these mends belong to.
        fitting.sort(key=lambda each: (mends | each.mends != mends, each.mends == NONE))
    if kind is None or (kind == found.kind and mends == NONE):
        fitting = every[:1]
    if fitting:
        chosen = fitting[0]
        report.form, report.kind, report.reason = chosen.form, chosen.kind, chosen.reason
        report.mends = chosen.mends | mends
        report.alternatives = [each for each in every if each is not chosen]
    else:
        assert kind is not None
        report.form = next(form for form, its in KIND_OF.items() if its == kind)
        report.alternatives = every


class _Scan:
    """One scan in progress. Memory: names and paths, and one decoded entry at a time."""

    def __init__(
        self,
        folder: Path,
        report: Report,
        cancelled: Callable[[], bool],
        progress: Callable[[int, int], None],
    ) -> None:
        self.folder, self.report = folder, report
        self.cancelled, self.progress = cancelled, progress
        self.names: set[str] = set()  # of all pictures, with or without a mate, or left out
        self.layered = False
        self.reading: Reading | None = None
        self.shares = Shares()
        self.twins = Twins()

    @property
    def mends(self) -> Mends:
        return self.report.mends

    def run(self, lister: Lister) -> None:
        try:
            places = places_of(self.folder, self.report.kind, self.mends)
        except UserError:
            if self.mends.folders:
                raise
            self._missing()
            return
        entries = self._entries(lister, places)
        self.report.pictures = len(entries)
        if not entries and not self.report.problems:
            self.problem(
                self.folder, "holds no pictures", "choose another folder or add some", "folder"
            )
        self._classes()
        self._tables([entry.name for entry in entries])
        sound = [entry for entry in self._each(entries) if self._headers(entry)]
        try:
            if self.report.deep:
                for entry in self._each(sound):
                    with self._caught(entry.mate or entry.picture):
                        self._decode(entry)
            elif self.layered:
                for place in spread(range(len(sound)), SAMPLED):
                    if self.cancelled():
                        raise Cancelled
                    with self._caught(sound[place].mate or sound[place].picture):
                        self._count(sound[place])
        finally:
            if self.reading is not None and self.layered:
                self.shares.write(self.report, self.reading.classes)

    def problem(self, file: Path, what: str, mend: str, fault: Fault) -> None:
        name = str(file) if file == self.folder else inside(file, self.folder)
        self.report.add(Problem(printable(name), _clipped(what), mend, fault))

    def note(self, file: Path, what: str, mend: str, fault: Fault) -> None:
        self.report.note(Problem(inside(file, self.folder), _clipped(what), mend, fault))

    @contextlib.contextmanager
    def _caught(self, file: Path, fault: Fault = "broken") -> Iterator[None]:
        """Inside, whatever a bad file raises becomes a problem."""
        try:
            yield
        except Cancelled:
            raise
        except UserError as error:
            self.said(file, error, "ids" if isinstance(error, NotExact) else fault)
        except Exception as error:
            self.problem(file, f"cannot be read ({error})", "restore or remove it", fault)

    def _each(self, entries: Sequence[Entry]) -> Iterator[Entry]:
        for done, entry in enumerate(entries, 1):
            if self.cancelled():
                raise Cancelled
            yield entry
            self.progress(done, len(entries))

    def _classes(self) -> None:
        path = self.folder / "classes.json"
        if self.layered or path.exists():
            with self._caught(path, "table"):
                self.reading = Reading.of(self.folder, self.mends)

    def _entries(self, lister: Lister, places: Places) -> list[Entry]:
        """All pictures that have the mate they need."""
        kind, folder = self.report.kind, self.folder
        self.layered = places.layered
        first, second = listings(lister, places)
        self._listed(first)
        self._listed(second)
        if kind == "unpaired" and not places.layered:
            first, places = Listing(sorts_of(places, first.paths, second.paths)), Places(HERE)
        if places.second is None:
            self.names = first.paths.keys() | first.out
            table = folder / "attributes.csv"
            inner = any("/" in name for name in first.paths)
            if kind == "labelled" and self.names and not inner and not table.exists():
                self.problem(table, "is missing", "add it, or a folder for each class", "table")
            return [Entry(name, path, None) for name, path in first.paths.items()]
        self.names = first.paths.keys() | second.paths.keys() | first.out | second.out
        if not self.mends.mates:
            for here, there, lacking in (
                (first.paths, second.paths, places.second),
                (second.paths, first.paths, places.first),
            ):
                if there:  # Without any mate one line above says it all.
                    for name in sorted(here.keys() - there.keys()):
                        self.problem(
                            here[name], f"has no mate in {lacking}", "add it or remove this", "mate"
                        )
        return [
            Entry(name, path, second.paths[name])
            for name, path in first.paths.items()
            if name in second.paths
        ]

    def _missing(self) -> None:
        """Each of the usual folders that is missing is a problem; there is no more to look at."""
        self.layered = self.report.kind == "layout"
        for name in ("photos", "layouts") if self.layered else ("source", "target"):
            path = self.folder / name
            if not path.is_dir():
                self.problem(path, "is missing", "add this folder of pictures", "folder")
        self._classes()

    def _listed(self, listing: Listing) -> None:
        """Files that are of kinds that are not read, and several of one name."""
        if not self.mends.unread:
            for path in listing.unread:
                self.problem(path, "is of a kind that is not read", save_as(path), "unread")
        if not self.mends.doubles:
            for path, first in listing.doubles:
                what = f"has the same name as {first.name}"
                self.problem(path, what, "rename one of them", "double")

    def _tables(self, names: Sequence[str]) -> None:
        """Lines of splits.csv and attributes.csv, and what they say about the pictures."""
        path = self.folder / "splits.csv"
        splits, weights = dict.fromkeys(names, "train"), dict[str, float]()
        with self._caught(path, "table"):
            splits, weights = splits_of(self.folder, names, self.mends, self._fault(path))
            if path.exists():
                self._absent(path, splits)
        within = [splits[n] for n in names if n in splits and (not weights or weights[n] > 0)]
        counts = Counter(within)
        counts["left out"] = len(names) - len(within)
        self.report.splits = {k: counts[k] for k in (*tables.SPLITS, "left out") if counts[k]}
        if names and not counts["train"]:
            self.problem(
                path, "leaves no picture to train on", "give some the split train", "table"
            )
        path = self.folder / "attributes.csv"
        if path.exists() and self.report.kind in ("layout", "labelled"):
            with self._caught(path, "table"):
                header, rows = tables.read_attributes(self.folder, self._fault(path))
                self._absent(path, rows)
                self.report.attributes = ranges_of(header, rows, self.names)
        elif self.report.kind == "labelled":
            self.report.attributes = shares_of_folders(names)

    def _fault(self, path: Path) -> tables.Fault:
        if self.mends.lines:
            return tables.ignore
        return lambda error: self.said(path, error, "line")

    def said(self, path: Path, error: Exception, fault: Fault) -> None:
        """A problem from an error's sentence, whose last clause says what to do."""
        what, _, mend = str(error).rstrip(".").rpartition("; ")
        self.problem(path, what or mend, mend if what else "mend or remove it", fault)

    def _absent(self, path: Path, listed: Iterable[str]) -> None:
        if not self.mends.lines:
            for name in listed:
                if name not in self.names:
                    what = f"names {name!r}, which has no picture"
                    self.problem(path, what, "take the line out", "line")

    def _headers(self, entry: Entry) -> bool:
        """Whether the files begin like pictures. Those of two sizes may have other faults too."""
        sizes = []
        for path in (entry.picture, entry.mate):
            if path is not None:
                with self._caught(path):
                    sizes.append(size_of(path))
        if len(sizes) < (1 if entry.mate is None else 2):
            return False
        if entry.mate is not None and sizes[0] != sizes[1]:
            (height, width), (high, wide) = sizes
            fault: Fault = "shape" if apart(sizes[0], sizes[1]) else "size"
            if fault == "shape" or not self.mends.resize:
                what = f"is {wide} x {high}, but {entry.picture.name} is {width} x {height}"
                self.problem(entry.mate, what, "make them the same size", fault)
        return True

    def _decode(self, entry: Entry) -> None:
        with self._caught(entry.picture):
            read_picture(entry.picture)
            if (first := self.twins.seen(entry.picture)) is not None:
                what = f"is the same picture as {first.name}"
                self.note(entry.picture, what, "leave one of them out", "twin")
        if entry.mate is not None and not self.layered:
            read_picture(entry.mate)
        elif entry.mate is not None:
            self._count(entry)

    def _count(self, entry: Entry) -> None:
        """The classes in a layout."""
        if self.reading is None or entry.mate is None:
            return
        names = inside(entry.picture, self.folder), inside(entry.mate, self.folder)
        self.shares.add(self.reading.read(entry.mate), *names)
        by_number = not self.mends.by_color and self.shares.counted <= SAMPLED
        if by_number and says_otherwise(entry.mate, self.reading.stored):
            what = "has colours that are other classes than its numbers"
            self.note(entry.mate, what, "go by the colours", "colors")


def _clipped(text: str) -> str:
    plain = printable(text)
    return plain if len(plain) <= LONGEST else f"{plain[:LONGEST]} …"


def save_as(path: Path) -> str:
    """What to do with a file of a kind that is not read."""
    if path.suffix.lower() in MOVING:
        return "save its frames as pictures in a folder"
    return "save it as PNG or JPEG"
