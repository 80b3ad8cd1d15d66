"""Slow paintings in a window: how they are opened, told of, and asked about when it closes."""

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QPushButton, QSizePolicy, QWidget

from studio.document.scene import Picture
from studio.models.slowstyle import SlowStyle
from studio.views import dialogs
from studio.views.slowstyle import SlowWindow

if TYPE_CHECKING:
    from studio.views.window import Window


class SlowStatus(QPushButton):
    """In the status bar while something is painted: how far it is; a click shows it."""

    def __init__(self, slow: SlowStyle, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.slow = slow
        self.setFlat(True)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(self.tr("Slow painting"))
        self.setToolTip(self.tr("Show the slow painting"))
        slow.changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show how far it is."""
        progress = self.slow.progress
        share = progress.done / max(progress.steps, 1)
        self.setText(self.tr("Painting slowly, {0}").format(f"{share:.0%}"))
        self.setVisible(self.slow.running)


def slow_status(window: "Window") -> SlowStatus:
    """The line in a window's status bar; the end of a painting is told where nobody sees it."""
    slow = window.studio.slow
    status = SlowStatus(slow, window)
    status.clicked.connect(lambda: show_slow(window))

    def ended() -> None:
        shown = window.findChild(SlowWindow)
        if shown is not None and shown.isVisible():
            return
        if slow.state == "failed":
            window.notice.complain(slow.sentence)
        else:
            text = window.tr("The slow painting is done: Model > Paint slowly shows it.")
            window.notice.tell(text)

    slow.ended.connect(ended)
    return status


def show_slow(window: "Window", style: Picture | None = None) -> None:
    """Open the window of slow paintings, or bring it to the front; with that style."""
    slow = window.studio.slow
    found = window.findChild(SlowWindow)
    shown = found or SlowWindow(slow, window)
    if style is not None and slow.running:
        shown.notice.tell(shown.tr("Stop this painting first; then choose another style."))
    elif style is not None:
        slow.take_style(style)
    shown.settle()
    shown.addActions([window.actions_[name] for name in ("undo", "redo")])
    shown.resize(shown.size() if found else shown.sizeHint())
    shown.show()
    shown.raise_()
    shown.activateWindow()


def may_leave(window: "Window") -> bool:
    """Whether the studio may close: nothing is painted slowly that is not kept, or be it so."""
    slow = window.studio.slow
    if slow.kept and not slow.running:
        return True
    show_slow(window)
    return dialogs.ask_sure(
        window,
        window.tr("A slow painting is not kept."),
        window.tr("It ends with Pentimento, and what there is of it would be gone."),
        window.tr("Close without it"),
    )
