"""What a run says in words, what its model's card says, and how runs are set side by side."""

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QSettings, Qt
from PySide6.QtWidgets import QAbstractButton, QComboBox, QTableWidget
from pytestqt.qtbot import QtBot
from safetensors.numpy import save_file

from engines.runs import Run
from studio.lanes import runs as lane
from studio.lanes.events import Bounds
from studio.models.gallery_runs import differences, figures_of, picture_of, sort_runs
from studio.models.run_card import Final, Form, read_card
from studio.models.training import Training
from studio.views.run_compare import RunCompareDialog
from studio.views.run_pictures import SheetDialog
from studio.views.runs import SORT, TrainingPanel
from tests.running import Event, click, fake, follow, named, resumed, state, step


@pytest.fixture
def panel(panel: TrainingPanel) -> TrainingPanel:
    """Wide enough for what it says."""
    panel.resize(560, 900)
    return panel


def alarm(number: int, name: str, sentence: str, over: bool = False) -> Event:
    return {"kind": "alarm", "step": number, "alarm": name, "sentence": sentence, "over": over}


def note(kind: str, number: int, sentence: str, **more: Any) -> Event:
    return {"kind": kind, "step": number, "sentence": sentence, **more}


def measure(number: int, **figures: float) -> Event:
    return {"kind": "measure", "step": number, "figures": figures}


def sentences(notes: Any) -> list[str]:
    return [entry.sentence for entry in notes]


# Events ------------------------------------------------------------------------------------------


def test_an_alarm_holds_until_it_is_over_and_the_newest_advice_stands(tmp_path: Path) -> None:
    run = fake(
        tmp_path,
        resumed(0),
        alarm(1, "collapse", "All alike."),
        alarm(2, "critic-wins", "It wins."),
        alarm(3, "collapse", "Different again.", over=True),
        note("advice", 3, "Step 1 is best.", best=1),
        note("advice", 4, "Step 4 is best.", best=4),
        step(4),
    )
    found = follow(run)
    assert sentences(found.current) == ["It wins.", "Step 4 is best."]
    assert found.current[-1].best == 4
    assert len(found.notes) == 5


def test_a_resume_takes_alarms_back_but_not_what_was_done_about_memory(tmp_path: Path) -> None:
    run = fake(
        tmp_path,
        resumed(0),
        note("rung", 2, "Half the batch.", rung="half"),
        alarm(5, "collapse", "All alike."),
        note("warning", 5, "A file is gone."),
        resumed(3),
    )
    assert sentences(follow(run).notes) == ["Half the batch.", "A file is gone."]
    assert follow(run).current == []


def test_a_rollback_cuts_the_curves_and_says_so(tmp_path: Path) -> None:
    run = fake(tmp_path, resumed(0), *(step(n) for n in range(1, 9)))
    run.append(note("rollback", 4, "Back to step 4 with half the rate."))
    run.append(step(5, l1=7.0))
    found = follow(run)
    assert list(found.losses["l1"].steps) == [1, 2, 3, 4, 5]
    assert sentences(found.notes) == ["Back to step 4 with half the rate."]


def test_a_rest_for_a_full_disk_holds_until_it_is_over(tmp_path: Path) -> None:
    run = fake(tmp_path, step(1), note("resting", 1, "The disk is full.", over=False))
    found = follow(run)
    assert sentences(found.current) == ["The disk is full."]
    run.append(note("resting", 1, "There is room again.", over=True))
    found.look()
    assert found.current == []
    run.append(note("resting", 1, "The disk is full again.", over=False))
    run.append(resumed(1))  # It was killed while it rested.
    found.look()
    assert found.current == []


def test_what_is_said_twice_is_shown_once(tmp_path: Path) -> None:
    same = [note("warning", n, "A file is gone.") for n in (1, 2, 3)]
    assert len(follow(fake(tmp_path, *same)).notes) == 1


def test_bounds_memory_and_waiting_are_read(tmp_path: Path) -> None:
    steps = [{**step(n), "wait": 0.2, "memory": 5_000_000 + n} for n in range(1, 9)]
    bounds = {"kid": {"floor": 0.1, "ceiling": 2}, "recall_floor": 0.9}
    run = fake(tmp_path, {"kind": "bounds", "figures": bounds}, *steps)
    found = follow(run)
    assert found.bounds == {"kid": Bounds(0.1, 2.0), "recall": Bounds(0.9)}
    assert found.memory == 5_000_008
    assert found.waiting == pytest.approx(0.1)  # of 2 seconds a step


@pytest.mark.parametrize(
    "event",
    [
        {"kind": "alarm"},
        {"kind": "alarm", "step": "x", "sentence": "!"},
        {"kind": "alarm", "step": 1e300, "alarm": "a", "sentence": "!"},
        {"kind": "alarm", "step": 1, "alarm": "a", "sentence": "!", "time": "soon"},
        {"kind": "advice", "step": 1, "sentence": "!", "best": -4},
        {"kind": "bounds", "figures": []},
        {"kind": "bounds", "figures": {"kid": {"floor": "low"}}},
        {"kind": "step", "step": 2, "losses": {"l1": 1.0}, "time": 3.0, "wait": [1]},
        {"kind": "step", "step": -2, "losses": {"l1": 1.0}, "time": 3.0},
        {"kind": "canvas", "file": "../../secret.png"},
        {"kind": "canvas", "file": "canvas-..\\secret.png"},
        {"kind": ["step"]},
        {"kind": "measure", "step": 3, "figures": {"kid": "none"}},
        {"kind": "state", "state": "failed"},
        {"kind": "from the future", "step": 1},
    ],
)
def test_what_makes_no_sense_is_left_out(event: Event, tmp_path: Path) -> None:
    run = fake(tmp_path, resumed(0), step(1))
    run.append(event)
    found = follow(run)
    assert (found.step, found.notes, found.canvas, found.bounds) == (1, [], None, {})
    run.append(step(2))
    found.look()
    assert found.step == 2


def test_a_glance_at_a_long_log_finds_what_was_measured_before_its_tail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lane, "TAIL", 500)
    early = [measure(1, kid=0.4), alarm(1, "stalled", "No progress.")]
    run = fake(tmp_path, resumed(0), *early, *(step(n) for n in range(1, 60)), steps=100)
    found = follow(run, whole=False)
    assert figures_of(found)[0].value == 0.4
    assert sentences(found.current) == ["No progress."]
    assert found.step == 59


# The card ----------------------------------------------------------------------------------------


def bundle(run: Run, card: Any, text: str | None = None) -> Path:
    folder = run.path / "bundle"
    folder.mkdir()
    (folder / "model.json").write_text("{}")
    (folder / "card.json").write_text(json.dumps(card) if text is None else text)
    return folder


TIMES = {"256 x 256": 310.0, "512 x 512": 1200}
CARD = {
    "sizes": [
        {"form": "float32", "bytes": 101_000_000, "milliseconds": TIMES},
        {"form": "float16", "bytes": 50_600_000, "milliseconds": {"256 x 256": 300}, "kept": True},
        {"form": "int8", "reason": "it differs by 7 times its tolerance"},
        {"form": 8},
        "nonsense",
    ],
    "figures": {"kid": {"mean": 0.12, "low": 0.1, "high": 0.14, "floor": 0.01}, "x": 3},
    "pictures": 180,
    "measured_on": {"processor": "An abacus", "threads": 2},
}


def test_a_card_tells_sizes_and_final_figures(tmp_path: Path) -> None:
    card = read_card(bundle(fake(tmp_path), CARD))
    assert card.final == (Final("kid", 0.12, 0.1, 0.14, 0.01),)
    assert [row.form for row in card.forms] == ["float32", "float16", "int8"]
    assert card.forms[0] == Form("float32", 101_000_000, TIMES)
    assert [row.kept for row in card.forms] == [False, True, False]
    assert card.forms[2].reason.startswith("it differs")
    assert (card.pictures, card.processor) == (180, "An abacus")
    said = read_card(bundle(fake(tmp_path, name="b"), {"said": "No test pictures.", "sizes": 3}))
    assert (said.said, said.forms) == ("No test pictures.", ())


@pytest.mark.parametrize("text", ["", "[]", "{", '{"sizes": {}, "figures": 3}', "[" * 100_000])
def test_a_broken_card_says_nothing(text: str, tmp_path: Path) -> None:
    card = read_card(bundle(fake(tmp_path), None, text))
    assert (card.forms, card.final) == ((), ())


def test_the_model_of_a_run_shows_its_size_speed_and_figures(
    panel: TrainingPanel, training: Training
) -> None:
    run = fake(training.home, state("done"), name="lakes")
    bundle(run, CARD)
    training.look()
    table = named(panel, QTableWidget, "Size and speed of the model")
    rows = [[table.item(r, c).text() for c in range(4)] for r in range(table.rowCount())]
    assert rows == [
        ["whole (32 bits)", "101 MB", "310 ms", "1200 ms"],
        ["half (16 bits) (this one)", "51 MB", "300 ms", "–"],
    ]
    assert "7 times" in panel.detail.model.notes.text()
    assert "Measured on An abacus." in panel.detail.model.notes.text()
    assert "KID 0.12 (0.1 – 0.14); real against real 0.01" in panel.detail.model.final.text()
    assert "180 pictures" in panel.detail.model.final.text()


# The panel ---------------------------------------------------------------------------------------


def test_alarms_are_shown_while_it_trains_and_counted_in_the_list(
    panel: TrainingPanel, training: Training, qtbot: QtBot
) -> None:
    told = [alarm(1, "collapse", "All alike."), note("rung", 1, "Half the batch.", rung="half")]
    run = fake(training.home, state("training"), resumed(0), *told, step(1))
    with run.writer():
        training.look()
        assert [said.text.text() for said in panel.detail.notes.said] == [
            "All alike.",
            "Half the batch.",
        ]
        assert "1 warning" in panel.list.item(0).text()
        click(qtbot, panel, "All that was said (2)")
        assert panel.detail.notes.before.text().splitlines() == [
            "Step 1: Half the batch.",
            "Step 1: All alike.",
        ]
    training.look()
    assert [said.text.text() for said in panel.detail.notes.said] == ["Half the batch."]
    assert "warning" not in panel.list.item(0).text()


def test_a_proof_that_failed_is_told_with_its_reason_and_nothing_can_be_used(
    panel: TrainingPanel, training: Training
) -> None:
    fake(training.home, step(40), state("unproved", "It differs by 4 times the tolerance."))
    training.look()
    assert panel.detail.state.text() == (
        "Trained, but there is no model: It differs by 4 times the tolerance."
    )
    use = named(panel, QAbstractButton, "Use model")
    assert not use.isEnabled()
    assert "proof" in use.accessibleDescription()
    assert named(panel, QAbstractButton, "Resume").isEnabled()


def test_a_greyed_button_says_why(panel: TrainingPanel, training: Training) -> None:
    fake(training.home, state("training"), step(5))
    training.look()
    for name in ("Stop and keep", "Use model", "Fine-tune …"):
        button = named(panel, QAbstractButton, name)
        assert not button.isEnabled()
        assert button.accessibleDescription()
        assert button.toolTip() == button.accessibleDescription()
    run = training.runs[0]
    folder = bundle(run.run, CARD)
    training.look()
    panel.detail.show_run(run)
    tune = named(panel, QAbstractButton, "Fine-tune …")
    assert not tune.isEnabled()
    (folder / "model.json").write_text('{"recipe": "none"}')
    panel.detail.show_run(run)
    assert "weights" in tune.accessibleDescription()
    save_file({"a": np.zeros(2, np.float32)}, folder / "weights.safetensors")
    os.utime(folder / "model.json", ns=(1, 1))
    panel.detail.show_run(run)
    assert tune.isEnabled()


def test_the_nearest_training_pictures_are_shown_below_the_sheet_of_their_step(
    panel: TrainingPanel, training: Training, qtbot: QtBot
) -> None:
    run = fake(training.home, step(5))
    previews = run.path / "previews"
    previews.mkdir()
    Image.new("RGB", (256, 64), "#ff0000").save(previews / "000000005.png")
    training.look()
    assert "nearest" not in panel.detail.sheet.told.text()
    high = panel.detail.sheet.picture.height()
    Image.new("RGB", (256, 32), "#00ff00").save(previews / "nearest-000000004.png")
    panel.detail.show_run(training.runs[0])
    assert "nearest" not in panel.detail.sheet.told.text()  # It belongs to another sheet.
    (previews / "000000005.nearest.json").write_text('{"nearest": ["a.png", "b.png"]}')
    Image.new("RGB", (256, 32), "#00ff00").save(previews / "nearest-000000005.png")
    panel.detail.show_run(training.runs[0])
    assert "nearest" in panel.detail.sheet.told.text()
    assert panel.detail.sheet.picture.toolTip() == "Nearest, from the left: a.png, b.png"
    assert panel.detail.sheet.picture.height() > high
    seen = panel.detail.sheet.picture.grab().toImage()
    assert seen.pixelColor(5, seen.height() - 5).green() == 255
    assert seen.pixelColor(5, 5).red() == 255
    assert panel.detail.sheet.picture._size().width() < 2 * 256  # cut to what is seen well
    click(qtbot, panel, "Look closer at these pictures")
    closer = panel.window().findChild(SheetDialog)
    assert closer.picture._size().width() == 2 * 256
    closer.close()


def test_a_picture_that_is_none_is_not_shown(panel: TrainingPanel, training: Training) -> None:
    run = fake(training.home, step(5))
    (run.path / "previews").mkdir()
    (run.path / "previews" / "000000005.png").write_bytes(b"no picture")
    training.look()
    assert not panel.detail.sheet.isVisible()


# The gallery -------------------------------------------------------------------------------------


def test_runs_are_sorted_as_asked(panel: TrainingPanel, training: Training, qtbot: QtBot) -> None:
    fake(training.home, step(9), measure(9, kid=0.5), name="b")
    fake(training.home, step(3), measure(3, kid=0.2), name="a")
    fake(training.home, step(30), state("failed", "No."), name="c")
    training.look()
    follows = {run.path.name: run for run in training.runs}

    def order(how: Any) -> str:
        found = sort_runs([follows[n] for n in "bac"], how, training.status)
        return "".join(run.path.name for run in found)

    assert order("newest") == "bac"
    assert order("best") == "abc"
    assert order("longest") == "cba"
    assert order("state") == "cba"
    box = named(panel, QComboBox, "Order of the trainings")
    box.setFocus()
    qtbot.keyClick(box, Qt.Key.Key_End)
    assert "".join(run.path.name for run in panel._order) == "cba"
    QSettings().remove(SORT)


def test_two_selected_runs_are_compared(
    panel: TrainingPanel, training: Training, qtbot: QtBot
) -> None:
    fake(training.home, step(9), measure(9, kid=0.5, kid_low=0.4, kid_high=0.6), name="a")
    fake(training.home, step(3), measure(3, kid=0.2), name="b", steps=20)
    training.look()
    compare = named(panel, QAbstractButton, "Compare the two that are selected")
    assert not compare.isEnabled()
    panel.list.setFocus()
    qtbot.keyClick(panel.list, Qt.Key.Key_Home)
    qtbot.keyClick(panel.list, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    qtbot.mouseClick(compare, Qt.MouseButton.LeftButton)
    dialog = panel.window().findChild(RunCompareDialog)
    rows = [
        [dialog.table.item(r, c).text() for c in range(3)] for r in range(dialog.table.rowCount())
    ]
    assert ["Steps", "9", "3"] in rows
    assert ["Distance to real pictures (KID)", "0.5 (0.4 – 0.6)", "0.2"] in rows
    assert rows[-1] == ["Steps", "40", "20"]
    assert "Batch" not in [row[0] for row in rows]  # They share it.
    fake(training.home, step(1), name="c")
    training.look()
    assert compare.isEnabled()  # They stay selected.
    dialog.close()


def test_a_new_run_alone_is_selected(panel: TrainingPanel, training: Training) -> None:
    fake(training.home, step(9), name="a")
    training.look()
    other = fake(training.home, step(9), name="b")
    training.look()
    training.select(next(run for run in training.runs if run.path == other.path))
    training.listed.emit()
    assert [run.path.name for run in panel._selected()] == ["b"]


def test_what_differs_is_named_once(tmp_path: Path) -> None:
    one = follow(fake(tmp_path, name="a"))
    other = follow(fake(tmp_path, name="b", steps=30))
    assert differences(one, other) == [("steps", "40", "30")]
    assert differences(one, one) == []


def test_the_picture_of_a_run_is_the_artist_s_canvas_first(tmp_path: Path) -> None:
    run = fake(tmp_path, step(5))
    assert picture_of(follow(run)) is None
    (bundle(run, CARD) / "preview.png").write_bytes(b"1")
    assert picture_of(follow(run)) == (run.path / "bundle" / "preview.png", False)
    (run.path / "previews").mkdir()
    (run.path / "previews" / "000000005.png").write_bytes(b"1")
    assert picture_of(follow(run)) == (run.path / "previews" / "000000005.png", True)
    (run.path / "previews" / "canvas-000000005.png").write_bytes(b"1")
    run.append({"kind": "canvas", "step": 5, "file": "canvas-000000005.png"})
    assert picture_of(follow(run)) == (run.path / "previews" / "canvas-000000005.png", False)


def test_a_duplicate_gets_a_name_of_its_own(training: Training) -> None:
    fake(training.home, step(1))
    training.look()
    order = training.again(training.runs[0])
    assert order is not None
    assert order.title == "Misty lakes 2"
    assert (order.settings, order.made) == ({"steps": 40}, 0.0)
