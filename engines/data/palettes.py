"""The classes of layouts that nobody has named yet: from the colours and numbers in them."""

import colorsys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np

from engines.data.pictures import LOSSLESS, Pixels, codes_of, opened, srgb, upright
from engines.data.spec import PaletteClass
from engines.errors import UserError

LOOKED_AT = 48  # layouts, spread over all of them
SIDE = 512  # pixels of a layout that are looked at, each way
MOST_CLASSES = 64
LEAST = 0.0005  # share of all pixels below which a colour is a smear between two classes
SURE = 0.8  # share of pixels that the classes' own colours must have
NUMBERS = 64  # grey layouts that reach no further than this hold numbers, not shades
CLEAR = 24.0  # between two classes' colours, Euclidean, at least: nearer is a smear
T = TypeVar("T")
_HUES = ("red", "orange", "yellow", "lime", "green", "sea", "cyan", "azure", "blue", "violet",
         "magenta", "rose")  # fmt: skip


@dataclass(frozen=True)
class Found:
    """Classes, and whether layouts tell them by colour rather than by number."""

    palette: tuple[PaletteClass, ...]
    by_color: bool


def find_classes(
    layouts: Sequence[Path], cancelled: Callable[[], bool] = lambda: False
) -> Found | None:
    """The classes of layouts, by how much they cover; None where they look like pictures instead.

    What cannot be read is passed over.
    """
    numbers: Counter[int] = Counter()
    colors: Counter[int] = Counter()
    grey = True
    for path in spread(layouts, LOOKED_AT):
        if cancelled():
            return None
        try:
            seen, plain = _look(path)
        except UserError:
            continue
        grey &= plain
        if plain:
            numbers.update(seen)
        colors.update({(n << 16 | n << 8 | n if plain else n): many for n, many in seen.items()})
    top = max((n for n in numbers if n != 255), default=0)
    # Black and white is a mask of two classes; 255 beside several numbers is what is unpainted.
    if grey and numbers and top < NUMBERS and set(numbers) != {0, 255}:
        return Found(tuple(_numbered(i, top + 1) for i in range(top + 1)), False)
    chosen = _chosen(colors)
    return Found(_named(chosen), True) if chosen else None


def spread(items: Sequence[T], most: int) -> list[T]:
    """At most so many of them, evenly over all."""
    count = min(most, len(items))
    return [items[i * len(items) // count] for i in range(count)]


def _look(path: Path) -> tuple[dict[int, int], bool]:
    """How often each number or colour occurs in a layout, and whether it holds numbers (grey)."""
    with opened(path) as image:
        if image.mode == "L":
            values, counts = np.unique(_thinned(np.asarray(image, np.uint8)), return_counts=True)
            if image.format in LOSSLESS:
                return dict(zip(values.tolist(), counts.tolist(), strict=True)), True
        if image.mode in ("P", "1", "L", "RGB", "RGBA"):
            pixels = np.asarray(image.convert("RGBA"))
        else:
            pixels = np.asarray(srgb(upright(image)).convert("RGBA"))
    pixels = _thinned(pixels)
    values, counts = np.unique(codes_of(pixels)[pixels[..., 3] > 0], return_counts=True)
    return dict(zip(values.tolist(), counts.tolist(), strict=True)), False


def _thinned(pixels: Pixels) -> Pixels:
    step = max(1, -(-max(pixels.shape[:2]) // SIDE))
    return pixels[::step, ::step]


def _chosen(colors: Counter[int]) -> list[int]:
    """The colours of classes, the commonest first; none where too much is of no such colour."""
    total = sum(colors.values())
    chosen: list[int] = []
    for code, many in colors.most_common(4 * MOST_CLASSES):
        if many < LEAST * total or len(chosen) > MOST_CLASSES:
            break
        if all(_apart(code, other) > CLEAR for other in chosen):
            chosen.append(code)
    clear = len(chosen) <= MOST_CLASSES and sum(colors[c] for c in chosen) >= SURE * total
    return chosen if clear and total else []


def _apart(first: int, second: int) -> float:
    pairs = ((first >> shift & 255, second >> shift & 255) for shift in (16, 8, 0))
    return float(sum((a - b) ** 2 for a, b in pairs) ** 0.5)


def _named(codes: Sequence[int]) -> tuple[PaletteClass, ...]:
    """Classes called after their colours, until a person calls them something better."""
    names: Counter[str] = Counter()
    classes = []
    for code in codes:
        name = color_name(code)
        names[name] += 1
        full = f"{name} {names[name]}" if names[name] > 1 else name
        classes.append(PaletteClass(full, f"#{code:06x}"))
    return tuple(classes)


def color_name(code: int) -> str:
    """A colour (0xrrggbb) in a word or two."""
    hue, light, strong = colorsys.rgb_to_hls(*((code >> s & 255) / 255 for s in (16, 8, 0)))
    if light < 0.08:
        return "black"
    if light > 0.95:
        return "white"
    if strong < 0.12:
        return "dark grey" if light < 0.35 else "light grey" if light > 0.7 else "grey"
    word = _HUES[round(hue * 12) % 12]
    if word == "orange" and (light < 0.4 or (strong < 0.4 and light < 0.7)):
        return "dark brown" if light < 0.2 else "brown"
    return f"dark {word}" if light < 0.3 else f"light {word}" if light > 0.72 else word


def _numbered(number: int, count: int) -> PaletteClass:
    """A class known by its number, in a colour unlike its neighbours'."""
    red, green, blue = colorsys.hls_to_rgb(number * 0.381966 % 1, 0.35 + 0.3 * (number % 2), 0.65)
    color = f"#{round(red * 255):02x}{round(green * 255):02x}{round(blue * 255):02x}"
    return PaletteClass(f"class {number:0{len(str(count - 1))}d}", color)
