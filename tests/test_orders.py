"""Orders of the studio: carried out, steered, previewed on the canvas, and picked up again."""

import fcntl
import itertools
import json
import os
import threading
import time
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image as Pillow
from safetensors.torch import load_file
from torch import Tensor, nn

from engines import train
from engines.cli import main
from engines.errors import UserError
from engines.orders import Order
from engines.recipe import Graph, Recipe, recipe_type
from engines.request import Request
from engines.runs import Run
from engines.runtime.bundle import Bundle
from engines.runtime.passport import passport
from engines.runtime.tuning import why_not

TINY = dict(recipe_type("spade").presets["tiny"])


def made(path: Path, data: Path) -> Run:
    fixed: dict[str, Any] = {"precision": "float32", "threads": 1, "validate": 0, "checkpoint": 20}
    return train.new_run(path, "spade", str(data), TINY, **fixed)


def states(run: Run) -> list[str]:
    """What the trainer said of itself; each thing it does has a sentence of its own."""
    said = [event["state"] for event in run.events() if event["kind"] == "state"]
    return [state for state, _ in itertools.groupby(said)]


def canvas(value: int = 2) -> Request:
    ids = np.full((60, 90), value, np.uint8)
    ids[30:] = 255
    return Request("", (60, 90), {"layout": ids, "image": np.zeros((60, 90, 3), np.uint8)})


def ordered(path: Path, folder: Path, **changed: Any) -> Run:
    order = Order("spade", str(folder), "My Lakes", TINY, validate=2, checkpoint=2)
    Order(**{**vars(order), **changed}).write(path)
    (path / "log.txt").touch()
    return Run(path)


def test_an_order_becomes_a_model(vistas: Path, tmp_path: Path) -> None:
    run = ordered(tmp_path / "run", vistas, licence="CC0", terms="Our own paintings")
    run.show(canvas())
    for left in (".bundle.x.part", ".live.y", ".order.json.z.part"):  # as a kill leaves them
        (run.path / left).mkdir()
    assert main(["carry-out", str(run.path)]) == 0
    assert states(run) == ["preparing", "training", "exporting", "done"]
    hidden = [path.name for path in run.path.iterdir() if path.name.startswith(".")]
    assert hidden == [".order.json.z.part"]
    assert sorted(run.losses()) == [1, 2, 3, 4]
    assert run.config["stages"] == [
        {"name": "half size", "steps": 2, "size": [32, 32]},
        {"name": "full size", "steps": 2, "size": [64, 64]},
    ]
    bundle = Bundle.open(run.path / "bundle")
    assert (bundle.name, bundle.title) == ("my-lakes", "My Lakes")
    told = passport(bundle)
    assert (told["licence"], told["data"]) == ("CC0", "Our own paintings")
    card = json.loads((bundle.path / "card.json").read_text())
    assert card["hashes"]["model"] == bundle.hash
    assert card["split"] == "test"
    assert [row["form"] for row in card["sizes"]] == ["float32", "float16"]
    assert (bundle.path / "preview.png").is_file()
    assert why_not(bundle.path, "spade") == ""
    shown = [event["file"] for event in run.events() if event["kind"] == "canvas"]
    assert shown[0] == "canvas-000000001.png"
    assert shown[-1] == "canvas-000000004.png"
    with Pillow.open(run.path / "previews" / shown[-1]) as picture:
        assert picture.size == (128, 128)  # 64 x 43 is wanted, but no side may be shorter
    assert not run.busy


def test_a_stop_keeps_and_a_discard_does_not(vistas: Path, tmp_path: Path) -> None:
    run = ordered(tmp_path / "run", vistas)
    run.steer("stop")
    assert main(["carry-out", str(run.path)]) == 0
    assert states(run)[-1] == "stopped"  # before the first step there is nothing to keep
    run.steer("discard")
    assert main(["carry-out", str(run.path)]) == 0
    assert states(run)[-1] == "discarded"
    assert not run.checkpoints()


def test_what_cannot_be_done_is_said_in_the_run(
    vistas: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = ordered(tmp_path / "run", vistas, data=str(tmp_path / "nowhere"))
    assert main(["carry-out", str(run.path)]) == 2
    last = run.events()[-1]
    assert last["state"] == "failed"
    assert "nowhere" in last["sentence"]
    assert capsys.readouterr().err.strip().endswith(last["sentence"])


class Askew(nn.Module):
    """Adds the traced picture's width, which the tracer takes for a constant."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, *inputs: Tensor) -> Tensor:
        picture: Tensor = self.module(*inputs)
        return picture + float(picture.shape[3]) / 1000


def test_a_model_that_does_not_do_what_was_trained_is_not_there(
    vistas: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = recipe_type("spade")
    faithful = kind.graphs

    def graphs(self: Recipe, nets: nn.ModuleDict) -> list[Graph]:
        *others, last = faithful(self, nets)
        return [*others, replace(last, module=Askew(last.module))]

    monkeypatch.setattr(kind, "graphs", graphs)
    run = ordered(tmp_path / "run", vistas)
    assert main(["carry-out", str(run.path)]) == 0
    last = run.events()[-1]
    assert last["state"] == "unproved"
    assert "differs from PyTorch" in last["sentence"]
    assert not (run.path / "bundle").exists()
    assert not [path for path in run.path.iterdir() if path.name.endswith(".part")]


def test_a_model_is_trained_further(vistas: Path, tmp_path: Path) -> None:
    first = ordered(tmp_path / "first", vistas)
    assert main(["carry-out", str(first.path)]) == 0
    second = ordered(tmp_path / "second", vistas, base=str(first.path / "bundle"), title="More")
    assert main(["carry-out", str(second.path)]) == 0
    begun = next(event for event in second.events() if event["kind"] == "base")
    assert begun["sentence"] == "It starts from My Lakes, with all of its weights."
    bundle = Bundle.open(second.path / "bundle")
    assert bundle.about["base"] == {"name": "bundle", "title": "My Lakes", "steps": 4}
    assert passport(bundle)["base"] == "My Lakes"


def test_a_run_that_is_to_start_from_nothing_usable_says_so(vistas: Path, tmp_path: Path) -> None:
    run = ordered(tmp_path / "run", vistas, base=str(tmp_path / "gone"))
    assert main(["carry-out", str(run.path)]) == 2
    assert "There is no model in" in run.events()[-1]["sentence"]


def test_every_field_of_an_order_is_read_back(tmp_path: Path) -> None:
    order = Order(
        "spade",
        "/data",
        "Lakes",
        {"steps": 3},
        seed=4,
        device="cuda",
        validate=5,
        checkpoint=6,
        preset="quick",
        made=7.5,
        licence="CC0",
        terms="Our own",
        base="/models/lakes",
        tunable=False,
        int8=True,
        processes=2,
        devices=(0, 3),
        mends={"left_out": ["a.png"]},
    )
    usual = Order("", "", "")
    assert [f.name for f in fields(Order) if getattr(order, f.name) == getattr(usual, f.name)] == []
    order.write(tmp_path)
    assert Order.read(tmp_path) == order


def test_an_order_of_an_earlier_version_is_read(tmp_path: Path) -> None:
    told = {"recipe": "spade", "data": "/data", "title": "Lakes", "settings": {"steps": 3}}
    rest: dict[str, Any] = {
        "seed": 1,
        "device": "cpu",
        "validate": 5,
        "checkpoint": 6,
        "preset": "",
        "made": 7.5,
    }
    (tmp_path / "order.json").write_text(json.dumps(told | rest))
    assert Order.read(tmp_path) == Order("spade", "/data", "Lakes", {"steps": 3}, **rest)


@pytest.mark.parametrize(
    "wrong",
    [
        {"title": 3},
        {"settings": []},
        {"seed": 1.5},
        {"seed": True},
        {"tunable": 1},
        {"devices": ["0"]},
        {"devices": 0},
        {"processes": -1},
        {"processes": 10_000},
        {"mends": "none"},
        {"made": "today"},
        {"never": "heard of"},
    ],
)
def test_a_wrong_value_in_an_order_is_said(wrong: dict[str, Any], tmp_path: Path) -> None:
    Order("spade", "/data", "Lakes").write(tmp_path)
    path = tmp_path / "order.json"
    Order.read(tmp_path)
    path.write_text(json.dumps(json.loads(path.read_text()) | wrong))
    with pytest.raises(UserError, match="start the training anew"):
        Order.read(tmp_path)


def test_a_run_is_ordered_again_with_changes(vistas: Path, tmp_path: Path) -> None:
    run = ordered(tmp_path / "run", vistas, made=5.0, licence="CC0")
    again = Order.of(run.path).again(title="Twice", seed=9)
    assert (again.title, again.seed, again.made) == ("Twice", 9, 0.0)
    assert (again.settings, again.licence) == (TINY, "CC0")


def test_a_run_that_a_terminal_began_can_be_ordered_again(vistas: Path, tmp_path: Path) -> None:
    run = made(tmp_path / "plain", vistas)
    order = Order.of(run.path)
    assert (order.recipe, order.data, order.title) == ("spade", str(vistas), "plain")
    assert order.settings == run.config["settings"]
    assert (order.validate, order.checkpoint, order.device) == (0, 20, "cpu")
    (run.path / "run.json").write_text('{"format": 1, "recipe": "spade"}')
    with pytest.raises(UserError, match="does not say what to train"):
        Order.of(run.path)


@pytest.mark.parametrize("text", ["", "[]", "{", '{"recipe": 1}', "\x00\xff"])
def test_a_spoiled_order_is_said_plainly(text: str, tmp_path: Path) -> None:
    (tmp_path / "order.json").write_text(text, "latin-1")
    with pytest.raises(UserError, match="start the training anew"):
        Order.read(tmp_path)


def test_previews_do_not_touch_the_training(vistas: Path, tmp_path: Path) -> None:
    runs = [made(tmp_path / n, vistas) for n in ("plain", "shown", "bad")]
    runs[1].show(canvas())
    runs[2].canvas_path.parent.mkdir()
    runs[2].canvas_path.write_text("{")
    for run in runs:
        for report in train.train(train.build_recipe(run), run):
            if run is runs[1]:
                run.show(canvas(report.step))
    for run in runs[1:]:
        assert run.losses() == runs[0].losses()
        a, b = (load_file(r.checkpoint_path(4)) for r in (run, runs[0]))
        assert a.keys() == b.keys()
        assert [name for name in a if not torch.equal(a[name], b[name])] == []
    assert [e["kind"] for e in runs[1].events()].count("canvas") >= 2
    assert any("request" in e.get("sentence", "") for e in runs[2].events())


def test_a_pause_is_safe_and_a_discard_leaves_no_checkpoint(vistas: Path, tmp_path: Path) -> None:
    run = made(tmp_path / "run", vistas)
    steps = train.train(train.build_recipe(run), run)
    next(steps)
    run.steer("pause")
    paused = threading.Thread(target=next, args=(steps,))
    paused.start()
    while not run.checkpoint_path(1).exists():
        time.sleep(0.01)
    assert sorted(run.losses()) == [1]
    run.steer("run")
    paused.join()
    run.steer("discard")
    assert list(steps) == []
    assert [int(path.stem) for path in run.checkpoints()] == [1]


def test_looking_whether_a_run_is_busy_keeps_no_trainer_out(tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run", {"recipe": "none"})
    looking = os.open(run.path / "run.lock", os.O_RDWR | os.O_CREAT)
    fcntl.flock(looking, fcntl.LOCK_SH)  # what `busy` does, for longer than an instant
    threading.Timer(0.1, os.close, (looking,)).start()
    with run.writer():
        assert run.busy


def test_a_studio_may_put_its_things_into_the_folder_first(tmp_path: Path) -> None:
    for name in ("order.json", "log.txt", "run.lock", "control"):
        (tmp_path / name).write_text("{}")
    assert Run.create(tmp_path, {"recipe": "none"}).config["recipe"] == "none"
    assert json.loads((tmp_path / "order.json").read_text()) == {}
