"""Pixels that must stay are the source's own samples, in every layout."""

from __future__ import annotations

import numpy as np
import pytest
from secondunit.finish.composite import composite
from secondunit.timeline.layouts import FORMATS
from secondunit.timeline.picture import Picture, picture_from_rgb
from secondunit.units import ColourTags

RANDOM = np.random.default_rng(5)


def noise(format: str, height: int = 34, width: int = 46) -> Picture:
    rgb = RANDOM.random((height, width, 3), np.float32)
    colour = ColourTags(matrix="gbr", full_range=True) if FORMATS[format].rgb else ColourTags()
    return picture_from_rgb(rgb, format, colour)


def disc(height: int = 34, width: int = 46) -> np.ndarray:
    y, x = np.mgrid[:height, :width]
    return (np.hypot(y - height / 2, x - width / 2) < 11).astype(np.float32)


@pytest.mark.parametrize("format", sorted(FORMATS))
def test_samples_outside_the_mask_are_copied_bit_for_bit(format: str) -> None:
    kept, mask = noise(format), disc()
    made = composite(np.zeros((34, 46, 3), np.float32), kept, mask)
    layout = FORMATS[format]
    assert np.array_equal(made.planes[0][mask == 0], kept.planes[0][mask == 0])
    # A chroma sample stays when any pixel under its filter must stay.
    for new, old in zip(made.planes[1:], kept.planes[1:], strict=True):
        changed = np.argwhere(new != old)
        for y, x in changed:
            rows = slice(y * layout.down, y * layout.down + layout.down)
            reach = layout.across - 1
            columns = slice(max(0, x * layout.across - reach), x * layout.across + reach + 1)
            assert mask[rows, columns].min() > 0
    assert (made.planes[0] != kept.planes[0]).any()


@pytest.mark.parametrize("format", ["gbrp", "yuv420p", "yuv422p10le"])
def test_decoded_colour_outside_the_mask_is_unchanged_too(format: str) -> None:
    kept, mask = noise(format), disc()
    made = composite(np.ones((34, 46, 3), np.float32), kept, mask)
    far = ~np.pad(mask, 2).astype(bool)  # linear chroma reaches one sample past the edge
    far = np.logical_and.reduce(
        [far[dy : dy + 34, dx : dx + 46] for dy in range(5) for dx in range(5)]
    )
    assert np.array_equal(made.rgb()[far], kept.rgb()[far])


def test_an_empty_mask_changes_nothing_and_a_full_one_everything() -> None:
    kept = noise("yuv420p")
    black = np.zeros((34, 46, 3), np.float32)
    assert composite(black, kept, np.zeros((34, 46), np.float32)).same_as(kept)
    full = composite(black, kept, np.ones((34, 46), np.float32))
    assert full.same_as(picture_from_rgb(black, "yuv420p", kept.colour))


def test_a_grey_is_motion_and_no_transparency() -> None:
    kept = picture_from_rgb(np.zeros((4, 4, 3), np.float32), "gbrp", ColourTags(matrix="gbr",
                            full_range=True))  # fmt: skip
    half = composite(np.ones((4, 4, 3), np.float32), kept, np.full((4, 4), 0.5, np.float32))
    assert set(np.unique(half.planes[0])) == {255}
