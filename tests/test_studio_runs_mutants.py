"""Run directories that are broken in all ways: shown or left out, never a crash, nothing deleted.

`MUTANTS=1000 python -m pytest tests/test_studio_runs_mutants.py` tries as many.
"""

import hashlib
import json
import os
import random
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image
from pytestqt.qtbot import QtBot

from engines.runs import Run
from studio.lanes.work import WorkLane
from studio.models.gallery_runs import SORTS, differences, sort_runs
from studio.models.training import Training
from studio.views.run_compare import RunCompareDialog
from studio.views.runs import TrainingPanel
from tests.running import fake, resumed, state, step

MUTANTS = int(os.environ.get("MUTANTS", "12"))
ODD: tuple[Any, ...] = (
    *(None, True, -1, 0, 1e308, float("nan"), float("inf"), 10**400, "", "x" * 5000, "\x00‮\n<b>"),
    *([], {}, [[]], {"a": {}}, "../../etc", "9" * 400),
)
JSONS = ("run.json", "order.json", "control", "lease", "bundle/card.json", "bundle/model.json")


def whole(home: Path, name: str) -> Run:
    """A run with one of everything."""
    notes = [
        {"kind": "alarm", "step": 3, "alarm": "collapse", "sentence": "All alike.", "over": False},
        {"kind": "advice", "step": 4, "best": 3, "sentence": "Step 3 is best."},
        {"kind": "rung", "step": 4, "rung": "half", "sentence": "Half the batch."},
        {"kind": "bounds", "step": 4, "figures": {"kid": {"floor": 0.1, "ceiling": 1.0}}},
        {"kind": "canvas", "step": 4, "file": "canvas-000000004.png"},
    ]
    steps = [{**step(n), "memory": 10**9, "wait": 0.1} for n in range(1, 8)]
    figures = {"kid": 0.5, "kid_low": 0.4, "kid_high": 0.6}
    measured = {"kind": "measure", "step": 4, "figures": figures}
    run = fake(home, resumed(0), *steps, measured, *notes, state("done"), name=name)
    for folder in ("previews", "snapshots", "bundle", "live"):
        (run.path / folder).mkdir()
    for picture in ("000000004.png", "nearest-000000004.png", "canvas-000000004.png"):
        Image.new("RGB", (64, 32)).save(run.path / "previews" / picture)
    run.snapshot_path(4).write_bytes(b"weights")
    run.steer("run")
    run.lease(1.0)
    sizes = [{"form": "float16", "bytes": 5, "milliseconds": {"256 x 256": 3}, "reason": ""}]
    card = {"sizes": sizes, "figures": {"kid": {"mean": 0.1}}}
    (run.path / "bundle" / "card.json").write_text(json.dumps(card))
    (run.path / "bundle" / "model.json").write_text('{"format": 1}')
    (run.path / "live" / "model.json").write_text("{}")
    return run


def spots(value: Any) -> list[tuple[Any, Any]]:
    """All places within JSON: (container, key)."""
    inside = value.items() if isinstance(value, dict) else enumerate(value)
    found: list[tuple[Any, Any]] = []
    for key, entry in list(inside):
        found.append((value, key))
        if isinstance(entry, dict | list):
            found += spots(entry)
    return found


def odd_value(text: str, rng: random.Random) -> str:
    """Valid JSON with one value that makes no sense, or one that is not there."""
    value = json.loads(text)
    places = spots(value)
    if places:
        container, key = rng.choice(places)
        if isinstance(container, dict) and rng.random() < 0.3:
            del container[key]
        else:
            container[key] = rng.choice(ODD)
    return json.dumps(value)


def mutate(run: Run, rng: random.Random) -> None:
    """Break one to three things of a run."""

    def in_json() -> None:
        path = run.path / rng.choice(JSONS)
        if path.is_file():
            path.write_text(odd_value(path.read_text(), rng))

    def in_event() -> None:
        if not run.events_path.is_file():
            return
        lines = run.events_path.read_text().splitlines()
        row = rng.randrange(len(lines))
        lines[row] = odd_value(lines[row], rng)
        run.events_path.write_text("\n".join(lines) + "\n")

    def bytes_of() -> None:
        files = sorted(p for p in run.path.rglob("*") if p.is_file())
        path = rng.choice(files)
        data = bytearray(path.read_bytes())
        for _ in range(rng.randrange(1, 9)):
            if data:
                data[rng.randrange(len(data))] = rng.randrange(256)
        path.write_bytes(bytes(data)[: rng.choice([None, 0, len(data) // 2])])

    def nested() -> None:
        path = run.path / rng.choice(JSONS)
        if path.is_file():
            path.write_text("[" * 50_000)

    def folder_for_file() -> None:
        path = run.path / rng.choice([*JSONS, "events.jsonl"])
        path.unlink()
        path.mkdir()

    def pipe_for_file() -> None:
        names = ("events.jsonl", "previews/000000004.png", "previews/canvas-000000004.png")
        path = run.path / rng.choice([*JSONS, *names, "log.txt", "snapshots/000000004.safetensors"])
        path.unlink(missing_ok=True)
        os.mkfifo(path)

    def strange_names() -> None:
        for name in ("²²².png", "9" * 200 + ".png", "canvas-.png", "-1.safetensors"):
            (run.path / "previews" / name).write_bytes(b"x")
        (run.path / "snapshots" / "²².safetensors").write_bytes(b"x")

    kinds: list[Callable[[], None]] = [in_json, in_json, in_event, in_event, bytes_of, bytes_of]
    kinds += [nested, folder_for_file, pipe_for_file, strange_names]
    for kind in rng.choices(kinds, k=rng.randrange(1, 4)):
        try:
            kind()
        except (ValueError, OSError):  # It is broken there already.
            continue


def listing(home: Path) -> dict[str, str]:
    return {
        str(path.relative_to(home)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(home.rglob("*"))
        if path.is_file() and not path.is_relative_to(home / ".queue")
    }


def test_broken_runs_are_shown_or_left_out_and_nothing_is_touched(
    tmp_path: Path, qtbot: QtBot
) -> None:
    work, failed = WorkLane(), []
    for number in range(MUTANTS):
        rng = random.Random(number)
        home = tmp_path / str(number)
        mutate(whole(home, "mutant"), rng)
        whole(home, "sound")
        before = listing(home)
        training = Training(work, home)
        panel = TrainingPanel(training, work)
        try:
            for run in training.runs:
                training.select(run)
                training.look()
                panel.detail.show_run(run)
                panel.detail.time.show_run(run, live=True)
                training.why_not_tune(run)
                training.guess("none", 100, 100.0)
                run.seconds_left, run.last_word  # noqa: B018
            panel.grab()
            panel.detail.curves.resize(400, 300)
            panel.detail.curves.grab()
            for how in SORTS:
                sort_runs(training.runs, how, training.status)
            if len(training.runs) == 2:
                differences(*training.runs)
                RunCompareDialog(*training.runs, training, panel).deleteLater()
            training.touch()
        except Exception as error:
            where = traceback.extract_tb(error.__traceback__)[-1]
            failed.append(f"mutant {number}: {error!r} at {where.filename}:{where.lineno}")
        finally:
            training.close()
            panel.close()
            panel.deleteLater()
        assert "sound" in [run.path.name for run in training.runs]
        assert listing(home) == before, f"mutant {number}"
    work.close()
    assert failed == []
