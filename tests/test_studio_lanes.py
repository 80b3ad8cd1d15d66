"""The lanes: the newest wins, a job ends once, callbacks and collection are in one thread."""

import gc
import threading
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engines.errors import UserError
from engines.request import Request
from engines.runtime.bundle import Bundle
from engines.runtime.places import SHIPPED
from studio.lanes import render as lane
from studio.lanes.render import Order, RenderLane
from studio.lanes.sweeper import Sweeper
from studio.lanes.work import Job, WorkLane


@pytest.fixture
def render(qtbot: QtBot) -> Iterator[RenderLane]:
    lane = RenderLane("cpu")
    yield lane
    lane.close()


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return Bundle.open(SHIPPED / "landscape")


def order(bundle: Bundle, serial: int, side: int = 128, draft: bool = False) -> Order:
    layout = np.full((side, side), serial % 10, np.uint8)
    layout[: side // 2] = (serial + 1) % 10
    port = next(p for p in bundle.target.inputs if p.kind == "layout")
    return Order(bundle, Request(bundle.hash, (side, side), {port.name: layout}), draft, serial)


def test_every_job_ends_once_in_order_and_in_the_lane_s_own_thread(
    work: WorkLane, qtbot: QtBot
) -> None:
    told: list[tuple[str, Any, bool]] = []
    ended: list[Job] = []
    work.ended.connect(ended.append)
    here = threading.current_thread()

    def tell(what: str, value: Any) -> None:
        told.append((what, value, threading.current_thread() is here))

    def fail(job: Job) -> None:
        raise UserError("No room.")

    def crash(job: Job) -> None:
        raise KeyError("x")

    for run in (lambda job: 1, fail, crash, lambda job: 2):
        work.add(Job("Work", run, lambda r: tell("done", r), lambda s: tell("failed", s)))
    qtbot.waitUntil(lambda: len(ended) == 4)
    crashed = "Work went wrong; the log has the details. Nothing was lost."
    assert told == [
        ("done", 1, True),
        ("failed", "No room.", True),
        ("failed", crashed, True),
        ("done", 2, True),
    ]
    assert not work.jobs


def test_a_cancelled_job_says_nothing_but_that_it_ended(work: WorkLane, qtbot: QtBot) -> None:
    ended: list[Job] = []
    said: list[object] = []
    work.ended.connect(ended.append)
    started = threading.Event()

    def long(job: Job) -> None:
        started.set()
        while True:
            job.tell(0.5)
            time.sleep(0.002)

    first = work.add(Job("Long", long, said.append, said.append))
    second = work.add(Job("Never", said.append, said.append, said.append))
    assert started.wait(10)
    second.cancel()
    first.cancel()
    qtbot.waitUntil(lambda: len(ended) == 2)
    assert not said


def test_nothing_runs_or_calls_back_after_the_work_lane_is_closed(qtbot: QtBot) -> None:
    lane, said = WorkLane(), list[object]()
    gate = threading.Event()
    lane.add(Job("A", lambda job: gate.wait(10), said.append))
    lane.add(Job("B", lambda job: said.append("ran"), said.append))
    threading.Timer(0.1, gate.set).start()
    lane.close()
    qtbot.wait(50)
    assert not said


def test_progress_is_thinned_but_the_last_word_comes(work: WorkLane, qtbot: QtBot) -> None:
    heard: list[float] = []
    work.progressed.connect(lambda job, share, text: heard.append(share))

    def run(job: Job) -> None:
        for step in range(10_001):
            job.tell(step / 10_000)

    with qtbot.waitSignal(work.ended):
        work.add(Job("Count", run))
    assert heard[-1] == 1.0
    assert len(heard) < 1000


def test_the_newest_order_wins_and_results_say_what_they_answer(
    render: RenderLane, bundle: Bundle, qtbot: QtBot
) -> None:
    seen: list[int] = []
    render.framed.connect(lambda o, frame: seen.append(o.serial))
    with qtbot.waitSignal(render.idle, timeout=60_000):
        for serial in range(40):
            render.ask(order(bundle, serial))
    assert seen[-1] == 39
    assert len(seen) < 20
    assert seen == sorted(seen)


def test_a_full_picture_is_ended_and_a_draft_is_not(
    render: RenderLane, bundle: Bundle, qtbot: QtBot
) -> None:
    seen: list[int] = []
    render.framed.connect(lambda o, frame: seen.append(o.serial))
    with qtbot.waitSignal(render.idle, timeout=60_000):
        render.ask(order(bundle, 0))
    render.ask(order(bundle, 1, side=768))
    qtbot.wait(30)
    with qtbot.waitSignal(render.idle, timeout=60_000):
        render.ask(order(bundle, 2))
    assert seen == [0, 2]
    render.ask(order(bundle, 3, side=256, draft=True))
    qtbot.waitUntil(lambda: render._running is not None)
    with qtbot.waitSignal(render.idle, timeout=60_000):
        render.ask(order(bundle, 4, draft=True))
    assert seen == [0, 2, 3, 4]


def test_spare_orders_wait_for_a_pause_between_orders(
    render: RenderLane, bundle: Bundle, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lane, "REST_SECONDS", 1000.0)
    told = list[str]()
    render.framed.connect(lambda o, frame: told.append(f"order {o.serial}"))
    render.spared.connect(lambda o, frame: told.append(f"spare {o.serial}"))
    render.spare([order(bundle, 0)])
    qtbot.waitUntil(lambda: told == ["spare 0"], timeout=60_000)
    for serial in (1, 2):
        with qtbot.waitSignal(render.idle, timeout=60_000):
            render.ask(order(bundle, serial, draft=True))
            render.spare([order(bundle, 9)])
    monkeypatch.setattr(lane, "REST_SECONDS", 0.0)
    render.ask(order(bundle, 3, draft=True))
    qtbot.waitUntil(lambda: "spare 9" in told, timeout=60_000)
    assert told == ["spare 0", "order 1", "order 2", "order 3", "spare 9"]


def test_spare_orders_step_aside_and_are_taken_up_again(
    render: RenderLane, bundle: Bundle, qtbot: QtBot
) -> None:
    spared, seen = list[int](), list[int]()
    render.spared.connect(lambda o, frame: spared.append(o.serial))
    render.framed.connect(lambda o, frame: seen.append(o.serial))
    render.spare([order(bundle, n, side=512) for n in range(3)])
    qtbot.waitUntil(lambda: render._running is not None)
    render.ask(order(bundle, 9))
    qtbot.waitUntil(lambda: len(spared) == 3, timeout=60_000)
    assert seen == [9]
    assert spared == [0, 1, 2]


def test_a_wrong_order_fails_in_a_sentence_and_the_lane_lives(
    render: RenderLane, bundle: Bundle, qtbot: QtBot
) -> None:
    wrong = Order(bundle, Request(bundle.hash, (100, 100), {}), serial=5)
    with qtbot.waitSignal(render.failed, timeout=60_000) as caught:
        render.ask(wrong)
    assert caught.args is not None
    assert caught.args[0].serial == 5
    assert "multiples of 32" in caught.args[1]
    with qtbot.waitSignal(render.framed, timeout=60_000):
        render.ask(order(bundle, 6))


def test_cycles_are_collected_in_the_thread_of_the_sweeper_only(qtbot: QtBot) -> None:
    class Noted(QObject):
        def __init__(self) -> None:
            super().__init__()
            self.me = self  # a cycle

    deleted: list[bool] = []
    here = threading.current_thread()

    class Told:
        def __del__(self) -> None:
            deleted.append(threading.current_thread() is here)

    sweeper = Sweeper()
    for _ in range(30):
        noted = Noted()
        noted.told = Told()  # type: ignore[attr-defined]
        del noted

    def litter() -> None:
        for _ in range(20_000):
            cycle: list[object] = []
            cycle.append(cycle)

    thread = threading.Thread(target=litter)
    thread.start()
    thread.join()
    assert not deleted
    sweeper.look()
    gc.collect()
    assert deleted == [True] * 30
    sweeper.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert gc.isenabled()
