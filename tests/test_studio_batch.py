"""Batch export: names by a pattern, nothing replaced, a fault stops nothing, and all of it told."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from pytestqt.qtbot import QtBot

from engines.errors import UserError
from engines.request import Request
from studio.document.carried import Result, read_png
from studio.document.document import Document
from studio.lanes.work import Job, WorkLane
from studio.models.batch import (
    FIELDS,
    MOST_NAME,
    Batch,
    Choice,
    Item,
    Round,
    fields_of,
    file_name,
    unknown,
)


def result(seed: int, side: int = 16) -> Result:
    pixels = np.full((side, side * 2, 3), seed * 9 % 256, np.uint8)
    request = Request("abc", (side, side * 2), {}, seed)
    return Result(pixels, request, {"title": "Tiny", "licence": "CC0"}, Document.blank((8, 8)))


def items(count: int) -> list[Item]:
    return [Item(f"Fog {n}", 86_400.0 * n, lambda n=n: result(n)) for n in range(count)]  # type: ignore[misc]


@pytest.fixture
def batch(qtbot: QtBot) -> Iterator[Batch]:
    work = WorkLane()
    yield Batch(work)
    work.close()


def export(batch: Batch, qtbot: QtBot, given: list[Item], choice: Choice) -> Round:
    with qtbot.waitSignal(batch.ended, timeout=20_000) as over:
        batch.start(given, choice)
    found: Round = over.args[0]
    return found


@given(st.text(max_size=400))
def test_every_name_fits_a_file_system(text: str) -> None:
    name = file_name("{title}", {"title": text})
    assert 0 < len(name.encode()) <= MOST_NAME
    assert not set(name) & set('/\\:*?"<>|\0\n')
    assert name == name.strip(" .")


def test_a_pattern_says_what_there_is() -> None:
    found = fields_of(Item("Fog", 0.0, lambda: result(1)), 3, 120, "Coast", result(7))
    assert set(found) == set(FIELDS)
    pattern = "{name}_{number}_{title}_{model}_{seed}_{size}"
    assert file_name(pattern, found) == "Coast_003_Fog_Tiny_7_32x16"
    assert unknown(pattern) == ""
    assert unknown("{name}-{nonsense}") == "nonsense"


def test_all_are_written_in_order_with_everything_inside(
    batch: Batch, qtbot: QtBot, tmp_path: Path
) -> None:
    over = export(batch, qtbot, items(3), Choice(tmp_path, "Coast", factor=2))
    assert [p.name for p in over.written] == [f"Coast-0{n + 1}-Fog {n}.png" for n in range(3)]
    assert over.troubles == []
    for number, path in enumerate(over.written):
        with Image.open(path) as image:
            assert image.size == (64, 32)
        carried = read_png(path)
        assert carried is not None
        assert carried.document is not None
        assert carried.request is not None
        assert carried.request.seed == number
    assert batch.round is None


@pytest.mark.parametrize(("kind", "name"), [("jpg", "JPEG"), ("webp", "WEBP")])
def test_other_kinds_say_where_they_come_from(
    batch: Batch, qtbot: QtBot, tmp_path: Path, kind: str, name: str
) -> None:
    over = export(batch, qtbot, items(1), Choice(tmp_path, "a", format=kind))  # type: ignore[arg-type]
    with Image.open(over.written[0]) as image:
        assert (image.format, image.size) == (name, (32, 16))
        assert image.info["icc_profile"]
        exif = image.getexif()
        assert exif[0x0131] == "Pentimento"
        assert "CC0" in exif[0x010E]


def test_nothing_is_ever_replaced(batch: Batch, qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_text("mine")
    over = export(batch, qtbot, items(2), Choice(tmp_path, "x", pattern="a"))
    assert [p.name for p in over.written] == ["a (2).png", "a (3).png"]
    assert (tmp_path / "a.png").read_text() == "mine"


def test_a_fault_stops_nothing_and_is_told_in_the_end(
    batch: Batch, qtbot: QtBot, tmp_path: Path
) -> None:
    def broken() -> Result:
        raise UserError("It is broken.")

    def worse() -> Result:
        raise KeyError("x")

    given = items(4)
    given[1] = Item("Bad", 0.0, broken)
    given[2] = Item("Worse", 0.0, worse)
    over = export(batch, qtbot, given, Choice(tmp_path, "a"))
    assert len(over.written) == 2
    assert over.troubles[0] == "Bad: It is broken."
    assert over.troubles[1].startswith("Worse: ")
    assert {p.name for p in tmp_path.iterdir()} == {p.name for p in over.written}


def test_one_that_would_be_too_large_is_told(
    batch: Batch, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("studio.models.files.MOST_EXPORTED", 100)
    over = export(batch, qtbot, items(2), Choice(tmp_path, "a", factor=4))
    assert over.written == []
    assert len(over.troubles) == 2
    assert "smaller factor" in over.troubles[0]


def test_cancelling_keeps_what_is_written(batch: Batch, qtbot: QtBot, tmp_path: Path) -> None:
    over: list[Round] = []
    batch.ended.connect(over.append)

    def look() -> None:
        if batch.round is not None and batch.round.done == 3:
            batch.cancel()

    batch.progressed.connect(look)
    batch.start(items(40), Choice(tmp_path, "a"))
    qtbot.waitUntil(lambda: bool(over), timeout=20_000)
    qtbot.wait(50)
    assert len(over) == 1
    assert over[0].cancelled
    assert len(over[0].written) == 3
    assert 3 <= len(list(tmp_path.iterdir())) <= 4
    assert not list(tmp_path.glob(".*"))


def test_a_save_gets_its_turn_between_files(batch: Batch, qtbot: QtBot, tmp_path: Path) -> None:
    seen: list[int] = []
    batch.start(items(20), Choice(tmp_path, "a"))
    batch.work.add(
        Job(
            "save", lambda job: None, lambda r: seen.append(batch.round.done if batch.round else 99)
        )
    )
    with qtbot.waitSignal(batch.ended, timeout=20_000):
        pass
    assert seen[0] <= 2


def test_what_makes_no_sense_is_refused_at_once(batch: Batch, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="nonsense"):
        batch.start(items(1), Choice(tmp_path, "a", pattern="{nonsense}"))
    with pytest.raises(UserError, match="no folder"):
        batch.start(items(1), Choice(tmp_path / "x", "a"))
    assert batch.round is None
