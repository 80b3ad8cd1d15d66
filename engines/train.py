"""The one training loop: phases, averaging, checkpoints, measures, control.

Everything that a step depends on is a function of (seed, step) or lies in the checkpoint, so a run
that was killed goes on exactly as if it had not been, at the thread count and precision that
run.json records.
"""

from __future__ import annotations

import copy
import json
import logging
import math
import os
import platform
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.distributed as dist
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from engines import files, measures
from engines.data.scan import scan
from engines.data.sets import open_data
from engines.data.spec import DataSpec
from engines.errors import UserError
from engines.features import embed
from engines.feed import Feed, fixed_batches
from engines.heap import keep_freed
from engines.live import CanvasPainter
from engines.recipe import Batch, Draw, Phase, Recipe, Stage, recipe_type, settings_to_json
from engines.runs import Run

log = logging.getLogger(__name__)

VALIDATED = 160  # pictures a validation, at most
PREVIEWED = 8  # of which so many are kept to look at


@dataclass(frozen=True)
class StepReport:
    """What one step did: its number from 1, the named loss terms of the phases that ran, the
    seconds it took.
    """

    step: int
    stage: str
    losses: dict[str, float]
    seconds: float


def new_run(
    path: Path,
    recipe: str,
    folder: str,
    settings: dict[str, Any],
    *,
    seed: int = 0,
    device: str = "cpu",
    precision: str = "auto",
    threads: int | None = None,
    validate: int = 1000,
    checkpoint: int = 500,
) -> Run:
    """Make a run directory after opening the data and building the networks once, so that a
    mistake shows now.
    """
    kind = recipe_type(recipe)
    if device == "cuda" and not torch.cuda.is_available():
        raise UserError(
            "There is no CUDA device that PyTorch can use here; train with --device cpu, or run "
            "doctor."
        )
    side = kind.settings_type(**settings).size
    if kind.kind != "points":
        _refuse_faults(Path(folder))
    data = open_data(Path(folder), kind.kind, (side, side))
    built = kind(data.spec, **settings)
    threads = threads or torch.get_num_threads()
    _prepare(threads)
    if precision == "auto":
        precision = choose_precision(built, folder, device)
    return Run.create(
        path,
        {
            "recipe": recipe,
            "settings": settings_to_json(built.settings),
            "data": str(folder),
            "spec": data.spec.to_json(),
            "stages": [
                {"name": s.name, "steps": s.steps, "size": list((s.data or data.spec).size)}
                for s in built.stages()
                if s.steps
            ],
            "seed": seed,
            "device": device,
            "threads": threads,
            "precision": precision,
            "validate": validate,
            "checkpoint": checkpoint,
            "versions": {
                "python": platform.python_version(),
                "torch": torch.__version__,
                "numpy": np.__version__,
            },
        },
    )


def _prepare(threads: int) -> None:
    """Make this process a trainer: its threads, and memory that it keeps."""
    torch.set_num_threads(threads)
    keep_freed()


def _refuse_faults(folder: Path) -> None:
    """UserError naming the first fault that names and headers show, before any time is spent."""
    report = scan(folder)
    if report.problems:
        first = report.problems[0]
        raise UserError(
            f"{folder} has {report.count} fault{'s'[: report.count > 1]}, the first in "
            f"{first.file}: {first.what}; "
            f"{first.mend} (data scan lists them all)."
        )


def build_recipe(run: Run) -> Recipe:
    """The recipe of a run with fresh networks, initialised from the run's seed."""
    config = run.config
    with torch.random.fork_rng():
        torch.manual_seed(config["seed"])
        return recipe_type(config["recipe"])(
            DataSpec.from_json(config["spec"]), **config["settings"]
        )


class Trainer:
    """A recipe, its optimisers and its average at a certain step."""

    def __init__(self, recipe: Recipe, config: dict[str, Any]) -> None:
        self.recipe, self.config = recipe, config
        self.device = torch.device(config["device"])
        self.step = 0
        self.rank, self.world = (
            (dist.get_rank(), dist.get_world_size()) if dist.is_initialized() else (0, 1)
        )
        rows = recipe.settings.batch
        if rows % self.world:
            raise UserError(
                f"A batch of {rows} cannot be shared by {self.world} processes; choose a multiple."
            )
        self.rows, mine = rows, rows // self.world
        self.share = slice(self.rank * mine, (self.rank + 1) * mine)
        recipe.nets.to(self.device)
        if config["precision"] == "bfloat16":
            recipe.nets.to(memory_format=torch.channels_last)
        self.stages = [stage for stage in recipe.stages() if stage.steps > 0]
        self.average = nn.ModuleDict({n: copy.deepcopy(recipe.nets[n]) for n in recipe.averaged})
        self.average.requires_grad_(False).eval()
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
                lazy = max(other.every for other in phases if _key(other) == key)
                c = lazy / (lazy + 1) if lazy > 1 else 1.0
                parameters = [p for module in phase.updates for p in module.parameters()]
                betas = (phase.betas[0] ** c, phase.betas[1] ** c)
                made[key] = torch.optim.Adam(parameters, lr=phase.lr * c, betas=betas, fused=True)
        return made

    def advance(self, batch: Batch) -> dict[str, float]:
        """Train one step on this process's share of the batch; the named loss terms come back."""
        losses: dict[str, Tensor] = {}
        for number, phase in enumerate(self.stage_at(self.step).phases):
            if self.step % phase.every == 0:
                losses.update(self._update(number, phase, batch))
        self._move_average()
        self.step += 1
        return {name: float(value) for name, value in losses.items()}

    def _update(self, number: int, phase: Phase, batch: Batch) -> dict[str, Tensor]:
        optimizer = self.optimizers[_key(phase)]
        parameters = [p for group in optimizer.param_groups for p in group["params"]]
        self.recipe.nets.requires_grad_(False)
        for parameter in parameters:
            parameter.requires_grad_(True)
        draw = Draw((self.config["seed"], self.step, number), self.rows, self.share, self.device)
        with self._autocast():
            terms = phase.loss(batch, draw)
        optimizer.zero_grad(set_to_none=True)
        torch.stack(
            [term.float() for name, term in terms.items() if not name.startswith("_")]
        ).sum().backward()
        if self.world > 1:
            _average_gradients(parameters, self.world)
        if self.recipe.settings.clip:
            nn.utils.clip_grad_norm_(parameters, self.recipe.settings.clip)
        optimizer.step()
        if phase.after is not None:
            phase.after()
        return {name.lstrip("_"): term.detach() for name, term in terms.items()}

    def _autocast(self) -> AbstractContextManager[Any]:
        if self.config["precision"] != "bfloat16":
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
            optimizer.load_state_dict({**optimizer.state_dict(), "state": state})
        self.step = step


def choose_precision(recipe: Recipe, folder: str, device: str) -> str:
    """ "bfloat16" (autocast, channels last) or "float32", whichever trains two steps faster here;
    a copy pays for it.
    """
    if device == "cuda":
        return "bfloat16" if torch.cuda.is_bf16_supported() else "float32"
    if recipe.kind == "points":
        return "float32"
    seconds: dict[str, float] = {}
    for precision in ("float32", "bfloat16"):
        trial = type(recipe)(recipe.data, **settings_to_json(recipe.settings))
        trainer = Trainer(trial, {"device": device, "precision": precision, "seed": 0})
        size = trainer.stages[0].data or recipe.data
        feed = Feed(
            open_data(Path(folder), recipe.kind, size.size), range(trainer.rows), 0, trainer.device
        )
        batch = feed(0)
        feed.close()
        trainer.advance(batch)
        start = time.perf_counter()
        trainer.advance(batch)
        trainer.advance(batch)
        seconds[precision] = time.perf_counter() - start
    return min(seconds, key=lambda name: seconds[name])


def save_checkpoint(run: Run, trainer: Trainer) -> Path:
    """The full state, whole or not at all; older ones than the last three go."""
    path = run.checkpoint_path(trainer.step)
    with files.writing(path) as temporary:
        save_file(trainer.tensors(), temporary, {"step": str(trainer.step)})
    run.prune()
    return path


def load_latest(run: Run, trainer: Trainer) -> None:
    """Restore the newest readable checkpoint, or stay at step 0 where there is none."""
    for path in reversed(run.checkpoints()):
        try:
            tensors = load_file(path)
        except Exception as error:  # safetensors raises its own type and OSError alike
            log.warning(
                "The checkpoint %s cannot be read (%s); trying the one before.", path.name, error
            )
            continue
        trainer.restore(tensors, int(path.stem))
        return


def train(
    recipe: Recipe, run: Run, *, steps: int | None = None, until: float | None = None
) -> Iterator[StepReport]:
    """Train from the run's newest checkpoint, a report a step; stopping is not asking for the next.

    Ends after `steps` steps in all (else the recipe's), at `until` (seconds of time.monotonic()),
    or on "stop".
    """
    config = run.config
    _prepare(config["threads"])
    trainer = Trainer(recipe, config)
    load_latest(run, trainer)
    last = steps if steps is not None else trainer.total
    if trainer.rank == 0:
        run.append({"kind": "resumed", "step": trainer.step, "time": time.time()})
    feed: Feed | None = None
    stage: Stage | None = None
    canvas = CanvasPainter(run)

    def safe() -> None:
        if trainer.rank == 0 and trainer.step and not run.checkpoint_path(trainer.step).exists():
            save_checkpoint(run, trainer)

    try:
        while (
            trainer.step < last
            and (until is None or time.monotonic() < until)
            and _wanted(run, safe)
        ):
            if stage is not trainer.stage_at(trainer.step):
                stage = trainer.stage_at(trainer.step)
                if feed is not None:
                    feed.close()
                spec = stage.data or recipe.data
                data = open_data(Path(config["data"]), recipe.kind, spec.size)
                rows = range(trainer.rows)[trainer.share]
                feed = Feed(data, rows, config["seed"], trainer.device)
            assert feed is not None
            assert stage is not None
            start = time.perf_counter()
            losses = trainer.advance(feed(trainer.step))
            seconds = time.perf_counter() - start
            if bad := [name for name, value in losses.items() if not math.isfinite(value)]:
                raise UserError(
                    f"The loss {bad[0]} became {losses[bad[0]]} at step {trainer.step}; the last "
                    f"checkpoint is kept. "
                    "Resume with a lower rate, or in float32."
                )
            if trainer.rank == 0:
                _record(run, trainer, losses, seconds, config)
                due = trainer.step == last or trainer.step in _snapshot_steps(trainer.total)
                with trainer._autocast():
                    canvas.look(recipe, trainer.average, trainer.step, due or _validates(trainer))
            yield StepReport(trainer.step, stage.name, losses, seconds)
        if run.desire() != "discard":
            safe()
    finally:
        if feed is not None:
            feed.close()


def _record(
    run: Run, trainer: Trainer, losses: dict[str, float], seconds: float, config: dict[str, Any]
) -> None:
    """Log the step; measure, snapshot and save when their turn comes."""
    step = trainer.step
    rate = trainer.rows / seconds
    run.append({"kind": "step", "step": step, "losses": losses, "rate": rate, "time": time.time()})
    if _validates(trainer):
        figures = validate(run, trainer)
        run.append({"kind": "measure", "step": step, "figures": figures, "time": time.time()})
    if step % config["checkpoint"] == 0 or step == trainer.total:
        save_checkpoint(run, trainer)
    if step in _snapshot_steps(trainer.total):
        with files.writing(run.snapshot_path(step)) as temporary:
            save_file(
                {k: v.contiguous() for k, v in trainer.average.state_dict().items()}, temporary
            )


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
    with torch.no_grad(), trainer._autocast():
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


def _validates(trainer: Trainer) -> bool:
    """Whether the step just done is one to measure after."""
    every: int = trainer.config["validate"]
    return every > 0 and (trainer.step % every == 0 or trainer.step == trainer.total)


def _wanted(run: Run, safe: Callable[[], None]) -> bool:
    """Whether to go on; waits while a painter holds the lease, and when all is `safe` in a pause,
    after which the computer may well be switched off.
    """
    paused = False
    while (desire := run.desire()) in ("run", "pause") and (desire == "pause" or run.leased()):
        if desire == "pause" and not paused:
            paused = True
            safe()
        time.sleep(0.05)
    return desire == "run"


def _snapshot_steps(total: int, most: int = 20) -> set[int]:
    """At most 20 steps, evenly spaced in the logarithm: early training changes fastest."""
    first = min(100, total)
    return {round(first * (total / first) ** (i / (most - 1))) for i in range(most)}


def _key(phase: Phase) -> tuple[int, ...]:
    return tuple(id(module) for module in phase.updates)


def _tensor(nets: nn.ModuleDict, name: str) -> Tensor:
    module, _, leaf = name.rpartition(".")
    value: Tensor = getattr(nets.get_submodule(module), leaf)
    return value


def _average_gradients(parameters: list[nn.Parameter], world: int) -> None:
    """Mean over processes in one flat all-reduce; a parameter without gradient counts as zero
    everywhere.
    """
    for p in parameters:
        if p.grad is None:
            p.grad = torch.zeros_like(p)
    flat = torch.cat([p.grad.flatten() for p in parameters if p.grad is not None])
    dist.all_reduce(flat)
    flat /= world
    for p, part in zip(parameters, flat.split([p.numel() for p in parameters]), strict=True):
        p.grad = part.view_as(p)


def main(path: str, steps: int | None = None, minutes: float | None = None) -> None:
    """Train the run in `path` to its end; what `python -m engines.train` and torchrun start."""
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        dist.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
    run = Run.open(Path(path))
    until = time.monotonic() + 60 * minutes if minutes is not None else None
    with run.writer() if int(os.environ.get("RANK", "0")) == 0 else nullcontext():
        for report in train(build_recipe(run), run, steps=steps, until=until):
            if report.step % 50 == 0:
                terms = "  ".join(f"{name} {value:.3f}" for name, value in report.losses.items())
                print(
                    f"step {report.step}  {report.stage}  {report.seconds:.2f} s  {terms}",
                    flush=True,
                )


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else None)
