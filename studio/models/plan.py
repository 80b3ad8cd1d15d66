"""The plan of a training: what it learns from, what shall be made of it, and on what terms."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from engines.catalog import RecipeEntry, load_catalog
from engines.data.mends import NONE, Mends
from engines.data.report import Form
from engines.errors import UserError
from engines.orders import Order
from studio.lanes.work import Job, WorkLane
from studio.models import terms
from studio.models.bases import Base, read_base
from studio.models.dataplan import DataPlan
from studio.models.suited import ALSO, allowed, kinds_for
from studio.models.terms import Terms

# Presets that an artist is offered, in this order; others follow by their own names.
PRESETS = ("quick", "overnight", "best")
REHEARSAL = "tiny"
OWN = frozenset({"steps"})  # settings that a model to start from does not decide


class Plan(QObject):
    """What the wizard shows and sets. `changed` after anything."""

    changed = Signal()

    def __init__(self, work: WorkLane, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.data = DataPlan(work, self)
        self.data.changed.connect(self.changed)
        self.data.found.connect(self._found)
        self.catalog: Mapping[str, RecipeEntry] = {}
        self.trouble = ""
        # Where the recipes have changed, a child process reads them anew.
        work.add(
            Job(self.tr("Reading the recipes"), lambda job: load_catalog(), self._know, self._fail)
        )
        self.recipe: RecipeEntry | None = None
        self.preset = ""
        self.changes: dict[str, Any] = {}  # settings that a person set by hand
        self.base: Path | None = None  # model to start from
        self.base_title = ""
        self.beside: Base | None = None  # a model to start from, installed or not
        self.base_reason = ""  # why the one that was wished for cannot be
        self.based: dict[str, Any] = {}  # its settings
        self.title = ""
        self.terms = Terms()
        self.licence_found = ""  # a file of terms that lies with the pictures
        self.int8 = False
        self.tunable = True
        self.device = "auto"
        self._titled = False
        self._picked: RecipeEntry | None = None  # by a person, and no suggestion
        self._wished: Order | None = None  # to be taken over when its folder was looked through

    def _know(self, catalog: Mapping[str, RecipeEntry]) -> None:
        self.catalog = catalog

    def _fail(self, sentence: str) -> None:
        self.trouble = sentence
        self.changed.emit()

    # The data ---------------------------------------------------------------------------------

    def choose_folder(self, folder: Path) -> None:
        """Learn from this one."""
        self._wished = None
        self.leave_base()
        self._begin(folder, None)

    def _begin(self, folder: Path, wish: Mends | None) -> None:
        self.recipe, self.preset, self.changes, self._picked = None, "", {}, None
        if not self._titled:
            name = folder.name.replace("_", " ").replace("-", " ").strip()
            self.title = name[:1].upper() + name[1:]
        self.terms = terms.recall(folder)
        self.licence_found = terms.licence_file(folder)
        self.data.choose_folder(folder, wish)

    def _found(self) -> None:
        """Choose what suits what was found, or what was wished for."""
        wished = self._wished
        if wished is not None:
            entry = self.catalog.get(wished.recipe)
            if entry and self.data.choose_form(kinds_for(entry)):
                return
            self._wished = None
            self._take_over(wished)
            self._picked = self.recipe
        elif self.beside is not None and self.base is None:
            entry = self.catalog.get(self.beside.recipe)
            if entry and self.data.choose_form(kinds_for(entry)):
                return
            self._start_from_wished(entry)
        self._choose_fitting()

    def _choose_fitting(self) -> None:
        """What a person chose, as long as it fits; else what is suggested for such a folder."""
        fitting = self.recipes
        best = self._picked if self._picked in fitting else self.suggested
        if best != self.recipe and (best is not None or self.recipe not in fitting):
            self.recipe, self.changes = best, {}
            self.leave_base()
            self._choose_usual()

    # What to make of it -----------------------------------------------------------------------

    @property
    def recipes(self) -> list[RecipeEntry]:
        """What such data can teach, its own kind first."""
        kind = self.data.kind
        kinds = (kind, *(ALSO.get(kind, ())))
        return [r for k in kinds for r in self.catalog.values() if r.kind == k]

    @property
    def beyond(self) -> list[RecipeEntry]:
        """What other pictures could teach, or these, taken as something else; these first."""
        fitting = self.recipes
        rest = [entry for entry in self.catalog.values() if entry not in fitting]
        return sorted(rest, key=lambda entry: self.reading(entry) is None)

    def reading(self, entry: RecipeEntry) -> Form | None:
        """What the folder could be taken as to teach this."""
        return self.data.reading(kinds_for(entry))

    def take_for(self, entry: RecipeEntry) -> None:
        """Train this, and take the folder as what teaches it."""
        form = self.reading(entry)
        if form is not None:
            self._picked = entry
            self.leave_base()
            self.data.take_as(form)

    @property
    def rereading(self) -> bool:
        """Whether the folder is read anew to teach what a person chose."""
        return self._picked is not None and self.data.scanning == "quick"

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
        self._picked = entry
        if entry != self.recipe:
            self.recipe, self.changes = entry, {}
            self.leave_base()
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

    def start_from(self, base: Path | None, settings: Mapping[str, Any], title: str = "") -> None:
        """Start from a model, by whose settings it is then built; None starts from scratch."""
        if base != self.base:
            self.base, self.base_title = base, title
            known = {} if self.recipe is None else {s.name: s for s in self.recipe.settings}
            self.based = {
                name: value
                for name, value in settings.items()
                if name in known and name not in OWN and allowed(known[name], value)
            }
            self.changes = {}
            self.changed.emit()

    def wish_base(self, folder: Path) -> None:
        """Start from the model in this folder, as soon as it is known that the pictures do."""
        self.beside = read_base(folder)
        if self.beside is None:
            self.base_reason = self.tr("The model in {0} cannot be read.").format(folder)
        elif self.data.report is not None:
            self._found()
        self.changed.emit()

    def _start_from_wished(self, entry: RecipeEntry | None) -> None:
        base = self.beside
        assert base is not None
        self.base_reason = ""
        if base.reason:
            self.base_reason = f"{base.title}: {base.reason}"
        elif entry is None or entry not in self.recipes:
            self.base_reason = self.tr("{0} learns from pictures of another kind.").format(
                base.title
            )
        else:
            if entry != self.recipe:
                self.recipe = entry
                self._choose_usual()
            self._picked = entry
            self.start_from(base.folder, base.settings, base.title)

    def leave_base(self) -> None:
        """Start from scratch."""
        self.start_from(None, {})

    def reset_values(self) -> None:
        """Give up what was set by hand."""
        if self.changes:
            self.changes = {}
            self.changed.emit()

    @property
    def values(self) -> dict[str, Any]:
        """Every setting: the recipe's default, the preset's, the base's, or set by hand."""
        return {} if self.recipe is None else {**self.values_of(self.preset), **self.changes}

    def values_of(self, preset: str) -> dict[str, Any]:
        """Every setting as a preset of the recipe has it, where nothing is set by hand."""
        if self.recipe is None:
            return {}
        values = {setting.name: setting.default for setting in self.recipe.settings}
        return {**values, **(self.recipe.presets[preset] if preset else {}), **self.based}

    # Name and terms ---------------------------------------------------------------------------

    def set_title(self, title: str) -> None:
        """Call the model so."""
        self.title, self._titled = title, bool(title.strip())
        self.changed.emit()

    def set_terms(self, given: Terms) -> None:
        """Say on what terms the pictures are used, and the model may be."""
        if given != self.terms:
            self.terms = given
            self.changed.emit()

    def set_int8(self, on: bool) -> None:
        """Try a model of a quarter of the size, too."""
        if on != self.int8:
            self.int8 = on
            self.changed.emit()

    def set_tunable(self, on: bool) -> None:
        """Let the model carry what further training needs."""
        if on != self.tunable:
            self.tunable = on
            self.changed.emit()

    def set_device(self, name: str) -> None:
        """Train on "cuda", "cpu", or ("auto") on what there is."""
        if name != self.device:
            self.device = name
            self.changed.emit()

    # Another order ----------------------------------------------------------------------------

    def take(self, order: Order) -> None:
        """Plan the same once more, to be changed: its folder is looked through anew."""
        self._wished = order
        self._titled, self.title = True, order.title
        try:
            wish = Mends.from_json(order.mends)
        except UserError:
            wish = NONE
        self._begin(Path(order.data), wish)

    def _take_over(self, order: Order) -> None:
        """Set what the order says, as far as it still fits."""
        entry = self.catalog.get(order.recipe)
        if entry is None or entry not in self.recipes:
            return
        self.recipe = entry
        self.preset = order.preset if order.preset in entry.presets else ""
        self.int8, self.tunable = order.int8, order.tunable
        self.device = order.device if order.device in ("auto", "cuda", "cpu") else "auto"
        if order.base and Path(order.base).is_dir():
            self.base, self.beside = Path(order.base), read_base(Path(order.base))
            self.base_title = self.beside.title if self.beside else self.base.name
        known = {setting.name: setting for setting in entry.settings}
        usual = self.values
        wanted = {s.name: s.default for s in entry.settings} | dict(order.settings)
        self.changes = {
            name: value
            for name, value in wanted.items()
            if name in known and allowed(known[name], value) and value != usual[name]
        }

    # Starting ---------------------------------------------------------------------------------

    @property
    def recipe_reason(self) -> str:
        """Why nothing can be learnt; nothing where something can."""
        if self.trouble:
            return self.trouble
        if not self.recipes:
            return self.tr("Nothing here learns from such a folder; choose another.")
        if self.recipe is None:
            return self.tr("Choose what it shall learn.")
        return ""

    @property
    def name_reason(self) -> str:
        """Why name and terms do not do; nothing where they do."""
        if not self.title.strip():
            return self.tr("Give the model a name.")
        return terms.reason(self.terms)

    @property
    def reason(self) -> str:
        """Why it cannot be started yet; nothing where it can."""
        return (
            self.data.reason
            or self.data.class_reason
            or self.recipe_reason
            or self.name_reason
            or (self.tr("The pictures are still being looked through.") if self.scanning else "")
        )

    @property
    def scanning(self) -> bool:
        """Whether the folder is being looked through."""
        return bool(self.data.scanning)

    def draft(self) -> Order | None:
        """The order as far as it is known, to be forecast; None while nothing can be learnt."""
        if self.data.reason or self.recipe_reason or self.recipe is None or not self.data.folder:
            return None
        values = self.values
        usual = {setting.name: setting.default for setting in self.recipe.settings}
        steps = int(values["steps"])
        return Order(
            recipe=self.recipe.id,
            data=str(self.data.folder.resolve()),
            title="",
            settings={name: value for name, value in values.items() if value != usual[name]},
            device=self.device,
            preset=self.preset,
            # Twenty looks at a short run; a long one is measured and saved as often as it pays.
            validate=min(max(steps // 20, 50), 2000),
            checkpoint=min(max(steps // 20, 10), 500),
            base="" if self.base is None else str(self.base),
            mends=self.data.mends.to_json(),
        )

    def order(self) -> Order:
        """The order that all this makes, its terms remembered; UserError while there is a reason
        against it.
        """
        draft = self.draft()
        if self.reason or draft is None or self.data.folder is None:
            raise UserError(self.reason)
        terms.remember(self.data.folder, self.terms)
        return replace(
            draft,
            title=self.title.strip(),
            terms=terms.told(self.terms),
            licence=terms.licence_told(self.terms),
            int8=self.int8,
            tunable=self.tunable,
        )
