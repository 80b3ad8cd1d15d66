"""gatys: one picture in the manner of another, in minutes, without any model."""

import argparse
import time
from pathlib import Path

from engines import slowly
from engines.commands.terminal import Progress, Verbs, check_writable, say, whole
from engines.errors import UserError


def add(verbs: Verbs) -> None:
    """Declare the verb."""
    gatys = verbs.add_parser(
        "gatys",
        help="paint a picture in the manner of another, slowly",
        description="Optimise a picture's pixels towards another's manner (Gatys 2016): minutes "
        "and no model; quick models are measured by it. FILE always holds the newest picture, "
        "also after Ctrl+C.",
    )
    gatys.add_argument("content", type=Path, metavar="PICTURE")
    gatys.add_argument("style", type=Path, metavar="STYLE")
    gatys.add_argument("--out", type=Path, required=True, metavar="FILE", help="ends in .png")
    gatys.add_argument("--steps", type=whole, default=200, help="evaluations; 200")
    gatys.add_argument("--weight", type=_weight, default=1.0, help="of the style; 1")
    gatys.add_argument("--side", type=whole, default=512, help="longest side in pixels; 512")
    gatys.add_argument("--keep-colour", action="store_true", help="take its brightness alone")
    gatys.set_defaults(do=_gatys)


def _weight(text: str) -> float:
    value = float(text)
    if not 0 <= value <= slowly.MOST_WEIGHT:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and {slowly.MOST_WEIGHT:g}")
    return value


def _gatys(options: argparse.Namespace) -> int:
    if options.out.suffix.lower() != ".png":
        raise UserError(f"{options.out} does not end in .png; choose such a name.")
    check_writable(options.out)
    from engines.data.pictures import read_picture, write_picture

    content, style = (read_picture(path, options.side) for path in (options.content, options.style))
    content, style = slowly.prepared(content, style, options.side)
    from engines import gatys

    progress, start = Progress(), time.monotonic()
    settings = {"weight": options.weight, "keep_colour": options.keep_colour}
    for look in gatys.paint(content, style, steps=options.steps, **settings):
        write_picture(options.out, look.picture)
        left = (time.monotonic() - start) / look.done * (look.steps - look.done)
        losses = ", ".join(f"{name} {value:.3g}" for name, value in look.losses.items())
        progress.show(f"{look.done}/{look.steps}, {losses}, about {left:.0f} s left")
    progress.end()
    say(f"The picture is in {options.out}.")
    return 0
