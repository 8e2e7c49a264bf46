"""The control report of whole files: each control fails when its own thing is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from secondunit.catalog.deliveries import DELIVERIES
from secondunit.config import Config
from secondunit.encode.durable import files_of
from secondunit.encode.sequence import pictures_in
from secondunit.encode.writer import write
from secondunit.engine.motion.engine import load
from secondunit.engine.sources import PlanSources
from secondunit.finish.composite import composite
from secondunit.finish.finish import finish
from secondunit.finish.report import Report, control_report
from secondunit.finish.thresholds import LIMITS
from secondunit.finish.wording import lines
from secondunit.plan.shot_plan import Pin, ShotPlan
from secondunit.timeline.frames import decode
from secondunit.timeline.media import opened, probe
from secondunit.timeline.picture import Picture, picture_from_rgb, picture_of_frame
from secondunit.timeline.shot import CameraMove, MaskTrack, Media
from secondunit.units import ColourTags, FrameRange, Operation, Size

from tests.engine.pictures import dots, stroke
from tests.plans import SRGB, shot_plan, silent

H, W = 96, 128
Change = Callable[[int, np.ndarray], np.ndarray]


def still(folder: Path, rgb: np.ndarray, name: str) -> Media:
    """A lossless file of one frame."""
    h, w = rgb.shape[:2]
    plan = shot_plan(
        frames=1, handles=(0, 0), delivery="ffv1", reel=None, format="gbrp", colour=SRGB,
        size=Size(width=w, height=h),
    )  # fmt: skip
    path = folder / f"{name}.mkv"
    write(iter([picture_from_rgb(rgb, "gbrp", SRGB)]), plan, path, progress=silent)
    return probe(path, Config(data=folder))


@pytest.fixture
def animated(tmp_path: Path) -> ShotPlan:
    """Five frames of a still of which the left half may change, lossy."""
    mask = np.zeros((H, W, 3), np.float32)
    mask[:, : W // 2] = 1
    source = still(tmp_path, dots(H, W), "still")
    return shot_plan(
        operation=Operation.ANIMATE, frames=6, handles=(0, 0), reel=None,
        size=Size(width=W, height=H), work=Size(width=W, height=H), format="gbrp", colour=SRGB,
        pins=(Pin(frame=0, media=source, index=0),), generate=(FrameRange(start=1, frames=5),),
        mask=still(tmp_path, mask, "mask"),
    )  # fmt: skip


def reported(plan: ShotPlan, change: Change) -> Report:
    """The report of the still, changed frame by frame."""
    rgb = decode(plan.pins[0].media, [0])[0].rgb()
    pictures = (
        picture_from_rgb(rgb if n == 0 else change(n, rgb.copy()), "gbrp", SRGB)
        for n in range(plan.file_range.frames)
    )
    return control_report(plan, pictures, PlanSources(plan))


def inside(number: int, rgb: np.ndarray) -> np.ndarray:
    rgb[:, : W // 2] = np.roll(rgb[:, : W // 2], number, axis=0)
    return rgb


def test_change_inside_the_mask_is_precise(animated: ShotPlan) -> None:
    entry = reported(animated, inside)["M"]
    assert entry["pass"] and entry["measured"]["precision"] == 1.0
    assert entry["measured"]["recall"] > 0.2


def test_a_mask_that_moves_is_held_frame_by_frame(animated: ShotPlan, tmp_path: Path) -> None:
    planes = []
    for number in range(6):
        mask = np.zeros((H, W, 3), np.float32)
        mask[:, 16 * number : 16 * number + 32] = 1
        planes.append(still(tmp_path, mask, f"mask{number}"))
    plan = replace(animated, mask=MaskTrack(files=tuple(planes)))

    def along(number: int, rgb: np.ndarray) -> np.ndarray:
        part = slice(16 * number, 16 * number + 32)
        rgb[:, part] = np.roll(rgb[:, part], 5, axis=0)
        return rgb

    assert reported(plan, along)["M"]["pass"]
    late = reported(plan, lambda number, rgb: along(max(number - 1, 0), rgb))["M"]
    assert not late["pass"]


def test_a_soft_keyframe_is_told_and_not_judged(animated: ShotPlan) -> None:
    key = Pin(frame=3, media=animated.pins[0].media, index=0, strength=0.4)
    report = reported(replace(animated, pulls=(key,)), inside)
    (told,) = report["K"]["measured"]["pulled"]
    assert report["K"]["pass"] and (told["frame"], told["strength"]) == (3, 0.4)
    said = [line for line in lines(report) if line.title == "Keyframes, frame 3"]
    assert said[0].asked == "drawn towards it with strength 0.4"
    assert said[0].measured.endswith("only strength 1 is held to be exact")


def test_change_outside_the_mask_fails(animated: ShotPlan) -> None:
    def leak(number: int, rgb: np.ndarray) -> np.ndarray:
        rgb = inside(number, rgb)
        # Too small a patch for the mean error of the frame to tell.
        rgb[40:46, 100:106] = 1 - rgb[40:46, 100:106]
        return rgb

    entry = reported(animated, leak)["M"]
    assert not entry["pass"]
    few = reported(animated, lambda n, rgb: rgb)["M"]
    assert few["pass"] and few["measured"]["precision"] is None


def test_a_single_chroma_sample_outside_the_mask_is_seen_where_every_sample_counts(
    animated: ShotPlan,
) -> None:
    plan = replace(animated, format="yuv422p10le", colour=ColourTags(), delivery="ffv1")
    sources = PlanSources(plan)
    kept, mask = sources.picture(0), sources.delivered_mask()
    made = composite(inside(3, kept.rgb()), kept, mask)
    cb = made.planes[1].copy()
    cb[50, W // 2 - 10] ^= 1
    leaked = replace(made, planes=(made.planes[0], cb, made.planes[2]))

    def entry(last: Picture) -> dict[str, Any]:
        return control_report(plan, [kept, made, made, made, made, last], sources)["M"]

    assert entry(made)["pass"] and entry(made)["measured"]["psnr"] == "identical"
    assert not entry(leaked)["pass"]


@pytest.mark.parametrize("delivery", sorted(n for n, r in DELIVERIES.items() if not r.exact))
def test_pins_hold_through_every_lossy_delivery_and_paler_ones_do_not(
    delivery: str, tmp_path: Path
) -> None:
    h, w = 128, 256
    source = still(tmp_path, dots(h, w), "pins")
    plan = shot_plan(
        frames=3, handles=(0, 0), reel=None, format="gbrp", colour=SRGB, delivery=delivery,
        size=Size(width=w, height=h), work=Size(width=w, height=h), generate=(),
        pins=tuple(Pin(frame=n, media=source, index=0) for n in range(3)),
    )  # fmt: skip
    sources = PlanSources(plan)
    row = DELIVERIES[delivery]

    def psnr(shown: Picture) -> dict[str, Any]:
        path = tmp_path / f"clip{row.suffix}"
        facts = write(iter([shown] * 3), plan, path, progress=silent).facts
        if row.sequence:
            pictures = list(pictures_in(files_of(path), row, facts.colour, facts.format))
        else:
            with opened(path, row.container, h * w) as file:
                pictures = [picture_of_frame(f, colour=facts.colour) for f in file.decode(video=0)]
        return control_report(plan, pictures, sources)["K"]

    right = psnr(sources.picture(0))
    assert right["pass"] and right["asked"]["psnr"] == row.holds, right
    # A decibel beyond what this codec is allowed, before it has taken its own share.
    rgb = sources.picture(0).rgb()
    off = 10 ** (-(right["asked"]["psnr"] - 1) / 20) / float(np.sqrt(np.mean(rgb**2)))
    pale = psnr(picture_from_rgb((1 - off) * rgb, "gbrp", SRGB))
    assert not pale["pass"], pale


def test_flicker_where_nothing_moves_fails(animated: ShotPlan) -> None:
    steady = reported(animated, lambda n, rgb: rgb)["F"]
    assert steady["pass"] and steady["measured"] == {"flicker": 0, "source": 0, "static": 1}
    pulsing = reported(animated, lambda n, rgb: rgb * (1 - 0.01 * (n % 2)))["F"]
    assert not pulsing["pass"]
    fading = reported(animated, lambda n, rgb: rgb * (1 - 0.01 * n))["F"]
    assert fading["pass"], "a slow change of light is no flicker"


def test_the_same_frames_have_the_same_hash_and_others_another(animated: ShotPlan) -> None:
    def digest(change: Change) -> str:
        entry = reported(animated, change)["R"]
        assert entry["pass"]
        return entry["measured"]["frames_sha256"]

    assert digest(inside) == digest(inside)
    assert digest(inside) != digest(lambda n, rgb: rgb)


def test_a_file_that_is_short_says_so_and_measures_the_rest(animated: ShotPlan) -> None:
    plan = replace(animated, strokes=(stroke((0.2, 0.5), (0.3, 0.5)),))
    one = picture_from_rgb(dots(H, W), "gbrp", SRGB)
    report = control_report(plan, iter([one] * 3), PlanSources(plan))
    assert not report["T"]["pass"] and report["K"]["pass"]


@pytest.fixture
def bridged(tmp_path: Path) -> ShotPlan:
    """Four frames between footage that pans one pixel a frame."""
    wide = dots(H, W + 40)
    plan = shot_plan(
        frames=12, handles=(0, 0), delivery="ffv1", reel=None, format="gbrp", colour=SRGB,
        size=Size(width=W, height=H), work=Size(width=W, height=H),
    )  # fmt: skip
    path = tmp_path / "pan.mkv"
    frames = (picture_from_rgb(wide[:, n : n + W], "gbrp", SRGB) for n in range(12))
    write(frames, plan, path, progress=silent)
    source = probe(path, Config(data=tmp_path))
    pins = [Pin(frame=n - 4, media=source, index=n) for n in range(4)]
    pins += [Pin(frame=n - 4, media=source, index=n) for n in range(8, 12)]
    return replace(
        plan, frames=4, handles=(4, 4), pins=tuple(pins), generate=(FrameRange(start=0, frames=4),)
    )


def test_a_seam_tells_of_jumps_and_of_lost_detail(bridged: ShotPlan) -> None:
    source = decode(bridged.pins[0].media, range(12))

    def report(change: Callable[[Picture], Picture]) -> dict[str, Any]:
        shown = [change(source[n]) if 4 <= n < 8 else source[n] for n in range(12)]
        return control_report(bridged, iter(shown), PlanSources(bridged))["X"]

    whole = report(lambda picture: picture)
    assert whole["pass"] and whole["measured"]["detail_ratio"] == pytest.approx(1, abs=0.05)

    def soft(picture: Picture) -> Picture:
        rgb = picture.rgb()
        rgb = (rgb + np.roll(rgb, 1, 0) + np.roll(rgb, 1, 1) + np.roll(rgb, (1, 1), (0, 1))) / 4
        return picture_from_rgb(rgb, "gbrp", SRGB)

    assert report(soft)["measured"]["detail_ratio"] < 0.8
    flash = report(lambda picture: picture_from_rgb(picture.rgb() * 0.8, "gbrp", SRGB))
    assert not flash["pass"]


def test_light_that_goes_on_changing_is_no_jump_and_a_jump_of_it_is(bridged: ShotPlan) -> None:
    source = decode(bridged.pins[0].media, range(12))

    def report(light: Sequence[float]) -> dict[str, Any]:
        shown = [picture_from_rgb(source[n].rgb() * light[n], "gbrp", SRGB) for n in range(12)]
        return control_report(bridged, iter(shown), PlanSources(bridged))["X"]

    dusk = [1, 1, 1, 1, 0.94, 0.88, 0.83, 0.78, 0.78, 0.78, 0.78, 0.78]
    jump = [1, 1, 1, 1, 0.78, 0.78, 0.78, 0.78, 0.78, 0.78, 0.78, 0.78]
    assert report(dusk)["measured"]["seam_ratio"] < 0.7 * report(jump)["measured"]["seam_ratio"]
    assert report(dusk)["pass"] and not report(jump)["pass"]


def test_a_frame_that_is_held_at_a_seam_is_a_jolt(bridged: ShotPlan, tmp_path: Path) -> None:
    source = decode(bridged.pins[0].media, range(12))
    pins = (
        *(Pin(frame=n - 6, media=bridged.pins[0].media, index=n) for n in range(6)),
        *(Pin(frame=n - 6, media=bridged.pins[0].media, index=n) for n in range(8, 12)),
    )
    plan = replace(bridged, pins=pins, frames=2, handles=(6, 4),
                   generate=(FrameRange(start=0, frames=2),))  # fmt: skip

    def entry(order: Sequence[int], of: ShotPlan = plan) -> dict[str, Any]:
        return control_report(of, (source[n] for n in order), PlanSources(of))["X"]

    even = [*range(12)]
    assert entry(even)["pass"] and entry(even)["measured"]["held_ratio"] > 0.8
    held = entry([0, 1, 2, 3, 4, 5, 5, 6, 8, 9, 10, 11])
    assert not held["pass"] and held["measured"]["held_ratio"] == 0
    pulldown = [replace(p, index=4) if p.frame == -3 else p for p in pins]
    uneven = entry([0, 1, 2, 4, 4, 5, 5, 6, 8, 9, 10, 11], replace(plan, pins=tuple(pulldown)))
    assert "held_ratio" not in uneven["measured"], "its source holds frames itself"
    frozen = entry([0, 1, 2, 3, 4, 5, 5, 6, 8, 9, 10, 11],
                   replace(plan, operation=Operation.REPLACE))  # fmt: skip
    assert "held_ratio" not in frozen["measured"], "what is to stand may stand"


def test_a_loop_is_measured_where_it_goes_round(bridged: ShotPlan) -> None:
    source = decode(bridged.pins[0].media, range(12))
    plan = replace(
        bridged, operation=Operation.LOOP, frames=12, handles=(0, 0), pins=bridged.pins[:1],
        generate=(),
    )  # fmt: skip

    def entry(order: Sequence[int], of: ShotPlan = plan) -> dict[str, Any] | None:
        report = control_report(of, (source[n] for n in order), PlanSources(of))
        return report.get("L")

    there_and_back = entry([0, 1, 2, 3, 4, 5, 6, 5, 4, 3, 2, 1])
    assert there_and_back is not None and there_and_back["pass"]
    assert there_and_back["measured"]["step_ratio"] == pytest.approx(1, abs=0.1)
    cut = entry(range(12))
    assert cut is not None and not cut["pass"]
    frozen = entry([3] * 12)
    assert frozen is not None and not frozen["pass"]
    assert frozen["measured"]["step_ratio"] is None
    assert entry(range(12), replace(plan, operation=Operation.BRIDGE)) is None


def test_each_seam_is_held_against_the_source_on_its_own_side(bridged: ShotPlan) -> None:
    source = decode(bridged.pins[0].media, range(12))
    # A source that stands before the seam, and a made part that sets off at full speed.
    pins = tuple(replace(p, index=0 if p.frame == -4 else 1) if p.frame < 0 else p
                 for p in bridged.pins)  # fmt: skip
    plan = replace(bridged, pins=pins, operation=Operation.TRANSITION)
    order = [0, 1, 1, 1, 5, 6, 7, 7, 8, 9, 10, 11]
    report = control_report(plan, (source[n] for n in order), PlanSources(plan))
    assert not report["X"]["pass"]
    assert "F" not in report  # the light of a transition changes because it was asked to


def test_a_real_render_of_a_stroke_and_a_camera_is_measured_as_asked(
    shared: Path, tmp_path: Path
) -> None:
    config = Config(data=tmp_path, roots=(shared,))
    picture = probe(shared / "media" / "scroll.jpg", config)
    region = probe(shared / "media" / "scroll_mask.jpg", config)
    way = replace(stroke((0.30, 0.55), (0.36, 0.53)), region=region)
    plan = shot_plan(
        operation=Operation.ANIMATE, frames=6, handles=(0, 0), size=picture.size,
        work=Size(width=432, height=324), format=picture.format, colour=picture.colour,
        pins=(Pin(frame=0, media=picture, index=0),), generate=(FrameRange(start=1, frames=5),),
        strokes=(way,), cameras=(CameraMove(pan=2, dolly=4),), draft=True,
    )  # fmt: skip
    sources = PlanSources(plan)
    made = dict(load(threads=1).run(plan, sources, silent))

    def pictures() -> Iterator[Picture]:
        return finish(plan, lambda frame: made[frame], sources)

    report = control_report(plan, pictures(), sources)
    assert report["B"]["pass"] and report["C"]["pass"], report
    # The same frames are not what another request asked for.
    wrong = replace(
        plan, strokes=(replace(way, points=way.points[::-1]),), cameras=(CameraMove(pan=-2),)
    )
    report = control_report(wrong, pictures(), PlanSources(wrong))
    assert not report["B"]["pass"] and not report["C"]["pass"], report


def test_every_limit_can_be_met_and_missed() -> None:
    for control, quantities in LIMITS.items():
        for name, limit in quantities.items():
            bounds = [b for b in (limit.low, limit.high) if b is not None]
            assert bounds and all(limit.holds(b) for b in bounds), (control, name)
            assert not limit.holds(None)
            if limit.high is not None:
                assert not limit.holds(limit.high * 1.01 + 1e-9)
            if limit.low is not None:
                assert not limit.holds(limit.low * 0.99)
