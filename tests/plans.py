"""ShotPlans and pictures for tests: small, and each frame's number can be read from its pixels."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from secondunit.catalog.deliveries import DELIVERIES
from secondunit.encode import sidecar
from secondunit.encode.writer import Encoded, facts_of
from secondunit.plan.shot_plan import ShotPlan
from secondunit.timeline.picture import Picture, picture_from_rgb
from secondunit.timeline.shot import Place
from secondunit.units import ColourTags, FrameRange, Operation, Rate, Size

SRGB = ColourTags(transfer="iec61966-2-1", matrix="gbr", full_range=True)
BITS = 8


def shot_plan(**changes: Any) -> ShotPlan:
    """A bridge of 6 frames with handles of 2 at 24000/1001, 64x48; `changes` replace fields."""
    fields: dict[str, Any] = {
        "shot": "k3v9q2ab",
        "name": "LAD_0010",
        "operation": Operation.BRIDGE,
        "engine": "motion",
        "weights": "0" * 64,
        "steps": 6,
        "seed": 7,
        "take": 1,
        "rate": Rate(num=24000, den=1001),
        "size": Size(width=64, height=48),
        "work": Size(width=64, height=48),
        "frames": 6,
        "handles": (2, 2),
        "generate": (FrameRange(start=0, frames=6),),
        "pins": (),
        "past": None,
        "future": None,
        "mask": None,
        "strokes": (),
        "ambients": (),
        "cameras": (),
        "strength": 1.0,
        "prompt": "",
        "negative": "",
        "format": "yuv420p",
        "colour": ColourTags(),
        "timecode": 86400 + 22,
        "drop_frame": False,
        "reel": "A001C002",
        "delivery": "prores_422_hq",
        "draft": False,
        "adaptations": (),
        "place": Place(track=0, item=1, path="tracks[0].children[1]"),
    }
    return ShotPlan(**fields | changes)


def numbered_picture(number: int, plan: ShotPlan) -> Picture:
    """A picture in the plan's layout: its number as 8 grey columns, above red, green and blue."""
    h, w = plan.size.height, plan.size.width
    rgb = np.zeros((h, w, 3), np.float32)
    for bit in range(BITS):
        columns = slice(bit * w // BITS, (bit + 1) * w // BITS)
        rgb[: h // 2, columns] = 0.8 if number >> bit & 1 else 0.2
    for channel in range(3):
        columns = slice(channel * w // 3, (channel + 1) * w // 3)
        rgb[h // 2 :, columns, channel] = 0.75
    return picture_from_rgb(rgb, plan.format, plan.colour)


def number_in(picture: Picture) -> int:
    """The number that `numbered_picture` drew, read back from any layout and codec."""
    rgb = picture.rgb()
    h, w = rgb.shape[:2]
    number = 0
    for bit in range(BITS):
        middle = (2 * bit + 1) * w // (2 * BITS)
        patch = rgb[h // 8 : 3 * h // 8, middle - 1 : middle + 1]
        number |= int(patch.mean() > 0.5) << bit
    return number


def numbered_pictures(plan: ShotPlan) -> Iterator[Picture]:
    """Every picture of the plan's file, numbered from 0."""
    for number in range(plan.file_range.frames):
        yield numbered_picture(number, plan)


def silent(step: str, done: int, of: int) -> None:
    """Progress that nobody watches."""


def left_in(folder: Path) -> list[str]:
    """Names in a folder, hidden ones too."""
    return sorted(p.name for p in folder.iterdir())


def recorded_clip(folder: Path, plan: ShotPlan, content: bytes = b"frames") -> tuple[Path, Path]:
    """A stand-in for an encoded clip and its sidecar, for tests that do not look at pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    clip = folder / f"{plan.digest[:12]}{DELIVERIES[plan.delivery].suffix}"
    clip.write_bytes(content)
    encoded = Encoded(
        path=clip,
        facts=facts_of(plan),
        digest=hashlib.sha256(content).hexdigest(),
        bytes=len(content),
    )
    record = sidecar.compose(
        plan,
        encoded,
        request={"operation": plan.operation.value},
        report={"T": {"asked": 1, "measured": 1, "pass": True}},
        timings={},
        versions={},
    )
    sidecar.write(record, clip.with_suffix(".json"))
    return clip, clip.with_suffix(".json")
