"""Repairs: what is offered, that it mends, that nothing in the folder changes, and what is read."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from engines.cli import main
from engines.data import layouts
from engines.data.counting import densest
from engines.data.layouts import Reading
from engines.data.mends import NONE, Mends, Split, mends_of, read_mends
from engines.data.offers import combined, left, offers, remaining
from engines.data.pictures import NotExact, shrink_layout, write_layout, write_picture
from engines.data.scan import scan
from engines.data.sets import open_data, open_test
from engines.data.spec import PaletteClass, palette
from engines.data.splitting import assign, group
from engines.errors import UserError
from engines.runs import Run

CLASSES = (
    PaletteClass("sky", "#87cefa"),
    PaletteClass("sea", "#1450c8"),
    PaletteClass("sand", "#e8d28c"),
)
NAMES = [f"p{i}" for i in range(12)]
HALVES = np.repeat(np.array([0, 1], np.uint8), 8)[:, None].repeat(16, 1)
SIZE = (16, 16)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Twelve photos of 16 x 16, each of another colour, with sky above and sea below."""
    for i, name in enumerate(NAMES):
        color = np.random.default_rng(i).integers(0, 256, 3, np.uint8)
        write_picture(tmp_path / "photos" / f"{name}.png", np.tile(color, (16, 16, 1)))
        write_layout(tmp_path / "layouts" / f"{name}.png", HALVES, CLASSES)
    entries = [{"id": i, "name": c.name, "color": c.color} for i, c in enumerate(CLASSES)]
    (tmp_path / "classes.json").write_text(json.dumps(entries))
    return tmp_path


def read_all(folder: Path) -> None:
    data = open_data(folder, "layout", SIZE, mends=Mends(split=Split(1.0, 0.0, 0.0)))
    for i in range(len(data)):
        data.fixed(i)


def tree(folder: Path) -> dict[str, str]:
    """Every file's path and contents."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


# What each spoils; which offer mends it; how many pictures are then left.
Spoil = Callable[[Path], object]
FAULTS: dict[str, tuple[Spoil, str, int]] = {
    "another size": (
        lambda f: write_layout(f / "layouts/p3.png", HALVES.repeat(2, 0).repeat(2, 1), CLASSES),
        "resize", 12),
    "another shape": (
        lambda f: write_layout(f / "layouts/p3.png", HALVES[:, :8], CLASSES),
        "leave-out-shape", 11),
    "unknown id": (
        lambda f: write_layout(f / "layouts/p3.png", HALVES + 2, CLASSES), "nearest", 12),
    "smoothed": (
        lambda f: Image.fromarray(palette(CLASSES)[HALVES]).resize((16, 16), box=(0, 0, 15, 15))
        .save(f / "layouts/p3.png"), "nearest", 12),
    "layout as JPEG": (
        lambda f: [(f / "layouts/p3.png").unlink(),
                   Image.fromarray(palette(CLASSES)[HALVES]).save(f / "layouts/p3.jpg")],
        "nearest", 12),
    "broken photo": (lambda f: (f / "photos/p3.png").write_bytes(b"no"), "leave-out-broken", 11),
    "broken layout": (
        lambda f: (f / "layouts/p3.png").write_bytes(b"no"), "leave-out-broken", 11),
    "no layout": (lambda f: (f / "layouts/p3.png").unlink(), "leave-out-mate", 11),
    "no photo": (lambda f: (f / "photos/p3.png").unlink(), "leave-out-mate", 11),
    "two of a name": (
        lambda f: write_picture(f / "photos/p3.bmp", np.zeros((16, 16, 3), np.uint8)),
        "leave-out-double", 12),
    "unread": (lambda f: (f / "photos/p99.heic").touch(), "leave-out-unread", 12),
    "bad line": (
        lambda f: (f / "attributes.csv").write_text("name,fog\np1,0.5\np2,7\nzebra,1\n"),
        "leave-out-line", 12),
    "bad split": (
        lambda f: (f / "splits.csv").write_text(
            "name,split\n" + "".join(f"{n},train\n" for n in NAMES) + "p3,val\nq,odd\n"),
        "leave-out-line", 12),
}  # fmt: skip


@pytest.mark.parametrize("listed", [False, True])
@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_offered_a_repair_that_mends_it(
    folder: Path, fault: str, listed: bool
) -> None:
    spoil, key, count = FAULTS[fault]
    if listed:  # What is left out of the pictures may stand in the tables.
        (folder / "attributes.csv").write_text(
            "name,fog\n" + "".join(f"{name},0.5\n" for name in NAMES)
        )
        (folder / "splits.csv").write_text(
            "name,split\n" + "".join(f"{name},train\n" for name in NAMES)
        )
    spoil(folder)
    before = tree(folder)
    report = scan(folder, deep=True)
    assert report.problems
    assert remaining(report, report.mends) == report.count
    if fault not in ("no photo", "unread"):  # Someone has to agree to it first.
        with pytest.raises(UserError):
            read_all(folder)
    usual = [offer for offer in offers(report) if offer.usual]
    assert key in [offer.id for offer in usual]
    assert all(offer.title and offer.sentence.endswith(".") and offer.count for offer in usual)
    mends = combined(report, usual, Split(1.0, 0.0, 0.0))
    assert remaining(report, mends) == 0
    assert left(report, mends) == []
    again = scan(folder, deep=True, mends=mends)
    assert (again.problems, again.pictures) == ([], count)
    data = open_data(folder, "layout", SIZE, mends=mends)
    assert len(data) == count
    for i in range(count):
        layout = data.fixed(i).layout
        if fault not in ("unknown id", "smoothed"):
            assert np.array_equal(layout, HALVES), data.names[i]
    assert tree(folder) == before


def test_what_lacks_a_mate_need_not_be_there_at_all(folder: Path) -> None:
    (folder / "layouts/p3.png").unlink()
    (folder / "photos/p3.png").unlink()
    (folder / "photos/p3.png").symlink_to("/nowhere/at/all")
    mends = Mends(mates=True, split=Split(1.0, 0.0, 0.0))
    assert len(open_data(folder, "layout", SIZE, mends=mends)) == 11


def test_a_double_of_what_is_left_out_goes_with_it(folder: Path) -> None:
    for ending in ("png", "webp"):  # A copy of a broken file is broken.
        (folder / f"photos/p3.{ending}").write_bytes(b"no")
    report = scan(folder)
    mends = combined(report, offers(report), Split(1.0, 0.0, 0.0))
    assert scan(folder, mends=mends).problems == []
    assert len(open_data(folder, "layout", SIZE, mends=mends)) == 11


def test_what_cannot_be_mended_by_reading_otherwise_is_not_offered(folder: Path) -> None:
    (folder / "classes.json").write_text("[")
    report = scan(folder)
    assert [problem.fault for problem in report.problems] == ["table"]
    assert offers(report) == []
    assert remaining(report, Mends(nearest=True, lines=True)) == 1


def test_every_offer_of_a_fault_does(folder: Path) -> None:
    write_layout(folder / "layouts/p3.png", HALVES + 2, CLASSES)
    write_layout(folder / "layouts/p4.png", HALVES.repeat(2, 0).repeat(2, 1), CLASSES)
    report = scan(folder, deep=True)
    other = [offer for offer in offers(report) if not offer.usual]
    assert {offer.id for offer in other} == {"leave-out-ids", "leave-out-size"}
    assert [offer.example for offer in other] == ["layouts/p4.png", "layouts/p3.png"]
    mends = combined(report, other)
    again = scan(folder, deep=True, mends=mends)
    assert (again.problems, again.pictures, remaining(report, mends)) == ([], 10, 0)
    one = combined(report, other[:1])
    assert (remaining(report, one), [p.fault for p in left(report, one)]) == (1, ["ids"])


def test_copies_and_strange_colours_are_noted(folder: Path) -> None:
    for name in ("p5", "p6"):
        (folder / f"photos/{name}.png").write_bytes((folder / "photos/p4.png").read_bytes())
    # As a program leaves it that sorts an indexed picture's colours anew.
    image = Image.fromarray(1 - HALVES)
    image.putpalette([*palette(CLASSES)[1].tolist(), *palette(CLASSES)[0].tolist()])
    image.save(folder / "layouts/p3.png")
    report = scan(folder, deep=True)
    assert report.problems == []
    noted = [(note.file, note.fault) for note in report.notes]
    assert noted == [
        ("layouts/p3.png", "colors"), ("photos/p5.png", "twin"), ("photos/p6.png", "twin")
    ]  # fmt: skip
    assert all(note.what in report.text() for note in report.notes)
    mends = combined(report, offers(report), Split(1.0, 0.0, 0.0))
    again = scan(folder, deep=True, mends=mends)
    assert (again.pictures, again.notes) == (10, [])
    data = open_data(folder, "layout", SIZE, mends=mends)
    assert np.array_equal(data.fixed(data.names.index("p3")).layout, HALVES)
    plain = open_data(folder, "layout", SIZE, mends=Mends(split=Split(1.0, 0.0, 0.0)))
    assert np.array_equal(plain.fixed(plain.names.index("p3")).layout, 1 - HALVES)


# Reading


def test_a_size_is_mended_by_majority_and_pairs_by_their_target(folder: Path) -> None:
    large = np.kron(HALVES, np.ones((3, 3), np.uint8)).astype(np.uint8)
    large[23, :] = 1  # A third of a row is outvoted.
    write_layout(folder / "layouts/p3.png", large, CLASSES)
    everything = Mends(resize=True, split=Split(1.0, 0.0, 0.0))
    data = open_data(folder, "layout", SIZE, mends=everything)
    found = data.fixed(data.names.index("p3")).layout
    assert np.array_equal(found, shrink_layout(large, SIZE))
    assert np.array_equal(found, HALVES)
    for i in range(3):
        write_picture(folder / "pair" / "a" / f"{i}.png", np.zeros((8, 8, 3), np.uint8))
        write_picture(folder / "pair" / "b" / f"{i}.png", np.zeros((16, 16, 3), np.uint8))
    report = scan(folder / "pair")
    assert [p.fault for p in report.problems] == ["size"] * 3
    mends = combined(report, offers(report)[:1])
    assert scan(folder / "pair", mends=mends).problems == []
    assert open_data(folder / "pair", "paired", SIZE, mends=mends).fixed(0).source.shape[1:] == SIZE


def test_nearest_in_colour(tmp_path: Path) -> None:
    reading = Reading(CLASSES, Mends(nearest=True))
    sky, sea, sand = palette(CLASSES)
    pixels = np.empty((10, 10, 3), np.uint8)
    pixels[:5], pixels[5:] = sky, sea
    pixels[0, :3] = sky + 3, sea - 4, sand - 5  # As a compressor changes them, sand among them.
    write_picture(tmp_path / "a.png", pixels)
    ids = reading.read(tmp_path / "a.png")
    assert ids[0, :3].tolist() == [0, 1, 2]
    assert (ids[1:5] == 0).all()
    assert (ids[5:] == 1).all()
    # Half of sky and half of sea is grey-blue; a class of that colour that the layout has nowhere
    # is not what a smooth border means.
    between = ((sky.astype(int) + sea) // 2).astype(np.uint8)
    haze = PaletteClass("haze", "#{:02x}{:02x}{:02x}".format(*(between + 30)))
    pixels[4, :] = between
    write_picture(tmp_path / "b.png", pixels)
    ids = Reading((*CLASSES, haze), Mends(nearest=True)).read(tmp_path / "b.png")
    assert set(ids[4].tolist()) <= {0, 1}
    with pytest.raises(NotExact):
        Reading(CLASSES).read(tmp_path / "b.png")


def test_numbers_without_a_colour_stay_unpainted(tmp_path: Path) -> None:
    Image.fromarray(np.array([[0, 1, 9, 255]], np.uint8)).save(tmp_path / "a.png")
    found = Reading(CLASSES, Mends(nearest=True)).read(tmp_path / "a.png")
    assert found.tolist() == [[0, 1, 255, 255]]
    indexed = Image.fromarray(np.array([[0, 1, 9, 255]], np.uint8))
    table = np.zeros((256, 3), np.uint8)
    table[9] = palette(CLASSES)[2] - 7
    indexed.putpalette(table.ravel().tolist())
    indexed.save(tmp_path / "b.png")
    found = Reading(CLASSES, Mends(nearest=True)).read(tmp_path / "b.png")
    assert found.tolist() == [[0, 1, 2, 255]]


def test_transparent_is_unpainted_and_bands_are_joined(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pixels = np.concatenate([palette(CLASSES)[HALVES], np.full((16, 16, 1), 255, np.uint8)], 2)
    pixels[3, 5, 3] = 0
    pixels[9, 9, 0] += 2
    Image.fromarray(pixels).save(tmp_path / "a.png")
    expected = HALVES.copy()
    expected[3, 5] = 255
    for band in (1, 40, 4_000_000):
        monkeypatch.setattr(layouts, "BAND", band)
        monkeypatch.setattr(layouts, "CHUNK", max(1, band // 20))
        found = Reading(CLASSES, Mends(nearest=True)).read(tmp_path / "a.png")
        assert np.array_equal(found, expected)


def changed(**names: str) -> Reading:
    mends = NONE
    for name, new in names.items():
        mends = mends.renamed(name, new)
    return Reading(CLASSES, mends)


@pytest.mark.parametrize(
    ("names", "classes", "ids"),
    [
        ({"sky": "heaven"}, [("heaven", "#87cefa"), ("sea", "#1450c8"), ("sand", "#e8d28c")],
         [0, 1, 2]),
        ({"sand": "sea"}, [("sky", "#87cefa"), ("sea", "#1450c8")], [0, 1, 1]),
        ({"sky": "sand"}, [("sand", "#e8d28c"), ("sea", "#1450c8")], [0, 1, 0]),
        ({"sea": ""}, [("sky", "#87cefa"), ("sand", "#e8d28c")], [0, 255, 1]),
        ({"sand": "sea", "sea": "water"}, [("sky", "#87cefa"), ("water", "#1450c8")], [0, 1, 1]),
        ({"sky": "sea", "sea": "sky"},
         [("sea", "#87cefa"), ("sky", "#1450c8"), ("sand", "#e8d28c")], [0, 1, 2]),
        ({"sand": "sea", "sea": ""}, [("sky", "#87cefa")], [0, 255, 255]),
        ({"sky": "air", "sea": "air"}, [("air", "#87cefa"), ("sand", "#e8d28c")], [0, 0, 1]),
    ],
)  # fmt: skip
def test_classes_are_renamed_merged_and_left_out(
    tmp_path: Path, names: Mapping[str, str], classes: list[tuple[str, str]], ids: list[int]
) -> None:
    write_layout(tmp_path / "a.png", np.array([[0, 1, 2, 255]], np.uint8), CLASSES)
    reading = changed(**names)
    assert [(c.name, c.color) for c in reading.classes] == classes
    assert reading.read(tmp_path / "a.png").tolist() == [[*ids, 255]]


def test_a_set_is_read_with_its_classes_changed(folder: Path) -> None:
    mends = NONE.renamed("sea", "sky").renamed("sand", "beach")
    data = open_data(folder, "layout", SIZE, mends=mends)
    assert [c.name for c in data.spec.classes] == ["sky", "beach"]
    assert not data.fixed(0).layout.any()
    report = scan(folder, deep=True, mends=mends)
    assert [(c.name, c.percent) for c in report.classes] == [("sky", 100), ("beach", 0)]
    painted = open_data(folder, "paired", SIZE, mends=mends).fixed(0)
    assert (palette(CLASSES)[0] == painted.source.reshape(3, -1).T).all()
    with pytest.raises(UserError, match="keep one"):
        open_data(folder, "layout", SIZE, mends=mends.renamed("sky", "").renamed("beach", "")
                  .renamed("sand", ""))  # fmt: skip
    assert data.spec.fingerprint != open_data(folder, "layout", SIZE).spec.fingerprint


# Where classes show


def test_the_example_of_a_class_is_where_it_is_large(folder: Path) -> None:
    ids = np.zeros((16, 16), np.uint8)
    ids[10:14, 2:7] = 2
    write_layout(folder / "layouts/p7.png", ids, CLASSES)
    ids = np.zeros((16, 16), np.uint8)
    ids[0, 0] = 2
    write_layout(folder / "layouts/p1.png", ids, CLASSES)
    found = scan(folder).classes[2]
    assert found.layouts == 2
    assert found.example is not None
    assert (found.example.picture, found.example.layout) == ("photos/p7.png", "layouts/p7.png")
    left_, top, right, bottom = found.example.box
    assert left_ <= 2
    assert top <= 10
    assert right >= 7
    assert bottom >= 14
    assert (right - left_) * (bottom - top) <= 64


@given(st.integers(1, 90), st.integers(1, 90), st.integers(0, 99))
def test_the_densest_window_by_brute_force(high: int, wide: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    mask = rng.random((high, wide)) < rng.choice([0.01, 0.2, 0.9])
    mask[rng.integers(high), rng.integers(wide)] = True
    left_, top, right, bottom = densest(mask)
    assert 0 <= left_ < right <= wide
    assert 0 <= top < bottom <= high
    assert mask[top:bottom, left_:right].any()
    if max(high, wide) <= 64:  # A cell is a pixel: no window of that size has more.
        tall, broad = bottom - top, right - left_
        most = max(
            int(mask[y : y + tall, x : x + broad].sum())
            for y in range(high - tall + 1)
            for x in range(wide - broad + 1)
        )
        assert mask[top:bottom, left_:right].sum() == most


# Splits


def test_shares_are_followed_and_names_keep_their_place() -> None:
    names = [f"photo {i}" for i in range(4000)]
    split = Split(0.7, 0.2, 0.1)
    found = assign(names, split)
    shares = [list(found.values()).count(part) / 4000 for part in ("train", "val", "test")]
    assert shares == pytest.approx([0.7, 0.2, 0.1], abs=0.03)
    more = assign([*names, *(f"new {i}" for i in range(500))], split)
    assert all(more[name] == part for name, part in found.items())
    assert assign(list(reversed(names)), split) == found


@given(st.integers(3, 30), st.sampled_from([(0.9, 0.05, 0.05), (0.5, 0.5, 0), (0.8, 0, 0.2)]))
def test_no_wanted_part_of_a_small_set_is_empty(
    count: int, shares: tuple[float, float, float]
) -> None:
    found = set(assign([f"n{i}" for i in range(count)], Split(*shares)).values())
    wanted = zip(("train", "val", "test"), shares, strict=True)
    assert found == {part for part, share in wanted if share > 0}


def test_groups_stay_together() -> None:
    names = [f"clip{c}/{f:03d}" for c in range(20) for f in range(10)]
    found = assign(names, Split(by="folder"))
    assert all(len({found[f"clip{c}/{f:03d}"] for f in range(10)}) == 1 for c in range(20))
    assert group("clip/left", Split(by="folder")) == group("clip/right", Split(by="folder"))
    film = [f"take_{f:05d}" for f in range(240)]
    stretched = assign(film, Split(by="sequence", stretch=10))
    parts = [{stretched[n] for n in film[i : i + 10]} for i in range(0, 240, 10)]
    assert all(len(part) == 1 for part in parts)
    assert set(stretched.values()) == {"train", "val", "test"}
    assert set(assign(film, Split(by="sequence")).values()) == {"train"}
    assert group("a/b_007x", Split(by="sequence")) == group("a/b_123x", Split(by="sequence"))
    assert group("a/b_007x", Split(by="sequence")) != group("a/c_007x", Split(by="sequence"))
    assert group("odd", Split(by="sequence")) == "odd"


def test_a_chosen_split_is_what_is_opened(folder: Path) -> None:
    mends = Mends(split=Split(0.5, 0.25, 0.25))
    report = scan(folder, mends=mends)
    opened = [
        open_data(folder, "layout", SIZE, "train", mends=mends),
        open_data(folder, "layout", SIZE, "val", mends=mends),
        open_test(folder, "layout", SIZE, mends),
    ]
    assert [report.splits[part] for part in ("train", "val", "test")] == [len(d) for d in opened]
    assert sorted(name for data in opened for name in data.names) == sorted(NAMES)
    # Weights in splits.csv still count, and what it does not list stays out.
    lines = "".join(f"{name},train,{i}\n" for i, name in enumerate(NAMES[:6]))
    (folder / "splits.csv").write_text("name,split,weight\n" + lines)
    names = {n for s in ("train", "val") for n in open_data(folder, "layout", SIZE, s,
                                                            mends=mends).names}  # fmt: skip
    assert names <= set(NAMES[1:6])


@pytest.mark.parametrize("shares", [(0.5, 0.5, 0.5), (0.0, 0.5, 0.5), (1.2, -0.1, -0.1)])
def test_shares_that_are_none(shares: tuple[float, float, float]) -> None:
    with pytest.raises(UserError):
        Split(*shares)


# The plan itself

flags = st.booleans()
words = st.text(max_size=8)
plans = st.builds(
    Mends,
    folders=st.sampled_from([(), ("a", "b")]),
    endings=st.sampled_from([(), ("", "_mask")]),
    palette=st.sampled_from([(), CLASSES]),
    by_color=flags, nearest=flags, resize=flags, mates=flags, doubles=flags, unread=flags,
    lines=flags,
    files=st.lists(words, max_size=3, unique=True).map(lambda found: tuple(sorted(found))),
    classes=st.dictionaries(words, words, max_size=3).map(lambda d: tuple(d.items())),
    split=st.sampled_from([None, Split(), Split(0.8, 0.1, 0.1, "sequence", 9)]),
)  # fmt: skip


@given(plans, plans)
def test_plans_travel_as_json_and_join(one: Mends, other: Mends) -> None:
    assert Mends.from_json(json.loads(json.dumps(one.to_json()))) == one
    assert one | NONE == one
    assert NONE | one == one
    both = one | other
    assert both | other == both
    assert set(both.files) == {*one.files, *other.files}
    assert dict(both.classes) == {**dict(one.classes), **dict(other.classes)}
    assert both.resize == (one.resize or other.resize)


def test_a_plan_says_only_what_it_changes() -> None:
    assert NONE.to_json() == {}
    assert Mends(resize=True).to_json() == {"resize": True}
    assert mends_of({}) == NONE
    assert mends_of({"mends": {"resize": True}}) == Mends(resize=True)


@pytest.mark.parametrize(
    "value",
    [
        {"resize": 1}, {"resize": "yes"}, {"file": ["a"]}, {"files": "a"}, {"files": [3]},
        {"classes": [["a"]]}, {"classes": {"a": "b"}}, {"palette": [{"name": "x"}]},
        {"palette": 7}, {"split": {"train": "all"}}, {"split": {"train": 1}}, {"split": [1]},
        {"split": {"train": 1.0, "val": 0.0, "test": 0.0, "by": "moon"}}, {"endings": None},
        {"split": {"train": 0.9, "val": 0.05, "test": 0.05, "stretch": 1.5}},
    ],
)  # fmt: skip
def test_a_plan_that_is_none_is_one_sentence(value: dict[str, object]) -> None:
    with pytest.raises(UserError) as caught:
        Mends.from_json(value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("names", [("..", "photos"), ("/etc", "photos"), ("photos",), ("x", "y")])
def test_a_plan_does_not_lead_out_of_the_folder(folder: Path, names: tuple[str, ...]) -> None:
    with pytest.raises(UserError):
        open_data(folder, "layout", SIZE, mends=Mends(folders=names))
    assert scan(folder, mends=Mends(folders=names)).problems


def test_every_part_of_a_plan_changes_what_joins_and_travels() -> None:
    """A field that is added later is not forgotten in `|`, `to_json` or `from_json`."""
    every = Mends(("a", "b"), ("", "c"), CLASSES, True, True, True, True, True, True, True, ("f",),
                  (("x", "y"),), Split(), "edges")  # fmt: skip
    assert {each.name for each in fields(Mends)} == set(every.to_json())
    assert NONE | every == every


def test_a_sequence_is_cut_into_stretches_where_nobody_says_how_long(folder: Path) -> None:
    report = scan(folder)
    split = combined(report, [], Split(0.8, 0.1, 0.1, "sequence")).split
    assert split is not None
    assert (split.by, split.stretch, split.train) == ("sequence", 8, 0.8)
    assert combined(report, [], Split(by="sequence", stretch=3)).split == Split(
        by="sequence", stretch=3
    )


# The command line


def test_a_plan_is_made_and_followed_in_a_terminal(
    folder: Path, tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "photos/p3.png").write_bytes(b"no")
    write_layout(folder / "layouts/p4.png", HALVES.repeat(2, 0).repeat(2, 1), CLASSES)
    before = tree(folder)
    plan = tmp_path_factory.mktemp("plan") / "mends.json"
    assert main(["data", "scan", str(folder), "--deep"]) == 1
    said = capsys.readouterr().out
    assert "leave-out-broken" in said
    assert "resize" in said
    assert main(["data", "mend", str(folder), "--out", str(plan), "--split", "60,20,20"]) == 0
    mends = read_mends(plan)
    assert mends == Mends(resize=True, files=("photos/p3.png",), split=Split(0.6, 0.2, 0.2))
    capsys.readouterr()
    assert main(["data", "scan", str(folder), "--deep", "--mends", str(plan)]) == 0
    assert "No problems" in capsys.readouterr().out
    some = ["--offer", "leave-out-size", "--offer", "leave-out-broken"]
    assert main(["data", "mend", str(folder), "--out", str(plan), *some]) == 0
    assert read_mends(plan).files == ("layouts/p4.png", "photos/p3.png")
    assert main(["data", "mend", str(folder), "--out", str(plan), "--offer", "resize"]) == 1
    assert main(["data", "mend", str(folder), "--out", str(plan), "--offer", "resise"]) == 2
    assert "perhaps 'resize'" in capsys.readouterr().err
    plan.write_text("[]")
    assert main(["data", "scan", str(folder), "--mends", str(plan)]) == 2
    assert tree(folder) == before


@pytest.mark.slow
def test_a_training_follows_the_plan(
    folder: Path, tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "photos/p3.png").write_bytes(b"no")
    home = tmp_path_factory.mktemp("run")
    words = ["train", "spade", "--data", str(folder), "--out", str(home / "run"), "--preset",
             "tiny", "--steps", "1", "--threads", "1", "--precision", "float32"]  # fmt: skip
    assert main(words) == 2
    assert "data mend" in capsys.readouterr().err
    assert main(["data", "mend", str(folder), "--out", str(home / "mends.json")]) == 0
    assert main([*words, "--mends", str(home / "mends.json")]) == 0
    run = Run.open(home / "run")
    assert mends_of(run.config) == Mends(files=("photos/p3.png",))
    assert "p3" not in (home / "run" / "roll.txt").read_text()
    assert main(["train", "--resume", "--out", str(home / "run"), "--steps", "2"]) == 0
