"""OpenRaster's stack.xml: the layers and groups of a file, as any program wrote them.

https://www.openraster.org/baseline/layer-stack-spec.html
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from xml.etree import ElementTree
from xml.parsers import expat

from engines.errors import UserError
from engines.ports import Size
from studio.document.layers import BLENDS, MOST_DEPTH, MOST_LAYERS, MOST_NAME

NORMAL = "svg:src-over"
# What Krita makes of Photoshop's modes; its soft light is at most some 16 of 255 from the W3C's.
_NEAR = {"krita:soft_light": "svg:soft-light", "krita:linear_dodge": "svg:plus"}
MOST_OFFSET = 1_000_000  # pixels


@dataclass(frozen=True)
class Entry:
    """A layer (`src` is the member with its PNG, whose upper left corner stands at x, y), or a
    group where `src` is empty; `children` are topmost first. `op` is its composite-op.

    A group that is not `isolated` lets its layers blend with what is below it.
    """

    name: str = ""
    src: str = ""
    x: int = 0
    y: int = 0
    opacity: float = 1.0
    visible: bool = True
    op: str = NORMAL
    locked: bool = False
    isolated: bool = True
    children: "Entries" = ()

    @property
    def group(self) -> bool:
        """Whether it holds others."""
        return not self.src


Entries = tuple[Entry, ...]


@dataclass(frozen=True)
class Stack:
    """The size (height, width) of a file and its layers, topmost first."""

    size: Size
    entries: Entries

    @property
    def layers(self) -> Entries:
        """All layers, topmost first, without groups."""
        return tuple(entry for entry in _walk(self.entries) if not entry.group)

    def to_xml(self) -> bytes:
        """The contents of stack.xml."""
        height, width = self.size
        image = ElementTree.Element("image", version="0.0.5", w=str(width), h=str(height))
        _put(ElementTree.SubElement(image, "stack"), self.entries)
        text: bytes = ElementTree.tostring(image, encoding="UTF-8", xml_declaration=True)
        return text


def read_stack(data: bytes, name: str) -> Stack:
    """What stack.xml says, from a stranger too; UserError with the file's `name` if it is wrong.

    So are more than MOST_LAYERS layers and groups, and groups more than MOST_DEPTH deep.
    """
    builder = _Builder()
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = _refuse  # No entity can be declared without: no XML bombs.
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    try:
        parser.Parse(data, True)
        return builder.stack()
    except (expat.ExpatError, ValueError, LookupError) as error:  # of an encoding, too
        raise UserError(
            f"{name} is broken and cannot be read (stack.xml in it: {error}); "
            "restore it from a copy."
        ) from error


class _Builder:
    """Follows the elements of a stack.xml; ValueError and KeyError where they are wrong."""

    def __init__(self) -> None:
        self._sizes: list[Size] = []
        self._open: list[tuple[Entry, list[Entry]]] = []  # the groups around, with their layers
        self._root: Entries | None = None
        self._count = 0

    def start(self, tag: str, fields: dict[str, str]) -> None:
        if tag == "image":
            self._sizes.append((int(fields["h"]), int(fields["w"])))
        elif tag == "stack":
            if len(self._open) > MOST_DEPTH:
                raise ValueError("its groups are too deep")
            if self._root is not None:
                raise ValueError("it has two stacks")
            self._grow()
            self._open.append((_entry(fields, ""), []))
        elif tag == "layer" and "src" in fields:
            if not self._open:
                raise ValueError("a layer is outside the stack")
            self._grow()
            if not fields["src"]:
                raise ValueError("a layer has no picture")
            self._open[-1][1].append(_entry(fields, fields["src"]))

    def end(self, tag: str) -> None:
        if tag != "stack":
            return
        group, children = self._open.pop()
        if self._open:
            self._open[-1][1].append(replace(group, children=tuple(children)))
        else:
            self._root = tuple(children)

    def stack(self) -> Stack:
        if len(self._sizes) != 1 or min(self._sizes[0]) < 1:
            raise ValueError("it has no size")
        return Stack(self._sizes[0], self._root or ())

    def _grow(self) -> None:
        self._count += 1
        if self._count > MOST_LAYERS + 1:  # The outermost stack is none.
            raise ValueError(f"it has more than {MOST_LAYERS} layers")


def op_of(blend: str) -> str:
    """The composite-op of one of `layers.BLENDS`."""
    return NORMAL if blend == "normal" else f"svg:{blend}"


def blend_of(op: str) -> str | None:
    """The one of `layers.BLENDS` that a composite-op is, None where it is another."""
    if op == NORMAL:
        return "normal"
    op = _NEAR.get(op, op)
    name = op.removeprefix("svg:")
    return name if op != name and name in BLENDS and name != "normal" else None


def _refuse(*_: object) -> None:
    raise ValueError("it declares a document type, which OpenRaster has no use for")


def _entry(fields: dict[str, str], src: str) -> Entry:
    x, y = (int(fields[k]) if k in fields else 0 for k in "xy")
    if max(abs(x), abs(y)) > MOST_OFFSET:
        raise ValueError("a layer lies too far out")
    opacity = float(fields["opacity"]) if "opacity" in fields else 1.0
    if math.isnan(opacity):
        raise ValueError("an opacity is no number")
    opacity = min(max(opacity, 0.0), 1.0)
    op = fields.get("composite-op", NORMAL)
    # The specification lets only those blend with what is below that do nothing of their own.
    through = fields.get("isolation") == "auto" and opacity == 1 and op == NORMAL
    return Entry(
        name=fields.get("name", "")[:MOST_NAME],
        src=src,
        x=x,
        y=y,
        opacity=opacity,
        visible=fields.get("visibility", "visible") != "hidden",
        op=op,
        locked=fields.get("edit-locked", "false") == "true",
        isolated=not through,
    )


def _put(parent: ElementTree.Element, entries: Entries) -> None:
    for entry in entries:
        fields = {
            "name": entry.name,
            "opacity": f"{entry.opacity:.9g}",
            "visibility": "visible" if entry.visible else "hidden",
            "composite-op": entry.op,
        }
        if entry.locked:
            fields["edit-locked"] = "true"
        if entry.group:
            more = {"isolation": "isolate" if entry.isolated else "auto"}
            _put(ElementTree.SubElement(parent, "stack", fields | more), entry.children)
        else:
            more = {"src": entry.src, "x": str(entry.x), "y": str(entry.y)}
            ElementTree.SubElement(parent, "layer", fields | more)


def _walk(entries: Entries) -> Iterator[Entry]:
    for entry in entries:
        yield entry
        yield from _walk(entry.children)
