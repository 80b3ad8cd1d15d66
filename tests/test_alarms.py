"""Alarms and advice: from made-up events to what is said, and when it is not."""

import json
import random
from collections.abc import Iterable, Sequence
from typing import Any

import hypothesis
import hypothesis.strategies as st
import pytest

from engines import alarms
from engines.advice import advice, best
from engines.alarms import WINDOW, Watch

Event = dict[str, Any]


def measure(step: int, **figures: float) -> Event:
    return {"kind": "measure", "step": step, "figures": figures}


def told(steps: Iterable[int], values: Sequence[float]) -> list[Event]:
    return [
        {"kind": "step", "step": step, "losses": {"told": values[i % len(values)]}}
        for i, step in enumerate(steps)
    ]


def said(events: Iterable[Event], watch: Watch | None = None) -> list[tuple[int, str, bool]]:
    """(step, alarm, whether it is over) of what follows from events."""
    watch = watch or Watch()
    heard = [alarm for event in events for alarm in watch.hear(event)]
    for alarm in heard:
        assert alarm["kind"] == "alarm"
        assert alarm["sentence"].endswith(".")
        json.dumps(alarm)
    return [(alarm["step"], alarm["alarm"], alarm["over"]) for alarm in heard]


def falling(count: int, first: float = 1.0, **others: float) -> list[Event]:
    return [measure(10 * (i + 1), kid=first * 0.9**i, **others) for i in range(count)]


def test_a_run_that_goes_well_hears_nothing() -> None:
    events = falling(12, diversity=0.8, variation=0.2, copies=0.05, copies_low=0.02)
    assert said([*told(range(1, 2000), [0.7, 0.9, 0.6]), *events]) == []
    # A critic that is certain, while the pictures become better, does its work.
    assert said([*told(range(1, 2000), [1.0]), *falling(12)]) == []
    # From noise, which is diverse, to blurred pictures, which are better.
    blurred = [measure(i, kid=1 / i, diversity=0.9 if i < 3 else 0.1) for i in range(1, 8)]
    assert said(blurred) == []


def test_pictures_that_are_all_alike() -> None:
    events = [measure(i, kid=1.0 / i, diversity=0.001) for i in range(1, 4)]
    assert said(events) == [(2, "collapse", False)]
    back = [measure(i, kid=0.1, diversity=0.7) for i in range(4, 7)]
    assert said([*events, *back]) == [(2, "collapse", False), (5, "collapse", True)]


def test_pictures_that_become_alike() -> None:
    rising = [measure(i, kid=1.0, diversity=0.8) for i in range(1, 4)]
    fallen = [measure(i, kid=1.5, diversity=0.15, diversity_high=0.2) for i in range(4, 7)]
    assert said([*rising, *fallen]) == [(5, "collapse", False)]
    # A third of what true pictures differ by is little, but no collapse.
    third = [measure(i, kid=1.5, diversity=0.33, diversity_high=0.35) for i in range(4, 7)]
    assert said([*rising, *third]) == []
    # What an interval does not exclude is not said.
    unsure = [measure(i, kid=1.5, diversity=0.15, diversity_high=0.4) for i in range(4, 7)]
    assert said([*rising, *unsure]) == []


def test_a_style_that_changes_nothing() -> None:
    watch = Watch()
    events = [measure(i, kid=1.0, diversity=0.8, variation=0.001) for i in range(1, 4)]
    assert said(events, watch) == [(2, "collapse", False)]
    assert "style" in alarms._collapse_words(watch)


def test_one_bad_measure_is_no_alarm() -> None:
    values = [0.8, 0.001, 0.8, 0.001, 0.8]
    assert said(measure(i, kid=1.0, diversity=v) for i, v in enumerate(values)) == []


def test_a_critic_that_says_the_same_of_all() -> None:
    assert said(told(range(1, 1000), [0.5])) == [(2 * WINDOW, "critic-dead", False)]
    back = told(range(1000, 2000), [0.8, 0.9])
    heard = said([*told(range(1, 1000), [0.5]), *back])
    assert [h[1:] for h in heard] == [("critic-dead", False), ("critic-dead", True)]


def test_a_critic_that_is_fooled_for_good() -> None:
    assert said(told(range(1, 1000), [0.1, 0.3])) == [(2 * WINDOW, "critic-dead", False)]


def test_a_critic_that_guesses_is_only_wrong_where_nothing_becomes_better() -> None:
    guesses = [0.2, 0.8]
    assert said(told(range(1, 3000), guesses)) == []
    worse = [measure(i, kid=1.0 + i) for i in range(1, 6)]
    heard = said([*worse, *told(range(10, 3000), guesses)])
    assert [h[1:] for h in heard] == [("critic-dead", False)]
    assert said([*falling(6), *told(range(100, 3000), guesses)]) == []


def test_a_critic_that_wins() -> None:
    certain = told(range(1, 500), [1.0, 0.99])
    flat = [measure(500 + i, kid=1.0 + i / 100) for i in range(6)]
    assert [h[1:] for h in said([*certain, *flat])] == [("critic-wins", False)]
    unsure = told(range(1, 500), [0.9])
    assert said([*unsure, *flat]) == []


def test_copies() -> None:
    few = [measure(i, kid=1 / i, copies=0.3, copies_low=0.2) for i in range(1, 5)]
    assert said(few) == []
    many = [measure(i, kid=1 / i, copies=0.7, copies_low=0.55) for i in range(1, 5)]
    watch = Watch()
    assert said(many, watch) == [(2, "overfitting", False)]
    assert "70%" in alarms._overfitting_words(watch)


def gap(step: int, value: float, learned: float) -> Event:
    return measure(
        step,
        kid=1 / step,
        distance=value,
        distance_low=value - 0.05,
        distance_high=value + 0.05,
        distance_train=learned,
        distance_train_low=learned - 0.05,
        distance_train_high=learned + 0.05,
    )


def test_what_is_learned_by_heart() -> None:
    apart = [gap(i + 1, v, t) for i, (v, t) in enumerate([(0.8, 0.7), (0.6, 0.4)])]
    apart += [gap(i, 0.65, 0.2) for i in range(3, 8)]
    assert said(apart) == [(5, "overfitting", False)]
    # A gap alone is no harm while unseen pictures become better too.
    assert said(gap(i, 0.9**i, 0.4 * 0.9**i) for i in range(1, 9)) == []
    # Nor is standing still where both stand.
    assert said(gap(i, 0.65, 0.5) for i in range(1, 7)) == []


def test_no_progress_takes_long_to_say() -> None:
    good, flat = falling(6), [measure(100 + i, kid=0.7 + i / 50) for i in range(12)]
    heard = said([*good, *flat])
    assert [h[1:] for h in heard] == [("stalled", False)]
    assert heard[0][0] >= 106  # Half of all measures without a better one, and twice so.
    watch = Watch()
    said([*good, *flat], watch)
    assert "step 60" in alarms._stalled_words(watch)
    assert said([*good, *flat, measure(200, kid=0.1), measure(201, kid=0.1)])[-1][1:] == (
        "stalled",
        True,
    )


def test_as_good_as_real_is_not_stalled() -> None:
    bounds = {"kind": "bounds", "step": 1, "figures": {"kid": {"floor": 0.1, "ceiling": 1.1}}}
    flat = [measure(i, kid=0.15) for i in range(20)]
    assert said([bounds, *flat]) == []
    assert said(flat) != []


BOUNDS = {"kind": "bounds", "step": 1, "figures": {"kid": {"floor": 0.0, "ceiling": 1.0}}}


def test_flat_pictures_are_no_mark_to_beat() -> None:
    """The first pictures of a diffusion are flat, and those that come of them measure worse."""
    growing = [measure(i, kid=0.95 + i / 100, diversity=0.4 + i / 30) for i in range(12)]
    assert said([BOUNDS, *growing]) == []
    assert [h[1] for h in said(growing)] == ["stalled"]  # Nobody knows that they were flat.
    still = [measure(i, kid=0.95 + i / 100, diversity=0.8) for i in range(12)]
    assert [h[1] for h in said([BOUNDS, *still])] == ["stalled"]
    # Better than flat once, and diversity does not make up for it.
    once = [measure(0, kid=0.5, diversity=0.4), *growing[1:]]
    assert [h[1] for h in said([BOUNDS, *once])] == ["stalled"]


def test_the_newest_is_the_best_while_none_is_better_than_flat() -> None:
    watch = Watch()
    watch.hear(BOUNDS)
    for i, kid in enumerate([0.95, 0.97, 1.2, 1.1]):
        watch.hear(measure(i, kid=kid))
    found = best(watch)
    assert found is not None
    assert found.measure.step == 3
    assert advice(watch) is None
    for i, kid in enumerate([0.8, 0.9, 0.9, 0.9], 4):
        watch.hear(measure(i, kid=kid))
    found = best(watch)
    assert found is not None
    assert found.measure.step == 4
    assert advice(watch) is not None


@pytest.mark.parametrize("ceiling", [0.0, -0.1, None])
def test_bounds_that_are_none_are_left_alone(ceiling: float | None) -> None:
    bound = {"floor": 0.0} | ({} if ceiling is None else {"ceiling": ceiling})
    watch = Watch()
    watch.hear({"kind": "bounds", "step": 1, "figures": {"kid": bound}})
    for i, kid in enumerate([0.9, 0.5, 0.7, 0.8]):
        watch.hear(measure(i, kid=kid))
    found = best(watch)
    assert found is not None
    assert found.measure.step == 1
    assert watch.better_than_flat


def test_other_figures_do_as_well() -> None:
    """A reader has no pictures to measure: its first figure is the one that counts."""
    events = [measure(i, wrong=0.5, wrong_train=0.4, wrong_low=0.4) for i in range(12)]
    assert [h[1] for h in said(events)] == ["stalled"]


def test_going_back_forgets_what_came_after() -> None:
    watch = Watch()
    said([measure(i, kid=1.0, diversity=0.001) for i in range(1, 4)], watch)
    assert watch.on == {"collapse"}
    watch.hear({"kind": "resumed", "step": 1})
    assert watch.on == set()
    assert [m.step for m in watch.measures] == [1]
    assert said([measure(2, kid=1.0, diversity=0.001)], watch) == []
    watch.hear({"kind": "rollback", "step": 1})
    assert said([measure(2, kid=1.0, diversity=0.001)], watch) == []
    assert said([measure(3, kid=1.0, diversity=0.001)], watch) == [(3, "collapse", False)]
    watch.hear({"kind": "rollback", "step": 0})
    assert watch.measures == []
    # A log that was cut without a word of it is understood too.
    watch = Watch()
    said([*falling(3), measure(20, kid=2.0)], watch)
    assert [m.step for m in watch.measures] == [10, 20]


def test_a_resumed_watch_says_nothing_twice() -> None:
    events = [measure(i, kid=1.0, diversity=0.001) for i in range(1, 6)]
    whole = said(events)
    watch = Watch()
    said(events[:3], watch)
    assert said(events[3:], watch) == [h for h in whole if h[0] > 3] == []


@hypothesis.given(st.integers(0, 2**32))
def test_a_hostile_log_is_heard_out(seed: int) -> None:
    rng = random.Random(seed)
    odd: list[Any] = [None, True, -1, 10**400, float("nan"), "x", [], {}, {"kid": "x"}]
    odd += [
        {"kid": float("inf")},
        {"kid": {"floor": None}},
        {"told": 1},
        {1: 2},
        {"kid": 10**400},
        {"kid": 0.5},
    ]
    kinds = ["measure", "step", "bounds", "resumed", "rollback", "advice", "odd", 7, None]
    watch = Watch()
    for _ in range(30):
        names = ("step", "figures", "losses", "best")
        event: Event = {"kind": rng.choice(kinds), **{n: rng.choice(odd) for n in names}}
        if rng.random() < 0.7:
            event["step"] = rng.randrange(10)
        for alarm in watch.hear(event):
            json.dumps(alarm)
        if watch.measures:
            advice(watch)


def advised(events: Iterable[Event]) -> list[tuple[int, int]]:
    watch, heard = Watch(), []
    for event in events:
        watch.hear(event)
        if event["kind"] == "measure" and (found := advice(watch)) is not None:
            heard.append((found["step"], found["best"]))
            watch.hear(found)
    return heard


def test_advice_names_the_best_step_when_it_is_passed() -> None:
    values = [1.0, 0.5, 0.6, 0.7, 0.8, 0.9]
    assert advised(measure(i, kid=v) for i, v in enumerate(values)) == [(3, 1)]
    assert advised(falling(9)) == []


def test_advice_is_taken_back() -> None:
    values = [1.0, 0.5, 0.6, 0.7, 0.4, 0.3, 0.5, 0.6]
    heard = advised(measure(i, kid=v) for i, v in enumerate(values))
    assert heard == [(3, 1), (4, 4), (7, 5)]


def test_advice_says_whether_it_became_worse_or_only_no_better() -> None:
    watch = Watch()
    for i, low in enumerate([0.9, 0.4, 0.45, 0.45]):
        watch.hear(measure(i, kid=low + 0.1, kid_low=low))
    found = advice(watch)
    assert found is not None
    assert "no better" in found["sentence"]
    watch.hear(measure(4, kid=0.9, kid_low=0.8))
    found = advice(watch)
    assert found is not None
    assert "worse" in found["sentence"]


def test_the_best_is_not_a_copy() -> None:
    """Copies measure well: what was measured while they were made does not count."""
    watch = Watch()
    for i, (kid, low) in enumerate([(1.0, 0.0), (0.5, 0.0), (0.2, 0.6), (0.1, 0.6), (0.05, 0.6)]):
        said([measure(i, kid=kid, copies=low + 0.1, copies_low=low)], watch)
    assert watch.on == {"overfitting"}
    found = best(watch)
    assert found is not None
    assert found.measure.step == 2  # The first bad one was not known to be.
    alone = Watch()
    said([measure(1, kid=1.0, copies=0.9, copies_low=0.8)] * 1, alone)
    assert best(alone) is not None


def test_no_measure_no_advice() -> None:
    assert best(Watch()) is None
    assert advice(Watch()) is None


@pytest.mark.parametrize("rule", [*alarms.BY_STEPS, *alarms.BY_MEASURES], ids=lambda r: r.id)
def test_every_rule_says_what_to_do(rule: alarms.Rule) -> None:
    watch = Watch()
    said([measure(i, kid=1.0, diversity=0.5, variation=0.5, copies=0.9) for i in range(3)], watch)
    words = rule.words(watch)
    assert words[0].isupper()
    assert words.count(". ") >= 1 or ";" in words
    assert rule.over.endswith(".")
