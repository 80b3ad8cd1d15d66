"""Losses of diffusion models: Ho 2020, arXiv:2006.11239."""

import numpy as np
import numpy.typing as npt
from torch import Tensor

from engines.samplers import Schedule


def l_simple(prediction: Tensor, target: Tensor) -> Tensor:
    """Mean squared error between the predicted and the true noise (or x0, or v); eq. 14."""
    return (prediction.float() - target.float()).square().mean()


def vlb_weights(schedule: Schedule) -> npt.NDArray[np.float64]:
    """beta_t^2 / (2 sigma_t^2 alpha_t (1 - alpha_bar_t)) with sigma_t^2 = beta_t; eq. 12.

    (T + 1,), entry t for step t; entry 0 is 0, for x_0 has no loss. The other choice of sigma_t in
    the paper, the posterior's, would make the weight of t = 1 infinite.
    """
    betas, alphas_bar = schedule.betas, schedule.alphas_bar
    weights = np.zeros_like(betas)
    weights[1:] = betas[1:] / (2 * (1 - betas[1:]) * (1 - alphas_bar[1:]))
    return weights


def vlb_weighted(prediction: Tensor, noise: Tensor, t: Tensor, schedule: Schedule) -> Tensor:
    """The variational bound's term at steps `t` (N,) in 1..T, in nats a picture entry; eq. 12.

    `prediction` and `noise` are (N, ...): the predicted and the true noise (not x0, not v).
    """
    errors = (prediction.float() - noise.float()).square().flatten(1).mean(1)
    weights = errors.new_tensor(vlb_weights(schedule))[t]
    return (weights * errors).mean()
