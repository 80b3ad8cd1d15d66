"""The dialog "Train your own": a folder, what is in it, what it shall become, and Start."""

from pathlib import Path

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QColor, QDragEnterEvent, QDropEvent, QIcon, QPainter, QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QDialog,
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QTableWidget,
    QTableWidgetItem,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from engines.data.report import Report
from studio.lanes.work import WorkLane
from studio.models.plan import Plan
from studio.models.training import Training
from studio.views.dialogs import ask_folder
from studio.views.icons import icon
from studio.views.settings_form import SettingsForm
from studio.views.words import kind_text, preset_text, preset_title, series_text, span_text

SHOWN = 200  # problems in the table; more are only counted


class TrainingDialog(QDialog):
    """Assembles a `Plan`; `accepted` after its order was started."""

    def __init__(self, training: Training, work: WorkLane, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.training = training
        self.plan = Plan(work, self)
        self._round = ""
        self.setWindowTitle(self.tr("Train your own"))
        self.setAcceptDrops(True)
        inside = QWidget(self)
        self._column = QVBoxLayout(inside)
        self._column.setSpacing(10)
        self._make_folder()
        self._make_found()
        self._make_choice()
        self._column.addStretch(1)
        scroll = QScrollArea(self)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidget(inside)
        whole = QVBoxLayout(self)
        whole.addWidget(scroll, 1)
        whole.addLayout(self._foot())
        self.plan.changed.connect(self.refresh)
        self.plan.progressed.connect(lambda share: self.progress.setValue(round(1000 * share)))
        self.resize(720, 680)
        self.refresh()

    # Making -----------------------------------------------------------------------------------

    def _make_folder(self) -> None:
        told = QLabel(
            self.tr(
                "Choose a folder, or drop it here: pictures alone, or photos and layouts in two "
                "folders beside a classes.json."
            ),
            self,
        )
        told.setWordWrap(True)
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
        self.skip.clicked.connect(self.plan.cancel)
        beside = QHBoxLayout()
        beside.addWidget(self.progress, 1)
        beside.addWidget(self.skip)
        self.summary = QLabel(self)
        self.summary.setWordWrap(True)
        self.summary.setTextFormat(Qt.TextFormat.PlainText)
        self._column.addWidget(told)
        self._column.addLayout(row)
        self._column.addLayout(beside)
        self._column.addWidget(self.summary)

    def _make_found(self) -> None:
        self.problems = _table(
            self, self.tr("Problems"), [self.tr("File"), self.tr("Problem"), self.tr("Mend")]
        )
        self.classes = _table(
            self,
            self.tr("Classes"),
            [self.tr("Class"), self.tr("Share of pixels"), self.tr("In layouts")],
        )
        self.classes.setMinimumHeight(190)
        self._column.addWidget(self.problems)
        self._column.addWidget(self.classes)

    def _make_choice(self) -> None:
        self.recipe = QComboBox(self)
        self.recipe.setAccessibleName(self.tr("What it learns"))
        self.recipe.setPlaceholderText(self.tr("Choose"))
        self.recipe.activated.connect(lambda row: self.plan.choose_recipe(self.plan.recipes[row]))
        self.advice = QLabel(self)
        self.advice.setWordWrap(True)
        self.advice.setTextFormat(Qt.TextFormat.PlainText)
        self.paper = _small(self)
        self.preset = QComboBox(self)
        self.preset.setAccessibleName(self.tr("How thoroughly"))
        self.preset.activated.connect(lambda row: self.plan.choose_preset(self.plan.presets[row]))
        self.duration = _small(self)
        self.name = QLineEdit(self)
        self.name.setAccessibleName(self.tr("Name of the model"))
        self.name.setMaxLength(80)
        self.name.textEdited.connect(self.plan.set_title)
        self.fold = QToolButton(self)
        self.fold.setText(self.tr("Advanced settings"))
        self.fold.setAccessibleName(self.tr("Advanced settings"))
        self.fold.setCheckable(True)
        self.fold.setAutoRaise(True)
        self.fold.setIcon(icon("chevron-right"))
        self.fold.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.fold.toggled.connect(self._unfold)
        self.form = SettingsForm(self)
        self.form.edited.connect(self.plan.set_value)
        self.form.hide()
        self.choice = QWidget(self)
        rows = self.rows = QFormLayout(self.choice)
        rows.setContentsMargins(0, 0, 0, 0)
        for label, widget in (
            (self.tr("&Learn"), self.recipe),
            ("", self.advice),
            ("", self.paper),
            (self.tr("&How thoroughly"), self.preset),
            ("", self.duration),
            (self.tr("&Name"), self.name),
        ):
            widget.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            rows.addRow(label, widget)
        self._column.addWidget(self.choice)
        self._column.addWidget(self.fold)
        self._column.addWidget(self.form)

    def _foot(self) -> QHBoxLayout:
        self.reason = QLabel(self)
        self.reason.setWordWrap(True)
        self.reason.setTextFormat(Qt.TextFormat.PlainText)
        self.start = QPushButton(icon("train"), self.tr("Start training"), self)
        self.start.setDefault(True)
        self.start.clicked.connect(self._start)
        close = QPushButton(self.tr("Cancel"), self)
        close.setAutoDefault(False)
        close.clicked.connect(self.reject)
        foot = QHBoxLayout()
        foot.addWidget(self.reason, 1)
        foot.addWidget(close)
        foot.addWidget(self.start)
        return foot

    # Showing ----------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Show the plan as it is."""
        plan = self.plan
        scanning = bool(plan.scanning)
        self.progress.setVisible(scanning)
        if plan.scanning != self._round:
            self._round = plan.scanning
            self.progress.setValue(0)
        self.progress.setFormat(
            self.tr("Looking at every pixel: %p %")
            if plan.scanning == "deep"
            else self.tr("Looking at names and sizes: %p %")
        )
        self.skip.setVisible(scanning)
        self.skip.setText(self.tr("Skip") if plan.scanning == "deep" else self.tr("Stop"))
        self.skip.setAccessibleName(
            self.tr("Skip the thorough look")
            if plan.scanning == "deep"
            else self.tr("Stop looking through the folder")
        )
        if plan.folder is not None and not self.folder.hasFocus():
            self.folder.setText(str(plan.folder))
        report = plan.found.report if plan.found is not None else None
        self.summary.setText(self._summary(report))
        self.summary.setVisible(report is not None)
        self._fill_problems(report)
        self._fill_classes(report)
        self._fill_choice(report)
        reason = plan.reason
        self.reason.setText(reason)
        self.start.setEnabled(not reason)
        self.start.setAccessibleDescription(reason)

    def _summary(self, report: Report | None) -> str:
        if report is None:
            return ""
        words = [kind_text(report.kind, report.pictures)]
        splits = report.splits
        if splits:
            words.append(
                self.tr("{0} to learn from, {1} to choose by, {2} to report on").format(
                    *(splits.get(name, 0) for name in ("train", "val", "test"))
                )
            )
        if report.attributes:
            words.append(
                self.tr("sliders: ")
                + ", ".join(series_text(a.name).lower() for a in report.attributes)
            )
        if self.plan.partial and not report.problems:
            words.append(self.tr("not every pixel was looked at"))
        return " · ".join(words)

    def _fill_problems(self, report: Report | None) -> None:
        listed = report.problems[:SHOWN] if report is not None else []
        self.problems.setVisible(bool(listed))
        self.problems.setMinimumHeight(min(420, 60 + 34 * len(listed)))
        self.problems.setRowCount(len(listed))
        for row, problem in enumerate(listed):
            for column, text in enumerate((problem.file, problem.what, problem.mend)):
                _put(self.problems, row, column, text)
        self.problems.resizeRowsToContents()

    def _fill_classes(self, report: Report | None) -> None:
        found = self.plan.found
        classes = report.classes if report is not None else []
        self.classes.setVisible(bool(classes))
        self.classes.setRowCount(len(classes))
        for row, entry in enumerate(classes):
            item = _put(self.classes, row, 0, entry.name)
            if found is not None and entry.id in found.colors:
                item.setIcon(_swatch(found.colors[entry.id]))
            _put(self.classes, row, 1, f"{entry.percent:.1f} %", right=True)
            _put(self.classes, row, 2, str(entry.layouts), right=True)

    def _fill_choice(self, report: Report | None) -> None:
        plan = self.plan
        self.choice.setVisible(bool(plan.recipes) and not (report and report.problems))
        known = plan.recipe is not None and not self.choice.isHidden()
        for widget in (self.paper, self.preset, self.duration):
            self.rows.setRowVisible(widget, known)
        self.fold.setVisible(known)
        self.form.setVisible(known and self.fold.isChecked())
        titles = [entry.title for entry in plan.recipes]
        _fill(self.recipe, titles, plan.recipes.index(plan.recipe) if plan.recipe else -1)
        advice = self._advice(report)
        self.advice.setText(advice)
        self.rows.setRowVisible(self.advice, known and bool(advice))
        self.recipe.setAccessibleDescription(advice)
        self.paper.setText(plan.recipe.paper if plan.recipe else "")
        presets = plan.presets
        _fill(
            self.preset,
            [preset_title(name) for name in presets],
            presets.index(plan.preset) if plan.preset else -1,
        )
        self.duration.setText(self._duration())
        if not self.name.hasFocus():
            self.name.setText(plan.title)
        if plan.recipe is not None:
            self.form.show_settings(plan.recipe.settings, plan.values)

    def _advice(self, report: Report | None) -> str:
        """Why this was chosen for the artist; nothing where the artist chose another."""
        plan = self.plan
        if report is None or plan.recipe is None or plan.recipe != plan.suggested:
            return ""
        if not plan.recipe.usual:
            return self.tr("Nothing else learns from such a folder.")
        found = kind_text(report.kind, report.pictures)
        return self.tr("Suggested for {0}: {1}").format(found, plan.recipe.usual)

    def _duration(self) -> str:
        """What is honestly known beforehand of how long it takes."""
        if self.plan.recipe is None:
            return ""
        values, words = self.plan.values, preset_text(self.plan.preset)
        work = float(values["batch"] * values["size"] ** 2)
        known = self.training.guess(self.plan.recipe.id, int(values["steps"]), work)
        steps = self.tr("{0} steps").format(f"{int(values['steps']):,}")
        if known is None:
            told = self.tr("how long it takes is measured with the first steps")
        else:
            told = self.tr("about {0}, going by an earlier training").format(span_text(known))
        return " · ".join(word for word in (words, steps, told) if word)

    # Doing ------------------------------------------------------------------------------------

    def _unfold(self, on: bool) -> None:
        self.fold.setIcon(icon("chevron-down" if on else "chevron-right"))
        self.form.setVisible(on)

    def _browse(self) -> None:
        found = ask_folder(self, self.tr("Choose a folder of pictures"), "training")
        if found is not None:
            self.choose(found)

    def _typed(self) -> None:
        if text := self.folder.text().strip():
            self.choose(Path(text).expanduser())

    def choose(self, folder: Path) -> None:
        """Look through this folder."""
        self.folder.setText(str(folder))
        self.plan.choose_folder(folder)

    def _start(self) -> None:
        if self.plan.reason:
            return
        if self.training.start(self.plan.order()) is not None:
            self.accept()

    def done(self, result: int) -> None:
        """Closing ends the scan."""
        self.plan.cancel()
        super().done(result)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802
        if _dropped(event) is not None:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802
        if (folder := _dropped(event)) is not None:
            event.acceptProposedAction()
            self.choose(folder)


def _dropped(event: QDropEvent) -> Path | None:
    """The folder that is dropped, or that holds the picture that is."""
    for url in event.mimeData().urls():
        if url.isLocalFile():
            path = Path(url.toLocalFile())
            return path if path.is_dir() else path.parent
    return None


def _table(parent: QWidget, name: str, columns: list[str]) -> QTableWidget:
    table = QTableWidget(0, len(columns), parent)
    table.setAccessibleName(name)
    table.setHorizontalHeaderLabels(columns)
    table.verticalHeader().hide()
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setTabKeyNavigation(False)
    table.setShowGrid(False)
    header = table.horizontalHeader()
    header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
    header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    return table


def _put(
    table: QTableWidget, row: int, column: int, text: str, right: bool = False
) -> QTableWidgetItem:
    item = QTableWidgetItem(text)
    item.setToolTip(text)
    side = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
    item.setTextAlignment(side | Qt.AlignmentFlag.AlignVCenter)
    table.setItem(row, column, item)
    return item


def _small(parent: QWidget) -> QLabel:
    label = QLabel(parent)
    label.setWordWrap(True)
    label.setObjectName("muted")
    return label


def _fill(box: QComboBox, items: list[str], row: int) -> None:
    if [box.itemText(i) for i in range(box.count())] != items:
        box.clear()
        box.addItems(items)
    box.setCurrentIndex(row)


def _swatch(color: str) -> QIcon:
    side = QSize(16, 16)
    pixmap = QPixmap(side)
    pixmap.fill(QColor(color))
    painter = QPainter(pixmap)
    painter.setPen(QColor(0, 0, 0, 90))
    painter.drawRect(QRect(0, 0, 15, 15))
    painter.end()
    return QIcon(pixmap)
