"""The model of a run as it was after a certain step, for looking back in time.

A run keeps averaged weights of some steps (`snapshots/`, and the best among `checkpoints/`) and,
once, its graphs without weights and without proof (`live/`); here the ones are put into the others.
"""

import contextlib
import hashlib
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import onnx
from onnx import helper
from safetensors import SafetensorError, safe_open

from engines import files
from engines.errors import UserError
from engines.runs import Run
from engines.runtime.bundle import load_onnx, read_json

LIVE = "live"
KEPT = 48  # models that stay in the cache
_MOST_BYTES = 64_000_000  # of a graph without weights
_MOST_WEIGHTS = 1_900_000_000


def steps_of(run: Path) -> list[int]:
    """The steps whose models can be had, in order; none where the run has no graphs for it."""
    if not (run / LIVE / "model.json").is_file():
        return []
    return sorted(_weights_of(run))


def bundle_of(run: Path, step: int, cache: Path) -> Path:
    """The folder, made in `cache` if it is not there, of the model after `step` steps: to be opened
    like every bundle, not to be kept. UserError.
    """
    path = _weights_of(run).get(step)
    if path is None:
        raise UserError(f"The run in {run} keeps no weights of step {step}; choose another step.")
    try:
        stand = path.stat()
        described = (run / LIVE / "model.json").stat()
    except OSError as error:
        raise UserError(
            f"The weights of step {step} are gone from {run}; choose another step."
        ) from error
    which = f"{run.resolve()} {step} {stand.st_mtime_ns} {stand.st_size} {described.st_mtime_ns}"
    out = cache / f"{hashlib.sha256(which.encode()).hexdigest()[:16]}-{step}"
    if (out / "model.json").is_file():
        out.touch()  # Those that were looked at last stay.
        return out
    try:
        cache.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=cache))
    except OSError as error:
        raise UserError(
            f"Could not write to {cache}: {error.strerror}; free some space."
        ) from error
    try:
        _fill(run, step, path, folder)
        folder.rename(out)
    except OSError as error:
        if not (out / "model.json").is_file():  # Else somebody else was quicker.
            raise UserError(
                f"The model of step {step} could not be put together: {error.strerror or error}; "
                "free some space or choose another step."
            ) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    _prune(cache)
    return out


def _weights_of(run: Path) -> dict[int, Path]:
    """Files of averaged weights by step: the snapshots, and the best where there is none of it."""
    found: dict[int, Path] = {}
    best = Run(run).best_path
    try:
        if best.is_file():  # A pipe would keep its reader waiting for ever.
            with safe_open(best, "np") as file:
                found[int((file.metadata() or {})["step"])] = best
    except (OSError, SafetensorError, KeyError, ValueError):
        pass  # Nothing was measured yet, or it is no file of ours.
    for path in Run(run).snapshot_path(0).parent.glob("[0-9]*.safetensors"):
        if path.stem.isdecimal() and path.is_file():
            found[int(path.stem)] = path
    return found


def _fill(run: Path, step: int, weights: Path, folder: Path) -> None:
    """Write the whole bundle into an empty folder."""
    about = read_json(run / LIVE / "model.json")
    entries = about.get("graphs")
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise UserError(f"{run / LIVE / 'model.json'} names no graphs; look at the run's previews.")
    if weights.stat().st_size > _MOST_WEIGHTS:
        raise UserError(f"{weights} is larger than a model here may be.")
    try:
        with safe_open(weights, "np") as file:
            made = [_write(run, entry, file, folder) for entry in entries]
    except SafetensorError as error:
        raise UserError(
            f"The weights in {weights} cannot be read ({error}); choose another step."
        ) from error
    files.write_json(
        folder / "model.json",
        {**about, "name": f"{run.name}-{step}", "steps": step, "unproved": True, "graphs": made},
    )


def _write(run: Path, entry: Mapping[str, Any], weights: Any, folder: Path) -> dict[str, Any]:
    """Write one graph with its weights; its entry for model.json comes back."""
    name, sources = entry.get("file"), entry.get("weights")
    if not isinstance(name, str) or Path(name).name != name or not name.endswith(".onnx"):
        raise UserError(f"{run / LIVE / 'model.json'} names the file {name!r}, which is not plain.")
    if not isinstance(sources, dict):
        raise UserError(f"{run / LIVE / 'model.json'} does not say where weights go.")
    path = run / LIVE / name
    if path.stat().st_size > _MOST_BYTES:
        raise UserError(f"{path} is too large to be a graph without weights.")
    model = load_onnx(path)
    empty = [tensor for tensor in model.graph.initializer if tensor.name in sources]
    known = [tensor for tensor in model.graph.initializer if tensor.name not in sources]
    del model.graph.initializer[:]
    model.graph.initializer.extend(known)
    digest = hashlib.sha256()
    with open(folder / name, "wb") as file:
        # Messages one after the other are one message, so that no copy of all weights is made.
        for part in (model, *(_weight(path, tensor, sources, weights) for tensor in empty)):
            data = part.SerializeToString(deterministic=True)
            digest.update(data)
            file.write(data)
    told = {key: value for key, value in entry.items() if key != "weights"}
    return {**told, "sha256": digest.hexdigest()}


def _weight(path: Path, tensor: Any, sources: Mapping[str, Any], weights: Any) -> onnx.ModelProto:
    """A model with nothing in it but one initialiser, filled from the snapshot."""
    array = weights.get_tensor(str(sources[tensor.name]))
    kind = helper.tensor_dtype_to_np_dtype(tensor.data_type)
    if list(array.shape) != list(tensor.dims) or array.dtype != kind:
        raise UserError(
            f"The weights {tensor.name} do not fit the graph in {path}; choose another step."
        )
    part = onnx.ModelProto()
    part.graph.initializer.add(
        name=tensor.name, dims=tensor.dims, data_type=tensor.data_type, raw_data=array.tobytes()
    )
    return part


def _prune(cache: Path) -> None:
    """Remove the models that were not looked at for longest."""
    with contextlib.suppress(OSError):  # Another process may be at it too.
        inside = [path for path in cache.iterdir() if not path.name.startswith(".")]
        for old in sorted(inside, key=lambda path: path.stat().st_mtime)[:-KEPT]:
            shutil.rmtree(old, ignore_errors=True)
