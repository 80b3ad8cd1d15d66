"""The figures of a model on pictures that are put to it: what is measured, whatever the split."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from engines import live, measures
from engines.features import network_form
from engines.measures import Figure
from engines.ports import Image, Latent, Noise
from engines.recipe import (
    Batch,
    Draw,
    LabelledBatch,
    LayoutBatch,
    PairedBatch,
    Recipe,
    UnpairedBatch,
)
from engines.references import Features, References, Shelf, levels, rgb, truth

Bound = dict[str, float]  # "floor": what true pictures measure; "ceiling": what flat fills do
GIVEN = frozenset({"layout", "image", "mask", "text", "choice"})  # ports that an artist fills in
ENOUGH_UNSEEN = 20  # pictures, to know how near unseen ones usually come to the training pictures
LEARNED = 40  # training pictures that a model is also asked for
CONDITIONS, STYLES = 6, 3  # of which the variation is taken


@dataclass
class Look:
    """What a model made of some entries: features of its pictures, its scores, and the first of
    them to look at.
    """

    rows: list[int] = field(default_factory=list)
    made: list[Features] = field(default_factory=list)
    scores: dict[str, list[npt.NDArray[np.float64]]] = field(default_factory=dict)
    sheet: list[Tensor] = field(default_factory=list)

    @property
    def features(self) -> Features:
        """(N, D)."""
        return np.concatenate(self.made) if self.made else np.empty((0, 0), np.float32)


def look(
    recipe: Recipe, nets: nn.ModuleDict, shelf: Shelf, rows: Sequence[int], device: torch.device
) -> Look:
    """Let the model make its pictures of these entries; an entry may occur more than once."""
    found = Look()
    for number, (read, batch) in enumerate(shelf.batches(rows)):
        draw = Draw((number, 999), len(read), slice(0, len(read)), device)
        picture, real = recipe.preview(nets, batch, draw), truth(batch)
        for name, value in recipe.validate(nets, batch).items():
            found.scores.setdefault(name, []).append(value.double().cpu().numpy())
        found.rows += read
        if picture is None or real is None:
            continue
        found.made.append(shelf.embed(picture))
        if not found.sheet:
            found.sheet = [rgb(real).float().cpu(), rgb(picture).float().cpu()]
    return found


@dataclass(frozen=True)
class Nature:
    """What a model asks of an artist (`given`: kinds of ports), whether it draws by chance, and
    whether what it makes is a picture.
    """

    given: frozenset[str] = frozenset()
    chance: bool = False
    latent: int = 0  # numbers of its latent, where it has one
    paints: bool = True

    @classmethod
    def of(cls, recipe: Recipe, nets: nn.ModuleDict) -> Nature:
        """By the ports of the graph that makes the picture."""
        graphs = recipe.graphs(nets)
        if not graphs:
            return cls()
        target = live.as_bundle(graphs).target
        ports, paints = target.inputs, isinstance(target.outputs[0], Image)
        widths = {port.dimensions for port in ports if isinstance(port, Latent)}
        chance = any(isinstance(port, Latent | Noise) for port in ports)
        given = frozenset(port.kind for port in ports) & GIVEN
        return cls(given, chance and len(widths) < 2, max(widths, default=0), paints)


def varied(
    recipe: Recipe, nets: nn.ModuleDict, nature: Nature, shelf: Shelf, rows: Sequence[int]
) -> npt.NDArray[np.float32]:
    """(C, K, D) features of K pictures of each of C entries, in styles drawn by chance; empty where
    the model makes one picture of an entry, or is asked for none.
    """
    rng, groups = np.random.default_rng(17), []
    if not nature.given or not nature.chance:
        return np.empty((0, 0, 0), np.float32)
    for _, batch in shelf.batches(rows[:CONDITIONS]):
        for canvas in _canvases(batch):
            pictures = []
            for _ in range(STYLES):
                chance = {"noise": int(rng.integers(2**31))}
                if nature.latent:
                    chance["latent"] = rng.standard_normal(nature.latent, dtype=np.float32)  # type: ignore[assignment]
                grey = live.paint(recipe, nets, {**canvas, **chance}, recipe.data.size)
                if grey is None:
                    return np.empty((0, 0, 0), np.float32)
                pictures.append(grey)
            groups.append(shelf.embed(network_form(np.stack(pictures))))
    return np.stack(groups) if groups else np.empty((0, 0, 0), np.float32)


def _canvases(batch: Batch) -> list[dict[str, Any]]:
    """What an artist would have on the canvas, for each entry of a batch."""
    if isinstance(batch, LayoutBatch):
        return [{"layout": ids} for ids in batch.layout.cpu().numpy()]
    if isinstance(batch, PairedBatch | UnpairedBatch):
        source = rgb(batch.source)
    elif isinstance(batch, LabelledBatch):
        source = rgb(batch.image)
    else:
        return []
    return [{"image": picture} for picture in levels(source)]


def examine(
    recipe: Recipe,
    nets: nn.ModuleDict,
    nature: Nature,
    references: References,
    count: int,
    device: torch.device,
    seed: int,
) -> tuple[dict[str, Figure], Look]:
    """The figures of a model on up to `count` unseen pictures, and what it made of them; where
    there are no two unseen ones, of training pictures. The features of the true ones are known.
    """
    unseen, train = references.unseen, references.train
    shelf = train if len(unseen.data) < 2 else unseen
    rows = shelf.rows if nature.paints else shelf.order
    asked = rows[:count] if nature.given or not nature.paints else cycled(rows, count)
    looked, learned = look(recipe, nets, shelf, asked, device), Look()
    if nature.given or looked.scores:
        known = train.rows if nature.paints else train.order
        learned = look(recipe, nets, train, known[:LEARNED], device)
    groups = varied(recipe, nets, nature, shelf, rows)
    return figures(nature, unseen, looked, train, learned, groups, seed), looked


def figures(
    nature: Nature,
    unseen: Shelf,
    looked: Look,
    train: Shelf,
    learned: Look,
    groups: npt.NDArray[np.float32],
    seed: int,
) -> dict[str, Figure]:
    """All figures there is reason for: `looked` is what was made of unseen entries (or, where there
    are none, of training entries), `learned` of training entries, `groups` are `varied`.
    """
    rng = np.random.default_rng(seed)
    found: dict[str, Figure] = {}
    real, known = unseen.features(), train.features()
    asked = [(learned, train, "_train")]
    if len(unseen.data) >= 2:
        asked.insert(0, (looked, unseen, ""))
    for look_at, _, suffix in asked:
        for name, parts in look_at.scores.items():
            found[name + suffix] = _mean(np.concatenate(parts), rng)
    if not looked.made:
        return found
    made = looked.features
    if min(len(made), len(real)) >= 2:
        found["kid"] = measures.kid(real, made, rng)
    if min(len(made), len(real)) > 3:
        found["precision"], found["recall"] = measures.precision_recall(real, made)
    true = real if len(real) >= 2 else known
    if min(len(made), len(true)) >= 2:
        found["diversity"] = measures.diversity(true, made, rng)
    if len(groups) and len(true) >= 2:
        found["variation"] = measures.variation(groups, true, rng)
    if nature.given and len(true) >= 2:
        for look_at, shelf, suffix in asked:
            apart = to_truth(look_at, shelf, true)
            if len(apart):
                found[f"distance{suffix}"] = _mean(apart, rng)
    if len(known) >= 3:
        found["copies"] = measures.copies(made, known, real if len(real) >= ENOUGH_UNSEEN else None)
    return found


def to_truth(look_at: Look, shelf: Shelf, true: Features) -> npt.NDArray[np.float64]:
    """(N,) distance of each made picture to its own true one, in mean distances of true pictures
    from each other: 1 is as far as any other picture.
    """
    if not look_at.made:
        return np.empty(0)
    pairs = zip(look_at.features, shelf.of(look_at.rows), strict=True)
    apart = np.array([np.linalg.norm(a - b) for a, b in pairs if b is not None], np.float64)
    usual = measures.mean_distance(true)
    return apart / usual if usual > 0 else np.empty(0)


def bounds(nature: Nature, references: References, count: int, seed: int) -> dict[str, Bound]:
    """Between what the figures of `count` unseen pictures lie: "floor", those of as many training
    pictures, which are as real as can be; "ceiling", those of flat fills.
    """
    rng, unseen, train = np.random.default_rng(seed), references.unseen, references.train
    real, known = unseen.features(count), train.features(count)
    found: dict[str, Bound] = {"diversity": {"floor": 1.0}, "copies": {"floor": 0.05}}
    if len(real) < 2:
        return found
    rows = unseen.rows[: min(count, 40)]
    filled = references.flat([batch for _, batch in unseen.batches(rows)])
    flat = np.concatenate([unseen.embed(picture) for picture in filled])
    for name, others in (("floor", known), ("ceiling", flat)):
        if len(others) >= 2:
            found.setdefault("kid", {})[name] = measures.kid(real, others, rng, 1).mean
        if min(len(real), len(others)) > 3:
            precision, recall = measures.precision_recall(real, others)
            found.setdefault("precision", {})[name] = precision.mean
            found.setdefault("recall", {})[name] = recall.mean
    found["diversity"]["ceiling"] = measures.diversity(real, flat, rng, 1).mean
    if nature.given:
        ceiling = Look(rows, [flat])
        found["distance"] = {"ceiling": float(to_truth(ceiling, unseen, real).mean())}
    return {name: finite(bound) for name, bound in found.items()}


def flattened(figures: Mapping[str, Figure]) -> dict[str, float]:
    """Figures as an event has them: NAME, NAME_low, NAME_high; what is no number is left out."""
    found: dict[str, float] = {}
    for name, figure in figures.items():
        found |= {name: figure.mean, f"{name}_low": figure.low, f"{name}_high": figure.high}
    return finite(found)


def cycled(rows: Sequence[int], count: int) -> list[int]:
    """So many entries, those there are again and again."""
    return list(itertools.islice(itertools.cycle(rows), count)) if rows else []


def _mean(values: npt.NDArray[np.float64], rng: np.random.Generator) -> Figure:
    return measures.bootstrap_ci(values, rng)


def finite(values: Mapping[str, float]) -> dict[str, float]:
    """What of these is a number: JSON knows no other."""
    return {name: float(value) for name, value in values.items() if np.isfinite(value)}
