"""The wizard as a whole: its pages, name and terms, and what is started from it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QComboBox,
    QDoubleSpinBox,
    QLineEdit,
    QSpinBox,
    QTableWidget,
)
from pytestqt.qtbot import QtBot

from engines import waiting
from engines.data.mends import Mends, Split
from engines.orders import Order
from studio.lanes.work import WorkLane
from studio.models import terms
from studio.models.suited import allowed
from studio.models.terms import Terms
from studio.models.training import Training
from studio.models.wizard import STEPS
from studio.views.training import TrainingDialog
from studio.views.wizard.cards import Card, Cards
from tests.running import click
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

pytestmark = pytest.mark.usefixtures("foretold")


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
