"""How weights are stored: as float32, float16, or 8-bit integers where nobody sees a difference.

Matrices and kernels alone; vectors, such as running variances, stay float32. Sums are always made
in float32: ONNX Runtime turns the weights back when it opens the file, so that only the size
differs. (Sums of 8-bit integers were tried: faster by a third, and another picture.)
"""

import copy
import json
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from engines.ports import Array
from engines.runtime.bundle import METADATA

Form = Literal["float32", "float16", "int8"]
FEWEST = 512  # values; a smaller tensor's scales take more than its bytes save


def halved(tensor: Tensor) -> bool:
    """Whether a tensor is stored in half precision."""
    return tensor.is_floating_point() and tensor.ndim >= 2


@torch.no_grad()
def round_weights(module: nn.Module, small: Sequence[str] = ()) -> None:
    """Give a module the values that its weights have when they are stored: those named in `small`
    as 8-bit integers, the others as float16.
    """
    for name, tensor in module.state_dict(keep_vars=True).items():
        if name in small:
            whole, scale = in_bytes(tensor.detach().numpy())
            tensor.copy_(torch.from_numpy(whole * scale))
        elif halved(tensor):
            tensor.copy_(tensor.half().float())


def in_bytes(array: Array) -> tuple[Array, Array]:
    """A float32 array as int8 and its scales float32, one for each row of the first axis."""
    rows = np.abs(array.reshape(len(array), -1)).max(axis=1, initial=0.0)
    scale = np.where(rows > 0, rows / 127, 1).astype(np.float32)
    scale = scale.reshape(-1, *[1] * (array.ndim - 1))
    return np.rint(array / scale).astype(np.int8), scale


def eligible(module: nn.Module) -> tuple[str, ...]:
    """Names of the weights that it pays to store as 8-bit integers."""
    state = module.state_dict()
    return tuple(n for n, t in state.items() if halved(t) and t.numel() >= FEWEST)


def choose_small(
    module: nn.Module, names: Sequence[str], away: Callable[[nn.Module], float], most: float
) -> tuple[str, ...]:
    """Which of these weights may be 8-bit while the module, with the others as float16, stays
    within `most` of what `away` says; those that matter most come last. None of a module that is
    too far already.
    """
    trial = copy.deepcopy(module)
    round_weights(trial)
    if away(trial) > most:
        return ()
    costs: dict[str, float] = {}
    state, plain = trial.state_dict(keep_vars=True), module.state_dict()
    for name in names:
        tensor = state[name]
        before = tensor.detach().clone()
        with torch.no_grad():
            whole, scale = in_bytes(plain[name].numpy())
            tensor.copy_(torch.from_numpy(whole * scale))
            # Errors of independent roundings add up by their squares.
            costs[name] = away(trial) ** 2 / tensor.numel()
            tensor.copy_(before)
    order = sorted(costs, key=lambda name: costs[name])
    low, high = 0, len(order)
    while low < high:
        middle = (low + high + 1) // 2
        trial = copy.deepcopy(module)
        round_weights(trial, order[:middle])
        low, high = (middle, high) if away(trial) <= most else (low, middle - 1)
    return tuple(order[:low])


def store(plain: Path, path: Path, description: dict[str, Any], small: Sequence[str] = ()) -> None:
    """Write the float32 graph in `plain` to `path` with its weights in their stored form, under
    their names, and the description in its metadata. What turns them back is folded away when the
    file is opened.
    """
    model = onnx.load(str(plain))
    nodes = []
    for tensor in list(model.graph.initializer):
        if tensor.data_type != TensorProto.FLOAT or len(tensor.dims) < 2:
            continue
        full = f"{tensor.name}.float32"
        for node in model.graph.node:
            node.input[:] = [full if name == tensor.name else name for name in node.input]
        array = numpy_helper.to_array(tensor)
        if tensor.name in small:
            whole, scale = in_bytes(array)
            steps = f"{tensor.name}.scale"
            tensor.CopyFrom(numpy_helper.from_array(whole, tensor.name))
            model.graph.initializer.append(numpy_helper.from_array(scale, steps))
            nodes.append(_cast(tensor.name, f"{tensor.name}.whole"))
            nodes.append(helper.make_node("Mul", [f"{tensor.name}.whole", steps], [full]))
        else:
            tensor.CopyFrom(numpy_helper.from_array(array.astype(np.float16), tensor.name))
            nodes.append(_cast(tensor.name, full))
    nodes = [*nodes, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    helper.set_model_props(model, {METADATA: json.dumps(description, ensure_ascii=False)})
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString(deterministic=True))


def _cast(name: str, result: str) -> Any:
    return helper.make_node("Cast", [name], [result], to=TensorProto.FLOAT)


def half_or_whole(tensor: Tensor) -> Tensor:
    """A tensor in half precision where that is enough for it to be trained further."""
    if not halved(tensor):
        return tensor
    half = tensor.half()
    return half if math.isfinite(float(half.abs().max())) else tensor
