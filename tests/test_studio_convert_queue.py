"""Conversions that wait for one another: in order, moved, taken out, and begun without a studio."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtWidgets import QAbstractButton, QLabel, QListWidget
from pytestqt.qtbot import QtBot

from engines.data.pictures import write_picture
from engines.errors import UserError
from engines.request import Request
from engines.runtime.bundle import Bundle
from engines.runtime.convert import waiting
from engines.runtime.convert.job import Job, Plan, State
from engines.runtime.places import own_models
from studio.models.convert import Conversions, Round
from studio.views.window import Window
from tests import converting as c
from tests.running import click, named

Make = Callable[[], Conversions]
Start = Callable[[Conversions, str], Round]


@pytest.fixture
def make(tmp_path: Path, qtbot: QtBot) -> Iterator[Make]:
    """Conversions as each start of the studio has them."""
    with c.studios(tmp_path / "home") as made:
        yield made


@pytest.fixture
def start(tmp_path: Path) -> Start:
    """Starts a conversion of one picture, of that name."""
    look = np.full((8, 8, 3), 60, np.uint8)

    def one(conversions: Conversions, name: str, model: str = "0" * 64) -> Round:
        source = tmp_path / f"{name}.png"
        write_picture(source, c.moving(1)[0])
        request = Request(model, (0, 0), {"manner": look})
        return conversions.start(Plan("tinted", source, tmp_path / f"to {name}", request))

    return one


@pytest.fixture
def idle(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Processes that convert nothing until they are ended; the names of what was launched."""
    launched: list[str] = []
    processes: list[subprocess.Popen[bytes]] = []

    def launch(job: Job, then: Path) -> "subprocess.Popen[bytes]":
        launched.append(job.plan.source.stem)
        words = [sys.executable, "-I", "-S", "-c", "import time; time.sleep(600)"]
        processes.append(subprocess.Popen(words))
        return processes[-1]

    monkeypatch.setattr(Job, "launch", launch)
    yield launched
    for each in processes:
        each.kill()
        each.wait()


def names(rounds: list[Round]) -> str:
    return "".join(each.source.stem for each in rounds)


def end(each: Round, conversions: Conversions, qtbot: QtBot) -> None:
    """End its process as a kill does."""
    assert each.process is not None
    os.kill(each.process.pid, signal.SIGKILL)
    qtbot.waitUntil(lambda: each.status not in ("working", "paused"), timeout=20_000)


def test_with_the_studio_closed_they_follow_one_another(
    own_folders: None, make: Make, start: Start, tmp_path: Path, qtbot: QtBot
) -> None:
    model = Bundle.open(c.model(own_models() / "tinted")).hash
    conversions = make()
    first = start(conversions, "a", model)  # type: ignore[call-arg]
    conversions.pause(first)
    later = [start(conversions, name, model) for name in "bc"]  # type: ignore[call-arg]
    assert [each.status for each in later] == ["waiting", "waiting"]
    conversions.move(later[1], -1)
    assert names(conversions.queue) == "cb"
    qtbot.waitUntil(lambda: first.status == "paused", timeout=60_000)
    assert [each.process for each in later] == [None, None]
    conversions.close()

    opened = make()
    assert names(opened.queue) == "cb"
    assert names(opened.live) == "a"
    opened.close()
    first.job.run.steer("run")
    qtbot.waitUntil(lambda: later[0].job.state.standing == "done", timeout=60_000)
    made = [(tmp_path / f"to {name}" / f"{name}.png").stat().st_mtime_ns for name in "acb"]
    assert made == sorted(made)
    assert waiting.read(tmp_path / "home").jobs == ()
    assert make().rounds == []


def test_what_was_killed_does_not_hold_the_others(
    make: Make, start: Start, idle: list[str], qtbot: QtBot
) -> None:
    conversions = make()
    ended: list[Round] = []
    conversions.ended.connect(ended.append)
    a, b, d = (start(conversions, name) for name in "abd")
    assert (a.status, names(conversions.queue), idle) == ("working", "bd", ["a"])
    end(a, conversions, qtbot)
    qtbot.waitUntil(lambda: idle == ["a", "b"])
    assert (a.status, b.status, names(conversions.queue)) == ("unfinished", "working", "d")
    assert ended == [a]
    # What was broken off goes on before what was never begun.
    conversions.resume(a)
    assert (a.status, names(conversions.queue)) == ("waiting", "ad")
    conversions.start_now(d)
    assert (names(conversions.queue), idle) == ("a", ["a", "b", "d"])
    conversions.cancel(a)
    assert (names(conversions.queue), a in conversions.rounds) == ("", False)
    assert not a.out.exists()
    for each in (b, d):
        end(each, conversions, qtbot)
    assert idle == ["a", "b", "d"]


def test_a_later_studio_begins_what_waits(
    make: Make, start: Start, idle: list[str], tmp_path: Path, qtbot: QtBot
) -> None:
    before = make()
    a, _b = (start(before, name) for name in "ab")
    before._timer.stop()
    assert a.process is not None
    os.kill(a.process.pid, signal.SIGKILL)
    a.process.wait()
    a.job.tell(State("working", total=1))  # It had begun.
    # Both are known from the queue alone where the list of all is gone.
    (tmp_path / "home" / "conversions.json").unlink()
    opened = make()
    assert names(opened.queue) == "b"
    qtbot.waitUntil(lambda: idle == ["a", "b"])
    assert names(opened.live) == "b"


def test_moved_within_bounds_and_dragged(make: Make, start: Start, idle: list[str]) -> None:
    conversions = make()
    by_name = {name: start(conversions, name) for name in "abde"}
    for name, by, expected in (
        ("b", 9, "deb"),
        ("b", -1, "dbe"),
        ("e", -9, "edb"),
        ("a", 1, "edb"),
    ):
        conversions.move(by_name[name], by)
        assert names(conversions.queue) == expected
    conversions.arrange([by_name[name] for name in "ba"])
    assert names(conversions.queue) == "bed"


@pytest.mark.parametrize(
    "text",
    ["", "[]", "7", '{"waiting": 7, "begun": {}}', '{"waiting": [], "begun": {"a": "x"}}',
     '{"waiting": ["/a"], "begun": []}', "[" * 100_000],
)  # fmt: skip
def test_a_spoilt_file_is_no_queue(text: str, tmp_path: Path) -> None:
    (tmp_path / waiting.PLACE).write_text(text)
    assert waiting.read(tmp_path) == waiting.Waiting()
    assert waiting.take(tmp_path) is None


def test_what_is_gone_is_passed_over(tmp_path: Path, idle: list[str]) -> None:
    gone, there = Job(tmp_path / "gone"), Job(tmp_path / "there")
    there.home.mkdir()
    (there.home / "job.json").write_text("{}")
    waiting.add(tmp_path, gone)
    waiting.add(tmp_path, there)
    assert waiting.take(tmp_path) == there
    assert waiting.read(tmp_path).jobs == ()
    # It is coming up, and the next waits for it; one whose word is old is not.
    waiting.add(tmp_path, there)
    assert waiting.take(tmp_path) is None
    there.tell(State("stopped"))
    assert waiting.take(tmp_path) == there


def test_too_many_are_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "MOST", 1)
    waiting.add(tmp_path, Job(tmp_path / "a"))
    with pytest.raises(UserError, match="take one out of the queue"):
        waiting.add(tmp_path, Job(tmp_path / "b"))
    waiting.add(tmp_path, Job(tmp_path / "a"))
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="could not be locked"):
        waiting.add(tmp_path / "file", Job(tmp_path / "a"))


def test_the_dialog_shows_moves_and_takes_out(
    window: Window, start: Start, idle: list[str], qtbot: QtBot
) -> None:
    conversions = window.studio.conversions
    window.converting.ask(None)
    dialog = window.converting.dialog
    assert dialog is not None
    assert dialog.start.text() == "Convert"
    assert not dialog.all.isVisible()
    rounds = {name: start(conversions, name) for name in "abde"}
    rows = named(dialog, QListWidget, "Conversions")
    assert (dialog.all.isVisible(), dialog.start.text()) == (True, "Add to the queue")
    assert rows.selectedItems() == []

    def shown() -> list[str]:
        return [rows.item(n).text() for n in range(rows.count())]

    assert shown() == [
        "a.png · 0 %",
        *(f"{name}.png · waits" for name in "bde"),
    ]
    rows.setCurrentRow(0)
    assert dialog.round is rounds["a"]
    assert not named(dialog, QAbstractButton, "Take it out of the queue").isEnabled()
    rows.setCurrentRow(2)
    assert dialog.round is rounds["d"]
    told = named(dialog, QLabel, "State of the conversion").text()
    assert told == "It waits, and begins by itself when b.png has ended, the studio closed too."
    assert not dialog.going.bar.isVisible()
    click(qtbot, dialog, "Convert it earlier")
    assert names(conversions.queue) == "dbe"
    assert dialog.round is rounds["d"]
    assert not named(dialog, QAbstractButton, "Convert it earlier").isEnabled()
    dialog.activateWindow()
    rows.setFocus()
    qtbot.waitUntil(rows.hasFocus)
    qtbot.keyClick(rows, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    assert names(conversions.queue) == "bde"
    # Dragged above what is at work it is the next.
    assert rows.model().moveRow(QModelIndex(), 3, QModelIndex(), 0)
    qtbot.waitUntil(lambda: names(conversions.queue) == "ebd")
    assert shown()[0].startswith("a.png")
    qtbot.keyClick(rows, Qt.Key.Key_Delete)
    assert names(conversions.queue) == "eb"
    assert dialog.round is rounds["a"]
    rows.setCurrentRow(1)
    click(qtbot, dialog, "Start it now, beside what is converted")
    assert idle == ["a", "e"]
    assert names(conversions.live) in ("ae", "ea")
    dialog.close()
    qtbot.waitUntil(lambda: window.converting.dialog is None)
    for each in conversions.live:
        end(each, conversions, qtbot)
