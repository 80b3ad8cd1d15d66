"""Photoshop files, read back by the library that wrote them and by Pillow."""

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms
from psd_tools import PSDImage
from psd_tools.constants import BlendMode, Resource

from engines.data.spec import PaletteClass
from engines.errors import UserError
from studio.document.colors import rendering
from studio.document.document import Document
from studio.document.layers import BLENDS, Kind, Layer, Layers, walk
from studio.document.psd import MODES, write_psd
from studio.document.scene import Scene
from studio.document.showing import Showing

SIZE = (30, 44)
CLASSES = (PaletteClass("sky", "#80c0ff"), PaletteClass("sea", "#1450c8"))
LIVE = np.random.default_rng(1).integers(0, 256, (15, 22, 3)).astype(np.uint8)
TREE: Layers = (
    Layer(4, Kind.PICTURE, "Größe 漢字", blend="hue", opacity=0.4),
    Layer(
        5,
        Kind.GROUP,
        "Group",
        blend="multiply",
        opacity=0.6,
        children=(
            Layer(6, Kind.GROUP, "Inner", locked=True, children=(Layer(7, Kind.PICTURE, "Small"),)),
            Layer(8, Kind.PICTURE, "Hidden", visible=False),
            Layer(3, Kind.LAYOUT, "Boats", opacity=0.5, blend="screen"),
        ),
    ),
    Layer(2, Kind.RENDER, "Picture", opacity=0.5),
    Layer(1, Kind.LAYOUT, "Layout", visible=False),
    Layer(9, Kind.PICTURE, "Blank", locked=True),
)


def document(tree: Layers = TREE) -> Document:
    rng = np.random.default_rng(4)
    planes = {}
    for layer in walk(tree):
        if layer.kind is Kind.LAYOUT:
            planes[layer.id] = rng.choice([0, 1, 255], SIZE).astype(np.uint8)
        elif layer.kind is Kind.PICTURE and layer.name != "Blank":
            planes[layer.id] = rng.integers(0, 256, (*SIZE, 4)).astype(np.uint8)
    if 7 in planes:
        planes[7][:5], planes[7][20:], planes[7][:, :9] = 0, 0, 0
    return Document.of(SIZE, planes, Scene(palette=CLASSES, layers=tree))


def on_a_sheet(layer: object) -> np.ndarray:
    """A layer's straight RGBA on the whole page."""
    sheet = np.zeros((*SIZE, 4), np.uint8)
    image = layer.topil(apply_icc=False)  # type: ignore[attr-defined]
    top, left = layer.top, layer.left  # type: ignore[attr-defined]
    sheet[top : top + image.height, left : left + image.width] = np.asarray(image.convert("RGBA"))
    return sheet


def test_every_layer_is_read_back_as_it_was(tmp_path: Path) -> None:
    made = document()
    write_psd(tmp_path / "a.psd", made, LIVE)
    psd = PSDImage.open(tmp_path / "a.psd")
    assert psd.size == (44, 30)
    live = Showing(made, LIVE).picture
    assert live is not None

    def compare(layers: Layers, found: list[object]) -> None:
        assert len(layers) == len(found)
        for layer, other in zip(layers, reversed(found), strict=True):
            flat = layer.kind is Kind.LAYOUT
            assert other.name == layer.name  # type: ignore[attr-defined]
            assert other.visible == layer.visible  # type: ignore[attr-defined]
            opacity = 1.0 if flat else layer.opacity
            assert other.opacity == round(opacity * 255)  # type: ignore[attr-defined]
            mode = BlendMode.NORMAL if flat else BlendMode[MODES[layer.blend]]
            assert other.blend_mode == mode  # type: ignore[attr-defined]
            assert (other.locks is not None and other.locks.complete) == layer.locked  # type: ignore[attr-defined]
            if layer.kind is Kind.GROUP:
                compare(layer.children, list(other))  # type: ignore[call-overload]
                continue
            pixels = on_a_sheet(other)
            if layer.kind is Kind.RENDER:
                assert (pixels[..., :3] == live).all()
            elif flat:
                assert (pixels == rendering(made.planes[layer.id], CLASSES)).all()
            elif layer.id in made.planes:
                assert (pixels == made.planes[layer.id]).all()
            else:
                assert not pixels.any()

    compare(TREE, list(psd))
    merged = Showing(made, LIVE).merged().astype(int)
    alpha = merged[..., 3:]
    with Image.open(tmp_path / "a.psd") as image:  # over white, as the format has it
        found = np.asarray(image.convert("RGBA"))
    assert (found[..., 3:] == alpha).all()
    white = (merged[..., :3] * alpha + 255 * (255 - alpha)) / 255
    assert np.abs(found[..., :3] - white).max() <= 1
    thick = alpha[..., 0] > 128
    shown = np.asarray(psd.topil(apply_icc=False)).astype(int)
    assert thick.any()
    assert np.abs(shown - merged)[thick].max() <= 2
    profile = ImageCms.ImageCmsProfile(io.BytesIO(psd.image_resources[Resource.ICC_PROFILE].data))
    assert "sRGB" in ImageCms.getProfileDescription(profile)


def test_what_the_library_merges_of_it_is_what_we_merge(tmp_path: Path) -> None:
    made = document()
    write_psd(tmp_path / "a.psd", made, LIVE)
    psd = PSDImage.open(tmp_path / "a.psd")
    found = np.asarray(psd.composite(force=True, apply_icc=False)).astype(int)
    ours = Showing(made, LIVE).merged().astype(int)
    assert np.abs(found - ours).max() <= 2


@pytest.mark.parametrize("mode", BLENDS)
def test_every_mode_is_merged_alike(tmp_path: Path, mode: str) -> None:
    tree: Layers = (
        Layer(3, Kind.PICTURE, "Above", blend=mode, opacity=0.8),
        Layer(4, Kind.PICTURE, "Below"),
        Layer(2, Kind.RENDER),
        Layer(1, Kind.LAYOUT, visible=False),
    )
    made = document(tree)
    made.planes[4][..., 3] = 255
    if mode == "plus":  # A thin layer's sum is cut off before it is thinned there, after that here.
        made.planes[3][..., 3] //= 100
        made.planes[3][..., 3] *= 128
        made.planes[3][..., :3] //= 3
        made.planes[4][..., :3] //= 3
    write_psd(tmp_path / "a.psd", made)
    psd = PSDImage.open(tmp_path / "a.psd")
    assert psd[-1].blend_mode == BlendMode[MODES[mode]]
    found = np.asarray(psd.composite(force=True, apply_icc=False).convert("RGBA")).astype(int)
    assert np.abs(found - Showing(made).merged()).max() <= 1


def test_without_a_picture_the_live_layer_is_left_out(tmp_path: Path) -> None:
    write_psd(tmp_path / "a.psd", document())
    names = [layer.name for layer in PSDImage.open(tmp_path / "a.psd")]
    assert names == ["Blank", "Layout", "Group", "Größe 漢字"]


def test_a_folder_that_takes_nothing_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(UserError, match=r"^Could not write"):
        write_psd(tmp_path / "file" / "a.psd", document((replace(TREE[2]), TREE[3])))
