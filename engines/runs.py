"""Run directories: the border between the studio and the trainer, and nothing but files.

One trainer writes (it holds `run.lock`); anyone may read, and steer through `control`.
"""

import contextlib
import fcntl
import json
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from engines import files
from engines.errors import UserError
from engines.request import Request

Desire = Literal["run", "pause", "stop", "discard"]
FORMAT = 1
KEPT_CHECKPOINTS = 3
# What may be there before there is a run.
BEFOREHAND = frozenset(
    (
        "order.json",
        "log.txt",
        "run.lock",
        "events.jsonl",
        "control",
        "lease",
        "canvas",
        "base.safetensors",
    )
)
LOCKING_SECONDS = 1.0
MOST_BYTES = 4_000_000  # of a file or a line that is read whole
MOST_LOG = 500_000_000  # bytes of events; a million steps are some 200 MB


@dataclass(frozen=True)
class Run:
    """A run directory at `path`; `create` makes one, `open` checks that there is one."""

    path: Path

    @classmethod
    def create(cls, path: Path, config: Mapping[str, Any]) -> "Run":
        """Make a new run directory holding `config` as run.json; UserError when one is there
        already.
        """
        if (path / "run.json").exists():
            raise UserError(
                f"{path} already holds a run; resume it with --resume, or choose another folder."
            )
        inside = [p.name for p in path.iterdir()] if path.is_dir() else []
        # Hidden are the halves of files that a kill left.
        if any(name not in BEFOREHAND and not name.startswith(".") for name in inside):
            raise UserError(f"{path} is not empty and holds no run; choose another folder.")
        files.write_json(path / "run.json", {"format": FORMAT, **config})
        return cls(path)

    @classmethod
    def open(cls, path: Path) -> "Run":
        """The run at `path`; UserError when there is none or it cannot be read."""
        run = cls(path)
        if run.config["format"] != FORMAT:
            raise UserError(
                f"The run in {path} has format {run.config['format']}; this version reads {FORMAT}."
            )
        return run

    @property
    def config(self) -> dict[str, Any]:
        """What run.json says: recipe, settings, data, versions, seed, threads, precision."""
        try:
            value = json.loads(files.read_text(self.path / "run.json", MOST_BYTES))
        except FileNotFoundError as error:
            raise UserError(
                f"There is no run in {self.path} (no run.json); check the path."
            ) from error
        except (OSError, ValueError, RecursionError) as error:
            raise UserError(
                f"run.json in {self.path} cannot be read ({error}); restore it or start a new run."
            ) from error
        if not isinstance(value, dict) or not isinstance(value.get("format"), int):
            raise UserError(
                f"run.json in {self.path} is not a run's; restore it or start a new run."
            )
        return value

    @contextlib.contextmanager
    def writer(self) -> Iterator[None]:
        """Hold the right to write; UserError when another process has it. The lock dies with its
        holder.
        """
        try:
            handle = os.open(self.path / "run.lock", os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise UserError(
                f"Could not lock the run in {self.path}: {error.strerror}; make the folder "
                f"writable."
            ) from error
        try:
            # Whoever asks `busy` holds the lock for an instant, so one refusal proves nothing.
            limit = time.monotonic() + LOCKING_SECONDS
            while True:
                try:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except OSError as error:
                    if time.monotonic() > limit:
                        raise UserError(
                            f"The run in {self.path} is already training; stop that first."
                        ) from error
                    time.sleep(0.02)
            yield
        finally:
            os.close(handle)

    @property
    def busy(self) -> bool:
        """Whether a trainer holds the lock now."""
        try:
            handle = os.open(self.path / "run.lock", os.O_RDONLY | os.O_NONBLOCK)
        except OSError:
            return False
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return True
        finally:
            os.close(handle)
        return False

    # Events -------------------------------------------------------------------------------------

    @property
    def events_path(self) -> Path:
        """The append-only log, a JSON object a line."""
        return self.path / "events.jsonl"

    def append(self, event: Mapping[str, Any]) -> None:
        """Append one event. A line torn by a kill is closed first, so that it spoils no other."""
        line = json.dumps(dict(event), allow_nan=True) + "\n"
        try:
            with open(self.events_path, "ab+") as log:
                if log.tell() and (log.seek(-1, os.SEEK_END), log.read(1))[1] != b"\n":
                    line = "\n" + line
                log.write(line.encode())
        except OSError as error:
            raise UserError(
                f"Could not write {self.events_path}: {error.strerror}; the last checkpoint is "
                f"kept. Free some space "
                "and resume the run."
            ) from error

    def events(self) -> list[dict[str, Any]]:
        """All events, unreadable lines left out; what was logged after the step a resume went back
        to is superseded.
        """
        kept: list[dict[str, Any]] = []
        try:
            with files.reading(self.events_path) as log:
                # A line without an end must not fill the memory, nor a log without one the day.
                while log.tell() < MOST_LOG and (line := log.readline(MOST_BYTES)):
                    if (event := _event(line)) is None:
                        continue
                    if event["kind"] == "resumed":
                        kept = [old for old in kept if old.get("step", 0) <= event["step"]]
                    kept.append(event)
        except OSError:
            return kept
        return kept

    def losses(self) -> dict[int, dict[str, float]]:
        """Step -> named loss terms, for the curves."""
        return {e["step"]: e["losses"] for e in self.events() if e["kind"] == "step"}

    # Steering -----------------------------------------------------------------------------------

    def steer(self, desire: Desire) -> None:
        """Ask the trainer to run, pause, stop and keep what it has, or stop for nothing."""
        files.write_json(self.path / "control", {"desire": desire})

    def lease(self, seconds: float) -> None:
        """Ask the trainer to rest until the lease expires: a painter needs the processor."""
        self._put("lease", json.dumps({"until": time.time() + min(seconds, 60.0)}))

    def desire(self) -> Desire:
        """What was last asked for; "run" where nothing readable was."""
        value = self._small("control").get("desire")
        return value if value in ("run", "pause", "stop", "discard") else "run"

    def leased(self) -> bool:
        """Whether a lease holds now; one longer than a minute is not believed."""
        until = self._small("lease").get("until", 0.0)
        return isinstance(until, int | float) and 0 < until - time.time() <= 60

    @property
    def canvas_path(self) -> Path:
        """A Request whose values go by the kind of port ("layout", "image"): what to preview."""
        return self.path / "canvas" / "request.json"

    def show(self, request: Request) -> None:
        """Ask the trainer to preview this from now on."""
        self._put("canvas/request.json", request.to_json())

    def _put(self, name: str, text: str) -> None:
        """Write whole or not at all, but without waiting for the disk: the studio does this while
        it is painted in, and nobody misses it after a power cut.
        """
        path = self.path / name
        beside = path.with_name(f".{path.name}.{os.getpid()}.part")
        try:
            path.parent.mkdir(exist_ok=True)
            beside.write_text(text, "utf-8")
            os.replace(beside, path)
        except OSError as error:
            beside.unlink(missing_ok=True)
            raise UserError(
                f"Could not write {path}: {error.strerror}; free some space or make the folder "
                "writable."
            ) from error

    def _small(self, name: str) -> dict[str, Any]:
        try:
            value = json.loads(files.read_text(self.path / name, MOST_BYTES))
        except (OSError, ValueError, RecursionError):
            return {}
        return value if isinstance(value, dict) else {}

    # Checkpoints --------------------------------------------------------------------------------

    def checkpoint_path(self, step: int) -> Path:
        """Where the full state after `step` steps lies."""
        return self.path / "checkpoints" / f"{step:09d}.safetensors"

    @property
    def best_path(self) -> Path:
        """The averaged weights that measured best on the validation split."""
        return self.path / "checkpoints" / "best.safetensors"

    def checkpoints(self) -> list[Path]:
        """Full states, oldest first."""
        return sorted((self.path / "checkpoints").glob("[0-9]*.safetensors"))

    @property
    def kept_step(self) -> int:
        """The step of the newest checkpoint, 0 where there is none."""
        return max((int(path.stem) for path in self.checkpoints()), default=0)

    def prune(self) -> None:
        """Remove all but the newest checkpoints."""
        for old in self.checkpoints()[:-KEPT_CHECKPOINTS]:
            old.unlink(missing_ok=True)

    def snapshot_path(self, step: int) -> Path:
        """Where the averaged weights after `step` steps lie, for the time slider."""
        return self.path / "snapshots" / f"{step:09d}.safetensors"


def _event(line: bytes) -> dict[str, Any] | None:
    """What a line of the log says; None where it is torn, or no event."""
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(event, dict) or not isinstance(event.get("kind"), str):
        return None
    stepped = event["kind"] in ("step", "resumed", "measure")
    if ("step" in event or stepped) and type(event.get("step")) is not int:
        return None
    if event["kind"] == "step" and not isinstance(event.get("losses"), dict):
        return None
    return event
