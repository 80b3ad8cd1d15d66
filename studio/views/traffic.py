"""What is dropped on the window, pasted, exported and copied: questions asked, models told."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from PySide6.QtCore import QByteArray, QMimeData, QObject
from PySide6.QtGui import QGuiApplication

from engines.errors import UserError
from engines.ports import Image
from engines.runtime.convert.finding import FILMS
from studio.lanes.reader import Reader
from studio.models.images import to_image
from studio.models.opening import Found, look_into
from studio.models.pictures import Dropped, local_file, named, ordinary, reading
from studio.views import dialogs
from studio.views.export import ExportDialog
from studio.views.reading import take

if TYPE_CHECKING:
    from studio.views.window import Window

T = TypeVar("T")


class Traffic(QObject):
    """What comes into a window and what leaves it."""

    def __init__(self, window: "Window") -> None:
        super().__init__(window)
        self.window, self.studio = window, window.studio
        window.layers.given.connect(self.drop_layer)
        self.reader = Reader(self)
        self.reader.waits.connect(self._waits)
        self.reader.problem.connect(window.notice.complain)

    # Out ----------------------------------------------------------------------------------------

    def export(self) -> None:
        """Ask what, how large and where, and write the picture."""
        result, leaving = self.studio.results.now(), self.studio.leaving
        if result is None and not leaving.layered:
            self.window.notice.complain(
                self.tr("There is no finished picture to export yet; wait for it.")
            )
            return
        licence = str(result.passport.get("licence") or "") if result is not None else ""
        sizes = {}
        if leaving.layered:
            sizes[True] = leaving.size
        if result is not None:
            sizes[False] = (result.pixels.shape[0], result.pixels.shape[1])
        enlarging = self.studio.enlarging
        dialog = ExportDialog(sizes, licence, enlarging, self.window)
        if not dialog.exec():
            return
        name = f"{self.studio.files.name}.png"
        kinds = self.tr("PNG with everything inside (*.png)")
        path = dialogs.ask_save(self.window, self.tr("Export"), kinds, "exports", name)
        if path is None:
            return
        path = _ending(path, ".png")
        larger = enlarging.way(dialog.factor, dialog.way)
        if dialog.layered:
            enlarging.watch(leaving.export_seen(path, larger))
        elif result is not None:
            enlarging.watch(self.studio.files.export(path, result, larger))

    def export_psd(self) -> None:
        """Ask where, and write all layers for other programs."""
        name = f"{self.studio.files.name}.psd"
        kinds = self.tr("Photoshop with layers (*.psd)")
        path = dialogs.ask_save(self.window, self.tr("Export layers"), kinds, "exports", name)
        if path is not None:
            self.studio.leaving.export_psd(_ending(path, ".psd"))

    def copy(self) -> None:
        """Put the picture into the clipboard, for this program with all it was made from."""
        result = self.studio.results.now()
        if result is None:
            self.window.notice.complain(
                self.tr("There is no finished picture to copy yet; wait for it.")
            )
            return
        data = QMimeData()
        data.setImageData(to_image(result.pixels))
        try:
            data.setData("image/png", QByteArray(result.png))
        except UserError as error:
            self.window.notice.complain(str(error))
        QGuiApplication.clipboard().setMimeData(data)
        self.window.notice.tell(self.tr("The picture is in the clipboard."))

    # In -----------------------------------------------------------------------------------------

    def paste(self) -> None:
        """Take the clipboard's picture as style, or to trace where the model takes none."""
        data = QGuiApplication.clipboard().mimeData()
        self._read(reading(data), partial(self._take, on_picture=True), named(data))

    def paste_layer(self) -> None:
        """Take the clipboard's picture as a layer."""
        self.drop_layer(QGuiApplication.clipboard().mimeData())

    def drop_layer(self, data: QMimeData) -> None:
        """Take what was dropped or copied as layers."""
        files = [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]
        for path in files:
            self.studio.leaving.import_layer(path)
        if files:
            return
        self._read(reading(data), self._take_layer, named(data))

    def _take_layer(self, found: Dropped) -> None:
        if found.picture is None:
            self.window.notice.complain(found.problem)
            return
        name = found.picture.name or self.tr("Pasted")
        self.studio.layering.add_picture(found.picture.pixels, name, self.tr("Paste layer"))

    def import_layer(self) -> None:
        """Ask for a picture and lay it over the others."""
        path = dialogs.ask_picture(self.window, self.tr("a layer"))
        if path is not None:
            self.studio.leaving.import_layer(path)

    def drop(self, data: QMimeData, on_picture: bool) -> None:
        """Open a document or model, train on a folder, take a picture."""
        path = local_file(data)
        try:
            if path is None:
                come = partial(self._take, on_picture=on_picture, layout=True)
                self._read(reading(data), come, named(data))
            elif ordinary(path).suffix.lower() == ".onnx" or (path / "model.json").is_file():
                self.studio.install(path)
            elif path.suffix.lower() == ".ora":
                self.window.open_path(path)
            elif path.is_dir():
                self.window.train(path)
            elif path.suffix.lower() in FILMS:
                self.window.converting.ask(path)
            else:
                classes = self.studio.session.scene.palette
                look = partial(look_into, path, classes, layouts=False)
                self._read(look, partial(self._found, on_picture=on_picture), path.name)
        except UserError as error:
            self.window.notice.complain(str(error))

    def _found(self, found: Found, on_picture: bool) -> None:
        """Open the document that a picture carries; else take the picture."""
        if found.document:
            self.studio.files.take(found)
        else:
            self._take(found.dropped, on_picture, layout=True)

    def _read(self, look: Callable[[], T], then: Callable[[T], None], name: str) -> None:
        """Read what may take long; `then` take it, if the same document is still shown."""
        session = self.studio.session
        document = session.document

        def come(found: T) -> None:
            if session.document is document:
                then(found)
            else:
                text = self.tr("{0} came too late, when another document was open; drop it again.")
                self.window.notice.complain(text.format(name))

        self.reader.read(look, come, name)

    def _waits(self, name: str) -> None:
        if name:
            self.window.notice.tell(self.tr("Reading {0} …").format(name))

    def _take(self, found: Dropped, on_picture: bool, layout: bool = False) -> None:
        """On the picture it is a style, on the layout its `layout` is read; else it is traced."""
        window = self.window
        if found.picture is None:
            window.notice.complain(found.problem)
            return
        bundle = self.studio.session.bundle
        images = [p for p in bundle.ports if isinstance(p, Image)] if bundle else []
        port = next((p for p in images if p.fixed), images[0] if images else None)
        if on_picture and self.studio.pad.wire is not None:
            self.studio.pad.take(found.picture)
        elif on_picture and port is not None:
            label = port.label or port.name
            self.studio.session.set_value(port.name, found.picture, label)
            window.notice.tell(self.tr("{0}: {1}").format(label, found.picture.name or "—"))
        elif on_picture or not layout or not take(window, found.path, found.picture):
            window.toolbox.set_underlay(found.picture)
            window.notice.tell(self.tr("The photo lies over the layout, to be traced."))


def _ending(path: Path, ending: str) -> Path:
    return path if path.suffix.lower() == ending else Path(f"{path}{ending}")
