"""The runs lane: run directories followed without a thread, a timer reads what was appended.

`Follow` is one run as far as its files tell; it can be asked again at any time and reads only what
is new. Nothing here writes, except through `Run.steer`, `Run.lease` and `Run.show`.
"""

import os
import time
from pathlib import Path
from typing import BinaryIO, Literal, cast

from engines import files
from engines.orders import BACK, BUNDLE, LOG
from engines.request import Request
from engines.runs import Desire
from studio.lanes.about import About
from studio.lanes.curve import Curve
from studio.lanes.events import Bounds, Note, Reading, Standing
from studio.lanes.faraway import Far

Status = Literal[
    "preparing",
    "training",
    "paused",
    "stopping",
    "exporting",
    "done",
    "unproved",  # trained, but the export did not stand its proof
    "stopped",
    "silent",  # elsewhere, and nothing was heard of it for long
    "failed",
]
ENDED: tuple[Status, ...] = ("done", "unproved", "stopped", "failed")
CHUNK = 64_000  # bytes a look: a few milliseconds
UP_SECONDS = 60.0  # for a trainer to come up
TAIL = 32_000  # bytes that say how a run stands, without its curves
GLANCE = 1_000_000  # bytes before them that are looked through for all but steps
SILENT_SECONDS = 90.0  # of a run elsewhere; an export says nothing for as long as it takes
EXPORT_SECONDS = 1800.0
_LOG_BYTES = 8_000


class Follow(About):
    """A run directory, read as it grows. `far` where it is a copy of one that is elsewhere."""

    def __init__(self, path: Path, far: Far | None = None) -> None:
        super().__init__(path)
        self.far = far
        self.whole = False  # Whether the curves are wanted too.
        self.pid: int | None = None  # of the trainer, where this studio started it
        self._unheard = False  # Whether that trainer has yet to say a word.
        self._inode = -1
        self._forget()
        self._shown = self._read  # that of the end, while an old log is read again

    def _forget(self) -> None:
        self._offset = -1
        self._torn = b""
        self._read = Reading(self.whole)
        self.behind = True  # Whether more waits to be read.

    # What it is and how it stands ---------------------------------------------------------------

    @property
    def title(self) -> str:
        """What the model will be called."""
        if self.order is not None and self.order.title.strip():
            return self.order.title
        return self.place.name

    @property
    def place(self) -> Path:
        """Where it really is."""
        return self.far.source if self.far is not None else self.path

    @property
    def bundle(self) -> Path | None:
        """The exported model, where there is one."""
        path = self.path / BUNDLE
        return path if (path / "model.json").is_file() else None

    @property
    def bundles(self) -> list[Path]:
        """That, and the model of the way back, where there is one."""
        found = [self.path / name for name in (BUNDLE, BACK)]
        return [path for path in found if (path / "model.json").is_file()]

    @property
    def _standing(self) -> Standing:
        return self._shown.standing

    @property
    def step(self) -> int:
        """Steps done."""
        return self._standing.step

    @property
    def said(self) -> str:
        """The trainer's last word of its state."""
        return self._standing.said

    @property
    def memory(self) -> int | None:
        """Bytes that the trainer holds, where it said so."""
        return self._standing.memory

    @property
    def busy(self) -> bool:
        """Whether a trainer is at it."""
        return self._far_busy if self.far is not None else self.run.busy

    @property
    def _far_busy(self) -> bool:
        """A lock does not reach over every mount: whoever trains writes."""
        if self.far is None or self.said in ("", *ENDED, "discarded"):
            return False
        pace = self.seconds_a_step or 0.0
        patience = EXPORT_SECONDS if self.said == "exporting" else max(SILENT_SECONDS, 20 * pace)
        return self.run.desire() == "pause" or self.far.quiet < patience

    def status(self) -> Status:
        """How it stands now; `last_word` says more where it failed."""
        if self.busy:
            return self._busy_status()
        if self.starting:
            return "preparing"
        if self.said in ("failed", "unproved"):
            return cast(Status, self.said)
        if self._unheard:
            return "failed"
        if self.said == "done" and self.bundle is not None:
            return "done"
        if self.far is not None and self.said not in ("", "done", "stopped"):
            return "silent"
        if self.said or self.config:
            return "stopped"
        # Another studio may have ordered it, and its trainer not have come up yet.
        lately = self.order is not None and 0 <= time.time() - self.order.made < UP_SECONDS
        return "preparing" if lately else "failed"

    def _busy_status(self) -> Status:
        desire = self.run.desire()
        if desire in ("stop", "discard") and self.said != "exporting":
            return "stopping"
        if self.said in ("", "preparing", *ENDED):
            return "preparing"
        if self.said == "exporting":
            return "exporting"
        return "paused" if desire == "pause" else "training"

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
            with files.reading(self.path / LOG) as log:
                log.seek(0, 2)
                log.seek(max(0, log.tell() - _LOG_BYTES))
                lines = log.read().decode("utf-8", "replace").splitlines()
        except OSError:
            return ""
        said = [line.strip() for line in lines if line.strip() and not line.startswith(" ")]
        return said[-1][:300] if said else ""

    # Speed --------------------------------------------------------------------------------------

    @property
    def seconds_a_step(self) -> float | None:
        """The usual time from step to step of late; None before there were a few."""
        return self._shown.seconds_a_step

    @property
    def waiting(self) -> float | None:
        """The share of the time of late that steps waited for data."""
        return self._shown.waiting

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
        return self.batch / pace if pace and self.batch else None

    # What it shows ------------------------------------------------------------------------------

    @property
    def losses(self) -> dict[str, Curve]:
        """Loss terms by name, where the curves are wanted."""
        return self._read.losses

    @property
    def figures(self) -> dict[str, Curve]:
        """What was measured on the validation split."""
        return self._shown.figures

    @property
    def bounds(self) -> dict[str, Bounds]:
        """Floor and ceiling of figures."""
        return self._shown.bounds

    @property
    def notes(self) -> list[Note]:
        """All that was told in words, in the order of telling."""
        return self._shown.notes

    @property
    def current(self) -> list[Note]:
        """What of it holds now."""
        return self._shown.current

    @property
    def canvas(self) -> Path | None:
        """The newest preview of the artist's canvas."""
        name = self._standing.canvas
        return self.path / "previews" / name if name else None

    @property
    def sheet(self) -> Path | None:
        """The newest sheet of validation pictures, real above made."""
        return max((self.path / "previews").glob("[0-9]*.png"), default=None)

    @property
    def snapshots(self) -> list[int]:
        """Steps whose models can be looked at, in order."""
        if self.far is not None:
            return self.far.snapshots
        stems = (p.stem for p in (self.path / "snapshots").glob("[0-9]*.safetensors"))
        return sorted(int(stem) for stem in stems if stem.isdecimal())

    # Steering -----------------------------------------------------------------------------------

    def steer(self, desire: Desire) -> None:
        """Ask the trainer to run, pause, stop and keep, or stop for nothing."""
        self.run.steer(desire)
        if self.far is not None:
            self.far.put("control")

    def lease(self, seconds: float) -> None:
        """Ask the trainer to rest; one elsewhere takes nothing from this computer's painter."""
        if self.far is None:
            self.run.lease(seconds)

    def show(self, request: Request) -> None:
        """Ask for previews of this canvas from now on."""
        self.run.show(request)
        if self.far is not None:
            self.far.put("canvas/request.json")

    # Reading ------------------------------------------------------------------------------------

    def want_curves(self) -> None:
        """Read it from the beginning; a long run was only glanced at before."""
        if not self.whole:
            self.whole = True
            self._forget()

    def look(self) -> bool:
        """Read what was appended, at most CHUNK bytes; whether there was anything."""
        try:
            with files.reading(self.run.events_path) as log:
                size, inode = log.seek(0, 2), os.fstat(log.fileno()).st_ino
                if size < self._offset or inode != self._inode:  # It is another file now.
                    self._forget()
                    self._shown, self._inode = self._read, inode
                if self._offset < 0:
                    self._offset = 0 if self.whole else max(0, size - TAIL)
                    skip = self._offset > 0
                    self._glance(log)
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
        heard = self._read.heard
        for line in lines[1:] if skip else lines:
            self._read.take(line)
        if self._read.heard > heard:
            self._unheard = False
        if not self.behind:
            self._shown = self._read
        return bool(data)

    def _glance(self, log: BinaryIO) -> None:
        """Take in what was measured and told before the tail, where only that is read."""
        start = max(0, self._offset - GLANCE)
        log.seek(start)
        lines = log.read(self._offset - start).split(b"\n")
        for line in lines[1 if start else 0 :]:
            if b'"kind": "step"' not in line[:20]:
                self._read.take(line)
