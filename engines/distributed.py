"""Several processes that train one run: who leads, what they do alike, how their gradients meet.

`torchrun`, or `main.py train --processes`, starts them; gloo carries what lies in main memory and
NCCL what lies on GPUs. The networks are not wrapped: after backward a phase's gradients are
averaged in one flat all-reduce (Karras 2021 does so, since double backward and wrappers fight).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import Tensor, nn

from engines.errors import UserError

_WAIT, _NO, _YES = range(3)


@dataclass(frozen=True)
class Crew:
    """The processes that share each batch of a run; one alone is a crew too, and sends nothing."""

    rank: int = 0
    world: int = 1
    local: int = 0  # the number among those on this machine

    @property
    def leads(self) -> bool:
        """Whether this process reads the control, decides, and writes the run directory."""
        return self.rank == 0

    def share(self, rows: int) -> slice:
        """Which rows of a batch of `rows` are this process's; UserError where it cannot be cut."""
        if rows % self.world:
            raise UserError(
                f"A batch of {rows} cannot be shared by {self.world} processes; choose a multiple."
            )
        mine = rows // self.world
        return slice(self.rank * mine, (self.rank + 1) * mine)

    def device(self, kind: str) -> torch.device:
        """This process's own device of that kind."""
        if kind == "cuda" and self.world > 1:
            return torch.device("cuda", self.local)
        return torch.device(kind)

    def decide(self, ask: Callable[[], bool | None]) -> bool:
        """What `ask` answers the leader, told to everyone; None means "not yet": it is asked again.

        The others never ask, so that no two can read a file at different moments and part. They
        hear of every "not yet", so that no wait is long enough to look like a dead leader.
        """
        while True:
            told = torch.tensor([_WAIT])
            if self.leads:
                answer = ask()
                told[0] = _WAIT if answer is None else _YES if answer else _NO
            if self.world > 1:
                dist.broadcast(told, 0)
            if told[0] != _WAIT:
                return bool(told[0] == _YES)

    def mean(self, losses: Mapping[str, Tensor]) -> dict[str, float]:
        """Named scalars, each the mean over all processes, and the same numbers in all of them."""
        if self.world == 1 or not losses:
            return {name: float(value) for name, value in losses.items()}
        flat = torch.stack([value.detach().float() for value in losses.values()])
        dist.all_reduce(flat)
        return dict(zip(losses, (flat / self.world).tolist(), strict=True))

    def average(self, parameters: Sequence[nn.Parameter]) -> None:
        """Mean of the gradients over all processes in one flat all-reduce; a parameter without
        gradient counts as zero everywhere.
        """
        if self.world == 1:
            return
        for p in parameters:
            if p.grad is None:
                p.grad = torch.zeros_like(p)
        flat = torch.cat([p.grad.flatten() for p in parameters if p.grad is not None])
        dist.all_reduce(flat)
        flat /= self.world
        for p, part in zip(parameters, flat.split([p.numel() for p in parameters]), strict=True):
            p.grad = part.view_as(p)


def crew() -> Crew:
    """The crew that this process has joined, else itself alone."""
    if not dist.is_initialized():
        return Crew()
    return Crew(dist.get_rank(), dist.get_world_size(), int(os.environ.get("LOCAL_RANK", "0")))


@contextmanager
def joined() -> Iterator[Crew]:
    """Meet the other processes that were started with this one (torchrun's variables say which)."""
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        yield Crew()
        return
    dist.init_process_group("cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo")
    try:
        yield crew()
    finally:
        dist.destroy_process_group()
