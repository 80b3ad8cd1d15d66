"""The card of a model that takes styles: between the untouched picture and Gatys's optimisation."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from engines import cards, gatys, measures
from engines.data.pictures import write_picture
from engines.data.samples import UnpairedSample
from engines.measures import Picture
from engines.ports import Image, Moments, Port
from engines.request import Request
from engines.runtime.bundle import Bundle
from engines.runtime.render import Cache, render
from engines.runtime.sessions import Sessions

SLOW_STEPS = 200  # evaluations that the reference is given
STRENGTHS = (0.0, 0.5, 1.0)


def takes_styles(bundle: Bundle) -> bool:
    """Whether the model paints one picture in the style of another."""
    return any(isinstance(p, Moments) and p.name == "style" for p in bundle.target.inputs)


def run(
    bundle: Bundle,
    folder: str,
    *,
    split: str = "test",
    side: int = 256,
    count: int = 12,
    threads: int = 1,
    slow_steps: int = SLOW_STEPS,
    out: Path | None = None,
    sheets_in: Path | None = None,
    withheld: bool = False,
    progress: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Measure on unseen pairs of an unpaired set and write card.json. UserError.

    `slow_steps` are those of the reference, which takes minutes a pair. `sheets_in` is a folder for
    a sheet: content, style, ours, the reference; where the data are `withheld`, ours alone.
    """
    size = (side, side)
    data = cards.unseen(folder, "unpaired", size, split)
    pairs = [_pair(data.fixed(index)) for index in range(min(count, len(data)))]
    painter = Painter(bundle, Sessions("cpu", threads))
    rows: list[dict[str, dict[str, float]]] = []
    shown: list[Picture] = []
    for number, (content, style) in enumerate(pairs):
        progress(f"pair {number + 1} of {len(pairs)}")
        other = pairs[(number + 1) % len(pairs)][1]
        made = {
            "untouched": content,
            **{f"strength {s:g}": painter(content, style, s) for s in STRENGTHS},
            "no style": painter(content, None, 1.0),
            "another's style": painter(content, other, 1.0),
            "gatys": _slowly(content, style, slow_steps),
        }
        rows.append({name: _figures(each, content, style) for name, each in made.items()})
        parts = [made["strength 1"]] if withheld else [content, style, made["strength 1"]]
        shown.append(np.concatenate([*parts, *([] if withheld else [made["gatys"]])], axis=1))
    if sheets_in is not None:
        sheets_in.mkdir(parents=True, exist_ok=True)
        write_picture(sheets_in / f"{bundle.name}-styles.png", np.concatenate(shown, axis=0))
    return cards.write(
        bundle,
        out,
        split=split,
        pictures=len(pairs),
        size=size,
        hashes={"data": data.spec.fingerprint},
        figures={"style": summed(rows), "reference_steps": slow_steps},
    )


def summed(rows: list[dict[str, dict[str, float]]]) -> dict[str, Any]:
    """Means over pairs of every picture's figures; and how far the full strength goes the way
    from the untouched picture's style to the reference's, 1 being there.
    """
    found: dict[str, Any] = {
        name: {key: float(np.mean([row[name][key] for row in rows])) for key in rows[0][name]}
        for name in rows[0]
    }
    begin, end, here = (found[n]["style"] for n in ("untouched", "gatys", "strength 1"))
    found["way_to_gatys"] = (begin - here) / (begin - end)
    return found


class Painter:
    """The model as a function of two pictures."""

    def __init__(self, bundle: Bundle, sessions: Sessions) -> None:
        self.bundle, self.sessions, self.cache = bundle, sessions, Cache()
        self.photo = self._named(lambda p: isinstance(p, Image) and p.free)
        self.manner = self._named(lambda p: isinstance(p, Image) and not p.free)

    def _named(self, fits: Callable[[Port], bool]) -> str:
        return next(p.name for p in self.bundle.ports if fits(p))

    def __call__(self, content: Picture, style: Picture | None, strength: float) -> Picture:
        """The content in that style, or where there is none, as when none was said."""
        values: dict[str, Any] = {self.photo: content, "strength": strength}
        if style is None:
            port = next(p for p in self.bundle.target.inputs if p.name == "style")
            values["style"] = port.default
        else:
            values[self.manner] = style
        request = Request(self.bundle.hash, (content.shape[0], content.shape[1]), values)
        return list(render(self.bundle, request, self.sessions, self.cache))[-1].picture


def _slowly(content: Picture, style: Picture, steps: int) -> Picture:
    looks: Iterator[gatys.Look] = gatys.paint(content, style, steps=steps)
    return list(looks)[-1].picture


def _figures(made: Picture, content: Picture, style: Picture) -> dict[str, float]:
    return {**gatys.distances(made, content, style), "edges": measures.edges_kept(content, made)}


def _pair(sample: Any) -> tuple[Picture, Picture]:
    assert isinstance(sample, UnpairedSample)
    first, second = (np.ascontiguousarray(part.transpose(1, 2, 0)) for part in sample)
    return first, second
