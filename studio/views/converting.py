"""Conversions in a window: the dialog, what is dropped, what was broken off, and how they end."""

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer

from studio.models.convert import Round
from studio.models.library import Entry
from studio.views.convert import ConvertDialog

if TYPE_CHECKING:
    from studio.views.window import Window


class Converting(QObject):
    """Opens at most one dialog of conversions; all of them go on without it."""

    def __init__(self, window: "Window") -> None:
        super().__init__(window)
        self.window, self.conversions = window, window.studio.conversions
        self.dialog: ConvertDialog | None = None
        self.faulty: list[Round] = []  # that ended with faults nobody has seen
        self.conversions.ended.connect(self._ended)
        self.conversions.problem.connect(window.notice.complain)
        window.model_button.convert_asked.connect(self.ask)
        QTimer.singleShot(0, self, self.offer)

    def open(self) -> None:
        """Show the conversion that is under way or was broken off, or ask for one."""
        now = self.conversions
        known = self.faulty or now.live or now.queue or now.unfinished
        self._show(shown=known[0] if known else None)
        self.faulty = self.faulty[1:]

    def ask(self, source: Path | None, entry: Entry | None = None) -> None:
        """Ask how to convert this, with that model or the one that paints."""
        self._show(source, entry)

    def offer(self) -> None:
        """At the start: offer to go on with what was broken off."""
        if self.conversions.unfinished:
            self._show(shown=self.conversions.unfinished[0])
        elif self.conversions.live:
            text = self.tr("{0} is still being converted: File > Convert shows how it goes.")
            self.window.notice.tell(text.format(self.conversions.live[0].title))

    def _show(
        self, source: Path | None = None, entry: Entry | None = None, shown: Round | None = None
    ) -> None:
        if self.dialog is not None:
            self.dialog.close()
        session = self.window.studio.session
        dialog = ConvertDialog(self.conversions, session, source, entry, shown, self.window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.destroyed.connect(lambda: self._gone(dialog))
        self.dialog = dialog
        dialog.show()

    def _gone(self, dialog: ConvertDialog) -> None:
        if self.dialog is dialog:
            self.dialog = None

    def _ended(self, each: Round) -> None:
        """Say so where the dialog does not."""
        if self.dialog is not None and self.dialog.round is each:
            return
        state = each.state
        if each.status == "done" and not state.failed:
            text = self.tr("{0} is converted: {1} are in {2}.")
            self.window.notice.tell(text.format(each.title, state.done, each.out))
        elif each.status == "done":
            self.faulty.append(each)
            text = self.tr("{0} of {1} in {2} could not be converted: File > Convert says why.")
            self.window.notice.complain(text.format(state.failed, state.total, each.title))
        else:
            text = self.tr("Converting {0} ended: {1} File > Convert goes on with it.")
            self.window.notice.complain(text.format(each.title, state.sentence))
