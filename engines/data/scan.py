"""Name every problem of a data set before it is trained on.

First quickly: names, mates, headers, sizes, tables. Then, if asked, deeply: every file is decoded,
one at a time. A bad file is never an exception: it becomes a line of the report.
"""

import contextlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from engines.data import tables
from engines.data.pictures import UNPAINTED, NotExact, read_layout, read_picture, size_of
from engines.data.report import KINDS, ClassShare, Fault, Problem, Range, Report
from engines.data.sets import PICTURES, pair_names
from engines.data.spec import PaletteClass
from engines.errors import UserError

UNREAD = frozenset(
    {".avif", ".gif", ".heic", ".heif", ".jp2", ".jxl", ".psd", ".raw", ".svg", ".tga", ".xcf"}
)


class Cancelled(Exception):  # noqa: N818 - no error: the user asked for it
    """The caller has asked to end the scan."""


class Entry(NamedTuple):
    """A picture and, in layout and paired sets, its mate."""

    name: str
    picture: Path
    mate: Path | None


def recognise(folder: Path) -> str:
    """The kind of data that a folder holds, by the names in it."""
    if (folder / "photos").is_dir() and (folder / "layouts").is_dir():
        return "layout"
    if pair_names(folder):
        return "paired"
    if (folder / "attributes.csv").exists():
        return "labelled"
    inner, own = False, False
    for path in folder.iterdir():
        own = own or _is_picture(path)
        inner = inner or (path.is_dir() and any(_is_picture(p) for p in path.iterdir()))
    return "labelled" if inner and not own else "image"


def scan(
    folder: Path | str,
    kind: str | None = None,
    deep: bool = False,
    cancelled: Callable[[], bool] = lambda: False,
    progress: Callable[[int, int], None] | None = None,
) -> Report:
    """Look through a data set; `kind` is recognised when None.

    `cancelled` is asked before each file; `progress` hears (done, all) after each: once over all
    for the headers, and once more when `deep`. UserError only for a kind that does not exist.
    """
    folder = Path(folder)
    if kind not in (None, *KINDS):
        raise UserError(f"There is no kind of data called {kind!r}; use {', '.join(KINDS)}.")
    report = Report(str(folder), kind or "image", deep)
    work = _Scan(folder, report, cancelled, progress or (lambda done, total: None))
    try:
        report.kind = kind or recognise(folder)
        work.run()
    except Cancelled:
        report.cancelled = True
    except OSError as error:
        work.problem(
            folder, f"cannot be read ({error.strerror})", "choose a folder with pictures", "folder"
        )
    return report


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
        self.names: set[str] = set()  # of all pictures, with or without a mate
        self.classes: tuple[PaletteClass, ...] = ()
        self.pixels = np.zeros(256, np.int64)
        self.layouts = np.zeros(256, np.int64)

    def run(self) -> None:
        entries = self._entries()
        self.report.pictures = len(entries)
        if not entries and not self.report.problems:
            self.problem(
                self.folder, "holds no pictures", "choose another folder or add some", "folder"
            )
        if self.report.kind == "layout" or (self.folder / "classes.json").exists():
            with self._caught(self.folder / "classes.json", "table"):
                self.classes = tables.read_classes(self.folder)
        self._tables()
        sound = [entry for entry in self._each(entries) if self._headers(entry)]
        if self.report.deep:
            try:
                for entry in self._each(sound):
                    with self._caught(entry.mate or entry.picture):
                        self._decode(entry)
            finally:
                self._shares()

    def problem(self, file: Path, what: str, mend: str, fault: Fault) -> None:
        inside = file.is_relative_to(self.folder) and file != self.folder
        name = file.relative_to(self.folder).as_posix() if inside else str(file)
        self.report.add(Problem(name, what, mend, fault))

    @contextlib.contextmanager
    def _caught(self, file: Path, fault: Fault = "broken") -> Iterator[None]:
        """Inside, whatever a bad file raises becomes a problem."""
        try:
            yield
        except Cancelled:
            raise
        except UserError as error:
            self._said(file, error, "ids" if isinstance(error, NotExact) else fault)
        except Exception as error:
            self.problem(file, f"cannot be read ({error})", "restore or remove it", fault)

    def _each(self, entries: Sequence[Entry]) -> Iterator[Entry]:
        for done, entry in enumerate(entries, 1):
            if self.cancelled():
                raise Cancelled
            yield entry
            self.progress(done, len(entries))

    def _entries(self) -> list[Entry]:
        """All pictures that have the mate they need."""
        kind, folder = self.report.kind, self.folder
        layered = (folder / "photos").is_dir() and (folder / "layouts").is_dir()
        if kind == "layout" or (kind == "paired" and layered):
            return self._mated("photos", "layouts")
        if kind == "paired":
            first, second = pair_names(folder) or ("source", "target")
            return self._mated(first, second)
        found = self._listed(folder / "photos" if layered else folder)
        if not found and not layered:
            for inner in sorted(path for path in folder.iterdir() if path.is_dir()):
                found |= {f"{inner.name}/{k}": v for k, v in self._listed(inner).items()}
        elif kind == "labelled" and not (folder / "attributes.csv").exists():
            self.problem(
                folder / "attributes.csv",
                "is missing",
                "add it, or a folder for each class",
                "table",
            )
        self.names = set(found)
        return [Entry(name, path, None) for name, path in found.items()]

    def _mated(self, first: str, second: str) -> list[Entry]:
        both = []
        for name in (first, second):
            if not (self.folder / name).is_dir():
                self.problem(
                    self.folder / name, "is missing", "add this folder of pictures", "folder"
                )
            both.append(self._listed(self.folder / name) if (self.folder / name).is_dir() else {})
        self.names = both[0].keys() | both[1].keys()
        for here, there, lacking in ((both[0], both[1], second), (both[1], both[0], first)):
            if there:  # Without any mate the one line above says it all.
                for name in sorted(here.keys() - there.keys()):
                    self.problem(
                        here[name], f"has no mate in {lacking}", "add it or remove this", "mate"
                    )
        return [Entry(name, both[0][name], both[1][name]) for name in both[0] if name in both[1]]

    def _listed(self, folder: Path) -> dict[str, Path]:
        """Name -> path of the pictures in a folder; unread formats and doubles are problems."""
        found: dict[str, Path] = {}
        for path in sorted(folder.iterdir()):
            if self.cancelled():
                raise Cancelled
            if path.name.startswith("."):
                continue
            if path.suffix.lower() in UNREAD:
                self.problem(
                    path, "is of a kind that is not read", "save it as PNG or JPEG", "unread"
                )
            elif not _is_picture(path):
                continue
            elif path.stem in found:
                self.problem(
                    path,
                    f"has the same name as {found[path.stem].name}",
                    "rename one of them",
                    "double",
                )
            else:
                found[path.stem] = path
        return found

    def _tables(self) -> None:
        """Lines of splits.csv and attributes.csv, and what they say about the pictures."""
        names = self.names
        path = self.folder / "splits.csv"
        splits = {name: tables.split_by_name(name) for name in names}
        if path.exists():
            with self._caught(path, "table"):
                listed, weights = tables.read_splits(self.folder, self._fault(path))
                self._absent(path, listed)
                splits = {n: s for n, s in listed.items() if n in names and weights[n] > 0}
        counts = Counter(splits.values())
        counts["left out"] = len(names) - len(splits)
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
                table = [row for name, row in rows.items() if name in names]
                for column, attribute in enumerate(header):
                    values = np.array([row[column] for row in table], np.float64)
                    self.report.attributes.append(_range(attribute, values))

    def _fault(self, path: Path) -> tables.Fault:
        return lambda error: self._said(path, error, "line")

    def _said(self, path: Path, error: Exception, fault: Fault) -> None:
        """A problem from an error's sentence, whose last clause says what to do."""
        what, _, mend = str(error).rstrip(".").rpartition("; ")
        self.problem(path, what or mend, mend if what else "mend or remove it", fault)

    def _absent(self, path: Path, listed: Iterable[str]) -> None:
        for name in listed:
            if name not in self.names:
                self.problem(
                    path, f"names {name!r}, which has no picture", "take the line out", "line"
                )

    def _headers(self, entry: Entry) -> bool:
        """Whether the files begin like pictures, of one size."""
        sizes = []
        for path in (entry.picture, entry.mate):
            if path is not None:
                with self._caught(path):
                    sizes.append(size_of(path))
        if len(sizes) == 2 and sizes[0] != sizes[1]:
            (height, width), (high, wide) = sizes
            assert entry.mate is not None
            self.problem(
                entry.mate,
                f"is {wide} x {high}, but {entry.picture.name} is {width} x {height}",
                "make them the same size",
                "shape" if _apart(sizes[0], sizes[1]) else "size",
            )
        return len(sizes) == (1 if entry.mate is None else 2) and len(set(sizes)) == 1

    def _decode(self, entry: Entry) -> None:
        with self._caught(entry.picture):
            read_picture(entry.picture)
        if entry.mate is None:
            return
        if entry.mate.parent.name != "layouts":
            read_picture(entry.mate)
        elif self.classes:
            ids = np.bincount(read_layout(entry.mate, self.classes).ravel(), minlength=256)
            self.pixels += ids
            self.layouts += ids > 0

    def _shares(self) -> None:
        painted = max(1, int(self.pixels[:UNPAINTED].sum()))
        every = max(1, int(self.pixels.sum()))
        self.report.unpainted = 100 * int(self.pixels[UNPAINTED]) / every
        self.report.classes = [
            ClassShare(i, c.name, 100 * int(self.pixels[i]) / painted, int(self.layouts[i]))
            for i, c in enumerate(self.classes)
        ]


def _apart(first: tuple[int, int], second: tuple[int, int]) -> bool:
    """Whether two sizes are of different shapes, as if the pictures showed different things."""
    here, there = first[1] / first[0], second[1] / second[0]
    return max(here, there) > 1.05 * min(here, there)


def _is_picture(path: Path) -> bool:
    return path.suffix.lower() in PICTURES and not path.name.startswith(".")


def _range(name: str, values: npt.NDArray[np.float64]) -> Range:
    known = values[~np.isnan(values)]
    if not len(known):
        return Range(name, 0)
    return Range(name, len(known), float(known.min()), float(known.mean()), float(known.max()))
