"""Pictures for tests of the match: a soft scene that pans, under grain of a known strength."""

from __future__ import annotations

import cv2
import numpy as np

H, W = 144, 256
DEVIATION = 3 / 255


def scene(number: int) -> np.ndarray:
    """`h w 3` of frame `number`: soft slopes of every level with some edges, a pixel further on."""
    x = np.arange(W, dtype=np.float32) + number
    y = np.arange(H, dtype=np.float32)[:, None]
    base = 0.5 + 0.3 * np.sin(x / 60) * np.cos(y / 50)
    rgb = np.stack([base, 0.9 * base + 0.03, 0.8 * base + 0.08], axis=-1)
    for left in range(20, 400, 70):
        rgb[40:100, np.maximum(0, left - number) : np.maximum(0, left - number + 6)] *= 0.6
    return np.asarray(cv2.GaussianBlur(rgb, (0, 0), 0.7), np.float32)


def grain(seed: int, deviation: float = DEVIATION, radius: float = 0.7) -> np.ndarray:
    """`h w 3`: grain of one strength everywhere, nearly the same in all channels."""
    draw = np.random.default_rng(seed)
    white = draw.standard_normal((H, W, 1)) + 0.2 * draw.standard_normal((H, W, 3))
    soft = cv2.GaussianBlur(white.astype(np.float32), (0, 0), radius) if radius else white
    return (deviation * soft / soft.std()).astype(np.float32)


def shot(number: int, deviation: float = DEVIATION, radius: float = 0.7) -> np.ndarray:
    """A frame as a camera gives it."""
    return scene(number) + grain(number, deviation, radius)
