"""The style pad: up to four styles in the corners of a square, mixed by a spot, for a place.

The place is what is selected, else the class in hand where that is asked for, else everywhere.
Every change is a step of the history, and a part of the scene, which is saved with the document.
"""

from PySide6.QtCore import QObject, Signal

from studio.document.scene import Picture, Scene
from studio.document.styles import MOST_REGIONS, Packed, Place, Spot, StyleMix
from studio.models.session import Session
from studio.models.styling import Wire, mix_at, styles_of, wire_of, with_mix
from studio.models.tools import Tools

MERGE = "style spot"


class StylePad(QObject):
    """What the open model is given as style, place by place."""

    changed = Signal()
    told = Signal(str)
    problem = Signal(str)

    def __init__(self, session: Session, tools: Tools, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.session, self.tools = session, tools
        self.by_class = False
        self._packed: Packed | None = None
        session.scene_changed.connect(lambda before, now: self.changed.emit())
        session.replaced.connect(self.changed)
        session.model_opened.connect(lambda bundle: self.changed.emit())
        tools.changed.connect(self.changed)
        tools.selection.changed.connect(self._selected)
        session.replaced.connect(self._selected)

    # What it is about ---------------------------------------------------------------------------

    @property
    def wire(self) -> Wire | None:
        """How the open model takes a style; None where it takes none."""
        return wire_of(self.session.bundle)

    @property
    def place(self) -> Place:
        """What a style that is taken now applies to."""
        wire = self.wire
        if wire is None or not wire.regional:
            return None
        if self._packed is not None:
            return self._packed
        palette, number = self.session.scene.palette, self.tools.class_id
        return palette[number].name if self.by_class and number < len(palette) else None

    @property
    def places(self) -> list[Place]:
        """Everywhere, and the regions that have styles of their own."""
        wire = self.wire
        if wire is None:
            return []
        return [None, *(where for where, _ in styles_of(self.session.scene, wire).regions)]

    def mix(self, place: Place) -> StyleMix:
        """The mix of a place; an empty one where nothing was said."""
        wire = self.wire
        return StyleMix() if wire is None else mix_at(self.session.scene, wire, place)

    @property
    def now(self) -> StyleMix:
        """The mix of the place it is about."""
        return self.mix(self.place)

    # What is done -------------------------------------------------------------------------------

    def restrict(self, by_class: bool) -> None:
        """Let styles apply to the class in hand alone, or everywhere."""
        if by_class != self.by_class:
            self.by_class = by_class
            self.changed.emit()

    def show(self, place: Place) -> None:
        """Be about a place from now on: its class in hand, or its pixels selected."""
        if isinstance(place, Packed):
            if place.size == self.session.document.size:
                self.tools.selection.take(place.mask)
            return
        self.tools.selection.take(None)
        names = [entry.name for entry in self.session.scene.palette]
        if place in names:
            self.tools.choose(names.index(place))
        self.restrict(place is not None)

    def take(self, picture: Picture) -> bool:
        """A style for the place it is about, in place of all in its corners; False, with a
        sentence, where the model takes none.
        """
        return self._put(StyleMix.of(picture), self.tr("Style"), told=picture.name)

    def put(self, corner: int, picture: Picture | None) -> bool:
        """A picture in a corner, None to empty it; as `take`."""
        text = self.tr("Style in a corner") if picture else self.tr("Empty a corner")
        return self._put(self.now.with_corner(corner, picture), text)

    def move(self, spot: Spot) -> None:
        """Mix by another spot; one step with others until `settle`."""
        x, y = (min(max(at, 0.0), 1.0) for at in spot)
        mix = self.now
        if mix.pictures:
            moved = StyleMix(mix.corners, (round(x, 3), round(y, 3)))
            self._put(moved, self.tr("Mix styles"), merge=MERGE)

    def settle(self) -> None:
        """The spot was let go: what follows is a step of its own."""
        self.session.settle()

    def clear(self, place: Place) -> None:
        """No style of its own for a place."""
        wire = self.wire
        if wire is not None:
            scene = with_mix(self.session.scene, wire, place, None)
            self.session.change_scene(scene, self.tr("Take a style away"))

    def _put(self, mix: StyleMix, label: str, merge: str = "", told: str | None = None) -> bool:
        wire, place = self.wire, self.place
        if wire is None:
            self.problem.emit(
                self.tr(
                    "The open model takes no style from a picture; choose one that does with "
                    "Ctrl+M, or drop the picture on the layout to trace it."
                )
            )
            return False
        try:
            scene = self._with(self.session.scene, wire, place, mix)
        except ValueError:
            self.problem.emit(
                self.tr("There are {0} regions with styles already; take one away first.").format(
                    MOST_REGIONS
                )
            )
            return False
        self.session.change_scene(scene, label, merge)
        if told is not None:
            name = told or self.tr("the picture")
            text = self.tr("Style of {0}: {1}.")
            self.told.emit(text.format(self.called(place).lower(), name))
        return True

    @staticmethod
    def _with(scene: Scene, wire: Wire, place: Place, mix: StyleMix) -> Scene:
        before = scene.values.get(wire.vector.name)
        if isinstance(before, tuple) and place is not None:  # A vector by chance has no regions.
            scene = scene.with_value(wire.vector.name, None)
        return with_mix(scene, wire, place, mix)

    def called(self, place: Place) -> str:
        """A place in words."""
        if place is None:
            return self.tr("Everything")
        if isinstance(place, Packed):
            if place == self._packed:
                return self.tr("The selection")
            share = float(place.mask.mean())
            return self.tr("A selection, {0:.0%} of the page").format(share)
        return place.replace("_", " ").strip().capitalize()

    def _selected(self) -> None:
        self._packed = Packed.of(self.tools.selection.mask)
        self.changed.emit()
