"""The last word on a model: its figures on the test split, which nothing was chosen by.

What trains cannot import this. A model is measured once: asked again for the same weights, the
first answer is given, and every card tells how often the test pictures were looked at.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import nn

from engines import exam, files
from engines.data.mends import Mends, mends_of
from engines.data.sets import open_data, open_test
from engines.exam import Nature
from engines.recipe import Recipe
from engines.references import References, Shelf
from engines.runs import Run

LEAST, MOST = 40, 320  # made pictures
KEPT = 20  # answers
_MOST_BYTES = 1_000_000


def final(
    run: Run,
    recipe: Recipe,
    nets: nn.ModuleDict,
    step: int,
    progress: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """What a card says of the model of `step`: {"split", "pictures", "size", "hashes", "looks",
    "figures": {NAME: {"mean", "low", "high", "floor", "ceiling"}}}; only a "said" why not where
    there is nothing to measure with. UserError where the data cannot be read.
    """
    if recipe.kind == "points":
        return {"said": "Points of a plane are no pictures; there is nothing to measure."}
    config, device = run.config, next(nets.parameters()).device
    mends = mends_of(config) | Mends(mates=True)
    size, folder = recipe.data.size, Path(config["data"])
    unseen = Shelf(open_test(folder, recipe.kind, size, mends), config["seed"], device)
    if len(unseen.data) < 2:
        return {
            "said": "No two pictures are set apart for testing, so nobody knows how good this "
            "model is on pictures that nothing was chosen by."
        }
    mark, answers = _mark(nets, unseen), _answers(run)
    if mark in answers:
        return answers[mark]
    progress("Measuring on the test pictures.")
    train = Shelf(
        open_data(folder, recipe.kind, size, "train", mends=mends), config["seed"], device
    )
    found = _measure(recipe, nets, References(unseen, train), device, config["seed"])
    # The oldest answers are forgotten, but not that they were given.
    looks = [a["looks"] for a in answers.values() if isinstance(a.get("looks"), int)]
    answer = {
        "split": "test",
        "pictures": min(len(unseen.data), MOST),
        "size": list(size),
        "hashes": {"data": unseen.data.spec.fingerprint},
        "looks": max([len(answers), *looks]) + 1,
        "figures": found,
    }
    kept = dict(list({**answers, mark: answer}.items())[-KEPT:])
    files.write_json(run.path / "tested.json", kept)
    run.append({"kind": "tested", "step": step, "figures": found, "time": time.time()})
    return answer


def _measure(
    recipe: Recipe, nets: nn.ModuleDict, references: References, device: torch.device, seed: int
) -> dict[str, dict[str, float]]:
    unseen, train = references.unseen, references.train
    with torch.no_grad(), torch.random.fork_rng([device] if device.type == "cuda" else []):
        nature = Nature.of(recipe, nets)
        if nature.paints:
            unseen.grow(MOST)
            train.grow(max(len(unseen), LEAST))
        # As many as there are, or a few more of a model that is asked for nothing.
        count = MOST if nature.given or not nature.paints else max(len(unseen), LEAST)
        found, _ = exam.examine(recipe, nets, nature, references, count, device, seed)
        bounds = exam.bounds(nature, references, len(unseen), seed) if nature.paints else {}
    told = {name: asdict(figure) | bounds.get(name, {}) for name, figure in found.items()}
    return {name: exam.finite(values) for name, values in told.items()}


def _mark(nets: nn.ModuleDict, unseen: Shelf) -> str:
    """What an answer holds for: these weights, these pictures."""
    digest = hashlib.sha256(unseen.mark.encode())
    for name, tensor in nets.state_dict().items():
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().data)
    return digest.hexdigest()[:16]


def _answers(run: Run) -> dict[str, dict[str, Any]]:
    """What was measured before; nothing where that cannot be read."""
    try:
        value = json.loads(files.read_text(run.path / "tested.json", _MOST_BYTES))
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(value, dict) or not all(isinstance(v, dict) for v in value.values()):
        return {}
    return value
