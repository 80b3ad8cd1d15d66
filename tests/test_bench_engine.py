"""The benchmarks of the engine: well-formed rows, and peers that do the same work."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

from engines import bench
from engines.bench import Comparison, _machine
from engines.bench.export import (
    FULL,
    ReferenceGenerator,
    as_exported,
    check_same,
    quickest_eager,
)
from engines.bench.train import QUICK, PlainLoop, contiguous, ours, plain
from engines.ports import Image
from engines.proof import ParityError
from engines.recipe import recipe_type
from engines.runtime.bundle import GraphFile
from engines.train import StepReport, new_run
from engines.trainer import Trainer, build_recipe


def rows(name: str, capsys: pytest.CaptureFixture[str]) -> list[Comparison]:
    before = torch.get_num_threads()
    found = list(bench.compare(name, bench.known()[name], quick=True))
    assert torch.get_num_threads() == before
    said = capsys.readouterr().err
    assert torch.__version__ in said
    assert "ONNX Runtime" in said
    return found


def check(row: Comparison) -> None:
    """Times there, ratio from them, and nothing judged by a quick look."""
    ours, theirs = row.timings.seconds[row.name], row.timings.seconds[row.peer]
    assert len(ours) == len(theirs) >= 2
    assert min(*ours, *theirs) > 0
    assert row.to_json()["ratio"] == pytest.approx(np.median(np.divide(theirs, ours)))
    assert row.wanted == 0


@pytest.mark.slow  # A child that imports PyTorch, trains and exports.
def test_export_gives_rows(capsys: pytest.CaptureFixture[str]) -> None:
    found = rows("export", capsys)
    for row in found:
        check(row)
        assert "128 x 128" in row.what
    eager = [row for row in found if row.name == "ONNX Runtime"]
    counts = sorted({1, torch.get_num_threads()})
    assert [row.what.rpartition(" ")[2] for row in eager] == [str(count) for count in counts]
    assert all(row.peer.startswith("eager PyTorch (") for row in eager)
    beside = found[len(eager) :]
    assert [row.name for row in beside] == ["ours in ONNX Runtime", "ours in eager PyTorch"]
    assert all(row.peer.startswith("the paper's generator") for row in beside)


@pytest.mark.slow  # Four children that import PyTorch.
def test_train_gives_rows(capsys: pytest.CaptureFixture[str]) -> None:
    found = rows("train", capsys)
    assert [row.what.partition(",")[0] for row in found] == ["spade", "pix2pix"]
    for row in found:
        check(row)
        rate = 2 / row.timings.median(row.name)
        plain = 2 / row.timings.median(row.peer)
        assert f"{rate:.2f} against {plain:.2f} images/s" in row.what


@pytest.mark.parametrize("name", ["spade", "pix2pix"])
def test_the_plain_loop_trains_the_same(name: str, vistas: Path, tmp_path: Path) -> None:
    settings = dict(recipe_type(name).presets["tiny"])
    run = new_run(
        tmp_path / "run", name, str(vistas), settings, precision="float32", threads=1, validate=0
    )
    trainer = Trainer(build_recipe(run), run.config)
    theirs = PlainLoop(build_recipe(run), run.config["seed"])
    batch = _machine.first_batch(run, trainer.recipe)
    for _ in range(2):
        assert theirs.advance(contiguous(batch)) == pytest.approx(trainer.advance(batch), rel=1e-3)
    # Adam moves what has no gradient but rounding either way, so single weights may differ.
    pairs = zip(theirs.recipe.nets.parameters(), trainer.recipe.nets.parameters(), strict=True)
    apart = torch.cat([(a - b).detach().abs().flatten() for a, b in pairs])
    assert apart.mean() < 0.02 * theirs.phases[0].lr
    assert apart.max() < 1e-2


@pytest.mark.parametrize("name", QUICK.settings)
def test_both_loops_begin_alike(name: str, vistas: Path, tmp_path: Path) -> None:
    settings = QUICK.settings[name]
    run = new_run(
        tmp_path / "run", name, str(vistas), settings, precision="float32", threads=1, validate=0
    )
    report = next(iter(ours(run)))
    assert isinstance(report, StepReport)
    assert report.step == 1
    assert next(iter(plain(run))) == pytest.approx(report.losses, rel=1e-3)


def test_batches_of_the_plain_loop_are_contiguous(vistas: Path, tmp_path: Path) -> None:
    settings = dict(recipe_type("spade").presets["tiny"])
    run = new_run(tmp_path / "run", "spade", str(vistas), settings, precision="float32", threads=1)
    batch = _machine.first_batch(run, build_recipe(run))
    assert not batch.image.is_contiguous()  # type: ignore[union-attr]
    for field in dataclasses.fields(contiguous(batch)):
        assert getattr(contiguous(batch), field.name).is_contiguous()


def test_the_reference_has_the_papers_size_and_paints() -> None:
    with torch.device("meta"):
        whole = ReferenceGenerator(*FULL.reference)
    assert 95e6 < sum(p.numel() for p in whole.parameters()) < 99e6
    small = ReferenceGenerator(5, 2).eval()
    layout = torch.randint(0, 5, (1, 128, 64)).to(torch.uint8)
    with torch.no_grad():
        picture, other = small(layout), small(4 - layout)
    assert picture.shape == (1, 3, 128, 64)
    assert picture.abs().max() <= 1
    assert not torch.allclose(picture, other)


def test_eager_gives_the_modules_picture_in_every_format() -> None:
    module = nn.Conv2d(3, 4, 3).eval()
    x = np.random.default_rng(0).standard_normal((1, 3, 8, 8), np.float32)
    form, call = quickest_eager(module, [x])
    assert form in ("contiguous", "channels last")
    with torch.no_grad():
        expected = module(torch.from_numpy(x)).numpy()
    np.testing.assert_allclose(call(), expected, rtol=1e-4, atol=1e-5)


def test_weights_are_as_exported() -> None:
    convolution = nn.Conv2d(3, 4, 3)
    module = nn.Sequential(spectral_norm(convolution), nn.BatchNorm2d(4)).eval()
    wanted = convolution.weight.detach().clone()
    folded = as_exported(module)
    assert torch.equal(folded.get_parameter("0.weight"), wanted.half().float())
    assert set(folded.state_dict()) == {
        *("0.weight", "0.bias", "1.weight", "1.bias"),
        *("1.running_mean", "1.running_var", "1.num_batches_tracked"),
    }
    assert not torch.equal(wanted, wanted.half().float())


def test_other_pictures_are_not_timed() -> None:
    graph = GraphFile("paint", "", Path("paint.onnx"), "", (), (Image("picture"),))
    picture = np.random.default_rng(0).uniform(-1, 1, (1, 3, 8, 8)).astype(np.float32)
    check_same(graph, picture, picture + 1e-5)
    with pytest.raises(ParityError, match="its time says nothing"):
        check_same(graph, picture, picture + 0.1)


def test_blocks_give_seconds_a_call() -> None:
    calls: list[str] = []
    work = {"one": (lambda: calls.append("a"), 1), "five": (lambda: calls.append("b"), 5)}
    times = _machine.alternate_blocks(work, rounds=3, warmup=1)
    assert (calls.count("a"), calls.count("b")) == (4, 20)
    assert {name: len(values) for name, values in times.seconds.items()} == {"one": 3, "five": 3}


@pytest.mark.parametrize(
    ("flags", "found"),
    [
        ("fpu avx512f avx512_bf16 sse", "avx512_bf16"),
        ("avx512_bf16 amx_bf16", "amx_bf16"),
        ("fpu avx512f", ""),
    ],
)
def test_bfloat16_is_read_from_the_processors_flags(
    flags: str, found: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_machine, "_cpu", lambda: {"model name": "x", "flags": flags})
    assert _machine.bfloat16() == found
