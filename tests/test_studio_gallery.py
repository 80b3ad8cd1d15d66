"""The gallery: kept results that are bounded, saved, restored in one step, and outlive a kill."""

import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pytestqt.qtbot import QtBot

from engines.data.spec import PaletteClass
from engines.errors import UserError
from engines.request import Request
from studio.document import keepsakes, ora
from studio.document.archive import Archive
from studio.document.carried import Result
from studio.document.desk import Desk
from studio.document.document import Document
from studio.document.keepsakes import Keepsake, Shelf, bounded, lean
from studio.document.layers import FIRST, Kind, Layer
from studio.document.raster import Area
from studio.document.scene import Picture, Scene
from studio.history import History
from studio.lanes.render import RenderLane
from studio.lanes.work import WorkLane
from studio.models.gallery import MOST_PASSING, Gallery
from studio.models.library import Library
from studio.models.live import Live
from studio.models.results import Results
from studio.models.session import Session

CLASSES = (PaletteClass("sky", "#88bbee"), PaletteClass("rock", "#775544"))


def pixels(seed: int, size: tuple[int, int] = (24, 32)) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (*size, 3), dtype=np.uint8)


def result(seed: int, side: int = 16, **values: object) -> Result:
    ids = np.random.default_rng(seed).integers(0, 2, (side, side), dtype=np.uint8)
    scene = Scene(palette=CLASSES, values=values, seed=seed)
    request = Request("abc", (24, 32), {"layout": ids}, seed)
    return Result(pixels(seed), request, {"title": "Tiny", "licence": "CC0"}, Document(ids, scene))


def item(seed: int, made: float = 0.0, passing: bool = False, pinned: bool = False) -> Keepsake:
    return replace(Keepsake.of(result(seed), made, passing), pinned=pinned)


def told(items: object) -> list[tuple[object, ...]]:
    return [
        (i.key, i.png, i.small, i.size, i.model, i.made, i.pinned, i.passing)
        for i in items  # type: ignore[attr-defined]
    ]


def test_a_keepsake_gives_the_result_back() -> None:
    before = result(3, fog=0.5)
    kept = Keepsake.of(before, 12.5)
    after = kept.result()
    assert (after.pixels == before.pixels).all()
    assert after.request.key == before.request.key
    assert after.document is not None
    assert before.document is not None
    assert (after.document.ids == before.document.ids).all()
    assert after.document.scene == before.document.scene
    assert (kept.size, kept.model, kept.made) == ((24, 32), "Tiny", 12.5)
    assert kept.thumbnail().shape == (24, 32, 3)
    assert np.abs(kept.thumbnail().mean() - before.pixels.mean()) < 4
    assert kept.key == Keepsake.of(before, 99.0).key


def test_large_style_pictures_and_photos_to_trace_do_not_swell_it() -> None:
    photo = Picture(np.zeros((1200, 1600, 3), np.uint8), "me.jpg")
    before = result(1, photo=photo)
    assert before.document is not None
    before.document.scene = replace(before.document.scene, underlay=photo)
    request = replace(before.request, values={"photo": photo.pixels})
    small = lean(replace(before, request=request))
    assert small.request.values["photo"].shape == (576, 768, 3)
    assert small.document is not None
    kept = small.document.scene.values["photo"]
    assert (kept.pixels.shape, kept.name) == ((576, 768, 3), "me.jpg")
    assert small.document.scene.underlay is None


def test_a_keepsake_holds_the_class_map_and_no_layers() -> None:
    document = Document(np.zeros((8, 8), np.uint8), Scene(palette=CLASSES))
    over = Layer(7, Kind.LAYOUT, "Over")
    document.scene = replace(document.scene, layers=(over, *FIRST))
    document.plane(7)[:4] = 1
    document.touch(Area(0, 0, 8, 8))
    kept = Keepsake.of(Result(pixels(0), Request("a", (8, 8)), {}, document), 0).result().document
    assert kept is not None
    assert kept.scene.layers == FIRST
    assert (kept.ids[:4] == 1).all()
    assert (kept.ids[4:] == 0).all()


def test_the_bounds_spare_what_is_pinned_then_what_was_kept_last(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    items = [
        item(0, made=1, pinned=True),
        item(1, made=5, passing=True),
        item(2, made=4),
        item(3, made=2),
    ]
    room = items[0].bytes + items[2].bytes + 10
    monkeypatch.setattr(keepsakes, "MOST_BYTES", room)
    assert [i.made for i in bounded(items)] == [1, 4]
    monkeypatch.setattr(keepsakes, "MOST_BYTES", 10**9)
    monkeypatch.setattr(keepsakes, "MOST_ITEMS", 3)
    assert [i.made for i in bounded(items)] == [1, 4, 2]


# In an .ora
# ----------------------------------------------------------------------------------------


def test_a_gallery_travels_in_the_document(tmp_path: Path) -> None:
    path, items = (
        tmp_path / "a.ora",
        [item(1, 5.0), item(2, 4.0, pinned=True), item(3, passing=True)],
    )
    ora.write(path, History(Document.blank((20, 30))), keepsakes=items)
    opened = ora.read(path)
    assert told(opened.keepsakes) == told(items)
    assert opened.warnings == ()
    ora.write(path, History(Document.blank((20, 30))))
    assert ora.read(path).keepsakes == ()
    with zipfile.ZipFile(path) as archive:
        assert not [name for name in archive.namelist() if "gallery" in name]


@pytest.mark.parametrize(
    "index",
    [
        b"{}",
        b'{"items": [{"key": "../../x"}]}',
        b'{"items": [{"key": "' + b"0" * 32 + b'"}]}',
        b'{"items": 7}',
        b'{"items": [7]}',
        b"[]",
        b"no json",
    ],
)
def test_a_stranger_s_gallery_is_left_out_with_a_warning(tmp_path: Path, index: bytes) -> None:
    path = tmp_path / "a.ora"
    ora.write(path, History(Document.blank((20, 30))))
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(keepsakes.INDEX, index)
    opened = ora.read(path)
    assert opened.keepsakes == ()
    assert opened.warnings == ("The gallery in the file is broken and was left out.",)


def test_a_gallery_is_read_no_further_than_its_bound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, items = tmp_path / "a.ora", [item(n) for n in range(4)]
    ora.write(path, History(Document.blank((20, 30))), keepsakes=items)
    monkeypatch.setattr(keepsakes, "MOST_BYTES", items[0].bytes + items[1].bytes + 10)
    with Archive(path) as archive:
        assert len(keepsakes.take_keepsakes(archive)) == 2


def test_a_name_is_never_a_path(tmp_path: Path) -> None:
    path, there = tmp_path / "a.ora", item(1)
    ora.write(path, History(Document.blank((20, 30))), keepsakes=[there])
    index = [{**there.to_json(), "key": "../x"}]
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(tmp_path / "b.ora", "w") as target:
        for name in source.namelist():
            data = source.read(name)
            if name == keepsakes.INDEX:
                data = json.dumps({"items": index}).encode()
            target.writestr(name.replace(there.key, "../x"), data)
    assert ora.read(path).keepsakes
    assert ora.read(tmp_path / "b.ora").keepsakes == ()


def test_what_a_stranger_put_in_place_of_a_picture_is_a_sentence() -> None:
    bad = Keepsake(b"no png", b"no jpeg", (4, 4), "x", 0.0)
    assert bad.thumbnail().shape == (9, 16, 3)
    with pytest.raises(UserError):
        bad.result()
    huge = Image.new("RGB", (4000, 10))
    buffer = io.BytesIO()
    huge.save(buffer, "JPEG")
    assert Keepsake(b"", buffer.getvalue(), (4, 4), "x", 0.0).thumbnail().shape == (9, 16, 3)


# Beside the document
# -------------------------------------------------------------------------------


def test_a_shelf_holds_what_it_was_told_and_nothing_else(tmp_path: Path) -> None:
    shelf, items = Shelf(tmp_path / "gallery"), [item(1, 3.0, pinned=True), item(2), item(3)]
    assert shelf.read() == ()
    shelf.write(items)
    assert told(shelf.read()) == told(items)
    shelf.write(items[1:2])
    assert told(shelf.read()) == told(items[1:2])
    assert len(list((tmp_path / "gallery").iterdir())) == 3
    (tmp_path / "gallery" / f"{items[1].key}.png").unlink()
    assert shelf.read() == ()


class Room:
    """A session with its results and its gallery."""

    def __init__(self) -> None:
        self.work, self.lane = WorkLane(), RenderLane("cpu")
        self.session = Session(Library(self.work))
        self.results = Results(self.session, Live(self.session, self.lane))
        self.gallery = Gallery(self.session, self.results, self.work)
        self.session.show(Document(np.zeros((16, 16), np.uint8), Scene(palette=CLASSES)))

    def close(self) -> None:
        self.lane.close()
        self.work.close()


@pytest.fixture
def room(qtbot: QtBot) -> Iterator[Room]:
    room = Room()
    yield room
    room.close()


def count(room: Room, qtbot: QtBot, number: int) -> None:
    qtbot.waitUntil(lambda: len(room.gallery.items) == number, timeout=10_000)


def test_pinned_first_then_the_newest(room: Room, qtbot: QtBot) -> None:
    gallery = room.gallery
    gallery.put([item(n, made=n) for n in range(4)])
    assert [i.made for i in gallery.items] == [3, 2, 1, 0]
    assert not gallery.unsaved
    gallery.pin([gallery.items[2]], True)
    assert [i.made for i in gallery.items] == [1, 3, 2, 0]
    assert gallery.unsaved
    gallery.remove(gallery.items[:2])
    assert [i.made for i in gallery.items] == [2, 0]


def test_the_same_picture_is_kept_once(room: Room, qtbot: QtBot) -> None:
    room.gallery.add([result(1), result(2)])
    count(room, qtbot, 2)
    room.gallery.pin(room.gallery.items[:1], True)
    room.gallery.add([result(1), result(3)])
    count(room, qtbot, 3)
    assert sum(i.pinned for i in room.gallery.items) == 1


def test_what_falls_out_of_the_strip_passes_through(room: Room, qtbot: QtBot) -> None:
    for seed in range(3):
        room.results.fell.emit(result(seed))
    count(room, qtbot, 3)
    assert all(i.passing for i in room.gallery.items)
    assert not room.gallery.unsaved
    room.gallery.put([item(n, made=n, passing=True) for n in range(MOST_PASSING + 5)])
    assert len(room.gallery.items) == MOST_PASSING
    assert room.gallery.items[-1].made == 5
    room.gallery.pin(room.gallery.items[-1:], True)
    assert not room.gallery.items[0].passing


def test_going_back_is_one_step_that_leaves_the_photo_to_trace(room: Room, qtbot: QtBot) -> None:
    photo = Picture(pixels(8))
    session = room.session
    session.change_scene(replace(session.scene, underlay=photo), "Photo")
    room.gallery.put([item(4)])
    before, ids = session.scene, session.document.ids.copy()
    room.gallery.restore(room.gallery.items[0])
    wanted = room.gallery.items[0].result().document
    assert wanted is not None
    assert (session.document.ids == wanted.ids).all()
    assert session.scene.seed == 4
    assert session.scene.underlay == photo
    assert len(session.history.done) == 2
    session.undo()
    assert session.scene == before
    assert (session.document.ids == ids).all()


def test_a_broken_one_is_a_sentence_and_changes_nothing(room: Room, qtbot: QtBot) -> None:
    said: list[str] = []
    room.gallery.problem.connect(said.append)
    room.gallery.restore(Keepsake(b"x", b"x", (4, 4), "x", 0.0))
    assert len(said) == 1
    assert room.session.history.done == []


def test_it_outlives_a_kill(room: Room, qtbot: QtBot, tmp_path: Path) -> None:
    folder = tmp_path / "gallery"
    room.gallery.keep_in(folder)
    room.gallery.add([result(1), result(2)])
    qtbot.waitUntil(lambda: len(Shelf(folder).read()) == 2, timeout=10_000)
    there = told(room.gallery.items)
    other = Room()  # Another studio, for the first is dead.
    other.gallery.keep_in(folder)
    assert told(other.gallery.items) == there
    assert other.gallery.unsaved
    other.close()


def test_another_document_has_another_gallery(room: Room, qtbot: QtBot, tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    room.gallery.keep_in(first)
    room.gallery.put([item(1)])
    room.session.show(Document.blank((8, 8)))
    room.gallery.keep_in(second)
    room.gallery.put([item(2)])
    qtbot.waitUntil(lambda: len(Shelf(second).read()) == 1, timeout=10_000)
    assert [i.key for i in Shelf(first).read()] == [item(1).key]
    assert [i.key for i in Shelf(second).read()] == [item(2).key]


def test_a_disk_that_refuses_is_told_and_the_gallery_stays(
    room: Room, qtbot: QtBot, tmp_path: Path
) -> None:
    said: list[str] = []
    room.gallery.problem.connect(said.append)
    (tmp_path / "gallery").write_text("in the way")
    room.gallery.keep_in(tmp_path / "gallery")
    room.gallery.put([item(1)])
    qtbot.waitUntil(lambda: bool(said), timeout=10_000)
    assert "save the document" in said[0]
    assert len(room.gallery.items) == 1


def test_a_full_gallery_says_so_once(
    room: Room, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    room.gallery.problem.connect(said.append)
    items = [item(n, made=n) for n in range(5)]
    monkeypatch.setattr(keepsakes, "MOST_BYTES", 3 * items[0].bytes)
    room.gallery.put(items)
    room.gallery.put([*room.gallery.items, *items])
    assert len(said) == 1
    assert "full" in said[0]
    assert len(room.gallery.items) < 5


def test_a_document_of_which_only_a_picture_was_kept_is_recovered(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    for shelved in (False, True):
        kept = desk.open_new(History(Document.blank((8, 8))))
        if shelved:
            Shelf(kept.folder / "gallery").write([item(1)])
        kept.leave()
        assert [left.folder for left in desk.abandoned()] == ([kept.folder] if shelved else [])


def test_a_picture_goes_to_the_document_that_it_was_kept_for(room: Room, qtbot: QtBot) -> None:
    session, gallery = room.session, room.gallery
    first = session.history
    gallery.keep_in(None)
    gallery.add([result(1)])
    session.show(Document.blank((8, 8)))  # before it is packed
    qtbot.waitUntil(lambda: not room.work.jobs)
    qtbot.wait(20)
    assert gallery.items == []
    session.show(first.document, first)
    gallery.keep_in(Path("nowhere/at/all"))
    assert [i.key for i in gallery.items] == [item(1).key]
    assert gallery.unsaved
