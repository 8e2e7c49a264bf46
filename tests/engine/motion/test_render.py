"""The renderer: pixels where the motion says, the source's own sharpness, nothing elsewhere."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from secondunit.engine import conditioning
from secondunit.engine.motion import fill, render, splat
from secondunit.engine.motion.conditions import prior
from secondunit.engine.raster import places, sampled
from secondunit.timeline.shot import CameraMove
from secondunit.units import FrameRange

from tests.engine.pictures import MEDIA, animation, decibels, dots, moved_by, similarity, stroke

HEIGHT, WIDTH = 180, 320
MOVIE = replace(MEDIA, still=False, frames=9)
STILL = dots(HEIGHT, WIDTH)


def mover(plan, sources, motion=None) -> render.Mover:
    ((_, forth, back),) = conditioning.spans(plan)
    guide, _ = conditioning.guides(plan, sources, forth, back)
    assert guide is not None
    return render.Mover(guide, prior(guide.conditions) if motion is None else motion)


def box(top: int, bottom: int, left: int, right: int) -> np.ndarray:
    plane = np.zeros((HEIGHT, WIDTH), np.float32)
    plane[top:bottom, left:right] = 1
    return plane


@pytest.mark.parametrize(
    ("move", "part", "asked"),
    [
        (CameraMove(pan=4), "dx", -0.07498),
        (CameraMove(tilt=3), "dy", 0.09991),
        (CameraMove(roll=5), "roll", 5.0),
        (CameraMove(truck=8), "dx", -0.08),
        (CameraMove(pedestal=6), "dy", 0.06),
        (CameraMove(dolly=10), "scale", 1.1),
        (CameraMove(zoom=1.2), "scale", 1.2),
    ],
)
def test_every_camera_move_measures_as_asked(move: CameraMove, part: str, asked: float) -> None:
    plan, sources = animation(STILL, 9, cameras=(move,))
    shown = mover(plan, sources)
    for frame, share in ((4, 0.5), (8, 1.0)):
        found = similarity(STILL, shown.render(frame).picture)[part]
        wanted = 1 + share * (asked - 1) if part == "scale" else share * asked
        size = abs(wanted - 1) if part == "scale" else abs(wanted)
        assert found == pytest.approx(wanted, abs=0.05 * size)


def test_a_camera_move_keeps_the_sharpness_of_the_still() -> None:
    plan, sources = animation(STILL, 9, cameras=(CameraMove(truck=5),))  # 16 pixels
    shown = mover(plan, sources).render(8).picture
    assert decibels(shown[:, : WIDTH - 16], STILL[:, 16:]) > 60


def test_a_moved_region_is_the_same_pixels_and_the_rest_is_the_still() -> None:
    region = box(60, 120, 100, 180)
    plan, sources = animation(STILL, 9, strokes=(stroke((0.3, 0.5), (0.4, 0.5)),))  # 32 pixels
    sources.regions["stroke", 0] = region
    shown = mover(plan, sources).render(8).picture
    assert decibels(shown[62:118, 134:210], STILL[62:118, 102:178]) > 50
    untouched = box(55, 125, 95, 215) == 0
    assert np.array_equal(shown[untouched], STILL[untouched])


def test_pixels_that_must_stay_stay_to_the_bit() -> None:
    plane = box(40, 140, 60, 260)
    plan, sources = animation(
        STILL, 9, plane=plane, strokes=(stroke((0.3, 0.5), (0.6, 0.4)),),
        cameras=(CameraMove(zoom=1.3),),
    )  # fmt: skip
    shown = mover(plan, sources).render(8).picture
    assert np.array_equal(shown[plane == 0], STILL[plane == 0])
    assert not np.allclose(shown[plane == 1], STILL[plane == 1])


def test_a_grey_of_a_half_goes_half_as_far_and_is_no_double_image() -> None:
    region = 0.5 * box(60, 120, 100, 180)
    plan, sources = animation(STILL, 9, strokes=(stroke((0.3, 0.5), (0.4, 0.5)),))  # 32 pixels
    sources.regions["stroke", 0] = region
    shown = mover(plan, sources).render(8).picture
    assert decibels(shown[62:118, 118:194], STILL[62:118, 102:178]) > 45
    plan, sources = animation(
        STILL, 9, plane=np.full((HEIGHT, WIDTH), 0.5, np.float32), cameras=(CameraMove(truck=10),)
    )
    found = similarity(STILL, mover(plan, sources).render(8).picture)
    assert found["dx"] == pytest.approx(-0.05, abs=0.001)


def test_a_slope_of_grey_stretches_and_its_dark_end_stays() -> None:
    plane = np.broadcast_to(np.linspace(-0.5, 1.5, WIDTH, dtype=np.float32), (HEIGHT, WIDTH))
    plane = np.clip(plane, 0, 1)
    plan, sources = animation(STILL, 9, plane=plane, cameras=(CameraMove(truck=-5),))  # 16 pixels
    shown = mover(plan, sources).render(8).picture
    assert np.array_equal(shown[plane == 0], STILL[plane == 0])
    assert decibels(shown[:, 260:], STILL[:, 244:-16]) > 50
    for left, share in ((120, 0.25), (200, 0.75)):
        part = np.zeros((HEIGHT, WIDTH), np.bool_)
        part[40:140, left - 4 : left + 5] = True
        assert moved_by(STILL, shown, part)[0] == pytest.approx(16 * share, abs=2)


def test_a_camera_behind_a_mask_looks_through_a_window() -> None:
    plane = box(40, 140, 60, 260)
    wall = np.where(plane[..., None] > 0, STILL, np.array((1, 0, 0), np.float32))
    plan, sources = animation(wall, 9, plane=plane, cameras=(CameraMove(truck=10),))  # 32 pixels
    shown = mover(plan, sources).render(8).picture
    assert np.array_equal(shown[plane == 0], wall[plane == 0])
    assert decibels(shown[50:130, 70:220], wall[50:130, 102:252]) > 45
    # What comes in at the rim is more of the view, none of the wall.
    red = shown[50:130, 230:255]
    assert ((red[..., 0] > 0.9) & (red[..., 1:] < 0.1).all(axis=-1)).mean() < 0.01


def test_a_mask_that_moves_keeps_each_frame_outside_it() -> None:
    plan, sources = animation(STILL, 9, cameras=(CameraMove(truck=10),), mask=MOVIE)

    def plane_at(frame: int) -> np.ndarray:
        return box(0, HEIGHT, 30 * frame, 30 * frame + 80)

    sources.planes = plane_at
    shown = mover(plan, sources)
    for frame in (2, 5):
        found = shown.render(frame).picture
        outside = plane_at(frame) == 0
        assert np.array_equal(found[outside], STILL[outside])
        assert np.abs(found - STILL)[~outside].mean() > 0.01


def test_what_leaves_the_frame_does_not_come_back_mirrored() -> None:
    plan, sources = animation(STILL, 9, strokes=(stroke((0.5, 0.8), (0.5, 0.4)),))
    sources.regions["stroke", 0] = box(130, 170, 100, 180)
    shown = mover(plan, sources).render(8).picture
    gone = box(126, 175, 95, 185) + box(50, 110, 95, 185) > 0
    assert np.array_equal(shown[~gone], STILL[~gone])


def test_what_a_region_leaves_behind_is_not_the_region() -> None:
    still = np.full((HEIGHT, WIDTH, 3), (0.2, 0.4, 0.8), np.float32)
    region = box(60, 120, 100, 160)
    still[region > 0] = (0.9, 0.1, 0.1)
    plan, sources = animation(still, 9, strokes=(stroke((0.3, 0.5), (0.6, 0.5)),))
    sources.regions["stroke", 0] = region
    shown = mover(plan, sources).render(8).picture
    assert np.abs(shown[60:120, 100:160] - (0.2, 0.4, 0.8)).max() < 0.02
    assert np.abs(shown[64:116, 200:252] - (0.9, 0.1, 0.1)).max() < 0.01


def test_a_stroke_starts_and_ends_with_its_range_between_the_motions_samples() -> None:
    way = stroke((0.3, 0.5), (0.4, 0.5), over=FrameRange(start=10, frames=3))
    plan, sources = animation(STILL, 61, strokes=(way,))
    sources.regions["stroke", 0] = box(60, 120, 100, 180)
    shown = mover(plan, sources)
    assert np.array_equal(shown.render(10).picture[60:120, 100:180], STILL[60:120, 100:180])
    for frame in (12, 13, 60):
        after = shown.render(frame).picture
        assert decibels(after[62:118, 134:210], STILL[62:118, 102:178]) > 50


def test_splatting_shows_the_more_important_of_two_that_meet() -> None:
    motion = np.zeros((40, 60, 2), np.float32)
    motion[10:30, 10:20, 0] = 20
    rank = np.where(motion[..., 0] > 0, 1, 0.2).astype(np.float32)
    origin = splat.turn_round(motion, rank, np.ones_like(rank))
    assert np.allclose(origin.offset[12:28, 32:38], (20, 0), atol=1e-3)
    assert origin.hole[14:26, 13:17].all()
    assert not origin.hole[:, 22:].any()
    assert np.allclose(origin.offset[:5], 0)


def test_a_smooth_motion_is_inverted_to_a_hundredth_of_a_pixel() -> None:
    y, x = np.mgrid[:60, :80].astype(np.float32)
    motion = np.stack([3 + 0.05 * x, 0.04 * (y - 30)], axis=-1)
    offset = splat.invert(motion, np.array([3, 0], np.float32), rounds=8)
    arrived = sampled(motion, places(60, 80) - offset)
    assert np.abs(arrived - offset)[10:-10, 20:-10].max() < 0.01


def test_where_both_anchors_agree_they_are_mixed_by_time_and_elsewhere_one_is_shown() -> None:
    sure = np.ones((40, 60), np.float32)

    def shown(level: float, weight: float) -> render.Rendering:
        picture = np.full((40, 60, 3), level, np.float32)
        return render.Rendering(picture=picture, weight=sure * np.float32(weight))

    first = shown(0.50, 1)
    assert render.blended(first, shown(0.52, 1)).mean() == pytest.approx(0.51, abs=1e-3)
    assert render.blended(first, shown(0.52, 0.01)).mean() == pytest.approx(0.5, abs=1e-3)
    assert render.blended(first, shown(0.52, 100)).mean() == pytest.approx(0.52, abs=1e-3)
    assert render.blended(first, shown(0.9, 0.03)).mean() == pytest.approx(0.5, abs=5e-3)


def test_a_clean_plate_continues_what_is_beside_the_hole_and_changes_nothing_else() -> None:
    still = np.repeat(np.linspace(0, 1, HEIGHT, dtype=np.float32)[:, None], WIDTH, axis=1)
    still = np.repeat(still[..., None], 3, axis=2)
    gone = box(60, 120, 100, 180) > 0
    marked = still.copy()
    marked[gone] = 1
    plate = fill.clean_plate(marked, gone)
    assert np.array_equal(plate[~gone], marked[~gone])
    assert np.abs(plate - still)[gone].max() < 0.12


def test_a_hard_mask_is_softened_inwards_only() -> None:
    plane = box(40, 140, 60, 260)
    soft = render.feathered(plane)
    assert not soft[plane == 0].any()
    assert np.all(soft[60:120, 80:240] == 1)
    assert 0 < soft[90, 60] < 1
    assert np.all(render.feathered(np.ones_like(plane)) == 1)


def test_an_objects_outline_stays_crisp_and_a_rim_through_plain_ground_is_soft() -> None:
    region = box(40, 140, 60, 260)
    object_of_its_own = np.full((HEIGHT, WIDTH, 3), 0.2, np.float32) + 0.6 * region[..., None]
    assert np.abs(render.fitted(region, object_of_its_own) - region).max() < 0.05
    water = np.full((HEIGHT, WIDTH, 3), 0.5, np.float32)
    soft = render.fitted(region, water)
    assert soft[90, 60] < 0.5
    assert not soft[region == 0].any()
