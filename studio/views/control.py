"""What all controls share: a port, what the scene says of it, and their small parts."""

from dataclasses import replace
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLabel, QToolButton, QVBoxLayout, QWidget

from engines.ports import Port
from studio.models.session import Session
from studio.views.icons import icon


class Control(QWidget):
    """What sets one port. `problem` says in a sentence what could not be taken."""

    problem = Signal(str)

    def __init__(self, session: Session, port: Port, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session, self.port = session, port
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(8)

    @property
    def label(self) -> str:
        """What the port is called."""
        return worded(self.port.label or self.port.name)

    @property
    def value(self) -> Any:
        """What the scene says of the port; None where it says nothing."""
        return self.session.scene.values.get(self.port.name)

    def set_value(self, value: Any, merge: str = "") -> None:
        """Set the port, as a step of its own or of the drag called `merge`."""
        self.session.set_value(self.port.name, value, self.label, merge)

    def set_locked(self, name: str, on: bool) -> None:
        """Lock a name against surprises, or unlock it."""
        scene = self.session.scene
        locked = scene.locked | {name} if on else scene.locked - {name}
        label = self.tr("Lock") if on else self.tr("Unlock")
        self.session.change_scene(replace(scene, locked=locked), label)

    def refresh(self) -> None:
        """Show what the scene says now."""
        raise NotImplementedError


def worded(name: str) -> str:
    """A name as it is read: time_of_day -> Time of day."""
    text = name.replace("_", " ").strip()
    return text[:1].upper() + text[1:]


def titled(control: Control, label: str, widget: QWidget) -> None:
    """Put a widget below its label."""
    name = QLabel(label, control)
    name.setBuddy(widget)
    column = QVBoxLayout()
    column.setSpacing(4)
    column.addWidget(name)
    column.addWidget(widget)
    control.column.addLayout(column)


def tool(parent: QWidget, name: str, label: str) -> QToolButton:
    """A small button with an icon."""
    button = QToolButton(parent)
    button.setIcon(icon(name))
    button.setAutoRaise(True)
    button.setAccessibleName(label)
    button.setToolTip(label)
    return button


def lock_button(parent: QWidget, label: str) -> QToolButton:
    """A button that keeps a value from surprises."""
    button = tool(parent, "unlock", parent.tr("Lock {0}").format(label))
    button.setCheckable(True)
    button.setToolTip(parent.tr("A surprise leaves a locked value alone"))
    return button


def show_locked(button: QToolButton, on: bool) -> None:
    """Show a lock without saying that it moved."""
    button.blockSignals(True)
    button.setChecked(on)
    button.setIcon(icon("lock" if on else "unlock"))
    button.blockSignals(False)
