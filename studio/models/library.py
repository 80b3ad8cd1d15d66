"""The models that are installed: listed from their descriptions, opened on the work lane."""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from engines.errors import UserError
from studio.lanes.work import Job, WorkLane
from studio.models.pictures import ordinary

if TYPE_CHECKING:
    from engines.runtime.bundle import Bundle


@dataclass(frozen=True)
class Entry:
    """A model as the chooser shows it; nothing of it was run or checked yet."""

    name: str
    title: str
    licence: str
    data: str
    folder: Path
    own: bool

    @property
    def preview(self) -> Path:
        """A picture that it made, where it has one."""
        return self.folder / "preview.png"


class Library(QObject):
    """Installed models by name; `changed` after one was added or removed."""

    changed = Signal()

    def __init__(self, work: WorkLane, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._work = work
        self._open: dict[Path, Bundle] = {}
        self.entries: tuple[Entry, ...] = ()
        self.look()

    def look(self) -> None:
        """List the folders anew."""
        entries = tuple(_listed())
        if entries != self.entries:
            self.entries = entries
            self.changed.emit()

    def find(self, name: str) -> Entry | None:
        """The entry of that name."""
        return next((entry for entry in self.entries if entry.name == name), None)

    def open(
        self, entry: Entry, done: "Callable[[Bundle], None]", failed: Callable[[str], None]
    ) -> None:
        """Open a model, off this thread where it was not opened before."""
        if entry.folder in self._open:
            done(self._open[entry.folder])
            return

        def run(job: Job) -> "Bundle":
            from engines.runtime.bundle import Bundle

            return Bundle.open(entry.folder)

        def keep(bundle: "Bundle") -> None:
            self._open[entry.folder] = bundle
            done(bundle)

        self._work.add(Job(self.tr("Opening {0}").format(entry.title), run, keep, failed))

    def install(
        self, source: Path, done: Callable[[str], None], failed: Callable[[str], None]
    ) -> None:
        """Try a stranger's folder or .onnx in a child process, then copy it in; `done` gets its
        name.
        """

        def run(job: Job) -> str:
            return install(source)

        def keep(name: str) -> None:
            self.look()
            done(name)

        self._work.add(Job(self.tr("Adding {0}").format(source.name), run, keep, failed))

    def remove(self, entry: Entry) -> None:
        """Delete an own model; UserError when its folder does not let itself be deleted."""
        if not entry.own:
            raise UserError(f"{entry.title} came with Pentimento and stays.")
        self._open.pop(entry.folder, None)
        try:
            shutil.rmtree(entry.folder)
        except OSError as error:
            raise UserError(
                f"{entry.folder} could not be removed: {error.strerror or error}; change its "
                "permissions."
            ) from error
        finally:
            self.look()


def install(source: Path) -> str:
    """Check, try and copy a model among the user's own, under a name that is free; UserError."""
    from engines import files
    from engines.layoutfit import NAME as FIT
    from engines.runtime.bundle import Bundle
    from engines.runtime.places import own_models
    from engines.runtime.trial import trust
    from engines.runtime.tuning import WEIGHTS

    bundle = Bundle.open(ordinary(source))
    trust(bundle)
    home = own_models()
    name, number = bundle.name, 1
    while (home / name).exists():
        number += 1
        name = f"{bundle.name}-{number}"
    place = home / f".{name}.part"
    try:
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        for graph in bundle.graphs:
            shutil.copyfile(graph.path, place / graph.path.name)
        for beside in ("preview.png", "card.json", FIT, WEIGHTS):
            if source.is_dir() and (source / beside).is_file():
                shutil.copyfile(source / beside, place / beside)
        files.write_json(place / "model.json", {**_description(bundle), "name": name})
        Bundle.open(place)
        place.rename(home / name)
    except OSError as error:
        raise UserError(
            f"{bundle.title} could not be added to {home}: {error.strerror or error}; free some "
            "space or change the folder's permissions."
        ) from error
    finally:
        shutil.rmtree(place, ignore_errors=True)
    return name


def _description(bundle: "Bundle") -> dict[str, Any]:
    """model.json of a bundle; a lone .onnx gets one from what it says of itself."""
    about = dict(bundle.about)
    if bundle.path.is_dir():
        return about
    from engines.runtime.bundle import FORMAT

    graph = bundle.graphs[0]
    entry = {
        "name": graph.name,
        "label": graph.label,
        "inputs": [port.to_json() for port in graph.inputs],
        "outputs": [port.to_json() for port in graph.outputs],
        "file": graph.path.name,
        "sha256": graph.sha256,
    }
    told = {k: v for k, v in about.items() if k not in ("inputs", "outputs", "label", "name")}
    return {**told, "format": FORMAT, "title": bundle.title, "graphs": [entry]}


def _listed() -> "list[Entry]":
    """Entries of all folders that hold a readable description."""
    from engines.runtime.places import SHIPPED, installed

    entries = []
    for folder in installed():
        try:
            about = json.loads((folder / "model.json").read_text("utf-8"))
            entries.append(
                Entry(
                    name=folder.name,
                    title=str(about.get("title", folder.name)),
                    licence=str(about.get("licence", "")),
                    data=str(about.get("data", "")),
                    folder=folder,
                    own=SHIPPED not in folder.parents,
                )
            )
        except (OSError, ValueError, AttributeError):
            continue  # A folder that is being written, or spoilt: opening it says what is wrong.
    return entries
