"""Planes of floats: scaled, sampled and averaged, with OpenCV's types kept at this one edge."""

from __future__ import annotations

from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.float32]
"""`h w` or `h w c`."""

_SCALERS = {"area": cv2.INTER_AREA, "linear": cv2.INTER_LINEAR, "cubic": cv2.INTER_CUBIC}


def scaled(
    field: NDArray[np.floating],
    size: tuple[int, int],
    kind: Literal["area", "linear", "cubic"] = "linear",
) -> Field:
    """Return a field at another size (width, height); pixels are areas, corners stay corners."""
    source = np.ascontiguousarray(field, np.float32)
    result = np.asarray(cv2.resize(source, size, interpolation=_SCALERS[kind]), np.float32)
    return result.reshape(size[1], size[0], *field.shape[2:])


def places(height: int, width: int) -> Field:
    """Return the pixel centres (`h w 2`) as pixel coordinates x, y."""
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    return np.stack([x, y], axis=-1)


def sampled(
    field: NDArray[np.floating], at: NDArray[np.floating], *, mirror: bool = False
) -> Field:
    """Return a field at pixel coordinates (`h w 2`), bilinear.

    Beyond the frame its rim goes on, or with `mirror` its mirror image.
    """
    border = cv2.BORDER_REFLECT if mirror else cv2.BORDER_REPLICATE
    source = np.ascontiguousarray(field, np.float32)
    x, y = _axes(at)
    return np.asarray(cv2.remap(source, x, y, cv2.INTER_LINEAR, borderMode=border), np.float32)


def sharply(
    picture: NDArray[np.floating], at: NDArray[np.floating], *, within: bool = False
) -> Field:
    """Return a picture at pixel coordinates (`h w 2`), Lanczos; mirrored beyond the frame.

    Lanczos overshoots at edges. `within`: to nothing lighter or darker than the four pixels around
    each place. On a curve of light a tenth too much of a lamp's code is stops too much light.
    """
    source = np.ascontiguousarray(picture, np.float32)
    kernel, border = cv2.INTER_LANCZOS4, cv2.BORDER_REFLECT
    x, y = _axes(at)
    found = np.asarray(cv2.remap(source, x, y, kernel, borderMode=border), np.float32)
    if within:
        four, corner = np.ones((2, 2), np.uint8), (0, 0)  # a pixel, and those right and below
        x, y = np.floor(x), np.floor(y)
        for grow, limit in ((cv2.dilate, np.minimum), (cv2.erode, np.maximum)):
            around = grow(source, four, anchor=corner, borderType=cv2.BORDER_REPLICATE)
            bound = cv2.remap(around, x, y, cv2.INTER_NEAREST, borderMode=border)
            limit(found, bound, out=found)
    return found


def blurred(field: NDArray[np.floating], sigma: float) -> Field:
    """Return a field under a Gaussian of `sigma` pixels."""
    source = np.ascontiguousarray(field, np.float32)
    return np.asarray(cv2.GaussianBlur(source, (0, 0), sigma), np.float32)


def depth_inside(region: NDArray[np.bool_]) -> Field:
    """Return how far each pixel (`h w`) of a region is from its rim, in pixels; 0 outside.

    The frame's own border is no rim: a region goes on beyond it.
    """
    wide = cv2.copyMakeBorder(region.astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_REPLICATE)
    if wide.all():
        return np.full(region.shape, float(sum(region.shape)), np.float32)
    return np.asarray(cv2.distanceTransform(wide, cv2.DIST_L2, 5), np.float32)[1:-1, 1:-1]


def grown(region: NDArray[np.bool_], pixels: int) -> NDArray[np.bool_]:
    """Return a region (`h w`) with a rim of some pixels added."""
    if pixels < 1 or not region.any():
        return region
    return np.asarray(cv2.distanceTransform((~region).astype(np.uint8), cv2.DIST_L2, 5)) <= pixels


def lightest_near(field: NDArray[np.floating], pixels: int) -> Field:
    """Return for each pixel (`h w`) the highest value within some pixels of it."""
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * pixels + 1, 2 * pixels + 1))
    return np.asarray(cv2.dilate(np.ascontiguousarray(field, np.float32), disc), np.float32)


def _axes(at: NDArray[np.floating]) -> tuple[Field, Field]:
    return at[..., 0].astype(np.float32, copy=False), at[..., 1].astype(np.float32, copy=False)
