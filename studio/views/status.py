"""The status bar: where the pen is, how large, what computes, and how quick it really was."""

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QLabel, QStatusBar, QWidget

from studio.document.raster import Point
from studio.models.live import Live
from studio.models.session import Session
from studio.models.view import View
from studio.views.control import worded

if TYPE_CHECKING:
    from engines.runtime.sessions import Provider


class Status(QStatusBar):
    """It only tells; nothing in it can be pressed."""

    def __init__(
        self, session: Session, live: Live, view: View, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.session, self.live, self.view = session, live, view
        self.setSizeGripEnabled(False)
        self.place = self._label(self.tr("Place and class under the pen"), stretch=1)
        self.zoom = self._label(self.tr("Zoom"))
        self.size_shown = self._label(self.tr("Size of layout and picture"))
        self.speed = self._label(self.tr("Time of the last picture"))
        self.device = self._label(self.tr("What computes"))
        view.changed.connect(self._zoomed)
        live.state_changed.connect(self.refresh)
        live.pictured.connect(self.refresh)
        session.replaced.connect(self.refresh)
        self._zoomed()
        self.refresh()

    def point(self, point: Point | None) -> None:
        """Say what is under the pen."""
        if point is None:
            self.place.setText("")
            return
        column, row = int(point[0] // 1), int(point[1] // 1)
        ids, palette = self.session.document.ids, self.session.scene.palette
        inside = 0 <= row < ids.shape[0] and 0 <= column < ids.shape[1]
        number = int(ids[row, column]) if inside else -1
        name = worded(palette[number].name) if 0 <= number < len(palette) else ""
        if inside and not name:
            name = self.tr("unpainted")
        self.place.setText(f"{column}, {row}   {name}" if inside else "")

    def refresh(self) -> None:
        """Say how large, how quick and on what."""
        height, width = self.session.document.size
        text = self.tr("layout {0} × {1}").format(width, height)
        if self.live.picture is not None:
            h, w = self.live.picture.shape[:2]
            text += "   " + self.tr("picture {0} × {1}").format(w, h)
        self.size_shown.setText(text)
        frame = self.live.frame
        if self.live.busy:
            self.speed.setText(self.tr("painting …"))
        elif frame is not None:
            self.speed.setText(self.tr("{0} ms").format(round(frame.seconds * 1000)))
        else:
            self.speed.setText("")
        self.device.setText(_told(self.live.provider))
        self.device.setToolTip(self._why(self.live.provider))

    def _why(self, provider: "Provider | None") -> str:
        if provider is None:
            return ""
        if provider.why:
            return self.tr("On the processor: {0}.").format(provider.why)
        return self.tr("The models run on {0}.").format(_told(provider))

    def _zoomed(self) -> None:
        self.zoom.setText(f"{self.view.scale:.0%}")

    def _label(self, name: str, stretch: int = 0) -> QLabel:
        label = QLabel(self)
        label.setAccessibleName(name)
        label.setToolTip(name)
        label.setObjectName("value")
        if stretch:
            self.addWidget(label, stretch)
        else:
            self.addPermanentWidget(label)
        return label


def _told(provider: "Provider | None") -> str:
    if provider is None:
        return ""
    return {"cpu": "CPU", "cuda": "GPU (CUDA)"}.get(provider.got, provider.got)
