"""Repairs that can be offered for what a scan found, each as a change of the reading alone."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from engines.data.mends import Mends, Split, stretch_of
from engines.data.report import Fault, Problem, Report

MOST_FILES = 5_000  # left out one by one; a folder with more broken files is to be mended itself


@dataclass(frozen=True)
class Offer:
    """A repair that can be agreed to: what it mends, what it does in words, what it adds."""

    id: str
    fault: Fault  # of the problems, or notes, that it mends
    count: int  # of them
    title: str
    sentence: str
    change: Mends
    usual: bool = True  # whether it is the first choice where several mend the same
    example: str = ""  # a file that it touches


def offers(report: Report) -> list[Offer]:
    """The repairs for what was found, the usual one of each fault first; what has none must be
    mended in the folder by hand.
    """
    made: list[Offer] = []
    for fault, count in report.faults.items():
        found = [problem for problem in report.problems if problem.fault == fault]
        if not found:
            continue
        for key, change, title, sentence in _RULES.get(fault, ()):
            first = not any(offer.fault == fault for offer in made)
            told = _OF_LAYOUTS.get(key, sentence) if report.kind == "layout" else sentence
            made.append(Offer(key, fault, count, title, told, change, first, found[0].file))
        names = {Path(problem.file).stem for problem in found}
        some = count == len(found) <= MOST_FILES and len(names) < report.pictures
        if fault in _LEFT_OUT and some:
            first = not any(offer.fault == fault for offer in made)
            title, sentence = _LEFT_OUT[fault]
            change = Mends(files=tuple(sorted({problem.file for problem in found})))
            key = f"leave-out-{fault}"
            made.append(Offer(key, fault, count, title, sentence, change, first, found[0].file))
    odd = [note.file for note in report.notes if note.fault == "colors"]
    for key, change, title, sentence in _RULES["colors"] if odd else ():
        made.append(Offer(key, "colors", len(odd), title, sentence, change, True, odd[0]))
    twins = [note.file for note in report.notes if note.fault == "twin"]
    if 0 < len(twins) <= MOST_FILES:
        change = Mends(files=tuple(sorted(set(twins))))
        title, sentence = _LEFT_OUT["twin"]
        made.append(
            Offer("leave-out-twin", "twin", len(twins), title, sentence, change, True, twins[0])
        )
    return made


def combined(report: Report, chosen: Iterable[Offer], split: Split | None = None) -> Mends:
    """How the folder is read with these repairs and this split, as it was recognised."""
    mends = report.mends
    for offer in chosen:
        mends |= offer.change
    if split is not None and split.by == "sequence" and not split.stretch:
        # One sequence as a whole would leave nothing to choose by.
        split = replace(split, stretch=stretch_of(report.pictures))
    return mends | Mends(split=split)


def remaining(report: Report, mends: Mends) -> int:
    """How many problems of a report these mends leave as they are, without looking again."""
    mended = _mended(report, mends)
    return sum(count for fault, count in report.faults.items() if fault not in mended)


def left(report: Report, mends: Mends) -> list[Problem]:
    """Those problems themselves, as far as the report lists them."""
    mended = _mended(report, mends)
    return [problem for problem in report.problems if problem.fault not in mended]


def _mended(report: Report, mends: Mends) -> set[Fault]:
    """The faults that these mends have a repair for."""
    return {offer.fault for offer in offers(report) if mends | offer.change == mends}


_Rule = tuple[str, Mends, str, str]
_RULES: dict[Fault, tuple[_Rule, ...]] = {
    "size": (
        (
            "resize",
            Mends(resize=True),
            "Make them the same size",
            "The first picture of a pair takes the second's size.",
        ),
    ),
    "ids": (
        (
            "nearest",
            Mends(nearest=True),
            "Take the nearest class",
            "Pixels of no class take the class that is nearest in colour; where a pixel has a "
            "number and no colour, it stays unpainted.",
        ),
    ),
    "mate": (
        (
            "leave-out-mate",
            Mends(mates=True),
            "Leave out",
            "Pictures without a mate are not learnt from.",
        ),
    ),
    "double": (
        (
            "leave-out-double",
            Mends(doubles=True),
            "Take the first of each name",
            "Of several files with one name the first is taken, by the alphabet.",
        ),
    ),
    "unread": (
        (
            "leave-out-unread",
            Mends(unread=True),
            "Leave out",
            "Files of kinds that cannot be read are not learnt from.",
        ),
    ),
    "line": (
        (
            "leave-out-line",
            Mends(lines=True),
            "Leave out",
            "Lines that cannot be read, or name no picture, are passed over.",
        ),
    ),
}
_OF_LAYOUTS = {
    "resize": "A layout takes its photo's size, each pixel the class that most of it shows."
}
_RULES["colors"] = (
    (
        "by-color",
        Mends(by_color=True),
        "Go by the colours",
        "Layouts are read by their colours, which are the classes' own, and not by the numbers "
        "behind them, which another program has changed.",
    ),
)
_LEFT_OUT: dict[Fault, tuple[str, str]] = {
    "broken": ("Leave out", "Files that cannot be read are not learnt from."),
    "shape": (
        "Leave out",
        "Pictures whose mate is of another shape, as if it showed something else, are not learnt "
        "from.",
    ),
    "size": ("Leave out", "Pictures whose mate is of another size are not learnt from."),
    "ids": ("Leave out", "Pictures whose layout has pixels of no class are not learnt from."),
    "twin": ("Leave out the copies", "Of the same picture under several names one is learnt from."),
}
