"""Batch norm over the batch of all processes: where they share a batch, its moments are shared."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from engines.distributed import crew


class SharedBatchNorm(nn.BatchNorm2d):
    """`nn.BatchNorm2d` (Ioffe 2015, arXiv:1502.03167) whose mean and variance in training are those
    of the rows of every process in the crew, each of which has as many.

    PyTorch's own (SyncBatchNorm) is for GPUs alone.
    """

    def forward(self, input: Tensor) -> Tensor:
        crew_ = crew()
        if not self.training or crew_.world == 1:
            return super().forward(input)
        variance, mean = torch.var_mean(input.float(), (0, 2, 3), correction=0)
        means, variances = crew_.gather(torch.stack([mean, variance])).unbind(1)
        mean = means.mean(0)
        variance = variances.mean(0) + means.var(0, correction=0)
        self._remember(mean, variance, crew_.world * input.numel() // input.shape[1])
        scale = torch.rsqrt(variance + self.eps)
        shift = -mean * scale
        if self.affine:
            scale, shift = scale * self.weight, shift * self.weight + self.bias
        shape = (1, -1, 1, 1)
        return torch.addcmul(shift.view(shape), input.float(), scale.view(shape)).to(input.dtype)

    @torch.no_grad()
    def _remember(self, mean: Tensor, variance: Tensor, count: int) -> None:
        """Move the running moments; the variance of `count` entries without bias, as PyTorch."""
        if self.running_mean is None or self.running_var is None:
            return
        assert self.num_batches_tracked is not None
        self.num_batches_tracked += 1
        weight = self.momentum
        if weight is None:
            weight = 1.0 / float(self.num_batches_tracked)
        self.running_mean.lerp_(mean, weight)
        self.running_var.lerp_(variance * (count / max(1, count - 1)), weight)


def share_norms(nets: nn.Module) -> None:
    """Give every batch norm within `nets` the moments of all processes; names stay as they are."""
    for module in nets.modules():
        for name, child in module.named_children():
            if type(child) is nn.BatchNorm2d:
                shared = SharedBatchNorm(
                    child.num_features,
                    child.eps,
                    child.momentum,
                    child.affine,
                    child.track_running_stats,
                )
                shared._parameters, shared._buffers = child._parameters, child._buffers
                setattr(module, name, shared.train(child.training))
