"""Vista: unlimited painted landscapes with exact layouts and continuous attributes.

A scene is a seed and seven attributes in [0, 1]. The seed alone decides what stands where (the
layout); the attributes change only light, weather and season. One geometry pass makes picture and
layout, so they agree. `python -m engines.worlds.vista_show` draws the sheets in docs/.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import cache, partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engines import files
from engines.worlds import vista_set
from engines.worlds.vista_caption import describe
from engines.worlds.vista_compose import plan
from engines.worlds.vista_easel import CLASSES, Easel, Mode
from engines.worlds.vista_light import Mood
from engines.worlds.vista_noise import generator

ATTRIBUTES: tuple[str, ...] = (
    "time_of_day",
    "cloudiness",
    "fog",
    "snow",
    "autumn",
    "rain",
    "warmth",
)


@dataclass(frozen=True)
class Scene:
    """A landscape: `seed` fixes the layout, the rest are in [0, 1].

    time_of_day: 0 dawn, 0.33 noon, 0.66 sunset, 1 night.
    """

    seed: int
    time_of_day: float
    cloudiness: float
    fog: float
    snow: float
    autumn: float
    rain: float
    warmth: float

    def __post_init__(self) -> None:
        if self.seed < 0:
            raise ValueError(f"the seed must not be negative, it is {self.seed}")
        for name, value in self.attributes.items():
            if not 0 <= value <= 1:
                raise ValueError(f"{name} must be between 0 and 1, it is {value}")

    @property
    def attributes(self) -> dict[str, float]:
        """The seven attributes by name, in the order of ATTRIBUTES."""
        values = asdict(self)
        return {name: values[name] for name in ATTRIBUTES}


def scene(seed: int, **attributes: float) -> Scene:
    """A scene; attributes not given are drawn from the seed.

    Unknown names are a TypeError, values outside [0, 1] a ValueError.
    """
    unknown = sorted(set(attributes) - set(ATTRIBUTES))
    if unknown:
        raise TypeError(
            f"vista has no attribute {', '.join(unknown)}; it has {', '.join(ATTRIBUTES)}"
        )
    if seed < 0:
        raise ValueError(f"the seed must not be negative, it is {seed}")
    return Scene(
        seed, **{**_drawn(seed), **{name: float(value) for name, value in attributes.items()}}
    )


def _drawn(seed: int) -> dict[str, float]:
    """Attributes that suit the composition, each spread over all of [0, 1] across seeds."""
    design, rng = plan(seed), generator(seed, 4)
    free = rng.random(7)  # what each attribute is if it does as it likes
    time, cloud, fog, snow, autumn, rain, warmth = (float(x) for x in free)
    suits = rng.random(7)
    if design.body == "moon" and suits[0] < 0.62:
        time = 0.7 + 0.3 * time
    elif design.body == "sun" and suits[0] < 0.8:
        time = (
            (0.15 * time if time < 0.4 else 0.4 + 0.38 * time) if design.low else 0.1 + 0.52 * time
        )
    fog = fog**2 if suits[2] < 0.72 else fog
    rain = 0.03 * rain if suits[5] < 0.6 else rain
    cloud = max(cloud**1.5, 0.75 * rain) if suits[1] < 0.6 else cloud
    wintry = design.kind == "winter"
    snow = (
        (0.35 + 0.65 * snow) if wintry and suits[3] < 0.6 else snow**3 if suits[3] < 0.65 else snow
    )
    autumn = autumn**2 if suits[4] < 0.5 else autumn
    warmth = (
        0.5 + 0.5 * (warmth - 0.5) + 0.25 * (snow < 0.2) * (suits[6] - 0.5)
        if suits[6] < 0.6
        else warmth
    )
    values = (time, cloud, fog, snow, autumn, rain, warmth)
    return {
        name: round(min(1.0, max(0.0, value)), 4)
        for name, value in zip(ATTRIBUTES, values, strict=True)
    }


def _drawing(scene: Scene, width: int, height: int, mode: Mode) -> Easel:
    """Draw every shape of the scene, back to front."""
    if not (16 <= width <= 4096 and 16 <= height <= 4096):
        raise ValueError(f"a vista is 16 to 4096 pixels wide and high, not {width} x {height}")
    design = plan(scene.seed)
    mood = Mood(
        time=scene.time_of_day,
        cloudiness=scene.cloudiness,
        fog=scene.fog,
        snow=scene.snow,
        autumn=scene.autumn,
        rain=scene.rain,
        warmth=scene.warmth,
        palette=design.palette,
        side=design.side,
    )
    easel = Easel(width, height, mood, mode)
    for layer in design.layers:
        layer.draw(easel)
    return easel


def paint(scene: Scene, width: int, height: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The picture (H, W, 3) and its layout (H, W), class ids, from one pass."""
    easel = _drawing(scene, width, height, "paint")
    return easel.result(), easel.ids


def layout(scene: Scene, width: int, height: int) -> NDArray[np.uint8]:
    """The layout (H, W) alone: the same bytes as paint's."""
    return _drawing(scene, width, height, "ids").ids


def layout_in_colours(scene: Scene, width: int, height: int) -> NDArray[np.uint8]:
    """The scene (H, W, 3) painted with one flat class colour a shape: a check of the layout."""
    return _drawing(scene, width, height, "flat").result()


@cache
def palette() -> NDArray[np.uint8]:
    """The class colours (13, 3)."""
    codes = [colour for _, colour in CLASSES]
    return np.array([[int(code[i : i + 2], 16) for i in (1, 3, 5)] for code in codes], np.uint8)


def caption(scene: Scene) -> str:
    """One sentence that says what the scene shows."""
    return describe(plan(scene.seed), scene.attributes, generator(scene.seed, 8))


def make(
    folder: Path,
    count: int,
    size: tuple[int, int],
    seed: int,
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Write a layout set of `count` scenes, `size` (width, height), numbered from 00000.

    Every file is there whole or not at all; a set that was interrupted is completed. `progress`
    gets (done, count). UserError: the folder holds another set, or cannot be written.
    """
    scenes = [scene(int(number)) for number in generator(seed, 9).integers(0, 1 << 53, count)]
    names = [f"{index:05d}" for index in range(count)]
    rows = [[f"{value:.4f}" for value in item.attributes.values()] for item in scenes]
    tables = {
        "attributes.csv": (
            ("name", *ATTRIBUTES),
            [[name, *row] for name, row in zip(names, rows, strict=True)],
        ),
        "captions.csv": (
            ("name", "caption"),
            [[name, caption(item)] for name, item in zip(names, scenes, strict=True)],
        ),
        "splits.csv": (
            ("name", "split"),
            [[name, vista_set.split(item.seed)] for name, item in zip(names, scenes, strict=True)],
        ),
    }
    vista_set.refuse_other(folder, tables["attributes.csv"][1])
    vista_set.write_classes(folder)
    for name, (header, lines) in tables.items():
        files.write_text(folder / name, vista_set.table(header, lines))
    for done, (name, item) in enumerate(zip(names, scenes, strict=True), 1):
        vista_set.write_pair(folder, f"{name}.png", size, partial(paint, item, *size))
        if progress is not None:
            progress(done, count)
