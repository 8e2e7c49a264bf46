"""Frames between two stages: one file each, on disk before the next is made."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import numpy as np

from secondunit.engine.engine import RGB
from secondunit.timeline.picture import Picture
from secondunit.units import ColourTags

_TOP = np.float32(65535)


def save_rgb(folder: Path, frame: int, rgb: RGB) -> None:
    """`h w 3`, 0..1, as 16-bit code values: finer than any delivery."""
    codes = np.rint(np.clip(rgb, 0, 1) * _TOP).astype(np.uint16)
    _save(folder / _name(frame, ".npy"), lambda file: np.save(file, codes))


def load_rgb(folder: Path, frame: int) -> RGB:
    """What `save_rgb` kept, `h w 3`, float32, 0..1."""
    return np.load(folder / _name(frame, ".npy"), allow_pickle=False).astype(np.float32) / _TOP


def save_picture(folder: Path, number: int, picture: Picture) -> None:
    """The planes, sample for sample."""
    _save(folder / _name(number, ".npz"), lambda file: np.savez(file, *picture.planes))


def load_picture(folder: Path, number: int, format: str, colour: ColourTags) -> Picture:
    """What `save_picture` kept; layout and tags are the caller's to remember."""
    with np.load(folder / _name(number, ".npz"), allow_pickle=False) as kept:
        planes = tuple(kept[f"arr_{i}"] for i in range(len(kept.files)))
    return Picture(format=format, colour=colour, planes=planes)


def _name(frame: int, suffix: str) -> str:
    return f"{frame:+07d}{suffix}"  # frames of the head handle are negative


def _save(path: Path, write: Callable[[BinaryIO], None]) -> None:
    with path.open("wb") as file:
        write(file)
        file.flush()
        os.fsync(file.fileno())  # a checkpoint will say that it is there
