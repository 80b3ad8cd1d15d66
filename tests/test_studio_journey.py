"""One artist's day, by events only, in the studio as `main.py` opens it: a process of its own."""

import json
import os
import selectors
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from studio.document import ora
from studio.document.desk import Desk
from tests.painting import fingerprint
from tests.test_studio_kills import seen

LONGEST = 2.0  # seconds from an opened document to the latest death


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
    assert "[E:onnxruntime" not in troubles


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


# Kills -------------------------------------------------------------------------------------------


class Known:
    """What the studio has told of a document: the line of its states, and those saved."""

    def __init__(self) -> None:
        self.line: list[str] = []  # the states up to now, and behind them those undone
        self.depth = -1  # the place of the present one
        self.saved = ""  # what the file shows for certain
        self.saving: list[str] = []  # saves that were asked for since

    def opened(self, line: list[str]) -> None:
        """All is there; what was in hand when it died may be there too, as a whole."""
        known = self.line[: self.depth + 1]
        if self.line:
            assert line in (known, known[:-1]) or line[:-1] == known, (line, known, self.line)
        self.line, self.depth = line, len(line) - 1

    def did(self, depth: int, state: str) -> None:
        """A step, an undo or a redo was acknowledged."""
        if depth >= len(self.line) or self.line[depth] != state:
            self.line = [*self.line[:depth], state]
        self.depth = depth

    def hear(self, said: str) -> None:
        """A line of the studio."""
        word, _, rest = said.partition(" ")
        if word == "opened":
            self.opened(json.loads(rest))
        elif word == "did":
            depth, state = rest.split()
            self.did(int(depth), state)
        elif word == "saving":
            self.saving.append(rest)
        else:
            assert word == "saved"
            self.saved = self.saving.pop(0)

    def check_file(self, path: Path) -> None:
        """The artist's file is whole, and shows the last save that was told, or a later one."""
        if self.saved or path.exists():
            found = fingerprint(ora.read(path).history)
            assert found in (self.saved, *self.saving)
            self.saved = found
        self.saving.clear()


def kill_one(folder: Path, known: Known, seed: int, delay: float) -> bytes:
    """Let a studio open, paint for a while, and die; its flags when it died."""
    (folder / "flags").write_bytes(b"\0\0\0")
    words = [sys.executable, "-m", "tests.painting", str(folder), str(seed)]
    with open(folder / "troubles", "w+b") as troubles:
        process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=troubles, bufsize=0)
        assert process.stdout is not None
        with process.stdout as told, selectors.DefaultSelector() as ready:
            said = told.read(1)
            assert said, (folder / "troubles").read_text()
            ready.register(told, selectors.EVENT_READ)
            until = time.monotonic() + delay
            while (left := until - time.monotonic()) > 0:
                if ready.select(left):
                    more = told.read(65536)
                    assert more, (folder / "troubles").read_text()
                    said += more
            process.send_signal(signal.SIGKILL)
            process.wait()
            said += told.read()
    for line in said.decode().split("\n")[:-1]:
        known.hear(line)
    known.check_file(folder / "a.ora")
    return (folder / "flags").read_bytes()


def kills(folder: Path, seed: int, times: int) -> list[bytes]:
    """Kill the studio of one document again and again, and open it a last time."""
    rng, known = np.random.default_rng(seed), Known()
    found = [
        kill_one(folder, known, seed * 1000 + i, float(rng.uniform(0, LONGEST)))
        for i in range(times)
    ]
    kill_one(folder, known, 0, 0.0)
    assert known.depth > 0
    return found


@pytest.mark.timeout(280)
def test_a_studio_killed_while_it_paints_loses_nothing(home: Path) -> None:
    assert len(kills(home, 1, 5)) == 5


@pytest.mark.slow
@pytest.mark.timeout(3000)
def test_a_hundred_kills_of_a_studio_lose_nothing(home: Path) -> None:
    flags = []
    for seed in range(10, 20):
        (home / str(seed)).mkdir()
        flags += kills(home / str(seed), seed, 10)
        Desk().discard(Desk().abandoned()[0].folder)
    inside = sum(any(each) for each in flags)
    parts = [sum(each[place] for each in flags) for place in range(3)]
    print(f"{len(flags)} kills, {inside} inside a write: records, bases and saves {parts}")
    assert inside >= 30
