"""Benchmarks: ours against a named peer on this machine, alternating in one run, as ratios.

To add one, put into any file of this package

    @bench(id="export", statement="ONNX Runtime paints at least twice as fast as eager PyTorch.")
    def export(quick: bool) -> Iterator[Comparison]:
        times = alternate({"ONNX Runtime": ours, "eager PyTorch": theirs}, rounds=3 if quick else 9)
        yield Comparison("256 x 256", "ONNX Runtime", "eager PyTorch", times, wanted=2.0)

The decorator's words are literal strings: `bench --list` reads them from the source and imports
nothing. Times of one machine say little, so what counts is the ratio within a round: other work on
the machine then slows both sides alike.
"""

import importlib
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engines.declared import Declared, declared
from engines.errors import UserError, choose


@dataclass(frozen=True)
class Timings:
    """Seconds of every round by name; the rounds of all names belong together."""

    seconds: Mapping[str, tuple[float, ...]]

    def median(self, name: str) -> float:
        """The middle time of one name, in seconds."""
        return statistics.median(self.seconds[name])

    def ratios(self, name: str, peer: str) -> list[float]:
        """How many times faster `name` was than `peer`, a round."""
        pairs = zip(self.seconds[name], self.seconds[peer], strict=True)
        return [theirs / max(ours, 1e-9) for ours, theirs in pairs]


def alternate(
    work: Mapping[str, Callable[[], object]],
    rounds: int,
    warmup: int = 1,
    clock: Callable[[], float] = time.perf_counter,
) -> Timings:
    """Time each of `work` once a round, in an order that turns from round to round.

    `warmup` untimed rounds come first, so that caches and first calls are paid for.
    """
    names = list(work)
    seconds: dict[str, list[float]] = {name: [] for name in names}
    for number in range(-warmup, rounds):
        turn = number % len(names)
        for name in names[turn:] + names[:turn]:
            start = clock()
            work[name]()
            if number >= 0:
                seconds[name].append(clock() - start)
    return Timings({name: tuple(values) for name, values in seconds.items()})


@dataclass(frozen=True)
class Comparison:
    """One comparison: `name` was to be at least `wanted` times as fast as `peer` (0: just shown).

    The verdict goes by the median of the ratios within the rounds.
    """

    what: str
    name: str
    peer: str
    timings: Timings
    wanted: float = 0.0

    @property
    def ratio(self) -> float:
        """How many times faster than the peer."""
        return statistics.median(self.timings.ratios(self.name, self.peer))

    @property
    def met(self) -> bool:
        """Whether the ratio is what was wanted."""
        return self.ratio >= self.wanted

    def text(self) -> str:
        """The comparison on one line."""
        ratios = self.timings.ratios(self.name, self.peer)
        wanted = f", wanted {self.wanted:g}: {'met' if self.met else 'NOT met'}"
        return (
            f"{self.what}: {self.name} {_seconds(self.timings.median(self.name))}, "
            f"{self.peer} {_seconds(self.timings.median(self.peer))}, "
            f"{self.ratio:.2f} times faster ({min(ratios):.2f} to {max(ratios):.2f})"
            f"{wanted if self.wanted else ''}"
        )

    def to_json(self) -> dict[str, Any]:
        """The comparison as plain JSON."""
        return {
            "what": self.what,
            "name": self.name,
            "peer": self.peer,
            "seconds": {k: list(v) for k, v in self.timings.seconds.items()},
            "ratio": self.ratio,
            "wanted": self.wanted,
            "met": self.met,
        }


@dataclass(frozen=True)
class Share(Comparison):
    """How much of the peer's time goes into `name`: at most 1 / `wanted` of it."""

    def text(self) -> str:
        """The comparison on one line."""
        shares = [1 / ratio for ratio in self.timings.ratios(self.name, self.peer)]
        wanted = f", wanted {100 / self.wanted:g} %: " if self.wanted else ""
        verdict = ("met" if self.met else "NOT met") if self.wanted else ""
        return (
            f"{self.what}: {self.name} takes {100 / self.ratio:.2g} % of {self.peer} "
            f"({100 * min(shares):.2g} to {100 * max(shares):.2g} %){wanted}{verdict}"
        )


Work = Callable[[bool], Iterator[Comparison]]
# Where benchmarks are declared; the studio adds its own.
PACKAGES = ["engines.bench"]
_BENCHES: dict[str, Work] = {}


def bench(*, id: str, statement: str) -> Callable[[Work], Work]:
    """Make a generator of comparisons known as a benchmark; it is given whether to be quick."""
    if not statement:
        raise ValueError(f"the benchmark {id} needs a statement")

    def register(work: Work) -> Work:
        if id in _BENCHES:
            raise ValueError(f"two benchmarks are called {id}")
        _BENCHES[id] = work
        return work

    return register


def known() -> dict[str, Declared]:
    """Every benchmark by id, without importing it."""
    found: dict[str, Declared] = {}
    for package in PACKAGES:
        found |= declared(importlib.import_module(package), "bench")
    return dict(sorted(found.items()))


def chosen(ids: Sequence[str]) -> dict[str, Declared]:
    """The named benchmarks, or all; UserError on an unknown name."""
    every = known()
    if unknown := [name for name in ids if name not in every]:
        raise UserError(f"There is no benchmark {unknown[0]!r}; {choose(unknown[0], every)}")
    return {name: entry for name, entry in every.items() if not ids or name in ids}


def compare(name: str, entry: Declared, quick: bool) -> Iterator[Comparison]:
    """Import and run one benchmark, a comparison at a time."""
    entry.load()
    yield from _BENCHES[name](quick)


def _seconds(value: float) -> str:
    return f"{value:.2f} s" if value >= 1 else f"{value * 1000:.3g} ms"
