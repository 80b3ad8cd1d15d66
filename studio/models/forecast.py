"""How much memory a training will need, asked of a child process: the studio has no torch."""

import json
import sys
from dataclasses import dataclass, field
from pathlib import Path

from PySide6.QtCore import QObject, QProcess, QProcessEnvironment, QTemporaryDir, QTimer, Signal

from engines.errors import UserError
from engines.orders import Order

ROOT = Path(__file__).resolve().parents[2]
COMMAND = ("-P", "-m", "engines.memory")
PATIENCE_MS = 700  # after the last change
LIMIT_MS = 90_000
_MOST_BYTES = 100_000


@dataclass(frozen=True)
class Need:
    """Bytes that a training needs, of which `parts`, and that its `device` has free (0: nobody
    knows); `advice` where it is too much.
    """

    needs: int
    has: int
    device: str = ""
    advice: str = ""
    parts: dict[str, int] = field(default_factory=dict)

    @property
    def fits(self) -> bool:
        """Whether the device has enough."""
        return self.needs <= self.has or self.has <= 0


class Forecast(QObject):
    """The need of the order that was asked for last. `changed` when it is known, or is not."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.need: Need | None = None
        self.trouble = ""
        self._order: Order | None = None
        self._folder = QTemporaryDir()
        self._process: QProcess | None = None
        self._patience = QTimer(self, singleShot=True, interval=PATIENCE_MS)
        self._patience.timeout.connect(self._begin)
        self._limit = QTimer(self, singleShot=True, interval=LIMIT_MS)
        self._limit.timeout.connect(self._give_up)

    @property
    def asking(self) -> bool:
        """Whether an answer is awaited."""
        return self._patience.isActive() or self._process is not None

    def ask(self, order: Order | None) -> None:
        """Ask anew where the order is another than before; None needs nothing."""
        if order != self._order:
            self._end()
            self._order, self.need, self.trouble = order, None, ""
            if order is None:
                self._patience.stop()
            else:
                self._patience.start()
            self.changed.emit()

    def close(self) -> None:
        """Wait for no answer."""
        self._patience.stop()
        self._end()

    def _begin(self) -> None:
        assert self._order is not None
        folder = Path(self._folder.path())
        try:
            self._order.write(folder)
        except UserError as error:
            self._said("", str(error))
            return
        process = self._process = QProcess(self)
        environment = QProcessEnvironment.systemEnvironment()
        environment.insert("PYTHONPATH", str(ROOT))
        environment.insert("OMP_NUM_THREADS", "1")  # Whoever paints needs the other processor.
        process.setProcessEnvironment(environment)
        process.setWorkingDirectory(str(folder))
        process.finished.connect(self._finished)
        process.errorOccurred.connect(self._broken)
        process.start(sys.executable, [*COMMAND, str(folder / "order.json")])
        self._limit.start()

    def _end(self) -> None:
        self._limit.stop()
        process, self._process = self._process, None
        if process is not None:
            process.finished.disconnect(self._finished)
            process.errorOccurred.disconnect(self._broken)
            process.kill()
            process.waitForFinished(2000)
            process.deleteLater()

    def _finished(self) -> None:
        if self._process is not None:
            said = bytes(self._process.readAllStandardOutput().data())[-_MOST_BYTES:]
            self._end()
            self._said(said.decode("utf-8", "replace"), self.tr("it ended without a word"))

    def _broken(self, error: QProcess.ProcessError) -> None:
        if error is QProcess.ProcessError.FailedToStart and self._process is not None:
            self._end()
            self._said("", self.tr("it could not be started"))

    def _give_up(self) -> None:
        self._end()
        self._said("", self.tr("it took too long"))

    def _said(self, text: str, otherwise: str) -> None:
        """Take the answer in: the last line, in JSON."""
        lines = text.strip().splitlines()
        self.need, self.trouble = read_need(lines[-1] if lines else "", otherwise)
        self.changed.emit()


def read_need(line: str, otherwise: str) -> tuple[Need | None, str]:
    """The need that a line of JSON says, or why there is none."""
    try:
        value = json.loads(line)
        if isinstance(value.get("error"), str):
            return None, value["error"]
        parts = {str(name): int(size) for name, size in value["parts"].items()}
        words = str(value["device"]), str(value["advice"])
        return Need(int(value["needs"]), int(value["has"]), *words, parts), ""
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        return None, otherwise
