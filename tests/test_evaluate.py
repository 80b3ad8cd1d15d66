"""The figures of a card notice what they should: oracles, a flat painter, shuffled requests."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from engines import evaluate, measures
from engines.data.sets import open_data
from engines.evaluate import Examples, Readers
from engines.measures import Ids, Picture

CLASSES = 13


@pytest.fixture(scope="module")
def examples(vistas: Path) -> Examples:
    return Examples.of(open_data(vistas, "layout", (64, 64)), range(24))


def true_reader(examples: Examples) -> Readers:
    """A reader that knows the layouts of the example pictures and reads sky off all others."""
    known = {p.tobytes(): ids for p, ids in zip(examples.pictures, examples.layouts, strict=True)}
    return Readers(lambda p: known.get(p.tobytes(), np.zeros(p.shape[:2], np.uint8)), brightness)


def brightness(picture: Picture) -> Mapping[str, float]:
    return {"fog": float(picture.mean()) / 255, "snow": 0.5}


def test_realism_lies_between_its_floor_and_its_ceiling(examples: Examples) -> None:
    colours = measures.class_mean_colours(examples.pictures, examples.layouts)
    flat = [measures.flat_fill(ids, colours) for ids in examples.layouts]
    worst = evaluate.realism(flat, examples, colours, 0)
    best = evaluate.realism(examples.pictures, examples, colours, 0)
    assert worst["share_of_span"] == pytest.approx(1)
    assert best["share_of_span"] < 0.2
    assert best["kid"]["mean"] < worst["kid"]["low"]


def test_faithfulness_is_one_for_the_true_pictures_and_falls_when_shuffled(
    examples: Examples,
) -> None:
    names = [str(i) for i in range(CLASSES)]
    readers = true_reader(examples)
    true = evaluate.faithfulness(examples.pictures, examples, names, readers)
    assert true["ratio"] == pytest.approx(1)
    assert true["miou_shuffled"] < 0.6 * true["miou"]
    grey = [np.full_like(p, 128) for p in examples.pictures]
    assert evaluate.faithfulness(grey, examples, names, readers)["ratio"] < 0.3


def test_an_attribute_that_is_obeyed_is_told_from_one_that_is_not(examples: Examples) -> None:
    def paint(layout: Ids, photo: Picture | None, attributes: Mapping[str, float]) -> Picture:
        level = np.full((*layout.shape, 3), 20 + 200 * attributes["fog"])
        return (level + layout[..., None] % 3).astype(np.uint8)

    two = Examples(
        examples.pictures,
        examples.layouts,
        [{k: row[k] for k in ("fog", "snow")} for row in examples.attributes],
    )
    figures = evaluate.attributes_read_back(paint, two, true_reader(examples), 0)
    assert figures["fog"]["correlation"] > 0.99
    assert abs(figures["fog"]["shuffled"]) < 0.6
    assert figures["fog"]["moved_share_of_deviation"] > 1
    assert figures["snow"]["moved_share_of_deviation"] == 0


def test_a_style_that_is_followed_is_told_from_one_that_is_not(examples: Examples) -> None:
    def follow(layout: Ids, photo: Picture | None, attributes: Mapping[str, float]) -> Picture:
        assert photo is not None
        return photo[::-1].copy()

    def ignore(layout: Ids, photo: Picture | None, attributes: Mapping[str, float]) -> Picture:
        assert photo is not None
        noise = np.random.default_rng(int(photo[0, 0, 0])).integers(0, 255, (8, 8, 3))
        return noise.astype(np.uint8)

    assert evaluate.style_followed(follow, examples)["correlation"] == pytest.approx(1)
    assert evaluate.style_followed(follow, examples)["shuffled"] < 0.5
    assert abs(evaluate.style_followed(ignore, examples)["correlation"]) < 0.4
