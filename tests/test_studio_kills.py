"""Kills: a child paints and saves without end, dies at a random moment, and nothing acknowledged
is lost. Five here; `main.py soak paint` does hundreds.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from studio.cli import main
from studio.document import ora
from studio.document.changes import Both, SizeChange, TileChange
from studio.document.desk import Desk
from studio.soak import kills
from studio.soak.kills import Death, LostError, Memory, compare, file_of, rounds
from studio.soak.steps import MOST_TABS, SHARES, Journey, seen


@pytest.mark.timeout(280)
def test_a_killed_studio_loses_nothing(tmp_path: Path) -> None:
    deaths = list(rounds(tmp_path, 1, 5))
    assert len(deaths) == 5
    assert sum(death.steps for death in deaths) > 5


def test_steps_are_the_same_for_whoever_takes_them() -> None:
    here, there = Journey(3), Journey(3)
    kinds = set()
    for number in range(260):
        kinds.add(here.plan(number)[0])
        here.step(number)
        there.step(number)
    assert kinds == set(SHARES)
    assert len(here.tabs) == MOST_TABS
    changes = [change for history in here.tabs.values() for change in history.done]
    assert {type(change) for change in changes} >= {Both, SizeChange, TileChange}
    for number, history in here.tabs.items():
        now = seen(history)
        assert now == seen(there.tabs[number])
        depth = len(history.done)
        while history.undo() is not None:
            pass
        assert seen(history) != now or not depth
        for _ in range(depth):
            history.redo()
        assert seen(history) == now


# What would be lost is noticed -------------------------------------------------------------------


SEED = 3  # It saves, at step 14,
STROKE = 28  # and paints at this one.


def lived(folder: Path, steps: int = 30, skip: int = -1) -> Memory:
    """What a studio leaves that took steps and saved; one of them was not kept."""
    memory, desk = Memory(folder, SEED), Desk(folder / "open")
    kept, keep = {}, Journey(SEED)

    def opened(number: int, history: object) -> None:
        kept[number] = desk.open_new(keep.tabs[number], unsaved=True)
        keep.tabs[number].heard = kept[number].hear

    keep.opened = opened
    keep.closed = lambda number: kept.pop(number).close()
    keep.saving = lambda number: kept[number].save(file_of(folder, number))
    for number in range(steps):
        quiet = [(history, history.heard) for history in keep.tabs.values()]
        if number == skip:
            for history, _ in quiet:
                history.heard = lambda step, change: None
        if number == STROKE:
            assert keep.plan(number)[0] == "stroke"
        keep.step(number)
        for history, heard in quiet:
            history.heard = heard
        memory.hear(b"." if keep.plan(number)[0] != "save" else b".s")
    for each in kept.values():
        each.leave()
    return memory


def test_all_that_was_acknowledged_is_there(tmp_path: Path) -> None:
    memory = lived(tmp_path)
    compare(memory)
    assert any(known.path is not None for known in memory.known.values())


def forgotten(folder: Path) -> Memory:
    return lived(folder, STROKE + 1, skip=STROKE)


def older_file(folder: Path) -> Memory:
    memory = lived(folder)
    path = next(folder.glob("*.ora"))
    opened = ora.read(path)
    opened.history.undo()
    ora.write(path, opened.history)
    return memory


def no_file(folder: Path) -> Memory:
    memory = lived(folder)
    next(folder.glob("*.ora")).unlink()
    return memory


def no_document(folder: Path) -> Memory:
    memory, desk = lived(folder), Desk(folder / "open")
    desk.discard(desk.abandoned()[0].folder)
    return memory


@pytest.mark.parametrize("spoilt", [forgotten, older_file, no_file, no_document])
def test_what_is_lost_is_noticed(spoilt: Callable[[Path], Memory], tmp_path: Path) -> None:
    memory = spoilt(tmp_path)
    with pytest.raises(LostError):
        compare(memory)


# The verb -----------------------------------------------------------------------------------------


def test_the_verb_counts_and_judges(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    inside: tuple[str, ...] = ("a base", "a file")

    def some(folder: Path, seed: int, count: int) -> Iterator[Death]:
        assert folder.is_dir()
        for number in range(count):
            yield Death(3, inside if number % 4 == 0 else ())

    monkeypatch.setattr(kills, "rounds", some)
    assert main(["soak", "paint", "--kills", "25"]) == 0
    said = capsys.readouterr().out
    assert "25 kills" in said
    assert "75 steps" in said
    assert "8 kills fell inside a write (8 inside a base, 8 inside a file)" in said
    inside = ()
    assert main(["soak", "paint", "--kills", "25"]) == 1
    assert "Too few" in capsys.readouterr().out

    def lost(folder: Path, seed: int, count: int) -> Iterator[Death]:
        yield Death(1, ())
        raise LostError("a stroke")

    monkeypatch.setattr(kills, "rounds", lost)
    assert main(["soak", "paint", "--kills", "25"]) == 1
    assert "lost after 1 kills (seed 1000): a stroke" in capsys.readouterr().out
    assert main(["soak", "paint", "--kills", "0"]) == 2
