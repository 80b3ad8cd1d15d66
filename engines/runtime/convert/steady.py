"""Against flicker: where a video stands still, its frames are a running mean."""

import numpy as np
import numpy.typing as npt
from scipy.ndimage import uniform_filter  # type: ignore[import-untyped]

Pixels = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]

WINDOW = 7  # pixels a side over which a change is averaged: noise goes, motion stays
STILL = 4.0  # grey levels by which a place may change and still count as standing


class Steady:
    """Mixes each frame with what was before, by `strength` in [0, 1) at most.

    A place moves where the input, averaged over a window, differs from the mean of the inputs that
    went into the result there. It then takes the new frame alone, so that nothing is dragged along;
    and where all moved long enough, as in a pan, nothing is mixed.
    """

    def __init__(self, strength: float) -> None:
        self.strength = strength
        self.made: Floats | None = None  # (H, W, 3), what was given last
        self.seen: Floats | None = None  # (h, w, 3), the inputs that it comes of

    def take(self, source: Pixels, made: Pixels) -> Pixels:
        """The frame to show for an input (h, w, 3) and what the model made of it (H, W, 3), whose
        sides are multiples of the input's, or of another shape: then the input is not looked at.
        """
        fresh, now = made.astype(np.float32), source.astype(np.float32)
        if self.made is None or self.seen is None or self.made.shape != fresh.shape:
            self.made, self.seen = fresh, now
            return made
        change = uniform_filter(now - self.seen, (WINDOW, WINDOW, 1), mode="nearest")
        still = np.exp(-np.square(np.abs(change).max(2) / np.float32(STILL)))
        kept = (np.float32(self.strength) * still).astype(np.float32)[..., None]
        self.seen = now + kept * (self.seen - now)
        self.made = fresh + _grown(kept, fresh.shape) * (self.made - fresh)
        shown: Pixels = np.rint(self.made).clip(0, 255).astype(np.uint8)
        return shown

    @property
    def state(self) -> dict[str, Floats]:
        """All that the next frame hangs on."""
        if self.made is None or self.seen is None:
            return {}
        return {"made": self.made, "seen": self.seen}

    def restore(self, state: dict[str, Floats]) -> None:
        """Go on where `state` was taken."""
        self.made, self.seen = state.get("made"), state.get("seen")


def _grown(kept: Floats, shape: tuple[int, ...]) -> Floats:
    """A map (h, w, 1) at another size (H, W), by the nearest place."""
    if kept.shape[:2] == shape[:2]:
        return kept
    rows, columns = (
        np.arange(new) * old // new for new, old in zip(shape[:2], kept.shape[:2], strict=True)
    )
    grown: Floats = kept[rows][:, columns]
    return grown
