"""Variations: axes from ports alone, pictures one by one, the painter first, one step when used."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from engines.data.spec import PaletteClass
from engines.errors import UserError
from engines.ports import Attributes, Choice, Image, Latent, Layout, Noise, Scalar, Text
from engines.runtime.bundle import Bundle, GraphFile
from engines.runtime.places import SHIPPED
from studio.document.document import Document
from studio.document.edit import Edit
from studio.document.raster import Area, Shape
from studio.document.scene import ModelRef, Picture, Scene
from studio.lanes.render import Order, RenderLane
from studio.lanes.work import Job, WorkLane
from studio.models.axes import Axis, Step, axes, called, steps
from studio.models.library import Library
from studio.models.session import Session
from studio.models.variations import Variations
from tests.test_studio_window import strange_model

CLASSES = (PaletteClass("sky", "#88bbee"), PaletteClass("rock", "#775544"))


def made(*inputs: object, more: tuple[GraphFile, ...] = ()) -> Bundle:
    graph = GraphFile("g", "G", Path("g.onnx"), "0", inputs, (Image("picture", multiple=32),))  # type: ignore[arg-type]
    return Bundle(Path("g.onnx"), "g", "G", (*more, graph))


PHOTO = Image("photo", "Style picture", fixed=(64, 64))
STYLE = Latent("style", "Style", dimensions=3)
READER = GraphFile("e", "E", Path("e.onnx"), "1", (PHOTO,), (STYLE,))
MIXED = made(
    Layout("layout", classes=("sky",), colors=("#88bbee",)),
    STYLE,
    Attributes("moods", names=("calm", "wild")),
    Scalar("strength", "Strength", minimum=1.0, maximum=3.0, initial=2.0),
    Choice("tint", "Tint", options=("none", "half", "full")),
    Text("caption", "Caption", length=8),
    Noise("noise"),
    more=(READER,),
)


def by_name(bundle: Bundle, name: str) -> Axis:
    return next(axis for axis in axes(bundle) if axis.name == name or axis.key == name)


def test_a_model_offers_what_its_ports_say_and_no_more() -> None:
    names = [axis.name or axis.key for axis in axes(MIXED)]
    assert names == ["Style picture", "Style", "calm", "wild", "Strength", "Tint", "seed"]
    assert axes(made(Text("caption"))) == ()
    assert [a.key for a in axes(made(Noise("z")))] == ["seed"]


def test_steps_go_from_end_to_end_and_chance_is_a_function_of_its_seed() -> None:
    scene = Scene(values={"moods": {"calm": 0.3}}, seed=5)

    def along(name: str, count: int, seed: int = 1) -> list[Scene]:
        return [s.apply(scene) for s in steps(by_name(MIXED, name), count, MIXED, scene, (), seed)]

    wild = [dict(s.values["moods"]) for s in along("wild", 3)]
    assert wild == [{"calm": 0.3, "wild": v} for v in (0.0, 0.5, 1.0)]
    assert [s.values["strength"] for s in along("Strength", 3)] == [1.0, 2.0, 3.0]
    assert [s.values["tint"] for s in along("Tint", 9)] == ["none", "half", "full"]
    seeds = [s.seed for s in along("seed", 4)]
    assert seeds[0] == 5  # as it is, to compare the others with
    assert len(set(seeds)) == 4
    assert seeds == [s.seed for s in along("seed", 4)]
    assert seeds[1:] != [s.seed for s in along("seed", 4, seed=2)][1:]
    styles = [s.values["style"] for s in along("Style", 3)]
    assert len(set(styles)) == 3
    assert all(len(style) == 3 for style in styles)


def test_a_picture_counts_even_where_what_is_read_from_it_was_set_by_hand() -> None:
    scene = Scene(values={"style": (1.0, 2.0, 3.0)})
    picture = Picture(np.zeros((4, 4, 3), np.uint8), "dusk.jpg")
    axis = by_name(MIXED, "Style picture")
    (step,) = steps(axis, 5, MIXED, scene, [("Dusk", lambda: picture)], 0)
    assert step.apply(scene).values == {"photo": picture}


def test_file_names_are_read_as_words() -> None:
    assert called("golden-hour.jpg") == "Golden hour"
    assert called("") == ""


# The grid
# ------------------------------------------------------------------------------------------


class Desk(QObject):
    """Lanes, a session with a model, and variations."""

    def __init__(self, bundle: Bundle, document: Document) -> None:
        super().__init__()
        self.work, self.lane = WorkLane(self), RenderLane("cpu", self)
        self.session = Session(Library(self.work, self), self)
        self.variations = Variations(self.session, self.lane, self.work, "cpu", self)
        self.session.show(document)
        self.session.bundle = bundle
        document.scene = self.session.scene_with(bundle)
        self.session.model_opened.emit(bundle)

    def close(self) -> None:
        self.lane.close()
        self.work.close()


def half_painted(side: int = 64) -> Document:
    ids = np.zeros((side, side), np.uint8)
    ids[side // 2 :] = 1
    return Document(ids, Scene(palette=CLASSES, side=64, model=ModelRef("x", "x")))


@pytest.fixture
def strange(qtbot: QtBot, tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(Bundle.open(strange_model(tmp_path)), half_painted())
    yield desk
    desk.close()


def choose(desk: Desk, *names: str, counts: tuple[int, ...] = (4, 3)) -> None:
    variety = desk.variations.variety
    assert desk.session.bundle is not None
    for place, name in enumerate(names):
        variety.choose(place, by_name(desk.session.bundle, name))
        variety.set_count(place, counts[place])


def finish(desk: Desk, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: not desk.variations.running, timeout=30_000)


def test_a_matrix_has_a_picture_for_each_pair_and_each_differs(strange: Desk, qtbot: QtBot) -> None:
    choose(strange, "wild", "Strength")
    assert strange.variations.variety.cells == 12
    order: list[tuple[int, int]] = []
    strange.variations.cell_changed.connect(
        lambda cell: order.append((cell.row, cell.column)) if cell.state == "done" else None
    )
    strange.variations.start()
    finish(strange, qtbot)
    grid = strange.variations.grid
    assert grid is not None
    assert grid.matrix
    assert order == [(row, column) for row in range(3) for column in range(4)]
    pictures = {cell.result.pixels.tobytes() for cell in grid.cells if cell.result}
    # Where the strength is 0, red is; blue is the mood's alone, so each column still differs.
    assert len(pictures) == 12
    for cell in grid.cells:
        assert cell.result is not None
        assert cell.result.document is not None
        values = cell.result.document.scene.values
        assert values["moods"]["wild"] == pytest.approx(cell.column / 3, abs=1e-3)
        assert values["strength"] == pytest.approx(cell.row, abs=1e-3)
    assert strange.variations.share == 1.0
    assert strange.session.history.done == []  # Nothing of the document changed.


def test_one_that_is_used_is_one_step_and_looks_the_same(strange: Desk, qtbot: QtBot) -> None:
    choose(strange, "Tint", "calm", counts=(3, 2))
    strange.variations.start()
    finish(strange, qtbot)
    assert strange.variations.grid is not None
    cell = strange.variations.grid.cells[5]
    before = strange.session.scene
    strange.variations.pick(cell)
    scene = strange.session.scene
    assert scene.values["tint"] == "full"
    assert scene.values["moods"] == {"calm": 1.0}
    assert scene.palette == before.palette
    shown = [c for c in strange.variations.grid.cells if strange.variations.used(c)]
    assert shown == [cell]
    assert len(strange.session.history.done) == 1
    strange.session.undo()
    assert strange.session.scene == before


def test_the_painter_comes_first(strange: Desk, qtbot: QtBot) -> None:
    """While the pen is down nothing is rendered; what was under way is done again afterwards."""
    variations = strange.variations
    choose(strange, "wild", counts=(6,))
    variations.start()
    variations.set_pen(True)
    qtbot.wait(150)
    assert variations.grid is not None
    there = [cell for cell in variations.grid.cells if cell.state == "done"]
    qtbot.wait(150)
    assert [cell for cell in variations.grid.cells if cell.state == "done"] == there
    assert len(there) <= 1
    assert variations.waiting
    assert strange.work.jobs == []  # A save would not have to wait either.
    variations.set_pen(False)
    finish(strange, qtbot)
    assert all(cell.state == "done" for cell in variations.grid.cells)


def test_an_order_of_the_canvas_ends_the_picture_under_way(qtbot: QtBot) -> None:
    bundle = Bundle.open(SHIPPED / "landscape")
    document = Document(np.zeros((512, 512), np.uint8), Scene(palette=CLASSES, side=1024))
    desk = Desk(bundle, document)
    document.scene = desk.session.scene_with(bundle)
    variations = desk.variations
    first = next(axis for axis in axes(bundle) if isinstance(axis.port, Attributes))
    variations.variety.choose(0, first)
    variations.variety.set_count(0, 1)
    started: list[object] = []
    variations.cell_changed.connect(
        lambda cell: started.append(cell) if cell.state == "running" else None
    )
    variations.start()
    qtbot.waitUntil(lambda: bool(started) and bool(desk.work.jobs), timeout=20_000)
    stop = variations._stop
    assert stop is not None
    small = variations.grid
    assert small is not None
    # A canvas wants a picture of 128 pixels.
    from studio.models.compose import Small, compose, picture_size

    size = picture_size(bundle, document.size, 128)
    request = compose(bundle, document.scene, Small(document, size).ids())
    with qtbot.waitSignal(desk.lane.framed, timeout=30_000):
        desk.lane.ask(Order(bundle, request, serial=1))
        assert stop.stopped
    qtbot.waitUntil(lambda: not variations.running, timeout=60_000)
    assert [cell.state for cell in small.cells] == ["done"]
    assert len(started) >= 2  # It was begun again.
    desk.close()


def test_a_save_waits_for_one_picture_at_most(strange: Desk, qtbot: QtBot) -> None:
    choose(strange, "wild", counts=(8,))
    strange.variations.start()
    done_then: list[int] = []

    def saved(result: object) -> None:
        assert strange.variations.grid is not None
        done_then.append(sum(cell.state == "done" for cell in strange.variations.grid.cells))

    strange.work.add(Job("save", lambda job: None, saved))
    finish(strange, qtbot)
    assert done_then[0] <= 1


def test_cancelling_keeps_what_is_there(strange: Desk, qtbot: QtBot) -> None:
    choose(strange, "wild", "calm", counts=(12, 12))
    variations = strange.variations
    ended: list[bool] = []
    variations.ended.connect(lambda: ended.append(True))
    variations.start()
    assert variations.grid is not None
    cells = variations.grid.cells
    qtbot.waitUntil(lambda: sum(c.state == "done" for c in cells) >= 3, timeout=30_000)
    assert variations.seconds_left is not None
    variations.cancel()
    qtbot.wait(100)
    there = sum(cell.state == "done" for cell in cells)
    assert 3 <= there < len(cells)
    assert ended == [True]
    assert {cell.state for cell in cells} == {"done", "waiting"}
    assert all((cell.result is None) == (cell.state != "done") for cell in cells)


def test_a_picture_that_fails_does_not_stop_the_others(
    strange: Desk, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(scene: Scene) -> Scene:
        raise UserError("This picture is broken.")

    real = steps

    def some(*given: object) -> tuple[Step, ...]:
        found = real(*given)  # type: ignore[arg-type]
        return (found[0], Step("bad", broken), *found[2:])

    monkeypatch.setattr("studio.models.variations.steps", some)
    choose(strange, "wild")
    strange.variations.start()
    finish(strange, qtbot)
    assert strange.variations.grid is not None
    states = [cell.state for cell in strange.variations.grid.cells]
    assert states == ["done", "failed", "done", "done"]
    assert strange.variations.grid.cells[1].sentence == "This picture is broken."


def test_pinned_ones_stand_beside_the_next_grid(strange: Desk, qtbot: QtBot) -> None:
    variations = strange.variations
    choose(strange, "wild")
    variations.start()
    finish(strange, qtbot)
    assert variations.grid is not None
    first = variations.grid.cells[2]
    variations.pin(first, True)
    assert variations.earlier == []  # It is among the shown ones already.
    variations.start()
    assert variations.earlier == [first]
    finish(strange, qtbot)
    variations.pin(first, False)
    assert variations.earlier == []


def test_a_grid_knows_that_the_layout_went_on(strange: Desk, qtbot: QtBot) -> None:
    choose(strange, "wild", counts=(2,))
    strange.variations.start()
    finish(strange, qtbot)
    assert not strange.variations.behind
    edit = Edit(strange.session.document, "x")
    strange.session.touched(edit.paint(Shape(Area(0, 0, 8, 8)), 1))
    strange.session.commit(edit)
    assert strange.variations.behind


def test_what_would_take_too_much_is_refused_in_a_sentence(strange: Desk) -> None:
    choose(strange, "wild", "calm", counts=(24, 24))
    variety = strange.variations.variety
    assert "too many" in variety.reason
    strange.variations.start()
    assert strange.variations.grid is None
    variety.choose(1, None)
    assert variety.reason == ""


def test_another_model_keeps_what_it_has_too(strange: Desk) -> None:
    variety = strange.variations.variety
    choose(strange, "Strength", "calm")
    other = made(Attributes("moods", names=("calm",)), Noise("z"))
    variety._opened(other)
    assert variety.first is not None
    assert variety.first.key == "seed"
    assert variety.second is not None
    assert variety.second.part == "calm"
    variety._opened(made(Text("caption")))
    assert variety.first is None
    assert variety.reason


def test_an_artist_s_own_pictures_come_first_each_once(strange: Desk) -> None:
    session, variety = strange.session, strange.variations.variety
    axis = by_name(MIXED, "Style picture")
    mine = Picture(np.full((4, 4, 3), 9, np.uint8), "my-garden.png")
    other = Picture(np.full((4, 4, 3), 8, np.uint8), "")
    for picture in (mine, other, mine, None):
        session.set_value("photo", picture, "Style picture")
    names = [name for name, _ in variety.pictures(axis)]
    assert names[:2] == ["My garden", "Picture 2"]
    assert names.count("My garden") == 1
    assert len(names) > 5  # and the bundled ones
    assert variety.pictures(axis)[0][1]().sha == mine.sha
    assert variety.available(axis) == min(len(names), 24)


def test_each_open_document_has_its_own_grid(strange: Desk, qtbot: QtBot) -> None:
    variations, session = strange.variations, strange.session
    choose(strange, "wild", counts=(3,))
    variations.start()
    finish(strange, qtbot)
    grid, history = variations.grid, session.history
    assert grid is not None
    variations.pin(grid.cells[1], True)
    session.show(half_painted(32))
    assert variations.grid is None
    assert variations.pinned == []
    session.show(history.document, history)
    assert variations.grid is grid
    assert variations.pinned == [grid.cells[1]]
