"""The roll of a run: the names of the pictures that it was started with, and how likely each is.

A run draws by this list and never by what lies in the folder today. So a file that was added, or
that is gone, changes no draw but its own, and a run that was killed goes on with the same draws.
"""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from engines import files
from engines.data.kinds import DataSet
from engines.errors import UserError
from engines.ways import sooner

NAME = "roll.txt"
_MOST_BYTES = 256_000_000


class Roll:
    """Names with their weights; `left_out` says from which step (from 0) a name is not drawn."""

    def __init__(
        self, names: Sequence[str], weights: Sequence[float], left_out: Mapping[str, int]
    ) -> None:
        self.names = list(names)
        total = np.cumsum(np.asarray(weights, np.float64))
        self._shares = total / total[-1]
        self._left_out = dict(left_out)
        self._news: dict[str, int] = {}
        self._lock = threading.Lock()

    def pick(self, rng: np.random.Generator, step: int) -> str:
        """A name, as likely as its weight; one that is left out is drawn anew. UserError when
        hardly any is left.
        """
        for _ in range(1000):
            place = int(np.searchsorted(self._shares, rng.random(), side="right"))
            name = self.names[min(place, len(self.names) - 1)]
            if self._left_out.get(name, step + 1) > step:
                return name
        raise UserError(
            f"Hardly any of the {len(self.names)} pictures can be read any more, "
            f"{next(iter(self._left_out))} for one; the last checkpoint is kept. Restore the "
            "folder of the data and remove ways.json from the run to go on."
        )

    def leave_out(self, name: str, step: int) -> None:
        """This one cannot be read, in the batch of this step (from 0)."""
        with self._lock:
            self._left_out[name] = min(step, self._left_out.get(name, step))
            self._news[name] = self._left_out[name]

    def know(self, left_out: Mapping[str, int]) -> None:
        """These could not be read elsewhere; it is no news."""
        with self._lock:
            self._left_out = sooner(self._left_out, left_out)

    def news(self) -> dict[str, int]:
        """What was left out since this was last asked."""
        with self._lock:
            news, self._news = self._news, {}
            return news


def called(run: Path, data: DataSet, left_out: Mapping[str, int], *, write: bool) -> Roll:
    """The roll of a run; where it has none yet, the data as they are, which are written down.
    UserError.
    """
    path = run / NAME
    if not path.exists():
        if write:
            # A name may hold anything, ends of lines too.
            lines = zip(data.names, data.weights, strict=True)
            files.write_text(path, "".join(json.dumps(line) + "\n" for line in lines))
        return Roll(data.names, data.weights, left_out)
    try:
        pairs = [json.loads(line) for line in files.read_text(path, _MOST_BYTES).splitlines()]
        names, weights = [str(name) for name, _ in pairs], [float(weight) for _, weight in pairs]
        if not pairs or not all(0 < weight < math.inf for weight in weights):
            raise ValueError("a weight is none")
        return Roll(names, weights, left_out)
    except (OSError, ValueError, TypeError, RecursionError) as error:
        raise UserError(
            f"{NAME} in {run} cannot be read ({error}); restore it, or start a new run."
        ) from error
