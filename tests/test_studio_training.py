"""Training from the studio: from a folder to a model that paints, by events alone."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from engines import cli
from engines.data.spec import PaletteClass
from studio.lanes.work import WorkLane
from studio.models.canvases import Shown
from studio.models.training import Training
from studio.views.runs import TrainingPanel
from studio.views.training import TrainingDialog
from tests.hands import Hands
from tests.running import click
from tests.wizarding import faulty as faulty
from tests.wizarding import go, looked, painting, pick, say_terms, write


def test_no_recipe_is_named_in_the_studio() -> None:
    from engines.catalog import load_catalog

    # What kills trainings on purpose says which; an artist never sees it.
    shown = [path for path in Path("studio").rglob("*.py") if path.parent.name != "soak"]
    texts = {path: path.read_text("utf-8") for path in shown}
    for entry in load_catalog().values():
        for word in (f'"{entry.id}"', entry.title):
            assert [str(path) for path, text in texts.items() if word in text] == []


def test_a_new_model_that_knows_nothing_of_the_canvas_says_so(hands: Hands) -> None:
    studio = hands.window.studio
    heard: list[str] = []
    studio.told.connect(heard.append)
    folder = studio.library.entries[0].folder
    studio.training.installed.emit(folder)
    hands.wait(lambda: heard, "the word of the model")
    scene = studio.session.scene
    strange = tuple(replace(entry, name=f"Zz{n}") for n, entry in enumerate(scene.palette))
    studio.session.document.scene = replace(scene, palette=strange)
    studio.training.installed.emit(folder)
    hands.wait(lambda: len(heard) > 1, "its next word")
    known, unknown = heard
    assert known.endswith("paints now.")
    assert unknown.startswith(known)
    assert "none of the classes on your canvas" in unknown


# The journey -------------------------------------------------------------------------------------


def until(qtbot: QtBot, what: Callable[[], object]) -> None:
    qtbot.waitUntil(lambda: bool(what()), timeout=900_000)


@pytest.mark.slow
@pytest.mark.timeout(2400)
def test_from_a_folder_to_a_model_that_paints(
    panel: TrainingPanel,
    training: Training,
    vistas: Path,
    faulty: Path,
    tmp_path: Path,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    click(qtbot, panel, "Train your own …")
    dialog = panel.window().findChild(TrainingDialog)
    looked(qtbot, dialog, faulty)
    assert dialog.pictures.faults.title.text() == "4 faults, all taken care of"
    go(qtbot, dialog, "What it learns")
    pick(qtbot, dialog, "What it learns", painting(dialog).title)
    go(qtbot, dialog, "How thoroughly")
    pick(qtbot, dialog, "Presets", "Rehearsal")
    click(qtbot, dialog, "Advanced settings")
    label = next(s.label for s in painting(dialog).settings if s.name == "steps")
    write(qtbot, dialog.effort.form, label, "400")
    say_terms(qtbot, dialog)
    ids = np.full((90, 120), 255, np.uint8)
    training.show_on(Shown(ids, (PaletteClass("sky", "#80c0ff"),)))
    click(qtbot, dialog, "Start training")
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
    until(qtbot, lambda: training.status(run) in ("done", "failed", "unproved"))
    assert training.status(run) == "done", run.last_word
    with qtbot.waitSignal(training.installed, timeout=120_000) as installed:
        click(qtbot, panel, "Use model")
    out = tmp_path / "picture.png"
    layout = sorted((vistas / "layouts").iterdir())[0]
    words = ["render", str(installed.args[0]), "--in", f"layout={layout}", "--size", "128x128"]
    assert cli.main([*words, "--out", str(out)]) == 0
    assert out.exists()


def test_the_studio_s_half_never_imports_torch() -> None:
    code = "import sys, studio.views.runs; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
