"""From a PyTorch module to an ONNX graph; that it is right is proved elsewhere, not believed."""

import math
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.onnx.utils import register_custom_op_symbolic

from engines.ports import Array, Axes, Noise, Port, Size, Spatial
from engines.recipe import Graph

OPSET = 18
_TRACED = (2, 77)  # batch and seed of the traced call


def _vdot(graph: Any, a: Any, b: Any) -> Any:
    """The dot product of two vectors, which spectral norm needs and the exporter lacks."""
    return graph.op("MatMul", a, b)


register_custom_op_symbolic("aten::vdot", _vdot, OPSET)


def trace(graph: Graph, module: nn.Module, path: Path, size: Size, *, weights: bool = True) -> None:
    """Write `module` as the ONNX graph that `graph` describes. Without `weights` they are inputs of
    the graph behind its own, under their names.
    """
    traced = draw(graph.inputs, *_TRACED, size)
    outputs = [port.tensors()[0] for port in graph.outputs]
    dynamic = {a.name: _dynamic(a) for p in graph.inputs for a in p.tensors()}
    dynamic |= {a.name: _dynamic(a) for a in outputs}
    with warnings.catch_warnings():
        # The tracing exporter is older than the default one, takes a thirtieth of its time, and
        # keeps parameter names.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module,
            tuple(torch.from_numpy(array) for array in traced.values()),
            str(path),
            input_names=list(traced),
            output_names=[a.name for a in outputs],
            dynamic_axes=dynamic,
            opset_version=OPSET,
            dynamo=False,
            export_params=weights,
            do_constant_folding=weights,
            # Batch norm stays apart, so that parameters keep their names; ONNX Runtime folds it.
            training=torch.onnx.TrainingMode.PRESERVE,
        )


def describe(graph: Graph) -> dict[str, Any]:
    """A graph and its ports as JSON."""
    return {
        "name": graph.name,
        "label": graph.label,
        "inputs": [port.to_json() for port in graph.inputs],
        "outputs": [port.to_json() for port in graph.outputs],
    }


def _dynamic(axes: Axes) -> dict[int, str]:
    """The free axes by place. Counts of regions differ from table to table, so each has its own."""
    symbols = {
        i: a.replace("/", "_").replace("*", "x")
        for i, a in enumerate(axes.axes)
        if isinstance(a, str)
    }
    return {i: f"{axes.name}_regions" if a == "regions" else a for i, a in symbols.items()}


def sizes_of(graph: Graph, size: Size) -> list[Size]:
    """The traced size and three others that the graph's ports allow, no two sides alike."""
    ports = (*graph.inputs, *graph.outputs)
    spatial = [p for p in ports if isinstance(p, Spatial) and p.free]
    step = step_of(graph)
    least = max([p.minimum for p in spatial], default=step)
    most = min([p.maximum for p in spatial], default=max(size))
    first = -(-max(least, 1) // step) * step
    step = step * -(-8 // step)
    sides = [min(first + i * step, most // step * step or most) for i in range(3)]
    return [(sides[1], sides[2]), (sides[0], sides[1]), (sides[2], sides[0]), (sides[1], sides[0])]


def step_of(graph: Graph) -> int:
    """Pixels of which every side that the graph's ports allow is a multiple."""
    ports = (*graph.inputs, *graph.outputs)
    return math.lcm(*(port.multiple for port in ports if isinstance(port, Spatial | Noise)))


def draw(ports: Sequence[Port], batch: int, seed: int, size: Size) -> dict[str, Array]:
    """A sample of every port, by the names of its tensors."""
    rng = np.random.default_rng(seed)
    found: dict[str, Array] = {}
    for port in ports:
        found |= port.sample(rng, batch, size)
    return found
