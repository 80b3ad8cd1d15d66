"""How soon the studio is there, and what it takes while nobody touches it.

Each round starts a studio and a bare program, each a process of its own: the bare one shows an
empty Qt window, loads the same model with ONNX Runtime alone, and shows the picture it makes.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engines.bench import Comparison, Timings, bench
from engines.errors import UserError

ROOT = Path(__file__).resolve().parents[2]
WINDOW_SECONDS, PICTURE_SECONDS = 1.5, 3.0
MEGABYTES = 400.0
IDLE_SHARE = 0.01  # of one core
REST_SECONDS = 3.0  # after the first picture: the palette's pictures and the first result come
STUDIO, BARE = "studio", "bare Qt and ONNX Runtime"


@dataclass(frozen=True)
class Memory(Comparison):
    """A comparison of megabytes: so many times less than the peer."""

    def text(self) -> str:
        """The comparison on one line."""
        ours, theirs = (self.timings.median(name) for name in (self.name, self.peer))
        wanted = f", wanted {self.wanted:g}: {'met' if self.met else 'NOT met'}"
        return (
            f"{self.what}: {self.name} {ours:.0f} MB, {self.peer} {theirs:.0f} MB, "
            f"{self.ratio:.2f} times less{wanted if self.wanted else ''}"
        )


@bench(
    id="start",
    statement="Window in 1.5 s, picture in 3 s; idle it takes under 400 MB and 1 % of a core.",
)
def start(quick: bool) -> Iterator[Comparison]:
    """Window, first picture, memory and processor time, of the studio and of a bare program."""
    rounds, idle = (2, 4.0) if quick else (7, 60.0)
    found: dict[str, list[dict[str, float]]] = {STUDIO: [], BARE: []}
    with tempfile.TemporaryDirectory(prefix="pentimento-") as folder:
        for number in range(-1, rounds):  # The first writes the compiled modules, as pip does.
            for name in sorted(found, reverse=bool(number % 2)):
                # Memory and idleness are looked at once.
                last = name == STUDIO and number == rounds - 1
                told = _one(name, Path(folder), idle if last else 0.0)
                if number >= 0:
                    found[name].append(told)
    for what, limit in (("window", WINDOW_SECONDS), ("picture", PICTURE_SECONDS)):
        seconds = {name: [entry[what] for entry in told] for name, told in found.items()}
        yield _limited(f"{what} shown after the process start", seconds[STUDIO], limit)
        yield Comparison(f"{what} beside the bare program's", STUDIO, BARE, _timings(seconds))
    end = found[STUDIO][-1]
    megabytes = {STUDIO: [end["megabytes"]], "limit": [MEGABYTES]}
    rest = f"after {idle:.0f} s idle"
    yield Memory(f"resident memory {rest}", STUDIO, "limit", _timings(megabytes), wanted=1.0)
    yield _limited(f"processor time of {idle:.0f} s idle", [end["busy"]], idle * IDLE_SHARE)


def _limited(what: str, seconds: list[float], limit: float) -> Comparison:
    timings = _timings({STUDIO: seconds, "limit": [limit] * len(seconds)})
    return Comparison(what, STUDIO, "limit", timings, wanted=1.0)


def _timings(seconds: dict[str, list[float]]) -> Timings:
    return Timings({name: tuple(values) for name, values in seconds.items()})


def _one(name: str, folder: Path, idle: float) -> dict[str, float]:
    """Start one, as fresh as a new user's; what it told of itself."""
    call = "studio" if name == STUDIO else "bare"
    code = f"from studio.bench.start import {call}; {call}()"
    environment = os.environ | {
        "PYTHONPATH": str(ROOT),
        "PYTHONPYCACHEPREFIX": str(folder / "compiled"),
        **{f"XDG_{kind}_HOME": str(folder / kind) for kind in ("DATA", "CONFIG", "STATE", "CACHE")},
    }
    environment.setdefault("QT_QPA_PLATFORM", "offscreen")
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    words = [sys.executable, "-P", "-c", code, str(time.time()), str(idle)]
    done = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=600)
    try:
        told: dict[str, float] = json.loads(done.stdout)
    except ValueError as error:
        raise UserError(f"The {name} did not start: {done.stderr.strip()[-500:]}") from error
    return told


# In the processes that are measured
# ----------------------------------------------------------------


class Watch:
    """Notes when something is first seen, in seconds from the start of the process."""

    def __init__(self) -> None:
        self.born, self.idle = float(sys.argv[1]), float(sys.argv[2])
        self.told: dict[str, float] = {}

    def see(self, what: str) -> None:
        """It is seen now, for the first time or again."""
        self.told.setdefault(what, time.time() - self.born)

    def painted(self, widget: Any, seen: Callable[[], str]) -> object:
        """Note what `seen` names each time when the widget has been painted; keep the result."""
        from PySide6.QtCore import QEvent, QObject

        watch = self

        class Filter(QObject):
            def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
                if event.type() is not QEvent.Type.Paint:
                    return False
                watched.removeEventFilter(self)
                watched.event(event)
                watched.installEventFilter(self)
                watch.see(seen())
                watch.see("window")
                return True

        made = Filter()
        widget.installEventFilter(made)
        return made

    def leave(self) -> None:
        """Tell, and end without further ado."""
        print(json.dumps(self.told), flush=True)
        os._exit(0)


def studio() -> None:
    """The studio, as main.py opens it, until its picture stands, and an idle while."""
    watch = Watch()
    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QApplication

    from studio import app
    from studio.views.window import Window

    made, kept = app.application, []

    def rest() -> None:
        begun = time.process_time()

        def end() -> None:
            watch.told |= {"busy": time.process_time() - begun, "megabytes": resident()}
            watch.leave()

        QTimer.singleShot(round(watch.idle * 1000), end)

    def look() -> None:
        if "picture" not in watch.told:
            QTimer.singleShot(50, look)
        elif watch.idle:
            QTimer.singleShot(round(REST_SECONDS * 1000), rest)
        else:
            watch.leave()

    def begin() -> None:
        window = next(w for w in QApplication.topLevelWidgets() if isinstance(w, Window))
        live = window.studio.live

        def seen() -> str:
            return "picture" if live.picture is not None else "window"

        kept.append(watch.painted(window.desktop.second, seen))
        look()

    def application(arguments: list[str]) -> QApplication:
        found = made(arguments)
        QTimer.singleShot(0, begin)
        return found

    app.application = application
    sys.argv[1:] = []
    app.main([])


def bare() -> None:
    """A window with nothing but a picture, made by nothing but ONNX Runtime."""
    watch = Watch()
    import numpy as np
    from PySide6.QtCore import QTimer
    from PySide6.QtGui import QImage, QPixmap
    from PySide6.QtWidgets import QApplication, QLabel, QMainWindow

    app, window, label = QApplication(["bare"]), QMainWindow(), QLabel()
    window.setCentralWidget(label)
    window.resize(1440, 900)
    kept = [watch.painted(label, lambda: "window" if label.pixmap().isNull() else "picture")]
    window.show()

    def render() -> None:
        import onnxruntime

        folder = next((ROOT / "assets" / "models").glob("*/model.json")).parent
        path = folder / json.loads((folder / "model.json").read_text("utf-8"))["graphs"][-1]["file"]
        session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        types = {"tensor(uint8)": np.uint8, "tensor(float)": np.float32, "tensor(int64)": np.int64}
        inputs = {
            each.name: np.zeros([_extent(axis) for axis in each.shape], types[each.type])
            for each in session.get_inputs()
        }
        (picture,) = session.run(None, inputs)[:1]
        pixels = ((picture[0].transpose(1, 2, 0) + 1) * 127.5).astype(np.uint8).copy()
        height, width = pixels.shape[:2]
        image = QImage(pixels.data, width, height, 3 * width, QImage.Format.Format_RGB888)
        label.setPixmap(QPixmap.fromImage(image))

    def look() -> None:
        if "picture" in watch.told:
            watch.leave()
        if "window" in watch.told and label.pixmap().isNull():
            render()
        QTimer.singleShot(5, look)

    look()
    app.exec()
    del kept


def _extent(axis: int | str) -> int:
    """What the bare program takes for an axis of an input."""
    if isinstance(axis, int):
        return axis
    return 256 if axis in ("height", "width") else 1


def resident() -> float:
    """Megabytes of memory that this process holds at present; where nobody says, at most."""
    try:
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
    except OSError:
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
