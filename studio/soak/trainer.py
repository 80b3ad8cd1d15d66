"""A trainer that dies, as a studio starts it. Run as a program:

    python -m studio.soak.trainer FLAGS WORD ...

It does what the words say to the command line. FLAGS is a file that holds a byte that is not 0
for each kind of write that is under way.
"""

import mmap
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from engines import cli, files
from engines.runs import Run

KINDS = ("an event", "checkpoints", "snapshots", "previews", "another file")


def place(path: Path) -> int:
    """Which kind of write a file is."""
    name = path.parent.name
    return KINDS.index(name) if name in KINDS else len(KINDS) - 1


def flagged(flags: mmap.mmap) -> None:
    """From now on a flag is up while something is written."""
    writing, append = files.writing, Run.append

    @contextmanager
    def told(path: Path) -> Iterator[Path]:
        flags[place(path)] += 1
        try:
            with writing(path) as temporary:
                yield temporary
        finally:
            flags[place(path)] -= 1

    def tell(self: Run, event: Mapping[str, Any]) -> None:
        flags[0] += 1
        try:
            append(self, event)
        finally:
            flags[0] -= 1

    files.writing = told
    Run.append = tell  # type: ignore[method-assign]


if __name__ == "__main__":
    with open(sys.argv[1], "r+b") as file:
        flagged(mmap.mmap(file.fileno(), len(KINDS)))
    sys.exit(cli.main(sys.argv[2:]))
