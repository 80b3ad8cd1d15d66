"""The style shelf: bundled styles and the artist's own, found by name, colour and favour.

Own pictures are files in the user's data folder; beside them `shelf.json` says what they are called
and which styles are favourites. Every write is whole or not at all, and a spoilt `shelf.json` costs
names, never pictures.
"""

import hashlib
import io
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from platformdirs import user_data_path
from PySide6.QtCore import QMimeData, QObject, Signal

from engines import files
from engines.data.pictures import read_picture
from engines.errors import UserError
from studio.document.scene import Picture, Pixels
from studio.lanes.reader import Reader
from studio.models.axes import called
from studio.models.pictures import Dropped, named, ordinary, reading, styles
from studio.models.tints import Floats, distances, tints

FORMAT = 1
SIDE = 1024  # pixels of an own style's longer side; models look at fewer
SHOWN = 160  # of its thumbnail
MOST_OWN, MOST_NAME, MOST_JSON = 2_000, 80, 2_000_000
BUNDLED = "bundled/"
_WRITING = threading.Lock()  # of several that are read at once
Color = tuple[int, int, int]


@dataclass(frozen=True, eq=False)
class Style:
    """A style on the shelf; `key` is what it is known by, `tints` (N, 3) and `shares` (N,) its
    colours in Lab and how much there is of each.
    """

    key: str
    name: str
    path: Path
    own: bool
    favourite: bool
    thumbnail: Pixels
    tints: Floats
    shares: Floats


@dataclass(frozen=True)
class _Notes:
    """What shelf.json says: names by own key, and the keys of favourites."""

    names: dict[str, str]
    favourites: frozenset[str]


class Shelf(QObject):
    """All styles; `changed` after any of them, or what is looked for."""

    changed = Signal()
    problem = Signal(str)
    told = Signal(str)

    def __init__(self, folder: Path | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.folder = folder or Path(user_data_path("pentimento")) / "styles"
        self.items: tuple[Style, ...] = ()
        self.words, self.favourites_only = "", False
        self.color: Color | None = None
        self.loaded = False
        self.reader = Reader(self)
        self.reader.problem.connect(self.problem)

    # What there is ------------------------------------------------------------------------------

    def load(self) -> None:
        """Read everything, once it is seen; what is known already is not read again."""
        self.loaded = True
        known = {style.key: style for style in self.items}
        self.reader.read(partial(_load, self.folder, known), self._loaded, self.tr("the styles"))

    def _loaded(self, items: tuple[Style, ...]) -> None:
        self.items = items
        self.changed.emit()

    def find(self, key: str) -> Style | None:
        """The style of that key."""
        return next((style for style in self.items if style.key == key), None)

    @property
    def shown(self) -> list[Style]:
        """What is looked for: by words in the name, the nearest to a colour first, else own and
        favourites first.
        """
        words = self.words.casefold().split()
        found = [
            style
            for style in self.items
            if all(word in style.name.casefold() for word in words)
            and (style.favourite or not self.favourites_only)
        ]
        if self.color is None:
            return sorted(found, key=lambda s: (not s.favourite, not s.own))
        away = distances(self.color, [(s.tints, s.shares) for s in found])
        return [found[n] for n in np.argsort(away, kind="stable")]

    def look_for(self, words: str) -> None:
        """Show those whose names hold all these words."""
        self.words = words
        self.changed.emit()

    def look_for_color(self, color: Color | None) -> None:
        """Show the nearest to a colour first; None: in their usual order."""
        self.color = color
        self.changed.emit()

    def show_favourites(self, only: bool) -> None:
        """Show favourites alone, or all."""
        self.favourites_only = only
        self.changed.emit()

    def read(self, style: Style, then: Callable[[Picture], object]) -> None:
        """The picture itself; a sentence where it is gone."""

        def come(found: Dropped) -> None:
            if found.picture is None:
                self.problem.emit(found.problem)
            else:
                then(Picture(found.picture.pixels, style.name))

        self.reader.read(partial(Dropped.read, style.path), come, style.name)

    # What is done -------------------------------------------------------------------------------

    def add(self, data: QMimeData) -> None:
        """Put what was dropped or pasted on the shelf: every file, or the picture."""
        paths = [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]
        if not paths:
            self.reader.read(
                partial(_shelved, self.folder, reading(data)), self._added, named(data)
            )
        for path in paths[:MOST_OWN]:
            self.add_file(path)

    def add_file(self, path: Path) -> None:
        """Put a file's picture on the shelf."""
        look = partial(_shelved, self.folder, partial(Dropped.read, path))
        self.reader.read(look, self._added, path.name)

    def add_picture(self, picture: Picture) -> None:
        """Put a picture on the shelf."""
        look = partial(_shelved, self.folder, partial(Dropped, picture))
        self.reader.read(look, self._added, picture.name or self.tr("the picture"))

    def _added(self, found: "Style | str") -> None:
        if isinstance(found, str):
            self.problem.emit(found)
        elif self.find(found.key) is not None:
            self.told.emit(self.tr("{0} is on the shelf already.").format(found.name))
        else:
            self.items = (found, *self.items)
            self.told.emit(self.tr("{0} is on the shelf.").format(found.name))
            self.changed.emit()

    def star(self, style: Style) -> None:
        """Make it a favourite, or one no more."""

        def change(notes: _Notes) -> _Notes:
            return replace(notes, favourites=notes.favourites ^ {style.key})

        if self._note(change):
            self._put(replace(style, favourite=not style.favourite))

    def rename(self, style: Style, name: str) -> None:
        """Another name for an own style."""
        name = " ".join(name.split())[:MOST_NAME]
        if not style.own or not name or name == style.name:
            return
        if self._note(lambda notes: replace(notes, names={**notes.names, style.key: name})):
            self._put(replace(style, name=name))

    def delete(self, style: Style) -> None:
        """Take an own style off the shelf for good."""
        if not style.own:
            self.problem.emit(self.tr("{0} came with Pentimento and stays.").format(style.name))
            return
        try:
            style.path.unlink(missing_ok=True)
        except OSError as error:
            self.problem.emit(
                self.tr("{0} could not be deleted: {1}; change its permissions.").format(
                    style.path, error.strerror or error
                )
            )
            return
        self.items = tuple(s for s in self.items if s.key != style.key)
        self._note(
            lambda notes: _Notes(
                {k: v for k, v in notes.names.items() if k != style.key},
                notes.favourites - {style.key},
            )
        )
        self.told.emit(self.tr("{0} is off the shelf.").format(style.name))
        self.changed.emit()

    def _put(self, style: Style) -> None:
        self.items = tuple(style if s.key == style.key else s for s in self.items)
        self.changed.emit()

    def _note(self, change: Callable[[_Notes], _Notes]) -> bool:
        """Change shelf.json; False, with a sentence, where that cannot be written."""
        try:
            _change(self.folder, change)
        except UserError as error:
            self.problem.emit(str(error))
            return False
        return True


# On the disk ------------------------------------------------------------------------------------


def _load(folder: Path, known: dict[str, Style]) -> tuple[Style, ...]:
    """Every style that can be read."""
    notes = _notes(folder)
    own = [path for path in sorted(folder.glob("*.jpg")) if not path.name.startswith(".")]
    places = [(path.stem, path, True) for path in own[:MOST_OWN]]
    places += [(BUNDLED + path.stem, path, False) for path in styles()]
    found = []
    for key, path, mine in places:
        name = notes.names.get(key, "") if mine else ""
        name = name or called(path.stem.rpartition("-")[0] if mine else path.name) or path.stem
        favourite = key in notes.favourites
        if key in known:
            found.append(replace(known[key], name=name, favourite=favourite))
            continue
        try:
            seen = _seen(ordinary(path), path.stat().st_mtime_ns)
        except (UserError, OSError):
            continue  # Spoilt, or being written: what is sound is shown.
        found.append(Style(key, name, path, mine, favourite, *seen))
    return tuple(found)


def _shelved(folder: Path, look: Callable[[], Dropped]) -> "Style | str":
    """Keep a picture; the style, or the sentence that says why not."""
    dropped = look()
    if dropped.picture is None:
        return dropped.problem
    pixels, title = dropped.picture.pixels, dropped.picture.name
    if max(pixels.shape[:2]) > SIDE:
        image = Image.fromarray(pixels)
        image.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
        pixels = np.asarray(image)
    digest = hashlib.sha256(repr(pixels.shape).encode() + pixels.tobytes()).hexdigest()[:12]
    name = called(title)[:MOST_NAME] or "Style"
    try:
        twin = next(folder.glob(f"*-{digest}.jpg"), None)
        if twin is None:
            if len(list(folder.glob("*.jpg"))) >= MOST_OWN:
                return f"The shelf holds {MOST_OWN} styles of yours already; delete some first."
            letters = "".join(c if c.isascii() and c.isalnum() else "-" for c in name.lower())
            twin = folder / f"{letters[:40]}-{digest}.jpg"
            buffer = io.BytesIO()
            Image.fromarray(pixels).save(buffer, "JPEG", quality=95, subsampling=0)
            files.write_bytes(twin, buffer.getvalue())
            key = twin.stem
            notes = _change(folder, lambda n: replace(n, names={**n.names, key: name}))
        else:
            notes = _notes(folder)
    except UserError as error:
        return str(error)
    name = notes.names.get(twin.stem, name)
    seen = _seen(twin, twin.stat().st_mtime_ns)
    return Style(twin.stem, name, twin, True, twin.stem in notes.favourites, *seen)


@lru_cache(maxsize=512)
def _seen(path: Path, changed: int) -> tuple[Pixels, Floats, Floats]:
    """A thumbnail and its colours, of a file as it was when it was `changed`. UserError."""
    pixels = read_picture(path, SHOWN)
    return pixels, *tints(pixels)


def _notes(folder: Path) -> _Notes:
    """What shelf.json says; nothing where it cannot be read."""
    try:
        plain: Any = json.loads(files.read_text(folder / "shelf.json", MOST_JSON))
        if plain["format"] != FORMAT:
            raise ValueError("another version wrote it")
        names = {str(k): str(v)[:MOST_NAME] for k, v in plain["names"].items()}
        return _Notes(names, frozenset(str(key) for key in plain["favourites"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return _Notes({}, frozenset())


def _change(folder: Path, change: Callable[[_Notes], _Notes]) -> _Notes:
    """Change shelf.json as it is on the disk now, for another studio may have written it.
    UserError.
    """
    with _WRITING:
        notes = change(_notes(folder))
        _write(folder, notes)
        return notes


def _write(folder: Path, notes: _Notes) -> None:
    plain = {"format": FORMAT, "names": notes.names, "favourites": sorted(notes.favourites)}
    files.write_json(folder / "shelf.json", plain)
