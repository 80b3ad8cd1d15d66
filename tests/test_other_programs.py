"""OpenRaster and Photoshop files between Pentimento and Krita, where that is installed.

Krita reckons in 8 bits layer by layer, rounds opacities to 255ths, and weighs luminosity by
0.299, 0.587, 0.114 where the W3C has 0.3, 0.59, 0.11: hence the tolerances.
"""

import io
import os
import shutil
import subprocess
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engines.data.spec import PaletteClass
from studio.document import ora
from studio.document.document import Document
from studio.document.layers import BLENDS, FIRST, Kind, Layer, Layers, find, replaced, walk
from studio.document.psd import write_psd
from studio.document.scene import Scene
from studio.document.showing import Showing
from studio.history import History

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.skipif(
        not (shutil.which("krita") and shutil.which("xvfb-run")),
        reason="needs krita and xvfb-run",
    ),
]
BAND, WIDTH = 12, 96
SIZE = (BAND * len(BLENDS), WIDTH)
CLASSES = tuple(
    PaletteClass(n, c) for n, c in (("sky", "#80c0ff"), ("sea", "#1450c8"), ("land", "#609040"))
)
LIVE = np.random.default_rng(1).integers(0, 256, (*SIZE, 3)).astype(np.uint8)
CLOSE, DEEP = 3, 5  # of 255: for one mode, for several on top of each other


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where Krita puts its settings; the first start takes half a minute."""
    return tmp_path_factory.mktemp("home")


def krita(home: Path, source: Path, target: Path) -> None:
    """Open a file in Krita and have it write another."""
    runtime = home / "run"
    runtime.mkdir(mode=0o700, exist_ok=True)
    env = {**os.environ, "HOME": str(home), "XDG_RUNTIME_DIR": str(runtime)}
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "QT_QPA_PLATFORM"):
        env.pop(name, None)
    command = ["xvfb-run", "-a", "krita", str(source), "--export", "--export-filename", str(target)]
    subprocess.run(command, env=env, check=True, capture_output=True, timeout=600)


def pixels_of(source: Path | bytes) -> np.ndarray:
    with Image.open(io.BytesIO(source) if isinstance(source, bytes) else source) as image:
        return np.asarray(image.convert("RGBA"))


def apart(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """How far pixels (H, W, 4) are apart, colours as they are seen: weighed by alpha."""

    def weighed(pixels: np.ndarray) -> np.ndarray:
        floats = pixels.astype(float)
        return np.concatenate([floats[..., :3] * floats[..., 3:] / 255, floats[..., 3:]], 2)

    result: np.ndarray = np.abs(weighed(one) - weighed(other)).max(2)
    return result


def banded() -> Document:
    """A band for each mode: thin above thick in the upper half, both thin in the lower."""
    rng = np.random.default_rng(2)
    planes: dict[int, np.ndarray] = {}
    tree: Layers = ()
    for i, mode in enumerate(BLENDS):
        above, below = 100 + 2 * i, 101 + 2 * i
        rows = slice(i * BAND, (i + 1) * BAND)
        for number in (above, below):
            planes[number] = np.zeros((*SIZE, 4), np.uint8)
            planes[number][rows] = rng.integers(0, 256, (BAND, WIDTH, 4))
        planes[below][rows.start : rows.start + BAND // 2, :, 3] = 255
        layers = (
            Layer(above, Kind.PICTURE, mode, blend=mode, opacity=153 / 255),
            Layer(below, Kind.PICTURE, "below"),
        )
        tree += (Layer(300 + i, Kind.GROUP, f"group {mode}", children=layers),)
    return Document.of(SIZE, planes, Scene(palette=CLASSES, layers=(*tree, *FIRST)))


def nested() -> Document:
    """Groups in groups with modes and opacities, layouts and the model's picture."""
    rng = np.random.default_rng(4)
    inner = Layer(
        10,
        Kind.GROUP,
        "Inner",
        blend="screen",
        opacity=102 / 255,
        children=(
            Layer(11, Kind.PICTURE, "Deep", blend="multiply"),
            Layer(12, Kind.PICTURE, "Deeper"),
        ),
    )
    outer = Layer(
        13,
        Kind.GROUP,
        "Outer",
        blend="overlay",
        opacity=204 / 255,
        children=(inner, Layer(14, Kind.LAYOUT, "Boats")),
    )
    hidden = Layer(15, Kind.PICTURE, "Hidden", visible=False)
    tree = (Layer(16, Kind.PICTURE, "Glow", blend="soft-light"), hidden, outer, *FIRST)
    planes = {}
    for layer in walk(tree):
        if layer.kind is Kind.LAYOUT:
            planes[layer.id] = rng.choice([0, 1, 2, 255], SIZE).astype(np.uint8)
        elif layer.kind is Kind.PICTURE:
            planes[layer.id] = rng.integers(0, 256, (*SIZE, 4)).astype(np.uint8)
    return Document.of(SIZE, planes, Scene(palette=CLASSES, layers=tree))


def test_krita_merges_each_mode_as_we_do(home: Path, tmp_path: Path) -> None:
    document = banded()
    ora.write(tmp_path / "a.ora", History(document))
    krita(home, tmp_path / "a.ora", tmp_path / "a.png")
    far = apart(pixels_of(tmp_path / "a.png"), Showing(document).merged())
    for i, mode in enumerate(BLENDS):
        band = far[i * BAND : (i + 1) * BAND]
        thick, thin = band[: BAND // 2].max(), band[BAND // 2 :].max()
        print(f"{mode:12} over what is opaque {thick:.1f}, over what is thin {thin:.1f} of 255")
    for i, mode in enumerate(BLENDS):
        if mode == "plus":  # Krita cuts a sum off before it thins it.
            continue
        band = far[i * BAND : (i + 1) * BAND]
        assert band.max() <= CLOSE, mode


@pytest.mark.parametrize("live", [None, LIVE])
def test_krita_shows_a_document_of_ours_as_we_do(
    home: Path, tmp_path: Path, live: np.ndarray | None
) -> None:
    document = nested()
    ora.write(tmp_path / "a.ora", History(document), live)
    krita(home, tmp_path / "a.ora", tmp_path / "a.png")
    far = apart(pixels_of(tmp_path / "a.png"), Showing(document, live).merged())
    print(f"our .ora in Krita: at most {far.max():.1f}, on the average {far.mean():.2f} of 255")
    assert far.max() <= DEEP


def test_a_document_that_krita_wrote_is_shown_as_krita_shows_it(home: Path, tmp_path: Path) -> None:
    document = nested()
    ora.write(tmp_path / "a.ora", History(document), LIVE)
    krita(home, tmp_path / "a.ora", tmp_path / "b.ora")
    with zipfile.ZipFile(tmp_path / "b.ora") as archive:
        assert not any(name.startswith("pentimento") for name in archive.namelist())
        wanted = pixels_of(archive.read("mergedimage.png"))
    found = ora.read(tmp_path / "b.ora", CLASSES).history.document
    far = apart(Showing(found).merged(), wanted)
    print(f"Krita's .ora here: at most {far.max():.1f}, on the average {far.mean():.2f} of 255")
    assert far.max() <= DEEP
    told = {(layer.name, layer.kind, layer.blend) for layer in walk(found.scene.layers)}
    assert {(layer.name, layer.kind, layer.blend) for layer in walk(nested().scene.layers)} <= told
    assert (found.ids == document.ids).all()
    again = {layer.name: layer.opacity for layer in walk(found.scene.layers)}
    assert again["Inner"] == pytest.approx(102 / 255, abs=1e-4)


def test_krita_shows_our_photoshop_file_and_writes_it_as_openraster(
    home: Path, tmp_path: Path
) -> None:
    # Krita has another soft light for Photoshop's files, and reads no opacity of their groups; the
    # library that wrote them does (see test_studio_psd.py).
    document = nested()
    for number in (10, 13, 16):
        tree = document.scene.layers
        layer = find(tree, number)
        assert layer is not None
        blend = "hard-light" if layer.blend == "soft-light" else layer.blend
        tree = replaced(tree, number, replace(layer, opacity=1.0, blend=blend))
        document.scene = replace(document.scene, layers=tree)
    write_psd(tmp_path / "a.psd", document, LIVE)
    krita(home, tmp_path / "a.psd", tmp_path / "a.png")
    far = apart(pixels_of(tmp_path / "a.png"), Showing(document, LIVE).merged())
    print(f"our .psd in Krita: at most {far.max():.1f}, on the average {far.mean():.2f} of 255")
    krita(home, tmp_path / "a.psd", tmp_path / "b.ora")
    with zipfile.ZipFile(tmp_path / "b.ora") as archive:
        wanted = pixels_of(archive.read("mergedimage.png"))
    found = ora.read(tmp_path / "b.ora").history.document
    back = apart(Showing(found).merged(), wanted)
    print(f"that as Krita's .ora here: at most {back.max():.1f}, on the average {back.mean():.2f}")
    assert far.max() <= DEEP
    assert back.max() <= DEEP
    names = [layer.name for layer in walk(found.scene.layers) if layer.kind is not Kind.LAYOUT]
    assert [n for n in names if n != "Picture"][:5] == ["Glow", "Hidden", "Outer", "Inner", "Deep"]
