"""What memory a training takes, what there is, and a bound that turns too much into an error."""

import resource
import sys
from pathlib import Path

import torch

_CGROUPS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))
EASE_BYTES = 64_000_000
_ONEDNN = "could not create a "
_SAYS = ("out of memory", "allocate memory", "bad_alloc", _ONEDNN, "new thread")


def peak(device: torch.device) -> int:
    """Most bytes that this process has had at once, on the device or in main memory."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else 1024 * most


def room(device: str) -> int:
    """Bytes that a training could take now; 0 where the system does not say."""
    if device == "cuda":
        return int(torch.cuda.mem_get_info()[0])
    free = _meminfo("MemAvailable")
    limits = [free] if free else []
    for path in _CGROUPS:
        try:
            limits.append(int(path.read_text()))
        except (OSError, ValueError):
            continue
    return min(limits, default=0)


def bound() -> None:
    """Let a training on the processor that wants more memory than there is fail to get it, which
    it can answer; else the system kills whatever program it chooses.
    """
    if sys.platform != "linux" or not (free := room("cpu")):
        return
    # Half of all is never refused: what others hold now, they may soon give back.
    most = max(free, _meminfo("MemTotal") // 2)
    hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
    allowed = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (allowed, hard))


def ease() -> None:
    """Raise the bound a little: what answers a refusal needs some memory itself."""
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    if soft != resource.RLIM_INFINITY:
        most = soft + EASE_BYTES
        allowed = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(resource.RLIMIT_DATA, (allowed, hard))


def refused(error: BaseException) -> bool:
    """Whether an error says that there was not enough memory."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError) and any(said in str(error) for said in _SAYS)


def spoilt(error: BaseException) -> bool:
    """Whether a refusal leaves a process in which nothing can be calculated any more: oneDNN keeps
    in mind that it could not make a routine, and never tries again.
    """
    return _ONEDNN in str(error)


def _meminfo(name: str) -> int:
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith(f"{name}:"):
                return 1024 * int(line.split()[1])
    except (OSError, ValueError, IndexError):
        pass
    return 0
