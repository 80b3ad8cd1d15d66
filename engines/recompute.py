"""Activations that are not kept from the way forward but calculated again on the way back.

Chen et al. 2016, Training Deep Nets with Sublinear Memory Cost, arXiv:1604.06174. What a network
keeps of what it has seen (running statistics, the vectors of spectral norm) is put back before the
second pass and moves only in the first, so that gradients and buffers are those of a plain step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

_LISTS = (nn.ModuleList, nn.ModuleDict)


def recompute(nets: nn.ModuleDict) -> None:
    """From now on the blocks of these networks are calculated again on the way back."""
    plain(nets)
    for net in nets.values():
        for block in _blocks(net):
            block.forward = _twice(block, block.forward)


def plain(nets: nn.ModuleDict) -> None:
    """Undo `recompute`."""
    for module in nets.modules():
        vars(module).pop("forward", None)


def _blocks(module: nn.Module) -> Iterator[nn.Module]:
    """The parts of a network that are worth it: not single layers, not the whole."""
    for child in module.children():
        if isinstance(child, _LISTS):
            yield from _blocks(child)
        elif any(not isinstance(c, _LISTS) for c in child.children()):
            if isinstance(child, nn.Sequential) and any(True for _ in _blocks(child)):
                yield from _blocks(child)
            else:
                yield child


def _twice(block: nn.Module, forward: Callable[..., Any]) -> Callable[..., Any]:
    def call(*inputs: Any) -> Any:
        buffers = list(block.buffers())
        before = [buffer.detach().clone() for buffer in buffers]
        again = False

        def run(*inputs: Any) -> Any:
            nonlocal again
            if not again:
                again = True
                return forward(*inputs)
            now = [buffer.detach().clone() for buffer in buffers]
            _put(buffers, before)
            try:
                return forward(*inputs)
            finally:
                _put(buffers, now)

        if not torch.is_grad_enabled():
            return forward(*inputs)
        return checkpoint(run, *inputs, use_reentrant=False, preserve_rng_state=False)

    return call


def _put(buffers: list[Tensor], values: list[Tensor]) -> None:
    for buffer, value in zip(buffers, values, strict=True):
        buffer.data.copy_(value)  # Not a change that autograd need know of.
