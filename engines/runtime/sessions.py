"""ONNX Runtime sessions: one for each file and provider, ended on demand, and honest about the
device.
"""

import ctypes
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime as ort

from engines.errors import UserError

Array = npt.NDArray[Any]


class Stale(Exception):  # noqa: N818 - it is no error: newer work has taken its place.
    """A run was ended because nobody wants its result any more."""


@dataclass(frozen=True)
class Provider:
    """What was asked to compute on ("cpu", "cuda"), what really does, and why they differ."""

    asked: str
    got: str
    why: str = ""


class Stop:
    """A switch that ends the run in progress, from any thread, and every later one under it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: ort.RunOptions | None = None
        self.stopped = False

    def stop(self) -> None:
        """End what runs now; it raises Stale."""
        with self._lock:
            self.stopped = True
            if self._running is not None:
                self._running.terminate = True

    def enter(self) -> ort.RunOptions:
        """Options for a run that `stop` can end; Stale when it is too late already."""
        with self._lock:
            if self.stopped:
                raise Stale
            self._running = ort.RunOptions()
            return self._running

    def leave(self) -> None:
        """The run is over."""
        with self._lock:
            self._running = None


class Sessions:
    """Sessions by file content and provider. `threads` 0 leaves the count to ONNX Runtime."""

    def __init__(self, provider: str = "cpu", threads: int = 0) -> None:
        self.threads = threads
        self.provider = _choose(provider)
        self._sessions: dict[str, ort.InferenceSession] = {}
        self._lock = threading.Lock()

    def run(
        self, path: Path, sha256: str, inputs: Mapping[str, Array], stop: Stop | None = None
    ) -> list[Array]:
        """Outputs of a graph. Inputs that it does not take are left out. Stale when stopped."""
        session = self._open(path, sha256)
        wanted = {i.name for i in session.get_inputs()}
        switch = stop or Stop()
        options = switch.enter()
        try:
            found = session.run(None, {k: v for k, v in inputs.items() if k in wanted}, options)
            return [np.asarray(array) for array in found]
        except Exception as error:  # ONNX Runtime raises bare exceptions of many kinds.
            if switch.stopped:
                raise Stale from error
            raise UserError(
                f"The model {path.name} could not compute this ({_first_line(error)}); try another "
                "size, or export the model again."
            ) from error
        finally:
            switch.leave()

    def _open(self, path: Path, sha256: str) -> ort.InferenceSession:
        with self._lock:
            if sha256 not in self._sessions:
                options = ort.SessionOptions()
                options.intra_op_num_threads = self.threads
                # Idle threads that spin would take the painter's processor.
                options.add_session_config_entry("session.intra_op.allow_spinning", "0")
                options.log_severity_level = 3
                names = {"cuda": ["CUDAExecutionProvider"], "cpu": []}[self.provider.got]
                try:
                    self._sessions[sha256] = ort.InferenceSession(
                        str(path), options, providers=[*names, "CPUExecutionProvider"]
                    )
                except Exception as error:
                    raise UserError(
                        f"ONNX Runtime cannot open {path.name} ({_first_line(error)}); export the "
                        "model again."
                    ) from error
                self._check_provider(self._sessions[sha256])
            return self._sessions[sha256]

    def _check_provider(self, session: ort.InferenceSession) -> None:
        if self.provider.got == "cuda" and "CUDAExecutionProvider" not in session.get_providers():
            why = "no CUDA device could be started"
            self.provider = Provider(self.provider.asked, "cpu", why)

    def release(self) -> None:
        """Give the memory of all sessions back."""
        with self._lock:
            self._sessions.clear()


def _choose(asked: str) -> Provider:
    if asked not in ("cpu", "cuda", "auto"):
        raise UserError(f"There is no provider {asked!r}; choose cpu, cuda or auto.")
    if asked == "cpu":
        return Provider(asked, "cpu")
    if "CUDAExecutionProvider" not in ort.get_available_providers():
        return Provider(asked, "cpu", "this ONNX Runtime was built without CUDA")
    if not _has_gpu():
        return Provider(asked, "cpu", "no NVIDIA graphics card and driver were found")
    # Without torch in the process the CUDA libraries of its wheels have to be loaded by hand.
    ort.preload_dlls()
    return Provider(asked, "cuda")


def _has_gpu() -> bool:
    """Whether the driver knows a device. CUDA's libraries, which need it, take 150 MB and a second
    to load.
    """
    try:
        driver = ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
        count = ctypes.c_int()
        started = driver.cuInit(0) == 0 and driver.cuDeviceGetCount(ctypes.byref(count)) == 0
    except (OSError, AttributeError):
        return False
    return started and count.value > 0


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n", 1)[0][:200] or type(error).__name__
