"""What goes between the studio and the process that paints slowly, and that process itself."""

import json
import os
import signal
import struct
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from engines import gatys, slow_painter, slowly
from engines.errors import UserError
from engines.slowly import Frames, Task, Word, fitted, needs, prepared
from tests import slow_double

RNG = np.random.default_rng(0)
PICTURE, STYLE = (RNG.integers(0, 256, size, np.uint8) for size in ((36, 40, 3), (32, 48, 3)))


def begun(
    task: Task, command: tuple[str, ...] = slow_double.COMMAND, also: bytes = b""
) -> "subprocess.Popen[bytes]":
    """A painter that was asked for this, and was told something in the same breath."""
    pipe = subprocess.PIPE
    words = [sys.executable, *command]
    process = subprocess.Popen(words, stdin=pipe, stdout=pipe, stderr=pipe, cwd=slowly.ROOT)
    assert process.stdin is not None
    process.stdin.write(task.pack() + also)
    process.stdin.flush()
    return process


def heard(process: "subprocess.Popen[bytes]", until: str = "") -> list[Word]:
    """Its words, up to one that stands so or to its end."""
    assert process.stdout is not None
    frames, words = Frames(), list[Word]()
    while data := os.read(process.stdout.fileno(), 1 << 16):
        words += [Word.unpack(*frame) for frame in frames.feed(data)]
        if until and words and words[-1].standing == until:
            break
    return words


def alive(number: int) -> bool:
    """Whether a process is there, and is not only one that nobody waited for."""
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_frames_come_back_whatever_pieces_they_come_in() -> None:
    task = Task(PICTURE, STYLE, 30, 2.5, True, "cpu")
    word = Word("painting", 3, 30, {"style": 0.5}, 1.5, PICTURE)
    data = task.pack() + word.pack() + slowly.steered("rest")
    for size in (1, 7, 4096, len(data)):
        frames, found = Frames(), []
        for place in range(0, len(data), size):
            found += frames.feed(data[place : place + size])
        assert len(found) == 3
        again, told = Task.unpack(*found[0]), Word.unpack(*found[1])
        assert np.array_equal(again.content, PICTURE)
        assert np.array_equal(again.style, STYLE)
        assert (again.steps, again.weight, again.keep_colour, again.device) == (
            30,
            2.5,
            True,
            "cpu",
        )
        assert told.picture is not None
        assert np.array_equal(told.picture, PICTURE)
        assert (told.standing, told.done, told.losses, told.left) == (
            *("painting", 3),
            *({"style": 0.5}, 1.5),
        )
        assert found[2] == ({"steer": "rest"}, [])
    assert Word.unpack(*Frames().feed(Word("paused", 1, 2, {}).pack())[0]).picture is None


def test_what_is_no_frame_is_refused() -> None:
    with pytest.raises(ValueError, match="bytes"):
        Frames().feed(b"Traceback (most recent call last)")
    text = json.dumps({"done": 1, "pictures": []}).encode()
    ((head, pictures),) = Frames().feed(struct.pack(">I", len(text)) + text)
    with pytest.raises(KeyError):
        Word.unpack(head, pictures)


def test_pictures_are_made_ready_and_too_small_ones_refused() -> None:
    large, style = prepared(np.zeros((100, 400, 3), np.uint8), PICTURE, 200)
    assert large.shape == (50, 200, 3)
    assert style is PICTURE
    assert fitted((100, 400), 1000) == (100, 400)
    thin = np.zeros((90, 800, 3), np.uint8)
    with pytest.raises(UserError, match="The picture has only 200 x 22 pixels"):
        prepared(thin, PICTURE, 200)
    with pytest.raises(UserError, match="The style has only 200 x 22 pixels"):
        prepared(PICTURE, thin, 200)
    with pytest.raises(UserError, match=r"about 5\.0 GB of memory, and 1\.0 GB are free"):
        slow_painter._check_room((1024, 1024), 1_000_000_000)
    slow_painter._check_room((1024, 1024), 0)
    slow_painter._check_room((1024, 1024), needs((1024, 1024)))


def test_it_tells_pauses_and_goes_on() -> None:
    process = begun(Task(PICTURE, STYLE, 40), also=slowly.steered("pause"))
    assert process.stdin is not None
    with process:
        words = heard(process, "paused")
        assert (words[0].standing, words[0].done) == ("painting", 1)
        assert (words[-1].done, words[-1].picture) == (1, None)
        process.stdin.write(slowly.steered("go"))
        process.stdin.flush()
        words = heard(process)
        assert [word.done for word in words] == list(range(2, 41))
        last = words[-1]
        assert last.done == 40
        assert last.left == 0
        assert last.picture is not None
        assert np.array_equal(last.picture, slow_double.faded(Task(PICTURE, STYLE), 1.0))
    assert process.returncode == 0


def test_it_ends_with_whoever_asked() -> None:
    process = begun(Task(PICTURE, STYLE, 100_000))
    heard(process, "painting")
    process.send_signal(signal.SIGINT)  # Ctrl+C is not for it.
    assert process.stdin is not None
    assert process.poll() is None
    process.stdin.close()
    assert process.wait(60) == 0
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()


def test_a_killed_studio_leaves_no_painter() -> None:
    words = [sys.executable, "-m", "tests.slow_studio"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, cwd=slowly.ROOT) as studio:
        assert studio.stdout is not None
        child = int(studio.stdout.readline())
        assert alive(child)  # It is there,
        studio.kill()
    end = time.monotonic() + 60
    while alive(child) and time.monotonic() < end:
        time.sleep(0.02)
    assert not alive(child)  # and gone.


def test_the_real_painter_paints() -> None:
    # Another thread than this process's: what is the same to the last bit is not asked for.
    with begun(Task(PICTURE, STYLE, 3, device="cpu"), slowly.COMMAND) as process:
        words = heard(process)
        assert process.stderr is not None
        assert process.wait() == 0, process.stderr.read()
    assert [word.done for word in words] == [1, 2, 3, 3]
    first, last = words[0].picture, words[-1].picture
    assert first is not None
    assert last is not None
    assert np.abs(first.astype(int) - PICTURE).max() <= 1  # It begins with the picture itself.
    (look,) = gatys.paint(PICTURE, STYLE, steps=3)
    assert np.abs(last.astype(int) - look.picture).mean() < 0.5
    assert np.abs(last.astype(int) - PICTURE).mean() > 1
    assert set(words[-1].losses) == {"content", "style", "smooth"}
