"""A model to be timed, as one step of training leaves it."""

from pathlib import Path
from typing import Any

from engines.bench._machine import first_batch
from engines.export import export_bundle
from engines.recovery import save_checkpoint
from engines.train import new_run
from engines.trainer import Trainer, build_recipe


def learnt(place: Path, recipe: str, settings: dict[str, Any]) -> None:
    """Train one step on PLACE/data in PLACE/run, and export it into PLACE/model: what it has learnt
    does not change its speed.
    """
    data = str(place / "data")
    run = new_run(place / "run", recipe, data, settings, precision="float32", validate=0)
    trainer = Trainer(build_recipe(run), run.config)
    trainer.advance(first_batch(run, trainer.recipe))
    save_checkpoint(run, trainer)
    export_bundle(run, place / "model")
