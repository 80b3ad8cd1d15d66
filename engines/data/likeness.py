"""Whether pictures show the same: neighbouring frames, and the two of a pair."""

import itertools
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from engines.data.pictures import read_picture, resize_picture
from engines.data.splitting import LAST_NUMBER
from engines.errors import UserError

PLACES = 8  # where neighbours, or mates, are compared
SMALL = 16  # side of what is compared
Floats = npt.NDArray[np.float32]


def numbered(names: Sequence[str]) -> bool:
    """Whether names end in numbers that run on, as frames' do; sorted by folder and name."""
    found = [(name[: m.start()], int(m[1])) for name in names if (m := LAST_NUMBER.search(name))]
    if len(found) < 8 or len(found) < 0.9 * len(names):
        return False
    found.sort()
    steps = [b[1] - a[1] for a, b in itertools.pairwise(found) if a[0] == b[0]]
    return len(steps) >= 0.6 * len(found) and float(np.mean(np.array(steps) <= 10)) > 0.9


def frames_alike(
    names: Sequence[str], paths: Sequence[Path], cancelled: Callable[[], bool] = lambda: False
) -> bool:
    """Whether neighbours by number are much more alike than pictures are that lie apart."""
    order = sorted(range(len(names)), key=lambda i: _key(names[i]))
    spots = [i * (len(order) - 1) // PLACES for i in range(PLACES)]
    seen = [
        (_small(paths[order[spot]]), _small(paths[order[spot + 1]]))
        for spot in spots
        if not cancelled() and _key(names[order[spot]])[0] == _key(names[order[spot + 1]])[0]
    ]
    pairs = [(a, b) for a, b in seen if a is not None and b is not None]
    if len(pairs) < PLACES // 2:
        return False
    near = float(np.median([np.abs(a - b).mean() for a, b in pairs]))
    others = [pairs[(i + len(pairs) // 2) % len(pairs)][0] for i in range(len(pairs))]
    far = float(np.median([np.abs(a - c).mean() for (a, _), c in zip(pairs, others, strict=True)]))
    return far > 1 and near < 20 and near < 0.4 * far


def mates_alike(
    pairs: Sequence[tuple[Path, Path]], cancelled: Callable[[], bool] = lambda: False
) -> bool:
    """Whether the two of a pair have their edges in the same places, as two pictures of one thing
    do, and more so than with the mates of others.
    """
    count = min(PLACES, len(pairs))
    chosen = [pairs[i * len(pairs) // count] for i in range(count)]
    seen = [(_small(a), _small(b)) for a, b in chosen if not cancelled()]
    edges = [(_edges(a), _edges(b)) for a, b in seen if a is not None and b is not None]
    if len(edges) < 2:
        return False
    own = float(np.mean([(a * b).mean() for a, b in edges]))
    strange = float(
        np.mean([(a * edges[(i + 1) % len(edges)][1]).mean() for i, (a, _) in enumerate(edges)])
    )
    return own > 0.25 and own > strange + 0.15


def _key(name: str) -> tuple[str, int]:
    found = LAST_NUMBER.search(name)
    return (name[: found.start()], int(found[1])) if found else (name, 0)


def _small(path: Path) -> Floats | None:
    """A picture in grey, (SMALL, SMALL) from 0 to 255; None where it cannot be read."""
    try:
        picture = resize_picture(read_picture(path, 4 * SMALL), (SMALL, SMALL))
    except UserError:
        return None
    return np.asarray(picture.mean(2), np.float32)


def _edges(grey: Floats) -> Floats:
    """How steep it is at each place, with mean 0 and deviation 1."""
    down, across = np.gradient(grey)
    steep = np.hypot(down, across)
    return np.asarray((steep - steep.mean()) / max(float(steep.std()), 1e-6), np.float32)
