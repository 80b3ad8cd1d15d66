"""Make one layout set of two published sets of streets whose classes differ.

LabelMeFacade (Froehlich 2010, Brust 2015) has houses from the pavement, with windows and doors;
CamVid (Brostow 2009) has the road from a car, with people, poles and fences. What only one of them
tells apart stays a class: a model learns from each what it knows. Neighbouring frames of a drive
are nearly alike, so that they count less.
"""

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from engines import files
from engines.data import tables
from engines.data.listing import Lister
from engines.data.pictures import UNPAINTED, Pixels, read_layout
from engines.data.spec import PaletteClass
from engines.errors import UserError

# By id. What landscapes have too is in the same place, so that a street can start from a model of
# them: a weight belongs to a class by its place. A colour is the artist's brush.
CLASSES = (
    PaletteClass("other", "#808080"),
    PaletteClass("sky", "#87cefa"),
    PaletteClass("window", "#3c5a96"),
    PaletteClass("pavement", "#c8bed2"),
    PaletteClass("door", "#78381e"),
    PaletteClass("vegetation", "#3c8c3c"),
    PaletteClass("fence", "#a0a05a"),
    PaletteClass("car", "#dc3c50"),
    PaletteClass("pole", "#f0e678"),
    PaletteClass("road", "#5a505f"),
    PaletteClass("building", "#cd8f6b"),
    PaletteClass("person", "#ffa01e"),
)
CALLED = {  # what a set's own names become; what stays is not named
    "various": "other",
    "unlabelled": "other",
    "tree": "vegetation",
    "pedestrian": "person",
    "bicyclist": "person",
    "sign": "pole",
}
WEIGHTS = {"facades": 1.0, "camvid": 0.5}


def prepare(folder_in: Path, folder_out: Path) -> dict[str, int]:
    """Write classes.json, splits.csv, links to the photos of `folder_in`/facades and /camvid, and
    their layouts in the classes of both. Returns how many pictures each split has.
    """
    counts: Counter[str] = Counter()
    splits: list[list[str]] = [["name", "split", "weight"]]
    for name, weight in WEIGHTS.items():
        folder = folder_in / name
        if not folder.is_dir():
            raise UserError(f"There is no {folder}; choose the folder that holds both sets.")
        classes = tables.read_classes(folder)
        renamed = _numbers(classes)
        belongs, _ = tables.read_splits(folder)
        (folder_out / "photos").mkdir(parents=True, exist_ok=True)
        files.link(folder_out / "photos" / name, folder / "photos")
        for stem, path in Lister(folder).pictures("layouts").paths.items():
            if stem not in belongs:
                continue
            ids = renamed[read_layout(path, classes)]
            out = folder_out / "layouts" / name / f"{stem}.png"
            with files.writing(out) as place:
                Image.fromarray(ids).save(place, "PNG")
            splits.append([f"{name}/{stem}", belongs[stem], f"{weight:g}"])
            counts[f"{name}, {belongs[stem]}"] += 1
    entries = [{"id": i, "name": c.name, "color": c.color} for i, c in enumerate(CLASSES)]
    files.write_text(folder_out / "classes.json", json.dumps(entries, indent=1) + "\n")
    files.write_text(folder_out / "splits.csv", tables.csv_text(splits))
    return dict(sorted(counts.items()))


def _numbers(classes: Sequence[PaletteClass]) -> Pixels:
    """By a set's own id, ours; what is unpainted stays so."""
    ours = {c.name: i for i, c in enumerate(CLASSES)}
    found = np.full(256, UNPAINTED, np.uint8)
    found[: len(classes)] = [ours[CALLED.get(c.name, c.name)] for c in classes]
    return found
