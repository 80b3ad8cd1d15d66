"""The command line from pictures to a picture, and how it ends."""

import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from engines import cli
from engines.cli import main
from engines.data.derive import derive
from engines.data.pictures import read_picture, write_picture
from engines.ports import Image
from engines.request import Request
from engines.runs import Run
from engines.runtime import places
from engines.runtime.bundle import Bundle
from engines.runtime.render import render as frames
from engines.runtime.sessions import Sessions

Said = pytest.CaptureFixture[str]


def run_cli(*words: object) -> int:
    return main([str(word) for word in words])


@pytest.fixture(scope="module")
def run(vistas: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny run, made and stopped half-way, then resumed, by the command line."""
    path = tmp_path_factory.mktemp("runs") / "run"
    words = ["--threads", "1", "--precision", "float32", "--validate-every", "0", "--seed", "7"]
    made = ["train", "spade", "--data", vistas, "--out", path, "--preset", "tiny", "--unchecked"]
    assert run_cli(*made, *words, "--set", "batch=4", "--steps", "2") == 0
    assert sorted(Run.open(path).losses()) == [1, 2]
    assert run_cli("train", "--resume", "--out", path, "--steps", "3") == 0
    return path


@pytest.fixture(scope="module")
def bundle(run: Path) -> Path:
    out = run.parent / "lakes"
    assert run_cli("export", run, "--out", out, "--title", "Lakes", "--licence", "CC0-1.0") == 0
    return out


# Training and export -------------------------------------------------------------------------


def test_a_run_is_what_the_words_said(run: Path, vistas: Path) -> None:
    config = Run.open(run).config
    assert config["recipe"] == "spade"
    assert config["data"] == str(vistas.resolve())
    said = {"batch": 4, "steps": 2, "size": 64}  # --set over --preset; --steps over both
    assert {name: config["settings"][name] for name in said} == said
    found = {name: config[name] for name in ("threads", "precision", "validate", "seed")}
    assert found == {"threads": 1, "precision": "float32", "validate": 0, "seed": 7}
    assert sorted(Run.open(run).losses()) == [1, 2, 3]
    assert not Run.open(run).busy


def test_what_a_run_is_made_of_cannot_change(run: Path, capsys: Said) -> None:
    for words in (("--seed", 1), ("--threads", 2), ("--set", "lr=1"), ("--preset", "quick")):
        assert run_cli("train", "--resume", "--out", run, *words) == 2
        assert words[0] in capsys.readouterr().err
    assert run_cli("train", "pix2pix", "--resume", "--out", run) == 2


def test_a_run_in_training_has_one_writer(run: Path, capsys: Said) -> None:
    with Run.open(run).writer():
        assert run_cli("train", "--resume", "--out", run, "--steps", 9) == 2
    assert "already training" in capsys.readouterr().err
    assert 9 not in Run.open(run).losses()


@pytest.mark.slow
def test_ctrl_c_keeps_a_checkpoint(vistas: Path, tmp_path: Path) -> None:
    path = tmp_path / "run"
    words = ["train", "wgan_gp", "--data", vistas, "--out", path, "--preset", "tiny", "--unchecked"]
    more = ["--steps", "1000000", "--threads", "1", "--precision", "float32"]
    child = subprocess.Popen(
        [sys.executable, "-m", "engines.cli", *map(str, words), *more],
        stderr=subprocess.PIPE,
        text=True,
    )
    assert child.stderr is not None
    for line in child.stderr:
        if line.startswith("step "):
            break
    child.send_signal(signal.SIGINT)
    rest = child.stderr.read()
    assert child.wait() == 130
    assert "Traceback" not in rest
    (checkpoint,) = Run.open(path).checkpoints()
    last = max(Run.open(path).losses())
    assert int(checkpoint.stem) == last
    assert f"at step {last}" in rest
    # The wish to stop is forgotten when the run goes on.
    assert run_cli("train", "--resume", "--out", path, "--steps", last + 1) == 0
    assert max(Run.open(path).losses()) == last + 1


# Listings ------------------------------------------------------------------------------------


def test_inspect_tells_ports_wires_proof_and_terms(bundle: Path, capsys: Said) -> None:
    assert run_cli("inspect", bundle, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["title"] == "Lakes"
    assert told["wires"] == ["encode.style -> generate.style"]
    assert told["passport"]["licence"] == "CC0-1.0"
    assert {g["graph"] for g in told["proof"]} == {"encode", "generate"}
    names = {p["name"] for g in told["graphs"] for p in g["inputs"]}
    assert names == {"photo", "layout", "noise", "style", "attributes"}
    assert run_cli("inspect", bundle) == 0
    text = capsys.readouterr().out
    assert all(word in text for word in ("Lakes", "photo", "fog", "wire", "CC0-1.0"))


def test_models_lists_what_is_installed(
    bundle: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: Said
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    (tmp_path / "pentimento" / "models").mkdir(parents=True)
    (tmp_path / "pentimento" / "models" / "lakes").symlink_to(bundle)
    assert run_cli("models", "--json") == 0
    found = {m["name"]: m for m in json.loads(capsys.readouterr().out)}
    assert found["lakes"]["title"] == "Lakes"
    assert run_cli("inspect", "lakes") == 0


def test_models_stand_in_the_order_that_their_home_names(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    home = tmp_path / "pentimento" / "models"
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    for name in ("a", "b", "c", "d"):
        (home / name).mkdir(parents=True)
        (home / name / "model.json").touch()
    assert [p.name for p in places.installed() if p.parent == home] == ["a", "b", "c", "d"]
    (home / "order.txt").write_text("c\nnone\nb\n")
    assert [p.name for p in places.installed() if p.parent == home] == ["c", "b", "a", "d"]


LISTINGS = (("--help",), ("train", "--help"), ("models",), ("recipes",), ("recipes", "spade"))
LISTINGS += (("claims", "--list"), ("bench", "--list"), ("recipes", "--json"))


def test_listings_and_help_need_no_torch() -> None:
    code = (
        "import sys; from engines.cli import main\n"
        f"for words in {LISTINGS!r}:\n"
        "    assert main(list(words)) == 0, words\n"
        "    assert 'torch' not in sys.modules, words\n"
        "    assert 'onnxruntime' not in sys.modules, words\n"
    )
    child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert child.returncode == 0, child.stderr
    assert child.stderr == ""


# Rendering -----------------------------------------------------------------------------------


def picture(path: Path) -> np.ndarray:
    return np.asarray(Pillow.open(path))


def render(bundle: Path, out: Path, *inputs: str, more: Sequence[object] = ()) -> int:
    words = [word for value in inputs for word in ("--in", value)]
    return run_cli("render", bundle, *words, *more, "--out", out)


def test_a_picture_carries_its_request_and_passport(
    bundle: Path, vistas: Path, tmp_path: Path
) -> None:
    layout, photo = vistas / "layouts" / "00000.png", vistas / "photos" / "00001.png"
    out = tmp_path / "a.png"
    values = (f"layout={layout}", f"photo={photo}", "fog=0.5", "attributes.snow=0.25")
    assert render(bundle, out, *values, more=("--size", "160x128", "--seed", 3)) == 0
    with Pillow.open(out) as image:
        assert image.size == (160, 128)
        request = Request.from_json(image.text["pentimento:request"])
        passport = json.loads(image.text["pentimento:passport"])
    assert request.seed == 3
    assert request.values["attributes"] == {"fog": 0.5, "snow": 0.25}
    assert passport["licence"] == "CC0-1.0"
    again = tmp_path / "b.png"
    assert render(bundle, again, *values, more=("--size", "160x128", "--seed", 3)) == 0
    assert again.read_bytes() == out.read_bytes()
    assert render(bundle, again, *values[:2], more=("--size", "160x128")) == 0
    assert (picture(again) != picture(out)).any()


def test_the_size_comes_from_the_layout_and_is_told(
    bundle: Path, tmp_path: Path, capsys: Said
) -> None:
    ids = np.zeros((200, 1500), np.uint8)
    Pillow.fromarray(ids).save(tmp_path / "wide.png")
    assert render(bundle, tmp_path / "a.png", f"layout={tmp_path / 'wide.png'}") == 0
    # 1024 is the most; 200 * 1024 / 1500 = 136.5 is nearest to 128.
    assert picture(tmp_path / "a.png").shape == (128, 1024, 3)
    assert "1024 x 128" in capsys.readouterr().err
    words = (f"layout={tmp_path / 'wide.png'}",)
    assert render(bundle, tmp_path / "b.png", *words, more=("--size", "100x128")) == 2
    assert not (tmp_path / "b.png").exists()


def test_a_folder_is_rendered_whole_and_its_failures_told(
    bundle: Path, vistas: Path, tmp_path: Path, capsys: Said
) -> None:
    folder, out = tmp_path / "layouts", tmp_path / "out"
    folder.mkdir()
    for name in ("00000", "00001"):
        (folder / f"{name}.png").write_bytes((vistas / "layouts" / f"{name}.png").read_bytes())
    assert render(bundle, out, f"layout={folder}", more=("--size", "128x128")) == 0
    assert sorted(p.name for p in out.iterdir()) == ["00000.png", "00001.png"]
    (folder / "00002.png").write_bytes(b"no picture")
    capsys.readouterr()
    assert render(bundle, out, f"layout={folder}", more=("--size", "128x128")) == 1
    assert "00002.png" in capsys.readouterr().err
    assert not (out / "00002.png").exists()


# How it ends ---------------------------------------------------------------------------------


def test_a_fault_of_ours_leaves_a_log_and_no_traceback(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: Said
) -> None:
    def broken() -> None:
        raise ZeroDivisionError("by nought")

    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr("engines.catalog.load_catalog", broken)
    assert run_cli("recipes") == 1
    err = capsys.readouterr().err
    assert len(err.strip().splitlines()) == 1
    assert "Traceback" not in err
    (log,) = tmp_path.rglob("*.txt")
    assert str(log) in err
    assert "by nought" in log.read_text()
    assert "Traceback" in log.read_text()


def test_a_reader_that_has_had_enough_is_no_fault() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    words = [sys.executable, "-m", "engines.cli", "recipes", "--json"]
    child = subprocess.run(words, stdout=writing, stderr=subprocess.PIPE, text=True)
    os.close(writing)
    assert child.returncode == 1
    assert child.stderr == ""


def test_every_verb_explains_itself(capsys: Said) -> None:
    assert main(["--help"]) == 0
    verbs = "models recipes inspect doctor data train export render demo claims bench measure"
    whole = capsys.readouterr().out
    for verb in verbs.split():
        assert verb in whole
        assert main([verb, "--help"]) == 0
        assert "usage" in capsys.readouterr().out
    assert cli.main([]) == 2


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (("recipes", "spad"), "'spade'"),
        (("train", "pix2px", "--data", "nowhere", "--out", "run"), "'pix2pix'"),
        (("train", "spade", "--data", ".", "--out", "run", "--set", "widht=16"), "'width'"),
    ],
)
def test_a_slip_of_the_pen_is_told_what_was_meant(
    words: Sequence[str], meant: str, capsys: Said, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run_cli(*words) == 2
    assert f"perhaps {meant} is meant." in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


# Pairs that are made of the pictures ----------------------------------------------------------


def test_a_model_of_lines_takes_photos_and_drawings(vistas: Path, tmp_path: Path) -> None:
    mends, path, model = tmp_path / "lines.json", tmp_path / "run", tmp_path / "model"
    assert run_cli("data", "mend", vistas, "--from", "edges", "--out", mends) == 0
    words = ["--preset", "tiny", "--threads", "1", "--precision", "float32", "--unchecked"]
    made = ["train", "pix2pix", "--data", vistas, "--mends", mends, "--out", path]
    assert run_cli(*made, *words, "--validate-every", "0", "--steps", "1") == 0
    assert run_cli("export", path, "--out", model) == 0
    [source] = Bundle.open(model).target.inputs
    assert isinstance(source, Image)
    assert source.derived == "edges"
    photo = next((vistas / "photos").iterdir())
    drawn = tmp_path / "drawn.png"
    write_picture(drawn, derive(read_picture(photo), "edges"))
    found = []
    for each in (photo, drawn):
        out = tmp_path / f"{each.stem}_out.png"
        assert run_cli("render", model, "--in", f"source={each}", "--out", out) == 0
        found.append(out.read_bytes())
        inside = tmp_path / f"{each.stem}_in"
        assert run_cli("convert", model, each, "--out", inside) == 0
        found += [path.read_bytes() for path in inside.glob("*.png")]
    assert len(found) == 4
    assert len(set(map(pixels_of, found))) == 1
    # Of what was not drawn something else would have come.
    plain = replace(
        Request(Bundle.open(model).hash, (64, 64)), values={"source": read_picture(photo)}
    )
    frame = list(frames(Bundle.open(model), plain, Sessions("cpu")))[-1]
    assert frame.picture.tobytes() != pixels_of(found[0])


def pixels_of(file: bytes) -> bytes:
    return np.asarray(Pillow.open(io.BytesIO(file)).convert("RGB")).tobytes()
