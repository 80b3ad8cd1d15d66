"""The queue in the studio: what waits is shown, moved and started, by a later studio too."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtWidgets import QAbstractButton, QListWidget, QWidget
from pytestqt.qtbot import QtBot

from engines import waiting
from engines.orders import Order
from engines.runs import Run
from engines.waiting import Waiting
from studio.lanes.work import WorkLane
from studio.models.training import Training
from studio.views.wizard.waiting import QueueView
from tests.running import click, named

# A trainer that says that it trains, and ends when the run is told to stop.
TRAINER = """
import json, sys, time
from pathlib import Path
from engines.runs import Run
run = Run(Path(sys.argv[2]))
with run.writer():
    run.append({"kind": "state", "state": "training", "sentence": "", "time": 0.0})
    while run.desire() != "stop":
        time.sleep(0.02)
"""


@pytest.fixture(autouse=True)
def _trainer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "COMMAND", ("-c", TRAINER))


@pytest.fixture
def training(training: Training) -> Iterator[Training]:
    yield training
    for run in training.runs:
        run.run.steer("stop")


def order(title: str) -> Order:
    return Order("none", "/nowhere", title, {"steps": 5})


def titles(training: Training) -> list[str]:
    return [entry.order.title for entry in training.queue.waiting]


def test_the_next_one_starts_when_the_one_before_has_ended(
    training: Training, qtbot: QtBot
) -> None:
    for title in ("a", "b", "c"):
        assert training.queue.add(order(title))
    qtbot.waitUntil(lambda: titles(training) == ["b", "c"])
    first = training.runs[0]
    assert first.path.name == "a"
    qtbot.waitUntil(lambda: training.status(first) == "training", timeout=30_000)
    training.queue.move(training.queue.waiting[1].key, -1)
    assert titles(training) == ["c", "b"]
    training.keep(first)
    qtbot.waitUntil(lambda: titles(training) == ["b"], timeout=30_000)
    assert training.runs[0].path.name == "c"
    # Held, the last one waits for a word.
    training.queue.hold(True)
    qtbot.waitUntil(lambda: training.runs[0].busy, timeout=30_000)
    training.keep(training.runs[0])
    qtbot.waitUntil(lambda: not training.runs[0].busy, timeout=30_000)
    training.queue.look()
    assert titles(training) == ["b"]
    training.queue.start_now(training.queue.waiting[0].key)
    assert (titles(training), training.runs[0].path.name) == ([], "b")


def test_a_studio_opened_later_starts_what_waits(
    work: WorkLane, tmp_path: Path, qtbot: QtBot
) -> None:
    home = tmp_path / "runs"
    waiting.add(home, order("a"))
    waiting.add(home, order("b"))
    # Its trainer was killed by a power cut.
    Order("none", "/nowhere", "before", made=time.time() - 1000).write(home / "before")
    Run(home / "before").append({"kind": "state", "state": "training", "sentence": ""})
    opened = Training(work, home)
    qtbot.waitUntil(lambda: titles(opened) == ["b"])
    assert [run.path.name for run in opened.runs] == ["a", "before"]
    opened.close()
    opened.runs[0].run.steer("stop")
    qtbot.waitUntil(lambda: not waiting.trains(home), timeout=30_000)


def test_what_waits_is_moved_within_bounds_and_taken_out(training: Training) -> None:
    training.queue.hold(True)
    for title in ("a", "b", "c"):
        training.queue.add(order(title))
    keys = [entry.key for entry in training.queue.waiting]
    for key, by, expected in (
        (0, 9, "bca"),
        (2, -1, "cba"),
        (1, -9, "bca"),
        (1, -1, "bca"),  # where it is
        (0, 1, "bca"),
    ):
        training.queue.move(keys[key], by)
        assert titles(training) == list(expected)
    training.queue.move("nonsense", 1)
    training.queue.remove(keys[2])
    assert titles(training) == ["b", "a"]


def test_a_queue_that_cannot_be_written_says_so_once(
    training: Training, tmp_path: Path, qtbot: QtBot
) -> None:
    training.home.mkdir()
    (training.home / ".queue").write_text("no folder")
    said: list[str] = []
    training.problem.connect(said.append)
    assert not training.queue.add(order("a"))
    assert not training.queue.add(order("a"))
    assert len(said) == 1
    assert "make the folder writable" in said[0]
    training.queue.look()
    assert json.dumps(titles(training)) == "[]"


def test_the_view_shows_and_moves_what_waits(
    training: Training, work: WorkLane, qtbot: QtBot
) -> None:
    view = QueueView(training)
    qtbot.addWidget(view)
    holder = QWidget()
    qtbot.addWidget(holder)
    view.setParent(holder)
    holder.show()
    assert not view.isVisible()
    training.queue.hold(True)
    for title in ("a", "b", "c"):
        training.queue.add(order(title))
    assert view.isVisible()
    assert view.title.text() == "In the queue: 3"
    assert view.told.text() == "Held: none starts by itself."
    rows = named(view, QListWidget, "Trainings that wait")
    rows.setCurrentRow(0)
    assert not named(view, QAbstractButton, "Train it earlier").isEnabled()
    click(qtbot, view, "Train it later")
    assert titles(training) == ["b", "a", "c"]
    assert rows.currentItem().text() == "a"  # It stays the chosen one.
    holder.activateWindow()
    rows.setFocus()
    qtbot.waitUntil(rows.hasFocus)
    qtbot.keyClick(rows, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    assert titles(training) == ["a", "b", "c"]
    asked: list[Waiting] = []
    view.change.connect(asked.append)
    click(qtbot, view, "Change what waits …")
    assert [entry.order.title for entry in asked] == ["a"]
    qtbot.keyClick(rows, Qt.Key.Key_Delete)
    assert titles(training) == ["b", "c"]
    # Dragged: the list has moved already, and the queue follows.
    assert rows.model().moveRow(QModelIndex(), 0, QModelIndex(), 2)
    qtbot.waitUntil(lambda: titles(training) == ["c", "b"])
    rows.setCurrentRow(1)
    click(qtbot, view, "Start it now, beside what trains")
    assert titles(training) == ["c"]
    assert [run.title for run in training.runs] == ["b"]
    click(qtbot, view, "Let the queue go on")
    assert not training.queue.held
    click(qtbot, view, "Take it out of the queue")
    assert not view.isVisible()
