"""Levels: black, grey and white are 64, 502 and 940 in every delivery, and the primaries too."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from secondunit.catalog.deliveries import DELIVERIES, Delivery
from secondunit.encode.durable import files_of
from secondunit.encode.sequence import pictures_in
from secondunit.encode.writer import write
from secondunit.timeline.layouts import FORMATS
from secondunit.timeline.picture import Picture, picture_from_rgb, picture_of_frame
from secondunit.units import ColourTags, Size

from tests.plans import shot_plan, silent

SIZE = Size(width=256, height=128)
RGB = ColourTags(matrix="gbr", full_range=True)
BARS = {
    # 10-bit Y, Cb, Cr of BT.709, limited (SMPTE RP 219's 100 % bars).
    (0, 0, 0): (64, 512, 512), (0.5, 0.5, 0.5): (502, 512, 512), (1, 1, 1): (940, 512, 512),
    (1, 0, 0): (250, 409, 960), (0, 1, 0): (691, 167, 105), (0, 0, 1): (127, 960, 471),
}  # fmt: skip
CODEC = 2  # 10-bit codes that a lossy codec may be off in the middle of a flat patch


def tags_for(row: Delivery, colour: ColourTags) -> ColourTags:
    """BT.709's matrix and primaries in any case: the curve alone is what a row may insist on."""
    return replace(colour, transfer=row.transfer or "bt709")


def decoded(path: Path, row: Delivery, colour: ColourTags) -> Picture:
    if row.sequence:
        return next(pictures_in(files_of(path)[:1], row, colour))
    with av.open(str(path)) as container:
        return picture_of_frame(next(container.decode(video=0)))


def delivered(picture: Picture, row: Delivery, folder: Path) -> Picture:
    plan = shot_plan(
        delivery=row.name, format=picture.format, colour=picture.colour, size=picture.size,
        handles=(0, 0), frames=1,
    )  # fmt: skip
    made = write([picture], plan, folder / row.name_of("clip"), progress=silent)
    return decoded(made.path, row, made.facts.colour)


def in_the_middle(plane: NDArray[np.unsignedinteger], n: int) -> float:
    """Of patch `n` of six, in the plane's own code."""
    h, w = plane.shape
    at = (2 * n + 1) * w // 12
    return float(np.median(plane[h // 4 : 3 * h // 4, at - w // 64 : at + w // 64 + 1]))


def patches() -> NDArray[np.float32]:
    rgb = np.zeros((SIZE.height, SIZE.width, 3), np.float32)
    for n, colour in enumerate(BARS):
        rgb[:, n * SIZE.width // 6 : (n + 1) * SIZE.width // 6] = colour
    return rgb


@pytest.mark.parametrize("made_of", ["gbrp16le", "yuv444p10le", "yuv422p10le"])
@pytest.mark.parametrize("delivery", sorted(DELIVERIES))
def test_bars_have_the_legal_codes_in_every_delivery(
    tmp_path: Path, delivery: str, made_of: str
) -> None:
    row = DELIVERIES[delivery]
    rgb = FORMATS[made_of].rgb
    colour = tags_for(row, RGB if rgb else ColourTags())

    picture = delivered(picture_from_rgb(patches(), made_of, colour), row, tmp_path)

    layout = FORMATS[picture.format]
    for n, (asked, codes) in enumerate(BARS.items()):
        found = [in_the_middle(plane, n) for plane in picture.planes]
        if layout.rgb:
            g, b, r = (value / (2**layout.bits - 1) for value in found)
            # A 10-bit source is no nearer to the colour than one of its codes, and PQ and HLG are
            # steep where half floats are coarse.
            assert np.abs(np.array([r, g, b]) - asked).max() < (0.004 if not rgb else 0.002)
            continue
        scale = 2 ** (layout.bits - 10)
        rounding = 0.5 / scale if layout.bits < 10 else 0
        lossy = 0 if row.exact else CODEC
        assert np.abs(np.array(found) / scale - codes).max() <= rounding + lossy, asked


@pytest.mark.parametrize(
    "delivery",
    [name for name, row in DELIVERIES.items() if not FORMATS[row.format or "yuv420p"].rgb],
)
def test_above_white_and_below_black_stay_in_yuv(tmp_path: Path, delivery: str) -> None:
    row = DELIVERIES[delivery]
    luma = np.full((128, 256), 1010, np.uint16)
    luma[:, :128] = 20
    grey = np.full((128, 128), 512, np.uint16)
    source = Picture(
        format="yuv422p10le", colour=tags_for(row, ColourTags()), planes=(luma, grey, grey)
    )

    picture = delivered(source, row, tmp_path)

    scale = 2 ** (FORMATS[picture.format].bits - 10)
    y = picture.planes[0] / scale
    assert abs(np.median(y[:, 140:]) - 1010) <= 3
    assert abs(np.median(y[:, :116]) - 20) <= 3


@pytest.mark.parametrize("delivery", sorted(DELIVERIES))
def test_a_ramp_goes_up_without_a_step_back(tmp_path: Path, delivery: str) -> None:
    row = DELIVERIES[delivery]
    width = 1024
    line = np.linspace(0, 1, width, dtype=np.float32)
    rgb = np.repeat(np.broadcast_to(line, (128, width))[..., None], 3, axis=2)
    colour = tags_for(row, ColourTags())

    picture = delivered(picture_from_rgb(rgb, "yuv422p10le", colour), row, tmp_path)

    found = picture.rgb().mean(axis=(0, 2))
    assert np.abs(found - line).max() < 0.007, "Proxy is coarse"
    # Over a few columns, so that a codec's noise is no step.
    means = found.reshape(-1, 32).mean(axis=1)
    assert (np.diff(means) > 0).all()


def test_nothing_converts_between_yuv_and_rgb_but_the_picture() -> None:
    """libswscale's arithmetic is off: it may change the order of samples, and sizes, alone."""
    package = Path(__file__).resolve().parents[2] / "server" / "secondunit"
    calls = {
        (path.relative_to(package).as_posix(), found)
        for path in package.rglob("*.py")
        if path.name != "view.py"  # a preview as JPEG, which has a matrix of its own (JFIF)
        for found in re.findall(r"\.reformat\(([^)]*)\)", path.read_text())
    }
    allowed = {
        "timeline/picture.py",  # sizes in one layout; packed, nv12 and grey made planar
        "timeline/stills.py",
        "suite.py",  # rgb24 to bgr0, which FFV1 wants
        "encode/movie.py",  # gbrp to bgr0, which FFV1 wants
        "encode/sequence.py",  # gbrp16 to rgb48, which PNG wants
    }
    assert {path for path, _ in calls} <= allowed
    assert not any("colorspace" in found for _, found in calls)
