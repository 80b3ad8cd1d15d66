"""The questions before a conversion: what, with which model, in whose manner, where to."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)
from shiboken6 import isValid

from engines.data.listing import PICTURES
from engines.errors import UserError
from engines.ports import Choice, Scalar
from engines.runtime.convert.finding import FILMS
from engines.runtime.convert.job import Plan
from studio.document.scene import Picture
from studio.models.convert import Terms, free_place, terms_of, values_of
from studio.models.library import Entry
from studio.models.session import Session
from studio.views import dialogs
from studio.views.control import worded
from studio.views.sliders import ValueSlider
from studio.views.wells import PictureWell

if TYPE_CHECKING:
    from engines.runtime.bundle import Bundle

CALM = 0.5  # of the frame before stays where nothing moves, unless something else is said
MOST_CALM = 0.95


class Asking(QWidget):
    """The questions before a conversion."""

    def __init__(self, session: Session, source: Path | None, entry: Entry | None) -> None:
        super().__init__()
        self.session, self.library = session, session.library
        self.bundle: Bundle | None = None
        self.terms = Terms()
        self.given: dict[str, Any] = {}  # by port, what was set here
        self._wells: list[QWidget] = []
        self.source, self.out = QLineEdit(self), QLineEdit(self)
        self.source.setAccessibleName(self.tr("Folder or file to convert"))
        self.source.setToolTip(self.tr("Everything in the folder and the folders in it"))
        self.out.setAccessibleName(self.tr("Folder for the results"))
        self.out.setToolTip(self.tr("What is there already is never replaced"))
        self.model = QComboBox(self)
        self.model.setAccessibleName(self.tr("Model"))
        self.model.setToolTip(self.tr("The model that converts"))
        for each in self.library.entries:
            self.model.addItem(each.title, each.name)
        self.told = QLabel(self)
        self.told.setWordWrap(True)
        self.told.setAccessibleName(self.tr("About the conversion"))
        self.calm = ValueSlider(self.tr("Calm flicker in videos"), parent=self)
        self.calm.track.setToolTip(
            self.tr("How much of the frame before stays where nothing moves; double-click: half")
        )
        self.smooth = CALM
        self.side = QSpinBox(self)
        self.side.setRange(0, 32_768)
        self.side.setSingleStep(128)
        self.side.setSpecialValueText(self.tr("as they are"))
        self.side.setSuffix(self.tr(" pixels"))
        self.side.setAccessibleName(self.tr("Longest side"))
        self.side.setToolTip(self.tr("What is larger is made smaller first"))
        self._put_together()
        self.calm.moved.connect(self._calmed)
        self.calm.reset.connect(lambda: self._calmed(CALM))
        self._calmed(CALM)
        self.model.currentIndexChanged.connect(self._chosen)
        bundle = session.bundle
        first = entry.name if entry is not None else bundle.name if bundle is not None else ""
        if self.model.findData(first) >= 0:
            self.model.setCurrentIndex(self.model.findData(first))
        if source is not None:
            self.take(source)
        self._chosen()

    def _put_together(self) -> None:
        folder = self._button(self.tr("Folder …"), self.tr("Choose a folder to convert"))
        file = self._button(self.tr("File …"), self.tr("Choose one video or picture"))
        place = self._button(self.tr("Choose …"), self.tr("Choose where the results go"))
        folder.clicked.connect(self._browse_folder)
        file.clicked.connect(self._browse_file)
        place.clicked.connect(self._browse_out)
        self.more = QVBoxLayout()
        self.more.setSpacing(8)
        form = QFormLayout(self)
        form.setContentsMargins(0, 0, 0, 0)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow(self.tr("Convert"), _row(self.source, folder, file))
        form.addRow(self.tr("Model"), self.model)
        form.addRow("", self.more)
        form.addRow("", self.calm)
        form.addRow(self.tr("Longest side"), self.side)
        form.addRow(self.tr("Into"), _row(self.out, place))
        form.addRow("", self.told)

    def _button(self, text: str, tip: str) -> QPushButton:
        button = QPushButton(text, self)
        button.setAutoDefault(False)
        button.setToolTip(tip)
        button.setAccessibleName(tip)
        return button

    def take(self, source: Path) -> None:
        """Convert this, into a place beside it."""
        self.source.setText(str(source))
        self.out.setText(str(free_place(source)))

    def _browse_folder(self) -> None:
        path = dialogs.ask_folder(self, self.tr("A folder to convert"), "conversions")
        if path is not None:
            self.take(path)

    def _browse_file(self) -> None:
        endings = " ".join(f"*{ending}" for ending in sorted(FILMS | PICTURES))
        kinds = self.tr("Videos and pictures ({0})").format(endings)
        path = dialogs.ask_open(self, self.tr("A video to convert"), kinds, "conversions")
        if path is not None:
            self.take(path)

    def _browse_out(self) -> None:
        path = dialogs.ask_folder(self, self.tr("A folder for the results"), "converted")
        if path is not None:
            self.out.setText(str(path))

    def _calmed(self, value: float) -> None:
        self.smooth = value
        self.calm.show_value(value)

    # The model ----------------------------------------------------------------------------------

    def _chosen(self) -> None:
        entry = self.library.find(self.model.currentData() or "")
        self.bundle, self.terms, self.given = None, Terms(), {}
        self._clear()
        if entry is None:
            self.say(self.tr("No model is installed; add one first (Ctrl+M)."), bad=True)
            return

        def asked() -> bool:
            return isValid(self) and self.model.currentData() == entry.name

        def done(bundle: "Bundle") -> None:
            if asked():
                self._opened(bundle)

        def failed(sentence: str) -> None:
            if asked():
                self.say(sentence, bad=True)

        self.library.open(entry, done, failed)

    def _opened(self, bundle: "Bundle") -> None:
        self.bundle, self.terms = bundle, terms_of(bundle)
        if self.terms.why_not:
            self.say(self.terms.why_not, bad=True)
            return
        manner = self.terms.manner
        if manner is not None:
            well = PictureWell(worded(manner.label or manner.name), parent=self)
            well.given.connect(lambda found: self._styled(well, found))
            well.refused.connect(lambda sentence: self.say(sentence, bad=True))
            self._add(well)
            known = self._known(manner.name)
            self._styled(well, known if isinstance(known, Picture) else None)
        for port in self.terms.settings:
            self._add(self._slider(port) if isinstance(port, Scalar) else self._choice(port))
        self.calm.setVisible(self.terms.films)
        self.say(self._about())

    def _about(self) -> str:
        if not self.terms.films:
            return self.tr("It converts pictures, and no videos.")
        return ""

    @property
    def _painted(self) -> bool:
        """Whether the open document is painted with this model."""
        mine, open_ = self.bundle, self.session.bundle
        return mine is not None and open_ is not None and mine.hash == open_.hash

    def _known(self, name: str) -> Any:
        """What the open document says of a port, where it is painted with this model."""
        return self.session.scene.values.get(name) if self._painted else None

    def _styled(self, well: PictureWell, found: Picture | None) -> None:
        from engines.runtime.fit import fit

        manner = self.terms.manner
        assert manner is not None
        well.show_picture(found)
        self.given.pop(manner.name, None)
        if found is not None:
            size = found.pixels.shape[0], found.pixels.shape[1]
            self.given[manner.name] = fit(manner, found.pixels, size)

    def _slider(self, port: Scalar) -> QWidget:
        label = worded(port.label or port.name)
        slider = ValueSlider(label, port.minimum, port.maximum, parent=self)

        def put(value: float) -> None:
            self.given[port.name] = value
            slider.show_value(value)

        slider.moved.connect(put)
        slider.reset.connect(lambda: put(port.initial))
        known = self._known(port.name)
        put(float(known) if isinstance(known, int | float) else port.initial)
        return slider

    def _choice(self, port: Choice) -> QWidget:
        label = worded(port.label or port.name)
        box = QComboBox(self)
        box.setAccessibleName(label)
        box.setToolTip(label)
        for option in port.options:
            box.addItem(worded(option), option)

        def put(index: int) -> None:
            self.given[port.name] = box.itemData(index)

        known = self._known(port.name)
        if isinstance(known, str):
            box.setCurrentIndex(max(box.findData(known), 0))
        else:
            box.setCurrentIndex(known if isinstance(known, int) else port.initial)
        box.currentIndexChanged.connect(put)
        put(box.currentIndex())
        return box

    def _add(self, widget: QWidget) -> None:
        self._wells.append(widget)
        self.more.addWidget(widget)

    def _clear(self) -> None:
        for widget in self._wells:
            self.more.removeWidget(widget)
            widget.hide()
            widget.deleteLater()
        self._wells = []

    # What comes of it ---------------------------------------------------------------------------

    def say(self, sentence: str, bad: bool = False) -> None:
        """A sentence under the questions."""
        self.told.setObjectName("danger" if bad else "muted")
        self.told.style().polish(self.told)
        self.told.setText(sentence)

    def plan(self) -> Plan:
        """What was asked for; UserError where something is missing."""
        source, out = self.source.text().strip(), self.out.text().strip()
        if self.bundle is None or self.terms.why_not:
            raise UserError(self.terms.why_not or self.tr("Choose a model first."))
        if not source or not out:
            raise UserError(self.tr("Say what to convert, and where to."))
        from engines.runtime.convert.hand import lacks

        session = self.session
        scene = session.scene if self._painted else None
        request = values_of(self.bundle, scene, session.document.ids, self.given)
        lacking = lacks(self.bundle, request.values)
        if lacking is not None:
            text = self.tr("{0} needs a picture; drop one on it.")
            raise UserError(text.format(worded(lacking.label or lacking.name)))
        return Plan(
            model=str(self.model.currentData()),
            source=Path(source).expanduser().absolute(),
            out=Path(out).expanduser().absolute(),
            request=request,
            side=self.side.value(),
            smooth=self.smooth * MOST_CALM if self.terms.films else 0.0,
        )


def _row(field: QWidget, *buttons: QWidget) -> QHBoxLayout:
    row = QHBoxLayout()
    row.addWidget(field, 1)
    for button in buttons:
        row.addWidget(button)
    return row
