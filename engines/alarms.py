"""What is going wrong in a training, in plain words: events in, alarms out; imports no torch.

A `Watch` is a function of the events it has heard, so a run that is resumed goes on where it was.
Every rule asks twice before it speaks, and speaks once: an alarm lasts until it is over.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Figures = dict[str, float]
TWICE = 2  # measures in a row, before a rule is believed

COLLAPSED = 0.25  # of the diversity of true pictures
FALLEN = 0.5  # of the greatest diversity so far
SAME = 0.02  # pictures that a reader of features takes for one
COPIED = 0.4  # of the made pictures; honest ones copy 0.05
GAP = 1.5  # how much farther from its truth on unseen pictures than on learned ones
WINDOW = 200  # steps over which a critic is judged
GUESSES = 0.55  # of the pairs, by a critic that has learned nothing
FOOLED = 0.35  # of the pairs: it takes the made picture for the true one, and does not learn
STILL = 1e-3  # between the least and the greatest certainty of a critic that says the same of all
CERTAIN = 0.98  # of the pairs
LEAST_MEASURES = 8  # before "no progress" can be said
NEAR = 0.1  # of the span from floor to ceiling: as good as real, or no better than flat fills
MORE_DIVERSE = 0.05  # by which diversity comes nearer to 1, where it counts as progress


@dataclass(frozen=True)
class Measure:
    """The figures after a step."""

    step: int
    figures: Figures


@dataclass(frozen=True)
class Rule:
    """An alarm: its name, whether its reason is there now (None: nobody can tell), its words."""

    id: str
    holds: Callable[["Watch"], bool | None]
    words: Callable[["Watch"], str]
    over: str


class Watch:
    """Hears the events of a run as they happen; `hear` gives the alarms that follow from one."""

    def __init__(self) -> None:
        self.measures: list[Measure] = []
        self.bounds: dict[str, Figures] = {}
        self.told: list[tuple[int, float]] = []  # (step, how surely the critic told them apart)
        self.advised: int | None = None  # the step before the newest that was said to be the best
        self._said: list[tuple[int, str, bool]] = []  # (step, alarm, over)
        self._since: dict[str, int] = {}  # measures for which a rule has held, or has not

    @property
    def on(self) -> set[str]:
        """Alarms that last."""
        latest = {name: over for _, name, over in self._said}
        return {name for name, over in latest.items() if not over}

    def hear(self, event: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Take an event; the alarms that begin or end with it, as events without their time."""
        kind, step = event.get("kind"), event.get("step")
        if not isinstance(kind, str) or not isinstance(step, int) or isinstance(step, bool):
            return []
        if kind in ("resumed", "rollback"):
            self._back_to(step)
        elif kind == "bounds":
            self.bounds = {
                str(name): numbers(bound) for name, bound in _mapping(event, "figures").items()
            }
        elif kind == "advice":
            found = event.get("best")
            self.advised = found if isinstance(found, int) and found < step else None
        elif kind == "step":
            return list(self._step(step, numbers(_mapping(event, "losses"))))
        elif kind == "measure":
            return list(self._measure(step, numbers(_mapping(event, "figures"))))
        return []

    def wrong_at(self, step: int, names: frozenset[str]) -> bool:
        """Whether one of these alarms lasted then."""
        latest = {name: over for said, name, over in self._said if said <= step and name in names}
        return not all(latest.values())

    def _back_to(self, step: int) -> None:
        """Forget what came after `step`."""
        self.measures = [m for m in self.measures if m.step <= step]
        self.told = [t for t in self.told if t[0] <= step]
        self._said = [s for s in self._said if s[0] <= step]
        self._since.clear()

    def _step(self, step: int, losses: Figures) -> Iterator[dict[str, Any]]:
        if "told" not in losses:
            return
        if self.told and step <= self.told[-1][0]:
            self._back_to(step - 1)
        self.told.append((step, losses["told"]))
        if len(self.told) % WINDOW == 0:
            # More than the window, for runs that go back a little.
            del self.told[: -2 * WINDOW]
            yield from self._ask(step, BY_STEPS)

    def _measure(self, step: int, found: Figures) -> Iterator[dict[str, Any]]:
        if self.measures and step <= self.measures[-1].step:
            self._back_to(step - 1)
        self.measures.append(Measure(step, found))
        yield from self._ask(step, BY_MEASURES)

    def _ask(self, step: int, rules: Sequence[Rule]) -> Iterator[dict[str, Any]]:
        for rule in rules:
            holds = rule.holds(self)
            if holds is None:
                continue
            news = holds != (rule.id in self.on)
            self._since[rule.id] = self._since.get(rule.id, 0) + 1 if news else 0
            if self._since[rule.id] >= TWICE:
                self._since[rule.id] = 0
                self._said.append((step, rule.id, not holds))
                yield {
                    "kind": "alarm",
                    "step": step,
                    "alarm": rule.id,
                    "sentence": rule.words(self) if holds else rule.over,
                    "over": not holds,
                }

    # What the rules ask -------------------------------------------------------------------------

    @property
    def newest(self) -> Figures:
        """The figures last measured."""
        return self.measures[-1].figures if self.measures else {}

    def curve(self, name: str) -> list[tuple[int, float]]:
        """(step, value) of a figure, wherever it was measured."""
        return [(m.step, m.figures[name]) for m in self.measures if name in m.figures]

    @property
    def things(self) -> str:
        """What the run makes, in a sentence: pictures, or what is read off them."""
        return "pictures" if self.main == "kid" else "results"

    @property
    def main(self) -> str:
        """The figure that says how good the model is, lower is better; "" before one was taken."""
        names = self.newest
        return "kid" if "kid" in names else next(iter(names), "")

    def certainty(self) -> float | None:
        """Mean of `told` over the newest window; None before there is one."""
        newest = [value for _, value in self.told[-WINDOW:]]
        return sum(newest) / len(newest) if len(newest) == WINDOW else None

    def better_lately(self, least: int) -> bool | None:
        """Whether the second half of the measures has a better one than the first had; None where
        there are fewer than `least`, or where the figure is as good as that of true pictures.
        """
        curve = [value for _, value in self.curve(self.main)]
        if len(curve) < least:
            return None
        if self.reached(1 - NEAR):
            return None
        half = len(curve) // 2
        if min(curve[half:]) < min(curve[:half]):
            return True
        # Flat pictures measure better than the first that are not: then diversity tells more.
        apart = [abs(1 - value) for _, value in self.curve("diversity")]
        half = len(apart) // 2
        nearer = half > 0 and min(apart[half:]) < min(apart[:half]) - MORE_DIVERSE
        return nearer and not self.better_than_flat

    @property
    def better_than_flat(self) -> bool:
        """Whether the main figure was ever clearly under that of flat fills; before that, which of
        two is the better says little. True where nobody knows the bounds.
        """
        return self.reached(NEAR) is not False

    def reached(self, share: float) -> bool | None:
        """Whether so much of the way from the ceiling to the floor was ever gone; None where it is
        not known, or where there is none.
        """
        bound = self.bounds.get(self.main, {})
        span = bound["ceiling"] - bound["floor"] if {"floor", "ceiling"} <= bound.keys() else 0.0
        if span <= 0:
            return None
        level = bound["ceiling"] - share * span
        return min(value for _, value in self.curve(self.main)) <= level


def _collapse(watch: Watch) -> bool | None:
    now = watch.newest
    if "variation" in now and now["variation"] < SAME:
        return True
    if "diversity" not in now:
        return None
    if now["diversity"] < SAME:
        return True
    greatest = max(value for _, value in watch.curve("diversity"))
    high = now.get("diversity_high", now["diversity"])
    # Noise is diverse: on the way from it to pictures, diversity may fall for a good reason.
    main = [value for _, value in watch.curve(watch.main)]
    return high < min(COLLAPSED, FALLEN * greatest) and (len(main) < 2 or main[-1] > min(main))


def _collapse_words(watch: Watch) -> str:
    now = watch.newest
    if now.get("diversity", 1.0) >= SAME > now.get("variation", 1.0):
        return (
            "All pictures of one input look alike, whatever the style: chance and style change "
            "nothing. Train on, and if it lasts begin anew with another seed or more varied data."
        )
    return (
        f"The pictures have become alike: they differ {now['diversity']:.0%} as much as true ones "
        "do. Go back to an earlier snapshot; a lower learning rate or more pictures help."
    )


def _copying(watch: Watch) -> bool:
    return watch.newest.get("copies_low", 0.0) > COPIED


def _gap(watch: Watch) -> str:
    """The figure that is clearly worse on unseen pictures than on learned ones and has not become
    better of late; "" where there is none.
    """
    now = watch.newest
    for name, value in now.items():
        learned = f"{name}_train"
        if learned not in now or value <= GAP * now[learned]:
            continue
        apart = now.get(f"{name}_low", value) > now.get(f"{learned}_high", now[learned])
        curve = [v for _, v in watch.curve(name)]
        if apart and len(curve) >= 3 and min(curve[-2:]) >= min(curve[:-2]):
            return name
    return ""


def _overfitting(watch: Watch) -> bool | None:
    now = watch.newest
    if "copies_low" not in now and not any(name.endswith("_train") for name in now):
        return None
    return _copying(watch) or bool(_gap(watch))


def _overfitting_words(watch: Watch) -> str:
    if _copying(watch):
        return (
            f"{watch.newest['copies']:.0%} of the pictures are copies of training pictures rather "
            "than new ones. Stop and take an earlier snapshot, or train with more pictures."
        )
    return (
        "The model does well on the pictures that it learns from and no better on others: it "
        "learns them by heart. Stop and take the best snapshot, or train with more pictures."
    )


def _stalled(watch: Watch) -> bool | None:
    better = watch.better_lately(LEAST_MEASURES)
    return None if better is None else not better


def _stalled_words(watch: Watch) -> str:
    curve = watch.curve(watch.main)
    best = min(curve, key=lambda pair: pair[1])[0]
    return (
        f"The {watch.things} have not become better since step {best:,}. Stop and keep what "
        f"there is, or "
        "begin anew with other settings or more pictures."
    )


def _dead(watch: Watch) -> bool | None:
    window = [value for _, value in watch.told[-WINDOW:]]
    certainty = watch.certainty()
    if certainty is None:
        return None
    if certainty < FOOLED or (max(window) - min(window) < STILL and certainty < GUESSES):
        return True
    # Between equals it guesses too: then the pictures become better.
    return certainty < GUESSES and watch.better_lately(4) is False


def _wins(watch: Watch) -> bool | None:
    certainty, better = watch.certainty(), watch.better_lately(4)
    if certainty is None:
        return None
    # A critic that is certain while the pictures become better does its work.
    return certainty > CERTAIN and better is False


BY_STEPS = (
    Rule(
        "critic-dead",
        _dead,
        lambda watch: (
            "The critic cannot tell made pictures from true ones, so the model learns nothing from "
            "it. Stop, and begin anew with a lower learning rate or another seed."
        ),
        "The critic tells made pictures from true ones again.",
    ),
)
BY_MEASURES = (
    Rule("collapse", _collapse, _collapse_words, "The pictures differ again."),
    Rule(
        "critic-wins",
        _wins,
        lambda watch: (
            "The critic recognises every made picture, and the pictures no longer become better. "
            "Begin anew with a lower learning rate or a smaller critic."
        ),
        "The pictures become better again.",
    ),
    Rule("overfitting", _overfitting, _overfitting_words, "The model no longer copies."),
    Rule("stalled", _stalled, _stalled_words, "There is progress again."),
)


def numbers(values: Any) -> Figures:
    """What of a mapping is a finite number, by name: a log may hold anything."""
    if not isinstance(values, Mapping):
        return {}
    found: Figures = {}
    for name, value in values.items():
        if isinstance(value, int | float) and -1e300 < value < 1e300:
            found[str(name)] = float(value)
    return found


def _mapping(event: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = event.get(name)
    return value if isinstance(value, Mapping) else {}
