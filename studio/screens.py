"""Pictures of the window for docs/: `python -m studio.screens FOLDER`, both themes, four sizes.

Each is taken by a process of its own, since Qt reads the scale factor once.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from studio.document.edit import Edit
from studio.document.raster import segment

if TYPE_CHECKING:
    from studio.views.window import Window

SCENES = (
    # name, theme, width, height, scale, example, arrangement
    ("dark-layers", "dark", 1440, 900, 1, "lake", "side-by-side"),
    ("light-variations", "light", 1440, 900, 1, "village", "picture-only"),
    ("dark", "dark", 1440, 900, 1, "coast", "side-by-side"),
    ("light", "light", 1440, 900, 1, "river", "split"),
    ("dark-small", "dark", 1280, 720, 1, "fjord", "overlay"),
    ("light-200", "light", 1280, 720, 2, "lake", "side-by-side"),
    ("dark-200", "dark", 1280, 720, 2, "village", "side-by-side"),
    ("light-wide", "light", 3440, 1440, 1, "winter", "side-by-side"),
)
SETTLE_SECONDS = 4.0
MOST_WIDE = 1600  # pixels of a picture that is kept


def take(folder: Path, name: str) -> None:
    """One picture, by this process."""
    _, look, width, height, _, example, arranged = next(s for s in SCENES if s[0] == name)
    from studio.app import application
    from studio.document.desk import Desk
    from studio.document.recent import Recent
    from studio.models.pictures import EXAMPLES
    from studio.models.studio import Studio
    from studio.views import theme
    from studio.views.desktop import Arrangement
    from studio.views.window import Window

    app = application(["screens"])
    switch = theme.apply(app, "dark" if look == "dark" else "light")
    scratch = Path(tempfile.mkdtemp(prefix="pentimento-"))
    studio = Studio("cpu", Desk(scratch), Recent(scratch / "recent.json"))
    window = Window(studio, switch)
    window.resize(width, height)
    window.show()
    studio.start()
    studio.files.open_example(EXAMPLES / f"{example}.png")
    window.arrange(Arrangement(arranged))

    def rest() -> None:
        end = time.monotonic() + SETTLE_SECONDS
        while time.monotonic() < end or studio.live.busy or studio.lane.busy or studio.work.jobs:
            app.processEvents()
            time.sleep(0.005)

    rest()
    if name in SHOWN:
        SHOWN[name](window)
        rest()
    image = window.grab().toImage()
    if image.width() > MOST_WIDE:
        from PySide6.QtCore import Qt

        image = image.scaledToWidth(MOST_WIDE, Qt.TransformationMode.SmoothTransformation)
    image.setDevicePixelRatio(1)
    image.save(str(folder / f"{name}.jpg"), "JPEG", 82)  # type: ignore[call-overload]
    studio.close(forget=True)
    shutil.rmtree(scratch)


def _layers(window: "Window") -> None:
    """Light painted over the picture, and a second layout."""
    studio = window.studio
    window.docks["layers"].raise_()
    studio.layering.add_layout()
    studio.layering.rename(studio.session.active, "Another shore")
    studio.layering.add_picture()
    light, (height, width) = studio.session.active, studio.session.document.size
    edit = Edit(studio.session.document, "Light", light)
    for share in (0.25, 0.5, 0.75):  # Three beams from above.
        start, end = (0.5 * width, -0.1 * height), (share * width, 1.1 * height)
        beam = segment(start, end, 4, 0.07 * width, (height, width))
        studio.session.touched(edit.paint(beam, (255, 214, 150, 255)))
    studio.session.commit(edit)
    studio.layering.set_blend(light, "soft-light")
    studio.layering.set_opacity(light, 0.7)
    studio.layering.rename(light, "Beams of light")


def _variations(window: "Window") -> None:
    """A matrix of two attributes."""
    made = window.studio.variations
    sliders = [axis for axis in made.variety.axes if axis.part]
    made.variety.choose(0, sliders[0])
    made.variety.choose(1, sliders[3])
    window.docks.toggle("variations")
    made.start()


SHOWN: dict[str, Callable[["Window"], None]] = {
    "dark-layers": _layers,
    "light-variations": _variations,
}


def main(arguments: list[str]) -> None:
    """All pictures into a folder, or with a second word that one."""
    folder = Path(arguments[0])
    folder.mkdir(parents=True, exist_ok=True)
    if len(arguments) > 1:
        take(folder, arguments[1])
        return
    for name, *_, scale, _, _ in SCENES:
        settings = {"QT_QPA_PLATFORM": "offscreen", "QT_SCALE_FACTOR": str(scale)}
        command = [sys.executable, "-m", "studio.screens", str(folder), name]
        subprocess.run(command, env={**os.environ, **settings}, check=True)


if __name__ == "__main__":
    main(sys.argv[1:])
