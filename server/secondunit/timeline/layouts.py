"""Layouts of pictures: how samples lie in planes, how deep they are and how chroma is thinned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[Any]
"""`h w` code values, uint8 or uint16; of scene-linear light float16 or float32."""
Samples = NDArray[np.floating]
"""Float32 in practice; numpy's types cannot say that of mixed arithmetic."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PixelFormat:
    """A planar layout: bits per sample and how chroma is thinned (1 or 2, across and down)."""

    name: str
    bits: int
    across: int = 1
    down: int = 1
    rgb: bool = False
    light: bool = False
    """Floating point: scene-linear light, 1 a white surface, with what lies below 0 and above."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """Sample type of a plane."""
        return np.dtype(
            f"{'f' if self.light else 'u'}{self.bits // 8 if self.bits % 8 == 0 else 2}"
        )


def _rows() -> dict[str, PixelFormat]:
    rows = [PixelFormat(name="gbrp", bits=8, rgb=True)]
    rows += [PixelFormat(name=f"gbrp{b}le", bits=b, rgb=True) for b in (10, 12, 16)]
    rows += [PixelFormat(name=f"gbrpf{b}le", bits=b, rgb=True, light=True) for b in (16, 32)]
    for chroma, across, down in (("420", 2, 2), ("422", 2, 1), ("444", 1, 1)):
        rows.append(PixelFormat(name=f"yuv{chroma}p", bits=8, across=across, down=down))
        rows += [
            PixelFormat(name=f"yuv{chroma}p{b}le", bits=b, across=across, down=down)
            for b in (10, 12, 16)
        ]
    return {row.name: row for row in rows}


FORMATS = _rows()
"""Every layout a Picture may have, by FFmpeg's name."""
HALF = "gbrpf16le"
"""The layout of light as half floats, which exchanged OpenEXR files have."""
