"""Painterly: pictures in many manners, from thick oils to cross-stitch, without end.

`paint(manner, seed, (width, height))` draws a motif in a colour theme, both of the seed's, and
paints it in that manner. `python -m engines.worlds.styles` makes the bundled styles with it.
"""

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from engines import files
from engines.worlds import painterly_craft as made
from engines.worlds import painterly_motif, painterly_theme, vista_set
from engines.worlds import painterly_oils as oils
from engines.worlds import painterly_paper as drawn
from engines.worlds import painterly_print as printed
from engines.worlds.painterly_subject import Subject
from engines.worlds.vista_noise import Array, generator

_BY: dict[str, Callable[[Subject], Array]] = {
    "impasto": oils.impasto,
    "swirls": oils.swirls,
    "pointillism": oils.pointillism,
    "palette knife": oils.palette_knife,
    "fauve": oils.fauve,
    "gouache": oils.gouache,
    "facets": oils.facets,
    "fresco": oils.fresco,
    "old master": oils.old_master,
    "night glow": oils.night_glow,
    "airbrush": oils.airbrush,
    "spatter": oils.spatter,
    "watercolour": drawn.watercolour,
    "ink wash": drawn.ink_wash,
    "pastel": drawn.pastel,
    "crayon": drawn.crayon,
    "coloured pencil": drawn.coloured_pencil,
    "charcoal": drawn.charcoal,
    "pen and ink": drawn.pen_and_ink,
    "scratchboard": drawn.scratchboard,
    "woodcut": printed.woodcut,
    "linocut": printed.linocut,
    "colour woodblock": printed.colour_woodblock,
    "engraving": printed.engraving,
    "risograph": printed.risograph,
    "newsprint": printed.newsprint,
    "cyanotype": printed.cyanotype,
    "cut paper": made.cut_paper,
    "mosaic": made.mosaic,
    "stained glass": made.stained_glass,
    "cross-stitch": made.cross_stitch,
    "tapestry": made.tapestry,
    "batik": made.batik,
    "marbling": made.marbling,
    "enamel": made.enamel,
    "felt": made.felt,
}
MANNERS: tuple[str, ...] = tuple(_BY)
SMALLEST, LARGEST = 32, 2048  # pixels a side


@dataclass(frozen=True)
class Painting:
    """What a picture is of and how it is painted."""

    manner: str
    seed: int
    theme: str
    motif: str

    @property
    def caption(self) -> str:
        return f"{self.motif}, {self.manner}, in the colours of {self.theme}"


def painting(
    manner: str, seed: int, theme: str | None = None, motif: str | None = None
) -> Painting:
    """A picture to be painted; theme and motif are the seed's where they are not given.

    ValueError for an unknown manner, theme or motif, and for a negative seed.
    """
    if seed < 0:
        raise ValueError(f"the seed must not be negative, it is {seed}")
    rng = generator(seed, 31)
    themes, motifs = painterly_theme.THEMES, tuple(painterly_motif.MOTIFS)
    drawn_theme, drawn_motif = themes[rng.integers(len(themes))], motifs[rng.integers(len(motifs))]
    found = Painting(manner, seed, theme or drawn_theme, motif or drawn_motif)
    for what, asked, known in (
        ("manner", found.manner, MANNERS),
        ("theme", found.theme, themes),
        ("motif", found.motif, motifs),
    ):
        if asked not in known:
            raise ValueError(f"there is no {what} {asked!r}; there are {', '.join(known)}")
    return found


def paint(
    manner: str,
    seed: int,
    size: tuple[int, int],
    theme: str | None = None,
    motif: str | None = None,
) -> NDArray[np.uint8]:
    """A picture (H, W, 3), `size` (width, height) of 32 to 2048. ValueError: as `painting`, and
    for other sizes.
    """
    return painted(painting(manner, seed, theme, motif), size)


def painted(what: Painting, size: tuple[int, int]) -> NDArray[np.uint8]:
    """The picture (H, W, 3), `size` (width, height) of 32 to 2048; ValueError for other sizes."""
    width, height = size
    if not (SMALLEST <= width <= LARGEST and SMALLEST <= height <= LARGEST):
        raise ValueError(
            f"a picture is {SMALLEST} to {LARGEST} pixels wide and high, not {width} x {height}"
        )
    colours = painterly_theme.theme(what.theme, what.seed)
    subject = painterly_motif.drawn(what.motif, colours, generator(what.seed, 32), height, width)
    subject.rng = generator(what.seed, 33)
    return np.rint(np.clip(_BY[what.manner](subject), 0, 1) * 255).astype(np.uint8)


def make(
    folder: Path,
    count: int,
    size: tuple[int, int],
    seed: int,
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Write a set of `count` pictures, `size` (width, height), the manners in turn, with captions
    and splits.

    Every file is there whole or not at all; a set that was interrupted is completed. `progress`
    gets (done, count). UserError: the folder holds another set, or cannot be written.
    """
    seeds = generator(seed, 30).integers(0, 1 << 53, count)
    items = [painting(MANNERS[i % len(MANNERS)], int(each)) for i, each in enumerate(seeds)]
    rows = [
        [f"{i:05d}", item.manner, item.theme, item.motif, str(item.seed)]
        for i, item in enumerate(items)
    ]
    names = [row[0] for row in rows]
    vista_set.refuse_other(folder, rows, "paintings.csv")
    tables = {
        "paintings.csv": (("name", "manner", "theme", "motif", "seed"), rows),
        "captions.csv": (
            ("name", "caption"),
            [[name, item.caption] for name, item in zip(names, items, strict=True)],
        ),
        "splits.csv": (
            ("name", "split"),
            [[name, vista_set.split(item.seed)] for name, item in zip(names, items, strict=True)],
        ),
    }
    for name, (header, lines) in tables.items():
        files.write_text(folder / name, vista_set.table(header, lines))
    for done, (name, item) in enumerate(zip(names, items, strict=True), 1):
        path = folder / f"{name}.jpg"
        if not vista_set.whole(path, size):
            files.write_bytes(path, jpeg(painted(item, size)))
        if progress is not None:
            progress(done, count)


def jpeg(picture: NDArray[np.uint8], quality: int = 95) -> bytes:
    """A JPEG that keeps the colours of single pixels."""
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "JPEG", quality=quality, subsampling=0, optimize=True)
    return buffer.getvalue()
