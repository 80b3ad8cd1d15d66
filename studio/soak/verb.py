"""The verb `soak`: kill what paints or trains, again and again, and see that nothing is lost."""

import argparse
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from engines.commands.terminal import say
from engines.errors import UserError

SHARES = {"paint": 0.2, "train": 0.15}  # of the kills must fall into a write, to count
KILLS = {"paint": 300, "train": 200}


def add(verbs: Any) -> None:
    """Add it to the command line."""
    soak = verbs.add_parser("soak", help="kill a painting studio, or a training; nothing is lost")
    soak.add_argument("what", choices=list(KILLS), help="what is soaked")
    soak.add_argument("--kills", type=int, metavar="N", help="so many; 300, or 200 of a training")
    soak.add_argument("--seed", type=int, default=1, metavar="N", help="other strokes and moments")
    soak.set_defaults(do=_soak)


def _soak(options: argparse.Namespace) -> int:
    from studio.soak import kills, train
    from studio.soak.kills import LostError

    each, rounds = {
        "paint": (kills.EACH, kills.rounds),
        "train": (train.EACH, train.rounds),
    }[options.what]
    wanted = KILLS[options.what] if options.kills is None else options.kills
    if wanted < 1:
        raise UserError("--kills must be at least 1.")
    start, inside, steps, done = time.monotonic(), Counter[str](), 0, 0
    into = 0
    while done < wanted:
        seed = options.seed * 1000 + done // each
        with tempfile.TemporaryDirectory(prefix="pentimento-soak-") as folder:
            try:
                for death in rounds(Path(folder), seed, min(each, wanted - done)):
                    done += 1
                    steps += death.steps
                    inside.update(death.inside)
                    into += bool(death.inside)
            except LostError as error:
                print(f"Something was lost after {done} kills (seed {seed}): {error}")
                return 1
        say(f"{done} kills, {into} inside a write")
    parts = ", ".join(f"{count} inside {name}" for name, count in sorted(inside.items()))
    print(
        f"{done} kills in {time.monotonic() - start:.0f} s, {steps} steps acknowledged; "
        f"{into} kills fell inside a write ({parts}). Nothing acknowledged was lost."
    )
    if into < SHARES[options.what] * done:
        print(
            f"Too few fell inside a write for this to say much: under {SHARES[options.what]:.0%}."
        )
        return 1
    return 0
