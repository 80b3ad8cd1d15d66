"""Local inference without torch: bundles, graphs of graphs, caches, providers, samplers.

Import from the modules: `bundle` needs no ONNX Runtime, and listings stay quick for it.
"""
