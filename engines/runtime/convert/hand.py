"""One picture after the other through a model: which input takes it, at what size, and what is
found out once for all of them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from engines.data.derive import taken
from engines.data.pictures import read_layout, read_picture, resize_picture, shrink_layout
from engines.data.spec import PaletteClass
from engines.errors import UserError
from engines.ports import Image, Latent, Layout, Moments, Port, Size, Spatial
from engines.request import Request
from engines.runtime import tiles
from engines.runtime.bundle import Bundle
from engines.runtime.fit import nearest_size
from engines.runtime.render import Array, Cache, Frame
from engines.runtime.sessions import Sessions


def entry(bundle: Bundle, values: Mapping[str, Any]) -> Image | Layout:
    """The input that takes what is converted: the first picture or layout of free size that the
    model's last graph asks for, or else another graph, and that has no value yet. UserError.
    """
    for port in (*bundle.target.inputs, *bundle.ports):
        if not isinstance(port, Image | Layout) or not port.free or port.name in values:
            continue
        if bundle.maker(port) is None and (isinstance(port, Layout) or port.channels == 3):
            return port
    raise UserError(
        f"The model {bundle.title} takes no picture or layout that it could convert; choose "
        "another model."
    )


def manner(bundle: Bundle, values: Mapping[str, Any]) -> Image | None:
    """The other picture that the model looks at, such as a style's; None where there is none."""
    first = entry(bundle, values)
    for port in bundle.ports:
        plain = isinstance(port, Image) and port.channels == 3 and bundle.maker(port) is None
        if plain and port.name != first.name:
            assert isinstance(port, Image)
            return port
    return None


def lacks(bundle: Bundle, values: Mapping[str, Any]) -> Image | None:
    """The picture in whose manner to paint, where the model was told none and knows none by itself:
    a latent has a mean to go by, but statistics of nothing say nothing.
    """
    port = manner(bundle, values)
    if port is None or port.name in values:
        return None
    readers = [g for g in bundle.graphs if any(p.name == port.name for p in g.inputs)]
    made = [p for graph in readers for p in graph.outputs]
    told = any(p.name in values or isinstance(p, Latent) for p in made)
    return None if told else port


class Hand:
    """A model with the values that hold for everything. `request`: their Request, of any size."""

    def __init__(self, bundle: Bundle, request: Request, sessions: Sessions, side: int = 0) -> None:
        self.bundle, self.request, self.sessions, self.side = bundle, request, sessions, side
        self.port = entry(bundle, request.values)
        self.cache = Cache()
        self.known: dict[str, Any] = {}  # of a video, set once

    @property
    def scale(self) -> int:
        """How many times as large as its input the result is."""
        return self.bundle.picture.scale if self.bundle.picture is not None else 1

    def read(self, path: Path) -> Array:
        """A file as the model's input takes it: pictures as RGB, layouts as ids. UserError."""
        if isinstance(self.port, Layout):
            pairs = zip(self.port.classes, self.port.colors, strict=True)
            return self.bounded(read_layout(path, tuple(PaletteClass(*pair) for pair in pairs)))
        return read_picture(path, self.side or None)

    def bounded(self, value: Array) -> Array:
        """At most so many pixels a side as was asked for."""
        height, width = value.shape[:2]
        share = self.side / max(height, width) if self.side else 1.0
        if share >= 1:
            return value
        size = max(round(height * share), 1), max(round(width * share), 1)
        return shrink_layout(value, size) if value.ndim == 2 else resize_picture(value, size)

    def asked(self, size: Size) -> tuple[Size, bool]:
        """The size to render a picture of `size` at, and whether it is padded to it; else fitted.

        A picture keeps its size: what the model wants more is added at its edges and cut off.
        """
        output = self.bundle.target.outputs[0]
        ports = (*self.bundle.target.inputs, *self.bundle.target.outputs)
        free = [p for p in ports if isinstance(p, Spatial) and p.free]
        if not isinstance(output, Spatial) or not output.free or not free:
            return nearest_size(self.bundle, size), False
        step = int(np.lcm.reduce([p.multiple for p in free]))
        least = max(p.minimum for p in free)
        height, width = (max(-(-side // step), -(-least // step)) * step for side in size)
        if tiles.why_not(self.bundle) and max(height, width) > min(p.maximum for p in free):
            return nearest_size(self.bundle, size), False
        return (height, width), True

    def request_of(self, value: Array) -> Request:
        """What is asked for of a picture or layout (H, W, ...)."""
        if isinstance(self.port, Image):
            value = taken(value, self.port.derived)
        size, pads = self.asked((value.shape[0], value.shape[1]))
        if pads:
            more = [(0, a - b) for a, b in zip(size, value.shape[:2], strict=True)]
            value = np.pad(value, [*more, (0, 0)][: value.ndim], "edge")
        return replace(
            self.request, size=size, values={**self.request.values, self.port.name: value}
        )

    def make(self, value: Array) -> Iterator[Frame]:
        """Frames of what the model makes of a picture, the last is final; it is as large as the
        picture, times `scale`.
        """
        request = self.request_of(value)
        asked = replace(request, values={**request.values, **self.known})
        for frame in tiles.paint(self.bundle, asked, self.sessions, self.cache):
            if not frame.final:
                yield frame
                continue
            yield replace(frame, request=request, values=self._cut(frame, value.shape[:2]))

    def _cut(self, frame: Frame, size: tuple[int, ...]) -> dict[str, Any]:
        """Results without what was added to the picture."""
        if not self.asked((size[0], size[1]))[1]:
            return dict(frame.values)
        found = dict(frame.values)
        for port in self.bundle.target.outputs:
            if isinstance(port, Spatial) and port.free:
                times = port.scale if isinstance(port, Image) else 1
                found[port.name] = found[port.name][: size[0] * times, : size[1] * times]
        return found

    def survey(self, pictures: Sequence[Array]) -> dict[str, Any]:
        """What holds for all frames of a video: what is made of the values alone, and statistics
        of the picture as the mean of those of a few frames.
        """
        rows = [
            tiles.known(self.bundle, self.request_of(picture), self.sessions, self.cache)
            for picture in pictures
        ]
        return {
            port.name: np.mean([row[port.name] for row in rows], 0, np.float64).astype(np.float32)
            for port in self._summed()
            if all(port.name in row for row in rows)
        }

    def _summed(self) -> list[Port]:
        """Inputs of the last graph that are statistics, made of the picture, and not set."""
        return [
            port
            for port in self.bundle.target.inputs
            if isinstance(port, Moments)
            and port.name not in self.request.values
            and (maker := self.bundle.maker(port)) is not None
            and any(p.name == self.port.name for p in maker.inputs)
        ]
