"""A training step of the product against the plain loop that one would write without it."""

import math
import multiprocessing
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from engines.bench import Comparison, Share, Timings, bench
from engines.bench._machine import alternate_blocks, bfloat16, first_batch, tell
from engines.recipe import Batch, Draw, Phase, Recipe, recipe_type, registry
from engines.runs import Run
from engines.train import new_run
from engines.train import train as train_run
from engines.trainer import build_recipe
from engines.worlds import vista

WANTED = 1.8


MOST_WAITING = 0.05  # of a training's time, for data
# Photos are larger than what is learnt from them. A training reads each once and draws it hundreds
# of times: they are so few that the warm-up reads them.
PAINTED, COPIES, LARGER = 4, 3, 2
# Whose defaults are not what a step is to be timed with.
SETTINGS: dict[str, dict[str, Any]] = {
    "spade": {"early": 0.0},
    "pix2pix": {"batch": 4},
    "srgan": {"faithful": 0.0},
}


@dataclass(frozen=True)
class Effort:
    """How long: rounds, and steps of each side a round, at least; whether networks are tiny."""

    rounds: int
    steps: int
    tiny: bool = False

    def settings(self, name: str) -> dict[str, Any]:
        """What a recipe is timed with."""
        own = SETTINGS.get(name, {})
        return {**own, **recipe_type(name).presets["tiny"]} if self.tiny else own


FULL, QUICK = Effort(rounds=5, steps=2), Effort(rounds=2, steps=1, tiny=True)


class PlainLoop:
    """The same networks, losses and draws as their authors' code trains such: float32 throughout,
    memory as PyTorch lays it out, one Adam for each network as it comes, no averaging of weights.
    """

    def __init__(self, recipe: Recipe, seed: int, device: str = "cpu") -> None:
        self.recipe, self.seed, self.step = recipe, seed, 0
        self.device = torch.device(device)
        recipe.nets.to(self.device)
        self.phases = phases_of(recipe)
        self.optimizers: dict[tuple[nn.Module, ...], torch.optim.Adam] = {}
        for phase in self.phases:
            if phase.updates not in self.optimizers:
                weights = [p for module in phase.updates for p in module.parameters()]
                self.optimizers[phase.updates] = torch.optim.Adam(weights, phase.lr, phase.betas)

    def advance(self, batch: Batch) -> dict[str, float]:
        """Train one step; the named loss terms come back, as from the product's."""
        settings, losses = self.recipe.settings, dict[str, Tensor]()
        rows = slice(0, settings.batch)
        for number, phase in enumerate(self.phases):
            if self.step % phase.every:
                continue
            self.recipe.nets.requires_grad_(False)
            for module in phase.updates:
                module.requires_grad_(True)
            draw = Draw((self.seed, self.step, number), settings.batch, rows, self.device)
            terms = phase.loss(batch, draw)
            optimizer = self.optimizers[phase.updates]
            optimizer.zero_grad()
            learnt = [term for name, term in terms.items() if not name.startswith("_")]
            torch.stack(learnt).sum().backward()
            if settings.clip:
                weights = [p for module in phase.updates for p in module.parameters()]
                nn.utils.clip_grad_norm_(weights, settings.clip)
            optimizer.step()
            if phase.after is not None:
                phase.after()
            losses |= {name.lstrip("_"): term.detach() for name, term in terms.items()}
        self.step += 1
        return {name: float(value) for name, value in losses.items()}


def ours(run: Run) -> Iterator[object]:
    """The run as the product trains it: pictures read, weights averaged, losses logged."""
    return train_run(build_recipe(run), run)


def plain(run: Run) -> Iterator[object]:
    """The plain loop on the run's first batch, again and again: reading costs it nothing."""
    torch.set_num_threads(run.config["threads"])
    loop = PlainLoop(build_recipe(run), run.config["seed"], run.config["device"])
    batch = contiguous(first_batch(run, loop.recipe), loop.device)
    while True:
        yield loop.advance(batch)


_begun: list[Iterator[object]] = []  # In a child: the loop that it runs.


def _begin(loop: Callable[[Run], Iterator[object]], path: Path) -> None:
    _begun.append(loop(Run.open(path)))


def _step() -> None:
    next(_begun[0])


def child(loop: Callable[[Run], Iterator[object]], run: Run) -> ProcessPoolExecutor:
    """A process of its own for a loop: how a trainer treats its memory goes for all of it."""
    spawn = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(1, spawn, initializer=_begin, initargs=(loop, run.path))


@bench(id="train", statement="Training is at least 1.8 times as fast as in a plain float32 loop.")
def train(quick: bool) -> Iterator[Comparison]:
    """Every recipe there is; judged only where the processor has bfloat16, and not on a GPU."""
    effort = QUICK if quick else FULL
    device = "cuda" if torch.cuda.is_available() else "cpu"
    judged = device == "cpu" and bool(bfloat16()) and not quick
    tell()
    for name in registry():
        yield from compare(name, effort, device, judged)


def compare(name: str, effort: Effort, device: str, judged: bool) -> Iterator[Comparison]:
    """One recipe, at PyTorch's own thread count; ours in the precision that the product's own
    trial chooses. Then how long ours waited for data, of the time that it took.
    """
    settings = effort.settings(name)
    known = recipe_type(name).settings_type(**settings)
    with tempfile.TemporaryDirectory(prefix="pentimento-") as place:
        data = Path(place) / "data"
        many_photos(data, known.size)
        run = new_run(Path(place) / "run", name, str(data), settings, device=device, validate=0)
        threads, every = run.config["threads"], turns(run)
        steps = -(-effort.steps // every) * every
        here, peer = f"Pentimento ({run.config['precision']})", "a plain loop (float32)"
        with child(ours, run) as mine, child(plain, run) as theirs:
            work = {
                here: (lambda: mine.submit(_step).result(), steps),
                peer: (lambda: theirs.submit(_step).result(), steps),
            }
            times = alternate_blocks(work, effort.rounds)
        waits = waited(run, steps, effort.rounds)
    fast, slow = (known.batch / times.median(side) for side in (here, peer))
    what = (
        f"{name}, {known.size} x {known.size}, batch {known.batch}, "
        f"threads {threads}, {fast:.2f} against {slow:.2f} images/s"
    )
    if device == "cuda":
        what += f", {torch.cuda.get_device_name()}"
    yield Comparison(what, here, peer, times, WANTED if judged else 0.0)
    shares = Timings({"waiting for data": waits, "training": times.seconds[here]})
    limit = 1 / MOST_WAITING if judged else 0.0
    yield Share(f"{name}, reading as it trains", "waiting for data", "training", shares, limit)


def many_photos(folder: Path, side: int) -> None:
    """Photos, layouts and attributes, larger than the crop, each under many names."""
    size = (LARGER * side, LARGER * side)
    vista.make(folder, PAINTED, size, seed=0)
    for kind in ("photos", "layouts"):
        for path in sorted((folder / kind).iterdir()):
            for number in range(1, COPIES):
                os.link(path, path.with_stem(f"{path.stem}-{number}"))
    (folder / "splits.csv").unlink()
    table = folder / "attributes.csv"
    head, *rows = table.read_text("utf-8").splitlines()
    for row in tuple(rows):
        name, comma, values = row.partition(",")
        file = Path(name)
        rows += [f"{file.with_stem(f'{file.stem}-{n}')}{comma}{values}" for n in range(1, COPIES)]
    table.write_text("\n".join([head, *rows]) + "\n", "utf-8")


def turns(run: Run) -> int:
    """After how many steps every phase had its turns."""
    return math.lcm(*(phase.every for phase in phases_of(build_recipe(run))))


def phases_of(recipe: Recipe) -> Sequence[Phase]:
    """The phases that a training begins with."""
    return next(stage.phases for stage in recipe.stages() if stage.steps)


def waited(run: Run, steps: int, rounds: int) -> tuple[float, ...]:
    """Seconds a step that a run waited for data, of each round; the warm-up left out."""
    waits = [event["wait"] for event in run.events() if event["kind"] == "step"]
    blocks = [waits[first : first + steps] for first in range(steps, steps * (rounds + 1), steps)]
    return tuple(sum(block) / steps for block in blocks)


def contiguous(batch: Batch, device: torch.device) -> Batch:
    """The batch as PyTorch lays tensors out where nothing else is asked for."""
    tensors = {f.name: getattr(batch, f.name).contiguous().to(device) for f in fields(batch)}
    return replace(batch, **tensors)
