"""A studio that paints slowly and waits to be killed; it prints the painter's process id."""

import numpy as np
from PySide6.QtCore import QCoreApplication

from engines.slowly import Task, Word
from studio.lanes import slowly
from tests import slow_double


def main() -> None:
    slowly.COMMAND = slow_double.COMMAND
    app = QCoreApplication([])
    painter = slowly.SlowPainter()

    def said(word: Word) -> None:
        # One that is paused writes nothing, so that no broken pipe would end it.
        if word.standing == "paused" and painter._process is not None:
            print(painter._process.processId(), flush=True)

    painter.said.connect(said)
    picture = np.zeros((64, 64, 3), np.uint8)
    painter.start(Task(picture, picture, 100_000))
    painter.steer("pause")
    app.exec()


if __name__ == "__main__":
    main()
