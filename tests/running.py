"""Runs as a trainer leaves them, and hands for the widgets that show them."""

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QWidget
from pytestqt.qtbot import QtBot

from engines.orders import Order
from engines.runs import Run
from studio.lanes.runs import Follow

TITLE = "Misty lakes"
Event = dict[str, Any]


def step(number: int, **losses: float) -> Event:
    return {"kind": "step", "step": number, "losses": losses or {"l1": 1.0}, "time": 2.0 * number}


def state(name: str, sentence: str = "") -> Event:
    return {"kind": "state", "state": name, "sentence": sentence, "time": 0.0}


def resumed(number: int) -> Event:
    return {"kind": "resumed", "step": number, "time": 0.0}


def fake(home: Path, *events: Event, name: str = "lakes", steps: int = 40) -> Run:
    """A run directory as a trainer leaves it."""
    run = Run(home / name)
    Order("none", "/nowhere", TITLE, {"steps": steps}, made=100.0).write(run.path)
    half = {"name": "half", "steps": steps // 2, "size": [32, 32]}
    whole = {"name": "whole", "steps": steps - steps // 2, "size": [64, 64]}
    settings = {"steps": steps, "batch": 4, "size": 64}
    classes = [{"name": "sky", "color": "#0000ff"}, {"name": "sea", "color": "#00ff00"}]
    config = {"recipe": "none", "settings": settings, "stages": [half, whole]}
    Run.create(run.path, {**config, "spec": {"classes": classes}})
    for event in events:
        run.append(event)
    return run


def follow(run: Run, whole: bool = True) -> Follow:
    found = Follow(run.path)
    if whole:
        found.want_curves()
    found.look()
    return found


def named(parent: QWidget, kind: type[QWidget], name: str) -> Any:
    """The visible widget of that accessible name."""
    found = [w for w in parent.findChildren(kind) if w.accessibleName() == name and w.isVisible()]
    assert len(found) == 1, (name, [w.accessibleName() for w in parent.findChildren(kind)])
    return found[0]


def click(qtbot: QtBot, parent: QWidget, name: str) -> None:
    button = named(parent, QAbstractButton, name)
    assert button.isEnabled()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def choose(qtbot: QtBot, parent: QWidget, name: str, text: str) -> None:
    """Choose an entry of a box by keys."""
    box = named(parent, QComboBox, name)
    box.setFocus()
    qtbot.keyClick(box, Qt.Key.Key_Home)
    for _ in range(box.count()):
        if box.currentText() == text:
            return
        qtbot.keyClick(box, Qt.Key.Key_Down)
    pytest.fail(f"{name} has no {text}")


def drop(widget: QWidget, path: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    copy = Qt.DropAction.CopyAction
    QApplication.sendEvent(widget, QDragEnterEvent(QPoint(20, 20), copy, data, buttons, keys))
    QApplication.sendEvent(widget, QDropEvent(QPointF(20, 20), copy, data, buttons, keys))
