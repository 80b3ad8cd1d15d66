"""Keys that an artist may change: no two commands with one, kept, exported, and found by words."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QSettings

from engines.errors import UserError
from studio.models.finder import Findable, ranked, score, used
from studio.models.shortcuts import Shortcuts, canonical


def settings(folder: Path) -> QSettings:
    return QSettings(str(folder / "settings.ini"), QSettings.Format.IniFormat)


@pytest.fixture
def shortcuts(tmp_path: Path) -> Shortcuts:
    made = Shortcuts(settings(tmp_path))
    made.add("save", ["Ctrl+S"])
    made.add("redo", ["Ctrl+Shift+Z", "Ctrl+Y"])
    made.add("brush", ["b"])
    made.add("about", [])
    return made


def test_keys_are_written_in_one_way() -> None:
    assert canonical("ctrl+shift+z") == "Ctrl+Shift+Z"
    for wrong in ("", "Foo", "Ctrl+", "Ctrl+K, Ctrl+S", "\0"):
        with pytest.raises(ValueError, match="is no key"):
            canonical(wrong)


def test_a_key_has_one_command(shortcuts: Shortcuts) -> None:
    assert shortcuts.owners(["Ctrl+y", "Ctrl+S"], "save") == {"Ctrl+Y": "redo"}
    heard: list[str] = []
    shortcuts.changed.connect(heard.append)
    shortcuts.give("about", ["Ctrl+Y", "F1", "F1"])
    assert shortcuts["about"] == ("Ctrl+Y", "F1")
    assert shortcuts["redo"] == ("Ctrl+Shift+Z",)
    assert set(heard) == {"about", "redo"}
    shortcuts.reset("redo")
    assert shortcuts["redo"] == ("Ctrl+Shift+Z", "Ctrl+Y")
    assert shortcuts["about"] == ("F1",)
    shortcuts.reset_all()
    assert not any(map(shortcuts.is_changed, shortcuts.names))


def test_what_was_chosen_is_there_the_next_time(shortcuts: Shortcuts, tmp_path: Path) -> None:
    shortcuts.give("brush", ["P"])
    shortcuts.give("save", [])
    again = Shortcuts(settings(tmp_path))
    assert again.add("brush", ["B"]) == ("P",)
    assert again.add("save", ["Ctrl+S"]) == ()
    assert again.add("about", []) == ()


@pytest.mark.parametrize("stored", ["{", '{"format": 2}', "[]", '{"format": 1, "keys": {"a": 3}}'])
def test_spoilt_settings_leave_the_usual_keys(tmp_path: Path, stored: str) -> None:
    kept = settings(tmp_path)
    kept.setValue("shortcuts", stored)
    assert Shortcuts(kept).add("brush", ["B"]) == ("B",)


def test_exported_keys_can_be_imported(shortcuts: Shortcuts, tmp_path: Path) -> None:
    shortcuts.give("brush", ["P", "Ctrl+Y"])
    path = tmp_path / "keys.json"
    shortcuts.save(path)
    shortcuts.reset_all()
    shortcuts.give("save", ["F12"])
    assert shortcuts.load(path) == 0
    assert shortcuts["brush"] == ("P", "Ctrl+Y")
    assert shortcuts["redo"] == ("Ctrl+Shift+Z",)
    assert shortcuts["save"] == ("Ctrl+S",)
    plain = json.loads(path.read_text())
    plain["keys"] |= {"gone": ["F8"], "about": ["Space", "F7"]}
    path.write_text(json.dumps(plain))
    assert shortcuts.load(path) == 1
    assert shortcuts["about"] == ("F7",)


@pytest.mark.parametrize(
    "text", ["", "[[", '{"format": 1, "keys": {"brush": ["Foo"]}}', '{"format": 1, "keys": [1]}']
)
def test_a_strangers_file_changes_nothing(shortcuts: Shortcuts, tmp_path: Path, text: str) -> None:
    path = tmp_path / "keys.json"
    path.write_text(text)
    shortcuts.give("brush", ["P"])
    with pytest.raises(UserError, match=r"keys\.json holds no shortcuts"):
        shortcuts.load(path)
    assert shortcuts["brush"] == ("P",)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["save", "redo", "brush", "about"]),
            st.lists(st.sampled_from(["A", "B", "Ctrl+Y", "Ctrl+S", "F1"]), max_size=3),
        )
    )
)
def test_whatever_is_given_no_key_is_ambiguous(gifts: list[tuple[str, list[str]]]) -> None:
    made = Shortcuts(QSettings("/nonexistent/x.ini", QSettings.Format.IniFormat))
    for name, keys in (("save", ["Ctrl+S"]), ("redo", ["Ctrl+Y"]), ("brush", ["B"]), ("about", [])):
        made.add(name, keys)
    for name, keys in gifts:
        made.give(name, keys)
        assert made[name] == tuple(dict.fromkeys(keys))
        held = [key for each in made.names for key in made[each]]
        assert len(held) == len(set(held))


# Finding ------------------------------------------------------------------------------------------


def items(*titles: str) -> list[Findable]:
    return [Findable(title, title, lambda: None) for title in titles]


ALL = items(
    "Brush", "Larger brush", "Side by side", "Layout only", "Eraser", "Save as", "Save", "Undo"
)


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("brush", "Brush"),
        ("larg br", "Larger brush"),
        ("sbs", "Side by side"),
        ("save", "Save"),
        ("brsuh", "Brush"),
        ("braser", "Eraser"),
        ("lyout", "Layout only"),
        ("ÚNDO", "Undo"),
        ("only lay", "Layout only"),
    ],
)
def test_words_find_what_is_meant(query: str, first: str) -> None:
    assert ranked(query, ALL)[0].title == first


def test_every_word_is_met_where_that_can_be() -> None:
    assert ranked("zz", ALL) == []
    assert [i.title for i in ranked("brush larger", ALL)] == ["Larger brush"]
    assert [i.title for i in ranked("larger zz", ALL)] == ["Larger brush"]
    assert ranked("larger zz qq", ALL) == []
    assert ranked("  ", ALL) == ALL


def test_a_word_is_found_by_one_that_stems_from_it() -> None:
    grow = Findable("1", "Grow", lambda: None, place="Select")
    assert ranked("selection grow", [grow, *ALL]) == [grow]


def test_a_title_comes_before_a_synonym_and_a_synonym_before_a_menu() -> None:
    title = Findable("1", "Paint it", lambda: None)
    synonym = Findable("2", "Brush", lambda: None, words="paint draw")
    place = Findable("3", "Fill", lambda: None, place="Paint › Fill")
    assert ranked("paint", [place, synonym, title]) == [title, synonym, place]
    assert score("draw", title) == 0


def test_what_was_used_last_comes_first_among_equals() -> None:
    assert [i.title for i in ranked("", ALL, ["Undo", "Eraser"])[:3]] == ["Undo", "Eraser", "Brush"]
    assert ranked("sa", ALL, ["Save as"])[0].title == "Save as"
    assert ranked("layout", ALL, ["Save as"])[0].title == "Layout only"
    assert used("b", ["a", "b", "c"]) == ["b", "a", "c"]
    assert len(used("x", [str(n) for n in range(50)])) == 12


def test_what_cannot_be_done_comes_after_what_can() -> None:
    off = Findable("1", "Copy", lambda: None, why_not="There is no picture.")
    on = Findable("2", "Copy", lambda: None)
    assert ranked("copy", [off, on]) == [on, off]
