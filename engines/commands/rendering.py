"""render and demo: documents in, a picture with its recipe out."""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engines.commands.inputs import add_making, choose_size, parse_inputs, read_value
from engines.commands.terminal import (
    Progress,
    Verbs,
    check_writable,
    open_sessions,
    say,
    size,
)
from engines.errors import UserError

if TYPE_CHECKING:
    from engines.runtime.bundle import Bundle
    from engines.runtime.render import Frame
    from engines.runtime.sessions import Sessions

ROOT = Path(__file__).resolve().parents[2]
DEMO = Path("pentimento-demo.png")


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
    add_making(render, "an input, or an attribute: --in layout=a.png --in fog=0.6")
    render.add_argument("--size", type=size, metavar="WxH", help="else as large as the input")
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
    from engines.runtime.bundle import find_model

    bundle = find_model(options.model)
    inputs, folder = parse_inputs(bundle, options.inputs)
    _check_ending(bundle, options.out, batch=folder is not None)
    sessions = open_sessions(options.provider)
    work = _Work(bundle, sessions, options)
    if folder is None:
        work.one(inputs, options.out, Progress())
        say(f"{options.out} ({_computed(sessions)})")
        return 0
    return _batch(work, inputs, *folder)


def _demo(options: argparse.Namespace) -> int:
    from engines.ports import Layout
    from engines.runtime.bundle import Bundle
    from engines.runtime.places import SHIPPED

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
    _Work(bundle, sessions, given).one(inputs, DEMO, Progress())
    print(f"{bundle.title} painted {examples[0].relative_to(ROOT)} to {DEMO.absolute()}.")
    print(f"The same: python3 main.py {' '.join(words)}")
    return 0


# Rendering ---------------------------------------------------------------------------------------


class _Work:
    """A model, its sessions and the words that hold for every picture."""

    def __init__(self, bundle: "Bundle", sessions: "Sessions", options: argparse.Namespace) -> None:
        from engines.runtime.render import Cache

        self.bundle, self.sessions, self.options = bundle, sessions, options
        self.cache = Cache()  # A style photo of a batch is encoded once.

    def one(self, values: Mapping[str, Any], out: Path, shown: Progress | None = None) -> None:
        """Render one picture to `out`, whole or not at all; UserError. `shown` hears of steps."""
        from engines.request import Request
        from engines.runtime import tiles
        from engines.runtime.fit import fit
        from engines.runtime.saving import save

        bundle, options = self.bundle, self.options
        chosen, rounded = options.size, None
        if chosen is None:
            chosen, rounded = choose_size(bundle, values)
        if rounded is not None:
            say(
                f"Rendering at {chosen[1]} x {chosen[0]}, the nearest to {rounded[1]} x "
                f"{rounded[0]} that the model takes."
            )
        tiles.check(bundle, chosen)
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
        last: Frame | None = None
        for last in tiles.paint(bundle, request, self.sessions, self.cache):
            if shown is not None and not last.final:
                shown.show(f"Rendering {last.progress:.0%}")
        if shown is not None:
            shown.end()
        assert last is not None  # A render ends with its final frame, or raises.
        save(bundle, request, last, out)


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
            work.one({**values, name: value}, out / f"{stem}{ending}")
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
    from engines.runtime.saving import ending_of

    return ending_of(bundle)


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
