import itertools
import sys
import types
from pathlib import Path

import pytest

from engines import bench, claims
from engines.bench import Comparison, Timings, alternate
from engines.claims import Lab, Result, Row
from engines.declared import declared
from engines.errors import UserError


def row(ours: list[float], baseline: list[float], better: str = "higher", margin: float = 0) -> Row:
    assert better in ("higher", "lower")
    return Row("f", "ours", ours, "theirs", baseline, better, margin)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("ours", "baseline", "better", "margin", "verdict"),
    [
        ([3, 4, 5], [1, 2, 3], "higher", 0, "holds"),
        ([3, 4, 5], [1, 2, 3], "lower", 0, "does not hold"),
        ([1, 2, 3], [3, 4, 5], "lower", 0, "holds"),
        ([3, 4, 5], [1, 2, 3], "higher", 2.5, "does not hold"),
        ([2, 9, 1], [1, 1, 1], "higher", 0, "undecided"),  # gains 1, 8, 0: mean 3, deviation 4.4
        ([1, 1, 1], [1, 1, 1], "higher", 0, "does not hold"),
        ([float("nan")] * 3, [1, 1, 1], "higher", 0, "does not hold"),
    ],
)
def test_a_row_holds_where_the_gain_exceeds_its_spread(
    ours: list[float], baseline: list[float], better: str, margin: float, verdict: str
) -> None:
    assert row(ours, baseline, better, margin).verdict == verdict


def test_a_row_needs_as_many_values_on_both_sides() -> None:
    for wrong in (([1.0, 2.0], [1.0]), ([1.0], [1.0])):
        with pytest.raises(ValueError, match="two or more"):
            row(*wrong)


def test_a_result_is_as_good_as_its_worst_row() -> None:
    good, bad = row([3, 4, 5], [1, 2, 3]), row([1, 1, 1], [2, 2, 2])
    assert Result("i", "r", "s", (good,), False, 1).verdict == "holds"
    assert Result("i", "r", "s", (good, bad), False, 1).verdict == "does not hold"
    assert Result("i", "r", "s", (good,), True, 1).verdict == "not judged"


def test_alternation_turns_the_order_and_leaves_the_warmup_out() -> None:
    order: list[str] = []
    clock = itertools.count()
    work = {name: (lambda name=name: order.append(name)) for name in "abc"}
    times = alternate(work, rounds=3, warmup=1, clock=lambda: float(next(clock)))
    assert "".join(order) == "cababcbcacab"
    assert {name: len(values) for name, values in times.seconds.items()} == dict.fromkeys("abc", 3)
    assert times.median("a") == 1.0


def test_a_ratio_is_taken_within_rounds() -> None:
    # A machine that is ten times slower in the second round slows both alike.
    times = Timings({"ours": (1.0, 10.0, 1.0), "theirs": (2.0, 20.0, 2.0)})
    assert times.ratios("ours", "theirs") == [2.0, 2.0, 2.0]
    assert Comparison("w", "ours", "theirs", times, wanted=2.0).met
    assert not Comparison("w", "ours", "theirs", times, wanted=2.1).met
    assert "NOT met" in Comparison("w", "ours", "theirs", times, wanted=2.1).text()


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
    """A package whose one module counts its imports."""
    folder = tmp_path / "made_claims"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "one.py").write_text(
        "from engines.claims import Row, claim\n"
        '@claim(id="made", recipe="pix2pix", statement="More " "is more.")\n'
        "def made(lab):\n"
        "    assert lab.folder.is_dir()\n"
        '    yield Row("f", "ours", [lab.steps(500)] * 3, "theirs", [1, 2, 3], "higher")\n'
    )
    monkeypatch.syspath_prepend(tmp_path)
    import importlib

    made = importlib.import_module("made_claims")
    monkeypatch.setattr(claims, "known", lambda: declared(made, "claim"))
    monkeypatch.setattr(claims, "_CLAIMS", {})
    yield made
    for name in [n for n in sys.modules if n.startswith("made_claims")]:
        del sys.modules[name]


def test_listing_imports_nothing(package: types.ModuleType) -> None:
    assert claims.chosen([])["made"].words["statement"] == "More is more."
    assert set(claims.chosen(["pix2pix"])) == {"made"}
    assert "made_claims.one" not in sys.modules
    with pytest.raises(UserError, match="no claim 'other'"):
        claims.chosen(["other"])


def test_a_claim_is_measured_and_written(package: types.ModuleType, tmp_path: Path) -> None:
    shown: list[Row] = []
    entry = claims.known()["made"]
    result = claims.measure("made", entry, Lab(tmp_path), shown.append)
    assert result.rows == tuple(shown)
    assert result.verdict == "holds"
    page = claims.page([claims.to_json(result)])
    assert "## made (pix2pix): holds" in page
    assert "ours: 500 ± 0 | theirs: 2 ± 1" in page
    quick = claims.measure("made", entry, Lab(tmp_path, quick=True), shown.append)
    assert quick.rows[0].ours == [10, 10, 10]
    assert quick.verdict == "not judged"


def test_two_of_one_id_are_refused(package: types.ModuleType) -> None:
    (Path(package.__path__[0]) / "two.py").write_text(
        '@claim(id="made", recipe="x", statement="y")\ndef made(lab): ...\n'
    )
    with pytest.raises(ValueError, match="twice"):
        declared(package, "claim")


def test_what_ships_is_declared_properly() -> None:
    for entry in claims.known().values():
        assert set(entry.words) == {"id", "recipe", "statement"}
    for entry in bench.known().values():
        assert set(entry.words) == {"id", "statement"}
