"""One graph on disk, in the forms that its weights can be stored in, each proved."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import nn

from engines.ports import Image, Size
from engines.proof import GraphProof, call, distance, prove
from engines.quantise import Form, choose_small, eligible, round_weights, store
from engines.recipe import Graph
from engines.runtime.bundle import sha256_of
from engines.tracing import describe, draw, sizes_of, trace

WORTH = 0.05  # of a file's bytes: less is not worth a difference that nobody sees
NEAR = 4.0  # times the tolerance; where all weights in 8 bits are farther off, none are chosen
_ROOM = 0.8  # of the tolerance, where weights are chosen; the proof looks at other inputs


@dataclass(frozen=True)
class Written:
    """A graph on disk: a file for each form, how far each is from the trained networks in units of
    the tolerance, the form that is `kept`, and its proof. `reason` is why int8 was not kept.
    """

    graph: Graph
    files: dict[Form, Path]
    errors: dict[Form, float]
    kept: Form
    proof: GraphProof
    reason: str = ""

    @property
    def path(self) -> Path:
        """The file that the model has."""
        return self.files[self.kept]

    def entry(self, name: str) -> dict[str, Any]:
        """Its entry in model.json, under this file name."""
        return {**describe(self.graph), "file": name, "sha256": sha256_of(self.path)}


def write_graph(
    graph: Graph, folder: Path, about: dict[str, Any], size: Size, int8: bool = False
) -> Written:
    """Write a graph into `folder` with what is `about` it inside, and prove it; ParityError if that
    fails. With `int8` weights are stored as 8-bit integers where that stands the proof too.
    """
    exact = copy.deepcopy(graph.module).eval().to(memory_format=torch.contiguous_format)
    module = copy.deepcopy(exact)
    round_weights(module)
    sizes = sizes_of(graph, size)
    plain = folder / f"{graph.name}.float32.onnx"
    # Traced with rounded weights, so that float16 loses nothing more.
    trace(graph, module, plain, sizes[0])
    description = {**about, **describe(graph)}
    half = folder / f"{graph.name}.float16.onnx"
    store(plain, half, description)
    proof = prove(graph, module, exact, half, sizes[1:])
    files: dict[Form, Path] = {"float32": plain, "float16": half}
    errors: dict[Form, float] = {"float32": 0.0, "float16": proof.rounding}
    written = Written(graph, files, errors, "float16", proof)
    if not int8:
        return written
    return _smaller(written, exact, folder / f"{graph.name}.int8.onnx", description, sizes)


def _smaller(
    half: Written, exact: nn.Module, path: Path, description: dict[str, Any], sizes: Sequence[Size]
) -> Written:
    """The same with as many 8-bit weights as stand the proof; where that saves too little, with a
    file to be measured and the reason why it is not kept.
    """
    graph = half.graph
    inputs = draw(graph.inputs, 2, 21, sizes[1])
    expected = call(exact, inputs)

    def away(module: nn.Module) -> float:
        return distance(graph, expected, call(module, inputs))

    def write(small: Sequence[str]) -> GraphProof:
        module = copy.deepcopy(exact)
        round_weights(module, small)
        trace(graph, module, path, sizes[0])
        store(path, path, description, small)
        return prove(graph, module, exact, path, sizes[1:])

    small = every = eligible(exact)
    trial = copy.deepcopy(exact)
    round_weights(trial, every)
    error = away(trial)
    if error > 1:
        small = choose_small(exact, every, away, _ROOM) if error <= NEAR else ()
    while small:
        proof = write(small)
        saved = 1 - proof.bytes / half.proof.bytes
        if proof.rounding <= 1 and saved >= WORTH:
            files: dict[Form, Path] = {**half.files, "int8": path}
            errors: dict[Form, float] = {**half.errors, "int8": proof.rounding}
            return Written(graph, files, errors, "int8", proof)
        small = small[: len(small) // 2] if saved >= WORTH else ()
    if not every:
        return replace(half, reason=f"the graph {graph.name} has no weights for 8 bits")
    proof = write(every)
    return replace(
        half,
        files={**half.files, "int8": path},
        errors={**half.errors, "int8": proof.rounding},
        reason=_reason(graph, proof.rounding),
    )


def _reason(graph: Graph, error: float) -> str:
    """Why 8-bit weights were not kept that are so far off, in units of the tolerance."""
    if error <= 1:
        return f"8-bit weights save less than {WORTH:.0%} of the graph {graph.name}"
    if isinstance(graph.outputs[0], Image):
        return (
            f"8-bit weights change the pictures of the graph {graph.name} by up to {error:.0f} of "
            "255 grey levels, and the proof allows 1"
        )
    return (
        f"8-bit weights change what the graph {graph.name} gives by {error:.0f} times what the "
        "proof allows"
    )
