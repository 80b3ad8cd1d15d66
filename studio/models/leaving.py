"""What leaves and what comes: pictures as they are seen, layers for other programs, new layers."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from PySide6.QtCore import QObject, Signal

from engines import files
from engines.ports import Size
from engines.request import Request
from studio.document.carried import Result
from studio.document.document import Document, Pixels
from studio.document.importing import Imported, read_image
from studio.document.layers import Kind, Layers
from studio.document.psd import write_psd
from studio.document.showing import Showing
from studio.lanes.work import Job, WorkLane
from studio.models.layering import Layering
from studio.models.pictures import ordinary
from studio.models.results import Results


class Leaving(QObject):
    """Exports and imports of the open document, off the painting thread."""

    told = Signal(str)
    problem = Signal(str)

    def __init__(
        self, results: Results, layering: Layering, work: WorkLane, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.results, self.layering, self.work = results, layering, work
        self.session = results.session

    @property
    def layered(self) -> bool:
        """Whether what is seen is more than the model's picture as it is."""
        return self.results.live.picture is None or not _bare(self.session.scene.layers)

    @property
    def size(self) -> Size:
        """Of all that is seen."""
        return self.session.document.size

    def export_seen(self, path: Path, larger: Callable[[Job, Result], Result]) -> Job:
        """Write all that is seen, over white, `larger`, as a PNG that carries the document."""
        document, live = self.session.document.copy(), self.results.live
        picture = live.picture
        made = self.results.now()

        def run(job: Job) -> Size:
            result = larger(job, seen(document, picture, made))
            files.write_bytes(path, result.png)
            return result.pixels.shape[0], result.pixels.shape[1]

        def done(size: Size) -> None:
            text = self.tr("Exported {0} ({1} × {2})")
            self.told.emit(text.format(path.name, size[1], size[0]))

        label = self.tr("Exporting {0}").format(path.name)
        return self.work.add(Job(label, run, done, self.problem.emit))

    def export_psd(self, path: Path) -> None:
        """Write all layers as a Photoshop file."""
        document, picture = self.session.document.copy(), self.results.live.picture

        def run(job: Job) -> None:
            write_psd(path, document, picture)

        def done(result: object) -> None:
            self.told.emit(self.tr("Exported {0} with its layers").format(path.name))

        self.work.add(Job(self.tr("Exporting {0}").format(path.name), run, done, self.problem.emit))

    def import_layer(self, path: Path) -> None:
        """A picture from a file as a layer, as large as it fits."""

        def run(job: Job) -> Imported:
            return read_image(ordinary(path))

        def done(found: Imported) -> None:
            self.layering.add_picture(found.pixels, found.name, self.tr("Import layer"))

        self.work.add(Job(self.tr("Importing {0}").format(path.name), run, done, self.problem.emit))


def seen(document: Document, picture: Pixels | None, made: Result | None) -> Result:
    """All layers over white, uint8 (H, W, 3), with what the model's part was `made` from."""
    rgba = Showing(document, picture).merged()
    alpha = rgba[..., 3:].astype(np.uint16)
    over = rgba[..., :3] * alpha + 255 * (255 - alpha) + 127
    pixels = (over // 255).astype(np.uint8)
    request = made.request if made is not None else Request("", document.size)
    return Result(pixels, request, made.passport if made is not None else {}, document)


def _bare(tree: Layers) -> bool:
    """Whether the model's picture lies on top of all that is shown, as it is."""
    top = next((layer for layer in tree if layer.visible), None)
    return (
        top is not None and top.kind is Kind.RENDER and top.opacity == 1 and top.blend == "normal"
    )
