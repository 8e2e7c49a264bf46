"""Footage and stills as cameras, scanners and phones write them: read as they are meant, or not."""

from __future__ import annotations

import struct
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from secondunit.config import Config
from secondunit.errors import MediaUnreadable
from secondunit.timeline.fields import first_field, is_woven
from secondunit.timeline.frames import decode
from secondunit.timeline.media import notes_of, probe
from secondunit.units import Size

from tests.odd import film, flagged, frames_of, laid_down, planes, scene, woven

CONFIG = Config(data=Path("unused"))
DRAW = scene()
image = pytest.importorskip("PIL.Image")


def rgb_of(path: Path) -> np.ndarray:
    """`h w 3` as a still is read."""
    green, blue, red = decode(probe(path, CONFIG), [0])[0].planes
    return np.stack([red, green, blue], axis=-1)


def notes(path: Path) -> str:
    return "; ".join(notes_of(probe(path, CONFIG)))


def see_through(straight: np.ndarray) -> np.ndarray:
    alpha = np.broadcast_to(np.linspace(0, 255, straight.shape[1]).astype(np.uint8), (48, 64))
    return np.dstack([straight, alpha])


@pytest.mark.parametrize("name", ["a.png", "a.tif", "a.webp"])
def test_a_transparent_still_lies_over_black_and_says_so(tmp_path: Path, name: str) -> None:
    pixels = see_through(DRAW(0))
    image.fromarray(pixels, "RGBA").save(tmp_path / name, lossless=True)
    wide = pixels.astype(np.uint32)
    over_black = ((wide[..., :3] * wide[..., 3:] + 127) // 255).astype(np.uint8)
    assert np.array_equal(rgb_of(tmp_path / name), over_black)
    assert "black lies under it" in notes(tmp_path / name)


def test_opaque_pixels_of_a_transparent_still_are_its_own_samples(tmp_path: Path) -> None:
    pixels = np.dstack([DRAW(0), np.full((48, 64), 255, np.uint8)])
    image.fromarray(pixels, "RGBA").save(tmp_path / "whole.png")
    assert np.array_equal(rgb_of(tmp_path / "whole.png"), DRAW(0))
    assert notes(tmp_path / "whole.png") == ""
    pixels[:10, :, 3] = 0
    image.fromarray(pixels, "RGBA").save(tmp_path / "cut.png")
    assert np.array_equal(rgb_of(tmp_path / "cut.png")[10:], DRAW(0)[10:])
    assert not rgb_of(tmp_path / "cut.png")[:10].any()


def test_colours_that_are_multiplied_already_are_not_multiplied_again(tmp_path: Path) -> None:
    pixels = see_through(DRAW(0))
    path = tmp_path / "a.tif"
    image.fromarray(pixels, "RGBA").save(path)
    straight, associated = (struct.pack("<HHIH", 338, 3, 1, kind) for kind in (2, 1))
    assert straight in path.read_bytes()
    path.write_bytes(path.read_bytes().replace(straight, associated))
    assert np.array_equal(rgb_of(path), DRAW(0))


@pytest.mark.parametrize("mode", ["P", "L", "1", "LA"])
def test_a_still_of_few_colours_is_kept_to_the_bit(tmp_path: Path, mode: str) -> None:
    made = image.fromarray(DRAW(0)).convert(mode)
    made.save(tmp_path / "a.png")
    assert np.array_equal(rgb_of(tmp_path / "a.png"), np.asarray(made.convert("RGB")))


@pytest.mark.parametrize("name", ["a.png", "a.tif"])
def test_sixteen_bits_of_grey_are_kept_to_the_bit(tmp_path: Path, name: str) -> None:
    deep = (np.arange(48 * 64) * 21).reshape(48, 64).astype(np.uint16)
    image.fromarray(deep).save(tmp_path / name)
    assert probe(tmp_path / name, CONFIG).format == "gbrp16le"
    assert np.array_equal(rgb_of(tmp_path / name)[..., 0], deep)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp", "a.tif"])
def test_a_still_stands_as_its_header_asks(tmp_path: Path, orientation: int, name: str) -> None:
    ops = pytest.importorskip("PIL.ImageOps")
    exif = image.Exif()
    exif[0x112] = orientation
    stored = image.fromarray(DRAW(0))
    stored.save(tmp_path / "plain.png")
    if name == "a.jpg":  # a codec that loses some: compare with what is stored
        stored.save(tmp_path / "plain.jpg", quality=95)
        stored = image.fromarray(rgb_of(tmp_path / "plain.jpg"))
        image.fromarray(DRAW(0)).save(tmp_path / name, quality=95, exif=exif)
    elif name == "a.tif":
        stored.save(tmp_path / name, tiffinfo={274: orientation})
    else:
        stored.save(tmp_path / name, exif=exif, lossless=True)
    stored.getexif()[0x112] = orientation
    upright = np.asarray(ops.exif_transpose(stored))
    assert np.array_equal(rgb_of(tmp_path / name), upright)
    width, height = (48, 64) if orientation > 4 else (64, 48)
    assert probe(tmp_path / name, CONFIG).size == Size(width=width, height=height)
    assert ("as its header asks" in notes(tmp_path / name)) == (orientation > 1)


@pytest.mark.parametrize("name", ["a.jpg", "a.tif"])
def test_a_picture_of_inks_is_refused(tmp_path: Path, name: str) -> None:
    image.fromarray(DRAW(0)).convert("CMYK").save(tmp_path / name)
    with pytest.raises(MediaUnreadable, match="made of inks"):
        probe(tmp_path / name, CONFIG)


def test_a_damaged_header_says_nothing(tmp_path: Path) -> None:
    exif = image.Exif()
    exif[0x112] = 6
    image.fromarray(DRAW(0)).save(tmp_path / "a.jpg", exif=exif)
    data = (tmp_path / "a.jpg").read_bytes()
    at = data.index(b"Exif\0\0") + 6
    (tmp_path / "a.jpg").write_bytes(data[: at + 4] + b"\xff\xff\xff\x7f" + data[at + 8 :])
    assert probe(tmp_path / "a.jpg", CONFIG).size == Size(width=64, height=48)


@pytest.mark.parametrize(
    ("codec", "pixels", "kept"),
    [("libx264", "yuv420p", "yuv420p"), ("prores_ks", "yuv422p10le", "yuv444p10le")],
)
def test_footage_of_a_phone_held_upright_stands_upright(
    tmp_path: Path, codec: str, pixels: str, kept: str
) -> None:
    path = film(tmp_path / "a.mov", DRAW, codec, pixels, frames=3)
    stored = decode(probe(path, CONFIG), [1])[1]
    media = probe(laid_down(path), CONFIG)
    picture = decode(media, [1])[1]
    assert (media.size, media.format) == (Size(width=48, height=64), kept)
    assert np.array_equal(picture.planes[0], np.rot90(stored.planes[0], -1))
    if kept == pixels:
        assert np.array_equal(picture.planes[1], np.rot90(stored.planes[1], -1))
    assert "turned by 90 degrees" in notes(path)


def test_wide_pixels_are_known_and_lie_down_with_the_picture(tmp_path: Path) -> None:
    wide = {"codec": "prores_ks", "pixels": "yuv422p10le", "aspect": Fraction(64, 45), "frames": 2}
    path = film(tmp_path / "a.mov", DRAW, **wide)
    assert probe(path, CONFIG).pixel_aspect == (64, 45)
    assert probe(laid_down(path), CONFIG).pixel_aspect == (45, 64)


@pytest.mark.parametrize("pixels", ["gray", "gray10le"])
def test_grey_footage_keeps_its_luma(tmp_path: Path, pixels: str) -> None:
    path = film(tmp_path / "a.mkv", DRAW, pixels=pixels, frames=2)
    picture = decode(probe(path, CONFIG), [1])[1]
    luma = np.ascontiguousarray(planes(frames_of(path)[1])[0]).view(picture.planes[0].dtype)
    assert np.array_equal(picture.planes[0], luma)
    assert np.ptp(picture.rgb(), axis=-1).max() < 1e-3


def test_transparent_footage_says_that_its_alpha_is_left_away(tmp_path: Path) -> None:
    def holed(frame: av.VideoFrame) -> av.VideoFrame:
        frame.planes[3].update(bytes(frame.planes[3].buffer_size))
        return frame

    path = film(tmp_path / "a.mkv", DRAW, pixels="yuva444p10le", frames=2, prepare=holed)
    assert probe(path, CONFIG).format == "yuv444p10le"
    assert "its alpha is left away" in notes(path)
    whole = film(tmp_path / "b.mkv", DRAW, pixels="yuva444p10le", frames=2)
    assert notes(whole) == ""


def interlaced(path: Path, *, top_first: bool = True, size: tuple[int, int] = (64, 48)) -> Path:
    draw = woven(scene(size=size, speed=4), top_first=top_first)
    options = {"flags": "+ildct", "profile": "hq"}
    return film(path, draw, "prores_ks", "yuv422p10le", options=options,
                prepare=flagged(top_first=top_first))  # fmt: skip


@pytest.mark.parametrize("top_first", [True, False])
def test_interlaced_footage_shows_one_moment_a_frame(tmp_path: Path, top_first: bool) -> None:
    path = interlaced(tmp_path / "a.mov", top_first=top_first)
    media = probe(path, CONFIG)
    assert media.frames == 12 and "it is interlaced" in notes(path)
    truth = film(tmp_path / "b.mov", scene(speed=4), "prores_ks", "yuv422p10le")
    wanted = decode(probe(truth, CONFIG), [5])[5].planes[0].astype(float)
    found = decode(media, [5])[5].planes[0].astype(float)
    raw = np.ascontiguousarray(planes(frames_of(path)[5])[0]).view(np.uint16).astype(float)
    assert np.abs(found - wanted).mean() < 0.3 * np.abs(raw - wanted).mean()


def test_a_frame_taken_apart_is_the_same_whoever_asks(tmp_path: Path) -> None:
    media = probe(interlaced(tmp_path / "a.mov"), CONFIG)
    together = decode(media, range(12))
    assert sorted(together) == list(range(12))
    for wanted in ([0], [5], [11], [2, 9]):
        for number, picture in decode(media, wanted).items():
            assert picture.same_as(together[number]), number


def test_whole_pictures_marked_as_interlaced_stay_as_they_are(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mov", scene(speed=4), "prores_ks", "yuv422p10le",
                options={"flags": "+ildct"}, prepare=flagged())  # fmt: skip
    assert "whole and stay as they are" in notes(path)
    raw = np.ascontiguousarray(planes(frames_of(path)[5])[0]).view(np.uint16)
    assert np.array_equal(decode(probe(path, CONFIG), [5])[5].planes[0], raw)


@pytest.mark.parametrize(("top_first", "order"), [(True, "top"), (False, "bottom")])
def test_interlaced_footage_that_does_not_say_so_is_found_out(
    tmp_path: Path, top_first: bool, order: str
) -> None:
    draw = woven(scene(size=(64, 480), speed=4), top_first=top_first)
    path = film(tmp_path / "a.mkv", draw)
    assert f"({order} field first by measure)" in notes(path)


def test_progressive_footage_of_an_interlaced_size_is_left_alone(
    tmp_path: Path, shared: Path
) -> None:
    assert notes(film(tmp_path / "a.mkv", scene(size=(64, 480), speed=4))) == ""
    fine = np.zeros((480, 64, 3), np.uint8)
    fine[::2] = 255  # lines of one pixel, which a comb looks like, and which stand still
    assert notes(film(tmp_path / "b.mkv", lambda time: fine)) == ""
    assert notes(shared / "media" / "train.m4v") == ""


@pytest.mark.parametrize("start", [17, 65, 113])
@pytest.mark.parametrize("top_first", [True, False])
def test_fields_are_told_from_whole_pictures_on_real_footage(
    shared: Path, start: int, top_first: bool
) -> None:
    media = probe(shared / "media" / "train.m4v", CONFIG)
    luma = [p.planes[0] for p in decode(media, range(2 * start, 2 * start + 6)).values()]
    assert not is_woven(luma[::2], 8)
    both = [(luma[2 * k], luma[2 * k + 1].copy()) for k in range(3)]
    fields = [later for _, later in both]
    for first, later in both:
        later[(0 if top_first else 1) :: 2] = first[(0 if top_first else 1) :: 2]
    assert is_woven(fields, 8)
    assert first_field(fields, 8) == ("top" if top_first else "bottom")
