"""From a run to a bundle: ONNX graphs with proof that they do what PyTorch does, or nothing at all.

Everything happens on a copy and in a folder beside the target, which is put in place only after
the proof.
"""

import datetime
import itertools
import logging
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn
from torch.nn.utils import parametrize

from engines import files, layoutfit, trainer, validation, verdict, weights
from engines.data.mends import Mends, mends_of
from engines.data.places import places_of
from engines.data.samples import LayoutSample
from engines.data.sets import open_data
from engines.errors import UserError
from engines.feed import fixed_batches
from engines.forms import Written, write_graph
from engines.ports import Layout
from engines.proof import Proof
from engines.quantise import half_or_whole
from engines.recipe import Draw, Recipe
from engines.references import rgb
from engines.runs import Run
from engines.runtime.bundle import FORMAT, Bundle
from engines.runtime.tuning import WEIGHTS
from engines.sizing import sizes

CALIBRATING = 240  # validation pictures
log = logging.getLogger(__name__)


def export_bundle(
    run: Run,
    out: Path,
    *,
    name: str = "",
    title: str = "",
    licence: str = "",
    data: str = "",
    tunable: bool = False,
    int8: bool = False,
    tested: bool = False,
    back: bool = False,
    tell: Callable[[str], None] = lambda sentence: None,
) -> Proof:
    """Export a run's best weights to the folder `out`; ParityError leaves what was there untouched.

    `licence` and `data` are what the passport says of the weights and of what they were trained on.
    A `tunable` model carries the weights of all networks; `int8` tries to store weights as 8-bit
    integers; a `tested` one is measured on the test split, for its card; `back` is the way from the
    second sort of pictures to the first, of a recipe that learns both. `tell` hears what is being
    done.
    """
    recipe = trainer.build_recipe(run)
    if back and not recipe.turned:
        raise UserError(f"{recipe.title} ({recipe.id}) learns no way back; export it without.")
    turned = recipe.turned if back else {}
    nets, step = _weights(run, recipe)
    nets = nn.ModuleDict({turned.get(name, name): net for name, net in nets.items()})
    run = _Back(run.path) if back else run
    out.parent.mkdir(parents=True, exist_ok=True)
    if out.exists() and not (out / "model.json").exists():
        raise UserError(f"{out} exists and is no model; choose another folder.")
    with _beside(out) as folder:
        if tunable:
            weights.save(folder / WEIGHTS, _all_weights(run, nets, turned))
        _fold(nets)
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
        if "base" in run.config:
            about["base"] = {key: run.config["base"][key] for key in ("name", "title", "steps")}
        if calibration := _calibrated(run, recipe, nets):
            about["calibration"] = calibration
        forms = folder / "forms"
        forms.mkdir()
        tell("Proving that the model does what the trained networks do.")
        written = [
            write_graph(graph, forms, about, recipe.data.size, int8)
            for graph in recipe.graphs(nets)
        ]
        proof = Proof(tuple(w.proof for w in written), _remark(written) if int8 else "")
        entries = [w.entry(f"{w.graph.name}.onnx") for w in written]
        for w, entry in zip(written, entries, strict=True):
            shutil.copyfile(w.path, folder / entry["file"])
        told = {"graphs": entries, "proof": [asdict(p) for p in proof.graphs]}
        files.write_json(folder / "model.json", {**about, **told})
        _preview(run, recipe, nets, folder / "preview.png")
        _seen(run, recipe, entries, folder)
        bundle = Bundle.open(folder)
        tell("Measuring its size and speed.")
        figures = _tested(run, recipe, nets, step, tell) if tested else {}
        files.write_json(
            folder / "card.json",
            {
                "model": bundle.name,
                "title": bundle.title,
                **{key: about[key] for key in ("recipe", "steps", "data", "licence")},
                **sizes(bundle, written, recipe.data.size),
                **figures,
                "hashes": {**figures.get("hashes", {}), "model": bundle.hash},
            },
        )
        shutil.rmtree(forms)
        _publish(folder, out)
    return proof


def _remark(written: Sequence[Written]) -> str:
    """What became of the 8-bit weights that were asked for."""
    if reasons := [w.reason for w in written if w.reason]:
        return f"{'; '.join(reasons)}; float16 was kept there."
    return "8-bit weights stood the proof and were kept."


def _tested(
    run: Run, recipe: Recipe, nets: nn.ModuleDict, step: int, tell: Callable[[str], None]
) -> dict[str, Any]:
    """The figures on the test split; where they cannot be had, why."""
    try:
        return verdict.final(run, recipe, nets, step, tell)
    except UserError as error:
        return {"said": str(error)}
    except Exception as error:  # No figure is worth a model.
        log.exception("the model could not be measured on the test split")
        return {"said": f"It could not be measured on the test pictures ({type(error).__name__})."}


def _weights(run: Run, recipe: Recipe) -> tuple[nn.ModuleDict, int]:
    """The averaged networks with the weights that measured best, else newest; and the step."""
    nets = nn.ModuleDict({n: recipe.nets[n] for n in recipe.averaged})
    if run.best_path.exists():
        path, prefix = run.best_path, ""
    elif run.checkpoints():
        path, prefix = run.checkpoints()[-1], "average."
    else:
        raise UserError(f"The run in {run.path} has no checkpoint yet; train it further.")
    with _usable(path):
        tensors, said = _tensors(path, prefix)
        step = int(said["step"])
        nets.load_state_dict(tensors)
    return nets.eval().requires_grad_(False), step


def _all_weights(run: Run, nets: nn.ModuleDict, turned: Mapping[str, str]) -> dict[str, Tensor]:
    """Weights of all networks by the names that the recipe has for them: the averaged ones, and of
    those that are not averaged, such as critics, the newest.
    """
    found: dict[str, Tensor] = {}
    if checkpoints := run.checkpoints():
        with _usable(checkpoints[-1]):
            newest, _ = _tensors(checkpoints[-1], "nets.")
        for name, tensor in newest.items():
            net, dot, rest = name.partition(".")
            found[turned.get(net, net) + dot + rest] = tensor
    return {name: half_or_whole(tensor) for name, tensor in (found | nets.state_dict()).items()}


def _tensors(path: Path, prefix: str) -> tuple[dict[str, Tensor], dict[str, str]]:
    """The tensors of a file whose names begin so, without that beginning; and what it says."""
    with safe_open(path, "pt") as file:
        every = file.keys()
        names = [name for name in every if name.startswith(prefix)]
        tensors = {name.removeprefix(prefix): file.get_tensor(name) for name in names}
        return tensors, file.metadata() or {}


class _Back(Run):
    """A run with its two sorts of pictures in each other's place."""

    @property
    def config(self) -> dict[str, Any]:
        found = super().config
        mends = mends_of(found)
        try:
            places = places_of(Path(found["data"]), "unpaired", mends)
        except (UserError, OSError):  # Without its data there is nothing to exchange.
            return found
        if places.second is not None:
            mends = replace(
                mends, folders=(places.second, places.first), endings=places.endings[::-1]
            )
        return {**found, "mends": mends.to_json()}


@contextmanager
def _usable(path: Path) -> Iterator[None]:
    """Inside, what is wrong with a checkpoint becomes a UserError."""
    try:
        yield
    except (SafetensorError, OSError, RuntimeError, KeyError, ValueError) as error:
        raise UserError(
            f"The checkpoint {path} cannot be used ({error}); train further."
        ) from error


def _fold(module: nn.Module) -> None:
    """Put spectral norm into the weights themselves. For good: a copy made before shares the class
    that this changes, and is spoilt."""
    for part in module.modules():
        for name in list(getattr(part, "parametrizations", {})):
            parametrize.remove_parametrizations(part, name)


def _calibrated(run: Run, recipe: Recipe, nets: nn.ModuleDict) -> dict[str, Any]:
    """What is found on validation pictures, where they still are."""

    def batches() -> Iterator[Any]:
        mends = mends_of(run.config) | Mends(mates=True)
        data = open_data(run.config["data"], recipe.kind, recipe.data.size, "val", mends=mends)
        yield from fixed_batches(data, CALIBRATING, 8, torch.device("cpu"))

    try:
        with torch.no_grad():
            return recipe.calibrate(nets, batches())
    except UserError:
        return {}


def _seen(run: Run, recipe: Recipe, entries: Sequence[dict[str, Any]], folder: Path) -> None:
    """Which layouts a painter of layouts learned from, where its data still are."""
    ports = [port for entry in entries for port in entry["inputs"]]
    if recipe.kind != "layout" or not any(port["kind"] == Layout.kind for port in ports):
        return
    try:
        mends = mends_of(run.config) | Mends(mates=True)
        size = (layoutfit.SIDE, layoutfit.SIDE)
        data = open_data(run.config["data"], recipe.kind, size, "train", mends=mends)
        chosen = np.random.default_rng(0).permutation(len(data))[: layoutfit.MOST]
        samples = (data.fixed(int(place)) for place in chosen)
        layouts = [sample.layout for sample in samples if isinstance(sample, LayoutSample)]
        names = [entry.name for entry in recipe.data.classes]
        layoutfit.LayoutFit.of(names, layouts).write(folder)
    except UserError as error:
        log.info("%s", error)


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
            validation.save_sheet(path, [rgb(picture).float()])


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
