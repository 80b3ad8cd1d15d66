"""Figures of a model in training on pictures that it does not learn from."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor

from engines import files, measures
from engines.data.sets import open_data
from engines.features import embed
from engines.feed import fixed_batches
from engines.recipe import Draw
from engines.runs import Run
from engines.trainer import Trainer

VALIDATED = 160  # pictures a validation, at most
PREVIEWED = 8  # of which so many are kept to look at


def validate(run: Run, trainer: Trainer) -> dict[str, float]:
    """Figures on the validation split with the averaged weights; a sheet of previews; the best
    weights are kept.
    """
    recipe, config = trainer.recipe, trainer.config
    data = open_data(Path(config["data"]), recipe.kind, recipe.data.size, "val")
    if len(data) == 0:
        return {}
    draw = Draw((config["seed"], 0, 999), 8, slice(0, 8), trainer.device)
    reals: list[Tensor] = []
    fakes: list[Tensor] = []
    scores: dict[str, list[Tensor]] = {}
    sheet: list[Tensor] = []
    with torch.no_grad(), trainer.autocast():
        for batch in fixed_batches(data, VALIDATED, 8, trainer.device):
            picture = recipe.preview(trainer.average, batch, draw)
            for name, value in recipe.validate(trainer.average, batch).items():
                scores.setdefault(name, []).append(value.float().cpu())
            if picture is None:
                continue
            real = next(
                v for v in (getattr(batch, n, None) for n in ("image", "target")) if v is not None
            )
            fakes.append(embed(rgb(picture)).cpu())
            reals.append(embed(rgb(real)).cpu())
            if not sheet:
                sheet = [rgb(real).float().cpu(), rgb(picture).float().cpu()]
    figures = {name: float(torch.cat(values).mean()) for name, values in scores.items()}
    if fakes:
        rng = np.random.default_rng(config["seed"])
        kid = measures.kid(torch.cat(reals).numpy(), torch.cat(fakes).numpy(), rng)
        figures |= {"kid": kid.mean, "kid_low": kid.low, "kid_high": kid.high}
        save_sheet(run.path / "previews" / f"{trainer.step:09d}.png", sheet)
    _keep_best(run, trainer, figures)
    return figures


def _keep_best(run: Run, trainer: Trainer, figures: dict[str, float]) -> None:
    """Keep the averaged weights whose first figure is the lowest so far."""
    if not figures:
        return
    name = "kid" if "kid" in figures else next(iter(figures))
    before = [
        e["figures"][name]
        for e in run.events()
        if e["kind"] == "measure" and name in e.get("figures", {})
    ]
    if figures[name] <= min(before, default=math.inf):
        with files.writing(run.best_path) as temporary:
            weights = {k: v.contiguous() for k, v in trainer.average.state_dict().items()}
            save_file(
                weights, temporary, {"step": str(trainer.step), "figures": json.dumps(figures)}
            )


def save_sheet(path: Path, rows: list[Tensor]) -> None:
    """Rows of pictures (N, 3, H, W) in [-1, 1] as one PNG: real above made."""
    from PIL import Image as Pillow

    strips = [torch.cat(list(row[:PREVIEWED]), dim=2) for row in rows]
    grey = ((torch.cat(strips, dim=1).clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8)
    with files.writing(path) as temporary:
        Pillow.fromarray(grey.permute(1, 2, 0).numpy()).save(temporary, format="PNG")


def rgb(picture: Tensor) -> Tensor:
    """Grey pictures as three equal channels."""
    return picture if picture.shape[1] == 3 else picture[:, :1].expand(-1, 3, -1, -1)
