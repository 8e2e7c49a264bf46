"""Code values and scene-linear light in ACES primaries, each from the other.

Transfers are those of ITU-T H.273 (table 3) and IEC 61966-2-1, the inverse of what a camera does,
so that no picture is graded; PQ counts 100 cd/m2 as 1, as OpenColorIO's ACES does, and HLG is its
scene light, 0..12. Primaries go over by a Bradford adaptation to the ACES white (S-2014-004).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from secondunit.timeline.layouts import Samples

Space = Literal["ACES2065-1", "ACEScg"]
Curve = Callable[[Samples], Samples]

_D65, _ACES_WHITE, _C = (0.3127, 0.3290), (0.32168, 0.33767), (0.310, 0.316)
_XY = {
    "bt709": ((0.640, 0.330), (0.300, 0.600), (0.150, 0.060), _D65),
    "bt470m": ((0.670, 0.330), (0.210, 0.710), (0.140, 0.080), _C),
    "bt470bg": ((0.640, 0.330), (0.290, 0.600), (0.150, 0.060), _D65),
    "smpte170m": ((0.630, 0.340), (0.310, 0.595), (0.155, 0.070), _D65),
    "smpte240m": ((0.630, 0.340), (0.310, 0.595), (0.155, 0.070), _D65),
    "bt2020": ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046), _D65),
    "smpte431": ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), (0.314, 0.351)),
    "smpte432": ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), _D65),
    "ACES2065-1": ((0.7347, 0.2653), (0.0, 1.0), (0.0001, -0.0770), _ACES_WHITE),
    "ACEScg": ((0.713, 0.293), (0.165, 0.830), (0.128, 0.044), _ACES_WHITE),
}
_BRADFORD = np.array(
    [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
)


def chromaticities(space: Space) -> tuple[float, ...]:
    """x and y of red, green, blue and white."""
    return tuple(value for point in _XY[space] for value in point)


def to_light(rgb: Samples, transfer: str, primaries: str, space: Space) -> NDArray[np.float32]:
    """Scene-linear `h w 3` of code values `h w 3` (1 is white; above and below are kept)."""
    linear = _odd(_CURVES[transfer][1], rgb)
    return (linear @ _between(primaries, space).T).astype(np.float32)


def from_light(light: Samples, transfer: str, primaries: str, space: Space) -> NDArray[np.float32]:
    """What `to_light` was given: code values `h w 3` of scene-linear `h w 3`."""
    linear = light.astype(np.float32) @ np.linalg.inv(_between(primaries, space)).T
    return _odd(_CURVES[transfer][0], linear.astype(np.float32)).astype(np.float32)


def light_of(code: Samples, transfer: str) -> NDArray[np.float32]:
    """Light of code values of any shape, in their own primaries."""
    return np.asarray(_odd(_CURVES[transfer][1], code), np.float32)


@cache
def _between(primaries: str, space: Space) -> NDArray[np.float32]:
    if primaries == space:  # light that is at home stays as it is, to the bit
        return np.eye(3, dtype=np.float32)
    source, target = _XY[primaries], _XY[space]
    cones = _BRADFORD @ _white(target[3]) / (_BRADFORD @ _white(source[3]))
    adapted = np.linalg.inv(_BRADFORD) @ np.diag(cones) @ _BRADFORD
    return (np.linalg.inv(_xyz(target)) @ adapted @ _xyz(source)).astype(np.float32)


def _white(xy: tuple[float, float]) -> NDArray[np.float64]:
    x, y = xy
    return np.array([x / y, 1.0, (1 - x - y) / y])


def _xyz(points: tuple[tuple[float, float], ...]) -> NDArray[np.float64]:
    """RGB to XYZ (SMPTE RP 177)."""
    columns = np.array([(x, y, 1 - x - y) for x, y in points[:3]]).T
    return np.asarray(columns * np.linalg.solve(columns, _white(points[3])), np.float64)


def _odd(curve: Curve, values: Samples) -> Samples:
    # Below black as above it: what a conversion makes negative comes back as it was.
    return np.copysign(curve(np.abs(values)), values)


def _camera(alpha: float, beta: float, slope: float, power: float) -> tuple[Curve, Curve]:
    """(light to code, code to light) of a power law with a straight foot."""

    def code(light: Samples) -> Samples:
        return np.where(
            light < beta, slope * light, alpha * np.maximum(light, beta) ** power - (alpha - 1)
        )

    def light(code: Samples) -> Samples:
        return np.where(
            code < slope * beta,
            code / slope,
            ((np.maximum(code, slope * beta) + (alpha - 1)) / alpha) ** (1 / power),
        )

    return code, light


def _gamma(power: float) -> tuple[Curve, Curve]:
    return lambda light: light ** (1 / power), lambda code: code**power


def _pq() -> tuple[Curve, Curve]:
    m1, m2, c1, c2, c3 = 0.1593017578125, 78.84375, 0.8359375, 18.8515625, 18.6875

    def code(light: Samples) -> Samples:
        y = (light / 100) ** m1  # of 10,000 cd/m2
        return ((c1 + c2 * y) / (1 + c3 * y)) ** m2

    def light(code: Samples) -> Samples:
        y = np.minimum(code, 1.0) ** (1 / m2)
        return 100 * (np.maximum(y - c1, 0) / (c2 - c3 * y)) ** (1 / m1)

    return code, light


def _hlg() -> tuple[Curve, Curve]:
    a, b, c = 0.17883277, 0.28466892, 0.55991073

    def code(light: Samples) -> Samples:
        return np.where(
            light <= 1, 0.5 * np.sqrt(light), a * np.log(np.maximum(light, 1.0) - b) + c
        )

    def light(code: Samples) -> Samples:
        return np.where(code <= 0.5, (2 * code) ** 2, np.exp((np.maximum(code, 0.5) - c) / a) + b)

    return code, light


_VIDEO = _camera(1.09929682680944, 0.018053968510807, 4.5, 0.45)
_CURVES: dict[str, tuple[Curve, Curve]] = {
    "bt709": _VIDEO, "smpte170m": _VIDEO, "bt2020-10": _VIDEO, "bt2020-12": _VIDEO,
    "smpte240m": _camera(1.1115, 0.0228, 4.0, 0.45),
    "iec61966-2-1": _camera(1.055, 0.0031308, 12.92, 1 / 2.4),
    "gamma22": _gamma(2.2), "gamma28": _gamma(2.8), "linear": _gamma(1.0),
    "smpte2084": _pq(), "arib-std-b67": _hlg(),
}  # fmt: skip
