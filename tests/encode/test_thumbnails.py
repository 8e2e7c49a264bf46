"""Thumbnails show the frames that were asked for."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
from secondunit.catalog.deliveries import DELIVERIES
from secondunit.encode.thumbnails import poster, spread, strip
from secondunit.encode.writer import write
from secondunit.errors import DeliveryError
from secondunit.timeline.picture import Picture, picture_of_frame

from tests.plans import left_in, number_in, numbered_pictures, shot_plan, silent


def png(path: Path) -> Picture:
    with av.open(str(path)) as container:
        return picture_of_frame(next(container.decode(video=0)))


@pytest.mark.parametrize("delivery", ["prores_422_hq", "h264", "ffv1"])
def test_a_strip_shows_the_asked_frames_in_order(tmp_path: Path, delivery: str) -> None:
    plan = shot_plan(delivery=delivery, frames=30)
    clip = tmp_path / f"clip{DELIVERIES[delivery].suffix}"
    write(numbered_pictures(plan), plan, clip, progress=silent)

    strip(clip, tmp_path / "strip.png", frames=(0, 17, 33), height=48)

    planes = png(tmp_path / "strip.png").planes
    shown = [
        number_in(
            Picture(
                format="gbrp",
                colour=png(tmp_path / "strip.png").colour,
                planes=tuple(p[:, i * 66 : i * 66 + 64] for p in planes),
            )
        )
        for i in range(3)
    ]
    assert shown == [0, 17, 33]
    assert left_in(tmp_path) == sorted([clip.name, "strip.png"])


def test_a_poster_is_no_larger_than_the_picture(tmp_path: Path) -> None:
    plan = shot_plan()
    write(numbered_pictures(plan), plan, tmp_path / "clip.mov", progress=silent)

    poster(tmp_path / "clip.mov", tmp_path / "poster.png", frame=5)

    picture = png(tmp_path / "poster.png")
    assert picture.size == plan.size
    assert number_in(picture) == 5


def test_thumbnails_of_a_draft_say_so(tmp_path: Path) -> None:
    plan = shot_plan(frames=30)
    clip = tmp_path / "clip.mov"
    write(numbered_pictures(plan), plan, clip, progress=silent)
    poster(clip, tmp_path / "poster.png", frame=5)
    poster(clip, tmp_path / "draft.png", frame=5, draft=True)
    strip(clip, tmp_path / "strip.png", frames=(5, 6), draft=True)
    plain, stamped = (png(tmp_path / f"{name}.png") for name in ("poster", "draft"))
    assert stamped.size == plain.size and not stamped.same_as(plain)
    # One corner is the word's, the rest is the picture's.
    assert all(
        np.array_equal(a[-8:], b[-8:]) for a, b in zip(plain.planes, stamped.planes, strict=True)
    )
    corner = png(tmp_path / "strip.png").planes[0][:12, :24]
    assert np.array_equal(corner, stamped.planes[0][:12, :24])


def test_a_frame_past_the_end_is_an_error_and_leaves_nothing(tmp_path: Path) -> None:
    plan = shot_plan()
    write(numbered_pictures(plan), plan, tmp_path / "clip.mov", progress=silent)

    with pytest.raises(DeliveryError, match="no frame 10"):
        poster(tmp_path / "clip.mov", tmp_path / "poster.png", frame=10)

    assert left_in(tmp_path) == ["clip.mov"]


def test_frames_are_spread_over_the_whole_clip() -> None:
    assert spread(10, 4) == (0, 3, 6, 9)
    assert spread(2, 6) == (0, 1)
    assert spread(1, 6) == (0,)
