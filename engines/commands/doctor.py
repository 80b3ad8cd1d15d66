"""doctor: what this machine has, what Pentimento makes of it, and how to mend what is wrong."""

import argparse
import json
import os
import platform
import shutil
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from engines.commands.terminal import Verbs, check_writable, open_sessions
from engines.errors import UserError

PACKAGES = (
    "torch",
    "torchvision",
    "onnxruntime-gpu",
    "onnxruntime",
    "onnx",
    "PySide6",
    "numpy",
    "pillow",
    "safetensors",
)
LEAST_MEMORY = 6e9  # bytes; training at 256 pixels takes about 4 GB
LEAST_DISK = 2e9


@dataclass(frozen=True)
class Finding:
    """One thing looked at. A "note" limits, a "problem" stops; both say how to mend it."""

    what: str
    is_: str
    level: Literal["fine", "note", "problem"] = "fine"
    mend: str = ""


def add(verbs: Verbs) -> None:
    """Declare the verb."""
    doctor = verbs.add_parser(
        "doctor",
        help="what this machine has, and how to mend what is wrong",
        description="Look at Python, packages, processor, graphics card, memory, disk and display. "
        "Exit code 1 where something stops Pentimento.",
    )
    doctor.add_argument("--json", action="store_true", help="as JSON")
    doctor.set_defaults(do=_doctor)


def _doctor(options: argparse.Namespace) -> int:
    findings = examine()
    if options.json:
        plain = [{k.rstrip("_"): v for k, v in asdict(f).items()} for f in findings]
        print(json.dumps(plain, indent=1))
    else:
        marks = {"fine": " ", "note": "-", "problem": "!"}
        for finding in findings:
            print(f"{marks[finding.level]} {finding.what:<12}  {finding.is_}")
            if finding.mend:
                print(f"  {'':<12}  -> {finding.mend}")
    return 1 if any(f.level == "problem" for f in findings) else 0


def examine() -> list[Finding]:
    """Everything, in the order that it is shown."""
    return [
        _python(),
        *_packages(),
        _processor(),
        _training(),
        _rendering(),
        _memory(),
        _data_folder(),
        _disk(),
        _display(),
    ]


def _python() -> Finding:
    said = f"{platform.python_version()} at {sys.executable}, {platform.platform()}"
    return Finding("python", said)


def _packages() -> list[Finding]:
    from importlib.metadata import PackageNotFoundError, version

    found, missing = {}, []
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            missing.append(name)
    either = {"onnxruntime-gpu", "onnxruntime"}
    if either & found.keys():
        missing = [name for name in missing if name not in either]
    said = ", ".join(f"{name} {number}" for name, number in found.items())
    findings = [Finding("packages", said)]
    if missing:
        mend = "run python3 main.py setup"
        findings.append(Finding("packages", f"without {', '.join(missing)}", "problem", mend))
    if either <= found.keys():
        mend = "remove .venv and run python3 main.py setup"
        findings.append(Finding("packages", "two ONNX Runtimes at once", "problem", mend))
    return findings


def _processor() -> Finding:
    flags = cpu_flags()
    cores = f"{os.cpu_count()} cores, {platform.machine()}"
    if flags is None:
        return Finding("processor", f"{cores}; its features are not told here")
    features = {
        "AVX-512": "avx512f" in flags,
        "bfloat16": bool({"avx512_bf16", "amx_bf16", "bf16"} & flags),
        "bfloat16 tiles": "amx_bf16" in flags,
    }
    said = ", ".join(f"{name} {'yes' if has else 'no'}" for name, has in features.items())
    if features["bfloat16"]:
        return Finding("processor", f"{cores}; {said}")
    mend = "nothing to do: training uses float32, which takes longer"
    return Finding("processor", f"{cores}; {said}", "note", mend)


def cpu_flags(path: Path = Path("/proc/cpuinfo")) -> set[str] | None:
    """What the processor can do, as Linux tells it; None where it does not."""
    try:
        lines = path.read_text("utf-8", "replace").splitlines()
    except OSError:
        return None
    for line in lines:
        name, _, words = line.partition(":")
        if name.strip() in ("flags", "Features"):
            return set(words.split())
    return None


def _training() -> Finding:
    try:
        import torch
    except ImportError as error:
        mend = "run python3 main.py setup"
        return Finding("training", f"PyTorch cannot be imported ({error})", "problem", mend)
    if torch.cuda.is_available():
        names = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
        return Finding("training", f"CUDA on {', '.join(names)} with --device cuda, or CPU")
    why = "this PyTorch is built without CUDA" if torch.version.cuda is None else "no CUDA device"
    mend = "with an NVIDIA card, install its driver (nvidia-smi must list it)"
    return Finding("training", f"CPU ({why})", "note", mend)


def _rendering() -> Finding:
    """Runs a graph, since what a library offers and what runs are two things."""
    try:
        import numpy as np
        from onnx import TensorProto, helper

        value = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])
        result = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1])
        node = helper.make_node("Relu", ["x"], ["y"])
        graph = helper.make_graph([node], "probe", [value], [result])
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
        sessions = open_sessions("auto")
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "probe.onnx"
            path.write_bytes(model.SerializeToString())
            sessions.run(path, "probe", {"x": np.ones(1, np.float32)})
    except (ImportError, OSError, UserError) as error:
        mend = "run python3 main.py setup"
        return Finding("rendering", f"ONNX Runtime does not run ({error})", "problem", mend)
    provider = sessions.provider
    if provider.got == "cuda":
        return Finding("rendering", "CUDA")
    mend = "with an NVIDIA card, install its driver; without one there is nothing to do"
    return Finding("rendering", f"CPU ({provider.why})", "note", mend)


def _memory() -> Finding:
    try:
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        free = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_AVPHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return Finding("memory", "not told here")
    said = f"{total / 1e9:.1f} GB, {free / 1e9:.1f} GB unused"
    if total < LEAST_MEMORY:
        return Finding("memory", said, "note", "train with a smaller batch or size")
    return Finding("memory", said)


def _data_folder() -> Finding:
    from engines.runtime.places import installed, own_models

    said = f"{own_models()}, {len(installed())} models with the shipped ones"
    try:
        check_writable(own_models() / "model")
    except UserError as error:
        mend = "make it writable, or set XDG_DATA_HOME to a folder that is"
        return Finding("data folder", str(error), "problem", mend)
    return Finding("data folder", said)


def _disk() -> Finding:
    from platformdirs import user_data_path

    place = Path(user_data_path("pentimento"))
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    said = f"{free / 1e9:.1f} GB free at {place}"
    if free < LEAST_DISK:
        return Finding("disk", said, "problem", "free some space: runs and models need 2 GB")
    return Finding("disk", said)


def _display() -> Finding:
    if sys.platform in ("win32", "darwin"):
        return Finding("display", "the system's")
    for name in ("WAYLAND_DISPLAY", "DISPLAY"):
        if os.environ.get(name):
            return Finding("display", f"{name}={os.environ[name]}")
    mend = "the command line works as it is; the window needs a desktop session"
    return Finding("display", "none", "note", mend)
