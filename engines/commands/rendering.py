"""render and demo: documents in, a picture with its recipe out."""

import argparse
import json
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engines.commands.terminal import (
    Progress,
    Verbs,
    check_writable,
    open_sessions,
    say,
    seed,
    size,
    whole,
)
from engines.errors import UserError

if TYPE_CHECKING:
    from engines.ports import Port, Size
    from engines.request import Request
    from engines.runtime import Bundle, Frame, Sessions

ROOT = Path(__file__).resolve().parents[2]
DEMO = Path("pentimento-demo.png")
USUAL_SIDE = 256  # where neither the words nor the inputs nor the model say a size


def add(verbs: Verbs) -> None:
    """Declare the verbs."""
    render = verbs.add_parser(
        "render",
        help="make a picture with a model",
        description="Make a picture (PNG, with what it was made from inside) with a model. "
        "`inspect MODEL` lists its inputs. A value is a file, a number, or a folder, whose every "
        "file is then rendered into the folder FILE.",
        allow_abbrev=False,
    )
    render.add_argument("model", metavar="MODEL", help="an installed model, a folder or an .onnx")
    render.add_argument(
        "--in", dest="inputs", action="append", default=[], metavar="INPUT=VALUE",
        help="an input, or an attribute: --in layout=a.png --in fog=0.6",
    )  # fmt: skip
    render.add_argument("--seed", type=seed, default=0)
    render.add_argument("--size", type=size, metavar="WxH", help="else as large as the input")
    render.add_argument("--steps", type=whole, default=20, help="of sampling; 20")
    render.add_argument("--sampler", default="ddim", help="of models that denoise; ddim")
    render.add_argument("--guidance", type=float, default=1.0, help="how strictly to follow; 1")
    render.add_argument("--provider", choices=("cpu", "cuda", "auto"), default="auto")
    render.add_argument("--out", required=True, type=Path, metavar="FILE")
    render.set_defaults(do=_render)

    demo = verbs.add_parser(
        "demo",
        help=f"render the bundled example to {DEMO}",
        description=f"Render the bundled example with the first shipped model to {DEMO} here.",
        allow_abbrev=False,
    )
    demo.set_defaults(do=_demo)


def _render(options: argparse.Namespace) -> int:
    check_writable(options.out)
    from engines.runtime import find_model

    bundle = find_model(options.model)
    inputs, folder = parse_inputs(bundle, options.inputs)
    _check_ending(bundle, options.out, batch=folder is not None)
    sessions = open_sessions(options.provider)
    work = _Work(bundle, sessions, options)
    if folder is None:
        work.one(inputs, options.out)
        say(f"{options.out} ({_computed(sessions)})")
        return 0
    return _batch(work, inputs, *folder)


def _demo(options: argparse.Namespace) -> int:
    from engines.ports import Layout
    from engines.runtime import Bundle
    from engines.runtime.bundle import SHIPPED

    models = [path.parent for path in sorted(SHIPPED.glob("*/model.json"))]
    examples = sorted((ROOT / "assets" / "examples").glob("*.png"))
    if not models or not examples:
        say("There is no demonstration: this version ships no model and example together yet.")
        return 1
    check_writable(DEMO)
    bundle = Bundle.open(models[0])
    layout = next((p.name for p in bundle.target.inputs if isinstance(p, Layout)), None)
    if layout is None:
        raise UserError(f"The shipped model {bundle.name} paints no layouts; fetch the project.")
    words = ["render", bundle.name, "--in", f"{layout}={examples[0]}", "--out", str(DEMO)]
    sessions = open_sessions("auto")
    inputs, _ = parse_inputs(bundle, [words[3]])
    given = argparse.Namespace(size=None, seed=0, sampler="ddim", steps=20, guidance=1.0)
    _Work(bundle, sessions, given).one(inputs, DEMO)
    print(f"{bundle.title} painted {examples[0].relative_to(ROOT)} to {DEMO.absolute()}.")
    print(f"The same: python3 main.py {' '.join(words)}")
    return 0


# Inputs ------------------------------------------------------------------------------------------


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
    from engines.data.pictures import read_layout, read_picture
    from engines.data.spec import PaletteClass
    from engines.ports import Choice, Image, Latent, Layout, Mask, Noise, Scalar

    if isinstance(port, Layout):
        pairs = zip(port.classes, port.colors, strict=True)
        return read_layout(Path(text), tuple(PaletteClass(*pair) for pair in pairs))
    if isinstance(port, Image):
        if port.channels != 3:
            raise UserError(f"{port.name} has {port.channels} channels; it is read from no file.")
        return read_picture(Path(text))
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


# Sizes -------------------------------------------------------------------------------------------


def choose_size(bundle: "Bundle", values: Mapping[str, Any]) -> "tuple[Size, Size | None]":
    """The size to render at, and the size that was rounded to it, None where it was taken as is.

    It is the given layout's, else photo's; each side goes to the nearest that the model takes.
    """
    from engines.ports import Image, Layout, Spatial

    target = [*bundle.target.inputs, *bundle.target.outputs]
    for port in bundle.target.outputs:
        if isinstance(port, Image) and port.fixed:
            return (port.fixed[0], port.fixed[1]), None
    asked: Size | None = None
    for kind in (Layout, Image, Spatial):
        for port in (*bundle.target.inputs, *bundle.ports):
            free = isinstance(port, Spatial) and port.free and isinstance(port, kind)
            if free and asked is None and port.name in values:
                asked = values[port.name].shape[:2]
    given = asked is not None
    if asked is None:
        settings = bundle.about.get("settings")
        side = settings.get("size") if isinstance(settings, dict) else None
        asked = (side, side) if isinstance(side, int) else (USUAL_SIDE, USUAL_SIDE)
    free_ports = [p for p in target if isinstance(p, Spatial) and p.free]
    step = math.lcm(*(p.multiple for p in free_ports)) if free_ports else 1
    least = max((p.minimum for p in free_ports), default=1)
    most = min((p.maximum for p in free_ports), default=max(asked))
    scale = min(1.0, most / max(asked))  # A large picture keeps its shape.
    found = tuple(_nearest(side * scale, step, least, most) for side in asked)
    result = (found[0], found[1])
    return result, asked if given and result != tuple(asked) else None


def _nearest(side: float, step: int, least: int, most: int) -> int:
    """The multiple of `step` from `least` to `most` that is nearest."""
    low, high = -(-least // step) * step, most // step * step
    return min(max(int(side / step + 0.5) * step, low), max(high, low))


# Rendering ---------------------------------------------------------------------------------------


class _Work:
    """A model, its sessions and the words that hold for every picture."""

    def __init__(self, bundle: "Bundle", sessions: "Sessions", options: argparse.Namespace) -> None:
        from engines.runtime.render import Cache

        self.bundle, self.sessions, self.options = bundle, sessions, options
        self.cache = Cache()  # A style photo of a batch is encoded once.

    def one(
        self,
        values: Mapping[str, Any],
        out: Path,
        progress: Callable[[float], None] | None = None,
    ) -> None:
        """Render one picture to `out`, whole or not at all; UserError."""
        from engines.request import Request
        from engines.runtime import render
        from engines.runtime.fit import fit

        bundle, options = self.bundle, self.options
        chosen, rounded = options.size, None
        if chosen is None:
            chosen, rounded = choose_size(bundle, values)
        if rounded is not None:
            say(
                f"Rendering at {chosen[1]} x {chosen[0]}, the nearest to {rounded[1]} x "
                f"{rounded[0]} that the model takes."
            )
        for port in (*bundle.target.inputs, *bundle.target.outputs):
            _check_size(port, chosen)
        ports = {port.name: port for port in bundle.ports}
        request = Request(
            model=bundle.hash,
            size=chosen,
            values={name: fit(ports[name], value, chosen) for name, value in values.items()},
            seed=options.seed,
            sampler=options.sampler,
            steps=options.steps,
            guidance=options.guidance,
        )
        shown, last = Progress(), None
        for frame in render(bundle, request, self.sessions, self.cache):
            last = frame
            if not frame.final and progress is None:
                shown.show(f"Rendering {frame.progress:.0%}")
        shown.end()
        assert last is not None  # A render ends with its final frame, or raises.
        save(bundle, request, last, out)


def _check_size(port: "Port", chosen: "Size") -> None:
    from engines.ports import Spatial

    if isinstance(port, Spatial) and port.free:
        port.check(chosen)


def _batch(work: _Work, values: dict[str, Any], name: str, folder: Path) -> int:
    """Render every picture of a folder; what failed is told at the end."""
    from engines.data.sets import pictures_in

    port = next(p for p in work.bundle.ports if p.name == name)
    found = pictures_in(folder)
    if not found:
        raise UserError(f"There are no pictures in {folder}; choose another folder.")
    ending = _ending(work.bundle)
    out: Path = work.options.out
    progress, failed = Progress(), []
    for done, (stem, path) in enumerate(found.items()):
        progress.count("Rendering", done, len(found))
        try:
            value = read_value(port, str(path))
            work.one({**values, name: value}, out / f"{stem}{ending}", lambda _: None)
        except UserError as error:
            failed.append(f"{path.name}: {error}")
    progress.end()
    say(f"{len(found) - len(failed)} of {len(found)} in {out} ({_computed(work.sessions)})")
    for line in failed:
        say(line)
    return 1 if failed else 0


def _computed(sessions: "Sessions") -> str:
    """What the work was really done on."""
    provider = sessions.provider
    return f"on {provider.got}" + (f": {provider.why}" if provider.why else "")


# Files -------------------------------------------------------------------------------------------


def _ending(bundle: "Bundle") -> str:
    return ".png" if bundle.target.outputs[0].kind in ("image", "layout", "mask") else ".json"


def _check_ending(bundle: "Bundle", out: Path, batch: bool) -> None:
    """Refuse a place that cannot hold the result, before anything is rendered."""
    if batch:
        if out.exists() and not out.is_dir():
            raise UserError(f"{out} is a file, but a folder of pictures needs a folder; name one.")
        return
    if out.is_dir():
        raise UserError(f"{out} is a folder; give the name of a file in it.")
    if out.suffix.lower() != _ending(bundle):
        raise UserError(
            f"The result of {bundle.name} is saved as {_ending(bundle)}, not as "
            f"{out.suffix or 'a file without ending'}; name it {out.stem}{_ending(bundle)}."
        )


def save(bundle: "Bundle", request: "Request", frame: "Frame", out: Path) -> None:
    """Write the result: pictures and layouts as PNG that carries its Request and the passport."""
    from engines import files

    port = bundle.target.outputs[0]
    value = frame.values[port.name]
    if port.kind not in ("image", "layout", "mask"):
        plain = {k: v.tolist() if hasattr(v, "tolist") else v for k, v in frame.values.items()}
        files.write_json(out, plain)
        return
    from PIL import Image as Pillow
    from PIL.PngImagePlugin import PngInfo

    from engines.data.spec import PaletteClass, palette
    from engines.ports import Layout

    pixels = value.squeeze(-1) if value.ndim == 3 and value.shape[2] == 1 else value
    image = Pillow.fromarray(pixels)
    if isinstance(port, Layout):
        colors = palette(tuple(map(PaletteClass, port.classes, port.colors)))
        image.putpalette(colors.ravel().tolist())
    text = PngInfo()
    text.add_itxt("pentimento:request", request.to_json())
    text.add_itxt("pentimento:passport", json.dumps(passport(bundle), ensure_ascii=False))
    with files.writing(out) as temporary:
        image.save(temporary, format="PNG", pnginfo=text)


def passport(bundle: "Bundle") -> dict[str, Any]:
    """What a picture says of its making: that a model made it, which, from what, on what terms."""
    about = bundle.about
    told = {key: about.get(key) for key in ("recipe", "paper", "data", "licence", "made")}
    return {
        "made_with": "Pentimento",
        "generated": True,
        "model": bundle.name,
        "title": bundle.title,
        "hash": bundle.hash,
        **told,
    }
