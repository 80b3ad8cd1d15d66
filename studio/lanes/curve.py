"""A named figure over the steps of a run."""

from array import array
from bisect import bisect_right
from dataclasses import dataclass, field


@dataclass
class Curve:
    """A named figure over the steps, in the order of the steps."""

    steps: "array[float]" = field(default_factory=lambda: array("d"))
    values: "array[float]" = field(default_factory=lambda: array("d"))

    def add(self, step: int, value: float) -> None:
        """Append; steps that are not later than the last one are superseded."""
        if self.steps and step <= self.steps[-1]:
            self.cut(step - 1)
        self.steps.append(step)
        self.values.append(value)

    def cut(self, step: int) -> None:
        """Forget what came after `step`."""
        keep = bisect_right(self.steps, step)
        del self.steps[keep:]
        del self.values[keep:]

    def near(self, step: float) -> float | None:
        """The value at the last step that is not after `step`, else the first; None of nothing."""
        if not self.values:
            return None
        return self.values[max(0, bisect_right(self.steps, step) - 1)]
