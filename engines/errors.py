"""Errors that a user can cause and can mend."""

from collections.abc import Iterable
from difflib import get_close_matches
from unicodedata import category


class UserError(Exception):
    """One clear sentence: what happened, why, and what to do. The command line prints it and exits
    2. What cannot be printed, as names of files may have in them, is spelt out.
    """

    def __init__(self, sentence: str) -> None:
        super().__init__(printable(sentence))


def printable(text: str) -> str:
    """A text on one line that can be shown and written anywhere: ends of lines, changes of
    direction and bytes that are no text are spelt out.
    """
    if text.isprintable():
        return text
    return "".join(
        c if c.isprintable() or category(c) == "Zs" else c.encode("unicode_escape").decode()
        for c in text
    )


class AnewError(UserError):
    """What is to be done can go on, but only in a new process."""


def choose(name: str, known: Iterable[str]) -> str:
    """How a sentence on an unknown name ends: the nearest known one, or else all of them."""
    names = list(known)
    near = get_close_matches(name, names, n=1)
    if near:
        return f"perhaps {near[0]!r} is meant."
    return f"there are {', '.join(names)}." if names else "there is none yet."
