"""A photo's layout as a layer: read off this thread, its classes met by name, one step to undo."""

import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import QObject, Signal

from engines.data.pictures import read_picture, resize_picture
from engines.data.spec import PaletteClass
from engines.ports import UNPAINTED, Attributes, Image
from studio.document.document import Document, Pixels, translate
from studio.document.doubt import kept, shown
from studio.document.edit import Edit
from studio.document.importing import placed
from studio.document.layers import FIRST, RENDER, Kind, Layer, Layers, inserted, next_id, walk
from studio.document.packing import scenes
from studio.document.scene import Picture, Scene, Traced, merged
from studio.lanes.work import Job, WorkLane
from studio.models.layoutreader import Reading, read
from studio.models.library import Entry, Library
from studio.models.names import closest
from studio.models.pictures import ordinary
from studio.models.session import Session

MOST_SIDE = 4096  # of a photo whose layout is read
STYLE_SIDE = 512  # of the photo as a style
SURE = 0.6  # below which a reading is doubtful


class LayoutReading(QObject):
    """Reads photos into the open document. `doubt_changed` when there is other doubt to show."""

    told = Signal(str)
    problem = Signal(str)
    doubt_changed = Signal()

    def __init__(
        self, session: Session, library: Library, work: WorkLane, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.session, self.library, self.work = session, library, work
        self.chosen = ""  # the reader's name; "" for the one whose classes fit best
        self._sure: tuple[Picture, Pixels] | None = None  # as it is kept, and at the page's size
        self._classes: dict[Path, tuple[str, ...]] = {}
        session.stepped.connect(self.doubt_changed)
        session.replaced.connect(self.doubt_changed)

    # The readers --------------------------------------------------------------------------------

    def readers(self) -> dict[str, tuple[Entry, tuple[str, ...]]]:
        """Installed models that read layouts, by name, with the classes that they know."""
        found = {}
        for entry in self.library.entries:
            if entry.folder not in self._classes:
                self._classes[entry.folder] = classes_read(entry.folder)
            if self._classes[entry.folder]:
                found[entry.name] = entry, self._classes[entry.folder]
        return found

    def reader(self) -> Entry | None:
        """The chosen reader, else the one most of whose classes the model or the document has."""
        known = self.readers()
        if self.chosen in known:
            return known[self.chosen][0]
        port = self.session.layout_port
        names = set(port.classes if port else (c.name for c in self.session.scene.palette))
        order = sorted(known.values(), key=lambda r: -len(names & set(r[1])) / len(r[1]))
        return order[0][0] if order else None

    # Reading ------------------------------------------------------------------------------------

    def read_file(self, path: Path) -> None:
        """Read the layout of a picture in a file."""

        def load() -> Pixels:
            return read_picture(ordinary(path), MOST_SIDE)

        self._start(load, path.name)

    def read_picture(self, photo: Pixels, name: str) -> None:
        """Read the layout of a picture, uint8 (H, W, 3)."""
        self._start(lambda: photo, name)

    def _start(self, load: Callable[[], Pixels], name: str) -> None:
        entry = self.reader()
        if entry is None:
            self.problem.emit(
                self.tr("No installed model reads layouts of photos; train or add one.")
            )
            return
        document = self.session.document

        def run(job: Job) -> tuple[Pixels, Reading]:
            from engines.runtime.bundle import Bundle
            from engines.runtime.sessions import Sessions

            photo = load()
            job.tell(0.3)
            return photo, read(Bundle.open(entry.folder), photo, Sessions("cpu"))

        self.told.emit(self.tr("Reading the layout of {0} …").format(name or self.tr("the photo")))
        label = self.tr("Reading the layout of {0}").format(name or self.tr("the photo"))
        done = partial(self._come, document, name)
        self.work.add(Job(label, run, done, self.problem.emit))

    def _come(self, document: Document, name: str, found: tuple[Pixels, Reading]) -> None:
        photo, reading = found
        if self.session.document is not document:
            text = self.tr("{0} came too late, when another document was open; drop it again.")
            self.problem.emit(text.format(name or self.tr("The photo")))
            return
        if untouched(document):
            self._open(photo, reading, name)
        else:
            self._lay(photo, reading, name)
        self.told.emit(
            self.tr("The layout was read: paint over it, and only that is painted into the photo.")
        )

    def _open(self, photo: Pixels, reading: Reading, name: str) -> None:
        """A document of the photo's size beside the one that is shown, which is empty."""
        scene, ids = met(replace(self.session.scene, layers=FIRST), reading)
        tree, traced = with_photo(scene.layers, (1, 2), name, self._words())
        size, traced = (ids.shape[0], ids.shape[1]), replace(traced, sure=kept(reading.sure))
        planes = {traced.photo: _opaque(photo), traced.read: ids, 1: ids.copy()}
        scene = self._styled(replace(scene, layers=tree, traced=traced), photo)
        self.session.offered.emit(Document.of(size, planes, scene))

    def _lay(self, photo: Pixels, reading: Reading, name: str) -> None:
        """A layout layer of the open document, and the photo below the model's picture."""
        document, before = self.session.document, self.session.scene
        scene, ids = met(before, reading)
        history = self.session.history
        known = (before, *scenes((*history.done, *history.undone)))
        taken = {layer.id for each in known for layer in walk(each.layers)}
        top = Layer(next_id(before.layers, taken), Kind.LAYOUT, self._words()[0].format(name))
        tree, traced = with_photo(before.layers, {top.id, *taken}, name, self._words())
        tree = inserted(tree, top)
        label, size = self._words()[0].format(name), document.size
        sheet, put = placed(_opaque(photo), size, grow=True), fitted_ids(ids, size)
        edits = []
        for layer, plane in ((traced.photo, sheet), (traced.read, put), (top.id, put)):
            document.plane(layer, 4 if plane.ndim == 3 else 1)
            edits.append(Edit(document, label, layer))
            edits[-1].replace(plane)
        traced = replace(traced, sure=kept(fitted_ids(reading.sure, size)))
        scene = self._styled(replace(scene, layers=tree, traced=traced), photo)
        self.session.commit_with(edits, scene, label)
        self.session.activate(top.id)

    def _words(self) -> tuple[str, str, str]:
        return self.tr("Layout of {0}"), self.tr("Photo"), self.tr("{0} as it was read")

    def _styled(self, scene: Scene, photo: Pixels) -> Scene:
        """The photo as the style of the model, where it takes one; sliders speak no more."""
        bundle = self.session.bundle
        for port in bundle.ports if bundle else ():
            if isinstance(port, Image) and port.fixed:
                height, width = photo.shape[:2]
                scale = min(1.0, STYLE_SIDE / max(height, width))
                size = (max(round(height * scale), 1), max(round(width * scale), 1))
                style = Picture(resize_picture(photo, size), self.tr("the photo itself"))
                scene = scene.with_value(port.name, style)
            elif isinstance(port, Attributes):
                scene = scene.with_value(port.name, None)
        return scene

    # Doubt --------------------------------------------------------------------------------------

    def doubt(self) -> Pixels | None:
        """How doubtful the layout is, uint8 (H, W): 0 where the reader was sure or the artist
        painted since; None where nothing was read.
        """
        document, traced = self.session.document, self.session.scene.traced
        read = None if traced is None else document.planes.get(traced.read)
        if traced is None or traced.sure is None or read is None or read.ndim != 2:
            return None
        doubt = (SURE * 255 - self._shown(traced.sure).astype(np.float32)) / SURE
        whole = np.rint(doubt).clip(0, 255).astype(np.uint8)
        return np.where(document.ids == read, whole, np.uint8(0))

    def _shown(self, sure: Picture) -> Pixels:
        """Sureness at the page's size; made once, for it is asked for at every stroke."""
        known, size = self._sure, self.session.document.size
        if known is None or known[0] != sure or known[1].shape != size:
            self._sure = known = (sure, shown(sure, size))
        return known[1]


def classes_read(folder: Path) -> tuple[str, ...]:
    """The classes that a model reads off a picture, by its description; none where it is none."""
    try:
        about: Any = json.loads((folder / "model.json").read_text("utf-8"))
        (graph,) = about["graphs"]
        (source,), made = graph["inputs"], graph["outputs"][0]
        if (source["kind"], made["kind"]) != ("image", "layout"):
            return ()
        return tuple(str(name) for name in made["classes"])
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return ()


def untouched(document: Document) -> bool:
    """Whether nothing was painted on any layer yet."""
    planes = document.planes.values()
    return all((p == UNPAINTED).all() if p.ndim == 2 else not p[..., 3].any() for p in planes)


def met(scene: Scene, reading: Reading) -> tuple[Scene, Pixels]:
    """The scene with the classes that were read, and the ids as its palette numbers them: those of
    the same name, else of one that means the same, else new ones.
    """
    names = tuple(entry.name for entry in scene.palette)
    found: dict[int, str] = {}
    new: list[PaletteClass] = []
    for number in np.unique(reading.ids).tolist():
        name = reading.classes[number]
        place = closest(name, names)
        if place is None:
            new.append(PaletteClass(name, reading.colors[number]))
        found[number] = name if place is None else names[place]
    wider = merged(scene.palette, tuple(new))
    places = {entry.name: place for place, entry in enumerate(wider)}
    table = {number: places[name] for number, name in found.items() if name in places}
    return replace(scene, palette=wider), translate(reading.ids, table)


def with_photo(
    tree: Layers, taken: Any, name: str, words: tuple[str, str, str]
) -> tuple[Layers, Traced]:
    """The tree with layers for a photo and for what was read, below all others, the model's
    picture among them; and their ids.
    """
    first = next_id(tree, taken)
    traced = Traced(first, first + 1)
    photo = Layer(traced.photo, Kind.PICTURE, name or words[1], locked=True)
    read = Layer(traced.read, Kind.LAYOUT, words[2].format(name), visible=False, locked=True)
    assert any(layer.id == RENDER or layer.kind is Kind.RENDER for layer in walk(tree))
    return (*tree, photo, read), traced


def fitted_ids(ids: Pixels, size: tuple[int, int]) -> Pixels:
    """Ids, or numbers, of a photo where `importing.placed` puts it on a sheet; 255 around."""
    scale = min(size[0] / ids.shape[0], size[1] / ids.shape[1])
    height, width = max(round(ids.shape[0] * scale), 1), max(round(ids.shape[1] * scale), 1)
    rows = np.arange(height) * ids.shape[0] // height
    columns = np.arange(width) * ids.shape[1] // width
    sheet = np.full(size, UNPAINTED, np.uint8)
    top, left = (size[0] - height) // 2, (size[1] - width) // 2
    sheet[top : top + height, left : left + width] = ids[rows][:, columns]
    return sheet


def _opaque(photo: Pixels) -> Pixels:
    return np.concatenate([photo, np.full((*photo.shape[:2], 1), 255, np.uint8)], 2)
