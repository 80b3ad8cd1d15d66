"""Fine-tuning: a run whose networks begin with the weights of a finished model.

The weights are copied into the run directory, so that the run can be begun anew when the model is
gone.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import nn

from engines import files
from engines.errors import UserError
from engines.ports import Attributes, Layout
from engines.recipe import Recipe
from engines.runs import Run
from engines.runtime.bundle import Bundle
from engines.runtime.tuning import WEIGHTS, why_not

BASE = "base.safetensors"  # in a run directory
LEAST = 0.1  # share of the values that have to fit; below it there is nothing to build on


@dataclass(frozen=True)
class Adopted:
    """Which tensors were taken over, and which not: the model lacks them or they differ in shape.

    `share` is that of all values of the networks.
    """

    taken: tuple[str, ...]
    left: tuple[str, ...]
    share: float

    def text(self, title: str) -> str:
        """A sentence for the run's log."""
        if not self.left:
            return f"It starts from {title}, with all of its weights."
        parts = sorted({_part(name) for name in self.left})
        named = ", ".join(parts[:6]) + (f" and {len(parts) - 6} more" if len(parts) > 6 else "")
        return (
            f"It starts from {title}, with {self.share:.0%} of the weights; what does not fit "
            f"begins anew: {named}."
        )


def adopt(nets: nn.ModuleDict, path: Path) -> Adopted:
    """Give networks the weights of a file where names and shapes agree; UserError."""
    taken, left = [], []
    values = fitting = 0
    try:
        with safe_open(path, "pt") as file, torch.no_grad():
            known = set(file.keys())
            for name, tensor in nets.state_dict(keep_vars=True).items():
                values += tensor.numel()
                if name in known and file.get_slice(name).get_shape() == list(tensor.shape):
                    tensor.copy_(file.get_tensor(name).to(tensor.dtype))
                    taken.append(name)
                    fitting += tensor.numel()
                else:
                    left.append(name)
    except (OSError, SafetensorError, RuntimeError) as error:
        raise UserError(
            f"The weights that this run starts from cannot be read ({error}); choose the model "
            "again in a new run."
        ) from error
    return Adopted(tuple(taken), tuple(left), fitting / max(values, 1))


def take_base(path: Path, model: Path, recipe: Recipe) -> dict[str, Any]:
    """Put the weights of the model in folder `model` into the run directory `path`, which may not
    be there yet. What run.json is to say of it comes back; UserError.
    """
    if reason := why_not(model, recipe.id):
        raise UserError(f"The training cannot start from {model.name}: {reason}")
    bundle = Bundle.open(model)
    title = bundle.title
    with files.writing(path / BASE) as temporary:
        shutil.copyfile(model / WEIGHTS, temporary)
    adopted = adopt(recipe.nets, path / BASE)
    if adopted.share < LEAST:
        (path / BASE).unlink(missing_ok=True)
        raise UserError(
            f"Only {adopted.share:.0%} of the weights of {title} fit these settings; keep the "
            "settings of its networks, or start from scratch."
        )
    return {
        "name": model.name,
        "title": title,
        "steps": bundle.about.get("steps"),
        "share": adopted.share,
        "left": list(adopted.left),
        "sentence": " ".join([adopted.text(title), *_strange(bundle, recipe)]),
    }


def _strange(bundle: Bundle, recipe: Recipe) -> list[str]:
    """Sentences where the model knows other classes or attributes, or in another order: a weight
    belongs to a class by its place.
    """
    classes = tuple(c.name for c in recipe.data.classes)
    strange: dict[str, None] = {}
    for port in (p for graph in bundle.graphs for p in (*graph.inputs, *graph.outputs)):
        if isinstance(port, Layout) and port.classes != classes:
            strange["classes"] = None
        if isinstance(port, Attributes) and port.names != recipe.data.attributes:
            strange["attributes"] = None
    return [
        f"Its {what} are others, or in another order, so that it has to learn them anew."
        for what in strange
    ]


def begin_from_base(run: Run, nets: nn.ModuleDict) -> None:
    """Give fresh networks of a run what it starts from; nothing where it starts from scratch.
    UserError where that is broken and there is no checkpoint to make up for it.
    """
    if "base" not in run.config:
        return
    try:
        adopt(nets, run.path / BASE)
    except UserError:
        if not run.checkpoints():
            raise


def _part(name: str) -> str:
    """A tensor's module, without what parametrisation adds to its name."""
    words = [word for word in name.split(".") if not word.isdecimal()]
    cut = words.index("parametrizations") if "parametrizations" in words else len(words) - 1
    return ".".join(words[:cut])
