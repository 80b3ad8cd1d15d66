"""The wizard, page by page: what is recognised, repairs, classes, recipes, settings, terms."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QSettings, Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QComboBox,
    QDoubleSpinBox,
    QLineEdit,
    QSpinBox,
    QTableWidget,
    QWidget,
)
from pytestqt.qtbot import QtBot
from safetensors.numpy import save_file

from engines import waiting
from engines.data.mends import Mends, Split
from engines.data.report import ClassShare, Example, Problem, Report
from engines.orders import Order
from studio.lanes.work import WorkLane
from studio.models import dataplan, terms
from studio.models import forecast as forecasting
from studio.models.examples import SIDE, examples
from studio.models.forecast import read_need
from studio.models.plan import allowed
from studio.models.terms import Terms
from studio.models.training import Training
from studio.models.wizard import STEPS
from studio.views.training import TrainingDialog
from studio.views.wizard.cards import Card, Cards
from studio.views.words import form_text
from tests.running import click, drop, named
from tests.wizarding import faulty as faulty
from tests.wizarding import (
    go,
    looked,
    painting,
    photos,
    pick,
    say_terms,
    select,
    settled,
    write,
)

ANSWER = {
    "needs": 3_000_000_000,
    "has": 2_000_000_000,
    "device": "cpu",
    "advice": "Halve the size.",
    "parts": {"networks": 1_000_000_000, "step": 2_000_000_000},
}


@pytest.fixture(autouse=True)
def _foretold(qapp: object, monkeypatch: pytest.MonkeyPatch) -> None:
    QSettings().clear()
    # What the forecast says is its own test's; here nobody waits for torch.
    monkeypatch.setattr(forecasting, "COMMAND", ("-c", f"print('''{json.dumps(ANSWER)}''')"))


@pytest.fixture
def dialog(training: Training, work: WorkLane, qtbot: QtBot) -> TrainingDialog:
    widget = TrainingDialog(training, work)
    qtbot.addWidget(widget)
    widget.show()
    return widget


def state_of(folder: Path) -> dict[str, bytes]:
    return {str(p): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


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
    box = "Repair: 2 layouts or sources have another size than their picture"
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
    assert first.text == f"For {said}: {chosen.usual}"
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
    assert {entry.kind for entry in dialog.plan.recipes} == {"image"}
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
    assert dialog.contents.counts.text().startswith(f"{counts['train']} to learn from")
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
    assert dialog.contents.counts.text().startswith(f"{shared['train']} to learn from")
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


# What it learns, and how -------------------------------------------------------------------------


def test_what_other_pictures_could_teach_is_shown_and_cannot_be_chosen(
    dialog: TrainingDialog, tmp_path: Path, qtbot: QtBot
) -> None:
    photos(tmp_path / "mine", 3)
    looked(qtbot, dialog, tmp_path / "mine")
    go(qtbot, dialog, "What it learns")
    click(qtbot, dialog, "What other pictures could teach")
    cards = named(dialog, Cards, "For other pictures")
    shown = [cards.item(row).data(Qt.ItemDataRole.UserRole) for row in range(cards.count())]
    assert {card.key for card in shown} == {entry.id for entry in dialog.plan.beyond}
    assert shown
    assert not any(card.enabled for card in shown)
    assert all(card.text.startswith("It needs ") for card in shown)


def test_settings_come_from_the_catalogue_and_go_into_the_order(
    dialog: TrainingDialog, vistas: Path, qtbot: QtBot
) -> None:
    looked(qtbot, dialog, vistas)
    go(qtbot, dialog, "What it learns")
    recipe = painting(dialog)
    pick(qtbot, dialog, "What it learns", recipe.title)
    go(qtbot, dialog, "How thoroughly")
    form = dialog.effort.form
    assert not form.isVisible()
    click(qtbot, dialog, "Advanced settings")
    assert form.isVisible()
    for setting in recipe.settings:
        widget = named(form, QWidget, setting.label)
        if setting.type == "int":
            assert isinstance(widget, QSpinBox)
            assert (widget.minimum(), widget.maximum()) == (setting.least, setting.greatest)
        if setting.type == "float":
            assert isinstance(widget, QDoubleSpinBox)
            assert widget.value() == dialog.plan.values[setting.name]
    batch = next(s for s in recipe.settings if s.name == "batch")
    write(qtbot, form, batch.label, "3")
    assert dialog.effort.reset.isVisible()
    pick(qtbot, dialog, "Presets", "Overnight")
    assert named(form, QSpinBox, batch.label).value() == batch.default
    write(qtbot, form, batch.label, "5")
    select(qtbot, dialog, "Where it trains", "The processor")
    say_terms(qtbot, dialog)
    order = dialog.plan.order()
    assert order.settings == {**recipe.presets["overnight"], "batch": 5}
    assert (order.recipe, order.preset, order.device) == (recipe.id, "overnight", "cpu")
    go(qtbot, dialog, "How thoroughly")
    click(qtbot, dialog, "Back to the preset")
    assert dialog.plan.changes == {}


def test_the_forecast_is_shown_against_what_there_is(
    dialog: TrainingDialog, tmp_path: Path, qtbot: QtBot
) -> None:
    photos(tmp_path / "mine", 3)
    looked(qtbot, dialog, tmp_path / "mine")
    assert not dialog.forecast.asking
    go(qtbot, dialog, "How thoroughly")
    assert dialog.effort.memory_told.text() == "Finding out how much memory it needs …"
    qtbot.waitUntil(lambda: dialog.forecast.need is not None, timeout=20_000)
    page = dialog.effort
    said = "It needs about 3 GB of memory, and this computer has only 2 GB free."
    assert page.memory_told.text() == said
    assert page.memory_parts.text() == "the networks 1 GB · a step at work 2 GB"
    assert page.memory_advice.text() == "Halve the size."
    assert page.memory.value() == 1000
    before = dialog.forecast.need
    go(qtbot, dialog, "Name and terms")
    assert dialog.naming.memory.text() == f"{said} Halve the size."
    assert dialog.forecast.need is before  # The same order needs no second look.
    go(qtbot, dialog, "How thoroughly")
    pick(qtbot, dialog, "Presets", "Rehearsal")
    assert dialog.forecast.asking


@pytest.mark.parametrize(
    ("line", "trouble"),
    [
        ('{"error": "The settings do not fit."}', "The settings do not fit."),
        ("", "otherwise"),
        ("[]", "otherwise"),
        ('{"needs": 1}', "otherwise"),
        ('{"needs": "x", "has": 1, "device": "", "advice": "", "parts": {}}', "otherwise"),
        ('{"needs": 1, "has": 1e999, "device": "", "advice": "", "parts": {}}', "otherwise"),
        ("[" * 100_000, "otherwise"),
    ],
)
def test_an_answer_that_is_none_is_said(line: str, trouble: str) -> None:
    assert read_need(line, "otherwise") == (None, trouble)


def test_a_forecast_that_fails_holds_nothing_up(
    dialog: TrainingDialog, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forecasting, "COMMAND", ("-c", "raise SystemExit(3)"))
    photos(tmp_path / "mine", 3)
    looked(qtbot, dialog, tmp_path / "mine")
    go(qtbot, dialog, "How thoroughly")
    qtbot.waitUntil(lambda: not dialog.forecast.asking, timeout=20_000)
    assert "is not known: it ended without a word" in dialog.effort.memory_told.text()
    assert dialog.next.isEnabled()


# Name and terms ----------------------------------------------------------------------------------


def test_terms_are_asked_once_and_travel_with_the_order(
    dialog: TrainingDialog, training: Training, work: WorkLane, tmp_path: Path, qtbot: QtBot
) -> None:
    folder = tmp_path / "mine"
    photos(folder, 3)
    (folder / "LICENSE.txt").write_text("Creative Commons\nAttribution 4.0")
    looked(qtbot, dialog, folder)
    go(qtbot, dialog, "Name and terms")
    assert dialog.reason.text() == "Say on what terms you use these pictures."
    assert not dialog.start.isEnabled()
    assert "LICENSE.txt: Creative Commons Attribution 4.0" in dialog.naming.beside.text()
    select(qtbot, dialog, "Terms of the pictures", "CC BY: free, with the makers’ names")
    assert dialog.reason.text() == "Say whose pictures they are, below their terms."
    write(qtbot, dialog, "Whose pictures they are", "A. Painter")
    assert not dialog.reason.text()
    assert dialog.plan.terms == Terms("cc-by", "A. Painter", "CC-BY-4.0")
    select(qtbot, dialog, "What the model may be used for", "Anything (CC0)")
    assert dialog.naming.warning.text() == "Pictures under CC BY ask for their makers’ names."
    order = dialog.plan.order()
    assert order.terms == "CC BY: free, with the makers’ names: A. Painter"
    assert order.licence == "CC0-1.0"
    write(qtbot, dialog, "Name of the model", " ")
    assert dialog.reason.text() == "Give the model a name."
    dialog.close()

    again = TrainingDialog(training, work)
    qtbot.addWidget(again)
    again.show()
    looked(qtbot, again, folder)
    go(qtbot, again, "Name and terms")
    assert again.plan.terms == Terms("cc-by", "A. Painter", "CC0-1.0")
    assert again.start.isEnabled()
    again.close()


@pytest.mark.parametrize(
    "kept", ["{", "[]", '{"/f": 3}', '{"/f": ["own", 1, ""]}', '{"/f": ["gift", "", ""]}']
)
def test_terms_that_cannot_be_read_are_asked_again(kept: str, work: WorkLane) -> None:
    QSettings().setValue(terms.KEY, kept)
    assert terms.recall(Path("/f")) == Terms()
    terms.remember(Path("/f"), Terms("own", "me", "private"))
    assert terms.recall(Path("/f")) == Terms("own", "me", "private")


def test_what_was_chosen_for_the_model_stays_with_other_terms(
    dialog: TrainingDialog, tmp_path: Path, qtbot: QtBot
) -> None:
    photos(tmp_path / "mine", 3)
    looked(qtbot, dialog, tmp_path / "mine")
    say_terms(qtbot, dialog)
    assert dialog.plan.terms.licence == "private"
    select(qtbot, dialog, "Terms of the pictures", "Public domain, or CC0")
    assert dialog.plan.terms.licence == "CC0-1.0"
    select(qtbot, dialog, "What the model may be used for", "For myself alone")
    select(qtbot, dialog, "Terms of the pictures", "CC BY: free, with the makers’ names")
    assert dialog.plan.terms.licence == "private"


# Start, queue and again --------------------------------------------------------------------------


def test_the_order_says_all_that_was_chosen(
    dialog: TrainingDialog, training: Training, faulty: Path, qtbot: QtBot
) -> None:
    training.queue.hold(True)
    looked(qtbot, dialog, faulty)
    dialog.plan.data.name_class("sun", "moon")
    say_terms(qtbot, dialog)
    click(qtbot, dialog, "Make a small copy too")
    click(qtbot, dialog, "Let the model be trained further one day")
    summary = dialog.naming.summary.text()
    assert "12 classes" in summary
    assert "make them the same size" in summary
    assert dialog.start.isDefault()
    click(qtbot, dialog, "Add to the queue")
    assert not dialog.isVisible()
    (entry,) = training.queue.waiting
    order = entry.order
    assert (order.int8, order.tunable) == (True, False)
    assert order.title == "Set"
    mends = Mends.from_json(order.mends)
    assert (mends.resize, mends.classes) == (True, (("sun", "moon"),))
    assert training.runs == ()


def test_what_waits_is_changed_in_its_place(
    dialog: TrainingDialog, training: Training, faulty: Path, qtbot: QtBot
) -> None:
    training.queue.hold(True)
    settled(qtbot, dialog)
    usual = (entry for entry in dialog.plan.catalog.values() if entry.usual)
    recipe = next(entry for entry in usual if entry.kind == "layout")
    mends = Mends(resize=True, mates=True, classes=(("sun", "moon"),))
    order = Order(
        recipe.id,
        str(faulty),
        "Misty lakes",
        {**recipe.presets["overnight"], "batch": 6, "nonsense": 1},
        preset="overnight",
        mends=mends.to_json(),
    )
    for each in (order, replace(order, title="Other")):
        training.queue.add(each)
    dialog.take(order, training.queue.waiting[0].key)
    settled(qtbot, dialog)
    plan = dialog.plan
    assert plan.recipe == recipe
    assert (plan.preset, plan.changes, plan.title) == ("overnight", {"batch": 6}, "Misty lakes")
    assert plan.data.class_name("sun") == "moon"
    assert plan.data.mends.resize
    say_terms(qtbot, dialog)
    write(qtbot, dialog, "Name of the model", "Clear lakes")
    assert dialog.queue.isDefault()
    click(qtbot, dialog, "Change it in the queue")
    assert [entry.order.title for entry in training.queue.waiting] == ["Clear lakes", "Other"]
    assert training.queue.waiting[0].order.settings["batch"] == 6


def test_a_start_makes_a_run_and_takes_it_out_of_the_queue(
    dialog: TrainingDialog,
    training: Training,
    tmp_path: Path,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(waiting, "COMMAND", ("-c", "pass"))
    photos(tmp_path / "mine", 3)
    training.queue.hold(True)
    looked(qtbot, dialog, tmp_path / "mine")
    say_terms(qtbot, dialog)
    training.queue.add(dialog.plan.order())
    dialog.take(training.queue.waiting[0].order, training.queue.waiting[0].key)
    settled(qtbot, dialog)
    say_terms(qtbot, dialog)
    click(qtbot, dialog, "Start training")
    assert training.queue.waiting == ()
    assert [run.title for run in training.runs] == ["Mine"]


def test_the_same_once_more_is_read_as_the_form_that_was_chosen(
    dialog: TrainingDialog, tmp_path: Path, qtbot: QtBot
) -> None:
    for name in ("cats", "dogs"):
        photos(tmp_path / "mine" / name, 4)
    looked(qtbot, dialog, tmp_path / "mine")
    assert dialog.plan.data.kind == "paired"  # The names in both are the same.
    entry = next(e for e in dialog.plan.catalog.values() if e.kind == "labelled")
    other = next(o for o in dialog.plan.data.others if o.kind == "labelled")
    mends = (other.mends | Mends(split=Split(0.5, 0.25, 0.25))).to_json()
    dialog.take(Order(entry.id, str(tmp_path / "mine"), "Pets", mends=mends))
    settled(qtbot, dialog)
    assert dialog.plan.data.kind == "labelled"
    assert dialog.plan.recipe == entry
    assert dialog.plan.data.split == Split(0.5, 0.25, 0.25)
    # Those there twice were learnt from before; what is no fault needs no repair now.
    assert "twin" in {row.fault for row in dialog.plan.data.rows}
    assert dialog.plan.data.mends.to_json() == mends


def test_a_wish_that_fits_no_more_is_left(
    dialog: TrainingDialog, tmp_path: Path, qtbot: QtBot
) -> None:
    photos(tmp_path / "mine", 3)
    dialog.take(Order("gone", str(tmp_path / "mine"), "Old", {"steps": 3}, mends={"bad": 1}))
    settled(qtbot, dialog)
    assert dialog.plan.recipe == dialog.plan.suggested
    assert dialog.plan.title == "Old"
    assert not dialog.plan.data.reason


# Everywhere --------------------------------------------------------------------------------------


def test_every_control_of_every_page_has_a_name_of_its_own(
    dialog: TrainingDialog, faulty: Path, qtbot: QtBot
) -> None:
    looked(qtbot, dialog, faulty)
    dialog.plan.data.choose_split(dialog.plan.data.split)
    for page in ("Pictures", "What is in them", "What it learns", "How thoroughly"):
        go(qtbot, dialog, page)
        _check_names(dialog)
    say_terms(qtbot, dialog)
    _check_names(dialog)


def _check_names(dialog: TrainingDialog) -> None:
    kinds = (QAbstractButton, QComboBox, QLineEdit, QTableWidget, QSpinBox, Cards)
    names = []
    for widget in (w for kind in kinds for w in dialog.findChildren(kind) if w.isVisible()):
        inner = isinstance(widget.parent(), QComboBox | QSpinBox | QDoubleSpinBox | QTableWidget)
        if inner or widget.objectName().startswith("qt_"):
            continue
        names.append(widget.accessibleName())
    assert all(names), names
    assert len(set(names)) == len(names), sorted(names)


def test_the_pages_are_walked_by_keys_alone(
    dialog: TrainingDialog, tmp_path: Path, qtbot: QtBot
) -> None:
    photos(tmp_path / "mine", 3)
    qtbot.keyClicks(dialog.pictures.folder, str(tmp_path / "mine"))
    qtbot.keyClick(dialog.pictures.folder, Qt.Key.Key_Return)
    settled(qtbot, dialog)
    assert dialog.wizard.step == "pictures"  # Return in the field looks, and does no more.
    for step in STEPS[1:]:
        qtbot.keyClick(dialog, Qt.Key.Key_Return)
        assert dialog.wizard.step == step
    qtbot.keyClick(dialog, Qt.Key.Key_Left, Qt.KeyboardModifier.AltModifier)
    assert dialog.wizard.step == STEPS[-2]


@pytest.mark.parametrize("page", STEPS)
def test_no_page_is_wider_than_the_window_and_foot_and_steps_stay(
    page: str, dialog: TrainingDialog, faulty: Path, qtbot: QtBot
) -> None:
    looked(qtbot, dialog, faulty)
    dialog.resize(900, 600)
    for step in STEPS:
        dialog.wizard.go(step)
        if step == page:
            break
    assert dialog.wizard.step == page
    shown = dialog.pages[dialog.wizard.step]
    qtbot.waitUntil(lambda: shown.horizontalScrollBar().maximum() == 0)
    assert dialog.width() <= 900
    assert dialog.height() <= 600
    assert shown.widget().minimumSizeHint().width() <= shown.viewport().width()


def test_cards_grow_with_their_words_and_skip_what_cannot_be_chosen(qtbot: QtBot) -> None:
    cards = Cards("Choice")
    qtbot.addWidget(cards)
    cards.resize(300, 200)
    cards.show()
    chosen: list[str] = []
    cards.chosen.connect(chosen.append)
    rows = [Card("a", "First"), Card("b", "Second", "No.", enabled=False), Card("c", "Third")]
    cards.show_cards(rows, "a")
    low = cards.height()
    assert chosen == []
    cards.setFocus()
    qtbot.keyClick(cards, Qt.Key.Key_Down)
    assert chosen == ["c"]
    cards.show_cards([*rows[:2], Card("c", "Third", 40 * "words and ")], "c")
    assert cards.height() > low + 60
    assert cards.key == "c"
    tall = cards.height()
    cards.resize(600, 200)
    qtbot.waitUntil(lambda: cards.height() < tall)
    assert not cards.grab().isNull()


def test_values_of_settings_are_checked(dialog: TrainingDialog, qtbot: QtBot) -> None:
    settled(qtbot, dialog)
    settings = {
        (entry.id, s.name): s for entry in dialog.plan.catalog.values() for s in entry.settings
    }
    for setting in settings.values():
        assert allowed(setting, setting.default)
        assert not allowed(setting, None)
        assert not allowed(setting, [])
        if setting.type in ("int", "float"):
            assert not allowed(setting, True)
            assert setting.least is None or not allowed(setting, setting.least - 1)
        if setting.options:
            assert not allowed(setting, "nonsense")
    assert np.unique([s.type for s in settings.values()]).tolist() == [
        "bool",
        "float",
        "int",
        "str",
    ]


# From a model that there is ----------------------------------------------------------------------


def model(home: Path, recipe: str, settings: dict[str, object], weights: bool = True) -> Path:
    """A model's folder, as far as a training that starts from it looks into it."""
    folder = home / "lakes"
    folder.mkdir(parents=True)
    about = {"title": "Lakes", "recipe": recipe, "settings": settings, "data": "my lakes"}
    (folder / "model.json").write_text(json.dumps(about))
    if weights:
        save_file({"a": np.zeros(2, np.float32)}, folder / "weights.safetensors")
    return folder


def test_a_training_starts_from_a_model_by_its_settings(
    dialog: TrainingDialog,
    vistas: Path,
    tmp_path: Path,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settled(qtbot, dialog)
    recipe = next(e for e in dialog.plan.catalog.values() if e.kind == "layout" and e.usual)
    own = {"width": 20, "steps": 7, "size": 128, "batch": "many", "gone": 1}
    folder = model(tmp_path / "run", recipe.id, own)
    dialog.choose_base(folder)
    looked(qtbot, dialog, vistas)
    assert dialog.plan.recipe == recipe
    assert dialog.plan.base == folder
    assert dialog.plan.based == {"width": 20, "size": 128}  # what is allowed, and steps its own
    go(qtbot, dialog, "What it learns")
    cards = named(dialog, Cards, "Where it starts")
    assert cards.currentItem().text() == "Lakes"
    say_terms(qtbot, dialog)
    assert "starting from Lakes" in dialog.naming.summary.text()
    order = dialog.plan.order()
    assert order.base == str(folder)
    assert (order.settings["width"], order.settings["size"]) == (20, 128)
    go(qtbot, dialog, "What it learns")
    pick(qtbot, dialog, "Where it starts", "From scratch")
    assert dialog.plan.base is None
    assert "width" not in dialog.plan.order().settings
    # The same once more brings the model with it.
    dialog.take(order)
    settled(qtbot, dialog)
    assert dialog.plan.base == folder
    assert dialog.plan.values["width"] == 20


def test_a_model_that_cannot_be_started_from_is_greyed_with_its_reason(
    dialog: TrainingDialog,
    vistas: Path,
    tmp_path: Path,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settled(qtbot, dialog)
    recipe = next(e for e in dialog.plan.catalog.values() if e.kind == "layout" and e.usual)
    folder = model(tmp_path / "models", recipe.id, {}, weights=False)
    (tmp_path / "models" / "broken").mkdir()
    (tmp_path / "models" / "broken" / "model.json").write_text("{")
    monkeypatch.setattr(
        "studio.models.bases.installed", lambda: [folder, tmp_path / "models" / "broken"]
    )
    dialog.choose_base(folder)
    looked(qtbot, dialog, vistas)
    go(qtbot, dialog, "What it learns")
    cards = named(dialog, Cards, "Where it starts")
    shown = [cards.item(row).data(Qt.ItemDataRole.UserRole) for row in range(cards.count())]
    assert [(card.title, card.enabled) for card in shown] == [
        ("From scratch", True),
        ("Lakes", False),
    ]
    assert "does not carry the weights" in shown[1].text
    assert "Lakes: It does not carry" in dialog.learning.refused.text()
    assert dialog.plan.base is None


def test_pictures_of_another_kind_do_not_do_for_a_model(
    dialog: TrainingDialog, tmp_path: Path, qtbot: QtBot
) -> None:
    settled(qtbot, dialog)
    recipe = next(e for e in dialog.plan.catalog.values() if e.kind == "layout" and e.usual)
    dialog.choose_base(model(tmp_path / "run", recipe.id, {}))
    photos(tmp_path / "mine", 3)
    looked(qtbot, dialog, tmp_path / "mine")
    assert dialog.plan.base is None
    assert dialog.plan.base_reason == "Lakes learns from pictures of another kind."
    dialog.choose_base(tmp_path / "none")
    assert dialog.plan.base_reason.endswith("cannot be read.")


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
