"""The proof that an ONNX graph does what its PyTorch module does."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from engines.errors import UserError
from engines.ports import Array, Image, Size, Spatial
from engines.recipe import Graph
from engines.runtime.bundle import sha256_of
from engines.runtime.sessions import Sessions
from engines.tracing import draw, step_of


class ParityError(UserError):
    """The exported graph does not do what PyTorch does, so nothing was published."""


@dataclass(frozen=True)
class GraphProof:
    """What was checked of one graph.

    `errors`: distance to PyTorch by "batch x height x width", in units of the port's tolerance,
    worst output; `moves`: mean change of the output when an input is drawn anew, over the output's
    deviation; `rounding`: what the stored form of the weights changed, in the units of `errors`;
    `halo`: what tiles must overlap by, in pixels; None where the picture cannot be tiled.
    """

    graph: str
    errors: dict[str, float]
    moves: dict[str, float]
    rounding: float
    halo: int | None
    bytes: int


@dataclass(frozen=True)
class Proof:
    """The proofs of all graphs of a bundle."""

    graphs: tuple[GraphProof, ...]
    remark: str = ""  # what became of the 8-bit weights that were asked for

    def text(self) -> str:
        """A line a graph."""
        lines = []
        for g in self.graphs:
            worst = max(g.errors.values())
            least = min(g.moves.items(), key=lambda item: item[1], default=("none", math.nan))
            lines.append(
                f"{g.graph}: {len(g.errors)} sizes within {worst:.3g} of the tolerance; the input "
                f"that moves it least is {least[0]} ({least[1]:.1%} of the deviation); "
                f"{g.bytes / 1e6:.1f} MB"
            )
        return "\n".join([*lines, *([self.remark] if self.remark else [])])


def prove(
    graph: Graph, module: nn.Module, exact: nn.Module, path: Path, sizes: Sequence[Size]
) -> GraphProof:
    """Compare with PyTorch at sizes, batches and seeds that were not traced; try every input."""
    sessions = Sessions("cpu", threads=torch.get_num_threads())
    sha256 = sha256_of(path)

    def run(inputs: dict[str, Array]) -> list[Array]:
        return sessions.run(path, sha256, inputs)

    errors: dict[str, float] = {}
    rounding = 0.0
    for (batch, seed), size in zip(((1, 1), (3, 2), (2, 3)), sizes, strict=True):
        inputs = draw(graph.inputs, batch, seed, size)
        try:
            actual = run(inputs)
        except UserError as error:
            raise ParityError(
                f"The exported graph {graph.name} does not run at {batch} x {size}: {error}"
            ) from error
        expected = call(module, inputs)
        errors[f"{batch} x {size[0]} x {size[1]}"] = distance(graph, expected, actual)
        rounding = max(rounding, distance(graph, call(exact, inputs), expected))
        if max(errors.values()) > 1:
            raise ParityError(
                f"The exported graph {graph.name} differs from PyTorch at {batch} x {size} by "
                f"{max(errors.values()):.3g} times its tolerance, so nothing was published."
            )
        if all(float(np.ptp(array)) == 0 for array in actual if array.size > 1):
            raise ParityError(
                f"The graph {graph.name} gives the same value everywhere, so nothing was "
                "published; train it further."
            )
    moves = _moves(graph, run, sizes[0])
    if still := [input_name for input_name, share in moves.items() if share <= 1e-6]:
        raise ParityError(
            f"The input {still[0]} does nothing to the graph {graph.name}, so nothing was "
            "published; train it further or leave the input out."
        )
    return GraphProof(
        graph.name, errors, moves, rounding, _halo(graph, run, sizes[0]), path.stat().st_size
    )


def distance(graph: Graph, a: Sequence[Array], b: Sequence[Array]) -> float:
    """How far two outputs of a graph are apart, in units of the ports' tolerances."""
    pairs = zip(graph.outputs, a, b, strict=True)
    return max(port.distance(x, y) / port.tolerance for port, x, y in pairs)


def call(module: nn.Module, inputs: dict[str, Array]) -> list[Array]:
    """Outputs of a PyTorch module."""
    with torch.no_grad():
        found = module(*(torch.from_numpy(array) for array in inputs.values()))
    return [t.numpy() for t in (found if isinstance(found, tuple | list) else (found,))]


def _moves(graph: Graph, run: Any, size: Size) -> dict[str, float]:
    """Per input: mean change of the outputs over their deviation when it alone is drawn anew."""
    first = draw(graph.inputs, 2, 11, size)
    reference = run(first)
    found: dict[str, float] = {}
    for i, port in enumerate(graph.inputs):
        other = port.sample(np.random.default_rng(100 + i), 2, size)
        # A table and its map change together: row numbers must fit the table.
        changed = run({**first, **other})
        shares = [
            float(np.abs(a.astype(np.float64) - b).mean() / max(float(np.std(a)), 1e-9))
            for a, b in zip(reference, changed, strict=True)
        ]
        found[port.name] = max(shares)
    return found


def _halo(graph: Graph, run: Any, size: Size) -> int | None:
    """How many pixels beside a cut differ by more than half a grey level from the uncut picture:
    what tiles must overlap by. None where that is all of them, or where there is nothing to cut."""
    axes = [a for port in graph.inputs for a in port.tensors()]
    wide = [a.name for a in axes if str(a.axes[-1]).startswith("width")]
    ports = (*graph.inputs, *graph.outputs)
    limits = [p for p in ports if isinstance(p, Spatial) and p.free]
    made = graph.outputs[0]
    if not wide or not isinstance(made, Image):
        return None
    step = step_of(graph)
    half = min(4 * size[1], min((p.maximum for p in limits), default=4 * size[1]) // 2)
    half = half // step * step
    inputs = draw(graph.inputs, 1, 5, (size[0], 2 * half))
    cut = {
        k: np.ascontiguousarray(v[..., v.shape[-1] // 2 :]) for k, v in inputs.items() if k in wide
    }
    whole, part = run(inputs)[0][..., half * made.scale :], run({**inputs, **cut})[0]
    apart = np.abs(whole.astype(np.float64) - part).max(axis=(0, 1, 2)) * 127.5
    reach = math.ceil((int(np.flatnonzero(apart > 0.5).max(initial=-1)) + 1) / made.scale)
    return None if reach >= half else reach
