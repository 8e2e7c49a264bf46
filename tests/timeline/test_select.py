"""Requests on a timeline become Shots with the right frames, names and places."""

from __future__ import annotations

from pathlib import Path

from secondunit.config import Config
from secondunit.timeline.select import find_shots
from secondunit.units import FrameRange, Operation, Rate, Size

from tests.timeline.cuts import bring, clip, gap, marker, save, span


def config(folder: Path) -> Config:
    return Config(data=folder / "data")


def test_a_marker_over_a_gap_is_a_bridge_between_the_frames_at_the_cut(
    shared: Path, tmp_path: Path
) -> None:
    bring(shared, tmp_path, "train.m4v")
    path = save(
        tmp_path,
        [clip("train.m4v", 100, 48), gap(24), clip("train.m4v", 172, 48)],
        start=108000,
        markers=[marker("gen: bridge", 48, 24)],
    )
    edit = find_shots(path, config=config(tmp_path))
    assert edit.faults == ()
    (shot,) = edit.shots
    assert (shot.request.operation, shot.rate, shot.size) == (
        Operation.BRIDGE, Rate(num=30), Size(width=320, height=180),
    )  # fmt: skip
    assert shot.record == FrameRange(start=48, frames=24)
    assert shot.timecode_start == 108000
    assert shot.before is not None and shot.after is not None
    assert shot.before.shown.indexes == tuple(range(148 - 34, 148))
    assert shot.before.beyond.indexes == tuple(range(148, 148 + 32))
    assert shot.after.shown.indexes == tuple(range(172, 172 + 34))
    assert shot.after.beyond.indexes == tuple(range(172 - 32, 172))
    assert shot.name == "train"
    assert (shot.place.track, shot.place.item) == (0, 1)
    assert len(shot.id) == 8


def test_a_clip_too_short_gets_a_tail(shared: Path, tmp_path: Path) -> None:
    bring(shared, tmp_path, "train.m4v")
    short = clip("train.m4v", 10, 30)
    short.markers.append(marker("gen: extend\nedge: tail\nframes: 24", 39))
    edit = find_shots(save(tmp_path, [short]), config=config(tmp_path))
    assert edit.faults == ()
    (shot,) = edit.shots
    assert shot.record == FrameRange(start=30, frames=24)
    assert shot.before is not None and shot.after is None
    assert shot.before.shown.indexes == tuple(range(10, 40))
    assert shot.before.beyond.indexes == tuple(range(40, 72))


def test_a_still_is_animated_inside_its_mask_along_a_stroke(shared: Path, tmp_path: Path) -> None:
    bring(shared, tmp_path, "scroll.jpg", "scroll_mask.jpg")
    still = clip("scroll.jpg", 0, 48, rate=24, available=span(0, 1, 24))
    still.markers.append(
        marker(
            "gen: animate\nmask: scroll_mask.jpg\nstroke: 0.2,0.5 > 0.3,0.5 over 0-24\n"
            "prompt: boats drift",
            rate=24,
        )
    )
    edit = find_shots(save(tmp_path, [still], rate=24, start=86400), config=config(tmp_path))
    assert edit.faults == ()
    (shot,) = edit.shots
    assert shot.still is not None and shot.still.indexes == (0,)
    assert shot.size == Size(width=810, height=608)
    assert shot.record == FrameRange(start=0, frames=48)
    assert shot.request.mask is not None and shot.request.mask.size == shot.size
    (stroke,) = shot.request.strokes
    assert stroke.points == ((0.2, 0.5), (0.3, 0.5))
    assert stroke.over == FrameRange(start=0, frames=24)
    assert shot.request.prompt == "boats drift"
