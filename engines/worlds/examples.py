"""The example layouts in assets/examples: `python -m engines.worlds.examples` paints them anew."""

from pathlib import Path

from engines import files
from engines.data.pictures import write_layout
from engines.data.spec import PaletteClass
from engines.worlds import vista
from engines.worlds.vista_easel import CLASSES

FOLDER = Path(__file__).resolve().parents[2] / "assets" / "examples"
SIZE = 512
# The layout's seed, and the light and weather it is shown in: time of day, cloudiness, fog, snow,
# autumn, rain, warmth.
SCENES = {
    "coast": (900_003, (0.60, 0.3, 0.0, 0.0, 0.0, 0.0, 0.8)),
    "fjord": (900_017, (0.15, 0.3, 0.5, 0.0, 0.0, 0.0, 0.3)),
    "lake": (900_009, (0.35, 0.4, 0.0, 0.0, 0.0, 0.0, 0.6)),
    "river": (900_000, (0.45, 0.2, 0.0, 0.0, 1.0, 0.0, 0.7)),
    "village": (900_006, (0.95, 0.2, 0.0, 0.0, 0.0, 0.0, 0.4)),
    "winter": (900_004, (0.30, 0.5, 0.1, 1.0, 0.0, 0.0, 0.3)),
}


def write(folder: Path) -> None:
    """Write a layout of SIZE x SIZE for each scene, as an indexed PNG in class colours, with
    classes.json, which names the ids, and moods.json, which holds the attributes.
    """
    classes = tuple(PaletteClass(name, color) for name, color in CLASSES)
    for name, (seed, _) in SCENES.items():
        write_layout(folder / f"{name}.png", vista.layout(vista.scene(seed), SIZE, SIZE), classes)
    entries = [{"id": i, "name": c.name, "color": c.color} for i, c in enumerate(classes)]
    files.write_json(folder / "classes.json", entries)
    moods = {n: dict(zip(vista.ATTRIBUTES, mood, strict=True)) for n, (_, mood) in SCENES.items()}
    files.write_json(folder / "moods.json", moods)


if __name__ == "__main__":
    write(FOLDER)
