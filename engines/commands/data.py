"""data scan, data mend, data make, data prepare: sets to train on."""

import argparse
import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from engines.commands.terminal import (
    Progress,
    Verbs,
    check_writable,
    columns,
    say,
    seed,
    size,
    whole,
)
from engines.data.derive import WAYS
from engines.data.mends import NONE, Mends, Split, read_mends
from engines.data.report import KINDS
from engines.errors import UserError, choose

if TYPE_CHECKING:
    from engines.data.report import Report


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
    scan.add_argument("--kind", choices=KINDS)
    scan.add_argument("--deep", action="store_true", help="decode every file")
    scan.add_argument("--mends", type=Path, metavar="FILE", help="read it as `data mend` decided")
    scan.add_argument("--json", action="store_true", help="as JSON")
    scan.set_defaults(do=_scan)

    mend = inner.add_parser(
        "mend",
        help="decide how to read a data set in spite of its faults",
        description="Look at every pixel of a data set, and write down how to read it in spite of "
        "its faults. Nothing in its folder is changed. Exit code 1 where faults remain.",
    )
    mend.add_argument("folder", type=Path, metavar="DIR")
    mend.add_argument("--kind", choices=KINDS)
    mend.add_argument("--out", type=Path, required=True, metavar="FILE", help="for train --mends")
    mend.add_argument(
        "--from", dest="source", choices=WAYS, help="make pairs: this of each picture, and itself"
    )
    mend.add_argument(
        "--offer", action="append", metavar="ID", help="one of the repairs; all usual ones if none"
    )
    mend.add_argument(
        "--split", type=_shares, metavar="TRAIN,VAL,TEST", help="shares in per cent, as 80,10,10"
    )
    mend.set_defaults(do=_mend)

    make = inner.add_parser(
        "make",
        help="paint a set of landscapes, or of pictures in many manners",
        description="Paint a layout set of landscapes (vista), or pictures in many manners of "
        "painting to take styles from (painterly). Called again, it completes what is missing.",
    )
    make.add_argument("world", choices=("vista", "painterly"))
    make.add_argument("--count", type=whole, required=True, help="how many pictures")
    make.add_argument("--size", type=size, default=(256, 256), metavar="WxH", help="256x256")
    make.add_argument("--seed", type=seed, default=0)
    make.add_argument("--out", type=Path, required=True, metavar="DIR")
    make.set_defaults(do=_make)

    prepare = inner.add_parser(
        "prepare",
        help="make a published set ready to train on",
        description="Make a published set ready: links to its pictures, and tables of what is "
        "measured in them. Sunsets are landscapes by day and at sunset, two sorts "
        "without pairs; of street IN holds both sets, facades and camvid.",
    )
    prepare.add_argument("set", choices=("landscapes", "sunsets", "street"))
    prepare.add_argument("folder", type=Path, metavar="IN", help="the set as it was published")
    prepare.add_argument("out", type=Path, metavar="OUT", help="the folder to make")
    prepare.set_defaults(do=_prepare)


def _shares(text: str) -> Split:
    try:
        train, val, test = (float(word) / 100 for word in text.split(","))
        return Split(train, val, test)
    except (ValueError, UserError) as error:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not three shares that sum to 100, such as 80,10,10"
        ) from error


def _scan(options: argparse.Namespace) -> int:
    from engines.data.offers import offers

    mends = NONE if options.mends is None else read_mends(options.mends)
    report = _looked(options.folder, options.kind, options.deep, mends)
    if options.json:
        print(json.dumps(report.to_json(), indent=1))
        return 1 if report.problems else 0
    print(report.text())
    if found := offers(report):
        print("\nRepairs that `data mend` can agree to, none of which changes a file:")
        print(columns([(f"  {o.id}", f"{o.count:,}", o.title, o.sentence) for o in found]))
    return 1 if report.problems else 0


def _mend(options: argparse.Namespace) -> int:
    from engines import files
    from engines.data.offers import combined, offers

    check_writable(options.out)
    given = NONE if options.source is None else Mends(source=options.source)
    kind = options.kind if options.source is None else "paired"
    report = _looked(options.folder, kind, True, given)
    found = {offer.id: offer for offer in offers(report)}
    for name in options.offer or ():
        if name not in found:
            raise UserError(f"There is no repair {name!r} for this folder; {choose(name, found)}")
    chosen = [offer for offer in found.values() if offer.usual]
    if options.offer:
        chosen = [found[name] for name in options.offer]
    mends = combined(report, chosen, options.split)
    if options.split is not None and report.mends.split is not None:
        # What is alike stays together, whatever the shares.
        alike = report.mends.split
        mends |= Mends(split=replace(options.split, by=alike.by, stretch=alike.stretch))
    files.write_json(options.out, mends.to_json())
    for offer in chosen:
        say(f"{offer.title} ({offer.count:,}): {offer.sentence}")
    again = _looked(options.folder, kind, False, mends)
    print(again.text())
    say(f"How to read it is in {options.out}; use it with train --mends {options.out}.")
    return 1 if again.problems else 0


def _looked(folder: Path, kind: str | None, deep: bool, mends: Mends) -> "Report":
    from engines.data.scan import scan

    if not folder.is_dir():
        raise UserError(f"There is no folder {folder}; check the path.")
    progress = Progress()
    report = scan(
        folder,
        kind,
        deep=deep,
        mends=mends,
        progress=lambda done, total: progress.count("Looking at", done, total),
    )
    progress.end()
    return report


def _make(options: argparse.Namespace) -> int:
    from engines.worlds import painterly, vista

    height, width = options.size
    worlds = {
        "vista": (vista.make, 16, 4096, "pictures with layouts and attributes"),
        "painterly": (painterly.make, painterly.SMALLEST, painterly.LARGEST, "paintings"),
    }
    make, least, most, what = worlds[options.world]
    if not (least <= width <= most and least <= height <= most):
        raise UserError(
            f"A picture of {options.world} is {least} to {most} pixels wide and high, "
            f"not {width} x {height}."
        )
    check_writable(options.out / "splits.csv")
    progress = Progress()
    make(
        options.out,
        options.count,
        (width, height),
        options.seed,
        lambda done, total: progress.count("Painting", done, total),
    )
    progress.end()
    say(f"{options.count} {what} are in {options.out}.")
    return 0


def _prepare(options: argparse.Namespace) -> int:
    from engines.data import landscapes, street

    check_writable(options.out / "splits.csv")
    say("Measuring the pictures; this takes minutes ...")
    prepare = {
        "landscapes": landscapes.prepare,
        "sunsets": landscapes.prepare_times,
        "street": street.prepare,
    }[options.set]
    for sort, count in prepare(options.folder, options.out).items():
        print(f"{sort}: {count}")
    say(f"The set is in {options.out}.")
    return 0
