"""Typed inputs and outputs of models: the only place where arrays change form.

A port names one thing that goes into or comes out of a graph. It knows the document's form of a
value (uint8 pictures, class ids, named attributes), the graph's form (float32 NCHW in [-1, 1],
ids, tables), and how to go between. Ports travel as JSON in the ONNX metadata, so a model file
describes itself.
"""

from engines.ports.kinds import KINDS, port_from_json
from engines.ports.noise import Noise, NoiseLevel
from engines.ports.port import UNPAINTED, Array, Axes, Port, Size
from engines.ports.spatial import Image, Layout, Mask, Spatial
from engines.ports.table import Attributes, Latent, Moments, Regional
from engines.ports.value import Choice, Scalar, Text

__all__ = [
    "KINDS",
    "UNPAINTED",
    "Array",
    "Attributes",
    "Axes",
    "Choice",
    "Image",
    "Latent",
    "Layout",
    "Mask",
    "Moments",
    "Noise",
    "NoiseLevel",
    "Port",
    "Regional",
    "Scalar",
    "Size",
    "Spatial",
    "Text",
    "port_from_json",
]
