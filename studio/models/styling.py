"""Where the styles of a scene go in a model: found by its ports alone, put into a scene, and taken
from there into a request.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from engines.data.pictures import shrink_layout
from engines.mixes import Mix, Mixed
from engines.ports import Image, Latent, Moments, Port, Size
from engines.runtime.fit import fit
from studio.document.document import Pixels
from studio.document.raster import Bools
from studio.document.scene import Picture, Scene
from studio.document.styles import Packed, Place, StyleMix, Styles

if TYPE_CHECKING:
    from engines.runtime.bundle import Bundle


@dataclass(frozen=True)
class Wire:
    """A picture that a graph reads a vector off, and the vector that the model paints with."""

    picture: Image
    vector: Latent | Moments

    @property
    def regional(self) -> bool:
        """Whether it may differ from place to place."""
        return self.vector.regional


def wire_of(bundle: "Bundle | None") -> Wire | None:
    """How a model takes a style, None where it takes none."""
    for port in bundle.target.inputs if bundle is not None else ():
        if bundle is not None and isinstance(port, Latent | Moments):
            picture = bundle.pictured(port)
            if picture is not None:
                return Wire(picture, port)
    return None


def styles_of(scene: Scene, wire: Wire) -> Styles:
    """The styles of a scene, without the one picture that rules everything by itself."""
    found = scene.values.get(wire.vector.name)
    return found if isinstance(found, Styles) else Styles()


def mix_at(scene: Scene, wire: Wire, place: Place) -> StyleMix:
    """What a place is painted in the style of; an empty mix where nothing was said of it."""
    found = styles_of(scene, wire).at(place)
    given = scene.values.get(wire.picture.name)
    if found is None and place is None and isinstance(given, Picture):
        return StyleMix.of(given)
    return found or StyleMix()


def with_mix(scene: Scene, wire: Wire, place: Place, mix: StyleMix | None) -> Scene:
    """The scene with another style for a place; None, or a mix of nothing, takes it away.

    One picture for everything is that of the model's own port, as if it were dropped there.
    """
    if mix is not None and not mix.pictures:
        mix = None
    if place is None:
        alone = mix.corners[0] if mix is not None and len(mix.pictures) == 1 else None
        scene = scene.with_value(wire.picture.name, alone)
        mix = None if alone is not None else mix
    styles = styles_of(scene, wire).with_mix(place, mix)
    return scene.with_value(wire.vector.name, styles if styles else None)


def with_picture(scene: Scene, bundle: "Bundle | None", port: Port, value: object) -> Scene:
    """The scene with a picture for a port: where it is that of the style, for everything."""
    wire = wire_of(bundle)
    if wire is None or wire.picture.name != port.name:
        return scene.with_value(port.name, value)
    return with_mix(scene, wire, None, StyleMix.of(value) if isinstance(value, Picture) else None)


def picture_at(scene: Scene, bundle: "Bundle | None", port: Port) -> Picture | None:
    """The picture of a port; of several that are mixed to a style for everything, that with the
    largest share.
    """
    wire, given = wire_of(bundle), scene.values.get(port.name)
    if wire is not None and wire.picture.name == port.name:
        mix = mix_at(scene, wire, None)
        return mix.corners[max(range(len(mix.corners)), key=lambda n: mix.shares[n])]
    return given if isinstance(given, Picture) else None


def mixed(scene: Scene, wire: Wire, ids: Pixels) -> Mixed:
    """The styles of a scene for a request, over a class map of the picture's size."""
    styles = styles_of(scene, wire)
    rows, regions = [_row(mix_at(scene, wire, None), wire.picture)], np.zeros(ids.shape, np.uint8)
    for place, mix in styles.regions:
        if isinstance(place, Packed):
            where = _chosen(place, (ids.shape[0], ids.shape[1]))
        else:
            numbers = [n for n, entry in enumerate(scene.palette) if entry.name == place]
            where = np.isin(ids, numbers)
        regions[where] = len(rows)
        rows.append(_row(mix, wire.picture))
    return Mixed(tuple(rows), regions)


def _row(mix: StyleMix, port: Image) -> Mix:
    held = [(p, s) for p, s in zip(mix.corners, mix.shares, strict=True) if p is not None and s > 0]
    return Mix(tuple(_fitted(p, port) for p, _ in held), tuple(s for _, s in held))


@lru_cache(maxsize=32)
def _fitted(picture: Picture, port: Image) -> Pixels:
    """A picture as the model looks at it, so that a request holds no more than that."""
    if not port.fixed:
        return picture.pixels
    found: Pixels = fit(port, picture.pixels, (port.fixed[0], port.fixed[1]))
    return found


@lru_cache(maxsize=16)
def _chosen(place: Packed, size: Size) -> Bools:
    """Chosen pixels at another size, by majority."""
    return np.asarray(shrink_layout(place.mask.astype(np.uint8), size) > 0)
