"""Hands for a window: they find visible, enabled widgets by their accessible names and send events.

Nothing here calls a slot or sets a property: what a hand cannot do, an artist cannot do.
"""

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PySide6.QtCore import QEvent, QEventLoop, QMimeData, QPoint, QPointF, Qt, QTimer, QUrl
from PySide6.QtGui import (
    QDragEnterEvent,
    QDropEvent,
    QImage,
    QInputDevice,
    QMouseEvent,
    QPointingDevice,
    QTabletEvent,
)
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractItemView, QApplication, QMenu, QSlider, QWidget

from studio.lanes.reader import Reader
from studio.views.canvas import Canvas
from studio.views.window import Window

LEFT = Qt.MouseButton.LeftButton
NONE = Qt.MouseButton.NoButton
NO_KEYS = Qt.KeyboardModifier.NoModifier
Where = tuple[float, float]  # shares of a canvas's page, (0, 0) its upper left corner


class Hands:
    """Two hands at a window."""

    def __init__(self, window: Window) -> None:
        self.window = window
        self.app = QApplication.instance()
        self._pulse = QTimer(window, interval=20)
        self._pulse.start()

    def wait(self, done: Callable[[], object], what: str, seconds: float = 60) -> None:
        """Let the studio work until something is so."""
        end = time.monotonic() + seconds
        while not done():
            QApplication.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
            assert time.monotonic() < end, f"waited in vain for {what}"

    def settle(self) -> None:
        """Until the picture follows no more."""
        live = self.window.studio.live
        self.wait(lambda: not live.busy and not live.lane.busy, "the picture")
        QApplication.processEvents()

    def find(self, name: str, kind: type[QWidget] = QWidget) -> QWidget:
        """The one visible, enabled widget of that accessible name, in any window."""
        found = [
            widget
            for top in QApplication.topLevelWidgets()
            if top.isVisible()
            for widget in [top, *top.findChildren(kind)]
            if widget.accessibleName() == name and widget.isVisible() and isinstance(widget, kind)
        ]
        found = list(dict.fromkeys(found))  # A dialog is a window and its parent's child.
        assert len(found) == 1, f"{len(found)} widgets are called {name!r}"
        assert found[0].isEnabled(), f"{name!r} is not enabled"
        return found[0]

    def click(self, name: str) -> None:
        """Press and release on a widget."""
        QTest.mouseClick(self.find(name), LEFT)

    def double_click(self, name: str) -> None:
        """Twice, as fast as it takes."""
        QTest.mouseDClick(self.find(name), LEFT)

    def keys(self, text: str, widget: QWidget | None = None) -> None:
        """Press a shortcut such as Ctrl+Z where the focus is."""
        QTest.keySequence(widget or self.window.focusWidget() or self.window, text)
        QApplication.processEvents()

    def menu(self, *names: str) -> None:
        """Choose from the menu bar by the words that are read there."""
        menu: QMenu | QWidget = self.window.menuBar()
        for name in names:
            actions = [a for a in menu.actions() if a.text().replace("&", "") == name]
            assert len(actions) == 1, f"no command {name!r}"
            assert actions[0].isEnabled(), f"{name!r} is not enabled"
            if actions[0].menu() is not None:
                menu = actions[0].menu()
                menu.aboutToShow.emit()
            else:
                actions[0].trigger()

    # Painting -----------------------------------------------------------------------------------

    def canvas(self, name: str = "Layout") -> Canvas:
        """A canvas."""
        found = self.find(name, Canvas)
        assert isinstance(found, Canvas)
        return found

    def _spot(self, canvas: Canvas, where: Where) -> QPointF:
        height, width = self.window.studio.session.document.size
        return QPointF(
            *self.window.studio.view.to_screen((where[0] * width, where[1] * height), canvas.room)
        )

    def stroke(
        self,
        *points: Where,
        name: str = "Layout",
        steps: int = 6,
        lift: bool = True,
        keys: Qt.KeyboardModifier = NO_KEYS,
    ) -> None:
        """Press, drag through the points, and release, unless the pen is not to `lift`."""
        canvas = self.canvas(name)
        spots = [self._spot(canvas, point) for point in points]
        self._mouse(canvas, QEvent.Type.MouseButtonPress, spots[0], LEFT, LEFT, keys)
        for start, end in zip(spots, [*spots[1:], spots[-1]], strict=True):
            for share in np.linspace(0, 1, steps + 1)[1:]:
                self._mouse(
                    canvas, QEvent.Type.MouseMove, start + (end - start) * share, NONE, LEFT, keys
                )
        if lift:
            self._mouse(canvas, QEvent.Type.MouseButtonRelease, spots[-1], LEFT, NONE, keys)

    def hover(self, point: Where, name: str = "Layout") -> None:
        """Move without a button."""
        canvas = self.canvas(name)
        self._mouse(canvas, QEvent.Type.MouseMove, self._spot(canvas, point), NONE, NONE)

    def pen(
        self,
        *points: tuple[float, float, float],
        name: str = "Layout",
        eraser: bool = False,
        above: bool = False,
    ) -> None:
        """The pen of a tablet, with the pressure as the third number; or its other end.

        It stays `above` the tablet, or draws.
        """
        canvas = self.canvas(name)
        device = QPointingDevice(
            "pen",
            7,
            QInputDevice.DeviceType.Stylus,
            QPointingDevice.PointerType.Eraser if eraser else QPointingDevice.PointerType.Pen,
            QInputDevice.Capability.Position | QInputDevice.Capability.Pressure,
            1,
            3,
        )
        kinds = [QEvent.Type.TabletPress] + [QEvent.Type.TabletMove] * len(points)
        for kind, (x, y, pressure) in zip(
            [*kinds, QEvent.Type.TabletRelease], [points[0], *points, points[-1]], strict=True
        ):
            if above and kind is not QEvent.Type.TabletMove:
                continue
            spot = self._spot(canvas, (x, y))
            held = NONE if above or kind is QEvent.Type.TabletRelease else LEFT
            button = NONE if kind is QEvent.Type.TabletMove else LEFT
            event = QTabletEvent(
                kind,
                device,
                spot,
                QPointF(canvas.mapToGlobal(spot)),
                pressure,
                0.0,
                0.0,
                0.0,
                0.0,
                0.0,
                Qt.KeyboardModifier.NoModifier,
                button,
                held,
            )
            QApplication.sendEvent(canvas, event)

    def _mouse(
        self,
        widget: QWidget,
        kind: QEvent.Type,
        spot: QPointF,
        button: Qt.MouseButton,
        held: Qt.MouseButton,
        keys: Qt.KeyboardModifier = NO_KEYS,
    ) -> None:
        there = QPointF(widget.mapToGlobal(spot))
        QApplication.sendEvent(widget, QMouseEvent(kind, spot, there, button, held, keys))
        QApplication.processEvents()

    # Controls -----------------------------------------------------------------------------------

    def slide(self, name: str, share: float) -> None:
        """Drag a slider's thumb to a share of its length."""
        slider = self.find(name, QSlider)
        y = slider.height() / 2
        start = QPointF(slider.width() * 0.5, y)
        end = QPointF(max(1.0, min(slider.width() * share, slider.width() - 2)), y)
        self._mouse(slider, QEvent.Type.MouseButtonPress, start, LEFT, LEFT)
        for step in np.linspace(0, 1, 5)[1:]:
            self._mouse(slider, QEvent.Type.MouseMove, start + (end - start) * step, NONE, LEFT)
        self._mouse(slider, QEvent.Type.MouseButtonRelease, end, LEFT, NONE)

    def drop(self, name: str, what: Path | QImage, rest: bool = True) -> None:
        """Drop a file or a picture on a widget, and rest until it is read."""
        target = self.find(name)
        if isinstance(target, QAbstractItemView):
            target = target.viewport()
        data = QMimeData()
        if isinstance(what, Path):
            data.setUrls([QUrl.fromLocalFile(str(what))])
        else:
            data.setImageData(what)
        spot = QPoint(target.width() // 2, target.height() // 2)
        while not target.acceptDrops():  # As Qt does: the nearest parent that takes drops.
            spot = target.mapToParent(spot)
            target = target.parentWidget()
        copy, keys = Qt.DropAction.CopyAction, Qt.KeyboardModifier.NoModifier
        enter = QDragEnterEvent(spot, copy, data, LEFT, keys)
        QApplication.sendEvent(target, enter)
        if enter.isAccepted():
            QApplication.sendEvent(target, QDropEvent(QPointF(spot), copy, data, LEFT, keys))
        QApplication.processEvents()
        if rest:
            self.rest_eyes()

    def rest_eyes(self) -> None:
        """Until nothing is being read any more."""
        readers = (*self.window.findChildren(Reader), *self.window.studio.findChildren(Reader))
        self.wait(lambda: not any(reader.busy for reader in readers), "what is being read")
