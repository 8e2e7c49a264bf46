"""Files as cameras and phones write them, several oddities in one: each frame is still its own."""

from __future__ import annotations

import random
import struct
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from secondunit.config import Config
from secondunit.encode.sound import sound_of
from secondunit.plan.shot_plan import Pin
from secondunit.timeline.frames import decode
from secondunit.timeline.media import frame_at, notes_of, probe
from secondunit.timeline.picture import Picture, picture_of_frame
from secondunit.timeline.shot import Media
from secondunit.units import Rate, Size

from tests.odd import laid_down
from tests.plans import shot_plan
from tests.timeline.clips import frame_pixels, movie, trimmed

CONFIG = Config(data=Path("unused"))
LONG = "keyint=12:min-keyint=12:scenecut=0:bframes=3:open-gop=1:log-level=none"


def stored(path: Path) -> list[Picture]:
    """Every picture of a file by plain decoding, as it lies there."""
    with av.open(str(path)) as source:
        return [picture_of_frame(frame) for frame in source.decode(video=0)]


def at_random(media: Media, seed: int = 3) -> list[int]:
    numbers = list(range(media.frames))
    random.Random(seed).shuffle(numbers)
    return numbers


def test_a_phone_s_clip_is_turned_and_wide_and_has_a_clock_that_varies(tmp_path: Path) -> None:
    steps = random.Random(5).choices([28, 33, 34, 41], k=30)
    pts = [sum(steps[:n]) for n in range(30)]
    path = tmp_path / "phone.mov"
    # 64 pixels wide are 64 in the matrix of `laid_down`.
    movie(
        path, pts=pts, time_base=Fraction(1, 1000), frames=30, size=(64, 48),
        options={"x264-params": LONG}, aspect=Fraction(4, 3),
    )  # fmt: skip
    whole = stored(path)

    media = probe(laid_down(path), CONFIG)

    assert media.size == Size(width=48, height=64)
    assert media.pixel_aspect == (3, 4), "wide pixels are high ones when they lie down"
    assert "turned by 90 degrees" in "".join(notes_of(media))
    for number in at_random(media):
        turned = np.rot90(whole[number].planes[0], -1)
        assert np.array_equal(decode(media, [number])[number].planes[0], turned), number
        middle = Fraction(2 * pts[number] + steps[number], 2000)
        assert frame_at(media, middle) == number


@pytest.mark.parametrize("first", [5, 12, 15])
def test_long_groups_of_10_bit_422_behind_an_edit_list_are_exact(
    tmp_path: Path, first: int
) -> None:
    """An open group's leading frames are shown before the key frame that they need."""
    whole = movie(
        tmp_path / "whole.mov", pixels="yuv422p10le", options={"x264-params": LONG},
        rate=Fraction(30000, 1001),
    )  # fmt: skip
    truth = stored(whole)
    media = probe(trimmed(whole, tmp_path / "cut.mov", first, Fraction(30000, 1001)), CONFIG)

    assert media.rate == Rate(num=30000, den=1001)
    assert media.frames == 48 - first
    for number in at_random(media):
        found = decode(media, [number])[number]
        assert np.array_equal(found.planes[0], truth[number + first].planes[0]), number


def test_the_timecode_track_says_the_clock_and_the_reel_whatever_the_file_is_called(
    tmp_path: Path,
) -> None:
    tags = {"timecode": "00:59:58;28", "reel_name": "B004R1XQ"}
    rate = Fraction(60000, 1001)
    path = movie(
        tmp_path / "A001C003_010203.mov", "prores_ks", "yuv422p10le", frames=2, rate=rate,
        metadata=tags,
    )  # fmt: skip
    with av.open(str(path)) as source:
        assert [s.type for s in source.streams] == ["video", "data"], "a tmcd track"

    media = probe(path, CONFIG)

    assert media.reel == "B004R1XQ", "and not the name of the file"
    assert media.start == (59 * 60 + 58) * 60 + 28 - 4 * (59 - 5)  # 4 numbers a minute are dropped


def test_a_file_without_a_timecode_track_counts_from_0_and_has_no_reel(tmp_path: Path) -> None:
    media = probe(movie(tmp_path / "A001C003_010203.mov", frames=2), CONFIG)
    assert (media.start, media.reel) == (0, None)


@pytest.mark.parametrize(
    ("name", "codec", "pixels", "top"),
    [("a.mp4", "libx264", "yuv420p", 255), ("a.mov", "libx264", "yuv420p", 255),
     ("b.mp4", "libx265", "yuv420p10le", 1023), ("b.mkv", "libx265", "yuv420p10le", 1023)],
)  # fmt: skip
def test_full_range_is_what_the_stream_says(
    tmp_path: Path, name: str, codec: str, pixels: str, top: int
) -> None:
    """QuickTime's colour atom has no word for it: the stream's own header counts."""
    quiet = {"x265-params": "log-level=none"} if codec == "libx265" else {"crf": "1"}
    path = tmp_path / name
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25, options=quiet)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = 64, 64, pixels
        stream.codec_context.color_range = 2
        deep = top > 255
        for number in range(3):
            frame = av.VideoFrame(64, 64, pixels)
            for plane, code in zip(
                frame.planes, (top, (top + 1) // 2, (top + 1) // 2), strict=True
            ):
                one = struct.pack("<H", code) if deep else bytes([code])
                plane.update(one * (plane.buffer_size // len(one)))
            frame.color_range, frame.pts, frame.time_base = 2, number, Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))

    media = probe(path, CONFIG)

    assert media.colour.full_range
    assert decode(media, [1])[1].rgb().mean() == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize("name", ["a.mp4", "a.mov"])
def test_what_a_sound_encoder_puts_before_the_sound_is_not_heard(tmp_path: Path, name: str) -> None:
    """AAC primes its decoder with 1024 samples; an edit list takes them away again."""
    path, clicks = tmp_path / name, (4800, 24000)
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=25)
        assert isinstance(video, av.VideoStream)
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        audio = container.add_stream("aac", rate=48000, layout="mono")
        for number in range(25):
            frame = av.VideoFrame.from_ndarray(frame_pixels(number, 64, 48), "rgb24")
            frame = frame.reformat(format="yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, 25)
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        signal = np.zeros((1, 48000), np.float32)
        for click in clicks:
            signal[0, click : click + 48] = np.hanning(48) * 0.9
        for at in range(0, 48000, 1024):
            part = np.ascontiguousarray(signal[:, at : at + 1024])
            sounding = av.AudioFrame.from_ndarray(part, format="fltp", layout="mono")
            sounding.sample_rate, sounding.pts = 48000, at
            sounding.time_base = Fraction(1, 48000)
            container.mux(audio.encode(sounding))
        container.mux(audio.encode(None))
    media = probe(path, CONFIG)
    plan = shot_plan(
        rate=Rate(num=25), handles=(15, 0), audio="keep",
        pins=tuple(Pin(frame=n - 15, media=media, index=n) for n in range(15)),
    )  # fmt: skip

    sound = sound_of(plan)

    assert sound is not None
    heard = np.abs(sound.tracks[0].samples[:, 0])
    for click in clicks:
        near = heard[click - 2000 : click + 2000]
        assert abs(int(near.argmax()) - 2000 - 24) <= 4, "the click is where it was put"
