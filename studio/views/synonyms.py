"""Other words that commands are found by: what artists call them, here and in other programs."""

from PySide6.QtCore import QCoreApplication


def _tr(text: str) -> str:
    return QCoreApplication.translate("synonyms", text)


def other_words(name: str) -> str:
    """Words for a command; none where it is found by its own name alone."""
    known = {
        "new": _tr("create blank start document canvas"),
        "open": _tr("load file import"),
        "save": _tr("write store keep disk"),
        "save-as": _tr("write store copy rename"),
        "export": _tr("png render write share jpeg"),
        "quit": _tr("exit close end leave"),
        "undo": _tr("back revert take mistake"),
        "redo": _tr("again forward repeat"),
        "copy": _tr("clipboard"),
        "paste": _tr("clipboard insert style photo"),
        "keep": _tr("result gallery snapshot bookmark"),
        "about": _tr("version licence info"),
        "find": _tr("search palette run command help"),
        "shortcuts": _tr("keys hotkeys keyboard bindings remap settings preferences"),
        "larger": _tr("bigger thicker wider increase size pen"),
        "smaller": _tr("thinner finer decrease size pen"),
        "swap": _tr("exchange switch other foreground background colour color"),
        "default": _tr("reset foreground background colour color"),
        "tool-brush": _tr("paint draw pen pencil freehand"),
        "tool-eraser": _tr("rubber delete remove clear unpaint"),
        "tool-fill": _tr("bucket flood pour"),
        "tool-line": _tr("straight stroke"),
        "tool-rectangle": _tr("box square shape"),
        "tool-ellipse": _tr("circle oval round shape"),
        "tool-polygon": _tr("shape corners straight"),
        "tool-lasso": _tr("freehand outline shape"),
        "tool-picker": _tr("eyedropper pipette sample colour color"),
        "tool-select": _tr("marquee selection"),
        "tool-wand": _tr("magic selection similar"),
        "tool-move": _tr("drag shift transform"),
        "tool-clone": _tr("stamp copy heal"),
        "side-by-side": _tr("both two views split beside"),
        "overlay": _tr("transparent blend on top"),
        "split": _tr("compare curtain before after wipe"),
        "layout-only": _tr("labels segmentation hide picture"),
        "picture-only": _tr("render result hide layout"),
        "fit": _tr("zoom whole page window all"),
        "actual": _tr("zoom pixels one to one original size"),
        "closer": _tr("magnify larger"),
        "farther": _tr("reduce smaller"),
        "patterns": _tr("hatch texture colour blind accessibility"),
        "full-screen": _tr("maximise presentation distraction"),
        "docks": _tr("panels sidebars tab focus clean"),
        "theme-dark": _tr("night black look colours appearance"),
        "theme-light": _tr("day white look colours appearance"),
        "theme-system": _tr("automatic look appearance"),
        "models": _tr("style network switch change"),
        "surprise": _tr("random dice chance variation shuffle"),
        "train": _tr("learn teach own pictures photos data"),
        "trainings": _tr("runs progress jobs"),
        "memory": _tr("unload ram gpu release"),
        "classes": _tr("palette colours colors labels edit rename add delete import"),
        "class-lock": _tr("protect freeze mask guard"),
        "class-solo": _tr("isolate only show highlight"),
        "mapping": _tr("assign translate match classes labels model"),
    }
    return known.get(name, "")
