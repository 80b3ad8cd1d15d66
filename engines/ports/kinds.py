"""The kinds of ports there are, and reading one of any kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engines.errors import UserError
from engines.ports.noise import Noise, NoiseLevel
from engines.ports.port import Port
from engines.ports.spatial import Image, Layout, Mask
from engines.ports.table import Attributes, Latent, Moments
from engines.ports.value import Choice, Scalar, Text

KINDS: dict[str, type[Port]] = {
    kind.kind: kind
    for kind in (
        Image,
        Layout,
        Mask,
        Latent,
        Moments,
        Attributes,
        Scalar,
        Choice,
        Text,
        Noise,
        NoiseLevel,
    )
}


def port_from_json(values: Mapping[str, Any]) -> Port:
    """Read a port of any kind; UserError when the kind is unknown or an entry is missing."""
    kind = values.get("kind")
    if kind not in KINDS:
        raise UserError(
            f"The model has a port of unknown kind {kind!r}; it needs a newer Pentimento."
        )
    return KINDS[kind].from_json(values)
