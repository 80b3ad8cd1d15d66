"""Broken inputs through the command line: one sentence, exit code 2, nothing half-written."""

import json
import resource
import shutil
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper
from PIL import Image as Pillow

from engines.cli import main
from engines.ports import Attributes, Image, Layout, Port

CLASSES, COLORS = ("sky", "sea", "land"), ("#80c0ff", "#1450c8", "#609040")
LIMITS = {"multiple": 8, "minimum": 16, "maximum": 512}


def model(path: Path, *inputs: Port, outside: str = "") -> Path:
    """An ONNX file with our description whose picture is the layout's ids in grey, plus one weight.

    `outside`: where the weight lies when it lies in another file.
    """
    weight = numpy_helper.from_array(np.full((1, 3, 1, 1), -1, np.float32), "weight")
    if outside:
        weight.ClearField("raw_data")
        weight.data_location = TensorProto.EXTERNAL
        weight.external_data.add(key="location", value=outside)
    nodes = [
        helper.make_node("Cast", ["layout"], ["float"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["float", "axes"], ["one"]),
        helper.make_node("Add", ["one", "weight"], ["picture"]),
    ]
    kinds = {"uint8": TensorProto.UINT8, "float32": TensorProto.FLOAT}
    picture = Image("picture", "Picture", **LIMITS)
    values = [
        helper.make_tensor_value_info(a.name, kinds[a.dtype], list(map(str, a.axes)))
        for port in inputs
        for a in port.tensors()
    ]
    result = helper.make_tensor_value_info("picture", TensorProto.FLOAT, ["batch", 3, "h", "w"])
    axes = numpy_helper.from_array(np.array([1], np.int64), "axes")
    graph = helper.make_graph(nodes, "paint", values, [result], [weight, axes])
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    about = {
        "name": "paint",
        "label": "Paint",
        "inputs": [p.to_json() for p in inputs],
        "outputs": [picture.to_json()],
        "licence": "CC0",
    }
    helper.set_model_props(made, {"pentimento": json.dumps(about)})
    path.write_bytes(made.SerializeToString())
    return path


LAYOUT = Layout("layout", "Layout", **LIMITS, classes=CLASSES, colors=COLORS)
SLIDERS = Attributes("attributes", "Attributes", names=("fog", "snow"))


@pytest.fixture
def painter(tmp_path: Path) -> Path:
    return model(tmp_path / "paint.onnx", LAYOUT, SLIDERS)


def layout(path: Path, ids: np.ndarray) -> Path:
    Pillow.fromarray(ids.astype(np.uint8)).save(path)
    return path


@pytest.fixture
def good(tmp_path: Path) -> Path:
    return layout(tmp_path / "good.png", np.arange(64 * 48).reshape(48, 64) % 3)


def refused(capsys: pytest.CaptureFixture[str], *words: object, about: str) -> None:
    """The words are refused: exit code 2 and one sentence on stderr that speaks of `about`."""
    capsys.readouterr()
    assert main([str(word) for word in words]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    sentences = [line for line in err.splitlines() if line.strip()]
    assert len(sentences) == 1, err
    assert sentences[0].endswith(".")
    assert about in sentences[0], err
    assert "Traceback" not in err
    assert "Error" not in err


def listing(folder: Path) -> dict[str, int]:
    return {str(p.relative_to(folder)): p.stat().st_size for p in sorted(folder.rglob("*"))}


def bomb(path: Path, side: int = 30_000) -> Path:
    """A grey PNG whose header is true and whose pixels are all there, in a few kilobytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    # A flushed block stands for itself, so that one makes them all; the check of so many zeros is
    # known without adding them up.
    squeeze = zlib.compressobj(9)
    block = squeeze.compress(bytes((side + 1) * side // 100)) + squeeze.flush(zlib.Z_FULL_FLUSH)
    adler = (side * (side + 1) % 65521) << 16 | 1
    rows = block + 99 * block[2:] + b"\x03\x00" + struct.pack(">I", adler)
    assert side % 100 == 0
    head = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    parts = [chunk(b"IHDR", head), chunk(b"IDAT", rows), chunk(b"IEND", b"")]
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(parts))
    return path


# Layouts and pictures ------------------------------------------------------------------------


def test_a_good_layout_is_rendered(
    painter: Path, good: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out" / "picture.png"
    assert main(["render", str(painter), "--in", f"layout={good}", "--out", str(out)]) == 0
    picture = np.asarray(Pillow.open(out))
    assert picture.shape == (48, 64, 3)
    assert sorted(np.unique(picture)) == [0, 128, 255]


def test_unknown_class_id(
    painter: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ids = np.zeros((48, 64))
    ids[5, 7] = 40
    bad, before = layout(tmp_path / "bad.png", ids), listing(tmp_path)
    out = tmp_path / "picture.png"
    refused(capsys, "render", painter, "--in", f"layout={bad}", "--out", out, about="class id 40")
    assert listing(tmp_path) == {**before, "bad.png": bad.stat().st_size}


@pytest.mark.parametrize("share", [0.0, 0.02, 0.3, 0.9])
def test_truncated_png(
    share: float, painter: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rng = np.random.default_rng(0)
    whole = layout(tmp_path / "cut.png", rng.integers(0, 3, (256, 256))).read_bytes()
    (tmp_path / "cut.png").write_bytes(whole[: int(len(whole) * share)])
    out = tmp_path / "picture.png"
    before = listing(tmp_path)
    words = ("--in", f"layout={tmp_path / 'cut.png'}", "--out", out)
    refused(capsys, "render", painter, *words, about="cut.png")
    assert listing(tmp_path) == before


def test_a_bomb_is_refused_before_it_is_decoded(
    painter: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    large = bomb(tmp_path / "bomb.png")
    assert large.stat().st_size < 2_000_000
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    out = tmp_path / "picture.png"
    refused(
        capsys, "render", painter, "--in", f"layout={large}", "--out", out, about="30000 x 30000"
    )
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - used < 200_000  # kilobytes
    assert not out.exists()


def test_missing_file_and_folder_in_its_place(
    painter: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "picture.png"
    words = ("--out", out, "--in")
    refused(capsys, "render", painter, *words, f"layout={tmp_path / 'no.png'}", about="no.png")
    refused(capsys, "render", painter, *words, "layuot=1", about="'layuot'")
    refused(capsys, "render", painter, *words, "fog=2", "--in", "layout=1", about="1")
    refused(capsys, "render", painter, "--out", out, about="layout")
    (tmp_path / "empty").mkdir()
    refused(capsys, "render", painter, *words, f"layout={tmp_path / 'empty'}", about="no pictures")
    assert not out.exists()


# Models --------------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", ["inspect", "render"])
def test_text_named_onnx(
    verb: str, good: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fake, out = tmp_path / "fake.onnx", tmp_path / "picture.png"
    fake.write_text("This is a shopping list: cheese, bread, graphite.\n")
    more = ("--in", f"layout={good}", "--out", out) if verb == "render" else ()
    refused(capsys, verb, fake, *more, about="fake.onnx")
    assert not out.exists()


@pytest.mark.parametrize("where", ["../secret.bin", "secret.bin", "/etc/passwd"])
def test_external_data(
    where: str, good: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "secret.bin").write_bytes(bytes(12))
    inner = tmp_path / "inner"
    inner.mkdir()
    (inner / "secret.bin").write_bytes(bytes(12))
    outside, out = model(inner / "outside.onnx", LAYOUT, outside=where), tmp_path / "picture.png"
    refused(capsys, "inspect", outside, about="outside.onnx")
    refused(capsys, "render", outside, "--in", f"layout={good}", "--out", out, about="weights")
    assert not out.exists()


def test_unknown_model(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    refused(capsys, "inspect", "no-such-model", about="no-such-model")
    refused(capsys, "inspect", tmp_path, about="model.json")


# Data and settings ---------------------------------------------------------------------------


@pytest.fixture
def spoilt(vistas: Path, tmp_path: Path) -> Path:
    """A layout set with one bad mask."""
    folder = tmp_path / "spoilt"
    shutil.copytree(vistas, folder)
    mask = sorted((folder / "layouts").iterdir())[17]
    with Pillow.open(mask) as image:
        ids = np.asarray(image).copy()
    ids[3, 4] = 200
    layout(mask, ids)
    return folder


def test_one_bad_mask_is_named(spoilt: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "scan", str(spoilt), "--deep", "--json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert [p["file"] for p in report["problems"]] == ["layouts/00017.png"]
    assert "200" in report["problems"][0]["what"]


def test_one_bad_mask_stops_training_before_it_starts(
    spoilt: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    words = ("train", "spade", "--data", spoilt, "--out", run, "--preset", "tiny")
    refused(capsys, *words, about="layouts/00017.png")
    assert not run.exists()


@pytest.mark.parametrize(
    ("words", "about"),
    [
        (("--set", "widht=8"), "'widht'"),
        (("--set", "width=big"), "width"),
        (("--set", "width=-3"), "width"),
        (("--set", "width"), "name=value"),
        (("--preset", "tinny"), "'tinny'"),
        (("--steps", "many"), "many"),
        (("--device", "tpu"), "tpu"),
    ],
)
def test_misspelt_settings(
    words: tuple[str, ...],
    about: str,
    vistas: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    run = tmp_path / "run"
    refused(capsys, "train", "spade", "--data", vistas, "--out", run, *words, about=about)
    assert not run.exists()


def test_training_words_that_lead_nowhere(
    vistas: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    out = ("--out", run)
    refused(capsys, "train", "spadde", "--data", vistas, *out, about="'spadde'")
    refused(capsys, "train", "spade", "--data", tmp_path / "none", *out, about="none")
    refused(capsys, "train", "spade", *out, about="--data")
    refused(capsys, "train", "--resume", *out, about="run")
    refused(capsys, "export", run, "--out", tmp_path / "m", about="run")
    refused(capsys, "data", "scan", tmp_path / "none", about="none")
    assert not run.exists()
    assert list(tmp_path.iterdir()) == []


# Outputs -------------------------------------------------------------------------------------


def test_unwritable_output_is_refused_before_any_work(
    painter: Path, good: Path, vistas: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wall = tmp_path / "file"
    wall.write_text("I am a file, and nothing can be put under me.")
    before = listing(tmp_path)
    fine = ("--in", f"layout={good}")
    refused(capsys, "render", painter, *fine, "--out", wall / "a.png", about="a.png")
    # The place is looked at first: with a broken layout it is still the place that is refused.
    broken = ("--in", f"layout={tmp_path / 'none.png'}")
    refused(capsys, "render", painter, *broken, "--out", wall / "a.png", about="a.png")
    refused(capsys, "render", painter, *fine, "--out", tmp_path, about=str(tmp_path))
    refused(capsys, "render", painter, *fine, "--out", tmp_path / "a.jpg", about=".png")
    run = wall / "run"
    refused(capsys, "train", "spade", "--data", vistas, "--out", run, about="run")
    refused(capsys, "data", "make", "vista", "--count", 1, "--out", wall / "set", about="set")
    assert listing(tmp_path) == before
    assert wall.read_text().startswith("I am")


@pytest.mark.parametrize("there", [False, True])
def test_full_disk(there: bool, painter: Path, tmp_path: Path) -> None:
    """A child that may write four kilobytes a file stands in for a full disk."""
    rng = np.random.default_rng(0)
    noisy = layout(tmp_path / "noisy.png", rng.integers(0, 3, (512, 512)))
    out = tmp_path / "picture.png"
    if there:
        out.write_bytes(b"what was there")
    before = listing(tmp_path)
    code = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096));"
        "from engines.cli import main; sys.exit(main(sys.argv[1:]))"
    )
    words = ["render", painter, "--in", f"layout={noisy}", "--out", out]
    child = subprocess.run(
        [sys.executable, "-B", "-c", code, *map(str, words)], capture_output=True, text=True
    )
    assert child.returncode == 2, child.stderr
    assert "picture.png" in child.stderr
    assert len(child.stderr.strip().splitlines()) == 1
    assert listing(tmp_path) == before
    assert not there or out.read_bytes() == b"what was there"


def test_a_command_that_makes_no_sense(capsys: pytest.CaptureFixture[str]) -> None:
    refused(capsys, "pain", about="pain")
    refused(capsys, "render", about="required")
    refused(capsys, "data", "make", "vista", "--count", "-1", "--out", "x", about="count")
