"""The documents that are open beside each other, of which one is shown."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from studio.document.carried import Result
from studio.document.changes import Change
from studio.document.keepsakes import Keepsake
from studio.document.kept import Kept
from studio.history import History
from studio.models.gallery import Gallery
from studio.models.results import Results
from studio.models.session import Session

GALLERY = "gallery"  # in a document's folder


@dataclass(eq=False)
class Tab:
    """An open document. `kept` is None where the disk refused; then `written` is the last change
    that the artist's file has, and `lacking` whether it lacks more. The rest is what it had besides
    its history when another was brought before it.
    """

    history: History
    kept: Kept | None = None
    results: Sequence[Result] = ()
    keepsakes: Sequence[Keepsake] = field(default_factory=tuple)
    gallery_unsaved: bool = False
    lacking: bool = False

    def __post_init__(self) -> None:
        self.written = self.last

    @property
    def last(self) -> Change | None:
        """The last change."""
        return self.history.done[-1] if self.history.done else None

    @property
    def path(self) -> Path | None:
        """The artist's file; None before the first save."""
        return self.kept.path if self.kept is not None else None

    @property
    def folder(self) -> Path | None:
        """Where its gallery is kept."""
        return None if self.kept is None else self.kept.folder / GALLERY


class Tabs(QObject):
    """`items` in their order and the `index` of the one that is shown."""

    changed = Signal()

    def __init__(
        self, session: Session, results: Results, gallery: Gallery, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.session, self.results, self.gallery = session, results, gallery
        self.items: list[Tab] = []
        self.index = -1

    @property
    def now(self) -> Tab | None:
        """The one that is shown."""
        return self.items[self.index] if 0 <= self.index < len(self.items) else None

    def unsaved(self, tab: Tab) -> bool:
        """Whether the artist's file lacks something of a document."""
        gallery = self.gallery.unsaved if tab is self.now else tab.gallery_unsaved
        if tab.kept is None:
            return tab.lacking or gallery or tab.last is not tab.written
        return tab.kept.unsaved or gallery

    @property
    def untouched(self) -> bool:
        """Whether the one that is shown is as it was opened, and of no file."""
        tab = self.now
        return (
            tab is not None
            and tab.path is None
            and not (tab.history.done or tab.history.undone or self.unsaved(tab))
        )

    def add(self, tab: Tab) -> Tab | None:
        """Show another document, beside the others; one that was untouched gives way, and is
        returned.
        """
        gone = self.now if self.untouched else None
        if gone is not None:
            self.items[self.index] = tab
        else:
            self._stash()
            self.index += 1
            self.items.insert(self.index, tab)
        self._bring()
        return gone

    def go(self, index: int) -> None:
        """Show another of the open documents."""
        if index != self.index and 0 <= index < len(self.items):
            self._stash()
            self.index = index
            self._bring()

    def move(self, index: int, to: int) -> None:
        """Another order."""
        now = self.now
        self.items.insert(to, self.items.pop(index))
        if now is not None:
            self.index = self.items.index(now)
        self.changed.emit()

    def remove(self, index: int) -> Tab:
        """Close a document; a neighbour is shown in its place, if there is one."""
        tab = self.items.pop(index)
        shown = index == self.index
        if index < self.index or self.index == len(self.items):
            self.index -= 1
        if shown and self.items:
            self._bring()
        self.changed.emit()
        return tab

    def _stash(self) -> None:
        tab = self.now
        if tab is not None:
            tab.results = tuple(self.results.items)
            tab.keepsakes, tab.gallery_unsaved = tuple(self.gallery.items), self.gallery.unsaved

    def _bring(self) -> None:
        tab = self.now
        assert tab is not None
        self.session.show(tab.history.document, tab.history)
        self.results.put(list(tab.results))
        self.gallery.put(tab.keepsakes)
        self.gallery.unsaved = tab.gallery_unsaved
        self.gallery.keep_in(tab.folder)
        self.changed.emit()
