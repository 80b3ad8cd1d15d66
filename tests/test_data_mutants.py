"""Damaged data folders and run directories: a plain sentence each, no hang, nothing changed."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
SECONDS = 60.0  # for one folder, on a machine that has other things to do
SLACK = 120.0  # for a process to come up


def read_all(home: Path, what: str, seeds: list[int]) -> list[dict[str, Any]]:
    """How the reading of each ended; after one that dies or hangs a new process goes on."""
    ended: list[dict[str, Any]] = []
    while len(ended) < len(seeds):
        rest = seeds[len(ended) :][:50]
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.mutants", str(home), what],
            cwd=ROOT,
            env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            limit = SLACK + SECONDS + 3 * len(rest)
            out, err = process.communicate("\n".join(map(str, rest)), timeout=limit)
            how = f"died ({process.returncode}): {err[-600:]}"
        except subprocess.TimeoutExpired:
            process.kill()
            out, _ = process.communicate()
            how = "never ended"
        lines = [json.loads(line) for line in out.splitlines() if line.startswith("{")]
        ended += lines
        if len(lines) < len(rest):
            ended.append({"seed": rest[len(lines)], "how": how, "seconds": 0.0, "memory": 0})
    return ended


@pytest.mark.parametrize("what", ["data", "run"])
@pytest.mark.parametrize(
    ("first", "count"),
    [(0, 30), pytest.param(1000, 1000, marks=[pytest.mark.slow, pytest.mark.timeout(7200)])],
)
def test_damaged_folders(tmp_path: Path, what: str, first: int, count: int) -> None:
    ended = read_all(tmp_path, what, list(range(first, first + count)))
    wrong = [each for each in ended if each["how"] != "fine" or each["seconds"] > SECONDS]
    assert wrong == []
    assert len(ended) == count
    print(f"{count} {what}: at most {max(each['seconds'] for each in ended):.1f} s and "
          f"{max(each['memory'] for each in ended) / 1e6:.0f} MB")  # fmt: skip
