"""What a run does when something fails under it: the disk, the memory, a loss that is no number.

Whatever it changes is kept in ways.json before it goes on, and told in its events.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import torch
from safetensors.torch import load_file
from torch import Tensor

from engines import files, weights
from engines.errors import UserError
from engines.runs import Run
from engines.trainer import Trainer
from engines.ways import HALVINGS, Way, Ways, rung

SPARE_BYTES = 65_536
LONGEST_REST = 30.0  # seconds from try to try
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
log = logging.getLogger(__name__)
T = TypeVar("T")


class NotFiniteError(Exception):
    """Something that is trained became infinite or no number; the state is spoilt."""

    def __init__(self, step: int, what: str) -> None:
        super().__init__(f"{what} at step {step}")
        self.step, self.what = step, what


# Checkpoints --------------------------------------------------------------------------------------


def save_checkpoint(run: Run, trainer: Trainer) -> Path:
    """The full state, whole or not at all; older ones than the last three go."""
    path = run.checkpoint_path(trainer.step)
    weights.save(path, trainer.tensors(), {"step": str(trainer.step)})
    run.prune()
    return path


def newest(run: Run) -> tuple[int, dict[str, Tensor]] | None:
    """The step and the tensors of the newest checkpoint that can be read; None without one."""
    for path in reversed(run.checkpoints()):
        try:
            return int(path.stem), load_file(path)
        except Exception as error:  # safetensors raises its own type and OSError alike
            log.warning(
                "The checkpoint %s cannot be read (%s); trying the one before.", path.name, error
            )
    return None


def load_latest(run: Run, trainer: Trainer) -> None:
    """Restore the newest readable checkpoint, or stay at step 0 where there is none."""
    if (found := newest(run)) is not None:
        trainer.restore(found[1], found[0])


def check_finite(trainer: Trainer) -> None:
    """NotFiniteError where a weight is no number: such a state must never become a checkpoint."""
    for name, tensor in trainer.recipe.nets.state_dict().items():
        if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
            raise NotFiniteError(trainer.step, f"A weight ({name}) became no number")


def sweep(run: Run) -> None:
    """Remove what killed trainers had begun to write. Nobody else writes in these folders."""
    for name in ("checkpoints", "snapshots", "previews"):
        for path in (run.path / name).glob(".*.part"):
            with contextlib.suppress(OSError):
                path.unlink()


# Telling ------------------------------------------------------------------------------------------


def tell(run: Run, kind: str, step: int, sentence: str, **facts: Any) -> None:
    """Append an event with a sentence. Where the disk is full, what was spared makes the room;
    where even that is gone, it is in the log alone.
    """
    event = {"kind": kind, "step": step, "sentence": sentence, **facts, "time": time.time()}
    log.warning("%s", sentence)
    try:
        run.append(event)
    except UserError:
        with contextlib.suppress(OSError):
            _spare(run).unlink(missing_ok=True)
        with contextlib.suppress(UserError):
            run.append(event)


def spare(run: Run) -> None:
    """Hold some room on the disk, to be given up when it is full and that has to be said."""
    with contextlib.suppress(UserError):
        if not _spare(run).exists():
            files.write_bytes(_spare(run), bytes(SPARE_BYTES))


def _spare(run: Run) -> Path:
    return run.path / "spare"


def disk_full(error: BaseException) -> bool:
    """Whether a failed write would succeed if there were room."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.errno in _FULL:
            return True
        cause = cause.__cause__
    return False


class Rests:
    """Does what may fail for a reason that passes, again and again until it succeeds; the run says
    that it rests, and that it goes on. A word to stop ends it.
    """

    def __init__(self, run: Run) -> None:
        self._run = run

    def write(self, step: int, do: Callable[[], T]) -> T:
        """Write something; rests while the disk is full. UserError."""
        sentence = (
            f"The disk that {self._run.path} is on is full. The run rests and has lost nothing; "
            "free some space and it goes on by itself."
        )
        return self.until_done("disk", step, do, lambda e: sentence if disk_full(e) else "")

    def until_done(
        self, what: str, step: int, do: Callable[[], T], why: Callable[[UserError], str]
    ) -> T:
        """Do it; `why` tells of an error the sentence to rest with, "" where resting is no use."""
        pause, told = 1.0, False
        while True:
            try:
                done = do()
            except UserError as error:
                sentence = why(error)
                if not sentence or self._run.desire() in ("stop", "discard"):
                    raise
                if not told:
                    tell(self._run, "resting", step, sentence, what=what, over=False)
                    told = True
                self._sleep(pause)
                pause = min(2 * pause, LONGEST_REST)
                continue
            if told:
                spare(self._run)
                tell(self._run, "resting", step, "The run goes on.", what=what, over=True)
            return done

    def _sleep(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until and self._run.desire() not in ("stop", "discard"):
            time.sleep(0.1)


# Going back, going down ---------------------------------------------------------------------------


def go_back(run: Run, way: Way, error: NotFiniteError) -> None:
    """Return to the newest checkpoint with half the learning rate; to the one before it where that
    was tried already. UserError when it was halved often enough.
    """
    kept = run.checkpoints()
    if len(kept) > 1 and way.rate < 1 and int(kept[-1].stem) == way.step:
        kept[-1].unlink(missing_ok=True)
    step = run.kept_step
    if way.rate <= 0.5**HALVINGS:
        raise UserError(
            f"{error.what} at step {error.step}, and again after the learning rate was halved "
            f"{HALVINGS} times. What is known at step {step} is kept. Start a new run with a "
            "lower rate, in float32 or with a smaller network."
        )
    after = replace(way, step=step, rate=way.rate / 2)
    _keep(run, after)
    where = f"went back to its checkpoint of step {step}" if step else "began anew"
    sentence = f"{error.what} at step {error.step}. The run {where}, with half the learning rate."
    facts = {"from": error.step, "rate": after.rate}
    tell(run, "rollback", step, sentence, **facts)


def go_down(run: Run, way: Way, failed: int, rows: int, together: int) -> None:
    """Go on from the newest checkpoint in a way that takes less memory. UserError without one.

    `failed` is the step that there was not enough memory for, `rows` and `together` are as in
    `ways.rung`.
    """
    step = run.kept_step
    bfloat16 = way.device == "cpu" or torch.cuda.is_bf16_supported()
    after, changed, sentence = rung(way, step, rows, together, bfloat16)
    _keep(run, after)
    said = f"There was not enough memory for step {failed}. From step {step + 1} on {sentence}."
    tell(run, "rung", step, said, rung=changed)


def leave_out(run: Run, names: Mapping[str, int], step: int) -> None:
    """Keep in mind which files are not drawn from which step on, and tell of each."""
    Ways.read(run.path, run.config).without(names).write(run.path)
    for name in names:
        sentence = (
            f"The picture {name} is gone or cannot be read any more. The run goes on without it; "
            "all others stay as they were."
        )
        tell(run, "left-out", step, sentence, file=name)


def _keep(run: Run, way: Way) -> None:
    ways = Ways.read(run.path, run.config).then(way)
    Rests(run).write(way.step, lambda: ways.write(run.path))
