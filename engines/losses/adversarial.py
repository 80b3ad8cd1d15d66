"""Losses between a critic and a generator. Real is the high side everywhere.

Logits are one tensor of any shape or a sequence of them (critics at several scales); the loss is
the mean over each tensor, then over scales, so weights do not depend on how many there are.
Everything is summed up in float32, whatever the logits' precision.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn.functional import relu, softplus

Logits = Tensor | Sequence[Tensor]
Critic = Callable[[Tensor], Logits]


def hinge_critic(real: Logits, fake: Logits) -> Tensor:
    """E[max(0, 1 - D(x))] + E[max(0, 1 + D(G(z)))]; Miyato 2018, arXiv:1802.05957, eq. 16."""
    return _mean(lambda d: relu(1 - d), real) + _mean(lambda d: relu(1 + d), fake)


def hinge_generator(fake: Logits) -> Tensor:
    """-E[D(G(z))]; Miyato 2018, arXiv:1802.05957, eq. 17."""
    return -_mean(_itself, fake)


def nonsaturating_critic(real: Logits, fake: Logits) -> Tensor:
    """-E[log s(D(x))] - E[log(1 - s(D(G(z))))]; Goodfellow 2014, arXiv:1406.2661, eq. 1."""
    return _mean(lambda d: softplus(-d), real) + _mean(softplus, fake)


def nonsaturating_generator(fake: Logits) -> Tensor:
    """-E[log s(D(G(z)))]: gradient where the critic is sure; Goodfellow 2014, section 3."""
    return _mean(lambda d: softplus(-d), fake)


def lsgan_critic(real: Logits, fake: Logits) -> Tensor:
    """E[(D(x) - 1)^2] / 2 + E[D(G(z))^2] / 2; Mao 2017, arXiv:1611.04076, eq. 9."""
    return _mean(lambda d: (d - 1).square() / 2, real) + _mean(lambda d: d.square() / 2, fake)


def lsgan_generator(fake: Logits) -> Tensor:
    """E[(D(G(z)) - 1)^2] / 2; Mao 2017, arXiv:1611.04076, eq. 9."""
    return _mean(lambda d: (d - 1).square() / 2, fake)


def wasserstein_critic(real: Logits, fake: Logits) -> Tensor:
    """E[D(G(z))] - E[D(x)], the negated distance; Arjovsky 2017, arXiv:1701.07875, eq. 3."""
    return _mean(_itself, fake) - _mean(_itself, real)


def wasserstein_generator(fake: Logits) -> Tensor:
    """-E[D(G(z))]; Arjovsky 2017, arXiv:1701.07875, algorithm 1."""
    return -_mean(_itself, fake)


def gradient_penalty(critic: Critic, real: Tensor, fake: Tensor, uniform: Tensor) -> Tensor:
    """E[(|grad D(x)| - 1)^2] at x = u real + (1 - u) fake; Gulrajani 2017, arXiv:1704.00028, eq. 3.

    `uniform` is (N, 1, ...) in [0, 1]. The critic must treat samples apart (no batch norm). A
    critic with many outputs counts as their mean, as in `wasserstein_critic`.
    """
    between = torch.lerp(fake, real, uniform.to(real.dtype))
    norms: Tensor = torch.linalg.vector_norm(_input_gradient(critic, between).flatten(1), dim=1)
    return (norms - 1).square().mean()


def r1_penalty(critic: Critic, real: Tensor) -> Tensor:
    """E[|grad D(x)|^2] / 2 on real x; Mescheder 2018, arXiv:1801.04406, eq. 9 with gamma 1."""
    return _input_gradient(critic, real).flatten(1).square().sum(1).mean() / 2


@torch.no_grad()
def told_apart(real: Logits, fake: Logits) -> Tensor:
    """Share of pairs in which the critic scores the real picture above the made one, ties half:
    0.5 is guessing, 1 is certain, whatever the loss. A picture's score is its mean over patches
    and scales.
    """
    ranks = [
        torch.stack([scale.float().reshape(len(scale), -1).mean(1) for scale in _scales(each)])
        for each in (real, fake)
    ]
    above, below = (each.mean(0) for each in ranks)
    order = torch.sign(above[:, None] - below[None, :])
    return (order.mean() + 1) / 2


def _input_gradient(critic: Critic, x: Tensor) -> Tensor:
    """d(mean output per sample) / dx in float32, differentiable in the critic's weights only."""
    x = x.detach().requires_grad_()
    scales = _scales(critic(x))
    scores = [logits.float().reshape(len(x), -1).mean(1).sum() for logits in scales]
    (gradient,) = torch.autograd.grad(torch.stack(scores).mean(), x, create_graph=True)
    return gradient.float()


def _mean(term: Callable[[Tensor], Tensor], logits: Logits) -> Tensor:
    """Mean of `term` over each scale, then over scales, in float32."""
    return torch.stack([term(scale.float()).mean() for scale in _scales(logits)]).mean()


def _scales(logits: Logits) -> Sequence[Tensor]:
    return [logits] if isinstance(logits, Tensor) else logits


def _itself(logits: Tensor) -> Tensor:
    return logits
