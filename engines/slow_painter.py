"""Paints one picture slowly. Run as a program by the studio:

    python -m engines.slow_painter < frames > frames

What goes through the pipes is told in engines.slowly. Errors of the user's go to stderr as one
sentence, with exit code 2; when its input ends it ends too.
"""

import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, NoReturn

from engines.errors import UserError
from engines.runtime.convert.job import Clock
from engines.slowly import REST_SECONDS, Frames, Standing, Task, Word, needs

if TYPE_CHECKING:
    from engines.gatys import Look

NICER = 10  # It gives way to whoever paints.
EVERY_SECONDS = 0.5  # between two pictures that are told
LOOK_SECONDS = 0.03
_CHUNK = 1 << 16


class Steering:
    """What is asked for through the pipe. Its thread ends the process with its input."""

    def __init__(self, ears: int) -> None:
        self.paused = False
        self.rests_until = 0.0
        self._ears, self._frames = ears, Frames()

    def task(self) -> Task:
        """Wait for what is to be painted."""
        while data := os.read(self._ears, _CHUNK):
            if frames := self._frames.feed(data):
                for head, _ in frames[1:]:  # Said in the same breath.
                    self._take(head["steer"])
                threading.Thread(target=self._listen, daemon=True).start()
                return Task.unpack(*frames[0])
        sys.exit(0)  # Whoever asked is gone already.

    def _listen(self) -> NoReturn:
        while data := os.read(self._ears, _CHUNK):
            for head, _ in self._frames.feed(data):
                self._take(head["steer"])
        os._exit(0)

    def _take(self, word: str) -> None:
        if word == "rest":
            self.rests_until = time.monotonic() + REST_SECONDS
        else:
            self.paused = word == "pause"

    @property
    def standing(self) -> Standing:
        """Whether to paint now."""
        if self.paused:
            return "paused"
        return "resting" if time.monotonic() < self.rests_until else "painting"


def serve(paint: "Callable[[Task, Callable[[Look], None]], None]") -> None:
    """Let `paint` do what is asked for through standard input, and tell of every evaluation that
    it tells of; it is held up where a pause is asked for, or a rest.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the studio, and ends its pipe.
    os.nice(max(0, NICER - os.getpriority(os.PRIO_PROCESS, 0)))
    mouth = os.dup(1)
    os.dup2(2, 1)  # What a library prints is no frame.
    steering = Steering(os.dup(0))
    task = steering.task()
    told, clock = 0.0, Clock()

    def say(word: Word) -> None:
        data = memoryview(word.pack())
        while data:
            data = data[os.write(mouth, data) :]

    def hear(look: "Look") -> None:
        nonlocal told, clock
        if look.done == 1:  # Before it came the network, which is read once.
            clock = Clock()
        left = clock.left(1 / look.steps, look.done / look.steps)
        due = time.monotonic() >= told or look.done == look.steps
        told = time.monotonic() + EVERY_SECONDS if due else told
        picture = look.picture if due else None
        say(Word("painting", look.done, look.steps, look.losses, left, picture))
        clock.hold()
        shown: Standing = "painting"
        while look.done < look.steps and (now := steering.standing) != "painting":
            if now != shown:
                shown = now
                say(Word(now, look.done, look.steps, look.losses, left))
            time.sleep(LOOK_SECONDS)
        clock.go()

    paint(task, hear)


def _paint(task: Task, hear: "Callable[[Look], None]") -> None:
    import torch

    from engines import footprint, gatys

    device = task.device
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    size = task.content.shape[0], task.content.shape[1]
    _check_room(size, footprint.room(device))
    if device == "cpu":
        footprint.bound()
    try:
        for look in gatys.paint(
            task.content,
            task.style,
            steps=task.steps,
            weight=task.weight,
            keep_colour=task.keep_colour,
            device=device,
            hear=hear,
        ):
            last = look
        hear(last)  # After the last evaluation there was a step.
    except (MemoryError, RuntimeError) as error:
        if not footprint.refused(error):
            raise
        footprint.ease()
        raise UserError(
            f"There is not enough memory to paint {size[1]} x {size[0]} pixels slowly; choose a "
            "smaller size, or close other programs."
        ) from error


def _check_room(size: tuple[int, int], room: int) -> None:
    """UserError where there is less room (0: nobody knows) than the picture takes."""
    if 0 < room < needs(size):
        raise UserError(
            f"Painting {size[1]} x {size[0]} pixels slowly takes about {needs(size) / 1e9:.1f} GB "
            f"of memory, and {room / 1e9:.1f} GB are free; choose a smaller size, or close other "
            "programs."
        )


if __name__ == "__main__":
    logging.basicConfig()
    try:
        serve(_paint)
    except UserError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    except ModuleNotFoundError as error:
        print(
            f"Painting slowly needs the package {error.name}, which is missing; install "
            "Pentimento's packages anew.",
            file=sys.stderr,
        )
        sys.exit(2)
    except BrokenPipeError:
        sys.exit(0)  # Whoever asked is gone.
