"""OpenRaster's stack.xml: the layers of a file, as any program wrote them.

https://www.openraster.org/baseline/layer-stack-spec.html
"""

from dataclasses import dataclass
from xml.etree import ElementTree
from xml.parsers import expat

from engines.errors import UserError
from engines.ports import Size


@dataclass(frozen=True)
class Layer:
    """One layer: the member that holds its PNG, and where its upper left corner stands."""

    name: str
    src: str
    x: int = 0
    y: int = 0


@dataclass(frozen=True)
class Stack:
    """The size (height, width) of a file and its layers, topmost first; groups are flattened."""

    size: Size
    layers: tuple[Layer, ...]

    def to_xml(self) -> bytes:
        """The contents of stack.xml."""
        height, width = self.size
        image = ElementTree.Element("image", version="0.0.3", w=str(width), h=str(height))
        stack = ElementTree.SubElement(image, "stack")
        for layer in self.layers:
            fields = {"name": layer.name, "src": layer.src, "x": str(layer.x), "y": str(layer.y)}
            more = {"opacity": "1.0", "visibility": "visible", "composite-op": "svg:src-over"}
            ElementTree.SubElement(stack, "layer", fields | more)
        text: bytes = ElementTree.tostring(image, encoding="UTF-8", xml_declaration=True)
        return text


def read_stack(data: bytes, name: str) -> Stack:
    """What stack.xml says, from a stranger too; UserError with the file's `name` if it is wrong."""
    size: list[Size] = []
    layers: list[Layer] = []

    def refuse(*_: object) -> None:
        raise ValueError("it declares a document type, which OpenRaster has no use for")

    def start(tag: str, fields: dict[str, str]) -> None:
        if tag == "image":
            size.append((int(fields["h"]), int(fields["w"])))
        elif tag == "layer" and "src" in fields:
            x, y = (int(fields[k]) if k in fields else 0 for k in "xy")
            layers.append(Layer(fields.get("name", ""), fields["src"], x, y))

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = refuse  # No entity can be declared without: no XML bombs.
    parser.StartElementHandler = start
    try:
        parser.Parse(data, True)
        (found,) = size
        if min(found) < 1:
            raise ValueError("it has no pixels")
    except (expat.ExpatError, ValueError, KeyError) as error:
        raise UserError(
            f"{name} is broken and cannot be read (stack.xml in it: {error}); "
            "restore it from a copy."
        ) from error
    return Stack(found, tuple(layers))
