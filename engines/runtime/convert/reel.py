"""Writing videos in segments that a kill leaves whole, and joining them without encoding again.

A segment is some frames as H.264, none of which leans on another segment: it has no B-frames, a
constant quality, and one thread, so that the same frames give the same bytes. Segments are joined
with the sound as it is; nothing of when or on what it was done is written.
"""

import heapq
import io
import json
import platform
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.container import InputContainer
from av.video.reformatter import Colorspace, Interpolation, VideoReformatter

from engines import files
from engines.errors import UserError
from engines.runtime.convert.film import Film, Pixels, opened
from engines.runtime.convert.steady import Floats

FRAMES = 24  # of a segment
QUALITY = "16"  # x264's crf: hardly to be told from the original
# Sound that can be in an MP4; with any other, the result is a Matroska file.
_IN_MP4 = {"aac", "ac3", "alac", "eac3", "mp3", "opus"}
# With the vector code for the newest processors, x264 165 gave other bytes than with that of old
# ones, and once in a hundred segments others than itself; this is a tenth slower, and the same.
_PLAIN = {"x264-params": "asm=SSE2"} if platform.machine() in ("x86_64", "AMD64") else {}
_BITEXACT = {"fflags": "+bitexact"}
_BT709, _LIMITED = 1, 1
_MOST_BYTES = 10_000_000


def ending_of(film: Film) -> str:
    """The ending of the result: what its sound can be in as it is."""
    if film.path.suffix.lower() in (".mkv", ".webm"):
        return ".mkv"
    fits = all(s.codec_context.codec.canonical_name in _IN_MP4 for s in film.sound)
    return ".mp4" if fits else ".mkv"


@dataclass(frozen=True)
class Reel:
    """The segments of one result in a folder; they count from 0."""

    folder: Path

    def count(self) -> int:
        """How many are whole, from the first on."""
        number = 0
        while self._segment(number).is_file():
            number += 1
        return number

    def add(
        self, number: int, shots: Sequence[tuple[Pixels, int]], film: Film, state: dict[str, Floats]
    ) -> None:
        """Write a segment of frames (H, W, 3) and their times; `state` is what the next one hangs
        on. It is there when its last file is. UserError.
        """
        data = _encoded([pixels for pixels, _ in shots], film)
        if state:
            buffer = io.BytesIO()
            np.savez(buffer, **state)  # type: ignore[arg-type]
            files.write_bytes(self._state(number), buffer.getvalue())
        files.write_json(self._times(number), [time for _, time in shots])
        files.write_bytes(self._segment(number), data)
        for old in range(number - 1, -1, -1):
            if not self._state(old).exists():
                break
            self._state(old).unlink()

    def state(self, number: int) -> dict[str, Floats]:
        """What the segment after this one hangs on."""
        try:
            with np.load(self._state(number), allow_pickle=False) as found:
                return {name: found[name] for name in found.files}
        except FileNotFoundError:
            return {}

    def join(self, film: Film, out: Path) -> str:
        """Make the video of all segments at `out`, whole or not at all, with the sound; what there
        is to say of it comes back. UserError.
        """
        if film.sound:
            try:
                self._join(film, out, sound=True)
                return ""
            except (av.FFmpegError, ValueError):  # Such as sound without a frame size.
                self._join(film, out, sound=False)
                return "Its sound could not be kept."
        self._join(film, out, sound=False)
        return ""

    def _join(self, film: Film, out: Path, sound: bool) -> None:
        kind = "mp4" if out.suffix.lower() in (".mp4", ".m4v", ".mov") else "matroska"
        count = self.count()
        with (
            files.writing(out) as temporary,
            open(temporary, "wb") as file,
            opened(film.path) as again,  # Its sound, read anew.
            av.open(file, "w", format=kind, options=_BITEXACT) as made,
            self._open(0) as first,
        ):
            picture = made.add_stream_from_template(first.streams.video[0])
            picture.time_base = film.tick
            picture.sample_aspect_ratio = _shape(film)
            heard = {s.index: made.add_stream_from_template(s) for s in again.sound if sound}
            streams = self._pictures(picture, film, count), _sounds(again, heard)
            for _, _, packet in heapq.merge(*streams, key=lambda each: each[:2]):
                made.mux(packet)

    def _open(self, number: int) -> InputContainer:
        data = io.BytesIO(self._segment(number).read_bytes())
        found = av.open(data, "r", format="nut")
        assert isinstance(found, InputContainer)
        return found

    def _pictures(self, stream: Any, film: Film, count: int) -> Iterator[tuple[float, int, Any]]:
        """(seconds, 0, packet) of all segments."""
        step = max(1, round(1 / film.rate / film.tick))
        for number in range(count):
            times = self._read_times(number)
            after = self._read_times(number + 1)[0] if number + 1 < count else times[-1] + step
            with self._open(number) as segment:
                packets = (p for p in segment.demux(segment.streams.video[0]) if p.size)
                for packet, time, following in zip(
                    packets, times, [*times[1:], after], strict=True
                ):
                    packet.stream, packet.time_base = stream, film.tick
                    packet.pts = packet.dts = time
                    packet.duration = following - time
                    yield float(time * film.tick), 0, packet

    def _read_times(self, number: int) -> list[int]:
        times: list[int] = json.loads(files.read_text(self._times(number), _MOST_BYTES))
        return times

    def _segment(self, number: int) -> Path:
        return self.folder / f"{number:06d}.nut"

    def _times(self, number: int) -> Path:
        return self.folder / f"{number:06d}.json"

    def _state(self, number: int) -> Path:
        return self.folder / f"{number:06d}.npz"


def _shape(film: Film) -> Fraction:
    """The shape of a pixel after turning."""
    return 1 / film.shape if film.turned % 2 else film.shape


def _sounds(film: Film, heard: dict[int, Any]) -> Iterator[tuple[float, int, Any]]:
    """(seconds, stream, packet) of the sound as it is."""
    if not heard:
        return
    for packet in film.container.demux([s for s in film.sound if s.index in heard]):
        if packet.dts is None or not packet.size or packet.time_base is None:
            continue
        late = round(film.start / packet.time_base)
        packet.dts -= late
        packet.pts = packet.dts if packet.pts is None else packet.pts - late
        index = packet.stream.index
        packet.stream = heard[index]
        yield float(packet.dts * packet.time_base), index + 1, packet


def _encoded(pictures: Sequence[Pixels], film: Film) -> bytes:
    """Frames as H.264 in a NUT file; an odd last row or column, which H.264 cannot hold, is cut."""
    height, width = (side // 2 * 2 for side in pictures[0].shape[:2])
    if not height or not width:
        raise UserError("A video needs frames of at least 2 x 2 pixels; choose a larger one.")
    buffer, reformatter = io.BytesIO(), VideoReformatter()
    with av.open(buffer, "w", format="nut", options=_BITEXACT) as out:
        stream = out.add_stream("libx264", rate=25)
        context = stream.codec_context
        context.width, context.height, context.pix_fmt = width, height, "yuv420p"
        context.thread_count, context.max_b_frames = 1, 0
        context.time_base = Fraction(1, 25)
        context.sample_aspect_ratio = _shape(film)
        context.colorspace, context.color_range = _BT709, _LIMITED
        context.color_primaries, context.color_trc = _BT709, _BT709
        # Looking ahead holds frames, which are large.
        context.options = {"crf": QUALITY, "preset": "medium", "rc-lookahead": "8", **_PLAIN}
        for number, pixels in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(
                np.ascontiguousarray(pixels[:height, :width]), format="rgb24"
            )
            frame = reformatter.reformat(
                frame, format="yuv420p", dst_colorspace=Colorspace.ITU709,
                interpolation=Interpolation.BICUBIC | Interpolation.ACCURATE_RND
                | Interpolation.BITEXACT, threads=1,
            )  # fmt: skip
            frame.pts, frame.time_base = number, Fraction(1, 25)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return buffer.getvalue()
