"""A model in training, rendered as its export would be: the artist's own canvas as the preview."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from engines import files
from engines.errors import UserError
from engines.ports import Array, Image, Size
from engines.recipe import Graph, Recipe
from engines.request import Request
from engines.runs import Run

if TYPE_CHECKING:
    from engines.runtime.bundle import Bundle
    from engines.runtime.sessions import Sessions

EVERY_SECONDS = 10.0  # between previews of a canvas that keeps changing
SHARE = 0.05  # of the time that previews may take
KEPT = 40
_MOST_BYTES = 64_000_000
log = logging.getLogger(__name__)


class CanvasPainter:
    """Paints what lies in a run's `canvas/`: when it has changed, and when a preview is due."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._seen = 0
        self._next = 0.0

    def look(self, recipe: Recipe, nets: nn.ModuleDict, step: int, due: bool) -> None:
        """Paint if it is time. Never touches the training: no draws, no gradients, no failure."""
        try:
            changed = self._run.canvas_path.stat().st_mtime_ns
        except OSError:
            return
        now = time.monotonic()
        if not due and (changed == self._seen or now < self._next):
            return
        self._seen = changed
        try:
            with torch.random.fork_rng():
                self._paint(recipe, nets, step)
        except UserError as error:
            self._run.append({"kind": "warning", "step": step, "sentence": str(error)})
        except Exception:  # A preview is not worth a run.
            log.exception("the canvas could not be painted")
        spent = time.monotonic() - now
        self._next = time.monotonic() + max(EVERY_SECONDS, spent / SHARE)

    def _paint(self, recipe: Recipe, nets: nn.ModuleDict, step: int) -> None:
        from PIL import Image as Pillow

        path = self._run.canvas_path
        try:
            text = files.read_text(path, _MOST_BYTES)
        except ValueError as error:
            raise UserError(
                f"{path} cannot be previewed ({error}); use a smaller canvas."
            ) from error
        request = Request.from_json(text)
        picture = paint(recipe, nets, request.values, request.size)
        if picture is None:
            return
        out = self._run.path / "previews" / f"canvas-{step:09d}.png"
        with files.writing(out) as temporary:
            Pillow.fromarray(picture).save(temporary, format="PNG")
        self._run.append({"kind": "canvas", "step": step, "file": out.name, "time": time.time()})
        for old in sorted(out.parent.glob("canvas-*.png"))[:-KEPT]:
            old.unlink(missing_ok=True)


def paint(
    recipe: Recipe, nets: nn.ModuleDict, canvas: Mapping[str, Any], size: Size
) -> Array | None:
    """The picture uint8 (H, W, 3) that the networks make of a canvas, whose values go by kind of
    port; None where the model makes no picture or takes nothing of the canvas.

    `size` is (height, width); it is brought to what the model was trained at. UserError.
    """
    from engines.runtime.fit import nearest_size
    from engines.runtime.render import render

    graphs = recipe.graphs(nets)
    bundle = as_bundle(graphs)
    if not isinstance(bundle.target.outputs[0], Image):
        return None
    values = {p.name: canvas[p.kind] for p in bundle.target.inputs if p.kind in canvas}
    if not values:
        return None
    scale = max(recipe.data.size) / max(size)
    asked = max(1, round(size[0] * scale)), max(1, round(size[1] * scale))
    request = Request(bundle.hash, nearest_size(bundle, asked), values)
    frames = list(render(bundle, request, _sessions(graphs)))
    picture = frames[-1].picture
    return np.repeat(picture, 3, axis=2) if picture.shape[2] == 1 else picture


def as_bundle(graphs: Sequence[Graph]) -> Bundle:
    """The graphs as a bundle without files: what is hashed is their names."""
    from engines.runtime.bundle import Bundle, GraphFile

    return Bundle(
        Path(),
        "training",
        "training",
        tuple(
            GraphFile(g.name, g.label, Path(g.name), g.name, g.inputs, g.outputs) for g in graphs
        ),
    )


def _sessions(graphs: Sequence[Graph]) -> Sessions:
    """What runs the networks themselves where a bundle has ONNX files."""
    from engines.runtime.sessions import Sessions

    known = {graph.name: graph for graph in graphs}

    class Live(Sessions):
        def run(
            self, path: Path, sha256: str, inputs: Mapping[str, Array], stop: Any = None
        ) -> list[Array]:
            graph = known[sha256]
            device = next((p.device for p in graph.module.parameters()), torch.device("cpu"))
            names = [axes.name for port in graph.inputs for axes in port.tensors()]
            with torch.no_grad():
                found = graph.module(*(torch.from_numpy(inputs[n]).to(device) for n in names))
            several = found if isinstance(found, tuple | list) else (found,)
            return [
                t.float().cpu().numpy() if t.is_floating_point() else t.cpu().numpy()
                for t in several
            ]

    return Live("cpu")
