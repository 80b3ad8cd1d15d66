"""How the tools are set, from one start to the next, kept with the user's settings."""

import json
import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QSettings

from studio.document.brush import Tip
from studio.document.selecting import How
from studio.models.tools import LARGEST, SMALLEST, Tools

KEY = "tools"


def keep(tools: Tools) -> None:
    """Remember brush, symmetry, colour and the rest; where the mirror's axes are is no habit."""
    options, mirror = vars(tools.options), tools.options.mirror
    plain = {name: options[name] for name in _OPTIONS} | {
        "tip": tools.options.tip.value,
        "how": tools.options.how.value,
        "size": tools.size,
        "across": mirror.across,
        "down": mirror.down,
    }
    QSettings().setValue(KEY, json.dumps(plain))


def restore(tools: Tools) -> None:
    """Set the tools as they were remembered; what cannot be read stays as it is."""
    try:
        plain = json.loads(str(QSettings().value(KEY, "{}")))
    except ValueError:
        return
    if not isinstance(plain, dict):
        return
    found: dict[str, Any] = {}
    for name, read in (_OPTIONS | _OTHERS).items():
        if name in plain:
            try:
                found[name] = read(plain[name])
            except (ValueError, TypeError, OverflowError):
                continue
    sides = {name: found[name] for name in ("across", "down") if name in found}
    options = {name: value for name, value in found.items() if name in _OPTIONS}
    tools.set(**options, mirror=replace(tools.options.mirror, **sides))
    if "size" in found:
        tools.resize(found["size"])


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError("no yes or no")
    return value


def _number(least: float, most: float) -> Callable[[Any], float]:
    def read(value: Any) -> float:
        number = float(value)
        if not math.isfinite(number):
            raise ValueError("no number")
        return min(max(number, least), most)

    return read


def _whole(least: int, most: int) -> Callable[[Any], int]:
    read = _number(least, most)
    return lambda value: round(read(value))


def _color(value: Any) -> tuple[int, int, int]:
    red, green, blue = map(_whole(0, 255), value)
    return red, green, blue


_OPTIONS: dict[str, Callable[[Any], Any]] = {
    "pressure": _flag,
    "tip": Tip,
    "angle": _number(0, 360),
    "follow": _flag,
    "steady": _number(0, 1),
    "contiguous": _flag,
    "gap": _whole(0, 100),
    "tolerance": _whole(0, 255),
    "how": How,
    "margin": _whole(1, 500),
    "color": _color,
}
_OTHERS: dict[str, Callable[[Any], Any]] = {
    "size": _number(SMALLEST, LARGEST),
    "across": _flag,
    "down": _flag,
}
