#!/usr/bin/env python3
"""Start Pentimento: make .venv beside this file, install into it, and hand over to it.

Python 3.8 can parse this file, so that an older Python says what is wrong. What does the work,
`studio.bootstrap`, uses the standard library only and can be killed at any moment and run again.
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent

USAGE = """usage: python3 main.py            open the studio
       python3 main.py FILE       open it with a document, a layout or a picture
       python3 main.py VERB ...   any verb of the command line; VERB --help explains it
       python3 main.py test ...   install the test tools and run the tests; ... goes to pytest
       python3 main.py setup      only install (setup --test: the test tools as well)

The first start makes .venv beside main.py and installs into it. If it is interrupted, run it again.
Where there is no display, main.py alone renders the bundled example to pentimento-demo.png.
"""

# -P: the folder that one happens to stand in must not shadow our modules.
COMMAND_LINE = ["-P", "-c", "import sys; from studio.cli import main; sys.exit(main(sys.argv[1:]))"]
STUDIO = ["-P", "-c", "import sys; from studio.app import main; sys.exit(main(sys.argv[1:]))"]


def start(root: Path, arguments: list[str]) -> int:
    """Do what the command line asks for the project in `root`; Trouble, OSError.

    On POSIX it does not return where it hands over: the program takes this process's place.
    """
    from studio.bootstrap import Environment, Trouble
    from studio.system import has_display

    environment = Environment(root)
    verb = arguments[0] if arguments else ""
    if verb in ("-h", "--help"):
        print(USAGE, flush=True)
        return environment.hand_over([*COMMAND_LINE, "--help"]) if environment.ready() else 0
    if verb == "setup":
        if arguments[1:] not in ([], ["--test"]):
            raise Trouble("setup takes nothing but --test; try: python3 main.py setup --test")
        environment.ensure(test="--test" in arguments)
        environment.check_qt()
        return 0
    if verb == "test":
        environment.ensure(test=True)
        environment.check_qt()
        return environment.hand_over(["-m", "pytest", *arguments[1:]], folder=root)
    environment.ensure()
    file = len(arguments) == 1 and Path(verb).suffix != "" and Path(verb).is_file()
    if verb and not file:
        return environment.hand_over([*COMMAND_LINE, *arguments])
    environment.check_qt()
    if file or has_display():
        return environment.hand_over([*STUDIO, *arguments])
    print("There is no display here, so the bundled example is rendered instead.", flush=True)
    return environment.hand_over([*COMMAND_LINE, "demo"])


def main(arguments: list[str]) -> int:
    """The program; exit code 0 for success, 2 for a trouble it explains, 130 for Ctrl+C."""
    if sys.version_info < (3, 11):
        version = ".".join(str(number) for number in sys.version_info[:3])
        print(
            f"Pentimento needs Python 3.11 or newer and this is {version}; "
            "start it with a newer one, for example: python3.11 main.py",
            file=sys.stderr,
        )
        return 2
    from studio.bootstrap import Trouble

    try:
        return start(ROOT, arguments)
    except Trouble as trouble:
        print(trouble, file=sys.stderr)
    except OSError as error:
        print(
            f"Pentimento cannot be set up in {ROOT} ({error}); "
            "make room there or move the project, then start again.",
            file=sys.stderr,
        )
    except KeyboardInterrupt:
        print("\nStopped. Run the same command again and it goes on.", file=sys.stderr)
        return 130
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
