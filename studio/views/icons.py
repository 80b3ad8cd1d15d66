"""The studio's own icons: line drawings on a 24 x 24 grid, painted live in the theme's colours."""

from dataclasses import asdict
from functools import cache
from pathlib import Path

from PySide6.QtCore import QByteArray, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QIcon, QIconEngine, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from studio.views import theme

FOLDER = Path(__file__).resolve().parents[2] / "assets" / "icons"
APP_SIZES = (16, 24, 32, 48, 64, 128, 256)


def icon(name: str, color: str = "text") -> QIcon:
    """The icon of that name, in a token of the theme. KeyError: there is no such icon."""
    if name not in names():
        raise KeyError(name)
    return QIcon(Drawing(name, color))


def picture(image: QPixmap) -> QIcon:
    """A picture as the icon of a list: chosen or faint, its colours stay as they are."""
    made = QIcon(image)
    for mode in (QIcon.Mode.Selected, QIcon.Mode.Active, QIcon.Mode.Disabled):
        made.addPixmap(image, mode)
    return made


@cache
def names() -> frozenset[str]:
    """All icons there are."""
    return frozenset(path.stem for path in FOLDER.glob("*.svg"))


def app_icon() -> QIcon:
    """The colourful icon of the program."""
    made = QIcon()
    source = (FOLDER / "colour" / "pentimento.svg").read_bytes()
    for side in APP_SIZES:
        made.addPixmap(_painted(source, QSize(side, side)))
    return made


class Drawing(QIconEngine):
    """Paints one icon in the colours of the theme that is worn at that moment."""

    def __init__(self, name: str, color: str = "text") -> None:
        super().__init__()
        self.name, self.color = name, color

    def clone(self) -> QIconEngine:
        copy = Drawing(self.name, self.color)
        _copies.append(copy)  # Qt owns it, but Python would delete it when nobody here holds it.
        return copy

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        pixels = rect.size() * painter.device().devicePixelRatio()
        pixmap = self.pixmap(pixels, mode, state)
        painter.drawPixmap(QRectF(rect), pixmap, QRectF(pixmap.rect()))

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        if size.isEmpty():  # A squeezed button asks for such.
            return QPixmap()
        return _pixmap(self.name, self._tint(mode, state), size.width(), size.height())

    def scaledPixmap(  # noqa: N802
        self, size: QSize, mode: QIcon.Mode, state: QIcon.State, scale: float
    ) -> QPixmap:
        return self.pixmap(size * scale, mode, state)  # `size` is in logical pixels here

    def _tint(self, mode: QIcon.Mode, state: QIcon.State) -> str:
        look = theme.current()
        if mode is QIcon.Mode.Disabled:
            return look.disabled
        return look.accent if state is QIcon.State.On else asdict(look)[self.color]


_copies: list[Drawing] = []


@cache
def _source(name: str) -> str:
    return (FOLDER / f"{name}.svg").read_text(encoding="utf-8")


@cache
def _pixmap(name: str, color: str, width: int, height: int) -> QPixmap:
    return _painted(_source(name).replace("currentColor", color).encode(), QSize(width, height))


def _painted(source: bytes, size: QSize) -> QPixmap:
    pixmap = QPixmap(size)
    pixmap.fill(Qt.GlobalColor.transparent)
    renderer = QSvgRenderer(QByteArray(source))
    renderer.setAspectRatioMode(Qt.AspectRatioMode.KeepAspectRatio)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    renderer.render(painter)
    painter.end()
    return pixmap
