"""Conversions that wait for one another: their folders by order, in a file of the user's own.

HOME/conversions-waiting.json says who waits and who was begun. Whoever sees a conversion end may
call `go_on`: its own process, so that the queue goes on with the studio closed, or a studio that
was opened again.
"""

import contextlib
import json
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from engines import files
from engines.errors import UserError
from engines.runtime.convert.job import Job

PLACE, LOCK = "conversions-waiting.json", ".conversions-waiting.lock"
UP_SECONDS = 60.0  # for a process that was started to say its first word
MOST = 100  # conversions that wait
_MOST_BYTES = 1_000_000


@dataclass(frozen=True)
class Waiting:
    """Who waits, the next one first, and who was begun, with the time.time() of that."""

    jobs: tuple[Job, ...] = ()
    begun: dict[Job, float] = field(default_factory=dict)

    def busy(self, job: Job) -> bool:
        """Whether one that was begun is at work, rests, or is coming up."""
        if job not in self.begun:
            return False
        recent = 0 <= time.time() - self.begun[job] < UP_SECONDS
        return job.run.busy or (recent and job.state.standing == "coming")


def read(home: Path) -> Waiting:
    """The queue of a studio's folder; what cannot be read does not wait."""
    try:
        value: Any = json.loads(files.read_text(home / PLACE, _MOST_BYTES))
        jobs = [Job(Path(str(each))) for each in value["waiting"]][:MOST]
        begun = {Job(Path(str(each))): float(since) for each, since in value["begun"].items()}
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return Waiting()
    return Waiting(tuple(dict.fromkeys(jobs)), begun)


def add(home: Path, job: Job, first: bool = False) -> None:
    """Let it wait as the last one, or as the first; UserError where too many do."""
    with _changing(home) as now:
        others = [other for other in now[0].jobs if other != job]
        if len(others) >= MOST:
            raise UserError(f"{MOST} conversions wait already; take one out of the queue first.")
        now[0] = replace(now[0], jobs=(job, *others) if first else (*others, job))


def arrange(home: Path, jobs: Sequence[Job]) -> None:
    """Let them wait in this order; those not named keep theirs, behind."""
    with _changing(home) as now:
        first = [job for job in dict.fromkeys(jobs) if job in now[0].jobs]
        rest = [job for job in now[0].jobs if job not in first]
        now[0] = replace(now[0], jobs=(*first, *rest))


def leave(home: Path, job: Job) -> None:
    """Take it out, whether it waits or has ended."""
    with _changing(home) as now:
        jobs = tuple(other for other in now[0].jobs if other != job)
        now[0] = Waiting(jobs, {k: v for k, v in now[0].begun.items() if k != job})


def take(home: Path, job: Job | None = None) -> Job | None:
    """The next one, or this one, for its process to be launched; it waits no more. None where none
    waits, or, without a name, where one is at work; a conversion that is paused is.
    """
    if not read(home).jobs:
        return None
    with _changing(home) as now:
        there = [each for each in now[0].jobs if each.there]
        wanted = [each for each in there if job in (None, each)]
        begun = {k: v for k, v in now[0].begun.items() if now[0].busy(k)}
        if not wanted or (job is None and begun):
            now[0] = Waiting(tuple(there), begun)
            return None
        taken = wanted[0]
        rest = tuple(each for each in there if each != taken)
        now[0] = Waiting(rest, {**begun, taken: time.time()})
        # Until its process says something; what an earlier one said does not hold for it.
        taken.tell(replace(taken.state, standing="coming", sentence=""))
    return taken


def go_on(home: Path, job: Job | None = None) -> "tuple[Job, subprocess.Popen[bytes]] | None":
    """Launch what `take` gives; that and its process. UserError."""
    taken = take(home, job)
    if taken is None:
        return None
    try:
        return taken, taken.launch(home)
    except UserError as error:
        taken.tell(replace(taken.state, standing="failed", sentence=str(error)))
        raise


@contextlib.contextmanager
def _changing(home: Path) -> Iterator[list[Waiting]]:
    """The queue in a list of one, to be put another in; nobody else changes it within."""
    with files.locked(home / LOCK):
        before = read(home)
        now = [before]
        yield now
        if now[0] != before:
            value = {
                "waiting": [str(job.home) for job in now[0].jobs],
                "begun": {str(job.home): since for job, since in now[0].begun.items()},
            }
            files.write_json(home / PLACE, value)
