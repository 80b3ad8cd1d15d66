"""A run watched while it trains: figures on pictures that it does not learn from, alarms, advice.

Nothing here touches the training: no draw, no gradient, no failure of a measure ends a run.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor

from engines import exam, files
from engines.advice import advice, best
from engines.alarms import Watch
from engines.data.mends import Mends, mends_of
from engines.data.sets import open_data
from engines.errors import UserError
from engines.exam import Look, Nature
from engines.measures import distances
from engines.purse import Purse
from engines.references import ROWS, References, Shelf, levels, rgb
from engines.runs import Run
from engines.trainer import Trainer

LEAST, MOST = 40, 160  # pictures of a measure
PREVIEWED = 8  # pictures of a sheet
KEPT_SHEETS = 60
MOST_SEARCHED = 4000  # training pictures among which the nearest is looked for
CACHE_BYTES = 200_000_000
ALONE = (
    "Too few pictures are set apart for validation, so nobody can say how good the model is on "
    "unseen ones. Choose a larger share for validation, or add pictures."
)
log = logging.getLogger(__name__)


class Validation:
    """What a run's leader asks after every step. `tell` appends an event to the run."""

    def __init__(
        self,
        run: Run,
        trainer: Trainer,
        tell: Callable[[Mapping[str, Any]], None] | None = None,
    ) -> None:
        self._run, self._trainer, self._tell = run, trainer, tell or run.append
        self._watch = Watch()
        self._purse = Purse(trainer.rows, trainer.total)
        self._references: References | None = None
        self._nature = Nature()
        self._pictures = 0
        self.measured = False  # whether the step just done was
        for event in run.events():
            self._watch.hear(event)
            self._purse.hear(event)
            if event["kind"] in ("bounds", "measure") and isinstance(event.get("pictures"), int):
                self._pictures = min(max(event["pictures"], LEAST), MOST)

    @property
    def due(self) -> bool:
        """Whether the step just done is one to measure after."""
        every, step = self._trainer.config["validate"], self._trainer.step
        last = step == self._trainer.total
        return every > 0 and (last or (step % every == 0 and self._purse.affords(step)))

    def after(self, event: Mapping[str, Any]) -> None:
        """Take the event of the step just done; measure where it is time."""
        self._hear(event)
        self.measured = self.due
        if self.measured:
            self.measure()

    def measure(self) -> dict[str, float]:
        """Take the figures of the averaged weights now; the best weights are kept."""
        start, trainer = time.perf_counter(), self._trainer
        try:
            devices = [trainer.device] if trainer.device.type == "cuda" else []
            with torch.no_grad(), torch.random.fork_rng(devices), trainer.autocast():
                figures, once, searching = self._figures()
        except UserError as error:
            return self._failed(str(error))
        except Exception as error:  # A measure is not worth a run.
            log.exception("the pictures could not be measured")
            return self._failed(
                f"The pictures of step {trainer.step:,} could not be measured "
                f"({type(error).__name__}); the training goes on."
            )
        said = {"step": trainer.step, "figures": figures, "pictures": self._pictures}
        seconds = time.perf_counter() - start - once - searching
        self._say({"kind": "measure", **said, "seconds": seconds, "searching": searching})
        self._aside(lambda: self._keep_best(figures))
        if figures and (advised := advice(self._watch)) is not None:
            self._say(advised)
        return figures

    def _failed(self, sentence: str) -> dict[str, float]:
        self._say({"kind": "warning", "step": self._trainer.step, "sentence": sentence})
        return {}

    def _aside(self, do: Callable[[], None]) -> None:
        """What may fail for want of a place to write, and is no reason to lose the figures."""
        try:
            do()
        except UserError as error:
            self._failed(str(error))

    def _say(self, event: Mapping[str, Any]) -> None:
        """Append an event, and hear it too."""
        self._tell({**event, "time": time.time()})
        self._hear(event)

    def _hear(self, event: Mapping[str, Any]) -> None:
        """Take an event; tell the alarms that follow from it."""
        self._purse.hear(event)
        for alarm in self._watch.hear(event):
            self._tell({**alarm, "time": time.time()})

    # Measuring ----------------------------------------------------------------------------------

    def _figures(self) -> tuple[dict[str, float], float, float]:
        """The figures, the seconds that are spent but once a run, and those in which more training
        pictures were made ready to be searched.
        """
        trainer, start, once = self._trainer, time.perf_counter(), 0.0
        recipe, nets, config = trainer.recipe, trainer.average, trainer.config
        if recipe.kind == "points":
            return {}, 0.0, 0.0
        references, nature = self._opened(), self._nature
        unseen, train = references.unseen, references.train
        alone = len(unseen.data) < 2
        shelf = train if alone else unseen
        if not self._pictures:
            self._pictures = self._afford(shelf)
        before = len(unseen), len(train)
        count = self._pictures
        if nature.paints:
            unseen.grow(count)
            train.grow(max(count, len(train)))
            if not self._watch.bounds:
                self._bound(references, count, time.perf_counter() - start)
                once = time.perf_counter() - start
        if alone and not self._watch.measures:
            self._say({"kind": "warning", "step": trainer.step, "sentence": ALONE})
        found, looked = exam.examine(
            recipe, nets, nature, references, count, trainer.device, config["seed"]
        )
        self._aside(lambda: self._show(looked, train))
        searching, now = 0.0, time.perf_counter()
        spare = self._purse.spare(trainer.step) - (now - start - once)
        if nature.paints and spare > 0 and len(train) < min(MOST_SEARCHED, len(train.data)):
            train.grow(len(train) + int(min(spare, 20.0) / self._purse.a_picture) // ROWS * ROWS)
            searching = time.perf_counter() - now
        if before != (len(unseen), len(train)):
            self._aside(references.keep)
        return exam.flattened(found), once, searching

    def _opened(self) -> References:
        """The true pictures, opened when they are first wanted."""
        if self._references is None:
            run, recipe, config = self._run, self._trainer.recipe, self._trainer.config
            shelves = []
            for number, split in enumerate(("val", "train")):
                mends = mends_of(config) | Mends(mates=True)
                data = open_data(
                    Path(config["data"]), recipe.kind, recipe.data.size, split, CACHE_BYTES, mends
                )
                shelves.append(Shelf(data, config["seed"] + number, self._trainer.device))
            self._nature = Nature.of(recipe, self._trainer.average)
            self._references = References(shelves[0], shelves[1], run.path / "features.safetensors")
        return self._references

    def _afford(self, shelf: Shelf) -> int:
        """How many pictures a measure may have: what looking at a few costs tells."""
        start = time.perf_counter()
        rows = exam.cycled(shelf.order[:ROWS], ROWS)
        exam.look(self._trainer.recipe, self._trainer.average, shelf, rows, self._trainer.device)
        self._purse.a_picture = (time.perf_counter() - start) / ROWS
        every = self._trainer.config["validate"]
        return min(max(self._purse.pictures(every) // ROWS * ROWS, LEAST), MOST)

    def _bound(self, references: References, count: int, seconds: float) -> None:
        start = time.perf_counter()
        found = exam.bounds(self._nature, references, count, self._trainer.config["seed"])
        seconds += time.perf_counter() - start
        said = {"step": self._trainer.step, "figures": found, "pictures": count}
        self._say({"kind": "bounds", **said, "seconds": seconds})

    def _keep_best(self, figures: dict[str, float]) -> None:
        """Keep the averaged weights where no measure was better."""
        found = best(self._watch)
        if not figures or found is None or found.measure.step != self._trainer.step:
            return
        with files.writing(self._run.best_path) as temporary:
            state = self._trainer.average.state_dict()
            said = {"step": str(self._trainer.step), "figures": json.dumps(figures)}
            save_file({k: v.contiguous() for k, v in state.items()}, temporary, said)

    # Showing ------------------------------------------------------------------------------------

    def _show(self, looked: Look, train: Shelf) -> None:
        """A sheet of true pictures above made ones, and a strip of the training pictures that are
        nearest to these.
        """
        if not looked.sheet:
            return
        name, folder = f"{self._trainer.step:09d}", self._run.path / "previews"
        save_sheet(folder / f"{name}.png", looked.sheet)
        if len(train):
            apart = distances(looked.features[:PREVIEWED], train.features())
            rows = [train.rows[place] for place in apart.argmin(1)]
            pictures = {row: train.picture(row) for row in set(rows)}
            found = [pictures[row] for row in rows]
            if all(picture is not None for picture in found):
                strip = torch.stack([p for p in found if p is not None])
                save_sheet(folder / f"nearest-{name}.png", [strip])
                told = {
                    "nearest": train.names(rows),
                    "distance": [round(float(value), 4) for value in apart.min(1)],
                    "searched": len(train),
                    "of": len(train.data),
                }
                files.write_json(folder / f"{name}.nearest.json", told)
        for pattern in ("[0-9]*.png", "nearest-*.png", "*.nearest.json"):
            for old in sorted(folder.glob(pattern))[:-KEPT_SHEETS]:
                old.unlink(missing_ok=True)


def save_sheet(path: Path, rows: list[Tensor]) -> None:
    """Rows of pictures (N, C, H, W) in [-1, 1] as one PNG: real above made."""
    from PIL import Image as Pillow

    strips = [torch.cat(list(rgb(row)[:PREVIEWED]), dim=2) for row in rows]
    page = levels(torch.cat(strips, dim=1)[None])[0]
    with files.writing(path) as temporary:
        Pillow.fromarray(page).save(temporary, format="PNG")
