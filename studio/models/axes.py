"""What of a model can be varied, made from its ports alone, and the steps along each."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from engines.errors import UserError
from engines.ports import Attributes, Choice, Image, Latent, NoiseLevel, Port, Scalar
from studio.document.scene import Picture, Scene
from studio.models.pictures import Dropped, styles
from studio.models.surprise import chance, drawn

if TYPE_CHECKING:
    from engines.runtime.bundle import Bundle

SEED, GUIDANCE = "seed", "guidance"  # what is no port's own; no port's key has such a name
MOST_GUIDANCE = 12.0


@dataclass(frozen=True)
class Axis:
    """The seed, how strictly a sampler follows, a port, or one attribute (`part`) of a port."""

    port: Port | None
    part: str = ""

    @property
    def key(self) -> str:
        """What tells it from others, in any model."""
        if self.port is None:
            return self.part
        return f"{self.port.kind}:{self.port.name}:{self.part}"

    @property
    def name(self) -> str:
        """What the model calls it; empty for what is no port's own."""
        return "" if self.port is None else self.part or self.port.label or self.port.name

    @property
    def drawn(self) -> bool:
        """Whether its steps are by chance, so that each round brings others."""
        return self.key == SEED or isinstance(self.port, Latent)


@dataclass(frozen=True)
class Step:
    """One place along an axis: how it is called, and what it does to a scene. `apply` may read a
    file, so that it belongs on a work thread; UserError where it cannot.
    """

    label: str
    apply: Callable[[Scene], Scene]


Sampled = Sequence[tuple[str, Callable[[], Picture]]]  # names of pictures, and how they are had


def axes(bundle: "Bundle") -> tuple[Axis, ...]:
    """What of a model can be varied, in the order of its ports, the seed last."""
    found: list[Axis] = []
    for port in bundle.ports:
        if isinstance(port, Attributes):
            found += [Axis(port, name) for name in port.names]
        elif isinstance(port, Image | Latent | Scalar | Choice):
            found.append(Axis(port))
    if any(isinstance(p, NoiseLevel) for p in bundle.ports) and any(
        p.null is not None for p in bundle.ports
    ):
        found.append(Axis(None, GUIDANCE))
    if drawn(bundle):
        found.append(Axis(None, SEED))
    return tuple(found)


def steps(
    axis: Axis, count: int, bundle: "Bundle", scene: Scene, pictures: Sampled, seed: int
) -> tuple[Step, ...]:
    """At most `count` places along an axis; chance is a function of `seed`."""
    rng = np.random.default_rng(seed)
    port = axis.port
    if port is None:
        if axis.part == GUIDANCE:
            return tuple(
                Step(f"{value:.1f}", _setter(guidance=value))
                for value in _spread(1.0, MOST_GUIDANCE, count)
            )
        seeds = [scene.seed, *(int(n) for n in rng.integers(0, 2**31, count))][:count]
        return tuple(Step(str(n), _setter(seed=n)) for n in seeds)
    if isinstance(port, Attributes):
        return tuple(
            Step(f"{value:.0%}", _attribute(port.name, axis.part, value))
            for value in _spread(0.0, 1.0, count)
        )
    if isinstance(port, Scalar):
        spread = _spread(port.minimum, port.maximum, count)
        return tuple(Step(f"{value:.2f}", _value(port.name, value)) for value in spread)
    if isinstance(port, Choice):
        options = port.options[:count]
        return tuple(Step(option, _value(port.name, option)) for option in options)
    if isinstance(port, Latent):
        return tuple(Step(str(n + 1), _value(port.name, chance(port, rng))) for n in range(count))
    # What its graph would make of the picture was set by hand, perhaps: then it would not count.
    feeds = [graph for graph in bundle.graphs if any(p.name == port.name for p in graph.inputs)]
    made = {output.name for graph in feeds for output in graph.outputs}
    return tuple(Step(name, _picture(port.name, had, made)) for name, had in pictures[:count])


def bundled() -> Sampled:
    """The bundled style pictures; each is read when it is needed."""

    def had(path: Path) -> Callable[[], Picture]:
        def read() -> Picture:
            found = Dropped.read(path)
            if found.picture is None:
                raise UserError(found.problem)
            return found.picture

        return read

    return [(called(path.name), had(path)) for path in styles()]


def called(name: str) -> str:
    """A picture's file name as it is read: golden-hour.jpg -> Golden hour."""
    return Path(name).stem.replace("-", " ").replace("_", " ").strip().capitalize()


def _spread(least: float, most: float, count: int) -> list[float]:
    """So many values from the least to the most; the middle where it is one."""
    if count < 2:
        return [round((least + most) / 2, 4)]
    return [round(float(value), 4) for value in np.linspace(least, most, count)]


def _setter(**fields: Any) -> Callable[[Scene], Scene]:
    return lambda scene: replace(scene, **fields)


def _attribute(port: str, name: str, value: float) -> Callable[[Scene], Scene]:
    def apply(scene: Scene) -> Scene:
        before = scene.values.get(port)
        values = dict(before) if isinstance(before, Mapping) else {}
        return scene.with_value(port, {**values, name: value})

    return apply


def _value(port: str, value: Any) -> Callable[[Scene], Scene]:
    return lambda scene: scene.with_value(port, value)


def _picture(
    port: str, had: Callable[[], Picture], made: Collection[str]
) -> Callable[[Scene], Scene]:
    def apply(scene: Scene) -> Scene:
        for name in made:
            scene = scene.with_value(name, None)
        return scene.with_value(port, had())

    return apply
