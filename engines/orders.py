"""Orders: what the studio asks a trainer for, as order.json in the run directory it made for it.

The trainer carries out what is still to be done of it, so the same command starts a run, goes on
with one that was killed, and exports one that was trained to its end.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from engines import files
from engines.errors import UserError

# What a trainer says of itself in its events: {"kind": "state", "state": ...}.
State = Literal["preparing", "training", "exporting", "done", "stopped", "discarded", "failed"]
BUNDLE = "bundle"  # where in a run directory its model lies
LOG = "log.txt"
_MOST_BYTES = 1_000_000


@dataclass(frozen=True)
class Order:
    """A run to be made; `settings` are those that differ from the recipe's, by name.

    `device` "auto" takes CUDA where there is some.
    """

    recipe: str
    data: str
    title: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0
    device: str = "auto"
    validate: int = 1000
    checkpoint: int = 500
    preset: str = ""
    made: float = 0.0  # seconds since the epoch

    def write(self, run: Path) -> None:
        """Put it into a run directory, which is made."""
        files.write_json(run / "order.json", asdict(self))

    @classmethod
    def read(cls, run: Path) -> "Order":
        """The order in a run directory; UserError where there is none that can be read."""
        path = run / "order.json"
        try:
            if path.stat().st_size > _MOST_BYTES:
                raise ValueError("it is too long")
            value = json.loads(path.read_text("utf-8"))
            if not isinstance(value, dict) or not isinstance(value["settings"], dict):
                raise ValueError("it is no order")
            words = [value[name] for name in ("recipe", "data", "title", "device", "preset")]
            numbers = [value[name] for name in ("seed", "validate", "checkpoint", "made")]
            if not all(isinstance(word, str) for word in words):
                raise ValueError("a word is none")
            if not all(isinstance(n, int | float) for n in numbers):
                raise ValueError("a number is none")
            return cls(**value)
        except FileNotFoundError as error:
            raise UserError(f"There is no order in {run}; start the training anew.") from error
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
            raise UserError(
                f"The order in {path} cannot be read ({error}); start the training anew."
            ) from error
