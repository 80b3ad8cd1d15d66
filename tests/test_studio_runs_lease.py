"""The pen comes first: a real training rests within a step of it, and goes on when it rests."""

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from engines import train
from engines.recipe import recipe_type
from engines.runs import Run
from engines.trainer import build_recipe
from studio.document.edit import Edit
from studio.document.raster import whole
from studio.lanes.work import WorkLane
from studio.models import training as model
from studio.models.studio import Studio
from studio.models.training import Training

LEASE = 0.8  # seconds


@pytest.fixture
def at_work(vistas: Path, tmp_path: Path) -> Iterator[Run]:
    """A trainer that is at it, in a thread."""
    settings = dict(recipe_type("wgan_gp").presets["tiny"]) | {"steps": 1_000_000}
    path = tmp_path / "runs" / "vistas"
    run = train.new_run(
        path, "wgan_gp", str(vistas), settings, precision="float32", threads=1, validate=0
    )
    recipe = build_recipe(run)

    def work() -> None:
        with run.writer():
            for _ in train.train(recipe, run):
                pass

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    yield run
    run.steer("discard")
    thread.join(60)
    assert not thread.is_alive()


def times(run: Run) -> list[float]:
    """When each step ended."""
    lines = run.events_path.read_text().splitlines()
    events = [json.loads(line) for line in lines if line.endswith("}")]
    return [event["time"] for event in events if event["kind"] == "step"]


def trains(training: Training) -> bool:
    training.look()
    return bool(training.runs) and training.runs[0].step > 3


def rests_and_goes_on(run: Run, touched: float, qtbot: QtBot) -> None:
    """At most the step in hand ends while the lease holds; then there are others."""
    qtbot.waitUntil(lambda: time.time() > touched + LEASE, timeout=20_000)
    assert sum(touched < when < touched + LEASE for when in times(run)) <= 1
    qtbot.waitUntil(lambda: times(run)[-1] > touched + LEASE, timeout=60_000)


def test_a_training_rests_within_a_step_of_the_pen_and_goes_on(
    at_work: Run, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model, "LEASE_SECONDS", LEASE)
    work = WorkLane()
    training = Training(work, at_work.path.parent)
    qtbot.waitUntil(lambda: trains(training), timeout=60_000)
    training.touch()
    rests_and_goes_on(at_work, time.time(), qtbot)
    training.close()
    work.close()


@pytest.mark.slow
def test_a_stroke_on_the_canvas_holds_the_lease(
    at_work: Run, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model, "LEASE_SECONDS", LEASE)
    owner = QObject()
    studio = Studio("cpu", parent=owner, runs=at_work.path.parent)
    qtbot.waitUntil(lambda: trains(studio.training), timeout=60_000)
    session = studio.session
    edit = Edit(session.document, "Brush")
    edit.replace(np.ones(session.document.size, np.uint8))
    session.touched(whole(session.document.size))
    rests_and_goes_on(at_work, time.time(), qtbot)
    studio.close(forget=True)
