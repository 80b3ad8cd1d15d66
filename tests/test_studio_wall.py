"""The engine wall: models side by side, what each took, two of them apart, one kept or taken."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QListWidget

from engines.errors import UserError
from engines.ports import UNPAINTED
from engines.request import Request
from engines.runtime import alone
from engines.runtime.alone import render_alone
from engines.runtime.bundle import Bundle
from engines.runtime.places import SHIPPED, own_models
from engines.runtime.render import render
from engines.runtime.sessions import Sessions, Stale
from studio.document.layers import Kind, walk
from studio.models.abilities import ability, memory_text
from studio.models.library import Entry
from studio.models.wall import Tile
from studio.models.wallsource import Source, difference
from studio.views.wall import WallWindow
from studio.views.window import Window
from tests import large, oddities, untrained
from tests.hands import Hands

pytestmark = pytest.mark.timeout(180)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Small models: two translate photos, one enlarges them, two paint layouts."""
    home = tmp_path_factory.mktemp("models")
    untrained.model(home / "first", "pix2pix", "First", seed=1)
    untrained.model(home / "second", "pix2pix", "Second", seed=2)
    untrained.model(home / "larger", "srgan", "Larger", scale="2")
    untrained.model(home / "painter", "spade", "Painter", seed=3)
    untrained.model(home / "other", "spade", "Other", seed=4)
    return home


@pytest.fixture
def installed(hands: Hands, models: Path) -> Hands:
    """A studio with these models."""
    own_models().mkdir(parents=True, exist_ok=True)
    for folder in models.iterdir():
        shutil.copytree(folder, own_models() / folder.name, dirs_exist_ok=True)
    hands.window.studio.library.look()
    return hands


def opened(hands: Hands) -> WallWindow:
    """The wall, by its command, when it has painted."""
    hands.menu("Model", "Compare models …")
    found = hands.window.findChild(WallWindow)
    assert isinstance(found, WallWindow)
    rest(hands)
    return found


@pytest.fixture
def near(monkeypatch: pytest.MonkeyPatch) -> None:
    """Renders in this process, which is quicker than to start one for each picture."""

    def render_here(
        model: Path, request: Request, provider: str, wait: Callable[[], None]
    ) -> alone.Made:
        wait()
        bundle = Bundle.open(model)
        frame = next(render(bundle, request, Sessions("cpu")))
        wait()
        value = frame.values[bundle.target.outputs[0].name]
        return alone.Made(value, frame.seconds, 12_000_000, "cpu")

    monkeypatch.setattr(alone, "render_alone", render_here)


@pytest.fixture
def wall(installed: Hands, near: None) -> Iterator[WallWindow]:
    """A wall that waits for a photo."""
    installed.window.studio.wall.take(Source.DROPPED)
    found = opened(installed)
    yield found
    found.close()


@pytest.fixture
def painters(installed: Hands, near: None) -> Iterator[WallWindow]:
    """A wall of two that paint layouts."""
    installed.window.studio.wall.choose(["painter", "other"])
    found = opened(installed)
    yield found
    found.close()


def rest(hands: Hands) -> None:
    hands.wait(lambda: not hands.window.studio.wall.running, "the wall")
    QApplication.processEvents()


def tile(window: Window, name: str) -> Tile:
    return next(t for t in window.studio.wall.tiles if t.entry.name == name)


def photo(hands: Hands, tmp_path: Path) -> None:
    """Drop a photo on the wall."""
    from PIL import Image

    path = tmp_path / "a.png"
    Image.fromarray(large.photo((64, 96))).save(path)
    hands.drop("Models on the wall", path)
    rest(hands)


def check(hands: Hands, *titles: str) -> None:
    """Check models in the list, by its keys."""
    for title in titles:
        models = hands.find("Models on the wall", QListWidget)
        assert isinstance(models, QListWidget)
        models.setFocus()
        row = next(r for r in range(models.count()) if models.item(r).text() == title)
        models.setCurrentRow(row)
        QTest.keyClick(models, Qt.Key.Key_Space)


def test_a_layout_goes_through_all_models_that_paint_layouts(
    installed: Hands, hands: Hands, near: None
) -> None:
    studio, wall = hands.window.studio, opened(hands)
    paints = {e.name for e in studio.library.entries if ability(e).layout}
    assert {"painter", "other", "vista"} < paints
    assert {t.entry.name for t in studio.wall.tiles} == paints
    for each in studio.wall.tiles:
        assert each.state == "done", each.sentence
        assert each.pixels is not None
        assert each.pixels.std() > 5
        assert each.memory is not None
        assert 1_000_000 < each.memory < 3_000_000_000
        assert each.seconds > 0
        view = hands.find(f"{each.entry.title} on the wall")
        assert memory_text(each.memory) in view.accessibleDescription()
        assert "CPU" in view.accessibleDescription()
    models = hands.find("Models on the wall", QListWidget)
    assert isinstance(models, QListWidget)
    texts = [models.item(row).text() for row in range(models.count())]
    assert any(t.startswith("First\n") and t.endswith("instead.") for t in texts)
    # The document's own model paints there what it paints here.
    mine = next(t for t in studio.wall.tiles if studio.wall.used(t))
    assert np.array_equal(mine.pixels, studio.live.picture)
    wall.close()
    assert not studio.wall.running


def test_a_dropped_photo_goes_through_and_a_picture_is_kept_or_its_model_taken(
    wall: WallWindow, hands: Hands, tmp_path: Path
) -> None:
    photo(hands, tmp_path)
    studio, window = hands.window.studio, hands.window
    assert hands.find("What goes through the models", QComboBox).currentData() is Source.DROPPED
    first, larger = tile(window, "first"), tile(window, "larger")
    assert (first.state, larger.state) == ("done", "done")
    assert first.pixels is not None
    assert larger.pixels is not None
    assert larger.pixels.shape[1] == 2 * first.pixels.shape[1]
    before = studio.session.scene
    hands.click("Keep as a layer: First")
    kept = [x for x in walk(studio.session.scene.layers) if x.kind is Kind.PICTURE]
    assert [x.name for x in kept] == ["First"]
    assert studio.session.history.done[-1].label == "Layer by First"
    QApplication.processEvents()
    assert not studio.wall.running  # What was kept is not what goes through the models now.
    hands.keys("Ctrl+Z", wall)
    assert studio.session.scene == before
    hands.click("Paint the document with Second")
    hands.wait(lambda: studio.wall.used(tile(window, "second")), "the model")
    assert not hands.window.studio.wall.used(first)
    hands.keys("Ctrl+Z", wall)
    hands.wait(lambda: not studio.wall.used(tile(window, "second")), "the undo")


def test_two_are_compared_at_a_divider_and_by_their_difference(
    wall: WallWindow, hands: Hands, tmp_path: Path
) -> None:
    photo(hands, tmp_path)
    assert not wall.ways["split"].isEnabled()
    hands.click("Picture by First")
    hands.click("Picture by Second")
    hands.click("The two chosen at a divider")
    pane = hands.find("The two chosen pictures")
    assert pane is wall.both
    before = wall.both.divider
    QTest.keyClick(pane, Qt.Key.Key_Right)
    assert wall.both.divider > before
    one, other = tile(hands.window, "first").pixels, tile(hands.window, "second").pixels
    assert one is not None
    assert other is not None
    hands.click("Where the two chosen differ")
    found = difference(one, other)
    assert f"{found.mean:.1f}" in wall.told.text()
    assert wall.both.scale is not None
    assert wall.both.scale[1] == found.most > 0
    # Without one of them there is nothing to compare.
    check(hands, "Second")
    assert wall.stack.currentWidget() is wall.tiles


def test_all_pictures_are_looked_at_alike_and_one_fills_the_wall(
    wall: WallWindow, hands: Hands, tmp_path: Path
) -> None:
    photo(hands, tmp_path)
    views = wall.tiles.views
    pane = views[0].pane
    spot = QPointF(pane.width() / 4, pane.height() / 2)
    wheel = QWheelEvent(
        spot, pane.mapToGlobal(spot), QPoint(), QPoint(0, 240), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    under = pane._point(spot)
    QApplication.sendEvent(pane, wheel)
    assert wall.look.zoom == pytest.approx(1.44)
    assert (pane._point(spot) - under).manhattanLength() < 1e-6
    assert views[1].pane.look is wall.look
    QTest.keyClick(wall, Qt.Key.Key_0)
    assert wall.look.zoom == 1
    shown = [view for view in views if view.isVisible()]
    assert len(shown) == len(views)
    QTest.mouseDClick(views[1].pane, Qt.MouseButton.LeftButton)
    assert [view for view in views if view.isVisible()] == [views[1]]
    QTest.keyClick(views[1], Qt.Key.Key_Escape)
    assert all(view.isVisible() for view in views)
    views[0].setFocus()
    QTest.keyClick(views[0], Qt.Key.Key_Return)
    assert [view for view in views if view.isVisible()] == [views[0]]
    # No two tiles lie over each other.
    QTest.keyClick(views[0], Qt.Key.Key_Return)
    places = [view.geometry() for view in views]
    assert not any(a.intersects(b) for i, a in enumerate(places) for b in places[i + 1 :])


def test_it_follows_the_canvas_when_it_rests_and_never_while_the_pen_is_down(
    painters: WallWindow, hands: Hands
) -> None:
    studio = hands.window.studio
    before = [t.pixels for t in studio.wall.tiles]
    hands.click("Mountain")
    hands.stroke((0.1, 0.1), (0.8, 0.2), lift=False)
    assert studio.wall.behind
    studio.wall.paint()
    for _ in range(30):
        QTest.qWait(10)
        assert not any(t.state == "painting" for t in studio.wall.tiles)
    assert studio.wall.waiting
    assert painters.told.text() == "Waits while you paint"
    hands.stroke((0.8, 0.2), (0.8, 0.3))
    hands.wait(lambda: not studio.wall.behind and not studio.wall.running, "the wall")
    after = [t.pixels for t in studio.wall.tiles]
    assert not any(np.array_equal(a, b) for a, b in zip(before, after, strict=True))
    # Changed and changed back is no change.
    hands.stroke((0.5, 0.5), (0.6, 0.6))
    hands.keys("Ctrl+Z", painters)
    hands.wait(lambda: not studio.wall.behind, "the wall to see it")
    assert not studio.wall.running
    assert [t.pixels for t in studio.wall.tiles] == after
    QTest.keyClick(painters.follows, Qt.Key.Key_Space)
    hands.stroke((0.5, 0.5), (0.6, 0.6))
    QTest.qWait(900)
    assert studio.wall.behind
    assert "changed" in painters.told.text()


def test_what_is_missing_is_said(hands: Hands, painters: WallWindow) -> None:
    wall_ = hands.window.studio.wall
    check(hands, "Other")
    rest(hands)
    assert painters.told.text() == "Check a second model to compare it with."
    check(hands, "Painter")
    assert "Check the models" in painters.empty.text()
    wall_.take(Source.PHOTO)
    assert "no photo" in painters.empty.text()
    wall_.take(Source.DROPPED)
    assert painters.empty.text() == "Drop a photo here."
    hands.window.studio.session.document.ids[:] = UNPAINTED
    wall_.take(Source.LAYOUT)
    assert "Nothing is painted" in painters.empty.text()


def test_a_model_that_cannot_says_why_and_the_others_go_on(
    wall: WallWindow, hands: Hands, tmp_path: Path
) -> None:
    photo(hands, tmp_path)
    studio = hands.window.studio
    spoilt = own_models() / "first" / "translate.onnx"
    spoilt.write_bytes(spoilt.read_bytes()[:-100])
    studio.wall._bundles.clear()
    studio.wall.paint()
    rest(hands)
    first = tile(hands.window, "first")
    assert first.state == "cannot"
    assert first.sentence.endswith(".")
    assert first.pixels is None
    assert first.sentence in hands.find("First on the wall").accessibleDescription()
    assert tile(hands.window, "second").state == "done"
    assert not wall.tiles.views[0].keep.isEnabled()


def test_what_is_no_picture_is_refused_by_the_wall(
    wall: WallWindow, hands: Hands, tmp_path: Path
) -> None:
    for name in ("broken.jpg", "pipe.png", "bomb.png", "empty.png"):
        (path,) = oddities.make(tmp_path / name, {name: oddities.REFUSED[name]})
        hands.drop("Models on the wall", path)
        said = wall.notice.text.text()
        assert wall.notice.isVisible()
        assert said.endswith("."), said
        assert hands.window.studio.wall.dropped is None
        wall.notice.hide()


def test_a_picture_layer_goes_through(wall: WallWindow, hands: Hands, tmp_path: Path) -> None:
    studio = hands.window.studio
    studio.layering.add_picture(large.photo((128, 128)), "Mine", "Add")
    studio.wall.take(Source.PHOTO)
    studio.wall.choose(["first"])
    rest(hands)
    first = tile(hands.window, "first")
    before = first.pixels
    assert before is not None
    studio.wall.keep(first)
    studio.wall.paint()
    rest(hands)
    assert np.array_equal(before, first.pixels)  # Still made of the same layer.


def test_a_process_of_its_own_renders_the_same_and_ends_when_asked(models: Path) -> None:
    bundle = Bundle.open(models / "first")
    size = (64, 64)
    request = Request(bundle.hash, size, large.values(bundle.ports, size))
    made = render_alone(bundle.path, request, "cpu", lambda: None)
    assert np.array_equal(made.value, next(render(bundle, request, Sessions("cpu"))).picture)
    assert made.provider == "cpu"

    def now() -> None:
        raise Stale

    with pytest.raises(Stale):
        render_alone(bundle.path, request, "cpu", now)
    with pytest.raises(UserError, match="another version"):
        render_alone(bundle.path, Request("no", size), "cpu", lambda: None)


def test_a_larger_render_needs_more_memory(models: Path) -> None:
    bundle = Bundle.open(models / "larger")
    needed = []
    for side in (32, 512):
        request = Request(bundle.hash, (side, side), large.values(bundle.ports, (side, side)))
        needed.append(render_alone(bundle.path, request, "cpu", lambda: None).memory)
    small, much = needed
    assert small is not None
    assert much is not None
    assert much > small + 20_000_000  # The picture alone is 3 MB, its maps are 8 channels of it.


def test_abilities_are_read_from_the_description(models: Path, tmp_path: Path) -> None:
    def entry(folder: Path) -> Entry:
        return Entry(folder.name, folder.name, "", "", folder, True)

    assert ability(entry(models / "first")).photo == "source"
    assert ability(entry(models / "larger")).enlarges
    assert not ability(entry(models / "first")).enlarges
    can = ability(entry(SHIPPED / "vista"))
    assert (can.layout, can.photo, can.scale, can.reason) == (True, "", 1, "")
    for text in ("", "[]", '{"graphs": 3}', '{"graphs": []}', '{"graphs": [{}]}', "[" * 100_000):
        (tmp_path / "model.json").write_text(text)
        can = ability(entry(tmp_path))
        assert can.reason.endswith("."), text
    assert ability(entry(tmp_path / "nowhere")).reason


def test_the_difference_of_two_pictures() -> None:
    one = np.zeros((4, 6, 3), np.uint8)
    other = one.copy()
    other[1, 2] = (10, 40, 20)
    found = difference(one, other)
    assert (found.most, found.mean) == (40, pytest.approx(40 / 24))
    light = found.picture.astype(int).sum(2)
    assert np.unravel_index(light.argmax(), light.shape) == (1, 2)
    assert len(np.unique(light)) == 2
    same = difference(one, one)
    assert (same.most, same.mean) == (0, 0)
    assert difference(one, np.zeros((8, 12, 3), np.uint8)).picture.shape == one.shape
