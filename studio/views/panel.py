"""The panel of all controls of the open model, with surprise, seed and size."""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from engines.ports import Attributes, Image, Latent, Noise
from studio.models.compose import picture_size
from studio.models.session import Session
from studio.models.surprise import drawn, surprised
from studio.views.control import Control, lock_button, show_locked, titled, tool
from studio.views.controls import CONTROLS
from studio.views.icons import icon

if TYPE_CHECKING:
    from engines.runtime.bundle import Bundle

SIDES = (128, 192, 256, 320, 384, 512, 640, 768, 1024, 1536, 2048)
MOST_SEED = 2**31 - 1


class Controls(QWidget):
    """All controls of the open model, with size, seed and surprise."""

    problem = Signal(str)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.controls: list[Control] = []
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(12, 12, 12, 12)
        self.column.setSpacing(14)
        session.model_opened.connect(self.rebuild)
        session.scene_changed.connect(lambda before, now: self.refresh())
        session.replaced.connect(self.refresh)
        self._empty = QLabel(self.tr("Choose a model to see what it can do."), self)
        self._empty.setWordWrap(True)
        self.column.addWidget(self._empty)
        self.column.addStretch(1)

    def rebuild(self, bundle: "Bundle") -> None:
        """Make the controls of another model."""
        for place in range(self.column.count() - 1, -1, -1):
            item = self.column.takeAt(place)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self.controls = [
            CONTROLS[type(port)](self.session, port, self)
            for port in bundle.ports
            if type(port) in CONTROLS
        ]
        for control in self.controls:
            control.problem.connect(self.problem)
            self.column.addWidget(control)
        if any(isinstance(port, Attributes | Latent) for port in bundle.ports) or drawn(bundle):
            surprise = QPushButton(icon("dice"), self.tr("Surprise me"), self)
            surprise.setToolTip(self.tr("Other values for all that is not locked (Ctrl+R)"))
            surprise.clicked.connect(self.surprise)
            self.column.addWidget(surprise)
        if drawn(bundle):
            self.column.addWidget(self._add(SeedControl(self.session, Noise("seed"), self)))
        if bundle.picture is not None and not bundle.picture.fixed:
            self.column.addWidget(self._add(SizeControl(self.session, bundle.picture, self)))
        self.column.addStretch(1)
        self.refresh()

    def surprise(self) -> None:
        """Other values for all that is not locked."""
        if self.session.bundle is not None:
            scene = surprised(self.session.scene, self.session.bundle, np.random.default_rng())
            self.session.change_scene(scene, self.tr("Surprise"))

    def refresh(self) -> None:
        """Show what the scene says now."""
        for control in self.controls:
            control.refresh()

    def _add(self, control: Control) -> Control:
        self.controls.append(control)
        return control


class SeedControl(Control):
    """The number that chance starts from."""

    def __init__(self, session: Session, port: Noise, parent: QWidget | None = None) -> None:
        super().__init__(session, port, parent)
        row = QHBoxLayout()
        self.number = QSpinBox(self)
        self.number.setRange(0, MOST_SEED)
        self.number.setAccessibleName(self.tr("Seed"))
        self.number.setKeyboardTracking(False)
        self.dice = tool(self, "dice", self.tr("Another seed"))
        self.lock = lock_button(self, self.tr("Seed"))
        name = QLabel(self.tr("Seed"), self)
        name.setBuddy(self.number)
        row.addWidget(name)
        row.addWidget(self.number, 1)
        row.addWidget(self.dice)
        row.addWidget(self.lock)
        self.column.addLayout(row)
        self.number.valueChanged.connect(self._set)
        self.dice.clicked.connect(lambda: self._set(int(np.random.default_rng().integers(2**31))))
        self.lock.toggled.connect(lambda on: self.set_locked("seed", on))

    def _set(self, seed: int) -> None:
        scene = self.session.scene
        self.session.change_scene(replace(scene, seed=seed), self.tr("Seed"))

    def refresh(self) -> None:
        scene = self.session.scene
        self.number.blockSignals(True)
        self.number.setValue(min(scene.seed, MOST_SEED))
        self.number.blockSignals(False)
        show_locked(self.lock, "seed" in scene.locked)


class SizeControl(Control):
    """The longer side of the picture; the shape is the document's."""

    def __init__(self, session: Session, port: Image, parent: QWidget | None = None) -> None:
        super().__init__(session, port, parent)
        self.list = QComboBox(self)
        self.list.setAccessibleName(self.tr("Picture size"))
        self._most, self._least = port.maximum, port.minimum
        titled(self, self.tr("Picture size"), self.list)
        self.list.activated.connect(self._chosen)

    def _chosen(self, place: int) -> None:
        scene = replace(self.session.scene, side=int(self.list.itemData(place)))
        self.session.change_scene(scene, self.tr("Picture size"))

    def refresh(self) -> None:
        bundle, side = self.session.bundle, self.session.scene.side
        if bundle is None:
            return
        self.list.blockSignals(True)
        self.list.clear()
        sides = {s for s in SIDES if self._least <= s <= self._most} | {side}
        shown: set[str] = set()
        for number in sorted(sides):
            height, width = picture_size(bundle, self.session.document.size, number)
            text = f"{width} × {height}"
            if text not in shown or number == side:
                shown.add(text)
                self.list.addItem(text, number)
        self.list.setCurrentIndex(max(self.list.findData(side), 0))
        self.list.blockSignals(False)
