"""Ink on paper: text, lines, arrows and pictures on an 8-bit RGB canvas, drawn with OpenCV."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

Colour = tuple[int, int, int]
"""R, G, B in 8 bits."""
Image = NDArray[np.uint8]
"""`h w 3`, RGB in 8 bits."""

_SUB = 4  # bits of a fraction of a pixel in OpenCV's coordinates


@cache
def _face() -> cv2.FontFace:
    return cv2.FontFace("sans")  # Rubik, which OpenCV 5 carries


def width_of(words: str, size: int, weight: int = 400) -> int:
    """Pixels that a line of text takes."""
    (_, _, width, _) = cv2.getTextSize((0, 0), words, (0, 0), _face(), size, weight)
    return int(width)


def fitted(words: str, width: int, size: int, weight: int = 400) -> str:
    """The text, cut with an ellipsis where it is longer than `width` pixels."""
    if width_of(words, size, weight) <= width:
        return words
    while words and width_of(words + "…", size, weight) > width:
        words = words[:-1]
    return words.rstrip() + "…"


class Canvas:
    """A picture that is drawn on; places are x, y in pixels from the top left."""

    def __init__(self, width: int, height: int, paper: Colour) -> None:
        self.pixels: Image = np.empty((height, width, 3), np.uint8)
        self.pixels[:] = paper

    def text(
        self, at: tuple[int, int], words: str, size: int, ink: Colour, weight: int = 400
    ) -> int:
        """A line whose baseline starts at `at`; returns the x where it ends."""
        cv2.putText(self.pixels, words, at, ink, _face(), size, weight)
        return at[0] + width_of(words, size, weight)

    def box(self, at: tuple[int, int], size: tuple[int, int], ink: Colour) -> None:
        """A filled rectangle."""
        x, y = at
        self.pixels[y : y + size[1], x : x + size[0]] = ink

    def frame(self, at: tuple[int, int], size: tuple[int, int], ink: Colour, thick: int) -> None:
        """An outline around a rectangle, outside it."""
        x, y, w, h = *at, *size
        for where, extent in (
            ((x - thick, y - thick), (w + 2 * thick, thick)),
            ((x - thick, y + h), (w + 2 * thick, thick)),
            ((x - thick, y), (thick, h)),
            ((x + w, y), (thick, h)),
        ):
            self.box(where, extent, ink)

    def picture(self, at: tuple[int, int], image: Image) -> None:
        """A picture as it is."""
        height, width = image.shape[:2]
        self.pixels[at[1] : at[1] + height, at[0] : at[0] + width] = image


def resized(image: Image, width: int, height: int) -> Image:
    """A picture at another size."""
    smaller = width < image.shape[1]
    kind = cv2.INTER_AREA if smaller else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(image, (width, height), interpolation=kind), np.uint8)


def outline(image: Image, region: NDArray[np.bool_], ink: Colour) -> None:
    """Draw the rim of a region (`h w`) on a picture, dark below so that it shows anywhere."""
    rims, _ = cv2.findContours(region.astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    for colour, thick in (((0, 0, 0), 4), (ink, 2)):
        cv2.drawContours(image, rims, -1, colour, thick, cv2.LINE_AA)


def line(
    image: Image, points: NDArray[np.floating], ink: Colour, *, closed: bool = False, thick: int = 3
) -> None:
    """A line through points (n 2) on a picture, dark below."""
    fixed = np.rint(points * 2**_SUB).astype(np.int32).reshape(1, -1, 2)
    for colour, extra in (((0, 0, 0), 3), (ink, 0)):
        cv2.polylines(image, list(fixed), closed, colour, thick + extra, cv2.LINE_AA, _SUB)


def arrow(image: Image, points: NDArray[np.floating], ink: Colour, thick: int = 3) -> None:
    """A line through points (n 2) with a head at its end and a dot at its start."""
    line(image, points, ink, thick=thick)
    end = points[-1]
    behind = points[np.hypot(*(points - end).T) > 3 * thick]
    if len(behind):
        way = (end - behind[-1]) / np.hypot(*(end - behind[-1]))
        side = np.array([-way[1], way[0]])
        tip = end + way * thick
        head = np.stack([tip, tip - way * 5 * thick + side * 2.4 * thick,
                         tip - way * 5 * thick - side * 2.4 * thick])  # fmt: skip
        line(image, head, ink, closed=True, thick=1)
        cv2.fillPoly(image, [np.rint(head).astype(np.int32)], ink, cv2.LINE_AA)
    dot(image, points[0], ink, thick + 2)


def dot(image: Image, at: NDArray[np.floating], ink: Colour, radius: int) -> None:
    """A filled dot with a dark rim."""
    centre: Sequence[int] = [round(float(at[0])), round(float(at[1]))]
    cv2.circle(image, centre, radius + 2, (0, 0, 0), -1, cv2.LINE_AA)
    cv2.circle(image, centre, radius, ink, -1, cv2.LINE_AA)
