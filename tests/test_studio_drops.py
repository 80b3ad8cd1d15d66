"""Odd files, dropped and opened: handled or refused in one sentence, and nothing is lost."""

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication

from engines.runtime.convert.finding import FILMS
from studio.document.layers import Kind, find
from studio.views.training import TrainingDialog
from studio.views.window import Window
from tests import oddities, oddities_more
from tests.journey import Traveller

pytestmark = [
    pytest.mark.timeout(240),
    # The program ignores what Pillow finds untidy; tests would make errors of it.
    pytest.mark.filterwarnings("ignore::UserWarning:PIL"),
]
LAYOUTS = ("all clear.png",)  # of no colour but those of classes, and unpainted where it is clear


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return oddities.make(tmp_path_factory.mktemp("good"), oddities.PICTURES)


@pytest.fixture(scope="module")
def refused(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return oddities.make(tmp_path_factory.mktemp("bad"), oddities.REFUSED)


@pytest.fixture
def hands(window: Window) -> Iterator[Traveller]:
    """A studio in which something is painted already."""
    studio = window.studio
    hands = Traveller(window)
    studio.start()
    hands.wait(lambda: studio.session.bundle is not None, "the model")
    hands.click("Mountain")
    hands.stroke((0.2, 0.3), (0.6, 0.4))
    hands.rest()
    yield hands
    hands.leave()


class Before:
    """What was painted before, to be found again."""

    def __init__(self, hands: Traveller) -> None:
        hands.hush()
        session = hands.window.studio.session
        self.hands, self.history = hands, session.history
        self.ids, self.scene = session.document.ids.copy(), session.scene
        self.done = list(session.history.done)
        self.width = hands.window.width()

    def still(self) -> bool:
        """Whether the same document is open, with all that was done to it."""
        session = self.hands.window.studio.session
        same = session.history is self.history and session.history.done == self.done
        return (
            same and session.scene == self.scene and np.array_equal(session.document.ids, self.ids)
        )


def sentence(hands: Traveller) -> str:
    """The sentence shown; it is one, and pushes nothing out of its place."""
    notice = hands.window.notice
    assert notice.isVisible(), "nothing was said"
    said = notice.text.text().replace("\u200b", "")
    assert said.strip(), "an empty sentence"
    assert "Traceback" not in said, said
    assert "\n" not in said, said
    assert len(said) < 500, said
    assert notice.minimumSizeHint().width() < 700, said
    return said


def refuses(hands: Traveller, before: Before, name: str) -> None:
    hands.wait(lambda: not hands.window.studio.work.jobs, name)
    QApplication.processEvents()
    said = sentence(hands)
    assert hands.window.notice.property("kind") == "warning", said
    assert said.endswith("."), said
    assert before.still(), f"{name!r} changed what was painted"
    assert "should not have" not in said, said
    assert hands.window.width() == before.width


@pytest.mark.parametrize("place", ["Style picture", "Photo to trace", "Picture"])
def test_odd_pictures_are_taken(hands: Traveller, pictures: list[Path], place: str) -> None:
    session = hands.window.studio.session
    for path in pictures:
        before = Before(hands)
        hands.drop(place, path)
        style = place in ("Style picture", "Picture")
        scene = session.scene
        taken = scene.values.get("photo") if style else scene.underlay
        assert taken is not None, (path.name, hands.window.notice.text.text())
        assert taken.name == path.name
        assert taken.pixels.dtype == np.uint8
        assert np.array_equal(session.document.ids, before.ids)
        hands.keys("Ctrl+Z", hands.canvas())
        assert session.scene == before.scene, path.name
    hands.rest()
    assert hands.window.studio.live.picture is not None


@pytest.mark.parametrize("place", ["Style picture", "Photo to trace", "Picture", "Layout"])
def test_what_is_no_picture_is_refused_in_one_sentence(
    hands: Traveller, refused: list[Path], place: str
) -> None:
    wrong = []
    for path in refused:
        if place in ("Picture", "Layout") and path.suffix in FILMS:
            continue  # What is called a video asks how to convert it.
        before = Before(hands)
        hands.drop(place, path)
        try:
            refuses(hands, before, path.name)
        except AssertionError as error:  # All that are wrong are listed.
            wrong.append((path.name, str(error)))
            before = Before(hands)
    assert not wrong, "\n".join(f"{name}: {said}" for name, said in wrong)
    hands.rest()
    assert hands.window.studio.live.picture is not None


@pytest.mark.parametrize("place", ["Picture", "Layout"])
def test_a_video_asks_how_to_convert_it(hands: Traveller, refused: list[Path], place: str) -> None:
    film = next(path for path in refused if path.suffix == ".mp4")
    before, converting = Before(hands), hands.window.converting
    hands.drop(place, film)
    hands.wait(lambda: converting.dialog is not None, "the question")
    assert converting.dialog is not None
    assert converting.dialog.isVisible()
    converting.dialog.close()
    hands.wait(lambda: converting.dialog is None, "its end")
    assert before.still()


SHARES = [
    pytest.param(30, id="some"),
    pytest.param(1, id="all", marks=[pytest.mark.slow, pytest.mark.timeout(3600)]),
]


@pytest.fixture(scope="module")
def more(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Path], list[Path]]:
    """Those made by rule: pictures, and what is none."""
    home = tmp_path_factory.mktemp("more")
    return (
        oddities.make(home / "good", oddities_more.MORE_PICTURES),
        oddities.make(home / "bad", oddities_more.MORE_REFUSED),
    )


@pytest.mark.parametrize("share", SHARES)
@pytest.mark.parametrize("place", ["Style picture", "Photo to trace", "Picture", "Layers"])
def test_every_sort_of_picture_is_taken_by_every_gesture(
    hands: Traveller, more: tuple[list[Path], list[Path]], place: str, share: int
) -> None:
    session, work = hands.window.studio.session, hands.window.studio.work
    wrong = {}
    for path in more[0][::share]:
        before = Before(hands)
        hands.drop(place, path)
        hands.wait(lambda: not work.jobs, path.name)
        QApplication.processEvents()
        if place == "Layers":
            layer = find(session.scene.layers, session.active)
            taken = layer is not None and layer.kind is Kind.PICTURE and layer.name in path.name
        elif place == "Photo to trace":
            taken = session.scene.underlay is not None
        else:
            taken = "photo" in session.scene.values
        if not taken:
            wrong[path.name] = hands.window.notice.text.text()
            continue
        hands.keys("Ctrl+Z", hands.canvas())
        assert session.scene == before.scene, path.name
    assert not wrong
    hands.rest()


@pytest.mark.parametrize("share", SHARES)
@pytest.mark.parametrize(
    "place", ["Style picture", "Photo to trace", "Picture", "Layout", "Layers"]
)
def test_every_sort_of_break_is_refused_by_every_gesture(
    hands: Traveller, more: tuple[list[Path], list[Path]], place: str, share: int
) -> None:
    wrong = {}
    for path in more[1][::share]:
        before = Before(hands)
        hands.drop(place, path)
        try:
            refuses(hands, before, path.name)
        except AssertionError as error:
            wrong[path.name] = str(error)
            before = Before(hands)
    assert not wrong
    hands.rest()


def test_odd_files_are_opened_or_refused_in_one_sentence(
    hands: Traveller, pictures: list[Path], refused: list[Path]
) -> None:
    session, tabs = hands.window.studio.session, hands.window.studio.files.tabs
    first, painted = Before(hands), tabs.now
    for path in refused:
        before = Before(hands)
        hands.name_file("Ctrl+O", path)
        if os.path.exists(path) and not path.is_symlink():
            refuses(hands, before, path.name)
        else:  # The file dialog itself may say that there is none.
            assert before.still(), path.name
        assert tabs.items == [painted], path.name
    # Qt's file dialog takes quotes for the ends of names, so it opens others; drops try those.
    named = [path for path in pictures if '"' not in path.name]
    for number, path in enumerate(named, 1):
        hands.hush()
        hands.name_file("Ctrl+O", path)
        # Each is open beside all others, shown, and lies under a layout of its size.
        assert (len(tabs.items), tabs.index) == (number + 1, number), path.name
        assert tabs.now is not None
        assert tabs.now.history is session.history
        assert tabs.unsaved(tabs.now), path.name
        under, ids = session.scene.underlay, session.document.ids
        assert (ids == 255).all(), path.name
        if path.name in LAYOUTS:
            assert (under, ids.shape) == (None, (40, 50))
            continue
        assert under is not None, (path.name, hands.window.notice.text.text())
        assert under.name == path.name
        assert under.pixels.shape[:2] == ids.shape
    # Nothing was asked: what was painted before is still open, with all that was done to it.
    assert set(hands.seen) == {"Open"}
    hands.keys("Ctrl+Tab", hands.canvas())
    assert tabs.index == 0
    assert first.still()
    hands.rest()


def test_folders_are_looked_through_or_refused(hands: Traveller, tmp_path: Path) -> None:
    for path in oddities.make(tmp_path / "folders", oddities.FOLDERS):
        before = Before(hands)
        for place in ("Style picture", "Photo to trace"):
            hands.hush()
            hands.drop(place, path)
            refuses(hands, before, path.name)
        for place in ("Picture", "Layout"):
            hands.hush()
            hands.drop(place, path)
            hands.rest()
            if path.suffix in (".ora", ".onnx"):
                refuses(hands, before, path.name)
                continue
            dialog = hands.dialog(TrainingDialog)
            hands.rest()
            assert dialog.reason.text() or dialog.start.isEnabled()
            hands.escape(dialog)
            assert before.still()


def test_a_file_that_may_not_be_read_is_refused(hands: Traveller, tmp_path: Path) -> None:
    path = tmp_path / "closed.png"
    oddities.closed(path)
    before = Before(hands)
    hands.drop("Style picture", path)
    if os.access(path, os.R_OK):  # Root reads everything.
        assert "photo" in hands.window.studio.session.scene.values
    else:
        refuses(hands, before, path.name)
