"""MaxCLL, MaxFALL and the mastering display: measured, written and read back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from secondunit.encode import sidecar
from secondunit.encode.levels import Levels, measured, said
from secondunit.encode.verify import verify
from secondunit.encode.writer import write
from secondunit.plan.shot_plan import ShotPlan
from secondunit.timeline.picture import Picture, picture_from_rgb
from secondunit.units import ColourTags

from tests.plans import shot_plan, silent

PQ = ColourTags(primaries="bt2020", transfer="smpte2084", matrix="bt2020nc")


def code(nits: float) -> float:
    """The code value 0..1 of so much light (SMPTE ST 2084, equation 5.2)."""
    y = (nits / 10000) ** (2610 / 16384)
    return ((3424 / 4096 + 2413 / 128 * y) / (1 + 2392 / 128 * y)) ** (2523 / 4096 * 128)


def plan_in_pq() -> ShotPlan:
    return shot_plan(delivery="hevc_main10_pq", colour=PQ, format="yuv420p10le")


def lit(ground: float, lamp: float) -> Picture:
    """A grey ground of so many cd/m2, and a lamp on a quarter of the picture."""
    rgb = np.full((48, 64, 3), code(ground), np.float32)
    rgb[:24, :32] = code(lamp)
    return picture_from_rgb(rgb, "yuv420p10le", PQ)


@pytest.mark.parametrize(("ground", "lamp"), [(20.0, 850.0), (5.0, 2600.0), (100.0, 100.0)])
def test_the_lightest_pixel_and_the_lightest_picture_are_measured(
    ground: float, lamp: float
) -> None:
    found = measured([lit(ground, ground), lit(ground, lamp), lit(ground, ground)])

    # A step of ten bits is about half a per cent of light there.
    assert found.brightest == pytest.approx(lamp, rel=0.02)
    assert found.average == pytest.approx((3 * ground + lamp) / 4, rel=0.02, abs=1)
    assert found.brightest >= lamp * 0.995


def test_colour_counts_by_its_largest_component() -> None:
    rgb = np.zeros((48, 64, 3), np.float32)
    rgb[..., 2] = code(400)
    found = measured([picture_from_rgb(rgb, "gbrp16le", replace(PQ, matrix="gbr"))])

    assert found.brightest == found.average == pytest.approx(400, abs=2)


@pytest.mark.parametrize(("lamp", "peak"), [(850.0, 1000), (2600.0, 4000), (9000.0, 10000)])
def test_what_was_measured_stands_in_every_group_of_the_file(
    tmp_path: Path, lamp: float, peak: int
) -> None:
    plan, target = plan_in_pq(), tmp_path / "clip.mp4"
    pictures = [lit(20, lamp)] * plan.file_range.frames
    levels = measured(pictures)

    encoded = write(pictures, plan, target, progress=silent, levels=levels)

    with av.open(str(target)) as container:
        for frame in container.decode(video=0):
            assert said(frame) == (levels, peak)
    assert encoded.facts.levels == levels
    other = replace(encoded.facts, levels=Levels(brightest=levels.brightest + 1))
    (wrong,) = verify(target, other)
    assert "the light that is said" in wrong
    record = sidecar.compose(
        plan, encoded, request={}, report={}, timings={}, versions={}
    )  # fmt: skip
    assert sidecar.facts_of_record(record) == encoded.facts


def test_light_that_nobody_measured_is_said_to_be_unknown(tmp_path: Path) -> None:
    plan, target = plan_in_pq(), tmp_path / "clip.mp4"

    encoded = write(
        [lit(20, 850)] * plan.file_range.frames, plan, target, progress=silent
    )  # fmt: skip

    assert encoded.facts.levels == Levels(brightest=0, average=0)


def test_another_reader_finds_the_same_light(tmp_path: Path) -> None:
    mediainfo = pytest.importorskip("pymediainfo", reason="MediaInfo reads files where it is")
    plan, target = plan_in_pq(), tmp_path / "clip.mp4"
    pictures = [lit(20, 2600)] * plan.file_range.frames
    levels = measured(pictures)
    write(pictures, plan, target, progress=silent, levels=levels)

    video = mediainfo.MediaInfo.parse(str(target)).video_tracks[0].to_data()

    assert video["maximum_content_light_level"] == f"{levels.brightest} cd/m2"
    assert video["maximum_frameaverage_light_level"] == f"{levels.average} cd/m2"
    assert video["mastering_display_luminance"] == "min: 0.0001 cd/m2, max: 4000 cd/m2"
    assert video["mastering_display_color_primaries"] == "Display P3"
