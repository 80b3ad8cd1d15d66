"""Models as an export writes them, of networks that have learned nothing: made in a second."""

from pathlib import Path
from typing import Any

import torch

from engines import files
from engines.data.spec import DataSpec, PaletteClass
from engines.forms import write_graph
from engines.recipe import recipe_type
from engines.runtime.bundle import FORMAT, Bundle

CLASSES = tuple(
    PaletteClass(name, color)
    for name, color in (
        ("sky", "#75bbfd"), ("mountain", "#7b5b3a"), ("water", "#005aff"), ("meadow", "#80c904"),
        ("forest", "#0d4f14"),
    )
)  # fmt: skip


def model(
    folder: Path, recipe_name: str, title: str = "", seed: int = 0, **settings: Any
) -> Bundle:
    """A proven bundle of a recipe's tiny networks with random weights, in `folder`."""
    kind = recipe_type(recipe_name)
    given = {**kind.presets["tiny"], **settings}
    side = int(given["size"])
    classes = CLASSES if kind.kind == "layout" else ()
    torch.manual_seed(seed)
    recipe = kind(DataSpec(kind.kind, (side, side), 4, classes=classes), **given)
    for parameter in recipe.nets.parameters():
        if not parameter.any():  # What begins at nothing would have an input do nothing.
            torch.nn.init.normal_(parameter, std=0.05)
    nets = torch.nn.ModuleDict({name: recipe.nets[name] for name in recipe.averaged}).eval()
    nets.requires_grad_(False)
    about = {
        "format": FORMAT, "name": folder.name, "title": title or folder.name, "recipe": recipe_name,
        "settings": given, "licence": "CC0-1.0",
    }  # fmt: skip
    forms = folder / "forms"
    forms.mkdir(parents=True)
    written = [write_graph(g, forms, about, (side, side)) for g in recipe.graphs(nets)]
    entries = [each.entry(f"{each.graph.name}.onnx") for each in written]
    for each in written:
        each.path.replace(folder / f"{each.graph.name}.onnx")
    proof = [{"graph": w.proof.graph, "halo": w.proof.halo} for w in written]
    files.write_json(folder / "model.json", {**about, "graphs": entries, "proof": proof})
    return Bundle.open(folder)
