"""What a picture says of its making, and under which names a PNG carries it."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from engines.request import Request

if TYPE_CHECKING:  # It brings ONNX along, and a document is read without.
    from engines.runtime.bundle import Bundle

REQUEST = "pentimento:request"
PASSPORT = "pentimento:passport"


def passport(bundle: "Bundle") -> dict[str, Any]:
    """That a model made the picture, which, from what, and on what terms."""
    about = bundle.about
    told = {key: about.get(key) for key in ("recipe", "paper", "data", "licence", "made")}
    base = about.get("base")
    if isinstance(base, Mapping):  # Its terms may bind what was made of it.
        told["base"] = base.get("title")
    return {
        "made_with": "Pentimento",
        "generated": True,
        "model": bundle.name,
        "title": bundle.title,
        "hash": bundle.hash,
        **told,
    }


def texts(request: Request, passport: Mapping[str, Any]) -> dict[str, str]:
    """The text chunks (iTXt, not compressed) of a PNG, by keyword."""
    return {
        REQUEST: request.to_json(),
        PASSPORT: json.dumps(passport, ensure_ascii=False),
    }
