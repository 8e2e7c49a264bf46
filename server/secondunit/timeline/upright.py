"""How a file says that its pictures lie: quarter turns and mirrors, undone sample by sample."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from secondunit.timeline.layouts import FORMATS, Plane
from secondunit.timeline.picture import Picture
from secondunit.units import Size


@dataclass(frozen=True, slots=True, kw_only=True)
class Orientation:
    """What makes a stored picture upright: first mirrored left to right, then turned."""

    turns: int = 0
    """Quarter turns clockwise, 0 to 3."""
    mirrored: bool = False

    @property
    def upright(self) -> bool:
        """Nothing has to be done."""
        return not self.turns and not self.mirrored

    def size(self, stored: Size) -> Size:
        """Size of the upright picture."""
        if self.turns % 2:
            return Size(width=stored.height, height=stored.width)
        return stored

    def words(self) -> str:
        """What is done, for an editor."""
        done = ["mirrored"] * self.mirrored + [f"turned by {90 * self.turns} degrees"] * (
            self.turns > 0
        )
        return " and ".join(done)


AS_STORED = Orientation()

# Exif 2.32, table "Orientation": how to come from the stored picture to the upright one.
_EXIF = {
    1: AS_STORED, 2: Orientation(mirrored=True), 3: Orientation(turns=2),
    4: Orientation(turns=2, mirrored=True), 5: Orientation(turns=3, mirrored=True),
    6: Orientation(turns=1), 7: Orientation(turns=1, mirrored=True), 8: Orientation(turns=3),
}  # fmt: skip


def orientation_of_exif(number: int) -> Orientation:
    """The Orientation of an Exif or TIFF tag 274; a number that means nothing changes nothing."""
    return _EXIF.get(number, AS_STORED)


def upright(picture: Picture, orientation: Orientation) -> Picture:
    """The picture as it is meant to be seen: its own samples at other places.

    4:2:2 chroma cannot lie down in any layout we keep; a quarter turn brings it to 4:4:4, luma
    as it was.
    """
    if orientation.upright:
        return picture
    layout = FORMATS[picture.format]
    if orientation.turns % 2 and layout.across != layout.down:
        depth = "" if layout.bits == 8 else f"{layout.bits}le"
        picture = picture.converted(f"yuv444p{depth}", picture.colour)
    return replace(picture, planes=tuple(_turned(plane, orientation) for plane in picture.planes))


def _turned(plane: Plane, orientation: Orientation) -> Plane:
    if orientation.mirrored:
        plane = plane[:, ::-1]
    return np.ascontiguousarray(np.rot90(plane, -orientation.turns))
