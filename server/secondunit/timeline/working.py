"""The working space of scene-linear light: what engines move and eyes see of it, and the way back.

Light has no top, and most of it lies next to black. Engines compare and resample what they see;
ACEScct's curve (Academy S-2016-001) spreads the stops evenly, whatever the primaries are, so that a
lamp does not ring into its surroundings. Code values of footage that is no light stay as they are.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_BREAK, _SLOPE, _OFFSET = 0.0078125, 10.5402377416545, 0.0729055341958355
_CODE_BREAK = 0.155251141552511


def coded(light: NDArray[np.floating]) -> NDArray[np.float32]:
    """Scene-linear light (any shape) as 0..1: 0.18 is 0.414; what is above 222 is cut to it."""
    light = np.asarray(light, np.float32)
    high = (np.log2(np.maximum(light, np.float32(_BREAK))) + np.float32(9.72)) / np.float32(17.52)
    low = np.float32(_SLOPE) * light + np.float32(_OFFSET)
    return np.clip(np.where(light <= _BREAK, low, high), 0, 1).astype(np.float32)


def light(code: NDArray[np.floating]) -> NDArray[np.float32]:
    """What `coded` was given."""
    code = np.asarray(code, np.float32)
    high = np.exp2(code * np.float32(17.52) - np.float32(9.72))
    low = (code - np.float32(_OFFSET)) / np.float32(_SLOPE)
    return np.where(code <= _CODE_BREAK, low, high).astype(np.float32)
