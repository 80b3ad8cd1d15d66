"""What a file holds that an artist opens or drops: found out on any thread, and nothing changed."""

from dataclasses import dataclass, field
from pathlib import Path

from engines.data.pictures import size_of
from engines.data.spec import PaletteClass
from engines.errors import UserError
from studio.document import carried, ora
from studio.document.document import Document
from studio.document.ora import Opened
from studio.document.scene import Pixels, Scene
from studio.models.pictures import Dropped, ordinary
from studio.models.starts import is_layout, read_any_layout


@dataclass(frozen=True)
class Found:
    """One of these, or `dropped.problem` says why there is none: a document of its own, one inside
    a picture, a layout as ids and the scene that names them, or a picture.
    """

    path: Path
    opened: Opened | None = None
    carried: Document | None = None
    layout: tuple[Pixels, Scene] | None = None
    dropped: Dropped = field(default_factory=Dropped)
    garbled: bool = False  # the picture carried a document once

    @property
    def document(self) -> bool:
        """Whether there is a document in it."""
        return self.opened is not None or self.carried is not None


def look_into(path: Path, known: tuple[PaletteClass, ...], layouts: bool = True) -> Found:
    """What the file holds; a picture in known class colours is a layout, unless none is wanted."""
    try:
        ordinary(path)
        if path.suffix.lower() == ".ora":
            return Found(path, opened=ora.read(path, known))
        size_of(path)  # Before anything is read that may be no picture, and without an end.
        garbled = False
        try:
            inside = carried.read_png(path)
        except UserError:
            inside, garbled = None, True
        if inside is not None and inside.document is not None:
            return Found(path, carried=inside.document)
        if layouts and is_layout(path, known):
            return Found(path, layout=read_any_layout(path, known))
        return Found(path, dropped=Dropped.read(path), garbled=garbled)
    except UserError as error:
        return Found(path, dropped=Dropped(None, path, str(error)))
