"""train and export."""

import argparse
import signal
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from engines.commands.terminal import (
    Progress,
    Verbs,
    check_writable,
    numbers,
    say,
    seed,
    span,
    whole,
)
from engines.data.mends import NONE, Mends, read_mends
from engines.errors import UserError

if TYPE_CHECKING:
    from engines.runs import Run

CHECK_SECONDS = 30.0  # of decoding before training: a bad file is better found now than by chance
# What a run is made of: given when it is made, never when it goes on.
OWN = (
    "mends",
    "preset",
    "set",
    "device",
    "precision",
    "threads",
    "seed",
    "validate_every",
    "checkpoint_every",
    "base",
)


def add(verbs: Verbs) -> None:
    """Declare the verbs."""
    train = verbs.add_parser(
        "train",
        help="train a recipe on a folder, or go on with a run",
        description="Train a recipe on a folder of data. Ctrl+C stops and keeps a checkpoint; "
        "train --resume --out RUN goes on from it.",
        allow_abbrev=False,
    )
    train.add_argument("recipe", nargs="?", help="what to train; `recipes` lists them")
    train.add_argument("--data", help="folder of the data")
    train.add_argument("--out", required=True, type=Path, metavar="RUN", help="folder of the run")
    train.add_argument(
        "--mends", type=Path, metavar="FILE", help="how to read the data, from `data mend`"
    )
    train.add_argument("--preset", help="a named choice of settings; `recipes` shows them")
    train.add_argument("--set", action="append", metavar="NAME=VALUE", help="a setting")
    until = train.add_mutually_exclusive_group()
    until.add_argument("--steps", type=whole, help="end after so many steps in all")
    until.add_argument("--minutes", type=float, help="end after so many minutes")
    train.add_argument("--device", choices=("cpu", "cuda"), help="cpu unless said otherwise")
    train.add_argument(
        "--precision",
        choices=("auto", "float32", "bfloat16"),
        help="auto, the default, tries which is faster here",
    )
    train.add_argument("--threads", type=whole, help="threads of the CPU")
    train.add_argument(
        "--processes", type=whole, metavar="N", help="one a GPU, or one on the CPU, if not said"
    )
    train.add_argument(
        "--devices", type=numbers, metavar="N,...", help="numbers of the GPUs; all if not said"
    )
    train.add_argument("--seed", type=seed, help="0 unless said otherwise")
    train.add_argument("--validate-every", type=int, metavar="N", help="steps; 0 never; 1000")
    train.add_argument("--checkpoint-every", type=whole, metavar="N", help="steps; 500")
    train.add_argument(
        "--base", metavar="MODEL", help="start from this model, and from its settings"
    )
    train.add_argument("--resume", action="store_true", help="go on with the run in RUN")
    train.add_argument(
        "--unchecked", action="store_true", help="do not decode files before training"
    )
    train.set_defaults(do=_train)

    export = verbs.add_parser(
        "export",
        help="turn a run into a model, with proof",
        description="Export the best weights of a run as ONNX, prove that it computes what PyTorch "
        "does, and only then put it in place.",
        allow_abbrev=False,
    )
    export.add_argument("run", type=Path, metavar="RUN", help="folder of the run")
    export.add_argument("--out", required=True, type=Path, metavar="DIR", help="the model's folder")
    export.add_argument("--name", default="", help="what it is called in commands")
    export.add_argument("--title", default="", help="what it is called in the studio")
    export.add_argument("--licence", default="", help="the terms of the weights")
    export.add_argument("--data", default="", metavar="TEXT", help="what it was trained on")
    export.add_argument(
        "--tunable", action="store_true", help="keep all weights in it, so that it can be a --base"
    )
    export.add_argument(
        "--int8", action="store_true", help="store weights as 8 bits where nobody sees it"
    )
    export.add_argument(
        "--test", action="store_true", help="measure it on the test pictures, for its card"
    )
    export.add_argument(
        "--back", action="store_true", help="the way from the second sort of pictures to the first"
    )
    export.set_defaults(do=_export)


def _train(options: argparse.Namespace) -> int:
    run = _resumed(options) if options.resume else _new(options)
    from engines.distributed import team
    from engines.launch import leading
    from engines.train import train
    from engines.trainer import build_recipe

    if run.config["device"] == "cuda":
        _need_cuda()
    recipe = build_recipe(run)
    asked = options.processes or 0, options.devices or ()
    processes, devices = team(run.config, recipe.settings.batch, recipe.together, *asked)
    many = f", {processes} processes" if processes > 1 else ""
    total = options.steps or sum(stage.steps for stage in recipe.stages())
    until = time.monotonic() + 60 * options.minutes if options.minutes is not None else None
    say(
        f"Training {recipe.id} on {run.config['data']} ({run.config['device']}, "
        f"{run.config['precision']}{many}); Ctrl+C stops and keeps a checkpoint."
    )
    meter, progress, step = _Meter(recipe.settings.batch, total, until), Progress(), -1
    with run.writer():
        run.steer("run")
        with (
            _stopping(lambda: run.steer("stop")) as struck,
            enough_memory(),
            leading(run, processes, devices, again=_again(options, until), steps=options.steps),
        ):
            for report in train(recipe, run, steps=options.steps, until=until):
                step = report.step
                progress.show(meter.text(step, report.losses))
        progress.end()
    where = f"python3 main.py train --resume --out {run.path}"
    if step < 0 and not struck:
        say(f"There was nothing to do: the run in {run.path} has its {total} steps.")
        return 0
    reached = "before the first step" if step < 0 else f"at step {step}"
    if struck:
        say(f"Stopped {reached}; the checkpoint is kept. Go on with: {where}")
        return 130
    if step < total:
        say(f"Ended {reached} of {total}. Go on with: {where}")
    else:
        say(f"Done: {step} steps. Next: python3 main.py export {run.path} --out DIR")
    return 0


def _again(options: argparse.Namespace, until: float | None) -> list[str]:
    """What goes on with the run as it was asked for, as words for Python."""
    words = ["-P", "-m", "engines.cli", "train", "--resume", "--out", str(options.out.resolve())]
    words += ["--steps", str(options.steps)] if options.steps else []
    if until is not None:
        words += ["--minutes", f"{max(0.0, until - time.monotonic()) / 60:.3f}"]
    words += ["--processes", str(options.processes)] if options.processes else []
    words += ["--devices", ",".join(map(str, options.devices))] if options.devices else []
    return words


def _new(options: argparse.Namespace) -> "Run":
    """Make the run; nothing is written before everything was found to be in order."""
    if options.recipe is None or options.data is None:
        raise UserError(
            "A new run needs a recipe and --data DIR; to go on with a run, add --resume."
        )
    if (options.out / "run.json").exists():
        raise UserError(
            f"{options.out} already holds a run; go on with it by --resume, or choose another "
            "folder."
        )
    check_writable(options.out / "run.json")
    from engines.recipe import describe, recipe_type, settings_from_text
    from engines.runtime.bundle import find_model
    from engines.runtime.tuning import settings_of, why_not
    from engines.train import new_run

    kind = recipe_type(options.recipe)
    settings: dict[str, Any] = {}
    base = find_model(options.base).path if options.base is not None else None
    if base is not None:
        if reason := why_not(base, kind.id):
            raise UserError(f"The training cannot start from {base.name}: {reason}")
        known = describe(kind.settings_type)
        settings |= {k: v for k, v in settings_of(base).items() if k in known}
    if options.preset is not None:
        if options.preset not in kind.presets:
            raise UserError(
                f"The recipe {kind.id} has no preset {options.preset!r}; choose one of "
                f"{', '.join(kind.presets)}."
            )
        settings |= kind.presets[options.preset]
    settings |= {"steps": options.steps} if options.steps else {}
    settings |= settings_from_text(kind.settings_type, options.set or [])
    kind.settings_type(**settings)  # refuses what lies outside its range
    mends = NONE if options.mends is None else read_mends(options.mends)
    toy = options.data.startswith("points:")
    data = options.data if toy else str(Path(options.data).resolve())
    if not toy and not options.unchecked:
        _check(Path(data), kind.kind, mends)
    given = {
        "seed": options.seed,
        "device": options.device,
        "precision": options.precision,
        "threads": options.threads,
        "validate": options.validate_every,
        "checkpoint": options.checkpoint_every,
        "processes": options.processes,
        "devices": options.devices,
        "base": base,
        "mends": mends,
    }
    said = {name: value for name, value in given.items() if value is not None}
    return new_run(options.out, options.recipe, data, settings, **said)


def _resumed(options: argparse.Namespace) -> "Run":
    """The run to go on with; UserError where the words contradict what it is."""
    from engines.runs import Run

    run = Run.open(options.out)
    if options.recipe not in (None, run.config["recipe"]):
        raise UserError(
            f"The run in {run.path} is of the recipe {run.config['recipe']}, not {options.recipe}; "
            "leave the recipe out."
        )
    if options.data is not None and str(Path(options.data).resolve()) != run.config["data"]:
        raise UserError(
            f"The run in {run.path} learns from {run.config['data']}; leave --data out, or start "
            "a new run."
        )
    if changed := [name for name in OWN if getattr(options, name) is not None]:
        raise UserError(
            f"--{changed[0].replace('_', '-')} is fixed when a run is made; leave it out, or start "
            "a new run."
        )
    return run


def _check(folder: Path, kind: str, mends: Mends) -> None:
    """Refuse a faulty data set: every header, then as many pixels as time allows."""
    from engines.data.scan import scan

    if not folder.is_dir():
        raise UserError(f"There is no data folder {folder}; check the path.")
    progress, limit = Progress(), time.monotonic() + CHECK_SECONDS
    report = scan(
        folder,
        kind,
        deep=True,
        mends=mends,
        cancelled=lambda: time.monotonic() > limit,
        progress=lambda done, total: progress.count("Checking the data:", done, total),
    )
    progress.end()
    if report.problems:
        first = report.problems[0]
        others = f" (and {report.count - 1} more)" if report.count > 1 else ""
        raise UserError(
            f"{first.file} in {folder} {first.what}{others}: {first.mend}; "
            "`data scan --deep` lists all, and `data mend` offers what can be done."
        )


def _need_cuda() -> None:
    import torch

    if not torch.cuda.is_available():
        raise UserError(
            "This run was made for CUDA, and there is no CUDA device that PyTorch can use here; "
            "run doctor, or start a new run with --device cpu."
        )


class _Meter:
    """The line of a training: step, speed, time left, losses."""

    def __init__(self, batch: int, total: int, until: float | None) -> None:
        self._batch, self._total, self._until = batch, total, until
        self._seen: deque[tuple[float, int]] = deque(maxlen=50)

    def text(self, step: int, losses: dict[str, float]) -> str:
        now = time.monotonic()
        self._seen.append((now, step))
        terms = "  ".join(f"{name} {value:.3f}" for name, value in losses.items())
        (start, first), rate, left = self._seen[0], "", ""
        if step > first:
            seconds = (now - start) / (step - first)
            rate = f"  {self._batch / max(seconds, 1e-9):.1f} pictures/s"
            rest = seconds * (self._total - step)
            left = f"  {span(min(rest, self._until - now) if self._until else rest)} left"
        return f"step {step}/{self._total}{rate}{left}  {terms}"


@contextmanager
def _stopping(stop: Callable[[], None]) -> Iterator[list[int]]:
    """Within, the first Ctrl+C calls `stop`, so that a step is never torn; the second interrupts.

    Yields a list that holds the signal once it has come.
    """
    struck: list[int] = []

    def strike(number: int, frame: FrameType | None) -> None:
        if struck:
            raise KeyboardInterrupt
        struck.append(number)
        say("\nStopping after this step; Ctrl+C once more does not wait for it.")
        stop()

    before = signal.signal(signal.SIGINT, strike)
    try:
        yield struck
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def enough_memory() -> Iterator[None]:
    """Say in a sentence that the memory did not suffice."""
    try:
        yield
    except RuntimeError as error:
        if "out of memory" not in str(error) and "allocate memory" not in str(error):
            raise
        raise UserError(
            "There is not enough memory for this training; the last checkpoint is kept. Start a "
            "new run with a smaller --set batch=N or --set size=N."
        ) from error


def _export(options: argparse.Namespace) -> int:
    from engines.runs import Run

    run = Run.open(options.run)
    check_writable(options.out)
    say(f"Exporting {run.path}.")
    from engines.export import export_bundle

    proof = export_bundle(
        run,
        options.out,
        name=options.name,
        title=options.title,
        licence=options.licence,
        data=options.data,
        tunable=options.tunable,
        int8=options.int8,
        tested=options.test,
        back=options.back,
        tell=say,
    )
    print(proof.text())
    say(f"The model is in {options.out}; python3 main.py inspect {options.out} describes it.")
    return 0
