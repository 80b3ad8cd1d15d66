"""The time slider: the canvas as any snapshot of a run paints it, and the pen that comes first."""

import json
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper
from PIL import Image as Pillow
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QSlider
from pytestqt.qtbot import QtBot
from safetensors.numpy import save_file

from engines.data.spec import PaletteClass
from engines.ports import Image, Layout
from engines.runs import Run
from engines.runtime.bundle import METADATA
from studio.document.document import Document
from studio.document.scene import Picture, Scene
from studio.lanes.faraway import Far
from studio.lanes.runs import Follow
from studio.lanes.work import Job, WorkLane
from studio.models.canvases import canvas_for, coloured, shown_of
from studio.models.library import Library
from studio.models.session import Session
from studio.models.timeslider import PICTURES, READY, TimeSlider
from studio.models.training import Training
from studio.views.run_time import TimePanel
from studio.views.runs import TrainingPanel
from tests.running import fake, follow, named, resumed, state, step

SEA = (PaletteClass("sea", "#0000ff"), PaletteClass("sky", "#88ccff"))


def live(folder: Path) -> None:
    """A graph without weights that paints everything in the one colour it was taught."""
    layout = Layout("layout", classes=("sea", "sky"), colors=("#0000ff", "#88ccff"))
    image = Image("image")
    entry = {"name": "paint", "label": "Paint", "file": "paint.onnx"}
    entry |= {"inputs": [layout.to_json()], "outputs": [image.to_json()]}
    nodes = [
        helper.make_node("Cast", ["layout"], ["ids"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["ids", "one"], ["plane"]),
        helper.make_node("Mul", ["plane", "nothing"], ["flat"]),
        helper.make_node("Add", ["flat", "color"], ["image"]),
    ]
    known = [
        numpy_helper.from_array(np.array([1], np.int64), "one"),
        numpy_helper.from_array(np.zeros((1, 3, 1, 1), np.float32), "nothing"),
        TensorProto(name="color", data_type=TensorProto.FLOAT, dims=(1, 3, 1, 1)),
    ]
    size = ["n", "h", "w"]
    graph = helper.make_graph(
        nodes,
        "paint",
        [helper.make_tensor_value_info("layout", TensorProto.UINT8, size)],
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["n", 3, "h", "w"])],
        known,
    )
    opset = helper.make_opsetid("", 18)
    model = helper.make_model(graph, opset_imports=[opset], ir_version=9)
    helper.set_model_props(model, {METADATA: json.dumps(entry)})
    folder.mkdir()
    (folder / "paint.onnx").write_bytes(model.SerializeToString())
    whole = {"format": 1, "name": "lakes", "title": "Lakes", "settings": {"size": 64}}
    described = {**entry, "weights": {"color": "net.color"}}
    (folder / "model.json").write_text(json.dumps({**whole, "graphs": [described]}))


def snapshot(run: Run, number: int) -> None:
    """The model of step `number` paints in grey, the lighter the later."""
    run.snapshot_path(number).parent.mkdir(exist_ok=True)
    color = np.full((1, 3, 1, 1), number / 50 - 1, np.float32)
    save_file({"net.color": color}, run.snapshot_path(number))


def grey(number: int) -> int:
    return round(number / 50 * 127.5)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    made = fake(tmp_path / "runs", state("training"), resumed(0), *(step(n) for n in range(1, 41)))
    live(made.path / "live")
    for number in (10, 20, 30, 40):
        snapshot(made, number)
    return made


@pytest.fixture
def session(work: WorkLane) -> Session:
    made = Session(Library(work))
    ids = np.zeros((64, 96), np.uint8)
    made.show(Document(ids, Scene(palette=SEA)))
    return made


@pytest.fixture
def slider(session: Session, work: WorkLane, tmp_path: Path) -> Iterator[TimeSlider]:
    made = TimeSlider(session, work, "cpu", tmp_path / "cache")
    made.set_wanted(True)
    yield made
    made.close()


def paint(session: Session, value: int) -> None:
    """Paint all of it, as a stroke would."""
    from studio.document.edit import Edit
    from studio.document.raster import whole

    edit = Edit(session.document, "Brush")
    edit.replace(np.full(session.document.size, value, np.uint8))
    session.touched(whole(session.document.size))
    session.commit(edit)


def test_each_snapshot_paints_the_canvas_in_its_own_way(
    slider: TimeSlider, run: Run, qtbot: QtBot
) -> None:
    slider.show(follow(run))
    assert slider.steps == [10, 20, 30, 40]
    for asked, near in ((10, 10), (26, 30), (999, 40), (0, 10)):
        slider.go(asked)
        assert slider.step == near
        qtbot.waitUntil(lambda near=near: slider.pictured_step == near, timeout=20_000)
        assert slider.picture is not None
        assert slider.picture.shape[2] == 3
        assert max(slider.picture.shape) == 64  # what it was trained at
        assert abs(int(slider.picture[5, 5, 0]) - grey(near)) <= 1


def test_neighbours_are_made_ready_and_what_was_painted_comes_at_once(
    slider: TimeSlider, run: Run, qtbot: QtBot
) -> None:
    slider.show(follow(run))
    slider.go(20)
    qtbot.waitUntil(lambda: {m.step for m in slider._models} >= {10, 20, 30}, timeout=20_000)
    slider.go(30)
    qtbot.waitUntil(lambda: slider.pictured_step == 30, timeout=20_000)
    slider.go(20)
    assert slider.pictured_step == 20  # Nothing was waited for.
    assert len(slider._models) <= READY


def test_what_was_slid_over_is_not_made_ready(
    slider: TimeSlider, run: Run, work: WorkLane, qtbot: QtBot
) -> None:
    gate = threading.Event()
    work.add(Job("Something else", lambda job: gate.wait(20)))
    slider.show(follow(run))
    for number in (10, 20, 30):
        slider.go(number)
    assert [moment.step for moment in slider._making] == [30]
    gate.set()
    qtbot.waitUntil(lambda: slider.pictured_step == 30, timeout=20_000)
    slider.go(10)
    qtbot.waitUntil(lambda: slider.pictured_step == 10, timeout=20_000)


def test_only_so_many_models_and_pictures_are_kept(
    slider: TimeSlider, run: Run, session: Session, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("studio.models.timeslider.READY", 2)
    monkeypatch.setattr("studio.models.timeslider.PICTURES", 3)
    assert PICTURES > 3
    slider.show(follow(run))
    for number in (10, 20, 30, 40, 10):
        slider.go(number)
        qtbot.waitUntil(lambda number=number: slider.pictured_step == number, timeout=20_000)
    qtbot.waitUntil(lambda: not slider._making, timeout=20_000)
    assert len(slider._models) == 2
    assert len(slider._painted) == 3


def test_the_newest_stays_the_newest_and_a_chosen_one_stays_chosen(
    slider: TimeSlider, run: Run
) -> None:
    slider.show(follow(run))
    assert (slider.step, slider.newest) == (40, True)
    snapshot(run, 50)
    slider.show(follow(run))
    assert slider.step == 50
    slider.go(20)
    snapshot(run, 60)
    slider.show(slider.run)
    assert (slider.step, slider.newest) == (20, False)
    slider.go(None)
    assert slider.step == 60


def test_a_stroke_is_painted_when_the_pen_rests_and_never_under_it(
    slider: TimeSlider, run: Run, session: Session, qtbot: QtBot
) -> None:
    slider.show(follow(run))
    slider.go(20)
    qtbot.waitUntil(lambda: slider.pictured_step == 20, timeout=20_000)
    slider.set_pen(True)
    paint(session, 1)
    slider.go(40)
    qtbot.wait(600)
    assert slider.pictured_step == 20
    with qtbot.waitSignal(slider.pictured, timeout=20_000):
        slider.set_pen(False)
    qtbot.waitUntil(lambda: slider.pictured_step == 40, timeout=20_000)
    before = len(slider._painted)
    with qtbot.waitSignals([slider.rested, slider.pictured], timeout=20_000):
        paint(session, 0)
    assert len(slider._painted) == before + 1


def test_nothing_is_painted_while_nobody_looks(slider: TimeSlider, run: Run, qtbot: QtBot) -> None:
    slider.set_wanted(False)
    slider.show(follow(run))
    qtbot.wait(300)
    assert slider.picture is None
    assert slider._lane is None
    slider.set_wanted(True)
    qtbot.waitUntil(lambda: slider.pictured_step == 40, timeout=20_000)


def test_what_hinders_is_said_and_the_others_still_paint(
    slider: TimeSlider, run: Run, session: Session, qtbot: QtBot
) -> None:
    run.snapshot_path(20).write_bytes(b"no weights")
    slider.show(follow(run))
    slider.go(20)
    qtbot.waitUntil(lambda: bool(slider.trouble), timeout=20_000)
    assert "cannot be read" in slider.trouble
    slider.go(30)
    assert slider.trouble == ""
    qtbot.waitUntil(lambda: slider.pictured_step == 30, timeout=20_000)
    paint(session, 255)
    qtbot.waitUntil(lambda: bool(slider.trouble), timeout=20_000)
    assert slider.trouble.startswith("Paint something")


def test_a_run_that_keeps_no_graphs_has_nothing_to_slide(slider: TimeSlider, run: Run) -> None:
    shutil.rmtree(run.path / "live")
    slider.show(follow(run))
    assert slider.steps == []
    assert slider.step is None
    slider.go(20)
    slider.show(None)


def test_a_snapshot_elsewhere_is_brought_and_tried_first(
    slider: TimeSlider, run: Run, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("studio.models.timeslider.FETCH_MS", 20)
    tried: list[str] = []
    monkeypatch.setattr("engines.runtime.trial.trust", lambda bundle: tried.append(bundle.hash))
    far = Far(run.path, tmp_path / "copy")
    far.copy.mkdir()
    far.look(lambda: False)
    slider._fetch.setInterval(20)
    slider.show(Follow(far.copy, far))
    slider.go(20)
    assert slider.pictured_step is None
    far.look(lambda: False)
    qtbot.waitUntil(lambda: slider.pictured_step == 20, timeout=20_000)
    assert len(tried) == 1


# The panel ---------------------------------------------------------------------------------------


@pytest.fixture
def panel(slider: TimeSlider, run: Run, work: WorkLane, qtbot: QtBot) -> Iterator[TrainingPanel]:
    training = Training(work, run.path.parent)
    widget = TrainingPanel(training, work, None, slider)
    qtbot.addWidget(widget)
    widget.resize(500, 900)
    widget.show()
    yield widget
    training.close()


def test_the_slider_is_moved_by_keys_and_says_what_is_seen(
    panel: TrainingPanel, slider: TimeSlider, qtbot: QtBot
) -> None:
    time = panel.detail.time
    bar = named(panel, QSlider, "Look back in time")
    qtbot.waitUntil(lambda: slider.pictured_step == 40, timeout=20_000)
    bar.setFocus()
    qtbot.keyClick(bar, Qt.Key.Key_Home)
    qtbot.waitUntil(lambda: slider.pictured_step == 10, timeout=20_000)
    assert "step 10" in time.told.text() == bar.accessibleDescription()
    qtbot.keyClick(bar, Qt.Key.Key_Right)
    assert slider.step == 20
    assert panel.detail.curves._marked == 20
    qtbot.mouseClick(named(panel, QAbstractButton, "Back to now"), Qt.MouseButton.LeftButton)
    assert slider.newest


def test_while_it_trains_now_is_what_the_trainer_painted(
    panel: TrainingPanel, slider: TimeSlider, run: Run, qtbot: QtBot
) -> None:
    (run.path / "previews").mkdir()
    Pillow.new("RGB", (64, 48), "#ff0000").save(run.path / "previews" / "canvas-000000041.png")
    run.append({"kind": "canvas", "step": 41, "file": "canvas-000000041.png"})
    with run.writer():
        panel.training.look()
        time: TimePanel = panel.detail.time
        assert time.step is None
        assert time.slider.maximum() == 4
        assert not slider.wanted
        seen = time.picture.grab().toImage()
        assert seen.pixelColor(9, 9).red() == 255
        time.slider.setValue(3)
        assert (time.step, slider.wanted) == (40, True)
    panel.training.look()
    assert time.slider.maximum() == 3


def test_a_snapshot_takes_the_picture_s_place_until_it_is_let_go(
    panel: TrainingPanel, slider: TimeSlider, qtbot: QtBot
) -> None:
    qtbot.waitUntil(lambda: slider.pictured_step == 40, timeout=20_000)
    told: list[object] = []
    panel.shown.connect(told.append)
    button = named(panel, QAbstractButton, "Show it in place of the picture")
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert told[-1] is slider.picture
    panel.hide()
    assert told[-1] is None
    assert not slider.wanted


def test_advice_leads_to_its_snapshot(
    panel: TrainingPanel, slider: TimeSlider, run: Run, qtbot: QtBot
) -> None:
    run.append({"kind": "advice", "step": 40, "best": 20, "sentence": "Step 20 is the best."})
    panel.training.look()
    button = named(panel, QAbstractButton, "Look at the model of step 20")
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert slider.step == 20


# What the trainer is handed ----------------------------------------------------------------------


def test_a_photo_is_handed_to_a_run_without_classes_and_a_layout_to_others(
    tmp_path: Path,
) -> None:
    photo = np.zeros((100, 200, 3), np.uint8)
    photo[:, 100:] = 255
    scene = Scene(palette=SEA, underlay=Picture(photo))
    document = Document(np.zeros((64, 64), np.uint8), scene)
    layouts = follow(fake(tmp_path, name="layouts"))
    request = canvas_for(layouts, shown_of(document))
    assert request.size == (64, 64)
    assert request.values["image"].tolist() == coloured(document.ids, SEA).tolist()
    photos = fake(tmp_path, name="photos")
    config = json.loads((photos.path / "run.json").read_text())
    config["spec"]["classes"] = []
    (photos.path / "run.json").write_text(json.dumps(config))
    request = canvas_for(follow(photos), shown_of(document))
    assert request.size == (100, 200)
    assert request.values["image"].tolist() == photo.tolist()
    given = Picture(np.full((8, 8, 3), 9, np.uint8))
    document.scene = Scene(palette=SEA, underlay=Picture(photo), values={"photo": given})
    assert canvas_for(follow(photos), shown_of(document)).values["image"].max() == 9
