"""A folder of 100,000 pictures: looked through in bounded memory, and given up when asked."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engines.data.scan import scan

ROOT = Path(__file__).parents[1]
COUNT = 100_000
SCAN = """
import json, resource, sys, time
from engines.data.scan import scan
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
start, cpu = time.monotonic(), time.process_time()
report = scan(sys.argv[1])
told = {"pictures": report.pictures, "problems": report.count, "counted": report.counted,
        "kind": report.kind, "seconds": time.monotonic() - start, "cpu": time.process_time() - cpu,
        "more": (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024}
print(json.dumps(told))
"""


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Photos and layouts, 100,000 of each, as links to 50."""
    home = tmp_path_factory.mktemp("large")
    rng = np.random.default_rng(0)
    for i in range(50):
        small = Image.fromarray(rng.integers(0, 256, (8, 8, 3), np.uint8))
        small.resize((256, 192)).save(home / f"{i}.jpg")
        Image.fromarray(rng.integers(0, 5, (192, 256), np.uint8)).save(home / f"{i}.png")
    for part, ending in (("photos", "jpg"), ("layouts", "png")):
        (home / "set" / part).mkdir(parents=True)
        for i in range(COUNT):
            os.symlink(home / f"{i % 50}.{ending}", home / "set" / part / f"view {i:06d}.{ending}")
    return home / "set"


@pytest.mark.slow
def test_a_large_folder_is_looked_through_in_bounded_memory(large: Path) -> None:
    for folder, kind in ((large / "photos", "image"), (large, "layout")):
        done = subprocess.run(
            [sys.executable, "-c", SCAN, folder], cwd=ROOT, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        told = json.loads(done.stdout)
        print(told)
        assert (told["pictures"], told["problems"], told["kind"]) == (COUNT, 0, kind)
        assert told["more"] < 2_000 * COUNT  # bytes: names and paths, and no pictures


@pytest.mark.slow
@pytest.mark.parametrize("after", [1, 50_000, 150_000, 250_000])
def test_a_large_folder_is_given_up_at_once(large: Path, after: int) -> None:
    asked = 0

    def cancelled() -> bool:
        nonlocal asked
        asked += 1
        return asked > after

    report = scan(large, cancelled=cancelled)
    assert report.cancelled
    assert asked <= after + 3
