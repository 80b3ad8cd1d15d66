"""Documents as files: OpenRaster, PNG that carries a document, backups; and hostile ones."""

import io
import json
import threading
import time
import weakref
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from engines.data.spec import PaletteClass
from engines.errors import UserError
from engines.request import Request
from studio.document import carried, ora, png
from studio.document.archive import Archive
from studio.document.backup import Folder, State
from studio.document.carried import Result, png_bytes, read_png, write_png
from studio.document.changes import Both, Change, SceneChange, TileChange
from studio.document.colors import rendering, reread
from studio.document.desk import Desk
from studio.document.document import Document
from studio.document.edit import Edit
from studio.document.layers import Kind
from studio.document.others import MARKS
from studio.document.packing import nearest
from studio.document.raster import Area, Shape
from studio.document.recent import MOST, Recent
from studio.document.scene import ModelRef, Picture, Scene
from studio.document.stack import read_stack
from studio.history import History
from tests.archives import as_png, rewritten

SIZE = (70, 300)  # two tiles
NAMES = ("sky", "sea", "sand", "rock")
CLASSES = tuple(PaletteClass(n, f"#{i * 40:02x}{i + 1:02x}c0") for i, n in enumerate(NAMES))
REQUEST = Request("abc", (4, 4), {"layout": np.zeros((4, 4), np.uint8), "fog": 0.25}, seed=7)
PASSPORT = {"made_with": "Pentimento", "licence": "CC0-1.0", "title": "Größe"}

Plain = dict[str, Any]
seeds = st.integers(0, 2**32 - 1)


def picture(rng: np.random.Generator, side: int = 6, name: str = "") -> Picture:
    return Picture(rng.integers(0, 256, (side, side + 1, 3)).astype(np.uint8), name)


def some_scene(rng: np.random.Generator, before: Scene) -> Scene:
    """The scene with something else in it."""
    which = int(rng.integers(0, 7))
    if which == 0:
        return replace(before, seed=int(rng.integers(0, 2**60)))
    if which == 1:
        value = {"fog": float(rng.random()), "snow": float(rng.random())}
        return before.with_value("attributes", value)
    if which == 2:
        return before.with_value("photo", picture(rng, name=f"{rng.integers(3)}.jpg"))
    if which == 3:
        return before.with_value(str(rng.choice(["photo", "attributes", "style"])), None)
    if which == 4:
        return before.with_value("style", tuple(float(v) for v in rng.normal(size=3)))
    if which == 5:
        return replace(before, underlay=picture(rng) if rng.random() < 0.7 else None)
    model = ModelRef("vista", f"{rng.integers(99)}", "Vista")
    return replace(before, model=model, palette=CLASSES[: int(rng.integers(1, 5))])


def some_change(document: Document, rng: np.random.Generator) -> Change | None:
    """Change the document at random; None where nothing came of it."""
    parts: list[Change] = []
    if rng.random() < 0.6:
        edit = Edit(document, "stroke")
        top, left = int(rng.integers(0, SIZE[0])), int(rng.integers(0, SIZE[1]))
        area = Area(top, left, top + 30, left + 90).within(SIZE)
        edit.paint(Shape(area), int(rng.choice([0, 1, 2, 3, 255])))
        parts += [change] if (change := edit.finish()) else []
    if not parts or rng.random() < 0.2:
        before = document.scene
        document.scene = some_scene(rng, before)
        merge = str(rng.choice(["", "Fog", "Snow"]))
        parts.append(SceneChange("scene", before, merge if not parts else ""))
    return parts[0] if len(parts) == 1 else Both("both", parts)


def step(history: History, rng: np.random.Generator) -> None:
    """Do something at random: a change, a merged one, undo, redo, or let a slider go."""
    kind = rng.choice(["do", "undo", "redo", "settle"], p=[0.6, 0.2, 0.15, 0.05])
    if kind == "do":
        change = some_change(history.document, rng)
        if change is not None:
            history.add(change)
    elif kind == "settle":
        history.settle()
    else:
        history.undo() if kind == "undo" else history.redo()


def journey(seed: int, steps: int) -> History:
    rng = np.random.default_rng(seed)
    history = History(Document.blank(SIZE, Scene(palette=CLASSES)))
    for _ in range(steps):
        step(history, rng)
    return history


def told(change: Change) -> object:
    """A change as a value; whether it may still be merged aside."""
    if isinstance(change, TileChange):
        return change.label, change.tiles
    if isinstance(change, SceneChange):
        return change.label, change.scene
    return change.label, [told(part) for part in change.parts]


def state(history: History) -> tuple[object, ...]:
    """All that an artist can see now or by undo and redo."""
    document = history.document
    changes = [[told(change) for change in part] for part in (history.done, history.undone)]
    return document.ids.shape, document.ids.tobytes(), document.scene, changes


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("files")


# OpenRaster --------------------------------------------------------------------------------------


@settings(max_examples=40)
@given(seeds, st.integers(0, 25))
def test_a_document_goes_through_a_file_with_its_history(
    folder: Path, seed: int, steps: int
) -> None:
    history = journey(seed, steps)
    path = folder / "a.ora"
    ora.write(path, history)
    opened = ora.read(path)
    assert opened.warnings == ()
    assert state(opened.history) == state(history)
    opened.history.undo()
    history.undo()
    assert state(opened.history) == state(history)


def test_what_was_merged_before_is_not_merged_into_after_opening(folder: Path) -> None:
    history = History(Document.blank((4, 4)))
    for place, target in enumerate((history, None)):
        if target is None:
            ora.write(folder / "m.ora", history)
            target = ora.read(folder / "m.ora").history
        before = target.document.scene
        target.document.scene = before.with_value("fog", float(place))
        target.add(SceneChange("Fog", before, "fog"))
    assert target is not None
    assert len(target.done) == 2


def test_other_programs_see_colours_and_the_picture(folder: Path) -> None:
    history = journey(1, 8)
    document = history.document
    document.ids[:5] = 255
    shown = np.random.default_rng(0).integers(0, 256, (*SIZE, 3)).astype(np.uint8)
    ora.write(folder / "p.ora", history, shown)
    with zipfile.ZipFile(folder / "p.ora") as archive:
        first = archive.infolist()[0]
        assert (first.filename, first.compress_type) == ("mimetype", zipfile.ZIP_STORED)
        assert archive.read("mimetype") == b"image/openraster"
        layers = [e.src for e in read_stack(archive.read("stack.xml"), "").layers]
        assert layers == ["data/layer2.png", "data/layer1.png"]

        def pixels(name: str) -> np.ndarray:
            return np.asarray(Image.open(io.BytesIO(archive.read(name))))

        for name in ("mergedimage.png", "data/layer2.png"):
            assert (pixels(name) == shown).all()
        layout = pixels("data/layer1.png")
        assert max(pixels("Thumbnails/thumbnail.png").shape) <= 256
    assert (layout[:5] == 0).all()
    for i, entry in enumerate(CLASSES):
        color = [*bytes.fromhex(entry.color[1:]), 255]
        assert (layout[document.ids == i] == color).all()


def test_results_come_back_with_what_made_them(folder: Path) -> None:
    rng = np.random.default_rng(0)
    results = [
        Result(picture(rng, 9).pixels, replace(REQUEST, seed=i), PASSPORT) for i in range(12)
    ]
    ora.write(folder / "r.ora", journey(2, 3), results[0].pixels, results)
    found = ora.read(folder / "r.ora").results
    assert len(found) == 10
    for result, other in zip(results, found, strict=False):
        assert (result.pixels == other.pixels).all()
        assert result.request.key == other.request.key
        assert result.passport == other.passport


def test_a_file_keeps_the_nearest_steps_that_fit() -> None:
    history = journey(5, 60)
    assert state(nearest(history, 10**9, 1000)) == state(history)
    few = nearest(history, 10**9, 4)
    assert few.done == history.done[-4:]
    small = nearest(history, 20_000, 1000)
    assert 0 < len(small.done) < len(history.done)
    assert small.done == history.done[-len(small.done) :]


def test_what_another_program_painted_wins_and_can_be_undone(folder: Path) -> None:
    history = journey(3, 12)
    history.document.ids[:20] = 255
    before = history.document.ids.copy()
    ora.write(folder / "k.ora", history)
    expected = before.copy()
    expected[30:40, 10:20], expected[50:, :9] = 2, 255
    colored = rendering(expected, history.document.scene.palette)
    colored[expected == 255] = [9, 9, 9, 0]  # What is transparent may have any colour.
    colored[60, 100:103] = [81, 4, 190, 255]  # near "sand"
    expected[60, 100:103] = 2
    rewritten(
        folder / "k.ora", folder / "l.ora", lambda m: m.update({"data/layer1.png": as_png(colored)})
    )
    opened = ora.read(folder / "l.ora")
    assert (opened.history.document.ids == expected).all()
    assert len(opened.warnings) == 1
    assert " 3 pixels" in opened.warnings[0]
    opened.history.undo()
    assert (opened.history.document.ids == before).all()


def test_what_another_program_only_packed_anew_is_as_it_was(folder: Path) -> None:
    history = journey(4, 9)
    ora.write(folder / "k.ora", history)
    colored = rendering(history.document.ids, history.document.scene.palette)
    colored[colored[..., 3] == 0] = [255, 255, 255, 0]
    rewritten(
        folder / "k.ora", folder / "l.ora", lambda m: m.update({"data/layer1.png": as_png(colored)})
    )
    opened = ora.read(folder / "l.ora")
    assert opened.warnings == ()
    assert state(opened.history) == state(history)


def test_ids_survive_where_classes_share_a_colour() -> None:
    classes = (*CLASSES, PaletteClass("twin", CLASSES[1].color))
    ids = np.random.default_rng(0).integers(0, 5, (8, 9)).astype(np.uint8)
    pixels = rendering(ids, classes)
    found, strange = reread(pixels, classes, ids)
    assert (found == ids).all()
    assert strange == 0
    assert (reread(pixels, classes)[0] == np.where(ids == 4, 1, ids)).all()


def foreign(path: Path, layers: str, **members: bytes) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "image/openraster")
        archive.writestr("stack.xml", f'<image w="20" h="10"><stack>{layers}</stack></image>')
        for name, data in members.items():
            archive.writestr(f"{name}.png", data)


def test_our_layout_comes_back_from_a_program_that_keeps_only_layers(folder: Path) -> None:
    ids = np.full((10, 20), 255, np.uint8)
    ids[2:6, 5:9] = 3
    cropped = rendering(ids, CLASSES)[2:6, 5:9]
    layer = f'<layer name="Land{MARKS[Kind.LAYOUT]}" src="x.png" x="5" y="2"/>'
    foreign(folder / "k.ora", layer, x=as_png(cropped))
    opened = ora.read(folder / "k.ora", CLASSES)
    assert (opened.history.document.ids == ids).all()
    for place, rows, columns in (
        ('x="-1" y="8"', slice(8, 10), slice(0, 3)),
        ('x="18" y="-2"', slice(0, 2), slice(18, 20)),
    ):
        moved = layer.replace('x="5" y="2"', place)
        foreign(folder / "k.ora", moved, x=as_png(cropped))
        expected = np.full((10, 20), 255, np.uint8)
        expected[rows, columns] = 3
        assert (ora.read(folder / "k.ora", CLASSES).history.document.ids == expected).all()


# Hostile files -----------------------------------------------------------------------------------


def edited(members: dict[str, bytes], change: Callable[[Plain], object]) -> None:
    plain = json.loads(members["pentimento/document.json"])
    change(plain)
    members["pentimento/document.json"] = json.dumps(plain).encode()


BOMB = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;">]><image w="1" h="1">&b;</image>'
LAYER = "pentimento/layers/1.png"
WRONG: dict[str, Callable[[dict[str, bytes]], object]] = {
    "no json": lambda m: m.update({"pentimento/document.json": b"{"}),
    "deep json": lambda m: m.update({"pentimento/document.json": b"[" * 100_000}),
    "list": lambda m: m.update({"pentimento/document.json": b"[]"}),
    "newer": lambda m: edited(m, lambda p: p.update(format=3)),
    "format": lambda m: edited(m, lambda p: p.update(format="1")),
    "no scene": lambda m: edited(m, lambda p: p.pop("scene")),
    "no layer": lambda m: edited(m, lambda p: p.update(layers=[])),
    "layers": lambda m: edited(m, lambda p: p.update(layers=[3])),
    "wide": lambda m: edited(m, lambda p: p.update(size=[70, 9000])),
    "other size": lambda m: edited(m, lambda p: p.update(size=[70, 301])),
    "outside": lambda m: edited(m, lambda p: p["layers"][0].update(plane="../../etc/passwd")),
    "picture": lambda m: edited(m, lambda p: p.update(pictures=["../secret"])),
    "pictures": lambda m: edited(m, lambda p: p.update(pictures=["a"] * 5000)),
    "coloured": lambda m: m.update({LAYER: as_png(np.zeros((70, 300, 3), "u1"))}),
    "zeros": lambda m: m.update({"pentimento/document.json": b" " * 15_000_000}),
    "mimetype": lambda m: m.update(mimetype=b"application/zip"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_file_is_refused_in_one_sentence(folder: Path, wrong: str) -> None:
    ora.write(folder / "good.ora", journey(6, 10))
    rewritten(folder / "good.ora", folder / "bad.ora", WRONG[wrong])
    with pytest.raises(UserError, match=r"bad\.ora|document's settings"):
        ora.read(folder / "bad.ora")


def break_tile(members: dict[str, bytes]) -> None:
    """A tile that unpacks to a gigabyte, instead of the history's first."""
    plain = json.loads(members["pentimento/history.json"])
    bomb = zlib.compress(b"\0" * 50_000_000, 9)
    plain["done"] = [{"label": "", "tiles": [[0, 0, len(bomb)]]}]
    members["pentimento/history.json"] = json.dumps(plain | {"undone": []}).encode()
    members["pentimento/history.bin"] = bomb


@pytest.mark.parametrize(
    "spoil",
    [
        break_tile,
        lambda m: m.update({"pentimento/history.json": b"{}"}),
        lambda m: m.update({"pentimento/history.bin": b""}),
        lambda m: m.pop("pentimento/history.bin"),
    ],
)
def test_a_wrong_history_costs_only_the_history(
    folder: Path, spoil: Callable[[dict[str, bytes]], object]
) -> None:
    history = journey(7, 10)
    ora.write(folder / "good.ora", history)
    rewritten(folder / "good.ora", folder / "bad.ora", spoil)
    opened = ora.read(folder / "bad.ora")
    assert state(opened.history)[:3] == state(history)[:3]
    assert opened.history.done == []
    assert len(opened.warnings) == 1


@pytest.mark.parametrize("stack", [BOMB, b"<image", b"<image/>", b'<image w="0" h="1"/>'])
def test_a_wrong_stack_is_refused(stack: bytes) -> None:
    with pytest.raises(UserError, match=r"x\.ora is broken"):
        read_stack(stack, "x.ora")


def test_a_bomb_of_entries_or_bytes_is_refused(folder: Path) -> None:
    with zipfile.ZipFile(folder / "many.ora", "w") as archive:
        for i in range(12_000):
            archive.writestr(zipfile.ZipInfo(f"{i:040d}"), b"")
    with pytest.raises(UserError, match="too long"):
        ora.read(folder / "many.ora")
    with zipfile.ZipFile(folder / "ratio.ora", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("pentimento/document.json", b" " * 15_000_000)
    with Archive(folder / "ratio.ora") as opened, pytest.raises(UserError, match="far too much"):
        opened.read("pentimento/document.json", 10**9)
    with zipfile.ZipFile(folder / "lzma.ora", "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("pentimento/document.json", b"{}")
    with pytest.raises(UserError, match="unknown way"):
        ora.read(folder / "lzma.ora")


def test_no_file_no_zip_and_a_folder_are_refused(folder: Path) -> None:
    (folder / "text.ora").write_text("hello")
    for name in ("nowhere.ora", "text.ora", "."):
        with pytest.raises(UserError):
            ora.read(folder / name)


def mutate(data: bytes, rng: np.random.Generator) -> bytes:
    """Some bytes changed, some cut out, or the end lost."""
    spoiled = bytearray(data)
    for _ in range(int(rng.integers(1, 6))):
        place = int(rng.integers(0, len(spoiled)))
        kind = int(rng.integers(0, 4))
        if kind < 2:
            spoiled[place] = int(rng.integers(0, 256))
        elif kind == 2:
            del spoiled[place : place + int(rng.integers(1, 20))]
        else:
            spoiled[place:place] = rng.bytes(int(rng.integers(1, 20)))
        if len(spoiled) < 2:
            break
    return bytes(spoiled)


def mutate_png(data: bytes, rng: np.random.Generator) -> bytes:
    """A PNG with one chunk's body spoiled and its checksum right."""
    chunks, place = [], 8
    while place < len(data):
        length = int.from_bytes(data[place : place + 4], "big")
        chunks.append((data[place + 4 : place + 8], data[place + 8 : place + 8 + length]))
        place += 12 + length
    which = int(rng.integers(0, len(chunks) - 1))
    kind, body = chunks[which]
    chunks[which] = kind, mutate(body, rng)
    return png.SIGNATURE + b"".join(png._chunk(*chunk) for chunk in chunks)


def test_mutants_of_documents_open_or_are_refused(folder: Path) -> None:
    rng = np.random.default_rng(11)
    shown = np.zeros((9, 9, 3), np.uint8)
    results = [Result(shown, REQUEST, PASSPORT)]
    ora.write(folder / "good.ora", journey(8, 25), shown, results)
    data = (folder / "good.ora").read_bytes()
    target = folder / "mutant.ora"
    refused = 0
    for i in range(300):
        if i % 3:
            target.write_bytes(mutate(data, rng))
        else:

            def spoil(members: dict[str, bytes]) -> None:
                name = str(rng.choice(sorted(members)))
                packed = name.endswith(".png") and rng.random() < 0.7
                members[name] = (mutate_png if packed else mutate)(members[name], rng)

            rewritten(folder / "good.ora", target, spoil)
        try:
            opened = ora.read(target, CLASSES)
        except UserError:
            refused += 1
            continue
        while opened.history.undo() is not None:
            pass
        while opened.history.redo() is not None:
            pass
        ora.write(target, opened.history, None, opened.results)
    assert 30 < refused < 290
    assert {path.name for path in folder.iterdir() if path.suffix == ".part"} == set()


# PNG ---------------------------------------------------------------------------------------------


@settings(max_examples=40)
@given(seeds, st.integers(0, 12))
def test_a_picture_carries_its_document(seed: int, steps: int) -> None:
    document = journey(seed, steps).document
    pixels = picture(np.random.default_rng(seed), 20).pixels
    data = png_bytes(pixels, REQUEST, PASSPORT, document)
    found = read_png(data)
    assert found is not None
    assert found.document is not None
    assert (found.document.ids == document.ids).all()
    assert found.document.scene == document.scene
    assert found.request is not None
    assert found.request.key == REQUEST.key
    assert found.passport == PASSPORT
    with Image.open(io.BytesIO(data)) as image:
        assert (np.asarray(image) == pixels).all()
        text = image.text  # type: ignore[attr-defined]
    assert Request.from_json(text["pentimento:request"]).key == REQUEST.key
    assert json.loads(text["pentimento:passport"]) == PASSPORT


def test_a_picture_of_the_command_line_carries_its_request(tmp_path: Path) -> None:
    for packed in (False, True):
        text = PngImagePlugin.PngInfo()
        text.add_itxt("pentimento:request", REQUEST.to_json(), zip=packed)
        Image.new("RGB", (3, 3)).save(tmp_path / "a.png", pnginfo=text)
        found = read_png(tmp_path / "a.png")
        assert found is not None
        assert found.document is None
        assert found.request is not None
        assert found.request.key == REQUEST.key


def test_a_picture_that_carries_nothing_is_just_a_picture(tmp_path: Path) -> None:
    Image.new("RGB", (3, 3)).save(tmp_path / "a.png")
    Image.new("RGB", (3, 3)).save(tmp_path / "a.jpg")
    assert read_png(tmp_path / "a.png") is None
    assert read_png(tmp_path / "a.jpg") is None
    with pytest.raises(UserError):
        read_png(tmp_path / "b.png")


def test_large_pictures_are_carried_smaller(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    photo = Picture(rng.integers(0, 256, (60, 90, 3)).astype(np.uint8), "a.jpg")
    document = Document.blank((5, 5), Scene(values={"photo": photo}, underlay=photo))
    monkeypatch.setattr(carried, "_SIDES", (45, 30))

    def carried_photo() -> Picture:
        found = read_png(png_bytes(photo.pixels, REQUEST, PASSPORT, document))
        assert found is not None
        assert found.document is not None
        value: Picture = found.document.scene.values["photo"]
        assert value == found.document.scene.underlay
        return value

    assert carried_photo().pixels.shape == (30, 45, 3)
    assert carried_photo().name == "a.jpg"
    monkeypatch.setattr(png, "MOST_TEXT", 5500)
    assert carried_photo().pixels.shape == (20, 30, 3)
    monkeypatch.setattr(png, "MOST_TEXT", 1000)
    with pytest.raises(UserError, match="cannot carry"):
        carried_photo()


def with_text(keyword: str, text: str, packed: bool = False) -> bytes:
    info = PngImagePlugin.PngInfo()
    info.add_itxt(keyword, text, zip=packed)
    buffer = io.BytesIO()
    Image.new("RGB", (3, 3)).save(buffer, "PNG", pnginfo=info)
    return buffer.getvalue()


def test_garbled_texts_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    good = png_bytes(np.zeros((2, 2, 3), np.uint8), REQUEST, PASSPORT, Document.blank((3, 3)))
    found = png.texts(good, "pentimento:")[carried.DOCUMENT]
    plain = json.loads(found)
    for change in (
        {"format": 3},
        {"format": None},
        {"planes": {"1": "???"}},
        {"planes": {"1": plain["planes"]["1"][:20]}},
        {"planes": {"2": plain["planes"]["1"]}},
        {"size": [3, 4]},
        {"pictures": 3},
        {"pictures": {str(i): "" for i in range(1000)}},
        {"scene": None},
    ):
        with pytest.raises(UserError):
            read_png(with_text(carried.DOCUMENT, json.dumps(plain | change)))
    for keyword in (carried.DOCUMENT, carried.REQUEST, carried.PASSPORT):
        for text in ("", "[]", "[" * 50_000, "3"):
            with pytest.raises(UserError):
                read_png(with_text(keyword, text))
    spoiled = bytearray(good)
    spoiled[good.index(b'"seed"')] ^= 1
    with pytest.raises(UserError, match="checksum"):
        read_png(bytes(spoiled))
    monkeypatch.setattr(png, "MOST_TEXT", 100_000)
    for packed in (True, False):
        with pytest.raises(UserError, match="too long"):
            read_png(with_text(carried.DOCUMENT, " " * 200_000, packed))


def test_mutants_of_pictures_are_read_or_refused() -> None:
    rng = np.random.default_rng(12)
    document = journey(9, 10).document
    good = png_bytes(np.zeros((9, 9, 3), np.uint8), REQUEST, PASSPORT, document)
    refused = 0
    for i in range(300):
        try:
            read_png((mutate if i % 3 else mutate_png)(good, rng))
        except UserError:
            refused += 1
    assert 50 < refused < 299


@pytest.mark.parametrize("shape", [(5, 7), (5, 7, 3), (5, 7, 4), (1, 1, 3), (300, 1)])
@pytest.mark.parametrize("flat", [False, True])
def test_our_png_is_png(shape: tuple[int, ...], flat: bool) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
    with Image.open(io.BytesIO(png.encode(pixels, flat=flat))) as image:
        assert (np.asarray(image) == pixels).all()


# Backups -----------------------------------------------------------------------------------------


@given(seeds)
def test_replaying_what_was_heard_gives_the_same_history(seed: int) -> None:
    rng = np.random.default_rng(seed)
    history, other = journey(seed, 0), journey(seed, 0)
    heard: list[tuple[str, Change]] = []
    history.heard = lambda step, change: heard.append((step, change.seen_from(history.document)))
    for _ in range(40):
        step(history, rng)
        for kind, change in heard:
            assert change.fits(SIZE)
            other.replay(kind, change)
        heard.clear()
        assert state(other) == state(history)


def test_steps_that_cannot_follow_are_refused() -> None:
    history = journey(1, 0)
    scene = SceneChange("x", Scene())
    for kind in ("do", "undo", "redo", "merge", "other"):
        with pytest.raises(ValueError, match="cannot follow"):
            history.replay(kind, None if kind == "do" else scene)


def test_a_tile_fits_where_the_layout_has_one_of_its_size() -> None:
    def fits(row: int, column: int, pixels: int, cut: int = 0) -> bool:
        packed = zlib.compress(bytes(pixels))
        change = TileChange("", {(row, column): packed[: len(packed) - cut]})
        return Both("", [SceneChange("", Scene()), change]).fits(SIZE)

    whole, edge = 70 * 256, 70 * 44
    assert fits(0, 0, whole)
    assert fits(0, 1, edge)
    for wrong in ((0, 1, whole), (0, 0, edge), (1, 0, 0), (0, 2, 0), (-1, 0, 0), (0, -1, edge)):
        assert not fits(*wrong)
    assert not fits(0, 0, whole, cut=5)


@settings(max_examples=40)
@given(seeds, st.integers(0, 30), st.integers(0, 10))
def test_a_document_left_behind_comes_back_as_it_was(
    folder: Path, seed: int, before: int, after: int
) -> None:
    rng = np.random.default_rng(seed)
    desk = Desk(folder / "open")
    history = journey(seed, before)
    kept = desk.open_new(history)
    for _ in range(2):
        kept.history.heard = kept.hear
        for _ in range(after):
            step(kept.history, rng)
        kept.leave()
        expected, unsaved = state(kept.history), kept.unsaved
        kept = desk.adopt(kept.folder)
        assert kept.warnings == ()
        assert state(kept.history) == expected
        assert kept.unsaved == unsaved
    kept.close()
    assert desk.abandoned() == []


def paint(history: History, value: int, top: int = 0) -> None:
    edit = Edit(history.document, "x")
    edit.paint(Shape(Area(top, 0, top + 5, 50)), value)
    change = edit.finish()
    assert change is not None
    history.add(change)


@pytest.mark.parametrize("cut", [True, False])
def test_a_torn_record_ends_the_journal_and_the_next_studio_goes_on(
    tmp_path: Path, cut: bool
) -> None:
    desk = Desk(tmp_path)
    history = journey(1, 0)
    kept = desk.open_new(history)
    history.heard = kept.hear
    paint(history, 1)
    expected = state(history)
    paint(history, 2)
    kept.leave()
    (journal,) = kept.folder.glob("journal-*")
    data = journal.read_bytes()
    torn = data[:-1] if cut else data[:-9] + bytes([data[-9] ^ 1]) + data[-8:]
    journal.write_bytes(torn)
    for value in (3, 2):
        kept = desk.adopt(kept.folder)
        assert kept.warnings == ()
        assert state(kept.history) == expected
        kept.history.heard = kept.hear
        paint(kept.history, value)
        expected = state(kept.history)
        kept.leave()


def test_a_lost_record_hides_all_that_follow(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    history = journey(1, 0)
    kept = desk.open_new(history)
    kept.leave()
    folder, states = kept.folder, []
    for value in (1, 2, 3):
        kept = desk.adopt(folder)
        kept.history.heard = kept.hear
        paint(kept.history, value)
        states.append(state(kept.history))
        kept.leave()
    (folder / "journal-000000000001").unlink()
    kept = desk.adopt(folder)
    assert state(kept.history) == states[0]
    assert not (folder / "journal-000000000002").exists()
    kept.close()


def test_a_long_journal_gives_way_to_a_new_base(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("studio.document.kept.JOURNAL_BYTES", 2000)
    rng = np.random.default_rng(0)
    desk = Desk(tmp_path)
    history = journey(1, 0)
    kept = desk.open_new(history)
    history.heard = kept.hear
    for _ in range(150):
        step(history, rng)
    with kept._lock:
        assert kept._lock.wait_for(lambda: not kept._busy, 10)
    kept.leave()
    (base,) = kept.folder.glob("base-*")
    assert base.name != "base-000000000000.zip"
    kept = desk.adopt(kept.folder)
    assert kept.warnings == ()
    assert state(kept.history) == state(history)
    kept.close()


def test_a_save_is_known_after_a_kill(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "open")
    history = journey(1, 0)
    kept = desk.open_new(history)
    history.heard = kept.hear
    assert not kept.unsaved
    paint(history, 1)
    assert kept.unsaved
    copy = kept.copy()
    paint(history, 2)
    kept.save(tmp_path / "ä.ora", copy=copy)
    assert kept.unsaved  # The second stroke came after the copy.
    kept.save(tmp_path / "ä.ora")
    assert not kept.unsaved
    kept.leave()
    part = tmp_path / ".ä.ora.abc.part"
    part.write_text("")
    (left,) = desk.abandoned()
    assert (left.folder, left.path, left.unsaved) == (kept.folder, tmp_path / "ä.ora", False)
    kept = desk.adopt(left.folder)
    assert (kept.path, kept.unsaved) == (tmp_path / "ä.ora", False)
    assert not part.exists()
    assert state(ora.read(tmp_path / "ä.ora").history) == state(kept.history)
    kept.close()


def test_two_studios_never_have_one_document(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("studio.document.desk._PATIENCE", 0.02)
    first, second = Desk(tmp_path), Desk(tmp_path)
    kept = first.open_new(journey(1, 3), unsaved=True)
    assert second.abandoned() == []
    for act in (second.adopt, second.discard):
        with pytest.raises(UserError, match="another studio"):
            act(kept.folder)
    kept.leave()
    (left,) = second.abandoned()
    assert left.unsaved
    again = second.adopt(left.folder)
    with pytest.raises(UserError, match="another studio"):
        first.adopt(left.folder)
    again.close()
    with pytest.raises(UserError, match="another studio"):
        first.adopt(left.folder)
    assert list(tmp_path.iterdir()) == []


def test_a_document_that_is_closed_while_another_studio_waits_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(tmp_path)
    kept = desk.open_new(journey(1, 3))
    kept.leave()

    def close_first(handle: int, how: int) -> None:
        kept._folder.remove()

    monkeypatch.setattr("studio.document.desk.fcntl.flock", close_first)
    with pytest.raises(UserError, match="another studio"):
        desk.adopt(kept.folder)


def test_a_blank_document_leaves_nothing_to_recover(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.open_new(History(Document.blank((5, 5)))).leave()
    assert desk.abandoned() == []
    assert list(tmp_path.iterdir()) == []


def test_a_picture_is_kept_once_and_removed_when_nothing_needs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("studio.history.MOST_BYTES", 5000)
    rng = np.random.default_rng(0)
    desk = Desk(tmp_path)
    history = History(Document.blank((5, 5)))
    kept = desk.open_new(history)
    history.heard = kept.hear
    for i in range(10):
        before = history.document.scene
        history.document.scene = before.with_value("photo", picture(rng, name=f"{i}"))
        history.add(SceneChange("Style", before))
        for fog in range(5):
            before = history.document.scene
            history.document.scene = before.with_value("fog", fog / 9)
            history.add(SceneChange("Fog", before, "fog"))
        if i == 6:
            kept._bound = 0
        elif i == 7:
            with kept._lock:
                assert kept._lock.wait_for(lambda: not kept._busy, 10)
            kept._bound = 10**9
    kept.leave()
    assert len(list((kept.folder / "pictures").iterdir())) < 8
    kept = desk.adopt(kept.folder)
    assert kept.warnings == ()
    assert state(kept.history) == state(history)
    kept.close()


def test_a_picture_set_while_a_base_is_written_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go, write = threading.Event(), Folder.write_base

    def wait(*arguments: Any) -> int:
        assert go.wait(10)
        return write(*arguments)

    history = History(Document.blank((5, 5)))
    kept = Desk(tmp_path).open_new(history)
    monkeypatch.setattr(Folder, "write_base", wait)
    history.heard = kept.hear
    kept._bound = 0
    for underlay in (picture(np.random.default_rng(1)), picture(np.random.default_rng(2)), None):
        before = history.document.scene
        history.document.scene = replace(before, underlay=underlay)
        history.add(SceneChange("Underlay", before))
    go.set()
    with kept._lock:
        assert kept._lock.wait_for(lambda: not kept._busy, 10)
    kept.leave()
    again = Desk(tmp_path).adopt(kept.folder)
    assert again.warnings == ()
    assert state(again.history) == state(history)
    again.close()


def test_a_full_disk_is_told_and_made_good_when_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("studio.document.kept._RETRY_EVERY", 0.0)
    heard: list[str] = []
    desk = Desk(tmp_path)
    history = journey(1, 0)
    kept = desk.open_new(history)
    kept.troubled = lambda error: heard.append(str(error))
    history.heard = kept.hear
    paint(history, 1)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("studio.document.journal.os.pwrite", full)
        paint(history, 2)
    assert len(heard) == 1
    assert "No space left" in heard[0]
    for value in (3, 1, 2, 0):
        paint(history, value)
    with kept._lock:
        assert kept._lock.wait_for(lambda: not kept._busy, 10)
    kept.leave()
    kept = desk.adopt(kept.folder)
    assert state(kept.history) == state(history)
    kept.close()


def test_no_copy_of_the_document_outlives_its_writing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("studio.document.kept.JOURNAL_BYTES", 10)
    copies: list[weakref.ref[Document]] = []
    history = journey(1, 0)
    kept = Desk(tmp_path).open_new(history)
    write = kept._folder.write_base

    def noted(history: History, state: State) -> int:
        copies.append(weakref.ref(history.document))
        return write(history, state)

    monkeypatch.setattr(kept._folder, "write_base", noted)
    history.heard = kept.hear
    while not copies:  # And nothing is painted after it.
        paint(history, len(history.done) % 3)
        with kept._lock:
            assert kept._lock.wait_for(lambda: not kept._busy, 10)
    deadline = time.monotonic() + 5  # The keeper's thread lets go a moment later.
    while any(copy() is not None for copy in copies) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert [copy() for copy in copies] == [None] * len(copies)
    kept.close()


def test_a_place_that_cannot_be_written_is_a_user_s_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="could not be backed up"):
        Desk(tmp_path / "file").open_new(History(Document.blank((5, 5))))
    kept = Desk(tmp_path / "open").open_new(History(Document.blank((5, 5))))
    with pytest.raises(UserError):
        kept.save(tmp_path / "file" / "a.ora")
    assert kept.path is None
    kept.close()


def test_recent_files_are_newest_first_and_bounded(tmp_path: Path) -> None:
    recent = Recent(tmp_path / "recent.json")
    assert recent.paths() == []
    for i in range(MOST + 3):
        recent.add(tmp_path / f"{i}.ora")
    recent.add(tmp_path / "5.ora")
    found = [path.name for path in recent.paths()]
    assert found[:2] == ["5.ora", f"{MOST + 2}.ora"]
    assert len(found) == MOST == len(set(found))
    recent.remove(tmp_path / "5.ora")
    assert "5.ora" not in [path.name for path in recent.paths()]
    for broken in ("{", "[]", '{"files": 3}', '{"files": [3]}'):
        (tmp_path / "recent.json").write_text(broken)
        assert recent.paths() == []


def test_writing_png_is_whole_or_not_at_all(tmp_path: Path) -> None:
    pixels = np.zeros((4, 4, 3), np.uint8)
    write_png(tmp_path / "a.png", pixels, REQUEST, PASSPORT, Document.blank((3, 3)))
    found = read_png(tmp_path / "a.png")
    assert found is not None
    assert found.document is not None
