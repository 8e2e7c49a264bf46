"""Colour spaces: the makers' numbers, the way there and back, and who says what a file is in."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import opentimelineio as otio
import pytest
from secondunit.catalog.colour_spaces import COLOUR_SPACES
from secondunit.config import Config
from secondunit.plan.build import Options, plan_timeline
from secondunit.plan.planned import TimelinePlan
from secondunit.timeline.colour import alike, brought, converted, space_named
from secondunit.timeline.frames import decode
from secondunit.timeline.picture import picture_from_rgb
from secondunit.timeline.shot import Home
from secondunit.units import ColourTags

from tests import odd
from tests.timeline.pictures import exr, one_picture

CONFIG = Config(data=Path("unused"))
SPAN = otio.opentime.TimeRange(
    otio.opentime.RationalTime(0, 25), otio.opentime.RationalTime(4, 25)
)  # fmt: skip
LINEAR = "Linear Rec.709 (sRGB)"
# 18 % grey in code values, as the makers and standards publish it: ARRI's LogC3 (EI 800) and LogC4
# papers, Sony's S-Log3 (420/1023), Canon's, RED's (a third), Panasonic's (42 %), S-2016-001,
# S-2014-003, IEC 61966-2-1, BT.709.
GREY = {
    "arri-logc3": 0.391, "arri-logc4": 0.2784, "slog3-sgamut3cine": 0.4106, "canonlog2": 0.398,
    "canonlog3": 0.343, "redlog3g10": 0.3333, "vlog": 0.4233, "acescct": 0.4136, "acescc": 0.4136,
    "srgb": 0.4614, "rec709": 0.409, "acescg": 0.18, "aces2065-1": 0.18,
}  # fmt: skip


@pytest.mark.parametrize("name", COLOUR_SPACES)
def test_a_space_is_its_maker_s_and_the_way_back_is_exact(name: str) -> None:
    ocio = COLOUR_SPACES[name].ocio
    assert space_named(name) == space_named(ocio) == ocio
    ramp = np.linspace(0.001, 0.9, 64, dtype=np.float32)
    rgb = np.stack([ramp, ramp[::-1], ramp * 0.5 + 0.1], axis=-1)[None].copy()
    coded = converted(rgb.copy(), LINEAR, ocio)
    assert np.allclose(converted(coded.copy(), ocio, LINEAR), rgb, atol=2e-4)
    if name in GREY:
        grey = converted(np.full((1, 1, 3), 0.18, np.float32), LINEAR, ocio)
        assert np.allclose(grey, GREY[name], atol=5e-4)


def test_a_space_has_the_names_that_tools_write() -> None:
    assert space_named("ACES - ACES2065-1") == "ACES2065-1"
    assert space_named("lin_ap1_scene") == space_named("ACES - ACEScg") == "ACEScg"
    assert space_named(" ARRI-LogC3 ") == "ARRI LogC3 (EI800)"
    for nothing in ("Raw", "data", "", "no such space", "x" * 500):
        assert space_named(nothing) is None


def test_pictures_for_a_screen_lie_side_by_side_and_others_do_not() -> None:
    assert alike("sRGB Encoded Rec.709 (sRGB)", "Camera Rec.709")
    assert not alike("ARRI LogC3 (EI800)", "Camera Rec.709")
    assert not alike("ACEScg", None)


def planned(folder: Path, *, note: str = "", metadata: dict[str, str] | None = None,
            second: str = "b.mkv", delivery: str = "ffv1") -> TimelinePlan:  # fmt: skip
    gap = otio.schema.Gap(source_range=SPAN)
    clips = [odd.cut(folder / "a.mkv", 0, 4), odd.cut(folder / second, 6, 4)]
    clips[1].media_reference.metadata.update(metadata or {})
    words = f"gen: bridge\nhandles: 2\ndelivery: {delivery}\n{note}"
    timeline = odd.edit(folder, clips[0], gap, clips[1], note=words, on=1)
    return plan_timeline(timeline, Options(), CONFIG)


def said(plan: TimelinePlan) -> str:
    return "\n".join(a.what for shot in plan.shots for a in shot.adaptations)


def footage(folder: Path) -> None:
    odd.film(folder / "a.mkv", odd.scene(1), pixels="gbrp10le")
    odd.film(folder / "b.mkv", odd.scene(2), pixels="gbrp10le")


def test_a_request_names_the_space_of_its_clips_and_nothing_is_converted(tmp_path: Path) -> None:
    footage(tmp_path)
    found = planned(tmp_path, note="colour: arri-logc3")
    assert not found.faults
    (plan,) = found.shots
    assert plan.working == "arri-logc3"
    assert "pictures are moved in the numbers they have" in said(found)
    for pin in plan.pins:
        assert (pin.media.space, pin.media.home) == ("ARRI LogC3 (EI800)", None)


def test_a_space_that_nobody_knows_is_a_fault_that_names_the_near_ones(tmp_path: Path) -> None:
    footage(tmp_path)
    (fault,) = planned(tmp_path, note="colour: arri-logc9").faults
    assert "no colour space 'arri-logc9': did you mean 'arri-logc" in fault.what
    assert fault.path.endswith(".colour")


def test_a_keyframe_painted_on_a_screen_is_brought_to_the_camera_s_log(tmp_path: Path) -> None:
    footage(tmp_path)
    grey = np.full((48, 64, 3), round(0.4614 * 65535), np.uint16)
    one_picture(tmp_path / "key.png", grey, "png", "rgb48be")
    found = planned(tmp_path, note="colour: arri-logc3\nkeyframe: 2 key.png")
    assert "key.png is brought from sRGB Encoded Rec.709 (sRGB) to ARRI LogC3" in said(found)
    (plan,) = found.shots
    (key,) = [pin for pin in plan.pins if pin.frame == 2]
    picture = decode(key.media, [0])[0]
    assert (picture.format, picture.colour) == (plan.format, plan.colour)
    assert np.allclose(picture.rgb(), 0.391, atol=1e-3)  # 18 % grey in ARRI's log
    plain = planned(tmp_path, note="keyframe: 2 key.png")  # nobody speaks of log: as it is
    assert "is brought from" not in said(plain)


def test_another_camera_s_clip_is_brought_to_the_first_one_s_space(tmp_path: Path) -> None:
    footage(tmp_path)
    found = planned(tmp_path, metadata={"ayon.source.colorspace": "Input - Panasonic - V-Log - "
                                        "V-Gamut"})  # fmt: skip
    assert "b.mkv is brought from V-Log V-Gamut to" in said(found)
    (plan,) = found.shots
    last = plan.pins[-1].media
    assert last.home is not None
    seen, raw = decode(last, [6])[6], decode(replace(last, home=None), [6])[6]
    wanted = converted(raw.rgb().copy(), "V-Log V-Gamut", last.home.space)
    assert np.allclose(seen.rgb(), np.clip(wanted, 0, 1), atol=2 / 1023)


def test_light_goes_where_light_can_be_kept(tmp_path: Path) -> None:
    plane = np.full((48, 64), 0.18, np.float16)
    for number in range(1001, 1013):
        exr(tmp_path / f"p.{number}.exr", dict.fromkeys("RGB", plane))
    gap = otio.schema.Gap(source_range=SPAN)
    clips = [odd.cut(tmp_path / "p.%04d.exr", 1001 + start, 4) for start in (0, 8)]
    note = "gen: bridge\nhandles: 2\ndelivery: prores_422_hq"
    timeline = odd.edit(tmp_path, clips[0], gap, clips[1], note=note, on=1)
    (fault,) = plan_timeline(timeline, Options(), CONFIG).faults
    assert "scene-linear light, which has no top and no place in 'prores_422_hq'" in fault.what


def test_light_takes_a_picture_of_a_screen_in_as_light(tmp_path: Path) -> None:
    tags = ColourTags(primaries="ACEScg", transfer="linear", matrix="gbr", full_range=True)
    screen = picture_from_rgb(
        np.full((4, 6, 3), 0.4614, np.float32), "gbrp16le",
        ColourTags(transfer="iec61966-2-1", matrix="gbr", full_range=True),
    )  # fmt: skip
    home = Home(source="sRGB Encoded Rec.709 (sRGB)", space="ACEScg", format="gbrpf16le",
                colour=tags)  # fmt: skip
    seen = brought(screen, home)
    assert seen.format == "gbrpf16le"
    assert np.allclose(seen.rgb(clipped=False), 0.18, atol=1e-3)
