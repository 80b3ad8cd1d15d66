"""Questions to the artist: which file, and whether really."""

from pathlib import Path

from PySide6.QtCore import QCoreApplication, QSettings
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from studio.models.pictures import ENDINGS


def _tr(text: str) -> str:
    return QCoreApplication.translate("dialogs", text)


def ask_open(parent: QWidget, title: str, kinds: str, place: str) -> Path | None:
    """A file to open; `place` names where the last one of its kind was found."""
    settings = QSettings()
    start = str(settings.value(f"places/{place}", str(Path.home())))
    name, _ = QFileDialog.getOpenFileName(parent, title, start, kinds)
    return _remembered(settings, place, name)


def ask_save(parent: QWidget, title: str, kinds: str, place: str, name: str) -> Path | None:
    """A file to write; asks before it is replaced."""
    settings = QSettings()
    folder = Path(str(settings.value(f"places/{place}", str(Path.home()))))
    found, _ = QFileDialog.getSaveFileName(parent, title, str(folder / name), kinds)
    return _remembered(settings, place, found)


def ask_folder(parent: QWidget, title: str, place: str) -> Path | None:
    """A folder."""
    settings = QSettings()
    start = str(settings.value(f"places/{place}", str(Path.home())))
    return _remembered(settings, place, QFileDialog.getExistingDirectory(parent, title, start))


def ask_picture(parent: QWidget, label: str) -> Path | None:
    """A picture of any kind that can be read."""
    kinds = _tr("Pictures ({0})").format(" ".join(f"*{ending}" for ending in ENDINGS))
    return ask_open(parent, _tr("Choose a picture for {0}").format(label), kinds, "pictures")


def ask_unsaved(parent: QWidget, name: str) -> QMessageBox.StandardButton:
    """What to do with unsaved changes: Save, Discard or Cancel."""
    box = QMessageBox(parent)
    box.setIcon(QMessageBox.Icon.Warning)
    box.setWindowTitle(_tr("Unsaved changes"))
    box.setText(_tr("{0} has changes that are not saved.").format(name))
    box.setInformativeText(_tr("If you discard them, they are gone."))
    buttons = QMessageBox.StandardButton
    box.setStandardButtons(buttons.Save | buttons.Discard | buttons.Cancel)
    box.setDefaultButton(buttons.Save)
    return QMessageBox.StandardButton(box.exec())


def ask_sure(parent: QWidget, question: str, consequence: str, verb: str) -> bool:
    """Whether to do what cannot be undone; the answer that does nothing is the default."""
    box = QMessageBox(parent)
    box.setIcon(QMessageBox.Icon.Question)
    box.setWindowTitle(verb)
    box.setText(question)
    box.setInformativeText(consequence)
    sure = box.addButton(verb, QMessageBox.ButtonRole.DestructiveRole)
    keep = box.addButton(QMessageBox.StandardButton.Cancel)
    box.setDefaultButton(keep)
    box.exec()
    return box.clickedButton() is sure


def _remembered(settings: QSettings, place: str, name: str) -> Path | None:
    if not name:
        return None
    path = Path(name)
    settings.setValue(f"places/{place}", str(path if path.is_dir() else path.parent))
    return path
