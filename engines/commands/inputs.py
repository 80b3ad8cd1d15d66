"""Words of the command line as document values of a model's inputs, and the size they ask for."""

import argparse
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engines.commands.terminal import seed, whole
from engines.errors import UserError

if TYPE_CHECKING:
    from engines.ports import Port, Size
    from engines.runtime.bundle import Bundle

USUAL_SIDE = 256  # where neither the words nor the inputs nor the model say a size


def add_making(verb: argparse.ArgumentParser, what: str) -> None:
    """Declare how a model is asked: `what` says which inputs --in sets."""
    verb.add_argument(
        "--in", dest="inputs", action="append", default=[], metavar="INPUT=VALUE", help=what
    )
    verb.add_argument("--seed", type=seed, default=0)
    verb.add_argument("--steps", type=whole, default=20, help="of sampling; 20")
    verb.add_argument("--sampler", default="ddim", help="of models that denoise; ddim")
    verb.add_argument("--guidance", type=float, default=1.0, help="how strictly to follow; 1")
    verb.add_argument("--provider", choices=("cpu", "cuda", "auto"), default="auto")


def parse_inputs(
    bundle: "Bundle", words: Sequence[str]
) -> tuple[dict[str, Any], tuple[str, Path] | None]:
    """Document values by port, and the port that was given a folder with that folder, if any.

    UserError where a word names no input or its value does not suit it.
    """
    from engines.ports import Attributes

    values: dict[str, Any] = {}
    folder: tuple[str, Path] | None = None
    for word in words:
        name, equals, text = word.partition("=")
        if not equals or not text:
            raise UserError(f"--in takes INPUT=VALUE, not {word!r}; see inspect {bundle.name}.")
        port, attribute = _find(bundle, name)
        if attribute:
            values.setdefault(port.name, {})[attribute] = _number(text, name)
        elif isinstance(port, Attributes):
            raise UserError(
                f"{port.name} has several values; set each, like --in {port.name}."
                f"{port.names[0]}=0.5 (there are {', '.join(port.names)})."
            )
        elif Path(text).is_dir() and port.kind in ("image", "layout", "mask"):
            if folder is not None:
                raise UserError(f"Only one input can be a folder, but {folder[0]} is one already.")
            folder = (port.name, Path(text))
        else:
            values[port.name] = read_value(port, text)
    return values, folder


def _find(bundle: "Bundle", name: str) -> "tuple[Port, str]":
    """The port that a word names, and its attribute where it names one; UserError else."""
    from engines.ports import Attributes

    ports = {port.name: port for port in bundle.ports if port.kind != "noise_level"}
    if name in ports:
        return ports[name], ""
    tables = [port for port in ports.values() if isinstance(port, Attributes)]
    head, dot, tail = name.rpartition(".")
    found = [t for t in tables if (t.name == head and tail in t.names) or (name in t.names)]
    if len(found) == 1:
        return found[0], tail if dot and found[0].name == head else name
    if found:
        choices = " or ".join(f"{port.name}.{name}" for port in found)
        raise UserError(f"{name} could be {choices} of {bundle.name}; write which.")
    known = [*ports, *(f"{table.name}.{n}" for table in tables for n in table.names)]
    raise UserError(f"The model {bundle.name} has no input {name!r}; it has {', '.join(known)}.")


def read_value(port: "Port", text: str) -> Any:
    """A word as a document value of a port: a file read, a number, an option or a sentence."""
    from engines.data.derive import taken
    from engines.data.pictures import read_layout, read_picture
    from engines.data.spec import PaletteClass
    from engines.ports import Choice, Image, Latent, Layout, Mask, Noise, Scalar

    if isinstance(port, Layout):
        pairs = zip(port.classes, port.colors, strict=True)
        return read_layout(Path(text), tuple(PaletteClass(*pair) for pair in pairs))
    if isinstance(port, Image):
        if port.channels != 3:
            raise UserError(f"{port.name} has {port.channels} channels; it is read from no file.")
        return taken(read_picture(Path(text)), port.derived)
    if isinstance(port, Mask):
        return read_picture(Path(text)).max(2) > 127
    if isinstance(port, Scalar):
        return _number(text, port.name)
    if isinstance(port, Noise):
        return seed_value(text, port.name)
    if isinstance(port, Choice):
        return int(text) if text.isdecimal() else text
    if isinstance(port, Latent):
        return [_number(part, port.name) for part in text.split(",")]
    return text


def seed_value(text: str, name: str) -> int:
    """A seed; UserError where it is none."""
    try:
        return seed(text)
    except argparse.ArgumentTypeError as error:
        raise UserError(f"{name}: {error}.") from error


def _number(text: str, name: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise UserError(f"{name} needs a number, not {text!r}; write it like {name}=0.5.")
    return value


def choose_size(bundle: "Bundle", values: Mapping[str, Any]) -> "tuple[Size, Size | None]":
    """The size to render at, and the size that was rounded to it, None where it was taken as is.

    It is the given layout's, else photo's; each side goes to the nearest that the model takes.
    """
    from engines.ports import Image, Layout, Spatial
    from engines.runtime.fit import nearest_size

    asked: Size | None = None
    for kind in (Layout, Image, Spatial):
        for port in (*bundle.target.inputs, *bundle.ports):
            free = isinstance(port, Spatial) and port.free and isinstance(port, kind)
            if free and asked is None and port.name in values:
                asked = values[port.name].shape[:2]
    settings = bundle.about.get("settings")
    side = settings.get("size") if isinstance(settings, dict) else None
    usual = (side, side) if isinstance(side, int) else (USUAL_SIDE, USUAL_SIDE)
    result = nearest_size(bundle, asked or usual)
    return result, asked if asked is not None and result != tuple(asked) else None
