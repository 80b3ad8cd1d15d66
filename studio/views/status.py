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
        self.session, self.live = session, live
        self.setSizeGripEnabled(False)
        self._view = view
        self.place = self._label(self.tr("Place and class under the pen"), stretch=1)
        self.zoom = self._label(self.tr("Zoom and turn of the view"))
        self.size_shown = self._label(self.tr("Size of layout and picture"))
        self.speed = self._label(self.tr("Time of the last picture"))
        self.device = self._label(self.tr("What computes"))
        view.changed.connect(self._zoomed)
        live.state_changed.connect(self.refresh)
        live.pictured.connect(self.refresh)
        session.replaced.connect(self.refresh)
        self._zoomed()
        self.refresh()

    def look_through(self, view: View) -> None:
        """Tell of another view."""
        self._view.changed.disconnect(self._zoomed)
        self._view = view
        view.changed.connect(self._zoomed)
        self._zoomed()

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
        view = self._view
        percent = view.scale * self.devicePixelRatioF()  # of the screen's own pixels
        told = [f"{percent:.0%}" if percent >= 0.1 else f"{percent:.1%}"]
        if round(view.angle) % 360:
            told.append(f"{view.angle:.0f}°")
        if view.mirrored:
            told.append(self.tr("mirrored"))
        self.zoom.setText("   ".join(told))

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
