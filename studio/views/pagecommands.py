"""The commands of the whole page, and their menu."""

from functools import partial
from typing import TYPE_CHECKING

from studio.views.actions import Actions
from studio.views.pagedialogs import SizeDialog

if TYPE_CHECKING:
    from studio.views.window import Window


def page_commands(window: "Window", actions: Actions) -> None:
    """Make the commands that change the page."""
    add, tr, pages = actions.add, window.tr, window.studio.pages
    add("page-crop", tr("&Crop to selection"), pages.crop_to_selection)
    add("page-trim", tr("&Trim to what is painted"), pages.trim)
    add("page-resize", tr("&Resize document …"), partial(_ask, window, False), "Ctrl+Alt+I")
    add("page-canvas", tr("Resize can&vas …"), partial(_ask, window, True), "Ctrl+Alt+C")
    add("page-right", tr("Turn to the &right"), partial(pages.turn, 1))
    add("page-left", tr("Turn to the &left"), partial(pages.turn, -1))
    add("page-around", tr("Turn &around"), partial(pages.turn, 2))
    add("page-mirror", tr("&Mirror page"), partial(pages.mirror, True))
    add("page-flip", tr("&Flip page upside down"), partial(pages.mirror, False))


def page_menu(window: "Window", actions: Actions) -> None:
    """The menu of the page."""
    sizes = ("page-crop", "page-trim", "-", "page-resize", "page-canvas")
    turns = ("page-right", "page-left", "page-around", "page-mirror", "page-flip")
    actions.menu(window.tr("&Page"), *sizes, "-", *turns)


def _ask(window: "Window", anchored: bool) -> None:
    size = window.studio.session.document.size
    dialog = SizeDialog(size, anchored, window)
    if dialog.exec() and (dialog.size_chosen != size or anchored):
        if anchored:
            window.studio.pages.extend(dialog.size_chosen, *dialog.anchor)
        else:
            window.studio.pages.resize(dialog.size_chosen)
    dialog.deleteLater()
