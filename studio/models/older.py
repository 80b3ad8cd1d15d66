"""Older versions of the open document's file: seen, opened beside it, put back in its place."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from engines.errors import UserError
from studio.document import ora
from studio.document.scene import Pixels
from studio.document.versions import Version
from studio.lanes.work import Job, WorkLane
from studio.models.files import Files
from studio.models.opening import Found


@dataclass(frozen=True, eq=False)
class Seen:
    """A version and its small picture, uint8 RGBA; None where it has none that can be read."""

    version: Version
    thumbnail: Pixels | None


class Older(QObject):
    """What is on the disk is read off this thread; `told` and `problem` say how it went."""

    told = Signal(str)
    problem = Signal(str)

    def __init__(self, files: Files, work: WorkLane, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.files, self.work = files, work

    @property
    def path(self) -> Path | None:
        """The file whose versions these are; None where the document was never saved."""
        return self.files.path

    def look(self, then: Callable[[tuple[Seen, ...]], None]) -> None:
        """Call `then` with the versions of the open document's file, newest first."""
        path, versions = self.path, self.files.desk.versions
        if path is None:
            then(())
            return

        def found() -> tuple[Seen, ...]:
            return tuple(Seen(version, version.thumbnail()) for version in versions.of(path))

        self.files.reader.read(found, then, path.name)

    def open(self, version: Version, called: str) -> None:
        """Open a version beside the document, as one that is in no file yet; `called` in words."""
        read = self._reading(version, called)

        def run(job: Job) -> ora.Opened:
            return read()

        def done(opened: ora.Opened) -> None:
            files = self.files
            files.show(opened.history.document, opened.history, unsaved=True)
            files.results.put(list(opened.results))
            files.gallery.put(opened.keepsakes)
            for warning in opened.warnings:
                self.problem.emit(warning)
            text = self.tr("The version of {0} is open as a copy that is in no file yet.")
            self.told.emit(text.format(called))

        self.work.add(Job(self.tr("Opening a version"), run, done, self._failed))

    def restore(self, version: Version, called: str) -> None:
        """Have the file hold a version again, and show it in place of the document as it is.

        What the file held is kept as a version. Where the document was changed meanwhile, it stays
        open beside it.
        """
        files, tab = self.files, self.files.tabs.now
        if tab is None or tab.path is None:
            return
        path, last, read = tab.path, tab.last, self._reading(version, called)

        def run(job: Job) -> ora.Opened:
            opened = read()  # Nothing takes the file's place unread.
            files.desk.versions.restore(version, path)
            return opened

        def done(opened: ora.Opened) -> None:
            given_up = tab in files.tabs.items and tab.last is last
            if given_up:
                files.tabs.go(files.tabs.items.index(tab))  # It takes the place beside it.
            files.take(Found(path, opened=opened))
            if given_up and tab in files.tabs.items:
                files.close_tab(files.tabs.items.index(tab))
            text = self.tr("{0} is again as it was {1}; what it held since is a version now.")
            self.told.emit(text.format(path.name, called))

        self.work.add(Job(self.tr("Putting a version back"), run, done, self._failed))

    def _reading(self, version: Version, called: str) -> Callable[[], ora.Opened]:
        """What reads a version on any thread; UserError in words that name no file of ours."""
        known = self.files.session.scene.palette
        broken = self.tr("The version of {0} cannot be read; choose another.").format(called)

        def read() -> ora.Opened:
            try:
                return ora.read(version.path, known)
            except UserError as error:
                raise UserError(broken) from error

        return read

    def _failed(self, sentence: str) -> None:
        self.problem.emit(sentence)
