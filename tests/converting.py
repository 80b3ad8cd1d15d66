"""A model as styles have it, of a few hand-made nodes, and videos: for tests of conversions."""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt
from onnx import TensorProto, helper, numpy_helper

from engines import files
from engines.ports import Image, Moments, Port, Scalar
from engines.runtime.bundle import FORMAT, METADATA
from studio.models.convert import Conversions

Pixels = npt.NDArray[np.uint8]
PHOTO = Image("photo", "Picture", multiple=4, minimum=8, maximum=4096)
MANNER = Image("manner", "Style picture", fixed=(8, 8))
OWN = Moments("moments", channels=(3,))
STYLE = Moments("style", channels=(3,))
STRENGTH = Scalar("strength", "Strength", initial=1.0)


@contextmanager
def studios(home: Path) -> Iterator[Callable[[], Conversions]]:
    """Conversions as each start of the studio has them; in the end all are stopped."""
    made: list[Conversions] = []

    def one() -> Conversions:
        made.append(Conversions(home))
        return made[-1]

    yield one
    for each in made:
        for under_way in each.live:
            under_way.job.run.steer("stop")
            if under_way.process is not None:
                under_way.process.wait(20)
        each.close()
        each.deleteLater()


def constant(name: str, value: Any, dtype: Any = np.int64) -> Any:
    return helper.make_node(
        "Constant", [], [name], value=numpy_helper.from_array(np.array(value, dtype))
    )


def _read(source: str, out: str) -> list[Any]:
    return [
        constant("axes", [2, 3]),
        helper.make_node("ReduceMean", [source, "axes"], ["mean"], keepdims=0),
        helper.make_node("Mul", [source, source], ["squared"]),
        helper.make_node("ReduceMean", ["squared", "axes"], ["square"], keepdims=0),
        helper.make_node("Concat", ["mean", "square"], [out], axis=1),
    ]


def _spread(name: str) -> list[Any]:
    """A row of moments as mean and deviation (N, 3, 1, 1)."""
    return [
        helper.make_node("Split", [name, "halves"], [f"{name}.m", f"{name}.q"], axis=1),
        helper.make_node("Mul", [f"{name}.m", f"{name}.m"], [f"{name}.mm"]),
        helper.make_node("Sub", [f"{name}.q", f"{name}.mm"], [f"{name}.v"]),
        helper.make_node("Max", [f"{name}.v", "least"], [f"{name}.w"]),
        helper.make_node("Sqrt", [f"{name}.w"], [f"{name}.s"]),
        helper.make_node("Unsqueeze", [f"{name}.m", "where"], [f"{name}.mean"]),
        helper.make_node("Unsqueeze", [f"{name}.s", "where"], [f"{name}.deviation"]),
    ]


def _restyle() -> list[Any]:
    return [
        constant("halves", [3, 3]), constant("where", [2, 3]), constant("one", [1, 2, 3]),
        constant("least", 1e-4, np.float32),
        *_spread("moments"), *_spread("style"),
        helper.make_node("Sub", ["photo", "moments.mean"], ["centred"]),
        helper.make_node("Div", ["centred", "moments.deviation"], ["white"]),
        helper.make_node("Mul", ["white", "style.deviation"], ["coloured"]),
        helper.make_node("Add", ["coloured", "style.mean"], ["made"]),
        helper.make_node("Sub", ["made", "photo"], ["change"]),
        helper.make_node("Unsqueeze", ["strength", "one"], ["share"]),
        helper.make_node("Mul", ["change", "share"], ["part"]),
        helper.make_node("Add", ["photo", "part"], ["picture"]),
    ]  # fmt: skip


def model(folder: Path, halo: int | None = 0, salt: float = 0.0) -> Path:
    """Gives a photo the mean and deviation of a style picture's colours."""
    folder.mkdir(parents=True)
    graphs = (
        ("encode", _read("manner", "style"), (MANNER,), (STYLE,)),
        ("survey", _read("photo", "moments"), (PHOTO,), (OWN,)),
        ("restyle", _restyle(), (PHOTO, OWN, STYLE, STRENGTH),
         (Image("picture", multiple=4, minimum=8, maximum=4096),)),
    )  # fmt: skip
    entries = [_graph(folder, *graph, salt) for graph in graphs]
    about = {
        "format": FORMAT, "name": folder.name, "title": "Tinted", "licence": "CC0-1.0",
        "graphs": entries, "proof": [{"graph": "restyle", "halo": halo}],
    }  # fmt: skip
    files.write_json(folder / "model.json", about)
    return folder


def _graph(
    folder: Path,
    name: str,
    nodes: list[Any],
    inputs: Sequence[Port],
    outputs: Sequence[Port],
    salt: float,
) -> dict[str, Any]:
    def infos(ports: Sequence[Port]) -> list[Any]:
        return [
            helper.make_tensor_value_info(a.name, TensorProto.FLOAT, [str(x) for x in a.axes])
            for port in ports
            for a in port.tensors()
        ]

    graph = helper.make_graph(
        [*nodes, constant("salt", salt, np.float32)], name, infos(inputs), infos(outputs)
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    entry = {
        "name": name, "label": name, "file": f"{name}.onnx",
        "inputs": [p.to_json() for p in inputs], "outputs": [p.to_json() for p in outputs],
    }  # fmt: skip
    helper.set_model_props(made, {METADATA: json.dumps({"format": FORMAT, **entry})})
    data = made.SerializeToString()
    (folder / f"{name}.onnx").write_bytes(data)
    return {**entry, "sha256": hashlib.sha256(data).hexdigest()}


# Videos ------------------------------------------------------------------------------------------


def moving(count: int, size: tuple[int, int] = (48, 64), noise: float = 0.0) -> list[Pixels]:
    """Frames of a square that goes over a slope of colours; with noise it stands still."""
    rng = np.random.default_rng(0)
    height, width = size
    rows, columns = np.mgrid[:height, :width]
    found = []
    for number in range(count):
        frame = np.stack(
            [rows * 200 / height + 20, columns * 150 / width, np.full(size, 90.0)], axis=2
        )
        left = 4 if noise else number * 2 % (width - 12)
        frame[10:20, left : left + 10] = (240, 220, 40)
        frame += rng.standard_normal(frame.shape) * noise
        found.append(frame.clip(0, 255).astype(np.uint8))
    return found


def film(
    path: Path,
    frames: Sequence[Pixels],
    times: Sequence[int] | None = None,
    sound: str = "",
    codec: str = "mpeg4",
    rate: int = 25,
) -> Path:
    """A video of those frames, `times` in ticks of 1/rate s; `sound` a codec."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream(codec, rate=rate)
        context = stream.codec_context
        context.height, context.width = frames[0].shape[:2]
        context.pix_fmt, context.thread_count = "yuv420p", 1
        context.time_base = Fraction(1, rate)
        context.bit_rate = 4_000_000
        heard = out.add_stream(sound, rate=48_000, layout="mono") if sound else None
        for number, pixels in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts = number if times is None else times[number]
            frame.time_base = Fraction(1, rate)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
        if heard is not None:
            for packet in _tone(heard, len(frames) / rate):
                out.mux(packet)
    return path


def _tone(stream: Any, seconds: float) -> Iterator[Any]:
    size, done = stream.codec_context.frame_size or 1024, 0
    while done < seconds * 48_000:
        wave = np.sin((done + np.arange(size)) * 2 * np.pi * 440 / 48_000).astype(np.float32)
        frame = av.AudioFrame.from_ndarray(wave[None] * 0.3, format="fltp", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = 48_000, done, Fraction(1, 48_000)
        yield from stream.encode(frame)
        done += size
    yield from stream.encode(None)


def shown(path: Path) -> list[tuple[float, Pixels]]:
    """(seconds, RGB) of all frames."""
    with av.open(str(path)) as found:
        return [(float(f.time or 0.0), f.to_ndarray(format="rgb24")) for f in found.decode(video=0)]


def described(path: Path) -> dict[str, Any]:
    """model.json of a bundle."""
    found: dict[str, Any] = json.loads((path / "model.json").read_text())
    return found
