"""The left side: the tools, the brush, the palette, and the photo to trace."""

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QToolBar, QVBoxLayout, QWidget

from studio.document.scene import Picture
from studio.models.session import Session
from studio.models.tools import Tool, Tools
from studio.views.actions import Actions
from studio.views.classes import Classes
from studio.views.sliders import ValueSlider
from studio.views.tooloptions import ToolOptions
from studio.views.wells import PictureWell


def tool_commands(tr: Callable[[str], str]) -> dict[Tool, tuple[str, str]]:
    """What the tools are called, and their keys; each is a command "tool-" and its value."""
    return {
        Tool.BRUSH: (tr("Brush"), "B"),
        Tool.ERASER: (tr("Eraser"), "E"),
        Tool.FILL: (tr("Fill"), "G"),
        Tool.LINE: (tr("Line"), "L"),
        Tool.RECTANGLE: (tr("Rectangle"), "R"),
        Tool.ELLIPSE: (tr("Ellipse"), "O"),
        Tool.POLYGON: (tr("Polygon"), "P"),
        Tool.LASSO: (tr("Lasso"), "F"),
        Tool.CLONE: (tr("Clone"), "C"),
        Tool.PICKER: (tr("Pick a class"), "I"),
        Tool.SELECT: (tr("Select a rectangle"), "M"),
        Tool.SELECT_LASSO: (tr("Select freely"), "Q"),
        Tool.WAND: (tr("Select what is alike"), "W"),
        Tool.MOVE: (tr("Move and transform"), "V"),
    }


class ToolBar(QToolBar):
    """A button for each tool, from top to bottom."""

    def __init__(self, tools: Tools, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.tools, self.commands = tools, actions
        self.setObjectName("tools")
        self.setWindowTitle(self.tr("Tools"))
        self.setOrientation(Qt.Orientation.Vertical)
        self.setMovable(False)
        actions.bar(self, *(f"tool-{kind.value}" for kind in Tool))
        tools.changed.connect(self._mark)
        self._mark()

    def _mark(self) -> None:
        self.commands[f"tool-{self.tools.tool.value}"].setChecked(True)


class Toolbox(QWidget):
    """The tool's options, palette and underlay."""

    problem = Signal(str)

    def __init__(
        self, session: Session, tools: Tools, classes: Classes, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.session, self.tools = session, tools
        self.options = ToolOptions(tools, self)
        self.underlay = PictureWell(self.tr("Photo to trace"), height=56, parent=self)
        self.underlay.given.connect(self.set_underlay)
        self.underlay.refused.connect(self.problem)
        self.opacity = ValueSlider(self.tr("Its opacity"), parent=self)
        self.opacity.moved.connect(self._set_opacity)
        self.opacity.released.connect(session.settle)
        self.opacity.reset.connect(lambda: self._set_opacity(0.5))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 10, 0, 10)
        column.setSpacing(10)
        column.addWidget(self.options)
        column.addWidget(classes, 1)
        column.addWidget(_inset(self.underlay, self.opacity))
        session.scene_changed.connect(lambda before, now: self.refresh())
        session.replaced.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show what is in hand."""
        scene = self.session.scene
        self.underlay.show_picture(scene.underlay)
        self.opacity.show_value(scene.underlay_opacity)
        self.opacity.setVisible(scene.underlay is not None)

    def set_underlay(self, picture: Picture | None) -> None:
        """Lay a photo over the layout, to be traced; None takes it away."""
        scene = replace(self.session.scene, underlay=picture)
        self.session.change_scene(scene, self.tr("Photo to trace"))

    def _set_opacity(self, value: float) -> None:
        scene = replace(self.session.scene, underlay_opacity=value)
        self.session.change_scene(scene, self.tr("Opacity"), merge="underlay")


def _inset(*widgets: QWidget) -> QWidget:
    frame = QWidget()
    column = QVBoxLayout(frame)
    column.setContentsMargins(12, 0, 12, 0)
    column.setSpacing(8)
    for widget in widgets:
        column.addWidget(widget)
    return frame
