"""Errors that a user can cause and can mend."""


class UserError(Exception):
    """One clear sentence: what happened, why, and what to do. The command line prints it and exits
    2.
    """
