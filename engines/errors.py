"""Errors that a user can cause and can mend."""

from collections.abc import Iterable
from difflib import get_close_matches


class UserError(Exception):
    """One clear sentence: what happened, why, and what to do. The command line prints it and exits
    2.
    """


def choose(name: str, known: Iterable[str]) -> str:
    """How a sentence on an unknown name ends: the nearest known one, or else all of them."""
    names = list(known)
    near = get_close_matches(name, names, n=1)
    if near:
        return f"perhaps {near[0]!r} is meant."
    return f"there are {', '.join(names)}." if names else "there is none yet."
