"""The title bar of a dock: its name, and buttons that the keyboard reaches too."""

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QDockWidget, QFrame, QHBoxLayout, QLabel, QToolButton

from studio.views.icons import icon

ICON = QSize(16, 16)


class DockTitle(QFrame):
    """Takes the place of Qt's own bar, whose buttons are tiny and deaf to keys."""

    def __init__(self, dock: QDockWidget) -> None:
        super().__init__(dock)
        self.setObjectName("dock-title")
        self.dock = dock
        self.name = QLabel(dock.windowTitle(), self)
        self.name.setObjectName("title")
        self.float = self._button("float")
        self.close_ = self._button("close")
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 4, 6, 4)
        row.setSpacing(2)
        row.addWidget(self.name, 1)
        row.addWidget(self.float)
        row.addWidget(self.close_)
        self.float.clicked.connect(lambda: dock.setFloating(not dock.isFloating()))
        self.close_.clicked.connect(dock.close)
        dock.windowTitleChanged.connect(self.refresh)
        dock.featuresChanged.connect(self.refresh)
        self.refresh()
        dock.setTitleBarWidget(self)

    def refresh(self) -> None:
        """Show the dock's name and what may be done with it."""
        title, features = self.dock.windowTitle(), self.dock.features()
        self.name.setText(title)
        kinds = QDockWidget.DockWidgetFeature
        for button, text, feature in (
            (self.float, self.tr("Float or dock {0}"), kinds.DockWidgetFloatable),
            (self.close_, self.tr("Close {0}"), kinds.DockWidgetClosable),
        ):
            button.setVisible(bool(features & feature))
            button.setAccessibleName(text.format(title))
            button.setToolTip(text.format(title))

    def _button(self, name: str) -> QToolButton:
        button = QToolButton(self)
        button.setIcon(icon(name))
        button.setIconSize(ICON)
        button.setAutoRaise(True)
        return button
