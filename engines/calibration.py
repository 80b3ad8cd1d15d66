"""Whether probabilities are what they say: of answers given with 0.8, eight in ten are right."""

from typing import Any

import numpy as np
import numpy.typing as npt

BINS = 15


def calibration_error(
    confidence: npt.NDArray[np.floating[Any]], right: npt.NDArray[np.bool_], bins: int = BINS
) -> float:
    """How far confidences in [0, 1] are from the share that is right: the mean over bins of equal
    width, by how many fall into each. Naeini et al. 2015, Obtaining Well Calibrated Probabilities.
    """
    if not confidence.size:
        return 0.0
    places = np.minimum((confidence * bins).astype(np.int64), bins - 1)
    counts = np.bincount(places, minlength=bins)
    sure = np.bincount(places, confidence, bins)
    hits = np.bincount(places, right, bins)
    return float(np.abs(sure - hits).sum() / counts.sum())
