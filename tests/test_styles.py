"""The bundled style pictures."""

from itertools import combinations

import numpy as np
import pytest

from engines.data.pictures import read_picture
from engines.worlds import styles


def shipped(name: str) -> np.ndarray:
    return read_picture(styles.FOLDER / f"{name}.jpg").astype(np.float32)


def test_all_are_shipped_and_nothing_else() -> None:
    found = sorted(path.name for path in styles.FOLDER.iterdir())
    assert found == sorted(f"{name}.jpg" for name in styles.SCENES)
    assert len(found) == 12


@pytest.mark.parametrize("name", styles.SCENES)
def test_they_are_small(name: str) -> None:
    assert (styles.FOLDER / f"{name}.jpg").stat().st_size <= styles.LIMIT
    assert shipped(name).shape == (styles.SIZE, styles.SIZE, 3)


def test_the_shipped_one_is_what_is_painted_now() -> None:
    painted = styles.painted("moonlit").astype(np.float32)
    assert np.abs(painted - shipped("moonlit")).mean() < 3  # what the codec takes away
    assert np.abs(painted - shipped("sunset")).mean() > 30


def test_no_two_have_the_same_light_and_colour() -> None:
    def look(name: str) -> np.ndarray:
        """Mean colour of the upper and the lower half."""
        picture = shipped(name)
        half = styles.SIZE // 2
        return np.concatenate([picture[:half].mean((0, 1)), picture[half:].mean((0, 1))])

    apart = {
        (one, other): float(np.abs(look(one) - look(other)).max())
        for one, other in combinations(styles.SCENES, 2)
    }
    nearest = min(apart, key=lambda pair: apart[pair])
    assert apart[nearest] > 20, nearest


def test_a_picture_too_rich_to_be_small_is_refused() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (512, 512, 3), np.uint8)
    with pytest.raises(ValueError, match="no JPEG below"):
        styles.jpeg(noise)
