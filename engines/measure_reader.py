"""The card of a reader of layouts: what it reads off unseen pictures, class by class."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from engines import cards, measures
from engines.calibration import calibration_error
from engines.data.kinds import DataSet
from engines.data.samples import LayoutSample
from engines.errors import UserError
from engines.ports import UNPAINTED, Image
from engines.runtime.bundle import Bundle
from engines.runtime.sessions import Sessions


def run(
    bundle: Bundle,
    folder: str,
    *,
    split: str = "test",
    side: int = 256,
    count: int = 300,
    threads: int = 1,
    out: Path | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Measure a reader and write its card.json, into the bundle or to `out`. UserError."""
    size = (side, side)
    data = cards.unseen(folder, "layout", size, split)
    port = bundle.reads
    assert port is not None
    if tuple(c.name for c in data.spec.classes) != port.classes:
        raise UserError(
            f"{bundle.title} reads other classes than {folder} has ({', '.join(port.classes)}); "
            "measure it on a set of its own classes."
        )
    progress("reading")
    return cards.write(
        bundle,
        out,
        split=split,
        pictures=min(count, len(data)),
        size=size,
        hashes={"data": data.spec.fingerprint},
        figures=_figures(bundle, data, min(count, len(data)), Sessions("cpu", threads)),
    )


def _figures(bundle: Bundle, data: DataSet, count: int, sessions: Sessions) -> dict[str, Any]:
    """mIoU, IoU and share by class, accuracy; and the calibration error where it says how sure."""
    graph, names = bundle.target, [c.name for c in data.spec.classes]
    doubt = next((n for n, p in enumerate(graph.outputs) if isinstance(p, Image)), None)
    table = np.zeros((len(names), len(names) + 1), np.int64)
    confidences, rights = [], []
    for index in range(count):
        sample = data.fixed(index)
        assert isinstance(sample, LayoutSample)
        picture = sample.image.transpose(1, 2, 0)
        inputs = graph.inputs[0].encode(picture, (picture.shape[0], picture.shape[1]))
        outputs = sessions.run(graph.path, graph.sha256, inputs)
        ids, known = outputs[0][0], sample.layout != UNPAINTED
        table += measures.confusion(sample.layout, ids, len(names))
        if doubt is not None:
            confidences.append((outputs[doubt][0, 0][known] + 1) / 2)
            rights.append((ids == sample.layout)[known])
    found = measures.iou(table)
    hits, every = np.diagonal(table).sum(), max(int(table.sum()), 1)
    figures: dict[str, Any] = {
        "miou": float(np.nanmean(found)) if np.isfinite(found).any() else None,
        "accuracy": float(hits / every),
        "iou": dict(zip(names, found, strict=True)),
        "share": {n: float(v) for n, v in zip(names, table.sum(1) / every, strict=True)},
    }
    if confidences:
        error = calibration_error(np.concatenate(confidences), np.concatenate(rights))
        figures["calibration_error"] = error
        figures["calibration"] = bundle.about.get("calibration")
    return figures
