"""OpenEXR and DPX: their own samples, whatever is above white or below black, and what they say."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from secondunit.config import Config
from secondunit.errors import MediaUnreadable
from secondunit.finish.composite import composite
from secondunit.timeline import working
from secondunit.timeline.frames import decode, load_mask
from secondunit.timeline.media import notes_of, probe
from secondunit.timeline.picture import Picture, picture_from_rgb, picture_of_light
from secondunit.timeline.scaling import scaled
from secondunit.units import ColourTags, Rate, Size

from tests.timeline.pictures import exr, exr_of_parts, numbered, one_picture

CONFIG = Config(data=Path("unused"))
SHAPE = (20, 30)
AP0 = (0.7347, 0.2653, 0.0, 1.0, 0.0001, -0.0770, 0.32168, 0.33767)
LIGHT = ColourTags(primaries="bt709", transfer="linear", matrix="gbr", full_range=True)


def light(kind: type[np.floating] = np.float16, seed: int = 1) -> NDArray[np.floating]:
    """`h w`: mostly 0..1, with shadows below 0 and lamps far above 1."""
    rng = np.random.default_rng(seed)
    plane = rng.uniform(-0.02, 1.2, SHAPE)
    plane[3:5, 3:9] = 40 + 300 * rng.random((2, 6))
    return plane.astype(kind)


def colours(kind: type[np.floating] = np.float16) -> dict[str, NDArray[np.generic]]:
    return {name: light(kind, seed) for seed, name in enumerate("RGB")}


def read(path: Path) -> Picture:
    return decode(probe(path, CONFIG), [0])[0]


@pytest.mark.parametrize(("kind", "format"), [(np.float16, "gbrpf16le"), (np.float32, "gbrpf32le")])
def test_light_is_kept_to_the_bit_in_half_and_in_float(
    tmp_path: Path, kind: type[np.floating], format: str
) -> None:
    own = colours(kind)
    picture = read(exr(tmp_path / "a.exr", own))
    assert (picture.format, picture.colour) == (format, LIGHT)
    for plane, name in zip(picture.planes, "GBR", strict=True):
        assert plane.dtype == kind and np.array_equal(plane, own[name])
    assert picture.rgb(clipped=False).max() > 200
    frame = picture.frame()
    assert frame.format.name == format


def test_other_channels_and_layers_change_nothing(tmp_path: Path) -> None:
    own = colours()
    more = {"Z": light(np.float32), "diffuse.R": light(), "N.x": light(np.float32)}
    picture = read(exr(tmp_path / "a.exr", {**own, **more}))
    assert np.array_equal(picture.planes[0], own["G"])
    seen = probe(exr(tmp_path / "b.exr", {**own, "A": light()}), CONFIG)
    assert "its alpha" not in "".join(notes_of(probe(tmp_path / "a.exr", CONFIG)))
    assert "has an alpha, which is left away" in "".join(notes_of(seen))
    grey = light()
    assert all(np.array_equal(p, grey) for p in read(exr(tmp_path / "c.exr", {"Y": grey})).planes)


def test_the_display_window_is_the_picture(tmp_path: Path) -> None:
    own = colours()
    inside = exr(tmp_path / "in.exr", own, data=(5, 4, 34, 23), shown=(0, 0, 39, 29))
    picture = read(inside)
    assert picture.size == Size(width=40, height=30)
    assert np.array_equal(picture.planes[0][4:24, 5:35], own["G"])
    assert not picture.planes[0][:4].any() and not picture.planes[0][:, 35:].any()
    over = read(exr(tmp_path / "over.exr", own, data=(-5, -4, 24, 15), shown=(0, 0, 19, 11)))
    assert np.array_equal(over.planes[0], own["G"][4:16, 5:25])
    assert "black fills what it lacks" in "".join(notes_of(probe(inside, CONFIG)))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"flags": 0x800}, "holds deep samples"),
        ({"data": (100, 50, 129, 69)}, "does not start at 0,0"),
        ({"channels": {f"diffuse.{c}": light() for c in "RG"}},
         "no channels R, G and B, nor Y alone, but diffuse.G, diffuse.R"),
        ({"channels": {f"{a}.{c}": light() for a in ("key", "fill") for c in "RGB"}},
         "several layers, fill, key: write the one"),
        ({"channels": {"R": light(), "G": light(), "B": light(np.float32)}}, "of different kinds"),
        ({"channels": {"Y": light(), "RY": light(), "BY": light()}}, "no channels R, G and B"),
    ],
)  # fmt: skip
def test_an_exr_that_is_no_flat_picture_is_refused_in_words(
    tmp_path: Path, changes: dict[str, object], words: str
) -> None:
    arguments = {"channels": colours(), **changes}
    with pytest.raises(MediaUnreadable, match=words):
        probe(exr(tmp_path / "a.exr", **arguments), CONFIG)  # pyright: ignore[reportArgumentType]


def test_the_only_layer_is_the_picture_and_so_is_one_that_is_called_so(tmp_path: Path) -> None:
    own, other = colours(), light(seed=9)

    def in_layer(name: str, planes: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        return {f"{name}.{c}": plane for c, plane in planes.items()}

    files = {
        "diffuse": in_layer("diffuse", own) | {"Z": other},
        "View.Combined": in_layer("View.Spec", dict.fromkeys("RGB", other))
        | in_layer("View.Combined", own | {"A": other}),
        "spec": in_layer("spec", own) | in_layer("specular", {"R": other}),
    }
    for name, channels in files.items():
        path = exr(tmp_path / f"{name}.exr", channels)
        picture = read(path)
        for plane, c in zip(picture.planes, "GBR", strict=True):
            assert np.array_equal(plane, own[c])
        assert f"of its layers '{name}' is read" in "".join(notes_of(probe(path, CONFIG)))


@pytest.mark.parametrize(
    ("parts", "wanted"),
    [(("depth", "left", "right"), "left"), (("key", "Beauty", "fill"), "Beauty"),
     (("deep", "key", "crypto"), "key"), (("rgba", "depth"), "rgba")],
)  # fmt: skip
def test_of_several_parts_the_picture_is_read_and_the_others_are_told(
    tmp_path: Path, parts: tuple[str, ...], wanted: str
) -> None:
    own = colours()
    other = {"depth": {"Z": light(np.float32)}, "crypto": {"id.R": light(), "id.G": light()}}
    content = {
        name: own if name == wanted else other.get(name, dict.fromkeys("RGB", light(seed=9)))
        for name in parts
    }
    path = exr_of_parts(tmp_path / "a.exr", content, deep=["deep"])

    picture = read(path)

    for plane, c in zip(picture.planes, "GBR", strict=True):
        assert np.array_equal(plane, own[c])
    assert f"of its parts '{wanted}' is read" in "".join(notes_of(probe(path, CONFIG)))


def test_parts_none_of_which_is_a_picture_are_refused_each_with_its_reason(tmp_path: Path) -> None:
    content = {"deep": colours(), "depth": {"Z": light()}, "ids": {"R": light(), "G": light()}}
    path = exr_of_parts(tmp_path / "a.exr", content, deep=["deep"])

    with pytest.raises(MediaUnreadable) as caught:
        probe(path, CONFIG)

    said = str(caught.value)
    assert "'deep' holds deep samples; 'depth' has no channels R, G and B" in said
    assert "'ids' has no channels" in said


@pytest.mark.parametrize("keep", [12, 300, 900, 1400, -1])
def test_a_file_of_parts_that_was_cut_off_is_refused(tmp_path: Path, keep: int) -> None:
    path = exr_of_parts(tmp_path / "a.exr", {"depth": {"Z": light()}, "beauty": colours()})
    path.write_bytes(path.read_bytes()[:keep])

    with pytest.raises(MediaUnreadable):
        probe(path, CONFIG)


def test_a_part_whose_blocks_lie_about_themselves_is_refused(tmp_path: Path) -> None:
    path = exr_of_parts(tmp_path / "a.exr", {"depth": {"Z": light()}, "beauty": colours()})
    whole = path.read_bytes()
    second = whole.index(b"chunkCount", whole.index(b"chunkCount") + 1)
    count = second + len(b"chunkCount\0int\0") + 4
    for number in (-1, 2**30, 2**20):
        path.write_bytes(whole[:count] + struct.pack("<i", number) + whole[count + 4 :])
        with pytest.raises(MediaUnreadable):
            probe(path, CONFIG)


def test_a_part_larger_than_what_is_allowed_is_not_decoded(tmp_path: Path) -> None:
    path = exr_of_parts(tmp_path / "a.exr", {"depth": {"Z": light()}, "beauty": colours()})

    with pytest.raises(MediaUnreadable, match="pixels at most are allowed"):
        probe(path, replace(CONFIG, max_pixels=100))


@pytest.mark.parametrize("keep", [4, 9, 40, 200, 330, 700, -1])
def test_an_exr_that_was_cut_off_is_refused(tmp_path: Path, keep: int) -> None:
    path = exr(tmp_path / "a.exr", colours())
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(MediaUnreadable):  # FFmpeg itself would decode the last two
        probe(path, CONFIG)


def test_pixels_that_are_no_number_become_numbers(tmp_path: Path) -> None:
    own = colours()
    own["R"][0, :3] = [np.nan, np.inf, -np.inf]  # pyright: ignore[reportIndexIssue]
    picture = read(exr(tmp_path / "a.exr", own))
    assert picture.planes[2][0, :3].tolist() == [0, 65504, -65504]
    assert picture.same_as(read(tmp_path / "a.exr"))


def test_the_header_of_the_first_exr_says_rate_reel_and_primaries(tmp_path: Path) -> None:
    more = {
        "framesPerSecond": ("rational", struct.pack("<iI", 24000, 1001)),
        "reelName": ("string", b"A001C002"),
        "chromaticities": ("chromaticities", struct.pack("<8f", *AP0)),
    }
    for number in range(1001, 1004):
        exr(tmp_path / f"a.{number}.exr", colours(), more=more)
    media = probe(tmp_path / "a.%04d.exr", CONFIG)
    assert (media.rate, media.reel) == (Rate(num=24000, den=1001), "A001C002")
    assert (media.colour.primaries, media.space) == ("ACES2065-1", None)
    odd = struct.pack("<8f", 0.684, 0.313, 0.221, 0.848, 0.0861, -0.102, 0.3127, 0.329)
    more["chromaticities"] = ("chromaticities", odd)
    more["colorInteropID"] = ("string", b"lin_alexawide")
    named = probe(exr(tmp_path / "b.exr", colours(), more=more), CONFIG)
    assert (named.colour.primaries, named.space) == ("unknown", "Linear ARRI Wide Gamut 3")
    assert "primaries have no name" in "".join(notes_of(named))


def test_a_frame_of_light_is_the_frame_of_its_number(tmp_path: Path) -> None:
    for number in range(1001, 1009):
        plane = np.full(SHAPE, number, np.float16)
        exr(tmp_path / f"a.{number}.exr", {"R": plane, "G": plane, "B": plane})
    media = probe(tmp_path / "a.%04d.exr", CONFIG)
    for number in (7, 0, 3, 6):
        assert decode(media, [number])[number].planes[0][0, 0] == 1001 + number


@pytest.mark.parametrize(
    ("pixels", "format", "bits"), [("gbrp10le", "gbrp10le", 10), ("gbrp12le", "gbrp12le", 12),
                                   ("rgb48be", "gbrp16le", 16)]
)  # fmt: skip
def test_dpx_keeps_its_code_values(tmp_path: Path, pixels: str, format: str, bits: int) -> None:
    codes = np.random.default_rng(1).integers(0, 2**bits, (48, 64, 3)).astype(np.uint16)
    # Written as 16 bits and thinned by the writer's own rule, which keeps the high bits.
    path = one_picture(tmp_path / "a.dpx", codes << (16 - bits), "dpx", pixels)
    picture = read(path)
    assert picture.format == format
    seen = np.stack([picture.planes[i] for i in (2, 0, 1)], axis=-1)
    assert np.array_equal(seen, codes)


def test_the_header_of_a_dpx_says_its_rate(tmp_path: Path) -> None:
    pattern = numbered(tmp_path, "a.%04d.dpx", range(3), codec="dpx")
    for number in range(3):
        path = tmp_path / f"a.{number:04d}.dpx"
        data = path.read_bytes()
        assert data[:4] == b"XPDS"
        more = bytearray(2048 - 1664)  # of film and of television, which FFmpeg leaves out
        more[1724 - 1664 : 1728 - 1664] = struct.pack("<f", 23.976)
        path.write_bytes(
            data[:4] + struct.pack("<I", 2048) + data[8:1664] + bytes(more) + data[1664:]
        )  # fmt: skip
    assert probe(pattern, CONFIG).rate == Rate(num=24000, den=1001)


def test_the_working_space_is_acescct_there_and_back() -> None:
    # Academy S-2016-001, table A.1: 0.18 is 0.4135884.
    assert working.coded(np.array([0.18]))[0] == pytest.approx(0.4135884, abs=1e-5)
    values = np.array([-0.006, 0, 0.001, 0.0078125, 0.18, 1, 16, 200], np.float32)
    assert np.allclose(working.light(working.coded(values)), values, rtol=2e-5, atol=2e-7)
    assert working.coded(np.array([1e6, -5.0])).tolist() == [1, 0]


def test_what_is_kept_of_light_is_kept_to_the_bit_beside_what_is_made(tmp_path: Path) -> None:
    kept = read(exr(tmp_path / "a.exr", colours()))
    mask = np.zeros(SHAPE, np.float32)
    mask[:, 15:] = 1
    made = np.full((*SHAPE, 3), working.coded(np.array([3.0]))[0], np.float32)
    mixed = composite(made, kept, mask)
    for new, old in zip(mixed.planes, kept.planes, strict=True):
        assert np.array_equal(new[:, :15], old[:, :15])
        assert np.allclose(new[:, 15:].astype(float), 3.0, rtol=1e-3)


def test_light_is_scaled_without_being_cut() -> None:
    tall = np.zeros((40, 60, 3), np.float32)
    tall[..., 0], tall[..., 1], tall[..., 2] = 8.0, -0.5, 0.25
    picture = picture_of_light(tall, "gbrpf32le", LIGHT)
    small = picture.fitted(Size(width=17, height=11)).rgb(clipped=False)
    assert np.allclose(small, [8.0, -0.5, 0.25], atol=1e-5)
    ramp = np.linspace(0, 9, 60, dtype=np.float32)[None].repeat(4, 0)
    wide = scaled(ramp, Size(width=120, height=4))
    assert np.allclose(np.diff(wide[0])[8:-8], 9 / 59 / 2, atol=1e-4)


def test_half_and_float_are_one_light() -> None:
    rgb = np.random.default_rng(3).uniform(0, 50, (6, 8, 3)).astype(np.float16).astype(np.float32)
    half = picture_of_light(rgb, "gbrpf16le", LIGHT)
    assert np.array_equal(half.converted("gbrpf32le", LIGHT).rgb(clipped=False), rgb)
    assert np.array_equal(half.rgb(), working.coded(rgb))
    back = picture_from_rgb(half.rgb(), "gbrpf32le", LIGHT).rgb(clipped=False)
    assert np.allclose(back, rgb, rtol=1e-4)


def test_a_mask_of_a_renderer_is_coverage(tmp_path: Path) -> None:
    grey = np.linspace(-0.5, 2, 30, dtype=np.float16)[None].repeat(20, 0)
    mask = load_mask(probe(exr(tmp_path / "m.exr", {"Y": grey}), CONFIG), Size(width=30, height=20))
    assert np.array_equal(mask, np.clip(grey.astype(np.float32), 0, 1))
