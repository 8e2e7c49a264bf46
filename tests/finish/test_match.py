"""Made frames that drift in colour or freeze in grain are finished like the source beside them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from secondunit.config import Config
from secondunit.encode.writer import write
from secondunit.engine.grade import NEUTRAL, Grade
from secondunit.engine.light import coded, linear
from secondunit.engine.sources import PlanSources
from secondunit.finish.finish import finish, look
from secondunit.finish.report import control_report
from secondunit.finish.wording import lines
from secondunit.plan.shot_plan import Pin, ShotPlan
from secondunit.timeline import working
from secondunit.timeline.layouts import HALF
from secondunit.timeline.media import probe
from secondunit.timeline.picture import Picture, picture_from_rgb, picture_of_light
from secondunit.timeline.shot import MaskTrack, Media, SourceFrames
from secondunit.units import ColourTags, FrameRange, Operation, Size

from tests.finish.filmed import H, W, grain, scene, shot
from tests.plans import SRGB, shot_plan, silent

SIDE, MADE = 5, 6
COUNT = 2 * SIDE + MADE
WARM = Grade(gain=(1.25, 1.15, 1.05))
DARK = Grade(gain=(0.62, 0.6, 0.55))
"""Three quarters of a stop."""
Frames = Callable[[int], np.ndarray]


def movie(
    folder: Path, frame: Frames, name: str = "take", count: int = COUNT, *,
    format: str = "gbrp", colour: ColourTags = SRGB,
) -> Media:  # fmt: skip
    size = Size(width=W, height=H)
    plan = shot_plan(
        frames=count, handles=(0, 0), delivery="ffv1", reel=None, format=format, colour=colour,
        size=size, work=size,
    )  # fmt: skip
    path = folder / f"{name}.mkv"
    pictures = (picture_from_rgb(frame(n), format, colour) for n in range(count))
    write(pictures, plan, path, progress=silent)
    return probe(path, Config(data=folder))


def bridge(source: Media, **changes: Any) -> ShotPlan:
    """Six frames between five of the source before them and five after."""
    size = Size(width=W, height=H)
    numbers = [*range(SIDE), *range(SIDE + MADE, COUNT)]
    fields: dict[str, Any] = {
        "frames": MADE, "handles": (SIDE, SIDE), "delivery": "ffv1", "reel": None,
        "format": "gbrp", "colour": SRGB, "size": size, "work": size,
        "pins": tuple(Pin(frame=n - SIDE, media=source, index=n) for n in numbers),
        "generate": (FrameRange(start=0, frames=MADE),),
    }  # fmt: skip
    return shot_plan(**fields | changes)


def finished(plan: ShotPlan, made: Frames) -> tuple[list[Picture], Any, dict[str, Any]]:
    """The file's pictures, the match, and the report; `made` by frame of the shot."""
    sources = PlanSources(plan)
    match = look(plan, made, sources)
    pictures = list(finish(plan, made, sources, match=match))
    return pictures, match, control_report(plan, pictures, PlanSources(plan), match.before)


def mean(picture: Picture) -> np.ndarray:
    return picture.rgb().mean(axis=(0, 1))


def test_an_engine_whose_colour_drifts_is_brought_back_at_both_ends(tmp_path: Path) -> None:
    plan = bridge(movie(tmp_path, scene))
    pictures, match, report = finished(plan, lambda n: WARM.on(scene(n + SIDE), "iec61966-2-1"))
    assert match.before["E"]["delta_e"] > 3
    entry = report["E"]
    assert entry["pass"] and entry["measured"]["delta_e"] < 0.5
    assert entry["measured"]["before"] == match.before["E"]
    for number in range(SIDE, SIDE + MADE):
        assert np.abs(pictures[number].rgb() - scene(number)).mean() < 2 / 255
    (line,) = [line for line in lines(report) if line.control == "E"]
    assert "before the match" in line.measured and line.passed


def test_the_grade_of_footage_in_log_is_a_gain_of_its_light(tmp_path: Path) -> None:
    """LogC3 has the tags of BT.709: taken for that, a stop is no gain, and blacks are lifted."""

    def log(n: int, gain: Grade = NEUTRAL) -> np.ndarray:
        light = 2 * linear(scene(n), "iec61966-2-1")
        return coded(gain.on_light(light), "arri-logc3")

    colour = replace(SRGB, transfer="bt709")
    source = movie(tmp_path, log, format="gbrp16le", colour=colour)
    plan = bridge(source, format="gbrp16le", colour=colour, working="arri-logc3")
    assert plan.curve == "arri-logc3"

    pictures, match, report = finished(plan, lambda n: log(n + SIDE, DARK))

    assert match.before["E"]["delta_e"] > 3 and report["E"]["pass"]
    for number in range(SIDE, SIDE + MADE):
        stops = np.log2(
            linear(pictures[number].rgb(), "arri-logc3") / linear(log(number), "arri-logc3")
        )
        assert np.abs(stops).max() < 0.12, "from the deepest shadow to the brightest light"


def test_the_grade_of_scene_linear_pictures_is_a_gain_of_their_light(tmp_path: Path) -> None:
    colour = ColourTags(primaries="ACEScg", transfer="linear", matrix="gbr", full_range=True)

    def light(n: int) -> np.ndarray:
        return 8 * linear(scene(n), "iec61966-2-1") ** 2  # lamps, and shadows below 1/1000

    folder = tmp_path / "plates"
    written = shot_plan(
        frames=COUNT, handles=(0, 0), delivery="exr_half_acescg", format=HALF, colour=colour,
        size=Size(width=W, height=H),
    )  # fmt: skip
    pictures = (picture_of_light(light(n), HALF, colour) for n in range(COUNT))
    write(pictures, written, folder, progress=silent)
    source = probe(folder / "plates.%04d.exr", Config(data=tmp_path))
    plan = bridge(
        source, format=HALF, colour=colour, working="ACEScct curve", delivery="exr_half_acescg"
    )
    assert source.colour == colour and plan.curve == "linear"

    found, match, report = finished(
        plan, lambda n: working.coded(DARK.on_light(light(n + SIDE)).astype(np.float32))
    )

    assert match.before["E"]["delta_e"] > 3 and report["E"]["pass"]
    for number in range(SIDE, SIDE + MADE):
        own, made = light(number), found[number].rgb(clipped=False)
        lit = own > 0.002
        assert np.abs(np.log2(made[lit] / own[lit])).max() < 0.2


def test_a_drift_at_one_end_is_undone_little_by_little(tmp_path: Path) -> None:
    plan = bridge(movie(tmp_path, scene))

    def drifting(n: int) -> np.ndarray:
        return WARM.part(n / (MADE - 1)).on(scene(n + SIDE), "iec61966-2-1")

    pictures, _, report = finished(plan, drifting)
    assert report["E"]["pass"]
    off = [np.abs(mean(pictures[n + SIDE]) - scene(n + SIDE).mean(axis=(0, 1))).max()
           for n in range(MADE)]  # fmt: skip
    assert max(off) < 0.02


def test_light_that_goes_from_one_clips_to_the_others_is_left_alone(tmp_path: Path) -> None:
    def dawn(n: int) -> np.ndarray:
        share = float(np.clip((n - SIDE + 1) / (MADE + 1), 0, 1))
        return WARM.part(share).on(scene(n), "iec61966-2-1")

    plan = bridge(movie(tmp_path, dawn))
    pictures, match, report = finished(plan, lambda n: dawn(n + SIDE))
    assert match.ranges == ()
    assert report["E"]["pass"] and report["E"]["measured"]["beside"] > 0.3
    assert np.abs(pictures[SIDE].rgb() - dawn(SIDE)).max() < 1 / 255


def test_a_jump_of_colour_that_stays_fails_the_report(tmp_path: Path) -> None:
    plan = bridge(movie(tmp_path, scene))
    shown = [
        picture_from_rgb(
            WARM.on(scene(n), "iec61966-2-1") if SIDE <= n < SIDE + MADE else scene(n), "gbrp", SRGB
        )
        for n in range(COUNT)
    ]
    entry = control_report(plan, shown, PlanSources(plan))["E"]
    assert not entry["pass"] and entry["measured"]["delta_e"] > 3


def frozen(n: int) -> np.ndarray:
    return scene(n + SIDE) + 0.7 * grain(99)


def test_frozen_grain_lives_again_and_pins_stay_bit_for_bit(tmp_path: Path) -> None:
    plan = bridge(movie(tmp_path, shot))
    pictures, match, report = finished(plan, frozen)
    assert match.before["G"]["alive"] < 0.3
    assert report["G"]["pass"], report["G"]
    assert report["K"]["measured"]["psnr"] == "identical"
    again, _, _ = finished(plan, frozen)
    assert all(a.same_as(b) for a, b in zip(pictures, again, strict=True))
    some = list(finish(plan, frozen, PlanSources(plan), numbers=[SIDE + 2]))
    assert some[0].same_as(pictures[SIDE + 2]), "whoever asks for a frame gets the same"


def test_grain_none_leaves_frames_as_the_engine_made_them(tmp_path: Path) -> None:
    plan = bridge(movie(tmp_path, shot), grain="none")
    pictures, match, report = finished(plan, frozen)
    assert match.ranges == () and "G" not in report
    made = picture_from_rgb(frozen(2), "gbrp", SRGB)
    assert pictures[SIDE + 2].same_as(made)


def test_frozen_grain_that_stays_fails_the_report(tmp_path: Path) -> None:
    plan = bridge(movie(tmp_path, shot))
    shown = list(finish(replace(plan, grain="none"), frozen, PlanSources(plan)))
    assert not control_report(plan, shown, PlanSources(plan))["G"]["pass"]


def test_footage_without_grain_gets_none(tmp_path: Path) -> None:
    plan = bridge(movie(tmp_path, scene))
    pictures, match, report = finished(plan, lambda n: scene(n + SIDE))
    assert match.ranges == () and "G" not in report
    assert pictures[SIDE + 1].same_as(picture_from_rgb(scene(SIDE + 1), "gbrp", SRGB))


def test_without_handles_the_context_tells_of_the_grain(tmp_path: Path) -> None:
    source = movie(tmp_path, shot)
    ends = tuple(Pin(frame=f, media=source, index=f + SIDE) for f in (-1, MADE))
    past = SourceFrames(media=source, indexes=tuple(range(SIDE - 1)))
    plan = bridge(source, handles=(0, 0), pins=ends, past=past)
    _, match, report = finished(plan, frozen)
    assert [one.regrain is not None for one in match.ranges] == [True]
    assert report["G"]["pass"], report["G"]
    _, match, report = finished(replace(plan, past=None), frozen)
    assert match.ranges == () and "G" not in report


def test_one_picture_that_moves_keeps_its_grain_as_it_is(tmp_path: Path) -> None:
    source = movie(tmp_path, shot, count=1)
    size = Size(width=W, height=H)
    plan = shot_plan(
        operation=Operation.ANIMATE, frames=5, handles=(0, 0), delivery="ffv1", reel=None,
        format="gbrp", colour=SRGB, size=size, work=size,
        pins=(Pin(frame=0, media=source, index=0),), generate=(FrameRange(start=1, frames=4),),
    )  # fmt: skip
    _, match, report = finished(plan, lambda n: np.roll(shot(0), n, axis=1))
    assert match.ranges == () and not {"E", "G"} & report.keys()


def test_outside_the_mask_grain_is_the_sources_own(tmp_path: Path) -> None:
    white = np.zeros((H, W, 3), np.float32)
    white[:, : W // 2] = 1
    source = movie(tmp_path, shot)
    mask = movie(tmp_path, lambda n: white, "mask", 1)
    plan = bridge(source, mask=MaskTrack(files=(mask,)), operation=Operation.EXTEND)
    plan = replace(plan, pins=plan.pins[:SIDE], handles=(SIDE, 0))
    held = shot(SIDE - 1)
    pictures, match, report = finished(plan, lambda n: held)
    assert match.ranges[0].regrain is not None
    kept = picture_from_rgb(held, "gbrp", SRGB)
    for picture in pictures[SIDE:]:
        assert np.array_equal(picture.planes[0][:, W // 2 :], kept.planes[0][:, W // 2 :])
        assert not np.array_equal(picture.planes[0][:, : W // 2], kept.planes[0][:, : W // 2])
    assert report["M"]["measured"]["psnr"] == "identical"


@pytest.mark.parametrize("key", ["E", "G"])
def test_the_report_says_in_words_what_was_matched(tmp_path: Path, key: str) -> None:
    plan = bridge(movie(tmp_path, shot))
    _, _, report = finished(plan, lambda n: WARM.on(frozen(n), "iec61966-2-1"))
    (line,) = [line for line in lines(report) if line.control == key]
    assert line.passed, (line, report[key])
    assert "before the match" in line.measured
