"""The memory that an ordered training will take, told before it begins.

`python -m engines.memory ORDER.json` prints one line of JSON: the bytes it `needs`, of which
`parts`, that the `device` `has`, and `advice` where that is too little; {"error": sentence} where
it cannot be said. Steps of the very networks are trained on smaller pictures, every tensor is
counted, and the count is carried on to the full size.
"""

from __future__ import annotations

import json
import resource
import sys
import weakref
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from engines import footprint
from engines.data.kinds import DataSet
from engines.data.mends import Mends
from engines.data.sets import CACHE_BYTES, open_data
from engines.errors import UserError
from engines.feed import collate
from engines.orders import Order
from engines.recipe import Batch, Recipe, recipe_type, settings_to_json
from engines.trainer import Trainer
from engines.ways import Way, rung

SIDES = (64, 96, 128)  # pixels of the pictures that are tried
LOOKED_AT = 6  # pictures whose decoded size is taken for that of all
CUDA_CONTEXT = 500_000_000  # bytes that CUDA itself takes
# A trainer also looks its data through and traces its graphs before the first step: bytes.
BEFORE = 150_000_000
# The heap that a trainer keeps has holes: resident over counted bytes was 1.1 (ddpm), 1.2 (spade)
# and 1.7 (wgan_gp, whose penalty goes through its graph twice).
HOLES = 1.5


@dataclass(frozen=True)
class Forecast:
    """Bytes of the device's memory: `program` is what it takes before there is a network,
    `networks` are weights with what their optimisers and their average keep, `step` is what comes
    and goes in a step, `pictures` are the decoded files that are kept.
    """

    program: int
    networks: int
    step: int
    pictures: int

    @property
    def needs(self) -> int:
        """All of it."""
        return sum(asdict(self).values())


class Count(TorchDispatchMode):
    """Counts the bytes of all tensors that are alive, and the most that there were at once."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.now = self.most = 0
        self._alive: dict[int, int] = {}

    def take(self, tensors: Any) -> None:
        """Count these, unless they are counted."""
        for tensor in tree_leaves(tensors):
            if not isinstance(tensor, Tensor):
                continue
            storage = tensor.untyped_storage()
            key, size = storage._cdata, storage.nbytes()
            if key not in self._alive and size:
                self._alive[key] = size
                self.now += size
                self.most = max(self.most, self.now)
                weakref.finalize(storage, self._gone, key).atexit = False

    def _gone(self, key: int) -> None:
        self.now -= self._alive.pop(key)

    def __torch_dispatch__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        made = func(*args, **(kwargs or {}))
        self.take(made)
        return made


def forecast(
    recipe: Recipe, data: DataSet, way: Way, program: int, tried: Sequence[int] = SIDES
) -> Forecast:
    """What training this recipe in this way takes; its networks are trained for a few steps."""
    rows = recipe.settings.batch // way.parts
    few = min(rows, max(2, recipe.together))
    side = max((recipe.stages()[-1].data or recipe.data).size)
    try:
        sides = [s for s in tried if s < side]
        lasting, tries = _try(recipe, data, way, few, sides if len(sides) > 1 else [])
    except (RuntimeError, ValueError):  # Networks for one size alone.
        tries = []
    if not tries:
        lasting, tries = _try(recipe, data, way, few, [side])
        if rows > few:
            tries += _try(recipe, data, way, 2 * few, [side])[1]
    picture = sum(v.nbytes for v in vars(_batch(data, 1, torch.device("cpu"))).values())
    # The whole batch waits while its parts are trained, and so does the next one.
    step = _at(tries, rows, side) + 2 * recipe.settings.batch * picture
    if way.device == "cuda":
        return Forecast(CUDA_CONTEXT, lasting, int(step), 0)
    return Forecast(program + BEFORE, int(HOLES * lasting), int(HOLES * step), _kept(data))


@dataclass(frozen=True)
class Try:
    """The most bytes that came and went in a step of so many rows of pictures of this side."""

    rows: int
    side: int
    most: int


def _try(
    recipe: Recipe, data: DataSet, way: Way, rows: int, sides: Sequence[int]
) -> tuple[int, list[Try]]:
    """Bytes that last from step to step, and a try of each side."""
    if not sides:
        return 0, []
    settings = settings_to_json(recipe.settings) | {"batch": rows}
    small = type(recipe)(recipe.data, **settings)
    config = {"device": way.device, "precision": way.precision, "seed": 0}
    trainer = Trainer(small, config, replace(way, parts=1))
    batch = _batch(data, rows, trainer.device)
    count, tries = Count(), []
    with count:
        count.take([small.nets.state_dict(), trainer.average.state_dict()])
        trainer.advance(_cut(batch, sides[0]))  # The optimisers begin to keep what they keep.
        lasting = count.now
        for side in sides:
            trainer.step, count.most = 0, count.now  # A step with all its phases.
            trainer.advance(_cut(batch, side))
            tries.append(Try(rows, side, max(0, count.most - lasting)))
    return lasting, tries


def _at(tries: Sequence[Try], rows: int, side: int) -> float:
    """The most for these rows and this side: something once, something a pixel, and, where every
    place attends to every other, something a pair of pixels.
    """

    def powers(rows: int, side: int) -> list[float]:
        return [1.0, rows * side**2 / 1e6, rows * side**4 / 1e12][: len(tries)]

    known = np.array([powers(each.rows, each.side) for each in tries])
    factors = np.linalg.lstsq(known, np.array([each.most for each in tries], float))[0]
    return float(np.clip(factors, 0, None) @ powers(rows, side))


def _batch(data: DataSet, rows: int, device: torch.device) -> Batch:
    samples = []
    for row in range(rows):
        rng = np.random.default_rng([0, 0, row])
        samples.append(data.draw(data.pick(rng), rng))
    return collate(data.spec.kind, samples, device)


def _cut(batch: Batch, side: int) -> Batch:
    """The batch with square corners of its pictures and maps."""
    cut = {
        f.name: getattr(batch, f.name)[..., :side, :side].clone()
        for f in fields(batch)
        if getattr(batch, f.name).ndim >= 3
    }
    return replace(batch, **cut)


def _kept(data: DataSet) -> int:
    """Bytes of decoded pictures that a trainer keeps in main memory."""
    places = np.linspace(0, len(data) - 1, min(LOOKED_AT, len(data))).astype(int)
    sizes = [data.decoded_bytes(int(place)) for place in places]
    return int(min(CACHE_BYTES, len(data) * sum(sizes) / max(1, len(sizes))))


def answer(order: Order) -> dict[str, Any]:
    """What is printed for an order. UserError."""
    kind = recipe_type(order.recipe)
    settings = kind.settings_type(**order.settings)
    cuda = order.device == "cuda" or (order.device == "auto" and torch.cuda.is_available())
    device = "cuda" if cuda else "cpu"
    mends = Mends.from_json(order.mends)
    data = open_data(order.data, kind.kind, (settings.size, settings.size), mends=mends)
    torch.set_num_threads(1)
    program = _resident()
    recipe = kind(data.spec, **settings_to_json(settings))
    halves = torch.cuda.is_bf16_supported() if cuda else False
    way = Way(0, 1, "bfloat16" if halves else "float32", False, device, 1.0)
    found, has = forecast(recipe, data, way, program), footprint.room(device)
    advice = _advice(recipe, data, way, program, has) if found.needs > has > 0 else ""
    said = {"needs": found.needs, "parts": asdict(found), "device": device, "has": has}
    return {**said, "advice": advice}


def _advice(recipe: Recipe, data: DataSet, way: Way, program: int, has: int) -> str:
    """What the run would do by itself, as a sentence."""
    begun = "This is more memory than there is now."
    while True:
        try:
            way, _, change = rung(way, 0, recipe.settings.batch, recipe.together, True)
        except UserError:
            return (
                f"{begun} No way to save some is enough: choose smaller pictures, a smaller batch "
                "or smaller networks."
            )
        needs = forecast(recipe, data, way, program).needs
        if needs <= has:
            return f"{begun} The run would save some by itself: {change} ({needs / 1e9:.1f} GB)."


def _resident() -> int:
    """Bytes of main memory that this process has now, without what is read from files alone."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except (OSError, ValueError, IndexError):
        return footprint.peak(torch.device("cpu"))
    return pages * resource.getpagesize()


def main(path: Path) -> int:
    """Print the answer for the order in this file."""
    try:
        if path.name != "order.json":
            raise UserError(f"{path} is no order.json; name the one of a run.")
        said = answer(Order.read(path.parent))
    except UserError as error:
        said = {"error": str(error)}
    except Exception as error:  # Whoever asked waits for a line.
        first = (str(error).strip().splitlines() or [""])[0][:200]
        said = {"error": f"The memory could not be foretold ({type(error).__name__}: {first})."}
    print(json.dumps(said), flush=True)
    return 1 if "error" in said else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
