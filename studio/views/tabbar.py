"""A tab for each open document; one alone needs none."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QTabBar, QWidget

from studio.models.files import Files


class DocumentTabs(QTabBar):
    """`asked_to_close` says which document is to be closed."""

    asked_to_close = Signal(int)

    def __init__(self, files: Files, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.files = files
        self._building = False
        self.setAccessibleName(self.tr("Open documents"))
        self.setTabsClosable(True)
        self.setMovable(True)
        self.setExpanding(False)
        self.setDrawBase(False)
        self.setDocumentMode(True)
        self.setUsesScrollButtons(True)
        self.currentChanged.connect(self._chosen)
        self.tabCloseRequested.connect(self.asked_to_close)
        self.tabMoved.connect(self._moved)
        files.changed.connect(self.refresh)
        files.tabs.changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show the open documents."""
        tabs = self.files.tabs
        self._building = True
        while self.count() > len(tabs.items):
            self.removeTab(self.count() - 1)
        while self.count() < len(tabs.items):
            self.addTab("")
        for index, tab in enumerate(tabs.items):
            mark = " •" if tabs.unsaved(tab) else ""
            name = self.files.name_of(tab)
            self.setTabText(index, f"{name}{mark}".replace("&", "&&"))
            self.setTabToolTip(index, str(tab.path) if tab.path else self.tr("Not saved yet"))
        if tabs.index >= 0:
            self.setCurrentIndex(tabs.index)
        self.setVisible(len(tabs.items) > 1)
        self._building = False

    def _chosen(self, index: int) -> None:
        if not self._building:
            self.files.tabs.go(index)

    def _moved(self, before: int, now: int) -> None:
        if not self._building:
            self.files.tabs.move(before, now)
