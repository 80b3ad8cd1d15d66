"""What leaves is what is seen, with the document inside; what comes is a layer."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image
from pytestqt.qtbot import QtBot

from engines.data.spec import PaletteClass
from studio.document.carried import Result, read_png
from studio.document.document import Document
from studio.document.edit import Edit
from studio.document.layers import LAYOUT, Kind, walk
from studio.document.raster import Area, Shape
from studio.document.scene import Scene
from studio.lanes.work import Job, WorkLane
from studio.models.files import enlarged
from studio.models.layering import Layering
from studio.models.leaving import Leaving, seen
from studio.models.library import Library
from studio.models.session import Session

PALETTE = (PaletteClass("a", "#ff0000"), PaletteClass("b", "#00ff00"))
SIZE = (20, 30)


@pytest.fixture
def leaving(qtbot: QtBot) -> Iterator[Leaving]:
    lane = WorkLane()
    session = Session(Library(lane))
    session.show(Document.blank(SIZE, Scene(palette=PALETTE)))
    live = SimpleNamespace(picture=None)
    results = SimpleNamespace(session=session, live=live, now=lambda: None)
    layering = Layering(session, live)  # type: ignore[arg-type]
    made = Leaving(results, layering, lane)  # type: ignore[arg-type]
    yield made
    lane.close()


def paint(leaving: Leaving, layer: int, area: Area, value: object) -> None:
    edit = Edit(leaving.session.document, "paint", layer)
    edit.paint(Shape(area), value)
    leaving.session.commit(edit)


def twice(job: Job, result: Result) -> Result:
    return replace(result, pixels=enlarged(result.pixels, 2))


def test_a_document_without_a_model_leaves_and_comes_back(
    leaving: Leaving, qtbot: QtBot, tmp_path: Path
) -> None:
    paint(leaving, LAYOUT, Area(0, 0, 10, 30), 1)
    leaving.layering.add_picture()
    photo = leaving.session.active
    paint(leaving, photo, Area(5, 0, 20, 10), (0, 0, 200, 127))
    path = tmp_path / "seen.png"
    with qtbot.waitSignal(leaving.told):
        leaving.export_seen(path, twice)
    pixels = np.asarray(Image.open(path))
    assert pixels.shape == (40, 60, 3)
    assert pixels[2, 50].tolist() == [0, 255, 0]
    assert pixels[38, 50].tolist() == [255, 255, 255]  # Nothing there: white.
    assert np.abs(pixels[36, 4].astype(int) - (128, 128, 228)).max() <= 1  # Half blue on white.
    assert np.abs(pixels[14, 4].astype(int) - (0, 128, 100)).max() <= 1  # Half blue on green.
    found = read_png(path)
    assert found is not None
    assert found.document is not None
    assert found.document.scene == leaving.session.scene
    assert np.array_equal(found.document.plane(photo), leaving.session.document.plane(photo))


def test_a_picture_comes_as_a_layer_that_can_be_undone(
    leaving: Leaving, qtbot: QtBot, tmp_path: Path
) -> None:
    Image.new("RGBA", (60, 20), (9, 8, 7, 255)).save(tmp_path / "wide.png")
    before = leaving.session.scene
    with qtbot.waitSignal(leaving.session.active_changed):
        leaving.import_layer(tmp_path / "wide.png")
    layer = next(e for e in walk(leaving.session.scene.layers) if e.kind is Kind.PICTURE)
    assert layer.name == "wide"
    plane = leaving.session.document.plane(layer.id)
    assert plane[10, 15].tolist() == [9, 8, 7, 255]
    assert not plane[0].any()
    leaving.session.undo()
    assert leaving.session.scene == before
    (tmp_path / "bad.png").write_bytes(b"nothing")
    with qtbot.waitSignal(leaving.problem, check_params_cb=lambda text: "bad.png" in text):
        leaving.import_layer(tmp_path / "bad.png")


def test_only_a_bare_picture_leaves_as_the_model_made_it(leaving: Leaving) -> None:
    assert leaving.layered  # There is no picture of a model.
    leaving.results.live.picture = np.full((10, 15, 3), 50, np.uint8)
    assert not leaving.layered
    result = seen(leaving.session.document, leaving.results.live.picture, None)
    assert (result.pixels == 50).all()
    leaving.layering.add_picture()
    assert leaving.layered
    leaving.layering.show(leaving.session.active, False)
    assert not leaving.layered
    leaving.layering.set_opacity(2, 0.5)
    assert leaving.layered


def test_layers_leave_for_other_programs(leaving: Leaving, qtbot: QtBot, tmp_path: Path) -> None:
    from psd_tools import PSDImage

    paint(leaving, LAYOUT, Area(0, 0, 10, 30), 0)
    leaving.layering.add_picture()
    with qtbot.waitSignal(leaving.told):
        leaving.export_psd(tmp_path / "a.psd")
    opened = PSDImage.open(tmp_path / "a.psd")
    assert opened.size == (30, 20)
    assert next(layer.name for layer in opened) == "Layout"
