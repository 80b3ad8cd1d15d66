"""Orders: what the studio asks a trainer for, as order.json in the run directory it made for it.

The trainer carries out what is still to be done of it, so the same command starts a run, goes on
with one that was killed, and exports one that was trained to its end.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Literal

from engines import files
from engines.errors import UserError
from engines.runs import Run

# What a trainer says of itself in its events: {"kind": "state", "state": ..., "sentence": ...}.
# "unproved": trained, but its export did not stand the proof, so that there is no model.
State = Literal[
    "preparing",
    "training",
    "exporting",
    "done",
    "stopped",
    "discarded",
    "failed",
    "unproved",
]
ENDED: tuple[State, ...] = ("done", "stopped", "discarded", "failed", "unproved")
BUNDLE = "bundle"  # where in a run directory its model lies
BACK = "bundle-back"  # and that of the way back, of a recipe that learns both
LOG = "log.txt"
_MOST_BYTES = 4_000_000  # Mends name files one by one.
_MOST_PROCESSES = 256


@dataclass(frozen=True)
class Order:
    """A run to be made; `settings` are those that differ from the recipe's, by name.

    `device` "auto" takes CUDA where there is some. `licence` are the terms of the weights, `terms`
    says what the pictures are and on what terms they were used; both travel in the passport.
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
    licence: str = ""
    terms: str = ""
    base: str = ""  # folder of the model to start from; "" starts from scratch
    tunable: bool = True  # whether the model carries what fine-tuning it needs
    int8: bool = False  # whether to try 8-bit weights, where the proof still holds
    processes: int = 0  # 0: one for each of `devices`, one on the CPU
    devices: tuple[int, ...] = ()  # numbers of the GPUs; none named: all there are
    mends: Mapping[str, Any] = field(default_factory=dict)  # a data.mends.Mends as JSON

    def write(self, run: Path) -> None:
        """Put it into a run directory, which is made."""
        files.write_json(run / "order.json", asdict(self))

    @classmethod
    def read(cls, run: Path) -> "Order":
        """The order in a run directory; UserError where there is none that can be read."""
        path = run / "order.json"
        try:
            value = json.loads(files.read_text(path, _MOST_BYTES))
            if not isinstance(value, dict):
                raise ValueError("it is no order")
            if isinstance(value.get("devices"), list):
                value["devices"] = tuple(value["devices"])
            order = cls(**value)
            order._check()
            return order
        except FileNotFoundError as error:
            raise UserError(f"There is no order in {run}; start the training anew.") from error
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
            raise UserError(
                f"The order in {path} cannot be read ({error}); start the training anew."
            ) from error

    @classmethod
    def of(cls, run: Path) -> "Order":
        """The order of a run; of one that a terminal began, one that says what the run is.
        UserError.
        """
        if (run / "order.json").exists() or not (run / "run.json").exists():
            return cls.read(run)
        config = Run.open(run).config
        try:
            order = cls(
                config["recipe"],
                config["data"],
                run.name,
                config["settings"],
                **{name: config[name] for name in ("seed", "device", "validate", "checkpoint")},
            )
            order._check()
        except (ValueError, KeyError, TypeError) as error:
            raise UserError(
                f"run.json in {run} does not say what to train ({error}); start the training anew."
            ) from error
        return order

    def again(self, **changes: Any) -> "Order":
        """The same once more, with changes: a run that has not been made."""
        return replace(self, **{"made": 0.0, **changes})

    def _check(self) -> None:
        """ValueError where a value is not what its field holds."""
        for entry in fields(self):
            value, kind = getattr(self, entry.name), _KINDS[entry.type]
            flag = isinstance(value, bool)
            if not isinstance(value, kind) or flag != (kind is bool):
                raise ValueError(f"{entry.name} is {str(value)[:40]!r}")
        if any(type(number) is not int for number in self.devices):
            raise ValueError("a device is no number")
        if not 0 <= self.processes <= _MOST_PROCESSES:
            raise ValueError(f"{self.processes} processes are asked for")


_KINDS: dict[Any, Any] = {
    str: str,
    bool: bool,
    int: int,
    float: int | float,
    tuple[int, ...]: tuple,
    Mapping[str, Any]: Mapping,
}
