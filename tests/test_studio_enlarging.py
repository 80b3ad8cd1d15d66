"""Enlarging with models: on export and for a layer, in tiles, with progress and a way out."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from engines.request import Request
from engines.runtime import places
from engines.runtime.bundle import Bundle
from engines.runtime.passport import PASSPORT
from engines.runtime.places import own_models
from engines.runtime.render import render
from engines.runtime.sessions import Sessions
from studio.document.carried import Result
from studio.document.document import Document
from studio.document.layers import Kind, find
from studio.lanes.work import Cancelled, Job
from studio.models.files import enlarged
from studio.models.studio import Studio
from studio.views.enlarging import Progress, fill_enlarge, ways_box
from studio.views.window import Window
from tests import large, untrained

pytestmark = pytest.mark.timeout(120)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("models") / "larger"
    untrained.model(home, "srgan", "Larger & sharper", scale="2")
    return home


@pytest.fixture
def studio(
    qtbot: QtBot, own_folders: None, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Studio]:
    """A studio that knows one model that enlarges, with a page of 80 x 120."""
    monkeypatch.setattr(places, "SHIPPED", tmp_path / "none")
    own_models().mkdir(parents=True)
    shutil.copytree(model, own_models() / "larger")
    studio = Studio("cpu")
    studio.session.show(Document.blank((80, 120)))
    yield studio
    studio.close(forget=True)
    studio.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def job() -> Job:
    return Job("test", lambda job: None)


def picture_layer(studio: Studio, pixels: "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]") -> int:
    studio.layering.add_picture(pixels, "Mine", "Add")
    return studio.session.active


def test_a_picture_becomes_larger_by_the_model(studio: Studio, model: Path) -> None:
    photo, bundle = large.photo((41, 60)), Bundle.open(model)
    (entry, scale), *rest = studio.enlarging.entries()
    assert (entry.name, scale, rest) == ("larger", 2, [])
    request = Request(bundle.hash, (41, 60), {"photo": photo})
    expected = next(render(bundle, request, Sessions("cpu"))).picture
    made = studio.enlarging.larger(job(), photo, 2, "larger")
    assert np.array_equal(made, expected)
    assert not np.array_equal(made, enlarged(photo, 2))
    # Twice for four times, and shrunk where the model makes more than was asked for.
    request = Request(bundle.hash, expected.shape[:2], {"photo": expected})
    four = next(render(bundle, request, Sessions("cpu"))).picture
    assert np.array_equal(studio.enlarging.larger(job(), photo, 4, "larger"), four)
    assert studio.enlarging.larger(job(), photo, 3, "larger").shape == (123, 180, 3)
    assert np.array_equal(studio.enlarging.larger(job(), photo, 2, ""), enlarged(photo, 2))
    tiny = studio.enlarging.larger(job(), photo[:1, :3], 2, "larger")
    assert tiny.shape == (2, 6, 3)  # The model itself takes 8 pixels at least.


def test_it_can_be_ended_between_two_tiles(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    shares = []
    working = job()

    def heard(share: float, text: str) -> None:
        shares.append(share)
        if share > 0:
            working.cancel()

    working._tell = heard
    real = working.tell

    def tell(share: float, text: str = "") -> None:
        working._next = 0.0
        real(share, text)

    monkeypatch.setattr(working, "tell", tell)
    with pytest.raises(Cancelled):
        studio.enlarging.larger(working, large.photo((700, 700)), 2, "larger")
    assert 0 < shares[-1] < 1


def test_a_layer_grows_with_its_page_and_one_undo_brings_all_back(
    studio: Studio, qtbot: QtBot
) -> None:
    session, enlarging = studio.session, studio.enlarging
    session.document.ids[:40] = 0
    number = picture_layer(studio, large.photo((80, 120)))
    before = {n: plane.copy() for n, plane in session.document.planes.items()}
    entry = enlarging.entries()[0][0]
    with qtbot.waitSignal(studio.work.ended, timeout=30_000):
        enlarging.layer(entry, 2)
        assert enlarging.job is not None
    assert enlarging.job is None
    assert session.document.size == (160, 240)
    expected = enlarging.larger(job(), before[number][..., :3], 2, "larger")
    assert np.array_equal(session.document.plane(number)[..., :3], expected)
    assert (session.document.plane(number)[..., 3] == 255).all()
    assert (session.document.ids[:80] == 0).all()
    assert (session.document.ids[80:] == 255).all()
    session.undo()
    assert session.document.size == (80, 120)
    assert all(np.array_equal(session.document.plane(n), p) for n, p in before.items())


def test_what_has_room_grows_about_its_middle(studio: Studio, qtbot: QtBot) -> None:
    session = studio.session
    number = picture_layer(studio, large.photo((80, 120)))
    plane = session.document.plane(number)
    plane[:] = 0
    plane[30:50, 90:110] = (10, 200, 30, 255)
    before = plane.copy()
    with qtbot.waitSignal(studio.work.ended, timeout=30_000):
        studio.enlarging.layer(studio.enlarging.entries()[0][0], 2)
    after = session.document.plane(number)
    rows, columns = np.nonzero(after[..., 3] > 127)
    assert (rows.min(), rows.max() + 1, columns.min(), columns.max() + 1) == (20, 60, 80, 120)
    assert session.document.size == (80, 120)
    session.undo()
    assert np.array_equal(session.document.plane(number), before)


def test_a_layer_that_changes_meanwhile_stays_as_it_is(studio: Studio, qtbot: QtBot) -> None:
    number = picture_layer(studio, large.photo((80, 120)))
    with qtbot.waitSignal(studio.enlarging.problem, timeout=30_000) as caught:
        studio.enlarging.layer(studio.enlarging.entries()[0][0], 2)
        studio.session.document.plane(number)[0, 0] = (1, 2, 3, 255)
    assert "meanwhile" in caught.args[0]
    assert studio.session.document.size == (80, 120)


def test_what_cannot_be_enlarged_says_why(studio: Studio) -> None:
    enlarging, session = studio.enlarging, studio.session
    assert "picture layer" in enlarging.why_not()
    render_layer = next(x for x in session.scene.layers if x.kind is Kind.RENDER)
    session.activate(render_layer.id)
    assert "Keep" in enlarging.why_not()
    studio.layering.add_picture()
    assert "nothing" in enlarging.why_not()
    number = picture_layer(studio, large.photo((80, 120)))
    assert enlarging.why_not() == ""
    studio.layering.lock(number, True)
    assert "locked" in enlarging.why_not()
    assert find(session.scene.layers, number) is not None


def test_an_export_names_the_model_in_its_passport(
    studio: Studio, qtbot: QtBot, tmp_path: Path
) -> None:
    photo = large.photo((40, 60))
    result = Result(photo, Request("none", (40, 60)), {"model": "none"})
    path = tmp_path / "a.png"
    with qtbot.waitSignal(studio.files.told, timeout=30_000):
        studio.files.export(path, result, studio.enlarging.way(4, "larger"))
    with Image.open(path) as image:
        pixels, said = np.asarray(image), json.loads(image.info[PASSPORT])
    assert np.array_equal(pixels, studio.enlarging.larger(job(), photo, 4, "larger"))
    assert said["enlarged"]["title"] == "Larger & sharper"
    assert said["model"] == "none"
    with qtbot.waitSignal(studio.files.told, timeout=30_000):
        studio.files.export(path, result, studio.enlarging.way(2, ""))
    with Image.open(path) as image:
        assert np.array_equal(np.asarray(image), enlarged(photo, 2))
        assert "enlarged" not in json.loads(image.info[PASSPORT])


def test_the_menu_the_choice_and_the_progress(
    window: Window, qtbot: QtBot, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    studio, menu = window.studio, QMenu(window)
    fill_enlarge(window, menu)
    assert [action.isEnabled() for action in menu.actions()] == [False, False]
    assert ways_box(studio.enlarging, window).count() == 3  # Resampled, or by what is shipped.
    monkeypatch.setattr(places, "SHIPPED", tmp_path / "none")
    own_models().mkdir(parents=True, exist_ok=True)
    shutil.copytree(model, own_models() / "larger")
    studio.library.look()
    fill_enlarge(window, menu)
    (action,) = menu.actions()
    assert action.text() == "×2 with Larger && sharper"
    assert not action.isEnabled()
    assert action.toolTip() == studio.enlarging.why_not()
    studio.layering.add_picture(large.photo((64, 64)), "Mine", "Add")
    fill_enlarge(window, menu)
    (action,) = menu.actions()
    size = studio.session.document.size
    progress = window.findChild(Progress)
    assert isinstance(progress, Progress)
    assert not progress.isVisible()
    with qtbot.waitSignal(studio.work.ended, timeout=60_000):
        action.trigger()
        assert progress.isVisible()
        qtbot.mouseClick(progress.end, Qt.MouseButton.LeftButton)
    assert not progress.isVisible()
    assert studio.session.document.size == size  # It was cancelled.
    assert ways_box(studio.enlarging, window).itemText(1) == "With Larger & sharper (×2)"
