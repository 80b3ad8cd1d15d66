"""How well a model knows layouts like the one that is painted, where it is odd, and real ones."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal

from engines.errors import UserError
from engines.layoutfit import NAME, LayoutFit, Verdict, coarse, smooth
from engines.ports import UNPAINTED
from studio.document.document import Pixels, translate
from studio.document.raster import Bools
from studio.lanes.reader import Reader
from studio.models.mapping import mapping_of, numbering
from studio.models.session import Session

if TYPE_CHECKING:
    from engines.runtime.bundle import Bundle

STILL_MS = 700  # after the last change
OFFERED = 6  # real layouts
RARE, UNUSUAL = 0.03, 0.15  # scores below which words change


@dataclass(frozen=True, eq=False)
class Fit:
    """What is known of a layout: `score` in [0, 1], and the cells (16, 16) of what is odd, of the
    class `odd`, amid the class `around`. `nearest` are real layouts, as ids of the model.
    """

    score: float
    region: Bools
    odd: str
    around: str
    nearest: tuple[Pixels, ...]


class FitMeter(QObject):
    """Judges the layout whenever it and the pen rest, where the model says what it has seen."""

    changed = Signal()

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.fit: Fit | None = None
        self._known: tuple[str, LayoutFit | None] = ("", None)
        self.pen_down = False
        self._reader = Reader(self, patience=0)  # Nobody waits for this.
        self._timer = QTimer(self, singleShot=True, interval=STILL_MS)
        self._timer.timeout.connect(self._judge)
        session.stepped.connect(self._timer.start)
        session.replaced.connect(self._timer.start)
        session.model_opened.connect(lambda bundle: self._timer.start())

    def set_pen(self, down: bool) -> None:
        """The pen went down, and everything waits; or up."""
        self.pen_down = down

    def _judge(self) -> None:
        """Judge the layout as it is now."""
        if self.pen_down:
            self._timer.start()
            return
        bundle, port = self.session.bundle, self.session.layout_port
        if bundle is None or port is None or not (bundle.path / NAME).is_file():
            self._take(bundle, None)
            return
        scene = self.session.scene
        names = numbering(scene.palette, port.classes, mapping_of(scene, bundle.name))
        ids = self.session.document.ids.copy()
        look = partial(self._look, bundle, port.classes, ids, names)
        self._reader.read(look, partial(self._take, bundle), bundle.title)

    def start_from(self, ids: Pixels) -> None:
        """Paint on from a real layout, given as ids of the model on a coarse grid."""
        port = self.session.layout_port
        if port is None:
            return
        scene, document = self.session.scene, self.session.document
        places = {entry.name: number for number, entry in enumerate(scene.palette)}
        table = {n: places[name] for n, name in enumerate(port.classes) if name in places}
        put = translate(smooth(ids, document.size), table)
        self.session.replace_layout(put, replace(scene, traced=None), self.tr("A layout it knows"))

    def _look(
        self,
        bundle: "Bundle",
        classes: tuple[str, ...],
        painted: Pixels,
        names: Mapping[int, int],
    ) -> Fit | None:
        """In a thread of its own: what is `painted`, by what the model calls it."""
        if self._known[0] != bundle.hash:
            try:
                self._known = bundle.hash, LayoutFit.read(bundle.path)
            except UserError:
                self._known = bundle.hash, None
        known = self._known[1]
        if known is None or known.classes != classes:
            return None
        ids = translate(coarse(painted), names)
        verdict = known.judge(ids)
        if verdict is None:
            return None
        nearest = tuple(known.layouts[n] for n in verdict.nearest[:OFFERED])
        around = _around(ids, verdict)
        name = "" if around == UNPAINTED else classes[around]
        return Fit(verdict.score, verdict.region, classes[verdict.odd_class], name, nearest)

    def _take(self, bundle: "Bundle | None", fit: Fit | None) -> None:
        if bundle is self.session.bundle:
            self.fit = fit
            self.changed.emit()


def _around(ids: Pixels, verdict: Verdict) -> int:
    """The class that most of the cells beside the odd ones have; UNPAINTED where there are none."""
    padded = np.pad(verdict.region, 1)
    near = padded[:-2, 1:-1] | padded[2:, 1:-1] | padded[1:-1, :-2] | padded[1:-1, 2:]
    beside = ids[near & ~verdict.region & (ids != UNPAINTED)]
    if not beside.size:
        return UNPAINTED
    return int(np.bincount(beside).argmax())
