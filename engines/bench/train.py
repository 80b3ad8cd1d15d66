"""A training step of the product against the plain loop that one would write without it."""

import multiprocessing
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from engines.bench import Comparison, bench
from engines.bench._machine import alternate_blocks, bfloat16, first_batch, tell
from engines.recipe import Batch, Draw, Recipe, recipe_type
from engines.runs import Run
from engines.train import new_run
from engines.train import train as train_run
from engines.trainer import build_recipe
from engines.worlds import vista

WANTED = 1.8


@dataclass(frozen=True)
class Effort:
    """How large and how long: settings by recipe, rounds, and steps of each side a round."""

    settings: dict[str, dict[str, Any]]
    rounds: int
    steps: int


FULL = Effort({"spade": {"early": 0.0}, "pix2pix": {"batch": 4}}, rounds=5, steps=2)
QUICK = Effort(
    {name: {**own, **recipe_type(name).presets["tiny"]} for name, own in FULL.settings.items()},
    rounds=2,
    steps=1,
)


class PlainLoop:
    """The same networks, losses and draws as a tutorial would train them: float32 throughout,
    memory as PyTorch lays it out, Adam as it comes, no averaging of weights.
    """

    def __init__(self, recipe: Recipe, seed: int) -> None:
        self.recipe, self.seed, self.step = recipe, seed, 0
        self.phases = recipe.stages()[-1].phases
        self.optimizers = [
            torch.optim.Adam(
                [p for module in phase.updates for p in module.parameters()], phase.lr, phase.betas
            )
            for phase in self.phases
        ]

    def advance(self, batch: Batch) -> dict[str, float]:
        """Train one step; the named loss terms come back, as from the product's."""
        rows, losses = self.recipe.settings.batch, dict[str, Tensor]()
        for number, (phase, optimizer) in enumerate(zip(self.phases, self.optimizers, strict=True)):
            self.recipe.nets.requires_grad_(False)
            for module in phase.updates:
                module.requires_grad_(True)
            key = (self.seed, self.step, number)
            terms = phase.loss(batch, Draw(key, rows, slice(0, rows), torch.device("cpu")))
            optimizer.zero_grad()
            torch.stack(list(terms.values())).sum().backward()
            optimizer.step()
            losses |= {name: term.detach() for name, term in terms.items()}
        self.step += 1
        return {name: float(value) for name, value in losses.items()}


def ours(run: Run) -> Iterator[object]:
    """The run as the product trains it: pictures read, weights averaged, losses logged."""
    return train_run(build_recipe(run), run)


def plain(run: Run) -> Iterator[object]:
    """The plain loop on the run's first batch, again and again: reading costs it nothing."""
    torch.set_num_threads(run.config["threads"])
    loop = PlainLoop(build_recipe(run), run.config["seed"])
    batch = contiguous(first_batch(run, loop.recipe))
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
    """`spade` at its full size and `pix2pix`; judged only where the processor has bfloat16."""
    effort = QUICK if quick else FULL
    tell()
    for name in effort.settings:
        yield compare(name, effort, WANTED if bfloat16() and not quick else 0.0)


def compare(name: str, effort: Effort, wanted: float) -> Comparison:
    """One recipe, at PyTorch's own thread count; ours in the precision that the product's own
    trial chooses.
    """
    settings = effort.settings[name]
    known = recipe_type(name).settings_type(**settings)
    with tempfile.TemporaryDirectory(prefix="pentimento-") as place:
        data = Path(place) / "data"
        vista.make(data, known.batch, (known.size, known.size), seed=0)
        run = new_run(Path(place) / "run", name, str(data), settings, validate=0)
        threads = run.config["threads"]
        here, peer = f"Pentimento ({run.config['precision']})", "a plain loop (float32)"
        with child(ours, run) as mine, child(plain, run) as theirs:
            work = {
                here: (lambda: mine.submit(_step).result(), effort.steps),
                peer: (lambda: theirs.submit(_step).result(), effort.steps),
            }
            times = alternate_blocks(work, effort.rounds)
    fast, slow = (known.batch / times.median(side) for side in (here, peer))
    what = (
        f"{name}, {known.size} x {known.size}, batch {known.batch}, "
        f"threads {threads}, {fast:.2f} against {slow:.2f} images/s"
    )
    return Comparison(what, here, peer, times, wanted)


def contiguous(batch: Batch) -> Batch:
    """The batch as PyTorch lays tensors out where nothing else is asked for."""
    tensors = {f.name: getattr(batch, f.name).contiguous() for f in fields(batch)}
    return replace(batch, **tensors)
