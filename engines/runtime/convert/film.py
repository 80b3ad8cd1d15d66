"""Reading videos, of strangers too: only known containers, no other file or address, sizes bounded
before a frame is decoded, and every fault one sentence.
"""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt
from av.container import InputContainer
from av.video.reformatter import Colorspace, Interpolation, VideoReformatter

from engines import files
from engines.errors import UserError

Pixels = npt.NDArray[np.uint8]

MOST_PIXELS = 36_000_000  # of a frame; 8K has 33 million
MOST_SIDE = 16_384
CONTAINERS = "mov,mp4,matroska,webm,avi,asf,mpeg,mpegts,ogg,flv"
MOST_STREAMS = 32
MOST_GAP = 3600.0  # seconds between two frames; more is a fault
FINE = 1_000_000  # ticks a second; a finer clock is not kept
_OPTIONS = {
    # A playlist in a video's clothes could name any file or address.
    "format_whitelist": CONTAINERS,
    "protocol_whitelist": "file",
    "max_pixels": str(MOST_PIXELS),
    "max_streams": str(MOST_STREAMS),
    "probesize": "20000000",
}
# AVCOL_SPC -> what swscale calls it; what is not said goes by size, as players do.
_SPACES = {
    1: Colorspace.ITU709, 4: Colorspace.FCC, 5: Colorspace.ITU601, 6: Colorspace.ITU601,
    7: Colorspace.SMPTE240M, 9: Colorspace.BT2020, 10: Colorspace.BT2020,
}  # fmt: skip
_EXACT = (
    Interpolation.BICUBIC
    | Interpolation.ACCURATE_RND
    | Interpolation.FULL_CHR_H_INT
    | Interpolation.BITEXACT
)


@dataclass(frozen=True)
class Shot:
    """One frame: RGB (H, W, 3), upright, and when it is shown, in ticks from the beginning."""

    pixels: Pixels
    time: int


@dataclass
class Film:
    """A video that is open. `tick`: seconds, `shape`: of a pixel, `count`: frames as far as its
    header tells, `start`: seconds that its own clock begins with.
    """

    path: Path
    container: InputContainer
    tick: Fraction
    rate: Fraction
    shape: Fraction
    count: int
    start: Fraction
    size: tuple[int, int]  # (height, width) as it is coded
    faults: int = 0  # places that could not be decoded
    seen: int = 0  # frames so far
    turned: int = 0  # quarter turns, counterclockwise

    @property
    def sound(self) -> list[Any]:
        """Its sound streams, of a kind that is known."""
        streams: list[Any] = list(self.container.streams.audio)
        return [s for s in streams if s.codec_context is not None]

    def shots(self) -> Iterator[Shot]:
        """All frames in order; damaged ones are left out and counted. UserError where none is."""
        size: tuple[int, int] | None = None
        last, step = -1, max(1, round(1 / self.rate / self.tick))
        reformatter = VideoReformatter()
        for frame in self._decoded():
            if size is None:
                size = frame.width, frame.height
                self.turned = round(frame.rotation / 90) % 4
            pixels = _rgb(reformatter, frame, size)
            if self.turned:
                pixels = np.ascontiguousarray(np.rot90(pixels, self.turned))
            now = self._ticks(frame)
            if now is None or not last < now <= last + MOST_GAP / self.tick:
                now = last + step if last >= 0 else 0
            last = now
            self.seen += 1
            yield Shot(pixels, now)
        if size is None:
            raise UserError(f"{self.path.name} holds no frame that can be decoded; leave it out.")

    @property
    def remark(self) -> str:
        """What there is to say of it, once all frames were seen."""
        said = []
        if self.faults:
            said.append(f"{self.faults} damaged places were left out.")
        if self.seen < 0.9 * self.count:
            said.append(f"It is cut off: of some {self.count} frames it holds {self.seen}.")
        return " ".join(said)

    def _ticks(self, frame: Any) -> int | None:
        if frame.pts is None or frame.time_base is None:
            return None
        seconds: Fraction = frame.pts * frame.time_base - self.start
        return round(seconds / self.tick)

    def _decoded(self) -> Iterator[Any]:
        stream = _stream(self.container, self.path)
        packets = self.container.demux(stream)
        while True:
            try:
                packet = next(packets, None)
            except av.FFmpegError:
                self.faults += 1  # It is torn off here: what was read before counts.
                packet = None
            if packet is None:
                break
            yield from self._frames(packet)

    def _frames(self, packet: Any) -> Iterator[Any]:
        try:
            found = packet.decode()
        except av.FFmpegError:
            self.faults += 1
            return
        for frame in found:
            if frame.width * frame.height <= MOST_PIXELS:
                yield frame

    def spread(self, most: int) -> list[Pixels]:
        """At most so many frames, evenly over the video, or the first where it cannot be sought."""
        stream = _stream(self.container, self.path)
        found: list[Pixels] = []
        length = self.container.duration
        places = [0] if not length else [length * i // most for i in range(most)]
        for place in places:
            try:
                self.container.seek(place + (self.container.start_time or 0))
                frame = next(iter(self.container.decode(stream)), None)
            except av.FFmpegError:
                continue
            if frame is not None and frame.width * frame.height <= MOST_PIXELS:
                turned = round(frame.rotation / 90) % 4
                pixels = _rgb(VideoReformatter(), frame, (frame.width, frame.height))
                found.append(np.ascontiguousarray(np.rot90(pixels, turned)))
        return found or [shot.pixels for shot in itertools.islice(self.shots(), 1)]


@contextmanager
def opened(path: Path) -> Iterator[Film]:
    """A video whose header is read and whose size is sane; UserError else."""
    try:
        files.reading(path).close()
    except OSError as error:
        raise UserError(
            f"{path.name} cannot be read: {error.strerror or error}; check the file."
        ) from error
    try:
        container = av.open(
            # With its protocol, so that no name of a file is taken for one.
            f"file:{path}",
            options=_OPTIONS,
            stream_options=[{"max_pixels": str(MOST_PIXELS)}] * MOST_STREAMS,  # type: ignore[list-item]
            metadata_errors="replace",
        )
    except (av.FFmpegError, OSError, ValueError) as error:
        raise UserError(
            f"{path.name} is no video that can be read, or is broken ({_words(error)}); leave it "
            "out or save it anew."
        ) from error
    with container:
        yield _film(path, container)


def _film(path: Path, container: InputContainer) -> Film:
    stream = _stream(container, path)
    context = stream.codec_context
    if context is None:
        raise UserError(f"{path.name} is coded in a way that is not known; save it as MP4.")
    width, height = context.width, context.height
    if not 0 < width * height <= MOST_PIXELS or max(width, height) > MOST_SIDE:
        raise UserError(
            f"The frames of {path.name} are of no known size, or have more than the "
            f"{MOST_PIXELS // 1_000_000} million pixels that one may have; save it anew, smaller."
        )
    context.options = {"max_pixels": str(MOST_PIXELS)}
    rate = stream.average_rate or stream.guessed_rate or Fraction(25)
    if not Fraction(1, 60) <= rate <= 1000:
        rate = Fraction(25)
    base = stream.time_base
    tick = base if base is not None and base.numerator == 1 and base.denominator <= FINE else None
    start = Fraction(container.start_time or 0, av.time_base)
    length = Fraction(container.duration or 0, av.time_base)
    return Film(
        path,
        container,
        tick or Fraction(1, 90_000),
        rate,
        stream.sample_aspect_ratio or Fraction(1),
        max(stream.frames or int(length * rate), 1),
        start,
        (height, width),
    )


def _stream(container: InputContainer, path: Path) -> Any:
    """The first stream of moving pictures; a cover of a song is none."""
    for stream in container.streams.video:
        if not stream.disposition & stream.disposition.attached_pic:
            return stream
    raise UserError(f"{path.name} holds no moving pictures; leave it out.")


def _rgb(reformatter: VideoReformatter, frame: Any, size: tuple[int, int]) -> Pixels:
    """A frame as RGB of this (width, height), by its own colour space."""
    space = _SPACES.get(int(frame.colorspace))
    if space is None:
        space = Colorspace.ITU709 if frame.height >= 720 else Colorspace.ITU601
    made = reformatter.reformat(
        frame, *size, "rgb24", src_colorspace=space, interpolation=_EXACT, threads=1
    )
    return np.asarray(made.to_ndarray(), np.uint8)


def _words(error: Exception) -> str:
    """What FFmpeg says, without the path."""
    return str(getattr(error, "strerror", "") or error).split("\n", 1)[0][:120]
