"""Full disks and folders that cannot be written: one sentence, nothing lost, and later a save."""

import contextlib
import resource
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication

from engines.data.spec import PaletteClass
from studio.document import ora, raster
from studio.document.desk import Desk
from studio.document.document import Document
from studio.document.edit import Edit
from studio.document.recent import Recent
from studio.document.scene import Scene
from studio.models.studio import Studio
from tests.hands import Hands
from tests.test_studio_kills import seen

SIZE = (500, 600)


class Place:
    """A folder that can be filled up or closed, and opened again."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def refuse(self) -> None:
        raise NotImplementedError

    def allow(self) -> None:
        raise NotImplementedError


class Limited(Place):
    """No file of this process may grow beyond some bytes, as where a disk is full."""

    def refuse(self) -> None:
        self._set(2000)

    def allow(self) -> None:
        self._set(resource.RLIM_INFINITY)

    def _set(self, most: int) -> None:
        hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
        resource.setrlimit(resource.RLIMIT_FSIZE, (most if most >= 0 else hard, hard))


class Full(Place):
    """A small disk of its own that something else fills."""

    def refuse(self) -> None:
        with contextlib.suppress(OSError), open(self.path / "filler", "wb", 0) as file:
            while True:
                file.write(bytes(4096))

    def allow(self) -> None:
        (self.path / "filler").unlink(missing_ok=True)


class Closed(Place):
    """A disk that is only to be read."""

    def refuse(self) -> None:
        _mount("-o", "remount,ro", str(self.path))

    def allow(self) -> None:
        _mount("-o", "remount,rw", str(self.path))


def _mount(*words: str) -> None:
    subprocess.run(["mount", *words], check=True, capture_output=True)


@pytest.fixture(params=[Limited, Full, Closed])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    folder = tmp_path / "place"
    folder.mkdir()
    made = request.param(folder)
    if isinstance(made, Limited):
        yield made
        made.allow()
        return
    try:
        _mount("-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder))
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no disk can be mounted here")
    yield made
    made.allow()
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.fixture
def studio(qapp: QApplication, tmp_path: Path) -> Iterator[Studio]:
    """A studio without a window or a model."""
    desk = Desk(tmp_path / "open")
    made = Studio("cpu", desk, Recent(tmp_path / "recent.json"))
    palette = tuple(PaletteClass(f"class {n}", f"#10{n:02x}20") for n in range(12))
    made.files.show(Document.blank(SIZE, Scene(palette=palette)))
    yield made
    made.close(forget=True)
    made.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def scribble(studio: Studio, seed: int) -> None:
    """A stroke that needs more than the disk has left."""
    session, rng = studio.session, np.random.default_rng(seed)
    edit = Edit(session.document, "scribble")
    edit.replace(rng.integers(0, 12, SIZE).astype(np.uint8))
    edit.paint(raster.segment((9, 9), (400, 300), 20, 20, SIZE), seed % 12)
    session.commit(edit)


def save(studio: Studio, path: Path) -> list[str]:
    """Save, and what was told: one sentence."""
    heard: list[str] = []
    links = [signal.connect(heard.append) for signal in (studio.files.told, studio.files.problem)]
    studio.files.save(path)
    while studio.files._saving:
        QCoreApplication.processEvents()
    for signal, link in zip((studio.files.told, studio.files.problem), links, strict=True):
        signal.disconnect(link)
    return heard


def one_sentence(text: str) -> bool:
    return (
        text.endswith(".") and "Errno" not in text and "Traceback" not in text and "\n" not in text
    )


def test_a_save_that_is_refused_loses_nothing(studio: Studio, place: Place) -> None:
    path = place.path / "a.ora"
    scribble(studio, 1)
    assert save(studio, path) == ["Saved a.ora"]
    first = path.read_bytes()
    scribble(studio, 2)
    now = seen(studio.session.history)
    place.refuse()
    (heard,) = save(studio, path)
    assert heard.startswith(f"Could not write {path}: ")
    assert "What was there before is untouched" in heard
    assert one_sentence(heard.partition(". What")[0] + ".")
    assert studio.files.unsaved
    assert seen(studio.session.history) == now
    assert path.read_bytes() == first
    assert [p.name for p in place.path.iterdir() if p.name != "filler"] == ["a.ora"]
    place.allow()
    assert save(studio, path) == ["Saved a.ora"]
    assert not studio.files.unsaved
    assert seen(ora.read(path).history) == now


# A disk that is being written cannot be closed.
@pytest.mark.parametrize("place", [Limited, Full], indirect=True)
def test_what_could_not_be_backed_up_is_made_good(
    qapp: QApplication, place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("studio.document.kept._RETRY_EVERY", 0.0)
    desk = Desk(place.path / "open")
    studio = Studio("cpu", desk, Recent(tmp_path / "recent.json"))
    studio.files.show(Document.blank(SIZE))
    troubles: list[str] = []
    studio.files.problem.connect(troubles.append)
    place.refuse()
    for seed in (1, 2, 3):
        scribble(studio, seed)
    QCoreApplication.processEvents()
    assert troubles
    for text in troubles:
        assert text.startswith("The document could not be backed up in ")
        assert text.endswith(". It is still open; save it, and free some space.")
        assert text.count(": ") == 1
    other = tmp_path / "elsewhere.ora"
    if not isinstance(place, Limited):
        assert save(studio, other)[-1] == "Saved elsewhere.ora"
        assert seen(ora.read(other).history) == seen(studio.session.history)
    place.allow()
    kept = studio.files.kept
    assert kept is not None
    for seed in (4, 5):
        scribble(studio, seed)
        with kept._lock:
            assert kept._lock.wait_for(lambda: not kept._busy, 20)
    now = seen(studio.session.history)
    studio.close(forget=False)
    (left,) = desk.abandoned()
    again = desk.adopt(left.folder)
    assert again.warnings == ()
    assert seen(again.history) == now
    again.close()
    studio.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def test_what_nobody_backs_up_can_still_be_saved(qapp: QApplication, tmp_path: Path) -> None:
    (tmp_path / "open").write_text("no folder")
    studio = Studio("cpu", Desk(tmp_path / "open"), Recent(tmp_path / "recent.json"))
    troubles: list[str] = []
    studio.files.problem.connect(troubles.append)
    studio.files.show(Document.blank(SIZE))
    assert "could not be backed up" in troubles[0]
    assert not studio.files.unsaved
    scribble(studio, 1)
    assert studio.files.unsaved  # It must not be closed without a question.
    heard = save(studio, tmp_path / "a.ora")
    assert heard[-1] == "Saved a.ora"
    assert not studio.files.unsaved
    scribble(studio, 2)
    assert studio.files.unsaved
    (tmp_path / "open").unlink()
    assert save(studio, tmp_path / "a.ora") == ["Saved a.ora"]
    assert studio.files.path == tmp_path / "a.ora"
    assert not studio.files.unsaved
    studio.close(forget=True)
    studio.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def test_the_window_says_so(hands: Hands, tmp_path: Path) -> None:
    window, studio = hands.window, hands.window.studio
    path = tmp_path / "a.ora"
    studio.files.save(path)  # A file dialog would ask where.
    hands.wait(lambda: studio.files.path is not None, "the first save")
    hands.click("Mountain")
    hands.stroke((0.1, 0.2), (0.8, 0.7))
    ids = studio.session.document.ids.copy()
    limit = Limited(tmp_path)
    limit.refuse()
    try:
        hands.keys("Ctrl+S")
        text = window.notice.text
        hands.wait(lambda: text.isVisible() and "Could not write" in text.text(), "the sentence")
    finally:
        limit.allow()
    assert window.isWindowModified()
    assert np.array_equal(studio.session.document.ids, ids)
    hands.keys("Ctrl+S")
    hands.wait(lambda: not window.isWindowModified(), "the save")
    assert np.array_equal(ora.read(path).history.document.ids, ids)
