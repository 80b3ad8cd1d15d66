"""Mutated documents and pictures: no crash, no hang, nothing written, memory bounded."""

import io
import zipfile
import zlib
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engines.data.spec import PaletteClass
from engines.request import Request
from studio.document import ora
from studio.document.carried import Result
from studio.document.document import Document
from studio.document.edit import Edit
from studio.document.layers import FIRST, Kind, Layer
from studio.document.psd import write_psd
from studio.document.raster import Area, Shape
from studio.document.scene import Picture, Scene
from studio.document.stack import Entry, Stack
from studio.history import History
from tests import fuzzing, oddities

SIZE = (48, 70)
CLASSES = (PaletteClass("sky", "#80c0ff"), PaletteClass("sea", "#1450c8"))


def ours() -> tuple[History, np.ndarray, list[Result]]:
    """A document with all that a file can hold."""
    rng = np.random.default_rng(0)

    def noise(channels: int) -> np.ndarray:
        return rng.integers(0, 256, (*SIZE, channels)).astype(np.uint8)

    inner = Layer(6, Kind.GROUP, "In", blend="screen", children=(Layer(5, Kind.LAYOUT, "Boats"),))
    group = Layer(3, Kind.GROUP, "Out", opacity=0.5, children=(Layer(4, Kind.PICTURE, "P"), inner))
    style = Picture(noise(3), "style.jpg")
    scene = Scene(CLASSES, values={"photo": style}, underlay=style, layers=(group, *FIRST))
    ids = rng.choice([0, 1, 255], SIZE).astype(np.uint8)
    document = Document.of(SIZE, {1: ids, 4: noise(4), 5: ids.T.copy().reshape(SIZE)}, scene)
    history = History(document)
    for layer, value in ((1, 1), (4, (9, 8, 7, 6)), (5, 0)):
        edit = Edit(document, "Stroke", layer)
        edit.paint(Shape(Area(3, 4, 30, 40)), value)
        change = edit.finish()
        assert change is not None
        history.add(change)
    history.undo()
    request = Request("m", SIZE, {"layout": ids}, seed=3)
    result = Result(noise(3), request, {"title": "x"}, Document(ids, replace(scene, layers=FIRST)))
    return history, noise(3), [result]


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What the mutants are made of."""
    folder = tmp_path_factory.mktemp("sources")
    history, live, results = ours()
    ora.write(folder / "ours.ora", history, live, results)
    write_psd(folder / "layers.psd", history.document, live)
    (folder / "carries.png").write_bytes(results[0].png)
    picture = oddities.encoded("PNG", oddities.photo("RGBA", (70, 48)))
    leaf = Entry("Ink", "data/1.png", 3, -4, 0.5, op="svg:multiply")
    stack = Stack(SIZE, (Entry("G", children=(leaf,), isolated=False), leaf))
    with zipfile.ZipFile(folder / "others.ora", "w") as archive:
        for name, data in {
            "mimetype": b"image/openraster",
            "stack.xml": stack.to_xml(),
            "data/1.png": picture,
            "mergedimage.png": picture,
        }.items():
            archive.writestr(name, data)
    found = {path.name: path.read_bytes() for path in folder.iterdir()}
    # Documents weigh more than pictures.
    found |= {f"ours{i}.ora": found["ours.ora"] for i in range(4)}
    found |= {f"others{i}.ora": found["others.ora"] for i in range(3)}
    exif = Image.Exif()
    exif[0x0112] = 6
    srgb = oddities.SRGB
    for kind, mode in (
        ("PNG", "RGBA"),
        ("PNG", "P"),
        ("JPEG", "RGB"),
        ("JPEG", "CMYK"),
        ("WEBP", "RGBA"),
        ("TIFF", "RGB"),
        ("TIFF", "CMYK"),
        ("BMP", "RGB"),
        ("GIF", "P"),
    ):
        buffer = io.BytesIO()
        options = {} if kind in ("BMP", "GIF") else {"exif": exif, "icc_profile": srgb}
        oddities.photo(mode, (50, 40)).save(buffer, kind, **options)
        found[f"{mode}.{kind.lower()}"] = buffer.getvalue()
    return found


def check(folder: Path, sources: dict[str, bytes], seeds: range) -> str:
    """Read so many mutants; AssertionError where one is not borne. What came out, in words."""
    inside = folder / "mutants"
    inside.mkdir()
    for seed in seeds:
        name, data = fuzzing.mutant(seed, sources)
        (inside / name).write_bytes(data)
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    ended, most = fuzzing.read_all(inside, 60 + fuzzing.SECONDS + len(seeds))
    assert len(ended) == len(seeds)
    wrong = [e for e in ended if e.how not in ("read", "refused")]
    assert wrong == []
    slow = [e for e in ended if e.seconds > fuzzing.SECONDS]
    assert slow == []
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
    counts = Counter(e.how for e in ended)
    longest = max(ended, key=lambda e: e.seconds)
    return (
        f"{len(ended)} mutants: {counts['read']} read, {counts['refused']} refused; at most "
        f"{longest.seconds:.2f} s ({longest.name}), {most / 1e6:.0f} MB"
    )


def test_mutants_are_made_again_from_their_seed(sources: dict[str, bytes]) -> None:
    assert [fuzzing.mutant(i, sources) for i in range(30)] == [
        fuzzing.mutant(i, sources) for i in range(30)
    ]


def test_every_third_mutant_has_a_valid_container(sources: dict[str, bytes]) -> None:
    """Zip files open and their members are whole; the chunks of PNGs have right sums."""
    zips = pngs = 0
    for seed in range(0, 240, 3):
        name, data = fuzzing.mutant(seed, sources)
        if name.endswith(".ora"):
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                assert archive.testzip() is None
            zips += 1
        elif name.endswith(".png"):
            place = len(fuzzing.SIGNATURE)
            while place < len(data):
                length = int.from_bytes(data[place : place + 4], "big")
                body = data[place + 4 : place + 8 + length]
                sum_ = int.from_bytes(data[place + 8 + length : place + 12 + length], "big")
                assert zlib.crc32(body) == sum_
                place += 12 + length
            pngs += 1
    assert zips > 20
    assert pngs > 5


def test_the_reader_tells_what_is_wrong(tmp_path: Path, sources: dict[str, bytes]) -> None:
    """Nothing that follows means anything if this does not hold."""
    written: list[str] = []
    fuzzing._note(written, "open", ("/tmp/x", "w", 0))
    fuzzing._note(written, "open", ("/tmp/y", None, 65))
    fuzzing._note(written, "open", ("/tmp/z", "rb", 0))
    fuzzing._note(written, "os.rename", ("a", "b"))
    assert written == ["/tmp/x", "/tmp/y", "os.rename ('a', 'b')"]
    (tmp_path / "good.ora").write_bytes(sources["ours.ora"])
    (tmp_path / "bad.ora").write_bytes(b"PK")
    (tmp_path / "gone.png").symlink_to("nowhere")
    ended, most = fuzzing.read_all(tmp_path, 60)
    assert [(e.name, e.how) for e in ended] == [
        ("bad.ora", "refused"),
        ("gone.png", "refused"),
        ("good.ora", "read"),
    ]
    assert most > 10_000_000


def test_sixty_mutants_are_borne(tmp_path: Path, sources: dict[str, bytes]) -> None:
    print(check(tmp_path, sources, range(60)))


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_two_thousand_mutants_are_borne(tmp_path: Path, sources: dict[str, bytes]) -> None:
    print(check(tmp_path, sources, range(1000, 3000)))
