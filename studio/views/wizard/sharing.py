"""Who learns and who judges: the split of the pictures, as it is found or as an artist says."""

from PySide6.QtWidgets import QComboBox, QFormLayout, QSpinBox, QVBoxLayout, QWidget

from engines.data.mends import By, Split
from studio.models.plan import Plan
from studio.views.wizard.parts import aligned, fill, heading, muted, plain

WAYS: tuple[By, ...] = ("name", "folder", "sequence")


class SplitChoice(QWidget):
    """The usual split or shares of one's own, and how many pictures there are of each."""

    def __init__(self, plan: Plan, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.plan = plan
        self._filling = False
        title = heading(self.tr("Who learns, who judges"), self)
        told = muted(
            self,
            self.tr(
                "Some pictures are kept back: by some of them the best state of the model is "
                "chosen, and the others have the last word at the end."
            ),
        )
        self.source = QComboBox(self)
        self.source.setAccessibleName(self.tr("Split"))
        self.source.activated.connect(self._choose_split)
        self.val, self.test = self._share(), self._share()
        self.val.setAccessibleName(self.tr("Share to choose by, in per cent"))
        self.test.setAccessibleName(self.tr("Share to report on, in per cent"))
        self.way = QComboBox(self)
        self.way.setAccessibleName(self.tr("What stays together"))
        self.way.addItems(
            [
                self.tr("Every picture by itself"),
                self.tr("Pictures of one folder"),
                self.tr("Frames of one sequence"),
            ]
        )
        self.way.activated.connect(self._shares_edited)
        self.counts = plain(self)
        self.rows = QFormLayout()
        self.rows.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self.rows.addRow(self.tr("Spl&it"), self.source)
        self.rows.addRow(self.tr("To &choose by"), self.val)
        self.rows.addRow(self.tr("To &report on"), self.test)
        self.rows.addRow(self.tr("Stay to&gether"), self.way)
        aligned(self.rows)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        for widget in (title, told):
            column.addWidget(widget)
        column.addLayout(self.rows)
        column.addWidget(self.counts)

    def _share(self) -> QSpinBox:
        made = QSpinBox(self)
        made.setRange(0, 45)
        made.setSuffix(" %")
        made.setMaximumWidth(120)
        made.valueChanged.connect(self._shares_edited)
        return made

    def refresh(self) -> None:
        """Show the split as it is."""
        data, report = self.plan.data, self.plan.data.report
        self._filling = True
        folder = data.folder
        table_there = folder is not None and (folder / "splits.csv").is_file()
        recognised = report.mends.split if report is not None else None
        usual = self.tr("As usual")
        if table_there:
            usual = self.tr("As splits.csv in the folder says")
        elif recognised is not None and recognised.by != "name":
            usual = self.tr("As usual, frames that are alike together")
        fill(self.source, [usual, self.tr("My own shares")], 0 if data.split is None else 1)
        split = data.split or recognised or Split()
        for row in (1, 2, 3):
            self.rows.setRowVisible(row, data.split is not None)
        for box, share in ((self.val, split.val), (self.test, split.test)):
            if box.value() != round(100 * share):
                box.setValue(round(100 * share))
        self.way.setCurrentIndex(WAYS.index(split.by))
        shares = [data.counts.get(name, 0) for name in ("train", "val", "test")]
        words = self.tr("{0} to learn from, {1} to choose by, {2} to report on").format(
            *(f"{share:,}" for share in shares)
        )
        out = data.counts.get("left out", 0)
        if out:
            words += self.tr(", {0} left out").format(f"{out:,}")
        if not data.exact:
            words = self.tr("being counted …")
        elif report is not None and not shares[1]:
            words += ". " + self.tr("Without any to choose by, nobody sees how well it goes.")
        self.counts.setText(words)
        self.counts.setAccessibleName(self.tr("Pictures in each part"))
        self._filling = False

    def _choose_split(self, row: int) -> None:
        report = self.plan.data.report
        # What was found to be alike stays together with shares of one's own too.
        recognised = report.mends.split if report is not None else None
        self.plan.data.choose_split((recognised or Split()) if row else None)

    def _shares_edited(self) -> None:
        split = self.plan.data.split
        if self._filling or split is None:
            return
        val, test = self.val.value(), self.test.value()
        by = WAYS[self.way.currentIndex()]
        stretch = split.stretch if by == split.by else 0
        shares = ((100 - val - test) / 100, val / 100, test / 100)
        self.plan.data.choose_split(Split(*shares, by, stretch))
