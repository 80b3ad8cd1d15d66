"""Steps of an artist at several documents, the same for whoever takes them: each is a function of
the seed, its number and the documents. A child takes them for real, its parent in memory.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from engines.data.spec import PaletteClass
from studio.document import layers, page, raster
from studio.document.changes import Both, Change, SceneChange, SizeChange, TileChange
from studio.document.document import Document, Pixels, base_layout, blank
from studio.document.edit import Edit
from studio.document.filling import fill
from studio.document.layers import Kind, Layer, Layers, walk
from studio.document.raster import Area, Shape
from studio.document.scene import Picture, Scene
from studio.history import History

SIZE = (380, 520)
MOST_SIZE = (600, 800)
MOST_TABS, MOST_LAYERS = 3, 9
CLASSES = tuple(PaletteClass(f"class {i}", f"#{i:02x}50{200 - i:02x}") for i in range(12))
SHARES = {
    "stroke": 0.28,
    "fill": 0.05,
    "fog": 0.11,
    "let go": 0.03,
    "photo": 0.02,
    "add a layout": 0.03,
    "add a picture": 0.03,
    "group": 0.03,
    "move a layer": 0.04,
    "look of a layer": 0.05,
    "remove a layer": 0.02,
    "palette": 0.04,
    "page": 0.02,
    "undo": 0.09,
    "redo": 0.07,
    "save": 0.06,
    "open": 0.02,
    "close": 0.01,
}


@dataclass
class Journey:
    """Open documents by number. What happens beyond memory is told by calls."""

    seed: int
    tabs: dict[int, History] = field(default_factory=dict)
    opened: Callable[[int, History], None] = lambda number, history: None
    closed: Callable[[int], None] = lambda number: None
    saving: Callable[[int], None] = lambda number: None
    changed: Callable[[int], None] = lambda number: None

    def plan(self, number: int) -> tuple[str, int, np.random.Generator]:
        """What a step is, on which document, and the dice for the rest of it."""
        rng = np.random.default_rng([self.seed, number])
        kind = str(rng.choice(list(SHARES), p=list(SHARES.values())))
        if not self.tabs or (kind == "open" and len(self.tabs) < MOST_TABS):
            return "open", number, rng
        tab = sorted(self.tabs)[int(rng.integers(len(self.tabs)))]
        if kind == "open" or (kind == "close" and len(self.tabs) < 2):
            kind = "stroke"
        return kind, tab, rng

    def step(self, number: int) -> None:
        """At most one change: what is done is done as a whole or not at all."""
        kind, tab, rng = self.plan(number)
        if kind == "open":
            self.tabs[tab] = blank_history(tab)
            self.opened(tab, self.tabs[tab])
            return
        history = self.tabs[tab]
        if kind == "save":
            self.saving(tab)
        elif kind == "close":
            self.closed(tab)
            del self.tabs[tab]
        elif kind == "let go":
            history.settle()
        elif kind in ("undo", "redo"):
            if (history.undo if kind == "undo" else history.redo)() is not None:
                self.changed(tab)
        else:
            change = _changed(history.document, kind, rng)
            if change is not None:
                history.add(change)
                self.changed(tab)


def blank_history(number: int) -> History:
    """A new document, which is known by its scene's seed."""
    return History(Document.blank(SIZE, Scene(palette=CLASSES, seed=number)))


def _changed(document: Document, kind: str, rng: np.random.Generator) -> Change | None:
    """A change that the document shows already; None where there is none."""
    before, tree = document.scene, document.scene.layers
    if kind in ("fog", "photo"):
        value: object = float(rng.random())
        if kind == "photo":
            value = Picture(rng.integers(0, 256, (40, 50, 3)).astype(np.uint8), "a.jpg")
        document.scene = before.with_value(kind, value)
        return SceneChange(kind, before, kind if kind == "fog" else "")
    if kind == "palette":
        place = int(rng.integers(len(before.palette)))
        entry = PaletteClass(f"class {place} {rng.integers(99)}", f"#{rng.integers(1 << 24):06x}")
        classes = (*before.palette[:place], entry, *before.palette[place + 1 :])
        spared = frozenset({entry.name} if rng.random() < 0.3 else ())
        document.scene = replace(before, palette=classes, protected=spared)
        return SceneChange(kind, before)
    if kind == "page":
        return _paged(document, rng)
    if kind in ("stroke", "fill"):
        return _painted(document, kind == "fill", rng)
    return _layered(document, kind, tree, rng)


def _painted(document: Document, flood: bool, rng: np.random.Generator) -> TileChange | None:
    tree = document.scene.layers
    paintable = [layer for layer in walk(tree) if layer.channels]
    layer = paintable[int(rng.integers(len(paintable)))]
    edit = Edit(document, "paint", layer.id)
    height, width = document.size
    start, end = ((float(rng.uniform(0, width)), float(rng.uniform(0, height))) for _ in range(2))
    shape = raster.segment(start, end, 9.0, 30.0, document.size)
    if flood:
        shape = fill(edit.plane, start)
    color = (*rng.integers(0, 256, 3).tolist(), 255)
    edit.paint(shape, int(rng.integers(12)) if edit.channels == 1 else color)
    return edit.finish()


def _layered(
    document: Document, kind: str, tree: Layers, rng: np.random.Generator
) -> Change | None:
    """A change of the layers; nothing where there are too many, or too few."""
    before = document.scene
    every = list(walk(tree))
    layer = every[int(rng.integers(len(every)))]
    parts: list[Change] = []
    if kind in ("add a layout", "add a picture", "group"):
        if len(every) >= MOST_LAYERS:
            return None
        number = layers.next_id(tree)
        if kind == "group":
            made = Layer(number, Kind.GROUP, "Group", children=(layer,))
            after = layers.replaced(tree, layer.id, made)
        else:
            sort = Kind.LAYOUT if kind == "add a layout" else Kind.PICTURE
            after = layers.inserted(tree, Layer(number, sort, kind))
        document.scene = replace(before, layers=after)
        if kind == "add a picture":  # Something was pasted.
            edit = Edit(document, kind, number)
            pasted = rng.integers(0, 256, (60, 90, 4)).astype(np.uint8)
            edit.paint(Shape(Area(40, 50, 100, 140).within(document.size)), _cut(pasted, document))
            part = edit.finish()
            parts += [part] if part is not None else []
    elif kind == "move a layer":
        groups = [None, *(e.id for e in every if e.kind is Kind.GROUP)]
        group = groups[int(rng.integers(len(groups)))]
        document.scene = replace(
            before, layers=layers.moved(tree, layer.id, group, int(rng.integers(3)))
        )
    elif kind == "look of a layer":
        looks = replace(
            layer,
            visible=bool(rng.random() < 0.8),
            opacity=round(float(rng.random()), 2),
            locked=bool(rng.random() < 0.2),
            blend=str(rng.choice(layers.BLENDS)),
        )
        document.scene = replace(before, layers=layers.replaced(tree, layer.id, looks))
    else:
        if layer.kind is Kind.GROUP or layer.kind is Kind.RENDER:
            return None
        if layer.id == base_layout(tree) or sum(e.kind is Kind.LAYOUT for e in every) < 2:
            return None
        edit = Edit(document, kind, layer.id)
        edit.replace(blank(document.size, layer.channels))
        part = edit.finish()
        parts += [part] if part is not None else []
        document.scene = replace(before, layers=layers.removed(tree, layer.id))
    if document.scene == before and not parts:
        return None
    parts.append(SceneChange(kind, before))
    return parts[0] if len(parts) == 1 else Both(kind, parts)


def _cut(pixels: Pixels, document: Document) -> Pixels:
    height, width = Area(40, 50, 100, 140).within(document.size).size
    return pixels[:height, :width]


def _paged(document: Document, rng: np.random.Generator) -> SizeChange:
    """Another page: cropped or extended, resized, turned, mirrored."""
    way = int(rng.integers(4))
    if way == 0:
        sides = [int(rng.integers(most // 2, most + 1)) for most in MOST_SIZE]
        at = page.extended(document.size, (sides[0], sides[1]), 0.5, 0.0)
        size, planes = page.cropped(document, at)
    elif way == 1:
        sides = [int(rng.integers(most // 2, most + 1)) for most in MOST_SIZE]
        size, planes = page.resized(document, (sides[0], sides[1]))
    elif way == 2:
        size, planes = page.turned(document, int(rng.integers(1, 4)))
    else:
        size, planes = page.mirrored(document, bool(rng.random() < 0.5))
    change = SizeChange.to("page", size, planes)
    change.swap(document)
    return change


# What an artist sees
# ----------------------------------------------------------------


def seen(history: History) -> str:
    """All that can be seen now or by undo and redo, to compare. A blank plane is as good as none:
    it is made when it is first looked at.
    """
    found = hashlib.sha256()

    def take(*facts: object) -> None:
        found.update(json.dumps(facts, sort_keys=True, default=str).encode())

    def tell(change: Change) -> None:
        take(type(change).__name__, change.label)
        if isinstance(change, TileChange):
            take(change.layer, change.channels, change.states)
            for place, packed in sorted(change.tiles.items()):
                take(place)
                found.update(packed)
        elif isinstance(change, SceneChange):
            take(change.scene.to_json())
        elif isinstance(change, SizeChange):
            take(change.size)
            for number, plane in sorted(change.unpacked().items()):
                tell_plane(number, plane)
        else:
            for part in change.parts:
                tell(part)

    def tell_plane(number: int, plane: Pixels) -> None:
        empty = 255 if plane.ndim == 2 else 0
        if (plane != empty).any():
            take(number, plane.shape)
            found.update(plane.tobytes())

    document = history.document
    take(document.size, document.scene.to_json())
    for number, plane in sorted(document.planes.items()):
        tell_plane(number, plane)
    for changes in (history.done, history.undone):
        take(len(changes))
        for change in changes:
            tell(change)
    return found.hexdigest()
