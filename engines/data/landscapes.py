"""Make a layout set of a folder of web landscapes with weak tags: attributes that can be trusted,
and weights that keep doubtful, small and all too many pictures down.

What the tags are worth was judged from sheets of forty pictures each. Sunset is right nearly
always. Night is mostly dark woods, winter mostly bare rock, autumn dry grass, and fog is right but
has only 62 pictures: these are left out. "Overcast" is any picture without blue, so the greyness
of the sky is measured instead, and so is how light the whole picture is.
"""

import csv
import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from engines import files
from engines.data import tables
from engines.data.pictures import Pixels, read_layout, read_picture, shrink_layout
from engines.errors import UserError

ATTRIBUTES = ("sunset", "overcast", "light")
SKIES = ("sky", "cloud")
STEP = 4  # Every fourth pixel each way is enough for a mean.
ALONE = 0.85  # share of a picture that one class has
SURE_LABELS, SURE_SUNSET, SURE_DAY = 0.88, 0.9, 0.75  # the tags' own confidences


def prepare(folder_in: Path, folder_out: Path, side: int = 256) -> dict[str, int]:
    """Write attributes.csv, splits.csv, classes.json and links to photos and layouts.

    Pictures whose short side is below 0.75 `side`, and colourless ones, get the weight 0. Returns
    how many pictures there are of each sort.
    """
    rows = _rows(folder_in / "splits.csv")
    classes = tables.read_classes(folder_in)
    skies = [i for i, c in enumerate(classes) if c.name in SKIES]
    counts: Counter[str] = Counter()
    attributes: list[list[str]] = [["name", *ATTRIBUTES]]
    splits: list[list[str]] = [["name", "split", "weight"]]
    for row in rows:
        weight = weight_of(row, side)
        splits.append([row["name"], row["split"], f"{weight:g}"])
        counts[f"{row['split']}, {'used' if weight else 'left out'}"] += 1
        if not weight:
            continue
        picture = read_picture(folder_in / "photos" / f"{row['name']}.jpg")
        ids = read_layout(folder_in / "layouts" / f"{row['name']}.png", classes)
        if ids.shape != picture.shape[:2]:
            ids = shrink_layout(ids, (picture.shape[0], picture.shape[1]))
        sky = np.isin(ids[::STEP, ::STEP], skies)
        values = attributes_of(row, picture[::STEP, ::STEP], sky)
        attributes.append([row["name"], *("" if v is None else f"{v:.3f}" for v in values)])
        for name, value in zip(ATTRIBUTES, values, strict=True):
            counts[f"{name} unknown"] += value is None
            counts[f"{name} above 0.7"] += value is not None and value > 0.7
            counts[f"{name} below 0.3"] += value is not None and value < 0.3
    folder_out.mkdir(parents=True, exist_ok=True)
    for name in ("photos", "layouts"):
        files.link(folder_out / name, folder_in / name)
    entries = [{"id": i, "name": c.name, "color": c.color} for i, c in enumerate(classes)]
    files.write_text(folder_out / "classes.json", json.dumps(entries, indent=1) + "\n")
    files.write_text(folder_out / "attributes.csv", tables.csv_text(attributes))
    files.write_text(folder_out / "splits.csv", tables.csv_text(splits))
    return dict(sorted(counts.items()))


def prepare_times(folder_in: Path, folder_out: Path) -> dict[str, int]:
    """Two sorts of pictures, by `day` and at `sunset`, as links, of those whose tags are sure and
    that are not small or colourless; splits.csv keeps the published split.
    """
    counts: Counter[str] = Counter()
    splits = [["name", "split"]]
    for row in _rows(folder_in / "splits.csv"):
        sort = time_of(row)
        if not sort or not weight_of(row, 256):
            continue
        link = folder_out / sort / f"{row['name']}.jpg"
        link.parent.mkdir(parents=True, exist_ok=True)
        files.link(link, folder_in / "photos" / link.name)
        splits.append([f"{sort}/{row['name']}", row["split"]])
        counts[f"{sort}, {row['split']}"] += 1
    files.write_text(folder_out / "splits.csv", tables.csv_text(splits))
    return dict(sorted(counts.items()))


def time_of(row: Mapping[str, str]) -> str:
    """`day` or `sunset` where the tag is sure, else nothing."""
    sure = float(row["tod_conf"] or 0)
    if row["time_of_day"] == "sunset_dawn" and sure >= SURE_SUNSET:
        return "sunset"
    return "day" if row["time_of_day"] == "day" and sure >= SURE_DAY else ""


def weight_of(row: Mapping[str, str], side: int) -> float:
    """How often to draw a picture: 0 for small and colourless ones, else about 1."""
    small = min(int(row["width"]), int(row["height"])) < 0.75 * side
    if small or row["mono"] == "1":
        return 0.0
    weight = 1.0 if float(row["label_conf"]) >= SURE_LABELS else 0.3
    if row["time_of_day"] == "sunset_dawn":
        weight *= 0.5  # A third of the pictures: everything would turn orange.
    if float(row["f_snow_ice"]) > 0.1:
        weight *= 3.0
    shares = [float(value) for name, value in row.items() if name.startswith("f_")]
    if max(shares) > ALONE:
        weight *= 0.3  # What is one class all over, a wall of bamboo, teaches no layout.
    return weight


def attributes_of(
    row: Mapping[str, str], picture: Pixels, sky: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]
) -> tuple[float | None, float | None, float]:
    """Sunset (by tag), overcast and light (measured in the picture (H, W, 3)); None is unknown.

    Overcast is 1 where blue exceeds red by 3 % or less on the mean sky pixel, 0 from 25 % on; a
    reddish sky, a sky below 15 % of the picture, and one not surely by day say nothing.
    """
    sunset, day = (time_of(row) == time for time in ("sunset", "day"))
    colors = picture.astype(np.float64) / 255
    overcast = None
    if day and sky.mean() > 0.15:
        blue = float((colors[..., 2] - colors[..., 0])[sky].mean())
        overcast = float(np.clip((0.25 - blue) / 0.22, 0, 1)) if blue > -0.05 else None
    luma = float((colors @ (0.299, 0.587, 0.114)).mean())
    light = float(np.clip((luma - 0.19) / 0.5, 0, 1))  # 2nd to 98th percentile of the set
    return (1.0 if sunset else 0.0 if day else None), overcast, light


def _rows(path: Path) -> list[dict[str, str]]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, ValueError, csv.Error) as error:
        raise UserError(f"{path} cannot be read as a table ({error}); restore it.") from error
    needed = {"name", "split", "width", "height", "mono", "label_conf", "time_of_day", "tod_conf"}
    if not rows or not needed | {"f_snow_ice"} <= rows[0].keys():
        raise UserError(f"{path} lacks the columns of the landscape set; choose its folder.")
    return rows
