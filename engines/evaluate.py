"""Figures of a model that paints layouts, on pictures it has never seen: what its card says.

Every figure stands beside what it is worth: KID beside the real-real floor and the flat-fill
ceiling, what a reader reads off made pictures beside what it reads off true ones, correlations
beside those of shuffled requests.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

import numpy as np

from engines import measures
from engines.data.kinds import DataSet
from engines.data.samples import LayoutSample
from engines.features import embed_pictures
from engines.measures import Ids, Picture

UNSAID: Mapping[str, float] = {}
STYLES = 20  # photos whose colours a result should take
STYLED_LAYOUTS = 3
SLID = 60  # layouts on which an attribute is slid


class Painter(Protocol):
    """A model: a layout, perhaps a style photo and attributes -> a picture, uint8 (H, W, 3)."""

    def __call__(
        self, layout: Ids, photo: Picture | None, attributes: Mapping[str, float]
    ) -> Picture: ...


@dataclass(frozen=True)
class Readers:
    """What reads layouts and attributes off pictures; trained on true pictures only."""

    layout: Callable[[Picture], Ids]
    attributes: Callable[[Picture], Mapping[str, float]] | None = None


@dataclass(frozen=True)
class Examples:
    """Unseen pictures with their layouts and attributes (NaN unknown)."""

    pictures: list[Picture]
    layouts: list[Ids]
    attributes: list[dict[str, float]]

    @classmethod
    def of(cls, data: DataSet, indices: Iterable[int]) -> "Examples":
        """Entries of a layout set, in their central crops."""
        samples = [data.fixed(int(i)) for i in indices]
        taken = [s for s in samples if isinstance(s, LayoutSample)]
        names = data.spec.attributes
        return cls(
            [np.ascontiguousarray(s.image.transpose(1, 2, 0)) for s in taken],
            [s.layout for s in taken],
            [dict(zip(names, map(float, s.attributes), strict=True)) for s in taken],
        )


def realism(
    painted: Sequence[Picture], examples: Examples, colours: Picture, seed: int
) -> dict[str, Any]:
    """KID of painted pictures to the real ones, between its floor and the ceiling of flat fills."""
    rng = np.random.default_rng(seed)
    real = embed_pictures(examples.pictures)
    filled = embed_pictures([measures.flat_fill(ids, colours) for ids in examples.layouts])
    made = measures.kid(real, embed_pictures(painted), rng)
    floor, ceiling = measures.kid_floor(real, rng), measures.kid(real, filled, rng)
    span = ceiling.mean - floor.mean
    return {
        "kid": asdict(made),
        "floor": asdict(floor),
        "ceiling": asdict(ceiling),
        "share_of_span": (made.mean - floor.mean) / span,  # 0 is real, 1 is a flat fill
        "pictures": len(painted),
    }


def faithfulness(
    painted: Sequence[Picture], examples: Examples, classes: Sequence[str], readers: Readers
) -> dict[str, Any]:
    """Layout mIoU read off painted pictures, off true ones, and against other pictures' layouts."""
    rolled = [*examples.layouts[1:], examples.layouts[0]]
    made = _read(painted, examples.layouts, classes, readers)
    true = _read(examples.pictures, examples.layouts, classes, readers)
    shuffled = _read(painted, rolled, classes, readers)
    return {
        "miou": float(np.nanmean(made)),
        "miou_true": float(np.nanmean(true)),
        "ratio": float(np.nanmean(made) / np.nanmean(true)),
        "miou_shuffled": float(np.nanmean(shuffled)),
        "iou": dict(zip(classes, made, strict=True)),
        "iou_true": dict(zip(classes, true, strict=True)),
    }


def _read(
    pictures: Sequence[Picture], layouts: Sequence[Ids], classes: Sequence[str], readers: Readers
) -> measures.Numbers:
    table = sum(
        measures.confusion(ids, readers.layout(picture), len(classes))
        for picture, ids in zip(pictures, layouts, strict=True)
    )
    return measures.iou(np.asarray(table))


def attributes_read_back(
    paint: Painter, examples: Examples, readers: Readers, seed: int
) -> dict[str, Any]:
    """Per attribute: rank correlation of what was asked with what is read, and how far it moves
    the picture.

    Each layout gets the attributes of a true picture with one replaced by a random value;
    "shuffled" is the correlation with values asked of other pictures. "true" is the reader's own
    on true pictures.
    """
    if readers.attributes is None:
        return {}
    rng = np.random.default_rng(seed)
    chosen = range(min(SLID, len(examples.layouts)))
    true = [readers.attributes(picture) for picture in examples.pictures]
    figures: dict[str, Any] = {}
    for name in examples.attributes[0]:
        asked = rng.uniform(0, 1, len(chosen))
        read = np.empty(len(chosen))
        moved: list[float] = []
        for i, value in zip(chosen, asked, strict=True):
            said = {k: v for k, v in examples.attributes[i].items() if np.isfinite(v)}
            picture = paint(examples.layouts[i], None, {**said, name: float(value)})
            read[i] = readers.attributes(picture)[name]
            if i < 10:
                ends = [paint(examples.layouts[i], None, {**said, name: v}) for v in (0.0, 1.0)]
                low, high = (end.astype(np.float64) for end in ends)
                moved.append(float(np.abs(high - low).mean() / max(low.std(), 1.0)))
        pairs = zip(examples.attributes, true, strict=True)
        known = [(given[name], told[name]) for given, told in pairs if np.isfinite(given[name])]
        figures[name] = {
            "correlation": measures.spearman(asked, read),
            "shuffled": measures.spearman(rng.permutation(asked), read),
            "true": measures.spearman(*np.array(known).T) if len(known) > 2 else None,
            "moved_share_of_deviation": float(np.mean(moved)),
        }
    return figures


def style_followed(paint: Painter, examples: Examples) -> dict[str, Any]:
    """Rank correlation of a result's colour statistics with its style photo's, attributes not said.

    Means and deviations of the three channels over 20 photos, on each of three layouts; "shuffled"
    pairs every result with the next photo.
    """
    photos = examples.pictures[-STYLES:]
    wanted = np.stack([_colours(photo) for photo in photos])
    followed, shuffled = [], []
    for ids in examples.layouts[:STYLED_LAYOUTS]:
        got = np.stack([_colours(paint(ids, photo, UNSAID)) for photo in photos])
        for column in range(wanted.shape[1]):
            followed.append(measures.spearman(wanted[:, column], got[:, column]))
            shuffled.append(measures.spearman(np.roll(wanted[:, column], 1), got[:, column]))
    names = [f"{what} {channel}" for what in ("mean", "deviation") for channel in "RGB"]
    by_name = np.array(followed).reshape(-1, len(names)).mean(0)
    return {
        "correlation": float(np.mean(followed)),
        "means_only": float(by_name[:3].mean()),
        "shuffled": float(np.mean(shuffled)),
        "by_statistic": dict(zip(names, map(float, by_name), strict=True)),
    }


def _colours(picture: Picture) -> measures.Numbers:
    flat = picture.reshape(-1, 3).astype(np.float64)
    return np.concatenate([flat.mean(0), flat.std(0)])
