"""Whitening and colouring: statistics are exchanged exactly, in half precision too."""

import pytest
import torch

from engines.networks.wct import ColourNetwork, roots


def maps(seed: int) -> list[torch.Tensor]:
    """Three maps whose channels hang together."""
    draw = torch.Generator().manual_seed(seed)
    network = ColourNetwork(16, 0)
    found = []
    for step, width in enumerate(network.widths, 1):
        mix = torch.randn(width, width, generator=draw) / width**0.5
        x = torch.randn(1, width, 64 >> step, 64 >> step, generator=draw)
        found.append(torch.einsum("ij,njhw->nihw", mix, x) + 3)
    return found


def covariance(x: torch.Tensor) -> torch.Tensor:
    flat = x.flatten(2)[0]
    return torch.cov(flat, correction=0)


@pytest.mark.parametrize("half", [False, True])
def test_the_maps_take_the_others_covariance(half: bool) -> None:
    network, mine, theirs = ColourNetwork(16, 0), maps(0), maps(1)
    everything = torch.ones(1, 1, 64, 64)
    nowhere = torch.zeros(1, 64, 64, dtype=torch.uint8)
    with torch.autocast("cpu", torch.bfloat16, enabled=half):
        rows = network.moments(mine, everything), network.moments(theirs, everything)
        taken = network.exchanged(mine, rows[0], nowhere, rows[1], nowhere, torch.ones(1))
        kept = network.exchanged(mine, rows[0], nowhere, rows[1], nowhere, torch.zeros(1))
    for made, other, own, back in zip(taken, theirs, mine, kept, strict=True):
        assert torch.allclose(made.mean((2, 3)), other.mean((2, 3)), atol=2e-2)
        wanted = covariance(other)
        assert (covariance(made) - wanted).norm() < 0.25 * wanted.norm()
        assert (covariance(own) - wanted).norm() > 0.5 * wanted.norm()
        assert torch.equal(back, own)


def test_roots_are_roots() -> None:
    x = torch.randn(8, 40)
    matrix = (x @ x.T / 40)[None, None]
    root, inverse = roots(matrix)
    eye = torch.eye(8)
    assert torch.allclose(root @ root, matrix, atol=0.05 * float(matrix.norm()))
    assert torch.allclose(root @ inverse, eye.expand_as(matrix), atol=1e-3)
