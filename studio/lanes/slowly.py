"""The process that paints slowly: started, heard and steered through its pipes."""

import logging
import sys

from PySide6.QtCore import QObject, QProcess, QProcessEnvironment, Signal

from engines.slowly import COMMAND, ROOT, Frames, Steer, Task, Word, steered

_LOG = logging.getLogger(__name__)
_KILL_MS = 2000


class SlowPainter(QObject):
    """At most one such process. `said` with each of its words; `ended` once when it is over, with
    a sentence where it failed, and not where it was killed here.
    """

    said = Signal(object)  # Word
    ended = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._process: QProcess | None = None
        self._frames = Frames()

    @property
    def alive(self) -> bool:
        """Whether it paints, rests or is being started."""
        return self._process is not None

    def start(self, task: Task) -> None:
        """Paint this; what was being painted is given up."""
        self.kill()
        process = self._process = QProcess(self)
        self._frames = Frames()
        environment = QProcessEnvironment.systemEnvironment()
        environment.insert("PYTHONPATH", str(ROOT))
        process.setProcessEnvironment(environment)
        process.setWorkingDirectory(str(ROOT))
        process.readyReadStandardOutput.connect(self._hear)
        process.finished.connect(self._finished)
        process.errorOccurred.connect(self._broken)
        process.start(sys.executable, list(COMMAND))
        process.write(task.pack())

    def steer(self, word: Steer) -> None:
        """Ask it to go on, to pause, or to rest for a moment."""
        if self._process is not None:
            self._process.write(steered(word))

    def kill(self) -> None:
        """End it at once; nothing more is heard of it."""
        process, self._process = self._process, None
        if process is not None:
            process.readyReadStandardOutput.disconnect(self._hear)
            process.finished.disconnect(self._finished)
            process.errorOccurred.disconnect(self._broken)
            process.kill()
            process.waitForFinished(_KILL_MS)
            process.deleteLater()

    def _hear(self) -> None:
        process = self._process
        if process is None:
            return
        try:
            frames = self._frames.feed(bytes(process.readAllStandardOutput().data()))
            words = [Word.unpack(*frame) for frame in frames]
        except (ValueError, KeyError, TypeError, AttributeError):
            _LOG.exception("the slow painter said what it should not")
            self._over(self.tr("Painting slowly went wrong; the log has the details."))
            return
        for word in words:
            self.said.emit(word)

    def _finished(self, code: int, status: QProcess.ExitStatus) -> None:
        process = self._process
        if process is None:
            return
        self._hear()  # What came last.
        if self._process is None:
            return
        told = bytes(process.readAllStandardError().data()).decode("utf-8", "replace").strip()
        if status is QProcess.ExitStatus.NormalExit and code == 0:
            self._over("")
        elif status is QProcess.ExitStatus.NormalExit and code == 2 and told:
            self._over(told.rsplit("\n", 1)[-1])
        elif status is QProcess.ExitStatus.CrashExit:
            self._over(
                self.tr(
                    "The process that painted was ended from outside; there may not have been "
                    "enough memory for it. Try a smaller size."
                )
            )
        else:
            _LOG.error("the slow painter ended with code %d: %s", code, told)
            self._over(self.tr("Painting slowly went wrong; the log has the details."))

    def _broken(self, error: QProcess.ProcessError) -> None:
        if error is QProcess.ProcessError.FailedToStart:
            self._over(
                self.tr(
                    "The process that paints could not be started; close other programs and try "
                    "again."
                )
            )

    def _over(self, sentence: str) -> None:
        self.kill()
        self.ended.emit(sentence)
