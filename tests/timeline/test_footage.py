"""Replacements and retimes stand on the right frames of their clip, handles included."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import opentimelineio as otio
import pytest
from secondunit.timeline.controls import Faults
from secondunit.timeline.select import find_shots
from secondunit.timeline.shot import Footage
from secondunit.units import FrameRange

from tests.timeline.clips import movie
from tests.timeline.cuts import clip, config, faults, gap, marker, save, shot


def cut(
    folder: Path, note: str, start: int = 8, frames: int = 24, *, at: int = 8, marked: int = 1,
    rate: float = 25, warp: float | None = None,
) -> Path:  # fmt: skip
    """A clip of a 48-frame movie at 25, ten frames into a timeline, with a note on it."""
    movie(folder / "take.mp4")
    item = clip("take.mp4", start, frames, rate=rate)
    if warp is not None:
        item.effects.append(otio.schema.LinearTimeWarp(time_scalar=warp))
    item.markers.append(marker(note, at, marked, rate=rate))
    return save(folder, [gap(10, rate), item], rate=rate, start=0)


def places(footage: Footage) -> list[Fraction]:
    return [footage.index(n) + footage.share(n) for n in range(footage.range.start,
                                                               footage.range.end)]  # fmt: skip


def test_half_speed_lies_between_the_files_frames_from_the_same_start(tmp_path: Path) -> None:
    found = shot(cut(tmp_path, "gen: retime; speed: 50%"))
    assert found.record == FrameRange(start=10, frames=24)
    assert found.footage is not None and found.footage.lead == 8
    assert places(found.footage) == [8 + Fraction(n, 2) for n in range(-8, 24 + 8)]


def test_a_third_of_the_speed_does_not_drift(tmp_path: Path) -> None:
    found = shot(cut(tmp_path, "gen: retime; speed: 33.3%; handles: 0", frames=100))
    assert found.footage is not None
    assert places(found.footage)[99] == 8 + 99 * Fraction(333, 1000)


def test_without_a_speed_the_clips_own_warp_counts(tmp_path: Path) -> None:
    found = shot(cut(tmp_path, "gen: retime; handles: 0", warp=0.25))
    assert found.footage is not None
    assert places(found.footage) == [8 + Fraction(n, 4) for n in range(24)]


def test_without_a_speed_another_rate_is_conformed(tmp_path: Path) -> None:
    movie(tmp_path / "film.mp4", rate=Fraction(24))
    item = clip("film.mp4", 10, 20, rate=30)
    item.source_range = otio.opentime.TimeRange(
        otio.opentime.RationalTime(8, 24), otio.opentime.RationalTime(20, 30)
    )
    item.markers.append(marker("gen: retime; handles: 0", 0, 1))
    found = shot(save(tmp_path, [item], start=0))
    assert found.footage is not None
    assert places(found.footage) == [8 + n * Fraction(4, 5) for n in range(20)]


def test_a_variable_clock_is_followed_by_its_times(tmp_path: Path) -> None:
    movie(tmp_path / "phone.mkv", "ffv1", frames=4, pts=[0, 40, 120, 160],
          time_base=Fraction(1, 1000))  # fmt: skip
    item = clip("phone.mkv", 0, 4, rate=25)
    item.markers.append(marker("gen: retime; speed: 50%; handles: 0", 0, 1, rate=25))
    found = shot(save(tmp_path, [item], rate=25, start=0))
    assert found.footage is not None
    assert all(0 <= at <= 3 for at in places(found.footage))
    steps = np.diff([float(at) for at in places(found.footage)])
    assert (steps > 0).all()


def test_a_speed_past_the_files_end_names_the_frame_and_the_largest_that_fits(
    tmp_path: Path,
) -> None:
    (fault,) = faults(cut(tmp_path, "gen: retime; speed: 200%"))
    assert "frame 20 of 'take' would show frame 48, and the file has 48 (0-47)" in fault
    assert "173.9% at most, or trim the clip to 20 frames" in fault
    assert fault.endswith("markers[0].speed")
    assert shot(cut(tmp_path, "gen: retime; speed: 173.9%")).footage is not None


def test_less_than_a_frame_past_the_end_holds_the_last(tmp_path: Path) -> None:
    found = shot(cut(tmp_path, "gen: retime; speed: 50%", start=40, frames=16, at=40))
    assert found.footage is not None
    assert places(found.footage)[-2:] == [47, 47]


def test_nothing_to_retime_is_said(tmp_path: Path) -> None:
    (fault,) = faults(cut(tmp_path, "gen: retime"))
    assert "nothing to do" in fault
    (fault,) = faults(cut(tmp_path, "gen: retime; speed: 100%"))
    assert "nothing to do" in fault


@pytest.mark.parametrize(
    ("note", "frames", "warp", "word"),
    [
        ("gen: retime; speed: 50%", 1, None, "one frame has no speed"),
        ("gen: retime", 24, -1.0, "plays backwards"),
        ("gen: retime", 24, 0.0, "freeze frame"),
        ("gen: retime; speed: 50%; frames: 12", 24, None, "covers its clip"),
        ("gen: retime; speed: 10%", 2401, None, "at most 2400"),
        ("gen: replace; frames: 30", 24, None, "30 frames from frame 10 on"),
        ("gen: replace; speed: 50%", 24, None, "'speed' belongs to retime"),
        ("gen: retime; motion: freeze", 24, None, "'motion' belongs to replace"),
        ("gen: replace; motion: wobble", 24, None, "one of freeze, steady"),
    ],
)
def test_what_a_clip_cannot_have_is_refused_in_words(
    tmp_path: Path, note: str, frames: int, warp: float | None, word: str
) -> None:
    assert word in "\n".join(faults(cut(tmp_path, note, frames=frames, warp=warp)))


def test_a_still_is_for_animate(tmp_path: Path, shared: Path) -> None:
    (tmp_path / "scroll.jpg").write_bytes((shared / "media" / "scroll.jpg").read_bytes())
    item = clip("scroll.jpg", 0, 24)
    item.markers.append(marker("gen: retime; speed: 50%", 0, 1))
    assert "animate is the word" in faults(save(tmp_path, [item]))[0]


def test_a_marker_of_some_frames_is_what_is_replaced(tmp_path: Path) -> None:
    found = shot(cut(tmp_path, "gen: replace", at=12, marked=6))
    assert found.record == FrameRange(start=14, frames=6)
    assert found.footage is not None
    assert found.footage.index(0) == 12 and found.footage.index(5) == 17
    assert found.footage.range == FrameRange(start=-8, frames=22)


def test_two_parts_of_one_clip_may_be_replaced(tmp_path: Path) -> None:
    path = cut(tmp_path, "gen: replace", at=8, marked=6)
    timeline = otio.adapters.read_from_file(str(path))
    timeline.tracks[0][1].markers.append(marker("gen: replace", 20, 6, rate=25))
    otio.adapters.write_to_file(timeline, str(path))
    edit = find_shots(path, config=config(tmp_path))
    assert [s.record.start for s in edit.shots] == [10, 22] and not edit.faults
    assert len({s.id for s in edit.shots}) == 2


@pytest.mark.parametrize(
    ("word", "speed"),
    [("50%", Fraction(1, 2)), ("0.4x", Fraction(2, 5)), (0.4, Fraction(2, 5)),
     (" 104.3 % ", Fraction(1043, 1000)), (2, Fraction(2))],
)  # fmt: skip
def test_a_speed_is_read_exactly(word: object, speed: Fraction) -> None:
    found = Faults()
    assert found.speed(word, "m.speed") == speed and not found


@pytest.mark.parametrize(
    ("word", "said"),
    [("0", "freeze frame"), ("-50%", "reversed"), ("nan", "write 50%"), (float("nan"), "write 50%"),
     (True, "write 50%"), ("50", "did you mean 50%?"), ("4%", "from 5% to 1000%"), ([1], "write")],
)  # fmt: skip
def test_a_speed_that_is_none_is_a_fault(word: object, said: str) -> None:
    found = Faults()
    assert found.speed(word, "m.speed") is None
    assert said in found[0].what and found[0].path == "m.speed"
