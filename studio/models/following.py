"""Folders elsewhere whose runs are followed: a workstation's, mounted here."""

import json
from pathlib import Path

from PySide6.QtCore import QObject

from engines import files
from engines.errors import UserError
from studio.lanes.faraway import Far, FarFolder
from studio.lanes.runs import Follow

COPIES = ".followed"
MOST = 20
_MOST_BYTES = 100_000


class Following(QObject):
    """The folders that the artist follows, kept from one start to the next beside the own runs."""

    def __init__(self, home: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.home = home
        self.folders: tuple[FarFolder, ...] = ()
        self._follows: dict[Path, Follow] = {}
        self.folders = tuple(self._begin(path) for path in self._kept())

    def close(self) -> None:
        """Look no more."""
        for folder in self.folders:
            folder.close()

    @property
    def runs(self) -> list[Follow]:
        """Those there are in all of them."""
        found = []
        for far in (far for folder in self.folders for far in folder.runs):
            if far.copy not in self._follows:
                self._follows[far.copy] = Follow(far.copy, far)
            run = self._follows[far.copy]
            if run.order is not None or run.config:
                found.append(run)
        return found

    @property
    def troubles(self) -> list[tuple[Path, str]]:
        """The folders that show no run, each with the reason in a sentence."""
        return [(f.source, self._trouble(f)) for f in self.folders if not self._shown(f)]

    def folder_of(self, far: Far) -> Path:
        """The followed folder that a run is of."""
        return next((f.source for f in self.folders if far in f.runs), far.source)

    def _shown(self, folder: FarFolder) -> bool:
        """Whether a run of it says by itself how it is."""
        copies = {far.copy for far in folder.runs}
        return any(run.path in copies for run in self.runs)

    def _trouble(self, folder: FarFolder) -> str:
        if folder.trouble:
            return folder.trouble
        return self.tr("No training in {0} yet; one that is begun there appears here.").format(
            folder.source
        )

    def add(self, path: Path) -> FarFolder:
        """Follow this folder too; UserError where that makes no sense."""
        path = path.absolute()
        if path == self.home or self.home in path.parents:
            raise UserError(
                self.tr("The trainings of this computer are all shown already; choose another.")
            )
        known = next((folder for folder in self.folders if folder.source == path), None)
        if known is not None:
            return known
        if len(self.folders) >= MOST:
            raise UserError(self.tr("{0} folders are followed; give one up first.").format(MOST))
        folder = self._begin(path)
        self._keep((*self.folders, folder))
        return folder

    def drop(self, source: Path) -> list[Path]:
        """Follow this folder no more; the places of its copies, which can go."""
        gone = [folder for folder in self.folders if folder.source == source]
        for folder in gone:
            self._end(folder)
        return [folder.copies for folder in gone]

    def _end(self, folder: FarFolder) -> None:
        folder.close()
        for far in folder.runs:
            self._follows.pop(far.copy, None)
        self._keep(tuple(f for f in self.folders if f is not folder))

    def _begin(self, path: Path) -> FarFolder:
        return FarFolder(path, self.home / COPIES)

    # Kept ---------------------------------------------------------------------------------------

    @property
    def _file(self) -> Path:
        return self.home / COPIES / "folders.json"

    def _kept(self) -> list[Path]:
        try:
            value = json.loads(files.read_text(self._file, _MOST_BYTES))
        except (OSError, ValueError, RecursionError):
            return []
        named = value if isinstance(value, list) else []
        paths = [Path(name) for name in named if isinstance(name, str)]
        return [path for path in dict.fromkeys(paths) if path.is_absolute()][:MOST]

    def _keep(self, folders: tuple[FarFolder, ...]) -> None:
        self.folders = folders
        files.write_json(self._file, [str(folder.source) for folder in folders])
