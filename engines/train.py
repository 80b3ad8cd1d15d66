"""The one training loop: phases, averaging, checkpoints, measures, control.

Everything that a step depends on is a function of (seed, step) or lies in the checkpoint, so a run
that was killed goes on exactly as if it had not been, at the thread count and precision that
run.json records.
"""

from __future__ import annotations

import gc
import platform
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from engines import footprint
from engines.adoption import take_base
from engines.data.mends import NONE, Mends
from engines.data.scan import scan
from engines.data.sets import open_data
from engines.distributed import LostError, crew, joined, team
from engines.errors import AnewError, UserError
from engines.heap import give_back, keep_freed
from engines.launch import follow_leader, say_for_leader
from engines.recipe import Recipe, recipe_type, settings_to_json
from engines.recovery import NotFiniteError, go_back, go_down, tell
from engines.runs import Run
from engines.session import Session, StepReport
from engines.trainer import build_recipe, choose_precision

__all__ = ["StepReport", "build_recipe", "main", "new_run", "train"]


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
    mends: Mends = NONE,
    base: Path | None = None,
    processes: int = 0,
    devices: Sequence[int] = (),
) -> Run:
    """Make a run directory after opening the data and building the networks once, so that a
    mistake shows now. `mends` says how to read the data in spite of its faults, `base` is the
    folder of the model to start from, `processes` and `devices` are as `distributed.team` takes
    them.
    """
    kind = recipe_type(recipe)
    if device == "cuda" and not torch.cuda.is_available():
        raise UserError(
            "There is no CUDA device that PyTorch can use here; train with --device cpu, or run "
            "doctor."
        )
    side = kind.settings_type(**settings).size
    if kind.kind != "points":
        mends = _refuse_faults(Path(folder), kind.kind, mends)
    data = open_data(Path(folder), kind.kind, (side, side), mends=mends)
    built = kind(data.spec, **settings)
    team({"device": device}, built.settings.batch, built.together, processes, devices)
    threads = threads or torch.get_num_threads()
    _prepare(threads)
    if precision == "auto":
        precision = choose_precision(built, folder, device, mends)
    begun = {"base": take_base(path, base, built)} if base is not None else {}
    run = Run.create(
        path,
        {
            **begun,
            "recipe": recipe,
            "settings": settings_to_json(built.settings),
            "data": str(folder),
            "mends": mends.to_json(),
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
            "processes": processes,
            "devices": list(devices),
            "validate": validate,
            "checkpoint": checkpoint,
            "versions": {
                "python": platform.python_version(),
                "torch": torch.__version__,
                "numpy": np.__version__,
            },
        },
    )
    if base is not None:
        sentence = begun["base"]["sentence"]
        run.append({"kind": "base", "step": 0, "sentence": sentence, "time": time.time()})
    return run


def _prepare(threads: int) -> None:
    """Make this process a trainer: its threads, and memory that it keeps."""
    torch.set_num_threads(threads)
    keep_freed()


def _refuse_faults(folder: Path, kind: str, mends: Mends) -> Mends:
    """How to read the folder; UserError naming the first fault that a quick look shows, before any
    time is spent.
    """
    report = scan(folder, kind, mends=mends)
    if report.problems:
        first = report.problems[0]
        raise UserError(
            f"{folder} has {report.count} fault{'s'[: report.count > 1]}, the first in "
            f"{first.file}: {first.what}; "
            f"{first.mend} (data scan lists them all)."
        )
    return report.mends


def train(
    recipe: Recipe, run: Run, *, steps: int | None = None, until: float | None = None
) -> Iterator[StepReport]:
    """Train from the run's newest checkpoint, a report a step; stopping is not asking for the next.

    Ends after `steps` steps in all (else the recipe's), at `until` (seconds of time.monotonic()),
    or on "stop".
    """
    _prepare(crew().threads(run.config["threads"]))
    if run.config["device"] == "cpu":
        footprint.bound()
    with ThreadPoolExecutor(1, "feed") as worker:
        worker.submit(int).result()  # It is there before memory can be short.
        yield from _sessions(recipe, run, steps, until, worker)


def _sessions(
    recipe: Recipe, run: Run, steps: int | None, until: float | None, worker: ThreadPoolExecutor
) -> Iterator[StepReport]:
    """One session after another, each of which ends in a failure that the run has an answer to."""
    again = False
    while True:
        session, spoilt = Session(recipe, run, steps, until, again, worker), False
        try:
            yield from session.go()
            return
        except NotFiniteError as error:
            answer = partial(go_back, run, session.way, error)
        except LostError as error:
            if session.crew.leads and error.reason == "memory":
                _go_down(session)
            raise
        except Exception as error:
            if not footprint.refused(error):
                raise
            if session.crew.world > 1:
                lost = session.crew.leave("memory")
                if session.crew.leads:
                    _go_down(session)
                raise lost from error
            footprint.ease()
            answer = partial(_go_down, session)
            spoilt = footprint.spoilt(error)
        finally:
            session.close()
        if session.crew.leads:
            answer()
        if spoilt:
            raise AnewError("There was not enough memory; resume the run, and it takes less.")
        again = True
        # What the failed step held is needed for the next one.
        del session, answer
        gc.collect()
        give_back()
        torch.cuda.empty_cache()


def _go_down(session: Session) -> None:
    recipe = session.recipe
    rows = recipe.settings.batch // session.crew.world
    go_down(session.run, session.way, session.step, rows, recipe.together)


def main(path: str, steps: int | None = None) -> None:
    """Train the run in `path` to its end; what torchrun starts, and a leader its other processes.

    `torchrun --max-restarts` begins again at the last checkpoint when a process is lost.
    """
    run = Run.open(Path(path))
    follow_leader(run)
    with joined() as crew, run.writer() if crew.leads else nullcontext():
        try:
            for report in train(build_recipe(run), run, steps=steps):
                if crew.leads and report.step % 50 == 0:
                    terms = "  ".join(f"{n} {value:.3f}" for n, value in report.losses.items())
                    print(
                        f"step {report.step}  {report.stage}  {report.seconds:.2f} s  {terms}",
                        flush=True,
                    )
        except LostError as lost:
            if crew.leads:
                tell(run, "warning", 0, str(lost))
            else:
                say_for_leader(run)
            raise
        except UserError as error:
            crew.leave(str(error))
            raise


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else None)
