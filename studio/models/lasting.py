"""The last results as files beside the open document, so that a kill takes none of them."""

from contextlib import suppress
from pathlib import Path
from weakref import WeakKeyDictionary

from PySide6.QtCore import QObject, QTimer, Signal

from engines.errors import UserError
from studio.document.carried import Result
from studio.document.keepsakes import Keepsake, Shelf
from studio.lanes.work import Job, WorkLane
from studio.models.results import Results
from studio.models.session import Session

RESULTS = "results"  # in a document's folder
SETTLE_MS = 300

# What was packed stays packed as long as the result lives. Only the work lane's thread uses it.
Packed = WeakKeyDictionary[Result, Keepsake]


class Lasting(QObject):
    """Follows the strip of the document that is shown; packs and writes on the work lane."""

    problem = Signal(str)

    def __init__(
        self, session: Session, results: Results, work: WorkLane, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.results, self.work = results, work
        self.folder: Path | None = None
        self._packed: Packed = WeakKeyDictionary()
        self._due: tuple[Result, ...] = ()
        self._timer = QTimer(self, singleShot=True, interval=SETTLE_MS)
        self._timer.timeout.connect(self._write)
        results.changed.connect(self._changed)
        session.replaced.connect(self._leave)

    @property
    def due(self) -> bool:
        """Whether something is still to be handed to the work lane."""
        return bool(self._due)

    def keep_in(self, document: Path | None) -> None:
        """Keep them in this document's folder from now on; what a dead studio left comes back."""
        self.folder = None if document is None else document / RESULTS
        if self.folder is None:
            return
        if self.results.items:
            self._changed()
        elif self.folder.is_dir():
            self._read(self.folder)

    def _changed(self) -> None:
        if self.results.items:  # They are never taken away but with their document.
            self._due = tuple(self.results.items)
            self._timer.start()

    def _leave(self) -> None:
        """Another document is shown."""
        self._write()
        self.folder = None

    def _write(self) -> None:
        self._timer.stop()
        folder, due, packed = self.folder, self._due, self._packed
        self._due = ()
        if folder is None or not due:
            return

        def run(job: Job) -> None:
            if not folder.parent.is_dir():
                return  # The document was closed meanwhile.
            try:
                Shelf(folder).write(_pack(result, packed) for result in due)
            except OSError as error:
                if not folder.parent.is_dir():
                    return
                raise UserError(
                    f"The last results could not be backed up in {folder}: "
                    f"{error.strerror or error}. They are still there; save the document."
                ) from error

        self.work.add(Job(self.tr("Backing up the last results"), run, failed=self.problem.emit))

    def _read(self, folder: Path) -> None:
        packed = self._packed

        def run(job: Job) -> list[Result]:
            found = []
            for item in Shelf(folder).read():
                with suppress(UserError):  # What is broken stays behind.
                    result = item.result()
                    packed[result] = item
                    found.append(result)
            return found

        def done(found: list[Result]) -> None:
            if self.folder == folder:
                self.results.put([*self.results.items, *found])

        self.work.add(Job(self.tr("Finding the last results"), run, done, self.problem.emit))


def _pack(result: Result, packed: Packed) -> Keepsake:
    if result not in packed:
        packed[result] = Keepsake.of(result, 0.0)
    return packed[result]
