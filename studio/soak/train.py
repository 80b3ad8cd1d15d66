"""Kills of a training and of the studio beside it: it goes on as if it had not been killed.

A run is started as the studio starts it, killed again and again, and trained to some step at last.
Another run of the same order is trained to that step in one go. All losses, all figures and the
state must be the same to the last bit, and whatever a kill left must be readable.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image as Pillow
from safetensors.numpy import load_file

from engines.errors import UserError
from engines.orders import Order
from engines.roll import NAME as ROLL
from engines.runs import Run
from engines.ways import Ways
from engines.worlds import vista
from studio.lanes.runs import Follow
from studio.soak.kills import ROOT, Death, LostError
from studio.soak.trainer import KINDS

EACH = 20  # kills of one run
# From a trainer's first step to its latest death: seconds, and steps where those are slow.
LONGEST, STRETCH = 4.0, 50
COMING_SECONDS = 180.0  # for a trainer to come up on a busy machine
EARLY, STUDIO = 0.05, 0.15  # shares of the kills before a first step, and of the studio
CHECKPOINT, VALIDATE = 20, 100  # steps
# Little to calculate and much to keep, so that kills fall into writes.
RECIPES: dict[str, dict[str, Any]] = {
    "wgan_gp": {"batch": 1, "size": 8, "width": 96, "latent": 1024, "turns": 2},
    "pix2pix": {"batch": 1, "size": 8, "width": 128, "depth": 3, "critic": 4, "patch": "1"},
}
STEPS = 1_000_000  # none of them gets there


def rounds(folder: Path, seed: int, kills: int) -> Iterator[Death]:
    """Kill a run of its own again and again, then compare it with one that was not killed;
    LostError.
    """
    rng = np.random.default_rng(seed)
    data = folder / "data"
    vista.make(data, 24, (40, 40), seed=seed)
    name = list(RECIPES)[seed % len(RECIPES)]
    settings = {**RECIPES[name], "steps": STEPS}
    order = Order(name, str(data), "Soaked", settings, seed, "cpu", VALIDATE, CHECKPOINT)
    soaked = Soaked(Run(folder / "run"), folder / "flags", rng)
    order.write(soaked.run.path)
    try:
        for _ in range(kills):
            yield soaked.kill()
    finally:
        soaked.end()
    compare(soaked.run, folder / "whole", folder / "flags")


@dataclass
class Soaked:
    """A run, its trainer and the studio that follows it."""

    run: Run
    flags: Path
    rng: np.random.Generator
    trainer: "subprocess.Popen[bytes] | None" = None
    studio: "subprocess.Popen[bytes] | None" = None

    @property
    def log(self) -> Path:
        """What the trainer says to a person."""
        return self.flags.with_name("trainer.txt")

    def kill(self) -> Death:
        """One death, of the trainer or of the studio beside it."""
        before = logged(self.run)
        early = self.trainer is None and self.rng.random() < EARLY
        if self.trainer is None:
            self.flags.write_bytes(bytes(len(KINDS)))
            words = str(self.flags), "carry-out", str(self.run.path)
            self.trainer = start("trainer", self.log, *words)
        if self.studio is None:
            seed = str(self.rng.integers(1 << 30))
            log = self.log.with_name("studio.txt")
            self.studio = start("watcher", log, str(self.run.path), seed)
        if early:
            time.sleep(float(self.rng.uniform(0, LONGEST)))
        else:
            self._wait(before)
            time.sleep(float(self.rng.uniform(0, max(LONGEST, STRETCH * pace(self.run)))))
        self._check()
        if not early and self.rng.random() < STUDIO:
            strike(self.studio)
            self.studio = None
            self._wait(logged(self.run))  # The training does not mind.
            readable(self.run, still=False)
            return Death(logged(self.run) - before, ())
        strike(self.trainer)
        self.trainer = None
        readable(self.run)
        raised = [kind for kind, up in zip(KINDS, self.flags.read_bytes(), strict=True) if up]
        return Death(logged(self.run) - before, tuple(raised))

    def _check(self) -> None:
        """LostError where a child ended by itself."""
        for child, log in (
            (self.trainer, self.log),
            (self.studio, self.log.with_name("studio.txt")),
        ):
            if child is not None and child.poll() is not None:
                raise LostError(f"a child ended by itself ({child.returncode}): {last_word(log)}")

    def _wait(self, steps: int) -> None:
        """Until a step more is logged than so many."""
        limit = time.monotonic() + COMING_SECONDS
        while logged(self.run) <= steps:
            self._check()
            if time.monotonic() > limit:
                raise LostError(f"no step in {COMING_SECONDS:.0f} s after step {steps}")
            time.sleep(0.01)

    def end(self) -> None:
        """Kill both."""
        for child in (self.trainer, self.studio):
            if child is not None:
                strike(child)


def start(module: str, log: Path, *words: str) -> "subprocess.Popen[bytes]":
    """A child with a program of this package, which says to a log what is for a person."""
    with open(log, "wb") as said:
        return subprocess.Popen(
            [sys.executable, "-m", f"studio.soak.{module}", *words],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            start_new_session=True,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )


def last_word(log: Path) -> str:
    """The last line that a child said."""
    lines = log.read_text("utf-8", "replace").strip().splitlines()
    return lines[-1] if lines else "nothing"


def strike(child: "subprocess.Popen[bytes]") -> None:
    """SIGKILL."""
    child.send_signal(signal.SIGKILL)
    child.wait()


def logged(run: Run) -> int:
    """How many steps the log holds, superseded or not: cheap, and it only grows."""
    try:
        return run.events_path.read_bytes().count(b'{"kind": "step"')
    except FileNotFoundError:
        return 0


def pace(run: Run) -> float:
    """Seconds from step to step of late; 0 before that is known."""
    follow = Follow(run.path)
    follow.look()
    return follow.seconds_a_step or 0.0


def readable(run: Run, still: bool = True) -> None:
    """All that a kill left can be read; LostError. Unless the run stands `still` it goes on
    meanwhile, and its older checkpoints go.
    """
    try:
        before = last_step(run)
        follow = Follow(run.path)
        follow.want_curves()
        while follow.look() and follow.behind:
            pass
        follow.status()
        Order.read(run.path)
        if not (run.path / "run.json").exists():
            return
        config = Run.open(run.path).config
        Ways.read(run.path, config)
        if not before <= follow.step <= last_step(run):
            raise LostError(f"the studio believes in step {follow.step}")
        if not still:
            return
        for path in (*run.checkpoints(), *(run.path / "snapshots").glob("[0-9]*.safetensors")):
            load_file(path)
        for path in (run.path / "previews").glob("*.png"):
            with Pillow.open(path) as picture:
                picture.load()
        if (run.path / ROLL).exists():
            for line in (run.path / ROLL).read_text("utf-8").splitlines():
                json.loads(line)
    except (UserError, OSError, ValueError, KeyError) as error:
        raise LostError(f"{run.path.name} cannot be read: {error}") from error
    except Exception as error:  # safetensors has an error of its own.
        raise LostError(f"{type(error).__name__}: {error}") from error


def last_step(run: Run) -> int:
    """Where the events say that the run stands."""
    return max((e["step"] for e in run.events() if e["kind"] in ("step", "resumed")), default=0)


def compare(killed: Run, place: Path, flags: Path) -> None:
    """Train the killed run a little further and another one so far in one go; LostError where
    they are not the same.
    """
    if not (killed.path / "run.json").exists():
        return
    done = max(killed.losses(), default=0) + 3
    whole = Run(place)
    place.mkdir()
    shutil.copy(killed.path / "run.json", place / "run.json")
    for run in (killed, whole):
        flags.write_bytes(bytes(len(KINDS)))
        words = ["train", "--resume", "--out", str(run.path), "--steps", str(done)]
        log = flags.with_name("trainer.txt")
        if start("trainer", log, str(flags), *words).wait():
            raise LostError(f"the trainer of {run.path.name} failed: {last_word(log)}")
    if killed.losses() != whole.losses():
        apart = [s for s in whole.losses() if whole.losses()[s] != killed.losses().get(s)]
        raise LostError(f"the losses part at step {min(apart, default=0)} of {done}")
    mine, theirs = figures(killed), figures(whole)
    # When there is time to measure is no matter of the training.
    if any(mine[step] != theirs[step] for step in mine.keys() & theirs.keys()):
        raise LostError("the figures differ")
    one, other = (run.checkpoint_path(done).read_bytes() for run in (killed, whole))
    if one != other:
        raise LostError(f"the state of step {done} differs")


def figures(run: Run) -> dict[int, Any]:
    """What was measured, by step."""
    return {e["step"]: e["figures"] for e in run.events() if e["kind"] == "measure"}
