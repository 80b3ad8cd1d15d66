"""The torch-free runtime: wires, caches, ending runs, samplers, and strangers' files."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from engines.errors import UserError
from engines.ports import Attributes, Image, Latent, Layout, Noise, NoiseLevel, Port, Regional
from engines.request import Request
from engines.runtime.bundle import FORMAT, METADATA, Bundle, find_model
from engines.runtime.render import Cache, render
from engines.runtime.sessions import Sessions, Stale, Stop
from engines.samplers import Schedule

FLOAT = TensorProto.FLOAT


def write(
    path: Path, nodes: Sequence[Any], inputs: Sequence[Port], outputs: Sequence[Port], **more: Any
) -> Path:
    """A model of hand-made nodes whose metadata describe its ports."""
    types = {"float32": FLOAT, "uint8": TensorProto.UINT8, "int64": TensorProto.INT64}
    ins = [
        helper.make_tensor_value_info(a.name, types[a.dtype], [str(x) for x in a.axes])
        for p in inputs
        for a in p.tensors()
    ]
    outs = [
        helper.make_tensor_value_info(a.name, types[a.dtype], [str(x) for x in a.axes])
        for a in (p.tensors()[0] for p in outputs)
    ]
    graph = helper.make_graph(list(nodes), "g", ins, outs, more.get("initializers", []))
    opset = [helper.make_opsetid("", 18), *more.get("opsets", [])]
    model = helper.make_model(graph, opset_imports=opset, ir_version=9)
    about = {
        "format": FORMAT,
        "name": path.stem,
        "label": "",
        "title": path.stem,
        "inputs": [p.to_json() for p in inputs],
        "outputs": [p.to_json() for p in outputs],
    }
    helper.set_model_props(model, {METADATA: json.dumps(about)})
    path.write_bytes(model.SerializeToString())
    return path


def constant(name: str, value: Any, dtype: Any = np.float32) -> Any:
    return helper.make_node(
        "Constant", [], [name], value=numpy_helper.from_array(np.array(value, dtype))
    )


PHOTO = Image("photo", fixed=(4, 4))
STYLE = Latent("style", dimensions=3)
PICTURE = Image("picture")
LAYOUT = Layout("layout", classes=("a", "b"), colors=("#000000", "#ffffff"))


@pytest.fixture
def styled(tmp_path: Path) -> Bundle:
    """encode: photo -> its mean colour as style; paint: style over the layout."""
    encode = [helper.make_node("ReduceMean", ["photo", "axes"], ["style"], keepdims=0)]
    write(
        tmp_path / "encode.onnx",
        [constant("axes", [2, 3], np.int64), *encode],
        [PHOTO],
        [STYLE],
    )
    paint = [
        constant("where", [2, 3], np.int64),
        helper.make_node("Unsqueeze", ["style", "where"], ["spread"]),
        constant("one", [1], np.int64),
        helper.make_node("Cast", ["layout"], ["ids"], to=FLOAT),
        helper.make_node("Unsqueeze", ["ids", "one"], ["map"]),
        helper.make_node("Mul", ["spread", "map"], ["picture"]),
    ]
    write(tmp_path / "paint.onnx", paint, [LAYOUT, STYLE], [PICTURE])
    return folder(tmp_path, "encode", "paint")


def folder(path: Path, *names: str, **changes: Any) -> Bundle:
    """Write the model.json over the graphs of a folder and open it."""
    entries = []
    for name in names:
        lone = Bundle.open(path / f"{name}.onnx")
        graph = lone.graphs[0]
        entries.append({**lone.about, "file": f"{name}.onnx", "sha256": graph.sha256})
    about = {"format": FORMAT, "name": "styled", "graphs": entries, **changes}
    (path / "model.json").write_text(json.dumps(about))
    return Bundle.open(path)


class Counting(Sessions):
    """Sessions that note which files ran."""

    def __init__(self) -> None:
        super().__init__(threads=1)
        self.ran: list[str] = []

    def run(self, path: Path, *rest: Any, **more: Any) -> Any:
        self.ran.append(path.stem)
        return super().run(path, *rest, **more)


def last(bundle: Bundle, values: dict[str, Any], **more: Any) -> np.ndarray[Any, Any]:
    sessions = more.pop("sessions", None) or Sessions(threads=1)
    cache, stop = more.pop("cache", None), more.pop("stop", None)
    size = more.pop("size", (8, 6))
    request = Request(more.pop("model", bundle.hash), size, values, **more)
    return list(render(bundle, request, sessions, cache, stop))[-1].picture


def test_a_wire_carries_the_style_and_is_run_once(styled: Bundle) -> None:
    photo = np.full((40, 20, 3), (255, 0, 127), np.uint8)
    ones = np.ones((8, 6), np.uint8)
    sessions, cache = Counting(), Cache(10**6)
    picture = last(styled, {"layout": ones, "photo": photo}, sessions=sessions, cache=cache)
    assert picture[0, 0].tolist() == [255, 0, 127]
    other = ones.copy()
    other[0] = 0
    picture = last(styled, {"layout": other, "photo": photo}, sessions=sessions, cache=cache)
    assert picture[0, 0].tolist() == [128, 128, 128]
    assert sessions.ran == ["encode", "paint", "paint"]
    last(styled, {"layout": other, "photo": photo}, sessions=sessions, cache=cache)
    assert sessions.ran == ["encode", "paint", "paint"]


def test_a_wired_port_may_be_set_directly_or_left_at_its_default(styled: Bundle) -> None:
    ones = np.ones((8, 6), np.uint8)
    sessions = Counting()
    style = np.array([1, -1, 0], np.float32)
    picture = last(styled, {"layout": ones, "style": style}, sessions=sessions)
    assert picture[3, 3].tolist() == [255, 0, 128]
    assert last(styled, {"layout": ones}, sessions=sessions)[0, 0].tolist() == [128, 128, 128]
    assert sessions.ran == ["paint", "paint"]


def test_layouts_are_fitted_by_majority_and_checked(styled: Bundle) -> None:
    ids = np.zeros((16, 12), np.uint8)
    ids[:, :3] = 1
    white = np.array([1, 1, 1], np.float32)
    picture = last(styled, {"layout": ids, "style": white})
    assert (picture[:, 0] == 255).all()
    assert (picture[:, 2:] == 128).all()
    ids[0, 0] = 7
    with pytest.raises(UserError, match="class id 7"):
        last(styled, {"layout": ids, "style": white}, size=(16, 12))
    with pytest.raises(UserError, match="needs layout"):
        last(styled, {})
    with pytest.raises(UserError, match="no input 'fog'"):
        last(styled, {"layout": ids, "fog": 1})
    with pytest.raises(UserError, match="another version"):
        last(styled, {"layout": ids}, model="other")


def test_the_cache_lets_go_of_the_oldest() -> None:
    cache = Cache(most=100)
    for i in range(5):
        cache.put(str(i), [np.zeros(10, np.float32)])
    assert cache.bytes <= 100
    assert cache.get("0") is None
    assert cache.get("4") is not None


def slow_model(path: Path) -> Bundle:
    """A loop that runs for minutes unless it is ended."""
    body_in = [
        helper.make_tensor_value_info("i", TensorProto.INT64, []),
        helper.make_tensor_value_info("go", TensorProto.BOOL, []),
        helper.make_tensor_value_info("x", FLOAT, None),
    ]
    body_out = [
        helper.make_tensor_value_info("go_out", TensorProto.BOOL, []),
        helper.make_tensor_value_info("x_out", FLOAT, None),
    ]
    body = helper.make_graph(
        [
            helper.make_node("Identity", ["go"], ["go_out"]),
            helper.make_node("Sin", ["x"], ["x_out"]),
        ],
        "body",
        body_in,
        body_out,
    )
    nodes = [
        constant("count", 10**9, np.int64),
        constant("yes", True, np.bool_),
        helper.make_node("Loop", ["count", "yes", "source"], ["picture"], body=body),
    ]
    return Bundle.open(write(path / "slow.onnx", nodes, [Image("source")], [PICTURE]))


def test_a_stale_run_is_ended_and_the_session_lives_on(tmp_path: Path, styled: Bundle) -> None:
    bundle = slow_model(tmp_path)
    sessions, stop = Sessions(threads=1), Stop()
    photo = np.zeros((8, 6, 3), np.uint8)
    threading.Timer(0.3, stop.stop).start()
    start = time.monotonic()
    with pytest.raises(Stale):
        last(bundle, {"source": photo}, sessions=sessions, stop=stop)
    assert 0.2 < time.monotonic() - start < 60
    with pytest.raises(Stale):
        last(bundle, {"source": photo}, sessions=sessions, stop=stop)
    ones = np.ones((8, 6), np.uint8)
    assert last(styled, {"layout": ones}, sessions=sessions).shape == (8, 6, 3)


def denoiser(path: Path) -> Bundle:
    """The exact noise predictor of data that are all zero: eps = x / sqrt(1 - alpha_bar_t)."""
    schedule = Schedule("linear", 50, "eps")
    table = (1 / np.sqrt(np.maximum(1 - schedule.alphas_bar, 1e-12))).astype(np.float32)
    nodes = [
        constant("table", table),
        helper.make_node("Gather", ["table", "level"], ["scale"]),
        constant("where", [1, 2, 3], np.int64),
        helper.make_node("Unsqueeze", ["scale", "where"], ["wide"]),
        helper.make_node("Mul", ["noise", "wide"], ["picture"]),
    ]
    inputs = [Noise("noise", channels=3, scale=1), NoiseLevel("level", schedule=schedule)]
    return Bundle.open(write(path / "denoise.onnx", nodes, inputs, [PICTURE]))


@pytest.mark.parametrize("sampler", ["ddim", "ancestral"])
def test_a_noise_level_is_driven_by_a_sampler(sampler: str, tmp_path: Path) -> None:
    bundle = denoiser(tmp_path)
    request = Request(bundle.hash, (8, 8), {}, seed=5, steps=10, sampler=sampler)
    frames = list(render(bundle, request, Sessions(threads=1)))
    assert [round(f.progress, 3) for f in frames] == [i / 10 for i in range(1, 11)]
    assert (np.abs(frames[-1].picture.astype(int) - 128) <= 1).all()
    assert frames[0].picture.std() < 2  # Already the first step predicts the clean picture.
    for wrong in ({"sampler": "none"}, {"steps": 0}, {"steps": 51}):
        asked: dict[str, Any] = {"sampler": sampler, "steps": 5, **wrong}
        with pytest.raises(UserError):
            list(render(bundle, Request(bundle.hash, (8, 8), {}, **asked), Sessions(threads=1)))


def test_values_that_are_no_numbers_are_never_shown(tmp_path: Path) -> None:
    nodes = [constant("zero", 0.0), helper.make_node("Div", ["source", "zero"], ["picture"])]
    bundle = Bundle.open(write(tmp_path / "nan.onnx", nodes, [Image("source")], [PICTURE]))
    with pytest.raises(UserError, match="no numbers"):
        last(bundle, {"source": np.zeros((8, 6, 3), np.uint8)})


def test_the_provider_that_really_runs_is_told() -> None:
    assert Sessions("cpu").provider.got == "cpu"
    asked = Sessions("cuda").provider
    assert asked.asked == "cuda"
    assert asked.got == "cuda" or asked.why
    with pytest.raises(UserError):
        Sessions("abacus")


# Strangers' files
# ----------------------------------------------------------------------------------


def good(path: Path) -> Path:
    nodes = [helper.make_node("Neg", ["source"], ["picture"])]
    return write(path, nodes, [Image("source")], [PICTURE])


@pytest.mark.parametrize(
    "content", [b"", b"hello, I am text\n" * 50, b"\x89PNG\r\n\x1a\n", b"\x08"]
)
def test_what_is_no_model_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "x.onnx"
    path.write_bytes(content)
    with pytest.raises(UserError):
        Bundle.open(path)


def test_a_truncated_model_is_refused(tmp_path: Path) -> None:
    whole = good(tmp_path / "x.onnx").read_bytes()
    for cut in range(1, len(whole), 7):
        (tmp_path / "y.onnx").write_bytes(whole[:cut])
        with pytest.raises(UserError):
            list(
                render(
                    bundle := Bundle.open(tmp_path / "y.onnx"),
                    Request(bundle.hash, (8, 8), {"source": np.zeros((8, 8, 3), np.uint8)}),
                    Sessions(threads=1),
                )
            )


@pytest.mark.parametrize("location", ["/etc/passwd", "../secret.bin", "weights.bin"])
def test_weights_outside_the_file_are_refused(location: str, tmp_path: Path) -> None:
    path = good(tmp_path / "x.onnx")
    model = onnx.load(str(path))
    weight = numpy_helper.from_array(np.zeros(4, np.float32), "w")
    weight.ClearField("raw_data")
    weight.data_location = TensorProto.EXTERNAL
    weight.external_data.add(key="location", value=location)
    model.graph.initializer.append(weight)
    path.write_bytes(model.SerializeToString())
    with pytest.raises(UserError, match="another file"):
        Bundle.open(path)


def test_operators_of_other_domains_are_refused_even_inside_a_branch(tmp_path: Path) -> None:
    other = helper.make_node("Evil", ["source"], ["picture"], domain="com.evil")
    path = write(
        tmp_path / "a.onnx",
        [other],
        [Image("source")],
        [PICTURE],
        opsets=[helper.make_opsetid("com.evil", 1)],
    )
    with pytest.raises(UserError, match=r"com\.evil\.Evil"):
        Bundle.open(path)
    inner = helper.make_graph(
        [helper.make_node("Evil", [], ["y"], domain="com.evil")],
        "inner",
        [],
        [helper.make_tensor_value_info("y", FLOAT, None)],
    )
    nodes = [
        constant("yes", True, np.bool_),
        helper.make_node("If", ["yes"], ["picture"], then_branch=inner, else_branch=inner),
    ]
    path = write(tmp_path / "b.onnx", nodes, [Image("source")], [PICTURE])
    with pytest.raises(UserError, match=r"com\.evil\.Evil"):
        Bundle.open(path)


def test_model_json_cannot_lead_out_of_its_folder(tmp_path: Path) -> None:
    good(tmp_path / "x.onnx")
    inside = tmp_path / "inside"
    inside.mkdir()
    good(inside / "x.onnx")
    folder(inside, "x")
    about = json.loads((inside / "model.json").read_text())
    for name in ("../x.onnx", str(tmp_path / "x.onnx"), "sub/x.onnx", "..", "x.txt", 5, None):
        about["graphs"][0]["file"] = name
        (inside / "model.json").write_text(json.dumps(about))
        with pytest.raises(UserError, match="plain"):
            Bundle.open(inside)


@pytest.mark.parametrize(
    "spoil",
    [
        {"format": 2},
        {"format": "1"},
        {"graphs": []},
        {"graphs": {}},
        {"graphs": [5]},
    ],
)
def test_a_spoiled_model_json_is_refused(spoil: dict[str, Any], tmp_path: Path) -> None:
    good(tmp_path / "x.onnx")
    with pytest.raises(UserError):
        folder(tmp_path, "x", **spoil)
    for text in ("", "{", "[]", "null", "[" * 100_000):
        (tmp_path / "model.json").write_text(text)
        with pytest.raises(UserError):
            Bundle.open(tmp_path)


def test_a_file_that_was_changed_after_export_is_refused(tmp_path: Path) -> None:
    good(tmp_path / "x.onnx")
    folder(tmp_path, "x")
    write(
        tmp_path / "x.onnx",
        [helper.make_node("Abs", ["source"], ["picture"])],
        [Image("source")],
        [PICTURE],
    )
    with pytest.raises(UserError, match="not the file"):
        Bundle.open(tmp_path)


def test_the_runtime_never_imports_torch() -> None:
    code = "import sys, engines.runtime; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


# Requests
# ------------------------------------------------------------------------------------------


def test_a_request_survives_the_journey_through_text() -> None:
    rng = np.random.default_rng(0)
    values = {
        "layout": rng.integers(0, 5, (7, 9), np.uint8),
        "photo": rng.integers(0, 256, (7, 9, 3), np.uint8),
        "mask": rng.random((7, 9)) < 0.5,
        "style": rng.standard_normal(4).astype(np.float32),
        "looks": Regional(np.eye(2, 3, dtype=np.float32), rng.integers(0, 2, (7, 9), np.uint8)),
        "attributes": {"fog": 0.25},
        "level": 3,
        "text": "a quiet lake",
    }
    request = Request("abc", (7, 9), values, seed=2**40, steps=7, guidance=1.5)
    again = Request.from_json(request.to_json())
    assert again.key == request.key
    assert again.to_json() == request.to_json()
    np.testing.assert_array_equal(again.values["mask"], values["mask"])
    np.testing.assert_array_equal(again.values["photo"], values["photo"])
    assert Request("abc", (7, 9), {**values, "level": 4}).key != request.key


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", '{"size": [1]}', '{"model": 1, "size": [4, 4], "values": {"a": []}}']
)
def test_a_spoiled_request_is_refused(text: str) -> None:
    with pytest.raises(UserError):
        Request.from_json(text)


def test_attributes_reach_the_graph_by_name(tmp_path: Path) -> None:
    sliders = Attributes("attributes", names=("fog", "snow", "rain"))
    nodes = [
        constant("where", [2, 3], np.int64),
        helper.make_node("Unsqueeze", ["attributes", "where"], ["spread"]),
        constant("zero", 0.0),
        helper.make_node("Mul", ["source", "zero"], ["nothing"]),
        helper.make_node("Add", ["spread", "nothing"], ["picture"]),
    ]
    bundle = Bundle.open(write(tmp_path / "x.onnx", nodes, [sliders, Image("source")], [PICTURE]))
    black = np.zeros((8, 6, 3), np.uint8)
    picture = last(bundle, {"attributes": {"snow": 0.0, "rain": 1.0}, "source": black})
    assert picture[0, 0].tolist() == [0, 128, 255]  # Fog was not said: -1.
    with pytest.raises(UserError, match="no attribute 'mist'"):
        last(bundle, {"attributes": {"mist": 1.0}, "source": black})
    with pytest.raises(UserError, match="between 0 and 1"):
        last(bundle, {"attributes": {"fog": 1.5}, "source": black})


# Trials
# --------------------------------------------------------------------------------------------


def test_a_strangers_model_is_tried_once_in_a_child(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    path = good(tmp_path / "x.onnx")
    assert find_model(str(path)).name == "x"
    trusted = json.loads((tmp_path / "data" / "pentimento" / "trusted.json").read_text())
    assert trusted == [Bundle.open(path).hash]
    monkeypatch.setattr(
        "engines.runtime.trial.subprocess.run", None
    )  # It would fail if tried again.
    assert find_model(str(path)).name == "x"


def test_a_model_that_hangs_or_starves_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    slow_model(tmp_path)
    monkeypatch.setattr("engines.runtime.trial.SECONDS", 4)
    with pytest.raises(UserError, match="over 4 seconds"):
        find_model(str(tmp_path / "slow.onnx"))
    huge = [
        constant("shape", [60_000, 60_000, 8], np.int64),
        helper.make_node("ConstantOfShape", ["shape"], ["big"]),
        helper.make_node("ReduceSum", ["big"], ["sum"], keepdims=0),
        helper.make_node("Add", ["source", "sum"], ["picture"]),
    ]
    write(tmp_path / "huge.onnx", huge, [Image("source")], [PICTURE])
    monkeypatch.setattr("engines.runtime.trial.SECONDS", 60)
    with pytest.raises(UserError, match="huge"):
        find_model(str(tmp_path / "huge.onnx"))
    assert not (tmp_path / "data" / "pentimento" / "trusted.json").exists()
