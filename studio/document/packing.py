"""Changes and histories as JSON and bytes, for files and journals.

Tiles stay compressed as they are; a scene is told by how it differs from the one before it, so that
a slider being dragged costs some hundred bytes a step.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from engines.ports import Size
from studio.document.changes import Both, Change, SceneChange, SizeChange, TileChange, tile_count
from studio.document.document import Document
from studio.document.layers import CHANNELS, FIRST, LAYOUT
from studio.document.scene import Picture, Scene
from studio.history import History

Plain = dict[str, Any]
TILE_BYTES = 3200  # what a tile counts in a file: reading unpacks each to see that it is sound


class Packer:
    """Takes changes apart, one after the other; `blobs` grows by the tiles of each."""

    def __init__(self, scene: Scene) -> None:
        self.blobs: list[bytes] = []
        self._scene = scene.to_json()

    def change(self, change: Change) -> Plain:
        """The change but for its tiles' bytes."""
        if isinstance(change, TileChange):
            self.blobs += change.tiles.values()
            tiles = [[*place, len(packed)] for place, packed in change.tiles.items()]
            plain: Plain = {"label": change.label, "tiles": tiles}
            if not change.states:
                plain["differing"] = True
            if (change.layer, change.channels) != (LAYOUT, 1):
                plain |= {"layer": change.layer, "channels": change.channels}
            return plain
        if isinstance(change, SizeChange):
            self.blobs += (packed for _, packed in change.planes.values())
            planes = [[n, channels, len(p)] for n, (channels, p) in change.planes.items()]
            return {"label": change.label, "size": list(change.size), "planes": planes}
        if isinstance(change, SceneChange):
            scene = self._difference(change.scene)
            return {"label": change.label, "scene": scene, "merge": change.merge}
        return {"label": change.label, "parts": [self.change(part) for part in change.parts]}

    def _difference(self, scene: Scene) -> Plain:
        before, self._scene = self._scene, scene.to_json()
        old, new = before["values"], self._scene["values"]
        plain = {k: v for k, v in self._scene.items() if k != "values" and v != before[k]}
        changed = {k: v for k, v in new.items() if k not in old or v != old[k]}
        gone = [k for k in old if k not in new]
        return plain | ({"values": changed} if changed else {}) | ({"gone": gone} if gone else {})


class Unpacker:
    """Puts together again what a `Packer` took apart, in the same order from the same scene.

    Whatever is wrong raises: ValueError, KeyError, TypeError, UserError.
    """

    def __init__(self, scene: Scene, pictures: Mapping[str, Picture], blob: bytes) -> None:
        self._scene, self._pictures = scene, pictures
        self._blob, self._place = blob, 0

    def change(self, plain: Plain) -> Change:
        """The next change."""
        label = str(plain["label"])
        if "tiles" in plain:
            tiles = {(int(r), int(c)): self._take(int(size)) for r, c, size in plain["tiles"]}
            layer, channels = int(plain.get("layer", LAYOUT)), plain.get("channels", 1)
            states = plain.get("differing") is not True
            return TileChange(label, tiles, layer, _channels(channels), states)
        if "planes" in plain:
            height, width = map(int, plain["size"])
            planes = {
                int(n): (_channels(channels), self._take(int(size)))
                for n, channels, size in plain["planes"]
            }
            return SizeChange(label, (height, width), planes)
        if "scene" in plain:
            self._scene = self._changed(plain["scene"])
            return SceneChange(label, self._scene, str(plain["merge"]))
        return Both(label, [self.change(part) for part in plain["parts"]])

    @property
    def rest(self) -> bytes:
        """The bytes of what comes after."""
        return self._blob[self._place :]

    def _take(self, size: int) -> bytes:
        start, self._place = self._place, self._place + size
        if size < 0 or self._place > len(self._blob):
            raise ValueError("a change lacks its tiles")
        return self._blob[start : self._place]

    def _changed(self, plain: Plain) -> Scene:
        """Only what differs is parsed: a photo is hashed when it is set, not at every step."""
        before = self._scene
        bare = replace(before, palette=(), values={}, underlay=None, layers=FIRST, traced=None)
        same = bare.to_json()
        scene = Scene.from_json({**same, **plain}, self._pictures)
        gone = plain.get("gone", ())
        values = {k: v for k, v in before.values.items() if k not in gone}
        return replace(
            scene,
            palette=scene.palette if "palette" in plain else before.palette,
            values=values | dict(scene.values),
            underlay=scene.underlay if "underlay" in plain else before.underlay,
            layers=scene.layers if "layers" in plain else before.layers,
            traced=scene.traced if "traced" in plain else before.traced,
        )


def _channels(value: Any) -> int:
    if value not in CHANNELS.values():
        raise ValueError("a layer has 1 or 4 channels")
    return int(value)


def fits(history: History) -> bool:
    """Whether every change can be undone and redone from where the document is."""
    for changes in (history.done, history.undone):
        size: Size | None = history.document.size
        for change in reversed(changes):
            size = change.fits(size) if size is not None else None
        if size is None:
            return False
    return True


def nearest(history: History, most_bytes: int, most_changes: int) -> History:
    """The document with the steps next to it that fit in so many bytes.

    A tile counts at least TILE_BYTES, a picture once, by its pixels.
    """
    known = set(history.document.scene.pictures)
    undone, spent = _last(history.undone, most_bytes // 2, most_changes // 2, known)
    done, _ = _last(history.done, most_bytes - spent, most_changes, known)
    return History(history.document, done, undone)


def pack_history(history: History) -> tuple[Plain, list[bytes]]:
    """A history but for its document: JSON, and the tiles' bytes. The nearest step comes first."""
    scene = history.document.scene
    first, second = Packer(scene), Packer(scene)
    done = [first.change(change) for change in reversed(history.done)]
    undone = [second.change(change) for change in reversed(history.undone)]
    return {"done": done, "undone": undone}, first.blobs + second.blobs


def unpack_history(
    document: Document, plain: Plain, blob: bytes, pictures: Mapping[str, Picture]
) -> History:
    """The history of the document; raises as `Unpacker` does."""
    unpacker = Unpacker(document.scene, pictures, blob)
    done = [unpacker.change(change) for change in plain["done"]]
    again = Unpacker(document.scene, pictures, unpacker.rest)
    undone = [again.change(change) for change in plain["undone"]]
    history = History(document, done[::-1], undone[::-1])
    history.settle()
    return history


def pictures_in(history: History) -> dict[str, Picture]:
    """Every picture that the document shows or an undo may bring back, by hash."""
    found = dict(history.document.scene.pictures)
    for scene in scenes((*history.done, *history.undone)):
        found |= scene.pictures
    return found


def scenes(changes: Iterable[Change]) -> Iterable[Scene]:
    """Every scene in the changes."""
    for change in changes:
        if isinstance(change, SceneChange):
            yield change.scene
        elif isinstance(change, Both):
            yield from scenes(change.parts)


def _last(
    changes: list[Change], most_bytes: int, most_changes: int, known: set[str]
) -> tuple[list[Change], int]:
    """The last changes that fit, oldest first, and their bytes; `known` pictures add none."""
    found: list[Change] = []
    total = 0
    for change in reversed(changes[-most_changes:]):
        new = {sha: p for scene in scenes([change]) for sha, p in scene.pictures.items()}
        cost = change.bytes + TILE_BYTES * tile_count(change)
        cost += sum(p.pixels.nbytes // 2 for sha, p in new.items() if sha not in known)
        if total + cost > most_bytes:
            break
        total += cost
        known.update(new)
        found.append(change)
    return found[::-1], total
