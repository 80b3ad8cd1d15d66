"""The style shelf and the style pad: kept, found, mixed, given to regions, undone and saved."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow
from PySide6.QtCore import QEvent, QMimeData, QPointF, Qt, QTimer, QUrl
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit
from pytestqt.qtbot import QtBot

from engines.data.pictures import read_picture
from engines.data.spec import PaletteClass
from engines.errors import UserError
from engines.mixes import Mixed
from engines.runtime.bundle import Bundle
from engines.runtime.places import SHIPPED
from engines.worlds import styles as bundled
from studio.document import ora
from studio.document.scene import Picture, Scene
from studio.document.styles import MOST_REGIONS, Packed, StyleMix, Styles
from studio.models import classes, styling, tints
from studio.models.compose import compose
from studio.models.images import to_image
from studio.models.shelf import Shelf
from tests import oddities
from tests.hands import Hands


def plain(color: tuple[int, int, int], name: str = "", size: tuple[int, int] = (40, 50)) -> Picture:
    return Picture(np.full((*size, 3), color, np.uint8), name)


RED, GREEN, BLUE = (
    plain((200, 30, 30), "Red"),
    plain((30, 180, 40), "Green"),
    plain((20, 40, 200), "Blue"),
)


# Mixes --------------------------------------------------------------------------------------------


def test_the_spot_shares_among_the_corners() -> None:
    full = StyleMix((RED, GREEN, BLUE, plain((9, 9, 9))), (0.25, 0.5))
    assert full.shares == pytest.approx((0.375, 0.125, 0.375, 0.125))
    assert StyleMix((RED, GREEN, None, None), (0.25, 0.5)).shares == pytest.approx(
        (0.75, 0.25, 0, 0)
    )
    assert StyleMix((RED, None, None, None), (0.9, 0.9)).shares == (1, 0, 0, 0)
    # Right on an empty corner no other is nearer.
    assert StyleMix((RED, GREEN, None, None), (0.0, 1.0)).shares == pytest.approx((0.5, 0.5, 0, 0))
    assert StyleMix().shares == (0, 0, 0, 0)
    for wrong in ((1.2, 0.5), (float("nan"), 0.5)):
        with pytest.raises(ValueError, match="spot"):
            StyleMix((RED, None, None, None), wrong)


def test_a_choice_of_pixels_comes_back_and_bombs_do_not() -> None:
    mask = np.random.default_rng(0).random((37, 53)) > 0.7
    packed = Packed.of(mask)
    again = Packed.from_json(json.loads(json.dumps(packed.to_json())))
    assert again == packed
    assert np.array_equal(again.mask, mask)
    bomb = Packed.of(np.zeros((4000, 4000), bool)).to_json()
    for wrong in ({"size": [40, 40]}, {"size": [0, 4]}, {"size": [99_999, 4]}, {"bits": "!"}):
        with pytest.raises(ValueError, match=r"choice of pixels|base64|[Oo]nly"):
            Packed.from_json({**bomb, **wrong})


def test_styles_are_saved_with_the_scene_and_strangers_refused() -> None:
    mask = Packed.of(np.eye(8, dtype=bool))
    mix = StyleMix((RED, None, BLUE, None), (0.3, 0.6))
    scene = Scene(values={"style": Styles(mix, (("sky", StyleMix.of(GREEN)), (mask, mix)))})
    assert set(scene.pictures) == {RED.sha, GREEN.sha, BLUE.sha}
    written = json.loads(json.dumps(scene.to_json()))
    assert Scene.from_json(written, scene.pictures) == scene
    styles = written["values"]["style"]["styles"]
    mixes = styles["whole"]
    for wrong in (
        {"whole": {**mixes, "spot": [2, 0]}},
        {"whole": {**mixes, "corners": [None] * 5}},
        {"whole": {**mixes, "corners": [3, None, None, None]}},
        {"whole": {**mixes, "corners": [{"picture": "gone"}, None, None, None]}},
        {"regions": [{"at": 7, "mix": mixes}]},
        {"regions": [{"at": str(n), "mix": mixes} for n in range(MOST_REGIONS + 1)]},
    ):
        written["values"]["style"] = {"styles": {**styles, **wrong}}
        with pytest.raises(UserError):
            Scene.from_json(written, scene.pictures)


def test_a_renamed_class_keeps_its_style() -> None:
    scene = Scene(
        palette=(PaletteClass("sky", "#0000ff"), PaletteClass("sea", "#00ff00")),
        values={"style": Styles(None, (("sky", StyleMix.of(RED)),))},
    )
    now = classes.renamed(scene, 0, "heaven")
    assert now.values["style"].regions == (("heaven", StyleMix.of(RED)),)


# In a model ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def vista() -> Bundle:
    return Bundle.open(SHIPPED / "vista")


def test_one_picture_for_everything_is_the_ports_own(vista: Bundle) -> None:
    wire = styling.wire_of(vista)
    assert (wire.picture.name, wire.vector.name, wire.regional) == ("photo", "style", True)
    scene = styling.with_mix(Scene(), wire, None, StyleMix.of(RED))
    assert dict(scene.values) == {"photo": RED}
    assert styling.mix_at(scene, wire, None) == StyleMix.of(RED)
    two = StyleMix((RED, BLUE, None, None))
    scene = styling.with_mix(scene, wire, "sky", StyleMix.of(GREEN))
    scene = styling.with_mix(scene, wire, None, two)
    assert dict(scene.values) == {"style": Styles(two, (("sky", StyleMix.of(GREEN)),))}
    assert styling.picture_at(scene, vista, wire.picture) == RED
    # A picture for the port takes the mix's place, and no region's.
    scene = styling.with_picture(scene, vista, wire.picture, BLUE)
    assert scene.values["photo"] == BLUE
    assert scene.values["style"] == Styles(None, (("sky", StyleMix.of(GREEN)),))
    for place in ("sky", None):
        scene = styling.with_mix(scene, wire, place, None)
    assert not scene.values


def test_a_request_has_a_row_for_each_region(vista: Bundle) -> None:
    ids = np.zeros((64, 64), np.uint8)
    ids[:, 32:] = 1
    mask = np.zeros((128, 128), bool)
    mask[:64, :] = True
    mixes = StyleMix((RED, BLUE, None, None), (0.25, 0.0)), StyleMix.of(GREEN), StyleMix.of(BLUE)
    palette = (PaletteClass("sky", "#0000ff"), PaletteClass("water", "#00ff00"))
    regions = (("water", mixes[1]), (Packed.of(mask), mixes[2]))
    scene = Scene(palette=palette, values={"style": Styles(mixes[0], regions)})
    found = compose(vista, scene, ids).values["style"]
    assert isinstance(found, Mixed)
    assert [row.shares for row in found.rows] == [(0.75, 0.25), (1.0,), (1.0,)]
    assert all(p.shape == (256, 256, 3) for row in found.rows for p in row.pictures)
    assert found.rows[1].pictures[0][0, 0].tolist() == [30, 180, 40]
    wanted = np.zeros((64, 64), np.uint8)
    wanted[:, 32:] = 1
    wanted[:32] = 2  # what comes later lies over what came before
    assert np.array_equal(found.regions, wanted)
    # A model that takes no style leaves them alone.
    other = Bundle(vista.path, "x", "x", vista.graphs[1:], {})
    assert "style" not in compose(other, scene, ids).values


# Colours ------------------------------------------------------------------------------------------


def test_lab_is_that_of_the_standard() -> None:
    colors = np.array([[255, 255, 255], [0, 0, 0], [255, 0, 0], [0, 0, 255]], np.uint8)
    wanted = [[100, 0, 0], [0, 0, 0], [53.24, 80.09, 67.2], [32.3, 79.19, -107.86]]
    assert np.abs(tints.lab(colors) - np.array(wanted)).max() < 0.1


def test_a_palette_holds_what_a_picture_is_of() -> None:
    pixels = np.full((60, 60, 3), (200, 30, 30), np.uint8)
    pixels[:15] = (20, 40, 200)
    found, shares = tints.tints(pixels)
    order = np.argsort(-shares)
    assert shares[order][:2] == pytest.approx([0.75, 0.25], abs=0.02)
    both = tints.lab(np.array([[200, 30, 30], [20, 40, 200]], np.uint8))
    assert found[order][:2] == pytest.approx(both, abs=0.5)
    much, little = tints.tints(pixels), tints.tints(np.full((9, 9, 3), (60, 20, 120), np.uint8))
    red, blue = (
        tints.distances((200, 30, 30), [much, little]),
        tints.distances((20, 40, 200), [much, little]),
    )
    assert red[0] < red[1]
    assert red[0] < blue[0]  # there is more of the red


# The shelf ----------------------------------------------------------------------------------------


@pytest.fixture
def kept(tmp_path: Path, qtbot: QtBot) -> Iterator[Callable[[], Shelf]]:
    """Opens the shelf in a folder, again and again."""
    made: list[Shelf] = []

    def open_() -> Shelf:
        found = Shelf(tmp_path / "styles")
        found.said = []
        found.problem.connect(found.said.append)
        found.told.connect(found.said.append)
        found.load()
        qtbot.waitUntil(lambda: not found.reader.busy, timeout=60_000)
        made.append(found)
        return found

    yield open_
    for each in made:
        qtbot.waitUntil(lambda each=each: not each.reader.busy)


def urls(*paths: Path | str) -> QMimeData:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(p)) if isinstance(p, Path) else QUrl(p) for p in paths])
    return data


def rest(qtbot: QtBot, found: Shelf) -> None:
    qtbot.waitUntil(lambda: not found.reader.busy, timeout=60_000)


def test_bundled_styles_are_there_and_stay(kept: Callable[[], Shelf], qtbot: QtBot) -> None:
    found = kept()
    names = {style.name for style in found.items}
    assert len(found.items) == len(bundled.SCENES) + len(bundled.PAINTINGS)
    assert {"Golden hour", "Stained glass"} <= names
    found.delete(found.items[0])
    found.rename(found.items[0], "Mine")
    assert "came with Pentimento" in found.said[0]
    assert {style.name for style in kept().items} == names


def test_own_styles_are_kept_named_starred_and_deleted(
    kept: Callable[[], Shelf], qtbot: QtBot, tmp_path: Path
) -> None:
    found = kept()
    path = tmp_path / "my_first-style.png"
    pixels = np.random.default_rng(0).integers(0, 256, (1500, 700, 3), np.uint8)
    Pillow.fromarray(pixels).save(path)
    data = QMimeData()
    data.setImageData(to_image(RED.pixels))
    found.add(urls(path))
    found.add(data)
    rest(qtbot, found)
    own = [style for style in found.items if style.own]
    assert {style.name for style in own} == {"My first style", "Style"}
    large = next(style for style in own if style.name == "My first style")
    assert read_picture(large.path).shape == (1024, 478, 3)
    found.add(urls(path))  # the same again
    rest(qtbot, found)
    assert found.said[-1] == "My first style is on the shelf already."
    found.rename(large, "  Noise   of mine ")
    found.star(found.find(large.key))
    moonlit = next(style for style in found.items if style.name == "Moonlit")
    found.star(moonlit)

    again = kept()
    assert [s.name for s in again.shown][:2] == ["Noise of mine", "Moonlit"]
    assert again.find(moonlit.key).favourite
    again.star(again.find(moonlit.key))
    again.delete(again.find(large.key))
    assert not large.path.exists()
    left = kept()
    assert {style.name for style in left.items if style.own} == {"Style"}
    assert not any(style.favourite for style in left.items)
    assert large.key not in (tmp_path / "styles" / "shelf.json").read_text()


def test_several_files_at_once_keep_their_names(
    kept: Callable[[], Shelf], qtbot: QtBot, tmp_path: Path
) -> None:
    found, paths = kept(), []
    for number in range(8):
        paths.append(tmp_path / f"number {number}.png")
        Pillow.new("RGB", (30, 30), (number * 20, 0, 0)).save(paths[-1])
    found.add(urls(*paths))
    rest(qtbot, found)
    assert {s.name for s in kept().items if s.own} == {f"Number {n}" for n in range(8)}


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": 9}', '{"format": 1, "names": 3}'])
def test_spoilt_notes_cost_names_alone(
    kept: Callable[[], Shelf], qtbot: QtBot, tmp_path: Path, text: str
) -> None:
    found = kept()
    found.add_picture(plain((1, 2, 3), "Dark one.png"))
    rest(qtbot, found)
    (tmp_path / "styles" / "shelf.json").write_text(text)
    (tmp_path / "styles" / "broken.jpg").write_bytes(b"\xff\xd8\xff nothing")
    again = kept()
    assert [style.name for style in again.items if style.own] == ["Dark one"]
    again.star(again.items[0])
    assert kept().items[0].favourite


def test_hostile_pictures_are_refused_in_one_sentence(
    kept: Callable[[], Shelf], qtbot: QtBot, tmp_path: Path
) -> None:
    found = kept()
    for path in oddities.make(tmp_path / "odd", oddities.REFUSED):
        found.said.clear()
        found.add(urls(path))
        rest(qtbot, found)
        assert len(found.said) == 1, path.name
        assert found.said[0].endswith("."), found.said
        assert "Traceback" not in found.said[0]
    assert not any(style.own for style in found.items)


@pytest.mark.parametrize("url", ["https://example.org/a.png", "http://example.org/b"])
def test_an_address_without_a_picture_gets_a_sentence(
    kept: Callable[[], Shelf], qtbot: QtBot, url: str
) -> None:
    found = kept()
    found.add(urls(url))
    rest(qtbot, found)
    assert len(found.said) == 1
    assert "only the picture's address" in found.said[0]
    both = urls(url)
    both.setImageData(to_image(BLUE.pixels))
    found.add(both)  # with the picture itself
    rest(qtbot, found)
    assert [style.own for style in found.items].count(True) == 1


def test_a_folder_that_cannot_be_written_gets_a_sentence(qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "styles").write_text("a file is in the way")
    found = Shelf(tmp_path / "styles")
    said: list[str] = []
    found.problem.connect(said.append)
    found.load()
    found.add_picture(RED)
    rest(qtbot, found)
    found.star(found.items[0])
    assert len(said) == 2
    assert all(text.startswith("Could not write") for text in said)
    assert not found.items[0].favourite


def test_styles_are_found_by_name_and_colour(kept: Callable[[], Shelf], qtbot: QtBot) -> None:
    found = kept()
    for picture in (RED, GREEN, BLUE):
        found.add_picture(picture)
        rest(qtbot, found)
    found.look_for("WOOD co")
    assert {style.name for style in found.shown} == {"Colour woodblock"}
    found.look_for("")
    for wanted, name in (((190, 40, 40), "Red"), ((20, 40, 190), "Blue"), ((30, 180, 40), "Green")):
        found.look_for_color(wanted)
        assert found.shown[0].name == name
        assert len(found.shown) == len(found.items)
    found.look_for_color(None)
    found.show_favourites(True)
    assert found.shown == []


# With hands ---------------------------------------------------------------------------------------


@pytest.fixture
def artist(hands: Hands, tmp_path: Path) -> Hands:
    """Hands at a studio whose dock of styles is open."""
    hands.menu("View", "Docks", "Styles")
    hands.wait(lambda: hands.window.studio.shelf.items, "the styles")
    hands.rest_eyes()
    return hands


def show(hands: Hands, name: str) -> Any:
    """Type a name, so that the style comes first, and click it."""
    line = hands.find("Find a style")
    line.setFocus()
    QTest.keySequence(line, "Ctrl+A")
    QTest.keyClick(line, Qt.Key.Key_Backspace)
    QTest.keyClicks(line, name)
    view = hands.find("Styles", type(hands.window.shelves.styles.view))
    spot = view.visualRect(view.model().index(0, 0)).center()
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=spot)
    return view, spot


def test_a_style_is_taken_mixed_given_to_a_region_undone_and_saved(
    artist: Hands, tmp_path: Path
) -> None:
    window, studio = artist.window, artist.window.studio
    session, pad = studio.session, studio.pad
    before = studio.live.picture.copy()
    view, spot = show(artist, "winter")
    QTest.mouseDClick(view.viewport(), Qt.MouseButton.LeftButton, pos=spot)
    artist.rest_eyes()
    artist.settle()
    assert session.scene.values["photo"].name == "Winter"
    assert "everything: Winter" in window.notice.text.text()
    assert np.abs(studio.live.picture.astype(int) - before).mean() > 3

    show(artist, "sunset")
    artist.click("Upper right style")
    artist.rest_eyes()
    artist.settle()
    mix = session.scene.values["style"].whole
    assert [p and p.name for p in mix.corners] == ["Winter", "Sunset", None, None]
    half = studio.live.picture.copy()
    steps = len(session.history.done)
    square = artist.find("Style spot")
    held = Qt.MouseButton.LeftButton
    for kind, x in (
        (QEvent.Type.MouseButtonPress, 60), (QEvent.Type.MouseMove, 90),
        (QEvent.Type.MouseMove, 104), (QEvent.Type.MouseButtonRelease, 104),
    ):  # fmt: skip
        at = QPointF(x, 50)
        QApplication.sendEvent(
            square,
            QMouseEvent(
                kind, at, square.mapToGlobal(at), held, held, Qt.KeyboardModifier.NoModifier
            ),
        )
    artist.settle()
    assert len(session.history.done) == steps + 1  # a drag is one step
    assert pad.now.spot[0] == pytest.approx(104 / square.width(), abs=0.01)
    assert np.abs(studio.live.picture.astype(int) - half).mean() > 1
    assert "Sunset 9" in square.accessibleDescription()
    QTest.keyClick(square, Qt.Key.Key_Left)
    assert pad.now.spot[0] == pytest.approx(104 / square.width() - 0.05, abs=0.01)

    # A class of its own, and what is selected.
    whole = studio.live.picture.copy()
    artist.click("Only on the class in hand: Sky")
    show(artist, "storm")
    artist.click("Take this style")
    artist.rest_eyes()
    artist.settle()
    assert [where for where, _ in session.scene.values["style"].regions] == ["sky"]
    sky = studio.live.order.request.values["layout"] == 0
    changed = np.abs(studio.live.picture.astype(int) - whole).mean(-1)
    assert changed[sky].mean() > 2 * changed[~sky].mean()
    mask = np.zeros(session.document.size, bool)
    mask[300:] = True
    studio.tools.selection.take(mask)
    artist.drop("Picture", to_image(BLUE.pixels))
    artist.settle()
    regions = session.scene.values["style"].regions
    assert [type(where) for where, _ in regions] == [str, Packed]
    assert np.array_equal(regions[1][0].mask, mask)
    places = artist.find("Where the style applies")
    assert [places.itemText(n) for n in range(places.count())] == [
        "Everything",
        "Sky",
        "The selection",
    ]

    path = tmp_path / "styles.ora"
    studio.files.save(path)
    artist.wait(lambda: not studio.files.unsaved, "the save")
    scene = session.scene
    artist.click("Take the style away from there")
    assert len(session.scene.values["style"].regions) == 1
    for left in (2, 1):
        artist.keys("Ctrl+Z", artist.canvas())
        assert len(session.scene.values["style"].regions) == left
    while session.history.done:
        artist.keys("Ctrl+Z", artist.canvas())
    assert "style" not in session.scene.values
    assert "photo" not in session.scene.values
    saved = ora.read(path).history.document.scene
    assert saved.values == scene.values


def test_the_shelf_is_reached_by_keys(artist: Hands, tmp_path: Path) -> None:
    window, found = artist.window, artist.window.studio.shelf
    view, _ = show(artist, "moonlit")
    QTest.keyClick(view, Qt.Key.Key_Space)
    assert [style.name for style in found.items if style.favourite] == ["Moonlit"]
    artist.click("Only favourites")
    show(artist, "")
    assert [style.name for style in found.shown] == ["Moonlit"]
    artist.click("Only favourites")
    QApplication.clipboard().setImage(to_image(plain((75, 150, 70)).pixels))
    view.setFocus()
    artist.keys("Ctrl+V", view)
    artist.rest_eyes()
    own = [style for style in found.items if style.own]
    assert [style.name for style in own] == ["Style"]
    view, _ = show(artist, "style")
    QTest.keyClick(view, Qt.Key.Key_F2)
    editor = view.findChild(QLineEdit)
    QTest.keySequence(editor, "Ctrl+A")
    QTest.keyClicks(editor, "Moss")
    QTest.keyClick(editor, Qt.Key.Key_Return)
    QApplication.processEvents()
    assert found.find(own[0].key).name == "Moss"
    show(artist, "")
    QTimer.singleShot(0, lambda: artist.click("Green"))  # The menu waits for its answer.
    artist.click("Look for a colour")
    assert found.shown[0].name == "Moss"
    QTest.keyClick(view, Qt.Key.Key_Home)
    QTest.keyClick(view, Qt.Key.Key_Return)
    artist.rest_eyes()
    assert window.studio.session.scene.values["photo"].name == "Moss"
    artist.drop("Lower left style", to_image(RED.pixels))
    mix = window.studio.pad.now
    assert [c is not None for c in mix.corners] == [True, False, True, False]
    corner = artist.find("Lower left style")
    QTest.keyClick(corner, Qt.Key.Key_Delete)
    assert window.studio.session.scene.values["photo"].name == "Moss"
    assert "style" not in window.studio.session.scene.values


def test_a_dragged_style_is_a_file_that_the_picture_takes(artist: Hands) -> None:
    panel = artist.window.shelves.styles
    show(artist, "dawn")
    data = panel.model.mimeData([panel.view.currentIndex()])
    path = Path(data.urls()[0].toLocalFile())
    artist.drop("Picture", path)
    artist.settle()
    assert artist.window.studio.session.scene.values["photo"].name == path.name
    # An address of the net is taken in hand to be told so.
    artist.window.traffic.drop(urls("https://example.org/a.png"), True)
    artist.rest_eyes()
    assert "only the picture's address" in artist.window.notice.text.text()


def test_a_model_without_styles_says_so(artist: Hands, tmp_path: Path) -> None:
    studio = artist.window.studio
    bundle = studio.session.bundle
    studio.session.bundle = Bundle(bundle.path, bundle.name, bundle.title, bundle.graphs[1:], {})
    said: list[str] = []
    studio.pad.problem.connect(said.append)
    studio.session.model_opened.emit(studio.session.bundle)
    assert not studio.pad.take(RED)
    assert "takes no style" in said[0]
    panel = artist.window.shelves.styles.pad_panel
    assert panel.none.isVisible()
    assert not panel.square.isVisible()
    studio.session.bundle = bundle
