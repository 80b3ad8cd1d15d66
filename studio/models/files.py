"""Documents on disk: opened, kept safe while they are painted, saved, exported, recovered."""

import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QThread, Signal

from engines.data.pictures import resize_picture
from engines.errors import UserError
from engines.ports import Size
from studio.document import ora
from studio.document.carried import Result
from studio.document.desk import Desk, Left
from studio.document.document import Document
from studio.document.kept import Copy, Kept
from studio.document.layers import FIRST
from studio.document.recent import Recent
from studio.document.scene import Pixels, Scene
from studio.history import History
from studio.lanes.reader import Reader
from studio.lanes.work import Job, WorkLane
from studio.models.gallery import Gallery
from studio.models.lasting import Lasting
from studio.models.opening import Found, look_into
from studio.models.pictures import examples
from studio.models.results import Results
from studio.models.session import Session
from studio.models.starts import joined, read_example
from studio.models.tabs import Tab, Tabs

FACTORS = (1, 2, 4)
MOST_EXPORTED = 16_384  # pixels a side


class Files(QObject):
    """The open document's file. `kept` follows every step at once, so a kill loses nothing."""

    changed = Signal()  # the name, or whether something is unsaved
    told = Signal(str)
    problem = Signal(str)
    _trouble = Signal(str)

    def __init__(
        self,
        session: Session,
        results: Results,
        work: WorkLane,
        desk: Desk | None = None,
        recent: Recent | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.session, self.results, self.work = session, results, work
        self.desk, self.recent = desk or Desk(), recent or Recent()
        self.gallery = Gallery(session, results, work, self)
        self.lasting = Lasting(session, results, work, self)
        self.lasting.problem.connect(self.problem)
        self.gallery.moved.connect(self.lasting.keep_in)
        self.tabs = Tabs(session, results, self.gallery, self)
        self.reader = Reader(self)
        self.reader.problem.connect(self.problem)
        self.reader.waits.connect(self._waits)
        self._saving = 0
        self._scratch: tempfile.TemporaryDirectory[str] | None = None
        self._trouble.connect(self.problem)
        session.stepped.connect(self.changed)
        session.rebased.connect(self._rebase)
        self.gallery.changed.connect(self.changed)
        self.gallery.problem.connect(self.problem)
        self.gallery.told.connect(self.told)

    def _waits(self, name: str) -> None:
        if name:
            self.told.emit(self.tr("Reading {0} …").format(name))

    # The open document --------------------------------------------------------------------------

    @property
    def kept(self) -> Kept | None:
        """What keeps the document that is shown; None where the disk refused."""
        return self.tabs.now.kept if self.tabs.now is not None else None

    @property
    def path(self) -> Path | None:
        """The artist's file; None before the first save."""
        return self.kept.path if self.kept is not None else None

    @property
    def name(self) -> str:
        """What the document that is shown is called."""
        return self.name_of(self.tabs.now)

    def name_of(self, tab: Tab | None) -> str:
        """What a document is called."""
        path = tab.path if tab is not None else None
        return path.stem if path is not None else self.tr("Untitled")

    @property
    def unsaved(self) -> bool:
        """Whether the artist's file lacks something."""
        return self.tabs.now is not None and self.tabs.unsaved(self.tabs.now)

    def start(self) -> None:
        """What a studio opens with: what a dead one left, else an example to paint over."""
        for left in reversed(self._abandoned()):  # The latest is shown in the end.
            try:
                kept = self.desk.adopt(left.folder)
            except UserError as error:
                self.problem.emit(str(error))
                continue
            self._show(kept)
            name = self.name
            self.told.emit(
                self.tr("{0} was recovered as it was when the studio ended.").format(name)
            )
            for warning in kept.warnings:
                self.problem.emit(warning)
        if not self.tabs.items:
            self._first()

    def _first(self) -> None:
        shown = examples()
        if shown:
            self.open_example(shown[0])
        else:
            self.new((512, 512))

    def _abandoned(self) -> Sequence[Left]:
        try:
            return self.desk.abandoned()
        except OSError as error:
            self.problem.emit(str(error))
            return ()

    def new(self, size: Size) -> None:
        """A blank document of (height, width) with the model and size in use."""
        self.show(Document.blank(size, self._fresh()))

    def show(
        self,
        document: Document,
        history: History | None = None,
        path: Path | None = None,
        unsaved: bool = False,
    ) -> None:
        """Open a document beside the others."""
        history = history or History(document)
        try:
            kept = self.desk.open_new(history, path, unsaved)
        except UserError as error:
            self.problem.emit(str(error))
            self._let_go(self.tabs.add(Tab(history, lacking=unsaved)))
            self.changed.emit()
            return
        self._show(kept)

    def _show(self, kept: Kept) -> None:
        self._follow(kept)
        self._let_go(self.tabs.add(Tab(kept.history, kept)))
        self.changed.emit()

    def _follow(self, kept: Kept) -> None:
        """Keep every step of its history."""
        kept.troubled = lambda error: self._trouble.emit(str(error))
        kept.history.heard = kept.hear

    def _rebase(self) -> None:
        """Keep the document from here on: something was set that is no step."""
        tab = self.tabs.now
        if tab is None or tab.kept is None:
            return
        before = tab.kept
        try:
            tab.kept = self.desk.open_new(before.history, before.path, before.unsaved)
        except UserError as error:
            self.problem.emit(str(error))
            return
        self._follow(tab.kept)
        self.gallery.keep_in(tab.folder)
        self.finish()
        before.close()

    def _keep_again(self) -> Kept | None:
        """Keep a document that the disk refused before."""
        tab = self.tabs.now
        if tab is None:
            return None
        try:
            tab.kept = self.desk.open_new(tab.history, unsaved=True)
        except UserError as error:
            self.problem.emit(str(error))
            return None
        self._follow(tab.kept)
        self.gallery.keep_in(tab.folder)
        return tab.kept

    def close_tab(self, index: int) -> None:
        """Close one of the open documents; what its file lacks is given up."""
        tab = self.tabs.items[index]
        if len(self.tabs.items) == 1:
            self._first()
            if tab not in self.tabs.items:  # It was untouched, and gave way.
                return
            index = self.tabs.items.index(tab)
        self._let_go(self.tabs.remove(index))
        self.changed.emit()

    def _let_go(self, tab: Tab | None) -> None:
        """A document is forgotten, once what is being saved is on the disk."""
        self.finish()
        if tab is not None and tab.kept is not None:
            tab.kept.close()

    def finish(self) -> None:
        """Wait for saves that are under way."""
        while self._saving:
            job = next((j for j in self.work.jobs if j.label == _SAVING), None)
            if job is None:
                break
            QThread.msleep(5)

    def _fresh(self) -> Scene:
        """The scene of a new document: as it is, without a photo to trace and with no layers but
        the first.
        """
        return replace(self.session.scene, underlay=None, layers=FIRST, traced=None)

    # Opening ------------------------------------------------------------------------------------

    def open(self, path: Path) -> None:
        """Open a document, a picture that carries one, a layout, or a picture to trace."""
        for index, tab in enumerate(self.tabs.items):
            if tab.path == path.absolute():
                self.tabs.go(index)
                return
        self.reader.read(partial(look_into, path, self.session.scene.palette), self.take, path.name)

    def take(self, found: Found) -> None:
        """Open what was found in a file."""
        path, dropped = found.path, found.dropped
        if found.opened is not None:
            opened = found.opened
            self.show(opened.history.document, opened.history, path)
            self.results.put(list(opened.results))
            self.gallery.put(opened.keepsakes)
            for warning in opened.warnings:
                self.problem.emit(warning)
            self.recent.add(path)
        elif found.carried is not None:
            self.show(found.carried, unsaved=True)
            self.told.emit(self.tr("The document inside {0} is open again.").format(path.name))
        elif found.layout is not None:
            ids, named = found.layout
            scene, ids = joined(self._fresh(), ids, named.palette)
            self.show(Document(ids, scene), unsaved=True)
        elif dropped.picture is None:
            self.problem.emit(dropped.problem)
        else:
            height, width = dropped.picture.pixels.shape[:2]
            scene = replace(self._fresh(), underlay=dropped.picture)
            self.show(Document.blank((height, width), scene), unsaved=True)
            if found.garbled:
                text = self.tr("{0} lies under a new layout; the document inside it is broken.")
                self.problem.emit(text.format(path.name))
            else:
                text = self.tr("{0} lies under a new layout, to be traced.")
                self.told.emit(text.format(path.name))

    def open_example(self, path: Path) -> None:
        """A new document from a bundled example."""
        try:
            ids, example = read_example(path)
            scene, ids = joined(self._fresh(), ids, example.palette)
            self.show(Document(ids, replace(scene, values=example.values)))
        except UserError as error:
            self.problem.emit(str(error))

    # Saving -------------------------------------------------------------------------------------

    def save(self, path: Path) -> None:
        """Save, off this thread; `told` once it is on the disk. Where the disk still refuses to
        back the document up, it may take it in another place.
        """
        kept, tab = self.kept or self._keep_again(), self.tabs.now
        if tab is None:
            return
        self.results.keep()
        copy = Copy(tab.history.copy(), 0) if kept is None else kept.copy()
        results = tuple(self.results.items)
        picture, keepsakes, last = self.results.live.picture, tuple(self.gallery.items), tab.last
        self.gallery.unsaved = False
        self._saving += 1

        def run(job: Job) -> None:
            if kept is None:
                ora.write(path, copy.history, picture, results, keepsakes)
            else:
                kept.save(path, picture, results, copy, keepsakes)

        def done(result: object) -> None:
            self._saving -= 1
            if kept is None:
                tab.written, tab.lacking = last, False
            self.recent.add(path)
            self.told.emit(self.tr("Saved {0}").format(path.name))
            self.changed.emit()

        def failed(sentence: str) -> None:
            self._saving -= 1
            self.gallery.unsaved = self.gallery.unsaved or bool(keepsakes)
            self.problem.emit(sentence)

        self.work.add(Job(_SAVING, run, done, failed))

    def export(self, path: Path, result: Result, larger: Callable[[Job, Result], Result]) -> Job:
        """Write a picture, `larger`, with all it was made from inside."""

        def run(job: Job) -> tuple[int, int]:
            made = larger(job, result)
            from engines import files

            files.write_bytes(path, made.png)
            return made.pixels.shape[1], made.pixels.shape[0]

        def done(size: tuple[int, int]) -> None:
            text = self.tr("Exported {0} ({1} × {2})")
            self.told.emit(text.format(path.name, *size))

        label = self.tr("Exporting {0}").format(path.name)
        return self.work.add(Job(label, run, done, self.problem.emit))

    def carry(self, result: Result) -> Path:
        """A result as a file to be dragged out; it is gone when the studio ends. UserError."""
        from engines import files

        if self._scratch is None:
            self._scratch = tempfile.TemporaryDirectory(prefix="pentimento-")
        path = Path(self._scratch.name) / f"{self.name}-{result.request.key[:8]}.png"
        if not path.exists():
            files.write_bytes(path, result.png)
        return path

    def close(self, forget: bool) -> None:
        """The studio ends: forget what was kept, or leave it to be recovered."""
        self.reader.stop()
        self.finish()
        for tab in self.tabs.items:
            if tab.kept is None:
                continue
            if forget:
                tab.kept.close()
            else:
                tab.kept.leave()
            tab.kept = None
        if self._scratch is not None:
            with suppress(OSError):
                self._scratch.cleanup()


_SAVING = "save"


def enlarged(pixels: Pixels, factor: int) -> Pixels:
    """The picture at so many times its size, by Lanczos; UserError where that is too large."""
    height, width = (side * factor for side in pixels.shape[:2])
    if max(height, width) > MOST_EXPORTED:
        raise UserError(
            f"{width} x {height} pixels are more than the {MOST_EXPORTED} a side that can be "
            "exported; choose a smaller factor."
        )
    return resize_picture(pixels, (height, width))
