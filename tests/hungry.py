"""A training that gets less memory than it wants: `python hungry.py DATA RUN BYTES`."""

import resource
import sys
from pathlib import Path

from engines import footprint, train
from engines.launch import leading
from engines.runs import Run


def held() -> int:
    """Bytes that count against the limit now."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return 1024 * int(next(line for line in lines if line.startswith("VmData")).split()[1])


def bound() -> None:
    """So many bytes more than now."""
    most = held() + int(sys.argv[3])
    resource.setrlimit(resource.RLIMIT_DATA, (most, resource.getrlimit(resource.RLIMIT_DATA)[1]))


if __name__ == "__main__":
    settings = {"batch": 64, "width": 16, "steps": 3, "size": 32, "turns": 1}
    fixed = {"precision": "float32", "threads": 1, "validate": 0}
    path = Path(sys.argv[2])
    if not path.exists():
        train.new_run(path, "wgan_gp", sys.argv[1], settings, **fixed)
    run = Run.open(path)
    footprint.bound = bound
    with leading(run, 1, again=sys.argv):
        for report in train.train(train.build_recipe(run), run):
            print(report.step)
    print([event["rung"] for event in run.events() if event["kind"] == "rung"])
