"""The gallery of runs: what each shows of itself, in which order, and how two differ."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from engines import files
from studio.lanes.runs import Follow, Status

_NAMES_BYTES, _MOST_NAMES = 100_000, 16
Sort = Literal["newest", "name", "state", "best", "longest"]
SORTS: tuple[Sort, ...] = ("newest", "name", "state", "best", "longest")
LEADING = ("kid", "distance")  # what a run is first judged by; less is better
MORE_IS_BETTER = frozenset({"precision", "recall", "diversity", "variation", "miou", "accuracy"})
_STATES: tuple[Status, ...] = (
    *("training", "preparing", "exporting", "stopping", "paused", "silent", "failed"),
    *("unproved", "stopped", "done"),
)


@dataclass(frozen=True)
class Figure:
    """A measured figure and its interval, where there is one."""

    name: str
    value: float
    low: float | None = None
    high: float | None = None
    step: int = 0


def figures_of(run: Follow) -> list[Figure]:
    """The newest figures of a run, those first that it is judged by."""
    curves = run.figures
    names = [n for n in curves if curves[n].values and not is_band(n, curves)]
    names.sort(key=lambda name: LEADING.index(name) if name in LEADING else len(LEADING))
    found = []
    for name in names:
        ends = [
            curves[e].values[-1:] if e in curves else [] for e in (f"{name}_low", f"{name}_high")
        ]
        low, high = (end[0] if end else None for end in ends)
        found.append(Figure(name, curves[name].values[-1], low, high, int(curves[name].steps[-1])))
    return found


def is_band(name: str, among: Any) -> bool:
    """Whether a figure is the end of another's interval."""
    base, _, end = name.rpartition("_")
    return end in ("low", "high") and base in among


def sort_runs(
    runs: Sequence[Follow], how: Sort, status: Callable[[Follow], Status]
) -> list[Follow]:
    """In this order; the newest first where it makes no difference."""

    def state(run: Follow) -> int:
        said = status(run)
        return _STATES.index(said) if said in _STATES else 0

    def best(run: Follow) -> tuple[bool, str, float]:
        leading = figures_of(run)[:1]
        if not leading:
            return (True, "", 0.0)
        figure = leading[0]
        sign = -1.0 if figure.name in MORE_IS_BETTER else 1.0
        return (False, figure.name, sign * figure.value)

    keys: dict[Sort, Callable[[Follow], Any]] = {
        "newest": lambda run: 0,
        "name": lambda run: run.title.casefold(),
        "state": state,
        "best": best,
        "longest": lambda run: -run.step,
    }
    return sorted(runs, key=keys[how])


def picture_of(run: Follow) -> tuple[Path, bool] | None:
    """The picture that says most of a run: the artist's canvas, else its newest sheet (True), else
    the preview of its model.
    """
    canvas = run.canvas
    if canvas is not None and canvas.is_file():
        return canvas, False
    sheet = run.sheet  # looked for among all previews, so only where there is no canvas
    if sheet is not None and sheet.is_file():
        return sheet, True
    preview = run.bundle / "preview.png" if run.bundle is not None else None
    return (preview, False) if preview is not None and preview.is_file() else None


def nearest_of(sheet: Path) -> Path | None:
    """The training pictures nearest to those of a run's sheet, in its order."""
    path = sheet.with_name(f"nearest-{sheet.name}")
    return path if path.is_file() else None


def nearest_names(sheet: Path) -> list[str]:
    """What the files of those are called."""
    try:
        text = files.read_text(sheet.with_suffix(".nearest.json"), _NAMES_BYTES)
        return [str(name)[:200] for name in json.loads(text)["nearest"][:_MOST_NAMES]]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return []


def settings_of(run: Follow) -> dict[str, Any]:
    """What a run is made of, as it is told: data, recipe, and settings."""
    order = run.order
    known = run.settings or (dict(order.settings) if order is not None else {})
    data = run.config.get("data", order.data if order is not None else "")
    return {"data": str(data), **known}


def differences(one: Follow, other: Follow) -> list[tuple[str, str, str]]:
    """(setting, of the one, of the other) where they are not the same."""
    mine, theirs = settings_of(one), settings_of(other)
    names = list(dict.fromkeys((*mine, *theirs)))
    return [
        (name, _told(mine.get(name)), _told(theirs.get(name)))
        for name in names
        if mine.get(name) != theirs.get(name)
    ]


def _told(value: Any) -> str:
    return "–" if value is None else str(value)[:80]
