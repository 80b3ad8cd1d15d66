"""Runs elsewhere, followed through a folder: copies, silence, steering, and mounts that hang."""

import json
import shutil
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PySide6.QtWidgets import QAbstractButton
from pytestqt.qtbot import QtBot

from engines.data.spec import PaletteClass
from engines.errors import UserError
from engines.request import Request
from engines.runs import Run
from studio.lanes import faraway
from studio.lanes.faraway import Far
from studio.lanes.runs import Follow
from studio.lanes.work import WorkLane
from studio.models.canvases import Shown
from studio.models.training import Training
from studio.views.runs import TrainingPanel
from tests.running import Event, click, fake, named, resumed, state, step


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faraway, "LOOK_SECONDS", 0.02)


@pytest.fixture
def there(tmp_path: Path) -> Path:
    """A folder on another computer."""
    folder = tmp_path / "mount"
    folder.mkdir()
    return folder


def now(number: int, **losses: float) -> Event:
    return {**step(number, **losses), "time": time.time() + number / 100}


def until(training: Training, qtbot: QtBot, what: Any) -> None:
    def looked() -> bool:
        training.look()
        return bool(what())

    qtbot.waitUntil(looked, timeout=20_000)


def only(training: Training) -> Follow:
    assert len(training.runs) == 1
    return training.runs[0]


def test_a_run_elsewhere_is_shown_as_it_grows(
    training: Training, there: Path, qtbot: QtBot
) -> None:
    run = fake(there, state("training"), resumed(0), now(1))
    previews = run.path / "previews"
    previews.mkdir()
    Image.new("RGB", (8, 8)).save(previews / "000000001.png")
    Image.new("RGB", (8, 8)).save(previews / "canvas-000000001.png")
    run.append({"kind": "canvas", "step": 1, "file": "canvas-000000001.png"})
    training.follow(run.path)
    until(training, qtbot, lambda: training.runs and only(training).step == 1)
    found = only(training)
    assert (found.title, training.status(found)) == ("Misty lakes", "training")
    assert found.place == run.path
    until(training, qtbot, lambda: found.sheet and found.canvas and found.canvas.is_file())
    training.select(found)
    for number in range(2, 30):
        run.append(now(number, l1=float(number)))
    until(training, qtbot, lambda: found.step == 29)
    until(training, qtbot, lambda: list(found.losses["l1"].values)[1:] == list(range(2, 30)))


def test_a_folder_of_runs_is_followed_and_new_ones_appear(
    training: Training, there: Path, qtbot: QtBot
) -> None:
    (there / "notes").mkdir()
    fake(there, now(1), name="a")
    training.follow(there)
    until(training, qtbot, lambda: len(training.runs) == 1)
    fake(there, now(1), name="b")
    until(training, qtbot, lambda: len(training.runs) == 2)
    assert {run.place.name for run in training.runs} == {"a", "b"}


def test_another_log_in_its_place_is_read_anew(
    training: Training, there: Path, qtbot: QtBot
) -> None:
    run = fake(there, resumed(0), *(now(n) for n in range(1, 9)))
    training.follow(run.path)
    until(training, qtbot, lambda: training.runs and only(training).step == 8)
    run.events_path.write_text("")
    run.append({**now(1), "other": "x" * 2000})
    until(training, qtbot, lambda: only(training).step == 1)


def test_what_is_long_silent_is_said_to_be(there: Path, tmp_path: Path) -> None:
    run = fake(there, state("training"), resumed(0), now(1))
    far = Far(run.path, tmp_path / "copy")
    far.copy.mkdir()
    far.look(lambda: False)
    found = Follow(far.copy, far)
    found.look()
    assert found.status() == "training"
    far._grew = time.monotonic() - 1000
    assert found.status() == "silent"
    found.steer("pause")
    assert found.status() == "paused"
    run.append(state("done"))
    far.look(lambda: False)
    found.look()
    assert found.status() == "stopped"  # Its model is not there.


def test_an_old_log_says_how_old_it_is(there: Path, tmp_path: Path) -> None:
    import os

    run = fake(there, state("training"), resumed(0), now(1))
    old = time.time() - 5000
    os.utime(run.events_path, (old, old))
    far = Far(run.path, tmp_path / "copy")
    far.copy.mkdir()
    far.look(lambda: False)
    assert 4990 < far.quiet < 5100


def test_control_and_canvas_reach_it_and_the_lease_does_not(
    training: Training, there: Path, qtbot: QtBot
) -> None:
    run = fake(there, state("training"), resumed(0), now(1))
    training.show_on(Shown(np.zeros((8, 8), np.uint8), (PaletteClass("sea", "#010203"),)))
    training.follow(run.path)
    until(training, qtbot, lambda: training.runs and only(training).step == 1)
    training.pause(only(training))
    qtbot.waitUntil(lambda: run.desire() == "pause", timeout=20_000)
    until(training, qtbot, lambda: training.status(only(training)) == "paused")
    training.resume(only(training))  # It starts nothing here.
    qtbot.waitUntil(lambda: run.desire() == "run", timeout=20_000)
    assert only(training).pid is None
    until(training, qtbot, lambda: run.canvas_path.exists())
    shown = Request.from_json(run.canvas_path.read_text())
    assert shown.values["layout"].tolist() == [[1] * 8] * 8
    training.touch()
    time.sleep(0.1)
    assert not (run.path / "lease").exists()
    assert not (only(training).path / "lease").exists()


def test_a_folder_that_cannot_be_written_is_only_watched(
    training: Training, work: WorkLane, there: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = fake(there, state("training"), resumed(0), now(1))
    monkeypatch.setattr(faraway.os, "access", lambda path, mode: False)
    panel = TrainingPanel(training, work)
    qtbot.addWidget(panel)
    panel.show()
    training.follow(run.path)
    until(training, qtbot, lambda: training.runs and only(training).step == 1)
    far = only(training).far
    assert far is not None
    until(training, qtbot, lambda: not far.writable)
    panel.detail.show_run(only(training))
    pause = named(panel, QAbstractButton, "Pause")
    assert not pause.isEnabled()
    assert "only watched" in pause.accessibleDescription()


def test_the_model_comes_whole_and_can_be_used(
    training: Training, there: Path, qtbot: QtBot
) -> None:
    run = fake(there, state("exporting"), resumed(0), now(1))
    training.follow(run.path)
    until(training, qtbot, lambda: training.runs and only(training).step == 1)
    (run.path / "bundle").mkdir()
    (run.path / "bundle" / "graph.onnx").write_bytes(b"1" * 1000)
    time.sleep(0.1)
    assert only(training).bundle is None
    (run.path / "bundle" / "model.json").write_text("{}")
    run.append(state("done"))
    until(training, qtbot, lambda: training.status(only(training)) == "done")
    found = only(training).bundle
    assert found is not None
    assert (found / "graph.onnx").read_bytes() == b"1" * 1000


def test_a_snapshot_is_brought_when_it_is_wanted(there: Path, tmp_path: Path) -> None:
    run = fake(there, now(1))
    (run.path / "snapshots").mkdir()
    run.snapshot_path(7).write_bytes(b"weights")
    (run.path / "live").mkdir()
    (run.path / "live" / "model.json").write_text("{}")
    far = Far(run.path, tmp_path / "copy")
    far.copy.mkdir()
    far.look(lambda: False)
    assert far.snapshots == [7]
    assert not (far.copy / "snapshots").exists()
    assert not far.fetch(7)
    far.look(lambda: False)
    assert far.fetch(7)
    assert (far.copy / "snapshots" / "000000007.safetensors").read_bytes() == b"weights"
    assert (far.copy / "live" / "model.json").exists()


def test_links_pipes_and_giants_are_left_where_they_are(
    there: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import os

    run = fake(there, now(1))
    (tmp_path / "secret").write_text("{}")
    (run.path / "log.txt").symlink_to(tmp_path / "secret")
    (run.path / "previews").mkdir()
    os.mkfifo(run.path / "previews" / "000000009.png")
    monkeypatch.setitem(faraway._MOST, ".json", 10)
    far = Far(run.path, tmp_path / "copy")
    far.copy.mkdir()
    far.look(lambda: False)
    assert sorted(p.name for p in far.copy.iterdir()) == ["events.jsonl"]


def test_a_mount_that_goes_away_leaves_what_was_seen(
    training: Training, work: WorkLane, there: Path, qtbot: QtBot
) -> None:
    run = fake(there, state("training"), resumed(0), now(1))
    training.follow(run.path)
    until(training, qtbot, lambda: training.runs and only(training).step == 1)
    shutil.rmtree(there)
    far = only(training).far
    assert far is not None
    until(training, qtbot, lambda: far.trouble)
    assert str(run.path) in far.trouble
    assert only(training).step == 1
    training.close()

    again = Training(work, training.home)  # The next start, without the mount.
    assert [found.place for found in again.runs] == [run.path]
    assert again.runs[0].step == 1
    again.close()


def test_a_mount_that_hangs_is_told_of_and_the_studio_does_not_wait(
    training: Training, there: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = fake(there, state("training"), resumed(0), now(1))
    training.follow(run.path)
    until(training, qtbot, lambda: training.runs and only(training).step == 1)
    far = only(training).far
    assert far is not None
    gate = threading.Event()
    monkeypatch.setattr(far, "_look", lambda closed: gate.wait(30))
    monkeypatch.setattr(faraway, "HUNG_SECONDS", 0.05)
    until(training, qtbot, lambda: far.trouble)
    assert "does not answer" in far.trouble
    training.close()  # It waits for nothing.
    gate.set()


def test_what_is_followed_is_kept_and_given_up(
    training: Training, work: WorkLane, there: Path, qtbot: QtBot
) -> None:
    run = fake(there, resumed(0), now(1))
    before = sorted(path.name for path in run.path.iterdir())
    training.follow(there)
    until(training, qtbot, lambda: len(training.runs) == 1)
    kept = json.loads((training.home / ".followed" / "folders.json").read_text())
    assert kept == [str(there)]
    training.forget(there)
    assert training.runs == ()
    qtbot.waitUntil(lambda: not any(p.is_dir() for p in (training.home / ".followed").iterdir()))
    assert json.loads((training.home / ".followed" / "folders.json").read_text()) == []
    assert sorted(path.name for path in run.path.iterdir()) == before


def test_own_runs_are_not_followed_and_spoilt_lists_are_none(
    training: Training, work: WorkLane, qtbot: QtBot
) -> None:
    with qtbot.waitSignal(training.problem) as told:
        training.follow(training.home)
    assert "shown already" in told.args[0]
    with pytest.raises(UserError):
        training.following.add(training.home / "lakes")
    (training.home / ".followed").mkdir(parents=True)
    for text in ("{", "{}", '[3, "x", "relative/path"]', "[" * 100_000):
        (training.home / ".followed" / "folders.json").write_text(text)
        again = Training(work, training.home)
        assert again.following.folders == ()
        again.close()


def test_an_empty_folder_is_said_to_be_and_can_be_given_up(
    training: Training, work: WorkLane, there: Path, qtbot: QtBot
) -> None:
    panel = TrainingPanel(training, work)
    qtbot.addWidget(panel)
    panel.show()
    training.follow(there)
    assert panel.elsewhere.isVisible()
    assert "No training in" in panel.elsewhere.text()
    panel.elsewhere.linkActivated.emit("0")
    assert training.following.folders == ()
    assert not panel.elsewhere.isVisible()


def test_the_panel_says_what_a_run_elsewhere_cannot(
    training: Training, work: WorkLane, there: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = fake(there, resumed(0), now(3), state("stopped"))
    panel = TrainingPanel(training, work)
    qtbot.addWidget(panel)
    panel.show()
    training.follow(run.path)
    until(training, qtbot, lambda: training.runs and only(training).step == 3)
    assert "elsewhere" in panel.list.item(0).text()
    resume = named(panel, QAbstractButton, "Resume")
    assert not resume.isEnabled()
    assert "another computer" in resume.accessibleDescription()
    assert str(run.path) in panel.detail.told.text()
    asked: list[str] = []
    monkeypatch.setattr(
        "studio.views.run_buttons.ask_sure", lambda *words: bool(asked.append(words[1])) or True
    )
    click(qtbot, panel, "Unfollow …")
    assert str(run.path) in asked[0]
    assert training.runs == ()
    assert Run(run.path).events()
