"""Data sets: crops, weights, caches, splits, kinds, toy points and the landscapes' preparation."""

import ast
import csv
import json
import os
import shutil
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from engines.data import kinds, points, sets, street, tables
from engines.data.crops import central_crop, kept, random_crop
from engines.data.kinds import LayoutSet, PaintedSet
from engines.data.landscapes import attributes_of, prepare, prepare_times, weight_of
from engines.data.mends import Mends
from engines.data.pictures import read_layout, read_picture, write_layout, write_picture
from engines.data.samples import PairedSample, PointsSample
from engines.data.scan import scan
from engines.data.sets import open_data, open_test
from engines.data.spec import PaletteClass, palette
from engines.errors import UserError

SIZE = (32, 32)


@pytest.fixture
def small(vistas: Path, tmp_path: Path) -> Path:
    """Six vistas of our own to spoil, all for training."""
    folder = tmp_path / "small"
    for part, ending in (("photos", ".png"), ("layouts", ".png")):
        (folder / part).mkdir(parents=True)
        for path in sorted((vistas / part).iterdir())[:6]:
            shutil.copy(path, folder / part / (path.stem + ending))
    shutil.copy(vistas / "classes.json", folder)
    names = [path.stem for path in sorted((folder / "photos").iterdir())]
    write(folder / "splits.csv", "name,split", *(f"{name},train" for name in names))
    return folder


def write(path: Path, *lines: str) -> None:
    path.write_text("\n".join(lines) + "\n", "utf-8")


def rng(*seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


def same(first: object, second: object) -> bool:
    assert isinstance(first, tuple)
    assert isinstance(second, tuple)
    return all(np.array_equal(a, b, equal_nan=a.dtype.kind == "f")
               for a, b in zip(first, second, strict=True))  # fmt: skip


# Drawing.


def test_a_draw_is_a_function_of_its_generator(vistas: Path) -> None:
    data = open_data(vistas, "layout", SIZE)
    assert same(data.draw(2, rng(1)), data.draw(2, rng(1)))
    assert same(data.draw(2, rng(1)), open_data(vistas, "layout", SIZE).draw(2, rng(1)))
    assert not same(data.draw(2, rng(1)), data.draw(2, rng(2)))


def test_draws_from_many_threads_are_the_same(vistas: Path) -> None:
    alone, shared = (open_data(vistas, "layout", SIZE, cache_bytes=60_000) for _ in range(2))
    jobs = [(i % len(alone), i) for i in range(120)]
    with ThreadPoolExecutor(8) as pool:
        drawn = list(pool.map(lambda job: shared.draw(job[0], rng(job[1])), jobs))
    for (index, seed), sample in zip(jobs, drawn, strict=True):
        assert same(sample, alone.draw(index, rng(seed)))


def test_picture_and_layout_are_cut_alike(small: Path) -> None:
    """The picture is its layout in class colours, so every sample must agree with itself."""
    classes = tables.read_classes(small)
    for path in (small / "layouts").iterdir():
        write_picture(small / "photos" / path.name, palette(classes)[read_layout(path, classes)])
    data = open_data(small, "layout", (64, 64))
    flips = 0
    for seed in range(24):
        index = seed % len(data)
        sample = data.draw(index, rng(seed))
        painted = palette(classes)[sample.layout].transpose(2, 0, 1)
        if np.array_equal(sample.image, painted):
            straight = data.fixed(index).layout
            flips += np.array_equal(sample.layout, straight[:, ::-1])
        else:  # A closer look: Lanczos softens the borders, nothing else.
            error = np.abs(sample.image.astype(int) - painted).max(0) > 60
            assert error.mean() < 0.2
    assert flips >= 2


@given(
    st.integers(1, 90), st.integers(1, 90), st.integers(1, 70), st.integers(1, 70), st.integers(0)
)
def test_crops_stay_inside_and_keep_their_shape(
    high: int, wide: int, height: int, width: int, seed: int
) -> None:
    crop = random_crop((high, wide, 3), (height, width), rng(seed))
    assert crop.top >= 0
    assert crop.left >= 0
    assert 1 <= crop.height <= high - crop.top
    assert 1 <= crop.width <= wide - crop.left
    largest = central_crop((high, wide, 3), (height, width))
    assert largest.height == high or largest.width == wide  # as much as fits
    # Undistorted, but for rounding the largest window and then its share.
    assert abs(crop.height * width - crop.width * height) <= width + height


def test_fixed_is_the_whole_of_a_picture_that_fits(vistas: Path) -> None:
    data = open_data(vistas, "image", (64, 64))
    path = vistas / "photos" / f"{data.names[3]}.png"
    assert np.array_equal(data.fixed(3).image.transpose(1, 2, 0), read_picture(path))


def test_weights_are_how_often(small: Path) -> None:
    names = [path.stem for path in sorted((small / "photos").iterdir())]
    weights = (1, 3, 0, 0.5, 0, 0.5)
    lines = [f"{n},train,{w}" for n, w in zip(names, weights, strict=True)]
    write(small / "splits.csv", "name,split,weight", *lines)
    data = open_data(small, "image", SIZE)
    assert data.names == [n for n, w in zip(names, weights, strict=True) if w]
    generator = rng(0)
    counts = np.bincount([data.pick(generator) for _ in range(4000)], minlength=4) / 4000
    assert np.abs(counts - np.array([0.2, 0.6, 0.1, 0.1])).max() < 0.03


def test_nothing_to_train_on(small: Path) -> None:
    name = next((small / "photos").iterdir()).stem
    write(small / "splits.csv", "name,split,weight", f"{name},train,0")
    with pytest.raises(UserError, match="training split"):
        open_data(small, "image", SIZE)


def test_the_cache_keeps_to_its_budget(vistas: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reads: list[Path] = []

    def counted(path: Path) -> np.ndarray:
        reads.append(path)
        return read_picture(path)

    monkeypatch.setattr(kinds, "read_picture", counted)
    one = 64 * 64 * 3
    data = open_data(vistas, "image", (64, 64), cache_bytes=2 * one + one // 2)
    for _ in range(3):
        for index in range(4):
            data.draw(index, rng(index))
    assert sum(a.nbytes for entry in data._cache.values() for a in entry) == 2 * one
    assert len(reads) == 2 + 3 * 2  # Two stay, two are read each time.


# Splits.


def test_the_test_split_opens_through_open_test_alone(vistas: Path) -> None:
    with pytest.raises(ValueError, match="test"):
        open_data(vistas, "image", SIZE, "test")
    splits, _ = tables.read_splits(vistas)
    parts = [set(open_data(vistas, "image", SIZE, split).names) for split in ("train", "val")]
    parts.append(set(open_test(vistas, "image", SIZE).names))
    assert [len(p) for p in parts] == [list(splits.values()).count(s) for s in tables.SPLITS]
    assert len(set.union(*parts)) == sum(map(len, parts)) == len(splits)


def test_the_trainer_does_not_know_open_test() -> None:
    folder = Path(sets.__file__).parent.parent
    for path in (folder / "train.py", folder / "feed.py"):
        tree = ast.parse(path.read_text("utf-8"))
        named = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}
        named |= {n.attr for n in ast.walk(tree) if isinstance(n, ast.Attribute)}
        named |= {a.name for n in ast.walk(tree)
                  if isinstance(n, ast.Import | ast.ImportFrom) for a in n.names}  # fmt: skip
        assert "open_test" not in named, path
        assert "open_data" in named or path.name == "feed.py"


def test_without_splits_the_name_decides(small: Path) -> None:
    (small / "splits.csv").unlink()
    names = [path.stem for path in (small / "photos").iterdir()]
    expected = {n for n in names if tables.split_by_name(n) == "train"}
    assert set(open_data(small, "image", SIZE).names) == expected
    shares = np.unique([tables.split_by_name(f"p{i}") for i in range(4000)], return_counts=True)
    assert shares[0].tolist() == ["test", "train", "val"]
    assert np.abs(shares[1] / 4000 - [0.05, 0.9, 0.05]).max() < 0.015


# Kinds.


def test_a_layout_set_serves_as_four_kinds(vistas: Path) -> None:
    layout = open_data(vistas, "layout", (64, 64))
    assert isinstance(layout, LayoutSet)
    assert layout.spec.classes == tables.read_classes(vistas)
    names, table = tables.read_attributes(vistas)
    assert layout.spec.attributes == names
    first = layout.fixed(0)
    assert np.array_equal(first.attributes, table[layout.names[0]])
    assert first.image.shape == (3, 64, 64)
    assert first.layout.shape == (64, 64)
    labelled = open_data(vistas, "labelled", (64, 64))
    assert same(labelled.fixed(0), (first.image, first.attributes))
    assert same(open_data(vistas, "image", (64, 64)).fixed(0), (first.image,))
    paired = open_data(vistas, "paired", (64, 64))
    assert isinstance(paired, PaintedSet)
    colors = palette(layout.spec.classes)[first.layout].transpose(2, 0, 1)
    assert same(paired.fixed(0), PairedSample(colors, first.image))
    unpaired = open_data(vistas, "unpaired", (64, 64))
    met = [unpaired.draw(0, rng(i)) for i in range(30)]
    assert len({sample.target.tobytes() for sample in met}) > 10
    assert same(unpaired.fixed(0), (colors, first.image))
    one, other = layout.draw(1, rng(5)), paired.draw(1, rng(5))
    assert np.array_equal(one.image, other.target)


def test_pairs_of_two_folders(tmp_path: Path) -> None:
    for folder, value in (("a", 10), ("b", 200)):
        (tmp_path / folder).mkdir()
        for i in range(3):
            write_picture(tmp_path / folder / f"{i}.png", np.full((8, 8, 3), value + i, np.uint8))
    write(tmp_path / "splits.csv", "name,split", "0,train", "1,train", "2,val")
    data = open_data(tmp_path, "paired", (8, 8))
    sample = data.draw(1, rng(0))
    assert isinstance(sample, PairedSample)
    assert (sample.source == 11).all()
    assert (sample.target == 201).all()
    assert open_data(tmp_path, "paired", (8, 8), "val").names == ["2"]
    write_picture(tmp_path / "a" / "0.png", np.zeros((8, 9, 3), np.uint8))
    with pytest.raises(UserError, match="pair 0"):
        data.fixed(0)
    (tmp_path / "a" / "1.png").unlink()
    with pytest.raises(UserError, match="no mate in a, 1 first"):
        open_data(tmp_path, "paired", (8, 8))


def two_sorts(folder: Path, sources: int, targets: int) -> Path:
    """Folders a and b of pictures of one colour each: from 10 up, and from 190 up."""
    for part, count, value in (("a", sources, 10), ("b", targets, 190)):
        (folder / part).mkdir()
        for i in range(count):
            path = folder / part / f"{i}.png"
            write_picture(path, np.full((8, 10, 3), value + i, np.uint8))
    return folder


def test_two_sorts_of_pictures_meet_by_chance(tmp_path: Path) -> None:
    data = open_data(two_sorts(tmp_path, 60, 60), "unpaired", (8, 8))
    assert len(data) < 60
    assert all(name.startswith("a/") for name in data.names)
    drawn = [data.draw(2, rng(i)) for i in range(300)]
    assert {int(sample.source[0, 0, 0]) for sample in drawn} == {10 + int(data.names[2][2:])}
    met = [int(sample.target[0, 0, 0]) for sample in drawn]
    val = open_data(tmp_path, "unpaired", (8, 8), "val")
    kept_back = {int(val.fixed(i).target[0, 0, 0]) for i in range(len(val))}
    assert len(set(met)) > 40
    assert len(val) > 0
    assert not kept_back & set(met)
    assert max(met.count(value) for value in met) < 40
    assert same(data.draw(2, rng(7)), drawn[7])
    met_first = [int(data.fixed(i).target[0, 0, 0]) for i in range(len(data))]
    assert len(set(met_first)) == len(data)


def test_a_sort_takes_its_shares_from_the_table(tmp_path: Path) -> None:
    two_sorts(tmp_path, 3, 3)
    lines = [f"a/{i},train,1" for i in range(3)]
    lines += ["b/0,train,3", "b/1,train,1", "b/2,val,1"]
    write(tmp_path / "splits.csv", "name,split,weight", *lines)
    data = open_data(tmp_path, "unpaired", (8, 8))
    met = [int(data.draw(0, rng(i)).target[0, 0, 0]) for i in range(400)]
    assert set(met) == {190, 191}
    assert 250 < met.count(190) < 350
    assert len(open_data(tmp_path, "unpaired", (8, 8), "val")) == 0  # It has no source.
    write(tmp_path / "splits.csv", "name,split", *(f"a/{i},train" for i in range(3)))
    with pytest.raises(UserError, match="b belongs to the training split"):
        open_data(tmp_path, "unpaired", (8, 8))


def test_a_sort_that_cannot_be_read_in_part_goes_on(tmp_path: Path) -> None:
    two_sorts(tmp_path, 3, 3)
    lines = [f"{part}/{i},train" for part in "ab" for i in range(3)]
    write(tmp_path / "splits.csv", "name,split", *lines)
    data = open_data(tmp_path, "unpaired", (8, 8))
    (tmp_path / "b" / "1.png").write_bytes(b"no picture")
    met = {int(data.draw(0, rng(i)).target[0, 0, 0]) for i in range(40)}
    assert met == {190, 192}
    for i in (0, 2):
        (tmp_path / "b" / f"{i}.png").unlink()
    with pytest.raises(UserError, match=r"png"):
        open_data(tmp_path, "unpaired", (8, 8)).draw(0, rng(0))


def test_a_large_photo_is_kept_as_small_as_the_closest_look_allows(tmp_path: Path) -> None:
    y, x = np.mgrid[0:600, 0:800]
    photo = np.stack([x % 256, y % 256, (x + y) % 256], 2).astype(np.uint8)
    ids = ((x // 100 + y // 100) % 3).astype(np.uint8)
    few, small = kept((photo, ids), (64, 64))
    assert few.shape[:2] == small.shape == (171, 228)  # 2 x 64 / 0.75, and as wide as before.
    assert kept((photo,), (64, 64))[0].shape == (86, 114, 3)
    assert kept((photo[:100, :100], ids[:100, :100]), (64, 64))[0].shape == (100, 100, 3)
    for part in ("photos", "layouts"):
        (tmp_path / part).mkdir()
    write_picture(tmp_path / "photos" / "a.png", photo)
    write_layout(tmp_path / "layouts" / "a.png", ids, ())
    classes = [{"id": i, "name": name, "color": f"#{i:06x}"} for i, name in enumerate("xyz")]
    write(tmp_path / "classes.json", json.dumps(classes))
    write(tmp_path / "splits.csv", "name,split", "a,train")
    data = open_data(tmp_path, "layout", (64, 64))
    assert data.decoded_bytes(0) == 171 * 228 * 4
    sample = data.fixed(0)
    whole = central_crop(photo.shape, (64, 64))
    # Shrunk twice is as shrunk once, but for the borders of what was shrunk.
    apart = np.abs(whole.picture(photo // 2, (64, 64)).astype(int) - sample.image // 2)
    assert np.median(apart) <= 2
    assert (whole.layout(ids, (64, 64)) == sample.layout).mean() > 0.96


def test_details_are_never_resized(tmp_path: Path) -> None:
    y, x = np.mgrid[0:40, 0:50]
    picture = np.stack([x, y, x * 0], 2).astype(np.uint8)
    write_picture(tmp_path / "large.png", picture)
    write_picture(tmp_path / "small.png", picture[:8, :10])
    write(tmp_path / "splits.csv", "name,split", "large,train", "small,train")
    data = open_data(tmp_path, "detail", (16, 16))
    seen = set()
    for seed in range(60):
        sample = data.draw(0, rng(seed)).image
        if sample[0, 0, 0] > sample[0, 0, 1]:
            sample = sample[:, :, ::-1]
        left, top = int(sample[0, 0, 0]), int(sample[1, 0, 0])
        assert np.array_equal(sample.transpose(1, 2, 0), picture[top : top + 16, left : left + 16])
        seen.add((top, left))
    assert len(seen) > 40
    assert data.fixed(0).image[:, 0, 0].tolist() == [17, 12, 0]
    assert data.fixed(1).image.shape == (3, 16, 16)  # What is too small grows.


def test_a_folder_for_each_class_is_labelled(tmp_path: Path) -> None:
    for group in ("cat", "dog", "eel"):
        (tmp_path / group).mkdir()
        for i in range(2):
            write_picture(tmp_path / group / f"{i}.png", np.zeros((8, 8, 3), np.uint8))
    lines = [f"{g}/{i},train" for g in ("cat", "dog", "eel") for i in range(2)]
    write(tmp_path / "splits.csv", "name,split", *lines)
    data = open_data(tmp_path, "labelled", (8, 8))
    assert data.spec.attributes == ("cat", "dog", "eel")
    table = np.array([data.fixed(i).attributes for i in range(6)])
    assert np.array_equal(table, np.repeat(np.eye(3), 2, axis=0))


def test_empty_cells_and_unlisted_pictures_are_unknown(small: Path) -> None:
    names = [path.stem for path in sorted((small / "photos").iterdir())]
    write(small / "attributes.csv", "name,fog,snow", f"{names[0]},0.25,", "", f"{names[1]},0,1")
    data = open_data(small, "labelled", SIZE)
    values = np.array([data.fixed(i).attributes for i in range(3)])
    expected = [[0.25, np.nan], [0, 1], [np.nan, np.nan]]
    assert np.array_equal(values, expected, equal_nan=True)


@pytest.mark.parametrize("name", points.NAMES)
def test_toy_points(name: str) -> None:
    data = open_data(f"points:{name}", "points", (1, 1))
    sample = data.draw(0, rng(3))
    assert isinstance(sample, PointsSample)
    assert sample.points.shape == (2,)
    assert same(sample, data.draw(0, rng(3)))
    many = points.sample(name, 2000, rng(1))
    assert many.dtype == np.float32
    if name == "swissroll":
        radius = np.linalg.norm(many, axis=1)
        assert 0.5 < radius.min() < radius.max() < 2.1  # t / 7.5 for t from 1.5 pi to 4.5 pi
        return
    centres = points.modes(name)
    assert len(centres) == {"ring8": 8, "grid25": 25}[name]
    distance = np.linalg.norm(many[:, None] - centres, axis=2)
    spread = {"ring8": 0.02, "grid25": 0.05}[name]
    assert distance.min(1).max() < 5 * spread
    assert distance.min(1).std() < spread
    counts = np.bincount(distance.argmin(1), minlength=len(centres)) * len(centres) / 2000
    assert np.abs(counts - 1).max() < 0.45  # Every mode has its share.


def test_toy_centres_by_hand() -> None:
    assert np.allclose(np.linalg.norm(points.modes("ring8"), axis=1), 2)
    assert {tuple(p) for p in points.modes("grid25")} == {
        (x, y) for x in range(-2, 3) for y in range(-2, 3)
    }
    with pytest.raises(UserError, match="ring8"):
        open_data("points:ring9", "points", (1, 1))


# Faults: one sentence that names the first.


def bad_mask(folder: Path) -> None:
    write_layout(folder / "layouts" / "bad.png", np.full((64, 64), 77, np.uint8), ())


def spoil_header(folder: Path) -> None:
    write(folder / "splits.csv", "file,part", "a,train")


def spoil_split(folder: Path) -> None:
    write(folder / "splits.csv", "name,split", "a,training")


def spoil_weight(folder: Path) -> None:
    write(folder / "splits.csv", "name,split,weight", "a,train,nan")


def repeat_line(folder: Path) -> None:
    write(folder / "splits.csv", "name,split", "a,train", "a,val")


def spoil_value(folder: Path) -> None:
    write(folder / "attributes.csv", "name,fog", "a,0.5", "b,inf")


def spoil_cells(folder: Path) -> None:
    write(folder / "attributes.csv", "name,fog", "a,0.5,1")


def drop_layout(folder: Path) -> None:
    sorted((folder / "layouts").iterdir())[2].unlink()


def drop_classes(folder: Path) -> None:
    (folder / "classes.json").unlink()


def spoil_classes(folder: Path) -> None:
    write(folder / "classes.json", '[{"id": 1, "name": "sky", "color": "#000000"}]')


def infinite_class(folder: Path) -> None:
    write(folder / "classes.json", '[{"id": Infinity, "name": "sky", "color": "#000000"}]')


def double_name(folder: Path) -> None:
    path = sorted((folder / "photos").iterdir())[0]
    shutil.copy(path, path.with_suffix(".webp"))


def dead_link(folder: Path) -> None:
    path = sorted((folder / "photos").iterdir())[0]
    path.unlink()
    path.symlink_to(folder / "nowhere.png")


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (spoil_header, r"splits\.csv needs the columns"),
        (spoil_split, r"Line 2 of splits\.csv says 'training'"),
        (spoil_weight, r"Line 2 of splits\.csv"),
        (repeat_line, r"splits\.csv has two lines for 'a"),
        (spoil_value, r"Line 3 of attributes\.csv says 'inf'"),
        (spoil_cells, r"Line 2 of attributes\.csv has 3 cells"),
        (drop_layout, r"1 photos in .* have no layout"),
        (drop_classes, r"classes\.json is missing"),
        (spoil_classes, r"must run from 0"),
        (infinite_class, r"classes\.json is not a list"),
        (double_name, r"holds both"),
        (dead_link, r"cannot be read"),
    ],
)
def test_a_spoilt_set_says_what_is_wrong(small: Path, spoil, says: str) -> None:
    spoil(small)
    with pytest.raises(UserError, match=says) as caught:
        open_data(small, "layout", SIZE)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("kind", ["layout", "paired"])
def test_a_bad_mask_is_named_when_it_is_drawn(small: Path, kind: str) -> None:
    paths = sorted((small / "layouts").iterdir())
    data = open_data(small, kind, SIZE)
    write_layout(paths[1], np.full((64, 64), 77, np.uint8), ())
    write_layout(paths[2], np.zeros((64, 60), np.uint8), ())
    paths[3].write_bytes(paths[3].read_bytes()[:150])
    data.draw(0, rng(0))
    with pytest.raises(UserError, match=f"{paths[1].name} holds class id 77"):
        data.draw(1, rng(0))
    with pytest.raises(UserError, match=f"{paths[2].name} is 60 x 64, but"):
        data.draw(2, rng(0))
    with pytest.raises(UserError, match=paths[3].name):
        data.fixed(3)


def test_folders_that_are_no_set(tmp_path: Path) -> None:
    for kind in ("image", "layout", "paired", "labelled"):
        with pytest.raises(UserError, match="no data folder"):
            open_data(tmp_path / "nowhere", kind, SIZE)
        with pytest.raises(UserError):
            open_data(tmp_path, kind, SIZE)
    write_picture(tmp_path / "a.png", np.zeros((8, 8, 3), np.uint8))
    write(tmp_path / "splits.csv", "name,split", "a,train")
    with pytest.raises(UserError, match="neither attributes"):
        open_data(tmp_path, "labelled", SIZE)
    with pytest.raises(UserError, match="no kind of data"):
        open_data(tmp_path, "sound", SIZE)


def test_the_fingerprint_changes_with_the_files(small: Path) -> None:
    before = open_data(small, "image", SIZE).spec.fingerprint
    assert open_data(small, "image", SIZE).spec.fingerprint == before
    path = sorted((small / "photos").iterdir())[0]
    when = path.stat().st_mtime_ns
    path.write_bytes(path.read_bytes() + b"more")
    os.utime(path, ns=(when, when))  # A change of size alone shows, and so does one of time.
    longer = open_data(small, "image", SIZE).spec.fingerprint
    os.utime(path, ns=(when, when + 1000))
    assert len({before, longer, open_data(small, "image", SIZE).spec.fingerprint}) == 3


# The landscapes.

COLUMNS = ("name", "split", "width", "height", "mono", "label_conf", "time_of_day", "tod_conf",
           "f_snow_ice")  # fmt: skip


def row(**values: object) -> dict[str, str]:
    usual = ("a", "train", 256, 256, 0, 0.95, "day", 0.75, 0)
    known: dict[str, object] = dict(zip(COLUMNS, usual, strict=True))
    return {key: str(value) for key, value in (known | values).items()}


def test_weights_of_landscapes() -> None:
    assert weight_of(row(), 256) == 1
    assert weight_of(row(mono=1), 256) == 0
    assert weight_of(row(width=100, height=100), 256) == 0
    assert weight_of(row(width=100, height=100), 128) == 1
    assert weight_of(row(label_conf=0.8), 256) == pytest.approx(0.3)
    assert weight_of(row(f_snow_ice=0.2), 256) == 3
    assert weight_of(row(time_of_day="sunset_dawn", tod_conf=0.9), 256) == 0.5
    assert weight_of(row(f_tree_forest=0.9), 256) == pytest.approx(0.3)


def test_attributes_of_landscapes() -> None:
    sky = np.ones((4, 4), bool)

    def flat(*color: int) -> np.ndarray:
        return np.broadcast_to(np.array(color, np.uint8), (4, 4, 3))

    assert attributes_of(row(), flat(90, 140, 220), sky)[:2] == (0, 0)
    assert attributes_of(row(), flat(150, 152, 153), sky)[:2] == (0, 1)
    assert attributes_of(row(), flat(200, 120, 90), sky)[1] is None  # a red sky by day
    assert attributes_of(row(), flat(150, 150, 150), ~sky)[1] is None
    assert attributes_of(row(tod_conf=0.5), flat(150, 150, 150), sky)[:2] == (None, None)
    dusk = row(time_of_day="sunset_dawn", tod_conf=0.9)
    assert attributes_of(dusk, flat(150, 150, 150), sky)[:2] == (1, None)
    lights = [attributes_of(row(), flat(v, v, v), sky)[2] for v in (0, 112, 255)]
    assert lights == pytest.approx([0, 0.498, 1], abs=0.01)


def test_prepared_landscapes_open(small: Path, tmp_path: Path) -> None:
    classes = tables.read_classes(small)
    names = [path.stem for path in sorted((small / "photos").iterdir())]
    for name in names:  # The landscapes are JPEGs.
        path = small / "photos" / f"{name}.png"
        write_picture(path.with_suffix(".jpg"), read_picture(path))
        path.unlink()
    with (small / "splits.csv").open("w", newline="") as file:
        table = csv.DictWriter(file, COLUMNS)
        table.writeheader()
        for i, name in enumerate(names):
            table.writerow(row(name=name, width=64, height=64, mono=int(i == 0)))
    out = tmp_path / "made"
    for _ in range(2):  # A second time it renews what it made.
        counts = prepare(small, out, side=64)
    assert counts["train, used"] == 5
    assert counts["train, left out"] == 1
    data = open_data(out, "layout", SIZE)
    assert data.names == names[1:]
    assert data.spec.attributes == ("sunset", "overcast", "light")
    assert data.spec.classes == classes
    assert data.fixed(0).attributes[0] == 0
    (small / "splits.csv").unlink()
    with pytest.raises(UserError, match=r"splits\.csv cannot be read"):
        prepare(small, out)


def test_days_and_sunsets_are_told_apart(small: Path, tmp_path: Path) -> None:
    names = [path.stem for path in sorted((small / "photos").iterdir())]
    times = [("day", 0.9), ("sunset_dawn", 0.95), ("day", 0.5), ("night", 1), ("sunset_dawn", 1)]
    with (small / "splits.csv").open("w", newline="") as file:
        table = csv.DictWriter(file, COLUMNS)
        table.writeheader()
        for name, (time, sure) in zip(names, times, strict=False):
            write_picture(small / "photos" / f"{name}.jpg", np.zeros((32, 32, 3), np.uint8))
            size = {"width": 300, "height": 300}
            table.writerow(row(name=name, time_of_day=time, tod_conf=sure, **size))
    out = tmp_path / "made"
    for _ in range(2):
        assert prepare_times(small, out) == {"day, train": 1, "sunset, train": 2}
    data = open_data(out, "unpaired", SIZE, mends=Mends(folders=("day", "sunset")))
    assert data.names == [f"day/{names[0]}"]
    assert scan(out, "unpaired").mends.folders == ("day", "sunset")


def test_two_sets_of_streets_become_one(tmp_path: Path) -> None:
    names = {"facades": ("various", "window", "door"), "camvid": ("sky", "tree", "bicyclist")}
    for name, classes in names.items():
        colours = [PaletteClass(each, f"#00000{i}") for i, each in enumerate(classes)]
        make_layouts(tmp_path / name, colours)
    out = tmp_path / "made"
    for _ in range(2):  # A second time it renews what it made.
        assert street.prepare(tmp_path, out) == {"camvid, train": 2, "facades, train": 2}
    data = open_data(out, "layout", SIZE)
    assert data.names == ["camvid/p0", "camvid/p1", "facades/p0", "facades/p1"]
    assert data.weights == [0.5, 0.5, 1, 1]
    called = [c.name for c in street.CLASSES]
    seen = [{called[i] for i in np.unique(np.asarray(data.fixed(at)[1]))} for at in (0, 2)]
    assert seen == [{"sky", "vegetation", "person"}, {"other", "window", "door"}]
    (out / "photos" / "camvid").unlink()
    (tmp_path / "camvid").rename(tmp_path / "gone")
    with pytest.raises(UserError, match="holds both"):
        street.prepare(tmp_path, out)


def make_layouts(folder: Path, classes: Sequence[PaletteClass]) -> None:
    """Two photos, each with a layout of all classes in stripes."""
    ids = np.repeat(np.arange(len(classes), dtype=np.uint8), 64).reshape(-1, 32).repeat(2, axis=1)
    for name in ("p0", "p1"):
        for part, picture in (("photos", np.zeros((*ids.shape, 3), np.uint8)), ("layouts", ids)):
            (folder / part).mkdir(parents=True, exist_ok=True)
            Image.fromarray(picture).save(folder / part / f"{name}.png")
    entries = [{"id": i, "name": c.name, "color": c.color} for i, c in enumerate(classes)]
    (folder / "classes.json").write_text(json.dumps(entries))
    (folder / "splits.csv").write_text("name,split\np0,train\np1,train\n")
