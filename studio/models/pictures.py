"""Pictures that come from outside: files, drops and the clipboard, read with all due suspicion."""

import stat
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QMimeData
from PySide6.QtGui import QImage

from engines.data.pictures import read_picture, resize_picture
from engines.errors import UserError
from studio.document.scene import Picture, Pixels
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
        return data.hasImage() or any(url.isLocalFile() for url in data.urls())

    @staticmethod
    def read(path: Path) -> "Dropped":
        """A picture from a file, made smaller where it is larger than is of use."""
        try:
            pixels = read_picture(ordinary(path))
        except UserError as error:
            return Dropped(None, path, str(error))
        return Dropped(Picture(_bounded(pixels), path.name), path)


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


def dropped(data: QMimeData) -> Dropped:
    """The first picture of a drop or of the clipboard. Files come first: they keep their names."""
    files = [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]
    if files:
        return Dropped.read(files[0])
    if data.hasImage():
        image = QImage(data.imageData())
        if not image.isNull():
            return Dropped(Picture(_bounded(to_pixels(image)), ""))
    return Dropped(
        problem=QCoreApplication.translate(
            "Dropped", "There is no picture in it; drop or copy a picture or a picture file."
        )
    )


def styles() -> list[Path]:
    """The bundled style pictures."""
    return sorted(p for p in STYLES.glob("*") if p.suffix in ENDINGS)


def examples() -> list[Path]:
    """The bundled example layouts."""
    return sorted(EXAMPLES.glob("*.png"))


def _bounded(pixels: Pixels) -> Pixels:
    height, width = pixels.shape[:2]
    scale = MOST_SIDE / max(height, width)
    if scale >= 1:
        return pixels
    return resize_picture(pixels, (max(round(height * scale), 1), max(round(width * scale), 1)))
