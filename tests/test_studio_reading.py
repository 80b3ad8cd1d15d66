"""A photo dropped on the layout: read, painted over, rendered there alone; by events."""

import hashlib
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engines import seams
from engines.layoutfit import LayoutFit, smooth
from engines.ports import UNPAINTED
from engines.worlds import vista
from studio.document.document import translate
from studio.document.layers import Kind, find, walk
from studio.document.scene import Picture
from studio.models.fitmeter import STILL_MS
from studio.models.layoutreader import FINE_SIDE, Reading, refined
from studio.models.reading import fitted_ids, met
from studio.models.roundtrip import trip_of
from studio.models.session import Session
from studio.views.fitmeter import FitButton
from studio.views.window import Window
from tests import oddities
from tests.hands import Hands

pytestmark = pytest.mark.timeout(240)
Pixels = npt.NDArray[np.uint8]


@pytest.fixture(scope="module")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A painted landscape as if it were a photo, wider than high."""
    folder = tmp_path_factory.mktemp("photo")
    vista.make(folder, 1, (192, 320), seed=5)
    (path,) = (folder / "photos").iterdir()
    return path


def digest(pixels: Pixels) -> str:
    return hashlib.sha256(np.ascontiguousarray(pixels).tobytes()).hexdigest()


def rest(hands: Hands) -> None:
    """Until all is read and rendered."""
    hands.wait(lambda: not hands.window.studio.work.jobs, "the reading")
    QApplication.processEvents()
    hands.settle()


def paint(hands: Hands) -> None:
    hands.click("Mountain")
    hands.stroke((0.45, 0.45), (0.6, 0.5))
    hands.settle()


def test_a_photo_on_an_empty_layout_becomes_a_document_that_is_edited_in_places(
    window: Window, photo: Path
) -> None:
    hands, session = Hands(window), window.studio.session
    window.studio.start()
    hands.wait(lambda: session.bundle is not None, "the model")
    window.studio.files.new((256, 256))
    hands.drop("Layout", photo)
    rest(hands)
    pixels = np.asarray(Image.open(photo).convert("RGB"))
    assert session.document.size == pixels.shape[:2]
    assert (session.document.ids != UNPAINTED).all()
    live = window.studio.live
    assert live.picture is not None
    assert digest(live.picture) == digest(pixels), "untouched, it is the photo byte for byte"
    style = session.scene.values["photo"]
    assert isinstance(style, Picture), "the photo is its own style"
    for where in (((0.2, 0.7), (0.3, 0.75)), ((0.8, 0.3), (0.85, 0.3))):
        hands.click("Mountain")
        hands.stroke(*where)
        hands.settle()
        trip = trip_of(session.document)
        assert trip is not None
        assert trip.changed.any()
        around = seams.grown(trip.changed, trip.seam)
        assert not around.all()
        assert digest(live.picture[~around]) == digest(pixels[~around])
        assert (live.picture[trip.changed] != pixels[trip.changed]).any()
    for _ in range(2):
        hands.keys("Ctrl+Z", hands.canvas())
    hands.settle()
    assert digest(live.picture) == digest(pixels)


def test_a_photo_over_a_painted_layout_is_one_step(hands: Hands, photo: Path) -> None:
    studio = hands.window.studio
    session = studio.session
    hands.click("Meadow")
    hands.stroke((0.2, 0.3), (0.6, 0.4))
    hands.settle()
    before, ids, done = session.scene, session.document.ids.copy(), len(session.history.done)
    hands.drop("Layout", photo)
    rest(hands)
    assert len(session.history.done) == done + 1
    traced = session.scene.traced
    assert traced is not None
    kept, read = (find(session.scene.layers, n) for n in (traced.photo, traced.read))
    assert kept is not None
    assert read is not None
    assert (kept.kind, kept.name) == (Kind.PICTURE, photo.name)
    assert (read.kind, read.visible) == (Kind.LAYOUT, False)
    top = next(iter(walk(session.scene.layers)))
    assert session.active == top.id
    assert top.kind is Kind.LAYOUT
    inside = session.document.plane(traced.read) != UNPAINTED
    assert 0 < inside.sum() < inside.size, "it is wider than the document"
    assert not (session.document.plane(top.id) != session.document.plane(traced.read)).any()
    hands.keys("Ctrl+Z", hands.canvas())
    assert session.scene == before
    assert np.array_equal(session.document.ids, ids)
    hands.keys("Ctrl+Y", hands.canvas())
    hands.settle()
    assert session.scene.traced == traced
    assert trip_of(session.document) is not None


def test_doubt_is_hatched_until_it_is_painted_over(hands: Hands, photo: Path) -> None:
    studio = hands.window.studio
    hands.drop("Layout", photo)
    rest(hands)
    doubt = studio.reading.doubt()
    assert doubt is not None
    y, x = (int(v) for v in np.unravel_index(int(doubt.argmax()), doubt.shape))
    assert doubt[y, x] > 0
    canvas = hands.canvas()

    def seen() -> Pixels:
        QApplication.processEvents()
        image = canvas.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
        return np.frombuffer(image.constBits(), np.uint8).copy()

    hatched = seen()
    hands.menu("View", "Doubts of the layout that was read")
    plain = seen()
    assert (hatched != plain).any()
    hands.menu("View", "Doubts of the layout that was read")
    assert np.array_equal(seen(), hatched)
    size = studio.session.document.size
    now = studio.session.document.ids[y, x]
    hands.click("Sand" if studio.session.scene.palette[now].name != "sand" else "House")
    spot = ((x + 0.5) / size[1], (y + 0.5) / size[0])
    hands.stroke(spot, spot)
    after = studio.reading.doubt()
    assert after is not None
    assert after[y, x] == 0


def test_odd_pictures_are_read_or_refused_in_one_sentence(hands: Hands, tmp_path: Path) -> None:
    studio = hands.window.studio
    session = studio.session
    hands.click("Meadow")
    hands.stroke((0.2, 0.3), (0.6, 0.4))
    for path in oddities.make(tmp_path / "good", oddities.PICTURES)[:3]:
        scene = session.scene
        hands.drop("Layout", path)
        rest(hands)
        assert session.scene.traced is not None, hands.window.notice.text.text()
        assert session.scene.traced != scene.traced, path.name
        hands.keys("Ctrl+Z", hands.canvas())
        assert session.scene == scene


def test_classes_meet_by_name_and_what_is_unknown_is_added(hands: Hands) -> None:
    scene = hands.window.studio.session.scene
    names = ("water", "tree_forest", "spaceship", "never seen")
    ids = np.array([[0, 1, 2]], np.uint8)
    reading = Reading(ids, ids, names, ("#000001", "#000002", "#000003", "#000004"))
    wider, meant = met(scene, reading)
    told = [wider.palette[number].name for number in meant[0]]
    assert told == ["water", "forest", "spaceship"]
    assert len(wider.palette) == len(scene.palette) + 1, "what was not seen is not added"


def test_ids_lie_where_the_photo_lies() -> None:
    ids = np.arange(8, dtype=np.uint8).reshape(2, 4)
    sheet = fitted_ids(ids, (8, 8))
    assert (sheet[:2] == UNPAINTED).all()
    assert (sheet[6:] == UNPAINTED).all()
    assert (sheet[2:6] == ids.repeat(2, 0).repeat(2, 1)).all()


def test_large_photos_are_read_to_their_own_size() -> None:
    high, wide = FINE_SIDE + 40, FINE_SIDE + 200
    photo = np.zeros((high, wide, 3), np.uint8)
    photo[:, wide // 2 :] = 220
    ids = np.array([[2, 5], [2, 5]], np.uint8)
    found, sure = refined(ids, np.full((2, 2), 240, np.uint8), photo, 6)
    assert found.shape == sure.shape == (high, wide)
    assert (found[:, : wide // 2 - 40] == 2).all()
    assert (found[:, wide // 2 + 40 :] == 5).all()


def test_the_meter_tells_what_is_odd_and_offers_layouts_to_start_from(hands: Hands) -> None:
    studio = hands.window.studio
    session, meter = studio.session, studio.fit_meter
    session.replace_layout(vista_like(session), session.scene, "Start")
    hands.wait(lambda: meter.fit is not None and meter.fit.score > 0.2, "a familiar layout")
    button = hands.find("How well the model knows such layouts", FitButton)
    assert isinstance(button, FitButton)
    assert button.text() == "Familiar layout"
    hands.click("House")
    for row in (0.1, 0.15, 0.2):
        hands.stroke((0.2, row), (0.5, row))
    hands.wait(lambda: meter.fit is not None and meter.fit.odd == "house", "the odd place")
    fit = meter.fit
    assert fit is not None
    assert fit.score < 0.15
    assert fit.region[:6].any()
    assert not fit.region[8:].any()
    assert "house amid sky" in button.accessibleDescription()
    menu = button.menu()
    assert menu is not None
    menu.aboutToShow.emit()
    canvas = hands.canvas()
    plain = canvas.grab().toImage()
    actions = {action.text(): action for action in menu.actions()}
    actions["Show the oddest place"].trigger()
    QApplication.processEvents()
    assert canvas.grab().toImage() != plain
    ids, done = session.document.ids.copy(), len(session.history.done)
    actions["Layout 2"].trigger()
    assert len(session.history.done) == done + 1
    assert (session.document.ids != ids).any()
    hands.keys("Ctrl+Z", canvas)
    assert np.array_equal(session.document.ids, ids)


def test_nothing_is_judged_while_the_pen_is_down(hands: Hands, qtbot: QtBot) -> None:
    studio = hands.window.studio
    session, meter = studio.session, studio.fit_meter
    studio.tools.pen.emit(True)
    session.replace_layout(vista_like(session), session.scene, "Start")
    qtbot.wait(2 * STILL_MS)
    assert meter.fit is None
    studio.tools.pen.emit(False)
    hands.wait(lambda: meter.fit is not None, "the judgement")


def vista_like(session: Session) -> Pixels:
    """A real layout of the model's, at the document's size."""
    assert session.bundle is not None
    assert session.layout_port is not None
    fit = LayoutFit.read(session.bundle.path)
    verdicts = [fit.judge(ids) for ids in fit.layouts[:40]]
    usual = max(range(40), key=lambda n: verdicts[n].score if verdicts[n] is not None else 0)
    names = [entry.name for entry in session.scene.palette]
    table = {n: names.index(name) for n, name in enumerate(fit.classes)}
    return translate(smooth(fit.layouts[usual], session.document.size), table)
