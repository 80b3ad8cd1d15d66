"""Runs of the recipe of replay.py, and what two of them must have in common."""

import importlib.util
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from engines import recipe as recipe_file
from engines import train
from engines.recipe import Draw, Phase, Recipe, registry
from engines.runs import Run

SCRIPT = Path(__file__).with_name("replay.py")


@contextmanager
def registered() -> Iterator[None]:
    """The recipe of replay.py is known in this process too."""
    spec = importlib.util.spec_from_file_location("replay", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recipe_file, "_REGISTRY", dict(registry()))
        spec.loader.exec_module(module)
        yield


def new(path: Path, folder: Path, recipe: str = "replay", **options: Any) -> Run:
    settings = options.pop("settings", {})
    fixed = {"precision": "float32", "threads": 1, "validate": 0, "checkpoint": 20, **options}
    return train.new_run(path, recipe, str(folder), settings, **fixed)


def go(run: Run, steps: int | None = None) -> list[train.StepReport]:
    """Train in this process, from networks as a new process would make them."""
    return list(train.train(train.build_recipe(run), run, steps=steps))


def same_state(one: Path, other: Path) -> None:
    a, b = load_file(one), load_file(other)
    assert a.keys() == b.keys()
    assert [k for k in a if not torch.equal(a[k], b[k])] == []


def told(run: Run, kind: str) -> list[dict[str, Any]]:
    return [event for event in run.events() if event["kind"] == kind]


def meddled(recipe: Recipe, meddle: Callable[[int, Any], None]) -> Recipe:
    """The recipe with something that happens before each loss; it is told the step and the rows."""
    stage = recipe.stages()[0]

    def with_trouble(phase: Phase) -> Phase:
        def loss(batch: Any, draw: Draw) -> Any:
            if phase.name == "generator":
                meddle(draw._key[1] + 1, batch)
            return phase.loss(batch, draw)

        return replace(phase, loss=loss)

    phases = tuple(with_trouble(phase) for phase in stage.phases)
    recipe.stages = lambda: [replace(stage, phases=phases)]  # type: ignore[method-assign]
    return recipe
