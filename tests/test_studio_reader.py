"""Reading off the window's thread: what takes long is waited for by nobody."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from engines.errors import UserError
from studio.lanes import reader as lane
from studio.lanes.reader import Reader
from studio.models import opening, pictures
from studio.views import coloured
from studio.views.window import Window
from tests.hands import Hands

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def reader(qtbot: QtBot) -> Reader:
    return Reader()


class Slow:
    """Something to read that takes until it is let go."""

    def __init__(self, found: object) -> None:
        self.found, self.gate = found, threading.Event()
        self.thread: threading.Thread | None = None

    def __call__(self) -> object:
        self.thread = threading.current_thread()
        assert self.gate.wait(8)
        return self.found


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lane, "PATIENCE", 0.01)


def test_what_is_quick_comes_at_once(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lane, "PATIENCE", 60)
    found: list[object] = []
    reader.waits.connect(found.append)
    reader.read(lambda: 5, found.append, "five")
    assert found == [5]
    assert not reader.busy


def test_what_is_slow_comes_later_and_in_order(reader: Reader, qtbot: QtBot) -> None:
    first, second = Slow(1), Slow(2)
    found: list[object] = []
    waits: list[str] = []
    reader.waits.connect(waits.append)
    for slow, name in ((first, "one"), (second, "two")):
        reader.read(slow, found.append, name)
    assert (found, waits, reader.busy) == ([], ["one", "two"], True)
    second.gate.set()
    assert second.thread is not None
    second.thread.join()
    qtbot.wait(3 * lane.LOOK_MS)
    assert found == []
    first.gate.set()
    qtbot.waitUntil(lambda: not reader.busy)
    assert (found, waits[-1]) == ([1, 2], "")
    assert threading.current_thread() not in (first.thread, second.thread)


def test_what_fails_says_so_and_holds_nothing_up(reader: Reader, qtbot: QtBot) -> None:
    found: list[object] = []
    said: list[str] = []
    reader.problem.connect(said.append)
    reader.read(lambda: 1 // 0, found.append, "naught.png")
    reader.read(lambda: 7, found.append, "seven")
    qtbot.waitUntil(lambda: not reader.busy)
    assert found == [7]
    assert said == ["naught.png could not be read; the log has the details."]


def test_what_is_forgotten_never_comes(reader: Reader, qtbot: QtBot) -> None:
    slow = Slow(1)
    found: list[object] = []
    reader.read(slow, found.append, "one")
    reader.stop()
    slow.gate.set()
    assert slow.thread is not None
    slow.thread.join()
    qtbot.wait(3 * lane.LOOK_MS)
    assert found == []


# In the window -----------------------------------------------------------------------------------


@pytest.fixture
def hands(window: Window) -> Hands:
    """A studio that does not wait for its first picture."""
    studio = window.studio
    found = Hands(window)
    studio.start()
    found.wait(lambda: studio.session.bundle is not None, "the model")
    found.click("Mountain")
    return found


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Pictures are read only once it is set; whatever waits for them would wait for ever."""
    gate = threading.Event()

    def late(read: Callable[..., object]) -> Callable[..., object]:
        def wait(*arguments: object, **options: object) -> object:
            assert gate.wait(8)
            return read(*arguments, **options)

        return wait

    monkeypatch.setattr(pictures, "read_picture", late(pictures.read_picture))
    monkeypatch.setattr(pictures, "to_pixels", late(pictures.to_pixels))
    monkeypatch.setattr(opening, "size_of", late(opening.size_of))
    yield gate
    gate.set()


def photo(folder: Path) -> Path:
    path = folder / "evening.png"
    Image.fromarray(np.full((40, 60, 3), 90, np.uint8)).save(path)
    return path


@pytest.mark.parametrize("place", ["Style picture", "Photo to trace", "Picture", "Layout"])
@pytest.mark.parametrize("kind", ["file", "image"])
def test_painting_goes_on_while_a_picture_is_read(
    hands: Hands, gate: threading.Event, tmp_path: Path, place: str, kind: str
) -> None:
    session = hands.window.studio.session
    image = QImage(60, 40, QImage.Format.Format_RGB32)
    image.fill(0x5A5A5A)
    hands.drop(place, photo(tmp_path) if kind == "file" else image, rest=False)
    before = session.scene
    hands.stroke((0.2, 0.3), (0.6, 0.4))
    assert [change.label for change in session.history.done] == ["Brush stroke"]
    assert session.scene == before
    gate.set()
    hands.rest_eyes()
    if place == "Layout":
        hands.wait(lambda: session.scene.traced is not None, "the layout")
        assert session.scene.traced is not None
        plane = session.document.plane(session.scene.traced.photo)
        assert (plane[plane[..., 3] > 0] == (90, 90, 90, 255)).all()
        assert len(session.history.done) == 2
        return
    style = place in ("Style picture", "Picture")
    taken = session.scene.values.get("photo") if style else session.scene.underlay
    assert taken is not None
    assert taken.pixels.shape == (40, 60, 3)
    assert (taken.pixels == 90).all()
    assert len(session.history.done) == 2


def test_a_picture_that_came_too_late_spares_the_document_opened_meanwhile(
    hands: Hands, gate: threading.Event, tmp_path: Path
) -> None:
    session = hands.window.studio.session
    hands.drop("Picture", photo(tmp_path), rest=False)
    hands.window.studio.files.new((64, 64))
    scene, document = session.scene, session.document
    gate.set()
    hands.rest_eyes()
    assert session.document is document
    assert session.scene == scene
    assert "evening.png" in hands.window.notice.text.text().replace("\u200b", "")


def test_opening_waits_for_nobody(hands: Hands, gate: threading.Event, tmp_path: Path) -> None:
    session = hands.window.studio.session
    before = session.document
    hands.window.open_path(photo(tmp_path))
    hands.stroke((0.2, 0.3), (0.6, 0.4))
    assert session.document is before
    assert session.history.done
    gate.set()
    hands.rest_eyes()
    assert session.document is not before
    assert session.scene.underlay is not None


def test_a_coloured_picture_is_read_while_the_window_goes_on(
    hands: Hands, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = Slow("There is nothing in it.")
    monkeypatch.setattr(coloured, "read_coloured", lambda path, known: slow())
    path = tmp_path / "flat.png"
    Image.new("RGB", (8, 8)).save(path)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(path), ""))
    hands.menu("Classes", "Import from a coloured picture …")
    notice = hands.window.notice
    hands.wait(lambda: "Reading flat.png" in notice.text.text(), "the word")
    assert slow.thread is not threading.current_thread()
    before = hands.window.studio.session.document.ids.copy()
    hands.click("Rock")
    hands.stroke((0.2, 0.2), (0.8, 0.2))
    assert not np.array_equal(hands.window.studio.session.document.ids, before)
    slow.found = None
    monkeypatch.setattr(coloured, "_offer", lambda *given: offered.append(given[2]))
    offered: list[str] = []
    slow.gate.set()
    hands.rest_eyes()
    assert offered == ["flat.png"]
    hands.menu("Classes", "Import from a coloured picture …")  # It can be done once more.
    hands.rest_eyes()
    assert len(offered) == 2

    def refuse(path: Path, known: object) -> None:
        raise UserError("It has 9 colours and no areas.")

    monkeypatch.setattr(coloured, "read_coloured", refuse)
    hands.menu("Classes", "Import from a coloured picture …")
    hands.rest_eyes()
    assert len(offered) == 2
    assert "no areas" in notice.text.text()
