"""The workspaces of a window: the built-in plans and the artist's own, chosen from a menu."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QObject, QSettings
from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QInputDialog, QMenu, QToolBar

from engines.errors import UserError
from studio.models.workspaces import LONGEST, Workspace, Workspaces
from studio.views.desktop import Arrangement
from studio.views.docks import PLANS

if TYPE_CHECKING:
    from studio.views.window import Window

ARRANGED = {
    "paint": Arrangement.BESIDE,
    "wide": Arrangement.BESIDE,
    "train": Arrangement.SPLIT,
    "focus": Arrangement.SPLIT,
}


class WorkspaceSwitch(QObject):
    """Chooses, saves and deletes workspaces, and keeps the last one for the next start."""

    def __init__(self, window: "Window") -> None:
        super().__init__(window)
        self.window = window
        self.names = {
            "paint": self.tr("Paint"),
            "wide": self.tr("Wide"),
            "train": self.tr("Train"),
            "focus": self.tr("Focus"),
        }
        self.saved = Workspaces(tuple(self.names.values()), self)

    def choose_plan(self, plan: str) -> None:
        """Lay the window out as a built-in workspace has it."""
        window = self.window
        window.docks.lay_out(plan)
        for bar in window.findChildren(QToolBar, "commands"):
            bar.setVisible(PLANS[plan].bars)
        window.arrange(ARRANGED[plan])
        window.actions_["docks"].setChecked(window.docks.put_away)
        self.keep()  # A studio that is killed comes back so, too.

    def choose(self, name: str) -> None:
        """Lay the window out as a saved workspace has it."""
        found = self.saved.find(name)
        if found is None or not self.window.restoreState(QByteArray(found.state)):
            self.window.notice.complain(
                self.tr("The workspace {0} cannot be read; save it anew.").format(name)
            )
            return
        self.window.docks.keep_plan("")
        kinds = {kind.value: kind for kind in Arrangement}
        self.window.arrange(kinds.get(found.arrangement, self.window.desktop.arrangement))
        self.window.wear(found.theme)
        self.window.actions_["docks"].setChecked(self.window.docks.put_away)

    def save(self) -> None:
        """Ask for a name and keep the window as it is."""
        name, given = QInputDialog.getText(
            self.window, self.tr("Save workspace"), self.tr("Its name:")
        )
        if given:
            self.save_as(name.strip()[: LONGEST + 1])

    def save_as(self, name: str) -> None:
        """Keep the window as it is under a name."""
        window = self.window
        wanted = window.switch.wanted if window.switch is not None else ""
        state = bytes(window.saveState().data())
        try:
            self.saved.save(Workspace(name, state, window.desktop.arrangement.value, wanted))
        except UserError as error:
            window.notice.complain(str(error))
            return
        window.notice.tell(self.tr("The workspace {0} is saved.").format(name))

    def delete(self) -> None:
        """Ask which of the artist's own to forget."""
        names = [workspace.name for workspace in self.saved.all()]
        if not names:
            self.window.notice.tell(self.tr("There is no workspace of your own yet."))
            return
        name, given = QInputDialog.getItem(
            self.window, self.tr("Delete workspace"), self.tr("Which:"), names, 0, False
        )
        if given:
            self.saved.delete(name)

    def fill(self, menu: QMenu) -> None:
        """List them: the built-in ones, then the artist's own, then what can be done."""
        menu.clear()
        actions = self.window.actions_
        actions.fill(menu, *(f"workspace-{plan}" for plan in PLANS), "-")
        group = QActionGroup(menu)
        for workspace in self.saved.all():
            action = menu.addAction(workspace.name.replace("&", "&&"))
            group.addAction(action)
            action.triggered.connect(lambda on=False, name=workspace.name: self.choose(name))
        if not menu.actions()[-1].isSeparator():
            menu.addSeparator()
        actions.fill(menu, "workspace-save", "workspace-delete")

    # From one start to the next -----------------------------------------------------------------

    def restore(self) -> None:
        """Take the place, the docks and the arrangement of the last time."""
        window, settings = self.window, QSettings()
        window.resize(1440, 900)
        window.docks.lay_out("paint")
        geometry, state = settings.value("geometry"), settings.value("state")
        if isinstance(geometry, QByteArray):
            window.restoreGeometry(geometry)
        if isinstance(state, QByteArray) and window.restoreState(state):
            window.docks.keep_plan(str(settings.value("plan", "")))
        kinds = {kind.value: kind for kind in Arrangement}
        window.arrange(kinds.get(str(settings.value("arrangement")), Arrangement.BESIDE))
        window.docks.follow(window.width())

    def keep(self) -> None:
        """Remember them for the next start."""
        window, settings = self.window, QSettings()
        settings.setValue("geometry", window.saveGeometry())
        settings.setValue("state", window.saveState())
        settings.setValue("plan", window.docks.plan if window.docks.untouched else "")
        settings.setValue("arrangement", window.desktop.arrangement.value)
