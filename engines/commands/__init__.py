"""The verbs of the command line, one file a group.

Each file has `add(verbs)`, which declares its verbs. What is slow to import (torch, ONNX Runtime,
numpy) is imported inside the functions that do the work, so that help and listings answer at once.
"""
