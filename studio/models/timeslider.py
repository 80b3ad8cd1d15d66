"""Back in time: the artist's canvas painted by any snapshot of a run.

A snapshot becomes a model on the work lane; a render lane of its own paints with it, never while
the pen is down. Neighbours are made ready beforehand, and what was painted is kept, so that sliding
to and fro is at once.
"""

from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from platformdirs import user_cache_path
from PySide6.QtCore import QObject, QTimer, Signal

from studio.document.document import Pixels
from studio.lanes.render import Order, RenderLane
from studio.lanes.runs import Follow
from studio.lanes.work import Job, WorkLane
from studio.models.compose import Small, compose, missing, painted, picture_size
from studio.models.live import shown
from studio.models.session import Session

if TYPE_CHECKING:
    from engines.ports import Layout
    from engines.runtime.bundle import Bundle
    from engines.runtime.render import Frame

SIDE = 256  # of a picture whose model does not say what it was trained at
READY = 5  # models at once: the chosen one, and two on either side
PICTURES = 40
REST_MS = 400  # after the last stroke
FETCH_MS = 300  # from look to look for a snapshot that is brought from elsewhere


@dataclass(frozen=True)
class Moment:
    """A snapshot: its run's folder and its step."""

    run: Path
    step: int


class TimeSlider(QObject):
    """What the slider shows and sets. While nothing is chosen it stays with the newest snapshot."""

    changed = Signal()  # anything but the picture
    rested = Signal()  # the canvas changed, and the pen is up
    pictured = Signal()

    def __init__(
        self,
        session: Session,
        work: WorkLane,
        provider: str = "auto",
        cache: Path | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.session, self._work, self._provider = session, work, provider
        self._cache = user_cache_path("pentimento") / "snapshots" if cache is None else cache
        self.run: Follow | None = None
        self.steps: list[int] = []
        self.picture: Pixels | None = None
        self.pictured_step: int | None = None  # that the picture is of
        self.trouble = ""
        self.wanted = False  # whether anybody sees it
        self._chosen: int | None = None
        self._pen = False
        self._lane: RenderLane | None = None
        self._models: OrderedDict[Moment, Bundle] = OrderedDict()
        self._making: dict[Moment, Job] = {}
        self._broken: dict[Moment, str] = {}
        self._painted: OrderedDict[tuple[Moment, int], Pixels] = OrderedDict()
        self._asked: tuple[Moment, int] | None = None
        self._canvas = 0  # its number; another after every change
        self._serial = 0
        self._rest = QTimer(self, singleShot=True, interval=REST_MS)
        self._rest.timeout.connect(self._rested)
        self._fetch = QTimer(self, singleShot=True, interval=FETCH_MS)
        self._fetch.timeout.connect(self._paint)
        session.painted.connect(lambda area: self._touched())
        session.scene_changed.connect(lambda before, now: self._touched())
        session.replaced.connect(self._touched)
        session.resized.connect(self._touched)

    def close(self) -> None:
        """Paint no more."""
        self._rest.stop()
        self._fetch.stop()
        for job in self._making.values():
            job.cancel()
        if self._lane is not None:
            self._lane.close()

    # What is chosen -----------------------------------------------------------------------------

    def show(self, run: Follow | None) -> None:
        """Look at this run as it stands now."""
        steps = self._steps_of(run)
        if run is self.run and steps == self.steps:
            return
        if run is not self.run:
            self.run, self._chosen, self.trouble = run, None, ""
            self.picture = self.pictured_step = None
            self._broken.clear()
            self.pictured.emit()
        self.steps = steps
        self.changed.emit()
        self._paint()

    @staticmethod
    def _steps_of(run: Follow | None) -> list[int]:
        if run is None:
            return []
        if run.far is not None:
            return run.far.snapshots if run.far.live else []
        from engines.runtime.snapshots import steps_of

        return steps_of(run.path)

    @property
    def step(self) -> int | None:
        """The step that is looked at; None where there is none."""
        if self._chosen in self.steps:
            return self._chosen
        return self.steps[-1] if self.steps else None

    @property
    def newest(self) -> bool:
        """Whether it stays with the newest."""
        return self._chosen not in self.steps

    def go(self, step: int | None) -> None:
        """Look at the snapshot next to this step; None stays with the newest when others come."""
        near = min(self.steps, key=lambda other: abs(other - (step or 0)), default=None)
        self._chosen = near if step is not None else None
        self.trouble = ""
        self.changed.emit()
        self._paint()

    @property
    def busy(self) -> bool:
        """Whether the picture is not yet the one that was asked for."""
        return bool(self.steps) and not self.trouble and self.pictured_step != self.step

    # When to paint ------------------------------------------------------------------------------

    def set_wanted(self, wanted: bool) -> None:
        """Whether anybody sees it; what was missed is painted afterwards."""
        if wanted != self.wanted:
            self.wanted = wanted
            self._paint()

    def set_pen(self, down: bool) -> None:
        """The pen went down or up: the painter has the processor."""
        self._pen = down
        if down and self._lane is not None:
            self._lane.cancel()
            self._asked = None
        if not down:
            self._rest.start()  # What was asked for before the pen came down is owed still.

    def _touched(self) -> None:
        self._canvas += 1
        self._rest.start()

    def _rested(self) -> None:
        if self._pen:
            self._rest.start()
            return
        self.rested.emit()
        self._paint()

    def _paint(self) -> None:
        """Show the picture of the chosen moment: kept, or rendered as soon as its model is there.

        A picture of another step gives way only when its successor is there.
        """
        run, step = self.run, self.step
        if run is None or step is None or not self.wanted or self._pen:
            return
        moment = Moment(run.path, step)
        kept = self._painted.get((moment, self._canvas))
        if kept is not None:
            self._put(moment, kept)
            return
        if moment in self._broken:
            self._fail(self._broken[moment])
            return
        bundle = self._models.get(moment)
        if bundle is None:
            self._give_up_others(moment)
            self._make(run, moment)
        else:
            self._models.move_to_end(moment)
            self._ask(moment, bundle)

    # Models -------------------------------------------------------------------------------------

    def _make(self, run: Follow, moment: Moment) -> None:
        """Make the model of a moment ready, for now or beforehand."""
        if moment in self._making or moment in self._models or moment in self._broken:
            return
        cache, strange = self._cache, run.far is not None
        if run.far is not None and not run.far.fetch(moment.step):
            if self._is_chosen(moment):
                if run.far.trouble:
                    self._fail(run.far.trouble)
                self._fetch.start()
            return

        def make(job: Job) -> "Bundle":
            from engines.runtime.bundle import Bundle
            from engines.runtime.snapshots import bundle_of
            from engines.runtime.trial import trust

            bundle = Bundle.open(bundle_of(moment.run, moment.step, cache))
            if strange:
                trust(bundle)
            return bundle

        def made(bundle: "Bundle") -> None:
            self._making.pop(moment, None)
            self._models[moment] = bundle
            while len(self._models) > READY:
                self._models.popitem(last=False)
                if self._lane is not None:
                    self._lane.release()
            if self._is_chosen(moment):
                self._paint()

        def failed(sentence: str) -> None:
            self._making.pop(moment, None)  # A job that was given up may fail all the same.
            self._broken[moment] = sentence
            if self._is_chosen(moment):
                self._fail(sentence)

        label = self.tr("Getting the model of step {0} ready").format(f"{moment.step:,}")
        self._making[moment] = self._work.add(Job(label, make, made, failed))
        self.changed.emit()

    def _give_up_others(self, moment: Moment) -> None:
        """Make none ready that was slid over."""
        for other in [other for other in self._making if other != moment]:
            self._making.pop(other).cancel()

    def _is_chosen(self, moment: Moment) -> bool:
        return self.run is not None and moment == Moment(self.run.path, self.step or -1)

    def _prepare_neighbours(self) -> None:
        run, step = self.run, self.step
        if run is None or step is None or step not in self.steps:
            return
        place = self.steps.index(step)
        for near in (place - 1, place + 1):
            if 0 <= near < len(self.steps):
                self._make(run, Moment(run.path, self.steps[near]))

    # Painting -----------------------------------------------------------------------------------

    def _ask(self, moment: Moment, bundle: "Bundle") -> None:
        document = self.session.document
        needs = missing(bundle, document.scene)
        if needs:
            names = ", ".join(port.label or port.name for port in needs)
            self._fail(
                self.tr(
                    "This model needs: {0}. Once your document has it, it is painted here."
                ).format(names)
            )
            return
        size = picture_size(bundle, document.size, _side(bundle))
        ids = Small(document, size).ids()
        if _layout(bundle) is not None and not painted(ids):
            self._fail(self.tr("Paint something, and it appears here."))
            return
        if self._asked == (moment, self._canvas):
            return
        if self._lane is None:
            self._lane = RenderLane(self._provider, self)
            self._lane.framed.connect(self._framed)
            self._lane.failed.connect(lambda order, sentence: self._fail(sentence))
        self._asked = moment, self._canvas
        self._serial += 1
        request = compose(bundle, document.scene, ids)
        self._lane.ask(Order(bundle, request, serial=self._serial))
        self.changed.emit()

    def _framed(self, order: Order, frame: "Frame") -> None:
        if self._asked is None or order.serial != self._serial or not frame.final:
            return
        pixels = shown(order, frame)
        asked, self._asked = self._asked, None
        if pixels is None:
            self._fail(self.tr("This model makes no picture."))
            return
        self._painted[asked] = pixels
        while len(self._painted) > PICTURES:
            self._painted.popitem(last=False)
        if self._is_chosen(asked[0]):
            self._put(asked[0], pixels)

    def _put(self, moment: Moment, pixels: Pixels) -> None:
        self.trouble = ""
        self.picture, self.pictured_step = pixels, moment.step
        self.pictured.emit()
        self.changed.emit()
        self._prepare_neighbours()

    def _fail(self, sentence: str) -> None:
        self._asked = None
        self.trouble = sentence
        self.changed.emit()


def _layout(bundle: "Bundle") -> "Layout | None":
    from engines.ports import Layout

    return next((port for port in bundle.ports if isinstance(port, Layout)), None)


def _side(bundle: "Bundle") -> int:
    """The longer side that the model was trained at."""
    settings = bundle.about.get("settings")
    usual = settings.get("size") if isinstance(settings, dict) else None
    return usual if isinstance(usual, int) and 16 <= usual <= 1024 else SIDE
