"""Local inference without torch: bundles, graphs of graphs, caches, providers, samplers."""

from engines.runtime.bundle import Bundle, GraphFile, find_model, installed
from engines.runtime.render import Frame, render
from engines.runtime.sessions import Provider, Sessions, Stale, Stop

__all__ = [
    "Bundle",
    "Frame",
    "GraphFile",
    "Provider",
    "Sessions",
    "Stale",
    "Stop",
    "find_model",
    "installed",
    "render",
]
