"""Pictures that come from outside: files, drops and the clipboard, read with all due suspicion."""

import stat
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QMimeData, QSize, Qt, QUrl
from PySide6.QtGui import QImage

from engines.data.pictures import read_picture
from engines.errors import UserError
from studio.document.scene import Picture
from studio.models.images import to_pixels

STYLES = Path(__file__).resolve().parents[2] / "assets" / "styles"
EXAMPLES = Path(__file__).resolve().parents[2] / "assets" / "examples"
MOST_SIDE = 2048  # of a picture that a document keeps; a model looks at far fewer pixels
ENDINGS = (
    *(".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".avif", ".jp2"),
    *(".tga", ".ppm", ".qoi", ".psd"),
)


@dataclass(frozen=True)
class Dropped:
    """What came: a picture, or a path of another kind of file, or a sentence why there is none."""

    picture: Picture | None = None
    path: Path | None = None
    problem: str = ""

    @staticmethod
    def possible(data: QMimeData) -> bool:
        """Whether there may be a picture in it, without reading anything."""
        return data.hasImage() or any(url.isLocalFile() or _web(url) for url in data.urls())

    @staticmethod
    def read(path: Path) -> "Dropped":
        """A picture from a file, made smaller where it is larger than is of use."""
        try:
            pixels = read_picture(ordinary(path), MOST_SIDE)
        except UserError as error:
            return Dropped(None, path, str(error))
        return Dropped(Picture(pixels, path.name), path)


def ordinary(path: Path) -> Path:
    """The path again, of a file or a folder; UserError else, for a pipe keeps its reader waiting.

    A device may even answer without end.
    """
    try:
        kind = path.stat().st_mode
    except OSError as error:
        raise UserError(
            f"{path.name} cannot be opened: {error.strerror or error}; check the name and where it "
            "leads."
        ) from error
    except ValueError as error:  # No file has such a name.
        raise UserError(f"There is no such file: {error}; check the name.") from error
    if not stat.S_ISREG(kind) and not stat.S_ISDIR(kind):
        raise UserError(f"{path.name} is a pipe or a device, not a file; choose a file.")
    return path


def local_file(data: QMimeData) -> Path | None:
    """The first file of a drop or of the clipboard."""
    paths = (Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile())
    return next(paths, None)


def _web(url: QUrl) -> bool:
    return url.scheme() in ("http", "https", "ftp", "data", "blob")


def named(data: QMimeData) -> str:
    """What a drop or the clipboard is called."""
    path = local_file(data)
    return path.name if path is not None else QCoreApplication.translate("Dropped", "the picture")


def reading(data: QMimeData) -> Callable[[], Dropped]:
    """What gives the first picture of a drop or of the clipboard, on any thread, for that may take
    long. Files come first: they keep their names.
    """
    path = local_file(data)
    if path is not None:
        return partial(Dropped.read, path)
    image = QImage(data.imageData()) if data.hasImage() else QImage()
    if not image.isNull():
        return partial(_pasted, image)
    problem = QCoreApplication.translate(
        "Dropped", "There is no picture in it; drop or copy a picture or a picture file."
    )
    if any(_web(url) for url in data.urls()):
        problem = QCoreApplication.translate(
            "Dropped",
            "The browser gave only the picture's address, and nothing is fetched from the net "
            "here; "
            "copy the picture itself there and paste it, or save it and drop the file.",
        )
    return partial(Dropped, problem=problem)


def _pasted(image: QImage) -> Dropped:
    if max(image.width(), image.height()) > MOST_SIDE:
        side, smooth = QSize(MOST_SIDE, MOST_SIDE), Qt.TransformationMode.SmoothTransformation
        image = image.scaled(side, Qt.AspectRatioMode.KeepAspectRatio, smooth)
    return Dropped(Picture(to_pixels(image), ""))


def styles() -> list[Path]:
    """The bundled style pictures: lights of landscapes first, then manners of painting."""
    found = (*sorted(STYLES.glob("*")), *sorted((STYLES / "painted").glob("*")))
    return [path for path in found if path.suffix in ENDINGS]


def examples() -> list[Path]:
    """The bundled example layouts."""
    return sorted(EXAMPLES.glob("*.png"))
