"""The session: the open document, its history and its model, and the signals that say what changed.

Every change of the document goes through here: views and tools ask, nobody else writes.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QObject, Signal

from engines.data.spec import PaletteClass
from engines.ports import UNPAINTED, Layout, Size
from studio.document.changes import Both, Change, SceneChange, SizeChange, shown_otherwise
from studio.document.document import Document, base_layout, blank
from studio.document.edit import Edit
from studio.document.layers import FIRST, Kind, Layers, find, layouts, path_to
from studio.document.raster import Area, whole
from studio.document.scene import ModelRef, Pixels, Scene, merged
from studio.history import History
from studio.models.classes import shown
from studio.models.library import Entry, Library

if TYPE_CHECKING:
    from engines.runtime.bundle import Bundle

USUAL_SIDE = 256


class Session(QObject):
    """One open document. `document`, `history` and `bundle` are for reading."""

    painted = Signal(object)  # Area of the class map
    coloured = Signal(object)  # Area of the picture layers
    resized = Signal()  # the document has another size
    active_changed = Signal()  # another layer is painted on
    scene_changed = Signal(object, object)  # the scene before, the scene now
    stepped = Signal()  # the history moved
    replaced = Signal()  # another document is open
    offered = Signal(object)  # Document, to be opened in place of this one
    model_opened = Signal(object)  # Bundle
    rebased = Signal()  # the scene was changed without a step, to fit the model
    problem = Signal(str)

    def __init__(self, library: Library, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.library = library
        self.bundle: Bundle | None = None
        self._opening: str | None = None
        self.document = Document.blank((512, 512))
        self.history = History(self.document)

    # The document -----------------------------------------------------------------------------

    def show(self, document: Document, history: History | None = None) -> None:
        """Open another document in place of this one."""
        self.document = document
        self.history = history or History(document)
        self.replaced.emit()
        self._follow_model()

    @property
    def scene(self) -> Scene:
        """The document's scene."""
        return self.document.scene

    def change_scene(self, scene: Scene, label: str, merge: str = "") -> None:
        """Put another scene in place, as one step with others of the same `merge` key."""
        before = self.document.scene
        if scene == before:
            return
        active = self.document.active
        self.document.scene = scene
        self.history.add(SceneChange(label, before, merge))
        self._tell(before, active, shown_otherwise(before, self.document))

    def settle(self) -> None:
        """A slider was let go: what follows is a step of its own."""
        self.history.settle()

    def set_value(self, name: str, value: Any, label: str, merge: str = "") -> None:
        """Set an input of the model; None gives it back its default."""
        self.change_scene(self.scene.with_value(name, value), label, merge)

    def touched(self, area: Area, layer: int | None = None) -> None:
        """Say that an edit in progress painted there, on the active layer unless told."""
        if area.empty:
            return
        found = find(self.scene.layers, self.active if layer is None else layer)
        if found is not None and found.kind is Kind.PICTURE:
            self.coloured.emit(area)
        else:
            self.painted.emit(area)

    def commit(self, edit: Edit) -> None:
        """Take in a finished edit."""
        change = edit.finish()
        if change is not None:
            self.history.add(change)
            self.stepped.emit()

    def commit_with(self, edits: Sequence[Edit], scene: Scene, label: str) -> None:
        """Take in edits and another scene as one step."""
        before, active = self.scene, self.document.active
        tiles = (edit.finish() for edit in edits)
        parts: list[Change] = [change for change in tiles if change is not None]
        if scene != before:
            self.document.scene = scene
            parts.append(SceneChange(label, before))
        if not parts:
            return
        self.history.add(parts[0] if len(parts) == 1 else Both(label, parts))
        self._tell(before, active, whole(self.document.size))

    def replace_layout(self, ids: Pixels, scene: Scene, label: str) -> None:
        """Put another class map and scene in place, undone together; a document if sizes differ.

        The ids are those of the scene's palette. The document keeps its layers: the lowest layout
        takes the ids, those above it are cleared. A layout that was there before comes back as it
        was, locked classes too; which of them changed is said.
        """
        if ids.shape != self.document.size:
            self.offered.emit(Document(ids.copy(), replace(scene, layers=FIRST, traced=None)))
            return
        gone, edits = self._repainted(ids, scene), []
        base = base_layout(self.scene.layers)
        for layer in (base, *(e.id for e in layouts(self.scene.layers) if e.id != base)):
            edits.append(Edit(self.document, label, layer))
            edits[-1].replace(ids if layer == base else blank(self.document.size, 1))
        self.commit_with(edits, replace(scene, layers=self.scene.layers), label)
        if gone:
            text = self.tr("This changed locked classes too: {0}. Undo brings them back.")
            self.problem.emit(text.format(", ".join(gone)))

    def _repainted(self, ids: Pixels, scene: Scene) -> list[str]:
        """The locked classes that pixels have now and would not have with these."""
        places = {entry.name: number for number, entry in enumerate(scene.palette)}
        gone = []
        for number in self.scene.spared:
            name, after = self.scene.palette[number].name, ids[self.document.ids == number]
            if after.size and not (name in places and (after == places[name]).all()):
                gone.append(name)
        return gone

    def resize(
        self, size: Size, planes: Mapping[int, Pixels], label: str, scene: Scene | None = None
    ) -> None:
        """Another size of the document, with its planes at that: a crop, say. One step, with the
        scene that goes with it.
        """
        before = self.scene
        change = SizeChange.to(label, size, planes)
        change.swap(self.document)
        if scene is None or scene == before:
            self.history.add(change)
        else:
            self.document.scene = scene
            self.history.add(Both(label, [change, SceneChange(label, before)]))
        self.resized.emit()
        self._tell(before, self.document.active, whole(size))

    def undo(self) -> None:
        """Take the last change back."""
        self._move(self.history.undo)

    def redo(self) -> None:
        """Do the last undone change again."""
        self._move(self.history.redo)

    def _move(self, step: Callable[[], Area | None]) -> None:
        before, active, size = self.scene, self.document.active, self.document.size
        area = step()
        if area is None:
            return
        if self.document.size != size:
            self.resized.emit()
        self._tell(before, active, area)

    def _tell(self, before: Scene, active: int, area: Area) -> None:
        """Say what a step changed."""
        if not area.empty:  # Which layers it was on is not told.
            self.painted.emit(area)
            self.coloured.emit(area)
        if self.scene != before:
            self.scene_changed.emit(before, self.scene)
        if self.document.active != active:
            self.active_changed.emit()
        self.stepped.emit()
        self._follow_model()

    # Layers -----------------------------------------------------------------------------------

    @property
    def active(self) -> int:
        """The layer that is painted on."""
        return self.document.active

    def activate(self, number: int) -> None:
        """Paint on another layer. It is no step of the history."""
        if number != self.document.active and find(self.scene.layers, number) is not None:
            self.document.active = number
            self.active_changed.emit()

    def change_layers(self, tree: Layers, label: str, merge: str = "") -> None:
        """Put other layers in place; the planes of those that are gone must be blank."""
        self.change_scene(replace(self.scene, layers=tree), label, merge)

    def may_paint(self) -> str:
        """Empty where the active layer takes paint, else the sentence that says why not."""
        path = path_to(self.scene.layers, self.active)
        if any(layer.locked for layer in path):
            return self.tr("The layer {0} is locked; unlock it to paint.").format(path[-1].name)
        if not all(layer.visible for layer in path):
            return self.tr("The layer {0} is hidden; show it to paint.").format(path[-1].name)
        if path[-1].kind is Kind.GROUP:
            return self.tr("A group takes no paint; choose a layer in it.")
        if path[-1].kind is Kind.RENDER:
            return self.tr("The model paints this layer; choose another, or keep the picture.")
        return ""

    def tell_spared(self, ids: Pixels) -> None:
        """Say that these pixels stay as they are, for their classes are locked; not of none."""
        names = [self.scene.palette[number].name for number in np.unique(ids)]
        if names:
            self.problem.emit(
                self.tr("What is painted in locked classes stays: {0}.").format(", ".join(names))
            )

    # The model --------------------------------------------------------------------------------

    def choose(
        self, entry: Entry, undoable: bool = True, then: Callable[[], None] = lambda: None
    ) -> None:
        """Paint with another model, and `then`; its classes join the palette. The first needs no
        undo.
        """

        def opened(bundle: "Bundle") -> None:
            self._opening = None
            self.bundle = bundle
            if undoable:
                label = self.tr("Model {0}").format(bundle.title)
                self.change_scene(self.scene_with(bundle), label)
            else:
                self._rebase(bundle)
            self.model_opened.emit(bundle)
            then()

        self._opening = entry.name
        self.library.open(entry, opened, self._could_not_open)

    def scene_with(self, bundle: "Bundle") -> Scene:
        """The scene for this model: its classes known, its usual size where it is the first."""
        scene = self.scene
        ref = ModelRef(bundle.name, bundle.hash, bundle.title)
        settings = bundle.about.get("settings")
        usual = settings.get("size") if isinstance(settings, dict) else None
        side = scene.side
        if scene.model is None:
            side = usual if isinstance(usual, int) else USUAL_SIDE
        palette = merged(scene.palette, classes_of(bundle))
        return replace(scene, model=ref, palette=palette, side=side)

    def _follow_model(self) -> None:
        """Open the model that the scene names, where another is open: after an undo, say."""
        wanted = self.scene.model
        if wanted is None or wanted.name == self._opening:
            return
        if self.bundle is not None and self.bundle.hash == wanted.hash:
            return
        entry = self.library.find(wanted.name)
        if entry is None:
            self._opening = None
            self.problem.emit(
                self.tr(
                    "This document was painted with the model {0}, which is not installed; choose "
                    "another. The layout is all there."
                ).format(wanted.title or wanted.name)
            )
            return

        def opened(bundle: "Bundle") -> None:
            self._opening = None
            if self.scene.model != wanted:
                self._follow_model()
                return
            self.bundle = bundle
            if bundle.hash != wanted.hash:  # Another version of the same model.
                self._rebase(bundle)
            self.model_opened.emit(bundle)

        self._opening = wanted.name
        self.library.open(entry, opened, self._could_not_open)

    def _rebase(self, bundle: "Bundle") -> None:
        """Let the scene name this model; nothing that an artist would want to undo."""
        before, self.document.scene = self.scene, self.scene_with(bundle)
        self.rebased.emit()
        self.scene_changed.emit(before, self.scene)

    def _could_not_open(self, sentence: str) -> None:
        self._opening = None
        self.problem.emit(sentence)

    # Classes ----------------------------------------------------------------------------------

    @property
    def layout_port(self) -> Layout | None:
        """The model's layout input, if it paints layouts."""
        if self.bundle is None:
            return None
        return next((p for p in self.bundle.ports if isinstance(p, Layout)), None)

    def shown_classes(self) -> list[int]:
        """Ids to choose from: as the artist arranged them, then the model's, then the painted."""
        port = self.layout_port
        return shown(self.scene, port.classes if port else (), self._painted)

    def _painted(self) -> set[int]:
        counts = np.bincount(self.document.ids[::4, ::4].ravel(), minlength=256)
        return set(np.flatnonzero(counts[:UNPAINTED]).tolist())


def classes_of(bundle: "Bundle") -> tuple[PaletteClass, ...]:
    """The classes that a model knows, in its order; none where it takes no layout."""
    port = next((p for p in bundle.ports if isinstance(p, Layout)), None)
    if port is None:
        return ()
    return tuple(PaletteClass(n, c) for n, c in zip(port.classes, port.colors, strict=True))
