"""claims, bench and measure: what is said of systems and models, measured."""

import argparse
import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engines.commands.terminal import Progress, Verbs, check_writable, columns, say, seed, whole
from engines.errors import UserError

if TYPE_CHECKING:
    from engines.runtime.bundle import Bundle

MOST_STYLES = 12  # pairs of pictures
DOCS = Path(__file__).resolve().parents[2] / "docs"


def add(verbs: Verbs) -> None:
    """Declare the verbs."""
    claims = verbs.add_parser(
        "claims",
        help="measure what the papers say",
        description="Measure what each paper says is better, small, beside its baseline. Exit code "
        "1 where a claim does not hold.",
    )
    claims.add_argument("ids", nargs="*", metavar="ID", help="claims or recipes; all where none")
    claims.add_argument("--quick", action="store_true", help="a fiftieth of the steps; no verdict")
    claims.add_argument("--write", action="store_true", help="put the results into docs/")
    claims.set_defaults(do=_claims)

    bench = verbs.add_parser(
        "bench",
        help="time ours against a peer",
        description="Time ours against a peer on this machine. Exit code 1 where it is slower than "
        "was wanted.",
    )
    bench.add_argument("ids", nargs="*", metavar="ID", help="benchmarks; all where none")
    bench.add_argument("--quick", action="store_true", help="fewer rounds")
    bench.set_defaults(do=_bench)
    for verb in (claims, bench):
        verb.add_argument("--list", action="store_true", help="only say which there are")
        verb.add_argument("--json", action="store_true", help="as JSON")

    measure = verbs.add_parser(
        "measure",
        help="measure a model on unseen pictures",
        description="Measure a painting model on unseen pictures and write its card, with floors "
        "and ceilings beside every figure.",
    )
    measure.add_argument("model", metavar="MODEL", help="an installed model, a folder or an .onnx")
    measure.add_argument(
        "--data",
        required=True,
        metavar="DIR",
        help="a layout set; "
        "two sorts of pictures for what takes styles, originals for what enlarges",
    )
    measure.add_argument("--layout-reader", metavar="MODEL", help="reads layouts back")
    measure.add_argument("--attribute-reader", metavar="MODEL", help="reads attributes back")
    measure.add_argument("--split", choices=("val", "test"), default="test", help="test")
    measure.add_argument("--side", type=whole, default=256, help="of the pictures; 256")
    measure.add_argument(
        "--count", type=whole, default=300, help="of pictures at most; 300, of styles 12"
    )
    measure.add_argument("--seed", type=seed, default=0)
    measure.add_argument("--threads", type=whole, default=1)
    measure.add_argument(
        "--out", type=Path, metavar="FILE", help="where to write the card; else into the model"
    )
    measure.add_argument("--sheets", type=Path, metavar="DIR", help="where to put contact sheets")
    measure.add_argument(
        "--withhold",
        action="store_true",
        help="no pictures of the data on the sheets, where their terms forbid to show them",
    )
    measure.set_defaults(do=_measure)


def _claims(options: argparse.Namespace) -> int:
    from engines.claims import Lab, chosen, measure, page, to_json

    found = chosen(options.ids)
    if options.list:
        _list(found, options.json)
        return 0
    if options.write and options.quick:
        raise UserError("A quick look judges nothing and is not written; leave --quick out.")
    results: list[dict[str, Any]] = []
    kept = DOCS / "claims.json"
    if options.write:
        check_writable(kept)
    for name, entry in found.items():
        say(f"{name}: {entry.words['statement']}")
        with tempfile.TemporaryDirectory(prefix="pentimento-") as folder:
            lab = Lab(Path(folder), quick=options.quick)
            result = measure(name, entry, lab, lambda row: say(f"  {row.text()}: {row.verdict}"))
        results.append(to_json(result))
        if not options.json:
            print(f"{name}: {result.verdict} ({result.seconds:.0f} s)", flush=True)
        if options.write:
            from engines import files

            old = json.loads(kept.read_text("utf-8")) if kept.exists() else []
            ids = {r["id"] for r in results}
            merged = [r for r in old if r["id"] not in ids] + results
            files.write_json(kept, merged)
            files.write_text(DOCS / "claims.md", page(merged))
    if options.json:
        print(json.dumps(results, indent=1))
    return 1 if any(r["verdict"] == "does not hold" for r in results) else 0


def _bench(options: argparse.Namespace) -> int:
    from engines.bench import chosen, compare

    found = chosen(options.ids)
    if options.list:
        _list(found, options.json)
        return 0
    results, met = [], True
    for name, entry in found.items():
        say(f"{name}: {entry.words['statement']}")
        for comparison in compare(name, entry, options.quick):
            results.append({"id": name, **comparison.to_json()})
            met = met and comparison.met
            if not options.json:
                print(comparison.text(), flush=True)
    if options.json:
        print(json.dumps(results, indent=1))
    return 0 if met else 1


def _list(found: Any, as_json: bool) -> None:
    """The declared words of claims or benchmarks."""
    words = [dict(entry.words) for entry in found.values()]
    if as_json:
        print(json.dumps(words, indent=1, ensure_ascii=False))
    else:
        print(columns([[w["id"], w["statement"]] for w in words]) or "There are none yet.")


def _measure(options: argparse.Namespace) -> int:
    for place in (options.out, options.sheets):
        if place is not None:
            check_writable(place)
    from engines.runtime.bundle import find_model

    progress = Progress()
    bundle = find_model(options.model)
    card = _measured_by_itself(bundle, options, progress)
    if card is None:
        card = _painted(options, progress)
    progress.end()
    print(json.dumps(card, indent=1, ensure_ascii=False))
    return 0


def _measured_by_itself(
    bundle: "Bundle", options: argparse.Namespace, progress: Progress
) -> dict[str, Any] | None:
    """The card of a model that is not measured by what it makes of layouts; None for others."""
    from engines import measure_larger, measure_reader, measure_style

    shared: dict[str, Any] = {
        "count": options.count,
        "threads": options.threads,
        "out": options.out,
        "progress": progress.show,
    }
    seen: dict[str, Any] = {"split": options.split, "side": options.side}
    if bundle.reads is not None:
        return measure_reader.run(bundle, options.data, **shared, **seen)
    if measure_style.takes_styles(bundle):
        sheets = {"sheets_in": options.sheets, "withheld": options.withhold}
        shared["count"] = min(options.count, MOST_STYLES)  # The reference takes minutes each.
        return measure_style.run(bundle, options.data, **shared, **seen, **sheets)
    if measure_larger.enlarges(bundle) > 1:
        return measure_larger.run(bundle, options.data, **shared, sheets_in=options.sheets)
    return None


def _painted(options: argparse.Namespace, progress: Progress) -> dict[str, Any]:
    """The card of a model that paints layouts."""
    from engines.measure_model import run

    return run(
        options.model,
        options.data,
        layout_reader=options.layout_reader,
        attribute_reader=options.attribute_reader,
        split=options.split,
        side=options.side,
        count=options.count,
        seed=options.seed,
        threads=options.threads,
        out=options.out,
        sheets_in=options.sheets,
        withheld=options.withhold,
        progress=progress.show,
    )
