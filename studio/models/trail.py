"""What was selected before, so that selecting is undone in its turn among the steps of a history.

A selection is no part of the document: it is neither saved nor journalled, nor a step itself.
"""

from dataclasses import dataclass, field

from studio.document.changes import Change
from studio.document.styles import Packed

MOST = 100  # selections that are remembered


@dataclass(frozen=True, eq=False)
class Choice:
    """One selecting: made while `at` was the last step done, or `joined` to it as a part of it."""

    before: Packed | None
    after: Packed | None
    at: Change | None
    joined: bool


@dataclass
class Trail:
    """`past` and `future` selectings, the next to be undone or redone last."""

    past: list[Choice] = field(default_factory=list)
    future: list[Choice] = field(default_factory=list)

    def add(self, choice: Choice) -> None:
        """Remember one; what was undone before cannot be redone."""
        self.future.clear()
        self.past.append(choice)
        del self.past[:-MOST]

    def undo(self, at: Change | None) -> Choice | None:
        """The one to be undone before, or with, the last step; it counts as undone."""
        if not self.past or self.past[-1].at is not at:
            return None
        self.future.append(self.past.pop())
        return self.future[-1]

    def redo(self, at: Change | None, joined: bool) -> Choice | None:
        """The one to be redone after this step, or as a part of it; it counts as done."""
        if not self.future or self.future[-1].at is not at or self.future[-1].joined != joined:
            return None
        self.past.append(self.future.pop())
        return self.past[-1]
