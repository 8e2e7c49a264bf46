"""Whatever the codec does, the frame that was asked for is the frame that comes."""

from __future__ import annotations

import random
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from secondunit.config import Config
from secondunit.errors import MediaUnreadable
from secondunit.timeline.frames import decode, load_mask
from secondunit.timeline.media import frame_at, probe
from secondunit.timeline.picture import Picture, picture_of_frame
from secondunit.timeline.shot import Media
from secondunit.units import Rate, Size

from tests.timeline.clips import frame_pixels, movie, trimmed

CONFIG = Config(data=Path("unused"))
X264 = {"x264-params": "keyint=12:min-keyint=12:scenecut=0:bframes=3:log-level=none"}
OPEN = {"x264-params": X264["x264-params"] + ":open-gop=1"}
SHORT = {"x264-params": "keyint=3:min-keyint=1:bframes=2:log-level=none"}
X265 = {"x265-params": "keyint=12:min-keyint=12:open-gop=1:log-level=none"}


def in_order(media: Media) -> list[Picture]:
    """Every picture by plain decoding from the start."""
    with av.open(str(media.path)) as source:
        return [picture_of_frame(f, colour=media.colour) for f in source.decode(video=0)]


def check_exact(media: Media, truth: list[Picture], numbers: list[int]) -> None:
    for number in numbers:
        assert decode(media, [number])[number].same_as(truth[number]), number


@pytest.mark.parametrize(
    ("name", "codec", "pixels", "options", "rate"),
    [
        ("closed.mp4", "libx264", "yuv420p", X264, Fraction(25)),
        ("open.mp4", "libx264", "yuv420p", OPEN, Fraction(24000, 1001)),
        ("open.mkv", "libx264", "yuv420p", OPEN, Fraction(30000, 1001)),
        ("short.mov", "libx264", "yuv422p", SHORT, Fraction(25)),
        ("open_hevc.mp4", "libx265", "yuv420p10le", X265, Fraction(25)),
        ("prores.mov", "prores_ks", "yuv422p10le", {"profile": "hq"}, Fraction(24000, 1001)),
        ("mpeg4.avi", "mpeg4", "yuv420p", {"bf": "2", "g": "12"}, Fraction(25)),
        ("ffv1.mkv", "ffv1", "bgr0", {}, Fraction(24)),
    ],
)
def test_every_frame_of_every_kind_of_file_is_exact(
    tmp_path: Path, name: str, codec: str, pixels: str, options: dict[str, str], rate: Fraction
) -> None:
    path = movie(tmp_path / name, codec, pixels, options=options, rate=rate)
    media = probe(path, CONFIG)
    truth = in_order(media)
    assert media.frames == len(truth) == 48
    assert media.rate == Rate(num=rate.numerator, den=rate.denominator)
    numbers = list(range(48))
    random.Random(4).shuffle(numbers)
    check_exact(media, truth, numbers)
    together = decode(media, range(48))
    assert all(together[n].same_as(truth[n]) for n in range(48))


def test_real_footage_is_exact_at_random(shared: Path) -> None:
    media = probe(shared / "media" / "train.m4v", CONFIG)
    truth = in_order(media)
    assert media.frames == len(truth) == 704
    wanted = [703, 0, 250, 249, 251, 500, 499, 13, 14, 15, 650]
    found = decode(media, wanted)
    assert sorted(found) == sorted(wanted)
    assert all(found[n].same_as(truth[n]) for n in wanted)
    check_exact(media, truth, [702, 248, 1])


def test_a_clock_that_varies_is_read_from_the_file(tmp_path: Path) -> None:
    steps = random.Random(2).choices([20, 33, 40, 100], k=48)
    pts = [sum(steps[:n]) for n in range(48)]
    path = movie(tmp_path / "vfr.mp4", pts=pts, time_base=Fraction(1, 1000), options=X264)
    media = probe(path, CONFIG)
    assert media.frames == 48
    check_exact(media, in_order(media), list(range(0, 48, 5)))
    for number in (0, 7, 31, 47):
        assert frame_at(media, Fraction(pts[number], 1000)) == number
        assert frame_at(media, Fraction(pts[number] + steps[number] - 1, 1000)) == number
    assert frame_at(media, Fraction(-1, 1000)) < 0
    assert frame_at(media, Fraction(pts[-1] + 5000, 1000)) >= 48


def test_a_constant_clock_in_milliseconds_is_still_constant(tmp_path: Path) -> None:
    path = movie(tmp_path / "a.mkv", rate=Fraction(24000, 1001), frames=100, options=X264)
    media = probe(path, CONFIG)
    assert media.rate == Rate(num=24000, den=1001)
    for number in range(100):
        assert frame_at(media, number * Fraction(1001, 24000)) == number


def test_frames_hidden_by_an_edit_list_do_not_count(tmp_path: Path) -> None:
    whole = movie(tmp_path / "whole.mov", options=X264)
    path = trimmed(whole, tmp_path / "trimmed.mov", 15, Fraction(25))
    media = probe(path, CONFIG)
    truth = in_order(media)
    with av.open(str(path)) as source:
        assert source.streams.video[0].frames == 48  # what the header claims
    assert media.frames == len(truth) == 33
    check_exact(media, truth, list(range(33)))
    red = decode(media, [0])[0].rgb()[-1, -1, 0]
    assert red == pytest.approx(frame_pixels(15)[-1, -1, 0] / 255, abs=0.1)


def test_a_file_that_starts_late_counts_from_its_first_frame(tmp_path: Path) -> None:
    path = movie(tmp_path / "late.mkv", pts=[n + 125 for n in range(48)], options=X264)
    media = probe(path, CONFIG)
    check_exact(media, in_order(media), [0, 20, 47])
    assert frame_at(media, Fraction(2, 25)) == 2


def test_a_number_outside_the_file_is_refused(tmp_path: Path) -> None:
    media = probe(movie(tmp_path / "a.mp4", frames=5), CONFIG)
    for number in (-1, 5):
        with pytest.raises(MediaUnreadable, match=f"has frames 0 to 4, not {number}"):
            decode(media, [0, number])
    assert decode(media, []) == {}


def test_a_damaged_frame_is_named_and_the_others_are_read(tmp_path: Path) -> None:
    path = movie(tmp_path / "a.mov", "prores_ks", "yuv422p10le", frames=12)
    with av.open(str(path)) as source:
        packets = [(p.pos, p.size) for p in source.demux(video=0) if p.size]
    at, size = packets[7]
    assert at is not None
    data = bytearray(path.read_bytes())
    data[at : at + size] = bytes(size)
    path.write_bytes(data)
    media = probe(path, CONFIG)
    assert set(decode(media, [6, 8])) == {6, 8}
    with pytest.raises(MediaUnreadable, match=r"frame 7 of '.*a\.mov' does not decode"):
        decode(media, [6, 7, 8])


def test_a_file_that_changed_after_planning_is_refused(tmp_path: Path) -> None:
    path = movie(tmp_path / "a.mp4", frames=5)
    media = probe(path, CONFIG)
    movie(path, frames=6)
    with pytest.raises(MediaUnreadable, match="not the file it was when the shot was planned"):
        decode(media, [0])


def test_a_still_answers_any_number(shared: Path) -> None:
    media = probe(shared / "media" / "scroll.jpg", CONFIG)
    found = decode(media, [0, 9])
    assert found[0].same_as(found[9])


def test_a_still_is_bit_for_bit_what_anyone_reads_as_rgb24(shared: Path) -> None:
    path = shared / "media" / "scroll.jpg"
    with av.open(str(path)) as source:
        truth = next(source.decode(video=0)).to_ndarray(format="rgb24")
    picture = decode(probe(path, CONFIG), [0])[0]
    green, blue, red = picture.planes
    assert picture.format == "gbrp" and picture.colour.matrix == "gbr"
    assert np.array_equal(np.stack([red, green, blue], axis=-1), truth)


def test_a_still_is_near_what_another_decoder_reads(shared: Path) -> None:
    image = pytest.importorskip("PIL.Image")
    path = shared / "media" / "scroll.jpg"
    with image.open(path) as opened:
        truth = np.asarray(opened.convert("RGB")).astype(np.float32) / 255
    error = np.abs(decode(probe(path, CONFIG), [0])[0].rgb() - truth)
    assert error.mean() < 0.006  # 1.5 codes: the decoders place chroma differently


def test_a_mask_is_its_luma(shared: Path) -> None:
    media = probe(shared / "media" / "scroll_mask.jpg", CONFIG)
    mask = load_mask(media, Size(width=810, height=608))
    with av.open(str(media.path)) as source:
        grey = next(source.decode(video=0)).to_ndarray(format="gray")
    assert mask.dtype == np.float32
    assert np.array_equal(mask, grey.astype(np.float32) / np.float32(255))
    small = load_mask(media, Size(width=405, height=304))
    assert small.shape == (304, 405) and small.min() >= 0 and small.max() <= 1
    assert abs(small.mean() - mask.mean()) < 0.005


def test_a_movie_can_be_a_mask(tmp_path: Path) -> None:
    media = probe(movie(tmp_path / "m.mkv", "ffv1", "gray", frames=3), CONFIG)
    first, last = (load_mask(media, media.size, n) for n in (None, 99))
    assert first.shape == (64, 96) and not np.array_equal(first, last)
