"""Mirror symmetry of painting: each pixel that is drawn comes up on the other sides too."""

from dataclasses import dataclass

from studio.document.raster import Area, Point, Room, Shape, whole


@dataclass(frozen=True)
class Mirror:
    """`across`: left and right are mirrored at the column `x`; `down`: up and down at the row `y`.

    Axes lie between pixels or in the middle of one (whole or half numbers), so that every pixel has
    exactly one image.
    """

    across: bool = False
    down: bool = False
    x: float = 0.0
    y: float = 0.0

    @property
    def on(self) -> bool:
        """Whether anything is mirrored."""
        return self.across or self.down

    def at(self, point: Point) -> "Mirror":
        """It with its axes through a point, or as near as pixels allow."""
        return Mirror(self.across, self.down, round(point[0] * 2) / 2, round(point[1] * 2) / 2)

    def room(self, size: Room) -> Area:
        """All that has an image in an array of that size."""
        area = size if isinstance(size, Area) else whole(size)
        for image in self.copies(Shape(area)):
            area = area.union(image.area)
        return area

    def copies(self, shape: Shape) -> list[Shape]:
        """A shape and its images."""
        shapes = [shape]
        if self.across:
            shapes += [_across(each, round(2 * self.x)) for each in shapes]
        if self.down:
            shapes += [_down(each, round(2 * self.y)) for each in shapes]
        return shapes


def _across(shape: Shape, twice: int) -> Shape:
    a = shape.area
    mask = None if shape.mask is None else shape.mask[:, ::-1]
    return Shape(Area(a.top, twice - a.right, a.bottom, twice - a.left), mask)


def _down(shape: Shape, twice: int) -> Shape:
    a = shape.area
    mask = None if shape.mask is None else shape.mask[::-1]
    return Shape(Area(twice - a.bottom, a.left, twice - a.top, a.right), mask)
