"""The sample edits: drawn anew they are the same, and an NLE's reader takes them as they are."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import opentimelineio as otio
import pytest
from secondunit.config import Config
from secondunit.timeline.select import find_shots
from secondunit.timeline.shot import Media, Shot
from secondunit.units import FrameRange, Operation

pytest.importorskip("cv2", reason="the samples are painted with OpenCV: the engine extra has it")

SAMPLES = Path(__file__).resolve().parent.parent / "samples"
TIMELINES = (
    "animate", "bridge", "camera", "extend", "loop", "replace", "retime", "transition",
)  # fmt: skip
FILM, CINEMA = Fraction(24000, 1001), Fraction(24)


def _run(script: str, *arguments: str | Path) -> str:
    done = subprocess.run(
        [sys.executable, SAMPLES / script, *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All samples, drawn small into a folder of their own."""
    folder = tmp_path_factory.mktemp("samples")
    said = _run("draw.py", "--out", folder, "--width", "128")
    assert "street.mov" in said
    return folder


@pytest.mark.parametrize("name", TIMELINES)
def test_a_committed_timeline_is_what_the_script_writes(drawn: Path, name: str) -> None:
    assert (drawn / f"{name}.otio").read_bytes() == (SAMPLES / f"{name}.otio").read_bytes()


@pytest.mark.parametrize("name", TIMELINES)
def test_stock_opentimelineio_opens_a_sample_and_its_media_is_there(drawn: Path, name: str) -> None:
    timeline = otio.adapters.read_from_file(str(drawn / f"{name}.otio"))
    assert isinstance(timeline, otio.schema.Timeline)
    start = timeline.global_start_time
    assert start is not None
    assert start.value == 86400  # 01:00:00:00 counts 24 frames a second at both rates
    clips = list(timeline.find_clips())
    assert len(clips) >= 3
    for clip in clips:
        reference = clip.media_reference
        assert isinstance(reference, otio.schema.ExternalReference)
        assert not Path(reference.target_url).is_absolute()
        assert (drawn / reference.target_url).is_file()
        there, shown = clip.available_range(), clip.trimmed_range()
        assert there.start_time <= shown.start_time
        assert shown.end_time_exclusive() <= there.end_time_exclusive()


@pytest.mark.parametrize(
    ("file", "rate", "timecode", "reel", "pixels"),
    [
        ("coast_a.mov", FILM, "18:42:10:00", "A004C007", "yuv422p10le"),
        ("coast_b.mov", FILM, "18:42:13:12", "A004C007", "yuv422p10le"),
        ("street.mov", CINEMA, "21:05:32:12", "B002C011", "yuv420p"),
    ],
)
def test_footage_carries_exact_rate_timecode_reel_and_colour(
    drawn: Path, file: str, rate: Fraction, timecode: str, reel: str, pixels: str
) -> None:
    with av.open(str(drawn / "footage" / file)) as container:
        stream = container.streams.video[0]
        assert stream.average_rate == rate
        assert stream.metadata["timecode"] == timecode
        kept = [s.metadata.get("reel_name") for s in container.streams]
        assert reel in kept
        frames = list(container.decode(stream))
        assert len(frames) == 60
        assert [round((frame.time or 0.0) * rate, 3) for frame in frames] == list(range(60))
        assert frames[0].format.name == pixels
        tags = (frames[0].color_primaries, frames[0].color_trc, frames[0].colorspace)
        assert tuple(map(int, tags)) == (1, 1, 1)
        assert int(frames[0].color_range) == 1


def test_the_two_halves_of_the_coast_take_leave_the_gap_open(drawn: Path) -> None:
    shot = _shot(drawn, "bridge")
    assert shot.request.operation is Operation.BRIDGE
    assert shot.record == FrameRange(start=96, frames=24)
    assert shot.before is not None
    assert shot.after is not None
    assert shot.before.shown.indexes[-1] == 59  # nothing lies beyond the cut in either file
    assert shot.after.shown.indexes[0] == 0
    assert not shot.before.beyond.indexes
    missing = shot.after.shown.media.start - shot.before.shown.media.start - 60
    assert missing == 24


def test_the_short_clip_ends_with_its_file_and_asks_for_its_tail(drawn: Path) -> None:
    shot = _shot(drawn, "extend")
    assert shot.request.operation is Operation.EXTEND
    assert shot.request.edge == "tail"
    assert shot.record == FrameRange(start=96, frames=24)
    assert shot.before is not None
    assert shot.before.shown.indexes[-1] == 59


def test_the_boat_to_be_moved_lies_where_the_mask_allows_and_under_the_stroke(drawn: Path) -> None:
    shot = _shot(drawn, "animate")
    assert shot.request.operation is Operation.ANIMATE
    (stroke,) = shot.request.strokes
    (ambient,) = shot.request.ambients
    assert isinstance(shot.request.mask, Media)
    assert isinstance(stroke.region, Media)
    assert isinstance(ambient.region, Media)
    mask, boat, water = (
        _matte(media.path) for media in (shot.request.mask, stroke.region, ambient.region)
    )
    assert mask.min() == 0  # the quay and the sky stay
    assert mask.max() == 255
    assert (mask[boat > 250] > 250).all()
    assert (mask[water > 250] > 250).all()
    x, y = stroke.points[0]
    assert boat[int(y * boat.shape[0]), int(x * boat.shape[1])] > 250


def test_the_lake_is_a_still_with_a_camera_move(drawn: Path) -> None:
    shot = _shot(drawn, "camera")
    (move,) = shot.request.cameras
    assert shot.still is not None
    assert shot.still.media.still
    assert (move.dolly, move.truck, move.ease) == (9, 3, "in-out")


def test_the_transition_stands_on_a_jump_cut_with_handles_on_both_sides(drawn: Path) -> None:
    shot = _shot(drawn, "transition")
    assert shot.request.operation is Operation.TRANSITION
    assert (shot.record, shot.cut) == (FrameRange(start=62, frames=12), 6)
    assert shot.before is not None and shot.after is not None
    assert shot.before.beyond.indexes[:6] == (20, 21, 22, 23, 24, 25)
    assert shot.after.beyond.indexes[-6:] == (34, 35, 36, 37, 38, 39)


def test_the_loop_is_a_still_whose_water_moves(drawn: Path) -> None:
    shot = _shot(drawn, "loop")
    assert shot.request.operation is Operation.LOOP
    assert shot.still is not None and shot.still.media.still
    assert len(shot.request.ambients) == 1
    assert shot.record == FrameRange(start=48, frames=48)


def test_only_what_is_missing_is_drawn_and_it_comes_out_the_same(drawn: Path) -> None:
    footage = drawn / "footage"
    stills = ["lake.jpg", "harbour.png", "harbour_mask.png", "harbour_boat.png"]
    before = {name: hashlib.sha256((footage / name).read_bytes()).digest() for name in stills}
    kept = (footage / "coast_a.mov").stat().st_mtime_ns
    for name in stills:
        (footage / name).unlink()
    _run("draw.py", "--out", drawn, "--width", "128")
    assert kept == (footage / "coast_a.mov").stat().st_mtime_ns
    for name, digest in before.items():
        assert hashlib.sha256((footage / name).read_bytes()).digest() == digest, name


def test_the_lorry_stands_under_its_matte_where_its_replacement_starts(drawn: Path) -> None:
    shot = _shot(drawn, "replace")
    assert shot.record == FrameRange(start=60, frames=24)
    assert shot.footage is not None and shot.footage.index(0) == 24
    lorry, road = (_matte(drawn / "footage" / f"coast_{n}.png") > 127 for n in ("lorry", "road"))
    assert not (lorry & ~road).any() and 0.03 < lorry.mean() < 0.1


def test_the_slow_walk_is_made_of_two_frames_for_every_five(drawn: Path) -> None:
    shot = _shot(drawn, "retime")
    assert shot.footage is not None
    assert [shot.footage.index(n) for n in (0, 5, 10)] == [12, 14, 16]


def test_a_picture_shows_the_cut_before_and_after(drawn: Path) -> None:
    after = otio.adapters.read_from_file(str(drawn / "bridge.otio"))
    assert isinstance(after, otio.schema.Timeline)
    track = after.tracks[0]
    other = otio.schema.Clip.from_json_string(track[1].to_json_string())
    other.source_range = otio.opentime.TimeRange(
        other.source_range.start_time, track[2].source_range.duration
    )
    track[2] = other
    otio.adapters.write_to_file(after, str(drawn / "filled.otio"))
    target = drawn / "pictures" / "bridge.png"
    said = _run(
        "side_by_side.py", drawn / "bridge.otio", drawn / "filled.otio",
        "--out", target, "--width", "800",
    )  # fmt: skip
    assert str(target) in said
    picture = _pixels(target).astype(int)
    assert picture.shape[1] == 800
    middle = picture[:, 390:410]
    rows = np.flatnonzero((middle.max(axis=2) <= 2).mean(axis=1) > 0.9)
    assert len(rows) > 60  # the hole of the upper strip
    accent = (abs(picture - [244, 166, 60]).max(axis=2) < 8).sum()
    assert accent > 800  # frames of the lower strip, and the block on the track


def _shot(folder: Path, name: str) -> Shot:
    edit = find_shots(folder / f"{name}.otio", config=Config(data=folder / "data"))
    assert not edit.faults, edit.faults
    (shot,) = edit.shots
    return shot


def _pixels(path: Path) -> np.ndarray:
    with av.open(str(path)) as container:
        return next(container.decode(video=0)).to_ndarray(format="rgb24")


def _matte(path: Path) -> np.ndarray:
    return _pixels(path)[..., 0]
