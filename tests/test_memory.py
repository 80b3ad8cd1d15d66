"""Training in less memory: parts, activations calculated twice, the ladder, and the forecast."""

import json
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from engines import footprint, memory
from engines.data.sets import open_data
from engines.errors import UserError
from engines.feed import Feed
from engines.networks.dcgan import Critic
from engines.networks.spade import SpadeBlock
from engines.orders import Order
from engines.recipe import recipe_type
from engines.recompute import plain, recompute
from engines.trainer import Trainer
from engines.ways import HALVINGS, Way, Ways, rung
from tests.resuming import registered

CPU = torch.device("cpu")
FIRST = Way(0, 1, "float32", False, "cpu", 1.0)
CONFIG = {"device": "cpu", "precision": "float32", "seed": 0}


@pytest.fixture(scope="module", autouse=True)
def _replay_recipe() -> Iterator[None]:
    with registered():
        yield


def trained(
    name: str, vistas: Path, way: Way, steps: int, **settings: Any
) -> tuple[list[dict[str, float]], dict[str, Tensor]]:
    """Losses of some steps in a way, and the state afterwards."""
    kind = recipe_type(name)
    given = {**kind.presets.get("tiny", {}), "steps": 20, **settings}
    size = kind.settings_type(**given).size
    data = open_data(vistas, kind.kind, (size, size))
    with torch.random.fork_rng():
        torch.manual_seed(0)
        recipe = kind(data.spec, **given)
    trainer = Trainer(recipe, CONFIG, way)
    feed = Feed(data, range(trainer.rows), 0, CPU)
    losses = [trainer.advance(feed(step)) for step in range(steps)]
    feed.close()
    return losses, trainer.tensors()


# Parts --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["ddpm", "wgan_gp"])
def test_parts_make_the_same_step(name: str, vistas: Path) -> None:
    settings: dict[str, Any] = {"batch": 4}
    whole, state = trained(name, vistas, FIRST, 4, **settings)
    parts, other = trained(name, vistas, replace(FIRST, parts=2), 4, **settings)
    for one, two in zip(whole, parts, strict=True):
        # Batch norm in the generator of wgan_gp sees the rows of a part alone.
        assert two == pytest.approx(one, rel=1e-4 if name == "ddpm" else 0.5)
    if name == "ddpm":
        worst = max(float((state[k] - other[k]).abs().max()) for k in state if "nets" in k)
        assert worst < 2e-4  # Adam's first steps are as long for the smallest gradient.


@pytest.mark.parametrize("name", ["spade", "pix2pix"])
def test_what_a_phase_hands_on_goes_to_the_same_rows(name: str, vistas: Path) -> None:
    rows = 8 if name == "spade" else 2
    losses, _ = trained(name, vistas, replace(FIRST, parts=2), 1, batch=rows)
    whole, _ = trained(name, vistas, FIRST, 1, batch=rows)
    # Of other rows than its own, a critic would see other layouts beside the pictures.
    assert losses[0]["critic"] == pytest.approx(whole[0]["critic"], rel=0.05)
    assert losses[0].keys() == whole[0].keys()


# Calculated twice ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["replay", "spade", "pix2pix", "wgan_gp", "ddpm"])
def test_recomputed_steps_are_the_same_to_the_last_bit(name: str, vistas: Path) -> None:
    whole, state = trained(name, vistas, FIRST, 2)
    again, other = trained(name, vistas, replace(FIRST, recomputed=True), 2)
    assert again == whole
    assert state.keys() == other.keys()
    assert [k for k in state if not torch.equal(state[k], other[k])] == []


def test_what_is_recomputed_keeps_less() -> None:
    def kept(change: Callable[[nn.ModuleDict], None]) -> int:
        torch.manual_seed(0)
        nets = nn.ModuleDict({"critic": Critic(3, 16, 3)})
        change(nets)
        sizes: list[int] = []
        pack = lambda t: sizes.append(t.nbytes) or t  # noqa: E731
        with torch.autograd.graph.saved_tensors_hooks(pack, lambda t: t):
            nets["critic"](torch.zeros(2, 3, 32, 32))
        return sum(sizes)

    assert kept(recompute) < kept(lambda nets: None) / 2


def test_running_statistics_move_once() -> None:
    block = SpadeBlock(4, 8, 3, 8)
    nets = nn.ModuleDict({"net": nn.ModuleList([block])})
    recompute(nets)
    before = {k: v.clone() for k, v in block.state_dict().items()}
    x = torch.randn(2, 4, 8, 8, requires_grad=True)
    block(x, torch.randn(2, 3, 8, 8)).sum().backward()
    assert int(block.spade1.norm.num_batches_tracked) == 1
    vectors = [k for k in before if k.endswith("._u")]
    assert vectors
    plain(nets)
    assert "forward" not in vars(block)


# The ladder ---------------------------------------------------------------------------------------


def ladder(way: Way, rows: int, together: int, bfloat16: bool) -> list[str]:
    found = []
    while True:
        try:
            way, changed, sentence = rung(way, way.step, rows, together, bfloat16)
        except UserError:
            return found
        assert sentence
        assert rows % way.parts == 0
        assert way.parts == 1 or rows // way.parts % together == 0
        found.append(f"parts {way.parts}" if changed == "parts" else changed)


def test_the_ladder() -> None:
    cuda = replace(FIRST, device="cuda")
    assert ladder(FIRST, 8, 4, True) == ["parts 2", "precision", "recomputed"]
    expected = ["parts 2", "precision", "recomputed", "parts 3", "parts 6"]
    assert ladder(FIRST, 6, 1, True) == expected
    on_cpu = ["parts 2", "precision", "recomputed", "parts 4"]
    assert ladder(cuda, 4, 1, False) == [
        "parts 2",
        "recomputed",
        "parts 4",
        "device",
        *on_cpu[:1],
        "recomputed",
        "parts 4",
    ]
    assert ladder(FIRST, 1, 1, True) == ["precision", "recomputed"]
    assert ladder(FIRST, 6, 4, False) == ["recomputed"]


def test_ways_hold_from_their_step_on(tmp_path: Path) -> None:
    config = {"device": "cpu", "precision": "float32"}
    ways = Ways.read(tmp_path, config)
    assert ways.at(0) == FIRST
    slow, fine = replace(FIRST, step=8, rate=0.5), replace(FIRST, step=12, parts=2)
    ways = ways.then(slow).then(fine).without({"a": 5}).without({"a": 3, "b": 9})
    ways.write(tmp_path)
    again = Ways.read(tmp_path, config)
    assert again == ways
    assert [again.at(step) for step in (7, 8, 11, 12, 99)] == [FIRST, slow, slow, fine, fine]
    assert dict(again.left_out) == {"a": 3, "b": 9}
    assert again.then(replace(FIRST, step=8, rate=0.25)).at(99).rate == 0.25  # superseded


@pytest.mark.parametrize(
    "wrong",
    [{"step": -1}, {"parts": 0}, {"parts": True}, {"precision": "int8"}, {"rate": 0.0},
     {"rate": 2.0}, {"device": "cuda:1"}, {"recomputed": 1}, {"step": 2.0}],
)  # fmt: skip
def test_a_way_that_is_none(wrong: dict[str, Any], tmp_path: Path) -> None:
    values = {f.name: getattr(FIRST, f.name) for f in fields(FIRST)}
    text = json.dumps({"ways": [values | wrong], "left_out": {}})
    (tmp_path / "ways.json").write_text(text)
    with pytest.raises(UserError, match=r"ways\.json"):
        Ways.read(tmp_path, {})


def test_the_rate_is_halved_in_the_optimisers(vistas: Path) -> None:
    data = open_data(vistas, "image", (16, 16))
    kind = recipe_type("replay")
    rates = []
    for rate in (1.0, 0.5**HALVINGS):
        trainer = Trainer(kind(data.spec), CONFIG, replace(FIRST, rate=rate))
        rates.append([g["lr"] for o in trainer.optimizers.values() for g in o.param_groups])
    assert rates[1] == [lr * 0.5**HALVINGS for lr in rates[0]]


def test_what_says_that_there_is_no_memory() -> None:
    assert footprint.refused(MemoryError())
    assert footprint.refused(torch.OutOfMemoryError("CUDA out of memory."))
    assert footprint.refused(RuntimeError("DefaultCPUAllocator: can't allocate memory"))
    assert not footprint.refused(RuntimeError("shapes cannot be multiplied"))
    assert not footprint.refused(ValueError("out of memory"))


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="its limit is Linux's")
def test_a_real_lack_of_memory_is_survived(vistas: Path, tmp_path: Path) -> None:
    program = Path(__file__).with_name("hungry.py")
    words = [sys.executable, str(program), str(vistas), str(tmp_path / "run"), str(200_000_000)]
    said = subprocess.run(words, capture_output=True, text=True, check=True).stdout.split("\n")
    assert said[:3] == ["1", "2", "3"]
    assert said[3].startswith("['parts'")


def test_the_bound_is_what_there_is() -> None:
    before = resource.getrlimit(resource.RLIMIT_DATA)
    try:
        footprint.bound()
        now = resource.getrlimit(resource.RLIMIT_DATA)[0]
        assert now == resource.RLIM_INFINITY or now > 200_000_000
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, before)


# The forecast -------------------------------------------------------------------------------------


def test_the_count_is_of_what_is_alive() -> None:
    count = memory.Count()
    with count:
        a = torch.zeros(1000)
        b = a.view(10, 100).t() + 1
        del a
        c = b * 2
        del b, c
    assert count.most == 8000
    assert count.now == 0


def test_the_forecast_grows_with_the_rows(vistas: Path) -> None:
    kind = recipe_type("ddpm")
    data = open_data(vistas, kind.kind, (64, 64))
    found = []
    for batch in (4, 8):
        given = kind.presets["tiny"] | {"batch": batch, "size": 64, "levels": 3}
        found.append(memory.forecast(kind(data.spec, **given), data, FIRST, 0, (16, 24, 32)))
    one, two = found
    assert one.networks == two.networks
    assert two.step == pytest.approx(2 * one.step, rel=0.1)
    half = memory.forecast(kind(data.spec, **given), data, replace(FIRST, parts=2), 0, (16, 24, 32))
    assert half.step < 0.65 * two.step
    assert found[0].pictures == len(data) * 64 * 64 * 3
    exact = memory.forecast(kind(data.spec, **given), data, FIRST, 0, ())
    assert two.step == pytest.approx(exact.step, rel=0.15)


def test_the_answer_is_one_line(vistas: Path, tmp_path: Path, capsys: Any) -> None:
    tiny = dict(recipe_type("wgan_gp").presets["tiny"])
    Order("wgan_gp", str(vistas), "A", tiny, device="cpu").write(tmp_path)
    assert memory.main(tmp_path / "order.json") == 0
    said = json.loads(capsys.readouterr().out)
    assert said["needs"] == sum(said["parts"].values())
    assert (said["device"], said["advice"]) == ("cpu", "")
    assert said["has"] > 0
    Order("wgan_gp", str(tmp_path / "nowhere"), "A", tiny).write(tmp_path)
    assert memory.main(tmp_path / "order.json") == 1
    assert "nowhere" in json.loads(capsys.readouterr().out)["error"]


def test_what_is_too_much_is_said_with_what_would_be_done(
    vistas: Path, tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny = {**recipe_type("ddpm").presets["tiny"], "batch": 16}
    Order("ddpm", str(vistas), "A", tiny, device="cpu").write(tmp_path)
    memory.main(tmp_path / "order.json")
    needs = json.loads(capsys.readouterr().out)["needs"]
    for has, expected in ((needs - 100, "8 at a time"), (1000, "choose smaller")):
        monkeypatch.setattr(footprint, "room", lambda device, has=has: has)
        monkeypatch.setattr(memory, "_resident", lambda: 0)
        if has > 1000:
            monkeypatch.setattr(footprint, "room", lambda device: 0)
            memory.main(tmp_path / "order.json")
            much = json.loads(capsys.readouterr().out)["needs"] - 100
            monkeypatch.setattr(footprint, "room", lambda device, much=much: much)
        memory.main(tmp_path / "order.json")
        assert expected in json.loads(capsys.readouterr().out)["advice"]
