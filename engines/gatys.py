"""Gatys: a picture in the manner of another, found by optimising its pixels.

Gatys, Ecker, Bethge 2016, Image Style Transfer Using Convolutional Neural Networks, CVPR;
arXiv:1508.06576. Minutes a picture: the reference for what does the same in one pass. Deviations:
VGG-16 for VGG-19; each layer's loss is divided by the mean square of what is wanted, so that one
weight serves all pictures; a small weight on differences between neighbours.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from engines.data.pictures import LUMA, Pixels
from engines.errors import UserError
from engines.features import network_form
from engines.losses.style import gram, statistics
from engines.references import levels
from engines.vgg import Vgg, vgg

CONTENT = "relu4_2"
STYLE = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")
_LAYERS = (*STYLE[:4], CONTENT, STYLE[4])  # by depth
EACH = 10  # evaluations between two looks


@dataclass(frozen=True)
class Look:
    """The picture uint8 (H, W, 3) after `done` of `steps` evaluations, and the loss terms."""

    picture: Pixels
    done: int
    steps: int
    losses: dict[str, float]


def paint(
    content: Pixels,
    style: Pixels,
    *,
    steps: int = 200,
    weight: float = 1.0,
    smooth: float = 0.1,
    keep_colour: bool = False,
    device: str = "cpu",
    stop: Callable[[], bool] = lambda: False,
    hear: Callable[[Look], None] | None = None,
) -> Iterator[Look]:
    """Optimise from the content itself (uint8 (H, W, 3); the style may be of another size), with a
    look every EACH evaluations; `weight` is the style's beside the content's.

    `keep_colour` takes the style's brightness alone (section 5.2 of Gatys 2016b, arXiv:1606.05897),
    made as bright and as contrasty as the content's. The same inputs give the same picture. Ends
    early where `stop` says so; `hear` is told of every evaluation, and may wait or raise. UserError
    where the losses became no numbers.
    """
    network = vgg(torch.device(device))
    true, manner = (network_form(picture[None], device) for picture in (content, style))
    if keep_colour:
        true, manner = _grey(true), _grey(manner)
        manner = (manner - manner.mean()) * (true.std() / manner.std().clamp_min(1e-3))
        manner = (manner + true.mean()).clamp(-1, 1)
    wanted = _Wanted(network, true, manner)
    x = true.clone(memory_format=torch.contiguous_format).requires_grad_(True)
    found: dict[str, float] = {}
    heard = 0

    def look(done: int) -> Look:
        with torch.no_grad():
            made = x
            if keep_colour:
                made = network_form(content[None], device) + _grey(x - true)
            return Look(levels(made)[0], done, steps, dict(found))

    def closure() -> Tensor:
        nonlocal heard
        x.grad = None
        terms = wanted.terms(_grey(x) if keep_colour else x)
        terms = {
            "content": terms["content"],
            "style": weight * terms["style"],
            "smooth": smooth * (x.diff(dim=2).abs().mean() + x.diff(dim=3).abs().mean()),
        }
        found.update({name: float(term.detach()) for name, term in terms.items()})
        if not all(math.isfinite(value) for value in found.values()):
            raise UserError(
                f"The painting went astray after {heard} evaluations, its losses are no numbers "
                "any more; give the style less weight."
            )
        heard += 1
        if hear is not None:
            hear(look(heard))
        loss = torch.stack(list(terms.values())).sum()
        loss.backward()
        assert x.grad is not None
        x.grad = x.grad.contiguous()  # What the search takes.
        return loss

    search = torch.optim.LBFGS([x], history_size=20)
    for before in range(0, steps, EACH):
        count = min(EACH, steps - before)
        search.param_groups[0].update(max_iter=count, max_eval=count)
        search.step(closure)
        with torch.no_grad():
            x.clamp_(-1, 1)
        yield look(before + count)
        if stop():
            return


class _Wanted:
    """What the pixels are to have: the content's maps, and the style's Gram matrices."""

    def __init__(self, network: Vgg, content: Tensor, style: Tensor) -> None:
        self.network = network
        with torch.no_grad():
            self.content = network(content, _LAYERS)[_LAYERS.index(CONTENT)]
            maps = dict(zip(_LAYERS, network(style, _LAYERS), strict=True))
            self.grams = [gram(maps[name]) for name in STYLE]

    def terms(self, x: Tensor) -> dict[str, Tensor]:
        """Eq. 1 and 5 of the paper, each layer over the mean square of what is wanted."""
        maps = dict(zip(_LAYERS, self.network(x, _LAYERS), strict=True))
        apart = (maps[CONTENT] - self.content).square().mean() / self.content.square().mean()
        styles = [
            (gram(maps[name]) - wanted).square().mean() / wanted.square().mean()
            for name, wanted in zip(STYLE, self.grams, strict=True)
        ]
        return {"content": apart, "style": torch.stack(styles).mean()}


def distances(result: Pixels, content: Pixels, style: Pixels) -> dict[str, float]:
    """How far a picture is from its content and from its style: relative squared error of relu4_2,
    and of means and deviations over relu1_1 to relu4_1, relative to the style's deviations.

    The style's losses are those of Huang 2017, eq. 13, and not the Gram matrices that `paint`
    optimises: neither side is measured by what it was trained on alone.
    """
    network = vgg(torch.device("cpu"))
    with torch.no_grad():
        made, true, manner = (
            dict(zip(_LAYERS, network(network_form(picture[None]), _LAYERS), strict=True))
            for picture in (result, content, style)
        )
        apart = (made[CONTENT] - true[CONTENT]).square().mean() / true[CONTENT].square().mean()
        terms = []
        for name in STYLE[:4]:
            (mean, deviation), (other_mean, other) = (
                statistics(made[name]),
                statistics(manner[name]),
            )
            error = (mean - other_mean).square().mean() + (deviation - other).square().mean()
            terms.append(error / other.square().mean())
    return {"content": float(apart), "style": float(torch.stack(terms).mean())}


def _grey(picture: Tensor) -> Tensor:
    luma = picture.new_tensor(LUMA).view(1, 3, 1, 1)
    return (picture * luma).sum(1, keepdim=True).expand(-1, 3, -1, -1)
