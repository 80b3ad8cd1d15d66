"""How tools are set, from one start to the next: kept by closing, found again, nonsense ignored."""

import json

import pytest
from PySide6.QtCore import QSettings
from pytestqt.qtbot import QtBot

from studio.document.brush import Tip
from studio.document.mirror import Mirror
from studio.document.selecting import How
from studio.lanes.work import WorkLane
from studio.models import habits
from studio.models.library import Library
from studio.models.pen import Options
from studio.models.session import Session
from studio.models.tools import Tools
from studio.views.window import Window


@pytest.fixture
def tools(qtbot: QtBot) -> Tools:
    QSettings().remove(habits.KEY)
    return made()


def made() -> Tools:
    lane = WorkLane()
    session = Session(Library(lane))
    lane.close()
    tools = Tools(session)
    tools.setProperty("held", (lane, session))
    return tools


def test_what_was_set_is_found_again(tools: Tools) -> None:
    usual = made()
    habits.restore(usual)
    assert usual.options == tools.options  # Nothing was remembered yet.
    tools.set(
        pressure=False,
        tip=Tip.CHALK,
        angle=30.0,
        follow=True,
        steady=0.5,
        contiguous=False,
        gap=7,
        tolerance=99,
        how=How.ADD,
        margin=12,
        color=(1, 2, 3),
        mirror=Mirror(across=True, x=5.0, y=6.0),
    )
    tools.resize(77.5)
    # Whatever is an option is remembered, the place of the axes apart.
    assert all(vars(tools.options)[name] != vars(Options())[name] for name in vars(Options()))
    habits.keep(tools)
    other = made()
    middle = other.options.mirror
    habits.restore(other)
    assert other.size == 77.5
    assert other.options.mirror == Mirror(across=True, x=middle.x, y=middle.y)
    tools.set(mirror=other.options.mirror)
    assert other.options == tools.options


WRONG = {
    "pressure": [1, "yes", None],
    "tip": ["no such tip", 3, None, []],
    "angle": ["x", None, float("nan"), float("inf"), []],
    "steady": ["x", {}],
    "gap": ["x", float("nan")],
    "color": [[1, 2], 5, "red", [1, 2, "x"], None],
    "how": ["x"],
    "size": [float("nan"), None],
    "across": [1],
}


@pytest.mark.parametrize("name", WRONG)
def test_nonsense_is_left_out_and_the_rest_is_taken(tools: Tools, name: str) -> None:
    for wrong in WRONG[name]:  # type: ignore[attr-defined]
        plain = {"tolerance": 99, name: wrong}
        QSettings().setValue(habits.KEY, json.dumps(plain))
        other = made()
        before, size = other.options, other.size
        habits.restore(other)
        assert other.options.tolerance == 99
        assert (
            vars(other.options)[name if name in vars(before) else "mirror"]
            == (vars(before)[name if name in vars(before) else "mirror"])
        )
        assert other.size == size


@pytest.mark.parametrize("text", ["", "[]", "3", "{", '{"size": 1e9, "gap": -4, "steady": 7}'])
def test_whatever_is_there_the_tools_work(tools: Tools, text: str) -> None:
    QSettings().setValue(habits.KEY, text)
    habits.restore(tools)
    assert 1 <= tools.size <= 2000
    assert tools.options.gap == 0
    assert tools.options.steady in (0.0, 1.0)


def test_closing_the_window_keeps_them(window: Window) -> None:
    window.studio.tools.set(tip=Tip.SQUARE, steady=0.25)
    window.close()
    other = made()
    habits.restore(other)
    assert (other.options.tip, other.options.steady) == (Tip.SQUARE, 0.25)
