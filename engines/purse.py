"""What measuring may cost: a share of the time that was trained; imports no torch."""

from collections.abc import Mapping
from typing import Any

from engines.alarms import numbers

SHARE = 0.04  # of the training time; what is promised is under 0.05
ONCE = 0.25  # of that share, for what is done but once a run


class Purse:
    """Keeps the seconds trained and measured, from the events of a run.

    What is spent but once a run is charged bit by bit over all of it, so that a short run is
    measured more than twice.
    """

    def __init__(self, rows: int, total: int) -> None:
        self._rows, self._total = rows, total
        self.trained = self.measured = self.once = 0.0
        self.steps = 0
        self.last = 0.0  # seconds of the latest measure
        self.a_picture = 0.07  # seconds, as far as is known

    def hear(self, event: Mapping[str, Any]) -> None:
        """Take an event; what a resumed run does again was time spent all the same."""
        said = numbers(event)
        if event.get("kind") == "step" and said.get("rate", 0.0) > 0:
            self.trained += self._rows / said["rate"]
            self.steps += 1
        elif event.get("kind") == "measure" and "seconds" in said:
            self.last = max(said["seconds"], 0.0)
            self.measured += self.last + max(said.get("searching", 0.0), 0.0)
            if said.get("pictures", 0.0) > 0:
                self.a_picture = max(self.last / said["pictures"], 1e-4)
        elif event.get("kind") == "bounds" and "seconds" in said:
            self.once += max(said["seconds"], 0.0)

    @property
    def pace(self) -> float:
        """Seconds a step."""
        return self.trained / self.steps if self.steps else 0.0

    def pictures(self, every: int) -> int:
        """How many pictures a measure may have, one in so many steps."""
        return int(SHARE * (1 - ONCE) * self.pace * every / self.a_picture)

    def affords(self, step: int) -> bool:
        """Whether another measure after `step` steps stays within the share. The first always
        does.
        """
        return self.last == 0.0 or self.spare(step) >= self.last

    def spare(self, step: int) -> float:
        """Seconds that are left to measure with."""
        done = min(1.0, step / max(1, self._total))
        return SHARE * self.trained - self.measured - self.once * done
