"""Several processes that train one run: who leads, what they do alike, how their gradients meet.

`torchrun`, or `engines.launch`, starts them; gloo carries what lies in main memory and NCCL what
lies on GPUs. The networks are not wrapped: after backward a phase's gradients are averaged in one
flat all-reduce (Karras 2021 does so, since double backward and wrappers fight).
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.distributed import FileStore, Store  # type: ignore[attr-defined]
from torch.distributed.rendezvous import rendezvous

from engines.errors import UserError
from engines.launch import DEVICE, HERE, MEETING

_WAIT, _NO, _YES = range(3)


class LostError(UserError):
    """Another process of the crew ended, and this one cannot go on alone; `reason` is what that
    one left for one ("memory", or a sentence), "" where it had no time to say.
    """

    def __init__(self, message: str, reason: str = "") -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True)
class Crew:
    """The processes that share each batch of a run; one alone is a crew too, and sends nothing.

    Whatever sends something must be called by all processes equally often and in the same order.
    It raises LostError where one of them has ended.
    """

    rank: int = 0
    world: int = 1
    store: Store | None = None

    @property
    def leads(self) -> bool:
        """Whether this process reads the control, decides, and writes the run directory."""
        return self.rank == 0

    def share(self, rows: int, together: int = 1) -> slice:
        """Which rows of a batch are this process's, `together` of them never being parted;
        UserError where the batch cannot be cut so.
        """
        if self.world == 1:
            return slice(0, rows)
        if rows % (self.world * together):
            raise UserError(
                f"A batch of {rows} cannot be shared by {self.world} processes; choose a multiple "
                f"of {self.world * together}, or fewer processes."
            )
        mine = rows // self.world
        return slice(self.rank * mine, (self.rank + 1) * mine)

    def device(self, kind: str) -> torch.device:
        """This process's own device of that kind."""
        number = os.environ.get(DEVICE, os.environ.get("LOCAL_RANK") if self.world > 1 else None)
        return (
            torch.device(kind)
            if kind != "cuda" or number is None
            else torch.device(kind, int(number))
        )

    def threads(self, count: int) -> int:
        """How many of a machine's threads are this process's: the crew's on it share them."""
        return max(1, count // int(os.environ.get("LOCAL_WORLD_SIZE", "1")))

    # What all do alike --------------------------------------------------------------------------

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
                with self._meeting():
                    dist.broadcast(told, 0)
            if told[0] != _WAIT:
                return bool(told[0] == _YES)

    def hand_out(self, tensors: Mapping[str, Tensor] | None) -> dict[str, Tensor]:
        """The leader's tensors for everyone, in main memory; the others give None. A folder that is
        mounted may still look old to them.
        """
        if self.world == 1:
            return dict(tensors or {})
        found = {k: v.detach().cpu().contiguous() for k, v in (tensors or {}).items()}
        listed = [(name, str(v.dtype)[6:], list(v.shape)) for name, v in found.items()]
        head = torch.frombuffer(bytearray(json.dumps(listed).encode()), dtype=torch.uint8)
        size = torch.tensor([len(head)])
        with self._meeting():
            dist.broadcast(size, 0)
            head = head if self.leads else torch.empty(int(size), dtype=torch.uint8)
            dist.broadcast(head, 0)
        for name, kind, shape in json.loads(bytes(head.tolist())):
            value = found[name] if self.leads else torch.empty(shape, dtype=getattr(torch, kind))
            with self._meeting():
                if value.numel():
                    dist.broadcast(value.reshape(-1).view(torch.uint8), 0)
            found[name] = value
        return found

    def hear(self, word: str) -> list[str]:
        """What each process says, at most a few thousand letters, for everyone."""
        if self.world == 1:
            return [word]
        said = torch.frombuffer(bytearray(word.encode()), dtype=torch.uint8) if word else None
        sizes = [torch.zeros(1, dtype=torch.int64) for _ in range(self.world)]
        with self._meeting():
            dist.all_gather(sizes, torch.tensor([0 if said is None else len(said)]))
            most = int(max(sizes))
            mine = torch.zeros(most, dtype=torch.uint8)
            if said is not None:
                mine[: len(said)] = said
            words = [torch.empty_like(mine) for _ in range(self.world)]
            if most:
                dist.all_gather(words, mine)
        pairs = zip(words, sizes, strict=True)
        return [bytes(w[: int(size)].tolist()).decode() for w, size in pairs]

    # What is the mean over all ------------------------------------------------------------------

    def mean(self, losses: Mapping[str, Tensor]) -> dict[str, float]:
        """Named scalars, each the mean over all processes, and the same numbers in all of them."""
        if self.world == 1 or not losses:
            return {name: float(value) for name, value in losses.items()}
        flat = torch.stack([value.detach().float() for value in losses.values()])
        with self._meeting():
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
        with self._meeting():
            dist.all_reduce(flat)
        flat /= self.world
        for p, part in zip(parameters, flat.split([p.numel() for p in parameters]), strict=True):
            p.grad = part.view_as(p)

    def count(self, entries: Tensor) -> Tensor:
        """How many of `entries` (bool) hold, as a mean over all processes: a sum divided by it is
        what averages to the mean over the entries of all. At least 1 in all.

        Without gradients it is this process's own: the leader measures alone.
        """
        total = entries.sum()
        if self.world > 1 and torch.is_grad_enabled():
            with self._meeting():
                dist.all_reduce(total)
            return total.clamp(min=1) / self.world
        return total.clamp(min=1)

    def gather(self, x: Tensor) -> Tensor:
        """`x` of every process, stacked (world, ...); gradients find their way back, once."""
        if self.world == 1:
            return x[None]
        gathered: Tensor = _Gather.apply(x, self)
        return gathered

    # Leaving ------------------------------------------------------------------------------------

    def leave(self, reason: str) -> LostError:
        """Say why this process ends now, where the others will look; raise what comes back."""
        if self.store is not None:
            self.store.set(f"left/{self.rank}", reason)
        return LostError("A process of this training had to end.", reason)

    @contextmanager
    def _meeting(self) -> Iterator[None]:
        try:
            yield
        except torch.OutOfMemoryError:
            raise
        except RuntimeError as error:
            raise LostError(
                f"Another of the {self.world} processes that train this run ended; the last "
                "checkpoint is kept. Resume the run.",
                self._left(),
            ) from error

    def _left(self) -> str:
        """The reason that one of the others left for, "" where none said."""
        assert self.store is not None
        try:
            for rank in range(self.world):
                if self.store.check([f"left/{rank}"]):
                    return str(self.store.get(f"left/{rank}").decode())
        except RuntimeError:  # Whoever kept the store is gone too.
            pass
        return ""


class _Gather(torch.autograd.Function):
    @staticmethod
    def forward(ctx: torch.autograd.function.FunctionCtx, x: Tensor, crew: Crew) -> Tensor:
        ctx.crew = crew  # type: ignore[attr-defined]
        parts = [torch.empty_like(x) for _ in range(crew.world)]
        with crew._meeting():
            dist.all_gather(parts, x.contiguous())
        return torch.stack(parts)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: torch.autograd.function.FunctionCtx, gradient: Tensor) -> tuple[Tensor, None]:
        crew: Crew = ctx.crew  # type: ignore[attr-defined]
        total = gradient.contiguous()
        with crew._meeting():
            dist.all_reduce(total)
        return total[crew.rank], None


_joined = [Crew()]  # The crews that this process has joined, one inside the other.


def crew() -> Crew:
    """The crew that this process has joined, else itself alone."""
    return _joined[-1]


@contextmanager
def joined() -> Iterator[Crew]:
    """Meet the other processes that were started with this one: the environment says which.

    Without more than one in it nothing happens.
    """
    world, rank = int(os.environ.get("WORLD_SIZE", "1")), int(os.environ.get("RANK", "0"))
    if world == 1:
        yield crew()
        return
    if MEETING in os.environ:
        place = Path(os.environ[MEETING])
        (place / f"{HERE}{rank}").touch()
        store: Store = FileStore(str(place / "store"), world)
    else:
        store, rank, world = next(rendezvous("env://", rank, world))
    met = Crew(rank, world, store)
    backend = "gloo"
    if torch.cuda.is_available():
        torch.cuda.set_device(met.device("cuda"))
        backend = "cpu:gloo,cuda:nccl"
    dist.init_process_group(backend, store=store, rank=rank, world_size=world)
    _joined.append(met)
    try:
        yield met
    finally:
        _joined.remove(met)
        dist.destroy_process_group()


def team(
    config: Mapping[str, Any],
    batch: int,
    together: int,
    processes: int = 0,
    devices: Sequence[int] = (),
) -> tuple[int, tuple[int, ...]]:
    """How many processes to train a run with on this machine, and the number of each one's GPU.

    `processes` 0 leaves it to what run.json says, and that to this: one on the CPU; else one for
    each of `devices`, where none are named for each GPU there is, as far as they can share a batch
    of rows of which `together` stay together. UserError where what was asked for cannot be.
    """
    if "processes" in config:  # Runs that were made before there could be several say nothing.
        processes, devices = processes or config["processes"], devices or config["devices"]
    found = torch.cuda.device_count() if config["device"] == "cuda" else 0
    if found == 0:
        processes, devices = processes or 1, ()
    else:
        devices = tuple(devices) or tuple(range(found))
    if missing := [number for number in devices if not 0 <= number < found]:
        raise UserError(f"There is no GPU number {missing[0]}; those here are 0 to {found - 1}.")
    if found and processes > len(devices):
        raise UserError(
            f"{processes} processes need a GPU each, and {len(devices)} can be used; ask for fewer."
        )
    able = [1] + [n for n in range(2, len(devices) + 1) if batch % (n * together) == 0]
    count = processes or max(able)
    Crew(0, count).share(batch, together)
    return count, tuple(devices[:count])
