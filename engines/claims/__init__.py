"""Claims: what a paper says is better, measured small beside its baseline over three seeds or more.

To add one, put into any file of this package

    @claim(id="pix2pix-sharp", recipe="pix2pix", statement="L1 + cGAN is sharper than L1 alone.")
    def sharp(lab: Lab) -> Iterator[Row]:
        both = [train_and_measure(lab, seed, adversarial=1.0) for seed in lab.seeds]
        alone = [train_and_measure(lab, seed, adversarial=0.0) for seed in lab.seeds]
        yield Row("gradient energy", "L1 + cGAN", both, "L1 alone", alone, better="higher")

The decorator's words are literal strings: `claims --list` reads them from the source and imports
nothing. A claim trains `lab.steps(n)` steps inside `lab.folder`, which is removed afterwards, and
tells what it does with `lab.say`. It yields a row as soon as it has one. A claim that does not hold
is reported so; nothing here knows how to leave one out.
"""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from engines.declared import Declared, declared
from engines.errors import UserError, choose

SEEDS = (0, 1, 2)
QUICK = 50  # a quick look trains one step in so many

Verdict = Literal["holds", "does not hold", "undecided", "not judged"]


@dataclass(frozen=True)
class Row:
    """One figure: ours and the baseline's, a value a seed in the same order.

    It holds where ours is better by more than `margin` on the mean over seeds, and that gain is
    larger than its own deviation from seed to seed.
    """

    figure: str
    name: str
    ours: Sequence[float]
    baseline_name: str
    baseline: Sequence[float]
    better: Literal["higher", "lower"]
    margin: float = 0.0

    def __post_init__(self) -> None:
        if len(self.ours) != len(self.baseline) or len(self.ours) < 2:
            raise ValueError("a row needs a value a seed of ours and of the baseline, two or more")

    @property
    def gains(self) -> list[float]:
        """By how much ours is better, a seed; positive is better whichever way the figure goes."""
        sign = 1 if self.better == "higher" else -1
        return [sign * (a - b) for a, b in zip(self.ours, self.baseline, strict=True)]

    @property
    def verdict(self) -> Verdict:
        """Whether the row bears the claim out."""
        mean, spread = np.mean(self.gains), np.std(self.gains, ddof=1)
        if not mean > self.margin:  # NaN is not better
            return "does not hold"
        return "holds" if mean > spread else "undecided"

    def text(self) -> str:
        """Figure, ours, baseline and spread over the seeds, on one line."""
        return (
            f"{self.figure} ({self.better} is better): {self.name} {_spread(self.ours)}, "
            f"{self.baseline_name} {_spread(self.baseline)} over {len(self.ours)} seeds"
        )


@dataclass(frozen=True)
class Lab:
    """What a claim works with: its seeds, a scratch folder, how thorough to be."""

    folder: Path
    seeds: tuple[int, ...] = SEEDS
    quick: bool = False
    say: Callable[[str], None] = lambda text: print(text, file=sys.stderr, flush=True)

    def steps(self, full: int) -> int:
        """How many steps to train: `full`, or a fiftieth of it for a quick look."""
        return max(2, full // QUICK) if self.quick else full


@dataclass(frozen=True)
class Result:
    """A claim after its measurement."""

    id: str
    recipe: str
    statement: str
    rows: tuple[Row, ...]
    quick: bool
    seconds: float

    @property
    def verdict(self) -> Verdict:
        """The worst of the rows; a quick look judges nothing."""
        if self.quick or not self.rows:
            return "not judged"
        found = {row.verdict for row in self.rows}
        worst: tuple[Verdict, ...] = ("does not hold", "undecided", "holds")
        return next(v for v in worst if v in found)


_CLAIMS: dict[str, Callable[[Lab], Iterator[Row]]] = {}
Measure = Callable[[Lab], Iterator[Row]]


def claim(*, id: str, recipe: str, statement: str) -> Callable[[Measure], Measure]:
    """Make a generator of rows known as a claim; the words are for the reader and the listing."""
    if not recipe or not statement:
        raise ValueError(f"the claim {id} needs a recipe and a statement")

    def register(measure: Measure) -> Measure:
        if id in _CLAIMS:
            raise ValueError(f"two claims are called {id}")
        _CLAIMS[id] = measure
        return measure

    return register


def known() -> dict[str, Declared]:
    """Every claim by id, without importing it."""
    return declared(sys.modules[__name__], "claim")


def chosen(ids: Sequence[str]) -> dict[str, Declared]:
    """The named claims, a recipe's id standing for all of its own; all where none is named.

    UserError on an unknown name.
    """
    every = known()
    if not ids:
        return every
    for name in ids:
        if name not in every and all(name != c.words["recipe"] for c in every.values()):
            recipes = {c.words["recipe"] for c in every.values()}
            raise UserError(
                f"There is no claim {name!r} and no recipe with claims of that name; "
                f"{choose(name, sorted(recipes | every.keys()))}"
            )
    return {k: c for k, c in every.items() if k in ids or c.words["recipe"] in ids}


def measure(name: str, entry: Declared, lab: Lab, show: Callable[[Row], None]) -> Result:
    """Import and measure one claim; `show` gets every row as it comes."""
    start = time.monotonic()
    entry.load()
    rows: list[Row] = []
    for row in _CLAIMS[name](lab):
        rows.append(row)
        show(row)
    seconds = time.monotonic() - start
    words = entry.words
    return Result(name, words["recipe"], words["statement"], tuple(rows), lab.quick, seconds)


def to_json(result: Result) -> dict[str, Any]:
    """A result as plain JSON, for docs/claims.json."""
    return {
        "id": result.id,
        "recipe": result.recipe,
        "statement": result.statement,
        "verdict": result.verdict,
        "seconds": round(result.seconds, 1),
        "rows": [
            {
                "figure": row.figure,
                "better": row.better,
                "margin": row.margin,
                "name": row.name,
                "ours": list(row.ours),
                "baseline_name": row.baseline_name,
                "baseline": list(row.baseline),
                "verdict": row.verdict,
            }
            for row in result.rows
        ],
    }


def page(results: Sequence[dict[str, Any]]) -> str:
    """docs/claims.md from the results in docs/claims.json."""
    lines = [
        "# Claims",
        "",
        "What each paper says is better, measured small beside its baseline. Written by",
        "`python3 main.py claims --write` from `claims.json`; not edited by hand. A row holds",
        "where the gain on the mean over the seeds is larger than its deviation from seed to seed.",
    ]
    for result in sorted(results, key=lambda r: (r["recipe"], r["id"])):
        lines += [
            "",
            f"## {result['id']} ({result['recipe']}): {result['verdict']}",
            "",
            f"{result['statement']} Measured in {result['seconds'] / 60:.1f} min.",
            "",
            "| figure | ours | baseline | verdict |",
            "|---|---|---|---|",
        ]
        lines += [
            f"| {row['figure']} ({row['better']} is better) | {row['name']}: "
            f"{_spread(row['ours'])} | {row['baseline_name']}: {_spread(row['baseline'])} | "
            f"{row['verdict']} |"
            for row in result["rows"]
        ]
    return "\n".join(lines) + "\n"


def _spread(values: Sequence[float]) -> str:
    return f"{np.mean(values):.4g} ± {np.std(values, ddof=1):.2g}"
