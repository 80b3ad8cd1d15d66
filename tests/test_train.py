"""The loop: kills, exact resume, averaging, lazy phases, control, and clear refusals."""

import math
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from torch import nn

from engines import train
from engines.errors import UserError
from engines.recipe import Draw, recipe_type
from engines.runs import Run
from engines.trainer import Trainer
from tests.resuming import SCRIPT, new, registered, same_state


@pytest.fixture(scope="module", autouse=True)
def _replay_recipe() -> Iterator[None]:
    with registered():
        yield


def kill_until_done(run: Run, rng: random.Random, kills: int, span: Callable[[], float]) -> int:
    """Start the trainer, kill it at a random moment, again and again; then let it end."""
    struck = 0
    for _ in range(kills):
        child = subprocess.Popen([sys.executable, str(SCRIPT), str(run.path)])
        before = len(run.losses())
        while len(run.losses()) <= before and child.poll() is None:
            time.sleep(0.02)
        time.sleep(rng.uniform(0, span()))
        if child.poll() is None:
            os.kill(child.pid, signal.SIGKILL)
            struck += 1
        child.wait()
    subprocess.run([sys.executable, str(SCRIPT), str(run.path)], check=True)
    return struck


@pytest.mark.parametrize("kills", [2, pytest.param(20, marks=pytest.mark.slow)])
def test_a_killed_run_goes_on_as_if_it_had_not_been(
    kills: int, vistas: Path, tmp_path: Path
) -> None:
    steps = 150 if kills < 5 else 1_500
    options = {"settings": {"steps": steps}, "checkpoint": 7}
    whole, killed = new(tmp_path / "a", vistas, **options), new(tmp_path / "b", vistas, **options)
    start = time.monotonic()
    list(train.train(train.build_recipe(whole), whole))
    seconds = time.monotonic() - start
    # Two kills must not come too late where the machine has grown quicker meanwhile; of many,
    # some may.
    span = (0.4 if kills < 5 else 1.5) * seconds / kills
    struck = kill_until_done(killed, random.Random(kills), kills, lambda: span)
    assert struck > 0
    assert killed.losses() == whole.losses()
    same_state(whole.checkpoint_path(steps), killed.checkpoint_path(steps))
    print(f"{struck} of {kills} kills struck a living trainer; {steps} losses bit-identical")


def test_stopping_is_not_asking_for_the_next(vistas: Path, tmp_path: Path) -> None:
    run = new(tmp_path / "run", vistas)
    for report in train.train(train.build_recipe(run), run):
        if report.step == 3:
            run.steer("stop")
    assert report.step == 3
    assert [p.stem for p in run.checkpoints()] == ["000000003"]
    run.steer("run")
    reports = list(train.train(train.build_recipe(run), run, steps=5))
    assert [r.step for r in reports] == [4, 5]


def test_a_pause_and_a_lease_hold_the_trainer(vistas: Path, tmp_path: Path) -> None:
    run = new(tmp_path / "run", vistas)
    steps = train.train(train.build_recipe(run), run)
    next(steps)
    run.lease(0.4)
    start = time.monotonic()
    next(steps)
    assert (
        time.monotonic() - start >= 0.3
    )  # The lease was kept; how much longer it took is no matter.
    run.steer("pause")
    assert run.desire() == "pause"
    steps.close()


def test_only_one_trainer_writes(vistas: Path, tmp_path: Path) -> None:
    run = new(tmp_path / "run", vistas)
    with run.writer():
        assert run.busy
        with pytest.raises(UserError, match="already training"), run.writer():
            pass
    assert not run.busy


def test_a_broken_checkpoint_falls_back_to_the_one_before(vistas: Path, tmp_path: Path) -> None:
    run = new(tmp_path / "run", vistas, checkpoint=2)
    list(train.train(train.build_recipe(run), run, steps=6))
    newest = run.checkpoints()[-1]
    newest.write_bytes(newest.read_bytes()[:1000])
    reports = list(train.train(train.build_recipe(run), run, steps=7))
    assert reports[0].step == 5


def test_half_precision_resumes_to_the_last_bit_too(vistas: Path, tmp_path: Path) -> None:
    given = {"precision": "bfloat16", "checkpoint": 3}
    whole, parts = (new(tmp_path / name, vistas, **given) for name in "ab")
    list(train.train(train.build_recipe(whole), whole, steps=9))
    for steps in (4, 9):
        list(train.train(train.build_recipe(parts), parts, steps=steps))
    assert parts.losses() == whole.losses()
    same_state(whole.checkpoint_path(9), parts.checkpoint_path(9))


def test_only_three_checkpoints_are_kept(vistas: Path, tmp_path: Path) -> None:
    run = new(tmp_path / "run", vistas, checkpoint=1)
    list(train.train(train.build_recipe(run), run, steps=6))
    assert [int(p.stem) for p in run.checkpoints()] == [4, 5, 6]


def test_lazy_phases_share_adam_with_corrected_rates(vistas: Path, tmp_path: Path) -> None:
    run = new(tmp_path / "run", vistas)
    trainer = Trainer(train.build_recipe(run), run.config)
    rates = [(g["lr"], g["betas"]) for o in trainer.optimizers.values() for g in o.param_groups]
    c = 4 / 5
    assert rates == [(2e-4, (0.0, 0.99)), (2e-4 * c, (0.0, 0.99**c))]


def test_the_average_follows_its_formula(vistas: Path, tmp_path: Path) -> None:
    run = new(tmp_path / "run", vistas, settings={"ema": 0.6})
    trainer = Trainer(train.build_recipe(run), run.config)
    live = trainer.recipe.nets["generator"]
    mean = trainer.average["generator"]
    for parameter in mean.parameters():
        parameter.fill_(0)
    for parameter in live.parameters():
        nn.init.ones_(parameter)
    expected = 0.0
    for step in range(12):
        trainer.step = step
        trainer._move_average()
        decay = min(0.6, (1 + step) / (10 + step))
        expected = expected * decay + (1 - decay)
    got = next(mean.parameters()).flatten()[0]
    assert math.isclose(float(got), expected, rel_tol=1e-5)


def test_draws_do_not_depend_on_how_the_batch_is_shared() -> None:
    device = torch.device("cpu")
    whole = Draw((1, 2, 3), 6, slice(0, 6), device)
    halves = [Draw((1, 2, 3), 6, s, device) for s in (slice(0, 3), slice(3, 6))]
    for method, args in (("normal", ((3, 2),)), ("uniform", ((3,),)), ("integers", (0, 9, (3, 4)))):
        together = torch.cat([getattr(half, method)(*args) for half in halves])
        assert torch.equal(getattr(whole, method)(*args), together)
    again = [Draw((1, 2, 3), 6, slice(0, 6), device).fork(0) for _ in range(2)]
    assert torch.equal(again[0].normal((6,)), again[1].normal((6,)))
    assert not torch.equal(again[0].fork(1).normal((6,)), again[0].fork(2).normal((6,)))


def test_a_torn_line_spoils_no_other(tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run", {"recipe": "none"})
    run.append({"kind": "step", "step": 1, "losses": {"a": 0.1}})
    with open(run.events_path, "a") as log:
        log.write('{"kind": "step", "step": 2, "loss')
    run.append({"kind": "step", "step": 3, "losses": {"a": 0.3}})
    assert run.losses() == {1: {"a": 0.1}, 3: {"a": 0.3}}


def test_resumed_steps_supersede(tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run", {"recipe": "none"})
    for step in (1, 2, 3):
        run.append({"kind": "step", "step": step, "losses": {"a": float(step)}})
    run.append({"kind": "resumed", "step": 1})
    run.append({"kind": "step", "step": 2, "losses": {"a": 20.0}})
    assert run.losses() == {1: {"a": 1.0}, 2: {"a": 20.0}}


@pytest.mark.parametrize("text", ["", "[]", "{", '{"format": "x"}', "\x00\xff"])
def test_a_spoiled_run_json_is_said_plainly(text: str, tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text(text, "latin-1")
    with pytest.raises(UserError, match=r"run\.json"):
        Run.open(tmp_path)


def test_a_run_is_never_written_over(vistas: Path, tmp_path: Path) -> None:
    new(tmp_path / "run", vistas)
    with pytest.raises(UserError, match="already holds a run"):
        new(tmp_path / "run", vistas)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "novel.txt").write_text("once")
    with pytest.raises(UserError, match="not empty"):
        new(tmp_path / "mine", vistas)


def test_a_misspelt_setting_writes_nothing(vistas: Path, tmp_path: Path) -> None:
    with pytest.raises(TypeError):
        new(tmp_path / "run", vistas, settings={"stepz": 5})
    assert not (tmp_path / "run").exists()


def test_validation_keeps_the_best_and_shows_previews(vistas: Path, tmp_path: Path) -> None:
    settings = recipe_type("pix2pix").presets["tiny"]
    run = new(tmp_path / "run", vistas, "pix2pix", settings=settings, validate=2)
    list(train.train(train.build_recipe(run), run))
    measured = [e["figures"] for e in run.events() if e["kind"] == "measure"]
    assert len(measured) == 2
    assert all(math.isfinite(f["kid"]) and f["kid_low"] <= f["kid_high"] for f in measured)
    assert run.best_path.exists()
    assert len(list((run.path / "previews").glob("[0-9]*.png"))) == 2
    assert len(list((run.path / "snapshots").glob("*.safetensors"))) >= 1


def test_a_set_with_faults_is_refused_before_the_first_step(vistas: Path, tmp_path: Path) -> None:
    folder = tmp_path / "set"
    shutil.copytree(vistas, folder)
    photo = next((folder / "photos").iterdir())
    (folder / "layouts" / f"{photo.stem}.png").unlink()
    with pytest.raises(UserError, match=f"1 fault, the first in .*{photo.stem}"):
        new(tmp_path / "run", folder, "pix2pix", settings=recipe_type("pix2pix").presets["tiny"])
    assert not (tmp_path / "run").exists()
