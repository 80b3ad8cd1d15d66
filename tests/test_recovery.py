"""What a run survives: losses that are no numbers, full disks, lost files, too little memory."""

import json
import math
import resource
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from engines import recovery, train
from engines.data.sets import open_data
from engines.distributed import Crew
from engines.errors import UserError
from engines.feed import Feed
from engines.recipe import Batch, ImageBatch, Recipe
from engines.recovery import NotFiniteError, check_finite, disk_full
from engines.roll import Roll
from engines.runs import Run
from engines.session import Session
from engines.trainer import Trainer
from engines.ways import Way, Ways
from tests.resuming import go, meddled, new, registered, same_state, told

STEPS = 20


@pytest.fixture(scope="module", autouse=True)
def _replay_recipe() -> Iterator[None]:
    with registered():
        yield


@pytest.fixture(autouse=True)
def _no_bound() -> Iterator[None]:
    """What a trainer allows itself ends with the test."""
    before = resource.getrlimit(resource.RLIMIT_DATA)
    yield
    resource.setrlimit(resource.RLIMIT_DATA, before)


@pytest.fixture(scope="module")
def undisturbed(vistas: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    run = new(tmp_path_factory.mktemp("undisturbed") / "run", vistas, **options())
    go(run)
    return run


def options() -> dict[str, Any]:
    return {"settings": {"steps": STEPS}, "checkpoint": 4}


# No number ----------------------------------------------------------------------------------------


def spoil(recipe: Recipe, at: int, times: int) -> Recipe:
    left = [times]

    def meddle(step: int, batch: Any) -> None:
        if step == at and left[0]:
            left[0] -= 1
            with torch.no_grad():
                next(recipe.nets["generator"].parameters()).fill_(math.nan)

    return meddled(recipe, meddle)


def test_a_loss_that_is_no_number_goes_back_and_halves_the_rate(
    vistas: Path, tmp_path: Path, undisturbed: Run
) -> None:
    whole, parts = (new(tmp_path / name, vistas, **options()) for name in "ab")
    list(train.train(spoil(train.build_recipe(whole), 11, 1), whole))
    (event,) = told(whole, "rollback")
    assert (event["step"], event["from"], event["rate"]) == (8, 11, 0.5)
    assert event["sentence"].startswith("The loss generator became nan at step 11.")
    before, now = undisturbed.losses(), whole.losses()
    assert sorted(now) == list(range(1, STEPS + 1))
    assert [step for step in now if now[step] != before[step]] == list(range(9, STEPS + 1))

    # Killed after it went back, before there was a new checkpoint: it goes on with half the rate.
    for report in train.train(spoil(train.build_recipe(parts), 11, 1), parts):
        if report.step == 10 and told(parts, "rollback"):
            break
    assert [int(p.stem) for p in parts.checkpoints()] == [4, 8]
    go(parts)
    assert parts.losses() == now
    same_state(whole.checkpoint_path(STEPS), parts.checkpoint_path(STEPS))


def test_before_the_first_checkpoint_it_begins_anew(vistas: Path, tmp_path: Path) -> None:
    run, slower = (new(tmp_path / name, vistas, **options()) for name in "ab")
    list(train.train(spoil(train.build_recipe(run), 3, 1), run))
    assert told(run, "rollback")[0]["step"] == 0
    Ways((replace(Way.first(slower.config), rate=0.5),)).write(slower.path)
    go(slower)
    assert run.losses() == slower.losses()


def test_what_helps_not_is_given_up_with_a_sentence(vistas: Path, tmp_path: Path) -> None:
    run = new(tmp_path / "run", vistas, **options())
    with pytest.raises(UserError, match="again after the learning rate was halved 4 times"):
        list(train.train(spoil(train.build_recipe(run), 15, 99), run))
    every = [json.loads(line) for line in run.events_path.read_text().splitlines()]
    back = [(e["step"], e["rate"]) for e in every if e["kind"] == "rollback"]
    # The newest checkpoint first; it may be on its way to being spoilt, so then the one before it.
    assert back == [(12, 0.5), (8, 0.25), (12, 0.125), (8, 0.0625)]
    assert [int(p.stem) for p in run.checkpoints()] == [4, 8, 12]


def test_a_spoilt_state_never_becomes_a_checkpoint(vistas: Path, tmp_path: Path) -> None:
    run = new(tmp_path / "run", vistas, **options())
    recipe = train.build_recipe(run)
    stage = recipe.stages()[0]
    struck: list[int] = []

    def strike() -> None:
        struck.append(1)
        if len(struck) == 12:  # The loss of step 12 was still a number.
            with torch.no_grad():
                next(recipe.nets["generator"].parameters()).fill_(math.inf)

    generator, critic, penalty = stage.phases
    phases = (generator, replace(critic, after=strike), penalty)
    recipe.stages = lambda: [replace(stage, phases=phases)]  # type: ignore[method-assign]
    list(train.train(recipe, run))
    (event,) = told(run, "rollback")
    assert (event["step"], event["from"]) == (8, 12)
    assert "A weight (generator." in event["sentence"]
    for path in run.checkpoints():
        assert all(bool(v.isfinite().all()) for v in load_file(path).values())


def test_finite_is_checked(vistas: Path, tmp_path: Path) -> None:
    run = new(tmp_path / "run", vistas)
    trainer = Trainer(train.build_recipe(run), run.config)
    check_finite(trainer)
    with torch.no_grad():
        next(trainer.recipe.nets["critic"].parameters())[0] = math.inf
    with pytest.raises(NotFiniteError, match="critic"):
        check_finite(trainer)


# A full disk --------------------------------------------------------------------------------------


def limit(most: int) -> None:
    """No file of this process may grow beyond it, as where a disk is full."""
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard if most < 0 else most, hard))


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Rests are short, and no limit outlives its test."""
    monkeypatch.setattr(recovery, "LONGEST_REST", 0.05)
    sleep = recovery.Rests._sleep
    monkeypatch.setattr(recovery.Rests, "_sleep", lambda self, seconds: sleep(self, 0.05))
    yield
    limit(-1)


def once(run: Run, kind: str, do: Callable[[], object]) -> threading.Thread:
    """Do something as soon as the run tells of such an event."""

    def wait() -> None:
        until = time.monotonic() + 60
        while not told(run, kind) and time.monotonic() < until:
            time.sleep(0.01)
        do()

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


@pytest.mark.usefixtures("soon")
def test_a_full_disk_is_waited_for(vistas: Path, tmp_path: Path, undisturbed: Run) -> None:
    run = new(tmp_path / "run", vistas, **options())
    steps = train.train(train.build_recipe(run), run)
    next(steps)
    limit(20_000)  # Room for events, not for a checkpoint.
    helper = once(run, "resting", lambda: limit(-1))
    list(steps)
    helper.join()
    rests = [(event["what"], event["over"]) for event in told(run, "resting")]
    assert rests == [("disk", False), ("disk", True)]
    assert "free some space" in told(run, "resting")[0]["sentence"]
    assert run.losses() == undisturbed.losses()
    same_state(run.checkpoint_path(STEPS), undisturbed.checkpoint_path(STEPS))
    assert not list(run.path.rglob("*.part"))


@pytest.mark.usefixtures("soon")
def test_whoever_rests_can_be_stopped(vistas: Path, tmp_path: Path, undisturbed: Run) -> None:
    run = new(tmp_path / "run", vistas, **options())
    steps = train.train(train.build_recipe(run), run)
    for _ in range(6):
        next(steps)
    limit(20_000)
    helper = once(run, "resting", lambda: run.steer("stop"))
    with pytest.raises(UserError, match="File too large"):
        list(steps)
    helper.join()
    limit(-1)
    assert [int(p.stem) for p in run.checkpoints()] == [4]
    run.steer("run")
    go(run)
    assert run.losses() == undisturbed.losses()


def test_room_is_spared_for_saying_that_there_is_none(
    vistas: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = new(tmp_path / "run", vistas)
    recovery.spare(run)
    held = run.path / "spare"
    append = Run.append

    def full(self: Run, event: Any) -> None:
        if held.exists():
            raise UserError("no room") from OSError(28, "No space left on device")
        append(self, event)

    monkeypatch.setattr(Run, "append", full)
    recovery.tell(run, "resting", 3, "The disk is full.", over=False)
    assert told(run, "resting")[0]["sentence"] == "The disk is full."
    assert not held.exists()


def test_what_a_full_disk_is() -> None:
    def caused(error: BaseException) -> UserError:
        try:
            raise UserError("no") from error
        except UserError as raised:
            return raised

    assert disk_full(caused(OSError(28, "No space left on device")))
    assert disk_full(caused(caused(OSError(122, "Disk quota exceeded"))))
    assert not disk_full(caused(OSError(13, "Permission denied")))
    assert not disk_full(UserError("no"))


# Lost data ----------------------------------------------------------------------------------------


def late_name(folder: Path, first: int) -> str:
    """A picture that no step before `first` (from 1) draws, and a later one does."""
    data = open_data(folder, "image", (16, 16))
    roll = Roll(data.names, data.weights, {})
    drawn: dict[str, int] = {}
    for step in range(STEPS):
        for row in range(4):
            name = roll.pick(np.random.default_rng([0, step, row]), step)
            drawn.setdefault(name, step + 1)
    return next(name for name, step in drawn.items() if first <= step <= first + 6)


@pytest.fixture
def own(vistas: Path, tmp_path: Path) -> Path:
    """Pictures of one's own to spoil."""
    shutil.copytree(vistas / "photos", tmp_path / "pictures")
    return tmp_path / "pictures"


def until(run: Run, step: int) -> None:
    for report in train.train(train.build_recipe(run), run):
        if report.step == step:
            run.steer("stop")
    run.steer("run")


@pytest.mark.parametrize("broken", [False, True])
def test_a_lost_picture_is_left_out_for_good(broken: bool, own: Path, tmp_path: Path) -> None:
    name = late_name(own, 8)
    path = next(own.glob(f"{name}.*"))
    content = path.read_bytes()
    whole, parts = (new(tmp_path / each, own, **options()) for each in "ab")
    for run in (whole, parts):
        for report in train.train(train.build_recipe(run), run):
            if report.step == 2:
                path.write_bytes(content[:300]) if broken else path.unlink()
            if run is parts and report.step == 16:
                run.steer("stop")
        path.write_bytes(content)
    (event,) = told(whole, "left-out")
    assert event["file"] == name
    assert f"The picture {name} is gone or cannot be read" in event["sentence"]
    # It is there again, but the run must go on as it would have.
    parts.steer("run")
    go(parts)
    assert len(told(parts, "left-out")) == 1
    assert parts.losses() == whole.losses()
    same_state(whole.checkpoint_path(STEPS), parts.checkpoint_path(STEPS))


class Told(Crew):
    """The leader of a crew of two, and what the other says."""

    def hear(self, word: str) -> list[str]:
        return [word, json.dumps({"b": 2, "c": 4})]


class Heard(Feed):
    """A feed that could not read two pictures, and what it is told."""

    def __init__(self) -> None:
        self.told: dict[str, int] = {}
        self.waited = 0.0

    def __call__(self, step: int) -> Batch:
        return ImageBatch(torch.zeros(1))

    def news(self) -> dict[str, int]:
        return {"a": 3, "b": 3}

    def know(self, left_out: Mapping[str, int]) -> None:
        self.told = dict(left_out)

    def close(self) -> None:
        pass


def test_what_one_process_lost_all_do_without(own: Path, tmp_path: Path) -> None:
    run = new(tmp_path / "run", own, **options())
    with ThreadPoolExecutor(1) as worker:
        session = Session(train.build_recipe(run), run, None, None, False, worker)
        session.trainer = Trainer(session.recipe, run.config)
        session.crew, session._feed = Told(0, 2), (feed := Heard())
        session._batch()
        session._share_news()
    # The leader's own is told to the others too, and of each the earlier step holds.
    assert feed.told == {"a": 3, "b": 2, "c": 4}
    assert Ways.read(run.path, run.config).left_out == {"a": 3, "b": 2, "c": 4}
    assert [event["file"] for event in told(run, "left-out")] == ["a", "b", "b", "c"]


def test_new_and_lost_files_move_no_other_draw(own: Path, tmp_path: Path) -> None:
    whole, parts = (new(tmp_path / each, own, **options()) for each in "ab")
    go(whole)
    until(parts, 7)
    shutil.copy(sorted(own.iterdir())[0], own / "aaa.jpg")
    go(parts)
    assert parts.losses() == whole.losses()


@pytest.mark.usefixtures("soon")
def test_a_folder_out_of_reach_is_waited_for(own: Path, tmp_path: Path) -> None:
    whole, rested = (new(tmp_path / each, own, **options()) for each in "ab")
    go(whole)
    away = own.with_name("unplugged")
    steps = train.train(train.build_recipe(rested), rested)
    next(steps)
    own.rename(away)
    helper = once(rested, "resting", lambda: away.rename(own))
    list(steps)
    helper.join()
    assert [event["over"] for event in told(rested, "resting")] == [False, True]
    assert "out of reach" in told(rested, "resting")[0]["sentence"]
    assert not told(rested, "left-out")
    assert rested.losses() == whole.losses()


def test_hardly_any_picture_left_is_said() -> None:
    roll = Roll(["a", "b"], [1.0, 2.0], {"a": 3, "b": 5})
    assert {roll.pick(np.random.default_rng(i), 4) for i in range(20)} == {"b"}
    with pytest.raises(UserError, match="Hardly any of the 2 pictures"):
        roll.pick(np.random.default_rng(0), 5)


@pytest.mark.parametrize("name", ["ways.json", "roll.txt"])
@pytest.mark.parametrize("text", ["", "[]", "{", '{"ways": 1}', "[1]\n", "\x00\xff", "[" * 9999])
def test_spoilt_files_of_a_run_are_said_plainly(
    name: str, text: str, vistas: Path, tmp_path: Path
) -> None:
    run = new(tmp_path / "run", vistas, **options())
    (run.path / name).write_text(text, "latin-1")
    with pytest.raises(UserError, match=f"{name} in .* cannot be read"):
        go(run, steps=1)


def test_what_killed_trainers_had_begun_to_write_goes(vistas: Path, tmp_path: Path) -> None:
    run = new(tmp_path / "run", vistas)
    (run.path / "checkpoints").mkdir()
    left = run.path / "checkpoints" / ".000000020.safetensors.x1.part"
    left.touch()
    (mine := run.path / ".control.x1.part").touch()  # The studio may be writing this.
    go(run, steps=1)
    assert not left.exists()
    assert mine.exists()
