"""Runs that are followed: what their files tell, and the panel that shows and steers them."""

import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QRectF
from PySide6.QtWidgets import QAbstractButton, QLabel
from pytestqt.qtbot import QtBot

from engines.data.spec import PaletteClass
from engines.orders import Order
from engines.request import Request
from engines.runs import Run
from studio.lanes import runs as lane
from studio.lanes.curve import Curve
from studio.lanes.events import Bounds
from studio.lanes.work import WorkLane
from studio.models import training as model
from studio.models.canvases import Shown, canvas_for
from studio.models.lines import Scale, reduce
from studio.models.training import Training
from studio.views.curves import Curves, clear
from studio.views.runs import TrainingPanel
from studio.views.training import TrainingDialog
from tests.running import TITLE, Event, click, drop, fake, follow, named, resumed, state, step

# Following ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("events", "busy", "desire", "expected"),
    [
        ([], True, "run", "preparing"),
        ([state("preparing")], True, "run", "preparing"),
        ([state("training"), resumed(0)], True, "run", "training"),
        ([resumed(0), step(1)], True, "run", "training"),  # begun in a terminal
        ([state("training"), step(1)], True, "pause", "paused"),
        ([state("training"), step(1)], True, "stop", "stopping"),
        ([state("training"), step(1)], True, "discard", "stopping"),
        ([state("exporting")], True, "stop", "exporting"),
        ([state("training"), step(1)], False, "run", "stopped"),  # killed
        ([state("exporting")], False, "run", "stopped"),  # killed
        ([state("failed", "No.")], False, "run", "failed"),
        ([state("failed", "No.")], True, "run", "preparing"),  # started again
        ([state("done")], False, "run", "stopped"),  # the bundle is gone
    ],
)
def test_how_a_run_stands(
    events: list[Event], busy: bool, desire: Any, expected: str, tmp_path: Path
) -> None:
    run = fake(tmp_path, *events)
    run.steer(desire)
    found = follow(run)
    if busy:
        with run.writer():
            assert found.status() == expected
    else:
        assert found.status() == expected


def test_a_run_with_its_model_is_done(tmp_path: Path) -> None:
    run = fake(tmp_path, state("done"))
    (run.path / "bundle").mkdir()
    (run.path / "bundle" / "model.json").write_text("{}")
    assert follow(run).status() == "done"


def test_an_order_that_never_came_up_has_failed_with_the_last_line_of_its_log(
    tmp_path: Path,
) -> None:
    Order("none", "/nowhere", TITLE, made=time.time()).write(tmp_path / "run")
    (tmp_path / "run" / "log.txt").write_text("Traceback:\n  File x\nImportError: no torch\n\n")
    found = follow(Run(tmp_path / "run"))
    assert found.status() == "preparing"  # Another studio may have just ordered it.
    Order("none", "/nowhere", TITLE, made=time.time() - 100).write(tmp_path / "run")
    found = follow(Run(tmp_path / "run"))
    assert found.status() == "failed"
    assert found.last_word == "ImportError: no torch"


def test_lines_are_read_once_and_torn_ones_when_they_are_whole(tmp_path: Path) -> None:
    run = fake(tmp_path, resumed(0), step(1))
    found = follow(run)
    with open(run.events_path, "a") as log:
        log.write('{"kind": "step", "step": 2, "los')
    found.look()
    assert found.step == 1
    with open(run.events_path, "a") as log:
        log.write('ses": {"l1": 0.5}, "time": 4.0}\nnonsense\n[]\n{"kind": 3}\n{"kind": "step"}\n')
    found.look()
    assert found.step == 2
    assert list(found.losses["l1"].values) == [1.0, 0.5]
    assert found.look() is False


def test_resumed_steps_supersede_those_after_the_checkpoint(tmp_path: Path) -> None:
    measure = {"kind": "measure", "step": 3, "figures": {"kid": 9.0}, "time": 0.0}
    run = fake(tmp_path, resumed(0), step(1), step(2), step(3, l1=3.0), measure, resumed(1))
    found = follow(run)
    assert found.step == 1
    assert list(found.losses["l1"].steps) == [1]
    assert list(found.figures["kid"].steps) == []
    run.append(step(2, l1=7.0))
    found.look()
    assert list(found.losses["l1"].values) == [1.0, 7.0]


def test_a_long_log_is_glanced_at_and_read_in_pieces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = fake(tmp_path, resumed(0), *(step(n) for n in range(1, 101)), steps=200)
    monkeypatch.setattr(lane, "TAIL", 700)
    monkeypatch.setattr(lane, "CHUNK", 1000)
    found = follow(run, whole=False)
    assert (found.step, found.losses) == (100, {})
    run.append(state("failed", "No."))
    found.look()
    found.want_curves()
    assert found.look()
    assert (found.step, found.said) == (100, "failed")  # as before, while it is read again
    looks = 0
    while found.behind or not looks:
        found.look()
        looks += 1
    assert looks > 3
    assert list(found.losses["l1"].steps) == list(range(1, 101))


def test_time_left_counts_pixels_and_leaves_pauses_out(tmp_path: Path) -> None:
    late = [{**step(n), "time": 1000 + 2.0 * n} for n in range(6, 11)]  # a pause after step 5
    run = fake(tmp_path, resumed(0), *(step(n) for n in range(1, 6)), *late)
    found = follow(run)
    assert found.seconds_a_step == pytest.approx(2.0)
    # 10 steps more at half size, and 20 at twice the side.
    assert found.seconds_left == pytest.approx(10 * 2 + 20 * 8)
    assert found.rate == pytest.approx(2.0)


def test_a_new_order_is_guessed_from_an_old_run(tmp_path: Path, work: WorkLane) -> None:
    fake(tmp_path / "runs", resumed(0), *(step(n) for n in range(1, 11)))
    training = Training(work, tmp_path / "runs")
    # Ten times the steps of 20 x 2 s + 20 x 8 s, at half the pixels.
    assert training.guess("none", 400, 4 * 64**2 / 2) == pytest.approx(1000.0)
    assert training.guess("other", 400, 1.0) is None
    training.close()


def test_a_layout_is_handed_over_in_the_run_s_own_classes(tmp_path: Path) -> None:
    found = follow(fake(tmp_path))
    mine = (PaletteClass("sea", "#010203"), PaletteClass("ice", "#ffffff"))
    ids = np.full((600, 1200), 255, np.uint8)
    ids[:200], ids[200:400] = 0, 1
    request = Request.from_json(canvas_for(found, Shown(ids, mine)).to_json())
    assert request.size == (256, 512)
    assert [int(request.values["layout"][row, 9]) for row in (5, 128, 250)] == [1, 255, 255]
    assert request.values["image"][5, 9].tolist() == [1, 2, 3]


# Curves ------------------------------------------------------------------------------------------


def test_curves_keep_extremes_and_survive_what_is_no_number(qtbot: QtBot) -> None:
    curve = Curve()
    for n in range(1, 1001):
        curve.add(n, 50.0 if n == 500 else float("nan") if n == 7 else 1.0)
    line = reduce(curve, 100)
    assert line is not None
    assert len(line.steps) == 100
    assert line.high.max() == 50.0
    assert line.smooth[-1] == pytest.approx(1.0, abs=0.1)
    broken = Curve()
    broken.add(1, float("nan"))
    assert reduce(broken, 10) is None
    widget = Curves()
    qtbot.addWidget(widget)
    widget.resize(400, 200)
    widget.show_curves({"kid": curve, "kid_low": curve}, {"a": curve, "b": broken, "c": Curve()})
    assert not widget.grab().isNull()
    assert "Kid" not in widget.accessibleDescription()
    assert "A: 1 at step 1000" in widget.accessibleDescription()


def test_a_floor_and_a_ceiling_are_drawn_where_they_do_not_press_the_curve_flat(
    qtbot: QtBot,
) -> None:
    scale = Scale.of(1.0, 2.0, log=False)
    assert scale.with_bound(0.0).low < 0.0 < scale.with_bound(0.0).high
    assert scale.with_bound(0.0).high == scale.high
    assert scale.with_bound(30.0) == scale
    assert Scale.of(0.01, 100.0, log=True).heights(np.array([1.0]))[0] == pytest.approx(0.5)
    assert not Scale.of(-1.0, 1.0, log=True).log
    curve = Curve()
    for n in (1, 2, 3):
        curve.add(n, 0.4)
    widget = Curves()
    qtbot.addWidget(widget)
    widget.resize(400, 200)
    widget.show_curves({"kid": curve}, {"l1": curve}, {"kid": Bounds(0.1, 5.0)})
    place = widget._areas()[0].center()
    assert widget.told(place).splitlines()[1:] == ["Real against real: 0.1", "Flat colours: 5"]
    without = widget.grab().toImage()
    widget.show_curves({"kid": curve}, {"l1": curve}, {})
    assert widget.grab().toImage() != without


def test_words_of_bounds_do_not_stand_on_one_another() -> None:
    plot, word = QRectF(0, 0, 100, 60), QRectF(40, 1, 55, 12)
    assert clear(word, [], plot) == word
    assert clear(word, [QRectF(4, 20, 30, 12)], plot) == word
    assert clear(word, [QRectF(4, 1, 50, 12)], plot) == word.translated(0, 12)
    low = QRectF(40, 47, 55, 12)
    assert clear(low, [QRectF(4, 47, 50, 12)], plot) == low.translated(0, -12)


# The panel ---------------------------------------------------------------------------------------


def fact(panel: TrainingPanel, name: str) -> str:
    """What stands below that name."""
    text: str = named(panel.detail.facts, QLabel, name).text()
    return text


def test_an_empty_panel_says_what_to_do(panel: TrainingPanel) -> None:
    assert panel.empty.isVisible()
    assert "Train your own" in panel.empty.text()


def test_a_folder_dropped_on_the_panel_opens_the_wizard_with_it(
    panel: TrainingPanel, tmp_path: Path, qtbot: QtBot
) -> None:
    (tmp_path / "mine").mkdir()
    drop(panel, tmp_path / "mine")
    dialog = panel.window().findChild(TrainingDialog)
    assert dialog.isVisible()
    assert dialog.plan.data.folder == tmp_path / "mine"
    dialog.close()


def test_the_list_takes_no_more_room_than_its_rows_need(
    panel: TrainingPanel, training: Training, qtbot: QtBot
) -> None:
    highs = []
    for count in range(1, 6):
        fake(training.home, state("stopped"), name=f"run{count}")
        training.look()
        qtbot.wait(20)
        assert panel.list.count() == count
        highs.append(panel.above.height())
        below = panel.split.widget(1).geometry()
        assert below.top() == panel.above.geometry().bottom() + 1 + panel.split.handleWidth()
    assert highs[0] < highs[1] < 176
    assert highs[-1] == highs[-2] <= 176
    assert not panel.list.verticalScrollBar().isVisible() or highs[-1] > 150


def test_after_the_last_step_no_time_is_left_to_tell(
    panel: TrainingPanel, training: Training
) -> None:
    run = fake(training.home, state("training"), resumed(0), *(step(n) for n in range(1, 41)))
    with run.writer():
        training.look()
        assert panel.list.item(0).text() == f"{TITLE}\nTraining, 100 %"
        assert "it measures the model" in panel.detail.told.text()
        assert fact(panel, "Step") == "40 of 40"
        with pytest.raises(AssertionError):
            fact(panel, "Time left")


def test_a_canvas_of_which_a_run_knows_nothing_is_told(
    panel: TrainingPanel, training: Training
) -> None:
    run = fake(training.home, state("training"), resumed(0), step(1))
    ids = np.full((64, 64), 255, np.uint8)
    ids[:9] = 0
    with run.writer():
        training.look()
        for name, strange in (("lava", True), ("Sea", False)):
            training.show_on(Shown(ids, (PaletteClass(name, "#010203"),)))
            panel.detail.show_run(training.selected)
            told = panel.detail.told.text()
            assert ("knows none of the classes on your canvas" in told) is strange
            assert ("It learns: sky, sea." in told) is strange


def test_the_panel_shows_and_steers_a_run(
    panel: TrainingPanel, training: Training, qtbot: QtBot
) -> None:
    run = fake(training.home, state("training"), resumed(0), *(step(n) for n in range(1, 11)))
    with run.writer():
        training.look()
        assert panel.list.item(0).text().startswith(f"{TITLE}\nTraining, 25 %")
        assert fact(panel, "Step") == "10 of 40"
        assert fact(panel, "Time left") == "3 min"
        assert not named(panel, QAbstractButton, "Use model").isEnabled()
        click(qtbot, panel, "Pause")
        assert run.desire() == "pause"
        assert panel.detail.state.text() == "Paused at 25 %"
        click(qtbot, panel, "Resume")
        assert run.desire() == "run"
        click(qtbot, panel, "Stop and keep")
        assert run.desire() == "stop"
        assert panel.detail.state.text() == "Stopping"
    training.look()
    assert panel.detail.state.text() == "Stopped at 25 %; can go on"
    run.append(state("failed", "The disk is full; free some space."))
    training.look()
    assert panel.detail.state.text() == "Failed: The disk is full; free some space."
    assert panel.detail.told.text() == "What it has learnt is kept; Resume goes on from there."
    assert named(panel, QAbstractButton, "Resume").isEnabled()


def test_cancel_asks_and_then_removes_everything(
    panel: TrainingPanel, training: Training, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = fake(training.home, state("training"), resumed(0), step(1))
    answers = [False, True]
    monkeypatch.setattr("studio.views.run_buttons.ask_sure", lambda *words: answers.pop(0))
    with run.writer():
        training.look()
        click(qtbot, panel, "Cancel …")
        assert run.desire() == "run"
        click(qtbot, panel, "Cancel …")
        assert run.desire() == "discard"
        assert run.path.exists()  # as long as the trainer writes there
    training.look()
    assert not run.path.exists()
    assert panel.empty.isVisible()
    qtbot.waitUntil(lambda: list(training.home.iterdir()) == [])


def test_the_pen_makes_trainers_rest_and_the_canvas_reaches_them(training: Training) -> None:
    run = fake(training.home, state("training"), resumed(0), step(1))
    with run.writer():
        sea = (PaletteClass("sea", "#010203"),)
        training.show_on(Shown(np.zeros((8, 8), np.uint8), sea))
        training.look()
        training.touch()
        assert run.leased()
        shown = Request.from_json(run.canvas_path.read_text())
        assert shown.values["layout"].tolist() == [[1] * 8] * 8


def test_a_run_can_be_made_where_the_studio_has_steered_already(training: Training) -> None:
    run = Run(training.home / "lakes")
    Order("none", "/nowhere", TITLE, made=time.time()).write(run.path)
    training.show_on(Shown(np.zeros((8, 8), np.uint8), (PaletteClass("sea", "#010203"),)))
    training.look()
    training.touch()
    training.pause(training.runs[0])
    run.show(Request("", (8, 8), {}))
    run.append(state("preparing"))
    with run.writer():
        assert {path.name for path in run.path.iterdir()} >= {"lease", "control", "canvas"}
        Run.create(run.path, {"recipe": "none"})
    assert run.config["recipe"] == "none"


def test_trainers_rest_as_long_as_a_picture_is_rendered(
    training: Training, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model, "LIVELY", 20)
    run = fake(training.home, state("training"), resumed(0), step(1))
    busy = [True]
    training.rendering = lambda: busy[0]
    with run.writer():
        training.look()
        training._timer.start(1)
        qtbot.waitUntil(run.leased)
        (run.path / "lease").unlink()
        qtbot.waitUntil(run.leased)  # It is asked for again and again.
        busy[0] = False
        qtbot.wait(100)
        (run.path / "lease").unlink()
        qtbot.wait(700)
        assert not run.leased()


def test_what_is_no_run_is_left_alone(training: Training) -> None:
    (training.home / "notes").mkdir(parents=True)
    (training.home / "broken").mkdir()
    (training.home / "broken" / "order.json").write_text("{")
    training.look()
    assert [run.path.name for run in training.runs] == ["broken"]
    assert training.status(training.runs[0]) == "failed"
