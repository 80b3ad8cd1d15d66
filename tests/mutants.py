"""Data folders and run directories as damage leaves them, and what reads them in a process of its
own: files with bytes changed, gone, doubled, of odd names, and pipes, devices and circles of links
in their places.

The reader reports how each ended and how long it took, and hears of every file that is changed.
"""

import json
import os
import resource
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from PIL import Image

from tests import fuzzing

SIDE = 20
COLORS = np.array([(135, 206, 250), (20, 110, 30), (200, 60, 20)], np.uint8)
FORMS = ("layouts", "masks", "beside", "pairs", "folders", "attributes", "photos", "clips", "one")
LARGE = 20_000_000  # bytes that are not damaged further
HUGE = 3_000_000_000  # bytes of a file that has nothing in it
ODD_NAMES = (
    *(b"a\nb.png", b"\xff\xfe\xc3.png", b"x" * 240 + b".png", b".png", b"p0 .png", b"p0.png.png"),
    *(b"con.png", b"\xe2\x80\xae gnp.png", b"e\xcc\x81.png", b"-rf.png", b"p0.PNG", b"..p0.png"),
    *(b"<b>p</b>.png", b"%s{0}.png", b"p\x1b[31m.png", b"photos", b"classes.json", b"~"),
)
WORDS = ("", "0", "-1", "1e999", "NaN", "null", "[]", "{}", '"', "name", "train", "\0", "9" * 400,
         "../../etc/passwd", "\ud7ff", ",,,,", "[" * 3000, "true", "1e-320", "0x10")  # fmt: skip


# Whole ones ----------------------------------------------------------------------------------


def data_folder(folder: Path, form: str, rng: np.random.Generator) -> None:
    """A small data set without a fault."""
    names = [f"p{i}" for i in range(8)]
    if form in ("layouts", "masks"):
        first, second = ("photos", "layouts") if form == "layouts" else ("images", "masks")
        _photos(folder / first, names, rng)
        _layouts(folder / second, names, rng)
    elif form == "beside":
        _photos(folder, names, rng)
        _layouts(folder, [f"{name}_mask" for name in names], rng)
    elif form == "pairs":
        _photos(folder / "source", names, rng)
        _photos(folder / "target", names, rng)
    elif form == "folders":
        for group in ("cat", "dog", "hen"):
            _photos(folder / group, [group + name for name in names[:4]], rng)
        names = [f"{group}/{group}{name}" for group in ("cat", "dog", "hen") for name in names[:4]]
    elif form == "clips":
        for clip in range(3):
            _frames(folder / f"clip{clip}", rng)
        names = [f"clip{clip}/{i:04d}" for clip in range(3) for i in range(9)]
    else:
        _photos(folder, names[: 1 if form == "one" else 8], rng)
    if form == "layouts":
        classes = [
            {"id": i, "name": f"class {i}", "color": f"#{r:02x}{g:02x}{b:02x}"}
            for i, (r, g, b) in enumerate(COLORS.tolist())
        ]
        (folder / "classes.json").write_text(json.dumps(classes, indent=1))
    if form in ("attributes", "layouts"):
        rows = [f"{name},{rng.random():.3f},{rng.random():.3f}" for name in names]
        (folder / "attributes.csv").write_text("\n".join(["name,fog,light", *rows]) + "\n")
    if form != "one" and rng.random() < 0.4:
        rows = [f"{name},{'val' if i == 3 else 'train'},1" for i, name in enumerate(names)]
        (folder / "splits.csv").write_text("\n".join(["name,split,weight", *rows]) + "\n")


def _photos(folder: Path, names: list[str], rng: np.random.Generator) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for i, name in enumerate(names):
        small = Image.fromarray(rng.integers(0, 256, (4, 4, 3), dtype=np.uint8))
        small.resize((SIDE, SIDE)).save(folder / f"{name}.{'jpg' if i % 3 == 1 else 'png'}")


def _layouts(folder: Path, names: list[str], rng: np.random.Generator) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for i, name in enumerate(names):
        ids = np.kron(rng.integers(0, 3, (4, 4)), np.ones((SIDE // 4, SIDE // 4), int))
        image = Image.fromarray(ids.astype(np.uint8))
        if i % 2:
            image.putpalette(COLORS.ravel().tolist())
        else:
            image = Image.fromarray(COLORS[ids])
        image.save(folder / f"{name}.png")


def _frames(folder: Path, rng: np.random.Generator) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    wide = Image.fromarray(rng.integers(0, 256, (3, 9, 3), dtype=np.uint8)).resize((60, SIDE))
    for i in range(9):
        wide.crop((i, 0, i + SIDE, SIDE)).save(folder / f"{i:04d}.png")


def run_directory(folder: Path, rng: np.random.Generator) -> None:
    """A run directory as a trainer leaves it: small files of every kind that is in one."""
    settings = {"steps": 60, "size": 16, "batch": 4}
    order = {
        "recipe": "spade", "data": "/nowhere", "title": "Meadow", "settings": settings, "seed": 0,
        "device": "auto", "validate": 20, "checkpoint": 20, "preset": "tiny", "made": 1e9,
    }  # fmt: skip
    config = {
        **{k: order[k] for k in ("recipe", "data", "settings", "seed", "validate", "checkpoint")},
        "format": 1, "mends": {"resize": True}, "device": "cpu", "threads": 1,
        "precision": "float32", "stages": [{"name": "all", "steps": 60, "size": [16, 16]}],
        "spec": {}, "versions": {},
    }  # fmt: skip
    events: list[dict[str, Any]] = [{"kind": "state", "state": "training", "time": 1e9}]
    for step in range(1, 61):
        losses = {"g": float(rng.random()), "d": float(rng.random())}
        events.append({"kind": "step", "step": step, "losses": losses, "rate": 9.0,
                       "wait": 0.001, "time": 1e9 + step})  # fmt: skip
        if step % 20 == 0:
            figures = {"kid": 0.1, "kid_low": 0.05, "kid_high": 0.2}
            events.append({"kind": "measure", "step": step, "figures": figures, "time": 1e9 + step})
    events += [
        {"kind": "bounds", "figures": {"kid": {"floor": 0.0, "ceiling": 0.4}}},
        {"kind": "rung", "step": 30, "rung": "half", "sentence": "Half the batch."},
        {"kind": "alarm", "step": 40, "alarm": "collapse", "sentence": "All alike.", "over": False},
        {"kind": "advice", "step": 40, "sentence": "Step 20 was best."},
        {"kind": "state", "state": "done", "time": 1e9 + 70},
    ]
    for name in ("checkpoints", "snapshots", "previews", "canvas", "bundle", "live"):
        (folder / name).mkdir(parents=True)
    (folder / "order.json").write_text(json.dumps(order, indent=1))
    (folder / "run.json").write_text(json.dumps(config, indent=1))
    (folder / "events.jsonl").write_text("".join(json.dumps(event) + "\n" for event in events))
    (folder / "control").write_text('{"desire": "run"}\n')
    (folder / "lease").write_text('{"until": 1.0}\n')
    (folder / "roll.txt").write_text("".join(json.dumps([f"p{i}", 1.0]) + "\n" for i in range(8)))
    way = {"ways": [], "left_out": {"p3": 20}}
    (folder / "ways.json").write_text(json.dumps(way))
    (folder / "log.txt").write_text("Begun.\nAll is well.\n")
    (folder / "run.lock").touch()
    for step in (20, 40, 60):
        (folder / "checkpoints" / f"{step:09d}.safetensors").write_bytes(_tensors(rng))
        (folder / "snapshots" / f"{step:09d}.safetensors").write_bytes(_tensors(rng))
        picture = Image.fromarray(rng.integers(0, 256, (16, 48, 3), dtype=np.uint8))
        for name in (f"{step:09d}.png", f"canvas-{step:09d}.png", f"nearest-{step:09d}.png"):
            picture.save(folder / "previews" / name)
        near = folder / "previews" / f"{step:09d}.nearest.json"
        near.write_text(json.dumps({"nearest": ["p1.png", "p2.png"]}))
    for name in ("bundle", "live"):
        model = {"format": 1, "graphs": [], "title": "Meadow"}
        (folder / name / "model.json").write_text(json.dumps(model))
        (folder / name / "card.json").write_text(json.dumps({"sizes": []}))


def _tensors(rng: np.random.Generator) -> bytes:
    values = rng.random(6, dtype=np.float32).tobytes()
    head = json.dumps({"w": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}}).encode()
    return len(head).to_bytes(8, "little") + head + values


# Damage --------------------------------------------------------------------------------------


def damage(folder: Path, rng: np.random.Generator) -> list[str]:
    """Do one to four things to a folder; what was done."""
    return [_once(folder, rng) for _ in range(int(rng.choice([1, 1, 2, 4])))]


def _once(folder: Path, rng: np.random.Generator) -> str:
    every = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    found = sorted(path for path in every if path.stat().st_size < LARGE)
    # Small text files decide more than each of the pictures.
    texts = [path for path in found if path.suffix in (".json", ".csv", ".jsonl", ".txt", "")]
    among = texts if texts and rng.random() < 0.5 else found
    if not among:
        return "nothing is left"
    path = among[int(rng.integers(len(among)))]
    acts: list[Callable[[Path, np.random.Generator], None]] = [
        *[_bytes] * 6, *[_words] * 4, _empty, _gone, _folder, _pipe, _loop, _nowhere, _zeros, _odd,
        _odd, _double, _deep, _huge, _swap, _away, _socketlike, _long, _wide,
    ]  # fmt: skip
    act = acts[int(rng.integers(len(acts)))]
    try:
        act(path, rng)
    except OSError as error:  # The name is too long for this disk, say.
        return f"{act.__name__} {path.name}: {error}"
    return f"{act.__name__} {path.relative_to(folder)}"


def _bytes(path: Path, rng: np.random.Generator) -> None:
    seed = int(rng.integers(1 << 30))
    _, data = fuzzing.mutant(seed, {f"x{path.suffix or '.bin'}": path.read_bytes() or b"\0"})
    path.write_bytes(data)


def _words(path: Path, rng: np.random.Generator) -> None:
    """A piece of a text replaced by a word that means something else."""
    text = path.read_bytes()
    places = [i for i, byte in enumerate(text) if byte in b'0123456789"{}[]:,\n'] or [0]
    start = int(rng.choice(places))
    end = min(len(text), start + int(rng.choice([0, 1, 3, 9])))
    word = WORDS[int(rng.integers(len(WORDS)))].encode("utf-8", "surrogatepass")
    path.write_bytes(text[:start] + word + text[end:])


def _empty(path: Path, rng: np.random.Generator) -> None:
    path.write_bytes(b"")


def _gone(path: Path, rng: np.random.Generator) -> None:
    path.unlink()


def _folder(path: Path, rng: np.random.Generator) -> None:
    path.unlink()
    path.mkdir()


def _pipe(path: Path, rng: np.random.Generator) -> None:
    path.unlink()
    os.mkfifo(path)


def _loop(path: Path, rng: np.random.Generator) -> None:
    path.unlink()
    path.symlink_to(path)
    (path.parent / "round").symlink_to(path.parent, target_is_directory=True)


def _nowhere(path: Path, rng: np.random.Generator) -> None:
    path.unlink()
    path.symlink_to("/nowhere/at/all")


def _zeros(path: Path, rng: np.random.Generator) -> None:
    """A device that never ends, or is always empty."""
    path.unlink()
    path.symlink_to(str(rng.choice(["/dev/zero", "/dev/null", "/dev/urandom"])))


def _odd(path: Path, rng: np.random.Generator) -> None:
    name = ODD_NAMES[int(rng.integers(len(ODD_NAMES)))]
    os.rename(os.fsencode(path), os.path.join(os.fsencode(path.parent), name))


def _double(path: Path, rng: np.random.Generator) -> None:
    shutil.copy(path, path.with_suffix(str(rng.choice([".bmp", ".webp", ".heic", ".mp4", ".PNG"]))))


def _deep(path: Path, rng: np.random.Generator) -> None:
    """Moved below sixty folders."""
    below = path.parent.joinpath(*["d"] * 60)
    below.mkdir(parents=True)
    path.rename(below / path.name)


def _huge(path: Path, rng: np.random.Generator) -> None:
    """A file of gigabytes that takes no room: what it began with, then nothing."""
    with path.open("r+b") as file:
        file.truncate(HUGE)


def _swap(path: Path, rng: np.random.Generator) -> None:
    """Put into the place of another file."""
    others = sorted(other for other in path.parent.iterdir() if other.is_file())
    shutil.copy(path, others[int(rng.integers(len(others)))])


def _away(path: Path, rng: np.random.Generator) -> None:
    """The whole folder that it lies in, or its other files."""
    for other in sorted(path.parent.iterdir()):
        if other != path and other.is_file() and rng.random() < 0.8:
            other.unlink()


def _socketlike(path: Path, rng: np.random.Generator) -> None:
    """A pipe under a name that none looked for."""
    os.mkfifo(path.with_name(f"new{path.suffix}"))


def _long(path: Path, rng: np.random.Generator) -> None:
    """A line without an end."""
    with path.open("ab") as file:
        file.write(b'{"kind": "' + b"a" * 3_000_000)


def _wide(path: Path, rng: np.random.Generator) -> None:
    """Much more of the same."""
    data = path.read_bytes()
    path.write_bytes(data * min(2000, 1 + 4_000_000 // max(1, len(data))))


# The reader ----------------------------------------------------------------------------------


def standing(folder: Path) -> dict[str, tuple[int, int, int]]:
    """What lies in a folder: path -> mode, size and time of change."""
    found = {}
    for where, inner, files in os.walk(os.fsencode(folder)):
        for name in (*inner, *files):
            status = os.lstat(os.path.join(where, name))
            times = 0 if name in inner else status.st_mtime_ns
            found[repr(os.path.join(where, name))] = status.st_mode, status.st_size, times
    return found


def sentence(text: str) -> str:
    """What keeps a text from being a sentence that can be shown; nothing where it is one."""
    if not text.strip() or not text.isprintable():
        return f"cannot be shown: {text!r}"
    if len(text) > 1500:
        return f"is too long: {text[:200]!r}"
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return f"cannot be written: {text!r}"
    return "" if text.rstrip().endswith((".", "!")) else f"is no sentence: {text!r}"


def read_data(folder: Path) -> Iterator[str]:
    """Everything that is done with a data folder; yields what is wrong with what was said."""
    from engines.data.mends import NONE, Mends
    from engines.data.offers import combined, offers, remaining
    from engines.data.recognise import descend
    from engines.data.report import Report
    from engines.data.scan import scan
    from engines.data.sets import KINDS, open_data
    from engines.errors import UserError

    def told(report: Report) -> Iterator[str]:
        json.loads(json.dumps(report.to_json()))
        report.text().encode("utf-8")
        yield from filter(None, [sentence(report.reason)] if report.reason else [])
        for problem in (*report.problems, *report.notes):
            yield from filter(None, [sentence(f"{problem.file} {problem.what}; {problem.mend}.")])

    def opened(kind: str, mends: Mends) -> str:
        try:
            data = open_data(folder, kind, (8, 8), mends=mends)
            for index in range(len(data)):
                data.draw(index, np.random.default_rng(index))
        except UserError as error:
            return sentence(str(error)) or "refused"
        return ""

    descend(folder)
    quick = scan(folder)
    deep = scan(folder, deep=True)
    for report in (quick, deep):
        yield from told(report)
    for kind in KINDS:  # As a terminal would, whatever it is.
        said = opened(kind, NONE)
        yield from [said] if said not in ("", "refused") else []
    mends = combined(deep, [offer for offer in offers(deep) if offer.usual])
    mends = Mends.from_json(json.loads(json.dumps(mends.to_json())))
    again = scan(folder, deep=True, mends=mends)
    yield from told(again)
    if deep.kind in KINDS and not remaining(deep, mends):
        # Where nothing is left that could be learnt from, the second look says so.
        if any(problem.fault not in ("folder", "table") for problem in again.problems):
            yield f"agreed to every offer, and yet {again.problems[0]}"
        elif not again.problems and (said := opened(deep.kind, mends)):
            yield f"may be started, and yet is {said}"


def read_run(folder: Path) -> Iterator[str]:
    """Everything that is done with a run directory without torch."""
    from engines.errors import UserError
    from engines.orders import Order
    from engines.roll import called
    from engines.runs import Run
    from engines.runtime import snapshots
    from engines.ways import Ways
    from studio.lanes.runs import Follow
    from studio.models import gallery_runs

    run = Run(folder)
    follow = Follow(folder)
    other = Follow(folder)
    other.want_curves()
    for each in (follow, other):
        for _ in range(400):
            each.look()
            if not each.behind:
                break

    def rest() -> None:
        for each in (follow, other):
            _ = (each.title, each.bundle, each.step, each.said, each.memory, each.busy, each.recipe,
                 each.settings, each.stages, each.total, each.batch, each.seconds_a_step,
                 each.waiting, each.seconds_left, each.rate, each.losses, each.figures, each.bounds,
                 each.notes, each.current, each.canvas, each.sheet, each.snapshots,
                 each.status(), each.last_word, each.starting, each.alive)  # fmt: skip
            gallery_runs.figures_of(each)
            gallery_runs.picture_of(each)
            if each.sheet is not None:
                _ = gallery_runs.nearest_of(each.sheet), gallery_runs.nearest_names(each.sheet)
            gallery_runs.settings_of(each)
        gallery_runs.differences(follow, other)
        for how in gallery_runs.SORTS:
            gallery_runs.sort_runs([follow, other], how, lambda each: each.status())

    eight = SimpleNamespace(names=[f"p{i}" for i in range(8)], weights=[1.0] * 8)

    acts: list[Callable[[], object]] = [
        rest, lambda: Run.open(folder), lambda: run.events(), lambda: run.losses(),
        lambda: run.desire(), lambda: run.leased(), lambda: run.busy, lambda: run.checkpoints(),
        lambda: Order.read(folder), lambda: Order.of(folder), lambda: snapshots.steps_of(folder),
        lambda: snapshots.bundle_of(folder, 40, folder.parent / "cache"),
        lambda: Ways.read(folder, run.config), lambda: called(folder, eight, {}, write=False),
    ]  # fmt: skip
    for act in acts:
        try:
            act()
        except UserError as error:
            yield from filter(None, [sentence(str(error))])
    yield from filter(None, (sentence(note.sentence + ".") for note in other.notes))


READERS: dict[str, Callable[[Path], Iterator[str]]] = {"data": read_data, "run": read_run}


def make(folder: Path, what: str, seed: int) -> list[str]:
    """A damaged folder; what was done to it."""
    rng = np.random.default_rng(np.random.SeedSequence([5, seed]))
    if what == "run":
        run_directory(folder, rng)
    else:
        data_folder(folder, FORMS[seed % len(FORMS)], rng)
    return damage(folder, rng)


def _child(home: Path, what: str) -> None:
    """Make and read the folders whose seeds come on stdin; a line of JSON on stdout for each."""
    resource.setrlimit(resource.RLIMIT_AS, (fuzzing.MEMORY, fuzzing.MEMORY))
    read = READERS[what]
    for seed in map(int, sys.stdin.read().split()):
        folder = home / f"{seed}" / what
        acts = make(folder, what, seed)
        before = standing(folder)
        start, how = time.monotonic(), "fine"
        try:
            if wrong := list(read(folder)):
                how = wrong[0]
        except BaseException as error:
            import traceback

            last = traceback.extract_tb(error.__traceback__)[-1]
            how = f"raised {error!r} in {Path(last.filename).name}:{last.lineno}"
        seconds = time.monotonic() - start
        if (after := standing(folder)) != before:
            how = f"changed {sorted(set(before.items()) ^ set(after.items()))[:3]}"
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        told = {"seed": seed, "how": how, "acts": acts, "seconds": seconds, "memory": memory}
        print(json.dumps(told), flush=True)
        shutil.rmtree(os.fsencode(home / f"{seed}"), ignore_errors=True)


if __name__ == "__main__":
    _child(Path(sys.argv[1]), sys.argv[2])
