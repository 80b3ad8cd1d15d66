"""What is painted slowly, in whose style, and how: the choices beside the painting."""

import math
from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QLabel,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from engines.slowly import LEAST_SIDE, MOST_SIDE, MOST_STEPS
from studio.document.scene import Picture
from studio.models.slowstyle import Given, SlowStyle, Source
from studio.views.sliders import ValueSlider
from studio.views.wells import PictureWell
from studio.views.words import bytes_text

LEAST_STEPS = 10
_DECADES = 2.0  # by which the slider's ends lie above and below a weight of 1


class SlowChoices(QWidget):
    """The choices; they wait while something is painted. `taken` when something else is to be."""

    taken = Signal(object)  # Source
    refused = Signal(str)

    def __init__(self, slow: SlowStyle, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.slow = slow
        self._style: Picture | None = None  # in the well
        self._make_sources()
        self.style_well = PictureWell(self.tr("In the style of"), parent=self)
        self.style_well.given.connect(slow.take_style)
        self.style_well.refused.connect(self.refused)
        self.side = self._box(LEAST_SIDE, MOST_SIDE, 64, self.tr("Longest side in pixels"))
        self.side.setToolTip(self.tr("Twice as long takes four times the time and memory"))
        self.side.valueChanged.connect(lambda side: self._set(side=side))
        self.steps = self._box(LEAST_STEPS, MOST_STEPS, 10, self.tr("Steps"))
        self.steps.setToolTip(self.tr("A hundred show the style; later ones refine it"))
        self.steps.valueChanged.connect(lambda steps: self._set(steps=steps))
        self.weight = ValueSlider(self.tr("Strength of the style"), parent=self)
        self.weight.track.setToolTip(
            self.tr("How much the style counts beside the picture; double-click: as much")
        )
        self.weight.moved.connect(self._weigh)
        self.weight.reset.connect(lambda: self._weigh(0.5))
        self.colour = QCheckBox(self.tr("Keep the picture's colours"), self)
        self.colour.setToolTip(self.tr("Only the brightness is painted in the style"))
        self.colour.toggled.connect(lambda on: self._set(keep_colour=on))
        self.about = QLabel(self)
        self.about.setObjectName("muted")
        self.about.setWordWrap(True)
        self.about.setAccessibleName(self.tr("What it takes"))
        self._lay_out()

    def _make_sources(self) -> None:
        self.sources = QComboBox(self)
        self.sources.setAccessibleName(self.tr("What is painted"))
        self.sources.setToolTip(self.tr("It stays as it is; the painting becomes a new layer"))
        for text, source in (
            (self.tr("The model's picture"), Source.PICTURE),
            (self.tr("The picture layer"), Source.LAYER),
            (self.tr("All that is shown"), Source.VISIBLE),
            (self.tr("The photo to trace"), Source.TRACED),
            (self.tr("A dropped picture"), Source.DROPPED),
        ):
            self.sources.addItem(text, source)
        self.sources.activated.connect(lambda row: self.taken.emit(self.sources.itemData(row)))

    def _box(self, least: int, most: int, step: int, label: str) -> QSpinBox:
        box = QSpinBox(self)
        box.setRange(least, most)
        box.setSingleStep(step)
        box.setAccessibleName(label)
        box.setKeyboardTracking(False)
        return box

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 10, 12, 4)
        column.setSpacing(6)
        for text, widget in (
            (self.tr("What is painted"), self.sources),
            ("", self.style_well),
            (self.side.accessibleName(), self.side),
            (self.steps.accessibleName(), self.steps),
            ("", self.weight),
        ):
            if text:
                label = QLabel(text, self)
                label.setBuddy(widget)
                column.addWidget(label)
            column.addWidget(widget)
            column.addSpacing(4)
        column.addWidget(self.colour)
        column.addWidget(self.about)
        column.addStretch(1)

    def _set(self, **values: object) -> None:
        self.slow.set(replace(self.slow.settings, **values))  # type: ignore[arg-type]

    def _weigh(self, share: float) -> None:
        self._set(weight=10 ** (_DECADES * (2 * share - 1)))

    def show_given(self, given: Given | None) -> None:
        """Show what is chosen, where this would be painted."""
        slow, now = self.slow, self.slow.settings
        self.sources.setCurrentIndex(self.sources.findData(slow.source))
        if slow.style is not self._style:  # Drawing it small takes its time.
            self._style = slow.style
            self.style_well.show_picture(slow.style)
        for box, value in ((self.side, now.side), (self.steps, now.steps)):
            box.blockSignals(True)
            box.setValue(value)
            box.blockSignals(False)
        self.weight.show_value(0.5 + math.log10(now.weight) / (2 * _DECADES))
        self.colour.blockSignals(True)
        self.colour.setChecked(now.keep_colour)
        self.colour.blockSignals(False)
        for widget in self.findChildren(QWidget, options=Qt.FindChildOption.FindDirectChildrenOnly):
            if not isinstance(widget, QLabel):
                widget.setEnabled(not slow.running)
        self.about.setVisible(not slow.running and given is not None)
        if given is not None:
            height, width = slow.size_of(given)
            memory = bytes_text(slow.memory(given))
            text = self.tr("{0} × {1} px, about {2} of memory")
            self.about.setText(text.format(width, height, memory))
