"""The one conversion between YUV and RGB, against the standard's own code values."""

from __future__ import annotations

import av
import numpy as np
import pytest
from secondunit.timeline.layouts import FORMATS
from secondunit.timeline.picture import (
    Picture,
    colour_of_numbers,
    picture_from_rgb,
    picture_of_frame,
)
from secondunit.units import ColourTags, Size

HD = ColourTags()
SD = ColourTags(primaries="smpte170m", transfer="smpte170m", matrix="smpte170m")


def flat(rgb: tuple[float, float, float], height: int = 6, width: int = 8) -> np.ndarray:
    return np.full((height, width, 3), rgb, np.float32)


@pytest.mark.parametrize(
    ("rgb", "codes"),
    [
        ((1, 1, 1), (940, 512, 512)),
        ((0.5, 0.5, 0.5), (502, 512, 512)),
        ((0, 0, 0), (64, 512, 512)),
        ((1, 0, 0), (250, 409, 960)),
        ((0, 1, 0), (691, 167, 105)),
        ((0, 0, 1), (127, 960, 471)),
    ],
)
def test_ten_bit_bars_stand_at_the_codes_of_bt709(
    rgb: tuple[float, float, float], codes: tuple[int, int, int]
) -> None:
    picture = picture_from_rgb(flat(rgb), "yuv422p10le", HD)
    assert tuple(int(plane[0, 0]) for plane in picture.planes) == codes


def test_the_matrix_follows_the_tags() -> None:
    red = flat((1, 0, 0))
    assert picture_from_rgb(red, "yuv420p", HD).planes[0][0, 0] == 63
    assert picture_from_rgb(red, "yuv420p", SD).planes[0][0, 0] == 81


def test_full_range_uses_all_codes() -> None:
    full = ColourTags(full_range=True)
    white = picture_from_rgb(flat((1, 1, 1)), "yuv444p", full)
    assert white.planes[0][0, 0] == 255
    assert np.allclose(white.rgb(), 1, atol=0.003)


@pytest.mark.parametrize("format", sorted(FORMATS))
@pytest.mark.parametrize("shape", [(6, 8), (5, 7)])
def test_a_picture_goes_through_a_frame_and_back_unchanged(
    format: str, shape: tuple[int, int]
) -> None:
    rgb = np.random.default_rng(1).random((*shape, 3), np.float32)
    colour = ColourTags(matrix="gbr", full_range=True) if FORMATS[format].rgb else HD
    picture = picture_from_rgb(rgb, format, colour)
    again = picture_of_frame(picture.frame())
    assert again.same_as(picture)


def test_depth_and_chroma_grow_without_changing_luma() -> None:
    rgb = np.random.default_rng(2).random((6, 8, 3), np.float32)
    small = picture_from_rgb(rgb, "yuv420p", HD)
    deep = small.converted("yuv422p10le", HD)
    assert np.array_equal(deep.planes[0], small.planes[0].astype(np.uint16) * 4)
    assert deep.planes[1].shape == (6, 4)
    assert deep.converted("yuv420p", HD).planes[0].tolist() == small.planes[0].tolist()


def test_smooth_colour_survives_thinning() -> None:
    x = np.linspace(0, 1, 64, dtype=np.float32)
    rgb = np.stack(np.broadcast_arrays(x[None, :], x[:, None], 0.5), axis=-1).astype(np.float32)
    for format in ("yuv420p10le", "yuv422p10le", "yuv444p10le"):
        back = picture_from_rgb(rgb, format, HD).rgb()
        assert np.abs(back - rgb)[2:-2, 2:-2].max() < 0.01, format


def test_untagged_footage_is_read_as_players_read_it() -> None:
    def assumed(height: int) -> str:
        size = Size(width=16, height=height)
        return colour_of_numbers(2, 2, 2, 0, size=size, rgb=False).matrix

    assert (assumed(576), assumed(720)) == ("smpte170m", "bt709")


@pytest.mark.parametrize("format", ["rgb24", "nv12", "yuvj420p", "gray", "rgba", "rgb48le"])
def test_layouts_we_do_not_keep_become_one_that_we_do(format: str) -> None:
    grey = np.full((6, 8, 3), 128, np.uint8)
    frame = av.VideoFrame.from_ndarray(grey, format="rgb24").reformat(format=format)
    picture = picture_of_frame(frame)
    assert picture.format in FORMATS
    assert np.allclose(picture.rgb(), 0.5, atol=0.01)


def test_chroma_that_is_filled_down_alone_keeps_every_column() -> None:
    thin = np.tile(np.array([100, 160], np.uint8), (8, 8))
    luma = np.full((16, 32), 120, np.uint8)
    picture = Picture(format="yuv420p", colour=ColourTags(), planes=(luma, thin, thin))

    found = picture.converted("yuv422p10le", ColourTags())

    assert np.array_equal(found.planes[1], np.tile(thin.astype(np.uint16) * 4, (2, 1)))
    assert found.converted("yuv420p", ColourTags()).same_as(picture)


@pytest.mark.parametrize(
    ("source", "target"),
    [("yuv420p", "yuv422p10le"), ("yuv422p", "yuv422p10le"), ("yuv420p", "yuv420p12le"),
     ("yuv420p10le", "yuv422p12le"), ("yuv444p10le", "yuv444p16le"), ("yuv420p", "yuv422p")],
)  # fmt: skip
def test_more_bits_hold_the_same_signal(source: str, target: str) -> None:
    draw = np.random.default_rng(4)
    layout, wanted = FORMATS[source], FORMATS[target]
    small = (-(-37 // layout.down), -(-53 // layout.across))
    planes = tuple(
        draw.integers(0, 2**layout.bits, shape).astype(layout.dtype)
        for shape in ((37, 53), small, small)
    )
    picture = Picture(format=source, colour=ColourTags(), planes=planes)

    found = picture.converted(target, ColourTags())

    steps = 2 ** (wanted.bits - layout.bits)
    assert np.array_equal(found.planes[0], planes[0].astype(np.int64) * steps)
    for own, made in zip(planes[1:], found.planes[1:], strict=True):
        chroma = own.astype(np.float64)
        if layout.down > wanted.down:  # sited between two lines (MPEG-2)
            rows = np.clip((np.arange(37) - 0.5) / 2, 0, len(own) - 1)
            below = rows.astype(int)
            part = (rows - below)[:, None]
            above = np.minimum(below + 1, len(own) - 1)
            chroma = chroma[below] * (1 - part) + chroma[above] * part
        assert np.abs(made - chroma * steps).max() <= (0 if steps >= 4 else 0.5)
