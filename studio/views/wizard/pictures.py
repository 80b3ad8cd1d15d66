"""The first page: which folder, what it was recognised as, and what to do about faults."""

from pathlib import Path

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from engines.data.report import Report
from studio.models.dataplan import Row
from studio.models.plan import Plan
from studio.views.dialogs import ask_folder
from studio.views.icons import icon
from studio.views.wizard.parts import Page, Sign, fill, heading, muted, plain, put, table
from studio.views.words import fault_text, form_text, kind_text

NAMES_WIDE = 200  # logical pixels, of files in the table, and what can be done
SHOWN = 200  # problems in the table; more are only counted


def _tr(text: str) -> str:
    return QCoreApplication.translate("faults", text)


class PicturesPage(Page):
    """Assembles what the plan knows of its folder."""

    def __init__(self, plan: Plan, parent: QWidget | None = None) -> None:
        super().__init__(plan, parent)
        self.entitle(
            self.tr("Pictures to learn from"),
            self.tr(
                "Choose a folder, or drop it anywhere in this window. Nothing in it is ever "
                "changed."
            ),
        )
        self._round = ""
        self._fold_open: bool | None = None
        self._make_folder()
        self._make_recognised()
        self.faults = Faults(plan, self)
        self.column.addWidget(self.faults)
        self._make_problems()
        self.empty = _Empty(self)
        self.column.addWidget(self.empty, 1)
        self.rest = QWidget(self)
        self.column.addWidget(self.rest, 1)
        plan.data.progressed.connect(lambda share: self.progress.setValue(round(1000 * share)))

    # Making -----------------------------------------------------------------------------------

    def _make_folder(self) -> None:
        self.folder = QLineEdit(self)
        self.folder.setAccessibleName(self.tr("Folder of pictures"))
        self.folder.setPlaceholderText(self.tr("No folder chosen"))
        self.folder.returnPressed.connect(self._typed)
        self.browse = QPushButton(icon("folder"), self.tr("Browse …"), self)
        self.browse.setAccessibleName(self.tr("Browse for a folder of pictures"))
        self.browse.setAutoDefault(False)
        self.browse.clicked.connect(self._browse)
        row = QHBoxLayout()
        row.addWidget(self.folder, 1)
        row.addWidget(self.browse)
        self.progress = QProgressBar(self)
        self.progress.setRange(0, 1000)
        self.progress.setAccessibleName(self.tr("Progress of looking through the folder"))
        self.skip = QPushButton(self.tr("Stop"), self)
        self.skip.setAutoDefault(False)
        self.skip.clicked.connect(self.plan.data.cancel)
        beside = QHBoxLayout()
        beside.addWidget(self.progress, 1)
        beside.addWidget(self.skip)
        self.column.addLayout(row)
        self.column.addLayout(beside)

    def _make_recognised(self) -> None:
        self.summary = heading("", self)
        self.summary.setAccessibleName(self.tr("What was found"))
        self.why = muted(self)
        self.form_label = QLabel(self.tr("&Take it as"), self)
        self.form = QComboBox(self)
        self.form.setAccessibleName(self.tr("Take the folder as"))
        self.form.activated.connect(self._choose_form)
        self.form_label.setBuddy(self.form)
        self.form_label.setMargin(1)  # Qt measures a letter that is underlined too narrow.
        row = QHBoxLayout()
        row.addWidget(self.form_label)
        row.addWidget(self.form, 1)
        self.column.addWidget(self.summary)
        self.column.addWidget(self.why)
        self.column.addLayout(row)

    def _make_problems(self) -> None:
        self.fold = QToolButton(self)
        self.fold.setCheckable(True)
        self.fold.setAutoRaise(True)
        self.fold.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.fold.toggled.connect(self._unfold)
        self.problems = table(
            self,
            self.tr("Problems"),
            [self.tr("File"), self.tr("Problem"), self.tr("What can be done")],
        )
        header = self.problems.horizontalHeader()
        header.setMaximumSectionSize(NAMES_WIDE)
        for column in (0, 2):  # The rest is for what is wrong.
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        self.column.addWidget(self.fold)
        self.column.addWidget(self.problems)

    # Showing ----------------------------------------------------------------------------------

    def refresh(self) -> None:
        data = self.plan.data
        self._show_progress()
        if data.folder is not None and not self.folder.hasFocus():
            self.folder.setText(str(data.folder))
        report = data.report
        self.summary.setText("" if report is None else self._headline(report))
        self.summary.setVisible(report is not None)
        self.why.setText("" if report is None else self._why(report))
        self.why.setVisible(bool(self.why.text()))
        self._show_forms()
        self.faults.refresh()
        self._show_problems(report)
        self.empty.setVisible(data.folder is None)
        self.rest.setVisible(data.folder is not None)

    def _show_progress(self) -> None:
        data = self.plan.data
        scanning, deep = bool(data.scanning), data.scanning == "deep"
        self.progress.setVisible(scanning)
        if data.scanning != self._round:
            self._round = data.scanning
            self.progress.setValue(0)
        self.progress.setFormat(
            self.tr("Looking at every pixel: %p %")
            if deep
            else self.tr("Looking at names and sizes: %p %")
        )
        self.skip.setVisible(scanning)
        self.skip.setText(self.tr("Skip") if deep else self.tr("Stop"))
        self.skip.setAccessibleName(
            self.tr("Skip the thorough look")
            if deep
            else self.tr("Stop looking through the folder")
        )

    def _headline(self, report: Report) -> str:
        words = kind_text(report.kind, report.pictures)
        if self.plan.data.partial and not report.count:
            return self.tr("{0}; not every pixel was looked at").format(words)
        if not report.count and not self.plan.data.scanning:
            return self.tr("{0}, all in order").format(words)
        return words

    def _why(self, report: Report) -> str:
        other = self.plan.data.other
        return other.reason if other is not None else report.reason

    def _show_forms(self) -> None:
        data = self.plan.data
        first = data.recognised
        known = first is not None and bool(data.others)
        self.form.setVisible(known)
        self.form_label.setVisible(known)
        if first is None or not known:
            return
        names = [self.tr("{0} (recognised)").format(form_text(first.form))]
        names += [form_text(other.form) for other in data.others]
        fill(self.form, names, data.others.index(data.other) + 1 if data.other else 0)

    def _show_problems(self, report: Report | None) -> None:
        listed = [] if report is None else report.problems[:SHOWN]
        self.fold.setVisible(bool(listed))
        count = report.count if report is not None else 0
        words = self.tr("The fault") if count == 1 else self.tr("All {0} faults")
        self.fold.setText(words.format(f"{count:,}"))
        self.fold.setAccessibleName(self.tr("Show all faults"))
        # What cannot be mended here is to be seen at once.
        self._unfold(
            bool(self.plan.data.left) if self._fold_open is None else self._fold_open, told=False
        )
        self.problems.setRowCount(len(listed))
        for row, problem in enumerate(listed):
            for column, text in enumerate((problem.file, problem.what, problem.mend)):
                put(self.problems, row, column, text)
        self.problems.setFixedHeight(min(260, 34 + 30 * max(1, len(listed))))

    def _unfold(self, on: bool, told: bool = True) -> None:
        if told:
            self._fold_open = on
        self.fold.blockSignals(True)
        self.fold.setChecked(on)
        self.fold.blockSignals(False)
        self.fold.setIcon(icon("chevron-down" if on else "chevron-right"))
        self.problems.setVisible(on and not self.fold.isHidden())

    # Doing ------------------------------------------------------------------------------------

    def _browse(self) -> None:
        found = ask_folder(self, self.tr("Choose a folder of pictures"), "training")
        if found is not None:
            self.choose(found)

    def _typed(self) -> None:
        if text := self.folder.text().strip():
            self.choose(Path(text).expanduser())

    def choose(self, folder: Path) -> None:
        """Look through this folder."""
        self._fold_open = None
        self.folder.setText(str(folder))
        self.plan.choose_folder(folder)

    def _choose_form(self, row: int) -> None:
        data = self.plan.data
        data.choose_other(None if row == 0 else data.others[row - 1])


class Faults(QWidget):
    """A line for each kind of fault: how many, and a choice of repairs."""

    def __init__(self, plan: Plan, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.plan = plan
        self.title = heading("", self)
        self.grid = QGridLayout()
        self.grid.setColumnStretch(1, 1)
        self.grid.setHorizontalSpacing(10)
        self.grid.setVerticalSpacing(2)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.title)
        column.addLayout(self.grid)
        self._lines: dict[str, _Line] = {}

    def refresh(self) -> None:
        """Show the faults as they are, each where it was."""
        rows = self.plan.data.rows
        self.setVisible(bool(rows))
        mended = sum(row.count for row in rows if row.chosen is not None or not row.hinders)
        left = self.plan.data.left
        self.title.setText(self._headline(left, mended))
        if list(self._lines) != [row.fault for row in rows]:
            for line in self._lines.values():
                line.remove()
            self._lines = {
                row.fault: _Line(self, self.grid, 2 * number) for number, row in enumerate(rows)
            }
        for row in rows:
            self._lines[row.fault].show_row(row)

    def _headline(self, left: int, mended: int) -> str:
        if left == 1:
            return self.tr("One fault waits for you")
        if left:
            return self.tr("{0} faults wait for you").format(f"{left:,}")
        if mended == 1:
            return self.tr("One fault, taken care of")
        return self.tr("{0} faults, all taken care of").format(f"{mended:,}")


class _Line:
    """One kind of fault within the grid."""

    def __init__(self, faults: Faults, grid: QGridLayout, at: int) -> None:
        self.faults = faults
        self.mark = Sign(faults)
        self.text = plain(faults)
        self.box = QComboBox(faults)
        self.box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.box.activated.connect(self._choose)
        self.told = muted(faults)
        self.row: Row | None = None
        self.text.setBuddy(self.box)
        grid.addWidget(self.mark, at, 0)
        grid.addWidget(self.text, at, 1)
        grid.addWidget(self.box, at, 2)
        grid.addWidget(self.told, at + 1, 1, 1, 2)

    def show_row(self, row: Row) -> None:
        """Show this kind of fault."""
        self.row = row
        open_ = row.hinders and row.chosen is None
        name = "warning" if open_ else "check"
        tint = "warning" if open_ else "good"
        self.mark.show_icon(icon(name, tint))
        text = fault_text(row.fault, row.count, self.faults.plan.data.kind)
        self.text.setText(text)
        leave = _tr("I mend it myself") if row.hinders else _tr("Leave it as it is")
        at = row.offers.index(row.chosen) + 1 if row.chosen is not None else 0
        fill(self.box, [leave, *(offer.title for offer in row.offers)], at)
        self.box.setVisible(bool(row.offers))
        self.box.setAccessibleName(_tr("Repair: {0}").format(text))
        if row.chosen is not None:
            words = row.chosen.sentence
        elif row.offers:
            words = _tr("For example {0}").format(row.example)
        else:
            words = _tr("No repair is at hand: mend {0} and choose the folder again.").format(
                row.example
            )
        self.told.setText(words)
        self.box.setAccessibleDescription(words)

    def _choose(self, at: int) -> None:
        row = self.row
        if row is not None:
            offer = row.offers[at - 1] if at else None
            self.faults.plan.data.choose_repair(row.fault, offer)

    def remove(self) -> None:
        """Take it out of the grid."""
        for widget in (self.mark, self.text, self.box, self.told):
            widget.hide()
            widget.deleteLater()


class _Empty(QFrame):
    """Where a folder can be dropped, and what may be in it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("drop-here")
        mark = Sign(self, 48)
        mark.show_icon(icon("folder", "muted"))
        head = heading(self.tr("Drop a folder here"), self)
        head.setAlignment(Qt.AlignmentFlag.AlignCenter)
        told = muted(
            self,
            self.tr(
                "Pictures alone or a single one, photos with their layouts, two folders of pairs "
                "or of two sorts of pictures, a folder for each class, or frames of clips: the "
                "studio finds out which."
            ),
        )
        told.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column = QVBoxLayout(self)
        column.setContentsMargins(40, 40, 40, 40)
        column.addStretch(1)
        column.addWidget(mark, 0, Qt.AlignmentFlag.AlignHCenter)
        for widget in (head, told):
            column.addWidget(widget)
        column.addStretch(1)
