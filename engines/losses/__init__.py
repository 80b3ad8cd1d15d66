"""Training losses, each written once. Real is the high side; weights are the caller's."""

from engines.losses.adversarial import (
    Critic,
    Logits,
    gradient_penalty,
    hinge_critic,
    hinge_generator,
    lsgan_critic,
    lsgan_generator,
    nonsaturating_critic,
    nonsaturating_generator,
    r1_penalty,
    told_apart,
    wasserstein_critic,
    wasserstein_generator,
)
from engines.losses.denoising import l_simple, vlb_weighted, vlb_weights
from engines.losses.reconstruction import (
    Features,
    feature_matching,
    kl_standard_normal,
    l1,
    masked_mse,
    perceptual,
)

__all__ = [
    "Critic",
    "Features",
    "Logits",
    "feature_matching",
    "gradient_penalty",
    "hinge_critic",
    "hinge_generator",
    "kl_standard_normal",
    "l1",
    "l_simple",
    "lsgan_critic",
    "lsgan_generator",
    "masked_mse",
    "nonsaturating_critic",
    "nonsaturating_generator",
    "perceptual",
    "r1_penalty",
    "told_apart",
    "vlb_weighted",
    "vlb_weights",
    "wasserstein_critic",
    "wasserstein_generator",
]
