"""The whole page: crops, sizes, turns; every layer follows, undo brings all back."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytestqt.qtbot import QtBot

from engines.data.pictures import shrink_layout
from studio.document import page
from studio.document.document import Document
from studio.document.layers import FIRST, LAYOUT, Kind, Layer
from studio.document.raster import Area
from studio.document.scene import Scene
from studio.lanes.work import WorkLane
from studio.models.library import Library
from studio.models.pages import Pages
from studio.models.selection import Selection
from studio.models.session import Session

PHOTO = 5


def painted(size: tuple[int, int] = (30, 50)) -> Document:
    rng = np.random.default_rng(1)
    document = Document.blank(size, Scene(layers=(Layer(PHOTO, Kind.PICTURE), *FIRST)))
    document.plane(LAYOUT)[:] = rng.integers(0, 3, size)
    document.plane(PHOTO)[:] = rng.integers(0, 255, (*size, 4))
    return document


@given(st.integers(-20, 20), st.integers(-20, 20), st.integers(1, 40), st.integers(1, 60))
def test_a_crop_shows_the_same_pixels_and_blank_ones(
    top: int, left: int, height: int, width: int
) -> None:
    document = painted()
    size, planes = page.cropped(document, Area(top, left, top + height, left + width))
    assert size == (height, width)
    for row in range(0, height, 7):
        for column in range(0, width, 7):
            y, x = top + row, left + column
            inside = 0 <= y < 30 and 0 <= x < 50
            expected = document.plane(LAYOUT)[y, x] if inside else 255
            assert planes[LAYOUT][row, column] == expected
            clear = document.plane(PHOTO)[y, x] if inside else (0, 0, 0, 0)
            assert tuple(planes[PHOTO][row, column]) == tuple(clear)


def test_anchors_put_the_old_page_where_they_say() -> None:
    assert page.extended((10, 10), (20, 30), 0, 0) == Area(0, 0, 20, 30)
    assert page.extended((10, 10), (20, 30), 1, 1) == Area(-10, -20, 10, 10)
    assert page.extended((10, 10), (4, 6), 0.5, 0.5) == Area(3, 2, 7, 8)


def test_layouts_grow_by_repeating_and_shrink_by_majority() -> None:
    document = painted()
    ids = document.plane(LAYOUT)
    _, large = page.resized(document, (60, 100))
    assert np.array_equal(large[LAYOUT], ids.repeat(2, 0).repeat(2, 1))
    _, small = page.resized(document, (10, 25))
    assert np.array_equal(small[LAYOUT], shrink_layout(ids, (10, 25)))
    assert small[PHOTO].shape == (10, 25, 4)


def test_the_colour_of_what_is_clear_does_not_show() -> None:
    document = painted((20, 20))
    photo = document.plane(PHOTO)
    photo[:] = (0, 255, 0, 0)
    photo[:, 10:] = (200, 0, 0, 255)
    _, small = page.resized(document, (7, 7))
    seen = small[PHOTO][small[PHOTO][..., 3] > 20]
    assert len(seen) > 20
    assert seen[:, 1].max() < 3


def test_turns_and_mirrors_are_exact() -> None:
    document = painted()
    ids = document.plane(LAYOUT)
    size, right = page.turned(document, 1)
    assert size == (50, 30)
    assert right[LAYOUT][0, 29] == ids[0, 0]  # What was upper left is upper right.
    assert np.array_equal(page.turned(document, 2)[1][LAYOUT], ids[::-1, ::-1])
    assert np.array_equal(page.turned(document, -1)[1][LAYOUT], np.rot90(ids))
    assert np.array_equal(page.mirrored(document, True)[1][LAYOUT], ids[:, ::-1])
    assert np.array_equal(page.mirrored(document, False)[1][PHOTO], document.plane(PHOTO)[::-1])


@pytest.fixture
def pages(qtbot: QtBot) -> Pages:
    lane = WorkLane()
    session = Session(Library(lane))
    lane.close()
    session.show(painted())
    made = Pages(session, Selection(session))
    made.setProperty("lane", lane)
    return made


def test_each_is_one_step_that_is_undone(pages: Pages, qtbot: QtBot) -> None:
    session, selection = pages.session, pages.selection

    def state() -> tuple[object, ...]:
        document = session.document
        return document.size, {n: p.tobytes() for n, p in document.planes.items()}

    mask = np.zeros((30, 50), np.bool_)
    mask[4:9, 6:20] = True
    for do, size in (
        (lambda: pages.turn(1), (50, 30)),
        (lambda: pages.turn(-1), (30, 50)),
        (pages.crop_to_selection, (5, 14)),
        (lambda: pages.extend((40, 20), 0.5, 0.5), (40, 20)),
        (pages.trim, (5, 14)),
        (lambda: pages.resize((10, 28)), (10, 28)),
        (lambda: pages.mirror(True), (10, 28)),
    ):
        if do == pages.crop_to_selection:
            selection.take(mask)
        before, count = state(), len(session.history.done)
        with qtbot.waitSignal(session.resized):
            do()
        assert session.document.size == size
        assert selection.mask is None
        after = state()
        assert len(session.history.done) == count + 1
        session.undo()
        assert state() == before
        session.redo()
        assert state() == after


def test_what_cannot_be_is_told(pages: Pages, qtbot: QtBot) -> None:
    for do, word in (
        (pages.crop_to_selection, "selected"),
        (lambda: pages.resize((9000, 9000)), "8192"),
    ):
        with qtbot.waitSignal(pages.session.problem, check_params_cb=lambda s, w=word: w in s):
            do()
    pages.session.show(Document.blank((9, 9)))
    with qtbot.waitSignal(
        pages.session.problem, check_params_cb=lambda s: "nothing on the page" in s
    ):
        pages.trim()
    assert not pages.session.history.done
