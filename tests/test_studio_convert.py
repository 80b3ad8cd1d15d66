"""Conversions in the studio: asked for by dropping, followed, paused, gone on with after a kill."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QPlainTextEdit, QPushButton
from pytestqt.qtbot import QtBot

from engines.data.pictures import write_picture
from engines.errors import UserError
from engines.request import Request
from engines.runtime.bundle import Bundle
from engines.runtime.convert.hand import lacks
from engines.runtime.convert.job import Job, Plan
from engines.runtime.places import own_models
from studio.document.scene import Picture
from studio.models.convert import Conversions, Round, converts, free_place, terms_of
from studio.views.chooser import ModelDialog
from studio.views.convert import ConvertDialog
from studio.views.window import Window
from tests import converting as c
from tests.running import drop, named

Make = Callable[[], Conversions]


@pytest.fixture
def tinted(own_folders: None) -> Path:
    """A model of styles among the user's own."""
    return c.model(own_models() / "tinted")


@pytest.fixture
def make(tinted: Path, tmp_path: Path, qtbot: QtBot) -> Iterator[Make]:
    """Conversions as each start of the studio has them."""
    with c.studios(tmp_path / "home") as made:
        yield made


def plan(source: Path, out: Path) -> Plan:
    bundle = Bundle.open(own_models() / "tinted")
    look = np.random.default_rng(1).integers(0, 120, (8, 8, 3), np.uint8)
    return Plan("tinted", source, out, Request(bundle.hash, (0, 0), {"manner": look}))


def over(qtbot: QtBot, conversions: Conversions, each: Round) -> None:
    with qtbot.waitSignal(conversions.ended, timeout=60_000) as ended:
        pass
    assert ended.args == [each]


def test_killed_it_is_found_again_and_goes_on(make: Make, tmp_path: Path, qtbot: QtBot) -> None:
    source = tmp_path / "in"
    source.mkdir()
    c.film(source / "film.mp4", c.moving(1200, (96, 128)))
    write_picture(source / "a.png", c.moving(1)[0])
    (source / "broken.png").write_bytes(b"no picture")
    conversions = make()
    each = conversions.start(plan(source, tmp_path / "out"))
    assert each.status == "working"
    qtbot.waitUntil(lambda: each.state.name == "film.mp4", timeout=60_000)
    conversions.pause(each)
    qtbot.waitUntil(lambda: each.status == "paused", timeout=20_000)
    assert each.process is not None
    assert 0 < each.state.share < 1
    process, conversions_before = each.process, each.state
    conversions.close()
    os.kill(process.pid, signal.SIGKILL)
    os.waitpid(process.pid, 0)

    again = make()
    (found,) = again.unfinished
    assert found.job == each.job
    assert found.state.done == conversions_before.done
    again.resume(found)
    over(qtbot, again, found)
    assert found.status == "done"
    assert (found.state.done, found.state.failed) == (2, 1)
    assert len(c.shown(tmp_path / "out" / "film.mp4")) == 1200
    (fault,) = again.faults(found)
    assert fault.startswith("broken.png is not a picture")
    again.close()
    assert make().rounds == []  # What is done is not kept in mind.


def test_cancelled_it_keeps_what_is_finished(make: Make, tmp_path: Path, qtbot: QtBot) -> None:
    source = tmp_path / "in"
    source.mkdir()
    write_picture(source / "a.png", c.moving(1)[0])
    c.film(source / "film.mp4", c.moving(1200, (96, 128)))
    conversions = make()
    each = conversions.start(plan(source, tmp_path / "out"))
    qtbot.waitUntil(lambda: each.state.name == "film.mp4", timeout=60_000)
    conversions.touch()
    assert each.job.run.leased()
    conversions.cancel(each)
    qtbot.waitUntil(lambda: conversions.rounds == [], timeout=20_000)
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["a.png"]
    conversions.close()
    assert make().rounds == []


def test_what_cannot_be_begun_is_a_sentence(make: Make, tmp_path: Path) -> None:
    conversions = make()
    with pytest.raises(UserError, match="no file or folder"):
        conversions.start(plan(tmp_path / "none", tmp_path / "out"))
    assert conversions.rounds == []
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "conversions.json").write_text('["/nowhere", 7, null')
    assert make().rounds == []


def test_a_model_says_what_it_can_be_told(tinted: Path) -> None:
    bundle = Bundle.open(tinted)
    terms = terms_of(bundle)
    assert terms.manner == c.MANNER
    assert terms.settings == (c.STRENGTH,)
    assert terms.films
    assert lacks(bundle, {}) == terms.manner
    for name in ("manner", "style"):
        assert lacks(bundle, {name: 1}) is None


def test_results_have_a_place_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    assert free_place(tmp_path / "in") == tmp_path / "in converted"
    (tmp_path / "in converted").mkdir()
    assert free_place(tmp_path / "in") == tmp_path / "in converted 2"
    assert free_place(tmp_path / "a.mp4").name == "a converted"
    assert converts(tmp_path)
    assert converts(tmp_path / "A.MP4")
    assert not converts(tmp_path / "a.onnx")


# In the window -----------------------------------------------------------------------------------


def shown(window: Window) -> ConvertDialog:
    dialog = window.converting.dialog
    assert dialog is not None
    assert dialog.isVisible()
    return dialog


def press(qtbot: QtBot, dialog: ConvertDialog, text: str) -> None:
    (button,) = [b for b in dialog.findChildren(QPushButton) if b.text() == text and b.isVisible()]
    assert button.isEnabled()
    assert button.toolTip()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def test_a_folder_on_a_model_converts_it_all(
    window: Window, tinted: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    source, studio = tmp_path / "photos", window.studio
    source.mkdir()
    write_picture(source / "a.png", c.moving(1)[0])
    (source / "broken.png").write_bytes(b"no picture")
    studio.library.look()
    entry = studio.library.find("tinted")
    assert entry is not None
    studio.session.choose(entry)
    qtbot.waitUntil(lambda: studio.session.bundle is not None, timeout=20_000)

    drop(window.model_button, source)
    dialog = shown(window)
    qtbot.waitUntil(lambda: dialog.asking.bundle is not None, timeout=20_000)
    assert dialog.asking.source.text() == str(source)
    assert dialog.asking.out.text() == str(tmp_path / "photos converted")
    press(qtbot, dialog, "Convert")
    assert "needs a picture" in dialog.asking.told.text()
    assert not (tmp_path / "photos converted").exists()
    well = named(dialog, type(dialog.asking._wells[0].well), "Style picture")  # type: ignore[attr-defined]
    well.given.emit(Picture(np.full((8, 8, 3), 40, np.uint8)))
    press(qtbot, dialog, "Convert")
    each = dialog.round
    assert each is not None
    over(qtbot, studio.conversions, each)
    assert "1 of 2 are in" in dialog.going.told.text()
    assert (
        "broken.png" in named(dialog, QPlainTextEdit, "What could not be converted").toPlainText()
    )
    assert (tmp_path / "photos converted" / "a.png").is_file()
    dialog.close()
    qtbot.waitUntil(lambda: window.converting.dialog is None)


def test_the_models_take_folders_too(
    window: Window, tinted: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    window.studio.library.look()
    models = ModelDialog(window.studio.session, window)
    qtbot.addWidget(models)
    asked: list[tuple[object, object]] = []
    models.convert_asked.connect(lambda path, entry: asked.append((path, entry.name)))
    models.show()
    row = [e.name for e in window.studio.library.entries].index("tinted")
    place = models.list.visualItemRect(models.list.item(row)).center()
    point = models.list.viewport().mapTo(models, place)
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(tmp_path))])
    buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    copy = Qt.DropAction.CopyAction
    QApplication.sendEvent(models, QDragEnterEvent(point, copy, data, buttons, keys))
    QApplication.sendEvent(models, QDropEvent(QPointF(point), copy, data, buttons, keys))
    assert asked == [(tmp_path, "tinted")]
    assert not models.isVisible()


def test_what_was_broken_off_is_offered(
    window: Window, tinted: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    write_picture(tmp_path / "a.png", c.moving(1)[0])
    job = Job.make(plan(tmp_path / "a.png", tmp_path / "out"))
    conversions = window.studio.conversions
    conversions.rounds.append(Round(job, tmp_path / "a.png", tmp_path / "out", job.state))
    window.converting.offer()
    dialog = shown(window)
    assert "broken off" in dialog.going.told.text()
    press(qtbot, dialog, "Cancel")
    assert conversions.rounds == []
    assert not job.home.exists()
    qtbot.waitUntil(lambda: window.converting.dialog is None)
    window.actions_["convert"].trigger()
    dialog = shown(window)
    assert dialog.round is None
    assert dialog.asking.source.isVisible()
    dialog.close()
    qtbot.waitUntil(lambda: window.converting.dialog is None)
