"""Training from the studio: the dialog, the panel, and runs that are followed, by events."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractButton,
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
from studio.lanes.work import WorkLane
from studio.models.canvases import Shown
from studio.models.training import Training
from studio.views.runs import TrainingPanel
from studio.views.training import TrainingDialog
from tests.running import choose, click, drop, named


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
