"""The loop over all files of a conversion: nothing that is done is done again, no fault of one file
stops the rest, and asking for no more is how it is stopped.
"""

import errno
import hashlib
import json
import logging
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from engines import files
from engines.data.pictures import size_of
from engines.errors import UserError
from engines.ports import Layout
from engines.runtime.bundle import Bundle
from engines.runtime.convert import reel
from engines.runtime.convert.film import Film, Pixels, opened
from engines.runtime.convert.finding import Item, fingerprint, listed
from engines.runtime.convert.hand import Hand
from engines.runtime.convert.job import Job, Records
from engines.runtime.convert.steady import Steady
from engines.runtime.saving import MOST_CARRIED, ending_of, save
from engines.runtime.sessions import Sessions

MOST_WEIGHED = 5_000  # files whose headers are read before the first is converted
SAMPLES = 8  # frames that a video's statistics are taken of
_MOST_BYTES = 100_000_000
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EFBIG)
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Step:
    """How far it is: files done, failed and in all, and the share in [0, 1] of the work."""

    done: int
    failed: int
    total: int
    name: str
    share: float


class Conversion:
    """The files of a job and a model to put them through; UserError where they do not fit.

    The caller holds the job's lock.
    """

    def __init__(self, job: Job, bundle: Bundle, sessions: Sessions) -> None:
        self.job, self.bundle, self.plan = job, bundle, job.plan
        if bundle.hash != self.plan.request.model:
            raise UserError(
                f"The model {bundle.title} is not the one that this conversion was begun with; "
                "convert into another folder."
            )
        self.hand = Hand(bundle, self.plan.request, sessions, self.plan.side)
        self.items = listed(self.plan.source, self.plan.out)
        self.records: Records = job.records
        self._weights = {item.name: self._weight(item) for item in self.items}
        self._whole = sum(self._weights.values())
        self._spent = 0.0
        self.done = 0
        self.failed: dict[str, str] = {}

    def _weight(self, item: Item) -> float:
        """How much work a file is, in millions of pixels; one where looking would take long."""
        if len(self.items) > MOST_WEIGHED:
            return 1.0
        try:
            if not item.moving:
                size, count = size_of(item.path), 1
            else:
                with opened(item.path) as film:
                    size, count = film.size, film.count
        except UserError:
            return 0.01
        share = min(1.0, self.plan.side / max(size)) if self.plan.side else 1.0
        return max(size[0] * size[1] * share**2 * count / 1e6, 0.01)

    def steps(self) -> Iterator[Step]:
        """Convert what is left to; a step a tile or a frame. UserError where nothing more can be
        written: what is done then stays.
        """
        for item in self.items:
            weight = self._weights[item.name]
            try:
                if self._over(item):
                    self.done += 1
                else:
                    yield self._step(item, 0.0)
                    for share in self._one(item):
                        yield self._step(item, share * weight)
                    self.done += 1
            except UserError as error:
                if _full(error):
                    raise
                self._fail(item, str(error))
            except MemoryError:
                self._fail(item, "There was not enough memory for it; make it smaller.")
            except Exception as error:  # Of one file of a thousand; the others are fine.
                _LOG.exception("%s could not be converted", item.name)
                first = (str(error).strip().splitlines() or [""])[0][:200]
                self._fail(item, f"It could not be converted ({type(error).__name__}: {first}).")
            self._spent += weight
            yield self._step(item, 0.0)

    def _step(self, item: Item, share: float) -> Step:
        whole = min((self._spent + share) / max(self._whole, 1e-9), 1.0)
        return Step(self.done, len(self.failed), len(self.items), item.name, whole)

    def _fail(self, item: Item, sentence: str) -> None:
        self.failed[item.name] = sentence
        self.job.say("failed", item.name, sentence=sentence)

    # One file -----------------------------------------------------------------------------------

    def _over(self, item: Item) -> bool:
        """Whether it is done; UserError where its result was changed and would be lost."""
        known = self.records.done.get(item.name)
        if known is None:
            return False
        out = self.plan.root / known["target"]
        if not out.exists():
            return False
        if known["source"] == item.fingerprint:
            return True
        if known["made"] != fingerprint(out):
            raise UserError(
                f"It has changed, and so has {known['target']}; move that away to convert it anew."
            )
        return False

    def _one(self, item: Item) -> Iterator[float]:
        """Convert one file; how far it is."""
        before = item.fingerprint
        if not item.moving:
            self.hand.known = {}
            out = self._begin(item, ending_of(self.bundle))
            value = self.hand.read(item.path)
            for frame in self.hand.make(value):
                if frame.final:
                    save(self.bundle, frame.request, frame, out, MOST_CARRIED)
                yield frame.progress
            self._finish(item, before, out, "")
            return
        if isinstance(self.hand.port, Layout) or self.bundle.picture is None:
            raise UserError("It is a video, but the model does not make pictures of pictures.")
        with opened(item.path) as film:
            out = self._begin(item, reel.ending_of(film))
            kept = reel.Reel(
                self.job.home
                / hashlib.sha256(item.name.encode("utf-8", "replace")).hexdigest()[:16]
            )
            self._same(kept.folder, before)
            yield from self._painted(film, kept)
            remark = kept.join(film, out)
            self._finish(item, before, out, f"{film.remark} {remark}".strip())
            shutil.rmtree(kept.folder, ignore_errors=True)

    def _begin(self, item: Item, ending: str) -> Path:
        """The place of a result, kept in mind as ours; UserError where something else is there."""
        if self.plan.single:
            name = self.plan.out.name
            if self.plan.out.suffix.lower() not in _fitting(ending):
                raise UserError(
                    f"The result is a {ending} file, not {self.plan.out.suffix}; name it "
                    f"{self.plan.out.stem}{ending}."
                )
        else:
            name = self.records.target(item.name, ending)
        out = self.plan.root / name
        if item.name not in self.records.began:
            if out.exists():
                raise UserError(f"{name} is there already and was not made here; move it away.")
            self.records.begin(item.name, name)
            self.job.say("began", item.name, target=name)
        return out

    def _finish(self, item: Item, before: list[int], out: Path, remark: str) -> None:
        name = self.records.began[item.name]
        told = {"target": name, "source": before, "made": fingerprint(out), "remark": remark}
        self.records.take({"kind": "done", "name": item.name, **told})
        self.job.say("done", item.name, **told)

    # Videos -------------------------------------------------------------------------------------

    def _same(self, folder: Path, before: list[int]) -> None:
        """Drop segments of what the video was before it changed."""
        place = folder / "source.json"
        try:
            if json.loads(files.read_text(place, _MOST_BYTES)) == before:
                return
        except (OSError, ValueError, RecursionError):
            pass
        shutil.rmtree(folder, ignore_errors=True)
        files.write_json(place, before)

    def _painted(self, film: Film, kept: reel.Reel) -> Iterator[float]:
        """Paint all frames that are in no whole segment yet."""
        hand, steady = self.hand, Steady(self.plan.smooth)
        hand.known = self._survey(film, kept.folder) if self.plan.fixed else {}
        number = kept.count()
        if number and self.plan.smooth:
            steady.restore(kept.state(number - 1))
        skipped, count = number * reel.FRAMES, max(film.count, 1)
        waiting: list[tuple[Pixels, int]] = []
        for index, shot in enumerate(film.shots()):
            if index < skipped:
                if index % reel.FRAMES == 0:
                    yield min(index / count, 1.0)
                continue
            source = hand.bounded(shot.pixels)
            made = None
            for frame in hand.make(source):
                if not frame.final:
                    yield min((index + frame.progress) / count, 1.0)
                made = frame.values
            assert made is not None
            assert self.bundle.picture is not None
            pixels = _colour(made[self.bundle.picture.name])
            waiting.append((steady.take(source, pixels) if self.plan.smooth else pixels, shot.time))
            if len(waiting) == reel.FRAMES:
                kept.add(number, waiting, film, steady.state if self.plan.smooth else {})
                number, waiting = number + 1, []
            yield min((index + 1) / count, 1.0)
        if waiting:
            kept.add(number, waiting, film, {})

    def _survey(self, film: Film, folder: Path) -> dict[str, Any]:
        """Statistics of a few frames, taken once and kept, so that all segments go by the same."""
        place = folder / "survey.json"
        try:
            known = json.loads(files.read_text(place, _MOST_BYTES))
        except (OSError, ValueError, RecursionError):
            with opened(film.path) as again:
                frames = [self.hand.bounded(pixels) for pixels in again.spread(SAMPLES)]
            known = {name: row.tolist() for name, row in self.hand.survey(frames).items()}
            files.write_json(place, known)
        return {name: np.array(row, np.float32) for name, row in known.items()}


def _colour(pixels: Pixels) -> Pixels:
    """RGB of a picture that may be grey."""
    return np.repeat(pixels, 3, 2) if pixels.shape[2] == 1 else pixels[..., :3]


def _fitting(ending: str) -> tuple[str, ...]:
    """What a result with this ending may be called."""
    return (".mp4", ".m4v", ".mov", ".mkv") if ending == ".mp4" else (ending,)


def _full(error: UserError) -> bool:
    """Whether nothing more can be written at all."""
    cause = error.__cause__
    return isinstance(cause, OSError) and cause.errno in _FULL
