"""A leader, as a terminal's `train --processes N` is one; run as `python crew.py RUN N`."""

import sys
from pathlib import Path

from engines.launch import leading
from engines.runs import Run
from engines.train import train
from engines.trainer import build_recipe

if __name__ == "__main__":
    run = Run.open(Path(sys.argv[1]))
    with run.writer(), leading(run, int(sys.argv[2]), again=sys.orig_argv[1:]):
        for _ in train(build_recipe(run), run):
            pass
