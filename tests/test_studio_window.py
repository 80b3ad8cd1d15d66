"""The window, by events only: painting, sliders, styles, undo, results, and controls from ports."""

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication, QComboBox, QLineEdit

from tests.hands import Hands


def ids(hands: Hands) -> np.ndarray:
    return hands.window.studio.session.document.ids.copy()


def picture(hands: Hands) -> np.ndarray:
    hands.settle()
    found = hands.window.studio.live.picture
    assert found is not None
    return found.copy()


def test_a_stroke_is_seen_in_the_picture_and_undone(hands: Hands) -> None:
    before, pictured = ids(hands), picture(hands)
    hands.click("Mountain")
    hands.keys("B")
    hands.stroke((0.2, 0.3), (0.6, 0.4))
    after = ids(hands)
    changed = after != before
    assert 500 < changed.sum() < 60_000
    port = hands.window.studio.session.layout_port
    assert port is not None
    names = hands.window.studio.session.scene.palette
    assert {names[n].name for n in np.unique(after[changed])} == {"mountain"}
    moved = np.abs(picture(hands).astype(int) - pictured).max(2)
    # The picture changed where the layout did, and hardly far away from there.
    assert moved[60:110, 60:150].mean() > 4 * moved[200:, 200:].mean()
    hands.keys("Ctrl+Z")
    assert (ids(hands) == before).all()
    assert (picture(hands) == pictured).all()
    hands.keys("Ctrl+Y")
    assert (ids(hands) == after).all()


def test_tools_do_what_they_are_called(hands: Hands) -> None:
    hands.click("Forest")
    hands.keys("R")
    before = ids(hands)
    hands.stroke((0.1, 0.1), (0.3, 0.2))
    box = np.argwhere(ids(hands) != before)
    assert np.ptp(box[:, 0]) == pytest.approx(51, abs=3)
    assert np.ptp(box[:, 1]) == pytest.approx(102, abs=3)
    hands.keys("E")
    hands.stroke((0.2, 0.15), (0.25, 0.15))
    assert (ids(hands) == 255).any()
    hands.keys("Ctrl+Z")
    hands.keys("I")
    hands.stroke((0.2, 0.15), (0.2, 0.15))
    forest = hands.window.studio.tools.class_id
    assert hands.window.studio.session.scene.palette[forest].name == "forest"
    hands.click("House")
    hands.keys("G")
    hands.stroke((0.2, 0.15), (0.2, 0.15))
    after = ids(hands)
    house = hands.window.studio.tools.class_id
    assert set(np.unique(after[60:95, 60:140])) == {house}
    hands.keys("X")
    assert hands.window.studio.tools.class_id == forest


def test_a_command_ends_the_stroke_in_hand(hands: Hands) -> None:
    before = ids(hands)
    hands.click("Rock")
    hands.keys("B")
    hands.stroke((0.2, 0.3), (0.4, 0.3), lift=False)
    hands.keys("Ctrl+Z")
    assert (ids(hands) == before).all()
    hands.stroke((0.5, 0.3), (0.6, 0.3))
    assert (ids(hands) != before).any()
    assert len(hands.window.studio.session.history.done) == 1


def test_what_was_set_without_a_step_is_recovered_too(hands: Hands) -> None:
    files = hands.window.studio.files
    palette, model = files.session.scene.palette, files.session.scene.model
    assert model is not None
    hands.keys("B")
    hands.stroke((0.2, 0.3), (0.4, 0.3))
    after = ids(hands)
    assert files.kept is not None
    folder = files.kept.folder
    files.kept.leave()
    assert files.tabs.now is not None
    files.tabs.now.kept = None
    kept = files.desk.adopt(folder)
    assert kept.history.document.scene.palette == palette
    assert kept.history.document.scene.model == model
    assert (kept.history.document.ids == after).all()
    kept.close()


def test_pressure_widens_the_stroke(hands: Hands) -> None:
    hands.click("Rock")
    hands.keys("B")
    before = ids(hands)
    hands.pen((0.2, 0.1, 0.1), (0.8, 0.1, 1.0))
    covered = (ids(hands) != before).sum(0)
    left, right = covered[int(0.25 * 512)], covered[int(0.75 * 512)]
    assert 0 < left < right


def test_a_dragged_slider_is_one_step_and_a_double_click_resets_it(hands: Hands) -> None:
    before = picture(hands)
    session = hands.window.studio.session
    started = session.scene.values
    hands.slide("Fog", 0.95)
    assert session.scene.values["attributes"]["fog"] > 0.9
    foggy = picture(hands)
    assert np.abs(foggy.astype(int) - before).mean() > 1
    assert len(session.history.done) == 1
    hands.slide("Cloudiness", 0.1)
    assert len(session.history.done) == 2
    hands.double_click("Fog")
    assert "fog" not in session.scene.values["attributes"]
    hands.keys("Ctrl+Z")
    hands.keys("Ctrl+Z")
    assert (picture(hands) == foggy).all()
    hands.keys("Ctrl+Z")
    assert session.scene.values == started
    assert (picture(hands) == before).all()


def test_a_dropped_photo_sets_the_style_and_undo_takes_it_back(
    hands: Hands, tmp_path: Path
) -> None:
    from PIL import Image

    before = picture(hands)
    photo = tmp_path / "Abendröte im März.png"
    Image.new("RGB", (300, 200), (200, 60, 20)).save(photo)
    hands.drop("Style picture", photo)
    warm = picture(hands)
    assert np.abs(warm.astype(int) - before).mean() > 1
    assert hands.window.studio.session.scene.values["photo"].name == photo.name
    hands.keys("Ctrl+Z")
    assert (picture(hands) == before).all()
    hands.drop("Picture", photo)
    assert (picture(hands) == warm).all()


def test_a_surprise_leaves_the_locked_alone(hands: Hands) -> None:
    hands.slide("Fog", 0.3)
    session = hands.window.studio.session
    fog = session.scene.values["attributes"]["fog"]
    hands.click("Lock Fog")
    for _ in range(3):
        hands.keys("Ctrl+R")
    assert session.scene.values["attributes"]["fog"] == fog
    assert len(session.history.done) == 5
    assert len(session.scene.values["style"]) == 64


def test_pictures_one_pauses_on_are_kept_and_lead_back(hands: Hands) -> None:
    results = hands.window.studio.results
    hands.wait(lambda: len(results.items) == 1, "the first result")
    first = ids(hands)
    hands.keys("B")
    hands.stroke((0.3, 0.5), (0.7, 0.5))
    hands.wait(lambda: len(results.items) == 2, "the second result")
    strip = hands.window.strip.list
    results.restore(results.items[1])
    assert (ids(hands) == first).all()
    assert strip.count() == 2
    hands.keys("Ctrl+Z")
    assert (ids(hands) != first).any()


def test_the_page_fits_in_every_arrangement(hands: Hands) -> None:
    view = hands.window.studio.view
    for key in ("F2", "F3", "F4", "F5", "F6", "F2"):
        hands.keys(key)
        for _ in range(5):
            QApplication.processEvents()
        canvas = hands.window.desktop.first
        room = min(canvas.room)
        assert 0.9 * room < view.scale * 512 <= room


def test_nothing_is_rendered_while_nobody_can_see_it(hands: Hands) -> None:
    hands.settle()
    serial = hands.window.studio.live._serial
    hands.keys("F5")
    hands.stroke((0.3, 0.5), (0.7, 0.5))
    QApplication.processEvents()
    assert hands.window.studio.live._serial == serial
    hands.keys("F2")
    hands.settle()
    assert hands.window.studio.live._serial > serial


# Controls of a model that nobody has seen
# ----------------------------------------------------------


def strange_model(folder: Path) -> Path:
    """A lone .onnx: mask, number, choice, text and attributes make the three colours."""
    import json

    import onnx
    from onnx import TensorProto as T
    from onnx import helper

    from engines.ports import Attributes, Choice, Image, Mask, Scalar, Text
    from engines.runtime.bundle import METADATA

    inputs = [
        Mask("where", "Where to paint"),
        Scalar("strength", "Strength", minimum=0.0, maximum=2.0, initial=1.0),
        Choice("tint", "Tint", options=("none", "half", "full")),
        Attributes("moods", names=("calm", "wild")),
        Text("caption", "Caption", length=8),
    ]
    output = Image("picture", "Picture", multiple=8, minimum=64, maximum=512)
    nodes = [
        helper.make_node("Reshape", ["strength", "column"], ["s"]),
        helper.make_node("Mul", ["where", "s"], ["red"]),
        helper.make_node("Cast", ["tint"], ["t"], to=T.FLOAT),
        helper.make_node("Reshape", ["t", "column"], ["tc"]),
        helper.make_node("Mul", ["where", "tc"], ["green"]),
        helper.make_node("Cast", ["caption"], ["letters"], to=T.FLOAT),
        helper.make_node("ReduceMean", ["letters", "axis"], ["letter"]),
        helper.make_node("ReduceMean", ["moods", "axis"], ["mood"]),
        helper.make_node("Mul", ["letter", "scale"], ["small"]),
        helper.make_node("Add", ["small", "mood"], ["both"]),
        helper.make_node("Reshape", ["both", "column"], ["b"]),
        helper.make_node("Mul", ["where", "b"], ["blue"]),
        helper.make_node("Concat", ["red", "green", "blue"], ["rgb"], axis=1),
        helper.make_node("Tanh", ["rgb"], ["picture"]),
    ]
    types = {"float32": T.FLOAT, "int64": T.INT64, "uint8": T.UINT8}

    def info(port: object) -> list[object]:
        return [
            helper.make_tensor_value_info(a.name, types[a.dtype], list(a.axes))
            for a in port.tensors()  # type: ignore[attr-defined]
        ]

    constants = [
        helper.make_tensor("column", T.INT64, [4], [-1, 1, 1, 1]),
        helper.make_tensor("axis", T.INT64, [1], [1]),
        helper.make_tensor("scale", T.FLOAT, [1], [0.01]),
    ]
    graph = helper.make_graph(
        nodes, "g", [i for port in inputs for i in info(port)], info(output), constants
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    told = {
        "format": 1,
        "name": "g",
        "label": "Paint",
        "title": "Strange",
        "inputs": [port.to_json() for port in inputs],
        "outputs": [output.to_json()],
    }
    helper.set_model_props(model, {METADATA: json.dumps(told)})
    path = folder / "strange.onnx"
    onnx.save(model, str(path))
    return path


def test_an_unseen_mix_of_ports_gets_working_controls(hands: Hands, tmp_path: Path) -> None:
    studio = hands.window.studio
    hands.drop("Layout", strange_model(tmp_path))
    hands.wait(lambda: studio.session.bundle.title == "Strange", "the model")
    started = studio.session.scene
    seen = [picture(hands)]

    def differs() -> None:
        now = picture(hands)
        assert all(np.abs(now.astype(int) - old).max() > 2 for old in seen)
        seen.append(now)

    hands.slide("Strength", 0.1)
    differs()
    choice = hands.find("Tint", QComboBox)
    hands.keys("Down", choice)
    hands.keys("Down", choice)
    differs()
    hands.slide("Wild", 0.9)
    differs()
    line = hands.find("Caption", QLineEdit)
    hands.click("Caption")
    for letter in "zebra":
        hands.keys(letter, line)
    hands.wait(lambda: studio.session.scene.values.get("caption") == "zebra", "the caption")
    differs()
    where = hands.find("Where to paint", QComboBox)
    for _ in range(9):
        hands.keys("Down", where)
    assert studio.session.scene.values["where"] in {c.name for c in studio.session.scene.palette}
    differs()
    for _ in studio.session.history.done[1:]:
        hands.keys("Ctrl+Z", hands.canvas())
    assert studio.session.scene == started
    assert (picture(hands) == seen[0]).all()
