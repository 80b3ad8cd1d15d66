"""Small pictures of ellipses on a ground, made in a moment: data for trainings in tests."""

import json
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

COLORS = np.array([(60, 110, 60), (200, 80, 60), (70, 90, 200), (220, 200, 90)], np.uint8)
NAMES = ("ground", "red", "blue", "sand")


def blob(rng: np.random.Generator, side: int) -> tuple[npt.NDArray[np.uint8], ...]:
    """A layout (H, W) and its picture (H, W, 3): each class has its stripes, and light falls from
    one side.
    """
    y, x = np.mgrid[:side, :side] / side
    ids = np.zeros((side, side), np.uint8)
    for _ in range(int(rng.integers(2, 6))):
        (cy, cx), (ry, rx) = rng.uniform(0.1, 0.9, 2), rng.uniform(0.1, 0.35, 2)
        ids[((y - cy) / ry) ** 2 + ((x - cx) / rx) ** 2 < 1] = rng.integers(1, 4)
    stripes = np.stack([np.sin(40 * (x * np.cos(a) + y * np.sin(a))) for a in (0, 0.8, 1.6, 2.4)])
    texture = np.take_along_axis(stripes, ids[None].astype(np.int64), 0)[0]
    light = 0.8 + 0.35 * (x - 0.5) * rng.choice((-1, 1)) + 0.12 * texture
    noise = rng.normal(0, 4, (side, side, 3))
    picture = COLORS[ids] * light[..., None] + noise
    return ids, picture.clip(0, 255).astype(np.uint8)


def make(folder: Path, counts: dict[str, int], side: int = 32, seed: int = 0) -> Path:
    """A layout set with so many pictures in each split."""
    rng = np.random.default_rng(seed)
    for name in ("photos", "layouts"):
        (folder / name).mkdir(parents=True)
    lines = ["name,split"]
    for split, count in counts.items():
        for number in range(count):
            ids, picture = blob(rng, side)
            name = f"{split}{number:04d}"
            Image.fromarray(picture).save(folder / "photos" / f"{name}.png")
            Image.fromarray(ids).save(folder / "layouts" / f"{name}.png")
            lines.append(f"{name},{split}")
    (folder / "splits.csv").write_text("\n".join(lines))
    classes = [
        {"id": i, "name": n, "color": "#{:02x}{:02x}{:02x}".format(*COLORS[i])}
        for i, n in enumerate(NAMES)
    ]
    (folder / "classes.json").write_text(json.dumps(classes))
    return folder
