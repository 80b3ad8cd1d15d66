"""A large picture painted in tiles, and what it took. Run as a program:

    python -m tests.large MODEL HEIGHT WIDTH

MODEL is a bundle's folder. It prints as JSON the seconds, the growth of the peak of resident memory
in bytes, the number of tiles, the seam energy: the mean absolute second difference across the
borders of tiles over that elsewhere; and how far four of them are from one go where they meet.
"""

import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from engines.ports import Image, Layout, Port, Size, Spatial
from engines.request import Request
from engines.runtime import tiles
from engines.runtime.bundle import Bundle
from engines.runtime.render import render
from engines.runtime.sessions import Sessions

PATCH = 101  # pixels a side; no border of a tile lies where a class ends


def photo(size: Size, seed: int = 0) -> Any:
    """Soft colours, some waves and grain, uint8 (H, W, 3)."""
    height, width = size
    rng = np.random.default_rng(seed)
    y = np.arange(height, dtype=np.float32)[:, None]
    x = np.arange(width, dtype=np.float32)[None]
    found = np.empty((height, width, 3), np.uint8)
    for channel, (a, b) in enumerate(((17, 50), (83, 29), (37, 11))):
        waves = 127 + 60 * np.sin(x / a + y / b) + 40 * np.cos(y / a - x / (3 * b))
        waves += rng.normal(0, 6, size).astype(np.float32)
        found[..., channel] = np.clip(waves, 0, 255)
    return found


def layout(size: Size, classes: int, seed: int = 0) -> Any:
    """Patches of classes, uint8 (H, W)."""
    rows, columns = (-(-side // PATCH) for side in size)
    patches = np.random.default_rng(seed).integers(0, classes, (rows, columns), np.uint8)
    return np.kron(patches, np.ones((PATCH, PATCH), np.uint8))[: size[0], : size[1]]


def values(ports: Sequence[Port], size: Size) -> dict[str, Any]:
    """Something for all pictures and layouts that a model takes."""
    found: dict[str, Any] = {}
    for number, port in enumerate(ports):
        if isinstance(port, Layout):
            found[port.name] = layout(size, len(port.classes), number)
        elif isinstance(port, Image):
            fixed = (port.fixed[0], port.fixed[1]) if port.fixed else size
            found[port.name] = photo(fixed, number)
    return found


def seam_energy(
    picture: Any, rows: Sequence[int], columns: Sequence[int], period: int = 1
) -> float:
    """Second differences across cuts before these rows and columns, over those elsewhere.

    What a network enlarges repeats itself every `period` pixels, on cuts and elsewhere: only lines
    at the same places of that pattern are compared.
    """
    ratios = []
    for axis, cuts in ((0, rows), (1, columns)):
        if not cuts:
            continue
        pixels = np.moveaxis(picture, axis, 0)
        means = np.array([
            np.abs(pixels[i - 1].astype(np.int16) - 2 * pixels[i].astype(np.int16)
                   + pixels[i + 1]).mean()
            for i in range(1, len(pixels) - 1)
        ])  # fmt: skip
        at = np.zeros(len(means), bool)
        for cut in cuts:  # The pixel before a cut, and the one after it.
            at[[cut - 2, cut - 1]] = True
        phases = np.arange(len(means)) % period
        alike = ~at & np.isin(phases, phases[at])
        ratios.append((float(means[at].mean()), float(means[alike].mean())))
    return sum(r[0] for r in ratios) / sum(r[1] for r in ratios)


def resident(word: str) -> int:
    """The resident memory of this process in bytes: VmRSS now, VmHWM at most since it was reset.
    A program that started it has no part in that, as it has in getrusage's.
    """
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(word))


def main(arguments: Sequence[str]) -> dict[str, float]:
    bundle = Bundle.open(arguments[0])
    size = int(arguments[1]), int(arguments[2])
    request = Request(bundle.hash, size, values(bundle.ports, size), seed=5)
    sessions = Sessions("cpu", threads=1)
    small = Request(bundle.hash, (256, 256), values(bundle.ports, (256, 256)))
    list(tiles.paint(bundle, small, sessions))  # Libraries and weights are no picture's.
    Path("/proc/self/clear_refs").write_text("5")  # What was needed before counts no more.
    before = resident("VmRSS")
    start = time.perf_counter()
    frames = list(tiles.paint(bundle, request, sessions))  # One picture, which grows.
    seconds = time.perf_counter() - start
    grown = resident("VmHWM") - before
    picture, scale = frames[-1].picture, bundle.picture.scale if bundle.picture is not None else 1
    rows, columns = tiles.cuts(bundle, size)
    free = [p.multiple for p in bundle.target.inputs if isinstance(p, Spatial)]
    places = [cut * scale for cut in rows], [cut * scale for cut in columns]
    return {
        "seconds": seconds,
        "grown": grown,
        "tiles": len(frames),
        "energy": seam_energy(picture, *places, period=scale * max(free)),
        "apart": across(bundle, request, sessions, picture, (rows[1], columns[1])),
    }


def across(
    bundle: Bundle, request: Request, sessions: Sessions, picture: Any, place: Size
) -> float:
    """How far a picture is, in grey levels at most, from what one go paints around the place where
    four of its tiles meet.
    """
    whole = tiles._Whole(bundle, request, tiles.TILE)
    inner = place[0] - 64, place[1] - 64, place[0] + 64, place[1] + 64
    around = whole.around(inner)
    part = whole.part(around, tiles.known(bundle, request, sessions))
    made = list(render(bundle, part, sessions))[-1].picture
    scale = len(made) // (around[2] - around[0])
    top, left = (inner[0] - around[0]) * scale, (inner[1] - around[1]) * scale
    found = made[top : top + 128 * scale, left : left + 128 * scale]
    there = picture[
        inner[0] * scale : inner[2] * scale, inner[1] * scale : inner[3] * scale
    ]  # fmt: skip
    return float(np.abs(found.astype(int) - there).max())


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1:])))
