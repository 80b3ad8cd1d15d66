"""What models that exchange statistics have in common: the graphs that read them (ADR 19)."""

from dataclasses import dataclass
from typing import Any

from engines.networks.levels import HALVINGS, Levels, Reading
from engines.ports import Image, Mask, Moments, Port, Scalar
from engines.recipe import Graph

STYLE_SIDE = 256  # pixels a side of the picture that the exported encoder takes


@dataclass(frozen=True)
class Words:
    """What an artist is told: of the picture, of the style's, and of the two graphs that read."""

    picture: str
    manner: str
    encode: str
    survey: str


@dataclass(frozen=True)
class Readings:
    """The graphs `encode` and `survey`, and the ports of the graph that paints by them."""

    graphs: tuple[Graph, Graph]
    inputs: tuple[Port, ...]
    picture: Image


def readings(network: Levels, words: Words, minimum: int, *, products: bool = False) -> Readings:
    """For pictures of at least `minimum` pixels a side; `products` as in the port `Moments`."""
    limits: dict[str, Any] = {"multiple": 2**HALVINGS, "minimum": minimum, "maximum": 8192}
    fixed = (STYLE_SIDE, STYLE_SIDE)
    photo = Image("photo", words.picture, **limits)
    manner = Image("manner", words.manner, fixed=fixed)
    here = Mask("here", "Only here", **limits, whole=True)
    there = Mask("there", "Only from there", fixed=fixed, whole=True)
    moments, style = (
        Moments(name, label, regional=True, channels=tuple(network.told), products=products)
        for name, label in (("moments", f"Statistics of the {words.picture.lower()}"),
                            ("style", "Style"))
    )  # fmt: skip
    reader, strength = Reading(network), Scalar("strength", "Strength", initial=1.0)
    return Readings(
        (
            Graph("encode", reader, (manner, there), (style,), words.encode),
            Graph("survey", reader, (photo, here), (moments,), words.survey),
        ),
        (photo, moments, style, strength),
        Image("picture", "Picture", **limits),
    )
