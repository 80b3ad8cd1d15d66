"""The fourth page: how thoroughly, with what memory, and every setting for who wants it."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QProgressBar,
    QPushButton,
    QToolButton,
    QWidget,
)

from studio.models.forecast import Forecast, Need
from studio.models.plan import Plan
from studio.models.training import Training
from studio.views.icons import icon
from studio.views.settings_form import WIDTH, SettingsForm
from studio.views.wizard.cards import Card, Cards
from studio.views.wizard.parts import Page, heading, muted, plain
from studio.views.words import (
    bytes_text,
    memory_text,
    part_text,
    preset_text,
    preset_title,
    span_text,
)

DEVICES = ("auto", "cuda", "cpu")


class EffortPage(Page):
    """Presets, the forecast of memory, and the settings' form."""

    def __init__(
        self, plan: Plan, training: Training, forecast: Forecast, parent: QWidget | None = None
    ) -> None:
        super().__init__(plan, parent)
        self.entitle(
            self.tr("How thoroughly"),
            self.tr(
                "It trains beside your painting, and goes on when the studio is closed. How long "
                "it takes here is known after the first steps."
            ),
        )
        self.training, self.forecast = training, forecast
        self.presets = Cards(self.tr("Presets"), self)
        self.presets.chosen.connect(plan.choose_preset)
        self.column.addWidget(self.presets)
        self._make_memory()
        self.fold = QToolButton(self)
        self.fold.setText(self.tr("Advanced settings"))
        self.fold.setAccessibleName(self.tr("Advanced settings"))
        self.fold.setCheckable(True)
        self.fold.setAutoRaise(True)
        self.fold.setIcon(icon("chevron-right"))
        self.fold.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.fold.toggled.connect(self._unfold)
        self.form = SettingsForm(self)
        self.form.edited.connect(plan.set_value)
        self.reset = QPushButton(icon("reset"), self.tr("Back to the preset"), self)
        self.reset.setAccessibleName(self.reset.text())
        self.reset.setAutoDefault(False)
        self.reset.clicked.connect(plan.reset_values)
        self.where = QWidget(self)
        row = QHBoxLayout(self.where)
        row.setContentsMargins(0, 0, 0, 0)
        self.device = QComboBox(self.where)
        self.device.setAccessibleName(self.tr("Where it trains"))
        self.device.addItems(
            [self.tr("What is there"), self.tr("The graphics card"), self.tr("The processor")]
        )
        self.device.setFixedWidth(WIDTH)
        self.device.activated.connect(self._choose_device)
        label = plain(self.where, self.tr("&What it trains on"))
        label.setBuddy(self.device)
        row.addWidget(label, 1)
        row.addWidget(self.device)
        for widget in (self.fold, self.where, self.form, self.reset):
            self.column.addWidget(widget)
        self.where.hide()
        self.form.hide()  # What is added to it while it is shown would not be shown at once.
        self.column.setAlignment(self.reset, Qt.AlignmentFlag.AlignLeft)
        self.column.addStretch(1)

    def _make_memory(self) -> None:
        self.memory_title = heading(self.tr("Memory"), self)
        self.memory = QProgressBar(self)
        self.memory.setTextVisible(False)
        self.memory.setAccessibleName(self.tr("Memory that it needs, of what there is"))
        self.memory_told = plain(self)
        self.memory_parts = muted(self)
        self.memory_advice = plain(self)
        self.memory_advice.setObjectName("danger")
        for widget in (
            *(self.memory_title, self.memory, self.memory_told, self.memory_parts),
            self.memory_advice,
        ):
            self.column.addWidget(widget)

    # Showing ----------------------------------------------------------------------------------

    def refresh(self) -> None:
        plan = self.plan
        self.presets.show_cards([self._card(name) for name in plan.presets], plan.preset)
        if plan.recipe is not None:
            self.form.show_settings(plan.recipe.settings, plan.values)
        self.fold.setVisible(plan.recipe is not None)
        for widget in (self.form, self.where):
            widget.setVisible(self.fold.isChecked() and plan.recipe is not None)
        self.device.setCurrentIndex(DEVICES.index(plan.device))
        self.reset.setVisible(bool(plan.changes))
        self.show_memory()

    def _card(self, name: str) -> Card:
        plan = self.plan
        values = plan.values if name == plan.preset else plan.values_of(name)
        changed = name == plan.preset and bool(plan.changes)
        badge = self.tr("Changed by hand") if changed else ""
        return Card(name, preset_title(name), preset_text(name), self._duration(values), badge)

    def _duration(self, values: dict[str, object]) -> str:
        """How much it is, and what is honestly known beforehand of how long it takes."""
        steps, batch, size = (int(str(values[name])) for name in ("steps", "batch", "size"))
        assert self.plan.recipe is not None
        known = self.training.guess(self.plan.recipe.id, steps, float(batch * size**2))
        words = self.tr("{0} steps, pictures of {1} pixels a side").format(f"{steps:,}", size)
        if known is None:
            return words
        told = self.tr("about {0}, going by an earlier training").format(span_text(known))
        return f"{words} · {told}"

    def show_memory(self) -> None:
        """Show the forecast as far as it is known."""
        need = self.forecast.need
        self.memory.setRange(0, 0 if self.forecast.asking else 1000)
        self.memory.setVisible(self.forecast.asking or need is not None)
        self.memory_told.setText(self._memory_words(need))
        self.memory_parts.setText("" if need is None else _parts(need))
        self.memory_parts.setVisible(bool(self.memory_parts.text()))
        self.memory_advice.setText("" if need is None or need.fits else need.advice)
        self.memory_advice.setVisible(bool(self.memory_advice.text()))
        if need is not None and not self.forecast.asking:
            self.memory.setValue(min(1000, round(1000 * need.needs / max(1, need.has))))

    def _memory_words(self, need: Need | None) -> str:
        if self.forecast.asking:
            return self.tr("Finding out how much memory it needs …")
        if need is None:
            if not self.forecast.trouble:
                return ""
            return self.tr("How much memory it needs is not known: {0}").format(
                self.forecast.trouble
            )
        return memory_text(need.needs, need.has, need.device)

    def _choose_device(self, row: int) -> None:
        self.plan.set_device(DEVICES[row])

    def _unfold(self, on: bool) -> None:
        self.fold.setIcon(icon("chevron-down" if on else "chevron-right"))
        self.refresh()


def _parts(need: Need) -> str:
    return " · ".join(
        f"{part_text(name)} {bytes_text(size)}" for name, size in need.parts.items() if size >= 5e5
    )
