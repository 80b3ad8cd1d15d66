"""The bundled style pictures."""

from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from engines.data.pictures import read_picture
from engines.worlds import styles


def place(name: str) -> Path:
    return (styles.FOLDER if name in styles.SCENES else styles.PAINTED) / f"{name}.jpg"


def shipped(name: str) -> np.ndarray:
    return read_picture(place(name)).astype(np.float32)


def test_all_are_shipped_and_nothing_else() -> None:
    found = {path for path in styles.FOLDER.rglob("*") if path.is_file()}
    wanted = {place(name) for name in (*styles.SCENES, *styles.PAINTINGS)}
    assert found == wanted | {styles.FOLDER / "LICENCE.txt"}
    assert (len(styles.SCENES), len(styles.PAINTINGS)) == (12, 31)
    assert (styles.FOLDER / "LICENCE.txt").read_text("utf-8") == styles.LICENCE
    assert sum(path.stat().st_size for path in found) < 1_500_000


@pytest.mark.parametrize("name", [*styles.SCENES, *styles.PAINTINGS])
def test_they_are_small(name: str) -> None:
    limit = styles.LIMIT if name in styles.SCENES else styles.PAINTED_LIMIT
    assert place(name).stat().st_size <= limit
    assert shipped(name).shape == (styles.SIZE, styles.SIZE, 3)


def test_every_painting_is_in_a_manner_of_its_own() -> None:
    manners = [manner for manner, *_ in styles.PAINTINGS.values()]
    assert len(set(manners)) == len(manners)


def test_the_shipped_one_is_what_is_painted_now() -> None:
    painted = styles.painted("moonlit").astype(np.float32)
    assert np.abs(painted - shipped("moonlit")).mean() < 3  # what the codec takes away
    assert np.abs(painted - shipped("sunset")).mean() > 30
    woodcut = styles.painted("woodcut").astype(np.float32)
    assert np.abs(woodcut - shipped("woodcut")).mean() < 6
    assert np.abs(woodcut - shipped("newsprint")).mean() > 30


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
