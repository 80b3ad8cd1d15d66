"""The graphs of a model in training, without weights: what a snapshot is put into to be looked at.

They are not proved, and spectral norm stays in them, so that every initialiser is a tensor of a
snapshot. ONNX Runtime folds it away when it opens them.
"""

import copy
import json
import logging
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import onnx
import torch
from onnx import helper, numpy_helper
from torch import nn

from engines import files
from engines.recipe import Graph, Recipe
from engines.runs import Run
from engines.runtime.bundle import FORMAT, METADATA
from engines.runtime.snapshots import LIVE
from engines.tracing import describe, sizes_of, trace

log = logging.getLogger(__name__)


def write_live(run: Run, recipe: Recipe, nets: nn.ModuleDict) -> None:
    """Put the graphs over `nets` (the averaged networks) into the run, unless they are there.
    Nothing that goes wrong here is worth the run: it is said, and there is no looking back.
    """
    out = run.path / LIVE
    if (out / "model.json").exists():
        return
    try:
        with torch.random.fork_rng(), _beside(out) as folder:
            _fill(run, recipe, nets, folder)
            shutil.rmtree(out, ignore_errors=True)
            folder.rename(out)
    except Exception as error:
        log.exception("the graphs for looking back could not be written")
        said = error.strerror if isinstance(error, OSError) else type(error).__name__
        sentence = f"There is no looking back at earlier steps of this run: {said}."
        run.append({"kind": "warning", "step": 0, "sentence": sentence, "time": time.time()})


@contextmanager
def _beside(out: Path) -> Iterator[Path]:
    """An empty folder that is gone afterwards unless it was moved, as those are that kills left."""
    for left in out.parent.glob(f".{out.name}.*"):
        shutil.rmtree(left, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    try:
        folder.chmod(0o755)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _fill(run: Run, recipe: Recipe, nets: nn.ModuleDict, folder: Path) -> None:
    about = {
        "format": FORMAT,
        "name": run.path.name,
        "title": run.path.name,
        "recipe": recipe.id,
        "paper": recipe.paper,
        "settings": run.config["settings"],
    }
    entries = [
        _write(graph, nets, folder, about, recipe.data.size) for graph in recipe.graphs(nets)
    ]
    files.write_json(folder / "model.json", {**about, "graphs": entries})


def _write(
    graph: Graph, nets: nn.ModuleDict, folder: Path, about: dict[str, object], size: tuple[int, int]
) -> dict[str, object]:
    """Write one graph; its entry comes back, with the snapshot's tensor for each initialiser."""
    known = {id(tensor): name for name, tensor in nets.state_dict(keep_vars=True).items()}
    state = graph.module.state_dict(keep_vars=True)
    sources = {name: known[id(t)] for name, t in state.items() if id(t) in known}
    module = copy.deepcopy(graph.module).cpu().eval().requires_grad_(False)
    module.to(memory_format=torch.contiguous_format)
    _scatter(module)
    path = folder / f"{graph.name}.onnx"
    trace(graph, module, path, sizes_of(graph, size)[0], weights=False)
    model = onnx.load(str(path))
    own = {axes.name for port in graph.inputs for axes in port.tensors()}
    weights: dict[str, str] = {}
    for value in [value for value in model.graph.input if value.name not in own]:
        tensor = numpy_helper.from_array(state[value.name].detach().cpu().numpy(), value.name)
        if value.name in sources:
            weights[value.name] = sources[value.name]
            tensor.ClearField("raw_data")
        model.graph.initializer.append(tensor)
        model.graph.input.remove(value)
    entry = {**describe(graph), "file": path.name}
    helper.set_model_props(model, {METADATA: json.dumps({**about, **entry}, ensure_ascii=False)})
    path.write_bytes(model.SerializeToString(deterministic=True))
    return {**entry, "weights": weights}


@torch.no_grad()
def _scatter(module: nn.Module) -> None:
    """Values of which no two tensors have the same: the exporter would make one of them both, as
    all biases are zero before the first step.
    """
    generator = torch.Generator().manual_seed(0)
    for tensor in module.state_dict(keep_vars=True).values():
        if tensor.is_floating_point():
            tensor.copy_(0.5 + torch.rand(tensor.shape, generator=generator))
