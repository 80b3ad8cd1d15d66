"""The runs lane: run directories followed without a thread, a timer reads what was appended.

`Follow` is one run as far as its files tell; it can be asked again at any time and reads only what
is new. Nothing here writes, except through `Run.steer`, `Run.lease` and `Run.show`.
"""

import itertools
import json
import os
import time
from array import array
from bisect import bisect_right
from collections import deque
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from engines.errors import UserError
from engines.orders import BUNDLE, LOG, Order
from engines.runs import Run

Status = Literal[
    "preparing", "training", "paused", "stopping", "exporting", "done", "stopped", "failed"
]
CHUNK = 64_000  # bytes a look: a few milliseconds
UP_SECONDS = 60.0  # for a trainer to come up
TAIL = 32_000  # bytes that say how a run stands, without its curves
RECENT = 100  # steps that the speed is taken from
GAP = 8.0  # times the usual step: a pause, a validation or a kill lies in between
_LOG_BYTES = 8_000
_MOST_NAMES = 64  # of curves


@dataclass
class Curve:
    """A named figure over the steps, in the order of the steps."""

    steps: "array[float]" = field(default_factory=lambda: array("d"))
    values: "array[float]" = field(default_factory=lambda: array("d"))

    def add(self, step: int, value: float) -> None:
        """Append; steps that are not later than the last one are superseded."""
        if self.steps and step <= self.steps[-1]:
            self.cut(step - 1)
        self.steps.append(step)
        self.values.append(value)

    def cut(self, step: int) -> None:
        """Forget what came after `step`."""
        keep = bisect_right(self.steps, step)
        del self.steps[keep:]
        del self.values[keep:]


@dataclass
class Standing:
    """What the events say of a run up to some point: `said` is the trainer's last word of its
    state, `canvas` the newest preview of the artist's own.
    """

    step: int = 0
    said: str = ""
    sentence: str = ""
    canvas: Path | None = None


class Follow:
    """A run directory, read as it grows."""

    def __init__(self, path: Path) -> None:
        self.run = Run(path)
        self.whole = False  # Whether the curves are wanted too.
        self.pid: int | None = None  # of the trainer, where this studio started it
        self._unheard = False  # Whether that trainer has yet to say a word.
        self._config: dict[str, Any] | None = None
        self._order: Order | None = None
        self._told: Standing | None = None
        self._forget()

    def _forget(self) -> None:
        self._offset = -1
        self._torn = b""
        self._read = Standing()
        self.losses: dict[str, Curve] = {}
        self.figures: dict[str, Curve] = {}
        self.behind = True  # Whether more waits to be read.
        self._recent: deque[tuple[int, float]] = deque(maxlen=RECENT)

    # What it is ---------------------------------------------------------------------------------

    @property
    def path(self) -> Path:
        """The run directory."""
        return self.run.path

    @property
    def config(self) -> dict[str, Any]:
        """run.json; empty as long as there is none that can be read."""
        if self._config is None:
            try:
                self._config = self.run.config
            except UserError:
                return {}
        return self._config

    @property
    def order(self) -> Order | None:
        """What was ordered; None of a run that a terminal began."""
        if self._order is None:
            try:
                self._order = Order.read(self.path)
            except UserError:
                return None
        return self._order

    @property
    def title(self) -> str:
        """What the model will be called."""
        return self.order.title if self.order is not None else self.path.name

    @property
    def recipe(self) -> str:
        """The id of what is trained."""
        if self.order is not None:
            return self.order.recipe
        return str(self.config["recipe"]) if "recipe" in self.config else ""

    @property
    def stages(self) -> list[tuple[int, float]]:
        """(steps, pixels of a training crop) of each stage."""
        try:
            given = [
                (int(s["steps"]), float(s["size"][0] * s["size"][1])) for s in self.config["stages"]
            ]
        except (KeyError, TypeError, IndexError, ValueError):
            given = []
        return given or [(self._ordered_steps(), 1.0)]

    def _ordered_steps(self) -> int:
        for source in (self.config.get("settings"), self.order and dict(self.order.settings)):
            if isinstance(source, dict) and isinstance(source.get("steps"), int):
                return int(source["steps"])
        return 0

    @property
    def total(self) -> int:
        """Steps in all; 0 as long as nobody knows."""
        return sum(steps for steps, _ in self.stages)

    @property
    def bundle(self) -> Path | None:
        """The exported model, where there is one."""
        path = self.path / BUNDLE
        return path if (path / "model.json").is_file() else None

    # How it stands ------------------------------------------------------------------------------

    @property
    def _standing(self) -> Standing:
        # While an old log is read again, it stands as the end of it said.
        return self._told or self._read

    @property
    def step(self) -> int:
        """Steps done."""
        return self._standing.step

    @property
    def said(self) -> str:
        """The trainer's last word of its state."""
        return self._standing.said

    @property
    def canvas(self) -> Path | None:
        """The newest preview of the artist's canvas."""
        return self._standing.canvas

    @property
    def busy(self) -> bool:
        """Whether a trainer is at it."""
        return self.run.busy

    def status(self) -> Status:
        """How it stands now; `sentence` says more where it failed."""
        if self.run.busy:
            desire = self.run.desire()
            if desire in ("stop", "discard") and self.said != "exporting":
                return "stopping"
            if self.said in ("", "preparing", "failed", "done", "stopped"):
                return "preparing"
            if self.said == "exporting":
                return "exporting"
            return "paused" if desire == "pause" else "training"
        if self.starting:
            return "preparing"
        if self.said == "failed" or self._unheard:
            return "failed"
        if self.said == "done" and self.bundle is not None:
            return "done"
        if self.said or self.config:
            return "stopped"
        # Another studio may have ordered it, and its trainer not have come up yet.
        lately = self.order is not None and 0 <= time.time() - self.order.made < UP_SECONDS
        return "preparing" if lately else "failed"

    def started(self, pid: int) -> None:
        """A trainer was started for it, which takes its time to take the lock."""
        self.pid, self._unheard = pid, True

    @property
    def starting(self) -> bool:
        """Whether the trainer that was started lives and has not said a word."""
        return self._unheard and self.alive

    @property
    def alive(self) -> bool:
        """Whether the trainer that this studio started still lives."""
        if self.pid is None:
            return False
        try:
            ended = os.waitpid(self.pid, os.WNOHANG)[0] != 0
        except ChildProcessError:
            ended = True
        if ended:
            self.pid = None
        return not ended

    @property
    def last_word(self) -> str:
        """Why it failed: the trainer's own sentence, else the last line of its log."""
        if self._standing.sentence:
            return self._standing.sentence
        try:
            with open(self.path / LOG, "rb") as log:
                log.seek(0, 2)
                log.seek(max(0, log.tell() - _LOG_BYTES))
                lines = log.read().decode("utf-8", "replace").splitlines()
        except OSError:
            return ""
        said = [line.strip() for line in lines if line.strip() and not line.startswith(" ")]
        return said[-1][:300] if said else ""

    @property
    def seconds_a_step(self) -> float | None:
        """The usual time from step to step of late; None before there were a few."""
        pairs = list(self._recent)
        spans = sorted(
            (late - early) / (after - before)
            for (before, early), (after, late) in itertools.pairwise(pairs)
            if after > before and late > early
        )
        if len(spans) < 3:
            return None
        usual = spans[len(spans) // 2]
        # The mean, for validations take their time too; but a pause is none of it.
        counted = [span for span in spans if span < GAP * usual]
        return sum(counted) / len(counted)

    @property
    def seconds_left(self) -> float | None:
        """Time to the last step. A stage not begun costs by its pixels; None while unknown."""
        pace = self.seconds_a_step
        if pace is None or not self.total:
            return None
        left, done, now = 0.0, self.step, None
        for steps, pixels in self.stages:
            rest = max(0, steps - done)
            done = max(0, done - steps)
            if rest and now is None:
                now = pixels
            left += rest * pixels
        return pace * left / now if now else 0.0

    @property
    def rate(self) -> float | None:
        """Pictures a second."""
        pace = self.seconds_a_step
        batch = (self.config.get("settings") or {}).get("batch")
        return batch / pace if pace and isinstance(batch, int) else None

    @property
    def sheet(self) -> Path | None:
        """The newest sheet of validation pictures, real above made."""
        found = sorted((self.path / "previews").glob("[0-9]*.png"))
        return found[-1] if found else None

    # Reading ------------------------------------------------------------------------------------

    def want_curves(self) -> None:
        """Read it from the beginning; a long run was only glanced at before."""
        if not self.whole:
            self.whole = True
            self._forget()

    def look(self) -> bool:
        """Read what was appended, at most CHUNK bytes; whether there was anything."""
        try:
            with open(self.run.events_path, "rb") as log:
                size = log.seek(0, 2)
                if size < self._offset:  # It is another file now.
                    self._told = None
                    self._forget()
                if self._offset < 0:
                    self._offset = 0 if self.whole else max(0, size - TAIL)
                    skip = self._offset > 0
                else:
                    skip = False
                log.seek(self._offset)
                data = log.read(CHUNK)
        except OSError:
            self.behind = False
            return False
        self._offset += len(data)
        self.behind = self._offset < size
        lines = (self._torn + data).split(b"\n")
        self._torn = lines.pop()[-CHUNK:]
        for line in lines[1:] if skip else lines:
            self._take(line)
        if not self.behind:
            self._told = replace(self._read)
        return bool(data)

    def _take(self, line: bytes) -> None:
        """Take in one event; what cannot be read is no event."""
        try:
            event = json.loads(line)
            kind = event["kind"]
            self._unheard = False
            if kind == "step":
                self._step(int(event["step"]), event["losses"], float(event["time"]))
            elif kind == "measure":
                self._add(self.figures, int(event["step"]), event["figures"])
            elif kind == "resumed":
                self._resumed(int(event["step"]))
            elif kind == "state":
                self._read.said = str(event["state"])
                self._read.sentence = str(event["sentence"])
            elif kind == "canvas" and Path(event["file"]).name == event["file"]:
                self._read.canvas = self.path / "previews" / event["file"]
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError):
            return

    def _step(self, step: int, losses: dict[str, float], when: float) -> None:
        self._read.step, self._read.said = step, "training"
        self._recent.append((step, when))
        if self.whole:
            self._add(self.losses, step, losses)

    def _add(self, curves: dict[str, Curve], step: int, values: dict[str, float]) -> None:
        for name, value in values.items():
            if name in curves or len(curves) < _MOST_NAMES:
                curves.setdefault(str(name), Curve()).add(step, float(value))

    def _resumed(self, step: int) -> None:
        """What was done after the checkpoint is superseded."""
        self._read.step = step
        self._recent.clear()
        for curve in (*self.losses.values(), *self.figures.values()):
            curve.cut(step)
