"""From a tiny run to a proven bundle and a picture; and refusals that change nothing."""

import errno
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto
from safetensors.torch import load_file
from torch import Tensor, nn

from engines import train
from engines.data.mends import Mends
from engines.errors import UserError
from engines.export import export_bundle
from engines.forms import Written, write_graph
from engines.ports import Image
from engines.proof import ParityError
from engines.recipe import Graph, recipe_type, registry
from engines.request import Request
from engines.runs import Run
from engines.runtime.bundle import METADATA, Bundle
from engines.runtime.render import render
from engines.runtime.sessions import Sessions
from engines.runtime.tuning import WEIGHTS
from engines.sizing import measured_at
from engines.tracing import OPSET

RECIPES = sorted(registry())


@pytest.fixture(scope="module")
def runs(vistas: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Run]:
    """A trained tiny run of a recipe, made once."""
    home, made = tmp_path_factory.mktemp("runs"), dict[str, Run]()

    def get(name: str) -> Run:
        if name not in made:
            settings = dict(recipe_type(name).presets["tiny"])
            run = train.new_run(
                home / name, name, str(vistas), settings, precision="float32", threads=1, validate=0
            )
            list(train.train(train.build_recipe(run), run))
            made[name] = run
        return made[name]

    return get


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_exports_with_proof_and_renders(
    name: str, runs: Callable[[str], Run], tmp_path: Path
) -> None:
    proof = export_bundle(runs(name), tmp_path / "model", licence="CC0", data="vistas")
    for graph in proof.graphs:
        assert len(graph.errors) == 3
        assert max(graph.errors.values()) <= 1
        assert min(graph.moves.values()) > 0
    bundle = Bundle.open(tmp_path / "model")
    assert bundle.about["licence"] == "CC0"
    size = next((p.fixed for p in bundle.target.outputs if isinstance(p, Image) and p.fixed), ())
    size = (size[0], size[1]) if size else (128, 128)
    rng = np.random.default_rng(0)
    forms = {
        "layout": rng.integers(0, 13, (90, 70), np.uint8),
        "image": rng.integers(0, 256, (90, 70, 3), np.uint8),
    }
    values = {p.name: forms[p.kind] for p in bundle.ports if p.kind in forms}
    request = Request(bundle.hash, size, values, seed=3, steps=4)
    frames = list(render(bundle, request, Sessions(threads=1)))
    assert [f.final for f in frames] == [False] * (len(frames) - 1) + [True]
    assert len(frames) == (4 if bundle.target.level else 1)
    again = list(render(bundle, request, Sessions(threads=1)))[-1]
    for key, value in frames[-1].values.items():
        if isinstance(value, np.ndarray):
            assert value.tobytes() == again.values[key].tobytes()
        else:
            assert value == again.values[key]


def test_one_onnx_file_is_a_model_too(runs: Callable[[str], Run], tmp_path: Path) -> None:
    export_bundle(runs("pix2pix"), tmp_path / "model", title="Pairs")
    lone = tmp_path / "lone.onnx"
    lone.write_bytes((tmp_path / "model" / "translate.onnx").read_bytes())
    bundle = Bundle.open(lone)
    assert bundle.title == "Pairs"
    photo = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    request = Request(bundle.hash, (64, 64), {"source": photo})
    assert next(render(bundle, request, Sessions(threads=1))).picture.shape == (64, 64, 3)


def test_weights_are_stored_in_half_precision_under_their_names(
    runs: Callable[[str], Run], tmp_path: Path
) -> None:
    export_bundle(runs("spade"), tmp_path / "model")
    model = onnx.load(str(tmp_path / "model" / "generate.onnx"))
    kinds = {t.name: t.data_type for t in model.graph.initializer if len(t.dims) >= 2}
    assert kinds["head.convolution1.weight"] == TensorProto.FLOAT16
    assert set(kinds.values()) == {TensorProto.FLOAT16}
    assert METADATA in {p.key for p in model.metadata_props}
    assert model.opset_import[0].version == OPSET


def test_the_card_tells_the_size_and_speed_of_each_form(
    runs: Callable[[str], Run], tmp_path: Path
) -> None:
    export_bundle(runs("pix2pix"), tmp_path / "model", title="Pairs", data="vistas", int8=True)
    bundle = Bundle.open(tmp_path / "model")
    card = json.loads((tmp_path / "model" / "card.json").read_text())
    assert (card["model"], card["title"], card["data"]) == ("model", "Pairs", "vistas")
    assert card["hashes"] == {"model": bundle.hash}
    assert card["measured_on"]["threads"] == torch.get_num_threads()
    rows = {row["form"]: row for row in card["sizes"]}
    assert list(rows) == ["float32", "float16", "int8"]
    on_disk = sum(graph.path.stat().st_size for graph in bundle.graphs)
    (kept,) = [row for row in rows.values() if row["kept"]]
    assert kept["bytes"] == on_disk
    weigh = [rows[form]["bytes"] for form in ("int8", "float16", "float32")]
    assert weigh == sorted(set(weigh))
    assert (rows["float32"]["error"], rows["float16"]["reason"]) == (0.0, "")
    assert 0 < rows["float16"]["error"] < rows["int8"]["error"]
    assert rows["int8"]["kept"] == (rows["int8"]["error"] <= 1) == (not rows["int8"]["reason"])
    for row in rows.values():
        assert list(row["milliseconds"]) == ["32 x 32"]  # 256 is too far from what was trained
        assert row["milliseconds"]["32 x 32"] > 0
    assert sorted(path.name for path in (tmp_path / "model").iterdir()) == [
        "card.json",
        "model.json",
        "preview.png",
        "translate.onnx",
    ]


class Wave(nn.Module):
    """A network that 8 bits hold but for half a step in its last weights; the higher its pitch, the
    more that matters.
    """

    def __init__(self, pitch: float) -> None:
        super().__init__()
        self.pitch = pitch
        self.first = nn.Conv2d(3, 64, 5, padding=2)
        self.last = nn.Conv2d(64, 3, 5, padding=2)
        draw = torch.Generator().manual_seed(1)
        for layer, step, off in ((self.first, 1 / 4096, 0.0), (self.last, 1 / 16384, 1.0)):
            whole = torch.randint(-126, 127, layer.weight.shape, generator=draw)
            whole[:, 0, 0, 0] = 127
            between = off * (torch.rand(whole.shape, generator=draw) - 0.5)
            layer.weight.data = (whole + between) * step

    def forward(self, x: Tensor) -> Tensor:
        return torch.sin(self.pitch * self.last(torch.relu(self.first(x))))


def written(pitch: float, folder: Path) -> tuple[Written, dict[str, int]]:
    """It, stored as 8 bits if that may be, and the kinds of its weights."""
    ports = (Image("photo", minimum=8),), (Image("picture", minimum=8),)
    made = write_graph(Graph("paint", Wave(pitch), *ports), folder, {}, (32, 32), int8=True)
    model = onnx.load(str(made.path))
    return made, {t.name: t.data_type for t in model.graph.initializer if len(t.dims) == 4}


def test_weights_are_stored_as_8_bits_where_the_proof_stands_it(tmp_path: Path) -> None:
    made, kinds = written(1.0, tmp_path)
    assert (made.kept, made.reason) == ("int8", "")
    assert 0 < made.errors["int8"] < 0.1
    assert (kinds["first.weight"], kinds["last.weight"]) == (TensorProto.INT8, TensorProto.INT8)
    assert made.proof.bytes == made.path.stat().st_size
    assert made.proof.bytes < 0.6 * made.files["float16"].stat().st_size


def test_weights_that_matter_too_much_are_not(tmp_path: Path) -> None:
    made, kinds = written(90.0, tmp_path)
    assert made.kept == "int8"
    assert (kinds["first.weight"], kinds["last.weight"]) == (TensorProto.INT8, TensorProto.FLOAT16)
    assert made.errors["int8"] <= 1


def test_what_was_chosen_has_to_stand_the_proof(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def all_of_them(module: nn.Module, names: tuple[str, ...], *_: object) -> tuple[str, ...]:
        return names

    monkeypatch.setattr("engines.forms.choose_small", all_of_them)
    made, kinds = written(90.0, tmp_path)
    assert (kinds["first.weight"], kinds["last.weight"]) == (TensorProto.INT8, TensorProto.FLOAT16)
    assert made.errors["int8"] <= 1


def test_a_form_that_would_show_is_measured_and_not_kept(tmp_path: Path) -> None:
    made, kinds = written(900.0, tmp_path)
    assert made.kept == "float16"
    assert kinds["first.weight"] == TensorProto.FLOAT16
    assert made.errors["int8"] > 4
    assert "of 255 grey levels, and the proof allows 1" in made.reason
    assert made.files["int8"].stat().st_size < made.files["float16"].stat().st_size


def test_an_export_replaces_an_older_one_and_nothing_else(
    runs: Callable[[str], Run], tmp_path: Path
) -> None:
    out = tmp_path / "model"
    export_bundle(runs("pix2pix"), out, title="first")
    export_bundle(runs("pix2pix"), out, title="second")
    assert Bundle.open(out).title == "second"
    assert [p.name for p in tmp_path.iterdir()] == ["model"]
    assert sorted(p.suffix for p in out.iterdir()) == [".json", ".json", ".onnx", ".png"]
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "novel.txt").write_text("once")
    with pytest.raises(UserError, match="is no model"):
        export_bundle(runs("pix2pix"), mine)
    assert (mine / "novel.txt").read_text() == "once"


class Drifting(nn.Module):
    """Adds the traced picture's height, which the tracer takes for a constant."""

    def forward(self, x: Tensor) -> Tensor:
        return x * 0.5 + float(x.shape[2]) / 1000


class Deaf(nn.Module):
    """Hears only its first input."""

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return x * 0.5 + y * 0


class Grey(nn.Module):
    """The same value everywhere."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.tanh(x * 0)


@pytest.mark.parametrize(
    ("module", "inputs", "message"),
    [
        (Drifting(), 1, "differs from PyTorch"),
        (Deaf(), 2, "does nothing"),
        (Grey(), 1, "same value"),
    ],
)
def test_a_graph_that_is_wrong_is_not_proven(
    module: nn.Module, inputs: int, message: str, tmp_path: Path
) -> None:
    ports = tuple(Image(f"in{i}", minimum=8) for i in range(inputs))
    graph = Graph("wrong", module, ports, (Image("picture", minimum=8),))
    with pytest.raises(ParityError, match=message):
        write_graph(graph, tmp_path, {}, (16, 16))


def test_a_failed_proof_leaves_the_old_model(
    runs: Callable[[str], Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "model"
    export_bundle(runs("pix2pix"), out, title="old")
    monkeypatch.setattr("engines.ports.Image.tolerance", 1e-9)
    with pytest.raises(ParityError):
        export_bundle(runs("pix2pix"), out, title="new")
    assert Bundle.open(out).title == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["model"]


@pytest.mark.parametrize("when", ["engines.forms.store", "engines.export.sizes"])
def test_a_full_disk_leaves_the_old_model_and_is_said(
    when: str, runs: Callable[[str], Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    out = tmp_path / "model"
    export_bundle(runs("pix2pix"), out, title="old")
    monkeypatch.setattr(when, full)
    with pytest.raises(UserError, match="No space left on device; nothing was changed there"):
        export_bundle(runs("pix2pix"), out, title="new")
    assert Bundle.open(out).title == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["model"]


def test_a_run_without_a_checkpoint_is_refused(vistas: Path, tmp_path: Path) -> None:
    settings = dict(recipe_type("pix2pix").presets["tiny"])
    run = train.new_run(tmp_path / "run", "pix2pix", str(vistas), settings, precision="float32")
    with pytest.raises(UserError, match="no checkpoint"):
        export_bundle(run, tmp_path / "model")
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize(
    ("port", "trained", "expected"),
    [
        (
            Image("picture", multiple=32, minimum=128, maximum=1024),
            (256, 256),
            [(256, 256), (512, 512)],
        ),
        (Image("picture", multiple=48), (128, 128), [(288, 288), (528, 528)]),
        (Image("picture", maximum=300), (64, 64), [(256, 256)]),
        (Image("picture", multiple=8), (16, 12), [(16, 16)]),
        (Image("picture", fixed=(32, 40)), (32, 40), [(32, 40)]),
    ],
)
def test_speed_is_measured_at_usual_sizes_that_the_model_makes(
    port: Image, trained: tuple[int, int], expected: list[tuple[int, int]]
) -> None:
    assert measured_at(Graph("paint", nn.Identity(), (), (port,)), trained) == expected


def test_the_way_back_is_a_model_as_well(
    runs: Callable[[str], Run], vistas: Path, tmp_path: Path
) -> None:
    for place, part in (("mine", "photos"), ("theirs", "layouts")):
        shutil.copytree(vistas / part, tmp_path / "set" / place)
    mends = Mends(folders=("mine", "theirs"))
    settings = dict(recipe_type("cyclegan").presets["tiny"])
    run = train.new_run(
        tmp_path / "run", "cyclegan", str(tmp_path / "set"), settings, precision="float32",
        threads=1, validate=0, mends=mends,
    )  # fmt: skip
    list(train.train(train.build_recipe(run), run))
    found = {}
    for way in ("there", "back"):
        out = tmp_path / way
        export_bundle(run, out, tunable=True, tested=True, back=way == "back")
        found[way] = Bundle.open(out), load_file(out / WEIGHTS)
    kept = load_file(run.checkpoints()[-1])
    x = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    for way, other in (("there", "back"), ("back", "there")):
        bundle, weights = found[way]
        request = Request(bundle.hash, (32, 32), values={"source": x})
        made = list(render(bundle, request, Sessions("cpu")))[-1].picture
        net = train.build_recipe(run).nets[way]
        net.load_state_dict(
            {k.split(".", 2)[2]: v for k, v in kept.items() if k.startswith(f"average.{way}.")}
        )
        with torch.no_grad():
            wanted = net(torch.tensor(x / 127.5 - 1).permute(2, 0, 1)[None].float())
        wanted = ((wanted[0] + 1) * 127.5).permute(1, 2, 0).numpy()
        assert np.abs(made - wanted).max() < 1.5
        for part in ("critic_", "pool_"):  # What is tuned later begins with its own critics.
            names = [k for k in kept if k.startswith(f"nets.{part}{way}.")]
            assert names
            for name in names:
                here = name.removeprefix("nets.").replace(way, "there")
                assert np.allclose(weights[here].float(), kept[name].float(), atol=1e-3)
        assert other not in bundle.target.name
    # The card of each is of its own world: photos are further from layouts than layouts are.
    hashes = [json.loads((tmp_path / way / "card.json").read_text())["hashes"] for way in found]
    assert hashes[0]["model"] != hashes[1]["model"]
    previews = [(tmp_path / way / "preview.png").read_bytes() for way in found]
    assert previews[0] != previews[1]
    with pytest.raises(UserError, match="no way back"):
        export_bundle(runs("pix2pix"), tmp_path / "none", back=True)
