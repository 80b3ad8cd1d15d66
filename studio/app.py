"""Starting the studio: the application, its theme, its log, and the window."""

import faulthandler
import logging
import logging.handlers
import signal
import sys
import threading
import traceback
from pathlib import Path
from types import TracebackType

from platformdirs import user_log_path
from PySide6.QtCore import QCoreApplication, QSettings, Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from studio.lanes.sweeper import Sweeper
from studio.models.studio import Studio
from studio.views import theme
from studio.views.icons import app_icon
from studio.views.window import Window

USAGE = """usage: main.py [FILE]

Open the studio, with FILE where one is named: a document (.ora), a picture, a layout.
"""
SWITCH_SECONDS = 0.001
_LOG_BYTES = 2_000_000
_LOG = logging.getLogger(__name__)


def main(arguments: list[str]) -> int:
    """Run the studio until its window is closed; the exit code comes back."""
    if arguments and arguments[0] in ("-h", "--help"):
        print(USAGE)
        return 0
    _keep_log()
    app = application(sys.argv[:1])
    Sweeper(app)
    switch = theme.apply(app, _theme_name())
    studio = Studio()
    window = Window(studio, switch)
    _speak_up(window)
    window.show()
    path = Path(arguments[0]).absolute() if arguments else None
    QTimer.singleShot(0, lambda: studio.start(path))
    _end_by_signal(app)
    code = app.exec()
    studio.close(forget=False)
    return code


def application(arguments: list[str]) -> QApplication:
    """The application with our names, so that settings land in the right place."""
    # Python lets a thread wait 5 ms for another by default: too long for a window and its renders.
    sys.setswitchinterval(SWITCH_SECONDS)
    QCoreApplication.setApplicationName("pentimento")
    QCoreApplication.setOrganizationName("pentimento")
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    QGuiApplication.setHighDpiScaleFactorRoundingPolicy(
        Qt.HighDpiScaleFactorRoundingPolicy.PassThrough
    )
    QGuiApplication.setDesktopFileName("pentimento")
    app = QApplication(arguments)
    app.setApplicationDisplayName("Pentimento")
    app.setWindowIcon(app_icon())
    return app


def _theme_name() -> theme.Name:
    wanted = QSettings().value("theme", "dark")
    return next((name for name in theme.NAMES if name == wanted), "dark")


def _keep_log() -> None:
    """Write what went wrong to a file; the artist reads sentences."""
    folder = user_log_path("pentimento")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handler = logging.handlers.RotatingFileHandler(
            folder / "studio.log", maxBytes=_LOG_BYTES, backupCount=2, encoding="utf-8"
        )
        faulthandler.enable(open(folder / "crash.log", "a"))  # noqa: SIM115 - kept open to the end
    except OSError:
        return
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])


def _speak_up(window: Window) -> None:
    """What nobody caught is logged and told in a sentence; the window goes on."""

    def caught(
        kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        if issubclass(kind, KeyboardInterrupt):
            QApplication.quit()
            return
        _LOG.error("uncaught\n%s", "".join(traceback.format_exception(kind, error, trace)))
        window.studio.problem.emit(
            window.tr(
                "Something went wrong that should not have ({0}). Your painting is kept; the log "
                "in {1} has the details."
            ).format(kind.__name__, user_log_path("pentimento"))
        )

    sys.excepthook = caught
    threading.excepthook = lambda told: caught(
        told.exc_type, told.exc_value or told.exc_type(), told.exc_traceback
    )


def _end_by_signal(app: QApplication) -> None:
    """Ctrl+C in the terminal and a polite kill end it; what was painted is kept."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: app.quit())
    # Python sees signals only when it runs: give it a moment twice a second.
    timer = QTimer(app, interval=500)
    timer.timeout.connect(lambda: None)
    timer.start()
