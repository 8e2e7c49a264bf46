"""What a model is shown of any footage, and that the way back is exact."""

from __future__ import annotations

import numpy as np
import pytest
from secondunit.catalog.colour_spaces import COLOUR_SPACES
from secondunit.engine.diffusion.display import display_of
from secondunit.units import ColourTags

from tests.plans import shot_plan

TRANSFERS = {"pq": "smpte2084", "hlg": "arib-std-b67"}
CURVED = [name for name, row in COLOUR_SPACES.items() if not row.video and not row.light]


@pytest.mark.parametrize("working", [*CURVED, "ACEScct curve"])
def test_numbers_that_no_screen_shows_as_they_are_go_through_a_curve_and_come_back(
    working: str,
) -> None:
    colour = ColourTags(transfer=TRANSFERS.get(working, "bt709"))
    display = display_of(shot_plan(working=working, colour=colour))
    codes = np.random.default_rng(0).random((32, 32, 3)).astype(np.float32)
    shown = display.shown(codes)
    assert not display.plain
    assert shown.min() >= 0
    assert shown.max() <= 1
    assert np.abs(display.back(shown) - codes).max() < 2e-7
    ramp = np.linspace(0, 1, 1000, dtype=np.float32)
    assert np.all(np.diff(display.shown(ramp)) > 0)


@pytest.mark.parametrize("working", ["source", "rec709", "srgb"])
def test_footage_for_a_screen_is_shown_as_it_is(working: str) -> None:
    display = display_of(shot_plan(working=working))
    codes = np.random.default_rng(0).random((8, 8, 3)).astype(np.float32)
    assert display.plain
    assert np.array_equal(display.shown(codes), codes)


def test_a_grey_card_in_log_looks_like_a_grey_card() -> None:
    display = display_of(shot_plan(working="arri-logc3"))
    assert float(display.shown(np.array([0.391]))[0]) == pytest.approx(0.41, abs=0.03)
