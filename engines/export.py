"""From a run to a bundle: ONNX graphs with proof that they do what PyTorch does, or nothing at all.

Everything happens on a copy and in a folder beside the target, which is put in place only after
the proof.
"""

import copy
import datetime
import hashlib
import itertools
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
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
from engines.data.mends import Mends, mends_of
from engines.data.sets import open_data
from engines.errors import UserError
from engines.feed import fixed_batches
from engines.ports import Size
from engines.proof import GraphProof, Proof, prove
from engines.recipe import Draw, Graph, Recipe
from engines.runs import Run
from engines.runtime.bundle import FORMAT, METADATA, Bundle
from engines.tracing import describe, sizes_of, trace


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
            description = {**about, **describe(graph)}
            proofs.append(export_graph(graph, path, description, recipe.data.size))
            sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
            entries.append({**describe(graph), "file": path.name, "sha256": sha256})
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
    sizes = sizes_of(graph, size)
    trace(graph, module, path, sizes[0])
    _store(path, description)
    return prove(graph, module, exact, path, sizes[1:])


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


def _preview(run: Run, recipe: Recipe, nets: nn.ModuleDict, path: Path) -> None:
    """A picture of what the model does, where its data still are and its product is a picture."""
    try:
        mends = mends_of(run.config) | Mends(mates=True)
        data = open_data(run.config["data"], recipe.kind, recipe.data.size, "val", mends=mends)
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
