"""Model bundles: a folder with model.json and ONNX files, or one ONNX file that describes itself.

Strangers' models are hostile: names are plain, sizes bounded, weights inside the files, and only
standard operators are let through, all checked before ONNX Runtime sees a byte.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import onnx

from engines import files
from engines.errors import UserError
from engines.ports import Image, Layout, NoiseLevel, Port, port_from_json
from engines.runtime.places import installed

FORMAT = 1
METADATA = "pentimento"  # the key of our description in an ONNX file's metadata
_MOST_MODEL_BYTES = 1_900_000_000  # protobuf's own limit is 2 GiB
_MOST_JSON_BYTES = 4_000_000
_DOMAINS = {"", "ai.onnx"}


@dataclass(frozen=True)
class GraphFile:
    """One graph of a bundle: its file, its ports, and what it does in an artist's words."""

    name: str
    label: str
    path: Path
    sha256: str
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]

    @property
    def level(self) -> NoiseLevel | None:
        """The noise level of a denoiser; None for a graph that runs once."""
        return next((p for p in self.inputs if isinstance(p, NoiseLevel)), None)


@dataclass(frozen=True)
class Bundle:
    """A model: its graphs, and what is said about it (title, licence, data, proof)."""

    path: Path
    name: str
    title: str
    graphs: tuple[GraphFile, ...]
    about: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def open(cls, path: Path | str) -> "Bundle":
        """The model in a folder or an ONNX file; UserError in one sentence when it is not a usable
        one.
        """
        path = Path(path)
        if path.is_dir():
            return cls._from_folder(path)
        if not path.exists():
            raise UserError(f"There is no model at {path}; check the path.")
        described = inspect_onnx(path)
        graph = _graph(described, path)
        title = str(described.get("title", path.stem))
        return cls(path, path.stem, title, (graph,), described)

    @classmethod
    def _from_folder(cls, folder: Path) -> "Bundle":
        about = read_json(folder / "model.json")
        if about.get("format") != FORMAT:
            raise UserError(
                f"The model in {folder} has the format {about.get('format')!r}, but this version "
                f"reads {FORMAT}; "
                "update Pentimento or export the model again."
            )
        entries = about.get("graphs")
        if not isinstance(entries, list) or not entries:
            raise UserError(f"{folder / 'model.json'} names no graphs; export the model again.")
        graphs = []
        for entry in entries:
            name = entry.get("file") if isinstance(entry, dict) else None
            if not isinstance(name, str) or Path(name).name != name or not name.endswith(".onnx"):
                raise UserError(
                    f"{folder / 'model.json'} names the file {name!r}, which is not a plain "
                    f".onnx name "
                    "in its own folder; do not use this model."
                )
            inspect_onnx(folder / name)
            graph = _graph(entry, folder / name)
            if graph.sha256 != entry.get("sha256"):
                raise UserError(
                    f"{name} in {folder} is not the file that its model.json describes; copy or "
                    "export the model again."
                )
            graphs.append(graph)
        name = str(about.get("name", folder.name))
        return cls(folder, name, str(about.get("title", name)), tuple(graphs), about)

    @cached_property
    def hash(self) -> str:
        """What a Request names the model by: a hash over its graphs."""
        return hashlib.sha256("".join(g.sha256 for g in self.graphs).encode()).hexdigest()[:16]

    @property
    def target(self) -> GraphFile:
        """The graph that gives the result: the last that no other graph feeds on."""
        used = {p.name for g in self.graphs for p in g.inputs}
        ends = [g for g in self.graphs if not any(p.name in used for p in g.outputs)]
        return (ends or list(self.graphs))[-1]

    def maker(self, port: Port) -> GraphFile | None:
        """The graph whose output is wired to this input: a port of the same kind and name."""
        for graph in self.graphs:
            if any(p.name == port.name and p.kind == port.kind for p in graph.outputs):
                return graph
        return None

    def pictured(self, port: Port) -> Image | None:
        """The picture that a graph reads this input of the target off, and nothing else does: that
        of a style, say.
        """
        maker = self.maker(port)
        target = {p.name for p in self.target.inputs}
        for given in maker.inputs if maker is not None else ():
            if isinstance(given, Image) and given.name not in target:
                return given
        return None

    @property
    def ports(self) -> tuple[Port, ...]:
        """All inputs of all graphs, each once; a wired one is among them, since it may be set
        directly.
        """
        found: dict[str, Port] = {}
        for graph in self.graphs:
            for port in graph.inputs:
                found.setdefault(port.name, port)
        return tuple(found.values())

    @property
    def picture(self) -> Image | None:
        """The picture that the model makes, if it makes one: one beside a layout tells of that."""
        if self.reads is not None:
            return None
        return next((p for p in self.target.outputs if isinstance(p, Image)), None)

    @property
    def reads(self) -> Layout | None:
        """The layout that the model reads off a picture, if it is a reader."""
        first = self.target.outputs[0]
        return first if isinstance(first, Layout) else None


def inspect_onnx(path: Path) -> dict[str, Any]:
    """Our description out of an ONNX file's metadata, after the checks a stranger's file needs."""
    model = load_onnx(path)
    _check_graph(model.graph, path)
    for function in model.functions:
        _check_nodes(function.node, path)
    text = {p.key: p.value for p in model.metadata_props}.get(METADATA)
    if text is None:
        raise UserError(
            f"{path.name} carries no description of its inputs, so it was not exported by "
            f"Pentimento; "
            "export it from its run."
        )
    return _parse(text, path.name)


def load_onnx(path: Path) -> onnx.ModelProto:
    """An ONNX file of bearable size, without what it may keep in other files; UserError."""
    try:
        size = path.stat().st_size
        if size > _MOST_MODEL_BYTES:
            raise UserError(f"{path.name} is {size / 1e9:.1f} GB, more than a model here may be.")
        return onnx.load(str(path), load_external_data=False)
    except UserError:
        raise
    except OSError as error:
        raise UserError(f"{path.name} cannot be read: {error.strerror or error}.") from error
    except Exception as error:  # protobuf's own errors, whatever they are called today
        raise UserError(
            f"{path.name} is not an ONNX model (it may be broken or another kind of file); get "
            f"it again."
        ) from error


def _check_graph(graph: Any, path: Path) -> None:
    if not graph.node or not graph.output:
        raise UserError(f"{path.name} is not an ONNX model with a graph in it; get it again.")
    tensors = [
        *graph.initializer,
        *(a.t for n in graph.node for a in n.attribute if a.HasField("t")),
    ]
    tensors += [s.values for s in graph.sparse_initializer]
    if any(t.data_location == onnx.TensorProto.EXTERNAL or t.external_data for t in tensors):
        raise UserError(
            f"{path.name} keeps weights in another file, which could be any file of this computer; "
            "only models in one piece are opened."
        )
    _check_nodes(graph.node, path)


def _check_nodes(nodes: Any, path: Path) -> None:
    for node in nodes:
        if node.domain not in _DOMAINS:
            raise UserError(
                f"{path.name} uses the operator {node.domain}.{node.op_type}, which is not a "
                f"standard one; "
                "export it with standard operators."
            )
        for attribute in node.attribute:
            for inner in (attribute.g, *attribute.graphs):
                if inner.node:
                    _check_graph(inner, path)


def _graph(entry: Mapping[str, Any], path: Path) -> GraphFile:
    try:
        inputs = tuple(port_from_json(p) for p in entry["inputs"])
        outputs = tuple(port_from_json(p) for p in entry["outputs"])
        name, label = str(entry["name"]), str(entry["label"])
    except (KeyError, TypeError, AttributeError) as error:
        raise UserError(
            f"The description of {path.name} lacks or garbles {error}; export the model again."
        ) from error
    return GraphFile(name, label, path, sha256_of(path), inputs, outputs)


def read_json(path: Path) -> dict[str, Any]:
    """A model's description; UserError where it is none."""
    try:
        return _parse(files.read_text(path, _MOST_JSON_BYTES), str(path))
    except FileNotFoundError as error:
        raise UserError(
            f"There is no model in {path.parent} (no model.json); check the path."
        ) from error
    except (OSError, ValueError) as error:
        raise UserError(f"{path} cannot be read ({error}); copy the model again.") from error


def _parse(text: str, name: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UserError(
            f"The description in {name} is not JSON; export the model again."
        ) from error
    if not isinstance(value, dict):
        raise UserError(f"The description in {name} is not a model's; export the model again.")
    return value


def sha256_of(path: Path) -> str:
    """The hash of a file, as model.json has it. OSError."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def find_model(name: str) -> Bundle:
    """The model of that name, or in that folder or file; else a UserError that lists them."""
    known = {folder.name: folder for folder in installed()}
    if name in known:
        return Bundle.open(known[name])
    if Path(name).exists():
        from engines.runtime import trial  # It needs this module.

        bundle = Bundle.open(Path(name))
        trial.trust(bundle)
        return bundle
    raise UserError(
        f"There is no model {name!r}: it is neither a path nor an installed model "
        f"({', '.join(known) or 'none is installed'})."
    )
