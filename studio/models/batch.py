"""Batch export: chosen pictures into a folder, each a file of its own, with a name by a pattern."""

import io
import json
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from PIL import Image, ImageCms
from PySide6.QtCore import QObject, Signal

from engines import files
from engines.errors import UserError
from studio.document.carried import Result
from studio.lanes.work import Job, WorkLane
from studio.models.files import enlarged

Format = Literal["png", "jpg", "webp"]
FORMATS: tuple[Format, ...] = ("png", "jpg", "webp")
FIELDS = ("name", "number", "title", "model", "seed", "size", "date", "time")
PATTERN = "{name}-{number}-{title}"
MOST_NAME = 180  # bytes before the ending; file systems take 255
_QUALITY = 93
_FIELD = re.compile(r"\{([^{}]*)\}")
_FORBIDDEN = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*]+')
_SOFTWARE, _DESCRIPTION = 0x0131, 0x010E  # EXIF tags


@dataclass(frozen=True)
class Item:
    """A picture to export. `had` may unpack it, on a work thread; UserError where it cannot."""

    title: str
    made: float  # seconds since 1970
    had: Callable[[], Result]


@dataclass(frozen=True)
class Choice:
    """How all of them leave."""

    folder: Path
    name: str  # of the document
    pattern: str = PATTERN
    factor: int = 1
    format: Format = "png"


@dataclass(eq=False)
class Round:
    """One export under way. `written` in order; `troubles` are a sentence a file that was not."""

    choice: Choice
    items: Sequence[Item]
    written: list[Path] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)
    seconds: float = 0.0
    cancelled: bool = False

    @property
    def done(self) -> int:
        """How many are over."""
        return len(self.written) + len(self.troubles)


def unknown(pattern: str) -> str:
    """The first field of a pattern that there is not; empty where all are known."""
    return next((name for name in _FIELD.findall(pattern) if name not in FIELDS), "")


def file_name(pattern: str, fields: dict[str, str]) -> str:
    """The name that a pattern makes, without an ending, fit for any file system."""
    text = _FIELD.sub(lambda match: fields.get(match[1], ""), pattern)
    text = _FORBIDDEN.sub("-", text).strip(" .-")
    text = text.encode()[:MOST_NAME].decode(errors="ignore").strip(" .-")
    return text or "picture"


def fields_of(item: Item, number: int, count: int, name: str, result: Result) -> dict[str, str]:
    """What a pattern can say of a picture; numbers are as wide as the last one."""
    made = time.localtime(item.made)
    height, width = result.pixels.shape[:2]
    about = result.passport
    return {
        "name": name,
        "number": str(number).zfill(max(len(str(count)), 2)),
        "title": item.title,
        "model": str(about.get("title") or about.get("model") or ""),
        "seed": str(result.request.seed),
        "size": f"{width}x{height}",
        "date": time.strftime("%Y-%m-%d", made),
        "time": time.strftime("%H-%M-%S", made),
    }


def encoded(result: Result, factor: int, kind: Format) -> bytes:
    """The file: a PNG with everything inside, or a JPEG or WebP with its passport in words."""
    larger = replace(result, pixels=enlarged(result.pixels, factor))
    if kind == "png":
        return larger.png
    exif = Image.Exif()
    exif[_SOFTWARE] = "Pentimento"
    exif[_DESCRIPTION] = json.dumps(dict(result.passport), ensure_ascii=True)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    image, buffer = Image.fromarray(larger.pixels), io.BytesIO()
    try:
        if kind == "jpg":
            image.save(
                buffer, "JPEG", quality=_QUALITY, subsampling=0, exif=exif, icc_profile=profile
            )
        else:
            image.save(buffer, "WEBP", quality=_QUALITY, method=4, exif=exif, icc_profile=profile)
    except (OSError, ValueError) as error:
        raise UserError(f"It cannot be written as {kind.upper()} ({error}); choose PNG.") from error
    return buffer.getvalue()


class Batch(QObject):
    """One export at a time; each file is a job of its own, so that a save need not wait."""

    progressed = Signal()
    ended = Signal(object)  # Round

    def __init__(self, work: WorkLane, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.work = work
        self.round: Round | None = None
        self._job: Job | None = None

    def start(self, items: Sequence[Item], choice: Choice) -> None:
        """Export; UserError where the pattern or the folder is of no use."""
        if self.round is not None:
            raise UserError(self.tr("Another export is still under way; wait for it, or end it."))
        if name := unknown(choice.pattern):
            text = self.tr("The name has a field {{{0}}} that there is not; choose one of {1}.")
            raise UserError(text.format(name, ", ".join(f"{{{each}}}" for each in FIELDS)))
        if not choice.folder.is_dir():
            text = self.tr("There is no folder {0}; choose another.")
            raise UserError(text.format(choice.folder))
        self.round = Round(choice, tuple(items))
        self._next()

    def cancel(self) -> None:
        """End it; what is written stays."""
        if self.round is not None:
            self.round.cancelled = True
            if self._job is not None:
                self._job.cancel()
            self._end()

    @property
    def seconds_left(self) -> float | None:
        """How long the rest takes; None before one is done."""
        if self.round is None or not self.round.done:
            return None
        left = len(self.round.items) - self.round.done
        return self.round.seconds / self.round.done * left

    def _next(self) -> None:
        now = self.round
        if now is None:
            return
        if now.done == len(now.items):
            self._end()
            return
        number, item, start = now.done, now.items[now.done], time.monotonic()

        def run(job: Job) -> Path:
            job.tell(0.0)
            result = item.had()
            choice = now.choice
            fields = fields_of(item, number + 1, len(now.items), choice.name, result)
            data = encoded(result, choice.factor, choice.format)
            job.tell(0.5)
            path = _free(choice.folder, file_name(choice.pattern, fields), choice.format)
            files.write_bytes(path, data)
            return path

        def over() -> None:
            now.seconds += time.monotonic() - start
            self._job = None
            self.progressed.emit()
            self._next()

        def done(path: Path) -> None:
            now.written.append(path)
            over()

        def failed(sentence: str) -> None:
            now.troubles.append(f"{item.title or number + 1}: {sentence}")
            over()

        label = self.tr("Exporting {0}").format(item.title or number + 1)
        self._job = self.work.add(Job(label, run, done, failed))
        self.progressed.emit()

    def _end(self) -> None:
        over, self.round, self._job = self.round, None, None
        self.progressed.emit()
        self.ended.emit(over)


def _free(folder: Path, name: str, ending: str) -> Path:
    """A path that nothing has yet: nothing is ever replaced."""
    path, number = folder / f"{name}.{ending}", 2
    while path.exists():
        path, number = folder / f"{name} ({number}).{ending}", number + 1
    return path
