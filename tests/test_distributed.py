"""Several processes, one training: the same losses, one leader, and no hang when one is lost."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch

from engines import launch
from engines.commands.terminal import numbers
from engines.distributed import Crew, crew, team
from engines.errors import UserError
from engines.launch import Others, environment, leading
from engines.orders import Order
from engines.recipe import recipe_type
from engines.runs import Run
from engines.train import new_run

HERE = Path(__file__).parent
LONGEST = 280.0  # seconds that anything here may take on a machine with other work
TRAINED = 800.0  # and a whole training in float64
FOUND = {"PYTHONPATH": str(HERE.parent)}


def begin(path: Path, folder: Path, recipe: str, **settings: Any) -> Run:
    tiny = dict(recipe_type(recipe).presets["tiny"])
    return new_run(
        path,
        recipe,
        str(folder),
        {**tiny, "batch": 8, **settings},
        precision="float32",
        threads=1,
        validate=0,
        checkpoint=5,
    )


def together(place: Path, world: int, words: Sequence[str]) -> list[int]:
    """Start so many processes of a script as one crew, and wait for their ends."""
    children = []
    for rank in range(world):
        told = environment(place, rank, world, ()) if world > 1 else {}
        command = [sys.executable, *words]
        # What comes in is held open, as a leader does: its end would tell that the leader is gone.
        children.append(
            subprocess.Popen(command, env=os.environ | FOUND | told, stdin=subprocess.PIPE)
        )
    codes = [child.wait(TRAINED) for child in children]
    for child in children:
        assert child.stdin is not None
        child.stdin.close()
    return codes


def until(said: Callable[[], object]) -> None:
    """Wait for it."""
    limit = time.monotonic() + LONGEST
    while not said():
        assert time.monotonic() < limit
        time.sleep(0.02)


# What processes tell each other -------------------------------------------------------------------


@pytest.fixture(scope="module")
def met(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What two processes wrote down of their meeting."""
    folder = tmp_path_factory.mktemp("met")
    script = ["-W", "error", str(HERE / "meeting.py"), str(folder)]
    assert together(folder, 2, script) == [0, 7]
    return folder


@pytest.fixture(params=[0, 1])
def found(met: Path, request: pytest.FixtureRequest) -> Iterator[dict[str, Any]]:
    value = json.loads((met / f"{request.param}.json").read_text())
    assert value["crew"] == [request.param, 2, request.param == 0]
    return value


def test_shared_norms_are_those_of_the_whole_batch(found: dict[str, Any]) -> None:
    norms = found["norms"]
    assert norms.pop("kinds") == [True, True]
    assert max(norms.values()) < 1e-5


def test_what_is_known_counts_alike_whoever_has_it(found: dict[str, Any]) -> None:
    assert found["masked"] == pytest.approx({"together": 0, "alone": 0, "nothing known": 0})


def test_processes_keep_one_pool(found: dict[str, Any]) -> None:
    assert found["replayed"] == {"shown": 0.0, "kept": 0.0}


def test_tensors_words_and_gradients_arrive(found: dict[str, Any]) -> None:
    sent = found["sent"]
    assert sent["kept"] == [True] * 6
    assert sent["names"] == ["weights", "half", "count", "nothing", "sure", "ids"]
    assert sent["nobody"] == {}
    assert sent["words"] == [["ü0", "ü1ü1"], ["", ""], ["x", ""]]
    assert sent["gradients"] == [[1.5, 3.0], [2.0]]
    assert sent["losses"] == {"a": 1.5, "b": 5.0}


def test_the_leader_alone_is_asked(found: dict[str, Any]) -> None:
    leads = found["crew"][2]
    assert found["sent"]["decided"] == [False, 3 if leads else 0, True]


def test_who_leaves_says_why(met: Path) -> None:
    left = json.loads((met / "left.json").read_text())
    assert left["reason"] == "memory"
    assert "Another of the 2 processes" in left["sentence"]


def test_one_alone_is_a_crew_too() -> None:
    alone = crew()
    assert alone == Crew()
    assert alone.leads
    assert alone.share(7, 4) == slice(0, 7)
    answers = iter([None, None, True])
    assert alone.decide(lambda: next(answers))
    assert alone.hear("x") == ["x"]
    assert alone.mean({"a": torch.tensor(2)}) == {"a": 2.0}
    assert alone.hand_out({"a": torch.tensor(1)}) == {"a": torch.tensor(1)}
    assert int(alone.count(torch.tensor([False, False]))) == 1


# Who does what ------------------------------------------------------------------------------------


def test_a_batch_is_cut_without_parting_what_belongs_together() -> None:
    assert [Crew(rank, 2).share(8, 4) for rank in (0, 1)] == [slice(0, 4), slice(4, 8)]
    with pytest.raises(UserError, match="multiple of 12"):
        Crew(0, 3).share(16, 4)


@pytest.mark.parametrize(
    ("gpus", "config", "processes", "devices", "expected"),
    [
        (0, {}, 0, (), (1, ())),
        (0, {}, 2, (), (2, ())),
        (0, {"processes": 4, "devices": []}, 0, (), (4, ())),
        (0, {"processes": 4, "devices": []}, 2, (), (2, ())),
        (1, {}, 0, (), (1, (0,))),
        (2, {}, 0, (), (2, (0, 1))),
        (8, {}, 0, (), (4, (0, 1, 2, 3))),  # A batch of 16 that is cut by fours feeds no more.
        (3, {}, 0, (), (2, (0, 1))),
        (4, {}, 0, (3, 1), (2, (3, 1))),
        (4, {"processes": 0, "devices": [2]}, 0, (), (1, (2,))),
        (4, {}, 1, (), (1, (0,))),
    ],
)
def test_a_team_is_as_large_as_the_batch_can_feed(
    gpus: int,
    config: dict[str, Any],
    processes: int,
    devices: tuple[int, ...],
    expected: tuple[int, tuple[int, ...]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: gpus)
    device = {"device": "cuda" if gpus else "cpu"}
    assert team(device | config, 16, 4, processes, devices) == expected


def test_a_team_that_cannot_be_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    with pytest.raises(UserError, match="no GPU number 2"):
        team({"device": "cuda"}, 8, 1, 0, (2,))
    with pytest.raises(UserError, match="need a GPU each"):
        team({"device": "cuda"}, 8, 1, 4, ())
    with pytest.raises(UserError, match="multiple of 3"):
        team({"device": "cpu"}, 8, 1, 3, ())


def test_each_process_has_its_gpu_and_its_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Crew().device("cuda") == torch.device("cuda")
    assert Crew(1, 2).device("cpu") == torch.device("cpu")
    for name, value in environment(Path("/meeting"), 1, 2, (5, 3)).items():
        monkeypatch.setenv(name, value)
    assert Crew(1, 2).device("cuda") == torch.device("cuda", 3)
    assert Crew(1, 2).threads(5) == 2
    assert Crew(1, 2).threads(1) == 1
    monkeypatch.delenv(launch.DEVICE)
    assert Crew(1, 2).device("cuda") == torch.device("cuda", 1)  # As torchrun counts.


def test_a_single_process_takes_the_gpu_that_was_named(tmp_path: Path) -> None:
    before = dict(os.environ)
    with leading(Run(tmp_path), 1, (3,), again=[]):
        assert Crew().device("cuda") == torch.device("cuda", 3)
    assert dict(os.environ) == before


@pytest.mark.parametrize("text", ["", "a", "1,", "0,0", "-1", "1.5", "0 1"])
def test_devices_are_numbers(text: str) -> None:
    assert numbers("0,12") == (0, 12)
    with pytest.raises(Exception, match="no numbers like"):
        numbers(text)


# When one is lost ---------------------------------------------------------------------------------


def test_a_run_starts_anew_a_few_times_and_then_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Run.create(tmp_path / "run", {})
    became: list[tuple[list[str], dict[str, str]]] = []

    class BecameError(Exception):
        pass

    def execve(program: str, words: list[str], told: dict[str, str]) -> None:
        assert program == sys.executable
        became.append((words, told))
        raise BecameError

    def lose() -> str:
        others = Others(run, 2, tmp_path, {"HOME": "/home"})
        return launch._anew(others, "Gone.", ["-m", "x"])

    monkeypatch.setattr(os, "execve", execve)
    for _ in range(launch.MOST_LOSSES):
        with pytest.raises(BecameError):
            lose()
        words, told = became[-1]
        assert words == [sys.executable, "-m", "x"]
        assert told["HOME"] == "/home"
        assert str(HERE.parent) in told["PYTHONPATH"]
        monkeypatch.setenv("PENTIMENTO_LOSSES", told["PENTIMENTO_LOSSES"])
    assert "4 times without a new checkpoint" in lose()
    # A checkpoint since then: the count begins anew.
    run.checkpoint_path(10).parent.mkdir()
    run.checkpoint_path(10).touch()
    with pytest.raises(BecameError):
        lose()
    said = [event["sentence"] for event in run.events()]
    assert said[:3] == ["Gone. Training goes on anew."] * 3
    assert said[3:] == ["Gone. Training goes on from step 10, the last checkpoint."]
    run.steer("stop")
    assert lose() == "Gone. The last checkpoint is kept."


def test_nobody_speaks_for_a_leader_that_lives(tmp_path: Path, fast_lock: None) -> None:
    run = Run.create(tmp_path / "run", {})
    with run.writer():
        launch.say_for_leader(run)
    assert run.events() == []
    launch.say_for_leader(run)
    launch.say_for_leader(run)
    assert [event["sentence"] for event in run.events()] == [launch.WORDLESS]


@pytest.fixture
def fast_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engines.runs.LOCKING_SECONDS", 0.05)


def test_processes_that_do_not_come_up_are_an_answer(
    vistas: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = begin(tmp_path / "run", vistas, "wgan_gp")
    (run.path / "run.json").write_text("{}")
    with (
        pytest.raises(UserError, match=r"Process 2 of the 2 .* failed \(exit code 1\)"),
        leading(run, 2, again=[]),
    ):
        pass
    assert "is not a run's" in (run.path / "log.txt").read_text()


@contextmanager
def started(*words: object) -> Iterator["subprocess.Popen[bytes]"]:
    """A process that does not outlive the test."""
    child = subprocess.Popen([sys.executable, *map(str, words)], env=os.environ | FOUND)
    try:
        yield child
    finally:
        child.kill()
        child.wait()


def lead(run: Run) -> AbstractContextManager["subprocess.Popen[bytes]"]:
    """The leader of two."""
    return started(HERE / "crew.py", run.path, 2)


def trained(run: Run) -> Run:
    """The run when two processes are through with it."""
    with lead(run) as leader:
        assert leader.wait(LONGEST) == 0
    return run


def follower_of(leader: "subprocess.Popen[bytes]") -> int:
    children = Path(f"/proc/{leader.pid}/task/{leader.pid}/children").read_text().split()
    return int(children[-1])


def warnings(run: Run) -> list[str]:
    lines = [json.loads(line) for line in run.events_path.read_text().splitlines()]
    return [event["sentence"] for event in lines if event["kind"] == "warning"]


@pytest.fixture(scope="module")
def whole(vistas: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run that two processes trained and nothing befell."""
    return trained(begin(tmp_path_factory.mktemp("whole") / "run", vistas, "wgan_gp", steps=30))


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_killed_follower_is_told_and_the_run_goes_on_by_itself(
    whole: Run, vistas: Path, tmp_path: Path
) -> None:
    run = begin(tmp_path / "run", vistas, "wgan_gp", steps=30)
    with lead(run) as leader:
        until(lambda: len(run.losses()) >= 12)
        os.kill(follower_of(leader), signal.SIGKILL)
        assert leader.wait(LONGEST) == 0
    assert warnings(run)[0].startswith(
        "Process 2 of the 2 that train this run was killed (signal 9). Training goes on from step "
    )
    assert run.losses() == whole.losses()
    assert len(whole.losses()) == 30


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_killed_leader_is_told_by_the_other_and_can_be_resumed(
    whole: Run, vistas: Path, tmp_path: Path
) -> None:
    run = begin(tmp_path / "run", vistas, "wgan_gp", steps=30)
    with lead(run) as leader:
        until(lambda: len(run.losses()) >= 12)
        follower = follower_of(leader)
        leader.kill()
        until(lambda: warnings(run))
        assert warnings(run) == [launch.WORDLESS]
    until(lambda: not Path(f"/proc/{follower}").exists())
    assert not run.busy
    assert trained(run).losses() == whole.losses()


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_torchrun_starts_the_same_trainer(whole: Run, vistas: Path, tmp_path: Path) -> None:
    run = begin(tmp_path / "run", vistas, "wgan_gp", steps=30)
    torchrun = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    with started(*torchrun, "-m", "engines.train", run.path, 6) as agent:
        assert agent.wait(LONGEST) == 0
    assert run.losses() == {step: whole.losses()[step] for step in range(1, 7)}
    assert [path.stem for path in run.checkpoints()] == ["000000005", "000000006"]


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_word_to_stop_ends_all_at_the_same_step(vistas: Path, tmp_path: Path) -> None:
    run = begin(tmp_path / "run", vistas, "wgan_gp", steps=10_000)
    with lead(run) as leader:
        until(lambda: len(run.losses()) >= 3)
        run.steer("stop")
        assert leader.wait(LONGEST) == 0
    assert int(run.checkpoints()[-1].stem) == max(run.losses())
    assert warnings(run) == []


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_an_order_for_two_processes_becomes_a_model_though_one_is_lost(
    vistas: Path, tmp_path: Path
) -> None:
    path = tmp_path / "run"
    tiny = {**recipe_type("wgan_gp").presets["tiny"], "batch": 8, "steps": 30}
    Order("wgan_gp", str(vistas), "Two", tiny, validate=0, checkpoint=5, processes=2).write(path)
    (path / "log.txt").touch()
    run = Run(path)
    with started("-m", "engines.cli", "carry-out", path) as leader:
        until(lambda: len(run.losses()) >= 7)
        os.kill(follower_of(leader), signal.SIGKILL)
        assert leader.wait(LONGEST) == 0
    assert "was killed (signal 9)" in warnings(run)[0]
    said = [event["state"] for event in run.events() if event["kind"] == "state"]
    assert said[-1] == "done"
    assert sorted(run.losses()) == list(range(1, 31))
    assert (path / "bundle" / "model.json").exists()


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_the_terminal_trains_with_two_and_goes_on_with_two(
    whole: Run, vistas: Path, tmp_path: Path
) -> None:
    path = tmp_path / "run"
    settings = [f"--set={k}={v}" for k, v in {"batch": 8, "steps": 30}.items()]
    words = ["train", "wgan_gp", "--data", vistas, "--out", path, "--preset", "tiny", *settings]
    fixed = ["--precision=float32", "--threads=1", "--validate-every=0", "--checkpoint-every=5"]
    run = Run(path)
    for asked in ([*words, *fixed, "--processes", 2, "--minutes", 0], ["train", "--resume"]):
        more = ["--out", path, "--steps", 6] if "--resume" in asked else []
        with started("-m", "engines.cli", *asked, *more) as child:
            assert child.wait(LONGEST) == 0
        assert run.config["processes"] == 2
    assert run.losses() == {step: whole.losses()[step] for step in range(1, 7)}


# The same training --------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("recipe", ["spade", "wgan_gp", "ddpm"])
def test_two_processes_train_as_one(recipe: str, vistas: Path, tmp_path: Path) -> None:
    steps = 50
    own = {"early": 0.5, "perceptual": 0.0} if recipe == "spade" else {}
    losses = []
    for world in (1, 2):
        run = begin(tmp_path / str(world), vistas, recipe, steps=steps, **own)
        (tmp_path / f"meeting{world}").mkdir()
        script = [str(HERE / "double.py"), str(run.path)]
        assert together(tmp_path / f"meeting{world}", world, script) == [0] * world
        losses.append(run.losses())
    alone, shared = losses
    assert len(alone) == len(shared) == steps
    for step, terms in alone.items():
        # "told" compares all pictures of a process with each other: a figure, and no loss.
        wanted = {name: value for name, value in terms.items() if name != "told"}
        got = {name: value for name, value in shared[step].items() if name != "told"}
        assert got == pytest.approx(wanted, rel=1e-4)
