"""What is done to layers: made, moved, merged, doubled, kept; each is one step of the history."""

from dataclasses import replace

import numpy as np
from PySide6.QtCore import QObject

from engines.data.pictures import resize_picture
from engines.ports import Size
from studio.document import layers
from studio.document.blend import merge
from studio.document.colors import rendering
from studio.document.document import Document, Pixels, blank
from studio.document.edit import Edit
from studio.document.importing import placed
from studio.document.layers import BLENDS, Kind, Layer, Layers, find, walk
from studio.document.packing import scenes
from studio.document.page import plane_at
from studio.document.raster import Area
from studio.document.showing import Showing
from studio.models.live import Live
from studio.models.session import Session


class Layering(QObject):
    """The layers of the open document. A layer that cannot be changed says why in a sentence."""

    def __init__(self, session: Session, live: Live, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.session, self.live = session, live
        self._showing: tuple[Pixels | None, Showing] | None = None
        session.resized.connect(self._forget)

    @property
    def tree(self) -> Layers:
        """All layers, topmost first."""
        return self.session.scene.layers

    # Properties ---------------------------------------------------------------------------------

    def rename(self, number: int, name: str) -> None:
        """Another name; an empty one is refused by keeping the old."""
        if name.strip():
            self._set(number, self.tr("Rename layer"), name=name.strip()[: layers.MOST_NAME])

    def show(self, number: int, on: bool) -> None:
        """Show or hide."""
        self._set(number, self.tr("Show layer") if on else self.tr("Hide layer"), visible=on)

    def show_only(self, number: int) -> None:
        """Hide all beside it, or show them again where they are hidden already."""
        group, _ = layers.place_of(self.tree, number)
        siblings = self.tree if group is None else _found(self.tree, group).children
        others = [layer for layer in siblings if layer.id != number]
        on = not any(layer.visible for layer in others)
        tree = self.tree
        for layer in others:
            tree = layers.replaced(tree, layer.id, replace(layer, visible=on))
        shown = replace(_found(tree, number), visible=True)
        tree = layers.replaced(tree, number, shown)
        self.session.change_layers(tree, self.tr("Show one layer"))

    def lock(self, number: int, on: bool) -> None:
        """Keep it from being painted on, or let it be."""
        self._set(number, self.tr("Lock layer") if on else self.tr("Unlock layer"), locked=on)

    def set_opacity(self, number: int, value: float) -> None:
        """0 to 1; a slider being dragged is one step."""
        value = min(max(value, 0.0), 1.0)
        self._set(number, self.tr("Layer opacity"), f"opacity {number}", opacity=value)

    def set_blend(self, number: int, mode: str) -> None:
        """One of BLENDS."""
        assert mode in BLENDS
        self._set(number, self.tr("Blend mode"), blend=mode)

    def move(self, number: int, group: int | None, index: int) -> None:
        """To another place; see `layers.moved`."""
        tree = layers.moved(self.tree, number, group, index)
        try:
            layers.check(tree)
        except ValueError:
            return
        self.session.change_layers(tree, self.tr("Move layer"))

    def step(self, up: bool) -> None:
        """The active layer one place up or down; at the end of a group it leaves the group."""
        number = self.session.active
        group, index = layers.place_of(self.tree, number)
        siblings = self.tree if group is None else _found(self.tree, group).children
        if group is not None and (index == 0 if up else index == len(siblings) - 1):
            outer, at = layers.place_of(self.tree, group)
            self.move(number, outer, at if up else at + 1)
            return
        self.move(number, group, index - 1 if up else index + 2)

    def walk(self, up: bool) -> None:
        """Paint on the layer above the active one, or below it, as they are listed."""
        ids = [layer.id for layer in walk(self.tree)]
        place = ids.index(self.session.active) + (-1 if up else 1)
        if 0 <= place < len(ids):
            self.session.activate(ids[place])

    def flip_shown(self) -> None:
        """Hide the active layer, or show it."""
        self.show(self.session.active, not _found(self.tree, self.session.active).visible)

    def flip_locked(self) -> None:
        """Lock the active layer, or unlock it."""
        self.lock(self.session.active, not _found(self.tree, self.session.active).locked)

    def _set(self, number: int, label: str, merge: str = "", **fields: object) -> None:
        layer = find(self.tree, number)
        if layer is not None:
            changed = replace(layer, **fields)  # type: ignore[arg-type]
            tree = layers.replaced(self.tree, number, changed)
            self.session.change_layers(tree, label, merge)

    # New ones -----------------------------------------------------------------------------------

    def add_layout(self) -> None:
        """An unpainted layout above the active one; above the topmost where none is active."""
        name, text = self._name(self.tr("Layout")), self.tr("New layout layer")
        self._add(Kind.LAYOUT, name, None, text, above=Kind.LAYOUT)

    def add_picture(self, pixels: Pixels | None = None, name: str = "", label: str = "") -> None:
        """A clear picture layer above the active one, or one of `pixels`, uint8 (H, W, 3 or 4),
        which are fitted into the document.
        """
        plane = None if pixels is None else fitted(pixels, self.session.document.size)
        name = name or self._name(self.tr("Paint"))
        self._add(Kind.PICTURE, name, plane, label or self.tr("New picture layer"), top=True)

    def add_group(self) -> None:
        """A group with the active layer in it."""
        number = self.session.active
        layer, new = _found(self.tree, number), self._next()
        group = Layer(new, Kind.GROUP, self._name(self.tr("Group")), children=(layer,))
        self.session.change_layers(
            layers.replaced(self.tree, number, group), self.tr("Group layer")
        )

    def keep_render(self) -> None:
        """The model's picture as it is now, as a layer that stays."""
        if self.live.picture is None:
            self.session.problem.emit(
                self.tr("There is no picture to keep yet; paint, or choose a model.")
            )
            return
        text = self.tr("Keep picture as layer")
        plane = stretched(self.live.picture, self.session.document.size)
        self._add(Kind.PICTURE, self._name(self.tr("Kept picture")), plane, text, above=Kind.RENDER)

    def duplicate(self, number: int) -> None:
        """A copy above a layer, with all that is in it."""
        layer = _found(self.tree, number)
        if any(each.kind is Kind.RENDER for each in walk((layer,))):
            self.keep_render()
            return
        document, ids, edits = self.session.document, self._ids(), []
        numbers: dict[int, int] = {}
        for each in walk((layer,)):
            numbers[each.id] = max(ids, default=0) + 1
            ids.add(numbers[each.id])
        group, index = layers.place_of(self.tree, number)
        copy = replace(_renumbered(layer, numbers), name=self.tr("{0} copy").format(layer.name))
        tree = layers.inserted(self.tree, copy, group, index)
        label = self.tr("Duplicate layer")
        for old, new in numbers.items():
            if old in document.planes:
                channels = _found(self.tree, old).channels
                document.plane(new, channels)
                edits.append(_whole(document, label, new, document.plane(old)))
        self._take(edits, tree, label, copy.id)

    # Fewer --------------------------------------------------------------------------------------

    def delete(self, number: int) -> None:
        """Without a layer and what is in it; never the last layout, nor the model's picture."""
        layer = _found(self.tree, number)
        tree = layers.removed(self.tree, number)
        try:
            layers.check(tree)
        except ValueError:
            self.session.problem.emit(
                self.tr("{0} stays: every document needs a layout and the model's picture.").format(
                    layer.name
                )
            )
            return
        label = self.tr("Delete layer")
        self._take(self._blanked((layer,), label), tree, label)

    def clear(self, number: int) -> None:
        """Nothing on a layer, but what is painted in locked classes."""
        label = self.tr("Clear layer")
        if sentence := self._refusal(number):
            self.session.problem.emit(sentence)
            return
        document, spared = self.session.document, self.session.scene.spared
        edits, stays = [], []
        for layer in walk((_found(self.tree, number),)):
            if layer.id in document.planes:
                plane, nothing = document.plane(layer.id), blank(document.size, layer.channels)
                if layer.kind is Kind.LAYOUT and spared:
                    locked = np.isin(plane, spared)
                    nothing[locked] = plane[locked]
                    stays.append(np.unique(plane[locked]))
                edits.append(_whole(document, label, layer.id, nothing))
        self.session.commit_with(edits, self.session.scene, label)
        if stays:
            self.session.tell_spared(np.concatenate(stays))

    def merge_down(self, number: int) -> None:
        """A layer and the one below it as one; a group becomes one layer."""
        layer = _found(self.tree, number)
        if layer.kind is Kind.GROUP:
            self._merge((layer,), layer.children, self.tr("Merge group"))
            return
        group, index = layers.place_of(self.tree, number)
        siblings = self.tree if group is None else _found(self.tree, group).children
        if index + 1 == len(siblings):
            self.session.problem.emit(self.tr("There is no layer below to merge with."))
            return
        pair = (layer, siblings[index + 1])
        self._merge(pair, pair, self.tr("Merge down"))

    def from_visible(self) -> None:
        """All that is seen, as a picture layer on top."""
        pixels = self.merged()
        label, name = self.tr("New layer from visible"), self._name(self.tr("Visible"))
        self._add(Kind.PICTURE, name, pixels, label, top=True)

    def _merge(self, gone: Layers, merged: Layers, label: str) -> None:
        """One layer in the place of `gone`, with what `merged` show."""
        kinds = {layer.kind for layer in walk(merged)} - {Kind.GROUP}
        document, target = self.session.document, gone[-1]
        locked = next((layer.name for layer in walk(gone) if layer.locked), None)
        if locked is not None:
            self.session.problem.emit(
                self.tr("The layer {0} is locked; unlock it to merge.").format(locked)
            )
            return
        if Kind.RENDER in kinds or len(kinds) != 1:
            self.session.problem.emit(
                self.tr(
                    "Layouts merge with layouts, pictures with pictures; keep the model's picture "
                    "as a layer first."
                )
            )
            return
        if not all(layer.visible for layer in gone):
            self.session.problem.emit(self.tr("A hidden layer does not merge; show it first."))
            return
        (kind,) = kinds
        made = Layer(self._next(), kind, target.name, blend=target.blend)
        if kind is Kind.LAYOUT:
            plane = Document.of(
                document.size, document.planes, replace(self.session.scene, layers=_with(merged))
            ).ids.copy()
        else:
            plane = merge(merged, self.source, document.size)
        tree = layers.replaced(self.tree, target.id, made)
        for layer in gone[:-1]:
            tree = layers.removed(tree, layer.id)
        document.plane(made.id, made.channels)
        edits = [_whole(document, label, made.id, plane), *self._blanked(gone, label)]
        self._take(edits, tree, label, made.id)

    # What they show -----------------------------------------------------------------------------

    def merged(self) -> Pixels:
        """All layers that are shown over each other, uint8 RGBA of the document's size."""
        return merge(self.tree, self.source, self.session.document.size)

    def source(self, layer: Layer, area: Area) -> Pixels | None:
        """A layer's uint8 RGBA of an area, as `blend.merge` asks for it."""
        document, picture = self.session.document, self.live.picture
        known = self._showing
        if known is None or known[0] is not picture or known[1].document is not document:
            self._showing = known = picture, Showing(document, picture)
        return known[1](layer, area)

    def glance(self, layer: Layer, most: int) -> Pixels | None:
        """Some pixels of a layer, uint8 RGBA of about `most` a side; None where it has none."""
        document = self.session.document
        if layer.kind is Kind.RENDER:
            if self.live.picture is None:
                return None
            part = self.live.picture
        elif layer.id in document.planes:
            part = document.plane(layer.id)
        else:
            return None
        step = max(max(part.shape[:2]) // most, 1)
        part = np.ascontiguousarray(part[::step, ::step])
        if layer.kind is Kind.LAYOUT:
            return rendering(part, document.scene.palette)
        return stretched(part, (part.shape[0], part.shape[1]))

    # ---------------------------------------------------------------------------------------------

    def _forget(self) -> None:
        self._showing = None

    def _add(
        self,
        kind: Kind,
        name: str,
        plane: Pixels | None,
        label: str,
        top: bool = False,
        above: Kind | None = None,
    ) -> None:
        layer, active = Layer(self._next(), kind, name), _found(self.tree, self.session.active)
        group, index = layers.place_of(self.tree, active.id)
        if above is not None and active.kind is not above:
            first = next(each for each in walk(self.tree) if each.kind is above)
            group, index = layers.place_of(self.tree, first.id)
        elif top and active.kind is Kind.LAYOUT:
            group, index = None, 0  # Below the model's picture nobody would see it.
        document, edits = self.session.document, []
        if plane is not None:
            document.plane(layer.id, layer.channels)
            edits.append(_whole(document, label, layer.id, plane))
        tree = layers.inserted(self.tree, layer, group, index)
        self._take(edits, tree, label, layer.id)

    def _take(self, edits: list[Edit], tree: Layers, label: str, active: int = 0) -> None:
        self.session.commit_with(edits, replace(self.session.scene, layers=tree), label)
        if active:
            self.session.activate(active)

    def _blanked(self, tree: Layers, label: str) -> list[Edit]:
        """Edits that leave nothing on the layers of a tree."""
        document, edits = self.session.document, []
        for layer in walk(tree):
            if layer.id in document.planes:
                nothing = blank(document.size, layer.channels)
                edits.append(_whole(document, label, layer.id, nothing))
        return edits

    def _refusal(self, number: int) -> str:
        concerned = (*layers.path_to(self.tree, number), *walk((_found(self.tree, number),)))
        locked = next((layer.name for layer in concerned if layer.locked), None)
        if locked is not None:
            return self.tr("The layer {0} is locked; unlock it first.").format(locked)
        return ""

    def _ids(self) -> set[int]:
        """Ids that are taken, by layers that an undo may bring back too."""
        history = self.session.history
        known = (self.session.scene, *scenes((*history.done, *history.undone)))
        return {layer.id for scene in known for layer in walk(scene.layers)}

    def _next(self) -> int:
        return layers.next_id(self.tree, self._ids())

    def _name(self, word: str) -> str:
        """A name with the next number that none has."""
        taken = {layer.name for layer in walk(self.tree)}
        number = 1
        while f"{word} {number}" in taken:
            number += 1
        return f"{word} {number}"


def fitted(pixels: Pixels, size: Size) -> Pixels:
    """RGBA of `size` with the picture, (H, W, 3 or 4), as large as it fits, in the middle."""
    rgba = stretched(pixels, (pixels.shape[0], pixels.shape[1]))
    return placed(rgba, size, grow=True)


def stretched(pixels: Pixels, size: Size) -> Pixels:
    """A picture, (H, W, 3 or 4), as RGBA of another size."""
    if pixels.shape[2] == 4:
        return plane_at(pixels, size)
    color = resize_picture(pixels, size)
    return np.concatenate([color, np.full((*size, 1), 255, np.uint8)], 2)


def _whole(document: Document, label: str, layer: int, plane: Pixels) -> Edit:
    edit = Edit(document, label, layer)
    edit.replace(plane)
    return edit


def _found(tree: Layers, number: int) -> Layer:
    layer = find(tree, number)
    if layer is None:
        raise KeyError(number)
    return layer


def _renumbered(layer: Layer, numbers: dict[int, int]) -> Layer:
    children = tuple(_renumbered(child, numbers) for child in layer.children)
    return replace(layer, id=numbers[layer.id], children=children)


def _with(tree: Layers) -> Layers:
    """A tree that shows these layouts alone, and is one of a document."""
    return (*tree, Layer(-1, Kind.RENDER)) if tree else layers.FIRST
