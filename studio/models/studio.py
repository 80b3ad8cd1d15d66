"""All models of one studio, made and connected; the views get them from here."""

from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from studio.document.desk import Desk
from studio.document.recent import Recent
from studio.lanes.render import RenderLane
from studio.lanes.work import WorkLane
from studio.models.batch import Batch
from studio.models.canvases import shown_of
from studio.models.convert import Conversions
from studio.models.enlarging import Enlarging
from studio.models.files import Files
from studio.models.fitmeter import FitMeter
from studio.models.layering import Layering
from studio.models.leaving import Leaving
from studio.models.library import Library
from studio.models.live import Live
from studio.models.mapping import met
from studio.models.older import Older
from studio.models.pages import Pages
from studio.models.palette import Palette
from studio.models.reading import LayoutReading
from studio.models.results import Results
from studio.models.roundtrip import RoundTrips
from studio.models.session import Session
from studio.models.shelf import Shelf
from studio.models.slowstyle import SlowStyle
from studio.models.stylepad import StylePad
from studio.models.swatches import Swatches
from studio.models.timeline import Timeline
from studio.models.timeslider import TimeSlider
from studio.models.tools import Tools
from studio.models.training import Training
from studio.models.variations import Variations
from studio.models.view import View
from studio.models.wall import Wall


class Studio(QObject):
    """One open document, its tools, its models and its lanes."""

    problem = Signal(str)
    told = Signal(str)

    def __init__(
        self,
        provider: str = "auto",
        desk: Desk | None = None,
        recent: Recent | None = None,
        parent: QObject | None = None,
        *,
        runs: Path | None = None,
    ) -> None:
        super().__init__(parent)
        self.lane = RenderLane(provider, self)
        self.work = WorkLane(self)
        self.library = Library(self.work, self)
        self.session = Session(self.library, self)
        self.tools = Tools(self.session, self)
        self.palette = Palette(self.session, self.tools, parent=self)
        self.view = View(self)
        self.live = Live(self.session, self.lane, self)
        self.round_trips = RoundTrips(self.session, self.live, self)
        self.fit_meter = FitMeter(self.session, self)
        self.reading = LayoutReading(self.session, self.library, self.work, self)
        self.pages = Pages(self.session, self.tools.selection, self)
        self.layering = Layering(self.session, self.live, self)
        self.results = Results(self.session, self.live, self)
        self.leaving = Leaving(self.results, self.layering, self.work, self)
        self.shelf = Shelf(parent=self)
        self.pad = StylePad(self.session, self.tools, self)
        self.swatches = Swatches(self.session, self.lane, self)
        self.files = Files(self.session, self.results, self.work, desk, recent, self)
        self.gallery = self.files.gallery
        self.older = Older(self.files, self.work, self)
        self.variations = Variations(self.session, self.lane, self.work, provider, self)
        self.batch = Batch(self.work, self)
        self.enlarging = Enlarging(self.session, self.work, provider, self)
        self.wall = Wall(self.layering, self.lane, self.work, provider, self)
        self.slow = SlowStyle(self.layering, provider, self)
        self.slow.rendering = lambda: self.lane.busy
        self.timeline = Timeline(self.session, self)
        self.training = Training(self.work, runs, self)
        self.training.rendering = lambda: self.lane.busy
        self.conversions = Conversions(parent=self)
        self.conversions.rendering = lambda: self.lane.busy
        self.timeslider = TimeSlider(self.session, self.work, provider, parent=self)
        self.tools.pen.connect(self.live.set_pen)
        self.tools.pen.connect(self.variations.set_pen)
        self.tools.pen.connect(self.timeslider.set_pen)
        self.tools.pen.connect(self.wall.set_pen)
        self.tools.pen.connect(self.fit_meter.set_pen)
        for others in (self.training, self.conversions, self.slow):
            self.tools.pen.connect(lambda down, others=others: others.touch())
            self.session.painted.connect(lambda area, others=others: others.touch())
        self.timeslider.rested.connect(self._show_to_trainings)
        self.training.installed.connect(self._installed)
        self._closed = False

    def start(self, path: Path | None = None) -> None:
        """Open what was asked for or left behind, and a model to paint with."""
        self.files.start()
        if path is not None:
            self.files.open(path)
        if self.session.scene.model is None and self.library.entries:
            # After the first paint of the window: opening a model takes a moment.
            QTimer.singleShot(0, self._first_model)

    def _first_model(self) -> None:
        if self.session.scene.model is None and self.library.entries:
            self.session.choose(self.library.entries[0], undoable=False)

    def _show_to_trainings(self) -> None:
        """The canvas rests: previews are of it from now on."""
        self.training.show_on(shown_of(self.session.document))

    def _installed(self, folder: Path) -> None:
        """A trained model is there: paint with it."""
        self.library.look()
        entry = self.library.find(folder.name)
        if entry is not None:
            text = self.tr("{0} paints now.").format(entry.title)
            self.session.choose(entry, then=lambda: self._tell_of_model(text))

    def _tell_of_model(self, text: str) -> None:
        """Say that a new model paints, and where nothing on the canvas means anything to it."""
        port, scene = self.session.layout_port, self.session.scene
        if port is not None and not met(scene.palette, port.classes, self.session.document.ids):
            text += " " + self.tr(
                "It knows none of the classes on your canvas: say which is which in “Classes for "
                "the model”, or paint with its own."
            )
        self.told.emit(text)

    def install(self, path: Path) -> None:
        """Add a model and paint with it."""

        def done(name: str) -> None:
            entry = self.library.find(name)
            if entry is not None:
                text = self.tr("{0} was added and paints now.").format(entry.title)
                self.session.choose(entry, then=lambda: self._tell_of_model(text))

        self.told.emit(self.tr("Trying the model {0} …").format(path.name))
        self.library.install(path, done, self.problem.emit)

    def close(self, forget: bool) -> None:
        """End the lanes; `forget` the document, which is saved or given up, or keep it."""
        if self._closed:
            return
        self._closed = True
        self.training.close()
        self.timeslider.close()
        self.conversions.close()
        self.slow.close()
        self.files.close(forget)
        self.lane.close()
        self.work.close()
