"""The benchmark of the canvas: well-formed rows, and painters that paint the same."""

import sys
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication

from engines import bench
from engines.bench import Comparison
from studio.bench import canvas
from studio.bench.canvas import BRUSH, OURS, Floor, Napari, Ours, photographic, strokes
from studio.document.layers import Kind, walk
from studio.document.scene import Scene

SIDE = 900


def rows(monkeypatch: pytest.MonkeyPatch) -> list[Comparison]:
    monkeypatch.setattr(bench, "PACKAGES", [*bench.PACKAGES, "studio.bench"])
    return list(bench.compare("canvas", bench.known()["canvas"], quick=True))


@pytest.mark.slow  # A window, and a process of its own.
def test_a_quick_look_gives_rows_and_judges_nothing(
    qapp: QApplication, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "napari.layers", None)
    found = rows(monkeypatch)
    assert "napari is not installed" in (said := capsys.readouterr().err)
    assert "pip install 'napari==" in said
    assert {row.name for row in found} == {OURS}
    for row in found:
        ours, theirs = row.timings.seconds[OURS], row.timings.seconds[row.peer]
        assert len(ours) == len(theirs)
        assert min(*ours, *theirs) > 0
        assert row.wanted == 0
    words = " ".join(row.what for row in found)
    for what in ("a dab", "undo", "redo", "panning", "fitted", "1:1", "history", "resident"):
        assert what in words
    assert "60 of them kept" in words


def test_strokes_are_the_same_for_all_and_stay_on_the_page(tmp_path: Path) -> None:
    for number, points in strokes(np.random.default_rng(4), SIDE, 20, 50):
        assert 0 <= number < canvas.CLASSES
        assert points.min() >= 0
        assert points.max() < SIDE
        assert np.abs(np.diff(points, axis=0)).max() <= BRUSH / 4 + 1


def test_our_strokes_are_what_they_are_said_to_be(qapp: QApplication, tmp_path: Path) -> None:
    ids = canvas.page(SIDE)
    ours, floor = Ours(ids, tmp_path), Floor(ids)
    (stroke,) = strokes(np.random.default_rng(5), SIDE, 1, 9)
    seconds, _ = ours.paint(stroke)
    assert len(seconds) == len(floor.paint(stroke)[0]) == 8
    number, points = stroke
    y, x = np.mgrid[:SIDE, :SIDE]
    far = np.min([np.hypot(y - row, x - column) for row, column in points], axis=0)
    assert (ours.ids[far < BRUSH / 2 - 1] == number).all()
    # Between two dabs a stroke is as broad as at them; a sixteenth of the brush is lost on arcs.
    changed = ours.ids != ids
    assert not changed[far > BRUSH / 2 + BRUSH / 16].any()
    after = ours.ids.copy()
    ours.undo()
    assert np.array_equal(ours.ids, ids)
    ours.redo()
    assert np.array_equal(ours.ids, after)
    assert 0 < ours.bytes < 100_000
    ours.close()
    assert list((tmp_path / "open").iterdir()) == []


@pytest.mark.slow  # It imports napari, where it is.
@pytest.mark.filterwarnings("ignore")  # napari's own
def test_napari_paints_the_same(qapp: QApplication, tmp_path: Path) -> None:
    pytest.importorskip("napari.layers")
    ids = canvas.page(SIDE)
    ours, peer = Ours(ids, tmp_path), Napari(ids)
    for stroke in strokes(np.random.default_rng(6), SIDE, 3, 9):
        ours.paint(stroke)
        peer.paint(stroke)
    assert (ours.ids != ids).mean() > 0.2
    assert (ours.ids != peer.ids).mean() < 0.01  # It goes from dab to dab, and rounds.
    assert peer.bytes > 1000
    peer.undo()
    peer.redo()
    assert (ours.ids != peer.ids).mean() < 0.01
    ours.close()


def test_the_page_of_photographs_is_hard_to_compress() -> None:
    document = photographic(64, Scene())
    pictures = [e for e in walk(document.scene.layers) if e.kind is Kind.PICTURE]
    assert len(pictures) == canvas.PICTURES
    for layer in pictures:
        assert document.plane(layer.id).shape == (64, 64, 4)
        assert len(np.unique(document.plane(layer.id)[..., 0])) > 100
