"""data scan, data make, data prepare: sets to train on."""

import argparse
import json
from pathlib import Path

from engines.commands.terminal import Progress, Verbs, check_writable, say, seed, size, whole
from engines.errors import UserError


def add(verbs: Verbs) -> None:
    """Declare the verbs."""
    data = verbs.add_parser(
        "data", help="look through data, or make some", description="Sets to train on."
    )
    inner = data.add_subparsers(metavar="VERB", required=True)
    scan = inner.add_parser(
        "scan",
        help="name every problem of a data set",
        description="Name every problem of a data set: names, headers and tables at once, with "
        "--deep every pixel. Exit code 1 where there is a problem.",
    )
    scan.add_argument("folder", type=Path, metavar="DIR")
    scan.add_argument("--kind", choices=("image", "layout", "paired", "labelled"))
    scan.add_argument("--deep", action="store_true", help="decode every file")
    scan.add_argument("--json", action="store_true", help="as JSON")
    scan.set_defaults(do=_scan)

    make = inner.add_parser(
        "make",
        help="paint a set of landscapes",
        description="Paint a layout set of landscapes. Called again, it completes what is missing.",
    )
    make.add_argument("world", choices=("vista",))
    make.add_argument("--count", type=whole, required=True, help="how many pictures")
    make.add_argument("--size", type=size, default=(256, 256), metavar="WxH", help="256x256")
    make.add_argument("--seed", type=seed, default=0)
    make.add_argument("--out", type=Path, required=True, metavar="DIR")
    make.set_defaults(do=_make)

    prepare = inner.add_parser(
        "prepare",
        help="make a published set ready to train on",
        description="Make a published set ready: links to its pictures, and tables of what is "
        "measured in them.",
    )
    prepare.add_argument("set", choices=("landscapes",))
    prepare.add_argument("folder", type=Path, metavar="IN", help="the set as it was published")
    prepare.add_argument("out", type=Path, metavar="OUT", help="the folder to make")
    prepare.set_defaults(do=_prepare)


def _scan(options: argparse.Namespace) -> int:
    from engines.data.scan import scan

    if not options.folder.is_dir():
        raise UserError(f"There is no folder {options.folder}; check the path.")
    progress = Progress()
    report = scan(
        options.folder,
        options.kind,
        deep=options.deep,
        progress=lambda done, total: progress.count("Looking at", done, total),
    )
    progress.end()
    print(json.dumps(report.to_json(), indent=1) if options.json else report.text())
    return 1 if report.problems else 0


def _make(options: argparse.Namespace) -> int:
    from engines.worlds import vista

    height, width = options.size
    if not (16 <= width <= 4096 and 16 <= height <= 4096):
        raise UserError(f"A vista is 16 to 4096 pixels wide and high, not {width} x {height}.")
    check_writable(options.out / "classes.json")
    progress = Progress()
    vista.make(
        options.out,
        options.count,
        (width, height),
        options.seed,
        lambda done, total: progress.count("Painting", done, total),
    )
    progress.end()
    say(f"{options.count} pictures with layouts and attributes are in {options.out}.")
    return 0


def _prepare(options: argparse.Namespace) -> int:
    from engines.data.landscapes import prepare

    check_writable(options.out / "classes.json")
    say("Measuring the pictures; this takes minutes ...")
    for sort, count in prepare(options.folder, options.out).items():
        print(f"{sort}: {count}")
    say(f"The set is in {options.out}.")
    return 0
