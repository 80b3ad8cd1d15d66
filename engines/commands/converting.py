"""convert: a folder or a video through a model, to be stopped and gone on with at any time."""

import argparse
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

from engines.commands.inputs import add_making, parse_inputs, read_value
from engines.commands.terminal import (
    Progress,
    Verbs,
    check_writable,
    open_sessions,
    say,
    span,
    start_next,
    whole,
)
from engines.errors import UserError

if TYPE_CHECKING:
    from engines.runtime.bundle import Bundle
    from engines.runtime.convert.job import Job, Plan, Standing, State
    from engines.runtime.convert.work import Conversion

NICER = 5  # A conversion that the studio started gives way to whoever paints.
TELL_SECONDS = 0.3
REST_SECONDS = 0.05


def add(verbs: Verbs) -> None:
    """Declare the verb."""
    convert = verbs.add_parser(
        "convert",
        help="put a folder of pictures and videos, or a video, through a model",
        description="Put every picture and video of a folder, or one of them, through a model: "
        "pictures become PNGs, videos stay videos and keep their sound. Stopped or killed, the "
        "same words go on where it was, and so does `convert OUT`. A file that cannot be converted "
        "is told at the end.",
        allow_abbrev=False,
    )
    convert.add_argument(
        "model", metavar="MODEL", help="an installed model, a folder or an .onnx; alone: the OUT "
        "of "
        "a conversion to go on with",
    )  # fmt: skip
    convert.add_argument("source", metavar="INPUT", nargs="?", type=Path, help="a folder or a file")
    convert.add_argument("--out", type=Path, help="a folder; for one file also a file's name")
    add_making(convert, "another input of the model, for all files: --in strength=0.6")
    convert.add_argument("--style", metavar="PICTURE", help="in whose manner, for models of styles")
    convert.add_argument(
        "--side", type=whole, default=0, metavar="PIXELS",
        help="make what is larger smaller first; else as large as it is",
    )  # fmt: skip
    convert.add_argument(
        "--smooth", type=float, default=0.0, metavar="SHARE",
        help="against flicker in videos: how much of the frame before stays where nothing moves, "
        "from 0 to below 1; 0",
    )  # fmt: skip
    convert.add_argument(
        "--each-frame", action="store_true",
        help="take statistics of every frame of a video anew, not once for all",
    )  # fmt: skip
    convert.add_argument("--nice", action="store_true", help="give way to other programs")
    convert.add_argument(
        "--then", type=Path, metavar="FOLDER",
        help="when it has ended, begin the next conversion that waits in this folder of the studio",
    )  # fmt: skip
    convert.set_defaults(do=_convert)


def _convert(options: argparse.Namespace) -> int:
    try:
        return _one(options)
    finally:
        if options.then is not None:
            _go_on(options.then)


def _go_on(home: Path) -> None:
    """Begin what waits for this one to end, be the studio open or not."""
    from engines.runtime.convert import waiting

    def start() -> Path | None:
        following = waiting.go_on(home)
        if following is None:
            return None
        job, process = following
        process.returncode = 0  # Nobody waits for it: Python shall not warn of it.
        return job.home.parent

    start_next(start)


def _one(options: argparse.Namespace) -> int:
    from engines.runtime.convert.job import Job

    if options.nice:
        os.nice(max(0, NICER - os.getpriority(os.PRIO_PROCESS, 0)))
    if options.source is None:
        found = Job.find(Path(options.model).absolute())
        if found is None:
            raise UserError(
                f"There is no conversion in {options.model} to go on with; to begin one, write "
                "MODEL INPUT --out OUT."
            )
        job = found
    else:
        if options.out is None:
            raise UserError("Say where to with --out: a folder, or for one file also its name.")
        check_writable(options.out)
        job = Job.make(_plan(options))
    if options.then is None:  # Else it was asked to run before, and may have been to stop since.
        job.run.steer("run")
    code = _drive(job, options.provider)
    if code == 0 and job.plan.single and not options.nice and job.plan.out.exists():
        job.remove()  # Of one file there is nothing more to know; the studio looks first.
    return code


def _plan(options: argparse.Namespace) -> "Plan":
    from engines.request import Request
    from engines.runtime.bundle import find_model
    from engines.runtime.convert.hand import entry, lacks, manner
    from engines.runtime.convert.job import Plan

    bundle = find_model(options.model)
    values, folder = parse_inputs(bundle, options.inputs)
    if folder is not None:
        raise UserError(f"{folder[0]} cannot be a folder here; give the folder as INPUT.")
    entry(bundle, values)
    if options.style is not None:
        port = manner(bundle, values)
        if port is None:
            raise UserError(f"The model {bundle.name} takes no style; leave --style out.")
        values[port.name] = read_value(port, options.style)
    if lacks(bundle, values) is not None:
        raise UserError(f"The model {bundle.name} paints in a picture's manner; name one: --style.")
    installed = bundle.path.name == options.model and not Path(options.model).exists()
    return Plan(
        model=options.model if installed else str(Path(options.model).absolute()),
        source=options.source.absolute(),
        out=options.out.absolute(),
        request=Request(
            bundle.hash, (0, 0), values, options.seed, options.sampler, options.steps,
            options.guidance,
        ),
        side=options.side,
        smooth=options.smooth,
        fixed=not options.each_frame,
    )  # fmt: skip


def _drive(job: "Job", provider: str) -> int:
    """Convert under the job's lock, and say how it goes, in words and in the job."""
    from engines.runtime.convert.job import State

    with job.writer():
        job.tell(State("working"))
        try:
            return _work(job, provider)
        except UserError as error:
            job.tell(State("failed", sentence=str(error)))
            raise
        except KeyboardInterrupt:
            job.tell(State("stopped"))
            say("The same words go on where it stopped.")
            raise
        except BaseException:
            job.tell(State("failed", sentence="It ended before it was done; go on with it."))
            raise


def _work(job: "Job", provider: str) -> int:
    from engines.runtime.bundle import find_model
    from engines.runtime.convert.job import Clock
    from engines.runtime.convert.work import Conversion

    plan = job.plan
    bundle: Bundle = find_model(plan.model)
    conversion = Conversion(job, bundle, open_sessions(provider))
    progress, clock, told, first = Progress(), Clock(), 0.0, None
    for step in conversion.steps():
        first = step.share if first is None else first
        left = clock.left(first, step.share)
        if time.monotonic() >= told:
            told = time.monotonic() + TELL_SECONDS
            job.tell(_state(conversion, "working", step.name, step.share, left))
        text = f"{step.done + step.failed}/{step.total} {step.name} {step.share:.0%}"
        progress.show(text if left is None else f"{text}, {span(left)} left")
        clock.hold()
        rests = _rest(job, conversion, step.name, step.share, left)
        clock.go()
        if not rests:
            progress.end()
            job.tell(_state(conversion, "stopped", "", step.share, None))
            return 0
    progress.end()
    job.tell(_state(conversion, "done", "", 1.0, None))
    return _told(plan, conversion)


def _rest(
    job: "Job", conversion: "Conversion", name: str, share: float, left: float | None
) -> bool:
    """Wait while a pause is asked for or somebody paints; whether to go on then."""
    shown: Standing | None = None
    while True:
        desire = job.run.desire()
        if desire in ("stop", "discard"):
            return False
        if desire != "pause" and not job.run.leased():
            return True
        now: Standing = "paused" if desire == "pause" else "resting"
        if now != shown:
            shown = now
            job.tell(_state(conversion, now, name, share, left))
        time.sleep(REST_SECONDS)


def _state(
    conversion: "Conversion", standing: "Standing", name: str, share: float, left: float | None
) -> "State":
    from engines.runtime.convert.job import State

    failed = len(conversion.failed)
    total = len(conversion.items)
    return State(standing, conversion.done, failed, total, name, share, left)


def _told(plan: "Plan", conversion: "Conversion") -> int:
    """Say what came of it, a line a fault or remark."""
    from engines.runtime.convert.job import said

    say(f"{conversion.done} of {len(conversion.items)} in {plan.out}")
    for name, sentence in [*conversion.records.remarks.items(), *conversion.failed.items()]:
        say(said(name, sentence))
    return 1 if conversion.failed else 0
