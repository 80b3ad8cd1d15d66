"""The strip of the last results: it outlives a kill, and goes with its document."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engines.data.spec import PaletteClass
from engines.request import Request
from studio.document.carried import Result
from studio.document.document import Document
from studio.document.keepsakes import Keepsake, Shelf
from studio.document.scene import Picture, Scene
from studio.lanes.render import RenderLane
from studio.lanes.work import WorkLane
from studio.models.lasting import RESULTS, Lasting
from studio.models.library import Library
from studio.models.live import Live
from studio.models.results import MOST, Results
from studio.models.session import Session

CLASSES = (PaletteClass("sky", "#88bbee"), PaletteClass("rock", "#775544"))


def result(seed: int) -> Result:
    rng = np.random.default_rng(seed)
    ids = rng.integers(0, 2, (16, 16), dtype=np.uint8)
    pixels = rng.integers(0, 256, (24, 32, 3), dtype=np.uint8)
    request = Request("abc", (24, 32), {"layout": ids}, seed)
    return Result(pixels, request, {"title": "Tiny"}, Document(ids, Scene(CLASSES, seed=seed)))


class Room:
    """What the strip lives with."""

    def __init__(self) -> None:
        self.work, self.lane = WorkLane(), RenderLane("cpu")
        self.session = Session(Library(self.work))
        self.results = Results(self.session, Live(self.session, self.lane))
        self.lasting = Lasting(self.session, self.results, self.work)
        self.said: list[str] = []
        self.lasting.problem.connect(self.said.append)

    def rest(self, qtbot: QtBot) -> None:
        qtbot.waitUntil(lambda: not (self.lasting.due or self.work.jobs), timeout=20_000)
        QApplication.processEvents()  # The end of the last one may be on its way still.

    def close(self) -> None:
        self.lane.close()
        self.work.close()


@pytest.fixture
def room(qtbot: QtBot) -> Iterator[Room]:
    room = Room()
    yield room
    room.close()


@pytest.fixture
def other(qtbot: QtBot) -> Iterator[Room]:
    """Another studio, for the first is dead."""
    room = Room()
    yield room
    room.close()


def told(items: list[Result]) -> list[tuple[object, ...]]:
    return [
        (i.pixels.tobytes(), i.request.key, i.passport, i.document and i.document.ids.tobytes())
        for i in items
    ]


def test_they_outlive_a_kill(room: Room, other: Room, qtbot: QtBot, tmp_path: Path) -> None:
    room.lasting.keep_in(tmp_path)
    for seed in range(3):
        room.results.put([result(seed), *room.results.items])
    room.rest(qtbot)
    other.lasting.keep_in(tmp_path)
    other.rest(qtbot)
    assert len(other.results.items) == 3
    assert told(other.results.items) == told(room.results.items)
    other.results.put([result(7), *other.results.items])  # It goes on from there.
    other.rest(qtbot)
    assert len(Shelf(tmp_path / RESULTS).read()) == 4


def test_only_what_is_new_is_packed_and_what_fell_out_is_removed(
    room: Room, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed: list[Result] = []
    pack = Keepsake.of

    def counted(found: Result, made: float, passing: bool = False) -> Keepsake:
        packed.append(found)
        return pack(found, made, passing)

    monkeypatch.setattr(Keepsake, "of", counted)
    room.lasting.keep_in(tmp_path)
    for seed in range(MOST + 3):
        room.results.put([result(seed), *room.results.items])
        room.rest(qtbot)
    assert len(packed) == MOST + 3
    assert len(list((tmp_path / RESULTS).glob("*.png"))) == MOST


def test_what_came_before_the_old_ones_were_found_stays_on_top(
    room: Room, other: Room, qtbot: QtBot, tmp_path: Path
) -> None:
    room.lasting.keep_in(tmp_path)
    room.results.put([result(1), result(2)])
    room.rest(qtbot)
    other.lasting.keep_in(tmp_path)
    other.results.put([result(5), result(2)])
    other.rest(qtbot)
    assert told(other.results.items) == told([result(5), result(2), result(1)])


def test_another_document_has_its_own(
    room: Room, other: Room, qtbot: QtBot, tmp_path: Path
) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    for folder, seed in ((first, 1), (second, 2)):
        folder.mkdir()
        room.session.show(Document.blank((8, 8)))
        room.lasting.keep_in(folder)
        room.results.put([result(seed)])
    room.session.show(Document.blank((8, 8)))
    room.lasting.keep_in(None)
    room.results.put([result(3)])
    room.rest(qtbot)
    for folder, seed in ((first, 1), (second, 2)):
        found = [item.result() for item in Shelf(folder / RESULTS).read()]
        assert told(found) == told([result(seed)])


def test_a_document_that_was_closed_meanwhile_is_not_made_again(
    room: Room, qtbot: QtBot, tmp_path: Path
) -> None:
    room.lasting.keep_in(tmp_path / "gone")
    room.results.put([result(1)])
    room.rest(qtbot)
    assert not (tmp_path / "gone").exists()
    assert room.said == []


def test_a_disk_that_refuses_is_told_and_they_stay(
    room: Room, qtbot: QtBot, tmp_path: Path
) -> None:
    (tmp_path / RESULTS).write_text("in the way")
    room.lasting.keep_in(tmp_path)
    room.results.put([result(1)])
    room.rest(qtbot)
    assert len(room.said) == 1
    assert "save the document" in room.said[0]
    assert len(room.results.items) == 1


def test_a_broken_one_stays_behind(room: Room, other: Room, qtbot: QtBot, tmp_path: Path) -> None:
    room.lasting.keep_in(tmp_path)
    room.results.put([result(1), result(2)])
    room.rest(qtbot)
    broken = Keepsake.of(result(1), 0.0).key
    (tmp_path / RESULTS / f"{broken}.png").write_bytes(b"broken")
    other.lasting.keep_in(tmp_path)
    other.rest(qtbot)
    assert told(other.results.items) == told([result(2)])
    assert other.said == []


def test_going_back_leaves_the_photo_to_trace(room: Room) -> None:
    photo = Picture(np.full((9, 9, 3), 5, np.uint8))
    session = room.session
    session.show(Document.blank((16, 16)))
    session.change_scene(replace(session.scene, underlay=photo), "Photo")
    room.results.restore(result(4))
    assert session.scene.seed == 4
    assert session.scene.underlay == photo
    assert [change.label for change in session.history.done] == ["Photo", "Back to a result"]
