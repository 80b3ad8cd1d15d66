"""Trainings: started as processes of their own, followed through their folders, and steered.

Closing the studio leaves them going; opening it finds them again.
"""

import os
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from platformdirs import user_data_path
from PySide6.QtCore import QObject, QTimer, Signal

from engines import waiting
from engines.errors import UserError
from engines.orders import Order
from engines.runs import Desire
from studio.lanes.runs import ENDED, Follow, Status
from studio.lanes.work import Job, WorkLane
from studio.models.canvases import Shown, canvas_for
from studio.models.following import Following
from studio.models.library import install
from studio.models.queue import Queue

LIVELY, QUIET, BEHIND = 500, 2000, 20  # milliseconds from look to look
CANVAS_SECONDS = 2.0  # between two canvases that are handed over
LEASE_SECONDS = 1.0
REMOVED = ".removed"


def own_runs() -> Path:
    """The user's folder of run directories."""
    return Path(user_data_path("pentimento")) / "runs"


class Training(QObject):
    """All runs of the user, newest first. `listed` when one came or went, `changed` when one moved
    on, `problem` with a sentence.
    """

    listed = Signal()
    changed = Signal(object)  # Follow
    installed = Signal(object)  # Path of the model's folder
    problem = Signal(str)

    def __init__(
        self, work: WorkLane, home: Path | None = None, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._work = work
        self.home = own_runs() if home is None else home
        self.runs: tuple[Follow, ...] = ()
        self.selected: Follow | None = None
        self.installing: set[Path] = set()
        self._status: dict[Path, Status] = {}
        self._seen: dict[Path, object] = {}
        self._discarded: set[Path] = set()
        self.canvas: Shown | None = None
        self._shown: dict[Path, int] = {}  # which canvas each run was handed
        self._tunable: dict[tuple[Path, int], str] = {}  # by model, why not
        self._canvas_number = 0
        self._next_canvas = self._next_lease = 0.0
        self.rendering: Callable[[], bool] = lambda: False  # whether an artist waits for a picture
        self.following = Following(self.home, self)
        self.queue = Queue(self.home, self.start_queued, self)
        self.queue.problem.connect(self.problem)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._tick)
        self._sweep()
        self.look()
        self._timer.start(LIVELY)

    def close(self) -> None:
        """Look no more. What trains goes on."""
        self._timer.stop()
        self.following.close()

    # Following --------------------------------------------------------------------------------

    def _tick(self) -> None:
        self.look()
        if self.rendering():
            self.touch()
        self.queue.look()
        behind = any(run.behind for run in self.runs)
        self._timer.start(BEHIND if behind else LIVELY if self.busy else QUIET)

    @property
    def busy(self) -> bool:
        """Whether a run goes on, as far as it is known."""
        return any(status not in ENDED for status in self._status.values())

    def look(self) -> None:
        """Read what is new in all runs."""
        known = {run.path: run for run in self.runs}
        found = [known[path] if path in known else Follow(path) for path in self._folders()]
        found += self.following.runs
        found.sort(key=lambda run: (-_made(run), run.path.name))
        if tuple(found) != self.runs:
            self.runs = tuple(found)
            if self.selected not in self.runs:
                self.select(self.runs[0] if self.runs else None)
            self._status = {run.path: run.status() for run in self.runs}
            self.listed.emit()
        for run in self.runs:
            self._look_at(run)
        self._hand_over_canvas()

    def _folders(self) -> Iterator[Path]:
        try:
            inside = sorted(os.scandir(self.home), key=lambda entry: entry.name)
        except OSError:
            return
        for entry in inside:
            path = Path(entry.path)
            if entry.name.startswith(".") or not entry.is_dir():
                continue
            if (path / "order.json").is_file() or (path / "run.json").is_file():
                yield path

    def _look_at(self, run: Follow) -> None:
        read = run.look()
        status = run.status()
        self._status[run.path] = status
        if run.path in self._discarded and not run.busy and not run.alive:
            self._remove(run)
            return
        trouble = run.far.trouble if run.far is not None else ""
        seen = (status, run.bundle is not None, run.path in self.installing, run.behind, trouble)
        if read or seen != self._seen.get(run.path):
            self._seen[run.path] = seen
            self.changed.emit(run)

    def status(self, run: Follow) -> Status:
        """How a run stood when it was last looked at."""
        return self._status.get(run.path, "stopped")

    def select(self, run: Follow | None) -> None:
        """Follow this one with all its curves."""
        self.selected = run
        if run is not None:
            run.want_curves()
            self._timer.start(BEHIND)

    def guess(self, recipe: str, steps: int, work: float) -> float | None:
        """Seconds that `steps` steps of `work` (batch times pixels) will take, going by an earlier
        run of the same recipe; None where there is none.
        """
        for run in self.runs:
            try:
                theirs = float(run.settings["batch"] * run.settings["size"] ** 2)
            except (KeyError, TypeError, OverflowError):
                continue
            pace, stages = run.seconds_a_step, run.stages
            if run.recipe != recipe or pace is None or theirs <= 0 or not run.step:
                continue
            # The pace is that of the stage the run is in; others cost by their pixels.
            now = _pixels_at(stages, run.step - 1)
            usual = sum(n * pixels for n, pixels in stages) / max(1, run.total) / now
            return pace * usual * steps * work / theirs
        return None

    # Elsewhere --------------------------------------------------------------------------------

    def follow(self, folder: Path) -> None:
        """Follow the runs of a folder that another computer writes."""
        try:
            self.following.add(folder)
        except UserError as error:
            self.problem.emit(str(error))
        self.listed.emit()
        self._timer.start(LIVELY)

    def forget(self, source: Path) -> None:
        """Follow this folder no more. All that is there stays as it is."""
        try:
            copies = self.following.drop(source)
        except UserError as error:
            self.problem.emit(str(error))
            return
        self._work.add(Job(self.tr("Tidying up"), lambda job: _delete(copies)))
        self.look()
        self.listed.emit()

    # Starting and steering --------------------------------------------------------------------

    def start(self, order: Order) -> Follow | None:
        """Make a run of the order and start its trainer; None, with `problem`, where it fails."""
        order = replace(order, made=time.time())
        try:
            path = waiting.place(self.home, order.title)
            order.write(path)
        except UserError as error:
            self.problem.emit(str(error))
            return None
        run = Follow(path)
        self.runs = (run, *self.runs)
        self._launch(run)
        self._status[path] = run.status()
        self.select(run)
        self.listed.emit()
        return run

    def start_queued(self, path: Path) -> None:
        """Launch the trainer of a run that has just left the queue."""
        self.look()
        run = next((run for run in self.runs if run.path == path), None)
        if run is not None:
            self._launch(run)
            self._look_at(run)

    def _launch(self, run: Follow) -> None:
        """Start the trainer in a session of its own: it outlives the studio."""
        try:
            process = waiting.launch(run.path)
        except UserError as error:
            self.problem.emit(str(error))
            return
        run.started(process.pid)
        self._timer.start(LIVELY)

    def pause(self, run: Follow) -> None:
        """Rest after the step in hand, with all on the disk."""
        self._steer(run, "pause")

    def resume(self, run: Follow) -> None:
        """Go on: after a pause, or from the last checkpoint with a new trainer."""
        if not self._steer(run, "run") or run.far is not None:
            return
        if not run.busy and not run.alive:
            self._launch(run)
            self._look_at(run)

    def keep(self, run: Follow) -> None:
        """End the training and export what it has learned so far."""
        self._steer(run, "stop")

    def cancel(self, run: Follow) -> None:
        """End the training and remove all of it."""
        self._discarded.add(run.path)
        self._steer(run, "discard")
        self._look_at(run)

    def again(self, run: Follow) -> Order | None:
        """The order that would make this run once more, to be changed; None, with `problem`."""
        try:
            order = Order.of(run.path)
        except UserError as error:
            self.problem.emit(str(error))
            return None
        return order.again(title=self._numbered(order.title or run.title))

    def why_not_tune(self, run: Follow) -> str:
        """Why its model cannot be fine-tuned, in a sentence; empty where it can."""
        if run.bundle is None:
            return self.tr("There is no model yet.")
        try:
            state = run.bundle, (run.bundle / "model.json").stat().st_mtime_ns
        except OSError:
            state = run.bundle, 0
        if state not in self._tunable:
            from engines.runtime.tuning import why_not

            self._tunable[state] = why_not(run.bundle, run.recipe)
        return self._tunable[state]

    def _numbered(self, title: str) -> str:
        """A title that no run has: Lakes, Lakes 2, Lakes 3."""
        taken, base, number = {run.title for run in self.runs}, title, 2
        head, _, last = title.rpartition(" ")
        if head and last.isdecimal():
            base, number = head, int(last) + 1
        while title in taken:
            title, number = f"{base} {number}", number + 1
        return title

    def _steer(self, run: Follow, desire: Desire) -> bool:
        try:
            run.steer(desire)
        except UserError as error:
            self.problem.emit(str(error))
            return False
        self._look_at(run)
        return True

    def _remove(self, run: Follow) -> None:
        """Take a run away: at once to the eye, and in the background from the disk."""
        self._discarded.discard(run.path)
        gone = run.path.with_name(f".{run.path.name}-{time.time_ns()}{REMOVED}")
        try:
            run.path.rename(gone)
        except OSError as error:
            self.problem.emit(
                self.tr("{0} could not be removed: {1}; change the folder's permissions.").format(
                    run.path, error.strerror or error
                )
            )
            return
        self.runs = tuple(other for other in self.runs if other is not run)
        for kept in (self._status, self._seen, self._shown):
            kept.pop(run.path, None)
        if self.selected is run:
            self.select(self.runs[0] if self.runs else None)
        self.listed.emit()
        self._sweep()

    def _sweep(self) -> None:
        """Delete what was removed, off this thread."""
        gone = list(self.home.glob(f".*{REMOVED}"))
        if gone:
            self._work.add(Job(self.tr("Removing a training"), lambda job: _delete(gone)))

    def use(self, run: Follow) -> None:
        """Install the run's model among the user's own; `installed` when it is there."""
        bundles = run.bundles
        if run.bundle is None or run.path in self.installing:
            return

        def done(name: str) -> None:
            self.installing.discard(run.path)
            from engines.runtime.places import own_models

            self.installed.emit(own_models() / name)
            self._look_at(run)

        def failed(sentence: str) -> None:
            self.installing.discard(run.path)
            self.problem.emit(sentence)
            self._look_at(run)

        self.installing.add(run.path)
        self._look_at(run)
        self._work.add(
            Job(
                self.tr("Adding {0}").format(run.title),
                lambda job: next(install(bundle) for bundle in bundles),
                done,
                failed,
            )
        )

    # The canvas and the pen -------------------------------------------------------------------

    def touch(self) -> None:
        """The pen is at work, or a picture is: trainers rest for a second from now."""
        now = time.monotonic()
        if now < self._next_lease:
            return
        self._next_lease = now + LEASE_SECONDS / 2
        for run in self.runs:
            if self.status(run) in ("training", "preparing"):
                try:
                    run.lease(LEASE_SECONDS)
                except UserError as error:
                    self.problem.emit(str(error))

    def show_on(self, shown: Shown) -> None:
        """Let the previews show this."""
        self.canvas = shown
        self._canvas_number += 1

    def _hand_over_canvas(self) -> None:
        """Give the newest layout to the runs that train, not oftener than they could paint it."""
        now = time.monotonic()
        if self.canvas is None or now < self._next_canvas:
            return
        for run in self.runs:
            waits = self._shown.get(run.path) != self._canvas_number
            if waits and run.config and self.status(run) in ("training", "preparing"):
                self._next_canvas = now + CANVAS_SECONDS
                self._shown[run.path] = self._canvas_number
                try:
                    run.show(canvas_for(run, self.canvas))
                except UserError as error:
                    self.problem.emit(str(error))
                except (KeyError, TypeError):  # run.json does not say what its classes are.
                    continue


def _delete(folders: list[Path]) -> None:
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


def _made(run: Follow) -> float:
    if run.order is not None:
        return run.order.made
    try:
        return (run.path / "run.json").stat().st_mtime
    except OSError:
        return 0.0


def _pixels_at(stages: list[tuple[int, float]], step: int) -> float:
    for steps, pixels in stages:
        if step < steps:
            return pixels
        step -= steps
    return stages[-1][1]
