"""The folder of a conversion: what was asked for, what is done, and how it stands.

It lies inside the folder of results, or beside the one result, and can be stopped, killed and begun
again. `job.json` is the plan, `events.jsonl` says what became of each file, `state.json` how far it
is; lock, `control` and `lease` are those of a run directory. Exactly one writer.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from engines import files
from engines.errors import UserError
from engines.request import Request
from engines.runs import Run

FORMAT = 1
INSIDE = ".convert"  # in a folder of results
PLAN, STATE, LOG = "job.json", "state.json", "log.txt"
ROOT = Path(__file__).resolve().parents[3]
_MOST_BYTES = 256_000_000  # of a plan, which holds a style picture
_MOST_STATE = 1_000_000
Standing = Literal["coming", "working", "paused", "resting", "done", "stopped", "failed"]


@dataclass(frozen=True)
class Plan:
    """What to convert, with which model (`model` is its name or path), how, and where to.

    `request` has the values that hold for all files, its size means nothing. `out` is a folder
    where `source` is one, and may be a file where not. `side`: at most so many pixels a side, 0 as
    they are; `smooth` in [0, 1): how much of a video's still places is of the frame before;
    `fixed`: statistics of a video are taken once.
    """

    model: str
    source: Path
    out: Path
    request: Request
    side: int = 0
    smooth: float = 0.0
    fixed: bool = True

    @property
    def single(self) -> bool:
        """Whether the result is one file, named by `out`."""
        return self.out.suffix != "" and not self.out.is_dir() and not self.source.is_dir()

    @property
    def home(self) -> Path:
        """Where the conversion lies."""
        return _beside(self.out) if self.single else self.out / INSIDE

    @property
    def root(self) -> Path:
        """The folder that results are named in."""
        return self.out.parent if self.single else self.out

    def to_json(self) -> dict[str, Any]:
        """As `from_json` reads it."""
        return {
            "format": FORMAT,
            "model": self.model,
            "source": str(self.source),
            "out": str(self.out),
            "request": self.request.to_json(),
            "side": self.side,
            "smooth": self.smooth,
            "fixed": self.fixed,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Plan":
        """Read a plan; KeyError, TypeError, ValueError or UserError where it is none."""
        if value["format"] != FORMAT:
            raise ValueError(f"its format is {value['format']!r}")
        return cls(
            str(value["model"]),
            Path(value["source"]),
            Path(value["out"]),
            Request.from_json(value["request"]),
            int(value["side"]),
            float(value["smooth"]),
            bool(value["fixed"]),
        )


@dataclass(frozen=True)
class State:
    """How far a conversion is. `share` in [0, 1] of all; `left` in seconds, None: not known."""

    standing: Standing = "working"
    done: int = 0
    failed: int = 0
    total: int = 0
    name: str = ""  # in hand
    share: float = 0.0
    left: float | None = None
    sentence: str = ""


@dataclass
class Records:
    """What became of the files, by name: `done` and `began` with what is known of their results,
    `failed` with a sentence, `remarks` on what is done.
    """

    began: dict[str, str] = field(default_factory=dict)  # the result's name
    done: dict[str, dict[str, Any]] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    _taken: set[str] = field(default_factory=set)  # names of results, as disks without case do

    def target(self, name: str, ending: str) -> str:
        """What a file's result is called: as it was begun, else as the file with another ending,
        and where that is taken, with both: a.jpg -> a.png, else a.jpg.png.
        """
        if name in self.began:
            return self.began[name]
        found = str(PurePosixPath(name).with_suffix(ending))
        if found.casefold() in self._taken:
            found = f"{name}{ending}"
        while found.casefold() in self._taken:
            found = f"{found}{ending}"
        return found

    def begin(self, name: str, target: str) -> None:
        """Keep a result's name for a file."""
        self.began[name] = target
        self._taken.add(target.casefold())

    @property
    def remarks(self) -> dict[str, str]:
        """What there is to say of results, by name."""
        return {n: str(r["remark"]) for n, r in self.done.items() if r.get("remark")}

    @property
    def told(self) -> list[str]:
        """A sentence for each file that failed or of whose result there is something to say."""
        every = {**self.remarks, **self.failed}
        return [said(name, sentence) for name, sentence in sorted(every.items())]

    def take(self, event: Mapping[str, Any]) -> None:
        """Take in one event; KeyError, TypeError where it is none of ours."""
        kind, name = event["kind"], str(event["name"])
        if kind == "began":
            self.begin(name, str(event["target"]))
        elif kind == "done":
            self.failed.pop(name, None)
            self.begin(name, str(event["target"]))
            self.done[name] = dict(event)
        elif kind == "failed":
            self.failed[name] = str(event["sentence"])


@dataclass(frozen=True)
class Job:
    """The conversion in the folder `home`."""

    home: Path

    @classmethod
    def make(cls, plan: Plan) -> "Job":
        """The conversion of a plan, new or the one that was begun; UserError where another one is
        there.
        """
        check(plan)
        job, text = cls(plan.home), plan.to_json()
        if (plan.home / PLAN).exists():
            if job.plan.to_json() != text:
                raise UserError(
                    f"{plan.out} holds a conversion of something else, or with other settings; "
                    "choose another place, or remove it."
                )
            return job
        if plan.single and plan.out.exists():
            raise UserError(f"{plan.out} is there already; choose another name.")
        files.write_json(plan.home / PLAN, text)
        return job

    @classmethod
    def find(cls, path: Path) -> "Job | None":
        """The conversion in a folder of results, of one result, or in its own folder."""
        homes = (path, path / INSIDE, _beside(path))
        return next((job for job in map(cls, homes) if job.there), None)

    @property
    def there(self) -> bool:
        """Whether there still is one."""
        return (self.home / PLAN).is_file()

    @property
    def plan(self) -> Plan:
        """What was asked for; UserError where it cannot be read."""
        try:
            return Plan.from_json(json.loads(files.read_text(self.home / PLAN, _MOST_BYTES)))
        except FileNotFoundError as error:
            raise UserError(f"There is no conversion in {self.home}; check the path.") from error
        except (OSError, ValueError, KeyError, TypeError, RecursionError, UserError) as error:
            raise UserError(
                f"{self.home / PLAN} cannot be read ({error}); convert into another folder."
            ) from error

    @property
    def run(self) -> Run:
        """Its lock, its events, and how it is steered: as a run directory has them."""
        return Run(self.home)

    @contextmanager
    def writer(self) -> Iterator[None]:
        """Hold the right to write; UserError when another process has it."""
        if self.run.busy:
            raise UserError(f"{self.home.parent} is being converted into already; wait for that.")
        with self.run.writer():
            yield

    @property
    def records(self) -> Records:
        """What became of the files so far."""
        found = Records()
        for event in self.run.events():
            with suppress(KeyError, TypeError):
                found.take(event)
        return found

    def say(self, kind: str, name: str, **told: Any) -> None:
        """Keep what became of a file; UserError where the disk refuses."""
        self.run.append({"kind": kind, "name": name, **told})

    @property
    def state(self) -> State:
        """How it stands, as its writer said last."""
        try:
            value = json.loads(files.read_text(self.home / STATE, _MOST_STATE))
            left = value["left"]
            return State(
                value["standing"],
                int(value["done"]),
                int(value["failed"]),
                int(value["total"]),
                str(value["name"]),
                float(value["share"]),
                None if left is None else float(left),
                str(value["sentence"]),
            )
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return State(sentence="")

    def tell(self, state: State) -> None:
        """Say how it stands: whole or not at all, without waiting for the disk."""
        beside = self.home / f".{STATE}.part"
        with suppress(OSError):  # Nothing hangs on it.
            beside.write_text(json.dumps(asdict(state)), "utf-8")
            os.replace(beside, self.home / STATE)

    def remove(self) -> None:
        """Forget it: results stay, parts of what was in hand go."""
        shutil.rmtree(self.home, ignore_errors=True)
        if self.home.name == INSIDE:
            with suppress(OSError):  # Results are in it, or it was the user's before.
                self.home.parent.rmdir()

    def launch(self, then: Path) -> "subprocess.Popen[bytes]":
        """Go on with it in a process of its own that outlives the caller, and begins what waits in
        the folder `then` when it has ended; UserError.
        """
        words = "import sys; from engines.cli import main; sys.exit(main(sys.argv[1:]))"
        self.run.steer("run")
        asked = ["convert", str(self.home), "--nice", "--then", str(then)]
        try:
            with open(self.home / LOG, "ab") as log:
                return subprocess.Popen(
                    [sys.executable, "-P", "-c", words, *asked],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    cwd=self.home,
                    env={**os.environ, "PYTHONPATH": str(ROOT)},
                    start_new_session=True,
                )
        except OSError as error:
            raise UserError(
                f"The conversion into {self.home.parent} could not be started: "
                f"{error.strerror or error}. Free some memory and disk space and go on with it."
            ) from error


def _beside(out: Path) -> Path:
    """Where the conversion into one file lies."""
    return out.with_name(f".{out.name}.convert")


def check(plan: Plan) -> None:
    """Refuse what makes no sense, before anything is begun; UserError."""
    if not plan.source.exists():
        raise UserError(f"There is no file or folder {plan.source}; check the path.")
    if plan.source.is_dir() and plan.out.is_file():
        raise UserError(f"{plan.out} is a file, but a folder of results is needed; name one.")
    if plan.source.resolve() == plan.out.resolve():
        raise UserError(f"{plan.out} is what is converted; choose another place for the results.")
    if not 0 <= plan.smooth < 1:
        raise UserError(f"Smoothing must lie between 0 and below 1, not {plan.smooth:g}.")
    if plan.side < 0:
        raise UserError(f"A side cannot have {plan.side} pixels; choose a larger one.")


def said(name: str, sentence: str) -> str:
    """A sentence on a file, which is named once."""
    return sentence if sentence.startswith(name) else f"{name}: {sentence}"


class Clock:
    """The time that work really takes, for what is left of it."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._since = time.monotonic()

    def hold(self) -> None:
        """A pause begins."""
        self.seconds += time.monotonic() - self._since

    def go(self) -> None:
        """The pause is over."""
        self._since = time.monotonic()

    def left(self, before: float, now: float) -> float | None:
        """Seconds that the rest takes, where the share `before` was done when it began."""
        spent = self.seconds + time.monotonic() - self._since
        return spent / (now - before) * (1 - now) if now - before > 1e-3 else None
