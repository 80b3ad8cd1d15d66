"""A form for settings, made from what the catalogue says of them."""

from typing import Any

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QGridLayout,
    QLabel,
    QLineEdit,
    QSpinBox,
    QWidget,
)

from engines.catalog import Setting

WIDTH = 190  # logical pixels of a field


class Number(QDoubleSpinBox):
    """A number shown as short as it is: 0.0002 and 10, not 0.0002000 and 10.0000000."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setDecimals(7)
        self.setStepType(QDoubleSpinBox.StepType.AdaptiveDecimalStepType)

    def textFromValue(self, value: float) -> str:  # noqa: N802
        text = f"{value:.7f}".rstrip("0").rstrip(".")
        return text.replace(".", self.locale().decimalPoint())


class SettingsForm(QWidget):
    """A row a setting; `edited` with a name and its new value."""

    edited = Signal(str, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows = QGridLayout(self)
        self.rows.setContentsMargins(0, 0, 0, 0)
        self.rows.setColumnStretch(0, 1)
        self._settings: tuple[Setting, ...] = ()
        self._widgets: dict[str, QWidget] = {}

    def show_settings(self, settings: tuple[Setting, ...], values: dict[str, Any]) -> None:
        """Rows for these, with these values."""
        if settings != self._settings:
            self._settings = settings
            self._build()
        for name, widget in self._widgets.items():
            if _value(widget) != values[name]:
                widget.blockSignals(True)
                _put(widget, values[name])
                widget.blockSignals(False)

    def _build(self) -> None:
        while (item := self.rows.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        self._widgets = {}
        for row, setting in enumerate(self._settings):
            widget = self._widget(setting)
            widget.setAccessibleName(setting.label)
            widget.setToolTip(setting.name)
            widget.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            widget.installEventFilter(self)
            label = QLabel(setting.label, self)
            label.setWordWrap(True)
            label.setBuddy(widget)
            widget.setFixedWidth(WIDTH)
            self.rows.addWidget(label, row, 0)
            self.rows.addWidget(widget, row, 1)
            self._widgets[setting.name] = widget

    def _widget(self, setting: Setting) -> QWidget:
        name = setting.name
        if setting.options:
            options = QComboBox(self)
            options.addItems(list(setting.options))
            options.currentTextChanged.connect(lambda text: self.edited.emit(name, text))
            return options
        if setting.type == "bool":
            box = QCheckBox(self)
            box.toggled.connect(lambda on: self.edited.emit(name, on))
            return box
        if setting.type == "int":
            whole = QSpinBox(self)
            whole.setRange(_bound(setting.least, -(2**31)), _bound(setting.greatest, 2**31 - 1))
            whole.setStepType(QSpinBox.StepType.AdaptiveDecimalStepType)
            whole.setGroupSeparatorShown(True)
            whole.valueChanged.connect(lambda value: self.edited.emit(name, value))
            return whole
        if setting.type == "float":
            number = Number(self)
            least = -1e12 if setting.least is None else setting.least
            number.setRange(least, 1e12 if setting.greatest is None else setting.greatest)
            number.valueChanged.connect(lambda value: self.edited.emit(name, value))
            return number
        line = QLineEdit(self)
        line.textEdited.connect(lambda text: self.edited.emit(name, text))
        return line

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        """Scrolling past a field must not change it."""
        passing = isinstance(watched, QWidget) and not watched.hasFocus()
        if event.type() == QEvent.Type.Wheel and passing:
            event.ignore()
            return True
        return super().eventFilter(watched, event)


def _bound(value: float | None, limit: int) -> int:
    return limit if value is None else max(-(2**31), min(2**31 - 1, int(value)))


def _value(widget: QWidget) -> Any:
    if isinstance(widget, QComboBox):
        return widget.currentText()
    if isinstance(widget, QCheckBox):
        return widget.isChecked()
    if isinstance(widget, QSpinBox | QDoubleSpinBox):
        return widget.value()
    assert isinstance(widget, QLineEdit)
    return widget.text()


def _put(widget: QWidget, value: Any) -> None:
    if isinstance(widget, QComboBox):
        widget.setCurrentText(value)
    elif isinstance(widget, QCheckBox):
        widget.setChecked(value)
    elif isinstance(widget, QSpinBox | QDoubleSpinBox):
        widget.setValue(value)
    else:
        assert isinstance(widget, QLineEdit)
        widget.setText(value)
