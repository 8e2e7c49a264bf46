"""Odd footage through all six rooms: what may not change is the source's own, bit for bit."""

from __future__ import annotations

import json
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from secondunit.config import Config
from secondunit.engine.engine import RGB, UNKEPT, Keep, Progress, Show, Sources, unseen
from secondunit.jobs import spool
from secondunit.jobs.job import Stage, stage_folder
from secondunit.jobs.stages import Rooms
from secondunit.plan.shot_plan import Level, ShotPlan
from secondunit.timeline.frames import decode
from secondunit.timeline.media import probe
from secondunit.timeline.picture import Picture
from secondunit.timeline.shot import Media

from tests import odd
from tests.odd import animate, bridge, film, flagged, frames_of, laid_down, planes, scene, woven

image = pytest.importorskip("PIL.Image")


class Slide:
    """An engine that slides the nearest pin to the right, a pixel a frame."""

    def run(
        self,
        plan: ShotPlan,
        sources: Sources,
        progress: Progress,
        show: Show = unseen,
        keep: Keep = UNKEPT,
    ) -> Iterator[tuple[int, RGB]]:
        pins = [pin.frame for pin in plan.pins]
        for made in plan.generate:
            for frame in range(made.start, made.end):
                near = min(pins, key=lambda pin: abs(pin - frame))
                yield frame, np.roll(sources.pin(near), frame - near, axis=1)


@pytest.fixture
def rooms(tmp_path: Path) -> Rooms:
    return Rooms(Config(data=tmp_path), load=lambda name, config, **_: Slide())


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Rooms:
    """With the built-in engine, loaded once."""
    return Rooms(Config(data=tmp_path_factory.mktemp("data")))


def media(path: Path) -> Media:
    return probe(path, Config(data=path.parent))


def own(path: Path, frame: int) -> Picture:
    """A frame as every room sees it."""
    return decode(media(path), [frame])[frame]


@pytest.mark.parametrize(
    ("name", "codec", "pixels", "size"),
    [
        ("a.mkv", "ffv1", "yuv420p", (65, 49)), ("a.mkv", "ffv1", "yuv422p10le", (65, 49)),
        ("a.mkv", "ffv1", "yuv444p12le", (65, 49)), ("a.mov", "mjpeg", "yuvj420p", (65, 49)),
        ("a.mov", "mjpeg", "yuvj444p", (64, 48)), ("a.mkv", "ffv1", "yuv420p10le", (64, 49)),
        ("a.mkv", "ffv1", "yuv420p16le", (64, 48)),
    ],
)  # fmt: skip
def test_handles_of_any_layout_are_the_files_own_samples(
    tmp_path: Path, rooms: Rooms, name: str, codec: str, pixels: str, size: tuple[int, int]
) -> None:
    path = film(tmp_path / name, scene(size=size), codec, pixels)
    plan, take = odd.rendered(bridge(path, path), rooms)
    source, made = frames_of(path), frames_of(take.file)
    assert len(made) == take.frames == 6
    for number, frame in ((0, 2), (1, 3), (4, 6), (5, 7)):
        for was, now in zip(planes(source[frame]), planes(made[number]), strict=True):
            assert np.array_equal(was, now), number
    assert plan.colour.full_range == pixels.startswith("yuvj")
    assert take.report["K"]["pass"] and take.report["T"]["pass"]


@pytest.mark.parametrize(("pixels", "size"), [("gray", (65, 49)), ("gray10le", (64, 48))])
def test_handles_of_grey_footage_keep_its_luma(
    tmp_path: Path, rooms: Rooms, pixels: str, size: tuple[int, int]
) -> None:
    path = film(tmp_path / "a.mkv", scene(size=size), pixels=pixels)
    _, take = odd.rendered(bridge(path, path), rooms)
    was, now = planes(frames_of(path)[3])[0], planes(frames_of(take.file)[1])[0]
    assert np.array_equal(was, now)


def test_footage_that_lies_down_comes_back_upright(tmp_path: Path, rooms: Rooms) -> None:
    path = film(tmp_path / "a.mov", scene(), "libx264")
    stored = [frame.to_ndarray(format="gray") for frame in frames_of(path)]
    plan, take = odd.rendered(bridge(laid_down(path), path), rooms)
    assert str(take.size) == "48x64" and "turned by 90 degrees" in plan.adaptations[0].what
    luma = planes(frames_of(take.file)[1])[0]
    assert np.array_equal(luma, np.rot90(own_luma(path), -1)) and stored[0].shape == (48, 64)


def own_luma(path: Path) -> np.ndarray:
    return planes(frames_of(path)[3])[0]


@pytest.mark.parametrize("delivery", ["prores_422_hq", "prores_4444", "h264", "hevc_main10"])
def test_wide_pixels_stay_as_they_are_and_the_file_says_so(
    tmp_path: Path, rooms: Rooms, delivery: str
) -> None:
    path = film(tmp_path / "a.mov", scene(), "prores_ks", "yuv422p10le", aspect=Fraction(64, 45))
    clip = odd.cut(path, 0, 6)
    note = f"gen: extend\nframes: 2\nhandles: 2\ndelivery: {delivery}"
    plan, take = odd.rendered(odd.edit(tmp_path, clip, note=note, on=0), rooms)
    assert media(take.file).pixel_aspect == plan.pixel_aspect == (64, 45)
    folder = stage_folder(tmp_path / "data" / "job", Stage.FINISH, 1)
    head = spool.load_picture(folder, 1, plan.format, plan.colour)
    assert head.same_as(own(path, 5))


def test_interlaced_footage_is_taken_apart_and_the_record_says_so(
    tmp_path: Path, rooms: Rooms
) -> None:
    path = film(
        tmp_path / "a.mov", woven(scene(speed=4)), "prores_ks", "yuv422p10le",
        options={"flags": "+ildct"}, prepare=flagged(),
    )  # fmt: skip
    _, take = odd.rendered(bridge(path, path), rooms)
    made = frames_of(take.file)
    assert take.frames == 6 and not any(frame.interlaced_frame for frame in made)
    luma = np.ascontiguousarray(planes(made[1])[0]).view(np.uint16)
    assert np.array_equal(luma, own(path, 3).planes[0])
    (said,) = json.loads(take.sidecar.read_text())["adaptations"]
    assert "it is interlaced" in said["what"] and said["level"] == "rounded"


def masked(folder: Path) -> str:
    """A note that lets the left half of a 64x48 still change."""
    mask = np.zeros((48, 64), np.uint8)
    mask[:, :32] = 255
    image.fromarray(mask).save(folder / "mask.png")
    return "mask: mask.png\nambient: strength 1"


@pytest.mark.parametrize(
    ("name", "mode"),
    [("a.png", "RGBA"), ("a.png", "P"), ("a.png", "L"), ("a.tif", "RGB"), ("a.jpg", "RGB"),
     ("a.bmp", "RGB"), ("a.webp", "RGBA")],
)  # fmt: skip
def test_outside_the_mask_a_still_keeps_its_own_samples(
    tmp_path: Path, rooms: Rooms, name: str, mode: str
) -> None:
    drawn = image.fromarray(scene()(0)).convert(mode)
    drawn.save(tmp_path / name, lossless=True)
    seen = drawn.convert("RGB")
    if name == "a.jpg":
        seen = image.fromarray(frames_of(tmp_path / name)[0].to_ndarray(format="rgb24"))
    _, take = odd.rendered(animate(tmp_path / name, masked(tmp_path)), rooms)
    for frame in frames_of(take.file):
        assert np.array_equal(frame.to_ndarray(format="rgb24")[:, 32:], np.asarray(seen)[:, 32:])
    assert take.report["M"]["pass"]


def test_a_transparent_still_moves_over_black_and_the_editor_is_told(
    tmp_path: Path, rooms: Rooms
) -> None:
    pixels = np.dstack([scene()(0), np.full((48, 64), 255, np.uint8)])
    pixels[30:, :, 3] = 0
    image.fromarray(pixels, "RGBA").save(tmp_path / "a.png")
    plan, take = odd.rendered(animate(tmp_path / "a.png", masked(tmp_path)), rooms)
    assert any("black lies under it" in a.what for a in plan.adaptations)
    last = frames_of(take.file)[-1].to_ndarray(format="rgb24")
    assert np.array_equal(last[:30, 32:], pixels[:30, 32:, :3]) and not last[30:, 32:].any()


def test_sixteen_bits_stay_sixteen_bits(tmp_path: Path, rooms: Rooms) -> None:
    deep = (np.arange(48 * 64) * 21).reshape(48, 64).astype(np.uint16)
    image.fromarray(deep).save(tmp_path / "a.png")
    plan, _ = odd.rendered(animate(tmp_path / "a.png", masked(tmp_path)), rooms)
    folder = stage_folder(tmp_path / "data" / "job", Stage.FINISH, 1)
    last = spool.load_picture(folder, 2, plan.format, plan.colour)
    assert plan.format == "gbrp16le"
    assert all(np.array_equal(plane[:, 32:], deep[:, 32:]) for plane in last.planes)


def test_a_gap_between_two_shots_is_told_and_offers_a_transition(tmp_path: Path) -> None:
    here = film(tmp_path / "a.mkv", scene(1))
    there = film(tmp_path / "b.mkv", scene(2))
    cut = odd.planned(bridge(here, there))
    (said,) = [a for a in cut.shots[0].adaptations if "different shots" in a.what]
    assert said.level is Level.EMULATED and "a `transition` would" in said.what
    assert "different shots" not in odd.said(odd.planned(bridge(here, here)))
    image.fromarray(scene(1)(5)).save(tmp_path / "k.png")
    drawn = odd.planned(bridge(here, there, note="keyframe: 1 k.png"))
    assert "different shots" not in odd.said(drawn)


def test_a_keyframe_that_is_a_movie_is_told_to_be_its_first_frame(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mkv", scene())
    assert "has 12 frames; its first one is pinned" in odd.said(
        odd.planned(bridge(path, path, note="keyframe: 1 a.mkv"))
    )


@pytest.mark.parametrize("handles", [0, 2])
def test_a_gap_of_one_frame_is_bridged(tmp_path: Path, real: Rooms, handles: int) -> None:
    path = film(tmp_path / "a.mkv", scene(speed=2))
    note = f"gen: bridge\nhandles: {handles}\ndelivery: ffv1"
    hole = odd.otio.schema.Gap(source_range=odd.cut(path, 0, 1).source_range)
    items = [odd.cut(path, 0, 4), hole, odd.cut(path, 5, 4)]
    plan, take = odd.rendered(odd.edit(tmp_path, *items, note=note, on=1), real)
    made = frames_of(take.file)
    assert plan.frames == 1 and len(made) == take.frames == 1 + 2 * handles
    found = made[handles].to_ndarray(format="gray").astype(float)
    wanted, before, after = (
        frames_of(path)[n].to_ndarray(format="gray").astype(float) for n in (4, 3, 5)
    )
    mixed = np.abs((before + after) / 2 - wanted).mean()
    assert np.abs(found - wanted).mean() < mixed


@pytest.mark.parametrize("edge", ["head", "tail"])
def test_a_clip_grows_by_one_frame(tmp_path: Path, real: Rooms, edge: str) -> None:
    path = film(tmp_path / "a.mkv", scene(speed=2))
    note = f"gen: extend\nedge: {edge}\nframes: 1\nhandles: 0\ndelivery: ffv1"
    items = [odd.cut(path, 0, 4), odd.cut(path, 4, 6)]
    _, take = odd.rendered(odd.edit(tmp_path, *items, note=note, on=1), real)
    (made,) = frames_of(take.file)
    beside = frames_of(path)[4 if edge == "head" else 9].to_ndarray(format="gray")
    assert not np.array_equal(made.to_ndarray(format="gray"), beside)


@pytest.mark.parametrize(
    "note", ["stroke: 0.3,0.5 > 0.5,0.5 in mask.png over 1-2", "camera: truck 10% over 1-2",
             "ambient: in mask.png strength 1"],
)  # fmt: skip
@pytest.mark.parametrize("frames", [1, 3])
def test_moves_of_one_frame_and_stills_of_one_frame_are_made(
    tmp_path: Path, real: Rooms, note: str, frames: int
) -> None:
    if frames == 1:
        note = note.replace(" over 1-2", "")
    masked(tmp_path)
    image.fromarray(scene()(0)).save(tmp_path / "a.png")
    _, take = odd.rendered(animate(tmp_path / "a.png", note, frames=frames), real)
    made = [frame.to_ndarray(format="rgb24") for frame in frames_of(take.file)]
    assert len(made) == frames and np.array_equal(made[0], scene()(0))
    if frames == 3:
        assert not np.array_equal(made[1], made[0])
