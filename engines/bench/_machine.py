"""What the benchmarks share: the machine, its threads, a batch, and blocks of calls."""

import os
import platform
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import onnxruntime
import torch

from engines.bench import Timings, alternate
from engines.data.mends import mends_of
from engines.data.sets import open_data
from engines.feed import Feed
from engines.recipe import Batch, Recipe
from engines.runs import Run

# Instructions that multiply bfloat16 at twice the pace of float32 or more.
_BFLOAT16 = ("amx_bf16", "avx512_bf16", "bf16")


@cache
def _cpu() -> dict[str, str]:
    """What Linux says of the first core; nothing elsewhere."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").split("\n\n")[0].splitlines()
    except OSError:
        return {}
    pairs = (line.partition(":") for line in lines)
    return {name.strip(): value.strip() for name, _, value in pairs}


def bfloat16() -> str:
    """The processor's bfloat16 instructions, best first; "" where there are none or none known."""
    flags = {
        flag
        for name, value in _cpu().items()
        if name.lower() in ("flags", "features")
        for flag in value.split()
    }
    return next((name for name in _BFLOAT16 if name in flags), "")


def tell() -> None:
    """Say on the terminal, beside the results, what machine and which versions they are from."""
    model = _cpu().get("model name") or platform.processor() or platform.machine()
    print(
        f"{model}, {os.cpu_count()} cores, {bfloat16() or 'no bfloat16 instructions known'}; "
        f"{platform.system()}, Python {platform.python_version()}, PyTorch {torch.__version__}, "
        f"ONNX Runtime {onnxruntime.__version__}",
        file=sys.stderr,
        flush=True,
    )


@contextmanager
def threads(count: int) -> Iterator[None]:
    """PyTorch's thread count for a while."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def alternate_blocks(
    work: Mapping[str, tuple[Callable[[], object], int]], rounds: int, warmup: int = 1
) -> Timings:
    """Seconds a call of each name's function, called so many times in a row a round."""

    def block(call: Callable[[], object], times: int) -> Callable[[], None]:
        def run() -> None:
            for _ in range(times):
                call()

        return run

    found = alternate({name: block(*entry) for name, entry in work.items()}, rounds, warmup)
    return Timings(
        {name: tuple(s / work[name][1] for s in each) for name, each in found.seconds.items()}
    )


def first_batch(run: Run, recipe: Recipe) -> Batch:
    """The first batch of a run, as the product's feed makes it."""
    config = run.config
    mends = mends_of(config)
    data = open_data(Path(config["data"]), recipe.kind, recipe.data.size, mends=mends)
    feed = Feed(data, range(recipe.settings.batch), config["seed"], torch.device("cpu"))
    try:
        return feed(0)
    finally:
        feed.close()
