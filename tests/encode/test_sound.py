"""The sound under a take: the right samples, to the sample, and silence where it was made."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from secondunit.catalog.deliveries import DELIVERIES
from secondunit.config import Config
from secondunit.encode.sound import span
from secondunit.encode.verify import verify
from secondunit.encode.writer import Encoded, write
from secondunit.plan.shot_plan import Pin, ShotPlan
from secondunit.timeline.media import probe
from secondunit.timeline.shot import Footage, Media, SourceFrames
from secondunit.units import Operation, Rate, Size

from tests.plans import numbered_pictures, shot_plan, silent

FILM = Rate(num=24000, den=1001)
STEP = 64
"""Between two samples of a source: sample k has the 24-bit code k * STEP."""


def source(
    path: Path, *, rate: Rate = FILM, frames: int = 30, layouts: tuple[str, ...] = ("stereo",),
    hz: int = 48000, sign: int = 1,
) -> Media:  # fmt: skip
    """A movie whose every sample says which one it is; the right channel is negative."""
    with av.open(str(path), "w", format="mov") as container:
        video = container.add_stream("prores_ks", rate=rate.fraction, options={"profile": "proxy"})
        assert isinstance(video, av.VideoStream)
        video.width, video.height, video.pix_fmt = 64, 48, "yuv422p10le"
        streams = []
        for layout in layouts:
            audio = container.add_stream("pcm_s24le", rate=hz, layout=layout)
            audio.time_base = Fraction(1, hz)
            streams.append(audio)
        for n in range(frames):
            frame = av.VideoFrame(64, 48, "yuv422p10le")
            for plane in frame.planes:
                plane.update(bytes([0, 2]) * (plane.buffer_size // 2))
            frame.pts, frame.time_base = n, 1 / rate.fraction
            container.mux(video.encode(frame))
        count = round(frames * hz / rate.fraction)
        for audio, layout in zip(streams, layouts, strict=True):
            ramp = (np.arange(count, dtype=np.int32) * STEP % 2**22) * sign << 8
            channels = {"mono": 1, "stereo": 2}[layout]
            codes = np.stack([ramp, -ramp][:channels], axis=1)
            sounding = av.AudioFrame.from_ndarray(
                np.ascontiguousarray(codes).reshape(1, -1), format="s32", layout=layout
            )
            sounding.sample_rate, sounding.pts, sounding.time_base = hz, 0, Fraction(1, hz)
            container.mux(audio.encode(sounding))
            container.mux(audio.encode(None))
        container.mux(video.encode(None))
    return probe(path, Config(data=path.parent / "data", roots=(path.parent,)))


def bridge(before: Media, after: Media, **changes: Any) -> ShotPlan:
    """6 frames between frames 8, 9 of one file and 20, 21 of another."""
    pins = [Pin(frame=n - 2, media=before, index=8 + n) for n in range(2)]
    pins += [Pin(frame=6 + n, media=after, index=20 + n) for n in range(2)]
    return shot_plan(**{"pins": tuple(pins), "audio": "keep", **changes})


def delivered(plan: ShotPlan, folder: Path) -> Encoded:
    target = folder / DELIVERIES[plan.delivery].name_of("clip")
    return write(numbered_pictures(plan), plan, target, progress=silent)


def heard(path: Path) -> list[NDArray[np.int32]]:
    """`s c` of each stream, as 24-bit codes."""
    tracks = []
    with av.open(str(path)) as container:
        for n in range(len(container.streams.audio)):
            container.seek(0)
            stream = container.streams.audio[n]
            assert stream.codec_context.name == "pcm_s24le"
            assert stream.codec_context.sample_rate == 48000
            parts = [
                frame.to_ndarray().reshape(-1, stream.codec_context.channels).astype(np.int32) >> 8
                for frame in container.decode(stream)
            ]
            tracks.append(np.concatenate(parts))
    return tracks


def codes(first: int, count: int, sign: int = 1) -> NDArray[np.int64]:
    """Of a source's left channel."""
    return (np.arange(first, first + count) * STEP % 2**22) * sign


@pytest.mark.parametrize("delivery", [name for name, row in DELIVERIES.items() if row.sound])
def test_neighbours_sound_under_the_handles_and_silence_between(
    tmp_path: Path, delivery: str
) -> None:
    before = source(tmp_path / "a.mov")
    after = source(tmp_path / "b.mov", sign=-1)
    plan = bridge(before, after, delivery=delivery, size=Size(width=256, height=144))

    made = delivered(plan, tmp_path)

    path = made.path / "clip.wav" if DELIVERIES[delivery].sequence else made.path
    (track,) = heard(path)
    assert len(track) == 10 * 2002, "2002 samples to a frame at 23.976 and 48 kHz"
    left, right = track[:, 0], track[:, 1]
    assert np.array_equal(left[: 2 * 2002], codes(8 * 2002, 2 * 2002))
    assert not left[2 * 2002 : 8 * 2002].any()
    assert np.array_equal(left[8 * 2002 :], codes(20 * 2002, 2 * 2002, -1))
    assert np.array_equal(right, -left)
    assert made.facts.sound == (2,)
    assert verify(made.path, made.facts) == []


@pytest.mark.parametrize(
    ("rate", "counts"),
    [
        (Rate(num=30000, den=1001), [1602, 1601, 1602, 1601, 1602]),
        (Rate(num=25), [1920] * 5),
        (Rate(num=60000, den=1001), [801, 801, 800, 801, 801]),
    ],
    ids=str,
)
def test_samples_belong_to_frames_without_drift(rate: Rate, counts: list[int]) -> None:
    assert [end - first for first, end in (span(n, rate) for n in range(5))] == counts
    for minutes in (1, 60):
        frames = round(minutes * 60 * rate.fraction)
        assert abs(span(frames, rate)[0] / 48000 - frames / rate.fraction) <= 1 / 96000


def test_a_take_at_29_97_has_its_sound_to_the_sample(tmp_path: Path) -> None:
    rate = Rate(num=30000, den=1001)
    clip = source(tmp_path / "a.mov", rate=rate)
    plan = bridge(clip, clip, rate=rate, timecode=0)

    (track,) = heard(delivered(plan, tmp_path).path)

    assert len(track) == 16016
    first = round(8 * 48000 / rate.fraction)
    assert np.array_equal(track[:3203, 0], codes(first, 3203))


def test_footage_keeps_all_its_sound(tmp_path: Path) -> None:
    clip = source(tmp_path / "a.mov", layouts=("mono", "mono", "stereo"))
    footage = Footage(media=clip, lead=2, indexes=tuple(range(5, 15)))
    plan = shot_plan(operation=Operation.REPLACE, footage=footage, audio="keep")

    made = delivered(plan, tmp_path)

    assert made.facts.sound == (1, 1, 2)
    for track in heard(made.path):
        assert np.array_equal(track[:, 0], codes(5 * 2002, 10 * 2002))


def test_several_tracks_of_a_sequence_are_several_files(tmp_path: Path) -> None:
    clip = source(tmp_path / "a.mov", layouts=("mono", "mono"))
    footage = Footage(media=clip, lead=2, indexes=tuple(range(5, 15)))
    plan = shot_plan(operation=Operation.REPLACE, footage=footage, audio="keep", delivery="dpx")

    made = delivered(plan, tmp_path)

    assert sorted(p.name for p in made.path.glob("*.wav")) == ["clip.a1.wav", "clip.a2.wav"]
    with av.open(str(made.path / "clip.a1.wav")) as container:
        # Samples since midnight: 01:00:00:22 at 24000/1001.
        assert int(container.metadata["time_reference"]) == (86400 + 22) * 2002


def test_footage_of_another_rate_sounds_in_real_time(tmp_path: Path) -> None:
    clip = source(tmp_path / "a.mov", rate=Rate(num=25), frames=40)
    indexes = tuple(round(5 + n * 25 * 1001 / 24000) for n in range(10))
    plan = shot_plan(
        operation=Operation.REPLACE, footage=Footage(media=clip, lead=2, indexes=indexes),
        audio="keep",
    )  # fmt: skip

    (track,) = heard(delivered(plan, tmp_path).path)

    assert np.array_equal(track[:, 0], codes(5 * 1920, 10 * 2002))


def test_sound_that_a_file_does_not_have_so_late_is_silence(tmp_path: Path) -> None:
    clip = source(tmp_path / "a.mov", frames=22)
    plan = bridge(clip, clip)

    (track,) = heard(delivered(plan, tmp_path).path)

    assert np.array_equal(track[8 * 2002 :, 0], codes(20 * 2002, 2 * 2002))


def test_other_sample_rates_become_48_khz(tmp_path: Path) -> None:
    clip = source(tmp_path / "a.mov", hz=44100)
    plan = bridge(clip, clip)

    (track,) = heard(delivered(plan, tmp_path).path)

    assert len(track) == 10 * 2002
    expected = (8 * 1839.3375 + np.arange(4004) * 44100 / 48000) * STEP
    assert np.abs(track[100:3900, 0] - expected[100:3900]).max() < 2 * STEP


def test_a_transition_goes_from_one_sound_to_the_other(tmp_path: Path) -> None:
    clip, other = source(tmp_path / "a.mov"), source(tmp_path / "b.mov", sign=-1)
    plan = bridge(
        clip, clip, operation=Operation.TRANSITION,
        outgoing=SourceFrames(media=clip, indexes=tuple(range(10, 16))),
        incoming=SourceFrames(media=other, indexes=tuple(range(14, 20))),
    )  # fmt: skip

    (track,) = heard(delivered(plan, tmp_path).path)

    made = track[2 * 2002 : 8 * 2002, 0]
    share = np.linspace(1, 0, 6 * 2002)
    expected = share * codes(10 * 2002, 12012) - (1 - share) * codes(14 * 2002, 12012)
    assert np.abs(made - expected).max() <= 2


@pytest.mark.parametrize(
    "changes",
    [
        {"audio": "none"},
        {"operation": Operation.RETIME},
        {"operation": Operation.LOOP},
    ],
    ids=["not asked", "a retime", "a loop"],
)
def test_there_is_no_track_where_there_is_no_sound_to_keep(
    tmp_path: Path, changes: dict[str, Any]
) -> None:
    clip = source(tmp_path / "a.mov")

    made = delivered(bridge(clip, clip, **changes), tmp_path)

    assert heard(made.path) == []
    assert made.facts.sound == ()


def test_sources_without_sound_give_a_take_without(tmp_path: Path) -> None:
    clip = source(tmp_path / "a.mov", layouts=())

    made = delivered(bridge(clip, clip), tmp_path)

    assert heard(made.path) == []


def test_a_file_whose_sound_was_exchanged_is_found_out(tmp_path: Path) -> None:
    clip = source(tmp_path / "a.mov")
    made = delivered(bridge(clip, clip), tmp_path)
    other = delivered(bridge(clip, clip, pins=bridge(clip, clip).pins[:2]), tmp_path)

    (wrong,) = verify(other.path, made.facts)

    assert "samples of the sound" in wrong
