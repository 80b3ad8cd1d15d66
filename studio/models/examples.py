"""Where each class of a data set shows well, cut out of its pictures."""

from collections.abc import Callable
from pathlib import Path

from engines.data.pictures import read_picture, size_of
from engines.data.report import Example, Report
from engines.errors import UserError
from studio.document.scene import Pixels

SIDE = 96  # pixels of an example; more are only read
MOST_READ = 4096  # pixels a side that a picture is read at


def examples(report: Report, told: Callable[[float], None]) -> dict[int, Pixels]:
    """Class id -> cut, uint8 (H, W, 3); a picture that cannot be read gives none. `told` hears how
    much is done, from 0 to 1, and may raise to end it.
    """
    found: dict[int, Pixels] = {}
    for number, entry in enumerate(report.classes):
        told(number / len(report.classes))
        if entry.example is not None:
            try:
                found[entry.id] = _cut(Path(report.folder), entry.example)
            except (UserError, OSError, ValueError):
                continue
    return found


def _cut(folder: Path, example: Example) -> Pixels:
    path = folder / example.picture
    left, top, right, bottom = example.box
    if not path.resolve().is_relative_to(folder.resolve()) or left >= right or top >= bottom:
        raise ValueError("no such place")
    side = max(size_of(path))
    # No larger than the cut is shown; of a JPEG this saves most of the decoding.
    most = min(side, MOST_READ, max(64, round(side * 2 * SIDE / max(right - left, bottom - top))))
    pixels = read_picture(path, most)
    scale = max(pixels.shape[:2]) / side
    box = [round(edge * scale) for edge in (top, max(bottom, top + 1), left, max(right, left + 1))]
    cut = pixels[box[0] : max(box[1], box[0] + 1), box[2] : max(box[3], box[2] + 1)]
    if not cut.size:
        raise ValueError("no such place")
    return cut.copy()
