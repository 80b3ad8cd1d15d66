"""A render in a process of its own, which can say honestly what it took. Run as a program:

    python -m engines.runtime.alone MODEL PROVIDER OUT < REQUEST

MODEL is a bundle, REQUEST a Request as JSON. The first output goes to OUT (.npy), the figures to
stdout as JSON. Memory is the peak of what was resident after the model was opened, less what the
process had before: weights, activations and the picture, and nothing of whoever asked.
"""

import contextlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from engines.errors import UserError
from engines.request import Request

ROOT = Path(__file__).resolve().parents[2]
POLL_SECONDS = 0.03
AGAIN_SECONDS = 2.0  # what is painted in less is timed a second time


@dataclass(frozen=True)
class Made:
    """`value`: the first output in document form. `seconds` of the render alone, with the model
    open; `memory` in bytes, None where the system does not tell; `provider` computed it.
    """

    value: Any
    seconds: float
    memory: int | None
    provider: str


def render_alone(model: Path, request: Request, provider: str, wait: Callable[[], None]) -> Made:
    """Render in a child. `wait` is called every 30 ms and may raise, which ends the child at once;
    UserError where the model could not.
    """
    with tempfile.TemporaryDirectory(prefix="pentimento-") as folder:
        asked, out = Path(folder) / "request.json", Path(folder) / "out.npy"
        asked.write_text(request.to_json(), "utf-8")
        command = [sys.executable, "-m", "engines.runtime.alone", str(model.resolve()), provider,
                   str(out)]  # fmt: skip
        with open(asked, "rb") as given:
            child = subprocess.Popen(
                command, stdin=given, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT
            )
        try:
            told, said = _heard(child, wait)
        finally:
            if child.poll() is None:
                child.kill()
                child.communicate()
        if child.returncode == 2:
            raise UserError(said.decode("utf-8", "replace").strip().rsplit("\n", 1)[-1])
        if child.returncode != 0:
            raise UserError(
                f"{model.name} ended while it painted (exit code {child.returncode}); there may "
                "not have been enough memory for it. Try a smaller size."
            )
        figures = json.loads(told)
        value = np.load(out, allow_pickle=False)
    return Made(value, figures["seconds"], figures["memory"], figures["provider"])


def _heard(child: "subprocess.Popen[bytes]", wait: Callable[[], None]) -> tuple[bytes, bytes]:
    while True:
        try:
            return child.communicate(timeout=POLL_SECONDS)
        except subprocess.TimeoutExpired:
            wait()


def _resident(word: str) -> int | None:
    """Bytes of resident memory: VmRSS now, VmHWM at most; None where the system does not tell."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(word))
    except (OSError, StopIteration, ValueError):
        return None


def main(arguments: Sequence[str]) -> None:
    """Render what is asked for; UserError."""
    from engines.runtime.bundle import Bundle
    from engines.runtime.sessions import Sessions
    from engines.runtime.tiles import paint

    model, provider, out = arguments
    request = Request.from_json(sys.stdin.read())
    bundle, sessions = Bundle.open(model), Sessions(provider)
    _forget_peak()
    before = _resident("VmRSS")
    for frame in paint(bundle, request, sessions):
        seconds = frame.seconds
    # The first run of a model pays for opening it, which is no part of painting.
    if bundle.target.level is None and seconds < AGAIN_SECONDS:
        for frame in paint(bundle, request, sessions):
            seconds = frame.seconds
    after = _resident("VmHWM")
    memory = None if before is None or after is None else max(after - before, 0)
    np.save(out, np.asarray(frame.values[bundle.target.outputs[0].name]))
    told = {"seconds": seconds, "memory": memory, "provider": sessions.provider.got}
    print(json.dumps(told))


def _forget_peak() -> None:
    """Let the peak begin anew, where the system can."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except UserError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    except MemoryError:
        print("There is not enough memory for this picture; choose a smaller size.",
              file=sys.stderr)  # fmt: skip
        sys.exit(2)
