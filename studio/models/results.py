"""The last results: each a picture with all it was made from, to go back to or compare with."""

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import QObject, QTimer, Signal

from engines.runtime.passport import passport
from studio.document.carried import Result, without_pictures
from studio.document.layers import FIRST
from studio.document.scene import Scene
from studio.models.live import Live
from studio.models.session import Session

MOST = 10
STILL_MS = 900  # a picture that stands so long is a result


class Results(QObject):
    """The last ten, newest first. A picture that stands still for a moment joins by itself."""

    changed = Signal()
    fell = Signal(object)  # Result: the eleventh, which is not shown any more

    def __init__(self, session: Session, live: Live, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.session, self.live = session, live
        self.items: list[Result] = []
        self._timer = QTimer(self, singleShot=True, interval=STILL_MS)
        self._timer.timeout.connect(self.keep)
        live.settled.connect(lambda order, frame: self._timer.start())
        live.pictured.connect(self._timer.stop)
        session.replaced.connect(self._replaced)

    def now(self) -> Result | None:
        """The picture as it stands; None where it is not there, or behind."""
        live = self.live
        if live.picture is None or live.order is None or live.busy:
            return None
        about = passport(live.order.bundle)
        # Picture layers have no part in it, and ten copies of them would fill the memory.
        document = without_pictures(self.session.document).copy()
        return Result(live.picture, live.order.request, about, document)

    def keep(self) -> None:
        """Let the picture as it stands join the results."""
        self._timer.stop()
        result = self.now()
        if result is None:
            return
        others = (r for r in self.items if not same(r, result))
        items = [result, *others]
        self.items = items[:MOST]
        self.changed.emit()
        for old in items[MOST:]:
            self.fell.emit(old)

    def put(self, items: Sequence[Result]) -> None:
        """Show the results that came with a document, each once."""
        self.items = []
        for item in items:
            if len(self.items) < MOST and not any(same(item, other) for other in self.items):
                self.items.append(item)
        self.changed.emit()

    def restore(self, result: Result) -> None:
        """Go back to what a result was made from, but for the photo to trace; it can be undone."""
        document = result.document
        if document is not None:
            text, now = self.tr("Back to a result"), self.session.scene
            scene = replace(
                document.scene, underlay=now.underlay, underlay_opacity=now.underlay_opacity
            )
            self.session.replace_layout(document.ids, scene, text)

    def _replaced(self) -> None:
        self._timer.stop()
        self.put([])


def same(one: Result, other: Result) -> bool:
    """Whether both were made from the same."""
    if one.document is None or other.document is None:
        return one.request.key == other.request.key
    return (
        _bare(one.document.scene) == _bare(other.document.scene)
        and one.document.size == other.document.size
        and bool((one.document.ids == other.document.ids).all())
    )


def _bare(scene: Scene) -> Scene:
    """The scene but for its layers, of which the model sees only the class map."""
    return replace(scene, layers=FIRST)
