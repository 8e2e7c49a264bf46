"""What editors do today: dissolve, freeze, optical flow blended between pins or carried on."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray
from secondunit.engine.engine import RGB

from bench.motion.footage import SPAN


def dissolve(rgb: Sequence[RGB], start: int) -> list[RGB]:
    """A cross-fade between the pins."""
    a, b = rgb[start], rgb[start + SPAN]
    return [a + (b - a) * (k / SPAN) for k in range(1, SPAN)]


def freeze(rgb: Sequence[RGB], start: int) -> list[RGB]:
    """The last frame held."""
    return [rgb[start]] * SPAN


def flow_blend(rgb: Sequence[RGB], start: int) -> list[RGB]:
    """DIS flow both ways and the Super-SloMo blend (Jiang et al. 2018, equation 4)."""
    a, b = rgb[start], rgb[start + SPAN]
    ab, ba = _dis(a, b), _dis(b, a)
    out = []
    for k in range(1, SPAN):
        t = k / SPAN
        to_a = -(1 - t) * t * ab + t * t * ba
        to_b = (1 - t) ** 2 * ab - t * (1 - t) * ba
        out.append((1 - t) * _pulled(a, to_a) + t * _pulled(b, to_b))
    return out


def linear_flow(rgb: Sequence[RGB], start: int) -> list[RGB]:
    """The last DIS flow carried on in a straight line."""
    now = rgb[start]
    back = _dis(now, rgb[start - 1])
    return [_pulled(now, back * k) for k in range(1, SPAN + 1)]


def _grey(rgb: RGB) -> cv2.typing.MatLike:
    return cv2.cvtColor(np.rint(rgb * 255).astype(np.uint8), cv2.COLOR_RGB2GRAY)


def _dis(a: RGB, b: RGB) -> NDArray[np.floating]:
    flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    return flow.calc(_grey(a), _grey(b), np.zeros((*a.shape[:2], 2), np.float32)).astype(np.float32)


def _pulled(picture: RGB, flow: NDArray[np.floating]) -> RGB:
    h, w = picture.shape[:2]
    x, y = np.meshgrid(np.arange(w, dtype=np.float32), np.arange(h, dtype=np.float32))
    source = np.asarray(picture, np.float32)
    at_x, at_y = (x + flow[..., 0]).astype(np.float32), (y + flow[..., 1]).astype(np.float32)
    pulled = cv2.remap(source, at_x, at_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return pulled.astype(np.float32)
