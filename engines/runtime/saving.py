"""Writing what a model made: pictures, layouts and masks as PNG that says where it comes from, all
else as JSON.
"""

import json
from pathlib import Path

from PIL import Image as Pillow
from PIL.PngImagePlugin import PngInfo

from engines import files
from engines.data.spec import PaletteClass, palette
from engines.ports import Layout
from engines.request import Request
from engines.runtime.bundle import Bundle
from engines.runtime.passport import PASSPORT, passport, texts
from engines.runtime.render import Frame

MOST_CARRIED = 2_000_000  # pixels up to which a result carries what it was made from


def ending_of(bundle: Bundle) -> str:
    """The ending of a file with the model's first result."""
    return ".png" if bundle.target.outputs[0].kind in ("image", "layout", "mask") else ".json"


def save(bundle: Bundle, request: Request, frame: Frame, out: Path, most: int = 0) -> None:
    """Write the result: pictures and layouts as PNG that carries its Request and the passport.

    Where `most` is not 0, a request of more pixels than that is left out: it holds the photo.
    """
    port = bundle.target.outputs[0]
    value = frame.values[port.name]
    if ending_of(bundle) == ".json":
        plain = {k: v.tolist() if hasattr(v, "tolist") else v for k, v in frame.values.items()}
        files.write_json(out, plain)
        return
    pixels = value.squeeze(-1) if value.ndim == 3 and value.shape[2] == 1 else value
    image = Pillow.fromarray(pixels)
    if isinstance(port, Layout):
        colors = palette(tuple(map(PaletteClass, port.classes, port.colors)))
        image.putpalette(colors.ravel().tolist())
    text = PngInfo()
    about = passport(bundle)
    if most and request.size[0] * request.size[1] > most:
        told = {PASSPORT: json.dumps(about, ensure_ascii=False)}
    else:
        told = texts(request, about)
    for keyword, words in told.items():
        text.add_itxt(keyword, words)
    with files.writing(out) as temporary:
        image.save(temporary, format="PNG", pnginfo=text)
