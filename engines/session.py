"""A stretch of a training: from the newest checkpoint on, in the way that holds there, to the end,
to the word to stop, or to something that makes the run go back and change its way.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from engines import footprint, weights
from engines.data.mends import Mends, mends_of
from engines.data.sets import open_data
from engines.distributed import crew
from engines.errors import UserError
from engines.feed import Feed, GoneError
from engines.live import CanvasPainter
from engines.live_graph import write_live
from engines.recipe import Batch, Recipe, Stage
from engines.recovery import (
    NotFiniteError,
    Rests,
    check_finite,
    leave_out,
    newest,
    save_checkpoint,
    spare,
    sweep,
)
from engines.roll import called
from engines.runs import Run
from engines.trainer import Trainer, begin_anew
from engines.validation import Validation
from engines.ways import Way, Ways, sooner

MEMORY_EVERY = 25  # steps from one word on the memory to the next


@dataclass(frozen=True)
class StepReport:
    """What one step did: its number from 1, the named loss terms of the phases that ran, the
    seconds it took.
    """

    step: int
    stage: str
    losses: dict[str, float]
    seconds: float


class Session:
    """Ends after `steps` steps in all (else the recipe's) or at `until` (of time.monotonic()).

    `again` says that the recipe was trained before in this process, and is not to be gone on with;
    `worker` is the thread that reads the data.
    """

    def __init__(
        self,
        recipe: Recipe,
        run: Run,
        steps: int | None,
        until: float | None,
        again: bool,
        worker: ThreadPoolExecutor,
    ) -> None:
        self.recipe, self.run, self.config = recipe, run, run.config
        self.steps, self.until, self.again, self.worker = steps, until, again, worker
        self.crew, self.rests = crew(), Rests(run)
        self.way = Way.first(self.config)
        self.step = 0  # that is being trained, from 1, or was
        self._left_out: dict[str, int] = {}
        self._news: dict[str, int] = {}  # of what was left out, that the others have not heard
        self._feed: Feed | None = None
        self._canvas = CanvasPainter(run)

    def go(self) -> Iterator[StepReport]:
        """Train, a report a step. NotFiniteError, a refused allocation, UserError."""
        self.trainer = trainer = self._begin()
        stage: Stage | None = None
        last = self.steps if self.steps is not None else trainer.total
        goes_on = self._asking()
        while trainer.step < last and self.crew.decide(goes_on):
            self.step = trainer.step + 1
            if stage is not trainer.stage_at(trainer.step):
                stage = trainer.stage_at(trainer.step)
                if self.crew.leads:
                    self._safe()  # A new stage may be the first that takes too much memory.
                self._open(stage)
            start = time.perf_counter()
            batch, waited = self._batch()
            losses = trainer.advance(batch)
            seconds = time.perf_counter() - start
            if bad := [name for name, value in losses.items() if not math.isfinite(value)]:
                raise NotFiniteError(self.step, f"The loss {bad[0]} became {losses[bad[0]]}")
            if self._keeps:
                check_finite(trainer)
                self._share_news()
            if self.crew.leads:
                self._record(losses, seconds, waited)
                self._preview(due=trainer.step == last)
            yield StepReport(trainer.step, stage.name, losses, seconds)
        if self.crew.leads and self.run.desire() != "discard":
            self._safe()

    def close(self) -> None:
        """Read no further data."""
        if self._feed is not None:
            self._feed.close()

    # Beginning ----------------------------------------------------------------------------------

    def _begin(self) -> Trainer:
        step, tensors = self._state()
        if self.again and not tensors:
            begin_anew(self.recipe, self.run)
        trainer = Trainer(self.recipe, self.config, self.way)
        if tensors:
            trainer.restore(tensors, step)
        if self.crew.leads:
            sweep(self.run)
            spare(self.run)
            event = {"kind": "resumed", "step": trainer.step, "time": time.time()}
            self.rests.write(step, lambda: self.run.append(event))
            write_live(self.run, self.recipe, trainer.average)
            self._watch = Validation(self.run, trainer, self._tell)
            self._snapshots = snapshot_steps(trainer.total)
        return trainer

    def _tell(self, event: Mapping[str, Any]) -> None:
        """Append an event, when the disk has room for it."""
        self.rests.write(self.step, partial(self.run.append, event))

    def _state(self) -> tuple[int, dict[str, Tensor]]:
        """The step and the tensors to go on from, none at the start; sets the way. The leader
        reads, and all know.
        """
        known: dict[str, Any] = {}
        tensors: dict[str, Tensor] = {}
        if self.crew.leads:
            found = newest(self.run)
            step, tensors = found or (0, {})
            ways = Ways.read(self.run.path, self.config)
            known = {"step": step, "way": asdict(ways.at(step)), "out": dict(ways.left_out)}
        if self.crew.world > 1:
            packed = torch.frombuffer(bytearray(json.dumps(known).encode()), dtype=torch.uint8)
            tensors = self.crew.hand_out({**tensors, "": packed} if self.crew.leads else None)
            known = json.loads(bytes(tensors.pop("").tolist()))
        self.way, self._left_out = Way(**known["way"]), known["out"]
        return int(known["step"]), tensors

    # A step -------------------------------------------------------------------------------------

    def _open(self, stage: Stage) -> None:
        """Feed from the data as this stage wants them. UserError where they became others."""
        self.close()
        recipe, config = self.recipe, self.config
        spec = stage.data or recipe.data
        # What lost its mate since the run began is left out, as any picture that is lost.
        mends = mends_of(config) | Mends(mates=True)
        data = open_data(Path(config["data"]), recipe.kind, spec.size, mends=mends)
        if (data.spec.classes, data.spec.attributes) != (spec.classes, spec.attributes):
            raise UserError(
                f"The classes or attributes of {config['data']} are others than when this run "
                "began; restore classes.json and attributes.csv, or start a new run."
            )
        roll = self.rests.write(
            self.step, partial(called, self.run.path, data, self._left_out, write=self.crew.leads)
        )
        folder = None if recipe.kind == "points" else Path(config["data"])
        rows = range(self.trainer.rows)[self.trainer.share]
        device = self.trainer.device
        self._feed = Feed(data, rows, config["seed"], device, roll, folder, self.worker)

    def _batch(self) -> tuple[Batch, float]:
        """The step's share of data, and the seconds that were lost to waiting for it."""
        assert self._feed is not None
        feed, before = self._feed, self._feed.waited
        batch = self.rests.until_done(
            "data",
            self.step,
            lambda: feed(self.trainer.step),
            lambda error: str(error) if isinstance(error, GoneError) else "",
        )
        if news := feed.news():
            self._news = sooner(self._news, news)
            self._leave_out(news)
        return batch, feed.waited - before

    def _share_news(self) -> None:
        """What one process could not read, none draws after a checkpoint, as none will that goes
        on from it.
        """
        if self.crew.world == 1:
            return
        heard: dict[str, int] = {}
        for word in self.crew.hear(json.dumps(self._news)):
            heard = sooner(heard, json.loads(word))
        self._news = {}
        assert self._feed is not None
        self._feed.know(heard)
        self._leave_out(heard)

    def _leave_out(self, names: Mapping[str, int]) -> None:
        """Do without these in later stages too; the leader writes down what it did not know."""
        known = self._left_out
        fresh = {name: step for name, step in names.items() if step < known.get(name, math.inf)}
        self._left_out = sooner(known, names)
        if fresh and self.crew.leads:
            self.rests.write(self.step, lambda: leave_out(self.run, fresh, self.step))

    def _record(self, losses: dict[str, float], seconds: float, waited: float) -> None:
        """Log the step; measure, snapshot and save when their turn comes."""
        run, trainer, step = self.run, self.trainer, self.step
        event: dict[str, Any] = {"kind": "step", "step": step, "losses": losses}
        event |= {"rate": trainer.rows / seconds, "wait": waited}
        if step % MEMORY_EVERY == 1:
            event["memory"] = footprint.peak(trainer.device)
        event["time"] = time.time()
        self.rests.write(step, lambda: run.append(event))
        self._watch.after(event)
        if self._keeps:
            self.rests.write(step, lambda: save_checkpoint(run, trainer))
        if step in self._snapshots:
            state = trainer.average.state_dict()
            self.rests.write(step, lambda: weights.save(run.snapshot_path(step), state))

    def _preview(self, due: bool) -> None:
        trainer = self.trainer
        due = due or self._watch.measured or self.step in self._snapshots
        with trainer.autocast():
            self.rests.write(
                self.step,
                lambda: self._canvas.look(self.recipe, trainer.average, self.step, due),
            )

    @property
    def _keeps(self) -> bool:
        """Whether the step just done is one to keep a checkpoint of."""
        every: int = self.config["checkpoint"]
        return self.step % every == 0 or self.step == self.trainer.total

    # Control ------------------------------------------------------------------------------------

    def _safe(self) -> None:
        """Keep a checkpoint of where the run stands, unless there is one or it is spoilt."""
        trainer = self.trainer
        if not trainer.step or self.run.checkpoint_path(trainer.step).exists():
            return
        try:
            check_finite(trainer)
        except NotFiniteError:
            return
        self.rests.write(trainer.step, lambda: save_checkpoint(self.run, trainer))

    def _asking(self) -> Callable[[], bool | None]:
        """A question: whether to go on. None while a painter holds the lease, and while paused,
        when all is made safe first, for the computer may well be switched off.
        """
        run, paused = self.run, False

        def ask() -> bool | None:
            nonlocal paused
            desire = run.desire()
            resting = desire == "pause" or (desire == "run" and run.leased())
            if desire == "pause" and not paused:
                self._safe()
            paused = desire == "pause"
            if resting:
                time.sleep(0.05)
                return None
            return desire == "run" and (self.until is None or time.monotonic() < self.until)

        return ask


def snapshot_steps(total: int, most: int = 20) -> set[int]:
    """At most 20 steps, evenly spaced in the logarithm: early training changes fastest."""
    first = max(1, min(100, total // 20))
    return {round(first * (total / first) ** (i / (most - 1))) for i in range(most)}
