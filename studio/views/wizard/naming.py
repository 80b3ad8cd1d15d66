"""The last page: the model's name, whose the pictures are, and what will be done."""

from dataclasses import replace

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QComboBox, QFormLayout, QLineEdit, QSizePolicy, QWidget

from studio.models import terms
from studio.models.forecast import Forecast
from studio.models.plan import Plan
from studio.models.terms import CHOICES, LICENCES
from studio.views.wizard.parts import Page, aligned, fill, heading, muted, plain
from studio.views.words import fault_text, kind_text, memory_text, preset_title


class NamingPage(Page):
    """Name, terms of the pictures and of the model, and a summary."""

    def __init__(self, plan: Plan, forecast: Forecast, parent: QWidget | None = None) -> None:
        super().__init__(plan, parent)
        self.entitle(
            self.tr("Name and terms"),
            self.tr(
                "What you say here travels with the model and with every picture that it paints. "
                "It is asked once for each folder."
            ),
        )
        self.forecast = forecast
        self._make_fields()
        self.warning = plain(self)
        self.warning.setObjectName("danger")
        self.beside = muted(self)
        self.int8 = QCheckBox(self.tr("Make a &small copy too, of a quarter of the size"), self)
        self.int8.setAccessibleName(self.tr("Make a small copy too"))
        self.int8.toggled.connect(plan.set_int8)
        self.int8_told = muted(
            self,
            self.tr(
                "Weights of 8 bits. It is kept only where it paints the same within the proof’s "
                "bounds; otherwise you are told."
            ),
        )
        self.tunable = QCheckBox(self.tr("Let the model be trained &further one day"), self)
        self.tunable.setAccessibleName(self.tr("Let the model be trained further one day"))
        self.tunable.toggled.connect(plan.set_tunable)
        self.tunable_told = muted(
            self,
            self.tr("It then carries all that it learnt with, several times its own size."),
        )
        self.summary_title = heading(self.tr("What will be done"), self)
        self.summary = plain(self)
        self.memory = plain(self)  # said here too, for this is where it is started
        self.memory.setObjectName("danger")
        self.summary.setAccessibleName(self.tr("What will be done"))
        for widget in (
            *(self.warning, self.beside, self.int8, self.int8_told),
            *(self.tunable, self.tunable_told, self.summary_title, self.summary),
            self.memory,
        ):
            self.column.addWidget(widget)
        # A click beside its words is none on it.
        for box in (self.int8, self.tunable):
            self.column.setAlignment(box, Qt.AlignmentFlag.AlignLeft)
        self.column.addStretch(1)

    def _make_fields(self) -> None:
        self.name = QLineEdit(self)
        self.name.setAccessibleName(self.tr("Name of the model"))
        self.name.setMaxLength(80)
        self.name.textEdited.connect(self.plan.set_title)
        self.terms = QComboBox(self)
        self.terms.setAccessibleName(self.tr("Terms of the pictures"))
        self.terms.setPlaceholderText(self.tr("Choose"))
        self.terms.activated.connect(self._choose_terms)
        self.note = QLineEdit(self)
        self.note.setAccessibleName(self.tr("Whose pictures they are"))
        self.note.setMaxLength(terms.LONGEST)
        self.note.textEdited.connect(
            lambda text: self.plan.set_terms(replace(self.plan.terms, note=text))
        )
        self.licence = QComboBox(self)
        self.licence.setAccessibleName(self.tr("What the model may be used for"))
        self.licence.setPlaceholderText(self.tr("Choose"))
        self.licence.activated.connect(self._choose_licence)
        rows = self.rows = QFormLayout()
        for label, widget in (
            (self.tr("&Name"), self.name),
            (self.tr("The &pictures"), self.terms),
            (self.tr("&Credits"), self.note),
            (self.tr("The &model is for"), self.licence),
        ):
            widget.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            rows.addRow(label, widget)
        aligned(rows)
        self.column.addLayout(rows)

    def take_focus(self) -> None:
        """Have the keyboard where something is still to be said."""
        given = self.plan.terms
        asked = given.id in terms.NAMED and not given.note.strip()
        missing = self.terms if given.id not in CHOICES else self.note if asked else self.name
        missing.setFocus()

    # Showing ----------------------------------------------------------------------------------

    def refresh(self) -> None:
        plan = self.plan
        if not self.name.hasFocus():
            self.name.setText(plan.title)
        given = plan.terms
        ids = list(CHOICES)
        fill(
            self.terms,
            [terms.choice_text(name) for name in ids],
            ids.index(given.id) if given.id in ids else -1,
        )
        known = given.id in ids
        for row in (2, 3):
            self.rows.setRowVisible(row, known)
        if known:
            self.note.setPlaceholderText(terms.note_text(given.id))
        if not self.note.hasFocus():
            self.note.setText(given.note)
        names = [*LICENCES, *([given.licence] if given.licence not in (*LICENCES, "") else [])]
        fill(
            self.licence,
            [terms.licence_text(name) for name in names],
            names.index(given.licence) if given.licence in names else -1,
        )
        warning = terms.warning(given)
        self.warning.setText(warning)
        self.warning.setVisible(bool(warning))
        found = plan.licence_found
        self.beside.setText(self.tr("With the pictures lies {0} …").format(found) if found else "")
        self.beside.setVisible(bool(found))
        for box, on in ((self.int8, plan.int8), (self.tunable, plan.tunable)):
            box.blockSignals(True)
            box.setChecked(on)
            box.blockSignals(False)
        self.summary.setText(self._summary())
        self.show_memory()

    def show_memory(self) -> None:
        """Say where there is too little memory; the forecast may come after the page."""
        need = self.forecast.need
        short = need is not None and not need.fits
        words = memory_text(need.needs, need.has, need.device) if need is not None else ""
        self.memory.setText(f"{words} {need.advice}".strip() if short and need else "")
        self.memory.setVisible(short)

    def _summary(self) -> str:
        plan, report = self.plan, self.plan.data.report
        if report is None or plan.recipe is None:
            return ""
        words = [kind_text(report.kind, report.pictures)]
        learnt = plan.data.counts.get("train", 0)
        if learnt:
            words[0] += self.tr(", {0} of them to learn from").format(f"{learnt:,}")
        words += [
            f"{fault_text(row.fault, row.count, report.kind)}: {row.chosen.title.lower()}"
            for row in plan.data.rows
            if row.chosen is not None
        ]
        if report.classes:
            words.append(self.tr("{0} classes").format(len(plan.data.learnt_classes)))
        words.append(plan.recipe.title)
        words.append(self._effort())
        if plan.base is not None:
            words.append(self.tr("starting from {0}").format(plan.base_title))
        return "\n".join(f"•  {text}" for text in words)

    def _effort(self) -> str:
        """How thoroughly, in few words."""
        plan = self.plan
        named = preset_title(plan.preset) if plan.preset else self.tr("Own settings")
        if plan.preset and plan.changes:
            named = self.tr("{0}, changed by hand").format(named)
        return self.tr("{0}: {1} steps").format(named, f"{int(plan.values['steps']):,}")

    # Doing ------------------------------------------------------------------------------------

    def _choose_terms(self, row: int) -> None:
        name = list(CHOICES)[row]
        given = self.plan.terms
        usual = CHOICES.get(given.id, "")
        # What was chosen by hand for the model stays.
        licence = given.licence if given.licence not in ("", usual) else CHOICES[name]
        self.plan.set_terms(replace(given, id=name, licence=licence))

    def _choose_licence(self, row: int) -> None:
        names = [*LICENCES, self.plan.terms.licence]
        self.plan.set_terms(replace(self.plan.terms, licence=names[row]))
