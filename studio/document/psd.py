"""Documents as Photoshop files, with layers, groups, blend modes, opacities and locks.

Layouts are pictures in class colours there, and the live layer is the picture as it was.
"""

import io
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageCms

from engines import files
from studio.document.document import Document
from studio.document.layers import Kind, Layer, Layers
from studio.document.raster import Area, bounds, whole
from studio.document.showing import Showing

if TYPE_CHECKING:
    from psd_tools import PSDImage
    from psd_tools.api.layers import Group

Pixels = npt.NDArray[np.uint8]
MODES = {
    "normal": "NORMAL",
    "multiply": "MULTIPLY",
    "screen": "SCREEN",
    "overlay": "OVERLAY",
    "darken": "DARKEN",
    "lighten": "LIGHTEN",
    "color-dodge": "COLOR_DODGE",
    "color-burn": "COLOR_BURN",
    "hard-light": "HARD_LIGHT",
    "soft-light": "SOFT_LIGHT",
    "difference": "DIFFERENCE",
    "plus": "LINEAR_DODGE",
    "color": "COLOR",
    "luminosity": "LUMINOSITY",
    "hue": "HUE",
    "saturation": "SATURATION",
}


def write_psd(path: Path, document: Document, picture: Pixels | None = None) -> None:
    """Write the document, with the model's `picture` (H, W, 3) of any size if there is one; whole
    or not at all. UserError where it cannot be written.
    """
    buffer = io.BytesIO()
    _made(document, Showing(document, picture)).save(buffer)
    files.write_bytes(path, buffer.getvalue())


def _made(document: Document, showing: Showing) -> "PSDImage":
    # A third of a second to import, and only an export needs it.
    from psd_tools import PSDImage
    from psd_tools.constants import Resource
    from psd_tools.psd.image_resources import ImageResource

    class Made(PSDImage):
        """One that keeps the merged picture it was given: ours, rather than the library's."""

        def is_updated(self) -> bool:
            return False

    merged = Image.fromarray(showing.merged())
    white = Image.alpha_composite(Image.new("RGBA", merged.size, "white"), merged)
    white.putalpha(merged.getchannel("A"))  # The format has what is clear over white.
    made = Made.frompil(white)
    made._merged_alpha = True  # What the fourth channel of the merged picture is.
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    resource = ImageResource(key=Resource.ICC_PROFILE, data=profile)
    made.image_resources[Resource.ICC_PROFILE] = resource
    _put(made, document.scene.layers, showing)
    return made


def _put(parent: "PSDImage | Group", tree: Layers, showing: Showing) -> None:
    """Add layers, from the bottom up."""
    from psd_tools.constants import BlendMode

    for layer in reversed(tree):
        plain = layer.kind is Kind.LAYOUT
        opacity = 255 if plain else round(layer.opacity * 255)
        mode = BlendMode[MODES["normal" if plain else layer.blend]]
        if layer.kind is Kind.GROUP:
            # Any mode but "pass through" has a group stand alone.
            group = parent.create_group(opacity=opacity, blend_mode=mode)
            _put(group, layer.children, showing)
            made = group
        elif layer.kind is Kind.RENDER and showing.picture is None:
            continue
        else:
            area, pixels = _pixels(layer, showing)
            made = parent.create_pixel_layer(  # type: ignore[assignment]
                Image.fromarray(pixels),
                top=area.top,
                left=area.left,
                opacity=opacity,
                blend_mode=mode,
            )
        made.name = layer.name  # Only when set here may it be beyond Mac Roman.
        made.visible = layer.visible
        for _ in range(2 if layer.locked else 0):
            made.lock()  # The first call only has the library make room for the mark.


def _pixels(layer: Layer, showing: Showing) -> tuple[Area, Pixels]:
    """A layer's RGBA where it is not clear, and where that is; one clear pixel if all of it is."""
    pixels = showing(layer, whole(showing.document.size))
    if pixels is None or (area := bounds(pixels[..., 3] > 0)).empty:
        return Area(0, 0, 1, 1), np.zeros((1, 1, 4), np.uint8)
    return area, np.ascontiguousarray(pixels[area.slices])
