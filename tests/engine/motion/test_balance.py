"""Pins in different light: the frames between them go evenly from one's to the other's."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from secondunit.engine.grade import Grade
from secondunit.engine.motion.generate import MotionEngine, classical

from bench.drawn import panning, save_clip
from bench.motion.footage import SPAN, Footage, between
from bench.motion.journey import made, planned

BRIGHTER = Grade(gain=(1.3, 1.2, 1.05))
TRANSFER = "iec61966-2-1"
START = 3


def light(frames: list[np.ndarray]) -> np.ndarray:
    """`f 3`: mean of each."""
    return np.array([frame.mean(axis=(0, 1)) for frame in frames])


def bridged(folder: Path, name: str, frames: list[np.ndarray]) -> list[np.ndarray]:
    clip = Footage(save_clip(frames, folder / f"{name}.mkv"), len(frames))
    found = made(planned(between(clip, START)), MotionEngine(classical))
    return [np.asarray(found[n]) for n in sorted(found)]


def test_every_place_of_a_frame_has_the_light_of_its_time(tmp_path: Path) -> None:
    pan = panning(96, 144, START + SPAN + 4, step=1.5)

    def lit(n: int) -> np.ndarray:
        share = float(np.clip((n - START) / SPAN, 0, 1))
        return BRIGHTER.part(share).on(0.7 * pan[n], TRANSFER)

    truth = [lit(n) for n in range(len(pan))]
    found = bridged(tmp_path, "lit", truth)
    wanted = truth[START + 1 : START + SPAN]
    assert np.abs(light(found) - light(wanted)).max() < 0.006
    # In patches, too: tiles of a frame are all as light as they should be.
    for one, other in zip(found, wanted, strict=True):
        tiles = (one - other)[:96, :144].reshape(4, 24, 6, 24, 3).mean(axis=(1, 3))
        assert np.abs(tiles[:, 1:-1]).max() < 0.02


def test_pins_in_one_light_are_blended_as_they_are(tmp_path: Path) -> None:
    pan = [0.7 * rgb for rgb in panning(96, 144, START + SPAN + 4, step=1.5)]
    found = bridged(tmp_path, "same", pan)
    assert np.abs(light(found) - light(pan[START + 1 : START + SPAN])).max() < 0.004
