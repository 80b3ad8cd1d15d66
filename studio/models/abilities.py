"""What an installed model takes and gives, by its description alone: nothing of it is opened."""

import json
import math
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from PySide6.QtCore import QCoreApplication

from engines import files
from engines.errors import UserError
from engines.ports import Image, Layout, Port, port_from_json
from studio.models.library import Entry

_MOST_BYTES = 4_000_000  # of a description


@dataclass(frozen=True)
class Ability:
    """`layout`: it paints layouts. `photo`: the input that takes the picture to work on; "" where
    there is none. `scale`: how many times larger what it makes is; 0 where it makes no picture.
    `reason`: a sentence where it cannot be used at all.
    """

    layout: bool = False
    photo: str = ""
    scale: int = 0
    reason: str = ""

    @property
    def enlarges(self) -> bool:
        """Whether all that it needs is a picture, which it makes larger."""
        return self.scale > 1 and bool(self.photo) and not self.layout


def ability(entry: Entry) -> Ability:
    """What a model can do, read anew where its description changed."""
    path = entry.folder / "model.json"
    try:
        return _read(path, path.stat().st_mtime_ns)
    except OSError as error:
        return Ability(reason=_tr("It cannot be read ({0}); get it again.").format(error.strerror))


@lru_cache(256)
def _read(path: Path, changed: int) -> Ability:
    try:
        about = json.loads(files.read_text(path, _MOST_BYTES))
        graphs = [
            (
                [port_from_json(port) for port in graph["inputs"]],
                [port_from_json(port) for port in graph["outputs"]],
            )
            for graph in about["graphs"]
        ]
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError, UserError):
        return Ability(reason=_tr("Its description cannot be read; get the model again."))
    # The result comes from the last graph that no other feeds on, as in a bundle.
    used = {port.name for inputs, _ in graphs for port in inputs}
    ends = [g for g in graphs if not any(port.name in used for port in g[1])] or graphs
    if not ends:
        return Ability(reason=_tr("Its description names no graphs; get the model again."))
    inputs, outputs = ends[-1]
    layout = any(isinstance(port, Layout) for port in inputs)
    picture = next((port for port in outputs if isinstance(port, Image)), None)
    shown = picture is not None or any(isinstance(port, Layout) for port in outputs)
    scale = picture.scale if picture is not None else int(shown)
    return Ability(layout, "" if layout else _photo(inputs), scale)


def _photo(inputs: list[Port]) -> str:
    """The input for the picture to work on: what the result is as large as, else the first."""
    pictures = [port for port in inputs if isinstance(port, Image)]
    free = [port for port in pictures if port.free]
    return (free or pictures)[0].name if pictures else ""


def memory_text(count: int) -> str:
    """Bytes as they are read: 84 MB, 1.3 GB."""
    if count < 1_000_000_000:
        return _tr("{0} MB").format(max(math.ceil(count / 1e6), 1))
    return _tr("{0} GB").format(f"{count / 1e9:.1f}")


def _tr(text: str) -> str:
    return QCoreApplication.translate("abilities", text)
