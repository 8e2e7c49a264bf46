"""Pictures and files that the bench draws itself, where real footage is not enough or not there."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray
from secondunit.engine.engine import RGB


def texture(height: int, width: int, seed: int = 3) -> RGB:
    """`h w 3`: colour at every scale, so that motion can be seen anywhere in it."""
    draw = np.random.default_rng(seed)
    total = np.zeros((height, width, 3), np.float32)
    for scale in (2, 4, 8, 16, 32):
        rough = draw.standard_normal((height // scale + 2, width // scale + 2, 3))
        total += scale**0.5 * cv2.resize(
            rough.astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC
        )
    return np.clip(0.5 + 0.07 * total, 0, 1).astype(np.float32)


def grained(rgb: RGB, amount: float, *, seed: int, coloured: bool) -> RGB:
    """New grain over a picture, `amount` of full scale, each channel its own where `coloured`."""
    draw = np.random.default_rng(seed)
    grain = draw.standard_normal(rgb.shape if coloured else (*rgb.shape[:2], 1))
    return np.clip(rgb + np.float32(amount) * grain, 0, 1).astype(np.float32)


def panning(height: int, width: int, frames: int, *, step: float = 2.5, seed: int = 3) -> list[RGB]:
    """A texture that passes by, `step` pixels a frame."""
    wide = texture(height, width + int(step * frames) + 2, seed)
    patches = []
    for n in range(frames):
        centre = (step * n + (width - 1) / 2, (height - 1) / 2)
        patch = cv2.getRectSubPix(np.asarray(wide, np.float32), (width, height), centre)
        patches.append(np.asarray(patch, np.float32))
    return patches


def save_still(rgb: RGB, path: Path) -> Path:
    """A PNG of 8 bits."""
    codes = np.rint(np.clip(rgb, 0, 1) * 255).astype(np.uint8)
    codes = codes[..., None].repeat(3, axis=2) if codes.ndim == 2 else codes
    cv2.imwrite(str(path), codes[..., ::-1])
    return path


def save_clip(frames: Sequence[RGB | NDArray[np.uint8]], path: Path, rate: int = 24) -> Path:
    """A lossless .mkv (FFV1, RGB of 8 bits)."""
    height, width = frames[0].shape[:2]
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=Fraction(rate))
        stream.width, stream.height, stream.pix_fmt = width, height, "bgr0"
        for rgb in frames:
            codes = np.rint(np.clip(rgb, 0, 1) * 255).astype(np.uint8)
            frame = av.VideoFrame.from_ndarray(codes, format="rgb24")
            container.mux(stream.encode(frame.reformat(format="bgr0")))
        container.mux(stream.encode(None))
    return path
