"""Linear light: the transfer curves of ITU-T H.273 (table 3) and the logs of cameras, both ways.

Exposure and white balance are products and sums of light, not of code values.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from secondunit.catalog.colour_spaces import COLOUR_SPACES
from secondunit.engine.raster import Field
from secondunit.timeline import working
from secondunit.timeline.colour import CODES, curve_of

LIGHT = "linear"
"""The curve of pictures that are light itself."""
_REFERENCE = 10000 / 203
"""PQ counts to 10,000 cd/m2; HDR's reference white is 203 (ITU-R BT.2408)."""
_PQ = (2610 / 16384, 2523 / 4096 * 128, 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32)
_HLG = (0.17883277, 0.28466892, 0.55991073)
_GAMMA = {"gamma22": 2.2, "gamma28": 2.8}
# Slope below the toe, where the toe ends (in light), power above, and its surplus.
_TOED = {
    "iec61966-2-1": (12.92, 0.0031308, 1 / 2.4, 0.055),
    "smpte240m": (4.0, 0.0228, 0.45, 0.1115),
}
_CAMERA = (4.5, 0.018053968510807, 0.45, 0.09929682680944)
"""BT.709, BT.601 and BT.2020 have one curve."""


def linear(rgb: NDArray[np.floating], curve: str) -> Field:
    """Light of code values 0..1 (any shape), by a plan's `curve`; 1 is white.

    That is a transfer that `ColourTags` names, or a log space. White is diffuse white in PQ
    (203 cd/m2), where light goes to 49; the camera's own curve is undone elsewhere, not the
    screen's. Pictures of light are seen on their working curve: see `Picture.rgb`.
    """
    v, transfer = np.clip(np.asarray(rgb, np.float32), 0, 1), curve
    if transfer == LIGHT:
        return working.light(v)
    if _log(transfer):
        place = v * np.float32(CODES)
        before = np.minimum(place.astype(np.int32), CODES - 1)
        light = curve_of(transfer).astype(np.float32)
        between = (place - before) * np.diff(light)[before]
        return np.asarray(light[before] + between, np.float32)
    if transfer in _GAMMA:
        return v ** np.float32(_GAMMA[transfer])
    if transfer == "smpte2084":
        m1, m2, c1, c2, c3 = (np.float32(n) for n in _PQ)
        p = v ** (1 / m2)
        light = (np.maximum(p - c1, 0) / (c2 - c3 * p)) ** (1 / m1)
        return np.asarray(light * np.float32(_REFERENCE), np.float32)
    if transfer == "arib-std-b67":
        a, b, c = (np.float32(n) for n in _HLG)
        return np.where(v <= 0.5, v * v / 3, (np.exp((v - c) / a) + b) / 12).astype(np.float32)
    slope, toe, power, surplus = (np.float32(n) for n in _TOED.get(transfer, _CAMERA))
    above = ((v + surplus) / (1 + surplus)) ** (1 / power)
    return np.where(v < slope * toe, v / slope, above).astype(np.float32)


def coded(light: NDArray[np.floating], curve: str) -> Field:
    """The opposite of `linear`: code values 0..1; more light than the curve holds is clipped."""
    v, transfer = np.asarray(light, np.float32), curve
    if transfer == LIGHT:
        return working.coded(v)
    if _log(transfer):
        codes = np.linspace(0, 1, CODES + 1)
        return np.interp(v, curve_of(transfer), codes).astype(np.float32)
    v = np.maximum(v, 0)
    if transfer in _GAMMA:
        return np.minimum(v, 1) ** np.float32(1 / _GAMMA[transfer])
    if transfer == "smpte2084":
        m1, m2, c1, c2, c3 = (np.float32(n) for n in _PQ)
        y = np.minimum(v / np.float32(_REFERENCE), 1) ** m1
        return np.asarray(((c1 + c2 * y) / (1 + c3 * y)) ** m2, np.float32)
    if transfer == "arib-std-b67":
        a, b, c = (np.float32(n) for n in _HLG)
        v = np.minimum(v, 1)
        above = a * np.log(np.maximum(12 * v - b, 1e-6)) + c
        return np.where(v <= 1 / 12, np.sqrt(3 * v), above).astype(np.float32)
    slope, toe, power, surplus = (np.float32(n) for n in _TOED.get(transfer, _CAMERA))
    v = np.minimum(v, 1)
    return np.where(v < toe, v * slope, (1 + surplus) * v**power - surplus).astype(np.float32)


def _log(curve: str) -> bool:
    row = COLOUR_SPACES.get(curve)
    return row is not None and row.log
