"""The command line: every verb of the engines.

Exit code 0: done. 1: done, and something was found wrong. 2: refused, with one sentence that says
why and what to do. 130: stopped by Ctrl+C. Never a traceback on the screen.
"""

import argparse
import datetime
import os
import sys
import traceback
from typing import NoReturn

from engines.commands import (
    converting,
    data,
    doctor,
    listing,
    measuring,
    ordering,
    rendering,
    slowly,
    training,
)
from engines.errors import UserError

# What adds verbs; the studio brings its own.
_VERBS = listing, doctor, data, training, ordering, rendering, converting, slowly, measuring
GROUPS = [group.add for group in _VERBS]
EPILOG = "VERB --help explains a verb. Results go to stdout, remarks and progress to stderr."


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one sentence, without the whole usage."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{message[:1].upper()}{message[1:]}; {self.prog} --help explains it.\n")


def parser() -> argparse.ArgumentParser:
    """The parser of all verbs; parsing gives `do`, the function that does the work."""
    whole = _Parser(
        prog="main.py",
        description="Pentimento: train on pictures, export with proof, render.",
        epilog=EPILOG,
        allow_abbrev=False,
    )
    verbs = whole.add_subparsers(metavar="VERB", required=True, parser_class=_Parser)
    for add in GROUPS:
        add(verbs)
    return whole


def main(argv: list[str]) -> int:
    """Do what the words say; the exit code comes back."""
    try:
        options = parser().parse_args(argv)
        code: int = options.do(options)
        sys.stdout.flush()
        return code
    except SystemExit as ended:  # argparse, after --help or a mistake
        return ended.code if isinstance(ended.code, int) else 2
    except UserError as error:
        return _refuse(str(error))
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return 130
    except BrokenPipeError:  # The reader of a pipe has had enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 1
    except MemoryError:
        return _refuse("There was not enough memory; close programs or use smaller pictures.")
    except Exception as error:
        print(_kept(error), file=sys.stderr)
        return 1


def _refuse(sentence: str) -> int:
    print(sentence, file=sys.stderr)
    return 2


def _kept(error: Exception) -> str:
    """Write the traceback to a log; what to say of it."""
    from platformdirs import user_log_path

    first = (str(error).strip().splitlines() or [""])[0][:200]
    what = f"Something went wrong that should not have ({type(error).__name__}: {first})"
    now = datetime.datetime.now().strftime("%Y%m%d-%H%M%S")
    path = user_log_path("pentimento") / f"error-{now}-{os.getpid()}.txt"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(traceback.format_exception(error)), "utf-8")
    except OSError as trouble:
        return f"{what}; its log could not be written to {path} ({trouble.strerror})."
    return f"{what}; please report it with the log in {path}."


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
