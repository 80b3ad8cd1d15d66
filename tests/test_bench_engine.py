"""The benchmarks of the engine: well-formed rows, and peers that do the same work."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

from engines import bench
from engines.bench import Comparison, Share, Timings, _machine
from engines.bench.export import (
    FULL,
    ReferenceGenerator,
    as_exported,
    check_same,
    quickest_eager,
)
from engines.bench.style import PaperAdain
from engines.bench.train import (
    COPIES,
    PAINTED,
    QUICK,
    PlainLoop,
    contiguous,
    many_photos,
    ours,
    plain,
    turns,
    waited,
)
from engines.data.scan import scan
from engines.data.sets import open_data
from engines.ports import Image as ImagePort
from engines.proof import ParityError
from engines.recipe import registry
from engines.runs import Run
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


@pytest.mark.slow  # A child that imports PyTorch, trains and exports.
def test_style_gives_rows(capsys: pytest.CaptureFixture[str]) -> None:
    found = rows("style", capsys)
    for row in found:
        check(row)
    assert [row.name for row in found][-1] == "p95"
    assert found[0].what == "a style taken, 128 x 128"
    assert found[0].peer.startswith("the paper's networks, eager PyTorch (")


def test_the_paper_s_adain_is_a_mirror() -> None:
    network = PaperAdain().eval()
    picture = torch.rand(2, 3, 48, 40)
    with torch.no_grad():
        maps = network.encoder(picture)
        assert maps.shape == (2, 512, 6, 5)
        assert network(picture, maps).shape == picture.shape
    there = [m.weight.shape[:2] for m in network.encoder if isinstance(m, torch.nn.Conv2d)][1:]
    back = [m.weight.shape[:2] for m in network.decoder if isinstance(m, torch.nn.Conv2d)]
    assert [tuple(reversed(shape)) for shape in reversed(there)] == [tuple(s) for s in back]


@pytest.mark.slow  # Two children that import PyTorch, a recipe.
@pytest.mark.timeout(7200)
def test_train_gives_rows_for_every_recipe(capsys: pytest.CaptureFixture[str]) -> None:
    found = rows("train", capsys)
    speeds, waits = found[::2], found[1::2]
    assert [row.what.partition(",")[0] for row in speeds] == list(registry())
    for row in found:
        check(row)
    for row in speeds:
        batch = int(row.what.partition("batch ")[2].partition(",")[0])
        rate = batch / row.timings.median(row.name)
        plain = batch / row.timings.median(row.peer)
        assert f"{rate:.2f} against {plain:.2f} images/s" in row.what
    for speed, wait in zip(speeds, waits, strict=True):
        assert wait.what.partition(",")[0] == speed.what.partition(",")[0]
        assert "waiting for data takes" in wait.text()
        # What was waited is a part of the very time that training took.
        both = zip(*(wait.timings.seconds[name] for name in (wait.name, wait.peer)), strict=True)
        assert all(0 < waiting < training for waiting, training in both)


@pytest.fixture(params=[*registry()])
def tiny(request: pytest.FixtureRequest, vistas: Path, tmp_path: Path) -> Run:
    """A run of each recipe there is, with nothing done yet."""
    settings = QUICK.settings(request.param)
    return begin(tmp_path / "run", request.param, vistas, settings)


def begin(path: Path, name: str, folder: Path, settings: dict[str, Any]) -> Run:
    fixed = {"precision": "float32", "threads": 1, "validate": 0}
    return new_run(path, name, str(folder), settings, **fixed)


def test_the_plain_loop_trains_the_same(tiny: Run) -> None:
    trainer = Trainer(build_recipe(tiny), tiny.config)
    theirs = PlainLoop(build_recipe(tiny), tiny.config["seed"])
    batch = _machine.first_batch(tiny, trainer.recipe)
    for _ in range(turns(tiny) + 1):
        expected = theirs.advance(contiguous(batch, theirs.device))
        # A critic's last bias has no gradient but rounding, and moves by the rate either way.
        assert expected == pytest.approx(trainer.advance(batch), rel=1e-3, abs=1e-3)
    # Adam moves what has no gradient but rounding either way, so single weights may differ.
    pairs = zip(theirs.recipe.nets.parameters(), trainer.recipe.nets.parameters(), strict=True)
    apart = torch.cat([(a - b).detach().abs().flatten() for a, b in pairs])
    assert apart.mean() < 0.05 * theirs.phases[0].lr
    assert apart.max() < 1e-2
    rates = [g["lr"] for o in trainer.optimizers.values() for g in o.param_groups]
    assert rates == [g["lr"] for o in theirs.optimizers.values() for g in o.param_groups]


def test_both_loops_begin_alike(tiny: Run) -> None:
    report = next(iter(ours(tiny)))
    assert isinstance(report, StepReport)
    assert report.step == 1
    assert next(iter(plain(tiny))) == pytest.approx(report.losses, rel=1e-3, abs=1e-6)


def test_a_round_gives_every_phase_its_turn(vistas: Path, tmp_path: Path) -> None:
    settings = {**QUICK.settings("wgan_gp"), "turns": 3}
    run = begin(tmp_path / "run", "wgan_gp", vistas, settings)
    assert turns(run) == 3
    loop = PlainLoop(build_recipe(run), 0)
    batch = contiguous(_machine.first_batch(run, loop.recipe), loop.device)
    moved = ["generator" in loop.advance(batch) for _ in range(6)]
    assert moved == [True, False, False, True, False, False]


def test_waiting_is_counted_by_rounds_after_the_first(tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run", {})
    for step, wait in enumerate([9.0, 9.0, 1.0, 3.0, 5.0, 7.0, 100.0], 1):
        run.append({"kind": "step", "step": step, "losses": {}, "wait": wait})
    assert waited(run, steps=2, rounds=2) == (2.0, 6.0)


def test_photos_are_many_and_larger_than_what_is_learnt_from_them(tmp_path: Path) -> None:
    many_photos(tmp_path, 16)
    report = scan(tmp_path)
    assert report.problems == []
    assert sum(report.splits.values()) == PAINTED * COPIES
    assert report.splits["train"] > PAINTED * COPIES / 2
    with Image.open(next((tmp_path / "photos").iterdir())) as photo:
        assert photo.size == (32, 32)
    assert len(open_data(tmp_path, "labelled", (16, 16))) > PAINTED * COPIES / 2


def test_a_share_is_told_as_one() -> None:
    times = Timings({"waiting": (1.0, 1.0, 4.0), "training": (100.0, 50.0, 100.0)})
    share = Share("all", "waiting", "training", times, 20.0)
    assert share.text() == "all: waiting takes 2 % of training (1 to 4 %), wanted 5 %: met"
    assert not dataclasses.replace(share, wanted=51.0).met
    assert dataclasses.replace(share, wanted=0.0).text().endswith("(1 to 4 %)")


def test_batches_of_the_plain_loop_are_contiguous(vistas: Path, tmp_path: Path) -> None:
    run = begin(tmp_path / "run", "spade", vistas, QUICK.settings("spade"))
    batch = _machine.first_batch(run, build_recipe(run))
    assert not batch.image.is_contiguous()  # type: ignore[union-attr]
    plain = contiguous(batch, torch.device("cpu"))
    for field in dataclasses.fields(plain):
        assert getattr(plain, field.name).is_contiguous()


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
    graph = GraphFile("paint", "", Path("paint.onnx"), "", (), (ImagePort("picture"),))
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
