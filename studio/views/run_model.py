"""The model that came of a run: its proof, its final figures, its size and its speed."""

from pathlib import Path

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QLabel,
    QTableWidget,
    QVBoxLayout,
    QWidget,
)

from studio.models.run_card import Card, Final, Form, read_card
from studio.views.run_pictures import State, state_of
from studio.views.wizard.parts import put
from studio.views.words import bytes_text, figure_text, interval_text


def _tr(text: str) -> str:
    return QCoreApplication.translate("run_model", text)


class MadeModel(QWidget):
    """Hidden while there is nothing to tell."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = QLabel(self.tr("The model"), self)
        self.title.setObjectName("title")
        self.final = QLabel(self)
        self.final.setWordWrap(True)
        self.final.setTextFormat(Qt.TextFormat.PlainText)
        self.final.setAccessibleName(self.tr("Final figures"))
        self.final.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.table = QTableWidget(self)
        self.table.setAccessibleName(self.tr("Size and speed of the model"))
        self.table.verticalHeader().hide()
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setTabKeyNavigation(False)
        self.table.setShowGrid(False)
        self.table.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.notes = QLabel(self)
        self.notes.setObjectName("muted")
        self.notes.setWordWrap(True)
        self.notes.setTextFormat(Qt.TextFormat.PlainText)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        for part in (self.title, self.final, self.table, self.notes):
            column.addWidget(part)
        self._state: State = None
        self.hide()

    def show_bundle(self, bundle: Path | None) -> None:
        """Show what the card of this model says, where it is not shown already."""
        state = state_of(bundle / "card.json" if bundle is not None else None)
        if state == self._state:
            return
        self._state = state
        self.show_card(read_card(bundle))

    def show_card(self, card: Card) -> None:
        """Show this."""
        lines = [_final_text(figure) for figure in card.final]
        if lines:
            lines.insert(
                0,
                self.tr("On {0} pictures that it never saw, looked at once:").format(card.pictures)
                if card.pictures
                else self.tr("On pictures that it never saw, looked at once:"),
            )
        elif card.said:
            lines = [card.said]
        self.final.setText("\n".join(lines))
        self.final.setVisible(bool(lines))
        kept = [row for row in card.forms if row.bytes is not None]
        self._fill(kept)
        said = [f"{_storage(row.form)}: {row.reason}" for row in card.forms if row.reason]
        if kept and card.processor:
            said.append(self.tr("Measured on {0}.").format(card.processor))
        self.notes.setText("\n".join(said))
        self.notes.setVisible(bool(said))
        self.setVisible(bool(lines or kept or said))

    def _fill(self, rows: list[Form]) -> None:
        sides = list(dict.fromkeys(side for row in rows for side in row.milliseconds))
        names = [self.tr("Weights"), self.tr("Size")]
        names += [side.replace(" x ", " × ") for side in sides]
        self.table.setColumnCount(len(names))
        self.table.setHorizontalHeaderLabels(names)
        self.table.setRowCount(len(rows))
        for number, row in enumerate(rows):
            spans = [row.milliseconds.get(side) for side in sides]
            mark = self.tr(" (this one)") if row.kept else ""
            texts = [
                _storage(row.form) + mark,
                bytes_text(row.bytes or 0),
                *(_milliseconds(span) for span in spans),
            ]
            for column, text in enumerate(texts):
                put(self.table, number, column, text, right=column > 0)
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        if names:
            header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.table.resizeRowsToContents()
        height = header.sizeHint().height() + 2 * self.table.frameWidth() + 6
        height += sum(self.table.rowHeight(row) for row in range(len(rows)))
        self.table.setFixedHeight(height)
        self.table.setVisible(bool(rows))


def _storage(name: str) -> str:
    known = {
        "float32": _tr("whole (32 bits)"),
        "float16": _tr("half (16 bits)"),
        "int8": _tr("small (8 bits)"),
    }
    return known.get(name, name)


def _milliseconds(span: float | None) -> str:
    if span is None:
        return "–"
    return f"{span:.0f} ms" if span < 10_000 else f"{span / 1000:.0f} s"


def _final_text(figure: Final) -> str:
    text = f"{figure_text(figure.name)} {interval_text(figure.mean, figure.low, figure.high)}"
    bounds = []
    if figure.floor is not None:
        bounds.append(_tr("real against real {0}").format(f"{figure.floor:.3g}"))
    if figure.ceiling is not None:
        bounds.append(_tr("flat colours {0}").format(f"{figure.ceiling:.3g}"))
    return f"{text}; {', '.join(bounds)}" if bounds else text
