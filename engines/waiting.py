"""The queue of trainings: orders that wait until nothing trains, as folders beside the runs.

HOME/.queue/KEY/order.json is one that waits; to start it, its folder is moved among the runs, which
happens once or not at all. Whoever sees a run end may call `go_on`: the trainer itself, so that the
queue goes on with the studio closed, or a studio that was opened again.
"""

import contextlib
import json
import os
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from engines import files
from engines.errors import UserError
from engines.orders import LOG, Order
from engines.runs import Run

QUEUE = ".queue"
ROOT = Path(__file__).resolve().parents[1]
COMMAND = ("-P", "-c", "import sys; from engines.cli import main; sys.exit(main(sys.argv[1:]))")
UP_SECONDS = 60.0  # for a trainer that was started to say its first word
MOST = 100  # orders that wait
_MOST_BYTES = 100_000


@dataclass(frozen=True)
class Waiting:
    """An order that waits; `key` names it as long as it does."""

    key: str
    order: Order


@dataclass(frozen=True)
class Queue:
    """What waits, the next one first; while it is `held` none starts by itself."""

    waiting: tuple[Waiting, ...] = ()
    held: bool = False

    @property
    def keys(self) -> list[str]:
        """Their keys, the next one first."""
        return [entry.key for entry in self.waiting]


def read(home: Path) -> Queue:
    """The queue of a folder of runs; what cannot be read does not wait."""
    stand = _stand(home)
    listed = [key for key in stand.get("keys", []) if isinstance(key, str)]
    try:
        inside = sorted(entry.name for entry in os.scandir(home / QUEUE) if entry.is_dir())
    except OSError:
        return Queue()
    there = [key for key in inside if not key.startswith(".")]
    keys = [key for key in listed if key in there] + [key for key in there if key not in listed]
    found = []
    for key in keys[:MOST]:
        with contextlib.suppress(UserError):
            found.append(Waiting(key, Order.read(home / QUEUE / key)))
    return Queue(tuple(found), stand.get("held") is True)


def add(home: Path, order: Order, key: str = "") -> str:
    """Let an order wait as the last one, or in the place of the one of that key; its key."""
    with _locked(home):
        queue = read(home)
        keys = queue.keys
        if key not in keys:
            if len(keys) >= MOST:
                raise UserError(f"{MOST} trainings wait already; take one out of the queue first.")
            key = f"{time.time_ns():020d}-{secrets.token_hex(3)}"
            keys.append(key)
        order.write(home / QUEUE / key)
        _write(home, keys, queue.held)
    return key


def arrange(home: Path, keys: Sequence[str]) -> None:
    """Let them wait in this order; those not named keep theirs, behind."""
    with _locked(home):
        queue = read(home)
        first = [key for key in dict.fromkeys(keys) if key in queue.keys]
        _write(home, [*first, *(key for key in queue.keys if key not in first)], queue.held)


def hold(home: Path, on: bool) -> None:
    """Let none start by itself, or let them again."""
    with _locked(home):
        _write(home, read(home).keys, on)


def remove(home: Path, key: str) -> None:
    """Take one out of the queue; nothing of it remains."""
    with _locked(home):
        queue = read(home)
        if key not in queue.keys:
            return
        _write(home, [other for other in queue.keys if other != key], queue.held)
        # A kill in the middle of it must not leave half an order that waits again.
        gone = home / QUEUE / f".{key}"
        with contextlib.suppress(OSError):
            (home / QUEUE / key).rename(gone)
        shutil.rmtree(gone, ignore_errors=True)


def take(home: Path, key: str = "") -> Path | None:
    """Make a run directory of the next order, or of the one of that key, for its trainer to be
    launched in. None where nothing waits, or, without a key, where the queue is held or something
    trains; a run that rests trains too.
    """
    if not read(home).waiting:
        return None
    with _locked(home):
        queue = read(home)
        wanted = [entry for entry in queue.waiting if key in ("", entry.key)]
        if not wanted or (not key and (queue.held or trains(home))):
            return None
        entry = wanted[0]
        folder, path = home / QUEUE / entry.key, place(home, entry.order.title)
        replace(entry.order, made=time.time()).write(folder)
        try:
            folder.rename(path)
        except OSError as error:
            raise UserError(
                f"The training {entry.order.title} could not be started: "
                f"{error.strerror or error}; change the permissions of {home}."
            ) from error
        _write(home, [other for other in queue.keys if other != entry.key], queue.held)
    return path


def go_on(home: Path) -> Path | None:
    """Start the next order where nothing trains; the run that was started."""
    path = take(home)
    if path is not None:
        launch(path)
    return path


def trains(home: Path) -> bool:
    """Whether a trainer is at work in a run of this folder, rests there, or is coming up."""
    try:
        inside = [Path(entry.path) for entry in os.scandir(home) if entry.is_dir()]
    except OSError:
        return False
    return any(Run(path).busy or _coming(path) for path in inside if path.name[0] != ".")


def _coming(path: Path) -> bool:
    """Whether a trainer was ordered just now and has not said a word."""
    if (path / "events.jsonl").exists() or not (path / "order.json").exists():
        return False
    try:
        return 0 <= time.time() - Order.read(path).made < UP_SECONDS
    except UserError:
        return False


def place(home: Path, title: str) -> Path:
    """A folder for a run of that title, not there yet."""
    plain = "".join(c if c.isalnum() or c in " -_" else " " for c in title)
    stem = "-".join(plain.split())[:60] or "model"
    path, number = home / stem, 1
    while path.exists():
        number += 1
        path = home / f"{stem}-{number}"
    return path


def launch(run: Path) -> "subprocess.Popen[bytes]":
    """Start a run's trainer in a session of its own, which outlives its caller; UserError."""
    try:
        with open(run / LOG, "ab") as log:
            process = subprocess.Popen(
                [sys.executable, *COMMAND, "carry-out", str(run)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=run,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                start_new_session=True,
            )
    except OSError as error:
        raise UserError(
            f"The trainer in {run} could not be started: {error.strerror or error}. Free some "
            "memory and disk space and press Resume."
        ) from error
    process.returncode = 0  # Nobody waits for it: Python shall not warn of it.
    return process


def _stand(home: Path) -> dict[str, Any]:
    try:
        value = json.loads(files.read_text(home / QUEUE / "queue.json", _MOST_BYTES))
    except (OSError, ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) and isinstance(value.get("keys"), list) else {}


def _write(home: Path, keys: Sequence[str], held: bool) -> None:
    files.write_json(home / QUEUE / "queue.json", {"keys": list(keys), "held": held})


def _locked(home: Path) -> contextlib.AbstractContextManager[None]:
    """Nobody else changes the queue within."""
    return files.locked(home / QUEUE / "lock")
