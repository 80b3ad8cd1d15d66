"""Painting slowly in the studio: what is painted, how it goes and ends, what is kept of it."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication, QComboBox, QLabel, QPushButton
from pytestqt.qtbot import QtBot

from engines.data.pictures import Pixels
from engines.slowly import Task
from studio.document.document import Document
from studio.document.layers import Kind, find
from studio.document.scene import Picture
from studio.lanes import slowly as lane
from studio.models.slowstyle import Settings, SlowStyle, Source
from studio.models.studio import Studio
from studio.views import dialogs
from studio.views.slowly import SlowStatus, show_slow
from studio.views.slowstyle import SlowWindow
from studio.views.window import Window
from tests import slow_double
from tests.hands import Hands

SIZE = (80, 120)
RNG = np.random.default_rng(4)
STYLE = Picture(np.full((40, 40, 3), (200, 40, 90), np.uint8), "Red")


def noise(*size: int) -> Pixels:
    return RNG.integers(0, 256, size, np.uint8)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lane, "COMMAND", slow_double.COMMAND)


@pytest.fixture
def studio(qtbot: QtBot, own_folders: None) -> Iterator[Studio]:
    """A studio with a blank page and no model."""
    studio = Studio("cpu")
    studio.session.show(Document.blank(SIZE))
    yield studio
    studio.close(forget=True)
    studio.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture
def slow(studio: Studio) -> SlowStyle:
    """Its slow painting, with a style and a picture of 50 x 60 that was dropped."""
    studio.slow.take_style(STYLE)
    studio.slow.take(Source.DROPPED, Picture(noise(50, 60, 3), "dropped"))
    studio.slow.set(Settings(steps=12))
    return studio.slow


def over(qtbot: QtBot, slow: SlowStyle) -> None:
    with qtbot.waitSignal(slow.ended, timeout=60_000):
        pass


def made(content: Pixels, share: float = 1.0) -> Pixels:
    return slow_double.faded(Task(content, STYLE.pixels), share)


# The model ----------------------------------------------------------------------------------------


def test_it_is_painted_seen_on_the_way_and_kept_as_a_layer(
    studio: Studio, slow: SlowStyle, qtbot: QtBot
) -> None:
    states: list[str] = []
    slow.changed.connect(lambda: states.append(slow.state))
    slow.start()
    assert slow.running
    over(qtbot, slow)
    assert list(dict.fromkeys(states)) == ["starting", "painting", "done"]
    assert (slow.progress.done, slow.progress.steps) == (12, 12)
    assert slow.dropped is not None
    assert slow.picture is not None
    assert np.array_equal(slow.picture, made(slow.dropped.pixels))
    assert not slow.kept
    before = studio.session.scene
    slow.keep()
    assert slow.kept
    layer = find(studio.session.scene.layers, studio.session.active)
    assert layer is not None
    assert (layer.kind, layer.name) == (Kind.PICTURE, "Painted as Red")
    plane = studio.session.document.plane(layer.id)
    # As large as it fits, in the middle: 80 x 96 of 80 x 120.
    assert (plane[:, 12:108, 3] == 255).all()
    assert not plane[:, :12].any()
    assert np.abs(plane[:, 12:108, :3].astype(int) - (200, 40, 90)).max() == 0
    studio.session.undo()
    assert studio.session.scene == before


def test_a_layer_is_painted_where_it_lies_with_its_edges(
    studio: Studio, slow: SlowStyle, qtbot: QtBot
) -> None:
    plane = np.zeros((*SIZE, 4), np.uint8)
    plane[20:70, 30:110] = noise(50, 80, 4)
    plane[20:70, 30:110, 3] |= 1
    studio.layering.add_picture(plane, "Figure", "Add")
    slow.settle()
    assert slow.source is Source.DROPPED  # What was dropped is meant.
    slow.take(Source.LAYER)
    slow.start()
    over(qtbot, slow)
    slow.keep()
    kept = studio.session.document.plane(studio.session.active)
    assert np.array_equal(kept[..., 3], plane[..., 3])
    inside = kept[20:70, 30:110, :3].astype(int)
    assert np.abs(inside - (200, 40, 90)).max() == 0
    studio.session.show(Document.blank((40, 40)))  # Meanwhile another document was opened.
    slow.keep()
    assert studio.session.document.plane(studio.session.active)[10:30, ..., 3].any()


def test_what_there_is_is_chosen_and_what_is_not_is_said(studio: Studio) -> None:
    slow = studio.slow
    slow.settle()
    assert slow.source is Source.DROPPED
    said = {source: slow.why_not(slow.taken(source)) for source in Source}
    for source in Source:
        slow.take(source)
        assert slow.taken(source) is None
        said[source] = slow.why_not(None)
    assert len(set(said.values())) == 5
    assert all(text.endswith(".") for text in said.values())
    studio.layering.add_picture(noise(40, 40, 3), "Photo", "Add")
    slow.settle()
    assert slow.source is Source.LAYER
    assert "Choose a style" in slow.why_not(slow.taken(Source.LAYER))
    troubles: list[str] = []
    slow.problem.connect(troubles.append)
    slow.start()
    slow.keep()
    slow.take_style(Picture(noise(400, 10, 3), "thin"))
    slow.start()
    assert not slow.running
    assert [text.split(";")[0] for text in troubles] == [
        "Choose a style: drop a picture there, or take one of the bundled.",
        "There is nothing to keep yet",
        "The style has only 10 x 400 pixels, and 32 a side are needed",
    ]


def test_pausing_resting_and_stopping(studio: Studio, slow: SlowStyle, qtbot: QtBot) -> None:
    slow.set(Settings(steps=5000))
    slow.start()
    slow.pause()
    assert slow.pausing
    qtbot.waitUntil(lambda: slow.state == "paused", timeout=60_000)
    held = slow.progress.done
    slow.resume()
    assert not slow.pausing
    qtbot.waitUntil(lambda: slow.progress.done > held + 2, timeout=60_000)

    def resting() -> bool:
        studio.tools.pen.emit(True)
        return slow.state == "resting"

    qtbot.waitUntil(resting, timeout=60_000)
    qtbot.waitUntil(lambda: slow.state == "painting", timeout=60_000)
    slow.rendering = lambda: True  # An artist waits for a picture.
    qtbot.waitUntil(lambda: slow.state == "resting", timeout=60_000)
    assert slow.painter._process is not None
    number = slow.painter._process.processId()
    slow.stop()
    assert (slow.state, slow.painter.alive) == ("ended", False)
    with pytest.raises(ProcessLookupError):
        os.kill(number, 0)
    assert slow.picture is not None
    assert not slow.kept
    slow.keep()
    assert slow.kept


@pytest.mark.parametrize(
    ("width", "said"),
    [
        (slow_double.REFUSED, "There is no paint left; buy some."),
        (slow_double.KILLED, "ended from outside; there may not have been enough memory"),
        (slow_double.BROKEN, "went wrong; the log has the details"),
        (slow_double.WORDLESS, "went wrong; the log has the details"),
    ],
)
def test_what_fails_says_so_and_keeps_what_there_was(
    slow: SlowStyle, qtbot: QtBot, width: int, said: str
) -> None:
    content = noise(40, width, 3)
    slow.take(Source.DROPPED, Picture(content, "x"))
    slow.start()
    over(qtbot, slow)
    assert slow.state == "failed"
    assert said in slow.sentence
    assert "Traceback" not in slow.sentence
    assert slow.picture is not None
    slow.take(Source.DROPPED, Picture(noise(40, 45, 3), "y"))
    slow.start()  # Another try is not hurt by it.
    over(qtbot, slow)
    assert slow.state == "done"


def test_nonsense_and_a_missing_program_are_told(
    slow: SlowStyle, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lane, "COMMAND", ("-c", "print('Traceback, as it were')"))
    slow.start()
    over(qtbot, slow)
    assert slow.sentence.startswith("Painting slowly went wrong")
    monkeypatch.setattr(lane, "COMMAND", ("-c", ""))
    slow.start()
    over(qtbot, slow)
    assert slow.sentence.startswith("The painting ended before it was done")
    monkeypatch.setattr(lane.sys, "executable", "/nowhere/python")
    slow.start()
    qtbot.waitUntil(lambda: slow.state == "failed", timeout=60_000)
    assert "could not be started" in slow.sentence


# The window ---------------------------------------------------------------------------------------


def press(hands: Hands, window: SlowWindow, text: str) -> None:
    """Click the button that says this."""
    found = [b for b in window.findChildren(QPushButton) if b.text() == text and b.isVisible()]
    assert len(found) == 1, text
    assert found[0].isEnabled(), text
    found[0].click()


def told(window: SlowWindow) -> str:
    (label,) = (
        w for w in window.findChildren(QLabel) if w.accessibleName() == "State of the painting"
    )
    return label.text()


def test_a_journey_from_the_shelf_to_a_layer(
    hands: Hands, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window, slow = hands.window, hands.window.studio.slow
    hands.menu("View", "Docks", "Styles")
    hands.wait(lambda: window.studio.shelf.items, "the styles")
    hands.find("Styles").setCurrentIndex(window.shelves.styles.model.index(3))  # type: ignore[attr-defined]
    hands.click("Paint slowly in this style …")
    hands.rest_eyes()
    shown = window.findChild(SlowWindow)
    assert shown is not None
    chosen = window.shelves.styles.chosen()
    assert chosen is not None
    assert slow.style is not None
    assert slow.style.name == chosen.name
    sources = hands.find("What is painted", QComboBox)
    assert isinstance(sources, QComboBox)
    assert sources.currentText() == "The model's picture"
    model_picture = shown.pane.image
    Image.fromarray(noise(60, 90, 3)).save(tmp_path / "photo.png")
    hands.drop("The painting", tmp_path / "photo.png")
    assert sources.currentText() == "A dropped picture"
    assert shown.pane.image != model_picture
    slow.set(Settings(steps=60))
    assert not window.findChild(SlowStatus).isVisible()
    press(hands, shown, "Paint")
    press(hands, shown, "Pause")
    hands.wait(lambda: told(shown).endswith("paused"), "the pause")
    assert not sources.isEnabled()
    assert window.findChild(SlowStatus).isVisible()
    press(hands, shown, "Go on")
    hands.wait(lambda: told(shown) == "Painted in 60 steps.", "the painting")
    assert not window.findChild(SlowStatus).isVisible()
    hands.click("Compare with what it began as")
    assert shown.pane.other is not None

    asked: list[str] = []

    def answer(parent: object, question: str, consequence: str, verb: str) -> bool:
        asked.append(question)
        return False

    monkeypatch.setattr(dialogs, "ask_sure", answer)
    press(hands, shown, "Paint anew")
    assert asked == ["Paint anew?"]
    assert not slow.running
    assert not window.close()  # Neither is it lost without a word.
    assert asked[1:] == ["A slow painting is not kept."]
    depth = len(window.studio.session.history.done)
    press(hands, shown, "Keep as layer")
    assert len(window.studio.session.history.done) == depth + 1
    assert slow.kept
    hands.keys("Ctrl+Z", shown)
    assert len(window.studio.session.history.done) == depth


def test_it_goes_on_and_tells_when_its_window_is_closed(
    window: Window, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = window.studio.slow
    show_slow(window, STYLE)
    slow.take(Source.DROPPED, Picture(noise(40, 48, 3), "x"))
    slow.set(Settings(steps=100))
    slow.start()
    shown = window.findChild(SlowWindow)
    assert shown is not None
    shown.close()
    show_slow(window, Picture(noise(40, 40, 3), "other"))
    assert slow.style is STYLE  # Not while it is painted with.
    assert "Stop this painting first" in shown.notice.text.text()
    shown.close()
    over(qtbot, slow)
    assert "The slow painting is done" in window.notice.text.text()
    slow.take(Source.DROPPED, Picture(noise(40, slow_double.KILLED, 3), "x"))
    slow.kept = True
    slow.start()
    assert slow.painter._process is not None
    os.kill(slow.painter._process.processId(), signal.SIGKILL)
    over(qtbot, slow)
    assert "ended from outside" in window.notice.text.text()
