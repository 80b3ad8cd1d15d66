"""The scan finds each planted fault, and nothing in a clean set."""

import json
import os
import shutil
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engines.data import report as reporting
from engines.data import scan as scanning
from engines.data import tables
from engines.data.listing import Lister
from engines.data.offers import combined, offers, remaining
from engines.data.pictures import read_picture, write_layout, write_picture
from engines.data.recognise import recognise
from engines.data.report import Problem, Report
from engines.data.scan import scan
from engines.data.spec import PaletteClass
from engines.errors import UserError

CLASSES = (PaletteClass("sky", "#87cefa"), PaletteClass("sea", "#1450c8"))
NAMES = ("a", "b", "c", "d")


@pytest.fixture(scope="module")
def pattern(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four layouts of 8 x 8: an upper half of sky, below it sea; in `d` sky and unpainted."""
    folder = tmp_path_factory.mktemp("pattern")
    for part in ("photos", "layouts"):
        (folder / part).mkdir(parents=True)
    for name in NAMES:
        ids = np.repeat(np.array([0, 255 if name == "d" else 1], np.uint8), 4)
        write_picture(folder / "photos" / f"{name}.png", np.full((8, 8, 3), 90, np.uint8))
        write_layout(folder / "layouts" / f"{name}.png", np.tile(ids[:, None], (1, 8)), CLASSES)
    entries = [{"id": i, "name": c.name, "color": c.color} for i, c in enumerate(CLASSES)]
    (folder / "classes.json").write_text(json.dumps(entries))
    lines = "name,split,weight", "a,train,1", "b,train,0", "c,val,1", "d,test,1"
    write(folder / "splits.csv", *lines)
    write(folder / "attributes.csv", "name,fog,snow", "a,0,", "b,0.25,", "c,1,", "d,,")
    return folder


@pytest.fixture
def clean(pattern: Path, tmp_path: Path) -> Path:
    """A copy of the pattern, to spoil."""
    return Path(shutil.copytree(pattern, tmp_path / "set"))


def write(path: Path, *lines: str) -> None:
    path.write_text("\n".join(lines) + "\n", "utf-8")


def append(path: Path, line: str) -> None:
    path.write_text(path.read_text("utf-8") + line + "\n", "utf-8")


@pytest.mark.parametrize("deep", [False, True])
def test_a_clean_set_has_no_problems(clean: Path, deep: bool) -> None:
    report = scan(clean, deep=deep)
    assert report.problems == []
    assert (report.kind, report.pictures, report.cancelled) == ("layout", 4, False)
    assert report.splits == {"train": 1, "val": 1, "test": 1, "left out": 1}
    assert "No problems" in report.text()


def test_shares_and_ranges(clean: Path) -> None:
    report = scan(clean, deep=True)
    assert scan(clean).classes == report.classes  # A small set is looked at whole.
    # Painted: 4 x 32 pixels of sky, 3 x 32 of sea; 32 of 256 pixels are unpainted.
    assert [(c.name, c.layouts) for c in report.classes] == [("sky", 4), ("sea", 3)]
    assert [c.percent for c in report.classes] == pytest.approx([400 / 7, 300 / 7])
    assert report.unpainted == pytest.approx(12.5)
    fog, snow = report.attributes
    assert (fog.known, fog.low, fog.high) == (3, 0, 1)
    assert fog.mean == pytest.approx(1.25 / 3)
    assert snow.known == 0
    text = report.text()
    assert "57.14%" in text
    assert "42.86%" in text
    assert "12.50 %" in text
    assert json.loads(json.dumps(report.to_json()))["classes"][0]["name"] == "sky"


def bomb() -> bytes:
    """The header of a PNG of 30,000 x 30,000, and the beginning of its pixels."""
    head = b"IHDR" + struct.pack(">IIBBBBB", 30_000, 30_000, 8, 0, 0, 0, 0)
    parts = (head, b"IDAT" + zlib.compress(bytes(100)), b"IEND")
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(part) - 4) + part + struct.pack(">I", zlib.crc32(part))
        for part in parts
    )


# Each spoils one thing; (the file named, words of the report, whether only the deep scan sees it).
Spoil = Callable[[Path], object]
FAULTS: dict[str, tuple[Spoil, str, str, bool]] = {
    "photo without layout": (
        lambda f: (f / "layouts/b.png").unlink(), "photos/b.png", "no mate in layouts", False),
    "layout without photo": (
        lambda f: write_layout(f / "layouts/e.png", np.zeros((8, 8), np.uint8), CLASSES),
        "layouts/e.png", "no mate in photos", False),
    "unknown id": (
        lambda f: write_layout(f / "layouts/a.png", np.full((8, 8), 7, np.uint8), CLASSES),
        "layouts/a.png", "class id 7", False),
    "two sizes": (
        lambda f: write_layout(f / "layouts/a.png", np.zeros((8, 9), np.uint8), CLASSES),
        "layouts/a.png", "is 9 x 8, but a.png is 8 x 8", False),
    "truncated": (
        lambda f: (f / "photos/c.png").write_bytes((f / "photos/c.png").read_bytes()[:50]),
        "photos/c.png", "broken", True),
    "text": (lambda f: write(f / "photos/c.png", "hello"), "photos/c.png", "not a picture", False),
    "dead link": (
        lambda f: [(f / "photos/c.png").unlink(), (f / "photos/c.png").symlink_to(f / "none")],
        "photos/c.png", "no file", False),
    "folder as picture": (
        lambda f: [(f / "photos/c.png").unlink(), (f / "photos/c.png").mkdir()],
        "photos/c.png", "a folder", False),
    "bomb": (
        lambda f: (f / "layouts/c.png").write_bytes(bomb()),
        "layouts/c.png", "30000 x 30000", False),
    "two of a name": (
        lambda f: shutil.copy(f / "photos/a.png", f / "photos/a.webp"),
        "photos/a.webp", "same name", False),
    "unread format": (
        lambda f: write(f / "photos/z.heic", ""), "photos/z.heic", "kind that is not read", False),
    "split of nothing": (
        lambda f: append(f / "splits.csv", "zebra,train,1"), "splits.csv", "'zebra'", False),
    "unknown split": (
        lambda f: write(f / "splits.csv", "name,split", "a,train", "b,trian"),
        "splits.csv", "'trian'", False),
    "bad weight": (
        lambda f: write(f / "splits.csv", "name,split,weight", "a,train,1", "b,val,-1"),
        "splits.csv", "weight -1", False),
    "listed twice": (
        lambda f: append(f / "splits.csv", "a,val,1"), "splits.csv", "two lines for 'a'", False),
    "no columns": (lambda f: write(f / "splits.csv", "a,b"), "splits.csv", "columns", False),
    "nothing to train on": (
        lambda f: write(f / "splits.csv", "name,split", "a,val"),
        "splits.csv", "to train on", False),
    "attribute of nothing": (
        lambda f: append(f / "attributes.csv", "zebra,1,1"), "attributes.csv", "'zebra'", False),
    "infinite": (
        lambda f: write(f / "attributes.csv", "name,fog", "a,inf"), "attributes.csv", "inf", False),
    "not a number": (
        lambda f: write(f / "attributes.csv", "name,fog", "a,nan"), "attributes.csv", "nan", False),
    "out of range": (
        lambda f: write(f / "attributes.csv", "name,fog", "a,1.5"), "attributes.csv", "1.5", False),
    "cells": (
        lambda f: write(f / "attributes.csv", "name,fog", "a"), "attributes.csv", "1 cells", False),
    "not text": (
        lambda f: (f / "attributes.csv").write_bytes(b"name,\xff\xfe"),
        "attributes.csv", "as text", False),
    "classes of a gap": (
        lambda f: write(f / "classes.json", '[{"id": 3, "name": "sky", "color": "#000000"}]'),
        "classes.json", "from 0", False),
    "no json": (lambda f: write(f / "classes.json", "[" * 9), "classes.json", "not a list", False),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_each_planted_fault_is_found_and_nothing_else(clean: Path, fault: str) -> None:
    spoil, file, words, only_deep = FAULTS[fault]
    spoil(clean)
    quick, deep = scan(clean), scan(clean, deep=True)
    assert len(deep.problems) == 1, deep.text()
    problem = deep.problems[0]
    assert problem.file == file
    assert words in problem.what
    assert problem.mend
    assert quick.problems == ([] if only_deep else deep.problems)
    assert problem.what in deep.text()
    assert problem.mend in deep.text()


def test_many_faults_are_all_found(clean: Path) -> None:
    write(clean / "photos" / "a.png", "hello")
    write_layout(clean / "layouts" / "b.png", np.full((8, 8), 9, np.uint8), CLASSES)
    write(clean / "splits.csv", "name,split", "a,x", "b,y", "c,train", "d,train")
    write(clean / "attributes.csv", "name,fog", "a,7", "b,8", "c,1")
    files = [p.file for p in scan(clean, deep=True).problems]
    assert (
        sorted(files)
        == ["attributes.csv"] * 2 + ["layouts/b.png", "photos/a.png"] + ["splits.csv"] * 2
    )
    assert scan(clean).attributes[0].known == 1  # The good lines still count.


def test_a_report_is_bounded(clean: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reporting, "MOST", 5)
    monkeypatch.setattr(reporting, "SHOWN", 3)
    for i in range(9):
        append(clean / "splits.csv", f"none{i},train,1")
    report = scan(clean)
    assert (len(report.problems), report.faults, report.count) == (5, {"line": 9}, 9)
    assert "9 problems" in report.text()
    assert "and 6 more" in report.text()


def test_whatever_a_reader_raises_is_a_problem(
    clean: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(path: Path) -> None:
        raise MemoryError("too much")

    monkeypatch.setattr(scanning, "read_picture", fail)
    report = scan(clean, deep=True)
    assert [p.file for p in report.problems] == [f"photos/{n}.png" for n in NAMES]
    assert report.classes[0].layouts == 4  # The layouts are read all the same.


# Cancelling and progress.


@pytest.mark.parametrize("deep", [False, True])
def test_progress_counts_every_file(clean: Path, deep: bool) -> None:
    heard: list[tuple[int, int]] = []
    scan(clean, deep=deep, progress=lambda done, total: heard.append((done, total)))
    assert heard == [(i, 4) for i in range(1, 5)] * (2 if deep else 1)


@pytest.mark.parametrize("after", [0, 1, 5, 6])
def test_a_cancelled_scan_stops_and_says_so(clean: Path, after: int) -> None:
    heard: list[int] = []
    report = scan(
        clean, deep=True, cancelled=lambda: len(heard) >= after,
        progress=lambda done, total: heard.append(done),
    )  # fmt: skip
    assert report.cancelled
    assert len(heard) == after
    assert "Cancelled" in report.text()
    if after > 4:  # What was decoded until then is still told.
        assert report.classes[0].layouts == after - 4


# Kinds.


def gray(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (6, 6), 128).save(path)
    return folder


def test_kinds_are_recognised(clean: Path, tmp_path: Path) -> None:
    train = [f"p{i}" for i in range(9)]
    made = {
        "layout": clean,
        "image": gray(tmp_path / "plain", *train),
        "paired": gray(tmp_path / "pairs", *(f"{s}/{n}" for s in "ab" for n in train)),
        "labelled": gray(tmp_path / "groups", *(f"{g}/{n}" for g in ("cat", "dog") for n in train)),
    }
    for kind, folder in made.items():
        report = scan(folder, deep=True)
        assert (recognise(Lister(folder)).kind, report.kind, report.problems) == (kind, kind, []), (
            kind
        )
    assert scan(made["labelled"]).pictures == 18
    assert scan(clean, "image").pictures == 4
    assert scan(clean, "paired", deep=True).problems == []
    write(made["image"] / "attributes.csv", "name,fog", "p1,0.5")
    assert scan(made["image"]).kind == "labelled"
    with pytest.raises(UserError, match="no kind"):
        scan(clean, "sound")


def test_pairs_of_two_sizes_and_without_mate(tmp_path: Path) -> None:
    folder = gray(tmp_path, *(f"{s}/p{i}" for s in ("source", "target") for i in range(6)))
    write_picture(folder / "target" / "p1.png", np.zeros((6, 7, 3), np.uint8))
    (folder / "source" / "p2.png").unlink()
    found = {(p.file, p.what) for p in scan(folder).problems}
    assert found == {
        ("target/p2.png", "has no mate in source"),
        ("target/p1.png", "is 7 x 6, but p1.png is 6 x 6"),
    }


def test_the_wrong_kind_and_empty_folders(tmp_path: Path) -> None:
    empty = scan(tmp_path)
    assert [p.what for p in empty.problems] == ["holds no pictures"]
    missing = scan(tmp_path / "nowhere")
    assert len(missing.problems) == 1
    assert "No such file" in missing.problems[0].what
    gray(tmp_path, "p1", "p2", "p3")
    files = {p.file for p in scan(tmp_path, "layout").problems}
    assert files == {"photos", "layouts", "classes.json"}
    assert {p.file for p in scan(tmp_path, "labelled").problems} == {"attributes.csv"}


def test_reports_are_plain_values() -> None:
    report = Report("here", "image", False)
    report.add(Problem("a", "is bad", "mend it"))
    assert json.loads(json.dumps(report.to_json()))["faults"] == {"broken": 1}


def test_a_missing_folder_is_one_problem_and_not_one_for_each_photo(clean: Path) -> None:
    shutil.rmtree(clean / "layouts")
    assert [p.file for p in scan(clean, "layout").problems] == ["layouts"]


@pytest.mark.parametrize("name", [b"a\nb.png", b"\xff\xfe.png", "\u202egnp.png".encode()])
def test_names_that_cannot_be_shown_are_spelt_out(tmp_path: Path, name: bytes) -> None:
    path = os.fsencode(tmp_path) + b"/" + name
    Path(os.fsdecode(path)).write_bytes(b"no picture")
    gray(tmp_path, *(f"p{i}" for i in range(6)))
    report = scan(tmp_path)
    assert len(report.problems) == 1
    assert (report.problems[0].file + report.problems[0].what).isprintable()
    report.text().encode("utf-8")
    assert remaining(report, combined(report, offers(report))) == 0
    assert scan(tmp_path, mends=combined(report, offers(report))).problems == []
    with pytest.raises(UserError) as caught:
        read_picture(Path(os.fsdecode(path)))
    assert str(caught.value).isprintable()


def test_a_table_of_bad_lines_is_given_up(clean: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "MOST_BAD", 20)
    write(clean / "splits.csv", "name,split", *(["a,train"] * 19))
    report = scan(clean)
    assert report.faults == {"line": 18}
    write(clean / "splits.csv", "name,split", *(["a,train"] * 30))
    report = scan(clean)
    assert report.faults == {"line": 20, "table": 1}
    assert remaining(report, combined(report, offers(report))) == 1  # Nobody passes over all that.
