"""A steady hand: the brush hangs on a string behind the pen and follows where it pulls.

The pursuit curve, sampled: small shakes never tighten the string, and unlike an average of the last
events it does not depend on how many a second a tablet sends. Points are in layout pixels.
"""

import math

from studio.document.raster import Point


class Steady:
    """A brush on a string of that length; 0 ties it to the pen."""

    def __init__(self, length: float, start: Point) -> None:
        self.length = max(length, 0.0)
        self.brush = start

    def pull(self, pen: Point) -> bool:
        """The pen moved; whether the brush did."""
        dx, dy = pen[0] - self.brush[0], pen[1] - self.brush[1]
        far = math.hypot(dx, dy)
        if far <= self.length:
            return False
        share = (far - self.length) / far
        self.brush = (self.brush[0] + dx * share, self.brush[1] + dy * share)
        return True
