"""Training from the studio: the dialog, the panel, and runs that are followed, by events."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QDoubleSpinBox,
    QLineEdit,
    QSpinBox,
    QTableWidget,
    QWidget,
)
from pytestqt.qtbot import QtBot

from engines import cli
from engines.data.spec import PaletteClass
from engines.orders import Order
from engines.request import Request
from engines.runs import Run
from studio.lanes import runs as lane
from studio.lanes.curve import Curve
from studio.lanes.runs import Follow
from studio.lanes.work import WorkLane
from studio.models.canvases import Shown, canvas_for
from studio.models.training import Training
from studio.views.curves import Curves, reduce
from studio.views.runs import TrainingPanel
from studio.views.training import TrainingDialog

TITLE = "Misty lakes"
Event = dict[str, Any]


@pytest.fixture
def work(qtbot: QtBot) -> Iterator[WorkLane]:
    lane = WorkLane()
    yield lane
    lane.close()


@pytest.fixture
def training(work: WorkLane, tmp_path: Path) -> Iterator[Training]:
    followed = Training(work, tmp_path / "runs")
    yield followed
    followed.close()


@pytest.fixture
def panel(training: Training, work: WorkLane, qtbot: QtBot) -> TrainingPanel:
    widget = TrainingPanel(training, work)
    qtbot.addWidget(widget)
    widget.resize(420, 800)
    widget.show()
    return widget


@pytest.fixture
def dialog(training: Training, work: WorkLane, qtbot: QtBot) -> TrainingDialog:
    widget = TrainingDialog(training, work)
    qtbot.addWidget(widget)
    widget.show()
    return widget


def step(number: int, **losses: float) -> Event:
    return {"kind": "step", "step": number, "losses": losses or {"l1": 1.0}, "time": 2.0 * number}


def state(name: str, sentence: str = "") -> Event:
    return {"kind": "state", "state": name, "sentence": sentence, "time": 0.0}


def resumed(number: int) -> Event:
    return {"kind": "resumed", "step": number, "time": 0.0}


def fake(home: Path, *events: Event, name: str = "lakes", steps: int = 40) -> Run:
    """A run directory as a trainer leaves it."""
    run = Run(home / name)
    Order("none", "/nowhere", TITLE, {"steps": steps}, made=100.0).write(run.path)
    half = {"name": "half", "steps": steps // 2, "size": [32, 32]}
    whole = {"name": "whole", "steps": steps - steps // 2, "size": [64, 64]}
    settings = {"steps": steps, "batch": 4, "size": 64}
    classes = [{"name": "sky", "color": "#0000ff"}, {"name": "sea", "color": "#00ff00"}]
    config = {"recipe": "none", "settings": settings, "stages": [half, whole]}
    Run.create(run.path, {**config, "spec": {"classes": classes}})
    for event in events:
        run.append(event)
    return run


def follow(run: Run, whole: bool = True) -> Follow:
    found = Follow(run.path)
    if whole:
        found.want_curves()
    found.look()
    return found


def named(parent: QWidget, kind: type[QWidget], name: str) -> Any:
    """The visible widget of that accessible name."""
    found = [w for w in parent.findChildren(kind) if w.accessibleName() == name and w.isVisible()]
    assert len(found) == 1, (name, [w.accessibleName() for w in parent.findChildren(kind)])
    return found[0]


def click(qtbot: QtBot, parent: QWidget, name: str) -> None:
    button = named(parent, QAbstractButton, name)
    assert button.isEnabled()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def choose(qtbot: QtBot, parent: QWidget, name: str, text: str) -> None:
    """Choose an entry of a box by keys."""
    box = named(parent, QComboBox, name)
    box.setFocus()
    qtbot.keyClick(box, Qt.Key.Key_Home)
    for _ in range(box.count()):
        if box.currentText() == text:
            return
        qtbot.keyClick(box, Qt.Key.Key_Down)
    pytest.fail(f"{name} has no {text}")


def drop(widget: QWidget, path: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    copy = Qt.DropAction.CopyAction
    QApplication.sendEvent(widget, QDragEnterEvent(QPoint(20, 20), copy, data, buttons, keys))
    QApplication.sendEvent(widget, QDropEvent(QPointF(20, 20), copy, data, buttons, keys))


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


# The panel ---------------------------------------------------------------------------------------


def test_an_empty_panel_says_what_to_do(panel: TrainingPanel) -> None:
    assert panel.empty.isVisible()
    assert "Train your own" in panel.empty.text()


def test_the_panel_shows_and_steers_a_run(
    panel: TrainingPanel, training: Training, qtbot: QtBot
) -> None:
    run = fake(training.home, state("training"), resumed(0), *(step(n) for n in range(1, 11)))
    with run.writer():
        training.look()
        assert panel.list.item(0).text().startswith(f"{TITLE}\nTraining, 25 %")
        assert "step 10 of 40" in panel.detail.told.text()
        assert "3 min left" in panel.detail.told.text()
        assert not panel.detail.use.isEnabled()
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
    assert named(panel, QAbstractButton, "Resume").isEnabled()


def test_cancel_asks_and_then_removes_everything(
    panel: TrainingPanel, training: Training, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = fake(training.home, state("training"), resumed(0), step(1))
    answers = [False, True]
    monkeypatch.setattr("studio.views.runs.ask_sure", lambda *words: answers.pop(0))
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


def test_what_is_no_run_is_left_alone(training: Training) -> None:
    (training.home / "notes").mkdir(parents=True)
    (training.home / "broken").mkdir()
    (training.home / "broken" / "order.json").write_text("{")
    training.look()
    assert [run.path.name for run in training.runs] == ["broken"]
    assert training.status(training.runs[0]) == "failed"


# The dialog --------------------------------------------------------------------------------------


def test_an_empty_dialog_says_why_it_cannot_start(dialog: TrainingDialog) -> None:
    assert dialog.reason.text() == "Choose a folder of pictures first."
    assert not dialog.start.isEnabled()


def test_faults_are_shown_with_their_mend_and_hold_the_start(
    dialog: TrainingDialog, vistas: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    folder = tmp_path / "set"
    shutil.copytree(vistas, folder)
    photos = sorted((folder / "photos").iterdir())
    (folder / "layouts" / f"{photos[0].stem}.png").unlink()
    photos[1].write_bytes(b"no picture")
    drop(dialog, folder)
    assert dialog.reason.text() == "The pictures are still being looked through."
    qtbot.waitUntil(lambda: not dialog.plan.scanning, timeout=20_000)
    table = named(dialog, QTableWidget, "Problems")
    rows = [[table.item(r, c).text() for c in range(3)] for r in range(table.rowCount())]
    assert [f"photos/{photos[0].name}", "has no mate in layouts", "add it or remove this"] in rows
    assert any(photos[1].name in row[0] for row in rows)
    assert dialog.reason.text().startswith("Mend the 2 problems")
    assert not dialog.start.isEnabled()


def test_a_fault_within_a_picture_is_found_by_the_thorough_look(
    dialog: TrainingDialog, vistas: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    folder = tmp_path / "set"
    shutil.copytree(vistas, folder)
    photo = sorted((folder / "photos").iterdir())[0]
    photo.write_bytes(photo.read_bytes()[:-400])
    drop(dialog, folder)
    qtbot.waitUntil(lambda: not dialog.plan.scanning, timeout=20_000)
    assert named(dialog, QTableWidget, "Problems").item(0, 0).text() == f"photos/{photo.name}"


def test_a_good_folder_shows_its_classes_and_what_it_can_teach(
    dialog: TrainingDialog, vistas: Path, qtbot: QtBot
) -> None:
    ready(dialog, vistas, qtbot)
    table = named(dialog, QTableWidget, "Classes")
    assert table.rowCount() == len(json.loads((vistas / "classes.json").read_text()))
    assert table.item(0, 0).text() == "sky"
    assert not table.item(0, 0).icon().isNull()
    assert table.item(0, 1).text().endswith("%")
    assert dialog.summary.text().startswith("40 photos with layouts")
    assert {r.kind for r in dialog.plan.recipes} == {"layout", "paired", "image"}
    assert dialog.start.isEnabled()


def ready(dialog: TrainingDialog, folder: Path, qtbot: QtBot) -> None:
    """Choose a folder by typing and, where there is a choice, the first thing it can teach."""
    line = named(dialog, QLineEdit, "Folder of pictures")
    line.clear()
    qtbot.keyClicks(line, str(folder))
    qtbot.keyClick(line, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not dialog.plan.scanning, timeout=20_000)
    box = named(dialog, QComboBox, "What it learns")
    painting = next(e for e in dialog.plan.recipes if e.kind == "layout" and "layout" not in e.id)
    choose(qtbot, dialog, "What it learns", painting.title)
    assert box.currentText() == painting.title


def photos(folder: Path, count: int) -> None:
    folder.mkdir(parents=True)
    rng = np.random.default_rng(count)
    for number in range(count):
        pixels = rng.integers(0, 256, (64, 64, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{number}.png")


@pytest.mark.parametrize(
    ("folders", "kind", "said"),
    [
        ([""], "image", "Suggested for 9 pictures: "),
        (["source", "target"], "paired", "Suggested for 9 pairs of pictures: "),
        (["cats", "dogs"], "image", "Suggested for 18 pictures with attributes: "),
        (None, "layout", "Suggested for 40 photos with layouts: "),
    ],
)
def test_what_suits_a_folder_is_chosen_and_why_is_said(
    folders: list[str] | None,
    kind: str,
    said: str,
    dialog: TrainingDialog,
    vistas: Path,
    tmp_path: Path,
    qtbot: QtBot,
) -> None:
    for name in folders or ():
        photos(tmp_path / "mine" / name, 9)
    drop(dialog, vistas if folders is None else tmp_path / "mine")
    qtbot.waitUntil(lambda: not dialog.plan.scanning, timeout=20_000)
    chosen, box = dialog.plan.recipe, named(dialog, QComboBox, "What it learns")
    assert chosen is not None
    assert (chosen.kind, chosen.title) == (kind, box.currentText())
    assert dialog.advice.isVisible()
    assert dialog.advice.text() == box.accessibleDescription() == said + chosen.usual
    assert not dialog.reason.text()
    assert dialog.start.isEnabled()
    other = next((e for e in dialog.plan.recipes if e != chosen), None)
    if other is not None:  # An artist's own choice needs no reason.
        choose(qtbot, dialog, "What it learns", other.title)
        assert not dialog.advice.isVisible()


def test_settings_come_from_the_catalogue_and_go_into_the_order(
    dialog: TrainingDialog, vistas: Path, qtbot: QtBot
) -> None:
    ready(dialog, vistas, qtbot)
    recipe = dialog.plan.recipe
    assert recipe is not None
    assert not dialog.form.isVisible()
    click(qtbot, dialog, "Advanced settings")
    assert dialog.form.isVisible()
    for setting in recipe.settings:
        widget = named(dialog.form, QWidget, setting.label)
        if setting.type == "int":
            assert isinstance(widget, QSpinBox)
            assert (widget.minimum(), widget.maximum()) == (setting.least, setting.greatest)
        if setting.type == "float":
            assert isinstance(widget, QDoubleSpinBox)
            assert widget.value() == dialog.plan.values[setting.name]
    batch = next(s for s in recipe.settings if s.name == "batch")
    field = named(dialog.form, QSpinBox, batch.label)
    field.setFocus()
    field.selectAll()
    qtbot.keyClicks(field, "3")
    choose(qtbot, dialog, "How thoroughly", "Overnight")
    assert field.value() == batch.default  # A preset takes back what was set by hand.
    field.setFocus()
    field.selectAll()
    qtbot.keyClicks(field, "5")
    order = dialog.plan.order()
    assert order.settings == {**recipe.presets["overnight"], "batch": 5}
    assert order.recipe == recipe.id
    name = named(dialog, QLineEdit, "Name of the model")
    name.setFocus()
    name.selectAll()
    qtbot.keyClick(name, Qt.Key.Key_Delete)
    assert dialog.reason.text() == "Give the model a name."


def test_a_scan_is_stopped_and_what_is_not_there_is_said(
    dialog: TrainingDialog, tmp_path: Path, qtbot: QtBot
) -> None:
    drop(dialog, tmp_path)
    click(qtbot, dialog, "Stop looking through the folder")
    assert dialog.reason.text() == "The folder was not looked through; choose it again."
    drop(dialog, tmp_path)
    qtbot.waitUntil(lambda: not dialog.plan.scanning, timeout=20_000)
    assert "holds no pictures" in named(dialog, QTableWidget, "Problems").item(0, 1).text()


def test_every_control_has_a_name(dialog: TrainingDialog, panel: TrainingPanel) -> None:
    kinds = (QAbstractButton, QComboBox, QLineEdit, QTableWidget)
    for parent in (dialog, panel):
        for widget in (w for kind in kinds for w in parent.findChildren(kind)):
            inner = isinstance(widget.parent(), QComboBox | QSpinBox | QDoubleSpinBox)
            if not inner and not widget.objectName().startswith("qt_"):
                text = widget.text() if isinstance(widget, QAbstractButton) else ""
                assert (
                    widget.accessibleName() or text or isinstance(widget.parent(), QTableWidget)
                ), widget


def test_no_recipe_is_named_in_the_studio() -> None:
    from engines.catalog import load_catalog

    texts = {p: p.read_text("utf-8") for p in Path("studio").rglob("*.py")}
    for entry in load_catalog().values():
        for word in (f'"{entry.id}"', entry.title):
            assert [str(path) for path, text in texts.items() if word in text] == []


# The journey -------------------------------------------------------------------------------------


def until(qtbot: QtBot, what: Callable[[], object]) -> None:
    qtbot.waitUntil(lambda: bool(what()), timeout=240_000)


@pytest.mark.slow
def test_from_a_folder_to_a_model_that_paints(
    panel: TrainingPanel,
    training: Training,
    vistas: Path,
    tmp_path: Path,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    click(qtbot, panel, "Train your own …")
    dialog = panel.window().findChild(TrainingDialog)
    ready(dialog, vistas, qtbot)
    choose(qtbot, dialog, "How thoroughly", "Rehearsal")
    click(qtbot, dialog, "Advanced settings")
    assert dialog.plan.recipe is not None
    label = next(s.label for s in dialog.plan.recipe.settings if s.name == "steps")
    steps = named(dialog.form, QSpinBox, label)
    steps.setFocus()
    steps.selectAll()
    qtbot.keyClicks(steps, "400")
    ids = np.full((90, 120), 255, np.uint8)
    training.show_on(Shown(ids, (PaletteClass("sky", "#80c0ff"),)))
    qtbot.mouseClick(dialog.start, Qt.MouseButton.LeftButton)
    run = training.runs[0]
    assert training.status(run) == "preparing"

    # A kill -9 is seen, and the run goes on from where it was.
    until(qtbot, lambda: run.step > 21)
    assert run.pid is not None
    os.kill(run.pid, signal.SIGKILL)
    until(qtbot, lambda: training.status(run) == "stopped")
    assert "can go on" in panel.detail.state.text()
    reached = run.step
    click(qtbot, panel, "Resume")
    until(qtbot, lambda: run.step > reached)
    assert run.losses["kl"].steps[0] == 1

    # Another studio finds it at work.
    other = Training(WorkLane(training), training.home)
    assert other.status(other.runs[0]) == "training"
    other.close()

    until(qtbot, lambda: run.canvas is not None)
    click(qtbot, panel, "Stop and keep")
    until(qtbot, lambda: training.status(run) in ("done", "failed"))
    assert training.status(run) == "done", run.last_word
    with qtbot.waitSignal(training.installed, timeout=120_000) as installed:
        click(qtbot, panel, "Use model")
    out = tmp_path / "picture.png"
    layout = sorted((vistas / "layouts").iterdir())[0]
    words = ["render", str(installed.args[0]), "--in", f"layout={layout}", "--size", "128x128"]
    assert cli.main([*words, "--out", str(out)]) == 0
    assert out.exists()


def test_the_studio_s_half_never_imports_torch() -> None:
    code = "import sys, studio.views.runs, studio.models.plan; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
