"""The files that were opened or saved last."""

import json
from pathlib import Path

from platformdirs import user_data_path

from engines import files
from engines.errors import UserError

MOST = 20


class Recent:
    """The list, newest first. What cannot be read or written is no reason to stop work."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or Path(user_data_path("pentimento")) / "recent.json"

    def paths(self) -> list[Path]:
        """All of them, also those that are gone at the moment: a disk may be plugged in again."""
        try:
            plain = json.loads(self.path.read_bytes())
            return [Path(entry) for entry in plain["files"] if isinstance(entry, str)][:MOST]
        except (OSError, ValueError, KeyError, TypeError):
            return []

    def add(self, path: Path) -> None:
        """Put a file first."""
        path = path.absolute()
        self._write([path, *(other for other in self.paths() if other != path)])

    def remove(self, path: Path) -> None:
        """Take a file out."""
        self._write([other for other in self.paths() if other != path.absolute()])

    def _write(self, paths: list[Path]) -> None:
        text = json.dumps({"format": 1, "files": [str(path) for path in paths[:MOST]]}, indent=1)
        try:
            files.write_text(self.path, text)
        except UserError:
            return
