"""The one training loop: phases, averaging, checkpoints, measures, control.

Everything that a step depends on is a function of (seed, step) or lies in the checkpoint, so a run
that was killed goes on exactly as if it had not been, at the thread count and precision that
run.json records.
"""

from __future__ import annotations

import math
import platform
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file

from engines import files
from engines.data.scan import scan
from engines.data.sets import open_data
from engines.distributed import joined
from engines.errors import UserError
from engines.feed import Feed
from engines.heap import keep_freed
from engines.live import CanvasPainter
from engines.live_graph import write_live
from engines.recipe import Recipe, Stage, recipe_type, settings_to_json
from engines.runs import Run
from engines.trainer import Trainer, build_recipe, choose_precision, load_latest, save_checkpoint
from engines.validation import validate


@dataclass(frozen=True)
class StepReport:
    """What one step did: its number from 1, the named loss terms of the phases that ran, the
    seconds it took.
    """

    step: int
    stage: str
    losses: dict[str, float]
    seconds: float


def new_run(
    path: Path,
    recipe: str,
    folder: str,
    settings: dict[str, Any],
    *,
    seed: int = 0,
    device: str = "cpu",
    precision: str = "auto",
    threads: int | None = None,
    validate: int = 1000,
    checkpoint: int = 500,
) -> Run:
    """Make a run directory after opening the data and building the networks once, so that a
    mistake shows now.
    """
    kind = recipe_type(recipe)
    if device == "cuda" and not torch.cuda.is_available():
        raise UserError(
            "There is no CUDA device that PyTorch can use here; train with --device cpu, or run "
            "doctor."
        )
    side = kind.settings_type(**settings).size
    if kind.kind != "points":
        _refuse_faults(Path(folder))
    data = open_data(Path(folder), kind.kind, (side, side))
    built = kind(data.spec, **settings)
    threads = threads or torch.get_num_threads()
    _prepare(threads)
    if precision == "auto":
        precision = choose_precision(built, folder, device)
    return Run.create(
        path,
        {
            "recipe": recipe,
            "settings": settings_to_json(built.settings),
            "data": str(folder),
            "spec": data.spec.to_json(),
            "stages": [
                {"name": s.name, "steps": s.steps, "size": list((s.data or data.spec).size)}
                for s in built.stages()
                if s.steps
            ],
            "seed": seed,
            "device": device,
            "threads": threads,
            "precision": precision,
            "validate": validate,
            "checkpoint": checkpoint,
            "versions": {
                "python": platform.python_version(),
                "torch": torch.__version__,
                "numpy": np.__version__,
            },
        },
    )


def _prepare(threads: int) -> None:
    """Make this process a trainer: its threads, and memory that it keeps."""
    torch.set_num_threads(threads)
    keep_freed()


def _refuse_faults(folder: Path) -> None:
    """UserError naming the first fault that names and headers show, before any time is spent."""
    report = scan(folder)
    if report.problems:
        first = report.problems[0]
        raise UserError(
            f"{folder} has {report.count} fault{'s'[: report.count > 1]}, the first in "
            f"{first.file}: {first.what}; "
            f"{first.mend} (data scan lists them all)."
        )


def train(
    recipe: Recipe, run: Run, *, steps: int | None = None, until: float | None = None
) -> Iterator[StepReport]:
    """Train from the run's newest checkpoint, a report a step; stopping is not asking for the next.

    Ends after `steps` steps in all (else the recipe's), at `until` (seconds of time.monotonic()),
    or on "stop".
    """
    config = run.config
    _prepare(config["threads"])
    trainer = Trainer(recipe, config)
    load_latest(run, trainer)
    last = steps if steps is not None else trainer.total
    if trainer.crew.leads:
        run.append({"kind": "resumed", "step": trainer.step, "time": time.time()})
        write_live(run, recipe, trainer.average)
    feed: Feed | None = None
    stage: Stage | None = None
    canvas = CanvasPainter(run)

    def safe() -> None:
        if trainer.step and not run.checkpoint_path(trainer.step).exists():
            save_checkpoint(run, trainer)

    try:
        goes_on = _asking(run, until, safe)
        while trainer.step < last and trainer.crew.decide(goes_on):
            if stage is not trainer.stage_at(trainer.step):
                stage = trainer.stage_at(trainer.step)
                if feed is not None:
                    feed.close()
                spec = stage.data or recipe.data
                data = open_data(Path(config["data"]), recipe.kind, spec.size)
                rows = range(trainer.rows)[trainer.share]
                feed = Feed(data, rows, config["seed"], trainer.device)
            assert feed is not None
            assert stage is not None
            start = time.perf_counter()
            losses = trainer.advance(feed(trainer.step))
            seconds = time.perf_counter() - start
            if bad := [name for name, value in losses.items() if not math.isfinite(value)]:
                raise UserError(
                    f"The loss {bad[0]} became {losses[bad[0]]} at step {trainer.step}; the last "
                    f"checkpoint is kept. "
                    "Resume with a lower rate, or in float32."
                )
            if trainer.crew.leads:
                _record(run, trainer, losses, seconds, config)
                due = trainer.step == last or trainer.step in _snapshot_steps(trainer.total)
                with trainer.autocast():
                    canvas.look(recipe, trainer.average, trainer.step, due or _validates(trainer))
            yield StepReport(trainer.step, stage.name, losses, seconds)
        if trainer.crew.leads and run.desire() != "discard":
            safe()
    finally:
        if feed is not None:
            feed.close()


def _record(
    run: Run, trainer: Trainer, losses: dict[str, float], seconds: float, config: dict[str, Any]
) -> None:
    """Log the step; measure, snapshot and save when their turn comes."""
    step = trainer.step
    rate = trainer.rows / seconds
    run.append({"kind": "step", "step": step, "losses": losses, "rate": rate, "time": time.time()})
    if _validates(trainer):
        figures = validate(run, trainer)
        run.append({"kind": "measure", "step": step, "figures": figures, "time": time.time()})
    if step % config["checkpoint"] == 0 or step == trainer.total:
        save_checkpoint(run, trainer)
    if step in _snapshot_steps(trainer.total):
        with files.writing(run.snapshot_path(step)) as temporary:
            save_file(
                {k: v.contiguous() for k, v in trainer.average.state_dict().items()}, temporary
            )


def _validates(trainer: Trainer) -> bool:
    """Whether the step just done is one to measure after."""
    every: int = trainer.config["validate"]
    return every > 0 and (trainer.step % every == 0 or trainer.step == trainer.total)


def _asking(run: Run, until: float | None, safe: Callable[[], None]) -> Callable[[], bool | None]:
    """A question: whether to go on. None while a painter holds the lease, and while paused, when
    all is made `safe` first, for the computer may well be switched off.
    """
    paused = False

    def ask() -> bool | None:
        nonlocal paused
        desire = run.desire()
        resting = desire == "pause" or (desire == "run" and run.leased())
        if desire == "pause" and not paused:
            safe()
        paused = desire == "pause"
        if resting:
            time.sleep(0.05)
            return None
        return desire == "run" and (until is None or time.monotonic() < until)

    return ask


def _snapshot_steps(total: int, most: int = 20) -> set[int]:
    """At most 20 steps, evenly spaced in the logarithm: early training changes fastest."""
    first = min(100, total)
    return {round(first * (total / first) ** (i / (most - 1))) for i in range(most)}


def main(path: str, steps: int | None = None, minutes: float | None = None) -> None:
    """Train the run in `path` to its end; what `python -m engines.train` and torchrun start."""
    run = Run.open(Path(path))
    until = time.monotonic() + 60 * minutes if minutes is not None else None
    with joined() as crew, run.writer() if crew.leads else nullcontext():
        for report in train(build_recipe(run), run, steps=steps, until=until):
            if report.step % 50 == 0:
                terms = "  ".join(f"{name} {value:.3f}" for name, value in report.losses.items())
                print(
                    f"step {report.step}  {report.stage}  {report.seconds:.2f} s  {terms}",
                    flush=True,
                )


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else None)
