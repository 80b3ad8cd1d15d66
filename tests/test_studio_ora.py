"""Layers in OpenRaster files: ours through a file and back, other programs', and both mixed."""

import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from engines.data.spec import PaletteClass
from engines.errors import UserError
from engines.ports import UNPAINTED
from studio.document import ora, others
from studio.document.blend import blend
from studio.document.colors import rendering
from studio.document.document import Document
from studio.document.edit import Edit
from studio.document.layers import BLENDS, FIRST, Kind, Layer, Layers, find, walk
from studio.document.raster import Area, Shape
from studio.document.scene import Scene
from studio.document.showing import Showing
from studio.document.stack import Entry, Stack, blend_of, op_of, read_stack
from studio.history import History
from tests.archives import as_png, rewritten

SIZE = (40, 60)
CLASSES = tuple(
    PaletteClass(n, c) for n, c in (("sky", "#80c0ff"), ("sea", "#1450c8"), ("land", "#609040"))
)
LIVE = np.random.default_rng(1).integers(0, 256, (*SIZE, 3)).astype(np.uint8)

TREE: Layers = (
    Layer(7, Kind.PICTURE, "Glow & <light>", blend="screen", opacity=0.35),
    Layer(
        8,
        Kind.GROUP,
        "Outer",
        blend="multiply",
        opacity=0.75,
        children=(
            Layer(
                9,
                Kind.GROUP,
                "Inner",
                locked=True,
                children=(
                    Layer(10, Kind.PICTURE, "Deep", blend="hue"),
                    Layer(3, Kind.LAYOUT, "Boats", opacity=0.5, blend="multiply"),
                ),
            ),
            Layer(11, Kind.PICTURE, "Hidden", visible=False, blend="soft-light"),
            Layer(12, Kind.GROUP, "Empty"),
        ),
    ),
    Layer(2, Kind.RENDER, "Picture", opacity=0.9),
    Layer(1, Kind.LAYOUT, "Layout", locked=True),
    Layer(13, Kind.PICTURE, "Blank"),
)


def document(tree: Layers = TREE) -> Document:
    """One with something on every layer but "Blank"."""
    rng = np.random.default_rng(4)
    planes = {}
    for layer in walk(tree):
        if layer.kind is Kind.LAYOUT:
            planes[layer.id] = rng.choice([0, 1, 2, UNPAINTED], SIZE).astype(np.uint8)
        elif layer.kind is Kind.PICTURE and layer.name != "Blank":
            planes[layer.id] = rng.integers(0, 256, (*SIZE, 4)).astype(np.uint8)
    return Document.of(SIZE, planes, Scene(palette=CLASSES, layers=tree))


def pixels_of(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGBA"))


def without_ours(members: dict[str, bytes]) -> None:
    """What a program leaves that keeps only what the format names."""
    for name in list(members):
        if name.startswith("pentimento/"):
            del members[name]


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    ora.write(tmp_path / "a.ora", History(document()), LIVE)
    return tmp_path / "a.ora"


# stack.xml -----------------------------------------------------------------------------------


def test_a_stack_goes_through_xml() -> None:
    leaf = Entry('"Ink" & <b>', "data/1.png", -3, 8, 1 / 3, False, "svg:hue", True)
    inner = Entry("In", opacity=0.25, op="svg:plus", children=(leaf, Entry("b", "b.png")))
    through = Entry("Through", isolated=False, children=(inner,))
    stack = Stack((5, 9), (leaf, through, Entry("Empty", visible=False)))
    found = read_stack(stack.to_xml(), "x.ora")
    assert found.size == (5, 9)
    assert len(found.entries) == 3
    for one, other in zip(
        (*stack.layers, inner), (*found.layers, found.entries[1].children[0]), strict=False
    ):
        assert other == replace(one, opacity=other.opacity, children=other.children)
        assert other.opacity == pytest.approx(one.opacity, abs=1e-8)
    assert [e.isolated for e in found.entries] == [True, False, True]
    assert found.entries[2] == stack.entries[2]


def test_only_a_group_that_does_nothing_lets_its_layers_look_down() -> None:
    for fields, isolated in (
        ('isolation="auto"', False),
        ('isolation="isolate"', True),
        ("", True),
        ('isolation="auto" opacity="0.5"', True),
        ('isolation="auto" composite-op="svg:screen"', True),
    ):
        xml = f'<image w="1" h="1"><stack><stack {fields}/></stack></image>'
        assert read_stack(xml.encode(), "").entries[0].isolated is isolated


def test_every_mode_has_a_name_in_the_format() -> None:
    assert [blend_of(op_of(mode)) for mode in BLENDS] == list(BLENDS)
    assert op_of("normal") == "svg:src-over"
    assert blend_of("krita:soft_light") == "soft-light"
    for strange in ("svg:dst-in", "krita:divide", "multiply", "", "svg:", "svg:normal"):
        assert blend_of(strange) is None


HEAD, TAIL = '<image w="4" h="4"><stack>', "</stack></image>"
LEAF = '<layer src="a.png"/>'


@pytest.mark.parametrize(
    "xml",
    [
        "",
        "<image>",
        '<?xml version="1.0" encoding="UTF-9"?><image w="4" h="4"><stack/></image>',
        HEAD,
        HEAD + "</image>",
        '<image w="4"><stack/></image>',
        '<image w="0" h="4"><stack/></image>',
        '<image w="4" h="4"/><image w="4" h="4"/>',
        '<!DOCTYPE x [<!ENTITY a "aa">]><image w="4" h="4"><stack/></image>',
        HEAD + "<stack>" * 40 + "</stack>" * 40 + TAIL,
        HEAD + LEAF * 201 + TAIL,
        HEAD + "<stack/>" * 201 + TAIL,
        HEAD + '<layer src="a" x="9999999999"/>' + TAIL,
        HEAD + '<layer src="a" y="1.5"/>' + TAIL,
        HEAD + '<layer src="a" opacity="thin"/>' + TAIL,
        HEAD + '<layer src="a" opacity="nan"/>' + TAIL,
        HEAD + '<layer src=""/>' + TAIL,
        '<image w="4" h="4">' + LEAF + "</image>",
        '<image w="4" h="4"><stack/><stack/></image>',
        '<x><image w="4" h="4"/><image w="4" h="4"/></x>',
    ],
)
def test_a_wrong_stack_is_refused(xml: str) -> None:
    with pytest.raises(UserError, match=r"^x\.ora is broken and cannot be read \(stack\.xml"):
        read_stack(xml.encode(), "x.ora")


def test_a_large_stack_within_bounds_is_read() -> None:
    assert len(read_stack((HEAD + LEAF * 200 + TAIL).encode(), "").layers) == 200
    deep = HEAD + "<stack>" * 16 + LEAF + "</stack>" * 16 + TAIL
    assert len(read_stack(deep.encode(), "").layers) == 1
    odd = (
        f'<image w="4" h="4"><stack><layer src="a" opacity="7" name="{"n" * 999}"/></stack></image>'
    )
    entry = read_stack(odd.encode(), "").entries[0]
    assert (entry.opacity, len(entry.name)) == (1, 200)


# Ours ----------------------------------------------------------------------------------------


def test_layers_go_through_a_file_with_all_they_are(saved: Path) -> None:
    made = document()
    opened = ora.read(saved)
    found = opened.history.document
    assert opened.warnings == ()
    assert found.scene == made.scene
    assert found.planes.keys() == made.planes.keys()
    for number, plane in made.planes.items():
        assert (found.planes[number] == plane).all()


def test_a_stroke_on_each_layer_is_undone_after_opening(tmp_path: Path) -> None:
    made = document()
    history = History(made)
    before = {number: plane.copy() for number, plane in made.planes.items()}
    for number in before:
        edit = Edit(made, "x", number)
        edit.paint(Shape(Area(3, 4, 20, 30)), 1 if edit.channels == 1 else (1, 2, 3, 4))
        change = edit.finish()
        assert change is not None
        history.add(change)
    ora.write(tmp_path / "b.ora", history)
    opened = ora.read(tmp_path / "b.ora").history
    for _ in before:
        opened.undo()
    for number, plane in before.items():
        assert (opened.document.planes[number] == plane).all()


def test_other_programs_get_every_layer_as_a_picture(saved: Path) -> None:
    made = document()
    with zipfile.ZipFile(saved) as archive:
        stack = read_stack(archive.read("stack.xml"), "")

        def compare(layers: Layers, entries: tuple[Entry, ...]) -> None:
            for layer, entry in zip(layers, entries, strict=True):
                flat = layer.kind is Kind.LAYOUT
                assert entry.name == others.marked(layer)
                assert entry.opacity == pytest.approx(1 if flat else layer.opacity)
                assert entry.op == op_of("normal" if flat else layer.blend)
                assert (entry.visible, entry.locked) == (layer.visible, layer.locked)
                if layer.kind is Kind.GROUP:
                    assert entry.isolated
                    compare(layer.children, entry.children)
                    continue
                pixels = pixels_of(archive.read(entry.src))
                if layer.kind is Kind.RENDER:
                    assert (pixels[..., :3] == LIVE).all()
                    assert (pixels[..., 3] == 255).all()
                elif flat:
                    assert (pixels == rendering(made.planes[layer.id], CLASSES)).all()
                elif layer.id in made.planes:
                    assert (pixels == made.planes[layer.id]).all()
                else:
                    assert not pixels.any()

        compare(TREE, stack.entries)
        assert (pixels_of(archive.read("mergedimage.png")) == Showing(made, LIVE).merged()).all()


def test_what_could_not_be_opened_again_is_not_saved(
    saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = saved.read_bytes()
    monkeypatch.setattr(ora, "MOST_PLANES", 10_000)
    with pytest.raises(UserError, match="too large together"):
        ora.write(saved, History(document()))
    assert saved.read_bytes() == before


def test_without_a_picture_the_live_layer_is_not_written(tmp_path: Path) -> None:
    ora.write(tmp_path / "b.ora", History(document()))
    with zipfile.ZipFile(tmp_path / "b.ora") as archive:
        names = [e.name for e in read_stack(archive.read("stack.xml"), "").entries]
    assert names == ["Glow & <light>", "Outer", "Layout [layout]", "Blank"]
    assert ora.read(tmp_path / "b.ora").history.document.scene.layers == TREE


def test_what_another_program_painted_on_a_layout_wins_in_that_one(saved: Path) -> None:
    made = document()
    colored = rendering(made.planes[3], CLASSES)
    colored[5:9, 5:9] = [0x14, 0x50, 0xC8, 255]
    other = rewritten(
        saved, saved.with_name("b.ora"), lambda m: m.update({"data/layer3.png": as_png(colored)})
    )
    opened = ora.read(other)
    expected = made.planes[3].copy()
    expected[5:9, 5:9] = 1
    found = opened.history.document
    assert (found.planes[3] == expected).all()
    assert (found.planes[1] == made.planes[1]).all()
    assert len(opened.warnings) == 1
    opened.history.undo()
    assert (found.planes[3] == made.planes[3]).all()


def test_what_another_program_painted_on_a_picture_is_read(saved: Path) -> None:
    history = ora.read(saved).history
    edit = Edit(history.document, "Dab", 10)
    edit.paint(Shape(Area(0, 0, 20, 20)), (1, 2, 3, 255))
    change = edit.finish()
    assert change is not None
    history.add(change)
    ora.write(saved, history)
    assert len(ora.read(saved).history.done) == len(history.done)
    pixels = history.document.planes[10].copy()
    pixels[:9] = 77
    other = rewritten(
        saved, saved.with_name("b.ora"), lambda m: m.update({"data/layer10.png": as_png(pixels)})
    )
    opened = ora.read(other)
    assert (opened.history.document.planes[10] == pixels).all()
    assert "undo begins anew" in " ".join(opened.warnings)
    assert not opened.history.done  # Taking the dab back would leave what neither program painted.


def moved(members: dict[str, bytes]) -> None:
    """Another program put the boats on top, took the glow away, painted land, brought a layer."""
    stack = read_stack(members["stack.xml"], "")
    outer = stack.entries[1]
    inner = outer.children[0]
    boats = inner.children[1]
    inner = replace(inner, children=inner.children[:1])
    outer = replace(outer, opacity=0.5, children=(inner, *outer.children[1:]))
    ink = Entry("Ink", "data/ink.png", 3, 4, 0.5, op="svg:multiply")
    members["stack.xml"] = Stack(SIZE, (boats, outer, *stack.entries[2:], ink)).to_xml()
    colored = pixels_of(members["data/layer1.png"]).copy()
    colored[:4] = [0x60, 0x90, 0x40, 255]
    members["data/layer1.png"] = as_png(colored)
    members["data/ink.png"] = as_png(np.full((2, 5, 4), 200, np.uint8))


def test_what_another_program_did_to_the_layers_is_read(saved: Path) -> None:
    made = document()
    opened = ora.read(rewritten(saved, saved.with_name("b.ora"), moved))
    found = opened.history.document
    tree = found.scene.layers
    assert [layer.name for layer in tree] == ["Boats", "Outer", "Picture", "Layout", "Blank", "Ink"]
    assert [layer.name for layer in walk(tree[1].children)] == ["Inner", "Deep", "Hidden", "Empty"]
    assert find(tree, 7) is None
    assert tree[1].opacity == 0.5
    assert (tree[5].blend, tree[5].opacity) == ("multiply", 0.5)
    land = made.planes[1].copy()
    land[:4] = 2
    assert (found.planes[1] == land).all()
    for number in (3, 10, 11):  # Nobody changed their pixels, so that ids and all stay.
        assert (found.planes[number] == made.planes[number]).all()
    assert find(tree, 2) == find(TREE, 2)
    ink = found.planes[tree[5].id]
    assert (ink[4:6, 3:8] == 200).all()
    assert ink.sum() == 2 * 5 * 4 * 200
    assert opened.warnings == (
        others.told(0),
        "Another program changed the layers; undo begins anew.",
    )


def test_a_layout_that_another_program_gave_another_size_begins_anew(saved: Path) -> None:
    def larger(members: dict[str, bytes]) -> None:
        plain = json.loads(members["pentimento/document.json"])
        del plain["stack"]  # As files of the first format, which do not say what it was.
        members["pentimento/document.json"] = json.dumps(plain).encode()
        stack = read_stack(members["stack.xml"], "")
        members["stack.xml"] = Stack((50, 70), stack.entries).to_xml()

    made = document()
    opened = ora.read(rewritten(saved, saved.with_name("b.ora"), larger))
    found = opened.history.document
    assert found.size == (50, 70)
    for number in (1, 3):
        assert (found.planes[number][:40, :60] == made.planes[number]).all()
        assert (found.planes[number][40:] == UNPAINTED).all()
    assert (found.planes[10][:40, :60] == made.planes[10]).all()
    assert opened.history.undo() is None


def test_a_broken_stack_leaves_our_layers(saved: Path) -> None:
    for data in (b"<image", Stack((9, 9), (Entry("a", "no.png"),)).to_xml()):
        other = rewritten(
            saved, saved.with_name("b.ora"), lambda m, d=data: m.update({"stack.xml": d})
        )
        opened = ora.read(other)
        assert opened.history.document.scene.layers == TREE
        assert len(opened.warnings) == 1
        assert "kept" in opened.warnings[0]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda j: j["layers"][0].update(plane="data/none.png"),
        lambda j: j["layers"][0].update(id=77),
        lambda j: j["layers"][0].update(id="x"),
        lambda j: j["layers"].pop(),
        lambda j: j.update(layers=None),
        lambda j: j.update(size=[41, 60]),
        lambda j: j["scene"]["layers"][0].update(blend="svg:multiply"),
        lambda j: j["scene"]["layers"][0].update(opacity=float("nan")),
        lambda j: j["scene"]["layers"].append(j["scene"]["layers"][0]),
    ],
)
def test_wrong_words_about_layers_are_refused_in_a_sentence(
    saved: Path, spoil: Callable[[dict[str, Any]], object]
) -> None:
    def change(members: dict[str, bytes]) -> None:
        plain = json.loads(members["pentimento/document.json"])
        spoil(plain)
        members["pentimento/document.json"] = json.dumps(plain).encode()

    with pytest.raises(UserError, match=r"\.$"):
        ora.read(rewritten(saved, saved.with_name("b.ora"), change))


# Others' -------------------------------------------------------------------------------------


def foreign(path: Path, layers: str, **members: np.ndarray) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "image/openraster")
        archive.writestr("stack.xml", f'<image w="60" h="40"><stack>{layers}</stack></image>')
        for name, pixels in members.items():
            archive.writestr(f"{name}.png", as_png(pixels))
    return path


def some(seed: int, height: int = 40, width: int = 60) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 4)).astype(np.uint8)


def test_layers_of_another_program_become_pictures(tmp_path: Path) -> None:
    a, b = some(1), some(2)
    path = foreign(
        tmp_path / "o.ora",
        '<stack name="Shade" composite-op="svg:multiply" opacity="0.5">'
        '<layer name="A" src="a.png" composite-op="svg:color-burn"/></stack>'
        '<layer name="Off" src="b.png" visibility="hidden" edit-locked="true"/>'
        '<layer name="B" src="b.png"/>',
        a=a,
        b=b,
    )
    opened = ora.read(path, CLASSES)
    found = opened.history.document
    tree = found.scene.layers
    assert opened.warnings == ()
    assert found.scene.palette == CLASSES
    assert [layer.name for layer in tree] == ["Shade", "Off", "B", *(layer.name for layer in FIRST)]
    assert [layer.kind for layer in tree[2:]] == [Kind.PICTURE, Kind.RENDER, Kind.LAYOUT]
    assert (tree[0].blend, tree[0].opacity) == ("multiply", 0.5)
    assert tree[0].children[0].blend == "color-burn"
    assert (tree[1].visible, tree[1].locked) == (False, True)
    assert (found.ids == UNPAINTED).all()
    assert (found.planes[tree[0].children[0].id] == a).all()
    assert (Showing(found).merged() == blend("multiply", b, a, 0.5)).all()


def test_groups_that_look_down_are_taken_apart_where_it_matters(tmp_path: Path) -> None:
    inner = '<layer name="A" src="a.png" composite-op="{}"/>'
    group = '<stack isolation="auto" name="G">' + inner + '</stack><layer name="B" src="b.png"/>'
    mixed = foreign(tmp_path / "m.ora", group.format("svg:multiply"), a=some(1), b=some(2))
    opened = ora.read(mixed)
    assert [layer.name for layer in opened.history.document.scene.layers[:2]] == ["A", "B"]
    assert len(opened.warnings) == 1
    assert (Showing(opened.history.document).merged() == blend("multiply", some(2), some(1))).all()
    closed = group.format("svg:multiply").replace("<stack", '<stack visibility="hidden"', 1)
    hidden = ora.read(foreign(tmp_path / "h.ora", closed, a=some(1), b=some(2)))
    assert [layer.name for layer in hidden.history.document.scene.layers[:2]] == ["G", "B"]
    plain = foreign(tmp_path / "p.ora", group.format("svg:src-over"), a=some(1), b=some(2))
    opened = ora.read(plain)
    assert [layer.name for layer in opened.history.document.scene.layers[:2]] == ["G", "B"]
    assert opened.warnings == ()


def test_marks_in_another_program_s_file_are_heard(tmp_path: Path) -> None:
    sky = np.zeros((*SIZE, 4), np.uint8)
    sky[:9] = [0x80, 0xC0, 0xFF, 255]
    path = foreign(
        tmp_path / "o.ora",
        '<layer name="One [model]" src="a.png"/><layer name="Two [model]" src="a.png"/>'
        '<layer name="Land [layout]" src="b.png" opacity="0.5" composite-op="svg:multiply"/>'
        '<layer name="Clear" src="c.png"/>',
        a=some(1),
        b=sky,
        c=np.zeros((*SIZE, 4), np.uint8),
    )
    found = ora.read(path, CLASSES).history.document
    one, live, two, land, clear = found.scene.layers
    assert [layer.name for layer in (one, live, two, land, clear)] == [
        *("One", "One", "Two", "Land", "Clear")
    ]
    kinds = [Kind.PICTURE, Kind.RENDER, Kind.PICTURE, Kind.LAYOUT, Kind.PICTURE]
    assert [layer.kind for layer in found.scene.layers] == kinds
    assert (land.opacity, land.blend) == (1, "normal")
    assert (found.ids[:9] == 0).all()
    assert (found.ids[9:] == UNPAINTED).all()
    assert clear.id not in found.planes


def test_a_stack_without_layers_is_no_document(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no layers"):
        ora.read(foreign(tmp_path / "o.ora", "<stack/>"))


def test_modes_that_are_unknown_are_said_and_normal(tmp_path: Path) -> None:
    layers = '<layer src="a.png" composite-op="krita:divide"/><layer src="a.png"/>'
    opened = ora.read(foreign(tmp_path / "o.ora", layers, a=some(1)))
    assert opened.history.document.scene.layers[0].blend == "normal"
    assert [w.startswith("1 layers have blend modes") for w in opened.warnings] == [True]


def test_our_layers_come_back_from_a_program_that_drops_the_rest(saved: Path) -> None:
    made = document()
    opened = ora.read(rewritten(saved, saved.with_name("b.ora"), without_ours), CLASSES)
    found = opened.history.document
    names = [(layer.name, layer.kind) for layer in walk(found.scene.layers)]
    wanted = [(layer.name, layer.kind) for layer in walk(TREE)]
    place = wanted.index(("Picture", Kind.RENDER))
    # Nobody can say whether that program painted on the model's picture.
    assert names == [*wanted[:place], ("Picture", Kind.PICTURE), *wanted[place:]]
    by_name = {layer.name: layer for layer in walk(found.scene.layers)}
    assert (found.planes[by_name["Boats"].id] == made.planes[3]).all()
    assert (found.planes[by_name["Layout"].id] == made.planes[1]).all()
    assert (found.ids == made.ids).all()
    assert (Showing(found).merged() == Showing(made, LIVE).merged()).all()
    assert len(opened.warnings) == 2


def test_layouts_of_unknown_classes_stay_pictures(saved: Path) -> None:
    opened = ora.read(rewritten(saved, saved.with_name("b.ora"), without_ours))
    kinds = [layer.kind for layer in walk(opened.history.document.scene.layers)]
    assert kinds.count(Kind.LAYOUT) == 1
    assert opened.history.document.scene.layers[-1] == FIRST[1]


def test_where_layers_cannot_be_read_the_merged_picture_is_one(tmp_path: Path) -> None:
    merged = some(3)
    for layers in ('<layer src="none.png"/>', LEAF * 300, LEAF * 199, "<layer"):
        path = foreign(tmp_path / "o.ora", layers, mergedimage=merged, a=some(1, 1, 1))
        opened = ora.read(path)
        found = opened.history.document
        assert [layer.name for layer in found.scene.layers] == [
            "o",
            *(layer.name for layer in FIRST),
        ]
        assert (found.planes[found.scene.layers[0].id] == merged).all()
        assert opened.warnings[0].startswith("Its layers could not be read")
    path = foreign(tmp_path / "o.ora", '<layer src="none.png"/>')
    with pytest.raises(UserError, match="none"):
        ora.read(path)


def test_layers_of_too_many_bytes_are_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(others, "MOST_BYTES", 40 * 60 * 4 * 3)
    assert ora.read(foreign(tmp_path / "o.ora", LEAF * 3, a=some(1))).warnings == ()
    with pytest.raises(UserError, match="too many layers"):
        ora.read(foreign(tmp_path / "o.ora", LEAF * 4, a=some(1)))
