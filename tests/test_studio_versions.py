"""Older versions of an artist's file: kept, bounded, listed, restored, and never in the way."""

import os
import shutil
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engines.errors import UserError
from studio.document import ora, versions
from studio.document.desk import Desk
from studio.document.document import Document
from studio.document.versions import Versions
from studio.history import History


@pytest.fixture
def kept(tmp_path: Path) -> Versions:
    return Versions(tmp_path / "versions")


def save(kept: Versions, path: Path, content: str, at: int) -> None:
    """Save over the file as a studio does; `at` in seconds."""
    kept.keep(path)
    path.write_text(content)
    os.utime(path, (at, at))


def listed(kept: Versions, path: Path) -> list[tuple[str, float]]:
    return [(v.path.read_text(), v.saved) for v in kept.of(path)]


def test_three_older_contents_stay_with_their_dates(kept: Versions, tmp_path: Path) -> None:
    path = tmp_path / "a.ora"
    assert kept.of(path) == []
    for i, content in enumerate("abcdef"):
        save(kept, path, content, 1_700_000_000 + i)
    assert listed(kept, path) == [("e", 1_700_000_004), ("d", 1_700_000_003), ("c", 1_700_000_002)]
    assert [v.bytes for v in kept.of(path)] == [1, 1, 1]


def test_each_file_has_its_own_and_a_link_shares_its_target_s(
    kept: Versions, tmp_path: Path
) -> None:
    one, other = tmp_path / "a.ora", tmp_path / "b.ora"
    save(kept, one, "a", 1000)
    save(kept, one, "b", 1001)
    assert kept.of(other) == []
    other.symlink_to(one)
    assert listed(kept, other) == [("a", 1000)]


def test_equal_contents_are_kept_once_as_the_later(kept: Versions, tmp_path: Path) -> None:
    path = tmp_path / "a.ora"
    for i, content in enumerate("abacc"):
        save(kept, path, content, 1000 + i)
    kept.keep(path)
    kept.keep(path)
    assert listed(kept, path) == [("c", 1004), ("a", 1002), ("b", 1001)]


def test_a_version_is_restored_and_what_was_there_kept(kept: Versions, tmp_path: Path) -> None:
    path = tmp_path / "a.ora"
    for i, content in enumerate("abcd"):
        save(kept, path, content, 1000 + i)
    oldest = kept.of(path)[-1]
    kept.restore(oldest, path)  # "d" joins, so that "a" itself goes out.
    assert path.read_text() == "a"
    assert [text for text, _ in listed(kept, path)] == ["d", "c", "b"]


def test_a_damaged_or_missing_version_restores_nothing(kept: Versions, tmp_path: Path) -> None:
    path = tmp_path / "a.ora"
    save(kept, path, "a", 1000)
    save(kept, path, "b", 1001)
    (version,) = kept.of(path)
    version.path.write_text("x")
    with pytest.raises(UserError, match="damaged"):
        kept.restore(version, path)
    version.path.unlink()
    with pytest.raises(UserError, match="cannot be read"):
        kept.restore(version, path)
    assert path.read_text() == "b"
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []


def test_the_oldest_of_all_go_beyond_the_bound(
    kept: Versions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(versions, "MOST_BYTES", 25)
    for i, name in enumerate("abc"):
        save(kept, tmp_path / name, "0123456789" + name, 1000 + i)
        save(kept, tmp_path / name, "x", 2000)
    assert [len(kept.of(tmp_path / name)) for name in "abc"] == [0, 1, 1]
    assert len(list(kept.root.iterdir())) == 2


def test_keeping_never_raises(
    kept: Versions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.ora"
    assert kept.keep(path) is None
    path.mkdir()
    assert kept.keep(path) is None
    path.rmdir()
    path.write_text("a")
    monkeypatch.setattr(versions, "MOST_ONE", 0)
    assert kept.keep(path) is None
    monkeypatch.undo()
    kept.root.write_text("in the way")
    assert kept.keep(path) is None
    assert kept.of(path) == []
    kept.root.unlink()

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(versions.os, "fdopen", full)
    assert kept.keep(path) is None
    assert [p for p in kept.root.rglob("*") if p.is_file()] == []


def test_remains_of_a_kill_are_swept(kept: Versions, tmp_path: Path) -> None:
    path = tmp_path / "a.ora"
    save(kept, path, "a", 1000)
    save(kept, path, "b", 1001)
    folder = kept.of(path)[0].path.parent
    old, fresh = folder / ".new-1", folder / ".new-2"
    for remains in (old, fresh):
        remains.write_text("half")
    os.utime(old, (1000, 1000))
    os.utime(fresh, (time.time(), time.time()))
    kept.keep(path)
    assert not old.exists()
    assert fresh.exists()


def test_a_version_shows_its_picture(kept: Versions, tmp_path: Path) -> None:
    path = tmp_path / "a.ora"
    shown = np.random.default_rng(0).integers(0, 256, (20, 30, 3)).astype(np.uint8)
    ora.write(path, History(Document.blank((20, 30))), shown)
    version = kept.keep(path)
    assert version is not None
    small = version.thumbnail()
    assert small is not None
    assert (small[..., :3] == shown).all()
    assert version.sha == kept.of(path)[0].sha
    path.write_text("no zip")
    broken = kept.keep(path)
    assert broken is not None
    assert broken.thumbnail() is None
    shutil.rmtree(kept.root)
    assert version.thumbnail() is None


def test_each_save_of_an_open_document_keeps_what_it_replaces(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "open")
    history = History(Document.blank((20, 30)))
    document = desk.open_new(history)
    path = tmp_path / "a.ora"
    try:
        for seed in range(6):
            history.document.scene = replace(history.document.scene, seed=seed)
            document.save(path)
        found = desk.versions.of(path)
        assert len(found) == 3
        seeds = {ora.read(v.path).history.document.scene.seed for v in found}
        # Saved within a second they have no order, but the last is never the file itself.
        assert len(seeds) == 3
        assert 5 not in seeds
        desk.versions.restore(found[0], path)
        assert ora.read(path).history.document.scene.seed in seeds
    finally:
        document.close()


def test_a_save_goes_on_without_versions(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "open")
    document = desk.open_new(History(Document.blank((20, 30))))
    try:
        document.save(tmp_path / "a.ora")
        (tmp_path / "versions").write_text("in the way")
        document.save(tmp_path / "a.ora")
        assert desk.versions.of(tmp_path / "a.ora") == []
    finally:
        document.close()
