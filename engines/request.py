"""Request: everything that a render depends on, in one value.

Live render, command line, variation, batch item, history entry and the recipe inside a PNG are all
this object; the same Request gives the same bytes on the same provider.
"""

import base64
import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from PIL import Image as Pillow

from engines.errors import UserError
from engines.mixes import Mixed
from engines.ports import Regional, Size

_MOST_BYTES = 64_000_000  # of a request's text


@dataclass(frozen=True)
class Request:
    """`values`: port name -> document value; `size` (height, width) in pixels; the rest is for
    samplers.
    """

    model: str
    size: Size
    values: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0
    sampler: str = "ddim"
    steps: int = 20
    guidance: float = 1.0

    def to_json(self) -> str:
        """One line of text that `from_json` reads, the same for equal requests."""
        plain = {
            "model": self.model,
            "size": list(self.size),
            "values": {name: _pack(value) for name, value in sorted(self.values.items())},
            "seed": self.seed,
            "sampler": self.sampler,
            "steps": self.steps,
            "guidance": self.guidance,
        }
        return json.dumps(plain, sort_keys=True, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> "Request":
        """Read `to_json`'s text, from a stranger's picture too; UserError when it is not one."""
        try:
            if len(text) > _MOST_BYTES:
                raise ValueError("it is too long")
            plain = json.loads(text)
            height, width = (int(side) for side in plain["size"])
            return cls(
                model=str(plain["model"]),
                size=(height, width),
                values={str(name): _unpack(value) for name, value in plain["values"].items()},
                seed=int(plain["seed"]),
                sampler=str(plain["sampler"]),
                steps=int(plain["steps"]),
                guidance=float(plain["guidance"]),
            )
        except UserError:
            raise
        except Exception as error:  # A stranger's text can be wrong in more ways than can be named.
            raise UserError(f"The request in this file cannot be read ({error}).") from error

    @property
    def key(self) -> str:
        """A hash that is equal for equal requests."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()


def _pack(value: Any) -> Any:
    """A document value as JSON: pictures and layouts as PNG, vectors as lists, the rest as is."""
    if isinstance(value, Mixed):
        return value.to_plain(_pack)
    if isinstance(value, Regional):
        return {"table": value.table.tolist(), "regions": _pack(value.regions)}
    if isinstance(value, np.ndarray) and value.dtype == np.bool_:
        return {"mask": _pack(value.astype(np.uint8) * 255)}
    if isinstance(value, np.ndarray) and value.dtype == np.uint8 and value.ndim in (2, 3):
        buffer = io.BytesIO()
        Pillow.fromarray(value).save(buffer, "PNG")
        return {"png": base64.b64encode(buffer.getvalue()).decode()}
    if isinstance(value, np.ndarray):
        return {"array": value.tolist()}
    if isinstance(value, Mapping):
        return {"named": {str(k): float(v) for k, v in sorted(value.items())}}
    return value.item() if isinstance(value, np.generic) else value


def _unpack(value: Any) -> Any:
    if not isinstance(value, dict):
        if isinstance(value, str | int | float):
            return value
        raise ValueError("a value is of no known form")
    if "mixes" in value:
        return Mixed.from_plain(value, _unpack)
    if "table" in value:
        return Regional(np.array(value["table"], np.float32), _unpack(value["regions"]))
    if "mask" in value:
        return _unpack(value["mask"]) > 127
    if "png" in value:
        with Pillow.open(io.BytesIO(base64.b64decode(value["png"])), formats=["PNG"]) as image:
            if image.width * image.height > 64_000_000:
                raise ValueError("a picture in it is too large")
            return np.asarray(image)
    if "array" in value:
        return np.array(value["array"], np.float32)
    return {str(k): float(v) for k, v in value["named"].items()}
