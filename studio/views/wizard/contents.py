"""The second page: the classes, attributes or sorts of the data, and who learns and who judges."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QIcon, QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from engines.data.report import ClassShare, Report
from studio.document.scene import Pixels
from studio.lanes.work import Job, WorkLane
from studio.models.examples import examples
from studio.models.images import to_image
from studio.models.plan import Plan
from studio.views.icons import picture
from studio.views.wizard.parts import Page, fill, muted, put, square, table
from studio.views.wizard.sharing import SplitChoice
from studio.views.words import series_text

EXAMPLE = QSize(56, 44)
ROW = 52  # logical pixels of a class
LARGE = QSize(160, 110)
DECIDED = 260  # logical pixels of the column of decisions
NAME, SHARE, LAYOUTS = 1, 2, 3  # columns behind the example


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
        self.split = SplitChoice(plan, self)
        self._lay_out()

    # Making -----------------------------------------------------------------------------------

    def _make_classes(self) -> None:
        self.classes = table(
            self,
            self.tr("Classes"),
            ["", self.tr("Class"), self.tr("Share"), self.tr("Layouts")],
        )
        self.classes.setIconSize(EXAMPLE)
        self.classes.setEditTriggers(
            QAbstractItemView.EditTrigger.DoubleClicked
            | QAbstractItemView.EditTrigger.EditKeyPressed
        )
        header = self.classes.horizontalHeader()
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Fixed)
        header.resizeSection(0, EXAMPLE.width() + 16)
        told = {SHARE: self.tr("Of all painted pixels"), LAYOUTS: self.tr("In so many of them")}
        for column, words in told.items():
            if (title := self.classes.horizontalHeaderItem(column)) is not None:
                title.setToolTip(words)
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
        self.swap = QPushButton(self.tr("S&wap the two"), self)
        self.swap.setAccessibleName(self.tr("Swap the two sorts of pictures"))
        self.swap.setToolTip(self.tr("Make the second sort of pictures the first"))
        self.swap.setAutoDefault(False)
        self.swap.clicked.connect(self.plan.data.swap)

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
        left.addWidget(self.swap, 0, Qt.AlignmentFlag.AlignLeft)
        self.below = QWidget(self.found)  # takes the room where there is no table
        left.addWidget(self.below, 1)
        decided = QWidget(self)
        decided.setFixedWidth(DECIDED)
        right = QVBoxLayout(decided)
        right.setContentsMargins(0, 0, 0, 0)
        for widget in (self.example, self.became, self.choice, self.hint):
            right.addWidget(widget)
        right.addSpacing(8)
        right.addWidget(self.split)
        right.addStretch(1)
        both = QHBoxLayout()
        both.setSpacing(16)
        both.addWidget(self.found, 1)
        both.addWidget(decided)
        self.column.addLayout(both, 1)

    # Showing ----------------------------------------------------------------------------------

    def refresh(self) -> None:
        report = self.plan.data.report
        self._filling = True
        self._show_classes(report)
        self._show_attributes(report)
        self._filling = False
        self.below.setVisible(self.classes.isHidden() and self.attributes.isHidden())
        self.split.refresh()

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
        if report is not None and report.mends.palette and not self.plan.data.named:
            words.append(
                self.tr(
                    "Nobody has named these classes yet. Give them the names that you paint with, "
                    "so that your canvas meets them."
                )
            )
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
        self.unpainted.setText("\n".join(words))
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
        sorts = self.plan.data.sorts
        self.swap.setVisible(len(sorts) == 2)
        if len(sorts) == 2:
            words = self.tr(
                "Two sorts of pictures: first “{0}”, then “{1}”. What repaints pictures learns to "
                "repaint the first in the manner of the second."
            ).format(*sorts)
        self.sliders.setText(words)
        self.sliders.setVisible(bool(found) or alone)

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
