"""What shall be varied: one axis or two of the open model, how far, and at which size."""

import math
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from engines.ports import Choice, Image, Size
from studio.document.packing import scenes
from studio.document.scene import Picture
from studio.models.axes import GUIDANCE, SEED, Axis, Sampled, axes, bundled, called
from studio.models.compose import missing, painted, picture_size
from studio.models.session import Session

if TYPE_CHECKING:
    from engines.runtime.bundle import Bundle

MOST_STEPS = 24  # along an axis
MOST_CELLS = 144
MOST_BYTES = 128_000_000  # of a grid's pictures
DRAFT_SIDE = 256  # pixels
USUAL_STEPS = 8


class Variety(QObject):
    """What an artist sets before a grid is rendered. `changed` after anything."""

    changed = Signal()

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.axes: tuple[Axis, ...] = ()
        self.first: Axis | None = None
        self.second: Axis | None = None
        self.counts = [USUAL_STEPS, USUAL_STEPS]
        self.full = True
        session.model_opened.connect(lambda bundle: self._opened(bundle))

    @property
    def chosen(self) -> tuple[Axis, ...]:
        """The axes that are varied: one or two, none where the model has none."""
        return tuple(axis for axis in (self.first, self.second) if axis is not None)

    def _opened(self, bundle: "Bundle") -> None:
        """Another model: the same is varied where it has it too."""
        self.axes = axes(bundle)
        keys = [axis.key if axis is not None else "" for axis in (self.first, self.second)]
        by_key = {axis.key: axis for axis in self.axes}
        pictured = next((a for a in self.axes if isinstance(a.port, Image)), None)
        usual = by_key.get(SEED) or pictured or next(iter(self.axes), None)
        self.first, self.second = by_key.get(keys[0], usual), by_key.get(keys[1])
        if self.second == self.first:
            self.second = None
        self.changed.emit()

    def choose(self, place: int, axis: Axis | None) -> None:
        """Vary this along the first (0) or the second (1) axis; None: not at all."""
        if place == 0 and axis is not None:
            self.first = axis
            if self.second == axis:
                self.second = None
        elif place == 1:
            self.second = axis if axis != self.first else None
        self.changed.emit()

    def set_count(self, place: int, count: int) -> None:
        """So many steps along an axis."""
        self.counts[place] = min(max(count, 1), MOST_STEPS)
        self.changed.emit()

    def set_full(self, full: bool) -> None:
        """At the document's picture size, or as a draft."""
        self.full = full
        self.changed.emit()

    def sizes(self) -> tuple[Size, Size] | None:
        """(draft, full) sizes; None without a model. Where they are equal there is no choice."""
        bundle, scene = self.session.bundle, self.session.scene
        if bundle is None:
            return None
        size = self.session.document.size
        full = picture_size(bundle, size, scene.side)
        draft = picture_size(bundle, size, min(scene.side, DRAFT_SIDE))
        return draft, full

    def available(self, axis: Axis) -> int:
        """How many steps an axis has at most."""
        if isinstance(axis.port, Image):
            return min(len(self.pictures(axis)), MOST_STEPS)
        if isinstance(axis.port, Choice):
            return min(len(axis.port.options), MOST_STEPS)
        return MOST_STEPS

    def title(self, axis: Axis) -> str:
        """What an axis is called."""
        if axis.port is None:
            known = {SEED: self.tr("Seed"), GUIDANCE: self.tr("Follow strictly")}
            return known[axis.part]
        text = axis.name.replace("_", " ").strip()
        text = text[:1].upper() + text[1:]
        return self.tr("{0} by chance").format(text) if axis.drawn else text

    @property
    def cells(self) -> int:
        """How many pictures there will be."""
        lengths = [min(self.counts[i], self.available(a)) for i, a in enumerate(self.chosen)]
        return math.prod(lengths) if lengths else 0

    @property
    def reason(self) -> str:
        """Why nothing can be rendered; empty where it can."""
        bundle, scene, sizes = self.session.bundle, self.session.scene, self.sizes()
        if bundle is None or sizes is None:
            return self.tr("Choose a model first (Ctrl+M).")
        if self.first is None:
            return self.tr("There is nothing about this model that could be varied.")
        varied = {axis.port.name for axis in self.chosen if axis.port is not None}
        needs = [port for port in missing(bundle, scene) if port.name not in varied]
        if needs and not any(isinstance(a.port, Image) for a in (self.first, self.second) if a):
            return self.tr("The model needs {0} first.").format(needs[0].label or needs[0].name)
        if self.session.layout_port is not None and not painted(
            self.session.document.ids[::4, ::4]
        ):
            return self.tr("Paint something first.")
        height, width = sizes[self.full]
        if self.cells > MOST_CELLS or self.cells * height * width * 3 > MOST_BYTES:
            return self.tr("That is too many pictures at once; choose fewer steps or a draft.")
        return ""

    def pictures(self, axis: Axis) -> Sampled:
        """The artist's own pictures for a port, the latest first, then the bundled ones."""
        if not isinstance(axis.port, Image):
            return ()
        mine: dict[str, Picture] = {}
        history = self.session.history
        past = [self.session.scene, *scenes(reversed(history.done)), *scenes(history.undone)]
        for scene in past:
            value = scene.values.get(axis.port.name)
            if isinstance(value, Picture):
                mine.setdefault(value.sha, value)
        known = bundled()
        names = {name for name, _ in known}
        own = [
            (called(picture.name) or self.tr("Picture {0}").format(n + 1), partial(_same, picture))
            for n, picture in enumerate(mine.values())
        ]
        return [*(entry for entry in own if entry[0] not in names), *known]


def _same(picture: Picture) -> Picture:
    return picture
