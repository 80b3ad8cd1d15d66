"""Hands for the wizard of trainings: they drop, click and type on what is visible and enabled."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QSettings, Qt
from PySide6.QtWidgets import QComboBox, QLineEdit, QSpinBox, QWidget
from pytestqt.qtbot import QtBot

from engines.catalog import RecipeEntry
from studio.lanes.work import WorkLane
from studio.models import forecast as forecasting
from studio.models.training import Training
from studio.views.training import TrainingDialog
from studio.views.wizard.cards import Cards
from tests.running import click, drop, named

PAGES = ("Pictures", "What is in them", "What it learns", "How thoroughly", "Name and terms")
ANSWER = {
    "needs": 3_000_000_000,
    "has": 2_000_000_000,
    "device": "cpu",
    "advice": "Halve the size.",
    "parts": {"networks": 1_000_000_000, "step": 2_000_000_000},
}


@pytest.fixture
def foretold(qapp: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the forecast says is its own test's; elsewhere nobody waits for torch."""
    QSettings().clear()
    monkeypatch.setattr(forecasting, "COMMAND", ("-c", f"print('''{json.dumps(ANSWER)}''')"))


@pytest.fixture
def dialog(foretold: None, training: Training, work: WorkLane, qtbot: QtBot) -> TrainingDialog:
    """An open wizard."""
    widget = TrainingDialog(training, work)
    qtbot.addWidget(widget)
    widget.show()
    return widget


@pytest.fixture
def faulty(vistas: Path, tmp_path: Path) -> Path:
    """A folder with a photo without layout, one that is none, and two layouts of half the size."""
    folder = tmp_path / "set"
    shutil.copytree(vistas, folder)
    pictures = sorted((folder / "photos").iterdir())
    (folder / "layouts" / f"{pictures[0].stem}.png").unlink()
    pictures[1].write_bytes(b"no picture")
    for picture in pictures[2:4]:
        path = folder / "layouts" / f"{picture.stem}.png"
        with Image.open(path) as image:
            small = image.resize((32, 32), Image.Resampling.NEAREST)
        small.save(path)
    return folder


def looked(qtbot: QtBot, dialog: TrainingDialog, folder: Path) -> None:
    """Drop a folder and wait until it was looked through."""
    drop(dialog, folder)
    settled(qtbot, dialog)


def settled(qtbot: QtBot, dialog: TrainingDialog) -> None:
    """Until nothing is being looked for, and the recipes are known."""
    plan = dialog.plan
    qtbot.waitUntil(
        lambda: bool(plan.catalog or plan.trouble) and not plan.scanning and plan.data.exact,
        timeout=120_000,  # The recipes may be read anew, by a child with torch.
    )


def go(qtbot: QtBot, dialog: TrainingDialog, page: str) -> None:
    """Go to a page by Back and Next."""
    wanted = PAGES.index(page)
    while (at := dialog.steps.currentRow()) != wanted:
        click(qtbot, dialog, "Next" if at < wanted else "Back")
        assert dialog.steps.currentRow() != at, dialog.reason.text()


def pick(qtbot: QtBot, dialog: QWidget, cards: str, title: str) -> None:
    """Choose a card by keys."""
    view: Cards = named(dialog, Cards, cards)
    view.setFocus()
    qtbot.keyClick(view, Qt.Key.Key_Home)
    for _ in range(view.count()):
        if view.item(view.currentRow()).text() == title:
            return
        qtbot.keyClick(view, Qt.Key.Key_Down)
    pytest.fail(f"{cards} has no {title}")


def select(qtbot: QtBot, dialog: QWidget, name: str, text: str) -> None:
    """Choose an entry of a box by keys, as an artist does: with `activated`."""
    box: QComboBox = named(dialog, QComboBox, name)
    box.setFocus()
    wanted = [box.itemText(row) for row in range(box.count())].index(text)
    for _ in range(box.count()):
        at = box.currentIndex()
        if at == wanted:
            return
        qtbot.keyClick(box, Qt.Key.Key_Down if at < wanted else Qt.Key.Key_Up)
    pytest.fail(f"{name} has no {text}")


def write(qtbot: QtBot, dialog: QWidget, name: str, text: str) -> None:
    """Type into a field, in place of what is there."""
    field: Any = named(dialog, QWidget, name)
    assert isinstance(field, QLineEdit | QSpinBox)
    field.setFocus()
    field.selectAll()
    qtbot.keyClick(field, Qt.Key.Key_Delete)
    qtbot.keyClicks(field, text)


def say_terms(qtbot: QtBot, dialog: TrainingDialog) -> None:
    """Go to the last page and say that the pictures are one's own."""
    go(qtbot, dialog, "Name and terms")
    select(qtbot, dialog, "Terms of the pictures", "I made them myself")


def painting(dialog: TrainingDialog) -> RecipeEntry:
    """What makes pictures from layouts."""
    return next(entry for entry in dialog.plan.recipes if entry.kind == "layout" and entry.usual)


def photos(folder: Path, count: int) -> None:
    """So many pictures of noise."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(count + len(folder.name))
    for number in range(count):
        pixels = rng.integers(0, 256, (64, 64, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{number}.png")
