"""carry-out: what the studio starts, detached, and leaves alone."""

import argparse
import os
import shutil
import sys
import time
from functools import partial
from pathlib import Path

from engines import waiting
from engines.commands.terminal import Verbs, say, start_next
from engines.data.mends import Mends
from engines.errors import UserError
from engines.orders import BACK, BUNDLE, Order, State
from engines.runs import Run

NICER = 5  # A training gives way to whoever paints.


def add(verbs: Verbs) -> None:
    """Declare the verb."""
    carry = verbs.add_parser(
        "carry-out",
        help="do what an order of the studio says: train, then export into RUN/bundle",
        description="Train what order.json in RUN says, or go on with it, and export the model "
        "with proof into RUN/bundle. The studio starts this; it can be killed and started again.",
        allow_abbrev=False,
    )
    carry.add_argument("run", type=Path, metavar="RUN", help="folder of the run")
    carry.set_defaults(do=_carry_out)


def _carry_out(options: argparse.Namespace) -> int:
    run = Run(options.run)
    if not run.path.is_dir():
        raise UserError(f"There is no folder {run.path}; check the path.")
    # From where it is, not on top of it: the trainer before may have started this one.
    os.nice(max(0, NICER - os.getpriority(os.PRIO_PROCESS, 0)))
    try:
        _within(run)
    finally:
        # Be the studio open or not.
        start_next(partial(waiting.go_on, run.path.parent))
    return 0


def _within(run: Run) -> None:
    """Carry the order out under the run's lock, and say what became of it."""
    with run.writer():
        try:
            ended, sentence = _carry(run)
        except UserError as error:
            _tell(run, "failed", str(error))
            raise
        except MemoryError:
            _tell(run, "failed", "There was not enough memory for this training.")
            raise
        except Exception as error:
            first = (str(error).strip().splitlines() or [""])[0][:200]
            said = f"Something went wrong that should not have ({type(error).__name__}: {first})."
            _tell(run, "failed", said)
            raise
        _tell(run, ended, sentence)


def _carry(run: Run) -> tuple[State, str]:
    """Train to the end or to the word to stop, and export; what became of it comes back, with what
    there is to say of it.
    """
    order = Order.of(run.path)
    _tell(run, "preparing")
    if run.desire() == "discard":
        return "discarded", ""
    if not (run.path / "run.json").exists():
        _make(run, order)
    run = Run.open(run.path)
    from engines.commands.training import enough_memory
    from engines.distributed import team
    from engines.launch import leading
    from engines.train import train
    from engines.trainer import build_recipe

    recipe = build_recipe(run)
    _tell(run, "training")
    say(f"Training {order.title}.")
    processes, devices = team(run.config, recipe.settings.batch, recipe.together)
    with enough_memory():
        with leading(run, processes, devices, again=sys.orig_argv[1:]):
            for _ in train(recipe, run):
                pass
        if run.desire() == "discard":
            return "discarded", ""
        if not run.checkpoints():
            return "stopped", ""
        return _export(run, order, bool(recipe.turned))


def _export(run: Run, order: Order, both: bool) -> tuple[State, str]:
    """The last step: a model with proof in RUN/bundle, of a recipe that learns `both` ways another
    beside it, or the reason why there is none.
    """
    from engines.export import export_bundle
    from engines.proof import ParityError, Proof

    def tell(sentence: str) -> None:
        _tell(run, "exporting", sentence)
        say(sentence)

    for left in run.path.glob(f".{BUNDLE}*.*"):  # by a kill
        shutil.rmtree(left, ignore_errors=True)

    def export(place: str, title: str, back: bool) -> Proof:
        return export_bundle(
            run,
            run.path / place,
            name=_plain(title),
            title=title,
            licence=order.licence,
            data=order.terms,
            tunable=order.tunable,
            int8=order.int8,
            tested=True,
            back=back,
            tell=tell,
        )

    try:
        if both:  # First, for where the other is, all is done.
            export(BACK, f"{order.title}, back", True)
        proof = export(BUNDLE, order.title, False)
    except ParityError as error:
        say(str(error))
        return "unproved", str(error)
    say(proof.text())
    return "done", proof.remark


def _make(run: Run, order: Order) -> None:
    import torch

    from engines.recipe import recipe_type
    from engines.train import new_run

    recipe_type(order.recipe).settings_type(**order.settings)
    device = order.device
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    new_run(
        run.path,
        order.recipe,
        order.data,
        dict(order.settings),
        seed=order.seed,
        device=device,
        validate=order.validate,
        checkpoint=order.checkpoint,
        mends=Mends.from_json(order.mends),
        base=Path(order.base) if order.base else None,
        processes=order.processes,
        devices=order.devices,
    )


def _tell(run: Run, state: State, sentence: str = "") -> None:
    run.append({"kind": "state", "state": state, "sentence": sentence, "time": time.time()})


def _plain(title: str) -> str:
    """A title as a name for commands: small letters, figures and hyphens."""
    words = "".join(c if c.isalnum() else " " for c in title.lower()).split()
    return "-".join(words)[:60] or "model"
