"""What every tool can be told: the pen goes down, moves, and up; finish, or take it back."""

from typing import TYPE_CHECKING

from studio.document.raster import Point
from studio.models.pen import NO_SKETCH, Pen, Sketch

if TYPE_CHECKING:
    from studio.models.tools import Tools


class Hand:
    """A tool in hand. What a tool does not need it leaves as it is here."""

    takes_alt = False  # Alt means something to it; with others it picks what is under the pen.

    def __init__(self, tools: "Tools") -> None:
        self.tools = tools

    @property
    def busy(self) -> bool:
        """Whether something is in hand with the pen up, to be finished or taken back."""
        return False

    def press(self, pen: Pen) -> bool:
        """The pen goes down; whether it can do anything there."""
        raise NotImplementedError

    def move(self, pen: Pen) -> None:
        """The pen moves while it is down."""

    def release(self) -> None:
        """The pen goes up."""

    def abort(self) -> None:
        """Take back what the pen did since it went down, which it does no more."""
        self.cancel()

    def hover(self, point: Point) -> None:
        """The pen moves while it is up."""

    def finish(self) -> None:
        """Do what is in hand."""

    def cancel(self) -> None:
        """Take back what is in hand."""

    def back(self) -> None:
        """Take back the last part of it."""

    def forget(self) -> None:
        """Its document is gone: nothing can be taken back."""

    def taken(self) -> None:
        """It is the tool in hand from now on."""

    def sketch(self) -> Sketch:
        """What it shows over the page."""
        return NO_SKETCH
