"""How sure a reader of layouts was: kept with the document, undone, and turned with its page."""

import json
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from pytestqt.qtbot import QtBot

from engines.data.spec import PaletteClass
from engines.errors import UserError
from engines.request import Request
from studio.document import ora
from studio.document.carried import png_bytes, read_png
from studio.document.document import Document
from studio.document.doubt import MOST_SIDE, kept
from studio.document.layers import LAYOUT
from studio.document.packing import pack_history, unpack_history
from studio.document.scene import Scene, Traced
from studio.lanes.work import WorkLane
from studio.models.layoutreader import Reading
from studio.models.library import Library
from studio.models.pages import Pages
from studio.models.reading import LayoutReading
from studio.models.selection import Selection
from studio.models.session import Session

Pixels = npt.NDArray[np.uint8]
SIZE = (40, 64)
CLASSES = ("sky", "sea")


@pytest.fixture
def reading(work: WorkLane, qtbot: QtBot) -> Iterator[LayoutReading]:
    session = Session(Library(work))
    palette = tuple(PaletteClass(name, "#102030") for name in CLASSES)
    document = Document.blank(SIZE, Scene(palette=palette))
    document.plane(LAYOUT)[:3] = 0  # It is not untouched, so a photo becomes layers of it.
    session.show(document)
    return LayoutReading(session, session.library, work)


def lay(reading: LayoutReading) -> Pixels:
    """A photo was read: the reader was sure of all but the upper left corner. The doubt."""
    ids = np.ones(SIZE, np.uint8)
    sure = np.full(SIZE, 255, np.uint8)
    sure[:10, :16] = 0
    found = Reading(ids, sure, CLASSES, ("#000001", "#000002"))
    reading._come(reading.session.document, "a.jpg", (np.zeros((*SIZE, 3), np.uint8), found))
    doubt = reading.doubt()
    assert doubt is not None
    assert (doubt[:10, :16] == 255).all()
    assert not doubt[10:].any()
    return doubt


def reopened(reading: LayoutReading, path: Path) -> None:
    ora.write(path, reading.session.history)
    opened = ora.read(path)
    assert opened.warnings == ()
    reading.session.show(opened.history.document, opened.history)


def test_it_is_saved_opened_and_undone(reading: LayoutReading, tmp_path: Path) -> None:
    session = reading.session
    doubt = lay(reading)
    told: list[int] = []
    reading.doubt_changed.connect(lambda: told.append(1))
    reopened(reading, tmp_path / "a.ora")
    assert told == [1]
    assert np.array_equal(reading.doubt(), doubt)
    session.undo()
    assert reading.doubt() is None
    session.redo()
    assert np.array_equal(reading.doubt(), doubt)
    # Read once more, from a file that was saved before the second: both come and go.
    session.undo()
    reopened(reading, tmp_path / "b.ora")
    assert reading.doubt() is None
    session.redo()
    assert np.array_equal(reading.doubt(), doubt)
    assert len(told) == 6


def test_steps_of_the_journal_bring_it(reading: LayoutReading) -> None:
    lay(reading)
    reading.session.change_scene(replace(reading.session.scene, seed=5), "Seed")
    history = reading.session.history
    plain, blobs = pack_history(history)
    document, pictures = history.document, history.document.scene.pictures
    again = unpack_history(
        document.copy(), json.loads(json.dumps(plain)), b"".join(blobs), pictures
    )
    again.undo()
    assert again.document.scene.seed == 0
    assert again.document.scene.traced == document.scene.traced
    again.undo()
    assert again.document.scene.traced is None
    again.redo()
    assert again.document.scene.traced == document.scene.traced


def test_pictures_that_carry_the_document_carry_it(reading: LayoutReading) -> None:
    lay(reading)
    document = reading.session.document
    data = png_bytes(np.zeros((8, 8, 3), np.uint8), Request("0" * 64, (8, 8)), {}, document)
    carried = read_png(data)
    assert carried is not None
    assert carried.document is not None
    assert carried.document.scene.traced == document.scene.traced


def test_it_goes_where_the_page_goes(reading: LayoutReading) -> None:
    session = reading.session
    pages = Pages(session, Selection(session))
    before = lay(reading)
    done = len(session.history.done)
    for do, expected in (
        (lambda: pages.turn(1), np.rot90(before, -1)),
        (lambda: pages.mirror(True), before[:, ::-1]),
        (lambda: pages.extend((50, 70), 0, 0), np.pad(before, ((0, 10), (0, 6)))),
        (lambda: pages.extend((20, 30), 0, 0), before[:20, :30]),
        (lambda: pages.resize((80, 128)), before.repeat(2, 0).repeat(2, 1)),
    ):
        do()
        assert len(session.history.done) == done + 1
        moved = reading.doubt()
        assert moved is not None
        assert moved.shape == expected.shape
        # Edges are smooth where a page was resized.
        assert (np.abs(moved.astype(int) - expected) > 1).mean() < 0.03
        session.undo()
        assert np.array_equal(reading.doubt(), before)


def test_a_large_one_is_kept_small_and_smooth() -> None:
    sure = np.zeros((2000, 3000), np.uint8)
    sure[:, 1500:] = 255
    picture = kept(sure)
    assert picture.pixels.shape == (341, MOST_SIDE, 3)
    assert kept(np.zeros((1, 9000), np.uint8)).pixels.shape == (1, MOST_SIDE, 3)
    assert kept(sure[:5, 1497:1503]).pixels[..., 0].tolist() == [[0, 0, 0, 255, 255, 255]] * 5


@pytest.mark.parametrize("shape", [(1, 1), (3, 700), (40, 64)])
def test_a_map_of_any_shape_covers_the_page(reading: LayoutReading, shape: tuple[int, int]) -> None:
    lay(reading)
    session = reading.session
    traced = session.scene.traced
    assert traced is not None
    odd = replace(traced, sure=kept(np.zeros(shape, np.uint8)))
    session.show(Document.of(SIZE, session.document.planes, replace(session.scene, traced=odd)))
    doubt = reading.doubt()
    assert doubt is not None
    assert (doubt == 255).all()
    # It speaks of a layer that is a picture, or of none.
    for number in (odd.photo, 77):
        session.show(
            Document.of(
                SIZE,
                session.document.planes,
                replace(session.scene, traced=replace(odd, read=number)),
            )
        )
        assert reading.doubt() is None


def changed(path: Path, change: Any) -> Path:
    """The document with its document.json changed."""
    out = path.with_name("changed.ora")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name == "pentimento/document.json":
                plain = json.loads(data)
                change(plain["scene"]["traced"])
                data = json.dumps(plain).encode()
            new.writestr(old.getinfo(name), data)
    return out


def test_older_documents_open_without_it(reading: LayoutReading, tmp_path: Path) -> None:
    lay(reading)
    ora.write(tmp_path / "a.ora", reading.session.history)
    opened = ora.read(changed(tmp_path / "a.ora", lambda traced: traced.pop("sure")))
    traced = opened.history.document.scene.traced
    assert traced is not None
    assert traced.sure is None
    reading.session.show(opened.history.document, opened.history)
    assert reading.doubt() is None


@pytest.mark.parametrize("sure", [{"picture": "nowhere"}, {}, 7, [], "x", {"picture": []}])
def test_a_strangers_map_is_refused_in_a_sentence(
    reading: LayoutReading, tmp_path: Path, sure: Any
) -> None:
    lay(reading)
    ora.write(tmp_path / "a.ora", reading.session.history)
    with pytest.raises(UserError, match="cannot be read"):
        ora.read(changed(tmp_path / "a.ora", lambda traced: traced.update(sure=sure)))


def test_new_documents_trace_nothing(reading: LayoutReading) -> None:
    lay(reading)
    session = reading.session
    offered: list[Document] = []
    session.offered.connect(offered.append)
    session.replace_layout(np.zeros((9, 9), np.uint8), session.scene, "x")
    assert offered[0].scene.traced is None
    assert isinstance(session.scene.traced, Traced)
