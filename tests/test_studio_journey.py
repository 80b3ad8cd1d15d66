"""One artist's day, by events only, in the studio as `main.py` opens it: a process of its own."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from studio.document import ora
from studio.document.desk import Desk
from tests.test_studio_kills import seen


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An artist's folders."""
    for name in ("DATA", "CONFIG", "STATE", "CACHE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name.lower()))
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def leg(name: str, folder: Path) -> "subprocess.Popen[str]":
    """A studio that goes through a leg of the journey."""
    words = [sys.executable, "-W", "error", "-m", "tests.journey", name, str(folder)]
    pipe = subprocess.PIPE
    return subprocess.Popen(words, stdout=pipe, stderr=pipe, text=True)


def arrives(name: str, folder: Path) -> None:
    """The leg is gone through, and its studio ends as it should."""
    process = leg(name, folder)
    told, troubles = process.communicate()
    assert process.returncode == 0, troubles
    assert told == "arrived\n"
    assert "Traceback" not in troubles


def log(home: Path) -> str:
    return "\n".join(path.read_text("utf-8") for path in home.rglob("studio.log"))


@pytest.mark.timeout(240)
def test_a_day_with_a_kill_in_it(home: Path) -> None:
    process = leg("paint", home)
    assert process.stdout is not None
    assert process.stderr is not None
    with process.stdout as told, process.stderr as troubles:
        word = told.readline()
        os.kill(process.pid, signal.SIGKILL)
        assert word == "ready\n", troubles.read()
    process.wait()
    saved = ora.read(home / "Mein Bild.ora")
    assert len(saved.history.done) == 6
    arrives("come-back", home)
    assert seen(ora.read(home / "Mein Bild.ora").history) == seen(saved.history)
    assert Desk().abandoned() == []
    assert "uncaught" not in log(home)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_model_of_one_s_own(home: Path, vistas: Path) -> None:
    (home / "data").symlink_to(vistas)
    arrives("train", home)
    assert "uncaught" not in log(home)
