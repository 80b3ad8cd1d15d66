"""What holds for every test: no window, no user's folders, and children that find our packages."""

import gc
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest

from engines.worlds import vista

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from studio.lanes.work import WorkLane
    from studio.models.training import Training
    from studio.views.runs import TrainingPanel
    from studio.views.window import Window
    from tests.hands import Hands

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
# Two threads that wait for each other on a busy machine take ten times as long as one.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ["PYTHONPATH"] = str(Path(__file__).resolve().parent.parent)

# A slow machine is no failure; and what CI finds, it finds again.
hypothesis.settings.register_profile(
    "pentimento", deadline=None, derandomize=os.environ.get("CI") is not None
)
hypothesis.settings.load_profile("pentimento")


@pytest.fixture(autouse=True, scope="session")
def _own_user_folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Runs and models of a test never land among the user's own."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("DATA", "CONFIG", "CACHE", "STATE"):
            patch.setenv(f"XDG_{name}_HOME", str(tmp_path_factory.mktemp(name.lower())))
        yield


@pytest.fixture(autouse=True)
def _collect_in_this_thread(request: pytest.FixtureRequest) -> Iterator[None]:
    """No thread of a test may collect a cycle that holds a QObject; see studio.lanes.sweeper."""
    if "qapp" not in request.fixturenames:
        yield
        return
    gc.disable()
    yield
    gc.collect()
    gc.enable()


@pytest.fixture(scope="session")
def vistas(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A layout set of 40 small painted landscapes; it also serves as pictures, pairs and labels."""
    folder = tmp_path_factory.mktemp("vistas")
    vista.make(folder, 40, (64, 64), seed=3)
    return folder


@pytest.fixture
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of one test is found by another."""
    for name in ("DATA", "CONFIG", "STATE", "CACHE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name.lower()))


@pytest.fixture
def work(qtbot: "QtBot") -> Iterator["WorkLane"]:
    """A lane for work of this test's own."""
    from studio.lanes.work import WorkLane

    lane = WorkLane()
    yield lane
    lane.close()


@pytest.fixture
def training(work: "WorkLane", tmp_path: Path) -> Iterator["Training"]:
    """The trainings of a folder that is empty as yet."""
    from studio.models.training import Training

    followed = Training(work, tmp_path / "runs")
    yield followed
    followed.close()


@pytest.fixture
def panel(training: "Training", work: "WorkLane", qtbot: "QtBot") -> "TrainingPanel":
    """The panel that shows them."""
    from studio.views.runs import TrainingPanel

    widget = TrainingPanel(training, work)
    qtbot.addWidget(widget)
    widget.resize(420, 800)
    widget.show()
    return widget


@pytest.fixture
def window(qtbot: "QtBot", own_folders: None) -> Iterator["Window"]:
    """The window of a studio that has not been started: no model, an unpainted document."""
    from PySide6.QtCore import QEvent, QSettings
    from PySide6.QtWidgets import QApplication

    from studio.models.studio import Studio
    from studio.views.window import Window

    QSettings().clear()  # Qt looks only once where they are.
    studio = Studio("cpu")
    window = Window(studio)
    window.resize(1400, 900)
    window.show()
    yield window
    studio.close(forget=True)
    window.hide()
    window.deleteLater()
    studio.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture
def hands(window: "Window") -> "Hands":
    """Hands at a started studio with its first model and example."""
    from tests.hands import Hands

    hands = Hands(window)
    window.studio.start()
    hands.wait(lambda: window.studio.live.picture is not None, "the first picture")
    hands.settle()
    return hands
