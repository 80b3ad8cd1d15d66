import json
import subprocess
import sys
from pathlib import Path

import pytest

from engines import catalog
from engines.recipe import OneOf, Range, describe, registry


def test_the_shipped_copy_is_current() -> None:
    shipped = catalog.SHIPPED.read_text("utf-8")
    assert catalog.generate() == shipped, "run: python -m engines.catalog assets/catalog.json"
    assert json.loads(shipped)["sources"] == catalog.sources_hash()


def test_it_says_what_the_recipes_say() -> None:
    known = catalog.load_catalog()
    assert list(known) == list(registry())
    for name, recipe in registry().items():
        entry = known[name]
        assert (entry.title, entry.paper, entry.kind) == (recipe.title, recipe.paper, recipe.kind)
        assert (entry.learns, entry.usual) == (recipe.learns, recipe.usual)
        assert entry.presets == recipe.presets
        described = describe(recipe.settings_type)
        assert [s.name for s in entry.settings] == list(described)
        plain = recipe.settings_type()
        for setting in entry.settings:
            kind, limits, label = described[setting.name]
            assert (setting.type, setting.label) == (kind.__name__, label)
            assert setting.default == getattr(plain, setting.name)
            if isinstance(limits, Range):
                assert (setting.least, setting.greatest) == (limits.least, limits.greatest)
            assert setting.options == (limits.options if isinstance(limits, OneOf) else ())


def test_every_recipe_says_in_one_sentence_what_it_learns_from_what() -> None:
    said = [entry.learns for entry in catalog.load_catalog().values()]
    for sentence in said:
        assert sentence.startswith("It learns to ")
        assert ", from " in sentence
        assert sentence.index(".") == len(sentence) - 1 <= 130
    assert len(set(said)) == len(said)


def test_one_recipe_of_a_kind_at_most_is_begun_with() -> None:
    known = catalog.load_catalog()
    begun = [entry.kind for entry in known.values() if entry.usual]
    assert sorted(begun) == sorted(set(begun))
    assert {"layout", "paired", "image"} <= set(begun)


def test_reading_needs_no_torch() -> None:
    code = (
        "import sys; from engines.catalog import load_catalog; "
        "assert 'spade' in load_catalog(); assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_hash_follows_every_source(tmp_path: Path) -> None:
    (tmp_path / "engines" / "recipes").mkdir(parents=True)
    main, one = tmp_path / "engines" / "recipe.py", tmp_path / "engines" / "recipes" / "one.py"
    main.write_text("a\n")
    one.write_text("b\n")
    seen = {catalog.sources_hash(tmp_path)}
    main.write_bytes(b"a\r\n")
    assert catalog.sources_hash(tmp_path) in seen  # Another system's line ends change nothing.
    for path, text in ((main, "c\n"), (one, "d\n"), (one.with_name("two.py"), "b\n")):
        path.write_text(text)
        assert catalog.sources_hash(tmp_path) not in seen
        seen.add(catalog.sources_hash(tmp_path))


def test_changed_sources_are_read_in_a_child_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    changed = json.loads(catalog.SHIPPED.read_text("utf-8"))
    changed["sources"] = "of-tomorrow"
    changed["recipes"] = changed["recipes"][:1]
    calls: list[int] = []

    def generate() -> str:
        calls.append(1)
        return json.dumps(changed)

    monkeypatch.setattr(catalog, "sources_hash", lambda: "of-tomorrow")
    monkeypatch.setattr(catalog, "generate", generate)
    for _ in range(2):
        assert list(catalog.load_catalog()) == [changed["recipes"][0]["id"]]
    assert calls == [1]
    (kept,) = tmp_path.rglob("catalog-*.json")
    kept.write_text("{torn")
    assert list(catalog.load_catalog())
    assert calls == [1, 1]
