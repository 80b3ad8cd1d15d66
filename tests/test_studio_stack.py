"""The picture's canvas composes layers as the document merges them, wherever it is looked at."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QRectF
from PySide6.QtGui import QImage, QPainter, QTransform
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from studio.document.edit import Edit
from studio.document.layers import BLENDS, Kind, Layer
from studio.document.raster import whole
from studio.document.showing import Showing
from studio.models.images import to_image
from studio.models.studio import Studio
from studio.views.paper import Paper

SIZE = (48, 64)


@pytest.fixture
def paper(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Paper]:
    """A small document without a model, and a picture in the model's place."""
    for name in ("DATA", "CONFIG", "STATE", "CACHE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name.lower()))
    studio = Studio("cpu")
    studio.files.new(SIZE)
    made = Paper(studio.session, studio.live)
    rng = np.random.default_rng(3)
    made.picture = to_image(rng.integers(0, 256, (*SIZE, 3), np.uint8))
    yield made
    studio.close(forget=True)
    made.deleteLater()
    studio.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def picture_of(paper: Paper) -> np.ndarray:
    """The live picture, uint8 (H, W, 3)."""
    image = paper.picture
    assert image is not None
    bgra = np.array(image.constBits()).reshape(image.height(), image.width(), 4)
    return bgra[..., 2::-1].copy()


def colors(rng: np.random.Generator) -> np.ndarray:
    """RGBA in blocks: all sorts of colours, some clear, some opaque."""
    blocks = rng.integers(0, 256, (SIZE[0] // 4, SIZE[1] // 4, 4), np.uint8)
    blocks[:3, ..., 3] = 255
    blocks[3, ..., 3] = 0
    return np.kron(blocks, np.ones((4, 4, 1), np.uint8))


def put(paper: Paper, *tree: Layer) -> None:
    """Take these layers above the picture, each picture layer with colours of its own."""
    session = paper.session
    session.change_layers((*tree, *session.scene.layers), "layers")
    rng = np.random.default_rng(7)
    for layer in (inner for each in tree for inner in (each, *each.children)):
        if layer.kind is Kind.PICTURE:
            edit = Edit(session.document, "paint", layer.id)
            session.touched(edit.replace(colors(rng)), layer.id)
            session.commit(edit)


def shown(paper: Paper, transform: QTransform | None = None) -> np.ndarray:
    """What the stack draws over clear pixels, straight RGBA (H, W, 4)."""
    image = QImage(SIZE[1], SIZE[0], QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(0)
    painter = QPainter(image)
    part = QRectF(0, 0, SIZE[1], SIZE[0])
    paper.stack.paint(painter, transform or QTransform(), part)
    painter.end()
    flat = image.convertToFormat(QImage.Format.Format_RGBA8888)
    return np.array(flat.constBits()).reshape(*SIZE, 4)


def merged(paper: Paper) -> np.ndarray:
    return Showing(paper.session.document, picture_of(paper)).merged(whole(SIZE))


def same(one: np.ndarray, other: np.ndarray) -> None:
    """As eight bits a channel on the way allow; what a mode divides by alpha may be farther off."""
    off = apart(one, other)
    assert np.quantile(off, 0.99) <= 2
    assert off.max() <= 9


def apart(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """How far colours differ where they are weighed by their alpha, 0 to 255, (H, W, 4)."""
    weigh = [
        np.concatenate([p[..., :3] * (p[..., 3:] / 255), p[..., 3:].astype(float)], 2)
        for p in (one.astype(float), other.astype(float))
    ]
    return np.abs(weigh[0] - weigh[1])


@pytest.mark.parametrize("mode", BLENDS)
def test_every_mode_looks_as_it_is_merged(paper: Paper, mode: str) -> None:
    put(
        paper,
        Layer(11, Kind.PICTURE, "upper", opacity=0.7, blend=mode),
        Layer(12, Kind.PICTURE, "lower"),
    )
    same(shown(paper), merged(paper))
    # And over nothing: the model's picture is hidden.
    session = paper.session
    bare = tuple(replace(e, visible=e.kind is Kind.PICTURE) for e in session.scene.layers)
    session.change_layers(bare, "hide")
    same(shown(paper), merged(paper))


def test_a_group_stands_alone(paper: Paper) -> None:
    inner = (
        Layer(11, Kind.PICTURE, "upper", blend="multiply"),
        Layer(12, Kind.PICTURE, "lower", opacity=0.5),
    )
    group = Layer(13, Kind.GROUP, "group", opacity=0.6, blend="luminosity", children=inner)
    put(paper, group)
    alone = shown(paper)
    same(alone, merged(paper))
    tree = paper.session.scene.layers
    paper.session.change_layers((*inner, *tree[1:]), "ungroup")
    assert apart(alone, shown(paper)).max() > 50


def test_the_picture_alone_is_drawn_at_once_and_a_stroke_is_followed(paper: Paper) -> None:
    assert paper.stack.plain
    assert (shown(paper)[..., :3] == picture_of(paper)).all()
    put(paper, Layer(11, Kind.PICTURE, "paint"))
    assert not paper.stack.plain
    assert apart(shown(paper), merged(paper)).max() <= 2
    session = paper.session
    session.activate(11)
    edit = Edit(session.document, "stroke", 11)
    plane = session.document.plane(11).copy()
    plane[10:20, 30:50] = (250, 10, 20, 255)
    areas = []
    paper.picture_painted.connect(areas.append)
    session.touched(edit.replace(plane), 11)
    session.commit(edit)
    assert areas
    assert (shown(paper)[10:20, 30:50] == (250, 10, 20, 255)).all()
    session.undo()
    assert apart(shown(paper), merged(paper)).max() <= 2
    session.undo()
    session.undo()
    assert paper.stack.plain


@pytest.mark.parametrize("ratio", [1.5, 2.0])
def test_layers_are_sharp_on_every_screen(paper: Paper, ratio: float) -> None:
    put(paper, Layer(11, Kind.PICTURE, "paint"))
    straight = shown(paper)
    width, height = 20, 16
    image = QImage(
        round(width * ratio), round(height * ratio), QImage.Format.Format_ARGB32_Premultiplied
    )
    image.setDevicePixelRatio(ratio)
    image.fill(0)
    painter = QPainter(image)
    # A pixel of the document is one of the screen; the part starts between logical pixels.
    transform = QTransform.fromScale(1 / ratio, 1 / ratio).translate(-5, -4)
    paper.stack.paint(painter, transform, QRectF(3, 3, 11, 9))
    painter.end()
    flat = image.convertToFormat(QImage.Format.Format_RGBA8888)
    found = np.array(flat.constBits()).reshape(image.height(), flat.bytesPerLine() // 4, 4)
    rows, columns = slice(round(3 * ratio) + 1, 16), slice(round(3 * ratio) + 1, 20)
    there = found[rows, columns]
    wanted = straight[rows.start + 4 : 20, columns.start + 5 : 25]
    assert apart(there, wanted).max() <= 2


def test_layers_turn_with_the_view(paper: Paper) -> None:
    put(paper, Layer(11, Kind.PICTURE, "paint", blend="screen"))
    straight = shown(paper)
    half = QTransform().translate(SIZE[1], SIZE[0]).rotate(180)
    assert apart(shown(paper, half), straight[::-1, ::-1]).max() <= 4
    mirrored = QTransform().translate(SIZE[1], 0).scale(-1, 1)
    assert apart(shown(paper, mirrored), straight[:, ::-1]).max() <= 4
