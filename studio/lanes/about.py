"""What a run is: the order that made it, and the settings that it began with."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engines.errors import UserError
from engines.orders import Order
from engines.runs import Run

MOST = 10**12  # what is more is no number of steps, nor of anything else


class About:
    """A run directory's order.json and run.json, each read once it is there. Whatever they say is
    believed as far as it makes sense.
    """

    def __init__(self, path: Path) -> None:
        self.run = Run(path)
        self._config: dict[str, Any] | None = None
        self._order: Order | None = None

    @property
    def path(self) -> Path:
        """The run directory."""
        return self.run.path

    @property
    def config(self) -> dict[str, Any]:
        """run.json; empty as long as there is none that can be read."""
        if self._config is None:
            try:
                self._config = self.run.config
            except UserError:
                return {}
        return self._config

    @property
    def order(self) -> Order | None:
        """What was ordered; None of a run that a terminal began."""
        if self._order is None:
            try:
                self._order = Order.read(self.path)
            except UserError:
                return None
        return self._order

    @property
    def recipe(self) -> str:
        """The id of what is trained."""
        if self.order is not None:
            return self.order.recipe
        return str(self.config["recipe"]) if "recipe" in self.config else ""

    @property
    def settings(self) -> dict[str, Any]:
        """What it was made with; empty where that cannot be read."""
        found = self.config.get("settings")
        return found if isinstance(found, dict) else {}

    @property
    def stages(self) -> list[tuple[int, float]]:
        """(steps, pixels of a training crop) of each stage."""
        try:
            given = [
                (int(s["steps"]), float(s["size"][0] * s["size"][1])) for s in self.config["stages"]
            ]
        except (KeyError, TypeError, IndexError, ValueError, OverflowError):
            given = []
        if given and all(0 < n < MOST and 0 < pixels < MOST for n, pixels in given):
            return given
        return [(self._ordered_steps(), 1.0)]

    def _ordered_steps(self) -> int:
        ordered = self.order.settings if self.order is not None else {}
        return _count(self.settings, "steps") or _count(ordered, "steps")

    @property
    def total(self) -> int:
        """Steps in all; 0 as long as nobody knows."""
        return sum(steps for steps, _ in self.stages)

    @property
    def batch(self) -> int:
        """Pictures of a step; 0 as long as nobody knows."""
        return _count(self.settings, "batch")


def _count(settings: Mapping[str, Any], name: str) -> int:
    """A setting that counts something; 0 where it does not say, or makes no sense."""
    try:
        value = settings[name]
    except KeyError:
        return 0
    return value if isinstance(value, int) and 0 < value < MOST else 0
