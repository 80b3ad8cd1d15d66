"""Finding a command by words: also half words, first letters, synonyms and slips of the pen."""

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

MOST_RECENT = 12

# What a word of a search is worth, by where and how it is met.
EXACT, PREFIX, INITIALS, STEM, INSIDE, SLIP, SCATTERED = 1.0, 0.9, 0.75, 0.6, 0.55, 0.45, 0.25
SYNONYM, PLACE = 0.7, 0.5  # shares of that for a synonym, or the menu's name
SHORTEST_SLIP = 4  # letters of a word that may have a slip
SHORTEST_STEM = 4  # letters of a word that a longer one may stem from, as selection from select


@dataclass(frozen=True)
class Findable:
    """Something to do: `place` is where a menu has it, `why_not` the reason that it cannot be."""

    key: str
    title: str
    do: Callable[[], object]
    place: str = ""
    shortcut: str = ""
    words: str = ""
    why_not: str = ""


def ranked(query: str, items: Sequence[Findable], recent: Sequence[str] = ()) -> list[Findable]:
    """What is meant, the likeliest first; all there is where nothing is asked for.

    Of equals the one that was used last comes first, and what cannot be done now comes last. Where
    nothing meets every word, what meets most of them is found.
    """
    return _ranked(query, items, recent, 0) or _ranked(query, items, recent, 1)


def _ranked(
    query: str, items: Sequence[Findable], recent: Sequence[str], missed: int
) -> list[Findable]:
    freshness = {key: place for place, key in enumerate(recent)}
    last = len(freshness)
    scored = []
    for number, item in enumerate(items):
        points = score(query, item, missed)
        if points > 0:
            fresh = freshness.get(item.key, last)
            # A hair's breadth: what was used lately wins over what is about as likely.
            lift = 0.1 * (1 - fresh / last) if last else 0.0
            scored.append((-(points + lift), bool(item.why_not), fresh, number, item))
    scored.sort(key=lambda entry: entry[:4])
    # Where something is called that, what is so only by a slip or a chance is not meant.
    best = max((-entry[0] for entry in scored), default=0.0)
    return [item for points, *_, item in scored if -points > best / 2]


def score(query: str, item: Findable, missed: int = 0) -> float:
    """How well the words of a query meet an item, 0 where more than `missed` of them do not."""
    asked = words(query)
    if not asked:
        return 1.0
    title, more, place = words(item.title), words(item.words), words(item.place)
    best = []
    for word in asked:
        points = max(
            _meets(word, title),
            SYNONYM * _meets(word, more),
            PLACE * _meets(word, place),
        )
        best.append(points)
    enough = best.count(0.0) <= min(missed, len(best) - 1)
    total = sum(best) / len(best) if enough else 0.0
    joined = "".join(asked)
    initials = "".join(word[0] for word in title)
    if len(joined) > 1 and initials.startswith(joined):
        total = max(total, INITIALS)
    if total:
        # A title that says little else is meant rather than a long one.
        total += 0.05 * len(joined) / max(len("".join(title)), len(joined))
        total += 0.05 * ("".join(title).startswith(joined))
    return total


@lru_cache(4096)
def words(text: str) -> tuple[str, ...]:
    """The words of a text in small letters without accents."""
    plain = unicodedata.normalize("NFKD", text.replace("&", "").casefold())
    letters = "".join(c if c.isalnum() else " " for c in plain if not unicodedata.combining(c))
    return tuple(letters.split())


def used(key: str, recent: Sequence[str]) -> list[str]:
    """The list of what was used last, with one more in front."""
    return [key, *(other for other in recent if other != key)][:MOST_RECENT]


def _meets(word: str, among: tuple[str, ...]) -> float:
    return max((_meet(word, other) for other in among), default=0.0)


@lru_cache(1 << 16)
def _meet(word: str, other: str) -> float:
    if word == other:
        return EXACT
    if other.startswith(word):
        return PREFIX
    if len(other) >= SHORTEST_STEM and word.startswith(other):
        return STEM
    if len(word) > 1 and word in other:
        return INSIDE
    if len(word) >= SHORTEST_SLIP and _one_slip(word, other[: len(word) + 1]):
        return SLIP
    if len(word) > 2 and word[0] == other[0] and _scattered(word, other):
        return SCATTERED
    return 0.0


def _scattered(word: str, other: str) -> bool:
    """Whether all letters come in that order, as in "brsh" for brush."""
    letters = iter(other)
    return all(letter in letters for letter in word)


def _one_slip(word: str, other: str) -> bool:
    """Whether one letter is wrong, missing, too many, or two are swapped; the end may be open."""
    for cut in range(len(other) - 1, len(other) + 1):
        start = other[:cut]
        if abs(len(word) - len(start)) <= 1 and _apart(word, start) <= 1:
            return True
    return False


def _apart(one: str, other: str) -> int:
    """0 where two words are the same, 1 where they are a slip apart, else 2."""
    if one == other:
        return 0
    place = next(
        (i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b),
        min(len(one), len(other)),
    )
    rest, others = one[place:], other[place:]
    swapped = len(rest) > 1 and rest[1::-1] + rest[2:] == others
    return (
        1
        if swapped or others in (rest[1:],) or rest in (others[1:],) or rest[1:] == others[1:]
        else 2
    )
