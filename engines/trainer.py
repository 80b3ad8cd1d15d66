"""A recipe in training: its networks, optimisers and average at a certain step, and their state.

Everything that a step depends on is a function of (seed, step) or lies in the checkpoint.
"""

from __future__ import annotations

import copy
import time
from contextlib import AbstractContextManager, nullcontext
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from engines.adoption import begin_from_base
from engines.data.mends import NONE, Mends
from engines.data.sets import open_data
from engines.data.spec import DataSpec
from engines.distributed import crew
from engines.errors import UserError
from engines.feed import Feed
from engines.networks.norms import share_norms
from engines.recipe import Batch, Draw, Phase, Recipe, Stage, recipe_type, settings_to_json
from engines.recompute import plain, recompute
from engines.runs import Run
from engines.ways import Way


def build_recipe(run: Run) -> Recipe:
    """The recipe of a run with fresh networks: initialised from the run's seed, or from what the
    run starts from.
    """
    config = run.config
    with torch.random.fork_rng():
        torch.manual_seed(config["seed"])
        recipe = recipe_type(config["recipe"])(
            DataSpec.from_json(config["spec"]), **config["settings"]
        )
    begin_from_base(run, recipe.nets)
    return recipe


def begin_anew(recipe: Recipe, run: Run) -> None:
    """Put the networks back to where the run began."""
    recipe.nets.load_state_dict(build_recipe(run).nets.state_dict())


class Trainer:
    """A recipe, its optimisers and its average at a certain step, and the way it trains in."""

    def __init__(self, recipe: Recipe, config: dict[str, Any], way: Way | None = None) -> None:
        self.recipe, self.config = recipe, config
        self.way = way = way or Way.first(config)
        self.crew = crew()
        self.device = self.crew.device(way.device)
        self.step = 0
        self.rows = recipe.settings.batch
        self.share = self.crew.share(self.rows, recipe.together)
        if self.crew.world > 1:
            share_norms(recipe.nets)
        plain(recipe.nets)
        recipe.shown.clear()
        recipe.nets.to(self.device)
        if way.precision == "bfloat16":
            recipe.nets.to(memory_format=torch.channels_last)
        self.stages = [stage for stage in recipe.stages() if stage.steps > 0]
        self.average = nn.ModuleDict({n: copy.deepcopy(recipe.nets[n]) for n in recipe.averaged})
        self.average.requires_grad_(False).eval()
        if way.recomputed:
            recompute(recipe.nets)
        self.optimizers = self._make_optimizers()

    @property
    def total(self) -> int:
        """Steps of all stages."""
        return sum(stage.steps for stage in self.stages)

    def stage_at(self, step: int) -> Stage:
        """The stage that step number `step` (from 0) belongs to; the last one goes on for ever."""
        for stage in self.stages:
            if step < stage.steps:
                return stage
            step -= stage.steps
        return self.stages[-1]

    def _make_optimizers(self) -> dict[tuple[int, ...], torch.optim.Adam]:
        """One Adam for each distinct `updates`. Sharing with a lazy phase of interval k corrects
        lr and betas by k / (k + 1) (Karras 2020, arXiv:1912.04958, appendix B)."""
        made: dict[tuple[int, ...], torch.optim.Adam] = {}
        phases = [phase for stage in self.stages for phase in stage.phases]
        for phase in phases:
            key = _key(phase)
            if key not in made:
                turns = [other.every for other in phases if _key(other) == key]
                lazy = max(turns) / min(turns)  # One that moves seldom and alone is not lazy.
                c = lazy / (lazy + 1) if lazy > 1 else 1.0
                parameters = [p for module in phase.updates for p in module.parameters()]
                betas = (phase.betas[0] ** c, phase.betas[1] ** c)
                lr = phase.lr * c * self.way.rate
                made[key] = torch.optim.Adam(parameters, lr=lr, betas=betas, fused=True)
        return made

    def advance(self, batch: Batch) -> dict[str, float]:
        """Train one step on this process's share of the batch; the named loss terms come back."""
        losses: dict[str, Tensor] = {}
        for number, phase in enumerate(self.stage_at(self.step).phases):
            if self.step % phase.every == 0:
                losses.update(self._update(number, phase, batch))
        self.recipe.shown.clear()
        self._move_average()
        self.step += 1
        return self.crew.mean(losses)

    def _update(self, number: int, phase: Phase, batch: Batch) -> dict[str, Tensor]:
        optimizer = self.optimizers[_key(phase)]
        parameters = [p for group in optimizer.param_groups for p in group["params"]]
        self.recipe.nets.requires_grad_(False)
        for parameter in parameters:
            parameter.requires_grad_(True)
        optimizer.zero_grad(set_to_none=True)
        losses: dict[str, list[Tensor]] = {}
        for rows in self._parts():
            draw = Draw((self.config["seed"], self.step, number), self.rows, rows, self.device)
            with self.autocast():
                terms = phase.loss(_cut(batch, rows, self.share.start), draw)
            wanted = [term.float() for name, term in terms.items() if not name.startswith("_")]
            (torch.stack(wanted).sum() / self.way.parts).backward()
            for name, term in terms.items():
                losses.setdefault(name.lstrip("_"), []).append(term.detach())
        self.crew.average(parameters)
        if self.recipe.settings.clip:
            nn.utils.clip_grad_norm_(parameters, self.recipe.settings.clip)
        optimizer.step()
        if phase.after is not None:
            phase.after()
        # A term that only some parts have counts as nothing in the others.
        return {name: torch.stack(found).sum() / self.way.parts for name, found in losses.items()}

    def _parts(self) -> list[slice]:
        """Rows of the global batch that this process trains at a time."""
        first, last = self.share.start, self.share.stop
        each = (last - first) // self.way.parts
        return [slice(i, i + each) for i in range(first, last, each)]

    def autocast(self) -> AbstractContextManager[Any]:
        """The precision that the run is made in."""
        if self.way.precision != "bfloat16":
            return nullcontext()
        return torch.autocast(self.device.type, torch.bfloat16)

    @torch.no_grad()
    def _move_average(self) -> None:
        """Exponential average of the weights and running statistics, quicker at the start."""
        decay = min(self.recipe.settings.ema, (1 + self.step) / (10 + self.step))
        for name, mean in self.average.state_dict(keep_vars=True).items():
            live = _tensor(self.recipe.nets, name)
            # Spectral norm's vectors belong to the newest weights; their average would be no unit
            # vector.
            if mean.is_floating_point() and not name.endswith(("._u", "._v")):
                mean.lerp_(live.to(mean.dtype), 1 - decay)
            else:
                mean.copy_(live)

    # State --------------------------------------------------------------------------------------

    def tensors(self) -> dict[str, Tensor]:
        """Everything that the next step depends on, besides the step number."""
        found = {f"nets.{k}": v for k, v in self.recipe.nets.state_dict().items()}
        found |= {f"average.{k}": v for k, v in self.average.state_dict().items()}
        for i, optimizer in enumerate(self.optimizers.values()):
            for j, state in optimizer.state_dict()["state"].items():
                found |= {f"optimizer.{i}.{j}.{k}": v for k, v in state.items()}
        return {k: v.detach().contiguous().clone() for k, v in found.items()}

    def restore(self, tensors: dict[str, Tensor], step: int) -> None:
        """Go back to what `tensors` gave; UserError when it belongs to other networks."""
        try:
            for prefix, module in (("nets.", self.recipe.nets), ("average.", self.average)):
                module.load_state_dict(
                    {k[len(prefix) :]: v for k, v in tensors.items() if k.startswith(prefix)}
                )
        except RuntimeError as error:
            raise UserError(
                "The checkpoint belongs to other networks than this run's; choose the right run."
            ) from error
        for i, optimizer in enumerate(self.optimizers.values()):
            state: dict[int, dict[str, Tensor]] = {}
            for key, value in tensors.items():
                if key.startswith(f"optimizer.{i}."):
                    _, _, j, name = key.split(".")
                    state.setdefault(int(j), {})[name] = value
            # The fused Adam goes through memory as it lies: what belongs to a weight lies like it.
            own = [p for group in optimizer.param_groups for p in group["params"]]
            for place, kept in state.items():
                for name, value in kept.items():
                    if value.shape == own[place].shape:
                        kept[name] = torch.empty_like(own[place]).copy_(value)
            optimizer.load_state_dict({**optimizer.state_dict(), "state": state})
        self.step = step


def choose_precision(recipe: Recipe, folder: str, device: str, mends: Mends = NONE) -> str:
    """ "bfloat16" (autocast, channels last) or "float32", whichever trains two steps of a few rows
    faster here; a copy pays for it.
    """
    if device == "cuda":
        return "bfloat16" if torch.cuda.is_bf16_supported() else "float32"
    if recipe.kind == "points":
        return "float32"
    seconds: dict[str, float] = {}
    for precision in ("float32", "bfloat16"):
        # A whole batch might take more memory than there is, and no run yet to go down its ladder.
        settings = settings_to_json(recipe.settings)
        settings["batch"] = min(settings["batch"], max(2, recipe.together))
        trial = type(recipe)(recipe.data, **settings)
        trainer = Trainer(trial, {"device": device, "precision": precision, "seed": 0})
        size = trainer.stages[0].data or recipe.data
        data = open_data(Path(folder), recipe.kind, size.size, mends=mends)
        feed = Feed(data, range(trainer.rows), 0, trainer.device)
        batch = feed(0)
        feed.close()
        trainer.advance(batch)
        start = time.perf_counter()
        trainer.advance(batch)
        trainer.advance(batch)
        seconds[precision] = time.perf_counter() - start
    return min(seconds, key=lambda name: seconds[name])


def _cut(batch: Batch, rows: slice, first: int) -> Batch:
    """These rows of the global batch, of which `batch` begins with row `first`."""
    here = slice(rows.start - first, rows.stop - first)
    return replace(batch, **{f.name: getattr(batch, f.name)[here] for f in fields(batch)})


def _key(phase: Phase) -> tuple[int, ...]:
    return tuple(id(module) for module in phase.updates)


def _tensor(nets: nn.ModuleDict, name: str) -> Tensor:
    module, _, leaf = name.rpartition(".")
    value: Tensor = getattr(nets.get_submodule(module), leaf)
    return value
