"""The small pictures that a style sheet needs as files: arrows and ticks.

A style sheet cannot recolour, so they are kept once for each theme: `python -m studio.views.parts`
writes them anew from the tokens.
"""

from dataclasses import asdict
from pathlib import Path

from engines import files
from studio.views import theme

# Token of the stroke, and the path on a 16 x 16 grid.
STROKES = {
    "check": ("on_accent", "M3.5 8.5l3 3 6-7"),
    "check-text": ("text", "M3.5 8.5l3 3 6-7"),
    "dash": ("on_accent", "M4 8h8"),
    "dot": ("on_accent", "M8 7.99v.02"),
    "up": ("muted", "M3.5 10.5 8 6l4.5 4.5"),
    "up-faint": ("disabled", "M3.5 10.5 8 6l4.5 4.5"),
    "down": ("muted", "M3.5 6 8 10.5 12.5 6"),
    "down-faint": ("disabled", "M3.5 6 8 10.5 12.5 6"),
    "right": ("muted", "M6 3.5l4.5 4.5L6 12.5"),
}
WIDTHS = {"dot": 6.0, "check": 2.0, "check-text": 2.0, "dash": 2.0}


def drawn(name: str, look: theme.Theme) -> str:
    """One of them as SVG."""
    token, path = STROKES[name]
    color = asdict(look)[token]
    width = WIDTHS.get(name, 1.5)
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" width="16" height="16" viewBox="0 0 16 16">\n'
        f'  <path d="{path}" fill="none" stroke="{color}" stroke-width="{width}" '
        'stroke-linecap="round" stroke-linejoin="round"/>\n</svg>\n'
    )


def write(folder: Path) -> None:
    """Write them for both themes."""
    for look in (theme.DARK, theme.LIGHT):
        for name in STROKES:
            files.write_text(folder / look.name / f"{name}.svg", drawn(name, look))


if __name__ == "__main__":
    write(theme.PARTS)
