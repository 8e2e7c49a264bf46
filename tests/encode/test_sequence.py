"""Sequences: folders of pictures from 1001, whole or not at all, read back by FFmpeg."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from secondunit.catalog.deliveries import DELIVERIES
from secondunit.encode import dpx, exr, sidecar
from secondunit.encode.durable import digest_of, files_of
from secondunit.encode.sequence import pictures_in
from secondunit.encode.thumbnails import pictures, poster
from secondunit.encode.verify import verify
from secondunit.encode.writer import Encoded, write
from secondunit.errors import Cancelled, DeliveryError
from secondunit.place.takes import Take, find, publish
from secondunit.plan.shot_plan import ShotPlan
from secondunit.timeline.picture import Picture, picture_from_rgb, picture_of_frame
from secondunit.units import ColourTags, Operation, Rate, Size
from secondunit.verify import verify as verify_clip

from tests.plans import left_in, numbered_pictures, shot_plan, silent

SEQUENCES = sorted(name for name, row in DELIVERIES.items() if row.sequence)
NTSC = Rate(num=30000, den=1001)


def delivered(folder: Path, delivery: str, name: str = "clip", **changes: object) -> Encoded:
    plan = shot_plan(delivery=delivery, **changes)
    return write(numbered_pictures(plan), plan, folder / name, progress=silent)


def half(path: Path) -> NDArray[np.float32]:
    """`h w 3` of an EXR file."""
    with av.open(str(path), format="exr_pipe") as container:
        frame = next(container.decode(video=0))
        assert isinstance(frame, av.VideoFrame) and frame.format.name == "gbrpf16le"
        planes = [
            np.frombuffer(memoryview(plane), np.uint8)
            .reshape(-1, plane.line_size)[:, : plane.width * 2]
            .copy()
            .view(np.float16)
            .astype(np.float32)
            for plane in frame.planes
        ]
    return np.stack([planes[2], planes[0], planes[1]], axis=-1)


@pytest.mark.parametrize("delivery", SEQUENCES)
def test_pictures_are_numbered_from_1001_and_each_is_read_back(
    tmp_path: Path, delivery: str
) -> None:
    made = delivered(tmp_path, delivery)

    suffix = DELIVERIES[delivery].suffix
    assert left_in(made.path) == [f"clip.{1001 + n}{suffix}" for n in range(10)]
    assert left_in(tmp_path) == ["clip"]
    assert verify(made.path, made.facts) == []
    assert (made.digest, made.bytes) == digest_of(made.path)


@pytest.mark.parametrize("delivery", ["exr_half", "dpx"])
@pytest.mark.parametrize(
    ("rate", "start", "drop", "first", "second"),
    [
        (NTSC, 107892 - 1, True, "00:59:59;29", "01:00:00;00"),
        (Rate(num=25), 90000 - 1, False, "00:59:59:24", "01:00:00:00"),
        (Rate(num=60000, den=1001), 59, False, None, None),
    ],
    ids=["29.97 drop frame", "25", "59.94, too fast for a picture's clock"],
)
def test_every_picture_has_its_own_timecode_rate_and_reel(
    tmp_path: Path, delivery: str, rate: Rate, start: int, drop: bool,
    first: str | None, second: str | None,
) -> None:  # fmt: skip
    made = delivered(tmp_path, delivery, rate=rate, timecode=start, drop_frame=drop)

    found: list[str | None] = []
    for path in files_of(made.path)[:2]:
        if delivery == "dpx":
            head = dpx.head_of(path)
            found.append(dpx.timecode_of(head))
            assert dpx.rate_of(head) == pytest.approx(float(rate))
            assert dpx.reel_of(head) == "A001C002"
        else:
            said = exr.attributes(path)
            found.append(exr.timecode_of(said["timeCode"]) if "timeCode" in said else None)
            assert said["framesPerSecond"] == rate.num.to_bytes(4, "little") + rate.den.to_bytes(
                4, "little"
            )
            assert said["reelName"] == b"A001C002"
    assert found == [first, second]


def test_another_reader_finds_the_timecode_of_a_dpx(tmp_path: Path) -> None:
    made = delivered(tmp_path, "dpx", rate=NTSC, timecode=107892, drop_frame=True)

    with av.open(str(made.path / "clip.1001.dpx"), format="dpx_pipe") as container:
        frame = next(container.decode(video=0))
        assert isinstance(frame, av.VideoFrame)
        said = dict(frame.metadata)
    assert (said["timecode"], said["Input Device"]) == ("01:00:00;00", "A001C002")


@pytest.mark.parametrize(
    ("delivery", "space"), [("exr_half", "lin_ap0_scene"), ("exr_half_acescg", "lin_ap1_scene")]
)
def test_white_is_1_and_grey_is_scene_linear_in_exr(
    tmp_path: Path, delivery: str, space: str
) -> None:
    plan = shot_plan(
        delivery=delivery, format="yuv444p10le", handles=(0, 0), frames=1,
        size=Size(width=33, height=19),
    )  # fmt: skip
    shape = (19, 33)
    luma = np.full(shape, 940, np.uint16)
    luma[:, :11], luma[:, 22:] = 64, 502
    grey = np.full(shape, 512, np.uint16)
    bars = Picture(format=plan.format, colour=plan.colour, planes=(luma, grey, grey))

    made = write([bars], plan, tmp_path / "clip", progress=silent)

    found = half(made.path / "clip.1001.exr")
    assert np.abs(found[:, :11]).max() < 1e-6
    assert np.abs(found[:, 11:22] - 1).max() < 2e-3
    # The inverse of BT.709's camera curve at 0.5: 0.2596.
    assert np.abs(found[:, 22:] - 0.2596).max() < 1e-3
    assert exr.attributes(made.path / "clip.1001.exr")["colorInteropID"] == space.encode()


def test_what_is_above_white_stays_there_in_exr(tmp_path: Path) -> None:
    plan = shot_plan(delivery="exr_half", format="yuv420p10le", handles=(0, 0), frames=1)
    luma, grey = np.full((48, 64), 1010, np.uint16), np.full((24, 32), 512, np.uint16)

    made = write(
        [Picture(format=plan.format, colour=plan.colour, planes=(luma, grey, grey))],
        plan, tmp_path / "clip", progress=silent,
    )  # fmt: skip

    assert half(made.path / "clip.1001.exr").min() > 1.1


def test_exr_keeps_sizes_that_are_no_multiple_of_its_blocks(tmp_path: Path) -> None:
    rgb = np.random.default_rng(1).random((35, 21, 3)).astype(np.float32)
    plan = shot_plan(
        delivery="exr_half_acescg", format="gbrp16le", size=Size(width=21, height=35),
        colour=ColourTags(transfer="linear", matrix="gbr", full_range=True),
        handles=(0, 0), frames=1,
    )  # fmt: skip
    noise = picture_from_rgb(rgb, plan.format, plan.colour)

    made = write([noise], plan, tmp_path / "clip", progress=silent)

    (back,) = pictures(made.path, (0,), 100, facts=made.facts)
    assert np.abs(back / 255 - rgb).max() < 0.004


@pytest.mark.parametrize("delivery", ["png", "dpx"])
def test_rgb_sequences_give_back_every_sample(tmp_path: Path, delivery: str) -> None:
    plan = shot_plan(
        delivery=delivery, format=DELIVERIES[delivery].format, size=Size(width=37, height=23),
        colour=ColourTags(matrix="gbr", full_range=True), handles=(0, 0), frames=1,
    )  # fmt: skip
    top = 1024 if delivery == "dpx" else 65536
    noise = np.random.default_rng(2).integers(0, top, (3, 23, 37)).astype(np.uint16)
    picture = Picture(format=plan.format, colour=plan.colour, planes=tuple(noise))

    made = write([picture], plan, tmp_path / "clip", progress=silent)

    (path,) = files_of(made.path)
    with av.open(str(path), format=f"{delivery}_pipe") as container:
        frame = next(container.decode(video=0))
        assert isinstance(frame, av.VideoFrame)
        back = picture_of_frame(frame, colour=plan.colour)
    assert all(np.array_equal(a, b) for a, b in zip(back.planes, noise, strict=True))
    assert made.facts.samples is not None


@pytest.mark.parametrize("delivery", SEQUENCES)
def test_anamorphic_pixels_are_told(tmp_path: Path, delivery: str) -> None:
    made = delivered(tmp_path, delivery, pixel_aspect=(2, 1), frames=1, handles=(0, 0))

    (path,) = files_of(made.path)
    with av.open(str(path), format=DELIVERIES[delivery].demuxer) as container:
        frame = next(container.decode(video=0))
        assert isinstance(frame, av.VideoFrame)
        aspect = container.streams.video[0].sample_aspect_ratio
    assert aspect == 2


def lost(folder: Path) -> None:
    (folder / "clip.1004.dpx").unlink()


def cut_short(folder: Path) -> None:
    path = folder / "clip.1004.dpx"
    path.write_bytes(path.read_bytes()[:3000])


def swapped(folder: Path) -> None:
    shutil.copy(folder / "clip.1001.dpx", folder / "clip.1004.dpx")


def a_stranger(folder: Path) -> None:
    shutil.copy(folder / "clip.1001.dpx", folder / "other.1011.dpx")


@pytest.mark.parametrize("harm", [lost, cut_short, swapped, a_stranger])
def test_a_sequence_that_someone_touched_is_found_out(tmp_path: Path, harm: object) -> None:
    made = delivered(tmp_path, "dpx")
    assert callable(harm)
    harm(made.path)

    try:
        wrong = verify(made.path, made.facts)
    except DeliveryError:
        wrong = ["cannot be read"]
    assert wrong
    assert digest_of(made.path)[0] != made.digest


def test_what_systems_leave_in_folders_is_no_part_of_a_take(tmp_path: Path) -> None:
    made = delivered(tmp_path, "png")
    (made.path / ".DS_Store").write_bytes(b"x")
    (made.path / "Thumbs.db").write_bytes(b"x")

    assert digest_of(made.path)[0] == made.digest
    assert verify(made.path, made.facts) == []


def test_a_cancelled_sequence_leaves_nothing_and_the_earlier_one_stands(tmp_path: Path) -> None:
    made = delivered(tmp_path, "png")

    def progress(step: str, done: int, of: int) -> None:
        if (step, done) == ("verify", 4):
            raise Cancelled("the owner stopped it")

    plan = shot_plan(delivery="png")
    with pytest.raises(Cancelled):
        write(numbered_pictures(plan), plan, tmp_path / "clip", progress=progress)

    assert left_in(tmp_path) == ["clip"]
    assert digest_of(made.path)[0] == made.digest


def test_a_new_sequence_replaces_the_earlier_one_whole(tmp_path: Path) -> None:
    delivered(tmp_path, "png", frames=20)
    made = delivered(tmp_path, "png")

    assert left_in(tmp_path) == ["clip"]
    assert len(left_in(made.path)) == 10


def test_more_pictures_than_four_digits_count_are_refused_in_words(tmp_path: Path) -> None:
    plan = shot_plan(delivery="png", frames=9000, handles=(0, 0))

    with pytest.raises(DeliveryError, match="end at 8999"):
        write([], plan, tmp_path / "clip", progress=silent)
    assert left_in(tmp_path) == []


def take_of(tmp_path: Path, delivery: str = "dpx", **changes: object) -> tuple[Take, ShotPlan]:
    plan = shot_plan(delivery=delivery, **changes)
    store = tmp_path / plan.digest[:12]
    store.mkdir()
    made = write(numbered_pictures(plan), plan, store / "clip", progress=silent)
    record = sidecar.compose(
        plan, made, request={}, report={"T": {"asked": 1, "measured": 1, "pass": True}},
        timings={}, versions={},
    )  # fmt: skip
    sidecar.write(record, store / "clip.json")
    return publish(made.path, store / "clip.json", tmp_path / "cut.gen"), plan


def test_a_take_is_a_folder_named_for_its_shot_and_its_pictures_too(tmp_path: Path) -> None:
    take, _ = take_of(tmp_path, name="LAD.0010")

    name = "LAD.0010_bridge_k3v9q2ab_v001"
    assert take.file == tmp_path / "cut.gen" / name
    assert left_in(take.file) == [f"{name}.{1001 + n}.dpx" for n in range(10)]
    assert left_in(tmp_path / "cut.gen") == [name, f"{name}.json"]
    assert find(tmp_path / "cut.gen", take.shot, Operation.BRIDGE) == (take,)


def test_the_same_sequence_is_found_again_and_another_is_the_next_version(tmp_path: Path) -> None:
    first, plan = take_of(tmp_path)
    store = tmp_path / plan.digest[:12]

    assert publish(store / "clip", store / "clip.json", tmp_path / "cut.gen") == first
    assert take_of(tmp_path, seed=8)[0].label == "v002"


def test_verify_takes_the_folder_or_any_of_its_pictures(tmp_path: Path) -> None:
    take, _ = take_of(tmp_path, name="LAD.0010")

    for clip in (take.file, files_of(take.file)[3]):
        found = verify_clip(clip)
        assert found["pass"], found
        assert found["file"] == str(take.file)
    swapped_for = files_of(take.file)
    shutil.copy(swapped_for[0], take.file / "x")
    swapped_for[1].unlink()
    (take.file / "x").rename(swapped_for[1])
    assert not verify_clip(take.file)["pass"]


@pytest.mark.parametrize("delivery", SEQUENCES)
def test_a_poster_of_a_sequence_looks_like_its_source(tmp_path: Path, delivery: str) -> None:
    plan = replace(shot_plan(delivery=delivery), frames=6)
    made = delivered(tmp_path, delivery)

    (shown,) = pictures(made.path, (5,), 360, facts=made.facts)
    asked = list(numbered_pictures(plan))[5].rgb() * 255
    assert np.abs(shown.astype(np.float32) - asked).mean() < 1
    poster(made.path, tmp_path / "poster.png", frame=5, facts=made.facts)
    assert (tmp_path / "poster.png").is_file()


ALPHA = sorted(name for name, row in DELIVERIES.items() if row.alpha and row.sequence)


def alpha_in(path: Path) -> NDArray[np.float32]:
    """`h w`, 0..1, of a picture file, by FFmpeg's decoder alone."""
    with av.open(str(path)) as container:
        frame = next(container.decode(video=0))
        assert isinstance(frame, av.VideoFrame)
        if frame.format.name == "gbrapf16le":
            plane = frame.planes[3]
            rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
            return rows[:, : plane.width * 2].copy().view(np.float16).astype(np.float32)
        assert frame.format.name == "rgba64be"
        packed = frame.to_ndarray(format="rgba64le")
        return (packed[..., 3] / 65535).astype(np.float32)


@pytest.mark.parametrize("delivery", ALPHA)
def test_the_alpha_of_pictures_says_what_was_made_and_leaves_the_colours_alone(
    tmp_path: Path, delivery: str
) -> None:
    plan = shot_plan(delivery=delivery)
    plain = shot_plan(delivery=delivery.removesuffix("_alpha"))

    def matte(number: int) -> NDArray[np.float32]:
        made = np.zeros((48, 64), np.float32)
        made[:, 4 * number :] = 1
        made[0] = 0.5
        return made

    made = write(numbered_pictures(plan), plan, tmp_path / "a", progress=silent, alpha=matte)
    bare = write(numbered_pictures(plain), plain, tmp_path / "b", progress=silent)

    for number, path in enumerate(files_of(made.path)):
        assert np.abs(alpha_in(path) - matte(number)).max() < 1e-4
    row = DELIVERIES[delivery]
    with_it, without = (
        list(pictures_in(files_of(one.path), row, one.facts.colour, one.facts.format))
        for one in (made, bare)
    )
    assert all(a.same_as(b) for a, b in zip(with_it, without, strict=True))
    assert verify(made.path, made.facts) == []


@pytest.mark.parametrize("delivery", ALPHA)
def test_pictures_that_lost_their_alpha_are_no_delivery_with_alpha(
    tmp_path: Path, delivery: str
) -> None:
    bare = delivered(tmp_path, delivery.removesuffix("_alpha"))

    wrong = verify(bare.path, replace(bare.facts, delivery=delivery))

    assert "the number of frames with alpha is 0, not 10" in wrong
