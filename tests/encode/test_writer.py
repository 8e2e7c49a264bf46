"""Written files, read back by PyAV: frames, time, tags, timecode; nothing after a fault."""

from __future__ import annotations

import json
import shutil
import struct
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from secondunit.catalog.deliveries import DELIVERIES, Wanted, delivery_faults
from secondunit.encode.writer import write
from secondunit.engine.parallel import cores
from secondunit.errors import Cancelled, DeliveryError, EngineFailed
from secondunit.plan.shot_plan import ShotPlan
from secondunit.timeline.layouts import FORMATS
from secondunit.timeline.picture import Picture, colour_numbers, picture_from_rgb, picture_of_frame
from secondunit.units import ColourTags, Rate, Size

from tests.plans import (
    SRGB,
    left_in,
    number_in,
    numbered_picture,
    numbered_pictures,
    shot_plan,
    silent,
)

FILM = Rate(num=24000, den=1001)
NTSC = Rate(num=30000, den=1001)
MOVIES = sorted(name for name, row in DELIVERIES.items() if not row.sequence)


def plan_for(delivery: str, **changes: Any) -> ShotPlan:
    """A plan that the delivery takes, in what it is for."""
    row = DELIVERIES[delivery]
    size = Size(width=256, height=144) if row.codec == "dnxhd" else Size(width=64, height=48)
    colour = ColourTags()
    if row.transfer:
        colour = ColourTags(primaries="bt2020", transfer=row.transfer, matrix="bt2020nc")
    return shot_plan(**{"delivery": delivery, "size": size, "colour": colour, **changes})


RATES = [
    pytest.param(FILM, 86400 + 22, False, "01:00:00:22", id="23.976"),
    pytest.param(Rate(num=25), 90000, False, "01:00:00:00", id="25"),
    pytest.param(NTSC, 107892, True, "01:00:00;00", id="29.97 drop frame"),
    pytest.param(NTSC, 108000, False, "01:00:00:00", id="29.97 non drop"),
    pytest.param(Rate(num=30), 30 * 86400 + 7, False, "00:00:00:07", id="30, past midnight"),
    pytest.param(Rate(num=60000, den=1001), 59, True, "00:00:00;59", id="59.94 drop frame"),
]


def decoded(path: Path) -> list[Picture]:
    with av.open(str(path)) as container:
        return [picture_of_frame(frame) for frame in container.decode(video=0)]


def atoms(path: Path) -> list[str]:
    """Names of the top-level atoms of a QuickTime or MP4 file, in order."""
    names: list[str] = []
    with path.open("rb") as file:
        while head := file.read(8):
            size, name = struct.unpack(">I4s", head)
            names.append(name.decode())
            file.seek(size - 8, 1)
    return names


@pytest.mark.parametrize("delivery", ["prores_422_hq", "h264", "ffv1", "dnxhr_lb_mxf"])
@pytest.mark.parametrize(("rate", "start", "drop", "words"), RATES)
def test_frames_rate_and_timecode_are_exact(
    tmp_path: Path, delivery: str, rate: Rate, start: int, drop: bool, words: str
) -> None:
    plan = plan_for(delivery, rate=rate, timecode=start, drop_frame=drop)
    target = tmp_path / f"clip{DELIVERIES[delivery].suffix}"

    encoded = write(numbered_pictures(plan), plan, target, progress=silent)

    assert [number_in(p) for p in decoded(target)] == list(range(10))
    with av.open(str(target)) as container:
        video = container.streams.video[0]
        tags = dict(container.metadata)
        tags |= {k.lower(): v for s in container.streams for k, v in s.metadata.items()}
        assert tags["timecode"] == words == encoded.facts.timecode
        assert video.start_time == 0
        assert Rate.snap(float(video.average_rate or 0)) == rate
        if DELIVERIES[delivery].container != "matroska":
            assert video.duration is not None and video.time_base is not None
            assert video.duration * Fraction(video.time_base) == 10 / rate.fraction
            assert abs(Fraction(container.duration or 0, 1_000_000) - 10 / rate.fraction) < 1e-6
            assert video.frames == (0 if DELIVERIES[delivery].container == "mxf" else 10)
    assert left_in(tmp_path) == [target.name]


@pytest.mark.parametrize("delivery", MOVIES)
def test_every_delivery_keeps_tags_reel_and_pictures(tmp_path: Path, delivery: str) -> None:
    row = DELIVERIES[delivery]
    plan = plan_for(delivery)
    target = tmp_path / f"clip{row.suffix}"

    encoded = write(numbered_pictures(plan), plan, target, progress=silent)

    with av.open(str(target)) as container:
        context = container.streams.video[0].codec_context
        seen = (
            context.color_primaries, context.color_trc, context.colorspace, context.color_range,
        )  # fmt: skip
        wanted = colour_numbers(replace(plan.colour, full_range=False))
        # 4:4:4 in MXF is RGB, of full range by its descriptor, of which FFmpeg says nothing.
        assert seen == ((*wanted[:2], 0, 0) if delivery == "dnxhr_444_mxf" else wanted)
        assert not context.has_b_frames
        tags = dict(container.metadata)
        tags |= {k.lower(): v for s in container.streams for k, v in s.metadata.items()}
        assert tags.get("reel_name") == ("A001C002" if row.reel else None)
        if row.tag:
            assert context.codec_tag == row.tag
    if row.container in ("mov", "mp4"):
        assert atoms(target).index("moov") < atoms(target).index("mdat"), "starts at once"
    pictures = decoded(target)
    assert {p.format for p in pictures} == {encoded.facts.format}
    if row.format:
        assert FORMATS[encoded.facts.format].bits >= FORMATS[row.format].bits
    first = numbered_picture(0, plan).rgb()
    assert np.abs(pictures[0].rgb()[2:20] - first[2:20]).mean() < 0.02, "grey is the same grey"
    assert encoded.bytes == target.stat().st_size


@pytest.mark.parametrize(
    "colour",
    [
        ColourTags(primaries="smpte170m", transfer="smpte170m", matrix="smpte170m"),
        ColourTags(primaries="bt2020", transfer="smpte2084", matrix="bt2020nc"),
    ],
    ids=["BT.601", "BT.2020 PQ"],
)
def test_the_sources_own_tags_travel(tmp_path: Path, colour: ColourTags) -> None:
    plan = shot_plan(colour=colour, format="yuv422p10le")

    write(numbered_pictures(plan), plan, tmp_path / "clip.mov", progress=silent)

    assert {p.colour for p in decoded(tmp_path / "clip.mov")} == {colour}


def test_an_srgb_still_becomes_bt709_prores_with_its_code_values(tmp_path: Path) -> None:
    plan = shot_plan(format="gbrp", colour=SRGB)

    write(numbered_pictures(plan), plan, tmp_path / "clip.mov", progress=silent)

    picture = decoded(tmp_path / "clip.mov")[0]
    assert picture.colour == ColourTags()
    h, w = 48, 64
    means = [
        picture.rgb()[h * 5 // 8 : h * 7 // 8, i * w // 3 + 6 : (i + 1) * w // 3 - 6].mean((0, 1))
        for i in range(3)
    ]
    assert np.abs(np.array(means) - 0.75 * np.eye(3)).max() < 0.01


def test_full_range_footage_is_delivered_limited_since_mov_cannot_say_otherwise(
    tmp_path: Path,
) -> None:
    plan = shot_plan(colour=ColourTags(full_range=True))

    write(numbered_pictures(plan), plan, tmp_path / "clip.mov", progress=silent)

    pictures = decoded(tmp_path / "clip.mov")
    assert not pictures[0].colour.full_range
    assert [number_in(p) for p in pictures] == list(range(10))
    assert np.abs(pictures[0].rgb()[2:20] - 0.2).max() < 0.02


@pytest.mark.parametrize("format", sorted(f for f, row in FORMATS.items() if not row.light))
def test_ffv1_gives_back_every_sample_of_every_layout(tmp_path: Path, format: str) -> None:
    colour = SRGB if FORMATS[format].rgb else ColourTags(full_range=format == "yuv444p")
    size = Size(width=37, height=23)
    plan = shot_plan(delivery="ffv1", format=format, colour=colour, size=size, frames=1)
    noise = np.random.default_rng(3)
    layout = FORMATS[format]
    shapes = [(23, 37)] + [(-(-23 // layout.down), -(-37 // layout.across))] * 2
    pictures = [
        Picture(
            format=format,
            colour=colour,
            planes=tuple(noise.integers(0, 2**layout.bits, s).astype(layout.dtype) for s in shapes),
        )
        for _ in range(5)
    ]

    write(pictures, plan, tmp_path / "clip.mkv", progress=silent)

    back = decoded(tmp_path / "clip.mkv")
    assert len(back) == 5
    assert all(a.same_as(b) for a, b in zip(back, pictures, strict=True))


def test_ten_bit_white_and_grey_are_the_legal_codes(tmp_path: Path) -> None:
    plan = shot_plan(format="gbrp16le", colour=replace(SRGB, transfer="bt709"), handles=(0, 0))
    h, w = plan.size.height, plan.size.width
    full = np.full((h, w), 65535, np.uint16)
    white = Picture(format="gbrp16le", colour=plan.colour, planes=(full, full, full))

    write([white] * 6, plan, tmp_path / "clip.mov", progress=silent)

    y, cb, cr = decoded(tmp_path / "clip.mov")[0].planes
    assert (np.median(y), np.median(cb), np.median(cr)) == (940, 512, 512)


def test_the_same_plan_gives_the_same_bytes(tmp_path: Path) -> None:
    plan = shot_plan()

    digests = {
        write(numbered_pictures(plan), plan, tmp_path / f"{i}.mov", progress=silent).digest
        for i in range(2)
    }

    assert len(digests) == 1


def test_odd_sizes_are_kept(tmp_path: Path) -> None:
    plan = shot_plan(size=Size(width=67, height=49))

    write(numbered_pictures(plan), plan, tmp_path / "clip.mov", progress=silent)

    assert {p.size for p in decoded(tmp_path / "clip.mov")} == {plan.size}


@pytest.mark.parametrize("width", [257, 259, 272])
@pytest.mark.parametrize("delivery", MOVIES)
def test_the_last_column_keeps_its_colour_at_every_size_that_is_taken(
    tmp_path: Path, delivery: str, width: int
) -> None:
    plan = plan_for(delivery, size=Size(width=width, height=145), handles=(0, 0), frames=1)
    if delivery_faults(DELIVERIES[delivery], Wanted(size=plan.size), path=""):
        plan = replace(plan, size=Size(width=256, height=146))
    picture = picture_from_rgb(
        np.full((plan.size.height, plan.size.width, 3), (0.8, 0.4, 0.3), np.float32),
        plan.format, plan.colour,
    )  # fmt: skip
    target = tmp_path / f"clip{DELIVERIES[delivery].suffix}"
    write([picture], plan, target, progress=silent)

    column = decoded(target)[0].rgb()[:, -1]
    assert np.abs(column - (0.8, 0.4, 0.3)).max() < 0.02


def test_pictures_are_taken_a_few_at_a_time(tmp_path: Path) -> None:
    plan = shot_plan()
    taken: list[int] = []
    seen: list[tuple[int, int]] = []

    def pictures() -> Iterator[Picture]:
        for number, picture in enumerate(numbered_pictures(plan)):
            taken.append(number)
            yield picture

    def progress(step: str, done: int, of: int) -> None:
        if step == "encode":
            seen.append((len(taken), done))
            assert of == 10

    write(pictures(), plan, tmp_path / "clip.mov", progress=progress)

    assert [done for _, done in seen] == list(range(1, 11))
    assert all(done <= took < done + cores() for took, done in seen)


@pytest.mark.parametrize(("step", "at"), [("encode", 1), ("encode", 10), ("verify", 4)])
def test_a_cancelled_delivery_leaves_nothing(tmp_path: Path, step: str, at: int) -> None:
    def progress(said: str, done: int, of: int) -> None:
        if (said, done) == (step, at):
            raise Cancelled("the owner stopped it")

    plan = shot_plan()
    with pytest.raises(Cancelled):
        write(numbered_pictures(plan), plan, tmp_path / "clip.mov", progress=progress)

    assert left_in(tmp_path) == []


def test_an_engine_that_fails_half_way_leaves_nothing_and_keeps_its_own_error(
    tmp_path: Path,
) -> None:
    plan = shot_plan()

    def pictures() -> Iterator[Picture]:
        yield numbered_picture(0, plan)
        raise EngineFailed("out of memory")

    with pytest.raises(EngineFailed):
        write(pictures(), plan, tmp_path / "clip.mov", progress=silent)

    assert left_in(tmp_path) == []


@pytest.mark.parametrize("count", [9, 11])
def test_a_wrong_number_of_pictures_is_refused(tmp_path: Path, count: int) -> None:
    plan = shot_plan()
    pictures = [numbered_picture(n, plan) for n in range(count)]

    with pytest.raises(DeliveryError, match="planned"):
        write(pictures, plan, tmp_path / "clip.mov", progress=silent)

    assert left_in(tmp_path) == []


def test_an_exact_delivery_refuses_to_convert(tmp_path: Path) -> None:
    plan = shot_plan(delivery="ffv1")
    other = replace(plan, format="yuv444p")

    with pytest.raises(DeliveryError, match="must not convert"):
        write(numbered_pictures(other), plan, tmp_path / "clip.mkv", progress=silent)


def test_a_picture_of_another_size_is_refused(tmp_path: Path) -> None:
    plan = shot_plan()
    other = replace(plan, size=Size(width=32, height=48))

    with pytest.raises(DeliveryError, match="32x48"):
        write(numbered_pictures(other), plan, tmp_path / "clip.mov", progress=silent)

    assert left_in(tmp_path) == []


def test_what_the_codec_refuses_is_a_delivery_error(tmp_path: Path) -> None:
    plan = shot_plan(delivery="h264", size=Size(width=63, height=47))

    with pytest.raises(DeliveryError):
        write(numbered_pictures(plan), plan, tmp_path / "clip.mp4", progress=silent)

    assert left_in(tmp_path) == []


def test_drop_frame_where_there_is_none_is_refused_before_a_byte_is_written(tmp_path: Path) -> None:
    plan = shot_plan(rate=Rate(num=25), drop_frame=True)

    with pytest.raises(DeliveryError, match="drop frame does not exist at 25"):
        write(numbered_pictures(plan), plan, tmp_path / "clip.mov", progress=silent)

    assert left_in(tmp_path) == []


def test_a_folder_that_is_not_there_is_a_delivery_error(tmp_path: Path) -> None:
    plan = shot_plan()

    with pytest.raises(DeliveryError, match="nowhere"):
        write(numbered_pictures(plan), plan, tmp_path / "nowhere" / "clip.mov", progress=silent)


def test_an_earlier_file_is_replaced_only_by_a_good_one(tmp_path: Path) -> None:
    target = tmp_path / "clip.mov"
    target.write_bytes(b"earlier")
    plan = shot_plan()

    with pytest.raises(DeliveryError):
        write([], plan, target, progress=silent)
    assert target.read_bytes() == b"earlier"

    write(numbered_pictures(plan), plan, target, progress=silent)
    assert len(decoded(target)) == 10


def boxes(data: bytes, *path: bytes) -> Iterator[bytes]:
    """The contents of every QuickTime atom at a path of names."""
    headers = {b"stsd": 8, b"apch": 78}
    at = 0
    while at + 8 <= len(data):
        size, name = struct.unpack_from(">I4s", data, at)
        content = data[at + 8 : at + size]
        if name == path[0] and len(path) == 1:
            yield content
        elif name == path[0]:
            yield from boxes(content[headers.get(name, 0) :], *path[1:])
        at += max(size, 8)


def test_the_atoms_say_what_hosts_read(tmp_path: Path) -> None:
    plan = shot_plan(rate=NTSC, timecode=107892, drop_frame=True)
    write(numbered_pictures(plan), plan, tmp_path / "clip.mov", progress=silent)

    data = (tmp_path / "clip.mov").read_bytes()
    moov = next(boxes(data, b"moov"))
    table = (b"trak", b"mdia", b"minf", b"stbl")
    picture = (*table, b"stsd", b"apch")
    assert next(boxes(moov, *picture, b"colr")) == b"nclc" + struct.pack(">3H", 1, 1, 1)
    assert next(boxes(moov, *picture, b"fiel"))[:1] == b"\x01", "progressive"
    assert next(boxes(moov, *picture, b"pasp")) == struct.pack(">2I", 1, 1)
    assert struct.unpack_from(">2I", next(boxes(moov, b"mvhd")), 12) == (30000, 10010)
    edits = list(boxes(moov, b"trak", b"edts", b"elst"))
    assert [struct.unpack_from(">IIi", edit, 4) for edit in edits] == [(1, 10010, 0)] * 2
    clock = next(boxes(moov, *table, b"stsd", b"tmcd"))
    drop, scale, duration, per_second = struct.unpack_from(">3IB", clock, 12)
    assert (drop, scale, duration, per_second) == (1, 30000, 1001, 30)
    at = struct.unpack_from(">I", list(boxes(moov, *table, b"stco"))[1], 8)[0]
    assert struct.unpack_from(">I", data, at)[0] == 107892


@pytest.mark.skipif(not shutil.which("ffprobe"), reason="ffprobe is not on this machine")
def test_another_reader_agrees(tmp_path: Path) -> None:
    plan = shot_plan(rate=NTSC, timecode=107892, drop_frame=True)
    write(numbered_pictures(plan), plan, tmp_path / "clip.mov", progress=silent)

    done = subprocess.run(
        ["ffprobe", "-v", "error", "-count_frames", "-show_streams", "-of", "json",
         str(tmp_path / "clip.mov")],
        capture_output=True, check=True, timeout=60,
    )  # fmt: skip
    video = next(s for s in json.loads(done.stdout)["streams"] if s["codec_type"] == "video")

    assert video["nb_read_frames"] == "10"
    assert video["r_frame_rate"] == "30000/1001"
    assert (video["duration_ts"], video["start_pts"]) == (10010, 0)
    assert video["tags"]["timecode"] == "01:00:00;00"
    assert (video["color_space"], video["pix_fmt"]) == ("bt709", "yuv422p10le")


def test_the_numbers_of_the_tags_are_those_of_h273() -> None:
    assert colour_numbers(ColourTags()) == (1, 1, 1, 1)
