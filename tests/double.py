"""A training in float64, where rounding does not grow; run as `python double.py RUN`, alone or as
one of several processes.

Adam moves even what has no gradient but rounding by a whole step, either way, so that two trainings
in float32 part within a few steps if a sum is taken in another order (by two processes, or by two
threads). In float64 what has no gradient lies far below Adam's epsilon, and stays.
"""

import sys

import torch

from engines import features, feed, train
from engines.recipe import Batch


def main() -> None:
    torch.set_default_dtype(torch.float64)
    torch.Tensor.float = torch.Tensor.double  # type: ignore[method-assign]
    collate = feed.collate

    def doubled(*arguments: object) -> Batch:
        batch = collate(*arguments)  # type: ignore[arg-type]
        for name, value in vars(batch).items():
            if value.is_floating_point():
                object.__setattr__(batch, name, value.double())
        return batch

    feed.collate = doubled  # type: ignore[assignment]
    trunk = features.trunk
    features.trunk = lambda device: trunk(device).double()  # type: ignore[assignment]
    train.main(sys.argv[1])


if __name__ == "__main__":
    main()
