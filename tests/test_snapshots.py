"""Looking back: a snapshot put into its run's graphs does what the networks did at that step."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from engines import train
from engines.errors import UserError
from engines.recipe import recipe_type, registry
from engines.runs import Run
from engines.runtime import snapshots
from engines.runtime.bundle import Bundle
from engines.runtime.sessions import Sessions
from engines.runtime.snapshots import bundle_of, steps_of
from engines.tracing import draw, sizes_of
from engines.trainer import build_recipe

Runs = Callable[[str], Run]


@pytest.fixture(scope="module")
def runs(vistas: Path, tmp_path_factory: pytest.TempPathFactory) -> Runs:
    """A trained tiny run of a recipe, made once."""
    home, made = tmp_path_factory.mktemp("runs"), dict[str, Run]()

    def get(name: str) -> Run:
        if name not in made:
            settings = dict(recipe_type(name).presets["tiny"])
            data = "points:ring" if recipe_type(name).kind == "points" else str(vistas)
            run = train.new_run(
                home / name, name, data, settings, precision="float32", threads=1, validate=0
            )
            list(train.train(build_recipe(run), run))
            made[name] = run
        return made[name]

    return get


def copied(run: Run, path: Path) -> Path:
    shutil.copytree(run.path, path)
    return path


@pytest.mark.parametrize("name", sorted(registry()))
def test_a_snapshot_does_what_the_networks_did(name: str, runs: Runs, tmp_path: Path) -> None:
    run = runs(name)
    assert steps_of(run.path)[-1] == run.config["settings"]["steps"]
    step = steps_of(run.path)[-1]
    bundle = Bundle.open(bundle_of(run.path, step, tmp_path))
    recipe = build_recipe(run)
    nets = torch.nn.ModuleDict({n: recipe.nets[n] for n in recipe.averaged})
    nets.load_state_dict(load_file(run.snapshot_path(step)))
    nets.eval()
    for graph, file in zip(recipe.graphs(nets), bundle.graphs, strict=True):
        inputs = draw(graph.inputs, 2, 5, sizes_of(graph, recipe.data.size)[1])
        with torch.no_grad():
            found = graph.module(*(torch.from_numpy(array) for array in inputs.values()))
        expected = [t.numpy() for t in (found if isinstance(found, tuple | list) else (found,))]
        actual = Sessions(threads=1).run(file.path, file.sha256, inputs)
        for port, a, b in zip(graph.outputs, expected, actual, strict=True):
            assert port.distance(a, b) <= port.tolerance
        assert any(np.ptp(array) > 0 for array in actual)


def test_each_step_has_its_own_model_made_once(runs: Runs, tmp_path: Path) -> None:
    run, last = copied(runs("pix2pix"), tmp_path / "run"), 4
    weights = {k: v * 0.5 for k, v in load_file(Run(run).snapshot_path(last)).items()}
    save_file(weights, Run(run).snapshot_path(2))
    assert {2, 4} <= set(steps_of(run))
    a, b = (bundle_of(run, step, tmp_path / "cache") for step in (2, last))
    assert Bundle.open(a).hash != Bundle.open(b).hash
    assert Bundle.open(b).about["steps"] == last
    made = (b / "model.json").stat().st_mtime_ns
    assert bundle_of(run, last, tmp_path / "cache") == b
    assert (b / "model.json").stat().st_mtime_ns == made


def test_weights_that_were_written_anew_are_not_taken_from_the_cache(
    runs: Runs, tmp_path: Path
) -> None:
    run = copied(runs("pix2pix"), tmp_path / "run")
    path = Run(run).snapshot_path(steps_of(run)[-1])
    before = Bundle.open(bundle_of(run, int(path.stem), tmp_path / "cache")).hash
    save_file({k: v * 0.5 for k, v in load_file(path).items()}, path)
    assert Bundle.open(bundle_of(run, int(path.stem), tmp_path / "cache")).hash != before


def test_the_best_weights_can_be_looked_at_too(runs: Runs, tmp_path: Path) -> None:
    run = copied(runs("pix2pix"), tmp_path / "run")
    weights = load_file(Run(run).snapshot_path(steps_of(run)[-1]))
    save_file(weights, Run(run).best_path, {"step": "77"})
    assert steps_of(run)[-1] == 77
    assert Bundle.open(bundle_of(run, 77, tmp_path / "cache")).about["steps"] == 77


def test_a_run_without_its_graphs_has_no_steps_to_look_at(runs: Runs, tmp_path: Path) -> None:
    run = copied(runs("pix2pix"), tmp_path / "run")
    (run / "live" / "model.json").unlink()
    assert steps_of(run) == []
    assert steps_of(tmp_path / "nowhere") == []


def test_the_cache_keeps_what_was_looked_at_last(
    runs: Runs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, cache = runs("pix2pix").path, tmp_path / "cache"
    monkeypatch.setattr(snapshots, "KEPT", 2)
    for number in range(3):
        (cache / f"old{number}").mkdir(parents=True)
    made = bundle_of(run, steps_of(run)[-1], cache)
    assert made.is_dir()
    assert len(list(cache.iterdir())) == 2


def spoil_nothing_there(run: Path) -> None:
    Run(run).snapshot_path(4).unlink()


def spoil_torn(run: Path) -> None:
    path = Run(run).snapshot_path(4)
    path.write_bytes(path.read_bytes()[:1000])


def spoil_other_shapes(run: Path) -> None:
    path = Run(run).snapshot_path(4)
    save_file({k: torch.zeros(1) for k in load_file(path)}, path)


def spoil_missing_weights(run: Path) -> None:
    save_file({"nothing": torch.zeros(1)}, Run(run).snapshot_path(4))


def spoil_graph(run: Path) -> None:
    (run / "live" / "translate.onnx").write_bytes(b"\x00\xff" * 50)


def spoil_graph_gone(run: Path) -> None:
    (run / "live" / "translate.onnx").unlink()


def spoil_description(run: Path) -> None:
    (run / "live" / "model.json").write_text("[" * 100_000)


def spoil_names(run: Path) -> None:
    path = run / "live" / "model.json"
    about = json.loads(path.read_text())
    about["graphs"][0]["file"] = "../translate.onnx"
    path.write_text(json.dumps(about))


def spoil_entries(run: Path) -> None:
    path = run / "live" / "model.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "graphs": [3]}))


@pytest.mark.parametrize(
    "spoil", [value for name, value in list(globals().items()) if name.startswith("spoil_")]
)
def test_a_spoilt_run_is_said_plainly_and_leaves_nothing(
    spoil: Callable[[Path], None], runs: Runs, tmp_path: Path
) -> None:
    run, cache = copied(runs("pix2pix"), tmp_path / "run"), tmp_path / "cache"
    assert 4 in steps_of(run)
    spoil(run)
    with pytest.raises(UserError) as caught:
        bundle_of(run, 4, cache)
    assert str(caught.value).endswith(".")
    assert not cache.exists() or list(cache.iterdir()) == []


def test_what_cannot_be_traced_is_no_end_of_a_run(
    vistas: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    settings = dict(recipe_type("pix2pix").presets["tiny"])
    run = train.new_run(
        tmp_path / "run", "pix2pix", str(vistas), settings, precision="float32", validate=0
    )
    monkeypatch.setattr("engines.live_graph.trace", fail)
    assert len(list(train.train(build_recipe(run), run))) == settings["steps"]
    assert steps_of(run.path) == []
    warned = [e["sentence"] for e in run.events() if e["kind"] == "warning"]
    assert any("No space left" in sentence for sentence in warned)
    assert not [path for path in run.path.iterdir() if path.name.startswith(".live")]
