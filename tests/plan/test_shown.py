"""What a plan says of colours that a model has not learnt."""

from __future__ import annotations

from dataclasses import replace

import pytest
from secondunit.plan.colour import shown_adaptations
from secondunit.plan.shot_plan import Level
from secondunit.timeline.shot import Media
from secondunit.units import ColourTags

from tests.engine.pictures import MEDIA

PQ = ColourTags(primaries="bt2020", transfer="smpte2084")


@pytest.mark.parametrize(
    "media",
    [
        replace(MEDIA, space="ARRI LogC4"),
        replace(MEDIA, colour=PQ),
        replace(MEDIA, format="gbrpf16le"),
    ],
    ids=["log", "PQ", "light"],
)
def test_footage_that_is_not_for_a_screen_is_said_to_be_shown_through_a_curve(media: Media) -> None:
    (said,) = shown_adaptations(media, "tracks[0]")
    assert said.level is Level.ROUNDED
    assert "the exact way back" in said.what


def test_footage_for_a_screen_needs_no_word() -> None:
    assert not list(shown_adaptations(MEDIA, "tracks[0]"))
