"""Starting the other processes of a training on this machine, and starting anew when one is lost.

Whoever trains (a terminal's `train`, the studio's `carry-out`) becomes their leader and is their
parent; they end when it does, whatever ends it. Between machines `torchrun` does this part.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

from engines.errors import AnewError, UserError
from engines.runs import Run

MEETING = "PENTIMENTO_MEETING"  # folder where the processes of one crew find each other
DEVICE = "PENTIMENTO_DEVICE"  # number of the GPU that is this process's
HERE = "here-"  # with its rank, the name of the file by which a process says that it came up
_LOSSES = "PENTIMENTO_LOSSES"  # "2@500": lost two processes since the checkpoint of step 500
MOST_LOSSES = 3  # without a new checkpoint in between
COMING_SECONDS = 300.0  # for the others to come up
# A process that waits for a dead one's GPU is deaf; it is not waited for any longer than this.
DEAF_SECONDS = 20.0
WORDLESS = (
    "The first of the processes that train this run ended without a word; the last checkpoint is "
    "kept. Resume the run."
)


@dataclass
class Others:
    """The processes beside the leader, by rank from 1."""

    run: Run
    world: int
    place: Path
    before: dict[str, str]  # the environment as it was
    children: list["subprocess.Popen[bytes]"] = field(default_factory=list)
    closing: bool = False

    def start(self, devices: Sequence[int], steps: int | None) -> None:
        """Start them all; what they say goes to the run's log."""
        command = [sys.executable, "-P", "-m", "engines.train", str(self.run.path)]
        command += [str(steps)] if steps is not None else []
        with open(self.run.path / "log.txt", "ab") as log:
            for rank in range(1, self.world):
                self.children.append(
                    subprocess.Popen(
                        command,
                        env=_found_here() | environment(self.place, rank, self.world, devices),
                        stdin=subprocess.PIPE,  # Its end tells them that the leader is gone.
                        stdout=log,
                        stderr=log,
                        start_new_session=True,  # Ctrl+C is for the leader.
                    )
                )

    def meet(self) -> None:
        """Wait until all of them came up."""
        limit = time.monotonic() + COMING_SECONDS
        while any(not (self.place / f"{HERE}{r}").exists() for r in range(1, self.world)):
            if (said := self.lost()) or time.monotonic() > limit:
                raise UserError(
                    said
                    or f"The {self.world} processes did not come up within "
                    f"{COMING_SECONDS:.0f} seconds; train with fewer, or close other programs."
                )
            time.sleep(0.02)

    def lost(self) -> str:
        """Which of them ended that should not have, in a sentence; "" while none did."""
        for rank, child in enumerate(self.children, 1):
            if code := child.poll():
                how = f"was killed (signal {-code})" if code < 0 else f"failed (exit code {code})"
                return f"Process {rank + 1} of the {self.world} that train this run {how}."
        return ""

    def end(self, seconds: float) -> None:
        """Let them end by themselves for so long, then end them."""
        self.closing = True
        limit = time.monotonic() + seconds
        for child in self.children:
            with suppress(subprocess.TimeoutExpired):
                child.wait(max(0.0, limit - time.monotonic()))
            child.kill()
            child.wait()
            if child.stdin is not None:
                child.stdin.close()


def environment(place: Path, rank: int, world: int, devices: Sequence[int]) -> dict[str, str]:
    """What tells a process of a crew on this machine its part: torchrun's names, and ours."""
    told = {
        "RANK": str(rank),
        "LOCAL_RANK": str(rank),
        "WORLD_SIZE": str(world),
        "LOCAL_WORLD_SIZE": str(world),
        MEETING: str(place),
    }
    if devices:
        told[DEVICE] = str(devices[rank])
    if sys.platform == "linux":
        told["GLOO_SOCKET_IFNAME"] = "lo"  # Else it asks the network what this machine is called.
    return told


@contextmanager
def leading(
    run: Run,
    processes: int,
    devices: Sequence[int] = (),
    *,
    again: Sequence[str],
    steps: int | None = None,
) -> Iterator[None]:
    """Within, this process leads a crew of so many on this machine, on those GPUs or the CPU.

    Where one is lost, the run says so, and this process becomes Python with the arguments `again`,
    which go on with the run from its last checkpoint. After a few such losses without a new
    checkpoint it is a UserError. The caller holds the run's lock.
    """
    if processes == 1:
        before = dict(os.environ)
        with _told({DEVICE: str(devices[0])} if devices else {}):
            try:
                yield
            except AnewError:
                _become(again, _found_here(before))
        return
    from engines.distributed import LostError, joined

    place = Path(tempfile.mkdtemp(prefix="pentimento-crew-"))
    others, patience = Others(run, processes, place, dict(os.environ)), 0.0
    try:
        others.start(devices, steps)
        others.meet()
        threading.Thread(target=_listen, args=(others, again), daemon=True).start()
        with _told(environment(place, 0, processes, devices)), joined():
            yield
        patience = 60.0
    except LostError as lost:
        said = _of(others) or str(lost)
        others.end(0)
        shutil.rmtree(place, ignore_errors=True)
        if lost.reason == "memory":  # The run has told what it does about that.
            _become(again, _found_here(others.before))
        if lost.reason:  # Something that would only come again.
            raise UserError(lost.reason) from lost
        raise UserError(_anew(others, said, again)) from lost
    finally:
        others.end(patience)
        shutil.rmtree(place, ignore_errors=True)


@contextmanager
def _told(values: dict[str, str]) -> Iterator[None]:
    """Within, the environment says so."""
    before = dict(os.environ)
    os.environ.update(values)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def follow_leader(run: Run) -> None:
    """In a process that a leader started: end when the leader does, and say so in its place."""
    if MEETING not in os.environ or os.environ["RANK"] == "0":
        return

    def watch() -> None:
        while os.read(0, 1):  # Not through sys.stdin, whose lock outlives this thread at exit.
            pass
        say_for_leader(run)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def say_for_leader(run: Run) -> None:
    """Tell the run, once, that its leader ended without a word; a leader that lives has the lock,
    and speaks for itself.
    """
    with suppress(UserError), run.writer():
        if not any(event.get("sentence") == WORDLESS for event in run.events()[-1:]):
            _tell(run, WORDLESS)


def _of(others: Others) -> str:
    """How one was lost, once its end can be seen; another process sees it a little sooner."""
    limit = time.monotonic() + 2.0
    while not (said := others.lost()) and time.monotonic() < limit:
        time.sleep(0.02)
    return said


def _listen(others: Others, again: Sequence[str]) -> None:
    """Act for a leader that hears nothing, since it waits for the GPU of a process that is dead."""
    since: float | None = None
    while not others.closing:
        if others.lost():
            since = since or time.monotonic()
            if time.monotonic() > since + DEAF_SECONDS:
                said = others.lost()
                others.end(0)
                _tell(others.run, _anew(others, said, again))
                os._exit(1)
        time.sleep(0.1)


def _anew(others: Others, said: str, again: Sequence[str]) -> str:
    """Tell the run, and become `again`. Where the run is to end, or that was tried too often, the
    sentence to end with comes back.
    """
    run = others.run
    newest = run.kept_step
    count, _, step = os.environ.get(_LOSSES, "0@0").partition("@")
    losses = int(count) + 1 if int(step) == newest else 1
    if run.desire() in ("stop", "discard"):
        return f"{said} The last checkpoint is kept."
    if losses > MOST_LOSSES:
        return (
            f"{said} That was {losses} times without a new checkpoint; the last one is kept. "
            "Resume the run with fewer processes."
        )
    goes_on = f"from step {newest}, the last checkpoint" if newest else "anew"
    _tell(run, f"{said} Training goes on {goes_on}.")
    _become(again, _found_here(others.before) | {_LOSSES: f"{losses}@{newest}"})


def _become(again: Sequence[str], told: Mapping[str, str]) -> NoReturn:
    sys.stdout.flush()
    sys.stderr.flush()
    os.execve(sys.executable, [sys.executable, *again], dict(told))


def _found_here(told: Mapping[str, str] = os.environ) -> dict[str, str]:
    """An environment in which Python finds this program, wherever it is started."""
    paths = [str(Path(__file__).parents[1]), told.get("PYTHONPATH", "")]
    return {**told, "PYTHONPATH": os.pathsep.join(filter(None, paths))}


def _tell(run: Run, sentence: str) -> None:
    step = run.kept_step
    with suppress(UserError):
        run.append({"kind": "warning", "step": step, "sentence": sentence, "time": time.time()})
