"""The system that Pentimento is installed on: shown commands, apt-get, Qt's libraries.

It runs before anything is installed: standard library only.
"""

import os
import re
import shutil
import subprocess
import sys
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path

# The offscreen platform asks for fewer libraries than a window does, so X11's plugin is loaded too.
PROBE_QT = """
import ctypes, pathlib, PySide6
from PySide6 import QtGui, QtWidgets
ctypes.CDLL(str(pathlib.Path(PySide6.__file__).parent / "Qt/plugins/platforms/libqxcb.so"))
"""

# Debian's and Ubuntu's names.
QT_PACKAGES = (
    *("libgl1", "libegl1", "libglib2.0-0", "libdbus-1-3", "libfontconfig1", "libfreetype6"),
    *("libxkbcommon0", "libxkbcommon-x11-0", "libx11-xcb1", "libxcb-cursor0", "libxcb-icccm4"),
    *("libxcb-image0", "libxcb-keysyms1", "libxcb-randr0", "libxcb-render-util0", "libxcb-shape0"),
    *("libxcb-sync1", "libxcb-xfixes0", "libxcb-xkb1", "libwayland-cursor0", "libwayland-egl1"),
)


def say(text: str) -> None:
    """Tell what is being done; on stderr, so that a verb's own output stays clean."""
    print(text, file=sys.stderr, flush=True)


def clean_environment() -> dict[str, str]:
    """The caller's variables, less those that would lead Python or pip out of the environment."""
    unwanted = {"PYTHONHOME", "PYTHONPATH", "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT"}
    kept = {name: value for name, value in os.environ.items() if name not in unwanted}
    kept["PIP_USER"] = "0"
    return kept


def run_shown(
    command: Sequence[str], environment: Mapping[str, str], keep_open: Sequence[int] = ()
) -> tuple[int, list[str]]:
    """Run to the end, everything shown on stderr; the exit code and the last lines of its stderr.

    Its stdout is our stderr itself, for pip draws its progress bar on nothing but a terminal.
    `keep_open` are file descriptors that it inherits. OSError where it cannot be started.
    """
    last: deque[str] = deque(maxlen=12)
    process = subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=2,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
        pass_fds=keep_open,
    )
    assert process.stderr is not None
    try:
        for line in process.stderr:
            sys.stderr.write(line)
            sys.stderr.flush()
            if line.strip():
                last.append(line.rstrip())
        return process.wait(), list(last)
    except BaseException:  # Ctrl+C: the command must not go on by itself.
        process.terminate()
        process.wait()
        raise
    finally:
        process.stderr.close()


def run_quietly(
    command: Sequence[str], environment: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run to the end, unseen; OSError where it cannot be started."""
    return subprocess.run(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )


def missing_for_qt(python: Path) -> str | None:
    """The first system library that Qt lacks (or the error's last line), None where it loads."""
    environment = {**clean_environment(), "QT_QPA_PLATFORM": "offscreen"}
    probe = run_quietly([str(python), "-c", PROBE_QT], environment)
    return None if probe.returncode == 0 else missing_library(probe.stderr)


def missing_library(errors: str) -> str:
    """The library that an import's error names, or else the error's last line."""
    if found := re.search(r"(lib\S+\.so\S*): cannot open shared object file", errors):
        return found[1]
    lines = errors.strip().splitlines()
    return lines[-1] if lines else "something that it does not name"


def provide_qt(python: Path) -> bool:
    """Whether Qt loads in that Python; if not, its libraries are installed or it is said how."""
    missing = missing_for_qt(python)
    if missing is not None and on_debian() and is_root():
        say(f"Qt lacks {missing}; installing its system libraries with apt-get")
        apt_install(QT_PACKAGES)
        missing = missing_for_qt(python)
    if missing is None:
        return True
    if on_debian():
        say(f"Qt lacks {missing}. Install its libraries with\n  {apt_command(QT_PACKAGES)}")
    else:
        say(
            f"Qt lacks {missing}. Install it with your system's package manager; "
            f"Debian's names for all it needs are: {' '.join(QT_PACKAGES)}"
        )
    return False


def has_display() -> bool:
    """Whether a window can be shown: always where the system is not Linux, for all we know."""
    if not sys.platform.startswith("linux"):
        return True
    return any(os.environ.get(n) for n in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"))


def on_debian(release: Path = Path("/etc/os-release")) -> bool:
    """Whether this is Debian or a child of it, with apt-get."""
    try:
        text = release.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    names = re.findall(r"^ID(?:_LIKE)?=(.*)$", text, re.MULTILINE)
    words = " ".join(names).replace('"', " ").split()
    return not {"debian", "ubuntu"}.isdisjoint(words) and shutil.which("apt-get") is not None


def is_root() -> bool:
    """Whether apt-get may be used as we are."""
    return sys.platform != "win32" and os.geteuid() == 0


def apt_command(packages: Sequence[str]) -> str:
    """What a person types to install them."""
    return f"sudo apt-get update && sudo apt-get install -y {' '.join(packages)}"


def apt_install(packages: Sequence[str]) -> bool:
    """Whether apt-get installed them; a dpkg that was killed is first let finish its work."""
    environment = {**clean_environment(), "DEBIAN_FRONTEND": "noninteractive"}
    apt = ["apt-get", "-q", "-o", "DPkg::Lock::Timeout=300"]
    install = [*apt, "install", "-y", "--no-install-recommends", *packages]
    run_shown([*apt, "update"], environment)  # If it fails, the lists at hand may still do.
    if run_shown(install, environment)[0] == 0:
        return True
    run_shown(["dpkg", "--configure", "-a"], environment)
    return run_shown(install, environment)[0] == 0
