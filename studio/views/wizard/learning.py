"""The third page: what shall be learnt, from scratch or from a model that knows something."""

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QToolButton, QWidget

from engines.catalog import RecipeEntry
from studio.models.bases import Base, bases_for
from studio.models.plan import Plan
from studio.views.icons import icon
from studio.views.wizard.cards import PICTURE, Card, Cards
from studio.views.wizard.parts import Page, heading, muted, plain
from studio.views.words import form_text, kind_text, needs_text

SCRATCH = "scratch"


class LearningPage(Page):
    """What fits the data is offered; what does not is shown with what it would need."""

    def __init__(self, plan: Plan, parent: QWidget | None = None) -> None:
        super().__init__(plan, parent)
        self.entitle(
            self.tr("What it shall learn"),
            self.tr("All of these learn from such pictures."),
        )
        self._bases: list[Base] = []
        self._known: tuple[str, Path | None] = ("", None)
        self.recipes = Cards(self.tr("What it learns"), self)
        self.recipes.chosen.connect(self._choose)
        self.column.addWidget(self.recipes)
        self.fold = QToolButton(self)
        self.fold.setText(self.tr("What other pictures could teach"))
        self.fold.setAccessibleName(self.fold.text())
        self.fold.setCheckable(True)
        self.fold.setAutoRaise(True)
        self.fold.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.fold.toggled.connect(lambda on: self.refresh())
        self.others = Cards(self.tr("For other pictures"), self)
        self.others.chosen.connect(lambda key: plan.take_for(plan.catalog[key]))
        self.column.addWidget(self.fold)
        self.column.addWidget(self.others)
        self.start_title = heading(self.tr("Where it starts"), self)
        self.start_told = muted(
            self,
            self.tr(
                "From scratch it knows nothing but your pictures. From a model that you have, it "
                "is quicker and needs fewer pictures, and it keeps some of that model’s hand."
            ),
        )
        self.start = Cards(self.tr("Where it starts"), self)
        self.start.chosen.connect(self._choose_base)
        self.refused = plain(self)
        self.refused.setObjectName("danger")
        for widget in (self.start_title, self.refused, self.start_told, self.start):
            self.column.addWidget(widget)
        self.column.addStretch(1)

    def refresh(self) -> None:
        plan = self.plan
        chosen = plan.recipe.id if plan.recipe is not None else ""
        offered = sorted(plan.recipes, key=lambda entry: entry != plan.suggested)
        self.recipes.show_cards([self._card(entry) for entry in offered], chosen)
        self.fold.setVisible(bool(plan.beyond))
        self.fold.setIcon(icon("chevron-down" if self.fold.isChecked() else "chevron-right"))
        self.others.setVisible(self.fold.isChecked() and bool(plan.beyond))
        self.others.show_cards(
            [self._other_card(entry) for entry in plan.beyond],
            "",
        )
        beside = None if plan.beside is None else plan.beside.folder
        if (chosen, beside) != self._known:
            self._known = chosen, beside
            self._bases = bases_for(chosen, beside) if chosen else []
        self.refused.setText(plan.base_reason)
        self.refused.setVisible(bool(plan.base_reason))
        for widget in (self.start_title, self.start_told, self.start):
            widget.setVisible(bool(chosen))
        self.start.show_cards(
            [self._scratch(), *(_base_card(base) for base in self._bases)],
            str(plan.base) if plan.base is not None else SCRATCH,
        )

    def _card(self, entry: RecipeEntry) -> Card:
        report = self.plan.data.report
        suggested = entry == self.plan.suggested
        why = entry.usual
        if suggested and report is not None:
            why = why or self.tr("Nothing else learns from such a folder.")
            found = kind_text(report.kind, report.pictures)
            why = self.tr("For {0}: {1}").format(found, why)
        text = " ".join(sentence for sentence in (entry.learns, why) if sentence)
        badge = self.tr("Suggested") if suggested else ""
        return Card(entry.id, entry.title, text, entry.paper, badge)

    def _other_card(self, entry: RecipeEntry) -> Card:
        """What another folder could teach, or this one if it is taken as something else."""
        form = self.plan.reading(entry)
        if form is None:
            text = needs_text(entry.kind)
        else:
            text = self.tr("Choose it, and your folder is taken as: {0}.").format(
                form_text(form).lower()
            )
        return Card(entry.id, entry.title, text, entry.paper, enabled=form is not None)

    def _scratch(self) -> Card:
        return Card(SCRATCH, self.tr("From scratch"), self.tr("Only your pictures count."))

    def _choose(self, key: str) -> None:
        self.plan.choose_recipe(self.plan.catalog[key])

    def _choose_base(self, key: str) -> None:
        base = next((base for base in self._bases if str(base.folder) == key), None)
        if base is None:
            self.plan.leave_base()
        else:
            self.plan.start_from(base.folder, base.settings, base.title)


def _base_card(base: Base) -> Card:
    pixmap = QPixmap(str(base.preview)) if base.preview.is_file() else QPixmap()
    if not pixmap.isNull():
        pixmap = pixmap.scaled(
            PICTURE * 2,
            Qt.AspectRatioMode.KeepAspectRatio,
            Qt.TransformationMode.SmoothTransformation,
        )
    return Card(
        str(base.folder),
        base.title,
        base.reason or base.data,
        picture=None if pixmap.isNull() else pixmap,
        enabled=not base.reason,
    )
