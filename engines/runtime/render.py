"""Rendering a Request: the graphs of a bundle, evaluated only as far as the result needs, each
result kept.

One rule gives the cached style encoder, text encoder and mapping network: a graph whose inputs
hash to what they were is not run again.
"""

import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from engines.errors import UserError
from engines.mixes import Mix, Mixed
from engines.ports import Image, Latent, Moments, Noise, Port, Regional, Spatial
from engines.request import Request
from engines.runtime.bundle import Bundle, GraphFile
from engines.runtime.fit import fit
from engines.runtime.sessions import Sessions, Stop
from engines.samplers import SAMPLERS

Array = npt.NDArray[Any]
Tensors = dict[str, Array]
_CACHE_BYTES = 256_000_000


@dataclass(frozen=True)
class Frame:
    """What a render has so far: outputs by port name in document form. The last one is `final`."""

    request: Request
    values: Mapping[str, Any]
    progress: float
    seconds: float
    final: bool

    @property
    def picture(self) -> npt.NDArray[np.uint8]:
        """The first output, which for a painting model is the picture, uint8 (H, W, 3)."""
        picture: npt.NDArray[np.uint8] = next(iter(self.values.values()))
        return picture


@dataclass
class Cache:
    """Outputs of graphs by the hash of graph and inputs; the least recently used go first."""

    most: int = _CACHE_BYTES
    hits: int = 0
    _held: OrderedDict[str, list[Array]] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def get(self, key: str) -> list[Array] | None:
        """The outputs under `key`, if they are held."""
        with self._lock:
            if key not in self._held:
                return None
            self.hits += 1
            self._held.move_to_end(key)
            return self._held[key]

    def put(self, key: str, outputs: list[Array]) -> None:
        """Hold outputs, and let go of what no longer fits."""
        with self._lock:
            self._held[key] = outputs
            while self.bytes > self.most and self._held:
                self._held.popitem(last=False)

    @property
    def bytes(self) -> int:
        """What is held now."""
        return sum(a.nbytes for outputs in self._held.values() for a in outputs)


def render(
    bundle: Bundle,
    request: Request,
    sessions: Sessions,
    cache: Cache | None = None,
    stop: Stop | None = None,
) -> Iterator[Frame]:
    """Frames of a request: one for a feed-forward model, one a step for a denoiser.

    UserError when a value is missing or does not fit; Stale when stopped.
    """
    if request.model != bundle.hash:
        raise UserError(
            f"This was made with another version of the model {bundle.name}; choose the model anew."
        )
    for name in request.values:
        if name not in {p.name for p in bundle.ports}:
            raise UserError(
                f"The model {bundle.name} has no input {name!r}; it has "
                f"{', '.join(p.name for p in bundle.ports)}."
            )
    for port in (*bundle.target.inputs, *bundle.target.outputs):
        if isinstance(port, Spatial) and port.free:
            port.check(request.size)
    cache = cache or Cache(0)
    asked = unmixed(bundle, request, sessions, cache, stop)
    work = _Work(bundle, asked, sessions, cache, stop)
    start = time.perf_counter()
    graph = bundle.target
    if graph.level is None:
        values = work.values(graph, work.run(graph))
        yield _final(request, values, start)
    else:
        yield from _sampled(work, graph, request, start)


def wired(
    bundle: Bundle,
    request: Request,
    port: Port,
    sessions: Sessions,
    cache: Cache | None = None,
    stop: Stop | None = None,
) -> Any:
    """What other graphs make for an input of the target, as a document value; None where none
    does, or where nothing was given to it.
    """
    cache = cache or Cache(0)
    request = unmixed(bundle, request, sessions, cache, stop)
    work = _Work(bundle, request, sessions, cache, stop)
    maker = bundle.maker(port)
    if maker is None or not work.reachable(maker):
        return None
    return port.decode(work.tensors(port)[port.tensors()[0].name])


def unmixed(
    bundle: Bundle,
    request: Request,
    sessions: Sessions,
    cache: Cache | None = None,
    stop: Stop | None = None,
) -> Request:
    """The request with vectors in place of the pictures that they are mixed of; UserError."""
    mixed = {name: v for name, v in request.values.items() if isinstance(v, Mixed)}
    if not mixed:
        return request
    plain = {name: v for name, v in request.values.items() if name not in mixed}
    work = _Work(bundle, replace(request, values=plain), sessions, cache or Cache(0), stop)
    ports = {port.name: port for port in bundle.target.inputs}
    found = {name: work.mixed(ports.get(name), value) for name, value in mixed.items()}
    return replace(request, values={**plain, **found})


@dataclass(frozen=True)
class _Work:
    """One request being evaluated."""

    bundle: Bundle
    request: Request
    sessions: Sessions
    cache: Cache
    stop: Stop | None

    def run(self, graph: GraphFile, given: Tensors | None = None) -> list[Array]:
        """Outputs of a graph, from the cache where its inputs were seen before."""
        inputs = {**self.inputs(graph, skip=given or {}), **(given or {})}
        key = _key(graph, inputs)
        outputs = self.cache.get(key)
        if outputs is None:
            outputs = self.sessions.run(graph.path, graph.sha256, inputs, self.stop)
            if not all(np.isfinite(a).all() for a in outputs):
                outputs = self._again(graph, inputs)
            self.cache.put(key, outputs)
        return outputs

    def _again(self, graph: GraphFile, inputs: Tensors) -> list[Array]:
        """Once more on the CPU, after a device gave what are no numbers; UserError when it does
        too.
        """
        if self.sessions.provider.got != "cpu":
            outputs = Sessions("cpu").run(graph.path, graph.sha256, inputs, self.stop)
            if all(np.isfinite(a).all() for a in outputs):
                return outputs
        raise UserError(
            f"The model {self.bundle.name} gave values that are no numbers for this input; try "
            "another input, or export the model again."
        )

    def inputs(self, graph: GraphFile, skip: Mapping[str, Array]) -> Tensors:
        """Every input tensor: as set, over a wire, or by default."""
        found: Tensors = {}
        for port in graph.inputs:
            if port.name not in skip:
                found |= self.tensors(port)
        return found

    def tensors(self, port: Port) -> Tensors:
        """The tensors of one input port."""
        size = self.request.size
        if port.name in self.request.values:
            return port.encode(fit(port, self.request.values[port.name], size), size)
        maker = self.bundle.maker(port)
        if maker is not None and self.reachable(maker):
            place = [p.name for p in maker.outputs].index(port.name)
            value, *rest = port.tensors()
            # What goes with a wired value says that it holds everywhere.
            beside = {a.name: np.zeros(a.shape(1, size), a.dtype) for a in rest}
            return {value.name: self.run(maker)[place], **beside}
        default = self.request.seed if isinstance(port, Noise) else port.default
        if default is None:
            raise UserError(
                f"The model {self.bundle.name} needs {port.label or port.name}; give it with "
                f"--in {port.name}=..."
            )
        return port.encode(default, size)

    def mixed(self, port: Port | None, value: Mixed) -> Any:
        """A table of the mixes' vectors with its map, or the first where regions do not count."""
        picture = self.bundle.pictured(port) if port is not None else None
        if port is None or picture is None or not isinstance(port, Latent | Moments):
            raise UserError(
                f"The model {self.bundle.name} reads no style off pictures here; take a style out "
                "of the styles, or choose another model."
            )
        rows = value.rows if port.regional else value.rows[:1]
        table = np.stack([self._row(port, picture, row) for row in rows])
        if not port.regional:
            return table[0]
        regions = value.regions
        return Regional(
            table, np.zeros(self.request.size, np.uint8) if regions is None else regions
        )

    def _row(self, port: Latent | Moments, picture: Image, mix: Mix) -> Array:
        """The weighted mean of the vectors that are read off a mix's pictures."""
        total = np.zeros(port.width, np.float64)
        for each, share in zip(mix.pictures, mix.shares, strict=True):
            if share > 0:
                given = replace(self.request, values={**self.request.values, picture.name: each})
                work = replace(self, request=given)
                read = port.decode(work.tensors(port)[port.tensors()[0].name])
                total += share / sum(mix.shares) * np.asarray(read, np.float64).reshape(-1)
        return np.asarray(total if mix.pictures else port.default, np.float32)

    def reachable(self, graph: GraphFile) -> bool:
        """Whether something was given to a graph, and the rest has a default."""
        given = [p.name in self.request.values for p in graph.inputs]
        wired = [
            maker is not None and self.reachable(maker)
            for maker in (self.bundle.maker(p) for p in graph.inputs)
        ]
        have = [a or b for a, b in zip(given, wired, strict=True)]
        has = [a or p.default is not None for a, p in zip(have, graph.inputs, strict=True)]
        return any(have) and all(has)

    def values(self, graph: GraphFile, outputs: list[Array]) -> dict[str, Any]:
        """Outputs in document form."""
        pairs = zip(graph.outputs, outputs, strict=True)
        return {port.name: port.decode(array) for port, array in pairs}


def _sampled(work: _Work, graph: GraphFile, request: Request, start: float) -> Iterator[Frame]:
    """A frame a step: the predicted picture, and at the end the sample itself."""
    level = graph.level
    assert level is not None
    noise = next((p for p in graph.inputs if p.name == level.noisy), None)
    if not isinstance(noise, Noise) or request.sampler not in SAMPLERS:
        raise UserError(
            f"This model cannot be sampled with {request.sampler!r}; choose {', '.join(SAMPLERS)}."
        )
    if not 1 <= request.steps <= level.schedule.T:
        raise UserError(
            f"This model samples in 1 to {level.schedule.T} steps, not {request.steps}."
        )
    x = work.tensors(noise)[noise.name]
    skip = {noise.name: x, level.name: x}
    asked = work.inputs(graph, skip)
    nulls = {
        name: tensor
        for port in graph.inputs
        if port.null is not None and port.name in request.values
        for name, tensor in port.encode(port.null, request.size).items()
    }

    def predict(x: Array, t: Array, beside: Tensors) -> Array:
        inputs = {**beside, noise.name: x.astype(np.float32), level.name: t}
        return work.sessions.run(graph.path, graph.sha256, inputs, work.stop)[0]

    def denoise(x: Array, t: Array) -> Array:
        prediction = predict(x, t, asked)
        if not nulls or request.guidance == 1.0:
            return prediction
        # Classifier-free guidance (Ho 2022, arXiv:2207.12598, eq. 6, with w + 1 as the scale).
        free = predict(x, t, {**asked, **nulls})
        return free + np.float32(request.guidance) * (prediction - free)

    rng = np.random.default_rng([request.seed, 1])
    fresh = noise.tensors()[0].shape(1, request.size)
    frames = SAMPLERS[request.sampler](
        denoise,
        x,
        level.schedule,
        request.steps,
        lambda _: rng.standard_normal(fresh, dtype=np.float32),
        clip=1.0,
    )
    last = x
    for step, x_t, x_0 in frames:
        last = x_t
        if step + 1 < request.steps:
            values = work.values(graph, [x_0.astype(np.float32)])
            progress = (step + 1) / request.steps
            yield Frame(request, values, progress, time.perf_counter() - start, False)
    yield _final(request, work.values(graph, [last.astype(np.float32)]), start)


def _final(request: Request, values: Mapping[str, Any], start: float) -> Frame:
    return Frame(request, values, 1.0, time.perf_counter() - start, True)


def _key(graph: GraphFile, inputs: Tensors) -> str:
    digest = hashlib.blake2b(graph.sha256.encode(), digest_size=16)
    for name, array in sorted(inputs.items()):
        digest.update(f"{name} {array.dtype} {array.shape} ".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
