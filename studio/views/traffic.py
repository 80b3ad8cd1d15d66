"""What is dropped on the window, pasted, exported and copied: questions asked, models told."""

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QMimeData, QObject
from PySide6.QtGui import QGuiApplication

from engines.errors import UserError
from engines.ports import Image
from studio.models.images import to_image
from studio.models.pictures import Dropped, dropped, ordinary
from studio.views import dialogs
from studio.views.export import ExportDialog

if TYPE_CHECKING:
    from studio.views.window import Window


class Traffic(QObject):
    """What comes into a window and what leaves it."""

    def __init__(self, window: "Window") -> None:
        super().__init__(window)
        self.window, self.studio = window, window.studio

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
        dialog = ExportDialog(sizes, licence, self.window)
        if not dialog.exec():
            return
        name = f"{self.studio.files.name}.png"
        kinds = self.tr("PNG with everything inside (*.png)")
        path = dialogs.ask_save(self.window, self.tr("Export"), kinds, "exports", name)
        if path is None:
            return
        path = _ending(path, ".png")
        if dialog.layered:
            leaving.export_seen(path, dialog.factor)
        elif result is not None:
            self.studio.files.export(path, result, dialog.factor)

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
        self._take(dropped(QGuiApplication.clipboard().mimeData()), on_picture=True)

    def paste_layer(self) -> None:
        """Take the clipboard's picture as a layer."""
        found = dropped(QGuiApplication.clipboard().mimeData())
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
        files = [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]
        try:
            if files and self._opens(ordinary(files[0])):
                return
        except UserError as error:
            self.window.notice.complain(str(error))
            return
        if files and files[0].is_dir():
            self.window.train(files[0])
            return
        self._take(dropped(data), on_picture)

    def _opens(self, path: Path) -> bool:
        """Open what is a document, a model or a picture that carries a document."""
        if path.suffix.lower() == ".onnx" or (path / "model.json").is_file():
            self.studio.install(path)
            return True
        if path.suffix.lower() == ".ora" or self.studio.files.carries(path):
            self.window.open_path(path)
            return True
        return False

    def _take(self, found: Dropped, on_picture: bool) -> None:
        window = self.window
        if found.picture is None:
            window.notice.complain(found.problem)
            return
        bundle = self.studio.session.bundle
        port = next((p for p in bundle.ports if isinstance(p, Image)), None) if bundle else None
        if on_picture and port is not None:
            label = port.label or port.name
            self.studio.session.set_value(port.name, found.picture, label)
            window.notice.tell(self.tr("{0}: {1}").format(label, found.picture.name or "—"))
        else:
            window.toolbox.set_underlay(found.picture)
            window.notice.tell(self.tr("The photo lies over the layout, to be traced."))


def _ending(path: Path, ending: str) -> Path:
    return path if path.suffix.lower() == ending else Path(f"{path}{ending}")
