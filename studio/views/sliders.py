"""A slider with a name, a value, a lock, and a default that a double click brings back."""

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QSlider,
    QStyle,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from studio.views.icons import icon

STEPS = 200


class Track(QSlider):
    """A horizontal slider that goes where it is clicked and leaves the wheel to its list."""

    reset = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setRange(0, STEPS)
        self.setPageStep(STEPS // 10)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        if event.button() == Qt.MouseButton.LeftButton:
            reach = self.style().pixelMetric(QStyle.PixelMetric.PM_SliderLength, None, self)
            x = round(event.position().x() - reach / 2)
            value = QStyle.sliderValueFromPosition(0, STEPS, x, max(self.width() - reach, 1))
            if abs(value - self.value()) > STEPS * reach / max(self.width(), 1) / 2:
                self.setSliderDown(True)
                self.setValue(value)
        super().mousePressEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        self.reset.emit()

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802
        event.ignore()  # It scrolls the panel; a value must not change in passing.


class ValueSlider(QWidget):
    """`moved` while it is dragged, `released` when it is let go, `reset` on a double click.

    Without a value it is unsaid: the model decides, and the slider says so.
    """

    moved = Signal(float)
    released = Signal()
    reset = Signal()
    locked = Signal(bool)

    def __init__(
        self,
        label: str,
        least: float = 0.0,
        most: float = 1.0,
        whole: bool = False,
        lockable: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._least, self._most, self._whole = least, most, whole
        self.name = QLabel(label, self)
        self.shown = QLabel(self)
        self.shown.setObjectName("value")
        self.shown.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.track = Track(self)
        self.track.setAccessibleName(label)
        self.track.setToolTip(self.tr("Double-click gives it back to the model"))
        self.name.setBuddy(self.track)
        head = QHBoxLayout()
        head.setContentsMargins(0, 0, 0, 0)
        head.addWidget(self.name, 1)
        head.addWidget(self.shown)
        self.lock = QToolButton(self)
        self.lock.setCheckable(True)
        self.lock.setAutoRaise(True)
        self.lock.setIcon(icon("unlock"))
        self.lock.setVisible(lockable)
        self.lock.setAccessibleName(self.tr("Lock {0}").format(label))
        self.lock.setToolTip(self.tr("A surprise leaves a locked value alone"))
        head.addWidget(self.lock)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(self.track)
        self.track.valueChanged.connect(self._changed)
        self.track.sliderReleased.connect(self.released)
        self.track.reset.connect(self.reset)
        self.track.installEventFilter(self)
        self.lock.toggled.connect(self.locked)
        self.lock.toggled.connect(lambda on: self.lock.setIcon(icon("lock" if on else "unlock")))

    def show_value(self, value: float | None, unsaid: float = 0.0) -> None:
        """Show a value without saying that it moved; None is unsaid, with the thumb at `unsaid`."""
        at = unsaid if value is None else value
        share = (at - self._least) / max(self._most - self._least, 1e-9)
        if not self.track.isSliderDown() or value is None:
            self.track.blockSignals(True)
            self.track.setValue(round(share * STEPS))
            self.track.blockSignals(False)
        self.track.setProperty("unsaid", value is None)
        self.track.style().polish(self.track)
        if value is None:
            text = self.tr("auto")
        elif self._whole:
            text = str(round(value))
        elif (self._least, self._most) == (0.0, 1.0):
            text = f"{value:.0%}"
        else:
            text = f"{value:.2f}"
        self.shown.setText(text)
        self.track.setAccessibleDescription(text)

    def show_lock(self, on: bool) -> None:
        """Show the lock without saying that it moved."""
        self.lock.blockSignals(True)
        self.lock.setChecked(on)
        self.lock.setIcon(icon("lock" if on else "unlock"))
        self.lock.blockSignals(False)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        if event.type() == QEvent.Type.KeyRelease and watched is self.track:
            self.released.emit()
        return False

    def _changed(self, step: int) -> None:
        value = self._least + step / STEPS * (self._most - self._least)
        self.moved.emit(float(round(value)) if self._whole else round(value, 4))
