"""The wizard's pages of what is learnt: recipes, settings, memory, models to start from."""

import json
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDoubleSpinBox,
    QSpinBox,
    QWidget,
)
from pytestqt.qtbot import QtBot
from safetensors.numpy import save_file

from studio.models import forecast as forecasting
from studio.models.forecast import read_need
from studio.views.training import TrainingDialog
from studio.views.wizard.cards import Cards
from tests.running import click, named
from tests.wizarding import dialog as dialog
from tests.wizarding import faulty as faulty
from tests.wizarding import foretold as foretold
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

pytestmark = pytest.mark.usefixtures("foretold")


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
    # Pairs can be made of any pictures; layouts, attributes and a second sort cannot.
    catalog = dialog.plan.catalog
    assert {catalog[card.key].kind for card in shown if card.enabled} == {"paired"}
    needing = [card for card in shown if not card.enabled]
    assert needing
    assert all(card.text.startswith("It needs ") for card in needing)


def test_a_folder_is_taken_for_what_it_could_teach_besides(
    dialog: TrainingDialog, tmp_path: Path, qtbot: QtBot
) -> None:
    for name, count in (("Kunst", 9), ("Sommer", 12)):
        photos(tmp_path / "both" / name, count)
    looked(qtbot, dialog, tmp_path / "both")
    assert dialog.plan.data.kind == "labelled"
    go(qtbot, dialog, "What it learns")
    click(qtbot, dialog, "What other pictures could teach")
    cards = named(dialog, Cards, "For other pictures")
    shown = [cards.item(row).data(Qt.ItemDataRole.UserRole) for row in range(cards.count())]
    enabled = [card.enabled for card in shown]
    assert enabled == sorted(enabled, reverse=True)  # What can be chosen comes first.
    kinds = [dialog.plan.catalog[card.key].kind for card in shown if card.enabled]
    assert set(kinds) == {"unpaired", "paired"}
    wanted = shown[kinds.index("unpaired")]
    pick(qtbot, dialog, "For other pictures", wanted.title)
    settled(qtbot, dialog)
    assert dialog.plan.recipe is not None
    assert dialog.plan.recipe.id == wanted.key
    assert dialog.plan.data.kind == "unpaired"
    assert dialog.wizard.step == "learning"  # It comes back to where the artist was.


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
