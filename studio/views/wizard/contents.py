"""The second page: the classes or attributes of the data, and who learns and who judges."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QIcon, QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QSpinBox,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from engines.data.mends import By, Split
from engines.data.report import ClassShare, Report
from studio.document.scene import Pixels
from studio.lanes.work import Job, WorkLane
from studio.models.examples import examples
from studio.models.images import to_image
from studio.models.plan import Plan
from studio.views.icons import picture
from studio.views.wizard.parts import Page, fill, heading, muted, plain, put, square, table
from studio.views.words import series_text

EXAMPLE = QSize(56, 44)
ROW = 52  # logical pixels of a class
LARGE = QSize(160, 110)
DECIDED = 260  # logical pixels of the column of decisions
NAME, SHARE, LAYOUTS = 1, 2, 3  # columns behind the example
WAYS: tuple[By, ...] = ("name", "folder", "sequence")


class ContentsPage(Page):
    """Classes can be renamed, made one with another, or left out; the split can be chosen."""

    def __init__(self, plan: Plan, work: WorkLane, parent: QWidget | None = None) -> None:
        super().__init__(plan, parent)
        self.entitle(
            self.tr("What is in them"),
            self.tr("Names and shares as they were found; change what should be learnt otherwise."),
        )
        self._work = work
        self._report: Report | None = None  # whose examples are shown
        self._job: Job | None = None
        self._examples: dict[int, Pixels] = {}
        self._filling = False
        self._make_classes()
        self._make_attributes()
        self._make_choice()
        self._make_split()
        self._lay_out()

    # Making -----------------------------------------------------------------------------------

    def _make_classes(self) -> None:
        self.classes = table(
            self,
            self.tr("Classes"),
            ["", self.tr("Class"), self.tr("Share of pixels"), self.tr("In layouts")],
        )
        self.classes.setIconSize(EXAMPLE)
        self.classes.setEditTriggers(
            QAbstractItemView.EditTrigger.DoubleClicked
            | QAbstractItemView.EditTrigger.EditKeyPressed
        )
        header = self.classes.horizontalHeader()
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Fixed)
        header.resizeSection(0, EXAMPLE.width() + 16)
        for column in (SHARE, LAYOUTS):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        self.classes.itemChanged.connect(self._edited)
        self.classes.currentCellChanged.connect(lambda *cells: self._show_choice())
        self.unpainted = muted(self)

    def _make_attributes(self) -> None:
        self.attributes = table(
            self,
            self.tr("Attributes"),
            [self.tr("Attribute"), self.tr("Known of"), self.tr("From … to")],
        )
        self.sliders = muted(self)

    def _make_choice(self) -> None:
        self.example = QLabel(self)
        self.example.setFixedSize(LARGE)
        self.became = QLabel(self.tr("&Learn it as"), self)
        self.choice = QComboBox(self)
        self.choice.setAccessibleName(self.tr("Learn the class as"))
        self.choice.activated.connect(self._choose)
        self.choice.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.became.setBuddy(self.choice)
        self.hint = muted(self)

    def _lay_out(self) -> None:
        """What was found on the left, what is decided on the right."""
        self.found = QWidget(self)
        left = QVBoxLayout(self.found)
        left.setContentsMargins(0, 0, 0, 0)
        left.addWidget(self.classes, 1)
        left.addWidget(self.attributes, 1)
        left.addWidget(self.unpainted)
        left.addWidget(self.sliders)
        decided = QWidget(self)
        decided.setFixedWidth(DECIDED)
        right = QVBoxLayout(decided)
        right.setContentsMargins(0, 0, 0, 0)
        for widget in (self.example, self.became, self.choice, self.hint):
            right.addWidget(widget)
        right.addSpacing(8)
        right.addWidget(self.split_title)
        right.addWidget(self.split_told)
        right.addLayout(self.rows)
        right.addWidget(self.counts)
        right.addStretch(1)
        both = QHBoxLayout()
        both.setSpacing(16)
        both.addWidget(self.found, 1)
        both.addWidget(decided)
        self.column.addLayout(both, 1)

    def _make_split(self) -> None:
        self.split_title = heading(self.tr("Who learns, who judges"), self)
        self.split_told = muted(
            self,
            self.tr(
                "Some pictures are kept back: by them the best of the model is chosen, and others "
                "have the last word at the end."
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

    def _share(self) -> QSpinBox:
        made = QSpinBox(self)
        made.setRange(0, 45)
        made.setSuffix(" %")
        made.setMaximumWidth(120)
        made.valueChanged.connect(self._shares_edited)
        return made

    # Showing ----------------------------------------------------------------------------------

    def refresh(self) -> None:
        report = self.plan.data.report
        self._filling = True
        self._show_classes(report)
        self._show_attributes(report)
        self._show_split(report)
        self._filling = False

    def _show_classes(self, report: Report | None) -> None:
        classes = report.classes if report is not None else []
        for widget in (self.classes, self.example, self.became, self.choice, self.hint):
            widget.setVisible(bool(classes))
        self.classes.setRowCount(len(classes))
        self.classes.setMaximumHeight(36 + ROW * len(classes))
        counted = any(entry.layouts for entry in classes)
        for row, entry in enumerate(classes):
            self.classes.setRowHeight(row, ROW)
            self._show_class(row, entry, counted)
        if classes and self.classes.currentRow() < 0:
            self.classes.setCurrentCell(0, NAME)
        self._show_choice()
        words = []
        if report is not None and report.classes and counted:
            if report.unpainted >= 0.05:
                words.append(
                    self.tr("{0} % of all pixels are unpainted").format(f"{report.unpainted:.1f}")
                )
            if 0 < report.counted < report.pictures:
                words.append(
                    self.tr("shares from {0} layouts of {1}").format(
                        f"{report.counted:,}", f"{report.pictures:,}"
                    )
                )
        self.unpainted.setText(" · ".join(words))
        self.unpainted.setVisible(bool(words))
        if report is not None and report is not self._report and report.deep:
            self._report = report
            self._read_examples(report)

    def _show_class(self, row: int, entry: ClassShare, counted: bool) -> None:
        example = put(self.classes, row, 0, "")
        example.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable)
        if example.icon().isNull() or self._report is None:
            example.setIcon(QIcon(square(entry.color, EXAMPLE.height())))
        example.setData(
            Qt.ItemDataRole.AccessibleTextRole, self.tr("Example of {0}").format(entry.name)
        )
        now = self.plan.data.class_name(entry.name)
        item = put(self.classes, row, NAME, now or entry.name)
        item.setIcon(picture(square(entry.color)))
        told = self._told(entry)
        item.setToolTip(told)
        item.setData(Qt.ItemDataRole.AccessibleTextRole, told)
        font = item.font()
        font.setStrikeOut(not now)
        font.setItalic(now != entry.name)
        item.setFont(font)
        share = (
            f"{entry.percent:.1f} %" if entry.percent >= 0.05 or not entry.layouts else "< 0.1 %"
        )
        for column, text in ((SHARE, share), (LAYOUTS, f"{entry.layouts:,}")):
            cell = put(self.classes, row, column, text if counted else "…", right=True)
            cell.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable)

    def _told(self, entry: ClassShare) -> str:
        """What becomes of a class."""
        now = self.plan.data.class_name(entry.name)
        if not now:
            return self.tr("{0} is left out").format(entry.name)
        if now == entry.name:
            return entry.name
        if now in [other.name for other in self._all()]:
            return self.tr("{0} is learnt as {1}").format(entry.name, now)
        return self.tr("{0} is called {1}").format(entry.name, now)

    def _all(self) -> list[ClassShare]:
        report = self.plan.data.report
        return report.classes if report is not None else []

    def _entry(self) -> ClassShare | None:
        row, classes = self.classes.currentRow(), self._all()
        return classes[row] if 0 <= row < len(classes) else None

    def _show_choice(self) -> None:
        entry = self._entry()
        self.choice.setEnabled(entry is not None)
        if entry is None:
            self.example.clear()
            return
        self._show_example(entry)
        now = self.plan.data.class_name(entry.name)
        others = [c.name for c in self._all() if c.name != entry.name]
        own = now if now and now not in others else entry.name
        names = [
            self.tr("{0}, a class of its own").format(own),
            self.tr("Nothing: leave it unpainted"),
            *(self.tr("{0}: the two are one").format(name) for name in others),
        ]
        at = 1 if not now else others.index(now) + 2 if now in others else 0
        fill(self.choice, names, at)
        told = self._told(entry)
        usual = self.tr("F2 or a double click gives a class another name.")
        self.hint.setText(usual if told == entry.name else f"{told}. {usual}")

    def _show_example(self, entry: ClassShare) -> None:
        pixels = self._examples.get(entry.id)
        shown = square(entry.color, LARGE.height()) if pixels is None else cut(pixels, LARGE)
        self.example.setPixmap(shown)
        self.example.setAccessibleName(self.tr("Example of {0}").format(entry.name))

    def _read_examples(self, report: Report) -> None:
        if self._job is not None:
            self._job.cancel()
        self._examples = {}

        def show(found: dict[int, Pixels]) -> None:
            if self._report is not report or self._job is not job:
                return
            self._job, self._examples = None, found
            self._filling = True
            for row, entry in enumerate(report.classes):
                item = self.classes.item(row, 0)
                if item is not None and entry.id in found:
                    item.setIcon(picture(cut(found[entry.id], EXAMPLE)))
            self._filling = False
            self._show_choice()

        job = Job(
            self.tr("Reading examples of classes"), lambda job: examples(report, job.tell), show
        )
        self._job = self._work.add(job)

    def _show_attributes(self, report: Report | None) -> None:
        """As a table where there is room for one; beside classes in a line."""
        found = report.attributes if report is not None else []
        alone = report is not None and not report.classes
        self.attributes.setVisible(bool(found) and alone)
        self.attributes.setRowCount(len(found))
        for row, entry in enumerate(found):
            put(self.attributes, row, 0, series_text(entry.name))
            put(self.attributes, row, 1, f"{entry.known:,}", right=True)
            span = f"{entry.low:.2f} … {entry.high:.2f}" if entry.known else "–"
            put(self.attributes, row, 2, span, right=True)
        names = ", ".join(series_text(entry.name).lower() for entry in found)
        words = (
            self.tr("Each becomes a slider.") if alone else self.tr("Sliders: {0}").format(names)
        )
        if report is not None and not found and alone:
            words = self.tr("These are pictures alone: no classes, no attributes.")
        self.sliders.setText(words)
        self.sliders.setVisible(bool(found) or alone)

    def _show_split(self, report: Report | None) -> None:
        data = self.plan.data
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

    # Doing ------------------------------------------------------------------------------------

    def _edited(self, item: QTableWidgetItem) -> None:
        if self._filling or item.column() != NAME:
            return
        classes = self._all()
        if item.row() < len(classes):
            self.plan.data.name_class(classes[item.row()].name, item.text().strip())

    def _choose(self, at: int) -> None:
        entry = self._entry()
        if entry is None:
            return
        others = [c.name for c in self._all() if c.name != entry.name]
        new = entry.name if at == 0 else "" if at == 1 else others[at - 2]
        self.plan.data.name_class(entry.name, new)

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

    def close_jobs(self) -> None:
        """Read no more examples."""
        if self._job is not None:
            self._job.cancel()
            self._job = None


def cut(pixels: Pixels, room: QSize) -> QPixmap:
    """The middle of a picture that fills this room, sharp on dense screens too."""
    image, dense = to_image(pixels), room * 2
    image = image.scaled(
        dense,
        Qt.AspectRatioMode.KeepAspectRatioByExpanding,
        Qt.TransformationMode.SmoothTransformation,
    )
    left, top = (image.width() - dense.width()) // 2, (image.height() - dense.height()) // 2
    pixmap = QPixmap.fromImage(image.copy(left, top, dense.width(), dense.height()))
    pixmap.setDevicePixelRatio(2.0)
    return pixmap
