"""Which step of a training to take, in plain words; imports no torch."""

from dataclasses import dataclass
from typing import Any

from engines.alarms import Measure, Watch

PATIENCE = 2  # measures, before a step is said to have been the best
SPOILT = frozenset({"collapse", "overfitting"})  # what a good figure does not make up for


@dataclass(frozen=True)
class Best:
    """The measure to take the weights of, and by which figure."""

    measure: Measure
    name: str

    @property
    def value(self) -> float:
        """Its figure."""
        return self.measure.figures[self.name]


def best(watch: Watch) -> Best | None:
    """The lowest main figure, of those measured while nothing was wrong, if there are any; the
    newest, as long as flat fills are as good.
    """
    name = watch.main
    taken = [m for m in watch.measures if name in m.figures]
    if not taken:
        return None
    sound = [m for m in taken if not watch.wrong_at(m.step, SPOILT)]
    if not watch.better_than_flat:
        return Best((sound or taken)[-1], name)
    return Best(min(sound or taken, key=lambda m: m.figures[name]), name)


def advice(watch: Watch) -> dict[str, Any] | None:
    """An event for the newest measure, where it changes which step to take; else None.

    While every measure is the best one yet, the curve says so itself.
    """
    found = best(watch)
    if found is None or not watch.better_than_flat:
        return None
    now, step = watch.measures[-1], found.measure.step
    if step == now.step:
        if watch.advised is None:
            return None
        sentence = f"The newest {watch.things}, of step {step:,}, are the best so far."
    else:
        later = [m for m in watch.measures if m.step > step]
        if watch.advised == step or len(later) < PATIENCE:
            return None
        worse = now.figures.get(f"{found.name}_low", found.value) > found.value
        since = "they have become worse since" if worse else "later ones are no better"
        sentence = (
            f"The best {watch.things} so far are those of step {step:,}; {since}. The model will "
            f"be "
            "made from that step."
        )
    return {"kind": "advice", "step": now.step, "best": step, "sentence": sentence}
