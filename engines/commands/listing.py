"""models, recipes and inspect: what is there and what it takes."""

import argparse
import json
import textwrap
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engines import files
from engines.commands.terminal import Verbs, columns
from engines.errors import UserError, choose

if TYPE_CHECKING:
    from engines.catalog import Setting
    from engines.ports import Port
    from engines.runtime.bundle import Bundle

CARD_BYTES = 1_000_000


def add(verbs: Verbs) -> None:
    """Declare the verbs."""
    models = verbs.add_parser(
        "models", help="the installed models", description="List the installed models."
    )
    recipes = verbs.add_parser(
        "recipes",
        help="what can be trained",
        description="List what can be trained; with a name, its settings and presets.",
    )
    recipes.add_argument("recipe", nargs="?", help="show this one's settings and presets")
    inspect = verbs.add_parser(
        "inspect",
        help="what a model takes and gives",
        description="Show a model's inputs and outputs, how its graphs are wired, the proof of its "
        "export, its passport and its card.",
    )
    inspect.add_argument("model", metavar="MODEL", help="an installed model, a folder or an .onnx")
    for verb, do in ((models, _models), (recipes, _recipes), (inspect, _inspect)):
        verb.add_argument("--json", action="store_true", help="as JSON")
        verb.set_defaults(do=do)


def _models(options: argparse.Namespace) -> int:
    from engines.runtime.places import installed, own_models

    rows = [_told(folder) for folder in installed()]
    if options.json:
        _print_json(rows)
    elif rows:
        shown = [[str(row[key] or "") for key in ("name", "title", "recipe")] for row in rows]
        print(columns([["name", "title", "recipe"], *shown]))
    else:
        print(f"No model is installed. Put its folder into {own_models()}, or give its path.")
    return 0


def _told(folder: Path) -> dict[str, Any]:
    """What model.json says of a model, believed as far as a listing needs."""
    try:
        about = _small_json(folder / "model.json")
    except UserError as error:
        return {"name": folder.name, "title": str(error), "recipe": None, "path": str(folder)}
    told = {key: about.get(key) for key in ("title", "recipe", "licence", "data", "steps")}
    return {"name": folder.name, **told, "path": str(folder)}


def _recipes(options: argparse.Namespace) -> int:
    from engines.catalog import load_catalog

    catalog = load_catalog()
    if options.recipe is not None and options.recipe not in catalog:
        raise UserError(f"There is no recipe {options.recipe!r}; {choose(options.recipe, catalog)}")
    chosen = [e for name, e in catalog.items() if options.recipe in (None, name)]
    if options.json:
        _print_json([asdict(entry) for entry in chosen])
    elif options.recipe is None:
        rows = [[e.id, e.kind, ", ".join(e.presets), e.title] for e in chosen]
        print(columns([["recipe", "data", "presets", "what it does"], *rows]))
    else:
        entry = chosen[0]
        print(f"{entry.id}: {entry.title}\n{entry.paper}\nlearns from {entry.kind} data\n")
        print(columns([[s.name, str(s.default), _limits(s), s.label] for s in entry.settings]))
        for name, values in entry.presets.items():
            print(f"\npreset {name}: " + ", ".join(f"{k}={v}" for k, v in values.items()))
    return 0


def _limits(setting: "Setting") -> str:
    if setting.options:
        return "|".join(setting.options)
    if setting.least is None or setting.greatest is None:
        return setting.type
    return f"{setting.type} {setting.least:g} to {setting.greatest:g}"


def _inspect(options: argparse.Namespace) -> int:
    from engines.runtime.bundle import find_model

    bundle = find_model(options.model)
    about = bundle.about
    keys = ("recipe", "paper", "steps", "data", "licence", "made", "versions", "settings")
    told: dict[str, Any] = {
        "name": bundle.name,
        "title": bundle.title,
        "path": str(bundle.path),
        "hash": bundle.hash,
        "graphs": [
            {
                "name": graph.name,
                "label": graph.label,
                "bytes": graph.path.stat().st_size,
                "inputs": [port.to_json() for port in graph.inputs],
                "outputs": [port.to_json() for port in graph.outputs],
            }
            for graph in bundle.graphs
        ],
        "wires": _wires(bundle),
        "passport": {key: about[key] for key in keys if key in about},
        "proof": about.get("proof"),
        "card": _card(bundle),
    }
    if options.json:
        _print_json(told)
        return 0
    print(f"{bundle.title} ({bundle.name}, {bundle.hash})\n{bundle.path}")
    for graph in bundle.graphs:
        size = graph.path.stat().st_size / 1e6
        print(f"\n{graph.name}{': ' + graph.label if graph.label else ''} ({size:.1f} MB)")
        for word, ports in (("in", graph.inputs), ("out", graph.outputs)):
            print(columns([[f"  {word}", p.name, p.kind, describe(p)] for p in ports]))
    for wire in told["wires"]:
        print(f"\nwire: {wire}")
    for heading in ("passport", "proof", "card"):
        if told[heading]:
            print(f"\n{heading}")
            for line in _lines(told[heading]):
                print(textwrap.fill(line, 100, initial_indent="  ", subsequent_indent="    "))
    return 0


def _wires(bundle: "Bundle") -> list[str]:
    """ "from.port -> to.port" for every input that another graph feeds."""
    found = []
    for graph in bundle.graphs:
        for port in graph.inputs:
            maker = bundle.maker(port)
            if maker is not None and maker is not graph:
                found.append(f"{maker.name}.{port.name} -> {graph.name}.{port.name}")
    return found


def describe(port: "Port") -> str:
    """A port's limits in a line."""
    from engines.ports import Attributes, Choice, Image, Latent, Layout, Scalar, Spatial

    words = [port.label] if port.label else []
    if isinstance(port, Image) and port.fixed:
        words.append(f"{port.fixed[1]} x {port.fixed[0]}")
    elif isinstance(port, Spatial):
        words.append(f"{port.minimum} to {port.maximum} pixels, multiples of {port.multiple}")
    if isinstance(port, Layout):
        words.append(", ".join(f"{i} {name}" for i, name in enumerate(port.classes)))
    if isinstance(port, Attributes):
        words.append(", ".join(port.names))
    if isinstance(port, Choice):
        words.append(", ".join(port.options))
    if isinstance(port, Scalar):
        words.append(f"{port.minimum:g} to {port.maximum:g}")
    if isinstance(port, Latent):
        words.append(f"{port.dimensions} numbers")
    return "; ".join(words)


def _lines(value: Any) -> list[str]:
    """A part of a description to read; it is a stranger's, so any form must do."""
    if isinstance(value, list):
        return [line for entry in value for line in _lines(entry)]
    if not isinstance(value, Mapping):
        return [_text(value)]
    lines = []
    for key, entry in value.items():
        if isinstance(entry, Mapping | list):
            parts = _lines(entry)
            plain = not any(isinstance(v, Mapping | list) for v in _values(entry))
            lines += (
                [f"{key}: {', '.join(parts)}"]
                if plain
                else [f"{key}:", *(f"  {part}" for part in parts)]
            )
        else:
            lines.append(f"{key}: {_text(entry)}")
    return lines


def _values(entry: Any) -> list[Any]:
    return list(entry.values() if isinstance(entry, Mapping) else entry)


def _text(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _card(bundle: "Bundle") -> dict[str, Any] | None:
    """The measured figures of a model; None where it has none."""
    path = bundle.path / "card.json"
    return _small_json(path) if bundle.path.is_dir() and path.is_file() else None


def _small_json(path: Path) -> dict[str, Any]:
    """A JSON object from a stranger's file; UserError where it is none."""
    try:
        value = json.loads(files.read_text(path, CARD_BYTES))
        if not isinstance(value, dict):
            raise ValueError("it is no object")
    except (OSError, ValueError, RecursionError) as error:
        raise UserError(f"{path} cannot be read ({error}); get the model again.") from error
    return value


def _print_json(value: Any) -> None:
    print(json.dumps(value, indent=1, ensure_ascii=False))
