"""A small grammar that says what a vista shows: time, place, things, weather, season, light."""

from collections.abc import Mapping, Sequence

import numpy as np

from engines.worlds.vista_compose import Plan

_PLACES = {
    "coast": ("a sea coast", "a quiet shore", "a seaside view"),
    "lake": ("a mountain lake", "a lake below the mountains", "a still lake in the highlands"),
    "fjord": ("a fjord", "a fjord between steep mountains", "a deep inlet among mountains"),
    "canyon": ("a river canyon", "a canyon", "a gorge of tall rock walls"),
    "grove": ("a clearing among tall trees", "a grove", "the inside of an open wood"),
    "valley": ("an alpine valley", "a mountain valley", "a broad valley"),
    "cliffs": ("a cliff above the sea", "high sea cliffs", "a steep coast"),
    "forest": ("a deep forest", "a forest glade", "the edge of a great forest"),
    "dunes": ("desert dunes", "a desert of sand", "rolling dunes"),
    "village": ("a village in the hills", "a village among fields", "a hill country village"),
    "winter": ("a snowbound valley", "a winter landscape", "snowfields below the mountains"),
    "islands": ("an archipelago", "wooded islands", "islands on calm water"),
    "mesas": ("a desert of table mountains", "mesas above a red plain", "a canyon country"),
    "plain": ("an open plain", "a wide prairie", "flat country under a great sky"),
    "hills": ("rolling hills", "a patchwork of hills", "green hill country"),
}
_HOURS = (
    (0.09, ("at dawn", "at first light")),
    (0.25, ("in the morning", "early in the day")),
    (0.42, ("at noon", "at midday")),
    (0.58, ("in the afternoon", "late in the day")),
    (0.75, ("at sunset", "in the evening glow")),
    (0.88, ("at dusk", "at nightfall")),
    (2.00, ("at night", "in the dead of night")),
)
_DEGREES = {
    "cloudiness": (
        ("a clear sky", 0.15),
        ("a hazy sky", 0.4),
        ("a grey sky", 0.7),
        ("a heavy overcast sky", 2.0),
    ),
    "fog": (("", 0.12), ("a touch of mist", 0.35), ("fog", 0.65), ("dense fog", 2.0)),
    "snow": (
        ("", 0.12),
        ("a dusting of snow", 0.4),
        ("fresh snow", 0.7),
        ("deep snow over everything", 2.0),
    ),
    "autumn": (
        ("", 0.25),
        ("the first autumn leaves", 0.5),
        ("autumn colours", 0.75),
        ("blazing autumn colours", 2.0),
    ),
    "rain": (("", 0.12), ("a drizzle", 0.4), ("rain", 0.7), ("pouring rain", 2.0)),
    "warmth": (("cool blue light", 0.28), ("", 0.72), ("warm golden light", 2.0)),
}


def _degree(name: str, value: float) -> str:
    return next(words for words, limit in _DEGREES[name] if value < limit)


def _listed(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def describe(plan: Plan, attributes: Mapping[str, float], rng: np.random.Generator) -> str:
    """One sentence for a plan under these attributes; `rng` chooses among equal wordings."""
    places = _PLACES[plan.kind]
    place = places[int(rng.integers(len(places)))]
    hours = next(words for limit, words in _HOURS if attributes["time_of_day"] < limit)
    hour = hours[int(rng.integers(len(hours)))]
    things = [thing for thing in plan.things if thing.removeprefix("a ") not in place]
    body = {"sun": "the sun", "moon": "the moon", "": ""}[plan.body]
    if body:
        things.append(f"{body} low in the sky" if plan.low else f"{body} above")
    if plan.clouds:
        things.append("a cloud" if plan.clouds == 1 else "clouds")
    if (
        attributes["time_of_day"] > 0.9
        and attributes["cloudiness"] < 0.5
        and attributes["fog"] < 0.5
    ):
        things.append("stars")
    weather = [
        _degree(name, attributes[name])
        for name in ("cloudiness", "fog", "rain", "snow", "autumn", "warmth")
    ]
    weather = [words for words in weather if words]
    with_things = f" with {_listed(things)}" if things else ""
    if rng.random() < 0.5:
        text = f"{place} {hour}{with_things}, under {_listed(weather)}."
    else:
        text = f"{hour}, {place}{with_things}; {_listed(weather)}."
    return text[0].upper() + text[1:]
