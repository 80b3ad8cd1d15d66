"""Folders as artists have them are recognised, with a reason, and open as they were recognised."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engines.data.derive import WAYS, derive
from engines.data.listing import Lister
from engines.data.mends import NONE, Split
from engines.data.palettes import color_name
from engines.data.pictures import write_picture
from engines.data.recognise import Recognised, descend, recognise
from engines.data.scan import scan
from engines.data.sets import open_data
from engines.errors import UserError

SIZE = (8, 8)
COLORS = ((135, 206, 250), (20, 110, 30), (200, 60, 20))


def rng(*seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


def photo(path: Path, seed: int, side: int = 24) -> None:
    """Soft blobs of any colour, different for each seed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    blobs = rng(1, seed).integers(0, 256, (4, 4, 3), dtype=np.uint8)
    Image.fromarray(blobs).resize((side, side), Image.Resampling.BICUBIC).save(path)


def classes_of(seed: int) -> np.ndarray:
    return np.kron(rng(2, seed).integers(0, 3, (4, 4)), np.ones((6, 6), int)).astype(np.uint8)


def in_colors(path: Path, seed: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_picture(path, np.array(COLORS, np.uint8)[classes_of(seed)])


def in_numbers(path: Path, seed: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(classes_of(seed)).save(path)


def black_and_white(path: Path, seed: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.where(classes_of(seed) > 0, 255, 0).astype(np.uint8)).save(path)


def frame(path: Path, seed: int) -> None:
    """A bright square that moves a pixel a frame over a background of its clip."""
    path.parent.mkdir(parents=True, exist_ok=True)
    ground = rng(3, seed // 100).integers(0, 256, (3, 3, 3), dtype=np.uint8)
    pixels = np.array(Image.fromarray(ground).resize((24, 24), Image.Resampling.BICUBIC))
    pixels[8:12, seed % 20 : seed % 20 + 4] = 255
    write_picture(path, pixels)


def pan(path: Path, seed: int) -> None:
    """A window that moves a pixel a frame over a wide picture."""
    path.parent.mkdir(parents=True, exist_ok=True)
    wide = Image.fromarray(rng(4).integers(0, 256, (3, 16, 3), dtype=np.uint8))
    pixels = np.asarray(wide.resize((128, 24), Image.Resampling.BICUBIC))
    write_picture(path, np.ascontiguousarray(pixels[:, 2 * seed : 2 * seed + 24]))


def edges(path: Path, seed: int) -> None:
    """The same place as `photo`, as a drawing of its steep places."""
    path.parent.mkdir(parents=True, exist_ok=True)
    blobs = rng(1, seed).integers(0, 256, (4, 4, 3), dtype=np.uint8)
    soft = np.array(Image.fromarray(blobs).resize((24, 24), Image.Resampling.BICUBIC), float)
    down, across = np.gradient(soft.mean(2))
    drawn = 255 - np.clip(8 * np.hypot(down, across), 0, 255)
    write_picture(path, np.repeat(drawn[..., None], 3, 2).astype(np.uint8))


Draw = Callable[[Path, int], None]


def fill(folder: Path, draw: Draw, pattern: str, count: int = 12, start: int = 0) -> None:
    for i in range(start, start + count):
        draw(folder / pattern.format(i), i)


def told(folder: Path) -> Recognised:
    return recognise(Lister(folder))


@pytest.mark.parametrize(
    ("photos", "layouts"), [("photos", "layouts"), ("images", "masks"), ("Img", "Labels")]
)
def test_photos_and_layouts_by_the_names_of_their_folders(
    tmp_path: Path, photos: str, layouts: str
) -> None:
    fill(tmp_path / photos, photo, "{}.jpg")
    fill(tmp_path / layouts, in_colors, "{}.png")
    found = told(tmp_path)
    assert (found.form, found.kind) == ("layouts", "layout")
    assert f"“{photos}” and “{layouts}” hold 12" in found.reason
    assert {other.kind for other in found.others} == {"paired", "image"}


@pytest.mark.parametrize("draw", [in_colors, in_numbers, black_and_white])
def test_layouts_without_a_list_of_classes_bring_their_own(tmp_path: Path, draw: Draw) -> None:
    fill(tmp_path / "photos", photo, "{}.png")
    fill(tmp_path / "layouts", draw, "{}.png")
    report = scan(tmp_path, deep=True)
    assert (report.kind, report.problems) == ("layout", [])
    assert "classes.json" in report.reason
    data = open_data(tmp_path, "layout", (24, 24), mends=report.mends)
    index = data.names.index(data.names[0])
    expected = classes_of(int(data.names[0]))
    found = data.fixed(index).layout
    if draw is black_and_white:
        expected = (expected > 0).astype(np.uint8)
    if draw is in_numbers:
        assert np.array_equal(found, expected)
        assert [c.name for c in data.spec.classes] == ["class 0", "class 1", "class 2"]
    else:  # The commonest colour comes first, so the numbers are others, one for one.
        pairs = set(zip(expected.ravel().tolist(), found.ravel().tolist(), strict=True))
        assert len(pairs) == len({a for a, _ in pairs}) == len({b for _, b in pairs})
        wanted = {"black", "white"} if draw is black_and_white else {"light azure", "dark green",
                                                                    "red"}  # fmt: skip
        assert {c.name for c in data.spec.classes} == wanted
    shares = [c.percent for c in report.classes]
    assert sum(shares) == pytest.approx(100)


@pytest.mark.parametrize(
    ("code", "name"),
    [
        (0x827364, "brown"),  # rock
        (0x8B4513, "brown"),
        (0x301806, "dark brown"),
        (0xFF8000, "orange"),
        (0xFFD8B0, "light orange"),
        (0x87CEFA, "light azure"),
        (0x808080, "grey"),
    ],
)
def test_colours_are_called_as_people_call_them(code: int, name: str) -> None:
    assert color_name(code) == name


def test_two_folders_of_any_name_are_layouts_where_one_looks_so(tmp_path: Path) -> None:
    fill(tmp_path / "meadow", photo, "{}.jpg")
    fill(tmp_path / "meadow regions", in_colors, "{}.png")
    report = scan(tmp_path)
    assert (report.form, report.mends.folders) == ("layouts", ("meadow", "meadow regions"))
    assert "hard edges" in report.reason
    assert len(report.classes) == 3
    assert open_data(tmp_path, "layout", SIZE, mends=report.mends).names
    assert open_data(tmp_path, "paired", SIZE, mends=report.mends).names
    assert open_data(tmp_path, "image", SIZE, mends=report.mends).names


@pytest.mark.parametrize(
    ("photos", "layouts"),
    [("{}.jpg", "{}_mask.png"), ("{}_photo.jpg", "{}_seg.png"), ("p{}-image.png", "p{}.png")],
)
def test_endings_that_tell_photo_from_layout_are_seen_through(
    tmp_path: Path, photos: str, layouts: str
) -> None:
    fill(tmp_path / "images", photo, photos)
    fill(tmp_path / "masks", in_colors, layouts)
    report = scan(tmp_path, deep=True)
    assert (report.form, report.pictures, report.problems) == ("layouts", 12, [])
    assert open_data(tmp_path, "layout", SIZE, mends=report.mends).names


def test_layouts_beside_their_photos_in_one_folder(tmp_path: Path) -> None:
    fill(tmp_path, photo, "shot {}.jpg")
    fill(tmp_path, in_colors, "shot {}_mask.png")
    report = scan(tmp_path, deep=True)
    assert (report.form, report.pictures, report.problems) == ("layouts", 12, [])
    assert "_mask" in report.reason
    data = open_data(tmp_path, "layout", (24, 24), mends=report.mends)
    assert all(name.startswith("shot") and "mask" not in name for name in data.names)


def test_pairs_by_name_and_by_look(tmp_path: Path) -> None:
    for first, second in (("before", "after"), ("ink", "paint")):
        folder = tmp_path / first
        fill(folder / first, edges, "{}.png")
        fill(folder / second, photo, "{}.png")
        report = scan(folder, deep=True)
        assert (report.form, report.kind, report.pictures) == ("pairs", "paired", 12), report.reason
        assert report.problems == []
        assert open_data(folder, "paired", SIZE, mends=report.mends).names
    assert "edges" in scan(tmp_path / "ink").reason


def test_two_folders_that_do_not_match_and_a_folder_for_each_class(tmp_path: Path) -> None:
    fill(tmp_path / "zoo" / "a", photo, "x{}.png")
    fill(tmp_path / "zoo" / "b", photo, "y{}.png", start=50)
    found = told(tmp_path / "zoo")
    assert (found.form, found.kind) == ("unpaired", "unpaired")
    report = scan(tmp_path / "zoo", deep=True)
    assert (report.pictures, report.problems) == (24, [])
    assert open_data(tmp_path / "zoo", "unpaired", SIZE, mends=report.mends).names
    for other in report.alternatives:
        again = scan(tmp_path / "zoo", other.kind, mends=other.mends)
        assert (again.form, again.kind, again.problems) == (other.form, other.kind, [])
        assert again.reason == other.reason
        assert "unpaired" in [each.form for each in again.alternatives]
        assert open_data(tmp_path / "zoo", other.kind, SIZE, mends=again.mends).names
    # The same numbers in both, as cameras give them, make no pairs of cats and dogs.
    fill(tmp_path / "pets" / "cat", photo, "{}.png")
    fill(tmp_path / "pets" / "dog", photo, "{}.png", start=0, count=6)
    for i in range(6):
        photo(tmp_path / "pets" / "dog" / f"{i}.png", 70 + i)
    report = scan(tmp_path / "pets")
    assert (report.form, report.kind) == ("folders", "labelled")
    assert [(a.name, a.known) for a in report.attributes] == [("cat", 18), ("dog", 18)]
    apart = next(other for other in report.alternatives if other.form == "unpaired")
    again = scan(tmp_path / "pets", apart.kind, mends=apart.mends)
    assert (again.form, again.pictures, again.problems) == ("unpaired", 18, [])
    assert report.attributes[0].mean == pytest.approx(12 / 18)
    assert report.attributes[1].example.startswith("dog/")


def test_one_picture_is_learnt_from(tmp_path: Path) -> None:
    for i in range(12):  # Whatever its name, and so its place by name.
        folder = tmp_path / str(i)
        photo(folder / f"only{i}.png", i)
        report = scan(folder)
        assert (report.form, report.splits, report.problems) == ("picture", {"train": 1}, [])
        assert open_data(folder, "image", SIZE).names == [f"only{i}"]


def test_frames_are_split_by_their_clip_or_by_stretches(tmp_path: Path) -> None:
    for clip in range(4):
        fill(tmp_path / "clips" / f"clip{clip}", frame, "{:04d}.png", 10, 100 * clip)
    report = scan(tmp_path / "clips")
    assert (report.form, report.kind) == ("clips", "image")
    assert report.mends.split == Split(by="folder")
    parts = [
        {n.partition("/")[0] for n in open_data(tmp_path / "clips", "image", SIZE, s,
                                                mends=report.mends).names}
        for s in ("train", "val")
    ]  # fmt: skip
    assert parts[0]
    assert parts[1]
    assert not parts[0] & parts[1]
    fill(tmp_path / "film", pan, "take_{:05d}.png", 40)
    report = scan(tmp_path / "film")
    assert report.form == "clips"
    assert report.mends.split is not None
    assert report.mends.split.by == "sequence"
    assert report.mends.split.stretch >= 8
    assert report.splits["val"]
    assert report.splits["test"]
    # Numbers alone make no film: a camera numbers photos too.
    fill(tmp_path / "walk", photo, "IMG_{:04d}.jpg", 40)
    report = scan(tmp_path / "walk")
    assert (report.form, report.mends) == ("photos", NONE)
    assert [other.form for other in report.alternatives] == ["clips", *WAYS]


def test_dull_photos_are_no_film_and_equal_borders_make_no_pairs(tmp_path: Path) -> None:
    def dull(path: Path, seed: int) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = rng(5, seed).integers(100, 130, (4, 4, 3), np.uint8)
        write_picture(path, np.kron(pixels, np.ones((6, 6, 1), np.uint8)))

    def framed(path: Path, seed: int) -> None:
        photo(path, seed)
        pixels = np.array(Image.open(path)) // 8 + 100
        pixels[:4], pixels[-4:], pixels[:, :4], pixels[:, -4:] = 0, 0, 0, 0
        write_picture(path, pixels)

    fill(tmp_path / "dusk", dull, "IMG_{:04d}.png", 40)
    assert told(tmp_path / "dusk").form == "photos"
    fill(tmp_path / "cards" / "king", framed, "{}.png")
    for i in range(12):
        framed(tmp_path / "cards" / "queen" / f"{i}.png", 80 + i)
    assert told(tmp_path / "cards").form == "folders"


def test_frames_with_layouts_are_split_by_clip_too(tmp_path: Path) -> None:
    for clip in range(3):
        fill(tmp_path / "photos" / f"c{clip}", frame, "{:04d}.png", 9, 100 * clip)
        fill(tmp_path / "layouts" / f"c{clip}", in_colors, "{:04d}.png", 9, 100 * clip)
    report = scan(tmp_path)
    assert (report.form, report.pictures) == ("layouts", 27)
    assert report.mends.split == Split(by="folder")
    assert "alike" in report.reason


def test_parts_of_a_published_set_are_no_classes(tmp_path: Path) -> None:
    for part in ("train", "test"):
        fill(tmp_path / part, photo, part + "{}.png")
    report = scan(tmp_path)
    assert (report.form, report.pictures) == ("photos", 24)
    assert "split anew" in report.reason


def test_attributes_and_splits_that_are_there_are_followed(tmp_path: Path) -> None:
    fill(tmp_path, photo, "{}.png", 3)
    (tmp_path / "attributes.csv").write_text("name,fog\n0,0.5\n1,0.9\n2,\n")
    report = scan(tmp_path)
    assert (report.form, report.kind) == ("attributes", "labelled")
    assert report.attributes[0].example == "1"
    (tmp_path / "splits.csv").write_text("name,split\n0,train\n1,val\n2,val\n")
    assert scan(tmp_path).splits == {"train": 1, "val": 2}


def test_an_unpacked_archive_is_looked_through(tmp_path: Path) -> None:
    fill(tmp_path / "set" / "set" / "photos", photo, "{}.png", 3)
    fill(tmp_path / "set" / "set" / "layouts", in_colors, "{}.png", 3)
    (tmp_path / "__MACOSX").mkdir()
    assert descend(tmp_path) == tmp_path / "set" / "set"
    assert descend(tmp_path / "set" / "set") == tmp_path / "set" / "set"
    fill(tmp_path / "plain" / "inner", photo, "{}.png", 3)
    assert descend(tmp_path / "plain") == tmp_path / "plain"


def test_a_link_in_a_circle_ends(tmp_path: Path) -> None:
    fill(tmp_path / "cat", photo, "{}.png", 2)
    fill(tmp_path / "dog", photo, "{}.png", 2, 50)
    (tmp_path / "again").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    report = scan(tmp_path)
    assert (report.form, report.pictures) == ("folders", 4)


def test_pairs_can_be_made_of_any_pictures(vistas: Path, tmp_path: Path) -> None:
    shutil.copytree(vistas / "photos", tmp_path / "set")
    others = {each.form: each for each in scan(tmp_path / "set").alternatives}
    assert [form for form in others if form in WAYS] == list(WAYS)
    for way in WAYS:
        mends = others[way].mends
        report = scan(tmp_path / "set", "paired", deep=True, mends=mends)
        assert (report.form, report.kind, report.problems) == (way, "paired", [])
        data = open_data(tmp_path / "set", "paired", (32, 32), mends=mends)
        assert data.spec.source == way
        source, target = data.draw(0, np.random.default_rng(0))
        again = derive(np.asarray(target).transpose(1, 2, 0), way).transpose(2, 0, 1)
        assert np.array_equal(source, again)
        assert not np.array_equal(source, target)
    assert scan(tmp_path / "set", "paired").mends.source == "edges"  # unless more is said


def test_what_is_made_of_a_picture() -> None:
    half = np.zeros((40, 48, 3), np.uint8)
    half[:, 24:] = 200, 40, 90
    for way in WAYS:
        assert derive(half, way).shape == half.shape
    lines = derive(half, "edges")
    assert (lines[:, (23, 24)] == 0).any(axis=(1, 2))[1:-1].all()
    assert (lines[:, :20] == 255).all()
    assert (lines[:, 28:] == 255).all()
    even = np.full((16, 16, 3), 77, np.uint8)
    assert (derive(even, "edges") == 255).all()
    assert (derive(even, "sketch") == 255).all()
    shaded = derive(half, "sketch")
    assert shaded[20, 22, 0] < 60  # dark beside light
    assert shaded[20, 40, 0] > 240
    assert derive(half, "grey")[0, 47].tolist() == [
        94,
        94,
        94,
    ]  # .299 * 200 + .587 * 40 + .114 * 90
    chequered = np.indices((16, 16)).sum(0) % 2 * np.uint8(200)
    fine = np.repeat(chequered.astype(np.uint8)[..., None], 3, axis=2)
    assert np.ptp(derive(fine, "small")) == 0  # finer than what stays
    with pytest.raises(UserError, match="edges"):
        derive(even, "edgse")
