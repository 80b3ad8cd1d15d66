"""The example layouts in assets/examples: `python -m engines.worlds.examples` paints them anew."""

from pathlib import Path

from engines import files
from engines.data.pictures import write_layout
from engines.data.spec import PaletteClass
from engines.worlds import vista
from engines.worlds.vista_easel import CLASSES

FOLDER = Path(__file__).resolve().parents[2] / "assets" / "examples"
SIZE = 512
SCENES = {
    "lake": 900_009,
    "winter": 900_004,
    "coast": 900_003,
    "river": 900_000,
    "village": 900_006,
    "fjord": 900_017,
}


def write(folder: Path) -> None:
    """Write a layout of SIZE x SIZE for each scene, as an indexed PNG in class colours, and
    classes.json, which names the ids.
    """
    classes = tuple(PaletteClass(name, color) for name, color in CLASSES)
    for name, seed in SCENES.items():
        write_layout(folder / f"{name}.png", vista.layout(vista.scene(seed), SIZE, SIZE), classes)
    entries = [{"id": i, "name": c.name, "color": c.color} for i, c in enumerate(classes)]
    files.write_json(folder / "classes.json", entries)


if __name__ == "__main__":
    write(FOLDER)
