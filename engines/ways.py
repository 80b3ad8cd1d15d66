"""How a run trains, from which step on: what it had to change on its way, as ways.json.

A way is kept before anything is trained in it, so that a run that was killed goes on in the very
way that it was in. What is said of it is an event; this is what is done.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from engines import files
from engines.errors import UserError

NAME = "ways.json"
HALVINGS = 4  # of the learning rate; a run that needs more learns nothing
_MOST_BYTES = 16_000_000


@dataclass(frozen=True)
class Way:
    """How steps are trained: `parts` that a process's share of a batch is cut into, `precision`,
    whether activations are `recomputed` on the way back, the `device`, and the learning `rate` as
    a factor. It holds once `step` steps are done.
    """

    step: int
    parts: int
    precision: str
    recomputed: bool
    device: str
    rate: float

    def __post_init__(self) -> None:
        kinds = {"step": int, "parts": int, "precision": str, "recomputed": bool, "device": str}
        for name, kind in kinds.items():
            if type(getattr(self, name)) is not kind:
                raise ValueError(f"{name} is {getattr(self, name)!r}")
        if self.step < 0 or self.parts < 1 or self.precision not in ("float32", "bfloat16"):
            raise ValueError("a way is none")
        if self.device not in ("cpu", "cuda") or not 0 < self.rate <= 1:
            raise ValueError("a way is none")

    @classmethod
    def first(cls, config: Mapping[str, Any]) -> Way:
        """What run.json says."""
        return cls(0, 1, config["precision"], False, config["device"], 1.0)


@dataclass(frozen=True)
class Ways:
    """All ways of a run in the order of their steps, and the data files that it does without:
    name -> number of the first step (from 0) that is drawn without it.
    """

    ways: tuple[Way, ...]
    left_out: Mapping[str, int] = field(default_factory=dict)

    def at(self, step: int) -> Way:
        """The way in which to go on from `step` steps."""
        return [way for way in self.ways if way.step <= step][-1]

    def then(self, way: Way) -> Ways:
        """With what came later superseded."""
        return replace(self, ways=(*(w for w in self.ways if w.step <= way.step), way))

    def without(self, names: Mapping[str, int]) -> Ways:
        """With these files left out too, from the earlier of two steps."""
        return replace(self, left_out=sooner(self.left_out, names))

    def write(self, run: Path) -> None:
        """Keep them; they are on disk when this returns."""
        value = {"ways": [asdict(way) for way in self.ways], "left_out": dict(self.left_out)}
        files.write_json(run / NAME, value)

    @classmethod
    def read(cls, run: Path, config: Mapping[str, Any]) -> Ways:
        """Those of a run directory; one, of run.json, where nothing was ever changed. UserError."""
        path = run / NAME
        try:
            value = json.loads(files.read_text(path, _MOST_BYTES))
            ways = tuple(Way(**way) for way in value["ways"])
            left_out = dict(value["left_out"])
            if (
                not ways
                or ways[0].step
                or any(a.step > b.step for a, b in itertools.pairwise(ways))
            ):
                raise ValueError("its steps do not go on")
            if not all(type(step) is int for step in left_out.values()):
                raise ValueError("a step is none")
        except FileNotFoundError:
            return cls((Way.first(config),))
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
            raise UserError(
                f"{NAME} in {run} cannot be read ({error}); restore it, or start a new run."
            ) from error
        return cls(ways, left_out)


def sooner(known: Mapping[str, int], more: Mapping[str, int]) -> dict[str, int]:
    """What is left out by the one or the other, each from the earlier of its steps."""
    return {**known, **{name: min(step, known.get(name, step)) for name, step in more.items()}}


def rung(way: Way, step: int, rows: int, together: int, bfloat16: bool) -> tuple[Way, str, str]:
    """The next way down when memory did not suffice in `way`, from `step` steps on: the way, what
    it changes, and a sentence. UserError where there is none.

    `rows` are those of one process, of which `together` are not to be parted; `bfloat16` says
    whether the device can calculate in it.
    """
    cuts = [n for n in range(way.parts + 1, rows + 1) if rows % n == 0 and not rows // n % together]
    finer = replace(way, step=step, parts=cuts[0]) if cuts else None
    if finer is not None and way.parts == 1:
        return finer, "parts", _parts(finer, rows)
    if way.precision == "float32" and bfloat16:
        said = "it calculates in half precision (bfloat16), which takes half of the room"
        return replace(way, step=step, precision="bfloat16"), "precision", said
    if not way.recomputed:
        said = (
            "it keeps less of each step in memory and calculates that again when it is needed: the "
            "same result, about a third slower"
        )
        return replace(way, step=step, recomputed=True), "recomputed", said
    if finer is not None:
        return finer, "parts", _parts(finer, rows)
    if way.device != "cpu":
        low = replace(way, step=step, parts=1, precision="float32", recomputed=False, device="cpu")
        return low, "device", "it trains on the processor, which has more memory and is much slower"
    raise UserError(
        "There is not enough memory for this training, whatever it does to save some; the last "
        "checkpoint is kept. Close other programs and go on with it, or start a new run with "
        "smaller pictures, a smaller batch or a smaller network."
    )


def _parts(way: Way, rows: int) -> str:
    each = rows // way.parts
    return (
        f"it takes the {rows} pictures of a step {f'{each} at a time' if each > 1 else 'singly'}, "
        "which makes the same step, a little slower"
    )
