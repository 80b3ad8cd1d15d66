"""Saying what went wrong once, however often it is tried again."""

from collections.abc import Callable

from engines.errors import UserError


class Once:
    """Tries things, and tells a sentence that is not the one before, until it is `over`."""

    def __init__(self, tell: Callable[[str], object]) -> None:
        self._tell, self._said = tell, ""

    def does(self, do: Callable[[], object]) -> bool:
        """Whether it was done; else it is told why not."""
        try:
            do()
        except UserError as error:
            if str(error) != self._said:
                self._said = str(error)
                self._tell(self._said)
            return False
        return True

    def over(self) -> None:
        """The trouble is over: the same sentence would be news."""
        self._said = ""
