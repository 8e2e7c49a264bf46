"""Cut-outs laid over a picture: strips of the world that slide by, and single figures."""

from __future__ import annotations

import cv2
import numpy as np

from scenery.film import Light
from scenery.noise import Grid
from scenery.terrain import Lens


class Layer:
    """A strip of the world at one distance, repeating sideways."""

    def __init__(
        self, light: Light, cover: Grid, *, depth: float, top: float, x: float = 0.0
    ) -> None:
        """`light` is premultiplied; `top` is the row it begins at; `x` is its middle, in metres."""
        self._both = np.dstack([light, cover]).astype(np.float32)
        self.depth, self.top, self.x = depth, top, x

    def onto(self, picture: Light, x: float, lens: Lens) -> None:
        """Lay the strip over a picture seen from `x` metres."""
        h, w = self._both.shape[:2]
        shift = lens.centre - w / 2 + (self.x - x) * lens.focal / self.depth
        y0, y1 = max(round(self.top), 0), min(round(self.top) + h, lens.height)
        if y1 <= y0:
            return
        rows = self._both[y0 - round(self.top) : y1 - round(self.top)]
        move = np.asarray([[1, 0, shift], [0, 1, 0]], np.float32)
        seen = cv2.warpAffine(
            rows, move, (lens.width, y1 - y0), borderMode=cv2.BORDER_WRAP, flags=cv2.INTER_LINEAR
        )
        part = picture[y0:y1]
        part *= 1 - seen[..., 3:]
        part += seen[..., :3]


def paste(light: Light, above: Light, cover: Grid, left: float, top: float, *, blur: float) -> None:
    """Lay a cut-out over a picture, in place, to a fraction of a pixel; `blur` pixels sideways."""
    both = cv2.copyMakeBorder(np.dstack([above, cover]), 2, 2, 8, 8, cv2.BORDER_CONSTANT)
    reach = max(1, round(blur))
    both = cv2.blur(both, (reach, 1)) if reach > 1 else both
    x0, y0 = int(np.floor(left)) - 8, int(np.floor(top)) - 2
    move = np.asarray([[1, 0, left - np.floor(left)], [0, 1, top - np.floor(top)]], np.float32)
    both = cv2.warpAffine(both, move, (both.shape[1] + 1, both.shape[0] + 1))
    y1, x1 = y0 + both.shape[0], x0 + both.shape[1]
    ya, yb, xa, xb = max(y0, 0), min(y1, light.shape[0]), max(x0, 0), min(x1, light.shape[1])
    if ya >= yb or xa >= xb:
        return
    cut = both[ya - y0 : yb - y0, xa - x0 : xb - x0]
    part = light[ya:yb, xa:xb]
    part *= 1 - cut[..., 3:]
    part += cut[..., :3]
