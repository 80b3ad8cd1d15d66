"""What holds for every test: no window, no user's folders, and children that find our packages."""

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from engines.worlds import vista

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
