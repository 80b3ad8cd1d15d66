"""The wizard's pages of data: what is recognised, repairs, classes, and the split."""

import json
import shutil
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QComboBox,
    QLineEdit,
    QTableWidget,
)
from pytestqt.qtbot import QtBot

from engines.data.mends import Mends, Split
from engines.data.report import ClassShare, Example, Fault, Problem, Report
from engines.data.sets import open_data
from studio.models import dataplan
from studio.models.examples import SIDE, examples
from studio.models.wizard import STEPS
from studio.views.training import TrainingDialog
from studio.views.wizard.cards import Cards
from studio.views.words import fault_text, form_text
from tests.running import click, drop, named
from tests.wizarding import dialog as dialog
from tests.wizarding import faulty as faulty
from tests.wizarding import foretold as foretold
from tests.wizarding import (
    go,
    looked,
    photos,
    say_terms,
    select,
    settled,
    write,
)


def state_of(folder: Path) -> dict[str, bytes]:
    return {str(p): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


pytestmark = pytest.mark.usefixtures("foretold")


# Pictures ----------------------------------------------------------------------------------------


def test_an_empty_wizard_says_what_to_do(dialog: TrainingDialog) -> None:
    assert dialog.reason.text() == "Choose a folder of pictures first."
    assert not dialog.next.isEnabled()
    assert dialog.pictures.empty.isVisible()
    assert dialog.pictures.folder.hasFocus()
    assert [dialog.wizard.open(step) for step in STEPS] == [True] + 4 * [False]


def test_faults_are_taken_care_of_and_the_folder_stays_as_it_is(
    dialog: TrainingDialog, faulty: Path, qtbot: QtBot
) -> None:
    before = state_of(faulty)
    drop(dialog, faulty)
    assert dialog.reason.text() == "The pictures are still being looked through."
    settled(qtbot, dialog)
    assert dialog.pictures.faults.title.text() == "4 faults, all taken care of"
    assert dialog.next.isEnabled()
    box = "Repair: 2 layouts have another size than their photos"
    select(qtbot, dialog, box, "I mend it myself")
    assert dialog.pictures.faults.title.text() == "2 faults wait for you"
    assert dialog.reason.text() == "Choose repairs for 2 faults, or mend them in the folder."
    assert not dialog.next.isEnabled()
    rows = named(dialog, QTableWidget, "Problems")  # unfolds, for something is left to be done
    files = {rows.item(row, 0).text() for row in range(rows.rowCount())}
    pictures = sorted((faulty / "photos").iterdir())
    assert f"layouts/{pictures[2].stem}.png" in files
    select(qtbot, dialog, box, "Make them the same size")
    assert not dialog.reason.text()
    settled(qtbot, dialog)
    mends = dialog.plan.data.mends
    assert (mends.resize, mends.mates, mends.files) == (True, True, (f"photos/{pictures[1].name}",))
    assert sum(dialog.plan.data.counts.values()) == 38
    assert state_of(faulty) == before


def test_a_fault_that_stays_in_spite_of_repairs_is_said(
    dialog: TrainingDialog, faulty: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked(qtbot, dialog, faulty)
    honest = dataplan.scan

    def scan(*given: Any, **named: Any) -> Report:
        report = honest(*given, **named)
        report.add(Problem("photos/x.png", "is odd", "look at it"))
        return report

    monkeypatch.setattr(dataplan, "scan", scan)
    dialog.plan.data.choose_split(Split())
    settled(qtbot, dialog)
    assert dialog.reason.text() == "photos/x.png is odd: look at it."
    assert not dialog.next.isEnabled()


def test_a_fault_within_a_picture_is_found_by_the_thorough_look(
    dialog: TrainingDialog, vistas: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    folder = tmp_path / "set"
    shutil.copytree(vistas, folder)
    photo = sorted((folder / "photos").iterdir())[0]
    photo.write_bytes(photo.read_bytes()[:-400])
    looked(qtbot, dialog, folder)
    assert [row.example for row in dialog.plan.data.rows] == [f"photos/{photo.name}"]
    assert "39 photos" not in dialog.pictures.summary.text()


@pytest.mark.parametrize(
    ("folders", "kind", "said", "form"),
    [
        ([""], "image", "9 pictures", "photos"),
        (["source", "target"], "paired", "9 pairs of pictures", "pairs"),
        (["cats", "dogs", "owls"], "image", "27 pictures with attributes", "folders"),
        (None, "layout", "40 photos with layouts", "layouts"),
    ],
)
def test_what_a_folder_is_and_what_suits_it_is_said_with_reasons(
    folders: list[str] | None,
    kind: str,
    said: str,
    form: str,
    dialog: TrainingDialog,
    vistas: Path,
    tmp_path: Path,
    qtbot: QtBot,
) -> None:
    for name in folders or ():
        photos(tmp_path / "mine" / name, 9)
    looked(qtbot, dialog, vistas if folders is None else tmp_path / "mine")
    report = dialog.plan.data.report
    assert report is not None
    assert report.form == form
    assert dialog.pictures.summary.text() == f"{said}, all in order"
    assert dialog.pictures.why.text() == report.reason
    go(qtbot, dialog, "What it learns")
    chosen, cards = dialog.plan.recipe, named(dialog, Cards, "What it learns")
    assert chosen is not None
    assert (chosen.kind, chosen.title) == (kind, cards.currentItem().text())
    first = cards.item(0).data(Qt.ItemDataRole.UserRole)
    assert (first.key, first.badge) == (chosen.id, "Suggested")
    assert first.text == f"{chosen.learns} For {said}: {chosen.usual}"
    assert first.small == chosen.paper
    assert chosen.paper in cards.item(0).data(Qt.ItemDataRole.AccessibleTextRole)


def test_a_folder_can_be_taken_as_something_else(
    dialog: TrainingDialog, vistas: Path, qtbot: QtBot
) -> None:
    looked(qtbot, dialog, vistas)
    other = next(o for o in dialog.plan.data.others if o.kind == "image")
    box = named(dialog, QComboBox, "Take the folder as")
    assert box.currentText() == "Photos with layouts (recognised)"
    row = dialog.plan.data.others.index(other) + 1
    select(qtbot, dialog, "Take the folder as", box.itemText(row))
    settled(qtbot, dialog)
    assert dialog.plan.data.kind == "image"
    assert dialog.pictures.why.text() == other.reason
    assert {entry.kind for entry in dialog.plan.recipes} <= {"image", "detail"}
    draft = dialog.plan.draft()
    assert draft is not None
    assert Mends.from_json(draft.mends) | other.mends == Mends.from_json(draft.mends)
    select(qtbot, dialog, "Take the folder as", "Photos with layouts (recognised)")
    settled(qtbot, dialog)
    assert dialog.plan.data.kind == "layout"


def test_a_scan_is_stopped_and_what_is_not_there_is_said(
    dialog: TrainingDialog, tmp_path: Path, qtbot: QtBot
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    settled(qtbot, dialog)
    drop(dialog, empty)
    click(qtbot, dialog, "Stop looking through the folder")
    assert dialog.reason.text() == "The folder was not looked through; choose it again."
    looked(qtbot, dialog, empty)
    assert "holds no pictures" in named(dialog, QTableWidget, "Problems").item(0, 1).text()
    assert not dialog.next.isEnabled()
    write(qtbot, dialog, "Folder of pictures", str(tmp_path / "nowhere"))
    qtbot.keyClick(dialog.pictures.folder, Qt.Key.Key_Return)
    settled(qtbot, dialog)
    assert not dialog.next.isEnabled()
    assert dialog.wizard.step == "pictures"


def test_another_folder_brings_the_artist_back_to_the_first_page(
    dialog: TrainingDialog, vistas: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    looked(qtbot, dialog, vistas)
    go(qtbot, dialog, "How thoroughly")
    photos(tmp_path / "mine", 3)
    drop(dialog, tmp_path / "mine")
    assert dialog.wizard.step == "pictures"
    settled(qtbot, dialog)
    assert dialog.plan.data.kind == "image"


@pytest.mark.parametrize("fault", get_args(Fault))
@pytest.mark.parametrize("kind", ["layout", "paired"])
def test_every_fault_is_said_in_words(fault: str, kind: str) -> None:
    one, many = fault_text(fault, 1, kind), fault_text(fault, 1200, kind)
    assert ":" not in one + many  # as what has no words is told
    assert "{" not in one + many
    assert one == many or "1,200" in many


def test_two_sorts_of_pictures_are_told_and_swapped(
    dialog: TrainingDialog, tmp_path: Path, qtbot: QtBot
) -> None:
    for name, count in (("Kunst", 9), ("Sommer", 12)):
        photos(tmp_path / "zwei_Welten" / name, count)
    looked(qtbot, dialog, tmp_path / "zwei_Welten")
    plan = dialog.plan
    assert plan.title == "Zwei Welten"
    before = plan.recipe
    form = form_text("unpaired")
    select(qtbot, dialog, "Take the folder as", form)
    settled(qtbot, dialog)
    # What is suggested follows, for nobody had chosen.
    assert plan.recipe == plan.suggested != before
    go(qtbot, dialog, "What is in them")
    told = dialog.contents.sliders.text()
    assert told.index("Kunst") < told.index("Sommer")
    click(qtbot, dialog, "Swap the two sorts of pictures")
    settled(qtbot, dialog)
    assert plan.data.mends.folders == ("Sommer", "Kunst")
    told = dialog.contents.sliders.text()
    assert told.index("Sommer") < told.index("Kunst")
    assert dialog.steps.item(1).data(Qt.ItemDataRole.UserRole).text == "Sommer, Kunst"
    say_terms(qtbot, dialog)
    order = plan.order()
    assert open_data(tmp_path / "zwei_Welten", "unpaired", 32, mends=plan.data.mends).names
    plan.take(order)
    settled(qtbot, dialog)
    assert plan.data.sorts == ("Sommer", "Kunst")
    assert plan.data.other is not None
    assert plan.recipe is not None
    assert plan.recipe.id == order.recipe


# What is in them ---------------------------------------------------------------------------------


def test_classes_show_share_and_example_and_are_renamed_merged_and_left_out(
    dialog: TrainingDialog, vistas: Path, qtbot: QtBot
) -> None:
    looked(qtbot, dialog, vistas)
    go(qtbot, dialog, "What is in them")
    table = named(dialog, QTableWidget, "Classes")
    names = [entry["name"] for entry in json.loads((vistas / "classes.json").read_text())]
    assert [table.item(row, 1).text() for row in range(table.rowCount())] == names
    assert table.item(0, 2).text().endswith("%")
    qtbot.waitUntil(lambda: bool(dialog.contents._examples), timeout=20_000)
    report = dialog.plan.data.report
    assert report is not None
    shown = {c.id for c in report.classes if c.example is not None}
    assert set(dialog.contents._examples) == shown
    assert len(shown) > 5

    table.setCurrentCell(1, 1)
    select(qtbot, dialog, "Learn the class as", f"{names[0]}: the two are one")
    table.setCurrentCell(2, 1)
    select(qtbot, dialog, "Learn the class as", "Nothing: leave it unpainted")
    assert table.item(2, 1).font().strikeOut()
    table.setCurrentCell(3, 1)
    table.setFocus()
    qtbot.keyClick(table, Qt.Key.Key_F2)
    editor = table.viewport().findChild(QLineEdit)
    qtbot.keyClicks(editor, "peaks")
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: dialog.plan.data.class_name(names[3]) == "peaks")
    assert dict(dialog.plan.data.mends.classes) == {
        names[1]: names[0],
        names[2]: "",
        names[3]: "peaks",
    }
    assert len(dialog.plan.data.learnt_classes) == len(names) - 2
    select(qtbot, dialog, "Learn the class as", "peaks, a class of its own")
    table.setCurrentCell(1, 1)
    select(qtbot, dialog, "Learn the class as", f"{names[1]}, a class of its own")
    assert dict(dialog.plan.data.mends.classes) == {names[2]: "", names[3]: "peaks"}


def test_no_class_and_no_picture_to_learn_from_hold_the_wizard_up(
    dialog: TrainingDialog, vistas: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    looked(qtbot, dialog, vistas)
    go(qtbot, dialog, "What is in them")
    report = dialog.plan.data.report
    assert report is not None
    for entry in report.classes:
        dialog.plan.data.name_class(entry.name, "")
    assert dialog.reason.text() == "Every class is left out; keep at least one."
    assert not dialog.next.isEnabled()


def test_the_split_is_chosen_and_counted(
    dialog: TrainingDialog, tmp_path: Path, qtbot: QtBot
) -> None:
    photos(tmp_path / "mine", 30)
    looked(qtbot, dialog, tmp_path / "mine")
    go(qtbot, dialog, "What is in them")
    counts = dialog.plan.data.counts
    assert sum(counts.values()) == 30
    assert dialog.contents.split.counts.text().startswith(f"{counts['train']} to learn from")
    select(qtbot, dialog, "Split", "My own shares")
    write(qtbot, dialog, "Share to choose by, in per cent", "30")
    write(qtbot, dialog, "Share to report on, in per cent", "30")
    settled(qtbot, dialog)
    chosen = dialog.plan.data.split
    assert chosen is not None
    assert (chosen.train, chosen.val, chosen.test) == pytest.approx((0.4, 0.3, 0.3))
    shared = dialog.plan.data.counts
    assert sum(shared.values()) == 30
    assert shared["train"] < counts["train"]
    assert dialog.contents.split.counts.text().startswith(f"{shared['train']} to learn from")
    select(qtbot, dialog, "What stays together", "Frames of one sequence")
    settled(qtbot, dialog)
    split = dialog.plan.data.mends.split
    assert split is not None
    assert (split.by, split.train) == ("sequence", pytest.approx(0.4))
    assert sum(dialog.plan.data.counts.values()) == 30


def test_frames_stay_together_with_shares_of_ones_own(
    dialog: TrainingDialog, tmp_path: Path, qtbot: QtBot
) -> None:
    for clip in ("one", "two", "three"):
        photos(tmp_path / "mine" / clip, 12)
    looked(qtbot, dialog, tmp_path / "mine")
    row = next(o for o in dialog.plan.data.others if o.form == "clips")
    select(qtbot, dialog, "Take the folder as", form_text(row.form))
    settled(qtbot, dialog)
    go(qtbot, dialog, "What is in them")
    usual = named(dialog, QComboBox, "Split").currentText()
    assert usual == "As usual, frames that are alike together"
    select(qtbot, dialog, "Split", "My own shares")
    write(qtbot, dialog, "Share to choose by, in per cent", "20")
    split, found = dialog.plan.data.split, row.mends.split
    assert split is not None
    assert found is not None
    assert (split.by, split.stretch, split.val) == (found.by, found.stretch, 0.2)


# Examples ----------------------------------------------------------------------------------------


def test_examples_are_cut_where_the_class_is(tmp_path: Path) -> None:
    pixels = np.zeros((300, 900, 3), np.uint8)
    pixels[100:200, 600:840] = (200, 40, 10)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    box = (600, 100, 840, 200)
    places = {
        0: Example("a.png", "", box),
        1: None,
        2: Example("gone.png", "", box),
        3: Example("../a.png", "", box),
        4: Example("a.png", "", (5, 5, 5, 9)),
        5: Example("a.png", "", (5000, 0, 6000, 9)),
    }
    report = Report(str(tmp_path), "layout", True)
    report.classes = [ClassShare(i, str(i), 1.0, 1, example=e) for i, e in places.items()]
    heard: list[float] = []
    found = examples(report, heard.append)
    assert list(found) == [0]
    height, width = found[0].shape[:2]
    assert width / height == pytest.approx(2.4, rel=0.05)
    assert width <= 2.2 * SIDE
    inner = found[0][2:-2, 2:-2].reshape(-1, 3).astype(int)
    assert np.abs(inner - (200, 40, 10)).max() < 12
    assert heard == sorted(heard)
    assert len(heard) == 6
