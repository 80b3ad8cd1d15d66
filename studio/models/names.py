"""Which class of a model a class of a document is: the same name, a shared word, the same thing."""

import re
from functools import lru_cache

# Words for the same thing, as models and artists name it.
SAME = (
    {"forest", "tree", "trees", "wood", "woods", "jungle"},
    {"meadow", "grass", "field", "lawn", "pasture", "plain"},
    {"water", "sea", "ocean", "lake", "river", "pond"},
    {"house", "building", "hut", "cottage", "village"},
    {"path", "road", "street", "track", "trail"},
    {"sand", "beach", "desert", "dune"},
    {"rock", "stone", "cliff", "boulder"},
    {"mountain", "mountains", "hill", "hills", "peak"},
    {"snow", "ice", "glacier"},
    {"cloud", "clouds"},
    {"sun", "moon"},
    {"person", "people", "pedestrian", "man", "woman"},
    {"car", "vehicle", "truck", "bus"},
    {"pavement", "sidewalk", "ground", "earth", "soil"},
)
_PLACE = {word: place for place, group in enumerate(SAME) for word in group}


@lru_cache(4096)
def closest(name: str, names: tuple[str, ...]) -> int | None:
    """The place in `names` of what `name` most likely means; None where nothing is like it."""
    if name in names:
        return names.index(name)
    words = _words(name)
    scores = [_likeness(words, _words(other)) for other in names]
    best = max(scores, default=0)
    return scores.index(best) if best > 0 else None


def _likeness(one: list[str], other: list[str]) -> float:
    """0 where nothing is shared; the first words of a name say most."""
    score = 0.0
    for place, word in enumerate(one):
        for at, against in enumerate(other):
            if word == against:
                score = max(score, 2 - 0.1 * (place + at))
            elif word in _PLACE and _PLACE[word] == _PLACE.get(against):
                score = max(score, 1 - 0.1 * (place + at))
    return score


def _words(name: str) -> list[str]:
    return [word for word in re.split(r"[^a-z]+", name.lower()) if word]
