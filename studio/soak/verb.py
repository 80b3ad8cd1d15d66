"""The verb `soak`: kill a studio that paints, again and again, and see that nothing is lost."""

import argparse
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from engines.commands.terminal import say
from engines.errors import UserError

SHARE = 0.2  # of the kills that must fall into a write, for the soak to count


def add(verbs: Any) -> None:
    """Add it to the command line."""
    soak = verbs.add_parser("soak", help="kill a painting studio again and again; nothing is lost")
    soak.add_argument("what", choices=["paint"], help="what is soaked")
    soak.add_argument("--kills", type=int, default=300, metavar="N", help="so many; 300")
    soak.add_argument("--seed", type=int, default=1, metavar="N", help="other strokes and moments")
    soak.set_defaults(do=_soak)


def _soak(options: argparse.Namespace) -> int:
    from studio.soak.kills import EACH, LostError, rounds

    if options.kills < 1:
        raise UserError("--kills must be at least 1.")
    start, inside, steps, done = time.monotonic(), Counter[str](), 0, 0
    into = 0
    while done < options.kills:
        seed = options.seed * 1000 + done // EACH
        with tempfile.TemporaryDirectory(prefix="pentimento-soak-") as folder:
            try:
                for death in rounds(Path(folder), seed, min(EACH, options.kills - done)):
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
    if into < SHARE * done:
        print(f"Too few fell inside a write for this to say much: under {SHARE:.0%}.")
        return 1
    return 0
