"""Classes and palettes: named, coloured, deleted, kept, counted, found in pictures, and mapped."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from pytestqt.qtbot import QtBot

from engines.data.spec import PaletteClass
from engines.errors import UserError
from studio.document.document import Document
from studio.document.layers import FIRST, Kind, Layer
from studio.document.scene import Scene
from studio.lanes.work import WorkLane
from studio.models import classes, mapping
from studio.models.coloured import coloured, read_coloured
from studio.models.library import Library
from studio.models.palette import Palette
from studio.models.palettes import Palettes, write_classes
from studio.models.session import Session
from studio.models.tools import Tools

NAMES = ("sky", "sea", "sand", "rock")
COLORS = ("#0000ff", "#00ffff", "#ffff00", "#808080")
CLASSES = tuple(PaletteClass(n, c) for n, c in zip(NAMES, COLORS, strict=True))


def names(scene: Scene) -> list[str]:
    return [entry.name for entry in scene.palette]


# Scenes -------------------------------------------------------------------------------------------


def test_a_name_is_changed_wherever_it_is_meant() -> None:
    scene = Scene(
        CLASSES,
        order=NAMES,
        protected=frozenset({"sea"}),
        mappings={"m": {"sea": "water"}},
        values={"where": "sea", "caption": "sea"},
    )
    now = classes.renamed(scene, 1, "  wide   ocean ", masks=["where"])
    assert names(now)[1] == "wide ocean"
    assert now.order == ("sky", "wide ocean", "sand", "rock")
    assert now.protected == {"wide ocean"}
    assert now.mappings == {"m": {"wide ocean": "water"}}
    assert now.values == {"where": "wide ocean", "caption": "sea"}
    bare = classes.renamed(replace(scene, order=()), 1, "lava", [3, 1])
    assert classes.shown(bare, ("sea", "sky"), lambda: []) == [3, 1, 0]
    for wrong in ("", " ", "SKY", "x" * 101):
        with pytest.raises(UserError):
            classes.renamed(scene, 1, wrong)
    assert classes.renamed(scene, 1, "Sea").palette[1].name == "Sea"


def test_an_added_class_is_shown_though_nothing_is_painted_in_it() -> None:
    scene = Scene(CLASSES)
    now = classes.added(scene, "lava", "#ff0000", [2, 0])
    assert classes.shown(now, ("sky", "rock"), lambda: [1]) == [2, 0, 4, 3, 1]
    assert classes.shown(scene, ("sky", "rock"), lambda: [1, 255]) == [0, 3, 1]
    assert classes.shown(scene, (), lambda: []) == [0, 1, 2, 3]
    full = Scene(tuple(PaletteClass(f"c{n}", "#000000") for n in range(255)))
    with pytest.raises(UserError, match="255 classes at most"):
        classes.added(full, "more", "#ff0000", [])


def test_another_palette_keeps_what_is_painted() -> None:
    found = (PaletteClass("rock", "#111111"), PaletteClass("lava", "#ff0000"))
    now = classes.dressed(Scene(CLASSES), found)
    assert names(now) == [*NAMES, "lava"]
    assert now.palette[3].color == "#111111"
    assert classes.shown(now, (), lambda: [1]) == [3, 4, 1]


@settings(max_examples=10)
@given(st.lists(st.sampled_from(COLORS), max_size=40))
def test_a_fresh_colour_is_like_no_other(colors: list[str]) -> None:
    palette: tuple[PaletteClass, ...] = ()
    for number, color in enumerate(colors):
        palette += (PaletteClass(f"c{number}", color),)
    for _ in range(6):
        fresh = classes.fresh_color(palette)
        assert fresh not in {entry.color for entry in palette} | {"#000000", "#ffffff"}
        palette += (PaletteClass(f"c{len(palette)}", fresh),)
    assert classes.alike(Scene((*palette, palette[0])), 0) != []


# The open document --------------------------------------------------------------------------------


@pytest.fixture
def palette(qtbot: QtBot, tmp_path: Path) -> Iterator[Palette]:
    work = WorkLane()
    session = Session(Library(work, work), work)
    tools = Tools(session, work)
    made = Palette(session, tools, Palettes(tmp_path / "palettes"), work)
    rng = np.random.default_rng(0)
    ids = rng.choice(np.array([0, 1, 2, 3, 255], np.uint8), (300, 400))
    layers = (*FIRST[:1], Layer(3, Kind.LAYOUT, "Above", visible=False), *FIRST[1:])
    document = Document(ids, Scene(CLASSES, layers=layers, protected=frozenset({"sea"})))
    document.plane(3)[:10] = 3
    session.show(document)
    yield made
    work.close()


def test_a_deleted_class_gives_its_pixels_to_another_and_comes_back(palette: Palette) -> None:
    session, before = palette.session, palette.session.document.ids.copy()
    palette.tools.choose(3)
    palette.delete(1, into=0)
    assert names(session.scene) == ["sky", "sand", "rock"]
    now = session.document.ids
    assert (now[before == 0] == 0).all()
    assert (now[before == 1] == 0).all()
    assert (now[before == 2] == 1).all()
    assert (now[before == 3] == 2).all()
    assert (now[before == 255] == 255).all()
    assert (session.document.plane(3)[:10] == 2).all()  # a hidden layer too
    assert palette.tools.class_id == 2
    assert len(session.history.done) == 1
    session.undo()
    assert (session.document.ids == before).all()
    assert names(session.scene) == list(NAMES)
    assert palette.tools.class_id == 3
    session.redo()
    palette.delete(1)
    assert (session.document.ids[before == 2] == 255).all()
    palette.delete(0)
    with pytest.raises(UserError, match="needs a class"):
        palette.delete(0)


@pytest.mark.parametrize("seed", range(4))
def test_whatever_is_done_to_classes_undo_takes_back_and_redo_does_again(
    palette: Palette, seed: int
) -> None:
    rng, session = np.random.default_rng(seed), palette.session
    before = session.scene, session.document.ids.copy(), session.document.plane(3).copy()
    for step in range(30):
        count = len(session.scene.palette)
        number, other = (int(n) for n in rng.integers(0, count, 2))
        match int(rng.integers(0, 6)):
            case 0:
                palette.add()
            case 1:
                palette.rename(number, f"name {step}")
            case 2 if count > 1:
                palette.delete(number, None if other == number else other)
            case 3:
                palette.move(number, int(rng.integers(0, 3)))
            case 4:
                palette.protect(number, bool(rng.integers(0, 2)))
            case _:
                palette.recolor(number, f"#{int(rng.integers(1 << 24)):06x}")
        ids = session.document.ids
        assert (ids[ids != 255] < len(session.scene.palette)).all()
        assert set(session.scene.order) <= set(names(session.scene))
        assert session.scene.protected <= set(names(session.scene))
    after = session.scene, session.document.ids.copy(), session.document.plane(3).copy()
    while session.history.done:
        session.undo()
    now = session.scene, session.document.ids, session.document.plane(3)
    assert now[0] == before[0]
    assert all((one == other).all() for one, other in zip(now[1:], before[1:], strict=True))
    while session.history.undone:
        session.redo()
    now = session.scene, session.document.ids, session.document.plane(3)
    assert now[0] == after[0]
    assert all((one == other).all() for one, other in zip(now[1:], after[1:], strict=True))


def test_solo_ends_with_its_class(palette: Palette) -> None:
    palette.show_only(3)
    palette.delete(1)
    assert palette.solo == 2
    palette.delete(2)
    assert palette.solo is None


def test_classes_are_moved_without_touching_a_pixel(palette: Palette) -> None:
    before = palette.session.document.ids.copy()
    palette.move(3, 0)
    assert palette.session.shown_classes() == [3, 0, 1, 2]
    assert (palette.session.document.ids == before).all()
    number = palette.add()
    assert palette.session.shown_classes() == [3, 0, 1, 2, number]
    palette.rename(number, "lava")
    palette.recolor(number, "#FF0000")
    assert palette.scene.palette[number] == PaletteClass("lava", "#ff0000")
    palette.protect(number, True)
    assert palette.is_protected(number)
    for _ in range(5):
        palette.session.undo()
    assert palette.scene.palette == CLASSES
    assert palette.session.shown_classes() == [0, 1, 2, 3]


def test_a_palette_is_kept_worn_and_deleted(palette: Palette, tmp_path: Path) -> None:
    store = palette.palettes
    palette.move(3, 0)
    assert store.save("  Über / Land ", palette.shown) == "Über / Land"
    assert store.save("Über / Land", palette.shown[:2]) == "Über / Land"
    assert store.names() == ["Über / Land"]
    assert [entry.name for entry in store.load("Über / Land")] == ["rock", "sky"]
    (store.folder / "broken.json").write_text("{")
    (store.folder / "other.json").write_text(json.dumps({"format": 1, "name": "x", "classes": []}))
    assert store.names() == ["Über / Land"]
    palette.session.undo()
    palette.wear("Über / Land")
    assert palette.session.shown_classes()[:2] == [3, 0]
    store.delete("Über / Land")
    assert store.names() == []
    with pytest.raises(UserError, match="is gone"):
        palette.wear("Über / Land")
    for wrong in ("", " ", "x" * 101):
        with pytest.raises(UserError):
            store.save(wrong, CLASSES)


def test_classes_json_is_read_and_written(palette: Palette, tmp_path: Path) -> None:
    path = tmp_path / "classes.json"
    write_classes(path, (PaletteClass("lava", "#ff0000"), PaletteClass("sea", "#000080")))
    palette.read(path)
    assert names(palette.scene) == [*NAMES, "lava"]
    assert palette.scene.palette[1].color == "#000080"
    other = path.rename(tmp_path / "mine.json")
    with pytest.raises(UserError, match=r"not called classes\.json"):
        palette.read(other)


def test_shares_are_counted_tile_by_tile_after_the_stroke(palette: Palette, qtbot: QtBot) -> None:
    shares, session = palette.shares, palette.session
    shares.count()
    expected = np.bincount(session.document.ids.ravel(), minlength=256)
    assert (shares.counts == expected).all()
    palette.tools.choose(2)
    palette.tools.size = 80
    palette.tools.press((350.0, 280.0))
    assert shares.pending
    before = shares.counts.copy()
    shares._count_some()
    assert (shares.counts == before).all()  # not while the pen is down
    palette.tools.release()
    with qtbot.waitSignal(shares.changed):
        pass
    expected = np.bincount(session.document.ids.ravel(), minlength=256)
    assert (shares.counts == expected).all()
    assert not (before == expected).all()
    assert shares.share(2) == expected[2] / (300 * 400)
    assert shares.used == {0, 1, 2, 3}
    session.show(Document.blank((10, 10), Scene(CLASSES)))
    shares.count()
    assert shares.used == set()


# Pictures -----------------------------------------------------------------------------------------


def flat(*shares: tuple[tuple[int, int, int], int]) -> np.ndarray:
    rows = [np.tile(np.array(color, np.uint8), (count, 100, 1)) for color, count in shares]
    return np.concatenate(rows)


def test_exact_colours_become_classes() -> None:
    found = coloured(flat(((0, 0, 255), 30), ((9, 9, 9), 50), ((0, 0, 0), 1)), CLASSES, "x.png")
    assert [entry.color for entry in found.classes] == ["#090909", "#0000ff", "#000000"]
    assert found.classes[1].name == "sky"
    assert found.strays == 0
    assert found.shares == pytest.approx([50 / 81, 30 / 81, 1 / 81])
    assert (found.ids[:30] == 1).all()


def test_soft_borders_take_the_nearest_and_are_told() -> None:
    rgb = flat(((250, 0, 0), 60), ((0, 0, 250), 60))
    rng = np.random.default_rng(1)
    blend = rng.uniform(0, 1, (2, 100, 1))
    rgb[59:61] = (blend * (250, 0, 0) + (1 - blend) * (0, 0, 250)).astype(np.uint8)
    found = coloured(rgb, (), "x.png")
    assert [entry.color for entry in found.classes] == ["#0000fa", "#fa0000"]
    assert 150 < found.strays <= 200
    near = np.where(rgb[..., 0] > rgb[..., 2], 1, 0)
    assert (found.ids == near).mean() > 0.99
    assert (found.exact == 255).sum() == found.strays
    assert [c.name for c in found.named(["a", "b"]).classes] == ["a", "b"]


def test_a_photo_is_no_layout(tmp_path: Path) -> None:
    noise = np.random.default_rng(2).integers(0, 256, (64, 64, 3), np.uint8)
    path = tmp_path / "photo.png"
    Image.fromarray(noise).save(path)
    with pytest.raises(UserError, match="no large areas"):
        read_coloured(path, ())


def test_a_pictures_classes_and_layout_are_taken_as_one_step(palette: Palette) -> None:
    rgb = flat(((0, 255, 255), 100), ((255, 0, 255), 200))
    rgb = np.concatenate([rgb] * 4, 1)
    found = coloured(rgb, CLASSES, "x.png")
    palette.session.change_scene(replace(palette.scene, protected=frozenset()), "unlock")
    palette.session.history.done.clear()
    palette.take_coloured(found, layout=True, exact=False)
    ids, scene = palette.session.document.ids, palette.scene
    assert {scene.palette[n].name for n in np.unique(ids[:100])} == {"sea"}
    assert {scene.palette[n].color for n in np.unique(ids[100:])} == {"#ff00ff"}
    assert len(palette.session.history.done) == 1
    palette.session.undo()
    assert palette.scene.palette == CLASSES
    palette.take_coloured(found, layout=False, exact=False)
    assert (palette.session.document.ids == 255).any()
    assert len(palette.scene.palette) == 5


def test_a_locked_class_stays_when_a_layout_is_taken(palette: Palette) -> None:
    session = palette.session
    said: list[str] = []
    session.problem.connect(said.append)
    size = session.document.size
    before = np.full(size, 2, np.uint8)
    before[:, : size[1] // 2] = 3
    palette.protect(1, False)
    session.replace_layout(before, session.scene, "x")
    palette.protect(2, True)
    rgb = np.zeros((*size, 3), np.uint8)
    rgb[: size[0] // 2] = (255, 0, 255)
    palette.take_coloured(coloured(rgb, CLASSES, "x.png"), layout=True, exact=False)
    ids = session.document.ids
    assert ((ids == 2) == (before == 2)).all()
    assert (ids[before != 2] > 3).all()
    assert said == ["What is painted in locked classes stays: sand."]
    said.clear()
    # Going back to what was is no painting, but the artist is told.
    session.replace_layout(np.zeros(size, np.uint8), session.scene, "back")
    assert (session.document.ids == 0).all()
    assert len(said) == 1
    assert "sand" in said[0]
    session.undo()
    session.replace_layout(session.document.ids.copy(), session.scene, "the same")
    assert len(said) == 1


# Mapping ------------------------------------------------------------------------------------------


MODEL = ("water", "sky", "stone")


def test_what_the_artist_says_goes_before_what_names_say() -> None:
    scene = Scene(CLASSES)
    assert mapping.numbering(CLASSES, MODEL, {}) == {0: 1, 1: 0, 3: 2}
    scene = mapping.mapped(scene, "m", "sand", "stone")
    scene = mapping.mapped(scene, "m", "sea", "")
    said = mapping.mapping_of(scene, "m")
    assert mapping.numbering(CLASSES, MODEL, said) == {0: 1, 2: 2, 3: 2}
    assert mapping.mapping_of(scene, "other") == {}
    rows = mapping.rows(scene, "m", MODEL, [0, 1, 2, 3])
    assert [(r.name, r.target, r.guess, r.chosen) for r in rows] == [
        ("sky", "sky", "sky", False),
        ("sea", "", "water", True),
        ("sand", "stone", "", True),
        ("rock", "stone", "stone", False),
    ]
    assert [row.name for row in mapping.lacking(rows)] == ["rock"]
    scene = mapping.mapped(mapping.mapped(scene, "m", "sand", None), "m", "sea", None)
    assert scene.mappings == {}


def test_a_choice_of_a_class_that_the_model_lost_is_no_choice() -> None:
    scene = replace(Scene(CLASSES), mappings={"m": {"sea": "gone"}})
    row = mapping.rows(scene, "m", MODEL, [1])[0]
    assert (row.target, row.chosen) == ("water", False)
    assert mapping.numbering(CLASSES, MODEL, {"sea": "gone"})[1] == 0


def test_painting_over_a_protected_class_is_clipped(palette: Palette) -> None:
    session = palette.session
    before = session.document.ids.copy()
    palette.tools.choose(2)
    palette.tools.size = 1000
    palette.tools.press((200.0, 150.0))
    palette.tools.release()
    now = session.document.ids
    assert (now[before == 1] == 1).all()
    assert (now[before == 0] == 2).all()
