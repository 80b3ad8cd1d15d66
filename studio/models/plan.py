"""The plan of a training: a folder, what was found in it, and what shall be made of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from engines.catalog import RecipeEntry, load_catalog
from engines.data.report import Report
from engines.data.scan import scan
from engines.data.tables import read_classes
from engines.errors import UserError
from engines.orders import Order
from studio.lanes.work import Job, WorkLane

# Presets that an artist is offered, in this order; others follow by their own names.
PRESETS = ("quick", "overnight", "best")
REHEARSAL = "tiny"
# What a folder of a kind can teach besides recipes of its own kind.
ALSO = {"layout": ("paired", "image"), "labelled": ("image",)}


@dataclass(frozen=True)
class Found:
    """What a scan brought: the report, colours by class id, and the catalogue."""

    report: Report
    colors: Mapping[int, str]
    catalog: Mapping[str, RecipeEntry]


class Plan(QObject):
    """What the dialog shows and sets. `changed` after anything, `progressed` while it scans."""

    changed = Signal()
    progressed = Signal(float)  # 0 to 1 of this round

    def __init__(self, work: WorkLane, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._work = work
        self._job: Job | None = None
        self._job_progress = work.progressed.connect(self._tell)
        self.folder: Path | None = None
        self.found: Found | None = None
        self.scanning = ""  # "quick", "deep" or nothing
        self.trouble = ""
        self.recipe: RecipeEntry | None = None
        self.preset = ""
        self.changes: dict[str, Any] = {}  # settings that a person set by hand
        self.title = ""
        self._titled = False

    # The folder -------------------------------------------------------------------------------

    def choose_folder(self, folder: Path) -> None:
        """Look through this one: quickly, then deeply."""
        self.cancel()
        self.folder, self.found, self.trouble = folder, None, ""
        self.recipe, self.preset, self.changes = None, "", {}
        if not self._titled:
            self.title = folder.name.replace("_", " ").replace("-", " ").strip().capitalize()
        self._scan(deep=False)

    def _scan(self, deep: bool) -> None:
        folder = self.folder
        assert folder is not None
        self.scanning = "deep" if deep else "quick"

        def run(job: Job) -> Found:
            report = scan(
                folder,
                deep=deep,
                cancelled=lambda: job.cancelled,
                progress=lambda done, total: job.tell(done / max(total, 1)),
            )
            return Found(report, _colors(folder, report), load_catalog())

        label = self.tr("Looking through {0}").format(folder.name)
        self._job = self._work.add(Job(label, run, self._take, self._fail))
        self.changed.emit()

    def _tell(self, job: Job, share: float, text: str) -> None:
        if job is self._job:
            self.progressed.emit(share)

    def _take(self, found: Found) -> None:
        if str(self.folder) != found.report.folder or self._job is None:
            return
        self.found, self._job = found, None
        if self.scanning == "quick":
            self.recipe = self.suggested
            self._choose_usual()
            if not found.report.problems:
                self._scan(deep=True)
                return
        self.scanning = ""
        self.changed.emit()

    def _fail(self, sentence: str) -> None:
        self._job, self.scanning, self.trouble = None, "", sentence
        self.changed.emit()

    def cancel(self) -> None:
        """End the scan; what it has found so far stands."""
        if self._job is not None:
            self._job.cancel()
            self._job, self.scanning = None, ""
            self.changed.emit()

    @property
    def partial(self) -> bool:
        """Whether not every pixel was looked at."""
        return self.found is not None and not self.found.report.deep and not self.scanning

    # What to make of it -----------------------------------------------------------------------

    @property
    def recipes(self) -> list[RecipeEntry]:
        """What such data can teach, its own kind first."""
        if self.found is None:
            return []
        kind = self.found.report.kind
        kinds = (kind, *(ALSO.get(kind, ())))
        return [r for k in kinds for r in self.found.catalog.values() if r.kind == k]

    @property
    def suggested(self) -> RecipeEntry | None:
        """What to begin with: the first that its makers would begin with, the folder's own kind
        before others; else the only one there is.
        """
        fitting = self.recipes
        only = fitting[0] if len(fitting) == 1 else None
        return next((entry for entry in fitting if entry.usual), only)

    @property
    def presets(self) -> list[str]:
        """Names of the recipe's presets, the usual ones first and the rehearsal last."""
        if self.recipe is None:
            return []
        names = list(self.recipe.presets)
        usual = [name for name in PRESETS if name in names]
        others = [name for name in names if name not in (*PRESETS, REHEARSAL)]
        return [*usual, *others, *([REHEARSAL] if REHEARSAL in names else [])]

    def choose_recipe(self, entry: RecipeEntry) -> None:
        """Train this; settings go back to its own."""
        if entry != self.recipe:
            self.recipe, self.changes = entry, {}
            self._choose_usual()
            self.changed.emit()

    def _choose_usual(self) -> None:
        self.preset = self.presets[0] if self.presets else ""

    def choose_preset(self, name: str) -> None:
        """Take these settings; those set by hand are given up."""
        if name != self.preset:
            self.preset, self.changes = name, {}
            self.changed.emit()

    def set_value(self, name: str, value: Any) -> None:
        """Set one setting by hand."""
        if self.values[name] != value:
            self.changes[name] = value
            self.changed.emit()

    def set_title(self, title: str) -> None:
        """Call the model so."""
        self.title, self._titled = title, bool(title.strip())
        self.changed.emit()

    @property
    def values(self) -> dict[str, Any]:
        """Every setting: the recipe's default, the preset's, or what was set by hand."""
        if self.recipe is None:
            return {}
        values = {setting.name: setting.default for setting in self.recipe.settings}
        preset = self.recipe.presets[self.preset] if self.preset else {}
        return {**values, **preset, **self.changes}

    # Starting ---------------------------------------------------------------------------------

    @property
    def reason(self) -> str:
        """Why it cannot be started yet; nothing where it can."""
        if self.folder is None:
            return self.tr("Choose a folder of pictures first.")
        if self.scanning:
            return self.tr("The pictures are still being looked through.")
        if self.trouble:
            return self.trouble
        if self.found is None:
            return self.tr("The folder was not looked through; choose it again.")
        if count := self.found.report.count:
            if count == 1:
                return self.tr("Mend the problem in the folder first, then choose it again.")
            return self.tr(
                "Mend the {0} problems in the folder first, then choose it again."
            ).format(f"{count:,}")
        if not self.recipes:
            return self.tr("Nothing here learns from such a folder; choose another.")
        if self.recipe is None:
            return self.tr("Choose what it shall learn.")
        if not self.title.strip():
            return self.tr("Give the model a name.")
        return ""

    def order(self) -> Order:
        """The order that all this makes; UserError while there is a reason against it."""
        if self.reason or self.recipe is None or self.folder is None:
            raise UserError(self.reason)
        values = self.values
        usual = {setting.name: setting.default for setting in self.recipe.settings}
        steps = int(values["steps"])
        return Order(
            recipe=self.recipe.id,
            data=str(self.folder.resolve()),
            title=self.title.strip(),
            settings={name: value for name, value in values.items() if value != usual[name]},
            preset=self.preset,
            # Twenty looks at a short run; a long one is measured and saved as often as it pays.
            validate=min(max(steps // 20, 50), 2000),
            checkpoint=min(max(steps // 20, 10), 500),
        )


def _colors(folder: Path, report: Report) -> dict[int, str]:
    """Colours by class id; none where the classes cannot be read, which the report says."""
    if report.kind != "layout":
        return {}
    try:
        return {i: entry.color for i, entry in enumerate(read_classes(folder))}
    except UserError:
        return {}
