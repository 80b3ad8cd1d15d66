"""The engine wall: one layout or photo through several models, each with its time and memory.

Every picture is made in a process of its own: that alone says honestly what memory a model takes,
and a model that crashes takes nothing along. The next is begun only while nothing is wanted of the
render lane and the pen is up, and the one under way is ended as soon as something is.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import QObject, QTimer, Signal

from engines.errors import UserError
from engines.ports import UNPAINTED
from studio.document.document import Document, Pixels
from studio.document.layers import FIRST, Kind, find, walk
from studio.document.scene import Picture
from studio.lanes.render import Order, RenderLane
from studio.lanes.work import Job, WorkLane
from studio.models.abilities import Ability, ability
from studio.models.aside import Aside
from studio.models.layering import Layering
from studio.models.library import Entry
from studio.models.live import shown
from studio.models.wallsource import Given, Source, asked, over_white

if TYPE_CHECKING:
    from engines.runtime.alone import Made
    from engines.runtime.bundle import Bundle

MOST = 12  # models side by side
REST_MS = 700  # the canvas stands still for so long before the wall follows it
State = Literal["waiting", "painting", "done", "cannot"]


@dataclass(eq=False)
class Tile:
    """One model. `seconds`, `memory` (bytes; None where the system does not tell) and `provider`
    belong to `pixels`; `sentence` is why there are none, or what is doubtful about them.
    """

    entry: Entry
    state: State = "waiting"
    sentence: str = ""
    pixels: Pixels | None = None
    seconds: float = 0.0
    memory: int | None = None
    provider: str = ""


@dataclass(frozen=True)
class _Brought:
    """What a job brings."""

    pixels: Pixels
    made: "Made"
    doubt: str


class Wall(Aside):
    """The chosen models and what each made of what is on the canvas."""

    changed = Signal()  # which tiles there are, what goes through them, or how it stands
    tile_changed = Signal(object)  # Tile

    def __init__(
        self,
        layering: Layering,
        lane: RenderLane,
        work: WorkLane,
        provider: str = "auto",
        parent: QObject | None = None,
    ) -> None:
        super().__init__(lane, parent)
        self.layering, self.session, self.work = layering, layering.session, work
        self.tiles: list[Tile] = []
        self.source = Source.LAYOUT
        self.dropped: Picture | None = None
        self.follows = True
        self.behind = False  # what goes through them changed since
        self._provider = provider
        self._open = False
        self._given: Given | None = None
        self._layer = 0  # the picture layer that goes through the models; 0 where none was chosen
        self._keeping = False
        self._aside = False
        self._bundles: dict[str, Bundle] = {}
        self._rest = QTimer(self, singleShot=True, interval=REST_MS)
        self._rest.timeout.connect(self._rested)
        session = self.session
        session.painted.connect(lambda area: self._touched(Source.LAYOUT))
        session.coloured.connect(lambda area: self._touched(Source.PHOTO))
        session.scene_changed.connect(lambda before, now: self._touched(self.source))
        session.active_changed.connect(self._activated)
        session.replaced.connect(self._replaced)
        session.library.changed.connect(self._looked)

    # What is on it ------------------------------------------------------------------------------

    def offers(self) -> list[tuple[Entry, str]]:
        """Every installed model, and why it cannot be used here; "" where it can."""
        return [(entry, self.reason(entry)) for entry in self.session.library.entries]

    def reason(self, entry: Entry) -> str:
        """Why a model cannot take what goes through the wall, in a sentence; "" where it can."""
        can: Ability = ability(entry)
        if can.reason:
            return can.reason
        if not can.scale:
            return self.tr("It makes no pictures.")
        if self.source is Source.LAYOUT and not can.layout:
            return self.tr("It paints no layouts; let a photo go through the wall instead.")
        if self.source is not Source.LAYOUT and not can.photo:
            return self.tr("It takes no photo; let the layout go through the wall instead.")
        return ""

    def choose(self, names: Sequence[str]) -> None:
        """Show these models, at most MOST; what is made already of those that were there stays."""
        known = {tile.entry.name: tile for tile in self.tiles}
        found = (self.session.library.find(name) for name in dict.fromkeys(names))
        entries = [entry for entry in found if entry is not None][:MOST]
        self.tiles = [known.get(e.name) or Tile(e) for e in entries]
        self.changed.emit()
        if self._open:
            self._paint([tile for tile in self.tiles if tile.state == "waiting"])

    def take(self, source: Source, dropped: Picture | None = None) -> None:
        """Let something else go through the models."""
        if dropped is not None:
            self.dropped = dropped
        self.source = source
        self._layer = self.session.active
        for tile in self.tiles:
            _forget(tile)
        self.paint()

    def why_nothing(self) -> str:
        """What is missing before anything can go through the models; "" where nothing is."""
        if self.source is Source.LAYOUT:
            blank = bool((self.session.document.ids == UNPAINTED).all())
            return self.tr("Nothing is painted on the layout yet.") if blank else ""
        if self._photo() is None:
            if self.source is Source.DROPPED:
                return self.tr("Drop a photo here.")
            return self.tr("There is no photo: no picture layer, and none to trace.")
        return ""

    def follow(self, on: bool) -> None:
        """Paint anew by itself whenever the canvas has changed and rests."""
        self.follows = on
        if on and self.behind:
            self._rest.start()
        self.changed.emit()

    def show(self, on: bool) -> None:
        """Whether anybody sees it; nothing is painted for nobody."""
        self._open = on
        if not on:
            self.cancel()
            return
        if not self.tiles:
            usable = [entry.name for entry, reason in self.offers() if not reason]
            self.choose(usable)
        else:
            self.paint()

    # Painting -----------------------------------------------------------------------------------

    def paint(self) -> None:
        """Let all models paint what there is now."""
        self._paint(self.tiles)

    def _paint(self, tiles: Sequence[Tile]) -> None:
        self.cancel()
        if not self._open:
            return
        self._given = self._now()
        for tile in tiles:
            reason = self.reason(tile.entry)
            tile.state = "cannot" if reason else "waiting"
            tile.sentence = reason
            if reason:
                tile.pixels = None
        self.behind, self.running = False, not self.why_nothing()
        self.changed.emit()
        self._look.start()

    def _now(self) -> Given:
        # Only what a picture depends on: layers of pictures would be copied for nothing.
        scene = replace(self.session.scene, layers=FIRST)
        return Given(self.source, Document(self.session.document.ids.copy(), scene), self._photo())

    def cancel(self) -> None:
        """Give up what is not painted yet; what is there stays."""
        self._rest.stop()
        if self._job is not None:
            self._job.cancel()
        self._job, self.running = None, False
        for tile in self.tiles:
            if tile.state == "painting":
                tile.state = "waiting"
        self.changed.emit()

    def _next(self) -> None:
        if not self.running or self._job is not None:
            return
        tile = next((tile for tile in self.tiles if tile.state == "waiting"), None)
        if tile is None:
            self.running = False
            self.changed.emit()
            return
        if self.held:
            self.changed.emit()
            return
        given = self._given
        assert given is not None
        tile.state, self._aside = "painting", False

        def done(brought: _Brought | None) -> None:
            if brought is None:
                tile.state = "waiting"
            else:
                made = brought.made
                tile.state, tile.pixels, tile.sentence = "done", brought.pixels, brought.doubt
                tile.seconds, tile.memory, tile.provider = made.seconds, made.memory, made.provider
            over()

        def failed(sentence: str) -> None:
            tile.state, tile.sentence, tile.pixels = "cannot", sentence, None
            over()

        def over() -> None:
            self._job = None
            self.tile_changed.emit(tile)
            self._look.start()

        label = self.tr("Wall: {0}").format(tile.entry.title)
        self._job = Job(label, lambda job: self._make(job, tile.entry, given), done, failed)
        self.tile_changed.emit(tile)
        self.work.add(self._job)

    def _make(self, job: Job, entry: Entry, given: Given) -> _Brought | None:
        """On the work thread: one picture. None where it has to step aside."""
        from engines.runtime.alone import render_alone
        from engines.runtime.bundle import Bundle
        from engines.runtime.render import Frame
        from engines.runtime.sessions import Stale

        bundle = self._bundles.get(entry.name)
        if bundle is None:
            bundle = self._bundles[entry.name] = Bundle.open(entry.folder)
        request, doubt = asked(bundle, given.document, given.photo, ability(entry).photo)

        def wait() -> None:
            job.tell(0.0)
            if self._aside or len(self.work.jobs) > 1:  # A save waits.
                raise Stale

        try:
            made = render_alone(entry.folder, request, self._provider, wait)
        except Stale:
            return None
        name = bundle.target.outputs[0].name
        frame = Frame(request, {name: made.value}, 1.0, made.seconds, True)
        pixels = shown(Order(bundle, request), frame)
        if pixels is None:
            raise UserError(self.tr("It makes nothing that could be shown."))
        return _Brought(pixels, made, doubt)

    def _step_aside(self) -> None:
        self._aside = True

    def _photo(self) -> Pixels | None:
        """What goes through the models where it is no layout, uint8 (H, W, 3)."""
        if self.source is Source.DROPPED:
            return self.dropped.pixels if self.dropped is not None else None
        if self.source is Source.LAYOUT:
            return None
        document, tree = self.session.document, self.session.scene.layers
        chosen = find(tree, self._layer)
        pictures = [layer for layer in walk(tree) if layer.kind is Kind.PICTURE and layer.visible]
        if chosen is not None and chosen.kind is Kind.PICTURE:
            pictures.insert(0, chosen)
        for layer in pictures:
            plane = document.plane(layer.id)
            if plane[..., 3].any():
                return over_white(plane)
        under = self.session.scene.underlay
        return under.pixels if under is not None else None

    # What is done with a picture ----------------------------------------------------------------

    def keep(self, tile: Tile) -> None:
        """Put it over the others as a layer. One step to undo."""
        if tile.pixels is not None:
            label = self.tr("Layer by {0}").format(tile.entry.title)
            self._keeping = True  # What is kept is not what goes through the models next.
            self.layering.add_picture(tile.pixels, tile.entry.title, label)
            self._keeping = False

    def adopt(self, tile: Tile) -> None:
        """Paint with that model from now on. One step to undo."""
        self.session.choose(tile.entry)

    def used(self, tile: Tile) -> bool:
        """Whether the document is painted with it already."""
        model = self.session.scene.model
        return model is not None and model.name == tile.entry.name

    # What changed -------------------------------------------------------------------------------

    def _touched(self, source: Source) -> None:
        if not self._open or self._keeping or source is not self.source:
            return
        if not self.behind:
            self.behind = True
            self.changed.emit()
        if self.follows:
            self._rest.start()

    def _activated(self) -> None:
        layer = find(self.session.scene.layers, self.session.active)
        if not self._keeping and layer is not None and layer.kind is Kind.PICTURE:
            self._layer = layer.id
            self._touched(Source.PHOTO)

    def _rested(self) -> None:
        if self._pen or self.lane.busy:
            self._rest.start()
        elif self.behind and self._given is not None and self._given.same(self._now()):
            self.behind = False  # It was undone, say.
            self.changed.emit()
        elif self.behind and self.follows:
            self.paint()

    def _replaced(self) -> None:
        """Another document is shown: what was made of the other goes."""
        for tile in self.tiles:
            _forget(tile)
        self.cancel()
        if self._open:
            self.paint()

    def _looked(self) -> None:
        """Models came or went."""
        self._bundles.clear()
        there = [tile.entry.name for tile in self.tiles]
        kept = [tile for tile in self.tiles if self.session.library.find(tile.entry.name)]
        if len(kept) != len(there):
            self.cancel()
            self.tiles = kept
        self.changed.emit()


def _forget(tile: Tile) -> None:
    tile.state, tile.sentence, tile.pixels = "waiting", "", None
