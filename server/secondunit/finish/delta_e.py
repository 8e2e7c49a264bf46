"""CIEDE2000: how far apart two colours look (CIE 142-2001; Sharma, Wu and Dalal 2005)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from secondunit.engine.light import linear
from secondunit.units import ColourTags

# Linear RGB to CIE XYZ, each for its primaries and D65 (ITU-R BT.709, BT.2020, SMPTE RP 431/432).
_TO_XYZ = {
    "bt709": ((0.4123908, 0.3575843, 0.1804808), (0.2126390, 0.7151687, 0.0721923),
              (0.0193308, 0.1191948, 0.9505322)),
    "bt2020": ((0.6369580, 0.1446169, 0.1688810), (0.2627002, 0.6779981, 0.0593017),
               (0.0, 0.0280727, 1.0609851)),
    "smpte432": ((0.4865709, 0.2656677, 0.1982173), (0.2289746, 0.6917385, 0.0792869),
                 (0.0, 0.0451134, 1.0439444)),
}  # fmt: skip
_WHITE = np.array([0.9504559, 1.0, 1.0890578])


def lab(
    rgb: NDArray[np.floating], colour: ColourTags, curve: str | None = None
) -> NDArray[np.float64]:
    """CIELAB (D65; `... 3`) of RGB in code values 0..1; primaries we do not know are BT.709's.

    `curve`: of the plan, where that is not the transfer that the tags say.
    """
    matrix = np.asarray(_TO_XYZ.get(colour.primaries, _TO_XYZ["bt709"]))
    xyz = linear(rgb, curve or colour.transfer).astype(np.float64) @ matrix.T / _WHITE
    small = (6 / 29) ** 3
    f = np.where(xyz > small, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    x, y, z = f[..., 0], f[..., 1], f[..., 2]
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def delta_e(one: NDArray[np.floating], other: NDArray[np.floating]) -> NDArray[np.float64]:
    """CIEDE2000 between CIELAB colours (`... 3` each); 1 is about what an eye can just see."""
    l1, a1, b1 = (np.asarray(one, np.float64)[..., k] for k in range(3))
    l2, a2, b2 = (np.asarray(other, np.float64)[..., k] for k in range(3))
    mean7 = ((np.hypot(a1, b1) + np.hypot(a2, b2)) / 2) ** 7
    g = 0.5 * (1 - np.sqrt(mean7 / (mean7 + 25.0**7)))
    a1, a2 = (1 + g) * a1, (1 + g) * a2
    c1, c2 = np.hypot(a1, b1), np.hypot(a2, b2)
    h1 = np.degrees(np.arctan2(b1, a1)) % 360
    h2 = np.degrees(np.arctan2(b2, a2)) % 360
    grey = c1 * c2 == 0
    turn = np.where(grey, 0, (h2 - h1 + 180) % 360 - 180)
    # Opposite hues lie 180 apart either way; the paper takes the positive one.
    turn = np.where((turn == -180) & (h2 > h1), 180, turn)
    dl, dc = l2 - l1, c2 - c1
    dh = 2 * np.sqrt(c1 * c2) * np.sin(np.radians(turn / 2))
    lm, cm = (l1 + l2) / 2, (c1 + c2) / 2
    far = np.abs(h1 - h2) > 180
    hm = np.where(far, (h1 + h2 + np.where(h1 + h2 < 360, 360, -360)) / 2, (h1 + h2) / 2)
    hm = np.where(grey, h1 + h2, hm)
    t = (
        1
        - 0.17 * np.cos(np.radians(hm - 30))
        + 0.24 * np.cos(np.radians(2 * hm))
        + 0.32 * np.cos(np.radians(3 * hm + 6))
        - 0.20 * np.cos(np.radians(4 * hm - 63))
    )
    sl = 1 + 0.015 * (lm - 50) ** 2 / np.sqrt(20 + (lm - 50) ** 2)
    sc, sh = 1 + 0.045 * cm, 1 + 0.015 * cm * t
    cm7 = cm**7
    rotation = (
        -2
        * np.sqrt(cm7 / (cm7 + 25.0**7))
        * np.sin(np.radians(60 * np.exp(-(((hm - 275) / 25) ** 2))))
    )
    return np.sqrt(
        (dl / sl) ** 2 + (dc / sc) ** 2 + (dh / sh) ** 2 + rotation * (dc / sc) * (dh / sh)
    )
