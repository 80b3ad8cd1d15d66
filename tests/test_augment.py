"""Differentiable augmentation: what moves, what stays, and that gradients pass."""

import pytest
import torch
from torch import Tensor

from engines.augment import differentiable_augment
from engines.errors import UserError


class Seeded:
    """Random numbers from one seed."""

    def __init__(self, seed: int) -> None:
        self.generator = torch.Generator().manual_seed(seed)

    def uniform(self, shape: tuple[int, ...]) -> Tensor:
        return torch.rand(shape, generator=self.generator)

    def normal(self, shape: tuple[int, ...]) -> Tensor:
        return torch.randn(shape, generator=self.generator)

    def integers(self, low: int, high: int, shape: tuple[int, ...]) -> Tensor:
        return torch.randint(low, high, shape, generator=self.generator)


class Fixed(Seeded):
    """The same answer every time: `uniforms` in turn, and one integer a call, cut to its range."""

    def __init__(self, uniforms: tuple[float, ...] = (), integers: tuple[int, ...] = ()) -> None:
        self.uniforms, self.whole = list(uniforms), list(integers)

    def uniform(self, shape: tuple[int, ...]) -> Tensor:
        return torch.full(shape, self.uniforms.pop(0))

    def integers(self, low: int, high: int, shape: tuple[int, ...]) -> Tensor:
        value = self.whole.pop(0)
        assert low <= value < high
        return torch.full(shape, value)


def picture(seed: int = 0, channels: int = 3, side: int = 16) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(4, channels, side, side, generator=generator) * 2 - 1


def test_colour_at_its_middle_changes_nothing() -> None:
    x = picture()
    same = differentiable_augment(x, Fixed((0.5, 0.5, 0.5)), "color")
    torch.testing.assert_close(same, x)


def test_colour_closed_forms() -> None:
    x = picture()
    brighter = differentiable_augment(x, Fixed((0.75, 0.5, 0.5)), "color")
    torch.testing.assert_close(brighter, x + 0.25)
    grey = differentiable_augment(x, Fixed((0.5, 0.0, 0.5)), "color")
    torch.testing.assert_close(grey, x.mean(1, keepdim=True).expand_as(x))
    flat = differentiable_augment(x, Fixed((0.5, 0.5, 0.0)), "color")
    level = x.mean((1, 2, 3), keepdim=True)
    torch.testing.assert_close(flat, level + (x - level) / 2)


def test_translation_shifts_and_fills_with_zero() -> None:
    x = picture()
    moved = differentiable_augment(x, Fixed(integers=(2, -1)), "translation")
    torch.testing.assert_close(moved[:, :, 2:, :-1], x[:, :, :-2, 1:])
    assert moved[:, :, :2].abs().max() == 0
    assert moved[:, :, :, -1].abs().max() == 0


def test_cutout_blanks_a_quarter() -> None:
    x = torch.ones(4, 3, 16, 24)
    cut = differentiable_augment(x, Fixed(integers=(8, 12)), "cutout")
    expected = x.clone()
    expected[:, :, 4:12, 6:18] = 0
    torch.testing.assert_close(cut, expected)
    corner = differentiable_augment(x, Fixed(integers=(0, 24)), "cutout")
    expected = x.clone()
    expected[:, :, :4, 18:] = 0
    torch.testing.assert_close(corner, expected)


def test_a_layout_moves_with_its_picture_but_keeps_its_colours() -> None:
    layout = picture(1, 5)
    x = torch.cat([picture(), layout], 1)
    coloured = differentiable_augment(x, Seeded(3), "color")
    torch.testing.assert_close(coloured[:, 3:], layout)
    assert not torch.allclose(coloured[:, :3], x[:, :3])
    # The same picture in both halves must stay the same in both under what moves.
    twice = torch.cat([picture(), picture()], 1)
    moved = differentiable_augment(twice, Seeded(3), "translation,cutout")
    torch.testing.assert_close(moved[:, :3], moved[:, 3:])
    assert not torch.allclose(moved, twice)


def test_samples_differ_and_seeds_repeat() -> None:
    x = picture()[:1].expand(4, -1, -1, -1)
    first = differentiable_augment(x, Seeded(5))
    torch.testing.assert_close(first, differentiable_augment(x, Seeded(5)))
    assert not torch.allclose(first, differentiable_augment(x, Seeded(6)))
    for name in ("color", "translation", "cutout"):
        each = differentiable_augment(x, Seeded(5), name)
        assert any(not torch.allclose(each[0], other) for other in each[1:]), name


def test_gradient_flows_through_everything() -> None:
    x = picture().double().requires_grad_()
    assert torch.autograd.gradcheck(
        lambda y: differentiable_augment(y, Seeded(2)), (x[:, :, :6, :6],), eps=1e-4
    )
    differentiable_augment(x, Seeded(2)).square().sum().backward()
    assert x.grad is not None
    assert (x.grad != 0).float().mean() > 0.4


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_type_and_memory_format_stay(dtype: torch.dtype, layout: torch.memory_format) -> None:
    x = picture(channels=7, side=20).to(dtype).contiguous(memory_format=layout)
    result = differentiable_augment(x, Seeded(0))
    assert result.dtype == dtype
    assert result.shape == x.shape
    assert result.is_contiguous(memory_format=layout)


def test_no_policy_is_no_change_and_an_unknown_one_is_refused() -> None:
    x = picture()
    assert differentiable_augment(x, Seeded(0), "") is x
    with pytest.raises(UserError, match="colour"):
        differentiable_augment(x, Seeded(0), "colour,cutout")
