"""Scene-linear pictures through the six rooms: what is kept is kept to the bit, and lamps stay."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import opentimelineio as otio
from secondunit.config import Config
from secondunit.jobs.stages import Rooms
from secondunit.timeline.frames import decode
from secondunit.timeline.media import probe
from secondunit.units import Rate

from tests import odd
from tests.timeline.pictures import exr

AP1 = struct.pack("<8f", 0.713, 0.293, 0.165, 0.830, 0.128, 0.044, 0.32168, 0.33767)
RATE = Rate(num=25)


def plates(folder: Path, numbers: range) -> None:
    """ACEScg plates of a scene that goes right, with a lamp of 50 times white in it."""
    draw = odd.scene(3, size=(96, 64), speed=1.5)
    for number in numbers:
        light = (draw(number - numbers.start).astype(np.float32) / 255) ** 2.4
        light[16:30, 36:54] = 50
        channels = {c: light[..., k].astype(np.float16) for k, c in enumerate("RGB")}
        exr(folder / f"sh010.{number}.exr", channels,
            more={"chromaticities": ("chromaticities", AP1)})  # fmt: skip


def test_light_goes_through_every_room_and_comes_back_as_light(tmp_path: Path) -> None:
    plates(tmp_path, range(1001, 1021))
    span = otio.opentime.TimeRange(
        otio.opentime.RationalTime(0, 25), otio.opentime.RationalTime(4, 25)
    )
    gap = otio.schema.Gap(source_range=span)
    clips = [odd.cut(tmp_path / "sh010.%04d.exr", start, 6) for start in (1001, 1012)]
    note = "gen: bridge\nhandles: 2\ndelivery: exr_half_acescg"
    timeline = odd.edit(tmp_path, clips[0], gap, clips[1], note=note, on=1)
    plan, result = odd.rendered(timeline, Rooms(Config(data=tmp_path / "data")))
    assert (plan.working, plan.format, plan.colour.primaries) == (
        "ACEScct curve", "gbrpf16le", "ACEScg",
    )  # fmt: skip
    source = probe(tmp_path / "sh010.%04d.exr", Config(data=tmp_path), rate=RATE)
    folder = next(p for p in (tmp_path / "data" / "job").rglob("*.1001.exr")).parent
    stem = next(folder.glob("*.1001.exr")).name.removesuffix(".1001.exr")
    made = probe(folder / f"{stem}.%04d.exr", Config(data=tmp_path), rate=RATE)
    assert made.frames == 8 and made.colour == source.colour
    own = decode(source, [4, 5, 11, 12])
    got = decode(made, range(8))
    for number, index in ((0, 4), (1, 5), (6, 11), (7, 12)):
        assert got[number].same_as(own[index]), number
    for number in range(2, 6):
        assert got[number].rgb(clipped=False)[20:26, 40:50].min() > 20, "a lamp went out"
    assert result is not None
