"""Regrain: frozen or lost grain gives way to new grain of the source's strength and spectrum."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from secondunit.engine.engine import RGB
from secondunit.engine.raster import Field, blurred
from secondunit.finish.noise import Grain, apart, energy, together

_WINDOW = (7, 7)
ENOUGH = 0.85
"""Of the source's grain energy, new in each frame: more need not be done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Regrain:
    """What is done to the frames of one range."""

    first: Grain
    """Of the footage before the range."""
    last: Grain
    """Of the footage after it; the same where there is only one."""
    alive: float
    """How much of the grain in the made frames is new in each, 0..1."""

    def on(
        self, rgb: RGB, share: float, seed: int, frame: int,
        where: NDArray[np.bool_] | None = None,
    ) -> RGB:  # fmt: skip
        """A made frame (`h w 3`) with its grain; `share`: how far it is from first to last, 0..1.

        Where the picture is no busier than its grain, what is frozen of it is taken off (Lee 1980)
        and new grain put on; in texture, which hides both, only what is missing is added. The same
        seed and frame give the same bits. `where` (`h w`): it is made there, and measured there.
        """
        planes = apart(rgb)
        level = blurred(planes[0], 2.0)
        nearer = self.first if share < 0.5 else self.last
        there = min(energy(planes[0], nearer, where), 1.0)
        white = np.random.Generator(np.random.Philox(key=[seed, frame % 2**64]))
        done = []
        for channel, plane in enumerate(planes):
            variance = self._variance(channel, level, share)
            mean = cv2.boxFilter(plane, -1, _WINDOW)
            around = np.maximum(cv2.boxFilter(plane * plane, -1, _WINDOW) - mean * mean, 1e-12)
            noisy = np.clip(there * variance / around, 0, 1)
            off = (1 - self.alive) * noisy
            missing = np.maximum(1 - there * (1 - off) ** 2, 0)
            new = white.standard_normal(plane.shape, np.float32)
            new = cv2.filter2D(new, -1, nearer.kernels[channel], borderType=cv2.BORDER_REFLECT)
            done.append(plane - off * (plane - mean) + np.sqrt(variance * missing) * new)
        return together(np.stack(done).astype(np.float32))

    def _variance(self, channel: int, level: Field, share: float) -> Field:
        if self.first is self.last:
            return self.first.at(channel, level)
        one, other = self.first.at(channel, level), self.last.at(channel, level)
        return np.asarray(one + np.float32(share) * (other - one), np.float32)


def grain_seed(shot: str, seed: int) -> int:
    """64 bits that belong to a shot and its seed."""
    return int.from_bytes(hashlib.sha256(f"grain/{shot}/{seed}".encode()).digest()[:8], "big")
