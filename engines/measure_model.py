"""The card of a layout-painting bundle: `engines.evaluate` bound to bundles, run through ONNX
Runtime.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from engines import cards, evaluate, measures, sheets
from engines.data.kinds import DataSet
from engines.data.sets import open_data
from engines.data.spec import palette
from engines.errors import UserError
from engines.evaluate import Examples, Painter, Readers
from engines.measures import Ids, Picture
from engines.ports import Attributes, Image, Layout
from engines.request import Request
from engines.runtime.bundle import Bundle, find_model
from engines.runtime.render import Cache, render
from engines.runtime.sessions import Sessions

COLOURED = 400  # training pictures whose class colours make the flat fill


def painter(bundle: Bundle, data: DataSet, sessions: Sessions) -> Painter:
    """The model as a Painter. One without a layout port gets the layout in its class colours."""
    ports = {p.name: p for p in bundle.ports}
    layout_port = next((p.name for p in bundle.target.inputs if isinstance(p, Layout)), None)
    source = next((p.name for p in bundle.target.inputs if isinstance(p, Image)), None)
    photo_port = next((p.name for p in bundle.ports if isinstance(p, Image) and p.fixed), None)
    sliders = next((p.name for p in bundle.ports if isinstance(p, Attributes)), None)
    if bundle.picture is None or (layout_port is None and source is None):
        raise UserError(f"The model {bundle.name} does not paint layouts, so it has no such card.")
    colors, cache = palette(data.spec.classes), Cache(64_000_000)

    def paint(layout: Ids, photo: Picture | None, attributes: Mapping[str, float]) -> Picture:
        values: dict[str, Any] = {}
        if layout_port is not None:
            values[layout_port] = layout
        elif source is not None:
            values[source] = colors[layout]
        if photo is not None and photo_port is not None:
            values[photo_port] = photo
        if attributes and sliders is not None:
            port = ports[sliders]
            assert isinstance(port, Attributes)
            values[sliders] = {k: v for k, v in attributes.items() if k in port.names}
        height, width = layout.shape
        request = Request(bundle.hash, (height, width), values)
        return list(render(bundle, request, sessions, cache))[-1].picture

    return paint


def reader(bundle: Bundle, output: str, sessions: Sessions) -> Callable[[Picture], Any]:
    """One output of a model that reads photos, as a function of a picture."""
    name = bundle.target.inputs[0].name

    def read(picture: Picture) -> Any:
        height, width = picture.shape[:2]
        request = Request(bundle.hash, (height, width), {name: picture})
        return list(render(bundle, request, sessions))[-1].values[output]

    return read


def run(
    model: str,
    folder: str,
    *,
    layout_reader: str | None = None,
    attribute_reader: str | None = None,
    split: str = "test",
    side: int = 256,
    count: int = 300,
    seed: int = 0,
    threads: int = 1,
    out: Path | None = None,
    sheets_in: Path | None = None,
    withheld: bool = False,
    progress: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Measure a model on unseen pictures and write its card.json (into the bundle, or to `out`).

    `sheets_in` is a folder for contact sheets, on which the data's own pictures are not shown where
    they are `withheld`.
    """
    bundle, sessions = find_model(model), Sessions("cpu", threads)
    size = (side, side)
    data = cards.unseen(folder, "layout", size, split)
    examples = Examples.of(data, range(min(count, len(data))))
    colours = _class_colours(folder, size, seed)
    paint = painter(bundle, data, sessions)

    progress("painting")
    # Each layout in the style of the next picture, so that no model is shown what it should paint.
    photos = [*examples.pictures[1:], examples.pictures[0]]
    pairs = zip(examples.layouts, photos, strict=True)
    painted = [paint(ids, photo, {}) for ids, photo in pairs]
    progress("realism")
    figures: dict[str, Any] = {"realism": evaluate.realism(painted, examples, colours, seed)}
    sources = {"data": data.spec.fingerprint}
    readers = None
    if layout_reader is not None:
        by, said = find_model(layout_reader), None
        sources["layout_reader"] = by.hash
        if attribute_reader is not None:
            sources["attribute_reader"] = find_model(attribute_reader).hash
            said = reader(find_model(attribute_reader), "attributes", sessions)
        readers = Readers(reader(by, "layout", sessions), said)
        progress("faithfulness")
        names = [c.name for c in data.spec.classes]
        figures["faithfulness"] = evaluate.faithfulness(painted, examples, names, readers)
    if any(isinstance(p, Image) and p.fixed for p in bundle.ports):
        progress("style")
        figures["style"] = evaluate.style_followed(paint, examples)
    if readers is not None and any(isinstance(p, Attributes) for p in bundle.ports):
        progress("attributes")
        figures["attributes"] = evaluate.attributes_read_back(paint, examples, readers, seed)
    if sheets_in is not None:
        progress("sheets")
        _sheets(sheets_in, bundle, paint, examples, data, withheld)
    return cards.write(
        bundle,
        out,
        split=split,
        pictures=len(examples.pictures),
        size=size,
        hashes=sources,
        figures=figures,
    )


def _sheets(
    folder: Path,
    bundle: Bundle,
    paint: Painter,
    examples: Examples,
    data: DataSet,
    withheld: bool,
) -> None:
    """Contact sheets named after the model."""
    colours = np.zeros((256, 3), np.uint8)
    colours[: len(data.spec.classes)] = palette(data.spec.classes)
    sheets.layouts(paint, examples, colours, folder / f"{bundle.name}-layouts.jpg", withheld)
    if any(isinstance(p, Image) and p.fixed for p in bundle.ports):
        path = folder / f"{bundle.name}-styles.jpg"
        sheets.styles(paint, examples, colours, path, withheld)
    for port in bundle.ports:
        if isinstance(port, Attributes):
            path = folder / f"{bundle.name}-sliders.jpg"
            sheets.sliders(paint, examples, port.names, path)


def _class_colours(folder: str, size: tuple[int, int], seed: int) -> Picture:
    """Mean colour of each class over training pictures."""
    data = open_data(folder, "layout", size, "train")
    chosen = np.random.default_rng(seed).permutation(len(data))[:COLOURED]
    train = Examples.of(data, chosen)
    return measures.class_mean_colours(train.pictures, train.layouts)
