"""Too little memory: the ladder that a run goes down, and stays on."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engines import train
from engines.errors import UserError
from engines.recipe import Recipe
from engines.ways import Ways
from tests.resuming import go, meddled, new, registered, same_state, told

STEPS = 16


@pytest.fixture(scope="module", autouse=True)
def _replay_recipe() -> Iterator[None]:
    with registered():
        yield


def options() -> dict[str, Any]:
    return {"settings": {"steps": STEPS}, "checkpoint": 4}


def hungry(recipe: Recipe, rows: int, least: int = 1) -> Recipe:
    """There is memory for so many rows at a time from step `least` on, and no more."""

    def meddle(step: int, batch: Any) -> None:
        if step >= least and len(batch.image) > rows:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to ...")

    return meddled(recipe, meddle)


def test_too_little_memory_takes_the_batch_in_parts(vistas: Path, tmp_path: Path) -> None:
    undisturbed = new(tmp_path / "undisturbed", vistas, **options())
    go(undisturbed)
    whole, parts = (new(tmp_path / name, vistas, **options()) for name in "ab")
    list(train.train(hungry(train.build_recipe(whole), 2, 11), whole))
    (event,) = told(whole, "rung")
    assert (event["step"], event["rung"]) == (8, "parts")
    assert "not enough memory for step 11. From step 9 on it takes the 4" in event["sentence"]
    now, before = whole.losses(), undisturbed.losses()
    assert next(step for step in now if now[step] != before[step]) >= 9
    # The same run but for rounding, and for the two phases that see the pictures of a pool.
    assert now[9]["critic"] == pytest.approx(before[9]["critic"], rel=0.5)

    for report in train.train(hungry(train.build_recipe(parts), 2, 11), parts):
        if report.step == 10 and told(parts, "rung"):
            break
    go(parts)  # There is memory again, but a rung lasts.
    assert parts.losses() == now
    same_state(whole.checkpoint_path(STEPS), parts.checkpoint_path(STEPS))


def test_the_ladder_ends_with_a_sentence(vistas: Path, tmp_path: Path) -> None:
    run = new(tmp_path / "run", vistas, **options())
    with pytest.raises(UserError, match="not enough memory for this training, whatever"):
        list(train.train(hungry(train.build_recipe(run), 0), run))
    rungs = [event["rung"] for event in told(run, "rung")]
    assert rungs == ["parts", "precision", "recomputed", "parts"]
    last = Ways.read(run.path, run.config).at(0)
    assert (last.parts, last.precision, last.recomputed) == (4, "bfloat16", True)
    assert all(event["sentence"].endswith((".", "slower.")) for event in told(run, "rung"))


def test_other_errors_are_no_lack_of_memory(vistas: Path, tmp_path: Path) -> None:
    run = new(tmp_path / "run", vistas, **options())

    def meddle(step: int, batch: Any) -> None:
        raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")

    with pytest.raises(RuntimeError, match="mat1"):
        list(train.train(meddled(train.build_recipe(run), meddle), run))
    assert not told(run, "rung")
