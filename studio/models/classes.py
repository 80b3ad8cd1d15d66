"""What may be done to the classes of a scene: each gives another scene, so that it is undone.

A class is known by its name everywhere but in the pixels, which hold its place in the palette.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from engines.data.spec import PaletteClass, palette
from engines.errors import UserError
from engines.ports import UNPAINTED
from studio.document.scene import PATTERNS, Scene
from studio.document.styles import Styles

MOST = 255
MOST_NAME = 100  # characters
Classes = tuple[PaletteClass, ...]


def shown(scene: Scene, model: Iterable[str], used: Callable[[], Iterable[int]]) -> list[int]:
    """Ids to choose from: as the artist arranged them, then the model's, then others in use.

    Without an order of the artist and a model that knows classes, all.
    """
    places = {entry.name: number for number, entry in enumerate(scene.palette)}
    first = [name for name in scene.order if name in places]
    first += [name for name in model if name in places and name not in scene.order]
    if not first:
        return list(places.values())
    numbers = [places[name] for name in first]
    if len(numbers) == len(places):
        return numbers
    return numbers + sorted((set(used()) & set(places.values())) - set(numbers))


def added(scene: Scene, name: str, color: str, among: Iterable[int]) -> Scene:
    """With one more class, last of those `among` which the artist chooses; UserError."""
    if len(scene.palette) >= MOST:
        raise UserError(f"A document has {MOST} classes at most; delete one that is not painted.")
    entry = PaletteClass(_free(name, scene.palette), color)
    order = (*(scene.palette[n].name for n in among), entry.name)
    numbers = range(len(scene.palette))
    taken = {scene.pattern_of(n) % PATTERNS for n in numbers}
    patterns = dict(scene.patterns)
    free = sorted(set(range(PATTERNS)) - taken)
    if len(numbers) % PATTERNS in taken and free:
        patterns[entry.name] = free[0]
    return replace(scene, palette=(*scene.palette, entry), order=order, patterns=patterns)


def renamed(
    scene: Scene,
    number: int,
    name: str,
    among: Iterable[int] = (),
    masks: Collection[str] = (),
) -> Scene:
    """With another name for a class, wherever it is meant; `masks` are inputs that name a class.

    It keeps its place `among` those that are shown, also where the model does not know it.
    """
    before = scene.palette[number]
    others = (*scene.palette[:number], *scene.palette[number + 1 :])
    entry = replace(before, name=_free(name, others))

    def other(known: str) -> str:
        return entry.name if known == before.name else known

    return replace(
        scene,
        palette=(*scene.palette[:number], entry, *scene.palette[number + 1 :]),
        order=tuple(other(scene.palette[n].name) for n in among) or tuple(map(other, scene.order)),
        protected=frozenset(map(other, scene.protected)),
        mappings={m: {other(k): v for k, v in t.items()} for m, t in scene.mappings.items()},
        patterns={other(k): v for k, v in scene.patterns.items()},
        values={
            port: entry.name
            if port in masks and value == before.name
            else value.renamed(before.name, entry.name)
            if isinstance(value, Styles)
            else value
            for port, value in scene.values.items()
        },
    )


def recolored(scene: Scene, number: int, color: str) -> Scene:
    """With another colour "#rrggbb" for a class; UserError where it is none."""
    entry = replace(scene.palette[number], color=color.lower())
    return replace(scene, palette=(*scene.palette[:number], entry, *scene.palette[number + 1 :]))


def removed(scene: Scene, number: int) -> Scene:
    """Without a class; those after it move up by one, so the layouts need `renumbering`.

    They keep their patterns.
    """
    name = scene.palette[number].name
    later = range(number + 1, len(scene.palette))
    moved = {scene.palette[n].name: scene.pattern_of(n) for n in later}
    patterns = {known: v for known, v in scene.patterns.items() if known != name} | moved
    return replace(
        scene,
        palette=(*scene.palette[:number], *scene.palette[number + 1 :]),
        order=tuple(other for other in scene.order if other != name),
        protected=scene.protected - {name},
        mappings={m: {k: v for k, v in t.items() if k != name} for m, t in scene.mappings.items()},
        patterns=patterns,
    )


def renumbering(number: int, into: int | None) -> npt.NDArray[np.uint8]:
    """Old id -> new id (256,) once a class is removed; its pixels go `into` another, or bare."""
    table = np.arange(256, dtype=np.uint8)
    table[number] = UNPAINTED if into is None else into
    table[(table > number) & (table != UNPAINTED)] -= 1
    return table


def ordered(scene: Scene, numbers: Iterable[int]) -> Scene:
    """With classes in another order for the artist; no pixel is touched."""
    return replace(scene, order=tuple(scene.palette[n].name for n in numbers))


def protected(scene: Scene, number: int, on: bool) -> Scene:
    """With a class that cannot be painted over, or can be again."""
    name = {scene.palette[number].name}
    return replace(scene, protected=scene.protected | name if on else scene.protected - name)


def dressed(scene: Scene, classes: Classes) -> Scene:
    """With another palette: its classes in its order and colours; what else is painted stays.

    Classes of one name are one. UserError where there would be more than a document has.
    """
    colors = {entry.name: entry for entry in classes}
    known = {entry.name for entry in scene.palette}
    more = tuple(entry for entry in colors.values() if entry.name not in known)
    if len(scene.palette) + len(more) > MOST:
        raise UserError(
            f"With these classes the document would have more than {MOST}; delete some first."
        )
    kept = tuple(colors.get(c.name, c) for c in scene.palette)
    return replace(scene, palette=(*kept, *more), order=tuple(colors))


def fresh_color(classes: Classes) -> str:
    """A colour as far as can be from those of all classes, black and white."""
    steps = np.linspace(20, 235, 12).astype(np.int32)
    cube = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), -1).reshape(-1, 3)
    taken = [palette(classes).astype(np.int32), np.array([[0, 0, 0], [255, 255, 255]])]
    far = np.full(len(cube), 1 << 30, np.int64)
    for color in np.concatenate(taken):
        # Eyes tell greens best and blues worst.
        far = np.minimum(far, ((cube - color) ** 2 * (3, 6, 2)).sum(1))
    red, green, blue = cube[int(far.argmax())]
    return f"#{red:02x}{green:02x}{blue:02x}"


def alike(scene: Scene, number: int) -> list[str]:
    """The names of other classes of the same colour."""
    color = scene.palette[number].color.lower()
    return [
        entry.name
        for place, entry in enumerate(scene.palette)
        if place != number and entry.color.lower() == color
    ]


def _free(name: str, among: Classes) -> str:
    """A name that can be taken; UserError where it is empty, too long or taken."""
    name = " ".join(name.split())
    if not name:
        raise UserError("A class needs a name; type one.")
    if len(name) > MOST_NAME:
        raise UserError(f"The name of a class has {MOST_NAME} letters at most; shorten it.")
    if any(entry.name.casefold() == name.casefold() for entry in among):
        raise UserError(f"There is a class called {name} already; choose another name.")
    return name
