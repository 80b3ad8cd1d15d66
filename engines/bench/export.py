"""What a brush stroke costs: the exported generator against the same one in eager PyTorch."""

import copy
import itertools
import multiprocessing
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, leaky_relu, relu
from torch.nn.utils import parametrize

from engines.bench import Comparison, alternate, bench
from engines.bench._learnt import learnt
from engines.bench._machine import alternate_blocks, tell, threads
from engines.networks.layers import one_hot
from engines.ports import Array
from engines.proof import ParityError
from engines.recovery import load_latest
from engines.runs import Run
from engines.runtime.bundle import Bundle, GraphFile
from engines.runtime.sessions import Sessions
from engines.trainer import Trainer, build_recipe
from engines.worlds import vista

WANTED = 2.0
FORMATS = {"contiguous": torch.contiguous_format, "channels last": torch.channels_last}


@dataclass(frozen=True)
class Effort:
    """How large and how long: side in pixels, our settings, the reference's classes and channels,
    rounds, and calls of our generator a round.
    """

    side: int
    settings: dict[str, Any]
    reference: tuple[int, int]
    rounds: int
    calls: int


# The reference as for COCO-Stuff's 182 classes: the paper counts 96 M parameters (table 4).
FULL = Effort(256, {"early": 0.0, "size": 256, "batch": 2}, reference=(182, 64), rounds=7, calls=5)
QUICK = Effort(
    128,
    {"early": 0.0, "size": 128, "batch": 2, "width": 16, "critic": 8},
    reference=(13, 4),
    rounds=3,
    calls=2,
)


class ReferenceBlock(nn.Module):
    """The paper's residual block (Park 2019, arXiv:1903.07291, appendix A), norms folded."""

    def __init__(self, classes: int, hidden: int, inputs: int, outputs: int) -> None:
        super().__init__()
        inner = min(inputs, outputs)
        self.spades = nn.ModuleList(ReferenceSpade(classes, hidden, c) for c in (inputs, inner))
        self.convolutions = nn.ModuleList(
            nn.Conv2d(a, b, 3, padding=1) for a, b in ((inputs, inner), (inner, outputs))
        )
        self.shortcut: nn.ModuleList | None = None
        if inputs != outputs:
            shortcut = nn.Conv2d(inputs, outputs, 1, bias=False)
            self.shortcut = nn.ModuleList([ReferenceSpade(classes, hidden, inputs), shortcut])

    def forward(self, x: Tensor, layout: Tensor) -> Tensor:
        y = x
        for spade, convolution in zip(self.spades, self.convolutions, strict=True):
            y = convolution(leaky_relu(spade(y, layout), 0.2))
        if self.shortcut is not None:
            spade, convolution = self.shortcut
            x = convolution(spade(x, layout))
        return x + y


class ReferenceSpade(nn.Module):
    """The paper's normalisation: hidden channels (128 there), read by 3 x 3 convolutions."""

    def __init__(self, classes: int, hidden: int, channels: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(channels, affine=False)
        self.shared = nn.Conv2d(classes, hidden, 3, padding=1)
        self.gamma = nn.Conv2d(hidden, channels, 3, padding=1)
        self.beta = nn.Conv2d(hidden, channels, 3, padding=1)

    def forward(self, x: Tensor, layout: Tensor) -> Tensor:
        shared = relu(self.shared(interpolate(layout, x.shape[2:], mode="nearest")))
        result: Tensor = self.norm(x) * (1 + self.gamma(shared)) + self.beta(shared)
        return result


class ReferenceGenerator(nn.Module):
    """The paper's generator with `width` channels in its last block, where it has 64;
    layout ids (N, H, W) -> a picture (N, 3, H, W). It starts from the layout, as the authors'
    does where no style picture is given.
    """

    def __init__(self, classes: int, width: int) -> None:
        super().__init__()
        self.classes = classes
        widths = [width * factor for factor in (16, 16, 16, 16, 8, 4, 2, 1)]
        self.start = nn.Conv2d(classes, widths[0], 3, padding=1)
        self.blocks = nn.ModuleList(
            ReferenceBlock(classes, 2 * width, a, b) for a, b in itertools.pairwise(widths)
        )
        self.picture = nn.Conv2d(width, 3, 3, padding=1)

    def forward(self, ids: Tensor) -> Tensor:
        layout = one_hot(ids, self.classes)
        coarsest = [side >> len(self.blocks) - 1 for side in ids.shape[1:]]
        x = self.start(interpolate(layout, coarsest, mode="nearest"))
        for number, block in enumerate(self.blocks):
            if number:
                x = interpolate(x, scale_factor=2.0, mode="nearest")
            x = block(x, layout)
        return torch.tanh(self.picture(leaky_relu(x, 0.2)))


@bench(id="export", statement="ONNX Runtime paints at least twice as fast as eager PyTorch.")
def export(quick: bool) -> Iterator[Comparison]:
    """The shipped model's shape on one thread and on all; then beside the paper's generator."""
    effort, many = QUICK if quick else FULL, torch.get_num_threads()
    tell()
    with tempfile.TemporaryDirectory(prefix="pentimento-") as place:
        stroke = Stroke(Path(place), effort)
        for count in sorted({1, many}):
            yield stroke.against_eager(count, 0.0 if quick else WANTED)
        yield from stroke.beside_reference(many)


def prepare(place: Path, effort: Effort) -> None:
    """A model, and what it learned from."""
    vista.make(place / "data", 2, (effort.side, effort.side), seed=0)
    learnt(place, "spade", effort.settings)


class Stroke:
    """A generator trained for one step and exported, and the inputs of one picture."""

    def __init__(self, place: Path, effort: Effort) -> None:
        self.effort, size = effort, (effort.side, effort.side)
        # A trainer keeps its memory, which would help eager PyTorch here as nobody's does.
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as trainers:
            trainers.submit(prepare, place, effort).result()
        run = Run.open(place / "run")
        trainer = Trainer(build_recipe(run), run.config)
        load_latest(run, trainer)
        self.exported = Bundle.open(place / "model").target
        graphs = {graph.name: graph for graph in trainer.recipe.graphs(trainer.average)}
        self.module = as_exported(graphs[self.exported.name].module)
        self.inputs: dict[str, Array] = {}
        for port in self.exported.inputs:
            self.inputs |= port.sample(np.random.default_rng(1), 1, size)

    def against_eager(self, count: int, wanted: float) -> Comparison:
        """Ours in ONNX Runtime and in eager PyTorch, on so many threads each."""
        with threads(count):
            ours = self._runtime(count)
            form, theirs = quickest_eager(self.module, [*self.inputs.values()])
            check_same(self.exported, theirs(), ours())
            peer, calls = f"eager PyTorch ({form})", self.effort.calls
            work = {"ONNX Runtime": (ours, calls), peer: (theirs, calls)}
            times = alternate_blocks(work, self.effort.rounds)
        what = f"{self._what(self.module)}, threads {count}"
        return Comparison(what, "ONNX Runtime", peer, times, wanted)

    def beside_reference(self, count: int) -> Iterator[Comparison]:
        """The paper's generator in eager PyTorch beside ours, in ONNX Runtime and eager too."""
        reference = ReferenceGenerator(*self.effort.reference).eval()
        with threads(count):
            _, ours = quickest_eager(self.module, [*self.inputs.values()])
            form, theirs = quickest_eager(reference, [self.inputs["layout"]])
            peer = f"the paper's generator, eager PyTorch ({form})"
            work = {
                "ours in ONNX Runtime": (self._runtime(count), self.effort.calls),
                "ours in eager PyTorch": (ours, self.effort.calls),
                peer: (theirs, 1),
            }
            times = alternate_blocks(work, self.effort.rounds)
        what = f"{self._what(self.module)}; the paper's has {millions(reference)}; threads {count}"
        for name in ("ours in ONNX Runtime", "ours in eager PyTorch"):
            yield Comparison(what, name, peer, times)

    def _runtime(self, count: int) -> Callable[[], Array]:
        sessions, graph = Sessions("cpu", count), self.exported
        return lambda: sessions.run(graph.path, graph.sha256, self.inputs)[0]

    def _what(self, module: nn.Module) -> str:
        side = self.effort.side
        return f"SPADE generator of {millions(module)}, {side} x {side}, batch 1"


def as_exported(module: nn.Module) -> nn.Module:
    """The module itself, changed as the exporter changes it: spectral norm is folded into the
    weights, and those of matrices and kernels are rounded to float16. So neither side computes
    what the other does not. Copies made before are spoilt, since they share its class.
    """
    module.eval().requires_grad_(False)
    for part in list(module.modules()):
        if parametrize.is_parametrized(part):
            parametrize.remove_parametrizations(part, "weight")
    for tensor in module.parameters():
        if tensor.ndim >= 2:
            tensor.copy_(tensor.half().float())
    return module


def quickest_eager(module: nn.Module, arrays: list[Array]) -> tuple[str, Callable[[], Array]]:
    """A call of the module in float32 without autograd, in the memory format that suits it best
    here; the format comes first.
    """
    tensors = [torch.from_numpy(array) for array in arrays]

    def call(form: torch.memory_format) -> Callable[[], Array]:
        copied = copy.deepcopy(module).to(memory_format=form)

        def run() -> Array:
            with torch.inference_mode():
                picture: Tensor = copied(*tensors)
                return picture.numpy()

        return run

    calls = {name: call(form) for name, form in FORMATS.items()}
    trial = alternate(calls, rounds=3)
    name = min(calls, key=trial.median)
    return name, calls[name]


def check_same(graph: GraphFile, expected: Array, actual: Array) -> None:
    """ParityError unless both sides made the same picture, by the measure of the export's proof."""
    if not graph.outputs[0].close(expected, actual):
        raise ParityError(
            f"The graph {graph.name} does not give PyTorch's picture, so its time says nothing; "
            "export it again."
        )


def millions(module: nn.Module) -> str:
    """How many parameters a network has, in words."""
    return f"{sum(p.numel() for p in module.parameters()) / 1e6:.3g} M parameters"
