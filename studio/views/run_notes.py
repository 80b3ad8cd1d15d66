"""What a run tells in words: what holds now, with what can be done about it, and all before."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from studio.lanes.events import Note
from studio.lanes.runs import Follow
from studio.views.icons import icon
from studio.views.wizard.parts import Sign

MOST = 50  # of what was told before
_SIGNS = {
    "alarm": ("warning", "warning"),
    "resting": ("warning", "warning"),
    "warning": ("warning", "muted"),
    "rollback": ("undo", "muted"),
    "rung": ("info", "muted"),
    "left-out": ("info", "muted"),
    "base": ("info", "muted"),
    "advice": ("info", "good"),
}


class Said(QFrame):
    """A sentence behind a sign, and a button where something can be done."""

    def __init__(self, note: Note, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("said")
        sign = Sign(self)
        sign.show_icon(icon(*_SIGNS[note.kind]))
        self.text = QLabel(note.sentence, self)
        self.text.setWordWrap(True)
        self.text.setTextFormat(Qt.TextFormat.PlainText)
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.row = QHBoxLayout(self)
        self.row.setContentsMargins(8, 6, 8, 6)
        self.row.addWidget(sign, 0, Qt.AlignmentFlag.AlignTop)
        self.row.addWidget(self.text, 1)


class Notes(QWidget):
    """`asked` for the snapshot of a step that advice speaks of."""

    asked = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("What the training says"))
        self._now = QVBoxLayout()
        self._now.setSpacing(4)
        self.fold = QToolButton(self)
        self.fold.setCheckable(True)
        self.fold.setAutoRaise(True)
        self.fold.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.fold.toggled.connect(self._unfold)
        self.before = QLabel(self)
        self.before.setObjectName("muted")
        self.before.setWordWrap(True)
        self.before.setTextFormat(Qt.TextFormat.PlainText)
        self.before.setAccessibleName(self.tr("What the training said before"))
        self.before.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.before.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(self._now)
        column.addWidget(self.fold)
        column.addWidget(self.before)
        self._shown: list[Note] = []
        self.said: list[Said] = []
        self._unfold(False)

    def show_run(self, run: Follow, live: bool) -> None:
        """Show what this run says; `live` while it goes on, when its alarms hold."""
        now = list(run.current) if live else [n for n in run.current if n.kind == "advice"]
        now += [note for note in run.notes if note.kind == "rung"][-1:]
        if run.far is not None and run.far.trouble:
            now.insert(0, Note("warning", run.step, run.far.trouble))
        now.sort(key=lambda note: list(_SIGNS).index(note.kind))
        if now != self._shown:
            self._shown = now
            self._fill(now, run)
        told = [note for note in run.notes if note.sentence][-MOST:]
        self.fold.setVisible(bool(told))
        text = self.tr("All that was said ({0})").format(len(told))
        self.fold.setText(text)
        self.fold.setAccessibleName(text)
        lines = [self.tr("Step {0}: {1}").format(f"{n.step:,}", n.sentence) for n in reversed(told)]
        self.before.setText("\n".join(lines))
        self.setVisible(bool(now or told))

    def _fill(self, notes: list[Note], run: Follow) -> None:
        for said in self.said:
            self._now.removeWidget(said)
            said.hide()
            said.deleteLater()
        self.said = [Said(note, self) for note in notes]
        for said, note in zip(self.said, notes, strict=True):
            if note.kind == "advice" and note.best is not None and note.best in run.snapshots:
                look = QPushButton(self.tr("Look at it"), said)
                look.setAccessibleName(
                    self.tr("Look at the model of step {0}").format(f"{note.best:,}")
                )
                look.clicked.connect(lambda on=False, best=note.best: self.asked.emit(best))
                said.row.addWidget(look, 0, Qt.AlignmentFlag.AlignTop)
            self._now.addWidget(said)

    def _unfold(self, on: bool) -> None:
        self.fold.setIcon(icon("chevron-down" if on else "chevron-right"))
        self.before.setVisible(on)
