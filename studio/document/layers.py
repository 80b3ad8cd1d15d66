"""The layers of a document as frozen values: what they are, not what is painted on them.

A tree is a tuple of layers, the topmost first, and groups hold trees. It lies in the scene, so
every property of a layer is undone like a slider. Pixels are the document's, by a layer's id.
"""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from enum import Enum
from typing import Any

BLENDS = (
    "normal",
    "multiply",
    "screen",
    "overlay",
    "darken",
    "lighten",
    "color-dodge",
    "color-burn",
    "hard-light",
    "soft-light",
    "difference",
    "plus",
    "color",
    "luminosity",
    "hue",
    "saturation",
)
MOST_LAYERS = 200
MOST_DEPTH = 16
MOST_NAME = 200  # characters


class Kind(Enum):
    """What a layer holds: class ids, colours, the model's live picture, or other layers."""

    LAYOUT = "layout"
    PICTURE = "picture"
    RENDER = "render"
    GROUP = "group"


CHANNELS = {Kind.LAYOUT: 1, Kind.PICTURE: 4}


@dataclass(frozen=True)
class Layer:
    """One layer; `id` names its pixels and never changes. `opacity` is 0 to 1, `blend` one of
    BLENDS; both mean nothing to a layout, whose topmost painted class wins.
    """

    id: int
    kind: Kind
    name: str = ""
    visible: bool = True
    opacity: float = 1.0
    blend: str = "normal"
    locked: bool = False
    children: "Layers" = ()

    @property
    def channels(self) -> int:
        """Bytes a pixel of its plane: 1 for ids, 4 for RGBA, 0 where it has no plane."""
        return CHANNELS.get(self.kind, 0)


Layers = tuple[Layer, ...]
RENDER, LAYOUT = 2, 1  # ids of the layers that every document begins with
FIRST: Layers = (Layer(RENDER, Kind.RENDER, "Live picture"), Layer(LAYOUT, Kind.LAYOUT, "Layout"))


def walk(tree: Layers) -> Iterator[Layer]:
    """Every layer, from the top down, a group before what is in it."""
    for layer in tree:
        yield layer
        yield from walk(layer.children)


def find(tree: Layers, number: int) -> Layer | None:
    """The layer of that id."""
    return next((layer for layer in walk(tree) if layer.id == number), None)


def path_to(tree: Layers, number: int) -> Layers:
    """The groups around a layer, the outermost first, and the layer; empty where it is not."""
    for layer in tree:
        if layer.id == number:
            return (layer,)
        if inner := path_to(layer.children, number):
            return (layer, *inner)
    return ()


def visible(tree: Layers, number: int) -> bool:
    """Whether a layer and every group around it are shown."""
    path = path_to(tree, number)
    return bool(path) and all(layer.visible for layer in path)


def layouts(tree: Layers) -> Layers:
    """The layout layers that are shown, the topmost first."""
    shown: list[Layer] = []
    for layer in tree:
        if layer.visible:
            shown += [layer] if layer.kind is Kind.LAYOUT else layouts(layer.children)
    return tuple(shown)


def replaced(tree: Layers, number: int, layer: Layer) -> Layers:
    """The tree with another layer in the place of one."""
    return tuple(
        layer if each.id == number else _within(each, replaced(each.children, number, layer))
        for each in tree
    )


def removed(tree: Layers, number: int) -> Layers:
    """The tree without a layer and what is in it."""
    return tuple(_within(e, removed(e.children, number)) for e in tree if e.id != number)


def inserted(tree: Layers, layer: Layer, group: int | None = None, index: int = 0) -> Layers:
    """The tree with one more layer, at a place (0 is the top) of a group or of the tree itself."""
    if group is None:
        return (*tree[:index], layer, *tree[index:])
    return tuple(
        replace(each, children=inserted(each.children, layer, None, index))
        if each.id == group
        else _within(each, inserted(each.children, layer, group, index))
        for each in tree
    )


def place_of(tree: Layers, number: int) -> tuple[int | None, int]:
    """The group (None: the tree itself) that a layer is in, and its index there."""
    path = path_to(tree, number)
    siblings = path[-2].children if len(path) > 1 else tree
    return path[-2].id if len(path) > 1 else None, siblings.index(path[-1])


def moved(tree: Layers, number: int, group: int | None, index: int) -> Layers:
    """The tree with a layer at another place, the index being one of the tree as it is.

    A group that would go into itself stays where it is.
    """
    layer = find(tree, number)
    if layer is None or (group is not None and find((layer,), group) is not None):
        return tree
    now_in, now_at = place_of(tree, number)
    if now_in == group and now_at < index:
        index -= 1
    return inserted(removed(tree, number), layer, group, index)


def next_id(tree: Layers, more: Iterable[int] = ()) -> int:
    """An id that no layer has, nor any of `more`."""
    return max((0, *more, *(layer.id for layer in walk(tree)))) + 1


def to_json(tree: Layers) -> list[Any]:
    """Plain JSON."""
    return [
        asdict(replace(layer, children=()))
        | {"kind": layer.kind.value, "children": to_json(layer.children)}
        for layer in tree
    ]


def from_json(plain: Any, depth: int = 0) -> Layers:
    """Read what `to_json` wrote, from a stranger too; ValueError, KeyError, TypeError if wrong."""
    if depth > MOST_DEPTH:
        raise ValueError("its groups are too deep")
    tree = tuple(_layer(entry, depth) for entry in plain)
    if depth == 0:
        check(tree)
    return tree


def check(tree: Layers) -> None:
    """ValueError unless every id is there once, and there is one live picture and a layout."""
    every = list(walk(tree))
    ids = [layer.id for layer in every]
    if len(every) > MOST_LAYERS:
        raise ValueError(f"it has more than {MOST_LAYERS} layers")
    if len(set(ids)) < len(ids) or min(ids, default=0) < 1:
        raise ValueError("its layers have no ids of their own")
    if sum(layer.kind is Kind.RENDER for layer in every) != 1:
        raise ValueError("it needs one layer for the model's picture")
    if not any(layer.kind is Kind.LAYOUT for layer in every):
        raise ValueError("it has no layout")


def _within(layer: Layer, children: Layers) -> Layer:
    """The layer with other children, itself where they are the same."""
    return layer if children == layer.children else replace(layer, children=children)


def _layer(plain: Any, depth: int) -> Layer:
    kind = Kind(plain["kind"])
    flags = [plain[name] for name in ("visible", "locked")]
    if not all(isinstance(flag, bool) for flag in flags) or plain["blend"] not in BLENDS:
        raise ValueError("a layer's blend mode or marks are unknown")
    if kind is not Kind.GROUP and plain["children"]:
        raise ValueError("only groups hold layers")
    opacity = float(plain["opacity"])
    if not 0 <= opacity <= 1:
        raise ValueError("a layer's opacity is not from 0 to 1")
    return Layer(
        id=int(plain["id"]),
        kind=kind,
        name=str(plain["name"])[:MOST_NAME],
        visible=flags[0],
        opacity=opacity,
        blend=plain["blend"],
        locked=flags[1],
        children=from_json(plain["children"], depth + 1),
    )
