"""The table of a model's forms: how large each is, how far from the trained networks, how fast."""

import platform
import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from engines.errors import UserError
from engines.forms import Written
from engines.ports import Image, Size, Spatial
from engines.quantise import Form
from engines.recipe import Graph
from engines.runtime.bundle import Bundle, sha256_of
from engines.runtime.sessions import Sessions
from engines.tracing import draw, step_of

SIDES = (256, 512)
FARTHEST = 4  # times the trained side: attention's memory grows with its fourth power
ROUNDS = 5
SECONDS = 6.0  # for one size, at most; the first round is always made


@dataclass(frozen=True)
class Row:
    """One form of a model. `milliseconds` of its last graph by "height x width", median, with the
    `spread` between the first and third quarter; `error` is the distance to the trained networks in
    units of the proof's tolerance; `kept`: the model, or some of its graphs, are stored so;
    `reason` is why not, or not all.
    """

    form: Form
    bytes: int
    milliseconds: Mapping[str, float]
    spread: Mapping[str, float]
    error: float
    kept: bool
    reason: str = ""


def machine() -> dict[str, Any]:
    """What the latencies were measured on."""
    return {"processor": _processor(), "threads": torch.get_num_threads(), "provider": "cpu"}


def latencies(
    graph: Graph, forms: Mapping[Form, tuple[Path, str]], trained: Size
) -> dict[Form, tuple[dict[str, float], dict[str, float]]]:
    """Median milliseconds and spread by size, of one call of a graph, for each form given as file
    and sha256; a size that takes more memory than there is is left out. The forms take turns, so
    that what else goes on here is borne by all.
    """
    sessions = Sessions("cpu", threads=torch.get_num_threads())
    found: dict[Form, tuple[dict[str, float], dict[str, float]]] = {f: ({}, {}) for f in forms}
    for size in measured_at(graph, trained):
        inputs = draw(graph.inputs, 1, 1, size)
        taken: dict[Form, list[float]] = {form: [] for form in forms}
        limit = time.perf_counter() + SECONDS
        try:
            for turn in range(ROUNDS + 1):
                for form, (path, sha256) in forms.items():
                    start = time.perf_counter()
                    sessions.run(path, sha256, inputs)
                    if turn:  # The first opens the file and allocates.
                        taken[form].append(1000 * (time.perf_counter() - start))
                if turn > 1 and time.perf_counter() > limit:
                    break
        except UserError:
            continue
        for form, times in taken.items():
            text = f"{size[0]} x {size[1]}"
            found[form][0][text] = round(statistics.median(times), 2)
            found[form][1][text] = round(_quartiles(times), 2)
    return found


def sizes(bundle: Bundle, written: Sequence[Written], trained: Size) -> dict[str, Any]:
    """ "sizes" (a row for each form) and what they were "measured_on"."""
    target = next(w for w in written if w.graph.name == bundle.target.name)
    hashed = {form: (path, sha256_of(path)) for form, path in target.files.items()}
    times = latencies(target.graph, hashed, trained)
    rows = []
    for form in dict.fromkeys(form for w in written for form in w.files):
        # What has no weights for 8 bits has float16 in a model that has them elsewhere.
        chosen = [(w, form if form in w.files else "float16") for w in written]
        kept = any(w.kept == form for w in written)
        quick, spread = times.get(form, times["float16"])
        reason = "; ".join(w.reason for w in written if w.reason) if form == "int8" else ""
        size = sum(w.files[f].stat().st_size for w, f in chosen)
        error = max(w.errors[f] for w, f in chosen)
        rows.append(Row(form, size, quick, spread, error, kept, reason))
    return {"sizes": [asdict(row) for row in rows], "measured_on": machine()}


def measured_at(graph: Graph, trained: Size) -> list[Size]:
    """The sizes nearest to SIDES that a graph allows and that are not too far from what it was
    trained at; one where its size is fixed.
    """
    ports = (*graph.inputs, *graph.outputs)
    free = [port for port in ports if isinstance(port, Spatial) and port.free]
    if not free:
        fixed = [port.fixed for port in ports if isinstance(port, Image) and port.fixed]
        return [(fixed[-1][0], fixed[-1][1])] if fixed else [trained]
    step = step_of(graph)
    least = max(port.minimum for port in free)
    most = min(port.maximum for port in free)
    side = max(trained)
    wanted = [s for s in SIDES if s <= FARTHEST * side] or [side]
    sides = [min(max(-(-s // step) * step, least), most // step * step) for s in wanted]
    return [(side, side) for side in dict.fromkeys(sides)]


def _quartiles(times: list[float]) -> float:
    if len(times) < 2:
        return 0.0
    first, _, third = statistics.quantiles(times, n=4)
    return third - first


def _processor() -> str:
    """The processor's name, where the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines()
    except OSError:
        lines = []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.processor() or platform.machine()
