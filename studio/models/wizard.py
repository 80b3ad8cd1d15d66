"""The way through the wizard: its steps, which can be gone to, and what holds a step up."""

from typing import Literal

from PySide6.QtCore import QObject, Signal

from studio.models.plan import Plan

Step = Literal["pictures", "contents", "learning", "effort", "naming"]
STEPS: tuple[Step, ...] = ("pictures", "contents", "learning", "effort", "naming")


class Wizard(QObject):
    """Where in the plan the artist is. `moved` when a step is gone to."""

    moved = Signal()

    def __init__(self, plan: Plan, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.plan = plan
        self.step: Step = STEPS[0]
        self.seen: set[Step] = {STEPS[0]}
        self._left: Step | None = None  # to be gone back to when the folder was looked through
        plan.changed.connect(self._fall_back)

    def reason(self, step: Step) -> str:
        """What holds this step up; nothing where it is done."""
        plan = self.plan
        return {
            "pictures": plan.data.reason,
            "contents": plan.data.class_reason,
            "learning": plan.recipe_reason,
            "effort": "",
            "naming": plan.name_reason,
        }[step]

    def open(self, step: Step) -> bool:
        """Whether a step can be gone to: nothing before it is held up."""
        return not any(self.reason(before) for before in STEPS[: STEPS.index(step)])

    def done(self, step: Step) -> bool:
        """Whether a step was seen, or all before it, and nothing holds it up."""
        return step in self.seen and self.open(step) and not self.reason(step)

    @property
    def first(self) -> bool:
        """Whether there is nothing to go back to."""
        return self.step == STEPS[0]

    @property
    def last(self) -> bool:
        """Whether it can be started from here."""
        return self.step == STEPS[-1]

    def go(self, step: Step) -> None:
        """Show a step, if it is open."""
        if step != self.step and self.open(step):
            self.step, self._left = step, None
            self.seen.add(step)
            self.moved.emit()

    def next(self) -> None:
        """One step on."""
        if not self.last:
            self.go(STEPS[STEPS.index(self.step) + 1])

    def back(self) -> None:
        """One step back."""
        if not self.first:
            self.go(STEPS[STEPS.index(self.step) - 1])

    def _fall_back(self) -> None:
        """Another folder, say: what stands on nothing any more is left. Where the folder is only
        read anew for what was chosen, the way leads back.
        """
        before = self.step
        while not self.open(self.step):
            self.step = STEPS[STEPS.index(self.step) - 1]
            self.moved.emit()
        if self.step != before:
            self._left = before if self.plan.rereading else None
        elif self._left is not None and self.open(self._left):
            self.go(self._left)
