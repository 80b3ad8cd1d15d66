"""What a system is: data facts, typed settings, networks, and the phases of its training.

A recipe is one file that says what its paper says and nothing else; the loop in `engines.train`,
the export in `engines.export` and the catalogue work on any recipe through this interface.
"""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, get_args, get_origin, get_type_hints

import numpy as np
import torch
from torch import Tensor, nn

from engines.data.spec import DataSpec
from engines.errors import UserError, choose
from engines.ports import Port


@dataclass(frozen=True)
class Range:
    """The least and greatest value that a setting may take."""

    least: float
    greatest: float


@dataclass(frozen=True)
class OneOf:
    """The values that a setting may take."""

    options: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What every recipe can be told. Subclasses add their own; each has a range or options, and a
    label.
    """

    batch: Annotated[int, Range(1, 4096), "Pictures a step, over all processes"] = 8
    steps: Annotated[int, Range(1, 10_000_000), "Steps to train"] = 20_000
    size: Annotated[int, Range(8, 1024), "Side of the training crop in pixels"] = 256
    ema: Annotated[float, Range(0, 0.99999), "Averaging of the weights; 0 switches it off"] = 0.999
    clip: Annotated[float, Range(0, 1e9), "Greatest gradient norm; 0 does not clip"] = 0.0

    def __post_init__(self) -> None:
        """Refuse a value outside its range, naming the setting."""
        for name, (kind, limits, _) in describe(type(self)).items():
            value: Any = getattr(self, name)
            if kind is float and isinstance(value, int) and not isinstance(value, bool):
                object.__setattr__(self, name, float(value))
                value = float(value)
            fits: bool = isinstance(value, kind) and not (kind is int and isinstance(value, bool))
            if not fits:
                raise UserError(
                    f"The setting {name} needs a value of type {kind.__name__}, not {value!r}."
                )
            if isinstance(limits, Range) and not limits.least <= value <= limits.greatest:
                raise UserError(
                    f"The setting {name} is {value!r}, but must lie between {limits.least:g} and "
                    f"{limits.greatest:g}."
                )
            if isinstance(limits, OneOf) and value not in limits.options:
                raise UserError(
                    f"The setting {name} is {value!r}, but must be one of "
                    f"{', '.join(limits.options)}."
                )


def describe(settings: type[Settings]) -> dict[str, tuple[type, Range | OneOf | None, str]]:
    """Name -> (type, limits, label) of every setting, read from its annotation."""
    found: dict[str, tuple[type, Range | OneOf | None, str]] = {}
    for name, hint in get_type_hints(settings, include_extras=True).items():
        if get_origin(hint) is Annotated:
            kind, *notes = get_args(hint)
            limits = next((n for n in notes if isinstance(n, Range | OneOf)), None)
            found[name] = (kind, limits, next((n for n in notes if isinstance(n, str)), name))
    return found


@dataclass(frozen=True)
class ImageBatch:
    """Pictures (N, C, H, W) in [-1, 1]."""

    image: Tensor


@dataclass(frozen=True)
class LayoutBatch:
    """Pictures (N, 3, H, W) in [-1, 1], class ids (N, H, W) uint8, attributes (N, A) in [0, 1]
    with NaN unknown.
    """

    image: Tensor
    layout: Tensor
    attributes: Tensor


@dataclass(frozen=True)
class PairedBatch:
    """Source and target pictures, both (N, C, H, W) in [-1, 1]."""

    source: Tensor
    target: Tensor


@dataclass(frozen=True)
class UnpairedBatch:
    """Pictures of one sort and of another, both (N, C, H, W) in [-1, 1]; rows have nothing in
    common.
    """

    source: Tensor
    target: Tensor


@dataclass(frozen=True)
class LabelledBatch:
    """Pictures (N, C, H, W) in [-1, 1] and attributes (N, A) in [0, 1] with NaN unknown."""

    image: Tensor
    attributes: Tensor


@dataclass(frozen=True)
class PointsBatch:
    """Points (N, 2) of a toy distribution."""

    points: Tensor


Batch = ImageBatch | LayoutBatch | PairedBatch | UnpairedBatch | LabelledBatch | PointsBatch
BATCHES: dict[str, type[Batch]] = {
    "image": ImageBatch,
    "detail": ImageBatch,  # parts of pictures as they are, not resized
    "layout": LayoutBatch,
    "paired": PairedBatch,
    "unpaired": UnpairedBatch,
    "labelled": LabelledBatch,
    "points": PointsBatch,
}


class Draw:
    """Random tensors as a function of (seed, step, phase, how many were drawn before, sample).

    Every draw is made for the global batch on the CPU and cut to this process's rows `share`, so
    the numbers depend neither on the device nor on how many processes share the batch. First axis
    = batch.
    """

    def __init__(self, key: Sequence[int], rows: int, share: slice, device: torch.device) -> None:
        self._key = tuple(key)
        state = np.random.SeedSequence(self._key).generate_state(1, np.uint64)[0]
        self._generator = torch.Generator().manual_seed(int(state) >> 1)
        self._rows, self._share, self._device = rows, share, device

    @property
    def first(self) -> int:
        """The number, in the global batch, of the first row that is drawn for."""
        return int(self._share.start)

    def fork(self, tag: int) -> Draw:
        """A stream of its own: every fork with the same tag gives the same numbers, whatever was
        drawn before.
        """
        return Draw((*self._key, 1 + tag), self._rows, self._share, self._device)

    def _full(self, shape: Sequence[int]) -> list[int]:
        return [self._rows, *shape[1:]]

    def normal(self, shape: Sequence[int]) -> Tensor:
        """Standard normal numbers."""
        drawn = torch.randn(self._full(shape), generator=self._generator)
        return drawn[self._share].to(self._device)

    def uniform(self, shape: Sequence[int]) -> Tensor:
        """Uniform numbers in [0, 1)."""
        drawn = torch.rand(self._full(shape), generator=self._generator)
        return drawn[self._share].to(self._device)

    def integers(self, low: int, high: int, shape: Sequence[int]) -> Tensor:
        """Whole numbers from `low` up to but not `high`, int64."""
        drawn = torch.randint(low, high, self._full(shape), generator=self._generator)
        return drawn[self._share].to(self._device)


Terms = dict[str, Tensor]  # named loss terms; their sum is what the phase minimises


@dataclass(frozen=True)
class Phase:
    """One optimiser update: `updates` move on `loss`, every `every` steps; then `after` runs (clip
    weights, move k).

    `loss` returns named terms whose sum is minimised; names that begin with "_" are only shown. A
    phase that shares `updates` with an earlier one shares its Adam, with lr and betas corrected
    for `every` (Karras 2020, appendix B).
    """

    name: str
    updates: tuple[nn.Module, ...]
    loss: Callable[[Any, Draw], Terms]
    lr: float = 2e-4
    betas: tuple[float, float] = (0.0, 0.99)
    every: int = 1
    after: Callable[[], None] | None = None


@dataclass(frozen=True)
class Stage:
    """A run of steps with one list of phases; most recipes have one. SinGAN's scales and growing
    have more.
    """

    name: str
    phases: tuple[Phase, ...]
    steps: int
    data: DataSpec | None = None


@dataclass(frozen=True)
class Graph:
    """An exportable tensor function: `module(*inputs)` in the order of the ports' tensors."""

    name: str
    module: nn.Module
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    label: str = ""


class Recipe(ABC):
    """A generative system. Subclasses set the class variables and give `build`, `stages` and
    `graphs`.
    """

    id: ClassVar[str]
    title: ClassVar[str]  # in an artist's words
    paper: ClassVar[str]  # authors, year, title, arXiv id
    kind: ClassVar[str]  # the kind of data it learns from
    learns: ClassVar[str] = ""  # what, and from what, in a sentence for an artist
    usual: ClassVar[str] = ""  # why to begin with it among those of its kind; at most one has it
    settings_type: ClassVar[type[Settings]] = Settings
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {}
    averaged: ClassVar[tuple[str, ...]] = ()  # which of `nets` are averaged and exported
    # Of a recipe that learns two ways at once: which of `nets` take each other's place when its two
    # sorts of pictures do, so that the way back is a model as well.
    turned: ClassVar[Mapping[str, str]] = {}
    together: ClassVar[int] = 1  # rows of a batch that learn from each other: it is cut by these

    def __init__(self, data: DataSpec, **settings: Any) -> None:
        """Build the networks for `data`. Unknown settings are a TypeError; a value out of range a
        UserError.
        """
        if data.kind != self.kind:
            raise UserError(
                f"The recipe {self.id} learns from {self.kind} data, but this folder holds "
                f"{data.kind} data; "
                "choose another recipe or folder."
            )
        self.data = data
        self.settings = self.settings_type(**settings)
        # What a phase hands on to a later one of the same step, by the number of its first row:
        # a batch may be trained in parts.
        self.shown: dict[int, Tensor] = {}
        self.nets = nn.ModuleDict(self.build())

    @abstractmethod
    def build(self) -> dict[str, nn.Module]:
        """Make the networks: all that trains and all lasting state (pools, running means) lives in
        them.
        """

    @abstractmethod
    def stages(self) -> Sequence[Stage]:
        """The training as data."""

    @abstractmethod
    def graphs(self, nets: nn.ModuleDict) -> Sequence[Graph]:
        """The exportable functions over `nets` (the averaged copy or the live networks)."""

    def preview(self, nets: nn.ModuleDict, batch: Any, draw: Draw) -> Tensor | None:
        """Pictures (N, 3, H, W) in [-1, 1] to look at and measure, or None where the product is no
        picture.
        """
        return None

    def validate(self, nets: nn.ModuleDict, batch: Any) -> dict[str, Tensor]:
        """Figures per sample (N,) on validation data, lower is better; for recipes whose product
        is no picture.
        """
        return {}

    def calibrate(self, nets: nn.ModuleDict, batches: Iterator[Any]) -> dict[str, Any]:
        """Set what is to be found on validation pictures and not by training, in the copy that is
        exported; what model.json says of it. UserError where the pictures cannot be read.
        """
        return {}


_REGISTRY: dict[str, type[Recipe]] = {}


def register(recipe: type[Recipe]) -> type[Recipe]:
    """Class decorator: make a recipe known by its id."""
    if recipe.id in _REGISTRY:
        raise ValueError(f"Two recipes are called {recipe.id}")
    _REGISTRY[recipe.id] = recipe
    return recipe


def registry() -> Mapping[str, type[Recipe]]:
    """Every recipe by id; imports the recipe files on first use."""
    import importlib
    import pkgutil

    import engines.recipes

    for module in pkgutil.iter_modules(engines.recipes.__path__):
        importlib.import_module(f"engines.recipes.{module.name}")
    return dict(sorted(_REGISTRY.items()))


def recipe_type(name: str) -> type[Recipe]:
    """The recipe called `name`; UserError that lists the known ones."""
    known = registry()
    if name not in known:
        raise UserError(f"There is no recipe {name!r}; {choose(name, known)}")
    return known[name]


def settings_from_text(kind: type[Settings], pairs: Sequence[str]) -> dict[str, Any]:
    """Parse ["name=value", ...] by the types of the settings; UserError on an unknown name or
    unreadable value.
    """
    described = describe(kind)
    result: dict[str, Any] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals or name not in described:
            raise UserError(
                f"There is no setting {name!r} (write name=value); {choose(name, described)}"
            )
        wanted = described[name][0]
        try:
            if wanted is bool:
                result[name] = {"true": True, "false": False, "1": True, "0": False}[text.lower()]
            else:
                result[name] = wanted(text)
        except (ValueError, KeyError) as error:
            raise UserError(
                f"The setting {name} needs a value of type {wanted.__name__}, not {text!r}."
            ) from error
    return result


def settings_to_json(settings: Settings) -> dict[str, Any]:
    """Every setting with its value, for run.json."""
    return dataclasses.asdict(settings)
