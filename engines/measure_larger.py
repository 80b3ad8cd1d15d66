"""The card of a model that makes pictures larger: against bicubic enlargement, on known originals.

Ledig et al. 2017, arXiv:1609.04802, section 3.1: the originals are made small by bicubic sampling,
and a border of as many pixels as the scale is left out of every figure.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image as Pillow

from engines import cards, measures
from engines.data.pictures import read_picture, write_picture
from engines.data.sets import pictures_in
from engines.errors import UserError
from engines.features import network_form, perceptual_distance
from engines.measures import Picture
from engines.request import Request
from engines.runtime.bundle import Bundle
from engines.runtime.sessions import Sessions
from engines.runtime.tiles import paint

_LEAST = 48  # pixels a side of an original, for all figures to be had


def enlarges(bundle: Bundle) -> int:
    """How many times larger the model makes a picture; 1 where that is not what it does."""
    picture = bundle.picture
    return picture.scale if picture is not None else 1


def run(
    bundle: Bundle,
    folder: str,
    *,
    count: int = 100,
    threads: int = 1,
    out: Path | None = None,
    sheets_in: Path | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Measure on a folder of originals, none of which it may have learnt from; write card.json.

    `sheets_in` is a folder for a sheet: bicubic, ours, original. UserError.
    """
    scale, sessions = enlarges(bundle), Sessions("cpu", threads)
    rows: list[dict[str, dict[str, float]]] = []
    shown: list[Picture] = []
    paths = list(pictures_in(Path(folder)).values())[:count]
    for number, path in enumerate(paths, 1):
        progress(f"picture {number} of {len(paths)}")
        true = read_picture(path)
        height, width = (side // scale * scale for side in true.shape[:2])
        true = np.ascontiguousarray(true[:height, :width])
        if min(height, width) < _LEAST:
            raise UserError(f"{path.name} is under {_LEAST} pixels a side; leave it out.")
        small = _sized(true, (height // scale, width // scale))
        port = bundle.target.inputs[0]
        request = Request(bundle.hash, (small.shape[0], small.shape[1]), {port.name: small})
        made = list(paint(bundle, request, sessions))[-1].picture
        both = {"bicubic": _sized(small, (height, width)), "ours": made}
        rows.append({name: _figures(true, each, scale) for name, each in both.items()})
        shown.append(_strip([both["bicubic"], made, true]))
    if not rows:
        raise UserError(f"There are no pictures in {folder}; choose another folder.")
    if sheets_in is not None:
        sheets_in.mkdir(parents=True, exist_ok=True)
        write_picture(sheets_in / f"{bundle.name}-larger.png", np.concatenate(shown[:8], axis=0))
    means = {
        name: {key: float(np.mean([row[name][key] for row in rows])) for key in rows[0][name]}
        for name in rows[0]
    }
    return cards.write(
        bundle,
        out,
        split="test",
        pictures=len(rows),
        size=(0, 0),
        hashes={},
        figures={"larger": {"scale": scale, **means}},
    )


def _figures(true: Picture, made: Picture, border: int) -> dict[str, float]:
    inner = np.s_[border:-border, border:-border]
    a, b = (np.ascontiguousarray(each[inner]) for each in (true, made))
    with torch.no_grad():
        apart = perceptual_distance(network_form(a[None]), network_form(b[None]))
    return {"psnr": measures.psnr(a, b), "ssim": measures.ssim(a, b), "perceptual": float(apart)}


def _sized(picture: Picture, size: tuple[int, int]) -> Picture:
    image = Pillow.fromarray(picture).resize((size[1], size[0]), Pillow.Resampling.BICUBIC)
    return np.asarray(image)


def _strip(pictures: list[Picture], side: int = 192) -> Picture:
    """The same middle part of each, beside one another."""
    found = []
    for picture in pictures:
        top, left = (max(0, (length - side) // 2) for length in picture.shape[:2])
        part = picture[top : top + side, left : left + side]
        rest = side - part.shape[0], side - part.shape[1]
        found.append(np.pad(part, ((0, rest[0]), (0, rest[1]), (0, 0))))
    return np.concatenate(found, axis=1)
