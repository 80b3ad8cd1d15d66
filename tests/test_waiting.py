"""The queue of trainings: its order, that one starts at a time, and hostile files."""

import json
import os
import shutil
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from engines import waiting
from engines.cli import main
from engines.errors import UserError
from engines.orders import Order
from engines.runs import Run


def order(title: str) -> Order:
    return Order("none", "/nowhere", title, {"steps": 5})


def titles(home: Path) -> list[str]:
    return [entry.order.title for entry in waiting.read(home).waiting]


def test_orders_wait_in_the_order_that_was_wished(tmp_path: Path) -> None:
    assert waiting.read(tmp_path / "none") == waiting.Queue()
    keys = [waiting.add(tmp_path, order(title)) for title in ("a", "b", "c")]
    assert titles(tmp_path) == ["a", "b", "c"]
    waiting.arrange(tmp_path, [keys[2], keys[0], "nonsense"])
    assert titles(tmp_path) == ["c", "a", "b"]
    waiting.remove(tmp_path, keys[0])
    waiting.remove(tmp_path, keys[0])
    assert titles(tmp_path) == ["c", "b"]
    assert waiting.add(tmp_path, order("changed"), keys[2]) == keys[2]
    assert titles(tmp_path) == ["changed", "b"]
    assert waiting.read(tmp_path).waiting[0].order.settings == {"steps": 5}


def test_a_pipe_in_the_place_of_the_queue_keeps_nobody_waiting(tmp_path: Path) -> None:
    waiting.add(tmp_path, order("a"))
    (tmp_path / waiting.QUEUE / "queue.json").unlink()
    os.mkfifo(tmp_path / waiting.QUEUE / "queue.json")
    assert titles(tmp_path) == ["a"]


def test_the_next_one_becomes_a_run_and_the_others_wait_until_it_ended(tmp_path: Path) -> None:
    waiting.add(tmp_path, order("Misty: lakes/.."))
    waiting.add(tmp_path, order("b"))
    path = waiting.take(tmp_path)
    assert path == tmp_path / "Misty-lakes"
    assert time.time() - Order.read(path).made < 20
    assert titles(tmp_path) == ["b"]
    assert waiting.take(tmp_path) is None  # Its trainer is coming up.
    run = Run(path)
    with run.writer():
        run.append({"kind": "state", "state": "training", "sentence": "", "time": 0.0})
        assert waiting.take(tmp_path) is None
        run.steer("pause")
        assert waiting.take(tmp_path) is None  # It rests, and shall go on.
    assert waiting.take(tmp_path) == tmp_path / "b"
    assert waiting.take(tmp_path) is None


def test_a_trainer_that_never_spoke_holds_nothing_up_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting.add(tmp_path, order("a"))
    waiting.add(tmp_path, order("b"))
    waiting.take(tmp_path)
    monkeypatch.setattr(waiting, "UP_SECONDS", 0.0)
    assert waiting.take(tmp_path) == tmp_path / "b"


def test_a_held_queue_starts_none_by_itself_but_the_one_that_is_named(tmp_path: Path) -> None:
    waiting.add(tmp_path, order("a"))
    key = waiting.add(tmp_path, order("b"))
    waiting.hold(tmp_path, True)
    waiting.arrange(tmp_path, [])
    assert waiting.read(tmp_path).held
    assert waiting.take(tmp_path) is None
    assert waiting.take(tmp_path, key) == tmp_path / "b"
    waiting.hold(tmp_path, False)
    assert waiting.take(tmp_path) is None  # "b" is coming up.
    assert titles(tmp_path) == ["a"]


def test_many_takers_start_one(tmp_path: Path) -> None:
    for title in ("a", "b", "c"):
        waiting.add(tmp_path, order(title))
    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(lambda n: waiting.take(tmp_path), range(16)))
    assert [path.name for path in taken if path] == ["a"]
    assert titles(tmp_path) == ["b", "c"]


def test_the_same_title_gets_a_folder_of_its_own(tmp_path: Path) -> None:
    for _ in range(2):
        key = waiting.add(tmp_path, order("a"))
        waiting.take(tmp_path, key)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".queue", "a", "a-2"]
    assert waiting.place(tmp_path, "///").name == "model"


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"keys": 3}', '{"keys": [1, {}], "held": "yes"}', "[" * 5000]
)
def test_whatever_the_list_says_the_orders_wait(text: str, tmp_path: Path) -> None:
    waiting.add(tmp_path, order("a"))
    waiting.add(tmp_path, order("b"))
    (tmp_path / ".queue" / "queue.json").write_text(text)
    assert titles(tmp_path) == ["a", "b"]
    assert not waiting.read(tmp_path).held
    (tmp_path / ".queue" / "torn").mkdir()
    spoilt = tmp_path / ".queue" / waiting.read(tmp_path).keys[0] / "order.json"
    spoilt.write_text("{")
    assert titles(tmp_path) == ["b"]
    assert spoilt.exists()


def test_more_than_the_most_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "MOST", 1)
    waiting.add(tmp_path, order("a"))
    with pytest.raises(UserError, match="wait already"):
        waiting.add(tmp_path, order("b"))
    assert titles(tmp_path) == ["a"]


def test_going_on_launches_a_trainer_of_its_own_session(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = (
        "import os, json, sys; "
        "json.dump([os.getsid(0) == os.getpid(), sys.argv[1:], os.getcwd()], open('said', 'w'))"
    )
    monkeypatch.setattr(waiting, "COMMAND", ("-c", code))
    assert waiting.go_on(tmp_path) is None
    waiting.add(tmp_path, order("a"))
    path = waiting.go_on(tmp_path)
    assert path == tmp_path / "a"
    end = time.monotonic() + 60
    while not (path / "said").exists() or not (path / "said").read_text():
        assert time.monotonic() < end
        time.sleep(0.02)
    assert json.loads((path / "said").read_text()) == [True, ["carry-out", str(path)], str(path)]
    monkeypatch.setattr(sys, "executable", str(tmp_path / "none"))
    with pytest.raises(UserError, match="press Resume"):
        waiting.launch(path)


def test_the_trainer_that_ends_starts_the_next_one_however_it_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    launched: list[Path] = []
    monkeypatch.setattr(waiting, "launch", launched.append)
    waiting.add(tmp_path, order("next"))
    run = tmp_path / "spoilt"
    run.mkdir()
    (run / "order.json").write_text("{")
    assert main(["carry-out", str(run)]) == 2
    assert launched == [tmp_path / "next"]
    assert not Run(run).busy
    # A queue that cannot be locked spoils nothing of the run that ended.
    shutil.rmtree(tmp_path / "next")
    waiting.add(tmp_path, order("later"))
    monkeypatch.setattr(waiting, "take", refuse)
    assert main(["carry-out", str(run)]) == 2
    assert launched == [tmp_path / "next"]


def refuse(home: Path, key: str = "") -> Path:
    raise UserError("The queue could not be locked; make the folder writable.")
