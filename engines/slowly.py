"""Painting slowly in a process of its own: what it is asked for, what it says, how it is steered.

Everything goes through pipes, so that nothing lies on the disk that a kill could leave behind; the
process ends when its standard input does. Words travel both ways as frames: four bytes that count
those of a JSON object, the object, and the pixels of its "pictures", a list of [height, width].
"""

import json
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from engines.data.pictures import Pixels, resize_picture
from engines.errors import UserError

COMMAND = ("-P", "-m", "engines.slow_painter")
ROOT = Path(__file__).resolve().parents[1]
LEAST_SIDE, MOST_SIDE = 32, 2048  # pixels
MOST_STEPS, MOST_WEIGHT = 5000, 1000.0
REST_SECONDS = 1.0  # that it rests for whoever paints, from each word on
# Bytes: of the program with its network, and of each pixel. Resident at most with 128 x 85, 256 x
# 171 and 384 x 256 pixels: 0.93, 1.04 and 1.22 GB; what the search keeps in mind comes to that.
_PROGRAM, _PIXEL = 880_000_000, 3_900
_MOST_HEAD = 100_000
_COUNT = struct.Struct(">I")
Steer = Literal["go", "pause", "rest"]
Standing = Literal["painting", "paused", "resting"]


@dataclass(frozen=True, eq=False)
class Task:
    """What to paint: a picture in the style of another, both uint8 (H, W, 3); `weight` is the
    style's beside the picture's, `device` cpu, cuda, or auto.
    """

    content: Pixels
    style: Pixels
    steps: int = 200
    weight: float = 1.0
    keep_colour: bool = False
    device: str = "auto"

    def pack(self) -> bytes:
        """As `unpack` reads it."""
        head = {
            "steps": self.steps,
            "weight": self.weight,
            "keep_colour": self.keep_colour,
            "device": self.device,
        }
        return pack(head, self.content, self.style)

    @classmethod
    def unpack(cls, head: Mapping[str, Any], pictures: Sequence[Pixels]) -> "Task":
        """What a frame asks for; KeyError, ValueError where it is none."""
        content, style = pictures
        return cls(
            content, style, head["steps"], head["weight"], head["keep_colour"], head["device"]
        )


@dataclass(frozen=True, eq=False)
class Word:
    """How it stands after `done` of `steps` evaluations: the loss terms, the seconds `left` (None:
    not known), and the picture where it is another than before.
    """

    standing: Standing
    done: int
    steps: int
    losses: Mapping[str, float]
    left: float | None = None
    picture: Pixels | None = None

    def pack(self) -> bytes:
        """As `unpack` reads it."""
        head = {
            "standing": self.standing,
            "done": self.done,
            "steps": self.steps,
            "losses": dict(self.losses),
            "left": self.left,
        }
        return pack(head, *(() if self.picture is None else (self.picture,)))

    @classmethod
    def unpack(cls, head: Mapping[str, Any], pictures: Sequence[Pixels]) -> "Word":
        """What a frame says; KeyError, TypeError where it says nothing of the kind."""
        picture = pictures[0] if pictures else None
        return cls(
            head["standing"], head["done"], head["steps"], head["losses"], head["left"], picture
        )


def steered(word: Steer) -> bytes:
    """A frame that steers: go on, pause until then, or rest for REST_SECONDS."""
    return pack({"steer": word})


def pack(head: Mapping[str, Any], *pictures: Pixels) -> bytes:
    """A frame."""
    told = {**head, "pictures": [picture.shape[:2] for picture in pictures]}
    text = json.dumps(told).encode()
    pixels = (np.ascontiguousarray(picture).tobytes() for picture in pictures)
    return b"".join((_COUNT.pack(len(text)), text, *pixels))


class Frames:
    """Puts frames together of bytes as they come."""

    def __init__(self) -> None:
        self._data = bytearray()

    def feed(self, data: bytes) -> list[tuple[dict[str, Any], list[Pixels]]]:
        """The frames that are whole by now; ValueError where the bytes are none of ours."""
        self._data += data
        found = []
        while (frame := self._next()) is not None:
            found.append(frame)
        return found

    def _next(self) -> tuple[dict[str, Any], list[Pixels]] | None:
        data = self._data
        if len(data) < _COUNT.size:
            return None
        (count,) = _COUNT.unpack_from(data)
        if count > _MOST_HEAD:
            raise ValueError(f"a frame of {count} bytes")
        place = _COUNT.size + count
        if len(data) < place:
            return None
        head = json.loads(data[_COUNT.size : place])
        sizes = [(int(height), int(width)) for height, width in head.pop("pictures")]
        if len(data) < place + sum(3 * height * width for height, width in sizes):
            return None
        pictures = []
        for height, width in sizes:
            end = place + 3 * height * width
            flat = np.frombuffer(bytes(data[place:end]), np.uint8)
            pictures.append(flat.reshape(height, width, 3))
            place = end
        del data[:place]
        return head, pictures


def fitted(size: tuple[int, int], side: int) -> tuple[int, int]:
    """(height, width) in that shape with at most `side` pixels a side; nothing grows."""
    scale = min(1.0, side / max(size))
    return max(round(size[0] * scale), 1), max(round(size[1] * scale), 1)


def prepared(content: Pixels, style: Pixels, side: int) -> tuple[Pixels, Pixels]:
    """Both at most so many pixels a side; UserError where one is too small to be looked at."""
    pair = [resize_picture(p, fitted((p.shape[0], p.shape[1]), side)) for p in (content, style)]
    for picture, word in zip(pair, ("picture", "style"), strict=True):
        if min(picture.shape[:2]) < LEAST_SIDE:
            raise UserError(
                f"The {word} has only {picture.shape[1]} x {picture.shape[0]} pixels, and "
                f"{LEAST_SIDE} a side are needed; choose a larger one."
            )
    return pair[0], pair[1]


def needs(size: tuple[int, int]) -> int:
    """Bytes of memory that painting a picture of (height, width) takes, about."""
    return _PROGRAM + _PIXEL * size[0] * size[1]
