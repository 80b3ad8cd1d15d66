"""A pool of earlier pictures, so that a critic does not forget what it has seen through."""

import torch
from torch import Tensor, nn

from engines.distributed import crew


class ReplayPool(nn.Module):
    """The last `size` pictures shown, as buffers, so that a resumed run replays the same ones.

    Shrivastava 2017, arXiv:1612.07828, section 2.3; as CycleGAN uses it: half of a batch is
    swapped with the pool.
    """

    pictures: Tensor
    filled: Tensor

    def __init__(self, size: int, shape: tuple[int, ...]) -> None:
        super().__init__()
        self.register_buffer("pictures", torch.zeros(size, *shape))
        self.register_buffer("filled", torch.zeros((), dtype=torch.int64))

    def forward(self, fresh: Tensor, chance: Tensor, place: Tensor) -> Tensor:
        """Fresh pictures (N, C, H, W), some swapped for earlier ones; no gradient passes.

        `chance` (N,) in [0, 1) decides on a swap below 1/2; `place` (N,) in [0, 1) says with which.
        Processes that share a batch keep one pool: each is shown what all of them made.
        """
        together, rows = crew(), len(fresh)
        every = [together.gather(x.detach()).flatten(0, 1) for x in (fresh, chance, place)]
        return self.show(*every)[together.rank * rows : (together.rank + 1) * rows]

    @torch.no_grad()
    def show(self, fresh: Tensor, chance: Tensor, place: Tensor) -> Tensor:
        """The same of a whole batch."""
        shown = fresh.clone()
        for i, picture in enumerate(fresh):
            filled = int(self.filled)
            if filled < len(self.pictures):
                self.pictures[filled] = picture
                self.filled += 1
            elif chance[i] < 0.5:
                at = int(place[i] * filled)
                shown[i] = self.pictures[at]
                self.pictures[at] = picture
        return shown
