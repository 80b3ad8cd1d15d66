"""Converting folders and videos: done once whatever happens, each fault a sentence, no flicker."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image as Pillow

from engines import files
from engines.cli import main
from engines.data.pictures import write_picture
from engines.errors import UserError
from engines.request import Request
from engines.runtime.bundle import Bundle
from engines.runtime.convert import film as films
from engines.runtime.convert import hand, reel
from engines.runtime.convert.hand import Hand
from engines.runtime.convert.job import INSIDE, Job, Plan, Records
from engines.runtime.convert.steady import Steady
from engines.runtime.convert.work import Conversion
from engines.runtime.places import SHIPPED
from engines.runtime.sessions import Sessions
from tests import converting as c

Said = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def tinted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of styles."""
    return c.model(tmp_path_factory.mktemp("models") / "tinted")


@pytest.fixture
def style(tmp_path: Path) -> Path:
    """A picture in whose colours to paint."""
    path = tmp_path / "style.png"
    rng = np.random.default_rng(1)
    write_picture(path, rng.integers(0, 120, (20, 20, 3), np.uint8))
    return path


def convert(model: Path, source: Path, out: Path, *words: object) -> int:
    return main(["convert", str(model), str(source), "--out", str(out), *map(str, words)])


def plan(model: Path, source: Path, out: Path, **more: Any) -> Plan:
    look = np.random.default_rng(1).integers(0, 120, (8, 8, 3), np.uint8)
    request = Request(Bundle.open(model).hash, (0, 0), {"manner": look})
    return Plan(str(model), source, out, request, **more)


def work(wanted: Plan) -> Conversion:
    return Conversion(Job.make(wanted), Bundle.open(Path(wanted.model)), Sessions("cpu"))


# A folder ----------------------------------------------------------------------------------------


def test_a_folder_goes_through_once_and_what_is_broken_stops_nothing(
    tinted: Path, style: Path, tmp_path: Path, capsys: Said
) -> None:
    source, out = tmp_path / "in", tmp_path / "out"
    (source / "Größe 2").mkdir(parents=True)
    frames = c.moving(2, (37, 51))
    for name, pixels in (("a.jpg", frames[0]), ("a.png", frames[1]), ("Größe 2/ö.png", frames[0])):
        Pillow.fromarray(pixels).save(source / name)
    (source / "broken.png").write_bytes(b"no picture")
    (source / "broken.mp4").write_bytes(b"no video" * 100)
    (source / "notes.txt").write_text("not converted")
    (source / "nothing.avi").touch()
    os.mkfifo(source / "pipe.mkv")

    assert convert(tinted, source, out, "--style", style) == 1
    said = capsys.readouterr().err
    assert "3 of 7 in" in said
    for name in ("broken.png", "broken.mp4", "nothing.avi", "pipe.mkv"):
        assert sum(line.startswith(name) for line in said.splitlines()) == 1
    made = sorted(p.relative_to(out).as_posix() for p in out.rglob("*.*") if INSIDE not in str(p))
    assert made == ["Größe 2/ö.png", "a.png", "a.png.png"]
    with Pillow.open(out / "Größe 2" / "ö.png") as image:
        assert image.size == (51, 37)  # though the model wants multiples of 4
        assert json.loads(image.text["pentimento:passport"])["title"] == "Tinted"
        pixels = np.asarray(image)
    assert np.abs(pixels.mean((0, 1)) - 60).max() < 12  # the style's
    before = {p: p.stat().st_mtime_ns for p in out.rglob("*.png")}

    Pillow.fromarray(frames[0]).save(source / "later.png")
    Pillow.fromarray(frames[0]).save(source / "broken.png")  # mended
    assert main(["convert", str(out)]) == 1
    assert "5 of 8 in" in capsys.readouterr().err
    assert {p: p.stat().st_mtime_ns for p in before} == before
    assert (out / "later.png").is_file()
    assert (out / "broken.png").is_file()


def test_what_is_not_ours_is_never_replaced(tinted: Path, style: Path, tmp_path: Path) -> None:
    source, out = tmp_path / "in", tmp_path / "out"
    for folder in (source, out):
        folder.mkdir()
    frames = c.moving(3)
    for name in "abc":
        write_picture(source / f"{name}.png", frames[0])
    (out / "a.png").write_text("mine")
    assert convert(tinted, source, out, "--style", style) == 1
    assert (out / "a.png").read_text() == "mine"
    # The artist paints over a result, and then both change: neither is lost.
    write_picture(out / "b.png", frames[1])
    mine = (out / "b.png").read_bytes()
    assert convert(tinted, source, out, "--style", style) == 1
    write_picture(source / "b.png", frames[2])
    write_picture(source / "c.png", frames[2])
    old = (out / "c.png").read_bytes()
    assert convert(tinted, source, out, "--style", style) == 1
    assert (out / "b.png").read_bytes() == mine
    assert (out / "c.png").read_bytes() != old


def test_results_inside_the_source_are_not_converted_again(
    tinted: Path, style: Path, tmp_path: Path
) -> None:
    write_picture(tmp_path / "a.png", c.moving(1)[0])
    for _ in range(2):
        assert convert(tinted, tmp_path, tmp_path / "out", "--style", style) == 0
    made = sorted(p.name for p in (tmp_path / "out").iterdir())
    assert made == [INSIDE, "a.png", "style.png"]


def test_other_settings_need_another_place(
    tinted: Path, style: Path, tmp_path: Path, capsys: Said
) -> None:
    source = tmp_path / "a.png"
    write_picture(source, c.moving(1)[0])
    out = tmp_path / "out"
    assert convert(tinted, source, out, "--style", style) == 0
    for more in (("--in", "strength=0.5"), ("--side", 20), ("--seed", 3), ("--smooth", 0.2)):
        assert convert(tinted, source, out, "--style", style, *more) == 2
    assert "other settings" in capsys.readouterr().err
    model = c.model(tmp_path / "other" / "tinted", salt=1.0)
    job = Job(out / INSIDE)
    with pytest.raises(UserError, match="begun with"):
        Conversion(job, Bundle.open(model), Sessions("cpu"))


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (("--smooth", 1.0), "0 and below 1"),
        (("--smooth", "nan"), "0 and below 1"),
        (("--in", "photo=/"), "as INPUT"),
        (("--in", "strength=9"), ""),
    ],
)
def test_what_makes_no_sense_is_one_sentence(
    tinted: Path, style: Path, tmp_path: Path, capsys: Said, words: tuple[str, ...], part: str
) -> None:
    write_picture(tmp_path / "a.png", c.moving(1)[0])
    code = convert(tinted, tmp_path / "a.png", tmp_path / "out", "--style", style, *words)
    said = capsys.readouterr().err
    assert code == (2 if part else 1)
    assert part in said
    assert "Traceback" not in said
    assert not (tmp_path / "out" / "a.png").exists()


def test_there_is_nothing_to_go_on_with(
    tinted: Path, style: Path, tmp_path: Path, capsys: Said
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    assert main(["convert", str(tmp_path)]) == 2
    assert convert(tinted, empty, empty, "--style", style) == 2
    assert convert(tinted, empty, tmp_path / "out", "--style", style) == 2
    said = capsys.readouterr().err.splitlines()
    parts = ("no conversion in", "is what is converted", "no pictures or videos")
    assert [part in line for part, line in zip(parts, said, strict=True)] == [True] * 3


def test_a_model_of_manners_is_told_one(tinted: Path, tmp_path: Path, capsys: Said) -> None:
    write_picture(tmp_path / "a.png", c.moving(1)[0])
    assert convert(tinted, tmp_path / "a.png", tmp_path / "out") == 2
    assert "--style" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
    # A latent has a mean, so that a photo for it can be left out.
    assert hand.lacks(Bundle.open(SHIPPED / "landscape"), {}) is None


def test_a_side_bounds_what_is_larger(tinted: Path, style: Path, tmp_path: Path) -> None:
    write_picture(tmp_path / "a.png", c.moving(1, (60, 120))[0])
    words = ("--style", style, "--side", 80)
    assert convert(tinted, tmp_path / "a.png", tmp_path / "b.png", *words) == 0
    with Pillow.open(tmp_path / "b.png") as image:
        assert image.size == (80, 40)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.png", "b.png", "style.png"]


def test_names_are_told_apart_where_case_is_not() -> None:
    records, names = Records(), ("A.jpg", "a.png", "a.png.jpg", "b/c.tif")
    for name in names:
        records.begin(name, records.target(name, ".png"))
    found = dict(records.began)
    assert found["A.jpg"] == "A.png"
    assert found["b/c.tif"] == "b/c.png"
    assert len({name.casefold() for name in found.values()}) == 4
    assert {name: records.target(name, ".png") for name in names[::-1]} == found


def test_a_full_disk_ends_it_and_nothing_is_torn(
    tinted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, out = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    for number in range(4):
        write_picture(source / f"{number}.png", c.moving(1)[0])
    conversion = work(plan(tinted, source, out))
    replace, count = os.replace, 0

    def full(old: Any, new: Any) -> None:
        nonlocal count
        count += str(new).endswith(".png")
        if count == 3:
            raise OSError(28, "No space left on device")
        replace(old, new)

    monkeypatch.setattr(files.os, "replace", full)
    with pytest.raises(UserError, match="No space left"):
        list(conversion.steps())
    monkeypatch.undo()
    assert sorted(p.name for p in out.iterdir()) == [INSIDE, "0.png", "1.png"]
    again = work(plan(tinted, source, out))
    list(again.steps())
    assert again.done == 4
    assert not again.failed


# Videos ------------------------------------------------------------------------------------------


def sound_of(path: Path) -> list[bytes]:
    with av.open(str(path)) as found:
        return [bytes(p) for p in found.demux(audio=0) if p.size]


@pytest.mark.parametrize(("ending", "sound", "made"), [
    ("mp4", "aac", "mp4"), ("mkv", "aac", "mkv"), ("avi", "libmp3lame", "mp4"),
    ("mov", "pcm_s16le", "mkv"), ("mp4", "", "mp4"),
])  # fmt: skip
def test_a_video_keeps_its_frames_their_times_and_its_sound(
    tinted: Path, tmp_path: Path, ending: str, sound: str, made: str
) -> None:
    frames = c.moving(31)
    source = c.film(tmp_path / f"a.{ending}", frames, sound=sound)
    out = tmp_path / "out"
    conversion = work(plan(tinted, source, out))
    shares = [step.share for step in conversion.steps()]
    assert not conversion.failed
    assert shares == sorted(shares)
    assert len(shares) > 31
    assert [p.name for p in out.glob("*.*") if p.name != INSIDE] == [f"a.{made}"]
    before, after = c.shown(source), c.shown(out / f"a.{made}")
    assert [t for t, _ in after] == pytest.approx([t for t, _ in before], abs=1e-3)
    assert len(after) == 31
    if sound:
        assert sound_of(out / f"a.{made}") == sound_of(source)
    # The frames themselves are what the model makes of them.
    maker = Hand(Bundle.open(tinted), conversion.plan.request, Sessions("cpu"))
    with films.opened(source) as film:
        maker.known = maker.survey(film.spread(8))
    picture = list(maker.make(before[30][1]))[-1].picture
    assert np.abs(picture.astype(int) - after[30][1]).mean() < 4


def test_frames_of_any_pace_keep_their_times(tinted: Path, tmp_path: Path) -> None:
    times = [0, 1, 2, 10, 11, 30, 31, 90, *range(100, 130)]
    source = c.film(tmp_path / "a.mkv", c.moving(len(times)), times)
    list(work(plan(tinted, source, tmp_path / "b.mkv")).steps())
    assert [round(t * 25) for t, _ in c.shown(tmp_path / "b.mkv")] == times


def test_a_video_on_its_side_is_put_upright(tinted: Path, tmp_path: Path) -> None:
    source = c.film(tmp_path / "a.mp4", c.moving(3))
    data = bytearray(source.read_bytes())
    place = data.index(b"tkhd") + 4 + 40
    turned = [0, 1 << 16, 0, -1 << 16, 0, 0]  # a quarter clockwise, as telephones write it
    for number, value in enumerate(turned):
        data[place + 4 * number : place + 4 * number + 4] = value.to_bytes(4, "big", signed=True)
    source.write_bytes(data)
    list(work(plan(tinted, source, tmp_path / "b.mp4")).steps())
    pixels = c.shown(tmp_path / "b.mp4")[0][1]
    assert pixels.shape == (64, 48, 3)
    # The dark row of the top is the column on the right.
    assert pixels[:, -8:].mean() < pixels[:, :8].mean()


def hostile(kind: str, folder: Path) -> Path:
    path = folder / "a.mp4"
    if kind == "playlist":
        c.film(folder / "secret.mp4", c.moving(2))
        path.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{folder}/secret.mp4\n")
    elif kind == "list":
        c.film(folder / "secret.mp4", c.moving(2))
        path.write_text("ffconcat version 1.0\nfile secret.mp4\n")
    elif kind == "sound":
        with av.open(str(path), "w") as out:
            for packet in c._tone(out.add_stream("aac", rate=48_000, layout="mono"), 0.2):
                out.mux(packet)
    elif kind == "half":
        data = c.film(path, c.moving(20)).read_bytes()
        path.write_bytes(data[: len(data) // 2])
    elif kind == "huge":
        path = folder / "a.mov"
        with av.open(str(path), "w") as out:
            stream = out.add_stream("png", rate=25)
            stream.width, stream.height, stream.pix_fmt = 64, 48, "rgb24"  # type: ignore[attr-defined]
            out.mux(stream.encode(av.VideoFrame.from_ndarray(c.moving(1)[0], format="rgb24")))
            out.mux(stream.encode(None))
        small, large = ((w.to_bytes(4, "big") + h.to_bytes(4, "big")) for w, h in (
            (64, 48), (100_000, 100_000)))  # fmt: skip
        path.write_bytes(path.read_bytes().replace(small, large))
    return path


@pytest.mark.parametrize("kind", ["playlist", "list", "sound", "half", "huge"])
def test_a_hostile_video_is_one_sentence(kind: str, tinted: Path, tmp_path: Path) -> None:
    source = hostile(kind, tmp_path)
    conversion = work(plan(tinted, source, tmp_path / "out"))
    list(conversion.steps())
    (sentence,) = conversion.failed.values()
    assert sentence.endswith(".")
    assert source.name in sentence
    assert [p.name for p in (tmp_path / "out").iterdir()] == [INSIDE]


def test_frames_that_are_too_large_are_refused_unread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = c.film(tmp_path / "a.mp4", c.moving(2))
    monkeypatch.setattr(films, "MOST_PIXELS", 3000)
    with pytest.raises(UserError, match="no known size"), films.opened(source):
        pass


def test_a_video_that_is_cut_off_gives_what_there_is(tinted: Path, tmp_path: Path) -> None:
    source = c.film(tmp_path / "a.mkv", c.moving(50))
    data = source.read_bytes()
    source.write_bytes(data[: len(data) // 2])
    conversion = work(plan(tinted, source, tmp_path / "b.mkv"))
    list(conversion.steps())
    (remark,) = conversion.records.remarks.values()
    assert "cut off" in remark
    assert 5 < len(c.shown(tmp_path / "b.mkv")) < 45


# Stopping and going on ---------------------------------------------------------------------------

CHILD = """
import sys, time
from engines.runtime.convert import hand
make = hand.Hand.make
def slow(self, value):
    print("frame", flush=True)
    time.sleep(0.008)
    yield from make(self, value)
hand.Hand.make = slow
from engines.cli import main
sys.exit(main(sys.argv[1:]))
"""


def test_killed_five_times_a_video_is_the_same(tinted: Path, style: Path, tmp_path: Path) -> None:
    count, rng = 130, np.random.default_rng(6)
    source = c.film(tmp_path / "a.mp4", c.moving(count, noise=6), sound="aac")
    words = ["--style", str(style), "--smooth", "0.8", "--provider", "cpu"]
    whole, out = tmp_path / "whole.mp4", tmp_path / "out.mp4"
    assert convert(tinted, source, whole, *words) == 0
    command = [sys.executable, "-c", CHILD, "convert", str(tinted), str(source), "--out", str(out)]
    painted = 0
    for kill in range(6):
        child = subprocess.Popen(
            [*command, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert child.stdout is not None
        assert child.stderr is not None
        most = int(rng.integers(3, 40)) if kill < 5 else 10_000
        seen = 0
        for _ in child.stdout:
            seen += 1
            if seen == most:
                time.sleep(float(rng.uniform(0, 0.01)))
                child.send_signal(signal.SIGKILL)
                break
        painted += seen
        code = child.wait()
        said = child.stderr.read()
        child.stdout.close()
        child.stderr.close()
        assert code == (-signal.SIGKILL if kill < 5 else 0), said
    assert out.read_bytes() == whole.read_bytes()
    assert painted < count + 5 * reel.FRAMES
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "a.mp4", "out.mp4", "style.png", "whole.mp4",
    ]  # fmt: skip


def test_stopped_between_any_two_frames_it_goes_on_the_same(tinted: Path, tmp_path: Path) -> None:
    source = c.film(tmp_path / "a.mp4", c.moving(60, noise=5))
    list(work(plan(tinted, source, tmp_path / "whole.mkv", smooth=0.7)).steps())
    wanted = plan(tinted, source, tmp_path / "out.mkv", smooth=0.7)
    for most in (10, 30, 20, 60, 5):
        steps = work(wanted).steps()
        for _, _ in zip(range(most), steps, strict=False):
            pass
        steps.close()  # type: ignore[attr-defined]
    list(work(wanted).steps())
    assert (tmp_path / "out.mkv").read_bytes() == (tmp_path / "whole.mkv").read_bytes()


def test_a_video_that_changed_is_converted_anew(tinted: Path, tmp_path: Path) -> None:
    source = c.film(tmp_path / "a.mp4", c.moving(60))
    wanted = plan(tinted, source, tmp_path / "out.mp4")
    steps = work(wanted).steps()
    for _ in range(40):
        next(steps)
    c.film(source, c.moving(60, noise=9))
    list(work(wanted).steps())
    list(work(plan(tinted, source, tmp_path / "whole.mp4")).steps())
    assert (tmp_path / "out.mp4").read_bytes() == (tmp_path / "whole.mp4").read_bytes()


def test_it_pauses_rests_and_stops_when_asked(
    tinted: Path, style: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, out = c.film(tmp_path / "a.mp4", c.moving(40)), tmp_path / "out"
    job, make = Job(out / INSIDE), hand.Hand.make
    seen: list[str] = []
    held: list[int] = []
    painted = 0

    def steered(self: Hand, value: Any) -> Iterator[Any]:
        nonlocal painted
        painted += 1
        if painted == 5:
            job.run.steer("pause")
        if painted == 10:
            job.run.lease(1.5)
        if painted == 30:
            job.run.steer("stop")
        yield from make(self, value)

    monkeypatch.setattr(hand.Hand, "make", steered)

    def watch() -> None:
        while not seen or seen[-1] != "stopped":
            standing = job.state.standing
            if not seen or seen[-1] != standing:
                seen.append(standing)
                if standing == "paused":
                    held.append(painted)
                    job.run.steer("run")
            time.sleep(0.01)

    watcher = threading.Thread(target=watch)
    watcher.start()
    assert convert(tinted, source, out, "--style", style) == 0
    watcher.join(20)
    assert [s for s in seen if s != "working"] == ["paused", "resting", "stopped"]
    assert (held, painted) == ([5], 30)
    assert not (out / "a.mp4").exists()
    assert main(["convert", str(out)]) == 0
    assert painted == 30 + 40 - reel.FRAMES
    assert job.state.standing == "done"


def test_one_process_at_a_time(tinted: Path, tmp_path: Path, capsys: Said) -> None:
    write_picture(tmp_path / "a.png", c.moving(1)[0])
    job = Job.make(plan(tinted, tmp_path / "a.png", tmp_path / "out"))
    with job.writer():
        assert main(["convert", str(tmp_path / "out")]) == 2
    assert "already" in capsys.readouterr().err


# Flicker -----------------------------------------------------------------------------------------


def flicker(path: Path, area: Any = np.s_[:]) -> float:
    """Mean absolute difference of following frames, in grey levels."""
    frames = np.stack([pixels[area] for _, pixels in c.shown(path)]).astype(float)
    return float(np.abs(np.diff(frames, axis=0)).mean())


def test_noise_flickers_less_when_smoothed(tinted: Path, tmp_path: Path) -> None:
    source = c.film(tmp_path / "a.mp4", c.moving(24, noise=10))
    found = {}
    for smooth in (0.0, 0.5, 0.9):
        out = tmp_path / f"{smooth}.mp4"
        list(work(plan(tinted, source, out, smooth=smooth)).steps())
        found[smooth] = flicker(out)
    assert found[0.5] < 0.65 * found[0.0]
    assert found[0.9] < 0.35 * found[0.0]


def test_fixed_statistics_keep_what_stands_still_as_it_is(tinted: Path, tmp_path: Path) -> None:
    """A bright square that comes and goes changes a frame's statistics, and so all of it."""
    frames = c.moving(24)
    for frame in frames[::2]:
        frame[10:40, 30:60] = 250
    source = c.film(tmp_path / "a.mp4", frames)
    found = {}
    for fixed in (False, True):
        out = tmp_path / f"{fixed}.mp4"
        list(work(plan(tinted, source, out, fixed=fixed)).steps())
        found[fixed] = flicker(out, np.s_[:, :20])
    assert found[True] < 0.3 * found[False]


def test_smoothing_drags_nothing_along() -> None:
    frames = c.moving(20)
    steady = Steady(0.9)
    for frame in frames:
        shown = steady.take(frame, 255 - frame)
        assert np.abs(shown.astype(int) - (255 - frame)).max() <= 40
    assert np.abs(shown.astype(int) - (255 - frame)).mean() < 0.5


def test_smoothing_knows_larger_results_and_other_shapes() -> None:
    steady = Steady(0.5)
    first, second = c.moving(2, noise=8)
    steady.take(first, first.repeat(2, 0).repeat(2, 1))
    shown = steady.take(second, second.repeat(2, 0).repeat(2, 1))
    small = Steady(0.5)
    small.take(first, first)
    assert np.array_equal(shown[::2, ::2], small.take(second, second))
    assert np.array_equal(steady.take(first, first[:10]), first[:10])


def test_the_survey_of_a_video_is_the_mean_of_its_frames(tinted: Path) -> None:
    maker = Hand(Bundle.open(tinted), Request(Bundle.open(tinted).hash, (0, 0)), Sessions("cpu"))
    frames = c.moving(3, noise=20)
    found = maker.survey(frames)["moments"]
    scaled = np.stack(frames).astype(float) / 127.5 - 1
    wanted = [*scaled.mean((0, 1, 2)), *np.square(scaled).mean((0, 1, 2))]
    assert np.allclose(found, wanted, atol=1e-5)
