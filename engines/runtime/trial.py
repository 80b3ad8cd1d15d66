"""A stranger's model is opened and rendered once in a child process, before this one touches it.

A file can be valid and still crash or starve the program that runs it; a child that dies takes
nothing along. What has passed is remembered by its hash.
"""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
from platformdirs import user_data_path

from engines import files
from engines.errors import UserError
from engines.ports import Array, Spatial
from engines.runtime.bundle import Bundle
from engines.runtime.places import SHIPPED, own_models
from engines.runtime.sessions import Sessions

SECONDS = 120
MEMORY = 12_000_000_000  # bytes of address space; ONNX Runtime reserves more than it uses
_MOST_KEPT = 1000


def trust(bundle: Bundle) -> None:
    """Try the model in a child unless it is ours or has passed before; UserError if it fails."""
    homes = (SHIPPED, own_models())
    known = _known()
    if bundle.hash in known or any(h.resolve() in bundle.path.resolve().parents for h in homes):
        return
    command = [sys.executable, "-m", "engines.runtime.trial", str(bundle.path)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS)
    except subprocess.TimeoutExpired as error:
        raise UserError(
            f"The model {bundle.name} took over {SECONDS} seconds for one small picture, so it was "
            "stopped; it may be broken or meant to do harm."
        ) from error
    if done.returncode == 2:
        raise UserError(done.stderr.strip().rsplit("\n", 1)[-1])
    if done.returncode != 0:
        raise UserError(
            f"The model {bundle.name} crashed when it was tried in a process of its own (exit code "
            f"{done.returncode}); it may be broken or meant to do harm."
        )
    files.write_json(_path(), [*known, bundle.hash][-_MOST_KEPT:])


def _known() -> list[str]:
    try:
        value = json.loads(_path().read_text("utf-8"))
    except (OSError, ValueError):
        return []
    return [str(entry) for entry in value] if isinstance(value, list) else []


def _path() -> Path:
    return Path(user_data_path("pentimento")) / "trusted.json"


def _limit() -> None:
    """Bound memory and time of this process, where the system can."""
    try:
        import resource
    except ImportError:  # Windows has no such limits; the parent's timeout stands.
        return
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))


def _try(path: Path) -> None:
    """Run every graph once at its least size."""
    bundle, sessions = Bundle.open(path), Sessions("cpu", threads=1)
    for graph in bundle.graphs:
        ports = [p for p in (*graph.inputs, *graph.outputs) if isinstance(p, Spatial)]
        multiple = int(np.lcm.reduce([p.multiple for p in ports])) if ports else 8
        least = max([8, *(p.minimum for p in ports)])
        side = -(-least // multiple) * multiple
        rng = np.random.default_rng(0)
        inputs: dict[str, Array] = {}
        for port in graph.inputs:
            inputs |= port.sample(rng, 1, (side, side))
        sessions.run(graph.path, graph.sha256, inputs)


if __name__ == "__main__":
    _limit()
    try:
        _try(Path(sys.argv[1]))
    except UserError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
