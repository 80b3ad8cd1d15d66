"""What the events of a run tell, taken in one line after the other; what is unreadable is left out.

Kinds that are unknown here are for newer studios, and broken ones come of a torn file.
"""

import itertools
import json
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, cast, get_args

from studio.lanes.curve import Curve

RECENT = 100  # steps that the speed is taken from
GAP = 8.0  # times the usual step: a pause, a validation or a kill lies in between
LONGEST = 600  # characters of a sentence
MOST_NAMES = 64  # of curves
MOST_NOTES = 200
_DONE = 1e15  # no run has so many steps

NoteKind = Literal["alarm", "advice", "rung", "rollback", "resting", "left-out", "warning", "base"]
_LATER = ("alarm", "advice")  # what a resume takes back with the steps it was said of
_NAMED = ("alarm", "rung", "what", "file")  # what tells two of a kind apart
_KINDS: tuple[str, ...] = get_args(NoteKind)


@dataclass(frozen=True)
class Note:
    """A sentence for the artist. `name` tells alarms apart; `over`: it is no longer so; `best`: the
    step that advice is for.
    """

    kind: NoteKind
    step: int
    sentence: str
    name: str = ""
    when: float = 0.0  # seconds since the epoch; 0 where it was not said
    over: bool = False
    best: int | None = None


@dataclass(frozen=True)
class Bounds:
    """What a figure is for real pictures among themselves, and for flat ones; None: not known."""

    floor: float | None = None
    ceiling: float | None = None


@dataclass(frozen=True)
class Standing:
    """How a run stands. `said`: the trainer's last word of its state; `canvas`: the name of the
    newest preview of the artist's own; `memory` in bytes.
    """

    step: int = 0
    said: str = ""
    sentence: str = ""
    canvas: str = ""
    memory: int | None = None
    when: float = 0.0  # of the newest event, seconds since the epoch


class Reading:
    """The events up to some point. Of a log that is only glanced at, no loss curves are kept."""

    def __init__(self, whole: bool) -> None:
        self.whole = whole
        self.standing = Standing()
        self.heard = 0  # events that could be read
        self.losses: dict[str, Curve] = {}
        self.figures: dict[str, Curve] = {}
        self.bounds: dict[str, Bounds] = {}
        self.notes: list[Note] = []
        self._recent: deque[tuple[int, float, float]] = deque(maxlen=RECENT)

    def take(self, line: bytes) -> None:
        """Take in one event."""
        try:
            event = json.loads(line)
            kind = event["kind"]
            reader = _READERS.get(kind)
            if reader is None and kind in _KINDS:
                reader = Reading._note
            if reader is not None:
                reader(self, event)
            self.heard += 1
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError):
            return

    # Kinds of events ----------------------------------------------------------------------------

    def _step(self, event: Mapping[str, Any]) -> None:
        step, losses, when = _number(event["step"]), event["losses"], float(event["time"])
        memory, waited = event.get("memory"), float(event.get("wait") or 0.0)
        self.standing = replace(
            self.standing,
            step=step,
            said="training",
            when=when,
            memory=int(memory) if isinstance(memory, int | float) else self.standing.memory,
        )
        self._recent.append((step, when, waited))
        if self.whole:
            _add(self.losses, step, losses)

    def _measure(self, event: Mapping[str, Any]) -> None:
        _add(self.figures, _number(event["step"]), event["figures"])

    def _resumed(self, event: Mapping[str, Any]) -> None:
        """What was done after the checkpoint is superseded."""
        step = _number(event["step"])
        self.standing = replace(self.standing, step=step)
        self._recent.clear()
        for curve in (*self.losses.values(), *self.figures.values()):
            curve.cut(step)
        self.notes = [
            n
            for n in self.notes
            if (n.step <= step or n.kind not in _LATER) and (n.kind != "resting" or n.over)
        ]

    def _state(self, event: Mapping[str, Any]) -> None:
        said, sentence = str(event["state"]), str(event["sentence"])[:LONGEST]
        self.standing = replace(self.standing, said=said, sentence=sentence)

    def _canvas(self, event: Mapping[str, Any]) -> None:
        name = str(event["file"])
        if "/" not in name and "\\" not in name and name.startswith("canvas-"):
            self.standing = replace(self.standing, canvas=name)

    def _bounds(self, event: Mapping[str, Any]) -> None:
        """A figure's floor and ceiling: together under its name, or apart with these endings."""
        found: dict[str, Bounds] = dict(self.bounds)
        for name, value in event["figures"].items():
            base, _, end = str(name).rpartition("_")
            if isinstance(value, Mapping):
                parts = {e: float(value[e]) for e in ("floor", "ceiling") if e in value}
                found[str(name)] = Bounds(**parts)
            elif base and end in ("floor", "ceiling"):
                found[base] = replace(found.get(base, Bounds()), **{end: float(value)})
        if len(found) <= MOST_NAMES:
            self.bounds = found

    def _rollback(self, event: Mapping[str, Any]) -> None:
        self._resumed(event)
        self._note(event)

    def _note(self, event: Mapping[str, Any]) -> None:
        sentence = str(event["sentence"])[:LONGEST].strip()
        kind = cast(NoteKind, event["kind"])
        name = next((str(event[k])[:60] for k in _NAMED if k in event), kind)
        when = float(event["time"]) if "time" in event else 0.0
        best = _number(event["best"]) if "best" in event else None
        over = bool(event.get("over"))
        note = Note(kind, _number(event["step"]), sentence, name, when, over, best)
        last = self.notes[-1] if self.notes else None
        if last is not None and replace(last, step=note.step, when=when) == note:
            self.notes.pop()  # Said again.
        self.notes.append(note)
        del self.notes[:-MOST_NOTES]

    # What follows from them ---------------------------------------------------------------------

    @property
    def current(self) -> list[Note]:
        """What holds now: alarms and rests that did not end, and the newest advice."""
        newest: dict[tuple[str, str], Note] = {}
        for note in self.notes:
            if note.kind in ("alarm", "resting", "advice"):
                newest.pop((note.kind, note.name), None)
                newest[note.kind, note.name] = note
        return [n for n in newest.values() if not n.over and n.sentence]

    @property
    def seconds_a_step(self) -> float | None:
        """The usual time from step to step of late; None before there were a few."""
        spans = sorted(span for span, _ in self._spans())
        if len(spans) < 3:
            return None
        # The mean, for validations take their time too; but a pause is none of it.
        counted = [span for span in spans if span < GAP * spans[len(spans) // 2]]
        return sum(counted) / len(counted)

    @property
    def waiting(self) -> float | None:
        """The share of the time of late that steps waited for data."""
        pace, spans = self.seconds_a_step, self._spans()
        if pace is None:
            return None
        return min(1.0, sum(waited for _, waited in spans) / max(sum(s for s, _ in spans), 1e-9))

    def _spans(self) -> list[tuple[float, float]]:
        """(seconds from step to step, of them waited for data)."""
        return [
            ((late - early) / (after - before), waited)
            for (before, early, _), (after, late, waited) in itertools.pairwise(self._recent)
            if after > before and late > early
        ]


_READERS: dict[str, Callable[[Reading, Mapping[str, Any]], None]] = {
    "step": Reading._step,
    "measure": Reading._measure,
    "resumed": Reading._resumed,
    "state": Reading._state,
    "canvas": Reading._canvas,
    "bounds": Reading._bounds,
    "rollback": Reading._rollback,
}


def _number(value: Any) -> int:
    number = int(value)
    if not 0 <= number < _DONE:
        raise ValueError(f"{number} is no step")
    return number


def _add(curves: dict[str, Curve], step: int, values: Mapping[str, float]) -> None:
    for name, value in values.items():
        if name in curves or len(curves) < MOST_NAMES:
            curves.setdefault(str(name), Curve()).add(step, float(value))
