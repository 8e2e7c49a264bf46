"""Do two frames show the same shot? Told by looking, on real footage."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from secondunit.config import Config
from secondunit.timeline.likeness import other_shots
from secondunit.timeline.media import probe
from secondunit.timeline.shot import Media, Neighbour, SourceFrames

from tests.odd import film

CONFIG = Config(data=Path("unused"))


def side(media: Media, frames: range | tuple[int, ...]) -> Neighbour:
    shown = SourceFrames(media=media, indexes=tuple(frames))
    return Neighbour(name="a", shown=shown, beyond=SourceFrames(media=media, indexes=()))


@pytest.fixture(scope="module")
def train(shared: Path) -> Media:
    return probe(shared / "media" / "train.m4v", CONFIG)


@pytest.mark.parametrize("gap", [1, 12, 24])
@pytest.mark.parametrize("start", [20, 211, 225, 430])  # the train rushes through at 200 to 250
def test_one_shot_is_one_shot_however_fast(train: Media, start: int, gap: int) -> None:
    before, after = range(start - 9, start), range(start + gap, start + gap + 9)
    assert not other_shots(side(train, before), side(train, after), gap)


@pytest.mark.parametrize("other", ["windmill.mp4", "cat.mp4", "scroll.jpg"])
def test_footage_of_another_place_is_another_shot(shared: Path, train: Media, other: str) -> None:
    media = probe(shared / "media" / other, CONFIG)
    frames = (0,) * 9 if media.still else range(9)
    assert other_shots(side(train, range(100, 109)), side(media, frames), 12)
    assert other_shots(side(media, frames), side(train, range(220, 229)), 24)


def test_the_same_street_seen_elsewhere_is_another_shot(train: Media) -> None:
    assert other_shots(side(train, range(20, 29)), side(train, range(368, 377)), 12)


def test_without_anything_that_leads_in_only_colours_tell(shared: Path, train: Media) -> None:
    windmill = probe(shared / "media" / "windmill.mp4", CONFIG)
    assert other_shots(side(train, (100,)), side(windmill, (3,)), 12)
    assert not other_shots(side(train, (28,)), side(train, (368,)), 12)


def test_two_plain_pictures_cannot_be_told_apart(tmp_path: Path) -> None:
    def media(name: str, grey: int) -> Media:
        picture = np.full((48, 64, 3), grey, np.uint8)
        return probe(film(tmp_path / name, lambda time: picture, frames=3), CONFIG)

    dark, bright = media("a.mkv", 30), media("b.mkv", 220)
    assert not other_shots(side(dark, range(3)), side(bright, range(3)), 5)
