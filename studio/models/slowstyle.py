"""Painting slowly in a style: the pixels of a picture are searched, minutes long, in a process of
its own, which is looked at as it goes, paused, ended, and gives way to the pen.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Literal

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal

from engines.data.pictures import resize_picture
from engines.errors import UserError
from engines.ports import Size
from engines.slowly import REST_SECONDS, Task, Word, needs, prepared
from engines.slowly import fitted as within
from studio.document.document import Pixels
from studio.document.layers import Kind, find, walk
from studio.document.raster import Area, bounds, whole
from studio.document.scene import Picture
from studio.lanes.slowly import SlowPainter
from studio.models.enlarging import filled
from studio.models.layering import Layering

LOOK_MS = 300
State = Literal["idle", "starting", "painting", "paused", "resting", "done", "ended", "failed"]
LIVE: tuple[State, ...] = ("starting", "painting", "paused", "resting")


class Source(Enum):
    """What is painted anew."""

    PICTURE = "picture"  # the model's
    LAYER = "layer"  # the picture layer in hand, else the topmost with something on it
    VISIBLE = "visible"  # all that is shown
    TRACED = "traced"  # the photo to trace
    DROPPED = "dropped"


@dataclass(frozen=True)
class Settings:
    """`side`: at most so many pixels a side; `weight`: of the style beside the picture."""

    side: int = 512
    steps: int = 200
    weight: float = 1.0
    keep_colour: bool = False


@dataclass(frozen=True, eq=False)
class Given:
    """A picture uint8 (H, W, 3) with its opacity (H, W), and where it lies on a page of `size`;
    without a place it is put in the middle.
    """

    pixels: Pixels
    alpha: Pixels | None = None
    area: Area | None = None
    size: Size | None = None

    def back(self, made: Pixels, size: Size) -> Pixels:
        """What was made of it, as RGBA: on a page of `size` where it came from one like that."""
        whole_size = self.pixels.shape[0], self.pixels.shape[1]
        sides = whole_size if self.area is None else self.area.size
        color = resize_picture(made, sides)
        alpha = self.alpha if self.alpha is not None else np.full(sides, 255, np.uint8)
        rgba = np.dstack([color, alpha])
        if self.area is None or self.size != size:
            return rgba
        plane = np.zeros((*size, 4), np.uint8)
        plane[self.area.slices] = rgba
        return plane


@dataclass(frozen=True)
class Progress:
    """How far it is; `losses` by term, `left` in seconds where that is known."""

    done: int = 0
    steps: int = 0
    losses: Mapping[str, float] = field(default_factory=dict)
    left: float | None = None


class SlowStyle(QObject):
    """One painting at a time. `picture` is how it looks by now; it stays until another is begun."""

    changed = Signal()  # what is painted, how, or how it stands
    pictured = Signal()
    ended = Signal()  # it is done or failed
    problem = Signal(str)

    def __init__(
        self, layering: Layering, device: str = "auto", parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.layering, self.session, self.live = layering, layering.session, layering.live
        self.source = Source.PICTURE
        self.dropped: Picture | None = None
        self.style: Picture | None = None
        self.settings = Settings()
        self.state: State = "idle"
        self.sentence = ""  # why it failed
        self.progress = Progress()
        self.picture: Pixels | None = None
        self.given: Given | None = None  # what `picture` is made of
        self.kept = True  # nothing would be lost with `picture`
        self.pausing = False  # a pause was asked for; it begins after the step in hand
        self.rendering: Callable[[], bool] = lambda: False  # whether an artist waits for a picture
        self._name = ""
        self._device = "cpu" if device == "cpu" else "auto"
        self._next_rest = 0.0
        self.painter = SlowPainter(self)
        self.painter.said.connect(self._said)
        self.painter.ended.connect(self._ended)
        self._look = QTimer(self, interval=LOOK_MS)
        self._look.timeout.connect(lambda: self.touch() if self.rendering() else None)

    # What is painted ----------------------------------------------------------------------------

    @property
    def running(self) -> bool:
        """Whether something is being painted, or rests."""
        return self.state in LIVE

    def take(self, source: Source, dropped: Picture | None = None) -> None:
        """Paint something else."""
        if dropped is not None:
            self.dropped = dropped
        self.source = source
        self.changed.emit()

    def take_style(self, style: Picture | None) -> None:
        """Paint in the style of this."""
        self.style = style
        self.changed.emit()

    def set(self, settings: Settings) -> None:
        """Paint so."""
        self.settings = settings
        self.changed.emit()

    def settle(self) -> None:
        """Choose what there is, where what is chosen is not there."""
        active = find(self.session.scene.layers, self.session.active)
        first = [Source.LAYER] if active is not None and active.kind is Kind.PICTURE else []
        if self.source is not Source.DROPPED or self.dropped is None:
            found = (source for source in (*first, *Source) if self.has(source))
            self.source = next(found, Source.DROPPED)
        self.changed.emit()

    def has(self, source: Source) -> bool:
        """Whether there is such a thing now."""
        document, scene = self.session.document, self.session.scene
        pictures = [each for each in walk(scene.layers) if each.kind is Kind.PICTURE]
        painted = any(document.plane(each.id)[..., 3].any() for each in pictures)
        return {
            Source.PICTURE: self.live.picture is not None,
            Source.LAYER: painted,
            Source.VISIBLE: painted or self.live.picture is not None,
            Source.TRACED: scene.underlay is not None,
            Source.DROPPED: self.dropped is not None,
        }[source]

    def taken(self, source: Source) -> Given | None:
        """What that is now; None where there is nothing."""
        document, scene = self.session.document, self.session.scene
        if source is Source.PICTURE and self.live.picture is not None:
            pixels = self.live.picture
            return Given(pixels, None, whole(document.size), document.size)
        if source is Source.LAYER:
            active = find(scene.layers, self.session.active)
            pictures = [each for each in walk(scene.layers) if each.kind is Kind.PICTURE]
            pictures.sort(key=lambda each: each is not active)
            planes = (document.plane(each.id) for each in pictures)
            return next((_part(plane) for plane in planes if plane[..., 3].any()), None)
        if source is Source.VISIBLE:
            merged = self.layering.merged()
            return _part(merged) if merged[..., 3].any() else None
        if source is Source.TRACED and scene.underlay is not None:
            return Given(scene.underlay.pixels, None, whole(document.size), document.size)
        if source is Source.DROPPED and self.dropped is not None:
            return Given(self.dropped.pixels)
        return None

    def size_of(self, given: Given) -> Size:
        """The size at which it is painted."""
        return within((given.pixels.shape[0], given.pixels.shape[1]), self.settings.side)

    def memory(self, given: Given) -> int:
        """Bytes that takes, about."""
        return needs(self.size_of(given))

    def why_not(self, given: Given | None) -> str:
        """Why this cannot be painted, in a sentence; "" where it can."""
        if given is None:
            return self._nothing()
        if self.style is None:
            return self.tr("Choose a style: drop a picture there, or take one of the bundled.")
        return ""

    def _nothing(self) -> str:
        if self.source is Source.PICTURE:
            return self.tr("There is no picture yet; paint, or choose a model.")
        if self.source is Source.LAYER:
            return self.tr("There is nothing on a picture layer.")
        if self.source is Source.TRACED:
            return self.tr("There is no photo to trace.")
        if self.source is Source.VISIBLE:
            return self.tr("Nothing is shown that could be painted.")
        return self.tr("Drop a picture here.")

    # Painting -----------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin; what was painted before is given up."""
        given, style = self.taken(self.source), self.style
        if given is None or style is None:
            self.problem.emit(self.why_not(given))
            return
        now = self.settings
        try:
            content, manner = prepared(given.pixels, style.pixels, now.side)
        except UserError as error:
            self.problem.emit(str(error))
            return
        self.given, self._name, self.picture, self.kept = given, style.name, None, True
        self.progress, self.sentence, self.state = Progress(0, now.steps), "", "starting"
        self.pausing = False
        task = Task(content, manner, now.steps, now.weight, now.keep_colour, self._device)
        self.painter.start(task)
        self._look.start()
        self.changed.emit()
        self.pictured.emit()

    def pause(self) -> None:
        """Wait, with all kept, until told to go on."""
        self.pausing = True
        self.painter.steer("pause")
        self.changed.emit()

    def resume(self) -> None:
        """Go on."""
        self.pausing = False
        self.painter.steer("go")
        self.changed.emit()

    def stop(self) -> None:
        """End it; the picture as it is stays."""
        if self.running:
            self.painter.kill()
            self._over("ended")

    def touch(self) -> None:
        """The pen is at work, or a picture is: this rests for a moment from now."""
        now = time.monotonic()
        if self.running and now >= self._next_rest:
            self._next_rest = now + REST_SECONDS / 2
            self.painter.steer("rest")

    def close(self) -> None:
        """End what paints, and hear no more of it."""
        self._look.stop()
        self.painter.kill()

    def _said(self, word: Word) -> None:
        self.state = word.standing
        self.progress = Progress(word.done, word.steps, word.losses, word.left)
        if word.picture is not None:
            # The first is what it began with.
            self.picture, self.kept = word.picture, word.done == 1
            self.pictured.emit()
        self.changed.emit()

    def _ended(self, sentence: str) -> None:
        if not sentence and self.progress.done < self.progress.steps:
            sentence = self.tr("The painting ended before it was done; paint it anew.")
        self.sentence = sentence
        self._over("failed" if sentence else "done")
        self.ended.emit()

    def _over(self, state: State) -> None:
        self._look.stop()
        self.state, self.pausing = state, False
        self.changed.emit()

    # What is done with it -----------------------------------------------------------------------

    def keep(self) -> None:
        """Put the picture as it is over the others as a layer, where what it is made of lies. One
        step to undo.
        """
        if self.picture is None or self.given is None:
            self.problem.emit(self.tr("There is nothing to keep yet; wait for the first picture."))
            return
        pixels = self.given.back(self.picture, self.session.document.size)
        name = self.tr("Painted as {0}").format(self._name) if self._name else ""
        label = self.tr("Keep slow painting as layer")
        self.layering.add_picture(pixels, name or self.tr("Slow painting"), label)
        self.kept = True
        self.changed.emit()


def _part(plane: Pixels) -> Given:
    """What there is on a plane, uint8 (H, W, 4)."""
    area = bounds(plane[..., 3] > 0)
    part = plane[area.slices]
    return Given(filled(part), part[..., 3].copy(), area, (plane.shape[0], plane.shape[1]))
