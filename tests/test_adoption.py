"""Fine-tuning: a run that starts from a finished model's weights, all of them or those that fit."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from engines import train
from engines.adoption import BASE, adopt
from engines.data.mends import NONE
from engines.errors import UserError
from engines.export import export_bundle
from engines.recipe import recipe_type
from engines.runs import Run
from engines.runtime.tuning import WEIGHTS, settings_of, why_not
from engines.trainer import build_recipe


def made(path: Path, data: Path, recipe: str = "wgan_gp", **changed: Any) -> Run:
    settings = {**recipe_type(recipe).presets["tiny"], **changed.pop("settings", {})}
    fixed: dict[str, Any] = {"precision": "float32", "threads": 1, "validate": 0, "checkpoint": 2}
    return train.new_run(path, recipe, str(data), settings, **fixed, **changed)


@pytest.fixture(scope="module")
def trained(vistas: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    run = made(tmp_path_factory.mktemp("runs") / "run", vistas)
    list(train.train(build_recipe(run), run))
    return run


@pytest.fixture(scope="module")
def model(trained: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tunable model, trained for a few steps."""
    folder = tmp_path_factory.mktemp("models") / "hills"
    export_bundle(trained, folder, title="Hills", tunable=True)
    return folder


def test_a_tunable_model_carries_all_networks(trained: Run, model: Path) -> None:
    carried = load_file(model / WEIGHTS)
    newest_state = load_file(trained.checkpoints()[-1])
    recipe = build_recipe(trained)
    assert set(carried) == set(recipe.nets.state_dict())
    for name, tensor in carried.items():
        averaged = name.split(".")[0] in recipe.averaged
        meant = newest_state[f"{'average' if averaged else 'nets'}.{name}"]
        assert torch.allclose(tensor.float(), meant.float(), atol=1e-3, rtol=1e-3)
    assert any(name.startswith("critic") for name in carried)
    assert why_not(model, "wgan_gp") == ""
    assert settings_of(model) == trained.config["settings"]


def test_a_run_starts_from_the_weights_and_can_do_so_again(
    model: Path, vistas: Path, tmp_path: Path
) -> None:
    run = made(tmp_path / "run", vistas, base=model, seed=5)
    carried = load_file(model / WEIGHTS)
    for _ in range(2):  # As after a kill before the first checkpoint.
        state = build_recipe(run).nets.state_dict()
        assert [
            name for name in state if not torch.equal(state[name].half(), carried[name].half())
        ] == []
    first = next(train.train(build_recipe(run), run)).losses
    assert (
        first
        != next(
            train.train(build_recipe(made(tmp_path / "new", vistas, seed=5)), Run(tmp_path / "new"))
        ).losses
    )
    said = [event["sentence"] for event in run.events() if event["kind"] == "base"]
    assert said == ["It starts from Hills, with all of its weights."]
    assert run.config["base"]["title"] == "Hills"


def test_what_does_not_fit_begins_anew_and_is_named(
    model: Path, vistas: Path, tmp_path: Path
) -> None:
    run = made(tmp_path / "run", vistas, base=model, settings={"latent": 7})
    begun = run.config["base"]
    fresh = build_recipe(made(tmp_path / "fresh", vistas, settings={"latent": 7})).nets
    state, carried = build_recipe(run).nets.state_dict(), load_file(model / WEIGHTS)
    assert begun["left"] == [n for n, t in state.items() if t.shape != carried[n].shape]
    assert begun["left"] == ["generator.first.weight"]
    assert torch.equal(
        state["generator.first.weight"], fresh.state_dict()["generator.first.weight"]
    )
    assert begun["sentence"].endswith("what does not fit begins anew: generator.first.")
    assert 0.5 < begun["share"] < 1


def test_other_classes_are_told(vistas: Path, tmp_path: Path) -> None:
    first = made(tmp_path / "first", vistas, "layout_reader")
    list(train.train(build_recipe(first), first))
    export_bundle(first, tmp_path / "reader", tunable=True)
    same = made(tmp_path / "same", vistas, "layout_reader", base=tmp_path / "reader")
    assert same.config["base"]["sentence"] == "It starts from reader, with all of its weights."
    renamed = NONE.renamed("sky", "heaven")
    other = made(
        tmp_path / "other", vistas, "layout_reader", base=tmp_path / "reader", mends=renamed
    )
    assert other.config["base"]["sentence"].endswith(
        "Its classes are others, or in another order, so that it has to learn them anew."
    )


def test_a_model_of_which_nothing_fits_is_refused(
    model: Path, vistas: Path, tmp_path: Path
) -> None:
    with pytest.raises(UserError, match=r"Only \d% of the weights of Hills fit"):
        made(tmp_path / "run", vistas, base=model, settings={"width": 8, "latent": 9})
    assert not (tmp_path / "run" / BASE).exists()
    made(tmp_path / "run", vistas)  # The folder is as good as new.


def no_model(model: Path) -> None:
    (model / "model.json").unlink()


def other_recipe(model: Path) -> None:
    about = json.loads((model / "model.json").read_text())
    (model / "model.json").write_text(json.dumps({**about, "recipe": "ddpm"}))


def no_weights(model: Path) -> None:
    (model / WEIGHTS).unlink()


def empty_weights(model: Path) -> None:
    (model / WEIGHTS).write_bytes(b"")


def torn_weights(model: Path) -> None:
    (model / WEIGHTS).write_bytes((model / WEIGHTS).read_bytes()[:500])


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (no_model, "There is no model"),
        (other_recipe, "another way of learning"),
        (no_weights, "does not carry"),
        (empty_weights, "are broken"),
        (torn_weights, "cannot be read"),
    ],
)
def test_why_a_model_cannot_be_trained_further(
    spoil: Callable[[Path], None], reason: str, model: Path, vistas: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "model"
    copy.mkdir()
    for path in model.iterdir():
        (copy / path.name).write_bytes(path.read_bytes())
    assert why_not(copy, "wgan_gp") == ""
    spoil(copy)
    assert reason in why_not(copy, "wgan_gp")
    with pytest.raises(UserError, match=reason):
        made(tmp_path / "run", vistas, base=copy)


def test_a_lost_base_matters_only_before_the_first_checkpoint(
    model: Path, vistas: Path, tmp_path: Path
) -> None:
    run = made(tmp_path / "run", vistas, base=model)
    (run.path / BASE).unlink()
    with pytest.raises(UserError, match="starts from cannot be read"):
        build_recipe(run)
    (run.path / "checkpoints").mkdir()
    run.checkpoint_path(2).touch()
    build_recipe(run)


def test_weights_that_half_precision_cannot_hold_stay_whole(trained: Run, tmp_path: Path) -> None:
    path = tmp_path / "run" / "checkpoints" / trained.checkpoints()[-1].name
    path.parent.mkdir(parents=True)
    (tmp_path / "run" / "run.json").write_text((trained.path / "run.json").read_text())
    tensors = load_file(trained.checkpoints()[-1])
    name = next(n for n, t in tensors.items() if n.startswith("nets.critic") and t.ndim == 4)
    tensors[name].view(-1)[0] = 1e6
    save_file(tensors, path, {"step": "4"})
    export_bundle(Run(tmp_path / "run"), tmp_path / "model", tunable=True)
    kept = load_file(tmp_path / "model" / WEIGHTS)[name.removeprefix("nets.")]
    assert float(kept.view(-1)[0]) == 1e6
    adopted = adopt(build_recipe(trained).nets, tmp_path / "model" / WEIGHTS)
    assert adopted.share == 1
