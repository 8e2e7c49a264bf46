"""Numbered pictures are footage: the right file for every frame, and a missing one has a name."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import opentimelineio as otio
import pytest
from secondunit.config import Config
from secondunit.errors import MediaForbidden, MediaMissing, MediaUnreadable
from secondunit.timeline.frames import decode
from secondunit.timeline.locate import locate
from secondunit.timeline.media import frame_at, probe
from secondunit.timeline.numbered import as_referenced, without_numbers
from secondunit.timeline.picture import Picture, picture_from_rgb
from secondunit.timeline.select import find_shots
from secondunit.timeline.sequence import numbers_in_words, spread_of, spread_of_one
from secondunit.timeline.shot import Edit, Media
from secondunit.units import FrameRange, Rate

from tests.plans import SRGB
from tests.timeline.clips import frame_pixels
from tests.timeline.pictures import numbered

CONFIG = Config(data=Path("unused"))


def check_exact(media: Media, first: int, wanted: list[int]) -> None:
    for number, picture in decode(media, wanted).items():
        green, blue, red = picture.planes
        seen = np.stack([red, green, blue], axis=-1)
        assert np.array_equal(seen, frame_pixels(first + number)), number


@pytest.mark.parametrize(
    ("name", "word", "width", "number", "file"),
    [
        ("plate.%04d.exr", "plate.%04d.exr", 4, 7, "plate.0007.exr"),
        ("plate.####.exr", "plate.%04d.exr", 4, 12345, "plate.12345.exr"),
        ("plate@@@.png", "plate%03d.png", 3, 1, "plate001.png"),
        ("plate.$F4.exr", "plate.%04d.exr", 4, 1001, "plate.1001.exr"),
        ("plate.[1001-1100].exr", "plate.%04d.exr", 4, 1001, "plate.1001.exr"),
        ("plate.%d.exr", "plate.%d.exr", 1, 12, "plate.12.exr"),
        ("v02_%02d_plate.%05d.dpx", "v02_%02d_plate.%05d.dpx", 5, 3, "v02_%02d_plate.00003.dpx"),
    ],
)
def test_every_way_of_writing_a_sequence_names_the_same_files(
    name: str, word: str, width: int, number: int, file: str
) -> None:
    spread = spread_of(name)
    assert spread is not None
    assert (spread.pattern, spread.width, spread.name(number)) == (word, width, file)


def test_a_file_is_no_sequence() -> None:
    assert spread_of("plate.1001.exr") is None
    assert spread_of_one("plate.mov") is None and spread_of_one("A001C002.mov") is None
    one = spread_of_one("plate.1001.exr")
    assert one is not None and (one.pattern, one.first) == ("plate.%04d.exr", 1001)


@pytest.mark.parametrize(
    ("codec", "suffix", "pixels"),
    [("png", "png", "rgb24"), ("tiff", "tif", "rgb24"), ("dpx", "dpx", "rgb24"),
     ("bmp", "bmp", "bgr24")],
)  # fmt: skip
def test_every_picture_of_a_sequence_is_the_frame_of_its_number(
    tmp_path: Path, codec: str, suffix: str, pixels: str
) -> None:
    pattern = numbered(tmp_path, f"plate.%04d.{suffix}", codec=codec, pixels=pixels)
    media = probe(pattern, CONFIG, rate=Rate(num=24000, den=1001))
    assert (media.frames, media.start, media.first, media.still) == (12, 1001, 1001, False)
    assert media.rate == Rate(num=24000, den=1001)
    numbers = list(range(12))
    random.Random(5).shuffle(numbers)
    for number in numbers:
        check_exact(media, 1001, [number])
    check_exact(media, 1001, numbers)


def test_a_missing_frame_is_named_and_the_others_are_read(tmp_path: Path) -> None:
    numbers = [n for n in range(1001, 1013) if n not in (1004, 1007, 1008)]
    media = probe(numbered(tmp_path, numbers=numbers), CONFIG)
    assert media.frames == 12
    assert media.gaps == (FrameRange(start=3, frames=1), FrameRange(start=6, frames=2))
    assert numbers_in_words(media.gaps, media.first) == "1004, 1007-1008"
    assert [media.has(n) for n in (2, 3, 4, 11, 12)] == [True, False, True, True, False]
    assert (media.run(1), media.run(4), media.run(11)) == (range(3), range(4, 6), range(8, 12))
    check_exact(media, 1001, [2, 4, 11])
    with pytest.raises(MediaUnreadable, match=r"plate.%04d.png' has no picture 1004"):
        decode(media, [2, 3])


def test_a_sequence_is_its_pictures_wherever_they_lie_and_whatever_they_are_called(
    tmp_path: Path,
) -> None:
    here = probe(numbered(tmp_path / "a"), CONFIG)
    there = tmp_path / "b"
    there.mkdir()
    for k, number in enumerate(range(1001, 1013)):
        (tmp_path / "a" / f"plate.{number}.png").rename(there / f"moved_{k:03d}.png")
    moved = probe(there / "moved_%03d.png", CONFIG)
    assert (moved.digest, moved.start) == (here.digest, 0)
    (there / "moved_005.png").write_bytes((there / "moved_006.png").read_bytes())
    assert probe(there / "moved_%03d.png", CONFIG).digest != here.digest


def test_a_picture_that_changed_after_planning_is_refused(tmp_path: Path) -> None:
    pattern = numbered(tmp_path)
    media = probe(pattern, CONFIG)
    (tmp_path / "plate.1005.png").write_bytes((tmp_path / "plate.1006.png").read_bytes())
    with pytest.raises(MediaUnreadable, match="not the file it was when the shot was planned"):
        decode(media, [0])


def test_a_picture_of_another_size_or_kind_is_named(tmp_path: Path) -> None:
    numbered(tmp_path, numbers=range(1001, 1004))
    pattern = numbered(tmp_path, numbers=[1004], size=(64, 64))
    (tmp_path / "plate.1005.png").write_bytes(b"\xff\xd8\xff\xe0")
    media = probe(pattern, CONFIG)
    with pytest.raises(MediaUnreadable, match="changes from gbrp 96x64 to gbrp 64x64 at frame 3"):
        decode(media, [3])
    with pytest.raises(MediaUnreadable, match=r"plate.1005.png' is of another kind"):
        decode(media, [4])


def test_names_that_only_look_alike_are_not_of_the_sequence(tmp_path: Path) -> None:
    pattern = numbered(tmp_path, numbers=[1001, 1002])
    for other in ("plate.101.png", "plate.01001.png", "plate.1003.png.tmp", "plate.1_03.png"):
        (tmp_path / other).write_bytes(b"")
    assert probe(pattern, CONFIG).frames == 2


def test_time_becomes_the_frame_of_the_files(tmp_path: Path) -> None:
    rate = Rate(num=24000, den=1001)
    media = probe(numbered(tmp_path), CONFIG, rate=rate)
    assert [frame_at(media, n / rate.fraction) for n in (-1, 0, 7, 30)] == [-1, 0, 7, 30]


@pytest.mark.parametrize(
    "reference",
    ["plate.%04d.png", "plate.####.png", "file://localhost/elsewhere/plates/plate.%2504d.png",
     "file:///C:/jobs/plates/plate.%04d.png", "C:\\jobs\\plates\\plate.[1001-1012].png",
     "plates/plate.%04d.png"],
)  # fmt: skip
def test_a_sequence_is_found_like_a_file(tmp_path: Path, reference: str) -> None:
    here = tmp_path if reference.startswith("plate.") else tmp_path / "plates"
    pattern = numbered(here)
    assert locate(reference, tmp_path, CONFIG).path == pattern.resolve()


def test_a_sequence_that_is_not_there_or_not_allowed_is_refused(tmp_path: Path) -> None:
    inside, outside = tmp_path / "in", tmp_path / "out"
    numbered(outside)
    inside.mkdir()
    with pytest.raises(MediaMissing, match="was not found"):
        locate("plate.%04d.png", inside, CONFIG)
    with pytest.raises(MediaForbidden, match="leads out of the allowed folders"):
        locate("../out/plate.%04d.png", inside, CONFIG)
    with pytest.raises(MediaForbidden, match="outside the allowed folders"):
        locate(str(outside / "plate.%04d.png"), inside, CONFIG)
    (inside / "plate.1003.png").symlink_to(outside / "plate.1003.png")
    with pytest.raises(MediaForbidden, match=r"plate.1003.png' leads out"):
        locate("plate.%04d.png", inside, CONFIG)
    (inside / "plate.1003.png").unlink()
    (inside / "plate.1004.png").mkdir()
    with pytest.raises(MediaForbidden, match="is no file"):
        locate("plate.%04d.png", inside, CONFIG)


def span(start: float, frames: int, rate: float = 24) -> otio.opentime.TimeRange:
    return otio.opentime.TimeRange(
        otio.opentime.RationalTime(start, rate), otio.opentime.RationalTime(frames, rate)
    )


def bridged(folder: Path, reference: otio.core.MediaReference, start: int, after: int) -> Edit:
    """Six frames from `start`, a gap of four that asks, six frames from `after`."""
    track = otio.schema.Track("V1", kind=otio.schema.TrackKind.Video)
    gap = otio.schema.Gap(source_range=span(0, 4))
    gap.markers.append(otio.schema.Marker("", span(0, 1), comment="gen: bridge; handles: 2"))
    track.append(otio.schema.Clip("one", reference.clone(), span(start, 6)))
    track.append(gap)
    track.append(otio.schema.Clip("two", reference.clone(), span(after, 6)))
    timeline = otio.schema.Timeline("cut")
    timeline.global_start_time = otio.opentime.RationalTime(0, 24)
    timeline.tracks.append(track)
    otio.adapters.write_to_file(timeline, str(folder / "cut.otio"))
    return find_shots(folder / "cut.otio", config=CONFIG)


def image_sequence(first: int, start: float, frames: int) -> otio.schema.ImageSequenceReference:
    return otio.schema.ImageSequenceReference(
        "plates", "plate.", ".png", first, 1, 24, 4, available_range=span(start, frames)
    )


@pytest.mark.parametrize(
    ("reference", "zero"),
    [
        (image_sequence(1001, 1001, 30), 1001),
        (image_sequence(1001, 86400, 30), 86400),
        (image_sequence(1009, 86400, 22), 86400 - 8),  # the folder has handles before it
        (image_sequence(1001, 0, 30), 0),
        (otio.schema.ExternalReference("plates/plate.%04d.png", span(1001, 30)), 1001),
        (otio.schema.ExternalReference("plates/plate.%04d.png"), 1001),
        (otio.schema.ExternalReference("plates/plate.[1001-1030].png", span(86400, 30)), 86400),
        (otio.schema.ExternalReference("plates/plate.1001.png", span(1001, 30)), 1001),
    ],
)
def test_an_edit_shows_the_pictures_that_its_reference_means(
    tmp_path: Path, reference: otio.core.MediaReference, zero: int
) -> None:
    numbered(tmp_path / "plates", numbers=range(1001, 1031), size=(32, 32))
    edit = bridged(tmp_path, reference, zero + 10, zero + 20)
    assert not edit.faults
    (shot,) = edit.shots
    assert shot.before is not None and shot.after is not None
    assert shot.before.shown.indexes == (10, 11, 12, 13, 14, 15)
    assert shot.after.shown.indexes == (20, 21, 22, 23, 24, 25)
    assert shot.before.shown.media.first == 1001


def test_a_numbered_still_stays_a_still(tmp_path: Path) -> None:
    numbered(tmp_path / "plates", numbers=range(1001, 1031), size=(32, 32))
    reference = otio.schema.ExternalReference("plates/plate.1001.png", span(0, 30))
    (shot,) = bridged(tmp_path, reference, 10, 20).shots
    assert shot.before is not None and shot.before.shown.media.still


def test_an_edit_is_told_which_pictures_are_missing(tmp_path: Path) -> None:
    there = [n for n in range(1001, 1031) if n not in (1013, 1014, 1021)]
    numbered(tmp_path / "plates", numbers=there, size=(32, 32))
    edit = bridged(tmp_path, image_sequence(1001, 1001, 30), 1011, 1021)
    assert "'one': the sequence 'plate.%04d.png'; it lacks 1013-1014, 1021" in edit.notices
    (fault,) = edit.faults
    assert "no frame at the cut" in fault.what and "it lacks 1013-1014, 1021" in fault.what
    (shot,) = bridged(tmp_path, image_sequence(1001, 1001, 30), 1011, 1022).shots
    assert shot.before is not None
    assert shot.before.shown.indexes == (14, 15)  # as far back as they are there


@pytest.mark.parametrize(
    ("name", "shot"),
    [("sh010.%04d.exr", "sh010"), ("sh010_[1001-1100].exr", "sh010"), ("sh010.####.dpx", "sh010"),
     ("take #1", "take #1"), ("sh010.mov", "sh010.mov"), ("%04d.png", "%04d.png")],
)  # fmt: skip
def test_a_shot_is_not_called_by_the_word_for_numbers(name: str, shot: str) -> None:
    assert without_numbers(name) == shot


@pytest.mark.parametrize(
    ("there", "first", "step"),
    [(range(1001, 1031, 2), 1001, 2), (range(1001, 1031), 1001, 2), (range(1000, 1031), 1001, 2),
     (range(1001, 1031, 3), 1001, 3), (range(1001, 1031, 3), 1004, 3)],
)  # fmt: skip
def test_a_picture_in_steps_stands_for_as_many_frames(
    tmp_path: Path, there: range, first: int, step: int
) -> None:
    numbered(tmp_path / "plates", numbers=there, size=(32, 32))
    reference = image_sequence(first, first, 1031 - first)
    reference.frame_step = step
    edit = bridged(tmp_path, reference, 1011, 1021)

    (shot,) = edit.shots
    assert shot.before is not None and shot.after is not None
    for side, start in ((shot.before, 1011), (shot.after, 1021)):
        found = decode(side.shown.media, side.shown.indexes)
        for n, index in enumerate(side.shown.indexes):
            at = reference.frame_for_time(otio.opentime.RationalTime(start + n, 24))
            assert at == start + n  # what OpenTimelineIO calls it; the picture is that of a step
            number = at - (at - first) % step
            assert np.array_equal(
                np.stack(found[index].planes), np.stack(picture_of(number).planes)
            )
    assert f"each of its pictures stands for {step} frames" in "".join(edit.notices)


def picture_of(number: int) -> Picture:
    rgb = frame_pixels(number, 32, 32).astype(np.float32) / 255
    return picture_from_rgb(rgb, "gbrp", SRGB)


@pytest.mark.parametrize(
    ("policy", "said", "shown"),
    [("hold", "it lacks 1013-1014, 1021: the picture before is held", (1012, 1012, 1015, 1020)),
     ("black", "it lacks 1013-1014, 1021: black is shown", (None, None, 1015, None))],
)  # fmt: skip
def test_what_an_edit_wants_in_the_place_of_a_missing_picture_is_shown_and_told(
    tmp_path: Path, policy: str, said: str, shown: tuple[int | None, ...]
) -> None:
    there = [n for n in range(1001, 1031) if n not in (1013, 1014, 1021)]
    numbered(tmp_path / "plates", numbers=there, size=(32, 32))
    reference = image_sequence(1001, 1001, 30)
    policies = otio.schema.ImageSequenceReference.MissingFramePolicy
    reference.missing_frame_policy = policies.__members__[policy]

    edit = bridged(tmp_path, reference, 1011, 1021)

    assert not edit.faults and said in "".join(edit.notices)
    (shot,) = edit.shots
    assert shot.before is not None and shot.before.shown.indexes == tuple(range(10, 16))
    media = shot.before.shown.media
    found = decode(media, (12, 13, 14, 20))
    for picture, number in zip(found.values(), shown, strict=True):
        wanted = np.zeros((3, 32, 32)) if number is None else np.stack(picture_of(number).planes)
        assert np.array_equal(np.stack(picture.planes), wanted)
    assert media.run(12) == range(30), "nothing is lacking for those who follow its motion"


def test_what_lacks_before_the_first_picture_cannot_be_held(tmp_path: Path) -> None:
    numbered(tmp_path / "plates", numbers=[1000, 1009, 1011, 1013], size=(32, 32))
    reference = image_sequence(1001, 1001, 13)
    reference.frame_step = 2
    reference.missing_frame_policy = otio.schema.ImageSequenceReference.MissingFramePolicy.hold
    media = as_referenced(probe(tmp_path / "plates" / "plate.%04d.png", CONFIG), reference)

    assert media.gaps == (FrameRange(start=0, frames=9),)
    assert media.run(10) == range(9, 15)


def test_steps_backwards_are_refused_in_words(tmp_path: Path) -> None:
    numbered(tmp_path / "plates", numbers=range(1001, 1031), size=(32, 32))
    reference = image_sequence(1001, 1001, 30)
    reference.frame_step = 0
    edit = bridged(tmp_path, reference, 1011, 1021)
    assert edit.faults and "in steps of 0; a step is 1 or more" in edit.faults[0].what


def asked(folder: Path, note: str, start: int, frames: int) -> Edit:
    """One clip of the sequence that asks."""
    clip = otio.schema.Clip("one", image_sequence(1001, 1001, 30), span(start, frames))
    clip.markers.append(otio.schema.Marker("", span(start, frames), comment=note))
    track = otio.schema.Track("V1", kind=otio.schema.TrackKind.Video)
    track.append(clip)
    timeline = otio.schema.Timeline("asked")
    timeline.global_start_time = otio.opentime.RationalTime(0, 24)
    timeline.tracks.append(track)
    otio.adapters.write_to_file(timeline, str(folder / "asked.otio"))
    return find_shots(folder / "asked.otio", config=CONFIG)


def test_a_sequence_is_retimed_by_its_frames_and_not_across_a_missing_one(tmp_path: Path) -> None:
    there = [n for n in range(1001, 1031) if n != 1020]
    numbered(tmp_path / "plates", numbers=there, size=(32, 32))
    (shot,) = asked(tmp_path, "gen: retime\nspeed: 50%\nhandles: 0", 1005, 8).shots
    assert shot.footage is not None
    assert shot.footage.indexes == (4, 4, 5, 5, 6, 6, 7, 7)
    edit = asked(tmp_path, "gen: retime\nspeed: 50%\nhandles: 0", 1015, 12)
    assert edit.faults and "no picture for all of this retime; it lacks 1020" in edit.faults[0].what


def test_a_replacement_on_a_sequence_says_which_picture_it_lacks(tmp_path: Path) -> None:
    there = [n for n in range(1001, 1031) if n != 1020]
    numbered(tmp_path / "plates", numbers=there, size=(32, 32))
    numbered(tmp_path, "mask.%04d.png", [255], size=(32, 32))
    note = "gen: replace\nmotion: freeze\nmask: mask.0255.png\nhandles: 2"
    edit = asked(tmp_path, note, 1016, 8)
    assert any("it lacks 1020" in fault.what for fault in edit.faults)
    (shot,) = asked(tmp_path, note, 1008, 8).shots
    assert shot.footage is not None and shot.footage.indexes == tuple(range(5, 17))
