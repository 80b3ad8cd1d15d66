"""From a run to a bundle: ONNX graphs with proof that they do what PyTorch does, or nothing at all.

Everything happens on a copy and in a folder beside the target, which is put in place only after
the proof.
"""

import copy
import datetime
import hashlib
import itertools
import json
import math
import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn.utils import parametrize

from engines import files, trainer, validation
from engines.data.sets import open_data
from engines.errors import UserError
from engines.feed import fixed_batches
from engines.ports import Array, Axes, Image, Noise, Port, Size, Spatial
from engines.recipe import Draw, Graph, Recipe
from engines.runs import Run
from engines.runtime.bundle import FORMAT, METADATA, Bundle
from engines.runtime.sessions import Sessions

OPSET = 18
_TRACED = (2, 77)  # batch and seed of the traced call


class ParityError(UserError):
    """The exported graph does not do what PyTorch does, so nothing was published."""


@dataclass(frozen=True)
class GraphProof:
    """What was checked of one graph.

    `errors`: distance to PyTorch by "batch x height x width", in units of the port's tolerance,
    worst output; `moves`: mean change of the output when an input is drawn anew, over the output's
    deviation; `rounding`: what storing weights as float16 changed, in the same units as `errors`;
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
        return "\n".join(lines)


def export_bundle(
    run: Run, out: Path, *, name: str = "", title: str = "", licence: str = "", data: str = ""
) -> Proof:
    """Export a run's best weights to the folder `out`; ParityError leaves what was there untouched.

    `licence` and `data` are what the passport says of the weights and of what they were trained on.
    """
    recipe = trainer.build_recipe(run)
    nets, step = _weights(run, recipe)
    _fold(nets)
    out.parent.mkdir(parents=True, exist_ok=True)
    if out.exists() and not (out / "model.json").exists():
        raise UserError(f"{out} exists and is no model; choose another folder.")
    with _beside(out) as folder:
        about = {
            "format": FORMAT,
            "name": name or out.name,
            "title": title or name or out.name,
            "recipe": recipe.id,
            "paper": recipe.paper,
            "settings": run.config["settings"],
            "steps": step,
            "data": data,
            "licence": licence,
            "made": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d"),
            "versions": run.config["versions"],
        }
        entries, proofs = [], []
        for graph in recipe.graphs(nets):
            path = folder / f"{graph.name}.onnx"
            description = {**about, **_describe(graph)}
            proofs.append(export_graph(graph, path, description, recipe.data.size))
            sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
            entries.append({**_describe(graph), "file": path.name, "sha256": sha256})
        proof = Proof(tuple(proofs))
        files.write_json(
            folder / "model.json",
            {**about, "graphs": entries, "proof": [asdict(p) for p in proof.graphs]},
        )
        _preview(run, recipe, nets, folder / "preview.png")
        Bundle.open(folder)
        _publish(folder, out)
    return proof


def export_graph(graph: Graph, path: Path, description: dict[str, Any], size: Size) -> GraphProof:
    """Write one graph with its description inside, and prove it; ParityError if it fails."""
    module = copy.deepcopy(graph.module).eval().to(memory_format=torch.contiguous_format)
    exact = copy.deepcopy(module)
    _round_to_half(module)
    sizes = _sizes(graph, size)
    traced = _draw(graph.inputs, *_TRACED, sizes[0])
    names = list(traced)
    outputs = [port.tensors()[0] for port in graph.outputs]
    dynamic = {a.name: _dynamic(a) for p in graph.inputs for a in p.tensors()}
    dynamic |= {a.name: _dynamic(a) for a in outputs}
    with warnings.catch_warnings():
        # The tracing exporter is older than the default one, takes a thirtieth of its time, and
        # keeps parameter names; that it is right is proved below, not believed.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module,
            tuple(torch.from_numpy(array) for array in traced.values()),
            str(path),
            input_names=names,
            output_names=[a.name for a in outputs],
            dynamic_axes=dynamic,
            opset_version=OPSET,
            dynamo=False,
            # Batch norm stays apart, so that parameters keep their names; ONNX Runtime folds it.
            training=torch.onnx.TrainingMode.PRESERVE,
        )
    _store(path, description)
    return _prove(graph, module, exact, path, sizes[1:])


def _weights(run: Run, recipe: Recipe) -> tuple[nn.ModuleDict, int]:
    """The averaged networks with the weights that measured best, else newest; and the step."""
    nets = nn.ModuleDict({n: recipe.nets[n] for n in recipe.averaged})
    if run.best_path.exists():
        path, prefix = run.best_path, ""
    elif run.checkpoints():
        path, prefix = run.checkpoints()[-1], "average."
    else:
        raise UserError(f"The run in {run.path} has no checkpoint yet; train it further.")
    try:
        tensors = load_file(path)
        with _open(path) as file:
            step = int((file.metadata() or {})["step"])
        mine = {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}
        nets.load_state_dict(mine)
    except (SafetensorError, OSError, RuntimeError, KeyError) as error:
        raise UserError(
            f"The checkpoint {path} cannot be used ({error}); train further."
        ) from error
    return nets.eval().requires_grad_(False), step


def _open(path: Path) -> Any:
    from safetensors import safe_open

    return safe_open(path, "pt")


def _fold(module: nn.Module) -> None:
    """Put spectral norm into the weights themselves. For good: a copy made before shares the class
    that this changes, and is spoilt."""
    for part in module.modules():
        for name in list(getattr(part, "parametrizations", {})):
            parametrize.remove_parametrizations(part, name)


def _halved(tensor: Tensor) -> bool:
    """Matrices and kernels are stored in half precision; vectors, such as running variances, are
    not.
    """
    return tensor.is_floating_point() and tensor.ndim >= 2


@torch.no_grad()
def _round_to_half(module: nn.Module) -> None:
    for tensor in (*module.parameters(), *module.buffers()):
        if _halved(tensor):
            tensor.copy_(tensor.half().float())


def _store(path: Path, description: dict[str, Any]) -> None:
    """Store matrices and kernels as float16 behind a Cast, which ONNX Runtime folds away when it
    opens the file, under their parameters' names; and put the description into the metadata."""
    model = onnx.load(str(path))
    casts = []
    for tensor in model.graph.initializer:
        if tensor.data_type == TensorProto.FLOAT and len(tensor.dims) >= 2:
            half = numpy_helper.to_array(tensor).astype(np.float16)
            full = f"{tensor.name}.float32"
            for node in model.graph.node:
                node.input[:] = [full if name == tensor.name else name for name in node.input]
            casts.append(helper.make_node("Cast", [tensor.name], [full], to=TensorProto.FLOAT))
            tensor.CopyFrom(numpy_helper.from_array(half, tensor.name))
    nodes = [*casts, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    helper.set_model_props(model, {METADATA: json.dumps(description, ensure_ascii=False)})
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString(deterministic=True))


def _describe(graph: Graph) -> dict[str, Any]:
    return {
        "name": graph.name,
        "label": graph.label,
        "inputs": [port.to_json() for port in graph.inputs],
        "outputs": [port.to_json() for port in graph.outputs],
    }


def _dynamic(axes: Axes) -> dict[int, str]:
    """The free axes by place. Counts of regions differ from table to table, so each has its own."""
    symbols = {i: a.replace("/", "_") for i, a in enumerate(axes.axes) if isinstance(a, str)}
    return {i: f"{axes.name}_regions" if a == "regions" else a for i, a in symbols.items()}


def _sizes(graph: Graph, size: Size) -> list[Size]:
    """The traced size and three others that the graph's ports allow, no two sides alike."""
    ports = (*graph.inputs, *graph.outputs)
    spatial = [p for p in ports if isinstance(p, Spatial) and p.free]
    steps = [p.multiple for p in ports if isinstance(p, Spatial | Noise)]
    step = math.lcm(*steps) if steps else 1
    least = max([p.minimum for p in spatial], default=step)
    most = min([p.maximum for p in spatial], default=max(size))
    first = -(-max(least, 1) // step) * step
    step = step * -(-8 // step)
    sides = [min(first + i * step, most // step * step or most) for i in range(3)]
    return [(sides[1], sides[2]), (sides[0], sides[1]), (sides[2], sides[0]), (sides[1], sides[0])]


def _draw(ports: Sequence[Port], batch: int, seed: int, size: Size) -> dict[str, Array]:
    rng = np.random.default_rng(seed)
    found: dict[str, Array] = {}
    for port in ports:
        found |= port.sample(rng, batch, size)
    return found


def _call(module: nn.Module, inputs: dict[str, Array]) -> list[Array]:
    with torch.no_grad():
        found = module(*(torch.from_numpy(array) for array in inputs.values()))
    return [t.numpy() for t in (found if isinstance(found, tuple | list) else (found,))]


def _prove(
    graph: Graph, module: nn.Module, exact: nn.Module, path: Path, sizes: Sequence[Size]
) -> GraphProof:
    """Compare with PyTorch at sizes, batches and seeds that were not traced; try every input."""
    sessions = Sessions("cpu", threads=torch.get_num_threads())
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()

    def run(inputs: dict[str, Array]) -> list[Array]:
        return sessions.run(path, sha256, inputs)

    def apart(a: Sequence[Array], b: Sequence[Array]) -> float:
        pairs = zip(graph.outputs, a, b, strict=True)
        return max(port.distance(x, y) / port.tolerance for port, x, y in pairs)

    errors: dict[str, float] = {}
    rounding = 0.0
    for (batch, seed), size in zip(((1, 1), (3, 2), (2, 3)), sizes, strict=True):
        inputs = _draw(graph.inputs, batch, seed, size)
        try:
            actual = run(inputs)
        except UserError as error:
            raise ParityError(
                f"The exported graph {graph.name} does not run at {batch} x {size}: {error}"
            ) from error
        expected = _call(module, inputs)
        errors[f"{batch} x {size[0]} x {size[1]}"] = apart(expected, actual)
        rounding = max(rounding, apart(_call(exact, inputs), expected))
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


def _moves(graph: Graph, run: Any, size: Size) -> dict[str, float]:
    """Per input: mean change of the outputs over their deviation when it alone is drawn anew."""
    first = _draw(graph.inputs, 2, 11, size)
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
    if not wide or not isinstance(graph.outputs[0], Image):
        return None
    steps = [p.multiple for p in ports if isinstance(p, Spatial | Noise)]
    half = min(4 * size[1], min((p.maximum for p in limits), default=4 * size[1]) // 2)
    half = half // math.lcm(*steps) * math.lcm(*steps)
    inputs = _draw(graph.inputs, 1, 5, (size[0], 2 * half))
    cut = {
        k: np.ascontiguousarray(v[..., v.shape[-1] // 2 :]) for k, v in inputs.items() if k in wide
    }
    whole, part = run(inputs)[0][..., half:], run({**inputs, **cut})[0]
    apart = np.abs(whole.astype(np.float64) - part).max(axis=(0, 1, 2)) * 127.5
    reach = int(np.flatnonzero(apart > 0.5).max(initial=-1)) + 1
    return None if reach >= half else reach


def _preview(run: Run, recipe: Recipe, nets: nn.ModuleDict, path: Path) -> None:
    """A picture of what the model does, where its data still are and its product is a picture."""
    try:
        data = open_data(run.config["data"], recipe.kind, recipe.data.size, "val")
    except UserError:
        return
    draw = Draw((0,), 1, slice(0, 1), torch.device("cpu"))
    for batch in itertools.islice(fixed_batches(data, 1, 1, torch.device("cpu")), 1):
        with torch.no_grad():
            picture = recipe.preview(nets, batch, draw)
        if picture is not None:
            validation.save_sheet(path, [validation.rgb(picture).float()])


@contextmanager
def _beside(out: Path) -> Iterator[Path]:
    """An empty folder beside `out` that is gone afterwards unless it was published."""
    try:
        folder = Path(tempfile.mkdtemp(prefix=f".{out.name}.", suffix=".part", dir=out.parent))
    except OSError as error:
        raise UserError(
            f"Could not write to {out.parent}: {error.strerror}; choose another."
        ) from error
    try:
        yield folder
    except OSError as error:
        raise UserError(
            f"Could not write the model to {out}: {error.strerror}; nothing was changed there. "
            "Free some space or choose another folder."
        ) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _publish(folder: Path, out: Path) -> None:
    """Put the finished folder in place of `out`; a kill in between leaves the old one beside it."""
    folder.chmod(0o755)
    if not out.exists():
        os.replace(folder, out)
        return
    old = out.with_name(f".{out.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    os.replace(out, old)
    os.replace(folder, out)
    shutil.rmtree(old, ignore_errors=True)
