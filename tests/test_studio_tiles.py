"""The tiles of the classes take the room that there is, and are never too small to be read."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QRect, QSize
from PySide6.QtWidgets import QApplication

from engines.data.spec import PaletteClass
from studio.views.classes import GAP, MARGIN, TILE, Tile, tile_size
from studio.views.window import Window


@given(st.integers(212, 2000), st.integers(60, 2000), st.integers(1, 255))
def test_tiles_fit_or_are_small_and_scrolled(width: int, height: int, count: int) -> None:
    size, fit = tile_size(QSize(width, height), count, 12)
    assert size.width() >= TILE.width()
    assert size.height() >= TILE.height()
    wide = width - 2 * MARGIN + GAP

    def high(each: QSize, bar: int) -> int:
        columns = (wide - bar) // (each.width() + GAP)
        return -(-count // columns) * (each.height() + GAP) - GAP + 2 * MARGIN

    if fit:
        assert high(size, 0) <= height
    else:  # Not even the smallest would do.
        assert high(TILE, 0) > height
        assert size.height() == TILE.height()
        assert (wide - 12) // (size.width() + GAP) >= (wide - 12) // (TILE.width() + GAP) > 0


def test_more_room_makes_larger_tiles() -> None:
    low, high = (tile_size(QSize(240, room), 13, 12)[0] for room in (600, 1100))
    wide, _ = tile_size(QSize(420, 1100), 13, 12)
    assert (low.width(), high.width()) == (107, 107)
    assert high.height() > 1.3 * low.height()
    assert wide.width() * wide.height() > 1.5 * high.width() * high.height()


@pytest.mark.parametrize("size", [(1400, 900), (2560, 1440)])
def test_no_tile_hides_another_and_a_tall_window_shows_all(
    window: Window, size: tuple[int, int]
) -> None:
    palette = tuple(PaletteClass(f"class {n}", f"#{n * 16:02x}4040") for n in range(13))
    session = window.studio.session
    session.change_scene(replace(session.scene, palette=palette), "palette")
    window.resize(*size)
    QApplication.processEvents()
    tiles = [tile for tile in window.classes.findChildren(Tile) if tile.isVisible()]
    assert len(tiles) == 13
    places = [tile.geometry() for tile in tiles]
    assert not any(a.intersects(b) for n, a in enumerate(places) for b in places[:n])
    viewport = window.classes.viewport()
    page = window.classes.widget()
    room = QRect(0, 0, viewport.width(), 1 << 20)
    assert all(room.contains(place) for place in places)
    if size[1] > 1000:
        assert page.height() <= viewport.height()
        filled = max(place.bottom() for place in places)
        assert filled > 0.75 * viewport.height()
