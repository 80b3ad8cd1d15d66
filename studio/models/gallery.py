"""The gallery of the open document: results that are kept until they are taken out."""

import time
import weakref
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from engines.errors import UserError
from studio.document.carried import Result
from studio.document.keepsakes import Keepsake, Shelf, bounded
from studio.history import History
from studio.lanes.work import Job, WorkLane
from studio.models.results import Results
from studio.models.session import Session

MOST_PASSING = 40  # that fell out of the strip by themselves
SETTLE_MS = 300


class Gallery(QObject):
    """`items` in the order to show: the pinned ones, then by date, the newest first.

    `folder` is where they outlive a kill; `unsaved` whether the artist's file lacks something.
    """

    changed = Signal()
    told = Signal(str)
    problem = Signal(str)
    moved = Signal(object)  # the document's folder, None where the disk refused it

    def __init__(
        self, session: Session, results: Results, work: WorkLane, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.session, self.results, self.work = session, results, work
        self.items: list[Keepsake] = []
        self.folder: Path | None = None
        self.unsaved = False
        self._full = False
        self._late: list[tuple[weakref.ref[History], list[Keepsake]]] = []
        self._shelve = QTimer(self, singleShot=True, interval=SETTLE_MS)
        self._shelve.timeout.connect(self._write)
        results.fell.connect(lambda result: self.add([result], passing=True))
        session.replaced.connect(self._replaced)

    # What is kept -------------------------------------------------------------------------------

    def keep_now(self) -> None:
        """Keep the picture as it stands."""
        result = self.results.now()
        if result is None:
            self.problem.emit(self.tr("There is no finished picture to keep yet; wait for it."))
            return
        self.results.keep()
        self.add([result])

    def add(self, results: Sequence[Result], passing: bool = False, pinned: bool = False) -> None:
        """Keep results; packing them is done on the work lane."""
        meant, now = weakref.ref(self.session.history), time.time()

        def run(job: Job) -> list[Keepsake]:
            found = []
            for number, result in enumerate(results):
                job.tell(number / len(results))
                item = Keepsake.of(result, now - number / 1000, passing)
                found.append(replace(item, pinned=pinned))
            return found

        def done(found: list[Keepsake]) -> None:
            if meant() is not self.session.history:  # It waits for its document to come back.
                self._late.append((meant, found))
                return
            self._take(found)
            if not passing:
                self.told.emit(self._kept(len(found)))

        self.work.add(Job(self.tr("Keeping pictures"), run, done, self.problem.emit))

    def _kept(self, count: int) -> str:
        if count == 1:
            return self.tr("The picture is in the gallery.")
        return self.tr("{0} pictures are in the gallery.").format(count)

    def _take(self, found: Iterable[Keepsake]) -> None:
        known = {item.key: item for item in self.items}
        for item in found:
            before = known.get(item.key)
            if before is not None:  # It was there: what is more counts.
                pinned = before.pinned or item.pinned
                item = replace(before, pinned=pinned, passing=before.passing and item.passing)
            known[item.key] = item
            self.unsaved = self.unsaved or not item.passing
        self._set(known.values())

    def _set(self, items: Iterable[Keepsake]) -> None:
        ordered = sorted(items, key=lambda item: (item.pinned, item.made), reverse=True)
        passing = [item for item in ordered if item.passing][MOST_PASSING:]
        ordered = [item for item in ordered if not any(item is old for old in passing)]
        kept = bounded(ordered)
        lost = [item for item in ordered if not item.passing and item not in kept]
        self.items = kept
        if lost and not self._full:
            self.problem.emit(
                self.tr(
                    "The gallery is full; the oldest pictures that are not pinned make room. "
                    "Export what you want to keep."
                )
            )
        self._full = bool(lost)
        self._shelve.start()
        self.changed.emit()

    def pin(self, items: Sequence[Keepsake], on: bool) -> None:
        """Pin pictures, or no more; a pinned one is kept on purpose."""
        keys = {item.key for item in items}
        self.unsaved = True
        self._set(
            replace(item, pinned=on, passing=item.passing and not on) if item.key in keys else item
            for item in self.items
        )

    def remove(self, items: Sequence[Keepsake]) -> None:
        """Take pictures out."""
        keys = {item.key for item in items}
        self.unsaved = True
        self._set(item for item in self.items if item.key not in keys)

    @property
    def bytes(self) -> int:
        """What all take together."""
        return sum(item.bytes for item in self.items)

    # Going back ---------------------------------------------------------------------------------

    def restore(self, item: Keepsake) -> None:
        """Go back to what a picture was made from, but for the photo to trace; it can be undone."""
        try:
            document = item.result().document
        except UserError as error:
            self.problem.emit(str(error))
            return
        if document is None:
            self.problem.emit(self.tr("This picture does not carry what it was made from."))
            return
        now = self.session.scene
        scene = replace(
            document.scene, underlay=now.underlay, underlay_opacity=now.underlay_opacity
        )
        self.session.replace_layout(document.ids, scene, self.tr("Back to a kept picture"))

    # Beside the document ------------------------------------------------------------------------

    def put(self, items: Sequence[Keepsake]) -> None:
        """Show what came with a document."""
        self._set(items)
        self.unsaved = False

    def _replaced(self) -> None:
        if self._shelve.isActive():  # Of the document that was shown before.
            self._shelve.stop()
            self._write()
        self.items, self.unsaved, self._full, self.folder = [], False, False, None
        self.changed.emit()

    def keep_in(self, folder: Path | None) -> None:
        """Keep a copy of all in this folder from now on; what a dead studio left there is taken."""
        if folder == self.folder:
            return
        self.folder = folder
        if folder is not None and not self.items:
            left = Shelf(folder).read()
            if left:
                self._set(left)
                self.unsaved = True
        self._shelve.start()
        self._take_late()
        self.moved.emit(None if folder is None else folder.parent)

    def _take_late(self) -> None:
        """Take what was packed for this document while another was shown."""
        now = self.session.history
        mine = [item for meant, found in self._late for item in found if meant() is now]
        self._late = [late for late in self._late if not any(late[0]() is h for h in (now, None))]
        if mine:
            self._take(mine)

    def _write(self) -> None:
        folder, items = self.folder, tuple(self.items)
        if folder is None:
            return

        def run(job: Job) -> None:
            if folder.parent.is_dir() and (items or folder.exists()):
                try:
                    Shelf(folder).write(items)
                except OSError as error:
                    if not folder.parent.is_dir():
                        return  # The document was closed meanwhile.
                    raise UserError(
                        f"The gallery could not be backed up in {folder}: "
                        f"{error.strerror or error}. It is still there; save the document."
                    ) from error

        self.work.add(Job(self.tr("Backing up the gallery"), run, failed=self.problem.emit))
