"""Which class of a model each class of a document is: by its name unless the artist says."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from engines.data.spec import PaletteClass
from engines.ports import UNPAINTED
from studio.document.scene import Pixels, Scene
from studio.models.names import closest

NOTHING = ""  # what a class is mapped to that is to be left to the model, as if it were unpainted


@dataclass(frozen=True)
class Row:
    """A class of a document, and `target`, the model's class that it is painted as; "" for none.

    `guess` is what its name says; `chosen` whether the artist said something.
    """

    number: int
    name: str
    target: str
    guess: str
    chosen: bool

    @property
    def same(self) -> bool:
        """Whether the model knows the class by that very name."""
        return self.name == self.target


def numbering(
    palette: tuple[PaletteClass, ...], names: tuple[str, ...], chosen: Mapping[str, str]
) -> dict[int, int]:
    """Id in a palette -> id among a model's classes: the chosen, the same, or the nearest name."""
    return _numbering(palette, names, tuple(sorted(chosen.items())))


@lru_cache(16)
def _numbering(
    palette: tuple[PaletteClass, ...], names: tuple[str, ...], chosen: tuple[tuple[str, str], ...]
) -> dict[int, int]:
    said, found = dict(chosen), {}
    for number, entry in enumerate(palette):
        target = _target(entry.name, names, said)
        if target != NOTHING:
            found[number] = names.index(target)
    return found


def met(palette: tuple[PaletteClass, ...], names: tuple[str, ...], ids: Pixels) -> bool:
    """Whether a model knows any class of what is painted; nothing painted asks for none."""
    known = numbering(palette, names, {})
    painted = {int(number) for number in np.unique(ids) if number != UNPAINTED}
    return not painted or not painted.isdisjoint(known)


def rows(scene: Scene, model: str, names: tuple[str, ...], numbers: Iterable[int]) -> list[Row]:
    """The mapping of those classes of a scene to a model's classes `names`."""
    said = mapping_of(scene, model)
    made = []
    for number in numbers:
        name = scene.palette[number].name
        guess = _target(name, names, {})
        target = _target(name, names, said)
        chosen = name in said and (said[name] == NOTHING or said[name] in names)
        made.append(Row(number, name, target, guess, chosen))
    return made


def mapping_of(scene: Scene, model: str) -> Mapping[str, str]:
    """What the artist said for a model: class of the document -> class of the model."""
    return scene.mappings.get(model, {})


def mapped(scene: Scene, model: str, name: str, target: str | None) -> Scene:
    """With a class painted as another of a model, or as nothing; None leaves it to the names."""
    table = {known: t for known, t in mapping_of(scene, model).items() if known != name}
    if target is not None:
        table[name] = target
    mappings = {m: t for m, t in scene.mappings.items() if m != model}
    if table:
        mappings[model] = table
    return replace(scene, mappings=mappings)


def lacking(found: Iterable[Row]) -> list[Row]:
    """The classes that the model does not know by name and nobody said what they are."""
    return [row for row in found if not row.same and not row.chosen]


def _target(name: str, names: tuple[str, ...], said: Mapping[str, str]) -> str:
    if name in said and (said[name] == NOTHING or said[name] in names):
        return said[name]
    place = closest(name, names)
    return NOTHING if place is None else names[place]
