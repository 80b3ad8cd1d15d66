"""What a training shall learn from: a folder, what was recognised in it, repairs, and the split.

Nothing in the folder is changed: repairs, names of classes and the split are a way to read it.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from PySide6.QtCore import QObject, Signal

from engines.data.mends import NONE, Mends, Split
from engines.data.offers import Offer, combined, offers, remaining
from engines.data.report import Alternative, Fault, Form, Problem, Report
from engines.data.scan import scan
from studio.lanes.work import Job, WorkLane

MOST_COUNTED = 20_000  # pictures that are counted anew at each change of the split
Round = Literal["", "quick", "deep"]


@dataclass(frozen=True)
class Row:
    """A kind of fault with what can be done about it; `mended` by the repair that was chosen."""

    fault: Fault
    count: int
    example: str
    offers: tuple[Offer, ...]
    chosen: Offer | None
    hinders: bool  # Whether a training cannot start with it.


class DataPlan(QObject):
    """What the wizard's first pages show and set. `changed` after anything, `progressed` while it
    scans, `found` after each round.
    """

    changed = Signal()
    progressed = Signal(float)  # 0 to 1 of this round
    found = Signal()

    def __init__(self, work: WorkLane, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._work = work
        self._job: Job | None = None
        self._counting: Job | None = None
        self._job_progress = work.progressed.connect(self._tell)
        self.folder: Path | None = None
        self.report: Report | None = None
        self.scanning: Round = ""
        self.trouble = ""
        self.other: Alternative | None = None  # what it is taken as instead, where it is
        self.split: Split | None = None
        self.swapped = False  # of two sorts of pictures, which is first
        self.counts: Mapping[str, int] = {}  # pictures by split, as they are read
        self._standing: Problem | None = None  # a fault in spite of all repairs
        self._first: Report | None = None  # what it was recognised as by itself
        self._wish, self._wished = NONE, False
        self._chosen: dict[Fault, str] = {}
        self._names: dict[str, str] = {}
        self._rows: list[Row] | None = None  # as long as nothing has changed
        self._mends: Mends | None = None
        self._left: int | None = None

    # The folder -------------------------------------------------------------------------------

    def choose_folder(self, folder: Path, wish: Mends | None = None) -> None:
        """Look through this one: quickly, then deeply. Where it can, it is read as `wish` says."""
        self.cancel()
        self.folder, self._first, self.other = folder, None, None
        self._wish, self._wished = wish or NONE, wish is not None
        self.split, self.swapped = self._wish.split, False
        self._look(deep=False)

    def choose_form(self, kinds: Collection[str]) -> bool:
        """Take the folder as what was wished for and is of one of these kinds; whether it is looked
        through anew for that.
        """
        if self._first is None:
            return False
        forms: list[tuple[str, Mends, Alternative | None]]
        forms = [(self._first.kind, self._first.mends, None)]
        forms += [(other.kind, other.mends, other) for other in self.others]
        fitting = [
            (len(mends.to_json()), other)
            for kind, mends, other in forms
            if kind in kinds and mends | self._wish == self._wish
        ]
        best = max(fitting, key=lambda pair: pair[0])[1] if fitting else self.other
        changes = best != self.other
        self.choose_other(best)
        return changes

    def choose_other(self, other: Alternative | None) -> None:
        """Take the folder as this instead, or as what it was recognised as."""
        if self.folder is not None and other != self.other:
            self.cancel()
            self.other = other
            self._look(deep=False)

    def reading(self, kinds: Collection[str]) -> Form | None:
        """What the folder can be taken as to be of one of these kinds."""
        if self._first is None:
            return None
        known: list[Report | Alternative] = [self._first, *self.others]
        return next((each.form for each in known if each.kind in kinds), None)

    def take_as(self, form: Form) -> None:
        """Take the folder as this, one of what it can be taken as."""
        self.choose_other(next((other for other in self.others if other.form == form), None))

    def _look(self, deep: bool) -> None:
        folder, other = self.folder, self.other
        assert folder is not None
        if not deep:
            self.report, self.trouble, self._standing = None, "", None
            self._chosen, self._names, self.counts = {}, dict(self._wish.classes), {}
        self._touch()
        self.scanning = "deep" if deep else "quick"

        def run(job: Job) -> Report:
            return scan(
                folder,
                None if other is None else other.kind,
                deep=deep,
                mends=NONE if other is None else other.mends,
                cancelled=lambda: job.cancelled,
                progress=lambda done, total: job.tell(done / max(total, 1)),
            )

        label = self.tr("Looking through {0}").format(folder.name)
        self._job = self._work.add(Job(label, run, self._take, self._fail))
        self.changed.emit()

    def _tell(self, job: Job, share: float, text: str) -> None:
        if job is self._job:
            self.progressed.emit(share)

    def _take(self, report: Report) -> None:
        if self._job is None or str(self.folder) != report.folder:
            return
        quick, self._job, self.report = self.scanning == "quick", None, report
        self._touch()
        if self.other is None:
            self._first = report
        wished = self._wish.folders
        self.swapped = (
            bool(wished) and wished == report.mends.folders[::-1] if quick else self.swapped
        )
        self.counts = report.splits
        self.scanning = ""
        self.found.emit()
        if self._job is not None:  # Somebody who heard it wants it read otherwise.
            return
        if quick and report.pictures:
            self._look(deep=True)
        else:
            self.changed.emit()
            self._count()

    def _fail(self, sentence: str) -> None:
        self._job, self.scanning, self.trouble = None, "", sentence
        self.changed.emit()

    def cancel(self) -> None:
        """End the scan; what it has found so far stands."""
        if self._job is not None:
            self._job.cancel()
            self._job, self.scanning = None, ""
            self.changed.emit()
        if self._counting is not None:
            self._counting.cancel()
            self._counting = None

    def _touch(self) -> None:
        """What was worked out is no longer so. Ten thousand faults are not gone through at every
        look.
        """
        self._rows = self._mends = self._left = None

    @property
    def partial(self) -> bool:
        """Whether not every pixel was looked at."""
        return self.report is not None and not self.report.deep and not self.scanning

    # What it is -------------------------------------------------------------------------------

    @property
    def recognised(self) -> Report | None:
        """What was recognised, whatever it is taken as now."""
        return self._first

    @property
    def others(self) -> list[Alternative]:
        """What else the folder could be taken as."""
        return [] if self._first is None else self._first.alternatives

    @property
    def kind(self) -> str:
        """The kind of data that it is taken as; empty while nobody knows."""
        return "" if self.report is None else self.report.kind

    # Faults -----------------------------------------------------------------------------------

    @property
    def rows(self) -> list[Row]:
        """Every kind of fault, with its repairs and the one that was chosen."""
        report = self.report
        if report is None:
            return []
        if self._rows is None:
            made = offers(report)
            faults: dict[Fault, int] = dict(report.faults)
            for offer in made:
                faults.setdefault(offer.fault, offer.count)
            rows = [self._row(report, fault, count, made) for fault, count in faults.items()]
            # What only a person can mend comes first.
            self._rows = sorted(rows, key=lambda row: bool(row.offers) or not row.hinders)
        return self._rows

    def _row(self, report: Report, fault: Fault, count: int, made: list[Offer]) -> Row:
        mine = tuple(offer for offer in made if offer.fault == fault)
        wish = next((o.id for o in mine if self._wish | o.change == self._wish), "")
        hinders = fault in report.faults
        if not wish and (hinders or not self._wished):
            wish = next((offer.id for offer in mine if offer.usual), "")
        wanted = self._chosen.get(fault, wish)
        chosen = next((offer for offer in mine if offer.id == wanted), None)
        listed: list[Problem] = [*report.problems, *report.notes]
        example = next((p.file for p in listed if p.fault == fault), "")
        return Row(fault, count, example, mine, chosen, hinders)

    def choose_repair(self, fault: Fault, offer: Offer | None) -> None:
        """Mend a kind of fault so, or leave it as it is."""
        self._chosen[fault] = "" if offer is None else offer.id
        self._touch()
        self.changed.emit()
        self._count()

    @property
    def mends(self) -> Mends:
        """How the folder is read."""
        if self.report is None:
            return NONE
        if self._mends is None:
            chosen = [row.chosen for row in self.rows if row.chosen is not None]
            mends = combined(self.report, chosen, self.split)
            for name, new in self._names.items():
                mends = mends.renamed(name, new)
            if self.swapped:
                mends = replace(mends, folders=mends.folders[::-1], endings=mends.endings[::-1])
            self._mends = mends
        return self._mends

    @property
    def left(self) -> int:
        """How many faults keep a training from starting."""
        if self.report is None:
            return 0
        if self._left is None:
            self._left = remaining(self.report, self.mends)
        return self._left

    # Classes and split ------------------------------------------------------------------------

    def class_name(self, name: str) -> str:
        """What a class of the folder is called now: its own name, another's, or "" (left out)."""
        return self._names.get(name, name)

    @property
    def named(self) -> bool:
        """Whether somebody has given a class a name."""
        return bool(self._names)

    def name_class(self, name: str, new: str) -> None:
        """Call a class something else; by another's name the two are one, "" leaves it out."""
        if new.strip() != self.class_name(name):
            self._names[name] = new.strip()
            if new.strip() == name:
                del self._names[name]
            self._touch()
            self.changed.emit()

    @property
    def learnt_classes(self) -> list[str]:
        """The names of the classes that are left, each once."""
        report = self.report
        names = [self.class_name(c.name) for c in report.classes] if report is not None else []
        return [name for name in dict.fromkeys(names) if name]

    @property
    def sorts(self) -> tuple[str, ...]:
        """The folders of two sorts of pictures that do not match, the first one first."""
        return self.mends.folders if self.kind == "unpaired" else ()

    def swap(self) -> None:
        """Make the second of two sorts of pictures the first."""
        self.swapped = not self.swapped
        self._touch()
        self.changed.emit()
        self._count()

    def choose_split(self, split: Split | None) -> None:
        """Share the pictures out so, or as the folder says."""
        if split != self.split:
            self.split = split
            self._touch()
            self.changed.emit()
            self._count()

    @property
    def exact(self) -> bool:
        """Whether `counts` are those of the pictures as they are read now."""
        return self._counting is None and not self.scanning

    def _count(self) -> None:
        """Count anew who learns and who judges, where repairs or the split say otherwise."""
        folder, report, mends = self.folder, self.report, self.mends
        if folder is None or report is None or not 0 < report.pictures <= MOST_COUNTED:
            return
        if self._counting is not None:
            self._counting.cancel()
        self._standing = None
        if mends == report.mends:
            self._counting, self.counts = None, report.splits
            self.changed.emit()
            return

        def run(job: Job) -> Report:
            return scan(
                folder, report.kind, deep=False, mends=mends, cancelled=lambda: job.cancelled
            )

        def take(counted: Report) -> None:
            if self._counting is job:
                self._counting, self.counts = None, counted.splits
                self._standing = counted.problems[0] if counted.problems else None
                self.changed.emit()

        def fail(sentence: str) -> None:
            if self._counting is job:
                self._counting = None
                self.changed.emit()

        job = Job(self.tr("Counting the pictures of {0}").format(folder.name), run, take, fail)
        self._counting = self._work.add(job)

    # Whether it will do -----------------------------------------------------------------------

    @property
    def reason(self) -> str:
        """Why nothing can be learnt from it yet; nothing where something can."""
        if self.folder is None:
            return self.tr("Choose a folder of pictures first.")
        if self.scanning == "quick":
            return self.tr("The pictures are still being looked through.")
        if self.trouble:
            return self.trouble
        if self.report is None:
            return self.tr("The folder was not looked through; choose it again.")
        if self.left == 1:
            return self.tr("Choose a repair for the fault, or mend it in the folder.")
        if self.left:
            return self.tr("Choose repairs for {0} faults, or mend them in the folder.").format(
                f"{self.left:,}"
            )
        if (fault := self._standing) is not None:
            return f"{fault.file} {fault.what}: {fault.mend}."
        return ""

    @property
    def class_reason(self) -> str:
        """Why the classes or the split will not do; nothing where they will."""
        report = self.report
        if report is None:
            return ""
        if report.classes and not self.learnt_classes:
            return self.tr("Every class is left out; keep at least one.")
        if self.exact and self.counts and not self.counts.get("train"):
            return self.tr("No picture is left to learn from; choose another split.")
        return ""
