"""Conversions of folders and videos: processes of their own, followed through files and steered.

Closing the studio leaves them going, one after the other; opening it finds them again, and offers
what was broken off.
"""

import json
import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from platformdirs import user_data_path
from PySide6.QtCore import QObject, QTimer, Signal

from engines import files
from engines.errors import UserError
from engines.mixes import Mixed
from engines.ports import Choice, Image, Layout, Mask, Port, Regional, Scalar
from engines.request import Request
from engines.runtime.convert import waiting
from engines.runtime.convert.finding import FILMS, STILLS
from engines.runtime.convert.job import INSIDE, PLAN, Job, Plan, State
from studio.document.scene import Scene
from studio.models.compose import compose
from studio.models.queue import moved
from studio.models.telling import Once

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from engines.runtime.bundle import Bundle

LOOK_MS = 300
LEASE_SECONDS = 1.0
_MOST_BYTES = 1_000_000
_MOST = 100  # conversions that are kept in mind

Status = Literal["working", "paused", "resting", "waiting", "done", "failed", "unfinished"]
LIVE: tuple[Status, ...] = ("working", "paused", "resting")


@dataclass(eq=False)
class Round:
    """One conversion as the studio sees it."""

    job: Job
    source: Path
    out: Path
    state: State
    status: Status = "unfinished"
    process: "subprocess.Popen[bytes] | None" = None
    since: float = 0.0  # time.monotonic() at its start by this studio
    dropped: bool = False  # to be forgotten as soon as it has ended

    @property
    def title(self) -> str:
        """What is converted, in a word."""
        return self.source.name or str(self.source)

    def look(self, queue: waiting.Waiting) -> bool:
        """Read how it stands, where this is the queue; whether that is news."""
        before = (self.state, self.status)
        self.state = self.job.state
        self.status = self._status(queue)
        return before != (self.state, self.status)

    def _status(self, queue: waiting.Waiting) -> Status:
        if self.job in queue.jobs:
            return "waiting"
        said = self.state.standing
        if self.process is None:
            up = queue.busy(self.job)
        else:
            up = self.process.poll() is None and time.monotonic() - self.since < waiting.UP_SECONDS
            if self.process.returncode is not None:
                self.process = None
        if up or self.job.run.busy:
            return said if said in ("paused", "resting") else "working"
        return said if said in ("done", "failed") else "unfinished"


class Conversions(QObject):
    """All conversions that the user began here. `listed` when one came or went, `changed` when one
    moved on, `ended` once when one is over.
    """

    listed = Signal()
    changed = Signal(object)  # Round
    ended = Signal(object)  # Round
    problem = Signal(str)

    def __init__(self, home: Path | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.home = Path(user_data_path("pentimento")) if home is None else home
        self.rounds: list[Round] = []
        self.rendering: Callable[[], bool] = lambda: False  # whether an artist waits for a picture
        self._next_lease = 0.0
        self._once = Once(self.problem.emit)
        self._timer = QTimer(self, interval=LOOK_MS)
        self._timer.timeout.connect(self.look)
        self._read()

    @property
    def queue(self) -> list[Round]:
        """What waits, the next one first."""
        known = {each.job: each for each in self.rounds}
        return [known[job] for job in waiting.read(self.home).jobs if job in known]

    @property
    def unfinished(self) -> list[Round]:
        """What was broken off and can go on."""
        return [r for r in self.rounds if r.status == "unfinished"]

    @property
    def live(self) -> list[Round]:
        """What is under way."""
        return [r for r in self.rounds if r.status in LIVE]

    def close(self) -> None:
        """Look no more. What converts goes on."""
        self._timer.stop()
        for each in self.rounds:
            if each.process is not None:
                each.process.returncode = 0  # Python shall not warn that nobody waits for it.

    # Following ----------------------------------------------------------------------------------

    def look(self) -> None:
        """Read how all stand, and begin the next where none is at work."""
        if self.rendering():
            self.touch()
        queue = self._follow()
        if queue.jobs and not self.live:
            self._begin()
        elif not self.live:
            self._timer.stop()

    def _follow(self) -> waiting.Waiting:
        """Read how all stand, and say what is news; the queue."""
        queue = waiting.read(self.home)
        for each in list(self.rounds):
            was = each.status
            if each.look(queue):
                self.changed.emit(each)
            if was in LIVE and each.status not in (*LIVE, "waiting"):
                self._do(partial(waiting.leave, self.home, each.job))
                if each.dropped:
                    self.forget(each)
                else:
                    self.ended.emit(each)
        return queue

    def faults(self, each: Round) -> list[str]:
        """A sentence for each file that could not be converted, and each remark."""
        return each.job.records.told

    # Steering -----------------------------------------------------------------------------------

    def start(self, plan: Plan) -> Round:
        """Begin, or go on with, a conversion; where one is at work it waits. UserError."""
        job = Job.make(plan)
        each = self._known(job) or Round(job, plan.source, plan.out, State())
        each.dropped = False
        if each.status not in (*LIVE, "waiting"):
            self._wait(each)
        return each

    def pause(self, each: Round) -> None:
        """Rest after the tile in hand."""
        self._steer(each, "pause")

    def resume(self, each: Round) -> None:
        """Go on: after a pause, or where it was broken off, before all that wait."""
        if each.status in LIVE:
            self._steer(each, "run")
        else:
            self._do(lambda: self._wait(each, first=True))

    def start_now(self, each: Round) -> None:
        """Begin what waits at once, beside what is at work."""
        self._begin(each.job)

    def move(self, each: Round, by: int) -> None:
        """Let it wait `by` places later; a negative number is earlier."""
        queue = self.queue
        if each in queue:
            self.arrange(moved(queue, each, by))

    def arrange(self, rounds: Sequence[Round]) -> None:
        """Let them wait in this order."""
        self._do(lambda: waiting.arrange(self.home, [each.job for each in rounds]))
        self.listed.emit()

    def cancel(self, each: Round) -> None:
        """End it for good: what is finished stays, the rest is forgotten."""
        if each.status == "waiting" and not self._do(partial(waiting.leave, self.home, each.job)):
            return
        # It may have been begun, by the one before, since it was last looked at.
        if each.status in LIVE or each.job.run.busy:
            each.dropped = True
            self._steer(each, "stop")
        else:
            self.forget(each)

    def forget(self, each: Round) -> None:
        """Keep it in mind no longer; parts of what is not finished go."""
        if each in self.rounds:
            self.rounds.remove(each)
            self._write()
            self.listed.emit()
        if each.status != "done" or each.job.home.name != INSIDE:
            each.job.remove()

    def touch(self) -> None:
        """The pen is at work, or a picture is: conversions rest for a second from now."""
        now = time.monotonic()
        if now < self._next_lease or not self.live:
            return
        self._next_lease = now + LEASE_SECONDS / 2
        for each in self.live:
            self._do(partial(each.job.run.lease, LEASE_SECONDS))

    def _known(self, job: Job) -> Round | None:
        return next((r for r in self.rounds if r.job == job), None)

    def _wait(self, each: Round, first: bool = False) -> None:
        """Put it into the queue, and begin it where nothing is at work; UserError."""
        waiting.add(self.home, each.job, first)
        if each not in self.rounds:
            self.rounds.insert(0, each)
            self._write()
        self._begin()
        self.listed.emit()

    def _begin(self, job: Job | None = None) -> None:
        """Launch the next one, or this one, where there is one."""
        begun: list[tuple[Job, subprocess.Popen[bytes]] | None] = []
        self._do(lambda: begun.append(waiting.go_on(self.home, job)))
        for taken, process in filter(None, begun):
            each = self._known(taken)
            if each is not None:
                each.process, each.since = process, time.monotonic()
        self._follow()
        self._timer.start()

    def _do(self, do: Callable[[], object]) -> bool:
        """Whether it was done; else `problem` has told why not, the same sentence once."""
        done = self._once.does(do)
        if done:
            self._once.over()
        return done

    def _steer(self, each: Round, desire: Literal["run", "pause", "stop"]) -> None:
        self._do(lambda: each.job.run.steer(desire))
        self._timer.start()

    # What is kept in mind -----------------------------------------------------------------------

    @property
    def _place(self) -> Path:
        return self.home / "conversions.json"

    def _read(self) -> None:
        """Find those of an earlier studio; what is done, or gone, is forgotten."""
        try:
            homes = json.loads(files.read_text(self._place, _MOST_BYTES))
        except (OSError, ValueError, RecursionError):
            homes = []
        listed = homes[:_MOST] if isinstance(homes, list) else []
        queue = waiting.read(self.home)
        for job in dict.fromkeys((*(Job(Path(str(home))) for home in listed), *queue.jobs)):
            try:
                plan = job.plan
            except UserError:
                continue
            each = Round(job, plan.source, plan.out, State())
            each.look(queue)
            if each.status != "done":
                self.rounds.append(each)
        if self.live or queue.jobs:
            self._timer.start()

    def _write(self) -> None:
        try:
            files.write_json(self._place, [str(r.job.home) for r in self.rounds])
        except (UserError, ValueError) as error:
            self.problem.emit(str(error))


# What there is to ask for ------------------------------------------------------------------------


@dataclass(frozen=True)
class Terms:
    """What a model can be told beside what it converts: a style picture, numbers and choices.
    `why_not`: a sentence where it can convert nothing.
    """

    manner: Image | None = None
    settings: tuple[Scalar | Choice, ...] = ()
    films: bool = False  # whether it makes pictures of pictures
    why_not: str = ""


def terms_of(bundle: "Bundle") -> Terms:
    """What to ask for a model."""
    from engines.runtime.convert.hand import entry, manner

    try:
        port = entry(bundle, {})
    except UserError as error:
        return Terms(why_not=str(error))
    settings = tuple(p for p in bundle.target.inputs if isinstance(p, Scalar | Choice))
    films = isinstance(port, Image) and bundle.picture is not None
    return Terms(manner(bundle, {}), settings, films)


def values_of(
    bundle: "Bundle", scene: Scene | None, ids: "npt.NDArray[np.uint8]", given: Mapping[str, Any]
) -> Request:
    """The Request that holds for all files: what is `given`, and else what the scene says where it
    is the model's; what belongs to the shown document alone is left out.
    """
    from engines.runtime.convert.hand import entry

    base = Request(bundle.hash, (0, 0))
    if scene is not None:
        base = compose(bundle, scene, ids)
    taken = entry(bundle, {}).name
    own: dict[str, Port] = {p.name: p for p in bundle.ports}
    kept = {
        name: value
        for name, value in base.values.items()
        if name != taken
        and not isinstance(own.get(name), Layout | Mask)
        and not isinstance(value, Regional)
        and not (isinstance(value, Mixed) and value.regions is not None)
    }
    return Request(
        bundle.hash, (0, 0), {**kept, **given}, base.seed, base.sampler, base.steps, base.guidance
    )


def converts(path: Path) -> bool:
    """Whether this, dropped on a model, is meant to be converted, and is no model itself."""
    if path.is_dir():
        return not (path / "model.json").is_file()
    return path.suffix.lower() in STILLS | FILMS


def free_place(source: Path) -> Path:
    """Where results go unless something else is said: beside the source, under a name that is
    free.
    """
    base = source if source.is_dir() else source.with_suffix("")
    path, number = base.with_name(f"{base.name} converted"), 2
    while path.exists() and not os.access(path / INSIDE / PLAN, os.R_OK):
        path, number = base.with_name(f"{base.name} converted {number}"), number + 1
    return path
