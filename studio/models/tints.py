"""The colours that a picture is of, in CIE L*a*b*, and how near a picture is to a colour."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from studio.document.scene import Pixels

Floats = npt.NDArray[np.float32]
COUNT, ROUNDS = 6, 8
_XYZ = np.array(  # of linear sRGB, over the white point D65 (IEC 61966-2-1)
    [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
)
_WHITE = np.array([0.9505, 1.0, 1.089])
_RARE = 30.0  # how far a colour that is hardly there counts as being away


def lab(colors: npt.NDArray[np.uint8]) -> Floats:
    """sRGB (..., 3) as CIE 1976 L*a*b*, L in [0, 100]."""
    share = colors.astype(np.float64) / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    xyz = linear @ _XYZ.T / _WHITE
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    x, y, z = f[..., 0], f[..., 1], f[..., 2]
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], -1).astype(np.float32)


def tints(pixels: Pixels) -> tuple[Floats, Floats]:
    """The (N, 3) colours in Lab that a picture is of, and the share (N,) of each: k-means, begun
    with the colours furthest from one another.
    """
    step = max(1, round((pixels.shape[0] * pixels.shape[1] / 1500) ** 0.5))
    points = lab(pixels[::step, ::step].reshape(-1, 3))
    centres = [points.mean(0)]
    while len(centres) < COUNT:
        away = np.min([np.linalg.norm(points - c, axis=1) for c in centres], axis=0)
        centres.append(points[away.argmax()])
    found = np.stack(centres)
    nearest = np.zeros(len(points), np.int64)
    for _ in range(ROUNDS):
        nearest = np.linalg.norm(points[:, None] - found, axis=2).argmin(1)
        for n in np.unique(nearest):
            found[n] = points[nearest == n].mean(0)
    shares = np.bincount(nearest, minlength=COUNT) / len(points)
    return found[shares > 0].astype(np.float32), shares[shares > 0].astype(np.float32)


def distances(
    color: tuple[int, int, int], palettes: Sequence[tuple[Floats, Floats]]
) -> npt.NDArray[np.float64]:
    """How far palettes (tints, shares) are from a colour: of the nearest tint, the less there is of
    it, the further.
    """
    wanted = lab(np.array(color, np.uint8))
    return np.array(
        [
            float((np.linalg.norm(t - wanted, axis=1) + _RARE * (1 - np.sqrt(s))).min())
            for t, s in palettes
        ]
    )
