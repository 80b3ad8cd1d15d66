"""The soak of trainings: what it does with a run that was spoilt, and, slowly, two real kills."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file, save_file

from engines import cli, train
from engines.orders import Order
from engines.recipe import recipe_type
from engines.runs import Run
from studio.cli import main
from studio.soak import train as soak
from studio.soak.kills import Death, LostError
from studio.soak.trainer import KINDS, place

TINY = {**recipe_type("wgan_gp").presets["tiny"], "steps": 40}


class Here:
    """A child that is none: the trainer in this process."""

    def __init__(self, module: str, log: Path, flags: str, *words: str) -> None:
        assert module == "trainer"
        self._words = list(words)

    def wait(self) -> int:
        return cli.main(self._words)


@pytest.fixture
def run(vistas: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A run that stopped after six steps."""
    monkeypatch.setattr(soak, "start", Here)
    fixed: dict[str, Any] = {"precision": "float32", "threads": 1, "validate": 0, "checkpoint": 3}
    Order("wgan_gp", str(vistas), "Soaked", TINY).write(tmp_path / "run")
    made = train.new_run(tmp_path / "run", "wgan_gp", str(vistas), TINY, **fixed)
    list(train.train(train.build_recipe(made), made, steps=6))
    return made


def test_a_good_run_passes(run: Run, tmp_path: Path) -> None:
    soak.readable(run)
    soak.compare(run, tmp_path / "whole", tmp_path / "flags")
    assert max(run.losses()) == 9


def torn_checkpoint(run: Run) -> None:
    newest = run.checkpoints()[-1]
    newest.write_bytes(newest.read_bytes()[:-5])


def torn_config(run: Run) -> None:
    path = run.path / "run.json"
    path.write_text(path.read_text()[:-5])


def torn_roll(run: Run) -> None:
    path = run.path / "roll.txt"
    path.write_text(path.read_text()[:-5])


def torn_ways(run: Run) -> None:
    (run.path / "ways.json").write_text('{"ways": [')


@pytest.mark.parametrize("spoil", [torn_checkpoint, torn_config, torn_roll, torn_ways])
def test_what_cannot_be_read_is_noticed(spoil: Callable[[Run], None], run: Run) -> None:
    spoil(run)
    with pytest.raises(LostError):
        soak.readable(run)


def other_weights(run: Run) -> None:
    newest = run.checkpoints()[-1]
    tensors = load_file(newest)
    name = next(n for n in tensors if n.startswith("nets.critic"))
    tensors[name] += 1e-6
    save_file(tensors, newest, {"step": "6"})


def other_losses(run: Run) -> None:
    lines = [json.loads(line) for line in run.events_path.read_text().splitlines()]
    step = next(e for e in lines if e["kind"] == "step" and e["step"] == 2)
    step["losses"]["critic"] += 1e-6
    run.events_path.write_text("".join(json.dumps(line) + "\n" for line in lines))


@pytest.mark.parametrize("spoil", [other_weights, other_losses])
def test_what_is_not_the_same_is_noticed(
    spoil: Callable[[Run], None], run: Run, tmp_path: Path
) -> None:
    spoil(run)
    soak.readable(run)
    with pytest.raises(LostError, match=r"part at step|differs"):
        soak.compare(run, tmp_path / "whole", tmp_path / "flags")


def test_writes_are_told_apart() -> None:
    assert KINDS[place(Path("run/checkpoints/000000020.safetensors"))] == "checkpoints"
    assert KINDS[place(Path("run/previews/canvas-000000020.png"))] == "previews"
    assert KINDS[place(Path("run/ways.json"))] == "another file"


def test_the_verb_soaks_trainings_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def some(folder: Path, seed: int, count: int) -> Iterator[Death]:
        for number in range(count):
            yield Death(30, ("checkpoints",) if number % 5 == 0 else ())

    monkeypatch.setattr(soak, "rounds", some)
    assert main(["soak", "train", "--kills", "25"]) == 0
    assert "25 kills" in (said := capsys.readouterr().out)
    assert "5 kills fell inside a write (5 inside checkpoints)" in said
    assert main(["soak", "train", "--kills", "0"]) == 2


@pytest.mark.slow
def test_a_killed_training_goes_on_bit_for_bit(tmp_path: Path) -> None:
    deaths = list(soak.rounds(tmp_path, 1, 4))
    assert len(deaths) == 4
