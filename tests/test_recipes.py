"""The contract that every recipe keeps, over the registry, each on its tiny preset."""

import math
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from engines import train
from engines.data.sets import open_data
from engines.errors import UserError
from engines.feed import Feed
from engines.recipe import (
    Draw,
    OneOf,
    Range,
    Recipe,
    describe,
    recipe_type,
    registry,
    settings_from_text,
)
from engines.runs import Run
from engines.trainer import Trainer

RECIPES = sorted(registry())
CPU = torch.device("cpu")


def tiny(name: str, folder: Path, path: Path, **changes: Any) -> Run:
    preset = {**recipe_type(name).presets["tiny"], **changes}
    return train.new_run(
        path, name, str(folder), preset, precision="float32", threads=1, validate=0, checkpoint=100
    )


@pytest.mark.parametrize("name", RECIPES)
def test_training_moves_every_network_and_resumes_exactly(
    name: str, vistas: Path, tmp_path: Path
) -> None:
    whole, parts = tiny(name, vistas, tmp_path / "whole"), tiny(name, vistas, tmp_path / "parts")
    recipe = train.build_recipe(whole)
    before = {k: v.clone() for k, v in recipe.nets.state_dict().items()}
    steps = recipe.settings.steps
    reports = list(train.train(recipe, whole))
    assert [r.step for r in reports] == list(range(1, steps + 1))
    assert all(math.isfinite(v) for r in reports for v in r.losses.values())
    for net in recipe.nets:
        moved = [
            k
            for k, v in recipe.nets.state_dict().items()
            if k.startswith(f"{net}.") and not torch.equal(v, before[k])
        ]
        assert moved, f"{net} did not move"
    # What warns of a critic that wins or died goes by this.
    told = [r.losses["told"] for r in reports if "told" in r.losses]
    assert bool(told) == any(net.startswith("critic") for net in recipe.nets)
    assert all(0 <= value <= 1 for value in told)

    for report in train.train(train.build_recipe(parts), parts):
        if report.step == steps // 2:
            break
    trainer = Trainer(train.build_recipe(parts), parts.config)
    assert trainer.step == 0  # Nothing was saved yet: the break came before any checkpoint.
    list(train.train(train.build_recipe(parts), parts, steps=steps // 2))
    list(train.train(train.build_recipe(parts), parts))
    assert parts.losses() == whole.losses()
    states = [load_file(run.checkpoint_path(steps)) for run in (whole, parts)]
    assert states[0].keys() == states[1].keys()
    assert [k for k, v in states[0].items() if not torch.equal(v, states[1][k])] == []


@pytest.mark.parametrize("name", RECIPES)
def test_previews_are_pictures_of_the_batch(name: str, vistas: Path, tmp_path: Path) -> None:
    run = tiny(name, vistas, tmp_path / "run")
    recipe = train.build_recipe(run)
    size = recipe.settings.batch
    feed = Feed(open_data(vistas, recipe.kind, recipe.data.size), range(size), 0, CPU)
    batch = feed(0)
    feed.close()
    recipe.nets.eval()
    with torch.no_grad():
        picture = recipe.preview(recipe.nets, batch, Draw((0,), size, slice(0, size), CPU))
        figures = recipe.validate(recipe.nets, batch)
    assert picture is not None or figures
    if picture is not None:
        assert picture.shape == (size, 3, *recipe.data.size)
        assert picture.isfinite().all()
        assert picture.abs().max() <= 1
    assert all(v.shape == (size,) and v.isfinite().all() for v in figures.values())


@pytest.mark.parametrize("name", RECIPES)
def test_settings_are_typed_and_labelled(name: str, vistas: Path) -> None:
    kind = recipe_type(name)
    described = describe(kind.settings_type)
    spec = open_data(vistas, kind.kind, (32, 32)).spec
    for setting, (_, limits, label) in described.items():
        assert label != setting, f"{setting} has no label"
        if isinstance(limits, Range):
            for beyond in (limits.least - 1, limits.greatest * 2 + 1):
                value = described[setting][0](beyond)
                with pytest.raises(UserError, match=setting):
                    kind(spec, **{setting: value})
        if isinstance(limits, OneOf):
            with pytest.raises(UserError, match=setting):
                kind(spec, **{setting: "no such option"})
    with pytest.raises(TypeError):
        kind(spec, no_such_setting=1)
    assert {"tiny", "quick", "overnight", "best"} <= set(kind.presets)
    for preset in kind.presets.values():
        kind.settings_type(**preset)


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_cites_its_paper(name: str) -> None:
    kind: type[Recipe] = recipe_type(name)
    assert "arXiv:" in kind.paper
    assert kind.title != kind.id


def test_settings_from_text() -> None:
    settings = recipe_type("pix2pix").settings_type
    parsed = settings_from_text(settings, ["width=8", "l1=1.5", "conditional=false", "patch=16"])
    assert parsed == {"width": 8, "l1": 1.5, "conditional": False, "patch": "16"}
    for wrong in ("widht=8", "width", "width=big", "conditional=maybe"):
        with pytest.raises(UserError):
            settings_from_text(settings, [wrong])


def test_data_of_another_kind_is_refused(vistas: Path) -> None:
    with pytest.raises(UserError, match="learns from layout data"):
        recipe_type("spade")(open_data(vistas, "image", (32, 32)).spec)
