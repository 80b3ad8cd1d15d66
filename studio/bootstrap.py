"""The virtual environment beside main.py: made, mended, completed and handed over to.

It runs before anything is installed: standard library only. A stamp written last says what is
complete, so a start that is killed at any moment is made good by the next.
"""

import contextlib
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from studio.system import (
    apt_command,
    apt_install,
    clean_environment,
    is_root,
    on_debian,
    provide_qt,
    run_quietly,
    run_shown,
    say,
)

OLDEST = (3, 11)
DISK_GB = 15  # The environment takes 7; while it is made, downloads and pip's cache add the rest.

PROBE_PYTHON = """
import json, sys, sysconfig
print(json.dumps([sys.prefix, list(sys.version_info[:2]), sysconfig.get_path("purelib")]))
"""


class Trouble(Exception):  # noqa: N818 - it is no fault of the program's
    """What went wrong and what to do; main.py prints it and exits 2."""


class Environment:
    """The virtual environment `root`/.venv of the project in `root`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.venv = root / ".venv"
        self.stamp = self.venv / "pentimento.json"
        self.qt_mark = self.venv / "pentimento-qt-ok"
        self.lock = root / ".venv.lock"  # Outside, for .venv may be made anew under it.
        if os.name == "nt":
            self.python = self.venv / "Scripts" / "python.exe"
        else:
            self.python = self.venv / "bin" / "python"

    def requirements(self, test: bool) -> tuple[list[str], list[str]]:
        """What pip is to install, from pyproject.toml, and what it is to install without all that
        this asks for; `test` adds the test tools. Trouble.
        """
        path = self.root / "pyproject.toml"
        try:
            whole = tomllib.loads(path.read_text(encoding="utf-8"))
            project, alone = whole["project"], whole.get("tool", {}).get("pentimento", {})
            extra = project["optional-dependencies"]["test"] if test else []
            needed = [str(line) for line in [*project["dependencies"], *extra]]
            return needed, [str(line) for line in alone.get("alone", ())]
        except (OSError, KeyError, ValueError) as error:
            raise Trouble(
                f"{path} cannot be read ({error}); it is part of the project: fetch that again."
            ) from error

    def fingerprint(self, test: bool) -> str:
        """A hash that changes with the requirements."""
        return hashlib.sha256(
            "\n\n".join(map("\n".join, self.requirements(test))).encode()
        ).hexdigest()

    def ready(self, test: bool = False) -> bool:
        """Whether exactly what is required was installed to the end, here, for this Python."""
        kept = self._read_stamp()
        return (
            kept.get("place") == str(self.venv)
            and kept.get("python") == os.path.realpath(self.python)
            and self.python.exists()
            and kept.get("test" if test else "base") == self.fingerprint(test)
        )

    def ensure(self, test: bool = False) -> None:
        """Make, mend or complete the environment; at once where it is ready. Trouble, OSError."""
        if self.ready(test):
            return
        with self.locked() as held:
            if self.ready(test):  # The start that we waited for has done it.
                return
            site = self.sound()
            if site is None:
                self.build()
                site = self.sound()
            if site is None:
                raise Trouble(
                    f"Python made no working environment in {self.venv}; "
                    "delete that folder and start again, if need be with another Python."
                )
            self.stamp.unlink(missing_ok=True)
            self.qt_mark.unlink(missing_ok=True)
            forget_half_installed(site)
            self.install(test, held)
            self._write_stamp(test)

    def sound(self) -> Path | None:
        """Its site-packages where .venv was made here and has a working Python and pip, else None.

        `python -m venv` writes `activate` last, and pip writes INSTALLER last: without them it was
        killed on the way. A name with ~ is a package that pip was killed in replacing.
        """
        if self._read_stamp().get("place", str(self.venv)) != str(self.venv):
            return None
        if not (self.python.parent / "activate").exists():
            return None
        try:
            found = run_quietly([str(self.python), "-c", PROBE_PYTHON], clean_environment())
            prefix, version, purelib = json.loads(found.stdout)
            ours = os.path.samefile(prefix, self.venv)
        except (OSError, ValueError):
            return None
        site = Path(purelib)
        replaced = any(site.glob("~*"))
        piped = any(site.glob("pip-*.dist-info/INSTALLER"))
        return site if ours and tuple(version) >= OLDEST and piped and not replaced else None

    def build(self) -> None:
        """Make .venv anew, with pip in it. Trouble."""
        say(f"Making {self.venv}")
        # Never the environment that is being replaced, should we run in it.
        base: str = sys._base_executable  # type: ignore[attr-defined]
        environment = clean_environment()
        if run_quietly([base, "-c", "import ensurepip, venv"], environment).returncode != 0:
            package = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
            if not (on_debian() and is_root() and apt_install([package])):
                raise Trouble(
                    "This Python lacks the modules venv and ensurepip. Install them, on Debian and "
                    f"Ubuntu with\n  {apt_command([package])}\nand start again."
                )
        code, last = run_shown([base, "-m", "venv", "--clear", str(self.venv)], environment)
        if code != 0:
            raise Trouble(
                f"Python could not make an environment in {self.venv}:\n{_indented(last)}\n"
                "Mend that, or move the project to another folder, and start again."
            )

    def install(self, test: bool, keep_open: Sequence[int]) -> None:
        """Let pip install what is required; it goes on where a killed one stopped. Trouble."""
        say(f"Installing what Pentimento needs (once; up to {DISK_GB} GB while it runs)")
        scratch = self.venv / "pentimento-tmp"  # A killed pip leaves gigabytes: here, not in /tmp.
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir()
        temporary = dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(scratch))
        pip = [
            *(str(self.python), "-m", "pip", "install", "--no-input"),
            *("--disable-pip-version-check", "--progress-bar", "on"),
        ]
        needed, alone = self.requirements(test)
        calls = [[*pip, *needed], *([[*pip, "--no-deps", *alone]] if alone else [])]
        for call in calls:
            code, last = run_shown(call, {**clean_environment(), **temporary}, keep_open)
            if code != 0:
                break
        shutil.rmtree(scratch, ignore_errors=True)
        if code != 0:
            free = shutil.disk_usage(self.venv).free / 1e9
            raise Trouble(
                f"pip could not install what Pentimento needs:\n{_indented(last)}\n"
                f"Check the internet connection and the disk ({free:.0f} GB free, {DISK_GB} are "
                "plenty), then run the same command again: it goes on where it stopped."
            )

    @contextlib.contextmanager
    def locked(self) -> Iterator[tuple[int, ...]]:
        """Keep other starts out; yields the descriptors that hold the lock while anyone has them.

        pip inherits them: where only its parent is killed, the next start waits for that pip.
        """
        with open(self.lock, "a+b") as file:
            if not _try_lock(file.fileno()):
                say("Another start of Pentimento is setting up .venv; waiting for it")
                while not _try_lock(file.fileno()):
                    time.sleep(0.3)
            yield () if os.name == "nt" else (file.fileno(),)

    def check_qt(self) -> None:
        """See that Qt's system libraries are there; never an error, headless verbs go without."""
        if not sys.platform.startswith("linux") or self.qt_mark.exists():
            return
        with contextlib.suppress(OSError), self.locked():  # A read-only checkout works as it is.
            if provide_qt(self.python):
                self.qt_mark.touch()

    def hand_over(self, arguments: Sequence[str], folder: Path | None = None) -> int:
        """Run the environment's Python in place of this process, in `folder` where one is given."""
        environment = clean_environment()
        environment["PYTHONPATH"] = str(self.root)  # Children that it starts find `engines` too.
        command = [str(self.python), *arguments]
        if os.name == "nt":
            return subprocess.call(command, env=environment, cwd=folder)
        if folder is not None:
            os.chdir(folder)
        os.execve(command[0], command, environment)

    def _read_stamp(self) -> dict[str, Any]:
        """The stamp's content; empty where there is none or it is torn."""
        try:
            kept = json.loads(self.stamp.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return kept if isinstance(kept, dict) else {}

    def _write_stamp(self, test: bool) -> None:
        """Say that the installation is complete, once all of it is on the disk."""
        done = {
            "place": str(self.venv),
            "python": os.path.realpath(self.python),
            "base": self.fingerprint(test=False),
        }
        if test:
            done["test"] = self.fingerprint(test=True)
        if os.name == "posix":
            os.sync()
        beside = self.stamp.with_suffix(".part")
        beside.write_text(json.dumps(done, indent=1), encoding="utf-8")
        os.replace(beside, self.stamp)


def forget_half_installed(site: Path) -> None:
    """Drop the metadata of packages that a killed pip left half-written, so that it redoes them.

    pip unpacks METADATA with the rest and takes a package that has it for installed; INSTALLER it
    writes last.
    """
    for metadata in site.glob("*.dist-info"):
        if not (metadata / "INSTALLER").exists():
            say(f"{metadata.name.removesuffix('.dist-info')} is half installed; once more")
            shutil.rmtree(metadata)


def _try_lock(descriptor: int) -> bool:
    """Whether the lock is ours now; also where the file system has no locks."""
    if sys.platform == "win32":
        import msvcrt

        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def _indented(lines: Sequence[str]) -> str:
    """The lines as a block within a message."""
    return "\n".join(f"  {line}" for line in lines)
