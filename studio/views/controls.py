"""Controls made from a model's ports: one map from the type of a port to a widget, no more.

A control shows what the scene says of its port and asks the session to change it. A port of a type
that is not in the map, or of no use to an artist, gets none.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QLineEdit, QWidget

from engines.ports import (
    Attributes,
    Choice,
    Image,
    Latent,
    Mask,
    NoiseLevel,
    Port,
    Scalar,
    Text,
)
from engines.samplers import SAMPLERS
from studio.document.scene import Picture, Scene
from studio.document.styles import Styles
from studio.lanes.reader import Reader
from studio.models.pictures import Dropped
from studio.models.session import Session
from studio.models.styling import picture_at, with_picture
from studio.models.surprise import chance
from studio.views import dialogs
from studio.views.control import Control, lock_button, show_locked, titled, tool, worded
from studio.views.sliders import ValueSlider
from studio.views.wells import PictureWell

TYPING_MS = 400  # a pause in typing after which the text counts


class ImageControl(Control):
    """A well for a picture."""

    def __init__(self, session: Session, port: Image, parent: QWidget | None = None) -> None:
        super().__init__(session, port, parent)
        self.well = PictureWell(self.label, parent=self)
        self.column.addWidget(self.well)
        self.well.given.connect(self._take)
        self.well.refused.connect(self.problem)

    def _take(self, value: Picture | None) -> None:
        session = self.session
        scene = with_picture(session.scene, session.bundle, self.port, value)
        session.change_scene(scene, self.label)

    def refresh(self) -> None:
        self.well.show_picture(picture_at(self.session.scene, self.session.bundle, self.port))


class LatentControl(Control):
    """A vector by chance; where a graph can make it, without a value it comes from there."""

    def __init__(self, session: Session, port: Latent, parent: QWidget | None = None) -> None:
        super().__init__(session, port, parent)
        self.latent = port
        row = QHBoxLayout()
        self.name = QLabel(self.label, self)
        self.shown = QLabel(self)
        self.shown.setObjectName("value")
        self.dice = tool(self, "dice", self.tr("{0} by chance").format(self.label))
        self.back = tool(self, "reset", self.tr("{0} as by default").format(self.label))
        self.lock = lock_button(self, self.label)
        row.addWidget(self.name)
        row.addWidget(self.shown, 1, Qt.AlignmentFlag.AlignRight)
        for button in (self.dice, self.back, self.lock):
            row.addWidget(button)
        self.column.addLayout(row)
        self.dice.clicked.connect(self._roll)
        self.back.clicked.connect(lambda: self.set_value(None))
        self.lock.toggled.connect(lambda on: self.set_locked(port.name, on))

    def _roll(self) -> None:
        self.set_value(chance(self.latent, np.random.default_rng()))

    def refresh(self) -> None:
        scene, bundle = self.session.scene, self.session.bundle
        maker = bundle.maker(self.port) if bundle is not None else None
        pictured = maker is not None and any(p.name in scene.values for p in maker.inputs)
        if isinstance(self.value, Styles):
            text = self.tr("from the style pad")
        elif self.value is not None:
            text = self.tr("by chance")
        else:
            text = self.tr("from the picture") if pictured else self.tr("average")
        self.shown.setText(text)
        self.back.setEnabled(self.value is not None)
        show_locked(self.lock, self.port.name in scene.locked)


class AttributesControl(Control):
    """A slider for each attribute."""

    def __init__(self, session: Session, port: Attributes, parent: QWidget | None = None) -> None:
        super().__init__(session, port, parent)
        self.sliders: dict[str, ValueSlider] = {}
        self._default = port.default
        for name in port.names:
            slider = ValueSlider(worded(name), lockable=True, parent=self)
            slider.moved.connect(partial(self._moved, name))
            slider.released.connect(session.settle)
            slider.reset.connect(partial(self._moved, name, None))
            slider.locked.connect(partial(self.set_locked, f"{port.name}.{name}"))
            self.sliders[name] = slider
            self.column.addWidget(slider)

    def _moved(self, name: str, value: float | None) -> None:
        values = {k: v for k, v in self._values().items() if k != name}
        if value is not None:
            values[name] = value
        merge = f"{self.port.name}.{name}" if value is not None else ""
        self.session.set_value(self.port.name, values or None, worded(name), merge)

    def _values(self) -> Mapping[str, float]:
        return self.value if isinstance(self.value, Mapping) else {}

    def refresh(self) -> None:
        values, locked = self._values(), self.session.scene.locked
        for name, slider in self.sliders.items():
            default = self._default[name]
            said = values.get(name, default if default >= 0 else None)
            slider.show_value(said, unsaid=0.5)
            slider.show_lock(f"{self.port.name}.{name}" in locked)


class ScalarControl(Control):
    """A slider."""

    def __init__(self, session: Session, port: Scalar, parent: QWidget | None = None) -> None:
        super().__init__(session, port, parent)
        self.slider = ValueSlider(self.label, port.minimum, port.maximum, parent=self)
        self.column.addWidget(self.slider)
        self.slider.moved.connect(lambda value: self.set_value(value, merge=port.name))
        self.slider.released.connect(session.settle)
        self.slider.reset.connect(lambda: self.set_value(None))

    def refresh(self) -> None:
        known = isinstance(self.value, int | float)
        self.slider.show_value(self.value if known else self.port.default)


class ChoiceControl(Control):
    """A list to choose from."""

    def __init__(self, session: Session, port: Choice, parent: QWidget | None = None) -> None:
        super().__init__(session, port, parent)
        self.list = QComboBox(self)
        self.list.setAccessibleName(self.label)
        for option in port.options:
            self.list.addItem(worded(option), option)
        titled(self, self.label, self.list)
        self.list.activated.connect(lambda place: self.set_value(self.list.itemData(place)))

    def refresh(self) -> None:
        found = self.list.findData(self.value)
        self.list.setCurrentIndex(found if found >= 0 else int(self.port.default))


class TextControl(Control):
    """A line of text; it counts after a pause in typing."""

    def __init__(self, session: Session, port: Text, parent: QWidget | None = None) -> None:
        super().__init__(session, port, parent)
        self.line = QLineEdit(self)
        self.line.setAccessibleName(self.label)
        self.line.setMaxLength(port.length)
        self.line.setPlaceholderText(self.tr("Say what to paint"))
        titled(self, self.label, self.line)
        self._pause = QTimer(self, singleShot=True, interval=TYPING_MS)
        self._pause.timeout.connect(self._take)
        self.line.textEdited.connect(lambda text: self._pause.start())
        self.line.editingFinished.connect(self._take)

    def _take(self) -> None:
        self._pause.stop()
        text = self.line.text()
        while len(text.encode()) > self.line.maxLength():
            text = text[:-1]
        if text != (self.value or ""):
            self.set_value(text or None, merge=self.port.name)

    def refresh(self) -> None:
        text = self.value if isinstance(self.value, str) else ""
        if text != self.line.text() and not self._pause.isActive():
            self.line.setText(text)


class MaskControl(Control):
    """Everything, the pixels of a class, or the bright part of a picture."""

    def __init__(self, session: Session, port: Mask, parent: QWidget | None = None) -> None:
        super().__init__(session, port, parent)
        self.list = QComboBox(self)
        self.list.setAccessibleName(self.label)
        titled(self, self.label, self.list)
        self.list.activated.connect(self._chosen)
        self._reader = Reader(self)
        self._reader.problem.connect(self.problem)

    def _chosen(self, place: int) -> None:
        kind = self.list.itemData(place)
        if kind != "picture":
            self.set_value(kind or None)
            return
        path = dialogs.ask_picture(self, self.label)
        if path is not None:
            self._reader.read(partial(Dropped.read, path), self._take, path.name)
        self.refresh()

    def _take(self, found: Dropped) -> None:
        if found.picture is not None:
            self.set_value(found.picture)
        else:
            self.problem.emit(found.problem)
        self.refresh()

    def refresh(self) -> None:
        value, palette = self.value, self.session.scene.palette
        self.list.blockSignals(True)
        self.list.clear()
        self.list.addItem(self.tr("Everything"), "")
        for number in self.session.shown_classes():
            name = palette[number].name
            self.list.addItem(self.tr("Where there is {0}").format(worded(name).lower()), name)
        self.list.addItem(self.tr("The bright part of a picture …"), "picture")
        found = self.list.findData("picture" if isinstance(value, Picture) else value or "")
        self.list.setCurrentIndex(max(found, 0))
        self.list.blockSignals(False)


class LevelControl(Control):
    """How a sampler goes about it: steps, method, and how strictly it follows."""

    def __init__(self, session: Session, port: NoiseLevel, parent: QWidget | None = None) -> None:
        super().__init__(session, port, parent)
        self.steps = ValueSlider(
            self.tr("Steps"), 1, min(port.schedule.T, 200), whole=True, parent=self
        )
        self.steps.moved.connect(lambda n: self._set(self.tr("Steps"), "steps", steps=int(n)))
        self.steps.reset.connect(lambda: self._set(self.tr("Steps"), "", steps=Scene().steps))
        self.method = QComboBox(self)
        self.method.setAccessibleName(self.tr("Sampler"))
        for name in SAMPLERS:
            self.method.addItem(worded(name), name)
        self.method.activated.connect(
            lambda place: self._set(self.tr("Sampler"), "", sampler=self.method.itemData(place))
        )
        self.follow = ValueSlider(self.tr("Follow strictly"), 1.0, 12.0, parent=self)
        self.follow.moved.connect(
            lambda value: self._set(self.tr("Follow strictly"), "guidance", guidance=value)
        )
        self.follow.reset.connect(
            lambda: self._set(self.tr("Follow strictly"), "", guidance=Scene().guidance)
        )
        for slider in (self.steps, self.follow):
            slider.released.connect(session.settle)
        self.column.addWidget(self.steps)
        titled(self, self.tr("Sampler"), self.method)
        self.column.addWidget(self.follow)

    def _set(self, label: str, merge: str, **fields: Any) -> None:
        self.session.change_scene(replace(self.session.scene, **fields), label, merge)

    def refresh(self) -> None:
        scene, bundle = self.session.scene, self.session.bundle
        self.steps.show_value(scene.steps)
        self.method.setCurrentIndex(max(self.method.findData(scene.sampler), 0))
        self.follow.show_value(scene.guidance)
        ports = bundle.ports if bundle is not None else ()
        self.follow.setVisible(any(port.null is not None for port in ports))


CONTROLS: dict[type[Port], Callable[..., Control]] = {
    Image: ImageControl,
    Latent: LatentControl,
    Attributes: AttributesControl,
    Scalar: ScalarControl,
    Choice: ChoiceControl,
    Text: TextControl,
    Mask: MaskControl,
    NoiseLevel: LevelControl,
}
