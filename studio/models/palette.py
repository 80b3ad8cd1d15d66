"""The palette of the open document: what an artist does to its classes, each one step of undo."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from PySide6.QtCore import QObject, Signal

from engines.data.spec import PaletteClass
from engines.data.tables import read_classes
from engines.errors import UserError
from engines.ports import Mask
from studio.document.edit import Edit
from studio.document.layers import Kind, walk
from studio.document.scene import Scene
from studio.models import classes, mapping
from studio.models.coloured import Coloured
from studio.models.mapping import Row
from studio.models.palettes import Palettes
from studio.models.session import Session
from studio.models.shares import Shares
from studio.models.tools import Tools

Classes = tuple[PaletteClass, ...]


class Palette(QObject):
    """`solo` is the one class that is shown, None where all are; it is no part of the document.

    What cannot be done is a UserError that says why.
    """

    solo_changed = Signal()

    def __init__(
        self,
        session: Session,
        tools: Tools,
        palettes: Palettes | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.session, self.tools = session, tools
        self.shares = Shares(session, tools, self)
        self.palettes = palettes or Palettes()
        self.solo: int | None = None
        session.scene_changed.connect(self._follow)
        session.replaced.connect(lambda: self.show_only(None))

    @property
    def scene(self) -> Scene:
        """The document's scene."""
        return self.session.scene

    # Classes ------------------------------------------------------------------------------------

    def add(self, name: str = "", color: str = "") -> int:
        """One more class; its id. It is named and coloured like no other where nothing is said."""
        scene = self.scene
        color = color or classes.fresh_color(scene.palette)
        name = name or self._new_name()
        among = self.session.shown_classes()
        self.session.change_scene(
            classes.added(scene, name, color, among), self.tr("Add class {0}").format(name)
        )
        return len(scene.palette)

    def rename(self, number: int, name: str) -> None:
        """Call a class something else."""
        bundle = self.session.bundle
        masks = [] if bundle is None else [p.name for p in bundle.ports if isinstance(p, Mask)]
        among = self.session.shown_classes()
        scene = classes.renamed(self.scene, number, name, among, masks)
        self.session.change_scene(scene, self.tr("Rename class"))

    def recolor(self, number: int, color: str) -> None:
        """Give a class another colour."""
        scene = classes.recolored(self.scene, number, color)
        self.session.change_scene(scene, self.tr("Colour of a class"), merge=f"colour {number}")

    def delete(self, number: int, into: int | None = None) -> None:
        """Take a class away; its pixels become those of another, or unpainted."""
        if len(self.scene.palette) == 1:
            raise UserError("A palette needs a class; add another before you delete this one.")
        label = self.tr("Delete class {0}").format(self.scene.palette[number].name)
        table = classes.renumbering(number, into)
        edits = []
        for layer in walk(self.scene.layers):
            if layer.kind is Kind.LAYOUT:
                edits.append(Edit(self.session.document, label, layer.id))
                edits[-1].replace(table[edits[-1].plane])
        self.session.commit_with(edits, classes.removed(self.scene, number), label)

    def move(self, number: int, to: int) -> None:
        """Put a class to another place among those that are shown."""
        order = self.session.shown_classes()
        if number in order:
            order.remove(number)
            order.insert(to, number)
            self.reorder(order)

    def reorder(self, numbers: Iterable[int]) -> None:
        """Show the classes in another order."""
        scene = classes.ordered(self.scene, numbers)
        self.session.change_scene(scene, self.tr("Order of the classes"))

    def protect(self, number: int, on: bool) -> None:
        """Keep a class from being painted over, or let it be again."""
        label = self.tr("Lock a class") if on else self.tr("Unlock a class")
        self.session.change_scene(classes.protected(self.scene, number, on), label)

    def is_protected(self, number: int) -> bool:
        """Whether a class cannot be painted over."""
        return self.scene.palette[number].name in self.scene.protected

    def show_only(self, number: int | None) -> None:
        """Show one class and dim all others; None shows all."""
        if number != self.solo:
            self.solo = number
            self.solo_changed.emit()

    # Palettes -----------------------------------------------------------------------------------

    @property
    def shown(self) -> Classes:
        """The classes that are shown, in the artist's order."""
        return tuple(self.scene.palette[number] for number in self.session.shown_classes())

    def wear(self, name: str) -> None:
        """Take one of the artist's own palettes."""
        self.take(self.palettes.load(name), self.tr("Palette {0}").format(name))

    def take(self, found: Classes, label: str = "") -> None:
        """Take these classes; what is painted in others keeps them."""
        scene = classes.dressed(self.scene, found)
        self.session.change_scene(scene, label or self.tr("Palette"))

    def read(self, path: Path) -> None:
        """Take the classes of a classes.json, or of the folder that has one."""
        folder = path if path.is_dir() else path.parent
        if path.is_file() and path.name != "classes.json":
            raise UserError(
                f"{path.name} is not called classes.json, as a list of classes is; rename it."
            )
        self.take(read_classes(folder), self.tr("Classes of {0}").format(folder.name))

    def take_coloured(self, found: Coloured, layout: bool, exact: bool) -> None:
        """Take the classes of a picture, and its layout too where that is wanted.

        `exact` leaves pixels of other colours unpainted. What shows a locked class stays. A layout
        of another size is offered as a document of its own.
        """
        scene = classes.dressed(self.scene, found.classes)
        if not layout:
            self.session.change_scene(scene, self.tr("Classes of a picture"))
            return
        places = {entry.name: number for number, entry in enumerate(scene.palette)}
        table = classes.renumbering(255, None)
        for number, entry in enumerate(found.classes):
            table[number] = places[entry.name]
        ids = table[found.exact if exact else found.ids]
        now = self.session.document.ids
        if ids.shape == now.shape:
            locked = np.isin(now, self.scene.spared)
            ids[locked] = now[locked]  # A palette that joins another leaves its ids as they are.
            self.session.tell_spared(now[locked])
        self.session.replace_layout(ids, scene, self.tr("Layout of a picture"))

    # The model's classes ------------------------------------------------------------------------

    @property
    def mapped_classes(self) -> list[Row]:
        """What the model takes the classes in use for, the largest first; none without a model."""
        port, bundle = self.session.layout_port, self.session.bundle
        if port is None or bundle is None:
            return []
        used = {n for n in self.shares.used if n < len(self.scene.palette)}
        numbers = sorted(used, key=lambda number: -self.shares.share(number))
        return mapping.rows(self.scene, bundle.name, port.classes, numbers)

    def map_to(self, name: str, target: str | None) -> None:
        """Paint a class as another of the model, as nothing (""), or as its name says (None)."""
        if self.session.bundle is not None:
            scene = mapping.mapped(self.scene, self.session.bundle.name, name, target)
            self.session.change_scene(scene, self.tr("What {0} is painted as").format(name))

    def _new_name(self) -> str:
        taken = {entry.name.casefold() for entry in self.scene.palette}
        number = len(self.scene.palette) + 1
        while (name := self.tr("class {0}").format(number)).casefold() in taken:
            number += 1
        return name

    def _follow(self, before: Scene, now: Scene) -> None:
        """Ids move when a class is deleted, or comes back; what is in hand stays the same class."""
        if len(before.palette) == len(now.palette):
            return
        places = {entry.name: number for number, entry in enumerate(now.palette)}

        def moved(number: int) -> int | None:
            name = before.palette[number].name if number < len(before.palette) else ""
            return places.get(name)

        if self.solo is not None:
            self.show_only(moved(self.solo))
        hand = (moved(self.tools.class_id), moved(self.tools.other_id))
        if hand == (self.tools.class_id, self.tools.other_id):
            return
        first = (self.session.shown_classes() or [0])[0]
        self.tools.class_id, self.tools.other_id = (first if n is None else n for n in hand)
        self.tools.changed.emit()
