"""A studio that follows a training and paints beside it, until it is killed. Run as a program:

    python -m studio.soak.watcher RUN SEED

It reads what the run tells, hands over canvases and asks the trainer to rest, without end.
"""

import sys
import time
from pathlib import Path

import numpy as np

from engines.request import Request
from studio.lanes.runs import Follow

SIZE = (48, 64)
LEASE_SECONDS = 0.1


def watch(path: Path, seed: int) -> None:
    """Until killed."""
    follow, rng = Follow(path), np.random.default_rng(seed)
    follow.want_curves()
    while True:
        follow.look()
        follow.status()
        photo = rng.integers(0, 256, (*SIZE, 3)).astype(np.uint8)
        if rng.random() < 0.2:
            follow.show(Request("", SIZE, {"image": photo}))
        if rng.random() < 0.1:
            follow.lease(LEASE_SECONDS)
        time.sleep(0.03)


if __name__ == "__main__":
    watch(Path(sys.argv[1]), int(sys.argv[2]))
